//! The types that have data.

use serde_json::Value;
use tauri::State;

use super::Shared;
use super::error::Answer;
use super::spoken::InWords;

/// The rows of `vitalog types`: identifier, name, unit, count, first, last, sources.
#[tauri::command(async)]
pub fn types(_words: InWords, shared: State<'_, Shared>) -> Answer<Value> {
    shared.backend.types()
}
