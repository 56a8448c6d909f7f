//! Small numbers for repeated texts: kinds, sources, origins, category texts, details.
//!
//! One [`Dictionary`] lives as long as one ingest. A batch's own indexes become ids of the store here.

use std::collections::{BTreeSet, HashMap, HashSet};

use health::kind::{self, Kind};
use health::{Origin, Source};
use rusqlite::{Connection, OptionalExtension, params};

use crate::aliases::{Known, Writer};
use crate::error::Result;
use crate::rollup::Rule;
use crate::views;

/// Distinct details remembered as present; beyond it the memory is emptied and look-ups go to the table again.
const DETAILS_REMEMBERED: usize = 1 << 16;

/// Bytes of origins and texts remembered; beyond it they are forgotten and looked up again.
const BYTES_REMEMBERED: usize = 32 << 20;

/// What an ingest must know about a kind.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct KindRef {
    pub id: u32,
    pub identifier: String,
    pub rule: Rule,
    /// Rows of this kind were in the store before this ingest.
    pub had_rows: bool,
}

/// The ids met in one ingest.
pub(crate) struct Dictionary {
    import_id: i64,
    kinds: HashMap<String, u32>,
    /// Kinds that this ingest created.
    new_kinds: Vec<(u32, Kind)>,
    /// By id.
    pub known_kinds: HashMap<u32, KindRef>,
    sources: HashMap<Source, u32>,
    /// Every source that was stored before; read when the first one is asked for.
    stored_sources: Option<Known>,
    /// Sources that this ingest created.
    pub new_sources: Vec<u32>,
    /// How the input called each source first.
    calls: HashMap<u32, Source>,
    /// Apps and hardware of which the input has two names for what was one source so far.
    pub split: BTreeSet<Writer>,
    origins: HashMap<Origin, u32>,
    texts: HashMap<String, u32>,
    /// Bytes in `origins` and `texts`.
    remembered: usize,
    /// Details known to be stored under their unmoved hash: the hash and a second, independent one.
    details: HashSet<(i64, i64)>,
}

impl Dictionary {
    pub fn new(import_id: i64) -> Self {
        Self {
            import_id,
            kinds: HashMap::new(),
            new_kinds: Vec::new(),
            known_kinds: HashMap::new(),
            sources: HashMap::new(),
            stored_sources: None,
            new_sources: Vec::new(),
            calls: HashMap::new(),
            split: BTreeSet::new(),
            origins: HashMap::new(),
            texts: HashMap::new(),
            remembered: 0,
            details: HashSet::new(),
        }
    }

    /// Creates the views of new kinds. Once at the end: a new view makes SQLite prepare every statement anew.
    pub fn create_views(&self, conn: &Connection) -> Result<()> {
        views::create_kind_views(conn, &self.new_kinds)
    }

    /// Every source that the input named so far.
    pub fn sources_met(&self) -> HashSet<u32> {
        self.sources.values().copied().collect()
    }

    /// The kind's id. The unit of one that no table knows is derived from its rows.
    pub fn kind(&mut self, conn: &Connection, identifier: &str) -> Result<u32> {
        if let Some(id) = self.kinds.get(identifier) {
            return Ok(*id);
        }
        let found: Option<u32> = conn
            .prepare_cached("SELECT id FROM kinds WHERE identifier = ?1")?
            .query_row([identifier], |row| row.get(0))
            .optional()?;
        let id = match found {
            Some(id) => id,
            None => {
                let known = kind::get_or_guess(identifier, None);
                let id = create_kind(conn, &known)?;
                self.new_kinds.push((id, known));
                id
            }
        };
        let had_rows = conn
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM samples WHERE kind_id = ?1)")?
            .query_row([id], |row| row.get(0))?;
        let rule = Rule::of(identifier);
        self.known_kinds.insert(id, KindRef { id, identifier: identifier.to_owned(), rule, had_rows });
        self.kinds.insert(identifier.to_owned(), id);
        Ok(id)
    }

    /// The source's id: same bundle and hardware and one of its names the same, by the rule that a missing bundle or
    /// hardware on either side of *different feeds* does not tell sources apart, but inside files it does: a name with
    /// a watch behind it and the same name without are two writers. What the owner linked is one.
    pub fn source(&mut self, conn: &Connection, source: &Source) -> Result<u32> {
        if let Some(id) = self.sources.get(source) {
            return Ok(*id);
        }
        let stored = match &mut self.stored_sources {
            Some(stored) => stored,
            none => none.insert(Known::load(conn)?),
        };
        let known = stored.get(source);
        let id = match known.filter(|id| self.calls.get(id).is_none_or(|call| stored.is_one(call, source))) {
            Some(id) => id,
            None => {
                let id = stored.create(conn, source)?;
                self.new_sources.push(id);
                id
            }
        };
        if known.is_some_and(|known| known != id) {
            // One had come to be taken for the other; they stand side by side here.
            self.split.insert(stored.writer(source));
        }
        self.calls.entry(id).or_insert_with(|| source.clone());
        conn.prepare_cached("INSERT OR IGNORE INTO source_names (source_id, name, import_id) VALUES (?1, ?2, ?3)")?
            .execute(params![id, source.name, self.import_id])?;
        self.sources.insert(source.clone(), id);
        Ok(id)
    }

    pub fn origin(&mut self, conn: &Connection, origin: &Origin) -> Result<u32> {
        if let Some(id) = self.origins.get(origin) {
            return Ok(*id);
        }
        let id = store_origin(conn, origin)?;
        let bytes = [&origin.device, &origin.version, &origin.unit].into_iter().flatten().map(String::len).sum();
        self.make_room(bytes);
        self.origins.insert(origin.clone(), id);
        Ok(id)
    }

    pub fn text(&mut self, conn: &Connection, text: &str) -> Result<u32> {
        if let Some(id) = self.texts.get(text) {
            return Ok(*id);
        }
        conn.prepare_cached("INSERT OR IGNORE INTO category_texts (text) VALUES (?1)")?.execute([text])?;
        let id = conn
            .prepare_cached("SELECT id FROM category_texts WHERE text = ?1")?
            .query_row([text], |row| row.get(0))?;
        self.make_room(text.len());
        self.texts.insert(text.to_owned(), id);
        Ok(id)
    }

    /// Before something is remembered. Every entry takes some bytes of its own.
    fn make_room(&mut self, bytes: usize) {
        self.remembered += bytes + 64;
        if self.remembered > BYTES_REMEMBERED {
            self.origins.clear();
            self.texts.clear();
            self.remembered = bytes + 64;
        }
    }

    /// The id of a details text: its hash, moved on while another text sits there.
    pub fn details(&mut self, conn: &Connection, json: &str) -> Result<i64> {
        let unmoved = hash(json.as_bytes());
        let remembered = (unmoved, hash_from(SECOND_OFFSET, json.as_bytes()));
        if self.details.contains(&remembered) {
            return Ok(unmoved);
        }
        let id = store_details(conn, json)?;
        if self.details.len() >= DETAILS_REMEMBERED {
            self.details.clear();
        }
        if id == unmoved {
            self.details.insert(remembered);
        }
        Ok(id)
    }
}

/// Stores a details text where it is not there yet. Returns its id.
pub(crate) fn store_origin(conn: &Connection, origin: &Origin) -> Result<u32> {
    let values = params![origin.device, origin.version, origin.unit];
    let found: Option<u32> = conn
        .prepare_cached("SELECT id FROM origins WHERE device IS ?1 AND version IS ?2 AND unit IS ?3")?
        .query_row(values, |row| row.get(0))
        .optional()?;
    match found {
        Some(id) => Ok(id),
        None => Ok(conn
            .prepare_cached("INSERT INTO origins (device, version, unit) VALUES (?1, ?2, ?3) RETURNING id")?
            .query_row(values, |row| row.get(0))?),
    }
}

pub(crate) fn store_details(conn: &Connection, json: &str) -> Result<i64> {
    let mut id = hash(json.as_bytes());
    loop {
        let inserted = conn
            .prepare_cached("INSERT OR IGNORE INTO details (id, json) VALUES (?1, ?2)")?
            .execute(params![id, json])?;
        if inserted == 1 || same_details(conn, id, json)? {
            return Ok(id);
        }
        id = id.wrapping_add(1) & i64::MAX;
    }
}

fn same_details(conn: &Connection, id: i64, json: &str) -> Result<bool> {
    Ok(conn
        .prepare_cached("SELECT json = ?2 FROM details WHERE id = ?1")?
        .query_row(params![id, json], |row| row.get(0))?)
}

fn create_kind(conn: &Connection, kind: &Kind) -> Result<u32> {
    Ok(conn
        .prepare_cached("INSERT INTO kinds (identifier, nature, unit) VALUES (?1, ?2, ?3) RETURNING id")?
        .query_row(params![kind.identifier, kind.nature.as_str(), kind.unit], |row| row.get(0))?)
}

const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const SECOND_OFFSET: u64 = 0x9e37_79b9_7f4a_7c15;

/// FNV-1a with a final mix, 63 bits. Stored, so it must never change; it need not withstand an attacker because two
/// texts with one hash get different ids.
pub(crate) fn hash(bytes: &[u8]) -> i64 {
    hash_from(FNV_OFFSET, bytes)
}

fn hash_from(offset: u64, bytes: &[u8]) -> i64 {
    let mut h = bytes.iter().fold(offset, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3));
    h ^= h >> 32;
    h = h.wrapping_mul(0xd6e8_feb8_6659_fd93);
    h ^= h >> 32;
    (h >> 1) as i64
}
