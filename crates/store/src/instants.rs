//! Rows of several sources, handed over instant by instant, and which of them are the same. What follows from that is
//! said in [`crate::meetings`] and [`crate::likeness`].

use std::cmp::Ordering;
use std::collections::BTreeSet;

use rusqlite::{Connection, params};

use crate::error::Result;
use crate::row::{self, IS_OF_FILES, Key};

/// A row of one of those that are looked at.
#[derive(Debug)]
pub(crate) struct Seen<K> {
    /// Whose it is.
    pub of: u32,
    /// What must be the same besides the instant and the value.
    pub key: K,
    pub value: Option<f64>,
}

impl<K: Ord> Seen<K> {
    /// By key, then by value.
    fn order(&self, other: &Self) -> Ordering {
        let value = |row: &Self| row.value.unwrap_or(f64::NEG_INFINITY);
        let key = (&self.key, self.value.is_some()).cmp(&(&other.key, other.value.is_some()));
        key.then_with(|| value(self).total_cmp(&value(other)))
    }

    fn is_same(&self, other: &Self) -> bool {
        self.key == other.key
            && match (self.value, other.value) {
                (Some(a), Some(b)) => row::near(a, b).is_some(),
                // Both cannot be read.
                (a, b) => a.is_none() && b.is_none(),
            }
    }
}

/// Rows of one instant of which the other has the same, too, `up_to` so many; both as [`OfInstant::instant`] gets them.
pub(crate) fn coinciding<K: Ord>(one: &[Seen<K>], other: &[Seen<K>], up_to: usize) -> u64 {
    let has = |row: &&Seen<K>| {
        let from = other.partition_point(|found| found.order(row).is_lt());
        // The nearest values lie beside its place.
        let mut beside = [from.checked_sub(1), Some(from)].into_iter().flatten().filter_map(|at| other.get(at));
        beside.any(|found| found.is_same(row))
    };
    one.iter().filter(has).take(up_to).count() as u64
}

/// What looks at the rows of one instant after the other.
pub(crate) trait OfInstant {
    /// Takes the rows of an instant: those of one lie side by side, by key and value.
    fn instant<K: Ord>(&mut self, rows: &[Seen<K>]);
}

/// Hands over rows instant by instant.
pub(crate) struct Instants<'a, K, T> {
    at: i64,
    rows: Vec<Seen<K>>,
    to: &'a mut T,
}

impl<'a, K: Ord, T: OfInstant> Instants<'a, K, T> {
    pub fn new(to: &'a mut T) -> Self {
        Self { at: i64::MIN, rows: Vec::new(), to }
    }

    /// Adds a row; they come in the order of time.
    pub fn add(&mut self, at: i64, row: Seen<K>) {
        if at != self.at {
            self.end();
            self.at = at;
        }
        self.rows.push(row);
    }

    /// Hands over the last.
    pub fn end(&mut self) {
        self.rows.sort_by(|a, b| a.of.cmp(&b.of).then_with(|| a.order(b)));
        self.to.instant(&self.rows);
        self.rows.clear();
    }
}

/// The samples of files of some sources and one kind in the order of time, each with its value and the import that
/// brought it.
pub(crate) fn each_sample(
    conn: &Connection,
    kind: u32,
    sources: &str,
    each: &mut dyn FnMut(Key, Option<f64>, i64),
) -> Result<()> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT start_ms, source_id, duration_ms, ordinal, value, import_id FROM samples
         WHERE kind_id = ?1 AND source_id IN (SELECT value FROM json_each(?2)) AND {IS_OF_FILES} ORDER BY start_ms"
    ))?;
    let mut rows = statement.query(params![kind, sources])?;
    while let Some(row) = rows.next()? {
        let key = Key { start_ms: row.get(0)?, source: row.get(1)?, duration_ms: row.get(2)?, ordinal: row.get(3)? };
        each(key, row.get(4)?, row.get(5)?);
    }
    Ok(())
}

/// What must be the same of two entries besides their begin: kind, identity, end.
pub(crate) type EntryKey = (String, String, Option<i64>);

/// The entries of some sources in the order of time, each with its begin, its source and an import that held it.
pub(crate) fn each_entry(
    conn: &Connection,
    sources: &str,
    each: &mut dyn FnMut(i64, (u32, i64), EntryKey),
) -> Result<()> {
    let mut statement = conn.prepare_cached(
        "SELECT e.start_ms, e.source_id, l.import_id, e.kind, e.identity, e.end_ms
         FROM entries e JOIN entry_log l ON l.entry_id = e.id
         WHERE e.start_ms IS NOT NULL AND e.source_id IN (SELECT value FROM json_each(?1)) ORDER BY e.start_ms",
    )?;
    let mut rows = statement.query([sources])?;
    while let Some(row) = rows.next()? {
        each(row.get(0)?, (row.get(1)?, row.get(2)?), (row.get(3)?, row.get(4)?, row.get(5)?));
    }
    Ok(())
}

/// The kinds of which one of several sources has rows, as far as they are summed up.
pub(crate) fn kinds_of(conn: &Connection, sources: &BTreeSet<u32>) -> Result<Vec<u32>> {
    let mut statement = conn.prepare_cached(
        "SELECT DISTINCT kind_id FROM series_summary
         WHERE stored > 0 AND source_id IN (SELECT value FROM json_each(?1)) ORDER BY kind_id",
    )?;
    let rows = statement.query_map([json_list(sources.iter())], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Sources as the queries of this module take them.
pub(crate) fn json_list<'a>(ids: impl Iterator<Item = &'a u32>) -> String {
    format!("[{}]", ids.map(u32::to_string).collect::<Vec<_>>().join(","))
}
