//! One workout with everything that costs more than a moment: zones, splits, elevation, pauses.

use health::formats::route::{Point, unpack};
use health::series::buckets::Input;
use health::series::workouts::heart::{Limits, Method, time_in_zones};
use health::series::workouts::route::elevation;
use health::series::workouts::splits::{Mark, Split, marks_of_parts, marks_of_samples, splits};
use health::series::workouts::totals::{distance_kind, has_pace};
use health::time::format_instant;
use serde::Serialize;
use store::Store;
use store::query::WorkoutRow;

use super::{Body, Desk, Highs, SameAnswer, TWIN_REACH_MS, WhyAnswer, WorkoutAnswer, key};
use crate::display::Units;
use crate::error::{Code, Error, Result};
use crate::folder::Folder;
use crate::local::{find_kind, zones};

/// The answer of `vitalog workouts WORKOUT`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DetailAnswer {
    /// The keys of its row.
    #[serde(flatten)]
    pub workout: WorkoutAnswer,
    /// When nobody moved.
    pub pauses: Vec<PauseAnswer>,
    /// Metres gained along the route; null without elevations.
    pub elevation_up_m: Option<f64>,
    /// Metres lost along it.
    pub elevation_down_m: Option<f64>,
    /// What the splits are made of: `route` or `samples`; null without any.
    pub splits_origin: Option<&'static str>,
    /// How people tell how fast they were: `pace` on foot and in water, `speed` on wheels, skis and boats.
    pub tempo: &'static str,
    /// Metres of a split: a kilometre, or a mile where the owner reads miles.
    pub split_m: f64,
    /// One row for each; the last may be shorter.
    pub splits: Vec<SplitAnswer>,
    /// Time in heart-rate zones; null without heart rates.
    pub zones: Option<ZonesAnswer>,
    /// Where each number that there is comes from.
    pub why: Vec<WhyAnswer>,
    /// The same activity as other sources wrote it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub same: Vec<SameAnswer>,
}

/// A pause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PauseAnswer {
    /// Start.
    pub start: String,
    /// End.
    pub end: String,
}

/// A kilometre or a mile.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct SplitAnswer {
    /// Start.
    pub start: String,
    /// End.
    pub end: String,
    /// Metres.
    pub distance_m: f64,
    /// Seconds without pauses.
    pub moving_s: f64,
    /// Seconds for a kilometre at this pace.
    pub pace_s_per_km: Option<f64>,
}

/// Minutes in the five heart-rate zones, without pauses.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ZonesAnswer {
    /// Where the zones come from: `set` by the owner, else from the highest heart rate: `highest_minute` of the two
    /// years up to the workout, or `age` (208 - 0.7 x age).
    pub method: &'static str,
    /// The highest heart rate in beats a minute; null where nothing tells it and the zones are set.
    pub highest_bpm: Option<f64>,
    /// Start of the highest minute, where that was found.
    pub at: Option<String>,
    /// Where zones 2 to 5 begin, in beats a minute.
    pub limits: [f64; 4],
    /// Minutes in zones 1 to 5.
    pub minutes: [f64; 5],
}

/// The part of the workout's distance that a route or samples must have to be cut into splits.
const LEAST_PART: f64 = 0.8;

/// Tells everything about one workout.
pub fn detail(folder: &Folder, id: i64) -> Result<DetailAnswer> {
    let store = folder.read()?;
    let row = find(&store, id)?;
    let desk = Desk::new(&store)?;
    let around =
        store.workouts(row.start_ms.saturating_sub(TWIN_REACH_MS), row.end_ms.saturating_add(TWIN_REACH_MS))?;
    let better = desk.better(&around);
    let same_as = around.iter().zip(&better).find(|(other, _)| other.id == id).and_then(|(_, id)| *id);
    let same = desk.same(&row, &around, &better);
    Ok(DetailAnswer { same, ..desk.detail(&row, same_as)? })
}

/// The workout of a number.
pub(super) fn find(store: &Store, id: i64) -> Result<WorkoutRow> {
    let hint = "`vitalog workouts` lists them with their numbers.";
    let unknown = || Error::new(Code::UnknownWorkout, format!("There is no workout {id}."), hint);
    store.workout(id)?.ok_or_else(unknown)
}

impl Desk<'_> {
    fn detail(&self, row: &WorkoutRow, same_as: Option<i64>) -> Result<DetailAnswer> {
        let body = Body::of(row);
        let pauses = body.pauses(row);
        let parts: Vec<Vec<Point>> = self.store.routes(&key(row))?.iter().filter_map(|bytes| unpack(bytes)).collect();
        let climbs: Vec<_> = parts.iter().filter_map(|part| elevation(part)).collect();
        let climbed = |metres: f64| (!climbs.is_empty()).then_some(metres);
        let zones = zones(self.store)?;
        let highs = self.highs(&zones, (row.start_ms, row.end_ms))?;
        let workout = self.answer(row, &body, same_as, Some(&highs))?;
        let split_m = Units::of_store(self.store)?.ways().way.metres;
        let route = Route { parts: &parts, pauses: &pauses, distance_m: workout.distance_m, split_m };
        let (splits, splits_origin) = self.splits(row, route)?;
        let in_zones = self.zones(row, (&self.pulses(row)?, &pauses), &highs)?;
        let why = self.why(row, (!climbs.is_empty(), splits_origin), in_zones.as_ref(), &zones)?;
        Ok(DetailAnswer {
            workout,
            pauses: pauses.iter().map(pause).collect(),
            elevation_up_m: climbed(climbs.iter().map(|climb| climb.up).sum()),
            elevation_down_m: climbed(climbs.iter().map(|climb| climb.down).sum()),
            splits_origin,
            tempo: if has_pace(&row.activity) { "pace" } else { "speed" },
            split_m,
            splits: splits.iter().map(split).collect(),
            zones: in_zones,
            why,
            same: Vec::new(),
        })
    }

    /// From the route, else from the samples of the activity's distance.
    fn splits(&self, row: &WorkoutRow, route: Route<'_>) -> Result<(Vec<Split>, Option<&'static str>)> {
        if let Some(found) = route.splits() {
            return Ok((found, Some("route")));
        }
        let found = route.splits_of(&self.marks(row)?);
        let found = found.filter(|found| !found.is_empty());
        let origin = found.as_ref().map(|_| "samples");
        Ok((found.unwrap_or_default(), origin))
    }

    /// How far somebody had come by the samples of the activity's distance; nothing where it has none.
    pub(crate) fn marks(&self, row: &WorkoutRow) -> Result<Vec<Mark>> {
        let Some(kind) = distance_kind(&row.activity) else { return Ok(Vec::new()) };
        let spans = self.spans(row, &find_kind(self.store, kind)?)?;
        Ok(marks_of_samples(&spans, row.start_ms, row.end_ms))
    }

    /// As somebody would have known them right after the workout: later years change no zones.
    pub(super) fn zones(
        &self,
        row: &WorkoutRow,
        (pulses, pauses): (&[Input], &[(i64, i64)]),
        highs: &Highs<'_>,
    ) -> Result<Option<ZonesAnswer>> {
        if pulses.is_empty() {
            return Ok(None);
        }
        let highest = highs.at(row.end_ms)?;
        let Some(limits) = self.limits.or_else(|| highest.as_ref().map(Limits::of)) else { return Ok(None) };
        let (found, at) = match highest.map(|highest| highest.method) {
            Some(Method::HighestMinute { at_ms }) => ("highest_minute", Some(format_instant(at_ms))),
            _ => ("age", None),
        };
        let method = if self.limits.is_some() { "set" } else { found };
        let highest_bpm = highest.map(|highest| highest.bpm);
        let minutes = time_in_zones(pulses, &limits, (row.start_ms, row.end_ms), pauses).map(|ms| ms / 60_000.0);
        Ok(Some(ZonesAnswer { method, highest_bpm, at, limits: limits.bpm(), minutes }))
    }
}

/// The way that somebody went, and how far it was by the workout's own total.
#[derive(Clone, Copy)]
struct Route<'r> {
    parts: &'r [Vec<Point>],
    pauses: &'r [(i64, i64)],
    distance_m: Option<f64>,
    split_m: f64,
}

impl Route<'_> {
    /// None where the route is not that of the whole workout: satellites were out of sight, or its file is cut short.
    fn splits(self) -> Option<Vec<Split>> {
        self.splits_of(&marks_of_parts(self.parts))
    }

    /// None where marks lie on a part of the way.
    fn splits_of(self, marks: &[Mark]) -> Option<Vec<Split>> {
        let length = marks.last()?.distance_m;
        let whole = length > 0.0 && self.distance_m.is_none_or(|metres| length >= LEAST_PART * metres);
        whole.then(|| splits(marks, self.split_m, self.pauses))
    }
}

fn pause((from_ms, until_ms): &(i64, i64)) -> PauseAnswer {
    PauseAnswer { start: format_instant(*from_ms), end: format_instant(*until_ms) }
}

fn split(split: &Split) -> SplitAnswer {
    SplitAnswer {
        start: format_instant(split.start_ms),
        end: format_instant(split.end_ms),
        distance_m: split.distance_m,
        moving_s: split.moving_ms as f64 / 1000.0,
        pace_s_per_km: split.pace_s_per_m().map(|pace| pace * 1000.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_that_is_not_the_whole_way_is_not_cut() {
        // Half a degree of the equator and back: 111 kilometres in an hour and a half.
        let point =
            |(at, lon): (i64, f64)| Point { lon, time_ms: Some(at * 60_000), ele: Some(5.0), ..Point::default() };
        let parts = [[(0, 0.0), (45, 0.5), (90, 0.0)].map(point).to_vec()];
        let route = |distance_m| Route { parts: &parts, pauses: &[(0, 60_000)], distance_m, split_m: 1000.0 };
        let found = route(Some(120_000.0)).splits().expect("splits");
        assert_eq!((found.len(), route(None).splits().map(|splits| splits.len())), (112, Some(112)));
        let moving: i64 = found.iter().map(|split| split.moving_ms).sum();
        assert_eq!(moving, 89 * 60_000);
        assert_eq!(route(Some(200_000.0)).splits(), None);
        // Nor are samples: 84 metres do not take the time of seven kilometres.
        let marks = [Mark { at_ms: 0, distance_m: 0.0 }, Mark { at_ms: 5_400_000, distance_m: 84.0 }];
        assert_eq!(route(Some(7_000.0)).splits_of(&marks), None);
        assert_eq!(route(Some(100.0)).splits_of(&marks).map(|splits| splits.len()), Some(1));
        assert_eq!(Route { parts: &[], pauses: &[], distance_m: None, split_m: 1000.0 }.splits(), None);
    }
}
