//! What agents asked, and telling a program that runs agents how to start us. Switching them on is a setting.

use app::agent;
use serde_json::Value;
use tauri::{AppHandle, Runtime, State};

use super::Shared;
use super::charts::{asked, ending};
use super::error::{Answer, internal};
use super::keeping::owned;
use super::product::value;
use super::spoken::InWords;

/// How configurations of such programs are called.
const END: &str = "json";

/// The answer of `vitalog mcp log`.
#[tauri::command(async)]
pub fn agent_calls(_words: InWords, shared: State<'_, Shared>, newest: usize) -> Answer<Value> {
    value(agent::calls(&shared.backend.desk().folder, newest)?)
}

/// The answer of `vitalog mcp config --write` to a file that the system's own dialog asks for; null if that was closed.
#[tauri::command(async)]
pub fn configure_agent<R: Runtime>(
    _words: InWords,
    app: AppHandle<R>,
    shared: State<'_, Shared>,
    title: String,
    name: String,
) -> Answer<Value> {
    let desk = owned(&shared)?;
    let Some(file) = asked(&app, title, &name, END) else { return Ok(Value::Null) };
    let program = std::env::current_exe().map_err(|_| internal("The program does not know where it lies."))?;
    value(agent::write_configuration(&desk.folder, &program, &ending(&file, END))?)
}
