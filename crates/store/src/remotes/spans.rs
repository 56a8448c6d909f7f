//! What a remote has to be compared with next: first what was written since, then what it was not led through yet.

use rusqlite::{Connection, OptionalExtension, params};

use crate::error::Result;
use crate::open::Store;
use crate::rollup::DAY_MS;

/// The record of samples.
pub const SAMPLE: &str = "sample";
/// The record of what apps summed up.
const AGGREGATE: &str = "aggregate";
/// In place of a day: rows that have no start.
pub const NO_DAY: i64 = -300_000_000;
/// Days are counted from so many before 1970, where SQL cuts towards zero; no instant lies before.
pub(super) const DAYS_BEFORE: i64 = 100_000_000;

/// Rows of one sort.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Series {
    /// The key `record` of a JSON line: `sample`, `aggregate`, `workout` and so on.
    pub record: String,
    /// Identifier of the type of samples; else empty.
    pub kind: String,
}

/// A day of a series: what is compared at a time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// Rows of which sort.
    pub series: Series,
    /// Those that start on this day of UTC, counted from 1970-01-01; [`NO_DAY`] for those without a start.
    pub day: i64,
}

impl Span {
    /// The starts that are meant, in milliseconds: from, until, which is outside.
    pub fn range_ms(&self) -> (i64, i64) {
        if self.day == NO_DAY {
            return (i64::MIN, i64::MIN + 1);
        }
        (self.day * DAY_MS, (self.day + 1) * DAY_MS)
    }

    fn of(record: &str, kind: &str, day: i64) -> Self {
        Self { series: Series { record: record.to_owned(), kind: kind.to_owned() }, day }
    }
}

/// How far a remote was led through everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Walk {
    /// Not at all yet.
    Begin,
    /// Up to a span, and with it.
    After(Span),
    /// Through everything.
    Done,
}

impl Walk {
    pub(super) fn from_columns(record: Option<String>, kind: Option<String>, day: Option<i64>) -> Self {
        match (record, kind, day) {
            (Some(record), ..) if record.is_empty() => Self::Begin,
            (Some(record), Some(kind), Some(day)) => Self::After(Span { series: Series { record, kind }, day }),
            _ => Self::Done,
        }
    }

    pub(super) fn columns(&self) -> (Option<&str>, Option<&str>, Option<i64>) {
        match self {
            Self::Begin => (Some(""), Some(""), Some(0)),
            Self::After(span) => (Some(&span.series.record), Some(&span.series.kind), Some(span.day)),
            Self::Done => (None, None, None),
        }
    }
}

/// How far a remote is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// Changes up to this one were looked at.
    pub seq: i64,
    /// And so much of everything.
    pub walk: Walk,
}

impl Store {
    /// Returns what a remote has to be compared with next, of what `wants` says is for it, and where it is once that is
    /// done; without a span it has been compared with everything.
    pub fn next_span(
        &self,
        remote: i64,
        position: &Position,
        wants: &dyn Fn(&Span) -> bool,
    ) -> Result<(Option<Span>, Position)> {
        let mut position = position.clone();
        while let Some((seq, span)) = next_change(&self.conn, position.seq)? {
            position.seq = seq;
            if wants(&span) {
                return Ok((Some(span), position));
            }
        }
        while position.walk != Walk::Done {
            match next_of_walk(&self.conn, remote, &position.walk, wants)? {
                None => position.walk = Walk::Done,
                Some(span) => {
                    position.walk = Walk::After(span.clone());
                    if wants(&span) {
                        return Ok((Some(span), position));
                    }
                }
            }
        }
        Ok((None, position))
    }
}

fn next_change(conn: &Connection, seq: i64) -> Result<Option<(i64, Span)>> {
    let mut statement =
        conn.prepare_cached("SELECT seq, record, kind, day FROM changes WHERE seq > ?1 ORDER BY seq LIMIT 1")?;
    let found = statement.query_row([seq], |row| {
        let series = Series { record: row.get(1)?, kind: row.get(2)? };
        Ok((row.get(0)?, Span { series, day: row.get(3)? }))
    });
    Ok(found.optional()?)
}

/// The next span in the order of series and days, of series of which anything may be wanted.
fn next_of_walk(conn: &Connection, remote: i64, walk: &Walk, wants: &dyn Fn(&Span) -> bool) -> Result<Option<Span>> {
    let mut series = match walk {
        Walk::Done => return Ok(None),
        Walk::Begin => series_after(conn, remote, &Series { record: String::new(), kind: String::new() })?,
        Walk::After(span) => match day_after(conn, remote, &span.series, span.day)? {
            Some(day) => return Ok(Some(Span { day, ..span.clone() })),
            None => series_after(conn, remote, &span.series)?,
        },
    };
    while let Some(of) = series {
        // No day of it is wanted where the last one is not: a selection has a beginning and no end.
        let is_wanted = wants(&Span { series: of.clone(), day: i64::MAX / DAY_MS - 1 });
        if is_wanted && let Some(day) = day_after(conn, remote, &of, i64::MIN)? {
            return Ok(Some(Span { series: of, day }));
        }
        series = series_after(conn, remote, &of)?;
    }
    Ok(None)
}

/// The next series that the store or the ledger knows.
fn series_after(conn: &Connection, remote: i64, after: &Series) -> Result<Option<Series>> {
    let text = |sql: &str, at: &str| -> Result<Option<String>> {
        Ok(conn.prepare_cached(sql)?.query_row([at], |row| row.get(0)).optional()?)
    };
    let mut found: Vec<Span> = Vec::new();
    let entries = text("SELECT kind FROM entries WHERE kind > ?1 ORDER BY kind LIMIT 1", &after.record)?;
    found.extend(entries.map(|record| Span::of(&record, "", 0)));
    found.push(Span::of(AGGREGATE, "", 0));
    let kind = match after.record.as_str().cmp(SAMPLE) {
        std::cmp::Ordering::Less => "",
        _ => &after.kind,
    };
    let kind = text("SELECT identifier FROM kinds WHERE identifier > ?1 ORDER BY identifier LIMIT 1", kind)?;
    found.extend(kind.map(|kind| Span::of(SAMPLE, &kind, 0)));
    let mut known = conn.prepare_cached(
        "SELECT record, kind FROM acknowledged WHERE remote_id = ?1 AND (record, kind) > (?2, ?3)
         ORDER BY record, kind LIMIT 1",
    )?;
    let known = known.query_row(params![remote, after.record, after.kind], |row| {
        Ok(Span { series: Series { record: row.get(0)?, kind: row.get(1)? }, day: 0 })
    });
    found.extend(known.optional()?);
    Ok(found.into_iter().map(|span| span.series).filter(|series| series > after).min())
}

/// The next day of a series on which the store or the ledger has rows.
fn day_after(conn: &Connection, remote: i64, series: &Series, after: i64) -> Result<Option<i64>> {
    let from_ms = if after < -DAYS_BEFORE { i64::MIN } else { (after + 1).saturating_mul(DAY_MS) };
    let start = |sql: &str, of: &str| -> Result<Option<i64>> {
        let found: Option<i64> =
            conn.prepare_cached(sql)?.query_row(params![of, from_ms], |row| row.get(0)).optional()?.flatten();
        Ok(found.map(|start| start.div_euclid(DAY_MS)))
    };
    let mut days = Vec::new();
    match series.record.as_str() {
        SAMPLE => days.extend(start(
            "SELECT start_ms FROM samples WHERE kind_id = (SELECT id FROM kinds WHERE identifier = ?1)
                 AND start_ms >= ?2 ORDER BY start_ms LIMIT 1",
            &series.kind,
        )?),
        AGGREGATE => days.extend(start(
            "SELECT start_ms FROM aggregates WHERE ?1 = '' AND start_ms >= ?2 ORDER BY start_ms LIMIT 1",
            "",
        )?),
        record => {
            if after < NO_DAY && has_timeless(conn, record)? {
                return Ok(Some(NO_DAY));
            }
            days.extend(start("SELECT min(start_ms) FROM entries WHERE kind = ?1 AND start_ms >= ?2", record)?);
        }
    }
    let mut known = conn.prepare_cached(
        "SELECT min(day) FROM acknowledged WHERE remote_id = ?1 AND record = ?2 AND kind = ?3 AND day > ?4",
    )?;
    let known: Option<i64> = known.query_row(params![remote, series.record, series.kind, after], |row| row.get(0))?;
    days.extend(known);
    Ok(days.into_iter().min())
}

fn has_timeless(conn: &Connection, record: &str) -> Result<bool> {
    let mut statement =
        conn.prepare_cached("SELECT EXISTS (SELECT 1 FROM entries WHERE kind = ?1 AND start_ms IS NULL)")?;
    Ok(statement.query_row([record], |row| row.get(0))?)
}
