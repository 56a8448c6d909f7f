//! Says what a session of sleep is.

use app::acts::edit_night;
use app::{EditKind, Folder, Result};
use clap::Subcommand;

use super::End;
use super::out::{Out, Style};

/// What it is.
#[derive(Debug, clap::Args)]
pub struct Night {
    #[command(subcommand)]
    edit: Edit,
}

#[derive(Debug, Subcommand)]
enum Edit {
    /// Two sessions instead of one; `vitalog sleep` calls the longest of a night `main`, the others `extra`
    Split {
        /// When it starts, as `vitalog sleep` prints it
        start: String,
        /// Where the second begins: an instant, or a time on the clock such as 03:40
        #[arg(long)]
        at: String,
    },
    /// One session with the one that follows
    Merge(Which),
    /// Sleep by day
    Nap(Which),
    /// Sleep of a night
    Night(Which),
    /// No sleep at all
    Ignore(Which),
}

/// Which session.
#[derive(Debug, clap::Args)]
struct Which {
    /// When it starts, as `vitalog sleep` prints it
    start: String,
}

pub(super) fn run(verb: &Night, folder: &Folder, out: &mut Out) -> Result<End> {
    let (kind, start, at) = match &verb.edit {
        Edit::Split { start, at } => (EditKind::Split, start, Some(at.as_str())),
        Edit::Merge(which) => (EditKind::Merge, &which.start, None),
        Edit::Nap(which) => (EditKind::Nap, &which.start, None),
        Edit::Night(which) => (EditKind::Night, &which.start, None),
        Edit::Ignore(which) => (EditKind::Ignore, &which.start, None),
    };
    let act = edit_night(folder, kind, start, at, super::now_ms())?;
    match out.style {
        Style::Json => out.json(&act)?,
        _ => {
            let done = match kind {
                EditKind::Split => "The sleep is two sessions now",
                EditKind::Merge => "The sleep is one session with the one that follows now",
                EditKind::Nap => "The sleep is a nap now",
                EditKind::Night => "The sleep is that of a night now",
                EditKind::Ignore => "The sleep does not count any more",
            };
            let undo = act.act;
            out.line(&format!("{done}; no row was changed. `vitalog history undo {undo}` takes it back."))?;
        }
    }
    Ok(End::Done)
}
