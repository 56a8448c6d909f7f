//! Rows into the table: one statement each, or many with one, and only what differs from the row before is bound.

use rusqlite::{CachedStatement, Connection, ToSql};

use crate::error::Result;
use crate::row::{FLAG_LOGGED, Row};

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
pub(super) struct Inserter<'c> {
    kind: u32,
    statement: CachedStatement<'c>,
    bound: Option<Row>,
}

impl<'c> Inserter<'c> {
    pub(super) fn new(conn: &'c Connection, kind: u32) -> Result<Self> {
        let mut statement = conn.prepare_cached(&format!("INSERT {INTO}{} ON CONFLICT DO NOTHING", values(2)))?;
        statement.raw_bind_parameter(1, kind)?;
        Ok(Self { kind, statement, bound: None })
    }

    /// Inserts a row; false where its key is taken.
    pub(super) fn insert(&mut self, row: &Row) -> Result<bool> {
        let bound = self.bound.replace(*row);
        Binder { statement: &mut self.statement, first: 2, bound: bound.as_ref(), row }.bind()?;
        Ok(self.statement.raw_execute()? == 1)
    }

    /// Inserts rows whose keys nobody has, many with one statement.
    pub(super) fn append(&mut self, conn: &Connection, rows: &[Row]) -> Result<()> {
        let mut many = conn.prepare_cached(&insert_many())?;
        many.raw_bind_parameter(1, self.kind)?;
        let chunks = rows.chunks_exact(AT_ONCE);
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
        rest.iter().try_for_each(|row| self.insert(row).map(drop))
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
