//! What phones say is gone. It is kept like what they tell, and says something of the record that it names, whoever
//! told that: it counts no more, until it is told once more or an export that was written later has it. So it is undone
//! with the device, and no order of deliveries shows.

use std::collections::{BTreeMap, BTreeSet};

use health::phone::{Deletion, Uuid};
use rusqlite::{Connection, params};

use super::entries::By;
use crate::error::Result;

/// How somebody names a record.
pub(super) struct Named<'a> {
    pub uuid: Option<Uuid>,
    pub name: Option<&'a str>,
    pub device: i64,
    pub feed: u32,
    /// When it was told last.
    pub last_ms: i64,
}

/// Looks up what is gone; free where nothing is.
pub(crate) struct Deletions {
    any: bool,
}

impl Deletions {
    pub fn load(conn: &Connection) -> Result<Self> {
        let mut statement = conn.prepare_cached("SELECT EXISTS (SELECT 1 FROM told_deletions)")?;
        Ok(Self { any: statement.query_row([], |row| row.get(0))? })
    }

    /// Whether something is.
    pub fn are_there(&self) -> bool {
        self.any
    }

    /// Whether a record is gone that is told by these; `written_ms` is when an export was written that has it.
    pub(super) fn take<'a>(
        &self,
        conn: &Connection,
        told: impl Iterator<Item = Named<'a>>,
        written_ms: Option<i64>,
    ) -> Result<bool> {
        if !self.any {
            return Ok(false);
        }
        let (mut gone, mut last) = (None, written_ms);
        let mut statement = conn.prepare_cached(
            "SELECT max(last_ms) FROM told_deletions
             WHERE id = ?1 OR (id = ?2 AND device_id = ?3 AND feed = ?4)",
        )?;
        for one in told {
            last = last.max(Some(one.last_ms));
            let uuid = one.uuid.map(|uuid| uuid.to_string());
            let said: Option<i64> =
                statement.query_row(params![uuid, one.name, one.device, one.feed], |row| row.get(0))?;
            gone = gone.max(said);
        }
        // What one delivery tells and takes back is gone.
        Ok(gone.is_some() && gone >= last)
    }
}

/// What may count no more.
#[derive(Debug, Default)]
pub(crate) struct Touched {
    /// Starts of samples, by kind.
    pub samples: BTreeMap<u32, BTreeSet<i64>>,
    /// Numbers of what was told besides.
    pub entries: Vec<i64>,
}

/// Keeps what a delivery says is gone. Returns what that may be about.
pub(crate) fn keep(conn: &Connection, deletions: &[Deletion], by: &By) -> Result<Touched> {
    if deletions.is_empty() {
        return Ok(Touched::default());
    }
    let mut insert = conn.prepare_cached(
        "INSERT INTO told_deletions (id, device_id, feed, kind, last_delivery, last_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT DO UPDATE SET kind = coalesce(?4, kind), last_delivery = ?5, last_ms = max(last_ms, ?6)",
    )?;
    let (mut uuids, mut names) = (BTreeSet::new(), BTreeSet::new());
    for deletion in deletions {
        let uuid = deletion.id.parse::<Uuid>().ok();
        let id = uuid.map_or_else(|| deletion.id.clone(), |uuid| uuid.to_string());
        insert.execute(params![id, by.device, by.feed, deletion.kind, by.delivery, by.now_ms])?;
        uuids.extend(uuid.map(Uuid::bytes));
        names.insert(deletion.id.as_str());
    }
    named(conn, &uuids, &|device, feed, name| device == by.device && feed == by.feed && names.contains(name))
}

/// What a device said is gone, as far as others told it: it counts again without that device.
pub(super) fn undone_with(conn: &Connection, device: i64) -> Result<Touched> {
    let mut statement = conn.prepare_cached("SELECT id FROM told_deletions WHERE device_id = ?1")?;
    let ids: Vec<String> = statement.query_map([device], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    let uuids: BTreeSet<[u8; 16]> = ids.iter().filter_map(|id| Some(id.parse::<Uuid>().ok()?.bytes())).collect();
    if uuids.is_empty() { Ok(Touched::default()) } else { named(conn, &uuids, &|_, _, _| false) }
}

/// What is told by these identifiers, or by a name that is meant.
fn named(conn: &Connection, uuids: &BTreeSet<[u8; 16]>, is_meant: &dyn Fn(i64, u32, &str) -> bool) -> Result<Touched> {
    let mut touched = Touched::default();
    // No index knows identifiers: it would cost every row that comes, and deletions are few.
    let mut samples = conn.prepare_cached(
        "SELECT kind_id, start_ms, uuid, name, device_id, feed FROM tellings WHERE uuid IS NOT NULL OR name IS NOT NULL",
    )?;
    let mut entries = conn.prepare_cached(
        "SELECT id, 0, uuid, name, device_id, feed FROM entry_tellings WHERE uuid IS NOT NULL OR name IS NOT NULL",
    )?;
    for (statement, are_samples) in [(&mut samples, true), (&mut entries, false)] {
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let uuid: Option<[u8; 16]> = row.get(2)?;
            let name = row.get_ref(3)?.as_str_or_null().map_err(rusqlite::Error::from)?;
            let (device, feed) = (row.get(4)?, row.get(5)?);
            if !uuid.is_some_and(|uuid| uuids.contains(&uuid)) && !name.is_some_and(|name| is_meant(device, feed, name))
            {
                continue;
            }
            match are_samples {
                true => _ = touched.samples.entry(row.get(0)?).or_default().insert(row.get(1)?),
                false => touched.entries.push(row.get(0)?),
            }
        }
    }
    Ok(touched)
}
