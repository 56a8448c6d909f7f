//! The one place of whoever receives for a data folder: a lock, which the system takes back when the process ends,
//! however it ends, and beside it a file that says where phones find it.

use std::fs::{File, TryLockError};
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::error::{Code, Error, Result};
use crate::folder::{Folder, create_private, private_file, settle};

/// The folder of both files.
pub(crate) const FOLDER: &str = "receiver";
const LOCK: &str = "lock";
const TOLD: &str = "listening.json";
/// Who only looks whether somebody has the place holds the lock for a moment, too: it is looked again so often.
const LOOKS: u32 = 20;
/// The time between two looks.
const PAUSE: Duration = Duration::from_millis(10);

/// Where a receiver listens.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listening {
    /// The port.
    pub port: u16,
    /// What to type into apps, the best first.
    pub urls: Vec<String>,
    /// Since when, in milliseconds since 1970 in UTC; none where that was not told.
    #[serde(default)]
    pub since_ms: Option<i64>,
}

impl Listening {
    /// The addresses among what is typed into apps; a name says none.
    pub fn addresses(&self) -> Vec<IpAddr> {
        let host = |url: &String| url.split_once("://")?.1.parse().ok().map(|at: SocketAddr| at.ip());
        let mut found: Vec<IpAddr> = self.urls.iter().filter_map(host).collect();
        // Encrypted and not, the same one is told twice.
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The name under `.local` among it, where the network knows us by one.
    pub fn name(&self) -> Option<&str> {
        let mut hosts = self.urls.iter().filter_map(|url| Some(url.split_once("://")?.1.rsplit_once(':')?.0));
        hosts.find(|host| host.ends_with(".local"))
    }

    /// Whether this computer has none of them any more: it is in another network, or was given another number.
    pub fn is_gone(&self) -> bool {
        let addresses = self.addresses();
        !addresses.is_empty() && !addresses.into_iter().any(net::is_own)
    }
}

/// The place, until this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    dir: PathBuf,
    _lock: File,
}

impl Place {
    /// Takes the place; an error where another program has it. Where folders know no locks, everybody gets it: then the
    /// port is what only one can have.
    pub fn take(folder: &Folder) -> Result<Self> {
        let dir = folder.dir().join(FOLDER);
        create_private(folder.dir())?;
        settle(folder.dir(), &dir, create_private)?;
        let path = dir.join(LOCK);
        let lock = private_file(&path, &path)?;
        let mut left = LOOKS;
        while matches!(lock.try_lock(), Err(TryLockError::WouldBlock)) {
            left = left.checked_sub(1).ok_or_else(taken)?;
            std::thread::sleep(PAUSE);
        }
        Ok(Self { dir, _lock: lock })
    }

    /// Says where it listens. The file is new as a whole, or not at all.
    pub fn tell(&self, at: &Listening) -> Result<()> {
        put(&self.dir.join(TOLD), at)
    }
}

/// Writes a small file that is new as a whole, or not at all.
pub(super) fn put(path: &Path, what: &impl Serialize) -> Result<()> {
    let part = path.with_extension("part");
    let text = serde_json::to_vec(what).map_err(std::io::Error::from)?;
    std::io::Write::write_all(&mut private_file(&part, path)?, &text)?;
    Ok(std::fs::rename(&part, path)?)
}

impl Drop for Place {
    fn drop(&mut self) {
        // Without it nobody takes us for one that listens, even where there are no locks.
        let _ = std::fs::remove_file(self.dir.join(TOLD));
    }
}

/// The error of somebody who would need the place.
pub(crate) fn taken() -> Error {
    Error::new(
        Code::ReceiverRuns,
        "Another program receives from phones for this data folder.",
        "End it first: it is `vitalog serve`, or a window whose receiver is on.",
    )
}

/// Whether somebody has the place.
pub(crate) fn is_taken(folder: &Folder) -> bool {
    let lock = File::open(folder.dir().join(FOLDER).join(LOCK));
    lock.is_ok_and(|lock| matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

/// Where whoever has the place listens; none where nobody does.
pub(crate) fn listening(folder: &Folder) -> Option<Listening> {
    is_taken(folder).then(|| told(&folder.dir().join(FOLDER))).flatten()
}

fn told(dir: &Path) -> Option<Listening> {
    serde_json::from_slice(&std::fs::read(dir.join(TOLD)).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestFolder;

    #[test]
    fn names_and_addresses_are_those_of_what_is_typed() {
        let urls =
            ["https://kim-hv.local:8787", "https://[fd00::2]:8787", "http://[fd00::2]:8787", "http://10.0.0.7:80"];
        let at = Listening { urls: urls.map(str::to_owned).to_vec(), ..Listening::default() };
        let texts: Vec<String> = at.addresses().iter().map(ToString::to_string).collect();
        assert_eq!((at.name(), texts), (Some("kim-hv.local"), vec!["10.0.0.7".to_owned(), "fd00::2".to_owned()]));
        assert_eq!(Listening::default().name(), None);
    }

    #[test]
    fn one_at_a_time_has_the_place_and_says_where_it_is() {
        let folder = TestFolder::new("place");
        assert!(!is_taken(&folder) && listening(&folder).is_none() && !folder.dir().exists());
        let place = Place::take(&folder).expect("free");
        assert_eq!(Place::take(&folder).expect_err("taken").code, Code::ReceiverRuns);
        assert!(is_taken(&folder) && listening(&folder).is_none());
        let at = Listening { port: 8787, urls: vec!["http://192.168.1.20:8787".to_owned()], since_ms: Some(7) };
        place.tell(&at).expect("told");
        assert_eq!(listening(&folder), Some(at));
        drop(place);
        assert!(!is_taken(&folder) && listening(&folder).is_none());
        drop(Place::take(&folder).expect("free again"));
    }

    #[test]
    fn an_address_that_this_computer_has_not_is_gone() {
        let at = |url: &str| Listening { urls: vec![url.to_owned()], ..Listening::default() };
        assert!(at("http://203.0.113.7:8787").is_gone(), "an address for documentation");
        assert!(!at("http://127.0.0.1:8787").is_gone() && !at("http://x-hv.local:8787").is_gone());
        assert_eq!(at("http://[::1]:80").addresses(), ["::1".parse::<IpAddr>().expect("an address")]);
    }

    #[test]
    fn what_a_killed_process_left_is_not_believed() {
        let folder = TestFolder::new("place-left");
        let place = Place::take(&folder).expect("free");
        place.tell(&Listening::default()).expect("told");
        let text = std::fs::read(folder.dir().join(FOLDER).join(TOLD)).expect("a file");
        drop(place);
        std::fs::write(folder.dir().join(FOLDER).join(TOLD), text).expect("written");
        assert_eq!(listening(&folder), None);
    }
}
