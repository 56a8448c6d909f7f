//! Which sources have a row in common: the first look for names that are one, at every row once, however many pairs of
//! names there are. How far those that meet are alike is told by [`crate::likeness`].

use std::collections::{BTreeSet, HashMap};

use rusqlite::{Connection, params};

use crate::error::Result;
use crate::likeness::{json_list, near};

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
        (self.sides.0 && other.sides.1) || (self.sides.1 && other.sides.0)
    }

    fn pair(self, other: Self) -> usize {
        self.from + self.number.min(other.number) * self.of + self.number.max(other.number)
    }
}

/// How many rows two sources have in common, up to 255.
#[derive(Debug, Default)]
pub(crate) struct Meetings {
    places: HashMap<u32, Place>,
    counts: Vec<u8>,
}

/// A row of a source: what must be the same, and its value.
struct Met<K> {
    place: Place,
    key: K,
    value: Option<f64>,
}

impl Meetings {
    /// Looks for rows that sources of the one side and of the other have in common.
    pub fn find(conn: &Connection, groups: &[Sides]) -> Result<Self> {
        let mut meetings = Self::default();
        groups.iter().enumerate().for_each(|(group, sides)| meetings.take_in(group, sides));
        if !meetings.places.is_empty() {
            let others: BTreeSet<u32> = groups.iter().flat_map(|sides| sides.other.iter().copied()).collect();
            meetings.among_samples(conn, &others)?;
            meetings.among_entries(conn)?;
        }
        Ok(meetings)
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

    /// Takes the rows of one instant.
    fn instant<K: Ord>(&mut self, rows: &mut Vec<Met<K>>) {
        if rows.len() > 1 {
            let value = |row: &Met<K>| row.value.unwrap_or(f64::NEG_INFINITY);
            rows.sort_by(|a, b| {
                let key = (a.place.group, &a.key, a.value.is_some()).cmp(&(b.place.group, &b.key, b.value.is_some()));
                key.then_with(|| value(a).total_cmp(&value(b)))
            });
            for (at, row) in rows.iter().enumerate() {
                let same = |other: &&Met<K>| {
                    other.place.group == row.place.group && other.key == row.key && near(other.value, row.value)
                };
                for other in rows.iter().skip(at + 1).take_while(same) {
                    if row.place.number != other.place.number
                        && row.place.is_opposite(other.place)
                        && let Some(count) = self.counts.get_mut(row.place.pair(other.place))
                    {
                        *count = count.saturating_add(1);
                    }
                }
            }
        }
        rows.clear();
    }

    fn among_samples(&mut self, conn: &Connection, others: &BTreeSet<u32>) -> Result<()> {
        let mut statement = conn.prepare_cached(
            "SELECT start_ms, source_id, duration_ms, value FROM samples
             WHERE kind_id = ?1 AND source_id IN (SELECT value FROM json_each(?2)) ORDER BY start_ms",
        )?;
        let sources = json_list(self.places.keys());
        for kind in kinds_of(conn, others)? {
            let mut at = i64::MIN;
            let mut instant: Vec<Met<i64>> = Vec::new();
            let mut rows = statement.query(params![kind, sources])?;
            while let Some(row) = rows.next()? {
                let start = row.get(0)?;
                if start != at {
                    self.instant(&mut instant);
                    at = start;
                }
                if let Some(place) = self.places.get(&row.get(1)?) {
                    instant.push(Met { place: *place, key: row.get(2)?, value: row.get(3)? });
                }
            }
            self.instant(&mut instant);
        }
        Ok(())
    }

    fn among_entries(&mut self, conn: &Connection) -> Result<()> {
        let mut statement = conn.prepare_cached(
            "SELECT start_ms, source_id, kind, identity, end_ms FROM entries
             WHERE start_ms IS NOT NULL AND source_id IN (SELECT value FROM json_each(?1)) ORDER BY start_ms",
        )?;
        let mut at = i64::MIN;
        let mut instant: Vec<Met<(String, String, Option<i64>)>> = Vec::new();
        let mut rows = statement.query([json_list(self.places.keys())])?;
        while let Some(row) = rows.next()? {
            let start = row.get(0)?;
            if start != at {
                self.instant(&mut instant);
                at = start;
            }
            if let Some(place) = self.places.get(&row.get(1)?) {
                instant.push(Met { place: *place, key: (row.get(2)?, row.get(3)?, row.get(4)?), value: None });
            }
        }
        self.instant(&mut instant);
        Ok(())
    }
}

/// The kinds that some sources have, as far as they are summed up.
pub(crate) fn kinds_of(conn: &Connection, sources: &BTreeSet<u32>) -> Result<Vec<u32>> {
    let mut statement = conn.prepare_cached(
        "SELECT DISTINCT kind_id FROM series_summary
         WHERE stored > 0 AND source_id IN (SELECT value FROM json_each(?1)) ORDER BY kind_id",
    )?;
    let rows = statement.query_map([json_list(sources.iter())], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of one instant as source, key and value; sources 1 and 2 are on the one side, 2 and 3 on the other, 9 is of
    /// another group.
    #[track_caller]
    fn check(rows: &[(u32, i64, Option<f64>)], expected: &[(u32, u32, u8)]) {
        let mut meetings = Meetings::default();
        meetings.take_in(0, &Sides { one: [1, 2].into(), other: [2, 3].into() });
        meetings.take_in(1, &Sides { one: [9].into(), other: [8].into() });
        let met = |(source, key, value): &(u32, i64, Option<f64>)| Met {
            place: meetings.places[source],
            key: *key,
            value: *value,
        };
        let mut rows = rows.iter().map(met).collect();
        meetings.instant(&mut rows);
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
        check(&[(1, 0, Some(0.0)), (3, 0, Some(-1e-10)), (3, 1, Some(2.0)), (1, 1, Some(2.0))], &[(1, 3, 2)]);
    }
}
