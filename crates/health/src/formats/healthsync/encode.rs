//! Records for a backend of the kind that HealthSync sends to: `metrics` and `workouts`.
//!
//! It has no word for anything else, and none for what is gone: a record that it has stays there.

use serde_json::{Map, Value as Json, json};

use super::PREFIX;
use super::metric::SLEEP;
use crate::formats::outgoing::{Held, Line, Outgoing, array, made_uuid, stamp};
use crate::formats::phone::Feed;
use crate::formats::phone::names;
use crate::kind;

const METRICS: &str = "metrics";
const WORKOUTS: &str = "workouts";

/// Our units that the app calls otherwise.
const UNITS: [(&str, &str); 6] = [
    ("%", "percent"),
    ("s", "seconds"),
    ("min", "minutes"),
    ("kcal/hr·kg", "kcal/kg/hr"),
    ("mL/min·kg", "mL/kg/min"),
    ("", "count"),
];

/// Units that the app sends as we have them.
const SAME: [&str; 22] = [
    "count",
    "count/min",
    "count/s",
    "ms",
    "kcal",
    "kg",
    "g",
    "mL",
    "L",
    "m",
    "cm",
    "m/s",
    "W",
    "degC",
    "S",
    "dBASPL",
    "mmHg",
    "IU",
    "L/min",
    "mg/dL",
    "appleEffortScore",
    "count/day",
];

/// The words of sleep stages, by Apple's integer.
const STAGES: [&str; 6] = ["in_bed", "asleep_unspecified", "awake", "asleep_core", "asleep_deep", "asleep_rem"];

/// Activities that have a word; all others are `other`.
const ACTIVITIES: [(&str, &str); 5] = [
    ("HKWorkoutActivityTypeRunning", "running"),
    ("HKWorkoutActivityTypeWalking", "walking"),
    ("HKWorkoutActivityTypeCycling", "cycling"),
    ("HKWorkoutActivityTypeTraditionalStrengthTraining", "traditionalStrengthTraining"),
    ("HKWorkoutActivityTypeFunctionalStrengthTraining", "functionalStrengthTraining"),
];

/// Makes an item of a line of JSON lines.
///
/// Errors: what has no value (`no_value`), a unit that the protocol has no word for (`no_unit`), and what it has no
/// place for (`no_place`).
pub fn encode(line: &Map<String, Json>, nth: u32) -> Result<Outgoing, Held> {
    let line = Line(line);
    match line.text("record") {
        Some("sample") => metric(&line, nth),
        Some("workout") => workout(&line, nth),
        _ => Err("no_place"),
    }
}

fn metric(line: &Line<'_>, nth: u32) -> Result<Outgoing, Held> {
    let identifier = line.text("type").ok_or("bad_shape")?;
    let mut value = line.number("value").ok_or("no_value")?;
    let mut metadata = words(line.metadata());
    let mut unit = "category_value";
    if identifier == SLEEP {
        let stage = STAGES.get(value as usize).filter(|_| value >= 0.0).ok_or("no_value")?;
        metadata.insert("sleep_stage".to_owned(), (*stage).into());
        (value, unit) = (line.seconds()?, "seconds");
    } else if line.text("kind") == Some("category") {
        metadata.insert("category_value".to_owned(), (value as i64).to_string().into());
    } else {
        let own = line.text("unit").unwrap_or_default();
        let called = UNITS.iter().find(|(ours, _)| *ours == own).map(|(_, theirs)| *theirs);
        unit = called.or_else(|| SAME.iter().find(|same| **same == own).copied()).ok_or("no_unit")?;
    }
    let mut item = common(line, nth, metadata)?;
    item["type"] = names::wire_name(Feed::HealthSync, identifier).into();
    item["value"] = json!(value);
    item["unit"] = unit.into();
    Ok(made(METRICS, item))
}

fn workout(line: &Line<'_>, nth: u32) -> Result<Outgoing, Held> {
    let mut item = common(line, nth, words(line.metadata()))?;
    let activity = line.number("activity").and_then(|number| kind::activity_identifier(number as i64));
    let word = ACTIVITIES.iter().find(|(identifier, _)| Some(*identifier) == activity).map(|(_, word)| *word);
    item["activity_type"] = word.unwrap_or("other").into();
    item["duration_seconds"] = json!(line.number("duration_s").map_or_else(|| line.seconds(), Ok)?);
    if let Some(energy) = line.number("energy_kcal") {
        item["active_energy_kcal"] = json!(energy);
        item["total_energy_kcal"] = json!(line.number("total_energy_kcal").unwrap_or(energy));
    }
    if let Some(distance) = line.number("distance_m") {
        item["distance_meters"] = json!(distance);
    }
    Ok(made(WORKOUTS, item))
}

fn common(line: &Line<'_>, nth: u32, metadata: Map<String, Json>) -> Result<Json, Held> {
    let (start, end) = line.times()?;
    let mut item = json!({
        "id": format!("{PREFIX}{}", line.uuid(nth)), "start_at": start, "end_at": end,
        "source_name": line.text("source").unwrap_or_default(), "metadata": metadata,
    });
    if let Some(bundle) = line.text("bundle").or_else(|| line.text("source_bundle")) {
        item["source_bundle_id"] = bundle.into();
    }
    Ok(item)
}

fn made(slot: &str, item: Json) -> Outgoing {
    let identity = item["id"].as_str().unwrap_or_default().to_owned();
    Outgoing { slot: slot.to_owned(), identity, text: item.to_string() }
}

/// Metadata are texts there.
fn words(metadata: Map<String, Json>) -> Map<String, Json> {
    let text = |value: Json| match value {
        Json::String(text) => text,
        other => other.to_string(),
    };
    metadata.into_iter().map(|(key, value)| (key, text(value).into())).collect()
}

/// Makes a body of items. `device` names this installation and never changes; the same items have the same
/// `export_id`, so that a repeat is known as one.
pub fn body(items: &[&Outgoing], device: &str, zone: &str, now_ms: i64) -> String {
    let of = |slot: &'static str| items.iter().copied().filter(move |item| item.slot == slot);
    let (metrics, workouts) = (array(of(METRICS)), array(of(WORKOUTS)));
    let now = stamp(now_ms);
    let range = json!({"start": now, "end": now});
    let frame = json!({
        "device_id": device, "export_id": made_uuid(&format!("{metrics}{workouts}")), "generated_at": now,
        "timezone": zone, "source": "ios-healthkit", "schema_version": 1, "date_range": range,
    });
    let frame = frame.to_string();
    let frame = frame.strip_suffix('}').unwrap_or(&frame);
    format!("{frame},\"{METRICS}\":{metrics},\"{WORKOUTS}\":{workouts}}}")
}
