//! What lies in the data folder, part by part, and how large it is.

use std::fs;
use std::path::Path;

use serde::Serialize;

use crate::folder::{Folder, beside};
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
    /// The store itself.
    Store,
    /// What was written last and is not in the store's file yet.
    Log,
    /// Copies from before restores and upgrades.
    Kept,
    /// The sample person.
    Sample,
    /// Everything else, such as receipts, or files of the owner.
    Other,
}

/// The parts of a data folder that have any bytes. What comes or goes meanwhile may or may not be counted.
pub fn holdings(folder: &Folder) -> Vec<Part> {
    let store = folder.store_path();
    let file = |path: &Path| fs::metadata(path).map_or(0, |file| file.len());
    let log = file(&beside(&store, "-wal")) + file(&beside(&store, "-shm"));
    let (kept, sample) = (kept::copies(folder).iter().map(|path| file(path)).sum(), size(folder.demo().dir()));
    let named = file(&store) + log + kept + sample;
    let parts = [
        (Which::Store, file(&store)),
        (Which::Log, log),
        (Which::Kept, kept),
        (Which::Sample, sample),
        (Which::Other, size(folder.dir()).saturating_sub(named)),
    ];
    parts.into_iter().filter(|(_, bytes)| *bytes > 0).map(|(part, bytes)| Part { part, bytes }).collect()
}

/// The bytes of all files below a folder. Links are not followed: what they point to lies elsewhere.
fn size(dir: &Path) -> u64 {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(found) if found.is_dir() => size(&entry.path()),
            Ok(found) if found.is_file() => found.len(),
            _ => 0,
        })
        .sum()
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
        let expected = [
            part(Which::Store, 1000),
            part(Which::Log, 100),
            part(Which::Kept, 20),
            part(Which::Sample, 4),
            part(Which::Other, 8),
        ];
        assert_eq!(holdings(&folder), expected);
    }
}
