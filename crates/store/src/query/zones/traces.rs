//! What tells where the wearer was: sleep and workouts that name a zone or the offset of its clock, and phones that say
//! in which zone they are. Does not say what follows from it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use health::series::rank::{Class, Writer};
use health::time::{Anchor, HOUR_MS, Zones};
use health::whereabouts::Clocks;
use rusqlite::{Connection, OptionalExtension, params};

use super::{HOME_ZONE, HOME_ZONE_FOUND};
use crate::error::Result;
use crate::open::Store;
use crate::query::settings::read;
use crate::query::sources;

/// The key of metadata that names the wearer's zone.
pub(crate) const NAMED: &str = "HKTimeZone";
/// Key of a device's report, as it is kept: of each day of UTC when it said last in which zone it is, and in which.
const ZONES: &str = "zones";
/// Newest samples of each kind that are looked at for the name of a zone of which only an offset was told.
const NEWEST: usize = 64;

/// Something that tells a zone.
#[derive(Debug)]
pub(super) struct Trace {
    /// When and which; its name is that of a zone.
    pub anchor: Anchor,
    /// Who wrote it.
    pub source: Option<i64>,
    pub from: From,
}

/// What a trace is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum From {
    Sleep,
    Workout,
    /// A phone said where it is.
    Phone,
}

/// How a zone is told.
enum Told {
    Named(Arc<str>),
    Offset(String),
}

/// Samples of sleep and workouts that tell a zone. Sorted here, the bodies of all workouts would be in memory at once;
/// and few have to be parsed.
const TELLING: &str = "SELECT s.start_ms, s.start_ms + s.duration_ms, json_extract(d.json, '$.metadata.HKTimeZone'),
             json_extract(d.json, '$.zone_offset'), s.source_id, 0
         FROM samples s JOIN details d ON d.id = s.details_id
         WHERE s.kind_id = (SELECT id FROM kinds WHERE identifier = 'HKCategoryTypeIdentifierSleepAnalysis')
           AND s.superseded_by IS NULL AND (instr(d.json, 'HKTimeZone') > 0 OR instr(d.json, 'zone_offset') > 0)
         UNION ALL
         SELECT start_ms, coalesce(end_ms, start_ms), json_extract(body, '$.metadata.HKTimeZone'),
             json_extract(body, '$.zone_offset'), source_id, 1
         FROM entries
         WHERE kind = 'workout' AND superseded_by IS NULL AND start_ms IS NOT NULL
           AND (instr(body, 'HKTimeZone') > 0 OR instr(body, 'zone_offset') > 0)";

impl Store {
    /// Notes in which zone a device said to be at an instant, in milliseconds since 1970 in UTC: `device` as
    /// [`Store::device_channel`] numbered it, `zone` an IANA name. What is no zone says nothing.
    pub fn device_is_in(&mut self, device: i64, zone: &str, at_ms: i64) -> Result<()> {
        if Zones::named(zone).is_none() {
            return Ok(());
        }
        self.change(|tx| {
            // Of a day the last one counts, whatever the order in which they come.
            let path = format!("$.{ZONES}.\"{}\"", at_ms.div_euclid(24 * HOUR_MS));
            let sql = "SELECT json_extract(report, ?2 || '[1]') FROM imports WHERE id = ?1";
            let before: Option<String> =
                tx.query_row(sql, params![device, path], |row| row.get(0)).optional()?.flatten();
            let changed = tx.execute(
                "UPDATE imports SET report = json_set(json_insert(report, '$.zones', json_object()), ?2,
                     json_array(?3, ?4))
                 WHERE id = ?1 AND channel = 'phone' AND undone = 0
                   AND coalesce((json_extract(report, ?2 || '[0]'), json_extract(report, ?2 || '[1]')) < (?3, ?4), 1)",
                params![device, path, at_ms, zone],
            )?;
            // Said again it moves nothing.
            if changed > 0 && before.as_deref() != Some(zone) {
                crate::derived::leave_stays(tx)?;
            }
            Ok(())
        })
    }
}

/// Forgets in which zones a device said to be.
pub(crate) fn forget_device_zones(conn: &Connection, device: i64) -> Result<()> {
    conn.execute("UPDATE imports SET report = json_remove(report, '$.zones') WHERE id = ?1", [device])?;
    Ok(())
}

/// All that tells a zone, in any order. Names that are no zone say nothing. Of an offset the zone is the first of these
/// that has it then: a home zone that was chosen, those that are named, the most frequent first, the computer's, those
/// that other samples of phones name; else one that has nothing but this offset.
pub(super) fn traces(conn: &Connection, computer: Option<&str>) -> Result<Vec<Trace>> {
    let trusted = trusted(conn)?;
    let (mut found, mut known) = (Vec::new(), Names::default());
    let mut statement = conn.prepare_cached(TELLING)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let told = match (row.get_ref(2)?.as_str(), row.get_ref(3)?.as_str()) {
            (Ok(name), _) if known.count(name) => Told::Named(known.shared(name)),
            (_, Ok(offset)) => Told::Offset(offset.to_owned()),
            _ => continue,
        };
        let source: Option<i64> = row.get(4)?;
        let from = if row.get(5)? { From::Workout } else { From::Sleep };
        let trusted = source.is_none_or(|source| trusted.contains(&source));
        found.push((told, row.get(0)?, row.get(1)?, trusted, source, from));
    }
    of_phones(conn, |day, name| {
        let at_ms = day.saturating_mul(24 * HOUR_MS).saturating_add(12 * HOUR_MS);
        if known.count(name) {
            found.push((Told::Named(known.shared(name)), at_ms, at_ms, true, None, From::Phone));
        }
    })?;
    let mut clocks = None;
    let mut traces = Vec::with_capacity(found.len());
    for (told, start_ms, end_ms, trusted, source, from) in found {
        let zone = match told {
            Told::Named(zone) => zone,
            Told::Offset(offset) => {
                let clocks = match &mut clocks {
                    Some(clocks) => clocks,
                    None => clocks.insert(candidates(conn, &known, computer)?),
                };
                let Some(zone) = clocks.zone(&offset, start_ms) else { continue };
                zone
            }
        };
        traces.push(Trace { anchor: Anchor { start_ms, end_ms, zone, trusted }, source, from });
    }
    Ok(traces)
}

/// Names of zones, and how often each was told.
#[derive(Default)]
struct Names(HashMap<Arc<str>, (bool, u64)>);

impl Names {
    /// Counts a name and says whether it is that of a zone.
    fn count(&mut self, name: &str) -> bool {
        if let Some((is_zone, count)) = self.0.get_mut(name) {
            *count += 1;
            return *is_zone;
        }
        let is_zone = Zones::named(name).is_some();
        self.0.insert(name.into(), (is_zone, 1));
        is_zone
    }

    /// The name as all its traces share it.
    fn shared(&self, name: &str) -> Arc<str> {
        self.0.get_key_value(name).map_or_else(|| name.into(), |(name, _)| name.clone())
    }

    /// Those of zones, the most frequent first, the first by name among equals.
    fn sorted(&self) -> Vec<Arc<str>> {
        let zones = self.0.iter().filter(|(_, (is_zone, _))| *is_zone);
        let mut sorted: Vec<(u64, Arc<str>)> = zones.map(|(name, (_, count))| (*count, name.clone())).collect();
        sorted.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        sorted.into_iter().map(|(_, name)| name).collect()
    }
}

/// The zones that an offset may mean, the likeliest first.
fn candidates(conn: &Connection, known: &Names, computer: Option<&str>) -> Result<Clocks> {
    let chosen = if read(conn, HOME_ZONE_FOUND)?.is_none() { read(conn, HOME_ZONE)? } else { None };
    let (named, others) = (known.sorted(), named_elsewhere(conn)?.sorted());
    let chosen = chosen.as_deref().into_iter();
    let named = chosen.chain(named.iter().map(|name| &**name)).chain(computer);
    Ok(Clocks::new(named.chain(others.iter().map(|name| &**name))))
}

/// Zones that other samples of phones name, few of each kind.
fn named_elsewhere(conn: &Connection) -> Result<Names> {
    let mut names = Names::default();
    let sql = format!(
        "SELECT json_extract(d.json, '$.metadata.{NAMED}')
         FROM (SELECT details_id FROM tellings WHERE kind_id = ?1 ORDER BY start_ms DESC LIMIT {NEWEST}) t
         JOIN details d ON d.id = t.details_id WHERE instr(d.json, '{NAMED}') > 0"
    );
    let mut statement = conn.prepare_cached(&sql)?;
    for kind in crate::tellings::kinds(conn)? {
        let mut rows = statement.query([kind])?;
        while let Some(row) = rows.next()? {
            if let Ok(name) = row.get_ref(0)?.as_str() {
                names.count(name);
            }
        }
    }
    Ok(names)
}

/// In which zones phones said to be, by days of UTC.
fn of_phones(conn: &Connection, mut found: impl FnMut(i64, &str)) -> Result<()> {
    let sql = format!(
        "SELECT CAST(z.key AS INTEGER), json_extract(z.value, '$[1]')
         FROM imports i, json_each(i.report, '$.{ZONES}') z WHERE i.channel = 'phone' AND i.undone = 0"
    );
    let mut statement = conn.prepare_cached(&sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if let (Ok(day), Ok(name)) = (row.get_ref(0)?.as_i64(), row.get_ref(1)?.as_str()) {
            found(day, name);
        }
    }
    Ok(())
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
