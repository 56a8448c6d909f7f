//! What the owner said about sources: which names are one source, and in which order sources count for a type.
//!
//! Both are kept as settings and name sources as the input does, never by number: they hold for imports to come, also
//! where every import is undone and made again.

use std::collections::{BTreeSet, HashMap};

use health::Source;
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

use crate::error::{ErrorKind, Result};
use crate::query::settings;

/// The setting that holds the links.
const LINKS: &str = "source_links";
/// Before a type's identifier: the setting that holds its order.
const ORDER: &str = "source_order.";

/// App and hardware, as in `sources`.
pub(crate) type Writer = (Option<String>, Option<String>);

/// A source by what inputs call it: any of the names together with any of the writers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Alias {
    pub names: BTreeSet<String>,
    /// The first is that of the stored source.
    pub writers: Vec<Writer>,
}

impl Alias {
    /// Every way in which an input may call the source.
    fn calls(&self) -> impl Iterator<Item = Source> + '_ {
        let call = |name: &String, writer: &Writer| Source {
            name: name.clone(),
            bundle: writer.0.clone(),
            hardware: writer.1.clone(),
        };
        self.names.iter().flat_map(move |name| self.writers.iter().map(move |writer| call(name, writer)))
    }

    /// Whether one call is a call of both.
    pub fn meets(&self, other: &Self) -> bool {
        !self.names.is_disjoint(&other.names) && self.writers.iter().any(|writer| other.writers.contains(writer))
    }

    /// Takes in what the other one is called.
    pub fn extend(&mut self, other: &Self) {
        self.names.extend(other.names.iter().cloned());
        for writer in &other.writers {
            if !self.writers.contains(writer) {
                self.writers.push(writer.clone());
            }
        }
    }

    /// Takes in all that share a call with it.
    pub fn extend_where_meets<'a>(&mut self, others: impl Iterator<Item = &'a Self>) {
        for other in others {
            if self.meets(other) {
                self.extend(other);
            }
        }
    }
}

/// The links that were made.
pub(crate) fn links(conn: &Connection) -> Result<Vec<Alias>> {
    settings::read(conn, LINKS)?.map_or(Ok(Vec::new()), |json| from_json(&json))
}

/// Keeps links.
pub(crate) fn write_links(conn: &Connection, links: &[Alias]) -> Result<()> {
    settings::write(conn, LINKS, &to_json(links)?)
}

/// Keeps the link of what is called in some ways, together with all links and those of some sources that share a call
/// with it. Returns the sources that it makes one.
pub(crate) fn link(conn: &Connection, mut linked: Alias, among: &[(u32, Alias)]) -> Result<BTreeSet<u32>> {
    let mut links = links(conn)?;
    // A name may have stood with either hardware: whatever is called so already is meant too.
    loop {
        let before = linked.clone();
        linked.extend_where_meets(among.iter().map(|(_, alias)| alias));
        linked.extend_where_meets(links.iter());
        if linked == before {
            break;
        }
    }
    links.retain(|link| !linked.meets(link));
    let sources = among.iter().filter(|(_, alias)| linked.meets(alias)).map(|(id, _)| *id).collect();
    links.push(linked);
    links.sort_by(|a, b| a.names.cmp(&b.names));
    write_links(conn, &links)?;
    Ok(sources)
}

/// The orders that were chosen: types by their identifier, each with its sources, the best first.
pub(crate) fn orders(conn: &Connection) -> Result<Vec<(String, Vec<Alias>)>> {
    let mut statement = conn.prepare_cached(
        "SELECT substr(key, length(?1) + 1), value FROM settings WHERE substr(key, 1, length(?1)) = ?1 ORDER BY key",
    )?;
    let rows = statement.query_map([ORDER], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))?;
    rows.map(|row| row.map_err(Into::into).and_then(|(kind, json)| Ok((kind, from_json(&json)?)))).collect()
}

/// Keeps the order of a type, or goes back to the default where there are no sources.
pub(crate) fn write_order(conn: &Connection, identifier: &str, order: &[Alias]) -> Result<()> {
    let key = format!("{ORDER}{identifier}");
    match order {
        [] => settings::forget(conn, &key),
        order => settings::write(conn, &key, &to_json(order)?),
    }
}

fn from_json(json: &str) -> Result<Vec<Alias>> {
    serde_json::from_str(json).map_err(|error| ErrorKind::Damaged(error.to_string()).into())
}

fn to_json(aliases: &[Alias]) -> Result<String> {
    serde_json::to_string(aliases).map_err(|error| ErrorKind::Damaged(error.to_string()).into())
}

/// A stored source with its names, those too that only undone imports used.
pub(crate) fn stored(conn: &Connection) -> Result<Vec<(u32, Alias)>> {
    let mut statement = conn.prepare_cached(
        "SELECT s.id, s.bundle, s.hardware, n.name
         FROM sources s LEFT JOIN (SELECT DISTINCT source_id, name FROM source_names) n ON n.source_id = s.id
         ORDER BY s.id",
    )?;
    let mut rows = statement.query([])?;
    let mut stored: Vec<(u32, Alias)> = Vec::new();
    while let Some(row) = rows.next()? {
        let id = row.get(0)?;
        if stored.last().is_none_or(|(last, _)| *last != id) {
            stored.push((id, Alias { names: BTreeSet::new(), writers: vec![(row.get(1)?, row.get(2)?)] }));
        }
        if let (Some((_, alias)), Some(name)) = (stored.last_mut(), row.get(3)?) {
            alias.names.insert(name);
        }
    }
    Ok(stored)
}

/// The stored sources by what inputs call them.
#[derive(Debug)]
pub(crate) struct Known {
    ids: HashMap<Source, u32>,
    links: Vec<Alias>,
}

impl Known {
    /// One look instead of one for each source: thousands with one name would be found by that name again and again.
    pub fn load(conn: &Connection) -> Result<Self> {
        let mut ids = HashMap::new();
        for (id, alias) in stored(conn)? {
            // Of two that match, the lower number stays.
            alias.calls().for_each(|call| _ = ids.entry(call).or_insert(id));
        }
        let mut known = Self { ids, links: links(conn)? };
        for link in std::mem::take(&mut known.links) {
            if let Some(id) = known.any(&link) {
                known.ids.extend(link.calls().map(|call| (call, id)));
            }
            known.links.push(link);
        }
        Ok(known)
    }

    /// The source that an input calls so.
    pub fn get(&self, source: &Source) -> Option<u32> {
        self.ids.get(source).copied()
    }

    /// Whether two calls of an input are of one source: the owner linked them.
    pub fn is_one(&self, a: &Source, b: &Source) -> bool {
        a == b || self.links.iter().any(|link| [a, b].into_iter().all(|one| link.calls().any(|call| call == *one)))
    }

    /// The source that is called in any of these ways.
    pub fn any(&self, alias: &Alias) -> Option<u32> {
        alias.calls().find_map(|call| self.get(&call))
    }

    fn link_of(&self, source: &Source) -> Option<&Alias> {
        self.links.iter().find(|link| link.calls().any(|call| call == *source))
    }

    /// App and hardware of the source that an input calls so.
    pub fn writer(&self, source: &Source) -> Writer {
        let linked = self.link_of(source).and_then(|link| link.writers.first());
        linked.cloned().unwrap_or_else(|| (source.bundle.clone(), source.hardware.clone()))
    }

    /// Makes a source.
    pub fn create(&mut self, conn: &Connection, source: &Source) -> Result<u32> {
        let (bundle, hardware) = self.writer(source);
        let id = conn
            .prepare_cached("INSERT INTO sources (bundle, hardware) VALUES (?1, ?2) RETURNING id")?
            .query_row(params![bundle, hardware], |row| row.get(0))?;
        let calls: Vec<Source> =
            self.link_of(source).map_or_else(|| vec![source.clone()], |link| link.calls().collect());
        self.ids.extend(calls.into_iter().map(|call| (call, id)));
        Ok(id)
    }
}
