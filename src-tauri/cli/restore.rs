//! Puts a backup in the store's place.

use std::path::{Path, PathBuf};

use app::words::count;
use app::{Folder, Result};

use super::End;
use super::import::cancelled_by_ctrl_c;
use super::out::{Out, Style};

/// Which backup.
#[derive(Debug, clap::Args)]
pub struct Restore {
    /// A file that `vitalog backup` has written
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

pub(super) fn run(verb: &Restore, folder: &Folder, out: &mut Out) -> Result<End> {
    let restored = app::restore::restore(folder, &verb.file, super::now_ms(), &cancelled_by_ctrl_c(out))?;
    if out.style == Style::Json {
        out.json(&restored)?;
        return Ok(End::Done);
    }
    let records = count(restored.records.unsigned_abs(), "record", "records");
    out.line(&format!("The store is that of {} now, {records}.", restored.file))?;
    if let Some(kept) = &restored.kept {
        let shown = |path: &Path| format!("{:?}", std::path::absolute(path).unwrap_or_else(|_| path.to_owned()));
        let (dir, again) = (shown(folder.dir()), shown(Path::new(kept)));
        out.line(&match restored.damaged {
            true => format!("What was there is damaged and could not be opened. It is kept for 30 days: {kept}"),
            false => format!(
                "What it was before is kept for 30 days; this goes back: vitalog --data-dir {dir} restore {again}"
            ),
        })?;
    }
    Ok(End::Done)
}
