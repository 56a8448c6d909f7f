//! One number per day and type.

use app::display::{Display, Units};
use app::{Folder, Result};

use super::End;
use super::args::Range;
use super::out::Out;
use super::table::{Table, number};

/// What to show.
#[derive(Debug, clap::Args)]
pub struct Daily {
    /// Types; all that are in the store if none is named
    #[arg(value_name = "TYPE")]
    types: Vec<String>,
    #[command(flatten)]
    range: Range,
}

pub(super) fn run(verb: &Daily, folder: &Folder, out: &mut Out) -> Result<End> {
    let rows = app::daily::daily(folder, &verb.types, verb.range.days()?, super::now_ms())?;
    let units = Units::of(folder)?;
    out.rows(&rows, || {
        let mut table = Table::new(&["day", "type", "value", "unit", "n"]);
        for row in &rows {
            let display = Display::new(&row.kind, row.unit.as_deref().unwrap_or_default(), units);
            let (shown, unit) = (number(display.value(row.value)), display.unit().to_owned());
            table.row([row.day.clone(), row.kind.clone(), shown, unit, row.n.to_string()]);
        }
        table
    })?;
    Ok(End::Done)
}
