//! Blood pressure: each reading as a stroke from diastolic to systolic, and the means of each day as dots.

use health::time::Zones;
use health::{counted, key, say};

use crate::layer::{Dot, Key, Layer, Sign, Span};
use crate::model::{Axis, Model, Paired, Reading, Table};
use crate::number::{extent, no_data, number, usable, value_axis};
use crate::range::{Range, clock, named_day};
use crate::theme::Hue;

const TITLE: &str = key!("Blood pressure");
const UNIT: &str = "mmHg";
/// Value axis of a chart without data.
const EMPTY_AXIS: (f64, f64) = (60.0, 140.0);

/// One reading, or the mean of a day's readings at its middle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pressure {
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// When the lower value was written, which may be seconds before or after.
    pub diastolic_ms: i64,
    /// The upper value.
    pub systolic: f64,
    /// The lower value.
    pub diastolic: f64,
}

/// One value whose other half nobody wrote: shown, and in no mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lone {
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// The value.
    pub value: f64,
    /// Whether it is the upper one.
    pub systolic: bool,
}

/// Lines of a guideline that the user turned on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Guideline<'a> {
    /// Whose it is; printed at the lines.
    pub name: &'a str,
    /// Its systolic line.
    pub systolic: f64,
    /// Its diastolic line.
    pub diastolic: f64,
}

/// Returns the chart of `readings`, of the means of the days with some, and of values alone.
pub fn model(
    readings: &[Pressure],
    day_means: &[Pressure],
    guideline: Option<Guideline>,
    lone: &[Lone],
    range: Range,
    zones: &Zones,
) -> Model {
    let lone: Vec<Lone> = lone.iter().filter(|l| range.holds(l.at_ms) && usable(l.value)).copied().collect();
    let (readings, means) = (sound(readings, &range), sound(day_means, &range));
    let rows = rows(&readings, &lone);
    let lines = guideline.filter(|g| usable(g.systolic) && usable(g.diastolic));
    let values = readings.iter().chain(&means).flat_map(|p| [p.systolic, p.diastolic]);
    let values = values.chain(lone.iter().map(|l| l.value));
    let (low, high) = extent(values.chain(lines.iter().flat_map(|g| [g.systolic, g.diastolic]))).unwrap_or(EMPTY_AXIS);
    Model {
        x: Axis::days(&range, zones),
        y: value_axis(low, high, 40.0).labelled(UNIT),
        layers: layers(&readings, &means, lines).into_iter().chain(lone_dots(&lone)).collect(),
        keys: keys(&readings, &means, lines).into_iter().chain(lone_key(&lone)).collect(),
        summary: summary(&readings, lone.len(), &range, zones),
        table: table(&rows, zones),
        readings: rows,
        ..Model::new(TITLE, UNIT, range, zones)
    }
}

fn sound(readings: &[Pressure], range: &Range) -> Vec<Pressure> {
    let both = |p: &&Pressure| range.holds(p.at_ms) && usable(p.systolic) && usable(p.diastolic);
    readings.iter().filter(both).copied().collect()
}

fn layers(readings: &[Pressure], means: &[Pressure], lines: Option<Guideline>) -> Vec<Layer> {
    let span =
        |p: &Pressure| Span { at: p.at_ms as f64, low: p.diastolic.min(p.systolic), high: p.systolic.max(p.diastolic) };
    let dots = |dot: Dot, value: fn(&Pressure) -> f64| Layer::Dots {
        hue: Hue::Vitals,
        dot,
        points: means.iter().map(|p| (p.at_ms as f64, value(p))).collect(),
    };
    let rule = |g: Guideline| Layer::Rules { rules: vec![g.systolic, g.diastolic] };
    let strokes = Layer::Strokes { hue: Hue::Vitals, spans: readings.iter().map(span).collect() };
    let dots = [dots(Dot::Disc, |p| p.systolic), dots(Dot::Ring, |p| p.diastolic)];
    std::iter::once(strokes).chain(dots).chain(lines.map(rule)).collect()
}

fn lone_dots(lone: &[Lone]) -> Option<Layer> {
    let points = lone.iter().map(|l| (l.at_ms as f64, l.value)).collect();
    (!lone.is_empty()).then_some(Layer::Dots { hue: Hue::Neutral, dot: Dot::Ring, points })
}

fn lone_key(lone: &[Lone]) -> Option<Key> {
    (!lone.is_empty()).then(|| Key::new(key!("a value alone"), Sign::Ring(Hue::Neutral)))
}

fn keys(readings: &[Pressure], means: &[Pressure], lines: Option<Guideline>) -> Vec<Key> {
    let stroke = Sign::Line(Hue::Vitals, crate::layer::Tone::Soft);
    let reading = (!readings.is_empty()).then(|| Key::new(key!("a reading"), stroke));
    let discs = (!means.is_empty()).then(|| Key::new(key!("mean of the day: systolic"), Sign::Dot(Hue::Vitals)));
    let rings = (!means.is_empty()).then(|| Key::new(key!("diastolic"), Sign::Ring(Hue::Vitals)));
    let words = |g: Guideline| {
        let (upper, lower) = (number(g.systolic, 0), number(g.diastolic, 0));
        say!("{name}: {upper} and {lower} {unit}", name = g.name, upper, lower, unit = UNIT)
    };
    let lines = lines.map(|g| Key::new(words(g), Sign::Dashes));
    reading.into_iter().chain(discs).chain(rings).chain(lines).collect()
}

fn summary(readings: &[Pressure], lone: usize, range: &Range, zones: &Zones) -> String {
    let when = range.when(zones);
    let alone = if lone == 0 { String::new() } else { say!("; {values} alone", values = counted!(lone, "value")) };
    let upper = extent(readings.iter().map(|p| p.systolic));
    let (Some(upper), Some(lower)) = (upper, extent(readings.iter().map(|p| p.diastolic))) else {
        return say!("{when} there are no blood-pressure readings{alone}.", when, alone);
    };
    let span = |(low, high): (f64, f64)| {
        let (low, high) = (number(low, 0), number(high, 0));
        if low == high { low } else { say!("{low} to {high}", low, high) }
    };
    say!(
        "{when} your blood pressure was {upper} over {lower} {unit} in {readings}{alone}.",
        when,
        upper = span(upper),
        lower = span(lower),
        unit = UNIT,
        readings = counted!(readings.len(), "reading"),
        alone,
    )
}

/// One of the two numbers, whose own chart shows both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Half {
    /// The upper one.
    Systolic,
    /// The lower one.
    Diastolic,
}

impl Half {
    /// Returns its own of two that stand in the order of the table.
    pub fn of<T>(self, [upper, lower]: [T; 2]) -> T {
        if self == Self::Systolic { upper } else { lower }
    }
}

/// Returns the sentence of a chart for whoever asks for one half, of all its values: those in readings and those alone.
pub fn summary_of(half: Half, readings: &[Pressure], lone: &[Lone], range: &Range, zones: &Zones) -> String {
    let of_reading = |p: &Pressure| if half == Half::Systolic { p.systolic } else { p.diastolic };
    let alone = lone.iter().filter(|l| range.holds(l.at_ms) && usable(l.value));
    let alone = alone.filter(|l| l.systolic == (half == Half::Systolic)).map(|l| l.value);
    let values: Vec<f64> = sound(readings, range).iter().map(of_reading).chain(alone).collect();
    let when = range.when(zones);
    let Some((low, high)) = extent(values.iter().copied()) else {
        return match half {
            Half::Systolic => say!("{when} there are no systolic blood-pressure values.", when),
            Half::Diastolic => say!("{when} there are no diastolic blood-pressure values.", when),
        };
    };
    let (low, high) = (number(low, 0), number(high, 0));
    let span = if low == high { low } else { say!("{low} to {high}", low, high) };
    let values = counted!(values.len(), "value");
    match half {
        Half::Systolic => {
            say!("{when} your systolic blood pressure was {span} {unit} in {values}.", when, span, unit = UNIT, values)
        }
        Half::Diastolic => {
            say!("{when} your diastolic blood pressure was {span} {unit} in {values}.", when, span, unit = UNIT, values)
        }
    }
}

/// Readings and values alone, by time; the table and whoever points at it tell them in this order.
fn rows(readings: &[Pressure], lone: &[Lone]) -> Vec<Paired> {
    let reading = |at_ms: i64, value: f64| Some(Reading { at_ms, value });
    let both = readings.iter().map(|p| Paired {
        at_ms: p.at_ms,
        halves: [reading(p.at_ms, p.systolic), reading(p.diastolic_ms, p.diastolic)],
    });
    let alone = lone.iter().map(|l| {
        let value = reading(l.at_ms, l.value);
        Paired { at_ms: l.at_ms, halves: if l.systolic { [value, None] } else { [None, value] } }
    });
    let mut rows: Vec<Paired> = both.chain(alone).collect();
    rows.sort_by_key(|row| row.at_ms);
    rows
}

fn table(rows: &[Paired], zones: &Zones) -> Table {
    let text = |half: &Option<Reading>| half.map_or_else(no_data, |reading| number(reading.value, 0));
    let row = |row: &Paired| {
        let [upper, lower] = &row.halves;
        [named_day(zones.day(row.at_ms)), clock(row.at_ms, zones), text(upper), text(lower)]
    };
    Table::new([key!("Day"), key!("Time"), key!("Systolic"), key!("Diastolic")], rows.iter().map(row))
}
