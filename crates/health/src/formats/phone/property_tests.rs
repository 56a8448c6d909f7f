//! Lists of anything: every item is counted once, kept or rejected, and what is kept can be told from the counts.

use std::io::Cursor;

use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};

use super::{Decoded, vectors};
use crate::Result;
use crate::formats::{health_auto_export, health_export_pro, healthsave, healthsync, open_wearables, vitalog};
use crate::time::Zones;

/// Keys of all protocols.
const KEYS: [&str; 64] = [
    "id",
    "uuid",
    "type",
    "record",
    "startDate",
    "endDate",
    "start",
    "end",
    "start_at",
    "end_at",
    "date",
    "value",
    "qty",
    "unit",
    "units",
    "source",
    "source_name",
    "metadata",
    "stage",
    "values",
    "laps",
    "route",
    "points",
    "activity_type",
    "activity",
    "name",
    "duration",
    "durationSeconds",
    "workoutActivityType",
    "allStatistics",
    "events",
    "activities",
    "medicationName",
    "logStatus",
    "displayText",
    "status",
    "classification",
    "voltageMeasurements",
    "samplingFrequency",
    "heartNotification",
    "threshold",
    "severity",
    "valence",
    "labels",
    "Min",
    "Avg",
    "Max",
    "systolic",
    "diastolic",
    "sleepStart",
    "sleepEnd",
    "asleep",
    "totalSleep",
    "metric",
    "rawValue",
    "medication_name",
    "activeEnergyBurned",
    "stats",
    "grain",
    "copies",
    "members",
    "voltages",
    "flags",
    "heartRate",
];

/// Texts that mean something to somebody.
const WORDS: [&str; 24] = [
    "2026-03-14T07:30:00.123Z",
    "2026-03-14T07:29:00Z",
    "2026-03-14 8:30:00\u{202f}PM +0100",
    "2026-03-14",
    "HKQuantityTypeIdentifierHeartRate",
    "HKCategoryTypeIdentifierSleepAnalysis",
    "HKDataTypeIdentifierElectrocardiogram",
    "heart_rate",
    "sleep_analysis",
    "oxygen_saturation",
    "running",
    "Outdoor Run",
    "Core",
    "light",
    "count/min",
    "%",
    "hogshead",
    "71,25",
    "healthkit:65F462FC-BC38-5476-B097-E4389D5AE2B1",
    "healthkit:aggregate:step_count:2026-02-10",
    "sample",
    "aggregate",
    "HealthKit Statistics",
    "",
];

fn any_json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        (-10i64..200).prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        proptest::sample::select(&WORDS[..]).prop_map(Json::from),
        ".{0,12}".prop_map(Json::from),
    ];
    leaf.prop_recursive(3, 24, 8, |inner| {
        let key = proptest::sample::select(&KEYS[..]);
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            proptest::collection::vec((key, inner), 0..12)
                .prop_map(|pairs| Json::Object(pairs.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())),
        ]
    })
}

/// A record with the keys that most have, some of them odd.
fn item() -> impl Strategy<Value = Json> {
    let stamp = proptest::sample::select(&WORDS[..4]).prop_map(Json::from);
    let some = proptest::collection::vec((proptest::sample::select(&KEYS[..]), any_json()), 0..8);
    let record = (stamp.clone(), stamp, any::<f32>(), some).prop_map(|(start, end, value, others)| {
        let mut record = Map::new();
        for (keys, stamp) in
            [(["startDate", "start", "start_at", "date"], start), (["endDate", "end", "end_at", "x"], end)]
        {
            keys.iter().for_each(|key| drop(record.insert((*key).to_owned(), stamp.clone())));
        }
        record.insert("value".to_owned(), json!(value));
        record.insert("qty".to_owned(), json!(value));
        record.insert("type".to_owned(), json!("heart_rate"));
        record.extend(others.into_iter().map(|(key, value)| (key.to_owned(), value)));
        Json::Object(record)
    });
    prop_oneof![1 => any_json(), 4 => record]
}

#[track_caller]
fn check(items: usize, decoded: Result<Decoded>) {
    let decoded = decoded.expect("a body");
    vectors::check_counts(&decoded);
    assert_eq!(decoded.delivery.counts.items, items as u64);
}

proptest! {
    #[test]
    fn every_item_of_every_protocol_is_counted_once(items in proptest::collection::vec(item(), 0..6), at in 0usize..8) {
        let n = items.len();
        let zones = Zones::named("Europe/Berlin").expect("a zone");
        let read = |body: Json| Cursor::new(body.to_string().into_bytes());

        let list = ["records", "sleep", "workouts"][at % 3];
        let body = read(json!({"data": {list: items}}));
        check(n, Decoded::gather(|sink| open_wearables::decode(body, sink)));

        let list = ["metrics", "workouts"][at % 2];
        let body = read(json!({"export_id": "e", list: items}));
        check(n, Decoded::gather(|sink| healthsync::decode(body, sink)));

        let key = ["HKQuantityTypeIdentifierHeartRate", "HKCategoryTypeIdentifierHeadache", "workouts",
            "medicationDoseEvents", "medications", "somethingNew"][at % 6];
        let body = read(json!({"data": {key: items}}));
        check(n, Decoded::gather(|sink| health_export_pro::decode(body, sink)));

        let list = ["workouts", "symptoms", "ecg", "heartRateNotifications", "stateOfMind", "medications",
            "cycleTracking", "ecg"][at % 8];
        let request = health_auto_export::Request::new("", None, &zones);
        let body = read(json!({"data": {list: items}}));
        check(n, Decoded::gather(|sink| health_auto_export::decode(body, request, sink)));

        let name = ["heart_rate", "sleep_analysis", "blood_pressure", "toothbrushing", "future"][at % 5];
        let body = read(json!({"data": {"metrics": [{"name": name, "units": "count", "data": items}]}}));
        check(n, Decoded::gather(|sink| health_auto_export::decode(body, request, sink)));

        let metric = ["heart_rate", "sleep_analysis", "workouts", "ecg", "activity_summaries", "medication_dose_event",
            "step_count", "headache"][at % 8];
        let body = read(json!({"metric": metric, "samples": items}));
        check(n, Decoded::gather(|sink| healthsave::decode(body, &zones, sink)));

        let records = ["sample", "aggregate", "workout", "route", "ecg", "correlation", "sleep_summary", "profile"];
        let mut lines = String::from("{\"record\":\"medication\"}\n");
        for mut item in items {
            if let Some(line) = item.as_object_mut() {
                line.insert("record".to_owned(), json!(records[at % 8]));
            }
            lines.push_str(&format!("{item}\n"));
        }
        check(n + 1, Decoded::gather(|sink| vitalog::decode(Cursor::new(lines.into_bytes()), sink)));
    }
}
