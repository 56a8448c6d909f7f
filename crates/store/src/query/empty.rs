//! A store with nothing in it, for questions about a folder that has none.

use std::path::Path;

use rusqlite::Connection;

use crate::error::Result;
use crate::open::{SCHEMA, Store};

impl Store {
    /// Returns an empty store in memory: a missing data folder answers like it, and nothing is created.
    pub fn empty(path: &Path) -> Result<Self> {
        let conn = Connection::open_in_memory()?;
        conn.execute_batch(SCHEMA)?;
        Ok(Self { conn, path: path.to_owned() })
    }
}
