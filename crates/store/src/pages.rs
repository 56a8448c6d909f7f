//! The rows of files of one kind, a page at a time, so that rows can be written in between.

use rusqlite::{Connection, params};

use crate::error::Result;
use crate::row::{IS_OF_FILES, Key, OF_FILES, Row};
use crate::stretch::Stretch;

/// Rows read at a time while others are written.
const PAGE: usize = 20_000;

/// Where it is in the rows of a kind.
pub(crate) struct Pages {
    kind: u32,
    starts: Stretch,
    after: Option<Key>,
    done: bool,
}

impl Pages {
    pub fn new(kind: u32) -> Self {
        Self::between(kind, Stretch::EVER)
    }

    /// Those that start in a stretch of time.
    pub fn between(kind: u32, starts: Stretch) -> Self {
        Self { kind, starts, after: None, done: false }
    }

    pub fn next(&mut self, conn: &Connection) -> Result<Option<Vec<Row>>> {
        if self.done {
            return Ok(None);
        }
        let sql = format!(
            "SELECT {OF_FILES} FROM samples
             WHERE kind_id = ?1 AND (start_ms, source_id, duration_ms, ordinal) > (?2, ?3, ?4, ?5) AND start_ms <= ?7
                AND {IS_OF_FILES}
             ORDER BY start_ms, source_id, duration_ms, ordinal LIMIT ?6"
        );
        let after = match self.after {
            Some(k) => (k.start_ms, i64::from(k.source), k.duration_ms, i64::from(k.ordinal)),
            None => (self.starts.from_ms, -1, i64::MIN, -1),
        };
        let mut statement = conn.prepare_cached(&sql)?;
        let rows = statement.query_map(
            params![self.kind, after.0, after.1, after.2, after.3, PAGE as i64, self.starts.until_ms],
            Row::from_sql,
        )?;
        let page = rows.collect::<rusqlite::Result<Vec<_>>>()?;
        self.done = page.len() < PAGE;
        self.after = page.last().map(|row| row.key);
        Ok((!page.is_empty()).then_some(page))
    }
}
