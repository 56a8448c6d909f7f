//! Is the store whole?

use app::{Folder, Result};

use super::End;
use super::out::{Out, Style};

pub(super) fn run(folder: &Folder, out: &mut Out) -> Result<End> {
    let answer = app::verify::verify(folder)?;
    let words = out.style == Style::Words;
    if !words {
        out.json(&answer)?;
    } else if answer.ok {
        out.line("The store is whole.")?;
    }
    for finding in answer.findings.iter().filter(|_| words) {
        out.line(&format!("{}: {}", finding.check, finding.text))?;
    }
    Ok(if answer.ok { End::Done } else { End::Failed })
}
