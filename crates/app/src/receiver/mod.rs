//! Receiving from phones: one program at a time for a data folder, in the window or by `vitalog serve`.
//!
//! ```text
//!   settings, options -> addresses -> place (one at a time) -> net::Receiver <- Rows (decoder, store)
//!                                                              +- announced on the network, as bound
//! ```

mod announce;
mod arrivals;
pub mod certificate;
mod intake;
mod place;
mod read_back;
mod stock;
mod wish;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

pub use net::{Clock, Event, Events};
use net::{Config, ErrorKind, HepSettings, HttpsOf};
use store::Store;

use self::announce::Announced;
pub use self::arrivals::{Arrivals, Found};
use self::intake::Rows;
pub use self::place::Listening;
use self::place::Place;
pub(crate) use self::place::{FOLDER, is_taken, listening, taken};
pub(crate) use self::wish::network;
use self::wish::{set_wish, wish};
use crate::error::{Code, Error, Result};
use crate::folder::Folder;
use crate::phones::PORT;

/// The folder of bodies that are not in the store yet.
pub(crate) const SPOOL: &str = "spool";
/// Of a setting: what the program finds by itself.
const AUTO: &str = "auto";

/// How to receive, where it is not as the settings say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// Addresses to listen on; none for those of the setting `receiver_bind`.
    pub bind: Vec<IpAddr>,
    /// The port; 0 takes a free one.
    pub port: Option<u16>,
    /// Nobody on the network is told that we are here.
    pub is_silent: bool,
}

/// A receiver that listens. Dropping it stops it, says goodbye to the network, and leaves the place to others.
#[derive(Debug)]
pub struct Receiver {
    // In the order in which they end.
    announced: Option<Announced>,
    rows: Arc<Rows>,
    receiver: Arc<net::Receiver>,
    place: Place,
    since_ms: i64,
    trouble: Option<String>,
}

/// Whether phones are to be received as soon as a window opens.
pub fn is_wanted(folder: &Folder) -> bool {
    wish(folder).on
}

/// The setting that says whether receiving goes on when the window is closed.
pub const BACKGROUND: &str = "receiver_background";

/// Whether receiving goes on when the window is closed.
pub fn goes_on(folder: &Folder) -> Result<bool> {
    Ok(folder.read()?.setting(BACKGROUND)?.as_deref() == Some("yes"))
}

/// Keeps whether phones are to be received as soon as a window opens. What is asked for holds in the networks where
/// `receiver` listens, and in those where it was asked for before.
pub fn want(folder: &Folder, receiver: Option<&Receiver>) -> Result<()> {
    let mut now = wish(folder);
    now.on = receiver.is_some();
    if let Some(receiver) = receiver {
        now.add(receiver.receiver.addresses().iter().map(|address| network(reached(address.ip()))));
    }
    set_wish(folder, &now)
}

impl Receiver {
    /// Begins again where the owner let it begin before; in no network that nobody asked for it in.
    pub fn resume(folder: &Folder, clock: Clock) -> Result<Self> {
        let store = folder.read()?;
        let here = addresses(&store, &Options::default())?.into_iter().map(|address| network(reached(address.ip())));
        if !wish(folder).holds(here) {
            return Err(Error::new(
                Code::OtherNetwork,
                "This computer is in another network than when phones were received.",
                "Turn it on to receive here, too.",
            ));
        }
        Self::start(folder, &Options::default(), clock)
    }

    /// Begins to receive for a data folder.
    pub fn start(folder: &Folder, options: &Options, clock: Clock) -> Result<Self> {
        let place = Place::take(folder)?;
        // Made, or brought up to date, before anybody asks it.
        let store = folder.write()?;
        let (addresses, since_ms) = (addresses(&store, options)?, clock());
        let rows = Arc::new(Rows::new(folder));
        let config = Config {
            addresses,
            names: Vec::new(),
            shared_addresses: store.setting("receiver_vpn")?.as_deref() == Some("yes"),
            store: folder.store_path(),
            spool: folder.dir().join(SPOOL),
            hep: Arc::new(hep),
            https: https(folder, &clock),
            clock: Arc::clone(&clock),
        };
        let receiver = Arc::new(net::Receiver::start(config, Arc::clone(&rows) as _).map_err(failed)?);
        let announced = if options.is_silent { Ok(None) } else { Announced::start(&store, folder, &receiver, clock) };
        let (announced, trouble) = match announced {
            Ok(announced) => (announced, None),
            // Phones that are told an address do not need it.
            Err(error) => (None, Some(error.to_string())),
        };
        let it = Self { announced, rows, receiver, place, since_ms, trouble };
        if store.setting(certificate::SETTING)?.as_deref() == Some("only") && it.receiver.fingerprint().is_none() {
            return Err(not_ours());
        }
        it.place.tell(&it.listening())?;
        Ok(it)
    }

    /// Where it listens, as phones are told.
    pub fn listening(&self) -> Listening {
        Listening { port: self.receiver.port(), urls: self.receiver.urls(), since_ms: Some(self.since_ms) }
    }

    /// What happens from now on.
    pub fn events(&self) -> Events {
        self.receiver.events()
    }

    /// SHA-256 of the certificate by which connections are encrypted, in hexadecimal digits; none where none is.
    pub fn fingerprint(&self) -> Option<String> {
        self.receiver.fingerprint()
    }

    /// Why nobody on the network is told that we are here, where that was wanted.
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// Whether the network is told that we are here.
    pub fn is_announced(&self) -> bool {
        self.announced.is_some()
    }

    /// Keeps what others are told of where it listens, after the network gave our name to another computer.
    pub fn heard(&mut self, event: &Event) -> Result<()> {
        match event {
            Event::Listening { port, urls } => {
                let at = Listening { port: *port, urls: urls.clone(), since_ms: Some(self.since_ms) };
                self.place.tell(&at)
            }
            _ => Ok(()),
        }
    }

    /// Says that a phone was let in or goes on: what waits of it is taken up at once.
    pub fn wake(&self) {
        self.receiver.wake();
    }

    /// Stops: no more connections, a little patience for answers, a goodbye to the network.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.rows.stop();
        // First nobody else comes.
        self.announced.take();
        self.receiver.end();
    }
}

/// The address by which others reach one that is bound.
fn reached(ip: IpAddr) -> IpAddr {
    if ip.is_unspecified() { net::address().unwrap_or(ip) } else { ip }
}

/// How many deliveries of each phone are not yet in the store, by its number; of those without any nothing. Those count
/// that lie in the spool and that the store was too busy to be told of.
pub(crate) fn pending(folder: &Folder, store: &Store) -> store::Result<BTreeMap<i64, u64>> {
    let mut pending: BTreeMap<i64, u64> = store.pending_by_peer()?.into_iter().collect();
    for (name, peer) in net::spooled(&folder.dir().join(SPOOL)) {
        if store.delivery_of(&name)?.is_none() {
            *pending.entry(peer).or_default() += 1;
        }
    }
    Ok(pending)
}

/// Where Health Export Pro was told to send.
fn hep(store: &Store) -> store::Result<HepSettings> {
    let text = |key| Ok::<_, store::Error>(store.setting(key)?.filter(|text| !text.trim().is_empty()));
    // Earlier versions let one be set that says something else.
    let header = text("hep_header")?.filter(|name| net::is_header_free(name));
    Ok(HepSettings { path: text("hep_path")?, header })
}

/// How connections are encrypted, whenever the receiver asks.
fn https(folder: &Folder, clock: &Clock) -> HttpsOf {
    let (folder, clock) = (folder.clone(), Arc::clone(clock));
    Arc::new(move |store, addresses| {
        certificate::https(&folder, store, addresses, clock())
            .map_err(|error| ErrorKind::Certificate(error.message).into())
    })
}

/// The error of a receiver that may only encrypt and cannot.
fn not_ours() -> Error {
    Error::new(
        Code::NoAddress,
        "Phones are to send over https only, and the certificate is for none of this computer's names and addresses.",
        "`vitalog certificate renew` makes a new one; phones have to install it again.",
    )
}

/// Where to listen: as told, as set, or at the address with the default route.
fn addresses(store: &Store, options: &Options) -> Result<Vec<SocketAddr>> {
    let port = match options.port {
        Some(port) => port,
        None => port(store)?,
    };
    let set = store.setting("receiver_bind")?.and_then(|text| interfaces(&text)).unwrap_or_default();
    let of_vpn = store.setting("receiver_vpn")?.as_deref() == Some("yes");
    let found = || net::address().filter(|ip| net::is_private(*ip, of_vpn)).into_iter().collect();
    let chosen = [&options.bind, &set].into_iter().find(|some| !some.is_empty()).cloned().unwrap_or_else(found);
    if chosen.is_empty() {
        return Err(Error::new(
            Code::NoAddress,
            "This computer has no address in a private network that phones could reach.",
            "Name one with --bind, such as `--bind 127.0.0.1` for programs on this computer.",
        ));
    }
    Ok(chosen.into_iter().map(|ip| SocketAddr::new(ip, port)).collect())
}

/// The port that phones are told.
pub(crate) fn port(store: &Store) -> Result<u16> {
    Ok(store.setting("port")?.and_then(|text| text.parse().ok()).unwrap_or(PORT))
}

/// The addresses in a setting: none for what the program finds by itself, or where it is no list of private addresses.
pub(crate) fn interfaces(text: &str) -> Option<Vec<IpAddr>> {
    if text.trim().eq_ignore_ascii_case(AUTO) {
        return Some(Vec::new());
    }
    let fits = |ip: &IpAddr| net::is_private(*ip, true) || ip.is_unspecified();
    text.split(',').map(|part| part.trim().parse().ok().filter(fits)).collect()
}

/// What goes wrong at the start, in words.
fn failed(error: net::Error) -> Error {
    match error.into_kind() {
        ErrorKind::Store(error) => error.into(),
        ErrorKind::InUse(at) => Error::new(
            Code::PortTaken,
            format!("Another program uses port {} at {}.", at.port(), at.ip()),
            "End it, or choose another port with `vitalog settings set port PORT` and tell it to your apps.",
        ),
        ErrorKind::NoAddress(at, why) => Error::new(
            Code::NoAddress,
            format!("{} cannot be listened on: {}.", at.ip(), why.kind()),
            "Name an address of this computer with --bind.",
        ),
        ErrorKind::Public(at) => Error::new(
            Code::NoAddress,
            format!("{} is reachable from outside: phones are received in private networks only.", at.ip()),
            "Name an address of a private network with --bind.",
        ),
        ErrorKind::Io(error) => error.into(),
        other => Error::new(Code::File, crate::error::sentence(&other.to_string()), ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_names_private_addresses() {
        let check = |text: &str, expected: Option<usize>| {
            assert_eq!(interfaces(text).map(|found| found.len()), expected, "{text}");
        };
        check("auto", Some(0));
        check("Auto", Some(0));
        check("192.168.1.20", Some(1));
        check("192.168.1.20, 127.0.0.1,fd00::2", Some(3));
        check("0.0.0.0", Some(1));
        for text in ["", "8.8.8.8", "192.168.1.20, 8.8.8.8", "192.168.1.20:80", "localhost", "1.2.3"] {
            check(text, None);
        }
    }
}
