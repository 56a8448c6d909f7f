//! Opening the file: connections, pragmas, schema versions. Nothing else sets a pragma.
//!
//! WAL: readers are never blocked by the one writer. The write lock is held for one transaction, never for the life
//! of a process; who waits longer than [`BUSY_WAIT`] gets `Busy`.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::at_path::{file_of, has_log, same_file, still_uri};
use crate::derived;
use crate::error::{Error, ErrorKind, Result};
use crate::{units, views};

/// The schema that this program writes (`PRAGMA user_version`).
pub const SCHEMA_VERSION: i64 = 9;
/// How long a writer waits for another one.
pub const BUSY_WAIT: Duration = Duration::from_secs(5);
/// Page cache of the writer. Larger ones bought nothing in the import benchmark and count against peak memory.
const WRITER_CACHE_KIB: i64 = 24 * 1024;

/// Of a new store.
const PAGE_BYTES: i64 = 8192;
/// A log as long as this is moved into the file by the next commit.
const LOG_PAGES: i64 = 4096;

/// Prepared statements kept: more than an ingest uses, so that none is parsed twice.
const STATEMENTS: usize = 128;

const SCHEMA: &str = include_str!("schema.sql");
/// What makes a version of the next one; the first belongs to version 1. What is derived is computed anew afterwards.
const UPGRADES: [&str; SCHEMA_VERSION as usize - 1] = [
    include_str!("upgrades/v1.sql"),
    include_str!("upgrades/v2.sql"),
    include_str!("upgrades/v3.sql"),
    include_str!("upgrades/v4.sql"),
    include_str!("upgrades/v5.sql"),
    include_str!("upgrades/v6.sql"),
    include_str!("upgrades/v7.sql"),
    include_str!("upgrades/v8.sql"),
];

/// An open store: one SQLite connection.
#[derive(Debug)]
pub struct Store {
    pub(crate) conn: Connection,
    path: PathBuf,
    /// The file that a writer has opened; none in memory, and of a reader.
    file: Option<(u64, u64)>,
}

impl Store {
    /// Opens the store for reading and writing; creates it where it does not exist. The folder must exist.
    pub fn open(path: &Path) -> Result<Self> {
        Self::open_within(path, BUSY_WAIT)
    }

    /// The same; another writer is waited for as long as `wait`.
    pub fn open_within(path: &Path, wait: Duration) -> Result<Self> {
        Self::connect(path)?.prepare(wait)
    }

    /// A connection that may write, and makes the file where it is missing.
    fn connect(path: &Path) -> Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let (conn, file) = same_file(path, || Ok(Connection::open_with_flags(path, flags)?))?;
        // What may not be written SQLite opens all the same, and fails with the first change.
        if conn.is_readonly("main")? {
            return Err(why_not_written(path).into());
        }
        Ok(Self { conn, path: path.to_owned(), file })
    }

    /// Returns an empty store in memory: a missing data folder answers like it, and nothing is created.
    pub fn empty(path: &Path) -> Result<Self> {
        Self { conn: Connection::open_in_memory()?, path: path.to_owned(), file: None }.prepare(BUSY_WAIT)
    }

    /// Returns an empty store to try something in: what does not fit into the page cache lies in a nameless file of the
    /// system's, which is gone when the store is closed.
    pub fn scratch() -> Result<Self> {
        Self { conn: Connection::open("")?, path: PathBuf::new(), file: None }.prepare(BUSY_WAIT)
    }

    /// Opens an existing store for reading only: no statement can change it. One whose making was killed is empty.
    /// Whatever is asked of it, it answers from one moment: nobody sees half of what another process writes meanwhile.
    ///
    /// In a folder that cannot be written to, the file is read as it lies there; fails with `Unsettled` where a
    /// write-ahead log would be needed besides.
    pub fn open_read(path: &Path) -> Result<Self> {
        // Read-write flags all the same: a reader of a WAL file must be able to make the shared-memory file.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let opened = Connection::open_with_flags(path, flags).map_err(Error::from);
        let opened = opened.and_then(|conn| {
            // An earlier version is brought up to date first.
            if (1..SCHEMA_VERSION).contains(&user_version(&conn)?) {
                Self::open(path)?;
            }
            Self::read_only(conn, path)?.at_a_moment(|| Self::open(path))
        });
        match opened {
            // Only the side files are out of reach, not the store: the folder is read-only.
            Err(error) if is_out_of_reach(&error) && still(path).is_ok() => {
                let is_full = matches!(error.kind(), ErrorKind::NoSpace);
                Self::open_still(path).map_err(|still| if is_full { error } else { still })
            }
            other => other,
        }
    }

    /// Opens an existing store for reading only, whatever its version: to look at it or to copy it, not to ask
    /// questions.
    pub fn open_as_it_is(path: &Path) -> Result<Self> {
        let conn =
            Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        conn.busy_timeout(BUSY_WAIT)?;
        refuse_newer(&conn)?;
        conn.pragma_update(None, "query_only", true)?;
        Ok(Self { conn, path: path.to_owned(), file: None })
    }

    /// Opens a store that nobody changes meanwhile, without locks and side files.
    fn open_still(path: &Path) -> Result<Self> {
        if has_log(path) {
            return Err(ErrorKind::Unsettled.into());
        }
        let reader = Self::read_only(still(path)?, path)?;
        reader.at_a_moment(|| Err(ErrorKind::Unsettled.into()))
    }

    /// Lets a reader answer from one moment, at which nothing is left to be found; a writer finds it.
    fn at_a_moment(self, writer: impl FnOnce() -> Result<Self>) -> Result<Self> {
        // The first look says which moment it is.
        let begin = || {
            self.conn.execute_batch("BEGIN")?;
            derived::is_unsettled(&self.conn)
        };
        if begin()? {
            self.conn.execute_batch("ROLLBACK")?;
            writer()?.settled(begin)?;
        }
        Ok(self)
    }

    fn read_only(conn: Connection, path: &Path) -> Result<Self> {
        conn.busy_timeout(BUSY_WAIT)?;
        refuse_newer(&conn)?;
        refuse_foreign(&conn)?;
        match user_version(&conn)? {
            0 => return Self::empty(path),
            SCHEMA_VERSION => {}
            _ => return Err(ErrorKind::Unsettled.into()),
        }
        steady_plans(&conn)?;
        // A mistyped column in double quotes is a mistake and no text.
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
        conn.pragma_update(None, "query_only", true)?;
        conn.pragma_update(None, "mmap_size", 256 * 1024 * 1024)?;
        Ok(Self { conn, path: path.to_owned(), file: None })
    }

    /// Where the store lies; empty for a store in memory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn prepare(mut self, wait: Duration) -> Result<Self> {
        let in_place = self.in_place();
        match self.set_up(wait) {
            // In a file that was deleted meanwhile SQLite may fail in other ways, too.
            Err(_) if !in_place() => Err(ErrorKind::Busy.into()),
            done => done.map(|()| self),
        }
    }

    fn set_up(&mut self, wait: Duration) -> Result<()> {
        let conn = &self.conn;
        conn.busy_timeout(wait)?;
        refuse_newer(conn)?;
        refuse_foreign(conn)?;
        steady_plans(conn)?;
        // For a new file: half the calls of the default size, and a phone's few samples still touch little.
        // SQLite copies into an open store only what has pages of its size: with others, backups would be lost.
        conn.pragma_update(None, "page_size", PAGE_BYTES)?;
        conn.pragma_update(None, "journal_mode", "wal")?;
        // A commit is on the disk when it returns; what it syncs the checkpoint after it need not.
        conn.pragma_update(None, "synchronous", "full")?;
        // Where the system tells the disk's cache from the disk (macOS) the disk is meant: phones are told it is safe.
        conn.pragma_update(None, "fullfsync", true)?;
        conn.pragma_update(None, "foreign_keys", true)?;
        conn.pragma_update(None, "temp_store", "memory")?;
        conn.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
        // Of many small transactions each page is moved into the file once in a while, and not by who waits for an
        // answer.
        conn.pragma_update(None, "wal_autocheckpoint", LOG_PAGES)?;
        // A log that goes on is written over: to grow anew it would have to ask for room with each commit. One that was
        // moved as a whole is empty.
        conn.pragma_update(None, "journal_size_limit", LOG_PAGES * PAGE_BYTES)?;
        conn.set_prepared_statement_cache_capacity(STATEMENTS);
        self.create_schema()
    }

    pub(crate) fn create_schema(&mut self) -> Result<()> {
        if user_version(&self.conn)? == SCHEMA_VERSION {
            return Ok(());
        }
        let in_place = self.in_place();
        let tx = self.conn.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        // Another process may have deleted or created it while this one waited for the lock.
        if !in_place() {
            return Err(ErrorKind::Busy.into());
        }
        match user_version(&tx)? {
            0 => {
                tx.execute_batch(SCHEMA)?;
                views::create_days_view(&tx)?;
            }
            version => upgrade(&tx, version)?,
        }
        tx.pragma_update(None, "user_version", SCHEMA_VERSION)?;
        tx.commit()?;
        // What a full disk stops after this may leave nothing in the log, or there is no room to take it away.
        let _ = self.checkpoint();
        Ok(())
    }

    /// Tells whether the file that was opened still lies at its path: what is written into another one would be lost.
    pub(crate) fn in_place(&self) -> impl FnOnce() -> bool + use<> {
        let (path, file) = (self.path.clone(), self.file);
        move || file.is_none() || file_of(&path) == file
    }

    /// Moves everything from the write-ahead log into the file and makes it durable. What somebody still reads stays
    /// in the log: nobody is waited for, because other writers would wait as well.
    pub(crate) fn checkpoint(&self) -> Result<()> {
        self.without_waiting(|conn| Ok(conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?))
    }

    /// Moves what was committed from the write-ahead log into the file, as far as nobody reads what was before. It
    /// waits for nobody, and nobody for it: others write meanwhile.
    pub fn move_log(&self) -> Result<()> {
        Ok(self.conn.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?)
    }

    /// Does something that fails at once with `Busy` where it would have to wait for another connection.
    pub(crate) fn without_waiting<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let wait: u64 = self.conn.pragma_query_value(None, "busy_timeout", |row| row.get(0))?;
        self.conn.busy_timeout(Duration::ZERO)?;
        let done = work(&self.conn);
        self.conn.busy_timeout(Duration::from_millis(wait))?;
        done
    }
}

/// Brings a store of an earlier version up to date.
fn upgrade(conn: &Connection, version: i64) -> Result<()> {
    let steps = UPGRADES.iter().zip(1..).skip_while(|(_, of)| *of < version);
    for (sql, _) in steps {
        conn.execute_batch(sql)?;
    }
    if version < SCHEMA_VERSION {
        units::convert(conn)?;
        conn.execute_batch("DROP VIEW IF EXISTS days")?;
        views::create_days_view(conn)?;
        views::renew_kind_views(conn)?;
        // A store with samples knows its home zone since its first import.
        derived::rebuild_all(conn, "UTC")?;
    }
    Ok(())
}

/// Whether it is the file or the whole disk that may not be written. The file is not opened for it: that is for SQLite.
fn why_not_written(path: &Path) -> io::Error {
    let same = std::fs::metadata(path).and_then(|file| std::fs::set_permissions(path, file.permissions()));
    let disk = same.err().filter(|error| error.kind() == io::ErrorKind::ReadOnlyFilesystem);
    disk.unwrap_or_else(|| io::ErrorKind::PermissionDenied.into())
}

/// The schema of an existing store; `None` of one that is not there, empty, or cannot be looked at.
///
/// Nothing is looked at but the file: a change of it in the log is a moment old, and its store open elsewhere.
pub fn schema_of(path: &Path) -> Option<i64> {
    let is_there = std::fs::metadata(path).is_ok_and(|file| file.is_file() && file.len() > 0);
    is_there.then(|| still(path)).and_then(|conn| user_version(&conn.ok()?).ok())
}

/// A connection to a file as it lies there, without locks and side files.
///
/// Also where one only wants a glance at it: whoever opens a store's file by any other way than SQLite takes away the
/// locks of all connections of this process when the file is closed, as POSIX has it, and then other programs believe
/// that nobody has it open.
pub(crate) fn still(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Ok(Connection::open_with_flags(still_uri(path)?, flags)?)
}

fn is_out_of_reach(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Io(error) => error.kind() == io::ErrorKind::PermissionDenied,
        // Side files need room too.
        ErrorKind::NoSpace => true,
        _ => false,
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

/// A file that another program made must not become a store; one whose making was killed is empty.
fn refuse_foreign(conn: &Connection) -> Result<()> {
    let tables: bool = conn.query_row("SELECT EXISTS (SELECT 1 FROM sqlite_schema)", [], |row| row.get(0))?;
    if tables && user_version(conn)? == 0 {
        return Err(ErrorKind::Damaged("another program made this file".to_owned()).into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A store in a folder of its own, gone after the test.
    struct Kept(PathBuf);

    impl Kept {
        fn new(name: &str) -> Self {
            let dir = std::env::temp_dir().join(format!("vitalog-open {}?%{name}", std::process::id()));
            std::fs::create_dir_all(&dir).expect("a folder");
            drop(Store::open(&dir.join("a store.db")).expect("a store"));
            Self(dir)
        }

        fn path(&self) -> PathBuf {
            self.0.join("a store.db")
        }

        fn files(&self) -> usize {
            std::fs::read_dir(&self.0).expect("a folder").count()
        }
    }

    impl Drop for Kept {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    /// What happens in a read-only folder; the verbs are tried in a real one by tests/cli.rs.
    /// What a full disk stops afterwards leaves a log in which nothing is missed, and which can go.
    #[test]
    fn a_new_store_leaves_nothing_in_its_log() {
        let kept = Kept::new("log");
        let path = kept.0.join("new.db");
        let store = Store::open(&path).expect("a store");
        assert_eq!(std::fs::metadata(kept.0.join("new.db-wal")).map(|log| log.len()).unwrap_or(0), 0);
        assert!(schema_of(&path).is_some());
        drop(store);
    }

    #[test]
    fn a_store_that_nobody_changes_is_read_without_side_files() {
        let kept = Kept::new("still");
        let store = Store::open_still(&kept.path()).expect("a store");
        assert_eq!(user_version(&store.conn).expect("a version"), SCHEMA_VERSION);
        assert_eq!(kept.files(), 1);
        assert!(store.conn.execute("DELETE FROM settings", []).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn nothing_is_written_into_a_store_that_is_not_there_any_more() {
        let kept = Kept::new("gone");
        let mut store = Store::open(&kept.path()).expect("a store");
        store.alone(|| ()).expect("it is there");
        std::fs::remove_file(kept.path()).expect("removed");
        let error = store.alone(|| ()).expect_err("gone");
        assert!(matches!(error.kind(), ErrorKind::Busy), "{error}");
        drop(Store::open(&kept.path()).expect("another store"));
        assert!(store.alone(|| ()).is_err());
    }

    /// Who makes the schema may have waited for the one that deletes everything.
    #[cfg(unix)]
    #[test]
    fn no_store_is_made_in_a_file_that_is_not_there_any_more() {
        let kept = Kept::new("never");
        for (journal, another) in [("wal", false), ("wal", true), ("delete", false), ("delete", true)] {
            let path = kept.0.join("another.db");
            let maker = Connection::open(&path).expect("a file");
            maker.pragma_update(None, "journal_mode", journal).expect("set");
            drop(maker);
            let store = Store::connect(&path).expect("a connection");
            // Who waits has its files open.
            assert_eq!(user_version(&store.conn).expect("a version"), 0);
            std::fs::remove_file(&path).expect("removed");
            if another {
                std::fs::write(&path, "").expect("another file");
            }
            let error = store.prepare(Duration::ZERO).expect_err("gone");
            assert!(matches!(error.kind(), ErrorKind::Busy), "{journal} {another}: {error}");
        }
    }

    /// Whoever waited for the reader would wait for an hour.
    #[test]
    fn a_reader_answers_from_one_moment_and_keeps_no_writer_waiting() {
        let kept = Kept::new("moment");
        let mut writer = Store::open_within(&kept.path(), Duration::from_secs(3600)).expect("a store");
        let reader = Store::open_read(&kept.path()).expect("a reader");
        let settings = |store: &Store| store.settings().expect("settings").len();
        let set = |store: &mut Store, key: &str| {
            let set = |tx: &rusqlite::Transaction<'_>| Ok(tx.execute("INSERT INTO settings VALUES (?1, 'x')", [key])?);
            store.change(set).expect("written")
        };
        let before = settings(&reader);
        for key in ["one", "two"] {
            set(&mut writer, key);
        }
        assert_eq!((settings(&reader), settings(&writer)), (before, before + 2));
        assert!(has_log(&kept.path()), "what is read stays in the log");
        drop(reader);
        set(&mut writer, "three");
        assert!(!has_log(&kept.path()));
        assert_eq!(settings(&Store::open_read(&kept.path()).expect("a reader")), before + 3);
    }

    #[test]
    fn changes_beside_the_store_are_not_passed_over() {
        let kept = Kept::new("unsettled");
        let writer = Store::open(&kept.path()).expect("a store");
        Store::open_still(&kept.path()).expect("an empty log holds nothing");
        writer.conn.execute("INSERT INTO settings VALUES ('units', 'metric')", []).expect("written");
        let error = Store::open_still(&kept.path()).expect_err("unsettled");
        assert!(matches!(error.kind(), ErrorKind::Unsettled), "{error}");
        drop(writer);
        Store::open_still(&kept.path()).expect("the last one to close settles everything");
    }

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

    #[test]
    fn side_files_that_cannot_be_made_do_not_keep_a_store_from_being_read() {
        let check = |kind: ErrorKind, expected| assert_eq!(is_out_of_reach(&Error::from(kind)), expected);
        check(ErrorKind::NoSpace, true);
        check(ErrorKind::Io(io::ErrorKind::PermissionDenied.into()), true);
        check(ErrorKind::Io(io::ErrorKind::NotFound.into()), false);
        check(ErrorKind::Damaged(String::new()), false);
    }
}
