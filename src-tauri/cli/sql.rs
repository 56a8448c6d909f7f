//! The user's own SQL, reading only.

use app::{Folder, Result};
use serde_json::{Map, Value};

use super::End;
use super::out::{Out, Style};
use super::table::Table;

/// What to run.
#[derive(Debug, clap::Args)]
pub struct Sql {
    /// One SELECT
    statement: String,
}

pub(super) fn run(verb: &Sql, folder: &Folder, out: &mut Out) -> Result<End> {
    use app::export::csv::{cell, line};
    let answer = app::sql::sql(folder, &verb.statement)?;
    if out.style == Style::Json {
        let object = |row: Vec<Value>| answer.columns.iter().cloned().zip(row).collect::<Map<String, Value>>();
        let rows: Vec<Map<String, Value>> = answer.rows.into_iter().map(object).collect();
        out.json(&rows)?;
    } else if out.style == Style::Csv {
        line(out.data(), answer.columns.iter().map(|name| cell(&name.as_str().into())))?;
        for row in &answer.rows {
            line(out.data(), row.iter().map(cell))?;
        }
    } else {
        let text = |value: &Value| match value {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let heading: Vec<&str> = answer.columns.iter().map(String::as_str).collect();
        let mut table = Table::new(&heading).or_else("No rows.");
        answer.rows.iter().for_each(|row| table.row(row.iter().map(text)));
        out.table(&table)?;
    }
    if answer.cut {
        out.say("There are more rows than shown.");
    }
    Ok(End::Done)
}
