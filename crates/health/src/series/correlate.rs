//! Whether two daily series go together. Whatever comes out, it shows no cause.

use std::collections::BTreeMap;
use std::panic::resume_unwind;

use super::per_day::DayValue;
use super::random::{Bound, Random};
use super::stats::{percentile, sorted};
use crate::time::Day;

/// Days that both series need.
pub const LEAST_PAIRS: usize = 20;
/// Resamples of the bootstrap.
pub const RESAMPLES: usize = 1000;
/// The same answer in every run and with any number of threads: each block of resamples has a seed of its own.
const SEED: u64 = 20;
const BLOCKS: u64 = 4;

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
    let places = Places::of(&pairs);
    let rho = places.rho(&vec![1; pairs.len()], &mut Scratch::of(&places)).ok_or(NoCorrelation::Constant)?;
    let resampled = sorted(resamples(&places));
    let end = |share| percentile(&resampled, share).ok_or(NoCorrelation::Constant);
    Ok(Correlation { rho, low: end(0.025)?, high: end(0.975)?, pairs: pairs.len() })
}

/// Rank correlations of resamples; those in which one side never changes have none and are left out.
fn resamples(places: &Places) -> Vec<f64> {
    // Ten years of pairs are millions of draws.
    std::thread::scope(|scope| {
        let blocks: Vec<_> = (0..BLOCKS).map(|block| scope.spawn(move || resampled(places, SEED + block))).collect();
        let found = blocks.into_iter().map(|block| block.join().unwrap_or_else(|panic| resume_unwind(panic)));
        found.flatten().collect()
    })
}

/// One block of them.
fn resampled(places: &Places, seed: u64) -> Vec<f64> {
    let n = places.pairs.len();
    let (mut random, bound) = (Random::new(seed), Bound::new(n));
    let (mut copies, mut scratch) = (vec![0; n], Scratch::of(places));
    let mut draw = || {
        copies.fill(0);
        for _ in 0..n {
            if let Some(drawn) = copies.get_mut(bound.below(&mut random)) {
                *drawn += 1;
            }
        }
        places.rho(&copies, &mut scratch)
    };
    (0..RESAMPLES / BLOCKS as usize).filter_map(|_| draw()).collect()
}

/// How often each value of a side was drawn, and how far its rank lies from the middle: kept from resample to resample.
struct Scratch {
    counts: (Vec<u32>, Vec<u32>),
    ranks: (Vec<i64>, Vec<i64>),
}

impl Scratch {
    fn of(places: &Places) -> Self {
        let (x, y) = places.values;
        Self { counts: (vec![0; x], vec![0; y]), ranks: (vec![0; x], vec![0; y]) }
    }
}

/// Pairs as places among the different values of their sides: every resample is ranked by counting, none is sorted.
struct Places {
    pairs: Vec<(usize, usize)>,
    /// Different values of each side.
    values: (usize, usize),
}

impl Places {
    fn of(pairs: &[(f64, f64)]) -> Self {
        let (x, x_values) = places(pairs.iter().map(|pair| pair.0));
        let (y, y_values) = places(pairs.iter().map(|pair| pair.1));
        Self { pairs: x.into_iter().zip(y).collect(), values: (x_values, y_values) }
    }

    /// Spearman's correlation where each pair stands so many times: Pearson's of the ranks. None where one side never
    /// changes. Twice a rank is a whole number, so that every sum is exact.
    fn rho(&self, copies: &[u32], Scratch { counts, ranks }: &mut Scratch) -> Option<f64> {
        counts.0.fill(0);
        counts.1.fill(0);
        for ((a, b), copies) in self.pairs.iter().zip(copies) {
            add(&mut counts.0, *a, *copies);
            add(&mut counts.1, *b, *copies);
        }
        let (x_spread, y_spread) = (from_middle(&counts.0, &mut ranks.0), from_middle(&counts.1, &mut ranks.1));
        let at = |ranks: &[i64], place: usize| ranks.get(place).copied().unwrap_or(0);
        let product =
            |((a, b), copies): (&(usize, usize), &u32)| i64::from(*copies) * at(&ranks.0, *a) * at(&ranks.1, *b);
        let together: i64 = self.pairs.iter().zip(copies).map(product).sum();
        let spread = (x_spread as f64 * y_spread as f64).sqrt();
        (spread > 0.0).then(|| (together as f64 / spread).clamp(-1.0, 1.0))
    }
}

fn add(counts: &mut [u32], place: usize, copies: u32) {
    if let Some(count) = counts.get_mut(place) {
        *count += copies;
    }
}

/// The place of each value among the different ones, and how many of these there are.
fn places(values: impl Iterator<Item = f64>) -> (Vec<usize>, usize) {
    let mut order: Vec<(f64, usize)> = values.enumerate().map(|(index, value)| (value, index)).collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut places = vec![0; order.len()];
    let mut different = 0;
    for equal in order.chunk_by(|a, b| a.0 == b.0) {
        for (_, index) in equal {
            if let Some(place) = places.get_mut(*index) {
                *place = different;
            }
        }
        different += 1;
    }
    (places, different)
}

/// Finds twice the distance of each value's rank from the middle of all ranks, and returns the sum of the squares of
/// these. Equal values share the mean of their ranks.
fn from_middle(counts: &[u32], ranks: &mut [i64]) -> i64 {
    let n: i64 = counts.iter().map(|count| i64::from(*count)).sum();
    let (mut before, mut spread) = (0, 0);
    for (count, rank) in counts.iter().zip(ranks) {
        let count = i64::from(*count);
        // Ranks before + 1 to before + count: twice their mean, less twice the mean of 1 to n.
        *rank = 2 * before + count - n;
        before += count;
        spread += count * *rank * *rank;
    }
    spread
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
        // Ranks 1, 2.5, 2.5 and 4, whose middle is 2.5.
        assert_eq!(places([10.0, 20.0, 20.0, 5.0].into_iter()), (vec![1, 2, 2, 0], 3));
        let mut ranks = [0; 3];
        assert_eq!((from_middle(&[1, 2, 1], &mut ranks), ranks), (18, [-3, 0, 3]));
        // By hand: ranks 1, 2.5, 2.5, 4 against 1, 3, 2, 4.
        let pairs = [(1.0, 1.0), (2.0, 9.0), (2.0, 3.0), (7.0, 99.0)];
        let places = Places::of(&pairs);
        let rho = places.rho(&[1; 4], &mut Scratch::of(&places)).expect("a correlation");
        assert!((rho - 4.5 / 22.5f64.sqrt()).abs() < 1e-12, "{rho}");
    }

    /// Spearman's correlation by the book: every resample sorted and ranked.
    fn by_the_book(pairs: &[(f64, f64)]) -> Option<f64> {
        let rank = |values: &[f64], value: f64| {
            let below = values.iter().filter(|other| **other < value).count() as f64;
            let equal = values.iter().filter(|other| **other == value).count() as f64;
            below + (equal + 1.0) / 2.0
        };
        let (x, y): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
        let middle = (pairs.len() + 1) as f64 / 2.0;
        let ranks = |values: &[f64]| values.iter().map(|v| rank(values, *v) - middle).collect::<Vec<_>>();
        let (x, y) = (ranks(&x), ranks(&y));
        let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let spread = (product(&x, &x) * product(&y, &y)).sqrt();
        (spread > 0.0).then(|| product(&x, &y) / spread)
    }

    #[test]
    fn a_resample_counted_is_a_resample_drawn() {
        let pairs: Vec<(f64, f64)> = (0..25).map(|n| (wave(n) % 7.0, wave(n + 3) % 11.0)).collect();
        let (places, mut book) = (Places::of(&pairs), Vec::new());
        for mut random in (0..BLOCKS).map(|block| Random::new(SEED + block)) {
            for _ in 0..RESAMPLES / BLOCKS as usize {
                let drawn: Vec<(f64, f64)> = pairs.iter().map(|_| pairs[random.below(pairs.len())]).collect();
                book.extend(by_the_book(&drawn));
            }
        }
        let found = resamples(&places);
        assert_eq!(found.len(), book.len());
        for (found, book) in found.iter().zip(&book) {
            assert!((found - book).abs() < 1e-12, "{found} {book}");
        }
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
