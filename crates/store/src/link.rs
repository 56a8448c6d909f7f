//! What remains to be done when a renamed watch or phone turns out to be the one that was there before.

use std::collections::{BTreeSet, HashSet};

use rusqlite::{Connection, params};

use crate::dictionary::KindRef;
use crate::error::Result;
use crate::row::{COLUMNS, Row};
use crate::unite::Places;

/// The kinds that a source brought with an import.
pub(crate) fn kinds_of(conn: &Connection, source: u32, import: i64) -> Result<Vec<u32>> {
    let mut statement = conn.prepare_cached(
        "SELECT k.id FROM kinds k WHERE EXISTS
             (SELECT 1 FROM samples s WHERE s.kind_id = k.id AND s.source_id = ?1 AND s.import_id = ?2) ORDER BY k.id",
    )?;
    let rows = statement.query_map(params![source, import], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Takes a source's rows of one kind out of the table, as rows of another source that have no place there yet.
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
    Ok(rows)
}

/// How many records rows stand for in the report's `new`.
pub(crate) fn copies(kind: &KindRef, rows: &[Row]) -> u64 {
    let counts_copies = |row: &Row| kind.rule.counts_copies(row.flags);
    rows.iter().map(|row| if counts_copies(row) { u64::from(row.image.copies) } else { 1 }).sum()
}

/// Gives the names of some sources to those that they belong to.
pub(crate) fn move_names(conn: &Connection, sources: &BTreeSet<u32>, places: &Places) -> Result<()> {
    let mut names: Vec<(u32, String, i64)> = Vec::new();
    for source in sources {
        let mut delete =
            conn.prepare_cached("DELETE FROM source_names WHERE source_id = ?1 RETURNING source_id, name, import_id")?;
        let rows = delete.query_map([source], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        names.extend(rows.collect::<rusqlite::Result<Vec<_>>>()?);
    }
    let sql = "INSERT OR IGNORE INTO source_names (source_id, name, import_id) VALUES (?1, ?2, ?3)";
    let mut insert = conn.prepare_cached(sql)?;
    for (source, name, import) in names {
        insert.execute(params![places.of(source, import), name, import])?;
    }
    Ok(())
}

/// Removes sources that have nothing: those of members whose twin was found, and those that are another one.
pub(crate) fn forget_unused(conn: &Connection, sources: &[u32]) -> Result<()> {
    if sources.is_empty() {
        return Ok(());
    }
    let used: HashSet<u32> = {
        let mut statement = conn.prepare_cached(
            "SELECT source_id FROM series_summary WHERE stored > 0
             UNION SELECT source_id FROM entries WHERE source_id IS NOT NULL",
        )?;
        statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?
    };
    for source in sources.iter().filter(|source| !used.contains(source)) {
        conn.prepare_cached("DELETE FROM source_names WHERE source_id = ?1")?.execute([source])?;
        conn.prepare_cached("DELETE FROM sources WHERE id = ?1")?.execute([source])?;
    }
    Ok(())
}
