//! A stretch of days beside an earlier one: whole weeks, so that both have the same weekdays, or the very days that
//! somebody looks at; and only where both have enough days.

use health::kind::{Style, fold};
use health::language::word as said;
use health::series::buckets::Bucket;
use health::series::compare::{Comparison, NoComparison, compare, compare_any};
use health::series::per_day::DayValue;
use health::series::periods::{Average, Period, average, average_of};
use health::series::rule::Rule;
use health::time::{Day, Zones, format_day};
use health::{counted, key, say};
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
    /// As many days as the stretch has, which end with this one.
    Until(Day),
    /// These days, however many.
    Days(Period),
}

impl TryFrom<String> for Earlier {
    type Error = Error;

    fn try_from(word: String) -> Result<Self> {
        Ok(match word.as_str() {
            "before" => Self::Before,
            "year" => Self::Year,
            days => match days.split_once("..") {
                Some((first, last)) => Self::Days(Period { first: charts::day(first)?, last: charts::day(last)? }),
                None => Self::Until(charts::day(days)?),
            },
        })
    }
}

/// Two stretches, and their averages where they may be compared.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Beside {
    /// First and last day of the stretch: beside days that somebody named all of it, else its whole weeks that are
    /// over.
    pub days: (String, String),
    /// First and last day of the earlier one.
    pub earlier_days: (String, String),
    /// Averages, where they may be compared.
    pub averages: Option<Averages>,
    /// What is special about the days, in words: that they are whole weeks, or that both have some.
    pub note: Option<String>,
    /// Why not: `too_short` for less than a week, `no_data`, `few_days` where a sum lacks a fifth of the days, or
    /// `uneven` where one has far fewer days with data than the other.
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
    /// The first minus the second, as both are written: with `digits`.
    pub difference: f64,
    /// That as a share of the earlier one; none where it is zero.
    pub relative: Option<f64>,
    /// Unit of all three, as people write it.
    pub unit: String,
    /// Digits behind the point: one more than charts have where else the difference would not be that of the averages.
    pub digits: usize,
    /// Days with data in either.
    pub with_data: (usize, usize),
    /// Days of the stretch that are over.
    pub of_days: usize,
    /// The same of the earlier one.
    pub earlier_of_days: usize,
}

const WEEK: Day = 7;
/// Among more days a weekday more or less changes nothing.
const MANY_DAYS: usize = 100;
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
    let series = if fold(word) == SLEEP { nights(&store, &zones, span)? } else { days_of(&store, &zones, word, span)? };
    let average = |period: Period| series.average(period, (now_ms, today));
    let compared = match earlier {
        Earlier::Before | Earlier::Year => compare(average, series.style, before, now, today),
        Earlier::Until(_) | Earlier::Days(_) => compare_any(average, series.style, before, now, today),
    };
    let (averages, reason) = match compared {
        Ok(found) => (Some(series.told(&found)), None),
        Err(why) => (None, Some(reason(&why))),
    };
    let ends = |period: Period| (format_day(period.first), format_day(period.last));
    let note = averages.as_ref().and_then(|_| note(earlier, asked, now, before));
    Ok(Beside { days: ends(now), earlier_days: ends(before), averages, note, reason })
}

/// What nobody would guess of the days.
fn note(earlier: Earlier, asked: Period, now: Period, before: Period) -> Option<String> {
    if matches!(earlier, Earlier::Before | Earlier::Year) {
        let weeks = key!("Whole weeks that are over, so that both times have the same weekdays.");
        return (now != asked).then(|| said(weeks));
    }
    let both = Period { first: now.first.max(before.first), last: now.last.min(before.last) }.days();
    let both = match both {
        0 => None,
        1 => Some(said(key!("1 day is in both times."))),
        _ => Some(say!("{days} are in both times.", days = counted!(both, "day"))),
    };
    let notes: Vec<String> = both.into_iter().chain(unlike(now, before)).collect();
    (!notes.is_empty()).then(|| notes.join(" "))
}

/// What two times that somebody chose do not have in common; of many weeks a weekday more or less changes nothing.
fn unlike(now: Period, before: Period) -> Option<String> {
    let (days, others) = (now.days(), before.days());
    let is_long = days.min(others) > MANY_DAYS;
    // A leap year is as long as another one.
    if days.abs_diff(others) > usize::from(is_long) {
        return Some(said(key!("They are not equally long.")));
    }
    let weekdays = key!("They have other weekdays: with ranges of whole weeks both have the same.");
    let is_week = days >= WEEK.unsigned_abs() as usize;
    (is_week && !is_long && now.weekdays() != before.weekdays()).then(|| said(weekdays))
}

/// What has no type of its own: the length of nights.
const SLEEP: &str = "sleep";

/// One number a day, as it is shown.
struct Series {
    days: Of,
    style: Style,
    unit: String,
    digits: usize,
}

/// What the days are of.
enum Of {
    /// A type, with how its values are shown.
    Type(Rule, Vec<Bucket>, Box<Shown>),
    /// Minutes asleep.
    Nights(Vec<DayValue>),
}

impl Series {
    /// The average of a period, as its explanation has it.
    fn average(&self, period: Period, (now_ms, today): (i64, Day)) -> Option<Average> {
        match &self.days {
            Of::Type(rule, days, shown) => {
                let found = average_of(*rule, days, period, (now_ms, today))?;
                Some(Average { mean: shown.value(found.mean), ..found })
            }
            // Who woke up has slept.
            Of::Nights(nights) => average(nights, period, today.saturating_add(1)),
        }
    }

    fn told(&self, found: &Comparison) -> Averages {
        let (now, earlier) = (found.second.mean, found.first.mean);
        // Minutes are written whole, as everywhere.
        let is_nights = matches!(self.days, Of::Nights(_));
        let written = |value: f64, digits: usize| match is_nights {
            true => chart::whole_minutes(value) as f64,
            false => chart::as_written(value, digits),
        };
        let apart = |digits: usize| written(now, digits) - written(earlier, digits);
        let is_fine = |digits: usize| (apart(digits) - chart::as_written(now - earlier, digits)).abs() < 1e-9;
        let digits = self.digits + usize::from(!is_nights && !is_fine(self.digits));
        Averages {
            now,
            earlier,
            difference: chart::as_written(apart(digits), digits),
            relative: found.relative,
            unit: said(&self.unit),
            digits,
            with_data: (found.second.days, found.first.days),
            of_days: found.second.of_days,
            earlier_of_days: found.first.of_days,
        }
    }
}

fn days_of(store: &Store, zones: &Zones, word: &str, span: Days) -> Result<Series> {
    let found = find_kind(store, word)?;
    let orders = store.orders()?;
    let rows = of_kind(store, &found, span, orders.of(&found.kind.identifier), zones)?;
    let shown = Shown::new(&found.kind, &Units::of_store(store)?, most(rows.iter().map(|day| day.value)));
    let (unit, digits) = (shown.measure().unit.to_owned(), shown.measure().decimals);
    Ok(Series { days: Of::Type(Rule::of(&found.kind), rows, Box::new(shown)), style: found.kind.style, unit, digits })
}

/// Minutes asleep of each night: a night that nobody measured is missing and not short.
fn nights(store: &Store, zones: &Zones, span: Days) -> Result<Series> {
    let hours = charts::hours_asleep(&Sleeper::new(store, &store.orders()?, zones)?, span)?;
    let values = hours.into_iter().map(|(day, hours)| DayValue { day, value: hours * 60.0 }).collect();
    Ok(Series { days: Of::Nights(values), style: Style::Arithmetic, unit: "min".to_owned(), digits: 0 })
}

/// The last whole weeks of what was asked for that are over, and as many earlier ones; beside days that somebody named
/// all that was asked for.
fn periods(asked: Period, earlier: Earlier, today: Day) -> (Period, Period) {
    let over = asked.before(today);
    let length = Day::try_from(over.days()).unwrap_or(0) / WEEK * WEEK;
    let now = Period { first: over.last.saturating_sub(length - 1), last: over.last };
    let back = match earlier {
        Earlier::Before => length,
        Earlier::Year => YEAR * ((length - 1).max(0) / YEAR + 1),
        Earlier::Days(before) => return (asked, before),
        Earlier::Until(last) => {
            let first = last.saturating_sub(asked.last.saturating_sub(asked.first));
            return (asked, Period { first, last });
        }
    };
    (now, Period { first: now.first.saturating_sub(back), last: now.last.saturating_sub(back) })
}

fn reason(why: &NoComparison) -> &'static str {
    match why {
        NoComparison::NoData => "no_data",
        NoComparison::Coverage(..) => "few_days",
        NoComparison::Uneven(..) => "uneven",
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
        check_periods((998, 999), Earlier::Before, [(1000, 999), (1000, 999)]);
    }

    #[test]
    fn days_that_somebody_looks_at_are_compared_as_they_are() {
        check_periods((971, 1000), Earlier::Until(970), [(971, 1000), (941, 970)]);
        check_periods((980, 993), Earlier::Until(800), [(980, 993), (787, 800)]);
        check_periods((980, 993), Earlier::Until(990), [(980, 993), (977, 990)]);
        let year = Period { first: 300, last: 664 };
        check_periods((665, 1000), Earlier::Days(year), [(665, 1000), (300, 664)]);
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
        assert_eq!(week.note, None);
        let more = ask(first + 6, first + 13, Earlier::Before);
        assert_eq!(more.days, week.days);
        assert!(more.note.is_some_and(|note| note.starts_with("Whole weeks that are over")));
        assert_eq!(ask(first + 7, first + 13, Earlier::Year).reason, Some("no_data"));
        assert_eq!(ask(first + 9, first + 13, Earlier::Before).reason, Some("too_short"));
        assert_eq!(ask(first + 3, first + 9, Earlier::Before).reason, Some("few_days"));
    }

    #[test]
    fn the_written_difference_is_that_of_the_written_averages() {
        let first: Day = 20_500;
        let pulse = |n: Day| {
            let (day, value) = (format_day(first + n), if n < 7 { 71.6 } else { 72.4 });
            format!(
                "<Record type=\"HKQuantityTypeIdentifierRestingHeartRate\" sourceName=\"Watch\" unit=\"count/min\" \
                 startDate=\"{day} 10:00:00 +0000\" endDate=\"{day} 10:00:00 +0000\" value=\"{value}\"/>"
            )
        };
        let folder = TestFolder::of_rows("beside-digits", &(0..14).map(pulse).collect::<Vec<_>>());
        crate::settings::set(&folder, "home_zone", "UTC").expect("set");
        let days = (format_day(first + 7), format_day(first + 13));
        let now_ms = i64::from(first + 14) * 86_400_000 + 1;
        let found = beside(&folder, "resting_heart_rate", (&days.0, &days.1), Earlier::Before, now_ms);
        let averages = found.expect("an answer").averages.expect("averages");
        // Both would be written as 72, and the difference as 1.
        assert_eq!((averages.digits, averages.difference), (1, 0.8));
    }

    #[test]
    fn days_that_are_in_both_times_are_told() {
        let first: Day = 20_500;
        let rows: Vec<String> = (0..20).map(|n| steps(first + n, 1000.0 * f64::from(n))).collect();
        let folder = TestFolder::of_rows("beside-both", &rows);
        crate::settings::set(&folder, "home_zone", "UTC").expect("set");
        let now_ms = i64::from(first + 19) * 86_400_000 + 1;
        let check = |until: Day, note: Option<&str>, means: (f64, f64), of_days: (usize, usize)| {
            let days = (format_day(first + 10), format_day(first + 19));
            let earlier = Earlier::Until(first + until);
            let found = beside(&folder, "step_count", (&days.0, &days.1), earlier, now_ms).expect("an answer");
            let ends = (format_day(first + until - 9), format_day(first + until));
            assert_eq!((found.days, found.earlier_days, found.note.as_deref()), (days, ends, note));
            let averages = found.averages.expect("averages");
            assert_eq!((averages.now, averages.earlier), means);
            assert_eq!((averages.of_days, averages.earlier_of_days), of_days);
        };
        // Today is not over.
        let weekdays = "They have other weekdays: with ranges of whole weeks both have the same.";
        check(9, Some(weekdays), (14_000.0, 4500.0), (9, 10));
        check(10, Some(&format!("1 day is in both times. {weekdays}")), (14_000.0, 5500.0), (9, 10));
        check(14, Some(&format!("5 days are in both times. {weekdays}")), (14_000.0, 9500.0), (9, 10));
    }

    #[test]
    fn what_two_times_do_not_have_in_common_is_told() {
        let check = |now: (Day, Day), before: (Day, Day), expected: Option<&str>| {
            let of = |(first, last): (Day, Day)| Period { first, last };
            assert_eq!(unlike(of(now), of(before)).as_deref(), expected);
        };
        check((14, 20), (7, 13), None);
        check((30, 59), (0, 29), Some("They have other weekdays: with ranges of whole weeks both have the same."));
        check((30, 59), (2, 31), None);
        check((365, 729), (0, 364), None);
        check((365, 730), (0, 364), None);
        check((10, 10), (9, 9), None);
        check((365, 699), (0, 364), Some("They are not equally long."));
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
        check("1970-01-11..1970-01-20", Some(Earlier::Days(Period { first: 10, last: 19 })));
        check("1970-01-11..", None);
        check("later", None);
    }
}
