//! What all requests share: the store, the spool, what is counted and bounded.

use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use store::Store;
use tokio::sync::{Notify, Semaphore, broadcast};
use tokio::time::{Instant, timeout_at};

use super::failures::Failures;
use super::guard::Limiter;
use super::places::{Place, Places};
use super::quota::Quota;
use super::secure::Secure;
use super::{Config, HepSettings, reachable};
use crate::error::Result;
use crate::events::Event;
use crate::intake::Intake;
use crate::spool::Spool;

/// Bodies that are being received at once.
const RECEIVING: usize = 8;
/// Of one phone.
const RECEIVING_OF_PEER: usize = 4;
/// Connections at once, to all addresses that are listened at.
const CONNECTIONS: usize = 512;
/// Of one address.
const CONNECTIONS_OF_ADDRESS: usize = 64;
/// Bodies at once of those who have shown no token: a code, or a token for tokens.
const GUESTS: usize = 64;
/// Of one address.
const GUESTS_OF_ADDRESS: usize = 4;
/// Wrong tokens of one address in a minute.
const WRONG_TOKENS: u32 = 20;
/// Codes that one address may try in a minute.
const TRIES: u32 = 10;
/// Small bodies that are read and written at once.
const SMALL: usize = 2;
/// How long the writer waits for another process. An answer has a deadline over all that it waits for.
const WRITER_WAIT: Duration = Duration::from_secs(1);
/// Events that wait for a slow listener.
const EVENTS: usize = 256;

pub(super) struct Shared {
    pub config: Config,
    pub intake: Arc<dyn Intake>,
    pub spool: Arc<Spool>,
    /// Names of this computer, of which the network may take one away.
    pub names: RwLock<Vec<String>>,
    /// Where is listened.
    pub bound: Vec<SocketAddr>,
    pub secure: Secure,
    /// Apart from the writer, so that no question waits for another process that writes.
    reader: Mutex<Store>,
    writer: Arc<tokio::sync::Mutex<Store>>,
    pub events: broadcast::Sender<Event>,
    pub receiving: Semaphore,
    of_peer: Arc<Places<i64>>,
    pub connections: Arc<Places<IpAddr>>,
    pub guests: Arc<Places<IpAddr>>,
    /// Small bodies, of which one is read while another is written, and one large one: no phone waits behind another
    /// one's whole history. What a phone sends goes in as it came, for it waits for each answer: of sums the one that
    /// was sent last counts.
    pub lanes: [Semaphore; 2],
    /// Names in the spool that are being worked on.
    pub at_work: Mutex<HashSet<String>>,
    pub failures: Failures,
    pub wrong_tokens: Limiter,
    pub tries: Limiter,
    pub quota: Quota,
    /// Deliveries that went into the store since the start.
    pub taken: AtomicU64,
    pub wake: Notify,
    /// Wakes those that wait for nothing but events.
    pub goodbye: Notify,
    pub stopping: AtomicBool,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("config", &self.config).finish_non_exhaustive()
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub fn new(config: Config, bound: Vec<SocketAddr>, intake: Arc<dyn Intake>) -> Result<Self> {
        Ok(Self {
            spool: Arc::new(Spool::open(&config.spool)?),
            reader: Mutex::new(Store::open(&config.store)?),
            writer: Arc::new(tokio::sync::Mutex::new(Store::open_within(&config.store, WRITER_WAIT)?)),
            intake,
            names: RwLock::new(config.names.clone()),
            bound,
            secure: Secure::default(),
            config,
            events: broadcast::channel(EVENTS).0,
            receiving: Semaphore::new(RECEIVING),
            of_peer: Places::new(usize::MAX, RECEIVING_OF_PEER),
            connections: Places::new(CONNECTIONS, CONNECTIONS_OF_ADDRESS),
            guests: Places::new(GUESTS, GUESTS_OF_ADDRESS),
            lanes: [Semaphore::new(SMALL), Semaphore::new(1)],
            at_work: Mutex::default(),
            failures: Failures::default(),
            wrong_tokens: Limiter::new(WRONG_TOKENS),
            tries: Limiter::new(TRIES),
            quota: Quota::default(),
            taken: AtomicU64::new(0),
            wake: Notify::new(),
            goodbye: Notify::new(),
            stopping: AtomicBool::new(false),
        })
    }

    pub fn names(&self) -> Vec<String> {
        self.names.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The port of the first address.
    pub fn port(&self) -> u16 {
        self.bound.first().map_or(0, SocketAddr::port)
    }

    /// What to type into apps: encrypted first, where that is wanted, and names first, because they survive a new
    /// address.
    pub fn urls(&self) -> Vec<String> {
        let port = self.port();
        let names = self.names().into_iter().map(|name| (format!("{name}:{port}"), name));
        let addresses = self.bound.iter().map(|at| reachable(*at)).map(|at| (at.to_string(), at.ip().to_string()));
        let hosts: Vec<(String, String)> = names.chain(addresses).collect();
        let shown = self.secure.shown();
        let secure = hosts.iter().filter(|(_, host)| shown.as_ref().is_some_and(|shown| shown.is_for(host)));
        let plain = hosts.iter().filter(|_| !self.secure.is_only());
        secure.map(|(at, _)| format!("https://{at}")).chain(plain.map(|(at, _)| format!("http://{at}"))).collect()
    }

    /// Looks how connections are to be encrypted by now, and tells where anything is another than before.
    pub fn keep_secure(&self) -> Result<()> {
        let _turn = lock(&self.secure.turn);
        let addresses: Vec<IpAddr> = self.bound.iter().map(|at| reachable(*at).ip()).collect();
        let wanted = (self.config.https)(&lock(&self.reader), &addresses)?;
        if self.secure.keep(wanted, &self.names(), &addresses, self.now_ms())? {
            self.tell_listening();
        }
        Ok(())
    }

    pub fn tell_listening(&self) {
        self.tell(Event::Listening { port: self.port(), urls: self.urls() });
    }

    /// Where Health Export Pro sends by now; as it does by itself where the store cannot be asked.
    pub async fn hep(self: &Arc<Self>) -> HepSettings {
        let hep = Arc::clone(&self.config.hep);
        self.read(move |store| hep(store)).await.unwrap_or_default()
    }

    pub fn now_ms(&self) -> i64 {
        (self.config.clock)()
    }

    pub fn tell(&self, event: Event) {
        // Nobody may listen.
        let _ = self.events.send(event);
    }

    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    pub fn is_idle(&self) -> bool {
        let due = lock(&self.reader).due_deliveries().map_or(1, |due| due.len());
        due == 0 && lock(&self.at_work).is_empty() && !self.has_unlisted()
    }

    /// Whether a body lies in the spool of which the store does not know, because somebody else was writing.
    pub fn has_unlisted(&self) -> bool {
        let is_listed = |name: &String| self.read_here(|store| Ok(store.delivery_of(name)?.is_some())).unwrap_or(false);
        !self.spool.names().iter().all(is_listed)
    }

    /// Asks the store something, on a thread that may block.
    pub async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        ask: impl FnOnce(&Store) -> store::Result<T> + Send + 'static,
    ) -> store::Result<T> {
        let shared = Arc::clone(self);
        blocking(move || ask(&lock(&shared.reader))).await
    }

    /// Changes the store, on a thread that may block.
    pub async fn write<T: Send + 'static>(
        self: &Arc<Self>,
        change: impl FnOnce(&mut Store) -> store::Result<T> + Send + 'static,
    ) -> store::Result<T> {
        let mut writer = Arc::clone(&self.writer).lock_owned().await;
        blocking(move || change(&mut writer)).await
    }

    /// The same, `Busy` where others keep the writer until then.
    pub async fn write_until<T: Send + 'static>(
        self: &Arc<Self>,
        end: Instant,
        change: impl FnOnce(&mut Store) -> store::Result<T> + Send + 'static,
    ) -> store::Result<T> {
        let writer = timeout_at(end, Arc::clone(&self.writer).lock_owned()).await;
        let mut writer = writer.map_err(|_| store::ErrorKind::Busy)?;
        blocking(move || change(&mut writer)).await
    }

    /// Asks on this thread.
    pub fn read_here<T>(&self, ask: impl FnOnce(&Store) -> store::Result<T>) -> store::Result<T> {
        ask(&lock(&self.reader))
    }

    /// Changes on this thread, which is one that may block.
    pub fn write_here<T>(&self, change: impl FnOnce(&mut Store) -> store::Result<T>) -> store::Result<T> {
        change(&mut self.writer.blocking_lock())
    }

    /// Takes a name in the spool for oneself; none where somebody works on it.
    pub fn claim(self: &Arc<Self>, name: &str) -> Option<Claimed> {
        let is_free = lock(&self.at_work).insert(name.to_owned());
        is_free.then(|| Claimed { shared: Arc::clone(self), name: name.to_owned() })
    }

    /// A place among the bodies of one phone that are being received; none where it has too many.
    pub fn place(&self, peer: i64) -> Option<Place<i64>> {
        self.of_peer.enter(peer)
    }
}

/// A name in the spool that nobody else works on until this is dropped.
pub(super) struct Claimed {
    pub shared: Arc<Shared>,
    pub name: String,
}

impl Drop for Claimed {
    fn drop(&mut self) {
        lock(&self.shared.at_work).remove(&self.name);
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> store::Result<T> + Send + 'static) -> store::Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        // The runtime is about to end, or a bug of ours: nothing was decided.
        Err(_) => Err(store::ErrorKind::Cancelled.into()),
    }
}
