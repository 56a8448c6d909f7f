//! The statements that write what phones tell, found once for many rows: their texts are long, and so are the rows.

use rusqlite::{CachedStatement, Connection, params};

use super::row::Telling;
use crate::append::Inserter;
use crate::error::Result;
use crate::row::{Key, Row};

const AT: &str = "kind_id = ?1 AND start_ms = ?2 AND source_id = ?3 AND duration_ms = ?4 AND ordinal = ?5";

/// What writes tellings, and the rows that stand for them.
pub(super) struct Pen<'c> {
    conn: &'c Connection,
    pub update_telling: CachedStatement<'c>,
    remove: CachedStatement<'c>,
    cover: CachedStatement<'c>,
}

impl<'c> Pen<'c> {
    pub fn new(conn: &'c Connection) -> Result<Self> {
        Ok(Self {
            conn,
            update_telling: conn.prepare_cached(
                "UPDATE tellings SET copies = ?8, last_delivery = ?9, last_ms = ?10, row_start_ms = ?11,
                     row_source_id = ?12, row_duration_ms = ?13, row_ordinal = ?14
                 WHERE kind_id = ?1 AND start_ms = ?2 AND teller_id = ?3 AND duration_ms = ?4 AND device_id = ?5
                    AND feed = ?6 AND ordinal = ?7",
            )?,
            remove: conn.prepare_cached(&format!("DELETE FROM samples WHERE {AT}"))?,
            cover: conn.prepare_cached(&format!("UPDATE samples SET superseded_by = ?6 WHERE {AT}"))?,
        })
    }

    /// Writes new tellings, and new rows that stand for tellings.
    pub fn append(&mut self, kind: u32, tellings: &[Telling], rows: &[Row]) -> Result<()> {
        Inserter::new(self.conn, kind)?.append(tellings)?;
        Inserter::new(self.conn, kind)?.append(rows)
    }

    /// Removes one.
    pub fn remove(&mut self, kind: u32, key: &Key) -> Result<()> {
        self.remove.execute(params![kind, key.start_ms, key.source, key.duration_ms, key.ordinal])?;
        Ok(())
    }

    /// Says what keeps a row from counting; none lets it count.
    pub fn cover(&mut self, kind: u32, key: &Key, by: Option<i64>) -> Result<()> {
        self.cover.execute(params![kind, key.start_ms, key.source, key.duration_ms, key.ordinal, by])?;
        Ok(())
    }
}
