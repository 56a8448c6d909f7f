//! What a sender takes back of what it told itself: then it is as if it had never told it.
//!
//! Another Vitalog says what its store has, and its store may have something less later. That is no word about a record
//! that others tell, too, as a deletion is: only its own telling goes.

use std::collections::{BTreeSet, HashSet};

use health::phone::Retraction;
use rusqlite::{Connection, OptionalExtension, params};

use super::entries::By;
use super::{APART_MS, AT_ONCE, Known, Part, Reach, entries, lay, lift, tellers};
use crate::derived::Derived;
use crate::error::Result;

const SAMPLE: &str = "sample";
const AGGREGATE: &str = "aggregate";

/// Forgets what a device took back, and finds what follows from that. Returns how many records those were.
pub(crate) fn retract(conn: &Connection, gone: &[Retraction], by: &By, derived: &mut Derived) -> Result<u64> {
    let counted_for = if gone.is_empty() { Vec::new() } else { tellers::sources(conn)? };
    let (mut removed, mut starts, mut of, mut of_entries) = (0, Vec::new(), BTreeSet::new(), false);
    for one in gone {
        let names: HashSet<&str> = one.names.iter().map(String::as_str).collect();
        let forgotten = match one.record.as_str() {
            SAMPLE => samples(conn, one, &names, by, &mut starts, &mut of)?,
            AGGREGATE => aggregates(conn, one, &names, by)?,
            _ => {
                let forgotten = told_entries(conn, one, &names, by, &mut of)?;
                of_entries |= forgotten > 0;
                forgotten
            }
        };
        removed += forgotten;
    }
    if removed == 0 {
        return Ok(0);
    }
    if forget_tellers(conn, &of)? {
        // The names that it gave are gone with one, and others may count for another source now.
        tellers::forget_names(conn)?;
        if tellers::settle(conn)? {
            lift(conn, derived, &counted_for)?;
            lay(conn, None, derived)?;
            return Ok(removed);
        }
    }
    let known = Known::load(conn)?;
    starts.sort_unstable();
    starts.dedup();
    for (kind, first, last) in stretches(&starts) {
        let mut reach = Reach::of(first, last);
        reach.widen_for([first, last].into_iter());
        let mut part = Part::read(conn, kind, reach)?;
        part.decide_all();
        part.settle(conn, &known, None, derived)?;
    }
    if of_entries {
        entries::lift(conn)?;
        entries::lay(conn, &known, None)?;
        derived.workouts_changed();
    }
    Ok(removed)
}

/// Starts of a kind that lie close to each other are looked at together.
fn stretches(starts: &[(u32, i64)]) -> Vec<(u32, i64, i64)> {
    let mut found: Vec<(u32, i64, i64, usize)> = Vec::new();
    for (kind, start) in starts {
        match found.last_mut() {
            Some((of, _, last, n)) if of == kind && start - *last <= APART_MS && *n < AT_ONCE => {
                (*last, *n) = (*start, *n + 1);
            }
            _ => found.push((*kind, *start, *start, 1)),
        }
    }
    found.into_iter().map(|(kind, first, last, _)| (kind, first, last)).collect()
}

fn samples(
    conn: &Connection,
    gone: &Retraction,
    names: &HashSet<&str>,
    by: &By,
    starts: &mut Vec<(u32, i64)>,
    of: &mut BTreeSet<u32>,
) -> Result<u64> {
    let mut kind = conn.prepare_cached("SELECT id FROM kinds WHERE identifier = ?1")?;
    let Some(kind) = kind.query_row([&gone.kind], |row| row.get::<_, u32>(0)).optional()? else { return Ok(0) };
    let mut found: Vec<(i64, u32, i64, u32)> = Vec::new();
    {
        let mut statement = conn.prepare_cached(
            "SELECT start_ms, teller_id, duration_ms, ordinal, name FROM tellings
             WHERE kind_id = ?1 AND start_ms >= ?2 AND start_ms < ?3 AND device_id = ?4 AND feed = ?5
                 AND name IS NOT NULL",
        )?;
        let mut rows = statement.query(params![kind, gone.range_ms.0, gone.range_ms.1, by.device, by.feed])?;
        while let Some(row) = rows.next()? {
            if names.contains(row.get_ref(4)?.as_str().map_err(rusqlite::Error::from)?) {
                found.push((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
            }
        }
    }
    let mut forget = conn.prepare_cached(
        "DELETE FROM tellings WHERE kind_id = ?1 AND start_ms = ?2 AND teller_id = ?3 AND duration_ms = ?4
             AND device_id = ?5 AND feed = ?6 AND ordinal = ?7",
    )?;
    for (start, teller, duration, ordinal) in &found {
        forget.execute(params![kind, start, teller, duration, by.device, by.feed, ordinal])?;
        starts.push((kind, *start));
        of.insert(*teller);
    }
    Ok(found.len() as u64)
}

fn aggregates(conn: &Connection, gone: &Retraction, names: &HashSet<&str>, by: &By) -> Result<u64> {
    let mut forget = conn.prepare_cached(
        "DELETE FROM aggregates WHERE start_ms >= ?1 AND start_ms < ?2 AND device_id = ?3 AND name = ?4",
    )?;
    let mut removed = 0;
    for name in names {
        removed += forget.execute(params![gone.range_ms.0, gone.range_ms.1, by.device, name])? as u64;
    }
    Ok(removed)
}

fn told_entries(
    conn: &Connection,
    gone: &Retraction,
    names: &HashSet<&str>,
    by: &By,
    of: &mut BTreeSet<u32>,
) -> Result<u64> {
    let mut found: Vec<i64> = Vec::new();
    {
        let mut statement = conn.prepare_cached(
            "SELECT id, name, teller_id FROM entry_tellings
             WHERE kind = ?1 AND device_id = ?2 AND feed = ?3 AND name IS NOT NULL",
        )?;
        let mut rows = statement.query(params![gone.record, by.device, by.feed])?;
        while let Some(row) = rows.next()? {
            if names.contains(row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?) {
                found.push(row.get(0)?);
                of.extend(row.get::<_, Option<u32>>(2)?);
            }
        }
    }
    let mut forget = conn.prepare_cached("DELETE FROM entry_tellings WHERE id = ?1")?;
    for id in &found {
        forget.execute([id])?;
    }
    Ok(found.len() as u64)
}

/// Forgets those of some tellers who told nothing that is left. Tells whether there are any.
fn forget_tellers(conn: &Connection, of: &BTreeSet<u32>) -> Result<bool> {
    let mut forget = conn.prepare_cached(
        "DELETE FROM tellers WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM tellings WHERE teller_id = ?1)
             AND NOT EXISTS (SELECT 1 FROM entry_tellings WHERE teller_id = ?1)",
    )?;
    let mut any = false;
    for teller in of {
        any |= forget.execute([teller])? > 0;
    }
    Ok(any)
}
