//! Measurements of which there is about one a day: dots, a line between neighbours, and the usual band behind them.
//!
//! Resting heart rate, HRV, blood oxygen, respiratory rate, VO₂ max, temperatures. HRV as SDNN and as RMSSD are two
//! charts.

use health::language::{grouped, word};
use health::time::Zones;
use health::{key, say};

use crate::layer::Pattern;
use crate::layer::{Dot, Fill, Key, Layer, Sign, Span, Tone};
use crate::model::{Average, Axis, Bucket, LEFT_OUT, Measure, Model, Point, Table, Totals};
use crate::number::{extent, no_data, ranged, usable, value_axis};
use crate::range::Range;
use crate::slots::{bucket_in, gaps, labelled, totals};
use crate::theme::Hue;

/// Resting heart rate.
pub const RESTING_HEART_RATE: Measure =
    Measure { title: key!("Resting heart rate"), unit: "bpm", hue: Hue::Heart, decimals: 0 };
/// Heart-rate variability as the standard deviation of beat intervals.
pub const HRV_SDNN: Measure =
    Measure { title: key!("Heart-rate variability (SDNN)"), unit: "ms", hue: Hue::Heart, decimals: 0 };
/// Heart-rate variability as the root mean square of successive differences.
pub const HRV_RMSSD: Measure =
    Measure { title: key!("Heart-rate variability (RMSSD)"), unit: "ms", hue: Hue::Heart, decimals: 0 };
/// Blood oxygen, in percent.
pub const BLOOD_OXYGEN: Measure = Measure { title: key!("Blood oxygen"), unit: "%", hue: Hue::Vitals, decimals: 1 };
/// Respiratory rate.
pub const RESPIRATORY_RATE: Measure =
    Measure { title: key!("Respiratory rate"), unit: key!("breaths/min"), hue: Hue::Vitals, decimals: 1 };
/// Cardio fitness.
pub const VO2_MAX: Measure =
    Measure { title: key!("VO\u{2082} max"), unit: "ml/(kg\u{b7}min)", hue: Hue::Heart, decimals: 1 };
/// Temperature of the body or of the wrist.
pub const TEMPERATURE: Measure = Measure { title: key!("Temperature"), unit: "\u{b0}C", hue: Hue::Vitals, decimals: 2 };

/// What was usual at one time: the 10th and the 90th percentile of the 28 days before, found by the caller.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Usual {
    /// Start of the slot in milliseconds since 1970.
    pub start_ms: i64,
    /// Its end.
    pub end_ms: i64,
    /// 10th percentile.
    pub low: f64,
    /// 90th percentile.
    pub high: f64,
}

/// A level that somebody set a rule about: a dashed line, and words that say whose rule it is. Never a verdict.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Level<'a> {
    /// Where the line lies.
    pub value: f64,
    /// The rule in words.
    pub words: &'a str,
}

impl Usual {
    fn span(&self) -> Span {
        Span { at: (self.start_ms as f64 + self.end_ms as f64) / 2.0, low: self.low, high: self.high }
    }
}

/// Returns the chart of the buckets' means; `buckets` and `usual` must be sorted. `average` is that of the whole
/// range, as the caller found it; without it, it is that of the buckets that are complete by their readings.
pub fn model(
    measure: &Measure,
    buckets: &[Bucket],
    usual: &[Usual],
    average: Option<Average>,
    range: Range,
    zones: &Zones,
) -> Model {
    model_with(measure, (buckets, usual), None, average, range, zones)
}

/// The same with a level to read the values by.
pub fn model_with(
    measure: &Measure,
    (buckets, usual): (&[Bucket], &[Usual]),
    level: Option<Level>,
    average: Option<Average>,
    range: Range,
    zones: &Zones,
) -> Model {
    let level = level.filter(|level| usable(level.value) && !buckets.is_empty());
    let buckets = labelled(buckets, &range, zones);
    let sound = |u: &&Usual| range.holds(u.start_ms) && usable(u.low) && usable(u.high);
    let usual: Vec<Usual> = usual.iter().filter(sound).copied().collect();
    let bands = bands(&usual);
    let spans = bands.iter().flatten();
    let values = buckets.iter().map(|b| b.mean).chain(spans.flat_map(|span| [span.low, span.high]));
    let ends = extent(values.chain(level.map(|level| level.value)));
    let (low, high) = ends.unwrap_or((0.0, 1.0));
    let slots = range.slots(zones);
    let totals = totals(&buckets).map(|totals| totals.with_average(average));
    Model {
        x: Axis::days(&range, zones),
        y: value_axis(low, high, 4.0 * 10f64.powi(-(measure.decimals as i32))).labelled(measure.unit),
        gaps: gaps(&slots, |slot| bucket_in(&buckets, slot).is_some()),
        summary: summary(measure, totals.as_ref(), &buckets, range.begun(&slots), &range, zones),
        table: table(measure, &slots, &buckets, &usual, &range, zones),
        keys: keys(measure, &bands).into_iter().chain(level.map(|l| Key::new(l.words, Sign::Dashes))).collect(),
        layers: layers(measure, &buckets, bands).into_iter().chain(level.map(rule)).collect(),
        totals,
        buckets,
        ..Model::new(measure.title, measure.unit, range, zones)
    }
}

fn rule(level: Level) -> Layer {
    Layer::Rules { rules: vec![level.value] }
}

/// Runs of neighbouring slots with a usual band.
fn bands(usual: &[Usual]) -> Vec<Vec<Span>> {
    let runs = usual.chunk_by(|a, b| a.end_ms == b.start_ms);
    runs.filter(|run| run.len() > 1).map(|run| run.iter().map(Usual::span).collect()).collect()
}

fn keys(measure: &Measure, bands: &[Vec<Span>]) -> Vec<Key> {
    let fill = Fill { hue: measure.hue, tone: Tone::Pale, pattern: Pattern::Solid };
    let key = Key::new(key!("usual in your 28 days before"), Sign::Box(fill));
    if bands.is_empty() { Vec::new() } else { vec![key] }
}

fn layers(measure: &Measure, buckets: &[Bucket], bands: Vec<Vec<Span>>) -> Vec<Layer> {
    let hue = measure.hue;
    let middle = |b: &Bucket| ((b.start_ms as f64 + b.end_ms as f64) / 2.0, b.mean);
    // Only neighbours are joined: a dot a week is no line.
    let runs = buckets.chunk_by(|a, b| a.end_ms == b.start_ms).filter(|run| run.len() > 1);
    let line =
        |run: &[Bucket]| Layer::Line { hue, tone: Tone::Full, width: 1.6, points: run.iter().map(middle).collect() };
    let dots = |complete: bool, dot: Dot| {
        let points: Vec<Point> = buckets.iter().filter(|b| b.complete == complete).map(middle).collect();
        (!points.is_empty()).then_some(Layer::Dots { hue, dot, points })
    };
    let bands = bands.into_iter().map(|spans| Layer::Band { hue, tone: Tone::Pale, spans });
    bands.chain(runs.map(line)).chain(dots(true, Dot::Disc)).chain(dots(false, Dot::Ring)).collect()
}

fn summary(
    measure: &Measure,
    totals: Option<&Totals>,
    buckets: &[Bucket],
    slots: usize,
    range: &Range,
    zones: &Zones,
) -> String {
    let (when, name) = (range.when(zones), measure.name());
    let lowest = buckets.iter().map(|b| b.mean).fold(f64::INFINITY, f64::min);
    let highest = buckets.iter().map(|b| b.mean).fold(f64::NEG_INFINITY, f64::max);
    let Some(totals) = totals else { return say!("{when} there are no data for {name}.", when, name) };
    let (low, high) = (measure.number(lowest), measure.number(highest));
    // A month may have come to more than the average of its days: one of them may not be over.
    let is_all = low == high && !totals.leaves_out && measure.number(totals.mean) == low;
    let average = if is_all {
        String::new()
    } else {
        let to_next = if low == high { String::new() } else { range.step.to_next() };
        let open = if totals.leaves_out { word(LEFT_OUT) } else { String::new() };
        say!("{to_next}, on average {mean}", to_next, mean = measure.text(totals.mean)) + &open
    };
    let (ranged, covered) = (ranged(&low, &high, measure.unit), range.step.with_data(buckets.len(), slots));
    say!("{when} your {name} {ranged}{mean}. {covered}.", when, name, ranged, mean = average, covered)
}

fn table(
    measure: &Measure,
    slots: &[(i64, i64)],
    buckets: &[Bucket],
    usual: &[Usual],
    range: &Range,
    zones: &Zones,
) -> Table {
    let row = |slot: &(i64, i64)| {
        let at = usual.partition_point(|u| u.start_ms < slot.0);
        let band = usual.get(at).filter(|u| u.start_ms < slot.1);
        let band =
            band.map_or_else(String::new, |u| format!("{} \u{2013} {}", measure.number(u.low), measure.number(u.high)));
        let label = range.slot_label(slot.0, slot.1, zones);
        match bucket_in(buckets, *slot) {
            Some(b) => [label, measure.number(b.mean), grouped(b.n), band],
            None => [label, no_data(), "0".into(), band],
        }
    };
    Table::new([&range.step.name(), key!("Value"), key!("Readings"), key!("Usual")], slots.iter().map(row))
}
