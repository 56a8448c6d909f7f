//! What an undone import leaves behind besides rows: images that only it saw, names, and texts that nothing uses.

use std::collections::HashSet;

use rusqlite::{Connection, params};

use crate::error::Result;
use crate::history::{ImportRef, Presence};
use crate::row::{FLAG_LOGGED, OF_FILES, Row};
use crate::views;

/// Forgets how an undone import saw the samples of a kind. What it saw first and others saw too goes to the next of
/// them.
pub(crate) fn images(conn: &Connection, kind: u32, imports: &[ImportRef], undone: i64) -> Result<()> {
    let mut rows: Vec<Row> = Vec::new();
    {
        let sql = format!(
            "SELECT {OF_FILES} FROM samples WHERE kind_id = ?1 AND (start_ms, source_id, duration_ms, ordinal) IN
                 (SELECT start_ms, source_id, duration_ms, ordinal FROM sample_log WHERE kind_id = ?1 AND import_id = ?2)"
        );
        let mut statement = conn.prepare_cached(&sql)?;
        let found = statement.query_map(params![kind, undone], Row::from_sql)?;
        rows.extend(found.collect::<rusqlite::Result<Vec<_>>>()?);
    }
    if rows.is_empty() {
        return Ok(());
    }
    let presence = Presence::load(conn, kind)?;
    let update = format!("UPDATE OR IGNORE sample_log SET import_id = ?7 WHERE {PLACE} AND import_id = ?6");
    let delete = format!("DELETE FROM sample_log WHERE {PLACE} AND import_id = ?6");
    let count = format!("SELECT count(*) FROM sample_log WHERE {PLACE}");
    for Row { key, import_id: first, .. } in &rows {
        let place = params![kind, key.start_ms, key.source, key.duration_ms, key.ordinal];
        let later = imports.iter().filter(|import| import.id > undone);
        let next = later.filter(|import| presence.holds(import.id, *first, key)).map(|import| import.id).min();
        if let Some(next) = next {
            conn.prepare_cached(&update)?.execute(params![
                kind,
                key.start_ms,
                key.source,
                key.duration_ms,
                key.ordinal,
                undone,
                next
            ])?;
        }
        conn.prepare_cached(&delete)?.execute(params![
            kind,
            key.start_ms,
            key.source,
            key.duration_ms,
            key.ordinal,
            undone
        ])?;
        let left: u64 = conn.prepare_cached(&count)?.query_row(place, |row| row.get(0))?;
        if left == 1 {
            // It looks the same in all imports that are left: the row says it all.
            conn.prepare_cached(&format!("DELETE FROM sample_log WHERE {PLACE}"))?.execute(place)?;
            conn.prepare_cached(&format!("UPDATE samples SET flags = flags & ~{FLAG_LOGGED} WHERE {PLACE}"))?
                .execute(place)?;
        }
    }
    Ok(())
}

const PLACE: &str = "kind_id = ?1 AND start_ms = ?2 AND source_id = ?3 AND duration_ms = ?4 AND ordinal = ?5";

/// Forgets which names an import used. Returns the sources that may have nothing now.
pub(crate) fn names(conn: &Connection, import: i64) -> Result<Vec<u32>> {
    let mut statement = conn.prepare("DELETE FROM source_names WHERE import_id = ?1 RETURNING source_id")?;
    let sources: HashSet<u32> = statement.query_map([import], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    Ok(sources.into_iter().collect())
}

/// Forgets sources that have nothing and texts that nothing uses, and kinds without samples with their views.
pub(crate) fn unused(conn: &Connection, sources: &[u32]) -> Result<()> {
    unused_sources(conn, sources)?;
    let of_aggregates = " UNION SELECT details_id FROM aggregates WHERE details_id IS NOT NULL";
    for (table, column, more) in [("details", "details_id", of_aggregates), ("origins", "origin_id", "")] {
        conn.execute(
            &format!(
                "DELETE FROM {table} WHERE id NOT IN (SELECT {column} FROM samples WHERE {column} IS NOT NULL
                     UNION SELECT {column} FROM sample_log WHERE {column} IS NOT NULL
                     UNION SELECT {column} FROM tellings WHERE {column} IS NOT NULL{more})"
            ),
            [],
        )?;
    }
    conn.execute(
        "DELETE FROM category_texts WHERE id NOT IN (SELECT text_id FROM samples WHERE text_id IS NOT NULL
             UNION SELECT text_id FROM tellings WHERE text_id IS NOT NULL)",
        [],
    )?;
    let empty: Vec<u32> = {
        let mut statement = conn.prepare(
            "SELECT id FROM kinds k WHERE NOT EXISTS (SELECT 1 FROM samples s WHERE s.kind_id = k.id)
                AND NOT EXISTS (SELECT 1 FROM tellings t WHERE t.kind_id = k.id)
                AND k.id NOT IN (SELECT kind_id FROM aggregates) ORDER BY id",
        )?;
        statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?
    };
    if empty.is_empty() {
        return Ok(());
    }
    for table in ["daily", "merged", "hourly", "merge_orders", "series_summary", "absences"] {
        let mut delete = conn.prepare(&format!("DELETE FROM {table} WHERE kind_id = ?1"))?;
        empty.iter().try_for_each(|kind| delete.execute([kind]).map(drop))?;
    }
    views::forget_kinds(conn, &empty)
}

/// Removes those of some sources that have nothing: members whose twin was found, and those that are another one.
pub(crate) fn unused_sources(conn: &Connection, sources: &[u32]) -> Result<()> {
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
