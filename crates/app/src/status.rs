//! How much is there, and where it lies.

use health::time::format_instant;
use serde::Serialize;

use crate::error::Result;
use crate::folder::Folder;
use crate::local::home_zone;

/// The answer of `vitalog status`.
#[derive(Debug, Clone, Serialize)]
pub struct Status {
    /// Version of the program.
    pub version: String,
    /// The data folder.
    pub data_dir: String,
    /// The store's file.
    pub store: StoreFile,
    /// Distinct live samples.
    pub records: i64,
    /// Kinds that have some.
    pub types: i64,
    /// Sources that wrote some.
    pub sources: i64,
    /// Earliest start.
    pub first: Option<String>,
    /// Latest end.
    pub last: Option<String>,
    /// Imports that were not undone.
    pub imports: i64,
    /// When the newest of them was made.
    pub last_import: Option<String>,
    /// IANA name.
    pub home_zone: String,
    /// What still waits.
    pub pending: Pending,
    /// The LAN endpoint.
    pub receiver: Receiver,
}

/// The store's file.
#[derive(Debug, Clone, Serialize)]
pub struct StoreFile {
    /// Where it lies.
    pub path: String,
    /// Its size with its side files; 0 where there is none.
    pub bytes: u64,
    /// Version of its schema.
    pub schema: i64,
}

/// What still waits.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Pending {
    /// Bodies from phones that are not in the store yet.
    pub deliveries: u64,
    /// Samples owed to servers.
    pub outbox: u64,
}

/// The LAN endpoint.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Receiver {
    /// Whether it listens.
    pub on: bool,
    /// Where.
    pub urls: Vec<String>,
}

/// Counts everything.
pub fn status(folder: &Folder) -> Result<Status> {
    let store = folder.read()?;
    let totals = store.totals()?;
    let path = folder.store_path();
    let size = |suffix: &str| {
        let mut name = path.clone().into_os_string();
        name.push(suffix);
        std::fs::metadata(name).map_or(0, |file| file.len())
    };
    Ok(Status {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        data_dir: folder.dir().display().to_string(),
        store: StoreFile { path: path.display().to_string(), bytes: size("") + size("-wal"), schema: totals.schema },
        records: totals.records,
        types: totals.types,
        sources: totals.sources,
        first: totals.first_ms.map(format_instant),
        last: totals.last_ms.map(format_instant),
        imports: totals.imports,
        last_import: totals.last_import_ms.map(format_instant),
        home_zone: home_zone(&store)?,
        pending: Pending::default(),
        receiver: Receiver::default(),
    })
}
