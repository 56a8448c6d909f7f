//! How sources are called. A newer export, or an undo, may call one otherwise, and then no row of it is written: all of
//! its rows are others for a server all the same.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};

use super::watch::day_of;
use crate::error::Result;
use crate::open::Store;
use crate::query::sources::source_names;

impl Store {
    /// Notes what sources are called otherwise than a remote was told as changed. Asked before a remote is sent to; it
    /// writes only where one is. Returns whether.
    pub fn note_labels(&mut self, remote: i64) -> Result<bool> {
        if told(&self.conn, remote)? == labels(&self.conn)? {
            return Ok(false);
        }
        self.change(|tx| {
            let (before, now) = (told(tx, remote)?, labels(tx)?);
            for (source, label) in &before {
                if now.get(source).is_some_and(|other| other != label) {
                    touch(tx, *source)?;
                }
            }
            tx.execute("DELETE FROM remote_sources WHERE remote_id = ?1", [remote])?;
            let mut insert =
                tx.prepare_cached("INSERT INTO remote_sources (remote_id, source_id, label) VALUES (?1, ?2, ?3)")?;
            now.iter().try_for_each(|(source, label)| insert.execute(params![remote, source, label]).map(drop))?;
            Ok(true)
        })
    }
}

fn told(conn: &Connection, remote: i64) -> Result<BTreeMap<i64, String>> {
    let mut statement = conn.prepare_cached("SELECT source_id, label FROM remote_sources WHERE remote_id = ?1")?;
    Ok(statement.query_map([remote], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<_>>()?)
}

fn labels(conn: &Connection) -> Result<BTreeMap<i64, String>> {
    let names = source_names(conn)?;
    let mut statement = conn.prepare_cached("SELECT id, bundle, hardware FROM sources")?;
    let mut labels = BTreeMap::new();
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (id, bundle, hardware): (i64, Option<String>, Option<String>) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let name = names.get(&id).and_then(|all| all.first());
        labels.insert(id, serde_json::json!([name, bundle, hardware]).to_string());
    }
    Ok(labels)
}

/// Everything of a source is to be compared.
fn touch(conn: &Connection, source: i64) -> Result<()> {
    conn.prepare_cached(&format!(
        "INSERT OR REPLACE INTO changes (record, kind, day)
         SELECT DISTINCT 'sample', k.identifier, {} FROM series_summary y JOIN kinds k ON k.id = y.kind_id
             JOIN samples s ON s.kind_id = y.kind_id WHERE y.source_id = ?1 AND s.source_id = ?1",
        day_of("s.start_ms")
    ))?
    .execute([source])?;
    conn.prepare_cached(&format!(
        "INSERT OR REPLACE INTO changes (record, kind, day)
         SELECT DISTINCT kind, '', coalesce({}, {}) FROM entries WHERE source_id = ?1
             OR id IN (SELECT entry_id FROM correlation_members WHERE source_id = ?1)",
        day_of("start_ms"),
        super::NO_DAY
    ))?
    .execute([source])?;
    Ok(())
}
