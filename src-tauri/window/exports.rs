//! Taking everything out into a folder.

use std::path::Path;

use app::Cancel;
use app::export::{Format, export_all};
use serde::Deserialize;
use serde_json::{Value, json};
use tauri::ipc::Channel;
use tauri::{AppHandle, Manager, Runtime};

use super::Shared;
use super::backend::{Desk, Steps};
use super::dialogs::Asked;
use super::error::Answer;
use super::imports::in_the_background;
use super::keeping::now_and_then;
use super::spoken::Tongue;

/// The folder that an export makes in the one that somebody chose: tables for all kinds of records are many files.
const FOLDER: &str = "vitalog-export";

/// How it is written.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// A line of JSON for each record.
    Jsonl,
    /// A table for each kind of record.
    Csv,
}

/// Writes everything into a folder that the system's own dialog asks for, and answers as `vitalog export`; null if that
/// was closed. `progress` hears how far it is.
#[tauri::command]
pub async fn export_everything<R: Runtime>(
    app: AppHandle<R>,
    tongue: Tongue,
    form: Form,
    title: String,
    progress: Channel<Steps>,
) -> Answer<Value> {
    let chosen = app.state::<Shared>().dialogs.ask(&app, title, Asked::Folder);
    let Some(folder) = chosen else { return Ok(Value::Null) };
    in_the_background(app, tongue, move |shared, cancel| {
        write(&shared.backend.desk(), form, &folder, cancel, &mut now_and_then(progress))
    })
    .await
}

/// Writes everything into a folder of its own below one.
pub fn write(
    desk: &Desk,
    form: Form,
    below: &Path,
    cancel: &Cancel,
    progress: &mut dyn FnMut(app::Steps),
) -> Answer<Value> {
    let format = match form {
        Form::Jsonl => Format::Jsonl,
        Form::Csv => Format::Csv,
    };
    let out = below.join(FOLDER);
    let written = export_all(&desk.folder, format, &out, cancel, progress)?;
    let mut answer = json!(written);
    answer["out"] = out.display().to_string().into();
    Ok(answer)
}
