//! Telling the network that we are here, for as long as we listen: on what is bound and on nothing else.

use std::net::IpAddr;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

use net::Clock;
use net::discovery::{Advert, Discovery, News, host, new_id};
use store::Store;

use crate::error::Result;
use crate::folder::Folder;

/// How often is looked whether an invitation is open, and whether another computer has our name.
const LOOK: Duration = Duration::from_secs(1);
/// What is told where the owner wants no name told.
const NAMELESS: &str = "none";
/// The setting that tells this installation from others.
const ID: &str = "receiver_id";

/// A thread that keeps the network told. Dropped, it says goodbye.
#[derive(Debug)]
pub(super) struct Announced {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Announced {
    /// Begins; nothing where only this computer itself can reach us.
    pub fn start(store: &Store, folder: &Folder, receiver: &Arc<net::Receiver>, clock: Clock) -> Result<Option<Self>> {
        let addresses = addresses(receiver);
        if addresses.is_empty() {
            return Ok(None);
        }
        let name = name(store)?;
        // Before it is told, so that it is told with the certificate.
        receiver.set_names(vec![format!("{}.local", host(&name))]);
        let fingerprint = receiver.fingerprint();
        let advert = Advert { name, id: id(store)?, port: receiver.port(), addresses, pairing: false, fingerprint };
        let discovery = Discovery::start(advert).inspect_err(|_| receiver.set_names(Vec::new()));
        let discovery = discovery.map_err(super::failed)?;
        let (stop, stopped) = mpsc::channel();
        let (receiver, folder) = (Arc::downgrade(receiver), folder.clone());
        let thread = std::thread::Builder::new().name("announce".to_owned()).spawn(move || {
            let mut discovery = discovery;
            let mut store = None;
            while stopped.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
                look(&mut discovery, &mut store, &folder, &receiver, clock());
            }
        })?;
        Ok(Some(Self { stop: Some(stop), thread: Some(thread) }))
    }
}

impl Drop for Announced {
    fn drop(&mut self) {
        self.stop.take();
        // The goodbye is said on that thread.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// One look. What cannot be told now is told with the next one.
fn look(
    discovery: &mut Discovery,
    store: &mut Option<Store>,
    folder: &Folder,
    receiver: &Weak<net::Receiver>,
    now_ms: i64,
) {
    let Some(receiver) = receiver.upgrade() else { return };
    for news in discovery.news() {
        if let News::Host(name) = news {
            receiver.set_names(vec![name]);
        }
    }
    let _ = discovery.set_fingerprint(receiver.fingerprint());
    if store.is_none() {
        *store = folder.read().ok();
    }
    let open = store.as_ref().map(|store| store.live_pairings(now_ms));
    if let Some(Ok(open)) = open {
        let _ = discovery.set_pairing(open.iter().any(|pairing| pairing.is_open(now_ms)));
    }
}

/// What is bound and others can reach.
fn addresses(receiver: &net::Receiver) -> Vec<IpAddr> {
    let bound = receiver.addresses().iter().map(|address| address.ip());
    let all = bound.filter_map(|ip| if ip.is_unspecified() { net::address() } else { Some(ip) });
    all.filter(|ip| !ip.is_loopback()).collect()
}

/// What the owner wants to be called, else the computer's name; empty where none is to be told.
pub(super) fn name(store: &Store) -> Result<String> {
    let set = store.setting("receiver_name")?.filter(|name| !name.is_empty());
    Ok(match set {
        Some(name) if name == NAMELESS => String::new(),
        Some(name) => name,
        None => net::computer_name().unwrap_or_default(),
    })
}

fn id(store: &Store) -> Result<String> {
    if let Some(id) = store.setting(ID)? {
        return Ok(id);
    }
    let id = new_id().map_err(super::failed)?;
    store.set_setting(ID, &id)?;
    Ok(id)
}
