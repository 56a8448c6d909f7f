//! Which entries count: the rule for samples, on the kinds of entries of a source. A route of which an import does not
//! say who wrote it, for its workout was cut off, does not count beside the same route with its workout; nor does what
//! could be read of a torn file beside the whole one. An import that lost a file removes none of that kind, but for the
//! routes whose path it has itself.

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

struct Place {
    id: i64,
    span: (i64, i64),
    holders: BTreeSet<i64>,
    superseded_by: Option<i64>,
    identity: String,
    is_torn: bool,
}

impl Place {
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
    let paths = paths(&series, &with_lost_files);
    let known_whole = hold_whole_ones(&mut series, imports);
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
            let has_path = |import: &i64| paths.get(import).is_some_and(|paths| paths.contains(&place.identity));
            let may_be_lost = |import: i64| with_lost_files.contains(&(kind.clone(), import)) && !has_path(&import);
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

/// Kind and identity of a file.
type File = (String, String);

/// Whole files of one name and start.
struct Whole<'i> {
    end_ms: i64,
    newest: &'i ImportRef,
    /// Who holds what could be read of it where it was torn.
    part_holders: BTreeSet<i64>,
}

/// Whoever holds what could be read of a torn file holds the file, of which others may know more; who wrote an
/// electrocardiogram may be what is torn. Returns the torn ones, each with the newest import that had it whole.
fn hold_whole_ones(series: &mut Series, imports: &[ImportRef]) -> BTreeMap<i64, i64> {
    let all = || series.iter().flat_map(|((kind, _), places)| places.iter().map(move |place| (kind, place)));
    let file = |kind: &str, place: &Place| (kind.to_owned(), place.identity.clone());
    let torn: BTreeSet<File> =
        all().filter(|(_, place)| place.is_torn).map(|(kind, place)| file(kind, place)).collect();
    let mut wholes: BTreeMap<File, BTreeMap<i64, Whole<'_>>> = BTreeMap::new();
    for (kind, place) in all().filter(|(_, place)| !place.is_torn && !torn.is_empty()) {
        let Some(newest) = place.newest(imports).filter(|_| torn.contains(&file(kind, place))) else { continue };
        let whole = Whole { end_ms: place.span.1, newest, part_holders: BTreeSet::new() };
        let known = wholes.entry(file(kind, place)).or_default().entry(place.span.0).or_insert(whole);
        known.end_ms = known.end_ms.max(place.span.1);
        known.newest = if known.newest.rank() < newest.rank() { newest } else { known.newest };
    }
    let mut known_whole = BTreeMap::new();
    for (kind, place) in all().filter(|(_, place)| place.is_torn) {
        if let Some(whole) = wholes.get_mut(&file(kind, place)).and_then(|starts| whole_of(kind, place.span, starts)) {
            whole.part_holders.extend(&place.holders);
            known_whole.insert(place.id, whole.newest.id);
        }
    }
    for ((kind, _), places) in series.iter_mut().filter(|_| !known_whole.is_empty()) {
        for place in places.iter_mut().filter(|place| !place.is_torn) {
            let whole = wholes.get(&file(kind, place)).and_then(|starts| starts.get(&place.span.0));
            place.holders.extend(whole.map(|whole| &whole.part_holders).into_iter().flatten());
        }
    }
    known_whole
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

/// The paths of the routes that imports hold wholly which lost files: these are not the lost ones.
fn paths(series: &Series, with_lost_files: &BTreeSet<(String, i64)>) -> BTreeMap<i64, BTreeSet<String>> {
    let lost: BTreeSet<i64> =
        with_lost_files.iter().filter(|(kind, _)| kind == ROUTE).map(|(_, import)| *import).collect();
    let mut paths: BTreeMap<i64, BTreeSet<String>> = BTreeMap::new();
    let routes = series.iter().filter(|((kind, _), _)| kind == ROUTE).flat_map(|(_, places)| places);
    for place in routes.filter(|place| !place.is_torn) {
        for import in place.holders.intersection(&lost) {
            paths.entry(*import).or_default().insert(place.identity.clone());
        }
    }
    paths
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
