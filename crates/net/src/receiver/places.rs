//! Places of which there are so many: in all, and for each one who asks.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex};

use super::shared::lock;

/// The places that are taken, by who has them.
#[derive(Debug)]
pub(super) struct Places<K> {
    all: usize,
    of_one: usize,
    taken: Mutex<HashMap<K, usize>>,
}

impl<K: Copy + Eq + Hash> Places<K> {
    /// So many in all, of which one may have so many.
    pub fn new(all: usize, of_one: usize) -> Arc<Self> {
        Arc::new(Self { all, of_one, taken: Mutex::default() })
    }

    /// A place; none where all are taken, or this one has too many.
    pub fn enter(self: &Arc<Self>, who: K) -> Option<Place<K>> {
        let mut taken = lock(&self.taken);
        let (all, own) = (sum(&taken), taken.get(&who).copied().unwrap_or_default());
        if all >= self.all || own >= self.of_one {
            return None;
        }
        taken.insert(who, own + 1);
        Some(Place { places: Arc::clone(self), who })
    }

    /// Whether half of all are taken.
    pub fn is_crowded(&self) -> bool {
        sum(&lock(&self.taken)) > self.all / 2
    }
}

fn sum<K>(taken: &HashMap<K, usize>) -> usize {
    taken.values().sum()
}

/// A place, free again once dropped.
pub(super) struct Place<K: Copy + Eq + Hash> {
    places: Arc<Places<K>>,
    who: K,
}

impl<K: Copy + Eq + Hash> Drop for Place<K> {
    fn drop(&mut self) {
        let mut taken = lock(&self.places.taken);
        let left = taken.get(&self.who).copied().unwrap_or(1) - 1;
        if left == 0 {
            taken.remove(&self.who);
        } else {
            taken.insert(self.who, left);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_so_many_in_all_and_for_each() {
        let places = Places::new(4, 2);
        let mut taken = vec![places.enter("a"), places.enter("a"), places.enter("b")];
        assert!(taken.iter().all(Option::is_some) && places.is_crowded());
        assert!(places.enter("a").is_none(), "it has its part");
        taken.push(places.enter("c"));
        assert!(taken[3].is_some() && places.enter("d").is_none(), "all are taken");
        taken.truncate(1);
        assert!(!places.is_crowded() && places.enter("a").is_some());
        taken.clear();
        assert!(lock(&places.taken).is_empty(), "nobody is remembered for nothing");
    }
}
