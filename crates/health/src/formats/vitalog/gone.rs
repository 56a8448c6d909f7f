//! What the sender has no more.

use serde_json::{Value as Json, json};

use crate::Result;
use crate::formats::phone::builder::{Builder, Reject};
use crate::formats::phone::fields::{self, Fields};
use crate::formats::phone::stamp;
use crate::phone::Retraction;
use crate::time::format_instant;

/// The word of such a line.
pub(super) const RECORD: &str = "gone";
/// Names of one line.
const MOST: usize = 10_000;

/// Writes the line: which records of a sort, that start in a time, are gone. A time that has no end is left out.
pub fn gone(retraction: &Retraction) -> Json {
    let Retraction { record, kind, range_ms: (from_ms, until_ms), names } = retraction;
    let mut line = json!({"record": RECORD, "of": record, "rows": names});
    if !kind.is_empty() {
        line["type"] = kind.as_str().into();
    }
    if *until_ms > i64::MIN + 1 {
        line["from"] = format_instant(*from_ms).into();
        line["until"] = format_instant(*until_ms).into();
    }
    line
}

/// One such line; it is an item, and no record.
pub(super) fn read(line: &[u8], fields: &Fields<'_>, builder: &mut Builder<'_, '_>) -> Result<()> {
    match make(fields) {
        Ok(retraction) => {
            builder.take_back(retraction)?;
            builder.item(line, None, Ok(()))
        }
        Err(reason) => builder.item(line, None, Err(reason)),
    }
}

fn make(fields: &Fields<'_>) -> std::result::Result<Retraction, Reject> {
    let record = fields.word("of").ok_or("bad_shape")?.into_owned();
    let rows = fields.get("rows").filter(|rows| fields::is_array(rows)).ok_or("bad_shape")?;
    let names: Vec<String> =
        fields::items(rows).take(MOST + 1).filter_map(fields::string).map(|name| name.into_owned()).collect();
    if names.len() > MOST {
        return Err("too_large");
    }
    let at = |key: &str| fields.get(key).map(|text| stamp::instant(text).ok_or("bad_time")).transpose();
    let range_ms = match (at("from")?, at("until")?) {
        (Some(from), Some(until)) => (from.ms, until.ms),
        (None, None) => (i64::MIN, i64::MIN + 1),
        _ => return Err("bad_time"),
    };
    Ok(Retraction { record, kind: fields.word("type").unwrap_or_default().into_owned(), range_ms, names })
}
