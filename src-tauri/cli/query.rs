//! One type over time.

use app::display::Display;
use app::export::csv::SAMPLE;
use app::query::{Grain, Question};
use app::{Folder, Result};
use clap::ValueEnum;
use serde_json::Value;

use super::End;
use super::args::Range;
use super::out::{Out, Style};
use super::table::{Table, number};

/// What to show.
#[derive(Debug, clap::Args)]
pub struct Query {
    /// Apple's identifier, with or without prefix, or snake case
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
    let shown = |value: f64| number(display.value(value));
    let edge = |value: Option<f64>| value.map(shown).unwrap_or_default();
    out.rows(&rows, || {
        let mut table = Table::new(&["start", "value", "unit", "min", "max", "n", "source"]);
        for row in &rows {
            let source = row.source.clone().unwrap_or_default();
            let (unit, n) = (display.unit().to_owned(), row.n.to_string());
            table.row([row.start.clone(), shown(row.value), unit, edge(row.min), edge(row.max), n, source]);
        }
        table
    })?;
    Ok(End::Done)
}

/// Raw rows are written as they come: there may be millions.
fn raw(folder: &Folder, question: &Question, out: &mut Out) -> Result<End> {
    let style = out.style;
    let mut first = true;
    let mut table = Table::new(&["start", "end", "value", "unit", "source"]);
    let display = Display::of(folder, &question.word)?;
    app::query::raw(folder, question, |row| {
        let start = std::mem::take(&mut first);
        match style {
            Style::Json => write!(out.data(), "{}{row}", if start { "[" } else { ",\n" })?,
            Style::Csv if start => {
                app::export::csv::header(out.data(), SAMPLE)?;
                app::export::csv::row(out.data(), SAMPLE, &row)?;
            }
            Style::Csv => app::export::csv::row(out.data(), SAMPLE, &row)?,
            Style::Words => table.row(cells(&row, &display)),
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

fn cells(row: &Value, display: &Display) -> [String; 5] {
    let text = |key: &str| row.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (shown, unit) = match row.get("value").and_then(Value::as_f64) {
        Some(found) => (number(display.value(found)), display.unit().to_owned()),
        None if row.get("original_value").is_some() => {
            (row.get("original_value").map(Value::to_string).unwrap_or_default(), text("original_unit"))
        }
        None => (text("label"), String::new()),
    };
    [text("start"), text("end"), shown, unit, text("source")]
}
