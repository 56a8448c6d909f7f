//! Names of requests that may come with one content only.

use rusqlite::{Connection, OptionalExtension, params};

use crate::error::Result;
use crate::open::Store;

/// How long a name is remembered.
const KEPT_MS: i64 = 30 * 24 * 3_600_000;

impl Store {
    /// Returns the content that a phone's request of this name came with before.
    pub fn known_request(&self, peer: i64, key: &str) -> Result<Option<String>> {
        let mut statement = self.conn.prepare_cached("SELECT hash FROM idempotency WHERE peer_id = ?1 AND key = ?2")?;
        Ok(statement.query_row(params![peer, key], |row| row.get(0)).optional()?)
    }
}

/// Keeps the first content of a name and forgets old ones.
pub(super) fn keep(conn: &Connection, peer: i64, (key, hash): (&str, &str), now_ms: i64) -> Result<()> {
    let sql = "INSERT INTO idempotency (peer_id, key, hash, at_ms) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";
    conn.prepare_cached(sql)?.execute(params![peer, key, hash, now_ms])?;
    let sql = "DELETE FROM idempotency WHERE peer_id = ?1 AND at_ms < ?2";
    conn.prepare_cached(sql)?.execute([peer, now_ms - KEPT_MS])?;
    Ok(())
}
