//! The user's own SQL, reading only.

use app::{Folder, Result};
use serde::{Serialize, Serializer};
use serde_json::Value;

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
        let rows: Vec<Row> = answer.rows.iter().map(|cells| Row { columns: &answer.columns, cells }).collect();
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
        // Also where nothing else is said: an answer must not pass for the whole.
        out.warn(&format!("There are more rows; these are the first {}.", answer.rows.len()));
    }
    Ok(End::Done)
}

/// A row as an object whose keys stand in the order of the SELECT; a JSON value would sort them.
struct Row<'a> {
    columns: &'a [String],
    cells: &'a [Value],
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_map(self.columns.iter().zip(self.cells))
    }
}
