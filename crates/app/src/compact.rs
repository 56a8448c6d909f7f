//! Giving room back to the disk.

use serde::Serialize;
use store::Cancel;

use crate::error::Result;
use crate::folder::Folder;
use crate::kept;
use crate::local::system_zone;

/// The answer of `vitalog compact`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Compacted {
    /// Bytes of the store before.
    pub before: u64,
    /// Bytes of the store now.
    pub after: u64,
    /// Copies from before restores and upgrades that were older than 30 days, and are gone.
    pub copies_removed: u64,
}

/// Removes what was deleted 30 days ago, and writes the store anew without the room that deleted rows left. Needs as
/// much free space as the store has rows. A stop leaves the file as it is.
pub fn compact(folder: &Folder, now_ms: i64, cancel: &Cancel) -> Result<Compacted> {
    let path = folder.store_path();
    let bytes = || std::fs::metadata(&path).map_or(0, |file| file.len());
    if bytes() == 0 {
        // A missing store is not made for that.
        return Ok(Compacted::default());
    }
    let mut store = folder.write()?;
    let before = bytes();
    store.wipe_deleted(now_ms, &system_zone())?;
    store.compact(cancel)?;
    Ok(Compacted { before, after: bytes(), copies_removed: kept::prune(folder, now_ms) })
}
