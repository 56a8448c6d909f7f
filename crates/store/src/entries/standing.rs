//! Which entries count: the rule for samples, on the kinds of entries of a source. A route of which an import does not
//! say who wrote it, for its workout was cut off, does not count beside the same route with its workout. There may be
//! millions of entries: what is held of them is what later exports cover. What files add to the rule is in
//! [`super::files`].

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, params};

use super::files::{Files, ROUTE};
use crate::error::Result;
use crate::history::{ImportRef, Rank};
use crate::stretch::NEAR_MS;
use crate::superseded::{extend, overlaps};
use crate::tellings::{COVERED, GONE, LEFT_OUT};

/// An entry with a time, and who holds it.
#[derive(Debug, Default)]
pub(super) struct Place {
    pub id: i64,
    pub source: Option<i64>,
    pub span: (i64, i64),
    pub holders: BTreeSet<i64>,
    pub superseded_by: Option<i64>,
    pub identity: String,
}

impl Place {
    /// The newest import that holds it.
    pub fn newest<'i>(&self, imports: &'i [ImportRef]) -> Option<&'i ImportRef> {
        imports.iter().rev().find(|import| self.holders.contains(&import.id))
    }

    fn held(mut self, conn: &Connection) -> Result<Self> {
        let mut statement = conn.prepare_cached("SELECT import_id FROM entry_log WHERE entry_id = ?1")?;
        self.holders = statement.query_map([self.id], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        Ok(self)
    }
}

/// Visits the entries of a kind that have a time, in its order; without routes of which no workout tells. No body is
/// read: an index has it all.
pub(super) fn each_place(conn: &Connection, kind: &str, visit: &mut dyn FnMut(Place) -> Result<()>) -> Result<()> {
    let mut statement = conn.prepare_cached(
        "SELECT id, source_id, start_ms, coalesce(end_ms, start_ms), superseded_by, identity
         FROM entries WHERE kind = ?1 AND start_ms IS NOT NULL AND (source_id IS NOT NULL OR kind != 'route')
         ORDER BY start_ms",
    )?;
    let mut rows = statement.query([kind])?;
    while let Some(row) = rows.next()? {
        let place = Place {
            id: row.get(0)?,
            source: row.get(1)?,
            span: (row.get(2)?, row.get(3)?),
            superseded_by: row.get(4)?,
            identity: row.get(5)?,
            ..Place::default()
        };
        visit(place.held(conn)?)?;
    }
    Ok(())
}

/// Decides anew which entries are superseded.
pub(crate) fn reconcile(conn: &Connection, imports: &[ImportRef]) -> Result<()> {
    let mut changed = Vec::new();
    decide(conn, imports, &mut |place, superseded_by| {
        changed.extend((superseded_by != place.superseded_by).then_some((place.id, superseded_by)));
    })?;
    let mut update = conn.prepare_cached("UPDATE entries SET superseded_by = ?2 WHERE id = ?1")?;
    changed.into_iter().try_for_each(|change| Ok(update.execute(change).map(drop)?))
}

/// Counts the entries that should be superseded and are not, or the other way round.
pub(crate) fn differences(conn: &Connection, imports: &[ImportRef]) -> Result<u64> {
    let mut differences = 0;
    decide(conn, imports, &mut |place, superseded_by| {
        // What phones tell stands for it, or it stands for what they tell.
        let told =
            superseded_by.is_none() && place.superseded_by.is_some_and(|by| [COVERED, LEFT_OUT, GONE].contains(&by));
        differences += u64::from(superseded_by != place.superseded_by && !told);
    })?;
    Ok(differences)
}

fn decide(conn: &Connection, imports: &[ImportRef], each: &mut dyn FnMut(&Place, Option<i64>)) -> Result<()> {
    let files = Files::load(conn, imports)?;
    let mut kinds = conn.prepare_cached("SELECT DISTINCT kind FROM entries ORDER BY kind")?;
    let kinds = kinds.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()?;
    let mut gone = BTreeMap::new();
    for kind in &kinds {
        let cover = Cover::of(conn, kind, imports, &files)?;
        each_place(conn, kind, &mut |mut place| {
            files.hold(kind, &mut place);
            let superseded_by = cover.superseder(kind, &place, imports, &files);
            if kind == ROUTE {
                gone.extend(superseded_by.map(|import| (place.id, import)));
            }
            each(&place, superseded_by);
            Ok(())
        })?;
    }
    decide_unwritten(conn, imports, &gone, each)
}

/// A route of which no workout tells who wrote it is told of by the newest import that holds the same one with its
/// workout, if that one counts. There may be many of either, but all of one path and time have the same twins.
fn decide_unwritten(
    conn: &Connection,
    imports: &[ImportRef],
    gone: &BTreeMap<i64, i64>,
    each: &mut dyn FnMut(&Place, Option<i64>),
) -> Result<()> {
    let rank_of = |import: i64| imports.iter().find(|i| i.id == import).map(ImportRef::rank);
    let mut twins: (Option<RouteKey>, Vec<Twin<'_>>) = (None, Vec::new());
    for (key, route) in unwritten_routes(conn)? {
        if twins.0.as_ref() != Some(&key) {
            let written = written_routes(conn, &key)?.into_iter();
            let twin = |place: Place| Twin {
                newest: place.newest(imports),
                gone: gone.get(&place.id).map(|import| rank_of(*import)),
            };
            twins = (Some(key), written.map(twin).collect());
        }
        let route = route.held(conn)?;
        let since = route.newest(imports).map(ImportRef::rank);
        // Where the workout was removed and the file is still there, the file counts.
        let stands = |twin: &&Twin<'_>| twin.gone.is_none_or(|rank| rank > since);
        let told_by = twins.1.iter().filter(stands).filter_map(|twin| twin.newest).max_by_key(|import| import.rank());
        each(&route, told_by.map(|import| import.id));
    }
    Ok(())
}

/// The same route with its workout.
struct Twin<'i> {
    newest: Option<&'i ImportRef>,
    /// The rank of the import that removed it, where one did.
    gone: Option<Option<Rank>>,
}

type Intervals = Vec<(i64, i64)>;

/// What later exports cover of the entries of a kind, as sorted disjoint intervals by source and export.
#[derive(Default)]
struct Cover {
    intervals: BTreeMap<(Option<i64>, i64), Intervals>,
}

impl Cover {
    fn of(conn: &Connection, kind: &str, imports: &[ImportRef], files: &Files<'_>) -> Result<Self> {
        let mut cover = Self::default();
        // The oldest of all exports supersedes nothing.
        let later: BTreeSet<i64> = imports.iter().skip(1).filter(|i| i.is_snapshot()).map(|i| i.id).collect();
        if later.is_empty() {
            return Ok(cover);
        }
        each_place(conn, kind, &mut |mut place| {
            files.hold(kind, &mut place);
            let near = (place.span.0.saturating_sub(NEAR_MS), place.span.1.saturating_add(NEAR_MS));
            for import in place.holders.intersection(&later) {
                extend(cover.intervals.entry((place.source, *import)).or_default(), near);
            }
            Ok(())
        })?;
        Ok(cover)
    }

    /// The oldest newer snapshot that lacks the entry and covers its time; or one that has it whole.
    fn superseder(&self, kind: &str, place: &Place, imports: &[ImportRef], files: &Files<'_>) -> Option<i64> {
        let holder = place.newest(imports).map(ImportRef::rank);
        let newer = imports.iter().filter(|i| i.is_snapshot() && holder.is_some_and(|holder| i.rank() > holder));
        let covers = |id: &i64| {
            let intervals = self.intervals.get(&(place.source, *id));
            intervals.is_some_and(|intervals| overlaps(intervals, place.span.0, place.span.1))
        };
        let mut lacking = newer.map(|i| i.id).filter(|id| !files.may_have_lost(kind, *id, place));
        lacking.find(covers).or_else(|| files.known_whole.get(&place.id).copied())
    }
}

/// Start, path and end of a route.
type RouteKey = (Option<i64>, String, Option<i64>);

/// The routes of which no workout tells who wrote them; those of one path and time lie side by side.
fn unwritten_routes(conn: &Connection) -> Result<Vec<(RouteKey, Place)>> {
    let mut statement = conn.prepare_cached(
        "SELECT start_ms, identity, end_ms, id, superseded_by FROM entries
         WHERE kind = 'route' AND source_id IS NULL ORDER BY start_ms, identity, end_ms, id",
    )?;
    let route = |row: &rusqlite::Row<'_>| {
        let place = Place { id: row.get(3)?, superseded_by: row.get(4)?, ..Place::default() };
        Ok(((row.get(0)?, row.get(1)?, row.get(2)?), place))
    };
    Ok(statement.query_map([], route)?.collect::<rusqlite::Result<_>>()?)
}

/// The routes of a path and time of which a workout tells who wrote them.
fn written_routes(conn: &Connection, key: &RouteKey) -> Result<Vec<Place>> {
    let mut statement = conn.prepare_cached(
        "SELECT id FROM entries
         WHERE kind = 'route' AND start_ms IS ?1 AND identity = ?2 AND end_ms IS ?3 AND source_id IS NOT NULL",
    )?;
    let ids = statement.query_map(params![key.0, key.1, key.2], |row| row.get(0))?;
    ids.map(|id| Place { id: id?, ..Place::default() }.held(conn)).collect()
}
