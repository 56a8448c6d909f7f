//! What adds up: steps, energy, distance, water. Bars from zero; weeks and longer show the average of their days.

use health::time::Zones;

use crate::layer::{Block, Fill, Key, Layer, Pattern, Shape, Sign, Tone};
use crate::model::{Axis, Bucket, Measure, Model, Table};
use crate::number::{bar_axis, extent, usable};
use crate::range::{Range, Step};
use crate::slots::{bucket_in, gaps, labelled, totals};
use crate::theme::Hue;

/// Steps.
pub const STEPS: Measure = Measure { title: "Steps", unit: "steps", hue: Hue::Activity, decimals: 0 };
/// Energy beyond the resting one.
pub const ACTIVE_ENERGY: Measure = Measure { title: "Active energy", unit: "kcal", hue: Hue::Activity, decimals: 0 };
/// Distance on foot.
pub const DISTANCE: Measure = Measure { title: "Walking and running", unit: "km", hue: Hue::Activity, decimals: 1 };
/// Water drunk.
pub const WATER: Measure = Measure { title: "Water", unit: "ml", hue: Hue::Body, decimals: 0 };

/// Returns the chart of `buckets`, which must be sorted.
///
/// The mean of a bucket is the sum of its hour or day, or the average of the days with data in its week or month; `n`
/// is how many there are. A bucket that is not complete is hatched and counts for no average. The goal is the user's.
pub fn model(measure: &Measure, buckets: &[Bucket], goal: Option<f64>, range: Range, zones: &Zones) -> Model {
    let mut buckets = labelled(buckets, &range, zones);
    // Nothing that adds up is negative; bars stand on zero.
    buckets.retain(|b| b.mean >= 0.0);
    let goal = goal.filter(|goal| usable(*goal) && *goal > 0.0);
    let slots = range.slots(zones);
    let (_, high) = extent(buckets.iter().map(|b| b.mean).chain(goal)).unwrap_or((0.0, 0.0));
    let unit = if averaged(&range) { format!("{} a day", measure.unit) } else { measure.unit.to_owned() };
    Model {
        x: Axis::days(&range, zones),
        y: bar_axis(high, 4.0 * 10f64.powi(-(measure.decimals as i32))).labelled(unit),
        gaps: gaps(&slots, |slot| bucket_in(&buckets, slot).is_some()),
        summary: summary(measure, &buckets, slots.len(), &range, zones),
        table: table(measure, &slots, &buckets, &range, zones),
        keys: keys(measure, &buckets, goal),
        layers: layers(measure, &buckets, goal),
        totals: totals(&buckets),
        buckets,
        ..Model::new(measure.title, measure.unit, range, zones)
    }
}

fn averaged(range: &Range) -> bool {
    matches!(range.step, Step::Week | Step::Month | Step::Year)
}

fn fill(measure: &Measure, complete: bool) -> Fill {
    if complete { Fill::solid(measure.hue, Tone::Soft) } else { Fill::new(measure.hue, Pattern::Hatched) }
}

fn keys(measure: &Measure, buckets: &[Bucket], goal: Option<f64>) -> Vec<Key> {
    let open = buckets.iter().any(|b| !b.complete);
    let open = open.then(|| Key::new("not over yet", Sign::Box(fill(measure, false))));
    let goal = goal.map(|goal| Key::new(format!("your goal {}", measure.text(goal)), Sign::Dashes));
    goal.into_iter().chain(open).collect()
}

fn layers(measure: &Measure, buckets: &[Bucket], goal: Option<f64>) -> Vec<Layer> {
    let block = |b: &Bucket| Block {
        x0: b.start_ms as f64,
        x1: b.end_ms as f64,
        y0: 0.0,
        y1: b.mean,
        fill: fill(measure, b.complete),
    };
    let bars = Layer::Blocks { shape: Shape::Column, blocks: buckets.iter().map(block).collect() };
    let rule = |goal: f64| Layer::Rules { rules: vec![goal] };
    [Some(bars), goal.map(rule)].into_iter().flatten().collect()
}

fn summary(measure: &Measure, buckets: &[Bucket], slots: usize, range: &Range, zones: &Zones) -> String {
    let (when, name) = (range.when(zones), measure.name());
    let complete = || buckets.iter().filter(|b| b.complete);
    if buckets.is_empty() {
        return format!("{when} there are no data for {name}.");
    }
    let of = range.step.with_data(buckets.len(), slots);
    // Of weeks and longer each is the mean of its days with data: every day weighs the same.
    let average = |buckets: &[&Bucket]| {
        let days: u64 = buckets.iter().map(|b| b.n).sum();
        buckets.iter().map(|b| b.mean * b.n as f64).sum::<f64>() / days.max(1) as f64
    };
    let per = if averaged(range) { " a day".to_owned() } else { format!(" per {}", range.step.name().to_lowercase()) };
    let Some((low, high)) = extent(complete().map(|b| b.mean)) else {
        let per = if averaged(range) || buckets.len() > 1 { format!("{per} on average") } else { String::new() };
        let so_far = measure.said(average(&buckets.iter().collect::<Vec<_>>()));
        return format!("{when} {name} came to {so_far}{per} so far; {of}.");
    };
    let average = average(&complete().collect::<Vec<_>>());
    let open = if complete().count() < buckets.len() { "; what is not over yet is left out" } else { "" };
    format!(
        "{when} {name} came to {}{per} on average, from {} to {}; {of}{open}.",
        measure.said(average),
        measure.number(low),
        measure.number(high),
    )
}

fn table(measure: &Measure, slots: &[(i64, i64)], buckets: &[Bucket], range: &Range, zones: &Zones) -> Table {
    let row = |slot: &(i64, i64)| {
        let label = range.slot_label(slot.0, slot.1, zones);
        match bucket_in(buckets, *slot) {
            Some(b) => {
                let note = if b.complete { "" } else { "not over yet" };
                [label, measure.number(b.mean), b.n.to_string(), note.to_owned()]
            }
            None => [label, "no data".into(), "0".into(), String::new()],
        }
    };
    let value = if averaged(range) { "Average a day" } else { "Sum" };
    Table::new([range.step.name(), value, "With data", "Note"], slots.iter().map(row))
}
