//! Body mass: every measurement as a dot, and the smoothed trend as a line. The axis does not start at zero, and is
//! never so short that a glass of water looks like a change.

use health::time::Zones;
use health::{counted, key, say};

use crate::layer::{Dot, Key, Layer, Sign, Tone, alone};
use crate::model::{Axis, Model, Point, Reading, Table};
use crate::number::{extent, number, ranged, usable, value_axis, with_unit};
use crate::range::{Range, Step, clock, named_day};
use crate::slots::{LONGEST_DAY_MS, joined, point, reach, sound, totals_of};
use crate::theme::Hue;

const TITLE: &str = key!("Weight");
/// The axis is at least this long, and without data goes from here to there; by unit.
const KILOGRAMS: (f64, (f64, f64)) = (2.0, (60.0, 80.0));
const POUNDS: (f64, (f64, f64)) = (5.0, (130.0, 180.0));

/// What is drawn, all of it in one unit and found by the caller.
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
    /// `kg` or `lb`.
    pub unit: &'a str,
}

/// Returns the chart.
pub fn model(mass: &BodyMass, range: Range, zones: &Zones) -> Model {
    let (readings, trend) = (sound(mass.readings, &range), sound(mass.trend, &range));
    let goal = mass.goal.filter(|goal| usable(*goal));
    let mass = &BodyMass { per_week: mass.per_week.filter(|v| usable(*v)), ..*mass };
    let values = readings.iter().chain(&trend).map(|r| r.value).chain(goal);
    let unit = mass.unit;
    let (least, empty) = if unit == "lb" { POUNDS } else { KILOGRAMS };
    let (low, high) = extent(values).unwrap_or(empty);
    Model {
        x: Axis::days(&range, zones),
        y: value_axis(low, high, least).labelled(unit),
        layers: layers(&readings, &trend, goal, &range),
        keys: keys(
            &readings,
            &trend,
            mass.per_week.map(|v| signed(v, unit)),
            goal.map(|goal| with_unit(&number(goal, 1), unit)),
        ),
        summary: summary(&readings, mass, &range, zones),
        table: table(&readings, zones),
        totals: totals_of(&readings),
        ..Model::new(TITLE, unit, range, zones)
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

fn signed(per_week: f64, unit: &str) -> String {
    let sign = if per_week > 0.0 { "+" } else { "" };
    say!("{speed} {unit}/week", speed = format!("{sign}{}", number(per_week, 1)), unit)
}

fn keys(readings: &[Reading], trend: &[Reading], per_week: Option<String>, goal: Option<String>) -> Vec<Key> {
    let speed = per_week.map_or_else(String::new, |speed| format!(" {speed}"));
    let dot = (!readings.is_empty()).then(|| Key::new(key!("measured"), Sign::Dot(Hue::Body)));
    let line = (!trend.is_empty()).then(|| Key::new(say!("trend{speed}", speed), Sign::Line(Hue::Body, Tone::Full)));
    let goal = goal.map(|goal| Key::new(say!("your goal {goal}", goal), Sign::Dashes));
    dot.into_iter().chain(line).chain(goal).collect()
}

fn summary(readings: &[Reading], mass: &BodyMass, range: &Range, zones: &Zones) -> String {
    let when = range.when(zones);
    let Some((low, high)) = extent(readings.iter().map(|r| r.value)) else {
        return say!("{when} there are no measurements of your weight.", when);
    };
    let trend =
        mass.per_week.map_or_else(String::new, |v| say!(" The trend is {speed}.", speed = signed(v, mass.unit)));
    let counted = counted!(readings.len(), "measurement");
    let ranged = ranged(&number(low, 1), &number(high, 1), mass.unit);
    say!("{when} your weight {ranged} in {counted}.{trend}", when, ranged, counted, trend)
}

fn table(readings: &[Reading], zones: &Zones) -> Table {
    let row = |r: &Reading| {
        let day = zones.day(r.at_ms);
        [named_day(day), clock(r.at_ms, zones), number(r.value, 1)]
    };
    Table::new([key!("Day"), key!("Time"), key!("Value")], readings.iter().map(row))
}
