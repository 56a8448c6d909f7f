//! What adds up, and how often something happened: bars. Weeks and longer show the average of their days.

use chart::model::Bucket;
use chart::{Model, cumulative};
use health::series::buckets::{Bucket as Counted, Grain};

use super::measure::{Shown, most};
use super::stretch::Stretch;
use super::view::{View, over};
use crate::error::Result;
use crate::local::Found;

/// Returns the chart of a stretch.
pub(super) fn chart(view: &View<'_>, found: &Found) -> Result<Model> {
    let stretch = view.stretch_of(found)?;
    let counted = view.buckets(found, stretch)?;
    let mut bars: Vec<Bucket> = counted.iter().map(|bucket| bar(bucket, view.now_ms)).collect();
    if is_wide(stretch) {
        let days = view.days(found, stretch.first, stretch.last)?;
        bars = bars.into_iter().map(|bar| averaged(bar, &days, view.now_ms)).collect();
    }
    let shown = Shown::new(&found.kind, view.units, most(bars.iter().map(|bar| bar.mean)));
    for bar in &mut bars {
        [bar.min, bar.max, bar.mean] = [bar.min, bar.max, bar.mean].map(|value| shown.value(value));
    }
    // A goal is one of a day: hours have none.
    let goal = if stretch.grain == Grain::Hour { None } else { view.goal(found)? };
    let goal = goal.map(|goal| shown.value(goal));
    Ok(cumulative::model(&shown.measure(), &bars, goal, stretch.range(view.zones), view.zones))
}

fn is_wide(stretch: Stretch) -> bool {
    matches!(stretch.grain, Grain::Week | Grain::Month | Grain::Year)
}

/// An hour or a day. It counts as one, also where all of its sum reaches into it from before.
fn bar(bucket: &Counted, now_ms: i64) -> Bucket {
    Bucket {
        start_ms: bucket.start_ms,
        end_ms: bucket.end_ms,
        min: bucket.value,
        max: bucket.value,
        mean: bucket.value,
        n: 1,
        complete: bucket.is_complete(now_ms),
        label: String::new(),
    }
}

/// A week, month or year: its sum, as `query` tells it, over its days with data. Where it is not over, today is left
/// out, unless there is nothing else.
fn averaged(bar: Bucket, days: &[Counted], now_ms: i64) -> Bucket {
    let inside: Vec<Counted> =
        days.iter().filter(|day| (bar.start_ms..bar.end_ms).contains(&day.start_ms)).cloned().collect();
    let counted = if bar.complete { inside } else { over(&inside, now_ms) };
    let sum = if bar.complete { bar.mean } else { counted.iter().map(|day| day.value).sum() };
    let n = counted.len().max(1);
    let values = || counted.iter().map(|day| day.value);
    Bucket {
        min: values().fold(f64::INFINITY, f64::min),
        max: values().fold(f64::NEG_INFINITY, f64::max),
        mean: sum / n as f64,
        n: n as u64,
        ..bar
    }
}
