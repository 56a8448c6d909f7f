//! Body mass: every measurement, and the smoothed trend of the days.

use chart::body_mass::{self, BodyMass};
use chart::{Model, Reading};
use health::series::buckets::Grain;
use health::series::periods::Period;
use health::series::smooth::trend_line;
use health::series::trend::slope;
use health::time::Day;

use super::heart_rate::readings;
use super::view::{View, values};
use crate::display::Display;
use crate::error::Result;
use crate::local::Found;

/// How fast a trend rises is said from so many days with data on,
const LEAST_DAYS: usize = 5;
/// and where they lie at least so far apart.
const LEAST_LENGTH: Day = 14;

/// Returns the chart of a stretch, in the unit that people want.
pub(super) fn chart(view: &View<'_>, found: &Found) -> Result<Model> {
    let stretch = view.stretch_of(found)?;
    let range = stretch.range(view.zones);
    // A day has one value of the trend, which is no line and was nobody's weight at noon.
    let has_line = stretch.grain != Grain::Hour;
    // The line comes from all that was before.
    let mut line = trend_line(&values(&view.days(found, Day::MIN, stretch.last)?));
    line.retain(|value| value.day >= stretch.first);
    let ends = line.first().zip(line.last()).map(|(first, last)| (first.day, last.day));
    let enough = |(first, last): &(Day, Day)| last - first >= LEAST_LENGTH && line.len() >= LEAST_DAYS;
    // What happened a week ago is no news in a chart of years.
    let short = matches!(stretch.grain, Grain::Day | Grain::Week);
    let per_day = ends.filter(enough).filter(|_| short).and_then(|(first, last)| slope(&line, Period { first, last }));
    let trend: Vec<Reading> = line
        .iter()
        .filter(|_| has_line)
        .map(|value| Reading { at_ms: view.noon(value.day), value: value.value })
        .collect();
    let display = Display::new(&found.kind, &view.units);
    let shown = |reading: Reading| Reading { value: display.value(reading.value), ..reading };
    let readings: Vec<Reading> = readings(view, found, stretch)?.into_iter().map(shown).collect();
    let trend: Vec<Reading> = trend.into_iter().map(shown).collect();
    let mass = BodyMass {
        readings: &readings,
        trend: &trend,
        per_week: per_day.map(|per_day| display.value(per_day * 7.0)),
        goal: view.goal(found)?.map(|goal| display.value(goal)),
        unit: display.unit(),
    };
    Ok(body_mass::model(&mass, range, view.zones))
}
