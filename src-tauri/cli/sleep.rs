//! Nights and naps.

use app::local::Clock;
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
    let clock = Clock::of(folder)?;
    out.rows(&rows, || {
        let mut table = Table::new(&["day", "kind", "start", "end", "min asleep", "min in bed"]).or_else("No nights.");
        for row in &rows {
            let asleep = row.asleep_min.map_or_else(|| "-".to_owned(), number);
            let (start, end) = (clock.time(&row.start), clock.time(&row.end));
            table.row([row.day.clone(), row.kind.replace('_', " "), start, end, asleep, number(row.in_bed_min)]);
        }
        table
    })?;
    Ok(End::Done)
}
