//! Being found on the local network: mDNS, on the interfaces that are listened on and on no others.
//!
//! Today's apps only use the name `<computer>-hv.local`; the service itself is for an app of our own. Nothing that is
//! said here tells who somebody is or anything about their health.

use std::net::IpAddr;
use std::time::Duration;

use mdns_sd::{DaemonEvent, IfKind, Receiver, ServiceDaemon, ServiceInfo};

use crate::error::{ErrorKind, Result};

/// The service, and the same for browsers. Names are at most 15 letters, which is told only later by an event.
const SERVICES: [&str; 2] = ["_health-ingest._tcp.local.", "_http._tcp.local."];
/// What stands behind the computer's name, so that ours never fights with the one of the system.
const OURS: &str = "-hv";
/// Letters of the computer's name that are used.
const MAX_NAME: usize = 40;
/// How long a goodbye may take.
const GOODBYE: Duration = Duration::from_secs(2);

/// Makes what tells this installation from others.
pub fn new_id() -> Result<String> {
    crate::secret::short_id()
}

/// What is told to the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advert {
    /// The computer's name, or what the owner wants to be called.
    pub name: String,
    /// Tells this installation from others, whatever it is called: 8 hexadecimal digits.
    pub id: String,
    /// The port.
    pub port: u16,
    /// The addresses that are listened on.
    pub addresses: Vec<IpAddr>,
    /// Whether an invitation is open.
    pub pairing: bool,
    /// SHA-256 of the certificate that signs ours, in hexadecimal digits; none where nothing is encrypted.
    pub fingerprint: Option<String>,
}

/// Hexadecimal digits of a fingerprint that are told: 128 bits.
const FINGERPRINT: usize = 32;

/// The name for apps of a computer that is called `name`, without `.local`.
pub fn host(name: &str) -> String {
    let plain = name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' });
    let words: String = plain.take(MAX_NAME).collect();
    let words: Vec<&str> = words.split('-').filter(|word| !word.is_empty()).collect();
    let name = if words.is_empty() { "vitalog".to_owned() } else { words.join("-") };
    name + OURS
}

impl Advert {
    /// The name for apps, without `.local`: `kims-desktop-hv`.
    pub fn host(&self) -> String {
        host(&self.name)
    }

    /// What the service says, in its order.
    fn properties(&self) -> Vec<(&'static str, String)> {
        let mut told = vec![
            ("txtvers", "1".to_owned()),
            ("id", self.id.clone()),
            ("api", "1".to_owned()),
            ("path", "/".to_owned()),
            ("proto", "ow,hs,hep,hae,hv".to_owned()),
            ("tls", u8::from(self.fingerprint.is_some()).to_string()),
        ];
        told.extend(self.fingerprint.iter().map(|digits| ("fp", digits.chars().take(FINGERPRINT).collect())));
        told.push(("pair", u8::from(self.pairing).to_string()));
        told
    }

    fn service(&self, service: &str) -> Result<ServiceInfo> {
        let name = if self.name.trim().is_empty() { "Vitalog" } else { self.name.trim() };
        let properties = self.properties();
        // Browsers only want to know where to go.
        let wanted = |key: &str| service == SERVICES[0] || key == "path";
        let properties: Vec<_> = properties.into_iter().filter(|(key, _)| wanted(key)).collect();
        let host = format!("{}.local.", self.host());
        let info = ServiceInfo::new(service, name, &host, &self.addresses[..], self.port, &properties[..]);
        let mut info = info.map_err(failed)?;
        info.set_interfaces(self.addresses.iter().copied().map(IfKind::Addr).collect());
        Ok(info)
    }
}

/// A computer that can be found. Dropped, it says goodbye.
pub struct Discovery {
    daemon: ServiceDaemon,
    events: Receiver<DaemonEvent>,
    advert: Advert,
    registered: Vec<String>,
}

impl std::fmt::Debug for Discovery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Discovery").field("advert", &self.advert).finish_non_exhaustive()
    }
}

impl Discovery {
    /// Begins to be found.
    pub fn start(advert: Advert) -> Result<Self> {
        Self::with(ServiceDaemon::new().map_err(failed)?, advert)
    }

    fn with(daemon: ServiceDaemon, advert: Advert) -> Result<Self> {
        daemon.disable_interface(IfKind::All).map_err(failed)?;
        let bound: Vec<IfKind> = advert.addresses.iter().copied().map(IfKind::Addr).collect();
        daemon.enable_interface(bound).map_err(failed)?;
        let events = daemon.monitor().map_err(failed)?;
        let mut discovery = Self { daemon, events, advert, registered: Vec::new() };
        discovery.register()?;
        Ok(discovery)
    }

    fn register(&mut self) -> Result<()> {
        for service in SERVICES {
            let info = self.advert.service(service)?;
            let full = info.get_fullname().to_owned();
            self.daemon.register(info).map_err(failed)?;
            if !self.registered.contains(&full) {
                self.registered.push(full);
            }
        }
        Ok(())
    }

    /// Says whether an invitation is open, where that is another answer than before.
    pub fn set_pairing(&mut self, pairing: bool) -> Result<()> {
        if std::mem::replace(&mut self.advert.pairing, pairing) == pairing { Ok(()) } else { self.register() }
    }

    /// Says whether, and with whose certificate, connections are encrypted, where that is another answer than before.
    pub fn set_fingerprint(&mut self, fingerprint: Option<String>) -> Result<()> {
        let changed = self.advert.fingerprint != fingerprint;
        self.advert.fingerprint = fingerprint;
        if changed { self.register() } else { Ok(()) }
    }

    /// What happened since the last call: the new name of this computer where another one has ours, without a dot at
    /// its end, and what could not be told to the network.
    pub fn news(&self) -> Vec<News> {
        let news = self.events.try_iter().filter_map(|event| match event {
            DaemonEvent::NameChange(change) => {
                let name = change.new_name.trim_end_matches('.').to_owned();
                let is_host = !SERVICES.iter().any(|service| change.new_name.ends_with(service));
                is_host.then_some(News::Host(name))
            }
            DaemonEvent::Error(error) => Some(News::Failed(error.to_string())),
            _ => None,
        });
        news.collect()
    }
}

/// Something to know about being found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// Another computer has our name; this is the new one.
    Host(String),
    /// Something could not be told to the network.
    Failed(String),
}

impl Drop for Discovery {
    fn drop(&mut self) {
        for full in &self.registered {
            // The network forgets us by itself, only later.
            let _ = self.daemon.unregister(full).map(|said| said.recv_timeout(GOODBYE));
        }
        let _ = self.daemon.shutdown().map(|done| done.recv_timeout(GOODBYE));
    }
}

fn failed(error: mdns_sd::Error) -> crate::Error {
    ErrorKind::Discovery(error.to_string()).into()
}

#[cfg(test)]
mod tests {
    use mdns_sd::ServiceEvent;

    use super::*;

    fn advert(name: &str) -> Advert {
        let addresses = vec![IpAddr::from([127, 0, 0, 1])];
        Advert {
            name: name.to_owned(),
            id: "00c0ffee".to_owned(),
            port: 8787,
            addresses,
            pairing: false,
            fingerprint: None,
        }
    }

    #[test]
    fn names_for_apps_are_plain() {
        let check = |name: &str, expected: &str| assert_eq!(advert(name).host(), expected, "{name}");
        check("Kims-Desktop", "kims-desktop-hv");
        check("Kim\u{2019}s  Mac", "kim-s-mac-hv");
        check("", "vitalog-hv");
        check("\u{e4}\u{f6}", "vitalog-hv");
        assert!(advert(&"x".repeat(300)).host().len() <= 63);
    }

    #[test]
    fn what_is_told_is_short_and_says_nothing_about_anybody() {
        let fingerprint = Some("0123456789abcdef".repeat(4));
        let told = Advert { fingerprint, ..advert("Kim") }.properties();
        assert!(told.contains(&("tls", "1".to_owned())));
        assert!(told.contains(&("fp", "0123456789abcdef".repeat(2))));
        assert!(advert("Kim").properties().contains(&("tls", "0".to_owned())));
        assert_eq!(told[0].0, "txtvers");
        assert!(told.iter().all(|(key, _)| key.len() <= 9 && key.is_ascii()));
        let length: usize = told.iter().map(|(key, value)| key.len() + value.len() + 2).sum();
        assert!(length < 200 && !format!("{told:?}").contains("Kim"), "{told:?}");
    }

    /// On the loopback interface and a port of its own, so that nobody else hears of it.
    #[test]
    fn it_is_found_and_says_goodbye() {
        let port = 50_000 + (std::process::id() % 10_000) as u16;
        let daemon = || ServiceDaemon::new_with_port(port).expect("a daemon");
        let browser = daemon();
        browser.disable_interface(IfKind::All).expect("sent");
        browser.enable_interface(IfKind::LoopbackV4).expect("sent");
        let seen = browser.browse(SERVICES[0]).expect("browsing");
        let wait = |wanted: &dyn Fn(&ServiceEvent) -> bool| {
            std::iter::from_fn(|| seen.recv_timeout(Duration::from_secs(20)).ok()).find(|event| wanted(event))
        };
        let mut discovery = Discovery::with(daemon(), advert("Kim\u{2019}s desktop")).expect("found");
        let pair = |event: &ServiceEvent, value: &str| match event {
            ServiceEvent::ServiceResolved(it) => {
                it.get_port() == 8787
                    && it.get_hostname() == "kim-s-desktop-hv.local."
                    && it.get_property_val_str("pair") == Some(value)
            }
            _ => false,
        };
        assert!(wait(&|event| pair(event, "0")).is_some(), "not found");
        discovery.set_pairing(true).expect("told");
        assert!(wait(&|event| pair(event, "1")).is_some(), "no change was told");
        discovery.set_fingerprint(Some("ab".repeat(32))).expect("told");
        let is_secure = |event: &ServiceEvent| match event {
            ServiceEvent::ServiceResolved(it) => it.get_property_val_str("fp") == Some(&"ab".repeat(16)),
            _ => false,
        };
        assert!(wait(&is_secure).is_some(), "no certificate was told");
        drop(discovery);
        assert!(wait(&|event| matches!(event, ServiceEvent::ServiceRemoved(..))).is_some(), "no goodbye");
        let _ = browser.shutdown();
    }
}
