//! How long a stretch of time is drawn, and into what it is cut.
//!
//! | Range | Days | Cut into |
//! |---|---|---|
//! | day | 1 | hours |
//! | week, month | 7, 30 | days |
//! | 6m | 26 weeks, each from its own first day | weeks |
//! | year | 12 calendar months | months |
//! | all | from first to last day with data | days up to two months, weeks up to a year, months up to twenty, years |

use chart::{Range, Step};
use health::series::buckets::{Calendar, Grain};
use health::time::{Day, DayRange, Zones};

use crate::local::Days;

/// How much time a chart shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// One day.
    Day,
    /// Seven days.
    Week,
    /// Thirty days.
    Month,
    /// 26 weeks.
    HalfYear,
    /// Twelve calendar months.
    Year,
    /// From the first day with data.
    All,
    /// So many days; more than two months of them in whole weeks.
    Days(u32),
}

const MONTH_DAYS: Day = 30;
const HALF_YEAR_WEEKS: Day = 26;
/// Up to here single days have room.
const MOST_DAYS: Day = 62;
/// Up to a year in weeks.
const MOST_WEEKS_DAYS: Day = 364;
/// A chart is no longer than `chart::range::LONGEST_DAYS`, the rest of its first and of its last year included.
const LONGEST: Day = chart::range::LONGEST_DAYS as Day - 2 * 366;
/// Up to twenty years in months.
const MOST_MONTHS_DAYS: Day = 20 * 366;

/// The days of a chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretch {
    /// First day.
    pub first: Day,
    /// Last day: that of its last slot.
    pub last: Day,
    /// The day that was asked for; later ones are only there to make the last slot whole.
    pub until: Day,
    /// The day from which on there is something to ask for; earlier ones only make the first slot whole.
    pub since: Day,
    /// Into what it is cut.
    pub grain: Grain,
    /// From when to when in milliseconds since 1970, where it is a part of one day.
    pub part: Option<(i64, i64)>,
    /// Now, in milliseconds since 1970, where some of it may not have come.
    pub now_ms: Option<i64>,
}

impl Stretch {
    /// The stretch that ends with `last`; `earliest` is the first day with data.
    pub fn new(reach: Reach, last: Day, earliest: Day, week_start: i8, zones: &Zones) -> Self {
        let earliest = earliest.clamp(last.saturating_sub(LONGEST), last);
        let (days, grain) = match reach {
            Reach::Day => (1, Grain::Day),
            Reach::Week => (7, Grain::Day),
            Reach::Month => (MONTH_DAYS, Grain::Day),
            Reach::HalfYear => ((HALF_YEAR_WEEKS - 1) * 7 + 1, Grain::Week),
            // The first of the month eleven months before is less than 335 days before the last one.
            Reach::Year => (335, Grain::Month),
            Reach::All => (last - earliest + 1, grain_of(last - earliest + 1)),
            Reach::Days(days) => of_days(days),
        };
        let first = last.saturating_sub(days - 1);
        if days == 1 {
            return Self { first: last, last, until: last, since: last, grain: Grain::Hour, part: None, now_ms: None };
        }
        let calendar = Calendar { zones, grain, week_start };
        let whole = |day: Day| calendar.days(day).unwrap_or((day, day + 1));
        let first = if reach == Reach::Year { eleven_months_before(last, calendar) } else { whole(first).0 };
        let since = if reach == Reach::All { earliest } else { first };
        Self { first, last: whole(last).1 - 1, until: last, since, grain, part: None, now_ms: None }
    }

    /// As the charts take it.
    pub fn range(&self, zones: &Zones) -> Range {
        let since_ms = (self.since > self.first).then(|| zones.day_bounds(self.since).0);
        Range { since_ms, now_ms: self.now_ms, ..self.all(zones) }
    }

    fn all(&self, zones: &Zones) -> Range {
        if let Some((start_ms, end_ms)) = self.part {
            return Range::new(start_ms, end_ms, Step::Hour);
        }
        let step = match self.grain {
            Grain::Hour => Step::Hour,
            Grain::Day => Step::Day,
            Grain::Week => Step::Week,
            Grain::Month => Step::Month,
            Grain::Year => Step::Year,
        };
        let (from_ms, until_ms) = self.instants(zones).range_ms();
        if self.grain == Grain::Hour && from_ms < until_ms {
            return Range::new(from_ms, until_ms, step);
        }
        // Bars of days stand where the days of their noon's zone do.
        let (start_ms, end_ms) = (zones.day_bounds(self.first).0, zones.day_bounds(self.last).1);
        Range::new(start_ms.min(from_ms), end_ms.max(until_ms), step)
    }

    /// The same for charts of single days: whatever it is cut into, it begins with the first day that has data and ends
    /// with the one that was asked for. Of more than twenty years nobody sees a day.
    pub fn range_of_days(&self, zones: &Zones) -> Range {
        let first = self.since.max(self.until.saturating_sub(MOST_MONTHS_DAYS - 1));
        Self { first, last: self.until, grain: Grain::Day, ..*self }.range(zones)
    }

    /// Its instants, wherever the wearer was.
    pub fn instants<'z>(&self, zones: &'z Zones) -> DayRange<'z> {
        self.days().instants(zones)
    }

    /// Whether an instant lies in the part that is told; in all of it where that is no part.
    pub fn holds(&self, at_ms: i64) -> bool {
        self.part.is_none_or(|(from_ms, until_ms)| (from_ms..until_ms).contains(&at_ms))
    }

    /// As the store is asked.
    pub fn days(&self) -> Days {
        Days { from: Some(self.first), to: Some(self.last) }
    }
}

fn eleven_months_before(last: Day, calendar: Calendar<'_>) -> Day {
    let start = |day: Day| calendar.days(day).map_or(day, |(first, _)| first);
    (0..11).fold(start(last), |first, _| start(first - 1))
}

/// Weeks count from their own first day: the last of them holds the last day.
fn of_days(days: u32) -> (Day, Grain) {
    let days = Day::try_from(days.max(1)).unwrap_or(LONGEST).min(LONGEST);
    if days <= MOST_DAYS { (days, Grain::Day) } else { ((days - 1) / 7 * 7 + 1, Grain::Week) }
}

/// Of ten years as many bars as there are pixels for, and no day before the first month counts as one without data.
fn grain_of(days: Day) -> Grain {
    match days {
        days if days <= MOST_DAYS => Grain::Day,
        days if days <= MOST_WEEKS_DAYS => Grain::Week,
        days if days <= MOST_MONTHS_DAYS => Grain::Month,
        _ => Grain::Year,
    }
}

#[cfg(test)]
mod tests {
    use health::time::{format_day, parse_day};

    use super::*;

    #[track_caller]
    fn check(reach: Reach, last: &str, expected: (&str, &str, Grain)) {
        let zones = Zones::named("Europe/Berlin").expect("a zone");
        let day = |text: &str| parse_day(text).expect("a day");
        let found = Stretch::new(reach, day(last), day("2024-05-06"), 0, &zones);
        assert_eq!((format_day(found.first).as_str(), format_day(found.last).as_str(), found.grain), expected);
        let step = found.range(&zones).slots(&zones);
        let calendar = Calendar { zones: &zones, grain: found.grain, week_start: 0 };
        for (start, end) in step {
            let (from, until, _) = calendar.span(start);
            assert_eq!((from, until), (start, end), "a slot is a bucket of the calendar");
        }
    }

    #[test]
    fn a_stretch_ends_with_the_day_that_was_asked_for() {
        check(Reach::Day, "2026-03-14", ("2026-03-14", "2026-03-14", Grain::Hour));
        check(Reach::Week, "2026-03-14", ("2026-03-08", "2026-03-14", Grain::Day));
        check(Reach::Month, "2026-03-30", ("2026-03-01", "2026-03-30", Grain::Day));
    }

    #[test]
    fn weeks_and_months_are_whole() {
        // A Saturday: its week goes from Monday to Sunday.
        check(Reach::HalfYear, "2026-03-14", ("2025-09-15", "2026-03-15", Grain::Week));
        check(Reach::Year, "2026-03-31", ("2025-04-01", "2026-03-31", Grain::Month));
        check(Reach::Year, "2024-02-29", ("2023-03-01", "2024-02-29", Grain::Month));
    }

    #[test]
    fn everything_begins_with_the_first_day_with_data() {
        check(Reach::All, "2024-05-06", ("2024-05-06", "2024-05-06", Grain::Hour));
        check(Reach::All, "2024-05-30", ("2024-05-06", "2024-05-30", Grain::Day));
        check(Reach::All, "2024-09-30", ("2024-05-06", "2024-10-06", Grain::Week));
        check(Reach::All, "2026-03-14", ("2024-05-01", "2026-03-31", Grain::Month));
        check(Reach::All, "2032-03-14", ("2024-05-01", "2032-03-31", Grain::Month));
        check(Reach::All, "2062-03-14", ("2024-01-01", "2062-12-31", Grain::Year));
        // Nobody's data are older than a hundred years.
        check(Reach::All, "2162-03-14", ("2063-01-01", "2162-12-31", Grain::Year));
    }

    #[test]
    fn the_windows_ranges_step_by_whole_weeks() {
        check(Reach::Days(1), "2026-03-14", ("2026-03-14", "2026-03-14", Grain::Hour));
        check(Reach::Days(28), "2026-03-14", ("2026-02-15", "2026-03-14", Grain::Day));
        check(Reach::Days(182), "2026-03-14", ("2025-09-15", "2026-03-15", Grain::Week));
    }
}
