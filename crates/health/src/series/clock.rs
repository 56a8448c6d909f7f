//! Averages of times of day. Midnight is in the middle of the night, so plain means of clock times are nonsense.
//!
//! ```text
//!   23:30  23:50  00:30      circular mean 23:56, spread 25 min; the plain mean says 15:57
//! ```

use super::stats::sum;
use crate::time::Zones;

const DAY_MIN: f64 = 1440.0;

/// A mean time of day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Clock {
    /// Minutes after midnight, 0 to below 1440.
    pub minute: f64,
    /// Circular standard deviation in minutes (Mardia and Jupp 2000, 2.3).
    pub spread: f64,
    /// How many times it is the mean of.
    pub n: usize,
}

/// Minutes after local midnight that the clock on the wall shows, with fractions.
pub fn minutes(at_ms: i64, zones: &Zones) -> f64 {
    f64::from(zones.minute_of_day(at_ms)) + at_ms.rem_euclid(60_000) as f64 / 60_000.0
}

/// Circular mean of minutes after midnight; none without any, or where they point in no direction at all.
pub fn circular(minutes: impl IntoIterator<Item = f64>) -> Option<Clock> {
    let angles: Vec<f64> = minutes.into_iter().map(|minute| minute / DAY_MIN * std::f64::consts::TAU).collect();
    let n = angles.len() as f64;
    let (x, y) = (sum(angles.iter().map(|angle| angle.cos())), sum(angles.iter().map(|angle| angle.sin())));
    let length = x.hypot(y) / n.max(1.0);
    // Below this the direction is that of rounding errors.
    if length < 1e-9 {
        return None;
    }
    let per_radian = DAY_MIN / std::f64::consts::TAU;
    let spread = (-2.0 * length.min(1.0).ln()).max(0.0).sqrt() * per_radian;
    Some(Clock { minute: wrapped(y.atan2(x) * per_radian), spread, n: angles.len() })
}

/// By how many minutes the mean of some times lies after that of others, the short way round: less than zero where it
/// lies before.
pub fn later(times: Clock, others: Clock) -> f64 {
    wrapped(times.minute - others.minute + DAY_MIN / 2.0) - DAY_MIN / 2.0
}

fn wrapped(minute: f64) -> f64 {
    let minute = minute.rem_euclid(DAY_MIN);
    // The remainder of a tiny negative number is a whole day by rounding.
    if minute < DAY_MIN { minute } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HALF_PAST_ELEVEN: f64 = 1410.0;

    #[test]
    fn bed_times_around_midnight_have_a_mean_around_midnight() {
        let times = [HALF_PAST_ELEVEN, 30.0, 1430.0];
        let clock = circular(times).expect("a mean");
        // 23:56 and some seconds.
        assert_eq!((clock.minute.floor(), clock.n), (1436.0, 3));
        assert_eq!((clock.spread * 100.0).round(), 2496.0);
    }

    #[test]
    fn one_mean_lies_after_another_the_short_way_round() {
        let check = |times: f64, others: f64, expected: f64| {
            let [times, others] = [times, others].map(|minute| circular([minute]).expect("a mean"));
            assert_eq!(later(times, others).round(), expected);
        };
        check(30.0, HALF_PAST_ELEVEN, 60.0);
        check(HALF_PAST_ELEVEN, 30.0, -60.0);
        check(240.0, 180.0, 60.0);
        check(180.0, 180.0, 0.0);
    }

    #[test]
    fn the_order_of_times_changes_no_bit() {
        let (a, b) = (circular([1410.0, 30.0, 1430.0, 77.7]), circular([77.7, 1430.0, 30.0, 1410.0]));
        assert_eq!(a, b);
    }

    #[test]
    fn times_without_a_direction_have_no_mean() {
        assert_eq!(circular([]), None);
        assert_eq!(circular([0.0, 720.0]), None);
        assert_eq!(circular([300.0]).map(|clock| (clock.minute.round(), clock.spread)), Some((300.0, 0.0)));
    }
}
