//! Rows into a table of one kind's rows: one statement each, or many with one, and only what differs from the row
//! before is bound. SQLite keeps what is bound, and neighbours differ in few columns.

use std::sync::OnceLock;

use rusqlite::{CachedStatement, Connection, ToSql};

use crate::error::{ErrorKind, Result};

/// A row of a table whose first column is the kind.
pub(crate) trait Cells: Clone {
    /// The table with its columns, the kind first.
    const INTO: &'static str;
    /// Columns that are bound for every row: all but the kind.
    const WIDTH: usize;
    /// Rows that one statement appends.
    const AT_ONCE: usize;

    /// The text that appends many, made once.
    fn many() -> &'static OnceLock<String>;

    /// The text that inserts one.
    fn one() -> &'static OnceLock<String>;

    /// Binds each column after the kind.
    fn bind(to: &mut Binder<'_, '_, Self>) -> Result<()>;
}

/// The values of one row whose first parameter after the kind has a number.
fn values<R: Cells>(first: usize) -> String {
    let numbers: Vec<String> = (first..first + R::WIDTH).map(|number| format!("?{number}")).collect();
    format!("(?1, {})", numbers.join(", "))
}

fn insert_many<R: Cells>() -> &'static str {
    R::many().get_or_init(|| {
        let rows: Vec<String> = (0..R::AT_ONCE).map(|place| values::<R>(2 + place * R::WIDTH)).collect();
        // A statement that may not be taken back by itself keeps no copies of the pages that it changes; an error ends
        // the ingest and its transaction anyway.
        format!("INSERT OR FAIL INTO {} VALUES {}", R::INTO, rows.join(", "))
    })
}

fn insert_one<R: Cells>() -> &'static str {
    R::one().get_or_init(|| format!("INSERT INTO {} VALUES {} ON CONFLICT DO NOTHING", R::INTO, values::<R>(2)))
}

/// Inserts rows of one kind.
pub(crate) struct Inserter<'c, R: Cells> {
    conn: &'c Connection,
    kind: u32,
    statement: CachedStatement<'c>,
    bound: Option<R>,
}

impl<'c, R: Cells> Inserter<'c, R> {
    pub fn new(conn: &'c Connection, kind: u32) -> Result<Self> {
        let mut statement = conn.prepare_cached(insert_one::<R>())?;
        statement.raw_bind_parameter(1, kind)?;
        Ok(Self { conn, kind, statement, bound: None })
    }

    /// Inserts a row; false where its key is taken.
    pub fn insert(&mut self, row: &R) -> Result<bool> {
        let bound = self.bound.replace(row.clone());
        R::bind(&mut Binder { statement: &mut self.statement, first: 2, bound: bound.as_ref(), row })?;
        Ok(self.statement.raw_execute()? == 1)
    }

    /// Inserts rows whose keys nobody has, many with one statement.
    pub fn append(&mut self, rows: &[R]) -> Result<()> {
        let chunks = rows.chunks_exact(R::AT_ONCE);
        let rest = chunks.remainder();
        if chunks.len() > 0 {
            self.append_chunks(chunks)?;
        }
        rest.iter().try_for_each(|row| match self.insert(row)? {
            true => Ok(()),
            false => Err(ErrorKind::Damaged("a row has another one's key".to_owned()).into()),
        })
    }

    fn append_chunks<'r>(&self, chunks: impl Iterator<Item = &'r [R]>) -> Result<()>
    where
        R: 'r,
    {
        let mut many = self.conn.prepare_cached(insert_many::<R>())?;
        many.raw_bind_parameter(1, self.kind)?;
        let mut bound: &[R] = &[];
        for chunk in chunks {
            for (place, row) in chunk.iter().enumerate() {
                let first = 2 + place * R::WIDTH;
                R::bind(&mut Binder { statement: &mut many, first, bound: bound.get(place), row })?;
            }
            many.raw_execute()?;
            bound = chunk;
        }
        Ok(())
    }
}

/// Binds one row; the kind before it is bound already.
pub(crate) struct Binder<'a, 'c, R> {
    statement: &'a mut CachedStatement<'c>,
    /// The number of the row's first parameter after the kind.
    first: usize,
    /// The row that these parameters hold still.
    bound: Option<&'a R>,
    row: &'a R,
}

impl<'a, R> Binder<'a, '_, R> {
    /// Binds a column where it differs from what is bound.
    pub fn column<T: ToSql + PartialEq>(&mut self, number: usize, of: impl Fn(&'a R) -> T) -> Result<()> {
        let value = of(self.row);
        if self.bound.is_none_or(|bound| of(bound) != value) {
            self.statement.raw_bind_parameter(self.first + number, value)?;
        }
        Ok(())
    }
}
