//! Whether something changed: the last four weeks against the four before, said only where there is enough to say.

use super::per_day::DayValue;
use super::periods::{Average, Period, average};
use super::stats::{sum, variance};
use crate::time::Day;

/// Complete days on either side.
pub const TREND_DAYS: Day = 28;
/// Days with data that either side needs.
pub const LEAST_DAYS: usize = 20;

/// A change: "was 8,020, now 8,730 a day".
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trend {
    /// The 28 days before.
    pub before: Average,
    /// The last 28 complete days.
    pub now: Average,
    /// Of the difference, in the unit of the values: `sqrt(v1/n1 + v2/n2)`.
    pub standard_error: f64,
    /// Least-squares line through all 56 days, per day.
    pub slope_per_day: f64,
}

/// Why nothing is said about a trend.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum NoTrend {
    /// Fewer than [`LEAST_DAYS`] days have data on a side.
    TooFewDays {
        /// Days with data before.
        before: usize,
        /// Days with data now.
        now: usize,
    },
    /// The difference is not above one standard error.
    TooSmall {
        /// Mean now minus mean before.
        difference: f64,
        /// Of the difference.
        standard_error: f64,
    },
}

/// Returns the trend at `today`, which is not over and left out. The values are one for each day, in any order.
pub fn trend(values: &[DayValue], today: Day) -> Result<Trend, NoTrend> {
    let middle = today.saturating_sub(TREND_DAYS);
    let sides = [Period { first: middle - TREND_DAYS, last: middle - 1 }, Period { first: middle, last: today - 1 }];
    let [(before, before_error), (now, now_error)] =
        sides.map(|side| (average(values, side, today), error(values, side)));
    let days = |average: Option<Average>| average.map_or(0, |average| average.days);
    let too_few = NoTrend::TooFewDays { before: days(before), now: days(now) };
    let (Some(before), Some(now)) = (before, now) else { return Err(too_few) };
    if before.days.min(now.days) < LEAST_DAYS {
        return Err(too_few);
    }
    let (difference, standard_error) = (now.mean - before.mean, (before_error + now_error).sqrt());
    if difference.abs() <= standard_error {
        return Err(NoTrend::TooSmall { difference, standard_error });
    }
    let both = Period { first: middle - TREND_DAYS, last: today - 1 };
    Ok(Trend { before, now, standard_error, slope_per_day: slope(values, both).unwrap_or(0.0) })
}

/// Variance of the mean of a period's values.
fn error(values: &[DayValue], period: Period) -> f64 {
    let inside: Vec<f64> = values.iter().filter(|v| period.contains(v.day)).map(|v| v.value).collect();
    let n = inside.len().max(1) as f64;
    variance(inside).unwrap_or(0.0) / n
}

/// Least-squares slope of a period's values per day; none below two days with data.
pub fn slope(values: &[DayValue], period: Period) -> Option<f64> {
    let inside: Vec<&DayValue> = values.iter().filter(|v| period.contains(v.day)).collect();
    let day = |v: &DayValue| f64::from(v.day) - f64::from(period.first);
    let x = super::stats::mean(inside.iter().map(|v| day(v)))?;
    let y = super::stats::mean(inside.iter().map(|v| v.value))?;
    let across = sum(inside.iter().map(|v| (day(v) - x) * (v.value - y)));
    let along = sum(inside.iter().map(|v| (day(v) - x) * (day(v) - x)));
    (along > 0.0).then_some(across / along)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Day = 20_000;

    /// Days back from today with a value that wavers by `noise`.
    fn days(back: std::ops::RangeInclusive<Day>, value: f64, noise: f64) -> Vec<DayValue> {
        let waver = |n: Day| if n % 2 == 0 { noise } else { -noise };
        back.map(|n| DayValue { day: TODAY - n, value: value + waver(n) }).collect()
    }

    #[track_caller]
    fn check(parts: [Vec<DayValue>; 2], expected: Result<(f64, f64), NoTrend>) {
        let mut values = parts.concat();
        for _ in 0..2 {
            assert_eq!(trend(&values, TODAY).map(|t| (t.before.mean, t.now.mean)), expected);
            values.reverse();
        }
    }

    #[test]
    fn was_8020_now_8730_a_day() {
        check([days(29..=56, 8020.0, 500.0), days(1..=28, 8730.0, 500.0)], Ok((8020.0, 8730.0)));
    }

    #[test]
    fn what_is_today_or_long_ago_changes_nothing() {
        let mut values = [days(29..=56, 8020.0, 500.0), days(1..=28, 8730.0, 500.0)].concat();
        let before = trend(&values, TODAY);
        values.extend(days(0..=0, 99_999.0, 0.0));
        values.extend(days(57..=80, 99_999.0, 0.0));
        assert_eq!(trend(&values, TODAY), before);
    }

    #[test]
    fn too_few_days_say_nothing() {
        let few = NoTrend::TooFewDays { before: 19, now: 28 };
        check([days(29..=47, 8000.0, 0.0), days(1..=28, 9000.0, 0.0)], Err(few));
        check([days(29..=48, 8000.0, 0.0), days(1..=20, 9000.0, 0.0)], Ok((8000.0, 9000.0)));
        check([Vec::new(), Vec::new()], Err(NoTrend::TooFewDays { before: 0, now: 0 }));
    }

    #[test]
    fn a_difference_within_its_error_says_nothing() {
        let found = trend(&[days(29..=56, 8000.0, 2000.0), days(1..=28, 8100.0, 2000.0)].concat(), TODAY);
        let Err(NoTrend::TooSmall { difference, standard_error }) = found else { panic!("{found:?}") };
        assert_eq!((difference.round(), standard_error.round()), (100.0, 544.0));
        let same = trend(&[days(29..=56, 5.0, 0.0), days(1..=28, 5.0, 0.0)].concat(), TODAY);
        assert_eq!(same, Err(NoTrend::TooSmall { difference: 0.0, standard_error: 0.0 }));
    }

    #[test]
    fn the_slope_is_that_of_a_line() {
        let values: Vec<DayValue> = (1..=56).map(|n| DayValue { day: TODAY - n, value: -3.0 * f64::from(n) }).collect();
        let found = trend(&values, TODAY).expect("a trend");
        assert!((found.slope_per_day - 3.0).abs() < 1e-9);
        assert_eq!(slope(&values[..1], Period { first: TODAY - 1, last: TODAY }), None);
    }
}
