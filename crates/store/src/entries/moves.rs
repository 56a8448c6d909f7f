//! Entries whose source turns out to be another one, and those of two sources that are one.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use health::EntryKind;
use rusqlite::{Connection, OptionalExtension, params};

use super::{
    ALIKE, Image, current, find_by, held_by, image_at, known_again, log, of_members, remove, show, show_newest,
    variants,
};
use crate::error::Result;
use crate::history::ImportRef;
use crate::members;
use crate::unite::Places;

/// The kind of entry that is known by its members.
const CORRELATION: &str = "correlation";

/// Number, kind, identity and span of an entry.
pub(super) type Placed = (i64, String, String, (Option<i64>, Option<i64>));

/// How imports showed an entry; the same image is there once, however many had it.
pub(super) type Images = BTreeMap<i64, Rc<Image>>;

/// Entries by the source that they belong to now, and the one under which they lay.
pub(crate) type Moved = BTreeMap<(Option<u32>, Option<u32>), Vec<i64>>;

/// Moves the entries that a renamed source brought to the source that it is. Returns how many were there, by kind.
pub(crate) fn move_source(
    conn: &Connection,
    import: i64,
    imports: &[ImportRef],
    from: u32,
    to: u32,
) -> Result<BTreeMap<String, u64>> {
    let mut merged: BTreeMap<String, u64> = BTreeMap::new();
    let (correlations, others): (Vec<Placed>, Vec<Placed>) =
        of_source(conn, from)?.into_iter().partition(|(_, kind, ..)| kind == CORRELATION);
    others.iter().try_for_each(|(id, ..)| give(conn, *id, Some(to)))?;
    let mut settled = Settled::new();
    for (id, kind, ..) in others {
        let gone = settle_if_several(conn, imports, id, &mut settled)?;
        if gone > 0 {
            *merged.entry(kind).or_default() += gone;
        }
    }
    for placed in correlations {
        let (id, kind, ..) = &placed;
        let Some(old) = same_as(conn, import, &placed, Some(to), &|_| true)? else {
            give(conn, *id, Some(to))?;
            continue;
        };
        let image = current(conn, *id)?;
        conn.execute("UPDATE OR IGNORE correlation_members SET entry_id = ?2 WHERE entry_id = ?1", [*id, old])?;
        remove(conn, *id)?;
        if !held_by(conn, old, import)? {
            known_again(conn, import, imports, old, &image)?;
        }
        *merged.entry(kind.clone()).or_default() += 1;
    }
    Ok(merged)
}

/// Correlations of other sources that have samples of some: with these they become others.
pub(crate) fn with_members_of(conn: &Connection, sources: &BTreeSet<u32>) -> Result<Vec<i64>> {
    let mut statement = conn.prepare_cached(
        "SELECT id, source_id FROM entries
         WHERE id IN (SELECT entry_id FROM correlation_members WHERE source_id = ?1) ORDER BY id",
    )?;
    let mut found = BTreeSet::new();
    for source in sources {
        let rows = statement.query_map([source], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let rows = rows.collect::<rusqlite::Result<Vec<(i64, Option<u32>)>>>()?;
        found.extend(rows.into_iter().filter(|(_, own)| own.is_none_or(|own| !sources.contains(&own))));
    }
    Ok(found.into_iter().map(|(id, _)| id).collect())
}

/// Makes one of correlations of one source whose members have become the same. Returns how many went.
pub(crate) fn unite_equal(conn: &Connection, imports: &[ImportRef], ids: &[i64]) -> Result<u64> {
    let mut gone = 0;
    for id in ids {
        if let Some(known) = equal_to(conn, *id)? {
            unite_two(conn, imports, *id, known)?;
            gone += 1;
        }
    }
    Ok(gone)
}

/// An older correlation of the same source, times and members.
fn equal_to(conn: &Connection, id: i64) -> Result<Option<i64>> {
    let Some((_, kind, identity, span)) = placed(conn, id)? else { return Ok(None) };
    let members = members::of(conn, id)?;
    let alike = find_by(conn, &kind, &identity, span, source_of(conn, id)?, Some(ALIKE))?;
    for other in alike.into_iter().filter(|other| *other < id) {
        if members::of(conn, other)? == members {
            return Ok(Some(other));
        }
    }
    Ok(None)
}

/// Puts the entries of some sources under those that they belong to; one that imports held which belong to several, or
/// whose members do, becomes as many.
pub(crate) fn deal_out(
    conn: &Connection,
    sources: &BTreeSet<u32>,
    places: &Places,
    imports: &[ImportRef],
) -> Result<Moved> {
    let mut all = with_members_of(conn, sources)?;
    for source in sources {
        all.extend(of_source(conn, *source)?.into_iter().map(|(id, ..)| id));
    }
    let mut moved = Moved::new();
    for id in all {
        let own = source_of(conn, id)?;
        let members: BTreeSet<u32> = members::of(conn, id)?.iter().map(|(_, key)| key.source).collect();
        let mut held: BTreeMap<(Option<u32>, Vec<u32>), Images> = BTreeMap::new();
        for (import, image) in images(conn, id)? {
            if imports.iter().any(|live| live.id == import) {
                let of = |source: &u32| places.of(*source, import);
                let place = (own.as_ref().map(of), members.iter().map(of).collect());
                held.entry(place).or_default().insert(import, image);
            }
        }
        let several = held.len() > 1;
        for (part, ((to, _), images)) in held.into_iter().enumerate() {
            let id = if part == 0 { id } else { copy(conn, id)? };
            if several {
                write_images(conn, imports, id, &images)?;
            }
            give(conn, id, to)?;
            moved.entry((to, own)).or_default().push(id);
        }
    }
    Ok(moved)
}

/// Makes one of entries that are the same, of those that lay under different sources or whose members did.
pub(crate) fn unite(conn: &Connection, imports: &[ImportRef], moved: Moved) -> Result<()> {
    let mut united: BTreeMap<Option<u32>, BTreeSet<i64>> = BTreeMap::new();
    let mut settled = Settled::new();
    // Where they belong is where the first of them were.
    let mut moved: Vec<_> = moved.into_iter().collect();
    moved.sort_by_key(|((to, from), _)| (*to, from != to, *from));
    for ((to, _), ids) in moved {
        let before = united.get(&to).cloned().unwrap_or_default();
        for id in ids {
            // One that is settled with those beside it may be gone.
            let Some(placed) = placed(conn, id)? else { continue };
            if placed.1 != CORRELATION {
                settle_if_several(conn, imports, id, &mut settled)?;
                continue;
            }
            let known = same_as(conn, i64::MIN, &placed, to, &|id| before.contains(&id))?;
            match known.map_or_else(|| equal_to(conn, id), |known| Ok(Some(known)))? {
                Some(known) => unite_two(conn, imports, id, known)?,
                None => _ = united.entry(to).or_default().insert(id),
            }
        }
    }
    Ok(())
}

/// The correlation among those of another source that this one is.
fn same_as(
    conn: &Connection,
    import: i64,
    (id, kind, identity, span): &Placed,
    source: Option<u32>,
    among: &dyn Fn(i64) -> bool,
) -> Result<Option<i64>> {
    let mut alike = find_by(conn, kind, identity, *span, source, Some(ALIKE))?;
    alike.retain(|other| other != id && among(*other));
    of_members(conn, import, &alike, &members::of(conn, *id)?)
}

fn give(conn: &Connection, id: i64, to: Option<u32>) -> Result<()> {
    conn.prepare_cached("UPDATE entries SET source_id = ?2 WHERE id = ?1")?.execute(params![id, to])?;
    Ok(())
}

/// Another entry like one, with its members.
fn copy(conn: &Connection, id: i64) -> Result<i64> {
    let copy: i64 = conn
        .prepare_cached(
            "INSERT INTO entries (kind, identity, source_id, start_ms, end_ms, body, payload, import_id)
             SELECT kind, identity, source_id, start_ms, end_ms, body, payload, import_id FROM entries WHERE id = ?1
             RETURNING id",
        )?
        .query_row([id], |row| row.get(0))?;
    conn.execute(
        "INSERT INTO correlation_members (entry_id, kind_id, start_ms, source_id, duration_ms, ordinal)
         SELECT ?2, kind_id, start_ms, source_id, duration_ms, ordinal FROM correlation_members WHERE entry_id = ?1",
        [id, copy],
    )?;
    Ok(copy)
}

/// Makes one entry of two: each import's image is kept; of one that held both, that of the entry stored first, as it
/// would be had the second been met as the same.
fn unite_two(conn: &Connection, imports: &[ImportRef], id: i64, known: i64) -> Result<()> {
    let mut images = images(conn, id.max(known))?;
    images.extend(self::images(conn, id.min(known))?);
    conn.execute("UPDATE OR IGNORE correlation_members SET entry_id = ?2 WHERE entry_id = ?1", [id, known])?;
    remove(conn, id)?;
    write_images(conn, imports, known, &images)
}

/// Writes down anew which imports held an entry, and how each showed it.
pub(super) fn write_images(conn: &Connection, imports: &[ImportRef], id: i64, images: &Images) -> Result<()> {
    conn.prepare_cached("DELETE FROM entry_log WHERE entry_id = ?1")?.execute([id])?;
    let differ = images.values().zip(images.values().skip(1)).any(|(a, b)| a != b);
    let mut last = None;
    for (import, image) in images {
        log(conn, id, *import, Some(&**image).filter(|_| differ && last != Some(image)))?;
        last = Some(image);
    }
    if let Some((first, image)) = images.first_key_value() {
        conn.prepare_cached("UPDATE entries SET import_id = ?2 WHERE id = ?1")?.execute([id, *first])?;
        show(conn, id, image)?;
    }
    show_newest(conn, imports, id)
}

/// How each import that held an entry showed it.
pub(super) fn images(conn: &Connection, id: i64) -> Result<Images> {
    let mut statement = conn
        .prepare_cached("SELECT import_id, body IS NOT NULL FROM entry_log WHERE entry_id = ?1 ORDER BY import_id")?;
    let held: Vec<(i64, bool)> =
        statement.query_map([id], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<_>>()?;
    let mut last: Option<Rc<Image>> = None;
    let mut images = BTreeMap::new();
    for (import, has_its_own) in held {
        let image = match last.take().filter(|_| !has_its_own) {
            Some(same) => same,
            None => Rc::new(image_at(conn, id, import)?.map_or_else(|| current(conn, id), Ok)?),
        };
        last = Some(Rc::clone(&image));
        images.insert(import, image);
    }
    Ok(images)
}

/// Groups of rows that are alike, by what they have in common: each is settled once, however many its rows are.
pub(super) type Settled = BTreeSet<(String, String, (Option<i64>, Option<i64>), Option<u32>)>;

/// Deals out what several rows hold that are alike to one, but for correlations. Returns how many rows went.
pub(super) fn settle_if_several(
    conn: &Connection,
    imports: &[ImportRef],
    id: i64,
    settled: &mut Settled,
) -> Result<u64> {
    match placed(conn, id)? {
        Some((_, kind, identity, span)) if kind != CORRELATION => {
            // Clinical records are alike whenever they were received.
            let span = if kind == EntryKind::ClinicalRecord.as_str() { (None, None) } else { span };
            let is_new = settled.insert((kind, identity, span, source_of(conn, id)?));
            if is_new { variants::settle_beside(conn, imports, id) } else { Ok(0) }
        }
        _ => Ok(0),
    }
}

fn of_source(conn: &Connection, source: u32) -> Result<Vec<Placed>> {
    let ids: Vec<i64> = {
        let mut statement = conn.prepare_cached("SELECT id FROM entries WHERE source_id = ?1 ORDER BY id")?;
        statement.query_map([source], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?
    };
    ids.into_iter().filter_map(|id| placed(conn, id).transpose()).collect()
}

/// Who wrote an entry.
pub(super) fn source_of(conn: &Connection, id: i64) -> Result<Option<u32>> {
    Ok(conn.prepare_cached("SELECT source_id FROM entries WHERE id = ?1")?.query_row([id], |row| row.get(0))?)
}

pub(super) fn placed(conn: &Connection, id: i64) -> Result<Option<Placed>> {
    let mut statement =
        conn.prepare_cached("SELECT id, kind, identity, start_ms, end_ms FROM entries WHERE id = ?1")?;
    let placed = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, (row.get(3)?, row.get(4)?)));
    Ok(statement.query_row([id], placed).optional()?)
}
