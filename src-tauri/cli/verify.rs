//! Is the store whole?

use app::verify::FindingAnswer;
use app::{Folder, Result};

use super::End;
use super::import::cancelled_by_ctrl_c;
use super::out::{Out, Style};
use super::table::Table;

/// What to do besides looking.
#[derive(Debug, clap::Args)]
pub struct Verify {
    /// First compute anew all that is derived from records: days, hours, counts
    #[arg(long)]
    repair: bool,
}

pub(super) fn run(verb: &Verify, folder: &Folder, out: &mut Out) -> Result<End> {
    if verb.repair {
        app::verify::repair(folder, &cancelled_by_ctrl_c(out))?;
    }
    let answer = app::verify::verify(folder)?;
    match out.style {
        Style::Json => out.json(&answer)?,
        Style::Csv => out.rows(&answer.findings, || Table::new(&[]))?,
        Style::Words if !answer.exists => out.line("There is no store yet; the first import makes it.")?,
        Style::Words if answer.ok => out.line("The store is whole.")?,
        Style::Words => {
            let line = |finding: &FindingAnswer| format!("{}: {}", finding.check, finding.text);
            answer.findings.iter().try_for_each(|finding| out.line(&line(finding)))?;
            if !verb.repair {
                out.say(
                    "`vitalog verify --repair` computes days and counts anew; `vitalog restore FILE` brings back from a backup \
                     what a disk lost.",
                );
            }
        }
    }
    Ok(if answer.ok { End::Done } else { End::Failed })
}
