//! What phones tell: evidence, kept as it came, and the rows that follow from it.
//!
//! The rows of files stay as the imports have them. Where phones tell the same finer, or what no file has, a row of
//! its own stands in `samples` ([`FLAG_TOLD`]), and the file's row under it counts no more ([`COVERED`]). Which are one
//! record is said by [`health::matching`] and follows from the set of what was told. What decides between imports must
//! not see any of that: it reads the rows of files alone, and where it wrote some, what phones tell is laid anew
//! ([`Told`]). Where whom they count for is another one it is lifted off as a whole ([`lift`], [`lay`]).

pub(crate) mod aggregates;
pub(crate) mod deletions;
mod details;
pub(crate) mod entries;
mod origin;
mod part;
mod pen;
mod records;
mod retract;
pub(crate) mod row;
pub(crate) mod standing;
pub(crate) mod tellers;
mod told;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rusqlite::{Connection, params};

pub(crate) use self::part::{Part, Reach};
pub(crate) use self::retract::retract;
pub(crate) use self::row::{Telling, code_of, feed_of};
#[cfg(test)]
pub(crate) use self::told::LIFTS_ALL;
pub(crate) use self::told::{Beside, Told};
use crate::acts::hidden::Hidden;
use crate::derived::Derived;
use crate::error::Result;
use crate::instants;
use crate::query::zones::forget_device_zones;
use crate::row::{FLAG_TOLD, Key};

/// In place of an import: what phones tell stands for the row.
pub(crate) const COVERED: i64 = -2;
/// In place of an import: as it was told it can be in no number.
pub(crate) const LEFT_OUT: i64 = -3;
/// In place of an import: a phone says that it is gone.
pub(crate) const GONE: i64 = -4;

/// Tellings that are matched at a time where all of them are.
const AT_ONCE: usize = 4096;
/// Those further apart are read one by one.
const APART_MS: i64 = 600_000;

/// What all that is matched must know.
pub(crate) struct Known {
    /// Who tells, by number.
    pub tellers: HashMap<u32, tellers::Stored>,
    /// When the exports were written, by import.
    pub export_dates: HashMap<i64, i64>,
    /// How a file's source is called, by its number.
    pub sources: HashMap<u32, health::matching::Teller>,
    /// What the owner hides.
    pub hidden: Hidden,
    /// What phones say is gone.
    pub deletions: deletions::Deletions,
}

impl Known {
    pub fn load(conn: &Connection) -> Result<Self> {
        let mut statement =
            conn.prepare_cached("SELECT id, export_date_ms FROM imports WHERE export_date_ms IS NOT NULL")?;
        let dates = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let export_dates = dates.collect::<rusqlite::Result<_>>()?;
        let hidden = Hidden::load(conn)?;
        let (tellers, sources) = (tellers::load(conn)?, tellers::of_files(conn)?);
        Ok(Self { tellers, export_dates, sources, hidden, deletions: deletions::Deletions::load(conn)? })
    }
}

/// Whether any phone told a sample.
pub(crate) fn are_there(conn: &Connection) -> Result<bool> {
    Ok(conn.prepare_cached("SELECT EXISTS (SELECT 1 FROM tellings)")?.query_row([], |row| row.get(0))?)
}

/// Whether any phone told anything.
pub(crate) fn is_something_told(conn: &Connection) -> Result<bool> {
    let mut statement = conn.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM tellings) OR EXISTS (SELECT 1 FROM entry_tellings)
             OR EXISTS (SELECT 1 FROM aggregates)",
    )?;
    Ok(statement.query_row([], |row| row.get(0))?)
}

/// Takes off everything that follows from what phones told: then the store is as the imports have it. Sources that they
/// counted for before go with it, where nothing else is theirs.
pub(crate) fn lift(conn: &Connection, derived: &mut Derived, counted_for: &[u32]) -> Result<()> {
    if !is_something_told(conn)? {
        return Ok(());
    }
    entries::lift(conn)?;
    for kind in kinds(conn)? {
        lift_kind(conn, kind, derived)?;
    }
    tellers::lift(conn, counted_for)
}

/// The same of the samples of one kind.
pub(crate) fn lift_kind(conn: &Connection, kind: u32, derived: &mut Derived) -> Result<()> {
    let mut touched: BTreeMap<u32, (i64, i64)> = BTreeMap::new();
    {
        // Few look-ups beside a walk over all rows of the kind.
        let sql = format!(
            "SELECT start_ms, source_id, duration_ms, ordinal, flags & {FLAG_TOLD}, superseded_by IS NULL
             FROM samples WHERE kind_id = ?1 AND (flags & {FLAG_TOLD} OR superseded_by = {COVERED})"
        );
        let mut statement = conn.prepare_cached(&sql)?;
        let mut rows = statement.query([kind])?;
        while let Some(row) = rows.next()? {
            let key =
                Key { start_ms: row.get(0)?, source: row.get(1)?, duration_ms: row.get(2)?, ordinal: row.get(3)? };
            derived.changed(kind, &key);
            let of = touched.entry(key.source).or_default();
            match (row.get::<_, u32>(4)? != 0, row.get(5)?) {
                (true, true) => *of = (of.0 - 1, of.1 - 1),
                (true, false) => of.0 -= 1,
                (false, _) => of.1 += 1,
            }
        }
    }
    conn.prepare_cached(&format!("DELETE FROM samples WHERE kind_id = ?1 AND flags & {FLAG_TOLD}"))?.execute([kind])?;
    conn.prepare_cached(&format!(
        "UPDATE samples SET superseded_by = NULL WHERE kind_id = ?1 AND superseded_by = {COVERED}"
    ))?
    .execute([kind])?;
    for (source, (stored, live)) in touched {
        conn.prepare_cached(
            "UPDATE series_summary SET stored = stored + ?3, n = n + ?4 WHERE kind_id = ?1 AND source_id = ?2",
        )?
        .execute(params![kind, source, stored, live])?;
    }
    conn.prepare_cached("DELETE FROM series_summary WHERE kind_id = ?1 AND stored <= 0")?.execute([kind])?;
    derived.lifted(kind);
    Ok(())
}

/// The same of every kind of which some sources have samples, before those are dealt out anew.
pub(crate) fn lift_kinds_of(conn: &Connection, sources: &BTreeSet<u32>, derived: &mut Derived) -> Result<()> {
    let told = kinds(conn)?;
    for kind in instants::kinds_of(conn, sources)? {
        if told.contains(&kind) && !derived.written().is_lifted(kind) {
            lift_kind(conn, kind, derived)?;
        }
    }
    Ok(())
}

/// How many of the rows that an import brought first phones had told.
#[derive(Debug, Default)]
pub(crate) struct ToldToo {
    /// Samples, by kind.
    pub samples: BTreeMap<u32, u64>,
    /// Everything else, by kind.
    pub entries: BTreeMap<health::EntryKind, u64>,
}

/// Lays down anew what follows from what phones told, over what the imports say now.
pub(crate) fn lay(conn: &Connection, import: Option<i64>, derived: &mut Derived) -> Result<ToldToo> {
    let mut told_too = ToldToo::default();
    if !is_something_told(conn)? {
        tellers::forget(conn)?;
        return Ok(told_too);
    }
    tellers::settle(conn)?;
    let known = Known::load(conn)?;
    for kind in kinds(conn)? {
        lay_kind(conn, (kind, (i64::MIN, i64::MAX)), (&known, import), derived, &mut told_too)?;
    }
    lay_entries(conn, (&known, import), derived, &mut told_too)?;
    Ok(told_too)
}

/// Decides a kind anew in a time.
fn lay_kind(
    conn: &Connection,
    (kind, (mut from_ms, until_ms)): (u32, (i64, i64)),
    (known, import): (&Known, Option<i64>),
    derived: &mut Derived,
    told_too: &mut ToldToo,
) -> Result<()> {
    while let Some(reach) = Reach::next(conn, kind, (from_ms, until_ms), AT_ONCE)? {
        let mut part = Part::read(conn, kind, reach)?;
        from_ms = part.until_ms();
        part.decide_all();
        *told_too.samples.entry(kind).or_default() += part.settle(conn, known, import, derived)?.told_too;
    }
    Ok(())
}

fn lay_entries(
    conn: &Connection,
    (known, import): (&Known, Option<i64>),
    derived: &mut Derived,
    told_too: &mut ToldToo,
) -> Result<()> {
    told_too.entries = entries::lay(conn, known, import)?;
    derived.workouts_changed();
    Ok(())
}

/// Forgets what a device told, and finds what follows from it: only there is anything read.
pub(crate) fn undo_device(conn: &Connection, device: i64, derived: &mut Derived) -> Result<()> {
    let mut stretches = stretches_of(conn, device)?;
    for (kind, starts) in deletions::undone_with(conn, device)?.samples {
        stretches.extend(starts.into_iter().map(|start| (kind, Reach::of(start, start))));
    }
    forget_device(conn, device)?;
    // The names that devices gave are those of the others now.
    tellers::forget_names(conn)?;
    if tellers::settle(conn)? {
        // One who counted for others is gone: they count for another source, with all that they told.
        for (kind, _) in &stretches {
            lift_kind(conn, *kind, derived)?;
        }
        lift(conn, derived, &[])?;
        lay(conn, None, derived)?;
        return Ok(());
    }
    let known = Known::load(conn)?;
    for (kind, reach) in stretches {
        let mut part = Part::read(conn, kind, reach)?;
        part.decide_all();
        part.settle(conn, &known, None, derived)?;
    }
    entries::lay(conn, &known, None)?;
    derived.workouts_changed();
    Ok(())
}

/// Where a device told samples, some thousand at a time.
fn stretches_of(conn: &Connection, device: i64) -> Result<Vec<(u32, Reach)>> {
    let mut found: Vec<(u32, Reach)> = Vec::new();
    let mut starts: Vec<i64> = Vec::new();
    let mut of = 0;
    let mut close = |kind: u32, starts: &mut Vec<i64>| {
        if let (Some(first), Some(last)) = (starts.first(), starts.last()) {
            let mut reach = Reach::of(*first, *last);
            reach.widen_for(starts.iter().copied());
            found.push((kind, reach));
        }
        starts.clear();
    };
    let mut statement =
        conn.prepare_cached("SELECT kind_id, start_ms FROM tellings WHERE device_id = ?1 ORDER BY kind_id, start_ms")?;
    let mut rows = statement.query([device])?;
    while let Some(row) = rows.next()? {
        let (kind, start): (u32, i64) = (row.get(0)?, row.get(1)?);
        let far = starts.last().is_some_and(|last| start - last > APART_MS);
        if kind != of || far || starts.len() >= AT_ONCE {
            close(of, &mut starts);
        }
        of = kind;
        starts.push(start);
    }
    close(of, &mut starts);
    Ok(found)
}

/// Forgets what a device told.
fn forget_device(conn: &Connection, device: i64) -> Result<()> {
    for table in ["tellings", "aggregates", "entry_tellings", "told_deletions"] {
        conn.execute(&format!("DELETE FROM {table} WHERE device_id = ?1"), [device])?;
    }
    forget_device_zones(conn, device)?;
    conn.execute(
        "DELETE FROM tellers WHERE id NOT IN (SELECT teller_id FROM tellings)
            AND id NOT IN (SELECT teller_id FROM entry_tellings WHERE teller_id IS NOT NULL)",
        [],
    )?;
    Ok(())
}

/// Removes for good what was told of a sample that is removed for good.
pub(crate) fn forget_of(conn: &Connection, kind: u32, key: &Key) -> Result<()> {
    // What is one record starts within two seconds.
    conn.prepare_cached(
        "DELETE FROM tellings WHERE kind_id = ?1 AND start_ms BETWEEN ?2 - 2000 AND ?2 + 2000
            AND row_start_ms = ?2 AND row_source_id = ?3 AND row_duration_ms = ?4 AND row_ordinal = ?5",
    )?
    .execute(params![kind, key.start_ms, key.source, key.duration_ms, key.ordinal])?;
    Ok(())
}

/// The kinds of which phones told something; one look-up each.
pub(crate) fn kinds(conn: &Connection) -> Result<Vec<u32>> {
    let mut statement = conn.prepare_cached(
        "SELECT id FROM kinds k WHERE EXISTS (SELECT 1 FROM tellings t WHERE t.kind_id = k.id) ORDER BY id",
    )?;
    let kinds = statement.query_map([], |row| row.get(0))?;
    Ok(kinds.collect::<rusqlite::Result<_>>()?)
}
