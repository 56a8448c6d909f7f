//! What lies in the data folder, part by part, and how large it is.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::folder::{Folder, WINDOW};
use crate::kept;

/// A part of the data folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Part {
    /// Which.
    pub part: Which,
    /// Its size.
    pub bytes: u64,
}

/// The parts that there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Which {
    /// The store, with what SQLite has beside it.
    Store,
    /// Copies from before restores and upgrades.
    Kept,
    /// The sample person.
    Sample,
    /// What the window remembers: its place, and choices such as its colours.
    Window,
    /// Everything else, such as receipts, or files of the owner.
    Other,
}

/// The parts of a data folder that have any bytes. What comes or goes meanwhile may or may not be counted.
pub fn holdings(folder: &Folder) -> Vec<Part> {
    let (kept, sample) = (kept::copies(folder), folder.demo());
    let which = |path: &Path| match path {
        path if is_store(folder, path) => Which::Store,
        path if path.starts_with(sample.dir()) => Which::Sample,
        path if path.starts_with(folder.dir().join(WINDOW)) => Which::Window,
        path if kept.iter().any(|copy| copy == path) => Which::Kept,
        _ => Which::Other,
    };
    // Each file is asked for its size once: it may be another one a moment later.
    let found: Vec<(Which, u64)> = files(folder.dir()).iter().map(|(path, bytes)| (which(path), *bytes)).collect();
    let of = |part: Which| found.iter().filter(|(which, _)| *which == part).map(|(_, bytes)| bytes).sum();
    let parts = [Which::Store, Which::Kept, Which::Sample, Which::Window, Which::Other];
    parts.into_iter().map(|part| Part { part, bytes: of(part) }).filter(|part| part.bytes > 0).collect()
}

/// The store's file, or a side file of it.
fn is_store(folder: &Folder, path: &Path) -> bool {
    let store = folder.store_path();
    let name = |path: &Path| path.file_name().map(|name| name.as_encoded_bytes().to_owned()).unwrap_or_default();
    path.parent() == store.parent() && name(path).starts_with(&name(&store))
}

/// All files below a folder, with their sizes. Links are not followed: what they point to lies elsewhere.
pub(crate) fn files(dir: &Path) -> Vec<(PathBuf, u64)> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let below = |entry: fs::DirEntry| match entry.metadata() {
        Ok(found) if found.is_dir() => files(&entry.path()),
        Ok(found) if found.is_file() => vec![(entry.path(), found.len())],
        _ => Vec::new(),
    };
    entries.flat_map(below).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kept::KEPT;
    use crate::testing::TestFolder;

    #[test]
    fn every_byte_is_in_one_part() {
        let folder = TestFolder::new("holdings");
        assert_eq!(holdings(&folder), [], "there is no folder yet");
        for dir in [KEPT, "demo/kept"] {
            fs::create_dir_all(folder.dir().join(dir)).expect("made");
        }
        let write = |name: &str, bytes: usize| fs::write(folder.dir().join(name), vec![b'x'; bytes]).expect("written");
        write("vitalog.db", 1000);
        write("vitalog.db-wal", 100);
        write("kept/damaged-20260314T073000000Z.db", 20);
        write("kept/notes.txt", 3);
        write("demo/vitalog.db", 4);
        write("deleted-20260314T073000000Z.json", 5);
        let part = |part, bytes| Part { part, bytes };
        let expected = [part(Which::Store, 1100), part(Which::Kept, 20), part(Which::Sample, 4), part(Which::Other, 8)];
        assert_eq!(holdings(&folder), expected);
    }
}
