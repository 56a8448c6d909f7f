//! Blood glucose: readings, and when a meal was noted with one; and what a day is like.

use std::collections::BTreeSet;

use chart::glucose::{self, Glucose};
use chart::glucose_profile::{self, Profile, Slot};
use chart::{Average, Model, Reading};
use health::series::glucose as series;
use health::time::Day;
use serde_json::Value;
use store::query::{Point, SampleQuery};

use super::view::View;
use crate::display::Display;
use crate::error::{Error, Result};
use crate::local::Found;
use crate::settings::glucose_range;

const MEAL: &str = "HKBloodGlucoseMealTime";
/// Readings that come less often than this are fingersticks: a line through the night would say what nobody measured.
const MOST_SPACING_MS: i64 = 3 * 3_600_000;
const LEAST_SPACING_MS: i64 = 60_000;
/// Of fewer readings at a time of day, what nine of ten days are like is not known.
const LEAST_IN_SLOT: usize = 5;
/// Slots of a typical day.
const SLOT_MINUTES: u32 = 30;

/// Returns the chart of a stretch.
pub(super) fn chart(view: &View<'_>, found: &Found) -> Result<Model> {
    let stretch = view.stretch_of(found)?;
    let days = stretch.instants(view.zones);
    let (mut readings, mut ranked, mut meals_ms) = (Vec::new(), Vec::new(), Vec::new());
    let ranks = view.ranks(found);
    if let Some(kind_id) = found.id {
        let (from_ms, until_ms) = days.range_ms();
        let query = SampleQuery { kind_id, from_ms, until_ms, hidden: false, superseded: false, left_out: false };
        view.store.each_sample::<Error>(query, |sample| {
            let Some(value) = sample.value.filter(|_| days.holds(sample.start_ms) && stretch.holds(sample.start_ms))
            else {
                return Ok(());
            };
            readings.push(Reading { at_ms: sample.start_ms, value });
            let rank = ranks.of(sample.source_id, sample.by_hand);
            ranked.push(series::Reading { at_ms: sample.start_ms, value, rank, meal: None });
            if sample.details.as_deref().is_some_and(has_meal) {
                meals_ms.push(sample.start_ms);
            }
            Ok(())
        })?;
    }
    let display = Display::new(&found.kind, &view.units);
    let spacing_ms = spacing(&readings);
    let limits = glucose_range(view.store)?;
    // One reading tells nothing of how long.
    let times = limits.filter(|_| ranked.len() > 1);
    let times = times.and_then(|limits| series::summary(&ranked, Some(limits))?.time_in_range);
    let target = limits.map(|limits| (display.value(limits.low), display.value(limits.high)));
    let within = times.map(|times| (times.within, times.covered_ms as f64 / 60_000.0));
    let shown = |reading: Reading| Reading { value: display.value(reading.value), ..reading };
    let readings: Vec<Reading> = readings.into_iter().map(shown).collect();
    let unit = unit(&display);
    let average = view.average(found, stretch)?;
    let average = average.map(|average| Average { mean: display.value(average.mean), ..average });
    let glucose = Glucose { unit, readings: &readings, spacing_ms, target, within, average, meals_ms: &meals_ms };
    Ok(glucose::model(&glucose, stretch.range(view.zones), view.zones))
}

/// Returns a typical day of the readings of a stretch.
pub(super) fn profile(view: &View<'_>, found: &Found) -> Result<Model> {
    let stretch = view.stretch_of(found)?;
    let ranks = view.ranks(found);
    let reading = |point: &Point| {
        let rank = ranks.of(point.source_id, point.by_hand);
        Some(series::Reading { at_ms: point.start_ms, value: point.value?, rank, meal: None })
    };
    let readings: Vec<series::Reading> = view.points(found, stretch)?.iter().filter_map(reading).collect();
    let days: BTreeSet<Day> = readings.iter().map(|r| view.zones.day(r.at_ms)).collect();
    let display = Display::new(&found.kind, &view.units);
    let slot = |slot: series::ProfileSlot| Slot {
        minute: slot.minute,
        values: slot.values.filter(|_| slot.n >= LEAST_IN_SLOT).map(|values| values.map(|value| display.value(value))),
    };
    let slots = series::profile(&readings, SLOT_MINUTES, view.zones).unwrap_or_default();
    let slots: Vec<Slot> = slots.into_iter().map(slot).collect();
    let profile = Profile { unit: unit(&display), slots: &slots, days: days.len(), least_days: series::PROFILE_DAYS };
    Ok(glucose_profile::model(&profile, stretch.range(view.zones), view.zones))
}

fn unit(display: &Display) -> &str {
    if display.unit().is_empty() { "mg/dL" } else { display.unit() }
}

/// Whether a reading was noted before or after a meal.
fn has_meal(details: &str) -> bool {
    // Most details are about something else: they need not be read.
    let details = details.contains(MEAL).then(|| serde_json::from_str::<Value>(details).unwrap_or_default());
    let code = details.as_ref().and_then(|details| details.get("metadata")?.get(MEAL)?.as_str());
    matches!(code, Some("1" | "2"))
}

/// The usual time between two readings: the middle one of all.
fn spacing(readings: &[Reading]) -> i64 {
    let mut gaps: Vec<i64> = readings.iter().zip(readings.iter().skip(1)).map(|(a, b)| b.at_ms - a.at_ms).collect();
    gaps.sort_unstable();
    gaps.get(gaps.len() / 2).copied().unwrap_or(LEAST_SPACING_MS).clamp(LEAST_SPACING_MS, MOST_SPACING_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_meal_is_what_the_metadata_say() {
        assert!(has_meal(r#"{"metadata":{"HKBloodGlucoseMealTime":"1"}}"#));
        assert!(!has_meal(r#"{"metadata":{"HKBloodGlucoseMealTime":"0"}}"#));
        assert!(!has_meal(r#"{"metadata":{"note":"HKBloodGlucoseMealTime"}}"#));
    }

    #[test]
    fn a_sensor_has_its_spacing_and_fingersticks_have_none() {
        let every = |ms: i64| (0..9).map(|i| Reading { at_ms: i * ms, value: 100.0 }).collect::<Vec<_>>();
        assert_eq!(spacing(&every(300_000)), 300_000);
        assert_eq!(spacing(&every(86_400_000)), MOST_SPACING_MS);
        assert_eq!(spacing(&[]), LEAST_SPACING_MS);
    }
}
