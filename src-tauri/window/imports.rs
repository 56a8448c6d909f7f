//! Choosing a file, importing it with progress, cancelling, the history and undoing.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use app::Cancel;
use serde_json::Value;
use tauri::ipc::Channel;
use tauri::{AppHandle, Manager, Runtime, State};

use super::Shared;
use super::backend::{Phase, Progress, Steps};
use super::dialogs::Asked;
use super::error::{Answer, import_running, internal, not_given};
use super::spoken::{InWords, Tongue};

/// Progress goes to the page at most this often.
const PROGRESS_EVERY: Duration = Duration::from_millis(100);
/// How far behind, in the measure of `nice`.
#[cfg(target_os = "linux")]
const BEHIND: i32 = 10;

/// At most one import, undo or other long job runs at a time.
#[derive(Debug, Default)]
pub struct Running {
    busy: AtomicBool,
    cancel: Mutex<Cancel>,
}

/// The one place of long work; dropped, it is free again, also after a panic.
#[derive(Debug)]
pub struct Place<'a>(&'a Running);

impl Running {
    /// The place, and what stops the work that has it; none where it is taken.
    pub fn take(&self) -> Option<(Place<'_>, Cancel)> {
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
pub fn choose_export<R: Runtime>(
    app: AppHandle<R>,
    shared: State<'_, Shared>,
    title: String,
    filter: String,
) -> Option<String> {
    let asked = Asked::File { filter: &filter, ends: &["zip", "xml"] };
    let file = shared.dialogs.ask(&app, title, asked)?;
    Some(shared.handed.give(&file))
}

/// The same for the folder of an export that was unzipped.
#[tauri::command(async)]
pub fn choose_folder<R: Runtime>(app: AppHandle<R>, shared: State<'_, Shared>, title: String) -> Option<String> {
    let folder = shared.dialogs.ask(&app, title, Asked::Folder)?;
    Some(shared.handed.give(&folder))
}

/// Imports a file, or a folder, that was given to the window and answers with the report; `progress` hears how far it
/// is.
#[tauri::command]
pub async fn import_export<R: Runtime>(
    app: AppHandle<R>,
    tongue: Tongue,
    path: String,
    progress: Channel<Progress>,
) -> Answer<Value> {
    let file = app.state::<Shared>().handed.path(&path).ok_or_else(not_given)?;
    in_the_background(app, tongue, move |shared, cancel| {
        let mut last: Option<(Instant, Phase)> = None;
        let mut hear = |now: Progress| {
            // A new phase is never left out.
            let due = last.is_none_or(|(at, phase)| at.elapsed() >= PROGRESS_EVERY || phase != now.phase);
            if due {
                last = Some((Instant::now(), now.phase));
                // A page that is gone no longer hears; the import goes on all the same.
                let _ = progress.send(now);
            }
        };
        shared.backend.import(&file, cancel, &mut hear)
    })
    .await
}

/// Takes one import back: `import`, `removed`, `restored`; `progress` hears how far it is.
#[tauri::command]
pub async fn undo_import<R: Runtime>(
    app: AppHandle<R>,
    tongue: Tongue,
    import: i64,
    progress: Channel<Steps>,
) -> Answer<Value> {
    in_the_background(app, tongue, move |shared, cancel| {
        let mut hear = |steps: Steps| drop(progress.send(steps));
        shared.backend.undo(import, cancel, &mut hear)
    })
    .await
}

/// Looks at the sample person's data, or goes back to one's own; `progress` hears how far the making is.
#[tauri::command]
pub async fn sample<R: Runtime>(
    app: AppHandle<R>,
    tongue: Tongue,
    on: bool,
    progress: Channel<Progress>,
) -> Answer<Value> {
    in_the_background(app, tongue, move |shared, cancel| {
        shared.backend.look_at_sample(on, cancel, &mut |now| drop(progress.send(now)))?;
        shared.backend.status()
    })
    .await
}

/// Runs what takes long on a thread of its own, so that other commands are answered meanwhile; one at a time. What it
/// tells is in the language of whoever asked.
pub(super) async fn in_the_background<R: Runtime>(
    app: AppHandle<R>,
    tongue: Tongue,
    work: impl FnOnce(&Shared, &Cancel) -> Answer<Value> + Send + 'static,
) -> Answer<Value> {
    on_its_own(app, tongue, |shared| {
        let (_place, cancel) = shared.running.take().ok_or_else(import_running)?;
        behind_the_page();
        work(shared, &cancel)
    })
    .await
}

/// Runs something on a thread of its own, in the language of whoever asked.
pub(super) async fn on_its_own<R: Runtime>(
    app: AppHandle<R>,
    tongue: Tongue,
    work: impl FnOnce(&Shared) -> Answer<Value> + Send + 'static,
) -> Answer<Value> {
    let run = move || {
        let _words = tongue.speak();
        work(&app.state::<Shared>())
    };
    // A thread that stands back never comes to the front again, so it must not be one of a pool.
    let waiting = tauri::async_runtime::spawn_blocking(move || thread::spawn(run).join());
    match waiting.await {
        Ok(Ok(answer)) => answer,
        _ => Err(internal("The work ended too early.")),
    }
}

/// The thread, and those that it starts, stand back: the page is drawn first.
fn behind_the_page() {
    #[cfg(target_os = "linux")]
    {
        // Elsewhere this would be the whole program. Without it the work is done all the same.
        let _ = rustix::process::nice(BEHIND);
    }
}

/// Asks what runs to stop; it answers with `cancelled`. Nothing happens where none runs.
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
pub fn import_detail(_words: InWords, shared: State<'_, Shared>, import: i64) -> Answer<Value> {
    shared.backend.import_detail(import)
}
