//! Whether two names of one app and hardware are one source: how far the rows of an import under the one are those of
//! another import under the other.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

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

    fn len(&self) -> usize {
        self.by_source.values().map(Vec::len).sum()
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
/// in the order of time. There may be thousands of pairs at each of millions of instants, so all lies by number.
struct Comparison {
    pairs: Vec<Compared>,
    /// The pairs by the number of their other one.
    of_other: Vec<Vec<usize>>,
    /// Rows so far, by number.
    seen: Vec<u64>,
    /// Where the rows of a number lie among those of the present instant.
    here: Vec<Range<usize>>,
}

struct Compared {
    /// The one whose rows are counted.
    one: usize,
    /// Its rows before the other's first.
    before: Option<u64>,
    rows: u64,
    same: u64,
}

impl Comparison {
    /// Of pairs of numbers below `numbers`: the one whose rows are counted, the other.
    fn new(numbers: usize, pairs: impl Iterator<Item = (u32, u32)>) -> Self {
        let mut of_other = vec![Vec::new(); numbers];
        let one = |(at, (one, other)): (usize, (u32, u32))| {
            if let Some(pairs) = of_other.get_mut(other as usize) {
                pairs.push(at);
            }
            Compared { one: one as usize, before: None, rows: 0, same: 0 }
        };
        let pairs = pairs.enumerate().map(one).collect();
        Self { pairs, of_other, seen: vec![0; numbers], here: vec![0..0; numbers] }
    }

    /// Adds what was counted of one kind.
    fn finish(self, pairs: &mut [Pair]) {
        for (pair, counted) in pairs.iter_mut().zip(self.pairs) {
            pair.rows += counted.rows;
            pair.same += counted.same;
        }
    }
}

impl OfInstant for Comparison {
    fn instant<K: Ord>(&mut self, rows: &[Seen<K>]) {
        let mut from = 0;
        for of in rows.chunk_by(|a, b| a.of == b.of) {
            let number = of.first().map_or(0, |row| row.of as usize);
            if let (Some(here), Some(seen)) = (self.here.get_mut(number), self.seen.get_mut(number)) {
                *here = from..from + of.len();
                *seen += of.len() as u64;
            }
            from += of.len();
        }
        let here = |number: usize| self.here.get(number).and_then(|here| rows.get(here.clone())).unwrap_or_default();
        for other in rows.chunk_by(|a, b| a.of == b.of) {
            let pairs = other.first().and_then(|row| self.of_other.get(row.of as usize)).into_iter().flatten();
            for at in pairs {
                let Some(pair) = self.pairs.get_mut(*at) else { continue };
                let (one, seen) = (here(pair.one), self.seen.get(pair.one).copied().unwrap_or(0));
                let before = *pair.before.get_or_insert(seen - one.len() as u64);
                pair.rows = seen - before;
                pair.same += coinciding(one, other, usize::MAX);
            }
        }
        for row in rows {
            if let Some(here) = self.here.get_mut(row.of as usize) {
                *here = 0..0;
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
        let mut comparison = Comparison::new(numbers.len(), pairs.iter().map(both));
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
    let mut comparison = Comparison::new(numbers.len(), pairs.iter().map(both));
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

    /// Rows of source 1 (the one) and 2 (the other) as instant, key and value; counted in the other's time, and the
    /// same.
    #[track_caller]
    fn check(rows: &[(i64, u32, i64, f64)], expected: (u64, u64)) {
        let mut comparison = Comparison::new(3, [(1, 2)].into_iter());
        let mut instants = Instants::new(&mut comparison);
        for (at, source, key, value) in rows {
            instants.add(*at, Seen { of: *source, key: *key, value: Some(*value) });
        }
        instants.end();
        assert_eq!((comparison.pairs[0].rows, comparison.pairs[0].same), expected);
    }

    #[test]
    fn rows_of_one_instant_are_compared_however_many_they_are() {
        let (n, half) = (20_000, 10_000);
        let one = (0..n).map(|key| (7, 1, key % 7, key as f64));
        let rows: Vec<_> = one.chain((0..half).map(|key| (7, 2, key % 7, key as f64 * 1.000_001))).collect();
        let mut comparison = Comparison::new(3, [(1, 2)].into_iter());
        let mut instants = Instants::new(&mut comparison);
        for (at, source, key, value) in rows {
            instants.add(at, Seen { of: source, key, value: Some(value) });
        }
        instants.end();
        assert_eq!((comparison.pairs[0].rows, comparison.pairs[0].same), (n as u64, half as u64));
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
