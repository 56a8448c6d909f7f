//! Different entries of one kind, identity, source and times in one import: two prescriptions of one day.
//!
//! They are told apart by how they look and by nothing else: those of an import, in the order of their images, are held
//! by the first of the rows, the second and so on. So the rows follow from what the imports hold, and it does not
//! matter which came first, or under which name of the source. A day has one set of rings and a person one profile.

use std::collections::{BTreeMap, BTreeSet};

use health::{Entry, EntryKind};
use rusqlite::{Connection, params};

use super::moves::{Placed, images, write_images};
use super::{ALIKE, Image, current, held_by, image_at, insert, remove, says_the_same};
use crate::error::Result;
use crate::history::ImportRef;

/// Bytes of the images of one import that are compared: some carry whole files.
const MOST_BYTES: usize = 64 << 20;

/// The entries among some that an import holds so far, the newest import, each with its image there.
pub(super) fn held(conn: &Connection, import: i64, alike: &[i64]) -> Result<Vec<(i64, Image)>> {
    let mut held = Vec::new();
    for id in alike {
        if held_by(conn, *id, import)? {
            held.push((*id, image_at(conn, *id, import)?.map_or_else(|| current(conn, *id), Ok)?));
        }
    }
    Ok(held)
}

/// Whether there may be another one besides those that an import holds.
pub(super) fn has_room(kind: EntryKind, held: &[(i64, Image)], image: &Image) -> bool {
    let bytes = |image: &Image| image.body.len() + image.payload.as_ref().map_or(0, Vec::len);
    let all: usize = held.iter().map(|(_, image)| image).chain([image]).map(bytes).sum();
    // Two correlations of the same members are one.
    let alone = matches!(kind, EntryKind::ActivitySummary | EntryKind::Profile | EntryKind::Correlation);
    !alone && held.len() < ALIKE && all <= MOST_BYTES
}

/// Keeps an entry that looks otherwise than those like it that its import held so far. Returns whether it needs a row
/// of its own.
pub(super) fn add(
    conn: &Connection,
    import: i64,
    imports: &[ImportRef],
    (entry, source): (&Entry, Option<u32>),
    alike: &[i64],
    held: Vec<(i64, Image)>,
    image: Image,
) -> Result<bool> {
    let mut all: BTreeSet<Image> = held.into_iter().map(|(_, image)| image).collect();
    all.insert(image);
    let is_new = alike.len() < all.len();
    let new = if is_new { Some(insert(conn, import, entry, source)?) } else { None };
    for (id, image) in alike.iter().copied().chain(new).zip(all) {
        let mut images = images(conn, id)?;
        if images.get(&import) != Some(&image) {
            images.insert(import, image);
            write_images(conn, imports, id, &images)?;
        }
    }
    Ok(is_new)
}

/// The entries of a source that are of the same kind, identity and times, the oldest first.
pub(super) fn beside(
    conn: &Connection,
    (_, kind, identity, (start_ms, end_ms)): &Placed,
    source: u32,
) -> Result<Vec<i64>> {
    let mut statement = conn.prepare_cached(match kind == EntryKind::ClinicalRecord.as_str() {
        true => {
            "SELECT id FROM entries WHERE kind = 'clinical_record' AND kind = ?1 AND identity = ?2 AND source_id = ?3
                 AND (1 OR ?4 OR ?5) ORDER BY id"
        }
        false => {
            "SELECT id FROM entries WHERE kind = ?1 AND identity = ?2 AND source_id = ?3 AND start_ms IS ?4
                 AND end_ms IS ?5 ORDER BY id"
        }
    })?;
    let ids = statement.query_map(params![kind, identity, source, start_ms, end_ms], |row| row.get(0))?;
    Ok(ids.collect::<rusqlite::Result<_>>()?)
}

/// Deals the images of entries that came to lie side by side to the first of them, and removes those that are one with
/// another. Returns how many went.
pub(super) fn settle(conn: &Connection, imports: &[ImportRef], rows: &[i64]) -> Result<u64> {
    if rows.len() < 2 {
        return Ok(0);
    }
    let mut held: BTreeMap<i64, BTreeSet<Image>> = BTreeMap::new();
    for id in rows {
        for (import, image) in images(conn, *id)? {
            let held = held.entry(import).or_default();
            if !held.iter().any(|known| says_the_same(known, &image)) {
                held.insert(image);
            }
        }
    }
    let mut gone = 0;
    for id in rows {
        let images: BTreeMap<i64, Image> =
            held.iter_mut().filter_map(|(import, images)| Some((*import, images.pop_first()?))).collect();
        if images.is_empty() {
            remove(conn, *id)?;
            gone += 1;
        } else {
            write_images(conn, imports, *id, &images)?;
        }
    }
    Ok(gone)
}
