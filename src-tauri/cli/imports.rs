//! What was imported.

use app::imports::ImportAnswer;
use app::local::Clock;
use app::{Folder, Result};

use super::End;
use super::out::Out;
use super::table::Table;

pub(super) fn run(folder: &Folder, out: &mut Out) -> Result<End> {
    let rows = app::imports::imports(folder)?;
    let clock = Clock::of(folder)?;
    out.rows(&rows, || {
        let mut table = Table::new(&["import", "file", "at", "outcome", "new", "known"]);
        for row in &rows {
            table.row([
                row.import.to_string(),
                from(row),
                clock.time(&row.at),
                outcome(row),
                row.new.to_string(),
                row.known.to_string(),
            ]);
        }
        table
    })?;
    Ok(End::Done)
}

fn from(row: &ImportAnswer) -> String {
    row.file.clone().or_else(|| row.device.clone()).unwrap_or_else(|| "(standard input)".to_owned())
}

fn outcome(row: &ImportAnswer) -> String {
    if row.undone { "undone".to_owned() } else { row.outcome.clone().unwrap_or_default() }
}
