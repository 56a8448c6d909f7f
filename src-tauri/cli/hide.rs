//! Hides rows, or deletes them.

use app::acts::{Chosen, count, hide};
use app::{Folder, Result};

use super::End;
use super::args::Range;
use super::out::{Out, Style};

/// Which rows.
#[derive(Debug, clap::Args)]
pub struct Hide {
    /// The type
    #[arg(value_name = "TYPE")]
    kind: String,
    #[command(flatten)]
    range: Range,
    /// Only those of one source: a name or a number of `vitalog sources`
    #[arg(long, value_name = "SOURCE")]
    source: Option<String>,
    /// Remove them for good, 30 days from now
    #[arg(long)]
    delete: bool,
    /// Only count them
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(verb: &Hide, folder: &Folder, out: &mut Out) -> Result<End> {
    let chosen = Chosen { word: &verb.kind, days: verb.range.days()?, source: verb.source.as_deref() };
    let rows = |n| app::words::count(n, "row", "rows");
    if verb.dry_run {
        let found = count(folder, chosen)?;
        match out.style {
            Style::Json => out.json(&found)?,
            _ => out.line(&format!("{} would count no more.", rows(found.rows)))?,
        }
        return Ok(End::Done);
    }
    let act = hide(folder, chosen, verb.delete, super::now_ms())?;
    match out.style {
        Style::Json => out.json(&act)?,
        _ => {
            let until = if verb.delete { " for 30 days" } else { "" };
            let (rows, act) = (app::words::count(act.rows, "row counts", "rows count"), act.act);
            out.line(&format!("{rows} no more. `vitalog history undo {act}` takes it back{until}."))?;
        }
    }
    Ok(End::Done)
}
