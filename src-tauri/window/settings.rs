//! Settings, and whether the store is whole.

use serde_json::Value;
use tauri::State;

use super::Shared;
use super::error::Answer;
use super::product::value;
use super::spoken::InWords;

/// Every setting with its value.
#[tauri::command(async)]
pub fn settings(_words: InWords, shared: State<'_, Shared>) -> Answer<Value> {
    value(app::settings::settings(&shared.backend.desk().folder)?)
}

/// Sets one, and answers with all.
#[tauri::command(async)]
pub fn set_setting(_words: InWords, shared: State<'_, Shared>, key: String, to: String) -> Answer<Value> {
    let folder = shared.backend.desk().folder;
    app::settings::set(&folder, &key, &to)?;
    value(app::settings::settings(&folder)?)
}

/// The answer of `vitalog doctor`.
#[tauri::command(async)]
pub fn doctor(_words: InWords, shared: State<'_, Shared>) -> Answer<Value> {
    let desk = shared.backend.desk();
    value(app::doctor::doctor(&desk.folder, desk.now_ms))
}
