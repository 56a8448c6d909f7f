//! Our numbers beside those that Apple wrote into the same export: rings by day, workouts by their statistics.
//!
//! Apple's own sums are the only answer key that a real export carries. Nothing is corrected by them.

use std::collections::BTreeMap;

use health::kind::{self, Style};
use health::series::buckets::Input;
use health::series::merge::{Span, merge};
use health::time::{Day, parse_day, parse_stamp};
use serde::{Deserialize, Serialize};
use store::Store;

use crate::daily;
use crate::error::{Error, Result};
use crate::folder::Folder;
use crate::local::{Days, find_kind, zones};
use crate::query::inputs_around;

/// The answer of `vitalog check`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct CheckAnswer {
    /// Days first, then workouts, each by time.
    pub rows: Vec<CheckRow>,
    /// One row for each thing that was compared.
    pub summary: Vec<CheckSummary>,
}

/// One number of Apple's and ours.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct CheckRow {
    /// The local day of a ring; null for a workout.
    pub day: Option<String>,
    /// The number of a workout in this store; null for a ring.
    pub workout: Option<i64>,
    /// What is compared, e.g. `rings.active_energy_burned` or `workouts.step_count`.
    pub what: String,
    /// Apple's number.
    pub apple: f64,
    /// Ours; null where the store has no samples to sum.
    pub ours: Option<f64>,
    /// Unit of both.
    pub unit: String,
    /// How far ours is from Apple's, as a fraction of Apple's; null where there is nothing to divide.
    pub relative: Option<f64>,
}

/// How well one thing agrees.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CheckSummary {
    /// What was compared.
    pub what: String,
    /// Rows with a relative difference.
    pub n: usize,
    /// The part of them that lies within two percent, 0 to 1.
    pub within_2_percent: f64,
    /// The middle one of the relative differences, without their sign.
    pub median_relative: f64,
}

/// Compares what lies in some days.
pub fn check(folder: &Folder, days: Days, now_ms: i64) -> Result<CheckAnswer> {
    let store = folder.read()?;
    let mut rows = Vec::new();
    for ring in &RINGS {
        rows.extend(ring.rows(folder, &store, days, now_ms)?);
    }
    rows.extend(workouts(&store, days)?);
    rows.sort_by(|a, b| (a.workout.is_some(), &a.day).cmp(&(b.workout.is_some(), &b.day)));
    let summary = summary(&rows);
    Ok(CheckAnswer { rows, summary })
}

/// One of the three rings, as the day's summary has it.
struct Ring {
    key: &'static str,
    kind: &'static str,
    unit: &'static str,
}

const RINGS: [Ring; 3] = [
    Ring { key: "active_energy_kcal", kind: "HKQuantityTypeIdentifierActiveEnergyBurned", unit: "kcal" },
    Ring { key: "exercise_min", kind: "HKQuantityTypeIdentifierAppleExerciseTime", unit: "min" },
    Ring { key: "stand_hours", kind: "HKCategoryTypeIdentifierAppleStandHour", unit: "hr" },
];

impl Ring {
    fn rows(&self, folder: &Folder, store: &Store, days: Days, now_ms: i64) -> Result<Vec<CheckRow>> {
        let ours = self.ours(folder, days, now_ms)?;
        let (from, to) = days.numbers();
        let mut rows = Vec::new();
        store.each_entry::<Error>(Some("activity_summary"), ALWAYS, false, false, |entry| {
            let Some(day) = parse_day(&entry.identity).filter(|day| (from..=to).contains(day)) else { return Ok(()) };
            let body: serde_json::Value = serde_json::from_str(&entry.body).unwrap_or_default();
            if let Some(apple) = body.get(self.key).and_then(serde_json::Value::as_f64) {
                let ours = ours.get(&day).copied();
                let what = format!("rings.{}", kind::slug(self.kind));
                rows.push(CheckRow { day: Some(entry.identity.clone()), ..row(what, apple, ours, self.unit) });
            }
            Ok(())
        })?;
        Ok(rows)
    }

    /// Our number for each day: the merged one.
    fn ours(&self, folder: &Folder, days: Days, now_ms: i64) -> Result<BTreeMap<Day, f64>> {
        let rows = daily::daily(folder, &[self.kind.to_owned()], days, now_ms)?;
        Ok(rows.iter().filter_map(|row| Some((parse_day(&row.day)?, row.value))).collect())
    }
}

const ALWAYS: (i64, i64) = (i64::MIN, i64::MAX);

/// What Apple says about a workout, as far as it is compared.
#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    statistics: Vec<Statistic>,
}

#[derive(Deserialize)]
struct Statistic {
    #[serde(rename = "type")]
    kind: String,
    start: Option<String>,
    end: Option<String>,
    sum: Option<f64>,
    unit: Option<String>,
}

impl Statistic {
    fn range(&self) -> Option<(i64, i64)> {
        let stamp = |text: &Option<String>| text.as_deref().and_then(parse_stamp);
        stamp(&self.start).zip(stamp(&self.end))
    }
}

/// The sums that Apple wrote beside workouts, against ours over the same stretch of time.
fn workouts(store: &Store, days: Days) -> Result<Vec<CheckRow>> {
    let orders = store.orders()?;
    let zones = zones(store)?;
    let asked = days.instants(&zones);
    let mut rows = Vec::new();
    store.each_entry::<Error>(Some("workout"), asked.range_ms(), false, false, |entry| {
        if entry.start_ms.is_some_and(|start_ms| !asked.holds(start_ms)) {
            return Ok(());
        }
        let body: Body = serde_json::from_str(&entry.body).unwrap_or(Body { statistics: Vec::new() });
        for statistic in &body.statistics {
            let range = statistic.range().or(entry.start_ms.zip(entry.end_ms));
            let (Some(apple), Some(range)) = (statistic.sum, range) else { continue };
            let found = find_kind(store, &statistic.kind)?;
            if found.kind.style != Style::Cumulative || statistic.unit.as_ref() != Some(&found.kind.unit) {
                continue;
            }
            let inputs = inputs_around(store, &found, range, orders.of(&found.kind.identifier))?;
            let what = format!("workouts.{}", kind::slug(&statistic.kind));
            let ours = merged_sum(&inputs, range);
            rows.push(CheckRow { workout: Some(entry.id), ..row(what, apple, ours, &found.kind.unit) });
        }
        Ok(())
    })?;
    Ok(rows)
}

/// The merged sum inside a stretch of time. Samples are merged whole and cut afterwards, as days are.
fn merged_sum(inputs: &[Input], (from_ms, until_ms): (i64, i64)) -> Option<f64> {
    let spans: Vec<Span> = inputs.iter().map(|i| Span { value: i.span.value * i.copies as f64, ..i.span }).collect();
    let part = |piece: &Span| {
        let length = piece.end_ms - piece.start_ms;
        let inside = piece.end_ms.min(until_ms) - piece.start_ms.max(from_ms);
        match length {
            0 => f64::from(u8::from((from_ms..until_ms).contains(&piece.start_ms))) * piece.value,
            _ => piece.value * inside.max(0) as f64 / length as f64,
        }
    };
    (!spans.is_empty()).then(|| merge(&spans).iter().map(part).sum())
}

fn row(what: String, apple: f64, ours: Option<f64>, unit: &str) -> CheckRow {
    let relative = ours.and_then(|ours| match (apple, ours) {
        (0.0, 0.0) => Some(0.0),
        (0.0, _) => None,
        _ => Some((ours - apple) / apple),
    });
    CheckRow { day: None, workout: None, what, apple, ours, unit: unit.to_owned(), relative }
}

fn summary(rows: &[CheckRow]) -> Vec<CheckSummary> {
    let mut compared: Vec<(&str, f64)> =
        rows.iter().filter_map(|row| Some((row.what.as_str(), row.relative?.abs()))).collect();
    compared.sort_by(|a, b| a.0.cmp(b.0).then(a.1.total_cmp(&b.1)));
    compared.chunk_by(|a, b| a.0 == b.0).filter_map(summary_of).collect()
}

/// Of relative differences of one thing, sorted.
fn summary_of(of: &[(&str, f64)]) -> Option<CheckSummary> {
    let (what, _) = of.first()?;
    let n = of.len();
    let at = |place: usize| of.get(place).map_or(0.0, |(_, relative)| *relative);
    let within = of.iter().filter(|(_, relative)| *relative <= 0.02).count();
    Some(CheckSummary {
        what: (*what).to_owned(),
        n,
        within_2_percent: within as f64 / n as f64,
        median_relative: (at((n - 1) / 2) + at(n / 2)) / 2.0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(start_ms: i64, end_ms: i64, value: f64, rank: u32) -> Input {
        Input { span: Span { start_ms, end_ms, value, rank }, copies: 1 }
    }

    #[test]
    fn a_sum_counts_what_lies_inside_and_no_time_twice() {
        let check = |inputs: &[Input], range, expected: Option<f64>| assert_eq!(merged_sum(inputs, range), expected);
        check(&[], (0, 100), None);
        check(&[input(0, 200, 8.0, 0)], (0, 100), Some(4.0));
        check(&[input(0, 100, 8.0, 0), input(0, 100, 6.0, 1)], (0, 100), Some(8.0));
        check(&[input(50, 50, 3.0, 0), input(100, 100, 3.0, 0)], (0, 100), Some(3.0));
    }

    #[test]
    fn differences_are_parts_of_apples_number() {
        let check = |apple, ours, expected: Option<f64>| {
            assert_eq!(row("x".into(), apple, ours, "kcal").relative, expected, "{apple} {ours:?}");
        };
        check(200.0, Some(190.0), Some(-0.05));
        check(0.0, Some(0.0), Some(0.0));
        check(0.0, Some(3.0), None);
        check(200.0, None, None);
    }

    #[test]
    fn a_summary_has_the_middle_and_the_part_within_two_percent() {
        let of = |what: &str, ours| row(what.into(), 100.0, Some(ours), "kcal");
        let rows = [of("b", 100.0), of("a", 101.0), of("a", 90.0), of("a", 100.0), of("a", 104.0)];
        let found: Vec<_> = summary(&rows).into_iter().map(|s| (s.what, s.n, s.within_2_percent)).collect();
        assert_eq!(found, [("a".to_owned(), 4, 0.5), ("b".to_owned(), 1, 1.0)]);
        assert!((summary(&rows)[0].median_relative - 0.025).abs() < 1e-12);
    }
}
