//! The file at a store's path: which one it is, what lies beside it, and how SQLite is told that nobody changes it.

use std::io;
use std::path::Path;

use crate::error::{ErrorKind, Result};

/// What tells one file from another that has taken its path.
#[cfg(unix)]
pub(crate) fn file_of(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(path).ok().map(|file| (file.dev(), file.ino()))
}

/// Elsewhere an open file cannot be removed: there is only one.
#[cfg(not(unix))]
pub(crate) fn file_of(_path: &Path) -> Option<(u64, u64)> {
    Some((0, 0))
}

/// Opens what lies at a path and tells which file that is: now, before anybody is waited for. Where it is gone already,
/// or was another one before, somebody deletes everything or puts a store there, and it may be neither that was opened.
pub(crate) fn same_file<T>(path: &Path, open: impl FnOnce() -> Result<T>) -> Result<(T, Option<(u64, u64)>)> {
    let before = file_of(path);
    let opened = open()?;
    match file_of(path) {
        Some(file) if before.is_none_or(|before| before == file) => Ok((opened, Some(file))),
        _ => Err(ErrorKind::Busy.into()),
    }
}

/// Whether changes lie beside the store that are not in it yet.
pub(crate) fn has_log(path: &Path) -> bool {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    std::fs::metadata(log).is_ok_and(|log| log.len() > 0)
}

/// The path as SQLite's URI that says: nobody changes this file.
pub(crate) fn still_uri(path: &Path) -> io::Result<String> {
    let path = std::path::absolute(path)?;
    let bytes = path.as_os_str().as_encoded_bytes();
    let mut uri = "file://".to_owned();
    // On Windows a path begins with a letter, and a URI's with a slash all the same.
    if !bytes.starts_with(b"/") {
        uri.push('/');
    }
    for byte in bytes {
        match byte {
            b'\\' if cfg!(windows) => uri.push('/'),
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'.' | b'_' | b'-' | b':' => uri.push(char::from(*byte)),
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri.push_str("?immutable=1");
    Ok(uri)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_exchanged_while_it_was_opened_is_not_taken_for_the_one_that_is_there() {
        let dir = std::env::temp_dir().join(format!("vitalog-exchanged-{}", std::process::id()));
        std::fs::create_dir_all(&dir).expect("a folder");
        let (path, another) = (dir.join("a store.db"), dir.join("another.db"));
        std::fs::write(&path, "").expect("a file");
        std::fs::write(&another, "").expect("another file");
        let open = || Ok(std::fs::OpenOptions::new().create(true).append(true).open(&path)?);
        assert!(same_file(&path, open).is_ok_and(|(_, file)| file == file_of(&path)));
        let exchanged = same_file(&path, || {
            let opened = open();
            std::fs::rename(&another, &path).expect("exchanged");
            opened
        });
        assert!(matches!(exchanged.expect_err("exchanged").kind(), ErrorKind::Busy));
        std::fs::remove_file(&path).expect("removed");
        assert!(same_file(&path, open).is_ok_and(|(_, file)| file == file_of(&path)), "a new one");
        std::fs::remove_dir_all(&dir).expect("removed");
    }

    #[test]
    fn paths_are_escaped() {
        let uri = |path: &str| still_uri(Path::new(path)).expect("a path");
        assert_eq!(uri("/a b/\u{e9}?#%.db"), "file:///a%20b/%C3%A9%3F%23%25.db?immutable=1");
        assert!(uri("vitalog.db").starts_with("file:///") && uri("vitalog.db").ends_with("/vitalog.db?immutable=1"));
    }
}
