//! Taking everything away from this computer.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use health::time::format_instant;
use serde::Serialize;

use crate::error::{About, Code, Result};
use crate::folder::{Folder, WINDOW, WINDOW_LOCK, WINDOW_SOCKET, private_file};
use crate::holdings::files;
use crate::kept::{self, KEPT};
use crate::local::there;

/// What the program makes in a data folder, besides its copies.
const FILES: [&str; 9] = [
    "vitalog.db",
    "vitalog.db-wal",
    "vitalog.db-shm",
    "vitalog.db-journal",
    "vitalog.db.part",
    "vitalog.db.part-wal",
    "vitalog.db.part-shm",
    "vitalog.db.part-journal",
    "doctor.part",
];
/// Folders of the receiver, of servers and of agents: bodies that wait, who receives, who sends, secrets that files
/// keep, and what agents asked.
const FOLDERS: [&str; 5] = [
    crate::receiver::SPOOL,
    crate::receiver::FOLDER,
    crate::remotes::FOLDER,
    crate::remotes::secrets::FOLDER,
    crate::agent::FOLDER,
];
/// What a killed `vitalog demo` leaves beside the sample store.
const SAMPLE_EXPORT: &str = "export.zip";

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
    /// Distinct samples that the store had, those that the owner hid with them; null where it could not be read.
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

/// One file that was removed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Removed {
    /// Its name in the data folder.
    pub name: String,
    /// Its size.
    pub bytes: u64,
}

/// Removes the store with everything beside it, for good: files that the program has made, by their names, and the
/// folders that are empty then. Somebody else's files stay, whatever folder they lie in. Waits for another writer like
/// every write.
pub fn delete_all(folder: &Folder, now_ms: i64) -> Result<Receipt> {
    if crate::receiver::is_taken(folder) {
        return Err(crate::receiver::taken());
    }
    let mut receipt = Receipt { at: format_instant(now_ms), not_reached: NOT_REACHED.to_vec(), ..Receipt::default() };
    exclusively(folder, || {
        crate::remotes::forget_secrets(folder);
        // What has come while it waited goes, too.
        receipt.records = match folder.store_path().exists() {
            true => folder.read().and_then(|store| there(&store)).ok(),
            false => Some(0),
        };
        remove_all(folder, &mut receipt)
    })?;
    remove_window(folder, &mut receipt);
    let entries = fs::read_dir(folder.dir()).into_iter().flatten().flatten();
    receipt.left = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    receipt.left.retain(|name| name != WINDOW);
    receipt.left.sort_unstable();
    if !receipt.removed.is_empty() {
        write(folder, &mut receipt, now_ms)?;
    }
    Ok(receipt)
}

/// Does something while nobody else writes to the store or makes another one, as far as it can be opened at all.
fn exclusively<T>(folder: &Folder, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let alone = folder.alone()?;
    if !folder.store_path().exists() {
        return work();
    }
    match folder.open(alone.left) {
        // There an open file cannot be removed.
        Ok(mut store) if cfg!(windows) => {
            store.alone(|| ())?;
            drop(store);
            work()
        }
        Ok(mut store) => store.alone(work)?,
        Err(error) if error.code == Code::StoreBusy => Err(error),
        Err(_) => work(),
    }
}

fn remove_all(folder: &Folder, receipt: &mut Receipt) -> Result<()> {
    let sample = folder.demo();
    for path in all(folder) {
        // A link is removed, and what it points to is somebody else's.
        let Ok(found) = path.symlink_metadata() else { continue };
        if found.is_dir() {
            continue;
        }
        fs::remove_file(&path).writing(&path)?;
        receipt.bytes += found.len();
        let name = path.strip_prefix(folder.dir()).unwrap_or(&path).display().to_string();
        receipt.removed.push(Removed { name, bytes: found.len() });
    }
    let folders = FOLDERS.map(|name| folder.dir().join(name));
    for dir in [sample.dir().join(KEPT), sample.dir().to_owned(), folder.dir().join(KEPT)].into_iter().chain(folders) {
        // One that is not empty is not ours to remove.
        let _ = fs::remove_dir(dir);
    }
    Ok(())
}

/// Removes what the window remembers, which the receipt names as one. Of a window that is open its lock and its socket
/// stay, or a second start would not find it; what cannot be removed holds nothing of anybody's health.
fn remove_window(folder: &Folder, receipt: &mut Receipt) {
    let window = folder.dir().join(WINDOW);
    let size = || files(&window).iter().map(|(_, bytes)| bytes).sum::<u64>();
    let before = size();
    empty_window(&window);
    let bytes = before.saturating_sub(size());
    if bytes > 0 {
        receipt.bytes += bytes;
        receipt.removed.push(Removed { name: WINDOW.to_owned(), bytes });
    }
}

fn empty_window(window: &Path) {
    let is_open = fs::File::open(window.join(WINDOW_LOCK))
        .is_ok_and(|lock| matches!(lock.try_lock(), Err(fs::TryLockError::WouldBlock)));
    if !is_open {
        let _ = fs::remove_dir_all(window);
        return;
    }
    for entry in fs::read_dir(window).into_iter().flatten().flatten() {
        if entry.file_name() == WINDOW_LOCK || entry.file_name() == WINDOW_SOCKET {
            continue;
        }
        let path = entry.path();
        let _ = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
    }
}

/// The files that go, in their order.
fn all(folder: &Folder) -> Vec<PathBuf> {
    let sample = folder.demo();
    // Without the sample store beside it an export is somebody's: it goes first, so that nobody who is killed half way
    // leaves it.
    let export = sample.store_path().exists().then(|| sample.dir().join(SAMPLE_EXPORT));
    export.into_iter().chain(ours(folder)).chain(ours(&sample)).collect()
}

/// The files of one data folder.
fn ours(folder: &Folder) -> Vec<PathBuf> {
    let folders = FOLDERS.into_iter().flat_map(|name| files(&folder.dir().join(name)));
    let files = FILES.iter().map(|name| folder.dir().join(name)).chain(kept::copies(folder));
    files.chain(folders.map(|(path, _)| path)).collect()
}

fn write(folder: &Folder, receipt: &mut Receipt, now_ms: i64) -> Result<()> {
    let name = format!("deleted-{}.json", kept::stamp(now_ms));
    receipt.receipt = Some(name.clone());
    let path = folder.dir().join(name);
    let text = serde_json::to_vec_pretty(receipt).map_err(std::io::Error::from)?;
    let mut file = private_file(&path, &path)?;
    file.write_all(&text).and_then(|()| file.sync_all()).writing(&path)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::hold::Hold;
    use crate::testing::TestFolder;

    #[test]
    fn what_waits_in_the_spool_goes_too() {
        let folder = TestFolder::filled("delete-spool");
        for name in FOLDERS {
            fs::create_dir(folder.dir().join(name)).expect("made");
        }
        let body = folder.dir().join(crate::receiver::SPOOL).join("1-a.body");
        fs::write(&body, "{}").expect("written");
        let receipt = delete_all(&folder, 0).expect("deleted");
        assert!(receipt.removed.iter().any(|file| file.name.ends_with("1-a.body")), "{receipt:?}");
        assert!(FOLDERS.iter().all(|name| !folder.dir().join(name).exists()) && receipt.left.is_empty());
    }

    /// A store that is made while another one goes would lose its side files, and with them what was written last.
    #[cfg(unix)]
    #[test]
    fn nobody_opens_a_store_for_writing_while_everything_goes() {
        let folder = TestFolder::filled("delete-alone");
        let at_once = folder.clone().waiting(Duration::ZERO);
        let opening = Hold::shared(folder.dir(), Duration::ZERO).expect("held");
        assert_eq!(delete_all(&at_once, 0).expect_err("somebody opens it").code, Code::StoreBusy);
        assert!(folder.store_path().exists());
        drop(opening);
        exclusively(&folder, || {
            assert_eq!(at_once.write().expect_err("it goes").code, Code::StoreBusy);
            assert_eq!(at_once.demo().write().expect_err("it goes, too").code, Code::StoreBusy);
            remove_all(&folder, &mut Receipt::default())?;
            assert_eq!(at_once.write().expect_err("it still goes").code, Code::StoreBusy);
            assert!(!folder.store_path().exists());
            Ok(())
        })
        .expect("alone");
        // Who has it open and does not write keeps nobody waiting.
        let mut idle = at_once.write().expect("another store");
        delete_all(&at_once, 0).expect("deleted");
        idle.alone(|| ()).expect_err("it is gone");
    }

    /// Of a window that is open its lock stays, so that a second start finds it.
    #[test]
    fn what_the_window_remembers_goes_too() {
        let folder = TestFolder::filled("delete-window");
        let window = folder.window().expect("a folder");
        fs::create_dir(window.join("webview")).expect("a folder");
        for file in ["state.json", "webview/localstorage"] {
            fs::write(window.join(file), "{}").expect("written");
        }
        let lock = fs::File::create(window.join(WINDOW_LOCK)).expect("made");
        lock.lock().expect("held");
        let receipt = delete_all(&folder, 0).expect("deleted");
        let left: Vec<_> = fs::read_dir(&window).expect("a folder").map(|e| e.expect("one").file_name()).collect();
        assert_eq!((left, receipt.left), (vec![WINDOW_LOCK.into()], Vec::<String>::new()));
        let named: Vec<&Removed> = receipt.removed.iter().filter(|removed| removed.name.starts_with(WINDOW)).collect();
        assert_eq!(named, [&Removed { name: WINDOW.to_owned(), bytes: 4 }]);
        assert_eq!(receipt.bytes, receipt.removed.iter().map(|removed| removed.bytes).sum::<u64>());
        drop(lock);
        delete_all(&folder, 0).expect("deleted");
        assert!(!window.exists());
    }

    #[test]
    fn who_is_killed_half_way_knows_the_rest_the_next_time() {
        let folder = TestFolder::filled("delete-killed");
        let sample = folder.demo();
        drop(sample.write().expect("a sample store"));
        fs::create_dir(sample.dir().join(KEPT)).expect("a folder");
        for file in [SAMPLE_EXPORT, "vitalog.db-wal", "kept/damaged-20260314T073000000Z.db"] {
            fs::write(sample.dir().join(file), "x").expect("written");
        }
        // Each round is one that is killed after its first file.
        let mut rounds = 0;
        while let Some(path) = all(&folder).into_iter().find(|path| path.exists()) {
            fs::remove_file(path).expect("removed");
            rounds += 1;
        }
        remove_all(&folder, &mut Receipt::default()).expect("nothing is left to remove");
        let left: Vec<_> = fs::read_dir(folder.dir()).expect("a folder").map(|e| e.expect("one").file_name()).collect();
        assert!(left.is_empty(), "{left:?}");
        assert_eq!(rounds, 5);
    }
}
