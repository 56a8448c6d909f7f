//! What the protocols of all phone apps have in common: how a body is read, and what a decoder gives.
//!
//! ```text
//!   body ──► Walker: the frame, record by record ──► one module per protocol ──► Builder ──► PhoneBatch by PhoneBatch
//!            (bounded, positions, raw texts)          (names, units, shapes)      (dictionaries, rejects, counts)
//! ```
//!
//! A decoder goes through the body twice: once for its frame, so that a body that is no JSON or has another shape is
//! refused before anything is handed over, and once for its records. It knows nothing of tokens, stores and clocks.

pub(crate) mod builder;
#[cfg(test)]
mod cross_tests;
pub(crate) mod fields;
pub(crate) mod frame;
#[cfg(test)]
mod hostile_tests;
pub mod inflate;
pub mod limits;
pub(crate) mod names;
pub(crate) mod parts;
#[cfg(test)]
mod property_tests;
pub(crate) mod scan;
pub(crate) mod stamp;
pub(crate) mod value;
#[cfg(test)]
pub(crate) mod vectors;
pub(crate) mod walk;

use serde_json::{Map, Value as Json};

pub use crate::phone::Feed;
use crate::phone::PhoneBatch;
use crate::{Problem, Result};

/// Why an item is rejected: every code that a decoder of phones has, and those for which an encoder holds a record
/// back.
/// Readers of files have some of them too.
pub const REASONS: [&str; 14] = [
    "bad_json",
    "bad_shape",
    "bad_time",
    "bad_value",
    "no_end",
    "no_place",
    "no_unit",
    "no_value",
    "superseded",
    "too_large",
    "too_many_kinds",
    "too_many_sources",
    "unknown_record",
    "unknown_stage",
];

/// How many of a delivery's records became what. Every item of the body is either kept or rejected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Records as the sender counts them: samples, aggregates, workouts and so on, without routes and places.
    pub items: u64,
    /// Items that could not be read; each is a [`Problem`] in its batch, with its reason and its text.
    pub rejected: u64,
    /// Records in the normal form: a blood pressure is two. Without routes, correlations and the profile.
    pub records: u64,
    /// Records among them that are stored as sent but count in no number.
    pub left_out: u64,
    /// Routes.
    pub routes: u64,
    /// Records that the sender says are gone.
    pub deletions: u64,
}

/// What is known of a delivery once all of it was read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Delivery {
    /// What the frame says besides its records, unknown keys among them: names of devices and runs, versions, ranges.
    pub frame: Map<String, Json>,
    /// How many of what.
    pub counts: Counts,
    /// The earliest start of a record, milliseconds since 1970 in UTC.
    pub first_ms: Option<i64>,
    /// The latest end.
    pub last_ms: Option<i64>,
}

impl Delivery {
    /// The zone that the frame says the phone is in, by its IANA name, and when that was said: milliseconds since 1970
    /// in UTC, where told.
    pub fn whereabouts(&self) -> Option<(&str, Option<i64>)> {
        let zone = self.frame.get("timezone")?.as_str()?;
        let said = self.frame.get("generated_at").map(Json::to_string);
        Some((zone, said.and_then(|said| stamp::instant(said.as_bytes())).map(|stamp| stamp.ms)))
    }
}

/// Where a decoder hands its portions. An error stops the decoder and is what it then returns.
pub type Sink<'s> = dyn FnMut(PhoneBatch) -> Result<()> + 's;

/// A delivery with all its portions, for bodies that are small enough.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Decoded {
    /// What is known of all of it.
    pub delivery: Delivery,
    /// The portions in the order of the body.
    pub batches: Vec<PhoneBatch>,
}

impl Decoded {
    /// Gathers what a decoder hands over.
    pub fn gather(decode: impl FnOnce(&mut Sink<'_>) -> Result<Delivery>) -> Result<Self> {
        let mut batches = Vec::new();
        let delivery = decode(&mut |batch| {
            batches.push(batch);
            Ok(())
        })?;
        Ok(Self { delivery, batches })
    }

    /// Everything that was rejected or repaired.
    pub fn problems(&self) -> impl Iterator<Item = &Problem> {
        self.batches.iter().flat_map(|batch| &batch.batch.problems)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::REASONS;

    /// The words behind `Err("` and `ok_or("` in a folder's sources.
    fn reasons(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            // What Open Wearables is not sent has reasons of its own.
            if path.is_dir() && !["apple_export", "encode"].contains(&name.as_str()) {
                reasons(&path, found);
            } else if name.ends_with(".rs") && !name.ends_with("tests.rs") {
                let text = std::fs::read_to_string(&path).expect("a source");
                let code = text.split("tests {").next().unwrap_or_default();
                let calls = ["Err(\"", "ok_or(\""].into_iter().flat_map(|call| code.split(call).skip(1));
                found.extend(calls.filter_map(|rest| rest.split('"').next()).map(str::to_owned));
            }
        }
    }

    #[test]
    fn the_list_of_reasons_is_that_of_the_sources() {
        let mut found = BTreeSet::new();
        reasons(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/formats"), &mut found);
        let listed: BTreeSet<String> = REASONS.map(str::to_owned).into();
        assert_eq!(found, listed);
    }
}
