//! The order of sources: whose number counts where several saw the same.

use std::collections::BTreeMap;

use store::Store;
use store::query::SourceRow;

use crate::error::Result;

/// Sources by place, the best first. Rows typed in by hand go before all of them.
#[derive(Debug, Clone, Default)]
pub struct Ranks {
    places: BTreeMap<i64, u32>,
    names: Vec<String>,
}

/// The rank of rows that were typed in by hand.
pub const BY_HAND: u32 = 0;

impl Ranks {
    /// The default order: watch, phone, other devices of Apple, then the rest, the newest first.
    pub fn load(store: &Store) -> Result<Self> {
        let mut sources = store.sources()?;
        sources.sort_by_key(|source| (class(source), std::cmp::Reverse(source.last_ms), source.id));
        let mut ranks = Self { places: BTreeMap::new(), names: vec!["typed in by hand".to_owned()] };
        for (place, source) in sources.into_iter().enumerate() {
            ranks.places.insert(source.id, place as u32 + 1);
            ranks.names.push(source.names.into_iter().next().unwrap_or_default());
        }
        Ok(ranks)
    }

    /// The place of a source; unknown ones come last.
    pub fn of(&self, source_id: i64, by_hand: bool) -> u32 {
        if by_hand { BY_HAND } else { self.places.get(&source_id).copied().unwrap_or(u32::MAX) }
    }

    /// The name at a place.
    pub fn name(&self, rank: u32) -> &str {
        self.names.get(rank as usize).map_or("", String::as_str)
    }
}

fn class(source: &SourceRow) -> u8 {
    let hardware = source.hardware.as_deref().unwrap_or_default();
    let apple = source.bundle.as_deref().is_none_or(|bundle| bundle.starts_with("com.apple."));
    let named = |word: &str| apple && source.names.iter().any(|name| name.contains(word));
    if hardware.starts_with("Watch") || named("Watch") {
        0
    } else if hardware.starts_with("iPhone") || hardware.starts_with("iPod") || named("iPhone") {
        1
    } else if hardware.starts_with("iPad") || named("iPad") {
        2
    } else {
        3
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, bundle: Option<&str>, hardware: Option<&str>, expected: u8) {
        let source = SourceRow {
            id: 1,
            names: vec![name.to_owned()],
            bundle: bundle.map(str::to_owned),
            hardware: hardware.map(str::to_owned),
            records: 1,
            first_ms: None,
            last_ms: None,
        };
        assert_eq!(class(&source), expected);
    }

    #[test]
    fn watches_go_before_phones_and_both_before_apps() {
        check("Kim’s Apple\u{a0}Watch", None, None, 0);
        check("Kim", Some("com.apple.health.X"), Some("Watch7,3"), 0);
        check("Kim's iPhone", None, None, 1);
        check("WatchMyRun", Some("org.example.run"), None, 3);
        check("Scale", None, None, 3);
    }
}
