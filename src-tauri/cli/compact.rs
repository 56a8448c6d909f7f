//! Gives room back to the disk.

use app::words::count;
use app::{Folder, Result};

use super::End;
use super::import::cancelled_by_ctrl_c;
use super::out::{Out, Style};

pub(super) fn run(folder: &Folder, out: &mut Out) -> Result<End> {
    let done = app::compact::compact(folder, super::now_ms(), &cancelled_by_ctrl_c(out))?;
    if out.style == Style::Json {
        out.json(&done)?;
        return Ok(End::Done);
    }
    let kilobytes = |bytes: u64| bytes.div_ceil(1000);
    out.line(&format!("The store has {} KB now; it had {} KB.", kilobytes(done.after), kilobytes(done.before)))?;
    if done.copies_removed > 0 {
        let copies = count(done.copies_removed, "copy", "copies");
        out.line(&format!("Of earlier restores and upgrades, {copies} older than 30 days went."))?;
    }
    Ok(End::Done)
}
