//! Blood pressure: which systolic value belongs to which diastolic one.
//!
//! Apps write both and a correlation that names them. Where that is missing, two rows of one source with about the same
//! start are a pair. What has no partner is shown alone and never averaged into pairs.

use std::collections::BTreeMap;

use super::stats::mean;
use crate::time::{Day, Zones};

/// Starts that far apart are one measurement.
const NEAR_MS: i64 = 5000;
/// Neighbours that are looked at, so that a file with a million readings of one second costs no hours.
const NEIGHBOURS: usize = 64;

/// One of the two numbers, in mmHg.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// Start, milliseconds since 1970 in UTC.
    pub start_ms: i64,
    /// The number.
    pub value: f64,
    /// Who wrote it: any number that tells sources apart.
    pub source: u32,
    /// The correlation that it is a member of, where there is one.
    pub correlation: Option<i64>,
}

/// A measurement, in mmHg.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// Start of the systolic row.
    pub start_ms: i64,
    /// Start of the diastolic row, which may be seconds before or after.
    pub diastolic_ms: i64,
    /// Upper number.
    pub systolic: f64,
    /// Lower number.
    pub diastolic: f64,
    /// Who wrote it.
    pub source: u32,
}

/// Measurements, and what is left over; all by time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pressures {
    /// Pairs.
    pub pairs: Vec<Pair>,
    /// Systolic values without a partner.
    pub systolic: Vec<Reading>,
    /// Diastolic values without a partner.
    pub diastolic: Vec<Reading>,
}

/// Means of one day's pairs, in mmHg.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DayPressure {
    /// Local day.
    pub day: Day,
    /// Mean of the upper numbers.
    pub systolic: f64,
    /// Mean of the lower numbers.
    pub diastolic: f64,
    /// How many pairs.
    pub pairs: usize,
}

/// Pairs readings: members of one correlation, then rows of one source whose starts are at most five seconds apart,
/// the nearest first. Each reading is in one pair at most.
pub fn pair(systolic: &[Reading], diastolic: &[Reading]) -> Pressures {
    let (mut upper, mut lower) = (by_time(systolic), by_time(diastolic));
    let mut pairs = Vec::new();
    take(&mut upper, &mut lower, &mut pairs, |a, b| {
        let one = a.correlation.is_some() && a.correlation == b.correlation;
        one.then(|| (a.start_ms - b.start_ms).abs())
    });
    take(&mut upper, &mut lower, &mut pairs, |a, b| {
        // A member of another correlation has its own partner, even where that was lost.
        let free = a.correlation.is_none() || b.correlation.is_none();
        let distance = (a.start_ms - b.start_ms).abs();
        (free && a.source == b.source && distance <= NEAR_MS).then_some(distance)
    });
    pairs.sort_by(|a: &Pair, b| {
        let values = a.systolic.total_cmp(&b.systolic).then(a.diastolic.total_cmp(&b.diastolic));
        (a.start_ms, a.source).cmp(&(b.start_ms, b.source)).then(values)
    });
    Pressures { pairs, systolic: upper, diastolic: lower }
}

/// Means of the pairs of each local day.
pub fn by_day(pairs: &[Pair], zones: &Zones) -> Vec<DayPressure> {
    let mut days: BTreeMap<Day, Vec<&Pair>> = BTreeMap::new();
    for pair in pairs {
        days.entry(zones.day(pair.start_ms)).or_default().push(pair);
    }
    let means = days.into_iter().filter_map(|(day, pairs)| {
        let systolic = mean(pairs.iter().map(|pair| pair.systolic))?;
        let diastolic = mean(pairs.iter().map(|pair| pair.diastolic))?;
        Some(DayPressure { day, systolic, diastolic, pairs: pairs.len() })
    });
    means.collect()
}

fn by_time(readings: &[Reading]) -> Vec<Reading> {
    let mut sorted = readings.to_vec();
    let key = |r: &Reading| (r.start_ms, r.source, r.correlation);
    sorted.sort_by(|a, b| key(a).cmp(&key(b)).then(a.value.total_cmp(&b.value)));
    sorted
}

/// Moves partners into pairs, the nearest first; `distance` is none for two that are no partners.
fn take(
    upper: &mut Vec<Reading>,
    lower: &mut Vec<Reading>,
    pairs: &mut Vec<Pair>,
    distance: impl Fn(&Reading, &Reading) -> Option<i64>,
) {
    let mut found: Vec<(i64, usize, usize)> = Vec::new();
    for (i, a) in upper.iter().enumerate() {
        found.extend(near(lower, a).filter_map(|(j, b)| Some((distance(a, b)?, i, j))));
    }
    found.sort_unstable();
    let (mut used_upper, mut used_lower) = (vec![false; upper.len()], vec![false; lower.len()]);
    for (_, i, j) in found {
        let (Some(a), Some(b)) = (upper.get(i), lower.get(j)) else { continue };
        let (Some(a_used), Some(b_used)) = (used_upper.get_mut(i), used_lower.get_mut(j)) else { continue };
        if !*a_used && !*b_used {
            (*a_used, *b_used) = (true, true);
            pairs.push(Pair {
                start_ms: a.start_ms,
                diastolic_ms: b.start_ms,
                systolic: a.value,
                diastolic: b.value,
                source: a.source,
            });
        }
    }
    retain_unused(upper, &used_upper);
    retain_unused(lower, &used_lower);
}

/// Readings that may be partners: correlated ones have about one start too, so that a look at the neighbours is enough.
fn near<'a>(sorted: &'a [Reading], to: &Reading) -> impl Iterator<Item = (usize, &'a Reading)> {
    let reach = if to.correlation.is_some() { 60_000 } else { NEAR_MS };
    let (from, until) = (to.start_ms.saturating_sub(reach), to.start_ms.saturating_add(reach));
    let first = sorted.partition_point(|r| r.start_ms < from);
    sorted.iter().enumerate().skip(first).take_while(move |(_, r)| r.start_ms <= until).take(NEIGHBOURS)
}

fn retain_unused(readings: &mut Vec<Reading>, used: &[bool]) {
    let mut used = used.iter();
    readings.retain(|_| used.next() != Some(&true));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Second, value, source and correlation.
    type Row = (i64, f64, u32, Option<i64>);

    /// Checks pairs and how many of each are left over, in either order of writing.
    #[track_caller]
    fn check(systolic: &[Row], diastolic: &[Row], expected: &[(f64, f64)], left: (usize, usize)) {
        let reading = |&(second, value, source, correlation): &Row| Reading {
            start_ms: second * 1000,
            value,
            source,
            correlation,
        };
        let mut upper: Vec<Reading> = systolic.iter().map(reading).collect();
        let mut lower: Vec<Reading> = diastolic.iter().map(reading).collect();
        for _ in 0..2 {
            let found = pair(&upper, &lower);
            let pairs: Vec<(f64, f64)> = found.pairs.iter().map(|p| (p.systolic, p.diastolic)).collect();
            assert_eq!(pairs, expected);
            assert_eq!((found.systolic.len(), found.diastolic.len()), left);
            upper.reverse();
            lower.reverse();
        }
    }

    #[test]
    fn d7_members_of_one_correlation_are_a_pair() {
        let upper = [(0, 120.0, 1, Some(7)), (0, 140.0, 1, Some(8))];
        let lower = [(0, 90.0, 1, Some(8)), (0, 80.0, 1, Some(7))];
        check(&upper, &lower, &[(120.0, 80.0), (140.0, 90.0)], (0, 0));
    }

    #[test]
    fn d7_rows_of_one_source_five_seconds_apart_are_a_pair() {
        check(&[(0, 120.0, 1, None)], &[(5, 80.0, 1, None)], &[(120.0, 80.0)], (0, 0));
        check(&[(0, 120.0, 1, None)], &[(6, 80.0, 1, None)], &[], (1, 1));
        check(&[(0, 120.0, 1, None)], &[(0, 80.0, 2, None)], &[], (1, 1));
        check(&[(0, 120.0, 1, None), (4, 130.0, 1, None)], &[(3, 85.0, 1, None)], &[(130.0, 85.0)], (1, 0));
    }

    #[test]
    fn d7_members_of_two_correlations_are_no_pair() {
        check(&[(0, 120.0, 1, Some(1))], &[(0, 80.0, 1, Some(2))], &[], (1, 1));
        check(&[(0, 120.0, 1, Some(1))], &[(0, 80.0, 1, None)], &[(120.0, 80.0)], (0, 0));
    }

    #[test]
    fn d7_the_unpaired_are_never_averaged_in() {
        let reading = |second: i64, value| Reading { start_ms: second * 1000, value, source: 1, correlation: None };
        let found =
            pair(&[reading(0, 120.0), reading(60, 130.0), reading(900, 190.0)], &[reading(0, 80.0), reading(60, 90.0)]);
        let zones = Zones::named("UTC").expect("a zone");
        let day = DayPressure { day: 0, systolic: 125.0, diastolic: 85.0, pairs: 2 };
        assert_eq!(by_day(&found.pairs, &zones), [day]);
        assert_eq!(found.systolic, [reading(900, 190.0)]);
    }
}
