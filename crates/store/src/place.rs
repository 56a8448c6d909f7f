//! Places: samples of one kind, source, start and end, which differ only in their value. Most hold one.

use health::Problem;
use health::time::format_instant;
use rusqlite::{Connection, OptionalExtension, params};
use serde_json::json;

use crate::error::Result;
use crate::row::{IS_OF_FILES, Key, OF_FILES, Row};

/// Samples of one kind, source, start and end that one input may hold with different values. Apps write a whole meal
/// with one time; nobody eats so much, and every one of them is compared with all others.
pub const MAX_ALIKE: usize = 256;

/// The problem of samples that are left out because their place is full.
pub const TOO_MANY_ALIKE: &str = "too_many_alike";

/// The stored rows of files at a place, by ordinal.
pub(crate) fn group(conn: &Connection, kind: u32, key: &Key) -> Result<Vec<Row>> {
    let sql = format!(
        "SELECT {OF_FILES} FROM samples WHERE kind_id = ?1 AND start_ms = ?2 AND source_id = ?3 AND duration_ms = ?4
            AND {IS_OF_FILES} ORDER BY ordinal"
    );
    let mut statement = conn.prepare_cached(&sql)?;
    let rows = statement.query_map(params![kind, key.start_ms, key.source, key.duration_ms], Row::from_sql)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The number of the next row of a place.
pub(crate) fn next_ordinal(group: &[Row]) -> u32 {
    group.iter().map(|row| row.key.ordinal + 1).max().unwrap_or(0)
}

/// What is told of a row that is left out.
pub(crate) fn refused(conn: &Connection, kind: &str, row: &Row) -> Result<Problem> {
    let source: Option<String> = conn
        .prepare_cached("SELECT min(name) FROM source_names WHERE source_id = ?1")?
        .query_row([row.key.source], |row| row.get(0))?;
    let unit: Option<Option<String>> = conn
        .prepare_cached("SELECT unit FROM origins WHERE id = ?1")?
        .query_row([row.image.origin], |row| row.get(0))
        .optional()?;
    let details: Option<String> = conn
        .prepare_cached("SELECT json FROM details WHERE id = ?1")?
        .query_row(params![row.image.details], |row| row.get(0))
        .optional()?;
    let told = json!({
        "start": format_instant(row.key.start_ms),
        "end": format_instant(row.key.end_ms()),
        "value": row.image.original.or(row.image.value),
        "unit": unit.flatten(),
        "source": source,
        "details": details,
    });
    Ok(Problem {
        reason: TOO_MANY_ALIKE,
        position: None,
        kind: Some(kind.to_owned()),
        rejected: Some(told.to_string()),
        file: None,
        count: row.image.copies.into(),
    })
}
