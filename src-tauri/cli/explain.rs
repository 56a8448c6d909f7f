//! Where the number of a day comes from.

use app::display::{Display, Units};
use app::explain::ExplainAnswer;
use app::local::Clock;
use app::{Folder, Result};

use super::End;
use super::out::{Out, Style};
use super::table::{Table, none_of, number, stat};

/// Which number.
#[derive(Debug, clap::Args)]
pub struct Explain {
    /// Apple's identifier, with or without prefix, or snake case; `sleep` for a night
    #[arg(value_name = "TYPE")]
    word: String,
    /// The local day, as 2026-03-14
    day: String,
}

pub(super) fn run(verb: &Explain, folder: &Folder, out: &mut Out) -> Result<End> {
    let answer = app::explain::explain(folder, &verb.word, &verb.day)?;
    match out.style {
        Style::Json => out.json(&answer)?,
        Style::Csv => out.rows(&answer.sources, || Table::new(&[]))?,
        Style::Words => tell(&answer, folder, out)?,
    }
    Ok(End::Done)
}

fn tell(answer: &ExplainAnswer, folder: &Folder, out: &mut Out) -> Result<()> {
    let display = Display::of_answer(&answer.kind, answer.unit.as_deref(), &Units::of(folder)?);
    // A night is minutes, although its segments are of a set.
    let unit = if answer.nights { "min" } else { display.unit_of_count() };
    let shown = |value: f64| format!("{} {unit}", number(display.whole(value, answer.stat))).trim_end().to_owned();
    match answer.value {
        Some(value) => {
            let made = stat(answer.stat);
            out.line(&format!("{} on {}: {} ({made})", display.name(), answer.day, shown(value)))?;
        }
        None => out.line(&format!("{} on {}.", none_of(display.name()).trim_end_matches('.'), answer.day))?,
    }
    if answer.sources.is_empty() {
        return Ok(());
    }
    out.line(&answer.sentence)?;
    if let Some(naive) =
        answer.naive_sum.filter(|naive| answer.value.is_some_and(|value| shown(value) != shown(*naive)))
    {
        out.line(&format!("All rows added up would be {}.", shown(naive)))?;
    }
    if let (Some(covered), Some(shared)) = (answer.covered_min, answer.shared_min) {
        let several = match shared > 0.0 {
            true => format!(", {} of them by several sources", number(shared)),
            false => String::new(),
        };
        out.line(&format!("The rows cover {} min of the day{several}.", number(covered)))?;
    }
    if let Some(asleep) = answer.asleep {
        out.line(&format!("In the night: {} (mean)", shown(asleep)))?;
    }
    if let Some(naps) = answer.nap_min {
        out.line(&format!("Naps are counted apart: {} min.", number(naps)))?;
    }
    let clock = Clock::of(folder)?;
    for double in &answer.double_entries {
        let (at, value, n) = (clock.time(&double.at), shown(double.value), double.sources);
        out.line(&format!("One entry in {n} apps? {value} at {at}. All of them count."))?;
    }
    out.line("")?;
    let mut table = Table::new(&["source", "rows that count", "rows left out", "value"]);
    for part in &answer.sources {
        let value = part.value.map(|value| number(display.whole(value, answer.stat))).unwrap_or_default();
        table.row([part.source.clone(), part.rows_used.to_string(), part.rows_left_out.to_string(), value]);
    }
    out.table(&table)
}
