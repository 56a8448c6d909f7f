//! Averages over days: only over days with data, and never over the day that is not over.
//!
//! Missing is not zero. An average always says of how many days it is: 8,214, 26 of 30 days.

use super::buckets::Bucket;
use super::per_day::DayValue;
use super::rule::Rule;
use super::stats;
use crate::time::Day;

/// Local days from the first to the last, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// First day.
    pub first: Day,
    /// Last day.
    pub last: Day,
}

impl Period {
    /// Number of days; 0 where the last is before the first.
    pub fn days(self) -> usize {
        usize::try_from(i64::from(self.last) - i64::from(self.first) + 1).unwrap_or(0)
    }

    /// Whether a day is in it.
    pub fn contains(self, day: Day) -> bool {
        (self.first..=self.last).contains(&day)
    }

    /// The part that is over when `today` is the day that is not.
    pub fn before(self, today: Day) -> Self {
        Self { first: self.first, last: self.last.min(today.saturating_sub(1)) }
    }

    /// How many Mondays, Tuesdays and so on are in it.
    pub fn weekdays(self) -> [usize; 7] {
        let mut counts = [self.days() / 7; 7];
        for day in (self.first..=self.last).take(self.days() % 7) {
            // 1970 began on a Thursday.
            if let Some(count) = counts.get_mut((i64::from(day) + 3).rem_euclid(7) as usize) {
                *count += 1;
            }
        }
        counts
    }
}

/// Returns those of some days that are over, or all where none is: an average is of whole days.
pub fn over<T>(days: &[T], is_over: impl Fn(&T) -> bool) -> Vec<&T> {
    let over: Vec<&T> = days.iter().filter(|day| is_over(day)).collect();
    if over.is_empty() { days.iter().collect() } else { over }
}

/// The one number of several days: of those that are over, or of all where none is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OfDays {
    /// In the unit of the days: of sums and counts that of a day, of all else by what each day weighs.
    pub mean: f64,
    /// Days with data that it is of.
    pub days: usize,
    /// Days with data that are not over and therefore not in it.
    pub left_out: usize,
}

impl OfDays {
    /// Of the days of a kind, each with its own number; none without a day.
    pub fn new(rule: Rule, days: &[Bucket], now_ms: i64) -> Option<Self> {
        let counted: Vec<Bucket> = over(days, |day| day.is_complete(now_ms)).into_iter().cloned().collect();
        let mean = rule.of_days(&counted)?;
        Some(Self { mean, days: counted.len(), left_out: days.len() - counted.len() })
    }
}

/// A mean over days, and what it is of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Average {
    /// Mean of the days with data, in the unit of the values.
    pub mean: f64,
    /// Days with data.
    pub days: usize,
    /// Days that are over.
    pub of_days: usize,
}

impl Average {
    /// Share of the days that have data, 0 to 1.
    pub fn coverage(&self) -> f64 {
        self.days as f64 / self.of_days.max(1) as f64
    }
}

/// Returns the mean of the days with data in a period, `today` and later left out; none without such a day. The values
/// are one for each day, in any order.
pub fn average(values: &[DayValue], period: Period, today: Day) -> Option<Average> {
    let over = period.before(today);
    let inside: Vec<f64> = values.iter().filter(|v| over.contains(v.day)).map(|v| v.value).collect();
    let days = inside.len();
    Some(Average { mean: stats::mean(inside)?, days, of_days: over.days() })
}

/// The same of days of a kind that are over at an instant, as [`OfDays`] has their number; `today` is the day of it.
pub fn average_of(rule: Rule, days: &[Bucket], period: Period, (now_ms, today): (i64, Day)) -> Option<Average> {
    let counts = |day: &&Bucket| period.contains(day.day) && day.is_complete(now_ms);
    let inside: Vec<Bucket> = days.iter().filter(counts).cloned().collect();
    Some(Average { mean: rule.of_days(&inside)?, days: inside.len(), of_days: period.before(today).days() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::buckets::Input;
    use crate::series::merge::Span;
    use crate::time::{Zones, parse_day};

    fn day(text: &str) -> Day {
        parse_day(&format!("2026-{text}")).expect("a day")
    }

    fn values(list: &[(&str, f64)]) -> Vec<DayValue> {
        list.iter().map(|(text, value)| DayValue { day: day(text), value: *value }).collect()
    }

    #[test]
    fn an_average_is_of_the_days_with_data() {
        let april = Period { first: day("04-01"), last: day("04-30") };
        let list: Vec<DayValue> = (0..26).map(|n| DayValue { day: april.first + n, value: 8214.0 }).collect();
        let found = average(&list, april, day("05-01")).expect("an average");
        assert_eq!(found, Average { mean: 8214.0, days: 26, of_days: 30 });
        assert_eq!((found.coverage() * 100.0).round(), 87.0);
        assert_eq!(average(&[], april, day("05-01")), None);
    }

    #[test]
    fn a_zero_that_was_written_counts_and_a_missing_day_does_not() {
        let week = Period { first: day("03-02"), last: day("03-08") };
        let list = values(&[("03-02", 0.0), ("03-04", 1000.0)]);
        let found = average(&list, week, day("03-09"));
        assert_eq!(found, Some(Average { mean: 500.0, days: 2, of_days: 7 }));
    }

    #[test]
    fn a_month_that_is_not_over_has_days_that_are() {
        let bucket = |text: &str, value: f64| {
            let start_ms = i64::from(day(text)) * 86_400_000;
            let kind = crate::kind::find("step_count").expect("a kind");
            let span = Span { start_ms, end_ms: start_ms + 1000, value, rank: 0 };
            let rows = [Input { span, copies: 1 }];
            let zones = Zones::named("UTC").expect("a zone");
            Rule::of(kind).day_buckets(&rows, &zones).remove(0)
        };
        let days = [bucket("03-02", 1000.0), bucket("03-03", 3000.0), bucket("03-04", 17.0)];
        let noon_ms = i64::from(day("03-04")) * 86_400_000 + 43_200_000;
        let found = |days: &[Bucket]| OfDays::new(Rule::ResidualFill, days, noon_ms);
        assert_eq!(found(&days), Some(OfDays { mean: 2000.0, days: 2, left_out: 1 }));
        assert_eq!(found(&days[2..]), Some(OfDays { mean: 17.0, days: 1, left_out: 0 }), "there is nothing else");
        assert_eq!(found(&[]), None);
        let march = Period { first: day("03-01"), last: day("03-31") };
        let average = average_of(Rule::ResidualFill, &days, march, (noon_ms, day("03-04")));
        assert_eq!(average, Some(Average { mean: 2000.0, days: 2, of_days: 3 }));
        assert_eq!(average_of(Rule::ResidualFill, &days[2..], march, (noon_ms, day("03-04"))), None);
    }

    #[test]
    fn today_is_left_out() {
        let week = Period { first: day("03-02"), last: day("03-08") };
        let list = values(&[("03-02", 1000.0), ("03-03", 3000.0), ("03-04", 17.0)]);
        let found = average(&list, week, day("03-04"));
        assert_eq!(found, Some(Average { mean: 2000.0, days: 2, of_days: 2 }));
        assert_eq!(average(&list, week, day("03-02")), None);
    }

    #[test]
    fn weekdays_are_counted_from_monday() {
        let days = |first, last| Period { first: day(first), last: day(last) }.weekdays();
        assert_eq!(days("03-02", "03-08"), [1; 7]);
        assert_eq!(days("03-07", "03-16"), [2, 1, 1, 1, 1, 2, 2]);
        assert_eq!(days("03-08", "03-07"), [0; 7]);
    }
}
