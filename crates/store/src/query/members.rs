//! The samples that a correlation holds together.

use rusqlite::params;

use crate::error::Result;
use crate::open::Store;

/// A sample inside a correlation: enough to find it among the samples.
#[derive(Debug, Clone, PartialEq)]
pub struct MemberRow {
    /// Apple's identifier.
    pub identifier: String,
    /// Start.
    pub start_ms: i64,
    /// End.
    pub end_ms: i64,
    /// Newest name of its source.
    pub source: Option<String>,
    /// Value in the kind's unit.
    pub value: Option<f64>,
    /// The kind's unit; empty for categories.
    pub unit: String,
}

/// Which correlation a sample is a member of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Membership {
    /// Start of the sample.
    pub start_ms: i64,
    /// Who wrote it.
    pub source_id: i64,
    /// Its end minus its start.
    pub duration_ms: i64,
    /// The correlation.
    pub entry_id: i64,
}

impl Store {
    /// Returns the memberships of a kind's samples in live correlations, by start; those that start in
    /// `[from_ms, until_ms)`.
    pub fn memberships(&self, kind_id: i64, (from_ms, until_ms): (i64, i64)) -> Result<Vec<Membership>> {
        let mut statement = self.conn.prepare_cached(
            "SELECT m.start_ms, m.source_id, m.duration_ms, m.entry_id
             FROM correlation_members m JOIN entries e ON e.id = m.entry_id AND e.superseded_by IS NULL
             WHERE m.kind_id = ?1 AND m.start_ms >= ?2 AND m.start_ms < ?3
             ORDER BY m.start_ms, m.source_id, m.duration_ms, m.entry_id",
        )?;
        let rows = statement.query_map([kind_id, from_ms, until_ms], |row| {
            Ok(Membership {
                start_ms: row.get(0)?,
                source_id: row.get(1)?,
                duration_ms: row.get(2)?,
                entry_id: row.get(3)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns the members of a correlation by kind, start and value: in the same order in every store. Those that a
    /// newer export rewrote are left out unless `superseded`.
    pub fn members(&self, entry_id: i64, superseded: bool) -> Result<Vec<MemberRow>> {
        let names = self.source_names()?;
        let mut statement = self.conn.prepare_cached(
            "SELECT k.identifier, m.start_ms, m.start_ms + m.duration_ms, m.source_id, s.value, k.unit
             FROM correlation_members m JOIN kinds k ON k.id = m.kind_id
                  JOIN samples s ON s.kind_id = m.kind_id AND s.start_ms = m.start_ms AND s.source_id = m.source_id
                       AND s.duration_ms = m.duration_ms AND s.ordinal = m.ordinal
             WHERE m.entry_id = ?1 AND (?2 OR s.superseded_by IS NULL) ORDER BY k.identifier, m.start_ms, s.value",
        )?;
        let rows = statement.query_map(params![entry_id, superseded], |row| {
            Ok(MemberRow {
                identifier: row.get(0)?,
                start_ms: row.get(1)?,
                end_ms: row.get(2)?,
                source: names.get(&row.get(3)?).and_then(|all| all.first().cloned()),
                value: row.get(4)?,
                unit: row.get(5)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

#[cfg(test)]
mod tests {
    use crate::query::testing;

    #[test]
    fn members_bring_their_values() {
        let store = testing::filled();
        store
            .conn
            .execute_batch(
                "INSERT INTO entries (id, kind, identity, start_ms, end_ms, body, import_id)
                 VALUES (1, 'correlation', 'x', 1773473400123, 1773473400123, '{}', 1);
                 INSERT INTO correlation_members VALUES (1, 1, 1773473400123, 1, 0, 0);",
            )
            .expect("rows");
        let members = store.members(1, false).expect("members");
        let found: Vec<_> = members.iter().map(|m| (m.source.as_deref(), m.value, m.unit.as_str())).collect();
        assert_eq!(found, [(Some("Kim's Watch"), Some(72.0), "count/min")]);
        assert_eq!(store.members(2, true).expect("none"), []);
        store
            .conn
            .execute_batch("UPDATE samples SET superseded_by = 1 WHERE start_ms = 1773473400123")
            .expect("rewritten");
        assert_eq!(store.members(1, false).expect("none"), []);
        assert_eq!(store.members(1, true).expect("members"), members);
    }
}
