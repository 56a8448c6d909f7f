//! What changed lately: the last week beside the four weeks before it, else the last four weeks beside those before.
//! Only what enough days support is told, and no change is called good or bad.

use chart::model::Bucket;
use health::series::per_day::DayValue;
use health::series::trend::{TREND_DAYS, trend};
use health::series::usual::usual;
use health::time::{Day, Zones, format_day};
use serde::Serialize;

use super::nights::nights;
use crate::charts::{self, Question, Reach, Subject};
use crate::error::Result;
use crate::folder::Folder;
use crate::local::{Days, find_kind, zones};

/// One statement.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// `outside` for a week whose mean lies beyond what was usual, `trend` for four weeks of another mean than the four
    /// before, `bedtime` for minutes later or earlier, `latest` for a new value of what is measured seldom.
    pub what: &'static str,
    /// As in `vitalog chart`.
    pub subject: String,
    /// Its name.
    pub name: String,
    /// Now.
    pub value: f64,
    /// Before; of `latest` the value before, where there is one.
    pub before: Option<f64>,
    /// Unit of both.
    pub unit: String,
    /// Days with data before.
    pub days: usize,
    /// The day of the newest number.
    pub day: String,
}

const WATCHED: [&str; 9] = [
    "resting_heart_rate",
    "heart_rate_variability_sdnn",
    "step_count",
    "active_energy_burned",
    "respiratory_rate",
    "oxygen_saturation",
    "walking_heart_rate_average",
    "walking_speed",
    "apple_exercise_time",
];
/// Measured seldom, so that each value is news.
const SELDOM: &str = "vo2_max";
/// Statements on one page.
const MOST: usize = 5;
const WEEK: u32 = 7;
const BEFORE: u32 = 28;
/// Days of the week, and nights, that must have data.
const LEAST_NOW: usize = 4;
/// Days before that must have data.
const LEAST_BEFORE: usize = 20;
/// Minutes by which bedtime must have moved.
const LEAST_MINUTES: f64 = 20.0;

/// Tells what changed in the week that ends with a day.
pub fn changes(folder: &Folder, last: &str, now_ms: i64) -> Result<Vec<Change>> {
    let last = charts::day(last)?;
    let mut found = Vec::new();
    found.extend(bedtime(folder, last)?);
    let mut slow = Vec::new();
    for subject in WATCHED {
        match outside(folder, subject, last, now_ms)? {
            Some(change) => found.push(change),
            None => slow.extend(trending(folder, subject, last, now_ms)?),
        }
    }
    found.extend(latest(folder, last, now_ms)?);
    found.extend(slow);
    found.truncate(MOST);
    Ok(found)
}

fn model(folder: &Folder, subject: &str, days: u32, last: Day, now_ms: i64) -> Result<chart::Model> {
    let subject = Subject::Type(subject.to_owned());
    charts::chart(folder, &Question { subject, reach: Some(Reach::Days(days)), last: Some(last), page: 1, now_ms })
}

fn has_rows(folder: &Folder, subject: &str) -> Result<bool> {
    Ok(find_kind(&folder.read()?, subject)?.id.is_some())
}

fn outside(folder: &Folder, subject: &str, last: Day, now_ms: i64) -> Result<Option<Change>> {
    if !has_rows(folder, subject)? {
        return Ok(None);
    }
    let now = model(folder, subject, WEEK, last, now_ms)?;
    let first = last - (WEEK as Day - 1);
    let before = model(folder, subject, BEFORE, first - 1, now_ms)?;
    let history = days_of(&before, &zones(&folder.read()?)?);
    let (Some(value), Some(was)) = (now.totals, before.totals) else { return Ok(None) };
    if now.buckets.len() < LEAST_NOW || history.len() < LEAST_BEFORE {
        return Ok(None);
    }
    let band = usual(&history, first).filter(|band| value.mean < band.low || value.mean > band.high);
    Ok(band.map(|_| Change {
        what: "outside",
        subject: subject.to_owned(),
        name: now.title,
        value: value.mean,
        before: Some(was.mean),
        unit: now.unit,
        days: history.len(),
        day: format_day(last),
    }))
}

/// The days of a chart, one number each.
fn days_of(model: &chart::Model, zones: &Zones) -> Vec<DayValue> {
    let day = |bucket: &Bucket| DayValue { day: zones.day(bucket.start_ms), value: bucket.mean };
    model.buckets.iter().map(day).collect()
}

fn trending(folder: &Folder, subject: &str, last: Day, now_ms: i64) -> Result<Option<Change>> {
    if !has_rows(folder, subject)? {
        return Ok(None);
    }
    let zones = zones(&folder.read()?)?;
    // A day that is not over says nothing yet.
    let today = last.saturating_add(1).min(zones.day(now_ms));
    let ending = |last: Day| model(folder, subject, TREND_DAYS as u32, last, now_ms);
    let (now, before) = (ending(today - 1)?, ending(today - 1 - TREND_DAYS)?);
    let days = [days_of(&before, &zones), days_of(&now, &zones)].concat();
    Ok(trend(&days, today).ok().map(|trend| Change {
        what: "trend",
        subject: subject.to_owned(),
        name: now.title,
        value: trend.now.mean,
        before: Some(trend.before.mean),
        unit: now.unit,
        days: trend.before.days,
        day: format_day(today - 1),
    }))
}

fn bedtime(folder: &Folder, last: Day) -> Result<Option<Change>> {
    let between = |from: Day, to: Day| nights(folder, Days { from: Some(from), to: Some(to) });
    let first = last - (WEEK as Day - 1);
    let (now, before) = (between(first, last)?, between(first - BEFORE as Day, first - 1)?);
    let (Some(at), Some(was)) = (now.asleep_at, before.asleep_at) else { return Ok(None) };
    // Around midnight the difference goes the short way.
    let moved = (at - was + 720.0).rem_euclid(1440.0) - 720.0;
    let enough = now.nights >= LEAST_NOW && before.nights >= LEAST_BEFORE && moved.abs() >= LEAST_MINUTES;
    Ok(enough.then(|| Change {
        what: "bedtime",
        subject: "sleep".to_owned(),
        name: "Sleep".to_owned(),
        value: moved,
        before: Some(was),
        unit: "min".to_owned(),
        days: before.nights,
        day: format_day(last),
    }))
}

fn latest(folder: &Folder, last: Day, now_ms: i64) -> Result<Option<Change>> {
    if !has_rows(folder, SELDOM)? {
        return Ok(None);
    }
    let model = model(folder, SELDOM, BEFORE, last, now_ms)?;
    let zones = zones(&folder.read()?)?;
    let mut newest = model.buckets.iter().rev();
    let value = newest.next().map(|bucket| (bucket.mean, zones.day(bucket.start_ms)));
    Ok(value.map(|(value, day)| Change {
        what: "latest",
        subject: SELDOM.to_owned(),
        name: model.title.clone(),
        value,
        before: newest.next().map(|bucket| bucket.mean),
        unit: model.unit.clone(),
        days: model.buckets.len(),
        day: format_day(day),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestFolder;

    #[test]
    fn a_few_days_support_no_statement() {
        let folder = TestFolder::filled("changes-few");
        let found = changes(&folder, "2026-04-01", 1_777_629_600_000).expect("changes");
        assert!(found.iter().all(|change| change.what == "latest"), "{found:?}");
    }

    /// A resting heart rate every day, of which the last ones are others.
    #[track_caller]
    fn check(name: &str, days: usize, last: &[f64], expected: &[(&str, f64, f64)]) {
        let row = |(n, value): (usize, f64)| {
            let day = format_day(20_454 + n as Day);
            format!(
                "<Record type=\"HKQuantityTypeIdentifierRestingHeartRate\" sourceName=\"Watch\" unit=\"count/min\" \
                 startDate=\"{day} 12:00:00 +0000\" endDate=\"{day} 12:00:00 +0000\" value=\"{value}\"/>"
            )
        };
        let usual = (0..days - last.len()).map(|n| 60.0 + (n % 3) as f64);
        let rows: Vec<String> = usual.chain(last.iter().copied()).enumerate().map(row).collect();
        let folder = TestFolder::of_rows(name, &rows);
        // The last day is the one that has not ended.
        let today = 20_454 + days as Day;
        let now_ms = i64::from(today) * 86_400_000 + 1;
        let found = changes(&folder, &format_day(today), now_ms).expect("changes");
        let round = |value: f64| (value * 100.0).round() / 100.0;
        let found: Vec<_> =
            found.iter().map(|c| (c.what, round(c.value), round(c.before.unwrap_or_default()))).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn four_weeks_of_another_mean_are_a_trend_unless_the_last_week_says_more() {
        check("changes-trend", 56, &[61.5; 28], &[("trend", 61.5, 60.96)]);
        check("changes-even", 56, &[], &[]);
        check("changes-short", 46, &[61.5; 28], &[]);
        check("changes-week", 56, &[70.0; 7], &[("outside", 70.0, 61.32)]);
    }

    #[test]
    fn a_day_that_is_none_is_refused() {
        let folder = TestFolder::filled("changes-day");
        assert!(changes(&folder, "yesterday", 0).is_err());
    }
}
