//! One type over time.

use app::export::csv::SAMPLE;
use app::query::Question;
use app::{Folder, Result};
use clap::ValueEnum;
use health::series::buckets::Grain;
use serde_json::Value;

use super::End;
use super::args::Range;
use super::out::{Out, Style};
use super::table::{Table, number, value};

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
    out.rows(&rows, || {
        let mut table = Table::new(&["start", "value", "unit", "min", "max", "n", "source"]);
        for row in &rows {
            let unit = row.unit.as_deref();
            let (shown, name) = value(row.value, unit);
            let edge = |number: Option<f64>| number.map(|number| value(number, unit).0).unwrap_or_default();
            let (min, max) = (edge(row.min), edge(row.max));
            let source = row.source.clone().unwrap_or_default();
            table.row([row.start.clone(), shown, name, min, max, row.n.to_string(), source]);
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
    app::query::raw(folder, question, |row| {
        let start = std::mem::take(&mut first);
        match style {
            Style::Json => write!(out.data(), "{}{row}", if start { "[" } else { ",\n" })?,
            Style::Csv if start => {
                app::export::csv::header(out.data(), SAMPLE)?;
                app::export::csv::row(out.data(), SAMPLE, &row)?;
            }
            Style::Csv => app::export::csv::row(out.data(), SAMPLE, &row)?,
            Style::Words => table.row(cells(&row)),
        }
        Ok(())
    })?;
    match style {
        Style::Json => writeln!(out.data(), "{}", if first { "[]" } else { "]" })?,
        Style::Csv => {}
        Style::Words => out.table(&table)?,
    }
    Ok(End::Done)
}

fn cells(row: &Value) -> [String; 5] {
    let text = |key: &str| row.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let unit = text("unit");
    let (shown, unit) = match row.get("value").and_then(Value::as_f64) {
        Some(found) if !unit.is_empty() => value(found, Some(&unit)),
        Some(found) => (number(found), unit),
        None => (text("label"), unit),
    };
    [text("start"), text("end"), shown, unit, text("source")]
}
