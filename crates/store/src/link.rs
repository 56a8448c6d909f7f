//! Things that turn out to be the same: a renamed watch or phone, a correlation's member and its twin.

use std::collections::BTreeSet;

use health::Sample;
use rusqlite::{Connection, OptionalExtension, params};

use crate::dictionary::{Dictionary, KindRef};
use crate::error::Result;
use crate::row::{COLUMNS, Key, Row};

/// So many of a gone source's rows must coincide with the new one's before they are taken for the same.
const COINCIDING: f64 = 0.95;
/// Without hardware to compare, fewer coinciding rows than this prove nothing.
const ROWS_WITHOUT_HARDWARE: u64 = 3;

const NEAR: &str =
    "(b.value IS a.value OR abs(a.value - b.value) <= max(1e-9, 1e-4 * max(abs(a.value), abs(b.value))))";

/// Pairs `(new, old)` of sources: the new one came with this ingest, the old one is not in it any more, and their rows
/// coincide.
pub(crate) fn renamed(conn: &Connection, import: i64, dictionary: &Dictionary) -> Result<Vec<(u32, u32)>> {
    let met = dictionary.sources_met();
    let mut taken = BTreeSet::new();
    let mut pairs = Vec::new();
    for new in &dictionary.new_sources {
        let mut statement = conn.prepare_cached(
            "SELECT o.id FROM sources o JOIN sources n ON n.id = ?1
             WHERE o.id <> n.id AND o.hardware IS n.hardware AND o.bundle IS n.bundle ORDER BY o.id",
        )?;
        let candidates: Vec<u32> = statement.query_map([new], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        for old in candidates {
            if met.contains(&old) || taken.contains(&old) {
                continue;
            }
            if coincide(conn, import, *new, old)? {
                taken.insert(old);
                pairs.push((*new, old));
                break;
            }
        }
    }
    Ok(pairs)
}

fn coincide(conn: &Connection, import: i64, new: u32, old: u32) -> Result<bool> {
    let hardware: Option<String> =
        conn.query_row("SELECT hardware FROM sources WHERE id = ?1", [new], |row| row.get(0))?;
    let (mut rows, mut same) = coinciding_entries(conn, new, old)?;
    for kind in kinds_of(conn, new, import)? {
        let sql = format!(
            "SELECT count(*), coalesce(sum(EXISTS (SELECT 1 FROM samples b WHERE b.kind_id = a.kind_id
                 AND b.start_ms = a.start_ms AND b.source_id = ?2 AND b.duration_ms = a.duration_ms AND {NEAR})), 0)
             FROM samples a WHERE a.kind_id = ?1 AND a.source_id = ?3 AND a.start_ms BETWEEN
                 (SELECT min(start_ms) FROM samples WHERE kind_id = ?1 AND source_id = ?2) AND
                 (SELECT max(start_ms) FROM samples WHERE kind_id = ?1 AND source_id = ?2)"
        );
        let (n, m): (u64, u64) =
            conn.prepare_cached(&sql)?.query_row(params![kind, new, old], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows += n;
        same += m;
    }
    let least = if hardware.is_some() { 1 } else { ROWS_WITHOUT_HARDWARE };
    Ok(same >= least && same as f64 >= COINCIDING * rows as f64)
}

fn coinciding_entries(conn: &Connection, new: u32, old: u32) -> Result<(u64, u64)> {
    Ok(conn.query_row(
        "SELECT count(*), coalesce(sum(EXISTS (SELECT 1 FROM entries b WHERE b.kind = a.kind AND b.identity = a.identity
             AND b.start_ms IS a.start_ms AND b.end_ms IS a.end_ms AND b.source_id = ?1)), 0)
         FROM entries a WHERE a.source_id = ?2 AND a.start_ms BETWEEN
             (SELECT min(start_ms) FROM entries WHERE source_id = ?1) AND
             (SELECT max(start_ms) FROM entries WHERE source_id = ?1)",
        [new, old],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?)
}

/// The kinds that a source brought with an import.
pub(crate) fn kinds_of(conn: &Connection, source: u32, import: i64) -> Result<Vec<u32>> {
    let mut statement = conn.prepare_cached(
        "SELECT k.id FROM kinds k WHERE EXISTS
             (SELECT 1 FROM samples s WHERE s.kind_id = k.id AND s.source_id = ?1 AND s.import_id = ?2) ORDER BY k.id",
    )?;
    let rows = statement.query_map(params![source, import], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Takes a source's rows of one kind out of the table, as rows of another source.
pub(crate) fn take_rows(conn: &Connection, kind: u32, from: u32, to: u32) -> Result<Vec<Row>> {
    let sql = format!("SELECT {COLUMNS} FROM samples WHERE kind_id = ?1 AND source_id = ?2");
    let mut statement = conn.prepare_cached(&sql)?;
    let rows = statement.query_map([kind, from], |row| {
        let mut row = Row::from_sql(row)?;
        row.key.source = to;
        row.key.ordinal = 0;
        Ok(row)
    })?;
    let rows = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    conn.prepare_cached("DELETE FROM samples WHERE kind_id = ?1 AND source_id = ?2")?.execute([kind, from])?;
    conn.prepare_cached(
        "UPDATE OR IGNORE correlation_members SET source_id = ?3 WHERE kind_id = ?1 AND source_id = ?2",
    )?
    .execute([kind, from, to])?;
    Ok(rows)
}

/// How many records rows stand for in the report's `new`.
pub(crate) fn copies(kind: &KindRef, rows: &[Row]) -> u64 {
    let counts_copies = |row: &Row| kind.rule.counts_copies(row.flags);
    rows.iter().map(|row| if counts_copies(row) { u64::from(row.image.copies) } else { 1 }).sum()
}

/// Gives a source's names to the one that it is.
pub(crate) fn move_names(conn: &Connection, from: u32, to: u32) -> Result<()> {
    conn.execute("UPDATE OR IGNORE source_names SET source_id = ?2 WHERE source_id = ?1", [from, to])?;
    Ok(())
}

/// Removes sources that have nothing: those of members whose twin was found, and those that are another one.
pub(crate) fn forget_unused(conn: &Connection, sources: &[u32]) -> Result<()> {
    let used = "EXISTS (SELECT 1 FROM entries WHERE source_id = ?1)
        OR EXISTS (SELECT 1 FROM series_summary WHERE source_id = ?1 AND stored > 0)";
    for source in sources {
        let is_used: bool = conn.prepare_cached(&format!("SELECT {used}"))?.query_row([source], |row| row.get(0))?;
        if !is_used {
            conn.execute("DELETE FROM source_names WHERE source_id = ?1", [source])?;
            conn.execute("DELETE FROM sources WHERE id = ?1", [source])?;
        }
    }
    Ok(())
}

/// The source of a member's twin: nested copies may lack the device, so the name and the value decide.
pub(crate) fn source_of_twin(conn: &Connection, kind: &str, name: &str, sample: &Sample) -> Result<Option<u32>> {
    Ok(conn
        .prepare_cached(
            "SELECT s.source_id FROM samples s JOIN kinds k ON k.id = s.kind_id
             WHERE k.identifier = ?1 AND s.start_ms = ?2 AND s.duration_ms = ?3
               AND (s.value IS ?4 OR abs(s.value - ?4) <= max(1e-9, 1e-4 * abs(?4)))
               AND EXISTS (SELECT 1 FROM source_names n WHERE n.source_id = s.source_id AND n.name = ?5)
             ORDER BY s.source_id LIMIT 1",
        )?
        .query_row(
            params![kind, sample.start_ms, sample.end_ms.saturating_sub(sample.start_ms), sample.value, name],
            |row| row.get(0),
        )
        .optional()?)
}

/// Notes that a sample belongs to a correlation.
pub(crate) fn add_member(conn: &Connection, entry: i64, kind: u32, key: &Key) -> Result<()> {
    conn.prepare_cached(
        "INSERT OR IGNORE INTO correlation_members (entry_id, kind_id, start_ms, source_id, duration_ms, ordinal)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![entry, kind, key.start_ms, key.source, key.duration_ms, key.ordinal])?;
    Ok(())
}
