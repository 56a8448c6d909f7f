//! Which sources have rows in common: the first look for names that are one, in one pass, however many pairs of names
//! there are. How far those that meet are alike is told by [`crate::likeness`].

use std::collections::{BTreeSet, HashMap};

use rusqlite::Connection;

use crate::error::Result;
use crate::instants::{Instants, OfInstant, Seen, coinciding, each_entry, each_sample, json_list, kinds_of};

/// Sources of one app and hardware of which some are compared with others.
#[derive(Debug, Default)]
pub(crate) struct Sides {
    pub one: BTreeSet<u32>,
    pub other: BTreeSet<u32>,
}

/// Where a source's counts lie.
#[derive(Debug, Clone, Copy)]
struct Place {
    group: usize,
    /// Where the counts of its group begin.
    from: usize,
    /// Its number in the group, and how many the group has.
    number: usize,
    of: usize,
    /// Whether it is on the one side, on the other, or on both.
    sides: (bool, bool),
}

impl Place {
    fn is_opposite(self, other: Self) -> bool {
        self.group == other.group && ((self.sides.0 && other.sides.1) || (self.sides.1 && other.sides.0))
    }

    fn pair(self, other: Self) -> usize {
        self.from + self.number.min(other.number) * self.of + self.number.max(other.number)
    }
}

/// How many rows two sources have in common: as many as prove anything, more are not counted.
#[derive(Debug)]
pub(crate) struct Meetings {
    enough: u8,
    places: HashMap<u32, Place>,
    counts: Vec<u8>,
}

impl Meetings {
    /// Looks for rows that sources of the one side and of the other have in common.
    pub fn find(conn: &Connection, groups: &[Sides], enough: u8) -> Result<Self> {
        let mut meetings = Self::new(groups, enough);
        if !meetings.places.is_empty() {
            let sources = json_list(meetings.places.keys());
            let others: BTreeSet<u32> = groups.iter().flat_map(|sides| sides.other.iter().copied()).collect();
            for kind in kinds_of(conn, &others)? {
                let mut instants = Instants::new(&mut meetings);
                each_sample(conn, kind, &sources, &mut |key, value, _| {
                    instants.add(key.start_ms, Seen { of: key.source, key: key.duration_ms, value });
                })?;
                instants.end();
            }
            let mut instants = Instants::new(&mut meetings);
            each_entry(conn, &sources, &mut |at, (of, _), key| instants.add(at, Seen { of, key, value: None }))?;
            instants.end();
        }
        Ok(meetings)
    }

    fn new(groups: &[Sides], enough: u8) -> Self {
        let mut meetings = Self { enough, places: HashMap::new(), counts: Vec::new() };
        groups.iter().enumerate().for_each(|(group, sides)| meetings.take_in(group, sides));
        meetings
    }

    fn take_in(&mut self, group: usize, sides: &Sides) {
        let from = self.counts.len();
        let all: BTreeSet<u32> = sides.one.union(&sides.other).copied().collect();
        let of = all.len();
        for (number, source) in all.into_iter().enumerate() {
            let sides = (sides.one.contains(&source), sides.other.contains(&source));
            self.places.insert(source, Place { group, from, number, of, sides });
        }
        self.counts.resize(from + of * of, 0);
    }

    /// How many rows two sources have in common at least.
    pub fn count(&self, one: u32, other: u32) -> u8 {
        let found = self.places.get(&one).zip(self.places.get(&other)).filter(|(a, b)| a.group == b.group);
        found.and_then(|(a, b)| self.counts.get(a.pair(*b))).copied().unwrap_or(0)
    }
}

impl OfInstant for Meetings {
    fn instant<K: Ord>(&mut self, rows: &[Seen<K>]) {
        let place = |rows: &[Seen<K>]| self.places.get(&rows.first()?.of).copied();
        let by_source = rows.chunk_by(|a, b| a.of == b.of);
        let by_source: Vec<(Place, &[Seen<K>])> = by_source.filter_map(|rows| Some((place(rows)?, rows))).collect();
        let enough = self.enough;
        for (at, (one, rows)) in by_source.iter().enumerate() {
            for (other, others) in by_source.iter().skip(at + 1).filter(|(other, _)| one.is_opposite(*other)) {
                let count = self.counts.get_mut(one.pair(*other));
                if let Some(count) = count.filter(|count| **count < enough) {
                    // Of values that are near each other the one may have more than the other.
                    let up_to = usize::from(enough - *count);
                    let met = coinciding(rows, others, up_to).max(coinciding(others, rows, up_to));
                    *count = count.saturating_add(u8::try_from(met).unwrap_or(enough));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups() -> [Sides; 2] {
        [Sides { one: [1, 2].into(), other: [2, 3].into() }, Sides { one: [9].into(), other: [8].into() }]
    }

    /// Rows of one instant as source, key and value; sources 1 and 2 are on the one side, 2 and 3 on the other, 9 is of
    /// another group.
    #[track_caller]
    fn check(rows: &[(u32, i64, Option<f64>)], expected: &[(u32, u32, u8)]) {
        let mut meetings = Meetings::new(&groups(), 3);
        let mut instants = Instants::new(&mut meetings);
        rows.iter().for_each(|(of, key, value)| instants.add(7, Seen { of: *of, key: *key, value: *value }));
        instants.end();
        let all = [(1, 2), (1, 3), (2, 3), (1, 9), (8, 9)];
        let found = all.map(|(a, b)| (a, b, meetings.count(b, a)));
        let found: Vec<_> = found.into_iter().filter(|(.., count)| *count > 0).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn sources_meet_in_rows_that_are_the_same() {
        check(&[], &[]);
        check(&[(1, 0, Some(5.0)), (2, 0, Some(5.0)), (3, 0, Some(5.0001))], &[(1, 2, 1), (1, 3, 1), (2, 3, 1)]);
        check(&[(1, 0, Some(5.0)), (3, 7, Some(5.0)), (2, 0, Some(5.1)), (9, 0, Some(5.0))], &[]);
        check(&[(1, 0, None), (3, 0, None), (2, 0, Some(0.0)), (8, 0, None), (9, 0, None)], &[(1, 3, 1), (8, 9, 1)]);
        check(&[(1, 0, Some(-5.0)), (1, 0, Some(-5.0001)), (3, 0, Some(-5.0)), (1, 0, None)], &[(1, 3, 2)]);
        check(&[(3, 0, Some(-5.0)), (3, 0, Some(-5.0001)), (1, 0, Some(-5.0))], &[(1, 3, 2)]);
        check(&[(1, 0, Some(0.0)), (3, 0, Some(-1e-10)), (3, 1, Some(2.0)), (1, 1, Some(2.0))], &[(1, 3, 2)]);
    }

    #[test]
    fn no_more_is_counted_than_is_asked_for() {
        let rows: Vec<_> = (0..9).flat_map(|key| [(1, key, Some(5.0)), (3, key, Some(5.0))]).collect();
        check(&rows, &[(1, 3, 3)]);
    }

    #[test]
    fn many_near_values_of_many_names_are_soon_told() {
        let n = 200;
        let sides = [Sides { one: (0..n).collect(), other: (n..2 * n).collect() }];
        let mut meetings = Meetings::new(&sides, 3);
        let mut instants = Instants::new(&mut meetings);
        let values = (0..2 * n).flat_map(|of| (0..250).map(move |value| (of, 1e6 + f64::from(value) * 0.3)));
        values.for_each(|(of, value)| instants.add(7, Seen { of, key: 0, value: Some(value) }));
        instants.end();
        assert!((0..n).all(|one| (n..2 * n).all(|other| meetings.count(one, other) == 3)));
    }
}
