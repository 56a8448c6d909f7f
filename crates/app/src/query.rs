//! One type over time: raw rows, or buckets of local time.

use std::collections::BTreeMap;

use health::kind::Nature;
pub use health::series::buckets::Grain;
use health::series::buckets::{Bucket, Calendar, Input, stat};
use health::series::rule::Rule;
use health::time::{HOUR_MS, format_day, format_instant};
use serde::Serialize;
use serde_json::Value;
use store::Store;
use store::query::{Ranks, SampleQuery};

use crate::daily::of_kind;
use crate::error::{Error, Result};
use crate::export::line;
use crate::folder::Folder;
use crate::local::{Days, Found, find_kind, zones};
use crate::settings::week_start;

/// Samples this far away cannot change what those of a range add.
pub(crate) const REACH_MS: i64 = 2 * 24 * HOUR_MS;

/// What to show of a type.
#[derive(Debug, Clone)]
pub struct Question {
    /// The type as the user wrote it.
    pub word: String,
    /// Which days.
    pub days: Days,
    /// How wide the buckets are; raw rows for `None`.
    pub grain: Option<Grain>,
    /// One row per source instead of merged ones.
    pub by_source: bool,
    /// Milliseconds since 1970 in UTC.
    pub now_ms: i64,
}

/// One bucket of `vitalog query`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct BucketAnswer {
    /// Start.
    pub start: String,
    /// End.
    pub end: String,
    /// Local day of the start.
    pub day: String,
    /// The number to show.
    pub value: f64,
    /// How it is made.
    pub stat: &'static str,
    /// Smallest value; null for categories.
    pub min: Option<f64>,
    /// Largest value; null for categories.
    pub max: Option<f64>,
    /// Plain mean of the samples that start in it; null where there are none, and for categories.
    pub mean: Option<f64>,
    /// Merged sum; null where sums make no sense.
    pub sum: Option<f64>,
    /// Samples.
    pub n: i64,
    /// Whether its time is over, and all of it was asked for.
    pub complete: bool,
    /// Unit of the values.
    pub unit: Option<String>,
    /// The source, where asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Its number, as in `vitalog sources`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_id: Option<i64>,
}

/// Answers with buckets: those of all sources merged, or of each source alone.
pub fn query(folder: &Folder, question: &Question, grain: Grain) -> Result<Vec<BucketAnswer>> {
    let store = folder.read()?;
    let found = find_kind(&store, &question.word)?;
    let orders = store.orders()?;
    let ranks = orders.of(&found.kind.identifier);
    let zones = zones(&store)?;
    let calendar = Calendar { zones: &zones, grain, week_start: week_start(&store)? };
    let groups = match question.by_source {
        true => of_each_source(&store, &found, question.days, ranks, calendar)?,
        false => vec![(None, merged(&store, &found, question.days, ranks, calendar)?)],
    };
    let mut answer = Vec::new();
    for (place, buckets) in groups {
        for bucket in &buckets {
            let whole = bucket.is_complete(question.now_ms) && is_whole(bucket, question.days, calendar);
            let source = place.map(|place| ranks.name(place).to_owned());
            let source_id = place.and_then(|place| ranks.source(place));
            answer.push(BucketAnswer { source, source_id, ..row(bucket, &found, grain, whole) });
        }
    }
    answer.sort_by(|a, b| a.start.cmp(&b.start));
    Ok(answer)
}

/// Whether all days of a bucket were asked for: a week of which two days were is a part of a week.
fn is_whole(bucket: &Bucket, days: Days, calendar: Calendar<'_>) -> bool {
    let (from, to) = days.numbers();
    let (first, next) = calendar.days(bucket.day).unwrap_or((bucket.day, bucket.day + 1));
    from <= first && next - 1 <= to
}

/// Buckets of all sources: hours by themselves, everything wider made of days.
fn merged(store: &Store, found: &Found, days: Days, ranks: &Ranks, calendar: Calendar<'_>) -> Result<Vec<Bucket>> {
    match calendar.grain {
        Grain::Hour => hours(store, found, days, ranks, calendar),
        _ => Ok(of_days(of_kind(store, found, days, ranks, calendar.zones)?, found, calendar)),
    }
}

/// Days, or what is wider and made of them.
pub(crate) fn of_days(days: Vec<Bucket>, found: &Found, calendar: Calendar<'_>) -> Vec<Bucket> {
    if calendar.grain == Grain::Day { days } else { Rule::of(&found.kind).widen(&days, calendar) }
}

/// Hours from their samples or, of the newest days, from the roll-ups.
pub(crate) fn hours(
    store: &Store,
    found: &Found,
    days: Days,
    ranks: &Ranks,
    calendar: Calendar<'_>,
) -> Result<Vec<Bucket>> {
    let Some(kind_id) = found.id else { return Ok(Vec::new()) };
    if let Some(hours) = store.hours(kind_id, days.numbers(), calendar.zones)? {
        return Ok(hours);
    }
    // What overlaps the first and the last samples decides what these add.
    let asked = days.instants(calendar.zones);
    let (from_ms, until_ms) = asked.range_ms();
    let wide = (from_ms.saturating_sub(REACH_MS), until_ms.saturating_add(REACH_MS));
    let inputs = inputs_between(store, found, wide, ranks)?;
    let mut hours = Rule::of(&found.kind).buckets(&inputs, calendar);
    hours.retain(|hour| asked.holds_day(hour.day));
    Ok(hours)
}

/// Buckets of the samples of each source, by its place; without merging the samples are all there is.
fn of_each_source(
    store: &Store,
    found: &Found,
    days: Days,
    ranks: &Ranks,
    calendar: Calendar<'_>,
) -> Result<Vec<(Option<u32>, Vec<Bucket>)>> {
    let asked = days.instants(calendar.zones);
    let mut by_place = BTreeMap::<u32, Vec<Input>>::new();
    for input in inputs_between(store, found, asked.range_ms(), ranks)? {
        by_place.entry(ranks.place(input.span.rank)).or_default().push(input);
    }
    let rule = Rule::of(&found.kind);
    let of_source = |inputs: Vec<Input>| {
        let mut narrow = match calendar.grain {
            Grain::Hour => rule.buckets(&inputs, calendar),
            _ => rule.day_buckets(&inputs, calendar.zones),
        };
        // A walk over midnight has a part that nobody asked for.
        narrow.retain(|bucket| asked.holds_day(bucket.day));
        if matches!(calendar.grain, Grain::Hour | Grain::Day) { narrow } else { rule.widen(&narrow, calendar) }
    };
    Ok(by_place.into_iter().map(|(place, inputs)| (Some(place), of_source(inputs))).collect())
}

/// Hands raw rows in the format of the export to `each`, with the number of their source in this store.
pub fn raw(folder: &Folder, question: &Question, mut each: impl FnMut(Value, i64) -> Result<()>) -> Result<()> {
    let store = folder.read()?;
    let found = find_kind(&store, &question.word)?;
    let Some(kind_id) = found.id else { return Ok(()) };
    let zones = zones(&store)?;
    let asked = question.days.instants(&zones);
    let (from_ms, until_ms) = asked.range_ms();
    let query = SampleQuery { kind_id, from_ms, until_ms, hidden: false, superseded: false, left_out: false };
    store.each_sample::<Error>(query, |sample| match asked.holds(sample.start_ms) {
        true => each(line::sample(sample, &found.kind), sample.source_id),
        false => Ok(()),
    })
}

/// The samples of a kind that touch `[from_ms, until_ms)`, ready to be counted.
pub(crate) fn inputs_between(
    store: &Store,
    found: &Found,
    (from_ms, until_ms): (i64, i64),
    ranks: &Ranks,
) -> Result<Vec<Input>> {
    let Some(kind_id) = found.id else { return Ok(Vec::new()) };
    let rule = Rule::of(&found.kind);
    let points = store.points(kind_id, from_ms, until_ms)?;
    Ok(points.iter().filter_map(|point| point.input(rule, ranks)).collect())
}

/// The samples that decide what those add that touch `[from_ms, until_ms)`: these, what overlaps them, and so on, two
/// days away at most. Ready to be counted.
pub(crate) fn inputs_around(
    store: &Store,
    found: &Found,
    (from_ms, until_ms): (i64, i64),
    ranks: &Ranks,
) -> Result<Vec<Input>> {
    let Some(kind_id) = found.id else { return Ok(Vec::new()) };
    let rule = Rule::of(&found.kind);
    let (mut first_ms, mut last_ms) = (from_ms, until_ms);
    loop {
        let (read_from, read_until) = (first_ms.saturating_sub(LONG_MS), last_ms.saturating_add(AHEAD_MS));
        let points = store.points_from(kind_id, read_from, read_until)?;
        let mut inputs: Vec<Input> = points.iter().filter_map(|point| point.input(rule, ranks)).collect();
        let (first, last) = cluster(&inputs, (from_ms, until_ms));
        let is_near = first >= from_ms.saturating_sub(REACH_MS) && last <= until_ms.saturating_add(REACH_MS);
        if is_near && (first < first_ms.saturating_sub(LONG_MS / 2) || last > read_until) {
            (first_ms, last_ms) = (first.min(first_ms), last.max(last_ms));
            continue;
        }
        inputs.retain(|input| input.span.end_ms >= first && input.span.start_ms <= last);
        return Ok(inputs);
    }
}

/// Samples of sums last so long at most, or count for the moment of their start.
const LONG_MS: i64 = 24 * HOUR_MS;
/// What is read at once of what follows a range: mostly the last sample of it ends sooner.
const AHEAD_MS: i64 = HOUR_MS;

/// How far samples reach, by start, that touch a range or, over others, each other.
fn cluster(inputs: &[Input], (from_ms, until_ms): (i64, i64)) -> (i64, i64) {
    let (mut first, mut last) = (from_ms, until_ms);
    for input in inputs.iter().filter(|input| input.span.end_ms > from_ms) {
        if input.span.start_ms < last {
            first = first.min(input.span.start_ms);
            last = last.max(input.span.end_ms);
        }
    }
    loop {
        let touching = inputs.iter().filter(|input| input.span.end_ms > first && input.span.start_ms < first);
        let Some(earlier) = touching.map(|input| input.span.start_ms).min() else { return (first, last) };
        first = earlier;
    }
}

fn row(bucket: &Bucket, found: &Found, grain: Grain, complete: bool) -> BucketAnswer {
    let number = found.kind.nature == Nature::Quantity;
    let rule = Rule::of(&found.kind);
    let stat = match grain {
        Grain::Hour => stat(rule.style()),
        Grain::Day => rule.stat(),
        _ => rule.wide_stat(),
    };
    BucketAnswer {
        start: format_instant(bucket.start_ms),
        end: format_instant(bucket.end_ms),
        day: format_day(bucket.day),
        value: bucket.value,
        stat,
        min: number.then_some(bucket.min),
        max: number.then_some(bucket.max),
        mean: (number && bucket.n > 0).then_some(bucket.mean),
        sum: rule.is_sum().then_some(bucket.sum),
        n: bucket.n,
        complete,
        unit: found.unit_of_days(),
        ..BucketAnswer::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestFolder;

    /// Noon of 14 March 2026 in Berlin.
    const NOON_MS: i64 = 1_773_486_000_000;

    #[track_caller]
    fn check_complete(name: &str, grain: Grain, range: (Option<&str>, Option<&str>), expected: &[(&str, bool)]) {
        let folder = TestFolder::filled(name);
        let (word, days) = ("step_count".to_owned(), Days::parse(range.0, range.1).expect("days"));
        let question = Question { word, days, grain: Some(grain), by_source: false, now_ms: NOON_MS + 30 * 86_400_000 };
        let rows = query(&folder, &question, grain).expect("rows");
        let found: Vec<(&str, bool)> = rows.iter().map(|row| (row.day.as_str(), row.complete)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn buckets_that_were_asked_for_in_part_are_not_complete() {
        let range = (Some("2026-03-14"), Some("2026-04-04"));
        check_complete("weeks", Grain::Week, range, &[("2026-03-09", false), ("2026-03-30", false)]);
        check_complete("all-weeks", Grain::Week, (None, None), &[("2026-03-09", true), ("2026-03-30", true)]);
        let days = [("2026-03-14", true), ("2026-03-15", true), ("2026-04-01", true)];
        check_complete("days", Grain::Day, range, &days);
        check_complete("first-months", Grain::Month, (None, Some("2026-03-31")), &[("2026-03-01", true)]);
    }

    #[test]
    fn the_month_and_the_day_of_today_are_not_complete() {
        check_complete("months", Grain::Month, (None, None), &[("2026-03-01", true), ("2026-04-01", false)]);
        check_complete("years", Grain::Year, (None, None), &[("2026-01-01", false)]);
        let folder = TestFolder::filled("today");
        let rows = crate::daily::daily(&folder, &["step_count".to_owned()], Days::default(), NOON_MS).expect("rows");
        assert!(rows.iter().all(|row| !row.complete) && rows[0].day == "2026-03-14", "{rows:?}");
    }

    /// Times on 2 and 3 March 2026 in Berlin.
    fn steps(source: &str, from: &str, until: &str, value: u32) -> String {
        format!(
            r#"<Record type="HKQuantityTypeIdentifierStepCount" sourceName="{source}" unit="count" value="{value}"
             startDate="2026-03-{from}:00 +0100" endDate="2026-03-{until}:00 +0100"/>"#
        )
    }

    /// Checks the numbers of the two days, and that hours and weeks say the same.
    #[track_caller]
    fn check_days(folder: &TestFolder, expected: [f64; 2]) {
        let ask = |grain| {
            let (word, days) = ("step_count".to_owned(), Days::default());
            let question = Question { word, days, grain: Some(grain), by_source: false, now_ms: NOON_MS };
            query(folder, &question, grain).expect("rows")
        };
        let days: Vec<f64> = ask(Grain::Day).iter().map(|row| row.value.round()).collect();
        assert_eq!(days, expected);
        for grain in [Grain::Hour, Grain::Week] {
            let sum: f64 = ask(grain).iter().map(|row| row.value).sum();
            assert!((sum - expected[0] - expected[1]).abs() < 0.5, "{grain:?}: {sum}");
        }
        for (day, value) in [("2026-03-02", expected[0]), ("2026-03-03", expected[1])] {
            let found = crate::explain::explain(folder, "step_count", day).expect("an answer");
            let parts: f64 = found.sources.iter().filter_map(|part| part.value).sum();
            assert!((parts - value).abs() < 0.5, "{day}: {parts} for {value}");
        }
        assert!(crate::verify::verify(folder).expect("verified").ok);
    }

    #[test]
    fn what_overlaps_after_midnight_changes_the_day_before() {
        let rows = [
            vec![steps("iPhone", "02 23:50", "03 00:10", 600), steps("Watch", "03 00:05", "03 00:20", 3000)],
            vec![steps("iPhone", "02 20:00", "03 04:00", 8000), steps("Watch", "03 00:00", "03 04:00", 5000)],
        ];
        for (rows, expected) in rows.iter().zip([[0.0, 3000.0], [3000.0, 5000.0]]) {
            let folder = TestFolder::of_rows("midnight", rows);
            crate::settings::set(&folder, "home_zone", "Europe/Berlin").expect("set");
            check_days(&folder, expected);
            // The same in two imports, the later sample first.
            let folder = TestFolder::of_rows("midnight-late", &rows[1..]);
            crate::settings::set(&folder, "home_zone", "Europe/Berlin").expect("set");
            let file = folder.dir().join("second.xml");
            std::fs::write(&file, format!("<HealthData>{}</HealthData>", rows[0])).expect("written");
            let options = crate::import::Options::default();
            crate::import::import(&folder, &crate::import::Input::Path(file), &options, &mut |_| true)
                .expect("imported");
            check_days(&folder, expected);
        }
    }
}
