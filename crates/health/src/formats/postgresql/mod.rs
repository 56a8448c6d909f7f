//! Rows of PostgreSQL's tables, in the text form of `COPY`.
//!
//! ```text
//!   a JSON line ── encode ──► one row: its columns, and under `rest` every key that has none, or does not fit into it
//! ```
//!
//! Knows no SQL and no connection: what makes the tables and fills them is `net::remote::postgresql`. A row is what it
//! says: another content is another row, with another `id`, which whoever sends puts before it.

mod tables;

use std::fmt::Write as _;

use serde_json::{Map, Value as Json};

pub use self::tables::{Column, Holds, REST, TABLES, Table, named, table};
use super::outgoing::{Held, Outgoing};
use super::vitalog;
use crate::time::{format_instant, parse_day, parse_stamp};

/// What stands in the place of nothing.
const NOTHING: &str = "\\N";
/// Beyond it a number of JSON is another one as a floating-point number.
const MOST_WHOLE: u64 = 1 << 53;

/// Makes the row of a JSON line: its columns without the `id`, apart by tabs. The slot is the name of its table. Of
/// equal ones each has a number, from 0.
///
/// Errors: a line of no table (`no_place`), one without a start where its table goes by time (`bad_time`), a text with
/// a zero in it, which PostgreSQL cannot hold (`bad_value`).
pub fn encode(line: &Map<String, Json>, nth: u32) -> Result<Outgoing, Held> {
    let record = line.get("record").and_then(Json::as_str).ok_or("bad_shape")?;
    let table = table(record).ok_or("no_place")?;
    // What is said of our store alone stays here, as on the way to another Vitalog; so does what only a receiver reads.
    let mut left: Map<String, Json> = vitalog::kept(line)?;
    left.retain(|key, _| !matches!(key.as_str(), "record" | "flags"));
    if left.values().any(has_zero) {
        return Err("bad_value");
    }
    let mut text = String::new();
    for column in table.columns {
        let cell = left.get(column.key).and_then(|value| cell(value, column.holds));
        if cell.is_some() {
            left.remove(column.key);
        } else if table.by_time && column.key == "start" {
            return Err("bad_time");
        }
        text.push_str(cell.as_deref().unwrap_or(NOTHING));
        text.push('\t');
    }
    match left.is_empty() {
        true => text.push_str(NOTHING),
        false => text.push_str(&escaped(&Json::Object(left).to_string())),
    }
    Ok(Outgoing { slot: table.name.to_owned(), identity: format!("{nth} {} {text}", table.name), text })
}

/// A cell as `COPY` reads it; none where the value does not fit into the column to the last digit.
fn cell(value: &Json, holds: Holds) -> Option<String> {
    match holds {
        Holds::Instant => value.as_str().filter(|text| is_instant(text)).map(str::to_owned),
        Holds::Day => value.as_str().filter(|text| parse_day(text).is_some() && has_year(text)).map(str::to_owned),
        Holds::Text => value.as_str().map(escaped),
        Holds::Number => number(value),
        Holds::Whole => value.as_i64().map(|number| number.to_string()),
        Holds::Flag => value.as_bool().map(|flag| flag.to_string()),
        Holds::Numbers => {
            let one = |value: &Json| if value.is_null() { Some("NULL".to_owned()) } else { number(value) };
            let all = value.as_array()?.iter().map(one).collect::<Option<Vec<String>>>()?;
            Some(format!("{{{}}}", all.join(",")))
        }
        Holds::Parts => Some(escaped(&value.to_string())),
    }
}

fn number(value: &Json) -> Option<String> {
    let is_exact = match (value.as_u64(), value.as_i64()) {
        (Some(number), _) => number <= MOST_WHOLE,
        (None, Some(number)) => number.unsigned_abs() <= MOST_WHOLE,
        (None, None) => true,
    };
    value.is_number().then(|| value.to_string()).filter(|_| is_exact)
}

/// Whether a stamp is told as we print it, so that it comes back as it was.
fn is_instant(text: &str) -> bool {
    has_year(text) && parse_stamp(text).is_some_and(|ms| format_instant(ms) == text)
}

/// PostgreSQL counts no year 0.
fn has_year(text: &str) -> bool {
    !text.starts_with("0000")
}

fn has_zero(value: &Json) -> bool {
    match value {
        Json::String(text) => text.contains('\0'),
        Json::Array(items) => items.iter().any(has_zero),
        Json::Object(items) => items.iter().any(|(key, value)| key.contains('\0') || has_zero(value)),
        _ => false,
    }
}

/// A text without what ends a cell or a row.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        let known = match c {
            '\\' => "\\\\",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            _ => {
                // Writing into a text does not fail.
                let _ = escaped.write_char(c);
                continue;
            }
        };
        escaped.push_str(known);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The cells of a row that are not empty, by their names.
    fn cells(line: &Json) -> Map<String, Json> {
        let row = encode(line.as_object().expect("an object"), 0).expect("a row");
        let table = named(&row.slot).expect("a table");
        let cells: Vec<&str> = row.text.split('\t').collect();
        assert_eq!(cells.len() + 1, table.names().len());
        let named = table.names().into_iter().skip(1).zip(cells).filter(|(_, cell)| *cell != NOTHING);
        named.map(|(name, cell)| (name.to_owned(), cell.into())).collect()
    }

    #[track_caller]
    fn check(line: Json, expected: Json) {
        assert_eq!(Json::Object(cells(&line)), expected);
    }

    #[test]
    fn a_sample_has_its_columns_and_keeps_what_has_none() {
        check(
            json!({"record": "sample", "type": "T", "start": "2026-03-14T06:02:11.250Z", "value": 61.5, "unit": null,
                "source": "Kim\u{2019}s\tWatch\\", "import": 3, "seen": ["xml"], "flags": [], "copies": 2,
                "beats": [1, 2], "metadata": {"a": "b\n"}}),
            json!({"start_time": "2026-03-14T06:02:11.250Z", "type": "T", "value": "61.5", "copies": "2",
                "source": "Kim\u{2019}s\\tWatch\\\\", "metadata": "{\"a\":\"b\\\\n\"}", "rest": "{\"beats\":[1,2]}"}),
        );
    }

    #[test]
    fn what_does_not_fit_into_its_column_is_kept_beside_it() {
        check(
            json!({"record": "workout", "start": "2026-03-14T06:02:11.000Z", "duration_s": "long", "activity": 37,
                "created": "2026-03-14 07:02:11 +0100", "distance_m": 9007199254740993_u64, "device": 7}),
            json!({"start_time": "2026-03-14T06:02:11.000Z", "activity": "37",
                "rest": "{\"created\":\"2026-03-14 07:02:11 +0100\",\"device\":7,\"distance_m\":9007199254740993,\
                         \"duration_s\":\"long\"}"}),
        );
        check(
            json!({"record": "ecg", "voltages": [0.5, null, -3], "hz": 512}),
            json!({"voltages": "{0.5,NULL,-3}", "hz": "512"}),
        );
        check(
            json!({"record": "activity_summary", "day": "0000-01-01", "move_min": 3.0}),
            json!({"move_min": "3.0", "rest": "{\"day\":\"0000-01-01\"}"}),
        );
    }

    #[test]
    fn a_row_is_what_it_says() {
        let line = json!({"record": "sample", "type": "T", "start": "2026-03-14T06:02:11.000Z", "value": 1.0});
        let row = |line: &Json, nth| encode(line.as_object().expect("an object"), nth).expect("a row");
        assert_eq!(row(&line, 0), row(&line, 0));
        assert_ne!(row(&line, 0).identity, row(&line, 1).identity);
        let mut other = line.clone();
        other["value"] = json!(2.0);
        assert_ne!(row(&line, 0).identity, row(&other, 0).identity);
        other["value"] = json!(1.0);
        other["import"] = json!(9);
        assert_eq!(row(&line, 0), row(&other, 0), "what only our store has makes no other row");
    }

    #[test]
    fn what_the_server_could_not_hold_is_held_back() {
        let check = |line: Json, expected: Held| assert_eq!(encode(line.as_object().expect("one"), 0), Err(expected));
        check(json!({"type": "T"}), "bad_shape");
        check(json!({"record": "dream"}), "no_place");
        check(json!({"record": "sample", "type": "T"}), "bad_time");
        check(json!({"record": "profile", "more": {"a": ["\0"]}}), "bad_value");
    }
}
