//! The receiver as its owner holds it: started, asked and stopped from any thread. Its own threads are inside.

mod answer;
mod auth;
mod body;
mod deliver;
mod failures;
mod guard;
mod handle;
mod listen;
mod open_wearables;
mod own;
mod pages;
mod places;
mod quota;
mod route;
mod secure;
mod shared;
mod work;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use store::Store;
use tokio::runtime::Runtime;
use tokio::sync::watch;

use crate::error::{ErrorKind, Result};
use crate::events::{Event, Events};
use crate::intake::Intake;

pub use self::auth::is_header_free;
pub(crate) use self::guard::is_private;
pub use self::own::DeliveryLine;
pub(crate) use self::pages::safe;
pub use self::route::is_path_free;
pub use self::secure::{Https, HttpsOf};
use self::shared::Shared;

/// Tells from the store where Health Export Pro was told to send; asked with every request, so that a change holds at
/// once.
pub type HepOf = Arc<dyn Fn(&Store) -> store::Result<HepSettings> + Send + Sync>;

/// Tells what time it is, in milliseconds since 1970 in UTC.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Threads that answer; what blocks has threads of its own.
const THREADS: usize = 2;
/// How long a stop waits for answers that are being given.
const GOODBYE: std::time::Duration = std::time::Duration::from_secs(5);

/// Where Health Export Pro was told to send, where that is not what it does by itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HepSettings {
    /// Another path.
    pub path: Option<String>,
    /// Another header.
    pub header: Option<String>,
}

/// What a receiver needs to know.
#[derive(Clone)]
pub struct Config {
    /// Where to listen; port 0 takes a free one.
    pub addresses: Vec<SocketAddr>,
    /// Names of this computer that phones may use besides its addresses, such as `kims-desktop-hv.local`.
    pub names: Vec<String>,
    /// Whether addresses of carriers (100.64/10) count as private, as VPNs use them.
    pub shared_addresses: bool,
    /// The store's file.
    pub store: PathBuf,
    /// The folder of the spool.
    pub spool: PathBuf,
    /// Health Export Pro.
    pub hep: HepOf,
    /// How connections are encrypted.
    pub https: HttpsOf,
    /// The clock.
    pub clock: Clock,
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config").field("addresses", &self.addresses).field("names", &self.names).finish_non_exhaustive()
    }
}

/// A receiver that listens. Dropping it stops it.
#[derive(Debug)]
pub struct Receiver {
    runtime: Mutex<Option<Runtime>>,
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
}

impl Receiver {
    /// Begins to listen. What a crash left in the spool is taken up first.
    pub fn start(config: Config, intake: Arc<dyn Intake>) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("receiver")
            .enable_all()
            .build()?;
        let listeners = runtime.block_on(listen::bind(&config.addresses))?;
        let bound = listeners.iter().map(|listener| listener.local_addr()).collect::<std::io::Result<Vec<_>>>()?;
        let shared = Arc::new(Shared::new(config, bound, intake)?);
        shared.keep_secure()?;
        work::tidy(&shared);
        let (stop, stopped) = watch::channel(false);
        for listener in listeners {
            runtime.spawn(listen::serve(listener, Arc::clone(&shared), stopped.clone()));
        }
        runtime.spawn(work::sweep(Arc::clone(&shared), stopped));
        let receiver = Self { runtime: Mutex::new(Some(runtime)), shared, stop };
        receiver.shared.tell_listening();
        Ok(receiver)
    }

    /// Where it listens.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.shared.bound
    }

    /// The port of the first address.
    pub fn port(&self) -> u16 {
        self.shared.port()
    }

    /// What to type into apps: encrypted first, where that is wanted, and names first, because they survive a new
    /// address.
    pub fn urls(&self) -> Vec<String> {
        self.shared.urls()
    }

    /// Goes by other names from now on: the network gave ours to another computer.
    pub fn set_names(&self, names: Vec<String>) {
        *self.shared.names.write().unwrap_or_else(PoisonError::into_inner) = names;
        // What fails now is tried again with the next look.
        let _ = self.shared.keep_secure();
        self.shared.tell_listening();
    }

    /// SHA-256 of the certificate that phones are told to trust, in hexadecimal digits; none where nothing is
    /// encrypted.
    pub fn fingerprint(&self) -> Option<String> {
        self.shared.secure.shown().map(|shown| shown.fingerprint.clone())
    }

    /// What happens from now on. Who reads too slowly misses the oldest.
    pub fn events(&self) -> Events {
        Events::new(self.shared.events.subscribe())
    }

    /// Says that the store changed so that deliveries may go in: a phone was accepted, or goes on after a pause.
    pub fn wake(&self) {
        self.shared.failures.wake(std::time::Instant::now());
        self.shared.wake.notify_one();
    }

    /// Whether every delivery of phones that are let in is in the store.
    pub fn is_idle(&self) -> bool {
        self.shared.is_idle()
    }

    /// Stops listening, and waits a little for answers that are being given. What was acknowledged is on the disk.
    pub fn stop(self) {
        self.end();
    }

    /// The same where several hold it.
    pub fn end(&self) {
        let runtime = self.runtime.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(runtime) = runtime else { return };
        self.shared.stopping.store(true, std::sync::atomic::Ordering::Release);
        let _ = self.stop.send(true);
        self.shared.goodbye.notify_waiters();
        runtime.block_on(async {
            // Each connection holds a copy of what it is told to stop by.
            let _ = tokio::time::timeout(GOODBYE, self.stop.closed()).await;
        });
        runtime.shutdown_timeout(GOODBYE);
        self.shared.tell(Event::Stopped);
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.end();
    }
}

/// An address that others can type: of one that stands for all the one with the default route.
fn reachable(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        ip if ip.is_unspecified() => {
            SocketAddr::new(crate::address().unwrap_or(Ipv4Addr::LOCALHOST.into()), address.port())
        }
        _ => address,
    }
}

/// An address that phones of this network could reach us at, refused where everybody could.
fn check_private(address: SocketAddr) -> Result<()> {
    let ip = address.ip();
    let fits = ip.is_loopback() || ip.is_unspecified() || guard::is_private(ip, true);
    if fits { Ok(()) } else { Err(ErrorKind::Public(address).into()) }
}
