//! Records inside other elements, which wait until their twins at top level are in.

use health::{Batch, Entry};

/// Batches that wait: mostly correlations, each with its members.
const MOST: usize = 10_000;
/// Memory that they take, about.
const MOST_BYTES: usize = 32 << 20;

/// To whom waiting records belong.
pub(super) enum Owner {
    /// To something that was not kept.
    Nobody,
    /// To a correlation of its own.
    Entry(i64),
    /// To a correlation like a stored one, with who wrote it: its members will tell whether it is the same.
    Like(Box<Entry>, Option<u32>),
}

/// See the module.
#[derive(Default)]
pub(super) struct Waiting {
    batches: Vec<(Owner, Batch)>,
    bytes: usize,
}

impl Waiting {
    /// Adds records. Returns whether it is time to take all: Apple lists twins before, and nobody else's order may cost
    /// memory.
    pub(super) fn add(&mut self, owner: Owner, batch: Batch) -> bool {
        self.bytes += memory_of(&owner, &batch);
        self.batches.push((owner, batch));
        self.batches.len() >= MOST || self.bytes >= MOST_BYTES
    }

    /// Hands over what waits.
    pub(super) fn take(&mut self) -> Vec<(Owner, Batch)> {
        std::mem::take(self).batches
    }
}

fn memory_of(owner: &Owner, batch: &Batch) -> usize {
    // An allocation or a row of a table, about.
    const OWN: usize = 64;
    let texts = batch.kinds.iter().chain(&batch.texts).chain(&batch.details).map(String::len);
    let sources = batch.sources.iter().map(|source| source.name.len());
    let origins = batch.origins.iter().flat_map(|o| [&o.device, &o.version, &o.unit]).flatten().map(String::len);
    let problems = batch.problems.iter().filter_map(|problem| problem.rejected.as_ref()).map(String::len);
    let entry = if let Owner::Like(entry, _) = owner { entry.body.len() + entry.identity.len() } else { 0 };
    let texts: usize = texts.chain(sources).chain(origins).chain(problems).map(|bytes| bytes + OWN).sum();
    size_of::<Batch>() + size_of_val(batch.samples.as_slice()) + texts + entry
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(batch: &Batch, most: usize) {
        let mut waiting = Waiting::default();
        for n in 1..most {
            assert!(!waiting.add(Owner::Nobody, batch.clone()), "{n} of {most}");
        }
        assert!(waiting.add(Owner::Nobody, batch.clone()));
        assert_eq!(waiting.take().len(), most);
        assert!(!waiting.add(Owner::Nobody, batch.clone()), "it starts anew");
    }

    #[test]
    fn so_many_correlations_wait_for_twins_and_so_many_bytes() {
        check(&Batch::default(), MOST);
        let big = Batch { details: vec!["x".repeat(MOST_BYTES / 4)], ..Batch::default() };
        check(&big, 4);
    }
}
