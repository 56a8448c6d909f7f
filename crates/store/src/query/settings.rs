//! Settings: words kept as they are. What is allowed is the caller's business.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, params};

use super::zones::{choose_home, unchoose_home, zones};
use crate::derived::Derived;
use crate::error::Result;
use crate::open::Store;

impl Store {
    /// Returns one setting.
    pub fn setting(&self, key: &str) -> Result<Option<String>> {
        read(&self.conn, key)
    }

    /// Returns every setting that was set.
    pub fn settings(&self) -> Result<BTreeMap<String, String>> {
        let mut statement = self.conn.prepare_cached("SELECT key, value FROM settings")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Sets one setting.
    pub fn set_setting(&self, key: &str, value: &str) -> Result<()> {
        write(&self.conn, key, value)
    }

    /// Sets the home zone, or with `None` finds it again, and in the same transaction computes the days anew that are
    /// others now. `fallback` is the home zone where none is known.
    pub fn set_home_zone(&mut self, zone: Option<&str>, fallback: &str) -> Result<()> {
        self.move_days(fallback, |conn| match zone {
            Some(zone) => write(conn, "home_zone", zone).and_then(|()| choose_home(conn, zone)),
            None => unchoose_home(conn, fallback),
        })
    }

    /// Sets `day_boundaries` and, in the same transaction, computes the days anew that are others now.
    pub fn set_day_boundaries(&mut self, value: &str, fallback: &str) -> Result<()> {
        self.move_days(fallback, |conn| write(conn, "day_boundaries", value))
    }

    fn move_days(&mut self, fallback: &str, set: impl FnOnce(&Connection) -> Result<()>) -> Result<()> {
        self.change(|tx| {
            let before = zones(tx, fallback)?;
            set(tx)?;
            let mut derived = Derived::default();
            let zones = derived.rezone(tx, fallback, &before)?;
            derived.rebuild(tx, &zones)
        })
    }
}

pub(crate) fn read(conn: &Connection, key: &str) -> Result<Option<String>> {
    let mut statement = conn.prepare_cached("SELECT value FROM settings WHERE key = ?1")?;
    Ok(statement.query_row([key], |row| row.get(0)).optional()?)
}

pub(crate) fn write(conn: &Connection, key: &str, value: &str) -> Result<()> {
    let sql =
        "INSERT INTO settings (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
    conn.prepare_cached(sql)?.execute(params![key, value])?;
    Ok(())
}

pub(crate) fn forget(conn: &Connection, key: &str) -> Result<()> {
    conn.prepare_cached("DELETE FROM settings WHERE key = ?1")?.execute([key])?;
    Ok(())
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
