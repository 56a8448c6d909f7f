//! Settings: all of them, or setting one.

use app::{Folder, Result};
use clap::Subcommand;

use super::End;
use super::out::{Out, Style};

/// Show or set.
#[derive(Debug, clap::Args)]
pub struct Settings {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Set one setting
    Set {
        /// Its name
        key: String,
        /// Its value
        value: String,
    },
}

pub(super) fn run(verb: &Settings, folder: &Folder, out: &mut Out) -> Result<End> {
    if let Some(Action::Set { key, value }) = &verb.action {
        app::settings::set(folder, key, value)?;
    }
    let settings = app::settings::settings(folder)?;
    match out.style {
        Style::Json => out.json(&settings)?,
        Style::Csv => out.pairs(&settings)?,
        Style::Words => {
            for (key, value) in &settings {
                out.line(&format!("{key} = {}", value.as_str().map_or_else(|| value.to_string(), str::to_owned)))?;
            }
        }
    }
    Ok(End::Done)
}
