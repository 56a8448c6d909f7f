//! CSV that a spreadsheet can open without running anything that is in it.

use std::io::{self, Write};

use serde_json::Value;

/// The columns of an export: keys of JSON lines.
pub const COLUMNS: [&str; 16] = [
    "type",
    "start",
    "end",
    "value",
    "unit",
    "source",
    "bundle",
    "device_hw",
    "device",
    "source_version",
    "created",
    "original_value",
    "original_unit",
    "copies",
    "label",
    "metadata",
];

/// Writes the first line.
pub fn header(out: &mut dyn Write) -> io::Result<()> {
    line(out, COLUMNS.iter().map(|name| (*name).to_owned()))
}

/// Writes one record.
pub fn row(out: &mut dyn Write, record: &Value) -> io::Result<()> {
    line(out, COLUMNS.iter().map(|name| cell(record.get(*name).unwrap_or(&Value::Null))))
}

/// Writes one line of cells that were made by [`cell`] or are our own words.
pub fn line(out: &mut dyn Write, cells: impl Iterator<Item = String>) -> io::Result<()> {
    let cells: Vec<String> = cells.collect();
    write!(out, "{}\r\n", cells.join(","))
}

/// One cell: numbers as they are, texts quoted where needed.
pub fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::String(text) => quoted(text),
        Value::Array(_) | Value::Object(_) => quoted(&value.to_string()),
    }
}

/// A text that begins like a formula gets an apostrophe: spreadsheets would run it.
fn quoted(text: &str) -> String {
    let risky = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    let safe = if risky { format!("'{text}") } else { text.to_owned() };
    match safe.contains([',', '"', '\r', '\n', ';', '\t']) {
        true => format!("\"{}\"", safe.replace('"', "\"\"")),
        false => safe,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: Value, expected: &str) {
        assert_eq!(cell(&value), expected);
    }

    #[test]
    fn formulas_stay_texts() {
        check("=HYPERLINK(\"x\")".into(), "\"'=HYPERLINK(\"\"x\"\")\"");
        check("@cmd".into(), "'@cmd");
        check("-1+2".into(), "'-1+2");
        check(serde_json::json!(-1.5), "-1.5");
    }

    #[test]
    fn texts_are_quoted_where_needed() {
        check("Kim's, Watch".into(), "\"Kim's, Watch\"");
        check("plain".into(), "plain");
        check(Value::Null, "");
    }
}
