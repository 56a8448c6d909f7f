//! How much is there.

use health::time::Day;

use crate::error::Result;
use crate::open::Store;

/// Counts over the whole store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals {
    /// Distinct live samples.
    pub records: i64,
    /// Kinds with live samples.
    pub types: i64,
    /// Sources with live samples.
    pub sources: i64,
    /// Earliest start of a live sample.
    pub first_ms: Option<i64>,
    /// Latest end of a live sample.
    pub last_ms: Option<i64>,
    /// The first and the last local day that has live samples.
    pub days: Option<(Day, Day)>,
    /// Imports that were not undone.
    pub imports: i64,
    /// When the newest of them was made.
    pub last_import_ms: Option<i64>,
    /// Version of the schema.
    pub schema: i64,
}

/// Live entries of one kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EntryTotals {
    /// What they are, as in [`health::EntryKind::as_str`].
    pub kind: String,
    /// How many.
    pub count: i64,
    /// Earliest start, where they have one.
    pub first_ms: Option<i64>,
    /// Latest end, where they have one; a prescription ends when it expires, so of those the latest start.
    pub last_ms: Option<i64>,
    /// The smallest and the largest identity: of rings the first and the last day.
    pub identities: (String, String),
}

impl Store {
    /// Counts what is no sample, by kind.
    pub fn entry_totals(&self) -> Result<Vec<EntryTotals>> {
        let mut statement = self.conn.prepare_cached(
            "SELECT kind, count(*), min(start_ms),
                    max(CASE kind WHEN 'vision_prescription' THEN start_ms ELSE coalesce(end_ms, start_ms) END),
                    min(identity), max(identity)
             FROM entries WHERE superseded_by IS NULL GROUP BY kind ORDER BY kind",
        )?;
        let rows = statement.query_map([], |row| {
            Ok(EntryTotals {
                kind: row.get(0)?,
                count: row.get(1)?,
                first_ms: row.get(2)?,
                last_ms: row.get(3)?,
                identities: (row.get(4)?, row.get(5)?),
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Counts everything, from the roll-ups: no scan of samples.
    pub fn totals(&self) -> Result<Totals> {
        let totals = self.conn.query_row(
            "SELECT coalesce(sum(n), 0), count(DISTINCT kind_id), count(DISTINCT source_id), min(first_ms), max(last_ms),
                    (SELECT count(*) FROM imports WHERE undone = 0), (SELECT max(at_ms) FROM imports WHERE undone = 0),
                    (SELECT min((SELECT min(day) FROM daily WHERE kind_id = k.id)) FROM kinds k),
                    (SELECT max((SELECT max(day) FROM daily WHERE kind_id = k.id)) FROM kinds k)
             FROM series_summary WHERE n > 0",
            [],
            |row| {
                Ok(Totals {
                    records: row.get(0)?,
                    types: row.get(1)?,
                    sources: row.get(2)?,
                    first_ms: row.get(3)?,
                    last_ms: row.get(4)?,
                    imports: row.get(5)?,
                    last_import_ms: row.get(6)?,
                    days: row.get::<_, Option<Day>>(7)?.zip(row.get(8)?),
                    schema: crate::SCHEMA_VERSION,
                })
            },
        )?;
        Ok(totals)
    }
}

#[cfg(test)]
mod tests {
    use crate::query::testing;

    #[test]
    fn totals_count_live_rows_only() {
        let totals = testing::filled().totals().expect("an answer");
        assert_eq!((totals.records, totals.types, totals.sources, totals.imports), (4, 2, 2, 1));
        assert_eq!((totals.first_ms, totals.last_ms), (Some(1_773_473_400_123), Some(1_773_482_400_000)));
    }

    #[test]
    fn entries_are_counted_by_kind() {
        assert_eq!(testing::empty().entry_totals().expect("an answer"), []);
        let counts = testing::filled().entry_totals().expect("an answer");
        assert!(counts.iter().all(|row| row.count > 0 && row.first_ms <= row.last_ms), "{counts:?}");
    }

    #[test]
    fn an_empty_store_counts_nothing() {
        let totals = testing::empty().totals().expect("an answer");
        assert_eq!((totals.records, totals.first_ms, totals.last_import_ms), (0, None, None));
    }
}
