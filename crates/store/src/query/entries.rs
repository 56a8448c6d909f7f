//! Workouts, rings, routes, ECGs and everything else that is not a sample.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, params};

use crate::error::Result;
use crate::open::Store;

/// One entry.
#[derive(Debug, Clone, PartialEq)]
pub struct EntryRow {
    /// Its number in this store.
    pub id: i64,
    /// What it is, as in [`health::EntryKind::as_str`].
    pub kind: String,
    /// What tells it from others.
    pub identity: String,
    /// Newest name of its source.
    pub source: Option<String>,
    /// Bundle identifier of the app that wrote it, where a phone told it.
    pub bundle: Option<String>,
    /// Start.
    pub start_ms: Option<i64>,
    /// End.
    pub end_ms: Option<i64>,
    /// Everything known about it, as JSON.
    pub body: String,
    /// Bulk, where asked for.
    pub payload: Option<Vec<u8>>,
    /// First import that brought it.
    pub import_id: i64,
    /// Whether a newer export rewrote it.
    pub superseded: bool,
}

/// The names that entries share. Read once where many questions are asked at one moment.
pub struct EntryNames {
    names: super::SourceNames,
    bundles: BTreeMap<i64, String>,
}

impl Store {
    /// Hands the entries of a kind (all kinds for `None`) that start in `[from_ms, until_ms)` to `each`, by time; those
    /// without a start come first and only where the range has no beginning. Payloads are read only `with_payload`.
    pub fn each_entry<E: From<crate::Error>>(
        &self,
        kind: Option<&str>,
        range: (i64, i64),
        superseded: bool,
        with_payload: bool,
        each: impl FnMut(&EntryRow) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        self.each_entry_by(&self.entry_names()?, kind, range, (superseded, with_payload), each)
    }

    /// Reads the names that entries share.
    pub fn entry_names(&self) -> Result<EntryNames> {
        Ok(EntryNames { names: self.source_names()?, bundles: bundles(&self.conn)? })
    }

    /// The same as [`Store::each_entry`], with names that were read before.
    pub fn each_entry_by<E: From<crate::Error>>(
        &self,
        EntryNames { names, bundles }: &EntryNames,
        kind: Option<&str>,
        range: (i64, i64),
        (superseded, with_payload): (bool, bool),
        mut each: impl FnMut(&EntryRow) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        let mut statement = self
            .conn
            .prepare_cached(
                "SELECT id, kind, identity, source_id, start_ms, end_ms, body, CASE WHEN ?5 THEN payload END, import_id,
                        superseded_by IS NOT NULL
                 FROM entries WHERE (?1 IS NULL OR kind = ?1) AND coalesce(start_ms, ?2) BETWEEN ?2 AND ?3
                   AND (start_ms IS NOT NULL OR ?2 < -9000000000000000)
                   AND (superseded_by IS NULL OR (?4 AND superseded_by <> -2))
                 ORDER BY kind, start_ms, identity, id",
            )
            .map_err(crate::Error::from)?;
        let last = range.1.saturating_sub(1);
        let mut rows =
            statement.query(params![kind, range.0, last, superseded, with_payload]).map_err(crate::Error::from)?;
        while let Some(row) = rows.next().map_err(crate::Error::from)? {
            let entry = entry(row, names, bundles).map_err(crate::Error::from)?;
            each(&entry)?;
        }
        Ok(())
    }
}

impl Store {
    /// Returns a live entry of a kind with its payload, by its number in this store.
    pub fn entry(&self, kind: &str, id: i64) -> Result<Option<EntryRow>> {
        let (names, bundles) = (self.source_names()?, bundles(&self.conn)?);
        let mut statement = self.conn.prepare_cached(
            "SELECT id, kind, identity, source_id, start_ms, end_ms, body, payload, import_id, superseded_by IS NOT NULL
             FROM entries WHERE kind = ?1 AND id = ?2 AND superseded_by IS NULL",
        )?;
        Ok(statement.query_row(params![kind, id], |row| entry(row, &names, &bundles)).optional()?)
    }

    /// Returns the numbers of the live entries of a kind, in rising order.
    pub fn entry_ids(&self, kind: &str) -> Result<Vec<i64>> {
        let mut statement =
            self.conn.prepare_cached("SELECT id FROM entries WHERE kind = ?1 AND superseded_by IS NULL ORDER BY id")?;
        Ok(statement.query_map([kind], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
    }
}

/// The apps that phones name, by the number of the entry. Of several that tell one the first by its letters.
fn bundles(conn: &Connection) -> rusqlite::Result<BTreeMap<i64, String>> {
    let mut statement = conn.prepare_cached(
        "SELECT e.entry_id, min(t.bundle) FROM entry_tellings e JOIN tellers t ON t.id = e.teller_id
         WHERE e.entry_id IS NOT NULL AND t.bundle <> '' GROUP BY e.entry_id",
    )?;
    statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

fn entry(
    row: &rusqlite::Row<'_>,
    names: &super::SourceNames,
    bundles: &BTreeMap<i64, String>,
) -> rusqlite::Result<EntryRow> {
    let (id, source_id): (i64, Option<i64>) = (row.get(0)?, row.get(3)?);
    Ok(EntryRow {
        id,
        bundle: bundles.get(&id).cloned(),
        kind: row.get(1)?,
        identity: row.get(2)?,
        source: source_id.and_then(|id| names.get(&id)?.first().cloned()),
        start_ms: row.get(4)?,
        end_ms: row.get(5)?,
        body: row.get(6)?,
        payload: row.get(7)?,
        import_id: row.get(8)?,
        superseded: row.get(9)?,
    })
}

#[cfg(test)]
mod tests {
    use crate::query::testing;

    #[track_caller]
    fn check(kind: Option<&str>, range: (i64, i64), superseded: bool, expected: &[i64]) {
        let store = testing::filled();
        store
            .conn
            .execute_batch(
                "INSERT INTO entries (id, kind, identity, start_ms, end_ms, body, import_id, superseded_by) VALUES
                 (1, 'workout', '37', 1000, 2000, '{}', 1, NULL), (2, 'workout', '52', 5000, 6000, '{}', 1, 1),
                 (3, 'profile', '', NULL, NULL, '{}', 1, NULL);",
            )
            .expect("rows");
        let mut found = Vec::new();
        store
            .each_entry::<crate::Error>(kind, range, superseded, false, |entry| {
                found.push(entry.id);
                Ok(())
            })
            .expect("an answer");
        assert_eq!(found, expected);
    }

    #[test]
    fn entries_are_chosen_by_kind_and_start() {
        let all = (i64::MIN, i64::MAX);
        check(None, all, false, &[3, 1]);
        check(Some("workout"), all, true, &[1, 2]);
        check(None, (0, 1001), false, &[1]);
        check(None, (0, 1000), false, &[]);
    }
}
