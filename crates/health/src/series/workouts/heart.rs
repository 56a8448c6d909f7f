//! Heart rate of a workout, and the time in its five zones.
//!
//! The zones are shares of the highest heart rate, which is measured where possible and else guessed from the age; the
//! method is always told, and the limits may be set by hand.

use std::collections::BTreeMap;

use crate::kind::Style;
use crate::series::buckets::Input;
use crate::series::hold::{held, keep_best_of_minute, sort, stretch};
use crate::series::stats::mean;
use crate::time::{Day, Zones};

const MINUTE_MS: i64 = 60_000;
/// How long a measured highest heart rate is believed: two years.
const MEMORY_MS: i64 = 730 * 24 * 60 * MINUTE_MS;
/// Where zones 2 to 5 begin, as shares of the highest heart rate.
pub const ZONE_SHARES: [f64; 4] = [0.6, 0.7, 0.8, 0.9];

/// A heart rate in beats a minute, and the device that measured it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pulse {
    /// Time, value and rank.
    pub input: Input,
    /// Any number that tells devices apart.
    pub device: u32,
}

/// The heart rate of a workout in beats a minute.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HeartRate {
    /// Lowest.
    pub min: f64,
    /// Mean weighted by time.
    pub mean: f64,
    /// Highest.
    pub max: f64,
    /// Samples.
    pub n: i64,
}

/// Returns the samples of a workout: from its start to its end, both included, and of its own device. What comes after
/// the end is the recovery, which some bridges send in its place.
pub fn of_workout(pulses: &[Pulse], start_ms: i64, end_ms: i64, device: u32) -> Vec<Input> {
    let own = pulses.iter().filter(|p| p.device == device && (start_ms..=end_ms).contains(&p.input.span.start_ms));
    own.map(|pulse| pulse.input).collect()
}

/// Returns the numbers of a workout's samples; none without any.
pub fn heart_rate(samples: &[Input], start_ms: i64, end_ms: i64) -> Option<HeartRate> {
    // The sample at the end itself belongs to the workout.
    let found = stretch(samples, Style::TemporallyWeighted, start_ms, end_ms.saturating_add(1))?;
    Some(HeartRate { min: found.min, mean: found.value, max: found.max, n: found.n })
}

/// How the highest heart rate was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Method {
    /// Highest mean of one minute in the last two years; the start of that minute.
    HighestMinute {
        /// Milliseconds since 1970 in UTC.
        at_ms: i64,
    },
    /// 208 - 0.7 x age (Tanaka, Monahan, Seals 2001).
    Age {
        /// In years.
        years: f64,
    },
}

/// The highest heart rate in beats a minute.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Highest {
    /// The number.
    pub bpm: f64,
    /// How it was found.
    pub method: Method,
}

/// The mean heart rate of a minute.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Minute {
    /// Its start in milliseconds since 1970 in UTC.
    pub at_ms: i64,
    /// Beats a minute.
    pub bpm: f64,
}

impl Minute {
    /// The higher one of two, of equal ones the first.
    pub fn higher(self, other: Self) -> Self {
        let above = other.bpm > self.bpm || (other.bpm == self.bpm && other.at_ms < self.at_ms);
        if above { other } else { self }
    }

    /// Whether it lies in `[from_ms, until_ms]` from its start to its end.
    pub fn lies_in(&self, from_ms: i64, until_ms: i64) -> bool {
        from_ms <= self.at_ms && self.at_ms.saturating_add(MINUTE_MS - 1) <= until_ms
    }
}

/// The start of an instant's minute.
pub fn minute_of(at_ms: i64) -> i64 {
    at_ms.div_euclid(MINUTE_MS) * MINUTE_MS
}

/// Returns the minutes that have samples, by time. In each the samples of the best source count.
pub fn minutes<'a>(samples: impl IntoIterator<Item = &'a Input>) -> Vec<Minute> {
    let mut sorted: Vec<&Input> = samples.into_iter().collect();
    sort(&mut sorted);
    keep_best_of_minute(&mut sorted);
    let at = |input: &Input| minute_of(input.span.start_ms);
    let mean_of = |rows: &[&Input]| {
        let bpm = mean(rows.iter().map(|row| row.span.value))?;
        Some(Minute { at_ms: at(rows.first()?), bpm })
    };
    sorted.chunk_by(|a, b| at(a) == at(b)).filter_map(mean_of).collect()
}

/// Returns the highest minute of each local day that has samples; a day knows its own samples only.
pub fn highest_by_day(samples: &[Input], zones: &Zones) -> BTreeMap<Day, Minute> {
    let mut sorted: Vec<&Input> = samples.iter().collect();
    sort(&mut sorted);
    let mut highest: BTreeMap<Day, Minute> = BTreeMap::new();
    let mut rest = sorted.as_slice();
    while let Some(first) = rest.first() {
        let (day, _, until_ms) = zones.day_span(first.span.start_ms);
        let (inside, after) = rest.split_at(rest.partition_point(|input| input.span.start_ms < until_ms).max(1));
        rest = after;
        if let Some(found) = minutes(inside.iter().copied()).into_iter().reduce(Minute::higher) {
            highest.entry(day).and_modify(|known| *known = known.higher(found)).or_insert(found);
        }
    }
    highest
}

/// Returns since when a measured highest heart rate is believed at an instant.
pub fn believed_since(now_ms: i64) -> i64 {
    now_ms.saturating_sub(MEMORY_MS)
}

/// Returns the highest heart rate: the highest minute of the two years before, else the guess from the age in years;
/// none where there is neither.
pub fn highest(minute: Option<Minute>, age: Option<f64>) -> Option<Highest> {
    let measured = minute.map(|Minute { at_ms, bpm }| Highest { bpm, method: Method::HighestMinute { at_ms } });
    let guess = |years: f64| Highest { bpm: 208.0 - 0.7 * years, method: Method::Age { years } };
    measured.or_else(|| age.filter(|years| (0.0..=130.0).contains(years)).map(guess))
}

/// Where zones 2 to 5 begin, in beats a minute.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits([f64; 4]);

impl Limits {
    /// By [`ZONE_SHARES`] of the highest heart rate.
    pub fn of(highest: &Highest) -> Self {
        Self(ZONE_SHARES.map(|share| share * highest.bpm))
    }

    /// Set by hand; none unless each is above the one before and above zero.
    pub fn set(limits: [f64; 4]) -> Option<Self> {
        let rising = limits.iter().zip(limits.iter().skip(1)).all(|(a, b)| a < b);
        (rising && limits.iter().all(|limit| limit.is_finite() && *limit > 0.0)).then_some(Self(limits))
    }

    /// Where zones 2 to 5 begin.
    pub fn bpm(&self) -> [f64; 4] {
        self.0
    }

    /// The zone of a heart rate, 0 for the lowest to 4.
    fn zone(&self, bpm: f64) -> usize {
        self.0.iter().filter(|limit| bpm >= **limit).count()
    }
}

/// Returns the milliseconds in each of the five zones in `[start_ms, end_ms]` without pauses, which share no time. A
/// sample holds until the next one, ten minutes at most, never beyond the end.
pub fn time_in_zones(
    samples: &[Input],
    limits: &Limits,
    (start_ms, end_ms): (i64, i64),
    pauses: &[(i64, i64)],
) -> [f64; 5] {
    let inside = |input: &&Input| (start_ms..=end_ms).contains(&input.span.start_ms);
    let mut sorted: Vec<&Input> = samples.iter().filter(inside).collect();
    sort(&mut sorted);
    let mut zones = [0.0; 5];
    for held in held(sorted) {
        let within =
            |from_ms: i64, until_ms: i64| held.weigh(Style::TemporallyWeighted, from_ms, until_ms.min(end_ms)).1;
        let paused: f64 = pauses.iter().map(|(from_ms, until_ms)| within(*from_ms, *until_ms)).sum();
        if let Some(zone) = zones.get_mut(limits.zone(held.input.span.value)) {
            *zone += within(start_ms, end_ms) - paused;
        }
    }
    zones
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::merge::Span;

    fn input(second: i64, value: f64) -> Input {
        of_source(second, value, 0)
    }

    fn of_source(second: i64, value: f64, rank: u32) -> Input {
        Input { span: Span { start_ms: second * 1000, end_ms: second * 1000, value, rank }, copies: 1 }
    }

    #[test]
    fn a_workout_has_the_heart_rate_of_its_own_time_and_device() {
        let pulse = |second, value, device| Pulse { input: input(second, value), device };
        let pulses = [
            pulse(59, 50.0, 1),
            pulse(60, 100.0, 1),
            pulse(90, 190.0, 2),
            pulse(120, 160.0, 1),
            pulse(180, 150.0, 1),
            pulse(181, 140.0, 1),
        ];
        let own = of_workout(&pulses, 60_000, 180_000, 1);
        let found = heart_rate(&own, 60_000, 180_000).expect("samples");
        assert_eq!((found.min, found.mean.round(), found.max, found.n), (100.0, 130.0, 160.0, 3));
        assert_eq!(heart_rate(&[], 0, 1), None);
    }

    #[test]
    fn the_highest_heart_rate_is_that_of_a_minute() {
        let check = |rows: &[(i64, f64, u32)], expected: Option<(i64, f64)>| {
            let samples: Vec<Input> = rows.iter().map(|(at, bpm, rank)| of_source(*at, *bpm, *rank)).collect();
            let found = minutes(&samples).into_iter().reduce(Minute::higher);
            assert_eq!(found.map(|minute| (minute.at_ms / 1000, minute.bpm)), expected, "{rows:?}");
        };
        check(&[], None);
        check(&[(100, 199.0, 0), (105, 171.0, 0), (180, 180.0, 0), (190, 186.0, 0)], Some((60, 185.0)));
        check(&[(300, 183.0, 0), (190, 186.0, 0), (180, 180.0, 0)], Some((180, 183.0)));
        check(&[(0, 150.0, 0), (30, 200.0, 1), (60, 149.0, 1)], Some((0, 150.0)));
        check(&[(-1, 150.0, 0), (0, 140.0, 0)], Some((-60, 150.0)));
    }

    #[test]
    fn each_day_has_its_highest_minute() {
        let zones = Zones::named("Asia/Kolkata").expect("a zone");
        // Midnight is at half past six in the evening of UTC.
        let midnight = 18 * 3600 + 1800;
        let samples = [(midnight - 1, 120.0), (midnight, 110.0), (midnight + 59, 130.0), (midnight + 60, 119.0)];
        let found = highest_by_day(&samples.map(|(at, bpm)| input(at, bpm)), &zones);
        let found: Vec<_> = found.into_iter().map(|(day, high)| (day, high.at_ms / 1000, high.bpm)).collect();
        assert_eq!(found, [(0, midnight - 60, 120.0), (1, midnight, 120.0)]);
    }

    #[test]
    fn a_minute_lies_in_a_range_with_its_start_and_its_end() {
        let minute = Minute { at_ms: 60_000, bpm: 100.0 };
        let check = |from_ms, until_ms, expected| assert_eq!(minute.lies_in(from_ms, until_ms), expected);
        check(60_000, 119_999, true);
        check(60_001, 119_999, false);
        check(60_000, 119_998, false);
        check(i64::MIN, i64::MAX, true);
    }

    #[test]
    fn without_a_minute_the_age_tells_the_highest_heart_rate() {
        let minute = Minute { at_ms: 60_000, bpm: 185.0 };
        let measured = Highest { bpm: 185.0, method: Method::HighestMinute { at_ms: 60_000 } };
        assert_eq!(highest(Some(minute), Some(40.0)), Some(measured));
        assert_eq!(highest(None, Some(40.0)), Some(Highest { bpm: 180.0, method: Method::Age { years: 40.0 } }));
        assert_eq!((highest(None, None), highest(None, Some(131.0))), (None, None));
    }

    #[test]
    fn zones_are_shares_of_the_highest_or_set_by_hand() {
        let limits = Limits::of(&Highest { bpm: 200.0, method: Method::Age { years: 11.4 } });
        assert_eq!(limits.bpm(), [120.0, 140.0, 160.0, 180.0]);
        let samples = [input(0, 100.0), input(60, 120.0), input(120, 159.0), input(180, 180.0), input(240, 190.0)];
        let zones = |samples: &[Input], end_s: i64, pauses: &[(i64, i64)]| {
            let pauses: Vec<_> = pauses.iter().map(|(from, until)| (from * 1000, until * 1000)).collect();
            time_in_zones(samples, &limits, (0, end_s * 1000), &pauses).map(|ms| ms / 1000.0)
        };
        assert_eq!(zones(&samples, 270, &[]), [60.0, 60.0, 60.0, 0.0, 90.0]);
        assert_eq!(zones(&[input(0, 100.0)], 3600, &[]), [600.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(zones(&samples, 270, &[(60, 120), (240, 270)]), [60.0, 0.0, 60.0, 0.0, 60.0]);
        assert_eq!(zones(&samples, 270, &[(30, 200)]), [30.0, 0.0, 0.0, 0.0, 70.0]);
        assert_eq!(zones(&[input(0, 100.0)], 3600, &[(60, 120)]), [540.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(zones(&samples, 270, &[(-60, 300)]), [0.0; 5]);
        assert_eq!(Limits::set([100.0, 120.0, 120.0, 150.0]), None);
        assert_eq!(Limits::set([100.0, 120.0, 130.0, 150.0]).map(|l| l.bpm()[3]), Some(150.0));
    }
}
