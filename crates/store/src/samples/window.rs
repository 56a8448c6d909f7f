//! Stored rows beside a run of new ones.

use std::collections::VecDeque;

use rusqlite::{Connection, params};

use crate::error::Result;
use crate::row::{IS_OF_FILES, Key, OF_FILES, Row};

/// Stored rows read ahead of the run at a time: few at first, because a correlation's member asks for one place only,
/// then more with each read that follows while they are asked for.
const WINDOW_ROWS: std::ops::RangeInclusive<usize> = 8..=4096;

/// The order of a run, and of the table.
const PLACE: &str = "start_ms, source_id, duration_ms, ordinal";

/// Stored rows of files of one kind, read along with a sorted run. Where the run jumps, the window jumps.
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
        let sql = format!(
            "SELECT {OF_FILES} FROM samples WHERE kind_id = ?1 AND start_ms >= ?2 AND {IS_OF_FILES}
             ORDER BY {PLACE} LIMIT ?3"
        );
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::query::testing::empty;

    const ROWS: i64 = 20_000;

    /// Steps that SQLite takes to find the stored row at each of some instants.
    fn steps_to_find(conn: &mut Connection, instants: impl Iterator<Item = i64>) -> usize {
        let steps = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&steps);
        let counting = move || {
            count.fetch_add(1, Ordering::Relaxed);
            false
        };
        conn.progress_handler(1, Some(counting)).expect("it counts");
        let (mut window, mut group) = (Window::new(conn, 1), Vec::new());
        for start_ms in instants {
            let key = Key { start_ms, source: 1, duration_ms: 0, ordinal: 0 };
            window.group(&key, &mut group).expect("rows");
            assert_eq!(group.iter().map(|row| row.key).collect::<Vec<_>>(), [key]);
        }
        conn.progress_handler(0, None::<fn() -> bool>).expect("it stops");
        steps.load(Ordering::Relaxed)
    }

    #[test]
    fn a_run_that_jumps_reads_little_of_the_table() {
        let mut store = empty();
        let fill = format!(
            "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {ROWS})
             INSERT INTO samples (kind_id, start_ms, source_id, duration_ms, ordinal, value, origin_id, copies, flags, import_id)
             SELECT 1, i, 1, 0, 0, 5.0, 1, 1, 0, 1 FROM n"
        );
        store.conn.execute_batch(&fill).expect("filled");
        let whole = steps_to_find(&mut store.conn, 0..ROWS);
        let jumps = steps_to_find(&mut store.conn, (0..ROWS).step_by(500));
        assert!(whole > ROWS as usize && jumps * 20 < whole, "{jumps} of {whole}");
        // Where it stays for a while it reads ahead again.
        let stays = (0..10).flat_map(|jump| (0..100).map(move |i| jump * 2_000 + i));
        let stays = steps_to_find(&mut store.conn, stays);
        assert!(stays * 4 < whole, "{stays} of {whole}");
    }
}
