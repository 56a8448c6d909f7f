//! Opening the store: pragmas and versions.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::error::{ErrorKind, Result};

/// The version of [`SCHEMA`], kept in `PRAGMA user_version`.
pub const VERSION: i64 = 1;
pub(crate) const SCHEMA: &str = include_str!("schema.sql");

/// An open store.
#[derive(Debug)]
pub struct Store {
    pub(crate) conn: Connection,
    pub(crate) path: PathBuf,
}

impl Store {
    /// Opens the store for writing, and makes it where there is none.
    pub fn open(path: &Path) -> Result<Self> {
        let conn = Connection::open(path)?;
        conn.busy_timeout(Duration::from_secs(5))?;
        conn.execute_batch("PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON;")?;
        if version(&conn)? == 0 {
            conn.execute_batch(&format!("BEGIN IMMEDIATE; {SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;"))?;
        }
        Ok(Self { conn, path: path.to_owned() })
    }

    /// Opens an existing store for reading only.
    pub fn open_read(path: &Path) -> Result<Self> {
        let conn = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        conn.busy_timeout(Duration::from_secs(5))?;
        conn.execute_batch("PRAGMA query_only = ON")?;
        version(&conn)?;
        Ok(Self { conn, path: path.to_owned() })
    }
}

fn version(conn: &Connection) -> Result<i64> {
    let found = conn.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if found > VERSION {
        return Err(ErrorKind::Newer(found).into());
    }
    Ok(found)
}
