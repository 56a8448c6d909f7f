//! Where the number of a day comes from.

use app::display::{Display, Units};
use app::explain::{DaysAnswer, ExplainAnswer, PairAnswer, SourcePart, StretchAnswer};
use app::local::Clock;
use app::{Folder, Result};

use super::out::{Out, Style};
use super::table::{Table, none_of, number, stat};
use super::{End, now_ms};

/// Which number.
#[derive(Debug, clap::Args)]
pub struct Explain {
    /// Apple's identifier, with or without prefix, or snake case; `sleep` for a night, or a pair: `sleep,step_count`
    #[arg(value_name = "TYPE")]
    word: String,
    /// The local day, as 2026-03-14
    day: String,
    /// The last day, to explain several days at once by the numbers of each
    #[arg(long, value_name = "DAY")]
    to: Option<String>,
    /// From this time of the day on, to explain a stretch of it by its records: 08:00, or an instant
    #[arg(long, value_name = "TIME", requires = "until", conflicts_with = "to")]
    from: Option<String>,
    /// Up to this time of the day, which is not in it
    #[arg(long, value_name = "TIME", requires = "from")]
    until: Option<String>,
}

pub(super) fn run(verb: &Explain, folder: &Folder, out: &mut Out) -> Result<End> {
    if verb.word.contains(',') {
        let to = verb.to.as_ref().unwrap_or(&verb.day);
        let answer = app::explain::explain_pair(folder, &verb.word, &verb.day, to, now_ms())?;
        match out.style {
            Style::Json => out.json(&answer)?,
            Style::Csv => out.rows(&answer.days, || Table::new(&[]))?,
            Style::Words => tell_pair(&answer, out)?,
        }
        return Ok(End::Done);
    }
    if let Some(to) = &verb.to {
        let answer = app::explain::explain_days(folder, &verb.word, &verb.day, to, now_ms())?;
        match out.style {
            Style::Json => out.json(&answer)?,
            Style::Csv => out.rows(&answer.parts, || Table::new(&[]))?,
            Style::Words => tell_days(&answer, folder, out)?,
        }
        return Ok(End::Done);
    }
    if let (Some(from), Some(until)) = (&verb.from, &verb.until) {
        let stretch = app::explain::stretch_of(folder, &verb.day, from, until)?;
        let answer = app::explain::explain_stretch(folder, &verb.word, stretch)?;
        match out.style {
            Style::Json => out.json(&answer)?,
            Style::Csv => out.rows(&answer.rows, || Table::new(&[]))?,
            Style::Words => tell_stretch(&answer, folder, out)?,
        }
        return Ok(End::Done);
    }
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
        None => match nap(answer) {
            Some(nap) => out.line(&format!("No night on {}, {nap}.", answer.day))?,
            None => out.line(&format!("{} on {}.", none_of(display.name()).trim_end_matches('.'), answer.day))?,
        },
    }
    if answer.hidden > 0 {
        let rows = app::words::count(answer.hidden, "row", "rows");
        out.line(&format!("You hid {rows} of the day: `vitalog history`."))?;
    }
    if !answer.edits.is_empty() {
        out.line(&format!("You edited this sleep: {}. `vitalog history` takes it back.", answer.edits.join(", ")))?;
    }
    for summary in &answer.summaries {
        out.line(&summary.said)?;
    }
    if answer.sources.is_empty() && answer.sessions.is_empty() {
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
    if let Some(naps) = answer.nap_min.filter(|_| answer.value.is_some()) {
        out.line(&format!("Naps are counted apart: {} min.", number(naps)))?;
    }
    let clock = Clock::of(folder)?;
    for double in &answer.double_entries {
        let (at, value, n) = (clock.time(&double.at), shown(double.value), double.sources);
        out.line(&format!("One entry in {n} apps? {value} at {at}. All of them count."))?;
    }
    let value = |value: f64| number(display.whole(value, answer.stat));
    if !answer.sources.is_empty() {
        tell_sources(&answer.sources, value, out)?;
    }
    // What is in no night has no place above.
    for nap in answer.sessions.iter().filter(|session| session.kind == "nap") {
        let ([from, until], asleep) = (&nap.clock, number(nap.asleep_min.unwrap_or_default()));
        out.line("")?;
        out.line(&format!("Nap from {from} to {until}: {asleep} min"))?;
        tell_sources(&nap.sources, value, out)?;
    }
    Ok(())
}

/// The naps of a day, where there are any.
fn nap(answer: &ExplainAnswer) -> Option<String> {
    let minutes = number(answer.nap_min?);
    let naps = answer.sessions.iter().filter(|session| session.kind == "nap").count();
    Some(if naps == 1 { format!("a nap of {minutes} min") } else { format!("{naps} naps of {minutes} min") })
}

fn tell_sources(sources: &[SourcePart], shown: impl Fn(f64) -> String, out: &mut Out) -> Result<()> {
    out.line("")?;
    let mut table = Table::new(&["source", "rows that count", "rows left out", "value"]);
    for part in sources {
        let value = part.value.map(&shown).unwrap_or_default();
        table.row([part.source.clone(), part.rows_used.to_string(), part.rows_left_out.to_string(), value]);
    }
    out.table(&table)
}

fn tell_stretch(answer: &StretchAnswer, folder: &Folder, out: &mut Out) -> Result<()> {
    let display = Display::of_answer(&answer.kind, answer.unit.as_deref(), &Units::of(folder)?);
    let shown = |value: f64| {
        format!("{} {}", number(display.whole(value, answer.stat)), display.unit_of_count()).trim_end().to_owned()
    };
    let [from, until] = &answer.clock;
    let when = format!("on {}, {from} to {until}", answer.day);
    match answer.value {
        Some(value) => out.line(&format!("{} {when}: {} ({})", display.name(), shown(value), stat(answer.stat)))?,
        None => out.line(&format!("{} {when}.", none_of(display.name()).trim_end_matches('.')))?,
    }
    if answer.hidden > 0 {
        let rows = app::words::count(answer.hidden, "row", "rows");
        out.line(&format!("You hid {rows} of that time: `vitalog history`."))?;
    }
    if answer.rows.is_empty() {
        return Ok(());
    }
    out.line(&answer.sentence)?;
    if let Some(naive) =
        answer.naive_sum.filter(|naive| answer.value.is_some_and(|value| shown(value) != shown(*naive)))
    {
        out.line(&format!("All records added up would be {}.", shown(naive)))?;
    }
    out.line("")?;
    let mut table = Table::new(&["from", "until", "source", "value", "adds", "whether it counts"]);
    let cell = |value: Option<f64>| value.map(|value| number(display.value(value))).unwrap_or_default();
    for row in &answer.rows {
        let [from, until] = row.clock.clone();
        let fate = row.fate.replace('_', " ");
        table.row([from, until, row.source.clone(), cell(row.value), cell(row.adds), fate]);
    }
    out.table(&table)?;
    if answer.rows_total > answer.rows.len() {
        out.line(&format!("The first {} of {} records.", answer.rows.len(), answer.rows_total))?;
    }
    Ok(())
}

fn tell_pair(answer: &PairAnswer, out: &mut Out) -> Result<()> {
    let days = app::words::count(answer.counted as u64, "day has", "days have");
    out.line(&format!("From {} to {} {days} both.", answer.from, answer.to))?;
    if let (Some(rho), Some([low, high])) = (answer.rho, answer.interval) {
        out.line(&format!("Spearman's rho {rho:.2} (95 % {low:.2} to {high:.2})"))?;
    }
    out.line(&answer.sentence)?;
    let left = answer.left_out;
    out.line(&format!(
        "Left out: {} with only the first, {} with only the second, {} with neither, {} not over.",
        left.only_first, left.only_second, left.neither, left.not_over
    ))?;
    out.line("")?;
    let mut table = Table::new(&["day", "first", "second", "day of it", "whether it counts"]);
    let cell = |value: Option<f64>| value.map(number).unwrap_or_default();
    for day in &answer.days {
        let fate = day.fate.replace('_', " ");
        table.row([day.day.clone(), cell(day.first), cell(day.second), day.second_day.clone(), fate]);
    }
    out.table(&table)
}

fn tell_days(answer: &DaysAnswer, folder: &Folder, out: &mut Out) -> Result<()> {
    let display = Display::of_answer(&answer.kind, answer.unit.as_deref(), &Units::of(folder)?);
    // A night is minutes, although its segments are of a set.
    let unit = if answer.nights { "min" } else { display.unit_of_count() };
    let bare = |value: f64| number(display.whole(value, answer.stat));
    let shown = |value: f64| format!("{} {unit}", bare(value)).trim_end().to_owned();
    let span = format!("from {} to {}", answer.from, answer.to);
    let Some(mean) = answer.mean else {
        return out.line(&format!("{} {span}.", none_of(display.name()).trim_end_matches('.')));
    };
    let days = format!("{} of {} days with data", answer.counted, answer.of_days);
    out.line(&format!("{} {span}: {} on average, of {days}", display.name(), shown(mean)))?;
    if let Some(total) = answer.total {
        out.line(&format!("All days together: {}", shown(total)))?;
    }
    if let (Some(min), Some(max)) = (answer.min, answer.max) {
        out.line(&format!("Lowest {}, highest {}", shown(min), shown(max)))?;
    }
    if let Some(day) = &answer.not_over {
        out.line(&format!("{day} is not over, so it is not in the average."))?;
    }
    out.line(&answer.sentence)?;
    out.line("")?;
    let mut table = Table::new(&["from", "to", "value", "lowest", "highest", "days"]);
    for part in &answer.parts {
        let cell = |value: Option<f64>| value.map(bare).unwrap_or_default();
        let cells = [cell(Some(part.value)), cell(part.min), cell(part.max)];
        let [value, min, max] = cells;
        table.row([part.from.clone(), part.to.clone(), value, min, max, part.days.to_string()]);
    }
    out.table(&table)
}
