//! Backups: making one, putting one in the store's place, and the copies that are kept from before.
//!
//! The page never names a path: it asks for the system's own dialog, or for a copy by its name.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use app::Cancel;
use serde_json::Value;
use tauri::{AppHandle, Runtime, State};

use super::Shared;
use super::charts::{asked, ending};
use super::dialogs::Asked;
use super::error::{Answer, internal};
use super::imports::in_the_background;
use super::keeping::owned;
use super::product::value;
use super::receiving::meanwhile_off;
use super::spoken::{InWords, Tongue};

/// How backups are called.
const END: &str = "db";

/// The backup that somebody chose and was told about, until it is restored.
#[derive(Debug, Default)]
pub struct Chosen(Mutex<Option<PathBuf>>);

impl Chosen {
    /// Keeps a backup for [`restore`].
    pub fn keep(&self, file: &Path) {
        *self.lock() = Some(file.to_owned());
    }

    fn take(&self) -> Option<PathBuf> {
        self.lock().take()
    }

    fn lock(&self) -> MutexGuard<'_, Option<PathBuf>> {
        // Nothing can be half done in it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The answer of `vitalog backup` to a file that the system's own dialog asks for; null if that was closed.
#[tauri::command]
pub async fn back_up<R: Runtime>(app: AppHandle<R>, tongue: Tongue, title: String, name: String) -> Answer<Value> {
    let Some(file) = asked(&app, title, &name, END) else { return Ok(Value::Null) };
    in_the_background(app, tongue, move |shared, cancel| {
        value(app::backup::backup(&shared.backend.desk().folder, &ending(&file, END), cancel)?)
    })
    .await
}

/// What a backup holds that somebody chooses in the system's own dialog; null if that was closed.
#[tauri::command(async)]
pub fn choose_backup<R: Runtime>(
    _words: InWords,
    app: AppHandle<R>,
    shared: State<'_, Shared>,
    title: String,
    filter: String,
) -> Answer<Value> {
    let asked = Asked::File { filter: &filter, ends: &[END] };
    let Some(file) = shared.dialogs.ask(&app, title, asked) else { return Ok(Value::Null) };
    let seen = app::restore::look(&file, &Cancel::default())?;
    shared.chosen.keep(&file);
    value(seen)
}

/// The answer of `vitalog restore` for the backup that was chosen last.
#[tauri::command]
pub async fn restore<R: Runtime>(app: AppHandle<R>, tongue: Tongue) -> Answer<Value> {
    let work = in_the_background(app.clone(), tongue, |shared, cancel| {
        let desk = owned(shared)?;
        let file = shared.chosen.take().ok_or_else(|| internal("No backup was chosen."))?;
        value(app::restore::restore(&desk.folder, &file, desk.now_ms, cancel)?)
    });
    meanwhile_off(app, tongue, work, |_| false).await
}

/// The copies from before restores and upgrades, the newest first.
#[tauri::command(async)]
pub fn kept_copies(_words: InWords, shared: State<'_, Shared>) -> Answer<Value> {
    value(app::kept::list(&shared.backend.desk().folder))
}

/// The answer of `vitalog restore` for a copy that is kept, by its name.
#[tauri::command]
pub async fn bring_back<R: Runtime>(app: AppHandle<R>, tongue: Tongue, name: String) -> Answer<Value> {
    let work = in_the_background(app.clone(), tongue, move |shared, cancel| {
        let desk = owned(shared)?;
        let file = app::kept::file(&desk.folder, &name)?;
        value(app::restore::restore(&desk.folder, &file, desk.now_ms, cancel)?)
    });
    meanwhile_off(app, tongue, work, |_| false).await
}
