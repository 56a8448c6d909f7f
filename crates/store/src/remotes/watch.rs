//! Notes which days of which series a transaction writes, while there is a remote.
//!
//! Triggers of the writing connection alone see every row, whatever part of the store wrote it: nothing that is added
//! to the store later can forget to say so. They put days into a table in memory, and the commit takes these over into
//! `changes`. Without a remote there are no triggers, and a write costs what it always did.

use rusqlite::Connection;

use super::spans::{DAYS_BEFORE, NO_DAY};
use crate::error::Result;
use crate::rollup::DAY_MS;

/// The day of UTC of a start, as SQL. Integers are cut towards zero there, so days are counted from long before.
pub(super) fn day_of(start: &str) -> String {
    format!("(({start} + {}) / {DAY_MS} - {DAYS_BEFORE})", DAYS_BEFORE * DAY_MS)
}

/// Begins to watch what a transaction writes.
pub(crate) fn begin(conn: &Connection) -> Result<()> {
    if is_there(conn, "SELECT EXISTS (SELECT 1 FROM remotes)")? && !is_watching(conn)? {
        conn.execute_batch(&triggers())?;
    }
    Ok(())
}

/// Takes over what it wrote, before it is committed.
pub(crate) fn end(conn: &Connection) -> Result<()> {
    if !is_watching(conn)? {
        return Ok(());
    }
    let samples = is_there(conn, "SELECT EXISTS (SELECT 1 FROM temp.touched_samples)")?;
    if samples {
        conn.prepare_cached(
            "INSERT OR REPLACE INTO changes (record, kind, day)
             SELECT 'sample', identifier, day FROM temp.touched_samples ORDER BY day DESC, identifier",
        )?
        .execute([])?;
        // What a correlation says holds its members.
        conn.prepare_cached(&format!(
            "INSERT OR IGNORE INTO temp.touched_entries (record, day)
             SELECT DISTINCT 'correlation', {} FROM correlation_members m JOIN entries e ON e.id = m.entry_id
             WHERE EXISTS (SELECT 1 FROM temp.touched_samples t WHERE t.kind_id = m.kind_id AND t.day = {})",
            day_or_none("e.start_ms"),
            day_of("m.start_ms")
        ))?
        .execute([])?;
        conn.prepare_cached("DELETE FROM temp.touched_samples")?.execute([])?;
    }
    if is_there(conn, "SELECT EXISTS (SELECT 1 FROM temp.touched_entries)")? {
        conn.prepare_cached(
            "INSERT OR REPLACE INTO changes (record, kind, day)
             SELECT record, '', day FROM temp.touched_entries ORDER BY day DESC, record",
        )?
        .execute([])?;
        conn.prepare_cached("DELETE FROM temp.touched_entries")?.execute([])?;
    }
    Ok(())
}

fn is_watching(conn: &Connection) -> Result<bool> {
    is_there(conn, "SELECT EXISTS (SELECT 1 FROM temp.sqlite_schema WHERE name = 'touched_samples')")
}

fn is_there(conn: &Connection, sql: &str) -> Result<bool> {
    Ok(conn.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
}

fn day_or_none(start: &str) -> String {
    format!("coalesce({}, {NO_DAY})", day_of(start))
}

/// A table in memory for each sort of row, and the triggers that fill it.
fn triggers() -> String {
    let mut sql = String::from(
        "CREATE TEMP TABLE touched_samples (kind_id INTEGER NOT NULL, day INTEGER NOT NULL, identifier TEXT NOT NULL,
             PRIMARY KEY (kind_id, day)) WITHOUT ROWID;
         CREATE TEMP TABLE touched_entries (record TEXT NOT NULL, day INTEGER NOT NULL, PRIMARY KEY (record, day))
             WITHOUT ROWID;",
    );
    let mut on = |table: &str, events: &[(&str, &[&str])], note: &dyn Fn(&str) -> String| {
        for (event, rows) in events {
            let name = event.split_whitespace().next().unwrap_or_default();
            let body: String = rows.iter().map(|row| note(row)).collect();
            sql.push_str(&format!("CREATE TEMP TRIGGER {table}_{name} AFTER {event} ON {table} BEGIN {body} END;"));
        }
    };
    const ALL: [(&str, &[&str]); 3] = [("INSERT", &["NEW"]), ("DELETE", &["OLD"]), ("UPDATE", &["OLD", "NEW"])];
    // A statement's own way with conflicts would hold in here, too, so nothing is left to it.
    let sample = |kind: &str, start: &str| {
        let day = day_of(start);
        format!(
            "INSERT INTO touched_samples (kind_id, day, identifier)
             SELECT k.id, {day}, k.identifier FROM kinds k WHERE k.id = {kind}
                 AND NOT EXISTS (SELECT 1 FROM touched_samples t WHERE t.kind_id = {kind} AND t.day = {day});"
        )
    };
    let entry = |record: &str, start: &str, more: &str| {
        let day = day_or_none(start);
        format!(
            "INSERT INTO touched_entries (record, day)
             SELECT DISTINCT {record}, {day} {more}
                 NOT EXISTS (SELECT 1 FROM touched_entries t WHERE t.record = {record} AND t.day = {day});"
        )
    };
    on("samples", &ALL, &|row| sample(&format!("{row}.kind_id"), &format!("{row}.start_ms")));
    // Which sample a telling is: it brings identifiers and names to a row that stays as it is.
    let of_row: [(&str, &[&str]); 3] = [
        ("INSERT", &["NEW"]),
        ("DELETE", &["OLD"]),
        ("UPDATE OF row_start_ms, row_source_id, row_duration_ms, row_ordinal", &["OLD", "NEW"]),
    ];
    on("tellings", &of_row, &|row| {
        sample(&format!("{row}.kind_id"), &format!("coalesce({row}.row_start_ms, {row}.start_ms)"))
    });
    on("entries", &ALL, &|row| entry(&format!("{row}.kind"), &format!("{row}.start_ms"), "WHERE"));
    on("correlation_members", &ALL, &|row| {
        entry("e.kind", "e.start_ms", &format!("FROM entries e WHERE e.id = {row}.entry_id AND"))
    });
    let of_entry: [(&str, &[&str]); 3] =
        [("INSERT", &["NEW"]), ("DELETE", &["OLD"]), ("UPDATE OF entry_id", &["OLD", "NEW"])];
    on("entry_tellings", &of_entry, &|row| {
        entry("e.kind", "e.start_ms", &format!("FROM entries e WHERE e.id = {row}.entry_id AND"))
    });
    on("aggregates", &ALL, &|row| entry("'aggregate'", &format!("{row}.start_ms"), "WHERE"));
    sql
}
