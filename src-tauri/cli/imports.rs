//! What was imported.

use app::{Folder, Result};

use super::End;
use super::out::Out;
use super::table::{Table, day_of};

pub(super) fn run(folder: &Folder, out: &mut Out) -> Result<End> {
    let rows = app::imports::imports(folder)?;
    out.rows(&rows, || {
        let mut table = Table::new(&["import", "file", "at", "outcome", "new", "known", "undone"]);
        for row in &rows {
            table.row([
                row.import.to_string(),
                row.file.clone().unwrap_or_default(),
                day_of(Some(&row.at)),
                row.outcome.clone().unwrap_or_default(),
                row.new.to_string(),
                row.known.to_string(),
                if row.undone { "yes".to_owned() } else { String::new() },
            ]);
        }
        table
    })?;
    Ok(End::Done)
}
