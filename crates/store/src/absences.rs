//! What an import lacks of what was stored before it: found from its claims, and written down as runs of rows.
//!
//! What follows from it is decided in [`crate::superseded`].

use std::collections::HashMap;

use rusqlite::{Connection, params};

use crate::claims::{Claimant, Claims};
use crate::error::Result;
use crate::row::{IS_OF_FILES, Key};
use crate::stretch::Stretch;
use crate::tellings::Beside;

/// What the claims of one kind told.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Stored rows are missing from the import.
    pub absent: bool,
    /// Rows whose repeats inside the import lay too far apart to be seen at once.
    pub repeated: Vec<Repeated>,
}

impl Found {
    fn close(&mut self, row: Option<Repeated>) {
        self.repeated.extend(row.filter(|row| row.times > 1));
    }
}

/// A stored row that several batches of one import hold.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Repeated {
    pub key: Key,
    /// Batches that hold it.
    pub times: u64,
    /// Rows in all of them.
    pub copies: u32,
    /// In one of them it looks as it did before.
    pub unchanged: bool,
}

/// A kind that had rows of files before an ingest.
#[derive(Debug)]
pub(crate) struct Stored {
    pub kind: u32,
    pub identifier: String,
    /// Source and number of rows, superseded ones too.
    pub rows: Vec<(u32, u64)>,
    /// What counts, copies that are counted among it.
    pub live: u64,
}

/// Every kind that has rows of files: what stands `beside` them for what phones tell is left out.
pub(crate) fn stored(conn: &Connection, beside: &Beside) -> Result<Vec<Stored>> {
    // Days count copies where they are to be counted.
    let live: HashMap<u32, u64> = {
        let mut statement = conn.prepare_cached("SELECT kind_id, sum(n) FROM daily GROUP BY kind_id")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.collect::<rusqlite::Result<_>>()?
    };
    let mut statement = conn.prepare_cached(
        "SELECT k.id, k.identifier, s.source_id, s.stored FROM series_summary s JOIN kinds k ON k.id = s.kind_id
         ORDER BY k.id",
    )?;
    let mut rows = statement.query([])?;
    let mut stored: Vec<Stored> = Vec::new();
    while let Some(row) = rows.next()? {
        let (kind, source, rows): (u32, u32, u64) = (row.get(0)?, row.get(2)?, row.get(3)?);
        let of_source = (source, rows.saturating_sub(beside.rows(kind, source)));
        if of_source.1 == 0 {
            continue;
        }
        match stored.last_mut().filter(|last| last.kind == kind) {
            Some(last) => last.rows.push(of_source),
            None => {
                let live = live.get(&kind).copied().unwrap_or(0).saturating_add_signed(beside.counts_more(kind));
                stored.push(Stored { kind, identifier: row.get(1)?, rows: vec![of_source], live });
            }
        }
    }
    Ok(stored)
}

/// Compares the claims of one kind with what was stored before and writes down what the import lacks.
pub(crate) fn find(conn: &Connection, claims: &Claims, before: &Stored, import: i64) -> Result<Found> {
    let kind = before.kind;
    let mut found = Found::default();
    let mut extent: Option<Stretch> = None;
    let mut claimed: HashMap<u32, u64> = HashMap::new();
    let mut open: Option<Repeated> = None;
    for (claim, claimant) in claims.sorted(kind) {
        let top = u64::from(claimant == Claimant::TopLevel);
        let copies = if top == 1 { claim.copies } else { 0 };
        match &mut open {
            Some(row) if row.key == claim.key => {
                row.times += top;
                row.copies += copies;
                row.unchanged |= top == 1 && claim.unchanged;
            }
            _ => {
                let next = Repeated { key: claim.key, times: top, copies, unchanged: top == 1 && claim.unchanged };
                found.close(open.replace(next));
                let own = Stretch::of(&claim.key);
                extent = Some(extent.map_or(own, |extent| extent.with(own)));
                *claimed.entry(claim.key.source).or_default() += 1;
            }
        }
    }
    found.close(open);
    let mut partly: HashMap<u32, u64> = HashMap::new();
    for (source, stored) in &before.rows {
        match claimed.get(source).copied().unwrap_or(0) {
            n if n == *stored => {}
            0 => {
                write(conn, import, kind, *source, (FIRST, LAST))?;
                found.absent = true;
            }
            _ => _ = partly.insert(*source, *stored),
        }
    }
    if let (Some(extent), false) = (extent, partly.is_empty()) {
        found.absent = true;
        write_runs(conn, claims, before, import, Partly { stored: partly, extent })?;
    }
    Ok(found)
}

type Place = (i64, i64, i64);

/// Before and after every row.
const FIRST: Place = (i64::MIN, i64::MIN, 0);
const LAST: Place = (i64::MAX, i64::MAX, u32::MAX as i64);

/// Sources of which the import has some rows, each with the number of its stored ones, and where the import's lie.
struct Partly {
    stored: HashMap<u32, u64>,
    extent: Stretch,
}

/// Walks over the rows in the import's time; those of a source that lie elsewhere are missing one and all.
fn write_runs(conn: &Connection, claims: &Claims, before: &Stored, import: i64, partly: Partly) -> Result<()> {
    let (kind, extent) = (before.kind, partly.extent);
    let mut statement = conn.prepare_cached(&format!(
        "SELECT start_ms, source_id, duration_ms, ordinal FROM samples
         WHERE kind_id = ?1 AND import_id < ?2 AND start_ms BETWEEN ?3 AND ?4 AND {IS_OF_FILES}
         ORDER BY start_ms, source_id, duration_ms, ordinal"
    ))?;
    let mut rows = statement.query(params![kind, import, extent.from_ms, extent.until_ms])?;
    let mut held = claims.sorted(kind).map(|(claim, _)| claim.key).peekable();
    let mut open: HashMap<u32, (Place, Place)> = HashMap::new();
    let mut beside = partly.stored;
    while let Some(row) = rows.next()? {
        let key = Key { start_ms: row.get(0)?, source: row.get(1)?, duration_ms: row.get(2)?, ordinal: row.get(3)? };
        while held.next_if(|claim| *claim < key).is_some() {}
        // Sources without a single claim have been written as one run, and of others nothing is missing.
        let Some(beside) = beside.get_mut(&key.source) else { continue };
        *beside = beside.saturating_sub(1);
        let place = (key.start_ms, key.duration_ms, i64::from(key.ordinal));
        if held.peek() == Some(&key) {
            if let Some(run) = open.remove(&key.source) {
                write(conn, import, kind, key.source, run)?;
            }
        } else {
            open.entry(key.source).or_insert((place, place)).1 = place;
        }
    }
    for (source, run) in open {
        write(conn, import, kind, source, run)?;
    }
    for (source, _) in beside.iter().filter(|(_, rows)| **rows > 0) {
        let (before, after) = ((extent.from_ms - 1, i64::MAX, LAST.2), (extent.until_ms + 1, i64::MIN, 0));
        write(conn, import, kind, *source, (FIRST, before))?;
        write(conn, import, kind, *source, (after, LAST))?;
    }
    Ok(())
}

fn write(conn: &Connection, import: i64, kind: u32, source: u32, (from, to): (Place, Place)) -> Result<()> {
    conn.prepare_cached(
        "INSERT INTO absences (import_id, kind_id, source_id, from_start_ms, from_duration_ms, from_ordinal,
             to_start_ms, to_duration_ms, to_ordinal) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?
    .execute(params![import, kind, source, from.0, from.1, from.2, to.0, to.1, to.2])?;
    Ok(())
}
