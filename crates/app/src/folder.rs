//! The data folder: where everything lies, readable by nobody else.

use std::io::ErrorKind;
#[cfg(unix)]
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use store::{BUSY_WAIT, Store};

use crate::error::{About, Code, Error, Result};
use crate::hold::{Held, Hold};
use crate::kept;

const STORE: &str = "vitalog.db";
/// What the window remembers, and its lock and socket. Nothing of anybody's health is in it.
pub(crate) const WINDOW: &str = "window";
/// Held by the window that is open, for as long as its process lives.
pub const WINDOW_LOCK: &str = "lock";
/// Where that window is handed files.
pub const WINDOW_SOCKET: &str = "socket";

/// A data folder, which may not exist yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    dir: PathBuf,
    /// The data folder that this one lies in, with the sample store.
    outer: Option<PathBuf>,
    wait: Duration,
}

impl Folder {
    /// A folder that the user named.
    pub fn at(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into(), outer: None, wait: BUSY_WAIT }
    }

    /// The same, but who writes waits this long for another writer.
    pub fn waiting(self, wait: Duration) -> Self {
        Self { wait, ..self }
    }

    /// `chosen`, else `VITALOG_DATA_DIR`, else the system's place. `environment` answers for a variable's name.
    pub fn find(chosen: Option<PathBuf>, environment: impl Fn(&str) -> Option<PathBuf>) -> Result<Self> {
        let variable = |name: &str| environment(name).filter(|path| !path.as_os_str().is_empty());
        let dir = chosen.or_else(|| variable("VITALOG_DATA_DIR")).or_else(|| system(&variable));
        let hint = "Name one with --data-dir.";
        dir.map(Self::at).ok_or_else(|| Error::new(Code::File, "There is no place for the data folder.", hint))
    }

    /// The folder itself.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The store's file.
    pub fn store_path(&self) -> PathBuf {
        self.dir.join(STORE)
    }

    /// The data folder of the sample store.
    pub fn demo(&self) -> Self {
        Self { dir: self.dir.join("demo"), outer: Some(self.outer().to_owned()), wait: self.wait }
    }

    /// Makes the folder of what the window remembers, which only its owner can enter.
    pub fn window(&self) -> Result<PathBuf> {
        let window = self.dir.join(WINDOW);
        create_private(&self.dir)?;
        settle(&self.dir, &window, create_private)?;
        Ok(window)
    }

    /// Opens the store for reading. A missing one answers as an empty one, and nothing is created.
    pub fn read(&self) -> Result<Store> {
        let path = self.store_path();
        match std::fs::metadata(&path) {
            Ok(file) if file.is_dir() => Err(std::io::Error::from(ErrorKind::IsADirectory)).reading(&path),
            Ok(file) if file.len() > 0 => {
                kept::before_upgrade(self)?;
                Store::open_read(&path).reading(&path)
            }
            Ok(_) => Ok(Store::empty(&path)?),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Store::empty(&path)?),
            Err(error) => Err(error).reading(&path),
        }
    }

    /// Opens the store for writing; makes folder and store where they are missing. Until all its files are open nobody
    /// takes one of them away; who finds later that they are gone does not write.
    pub fn write(&self) -> Result<Store> {
        create_private(&self.dir)?;
        let held = Hold::shared(self.outer(), self.wait).map_err(busy)?;
        // Who was waited for may have taken it away.
        create_private(&self.dir)?;
        self.open(held.left)
    }

    /// The same for one who holds the folder already.
    pub(crate) fn open(&self, wait: Duration) -> Result<Store> {
        let path = self.store_path();
        settle(&self.dir, &path, touch_private)?;
        kept::before_upgrade(self)?;
        Store::open_within(&path, wait).writing(&path)
    }

    /// Holds the folder while no other process opens its store for writing, or that of the sample.
    pub(crate) fn alone(&self) -> Result<Hold> {
        Hold::alone(self.outer(), self.wait).map_err(busy)
    }

    /// Whether a path leads to the store's file, or to that of the sample. Somebody may mean it to be read as something
    /// else; but it is SQLite's alone to open it while SQLite may have it open in this process.
    pub(crate) fn is_store(&self, path: &Path) -> bool {
        let outer = Self::at(self.outer());
        let real = |path: PathBuf| path.canonicalize().ok();
        let path = real(path.to_owned());
        path.is_some() && [outer.store_path(), outer.demo().store_path()].into_iter().any(|store| real(store) == path)
    }

    fn outer(&self) -> &Path {
        self.outer.as_ref().unwrap_or(&self.dir)
    }
}

fn busy(_: Held) -> Error {
    store::Error::from(store::ErrorKind::Busy).into()
}

fn system(variable: &impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    if cfg!(windows) {
        return Some(variable("APPDATA")?.join("vitalog"));
    }
    if cfg!(target_os = "macos") {
        return Some(variable("HOME")?.join("Library/Application Support/vitalog"));
    }
    // The specification says that a relative path there is to be ignored.
    let data = variable("XDG_DATA_HOME").filter(|path| path.is_absolute());
    Some(data.or_else(|| Some(variable("HOME")?.join(".local/share")))?.join("vitalog"))
}

/// Makes a folder that only its owner can enter, and its parents as usual.
pub fn create_private(dir: &Path) -> Result<()> {
    if dir.is_dir() {
        return Ok(());
    }
    if let Some(parent) = dir.parent() {
        // What is wrong lies above the first folder that could not be made.
        let first = || dir.ancestors().take_while(|folder| folder.symlink_metadata().is_err()).last().unwrap_or(dir);
        std::fs::create_dir_all(parent).or_else(|error| Err(error).writing(first()))?;
    }
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(dir) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists && dir.is_dir() => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(ErrorKind::NotADirectory.into()),
        other => other,
    }
    .writing(dir)
}

/// Makes the first thing in a data folder. One that was there already, empty and ours, becomes private with it; a
/// folder with other things in it, or of somebody else, is theirs to share.
pub(crate) fn settle(dir: &Path, first: &Path, make: fn(&Path) -> Result<()>) -> Result<()> {
    let was_empty = std::fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_none());
    make(first)?;
    if was_empty { narrow(dir, first).writing(dir) } else { Ok(()) }
}

/// Who we are is told by the owner of what we have just made.
#[cfg(unix)]
fn narrow(dir: &Path, made: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    let found = std::fs::metadata(dir)?;
    if found.mode() & 0o077 == 0 || found.uid() != std::fs::metadata(made)?.uid() {
        return Ok(());
    }
    std::fs::set_permissions(dir, PermissionsExt::from_mode(0o700))
}

/// Elsewhere a user's folder is private unless somebody shares it.
#[cfg(not(unix))]
fn narrow(_dir: &Path, _made: &Path) -> std::io::Result<()> {
    Ok(())
}

/// Makes an empty file that only its owner can read, or makes the one that is there so. SQLite gives its side files the
/// same permissions.
///
/// The one that is there is not opened for it, since SQLite may have it open in this process: closing it would take all
/// of SQLite's locks away, as POSIX has it.
fn touch_private(path: &Path) -> Result<()> {
    // Who makes the file has it open for a moment, in which nobody may hand it to SQLite.
    static MAKING: Mutex<()> = Mutex::new(());
    let _making = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
    match std::fs::metadata(path) {
        Ok(file) if file.is_dir() => Err(std::io::Error::from(ErrorKind::IsADirectory)).writing(path),
        #[cfg(unix)]
        Ok(file) if file.permissions().mode() & 0o077 != 0 => {
            // Where it is somebody else's this fails, and `doctor` tells.
            let _ = std::fs::set_permissions(path, PermissionsExt::from_mode(0o600));
            Ok(())
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            open_private(std::fs::OpenOptions::new().append(true), path).map(drop).writing(path)
        }
        there => there.map(drop).writing(path),
    }
}

/// Makes a file that only its owner can read, or empties the one that is there. What fails is told of the file that is
/// `meant`: one that is not whole yet has another name.
pub fn private_file(path: &Path, meant: &Path) -> Result<std::fs::File> {
    open_private(std::fs::OpenOptions::new().write(true).truncate(true), path).writing(meant)
}

/// The path with more at its end.
pub(crate) fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// Opens a file that only its owner can read, to add to it.
pub(crate) fn open_to_append(path: &Path) -> Result<std::fs::File> {
    open_private(std::fs::OpenOptions::new().append(true), path).writing(path)
}

/// Also one that is there already, such as a copy brought back, becomes private.
fn open_private(options: &mut std::fs::OpenOptions, path: &Path) -> std::io::Result<std::fs::File> {
    options.create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    let file = options.open(path)?;
    #[cfg(unix)]
    if file.metadata()?.permissions().mode() & 0o077 != 0 {
        // Where it is somebody else's this fails, and `doctor` tells.
        let _ = file.set_permissions(PermissionsExt::from_mode(0o600));
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(chosen: Option<&str>, environment: &[(&str, &str)], expected: &str) {
        let look = |name: &str| environment.iter().find(|(key, _)| *key == name).map(|(_, value)| PathBuf::from(value));
        let folder = Folder::find(chosen.map(PathBuf::from), look).expect("a folder");
        assert_eq!(folder.dir(), Path::new(expected));
    }

    #[test]
    fn the_argument_goes_before_the_variable() {
        check(Some("/a"), &[("VITALOG_DATA_DIR", "/b")], "/a");
        check(None, &[("VITALOG_DATA_DIR", "/b"), ("HOME", "/h")], "/b");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn without_both_it_is_the_systems_place() {
        check(None, &[("XDG_DATA_HOME", "/x"), ("HOME", "/h"), ("VITALOG_DATA_DIR", "")], "/x/vitalog");
        check(None, &[("XDG_DATA_HOME", "relative"), ("HOME", "/h")], "/h/.local/share/vitalog");
    }

    #[cfg(unix)]
    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).expect("there").permissions().mode() & 0o777
    }

    #[cfg(unix)]
    fn set_mode(path: &Path, mode: u32) {
        std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).expect("set");
    }

    /// A folder that others can read, with or without something in it: its mode after the first write.
    #[cfg(unix)]
    #[track_caller]
    fn check_mode(name: &str, before: impl FnOnce(&Folder), write: impl FnOnce(&Folder), expected: u32) {
        let folder = crate::testing::TestFolder::new(name);
        std::fs::create_dir_all(folder.dir()).expect("a folder");
        set_mode(folder.dir(), 0o755);
        before(&folder);
        write(&folder);
        assert_eq!(mode(folder.dir()), expected, "{name}");
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_was_there_becomes_private_where_it_is_empty_and_ours() {
        let write = |folder: &Folder| drop(folder.write().expect("a store"));
        check_mode("was-empty", |_| {}, write, 0o700);
        let notes = |folder: &Folder| std::fs::write(folder.dir().join("notes.txt"), "milk").expect("written");
        check_mode("was-used", notes, write, 0o755);
        check_mode(
            "was-ours",
            write,
            |folder| {
                set_mode(folder.dir(), 0o755);
                write(folder)
            },
            0o755,
        );
        // Only root can give a folder away; others have nothing to try.
        let give = |folder: &Folder| std::os::unix::fs::chown(folder.dir(), Some(65_534), None).is_ok();
        if give(&crate::testing::TestFolder::filled("may-give")) {
            check_mode("somebodys", |folder| assert!(give(folder)), write, 0o755);
        }
    }

    #[cfg(unix)]
    #[test]
    fn the_data_folder_around_what_the_window_remembers_is_private_too() {
        let window = |folder: &Folder| assert_eq!(mode(&folder.window().expect("a folder")), 0o700);
        check_mode("window", |_| {}, window, 0o700);
        check_mode("window-missing", |folder| std::fs::remove_dir(folder.dir()).expect("removed"), window, 0o700);
    }

    #[cfg(unix)]
    #[test]
    fn the_data_folder_around_the_sample_store_is_private_too() {
        let sample = |folder: &Folder| crate::demo::prepare(folder).expect("a folder");
        check_mode("sample", |_| {}, sample, 0o700);
        check_mode("sample-missing", |folder| std::fs::remove_dir(folder.dir()).expect("removed"), sample, 0o700);
    }

    /// Closing a file takes away all locks that the process has on it: other programs would write into an open store.
    #[cfg(target_os = "linux")]
    #[test]
    fn nothing_takes_the_locks_of_an_open_store_away() {
        use std::os::unix::fs::MetadataExt;
        let folder = crate::testing::TestFolder::filled("locks");
        let open = folder.write().expect("a store");
        let file = std::fs::metadata(folder.store_path()).expect("a file").ino().to_string();
        let locks = || {
            let all = std::fs::read_to_string("/proc/locks").expect("the system's list");
            all.lines().filter(|line| line.split([' ', ':']).any(|word| word == file)).count()
        };
        assert_eq!(locks(), 1);
        let (path, never) = (folder.store_path(), store::Cancel::default());
        drop(folder.write().expect("a store"));
        assert_eq!(locks(), 1, "another writer was closed");
        set_mode(&path, 0o644);
        drop(folder.write().expect("a store"));
        assert_eq!((locks(), mode(&path)), (1, 0o600));
        drop(folder.read().expect("a store"));
        assert_eq!(locks(), 1, "a reader was closed");
        crate::restore::look(&path, &never).expect("a store is a copy of itself");
        assert_eq!(locks(), 1, "it was looked at");
        let options = crate::import::Options::default();
        let import = crate::import::import(&folder, &crate::import::Input::Path(path), &options, &mut |_| true);
        assert_eq!(import.expect_err("no export").code, Code::NotAnExport);
        assert_eq!(locks(), 1, "it was taken for an export");
        drop(open);
        assert_eq!(locks(), 0);
    }

    #[cfg(unix)]
    #[test]
    fn a_store_that_was_copied_here_becomes_private() {
        let folder = crate::testing::TestFolder::filled("copied");
        set_mode(&folder.store_path(), 0o644);
        drop(folder.write().expect("a store"));
        assert_eq!(mode(&folder.store_path()), 0o600);
    }
}
