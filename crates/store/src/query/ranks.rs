//! The order of sources as numbers: a place for every source, and before all of them a place for its rows by hand.

use std::collections::BTreeMap;

use health::series::rank::Writer;
use rusqlite::Connection;

use super::sources::{self, SourceRow};
use crate::error::Result;
use crate::open::Store;

/// Sources by place, the best first. What was typed in by hand goes before what devices measured.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ranks {
    places: BTreeMap<i64, u32>,
    sources: Vec<(i64, String)>,
}

impl Store {
    /// Returns the order of the sources.
    pub fn ranks(&self) -> Result<Ranks> {
        Ranks::load(&self.conn)
    }
}

impl Ranks {
    /// The default order, on a connection.
    pub(crate) fn load(conn: &Connection) -> Result<Self> {
        let mut rows = sources::sources(conn)?;
        rows.sort_by(|a, b| writer(a).place().cmp(&writer(b).place()));
        let places = rows.iter().zip(0..).map(|(source, place)| (source.id, place)).collect();
        let name = |source: SourceRow| (source.id, source.names.into_iter().next().unwrap_or_default());
        Ok(Self { places, sources: rows.into_iter().map(name).collect() })
    }

    fn len(&self) -> u32 {
        self.sources.len() as u32
    }

    /// The rank of a source's rows, those typed in by hand or the others; unknown sources come last.
    pub fn of(&self, source_id: i64, by_hand: bool) -> u32 {
        let place = self.places.get(&source_id).copied();
        place.map_or(u32::MAX, |place| if by_hand { place } else { self.len() + place })
    }

    /// The source that has a rank.
    pub fn source(&self, rank: u32) -> Option<i64> {
        Some(self.sources.get(self.place(rank) as usize)?.0)
    }

    /// The place of the source that has a rank.
    pub fn place(&self, rank: u32) -> u32 {
        if rank >= self.len() { rank - self.len() } else { rank }
    }

    /// The name of the source that has a rank.
    pub fn name(&self, rank: u32) -> &str {
        self.sources.get(self.place(rank) as usize).map_or("", |(_, name)| name)
    }

    /// Every source, the best first.
    pub(crate) fn order(&self) -> impl Iterator<Item = i64> + '_ {
        self.sources.iter().map(|(id, _)| *id)
    }
}

fn writer(source: &SourceRow) -> Writer<'_> {
    Writer {
        bundle: source.bundle.as_deref(),
        hardware: source.hardware.as_deref(),
        names: &source.names,
        first_ms: source.first_ms,
        last_ms: source.last_ms,
    }
}

#[cfg(test)]
mod tests {
    use crate::query::testing;

    #[test]
    fn rows_by_hand_go_before_those_of_any_device_and_keep_their_source() {
        let ranks = testing::filled().ranks().expect("ranks");
        let (watch, phone) = (1, 2);
        let order = [(phone, true), (watch, false), (phone, false), (99, false)];
        let found: Vec<u32> = order.iter().map(|(source, by_hand)| ranks.of(*source, *by_hand)).collect();
        assert!(found.is_sorted(), "{found:?}");
        assert_eq!(ranks.name(ranks.of(phone, true)), "Kim's iPhone");
        assert_eq!(ranks.source(ranks.of(watch, false)), Some(watch));
    }
}
