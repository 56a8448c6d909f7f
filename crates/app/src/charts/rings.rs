//! Activity rings, as the phone closed them.

use chart::Model;
use chart::rings::{Moves, Ring, RingDay, day, month};
use health::time::{Day, parse_day};
use serde_json::Value;
use store::Store;

use super::stretch::Stretch;
use super::view::View;
use crate::error::{Error, Result};

/// Rings have a day and no instant.
const ALWAYS: (i64, i64) = (i64::MIN, i64::MAX);

/// Five weeks fill six rows of a page at most.
const PAGE_DAYS: Day = 35;

/// Returns the rings of one day, or a calendar page.
pub(super) fn chart(view: &View<'_>) -> Result<Model> {
    let days = days(view.store)?;
    let stretch = view.stretch(days.first().zip(days.last()).map(|(first, last)| (first.day, last.day)));
    if stretch.first < stretch.last {
        // A page has room for some weeks; it says which days it shows.
        let first = stretch.first.max(stretch.until.saturating_sub(PAGE_DAYS - 1));
        return Ok(month(&days, Stretch { first, since: first, ..stretch }.range_of_days(view.zones), view.zones));
    }
    let nothing = RingDay { day: stretch.last, moving: None, moves: Moves::Energy, exercise: None, stand: None };
    let found = days.iter().find(|ring| ring.day == stretch.last).copied().unwrap_or(nothing);
    Ok(day(&found, view.zones))
}

/// The days with rings, by day.
pub(crate) fn ring_days(store: &Store) -> Result<Vec<Day>> {
    Ok(days(store)?.iter().filter(|day| !day.is_empty()).map(|day| day.day).collect())
}

/// Every day that has been told of, by day.
fn days(store: &Store) -> Result<Vec<RingDay>> {
    let mut days = Vec::new();
    store.each_entry::<Error>(Some("activity_summary"), ALWAYS, false, false, |entry| {
        let Some(day) = parse_day(&entry.identity) else { return Ok(()) };
        let body: Value = serde_json::from_str(&entry.body).unwrap_or_default();
        let number = |key: &str| body.get(key).and_then(Value::as_f64);
        let ring = |value: &str, goal: &str| Some(Ring { value: number(value)?, goal: number(goal) });
        let (energy, minutes) =
            (ring("active_energy_kcal", "active_energy_goal_kcal"), ring("move_min", "move_goal_min"));
        // A child's watch counts minutes, and writes zeros where others have their energy.
        let has_goal = |ring: Option<Ring>| ring.is_some_and(|ring| ring.goal.is_some_and(|goal| goal > 0.0));
        let by_minutes = has_goal(minutes) && !has_goal(energy);
        days.push(RingDay {
            day,
            moving: if by_minutes { minutes } else { energy.or(minutes) },
            moves: if by_minutes || energy.is_none() { Moves::Minutes } else { Moves::Energy },
            exercise: ring("exercise_min", "exercise_goal_min"),
            stand: ring("stand_hours", "stand_goal_hours"),
        });
        Ok(())
    })?;
    days.sort_by_key(|ring| ring.day);
    Ok(days)
}
