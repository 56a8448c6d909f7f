//! Putting a backup in the store's place.

use std::fs;
use std::path::{Path, PathBuf};

use health::time::format_instant;
use serde::Serialize;
use store::{Cancel, Store, WholeCopy};

use crate::error::{About, Code, Result};
use crate::folder::{Folder, beside, private_file};
use crate::kept;
use crate::local::there;

/// What SQLite puts beside a store.
const SIDE_FILES: [&str; 2] = ["-wal", "-shm"];

/// The answer of `vitalog restore`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Restored {
    /// The backup, as it was named.
    pub file: String,
    /// Distinct live samples in the store now.
    pub records: i64,
    /// What the store was before: to be restored in the same way, for 30 days. Null where there was none.
    pub kept: Option<String>,
    /// True where that was too damaged to be a store; it lies there as it was.
    pub damaged: bool,
}

/// What a backup holds, before it takes the store's place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Backup {
    /// The name of its file.
    pub file: String,
    /// Distinct live samples in it.
    pub records: i64,
    /// When the newest import in it was made.
    pub last_import: Option<String>,
    /// Its size.
    pub bytes: u64,
    /// Its schema; an earlier one is brought up to date by the restore.
    pub schema: i64,
}

/// Looks into a backup; nothing is changed. Fails where [`restore`] would.
pub fn look(file: &Path, cancel: &Cancel) -> Result<Backup> {
    let bytes = fs::metadata(file).reading(file)?.len();
    let totals = Store::open_copy(file, cancel).and_then(|copy| copy.totals()).reading(file)?;
    let name = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy().into_owned();
    let last_import = totals.last_import_ms.map(format_instant);
    Ok(Backup { file: name, records: totals.records, last_import, bytes, schema: totals.schema })
}

/// Puts a backup in the place of everything in the store. What was there is kept; a store that is too damaged to be
/// copied is put aside as it is. A stop or a failure changes nothing.
pub fn restore(folder: &Folder, file: &Path, now_ms: i64, cancel: &Cancel) -> Result<Restored> {
    // A name that is wrong must not make a data folder.
    fs::metadata(file).reading(file)?;
    let copy = Store::open_copy(file, cancel).reading(file)?;
    // Nobody writes between the last look and the exchange: what is kept is what goes.
    let look = || keep(folder, now_ms, cancel);
    let exchanged =
        folder.write().and_then(|mut store| store.put_back(&copy, cancel, look).writing(&folder.store_path())?);
    let (kept, damaged) = match exchanged {
        // What nobody can read is damaged, whatever SQLite says of it.
        Err(error) if matches!(error.code, Code::StoreDamaged | Code::StoreFailed) => {
            (Some(replace(folder, &copy, now_ms, cancel)?), true)
        }
        kept => (kept?, false),
    };
    kept::prune(folder, now_ms);
    let mut store = folder.write()?;
    if !store.remotes()?.is_empty() {
        // What servers were sent since that copy was made stands in no ledger any more.
        store.compare_remotes_anew()?;
    }
    drop(store);
    let records = there(&folder.read()?)?;
    let kept = kept.map(|path| path.display().to_string());
    Ok(Restored { file: file.display().to_string(), records, kept, damaged })
}

/// Keeps what is there now. Only who holds the store's lock comes here.
fn keep(folder: &Folder, now_ms: i64, cancel: &Cancel) -> Result<Option<PathBuf>> {
    kept::forget_unfinished(folder);
    let mut store = folder.read()?;
    if store.imports()?.is_empty() && store.settings()?.is_empty() {
        return Ok(None);
    }
    let path = kept::place(folder, kept::BEFORE_RESTORE, now_ms)?;
    kept::copy(&mut store, &path, cancel)?;
    Ok(Some(path))
}

/// Makes a new store of the backup and then gives it the place of the damaged one.
fn replace(folder: &Folder, copy: &WholeCopy, now_ms: i64, cancel: &Cancel) -> Result<PathBuf> {
    let _alone = folder.alone()?;
    let path = folder.store_path();
    let fresh = beside(&path, ".part");
    private_file(&fresh, &path)?;
    let nothing = || -> Result<()> { Ok(()) };
    let made = Store::open(&fresh).and_then(|mut store| store.put_back(copy, cancel, nothing)).writing(&path);
    if let Err(error) = made.and_then(|looked| looked) {
        let _ = fs::remove_file(&fresh);
        return Err(error);
    }
    let aside = kept::place(folder, kept::DAMAGED, now_ms)?;
    for side in SIDE_FILES {
        match fs::rename(beside(&path, side), beside(&aside, side)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error).writing(&path),
            _ => {}
        }
    }
    fs::rename(&path, &aside).writing(&path)?;
    fs::rename(&fresh, &path).writing(&path)?;
    Ok(aside)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestFolder;

    /// What is said where a new store cannot be made beside the damaged one, or the backup cannot be read.
    #[test]
    fn the_file_that_fails_is_named() {
        let folder = TestFolder::filled("restore-names");
        let (path, copy) = (folder.store_path(), folder.dir().join("copy.db"));
        crate::backup::backup(&folder, &copy, &Cancel::default()).expect("a backup");
        let told = |file: &Path| restore(&folder, file, 0, &Cancel::default()).expect_err("failed").message;
        assert!(told(&folder.dir().join("nowhere.db")).contains("`nowhere.db`"));
        fs::write(&path, "no store any more, and longer than any header of one; ".repeat(9)).expect("damaged");
        // SQLite cannot make its journal where a folder has the name.
        fs::create_dir(beside(&path, ".part-journal")).expect("made");
        let message = told(&copy);
        assert!(message.contains("`vitalog.db`") && message.contains("written"), "{message}");
        assert!(!message.contains("copy.db"), "{message}");
        assert!(path.is_file() && !beside(&path, ".part").exists());
    }

    #[test]
    fn a_backup_says_what_it_holds_before_it_is_restored() {
        let folder = TestFolder::filled("restore-look");
        let copy = folder.dir().join("copy.db");
        let made = crate::backup::backup(&folder, &copy, &Cancel::default()).expect("a backup");
        let seen = look(&copy, &Cancel::default()).expect("a backup");
        assert_eq!((seen.file.as_str(), seen.records, seen.bytes), ("copy.db", made.records, made.bytes));
        assert!(seen.records > 0 && seen.last_import.is_some());
        fs::write(&copy, "milk and bread").expect("written");
        assert_eq!(look(&copy, &Cancel::default()).expect_err("no backup").code, Code::NotABackup);
        assert_eq!(look(&folder.dir().join("none.db"), &Cancel::default()).expect_err("none").code, Code::NotFound);
    }

    /// A store in which something cannot be read, although every page is whole.
    #[test]
    fn what_is_damaged_in_its_values_is_put_aside_too() {
        let folder = TestFolder::filled("restore-values");
        let copy = folder.dir().join("copy.db");
        crate::backup::backup(&folder, &copy, &Cancel::default()).expect("a backup");
        let mut bytes = fs::read(folder.store_path()).expect("read");
        let word = b"\"duplicates\":";
        let at = bytes.windows(word.len()).position(|found| found == word).expect("the report of the import");
        bytes[at + word.len() - 1] = b'#';
        fs::write(folder.store_path(), bytes).expect("spoilt");
        let restored = restore(&folder, &copy, 0, &Cancel::default()).expect("restored");
        assert!(restored.damaged && restored.kept.is_some(), "{restored:?}");
        assert!(crate::verify::verify(&folder).expect("verified").ok);
    }
}
