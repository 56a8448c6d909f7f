//! Workouts: the route, and what happened along the way.

use chart::Model;
use chart::profiles::{self, Along, Profiles, Tempo};
use chart::route::{self, Fix, Told};
use health::formats::route::{Point, unpack};
use health::series::workouts::route::length_m;
use health::series::workouts::splits::{Mark, marks_of_route};
use health::series::workouts::totals::has_pace;
use health::time::Zones;
use store::Store;
use store::query::WorkoutRow;

use crate::display::Units;
use crate::error::{Code, Error, Result};
use crate::local::did_you_mean;
use crate::workouts::{Desk, key};

/// Pace is told over at least this long: a receiver jumps from second to second.
const PACE_MS: i64 = 30_000;
/// Who moves more slowly stands: seconds for a kilometre.
const SLOWEST: f64 = 1800.0;

/// Returns the route of a workout; its profiles where it has none.
pub(super) fn route(store: &Store, zones: &Zones, id: i64) -> Result<Model> {
    let workout = find(store, id)?;
    let parts = parts(store, &workout)?;
    if parts.is_empty() {
        return of_workout(store, zones, &workout, &parts, None);
    }
    let told = Told {
        by_points_m: Some(length_m(parts.iter().map(Vec::as_slice))),
        by_workout_m: Desk::new(store)?.distance_m(&workout)?,
        ways: Units::of_store(store)?.ways(),
    };
    let fix = |p: &Point| Fix { at_ms: p.time_ms.unwrap_or(workout.start_ms), latitude: p.lat, longitude: p.lon };
    let fixes: Vec<Vec<Fix>> = parts.iter().map(|part| part.iter().map(fix).collect()).collect();
    Ok(route::model(&fixes, told, zones))
}

/// Returns heart rate, pace and elevation of a workout.
/// Of a part of it what is told is of that part.
pub(super) fn profiles(store: &Store, zones: &Zones, id: i64, part: Option<(f64, f64)>) -> Result<Model> {
    let workout = find(store, id)?;
    of_workout(store, zones, &workout, &parts(store, &workout)?, part)
}

fn find(store: &Store, id: i64) -> Result<WorkoutRow> {
    store.workout(id)?.ok_or(()).or_else(|()| Err(unknown(store, "workout", "workout", Code::UnknownWorkout, id)?))
}

/// The error of a number that no entry of a kind has, with the nearest ones that are there.
pub(super) fn unknown(store: &Store, kind: &str, name: &str, code: Code, id: i64) -> Result<Error> {
    let mut near = store.entry_ids(kind)?;
    near.sort_by_key(|known| (known.abs_diff(id), *known));
    let near: Vec<String> = near.iter().take(3).map(|known| format!("{kind}:{known}")).collect();
    let hint = did_you_mean(&near, &format!("The store has no {name}."));
    Ok(Error::new(code, format!("There is no {name} {id}."), hint))
}

/// The parts of a workout's route that have points.
fn parts(store: &Store, workout: &WorkoutRow) -> Result<Vec<Vec<Point>>> {
    let packed = store.routes(&key(workout))?;
    Ok(packed.iter().filter_map(|bytes| unpack(bytes)).filter(|points| !points.is_empty()).collect())
}

fn of_workout(
    store: &Store,
    zones: &Zones,
    workout: &WorkoutRow,
    parts: &[Vec<Point>],
    part: Option<(f64, f64)>,
) -> Result<Model> {
    let (start_ms, end_ms) = (workout.start_ms, workout.end_ms);
    let place = |at_ms: i64| (at_ms - start_ms) as f64 / 1000.0;
    let inside = |at_ms: &i64| (start_ms..=end_ms).contains(at_ms);
    let timed = || parts.iter().flatten().filter_map(|p| Some((p.time_ms.filter(inside)?, p)));
    let mut elevation: Vec<(f64, f64)> = timed().filter_map(|(at, p)| Some((place(at), p.ele?))).collect();
    elevation.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut paces: Vec<(i64, f64)> = parts.iter().flat_map(|part| pace(&marks_of_route(part))).collect();
    let desk = Desk::new(store)?;
    if paces.is_empty() {
        paces = pace(&desk.marks(workout)?);
    }
    let mut pace: Vec<(f64, f64)> =
        paces.into_iter().filter(|(at, _)| inside(at)).map(|(at, s)| (place(at), s)).collect();
    pace.sort_by(|a, b| a.0.total_cmp(&b.0));
    let pulses = desk.pulses(workout)?;
    let heart_rate: Vec<(f64, f64)> =
        pulses.iter().map(|pulse| (place(pulse.span.start_ms), pulse.span.value)).collect();
    let profiles = Profiles {
        start_ms,
        end_ms,
        along: Along::Time,
        length: (end_ms - start_ms) as f64 / 1000.0,
        heart_rate: &heart_rate,
        pace: &pace,
        tempo: if has_pace(&workout.activity) { Tempo::Pace } else { Tempo::Speed },
        elevation: &elevation,
        ways: Units::of_store(store)?.ways(),
    };
    let model = profiles::model(&profiles, zones);
    let told = part.map(|part| profiles::told_of_part(&profiles, part, zones));
    Ok(match told {
        Some((summary, table)) => Model { summary, table, ..model },
        None => model,
    })
}

/// Seconds for a kilometre, over half a minute or more, at its middle. Who stands has no pace.
fn pace(marks: &[Mark]) -> Vec<(i64, f64)> {
    let Some(mut from) = marks.first().copied() else { return Vec::new() };
    let mut paces = Vec::new();
    for mark in marks.iter().skip(1).filter(|mark| mark.at_ms > from.at_ms).copied().collect::<Vec<_>>() {
        let took = mark.at_ms - from.at_ms;
        if took < PACE_MS {
            continue;
        }
        let pace = took as f64 / (mark.distance_m - from.distance_m).max(f64::MIN_POSITIVE);
        // A long hole between two points says nothing about the way between.
        if pace <= SLOWEST && took <= 4 * PACE_MS {
            paces.push((from.at_ms + took / 2, pace));
        }
        from = mark;
    }
    paces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(marks: &[(i64, f64)], expected: &[(i64, f64)]) {
        let marks: Vec<Mark> =
            marks.iter().map(|(s, distance_m)| Mark { at_ms: s * 1000, distance_m: *distance_m }).collect();
        assert_eq!(pace(&marks), expected);
    }

    #[test]
    fn pace_is_that_of_half_a_minute() {
        check(&[(0, 0.0), (10, 30.0), (20, 70.0), (30, 100.0), (60, 150.0)], &[(15_000, 300.0), (45_000, 600.0)]);
    }

    #[test]
    fn who_stands_has_no_pace() {
        check(&[(0, 0.0), (30, 1.0), (60, 1.0), (90, 101.0)], &[(75_000, 300.0)]);
        check(&[(0, 0.0), (600, 2000.0)], &[]);
        check(&[], &[]);
    }
}
