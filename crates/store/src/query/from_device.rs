//! What one device told, for the device itself: nothing of anybody else is in these answers.

use health::phone::{Grain, Uuid};
use rusqlite::params;

use crate::error::Result;
use crate::open::Store;

/// What sort of record is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// Samples of a kind, by its identifier.
    Sample,
    /// Sums and means of a kind that the app made, of this grain.
    Aggregate(Grain),
    /// What is no sample, by its word, e.g. `workout`.
    Entry,
}

/// How much of something a device told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceStock {
    /// What sort of record.
    pub sort: Sort,
    /// Identifier of the kind, or the word of an entry.
    pub what: String,
    /// How many.
    pub count: u64,
    /// The earliest start.
    pub first_ms: Option<i64>,
    /// The latest start.
    pub last_ms: Option<i64>,
}

/// Which of a device's records are asked for; the newest start comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DevicePage<'a> {
    /// The device: its row among the imports.
    pub device: i64,
    /// Only this kind; of entries only those with this body.
    pub only: Option<&'a str>,
    /// Starts from here on.
    pub from_ms: i64,
    /// Ends up to here.
    pub until_ms: i64,
    /// So many are passed over.
    pub offset: usize,
    /// So many at most.
    pub limit: usize,
}

/// A sample as the device told it.
#[derive(Debug, Clone, PartialEq)]
pub struct DeviceSample {
    /// Apple's identifier of the object.
    pub uuid: Option<Uuid>,
    /// The sender's own name for it.
    pub name: Option<String>,
    /// Identifier of the kind.
    pub kind: String,
    /// Start.
    pub start_ms: i64,
    /// End; the start where none was told.
    pub end_ms: i64,
    /// In the kind's unit.
    pub value: Option<f64>,
    /// Name of the source as sent.
    pub source: String,
    /// Its bundle, where told.
    pub bundle: Option<String>,
    /// `{"metadata": {...}}`.
    pub details: Option<String>,
}

/// Something else as the device told it.
#[derive(Debug, Clone, PartialEq)]
pub struct DeviceEntry {
    /// Apple's identifier of the object.
    pub uuid: Option<Uuid>,
    /// The sender's own name for it.
    pub name: Option<String>,
    /// Start.
    pub start_ms: i64,
    /// End; the start where none was told.
    pub end_ms: i64,
    /// Name of the source as sent.
    pub source: String,
    /// Its bundle, where told.
    pub bundle: Option<String>,
    /// Everything known about it, as JSON.
    pub body: String,
}

impl Store {
    /// Returns how much there is of what a device told, by kind.
    pub fn device_stock(&self, device: i64) -> Result<Vec<DeviceStock>> {
        let mut found = self.stock_of(
            "SELECT k.identifier, count(*), min(t.start_ms), max(t.start_ms), 0 FROM tellings t \
             JOIN kinds k ON k.id = t.kind_id WHERE t.device_id = ?1 GROUP BY t.kind_id ORDER BY k.identifier",
            device,
            |_| Sort::Sample,
        )?;
        found.extend(self.stock_of(
            "SELECT k.identifier, count(*), min(a.start_ms), max(a.start_ms), a.grain FROM aggregates a \
             JOIN kinds k ON k.id = a.kind_id WHERE a.device_id = ?1 GROUP BY a.kind_id, a.grain \
             ORDER BY k.identifier, a.grain",
            device,
            |grain| Sort::Aggregate(Grain::ALL.get(grain).copied().unwrap_or(Grain::Event)),
        )?);
        found.extend(self.stock_of(
            "SELECT kind, count(*), min(start_ms), max(start_ms), 0 FROM entry_tellings WHERE device_id = ?1 \
             GROUP BY kind ORDER BY kind",
            device,
            |_| Sort::Entry,
        )?);
        Ok(found)
    }

    fn stock_of(&self, sql: &str, device: i64, sort: impl Fn(usize) -> Sort) -> Result<Vec<DeviceStock>> {
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map([device], |row| {
            Ok(DeviceStock {
                sort: sort(row.get(4)?),
                what: row.get(0)?,
                count: row.get(1)?,
                first_ms: row.get(2)?,
                last_ms: row.get(3)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns samples as a device told them.
    pub fn device_samples(&self, page: DevicePage<'_>) -> Result<Vec<DeviceSample>> {
        let mut statement = self.conn.prepare_cached(
            "SELECT t.uuid, t.name, k.identifier, t.start_ms, t.duration_ms, t.value, w.name, w.bundle, d.json
             FROM tellings t JOIN kinds k ON k.id = t.kind_id JOIN tellers w ON w.id = t.teller_id
                LEFT JOIN details d ON d.id = t.details_id
             WHERE t.device_id = ?1 AND (?2 IS NULL OR k.identifier = ?2)
                AND t.start_ms >= ?3 AND t.start_ms + t.duration_ms <= ?4
             ORDER BY t.start_ms DESC, k.identifier, t.duration_ms, w.name, t.ordinal LIMIT ?5 OFFSET ?6",
        )?;
        let DevicePage { device, only, from_ms, until_ms, offset, limit } = page;
        let rows = statement.query_map(params![device, only, from_ms, until_ms, limit, offset], |row| {
            let (start_ms, duration_ms): (i64, i64) = (row.get(3)?, row.get(4)?);
            Ok(DeviceSample {
                uuid: row.get::<_, Option<[u8; 16]>>(0)?.map(Uuid::from_bytes),
                name: row.get(1)?,
                kind: row.get(2)?,
                start_ms,
                end_ms: start_ms.saturating_add(duration_ms),
                value: row.get(5)?,
                source: row.get(6)?,
                bundle: Some(row.get::<_, String>(7)?).filter(|bundle| !bundle.is_empty()),
                details: row.get(8)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns workouts as a device told them, the latest telling of each; `only` is the word of an activity as sent.
    pub fn device_workouts(&self, page: DevicePage<'_>) -> Result<Vec<DeviceEntry>> {
        let mut statement = self.conn.prepare_cached(
            "SELECT t.uuid, t.name, t.start_ms, coalesce(t.end_ms, t.start_ms), coalesce(w.name, ''), w.bundle, t.body,
                    max(t.id)
             FROM entry_tellings t LEFT JOIN tellers w ON w.id = t.teller_id
             WHERE t.device_id = ?1 AND t.kind = 'workout'
                AND (?2 IS NULL OR json_extract(t.body, '$.activity_raw') = ?2)
                AND t.start_ms >= ?3 AND coalesce(t.end_ms, t.start_ms) <= ?4
             GROUP BY coalesce(t.uuid, t.id) ORDER BY t.start_ms DESC, t.id LIMIT ?5 OFFSET ?6",
        )?;
        let DevicePage { device, only, from_ms, until_ms, offset, limit } = page;
        let rows = statement.query_map(params![device, only, from_ms, until_ms, limit, offset], |row| {
            Ok(DeviceEntry {
                uuid: row.get::<_, Option<[u8; 16]>>(0)?.map(Uuid::from_bytes),
                name: row.get(1)?,
                start_ms: row.get(2)?,
                end_ms: row.get(3)?,
                source: row.get(4)?,
                bundle: row.get::<_, Option<String>>(5)?.filter(|bundle| !bundle.is_empty()),
                body: row.get(6)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}
