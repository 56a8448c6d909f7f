//! Which kinds are there.

use health::time::Day;
use rusqlite::{Connection, Row};

use crate::error::Result;
use crate::open::Store;

/// A kind that the store has a number for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindRow {
    /// Its number in this store.
    pub id: i64,
    /// Apple's identifier, or the type as it stood.
    pub identifier: String,
    /// `quantity` or `category`.
    pub nature: String,
    /// Canonical unit; empty for categories, and where samples of a type that no table knows have several or none.
    pub unit: String,
}

/// A kind with its live rows counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeRow {
    /// The kind.
    pub kind: KindRow,
    /// Distinct live rows.
    pub count: i64,
    /// Earliest start.
    pub first_ms: Option<i64>,
    /// Latest end.
    pub last_ms: Option<i64>,
    /// Sources that wrote some.
    pub sources: i64,
    /// The first and the last local day that has some of it.
    pub days: Option<(Day, Day)>,
}

impl Store {
    /// Returns every kind that the store has ever met, by identifier.
    pub fn kinds(&self) -> Result<Vec<KindRow>> {
        let mut statement =
            self.conn.prepare_cached("SELECT id, identifier, nature, unit FROM kinds ORDER BY identifier")?;
        let rows = statement.query_map([], kind)?.collect::<rusqlite::Result<_>>()?;
        Ok(rows)
    }

    /// Returns the kinds that have live rows, by identifier.
    pub fn types(&self) -> Result<Vec<TypeRow>> {
        let mut statement = self.conn.prepare_cached(
            "SELECT k.id, k.identifier, k.nature, k.unit, sum(s.n), min(s.first_ms), max(s.last_ms), count(*),
                    (SELECT min(day) FROM daily WHERE kind_id = k.id), (SELECT max(day) FROM daily WHERE kind_id = k.id)
             FROM series_summary s JOIN kinds k ON k.id = s.kind_id
             WHERE s.n > 0 GROUP BY k.id ORDER BY k.identifier",
        )?;
        let rows = statement.query_map([], |row| {
            Ok(TypeRow {
                kind: kind(row)?,
                count: row.get(4)?,
                first_ms: row.get(5)?,
                last_ms: row.get(6)?,
                sources: row.get(7)?,
                days: row.get::<_, Option<Day>>(8)?.zip(row.get(9)?),
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

impl Store {
    /// Whether every live row of a kind has a length; true without any.
    pub fn every_row_has_length(&self, kind_id: i64) -> Result<bool> {
        every_row_has_length(&self.conn, kind_id)
    }
}

/// The same on a connection. It stops at the first row without a length, and is asked of kinds only that nobody knows.
pub(crate) fn every_row_has_length(conn: &Connection, kind_id: i64) -> Result<bool> {
    let sql =
        "SELECT NOT EXISTS (SELECT 1 FROM samples WHERE kind_id = ?1 AND duration_ms = 0 AND superseded_by IS NULL)";
    Ok(conn.prepare_cached(sql)?.query_row([kind_id], |row| row.get(0))?)
}

fn kind(row: &Row<'_>) -> rusqlite::Result<KindRow> {
    Ok(KindRow { id: row.get(0)?, identifier: row.get(1)?, nature: row.get(2)?, unit: row.get(3)? })
}

#[cfg(test)]
mod tests {
    use crate::query::testing;

    #[test]
    fn lengths_are_those_of_live_rows() {
        let store = testing::filled();
        let told = [1, 2, 3].map(|kind| store.every_row_has_length(kind).expect("an answer"));
        assert_eq!(told, [false, true, true]);
        store.conn.execute("UPDATE samples SET superseded_by = 1 WHERE kind_id = 1", []).expect("superseded");
        assert!(store.every_row_has_length(1).expect("an answer"));
    }

    #[test]
    fn types_have_live_rows_and_kinds_need_not() {
        let store = testing::filled();
        let counts: Vec<(i64, i64)> =
            store.types().expect("types").iter().map(|row| (row.count, row.sources)).collect();
        assert_eq!(counts, [(2, 1), (2, 2)]);
        assert_eq!(store.kinds().expect("kinds").len(), 3);
    }
}
