//! What the owner did to what is stored, and taking it back.

use app::acts::{ActAnswer, history, take_back};
use app::local::Clock;
use app::{Folder, Result};
use clap::Subcommand;

use super::End;
use super::out::{Out, Style};
use super::table::Table;

/// All of it, or one to take back.
#[derive(Debug, clap::Args)]
pub struct History {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Take one back
    Undo {
        /// Its number, as in `vitalog history`
        #[arg(value_parser = number)]
        act: i64,
    },
}

/// The number of an act, as it is typed.
fn number(typed: &str) -> std::result::Result<i64, &'static str> {
    typed.parse().map_err(|_| "an act goes by its number; `vitalog history` lists them")
}

pub(super) fn run(verb: &History, folder: &Folder, out: &mut Out) -> Result<End> {
    match &verb.action {
        None => list(folder, out)?,
        Some(Action::Undo { act }) => {
            let act = take_back(folder, *act, super::now_ms())?;
            match out.style {
                Style::Json => out.json(&act)?,
                _ => out.line(&format!("Act {} is taken back.", act.act))?,
            }
        }
    }
    Ok(End::Done)
}

fn list(folder: &Folder, out: &mut Out) -> Result<()> {
    let (rows, here, clock) = (history(folder)?, Clock::here(), Clock::of(folder)?);
    out.rows(&rows, || {
        let mut table = Table::new(&["act", "at", "what", "type", "from", "until", "source", "rows", "state"])
            .or_else("Nothing was hidden, deleted, edited or put in order.");
        for row in &rows {
            let time = |instant: &Option<String>| instant.as_ref().map(|at| clock.time(at)).unwrap_or_default();
            table.row([
                row.act.to_string(),
                here.time(&row.at),
                row.what.to_owned(),
                row.kind.clone(),
                time(&row.from),
                time(&row.until),
                row.source.join(", "),
                row.rows.to_string(),
                state(row, &here),
            ]);
        }
        table
    })
}

fn state(row: &ActAnswer, here: &Clock) -> String {
    match (&row.taken_back, &row.wiped, &row.wiped_from) {
        (Some(at), ..) => format!("taken back {}", here.time(at)),
        (None, Some(at), _) => format!("removed for good {}", here.time(at)),
        (None, None, Some(at)) => format!("removed for good from {}", here.time(at)),
        (None, None, None) => String::new(),
    }
}
