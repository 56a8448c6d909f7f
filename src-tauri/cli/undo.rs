//! Takes an import back.

use app::undo::{Steps, Undone};
use app::{Cancel, Folder, Result};

use super::End;
use super::import::cancelled_by_ctrl_c;
use super::out::{Out, Style};
use super::progress::StepLine;

/// Which import.
#[derive(Debug, clap::Args)]
pub struct Undo {
    /// Its number, as in `vitalog imports`
    #[arg(value_parser = super::imports::number)]
    import: i64,
}

pub(super) fn run(verb: &Undo, folder: &Folder, out: &mut Out) -> Result<End> {
    let undone = watched(out, |cancel, progress| app::undo::undo(folder, verb.import, cancel, progress))?;
    tell(&undone, out).map(|()| End::Done)
}

/// Runs an undo that shows how far it is and that Ctrl-C stops.
pub(super) fn watched<T>(
    out: &Out,
    undo: impl FnOnce(&Cancel, &mut dyn FnMut(Steps) -> bool) -> Result<T>,
) -> Result<T> {
    let cancel = cancelled_by_ctrl_c(out);
    let line = StepLine::new(out.shows_progress());
    let undone = undo(&cancel, &mut |steps| {
        line.show(steps);
        !cancel.is_cancelled()
    });
    line.clear();
    undone
}

/// Tells what an undo did.
pub(super) fn tell(undone: &Undone, out: &mut Out) -> Result<()> {
    match out.style {
        Style::Json => out.json(undone),
        _ => {
            out.line(&words(undone))?;
            undone.home_zone.as_ref().map_or(Ok(()), |moved| out.line(&app::words::home_zone(moved)))
        }
    }
}

fn words(undone: &Undone) -> String {
    // Workouts and the like count too, so these are no records.
    let rows = |n| app::words::count(n, "row", "rows");
    let also = |n, what| if n == 0 { String::new() } else { format!(", {} {what}", rows(n)) };
    let (back, gone) = (also(undone.restored, "brought back"), also(undone.superseded, "superseded again"));
    let removed = match undone.removed {
        0 => "no row was its own".to_owned(),
        n => format!("{} removed", rows(n)),
    };
    format!("Import {} is undone: {removed}{back}{gone}.", undone.import)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_undo_did_is_told_in_words() {
        let check = |(removed, restored, superseded), expected: &str| {
            assert_eq!(
                words(&Undone { import: 7, removed, restored, superseded, home_zone: None }),
                format!("Import 7 is undone: {expected}.")
            );
        };
        check((1, 0, 0), "1 row removed");
        check((0, 0, 0), "no row was its own");
        check((0, 2, 1), "no row was its own, 2 rows brought back, 1 row superseded again");
    }
}
