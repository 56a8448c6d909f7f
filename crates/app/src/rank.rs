//! The order of sources: whose number counts where several saw the same.

use std::collections::BTreeMap;

use store::Store;
use store::query::SourceRow;

use crate::error::Result;

/// Sources by place, the best first. What was typed in by hand goes before what devices measured.
#[derive(Debug, Clone, Default)]
pub struct Ranks {
    places: BTreeMap<i64, u32>,
    names: Vec<String>,
}

impl Ranks {
    /// The default order: watch, phone, other devices of Apple, then the rest, the newest first.
    pub fn load(store: &Store) -> Result<Self> {
        let mut sources = store.sources()?;
        sources.sort_by_key(|source| (class(source), std::cmp::Reverse(source.last_ms), source.id));
        let places = sources.iter().zip(0..).map(|(source, place)| (source.id, place)).collect();
        let names = sources.into_iter().map(|source| source.names.into_iter().next().unwrap_or_default()).collect();
        Ok(Self { places, names })
    }

    fn len(&self) -> u32 {
        self.names.len() as u32
    }

    /// The rank of a source's rows, those typed in by hand or the others; unknown sources come last.
    pub fn of(&self, source_id: i64, by_hand: bool) -> u32 {
        let place = self.places.get(&source_id).copied();
        place.map_or(u32::MAX, |place| if by_hand { place } else { self.len() + place })
    }

    /// The place of the source that has a rank.
    pub fn place(&self, rank: u32) -> u32 {
        if rank >= self.len() { rank - self.len() } else { rank }
    }

    /// The name of the source that has a rank.
    pub fn name(&self, rank: u32) -> &str {
        self.names.get(self.place(rank) as usize).map_or("", String::as_str)
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
    fn typed_rows_go_first_and_keep_their_source() {
        let places = BTreeMap::from([(7, 0), (3, 1)]);
        let ranks = Ranks { places, names: vec!["Watch".to_owned(), "Health".to_owned()] };
        let order = [ranks.of(7, true), ranks.of(3, true), ranks.of(7, false), ranks.of(3, false), ranks.of(9, false)];
        assert!(order.is_sorted(), "{order:?}");
        assert_eq!(order.map(|rank| ranks.name(rank)), ["Watch", "Health", "Watch", "Health", ""]);
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
