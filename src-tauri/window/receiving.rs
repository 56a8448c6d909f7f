//! The receiver of this window, while it is on: begun, ended, and heard. One program at a time has a data folder's;
//! where that is another one, the page shows what it does all the same.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use app::receiver::{self, Event, Events, Options, Receiver};
use app::silence::TurnedAway;
use app::{Code, Folder};
use serde_json::Value;
use tauri::{AppHandle, Emitter, Manager, Runtime};

use super::backend::{AppError, Desk};
use super::error::Answer;
use super::imports::on_its_own;
use super::product::value;
use super::spoken::Tongue;
use super::{MAIN, Shared, background};

/// What the page hears when anything about phones is otherwise; it asks with `phones` what.
pub const PHONES: &str = "phones";
/// Of many deliveries in a row the page hears so often; of the last one with the next look at the store.
const EMIT_EVERY: Duration = Duration::from_millis(200);
/// Sorts of visitors that are remembered.
const MAX_TURNED_AWAY: usize = 50;

/// The receiver of this window, or none.
#[derive(Debug, Default)]
pub struct Receiving {
    /// Held while it begins or ends, so that one of two commands waits for the other.
    turning: Mutex<()>,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    receiver: Option<Receiver>,
    turned_away: Vec<TurnedAway>,
    trouble: Option<AppError>,
    unannounced: bool,
}

/// What the page is told of it.
#[derive(Debug)]
pub struct Told {
    /// Whether it is on in this window.
    pub here: bool,
    /// Whom it turned away.
    pub turned_away: Vec<TurnedAway>,
    /// Why it is not on, though it is wanted.
    pub trouble: Option<AppError>,
    /// Whether the network could not be told of it.
    pub unannounced: bool,
}

impl Receiving {
    /// How it is.
    pub fn told(&self) -> Told {
        let held = self.held();
        let here = held.receiver.is_some();
        let (turned_away, trouble) = (held.turned_away.clone(), held.trouble.clone());
        Told { here, turned_away, trouble, unannounced: here && held.unannounced }
    }

    /// Begins, anew where it is on already, and keeps that it is wanted.
    pub fn turn_on<R: Runtime>(&self, app: &AppHandle<R>) -> Answer<()> {
        let _turning = lock(&self.turning);
        self.end();
        self.begin(app, |desk, clock| {
            let receiver = Receiver::start(&desk.folder, &Options::default(), clock)?;
            receiver::want(&desk.folder, Some(&receiver)).map(|()| receiver)
        })
    }

    /// Ends, and keeps that it is not wanted.
    pub fn turn_off(&self, folder: &Folder) -> Answer<()> {
        let _turning = lock(&self.turning);
        self.end();
        self.held().trouble = None;
        Ok(receiver::want(folder, None)?)
    }

    /// Begins with the window, where that is wanted. What hinders it the page tells.
    pub fn resume<R: Runtime>(&self, app: &AppHandle<R>) {
        let _turning = lock(&self.turning);
        if !receiver::is_wanted(&app.state::<Shared>().backend.own().folder) || self.held().receiver.is_some() {
            return;
        }
        let begun = self.begin(app, |desk, clock| Receiver::resume(&desk.folder, clock));
        // Of another program that receives the page is told anyway.
        let trouble = begun.err().filter(|error| error.code != Code::ReceiverRuns.as_str());
        self.held().trouble = trouble;
        tell(app);
    }

    /// Ends, as with the window. Tells whether it was on.
    pub fn stop(&self) -> bool {
        let _turning = lock(&self.turning);
        self.end()
    }

    /// Begins again after [`Receiving::stop`].
    fn again<R: Runtime>(&self, app: &AppHandle<R>) {
        let _turning = lock(&self.turning);
        let begun = self.begin(app, |desk, clock| Receiver::start(&desk.folder, &Options::default(), clock));
        self.held().trouble = begun.err();
    }

    /// Takes up what waits of a phone that was let in.
    pub fn wake(&self) {
        if let Some(receiver) = &self.held().receiver {
            receiver.wake();
        }
    }

    fn begin<R: Runtime>(
        &self,
        app: &AppHandle<R>,
        start: impl FnOnce(&Desk, receiver::Clock) -> app::Result<Receiver>,
    ) -> Answer<()> {
        let backend = Arc::clone(&app.state::<Shared>().backend);
        let clock = Arc::clone(&backend);
        let receiver = start(&backend.own(), Arc::new(move || clock.own().now_ms))?;
        let events = receiver.events();
        // Phones that are told an address come all the same.
        let unannounced = receiver.trouble().is_some();
        *self.held() = Held { receiver: Some(receiver), unannounced, ..Held::default() };
        let app = app.clone();
        thread::spawn(move || listen(&app, events));
        Ok(())
    }

    fn end(&self) -> bool {
        // Its connections may take some seconds to end, and who only asks does not wait for that.
        let receiver = self.held().receiver.take();
        receiver.map(Receiver::stop).is_some()
    }

    fn hear(&self, event: &Event, now_ms: i64) {
        let mut held = self.held();
        if let Event::Refused { address, reason, .. } = event {
            note(&mut held.turned_away, address, reason, now_ms);
        }
        if let Some(receiver) = &mut held.receiver {
            // Phones are received all the same; only other programs are told an old address.
            let _ = receiver.heard(event);
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        lock(&self.held)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Remembers whom the receiver turned away: each sort of visitor once.
fn note(all: &mut Vec<TurnedAway>, address: &str, reason: &'static str, now_ms: i64) {
    if let Some(known) = all.iter_mut().find(|known| known.address == address && known.reason == reason) {
        (known.at_ms, known.times) = (now_ms, known.times + 1);
    } else if all.len() < MAX_TURNED_AWAY {
        all.push(TurnedAway { address: address.to_owned(), reason, at_ms: now_ms, times: 1 });
    }
}

/// Hears the receiver until it ends.
fn listen<R: Runtime>(app: &AppHandle<R>, mut events: Events) {
    let mut last: Option<Instant> = None;
    while let Some(event) = events.wait() {
        let shared = app.state::<Shared>();
        shared.receiving.hear(&event, shared.backend.own().now_ms);
        let is_due = last.is_none_or(|last| last.elapsed() >= EMIT_EVERY);
        if is_due || !matches!(event, Event::Delivery { .. } | Event::Refused { .. }) {
            last = Some(Instant::now());
            tell(app);
        }
    }
}

/// Tells the page, and the icon beside the clock, that something is otherwise.
pub fn tell<R: Runtime>(app: &AppHandle<R>) {
    background::refresh(app);
    if let Some(window) = app.get_webview_window(MAIN) {
        let _ = window.emit(PHONES, ());
    }
}

/// Does something for which nothing may receive or send here, and then does so again where it did before; where
/// `is_over` says so of what came of it, nothing is received any more.
pub(super) async fn meanwhile_off<R: Runtime>(
    app: AppHandle<R>,
    tongue: Tongue,
    work: impl Future<Output = Answer<Value>>,
    is_over: fn(&Answer<Value>) -> bool,
) -> Answer<Value> {
    // Whoever sends would find another store, or make a new one.
    let stop = |shared: &Shared| value((shared.receiving.stop(), shared.sending.stop()));
    let stopped = on_its_own(app.clone(), tongue, stop).await?;
    let answer = work.await;
    if stopped[1] == Value::Bool(true) {
        // There it finds nothing to send where all is deleted.
        let handle = app.clone();
        let again = move |shared: &Shared| {
            shared.sending.begin(&handle);
            Ok(Value::Null)
        };
        on_its_own(app.clone(), tongue, again).await?;
    }
    if stopped[0] == Value::Bool(true) && !is_over(&answer) {
        let handle = app.clone();
        let again = move |shared: &Shared| {
            shared.receiving.again(&handle);
            Ok(Value::Null)
        };
        // What hinders it the page tells.
        on_its_own(app.clone(), tongue, again).await?;
    }
    tell(&app);
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sort_of_visitor_is_remembered_once() {
        let mut all = Vec::new();
        note(&mut all, "10.0.0.7", "token", 1);
        note(&mut all, "10.0.0.7", "token", 2);
        note(&mut all, "10.0.0.7", "host", 3);
        let found: Vec<_> = all.iter().map(|it| (it.reason, it.at_ms, it.times)).collect();
        assert_eq!(found, [("token", 2, 2), ("host", 3, 1)]);
        (0..100).for_each(|n| note(&mut all, &format!("10.0.1.{n}"), "token", 4));
        assert_eq!(all.len(), MAX_TURNED_AWAY);
    }
}
