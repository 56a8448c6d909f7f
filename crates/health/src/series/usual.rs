//! What is usual for this person: a band of own history, never of other people.

use super::per_day::DayValue;
use super::stats::{percentile, sorted};
use crate::time::Day;

/// Days of history that make the band.
pub const HISTORY_DAYS: Day = 28;
/// Days with data that it needs: half of them. Tenths of fewer values would be single days.
pub const LEAST_DAYS: usize = 14;

/// The range in which four of five days of the last four weeks lie.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Band {
    /// A tenth of the days is below.
    pub low: f64,
    /// A tenth of the days is above.
    pub high: f64,
    /// Days with data that it comes from.
    pub days: usize,
}

/// Returns the band of the [`HISTORY_DAYS`] days before a day, that day itself left out; none with fewer than
/// [`LEAST_DAYS`] days of data. The values are one for each day, in any order.
pub fn usual(values: &[DayValue], day: Day) -> Option<Band> {
    let history = values.iter().filter(|v| (day.saturating_sub(HISTORY_DAYS)..day).contains(&v.day));
    let history = sorted(history.map(|v| v.value));
    if history.len() < LEAST_DAYS {
        return None;
    }
    Some(Band { low: percentile(&history, 0.1)?, high: percentile(&history, 0.9)?, days: history.len() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_band_is_that_of_the_four_weeks_before() {
        // Values equal their day; day 100 is out of its own band.
        let values: Vec<DayValue> = (0..=100).rev().map(|day| DayValue { day, value: f64::from(day) }).collect();
        let band = usual(&values, 100).expect("a band");
        assert_eq!((band.days, band.low.round(), band.high.round()), (28, 75.0, 96.0));
    }

    #[test]
    fn half_of_the_days_are_enough_and_fewer_are_not() {
        let values: Vec<DayValue> = (0..28).map(|day| DayValue { day, value: 1.0 }).collect();
        assert_eq!(usual(&values, 42), Some(Band { low: 1.0, high: 1.0, days: 14 }));
        assert_eq!(usual(&values, 43), None);
    }
}
