//! What stands for what phones tell, while imports decide among themselves.
//!
//! They read rows of files only, so the rows that stand for tellings may stay where they are. In the end what phones
//! tell is laid anew only where rows of files were written ([`crate::derived::Written`]): which are one record follows
//! from the rows of some seconds. All of it is, where something else that it follows from is another one: whom tellers
//! count for, what files call sources that they knew before, what the owner hides.

use std::collections::{BTreeSet, HashMap};

use health::matching::Teller;
use rusqlite::{Connection, params};

use super::{COVERED, Known, ToldToo, entries, is_something_told, kinds, lay, lay_entries, lay_kind, lift, tellers};
use crate::acts::hidden::Hidden;
use crate::derived::{self, Derived};
use crate::error::Result;
use crate::rollup::Rule;
use crate::row::FLAG_TOLD;

/// What lies in the second before and behind a time may belong to what was written in it.
const SECOND: i64 = 1000;

/// What phones told before an import or an undo.
#[derive(Default)]
pub(crate) struct Told {
    beside: Beside,
    /// Nothing where nothing was told.
    around: Option<Around>,
    /// The sources that tellers counted for.
    counted_for: Vec<u32>,
    /// All of it is lifted off.
    lifted: bool,
}

impl Told {
    /// Takes off what is no sample, and the names that phones gave; samples that stand for tellings stay.
    pub fn begin(conn: &Connection, derived: &mut Derived) -> Result<Self> {
        if !is_something_told(conn)? {
            return Ok(Self::default());
        }
        let (around, counted_for) = (Some(Around::load(conn)?), tellers::sources(conn)?);
        entries::lift(conn)?;
        tellers::forget_names(conn)?;
        let mut told = Self { beside: Beside::find(conn)?, around, counted_for, lifted: false };
        if lifts_all() {
            told.lift_all(conn, derived)?;
            (told.beside.rows, told.beside.alone) = Default::default();
        }
        Ok(told)
    }

    /// What stands beside the rows of files.
    pub fn beside(&self) -> &Beside {
        &self.beside
    }

    /// Whether a kind had no rows of files.
    pub fn is_alone(&self, kind: u32) -> bool {
        self.beside.alone.contains(&kind)
    }

    /// Takes off all of it.
    pub fn lift_all(&mut self, conn: &Connection, derived: &mut Derived) -> Result<()> {
        self.lifted = true;
        lift(conn, derived, &self.counted_for)
    }

    fn is_as_before(&self, conn: &Connection) -> Result<bool> {
        self.around.as_ref().map_or(Ok(false), |around| around.is_still(conn))
    }

    /// Lays down anew what may be otherwise than before.
    pub fn lay(mut self, conn: &Connection, import: Option<i64>, derived: &mut Derived) -> Result<ToldToo> {
        if !is_something_told(conn)? {
            return lay(conn, import, derived);
        }
        if !self.lifted && (tellers::settle(conn)? || !self.is_as_before(conn)?) {
            self.lift_all(conn, derived)?;
        }
        if self.lifted {
            return lay(conn, import, derived);
        }
        let (written, known, mut told_too) = (derived.take_written(), Known::load(conn)?, ToldToo::default());
        for kind in kinds(conn)? {
            for (from, until) in written.times(kind) {
                let time = (from.saturating_sub(SECOND), until.saturating_add(SECOND));
                lay_kind(conn, (kind, time), (&known, import), derived, &mut told_too)?;
            }
        }
        lay_entries(conn, (&known, import), derived, &mut told_too)?;
        Ok(told_too)
    }
}

#[cfg(test)]
thread_local! {
    /// Whether this thread takes all of it off and lays it down anew, whatever an import touches.
    pub(crate) static LIFTS_ALL: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// Whether all of it is taken off first: only where a test wants to see that it makes no difference.
fn lifts_all() -> bool {
    #[cfg(test)]
    return LIFTS_ALL.get();
    #[cfg(not(test))]
    false
}

/// What records follow from besides the rows of some seconds and who tells them.
struct Around {
    /// How files call sources.
    files: HashMap<u32, Teller>,
    hidden: Hidden,
    /// Sources with a greater number came later.
    last_source: u32,
}

impl Around {
    fn load(conn: &Connection) -> Result<Self> {
        let last_source =
            conn.prepare_cached("SELECT coalesce(max(id), 0) FROM sources")?.query_row([], |row| row.get(0))?;
        Ok(Self { files: tellers::of_files(conn)?, hidden: Hidden::load(conn)?, last_source })
    }

    /// Whether it is so now; sources that came since have only rows that came since.
    fn is_still(&self, conn: &Connection) -> Result<bool> {
        let mut now = Self::load(conn)?;
        now.files.retain(|source, _| *source <= self.last_source);
        Ok(now.files == self.files && now.hidden == self.hidden)
    }
}

/// Rows that stand for tellings beside those of files, counted.
#[derive(Debug, Default)]
pub(crate) struct Beside {
    /// By kind and source.
    rows: HashMap<(u32, u32), u64>,
    /// What would count more, or less, without them, by kind; copies that count among it.
    more: HashMap<u32, i64>,
    /// Kinds without any row of a file.
    alone: BTreeSet<u32>,
}

impl Beside {
    fn find(conn: &Connection) -> Result<Self> {
        let mut found = Self::default();
        for kind in kinds(conn)? {
            found.count(conn, kind)?;
            let mut statement =
                conn.prepare_cached("SELECT source_id, stored FROM series_summary WHERE kind_id = ?1")?;
            let mut rows = statement.query([kind])?;
            let mut of_files = false;
            while let Some(row) = rows.next()? {
                of_files |= found.rows(kind, row.get(0)?) < row.get(1)?;
            }
            found.alone.extend((!of_files).then_some(kind));
        }
        Ok(found)
    }

    fn count(&mut self, conn: &Connection, kind: u32) -> Result<()> {
        let rule = Rule::of(&derived::identifier(conn, kind)?);
        let mut statement = conn.prepare_cached(&format!(
            "SELECT source_id, superseded_by IS NULL, copies, flags
             FROM samples WHERE kind_id = ?1 AND (flags & {FLAG_TOLD} OR superseded_by = {COVERED})"
        ))?;
        let mut rows = statement.query(params![kind])?;
        while let Some(row) = rows.next()? {
            let (source, counts, flags): (u32, bool, u32) = (row.get(0)?, row.get(1)?, row.get(3)?);
            let copies = i64::from(rule.copies(row.get(2)?, flags));
            let is_told = flags & FLAG_TOLD != 0;
            if is_told {
                *self.rows.entry((kind, source)).or_default() += 1;
            }
            *self.more.entry(kind).or_default() += match (is_told, counts) {
                (true, true) => -copies,
                (true, false) => 0,
                (false, _) => copies,
            };
        }
        Ok(())
    }

    /// How many of a kind and source stand for tellings.
    pub fn rows(&self, kind: u32, source: u32) -> u64 {
        self.rows.get(&(kind, source)).copied().unwrap_or(0)
    }

    /// How many more, or fewer, of a kind would count without them.
    pub fn counts_more(&self, kind: u32) -> i64 {
        self.more.get(&kind).copied().unwrap_or(0)
    }
}
