//! How samples become rows: sorted runs of a batch merged against the clustered table.
//!
//! No hash is a key. A run is sorted like the table; stored rows of the same stretch are read along with it, and a row
//! that finds its equal (same group, value within the tolerance) claims it instead of being inserted.

mod window;

use std::cmp::Ordering;
use std::collections::HashMap;

use health::time::Zones;
use rusqlite::Connection;

use self::window::Window;
use crate::append::Inserter;
use crate::claims::{Claim, Claimant, Claims};
use crate::derived::Derived;
use crate::dictionary::KindRef;
use crate::error::Result;
use crate::history::{History, write_image};
use crate::place;
use crate::report::KindCounts;
use crate::row::{Group, Key, Row};
use crate::stretch::Stretch;

/// What the merge of one ingest carries along.
pub(crate) struct Merge<'a> {
    pub conn: &'a Connection,
    pub import_id: i64,
    pub claims: &'a mut Claims,
    pub derived: &'a mut Derived,
    pub history: &'a mut History,
    /// The latest start of each kind without rows before this ingest.
    pub tails: &'a mut HashMap<u32, i64>,
    /// The wearer's zones as far as they are known.
    pub zones: &'a Zones,
    /// Rows that one place may hold.
    pub most_alike: usize,
    /// Rows for which there was no room at their place.
    pub refused: Vec<Row>,
}

/// Sorts rows like the table. Each is large and moved once: what is sorted are their keys.
fn sort(rows: &mut Vec<Row>) {
    let order = |(group, at): &(Group, usize), (other_group, other): &(Group, usize)| {
        let values = || rows.get(*at).zip(rows.get(*other)).map_or(Ordering::Equal, |(row, other)| row.order(other));
        group.cmp(other_group).then_with(values).then(at.cmp(other))
    };
    let mut places: Vec<(Group, usize)> = rows.iter().map(|row| row.key.group()).zip(0..).collect();
    if !places.is_sorted_by(|one, other| order(one, other).is_lt()) {
        places.sort_unstable_by(order);
        *rows = places.iter().filter_map(|(_, at)| rows.get(*at)).copied().collect();
    }
}

impl Merge<'_> {
    /// Merges one kind's rows of one batch and counts what became of them. Returns the keys under which a
    /// correlation's members lie.
    pub fn run(
        &mut self,
        kind: &KindRef,
        claimant: Claimant,
        rows: &mut Vec<Row>,
        counts: &mut KindCounts,
    ) -> Result<Vec<Key>> {
        sort(rows);
        collapse_repeats(self.conn, rows)?;
        if kind.had_rows || claimant == Claimant::Member {
            return self.against_stored(kind, claimant, rows, counts);
        }
        self.insert_fresh(kind, rows, counts)?;
        Ok(Vec::new())
    }

    /// The kind had no rows before this ingest: insert first and look only where the place is taken.
    fn insert_fresh(&mut self, kind: &KindRef, rows: &[Row], counts: &mut KindCounts) -> Result<()> {
        let mut inserted = Vec::with_capacity(rows.len());
        let tail = self.tails.entry(kind.id).or_insert(i64::MIN);
        let behind = rows.partition_point(|row| row.key.start_ms <= *tail);
        *tail = rows.last().map_or(*tail, |row| row.key.start_ms.max(*tail));
        let (mixed, after) = rows.split_at(behind);
        let mut insert = Inserter::new(self.conn, kind.id)?;
        let mut alike: Vec<Row> = Vec::new();
        for row in mixed {
            let mut row = *row;
            if !insert.insert(&row)? {
                if alike.first().is_none_or(|first| first.key.group() != row.key.group()) {
                    alike = place::group(self.conn, kind.id, &row.key)?;
                }
                if let Some(same) = alike.iter().find(|stored| stored.repeats(&row)) {
                    self.repeat(kind, same, &row, counts)?;
                    continue;
                }
                if alike.len() >= self.most_alike {
                    self.refuse(Claimant::TopLevel, row, counts);
                    continue;
                }
                row.key.ordinal = place::next_ordinal(&alike);
                insert.insert(&row)?;
                alike.push(row);
            }
            inserted.push(row);
        }
        self.append(after, &mut insert, &mut inserted, counts)?;
        inserted.iter().for_each(|row| count(&mut counts.counts.new, &mut counts.counts.duplicates, kind, row));
        self.derived.inserted_fresh(kind, self.zones, &inserted);
        Ok(())
    }

    /// Inserts rows that lie after everything the kind has: no place can be taken, so many go with one statement.
    fn append(
        &mut self,
        rows: &[Row],
        insert: &mut Inserter<'_, Row>,
        inserted: &mut Vec<Row>,
        counts: &mut KindCounts,
    ) -> Result<()> {
        let from = inserted.len();
        for row in rows {
            let mut row = *row;
            let same = inserted.last().filter(|last| inserted.len() > from && last.key.group() == row.key.group());
            row.key.ordinal = same.map_or(0, |last| last.key.ordinal + 1);
            match (row.key.ordinal as usize) < self.most_alike {
                true => inserted.push(row),
                false => self.refuse(Claimant::TopLevel, row, counts),
            }
        }
        let added = inserted.get(from..).unwrap_or_default();
        insert.append(added)
    }

    /// The kind had rows before: read them along with the run.
    fn against_stored(
        &mut self,
        kind: &KindRef,
        claimant: Claimant,
        rows: &[Row],
        counts: &mut KindCounts,
    ) -> Result<Vec<Key>> {
        let mut window = Window::new(self.conn, kind.id);
        let mut claimed: Vec<Claim> = Vec::new();
        let mut keys = Vec::new();
        let mut insert = Inserter::new(self.conn, kind.id)?;
        let mut group: Vec<Row> = Vec::new();
        let mut taken: Vec<u32> = Vec::new();
        let mut claimed_before: Option<HashMap<Group, Vec<u32>>> = None;
        for row in rows {
            if group.first().is_none_or(|first| first.key.group() != row.key.group()) {
                match claimant {
                    Claimant::TopLevel => window.group(&row.key, &mut group)?,
                    Claimant::Member => group = place::group(self.conn, kind.id, &row.key)?,
                }
                taken.clear();
            }
            let partner = self.partner(row, &group, &taken);
            let known = |held: &[u32]| {
                partner.is_some_and(|found| found.import_id == self.import_id || held.contains(&found.key.ordinal))
            };
            // While a place has few rows, this import cannot hold many of them.
            if group.len() >= self.most_alike {
                let before = claimed_before.get_or_insert_with(|| self.claims.held_at(kind.id, &places(rows)));
                let held = before.get(&row.key.group()).map_or(&[][..], Vec::as_slice);
                if !known(held) && self.holds(&group, &taken, held) >= self.most_alike {
                    self.refuse(claimant, *row, counts);
                    continue;
                }
            }
            keys.push(match partner {
                Some(stored) if stored.import_id == self.import_id => {
                    if claimant == Claimant::TopLevel {
                        self.repeat(kind, &stored, row, counts)?;
                    }
                    stored.key
                }
                Some(stored) => {
                    taken.push(stored.key.ordinal);
                    claimed.push(self.claim(kind, claimant, &stored, row, counts)?);
                    stored.key
                }
                None => {
                    let row = Row { key: Key { ordinal: place::next_ordinal(&group), ..row.key }, ..*row };
                    insert.insert(&row)?;
                    self.inserted_among(kind, claimant, &row, counts);
                    group.push(row);
                    row.key
                }
            });
        }
        self.claims.add(kind.id, claimant, claimed);
        if let Some(extent) = rows.iter().map(|row| Stretch::of(&row.key)).reduce(Stretch::with) {
            self.claims.reach(kind.id, extent);
        }
        Ok(keys)
    }

    /// The import holds a row that was stored before it.
    fn claim(
        &mut self,
        kind: &KindRef,
        claimant: Claimant,
        stored: &Row,
        row: &Row,
        counts: &mut KindCounts,
    ) -> Result<Claim> {
        if stored.superseded_by.is_some() {
            self.claims.revive(kind.id);
        }
        let mut unchanged = true;
        // A nested copy may lack the device; where there is a row at top level, that one says how the sample looks now.
        if claimant == Claimant::TopLevel || !self.claims.has(kind.id, &stored.key) {
            if claimant == Claimant::Member {
                counts.read += u64::from(row.image.copies);
            }
            count(&mut counts.counts.known, &mut counts.counts.duplicates, kind, row);
            if self.history.differs(stored, row) {
                if kind.rule.counts_copies(row.flags) {
                    self.claims.other_copies(kind.id, stored.key);
                }
                unchanged = !self.history.record(self.conn, kind.id, stored, row)?;
                self.derived.mark(kind.id, &row.key);
            }
        }
        Ok(Claim { key: stored.key, copies: row.image.copies, unchanged })
    }

    /// How many rows of a place this import holds: those that it brought, and those that it claimed in this batch or in
    /// one before, which are `held`.
    fn holds(&self, group: &[Row], taken: &[u32], held: &[u32]) -> usize {
        let own = group.iter().filter(|stored| stored.import_id == self.import_id).count();
        own + held.len() + taken.iter().filter(|ordinal| !held.contains(ordinal)).count()
    }

    /// Leaves a row out. It was counted with its batch, and is counted again with the others that were left out.
    fn refuse(&mut self, claimant: Claimant, row: Row, counts: &mut KindCounts) {
        if claimant == Claimant::TopLevel {
            counts.read -= u64::from(row.image.copies);
        }
        self.refused.push(row);
    }

    /// A row was inserted among those of a kind that had rows.
    fn inserted_among(&mut self, kind: &KindRef, claimant: Claimant, row: &Row, counts: &mut KindCounts) {
        self.derived.inserted(kind.id, row);
        count(&mut counts.counts.new, &mut counts.counts.duplicates, kind, row);
        if claimant == Claimant::Member {
            counts.read += u64::from(row.image.copies);
            // A row that came out of its turn: from now on every place is looked at.
            self.tails.insert(kind.id, i64::MAX);
        }
    }

    /// The stored row that `row` is: an exact repeat of this file first, then the nearest value not yet taken.
    fn partner(&self, row: &Row, group: &[Row], taken: &[u32]) -> Option<Row> {
        let exact = group.iter().find(|stored| stored.import_id == self.import_id && stored.repeats(row));
        let free = group.iter().filter(|s| s.import_id != self.import_id && !taken.contains(&s.key.ordinal));
        let nearest =
            free.filter_map(|stored| Some((stored.distance(row)?, stored))).min_by(|(a, _), (b, _)| a.total_cmp(b));
        match (nearest, exact) {
            (Some((0.0, stored)), Some(_)) => Some(*stored),
            (_, Some(exact)) => Some(*exact),
            (Some((_, stored)), None) => Some(*stored),
            (None, None) => None,
        }
    }

    /// An exact repeat of a row that this ingest inserted in an earlier batch.
    fn repeat(&mut self, kind: &KindRef, stored: &Row, row: &Row, counts: &mut KindCounts) -> Result<()> {
        let image = stored.image.newest(row.image, stored.image.copies + row.image.copies, self.conn)?;
        write_image(self.conn, kind.id, &stored.key, &image, stored.flags)?;
        let copies = u64::from(row.image.copies);
        match kind.rule.counts_copies(row.flags) {
            true => {
                counts.counts.new += copies;
                self.derived.mark(kind.id, &stored.key);
            }
            false => counts.counts.duplicates += copies,
        }
        Ok(())
    }
}

/// Counts a row: repeats of events are events, repeats of anything else are duplicates.
fn count(outcome: &mut u64, duplicates: &mut u64, kind: &KindRef, row: &Row) {
    let copies = u64::from(row.image.copies);
    if kind.rule.counts_copies(row.flags) {
        *outcome += copies;
    } else {
        *outcome += 1;
        *duplicates += copies - 1;
    }
}

/// Makes one row of each that stands several times; they lie side by side.
fn collapse_repeats(conn: &Connection, rows: &mut Vec<Row>) -> Result<()> {
    let mut failed = None;
    rows.dedup_by(|later, kept| {
        let same = failed.is_none() && kept.repeats(later);
        if same {
            let copies = kept.image.copies + later.image.copies;
            match kept.image.newest(later.image, copies, conn) {
                Ok(image) => kept.image = image,
                Err(error) => failed = Some(error),
            }
        }
        same
    });
    failed.map_or(Ok(()), Err)
}

/// The places of rows that lie in the order of the table.
fn places(rows: &[Row]) -> Vec<Group> {
    let mut places: Vec<Group> = rows.iter().map(|row| row.key.group()).collect();
    places.dedup();
    places
}
