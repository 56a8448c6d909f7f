//! Who wrote the samples.

use app::local::Clock;
use app::{Folder, Result};

use super::End;
use super::out::Out;
use super::table::Table;

pub(super) fn run(folder: &Folder, out: &mut Out) -> Result<End> {
    let rows = app::sources::sources(folder)?;
    let clock = Clock::of(folder)?;
    out.rows(&rows, || {
        let mut table = Table::new(&["source", "hardware", "records", "first", "last"]);
        for row in &rows {
            table.row([
                row.source.clone(),
                row.hardware.clone().unwrap_or_default(),
                row.records.to_string(),
                clock.day(row.first.as_ref()),
                clock.day(row.last.as_ref()),
            ]);
        }
        table
    })?;
    Ok(End::Done)
}
