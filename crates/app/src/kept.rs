//! Copies of the store that the program keeps by itself: what was there before a restore or an upgrade. They lie in the
//! data folder, and are the way back.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use health::time::format_instant;
use store::{Cancel, SCHEMA_VERSION, Store};

use crate::error::{About, Code, Result};
use crate::folder::{Folder, create_private, new_file};

/// The folder of the copies, in the data folder.
pub(crate) const KEPT: &str = "kept";
/// How long a copy is kept.
const KEEP: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Writes a copy of a store into a file that does not exist yet; a failure leaves nothing behind.
pub(crate) fn copy(store: &mut Store, file: &Path, cancel: &Cancel) -> Result<()> {
    new_file(file, |unfinished| store.copy_to(unfinished, cancel).about(file))
}

/// The path of a copy of this moment.
pub(crate) fn place(folder: &Folder, what: &str, now_ms: i64) -> Result<PathBuf> {
    let dir = folder.dir().join(KEPT);
    create_private(&dir)?;
    let stamp: String = format_instant(now_ms).chars().filter(char::is_ascii_alphanumeric).collect();
    Ok(dir.join(format!("{what}-{stamp}.db")))
}

/// Keeps a copy of a store that an earlier version wrote, before it is brought up to date. None where there is one
/// already, or nothing to upgrade, or no place to write to; a full disk is told, and the store stays as it is.
pub(crate) fn before_upgrade(folder: &Folder) -> Result<()> {
    let path = folder.store_path();
    let Some(version) = store::schema_of(&path).filter(|version| (1..SCHEMA_VERSION).contains(version)) else {
        return Ok(());
    };
    let dir = folder.dir().join(KEPT);
    let file = dir.join(format!("before-upgrade-of-version-{version}.db"));
    if file.exists() || create_private(&dir).is_err() {
        return Ok(());
    }
    let kept =
        Store::open_as_it_is(&path).about(&path).and_then(|mut store| copy(&mut store, &file, &Cancel::default()));
    match kept {
        Err(error) if error.code == Code::File => Ok(()),
        other => other,
    }
}

/// Takes copies away that are older than they are kept, and returns how many.
pub(crate) fn prune(folder: &Folder, now_ms: i64) -> u64 {
    let Ok(entries) = fs::read_dir(folder.dir().join(KEPT)) else { return 0 };
    let now = UNIX_EPOCH + Duration::from_millis(now_ms.unsigned_abs());
    let is_old = |entry: &fs::DirEntry| {
        let modified = entry.metadata().and_then(|meta| meta.modified());
        modified.is_ok_and(|at| now.duration_since(at).is_ok_and(|age| age > KEEP))
    };
    entries.flatten().filter(is_old).filter(|entry| fs::remove_file(entry.path()).is_ok()).count() as u64
}
