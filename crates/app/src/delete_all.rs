//! Taking everything away from this computer.

use std::fs;
use std::io::Write;
use std::path::Path;

use health::time::format_instant;
use serde::Serialize;
use store::Cancel;

use crate::error::{About, Code, Result};
use crate::folder::{Folder, private_file};
use crate::kept::KEPT;

/// Everything that the program ever puts into the data folder.
const OURS: [&str; 9] =
    ["vitalog.db", "vitalog.db-wal", "vitalog.db-shm", "vitalog.db.part", "doctor.part", "spool", "log", "demo", KEPT];

/// What nobody can delete from here.
const NOT_REACHED: [&str; 3] = [
    "backups and exports that you made elsewhere",
    "what a server holds that you sent data to",
    "the Health app on your phone",
];

/// The receipt of `vitalog delete-all`, which stays in the data folder too.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Receipt {
    /// When.
    pub at: String,
    /// Distinct live samples that the store had; null where it could not be read.
    pub records: Option<i64>,
    /// Bytes that were removed.
    pub bytes: u64,
    /// What was removed, by its name in the data folder.
    pub removed: Vec<Removed>,
    /// What is in the data folder and not ours.
    pub left: Vec<String>,
    /// What this does not reach.
    pub not_reached: Vec<&'static str>,
    /// The file in the data folder that holds this receipt; null where there was nothing to delete.
    pub receipt: Option<String>,
}

/// One file or folder that was removed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Removed {
    /// Its name in the data folder.
    pub name: String,
    /// Its size, with what was in it.
    pub bytes: u64,
}

/// Removes the store with everything beside it, for good. Waits for another writer like every write.
pub fn delete_all(folder: &Folder, now_ms: i64) -> Result<Receipt> {
    let mut receipt = Receipt { at: format_instant(now_ms), not_reached: NOT_REACHED.to_vec(), ..Receipt::default() };
    receipt.records = records(folder)?;
    for name in OURS {
        let path = folder.dir().join(name);
        if path.symlink_metadata().is_err() {
            continue;
        }
        let bytes = size(&path);
        remove(&path)?;
        receipt.bytes += bytes;
        receipt.removed.push(Removed { name: name.to_owned(), bytes });
    }
    let entries = fs::read_dir(folder.dir()).into_iter().flatten().flatten();
    receipt.left = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    receipt.left.sort_unstable();
    if !receipt.removed.is_empty() {
        write(folder, &mut receipt)?;
    }
    Ok(receipt)
}

/// Counts once more, and waits until nobody writes. A store that cannot be opened is deleted uncounted.
fn records(folder: &Folder) -> Result<Option<i64>> {
    if !folder.store_path().exists() {
        return Ok(Some(0));
    }
    let counted = folder.read().and_then(|store| Ok(store.totals()?.records));
    let free = folder.write().and_then(|mut store| Ok(store.wait_for_writers(&Cancel::default())?));
    match free {
        Err(error) if error.code == Code::StoreBusy => Err(error),
        _ => Ok(counted.ok()),
    }
}

fn size(path: &Path) -> u64 {
    match path.symlink_metadata() {
        Ok(meta) if meta.is_dir() => {
            fs::read_dir(path).into_iter().flatten().flatten().map(|entry| size(&entry.path())).sum()
        }
        Ok(meta) => meta.len(),
        Err(_) => 0,
    }
}

fn remove(path: &Path) -> Result<()> {
    // A link is removed, and what it points to is somebody else's.
    if path.symlink_metadata().about(path)?.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }
        .about(path)
}

fn write(folder: &Folder, receipt: &mut Receipt) -> Result<()> {
    let stamp: String = receipt.at.chars().filter(char::is_ascii_alphanumeric).collect();
    let name = format!("deleted-{stamp}.json");
    receipt.receipt = Some(name.clone());
    let path = folder.dir().join(name);
    let text = serde_json::to_vec_pretty(receipt).map_err(std::io::Error::from)?;
    let mut file = private_file(&path)?;
    file.write_all(&text).and_then(|()| file.sync_all()).about(&path)
}
