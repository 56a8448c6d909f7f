//! Where the number of a day comes from: the rule in words, and of each source the rows that count and those that do
//! not.

use std::collections::BTreeMap;

use health::language::word;
use health::series::asleep::of_night;
use health::series::buckets::{Bucket, Input};
use health::series::events::{DoubleEntry, double_entries};
use health::series::explain::{Explained, Part, explain as explain_day};
use health::series::night_parts::{naive_asleep_ms, night_parts};
use health::series::rule::{LONGEST_SPLIT_MS, Rule};
use health::series::sleep::{Kind, Segment, Session};
use health::time::{Day, Zones, format_day, format_instant};
use health::{key, kind};
use serde::Serialize;
use store::Store;
use store::query::{Orders, Point, Ranks};

use crate::daily::of_kind;
use crate::error::Result;
use crate::folder::Folder;
use crate::local::{Days, Found, find_kind, zones};
use crate::query::REACH_MS;
use crate::sleep::{SLEEP, Sleeper};

/// The answer of `vitalog explain`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExplainAnswer {
    /// Apple's identifier.
    #[serde(rename = "type")]
    pub kind: String,
    /// The local day.
    pub day: String,
    /// The zone that holds at its noon.
    pub zone: String,
    /// The number, as in `vitalog daily`; of sleep the minutes asleep in the night. Null where there is none.
    pub value: Option<f64>,
    /// Its unit.
    pub unit: Option<String>,
    /// Digits behind the point with which people read it; the window's alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digits: Option<usize>,
    /// How it is made, as in `vitalog daily`.
    pub stat: &'static str,
    /// Code of the rule.
    pub rule: &'static str,
    /// What was done, in words: the rule, and whether a source overlapped itself.
    pub sentence: String,
    /// What a plain sum of all rows would say; null where sums make no sense.
    pub naive_sum: Option<f64>,
    /// Minutes of the day that rows cover; only of sums of what was going on, which are merged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub covered_min: Option<f64>,
    /// Those of them that several sources cover.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shared_min: Option<f64>,
    /// Of what is measured in the night, too, the mean of the rows of the day's night: of heart rate variability inside
    /// the main sleep, of others asleep.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asleep: Option<f64>,
    /// The newest reading of the day, which need not be its number; only of what is measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latest: Option<LatestAnswer>,
    /// Minutes asleep in naps, which are not in the night; only of sleep.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nap_min: Option<f64>,
    /// The sessions of the day by time, with what each is and where it comes from; only of sleep.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sessions: Vec<SessionPart>,
    /// Whether it is that of a night and not of a day.
    #[serde(skip)]
    pub nights: bool,
    /// What looks like one entry in two apps, by time; only of events, of which all count.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub double_entries: Vec<DoubleAnswer>,
    /// What apps summed up of the day by themselves, by app and length: it is in no number.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub summaries: Vec<SummaryAnswer>,
    /// Rows of the day that the owner hid or deleted: they count nowhere.
    #[serde(skip_serializing_if = "is_none")]
    pub hidden: u64,
    /// What the owner said about the sleep of the day, the oldest first: `split`, `merge`, `nap`, `night` or `ignore`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub edits: Vec<&'static str>,
    /// The sources that have rows on the day, the best first.
    pub sources: Vec<SourcePart>,
}

/// The newest reading of a day.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LatestAnswer {
    /// When it began.
    pub at: String,
    /// The same on the wearer's clock, as in `07:00`.
    pub clock: String,
    /// Its value.
    pub value: f64,
}

/// Equal values that several sources wrote in one minute.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DoubleAnswer {
    /// Start of the minute.
    pub at: String,
    /// The value of each.
    pub value: f64,
    /// How many sources wrote it.
    pub sources: usize,
}

/// Sums, means or counts that an app made.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SummaryAnswer {
    /// The app, as in `devices add --app`.
    pub app: &'static str,
    /// How long each is: `event`, `second`, `minute`, `hour`, `day`, `week`, `month` or `year`.
    pub grain: &'static str,
    /// How many.
    pub count: u64,
    /// Where they come from, and how the app sends samples instead.
    pub said: String,
}

/// A session of sleep, and where it comes from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SessionPart {
    /// `main`, `extra`, `nap` or `in_bed_only`; a nap is in no night.
    pub kind: &'static str,
    /// Its start, as in `vitalog sleep`.
    pub start: String,
    /// From when until when on the wearer's clock.
    pub clock: [String; 2],
    /// Minutes asleep; null of a time in bed of which nobody told sleep.
    pub asleep_min: Option<f64>,
    /// The sources that have segments in it, the best first.
    pub sources: Vec<SourcePart>,
}

/// What a source has to do with the number.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct SourcePart {
    /// Its name.
    pub source: String,
    /// Its number, as in `vitalog sources`.
    pub id: Option<i64>,
    /// Rows that count, in whole or in part.
    pub rows_used: usize,
    /// Rows that do not.
    pub rows_left_out: usize,
    /// What it adds to a sum or a count, else the mean of its rows that count, made as the number is; null where none
    /// does.
    pub value: Option<f64>,
}

const NIGHT: &str = key!(
    "The best source with stages tells the night as it is; each other one only fills holes of half an hour and more, \
     or nights that no better one saw."
);
/// Of a day with a record that no day holds.
const LONG: &str = key!(
    "A record that lasts longer than a day counts whole on the day on which it begins; the others share time by the \
     order of their sources."
);
/// The same where the owner named sources.
const NAMED_NIGHT: &str = key!(
    "The source that you put first tells the night as it is; each other one only fills holes of half an hour and \
     more, or nights that no better one saw."
);
const MINUTE_MS: f64 = 60_000.0;

/// Explains one number: that of a type on a day, or a night.
pub fn explain(folder: &Folder, word: &str, day: &str) -> Result<ExplainAnswer> {
    let days = Days::parse(Some(day), Some(day))?;
    let store = folder.read()?;
    let found = find_kind(&store, if kind::fold(word) == "sleep" { SLEEP } else { word })?;
    let (orders, zones) = (store.orders()?, zones(&store)?);
    match found.kind.identifier == SLEEP {
        true => night(&store, &found, &orders, &zones, days),
        false => number(&store, &found, &orders, &zones, days),
    }
}

/// Without anything in it.
fn empty(identifier: &str, zones: &Zones, day: Day) -> ExplainAnswer {
    let zone = zones.zone(zones.clock_time(day, 12)).iana_name().unwrap_or("UTC").to_owned();
    ExplainAnswer {
        kind: identifier.to_owned(),
        day: format_day(day),
        zone,
        value: None,
        unit: None,
        digits: None,
        stat: "",
        rule: "",
        sentence: String::new(),
        naive_sum: None,
        covered_min: None,
        shared_min: None,
        asleep: None,
        latest: None,
        nap_min: None,
        sessions: Vec::new(),
        nights: identifier == SLEEP,
        double_entries: Vec::new(),
        summaries: Vec::new(),
        hidden: 0,
        edits: Vec::new(),
        sources: Vec::new(),
    }
}

fn number(store: &Store, found: &Found, orders: &Orders, zones: &Zones, days: Days) -> Result<ExplainAnswer> {
    let (rule, ranks) = (Rule::of(&found.kind), orders.of(&found.kind.identifier));
    let day = days.numbers().0;
    // The number itself is the one of `daily`: two sums of the same rows may differ in their last digit.
    let bucket = of_kind(store, found, days, ranks, zones)?.into_iter().next();
    let points = found.id.map_or_else(|| Ok(Vec::new()), |id| nearby(store, id, days, zones))?;
    let explained = explain_day(&inputs(&points, rule, ranks), rule, day, zones);
    let sentence = explained.as_ref().map_or_else(|| rule.sentence(), Explained::sentence);
    // What lasts for days says nothing of when in them.
    let is_long = |point: &Point| zones.day(point.start_ms) == day && point.end_ms - point.start_ms > LONGEST_SPLIT_MS;
    let has_long = rule.is_sum() && points.iter().any(is_long);
    let sentence = if has_long { LONG } else { sentence };
    let coverage = explained.as_ref().and_then(|explained| explained.coverage).filter(|_| !has_long);
    let sources = parts(explained, &points, rule, day, ranks, zones);
    let double_entries = if rule == Rule::EveryEvent { doubles(&points, day, ranks, zones) } else { Vec::new() };
    let value = |of: fn(&Bucket) -> f64| bucket.as_ref().map(of);
    let nights = Sleeper::new(store, orders, zones)?.nights(days)?;
    let asleep = of_night(&found.kind, &inputs(&points, rule, ranks), &nights, day).map(|night| night.value);
    Ok(ExplainAnswer {
        value: value(|bucket| bucket.value),
        unit: found.unit_of_days(),
        stat: rule.stat(),
        rule: rule.as_str(),
        sentence: word(sentence),
        naive_sum: value(|bucket| bucket.naive_sum).filter(|_| rule.is_sum()),
        covered_min: coverage.map(|coverage| coverage.covered_ms as f64 / MINUTE_MS),
        shared_min: coverage.map(|coverage| coverage.shared_ms as f64 / MINUTE_MS),
        asleep,
        latest: if rule.is_sum() || rule == Rule::Count { None } else { latest(&points, day, zones) },
        double_entries,
        summaries: summaries::of(store, found.id, days, zones)?,
        hidden: acts::hidden(store, found.id, days, zones)?,
        sources,
        ..empty(&found.kind.identifier, zones, day)
    })
}

/// The reading of a day that began last; the charts draw each by its begin.
fn latest(points: &[Point], day: Day, zones: &Zones) -> Option<LatestAnswer> {
    let here = points.iter().filter(|point| zones.day(point.start_ms) == day && point.value.is_some());
    let last = here.max_by_key(|point| point.start_ms)?;
    let minute = zones.minute_of_day(last.start_ms);
    let clock = format!("{:02}:{:02}", minute / 60, minute % 60);
    Some(LatestAnswer { at: format_instant(last.start_ms), clock, value: last.value? })
}

/// The samples of a day, and those around it that decide what these add.
fn nearby(store: &Store, kind_id: i64, days: Days, zones: &Zones) -> Result<Vec<Point>> {
    let (from_ms, until_ms) = days.instants(zones).range_ms();
    Ok(store.points(kind_id, from_ms.saturating_sub(REACH_MS), until_ms.saturating_add(REACH_MS))?)
}

/// What may have been entered twice on a day: nobody but the wearer can tell.
fn doubles(points: &[Point], day: Day, ranks: &Ranks, zones: &Zones) -> Vec<DoubleAnswer> {
    let here = points.iter().filter(|point| zones.day(point.start_ms) == day);
    // What a source has by hand and what it has not are one source.
    let input = |point: &Point| {
        let mut input = point.input(Rule::EveryEvent, ranks)?;
        input.span.rank = ranks.place(input.span.rank);
        Some(input)
    };
    let inputs: Vec<Input> = here.filter_map(input).collect();
    let answer = |double: &DoubleEntry| DoubleAnswer {
        at: format_instant(double.minute_ms),
        value: double.value,
        sources: double.sources,
    };
    double_entries(&inputs).iter().map(answer).collect()
}

fn inputs(points: &[Point], rule: Rule, ranks: &Ranks) -> Vec<Input> {
    points.iter().filter_map(|point| point.input(rule, ranks)).collect()
}

/// Of each source what it has to do with a day.
fn parts(
    explained: Option<Explained>,
    points: &[Point],
    rule: Rule,
    day: Day,
    ranks: &Ranks,
    zones: &Zones,
) -> Vec<SourcePart> {
    let mut parts = Parts { ranks, by_place: BTreeMap::new() };
    for part in explained.map(|explained| explained.sources).unwrap_or_default() {
        parts.add(part, rule.is_sum() || rule == Rule::Count);
    }
    // Values in a unit that nobody knows count for nothing.
    let unreadable = |point: &&Point| point.input(rule, ranks).is_none();
    for point in points.iter().filter(unreadable).filter(|point| zones.day(point.start_ms) == day) {
        parts.leave_out(point);
    }
    parts.by_place.into_values().collect()
}

/// What each source adds to a sum, by the order of sources.
pub(crate) fn source_parts(all: Vec<Part>, ranks: &Ranks) -> Vec<SourcePart> {
    let mut parts = Parts { ranks, by_place: BTreeMap::new() };
    for part in all {
        parts.add(part, true);
    }
    parts.by_place.into_values().collect()
}

/// Parts by the place of their source: what it wrote by hand and what it measured are one.
struct Parts<'r> {
    ranks: &'r Ranks,
    by_place: BTreeMap<u32, SourcePart>,
}

impl Parts<'_> {
    fn add(&mut self, part: Part, adds_up: bool) {
        let known = self.by_place.entry(self.ranks.place(part.rank)).or_insert_with(|| SourcePart {
            source: self.ranks.name(part.rank).to_owned(),
            id: self.ranks.source(part.rank),
            rows_used: 0,
            rows_left_out: 0,
            value: None,
        });
        known.rows_used += part.rows_used;
        known.rows_left_out += part.rows_left_out;
        known.value = match (known.value, part.value) {
            (Some(a), Some(b)) if adds_up => Some(a + b),
            (a, b) => a.or(b),
        };
    }

    /// A row that counts for nothing.
    fn leave_out(&mut self, point: &Point) {
        let rank = self.ranks.of(point.source_id, point.by_hand);
        self.add(Part { rank, rows_used: 0, rows_left_out: 1, value: None }, false);
    }
}

fn night(store: &Store, found: &Found, orders: &Orders, zones: &Zones, days: Days) -> Result<ExplainAnswer> {
    let sleeper = Sleeper::new(store, orders, zones)?;
    let segments = sleeper.segments(days)?;
    let all = sleeper.nights(days)?;
    let ranks = orders.of(SLEEP);
    let sessions = all.iter().map(|session| session_part(&segments, session, ranks, zones)).collect();
    let (naps, night): (Vec<Session>, Vec<Session>) = all.into_iter().partition(|session| session.kind == Kind::Nap);
    let asleep = |sessions: &[Session]| sessions.iter().map(|session| session.asleep_ms).sum::<i64>();
    Ok(ExplainAnswer {
        value: minutes(asleep(&night)),
        unit: Some("min".to_owned()),
        stat: "sum",
        rule: "night",
        sentence: word(if orders.named(SLEEP).is_some() { NAMED_NIGHT } else { NIGHT }),
        naive_sum: minutes(naive_asleep_ms(&segments, &night)),
        nap_min: minutes(asleep(&naps)),
        sessions,
        hidden: acts::hidden(store, found.id, days, zones)?,
        edits: acts::edits(store, days.numbers().0, zones)?,
        sources: sleep_parts(&segments, &night, ranks),
        ..empty(SLEEP, zones, days.numbers().0)
    })
}

/// Minutes, where there are any.
fn minutes(ms: i64) -> Option<f64> {
    (ms > 0).then_some(ms as f64 / MINUTE_MS)
}

/// Of each source what it has to do with some sessions.
fn sleep_parts(segments: &[Segment], sessions: &[Session], ranks: &Ranks) -> Vec<SourcePart> {
    let mut parts = Parts { ranks, by_place: BTreeMap::new() };
    for part in night_parts(segments, sessions) {
        let (rows_used, rows_left_out) = (part.used, part.left_out);
        let part =
            Part { rank: store::source_rank(part.rank), rows_used, rows_left_out, value: minutes(part.asleep_ms) };
        parts.add(part, true);
    }
    parts.by_place.into_values().collect()
}

fn session_part(segments: &[Segment], session: &Session, ranks: &Ranks, zones: &Zones) -> SessionPart {
    let clock = |ms: i64| zones.wall_clock(ms).get(11..).unwrap_or_default().to_owned();
    SessionPart {
        kind: session.kind.as_str(),
        start: format_instant(session.start_ms),
        clock: [session.start_ms, session.end_ms].map(clock),
        asleep_min: minutes(session.asleep_ms),
        sources: sleep_parts(segments, std::slice::from_ref(session), ranks),
    }
}

fn is_none(n: &u64) -> bool {
    *n == 0
}

mod acts;
mod days;
mod pair;
mod stretch;
mod summaries;
#[cfg(test)]
mod tests;

pub(crate) use acts::days_of_edit;
pub(crate) use days::days_come;
pub use days::{DaysAnswer, PartOfDays, explain_days};
pub use pair::{LeftOut, PairAnswer, PairDay, explain_pair};
pub use stretch::{RowAnswer, StretchAnswer, explain_stretch, stretch_of};
