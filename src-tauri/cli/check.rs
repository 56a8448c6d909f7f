//! Our numbers beside Apple's own.

use app::check::{CheckAnswer, CheckRow};
use app::{Folder, Result};

use super::End;
use super::args::Range;
use super::out::{Out, Style};
use super::table::{Table, number};

/// Which days.
#[derive(Debug, clap::Args)]
pub struct Check {
    #[command(flatten)]
    range: Range,
}

pub(super) fn run(verb: &Check, folder: &Folder, out: &mut Out) -> Result<End> {
    let answer = app::check::check(folder, verb.range.days()?, super::now_ms())?;
    match out.style {
        Style::Json => out.json(&answer)?,
        _ => out.rows(&answer.rows, || rows(&answer))?,
    }
    if out.style == Style::Words && !answer.summary.is_empty() {
        out.line("")?;
        out.table(&summary(&answer))?;
    }
    Ok(End::Done)
}

fn rows(answer: &CheckAnswer) -> Table {
    let mut table = Table::new(&["day or workout", "what", "Apple", "ours", "unit", "difference"])
        .or_else("Nothing to compare: no rings and no workouts with statistics.");
    for row in &answer.rows {
        let ours = row.ours.map(number).unwrap_or_default();
        table.row([when(row), row.what.clone(), number(row.apple), ours, row.unit.clone(), percent(row.relative)]);
    }
    table
}

fn when(row: &CheckRow) -> String {
    row.day.clone().or_else(|| row.workout.map(|id| format!("workout {id}"))).unwrap_or_default()
}

fn percent(part: Option<f64>) -> String {
    // Less than nothing, and less than a tenth, is nothing.
    let tenths = |part: f64| (part * 1000.0).round() / 10.0 + 0.0;
    part.map(|part| format!("{:+.1} %", tenths(part))).unwrap_or_default()
}

fn summary(answer: &CheckAnswer) -> Table {
    let mut table = Table::new(&["what", "n", "within 2 %", "median difference"]);
    for row in &answer.summary {
        let within = format!("{:.0} %", row.within_2_percent * 100.0);
        let median = format!("{:.1} %", row.median_relative * 100.0);
        table.row([row.what.clone(), row.n.to_string(), within, median]);
    }
    table
}
