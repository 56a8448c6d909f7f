//! Years over each other: of each month or week of up to five calendar years what a chart of that time would show.

use std::collections::BTreeMap;

use chart::years::{self, By, WEEKS, Year};
use chart::{Model, Range, Step};
use health::kind::fold;
use health::series::buckets::Bucket;
use health::series::rule::Rule;
use health::series::stats::mean;
use health::time::{Day, civil, parse_day};

use super::calendar::SLEEP;
use super::measure::{Shown, most};
use super::sleep;
use super::sums::now_and_then;
use super::view::{View, over};
use crate::error::Result;
use crate::local::{Days, Found, find_kind};

const YEARS: i16 = 5;
const WEEK: Day = 7;

/// Returns the chart of the year of a stretch's last day and of those before it.
pub(super) fn chart(view: &View<'_>, word: &str, by: By) -> Result<Model> {
    if matches!(fold(word).as_str(), "sleep" | "sleepanalysis") {
        let sleeper = view.sleeper()?;
        let span = Span::until(sleep::stretch(view, &sleeper)?.until);
        let hours = sleep::hours(&sleeper, span.days())?;
        let parts = span.cut(hours.into_iter(), by);
        let years = parts
            .into_iter()
            .filter_map(|(year, slots)| told(year, &slots, false, |nights: &[f64]| mean(nights.iter().copied())));
        let years: Vec<Year> = years.rev().collect();
        return Ok(years::model(&SLEEP, &years, by, false, span.range(view), view.zones));
    }
    let found = find_kind(view.store, word)?;
    let span = Span::until(view.stretch_of(&found)?.until);
    let days = over(&view.days(&found, span.first, span.last)?, view.now_ms);
    let parts = span.cut(days.into_iter().map(|day| (day.day, day)), by);
    let total = now_and_then(&found);
    let of_slot = |days: &[Bucket]| number(&found, days);
    let years: Vec<Year> =
        parts.into_iter().filter_map(|(year, slots)| told(year, &slots, total, of_slot)).rev().collect();
    let largest = most(years.iter().flat_map(|year| &year.values).map(|(_, value)| *value));
    let shown = Shown::new(&found.kind, &view.units, largest);
    let in_unit = |year: Year| Year {
        values: year.values.into_iter().map(|(slot, value)| (slot, shown.value(value))).collect(),
        mean: shown.value(year.mean),
        ..year
    };
    let years: Vec<Year> = years.into_iter().map(in_unit).collect();
    Ok(years::model(&shown.measure(), &years, by, total, span.range(view), view.zones))
}

/// What a chart shows of some days: all of what happens now and then, else their one number.
fn number(found: &Found, days: &[Bucket]) -> Option<f64> {
    if now_and_then(found) { Some(days.iter().map(|day| day.value).sum()) } else { Rule::of(&found.kind).of_days(days) }
}

/// A year of slots; its own number is that of all its days, of what happens now and then the mean of its slots.
fn told<T: Clone>(
    year: i16,
    slots: &BTreeMap<usize, Vec<T>>,
    total: bool,
    of: impl Fn(&[T]) -> Option<f64>,
) -> Option<Year> {
    let values: Vec<(usize, f64)> = slots.iter().filter_map(|(slot, days)| Some((*slot, of(days)?))).collect();
    let days: Vec<T> = slots.values().flatten().cloned().collect();
    let mean = if total { mean(values.iter().map(|(_, value)| *value)) } else { of(&days) }?;
    Some(Year { year, values, mean })
}

/// Five calendar years.
struct Span {
    first: Day,
    last: Day,
}

impl Span {
    fn until(day: Day) -> Self {
        let year = civil(day).map_or(1970, |(year, ..)| year);
        Self { first: new_year(year.saturating_sub(YEARS - 1)), last: new_year(year.saturating_add(1)) - 1 }
    }

    fn days(&self) -> Days {
        Days { from: Some(self.first), to: Some(self.last) }
    }

    fn range(&self, view: &View<'_>) -> Range {
        let (start_ms, end_ms) = (view.zones.day_bounds(self.first).0, view.zones.day_bounds(self.last).1);
        Range::new(start_ms, end_ms, Step::Month)
    }

    /// Days by year and slot.
    fn cut<T>(&self, days: impl Iterator<Item = (Day, T)>, by: By) -> BTreeMap<i16, BTreeMap<usize, Vec<T>>> {
        let mut years: BTreeMap<i16, BTreeMap<usize, Vec<T>>> = BTreeMap::new();
        for (day, value) in days.filter(|(day, _)| (self.first..=self.last).contains(day)) {
            let Some((year, month, _)) = civil(day) else { continue };
            let slot = match by {
                By::Month => usize::try_from(month - 1).unwrap_or(0),
                By::Week => usize::try_from((day - new_year(year)) / WEEK).unwrap_or(0).min(WEEKS - 1),
            };
            years.entry(year).or_default().entry(slot).or_default().push(value);
        }
        years
    }
}

/// 1 January.
fn new_year(year: i16) -> Day {
    parse_day(&format!("{year:04}-01-01")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use crate::charts::{self, Question, Subject};
    use crate::testing::TestFolder;

    fn steps(day: &str, value: u32) -> String {
        format!(
            "<Record type=\"HKQuantityTypeIdentifierStepCount\" sourceName=\"Watch\" unit=\"count\" \
             startDate=\"{day} 10:00:00 +0000\" endDate=\"{day} 11:00:00 +0000\" value=\"{value}\"/>"
        )
    }

    fn asleep(evening: &str, morning: &str) -> String {
        format!(
            "<Record type=\"HKCategoryTypeIdentifierSleepAnalysis\" sourceName=\"Watch\" \
             value=\"HKCategoryValueSleepAnalysisAsleepCore\" startDate=\"{evening} 23:00:00 +0000\" \
             endDate=\"{morning} 06:00:00 +0000\"/>"
        )
    }

    /// The rows that have a number, without the others.
    #[track_caller]
    fn check(subject: &str, columns: &[&str], expected: &[&[&str]]) {
        let rows = [
            steps("2020-12-31", 99_000),
            steps("2024-01-01", 4000),
            steps("2024-01-08", 6000),
            steps("2024-12-31", 1000),
            steps("2026-01-02", 8000),
            steps("2026-02-02", 9000),
            asleep("2026-01-01", "2026-01-02"),
        ];
        let folder = TestFolder::of_rows(&format!("years-{}", subject.replace(':', "-")), &rows);
        crate::settings::set(&folder, "home_zone", "UTC").expect("set");
        let subject = Subject::parse(subject).expect("a subject");
        let question = Question { subject, reach: None, last: None, page: 1, now_ms: 1_777_629_600_000 };
        let model = charts::chart(&folder, &question).expect("a chart");
        let told = |row: &&Vec<String>| row.iter().skip(1).any(|cell| cell != "no data");
        let rows: Vec<&Vec<String>> = model.table.rows.iter().filter(told).collect();
        assert_eq!(
            (model.table.columns.as_slice(), rows.as_slice()),
            (
                columns.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>().as_slice(),
                expected
                    .iter()
                    .map(|row| row.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>())
                    .collect::<Vec<_>>()
                    .iter()
                    .collect::<Vec<_>>()
                    .as_slice(),
            )
        );
    }

    #[test]
    fn years_lie_over_each_other() {
        let columns = ["Of the year", "2026", "2024"];
        let expected: [&[&str]; 3] =
            [&["Jan", "8,000", "5,000"], &["Feb", "9,000", "no data"], &["Dec", "no data", "1,000"]];
        check("step_count:years", &columns, &expected);
        let expected: [&[&str]; 4] = [
            &["Week 1", "8,000", "4,000"],
            &["Week 2", "no data", "6,000"],
            &["Week 5", "9,000", "no data"],
            &["Week 52", "no data", "1,000"],
        ];
        check("step_count:years:weeks", &columns, &expected);
        check("sleep:years", &["Of the year", "2026"], &[&["Jan", "7.0"]]);
    }
}
