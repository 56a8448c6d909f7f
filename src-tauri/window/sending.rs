//! Sending to the owner's servers while the window is there: by itself, as `vitalog serve` does, and when somebody says
//! so. A lock keeps two programs from sending to one server at a time; what is on its way when the program ends is sent
//! once more by whoever comes next.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use app::remotes::{self, Means, Pushed, Runner};
use app::{Cancel, Folder};
use tauri::{AppHandle, Emitter, Manager, Runtime};

use super::error::Answer;
use super::{MAIN, Shared};

/// What the page hears when anything about servers is otherwise; it asks with `servers` what.
pub const SERVERS: &str = "servers";
/// Of many requests in a row the page hears so often: to look costs some of what sending needs.
const EMIT_EVERY: Duration = Duration::from_secs(1);

/// What sends in this window.
#[derive(Debug, Default)]
pub struct Sending {
    runner: Mutex<Option<Runner>>,
    /// What somebody sends by hand now, by the name of its server.
    by_hand: Mutex<HashMap<String, Cancel>>,
    /// Held by everybody who sends by hand, and alone by who waits for their end.
    under_way: RwLock<()>,
}

impl Sending {
    /// Sends by itself from now on.
    pub fn begin<R: Runtime>(&self, app: &AppHandle<R>) {
        let backend = Arc::clone(&app.state::<Shared>().backend);
        let folder = backend.own().folder;
        let handle = app.clone();
        let last = Mutex::new(None);
        let heard = move || {
            if is_due(&last) {
                tell(&handle);
            }
        };
        *lock(&self.runner) = Some(Runner::telling(&folder, Arc::new(move || backend.own().now_ms), heard));
    }

    /// Whether it does.
    pub fn is_on(&self) -> bool {
        lock(&self.runner).is_some()
    }

    /// Looks now who is due.
    pub fn wake(&self) {
        let _ = lock(&self.runner).as_ref().map(Runner::wake);
    }

    /// Ends it, as with the window; nobody waits.
    pub fn end(&self) {
        lock(&self.runner).take();
        lock(&self.by_hand).values().for_each(|cancel| _ = cancel.cancel());
    }

    /// Ends it, and waits until nothing is on its way. Tells whether it was on.
    pub fn stop(&self) -> bool {
        lock(&self.by_hand).values().for_each(|cancel| _ = cancel.cancel());
        let runner = lock(&self.runner).take();
        let was_on = runner.map(Runner::stop).is_some();
        drop(self.under_way.write().unwrap_or_else(PoisonError::into_inner));
        was_on
    }

    /// Sends to one server now, whatever the back-off says; `progress` hears what was done so far.
    pub fn send(
        &self,
        folder: &Folder,
        name: &str,
        now: &dyn Fn() -> i64,
        progress: &mut dyn FnMut(&Pushed),
    ) -> Answer<Pushed> {
        let _under_way = self.under_way.read().unwrap_or_else(PoisonError::into_inner);
        let cancel = Cancel::default();
        lock(&self.by_hand).insert(name.to_owned(), cancel.clone());
        let patience = remotes::PATIENCE;
        let means = &mut Means { now, chance: &remotes::chance, cancel, patience, progress };
        let pushed = remotes::push(folder, name, means);
        lock(&self.by_hand).remove(name);
        Ok(pushed?)
    }

    /// Asks what somebody sends by hand to end; nothing happens where nobody does.
    pub fn cancel(&self, name: &str) {
        let _ = lock(&self.by_hand).get(name).map(Cancel::cancel);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether the page is to be told once more.
fn is_due(last: &Mutex<Option<Instant>>) -> bool {
    let mut last = lock(last);
    let due = last.is_none_or(|last| last.elapsed() >= EMIT_EVERY);
    if due {
        *last = Some(Instant::now());
    }
    due
}

/// Tells the page that something is otherwise.
pub fn tell<R: Runtime>(app: &AppHandle<R>) {
    if let Some(window) = app.get_webview_window(MAIN) {
        let _ = window.emit(SERVERS, ());
    }
}
