//! Who wrote the samples.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;

use crate::error::Result;
use crate::open::Store;

/// A source and what it wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceRow {
    /// Its number in this store.
    pub id: i64,
    /// Its names, the newest first.
    pub names: Vec<String>,
    /// Bundle identifier, where known.
    pub bundle: Option<String>,
    /// Hardware, where known.
    pub hardware: Option<String>,
    /// Live rows.
    pub records: i64,
    /// Earliest start.
    pub first_ms: Option<i64>,
    /// Latest end.
    pub last_ms: Option<i64>,
}

/// Names of sources by number, the newest name first.
pub type SourceNames = BTreeMap<i64, Vec<String>>;

impl Store {
    /// Returns every source with live rows, the one with most rows first.
    pub fn sources(&self) -> Result<Vec<SourceRow>> {
        sources(&self.conn)
    }

    /// Returns every source, those too that have no live rows.
    pub fn stored_sources(&self) -> Result<Vec<SourceRow>> {
        stored_sources(&self.conn)
    }

    /// Returns the sources with live rows of a kind.
    pub fn sources_of(&self, kind_id: i64) -> Result<BTreeSet<i64>> {
        let mut statement =
            self.conn.prepare_cached("SELECT source_id FROM series_summary WHERE kind_id = ?1 AND n > 0")?;
        Ok(statement.query_map([kind_id], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns the names of every source.
    pub fn source_names(&self) -> Result<SourceNames> {
        source_names(&self.conn)
    }
}

/// Every source with live rows, on a connection.
pub(crate) fn sources(conn: &Connection) -> Result<Vec<SourceRow>> {
    let mut sources = stored_sources(conn)?;
    sources.retain(|source| source.records > 0);
    Ok(sources)
}

fn stored_sources(conn: &Connection) -> Result<Vec<SourceRow>> {
    let mut names = source_names(conn)?;
    let mut statement = conn.prepare_cached(
        "SELECT s.id, s.bundle, s.hardware, coalesce(sum(y.n), 0) AS records, min(y.first_ms), max(y.last_ms)
             FROM sources s LEFT JOIN series_summary y ON y.source_id = s.id AND y.n > 0
             GROUP BY s.id ORDER BY records DESC, s.id",
    )?;
    let rows = statement.query_map([], |row| {
        let id = row.get(0)?;
        Ok(SourceRow {
            id,
            names: names.remove(&id).unwrap_or_default(),
            bundle: row.get(1)?,
            hardware: row.get(2)?,
            records: row.get(3)?,
            first_ms: row.get(4)?,
            last_ms: row.get(5)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The names of every source, on a connection: the rule of the view `source_labels`, which tells the first of them. Of
/// two names in exports of one moment the first by letter counts, whatever the order of imports.
pub(crate) fn source_names(conn: &Connection) -> Result<SourceNames> {
    let mut statement = conn.prepare_cached(
        "SELECT n.source_id, n.name FROM source_names n JOIN imports i ON i.id = n.import_id
                 WHERE i.undone = 0 GROUP BY n.source_id, n.name
                 ORDER BY n.source_id, max(i.export_date_ms) DESC NULLS LAST, n.name",
    )?;
    let mut names = SourceNames::new();
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        names.entry(row.get(0)?).or_default().push(row.get(1)?);
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use crate::query::testing;

    #[test]
    fn a_source_counts_its_live_rows_over_all_kinds() {
        let sources = testing::filled().sources().expect("sources");
        let found: Vec<(&str, i64)> =
            sources.iter().map(|s| (s.names.first().map_or("", String::as_str), s.records)).collect();
        assert_eq!(found, [("Kim's Watch", 3), ("Kim's iPhone", 1)]);
    }
}
