//! A stretch of days beside an earlier one: as long, of the same weekdays, and only where both have enough days.

use health::kind::{Style, fold};
use health::language::word as said;
use health::series::buckets::Bucket;
use health::series::compare::{NoComparison, compare};
use health::series::per_day::DayValue;
use health::series::periods::Period;
use health::time::{Day, Zones, format_day};
use serde::{Deserialize, Serialize};
use store::Store;

use crate::charts;
use crate::charts::measure::{Shown, most};
use crate::daily::of_kind;
use crate::display::Units;
use crate::error::{Error, Result};
use crate::folder::Folder;
use crate::local::{Days, find_kind, zones};
use crate::sleep::Sleeper;

/// Which earlier stretch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Earlier {
    /// The days right before.
    Before,
    /// The same weeks a year ago: 364 days, so that weekdays stay what they are, or as many years as the stretch has.
    Year,
    /// Days that end with this one or, so that weekdays stay what they are, up to six days before.
    Until(Day),
}

impl TryFrom<String> for Earlier {
    type Error = Error;

    fn try_from(word: String) -> Result<Self> {
        Ok(match word.as_str() {
            "before" => Self::Before,
            "year" => Self::Year,
            day => Self::Until(charts::day(day)?),
        })
    }
}

/// Two stretches, and their averages where they may be compared.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Beside {
    /// First and last day of the stretch: whole weeks that are over.
    pub days: (String, String),
    /// First and last day of the earlier one.
    pub earlier_days: (String, String),
    /// Averages, where they may be compared.
    pub averages: Option<Averages>,
    /// Why not: `too_short` for less than a week, `no_data`, or `few_days` where a sum lacks a fifth of the days.
    pub reason: Option<&'static str>,
}

/// The averages of days with data.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Averages {
    /// Of the stretch.
    pub now: f64,
    /// Of the earlier one.
    pub earlier: f64,
    /// The first minus the second.
    pub difference: f64,
    /// That as a share of the earlier one; none where it is zero.
    pub relative: Option<f64>,
    /// Unit of all three, as people write it.
    pub unit: String,
    /// Digits behind the point.
    pub digits: usize,
    /// Days with data in either.
    pub with_data: (usize, usize),
    /// Days of either.
    pub of_days: usize,
}

const WEEK: Day = 7;
/// A year of whole weeks.
const YEAR: Day = 52 * WEEK;

/// Compares a type from one day to another with an earlier stretch.
pub fn beside(folder: &Folder, word: &str, days: (&str, &str), earlier: Earlier, now_ms: i64) -> Result<Beside> {
    let store = folder.read()?;
    let zones = zones(&store)?;
    let today = zones.day(now_ms);
    let asked = Period { first: charts::day(days.0)?, last: charts::day(days.1)? };
    let (now, before) = periods(asked, earlier, today);
    let span = Days { from: Some(before.first.min(now.first)), to: Some(before.last.max(now.last)) };
    let Series { values, style, unit, digits } =
        if fold(word) == SLEEP { nights(&store, &zones, span)? } else { days_of(&store, &zones, word, span)? };
    let compared = compare(&values, style, before, now, today);
    let (averages, reason) = match compared {
        Ok(found) => {
            let averages = Averages {
                now: found.second.mean,
                earlier: found.first.mean,
                difference: found.difference,
                relative: found.relative,
                unit: said(&unit),
                digits,
                with_data: (found.second.days, found.first.days),
                of_days: now.days(),
            };
            (Some(averages), None)
        }
        Err(why) => (None, Some(reason(&why))),
    };
    let ends = |period: Period| (format_day(period.first), format_day(period.last));
    Ok(Beside { days: ends(now), earlier_days: ends(before), averages, reason })
}

/// What has no type of its own: the length of nights.
const SLEEP: &str = "sleep";

/// One number a day, as it is shown.
struct Series {
    values: Vec<DayValue>,
    style: Style,
    unit: String,
    digits: usize,
}

fn days_of(store: &Store, zones: &Zones, word: &str, span: Days) -> Result<Series> {
    let found = find_kind(store, word)?;
    let orders = store.orders()?;
    let rows = of_kind(store, &found, span, orders.of(&found.kind.identifier), zones)?;
    let shown = Shown::new(&found.kind, &Units::of_store(store)?, most(rows.iter().map(|day| day.value)));
    let value = |day: &Bucket| DayValue { day: day.day, value: shown.value(day.value) };
    let measure = shown.measure();
    Ok(Series {
        values: rows.iter().map(value).collect(),
        style: found.kind.style,
        unit: measure.unit.to_owned(),
        digits: measure.decimals,
    })
}

/// Minutes asleep of each night: a night that nobody measured is missing and not short.
fn nights(store: &Store, zones: &Zones, span: Days) -> Result<Series> {
    let hours = charts::hours_asleep(&Sleeper::new(store, &store.orders()?, zones)?, span)?;
    let values = hours.into_iter().map(|(day, hours)| DayValue { day, value: hours * 60.0 }).collect();
    Ok(Series { values, style: Style::Arithmetic, unit: "min".to_owned(), digits: 0 })
}

/// The last whole weeks of what was asked for that are over, and as many earlier ones.
fn periods(asked: Period, earlier: Earlier, today: Day) -> (Period, Period) {
    let over = asked.before(today);
    let length = Day::try_from(over.days()).unwrap_or(0) / WEEK * WEEK;
    let now = Period { first: over.last.saturating_sub(length - 1), last: over.last };
    let back = match earlier {
        Earlier::Before => length,
        Earlier::Year => YEAR * ((length - 1).max(0) / YEAR + 1),
        // Whole weeks earlier; a later stretch is never the earlier one.
        Earlier::Until(day) => (now.last.saturating_sub(day).max(length) + WEEK - 1) / WEEK * WEEK,
    };
    (now, Period { first: now.first.saturating_sub(back), last: now.last.saturating_sub(back) })
}

fn reason(why: &NoComparison) -> &'static str {
    match why {
        NoComparison::NoData => "no_data",
        NoComparison::Coverage(..) => "few_days",
        // The periods are made alike: only their length may be none.
        NoComparison::Lengths(..) | NoComparison::Weekdays(..) | NoComparison::Unfinished => "too_short",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestFolder;

    #[track_caller]
    fn check_periods(asked: (Day, Day), earlier: Earlier, expected: [(Day, Day); 2]) {
        let (now, before) = periods(Period { first: asked.0, last: asked.1 }, earlier, 1000);
        assert_eq!([now, before].map(|period| (period.first, period.last)), expected);
    }

    #[test]
    fn whole_weeks_that_are_over_stand_beside_as_many() {
        check_periods((980, 993), Earlier::Before, [(980, 993), (966, 979)]);
        // Today is left out, and so is what makes no whole week.
        check_periods((985, 1000), Earlier::Before, [(986, 999), (972, 985)]);
        check_periods((993, 999), Earlier::Year, [(993, 999), (629, 635)]);
        check_periods((600, 999), Earlier::Year, [(601, 999), (-127, 271)]);
        check_periods((980, 993), Earlier::Until(800), [(980, 993), (784, 797)]);
        check_periods((980, 993), Earlier::Until(797), [(980, 993), (784, 797)]);
        check_periods((980, 993), Earlier::Until(990), [(980, 993), (966, 979)]);
        check_periods((998, 999), Earlier::Before, [(1000, 999), (1000, 999)]);
    }

    fn steps(day: Day, value: f64) -> String {
        let day = format_day(day);
        format!(
            "<Record type=\"HKQuantityTypeIdentifierStepCount\" sourceName=\"Watch\" unit=\"count\" \
             startDate=\"{day} 10:00:00 +0000\" endDate=\"{day} 11:00:00 +0000\" value=\"{value}\"/>"
        )
    }

    #[test]
    fn a_week_is_compared_where_both_have_most_of_their_days() {
        let first: Day = 20_500;
        let rows: Vec<String> = (0..14).map(|n| steps(first + n, if n < 7 { 8000.0 } else { 9000.0 })).collect();
        let folder = TestFolder::of_rows("beside-steps", &rows);
        let now_ms = i64::from(first + 14) * 86_400_000 + 1;
        let ask = |from: Day, to: Day, earlier| {
            let days = (format_day(from), format_day(to));
            beside(&folder, "step_count", (&days.0, &days.1), earlier, now_ms).expect("an answer")
        };
        let week = ask(first + 7, first + 13, Earlier::Before);
        let averages = week.averages.expect("averages");
        assert_eq!((averages.now, averages.earlier, averages.relative), (9000.0, 8000.0, Some(0.125)));
        assert_eq!((averages.with_data, averages.of_days, averages.unit.as_str()), ((7, 7), 7, "steps"));
        assert_eq!(ask(first + 7, first + 13, Earlier::Year).reason, Some("no_data"));
        assert_eq!(ask(first + 9, first + 13, Earlier::Before).reason, Some("too_short"));
        assert_eq!(ask(first + 3, first + 9, Earlier::Before).reason, Some("few_days"));
    }

    #[test]
    fn nights_are_compared_by_how_long_somebody_slept() {
        let first: Day = 20_500;
        let night = |n: Day| {
            let (evening, morning) = (format_day(first + n - 1), format_day(first + n));
            let hour = if n < 7 { 6 } else { 7 };
            format!(
                "<Record type=\"HKCategoryTypeIdentifierSleepAnalysis\" sourceName=\"Watch\" \
                 value=\"HKCategoryValueSleepAnalysisAsleepCore\" startDate=\"{evening} 23:00:00 +0000\" \
                 endDate=\"{morning} {hour:02}:00:00 +0000\"/>"
            )
        };
        let rows: Vec<String> = (0..14).map(night).collect();
        let folder = TestFolder::of_rows("beside-sleep", &rows);
        crate::settings::set(&folder, "home_zone", "UTC").expect("set");
        let days = (format_day(first + 7), format_day(first + 13));
        let now_ms = i64::from(first + 14) * 86_400_000 + 1;
        let week = beside(&folder, "sleep", (&days.0, &days.1), Earlier::Before, now_ms).expect("an answer");
        let averages = week.averages.expect("averages");
        assert_eq!((averages.now, averages.earlier, averages.unit.as_str()), (480.0, 420.0, "min"));
    }

    #[test]
    fn an_earlier_time_is_a_word_or_a_day() {
        let check = |word: &str, expected: Option<Earlier>| {
            assert_eq!(Earlier::try_from(word.to_owned()).ok(), expected, "{word}");
        };
        check("before", Some(Earlier::Before));
        check("year", Some(Earlier::Year));
        check("1970-01-11", Some(Earlier::Until(10)));
        check("later", None);
    }
}
