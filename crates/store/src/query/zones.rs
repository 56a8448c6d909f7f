//! Where the wearer was: the home zone, and anchors from `HKTimeZone` in sleep and workouts.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use health::series::rank::{Class, Writer};
use health::time::{Anchor, Stay, Zones};
use rusqlite::{Connection, OptionalExtension, params};

use super::settings::{forget, read, write};
use super::sources;
use crate::error::Result;
use crate::history::live_imports;
use crate::open::Store;
use crate::tellings::is_something_told;

/// The setting that names the home zone.
pub(crate) const HOME_ZONE: &str = "home_zone";
/// Is set where the home zone was found by an import and not chosen by anybody: the computer's zone at the first one,
/// which holds where no sample tells another.
const HOME_ZONE_FOUND: &str = "home_zone_found";
/// Key of an import's report, as it is kept: the zone of the computer then.
pub(crate) const COMPUTER_ZONE: &str = "computer_zone";

/// How the home zone came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HomeFrom {
    /// Somebody set it.
    Chosen,
    /// Sleep and workouts tell it.
    Samples,
    /// Nothing tells it: the computer's.
    Computer,
}

impl HomeFrom {
    /// The word in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Chosen => "chosen",
            Self::Samples => "samples",
            Self::Computer => "computer",
        }
    }
}

/// A stay, and the rows that name its zone while it lasts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StayRow {
    /// Milliseconds since 1970 in UTC.
    pub from_ms: i64,
    /// The zone's IANA name; none for home.
    pub zone: Option<String>,
    /// Rows of sleep.
    pub sleep: u64,
    /// Workouts.
    pub workouts: u64,
    /// Who wrote them.
    pub sources: BTreeSet<i64>,
}

impl Store {
    /// Returns how the home zone came about.
    pub fn home_from(&self) -> Result<HomeFrom> {
        if read(&self.conn, HOME_ZONE)?.is_none() {
            return Ok(HomeFrom::Computer);
        }
        if read(&self.conn, HOME_ZONE_FOUND)?.is_none() {
            return Ok(HomeFrom::Chosen);
        }
        Ok(if has_anchor(&self.conn)? { HomeFrom::Samples } else { HomeFrom::Computer })
    }

    /// Returns the IANA name of the home zone: the setting, else `fallback`. The first import sets it.
    pub fn home_zone(&self, fallback: &str) -> Result<String> {
        Ok(read(&self.conn, HOME_ZONE)?.unwrap_or_else(|| fallback.to_owned()))
    }

    /// Returns the stays of the wearer, the oldest first, and what told each.
    pub fn stays(&self) -> Result<Vec<StayRow>> {
        let row = |stay: Stay| StayRow { from_ms: stay.from_ms, zone: stay.zone, ..StayRow::default() };
        let mut rows: Vec<StayRow> = stays(&self.conn)?.into_iter().map(row).collect();
        let mut statement = self.conn.prepare_cached(ANCHORS)?;
        let mut anchors = statement.query([])?;
        while let Some(anchor) = anchors.next()? {
            let start_ms: i64 = anchor.get(0)?;
            let place = rows.partition_point(|row| row.from_ms <= start_ms);
            let Some(row) = place.checked_sub(1).and_then(|place| rows.get_mut(place)) else { continue };
            let Ok(zone) = anchor.get_ref(2)?.as_str() else { continue };
            if row.zone.as_deref() != Some(zone) {
                continue;
            }
            let is_workout: bool = anchor.get(4)?;
            *(if is_workout { &mut row.workouts } else { &mut row.sleep }) += 1;
            row.sources.extend(anchor.get::<_, Option<i64>>(3)?);
        }
        Ok(rows)
    }

    /// Returns the wearer's zones, by the home zone and the setting `day_boundaries`.
    pub fn zones(&self, fallback: &str) -> Result<Zones> {
        zones(&self.conn, fallback)
    }
}

/// The wearer's zones on a connection, also inside an ingest.
pub(crate) fn zones(conn: &Connection, fallback: &str) -> Result<Zones> {
    let home = read(conn, HOME_ZONE)?;
    let only_home = read(conn, "day_boundaries")?.as_deref() == Some("home");
    let stays = if only_home { Vec::new() } else { stays(conn)? };
    Ok(Zones::from_name(home.as_deref().unwrap_or(fallback), &stays))
}

fn stays(conn: &Connection) -> Result<Vec<Stay>> {
    let mut statement = conn.prepare_cached("SELECT from_ms, zone FROM stays ORDER BY from_ms")?;
    let rows = statement.query_map([], |row| Ok(Stay { from_ms: row.get(0)?, zone: row.get(1)? }))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Finds anew where the wearer was, and home where nobody chose it: the anchors' most frequent zone, else the
/// computer's at the first import that stands, which is `fallback` in that. Days shall not move when the computer
/// travels.
pub(crate) fn find_stays(conn: &Connection, fallback: &str) -> Result<()> {
    let anchors = anchors(conn)?;
    let home = read(conn, HOME_ZONE)?;
    let is_found = home.is_none() || read(conn, HOME_ZONE_FOUND)?.is_some();
    // Without an import nothing is kept, as before the first one.
    if is_found && (!live_imports(conn)?.is_empty() || is_something_told(conn)?) {
        let first = read(conn, HOME_ZONE_FOUND)?;
        let computer = first.as_deref().unwrap_or(fallback);
        write(conn, HOME_ZONE, most_frequent(&anchors).unwrap_or(computer))?;
        write(conn, HOME_ZONE_FOUND, computer)?;
    }
    let found = health::time::stays(anchors);
    if found == stays(conn)? {
        return Ok(());
    }
    conn.execute("DELETE FROM stays", [])?;
    let mut insert = conn.prepare_cached("INSERT OR REPLACE INTO stays (from_ms, zone) VALUES (?1, ?2)")?;
    for stay in found {
        insert.execute(params![stay.from_ms, stay.zone])?;
    }
    Ok(())
}

/// Lets the first import that is left say in which zone the computer was, once the one before it is undone.
pub(crate) fn hand_home_on(conn: &Connection, undone: i64) -> Result<()> {
    let sql = format!(
        "SELECT id, json_extract(report, '$.{COMPUTER_ZONE}') FROM imports WHERE undone = 0 ORDER BY id LIMIT 1"
    );
    let first: Option<(i64, Option<String>)> =
        conn.query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    match first {
        Some((id, Some(zone))) if undone < id && read(conn, HOME_ZONE_FOUND)?.is_some() => {
            write(conn, HOME_ZONE_FOUND, &zone)
        }
        _ => Ok(()),
    }
}

/// Forgets a home zone that nobody chose, once no import is left that could have found it.
pub(crate) fn forget_home(conn: &Connection) -> Result<()> {
    if read(conn, HOME_ZONE_FOUND)?.is_some() {
        forget(conn, HOME_ZONE)?;
        forget(conn, HOME_ZONE_FOUND)?;
    }
    Ok(())
}

/// Gives up a home zone that was chosen: what the samples tell holds again, else the computer's, which is `fallback`.
pub(super) fn unchoose_home(conn: &Connection, fallback: &str) -> Result<()> {
    forget(conn, HOME_ZONE)?;
    forget(conn, HOME_ZONE_FOUND)?;
    find_stays(conn, fallback)
}

/// Takes a home zone that was set as chosen.
pub(super) fn choose_home(conn: &Connection) -> Result<()> {
    forget(conn, HOME_ZONE_FOUND)
}

/// The zone of most anchors, the first by name among equals.
fn most_frequent(anchors: &[Anchor]) -> Option<&str> {
    let mut counts = BTreeMap::<&str, usize>::new();
    for anchor in anchors {
        *counts.entry(&*anchor.zone).or_default() += 1;
    }
    let mut counts: Vec<(&str, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts.into_iter().map(|(zone, _)| zone).next()
}

/// Samples of sleep and workouts that name a zone. Sorted here, the bodies of all workouts would be in memory at once;
/// and few have to be parsed.
const ANCHORS: &str =
    "SELECT s.start_ms, s.start_ms + s.duration_ms, json_extract(d.json, '$.metadata.HKTimeZone') AS zone, s.source_id, 0
         FROM samples s JOIN details d ON d.id = s.details_id
         WHERE s.kind_id = (SELECT id FROM kinds WHERE identifier = 'HKCategoryTypeIdentifierSleepAnalysis')
           AND s.superseded_by IS NULL AND instr(d.json, 'HKTimeZone') > 0 AND zone IS NOT NULL
         UNION ALL
         SELECT start_ms, coalesce(end_ms, start_ms), json_extract(body, '$.metadata.HKTimeZone') AS zone, source_id, 1
         FROM entries
         WHERE kind = 'workout' AND superseded_by IS NULL AND start_ms IS NOT NULL
           AND instr(body, 'HKTimeZone') > 0 AND zone IS NOT NULL";

/// Whether anything says where the wearer was.
fn has_anchor(conn: &Connection) -> Result<bool> {
    let mut statement = conn.prepare_cached(ANCHORS)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if row.get_ref(2)?.as_str().is_ok_and(|name| Zones::named(name).is_some()) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What samples of sleep and workouts say about where the wearer was, in any order. Names that are no zone say nothing.
fn anchors(conn: &Connection) -> Result<Vec<Anchor>> {
    let trusted = trusted(conn)?;
    let mut statement = conn.prepare_cached(ANCHORS)?;
    let mut rows = statement.query([])?;
    let (mut anchors, mut zones) = (Vec::new(), HashSet::<Arc<str>>::new());
    while let Some(row) = rows.next()? {
        let Ok(name) = row.get_ref(2)?.as_str() else { continue };
        if !zones.contains(name) {
            if Zones::named(name).is_none() {
                continue;
            }
            zones.insert(name.into());
        }
        let Some(zone) = zones.get(name).cloned() else { continue };
        let source: Option<i64> = row.get(3)?;
        let trusted = source.is_none_or(|source| trusted.contains(&source));
        anchors.push(Anchor { start_ms: row.get(0)?, end_ms: row.get(1)?, zone, trusted });
    }
    Ok(anchors)
}

/// Apple's own devices and apps. Inside an ingest a new source may have no summary yet: it is looked at here, too.
fn trusted(conn: &Connection) -> Result<HashSet<i64>> {
    let mut names = sources::source_names(conn)?;
    let mut statement = conn.prepare_cached("SELECT id, bundle, hardware FROM sources")?;
    let mut rows = statement.query([])?;
    let mut trusted = HashSet::new();
    while let Some(row) = rows.next()? {
        let id: i64 = row.get(0)?;
        let (bundle, hardware): (Option<String>, Option<String>) = (row.get(1)?, row.get(2)?);
        let names = names.remove(&id).unwrap_or_default();
        let (bundle, hardware) = (bundle.as_deref(), hardware.as_deref());
        let writer = Writer { bundle, hardware, names: &names, first_ms: None, last_ms: None };
        if writer.class() != Class::Other || bundle.is_some_and(|bundle| bundle.starts_with("com.apple.")) {
            trusted.insert(id);
        }
    }
    Ok(trusted)
}

#[cfg(test)]
mod tests {
    use super::HomeFrom;
    use crate::query::testing;

    #[test]
    fn workouts_say_where_the_wearer_was() {
        let store = testing::empty();
        store
            .conn
            .execute_batch(
                r#"INSERT INTO entries (kind, identity, start_ms, end_ms, body, import_id) VALUES
                   ('workout', '37', 5, 9, '{"metadata":{"HKTimeZone":"Asia/Tokyo"}}', 1),
                   ('workout', '37', 6, NULL, '{}', 1);"#,
            )
            .expect("rows");
        let anchors = super::anchors(&store.conn).expect("anchors");
        let found: Vec<_> = anchors.iter().map(|a| (a.start_ms, a.end_ms, &*a.zone)).collect();
        assert_eq!(found, [(5, 9, "Asia/Tokyo")]);
    }

    #[test]
    fn a_stay_knows_what_named_its_zone() {
        let store = testing::empty();
        let day_ms = 86_400_000;
        for (day, zone) in [(1, "Europe/Berlin"), (2, "Europe/Berlin"), (9, "Asia/Tokyo")] {
            let body = serde_json::json!({"metadata": {"HKTimeZone": zone}}).to_string();
            let sql =
                "INSERT INTO entries (kind, identity, start_ms, body, import_id) VALUES ('workout', '37', ?1, ?2, 1)";
            store.conn.execute(sql, rusqlite::params![day * day_ms, body]).expect("a row");
        }
        super::find_stays(&store.conn, "UTC").expect("kept");
        let found = store.stays().expect("stays");
        let told: Vec<_> = found.iter().map(|stay| (stay.zone.as_deref(), stay.sleep, stay.workouts)).collect();
        assert_eq!(told, [(Some("Europe/Berlin"), 0, 2), (Some("Asia/Tokyo"), 0, 1), (None, 0, 0)]);
    }

    #[track_caller]
    fn check_home(anchors: &[&str], set: Option<&str>, expected: &str) {
        let store = testing::empty();
        let import = "INSERT INTO imports (id, channel, at_ms, complete, report) VALUES (1, 'file', 0, 1, '{}')";
        store.conn.execute(import, []).expect("an import");
        for (at, zone) in anchors.iter().enumerate() {
            let body = serde_json::json!({"metadata": {"HKTimeZone": zone}}).to_string();
            let sql =
                "INSERT INTO entries (kind, identity, start_ms, body, import_id) VALUES ('workout', '37', ?1, ?2, 1)";
            store.conn.execute(sql, rusqlite::params![at as i64, body]).expect("a row");
        }
        if let Some(zone) = set {
            store.set_setting("home_zone", zone).expect("set");
        }
        super::find_stays(&store.conn, "UTC").expect("kept");
        assert_eq!(store.home_zone("Europe/Rome").expect("a zone"), expected);
        assert_eq!(store.setting("home_zone").expect("read").as_deref(), Some(expected));
        let from = store.home_from().expect("known");
        let found = if expected == "UTC" { HomeFrom::Computer } else { HomeFrom::Samples };
        assert_eq!(from, if set.is_some() { HomeFrom::Chosen } else { found });
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
