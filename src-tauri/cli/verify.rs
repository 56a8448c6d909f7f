//! Is the store whole?

use app::verify::FindingAnswer;
use app::{Folder, Result};

use super::End;
use super::out::{Out, Style};
use super::table::Table;

pub(super) fn run(folder: &Folder, out: &mut Out) -> Result<End> {
    let answer = app::verify::verify(folder)?;
    match out.style {
        Style::Json => out.json(&answer)?,
        Style::Csv => out.rows(&answer.findings, || Table::new(&[]))?,
        Style::Words if answer.ok => out.line("The store is whole.")?,
        Style::Words => {
            let line = |finding: &FindingAnswer| format!("{}: {}", finding.check, finding.text);
            answer.findings.iter().try_for_each(|finding| out.line(&line(finding)))?;
        }
    }
    Ok(if answer.ok { End::Done } else { End::Failed })
}
