//! Counts damage that is too frequent to list, and keeps the rejects.

use std::collections::BTreeMap;

use super::attributes::bounded;
use super::limits::{Limits, MAX_REJECT, MAX_TALLIES};
use crate::Problem;

/// Code and kind.
type Reason = (&'static str, Option<String>);

/// Problems of one input on their way into batches.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// How much is too much.
    pub(super) limits: Limits,
    counted: BTreeMap<Reason, (u64, Option<u64>)>,
    /// Rejects, listed one by one.
    pub(super) rejects: Vec<Problem>,
    /// Position of the event that is being read.
    pub(super) position: u64,
}

impl Tally {
    /// Nothing is wrong yet.
    pub(super) fn within(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
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
            count: 1,
        });
    }

    /// Everything that was counted.
    pub(super) fn take_counted(&mut self) -> Vec<Problem> {
        let counted = std::mem::take(&mut self.counted);
        let problem = |((reason, kind), (count, position))| Problem { reason, position, kind, rejected: None, count };
        counted.into_iter().map(problem).collect()
    }
}
