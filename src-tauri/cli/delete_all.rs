//! Takes everything away from this computer.

use app::delete_all::Receipt;
use app::{Folder, Result};

use super::End;
use super::out::{Out, Style};

/// Only with the word.
#[derive(Debug, clap::Args)]
pub struct DeleteAll {
    /// The word that says that you mean it
    #[arg(long, value_name = "delete", value_parser = ["delete"], required = true)]
    confirm: String,
}

pub(super) fn run(folder: &Folder, out: &mut Out) -> Result<End> {
    let receipt = app::delete_all::delete_all(folder, super::now_ms())?;
    no_more_at_login(folder)?;
    match out.style {
        Style::Json => out.json(&receipt)?,
        _ => tell(&receipt, out)?,
    }
    Ok(if receipt.removed.is_empty() { End::Nothing } else { End::Done })
}

/// What was written for the start of a session goes, too.
#[cfg(feature = "desktop")]
fn no_more_at_login(folder: &Folder) -> Result<()> {
    let login = crate::window::login::Login::find(|name| std::env::var_os(name).map(Into::into));
    login.set(folder, false)
}

/// A build without a window writes nothing there.
#[cfg(not(feature = "desktop"))]
fn no_more_at_login(_folder: &Folder) -> Result<()> {
    Ok(())
}

fn tell(receipt: &Receipt, out: &mut Out) -> Result<()> {
    let Some(file) = &receipt.receipt else { return out.line("There was nothing to delete.") };
    let records = receipt.records.map(|n| app::words::count(n.unsigned_abs(), "record", "records"));
    let names: Vec<&str> = receipt.removed.iter().map(|removed| removed.name.as_str()).collect();
    let what = records.map_or_else(String::new, |records| format!("{records}, "));
    out.line(&format!("Deleted for good: {what}{} KB ({}).", receipt.bytes.div_ceil(1000), names.join(", ")))?;
    if !receipt.left.is_empty() {
        let left = receipt.left.join(", ");
        out.line(&format!("Still in the data folder, and perhaps a copy of your data: {left}."))?;
    }
    out.line(&format!("Not reached from here: {}.", receipt.not_reached.join("; ")))?;
    out.line(&format!("{file} in the data folder says so too."))
}
