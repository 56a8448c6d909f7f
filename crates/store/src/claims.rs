//! Which stored samples an import held: the memory from which absences are found.
//!
//! Ten million claims must fit in little memory, so each batch's claims are kept sorted and delta-coded (about six
//! bytes each), and read back by merging the runs.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use crate::row::Key;

/// Who claims: a record at top level, or a correlation's member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Claimant {
    TopLevel,
    Member,
}

/// The claims of one ingest, by kind.
#[derive(Debug, Default)]
pub(crate) struct Claims {
    kinds: HashMap<u32, Vec<Run>>,
}

#[derive(Debug)]
struct Run {
    claimant: Claimant,
    bytes: Vec<u8>,
}

impl Claims {
    /// Adds a batch's claims; `keys` need not be sorted.
    pub fn add(&mut self, kind: u32, claimant: Claimant, mut keys: Vec<Key>) {
        if keys.is_empty() {
            return;
        }
        keys.sort_unstable();
        let mut bytes = Vec::with_capacity(keys.len() * 7);
        let mut previous = 0;
        for key in keys {
            put(&mut bytes, zigzag(key.start_ms.wrapping_sub(previous)));
            put(&mut bytes, u64::from(key.source));
            put(&mut bytes, zigzag(key.duration_ms));
            put(&mut bytes, u64::from(key.ordinal));
            previous = key.start_ms;
        }
        bytes.shrink_to_fit();
        self.kinds.entry(kind).or_default().push(Run { claimant, bytes });
    }

    /// The claims of a kind in the order of the table.
    pub fn sorted(&self, kind: u32) -> Merged<'_> {
        let runs = self.kinds.get(&kind).map_or(&[][..], Vec::as_slice);
        let mut merged = Merged { heap: BinaryHeap::new(), decoders: Vec::new() };
        for (index, run) in runs.iter().enumerate() {
            let mut decoder = Decoder { bytes: &run.bytes, previous: 0 };
            if let Some(key) = decoder.next() {
                merged.heap.push(Reverse((key, run.claimant, index)));
            }
            merged.decoders.push(decoder);
        }
        merged
    }
}

/// Claims in order; see [`Claims::sorted`].
pub(crate) struct Merged<'a> {
    heap: BinaryHeap<Reverse<(Key, Claimant, usize)>>,
    decoders: Vec<Decoder<'a>>,
}

impl Iterator for Merged<'_> {
    type Item = (Key, Claimant);

    fn next(&mut self) -> Option<Self::Item> {
        let Reverse((key, claimant, run)) = self.heap.pop()?;
        if let Some(next) = self.decoders.get_mut(run).and_then(Iterator::next) {
            self.heap.push(Reverse((next, claimant, run)));
        }
        Some((key, claimant))
    }
}

struct Decoder<'a> {
    bytes: &'a [u8],
    previous: i64,
}

impl Iterator for Decoder<'_> {
    type Item = Key;

    fn next(&mut self) -> Option<Key> {
        let start_ms = self.previous.wrapping_add(unzigzag(take(&mut self.bytes)?));
        self.previous = start_ms;
        Some(Key {
            start_ms,
            source: take(&mut self.bytes)? as u32,
            duration_ms: unzigzag(take(&mut self.bytes)?),
            ordinal: take(&mut self.bytes)? as u32,
        })
    }
}

fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

fn put(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(start_ms: i64, source: u32, ordinal: u32) -> Key {
        Key { start_ms, source, duration_ms: 60_000, ordinal }
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
}
