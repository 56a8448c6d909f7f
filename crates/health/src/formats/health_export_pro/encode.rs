//! Records for a receiver of the kind that Health Export Pro sends to: `data` by type, and workouts.
//!
//! It has no word for what is gone: a record that it has stays there. Routes, medications and all that the app does not
//! send are not sent either.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use crate::formats::outgoing::{Held, Line, Outgoing, array, stamp};

const WORKOUTS: &str = "workouts";
/// Apple's number of a workout of no known activity.
const OTHER: i64 = 3000;

/// Makes an item of a line of JSON lines.
///
/// Errors: what has no value (`no_value`), and what the protocol has no place for (`no_place`).
pub fn encode(line: &Map<String, Json>, nth: u32) -> Result<Outgoing, Held> {
    let line = Line(line);
    match line.text("record") {
        Some("sample") => sample(&line, nth),
        Some("workout") => workout(&line, nth),
        _ => Err("no_place"),
    }
}

fn sample(line: &Line<'_>, nth: u32) -> Result<Outgoing, Held> {
    let identifier = line.text("type").ok_or("bad_shape")?;
    let value = line.number("value").ok_or("no_value")?;
    let mut item = common(line, nth)?;
    if line.text("kind") == Some("category") {
        item["value"] = json!(value as i64);
    } else {
        item["value"] = json!(value);
        item["unit"] = line.text("unit").unwrap_or("count").into();
    }
    Ok(made(identifier, item))
}

fn workout(line: &Line<'_>, nth: u32) -> Result<Outgoing, Held> {
    let mut item = common(line, nth)?;
    item["workoutActivityType"] = json!(line.number("activity").map_or(OTHER, |number| number as i64));
    item["durationSeconds"] = json!(line.number("duration_s").map_or_else(|| line.seconds(), Ok)?);
    if let Some(energy) = line.number("energy_kcal") {
        item["totalEnergyBurned"] = json!(energy);
    }
    if let Some(distance) = line.number("distance_m") {
        item["totalDistance"] = json!(distance);
        item["totalDistanceUnit"] = "m".into();
    }
    Ok(made(WORKOUTS, item))
}

fn common(line: &Line<'_>, nth: u32) -> Result<Json, Held> {
    let (start, end) = line.times()?;
    let mut source = Map::new();
    source.insert("name".to_owned(), line.text("source").unwrap_or_default().into());
    let bundle = line.text("bundle").or_else(|| line.text("source_bundle"));
    source.extend(bundle.map(|bundle| ("bundleIdentifier".to_owned(), bundle.into())));
    let mut revision = json!({"source": source});
    if let Some(version) = line.text("source_version") {
        revision["version"] = version.into();
    }
    let mut item = json!({
        "uuid": line.uuid(nth), "startDate": start, "endDate": end, "metadata": line.metadata(),
        "sourceRevision": revision,
    });
    if let Some(hardware) = line.text("device_hw") {
        item["device"] = json!({"hardwareVersion": hardware});
    }
    Ok(item)
}

fn made(slot: &str, item: Json) -> Outgoing {
    let identity = item["uuid"].as_str().unwrap_or_default().to_owned();
    Outgoing { slot: slot.to_owned(), identity, text: item.to_string() }
}

/// Makes a body of items.
pub fn body(items: &[&Outgoing], now_ms: i64) -> String {
    let mut slots: BTreeMap<&str, Vec<&Outgoing>> = BTreeMap::new();
    for item in items {
        slots.entry(&item.slot).or_default().push(item);
    }
    let data: Vec<String> =
        slots.into_iter().map(|(slot, items)| format!("{}:{}", Json::from(slot), array(items.into_iter()))).collect();
    let now = stamp(now_ms);
    let frame = json!({"exportDate": now, "startDate": now, "endDate": now, "syncSource": "manual-upload"}).to_string();
    let frame = frame.strip_suffix('}').unwrap_or(&frame);
    format!("{frame},\"data\":{{{}}}}}", data.join(","))
}
