//! The one number of a page or a card: which it is, of when, and what explains it.

use chart::blood_pressure::Half;
use chart::layer::Layer;
use chart::{Model, Paired};
use health::language::{numbers, word as said};
use health::time::Zones;
use serde::Serialize;
use store::Store;

use super::lead;
use super::slots::{TIME, blocks};
use crate::charts::Subject;
use crate::error::Result;

/// The one number of a page.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Hero {
    /// `range`, `sum`, `average_a_day`, `average`, `latest` or `pair`.
    pub what: &'static str,
    /// The number; of a range or a pair the lower one.
    pub value: f64,
    /// The upper one of a range or a pair.
    pub high: Option<f64>,
    /// The mean of a range.
    pub mean: Option<f64>,
    /// The unit of all.
    pub unit: String,
    /// Digits behind the point.
    pub digits: usize,
    /// Readings, where the chart counts them.
    pub readings: Option<u64>,
    /// Slots with data.
    pub with_data: usize,
    /// All slots that have begun.
    pub slots: usize,
    /// Slots with data that are not over: what of them is not over either is in no average.
    pub left_out: usize,
    /// When it was read, where it is one reading.
    pub at: Option<At>,
    /// What explains it: one type, of a pair that of each half.
    pub leads: Vec<Lead>,
}

/// When something was read, on the wearer's clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct At {
    /// The local day.
    pub day: String,
    /// The time of day, as 07:05.
    pub clock: String,
}

/// Where a number is explained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Lead {
    /// The word of the type.
    pub word: String,
    /// Its name, where there are several.
    pub name: Option<String>,
    /// First local day; of a number that is one reading the day of that.
    pub first_day: String,
    /// Last local day.
    pub last_day: String,
    /// From when to when in milliseconds since 1970, where it is of a part of a day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stretch: Option<(i64, i64)>,
}

/// Returns the one number of a chart of some days; none without data, and for charts that are no numbers over time.
/// `events` says that it is of what happens now and then, `explains` of which type its numbers are, `is_part` that the
/// chart shows a few hours of a day.
pub(super) fn hero(
    (store, zones): (&Store, &Zones),
    (subject, model): (&Subject, &Model),
    events: bool,
    explains: Option<&str>,
    is_part: bool,
) -> Result<Option<Hero>> {
    if !matches!(subject, Subject::Type(_) | Subject::HeartRate(_) | Subject::Pressure) {
        return Ok(None);
    }
    let newest = newest(model, lead::half_of(subject));
    let Some(hero) = plain(model, events, newest.as_ref(), zones) else { return Ok(None) };
    let newest = newest.filter(|_| matches!(hero.what, "latest" | "pair"));
    let read_ms = newest.as_ref().map(|newest| newest.at_ms);
    let half = newest.as_ref().and_then(|newest| newest.half);
    let at = read_ms.and_then(|at_ms| {
        let (day, clock) = zones.wall_clock(at_ms).split_once(' ').map(|(day, clock)| (day.into(), clock.into()))?;
        Some(At { day, clock })
    });
    // One reading is of its own day, whatever range it is shown in.
    let days = read_ms
        .map(|at_ms| zones.day(at_ms))
        .map_or_else(|| (model.range.since(zones), model.range.until(zones)), |day| (day, day));
    // A night is explained as a whole.
    let stretch = match read_ms {
        _ if !is_part || explains == Some("sleep") => None,
        Some(_) => newest.as_ref().map(|newest| (newest.ends.0, newest.ends.1 + 1)),
        None => Some((model.range.start_ms, model.range.end_ms)),
    };
    let leads = explains
        .map(|word| lead::leads(store, (subject, half), word, (days, stretch)))
        .transpose()?
        .unwrap_or_default();
    Ok(Some(Hero { at, leads, ..hero }))
}

fn plain(model: &Model, events: bool, newest: Option<&Newest>, zones: &Zones) -> Option<Hero> {
    let (what, value, high) = number(model, events, newest)?;
    let range = what == "range";
    Some(Hero {
        what,
        value,
        high,
        mean: model.totals.as_ref().filter(|_| range).map(|totals| totals.mean),
        unit: model.unit.clone(),
        digits: digits(model),
        readings: model.totals.as_ref().filter(|_| what == "range" || what == "average").map(|totals| totals.n),
        with_data: model.buckets.len(),
        left_out: match &model.totals {
            Some(totals) if totals.leaves_out => model.buckets.iter().filter(|bucket| !bucket.complete).count(),
            _ => 0,
        },
        slots: if model.buckets.is_empty() { 0 } else { slots(model, zones) },
        at: None,
        leads: Vec::new(),
    })
}

/// How many slots of the table have begun.
fn slots(model: &Model, zones: &Zones) -> usize {
    let begun = model.range.begun(&model.range.slots(zones));
    begun.min(model.table.rows.len()).max(model.buckets.len())
}

fn number(model: &Model, events: bool, newest: Option<&Newest>) -> Option<(&'static str, f64, Option<f64>)> {
    let columns = blocks(&model.layers).next().is_some();
    // Single measurements: the newest says more than their mean.
    let totals = model.totals.as_ref().filter(|_| model.table.columns.get(1).is_none_or(|head| *head != said(TIME)));
    match totals {
        Some(totals) if model.title == said(HEART_RATE) => Some(("range", totals.min, Some(totals.max))),
        Some(_) if columns && (events || model.range.step == chart::Step::Hour) => {
            Some(("sum", model.buckets.iter().map(|bucket| bucket.mean).sum(), None))
        }
        Some(totals) if columns => Some(("average_a_day", totals.mean, None)),
        Some(totals) => Some(("average", totals.mean, None)),
        None => newest.map(|newest| (newest.what, newest.value, newest.high)),
    }
}

/// The chart of the one type that is told by its lowest and its highest.
const HEART_RATE: &str = chart::heart_rate::TITLE;

/// The newest reading of a chart of single ones.
struct Newest {
    what: &'static str,
    value: f64,
    high: Option<f64>,
    at_ms: i64,
    /// From its first to its last number, which may be seconds apart.
    ends: (i64, i64),
    /// Of which half of a blood pressure it is, where it is one.
    half: Option<Half>,
}

/// Returns the newest reading: of two numbers that of both, and of one of them where that is asked for or alone.
fn newest(model: &Model, asked: Option<Half>) -> Option<Newest> {
    if let Some(half) = asked {
        return newest_of(model, half);
    }
    let pair = |row: &Paired| {
        let [Some(upper), Some(lower)] = row.halves else { return None };
        let (low, high) = (upper.value.min(lower.value), upper.value.max(lower.value));
        let ends = (upper.at_ms.min(lower.at_ms), upper.at_ms.max(lower.at_ms));
        Some(Newest { ends, what: "pair", value: low, high: Some(high), at_ms: row.at_ms, half: None })
    };
    let pair = model.readings.iter().filter_map(pair).max_by_key(|newest| newest.at_ms);
    let alone = || {
        let halves = [Half::Systolic, Half::Diastolic].into_iter();
        halves.filter_map(|half| newest_of(model, half)).max_by_key(|newest| newest.at_ms)
    };
    let dots = || {
        let point = model.layers.iter().find_map(|layer| match layer {
            Layer::Dots { points, .. } => points.last(),
            _ => None,
        });
        point.map(|point| {
            let at_ms = point.0 as i64;
            Newest { what: "latest", value: point.1, high: None, at_ms, ends: (at_ms, at_ms), half: None }
        })
    };
    pair.or_else(alone).or_else(dots)
}

/// Returns the newest value of one half, whether the other one was written too or not.
fn newest_of(model: &Model, half: Half) -> Option<Newest> {
    let values = model.readings.iter().filter_map(|row| half.of(row.halves));
    let found = values.max_by_key(|reading| reading.at_ms)?;
    Some(Newest {
        what: "latest",
        value: found.value,
        high: None,
        at_ms: found.at_ms,
        ends: (found.at_ms, found.at_ms),
        half: Some(half),
    })
}

/// As many as the table prints.
fn digits(model: &Model) -> usize {
    let cells = model.table.rows.iter().flat_map(|row| row.iter().skip(1));
    let behind = |cell: &String| match cell.split_once(numbers().point) {
        Some((_, rest)) if rest.bytes().all(|c| c.is_ascii_digit()) => rest.len(),
        _ => 0,
    };
    cells.map(behind).max().unwrap_or(0)
}
