//! Where secrets of servers lie: in the key store of the system, or in files that only their owner can read.
//!
//! Each has the name of its server's account, which is made up and says nothing. A secret is never an argument and
//! stands in no answer, error or line of a log.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::mpsc;
use std::time::Duration;

use net::remote::Secret;

use crate::error::{About, Code, Error, Result};
use crate::folder::{Folder, create_private, private_file, settle};

/// The folder of secrets in files.
pub(crate) const FOLDER: &str = "secrets";
/// Under this name the key store shows them.
const SERVICE: &str = "vitalog";
/// A key store that is locked asks its owner, who may be away.
const PATIENCE: Duration = Duration::from_secs(60);

/// Who keeps secrets.
pub trait Keeper {
    /// Keeps one under a name, in place of an earlier one.
    fn keep(&self, name: &str, secret: &Secret) -> Result<()>;
    /// The secret of a name; none where there is none.
    fn find(&self, name: &str) -> Result<Option<Secret>>;
    /// Forgets one; none is no error.
    fn forget(&self, name: &str) -> Result<()>;
}

/// The words of keepers, in the store and on the command line.
pub const KEYRING: &str = "keyring";
/// Files of the data folder.
pub const FILE: &str = "file";

/// The keeper of a word.
pub fn keeper(folder: &Folder, word: &str) -> Box<dyn Keeper> {
    match word {
        FILE => Box::new(Files(folder.clone())),
        _ => Box::new(Keyring),
    }
}

/// The key store of the system.
struct Keyring;

impl Keyring {
    /// Asks it on a thread of its own: it may wait for its owner, and speaks with the session by its own means.
    fn ask<T: Send + 'static>(
        name: &str,
        ask: impl FnOnce(&keyring::Entry) -> keyring::Result<T> + Send + 'static,
    ) -> Result<T> {
        let (tell, told) = mpsc::channel();
        let name = name.to_owned();
        std::thread::spawn(move || {
            // Who asked may have gone.
            let _ = tell.send(keyring::Entry::new(SERVICE, &name).and_then(|entry| ask(&entry)));
        });
        match told.recv_timeout(PATIENCE) {
            Ok(Ok(answer)) => Ok(answer),
            _ => Err(Error::new(
                Code::NoKeyring,
                "The key store of this computer cannot be used.",
                "Unlock it, or keep the secret in a file that only you can read, with --keep-secret file.",
            )),
        }
    }
}

impl Keeper for Keyring {
    fn keep(&self, name: &str, secret: &Secret) -> Result<()> {
        let secret = secret.clone();
        Self::ask(name, move |entry| entry.set_password(secret.reveal()))
    }

    fn find(&self, name: &str) -> Result<Option<Secret>> {
        Self::ask(name, |entry| match entry.get_password() {
            Ok(text) => Ok(Some(Secret::new(&text))),
            Err(keyring::Error::NoEntry) => Ok(None),
            Err(error) => Err(error),
        })
    }

    fn forget(&self, name: &str) -> Result<()> {
        Self::ask(name, |entry| match entry.delete_credential() {
            Ok(()) | Err(keyring::Error::NoEntry) => Ok(()),
            Err(error) => Err(error),
        })
    }
}

/// Files that only their owner can read.
struct Files(Folder);

impl Files {
    fn path(&self, name: &str) -> PathBuf {
        self.0.dir().join(FOLDER).join(name)
    }
}

impl Keeper for Files {
    fn keep(&self, name: &str, secret: &Secret) -> Result<()> {
        create_private(self.0.dir())?;
        settle(self.0.dir(), &self.0.dir().join(FOLDER), create_private)?;
        let (path, new) = (self.path(name), self.path(&format!("{name}.new")));
        let mut file = private_file(&new, &path)?;
        file.write_all(secret.reveal().as_bytes()).and_then(|()| file.sync_all()).writing(&path)?;
        fs::rename(&new, &path).writing(&path)
    }

    fn find(&self, name: &str) -> Result<Option<Secret>> {
        let path = self.path(name);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(Secret::new(&text))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).reading(&path),
        }
    }

    fn forget(&self, name: &str) -> Result<()> {
        let path = self.path(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error).writing(&path),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestFolder;

    #[test]
    fn a_file_keeps_a_secret_for_its_owner_alone() {
        let folder = TestFolder::new("secrets");
        let keeper = keeper(&folder, FILE);
        assert_eq!(keeper.find("a").expect("asked"), None);
        keeper.keep("a", &Secret::new("one")).expect("kept");
        keeper.keep("a", &Secret::new("two\n")).expect("kept");
        assert_eq!(keeper.find("a").expect("asked"), Some(Secret::new("two")));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = |path: &std::path::Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
            assert_eq!(mode(&folder.dir().join(FOLDER)), 0o700);
            assert_eq!(mode(&folder.dir().join(FOLDER).join("a")), 0o600);
        }
        keeper.forget("a").expect("forgotten");
        keeper.forget("a").expect("nothing is there");
        assert_eq!(keeper.find("a").expect("asked"), None);
    }
}
