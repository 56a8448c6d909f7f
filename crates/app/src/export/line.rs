//! One record as a JSON object: the keys of JSON lines and of raw rows.

use health::kind::{Kind, Nature};
use health::time::format_instant;
use serde_json::{Map, Value, json};
use store::query::{EntryRow, SampleRow};

/// A sample.
pub fn sample(row: &SampleRow, kind: &Kind) -> Value {
    let mut line = Map::new();
    let mut put = |key: &str, value: Value| line.insert(key.to_owned(), value);
    put("record", "sample".into());
    put("type", kind.identifier.clone().into());
    put("kind", kind.nature.as_str().into());
    put("start", format_instant(row.start_ms).into());
    put("end", format_instant(row.end_ms).into());
    let category = kind.nature == Nature::Category;
    put("value", if category { json!(row.value.map(|v| v as i64)) } else { json!(row.value) });
    put("unit", if category { Value::Null } else { kind.unit.clone().into() });
    put("source", row.source.clone().into());
    put("uuid", Value::Null);
    put("seen", json!(["xml"]));
    put("import", row.import_id.into());
    let mut known = |key: &str, value: Option<Value>| value.and_then(|value| line.insert(key.to_owned(), value));
    known("bundle", row.bundle.clone().map(Value::from));
    known("device_hw", row.hardware.clone().map(Value::from));
    known("device", row.device.clone().map(Value::from));
    known("source_version", row.version.clone().map(Value::from));
    known("created", row.created_ms.map(|ms| format_instant(ms).into()));
    known("original_value", row.original.map(|value| json!(value)));
    let printed = row.printed_unit.as_ref().filter(|unit| **unit != kind.unit || row.original.is_some());
    known("original_unit", printed.cloned().map(Value::from));
    known("label", row.text.clone().map(Value::from));
    known("unit_unknown", (!category && row.value.is_none()).then_some(Value::Bool(true)));
    let events = row.by_hand || kind.is_event_like();
    let times = (row.copies > 1).then(|| row.copies.into());
    known(if events { "copies" } else { "repeats" }, times);
    known("superseded", row.superseded.then_some(Value::Bool(true)));
    if let Some(Value::Object(details)) = row.details.as_deref().and_then(|text| serde_json::from_str(text).ok()) {
        line.extend(details);
    }
    Value::Object(line)
}

/// Anything else: its body and what the store knows about it.
pub fn entry(row: &EntryRow) -> Value {
    let mut line = Map::new();
    line.insert("record".to_owned(), row.kind.clone().into());
    if let Ok(Value::Object(body)) = serde_json::from_str(&row.body) {
        line.extend(body);
    }
    let mut known = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            line.entry(key).or_insert(value);
        }
    };
    known("start", row.start_ms.map(|ms| format_instant(ms).into()));
    known("end", row.end_ms.map(|ms| format_instant(ms).into()));
    known("source", row.source.clone().map(Value::from));
    known("id", Some(row.id.into()));
    known("import", Some(row.import_id.into()));
    known("payload_hex", row.payload.as_deref().map(|bytes| hex(bytes).into()));
    known("superseded", row.superseded.then_some(Value::Bool(true)));
    Value::Object(line)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|b| [b >> 4, b & 15]).filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}
