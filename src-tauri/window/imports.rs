//! Choosing a file, importing it with progress, cancelling, the history and undoing.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use app::Cancel;
use serde_json::Value;
use tauri::ipc::Channel;
use tauri::{AppHandle, Runtime, State};
use tauri_plugin_dialog::DialogExt;

use super::Shared;
use super::backend::Progress;
use super::error::{Answer, import_running};

/// Progress goes to the page at most this often.
const PROGRESS_EVERY: Duration = Duration::from_millis(100);

/// At most one import runs at a time.
#[derive(Debug, Default)]
pub struct Running {
    busy: AtomicBool,
    cancel: Mutex<Cancel>,
}

/// Gives the place free again, also when the import panics.
struct Place<'a>(&'a Running);

impl Running {
    /// The place, and what stops the import that has it.
    fn take(&self) -> Option<(Place<'_>, Cancel)> {
        let taken = self.busy.compare_exchange(false, true, Ordering::AcqRel, Ordering::Acquire).is_ok();
        taken.then(|| {
            let cancel = Cancel::default();
            self.cancel().clone_from(&cancel);
            (Place(self), cancel)
        })
    }

    fn cancel(&self) -> MutexGuard<'_, Cancel> {
        // Nothing can be half done in it.
        self.cancel.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.busy.store(false, Ordering::Release);
    }
}

/// Shows the system's own dialog; none if the user closes it.
#[tauri::command(async)]
pub fn choose_export<R: Runtime>(app: AppHandle<R>, title: String, filter: String) -> Option<String> {
    let dialog = app.dialog().file().set_title(title).add_filter(filter, &["zip", "xml"]);
    dialog.blocking_pick_file().map(|file| file.to_string())
}

/// Imports a file and answers with the report; `progress` hears how far it is.
#[tauri::command(async)]
pub fn import_export(shared: State<'_, Shared>, path: String, progress: Channel<Progress>) -> Answer<Value> {
    let (_place, cancel) = shared.running.take().ok_or_else(import_running)?;
    let mut last_sent: Option<Instant> = None;
    let mut hear = |now: Progress| {
        if last_sent.is_none_or(|at| at.elapsed() >= PROGRESS_EVERY) {
            last_sent = Some(Instant::now());
            // A page that is gone no longer hears; the import goes on all the same.
            let _ = progress.send(now);
        }
    };
    shared.backend.import(Path::new(&path), &cancel, &mut hear)
}

/// Asks the running import to stop; it answers with `cancelled`. Nothing happens where none runs.
#[tauri::command]
pub fn cancel_import(shared: State<'_, Shared>) {
    shared.running.cancel().cancel();
}

/// The history, as in `vitalog imports`.
#[tauri::command(async)]
pub fn imports(shared: State<'_, Shared>) -> Answer<Value> {
    shared.backend.imports()
}

/// One import and what it refused, as in `vitalog imports IMPORT`.
#[tauri::command(async)]
pub fn import_detail(shared: State<'_, Shared>, import: i64) -> Answer<Value> {
    shared.backend.import_detail(import)
}

/// Takes one import back: `import`, `removed`, `restored`.
#[tauri::command(async)]
pub fn undo_import(shared: State<'_, Shared>, import: i64) -> Answer<Value> {
    shared.backend.undo(import)
}
