//! Where the wearer was: the home zone, and the stays that follow from what tells a zone.

mod traces;

use std::collections::{BTreeMap, BTreeSet};

use health::time::{Anchor, Stay, Zones};
use rusqlite::{Connection, OptionalExtension, params};

use self::traces::{From, Trace, traces};
pub(crate) use self::traces::{NAMED, forget_device_zones};
use super::settings::{forget, read, write};
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
    /// Sleep and workouts tell it, or phones say where they are.
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
        let is_told = !traces(&self.conn, computer(&self.conn)?.as_deref())?.is_empty();
        Ok(if is_told { HomeFrom::Samples } else { HomeFrom::Computer })
    }

    /// Returns the IANA name of the home zone: the setting, else `fallback`. The first import sets it.
    pub fn home_zone(&self, fallback: &str) -> Result<String> {
        Ok(read(&self.conn, HOME_ZONE)?.unwrap_or_else(|| fallback.to_owned()))
    }

    /// Returns the stays of the wearer, the oldest first, and what told each.
    pub fn stays(&self) -> Result<Vec<StayRow>> {
        let row = |stay: Stay| StayRow { from_ms: stay.from_ms, zone: stay.zone, ..StayRow::default() };
        let mut rows: Vec<StayRow> = stays(&self.conn)?.into_iter().map(row).collect();
        for Trace { anchor, source, from } in traces(&self.conn, computer(&self.conn)?.as_deref())? {
            let place = rows.partition_point(|row| row.from_ms <= anchor.start_ms);
            let Some(row) = place.checked_sub(1).and_then(|place| rows.get_mut(place)) else { continue };
            if row.zone.as_deref() != Some(&*anchor.zone) {
                continue;
            }
            match from {
                From::Sleep => row.sleep += 1,
                From::Workout => row.workouts += 1,
                From::Phone => {}
            }
            row.sources.extend(source);
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
    let home = read(conn, HOME_ZONE)?;
    let anchors = anchors(conn, computer(conn)?.as_deref().unwrap_or(fallback))?;
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

/// Takes a home zone that was set as chosen. Offsets that it has mean it from now on.
pub(super) fn choose_home(conn: &Connection, zone: &str) -> Result<()> {
    forget(conn, HOME_ZONE_FOUND)?;
    find_stays(conn, zone)
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

/// The computer's zone at the first import that stands, where nobody chose the home zone.
fn computer(conn: &Connection) -> Result<Option<String>> {
    read(conn, HOME_ZONE_FOUND)
}

/// What is told about where the wearer was, in any order.
fn anchors(conn: &Connection, computer: &str) -> Result<Vec<Anchor>> {
    Ok(traces(conn, Some(computer))?.into_iter().map(|trace| trace.anchor).collect())
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
        let anchors = super::anchors(&store.conn, "UTC").expect("anchors");
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
