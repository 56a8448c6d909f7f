//! What the store keeps about a workout, as far as it is asked for.

use std::borrow::Cow;

use health::series::workouts::heart::HeartRate;
use health::series::workouts::pauses::{Event, pauses};
use health::time::parse_stamp;
use serde::Deserialize;
use store::query::WorkoutRow;

/// The body of a workout; metadata and legs are passed over.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Body<'a> {
    pub duration_s: Option<f64>,
    pub distance_m: Option<f64>,
    pub energy_kcal: Option<f64>,
    #[serde(borrow, default)]
    statistics: Vec<Statistic<'a>>,
    #[serde(borrow, default)]
    events: Vec<EventText<'a>>,
}

#[derive(Debug, Deserialize)]
struct Statistic<'a> {
    #[serde(borrow, rename = "type", default)]
    kind: Cow<'a, str>,
    sum: Option<f64>,
    average: Option<f64>,
    minimum: Option<f64>,
    maximum: Option<f64>,
}

#[derive(Debug, Deserialize)]
struct EventText<'a> {
    #[serde(borrow, rename = "type", default)]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    at: Cow<'a, str>,
    duration_s: Option<f64>,
}

impl<'a> Body<'a> {
    /// A body that cannot be read is no reason to hide the workout.
    pub fn of(row: &'a WorkoutRow) -> Self {
        serde_json::from_str(&row.body).unwrap_or_default()
    }

    /// Whether one of Apple's statistics says the same. The reader takes a total from them where the row itself has
    /// none, and does not write down which it was.
    pub fn has_sum(&self, value: f64, is_it: impl Fn(&str) -> bool) -> bool {
        let near = |sum: f64| (sum - value).abs() <= 1e-6 * value.abs();
        self.statistics.iter().any(|statistic| is_it(&statistic.kind) && statistic.sum.is_some_and(near))
    }

    /// Apple's own numbers of the heart rate.
    pub fn heart_rate(&self) -> Option<HeartRate> {
        let found = self.statistics.iter().find(|statistic| statistic.kind == super::HEART_RATE)?;
        Some(HeartRate { min: found.minimum?, mean: found.average?, max: found.maximum?, n: 0 })
    }

    /// When nobody moved.
    pub fn pauses(&self, row: &WorkoutRow) -> Vec<(i64, i64)> {
        let events: Vec<Event<'_>> = self.events.iter().filter_map(event).collect();
        pauses(&events, row.start_ms, row.end_ms, self.duration_s)
    }
}

fn event<'e>(event: &'e EventText<'_>) -> Option<Event<'e>> {
    Some(Event { kind: &event.kind, at_ms: parse_stamp(&event.at)?, duration_s: event.duration_s })
}
