//! CSV that a spreadsheet can open without running anything that is in it.

use std::io::{self, Write};

use serde_json::{Map, Value};

/// The record of rows that are samples.
pub const SAMPLE: &str = "sample";

/// Keys of JSON lines that stay out of tables: they say the same in every row, or are counted per store.
const LEFT_OUT: [&str; 4] = ["record", "kind", "seen", "import"];
/// The last column: what has no column of its own, as JSON, so that nothing is lost.
const OTHER: &str = "other";

/// The columns of a record's table: keys of its JSON lines.
fn columns(record: &str) -> &'static [&'static str] {
    match record {
        SAMPLE => &[
            "type",
            "start",
            "end",
            "value",
            "meaning",
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
            "repeats",
            "label",
            "metadata",
            "beats",
            "hidden",
        ],
        "workout" => &[
            "id",
            "activity",
            "activity_raw",
            "start",
            "end",
            "duration_s",
            "distance_m",
            "energy_kcal",
            "source",
            "route_points",
            "source_version",
            "device",
            "created",
            "metadata",
        ],
        "correlation" => &["type", "start", "end", "source", "members", "metadata"],
        "route" => &["start", "end", "source", "workout", "route_points", "points"],
        "ecg" => {
            &["start", "end", "classification_raw", "symptoms", "avg_hr", "hz", "voltage_count", "unit", "voltages"]
        }
        "activity_summary" => &[
            "day",
            "active_energy_kcal",
            "active_energy_goal_kcal",
            "move_min",
            "move_goal_min",
            "exercise_min",
            "exercise_goal_min",
            "stand_hours",
            "stand_goal_hours",
        ],
        "aggregate" => &["type", "grain", "start", "end", "stats", "unit", "source", "feed"],
        "clinical_record" => &["type", "identifier", "received", "fhir_version", "source", "resource_text"],
        _ => &["start", "end", "source"],
    }
}

/// Writes the first line.
pub fn header(out: &mut dyn Write, record: &str) -> io::Result<()> {
    line(out, columns(record).iter().chain([&OTHER]).map(|name| (*name).to_owned()))
}

/// Whether a line is the header of a record's table, or that of an earlier version, which had fewer columns.
pub fn is_header(line: &str, record: &str) -> bool {
    let known = columns(record);
    let Some((names, OTHER)) = line.trim_end().rsplit_once(',') else { return false };
    names.split(',').next() == known.first().copied() && names.split(',').all(|name| known.contains(&name))
}

/// Writes one record.
pub fn row(out: &mut dyn Write, record: &str, line_of_json: &Value) -> io::Result<()> {
    let columns = columns(record);
    let value = |name: &&str| cell(line_of_json.get(*name).unwrap_or(&Value::Null));
    let rest = line_of_json.as_object().into_iter().flatten();
    let rest = rest.filter(|(key, value)| {
        !value.is_null() && !columns.contains(&key.as_str()) && !LEFT_OUT.contains(&key.as_str()) && *key != "id"
    });
    let rest: Map<String, Value> = rest.map(|(key, value)| (key.clone(), value.clone())).collect();
    let other = if rest.is_empty() { String::new() } else { cell(&Value::Object(rest)) };
    line(out, columns.iter().map(value).chain([other]))
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

/// A text that begins like a formula gets an apostrophe, because spreadsheets would run it; and so does one that begins
/// with an apostrophe, so that the first one can be taken away again.
fn quoted(text: &str) -> String {
    let risky = text.starts_with(['\'', '=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    let safe = if risky { format!("'{text}") } else { text.to_owned() };
    match safe.contains([',', '"', '\r', '\n', ';', '\t']) {
        true => format!("\"{}\"", safe.replace('"', "\"\"")),
        false => safe,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_header_of_an_earlier_version_is_known() {
        let check = |line: &str, record: &str, expected: bool| {
            assert_eq!(super::is_header(line, record), expected, "{line}");
        };
        let mut today = Vec::new();
        super::header(&mut today, super::SAMPLE).expect("written");
        check(str::from_utf8(&today).expect("text"), super::SAMPLE, true);
        check("type,start,end,value,unit,source,other\n", super::SAMPLE, true);
        check("type,start,end,value,unit,source,other\n", "route", false);
        check("type,start,end,price,other\n", super::SAMPLE, false);
        check("type,start,end,value\n", super::SAMPLE, false);
        check("", super::SAMPLE, false);
    }

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
        check("'=1+1".into(), "''=1+1");
    }

    #[test]
    fn texts_are_quoted_where_needed() {
        check("Kim's, Watch".into(), "\"Kim's, Watch\"");
        check("plain".into(), "plain");
        check(Value::Null, "");
    }
}
