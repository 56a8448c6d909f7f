//! Two periods side by side, only where they may be compared.

use super::periods::{Average, Period};
use crate::kind::Style;
use crate::time::Day;

/// Share of days with data that sums need on both sides: a month without its weekends is no month.
pub const LEAST_COVERAGE: f64 = 0.8;

/// Of anything else the share of days with data that the one side needs of the other's: two nights are no average
/// beside seven hundred.
pub const LEAST_SHARE: f64 = 0.25;

/// Daily averages of two periods.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    /// Of the first period.
    pub first: Average,
    /// Of the second period.
    pub second: Average,
    /// Mean of the second minus mean of the first.
    pub difference: f64,
    /// The difference as a share of the first mean; none where that is zero.
    pub relative: Option<f64>,
}

/// Why two periods are not compared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum NoComparison {
    /// One has no day, or more days than the other.
    Lengths(usize, usize),
    /// Equally long, but with other weekdays: Mondays, Tuesdays and so on.
    Weekdays([usize; 7], [usize; 7]),
    /// One holds today or later days.
    Unfinished,
    /// One has no data at all.
    NoData,
    /// Of a sum, less than [`LEAST_COVERAGE`] of the days have data on a side.
    Coverage(f64, f64),
    /// One has far fewer days with data than the other: less than [`LEAST_SHARE`] of its share.
    Uneven(f64, f64),
}

/// Compares two periods of one kind that are alike, by the average of each.
pub fn compare(
    average: impl Fn(Period) -> Option<Average>,
    style: Style,
    first: Period,
    second: Period,
    today: Day,
) -> Result<Comparison, NoComparison> {
    if first.days() == 0 || first.days() != second.days() {
        return Err(NoComparison::Lengths(first.days(), second.days()));
    }
    if first.weekdays() != second.weekdays() {
        return Err(NoComparison::Weekdays(first.weekdays(), second.weekdays()));
    }
    if first.last.max(second.last) >= today {
        return Err(NoComparison::Unfinished);
    }
    compare_any(average, style, first, second, today)
}

/// The same of any two, whichever days they have: of what is over of them. Whoever asks says which days these are.
pub fn compare_any(
    average: impl Fn(Period) -> Option<Average>,
    style: Style,
    first: Period,
    second: Period,
    today: Day,
) -> Result<Comparison, NoComparison> {
    if first.before(today).days() == 0 || second.before(today).days() == 0 {
        return Err(NoComparison::Unfinished);
    }
    let (first, second) = average(first).zip(average(second)).ok_or(NoComparison::NoData)?;
    let (low, high) = (first.coverage().min(second.coverage()), first.coverage().max(second.coverage()));
    if style == Style::Cumulative && low < LEAST_COVERAGE {
        return Err(NoComparison::Coverage(first.coverage(), second.coverage()));
    }
    if low < LEAST_SHARE * high {
        return Err(NoComparison::Uneven(first.coverage(), second.coverage()));
    }
    let difference = second.mean - first.mean;
    let relative = (first.mean != 0.0).then(|| difference / first.mean.abs());
    Ok(Comparison { first, second, difference, relative })
}

#[cfg(test)]
mod tests {
    use super::super::per_day::DayValue;
    use super::super::periods::average;
    use super::*;

    /// A Monday.
    const MONDAY: Day = 20_514;
    const TODAY: Day = MONDAY + 100;

    fn week(number: Day) -> Period {
        Period { first: MONDAY + 7 * number, last: MONDAY + 7 * number + 6 }
    }

    /// Days since the Monday.
    fn values(days: impl Iterator<Item = Day>) -> Vec<DayValue> {
        days.map(|n| DayValue { day: MONDAY + n, value: if n < 7 { 8000.0 } else { 9000.0 } }).collect()
    }

    fn of(values: Vec<DayValue>) -> impl Fn(Period) -> Option<Average> {
        move |period| average(&values, period, TODAY)
    }

    #[test]
    fn two_weeks_are_compared() {
        let found = compare(of(values(0..14)), Style::Cumulative, week(0), week(1), TODAY).expect("a comparison");
        assert_eq!((found.first.days, found.second.days), (7, 7));
        assert_eq!((found.difference, found.relative), (1000.0, Some(0.125)));
    }

    #[test]
    fn what_is_not_alike_is_not_compared() {
        let check = |first, second, expected| {
            assert_eq!(compare(of(values(0..14)), Style::Cumulative, first, second, TODAY), Err(expected));
        };
        let days = |first, last| Period { first: MONDAY + first, last: MONDAY + last };
        check(week(0), days(7, 12), NoComparison::Lengths(7, 6));
        check(days(0, -1), days(0, -1), NoComparison::Lengths(0, 0));
        let mix = ([1, 1, 1, 1, 0, 0, 0], [1, 0, 0, 0, 1, 1, 1]);
        check(days(0, 3), days(4, 7), NoComparison::Weekdays(mix.0, mix.1));
        check(week(0), week(14), NoComparison::Unfinished);
        check(week(0), week(5), NoComparison::NoData);
    }

    #[test]
    fn sums_need_four_of_five_days_and_means_do_not() {
        let most = values((0..6).chain(7..14));
        assert!(compare(of(most), Style::Cumulative, week(0), week(1), TODAY).is_ok());
        let some = values((0..5).chain(7..14));
        let found = compare(of(some.clone()), Style::Cumulative, week(0), week(1), TODAY);
        assert_eq!(found, Err(NoComparison::Coverage(5.0 / 7.0, 1.0)));
        assert!(compare(of(some), Style::Arithmetic, week(0), week(1), TODAY).is_ok());
    }

    #[test]
    fn a_day_or_two_are_no_average_beside_many() {
        let of_days =
            |days: Day| compare(of(values((0..days).chain(7..14))), Style::Arithmetic, week(0), week(1), TODAY);
        assert_eq!(of_days(1), Err(NoComparison::Uneven(1.0 / 7.0, 1.0)));
        assert!(of_days(2).is_ok());
        // Who weighs himself once a week does so in both.
        let weekly = [0, 7].into_iter();
        assert!(compare(of(values(weekly)), Style::Arithmetic, week(0), week(1), TODAY).is_ok());
    }
}
