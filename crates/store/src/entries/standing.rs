//! Which entries count: the rule for samples, on the kinds of entries of a source. A route of which an import does not
//! say who wrote it, for its workout was cut off, does not count beside the same route with its workout. There may be
//! millions of entries: what is held of them is what later exports cover. What files add to the rule is in
//! [`super::files`].

use std::collections::{BTreeMap, BTreeSet};

use health::INCOMPLETE;
use rusqlite::{Connection, params};

use super::files::{Files, ROUTE};
use crate::error::Result;
use crate::history::ImportRef;
use crate::stretch::NEAR_MS;
use crate::superseded::{extend, overlaps};

/// An entry with a time, and who holds it.
#[derive(Debug, Default)]
pub(super) struct Place {
    pub id: i64,
    pub source: Option<i64>,
    pub span: (i64, i64),
    pub holders: BTreeSet<i64>,
    pub superseded_by: Option<i64>,
    pub identity: String,
    pub is_torn: bool,
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

/// What stands in the body of an entry of which the file is torn.
pub(super) fn torn_mark() -> String {
    format!("\"{INCOMPLETE}\":true")
}

/// Visits the entries of a kind that have a time, in its order; without routes of which no workout tells.
pub(super) fn each_place(conn: &Connection, kind: &str, visit: &mut dyn FnMut(Place) -> Result<()>) -> Result<()> {
    let mut statement = conn.prepare_cached(
        "SELECT id, source_id, start_ms, coalesce(end_ms, start_ms), superseded_by, identity, instr(body, ?2) > 0
         FROM entries WHERE kind = ?1 AND start_ms IS NOT NULL AND (source_id IS NOT NULL OR kind != 'route')
         ORDER BY start_ms",
    )?;
    let mut rows = statement.query(params![kind, torn_mark()])?;
    while let Some(row) = rows.next()? {
        let place = Place {
            id: row.get(0)?,
            source: row.get(1)?,
            span: (row.get(2)?, row.get(3)?),
            superseded_by: row.get(4)?,
            identity: row.get(5)?,
            is_torn: row.get(6)?,
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
        differences += u64::from(superseded_by != place.superseded_by);
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
    for (place, twins) in &unwritten_routes(conn)? {
        let rank_of = |import: i64| imports.iter().find(|i| i.id == import).map(ImportRef::rank);
        let since = place.newest(imports).map(ImportRef::rank);
        // Where the workout was removed and the file is still there, the file counts.
        let stands = |twin: &&Place| gone.get(&twin.id).is_none_or(|import| rank_of(*import) > since);
        let told_by = twins.iter().filter(stands).filter_map(|twin| twin.newest(imports));
        each(place, told_by.max_by_key(|import| import.rank()).map(|import| import.id));
    }
    Ok(())
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

/// The routes of which no workout tells who wrote them, each with the same ones of which one does.
fn unwritten_routes(conn: &Connection) -> Result<Vec<(Place, Vec<Place>)>> {
    let place = |row: &rusqlite::Row<'_>| Ok(Place { id: row.get(0)?, superseded_by: row.get(1)?, ..Place::default() });
    let mut routes = conn.prepare_cached(
        "SELECT id, superseded_by FROM entries
         WHERE kind = 'route' AND source_id IS NULL ORDER BY id",
    )?;
    let mut twins = conn.prepare_cached(
        "SELECT t.id, t.superseded_by FROM entries r
         JOIN entries t ON t.kind = r.kind AND t.start_ms IS r.start_ms AND t.identity = r.identity
             AND t.end_ms IS r.end_ms AND t.source_id IS NOT NULL
         WHERE r.id = ?1 ORDER BY t.id",
    )?;
    let routes = routes.query_map([], place)?.collect::<rusqlite::Result<Vec<_>>>()?;
    let with_twins = |route: Place| {
        let twins = twins.query_map([route.id], place)?.collect::<rusqlite::Result<Vec<_>>>()?;
        Ok((route.held(conn)?, twins.into_iter().map(|twin| twin.held(conn)).collect::<Result<_>>()?))
    };
    routes.into_iter().map(with_twins).collect()
}
