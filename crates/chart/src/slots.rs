//! Slots of time and what lies in them: which have data, which are gaps, what may be joined by a line.

use health::series::periods::over;
use health::time::{HOUR_MS, Zones};

use crate::model::{Bucket, Gap, Point, Reading, Totals};
use crate::number::usable;
use crate::range::{Range, Step};

/// A line may pass over this many slots without data, and not over more.
pub(crate) const MOST_MISSING: i64 = 3;
/// A local day at its longest: clocks go back by an hour.
pub(crate) const LONGEST_DAY_MS: i64 = 25 * HOUR_MS;

/// Buckets of the range that hold numbers, with their labels, oldest first.
pub(crate) fn labelled(buckets: &[Bucket], range: &Range, zones: &Zones) -> Vec<Bucket> {
    // The last hour of a part of a day ends with it.
    let end_ms = |b: &Bucket| if range.step == Step::Hour { b.end_ms.min(range.end_ms) } else { b.end_ms };
    let cut = |b: &Bucket| {
        let end_ms = end_ms(b);
        Bucket { label: range.slot_label(b.start_ms, end_ms, zones), end_ms, ..b.clone() }
    };
    let sound = |b: &&Bucket| {
        b.n > 0 && range.holds(b.start_ms) && b.start_ms < b.end_ms && [b.min, b.max, b.mean].into_iter().all(usable)
    };
    buckets.iter().filter(sound).map(cut).collect()
}

/// Readings of the range that are numbers.
pub(crate) fn sound(readings: &[Reading], range: &Range) -> Vec<Reading> {
    readings.iter().filter(|r| range.holds(r.at_ms) && usable(r.value)).copied().collect()
}

/// The place of a reading in a plot over time.
pub(crate) fn point(reading: &Reading) -> Point {
    (reading.at_ms as f64, reading.value)
}

/// Smallest and largest of all readings, and the mean of those in slots that are over, or of all where none is.
pub(crate) fn totals(buckets: &[Bucket]) -> Option<Totals> {
    let n: u64 = buckets.iter().map(|b| b.n).sum();
    let over = over(buckets, |b| b.complete);
    let weight: u64 = over.iter().map(|b| b.n).sum();
    (n > 0).then(|| Totals {
        min: buckets.iter().map(|b| b.min).fold(f64::INFINITY, f64::min),
        max: buckets.iter().map(|b| b.max).fold(f64::NEG_INFINITY, f64::max),
        mean: over.iter().map(|b| b.mean * b.n as f64).sum::<f64>() / weight.max(1) as f64,
        n,
        leaves_out: over.len() < buckets.len(),
    })
}

/// The same of readings.
pub(crate) fn totals_of(readings: &[Reading]) -> Option<Totals> {
    let one = |r: &Reading| Bucket {
        start_ms: r.at_ms,
        end_ms: r.at_ms,
        min: r.value,
        max: r.value,
        mean: r.value,
        n: 1,
        complete: true,
        label: String::new(),
    };
    totals(&readings.iter().map(one).collect::<Vec<_>>())
}

/// The bucket of a slot, which begins when that does; buckets are sorted. Days of a journey overlap, by 23 hours where
/// it crosses the date line.
pub(crate) fn bucket_in(buckets: &[Bucket], slot: (i64, i64)) -> Option<&Bucket> {
    let at = buckets.binary_search_by_key(&slot.0, |b| b.start_ms).ok()?;
    buckets.get(at)
}

/// Slots without data; neighbours are one gap.
pub(crate) fn gaps(slots: &[(i64, i64)], holds: impl Fn((i64, i64)) -> bool) -> Vec<Gap> {
    let mut gaps: Vec<Gap> = Vec::new();
    for &(start_ms, end_ms) in slots.iter().filter(|slot| !holds(**slot)) {
        match gaps.last_mut() {
            Some(gap) if gap.end_ms == start_ms => gap.end_ms = end_ms,
            _ => gaps.push(Gap { start_ms, end_ms }),
        }
    }
    gaps
}

/// Cuts a line of sorted points wherever the next one is more than `most` further on; single points are no line.
pub(crate) fn joined(points: &[Point], most: f64) -> Vec<Vec<Point>> {
    points.chunk_by(|a, b| b.0 - a.0 <= most).filter(|run| run.len() > 1).map(<[Point]>::to_vec).collect()
}

/// How far two readings may lie apart that come every `spacing_ms`, and be joined.
pub(crate) fn reach(spacing_ms: i64) -> f64 {
    (spacing_ms.saturating_mul(MOST_MISSING + 1)) as f64
}
