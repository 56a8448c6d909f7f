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
    update: Option<CachedStatement<'c>>,
    remove: Option<CachedStatement<'c>>,
    cover: Option<CachedStatement<'c>>,
}

/// A statement, found when it is first needed.
fn once<'s, 'c>(
    conn: &'c Connection,
    statement: &'s mut Option<CachedStatement<'c>>,
    sql: impl FnOnce() -> String,
) -> Result<&'s mut CachedStatement<'c>> {
    Ok(match statement {
        Some(statement) => statement,
        none => none.insert(conn.prepare_cached(&sql())?),
    })
}

impl<'c> Pen<'c> {
    pub fn new(conn: &'c Connection) -> Self {
        Self { conn, update: None, remove: None, cover: None }
    }

    /// Writes new tellings, and new rows that stand for tellings.
    pub fn append(&mut self, kind: u32, tellings: &[Telling], rows: &[Row]) -> Result<()> {
        if !tellings.is_empty() {
            Inserter::new(self.conn, kind)?.append(tellings)?;
        }
        if !rows.is_empty() {
            Inserter::new(self.conn, kind)?.append(rows)?;
        }
        Ok(())
    }

    /// Writes what changes of a telling: when it was told last, how often, and which sample it is.
    pub fn update(&mut self, kind: u32, telling: &Telling) -> Result<()> {
        let sql = || {
            "UPDATE tellings SET copies = ?8, last_delivery = ?9, last_ms = ?10, row_start_ms = ?11,
                 row_source_id = ?12, row_duration_ms = ?13, row_ordinal = ?14
             WHERE kind_id = ?1 AND start_ms = ?2 AND teller_id = ?3 AND duration_ms = ?4 AND device_id = ?5
                AND feed = ?6 AND ordinal = ?7"
                .to_owned()
        };
        once(self.conn, &mut self.update, sql)?.execute(params![
            kind,
            telling.start_ms,
            telling.teller,
            telling.duration_ms,
            telling.device,
            telling.feed,
            telling.ordinal,
            telling.copies,
            telling.deliveries.1,
            telling.last_ms,
            telling.row.map(|key| key.start_ms),
            telling.row.map(|key| key.source),
            telling.row.map(|key| key.duration_ms),
            telling.row.map(|key| key.ordinal),
        ])?;
        Ok(())
    }

    /// Removes a row that stands for tellings.
    pub fn remove(&mut self, kind: u32, key: &Key) -> Result<()> {
        let statement = once(self.conn, &mut self.remove, || format!("DELETE FROM samples WHERE {AT}"))?;
        statement.execute(params![kind, key.start_ms, key.source, key.duration_ms, key.ordinal])?;
        Ok(())
    }

    /// Says what keeps a row from counting; none lets it count.
    pub fn cover(&mut self, kind: u32, key: &Key, by: Option<i64>) -> Result<()> {
        let sql = || format!("UPDATE samples SET superseded_by = ?6 WHERE {AT}");
        let statement = once(self.conn, &mut self.cover, sql)?;
        statement.execute(params![kind, key.start_ms, key.source, key.duration_ms, key.ordinal, by])?;
        Ok(())
    }
}
