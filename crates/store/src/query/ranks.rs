//! The order of sources as numbers: a place for every source, and before all of them a place for its rows by hand.
//!
//! One order holds for every type, by the rules of `health`; the owner may choose another one for a type.

use std::collections::{BTreeMap, BTreeSet};

use health::series::rank::Writer;
use rusqlite::{Connection, OptionalExtension};

use super::sources::{self, SourceRow};
use super::zones::zones;
use crate::acts::{self, Act};
use crate::aliases::{self, Alias, Known};
use crate::derived;
use crate::error::{ErrorKind, Result};
use crate::open::Store;

/// Sources by place, the best first. What was typed in by hand goes before what devices measured.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ranks {
    places: BTreeMap<i64, u32>,
    sources: Vec<(i64, String)>,
}

/// The order of sources for each type.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Orders {
    default: Ranks,
    chosen: Vec<Chosen>,
}

/// An order that the owner chose.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Chosen {
    identifier: String,
    kind: Option<u32>,
    /// The sources that were named, the best first.
    named: Vec<i64>,
    ranks: Ranks,
}

impl Store {
    /// Returns the orders of the sources.
    pub fn orders(&self) -> Result<Orders> {
        Orders::load(&self.conn)
    }

    /// Chooses the order in which sources count for a type and merges its days anew, in one transaction. Sources that
    /// are not named come after those that are, in the default order; without any it is the default that holds. Returns
    /// the act, which can be taken back; none where it is the order that was.
    pub fn set_source_order(
        &mut self,
        identifier: &str,
        sources: &[i64],
        now_ms: i64,
        home_zone: &str,
    ) -> Result<Option<Act>> {
        self.change(|tx| {
            let stored: BTreeMap<i64, Alias> =
                aliases::stored(tx)?.into_iter().map(|(id, alias)| (i64::from(id), alias)).collect();
            let named = sources.iter().map(|id| stored.get(id).cloned().ok_or_else(|| ErrorKind::UnknownSource.into()));
            let named = named.collect::<Result<Vec<_>>>()?;
            let before = aliases::orders(tx)?.into_iter().find(|(of, _)| of == identifier);
            let before = before.map(|(_, order)| order).unwrap_or_default();
            if before == named {
                return Ok(None);
            }
            aliases::write_order(tx, identifier, &named)?;
            let act = acts::order_changed(tx, identifier, [before, named], now_ms)?;
            // It finds the types whose order is not that of their merged days.
            derived::remerge(tx, &zones(tx, home_zone)?, &BTreeMap::new(), &BTreeMap::new())?;
            Ok(Some(act))
        })
    }
}

impl Orders {
    /// The orders, on a connection.
    pub(crate) fn load(conn: &Connection) -> Result<Self> {
        let default = Ranks::load(conn)?;
        let mut orders = Self { default, chosen: Vec::new() };
        let chosen = aliases::orders(conn)?;
        if chosen.is_empty() {
            return Ok(orders);
        }
        let known = Known::load(conn)?;
        for (identifier, order) in chosen {
            let kind = conn
                .prepare_cached("SELECT id FROM kinds WHERE identifier = ?1")?
                .query_row([&identifier], |row| row.get(0))
                .optional()?;
            let named: Vec<i64> = order.iter().filter_map(|alias| known.any(alias)).map(i64::from).collect();
            let ranks = orders.default.with_first(&named);
            orders.chosen.push(Chosen { identifier, kind, named, ranks });
        }
        Ok(orders)
    }

    /// The order for a type.
    pub fn of(&self, identifier: &str) -> &Ranks {
        self.chosen(identifier).map_or(&self.default, |chosen| &chosen.ranks)
    }

    /// The order for a stored kind.
    pub(crate) fn of_kind(&self, kind: u32) -> &Ranks {
        self.chosen.iter().find(|chosen| chosen.kind == Some(kind)).map_or(&self.default, |chosen| &chosen.ranks)
    }

    /// The sources that the owner named for a type, the best first; `None` where the default holds.
    pub fn named(&self, identifier: &str) -> Option<&[i64]> {
        self.chosen(identifier).map(|chosen| chosen.named.as_slice())
    }

    fn chosen(&self, identifier: &str) -> Option<&Chosen> {
        self.chosen.iter().find(|chosen| chosen.identifier == identifier)
    }
}

impl Ranks {
    /// The default order, on a connection.
    fn load(conn: &Connection) -> Result<Self> {
        let mut rows = sources::sources(conn)?;
        rows.sort_by(|a, b| writer(a).place().cmp(&writer(b).place()));
        let name = |source: SourceRow| (source.id, source.names.into_iter().next().unwrap_or_default());
        Ok(Self::of_sources(rows.into_iter().map(name).collect()))
    }

    fn of_sources(sources: Vec<(i64, String)>) -> Self {
        let places = sources.iter().zip(0..).map(|((id, _), place)| (*id, place)).collect();
        Self { places, sources }
    }

    /// The same order with some sources before all others.
    fn with_first(&self, named: &[i64]) -> Self {
        let mut sources = self.sources.clone();
        let mut places: BTreeMap<i64, usize> = BTreeMap::new();
        named.iter().zip(0..).for_each(|(id, place)| _ = places.entry(*id).or_insert(place));
        sources.sort_by_key(|(id, _)| places.get(id).copied().unwrap_or(usize::MAX));
        Self::of_sources(sources)
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

    /// Some of the sources, the best first; those that are not in the order are left out.
    pub(crate) fn sorted(&self, sources: &BTreeSet<i64>) -> Vec<i64> {
        let mut places: Vec<(u32, i64)> = sources.iter().filter_map(|id| Some((*self.places.get(id)?, *id))).collect();
        places.sort_unstable();
        places.into_iter().map(|(_, id)| id).collect()
    }

    /// Every source, the best first.
    pub fn order(&self) -> impl Iterator<Item = i64> + '_ {
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
        let orders = testing::filled().orders().expect("orders");
        let ranks = orders.of("HKQuantityTypeIdentifierStepCount");
        let (watch, phone) = (1, 2);
        let order = [(phone, true), (watch, false), (phone, false), (99, false)];
        let found: Vec<u32> = order.iter().map(|(source, by_hand)| ranks.of(*source, *by_hand)).collect();
        assert!(found.is_sorted(), "{found:?}");
        assert_eq!(ranks.name(ranks.of(phone, true)), "Kim's iPhone");
        assert_eq!(ranks.source(ranks.of(watch, false)), Some(watch));
    }
}
