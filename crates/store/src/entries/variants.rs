//! Different entries of one kind, identity, source and times in one import: two prescriptions of one day.
//!
//! They are told apart by how they look and by nothing else. Import by import, the oldest export first, each image goes
//! to the row that has had one that says the same, and the others, in their order, to the rows that are left. So the
//! rows follow from what the imports hold, and it does not matter which came first, or under which name of the source.
//! A day has one set of rings and a person one profile.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{BuildHasher, RandomState};
use std::rc::Rc;

use health::{Entry, EntryKind};
use rusqlite::Connection;

use super::moves::{Images, Placed, images, placed, source_of, write_images};
use super::{ALIKE, Image, find_by, insert, known_again, remove, said, show_newest};
use crate::error::Result;
use crate::history::ImportRef;

/// Bytes of the images of one import that are told apart: two of the largest files. Those of several imports are
/// compared at once, so what a store holds of one entry is held in memory, too.
const MOST_BYTES: usize = 36 << 20;

/// Entries that are remembered: so many of one time are nobody's, and groups can be looked up again.
const REMEMBERED: usize = 1 << 16;

/// What became of an entry that looks otherwise than another one of its import.
pub(super) enum Added {
    /// The import holds one that says the same.
    Known,
    /// It is kept in a row of its own.
    New,
    /// It is kept in a row that other imports hold.
    Again,
    /// There is no room for it.
    Refused,
}

/// The entries of one import of which there are several of one kind, identity, source and times.
#[derive(Default)]
pub(crate) struct Variants {
    hasher: RandomState,
    /// By the oldest of the rows.
    groups: HashMap<i64, Group>,
    remembered: usize,
    /// The oldest of rows that are alike and hold something new.
    touched: BTreeSet<i64>,
}

/// Those that the import holds: rows and what they look like.
#[derive(Default)]
struct Group {
    rows: BTreeSet<i64>,
    looks: BTreeSet<u64>,
    bytes: usize,
}

impl Group {
    fn has_room(&self, image: &Image) -> bool {
        self.rows.len() < ALIKE && self.bytes + image.bytes() <= MOST_BYTES
    }

    fn hold(&mut self, row: i64, look: u64, image: &Image) {
        self.rows.insert(row);
        self.looks.insert(look);
        self.bytes += image.bytes();
    }
}

impl Variants {
    /// Whether several of these are known of.
    pub(super) fn has(&self, first: i64) -> bool {
        self.groups.contains_key(&first)
    }

    /// Remembers what the import holds of some rows that are alike.
    pub(super) fn remember(&mut self, first: i64, held: &[(i64, Image)]) {
        let mut group = Group::default();
        held.iter().for_each(|(row, image)| group.hold(*row, self.look(image), image));
        self.remembered += held.len();
        self.groups.insert(first, group);
    }

    /// Keeps an entry that is like others of its import, unless one of them says the same.
    pub(super) fn add(
        &mut self,
        conn: &Connection,
        import: i64,
        imports: &[ImportRef],
        (entry, source): (&Entry, Option<u32>),
        (first, alike): (i64, &[i64]),
        image: &Image,
    ) -> Result<Added> {
        let look = self.look(image);
        let group = self.groups.entry(first).or_default();
        if group.looks.contains(&look) {
            return Ok(Added::Known);
        }
        if !group.has_room(image) {
            return Ok(Added::Refused);
        }
        let free = alike.iter().find(|row| !group.rows.contains(row)).copied();
        let row = match free {
            Some(row) => {
                known_again(conn, import, imports, row, image)?;
                row
            }
            None => insert(conn, import, entry, source)?,
        };
        group.hold(row, look, image);
        self.remembered += 1;
        if self.remembered > REMEMBERED {
            self.settle(conn, imports)?;
        }
        Ok(if free.is_some() { Added::Again } else { Added::New })
    }

    /// Some rows that are alike hold something new.
    pub(super) fn touch(&mut self, conn: &Connection, imports: &[ImportRef], first: i64) -> Result<()> {
        self.touched.insert(first);
        if self.touched.len() + self.remembered > REMEMBERED { self.settle(conn, imports) } else { Ok(()) }
    }

    /// Deals out what was kept as it came.
    pub fn settle(&mut self, conn: &Connection, imports: &[ImportRef]) -> Result<()> {
        let mut groups = std::mem::take(&mut self.touched);
        groups.extend(self.groups.drain().map(|(first, _)| first));
        self.remembered = 0;
        groups.into_iter().try_for_each(|first| settle_beside(conn, imports, first).map(drop))
    }

    fn look(&self, image: &Image) -> u64 {
        look(&self.hasher, image)
    }
}

/// What an image says, and what it carries.
fn look(hasher: &RandomState, image: &Image) -> u64 {
    hasher.hash_one((said(image).map_or_else(|| image.body.clone(), |said| said.to_string()), &image.payload))
}

/// Deals out what the rows hold that are alike to one. Returns how many rows went.
pub(super) fn settle_beside(conn: &Connection, imports: &[ImportRef], row: i64) -> Result<u64> {
    let Some(placed) = placed(conn, row)? else { return Ok(0) };
    settle(conn, imports, &beside(conn, &placed, source_of(conn, row)?)?)
}

/// Two correlations of the same members are one; a day has one set of rings, and a person one profile.
pub(super) fn is_alone(kind: EntryKind) -> bool {
    matches!(kind, EntryKind::ActivitySummary | EntryKind::Profile | EntryKind::Correlation)
}

/// The entries of a source that are of the same kind, identity and times, the oldest first.
pub(super) fn beside(conn: &Connection, (_, kind, identity, span): &Placed, source: Option<u32>) -> Result<Vec<i64>> {
    find_by(conn, kind, identity, *span, source, None)
}

/// Images by the import that holds them and by how they look.
type Held = BTreeMap<i64, BTreeMap<u64, Rc<Image>>>;

/// Deals the images of entries that lie side by side to the first of them, and removes those that are one with another.
/// Returns how many went.
pub(super) fn settle(conn: &Connection, imports: &[ImportRef], rows: &[i64]) -> Result<u64> {
    if rows.len() < 2 {
        return Ok(0);
    }
    let hasher = RandomState::new();
    let mut held = Held::new();
    let before = rows.iter().map(|id| images(conn, *id)).collect::<Result<Vec<Images>>>()?;
    for (import, image) in before.iter().flatten() {
        held.entry(*import).or_default().entry(look(&hasher, image)).or_insert_with(|| Rc::clone(image));
    }
    let mut dealt = deal(imports, held).into_iter();
    let mut gone = 0;
    for (id, before) in rows.iter().zip(before) {
        match dealt.next() {
            Some(images) if images == before => show_newest(conn, imports, *id)?,
            Some(images) => write_images(conn, imports, *id, &images)?,
            None => {
                remove(conn, *id)?;
                gone += 1;
            }
        }
    }
    Ok(gone)
}

/// What each row holds, from what each import does by its looks; as many rows as one import needs.
fn deal(imports: &[ImportRef], mut held: Held) -> Vec<Images> {
    let mut rows: Vec<(BTreeSet<u64>, Images)> = Vec::new();
    for import in imports.iter().map(|import| import.id) {
        let mut images: Vec<(u64, Rc<Image>)> = held.remove(&import).unwrap_or_default().into_iter().collect();
        images.sort_by(|(_, one), (_, other)| one.cmp(other));
        let mut free: BTreeSet<usize> = (0..rows.len()).collect();
        let mut others = Vec::new();
        for (look, image) in images {
            let known = free.iter().copied().find(|at| rows.get(*at).is_some_and(|(looks, _)| looks.contains(&look)));
            match known.and_then(|at| free.take(&at)).and_then(|at| rows.get_mut(at)) {
                Some((_, images)) => _ = images.insert(import, image),
                None => others.push((look, image)),
            }
        }
        for (look, image) in others {
            if free.is_empty() {
                free.insert(rows.len());
                rows.push(Default::default());
            }
            if let Some((looks, images)) = free.pop_first().and_then(|at| rows.get_mut(at)) {
                looks.insert(look);
                images.insert(import, image);
            }
        }
    }
    rows.into_iter().map(|(_, images)| images).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_and_so_large_images_are_told_apart() {
        let image = |bytes: usize| Image { body: "{}".to_owned(), payload: Some(vec![0; bytes - 2]) };
        let check = |rows: usize, bytes: usize, expected: bool| {
            let group = Group { rows: (0..rows as i64).collect(), bytes, ..Group::default() };
            assert_eq!(group.has_room(&image(9)), expected, "{rows} {bytes}");
        };
        check(1, MOST_BYTES - 9, true);
        check(1, MOST_BYTES - 8, false);
        check(ALIKE - 1, 0, true);
        check(ALIKE, 0, false);
    }
}
