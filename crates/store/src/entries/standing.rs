//! Which entries count: the rule for samples, on the kinds of entries of a source. A route of which an import does not
//! say who wrote it, for its workout was cut off, does not count beside the same route with its workout; nor does what
//! could be read of a torn file beside the whole one. An import that lost a file removes none of that kind.

use std::collections::{BTreeMap, BTreeSet};

use health::INCOMPLETE;
use rusqlite::{Connection, params};

use crate::error::Result;
use crate::history::ImportRef;
use crate::ingest::REJECTS_KEPT;
use crate::stretch::NEAR_MS;
use crate::superseded::{extend, overlaps};

/// The kind of entry that a file of points is.
const ROUTE: &str = "route";

#[derive(Clone)]
struct Place {
    id: i64,
    span: (i64, i64),
    holders: BTreeSet<i64>,
    superseded_by: Option<i64>,
    identity: String,
    is_torn: bool,
}

impl Place {
    /// What a torn one has in common with the whole one. A route has its path for itself, and its first point may be
    /// what is torn; all ECGs are of one name.
    fn file(&self, kind: &str) -> File {
        (kind.to_owned(), self.identity.clone(), (kind != ROUTE).then_some(self.span.0))
    }

    /// Whether a torn file of the same name lies in the time of this one.
    fn has_time_of(&self, torn: &Self) -> bool {
        (self.span.0..=self.span.1).contains(&torn.span.0)
    }

    /// The newest import that holds it.
    fn newest<'i>(&self, imports: &'i [ImportRef]) -> Option<&'i ImportRef> {
        imports.iter().rev().find(|import| self.holders.contains(&import.id))
    }
}

/// Decides anew which entries are superseded.
pub(crate) fn reconcile(conn: &Connection, imports: &[ImportRef]) -> Result<()> {
    decide(conn, imports, &mut |place, superseded_by| {
        if superseded_by != place.superseded_by {
            conn.prepare_cached("UPDATE entries SET superseded_by = ?2 WHERE id = ?1")?
                .execute(params![place.id, superseded_by])?;
        }
        Ok(())
    })
}

/// Counts the entries that should be superseded and are not, or the other way round.
pub(crate) fn differences(conn: &Connection, imports: &[ImportRef]) -> Result<u64> {
    let mut differences = 0;
    decide(conn, imports, &mut |place, superseded_by| {
        differences += u64::from(superseded_by != place.superseded_by);
        Ok(())
    })?;
    Ok(differences)
}

fn decide(
    conn: &Connection,
    imports: &[ImportRef],
    each: &mut dyn FnMut(&Place, Option<i64>) -> Result<()>,
) -> Result<()> {
    let mut gone = BTreeMap::new();
    let snapshots: Vec<&ImportRef> = imports.iter().filter(|import| import.is_snapshot()).collect();
    let with_lost_files = with_lost_files(conn)?;
    let mut series = series(conn)?;
    let known_whole = hold_whole_ones(&mut series, imports);
    let paths = paths(&series, &with_lost_files);
    for ((kind, _), places) in &series {
        let mut cover: BTreeMap<i64, Vec<(i64, i64)>> = BTreeMap::new();
        for place in places {
            for import in &place.holders {
                let near = (place.span.0.saturating_sub(NEAR_MS), place.span.1.saturating_add(NEAR_MS));
                extend(cover.entry(*import).or_default(), near);
            }
        }
        for place in places {
            let holder = place.newest(imports);
            let newer = snapshots.iter().filter(|s| holder.is_some_and(|holder| s.rank() > holder.rank()));
            let may_be_lost = |import: i64| {
                with_lost_files.contains(&(kind.clone(), import)) && !paths.contains(&(import, &*place.identity))
            };
            let newer = newer.filter(|s| !may_be_lost(s.id));
            let superseded_by = newer
                .map(|snapshot| snapshot.id)
                .find(|id| cover.get(id).is_some_and(|c| overlaps(c, place.span.0, place.span.1)))
                .or_else(|| known_whole.get(&place.id).copied());
            gone.extend(superseded_by.map(|import| (place.id, import)));
            each(place, superseded_by)?;
        }
    }
    for (place, twins) in &unwritten_routes(conn)? {
        let rank_of = |import: i64| imports.iter().find(|i| i.id == import).map(ImportRef::rank);
        let since = place.newest(imports).map(ImportRef::rank);
        // Where the workout was removed and the file is still there, the file counts.
        let stands = |twin: &&Place| gone.get(&twin.id).is_none_or(|import| rank_of(*import) > since);
        let told_by = twins.iter().filter(stands).filter_map(|twin| twin.newest(imports));
        each(place, told_by.max_by_key(|import| import.rank()).map(|import| import.id))?;
    }
    Ok(())
}

/// Kind and identity of a file, and its start where others have the same name.
type File = (String, String, Option<i64>);

/// Whoever holds what could be read of a torn file holds the file, of which others may know more; who wrote it may be
/// what is torn. Returns the torn ones, each with the newest import that had it whole.
fn hold_whole_ones(series: &mut Series, imports: &[ImportRef]) -> BTreeMap<i64, i64> {
    let mut torn: BTreeMap<File, Vec<Place>> = BTreeMap::new();
    for ((kind, _), places) in &*series {
        for place in places.iter().filter(|place| place.is_torn) {
            torn.entry(place.file(kind)).or_default().push(place.clone());
        }
    }
    let mut newest: BTreeMap<i64, &ImportRef> = BTreeMap::new();
    if torn.is_empty() {
        return BTreeMap::new();
    }
    for ((kind, _), places) in series {
        for whole in places.iter_mut().filter(|place| !place.is_torn) {
            let Some(import) = whole.newest(imports) else { continue };
            let parts = torn.get(&whole.file(kind)).into_iter().flatten();
            let parts: Vec<&Place> = parts.filter(|torn| whole.has_time_of(torn)).collect();
            for torn in parts {
                whole.holders.extend(&torn.holders);
                let known = newest.entry(torn.id).or_insert(import);
                *known = if known.rank() < import.rank() { import } else { known };
            }
        }
    }
    newest.into_iter().map(|(torn, import)| (torn, import.id)).collect()
}

/// The routes that imports hold which lost files, by their paths: these are not the lost ones.
fn paths<'s>(series: &'s Series, with_lost_files: &BTreeSet<(String, i64)>) -> BTreeSet<(i64, &'s str)> {
    let lost: BTreeSet<i64> =
        with_lost_files.iter().filter(|(kind, _)| kind == ROUTE).map(|(_, import)| *import).collect();
    let routes = series.iter().filter(|((kind, _), _)| kind == ROUTE).flat_map(|(_, places)| places);
    let held = |place: &'s Place| place.holders.iter().map(|import| (*import, &*place.identity));
    routes.flat_map(held).filter(|(import, _)| lost.contains(import)).collect()
}

/// The imports of which a file of a kind was missing, or could not be read wholly: nobody knows which of the files of
/// others it was.
fn with_lost_files(conn: &Connection) -> Result<BTreeSet<(String, i64)>> {
    let mut statement = conn.prepare_cached(
        "SELECT DISTINCT kind, import_id FROM rejects
         WHERE kind IN ('route', 'ecg') AND reason IN ('missing_file', 'damaged_file', 'too_large_file')
         UNION SELECT k.column1, r.import_id FROM (VALUES ('route'), ('ecg')) k,
             (SELECT import_id FROM rejects GROUP BY import_id HAVING count(*) >= ?1) r",
    )?;
    let rows = statement.query_map([REJECTS_KEPT as i64], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The routes of which no workout tells who wrote them, each with the same ones of which one does.
fn unwritten_routes(conn: &Connection) -> Result<Vec<(Place, Vec<Place>)>> {
    let place = |row: &rusqlite::Row<'_>| {
        let span = (row.get(1)?, row.get(1)?);
        let (holders, identity) = (BTreeSet::new(), String::new());
        Ok(Place { id: row.get(0)?, span, superseded_by: row.get(2)?, holders, identity, is_torn: false })
    };
    let held = |mut place: Place| {
        let mut statement = conn.prepare_cached("SELECT import_id FROM entry_log WHERE entry_id = ?1")?;
        place.holders = statement.query_map([place.id], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        Ok(place)
    };
    let mut routes = conn.prepare_cached(
        "SELECT id, coalesce(start_ms, 0), superseded_by FROM entries
         WHERE kind = 'route' AND source_id IS NULL ORDER BY id",
    )?;
    let mut twins = conn.prepare_cached(
        "SELECT t.id, coalesce(t.start_ms, 0), t.superseded_by FROM entries r
         JOIN entries t ON t.kind = r.kind AND t.start_ms IS r.start_ms AND t.identity = r.identity
             AND t.end_ms IS r.end_ms AND t.source_id IS NOT NULL
         WHERE r.id = ?1 ORDER BY t.id",
    )?;
    let routes = routes.query_map([], place)?.collect::<rusqlite::Result<Vec<_>>>()?;
    let with_twins = |route: Place| {
        let twins = twins.query_map([route.id], place)?.collect::<rusqlite::Result<Vec<_>>>()?;
        Ok((held(route)?, twins.into_iter().map(held).collect::<Result<_>>()?))
    };
    routes.into_iter().map(with_twins).collect()
}

/// By kind and source.
type Series = BTreeMap<(String, Option<i64>), Vec<Place>>;

/// Entries with a time, in the order of time; without routes of which no workout tells.
fn series(conn: &Connection) -> Result<Series> {
    let mut statement = conn.prepare(
        "SELECT e.kind, e.source_id, e.id, e.start_ms, coalesce(e.end_ms, e.start_ms), e.superseded_by, l.import_id,
             e.identity, instr(e.body, ?1) > 0
         FROM entries e JOIN entry_log l ON l.entry_id = e.id
         WHERE e.start_ms IS NOT NULL AND (e.source_id IS NOT NULL OR e.kind != 'route')
         ORDER BY e.kind, e.source_id, e.start_ms, e.id",
    )?;
    let mut rows = statement.query([format!("\"{INCOMPLETE}\":true")])?;
    let mut series = Series::new();
    while let Some(row) = rows.next()? {
        let places = series.entry((row.get(0)?, row.get(1)?)).or_default();
        let id: i64 = row.get(2)?;
        if places.last().is_none_or(|last| last.id != id) {
            places.push(Place {
                id,
                span: (row.get(3)?, row.get(4)?),
                superseded_by: row.get(5)?,
                holders: BTreeSet::new(),
                identity: row.get(7)?,
                is_torn: row.get(8)?,
            });
        }
        if let Some(place) = places.last_mut() {
            place.holders.insert(row.get(6)?);
        }
    }
    Ok(series)
}
