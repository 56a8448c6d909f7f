//! What changed lately: the last week beside the four weeks before it. Only what enough days support is told, and no
//! change is called good or bad.

use health::time::{Day, format_day};
use serde::Serialize;

use super::nights::nights;
use crate::charts::{self, Question, Reach, Subject};
use crate::error::Result;
use crate::folder::Folder;
use crate::local::{Days, find_kind, zones};
use health::series::per_day::DayValue;
use health::series::usual::usual;

/// One statement.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// `outside` for a week whose mean lies beyond what was usual, `bedtime` for minutes later or earlier, `latest` for
    /// a new value of what is measured seldom.
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
    for subject in WATCHED {
        found.extend(outside(folder, subject, last, now_ms)?);
    }
    found.extend(latest(folder, last, now_ms)?);
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
    let zones = zones(&folder.read()?)?;
    let history: Vec<DayValue> =
        before.buckets.iter().map(|bucket| DayValue { day: zones.day(bucket.start_ms), value: bucket.mean }).collect();
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

    #[test]
    fn a_day_that_is_none_is_refused() {
        let folder = TestFolder::filled("changes-day");
        assert!(changes(&folder, "yesterday", 0).is_err());
    }
}
