//! Where the number of a week, a month or a year comes from: its days, each with its own number, and how they become
//! one. A stretch of more than a year is told by its years.

use health::key;
use health::kind;
use health::language::word;
use health::series::buckets::{Bucket, Calendar, Grain};
use health::series::periods::{Period, over};
use health::series::rule::Rule;
use health::series::sleep::{Kind, Session};
use health::time::{Day, Zones, format_day};
use serde::Serialize;
use store::Store;
use store::query::Orders;

use super::{MINUTE_MS, NAMED_NIGHT, NIGHT};
use crate::daily::of_kind;
use crate::error::{Code, Error, Result};
use crate::folder::Folder;
use crate::local::{Days, Found, find_kind, zones};
use crate::sleep::{SLEEP, Sleeper};

/// Up to so many days are told one by one.
const MOST_DAYS: Day = 366;
/// Nobody's data are older; it keeps an answer bounded.
const LONGEST_DAYS: Day = 366 * 150;

/// The answer of `vitalog explain` for a stretch of days.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DaysAnswer {
    /// Apple's identifier.
    #[serde(rename = "type")]
    pub kind: String,
    /// First local day.
    pub from: String,
    /// Last local day.
    pub to: String,
    /// Mean of the days that count: a sum's a day, of all else that of the numbers by what each weighs. Null without
    /// any.
    pub mean: Option<f64>,
    /// All days together; null where sums make no sense.
    pub total: Option<f64>,
    /// Smallest value; null for categories and for sums.
    pub min: Option<f64>,
    /// Largest value; null like the smallest.
    pub max: Option<f64>,
    /// The unit of all.
    pub unit: Option<String>,
    /// Digits behind the point with which people read them; the window's alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digits: Option<usize>,
    /// How the number of a day is made, as in `vitalog daily`.
    pub stat: &'static str,
    /// Code of the rule of a day.
    pub rule: &'static str,
    /// The rule of a day in words.
    pub sentence: String,
    /// Days with data that the mean is of.
    pub counted: usize,
    /// Days of the stretch that have come, today with them.
    pub of_days: usize,
    /// The day that is not over and therefore not in the mean.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_over: Option<String>,
    /// Whether these are nights.
    #[serde(skip)]
    pub nights: bool,
    /// The days with data, or the years, by time.
    pub parts: Vec<PartOfDays>,
}

/// A day of a stretch, or a year of a long one.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PartOfDays {
    /// First local day.
    pub from: String,
    /// Last local day; that of a day is the first.
    pub to: String,
    /// The number of the day; of a year the mean of its days.
    pub value: f64,
    /// Smallest value; null for categories and for sums.
    pub min: Option<f64>,
    /// Largest value; null like the smallest.
    pub max: Option<f64>,
    /// Days with data in it.
    pub days: usize,
}

/// The number of one day, whatever it is made of.
struct Number {
    day: Day,
    value: f64,
    /// Whether nothing more can come.
    is_over: bool,
    /// What it weighs and between what it lies; none of a night.
    bucket: Option<Bucket>,
}

/// Explains the number of a stretch of days by those of its days, both ends included.
pub fn explain_days(folder: &Folder, text: &str, from: &str, to: &str, now_ms: i64) -> Result<DaysAnswer> {
    let days = Days::parse(Some(from), Some(to))?;
    let (first, last) = days.numbers();
    if last.saturating_sub(first) >= LONGEST_DAYS {
        let message = word(key!("Nothing lasts longer than 150 years."));
        return Err(Error::new(Code::BadUsage, message, word(key!("Name fewer days."))));
    }
    let store = folder.read()?;
    let found = find_kind(&store, if kind::fold(text) == "sleep" { SLEEP } else { text })?;
    let (orders, zones) = (store.orders()?, zones(&store)?);
    let is_sleep = found.kind.identifier == SLEEP;
    let numbers = match is_sleep {
        true => nights(&store, &orders, &zones, days)?,
        false => {
            let buckets = of_kind(&store, &found, days, orders.of(&found.kind.identifier), &zones)?;
            buckets.into_iter().map(|bucket| of_day(bucket, now_ms)).collect()
        }
    };
    let told = Told { found: &found, zones: &zones, is_sleep };
    let named = orders.named(SLEEP).is_some();
    Ok(DaysAnswer { sentence: told.sentence(named), ..told.answer(&numbers, (first, last), zones.day(now_ms)) })
}

fn of_day(bucket: Bucket, now_ms: i64) -> Number {
    Number { day: bucket.day, value: bucket.value, is_over: bucket.is_complete(now_ms), bucket: Some(bucket) }
}

/// Minutes asleep in the nights of some days, naps not among them. Who woke up has slept, so each of them is over.
fn nights(store: &Store, orders: &Orders, zones: &Zones, days: Days) -> Result<Vec<Number>> {
    let mut nights: Vec<Number> = Vec::new();
    let sessions = Sleeper::new(store, orders, zones)?.nights(days)?;
    let is_night = |session: &&Session| matches!(session.kind, Kind::Main | Kind::Extra);
    for session in sessions.iter().filter(is_night) {
        let (day, minutes) = (session.day, session.asleep_ms as f64 / MINUTE_MS);
        match nights.last_mut().filter(|last| last.day == day) {
            Some(last) => last.value += minutes,
            None => nights.push(Number { day, value: minutes, is_over: true, bucket: None }),
        }
    }
    Ok(nights)
}

/// What is told of, and how.
struct Told<'a> {
    found: &'a Found,
    zones: &'a Zones,
    is_sleep: bool,
}

impl Told<'_> {
    fn rule(&self) -> Rule {
        Rule::of(&self.found.kind)
    }

    fn adds_up(&self) -> bool {
        self.is_sleep || self.rule().is_sum() || self.rule() == Rule::Count
    }

    fn sentence(&self, named: bool) -> String {
        word(match (self.is_sleep, named) {
            (true, true) => NAMED_NIGHT,
            (true, false) => NIGHT,
            (false, _) => self.rule().sentence(),
        })
    }

    fn answer(&self, numbers: &[Number], (first, last): (Day, Day), today: Day) -> DaysAnswer {
        let all: Vec<&Number> = numbers.iter().collect();
        let counted = counted(&all);
        let left_out = all.iter().find(|number| !number.is_over).filter(|_| counted.len() < all.len());
        let (min, max) = self.extremes(&all);
        let total = || all.iter().map(|number| number.value).sum();
        DaysAnswer {
            kind: self.found.kind.identifier.clone(),
            from: format_day(first),
            to: format_day(last),
            mean: self.mean(&counted),
            total: (self.adds_up() && !all.is_empty()).then(total),
            min,
            max,
            unit: if self.is_sleep { Some("min".to_owned()) } else { self.found.unit_of_days() },
            digits: None,
            stat: if self.is_sleep { "sum" } else { self.rule().stat() },
            rule: if self.is_sleep { "night" } else { self.rule().as_str() },
            sentence: String::new(),
            counted: counted.len(),
            of_days: days_come((first, last), today).max(all.len()),
            not_over: left_out.map(|number| format_day(number.day)),
            nights: self.is_sleep,
            parts: self.parts(&all, (first, last)),
        }
    }

    /// Of sums a day's, of all else by what each day weighs, as the charts have it.
    fn mean(&self, numbers: &[&Number]) -> Option<f64> {
        let buckets: Vec<Bucket> = numbers.iter().filter_map(|number| number.bucket.clone()).collect();
        let plain = || numbers.iter().map(|number| number.value).sum::<f64>() / numbers.len() as f64;
        let of_days = if self.is_sleep { None } else { self.rule().of_days(&buckets) };
        (!numbers.is_empty()).then(|| of_days.unwrap_or_else(plain))
    }

    fn extremes(&self, numbers: &[&Number]) -> (Option<f64>, Option<f64>) {
        if self.adds_up() || self.rule() == Rule::LatestOfBest {
            return (None, None);
        }
        // A day may have nothing but what an earlier one began.
        let with_rows = || numbers.iter().filter_map(|number| number.bucket.as_ref()).filter(|bucket| bucket.n > 0);
        let low = with_rows().map(|bucket| bucket.min).min_by(f64::total_cmp);
        (low, with_rows().map(|bucket| bucket.max).max_by(f64::total_cmp))
    }

    fn parts(&self, numbers: &[&Number], (first, last): (Day, Day)) -> Vec<PartOfDays> {
        if last - first < MOST_DAYS {
            return numbers.iter().map(|number| self.part((number.day, number.day), &[number])).collect();
        }
        let calendar = Calendar { zones: self.zones, grain: Grain::Year, week_start: 0 };
        let year = |day: Day| {
            let (from, next) = calendar.days(day).unwrap_or((day, day + 1));
            (from.max(first), (next - 1).min(last))
        };
        let years = numbers.chunk_by(|a, b| year(a.day) == year(b.day));
        years.filter_map(|run| run.first().map(|number| self.part(year(number.day), run))).collect()
    }

    fn part(&self, (first, last): (Day, Day), numbers: &[&Number]) -> PartOfDays {
        let (min, max) = self.extremes(numbers);
        PartOfDays {
            from: format_day(first),
            to: format_day(last),
            value: self.mean(&counted(numbers)).unwrap_or_default(),
            min,
            max,
            days: numbers.len(),
        }
    }
}

/// How many of some days have come.
pub(crate) fn days_come((first, last): (Day, Day), today: Day) -> usize {
    Period { first, last: last.min(today) }.days()
}

fn counted<'n>(numbers: &[&'n Number]) -> Vec<&'n Number> {
    over(numbers, |number| number.is_over).into_iter().copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestFolder;

    /// Noon of 5 March 2026 in UTC.
    const NOW_MS: i64 = 1_772_712_000_000;

    fn steps(day: &str, value: u32) -> String {
        format!(
            "<Record type=\"HKQuantityTypeIdentifierStepCount\" sourceName=\"Phone\" unit=\"count\" value=\"{value}\" \
             startDate=\"{day} 10:00:00 +0000\" endDate=\"{day} 10:30:00 +0000\"/>"
        )
    }

    fn folder(name: &str, rows: &[String]) -> TestFolder {
        let folder = TestFolder::of_rows(name, rows);
        crate::settings::set(&folder, "home_zone", "UTC").expect("set");
        folder
    }

    #[test]
    fn a_week_is_told_by_its_days() {
        let rows = [steps("2026-03-02", 1000), steps("2026-03-03", 3000), steps("2026-03-05", 500)];
        let folder = folder("explain-week", &rows);
        let told = explain_days(&folder, "step_count", "2026-03-02", "2026-03-08", NOW_MS).expect("an answer");
        assert_eq!((told.mean, told.total, told.counted, told.of_days), (Some(2000.0), Some(4500.0), 2, 4));
        assert_eq!(told.not_over.as_deref(), Some("2026-03-05"));
        let parts: Vec<(&str, f64)> = told.parts.iter().map(|part| (part.from.as_str(), part.value)).collect();
        assert_eq!(parts, [("2026-03-02", 1000.0), ("2026-03-03", 3000.0), ("2026-03-05", 500.0)]);
    }

    #[test]
    fn each_day_is_what_its_own_explanation_says() {
        let folder = TestFolder::filled("explain-each-day");
        crate::settings::set(&folder, "home_zone", "Europe/Berlin").expect("set");
        for word in ["step_count", "heart_rate", "sleep"] {
            let told = explain_days(&folder, word, "2026-03-01", "2026-03-31", NOW_MS).expect("an answer");
            assert!(!told.parts.is_empty(), "{word}");
            for part in &told.parts {
                let day = crate::explain::explain(&folder, word, &part.from).expect("an answer");
                assert_eq!(day.value, Some(part.value), "{word} {}", part.from);
            }
        }
    }

    #[test]
    fn many_years_are_told_by_year() {
        let rows = [steps("2024-12-31", 1000), steps("2025-01-01", 2000), steps("2026-03-03", 3000)];
        let folder = folder("explain-years", &rows);
        let told = explain_days(&folder, "step_count", "2024-06-01", "2026-03-04", NOW_MS).expect("an answer");
        let parts: Vec<(&str, &str, f64)> =
            told.parts.iter().map(|part| (part.from.as_str(), part.to.as_str(), part.value)).collect();
        let expected = [
            ("2024-06-01", "2024-12-31", 1000.0),
            ("2025-01-01", "2025-12-31", 2000.0),
            ("2026-01-01", "2026-03-04", 3000.0),
        ];
        assert_eq!(parts, expected);
    }

    #[track_caller]
    fn check_refused(from: &str, to: &str, expected: Code) {
        let folder = TestFolder::new("explain-refused");
        let error = explain_days(&folder, "step_count", from, to, NOW_MS).expect_err("refused");
        assert_eq!(error.code, expected);
    }

    #[test]
    fn a_stretch_has_an_end_after_its_start() {
        check_refused("2026-03-08", "2026-03-02", Code::BadDate);
        check_refused("1700-01-01", "2026-03-02", Code::BadUsage);
    }
}
