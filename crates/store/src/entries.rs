//! How everything that is not a sample comes in, changes and goes: workouts, routes, ECGs, rings and so on.
//!
//! The same rules as for samples, on a small scale: one row per distinct entry, a log of which imports held it and
//! how it looked, the newest export's image in the row, superseded where a newer export covers its time.

mod moves;

use std::collections::{BTreeMap, BTreeSet};

use health::{Entry, EntryKind};
use rusqlite::{Connection, OptionalExtension, params};

use crate::error::Result;
use crate::history::ImportRef;
use crate::members::{self, Members};
use crate::report::EntryCounts;
use crate::stretch::NEAR_MS;
use crate::superseded::{extend, overlaps};

pub(crate) use self::moves::{deal_out, move_source, unite};

/// Correlations of one type, source and second that are told apart; a person has two or three.
const ALIKE: usize = 64;

/// How an entry looks.
#[derive(Debug, Clone, PartialEq)]
struct Image {
    body: String,
    payload: Option<Vec<u8>>,
}

/// Stores an entry, or notes that it is one that is known; counts it. Returns its id.
pub(crate) fn ingest(
    conn: &Connection,
    import: i64,
    imports: &[ImportRef],
    entry: &Entry,
    source: Option<u32>,
    known: Option<i64>,
    counts: &mut EntryCounts,
) -> Result<i64> {
    counts.read += 1;
    let image = Image { body: entry.body.clone(), payload: entry.payload.clone() };
    let Some(id) = known else {
        counts.new += 1;
        return insert(conn, import, entry, source);
    };
    if held_by(conn, id, import)? {
        counts.known += 1;
        return Ok(id);
    }
    match known_again(conn, import, imports, id, &image)? {
        // A ring day is an aggregate: its figures grow until the day is over.
        true if entry.kind == EntryKind::ActivitySummary => counts.replaced += 1,
        _ => counts.known += 1,
    }
    Ok(id)
}

fn insert(conn: &Connection, import: i64, entry: &Entry, source: Option<u32>) -> Result<i64> {
    let id = conn
        .prepare_cached(
            "INSERT INTO entries (kind, identity, source_id, start_ms, end_ms, body, payload, import_id)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) RETURNING id",
        )?
        .query_row(
            params![
                entry.kind.as_str(),
                entry.identity,
                source,
                entry.start_ms,
                entry.end_ms,
                entry.body,
                entry.payload,
                import
            ],
            |row| row.get(0),
        )?;
    log(conn, id, import, None)?;
    Ok(id)
}

/// The stored entries of the same kind, identity, times and source, the oldest first. Only correlations may have
/// several: their members tell them apart.
pub(crate) fn alike(conn: &Connection, entry: &Entry, source: Option<u32>) -> Result<Vec<i64>> {
    find_by(conn, entry.kind.as_str(), &entry.identity, (entry.start_ms, entry.end_ms), source)
}

fn find_by(
    conn: &Connection,
    kind: &str,
    identity: &str,
    (start_ms, end_ms): (Option<i64>, Option<i64>),
    source: Option<u32>,
) -> Result<Vec<i64>> {
    // A clinical record carries its clinic's number; when it was fetched last does not make it another one.
    if kind == EntryKind::ClinicalRecord.as_str() {
        let mut statement = conn.prepare_cached(
            "SELECT id FROM entries WHERE kind = 'clinical_record' AND identity = ?1 AND source_id IS ?2
             ORDER BY id LIMIT 1",
        )?;
        let ids = statement.query_map(params![identity, source], |row| row.get(0))?;
        return Ok(ids.collect::<rusqlite::Result<_>>()?);
    }
    let mut statement = conn.prepare_cached(
        "SELECT id FROM entries WHERE kind = ?1 AND start_ms IS ?2 AND identity = ?3 AND end_ms IS ?4
             AND source_id IS ?5 ORDER BY id LIMIT ?6",
    )?;
    let most = if kind == EntryKind::Correlation.as_str() { ALIKE } else { 1 };
    let ids = statement.query_map(params![kind, start_ms, identity, end_ms, source, most], |row| row.get(0))?;
    Ok(ids.collect::<rusqlite::Result<_>>()?)
}

/// The correlation among some alike that has these members; or one that lost members and that the import did not hold
/// so far.
pub(crate) fn of_members(conn: &Connection, import: i64, alike: &[i64], members: &Members) -> Result<Option<i64>> {
    let mut less = None;
    for id in alike {
        let stored = members::of(conn, *id)?;
        if stored == *members {
            return Ok(Some(*id));
        }
        if less.is_none() && stored.is_subset(members) && !held_by(conn, *id, import)? {
            less = Some(*id);
        }
    }
    // So many of one second are nobody's meals: the members are kept, with one for all.
    let last = alike.last().filter(|_| alike.len() >= ALIKE).copied();
    Ok(less.or(last))
}

/// How many entries an import brought first, by kind.
pub(crate) fn brought_by(conn: &Connection, import: i64) -> Result<BTreeMap<String, u64>> {
    let mut statement = conn.prepare_cached("SELECT kind, count(*) FROM entries WHERE import_id = ?1 GROUP BY kind")?;
    let counts = statement.query_map([import], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(counts.collect::<rusqlite::Result<_>>()?)
}

fn held_by(conn: &Connection, id: i64, import: i64) -> Result<bool> {
    Ok(conn
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM entry_log WHERE entry_id = ?1 AND import_id = ?2)")?
        .query_row([id, import], |row| row.get(0))?)
}

fn log(conn: &Connection, id: i64, import: i64, image: Option<&Image>) -> Result<()> {
    let (body, payload) = (image.map(|i| &i.body), image.and_then(|i| i.payload.as_ref()));
    conn.prepare_cached("INSERT INTO entry_log (entry_id, import_id, body, payload) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![id, import, body, payload])?;
    Ok(())
}

/// Notes that an import holds a stored entry; true where it shows another image.
fn known_again(conn: &Connection, import: i64, imports: &[ImportRef], id: i64, image: &Image) -> Result<bool> {
    let shown = current(conn, id)?;
    let last = image_at(conn, id, i64::MAX)?;
    let differs = last.as_ref().unwrap_or(&shown) != image;
    if differs && last.is_none() {
        // From now on images differ: the first import's own must be kept.
        conn.prepare_cached(
            "UPDATE entry_log SET body = ?2, payload = ?3 WHERE entry_id = ?1
             AND import_id = (SELECT min(import_id) FROM entry_log WHERE entry_id = ?1)",
        )?
        .execute(params![id, shown.body, shown.payload])?;
    }
    log(conn, id, import, differs.then_some(image))?;
    show_newest(conn, imports, id)?;
    Ok(differs)
}

fn current(conn: &Connection, id: i64) -> Result<Image> {
    Ok(conn
        .prepare_cached("SELECT body, payload FROM entries WHERE id = ?1")?
        .query_row([id], |row| Ok(Image { body: row.get(0)?, payload: row.get(1)? }))?)
}

/// The last image logged up to an import; `None` where it never changed.
fn image_at(conn: &Connection, id: i64, import: i64) -> Result<Option<Image>> {
    Ok(conn
        .prepare_cached(
            "SELECT body, payload FROM entry_log WHERE entry_id = ?1 AND import_id <= ?2 AND body IS NOT NULL
             ORDER BY import_id DESC LIMIT 1",
        )?
        .query_row([id, import], |row| Ok(Image { body: row.get(0)?, payload: row.get(1)? }))
        .optional()?)
}

/// Lets the row show the image of the newest export that holds it.
fn show_newest(conn: &Connection, imports: &[ImportRef], id: i64) -> Result<()> {
    let mut statement = conn.prepare_cached("SELECT import_id FROM entry_log WHERE entry_id = ?1")?;
    let holders: BTreeSet<i64> = statement.query_map([id], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    let newest = imports.iter().rev().find(|import| holders.contains(&import.id));
    let image = match newest {
        Some(newest) => image_at(conn, id, newest.id)?,
        None => None,
    };
    image.map_or(Ok(()), |image| show(conn, id, &image))
}

/// Only a clinical record says when it was received: its place in time moves with it.
fn show(conn: &Connection, id: i64, image: &Image) -> Result<()> {
    conn.prepare_cached(
        "UPDATE entries SET body = ?2, payload = ?3,
             start_ms = coalesce(1000 * unixepoch(json_extract(?2, '$.received')), start_ms) WHERE id = ?1",
    )?
    .execute(params![id, image.body, image.payload])?;
    Ok(())
}

/// Lets all entries that an import holds show their newest export.
pub(crate) fn show_newest_of(conn: &Connection, imports: &[ImportRef], import: i64) -> Result<()> {
    let mut statement = conn.prepare_cached("SELECT entry_id FROM entry_log WHERE import_id = ?1")?;
    let ids: Vec<i64> = statement.query_map([import], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    ids.into_iter().try_for_each(|id| show_newest(conn, imports, id))
}

fn remove(conn: &Connection, id: i64) -> Result<()> {
    conn.prepare_cached("DELETE FROM correlation_members WHERE entry_id = ?1")?.execute([id])?;
    conn.prepare_cached("DELETE FROM entry_log WHERE entry_id = ?1")?.execute([id])?;
    conn.prepare_cached("DELETE FROM entries WHERE id = ?1")?.execute([id])?;
    Ok(())
}

/// Removes the entries that no live import holds, and shows the others as the newest one has them.
pub(crate) fn forget_undone(conn: &Connection, imports: &[ImportRef], undone: i64) -> Result<u64> {
    let mut statement = conn.prepare("SELECT entry_id FROM entry_log WHERE import_id = ?1")?;
    let ids: Vec<i64> = statement.query_map([undone], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    let mut removed = 0;
    for id in ids {
        let held = imports.iter().map(|i| held_by(conn, id, i.id)).collect::<Result<Vec<_>>>()?;
        if held.contains(&true) {
            forget_image(conn, imports, id, undone)?;
        } else {
            remove(conn, id)?;
            removed += 1;
        }
    }
    Ok(removed)
}

/// Forgets that an import held an entry: what is written down of the others is what it would be without it.
fn forget_image(conn: &Connection, imports: &[ImportRef], id: i64, import: i64) -> Result<()> {
    if image_at(conn, id, i64::MAX)?.is_some() {
        let mut images = moves::images(conn, id)?;
        images.remove(&import);
        return moves::write_images(conn, imports, id, &images);
    }
    // It looks the same in all of them.
    conn.prepare_cached("DELETE FROM entry_log WHERE entry_id = ?1 AND import_id = ?2")?.execute([id, import])?;
    conn.prepare_cached(
        "UPDATE entries SET import_id = (SELECT min(import_id) FROM entry_log WHERE entry_id = ?1) WHERE id = ?1",
    )?
    .execute([id])?;
    Ok(())
}

struct Place {
    id: i64,
    span: (i64, i64),
    holders: BTreeSet<i64>,
    superseded_by: Option<i64>,
}

/// Decides anew which entries are superseded, by the rule for samples.
pub(crate) fn reconcile(conn: &Connection, imports: &[ImportRef]) -> Result<()> {
    decide(conn, imports, &mut |place, superseded_by| {
        if superseded_by != place.superseded_by {
            conn.prepare_cached("UPDATE entries SET superseded_by = ?2 WHERE id = ?1")?
                .execute(params![place.id, superseded_by])?;
        }
        Ok(())
    })
}

/// Counts the entries that should be superseded and are not, or the other way round.
pub(crate) fn differences(conn: &Connection, imports: &[ImportRef]) -> Result<u64> {
    let mut differences = 0;
    decide(conn, imports, &mut |place, superseded_by| {
        differences += u64::from(superseded_by != place.superseded_by);
        Ok(())
    })?;
    Ok(differences)
}

fn decide(
    conn: &Connection,
    imports: &[ImportRef],
    each: &mut dyn FnMut(&Place, Option<i64>) -> Result<()>,
) -> Result<()> {
    let snapshots: Vec<&ImportRef> = imports.iter().filter(|import| import.is_snapshot()).collect();
    for places in series(conn)?.values() {
        let mut cover: BTreeMap<i64, Vec<(i64, i64)>> = BTreeMap::new();
        for place in places {
            for import in &place.holders {
                let near = (place.span.0.saturating_sub(NEAR_MS), place.span.1.saturating_add(NEAR_MS));
                extend(cover.entry(*import).or_default(), near);
            }
        }
        for place in places {
            let holder = imports.iter().rev().find(|import| place.holders.contains(&import.id));
            let newer = snapshots.iter().filter(|s| holder.is_some_and(|holder| s.rank() > holder.rank()));
            let superseded_by = newer
                .map(|snapshot| snapshot.id)
                .find(|id| cover.get(id).is_some_and(|c| overlaps(c, place.span.0, place.span.1)));
            each(place, superseded_by)?;
        }
    }
    Ok(())
}

/// Entries with a time and a source, by kind and source, in the order of time.
fn series(conn: &Connection) -> Result<BTreeMap<(String, i64), Vec<Place>>> {
    let mut statement = conn.prepare(
        "SELECT e.kind, e.source_id, e.id, e.start_ms, coalesce(e.end_ms, e.start_ms), e.superseded_by, l.import_id
         FROM entries e JOIN entry_log l ON l.entry_id = e.id
         WHERE e.start_ms IS NOT NULL AND e.source_id IS NOT NULL
         ORDER BY e.kind, e.source_id, e.start_ms, e.id",
    )?;
    let mut rows = statement.query([])?;
    let mut series: BTreeMap<(String, i64), Vec<Place>> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let places = series.entry((row.get(0)?, row.get(1)?)).or_default();
        let id: i64 = row.get(2)?;
        if places.last().is_none_or(|last| last.id != id) {
            places.push(Place {
                id,
                span: (row.get(3)?, row.get(4)?),
                superseded_by: row.get(5)?,
                holders: BTreeSet::new(),
            });
        }
        if let Some(place) = places.last_mut() {
            place.holders.insert(row.get(6)?);
        }
    }
    Ok(series)
}
