//! Settings: words kept as they are. What is allowed is the caller's business.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, params};

use crate::error::Result;
use crate::open::Store;

impl Store {
    /// Returns one setting.
    pub fn setting(&self, key: &str) -> Result<Option<String>> {
        let mut statement = self.conn.prepare_cached("SELECT value FROM settings WHERE key = ?1")?;
        Ok(statement.query_row([key], |row| row.get(0)).optional()?)
    }

    /// Returns every setting that was set.
    pub fn settings(&self) -> Result<BTreeMap<String, String>> {
        let mut statement = self.conn.prepare_cached("SELECT key, value FROM settings")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Sets one setting.
    pub fn set_setting(&self, key: &str, value: &str) -> Result<()> {
        self.conn.execute(
            "INSERT INTO settings (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            params![key, value],
        )?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::query::testing;

    #[test]
    fn the_last_value_counts() {
        let store = testing::empty();
        for zone in ["Europe/Paris", "Asia/Tokyo"] {
            store.set_setting("home_zone", zone).expect("written");
        }
        assert_eq!(store.setting("home_zone").expect("read").as_deref(), Some("Asia/Tokyo"));
        assert_eq!(store.setting("other").expect("read"), None);
    }
}
