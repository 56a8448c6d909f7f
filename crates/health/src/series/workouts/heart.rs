//! Heart rate of a workout, and the time in its five zones.
//!
//! The zones are shares of the highest heart rate, which is measured where possible and else guessed from the age; the
//! method is always told, and the limits may be set by hand.

use crate::kind::Style;
use crate::series::buckets::Input;
use crate::series::hold::{held, keep_best_of_minute, sort, stretch};
use crate::series::stats::mean;

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

/// Returns the highest mean of a minute in the two years before `now_ms`, else the guess from the age in years; none
/// where there is neither. In one minute the samples of the best source count.
pub fn highest(samples: &[Input], now_ms: i64, age: Option<f64>) -> Option<Highest> {
    let recent = |input: &&Input| (now_ms.saturating_sub(MEMORY_MS)..=now_ms).contains(&input.span.start_ms);
    let mut sorted: Vec<&Input> = samples.iter().filter(recent).collect();
    sort(&mut sorted);
    keep_best_of_minute(&mut sorted);
    let minute = |input: &Input| input.span.start_ms.div_euclid(MINUTE_MS);
    let minutes = sorted.chunk_by(|a, b| minute(a) == minute(b)).filter_map(|rows| {
        let bpm = mean(rows.iter().map(|row| row.span.value))?;
        Some((bpm, minute(rows.first()?) * MINUTE_MS))
    });
    // Of equal minutes the first.
    let best = minutes.reduce(|best, next| if next.0 > best.0 { next } else { best });
    let measured = best.map(|(bpm, at_ms)| Highest { bpm, method: Method::HighestMinute { at_ms } });
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

/// Returns the milliseconds in each of the five zones. A sample holds until the next one, ten minutes at most, never
/// longer than the workout.
pub fn time_in_zones(samples: &[Input], limits: &Limits, start_ms: i64, end_ms: i64) -> [f64; 5] {
    let inside = |input: &&Input| (start_ms..=end_ms).contains(&input.span.start_ms);
    let mut sorted: Vec<&Input> = samples.iter().filter(inside).collect();
    sort(&mut sorted);
    let mut zones = [0.0; 5];
    for held in held(sorted) {
        let (bpm, ms) = held.weigh(Style::TemporallyWeighted, end_ms);
        if let Some(zone) = zones.get_mut(limits.zone(bpm)) {
            *zone += ms;
        }
    }
    zones
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::merge::Span;

    fn input(second: i64, value: f64) -> Input {
        Input { span: Span { start_ms: second * 1000, end_ms: second * 1000, value, rank: 0 }, copies: 1 }
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
        let day = 24 * 60 * 60;
        let now = 800 * day * 1000;
        let samples = [
            input(10 * day, 220.0),
            input(100 * day, 199.0),
            input(100 * day + 5, 171.0),
            input(200 * day, 180.0),
            input(200 * day + 10, 186.0),
        ];
        let expected = Highest { bpm: 185.0, method: Method::HighestMinute { at_ms: 100 * day * 1000 } };
        assert_eq!(highest(&samples, now, Some(40.0)), Some(expected));
        assert_eq!(highest(&[], now, Some(40.0)), Some(Highest { bpm: 180.0, method: Method::Age { years: 40.0 } }));
        assert_eq!(highest(&[], now, None), None);
    }

    #[test]
    fn zones_are_shares_of_the_highest_or_set_by_hand() {
        let limits = Limits::of(&Highest { bpm: 200.0, method: Method::Age { years: 11.4 } });
        assert_eq!(limits.bpm(), [120.0, 140.0, 160.0, 180.0]);
        let samples = [input(0, 100.0), input(60, 120.0), input(120, 159.0), input(180, 180.0), input(240, 190.0)];
        let found = time_in_zones(&samples, &limits, 0, 270_000);
        assert_eq!(found, [60_000.0, 60_000.0, 60_000.0, 0.0, 90_000.0]);
        assert_eq!(time_in_zones(&[input(0, 100.0)], &limits, 0, 3_600_000), [600_000.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(Limits::set([100.0, 120.0, 120.0, 150.0]), None);
        assert_eq!(Limits::set([100.0, 120.0, 130.0, 150.0]).map(|l| l.bpm()[3]), Some(150.0));
    }
}
