//! How much there is.

use serde_json::Value;
use tauri::State;

use super::Shared;
use super::error::Answer;

/// The answer of `vitalog status`.
#[tauri::command(async)]
pub fn status(shared: State<'_, Shared>) -> Answer<Value> {
    shared.backend.status()
}
