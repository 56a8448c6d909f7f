//! Copies of the whole store: taking one, putting one in the store's place, and giving back room.
//!
//! Where copies lie and how long they are kept is the caller's business.

use std::path::Path;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use crate::acts::hidden::owners_rows;
use crate::at_path::has_log;
use crate::cancel::{Cancel, Done, STEPS};
use crate::error::{Error, ErrorKind, Result};
use crate::open::{BUSY_WAIT, SCHEMA_VERSION, Store, still, user_version};

/// Pages that are copied before a stop is heard again.
const PAGES: i32 = 1024;

/// A whole copy of a store, opened to be put back.
#[derive(Debug)]
pub struct WholeCopy(Connection);

/// What a copy of a store holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CopyTotals {
    /// Distinct samples that count, and those that the owner hid or deleted.
    pub records: i64,
    /// When the newest import in it was made.
    pub last_import_ms: Option<i64>,
    /// Version of its schema.
    pub schema: i64,
}

impl WholeCopy {
    /// Counts what is in it, whatever its schema.
    pub fn totals(&self) -> Result<CopyTotals> {
        const TOTALS: &str = "SELECT (SELECT coalesce(sum(n), 0) FROM series_summary WHERE n > 0),
                                     (SELECT max(at_ms) FROM imports WHERE undone = 0)";
        let schema = user_version(&self.0)?;
        let row = self.0.query_row(TOTALS, [], |row| {
            Ok(CopyTotals { records: row.get(0)?, last_import_ms: row.get(1)?, schema })
        })?;
        let owners = owners_rows(&self.0)?;
        Ok(CopyTotals { records: row.records.saturating_add_unsigned(owners), ..row })
    }
}

impl Store {
    /// Writes a copy of the store as it is now into a file that is empty or missing. One file, without side files, that
    /// any SQLite tool opens; who writes to the store meanwhile is not kept waiting.
    ///
    /// After a stop or a failure the caller takes the unfinished file away.
    pub fn copy_to(&mut self, file: &Path, cancel: &Cancel) -> Result<()> {
        let target = file.to_str().ok_or_else(|| std::io::Error::from(std::io::ErrorKind::InvalidFilename))?;
        // The copy is of one moment by itself, and cannot be made inside a transaction.
        if !self.conn.is_autocommit() {
            self.conn.execute_batch("COMMIT")?;
        }
        // A reader cannot write, and SQLite counts the copy as writing.
        let reader: bool = self.conn.pragma_query_value(None, "query_only", |row| row.get(0))?;
        self.conn.pragma_update(None, "query_only", false)?;
        let copied = self.stoppable(cancel, |conn| conn.execute("VACUUM INTO ?1", [target]).map(drop));
        self.conn.pragma_update(None, "query_only", reader)?;
        copied?;
        Ok(std::fs::File::open(file)?.sync_all()?)
    }

    /// Puts a copy in the place of everything that is here. One transaction: after a stop, a failure or a crash the
    /// store is as it was. A copy of an earlier schema is brought up to date.
    ///
    /// `last_look` runs once nobody else can write any more and before anything changes: what a reader sees in it is
    /// what goes. Where it fails, the store stays as it is, and its own error comes back inside.
    ///
    /// Fails with `Busy` where another process writes, or has just deleted the store. Errors of files are the store's.
    pub fn put_back<T, E>(
        &mut self,
        copy: &WholeCopy,
        cancel: &Cancel,
        last_look: impl FnOnce() -> std::result::Result<T, E>,
    ) -> Result<std::result::Result<T, E>> {
        self.conn.flush_prepared_statement_cache();
        let in_place = self.in_place();
        let pages = Backup::new(&copy.0, &mut self.conn)?;
        // Nothing is copied yet, but the lock is taken, and it is known how much there is.
        step(&pages, 0)?;
        // Who held the lock before may have deleted everything.
        if !in_place() {
            return Err(ErrorKind::Busy.into());
        }
        let seen = match last_look() {
            Ok(seen) => seen,
            error => return Ok(error),
        };
        copy_all(&pages, cancel)?;
        drop(pages);
        self.create_schema()?;
        // As after every write: what cannot be moved into the file now waits for the next writer.
        let _ = self.checkpoint();
        Ok(Ok(seen))
    }

    /// Opens a file that is a whole copy of a store, without changing it. `cancel` stops the look at it, and what reads
    /// it.
    ///
    /// Fails with `NoCopy` where the file is none or is not whole, and with `Newer` where a later program wrote it.
    pub fn open_copy(file: &Path, cancel: &Cancel) -> Result<WholeCopy> {
        let mut copy = connect(file)?;
        let asked = cancel.clone();
        copy.progress_handler(STEPS, Some(move || asked.is_cancelled()))?;
        check_copy(&copy)?;
        Ok(WholeCopy(copy))
    }

    /// Does something while no other process can write.
    pub fn alone<T>(&mut self, work: impl FnOnce() -> T) -> Result<T> {
        self.settle()?;
        self.write(&Cancel::default(), |_| Ok(Done::Rollback(work())))
    }

    /// Gives the room of deleted rows back to the disk. One transaction.
    pub fn compact(&mut self, cancel: &Cancel) -> Result<()> {
        self.stoppable(cancel, |conn| conn.execute_batch("VACUUM"))?;
        let _ = self.checkpoint();
        Ok(())
    }

    fn stoppable(&mut self, cancel: &Cancel, work: impl FnOnce(&Connection) -> rusqlite::Result<()>) -> Result<()> {
        let asked = cancel.clone();
        self.conn.progress_handler(STEPS, Some(move || asked.is_cancelled()))?;
        let done = work(&self.conn).map_err(Error::from);
        self.conn.progress_handler(0, None::<fn() -> bool>)?;
        done
    }
}

/// Opens a copy without changing it or making anything beside it, on a read-only disk too.
fn connect(file: &Path) -> Result<Connection> {
    // Of a file that is not there SQLite does not say so.
    if !std::fs::metadata(file)?.is_file() {
        return Err(ErrorKind::NoCopy.into());
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = match has_log(file) {
        // Somebody's own copy of the files of a store, its log among them.
        true => Connection::open_with_flags(file, flags)?,
        false => still(file)?,
    };
    conn.busy_timeout(BUSY_WAIT)?;
    Ok(conn)
}

/// A store, whole, and of a schema that this program knows.
fn check_copy(copy: &Connection) -> Result<()> {
    let no_copy = |error: Error| match error.kind() {
        ErrorKind::Damaged(_) => ErrorKind::NoCopy.into(),
        _ => error,
    };
    match user_version(copy).map_err(no_copy)? {
        found if found > SCHEMA_VERSION => return Err(ErrorKind::Newer { found, known: SCHEMA_VERSION }.into()),
        found if found < 1 => return Err(ErrorKind::NoCopy.into()),
        _ => {}
    }
    const TABLES: &str =
        "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN ('imports', 'samples', 'kinds')";
    let tables: i64 = copy.query_row(TABLES, [], |row| row.get(0)).map_err(|error| no_copy(error.into()))?;
    let whole = copy.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0));
    let whole = whole.map_err(|error| no_copy(error.into()))?;
    if tables == 3 && whole == "ok" { Ok(()) } else { Err(ErrorKind::NoCopy.into()) }
}

/// Pages go over in one write transaction, which is rolled back where it does not come to its end.
fn copy_all(pages: &Backup<'_, '_>, cancel: &Cancel) -> Result<()> {
    loop {
        cancel.check()?;
        if pages.progress().remaining <= PAGES {
            cancel.commits();
        }
        if step(pages, PAGES)? == StepResult::Done {
            return Ok(());
        }
    }
}

/// SQLite itself has waited for whoever kept it busy.
fn step(pages: &Backup<'_, '_>, count: i32) -> Result<StepResult> {
    match pages.step(count)? {
        StepResult::Busy | StepResult::Locked => Err(ErrorKind::Busy.into()),
        other => Ok(other),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::query::testing::filled;

    /// A folder of its own, gone after the test.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let dir = std::env::temp_dir().join(format!("vitalog-backup-{}-{name}", std::process::id()));
            std::fs::create_dir_all(&dir).expect("a folder");
            Self(dir)
        }

        fn file(&self, name: &str) -> PathBuf {
            self.0.join(name)
        }

        fn store(&self) -> Store {
            Store::open(&self.file("vitalog.db")).expect("a store")
        }

        /// A copy of a store with samples.
        fn copy(&self) -> PathBuf {
            let copy = self.file("copy.db");
            filled().copy_to(&copy, &Cancel::default()).expect("a copy");
            copy
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn opened(copy: &Path) -> WholeCopy {
        Store::open_copy(copy, &Cancel::default()).expect("a copy")
    }

    fn nothing() -> Result<()> {
        Ok(())
    }

    fn samples(store: &Store) -> i64 {
        store.conn.query_row("SELECT count(*) FROM samples", [], |row| row.get(0)).expect("a number")
    }

    #[test]
    fn a_copy_is_one_file_and_brings_everything_back() {
        let folder = Folder::new("whole");
        let (copy, mut store) = (folder.copy(), folder.store());
        let reader = || Store::open_read(&folder.file("vitalog.db")).expect("a reader");
        let before = reader();
        store.put_back(&opened(&copy), &Cancel::default(), nothing).expect("put back").expect("seen");
        assert!(samples(&filled()) > 0);
        assert_eq!([samples(&store), samples(&reader())], [samples(&filled()); 2]);
        assert_eq!(samples(&before), 0, "it answers from its moment");
        drop(before);
        assert!(!folder.file("copy.db-wal").exists() && !folder.file("copy.db-shm").exists());
        store.conn.execute("INSERT INTO settings VALUES ('units', 'metric')", []).expect("it can be written to");
    }

    #[test]
    fn a_reader_takes_a_copy_and_stays_one() {
        let folder = Folder::new("reader");
        let copy = folder.copy();
        folder.store().put_back(&opened(&copy), &Cancel::default(), nothing).expect("put back").expect("seen");
        let mut reader = Store::open_read(&folder.file("vitalog.db")).expect("a reader");
        reader.copy_to(&folder.file("second.db"), &Cancel::default()).expect("a copy");
        assert!(reader.conn.execute("DELETE FROM settings", []).is_err());
        let second = Store::open(&folder.file("second.db")).expect("a store");
        assert_eq!(samples(&second), samples(&filled()));
    }

    #[track_caller]
    fn check_refused(name: &str, spoil: impl FnOnce(&mut Vec<u8>), expected: impl FnOnce(&ErrorKind) -> bool) {
        let folder = Folder::new(name);
        let copy = folder.copy();
        let mut bytes = std::fs::read(&copy).expect("read");
        spoil(&mut bytes);
        std::fs::write(&copy, bytes).expect("written");
        let error = Store::open_copy(&copy, &Cancel::default()).expect_err("refused");
        assert!(expected(error.kind()), "{name}: {error}");
    }

    #[test]
    fn what_is_no_whole_copy_is_refused_and_changes_nothing() {
        let is_no_copy = |kind: &ErrorKind| matches!(kind, ErrorKind::NoCopy);
        check_refused("text", |bytes| *bytes = b"milk, bread".repeat(100), is_no_copy);
        check_refused("nothing", Vec::clear, is_no_copy);
        check_refused("cut", |bytes| bytes.truncate(bytes.len() / 2), is_no_copy);
        check_refused(
            "torn",
            |bytes| bytes.iter_mut().skip(8192).step_by(97).for_each(|byte| *byte ^= 0xff),
            is_no_copy,
        );
        // The header keeps `user_version` here, the greatest digit first.
        let newer = |bytes: &mut Vec<u8>| bytes.splice(60..64, 99_u32.to_be_bytes()).for_each(drop);
        check_refused("newer", newer, |kind| matches!(kind, ErrorKind::Newer { found: 99, .. }));
    }

    #[test]
    fn a_database_of_somebody_else_is_no_copy() {
        let folder = Folder::new("foreign");
        let path = folder.file("notes.db");
        let notes = Connection::open(&path).expect("a database");
        notes.execute_batch("CREATE TABLE notes (text TEXT); PRAGMA user_version = 1").expect("made");
        drop(notes);
        let error = Store::open_copy(&path, &Cancel::default()).expect_err("refused");
        assert!(matches!(error.kind(), ErrorKind::NoCopy), "{error}");
    }

    #[test]
    fn a_copy_says_what_it_holds() {
        let folder = Folder::new("totals");
        let totals = opened(&folder.copy()).totals().expect("an answer");
        let whole = filled().totals().expect("an answer");
        assert_eq!(totals.records, whole.records);
        assert_eq!((totals.last_import_ms, totals.schema), (whole.last_import_ms, SCHEMA_VERSION));
        // Of every earlier version, too.
        let stores = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/stores");
        for version in 1..SCHEMA_VERSION {
            let earlier = opened(&stores.join(format!("v{version}.db"))).totals().expect("an answer");
            assert!(earlier.records > 0 && earlier.schema == version, "{earlier:?}");
        }
    }

    #[test]
    fn a_stop_changes_nothing() {
        let folder = Folder::new("stop");
        let (copy, mut store) = (folder.copy(), folder.store());
        let stop = Cancel::default();
        stop.cancel();
        let error = store.put_back(&opened(&copy), &stop, nothing).expect_err("stopped");
        assert!(matches!(error.kind(), ErrorKind::Cancelled), "{error}");
        assert_eq!(samples(&store), 0);
    }

    /// Who writes while a copy is put back either is seen before it goes, or waits and is told.
    #[test]
    fn the_last_look_sees_everything_that_goes() {
        let folder = Folder::new("last-look");
        let (copy, mut store) = (folder.copy(), folder.store());
        let mut other = Store::open_within(&folder.file("vitalog.db"), std::time::Duration::ZERO).expect("a store");
        other.conn.execute("INSERT INTO settings VALUES ('units', 'metric')", []).expect("written");
        let late = |other: &mut Store| other.set_setting("units", "imperial").map_err(|error| error.to_string());
        let look = || -> Result<_> { Ok((other.settings()?.len(), late(&mut other))) };
        let seen = store.put_back(&opened(&copy), &Cancel::default(), look).expect("put back");
        let (settings, written) = seen.expect("seen");
        assert_eq!(settings, 1);
        assert_eq!(written.expect_err("waits"), Error::from(ErrorKind::Busy).to_string());
        assert_eq!(samples(&store), samples(&filled()));
    }

    #[test]
    fn who_writes_is_waited_for_once_and_no_longer() {
        let folder = Folder::new("busy");
        let copy = folder.copy();
        let mut store = Store::open_within(&folder.file("vitalog.db"), std::time::Duration::ZERO).expect("a store");
        let looked = || -> Result<()> { unreachable!("before the lock was there") };
        let error = folder.store().alone(|| store.put_back(&opened(&copy), &Cancel::default(), looked)).expect("alone");
        assert!(matches!(error.expect_err("busy").kind(), ErrorKind::Busy));
    }

    #[cfg(unix)]
    #[test]
    fn nothing_is_put_back_into_a_store_that_is_not_there_any_more() {
        let folder = Folder::new("deleted");
        let (copy, mut store) = (folder.copy(), folder.store());
        std::fs::remove_file(folder.file("vitalog.db")).expect("removed");
        let looked = || -> Result<()> { panic!("there is nothing to look at") };
        let error = store.put_back(&opened(&copy), &Cancel::default(), looked).expect_err("gone");
        assert!(matches!(error.kind(), ErrorKind::Busy), "{error}");
    }

    #[test]
    fn a_look_that_fails_changes_nothing() {
        let folder = Folder::new("no-look");
        let (copy, mut store) = (folder.copy(), folder.store());
        let fails = || -> Result<()> { Err(ErrorKind::NoSpace.into()) };
        let error = store.put_back(&opened(&copy), &Cancel::default(), fails).expect("looked").expect_err("no room");
        assert!(matches!(error.kind(), ErrorKind::NoSpace), "{error}");
        assert_eq!(samples(&store), 0);
        store.set_setting("units", "metric").expect("the lock is gone");
    }

    #[test]
    fn room_is_given_back() {
        let folder = Folder::new("room");
        let mut store = folder.store();
        let fill = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
                    INSERT INTO settings (key, value) SELECT i, hex(zeroblob(100)) FROM n; DELETE FROM settings";
        store.conn.execute_batch(fill).expect("filled and emptied");
        store.checkpoint().expect("moved into the file");
        let bytes = || std::fs::metadata(folder.file("vitalog.db")).expect("there").len();
        let before = bytes();
        store.compact(&Cancel::default()).expect("compacted");
        assert!(bytes() < before / 2, "{before}, {}", bytes());
    }
}
