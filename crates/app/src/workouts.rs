//! Workouts: their totals and where these come from, heart rate and its zones, and the same activity written by two
//! apps. Routes and splits are told of one workout only; see [`detail()`].

mod body;
mod detail;
mod highs;
mod list;
mod route;
mod sources;
mod why;
mod zones;

use std::collections::BTreeMap;

use health::kind::{activity_name, activity_number, short_name};
use health::series::buckets::Input;
use health::series::merge::Span;
use health::series::rule::Rule;
use health::series::workouts::heart::{self, HeartRate, Limits, Pulse};
use health::series::workouts::same::{Bout, same_activity};
use health::series::workouts::totals::{Origin, Total, distance_kind, duration_s, sum_between, total};
use health::time::{HOUR_MS, Zones, format_instant};
use serde::Serialize;
use store::Store;
use store::query::{Orders, Point, WorkoutKey, WorkoutRow};

use self::body::Body;
pub use self::detail::{DetailAnswer, PauseAnswer, SplitAnswer, ZonesAnswer, detail};
pub(crate) use self::highs::Highs;
pub use self::list::{Filter, KindCount, List, ListTotals, list};
pub use self::route::{RouteAnswer, gpx_file, gpx_stream};
use self::sources::Sources;
pub use self::why::{SameAnswer, WhyAnswer};
pub(crate) use self::zones::ZoneTime;
use crate::error::Result;
use crate::folder::Folder;
use crate::local::{Days, Found, find_kind, zones};
use crate::query::inputs_around;
use crate::settings::heart_zones;

/// One row of `vitalog workouts`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct WorkoutAnswer {
    /// Its number in this store.
    pub id: i64,
    /// Apple's number of the activity; null where no table knows it.
    pub activity: Option<i64>,
    /// What people call it.
    pub activity_name: String,
    /// Apple's identifier of it.
    pub activity_raw: String,
    /// Start.
    pub start: String,
    /// End.
    pub end: String,
    /// Seconds without pauses.
    pub duration_s: Option<f64>,
    /// Metres.
    pub distance_m: Option<f64>,
    /// Active energy.
    pub energy_kcal: Option<f64>,
    /// Who wrote it.
    pub source: Option<String>,
    /// Beats a minute; null without any.
    pub heart_rate: Option<HeartRateAnswer>,
    /// Points of its routes.
    pub route_points: u64,
    /// Where the distance comes from: `row`, `statistics` or `computed`.
    pub distance_origin: Option<&'static str>,
    /// Where the energy comes from.
    pub energy_origin: Option<&'static str>,
    /// Where the heart rate comes from: `statistics` or `computed`.
    pub heart_rate_origin: Option<&'static str>,
    /// Minutes in heart-rate zones 1 to 5 without pauses, by the highest minute of the two years up to it; null without
    /// heart rates, and where nobody asked.
    pub zone_minutes: Option<[f64; 5]>,
    /// The workout of a better source that is the same activity; that one counts.
    pub same_as: Option<i64>,
}

/// The heart rate of a workout in beats a minute.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct HeartRateAnswer {
    /// Lowest.
    pub min: f64,
    /// Mean weighted by time.
    pub mean: f64,
    /// Highest.
    pub max: f64,
}

const HEART_RATE: &str = "HKQuantityTypeIdentifierHeartRate";
const ENERGY: &str = "HKQuantityTypeIdentifierActiveEnergyBurned";
/// A workout that began longer ago cannot be the same activity.
const TWIN_REACH_MS: i64 = 24 * HOUR_MS;

/// Which workouts, and how much about them.
#[derive(Debug, Clone, Copy, Default)]
pub struct Listing {
    /// Those that start on these days.
    pub days: Days,
    /// Only so many of the last ones.
    pub newest: Option<usize>,
    /// With the time in heart-rate zones, for which the samples of each workout are read.
    pub zones: bool,
}

/// Answers with workouts, by start.
pub fn workouts(folder: &Folder, listing: Listing) -> Result<Vec<WorkoutAnswer>> {
    let Listing { days, newest, zones: with_zones } = listing;
    let store = folder.read()?;
    let zones = zones(&store)?;
    let days = days.instants(&zones);
    let range = days.range_ms();
    let desk = Desk::new(&store)?;
    let around = store.workouts(range.0.saturating_sub(TWIN_REACH_MS), range.1.saturating_add(TWIN_REACH_MS))?;
    let better = desk.better(&around);
    let asked: Vec<(&WorkoutRow, Option<i64>)> =
        around.iter().zip(better).filter(|(row, _)| days.holds(row.start_ms)).collect();
    let asked = asked.get(asked.len().saturating_sub(newest.unwrap_or(usize::MAX))..).unwrap_or_default();
    let ends = asked.first().zip(asked.last()).map_or((0, 0), |(first, last)| (first.0.start_ms, last.0.end_ms));
    let highs = if with_zones { Some(desk.highs(&zones, ends)?) } else { None };
    asked.iter().map(|(row, same_as)| desk.answer(row, &Body::of(row), *same_as, highs.as_ref())).collect()
}

/// What every workout is looked up in.
pub(crate) struct Desk<'s> {
    store: &'s Store,
    orders: Orders,
    sources: Sources,
    route_points: BTreeMap<WorkoutKey, u64>,
    heart_rate: Found,
    energy: Found,
    /// Where heart-rate zones begin, where the owner said so.
    limits: Option<Limits>,
}

impl<'s> Desk<'s> {
    /// Reads what all of them share.
    pub(crate) fn new(store: &'s Store) -> Result<Self> {
        let heart_rate = find_kind(store, HEART_RATE)?;
        Ok(Self {
            store,
            orders: store.orders()?,
            sources: Sources::load(store, heart_rate.id)?,
            route_points: store.route_points()?,
            energy: find_kind(store, ENERGY)?,
            limits: heart_zones(store)?,
            heart_rate,
        })
    }

    /// For each workout the one of a better source that is the same activity.
    fn better(&self, rows: &[WorkoutRow]) -> Vec<Option<i64>> {
        let ranks = self.sources.ranks(self.orders.of(HEART_RATE), rows);
        let bouts: Vec<Bout<'_>> = rows.iter().zip(ranks).map(|(row, rank)| bout(row, rank)).collect();
        let mut better = vec![None; rows.len()];
        for group in same_activity(&bouts) {
            let counts = rows.get(group.counts).map(|row| row.id);
            for other in group.others {
                if let Some(slot) = better.get_mut(other) {
                    *slot = counts;
                }
            }
        }
        better
    }

    /// How far it was by the workout's total.
    pub(crate) fn distance_m(&self, row: &WorkoutRow) -> Result<Option<f64>> {
        Ok(self.distance(row, &Body::of(row))?.map(|total| total.value))
    }

    fn answer(
        &self,
        row: &WorkoutRow,
        body: &Body<'_>,
        same_as: Option<i64>,
        highs: Option<&Highs<'_>>,
    ) -> Result<WorkoutAnswer> {
        let (distance, energy) = (self.distance(row, body)?, self.energy(row, body)?);
        let pauses = body.pauses(row);
        let duration = duration_s(body.duration_s, row.start_ms, row.end_ms, &pauses);
        let told = body.heart_rate();
        // Apple's own numbers, where the export has them, need no samples.
        let pulses = if told.is_some() && highs.is_none() { Vec::new() } else { self.pulses(row)? };
        let heart_rate = heart_rate(row, told, &pulses);
        let zones = highs.map(|highs| self.zones(row, (&pulses, &pauses), highs)).transpose()?.flatten();
        let origin = |total: Option<Total>| total.map(|total| total.origin.as_str());
        Ok(WorkoutAnswer {
            id: row.id,
            activity: activity_number(&row.activity),
            activity_name: activity_name(&row.activity).to_owned(),
            activity_raw: row.activity.clone(),
            start: format_instant(row.start_ms),
            end: format_instant(row.end_ms),
            duration_s: duration.map(|total| total.value),
            distance_m: distance.map(|total| total.value),
            energy_kcal: energy.map(|total| total.value),
            source: self.sources.name(row.source_id),
            heart_rate: heart_rate.map(|(HeartRate { min, mean, max, .. }, _)| HeartRateAnswer { min, mean, max }),
            route_points: self.route_points.get(&key(row)).copied().unwrap_or(0),
            distance_origin: origin(distance),
            energy_origin: origin(energy),
            heart_rate_origin: heart_rate.map(|(_, origin)| origin.as_str()),
            zone_minutes: zones.map(|zones| zones.minutes),
            same_as,
        })
    }

    /// Highest heart rates at workouts that lie in a range.
    pub(crate) fn highs<'a>(&'a self, zones: &'a Zones, range: (i64, i64)) -> Result<Highs<'a>> {
        Highs::load(self.store, &self.heart_rate, (self.orders.of(HEART_RATE), zones), range)
    }

    fn distance(&self, row: &WorkoutRow, body: &Body<'_>) -> Result<Option<Total>> {
        let known = named(body, body.distance_m, |kind| short_name(kind).starts_with("Distance"));
        match (known, distance_kind(&row.activity)) {
            (None, Some(kind)) => self.computed(row, &find_kind(self.store, kind)?),
            _ => Ok(known),
        }
    }

    fn energy(&self, row: &WorkoutRow, body: &Body<'_>) -> Result<Option<Total>> {
        let known = named(body, body.energy_kcal, |kind| kind == ENERGY);
        if known.is_some() { Ok(known) } else { self.computed(row, &self.energy) }
    }

    fn computed(&self, row: &WorkoutRow, found: &Found) -> Result<Option<Total>> {
        let spans = self.spans(row, found)?;
        Ok(total(None, None, || sum_between(&spans, row.start_ms, row.end_ms)))
    }

    /// The samples of a sum in a workout, and those around it that decide what they add.
    fn spans(&self, row: &WorkoutRow, found: &Found) -> Result<Vec<Span>> {
        let ranks = self.orders.of(&found.kind.identifier);
        let inputs = inputs_around(self.store, found, (row.start_ms, row.end_ms.saturating_add(1)), ranks)?;
        let spans = inputs.iter().map(|input| Span { value: input.span.value * input.copies as f64, ..input.span });
        Ok(spans.collect())
    }

    /// The heart rates that the workout's own device measured from its start to its end.
    pub(crate) fn pulses(&self, row: &WorkoutRow) -> Result<Vec<Input>> {
        let own = self.sources.of_device(row.source_id);
        let Some(id) = self.heart_rate.id.filter(|_| !own.is_empty()) else { return Ok(Vec::new()) };
        let (rule, ranks) = (Rule::of(&self.heart_rate.kind), self.orders.of(HEART_RATE));
        let points = self.store.points_from(id, row.start_ms, row.end_ms.saturating_add(1))?;
        let pulse = |point: &Point| {
            let device = u32::from(own.contains(&point.source_id));
            Some(Pulse { input: point.input(rule, ranks)?, device })
        };
        let pulses: Vec<Pulse> = points.iter().filter_map(pulse).collect();
        Ok(heart::of_workout(&pulses, row.start_ms, row.end_ms, 1))
    }
}

/// Apple's own numbers where the export has them.
fn heart_rate(row: &WorkoutRow, told: Option<HeartRate>, pulses: &[Input]) -> Option<(HeartRate, Origin)> {
    let computed = || heart::heart_rate(pulses, row.start_ms, row.end_ms).map(|found| (found, Origin::Computed));
    told.map(|found| (found, Origin::Statistics)).or_else(computed)
}

fn bout(row: &WorkoutRow, rank: u32) -> Bout<'_> {
    Bout { start_ms: row.start_ms, end_ms: row.end_ms, activity: &row.activity, rank }
}

/// A total of the body, and whether one of Apple's statistics says the same.
fn named(body: &Body<'_>, value: Option<f64>, is_it: impl Fn(&str) -> bool) -> Option<Total> {
    let counted = value.filter(|value| body.has_sum(*value, is_it));
    total(value.filter(|_| counted.is_none()), counted, || None)
}

/// By what a route names its workout.
pub(crate) fn key(row: &WorkoutRow) -> WorkoutKey {
    (row.activity.clone(), format_instant(row.start_ms), format_instant(row.end_ms))
}

#[cfg(test)]
mod tests;
