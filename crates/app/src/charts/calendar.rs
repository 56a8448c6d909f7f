//! A calendar of a daily measure.

use chart::heat_map::{self, DayValue};
use chart::theme::Hue;
use chart::{Measure, Model};
use health::key;
use health::kind::fold;

use super::measure::{Shown, most};
use super::sleep;
use super::view::View;
use crate::error::Result;
use crate::local::find_kind;

/// Hours of sleep.
pub(super) const SLEEP: Measure = Measure { title: key!("Sleep"), unit: "h", hue: Hue::Sleep, decimals: 1 };

/// Returns the calendar of a stretch.
pub(super) fn chart(view: &View<'_>, word: &str) -> Result<Model> {
    if matches!(fold(word).as_str(), "sleep" | "sleepanalysis") {
        let sleeper = view.sleeper()?;
        let stretch = sleep::stretch(view, &sleeper)?;
        let hours = sleep::hours(&sleeper, stretch.days())?;
        let values: Vec<DayValue> = hours.into_iter().map(|(day, value)| DayValue { day, value }).collect();
        return Ok(heat_map::model(&SLEEP, &values, stretch.range_of_days(view.zones), view.zones));
    }
    let found = find_kind(view.store, word)?;
    let stretch = view.stretch_of(&found)?;
    let days = view.days(&found, stretch.first, stretch.last)?;
    let shown = Shown::new(&found.kind, &view.units, most(days.iter().map(|day| day.value)));
    let values: Vec<DayValue> =
        days.iter().map(|day| DayValue { day: day.day, value: shown.value(day.value) }).collect();
    Ok(heat_map::model(&shown.measure(), &values, stretch.range_of_days(view.zones), view.zones))
}
