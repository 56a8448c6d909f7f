//! How much there is, and what the window was opened with.

use serde_json::Value;
use tauri::State;

use super::Shared;
use super::error::Answer;

/// The answer of `vitalog status`.
#[tauri::command(async)]
pub fn status(shared: State<'_, Shared>) -> Answer<Value> {
    shared.backend.status()
}

/// The file of `vitalog open FILE`, once: a page that is loaded again does not import it again.
#[tauri::command]
pub fn opened_with(shared: State<'_, Shared>) -> Option<String> {
    let mut open = shared.open.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    open.take().map(|path| path.to_string_lossy().into_owned())
}
