//! What adds up: steps, energy, distance, water. Bars from zero; weeks and longer show the average of their days,
//! and of what happens now and then how often it did.

use health::language::{grouped, word};
use health::series::periods::over;
use health::time::Zones;
use health::{key, say};

use crate::layer::{Block, Fill, Key, Layer, Pattern, Shape, Sign, Tone};
use crate::model::{Average, Axis, Bucket, LEFT_OUT, Measure, Model, Table, Totals};
use crate::number::{bar_axis, extent, no_data, usable};
use crate::range::{Range, Step};
use crate::slots::{bucket_in, gaps, labelled, totals};
use crate::theme::Hue;

/// Steps.
pub const STEPS: Measure = Measure { title: key!("Steps"), unit: key!("steps"), hue: Hue::Activity, decimals: 0 };
/// Energy beyond the resting one.
pub const ACTIVE_ENERGY: Measure =
    Measure { title: key!("Active energy"), unit: "kcal", hue: Hue::Activity, decimals: 0 };
/// Distance on foot.
pub const DISTANCE: Measure =
    Measure { title: key!("Walking and running"), unit: "km", hue: Hue::Activity, decimals: 1 };
/// Water drunk.
pub const WATER: Measure = Measure { title: key!("Water"), unit: "ml", hue: Hue::Body, decimals: 0 };

/// Stands behind an amount that grows.
const SO_FAR: &str = key!(" so far");

/// What a bar of a week, a month or a year is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wide {
    /// The average of its days with data: a day without any was not measured.
    Average,
    /// All of it: what happens now and then, where a day without any is one on which nothing happened.
    Total,
}

/// Returns the chart of `buckets`, which must be sorted.
///
/// The mean of a bucket is the sum of its hour or day, or what `wide` says of a week or longer; `n` is how many days
/// with data it has. A bucket that is not complete is hatched. `average` is that of all days, as the caller found it;
/// without it, it is that of the buckets that are complete. The goal is the user's.
pub fn model(
    measure: &Measure,
    buckets: &[Bucket],
    (wide, average): (Wide, Option<Average>),
    goal: Option<f64>,
    range: Range,
    zones: &Zones,
) -> Model {
    let buckets = labelled(buckets, &range, zones);
    let averaged = wide == Wide::Average && is_wide(&range);
    let goal = goal.filter(|goal| usable(*goal) && *goal > 0.0);
    let slots = range.slots(zones);
    let (_, high) = extent(buckets.iter().map(|b| b.mean).chain(goal)).unwrap_or((0.0, 0.0));
    let unit = word(measure.unit);
    let unit = if averaged { say!("{unit} a day", unit) } else { unit };
    let totals = totals(&buckets).map(|totals| totals.with_average(average));
    let said = Said { measure, buckets: &buckets, totals: totals.as_ref(), slots: range.begun(&slots), range: &range };
    Model {
        x: Axis::days(&range, zones),
        y: bar_axis(high, 4.0 * 10f64.powi(-(measure.decimals as i32))).labelled(unit),
        // Of what happens now and then a slot without any is no gap.
        gaps: match wide {
            Wide::Average => gaps(&slots, |slot| bucket_in(&buckets, slot).is_some()),
            Wide::Total => Vec::new(),
        },
        summary: said.summary(wide, zones),
        table: table(measure, (&slots, &buckets), wide, &range, zones),
        keys: keys(measure, &buckets, goal),
        layers: layers(measure, &buckets, goal),
        totals,
        buckets,
        ..Model::new(measure.title, measure.unit, range, zones)
    }
}

fn is_wide(range: &Range) -> bool {
    matches!(range.step, Step::Week | Step::Month | Step::Year)
}

fn fill(measure: &Measure, complete: bool) -> Fill {
    if complete { Fill::solid(measure.hue, Tone::Soft) } else { Fill::new(measure.hue, Pattern::Hatched) }
}

fn keys(measure: &Measure, buckets: &[Bucket], goal: Option<f64>) -> Vec<Key> {
    let open = buckets.iter().any(|b| !b.complete);
    let open = open.then(|| Key::new(key!("not over yet"), Sign::Box(fill(measure, false))));
    let goal = goal.map(|goal| Key::new(say!("your goal {goal}", goal = measure.text(goal)), Sign::Dashes));
    goal.into_iter().chain(open).collect()
}

fn layers(measure: &Measure, buckets: &[Bucket], goal: Option<f64>) -> Vec<Layer> {
    let block = |b: &Bucket| Block {
        x0: b.start_ms as f64,
        x1: b.end_ms as f64,
        y0: 0.0,
        // What somebody took back by a negative number counts in every sum, and has no bar.
        y1: b.mean.max(0.0),
        fill: fill(measure, b.complete),
    };
    let bars = Layer::Blocks { shape: Shape::Column, blocks: buckets.iter().map(block).collect() };
    let rule = |goal: f64| Layer::Rules { rules: vec![goal] };
    [Some(bars), goal.map(rule)].into_iter().flatten().collect()
}

/// The chart as a sentence.
struct Said<'a> {
    measure: &'a Measure<'a>,
    buckets: &'a [Bucket],
    totals: Option<&'a Totals>,
    slots: usize,
    range: &'a Range,
}

impl Said<'_> {
    fn summary(&self, wide: Wide, zones: &Zones) -> String {
        let (when, name) = (self.range.when(zones), self.measure.name());
        let Some(totals) = self.totals else {
            return say!("{when} there are no data for {name}.", when, name);
        };
        if wide == Wide::Total {
            let (total, some) = (self.total(), self.buckets.len());
            let of = self.range.step.counted(self.slots.max(some));
            return say!(
                "{when} {name} came to {total}; there were some in {some} of {of}.",
                when,
                name,
                total,
                some,
                of
            );
        }
        let amount = if self.range.step == Step::Hour { self.total() } else { self.average(totals) };
        let covered = self.range.step.with_data(self.buckets.len(), self.slots);
        say!("{when} {name} came to {amount}; {covered}.", when, name, amount, covered)
    }

    /// All of it: of a day cut into hours, or of what happens now and then.
    fn total(&self) -> String {
        let total = self.measure.said(self.buckets.iter().map(|b| b.mean).sum());
        let most = self.buckets.iter().map(|b| b.mean).fold(0.0, f64::max);
        let most = match self.buckets.len() {
            1 => String::new(),
            _ => {
                let (most, in_one) = (self.measure.number(most), self.range.step.in_one());
                say!(", at most {most} {in_one}", most, in_one)
            }
        };
        let to_come = self.range.now_ms.is_some_and(|now_ms| now_ms < self.range.end_ms);
        let open = to_come || self.buckets.iter().any(|b| !b.complete);
        let so_far = if open { word(SO_FAR) } else { String::new() };
        format!("{total}{so_far}{most}")
    }

    /// Of a day, by those that are over where there are any.
    fn average(&self, totals: &Totals) -> String {
        let counted = over(self.buckets, |b| b.complete);
        let is_open = !totals.leaves_out && counted.iter().all(|b| !b.complete);
        let so_far = if is_open { word(SO_FAR) } else { String::new() };
        let average = self.measure.said(totals.mean);
        let per = self.range.step.per();
        let (low, high) = extent(counted.iter().map(|b| b.mean)).unwrap_or_default();
        // Days of a month that is not over are in the average and in none of these.
        let holds = (low..=high).contains(&totals.mean);
        let (low, high) = (self.measure.number(low), self.measure.number(high));
        let ends = if low == high || !holds { String::new() } else { say!(" (from {low} to {high})", low, high) };
        // The only one is no average.
        let average = match counted.len() {
            1 if !is_wide(self.range) => average,
            _ => say!("{average} {per} on average", average, per),
        };
        let open = if totals.leaves_out { self.left_out(counted.len()) } else { String::new() };
        format!("{average}{so_far}{ends}{}{open}", self.in_all(counted.len()))
    }

    /// What is said of that which is not over.
    fn left_out(&self, counted: usize) -> String {
        word(match counted {
            1 if !is_wide(self.range) => key!("; what is not over yet is left out"),
            _ => LEFT_OUT,
        })
    }

    /// How much all days came to together, today's part with them; months and years are told by the day alone.
    fn in_all(&self, counted: usize) -> String {
        if is_wide(self.range) || counted < 2 {
            return String::new();
        }
        let total = self.measure.said(self.buckets.iter().map(|b| b.mean).sum());
        let open = self.buckets.iter().any(|b| !b.complete);
        if open { say!(" and {total} in all so far", total) } else { say!(" and {total} in all", total) }
    }
}

fn table(
    measure: &Measure,
    (slots, buckets): (&[(i64, i64)], &[Bucket]),
    wide: Wide,
    range: &Range,
    zones: &Zones,
) -> Table {
    let nothing = if wide == Wide::Total { word(key!("none")) } else { no_data() };
    let row = |slot: &(i64, i64)| {
        let label = range.slot_label(slot.0, slot.1, zones);
        match bucket_in(buckets, *slot) {
            Some(b) => {
                let note = if b.complete { String::new() } else { word(key!("not over yet")) };
                [label, measure.number(b.mean), grouped(b.n), note]
            }
            None => [label, nothing.clone(), "0".into(), String::new()],
        }
    };
    let (step, rows) = (range.step.name(), slots.iter().map(row));
    if !is_wide(range) {
        // Of a single day or hour it would be one, which tells nothing.
        return Table::new([&step, key!("Sum"), key!("Note")], rows.map(|[slot, sum, _, note]| [slot, sum, note]));
    }
    let value = if wide == Wide::Average { key!("Average a day") } else { key!("Sum") };
    Table::new([&step, value, key!("With data"), key!("Note")], rows)
}
