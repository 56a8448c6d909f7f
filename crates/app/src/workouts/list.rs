//! The list of workouts that a screen shows: those that fit a filter, a page of them, and what all of them come to.

use std::collections::BTreeMap;

use health::kind::activity_name;
use health::language::word;
use health::series::workouts::totals::duration_s;
use health::time::{DayRange, Zones};
use serde::{Deserialize, Serialize};
use store::query::WorkoutRow;

use super::{Body, Desk, WorkoutAnswer};
use crate::error::Result;
use crate::folder::Folder;
use crate::local::{Days, zones};

/// Which workouts, and how many of them.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Filter {
    /// Apple's identifier of the activity.
    pub kind: Option<String>,
    /// First day, as 2026-03-14.
    pub from: Option<String>,
    /// Last day.
    pub to: Option<String>,
    /// Without pauses at least so long.
    pub least_min: Option<f64>,
    /// Words of its name, its source or its local start.
    pub search: String,
    /// The newest so many are told one by one.
    pub most: usize,
}

/// What fits a filter.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct List<T> {
    /// A page of them, the newest first.
    pub rows: Vec<T>,
    /// What all of them come to.
    pub totals: ListTotals,
    /// Every activity that there is, by how often.
    pub kinds: Vec<KindCount>,
    /// Workouts without a filter.
    pub all: usize,
}

/// What workouts come to; of what some of them lack, the sum of the others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct ListTotals {
    /// How many.
    pub count: usize,
    /// Seconds without pauses.
    pub duration_s: f64,
    /// Metres; none where no workout has a distance.
    pub distance_m: Option<f64>,
    /// Active energy; none where no workout has any.
    pub energy_kcal: Option<f64>,
}

/// How often somebody did something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KindCount {
    /// Apple's identifier.
    pub kind: String,
    /// What people call it.
    pub name: String,
    /// How often.
    pub count: usize,
}

/// Lists what fits; of the same activity written twice only the better one.
pub fn list(folder: &Folder, filter: &Filter) -> Result<List<WorkoutAnswer>> {
    let store = folder.read()?;
    let zones = zones(&store)?;
    let desk = Desk::new(&store)?;
    let all = store.workouts(i64::MIN, i64::MAX)?;
    let better = desk.better(&all);
    let counted: Vec<&WorkoutRow> =
        all.iter().zip(better).filter(|(_, same_as)| same_as.is_none()).map(|(row, _)| row).collect();
    let days = Days::parse(filter.from.as_deref(), filter.to.as_deref())?.instants(&zones);
    let sieve = Sieve { filter, days, words: filter.search.trim().to_lowercase(), zones: &zones, desk: &desk };
    let (mut rows, mut totals) = (Vec::new(), ListTotals::default());
    for row in counted.iter().rev() {
        let body = Body::of(row);
        let length = duration_s(body.duration_s, row.start_ms, row.end_ms, &body.pauses(row)).map(|total| total.value);
        if !sieve.holds(row, length) {
            continue;
        }
        totals.count += 1;
        totals.duration_s += length.unwrap_or_default();
        add(&mut totals.distance_m, desk.distance(row, &body)?.map(|total| total.value));
        add(&mut totals.energy_kcal, desk.energy(row, &body)?.map(|total| total.value));
        if rows.len() < filter.most {
            rows.push(desk.answer(row, &body, None, None)?);
        }
    }
    Ok(List { rows, totals, kinds: kinds(&counted), all: counted.len() })
}

fn add(sum: &mut Option<f64>, more: Option<f64>) {
    if let Some(more) = more {
        *sum = Some(sum.unwrap_or_default() + more);
    }
}

struct Sieve<'a> {
    filter: &'a Filter,
    days: DayRange<'a>,
    words: String,
    zones: &'a Zones,
    desk: &'a Desk<'a>,
}

impl Sieve<'_> {
    fn holds(&self, row: &WorkoutRow, length_s: Option<f64>) -> bool {
        let Filter { kind, least_min, .. } = self.filter;
        kind.as_ref().is_none_or(|kind| *kind == row.activity)
            && least_min.is_none_or(|least| length_s.is_some_and(|seconds| seconds >= least * 60.0))
            && self.days.holds(row.start_ms)
            && self.says(row)
    }

    fn says(&self, row: &WorkoutRow) -> bool {
        let source = || self.desk.sources.name(row.source_id).unwrap_or_default();
        let told = || {
            format!(
                "{} {} {} {}",
                activity_name(&row.activity),
                word(activity_name(&row.activity)),
                self.zones.wall_clock(row.start_ms),
                source()
            )
        };
        self.words.is_empty() || told().to_lowercase().contains(&self.words)
    }
}

/// The most frequent first.
fn kinds(rows: &[&WorkoutRow]) -> Vec<KindCount> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for row in rows {
        *counts.entry(&row.activity).or_default() += 1;
    }
    let kind =
        |(kind, count): (&str, usize)| KindCount { kind: kind.to_owned(), name: word(activity_name(kind)), count };
    let mut kinds: Vec<KindCount> = counts.into_iter().map(kind).collect();
    kinds.sort_by_key(|kind| std::cmp::Reverse(kind.count));
    kinds
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestFolder;

    fn workout(activity: &str, source: &str, from: &str, until: &str, km: u32) -> String {
        format!(
            "<Workout workoutActivityType=\"HKWorkoutActivityType{activity}\" sourceName=\"{source}\" \
             startDate=\"{from}:00 +0000\" endDate=\"{until}:00 +0000\" totalDistance=\"{km}\" totalDistanceUnit=\"km\" \
             totalEnergyBurned=\"{km}00\" totalEnergyBurnedUnit=\"kcal\"/>"
        )
    }

    /// Days and kilometres of what fits.
    #[track_caller]
    fn check(filter: Filter, rows: &[&str], km: f64) {
        let name = format!("list-{}", serde_json::to_string(&rows).expect("words").len() + filter.most * 1000);
        let exported = [
            workout("Running", "Watch", "2026-03-01 10:00", "2026-03-01 10:30", 5),
            workout("Running", "Watch", "2026-03-02 23:30", "2026-03-03 00:20", 10),
            // The same written by another one does not count twice.
            workout("Running", "Phone", "2026-03-02 23:31", "2026-03-03 00:20", 10),
            workout("Cycling", "Computer", "2026-03-04 10:00", "2026-03-04 12:00", 40),
        ];
        let folder = TestFolder::of_rows(&name, &exported);
        crate::settings::set(&folder, "home_zone", "UTC").expect("set");
        let found = list(&folder, &filter).expect("a list");
        let days: Vec<&str> = found.rows.iter().filter_map(|row| row.start.get(..10)).collect();
        let some = |of: f64| (km > 0.0).then_some(of);
        assert_eq!((days.as_slice(), found.totals.distance_m), (rows, some(km * 1000.0)));
        assert_eq!((found.totals.energy_kcal, found.all), (some(km * 100.0), 3));
        let kinds: Vec<(&str, usize)> = found.kinds.iter().map(|kind| (kind.name.as_str(), kind.count)).collect();
        assert_eq!(kinds, [("Running", 2), ("Cycling", 1)]);
    }

    fn any() -> Filter {
        Filter { most: 9, ..Filter::default() }
    }

    #[test]
    fn everything_fits_no_filter_and_a_page_is_shorter_than_its_totals() {
        check(any(), &["2026-03-04", "2026-03-02", "2026-03-01"], 55.0);
        check(Filter { most: 1, ..any() }, &["2026-03-04"], 55.0);
        check(Filter { most: 0, ..any() }, &[], 55.0);
    }

    #[test]
    fn a_filter_has_a_kind_days_a_length_and_words() {
        let kind = Some("HKWorkoutActivityTypeRunning".to_owned());
        check(Filter { kind, ..any() }, &["2026-03-02", "2026-03-01"], 15.0);
        let day = |text: &str| Some(text.to_owned());
        check(Filter { from: day("2026-03-02"), to: day("2026-03-02"), ..any() }, &["2026-03-02"], 10.0);
        check(Filter { least_min: Some(45.0), ..any() }, &["2026-03-04", "2026-03-02"], 50.0);
        check(Filter { search: " COMPUTER ".to_owned(), ..any() }, &["2026-03-04"], 40.0);
        check(Filter { search: "03-01 10".to_owned(), ..any() }, &["2026-03-01"], 5.0);
        check(Filter { search: "yoga".to_owned(), ..any() }, &[], 0.0);
    }

    #[test]
    fn days_must_be_in_order() {
        let folder = TestFolder::new("list-order");
        let filter = Filter { from: Some("2026-03-02".into()), to: Some("2026-03-01".into()), ..any() };
        assert!(list(&folder, &filter).is_err());
    }
}
