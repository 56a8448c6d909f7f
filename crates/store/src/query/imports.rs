//! What was imported.

use rusqlite::params;

use crate::error::Result;
use crate::open::Store;
use crate::query::zones::COMPUTER_ZONE;

/// One import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportRow {
    /// Its number.
    pub id: i64,
    /// `file` or `phone`.
    pub channel: String,
    /// Name of the file.
    pub file: Option<String>,
    /// Label of the phone.
    pub device: Option<String>,
    /// When it was made.
    pub at_ms: i64,
    /// Whether it was undone.
    pub undone: bool,
    /// The report as JSON, as it was given then.
    pub report: String,
}

/// A record or entry that an import refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectRow {
    /// Where it begins: byte position in the uncompressed document.
    pub position: Option<u64>,
    /// Code such as `bad_time`.
    pub reason: String,
    /// Apple's identifier, where known.
    pub kind: Option<String>,
    /// As it stood, shortened if very long.
    pub raw: Option<String>,
}

/// A file beside the document that was not there, or not whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LostFile {
    /// `missing_file`, `damaged_file` or `too_large_file`.
    pub reason: String,
    /// What it would have been: `route`, `ecg` or `clinical_record`.
    pub kind: Option<String>,
    /// Its name in the archive, or as the document has it; shortened if very long.
    pub file: Option<String>,
}

/// What the table `rejects` has under one of these reasons is the name of a file and no record.
const OF_FILES: &str = "('missing_file', 'damaged_file', 'too_large_file')";

impl Store {
    /// Returns every import, the oldest first, undone ones too.
    pub fn imports(&self) -> Result<Vec<ImportRow>> {
        let mut statement = self.conn.prepare_cached(&format!(
            "SELECT id, channel, file, device, at_ms, undone,
                 iif(report = '', '', json_remove(report, '$.{COMPUTER_ZONE}', '$.zones', '$.undone_until'))
             FROM imports ORDER BY id"
        ))?;
        let rows = statement.query_map([], |row| {
            Ok(ImportRow {
                id: row.get(0)?,
                channel: row.get(1)?,
                file: row.get(2)?,
                device: row.get(3)?,
                at_ms: row.get(4)?,
                undone: row.get(5)?,
                report: row.get(6)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns the first rejects of an import in the order of the file, as far as they were kept.
    pub fn rejects(&self, import: i64, most: usize) -> Result<Vec<RejectRow>> {
        let sql = format!(
            "SELECT position, reason, kind, raw FROM rejects WHERE import_id = ?1 AND reason NOT IN {OF_FILES}
             ORDER BY rowid LIMIT ?2"
        );
        let mut statement = self.conn.prepare_cached(&sql)?;
        let rows = statement.query_map(params![import, most], |row| {
            Ok(RejectRow { position: row.get(0)?, reason: row.get(1)?, kind: row.get(2)?, raw: row.get(3)? })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns the first files that an import named or held and could not read, as far as they were kept.
    pub fn lost_files(&self, import: i64, most: usize) -> Result<Vec<LostFile>> {
        let sql = format!(
            "SELECT reason, kind, raw FROM rejects WHERE import_id = ?1 AND reason IN {OF_FILES}
             ORDER BY rowid LIMIT ?2"
        );
        let mut statement = self.conn.prepare_cached(&sql)?;
        let rows = statement.query_map(params![import, most], |row| {
            Ok(LostFile { reason: row.get(0)?, kind: row.get(1)?, file: row.get(2)? })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

#[cfg(test)]
mod tests {
    use crate::query::testing;

    #[test]
    fn imports_come_oldest_first() {
        let imports = testing::filled().imports().expect("imports");
        assert_eq!(imports.iter().map(|i| (i.id, i.undone)).collect::<Vec<_>>(), [(1, false)]);
    }
}
