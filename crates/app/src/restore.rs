//! Putting a backup in the store's place.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use store::{Cancel, Store};

use crate::error::{About, Code, Result};
use crate::folder::{Folder, beside, private_file};
use crate::kept;

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

/// Puts a backup in the place of everything in the store. What was there is kept; a store that is too damaged to be
/// copied is put aside as it is. A stop or a failure changes nothing.
pub fn restore(folder: &Folder, file: &Path, now_ms: i64, cancel: &Cancel) -> Result<Restored> {
    // A name that is wrong must not make a data folder.
    fs::metadata(file).reading(file)?;
    Store::check_copy(file, cancel).reading(file)?;
    // Nobody writes between the last look and the exchange: what is kept is what goes.
    let look = || keep(folder, now_ms, cancel);
    let exchanged = folder.write().and_then(|mut store| store.put_back(file, cancel, look).reading(file)?);
    let (kept, damaged) = match exchanged {
        Err(error) if error.code == Code::StoreDamaged => (Some(replace(folder, file, now_ms, cancel)?), true),
        kept => (kept?, false),
    };
    kept::prune(folder, now_ms);
    let records = folder.read()?.totals()?.records;
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
fn replace(folder: &Folder, file: &Path, now_ms: i64, cancel: &Cancel) -> Result<PathBuf> {
    let path = folder.store_path();
    let fresh = beside(&path, ".part");
    private_file(&fresh, &path)?;
    let nothing = || -> Result<()> { Ok(()) };
    let made = Store::open(&fresh).and_then(|mut store| store.put_back(file, cancel, nothing)).reading(file);
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
