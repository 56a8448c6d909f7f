//! One record as a JSON object: the keys of JSON lines and of raw rows.

use std::collections::BTreeMap;

use health::formats::{ecg, route};
use health::kind::{self, Kind, Nature};
use health::phone::Flag;
use health::time::format_instant;
use serde_json::{Map, Value, json};
use store::query::{EntryRow, MemberRow, SampleRow};
use store::{AggregateRow, Store};

use crate::error::{Error, Result};

/// Apple's word for the value of a category whose samples differ in nothing but their times.
const NOT_APPLICABLE: &str = "not applicable";

/// A sample.
pub fn sample(row: &SampleRow, kind: &Kind) -> Value {
    let mut line = Map::new();
    let mut put = |key: &str, value: Value| line.insert(key.to_owned(), value);
    put("record", "sample".into());
    put("type", kind.identifier.clone().into());
    put("kind", kind.nature.as_str().into());
    put("start", format_instant(row.start_ms).into());
    let told = row.told.clone().unwrap_or_default();
    put("end", if told.endless && !row.filed { Value::Null } else { format_instant(row.end_ms).into() });
    let category = kind.nature == Nature::Category;
    // A number in a unit that nobody knows stands as it was sent.
    let as_sent = told.flags.has(Flag::UnknownUnit);
    let value = if as_sent { row.original } else { row.value };
    put("value", if category { json!(value.map(|v| v as i64)) } else { json!(value) });
    let printed_unit = row.printed_unit.as_deref().unwrap_or_default();
    let unit = if as_sent { printed_unit } else { kind.unit_of(row.printed_unit.as_deref()) };
    put("unit", if category || unit.is_empty() { Value::Null } else { unit.into() });
    put("source", row.source.clone().into());
    put("uuid", told.uuid.map(|uuid| uuid.to_string()).into());
    let mut seen: Vec<&str> = told.feeds.iter().copied().chain(row.filed.then_some("xml")).collect();
    seen.sort_unstable();
    put("seen", json!(seen));
    put("import", row.import_id.into());
    let mut known = |key: &str, value: Option<Value>| value.and_then(|value| line.insert(key.to_owned(), value));
    known("bundle", row.bundle.clone().or(told.bundle).map(Value::from));
    known("device_hw", row.hardware.clone().or(told.hardware).map(Value::from));
    known("device", row.device.clone().map(Value::from));
    known("source_version", row.version.clone().map(Value::from));
    known("created", row.created_ms.map(|ms| format_instant(ms).into()));
    known("original_value", row.original.map(|value| json!(value)));
    let printed = row.printed_unit.as_ref().filter(|printed| *printed != unit || row.original.is_some());
    known("original_unit", printed.cloned().map(Value::from));
    known("label", row.text.clone().map(Value::from));
    let meaning = row.value.filter(|_| category).and_then(|value| kind.category_word(value as i64));
    let meaning = meaning.filter(|word| word != NOT_APPLICABLE);
    known("meaning", meaning.map(Value::from));
    known("unit_unknown", (!category && row.value.is_none()).then_some(Value::Bool(true)));
    let odd: Vec<&str> = told.flags.words().filter(|word| *word != "unit_unknown").collect();
    known("odd", (!odd.is_empty()).then(|| json!(odd)));
    let events = row.by_hand || kind.is_event_like();
    let times = (row.copies > 1).then(|| row.copies.into());
    known(if events { "copies" } else { "repeats" }, times);
    known("superseded", row.superseded.then_some(Value::Bool(true)));
    known("hidden", row.hidden.then_some(Value::Bool(true)));
    if let Some(Value::Object(details)) = row.details.as_deref().and_then(|text| serde_json::from_str(text).ok()) {
        line.extend(details);
    }
    Value::Object(line)
}

/// A sum, a mean or counts that an app made.
pub fn aggregate(row: &AggregateRow) -> Value {
    let stats: Map<String, Value> = row.stats.iter().map(|(word, number)| (word.clone(), json!(number))).collect();
    let mut line = Map::new();
    let mut put = |key: &str, value: Value| line.insert(key.to_owned(), value);
    put("record", "aggregate".into());
    put("type", row.kind.clone().into());
    put("grain", row.grain.into());
    put("start", row.start.clone().into());
    put("end", row.end.clone().into());
    put("stats", stats.into());
    put("unit", row.unit.clone().into());
    put("source", Some(row.source.clone()).filter(|name| !name.is_empty()).into());
    put("feed", row.feed.into());
    put("import", row.import_id.into());
    let mut known = |key: &str, value: Option<Value>| value.and_then(|value| line.insert(key.to_owned(), value));
    known("bundle", row.bundle.clone().map(Value::from));
    known("device_hw", row.hardware.clone().map(Value::from));
    known("label", row.label.clone().map(Value::from));
    known("original_unit", row.original_unit.clone().map(Value::from));
    let odd: Vec<&str> = row.flags.words().collect();
    known("odd", (!odd.is_empty()).then(|| json!(odd)));
    if let Some(Value::Object(details)) = row.details.as_deref().and_then(|text| serde_json::from_str(text).ok()) {
        line.extend(details);
    }
    Value::Object(line)
}

/// What tells a workout: activity, start and end, as its routes repeat them.
type WorkoutKey = (String, String, String);

/// Makes lines of entries; knows what other entries say about them.
pub struct Entries<'a> {
    store: &'a Store,
    route_points: BTreeMap<WorkoutKey, u64>,
}

impl<'a> Entries<'a> {
    /// Counts the points of all routes, for the workouts that they belong to.
    pub fn new(store: &'a Store) -> Result<Self> {
        let mut route_points = BTreeMap::new();
        store.each_entry::<Error>(Some("route"), (i64::MIN, i64::MAX), false, false, |row| {
            let body: Value = serde_json::from_str(&row.body).unwrap_or_default();
            let text = |key: &str| body["workout"][key].as_str().unwrap_or_default().to_owned();
            let key = (text("activity"), text("start"), text("end"));
            *route_points.entry(key).or_default() += body["points"].as_u64().unwrap_or(0);
            Ok(())
        })?;
        Ok(Self { store, route_points })
    }

    /// Lines that do not say how many points the routes of a workout have.
    pub fn without_points(store: &'a Store) -> Self {
        Self { store, route_points: BTreeMap::new() }
    }

    /// Anything but a sample: its body, unpacked, and what the store knows about it.
    pub fn line(&self, row: &EntryRow) -> Result<Value> {
        let mut line = match serde_json::from_str(&row.body) {
            Ok(Value::Object(body)) => body,
            _ => Map::new(),
        };
        match row.kind.as_str() {
            "workout" => self.workout(row, &mut line),
            "route" => track(row, &mut line),
            "ecg" => voltages(row, &mut line),
            "activity_summary" => rename(&mut line, "date", "day"),
            // Only phones tell it, each app its own.
            "sleep_summary" => {
                let feed = line.get("seen").and_then(|seen| seen.get(0)).cloned();
                line.insert("feed".to_owned(), feed.unwrap_or_default());
            }
            "correlation" => {
                let members = self.store.members(row.id, row.superseded)?;
                line.insert("members".to_owned(), members.iter().map(member).collect());
            }
            _ => file(row, &mut line),
        }
        line.insert("record".to_owned(), row.kind.clone().into());
        let mut known = |key: &str, value: Option<Value>| {
            if let Some(value) = value {
                line.entry(key).or_insert(value);
            }
        };
        known("start", row.start_ms.map(|ms| format_instant(ms).into()));
        known("end", row.end_ms.map(|ms| format_instant(ms).into()));
        known("source", row.source.clone().filter(|name| !name.is_empty()).map(Value::from));
        known("source_bundle", row.bundle.clone().map(Value::from));
        known("id", Some(row.id.into()));
        known("import", Some(row.import_id.into()));
        known("superseded", row.superseded.then_some(Value::Bool(true)));
        always(&row.kind).iter().for_each(|key| known(key, Some(Value::Null)));
        Ok(Value::Object(line))
    }

    fn workout(&self, row: &EntryRow, line: &mut Map<String, Value>) {
        // What a phone told says so itself.
        line.entry("seen").or_insert_with(|| json!(["xml"]));
        let word = line.remove("activity").and_then(|word| word.as_str().map(str::to_owned));
        line.insert("activity".to_owned(), json!(word.as_deref().map(kind::activity_number)));
        let stamp = |ms: Option<i64>| ms.map(format_instant).unwrap_or_default();
        let key = (word.clone().unwrap_or_default(), stamp(row.start_ms), stamp(row.end_ms));
        // Apple's own word stands where a file tells it, else the phone's.
        let filed = line["seen"].as_array().is_some_and(|seen| seen.contains(&json!("xml")));
        if filed || !line.contains_key("activity_raw") {
            line.insert("activity_raw".to_owned(), word.into());
        }
        line.insert("route_points".to_owned(), json!(self.route_points.get(&key).unwrap_or(&0)));
    }
}

/// Keys that every line of a kind has, null where nobody told.
fn always(kind: &str) -> &'static [&'static str] {
    match kind {
        "workout" => &["duration_s", "energy_kcal", "distance_m", "uuid", "source"],
        "ecg" => &["classification_raw", "avg_hr", "hz", "source"],
        "activity_summary" => &["active_energy_kcal", "exercise_min", "stand_hours"],
        _ => &[],
    }
}

fn rename(line: &mut Map<String, Value>, from: &str, to: &str) {
    if let Some(value) = line.remove(from) {
        line.insert(to.to_owned(), value);
    }
}

fn member(row: &MemberRow) -> Value {
    let mut line = json!({
        "type": row.identifier, "start": format_instant(row.start_ms), "end": format_instant(row.end_ms),
        "value": row.value, "source": row.source,
    });
    line["unit"] = if row.unit.is_empty() { Value::Null } else { row.unit.clone().into() };
    line
}

fn track(row: &EntryRow, line: &mut Map<String, Value>) {
    rename(line, "points", "route_points");
    match row.payload.as_deref().map(route::unpack) {
        Some(Some(points)) => {
            line.insert("points".to_owned(), points.iter().map(point).collect());
        }
        Some(None) => bytes(row, line),
        None => {}
    }
}

/// A point has only the keys that are known.
fn point(point: &route::Point) -> Value {
    let mut line = Map::new();
    line.insert("lat".to_owned(), json!(point.lat));
    line.insert("lon".to_owned(), json!(point.lon));
    let mut known = |key: &str, value: Option<Value>| value.and_then(|value| line.insert(key.to_owned(), value));
    known("time", point.time_ms.map(|ms| format_instant(ms).into()));
    known("ele", point.ele.map(Value::from));
    known("speed", point.speed.map(Value::from));
    known("course", point.course.map(Value::from));
    known("h_acc", point.h_acc.map(Value::from));
    known("v_acc", point.v_acc.map(Value::from));
    Value::Object(line)
}

fn voltages(row: &EntryRow, line: &mut Map<String, Value>) {
    rename(line, "classification", "classification_raw");
    rename(line, "sample_rate_hz", "hz");
    rename(line, "n", "voltage_count");
    match row.payload.as_deref().map(ecg::unpack) {
        Some(Some(voltages)) => {
            line.insert("voltages".to_owned(), json!(voltages));
        }
        Some(None) => bytes(row, line),
        None => {}
    }
}

/// A clinical file as it was: parsing it would lose how its numbers are written.
fn file(row: &EntryRow, line: &mut Map<String, Value>) {
    match row.payload.as_deref().map(std::str::from_utf8) {
        Some(Ok(text)) => {
            line.insert("resource_text".to_owned(), text.into());
        }
        Some(Err(_)) => bytes(row, line),
        None => {}
    }
}

/// Bytes that we cannot read stay bytes: nothing is lost.
fn bytes(row: &EntryRow, line: &mut Map<String, Value>) {
    let digits = row.payload.iter().flatten().flat_map(|b| [b >> 4, b & 15]);
    let hex: String = digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect();
    line.insert("payload_hex".to_owned(), hex.into());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(kind: &str, body: &str, payload: Option<Vec<u8>>, expected: Value) {
        let store = Store::empty(std::path::Path::new("")).expect("a store");
        let row = EntryRow {
            id: 7,
            kind: kind.to_owned(),
            identity: String::new(),
            source: None,
            bundle: None,
            start_ms: Some(1000),
            end_ms: None,
            body: body.to_owned(),
            payload,
            import_id: 1,
            superseded: false,
        };
        let mut line = Entries::new(&store).and_then(|entries| entries.line(&row)).expect("a line");
        for (key, value) in [("id", json!(7)), ("import", json!(1)), ("start", json!("1970-01-01T00:00:01.000Z"))] {
            assert_eq!(line.as_object_mut().and_then(|line| line.remove(key)), Some(value), "{key}");
        }
        assert_eq!(line, expected);
    }

    #[test]
    fn a_workout_has_apples_number_and_its_word() {
        check(
            "workout",
            r#"{"activity":"HKWorkoutActivityTypeYoga","duration_s":60.0}"#,
            None,
            json!({"record": "workout", "activity": 57, "activity_raw": "HKWorkoutActivityTypeYoga", "duration_s": 60.0,
                "energy_kcal": null, "distance_m": null, "uuid": null, "source": null, "route_points": 0,
                "seen": ["xml"]}),
        );
    }

    #[test]
    fn bulk_is_unpacked_or_kept_as_it_is() {
        let points = [route::Point { lat: 1.5, lon: -2.0, speed: Some(3.0), ..Default::default() }];
        check(
            "route",
            r#"{"points":1}"#,
            Some(route::pack(&points)),
            json!({"record": "route", "route_points": 1, "points": [{"lat": 1.5, "lon": -2.0, "speed": 3.0}]}),
        );
        let head = json!({"record": "ecg", "classification_raw": null, "avg_hr": null, "hz": 512.0, "source": null});
        let mut whole = head.clone();
        (whole["voltage_count"], whole["voltages"]) = (json!(3), json!([0.5, null, -3.0]));
        check("ecg", r#"{"n":3,"sample_rate_hz":512.0}"#, Some(ecg::pack(&[Some(0.5), None, Some(-3.0)])), whole);
        let mut broken = head;
        broken["payload_hex"] = json!("ff01");
        check("ecg", r#"{"sample_rate_hz":512.0}"#, Some(vec![255, 1]), broken);
        check(
            "clinical_record",
            "{}",
            Some(b"{\"a\":1.10}".to_vec()),
            json!({"record": "clinical_record", "resource_text": "{\"a\":1.10}"}),
        );
    }
}
