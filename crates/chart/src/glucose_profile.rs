//! A typical day of glucose: the lines below which 5, 25, 50, 75 and 95 percent of all readings lie at each time of
//! day.

use health::time::Zones;
use health::{counted, key, say};

use crate::layer::{Dot, Fill, Key, Layer, Sign, Span, Tone};
use crate::model::{Axis, Model, Point, Table, Tick};
use crate::number::{extent, no_data, number, usable, value_axis};
use crate::range::Range;
use crate::theme::Hue;

const TITLE: &str = key!("Glucose by time of day");
const DAY_MINUTES: f64 = 1440.0;
const HOUR: u32 = 60;

/// One slot of the day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slot {
    /// Minutes after midnight at which it begins.
    pub minute: u32,
    /// Percentiles 5, 25, 50, 75 and 95, rising; none without readings.
    pub values: Option<[f64; 5]>,
}

/// What is drawn; the numbers are in the unit.
#[derive(Debug, Clone, Copy)]
pub struct Profile<'a> {
    /// `mg/dL` or `mmol/L`.
    pub unit: &'a str,
    /// Slots of one length, sorted.
    pub slots: &'a [Slot],
    /// Days with readings.
    pub days: usize,
    /// So many days are needed.
    pub least_days: usize,
}

/// Returns the chart; without slots it says how many days are missing.
pub fn model(profile: &Profile, range: Range, zones: &Zones) -> Model {
    let width = profile.slots.iter().zip(profile.slots.iter().skip(1)).map(|(a, b)| b.minute.abs_diff(a.minute)).next();
    let half = f64::from(width.unwrap_or(HOUR)) / 2.0;
    let place = |slot: &Slot| Some((f64::from(slot.minute) + half, slot.values?));
    // What is no number is not there, neither in the picture nor in the table.
    let sound = |slot: &Slot| Slot { values: slot.values.filter(|v| v.iter().all(|v| usable(*v))), ..*slot };
    let slots: Vec<Slot> = profile.slots.iter().map(sound).collect();
    let found: Vec<Option<(f64, [f64; 5])>> = slots.iter().map(place).collect();
    let decimals = if profile.unit.starts_with("mmol") { 1 } else { 0 };
    let usual = if decimals == 1 { (4.0, 10.0) } else { (70.0, 180.0) };
    let (low, high) = extent(found.iter().flatten().flat_map(|(_, v)| v.iter().copied())).unwrap_or(usual);
    Model {
        x: clock_axis(),
        y: value_axis(low, high, (usual.1 - usual.0) / 2.0).labelled(profile.unit),
        layers: layers(&found),
        keys: keys(&found),
        summary: summary(profile, &found, decimals, &range, zones),
        table: table(&slots, decimals),
        ..Model::new(TITLE, profile.unit, range, zones)
    }
}

fn clock_axis() -> Axis {
    let tick = |i: u32| Tick::new(f64::from(i * 4 * HOUR), format!("{:02}:00", i * 4));
    Axis { from: 0.0, to: DAY_MINUTES, ticks: (0..=6).map(tick).collect(), ..Axis::default() }
}

/// Bands and the middle line of every run of slots with readings.
fn layers(slots: &[Option<(f64, [f64; 5])>]) -> Vec<Layer> {
    let runs = || slots.split(Option::is_none).map(|run| run.iter().flatten().copied().collect::<Vec<_>>());
    let band = |tone: Tone, low: usize, high: usize| {
        let span = move |(at, v): &(f64, [f64; 5])| Span { at: *at, low: value(v, low), high: value(v, high) };
        runs().filter(|run| run.len() > 1).map(move |run| Layer::Band {
            hue: Hue::Vitals,
            tone,
            spans: run.iter().map(span).collect(),
        })
    };
    let line = |run: Vec<(f64, [f64; 5])>| {
        let points: Vec<Point> = run.iter().map(|(at, v)| (*at, value(v, 2))).collect();
        match points.len() {
            1 => Layer::Dots { hue: Hue::Vitals, dot: Dot::Disc, points },
            _ => Layer::Line { hue: Hue::Vitals, tone: Tone::Full, width: 2.4, points },
        }
    };
    let lines = runs().filter(|run| !run.is_empty()).map(line);
    band(Tone::Shade(1), 0, 4).chain(band(Tone::Shade(3), 1, 3)).chain(lines).collect()
}

fn value(values: &[f64; 5], place: usize) -> f64 {
    values.get(place).copied().unwrap_or_default()
}

fn keys(slots: &[Option<(f64, [f64; 5])>]) -> Vec<Key> {
    if slots.iter().all(Option::is_none) {
        return Vec::new();
    }
    let shade = |strength: u8| Sign::Box(Fill::solid(Hue::Vitals, Tone::Shade(strength)));
    vec![
        Key::new(key!("middle"), Sign::Line(Hue::Vitals, Tone::Full)),
        Key::new(key!("half of the readings"), shade(3)),
        Key::new(key!("nine of ten"), shade(1)),
    ]
}

fn summary(
    profile: &Profile,
    found: &[Option<(f64, [f64; 5])>],
    decimals: usize,
    range: &Range,
    zones: &Zones,
) -> String {
    let when = range.when(zones);
    let days = counted!(profile.days, "day");
    let Some((low, high)) = extent(found.iter().flatten().map(|(_, v)| value(v, 2))) else {
        let least = profile.least_days;
        return match profile.days {
            1 => say!("{when} {days} has glucose readings; a typical day needs {least}.", when, days, least),
            _ => say!("{when} {days} have glucose readings; a typical day needs {least}.", when, days, least),
        };
    };
    let (low, high) = (number(low, decimals), number(high, decimals));
    say!(
        "{when} the middle of your glucose by time of day went from {low} to {high} {unit} on {days}.",
        when,
        low,
        high,
        unit = profile.unit,
        days = counted!(profile.days, "day|on"),
    )
}

fn table(slots: &[Slot], decimals: usize) -> Table {
    let row = |slot: &Slot| {
        let time = format!("{:02}:{:02}", slot.minute / HOUR, slot.minute % HOUR);
        let text = |place: usize| slot.values.map_or_else(no_data, |v| number(value(&v, place), decimals));
        [time, text(0), text(1), text(2), text(3), text(4)]
    };
    Table::new([key!("Time"), "5 %", "25 %", key!("Middle"), "75 %", "95 %"], slots.iter().map(row))
}
