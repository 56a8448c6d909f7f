//! What was imported: all of it, or one import with what it refused.

use app::imports::{ImportAnswer, ImportDetail, LostFile, Reject};
use app::local::Clock;
use app::words;
use app::{Folder, Result};

use super::End;
use super::out::{Out, Style};
use super::table::Table;

/// Letters of a rejected record that a table shows; `--json` has all that were kept.
const SHOWN: usize = 160;
/// What a table leaves out of a rejected record: columns of their own say it, or it is long and rarely at fault.
const LEFT_OUT: [&str; 4] = ["type", "device", "sourceVersion", "creationDate"];

/// Which import.
#[derive(Debug, clap::Args)]
pub struct Imports {
    /// One import by its number: its report, and what could not be read, the first thousand
    #[arg(value_parser = number)]
    import: Option<i64>,
}

/// The number of an import, as it is typed.
pub(super) fn number(typed: &str) -> std::result::Result<i64, &'static str> {
    typed.parse().map_err(|_| "an import goes by its number; `vitalog imports` lists them")
}

pub(super) fn run(verb: &Imports, folder: &Folder, out: &mut Out) -> Result<End> {
    match verb.import {
        Some(import) => one(folder, import, out)?,
        None => all(folder, out)?,
    }
    Ok(End::Done)
}

fn all(folder: &Folder, out: &mut Out) -> Result<()> {
    let rows = app::imports::imports(folder)?;
    let clock = Clock::here();
    out.rows(&rows, || {
        let mut table = Table::new(&["import", "file", "at", "outcome", "new", "known", "repeated", "rejected"]);
        for row in &rows {
            table.row([
                row.import.to_string(),
                from(row),
                clock.time(&row.at),
                outcome(row),
                row.new.to_string(),
                row.known.to_string(),
                row.duplicates.to_string(),
                row.rejected.to_string(),
            ]);
        }
        table
    })
}

fn from(row: &ImportAnswer) -> String {
    row.file.clone().or_else(|| row.device.clone()).unwrap_or_else(|| "(standard input)".to_owned())
}

fn outcome(row: &ImportAnswer) -> String {
    let outcome = row.outcome.clone().unwrap_or_default();
    match (row.undone, row.partial) {
        (true, _) => "undone".to_owned(),
        (false, true) => format!("{outcome} in part"),
        (false, false) => outcome,
    }
}

fn one(folder: &Folder, import: i64, out: &mut Out) -> Result<()> {
    let detail = app::imports::detail(folder, import)?;
    match out.style {
        Style::Json => out.json(&detail),
        Style::Csv => out.rows(&detail.rejects, || Table::new(&[])),
        Style::Words => tell(&detail, out),
    }
}

fn tell(detail: &ImportDetail, out: &mut Out) -> Result<()> {
    let at = Clock::here().time(&detail.at);
    match &detail.device {
        Some(device) => out.line(&words::brought(device, &detail.report))?,
        None => super::import::counts(&detail.report, out)?,
    }
    let undone = match (detail.undone, detail.rejects_total) {
        (false, _) => "",
        (true, 0) => " It was undone.",
        (true, _) => " It was undone; what it could not read is no longer listed.",
    };
    let when = if detail.device.is_some() { "It brought something first" } else { "This was" };
    out.line(&format!("{when} at {at}.{undone}"))?;
    if !detail.files.is_empty() {
        out.line("")?;
        let mut table = Table::new(&["file", "why"]);
        let cells =
            |lost: &LostFile| [lost.file.clone().unwrap_or_default(), words::lost_file(&lost.reason).to_owned()];
        detail.files.iter().for_each(|lost| table.row(cells(lost)));
        out.table(&table)?;
    }
    if detail.rejects.is_empty() {
        return Ok(());
    }
    out.line("")?;
    let mut table = Table::new(&["at byte", "type", "why", "as it stands"]);
    detail.rejects.iter().for_each(|reject| table.row(cells(reject)));
    out.table(&table)?;
    let more = detail.rejects_total.saturating_sub(detail.rejects.len() as u64);
    if more > 0 {
        let most = app::imports::REJECTS_KEPT;
        out.line(&format!("and {more} more; the store's table `rejects` has the first {most} of each import"))?;
    }
    Ok(())
}

fn cells(reject: &Reject) -> [String; 4] {
    [
        reject.position.map(|position| position.to_string()).unwrap_or_default(),
        reject.name.clone().unwrap_or_default(),
        words::reject_of(&reject.reason, reject.text.as_deref().unwrap_or_default()).to_owned(),
        shortened(reject.text.as_deref().unwrap_or_default()),
    ]
}

/// What is worth reading of a record on one line.
fn shortened(text: &str) -> String {
    let text = LEFT_OUT.iter().fold(text.to_owned(), |text, name| without(&text, name));
    let text = text.trim();
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}\u{2026}", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// The text of a tag without one attribute; as it was where it is not written as Apple writes it.
fn without(text: &str, name: &str) -> String {
    let attribute = format!(" {name}=\"");
    let cut = text.split_once(&attribute).and_then(|(before, rest)| Some((before, rest.split_once('"')?.1)));
    cut.map_or_else(|| text.to_owned(), |(before, after)| format!("{before}{after}"))
}

#[cfg(test)]
mod tests {
    use super::{SHOWN, shortened};

    #[test]
    fn a_long_record_is_shortened_between_letters() {
        assert_eq!(shortened(" <Record/>\n"), "<Record/>");
        assert_eq!(shortened(&"\u{e9}".repeat(SHOWN)), "\u{e9}".repeat(SHOWN));
        assert_eq!(shortened(&"\u{e9}".repeat(SHOWN + 1)), "\u{e9}".repeat(SHOWN) + "\u{2026}");
    }

    #[test]
    fn what_is_at_fault_is_seen_first() {
        assert_eq!(shortened(" type=\"A\" unit=\"m\" device=\"&lt;B, 7&gt;\" value=\"x\""), "unit=\"m\" value=\"x\"");
        assert_eq!(shortened(" device=\"cut off"), "device=\"cut off");
    }
}
