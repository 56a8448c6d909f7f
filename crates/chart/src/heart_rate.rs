//! The heart-rate chart: per slot the span from lowest to highest, and the mean.

use health::time::Zones;

use crate::model::{Axis, Bucket, Gap, Model, Table, Totals};
use crate::range::{Range, Step, long_day};

const TITLE: &str = "Heart rate";
const UNIT: &str = "bpm";
/// Value axis of a chart without data.
const RESTING_AXIS: (f64, f64) = (40.0, 120.0);

/// Returns the chart of `buckets`, which must be sorted; those outside the range or without readings are left out.
pub fn model(buckets: &[Bucket], range: Range, zones: &Zones) -> Model {
    let slots = range.slots(zones);
    let label = |bucket: &Bucket| range.slot_label(bucket.start_ms, bucket.end_ms, zones);
    let buckets: Vec<Bucket> = buckets
        .iter()
        .filter(|b| b.n > 0 && b.start_ms >= range.start_ms && b.start_ms < range.end_ms)
        .map(|b| Bucket { label: label(b), ..b.clone() })
        .collect();
    let totals = totals(&buckets);
    Model {
        title: TITLE.to_owned(),
        unit: UNIT.to_owned(),
        days: days(&range, zones),
        range,
        x: Axis { from: range.start_ms as f64, to: range.end_ms as f64, ticks: range.ticks(zones) },
        y: value_axis(totals.as_ref()),
        gaps: gaps(&slots, &buckets),
        summary: summary(totals.as_ref(), &buckets, slots.len(), &range, zones),
        table: table(&slots, &buckets, &range, zones),
        totals,
        buckets,
    }
}

fn totals(buckets: &[Bucket]) -> Option<Totals> {
    let n: u64 = buckets.iter().map(|b| b.n).sum();
    (n > 0).then(|| Totals {
        min: buckets.iter().map(|b| b.min).fold(f64::INFINITY, f64::min),
        max: buckets.iter().map(|b| b.max).fold(f64::NEG_INFINITY, f64::max),
        mean: buckets.iter().map(|b| b.mean * b.n as f64).sum::<f64>() / n as f64,
        n,
    })
}

/// Even tens around the data, with at most seven labels.
fn value_axis(totals: Option<&Totals>) -> Axis {
    let (low, high) = totals.map_or(RESTING_AXIS, |t| (t.min, t.max));
    let step = [10.0, 20.0, 40.0, 50.0, 100.0].into_iter().find(|step| (high - low) / step <= 5.0).unwrap_or(200.0);
    let from = ((low / step).floor() * step).max(0.0);
    let to = ((high / step).ceil() * step).max(from + step);
    let count = ((to - from) / step).round() as i64;
    let ticks = (0..=count).map(|i| from + i as f64 * step);
    Axis { from, to, ticks: ticks.map(|at| crate::model::Tick { at, label: format!("{at:.0}") }).collect() }
}

fn bucket_in(buckets: &[Bucket], slot: (i64, i64)) -> Option<&Bucket> {
    let at = buckets.partition_point(|b| b.start_ms < slot.0);
    buckets.get(at).filter(|b| b.start_ms < slot.1)
}

/// Neighbouring empty slots are one gap.
fn gaps(slots: &[(i64, i64)], buckets: &[Bucket]) -> Vec<Gap> {
    let mut gaps: Vec<Gap> = Vec::new();
    for &(start_ms, end_ms) in slots.iter().filter(|slot| bucket_in(buckets, **slot).is_none()) {
        match gaps.last_mut() {
            Some(gap) if gap.end_ms == start_ms => gap.end_ms = end_ms,
            _ => gaps.push(Gap { start_ms, end_ms }),
        }
    }
    gaps
}

fn days(range: &Range, zones: &Zones) -> String {
    let (first, last) = (long_day(zones.day(range.start_ms)), long_day(zones.day(range.end_ms - 1)));
    if first == last { first } else { format!("{first} \u{2013} {last}") }
}

fn summary(totals: Option<&Totals>, buckets: &[Bucket], slots: usize, range: &Range, zones: &Zones) -> String {
    let (first, last) = (long_day(zones.day(range.start_ms)), long_day(zones.day(range.end_ms - 1)));
    let when = if first == last { format!("On {first}") } else { format!("Between {first} and {last}") };
    let Some(totals) = totals else {
        return format!("{when} there are no heart-rate readings.");
    };
    let slot = match range.step {
        Step::Hour => "hours",
        Step::Day => "days",
        Step::Week => "weeks",
    };
    format!(
        "{when} your heart rate ranged from {:.0} to {:.0} {UNIT}; the mean of {} readings was {:.0} {UNIT}. {} of {slots} \
         {slot} have data.",
        totals.min,
        totals.max,
        grouped(totals.n),
        totals.mean,
        buckets.len(),
    )
}

/// `16061` as `16,061`, like every number of the page.
fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let comma = |i: usize| i > 0 && (digits.len() - i).is_multiple_of(3);
    digits.char_indices().flat_map(|(i, digit)| comma(i).then_some(',').into_iter().chain([digit])).collect()
}

fn table(slots: &[(i64, i64)], buckets: &[Bucket], range: &Range, zones: &Zones) -> Table {
    let first = match range.step {
        Step::Hour => "Hour",
        Step::Day => "Day",
        Step::Week => "Week",
    };
    let columns = [first, "Lowest", "Highest", "Mean", "Readings"].map(str::to_owned).to_vec();
    let row = |slot: &(i64, i64)| {
        let label = range.slot_label(slot.0, slot.1, zones);
        match bucket_in(buckets, *slot) {
            Some(b) => {
                vec![label, format!("{:.0}", b.min), format!("{:.0}", b.max), format!("{:.0}", b.mean), b.n.to_string()]
            }
            None => vec![label, "no data".into(), "no data".into(), "no data".into(), "0".into()],
        }
    };
    Table { columns, rows: slots.iter().map(row).collect() }
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn digits_stand_in_threes() {
        for (n, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (16_061, "16,061"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(n), text);
        }
    }
}
