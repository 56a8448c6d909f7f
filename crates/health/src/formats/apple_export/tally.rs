//! Counts damage that is too frequent to list, and keeps the rejects.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{BuildHasher, Hash, RandomState};

use super::attributes::bounded;
use super::limits::{Limits, MAX_LOST_NAME, MAX_REJECT, MAX_TALLIES};
use crate::{EntryKind, Problem, Source};

/// Code and kind.
type Reason = (&'static str, Option<String>);

/// Damage by reason: how often, and where first.
type Counted = BTreeMap<Reason, (u64, Option<u64>)>;

/// Where a record stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    TopLevel,
    /// Inside another element: mostly a copy of one at top level.
    Nested,
}

/// Which types and sources one input has named. Hashes are enough: names may be long.
#[derive(Debug, Default)]
pub(super) struct Names {
    hasher: RandomState,
    kinds: HashSet<u64>,
    sources: HashSet<u64>,
    bytes: usize,
}

impl Names {
    /// Whether there is room for a type that no table knows.
    pub(super) fn admit_kind(&mut self, identifier: &str, limits: &Limits) -> bool {
        let hash = self.hasher.hash_one(identifier);
        admit(&mut self.kinds, hash, limits.kinds, &mut self.bytes, identifier.len(), limits.names)
    }

    /// Whether there is room for a source.
    pub(super) fn admit_source(&mut self, source: &Source, limits: &Limits) -> bool {
        let hash = self.hasher.hash_one(source);
        let bytes = source.name.len() + source.hardware.as_ref().map_or(0, String::len);
        admit(&mut self.sources, hash, limits.sources, &mut self.bytes, bytes, limits.names)
    }
}

/// Whether a name is known, or there is room for it.
fn admit(known: &mut HashSet<u64>, hash: u64, most: usize, bytes: &mut usize, more: usize, most_bytes: usize) -> bool {
    if known.contains(&hash) {
        return true;
    }
    let room = known.len() < most && *bytes + more <= most_bytes;
    if room {
        known.insert(hash);
        *bytes += more;
    }
    room
}

/// Where a refused record stands, and a hash of what its twin has too.
pub(super) type Twin = (Place, u64);

/// Problems that wait; see [`Tally::set_aside`].
pub(super) type Aside = (Counted, Vec<Problem>);

/// Problems of one input on their way into batches.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// How much is too much.
    pub(super) limits: Limits,
    /// Types and sources so far.
    pub(super) names: Names,
    counted: Counted,
    /// Refused records by a hash: how many more at top level than nested ones.
    refused: HashMap<u64, i64>,
    /// Rejects and lost files, listed one by one.
    pub(super) rejects: Vec<Problem>,
    /// Position of the event that is being read.
    pub(super) position: u64,
    /// Something was not as it was packed, or ended too early.
    pub(super) damaged: bool,
}

impl Tally {
    /// Nothing is wrong yet.
    pub(super) fn within(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Whether there is room for who wrote an entry; some say nothing about that.
    pub(super) fn admits(&mut self, source: &Source) -> bool {
        *source == Source::default() || self.names.admit_source(source, &self.limits)
    }

    /// Counts damage at the present position.
    pub(super) fn count(&mut self, reason: &'static str, kind: Option<&str>) {
        let position = self.position;
        self.add(reason, kind, 1, Some(position));
    }

    /// Counts damage without a position, or several at once.
    pub(super) fn add(&mut self, reason: &'static str, kind: Option<&str>, count: u64, position: Option<u64>) {
        if count == 0 {
            return;
        }
        self.damaged |= matches!(reason, "truncated" | "bad_checksum");
        let room = self.counted.len() < MAX_TALLIES;
        let kind = kind.map(|kind| bounded(kind, 256).to_owned());
        let key = (reason, kind);
        let key = if room || self.counted.contains_key(&key) { key } else { (reason, None) };
        self.counted.entry(key).or_insert((0, position)).0 += count;
    }

    /// Lists a reject at the present position.
    pub(super) fn reject(&mut self, reason: &'static str, kind: Option<&str>, raw: &str) {
        self.rejects.push(Problem {
            reason,
            position: Some(self.position),
            kind: kind.map(|kind| bounded(kind, 256).to_owned()),
            rejected: Some(bounded(raw, MAX_REJECT).to_owned()),
            file: None,
            count: 1,
        });
    }

    /// Lists a file beside the document that is not there, or not whole.
    pub(super) fn lost_file(&mut self, reason: &'static str, kind: EntryKind, name: &str) {
        self.damaged |= reason == "damaged_file";
        let mut file = bounded(name, MAX_LOST_NAME).to_owned();
        if file.len() < name.len() {
            file.push('\u{2026}');
        }
        let kind = Some(kind.as_str().to_owned());
        self.rejects.push(Problem { reason, position: None, kind, rejected: None, file: Some(file), count: 1 });
    }

    /// Lists a refused record, unless it is the twin of one that was listed: of a pair one stands at top level and one
    /// is nested.
    pub(super) fn reject_record(&mut self, reason: &'static str, kind: Option<&str>, raw: &str, (place, twin): Twin) {
        let step = if place == Place::TopLevel { 1 } else { -1 };
        let room = self.refused.len() < self.limits.refused;
        let more = match self.refused.get_mut(&twin) {
            Some(more) => more,
            None if room => self.refused.entry(twin).or_default(),
            None => return self.reject(reason, kind, raw),
        };
        let is_twin = *more * step < 0;
        *more += step;
        if !is_twin {
            self.reject(reason, kind, raw);
        }
    }

    /// A hash by which the two of a pair are known.
    pub(super) fn twin(&self, place: Place, told_by: impl Hash) -> Twin {
        (place, self.names.hasher.hash_one(told_by))
    }

    /// Starts a list of problems of its own; what was there is given back by [`Tally::resume`].
    pub(super) fn set_aside(&mut self) -> Aside {
        (std::mem::take(&mut self.counted), std::mem::take(&mut self.rejects))
    }

    /// Ends a list of its own and hands it over.
    pub(super) fn resume(&mut self, aside: Aside) -> Vec<Problem> {
        let mut own = std::mem::replace(&mut self.rejects, aside.1);
        own.extend(self.take_counted());
        self.counted = aside.0;
        own
    }

    /// Everything that was counted.
    pub(super) fn take_counted(&mut self) -> Vec<Problem> {
        let counted = std::mem::take(&mut self.counted);
        let problem = |((reason, kind), (count, position))| {
            let (rejected, file) = (None, None);
            Problem { reason, position, kind, rejected, file, count }
        };
        counted.into_iter().map(problem).collect()
    }
}
