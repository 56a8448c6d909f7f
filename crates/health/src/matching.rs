//! When are two records one? The rule for what files and phones tell of one kind in a little time, and nothing else: no
//! store, no order of arrival. The answer follows from the set of what is told, whatever the order it came in.
//!
//! A file tells whole seconds and six digits, one app milliseconds and Apple's identifier, another one neither an end
//! nor an identifier. Records that hold the same identifier are one; of the others each is given to the nearest that it
//! can be. What holds of two is asked of what is known together of those that were put together before.

pub mod entries;
mod pairs;
mod sources;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ops::Range;

pub use self::sources::{Teller, comparable};
use crate::phone::Uuid;

/// Values closer than this are the same: files print at most six digits.
const RELATIVE: f64 = 1e-4;
/// The same near zero.
const ABSOLUTE: f64 = 1e-9;
/// How far a stamp may lie beside a second that was rounded and not cut, and two fine stamps from each other.
pub const BESIDE_MS: i64 = 2;
/// Places that one row may have: more equal rows of one instant than these are not told apart.
const MOST_SLOTS: u32 = 64;

/// A moment as somebody told it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp {
    /// Milliseconds since 1970 in UTC.
    pub ms: i64,
    /// With a fraction of a second; else cut to a whole one.
    pub fine: bool,
}

/// Who delivered a row. What one delivery tells apart is apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// A file: its rows are told apart already.
    File,
    /// An app of a phone.
    Feed {
        /// Which app of which phone.
        feed: u64,
        /// The first delivery and the last one that told it.
        deliveries: (i64, i64),
    },
}

/// One row of a kind as a file or a phone tells it.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// Start.
    pub start: Stamp,
    /// End; none where nobody told one.
    pub end: Option<Stamp>,
    /// In the kind's unit, or a category's integer.
    pub value: Option<f64>,
    /// What must be equal besides the value: a text that no table knows, that somebody typed it in.
    pub exactly: u64,
    /// What must be equal where both say it: a workout's activity, which not every app can name.
    pub perhaps: Option<u64>,
    /// Of a category: values are equal or not, none is near.
    pub category: bool,
    /// Apple's identifier.
    pub uuid: Option<Uuid>,
    /// Index of who wrote it.
    pub teller: usize,
    /// Who delivered it.
    pub way: Way,
    /// How often one delivery held it; only instants may be several records.
    pub copies: u32,
    /// It counts in no number, and is never one with what does.
    pub left_out: bool,
}

impl Told {
    fn is_instant(&self) -> bool {
        self.end.is_some_and(|end| end.ms == self.start.ms)
    }

    /// Content before ways: rows that say the same lie side by side.
    fn order(&self, other: &Self, tellers: &[Teller]) -> Ordering {
        let number = |told: &Self| (told.value.is_some(), told.value.unwrap_or(0.0));
        let ((has, a), (others, b)) = (number(self), number(other));
        let teller = |told: &Self| tellers.get(told.teller);
        (self.start, self.end, self.uuid, self.left_out)
            .cmp(&(other.start, other.end, other.uuid, other.left_out))
            .then_with(|| has.cmp(&others).then(a.total_cmp(&b)))
            .then_with(|| (self.exactly, self.perhaps).cmp(&(other.exactly, other.perhaps)))
            .then_with(|| teller(self).cmp(&teller(other)))
            .then_with(|| (self.copies, self.way).cmp(&(other.copies, other.way)))
    }
}

/// Rows that are one record.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Indexes of its rows, in the order of what they tell. A row that stands for several may be in several records.
    pub rows: Vec<usize>,
    /// The finest start that is known.
    pub start: Stamp,
    /// The finest end that is known.
    pub end: Option<Stamp>,
    /// The row whose value counts: that of the finest start.
    pub value_of: usize,
    /// Apple's identifier.
    pub uuid: Option<Uuid>,
    /// How many equal records these are.
    pub copies: u32,
}

/// What is known of rows that were put together.
#[derive(Debug, Clone)]
struct Known {
    rows: Vec<usize>,
    start: Stamp,
    end: Option<Stamp>,
    value_of: usize,
    uuid: Option<Uuid>,
    perhaps: Option<u64>,
    teller: Teller,
}

impl Known {
    fn of(row: usize, told: &Told, teller: Teller) -> Self {
        let Told { start, end, uuid, perhaps, .. } = *told;
        Self { rows: vec![row], start, end, value_of: row, uuid, perhaps, teller }
    }

    fn is_instant(&self) -> bool {
        self.end.is_some_and(|end| end.ms == self.start.ms)
    }

    /// Each stamp takes the finer one, the value comes with the finer start, what was unknown is filled.
    fn join(&mut self, other: &Self) {
        let instant = self.is_instant() || other.is_instant();
        if other.start.fine && !self.start.fine {
            (self.start, self.value_of) = (other.start, other.value_of);
        }
        self.end = match (self.end, other.end) {
            _ if instant => Some(self.start),
            (Some(own), Some(others)) => Some(if others.fine && !own.fine { others } else { own }),
            (own, others) => own.or(others),
        };
        self.uuid = self.uuid.or(other.uuid);
        self.perhaps = self.perhaps.or(other.perhaps);
        self.teller.join(&other.teller);
        self.rows.extend_from_slice(&other.rows);
    }

    fn record(mut self, copies: u32) -> Record {
        self.rows.sort_unstable();
        self.rows.dedup();
        Record { rows: self.rows, start: self.start, end: self.end, value_of: self.value_of, uuid: self.uuid, copies }
    }
}

/// Says which rows of one kind are one record. The order of the rows means nothing.
pub fn records(told: &[Told], tellers: &[Teller]) -> Vec<Record> {
    let mut order: Vec<usize> = (0..told.len()).collect();
    order.sort_by(|a, b| match (told.get(*a), told.get(*b)) {
        (Some(a), Some(b)) => a.order(b, tellers),
        _ => Ordering::Equal,
    });
    let sorted: Vec<&Told> = order.iter().filter_map(|at| told.get(*at)).collect();
    let starts: Vec<i64> = sorted.iter().map(|row| row.start.ms).collect();
    let mut found = Vec::new();
    for part in neighbourhoods(&starts) {
        let from = part.start;
        for mut record in of_neighbours(sorted.get(part).unwrap_or_default(), tellers) {
            let back = |at: &mut usize| *at = order.get(from + *at).copied().unwrap_or(*at);
            record.rows.iter_mut().for_each(back);
            back(&mut record.value_of);
            found.push(record);
        }
    }
    found
}

/// The parts of a kind's rows, by their sorted starts, that have nothing to do with each other.
pub fn neighbourhoods(starts: &[i64]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    for (at, pair) in (1..).zip(starts.windows(2)) {
        let [last, next] = pair else { continue };
        let border = next.div_euclid(1000) * 1000;
        let near = last.div_euclid(1000) * 1000 + 1000 == border;
        if *last < border && !(near && is_open(border, starts, at)) {
            found.push(from..at);
            from = at;
        }
    }
    found.extend((from < starts.len()).then_some(from..starts.len()));
    found
}

/// Whether one of some sorted starts lies so near to a border between two seconds that it may belong behind it; `at`
/// is the place of the first that lies behind it. What lies right on it does not.
pub fn is_open(border_ms: i64, starts: &[i64], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|before| starts.get(before));
    let behind = starts.get(at..).and_then(|behind| behind.iter().find(|start| **start > border_ms));
    before.is_some_and(|start| border_ms - start <= BESIDE_MS)
        || behind.is_some_and(|start| start - border_ms <= BESIDE_MS)
}

/// The records of rows that lie side by side, in the order of what they tell.
fn of_neighbours(rows: &[&Told], tellers: &[Teller]) -> Vec<Record> {
    let known = |at: usize, row: &Told| Known::of(at, row, tellers.get(row.teller).cloned().unwrap_or_default());
    if let [row] = rows {
        return vec![known(0, row).record(row.copies)];
    }
    let mut nodes: Vec<Known> = Vec::new();
    let mut by_uuid: BTreeMap<Uuid, usize> = BTreeMap::new();
    for (at, row) in rows.iter().enumerate() {
        match row.uuid.map(|uuid| (uuid, by_uuid.get(&uuid).copied())) {
            Some((_, Some(same))) => {
                if let Some(node) = nodes.get_mut(same) {
                    node.join(&known(at, row));
                }
            }
            found => {
                if let Some((uuid, _)) = found {
                    by_uuid.insert(uuid, nodes.len());
                }
                let slots = if row.is_instant() && row.uuid.is_none() { row.copies.clamp(1, MOST_SLOTS) } else { 1 };
                nodes.extend((0..slots).map(|_| known(at, row)));
            }
        }
    }
    together(rows, pairs::joined(rows, nodes))
}

/// Equal records without an identifier are one with copies: they hold the same row, which stands for several, and no
/// two rows of a file.
fn together(rows: &[&Told], nodes: Vec<Known>) -> Vec<Record> {
    let stands_for_several = |at: &&usize| rows.get(**at).is_some_and(|row| row.copies > 1 && row.uuid.is_none());
    let mut several: BTreeMap<usize, (Known, u32)> = BTreeMap::new();
    let mut records = Vec::new();
    for node in nodes {
        let file = node.rows.iter().find(|at| rows.get(**at).is_some_and(|row| row.way == Way::File)).copied();
        let shared = node.rows.iter().filter(stands_for_several).min().map(|row| file.unwrap_or(*row));
        match shared.filter(|_| node.uuid.is_none()) {
            None => records.push(node.record(1)),
            Some(row) => match several.get_mut(&row) {
                Some((known, copies)) => {
                    known.join(&node);
                    *copies += 1;
                }
                None => _ = several.insert(row, (node, 1)),
            },
        }
    }
    records.extend(several.into_values().map(|(known, copies)| {
        let (mut more, mut repeats) = (0, 0);
        for row in known.rows.iter().filter_map(|at| rows.get(*at)) {
            // Of an interval repeats are only told.
            let told = if row.is_instant() { &mut more } else { &mut repeats };
            *told = row.copies.saturating_sub(if row.is_instant() { MOST_SLOTS } else { 0 }).max(*told);
        }
        known.record((copies + more).max(repeats))
    }));
    records
}
