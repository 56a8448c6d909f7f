//! Whether the window is to receive as soon as it opens, and in which networks: a file beside the lock. So it is of
//! this computer, and no backup that is restored elsewhere opens a port there.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::place::{FOLDER, put};
use crate::error::Result;
use crate::folder::{Folder, create_private, settle};

const FILE: &str = "wanted.json";
/// Networks that are remembered; the oldest goes first.
const MOST: usize = 20;

/// What the owner asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Wish {
    /// Whether phones are to be received.
    pub on: bool,
    /// Where the owner turned it on, as `192.168.1.0/24`.
    pub networks: Vec<String>,
}

impl Wish {
    /// Adds networks, the latest last.
    pub fn add(&mut self, networks: impl Iterator<Item = String>) {
        for network in networks {
            self.networks.retain(|known| *known != network);
            self.networks.push(network);
        }
        self.networks.drain(..self.networks.len().saturating_sub(MOST));
    }

    /// Whether it holds in all of these networks.
    pub fn holds(&self, mut networks: impl Iterator<Item = String>) -> bool {
        self.on && networks.all(|network| self.networks.contains(&network))
    }
}

/// The network of an address, as far as the address alone tells: its first three numbers, or its first half.
pub(crate) fn network(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(four) => {
            let [a, b, c, _] = four.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        IpAddr::V6(six) => {
            let [a, b, c, d, ..] = six.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

/// What is asked for; nothing where nobody ever did, or what is there cannot be read.
pub(super) fn wish(folder: &Folder) -> Wish {
    let text = std::fs::read(folder.dir().join(FOLDER).join(FILE)).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

/// Keeps what is asked for.
pub(super) fn set_wish(folder: &Folder, wish: &Wish) -> Result<()> {
    let dir = folder.dir().join(FOLDER);
    create_private(folder.dir())?;
    settle(folder.dir(), &dir, create_private)?;
    put(&dir.join(FILE), wish)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestFolder;

    #[test]
    fn nobody_asks_for_it_until_somebody_does() {
        let folder = TestFolder::new("wish");
        assert!(wish(&folder) == Wish::default() && !folder.dir().exists());
        let mut asked = Wish { on: true, ..Wish::default() };
        asked.add(["192.168.1.0/24".to_owned()].into_iter());
        set_wish(&folder, &asked).expect("kept");
        assert_eq!(wish(&folder), asked);
        std::fs::write(folder.dir().join(FOLDER).join(FILE), "{").expect("written");
        assert_eq!(wish(&folder), Wish::default());
    }

    #[test]
    fn it_holds_where_it_was_asked_for_and_nowhere_else() {
        let named = |ips: &[&str]| ips.iter().map(|ip| network(ip.parse().expect("an address"))).collect::<Vec<_>>();
        let mut asked = Wish { on: true, ..Wish::default() };
        asked.add(named(&["192.168.1.20", "fd00::1:2:3:4"]).into_iter());
        assert_eq!(asked.networks, ["192.168.1.0/24", "fd00:0:0:0::/64"]);
        let check = |asked: &Wish, ips: &[&str], expected: bool| {
            assert_eq!(asked.holds(named(ips).into_iter()), expected, "{ips:?}");
        };
        check(&asked, &["192.168.1.99"], true);
        check(&asked, &["192.168.1.99", "fd00::9"], true);
        check(&asked, &["192.168.2.20"], false);
        check(&asked, &["192.168.1.20", "10.0.0.1"], false);
        check(&Wish { on: false, ..asked.clone() }, &["192.168.1.20"], false);
        asked.add((0..20).map(|n| format!("10.0.{n}.0/24")));
        assert_eq!((asked.networks.len(), asked.networks[0].as_str()), (20, "10.0.0.0/24"));
    }
}
