//! Takes an import back.

use app::{Folder, Result};

use super::End;
use super::out::{Out, Style};

/// Which import.
#[derive(Debug, clap::Args)]
pub struct Undo {
    /// Its number, as in `vitalog imports`
    import: i64,
}

pub(super) fn run(verb: &Undo, folder: &Folder, out: &mut Out) -> Result<End> {
    let undone = app::undo::undo(folder, verb.import)?;
    match out.style {
        Style::Json => out.json(&undone)?,
        _ => {
            out.line(&format!("Import {}: {} removed, {} restored.", undone.import, undone.removed, undone.restored))?
        }
    }
    Ok(End::Done)
}
