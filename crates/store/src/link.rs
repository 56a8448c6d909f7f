//! A renamed watch or phone turns out to be the one that was there before.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use rusqlite::{Connection, params};

use crate::dictionary::{Dictionary, KindRef};
use crate::error::Result;
use crate::row::{self, COLUMNS, Row};

/// So many of a gone source's rows must coincide with the new one's before they are taken for the same.
const COINCIDING: f64 = 0.95;
/// Without hardware to compare, fewer coinciding rows than this prove nothing.
const ROWS_WITHOUT_HARDWARE: u64 = 3;

/// Pairs of sources that are compared; real exports have a handful. Those beyond it are not linked.
const PAIRS: usize = 256;
/// Rows of one kind and instant that are compared; the others count as different.
const ROWS_AT_ONCE: usize = 10_000;

/// A new source and one that may be the same.
#[derive(Debug, Default)]
struct Pair {
    new: u32,
    old: u32,
    /// Rows that coincide at least before the two are taken for the same.
    least: u64,
    rows: u64,
    same: u64,
}

impl Pair {
    fn is_one(&self) -> bool {
        self.same >= self.least && self.same as f64 >= COINCIDING * self.rows as f64
    }
}

/// Sources of one hardware and app.
#[derive(Default)]
struct Group {
    new: Vec<u32>,
    old: Vec<u32>,
}

impl Group {
    fn pairs(&self) -> usize {
        self.new.len().saturating_mul(self.old.len())
    }
}

/// Pairs `(new, old)` of sources: the new one came with this ingest, the old one is not in it any more, and their rows
/// coincide.
pub(crate) fn renamed(conn: &Connection, dictionary: &Dictionary) -> Result<Vec<(u32, u32)>> {
    let mut pairs = candidates(conn, dictionary)?;
    if pairs.is_empty() {
        return Ok(Vec::new());
    }
    compare_samples(conn, &mut pairs)?;
    compare_entries(conn, &mut pairs)?;
    let mut taken = BTreeSet::new();
    let mut found: Vec<(u32, u32)> = Vec::new();
    for pair in pairs.iter().filter(|pair| pair.is_one()) {
        if found.last().is_none_or(|(new, _)| *new != pair.new) && taken.insert(pair.old) {
            found.push((pair.new, pair.old));
        }
    }
    Ok(found)
}

/// Sources of one hardware and app where the one is new and the other gone, in the order of their numbers.
fn candidates(conn: &Connection, dictionary: &Dictionary) -> Result<Vec<Pair>> {
    if dictionary.new_sources.is_empty() {
        return Ok(Vec::new());
    }
    let (met, new) = (dictionary.sources_met(), BTreeSet::from_iter(&dictionary.new_sources));
    let mut groups: BTreeMap<(Option<String>, Option<String>), Group> = BTreeMap::new();
    let mut statement = conn.prepare_cached("SELECT id, hardware, bundle FROM sources ORDER BY id")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let id = row.get(0)?;
        if new.contains(&id) {
            groups.entry((row.get(1)?, row.get(2)?)).or_default().new.push(id);
        } else if !met.contains(&id) {
            groups.entry((row.get(1)?, row.get(2)?)).or_default().old.push(id);
        }
    }
    let mut groups: Vec<_> = groups.into_iter().filter(|(_, group)| group.pairs() > 0).collect();
    groups.sort_by_key(|(_, group)| group.pairs());
    let mut pairs = Vec::new();
    // The small groups first, and all of one size or none: which is linked must not hang on a name.
    for alike in groups.chunk_by(|(_, a), (_, b)| a.pairs() == b.pairs()) {
        if pairs.len() + alike.iter().map(|(_, group)| group.pairs()).sum::<usize>() > PAIRS {
            break;
        }
        for ((hardware, _), group) in alike {
            let least = if hardware.is_some() { 1 } else { ROWS_WITHOUT_HARDWARE };
            pairs.extend(group.new.iter().flat_map(|new| group.old.iter().map(move |old| (*new, *old, least))));
        }
    }
    pairs.sort_unstable();
    Ok(pairs.into_iter().map(|(new, old, least)| Pair { new, old, least, ..Pair::default() }).collect())
}

/// A row of either source.
struct Seen<K> {
    source: u32,
    key: K,
    value: Option<f64>,
}

fn near(a: Option<f64>, b: Option<f64>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => row::near(a, b).is_some(),
        (a, b) => a.is_none() && b.is_none(),
    }
}

/// How many rows of one source lie in the time of another, and how many of those the other has too: for every pair in
/// one pass in the order of time.
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

    /// Takes the rows of one instant, by source and key.
    fn instant<K: Ord>(&mut self, rows: &[Seen<K>]) {
        let by_source: HashMap<u32, &[Seen<K>]> =
            rows.chunk_by(|a, b| a.source == b.source).filter_map(|of| Some((of.first()?.source, of))).collect();
        let others = || by_source.keys().filter_map(|source| self.of_other.get(source)).flatten();
        for at in others() {
            if let (Some((one, _)), Some(before)) = (self.pairs.get(*at), self.before.get_mut(*at)) {
                before.get_or_insert(self.seen.get(one).copied().unwrap_or(0));
            }
        }
        for (source, of) in &by_source {
            if let Some(seen) = self.seen.get_mut(source) {
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
                (by_source.get(one), by_source.get(other), self.same.get_mut(*at))
            {
                *same += coinciding(one, other);
            }
        }
    }

    /// Adds what was counted of one kind.
    fn finish(self, pairs: &mut [Pair]) {
        for (pair, (rows, same)) in pairs.iter_mut().zip(self.rows.into_iter().zip(self.same)) {
            pair.rows += rows;
            pair.same += same;
        }
    }
}

fn coinciding<K: Ord>(one: &[Seen<K>], other: &[Seen<K>]) -> u64 {
    let has = |row: &&Seen<K>| {
        let from = other.partition_point(|found| found.key < row.key);
        other.iter().skip(from).take_while(|found| found.key == row.key).any(|found| near(found.value, row.value))
    };
    one.iter().filter(has).count() as u64
}

/// Hands over rows instant by instant.
struct Instants<K> {
    at: i64,
    rows: Vec<Seen<K>>,
}

impl<K: Ord> Instants<K> {
    fn new() -> Self {
        Self { at: i64::MIN, rows: Vec::new() }
    }

    fn add(&mut self, at: i64, row: Seen<K>, comparison: &mut Comparison) {
        if at != self.at {
            self.end(comparison);
            self.at = at;
        }
        if self.rows.len() < ROWS_AT_ONCE {
            self.rows.push(row);
        }
    }

    fn end(&mut self, comparison: &mut Comparison) {
        comparison.instant(&self.rows);
        self.rows.clear();
    }
}

fn json_list(ids: impl Iterator<Item = u32>) -> String {
    let ids: Vec<String> = BTreeSet::from_iter(ids).into_iter().map(|id| id.to_string()).collect();
    format!("[{}]", ids.join(","))
}

/// The new source's samples in the old one's time.
fn compare_samples(conn: &Connection, pairs: &mut [Pair]) -> Result<()> {
    let old = json_list(pairs.iter().map(|pair| pair.old));
    let both = json_list(pairs.iter().flat_map(|pair| [pair.new, pair.old]));
    let kinds: Vec<u32> = {
        // What the old ones have was summed up by earlier imports.
        let mut statement = conn.prepare_cached(
            "SELECT DISTINCT kind_id FROM series_summary
             WHERE stored > 0 AND source_id IN (SELECT value FROM json_each(?1)) ORDER BY kind_id",
        )?;
        statement.query_map([&old], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?
    };
    let mut statement = conn.prepare_cached(
        "SELECT start_ms, source_id, duration_ms, value FROM samples
         WHERE kind_id = ?1 AND source_id IN (SELECT value FROM json_each(?2))
         ORDER BY start_ms, source_id, duration_ms",
    )?;
    for kind in kinds {
        let mut comparison = Comparison::new(pairs.iter().map(|pair| (pair.new, pair.old)).collect());
        let mut instants = Instants::new();
        let mut rows = statement.query(params![kind, both])?;
        while let Some(row) = rows.next()? {
            let seen = Seen { source: row.get(1)?, key: row.get::<_, i64>(2)?, value: row.get(3)? };
            instants.add(row.get(0)?, seen, &mut comparison);
        }
        instants.end(&mut comparison);
        comparison.finish(pairs);
    }
    Ok(())
}

/// The old source's entries in the new one's time.
fn compare_entries(conn: &Connection, pairs: &mut [Pair]) -> Result<()> {
    let both = json_list(pairs.iter().flat_map(|pair| [pair.new, pair.old]));
    let mut comparison = Comparison::new(pairs.iter().map(|pair| (pair.old, pair.new)).collect());
    let mut instants = Instants::new();
    let mut statement = conn.prepare_cached(
        "SELECT start_ms, source_id, kind, identity, end_ms FROM entries
         WHERE start_ms IS NOT NULL AND source_id IN (SELECT value FROM json_each(?1))
         ORDER BY start_ms, source_id, kind, identity, end_ms",
    )?;
    let mut rows = statement.query([both])?;
    while let Some(row) = rows.next()? {
        let key: (String, String, Option<i64>) = (row.get(2)?, row.get(3)?, row.get(4)?);
        instants.add(row.get(0)?, Seen { source: row.get(1)?, key, value: None }, &mut comparison);
    }
    instants.end(&mut comparison);
    comparison.finish(pairs);
    Ok(())
}

/// The kinds that a source brought with an import.
pub(crate) fn kinds_of(conn: &Connection, source: u32, import: i64) -> Result<Vec<u32>> {
    let mut statement = conn.prepare_cached(
        "SELECT k.id FROM kinds k WHERE EXISTS
             (SELECT 1 FROM samples s WHERE s.kind_id = k.id AND s.source_id = ?1 AND s.import_id = ?2) ORDER BY k.id",
    )?;
    let rows = statement.query_map(params![source, import], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Takes a source's rows of one kind out of the table, as rows of another source that have no place there yet.
pub(crate) fn take_rows(conn: &Connection, kind: u32, from: u32, to: u32) -> Result<Vec<Row>> {
    let sql = format!("SELECT {COLUMNS} FROM samples WHERE kind_id = ?1 AND source_id = ?2");
    let mut statement = conn.prepare_cached(&sql)?;
    let rows = statement.query_map([kind, from], |row| {
        let mut row = Row::from_sql(row)?;
        row.key.source = to;
        row.key.ordinal = 0;
        Ok(row)
    })?;
    let rows = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    conn.prepare_cached("DELETE FROM samples WHERE kind_id = ?1 AND source_id = ?2")?.execute([kind, from])?;
    Ok(rows)
}

/// How many records rows stand for in the report's `new`.
pub(crate) fn copies(kind: &KindRef, rows: &[Row]) -> u64 {
    let counts_copies = |row: &Row| kind.rule.counts_copies(row.flags);
    rows.iter().map(|row| if counts_copies(row) { u64::from(row.image.copies) } else { 1 }).sum()
}

/// Gives a source's names to the one that it is.
pub(crate) fn move_names(conn: &Connection, from: u32, to: u32) -> Result<()> {
    conn.execute("UPDATE OR IGNORE source_names SET source_id = ?2 WHERE source_id = ?1", [from, to])?;
    Ok(())
}

/// Removes sources that have nothing: those of members whose twin was found, and those that are another one.
pub(crate) fn forget_unused(conn: &Connection, sources: &[u32]) -> Result<()> {
    if sources.is_empty() {
        return Ok(());
    }
    let used: HashSet<u32> = {
        let mut statement = conn.prepare_cached(
            "SELECT source_id FROM series_summary WHERE stored > 0
             UNION SELECT source_id FROM entries WHERE source_id IS NOT NULL",
        )?;
        statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?
    };
    for source in sources.iter().filter(|source| !used.contains(source)) {
        conn.prepare_cached("DELETE FROM source_names WHERE source_id = ?1")?.execute([source])?;
        conn.prepare_cached("DELETE FROM sources WHERE id = ?1")?.execute([source])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::testing::empty;
    use health::Source;

    /// Sources that were there and are not met, and new ones of the same hardware.
    fn pairs(old: usize, new: usize, hardware: Option<&str>) -> usize {
        let store = empty();
        let conn = &store.conn;
        conn.execute("INSERT INTO imports (id, channel, at_ms, complete, report) VALUES (1, 'file', 0, 1, '')", [])
            .expect("an import");
        let source = |name: String| Source { name, bundle: None, hardware: hardware.map(str::to_owned) };
        let meet =
            |dictionary: &mut Dictionary, name: String| dictionary.source(conn, &source(name)).expect("a source");
        let mut before = Dictionary::new(1);
        (0..old).for_each(|n| _ = meet(&mut before, format!("old {n}")));
        let mut now = Dictionary::new(1);
        (0..new).for_each(|n| _ = meet(&mut now, format!("new {n}")));
        candidates(conn, &now).expect("pairs").len()
    }

    #[test]
    fn so_many_pairs_are_compared_and_no_more() {
        assert_eq!((pairs(0, 300, None), pairs(300, 0, None)), (0, 0));
        assert_eq!(pairs(PAIRS, 1, None), PAIRS);
        assert_eq!(pairs(PAIRS + 1, 1, None), 0);
        assert_eq!(pairs(PAIRS / 16, 16, Some("Watch7,5")), PAIRS);
        assert_eq!(pairs(PAIRS / 16 + 1, 16, Some("Watch7,5")), 0);
    }

    /// Rows of source 1 (the one) and 2 (the other) as instant, key and value; counted in the other's time, and the same.
    #[track_caller]
    fn check(rows: &[(i64, u32, i64, f64)], expected: (u64, u64)) {
        let mut comparison = Comparison::new(vec![(1, 2)]);
        let mut instants = Instants::new();
        for (at, source, key, value) in rows {
            instants.add(*at, Seen { source: *source, key: *key, value: Some(*value) }, &mut comparison);
        }
        instants.end(&mut comparison);
        assert_eq!((comparison.rows[0], comparison.same[0]), expected);
    }

    #[test]
    fn so_many_rows_of_one_instant_are_compared_and_the_others_differ() {
        let half = ROWS_AT_ONCE as i64 / 2;
        let rows = |ones: i64| -> Vec<_> {
            let one = (0..ones).map(|key| (7, 1, key, 1.0));
            one.chain((0..half).map(|key| (7, 2, key, 1.0))).collect()
        };
        let half = half as u64;
        check(&rows(half as i64), (half, half));
        check(&rows(half as i64 + 1), (half + 1, half - 1));
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
