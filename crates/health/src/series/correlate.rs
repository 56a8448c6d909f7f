//! Whether two daily series go together. Whatever comes out, it shows no cause.

use std::collections::BTreeMap;

use super::per_day::DayValue;
use super::random::Random;
use super::stats::{mean, percentile, sorted, sum};
use crate::time::Day;

/// Days that both series need.
pub const LEAST_PAIRS: usize = 20;
/// Resamples of the bootstrap.
pub const RESAMPLES: usize = 1000;
/// The same answer in every run.
const SEED: u64 = 20;

/// Which day of the second series belongs to a day of the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lag {
    /// The day before.
    Before,
    /// The same day.
    #[default]
    Same,
    /// The day after.
    After,
}

impl Lag {
    /// In days: -1, 0 or 1.
    pub fn days(self) -> Day {
        match self {
            Self::Before => -1,
            Self::Same => 0,
            Self::After => 1,
        }
    }
}

/// Spearman's rank correlation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Correlation {
    /// From -1 to 1; ties have the mean of their ranks.
    pub rho: f64,
    /// Lower end of the 95 % interval (bootstrap of [`RESAMPLES`], percentiles).
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Days that both series have.
    pub pairs: usize,
}

/// Why there is no correlation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoCorrelation {
    /// Fewer than [`LEAST_PAIRS`] days have both.
    TooFewPairs(usize),
    /// One of the two never changes.
    Constant,
}

/// Correlates two series of days, each with one value for each day, in any order.
pub fn correlate(first: &[DayValue], second: &[DayValue], lag: Lag) -> Result<Correlation, NoCorrelation> {
    let other: BTreeMap<Day, f64> = second.iter().map(|v| (v.day, v.value)).collect();
    let pair = |v: &DayValue| Some((v.day, (v.value, *other.get(&v.day.checked_add(lag.days())?)?)));
    // By day, so that resamples do not depend on the order of the input.
    let by_day: BTreeMap<Day, (f64, f64)> = first.iter().filter_map(pair).collect();
    let pairs: Vec<(f64, f64)> = by_day.into_values().collect();
    if pairs.len() < LEAST_PAIRS {
        return Err(NoCorrelation::TooFewPairs(pairs.len()));
    }
    let rho = spearman(&pairs).ok_or(NoCorrelation::Constant)?;
    let resampled = sorted(resamples(&pairs));
    let end = |share| percentile(&resampled, share).ok_or(NoCorrelation::Constant);
    Ok(Correlation { rho, low: end(0.025)?, high: end(0.975)?, pairs: pairs.len() })
}

/// Rank correlations of resamples; those in which one side never changes have none and are left out.
fn resamples(pairs: &[(f64, f64)]) -> Vec<f64> {
    let mut random = Random::new(SEED);
    let mut draw = || {
        let drawn: Vec<(f64, f64)> =
            pairs.iter().filter_map(|_| pairs.get(random.below(pairs.len())).copied()).collect();
        spearman(&drawn)
    };
    (0..RESAMPLES).filter_map(|_| draw()).collect()
}

/// Pearson's correlation of the ranks; none where one side never changes.
fn spearman(pairs: &[(f64, f64)]) -> Option<f64> {
    let (x, y) = (ranks(pairs.iter().map(|pair| pair.0)), ranks(pairs.iter().map(|pair| pair.1)));
    let middle = mean(x.iter().copied())?;
    let product = |a: &[f64], b: &[f64]| sum(a.iter().zip(b).map(|(a, b)| (a - middle) * (b - middle)));
    let spread = (product(&x, &x) * product(&y, &y)).sqrt();
    (spread > 0.0).then(|| (product(&x, &y) / spread).clamp(-1.0, 1.0))
}

/// Ranks from 1; equal values share the mean of theirs.
fn ranks(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut order: Vec<(f64, usize)> = values.enumerate().map(|(place, value)| (value, place)).collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let mut ranks = vec![0.0; order.len()];
    let mut before = 0;
    for equal in order.chunk_by(|a, b| a.0 == b.0) {
        let rank = before as f64 + (equal.len() + 1) as f64 / 2.0;
        for (_, place) in equal {
            if let Some(slot) = ranks.get_mut(*place) {
                *slot = rank;
            }
        }
        before += equal.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(values: impl IntoIterator<Item = f64>) -> Vec<DayValue> {
        (100..).zip(values).map(|(day, value)| DayValue { day, value }).collect()
    }

    fn wave(n: i32) -> f64 {
        f64::from((n * 7919) % 101)
    }

    #[test]
    fn ties_share_their_ranks() {
        assert_eq!(ranks([10.0, 20.0, 20.0, 5.0].into_iter()), [2.0, 3.5, 3.5, 1.0]);
        // By hand: ranks 1, 2.5, 2.5, 4 against 1, 3, 2, 4.
        let rho = spearman(&[(1.0, 1.0), (2.0, 9.0), (2.0, 3.0), (7.0, 99.0)]).expect("a correlation");
        assert!((rho - 4.5 / 22.5f64.sqrt()).abs() < 1e-12, "{rho}");
    }

    #[test]
    fn what_rises_together_has_one_whatever_the_shape() {
        let first = series((0..30).map(f64::from));
        let second = series((0..30).map(|n| f64::from(n * n * n)));
        let found = correlate(&first, &second, Lag::Same).expect("a correlation");
        assert_eq!((found.rho, found.low, found.high, found.pairs), (1.0, 1.0, 1.0, 30));
        let falling = series((0..30).map(|n| f64::from(-n)));
        assert_eq!(correlate(&first, &falling, Lag::Same).map(|found| found.rho), Ok(-1.0));
    }

    #[test]
    fn the_interval_holds_the_answer_and_is_the_same_every_time() {
        let (mut first, mut second) =
            (series((0..60).map(wave)), series((0..60).map(|n| wave(n) + 2.0 * wave(n + 17))));
        let found = correlate(&first, &second, Lag::Same).expect("a correlation");
        assert!(found.low < found.rho && found.rho < found.high && found.high < 1.0, "{found:?}");
        first.reverse();
        second.reverse();
        assert_eq!(correlate(&first, &second, Lag::Same), Ok(found));
    }

    #[test]
    fn the_day_after_is_another_pair() {
        let first = series((0..40).map(wave));
        // What happens on a day shows on the next.
        let second: Vec<DayValue> = first.iter().map(|v| DayValue { day: v.day + 1, value: v.value }).collect();
        let rho = |lag| correlate(&first, &second, lag).map(|found| (found.rho == 1.0, found.pairs));
        assert_eq!(rho(Lag::After), Ok((true, 40)));
        assert_eq!(rho(Lag::Same), Ok((false, 39)));
        assert_eq!(rho(Lag::Before), Ok((false, 38)));
    }

    #[test]
    fn reasons_why_not() {
        let (long, short) = (series((0..40).map(wave)), series((0..19).map(wave)));
        assert_eq!(correlate(&long, &short, Lag::Same), Err(NoCorrelation::TooFewPairs(19)));
        assert_eq!(correlate(&long, &series([5.0; 40]), Lag::Same), Err(NoCorrelation::Constant));
    }
}
