//! Settings: all of them, one of them, or setting one.

use app::{Code, Error, Folder, Result};
use clap::Subcommand;
use serde_json::{Value, json};

use super::End;
use super::out::{Out, Style};

/// Show or set.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Settings {
    #[command(subcommand)]
    action: Option<Action>,
    /// Only this one
    key: Option<String>,
    /// What was meant to be set.
    #[arg(hide = true)]
    value: Option<String>,
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
    match verb {
        Settings { key: Some(key), value: Some(value), .. } => {
            let hint = format!("`vitalog settings set {key} {value}`");
            return Err(Error::new(Code::BadUsage, "A setting is set by the verb `set`.", format!("Type {hint}.")));
        }
        Settings { key: Some(key), .. } => return one(folder, key, out),
        Settings { action: Some(Action::Set { key, value }), .. } => app::settings::set(folder, key, value)?,
        _ => {}
    }
    let settings = app::settings::settings(folder)?;
    match out.style {
        Style::Json => out.json(&settings)?,
        Style::Csv => out.pairs(&settings)?,
        Style::Words => {
            for (key, value) in &settings {
                tell(key, value, out)?;
            }
            if verb.action.is_none() {
                out.say("`vitalog settings set KEY VALUE` changes one; `vitalog settings KEY` says what it may be.");
            }
        }
    }
    Ok(End::Done)
}

fn one(folder: &Folder, key: &str, out: &mut Out) -> Result<End> {
    let (value, hint) = app::settings::setting(folder, key)?;
    match out.style {
        Style::Json => out.json(&json!({ key: value }))?,
        Style::Csv => out.pairs(&json!({ key: value }))?,
        Style::Words => {
            tell(key, &value, out)?;
            out.say(&hint);
        }
    }
    Ok(End::Done)
}

fn tell(key: &str, value: &Value, out: &mut Out) -> Result<()> {
    out.line(&format!("{key} = {}", value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
}
