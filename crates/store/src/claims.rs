//! Which stored samples an import held: the memory from which absences are found.
//!
//! Ten million claims must fit in little memory, so each batch's claims are kept sorted and delta-coded (about six
//! bytes each), and read back by merging the runs.

use std::cmp::Reverse;
use std::collections::binary_heap::{BinaryHeap, PeekMut};
use std::collections::btree_map::{self, BTreeMap};
use std::collections::{BTreeSet, HashMap, HashSet};

use health::varint::{put, take, unzigzag, zigzag};

use crate::row::{Group, Key};
use crate::stretch::Stretch;

/// Who claims: a record at top level, or a correlation's member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Claimant {
    TopLevel,
    Member,
}

/// One stored sample that the import holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Claim {
    pub key: Key,
    /// How many equal rows of one batch claim it.
    pub copies: u32,
    /// It looks as it did before this import.
    pub unchanged: bool,
}

/// The claims of one ingest, by kind.
#[derive(Debug, Default)]
pub(crate) struct Claims {
    kinds: HashMap<u32, Vec<Run>>,
    /// Of members, which come a few at a time; whoever held one first.
    members: HashMap<u32, BTreeMap<Key, Claim>>,
    revived: HashSet<u32>,
    extents: HashMap<u32, Stretch>,
    /// Samples that count by copies, of which there may be more or fewer than before.
    other_copies: HashMap<u32, BTreeSet<Key>>,
}

#[derive(Debug)]
struct Run {
    claimant: Claimant,
    first_ms: i64,
    last_ms: i64,
    bytes: Vec<u8>,
    /// Where to begin to read for what lies further on: a decoder before every so-manyth claim, and that claim's start.
    marks: Vec<(i64, usize, i64)>,
}

/// Claims of members that wait until they are worth a run.
const MEMBERS: usize = 1 << 11;

/// Claims between two marks.
const BETWEEN_MARKS: usize = 256;

impl Run {
    /// Reads from somewhere before the first claim that starts at an instant or later.
    fn from(&self, start_ms: i64) -> Decoder<'_> {
        let before = self.marks.partition_point(|(mark, ..)| *mark < start_ms);
        let mark = before.checked_sub(1).and_then(|at| self.marks.get(at));
        let (offset, previous) = mark.map_or((0, 0), |(_, offset, previous)| (*offset, *previous));
        Decoder { bytes: self.bytes.get(offset..).unwrap_or_default(), previous }
    }
}

impl Claims {
    /// A claimed sample of this kind did not count any more: it comes back.
    pub fn revive(&mut self, kind: u32) {
        self.revived.insert(kind);
    }

    /// Whether samples of a kind come back.
    pub fn revives(&self, kind: u32) -> bool {
        self.revived.contains(&kind)
    }

    /// The import holds a row of this kind here, stored before or not.
    pub fn reach(&mut self, kind: u32, stretch: Stretch) {
        self.extents.entry(kind).and_modify(|extent| *extent = extent.with(stretch)).or_insert(stretch);
    }

    /// The time that the import's rows of a kind take up; none without rows.
    pub fn extent(&self, kind: u32) -> Option<Stretch> {
        self.extents.get(&kind).copied()
    }

    /// A sample counts by copies, and there may be more or fewer of it than before.
    pub fn other_copies(&mut self, kind: u32, key: Key) {
        self.other_copies.entry(kind).or_default().insert(key);
    }

    /// Hands over the samples of a kind of which there may be more or fewer than before.
    pub fn take_other_copies(&mut self, kind: u32) -> BTreeSet<Key> {
        self.other_copies.remove(&kind).unwrap_or_default()
    }

    /// Adds a batch's claims; they need not be sorted.
    pub fn add(&mut self, kind: u32, claimant: Claimant, claims: Vec<Claim>) {
        if claimant == Claimant::TopLevel {
            return self.add_run(kind, claimant, claims);
        }
        let members = self.members.entry(kind).or_default();
        claims.into_iter().for_each(|claim| _ = members.entry(claim.key).or_insert(claim));
        if members.len() >= MEMBERS {
            let run = std::mem::take(members).into_values().collect();
            self.add_run(kind, claimant, run);
        }
    }

    fn add_run(&mut self, kind: u32, claimant: Claimant, mut claims: Vec<Claim>) {
        if claims.is_empty() {
            return;
        }
        claims.sort_unstable();
        let ends = claims.first().zip(claims.last()).map(|(first, last)| (first.key.start_ms, last.key.start_ms));
        let (first_ms, last_ms) = ends.unwrap_or_default();
        let mut bytes = Vec::with_capacity(claims.len() * 8);
        let mut marks = Vec::with_capacity(claims.len() / BETWEEN_MARKS);
        let mut previous = 0;
        for (at, Claim { key, copies, unchanged }) in claims.into_iter().enumerate() {
            if at > 0 && at % BETWEEN_MARKS == 0 {
                marks.push((key.start_ms, bytes.len(), previous));
            }
            put(&mut bytes, zigzag(key.start_ms.wrapping_sub(previous)));
            put(&mut bytes, u64::from(key.source));
            put(&mut bytes, zigzag(key.duration_ms));
            put(&mut bytes, u64::from(key.ordinal));
            put(&mut bytes, u64::from(copies) << 1 | u64::from(unchanged));
            previous = key.start_ms;
        }
        bytes.shrink_to_fit();
        self.kinds.entry(kind).or_default().push(Run { claimant, first_ms, last_ms, bytes, marks });
    }

    /// The claims of a kind in the order of the table.
    pub fn sorted(&self, kind: u32) -> Merged<'_> {
        self.touching(kind, (i64::MIN, i64::MAX))
    }

    /// Those of runs that touch a stretch: all that begin in it, and some before and after.
    fn touching(&self, kind: u32, (from_ms, until_ms): (i64, i64)) -> Merged<'_> {
        let runs = self.kinds.get(&kind).map_or(&[][..], Vec::as_slice);
        let runs = runs.iter().filter(|run| run.last_ms >= from_ms && run.first_ms <= until_ms);
        let mut merged = Merged { heap: BinaryHeap::new(), claimed: Vec::new() };
        let runs = runs.map(|run| (run.claimant, Claimed::Run(run.from(from_ms))));
        let from = Key { start_ms: from_ms, source: 0, duration_ms: i64::MIN, ordinal: 0 };
        let members = self.members.get(&kind).map(|members| Claimed::Members(members.range(from..)));
        for (claimant, mut claims) in runs.chain(members.map(|members| (Claimant::Member, members))) {
            if let Some(claim) = claims.next() {
                merged.heap.push(Reverse((claim, claimant, merged.claimed.len())));
            }
            merged.claimed.push(claims);
        }
        merged
    }

    /// Whether a stored sample was claimed before.
    pub fn has(&self, kind: u32, key: &Key) -> bool {
        let claims = self.touching(kind, (key.start_ms, key.start_ms));
        claims.map(|(claim, _)| claim.key).find(|claimed| claimed >= key) == Some(*key)
    }

    /// The ordinals that are claimed at some places, which come in the order of the table: found in one pass, because
    /// many of a batch may be asked for.
    pub fn held_at(&self, kind: u32, places: &[Group]) -> HashMap<Group, Vec<u32>> {
        let Some((first, last)) = places.first().zip(places.last()) else { return HashMap::new() };
        let mut claims = self.touching(kind, (first.0, last.0)).peekable();
        let mut held: HashMap<Group, Vec<u32>> = HashMap::new();
        for place in places {
            while claims.next_if(|(claim, _)| claim.key.group() < *place).is_some() {}
            while let Some((claim, _)) = claims.next_if(|(claim, _)| claim.key.group() == *place) {
                held.entry(*place).or_default().push(claim.key.ordinal);
            }
        }
        held.values_mut().for_each(Vec::dedup);
        held
    }
}

/// Claims in order; see [`Claims::sorted`].
pub(crate) struct Merged<'a> {
    heap: BinaryHeap<Reverse<(Claim, Claimant, usize)>>,
    claimed: Vec<Claimed<'a>>,
}

/// Claims of one run, or those of members that wait, in order.
enum Claimed<'a> {
    Run(Decoder<'a>),
    Members(btree_map::Range<'a, Key, Claim>),
}

impl Iterator for Claimed<'_> {
    type Item = Claim;

    fn next(&mut self) -> Option<Claim> {
        match self {
            Self::Run(claims) => claims.next(),
            Self::Members(claims) => claims.next().map(|(_, claim)| *claim),
        }
    }
}

impl Iterator for Merged<'_> {
    type Item = (Claim, Claimant);

    fn next(&mut self) -> Option<Self::Item> {
        let mut least = self.heap.peek_mut()?;
        let Reverse((claim, claimant, run)) = *least;
        match self.claimed.get_mut(run).and_then(Iterator::next) {
            Some(next) => *least = Reverse((next, claimant, run)),
            None => drop(PeekMut::pop(least)),
        }
        Some((claim, claimant))
    }
}

struct Decoder<'a> {
    bytes: &'a [u8],
    previous: i64,
}

impl Iterator for Decoder<'_> {
    type Item = Claim;

    fn next(&mut self) -> Option<Claim> {
        let start_ms = self.previous.wrapping_add(unzigzag(take(&mut self.bytes)?));
        self.previous = start_ms;
        let key = Key {
            start_ms,
            source: take(&mut self.bytes)? as u32,
            duration_ms: unzigzag(take(&mut self.bytes)?),
            ordinal: take(&mut self.bytes)? as u32,
        };
        let rest = take(&mut self.bytes)?;
        Some(Claim { key, copies: (rest >> 1) as u32, unchanged: rest & 1 == 1 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(start_ms: i64, source: u32, ordinal: u32) -> Claim {
        let key = Key { start_ms, source, duration_ms: 60_000, ordinal };
        Claim { key, copies: ordinal + 1, unchanged: source == 1 }
    }

    #[test]
    fn claims_of_several_batches_come_back_in_order() {
        let mut claims = Claims::default();
        claims.add(7, Claimant::TopLevel, vec![key(5000, 1, 0), key(-1000, 2, 0), key(i64::MAX - 5, 300, 9)]);
        claims.add(7, Claimant::Member, vec![key(5000, 1, 0), key(4000, 1, 1)]);
        claims.add(8, Claimant::TopLevel, vec![key(1, 1, 1)]);
        let got: Vec<_> = claims.sorted(7).collect();
        let expected = [
            (key(-1000, 2, 0), Claimant::TopLevel),
            (key(4000, 1, 1), Claimant::Member),
            (key(5000, 1, 0), Claimant::TopLevel),
            (key(5000, 1, 0), Claimant::Member),
            (key(i64::MAX - 5, 300, 9), Claimant::TopLevel),
        ];
        assert_eq!(got, expected);
        assert_eq!(claims.sorted(9).count(), 0);
    }

    #[test]
    fn what_was_claimed_is_found_wherever_it_lies() {
        let mut claims = Claims::default();
        // Several of one start, over the marks.
        let claimed = |n: i64| key(n / 3 * 1000, 1 + (n % 3) as u32, 0);
        for run in [0..1000, 2500..4000, 500..2000] {
            claims.add(7, Claimant::TopLevel, run.map(claimed).collect());
        }
        let members = MEMBERS as i64 + 5000;
        (5000..members + 9).for_each(|n| claims.add(7, Claimant::Member, vec![claimed(n)]));
        assert_eq!((claims.kinds[&7].len(), claims.members[&7].len()), (4, 9));
        assert_eq!(claims.sorted(7).count(), 1000 + 1500 + 1500 + MEMBERS + 9);
        for n in (0..4100).chain(members - 20..members + 20) {
            let expected = n < 2000 || (2500..4000).contains(&n) || (members - 20..members + 9).contains(&n);
            assert_eq!(claims.has(7, &claimed(n).key), expected, "{n}");
            let held = claims.held_at(7, &[claimed(n).key.group()]);
            assert_eq!(held.into_values().next(), expected.then(|| vec![0]), "{n}");
        }
        assert!(!claims.has(7, &key(0, 1, 1).key) && !claims.has(8, &claimed(0).key));
    }
}
