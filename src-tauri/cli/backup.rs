//! Writes a copy of the store into one file.

use std::path::PathBuf;

use app::words::count;
use app::{Folder, Result};

use super::End;
use super::import::cancelled_by_ctrl_c;
use super::out::{Out, Style};

/// Where to.
#[derive(Debug, clap::Args)]
pub struct Backup {
    /// A file that does not exist yet
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

pub(super) fn run(verb: &Backup, folder: &Folder, out: &mut Out) -> Result<End> {
    let made = app::backup::backup(folder, &verb.file, &cancelled_by_ctrl_c(out))?;
    match out.style {
        Style::Json => out.json(&made)?,
        _ => {
            let records = count(made.records.unsigned_abs(), "record", "records");
            out.line(&format!("{records} are in {} now, {} KB.", made.file, made.bytes.div_ceil(1000)))?;
        }
    }
    Ok(End::Done)
}
