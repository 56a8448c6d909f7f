//! The heart-rate chart: per slot the span from lowest to highest, and the mean; of one day also every reading.

use health::language::{grouped, word};
use health::time::Zones;
use health::{counted, key, say};

use crate::layer::{Block, Fill, Key, Layer, Panel, Shape, Sign, Tone};
use crate::model::{Average, Axis, Bucket, Gap, Model, Reading, Table, Totals};
use crate::number::{no_data, number, ranged, usable, value_axis};
use crate::range::Range;
use crate::sleep::Stretch;
use crate::slots::{bucket_in, gaps, joined, labelled, point, reach, sound, totals, totals_of};
use crate::theme::Hue;
use crate::thin;

/// As the model has it in English, too, for whoever asks whether a chart is of heart rates.
pub const TITLE: &str = key!("Heart rate");
const UNIT: &str = "bpm";
/// Value axis of a chart without data.
const RESTING_AXIS: (f64, f64) = (40.0, 120.0);
/// A watch measures at least this often while it is worn; silence of more than three times this is a gap.
const SPACING_MS: i64 = 5 * 60_000;

/// Returns the chart of `buckets`, which must be sorted; those outside the range or without readings are left out.
///
/// `average` is that of the whole range, where the caller weighs by time; without it, it is that of the buckets that
/// are complete by their readings.
pub fn model(buckets: &[Bucket], average: Option<Average>, range: Range, zones: &Zones) -> Model {
    let buckets = labelled(buckets, &range, zones);
    let totals = totals(&buckets).map(|totals| totals.with_average(average));
    let layers = vec![Layer::Capsules { hue: Hue::Heart }];
    let open = Key::new(key!("not over yet"), Sign::Box(Fill::solid(Hue::Heart, Tone::Pale)));
    let keys = buckets.iter().any(|b| !b.complete).then_some(open).into_iter().collect();
    Model { keys, ..with_layers(buckets, totals, layers, range, zones) }
}

/// Returns the chart of every reading as a line, for a short range; `readings` and `buckets` must be sorted.
///
/// The buckets are not drawn: the table and whoever points at a slot read them.
pub fn raw(readings: &[Reading], buckets: &[Bucket], average: Option<Average>, range: Range, zones: &Zones) -> Model {
    let readings = sound(readings, &range);
    let points: Vec<_> = readings.iter().map(point).collect();
    let (from, length) = (range.start_ms as f64, (range.end_ms - range.start_ms) as f64);
    let line = |run: Vec<_>| Layer::Line {
        hue: Hue::Heart,
        tone: Tone::Full,
        width: 1.2,
        points: thin::for_any_width(&run, from, length),
    };
    let alone = crate::layer::alone(&points, reach(SPACING_MS), Hue::Heart);
    let layers = joined(&points, reach(SPACING_MS)).into_iter().map(line).chain(alone).collect();
    let silent = silences(&readings, &range);
    let totals = totals_of(&readings).map(|totals| totals.with_average(average));
    let model = with_layers(labelled(buckets, &range, zones), totals, layers, range, zones);
    Model { gaps: silent, ..model }
}

/// Stretches that the line does not pass over, at both ends of the range too.
fn silences(readings: &[Reading], range: &Range) -> Vec<Gap> {
    let times = readings.iter().map(|r| r.at_ms);
    let starts = std::iter::once(range.start_ms).chain(times.clone());
    let ends = times.chain([range.end_ms]);
    let gaps = starts.zip(ends).map(|(start_ms, end_ms)| Gap { start_ms, end_ms });
    gaps.filter(|gap| (gap.end_ms - gap.start_ms) as f64 > reach(SPACING_MS)).collect()
}

/// What stands around heart rates.
#[derive(Debug, Clone, Copy, Default)]
pub struct Context<'a> {
    /// Where zones 2 to 5 begin.
    pub limits: Option<[f64; 4]>,
    /// Workouts, from when to when.
    pub workouts: &'a [Stretch],
}

/// Returns a chart of heart rates with its zones as faint bands and the workouts as a strip below.
pub fn within(model: Model, context: &Context) -> Model {
    if model.is_empty() {
        return model;
    }
    let range = model.range;
    let limits = context.limits.filter(|limits| limits.iter().all(|v| usable(*v)) && limits.is_sorted());
    let zones = limits.map(|limits| bands(&limits, &model.y, &range)).unwrap_or_default();
    let strip = strip(context.workouts, &model.x, &range);
    let mut model = model;
    if let Some(limits) = limits.filter(|_| !zones.is_empty()) {
        let limits = limits.map(|limit| number(limit, 0)).join(", ");
        model
            .keys
            .push(Key::new(say!("zones 2 to 5, from {limits} {unit}", limits, unit = UNIT), Sign::Box(zone_fill(2))));
    }
    if let Some(strip) = strip {
        model.x = Axis { ticks: Vec::new(), label: String::new(), ..model.x };
        model.panels.push(strip);
    }
    model.layers.splice(0..0, (!zones.is_empty()).then_some(Layer::Blocks { shape: Shape::Band, blocks: zones }));
    model
}

/// Every other zone is shaded more: neighbours can be told apart, and the marks above them read.
fn zone_fill(zone: usize) -> Fill {
    Fill::solid(Hue::Neutral, Tone::Shade(if zone.is_multiple_of(2) { 1 } else { 2 }))
}

/// The zones that the axis reaches.
fn bands(limits: &[f64; 4], y: &Axis, range: &Range) -> Vec<Block> {
    let ends = limits.iter().skip(1).copied().chain([f64::INFINITY]);
    let block = |(i, (low, high)): (usize, (f64, f64))| Block {
        x0: range.start_ms as f64,
        x1: range.end_ms as f64,
        y0: low.max(y.from),
        y1: high.min(y.to),
        fill: zone_fill(i + 2),
    };
    let blocks = limits.iter().copied().zip(ends).enumerate().map(block);
    blocks.filter(|block| usable(block.y0) && block.y0 < block.y1).collect()
}

/// A lane of its own below the chart, which then names the days.
fn strip(workouts: &[Stretch], x: &Axis, range: &Range) -> Option<Panel> {
    let inside = |bout: &&Stretch| bout.is_sound() && bout.start_ms < range.end_ms && bout.end_ms > range.start_ms;
    let block = |bout: &Stretch| Block {
        x0: bout.start_ms.max(range.start_ms) as f64,
        x1: bout.end_ms.min(range.end_ms) as f64,
        y0: 0.1,
        y1: 0.9,
        fill: Fill::solid(Hue::Workout, Tone::Full),
    };
    let blocks: Vec<Block> = workouts.iter().filter(inside).map(block).collect();
    let layers = vec![Layer::Blocks { shape: Shape::Band, blocks: blocks.clone() }];
    (!blocks.is_empty()).then(|| Panel { x: x.clone(), y: Axis::lanes(&[key!("Workouts")]), layers, share: 0.07 })
}

fn with_layers(buckets: Vec<Bucket>, totals: Option<Totals>, layers: Vec<Layer>, range: Range, zones: &Zones) -> Model {
    let slots = range.slots(zones);
    let (low, high) = totals.map_or(RESTING_AXIS, |t| (t.min, t.max));
    Model {
        x: Axis::days(&range, zones),
        y: value_axis(low, high, 20.0).labelled(UNIT),
        gaps: gaps(&slots, |slot| bucket_in(&buckets, slot).is_some()),
        summary: summary(totals.as_ref(), &buckets, range.begun(&slots), &range, zones),
        table: table(&slots, &buckets, &range, zones),
        totals,
        buckets,
        layers,
        ..Model::new(TITLE, UNIT, range, zones)
    }
}

fn summary(totals: Option<&Totals>, buckets: &[Bucket], slots: usize, range: &Range, zones: &Zones) -> String {
    let when = range.when(zones);
    let Some(totals) = totals else {
        return say!("{when} there are no heart-rate readings.", when);
    };
    // Whoever shows every reading may have counted no hours.
    let coverage = match buckets.len() {
        0 => String::new(),
        n => format!(" {}.", range.step.with_data(n, slots)),
    };
    let open =
        if totals.leaves_out { word(key!(" What is not over yet is left out of the mean.")) } else { String::new() };
    say!(
        "{when} your heart rate {ranged}; its mean over time was {mean} {unit}, from {readings}.{coverage}",
        when,
        ranged = ranged(&number(totals.min, 0), &number(totals.max, 0), UNIT),
        mean = number(totals.mean, 0),
        unit = UNIT,
        readings = counted!(totals.n, "reading"),
        coverage = open + &coverage,
    )
}

fn table(slots: &[(i64, i64)], buckets: &[Bucket], range: &Range, zones: &Zones) -> Table {
    let row = |slot: &(i64, i64)| {
        let label = range.slot_label(slot.0, slot.1, zones);
        match bucket_in(buckets, *slot) {
            Some(b) => [label, number(b.min, 0), number(b.max, 0), number(b.mean, 0), grouped(b.n)],
            None => [label, no_data(), no_data(), no_data(), "0".into()],
        }
    };
    Table::new(
        [&range.step.name(), key!("Lowest"), key!("Highest"), key!("Mean"), key!("Readings")],
        slots.iter().map(row),
    )
}
