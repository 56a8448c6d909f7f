//! What files add to the rule of which entries count: of a file that an export lost, or could not read wholly, an
//! earlier export may have more. What could be read of a torn file does not count beside the whole one, and who holds
//! it holds the file. An import that lost a file removes none of that kind, but for the routes whose path it has.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, params};

use super::standing::{Place, each_place};
use crate::error::Result;
use crate::history::ImportRef;
use crate::ingest::REJECTS_KEPT;

/// The kind of entry that a file of points is.
pub(super) const ROUTE: &str = "route";

/// What tells an entry of a torn file, as the index `entries_torn` has it; [`health::INCOMPLETE`].
const TORN: &str = "instr(body, '\"incomplete\":true') > 0";

/// Kind and identity of a file.
type File = (String, String);

/// What imports know of files that one of them has not, or not wholly.
pub(super) struct Files<'i> {
    /// What could be read of torn files.
    torn: BTreeSet<i64>,
    /// Of torn files, the whole ones by their start.
    wholes: BTreeMap<File, BTreeMap<i64, Whole<'i>>>,
    /// The torn ones, each with the newest import that had it whole.
    pub known_whole: BTreeMap<i64, i64>,
    /// The imports of which a file of a kind was missing, or could not be read wholly: nobody knows which of the files
    /// of others it was.
    lost: BTreeSet<(String, i64)>,
    /// The paths of the routes that these hold wholly: these are not the lost ones.
    paths: BTreeSet<(i64, String)>,
}

/// Whole files of one name and start.
struct Whole<'i> {
    end_ms: i64,
    newest: &'i ImportRef,
    /// Who holds what could be read of it where it was torn.
    part_holders: BTreeSet<i64>,
}

impl<'i> Files<'i> {
    pub fn load(conn: &Connection, imports: &'i [ImportRef]) -> Result<Self> {
        let ids = torn_ids(conn)?;
        let torn = torn(conn, &ids)?;
        let mut wholes = wholes(conn, imports, &torn, &ids)?;
        let mut known_whole = BTreeMap::new();
        for (kind, place) in &torn {
            let file = (kind.clone(), place.identity.clone());
            if let Some(whole) = wholes.get_mut(&file).and_then(|starts| whole_of(kind, place.span, starts)) {
                whole.part_holders.extend(&place.holders);
                known_whole.insert(place.id, whole.newest.id);
            }
        }
        let lost = lost(conn)?;
        Ok(Self { wholes, known_whole, paths: paths(conn, &lost, &ids)?, lost, torn: ids })
    }

    /// Whoever holds what could be read of a torn file holds the file, of which others may know more; who wrote an
    /// electrocardiogram may be what is torn.
    pub fn hold(&self, kind: &str, place: &mut Place) {
        if self.known_whole.is_empty() || self.torn.contains(&place.id) {
            return;
        }
        let whole = self.wholes.get(&(kind.to_owned(), place.identity.clone()));
        let whole = whole.and_then(|starts| starts.get(&place.span.0));
        place.holders.extend(whole.map(|whole| &whole.part_holders).into_iter().flatten());
    }

    /// Whether an entry may be the file that an import lost.
    pub fn may_have_lost(&self, kind: &str, import: i64, place: &Place) -> bool {
        !self.lost.is_empty()
            && self.lost.contains(&(kind.to_owned(), import))
            && !self.paths.contains(&(import, place.identity.clone()))
    }
}

/// The entries of which the file is torn; an index knows them.
fn torn_ids(conn: &Connection) -> Result<BTreeSet<i64>> {
    let mut statement = conn.prepare_cached(&format!("SELECT id FROM entries WHERE {TORN}"))?;
    Ok(statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

/// What could be read of torn files, with their kinds.
fn torn(conn: &Connection, ids: &BTreeSet<i64>) -> Result<Vec<(String, Place)>> {
    let mut kinds = conn.prepare_cached(&format!("SELECT DISTINCT kind FROM entries WHERE {TORN} ORDER BY kind"))?;
    let mut torn = Vec::new();
    for kind in kinds.query_map([], |row| row.get::<_, String>(0))? {
        let kind = kind?;
        each_place(conn, &kind, &mut |place| {
            torn.extend(ids.contains(&place.id).then(|| (kind.clone(), place)));
            Ok(())
        })?;
    }
    Ok(torn)
}

fn wholes<'i>(
    conn: &Connection,
    imports: &'i [ImportRef],
    torn: &[(String, Place)],
    ids: &BTreeSet<i64>,
) -> Result<BTreeMap<File, BTreeMap<i64, Whole<'i>>>> {
    let mut wholes: BTreeMap<File, BTreeMap<i64, Whole<'i>>> = BTreeMap::new();
    let files: BTreeSet<File> = torn.iter().map(|(kind, place)| (kind.clone(), place.identity.clone())).collect();
    let kinds: BTreeSet<&str> = torn.iter().map(|(kind, _)| kind.as_str()).collect();
    for kind in kinds {
        each_place(conn, kind, &mut |place| {
            let file = (kind.to_owned(), place.identity.clone());
            let newest = place.newest(imports).filter(|_| !ids.contains(&place.id) && files.contains(&file));
            let Some(newest) = newest else { return Ok(()) };
            let whole = Whole { end_ms: place.span.1, newest, part_holders: BTreeSet::new() };
            let known = wholes.entry(file).or_default().entry(place.span.0).or_insert(whole);
            known.end_ms = known.end_ms.max(place.span.1);
            known.newest = if known.newest.rank() < newest.rank() { newest } else { known.newest };
            Ok(())
        })?;
    }
    Ok(wholes)
}

/// The whole one of a torn file. The path of a route is its own, and its first point may be what is torn: of several
/// versions of one that is it which begins nearest by. All ECGs are of one name, and tell their start before the rest.
fn whole_of<'w, 'i>(
    kind: &str,
    (start_ms, end_ms): (i64, i64),
    starts: &'w mut BTreeMap<i64, Whole<'i>>,
) -> Option<&'w mut Whole<'i>> {
    if kind != ROUTE {
        return starts.get_mut(&start_ms);
    }
    let around = [starts.range(..=start_ms).next_back(), starts.range(start_ms..).next()];
    let overlapping =
        around.into_iter().flatten().filter(|(start, whole)| **start <= end_ms && whole.end_ms >= start_ms);
    let nearest = overlapping.map(|(start, _)| *start).min_by_key(|start| start.abs_diff(start_ms))?;
    starts.get_mut(&nearest)
}

fn paths(conn: &Connection, lost: &BTreeSet<(String, i64)>, torn: &BTreeSet<i64>) -> Result<BTreeSet<(i64, String)>> {
    let mut statement = conn.prepare_cached(
        "SELECT e.id, e.identity FROM entries e JOIN entry_log l ON l.entry_id = e.id
         WHERE e.kind = ?1 AND e.source_id IS NOT NULL AND e.start_ms IS NOT NULL AND l.import_id = ?2",
    )?;
    let mut paths = BTreeSet::new();
    for (_, import) in lost.iter().filter(|(kind, _)| kind == ROUTE) {
        let mut rows = statement.query(params![ROUTE, import])?;
        while let Some(row) = rows.next()? {
            if !torn.contains(&row.get(0)?) {
                paths.insert((*import, row.get(1)?));
            }
        }
    }
    Ok(paths)
}

fn lost(conn: &Connection) -> Result<BTreeSet<(String, i64)>> {
    let mut statement = conn.prepare_cached(
        "SELECT DISTINCT kind, import_id FROM rejects
         WHERE kind IN ('route', 'ecg') AND reason IN ('missing_file', 'damaged_file', 'too_large_file')
         UNION SELECT k.column1, r.import_id FROM (VALUES ('route'), ('ecg')) k,
             (SELECT import_id FROM rejects GROUP BY import_id HAVING count(*) >= ?1) r",
    )?;
    let rows = statement.query_map([REJECTS_KEPT as i64], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
