//! What phones tell besides samples, as it was told.

use health::Entry;
use health::matching::comparable;
use health::phone::{Marks, Uuid};
use rusqlite::{Connection, OptionalExtension, params};

use super::aggregates::Fate;
use crate::error::Result;

/// The delivery that brings one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct By {
    pub device: i64,
    pub feed: u32,
    pub delivery: i64,
    pub now_ms: i64,
}

/// Keeps an entry as it was told; told again, only when it was told last changes.
pub(crate) fn keep(conn: &Connection, entry: &Entry, marks: &Marks, name: Option<&str>, by: &By) -> Result<Fate> {
    let uuid = marks.uuid.map(Uuid::bytes);
    let known: Option<i64> = conn
        .prepare_cached(
            "SELECT id FROM entry_tellings WHERE kind = ?1 AND start_ms IS ?2 AND end_ms IS ?3 AND identity = ?4
                AND device_id = ?5 AND feed = ?6 AND uuid IS ?7 AND body = ?8 AND payload IS ?9 AND source = ?10",
        )?
        .query_row(
            params![
                entry.kind.as_str(),
                entry.start_ms,
                entry.end_ms,
                entry.identity,
                by.device,
                by.feed,
                uuid,
                entry.body,
                entry.payload,
                entry.source.name
            ],
            |row| row.get(0),
        )
        .optional()?;
    if let Some(id) = known {
        conn.prepare_cached("UPDATE entry_tellings SET last_delivery = ?2, last_ms = ?3 WHERE id = ?1")?
            .execute(params![id, by.delivery, by.now_ms])?;
        return Ok(Fate::Known);
    }
    let fate = fate(conn, entry, uuid)?;
    conn.prepare_cached(
        "INSERT INTO entry_tellings (device_id, feed, kind, identity, uuid, name, flags, source, bundle, hardware,
             start_ms, end_ms, body, payload, first_delivery, last_delivery, last_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?15, ?16)",
    )?
    .execute(params![
        by.device,
        by.feed,
        entry.kind.as_str(),
        entry.identity,
        uuid,
        name,
        marks.flags.bits(),
        entry.source.name,
        entry.source.bundle,
        entry.source.hardware,
        entry.start_ms,
        entry.end_ms,
        entry.body,
        entry.payload,
        by.delivery,
        by.now_ms
    ])?;
    Ok(fate)
}

/// Whether the same was told before, with other figures.
fn fate(conn: &Connection, entry: &Entry, uuid: Option<[u8; 16]>) -> Result<Fate> {
    let mut statement = conn.prepare_cached(
        "SELECT uuid, source FROM entry_tellings WHERE kind = ?1 AND start_ms IS ?2 AND (identity = ?3 OR uuid = ?4)",
    )?;
    let mut rows = statement.query(params![entry.kind.as_str(), entry.start_ms, entry.identity, uuid])?;
    while let Some(row) = rows.next()? {
        let (other, source): (Option<[u8; 16]>, String) = (row.get(0)?, row.get(1)?);
        let same_writer = comparable(&source) == comparable(&entry.source.name);
        if other == uuid && (uuid.is_some() || same_writer) {
            return Ok(Fate::Replaced);
        }
    }
    Ok(Fate::New)
}
