//! Fills the sample store: a data folder of its own, below the other one.

use std::path::{Path, PathBuf};

use app::demo::{DemoOptions, Filled};
use app::{Folder, Result};

use super::End;
use super::out::{Out, Style};

/// Whose data.
#[derive(Debug, clap::Args)]
pub struct Demo {
    /// How many years, up to yesterday
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=20))]
    years: u32,
    /// How many days instead
    #[arg(long, value_name = "N", conflicts_with = "years", value_parser = clap::value_parser!(u32).range(1..=7300))]
    days: Option<u32>,
    /// The same seed gives the same person
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Write the export into a new file, and fill no store
    #[arg(long, value_name = "FILE")]
    export: Option<PathBuf>,
}

pub(super) fn run(verb: &Demo, folder: &Folder, out: &mut Out) -> Result<End> {
    let now_ms = super::now_ms();
    let options = DemoOptions {
        seed: verb.seed,
        end_day: app::demo::yesterday(now_ms),
        days: verb.days.unwrap_or(verb.years * 365),
        zone: "Europe/Berlin",
        records: None,
    };
    if let Some(file) = &verb.export {
        return write(file, &options, out);
    }
    let filled =
        super::import::watched(out, |cancel, progress| app::demo::fill(folder, &options, now_ms, cancel, progress))?;
    match out.style {
        Style::Json => out.json(&filled)?,
        _ => tell(&filled, out)?,
    }
    Ok(if filled.report.outcome == "already_imported" { End::Nothing } else { End::Done })
}

fn write(file: &Path, options: &DemoOptions<'_>, out: &mut Out) -> Result<End> {
    let written = app::demo::write_file(file, options, &super::import::cancelled_by_ctrl_c(out))?;
    match out.style {
        Style::Json => out.json(&written)?,
        _ => {
            let records = app::words::count(written.truth.records, "record", "records");
            out.line(&format!("A made-up person's export, {records}, is in {}.", written.file))?;
        }
    }
    Ok(End::Done)
}

fn tell(filled: &Filled, out: &mut Out) -> Result<()> {
    out.say(&format!("The sample store lies in {}; look at it with --data-dir.", filled.data_dir));
    out.line(&sentence(filled))?;
    let besides = app::words::besides(&filled.report);
    if besides.is_empty() { Ok(()) } else { out.line(&format!("Besides: {besides}")) }
}

/// What became of the sample person. Counts of what was new beside an earlier one, who is gone, would mean nothing.
fn sentence(filled: &Filled) -> String {
    let records = app::words::count(filled.report.records, "record", "records");
    match (filled.report.outcome.as_str(), filled.replaced) {
        ("already_imported", true) => format!("This person was in the store, {records}; another one was taken out."),
        ("already_imported", false) => format!("This person is in the store, {records}; nothing was changed."),
        (_, true) => format!("The person who was there is gone; another one is in the store, {records}."),
        (_, false) => format!("A made-up person is in the store, {records}."),
    }
}
