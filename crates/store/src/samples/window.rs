//! Stored rows beside a run of new ones.

use std::collections::VecDeque;

use rusqlite::{Connection, params};

use crate::error::Result;
use crate::row::{COLUMNS, Key, Row};

/// Stored rows read ahead of the run at a time: few at first, because a correlation's member asks for one place only,
/// then more with each read that follows while they are asked for.
const WINDOW_ROWS: std::ops::RangeInclusive<usize> = 8..=4096;

/// The order of a run, and of the table.
const PLACE: &str = "start_ms, source_id, duration_ms, ordinal";

/// Stored rows of one kind, read along with a sorted run. Where the run jumps, the window jumps.
pub(super) struct Window<'c> {
    conn: &'c Connection,
    kind: u32,
    rows: VecDeque<Row>,
    /// Rows from here on have not been read; `None`: nothing read yet.
    read_until: Option<i64>,
    exhausted: bool,
    limit: usize,
    /// Rows that were asked for since the last read.
    asked: usize,
}

impl<'c> Window<'c> {
    pub(super) fn new(conn: &'c Connection, kind: u32) -> Self {
        Self {
            conn,
            kind,
            rows: VecDeque::new(),
            read_until: None,
            exhausted: false,
            limit: *WINDOW_ROWS.start(),
            asked: 0,
        }
    }

    /// Puts the stored rows of `key`'s group into `group`.
    pub(super) fn group(&mut self, key: &Key, group: &mut Vec<Row>) -> Result<()> {
        group.clear();
        if !self.exhausted && self.read_until.is_none_or(|until| key.start_ms >= until) {
            self.read(key.start_ms)?;
        }
        while self.rows.front().is_some_and(|row| row.key.group() < key.group()) {
            self.rows.pop_front();
        }
        group.extend(self.rows.iter().take_while(|row| row.key.group() == key.group()));
        self.asked += group.len().max(1);
        Ok(())
    }

    fn read(&mut self, from: i64) -> Result<()> {
        let sql =
            format!("SELECT {COLUMNS} FROM samples WHERE kind_id = ?1 AND start_ms >= ?2 ORDER BY {PLACE} LIMIT ?3");
        let mut statement = self.conn.prepare_cached(&sql)?;
        // A run that jumps from place to place would have the whole table read for each batch.
        let (least, most) = WINDOW_ROWS.into_inner();
        self.limit = if self.asked * 4 < self.limit { least } else { (self.limit * 4).min(most) };
        self.asked = 0;
        let mut limit = self.limit;
        loop {
            self.rows.clear();
            let mut rows = statement.query(params![self.kind, from, limit as i64])?;
            while let Some(row) = rows.next()? {
                self.rows.push_back(Row::from_sql(row)?);
            }
            self.exhausted = self.rows.len() < limit;
            let last = self.rows.back().map(|row| row.key.start_ms);
            self.read_until = last;
            if self.exhausted || last.is_some_and(|last| last > from) {
                break;
            }
            // More rows than the window share this start: widen until the next start is in sight.
            limit *= 4;
        }
        if !self.exhausted {
            // The last start may be cut in the middle; it is read again when the run gets there.
            while self.rows.back().is_some_and(|row| Some(row.key.start_ms) == self.read_until) {
                self.rows.pop_back();
            }
        }
        Ok(())
    }
}
