//! Routes: they belong to a workout, by its identifier or by when it was, and wait where nobody told of it yet. Of
//! several that tell one workout that with the most points counts.

use std::collections::BTreeSet;

use health::{EntryKind, time};
use rusqlite::{Connection, params};
use serde_json::{Map, Value as Json, json};

use super::part::Member;
use super::{COVERED, Key, Known, STANDS, key_of};
use crate::error::Result;

/// How far beside its workout a route may begin.
const BESIDE_MS: i64 = 3_600_000;

/// A workout that phones tell, and all that tell it.
pub(super) struct Routed<'a> {
    pub key: Key,
    pub is_gone: bool,
    pub uuid: Option<Json>,
    pub members: Vec<&'a Member>,
}

/// A route of a phone or of files.
struct Route {
    id: i64,
    points: u64,
    body: Map<String, Json>,
}

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Route> {
    let body: Map<String, Json> = serde_json::from_str(&row.get::<_, String>(1)?).unwrap_or_default();
    let points = body.get("points").and_then(Json::as_u64).unwrap_or(0);
    Ok(Route { id: row.get(0)?, points, body })
}

fn link(body: &Map<String, Json>, key: &str) -> String {
    body.get("workout").and_then(|link| link.get(key)).and_then(Json::as_str).unwrap_or_default().to_owned()
}

fn key(route: &Route) -> Key {
    (link(&route.body, "activity"), link(&route.body, "start"), link(&route.body, "end"))
}

/// When the workouts of a route begin.
pub(super) fn workouts_of(conn: &Connection, body: &str) -> Result<Vec<i64>> {
    let body: Map<String, Json> = serde_json::from_str(body).unwrap_or_default();
    let mut found: Vec<i64> = time::parse_stamp(&link(&body, "start")).into_iter().collect();
    if let Ok(uuid) = link(&body, "uuid").parse::<health::phone::Uuid>() {
        let mut statement = conn.prepare_cached(
            "SELECT start_ms FROM entry_tellings WHERE kind = 'workout' AND uuid = ?1 AND start_ms IS NOT NULL",
        )?;
        let starts = statement.query_map([uuid.bytes()], |row| row.get(0))?;
        found.extend(starts.collect::<rusqlite::Result<Vec<i64>>>()?);
    }
    Ok(found)
}

/// Lays the routes of some workouts down anew; `before` has the keys of what stood for workouts there, and of those of
/// files.
pub(super) fn lay(
    conn: &Connection,
    known: &Known,
    (stood, files): (BTreeSet<Key>, BTreeSet<Key>),
    workouts: &[Routed<'_>],
) -> Result<()> {
    for key in &stood {
        conn.prepare_cached(&format!(
            "DELETE FROM entries AS e WHERE kind = 'route' AND body ->> '$.workout.activity' = ?1
                AND body ->> '$.workout.start' = ?2 AND body ->> '$.workout.end' = ?3 AND {STANDS}"
        ))?
        .execute(params![key.0, key.1, key.2])?;
    }
    for key in &files {
        for route in of_files(conn, key)?.iter().filter(|(_, covered)| *covered) {
            cover(conn, route.0.id, None)?;
        }
    }
    workouts.iter().try_for_each(|workout| lay_one(conn, known, workout))
}

fn cover(conn: &Connection, id: i64, by: Option<i64>) -> Result<()> {
    conn.prepare_cached("UPDATE entries SET superseded_by = ?2 WHERE id = ?1")?.execute(params![id, by])?;
    Ok(())
}

/// The routes of a workout of files, and whether others stand for them.
fn of_files(conn: &Connection, (activity, start, end): &Key) -> Result<Vec<(Route, bool)>> {
    let (from, until) = (time::parse_stamp(start), time::parse_stamp(end));
    let mut statement = conn.prepare_cached(&format!(
        "SELECT id, body, superseded_by IS NOT NULL FROM entries e
         WHERE kind = 'route' AND start_ms BETWEEN ?4 AND ?5 AND (superseded_by IS NULL OR superseded_by = {COVERED})
            AND body ->> '$.workout.activity' = ?1 AND body ->> '$.workout.start' = ?2
            AND body ->> '$.workout.end' = ?3 AND NOT ({STANDS}) ORDER BY start_ms, identity, id"
    ))?;
    let range = (from.map(|ms| ms - BESIDE_MS), until.map(|ms| ms + BESIDE_MS));
    let rows = statement
        .query_map(params![activity, start, end, range.0, range.1], |row| Ok((read(row)?, row.get::<_, bool>(2)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn lay_one(conn: &Connection, known: &Known, workout: &Routed<'_>) -> Result<()> {
    let files = workout.members.iter().filter(|member| member.is_file);
    let mut of_file = Vec::new();
    for file in files {
        of_file.extend(of_files(conn, &key_of(&file.told.identity, file.start_ms, file.end_ms))?);
    }
    let mut told = of_phones(conn, workout)?;
    told.sort_by_cached_key(|route| (std::cmp::Reverse(route.points), Json::Object(route.body.clone()).to_string()));
    if workout.is_gone {
        return of_file.iter().try_for_each(|(route, _)| cover(conn, route.id, Some(COVERED)));
    }
    let in_files: u64 = of_file.iter().map(|(route, _)| route.points).sum();
    let best = told.first().filter(|best| best.points > in_files);
    let device = workout.members.iter().filter(|member| !member.is_file).map(|member| member.import_id).min();
    for (route, _) in &of_file {
        if best.is_none() {
            stand_for(conn, known, workout, (route, "entries", device), None)?;
        }
        cover(conn, route.id, Some(COVERED))?;
    }
    if let Some(best) = best {
        let id: Option<i64> = conn
            .prepare_cached("SELECT entry_id FROM entry_tellings WHERE id = ?1")?
            .query_row([best.id], |row| row.get(0))?;
        let id = stand_for(conn, known, workout, (best, "entry_tellings", device), id)?;
        conn.prepare_cached("UPDATE entry_tellings SET entry_id = ?2 WHERE id = ?1")?.execute([best.id, id])?;
    }
    Ok(())
}

/// What phones told of a workout's way.
fn of_phones(conn: &Connection, workout: &Routed<'_>) -> Result<Vec<Route>> {
    let starts = || workout.members.iter().filter_map(|member| member.start_ms);
    let ends = || workout.members.iter().filter_map(|member| member.end_ms.or(member.start_ms));
    let (Some(from), Some(until)) = (starts().min(), ends().max()) else { return Ok(Vec::new()) };
    let mut statement = conn.prepare_cached(
        "SELECT id, body FROM entry_tellings
         WHERE kind = 'route' AND (start_ms IS NULL OR start_ms BETWEEN ?1 AND ?2) ORDER BY id",
    )?;
    let rows = statement.query_map([from - BESIDE_MS, until + BESIDE_MS], read)?;
    let mut found: Vec<Route> = rows.collect::<rusqlite::Result<_>>()?;
    let uuids: BTreeSet<String> =
        workout.members.iter().filter_map(|member| member.told.uuid).map(|uuid| uuid.to_string()).collect();
    let keys: BTreeSet<Key> = workout
        .members
        .iter()
        .filter(|member| !member.is_file)
        .map(|member| key_of(&member.told.identity, member.start_ms, member.end_ms))
        .collect();
    found.retain(|route| match link(&route.body, "uuid").to_uppercase() {
        uuid if !uuid.is_empty() => uuids.contains(&uuid),
        _ => keys.contains(&key(route)),
    });
    Ok(found)
}

/// Writes a row that stands for a route and names the workout as it is now.
fn stand_for(
    conn: &Connection,
    known: &Known,
    workout: &Routed<'_>,
    (route, table, device): (&Route, &str, Option<i64>),
    id: Option<i64>,
) -> Result<i64> {
    let mut body = route.body.clone();
    let (activity, start, end) = &workout.key;
    let mut link = json!({"activity": activity, "start": start, "end": end});
    if let Some(uuid) = &workout.uuid {
        link["uuid"] = uuid.clone();
    }
    body.insert(EntryKind::Workout.as_str().to_owned(), link);
    let (identity, source): (String, Option<u32>) = match table {
        "entries" => conn
            .prepare_cached("SELECT identity, source_id FROM entries WHERE id = ?1")?
            .query_row([route.id], |row| Ok((row.get(0)?, row.get(1)?)))?,
        _ => conn
            .prepare_cached("SELECT identity, teller_id FROM entry_tellings WHERE id = ?1")?
            .query_row([route.id], |row| Ok((row.get(0)?, row.get::<_, Option<u32>>(1)?)))
            .map(|(identity, teller)| (identity, teller.and_then(|id| Some(known.tellers.get(&id)?.source))))?,
    };
    let mut taken = conn.prepare_cached("SELECT EXISTS (SELECT 1 FROM entries WHERE id = ?1)")?;
    let taken = |id: &i64| taken.query_row([id], |row| row.get::<_, bool>(0));
    let free = match id {
        Some(id) if !{ taken }(&id)? => Some(id),
        _ => None,
    };
    let mut insert = conn.prepare_cached(&format!(
        "INSERT INTO entries (id, kind, identity, source_id, start_ms, end_ms, body, payload, import_id)
         SELECT ?2, 'route', ?3, ?4, start_ms, end_ms, ?5, payload, ?6 FROM {table} WHERE id = ?1 RETURNING id"
    ))?;
    let body = Json::Object(body).to_string();
    Ok(insert.query_row(params![route.id, free, identity, source, body, device], |row| row.get(0))?)
}
