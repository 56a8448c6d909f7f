//! Who wrote workouts, and whose samples are of the same device.

use std::collections::{BTreeMap, BTreeSet};

use store::Store;
use store::query::{Ranks, SourceNames, WorkoutRow};

use crate::error::Result;

/// The sources of a store, as far as workouts are concerned.
pub(super) struct Sources {
    names: SourceNames,
    hardware: BTreeMap<i64, String>,
    /// Those with heart rates.
    with_pulse: BTreeSet<i64>,
}

impl Sources {
    /// Reads them.
    pub fn load(store: &Store, heart_rate: Option<i64>) -> Result<Self> {
        let hardware = store.stored_sources()?.into_iter().filter_map(|source| Some((source.id, source.hardware?)));
        Ok(Self {
            names: store.source_names()?,
            hardware: hardware.collect(),
            with_pulse: heart_rate.map(|kind| store.sources_of(kind)).transpose()?.unwrap_or_default(),
        })
    }

    /// The newest name of a source.
    pub fn name(&self, source: Option<i64>) -> Option<String> {
        self.names.get(&source?)?.first().cloned().filter(|name| !name.is_empty())
    }

    /// The sources with heart rates that wrote for the device of a source: itself, and those of the same hardware. An
    /// app on the watch writes its workouts under its own name, and the watch the heart rates under its.
    pub fn of_device(&self, source: Option<i64>) -> BTreeSet<i64> {
        let Some(source) = source else { return BTreeSet::new() };
        let hardware = self.hardware.get(&source);
        let is_own = |id: &&i64| **id == source || hardware.is_some_and(|own| self.hardware.get(*id) == Some(own));
        self.with_pulse.iter().filter(is_own).copied().collect()
    }

    /// The place of each workout's source among those of all workouts, the best first: by the order of sources, and by
    /// name where they wrote nothing but workouts.
    pub fn ranks(&self, order: &Ranks, rows: &[WorkoutRow]) -> Vec<u32> {
        let mut sources: Vec<i64> = rows.iter().filter_map(|row| row.source_id).collect();
        sources.sort_unstable();
        sources.dedup();
        sources.sort_by_key(|id| (order.of(*id, false), self.names.get(id), *id));
        let places: BTreeMap<i64, u32> = sources.into_iter().zip(0..).collect();
        rows.iter().map(|row| row.source_id.and_then(|id| places.get(&id).copied()).unwrap_or(u32::MAX)).collect()
    }
}
