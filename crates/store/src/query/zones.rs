//! Where the wearer was: the home zone, and anchors from `HKTimeZone` in sleep and workouts.

use std::collections::BTreeMap;

use health::time::{Anchor, Zones};
use rusqlite::Connection;

use super::settings::{forget, read, write};
use crate::error::Result;
use crate::open::Store;

/// The setting that names the home zone.
const HOME_ZONE: &str = "home_zone";
/// Is set where the home zone was found by an import and not chosen by anybody.
const HOME_ZONE_FOUND: &str = "home_zone_found";

impl Store {
    /// Returns the wearer's known places in time, sorted.
    pub fn anchors(&self) -> Result<Vec<Anchor>> {
        anchors(&self.conn)
    }

    /// Returns the IANA name of the home zone: the setting, else the anchors' most frequent one, else `fallback`.
    pub fn home_zone(&self, fallback: &str) -> Result<String> {
        match read(&self.conn, HOME_ZONE)? {
            Some(set) => Ok(set),
            None => Ok(most_frequent(&self.anchors()?).unwrap_or(fallback).to_owned()),
        }
    }

    /// Returns the wearer's zones, by the home zone and the setting `day_boundaries`.
    pub fn zones(&self, fallback: &str) -> Result<Zones> {
        zones(&self.conn, fallback)
    }
}

/// The wearer's zones on a connection, also inside an ingest.
pub(crate) fn zones(conn: &Connection, fallback: &str) -> Result<Zones> {
    let anchors = anchors(conn)?;
    let set = read(conn, HOME_ZONE)?;
    let home = set.as_deref().or_else(|| most_frequent(&anchors)).unwrap_or(fallback);
    let only_home = read(conn, "day_boundaries")?.as_deref() == Some("home");
    Ok(Zones::from_name(home, if only_home { &[] } else { &anchors }))
}

/// Keeps the home zone that an import found, where none is kept: days shall not move when the computer travels.
pub(crate) fn remember_home(conn: &Connection, fallback: &str) -> Result<()> {
    if read(conn, HOME_ZONE)?.is_none() {
        let anchors = anchors(conn)?;
        write(conn, HOME_ZONE, most_frequent(&anchors).unwrap_or(fallback))?;
        write(conn, HOME_ZONE_FOUND, "1")?;
    }
    Ok(())
}

/// Forgets a home zone that nobody chose, once no import is left that could have found it.
pub(crate) fn forget_home(conn: &Connection) -> Result<()> {
    if read(conn, HOME_ZONE_FOUND)?.is_some() {
        forget(conn, HOME_ZONE)?;
        forget(conn, HOME_ZONE_FOUND)?;
    }
    Ok(())
}

/// Takes a home zone that was set as chosen.
pub(super) fn choose_home(conn: &Connection) -> Result<()> {
    forget(conn, HOME_ZONE_FOUND)
}

/// The zone of most anchors, the first by name among equals; names that are no zone do not count.
fn most_frequent(anchors: &[Anchor]) -> Option<&str> {
    let mut counts = BTreeMap::<&str, usize>::new();
    for anchor in anchors {
        *counts.entry(anchor.zone.as_str()).or_default() += 1;
    }
    let mut counts: Vec<(&str, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts.into_iter().map(|(zone, _)| zone).find(|zone| Zones::named(zone).is_some())
}

/// The anchors on a connection.
fn anchors(conn: &Connection) -> Result<Vec<Anchor>> {
    let mut statement = conn.prepare_cached(
        "SELECT s.start_ms, json_extract(d.json, '$.metadata.HKTimeZone') AS zone
             FROM samples s JOIN details d ON d.id = s.details_id
             WHERE s.kind_id = (SELECT id FROM kinds WHERE identifier = 'HKCategoryTypeIdentifierSleepAnalysis')
               AND s.superseded_by IS NULL AND zone IS NOT NULL
             UNION ALL
             SELECT start_ms, json_extract(body, '$.metadata.HKTimeZone') AS zone FROM entries
             WHERE kind = 'workout' AND superseded_by IS NULL AND start_ms IS NOT NULL AND zone IS NOT NULL
             ORDER BY 1",
    )?;
    let rows = statement.query_map([], |row| Ok(Anchor { at_ms: row.get(0)?, zone: row.get(1)? }))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

#[cfg(test)]
mod tests {
    use crate::query::testing;

    #[test]
    fn workouts_say_where_the_wearer_was() {
        let store = testing::empty();
        store
            .conn
            .execute_batch(
                r#"INSERT INTO entries (kind, identity, start_ms, body, import_id) VALUES
                   ('workout', '37', 5, '{"metadata":{"HKTimeZone":"Asia/Tokyo"}}', 1), ('workout', '37', 6, '{}', 1);"#,
            )
            .expect("rows");
        let anchors = store.anchors().expect("anchors");
        assert_eq!(anchors.iter().map(|a| (a.at_ms, a.zone.as_str())).collect::<Vec<_>>(), [(5, "Asia/Tokyo")]);
    }

    #[track_caller]
    fn check_home(anchors: &[&str], set: Option<&str>, expected: &str) {
        let store = testing::empty();
        for (at, zone) in anchors.iter().enumerate() {
            let body = serde_json::json!({"metadata": {"HKTimeZone": zone}}).to_string();
            let sql =
                "INSERT INTO entries (kind, identity, start_ms, body, import_id) VALUES ('workout', '37', ?1, ?2, 1)";
            store.conn.execute(sql, rusqlite::params![at as i64, body]).expect("a row");
        }
        if let Some(zone) = set {
            store.set_setting("home_zone", zone).expect("set");
        }
        assert_eq!(store.home_zone("UTC").expect("a zone"), expected);
        super::remember_home(&store.conn, "UTC").expect("kept");
        assert_eq!(store.setting("home_zone").expect("read").as_deref(), Some(expected));
        super::forget_home(&store.conn).expect("forgotten");
        assert_eq!(store.setting("home_zone").expect("read").as_deref(), set);
    }

    #[test]
    fn home_is_what_was_set_else_where_most_anchors_are_else_the_computers() {
        let (berlin, tokyo) = ("Europe/Berlin", "Asia/Tokyo");
        check_home(&[berlin, tokyo, berlin], Some("America/New_York"), "America/New_York");
        check_home(&[berlin, tokyo, berlin], None, berlin);
        check_home(&["Mars/Olympus", "Mars/Olympus", tokyo], None, tokyo);
        check_home(&[], None, "UTC");
    }
}
