//! What adds up, and how often something happened: bars. Weeks and longer show the average of their days, and of what
//! happens now and then all of it.

use chart::cumulative::Wide;
use chart::model::Bucket;
use chart::{Model, cumulative};
use health::series::buckets::{Bucket as Counted, Grain};
use health::series::rule::Rule;
use health::time::Zones;

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
    let wide = if now_and_then(found) { Wide::Total } else { Wide::Average };
    if is_wide(stretch) && wide == Wide::Average {
        let days = view.days(found, stretch.first, stretch.last)?;
        bars = bars.into_iter().map(|bar| averaged(bar, &days, view)).collect();
    }
    if is_wide(stretch) && wide == Wide::Total {
        let days = view.days(found, stretch.first, stretch.last)?;
        for bar in &mut bars {
            bar.n = days_in(&days, bar, view.zones).count().max(1) as u64;
        }
    }
    let shown = Shown::new(&found.kind, &view.units, most(bars.iter().map(|bar| bar.mean)));
    let shown = shown.of(bars.iter().map(|bar| bar.mean));
    for bar in &mut bars {
        [bar.min, bar.max, bar.mean] = [bar.min, bar.max, bar.mean].map(|value| shown.value(value));
    }
    // A goal is one of a day: neither hours nor whole months have one.
    let of_days = stretch.grain == Grain::Day || (is_wide(stretch) && wide == Wide::Average);
    let goal = if !of_days { None } else { view.goal(found)? };
    let goal = goal.map(|goal| shown.value(goal));
    let average = view.average(found, stretch)?.map(|average| shown.average(average));
    let range = stretch.range(view.zones);
    Ok(cumulative::model(&shown.measure(), &bars, (wide, average), goal, range, view.zones))
}

/// Whether a day without any is one on which nothing happened: what is counted one by one, such as falls, drinks and
/// brushed teeth. What somebody ate was written down or not.
pub(crate) fn now_and_then(found: &Found) -> bool {
    Rule::of(&found.kind) == Rule::Count || (found.kind.is_event_like() && found.kind.unit == "count")
}

fn is_wide(stretch: Stretch) -> bool {
    matches!(stretch.grain, Grain::Week | Grain::Month | Grain::Year)
}

/// The days of a week or longer.
fn days_in<'d>(days: &'d [Counted], bar: &Bucket, zones: &Zones) -> impl Iterator<Item = &'d Counted> + use<'d> {
    let inside = zones.day_from(bar.start_ms)..=zones.day_until(bar.end_ms);
    days.iter().filter(move |day| inside.contains(&day.day))
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
fn averaged(bar: Bucket, days: &[Counted], view: &View<'_>) -> Bucket {
    let inside: Vec<Counted> = days_in(days, &bar, view.zones).cloned().collect();
    let counted = if bar.complete { inside } else { over(&inside, view.now_ms) };
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
