//! Whether two names of one app and hardware are one source: how far the rows of an import under the one are those of
//! another import under the other.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rusqlite::Connection;

use crate::error::Result;
use crate::history::Presence;
use crate::instants::{Instants, OfInstant, Seen, coinciding, each_entry, each_sample, json_list, kinds_of};

/// So many of the rows in the time of both must coincide before two names are taken for one source.
const COINCIDING: f64 = 0.95;
/// Without hardware to compare, fewer coinciding rows than this prove nothing; as many are asked for at most.
pub(crate) const MOST_TO_PROVE: u8 = 3;

/// What a source wrote, as one import held it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Held {
    pub source: u32,
    pub import: i64,
}

/// Two that may be one: of an older export and of a newer one.
#[derive(Debug)]
pub(crate) struct Pair {
    older: Side,
    newer: Side,
    /// Rows that coincide at least before the two are taken for one.
    least: u64,
    rows: u64,
    same: u64,
}

/// One of a pair.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Side {
    pub held: Held,
    /// The import has several names for the source, which the owner linked: of its rows the other has some at best.
    pub mixed: bool,
}

/// So many rows must coincide at least before two names are taken for one.
pub(crate) fn least(hardware_is_known: bool) -> u8 {
    if hardware_is_known { 1 } else { MOST_TO_PROVE }
}

impl Pair {
    pub fn new(older: Side, newer: Side, least: u64) -> Self {
        Self { older, newer, least, rows: 0, same: 0 }
    }

    /// The one whose samples are counted in the time of the other: the newer one, unless only the older one is alone.
    fn of_samples(&self) -> (Held, Held) {
        counted(self.newer, self.older)
    }

    /// The same for entries: the older one, unless only the newer one is alone.
    fn of_entries(&self) -> (Held, Held) {
        counted(self.older, self.newer)
    }

    /// How many rows prove that the two are one; `None` where they do not.
    pub fn proof(&self) -> Option<u64> {
        (self.same >= self.least && self.same as f64 >= COINCIDING * self.rows as f64).then_some(self.same)
    }
}

fn counted(one: Side, other: Side) -> (Held, Held) {
    if one.mixed && !other.mixed { (other.held, one.held) } else { (one.held, other.held) }
}

/// Compares pairs by the samples of the kinds that some of their sources have, and by entries.
pub(crate) fn compare(conn: &Connection, pairs: &mut [Pair], with_kinds_of: &BTreeSet<u32>) -> Result<()> {
    if pairs.is_empty() {
        return Ok(());
    }
    let numbers = Numbers::of(pairs);
    compare_samples(conn, pairs, &numbers, with_kinds_of)?;
    compare_entries(conn, pairs, &numbers)
}

/// A number for each of those that are compared.
struct Numbers {
    by_source: BTreeMap<u32, Vec<(i64, u32)>>,
}

impl Numbers {
    fn of(pairs: &[Pair]) -> Self {
        let all: BTreeSet<Held> = pairs.iter().flat_map(|pair| [pair.older.held, pair.newer.held]).collect();
        let mut by_source: BTreeMap<u32, Vec<(i64, u32)>> = BTreeMap::new();
        for (held, number) in all.into_iter().zip(0..) {
            by_source.entry(held.source).or_default().push((held.import, number));
        }
        Self { by_source }
    }

    /// The imports in which a source is compared, each with the number.
    fn of_source(&self, source: u32) -> &[(i64, u32)] {
        self.by_source.get(&source).map_or(&[], Vec::as_slice)
    }

    fn of_held(&self, held: Held) -> u32 {
        let found = self.of_source(held.source).iter().find(|(import, _)| *import == held.import);
        found.map_or(u32::MAX, |(_, number)| *number)
    }

    fn of_both(&self, (one, other): (Held, Held)) -> (u32, u32) {
        (self.of_held(one), self.of_held(other))
    }

    fn sources(&self) -> String {
        json_list(self.by_source.keys())
    }
}

/// How many rows of one lie in the time of another, and how many of those the other has too: for every pair in one pass
/// in the order of time.
struct Comparison {
    /// The one whose rows are counted, the other.
    pairs: Vec<(u32, u32)>,
    of_other: HashMap<u32, Vec<usize>>,
    /// Rows so far.
    seen: HashMap<u32, u64>,
    /// Rows before the other's first.
    before: Vec<Option<u64>>,
    rows: Vec<u64>,
    same: Vec<u64>,
}

impl Comparison {
    fn new(pairs: Vec<(u32, u32)>) -> Self {
        let mut of_other: HashMap<u32, Vec<usize>> = HashMap::new();
        for (at, (_, other)) in pairs.iter().enumerate() {
            of_other.entry(*other).or_default().push(at);
        }
        let seen = pairs.iter().map(|(one, _)| (*one, 0)).collect();
        let n = pairs.len();
        Self { pairs, of_other, seen, before: vec![None; n], rows: vec![0; n], same: vec![0; n] }
    }

    /// Adds what was counted of one kind.
    fn finish(self, pairs: &mut [Pair]) {
        for (pair, (rows, same)) in pairs.iter_mut().zip(self.rows.into_iter().zip(self.same)) {
            pair.rows += rows;
            pair.same += same;
        }
    }
}

impl OfInstant for Comparison {
    fn instant<K: Ord>(&mut self, rows: &[Seen<K>]) {
        let by_number: HashMap<u32, &[Seen<K>]> =
            rows.chunk_by(|a, b| a.of == b.of).filter_map(|of| Some((of.first()?.of, of))).collect();
        let others = || by_number.keys().filter_map(|number| self.of_other.get(number)).flatten();
        for at in others() {
            if let (Some((one, _)), Some(before)) = (self.pairs.get(*at), self.before.get_mut(*at)) {
                before.get_or_insert(self.seen.get(one).copied().unwrap_or(0));
            }
        }
        for (number, of) in &by_number {
            if let Some(seen) = self.seen.get_mut(number) {
                *seen += of.len() as u64;
            }
        }
        for at in others() {
            let (Some((one, other)), Some(Some(before))) = (self.pairs.get(*at), self.before.get(*at)) else {
                continue;
            };
            if let Some(rows) = self.rows.get_mut(*at) {
                *rows = self.seen.get(one).copied().unwrap_or(0) - before;
            }
            if let (Some(one), Some(other), Some(same)) =
                (by_number.get(one), by_number.get(other), self.same.get_mut(*at))
            {
                *same += coinciding(one, other, usize::MAX);
            }
        }
    }
}

/// Samples of the one in the other's time; see [`Pair::of_samples`].
fn compare_samples(
    conn: &Connection,
    pairs: &mut [Pair],
    numbers: &Numbers,
    with_kinds_of: &BTreeSet<u32>,
) -> Result<()> {
    for kind in kinds_of(conn, with_kinds_of)? {
        let presence = Presence::load(conn, kind)?;
        let both = |pair: &Pair| numbers.of_both(pair.of_samples());
        let mut comparison = Comparison::new(pairs.iter().map(both).collect());
        let mut instants = Instants::new(&mut comparison);
        each_sample(conn, kind, &numbers.sources(), &mut |key, value, first| {
            let held = numbers.of_source(key.source).iter().filter(|(import, _)| presence.holds(*import, first, &key));
            held.for_each(|(_, of)| instants.add(key.start_ms, Seen { of: *of, key: key.duration_ms, value }));
        })?;
        instants.end();
        comparison.finish(pairs);
    }
    Ok(())
}

/// Entries of the one in the other's time; see [`Pair::of_entries`].
fn compare_entries(conn: &Connection, pairs: &mut [Pair], numbers: &Numbers) -> Result<()> {
    let both = |pair: &Pair| numbers.of_both(pair.of_entries());
    let mut comparison = Comparison::new(pairs.iter().map(both).collect());
    let mut instants = Instants::new(&mut comparison);
    each_entry(conn, &numbers.sources(), &mut |at, (source, import), key| {
        let of = numbers.of_held(Held { source, import });
        if of != u32::MAX {
            instants.add(at, Seen { of, key, value: None });
        }
    })?;
    instants.end();
    comparison.finish(pairs);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of source 1 (the one) and 2 (the other) as instant, key and value; counted in the other's time, and the same.
    #[track_caller]
    fn check(rows: &[(i64, u32, i64, f64)], expected: (u64, u64)) {
        let mut comparison = Comparison::new(vec![(1, 2)]);
        let mut instants = Instants::new(&mut comparison);
        for (at, source, key, value) in rows {
            instants.add(*at, Seen { of: *source, key: *key, value: Some(*value) });
        }
        instants.end();
        assert_eq!((comparison.rows[0], comparison.same[0]), expected);
    }

    #[test]
    fn rows_of_one_instant_are_compared_however_many_they_are() {
        let (n, half) = (20_000, 10_000);
        let one = (0..n).map(|key| (7, 1, key % 7, key as f64));
        let rows: Vec<_> = one.chain((0..half).map(|key| (7, 2, key % 7, key as f64 * 1.000_001))).collect();
        let mut comparison = Comparison::new(vec![(1, 2)]);
        let mut instants = Instants::new(&mut comparison);
        for (at, source, key, value) in rows {
            instants.add(at, Seen { of: source, key, value: Some(value) });
        }
        instants.end();
        assert_eq!((comparison.rows[0], comparison.same[0]), (n as u64, half as u64));
    }

    #[test]
    fn only_rows_in_the_time_of_the_other_are_compared() {
        let (a, b) = (1, 2);
        check(&[], (0, 0));
        check(&[(1, a, 0, 5.0), (2, a, 0, 5.0)], (0, 0));
        check(
            &[(1, a, 0, 5.0), (2, a, 0, 5.0), (2, b, 0, 5.0), (3, a, 0, 5.0), (4, b, 0, 5.0), (5, a, 0, 5.0)],
            (2, 1),
        );
        check(&[(2, a, 0, 5.0), (2, a, 7, 1.0), (2, a, 7, 9.0), (2, b, 7, 9.0), (2, b, 7, 1.00001)], (3, 2));
        check(&[(2, a, 0, 5.0), (2, b, 0, 5.1)], (1, 0));
    }
}
