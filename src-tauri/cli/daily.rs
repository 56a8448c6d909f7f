//! One number per day and type.

use app::display::{Display, Units};
use app::{Folder, Result};

use super::End;
use super::args::Range;
use super::out::Out;
use super::table::{Table, none_of, number, stat};

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
    // Of one type it is worth saying which one there is nothing of.
    let nothing = match verb.types.as_slice() {
        [word] => none_of(Display::of(folder, word)?.name()),
        _ => "Nothing.".to_owned(),
    };
    out.rows(&rows, || {
        let mut table = Table::new(&["day", "type", "value", "unit", "stat", "n"]).or_else(&nothing);
        for row in &rows {
            let display = Display::of_answer(&row.kind, row.unit.as_deref(), &units);
            let (name, unit) = (display.name().to_owned(), display.unit_of_count().to_owned());
            let shown = number(display.whole(row.value, row.stat));
            table.row([row.day.clone(), name, shown, unit, stat(row.stat), row.n.to_string()]);
        }
        table
    })?;
    Ok(End::Done)
}
