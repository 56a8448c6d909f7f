//! Copies of the whole store: taking one, putting one in the store's place, and giving back room.
//!
//! Where copies lie and how long they are kept is the caller's business.

use std::path::Path;
use std::time::Duration;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use crate::cancel::{Cancel, Done, STEPS};
use crate::error::{Error, ErrorKind, Result};
use crate::open::{BUSY_WAIT, SCHEMA_VERSION, Store, has_log, still_uri, user_version};

/// Pages that are copied before a stop is heard again.
const PAGES: i32 = 1024;
/// How long to wait before a writer is asked again whether it is done.
const PAUSE: Duration = Duration::from_millis(50);

impl Store {
    /// Writes a copy of the store as it is now into a file that is empty or missing. One file, without side files, that
    /// any SQLite tool opens; who writes to the store meanwhile is not kept waiting.
    ///
    /// After a stop or a failure the caller takes the unfinished file away.
    pub fn copy_to(&mut self, file: &Path, cancel: &Cancel) -> Result<()> {
        let target = file.to_str().ok_or_else(|| std::io::Error::from(std::io::ErrorKind::InvalidFilename))?;
        // A reader cannot write, and SQLite counts the copy as writing.
        let reader: bool = self.conn.pragma_query_value(None, "query_only", |row| row.get(0))?;
        self.conn.pragma_update(None, "query_only", false)?;
        let copied = self.stoppable(cancel, |conn| conn.execute("VACUUM INTO ?1", [target]).map(drop));
        self.conn.pragma_update(None, "query_only", reader)?;
        copied?;
        Ok(std::fs::File::open(file)?.sync_all()?)
    }

    /// Puts a copy in the place of everything that is here. One transaction: after a stop, a failure or a crash the store
    /// is as it was. A copy of an earlier schema is brought up to date.
    ///
    /// Fails with `NoCopy` where the file is none or is not whole, and with `Newer` where a later program wrote it.
    pub fn put_back(&mut self, file: &Path, cancel: &Cancel) -> Result<()> {
        let copy = checked(file, cancel)?;
        self.conn.flush_prepared_statement_cache();
        replace(&copy, &mut self.conn, cancel)?;
        self.create_schema()?;
        // As after every write: what cannot be moved into the file now waits for the next writer.
        let _ = self.checkpoint();
        Ok(())
    }

    /// Whether a file is a whole copy of a store: the errors of [`Store::put_back`], and nothing is changed.
    pub fn check_copy(file: &Path, cancel: &Cancel) -> Result<()> {
        checked(file, cancel).map(drop)
    }

    /// Waits until no other process writes.
    pub fn wait_for_writers(&mut self, cancel: &Cancel) -> Result<()> {
        self.write(cancel, |_| Ok(Done::Rollback(())))
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
fn open_copy(file: &Path) -> Result<Connection> {
    // Of a file that cannot be opened SQLite does not say why.
    if !std::fs::File::open(file)?.metadata()?.is_file() {
        return Err(ErrorKind::NoCopy.into());
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = match has_log(file) {
        // Somebody's own copy of the files of a store, its log among them.
        true => Connection::open_with_flags(file, flags)?,
        false => Connection::open_with_flags(still_uri(file)?, flags)?,
    };
    conn.busy_timeout(BUSY_WAIT)?;
    Ok(conn)
}

fn checked(file: &Path, cancel: &Cancel) -> Result<Connection> {
    let mut copy = open_copy(file)?;
    let asked = cancel.clone();
    copy.progress_handler(STEPS, Some(move || asked.is_cancelled()))?;
    check_copy(&copy)?;
    Ok(copy)
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
fn replace(copy: &Connection, conn: &mut Connection, cancel: &Cancel) -> Result<()> {
    let pages = Backup::new(copy, conn)?;
    let mut waited = Duration::ZERO;
    // Nothing is copied yet, but it is known how much there is.
    pages.step(0)?;
    loop {
        cancel.check()?;
        if pages.progress().remaining <= PAGES {
            cancel.commits();
        }
        match pages.step(PAGES)? {
            StepResult::Done => return Ok(()),
            StepResult::More => {}
            _ if waited >= BUSY_WAIT => return Err(ErrorKind::Busy.into()),
            _ => {
                std::thread::sleep(PAUSE);
                waited += PAUSE;
            }
        }
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

    fn samples(store: &Store) -> i64 {
        store.conn.query_row("SELECT count(*) FROM samples", [], |row| row.get(0)).expect("a number")
    }

    #[test]
    fn a_copy_is_one_file_and_brings_everything_back() {
        let folder = Folder::new("whole");
        let (copy, mut store) = (folder.copy(), folder.store());
        let reader = Store::open_read(&folder.file("vitalog.db")).expect("a reader");
        assert_eq!(samples(&store), 0);
        store.put_back(&copy, &Cancel::default()).expect("put back");
        assert!(samples(&filled()) > 0);
        assert_eq!([samples(&store), samples(&reader)], [samples(&filled()); 2]);
        assert!(!folder.file("copy.db-wal").exists() && !folder.file("copy.db-shm").exists());
        store.conn.execute("INSERT INTO settings VALUES ('units', 'metric')", []).expect("it can be written to");
    }

    #[test]
    fn a_reader_takes_a_copy_and_stays_one() {
        let folder = Folder::new("reader");
        let copy = folder.copy();
        folder.store().put_back(&copy, &Cancel::default()).expect("put back");
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
        let mut store = folder.store();
        store.conn.execute("INSERT INTO settings VALUES ('units', 'metric')", []).expect("written");
        let error = store.put_back(&copy, &Cancel::default()).expect_err("refused");
        assert!(expected(error.kind()), "{name}: {error}");
        assert_eq!(store.settings().expect("settings").len(), 1, "{name}: as before");
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
        let error = folder.store().put_back(&path, &Cancel::default()).expect_err("refused");
        assert!(matches!(error.kind(), ErrorKind::NoCopy), "{error}");
    }

    #[test]
    fn a_stop_changes_nothing() {
        let folder = Folder::new("stop");
        let (copy, mut store) = (folder.copy(), folder.store());
        let stop = Cancel::default();
        stop.cancel();
        let error = store.put_back(&copy, &stop).expect_err("stopped");
        assert!(matches!(error.kind(), ErrorKind::Cancelled), "{error}");
        assert_eq!(samples(&store), 0);
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
