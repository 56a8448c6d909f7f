//! How everything that is not a sample comes in, changes and goes: workouts, routes, ECGs, rings and so on.
//!
//! The same rules as for samples, on a small scale: one row per distinct entry, a log of which imports held it and
//! how it looked, the newest export's image in the row, superseded where a newer export covers its time.

mod files;
mod moves;
mod standing;
mod variants;

use std::collections::{BTreeMap, BTreeSet};

use health::{Entry, EntryKind, INCOMPLETE};
use rusqlite::{Connection, OptionalExtension, params};
use serde_json::{Map, Value as Json};

use crate::error::Result;
use crate::history::ImportRef;
use crate::members::{self, Members};
use crate::place::TOO_MANY_ALIKE;
use crate::report::EntryCounts;
use crate::row;

pub(crate) use self::moves::{deal_out, move_source, unite, unite_equal, with_members_of};
pub(crate) use self::standing::{differences, reconcile};
use self::variants::Added;
pub(crate) use self::variants::Variants;

/// Entries of one kind, identity, source and times that are told apart in one import; a person has two or three.
const ALIKE: usize = 64;

/// How an entry looks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Image {
    body: String,
    payload: Option<Vec<u8>>,
}

impl Image {
    fn bytes(&self) -> usize {
        self.body.len() + self.payload.as_ref().map_or(0, Vec::len)
    }

    /// Whether a file that it tells of could be read wholly.
    fn is_whole(&self) -> bool {
        !self.body.contains(INCOMPLETE) || said(self).is_none_or(|said| said.get(INCOMPLETE).is_none())
    }
}

/// What became of an entry.
pub(crate) struct Kept {
    /// The stored entry that it is, or that is in its place.
    pub id: i64,
    /// Why it is not kept, where it is not.
    pub refused: Option<&'static str>,
}

/// Stores an entry, or notes that it is one of those that are `alike`; counts it, unless it is refused.
pub(crate) fn ingest(
    (conn, import, imports): (&Connection, i64, &[ImportRef]),
    entry: &Entry,
    source: Option<u32>,
    alike: &[i64],
    variants: &mut Variants,
    counts: &mut EntryCounts,
) -> Result<Kept> {
    let image = Image { body: entry.body.clone(), payload: entry.payload.clone() };
    let kept = |id| Kept { id, refused: None };
    let Some(first) = alike.first().copied() else {
        (counts.read, counts.new) = (counts.read + 1, counts.new + 1);
        return insert(conn, import, entry, source).map(kept);
    };
    if !variants.has(first) {
        let held = held(conn, import, alike)?;
        let same = |(_, shown): &&(i64, Image)| match is_day(entry.kind) {
            true => is_near(shown, &image),
            false => says_the_same(shown, &image),
        };
        if let Some((id, _)) = held.iter().find(same) {
            (counts.read, counts.known) = (counts.read + 1, counts.known + 1);
            return Ok(kept(*id));
        }
        if held.is_empty() {
            counts.read += 1;
            // A ring day is an aggregate: its figures grow until the day is over.
            match is_day(entry.kind) && !is_near(&current(conn, first)?, &image) {
                true => counts.replaced += 1,
                false => counts.known += 1,
            }
            known_again(conn, import, imports, first, &image)?;
            if alike.len() > 1 && !variants::is_alone(entry.kind) {
                variants.touch(conn, imports, first)?;
            }
            return Ok(kept(first));
        }
        if variants::is_alone(entry.kind) {
            return Ok(Kept { id: first, refused: Some(TOO_MANY_ALIKE) });
        }
        variants.remember(first, &held);
    }
    match variants.add(conn, import, imports, (entry, source), (first, alike), &image)? {
        Added::Refused => return Ok(Kept { id: first, refused: Some(TOO_MANY_ALIKE) }),
        Added::New => counts.new += 1,
        Added::Known | Added::Again => counts.known += 1,
    }
    counts.read += 1;
    Ok(kept(first))
}

/// The entries among some that an import holds so far, the newest import, each with its image there.
fn held(conn: &Connection, import: i64, alike: &[i64]) -> Result<Vec<(i64, Image)>> {
    let mut held = Vec::new();
    for id in alike {
        if held_by(conn, *id, import)? {
            held.push((*id, image_at(conn, *id, import)?.map_or_else(|| current(conn, *id), Ok)?));
        }
    }
    Ok(held)
}

fn is_day(kind: EntryKind) -> bool {
    kind == EntryKind::ActivitySummary
}

/// What an app tells about itself, and differs where the same was written twice.
const PROVENANCE: [&str; 3] = ["created", "device", "source_version"];

/// Whether two images say the same, whatever they say of when and with what it was written.
fn says_the_same(one: &Image, other: &Image) -> bool {
    one == other
        || one.payload == other.payload && said(one).is_some_and(|one| said(other).is_some_and(|other| one == other))
}

/// What an image says; nothing where it cannot be read.
fn said(image: &Image) -> Option<Json> {
    let mut body = serde_json::from_str::<Map<String, Json>>(&image.body).ok()?;
    PROVENANCE.iter().for_each(|key| drop(body.remove(*key)));
    Some(Json::Object(body))
}

/// Whether two images say the same but for the last digits, which a change of units moves.
fn is_near(one: &Image, other: &Image) -> bool {
    if one == other {
        return true;
    }
    let read = |image: &Image| serde_json::from_str::<Map<String, Json>>(&image.body).ok();
    let (Some(mut one), Some(mut other)) = (read(one), read(other)) else { return false };
    // What was printed in another unit is there in ours, unless nobody knows that unit.
    for body in [&mut one, &mut other] {
        if body.keys().any(|key| key.ends_with("_kcal")) {
            body.remove("printed");
        }
    }
    let near = |a: &Json, b: &Json| match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => row::near(a, b).is_some(),
        _ => a == b,
    };
    one.len() == other.len() && one.iter().all(|(key, a)| other.get(key).is_some_and(|b| near(a, b)))
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

/// The stored entries of the same kind, identity, times and source, the oldest first. Correlations are told apart by
/// their members, others as [`variants`] says.
pub(crate) fn alike(conn: &Connection, entry: &Entry, source: Option<u32>) -> Result<Vec<i64>> {
    find_by(conn, entry.kind.as_str(), &entry.identity, (entry.start_ms, entry.end_ms), source, Some(ALIKE))
}

fn find_by(
    conn: &Connection,
    kind: &str,
    identity: &str,
    (start_ms, end_ms): (Option<i64>, Option<i64>),
    source: Option<u32>,
    most: Option<usize>,
) -> Result<Vec<i64>> {
    let most = most.map_or(-1, |most| most as i64);
    // A clinical record carries its clinic's number; when it was fetched last does not make it another one.
    if kind == EntryKind::ClinicalRecord.as_str() {
        let mut statement = conn.prepare_cached(
            "SELECT id FROM entries WHERE kind = 'clinical_record' AND identity = ?1 AND source_id IS ?2
             ORDER BY id LIMIT ?3",
        )?;
        let ids = statement.query_map(params![identity, source, most], |row| row.get(0))?;
        return Ok(ids.collect::<rusqlite::Result<_>>()?);
    }
    let mut statement = conn.prepare_cached(
        "SELECT id FROM entries WHERE kind = ?1 AND start_ms IS ?2 AND identity = ?3 AND end_ms IS ?4
             AND source_id IS ?5 ORDER BY id LIMIT ?6",
    )?;
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

/// Notes that an import holds a stored entry, and how it shows it.
fn known_again(conn: &Connection, import: i64, imports: &[ImportRef], id: i64, image: &Image) -> Result<()> {
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
    show_newest(conn, imports, id)
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

/// Lets the row show the image of the newest export that holds it; a torn file counts only where no whole one is known.
fn show_newest(conn: &Connection, imports: &[ImportRef], id: i64) -> Result<()> {
    let mut statement = conn.prepare_cached("SELECT import_id FROM entry_log WHERE entry_id = ?1")?;
    let holders: BTreeSet<i64> = statement.query_map([id], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    let mut newest = None;
    for import in imports.iter().rev().filter(|import| holders.contains(&import.id)) {
        let Some(image) = image_at(conn, id, import.id)? else { return Ok(()) };
        if image.is_whole() {
            return show(conn, id, &image);
        }
        newest.get_or_insert(image);
    }
    newest.map_or(Ok(()), |image| show(conn, id, &image))
}

/// Only a clinical record says when it was received: its place in time moves with it.
fn show(conn: &Connection, id: i64, image: &Image) -> Result<()> {
    conn.prepare_cached(
        "UPDATE entries SET body = ?2, payload = ?3, start_ms = CASE kind WHEN 'clinical_record'
             THEN CAST(round(1000 * unixepoch(json_extract(?2, '$.received'), 'subsec')) AS INTEGER) ELSE start_ms END
         WHERE id = ?1",
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
    for id in &ids {
        let id = *id;
        let held = imports.iter().map(|i| held_by(conn, id, i.id)).collect::<Result<Vec<_>>>()?;
        if held.contains(&true) {
            forget_image(conn, imports, id, undone)?;
        } else {
            remove(conn, id)?;
            removed += 1;
        }
    }
    // Which of several rows that are alike holds what is left may have come of what is gone.
    let mut settled = moves::Settled::new();
    for id in ids {
        removed += moves::settle_if_several(conn, imports, id, &mut settled)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn when_and_with_what_an_entry_was_written_makes_it_no_other_one() {
        let image =
            |body: &str, payload: Option<&[u8]>| Image { body: body.to_owned(), payload: payload.map(<[u8]>::to_vec) };
        let check = |one: &str, other: &str, expected| {
            assert_eq!(says_the_same(&image(one, None), &image(other, None)), expected, "{one} {other}");
        };
        check(r#"{"a":1,"created":"x","device":"y"}"#, r#"{"a":1,"created":"z","source_version":"2"}"#, true);
        check(r#"{"a":1,"created":"x"}"#, r#"{"a":2,"created":"x"}"#, false);
        check(r#"{"a":1}"#, r#"{"a":1,"b":2}"#, false);
        check("no JSON", "no JSON", true);
        check("no JSON", "none either", false);
        assert!(!says_the_same(&image("{}", Some(b"1")), &image("{}", None)));
    }
}
