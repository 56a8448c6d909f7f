//! The data folder: where everything lies, readable by nobody else.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use store::{BUSY_WAIT, Store};

use crate::error::{About, Code, Error, Result};

const STORE: &str = "vitalog.db";

/// A data folder, which may not exist yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    dir: PathBuf,
    wait: Duration,
}

impl Folder {
    /// A folder that the user named.
    pub fn at(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into(), wait: BUSY_WAIT }
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
        Self::at(self.dir.join("demo")).waiting(self.wait)
    }

    /// Opens the store for reading. A missing one answers as an empty one, and nothing is created.
    pub fn read(&self) -> Result<Store> {
        let path = self.store_path();
        match std::fs::metadata(&path) {
            Ok(file) if file.len() > 0 => Store::open_read(&path).about(&path),
            Ok(_) => Ok(Store::empty(&path)?),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Store::empty(&path)?),
            Err(error) => Err(error).about(&path),
        }
    }

    /// Opens the store for writing; makes folder and store where they are missing.
    pub fn write(&self) -> Result<Store> {
        create_private(&self.dir)?;
        let path = self.store_path();
        touch_private(&path)?;
        Store::open_within(&path, self.wait).about(&path)
    }
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
        std::fs::create_dir_all(parent).about(dir)?;
    }
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(dir) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists && dir.is_dir() => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(ErrorKind::NotADirectory.into()),
        other => other,
    }
    .about(dir)
}

/// Makes an empty file that only its owner can read. SQLite gives its side files the same permissions.
fn touch_private(path: &Path) -> Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).about(path).map(drop)
}

/// Makes a file that only its owner can read, or empties the one that is there.
pub fn private_file(path: &Path) -> Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).about(path)
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
}
