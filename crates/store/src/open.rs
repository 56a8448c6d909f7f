//! Opening the file: connections, pragmas, schema versions. Nothing else sets a pragma.
//!
//! WAL: readers are never blocked by the one writer. The write lock is held for one transaction, never for the life
//! of a process; who waits longer than [`BUSY_WAIT`] gets `Busy`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::error::{ErrorKind, Result};

/// The schema that this program writes (`PRAGMA user_version`).
pub const SCHEMA_VERSION: i64 = 1;
/// How long a writer waits for another one.
pub const BUSY_WAIT: Duration = Duration::from_secs(5);
/// Page cache of the writer. Larger ones bought nothing in the import benchmark and count against peak memory.
const WRITER_CACHE_KIB: i64 = 24 * 1024;

/// Prepared statements kept: more than an ingest uses, so that none is parsed twice.
const STATEMENTS: usize = 128;

const SCHEMA: &str = include_str!("schema.sql");

/// An open store: one SQLite connection.
#[derive(Debug)]
pub struct Store {
    pub(crate) conn: Connection,
    path: PathBuf,
}

impl Store {
    /// Opens the store for reading and writing; creates it where it does not exist. The folder must exist.
    pub fn open(path: &Path) -> Result<Self> {
        Self::open_within(path, BUSY_WAIT)
    }

    /// The same; another writer is waited for as long as `wait`.
    pub fn open_within(path: &Path, wait: Duration) -> Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = Connection::open_with_flags(path, flags)?;
        Self::prepare(conn, path.to_owned(), wait)
    }

    /// Returns an empty store in memory: a missing data folder answers like it, and nothing is created.
    pub fn empty(path: &Path) -> Result<Self> {
        Self::prepare(Connection::open_in_memory()?, path.to_owned(), BUSY_WAIT)
    }

    /// Opens an existing store for reading only: no statement can change it. One whose making was killed is empty.
    pub fn open_read(path: &Path) -> Result<Self> {
        // Read-write flags all the same: a reader of a WAL file must be able to make the shared-memory file.
        let conn =
            Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        conn.busy_timeout(BUSY_WAIT)?;
        refuse_newer(&conn)?;
        if user_version(&conn)? == 0 {
            return Self::empty(path);
        }
        steady_plans(&conn)?;
        conn.pragma_update(None, "query_only", true)?;
        conn.pragma_update(None, "mmap_size", 256 * 1024 * 1024)?;
        Ok(Self { conn, path: path.to_owned() })
    }

    /// Where the store lies; empty for a store in memory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn prepare(conn: Connection, path: PathBuf, wait: Duration) -> Result<Self> {
        conn.busy_timeout(wait)?;
        refuse_newer(&conn)?;
        steady_plans(&conn)?;
        // For a new file: half the calls of the default size, and a phone's few samples still touch little.
        conn.pragma_update(None, "page_size", 8192)?;
        conn.pragma_update(None, "journal_mode", "wal")?;
        conn.pragma_update(None, "synchronous", "normal")?;
        conn.pragma_update(None, "foreign_keys", true)?;
        conn.pragma_update(None, "temp_store", "memory")?;
        conn.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
        conn.pragma_update(None, "journal_size_limit", 0)?;
        conn.set_prepared_statement_cache_capacity(STATEMENTS);
        let mut store = Self { conn, path };
        store.create_schema()?;
        Ok(store)
    }

    fn create_schema(&mut self) -> Result<()> {
        if user_version(&self.conn)? == SCHEMA_VERSION {
            return Ok(());
        }
        let tx = self.conn.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        // Another process may have created it while this one waited for the lock.
        if user_version(&tx)? == 0 {
            tx.execute_batch(SCHEMA)?;
            tx.pragma_update(None, "user_version", SCHEMA_VERSION)?;
        }
        tx.commit()?;
        Ok(())
    }

    /// Moves everything from the write-ahead log into the file and makes it durable.
    pub(crate) fn checkpoint(&self) -> Result<()> {
        self.conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(())
    }
}

/// The schema version of a file, 0 for a new one.
pub(crate) fn user_version(conn: &Connection) -> Result<i64> {
    Ok(conn.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}

/// Plans that do not look at bound values: otherwise most binds make SQLite prepare the statement anew.
fn steady_plans(conn: &Connection) -> Result<()> {
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

fn refuse_newer(conn: &Connection) -> Result<()> {
    match user_version(conn)? {
        found if found > SCHEMA_VERSION => Err(ErrorKind::Newer { found, known: SCHEMA_VERSION }.into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_of_the_schema_has_a_comment() {
        let mut inside = false;
        for line in SCHEMA.lines() {
            if line.starts_with("CREATE TABLE") {
                inside = true;
            } else if line.starts_with(')') {
                inside = false;
            } else if inside && !line.trim_start().starts_with("PRIMARY KEY") {
                assert!(line.contains("-- "), "no comment: {line}");
            }
        }
    }
}
