//! What was imported.

use health::time::format_instant;
use serde::Serialize;
use serde_json::Value;

use crate::error::Result;
use crate::folder::Folder;

/// One row of `vitalog imports`.
#[derive(Debug, Clone, Serialize)]
pub struct ImportAnswer {
    /// Its number.
    pub import: i64,
    /// `file` or `phone`.
    pub channel: String,
    /// Name of the file.
    pub file: Option<String>,
    /// Label of the phone.
    pub device: Option<String>,
    /// When it was made.
    pub at: String,
    /// As in its report.
    pub outcome: Option<String>,
    /// As in its report.
    pub new: u64,
    /// As in its report.
    pub known: u64,
    /// As in its report.
    pub superseded: u64,
    /// Whether it was undone.
    pub undone: bool,
}

/// Lists every import, the oldest first.
pub fn imports(folder: &Folder) -> Result<Vec<ImportAnswer>> {
    let rows = folder.read()?.imports()?;
    let answer = rows.into_iter().map(|row| {
        let report: Value = serde_json::from_str(&row.report).unwrap_or_default();
        let count = |key: &str| report.get(key).and_then(Value::as_u64).unwrap_or(0);
        ImportAnswer {
            import: row.id,
            channel: row.channel,
            file: row.file,
            device: row.device,
            at: format_instant(row.at_ms),
            outcome: report.get("outcome").and_then(Value::as_str).map(str::to_owned),
            new: count("new"),
            known: count("known"),
            superseded: count("superseded"),
            undone: row.undone,
        }
    });
    Ok(answer.collect())
}
