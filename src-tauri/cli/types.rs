//! Which types are there.

use app::{Folder, Result};

use super::End;
use super::out::Out;
use super::table::Table;

pub(super) fn run(folder: &Folder, out: &mut Out) -> Result<End> {
    let rows = app::types::types(folder)?;
    out.rows(&rows, || {
        let mut table = Table::new(&["type", "name", "count", "first", "last", "sources"]);
        for row in &rows {
            table.row([
                row.identifier.clone(),
                row.name.clone(),
                row.count.to_string(),
                row.first_day.clone().unwrap_or_default(),
                row.last_day.clone().unwrap_or_default(),
                row.sources.to_string(),
            ]);
        }
        table
    })?;
    Ok(End::Done)
}
