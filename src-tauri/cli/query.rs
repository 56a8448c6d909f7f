//! One type over time.

use app::display::Display;
use app::export::csv::SAMPLE;
use app::local::Clock;
use app::query::{BucketAnswer, Grain, Question};
use app::{Folder, Result};
use clap::ValueEnum;
use serde_json::Value;

use super::End;
use super::args::Range;
use super::out::{Out, Style};
use super::table::{Table, none_of, number, stat};

/// What to show.
#[derive(Debug, clap::Args)]
pub struct Query {
    /// Apple's identifier, with or without prefix, snake case, or the name in tables
    #[arg(value_name = "TYPE")]
    word: String,
    #[command(flatten)]
    range: Range,
    /// How wide
    #[arg(long, value_enum, default_value = "raw")]
    bucket: Bucket,
    /// One row per source
    #[arg(long)]
    sources: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Bucket {
    Raw,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

pub(super) fn run(verb: &Query, folder: &Folder, out: &mut Out) -> Result<End> {
    let grain = match verb.bucket {
        Bucket::Raw => None,
        Bucket::Hour => Some(Grain::Hour),
        Bucket::Day => Some(Grain::Day),
        Bucket::Week => Some(Grain::Week),
        Bucket::Month => Some(Grain::Month),
        Bucket::Year => Some(Grain::Year),
    };
    let (word, days) = (verb.word.clone(), verb.range.days()?);
    let question = Question { word, days, grain, by_source: verb.sources, now_ms: super::now_ms() };
    let Some(grain) = grain else { return raw(folder, &question, out) };
    let rows = app::query::query(folder, &question, grain)?;
    let display = Display::of(folder, &question.word)?;
    let clock = Clock::of(folder)?;
    let edge = |value: Option<f64>| value.map(|value| number(display.value(value))).unwrap_or_default();
    let hours = grain == Grain::Hour;
    let labels = app::sources::labels(folder)?;
    let (source, source_id) = (verb.sources.then(String::new), verb.sources.then_some(0));
    out.rows_like(&BucketAnswer { source, source_id, ..BucketAnswer::default() }, &rows, || {
        let when = if hours { "hour" } else { "day" };
        let heading = [when, "value", "unit", "stat", "min", "max", "n", "source"];
        let columns = if verb.sources { heading.len() } else { heading.len() - 1 };
        let mut table = Table::new(&heading[..columns]).or_else(&none_of(display.name()));
        for row in &rows {
            let label = row.source_id.and_then(|id| labels.get(&id));
            let source = label.or(row.source.as_ref()).cloned().unwrap_or_default();
            let when = if hours { clock.time(&row.start) } else { row.day.clone() };
            let (shown, unit) = (number(display.whole(row.value, row.stat)), display.unit_of_count().to_owned());
            let (min, max, n) = (edge(row.min), edge(row.max), row.n.to_string());
            let row = [when, shown, unit, stat(row.stat), min, max, n, source];
            table.row(row.into_iter().take(columns));
        }
        table
    })?;
    Ok(End::Done)
}

/// Raw rows are written as they come: there may be millions.
fn raw(folder: &Folder, question: &Question, out: &mut Out) -> Result<End> {
    let style = out.style;
    let mut first = true;
    let display = Display::of(folder, &question.word)?;
    let clock = Clock::of(folder)?;
    let labels = app::sources::labels(folder)?;
    let besides = if display.is_category() { "meaning" } else { "unit" };
    let mut table = Table::new(&["start", "end", "value", besides, "source"]).or_else(&none_of(display.name()));
    app::query::raw(folder, question, |row, source| {
        let start = std::mem::take(&mut first);
        match style {
            Style::Json => write!(out.data(), "{}{row}", if start { "[" } else { ",\n" })?,
            Style::Csv if start => {
                app::export::csv::header(out.data(), SAMPLE)?;
                app::export::csv::row(out.data(), SAMPLE, &row)?;
            }
            Style::Csv => app::export::csv::row(out.data(), SAMPLE, &row)?,
            Style::Words => {
                let source = labels.get(&source).cloned().unwrap_or_default();
                table.row(cells(&row, &display, &clock).into_iter().chain([source]));
            }
        }
        Ok(())
    })?;
    match style {
        Style::Json => writeln!(out.data(), "{}", if first { "[]" } else { "]" })?,
        Style::Csv if first => app::export::csv::header(out.data(), SAMPLE)?,
        Style::Csv => {}
        Style::Words => out.table(&table)?,
    }
    Ok(End::Done)
}

fn cells(row: &Value, display: &Display, clock: &Clock) -> [String; 4] {
    let text = |key: &str| row.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (shown, unit) = match row.get("value").and_then(Value::as_f64) {
        Some(found) if display.is_category() => (number(found), display.meaning(found).unwrap_or_default()),
        Some(found) => (number(display.value(found)), display.unit().to_owned()),
        None if row.get("original_value").is_some() => {
            (row.get("original_value").map(Value::to_string).unwrap_or_default(), text("original_unit"))
        }
        None => (text("label"), String::new()),
    };
    [clock.time(&text("start")), clock.time(&text("end")), shown, unit]
}
