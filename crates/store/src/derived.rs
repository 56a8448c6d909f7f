//! What is derived from samples and kept beside them: daily roll-ups and the summary of each series.
//!
//! A write marks what it touched; once at the end the touched days and series are computed anew from the rows, so
//! that the result depends on the rows alone and never on the order of writes.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use health::kind::{self, Style};
use health::time::{Day, Zones};
use rusqlite::{Connection, TransactionBehavior, params};

use crate::error::Result;
use crate::ingest::zones;
use crate::open::Store;
use crate::row::{FLAG_USER_ENTERED, Key, Row};

const DAY_MS: i64 = 86_400_000;
/// Longer samples (goals, totals of many days) count for the day of their start.
const LONGEST_SPLIT_MS: i64 = DAY_MS;

impl Store {
    /// Computes every roll-up and summary anew, for another home zone.
    pub fn rebuild(&mut self, home_zone: &str) -> Result<()> {
        let tx = self.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut derived = Derived::default();
        let kinds: Vec<u32> = {
            let mut statement = tx.prepare("SELECT id FROM kinds ORDER BY id")?;
            statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?
        };
        for kind in kinds {
            derived.all_of(&tx, kind)?;
        }
        tx.execute_batch("DELETE FROM daily; DELETE FROM series_summary")?;
        derived.rebuild(&tx, &zones(&tx, home_zone)?)?;
        tx.commit()?;
        Ok(())
    }
}

/// What writes have touched so far.
#[derive(Debug, Default)]
pub(crate) struct Derived {
    /// Days of UTC, by kind.
    days: HashMap<u32, BTreeSet<Day>>,
    last: Option<(u32, Day, Day)>,
    /// What inserts add to a series; enough for its summary unless the kind is in `recount`.
    added: HashMap<(u32, u32), Added>,
    /// Kinds in which more happened than inserts.
    recount: BTreeSet<u32>,
}

#[derive(Debug, Clone, Copy)]
struct Added {
    n: u64,
    first_ms: i64,
    last_ms: i64,
}

impl Derived {
    /// A row was inserted.
    pub fn inserted(&mut self, kind: u32, row: &Row) {
        self.mark(kind, &row.key);
        let key = &row.key;
        let start = Added { n: 0, first_ms: key.start_ms, last_ms: key.end_ms() };
        let added = self.added.entry((kind, key.source)).or_insert(start);
        added.n += 1;
        added.first_ms = added.first_ms.min(key.start_ms);
        added.last_ms = added.last_ms.max(key.end_ms());
    }

    /// A row was changed, removed, superseded or restored.
    pub fn changed(&mut self, kind: u32, key: &Key) {
        self.recount.insert(kind);
        self.mark(kind, key);
    }

    fn mark(&mut self, kind: u32, key: &Key) {
        let first = utc_day(key.start_ms);
        let last = if key.duration_ms > LONGEST_SPLIT_MS { first } else { utc_day(key.end_ms()) };
        // Rows come sorted: nearly always the answer is the same as before.
        if self.last == Some((kind, first, last)) {
            return;
        }
        self.last = Some((kind, first, last));
        self.days.entry(kind).or_default().extend([first, last]);
    }

    /// The wearer's zone was found to be another one in `[from_ms, until_ms)`, for every kind.
    pub fn zone_changed(&mut self, kinds: &[u32], from_ms: i64, until_ms: i64, rows_between: (Day, Day)) {
        let from = utc_day(from_ms).max(rows_between.0);
        let until = utc_day(until_ms).min(rows_between.1);
        for kind in kinds {
            self.days.entry(*kind).or_default().extend(from..=until);
        }
    }

    /// Everything about a kind is to be computed anew.
    pub fn all_of(&mut self, conn: &Connection, kind: u32) -> Result<()> {
        let bounds: (Option<i64>, Option<i64>) = conn
            .prepare_cached("SELECT min(start_ms), max(start_ms) FROM samples WHERE kind_id = ?1")?
            .query_row([kind], |row| Ok((row.get(0)?, row.get(1)?)))?;
        self.recount.insert(kind);
        let days = self.days.entry(kind).or_default();
        if let (Some(first), Some(last)) = bounds {
            days.extend(utc_day(first)..=utc_day(last).saturating_add(1));
        }
        Ok(())
    }

    /// The kinds that were touched.
    pub fn kinds(&self) -> impl Iterator<Item = u32> + '_ {
        self.days.keys().copied()
    }

    /// Computes everything that was touched.
    pub fn rebuild(&self, conn: &Connection, zones: &Zones) -> Result<()> {
        let mut kinds: Vec<_> = self.days.keys().copied().collect();
        kinds.sort_unstable();
        for id in kinds {
            let identifier: String =
                conn.prepare_cached("SELECT identifier FROM kinds WHERE id = ?1")?.query_row([id], |row| row.get(0))?;
            let known = kind::get_or_guess(&identifier, None);
            for (from, until) in runs(&self.days[&id]) {
                rebuild_days(conn, zones, id, known.style, (from - 1, until + 1))?;
            }
            if self.recount.contains(&id) {
                rebuild_summary(conn, id)?;
            }
        }
        for ((kind, source), added) in self.added.iter().filter(|((kind, _), _)| !self.recount.contains(kind)) {
            add_to_summary(conn, *kind, *source, added)?;
        }
        Ok(())
    }
}

fn utc_day(at_ms: i64) -> Day {
    at_ms.div_euclid(DAY_MS).clamp(Day::MIN.into(), Day::MAX.into()) as Day
}

/// Neighbouring days as closed ranges; small holes are filled, because one scan is cheaper than two.
fn runs(days: &BTreeSet<Day>) -> Vec<(Day, Day)> {
    let mut out: Vec<(Day, Day)> = Vec::new();
    for day in days {
        match out.last_mut() {
            Some((_, until)) if *day - *until <= 4 => *until = *day,
            _ => out.push((*day, *day)),
        }
    }
    out
}

#[derive(Debug, Default, Clone, Copy)]
struct Acc {
    n: u64,
    total: Option<f64>,
    minimum: Option<f64>,
    maximum: Option<f64>,
    seconds: f64,
}

/// Recomputes the local days `from..=until` of one kind.
fn rebuild_days(conn: &Connection, zones: &Zones, kind: u32, style: Style, (from, until): (Day, Day)) -> Result<()> {
    conn.prepare_cached("DELETE FROM daily WHERE kind_id = ?1 AND day BETWEEN ?2 AND ?3")?
        .execute(params![kind, from, until])?;
    // A local day may begin 14 hours before or after that of UTC; a split sample a day before that.
    let reach = (i64::from(from) * DAY_MS - DAY_MS - LONGEST_SPLIT_MS, (i64::from(until) + 2) * DAY_MS);
    let event_like_copies = "CASE WHEN ?4 OR flags & ?5 THEN copies ELSE 1 END";
    let sql = format!(
        "SELECT start_ms, source_id, duration_ms, value, {event_like_copies} FROM samples
         WHERE kind_id = ?1 AND start_ms BETWEEN ?2 AND ?3 AND superseded_by IS NULL ORDER BY start_ms, source_id"
    );
    let identifier: String =
        conn.prepare_cached("SELECT identifier FROM kinds WHERE id = ?1")?.query_row([kind], |row| row.get(0))?;
    let event_like = kind::is_event_like(&identifier);
    let mut statement = conn.prepare_cached(&sql)?;
    let mut rows = statement.query(params![kind, reach.0, reach.1, event_like, FLAG_USER_ENTERED])?;
    let mut days: BTreeMap<(Day, u32), Acc> = BTreeMap::new();
    let mut span = (0, 0, 0);
    while let Some(row) = rows.next()? {
        let (start, source, duration): (i64, u32, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let (value, copies): (Option<f64>, u32) = (row.get(3)?, row.get(4)?);
        if !(span.1..span.2).contains(&start) {
            span = zones.day_span(start);
        }
        let sample = Part { start, duration, value: value.filter(|_| style != Style::Category), copies };
        add(&mut days, zones, source, span, style, sample);
    }
    drop(rows);
    let mut insert = conn.prepare_cached(
        "INSERT INTO daily (kind_id, day, source_id, n, total, minimum, maximum, seconds)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    for ((day, source), acc) in days.range((from, 0)..=(until, u32::MAX)) {
        insert.execute(params![kind, day, source, acc.n, acc.total, acc.minimum, acc.maximum, acc.seconds])?;
    }
    Ok(())
}

#[derive(Clone, Copy)]
struct Part {
    start: i64,
    duration: i64,
    value: Option<f64>,
    copies: u32,
}

fn add(
    days: &mut BTreeMap<(Day, u32), Acc>,
    zones: &Zones,
    source: u32,
    span: (Day, i64, i64),
    style: Style,
    sample: Part,
) {
    let Part { start, duration, value, copies } = sample;
    let acc = days.entry((span.0, source)).or_default();
    acc.n += u64::from(copies);
    if let Some(value) = value {
        acc.minimum = Some(acc.minimum.map_or(value, |m| m.min(value)));
        acc.maximum = Some(acc.maximum.map_or(value, |m| m.max(value)));
    }
    let end = start + duration;
    let whole = style != Style::Cumulative || duration == 0 || duration > LONGEST_SPLIT_MS || end <= span.2;
    let mut at = start;
    let mut span = span;
    loop {
        let until = if whole { end } else { end.min(span.2) };
        let share = if duration == 0 { 1.0 } else { (until - at) as f64 / duration as f64 };
        let acc = days.entry((span.0, source)).or_default();
        acc.seconds += (until - at) as f64 / 1000.0;
        if let Some(value) = value {
            *acc.total.get_or_insert(0.0) += value * f64::from(copies) * share;
        }
        if until >= end {
            return;
        }
        at = until;
        span = zones.day_span(at);
    }
}

/// Adds inserted rows to the summary of their series.
fn add_to_summary(conn: &Connection, kind: u32, source: u32, added: &Added) -> Result<()> {
    conn.prepare_cached(
        "INSERT INTO series_summary (kind_id, source_id, n, stored, first_ms, last_ms) VALUES (?1, ?2, ?3, ?3, ?4, ?5)
         ON CONFLICT DO UPDATE SET n = n + ?3, stored = stored + ?3,
             first_ms = min(coalesce(first_ms, ?4), ?4), last_ms = max(coalesce(last_ms, ?5), ?5)",
    )?
    .execute(params![kind, source, added.n, added.first_ms, added.last_ms])?;
    Ok(())
}

/// Recomputes the summary rows of one kind.
fn rebuild_summary(conn: &Connection, kind: u32) -> Result<()> {
    conn.prepare_cached("DELETE FROM series_summary WHERE kind_id = ?1")?.execute([kind])?;
    conn.prepare_cached(
        "INSERT INTO series_summary (kind_id, source_id, n, stored, first_ms, last_ms)
         SELECT kind_id, source_id, sum(superseded_by IS NULL), count(*),
                min(CASE WHEN superseded_by IS NULL THEN start_ms END),
                max(CASE WHEN superseded_by IS NULL THEN start_ms + duration_ms END)
         FROM samples WHERE kind_id = ?1 GROUP BY source_id",
    )?
    .execute([kind])?;
    Ok(())
}
