//! Body mass: every measurement as a dot, and the smoothed trend as a line. The axis does not start at zero, and is
//! never so short that a glass of water looks like a change.

use health::time::Zones;

use crate::layer::{Dot, Key, Layer, Sign, Tone, alone};
use crate::model::{Axis, Model, Point, Reading, Table};
use crate::number::{counted, extent, number, ranged, usable, value_axis};
use crate::range::{Range, Step, clock, named_day};
use crate::slots::{LONGEST_DAY_MS, joined, point, reach, sound, totals_of};
use crate::theme::Hue;

const TITLE: &str = "Body mass";
const UNIT: &str = "kg";
/// The axis is at least this long.
const LEAST_KG: f64 = 2.0;
/// Value axis of a chart without data.
const EMPTY_AXIS: (f64, f64) = (60.0, 80.0);

/// What is drawn, all of it in kilograms and found by the caller.
#[derive(Debug, Clone, Copy, Default)]
pub struct BodyMass<'a> {
    /// Measurements, sorted.
    pub readings: &'a [Reading],
    /// The smoothed trend (EWMA), one value a day with data, sorted.
    pub trend: &'a [Reading],
    /// How fast the trend rises a week.
    pub per_week: Option<f64>,
    /// The user's own goal.
    pub goal: Option<f64>,
}

/// Returns the chart.
pub fn model(mass: &BodyMass, range: Range, zones: &Zones) -> Model {
    let (readings, trend) = (sound(mass.readings, &range), sound(mass.trend, &range));
    let goal = mass.goal.filter(|goal| usable(*goal));
    let values = readings.iter().chain(&trend).map(|r| r.value).chain(goal);
    let (low, high) = extent(values).unwrap_or(EMPTY_AXIS);
    Model {
        x: Axis::days(&range, zones),
        y: value_axis(low, high, LEAST_KG).labelled(UNIT),
        layers: layers(&readings, &trend, goal, &range),
        keys: keys(&readings, &trend, mass.per_week, goal),
        summary: summary(&readings, mass.per_week, &range, zones),
        table: table(&readings, zones),
        totals: totals_of(&readings),
        ..Model::new(TITLE, UNIT, range, zones)
    }
}

fn layers(readings: &[Reading], trend: &[Reading], goal: Option<f64>, range: &Range) -> Vec<Layer> {
    let trend: Vec<Point> = trend.iter().map(point).collect();
    // A hole is one where some slots of the chart have nothing: those of a year are months.
    let days = match range.step {
        Step::Hour | Step::Day => 1,
        Step::Week => 7,
        Step::Month => 31,
        Step::Year => 366,
    };
    let most = reach(days * LONGEST_DAY_MS);
    let line = |points| Layer::Line { hue: Hue::Body, tone: Tone::Full, width: 2.2, points };
    let dots = Layer::Dots { hue: Hue::Body, dot: Dot::Speck, points: readings.iter().map(point).collect() };
    let rule = |goal: f64| Layer::Rules { rules: vec![goal] };
    let rest = alone(&trend, most, Hue::Body).into_iter().chain(goal.map(rule));
    std::iter::once(dots).chain(joined(&trend, most).into_iter().map(line)).chain(rest).collect()
}

fn signed(per_week: f64) -> String {
    let sign = if per_week > 0.0 { "+" } else { "" };
    format!("{sign}{} {UNIT}/week", number(per_week, 1))
}

fn keys(readings: &[Reading], trend: &[Reading], per_week: Option<f64>, goal: Option<f64>) -> Vec<Key> {
    let speed = per_week.filter(|v| usable(*v)).map_or_else(String::new, |v| format!(" {}", signed(v)));
    let dot = (!readings.is_empty()).then(|| Key::new("measured", Sign::Dot(Hue::Body)));
    let line = (!trend.is_empty()).then(|| Key::new(format!("trend{speed}"), Sign::Line(Hue::Body, Tone::Full)));
    let goal = goal.map(|goal| Key::new(format!("your goal {} {UNIT}", number(goal, 1)), Sign::Dashes));
    dot.into_iter().chain(line).chain(goal).collect()
}

fn summary(readings: &[Reading], per_week: Option<f64>, range: &Range, zones: &Zones) -> String {
    let when = range.when(zones);
    let Some((low, high)) = extent(readings.iter().map(|r| r.value)) else {
        return format!("{when} there is no body mass.");
    };
    let trend = per_week.filter(|v| usable(*v)).map_or_else(String::new, |v| format!(" The trend is {}.", signed(v)));
    let counted = counted(readings.len(), "measurement");
    let ranged = ranged(&number(low, 1), &number(high, 1), UNIT);
    format!("{when} your body mass {ranged} in {counted}.{trend}")
}

fn table(readings: &[Reading], zones: &Zones) -> Table {
    let row = |r: &Reading| {
        let day = zones.day(r.at_ms);
        [named_day(day), clock(r.at_ms, zones), number(r.value, 1)]
    };
    Table::new(["Day", "Time", "kg"], readings.iter().map(row))
}
