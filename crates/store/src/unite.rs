//! Rows that belong to other sources than they lie under: two sources turn out to be one, or one to be two.
//!
//! What each import held of these sources is handed to the merge once more, import by import, under the sources that it
//! belongs to; so keys, images and absences come out of the same code, as if every import had been made so.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use health::time::Zones;
use rusqlite::{Connection, params};

use crate::absences::{self, Stored};
use crate::aliases::{self, Alias, Writer};
use crate::claims::{Claimant, Claims};
use crate::derived::{self, Derived};
use crate::dictionary::KindRef;
use crate::error::{ErrorKind, Result};
use crate::history::{History, ImportRef, Presence, image_at, live_imports};
use crate::instants::kinds_of;
use crate::likeness::Held;
use crate::open::Store;
use crate::pages::Pages;
use crate::query::zones::zones;
use crate::report::KindCounts;
use crate::rollup::Rule;
use crate::row::{FLAG_LOGGED, Row};
use crate::samples::Merge;
use crate::{acts, copies, entries, forget, members, names, superseded, tellings};

/// The number of no kind: what is merged anew lies there until it is whole.
const SCRATCH: u32 = 0;

/// The sources that rows belong to.
#[derive(Debug, Default)]
pub(crate) struct Places {
    of_held: HashMap<Held, u32>,
    /// Of those that no import names: some lie only inside correlations.
    otherwise: HashMap<u32, u32>,
}

impl Places {
    /// What an import held of a source belongs to another one, or to the same.
    pub fn put(&mut self, held: Held, source: u32) {
        self.of_held.insert(held, source);
        self.otherwise.entry(held.source).or_insert(source);
    }

    /// Everything of some sources belongs to one.
    pub fn all(sources: &BTreeSet<u32>, to: u32) -> Self {
        Self { of_held: HashMap::new(), otherwise: sources.iter().map(|source| (*source, to)).collect() }
    }

    /// Where that belongs which an import held of a source.
    pub fn of(&self, source: u32, import: i64) -> u32 {
        let found = self.of_held.get(&Held { source, import }).or_else(|| self.otherwise.get(&source));
        found.copied().unwrap_or(source)
    }

    /// Whether something lies elsewhere.
    pub fn moves_any(&self) -> bool {
        self.of_held.iter().any(|(held, source)| held.source != *source)
            || self.otherwise.iter().any(|(from, to)| from != to)
    }

    /// The sources that lose or get rows.
    pub fn sources(&self) -> BTreeSet<u32> {
        let of_held = self.of_held.iter().map(|(held, source)| (held.source, *source));
        let moves = of_held.chain(self.otherwise.iter().map(|(from, to)| (*from, *to))).filter(|(from, to)| from != to);
        moves.flat_map(|(from, to)| [from, to]).collect()
    }
}

impl Store {
    /// Makes one source of two, for the rows that are there and for those that will come. The source keeps the first
    /// one's number. Two that are different devices or apps are refused.
    ///
    /// A link is not taken back: which name brought which row is not kept.
    pub fn link_sources(&mut self, source: i64, other: i64, home_zone: &str) -> Result<()> {
        let [source, other] = [number(source)?, number(other)?];
        self.settle()?;
        self.change(|tx| link_two(tx, source, other, home_zone))
    }
}

fn link_two(conn: &Connection, source: u32, other: u32, home_zone: &str) -> Result<()> {
    derived::settle_left(conn)?;
    let before = zones(conn, home_zone)?;
    let mut derived = Derived::default();
    tellings::lift(conn, &mut derived, &[])?;
    let (sources, writers) = link_names(conn, source, other)?;
    let imports = live_imports(conn)?;
    for kind in deal(conn, &Places::all(&sources, source), &imports, &before, &mut derived)? {
        superseded::reconcile(conn, kind, &imports, &mut derived)?;
    }
    // What the rows of either told about other names is told by those of both now.
    let moved = settle(conn, &writers, &imports, &before, &mut derived)?;
    entries::reconcile(conn, &imports)?;
    tellings::lay(conn, None, &mut derived)?;
    acts::hidden::apply(conn, &mut derived)?;
    derived.settle(conn, home_zone, &before)?;
    forget::unused_sources(conn, &sources.union(&moved.sources).copied().collect::<Vec<_>>())
}

/// What came of names that were decided anew.
#[derive(Debug, Default)]
pub(crate) struct Settled {
    /// The sources that lost or got rows.
    pub sources: BTreeSet<u32>,
    /// How many more and how many fewer samples count than before.
    pub change: Change,
}

/// How many samples count, by kind.
pub(crate) type Counted = BTreeMap<u32, u64>;

/// How many more and how many fewer count now: what one kind gains does not make up for what another one loses.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Change {
    pub more: u64,
    pub fewer: u64,
}

impl Change {
    pub fn between(before: &Counted, after: &Counted) -> Self {
        let of = |counted: &Counted, kind: u32| counted.get(&kind).copied().unwrap_or(0);
        let kinds: BTreeSet<u32> = before.keys().chain(after.keys()).copied().collect();
        kinds.into_iter().fold(Self::default(), |change, kind| Self {
            more: change.more + of(after, kind).saturating_sub(of(before, kind)),
            fewer: change.fewer + of(before, kind).saturating_sub(of(after, kind)),
        })
    }
}

/// Puts rows where the names of some apps and hardware say that they belong, from the imports that are left.
pub(crate) fn settle(
    conn: &Connection,
    writers: &BTreeSet<Writer>,
    imports: &[ImportRef],
    zones: &Zones,
    derived: &mut Derived,
) -> Result<Settled> {
    if writers.is_empty() {
        return Ok(Settled::default());
    }
    // What is there now tells which sources have which kinds.
    derived.rebuild(conn, zones)?;
    let Some(places) = names::decide(conn, writers, imports)? else { return Ok(Settled::default()) };
    let sources = places.sources();
    tellings::lift_kinds_of(conn, &sources, derived)?;
    let before = counted(conn, &kinds_of(conn, &sources)?)?;
    let kinds = deal(conn, &places, imports, zones, derived)?;
    for kind in &kinds {
        superseded::reconcile(conn, *kind, imports, derived)?;
    }
    Ok(Settled { sources, change: Change::between(&before, &counted(conn, &kinds)?) })
}

/// Samples of some kinds that count.
pub(crate) fn counted(conn: &Connection, kinds: &[u32]) -> Result<Counted> {
    kinds.iter().map(|kind| Ok((*kind, copies::counted(conn, *kind, false)?))).collect()
}

/// A source's number as tables have it.
pub(crate) fn number(source: i64) -> Result<u32> {
    u32::try_from(source).map_err(|_| ErrorKind::UnknownSource.into())
}

/// Keeps the link and returns every stored source that it makes one, and the apps and hardware whose names it means.
fn link_names(conn: &Connection, source: u32, other: u32) -> Result<(BTreeSet<u32>, BTreeSet<Writer>)> {
    let stored = aliases::stored(conn)?;
    let find = |id: u32| stored.iter().find(|(known, _)| *known == id).map(|(_, alias)| alias.clone());
    let (Some(one), Some(two)) = (find(source), find(other)) else {
        return Err(ErrorKind::UnknownSource.into());
    };
    let (Some(first), Some(second)) = (one.writers.first(), two.writers.first()) else {
        return Err(ErrorKind::UnknownSource.into());
    };
    let mut linked = Alias { names: BTreeSet::new(), writers: vec![known_of_both(first, second)?] };
    linked.extend(&one);
    linked.extend(&two);
    let writer = linked.writers.first().cloned();
    let sources = aliases::link(conn, linked, &stored)?;
    let of_sources = stored.into_iter().filter(|(id, _)| sources.contains(id)).flat_map(|(_, alias)| alias.writers);
    let mut writers: BTreeSet<Writer> = of_sources.collect();
    if let Some((bundle, hardware)) = writer {
        conn.execute("UPDATE sources SET bundle = ?2, hardware = ?3 WHERE id = ?1", params![source, bundle, hardware])?;
        writers.insert((bundle, hardware));
    }
    Ok((sources, writers))
}

/// What is known of either. What is known of both and differs says that there are two.
fn known_of_both(one: &Writer, two: &Writer) -> Result<Writer> {
    let both = |a: &Option<String>, b: &Option<String>| match (a, b) {
        (Some(a), Some(b)) if a != b => Err(ErrorKind::TwoDevices),
        (a, b) => Ok(a.clone().or_else(|| b.clone())),
    };
    Ok((both(&one.0, &two.0)?, both(&one.1, &two.1)?))
}

/// Puts samples, entries and names under the sources that they belong to. Returns the kinds of which rows moved; who
/// supersedes whom there is to be decided anew.
pub(crate) fn deal(
    conn: &Connection,
    places: &Places,
    imports: &[ImportRef],
    zones: &Zones,
    derived: &mut Derived,
) -> Result<Vec<u32>> {
    let sources = places.sources();
    tellings::lift_kinds_of(conn, &sources, derived)?;
    let kinds = kinds_of(conn, &sources)?;
    let moved = entries::deal_out(conn, &sources, places, imports)?;
    for kind in &kinds {
        Dealt { conn, kind: *kind, sources: &sources, places, zones }.deal(imports)?;
        derived.all_of(conn, *kind)?;
    }
    entries::unite(conn, imports, moved)?;
    move_names(conn, &sources, places)?;
    Ok(kinds)
}

/// Gives the names of some sources to those that they belong to.
pub(crate) fn move_names(conn: &Connection, sources: &BTreeSet<u32>, places: &Places) -> Result<()> {
    let mut names: Vec<(u32, String, i64)> = Vec::new();
    for source in sources {
        let mut delete =
            conn.prepare_cached("DELETE FROM source_names WHERE source_id = ?1 RETURNING source_id, name, import_id")?;
        let rows = delete.query_map([source], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        names.extend(rows.collect::<rusqlite::Result<Vec<_>>>()?);
    }
    let sql = "INSERT OR IGNORE INTO source_names (source_id, name, import_id) VALUES (?1, ?2, ?3)";
    let mut insert = conn.prepare_cached(sql)?;
    for (source, name, import) in names {
        insert.execute(params![places.of(source, import), name, import])?;
    }
    Ok(())
}

/// The samples of one kind that some sources wrote.
struct Dealt<'a> {
    conn: &'a Connection,
    kind: u32,
    sources: &'a BTreeSet<u32>,
    places: &'a Places,
    zones: &'a Zones,
}

impl Dealt<'_> {
    fn deal(&self, imports: &[ImportRef]) -> Result<()> {
        let members = members::take(self.conn, self.kind, self.sources)?;
        let presence = Presence::load(self.conn, self.kind)?;
        let ids: BTreeSet<i64> = imports.iter().map(|import| import.id).collect();
        for id in ids {
            // Later imports had not been made then.
            let then = imports.iter().filter(|import| import.id <= id).copied().collect();
            self.replay(id, then, &presence)?;
        }
        self.swap()?;
        members::relink(self.conn, self.kind, &members, &|source, import| self.places.of(source, import))
    }

    /// Merges what one import held.
    fn replay(&self, import: i64, imports: Vec<ImportRef>, presence: &Presence) -> Result<()> {
        let identifier = derived::identifier(self.conn, self.kind)?;
        let before = Stored { kind: SCRATCH, identifier: identifier.clone(), rows: self.merged_so_far()?, live: 0 };
        let kind = KindRef { id: SCRATCH, rule: Rule::of(&identifier), identifier, had_rows: true };
        let mut claims = Claims::default();
        let mut merge = Merge {
            conn: self.conn,
            import_id: import,
            claims: &mut claims,
            derived: &mut Derived::default(),
            history: &mut History::new(import, imports),
            tails: &mut HashMap::new(),
            zones: self.zones,
            // What was let in stays.
            most_alike: usize::MAX,
            refused: Vec::new(),
        };
        let mut pages = Pages::new(self.kind);
        let mut waiting: Vec<Row> = Vec::new();
        while let Some(page) = pages.next(self.conn)? {
            let last = page.last().map_or(i64::MAX, |row| row.key.start_ms);
            let held =
                |row: &&Row| self.sources.contains(&row.key.source) && presence.holds(import, row.import_id, &row.key);
            for row in page.iter().filter(held) {
                waiting.push(self.as_held(row, import)?);
            }
            // Rows of one instant may come in two pages and must come to the merge at once.
            let whole = waiting.partition_point(|row| row.key.start_ms < last);
            let mut rows = waiting.drain(..whole).collect();
            merge.run(&kind, Claimant::TopLevel, &mut rows, &mut KindCounts::default())?;
        }
        merge.run(&kind, Claimant::TopLevel, &mut waiting, &mut KindCounts::default())?;
        absences::find(self.conn, &claims, &before, import)?;
        Ok(())
    }

    fn merged_so_far(&self) -> Result<Vec<(u32, u64)>> {
        let sql = "SELECT source_id, count(*) FROM samples WHERE kind_id = ?1 GROUP BY source_id";
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map([SCRATCH], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The row as an import held it, of the source that it belongs to.
    fn as_held(&self, row: &Row, import: i64) -> Result<Row> {
        let logged = row.flags & FLAG_LOGGED != 0;
        let image = if logged { image_at(self.conn, self.kind, &row.key, import)? } else { None };
        let mut held = Row {
            image: image.unwrap_or(row.image),
            flags: row.flags & !FLAG_LOGGED,
            import_id: import,
            superseded_by: None,
            ..*row
        };
        (held.key.source, held.key.ordinal) = (self.places.of(row.key.source, import), 0);
        Ok(held)
    }

    /// Puts the merged rows where the sources' own were.
    fn swap(&self) -> Result<()> {
        for table in ["samples", "sample_log", "absences"] {
            let mut delete =
                self.conn.prepare_cached(&format!("DELETE FROM {table} WHERE kind_id = ?1 AND source_id = ?2"))?;
            for source in self.sources {
                delete.execute([self.kind, *source])?;
            }
            self.conn
                .prepare_cached(&format!("UPDATE {table} SET kind_id = ?1 WHERE kind_id = ?2"))?
                .execute([self.kind, SCRATCH])?;
        }
        Ok(())
    }
}
