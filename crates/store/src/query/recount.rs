//! The daily roll-ups counted once more from the samples, by code that the roll-ups do not use.

use std::collections::BTreeMap;

use health::kind;
use health::series::rule::{LONGEST_SPLIT_MS, Rule};
use health::time::{Day, Zones, format_day};
use rusqlite::{Connection, Row, params};

use super::KindRow;
use super::kinds::every_row_has_length;
use super::verify::Texts;
use crate::error::Result;
use crate::row::FLAG_USER_ENTERED;

/// Sums that were added up in another order differ by less.
const TOLERANCE: f64 = 1e-9;

#[derive(Debug, Default, Clone, Copy)]
struct Sums {
    n: i64,
    total: Option<f64>,
    minimum: Option<f64>,
    maximum: Option<f64>,
    seconds: f64,
}

type Days = BTreeMap<(Day, i64), Sums>;

/// Tells, for one kind, each day and source whose roll-up differs from its samples.
pub(super) fn differences(conn: &Connection, kind: &KindRow, zones: &Zones, texts: &mut Texts) -> Result<()> {
    let (counted, mut stored) = (count(conn, kind, zones)?, stored(conn, kind.id)?);
    for (place, sums) in &counted {
        let other = stored.remove(place).unwrap_or_default();
        if let Some(text) = difference(sums, &other) {
            texts.tell(|| sentence(kind, *place, &text));
        }
    }
    stored.keys().for_each(|place| texts.tell(|| sentence(kind, *place, "there are no samples")));
    Ok(())
}

fn sentence(kind: &KindRow, (day, source): (Day, i64), text: &str) -> String {
    format!("{} of source {source} on {}: {text}", kind.identifier, format_day(day))
}

/// What differs, without a value.
fn difference(counted: &Sums, stored: &Sums) -> Option<String> {
    let same = |a: Option<f64>, b: Option<f64>| match (a, b) {
        (Some(a), Some(b)) => near(a, b),
        (a, b) => a.is_none() && b.is_none(),
    };
    if counted.n != stored.n {
        return Some(format!("{} in the roll-up, {} found", stored.n, counted.n));
    }
    let checks = [
        ("the sum", counted.total, stored.total),
        ("the smallest value", counted.minimum, stored.minimum),
        ("the largest value", counted.maximum, stored.maximum),
        ("the covered time", Some(counted.seconds), Some(stored.seconds)),
    ];
    checks.into_iter().find(|(_, a, b)| !same(*a, *b)).map(|(name, ..)| format!("{name} differs"))
}

/// Whether two sums of the same numbers may be told from one another.
pub(super) fn near(a: f64, b: f64) -> bool {
    a == b || (a - b).abs() <= TOLERANCE * a.abs().max(b.abs()).max(1.0)
}

fn stored(conn: &Connection, kind_id: i64) -> Result<Days> {
    let mut statement = conn.prepare_cached(
        "SELECT day, source_id, n, total, minimum, maximum, seconds FROM daily WHERE kind_id = ?1 ORDER BY day, source_id",
    )?;
    let rows = statement.query_map([kind_id], |row| {
        let sums = Sums {
            n: row.get(2)?,
            total: row.get(3)?,
            minimum: row.get(4)?,
            maximum: row.get(5)?,
            seconds: row.get(6)?,
        };
        Ok(((row.get(0)?, row.get(1)?), sums))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// One live sample.
struct Sample {
    start_ms: i64,
    end_ms: i64,
    source_id: i64,
    value: Option<f64>,
    times: i64,
}

impl Sample {
    fn from_sql(row: &Row<'_>, event_like: bool) -> rusqlite::Result<Self> {
        let start_ms: i64 = row.get(0)?;
        let (copies, flags): (i64, u32) = (row.get(4)?, row.get(5)?);
        let times = if event_like || flags & FLAG_USER_ENTERED != 0 { copies } else { 1 };
        let end_ms = start_ms + row.get::<_, i64>(1)?;
        Ok(Self { start_ms, end_ms, source_id: row.get(2)?, value: row.get(3)?, times })
    }
}

fn count(conn: &Connection, kind: &KindRow, zones: &Zones) -> Result<Days> {
    let guess = kind::get_or_guess(&kind.identifier, None);
    let lengths = !guess.asks_its_rows() || every_row_has_length(conn, kind.id)?;
    let rule = Rule::of(&guess.fitting(lengths));
    let event_like = kind::is_event_like(&kind.identifier);
    let mut statement = conn.prepare_cached(
        "SELECT start_ms, duration_ms, source_id, value, copies, flags FROM samples
         WHERE kind_id = ?1 AND superseded_by IS NULL ORDER BY start_ms, source_id",
    )?;
    let mut rows = statement.query(params![kind.id])?;
    let mut days = Days::new();
    let mut span = (0, 0, 0);
    while let Some(row) = rows.next()? {
        let mut sample = Sample::from_sql(row, event_like)?;
        let amount = rule.amount(sample.value, sample.end_ms - sample.start_ms);
        sample.value = amount.map(|(value, _)| value).filter(|_| rule != Rule::Count);
        if !(span.1..span.2).contains(&sample.start_ms) {
            span = zones.day_span(sample.start_ms);
        }
        add(&mut days, zones, span, &sample, rule.is_sum());
    }
    Ok(days)
}

/// Counts a sample on the day of its start, and its sum on each day that it covers.
fn add(days: &mut Days, zones: &Zones, mut span: (Day, i64, i64), sample: &Sample, spread: bool) {
    let first = days.entry((span.0, sample.source_id)).or_default();
    first.n += sample.times;
    if let Some(value) = sample.value {
        first.minimum = Some(first.minimum.unwrap_or(value).min(value));
        first.maximum = Some(first.maximum.unwrap_or(value).max(value));
    }
    let length = sample.end_ms - sample.start_ms;
    let cut = spread && length > 0 && length <= LONGEST_SPLIT_MS;
    let mut from = sample.start_ms;
    loop {
        let until = if cut { span.2.min(sample.end_ms) } else { sample.end_ms };
        let sums = days.entry((span.0, sample.source_id)).or_default();
        sums.seconds += (until - from) as f64 / 1000.0;
        if let Some(value) = sample.value {
            let share = if cut { (until - from) as f64 / length as f64 } else { 1.0 };
            sums.total = Some(sums.total.unwrap_or(0.0) + value * sample.times as f64 * share);
        }
        if until >= sample.end_ms {
            return;
        }
        from = until;
        span = zones.day_span(from);
    }
}
