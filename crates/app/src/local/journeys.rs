//! Days of a wearer who travels: whatever is told by days has each row on its own day, once.

use std::collections::{BTreeMap, BTreeSet};

use health::series::buckets::Grain;
use health::time::{Day, HOUR_MS, format_day, format_instant, parse_stamp};
use store::Cancel;

use super::Days;
use crate::charts::{self, Reach, Subject};
use crate::export::{Format, Output, Selection, export};
use crate::folder::Folder;
use crate::query::{BucketAnswer, Question, query, raw};
use crate::testing::TestFolder;
use crate::workouts::{Listing, workouts};

const MINUTE_MS: i64 = 60_000;
const HEART_RATE: &str = "HKQuantityTypeIdentifierHeartRate";
const STEPS: &str = "HKQuantityTypeIdentifierStepCount";

fn at(stamp: &str) -> i64 {
    parse_stamp(stamp).expect("a stamp")
}

fn span(start_ms: i64, end_ms: i64) -> String {
    let stamp = |ms: i64| format_instant(ms).replace(".000Z", "Z");
    format!("sourceName=\"Watch\" startDate=\"{}\" endDate=\"{}\"", stamp(start_ms), stamp(end_ms))
}

/// A night that says in which zone it was slept.
fn night(start_ms: i64, zone: &str) -> String {
    format!(
        "<Record type=\"HKCategoryTypeIdentifierSleepAnalysis\" value=\"HKCategoryValueSleepAnalysisAsleepCore\" \
         device=\"&lt;&lt;HKDevice: 0x1&gt;, name:Apple Watch, manufacturer:Apple Inc., model:Watch, \
         hardware:Watch6,1&gt;\" {}><MetadataEntry key=\"HKTimeZone\" value=\"{zone}\"/></Record>",
        span(start_ms, start_ms + 7 * HOUR_MS)
    )
}

fn record(kind: &str, unit: &str, start_ms: i64, end_ms: i64) -> String {
    format!("<Record type=\"{kind}\" unit=\"{unit}\" value=\"60\" {}/>", span(start_ms, end_ms))
}

/// Six days around a journey: nights in one zone until 3 March, 07:00 UTC, and in another one from 4 March, 15:00 UTC;
/// a pulse every ten minutes, a walk every hour and a run every five.
fn journey(name: &str, from: &str, to: &str) -> TestFolder {
    const DAY_MS: i64 = 24 * HOUR_MS;
    let mut rows: Vec<String> = (0..5).map(|i| night(at("2026-02-27T00:00:00Z") + i * DAY_MS, from)).collect();
    rows.extend((0..4).map(|i| night(at("2026-03-04T15:00:00Z") + i * DAY_MS, to)));
    let first = at("2026-03-01T00:00:00Z");
    for minute in (0..6 * 24 * 60).step_by(10) {
        let start_ms = first + minute * MINUTE_MS;
        rows.push(record(HEART_RATE, "count/min", start_ms, start_ms));
        if minute % 60 == 50 {
            rows.push(record(STEPS, "count", start_ms, start_ms + 20 * MINUTE_MS));
        }
        if minute % 300 == 40 {
            let span = span(start_ms, start_ms + 30 * MINUTE_MS);
            rows.push(format!("<Workout workoutActivityType=\"HKWorkoutActivityTypeRunning\" {span}/>"));
        }
    }
    TestFolder::of_rows(name, &rows)
}

/// Somebody asks for single days, one after the other.
struct Asker<'f> {
    folder: &'f Folder,
    days: Vec<Day>,
}

impl Asker<'_> {
    fn each<T>(&self, mut of: impl FnMut(Day, Days) -> Vec<T>) -> BTreeMap<Day, Vec<T>> {
        let all = self.days.iter().map(|day| (*day, of(*day, Days { from: Some(*day), to: Some(*day) })));
        all.filter(|(_, rows)| !rows.is_empty()).collect()
    }

    fn question(&self, word: &str, days: Days, grain: Option<Grain>, by_source: bool) -> Question {
        Question { word: word.to_owned(), days, grain, by_source, now_ms: at("2026-06-01T00:00:00Z") }
    }

    fn raw(&self, word: &str, days: Days) -> Vec<i64> {
        let mut starts = Vec::new();
        raw(self.folder, &self.question(word, days, None, false), |line, _| {
            starts.push(start(&line));
            Ok(())
        })
        .expect("rows");
        starts
    }

    fn exported(&self, record: &str, days: Days) -> Vec<i64> {
        let mut out = Vec::new();
        let selection = Selection { types: vec![record.to_owned()], days, superseded: false };
        export(self.folder, &selection, Format::Jsonl, Output::Stream(&mut out), &Cancel::default())
            .expect("an export");
        let text = String::from_utf8(out).expect("text");
        text.lines().map(|line| start(&serde_json::from_str(line).expect("a line"))).collect()
    }

    fn workouts(&self, days: Days) -> Vec<i64> {
        let rows = workouts(self.folder, Listing { days, ..Listing::default() }).expect("workouts");
        rows.iter().map(|row| at(&row.start)).collect()
    }

    fn buckets(&self, word: &str, grain: Grain, by_source: bool, days: Days) -> Vec<BucketAnswer> {
        query(self.folder, &self.question(word, days, Some(grain), by_source), grain).expect("buckets")
    }

    /// The sums of days in the table of a chart of them all; days without are left out.
    fn in_chart(&self, word: &str) -> Vec<(String, f64)> {
        let question = charts::Question {
            subject: Subject::parse(word).expect("a subject"),
            reach: Some(Reach::Days(self.days.len() as u32)),
            last: self.days.last().copied(),
            page: 1,
            now_ms: at("2026-06-01T00:00:00Z"),
        };
        let table =
            charts::chart(self.folder, &question).map(|chart| chart::plain::table(&chart, &chart)).expect("a chart");
        table.rows.iter().filter_map(|row| Some((row[0].clone(), row[1].parse().ok()?))).collect()
    }

    /// How many readings the chart of a day shows.
    fn drawn(&self, day: Day) -> u64 {
        let subject = Subject::parse("heart_rate:raw").expect("a subject");
        let (reach, now_ms) = (Some(Reach::Day), at("2026-06-01T00:00:00Z"));
        let question = charts::Question { subject, reach, last: Some(day), page: 1, now_ms };
        let model = charts::chart(self.folder, &question).expect("a chart");
        let inside = |at_ms: i64| (model.range.start_ms..model.range.end_ms).contains(&at_ms);
        assert!(model.buckets.iter().all(|bucket| inside(bucket.start_ms)), "{}", format_day(day));
        assert_eq!(model.buckets.iter().map(|bucket| bucket.n).sum::<u64>(), model.totals.map_or(0, |t| t.n));
        model.totals.map_or(0, |totals| totals.n)
    }
}

fn start(line: &serde_json::Value) -> i64 {
    at(line["start"].as_str().expect("a start"))
}

fn lengths<T>(of: &BTreeMap<Day, Vec<T>>) -> BTreeMap<Day, i64> {
    of.iter().map(|(day, rows)| (*day, rows.len() as i64)).collect()
}

/// Every row once, each on the day of its start.
#[track_caller]
fn check_rows(zones: &health::time::Zones, days: &BTreeMap<Day, Vec<i64>>, all: &[i64]) {
    let together: Vec<i64> = days.values().flatten().copied().collect();
    assert_eq!(together.len(), all.len(), "no row is lost, and none comes twice");
    assert_eq!(together.iter().collect::<BTreeSet<_>>(), all.iter().collect::<BTreeSet<_>>());
    for (day, rows) in days {
        assert!(rows.iter().all(|start_ms| zones.day(*start_ms) == *day), "{}", format_day(*day));
    }
}

#[track_caller]
fn check(from: &str, to: &str) {
    let folder = journey(&format!("journey-{}-{}", from.replace('/', "-"), to.replace('/', "-")), from, to);
    let zones = super::zones(&folder.read().expect("a store")).expect("zones");
    assert_eq!(zones.zone(at("2026-03-01T12:00:00Z")).iana_name(), Some(from));
    assert_eq!(zones.zone(at("2026-03-05T12:00:00Z")).iana_name(), Some(to));
    let first = health::time::parse_day("2026-02-26").expect("a day");
    let asker = Asker { folder: &folder, days: (first..first + 14).collect() };

    for (kind, samples) in [(HEART_RATE, 6 * 24 * 6), (STEPS, 6 * 24)] {
        let all = asker.raw(kind, Days::default());
        assert_eq!(all.len(), samples, "{kind}");
        let raws = asker.each(|_, days| asker.raw(kind, days));
        check_rows(&zones, &raws, &all);
        assert_eq!(asker.each(|_, days| asker.exported(kind, days)), raws, "{kind}");
        let of = |grain, by_source| asker.each(|_, days| asker.buckets(kind, grain, by_source, days));
        let total = |rows: &[BucketAnswer]| rows.iter().filter_map(|row| row.sum).sum::<f64>();
        let n_of = |buckets: &BTreeMap<Day, Vec<BucketAnswer>>| -> BTreeMap<Day, i64> {
            buckets.iter().map(|(day, rows)| (*day, rows.iter().map(|row| row.n).sum())).collect()
        };
        let daily = of(Grain::Day, false);
        // A walk over midnight leaves its last steps on a day without rows.
        let with_rows = |n: BTreeMap<Day, i64>| n.into_iter().filter(|(_, n)| *n > 0).collect::<BTreeMap<_, _>>();
        assert_eq!(with_rows(n_of(&daily)), lengths(&raws), "{kind}: what `daily` counts is what is there");
        for (grain, by_source) in [(Grain::Hour, false), (Grain::Hour, true), (Grain::Day, true), (Grain::Week, true)] {
            let found = of(grain, by_source);
            assert_eq!(n_of(&found), n_of(&daily), "{kind} {grain:?} {by_source}");
            for (day, rows) in &found {
                assert!((total(rows) - total(&daily[day])).abs() < 1e-6, "{kind} {grain:?} {}", format_day(*day));
                let is_here = |row: &BucketAnswer| row.day == format_day(*day);
                assert!(grain == Grain::Week || rows.iter().all(is_here), "{kind} {grain:?}");
            }
        }
        if kind == STEPS {
            let sums = daily.iter().map(|(day, rows)| (format_day(*day), total(rows).round()));
            assert_eq!(asker.in_chart(kind), sums.collect::<Vec<_>>(), "a picture names each day once");
        }
        let hours = asker.buckets(kind, Grain::Hour, false, Days::default());
        assert!(hours.iter().zip(hours.iter().skip(1)).all(|(a, b)| a.end <= b.start), "{kind}: no hours overlap");
    }
    let runs = asker.workouts(Days::default());
    assert_eq!(runs.len(), 6 * 24 / 5 + 1);
    check_rows(&zones, &asker.each(|_, days| asker.workouts(days)), &runs);
    check_rows(&zones, &asker.each(|_, days| asker.exported("workout", days)), &runs);
    for (day, pulses) in asker.each(|_, days| asker.raw(HEART_RATE, days)) {
        assert_eq!(asker.drawn(day), pulses.len() as u64, "{}", format_day(day));
    }
    assert!(folder.read().expect("a store").verify("UTC").expect("a check").is_empty());
}

#[test]
fn a_flight_to_the_west_loses_no_row() {
    check("Europe/Berlin", "America/Los_Angeles");
}

#[test]
fn a_flight_to_the_east_tells_no_row_twice() {
    check("Europe/Berlin", "Asia/Tokyo");
}

#[test]
fn a_flight_by_parts_of_an_hour_cuts_the_hour_of_the_flight() {
    check("Europe/Berlin", "Asia/Kathmandu");
}

#[test]
fn the_date_line_may_be_crossed_both_ways() {
    check("Pacific/Auckland", "Pacific/Honolulu");
    check("Pacific/Honolulu", "Pacific/Auckland");
}

#[test]
fn at_home_days_are_what_they_were() {
    check("Europe/Berlin", "Europe/Berlin");
}
