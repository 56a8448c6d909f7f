//! Nights and naps.

use app::{Folder, Result};

use super::End;
use super::args::Range;
use super::out::Out;
use super::table::{Table, number};

/// Which days.
#[derive(Debug, clap::Args)]
pub struct Sleep {
    #[command(flatten)]
    range: Range,
}

pub(super) fn run(verb: &Sleep, folder: &Folder, out: &mut Out) -> Result<End> {
    let rows = app::sleep::sleep(folder, verb.range.days()?)?;
    out.rows(&rows, || {
        let mut table = Table::new(&["day", "kind", "start", "end", "asleep min", "in bed min"]);
        for row in &rows {
            let (asleep, bed) = (number(row.asleep_min), number(row.in_bed_min));
            table.row([row.day.clone(), row.kind.to_owned(), row.start.clone(), row.end.clone(), asleep, bed]);
        }
        table
    })?;
    Ok(End::Done)
}
