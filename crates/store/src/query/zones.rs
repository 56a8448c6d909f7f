//! Where the wearer was: anchors from `HKTimeZone` in sleep and workouts.

use health::time::Anchor;
use rusqlite::Connection;

use crate::error::Result;
use crate::open::Store;

impl Store {
    /// Returns the wearer's known places in time, sorted.
    pub fn anchors(&self) -> Result<Vec<Anchor>> {
        anchors(&self.conn)
    }
}

/// The same on a connection, also inside an ingest.
pub(crate) fn anchors(conn: &Connection) -> Result<Vec<Anchor>> {
    let mut statement = conn.prepare_cached(
        "SELECT s.start_ms, json_extract(d.json, '$.metadata.HKTimeZone') AS zone
             FROM samples s JOIN details d ON d.id = s.details_id
             WHERE s.kind_id = (SELECT id FROM kinds WHERE identifier = 'HKCategoryTypeIdentifierSleepAnalysis')
               AND s.superseded_by IS NULL AND zone IS NOT NULL
             UNION ALL
             SELECT start_ms, json_extract(body, '$.metadata.HKTimeZone') AS zone FROM entries
             WHERE kind = 'workout' AND superseded_by IS NULL AND start_ms IS NOT NULL AND zone IS NOT NULL
             ORDER BY 1",
    )?;
    let rows = statement.query_map([], |row| Ok(Anchor { at_ms: row.get(0)?, zone: row.get(1)? }))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

#[cfg(test)]
mod tests {
    use crate::query::testing;

    #[test]
    fn workouts_say_where_the_wearer_was() {
        let store = testing::empty();
        store
            .conn
            .execute_batch(
                r#"INSERT INTO entries (kind, identity, start_ms, body, import_id) VALUES
                   ('workout', '37', 5, '{"metadata":{"HKTimeZone":"Asia/Tokyo"}}', 1), ('workout', '37', 6, '{}', 1);"#,
            )
            .expect("rows");
        let anchors = store.anchors().expect("anchors");
        assert_eq!(anchors.iter().map(|a| (a.at_ms, a.zone.as_str())).collect::<Vec<_>>(), [(5, "Asia/Tokyo")]);
    }
}
