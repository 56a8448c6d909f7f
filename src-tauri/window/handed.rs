//! Files, and the address of a screen, that somebody gave to the window: by the system's dialog, by a drop, or with a
//! start of the program. No other path that comes from the page is opened, so a script that got into it cannot read
//! what it likes.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// More than this many are not remembered; the oldest go first. The page's queue is far shorter.
const MOST: usize = 1_000;

/// What comes with a start of the program.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Given {
    /// Files to import.
    pub files: Vec<PathBuf>,
    /// The screen to go to; one that `app::address` knows.
    pub address: Option<String>,
}

impl From<Option<PathBuf>> for Given {
    fn from(file: Option<PathBuf>) -> Self {
        Self { files: file.into_iter().collect(), address: None }
    }
}

/// What was given, and what the page has not been told of.
#[derive(Debug, Default)]
pub struct Handed {
    given: Mutex<VecDeque<(String, PathBuf)>>,
    waiting: Mutex<VecDeque<String>>,
    address: Mutex<Option<String>>,
}

impl Handed {
    /// Remembers that a file was given, and returns what the page calls it.
    pub fn give(&self, path: &Path) -> String {
        // Where a name is no Unicode the page has another text for it than the system.
        let called = path.to_string_lossy().into_owned();
        let mut given = lock(&self.given);
        given.retain(|(known, _)| *known != called);
        given.push_back((called.clone(), path.to_owned()));
        if given.len() > MOST {
            given.pop_front();
        }
        called
    }

    /// The file that the page calls so, where somebody gave it.
    pub fn path(&self, called: &str) -> Option<PathBuf> {
        lock(&self.given).iter().find(|(known, _)| known == called).map(|(_, path)| path.clone())
    }

    /// Gives files that the page is to import as soon as it asks for them.
    pub fn hand_over(&self, paths: &[PathBuf]) {
        let called: Vec<String> = paths.iter().map(|path| self.give(path)).collect();
        let mut waiting = lock(&self.waiting);
        waiting.extend(called);
        while waiting.len() > MOST {
            waiting.pop_front();
        }
    }

    /// Says where the page is to go; the newest word counts.
    pub fn lead(&self, address: Option<String>) {
        if address.is_some() {
            *lock(&self.address) = address;
        }
    }

    /// Where the page is to go, once.
    pub fn take_address(&self) -> Option<String> {
        lock(&self.address).take()
    }

    /// The files that wait, once: a page that is loaded again does not import them again.
    pub fn take(&self) -> Vec<String> {
        lock(&self.waiting).drain(..).collect()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing can be half done in it.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_given_is_known() {
        let handed = Handed::default();
        let called = handed.give(Path::new("exports/export.zip"));
        assert_eq!(handed.path(&called), Some("exports/export.zip".into()));
        for other in ["", "exports/export.zip ", "exports/../exports/export.zip", "exports"] {
            assert_eq!(handed.path(other), None, "{other}");
        }
    }

    #[test]
    fn what_waits_is_taken_once_and_stays_given() {
        let handed = Handed::default();
        handed.hand_over(&["a.zip".into(), "b.zip".into()]);
        handed.hand_over(&["a.zip".into()]);
        assert_eq!(handed.take(), ["a.zip", "b.zip", "a.zip"]);
        assert_eq!(handed.take(), Vec::<String>::new());
        assert_eq!(handed.path("a.zip"), Some("a.zip".into()));
    }

    #[test]
    fn the_newest_address_counts_once() {
        let handed = Handed::default();
        handed.lead(Some("#/sleep".to_owned()));
        handed.lead(Some("#/heart".to_owned()));
        handed.lead(None);
        assert_eq!((handed.take_address().as_deref(), handed.take_address()), (Some("#/heart"), None));
    }

    #[test]
    fn the_oldest_are_forgotten() {
        let handed = Handed::default();
        let paths: Vec<PathBuf> = (0..MOST + 1).map(|i| format!("{i}.zip").into()).collect();
        handed.hand_over(&paths);
        assert_eq!((handed.path("0.zip"), handed.take().len()), (None, MOST));
        assert!(handed.path("1.zip").is_some());
    }

    #[cfg(unix)]
    #[test]
    fn a_name_that_is_no_unicode_is_found_again() {
        use std::os::unix::ffi::OsStrExt;
        let path = Path::new(std::ffi::OsStr::from_bytes(b"exp\xffort.zip"));
        let handed = Handed::default();
        let called = handed.give(path);
        assert_eq!(handed.path(&called).as_deref(), Some(path));
    }
}
