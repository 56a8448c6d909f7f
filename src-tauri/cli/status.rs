//! How much is there.

use app::{Folder, Result};

use super::End;
use super::out::{Out, Style};

pub(super) fn run(folder: &Folder, out: &mut Out) -> Result<End> {
    let status = app::status::status(folder)?;
    if out.style != Style::Words {
        out.json(&status)?;
        return Ok(End::Done);
    }
    out.line(&format!("{} records of {} types from {} sources", status.records, status.types, status.sources))?;
    if let (Some(first), Some(last)) = (&status.first, &status.last) {
        out.line(&format!("from {first} to {last}"))?;
    }
    out.line(&format!("{} imports, home zone {}", status.imports, status.home_zone))?;
    out.line(&format!("data folder {}", status.data_dir))?;
    Ok(End::Done)
}
