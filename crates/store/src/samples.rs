//! How samples become rows: sorted runs of a batch merged against the clustered table.
//!
//! No hash is a key. A run is sorted like the table; stored rows of the same stretch are read along with it, and a row
//! that finds its equal (same group, value within the tolerance) claims it instead of being inserted.

use std::collections::{HashMap, VecDeque};

use health::time::Zones;
use rusqlite::{CachedStatement, Connection, ToSql, params};

use crate::claims::{Claim, Claimant, Claims};
use crate::derived::Derived;
use crate::dictionary::KindRef;
use crate::error::Result;
use crate::history::{History, write_image};
use crate::report::KindCounts;
use crate::row::{COLUMNS, FLAG_LOGGED, Key, Row};
use crate::stretch::Stretch;

/// Stored rows read ahead of the run at a time: few at first, because a correlation's member asks for one place only,
/// then more with each read that follows.
const WINDOW_ROWS: std::ops::RangeInclusive<usize> = 8..=4096;

/// What the merge of one ingest carries along.
pub(crate) struct Merge<'a> {
    pub conn: &'a Connection,
    pub import_id: i64,
    pub claims: &'a mut Claims,
    pub derived: &'a mut Derived,
    pub history: &'a mut History,
    /// The latest start of each kind without rows before this ingest.
    pub tails: &'a mut HashMap<u32, i64>,
    /// The wearer's zones as far as they are known.
    pub zones: &'a Zones,
}

impl Merge<'_> {
    /// Merges one kind's rows of one batch and counts what became of them. Returns the keys under which a
    /// correlation's members lie.
    pub fn run(
        &mut self,
        kind: &KindRef,
        claimant: Claimant,
        rows: &mut Vec<Row>,
        counts: &mut KindCounts,
    ) -> Result<Vec<Key>> {
        rows.sort_by(Row::order);
        collapse_repeats(self.conn, rows)?;
        if kind.had_rows || claimant == Claimant::Member {
            return self.against_stored(kind, claimant, rows, counts);
        }
        self.insert_fresh(kind, rows, counts)?;
        Ok(Vec::new())
    }

    /// The kind had no rows before this ingest: insert first and look only where the place is taken.
    fn insert_fresh(&mut self, kind: &KindRef, rows: &[Row], counts: &mut KindCounts) -> Result<()> {
        let mut inserted = Vec::with_capacity(rows.len());
        let tail = self.tails.entry(kind.id).or_insert(i64::MIN);
        let behind = rows.partition_point(|row| row.key.start_ms <= *tail);
        *tail = rows.last().map_or(*tail, |row| row.key.start_ms.max(*tail));
        let (mixed, after) = rows.split_at(behind);
        let mut insert = Inserter::new(self.conn, kind.id)?;
        for row in mixed {
            let mut row = *row;
            if !insert.insert(&row)? {
                let group = group(self.conn, kind.id, &row.key)?;
                if let Some(same) = group.iter().find(|stored| stored.repeats(&row)) {
                    self.repeat(kind, same, &row, counts)?;
                    continue;
                }
                row.key.ordinal = next_ordinal(&group);
                insert.insert(&row)?;
            }
            inserted.push(row);
        }
        self.append(kind.id, after, &mut insert, &mut inserted)?;
        inserted.iter().for_each(|row| count(&mut counts.counts.new, &mut counts.counts.duplicates, kind, row));
        self.derived.inserted_fresh(kind, self.zones, &inserted);
        Ok(())
    }

    /// Inserts rows that lie after everything the kind has: no place can be taken, so many go with one statement.
    fn append(&self, kind: u32, rows: &[Row], insert: &mut Inserter<'_>, inserted: &mut Vec<Row>) -> Result<()> {
        let from = inserted.len();
        for row in rows {
            let mut row = *row;
            let same = inserted.last().filter(|last| inserted.len() > from && last.key.group() == row.key.group());
            row.key.ordinal = same.map_or(0, |last| last.key.ordinal + 1);
            inserted.push(row);
        }
        let added = inserted.get(from..).unwrap_or_default();
        let mut many = self.conn.prepare_cached(&insert_many())?;
        many.raw_bind_parameter(1, kind)?;
        let chunks = added.chunks_exact(AT_ONCE);
        let rest = chunks.remainder();
        let mut bound: &[Row] = &[];
        for chunk in chunks {
            for (place, row) in chunk.iter().enumerate() {
                let first = 2 + place * BOUND_COLUMNS;
                Binder { statement: &mut many, first, bound: bound.get(place), row }.bind()?;
            }
            many.raw_execute()?;
            bound = chunk;
        }
        rest.iter().try_for_each(|row| insert.insert(row).map(drop))
    }

    /// The kind had rows before: read them along with the run.
    fn against_stored(
        &mut self,
        kind: &KindRef,
        claimant: Claimant,
        rows: &[Row],
        counts: &mut KindCounts,
    ) -> Result<Vec<Key>> {
        let mut window = Window::new(self.conn, kind.id);
        let mut claimed: Vec<Claim> = Vec::new();
        let mut keys = Vec::new();
        let mut insert = Inserter::new(self.conn, kind.id)?;
        let mut group: Vec<Row> = Vec::new();
        let mut taken: Vec<u32> = Vec::new();
        for row in rows {
            if group.first().is_none_or(|first| first.key.group() != row.key.group()) {
                window.group(&row.key, &mut group)?;
                taken.clear();
            }
            keys.push(match self.partner(row, &group, &taken) {
                Some(stored) if stored.import_id == self.import_id => {
                    if claimant == Claimant::TopLevel {
                        self.repeat(kind, &stored, row, counts)?;
                    }
                    stored.key
                }
                Some(stored) => {
                    taken.push(stored.key.ordinal);
                    claimed.push(self.claim(kind, claimant, &stored, row, counts)?);
                    stored.key
                }
                None => {
                    let row = Row { key: Key { ordinal: next_ordinal(&group), ..row.key }, ..*row };
                    insert.insert(&row)?;
                    self.inserted_among(kind, claimant, &row, counts);
                    group.push(row);
                    row.key
                }
            });
        }
        self.claims.add(kind.id, claimant, claimed);
        if let Some(extent) = rows.iter().map(|row| Stretch::of(&row.key)).reduce(Stretch::with) {
            self.claims.reach(kind.id, extent);
        }
        Ok(keys)
    }

    /// The import holds a row that was stored before it.
    fn claim(
        &mut self,
        kind: &KindRef,
        claimant: Claimant,
        stored: &Row,
        row: &Row,
        counts: &mut KindCounts,
    ) -> Result<Claim> {
        if stored.superseded_by.is_some() {
            self.claims.revive(kind.id);
        }
        let mut unchanged = true;
        // A nested copy may lack the device; only a row at top level says how the sample looks now.
        if claimant == Claimant::TopLevel {
            count(&mut counts.counts.known, &mut counts.counts.duplicates, kind, row);
            if self.history.differs(stored, row) {
                if kind.rule.counts_copies(row.flags) {
                    self.claims.other_copies(kind.id, stored.key);
                }
                unchanged = !self.history.record(self.conn, kind.id, stored, row)?;
                self.derived.mark(kind.id, &row.key);
            }
        }
        Ok(Claim { key: stored.key, copies: row.image.copies, unchanged })
    }

    /// A row was inserted among those of a kind that had rows.
    fn inserted_among(&mut self, kind: &KindRef, claimant: Claimant, row: &Row, counts: &mut KindCounts) {
        self.derived.inserted(kind.id, row);
        count(&mut counts.counts.new, &mut counts.counts.duplicates, kind, row);
        if claimant == Claimant::Member {
            counts.read += u64::from(row.image.copies);
            // A row that came out of its turn: from now on every place is looked at.
            self.tails.insert(kind.id, i64::MAX);
        }
    }

    /// The stored row that `row` is: an exact repeat of this file first, then the nearest value not yet taken.
    fn partner(&self, row: &Row, group: &[Row], taken: &[u32]) -> Option<Row> {
        let exact = group.iter().find(|stored| stored.import_id == self.import_id && stored.repeats(row));
        let free = group.iter().filter(|s| s.import_id != self.import_id && !taken.contains(&s.key.ordinal));
        let nearest =
            free.filter_map(|stored| Some((stored.distance(row)?, stored))).min_by(|(a, _), (b, _)| a.total_cmp(b));
        match (nearest, exact) {
            (Some((0.0, stored)), Some(_)) => Some(*stored),
            (_, Some(exact)) => Some(*exact),
            (Some((_, stored)), None) => Some(*stored),
            (None, None) => None,
        }
    }

    /// An exact repeat of a row that this ingest inserted in an earlier batch.
    fn repeat(&mut self, kind: &KindRef, stored: &Row, row: &Row, counts: &mut KindCounts) -> Result<()> {
        let image = stored.image.newest(row.image, stored.image.copies + row.image.copies, self.conn)?;
        write_image(self.conn, kind.id, &stored.key, &image, stored.flags)?;
        let copies = u64::from(row.image.copies);
        match kind.rule.counts_copies(row.flags) {
            true => {
                counts.counts.new += copies;
                self.derived.mark(kind.id, &stored.key);
            }
            false => counts.counts.duplicates += copies,
        }
        Ok(())
    }
}

/// The stored rows of a place, by ordinal.
pub(crate) fn group(conn: &Connection, kind: u32, key: &Key) -> Result<Vec<Row>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM samples
         WHERE kind_id = ?1 AND start_ms = ?2 AND source_id = ?3 AND duration_ms = ?4 ORDER BY ordinal"
    );
    let mut statement = conn.prepare_cached(&sql)?;
    let rows = statement.query_map(params![kind, key.start_ms, key.source, key.duration_ms], Row::from_sql)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

const INTO: &str = "INTO samples (kind_id, start_ms, source_id, duration_ms, ordinal, value, \
     original, text_id, origin_id, details_id, created_delay_ms, copies, flags, import_id, superseded_by) VALUES ";
/// Columns that are bound for every row: all but the kind.
const BOUND_COLUMNS: usize = 14;
/// Rows that one statement appends.
const AT_ONCE: usize = 32;

/// The values of one row whose first parameter after the kind has a number.
fn values(first: usize) -> String {
    let numbers: Vec<String> = (first..first + BOUND_COLUMNS).map(|number| format!("?{number}")).collect();
    format!("(?1, {})", numbers.join(", "))
}

fn insert_many() -> String {
    let rows: Vec<String> = (0..AT_ONCE).map(|place| values(2 + place * BOUND_COLUMNS)).collect();
    // A statement that may not be taken back by itself keeps no copies of the pages that it changes; an error ends the
    // ingest and its transaction anyway.
    format!("INSERT OR FAIL {INTO}{}", rows.join(", "))
}

/// Inserts rows of one kind. SQLite keeps what is bound, and neighbours differ in few columns: only those are bound.
struct Inserter<'c> {
    statement: CachedStatement<'c>,
    bound: Option<Row>,
}

impl<'c> Inserter<'c> {
    fn new(conn: &'c Connection, kind: u32) -> Result<Self> {
        let mut statement = conn.prepare_cached(&format!("INSERT {INTO}{} ON CONFLICT DO NOTHING", values(2)))?;
        statement.raw_bind_parameter(1, kind)?;
        Ok(Self { statement, bound: None })
    }

    /// Inserts a row; false where its key is taken.
    fn insert(&mut self, row: &Row) -> Result<bool> {
        let bound = self.bound.replace(*row);
        Binder { statement: &mut self.statement, first: 2, bound: bound.as_ref(), row }.bind()?;
        Ok(self.statement.raw_execute()? == 1)
    }
}

/// Binds one row; the kind before it is bound already.
struct Binder<'a, 'c> {
    statement: &'a mut CachedStatement<'c>,
    /// The number of the row's first parameter after the kind.
    first: usize,
    /// The row that these parameters hold still.
    bound: Option<&'a Row>,
    row: &'a Row,
}

impl Binder<'_, '_> {
    fn bind(&mut self) -> Result<()> {
        self.column(0, |r| r.key.start_ms)?;
        self.column(1, |r| r.key.source)?;
        self.column(2, |r| r.key.duration_ms)?;
        self.column(3, |r| r.key.ordinal)?;
        self.column(4, |r| r.image.value)?;
        self.column(5, |r| r.image.original)?;
        self.column(6, |r| r.text)?;
        self.column(7, |r| r.image.origin)?;
        self.column(8, |r| r.image.details)?;
        self.column(9, |r| r.image.created_delay_ms)?;
        self.column(10, |r| r.image.copies)?;
        self.column(11, |r| r.flags & !FLAG_LOGGED)?;
        self.column(12, |r| r.import_id)?;
        self.column(13, |r| r.superseded_by)
    }

    fn column<T: ToSql + PartialEq>(&mut self, number: usize, of: impl Fn(&Row) -> T) -> Result<()> {
        let value = of(self.row);
        if self.bound.is_none_or(|bound| of(bound) != value) {
            self.statement.raw_bind_parameter(self.first + number, value)?;
        }
        Ok(())
    }
}

/// Counts a row: repeats of events are events, repeats of anything else are duplicates.
fn count(outcome: &mut u64, duplicates: &mut u64, kind: &KindRef, row: &Row) {
    let copies = u64::from(row.image.copies);
    if kind.rule.counts_copies(row.flags) {
        *outcome += copies;
    } else {
        *outcome += 1;
        *duplicates += copies - 1;
    }
}

fn next_ordinal(group: &[Row]) -> u32 {
    group.iter().map(|row| row.key.ordinal + 1).max().unwrap_or(0)
}

/// Makes one row of each that stands several times; they lie side by side.
fn collapse_repeats(conn: &Connection, rows: &mut Vec<Row>) -> Result<()> {
    let mut failed = None;
    rows.dedup_by(|later, kept| {
        let same = failed.is_none() && kept.repeats(later);
        if same {
            let copies = kept.image.copies + later.image.copies;
            match kept.image.newest(later.image, copies, conn) {
                Ok(image) => kept.image = image,
                Err(error) => failed = Some(error),
            }
        }
        same
    });
    failed.map_or(Ok(()), Err)
}

/// Stored rows of one kind, read along with a sorted run. Where the run jumps, the window jumps.
struct Window<'c> {
    conn: &'c Connection,
    kind: u32,
    rows: VecDeque<Row>,
    /// Rows from here on have not been read; `None`: nothing read yet.
    read_until: Option<i64>,
    exhausted: bool,
    limit: usize,
}

impl<'c> Window<'c> {
    fn new(conn: &'c Connection, kind: u32) -> Self {
        Self { conn, kind, rows: VecDeque::new(), read_until: None, exhausted: false, limit: *WINDOW_ROWS.start() }
    }

    /// Puts the stored rows of `key`'s group into `group`.
    fn group(&mut self, key: &Key, group: &mut Vec<Row>) -> Result<()> {
        group.clear();
        while self.rows.front().is_some_and(|row| row.key.start_ms < key.start_ms) {
            self.rows.pop_front();
        }
        if !self.exhausted && self.read_until.is_none_or(|until| key.start_ms >= until) {
            self.read(key.start_ms)?;
        }
        let same = self.rows.iter().take_while(|row| row.key.start_ms == key.start_ms);
        group.extend(same.filter(|row| row.key.group() == key.group()));
        Ok(())
    }

    fn read(&mut self, from: i64) -> Result<()> {
        let sql =
            format!("SELECT {COLUMNS} FROM samples WHERE kind_id = ?1 AND start_ms >= ?2 ORDER BY start_ms LIMIT ?3");
        let mut statement = self.conn.prepare_cached(&sql)?;
        let mut limit = self.limit;
        self.limit = (self.limit * 4).min(*WINDOW_ROWS.end());
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
