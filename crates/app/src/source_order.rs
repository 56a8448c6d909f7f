//! Whose numbers count first where several sources saw the same: the default order, or one that the owner chose.

use serde::Serialize;
use store::Store;

use crate::acts::{ActAnswer, answer};
use crate::error::{Code, Error, Result};
use crate::folder::Folder;
use crate::local::{Found, find_kind, system_zone};
use crate::sources::find;

/// The answer of `vitalog sources order`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OrderAnswer {
    /// Apple's identifier of the type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether the owner chose this order; else it is the default.
    pub chosen: bool,
    /// The sources that have live rows of the type or were named, the best first.
    pub order: Vec<Place>,
    /// What made it so just now, and can be taken back; nothing where it was so already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub act: Option<ActAnswer>,
}

/// One source in its place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Place {
    /// Its number in this store.
    pub id: i64,
    /// Newest name.
    pub source: String,
    /// Hardware, where known.
    pub hardware: Option<String>,
    /// Whether the owner named it; the others follow in the default order.
    pub named: bool,
}

/// Answers with the order in force for a type.
pub fn order(folder: &Folder, word: &str) -> Result<OrderAnswer> {
    let store = folder.read()?;
    let found = find_kind(&store, word)?;
    in_force(&store, &found)
}

/// Chooses the order of a type by names or numbers of sources with commas between, and makes its days anew; none goes
/// back to the default. It is an act; see [`crate::acts`].
pub fn set_order(folder: &Folder, word: &str, list: &str, now_ms: i64) -> Result<OrderAnswer> {
    let (found, sources) = {
        let store = folder.read()?;
        let (found, sources) = (find_kind(&store, word)?, named(&store, list)?);
        if sources.is_empty() && store.orders()?.named(&found.kind.identifier).is_none() {
            // It is the default already; a missing store is not made for that.
            return in_force(&store, &found);
        }
        (found, sources)
    };
    let mut store = folder.write()?;
    let act = store.set_source_order(&found.kind.identifier, &sources, now_ms, &system_zone())?;
    Ok(OrderAnswer { act: act.as_ref().map(answer), ..in_force(&store, &found)? })
}

fn named(store: &Store, list: &str) -> Result<Vec<i64>> {
    let known = store.stored_sources()?;
    let mut sources = Vec::new();
    for word in list.split(',').filter(|word| !word.trim().is_empty()) {
        let source = find(&known, word)?.id;
        if sources.contains(&source) {
            return Err(Error::new(Code::BadUsage, format!("`{}` stands there twice.", word.trim()), "Name it once."));
        }
        sources.push(source);
    }
    Ok(sources)
}

fn in_force(store: &Store, found: &Found) -> Result<OrderAnswer> {
    let identifier = &found.kind.identifier;
    let orders = store.orders()?;
    let named = orders.named(identifier);
    let with_rows = found.id.map_or_else(|| Ok(Default::default()), |id| store.sources_of(id))?;
    let known = store.stored_sources()?;
    let is_named = |id: i64| named.is_some_and(|named| named.contains(&id));
    let shown = orders.of(identifier).order().filter(|id| is_named(*id) || with_rows.contains(id));
    let order = shown.filter_map(|id| known.iter().find(|row| row.id == id)).map(|row| Place {
        id: row.id,
        source: row.names.first().cloned().unwrap_or_default(),
        hardware: row.hardware.clone(),
        named: is_named(row.id),
    });
    Ok(OrderAnswer { kind: identifier.clone(), chosen: named.is_some(), order: order.collect(), act: None })
}
