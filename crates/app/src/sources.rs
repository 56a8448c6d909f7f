//! Who wrote the samples.

use health::time::format_instant;
use serde::Serialize;

use crate::error::Result;
use crate::folder::Folder;

/// One row of `vitalog sources`.
#[derive(Debug, Clone, Serialize)]
pub struct SourceAnswer {
    /// Newest name.
    pub source: String,
    /// Every name it had, the newest first.
    pub names: Vec<String>,
    /// Bundle identifier, where known.
    pub bundle: Option<String>,
    /// Hardware, where known.
    pub hardware: Option<String>,
    /// Live rows.
    pub records: i64,
    /// Earliest start.
    pub first: Option<String>,
    /// Latest end.
    pub last: Option<String>,
}

/// Lists the sources that have live rows.
pub fn sources(folder: &Folder) -> Result<Vec<SourceAnswer>> {
    let rows = folder.read()?.sources()?;
    let answer = rows.into_iter().map(|row| SourceAnswer {
        source: row.names.first().cloned().unwrap_or_default(),
        names: row.names,
        bundle: row.bundle,
        hardware: row.hardware,
        records: row.records,
        first: row.first_ms.map(format_instant),
        last: row.last_ms.map(format_instant),
    });
    Ok(answer.collect())
}
