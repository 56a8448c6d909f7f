//! What was imported.

use crate::error::Result;
use crate::open::Store;

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

impl Store {
    /// Returns every import, the oldest first, undone ones too.
    pub fn imports(&self) -> Result<Vec<ImportRow>> {
        let mut statement = self
            .conn
            .prepare_cached("SELECT id, channel, file, device, at_ms, undone, report FROM imports ORDER BY id")?;
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
