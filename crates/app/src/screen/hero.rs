//! The one number of a page or a card: which it is, of when, and what explains it.

use chart::Model;
use chart::layer::Layer;
use health::kind::fold;
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
    /// All slots.
    pub slots: usize,
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
}

/// Returns the one number of a chart of some days; none without data, and for charts that are no numbers over time.
/// `events` says that it is of what happens now and then, `explains` of which type its numbers are.
pub(super) fn hero(
    (store, zones): (&Store, &Zones),
    (subject, model): (&Subject, &Model),
    events: bool,
    explains: Option<&str>,
) -> Result<Option<Hero>> {
    if !matches!(subject, Subject::Type(_) | Subject::HeartRate(_) | Subject::Pressure) {
        return Ok(None);
    }
    let Some(hero) = plain(model, events).map(|hero| of_half(hero, subject)) else { return Ok(None) };
    let read_ms = reading_at(model).filter(|_| matches!(hero.what, "latest" | "pair"));
    let at = read_ms.and_then(|at_ms| {
        let (day, clock) = zones.wall_clock(at_ms).split_once(' ').map(|(day, clock)| (day.into(), clock.into()))?;
        Some(At { day, clock })
    });
    // One reading is of its own day, whatever range it is shown in.
    let days = read_ms.map(|at_ms| zones.day(at_ms)).map_or(model.range.ends(zones), |day| (day, day));
    let leads = explains.map(|word| lead::leads(store, subject, word, days)).transpose()?.unwrap_or_default();
    Ok(Some(Hero { at, leads, ..hero }))
}

fn plain(model: &Model, events: bool) -> Option<Hero> {
    let (what, value, high) = number(model, events)?;
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
        slots: if model.buckets.is_empty() { 0 } else { model.table.rows.len() },
        at: None,
        leads: Vec::new(),
    })
}

/// Systolic and diastolic share one chart, whose number is both; who asks for one of them is told that one.
fn of_half(hero: Hero, subject: &Subject) -> Hero {
    let Subject::Type(word) = subject else { return hero };
    let value = match (fold(health::kind::short_name(word)).as_str(), hero.high) {
        ("bloodpressuresystolic", Some(high)) => high,
        ("bloodpressurediastolic", Some(_)) => hero.value,
        _ => return hero,
    };
    Hero { what: "latest", value, high: None, ..hero }
}

fn number(model: &Model, events: bool) -> Option<(&'static str, f64, Option<f64>)> {
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
        None => latest(model),
    }
}

/// The chart of the one type that is told by its lowest and its highest.
const HEART_RATE: &str = chart::heart_rate::TITLE;

fn latest(model: &Model) -> Option<(&'static str, f64, Option<f64>)> {
    model.layers.iter().find_map(|layer| match layer {
        Layer::Strokes { spans, .. } => spans.last().map(|span| ("pair", span.low, Some(span.high))),
        Layer::Dots { points, .. } => points.last().map(|point| ("latest", point.1, None)),
        _ => None,
    })
}

/// When the reading of [`latest`] was.
fn reading_at(model: &Model) -> Option<i64> {
    let at = model.layers.iter().find_map(|layer| match layer {
        Layer::Strokes { spans, .. } => spans.last().map(|span| span.at),
        Layer::Dots { points, .. } => points.last().map(|point| point.0),
        _ => None,
    });
    at.map(|at| at as i64)
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
