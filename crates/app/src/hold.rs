//! Holding a folder: many may at a time, or one alone. Who opens a store in a folder for writing holds it with the
//! others until that is done; who takes a store away that others may be making just now holds it alone.
//!
//! The lock is the system's and goes with the process. Where folders cannot be locked, as on other systems and on some
//! network drives, nobody holds anything, and SQLite's own locks are what is left.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::Duration;

/// How long one who waits sleeps before the next look.
const PAUSE: Duration = Duration::from_millis(5);

/// A folder that is held until this is dropped; nothing where it cannot be.
#[derive(Debug)]
pub(crate) struct Hold {
    _file: Option<File>,
    /// What is left of the time that was given.
    pub left: Duration,
}

/// Somebody else did not let go.
#[derive(Debug)]
pub(crate) struct Held;

impl Hold {
    /// Holds a folder with others; one that holds it alone is waited for.
    pub fn shared(folder: &Path, wait: Duration) -> Result<Self, Held> {
        Self::asked(folder, wait, File::try_lock_shared)
    }

    /// Holds a folder alone; the others are waited for.
    pub fn alone(folder: &Path, wait: Duration) -> Result<Self, Held> {
        Self::asked(folder, wait, File::try_lock)
    }

    fn asked(folder: &Path, wait: Duration, ask: fn(&File) -> Result<(), TryLockError>) -> Result<Self, Held> {
        let Ok(file) = File::open(folder) else { return Ok(Self { _file: None, left: wait }) };
        let mut left = wait;
        loop {
            match ask(&file) {
                Ok(()) => return Ok(Self { _file: Some(file), left }),
                Err(TryLockError::Error(_)) => return Ok(Self { _file: None, left }),
                Err(TryLockError::WouldBlock) => left = left.checked_sub(PAUSE).ok_or(Held)?,
            }
            std::thread::sleep(PAUSE);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestFolder;

    #[cfg(unix)]
    #[test]
    fn many_hold_a_folder_together_and_one_alone() {
        let folder = TestFolder::filled("held");
        let (dir, now) = (folder.dir(), Duration::ZERO);
        let both = [Hold::shared(dir, now).expect("free"), Hold::shared(dir, now).expect("with another")];
        Hold::alone(dir, now).expect_err("others hold it");
        drop(both);
        let alone = Hold::alone(dir, now).expect("free again");
        Hold::shared(dir, now).expect_err("one holds it alone");
        Hold::alone(dir, PAUSE).expect_err("after one more look, too");
        drop(alone);
        Hold::alone(dir, now).expect("free again");
    }

    #[test]
    fn a_folder_that_is_not_there_is_held_by_nobody() {
        let folder = TestFolder::new("not-held");
        let all = [(); 2].map(|()| Hold::alone(folder.dir(), Duration::ZERO));
        assert!(all.iter().all(Result::is_ok) && !folder.dir().exists());
    }
}
