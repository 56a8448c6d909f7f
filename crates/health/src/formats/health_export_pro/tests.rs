//! Health Export Pro: the shared vectors, and one rule of its page each.

use std::io::Cursor;
use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::{answer, decode};
use crate::formats::phone::{Decoded, Feed, vectors};
use crate::{EntryKind, ErrorKind, Result};

fn read(body: &[u8]) -> Result<Decoded> {
    Decoded::gather(|sink| decode(Cursor::new(body), sink))
}

fn granted(vector: &Json, request: &Json) -> bool {
    let token = vector["token"].as_str().expect("a token");
    let own = vectors::header(request, "X-Kim-Key") == Some(token);
    own || vectors::header(request, "authorization") == Some(&format!("Bearer {token}"))
}

#[test]
fn the_shared_vectors_end_in_their_states() {
    for (name, vector) in vectors::all("hep") {
        vectors::play(&name, &vector, |request| {
            granted(&vector, request).then(|| (Feed::HealthExportPro, read(&vectors::body(request))))
        });
    }
}

#[test]
fn answers_of_the_shared_vectors_count_records_without_routes() {
    for (name, vector) in vectors::all("hep") {
        for step in vector["steps"].as_array().expect("steps") {
            let expected = &step["expect"]["json_contains"]["count"];
            if !expected.is_null() {
                let counts = read(&vectors::body(&step["request"])).expect("a body").delivery.counts;
                assert_eq!(&answer(counts.records)["count"], expected, "{name}");
            }
        }
    }
}

#[test]
fn a_workout_has_its_statistics_events_and_legs() {
    let vector = vectors::one("hep", "hep-03-workout-route.json");
    let decoded = read(&vectors::body(&vector["steps"][0]["request"])).expect("a body");
    let part = &decoded.batches[0];
    let body: Json = serde_json::from_str(&part.batch.entries[0].body).expect("a body");
    let expected = json!([{"type": "HKQuantityTypeIdentifierHeartRate", "unit": "count/min", "average": 151.2,
        "minimum": 98, "maximum": 176}]);
    assert_eq!(body["statistics"], expected);
    assert_eq!(body["events"][0], json!({"type": "HKWorkoutEventTypePause", "at": "2026-03-14T06:12:00.000Z"}));
    assert_eq!(body["activities"][0]["duration_s"], json!(1881.3));
    assert_eq!(body["metadata"], json!({"HKIndoorWorkout": 0, "HKTimeZone": "Europe/Berlin"}));
    let route = part.batch.entries.iter().find(|entry| entry.kind == EntryKind::Route).expect("a route");
    assert_eq!(route.body, r#"{"points":5,"workout":{"uuid":"4E5FC478-AE7F-57E0-9803-BF9C2D5D63C1"}}"#);
}

#[test]
fn characteristics_become_the_profile_in_the_words_of_an_export() {
    let decoded = read(br#"{"data":{},"characteristics":{"biologicalSex":"female","dateOfBirth":"1980-02-03"}}"#);
    let decoded = decoded.expect("a body");
    let entry = &decoded.batches[0].batch.entries[0];
    assert_eq!(entry.kind, EntryKind::Profile);
    assert_eq!(entry.body, r#"{"biological_sex":"HKBiologicalSexFemale","date_of_birth":"1980-02-03"}"#);
    assert!(decoded.delivery.frame.is_empty() && decoded.delivery.counts.items == 0);
}

#[test]
fn hardware_is_the_devices_and_a_strangers_phone_is_none() {
    let source = |bundle: &str, device: Json| {
        let body = json!({"data": {"HKQuantityTypeIdentifierStepCount": [{"value": 1, "unit": "count",
            "startDate": "2026-03-14T07:30:00.000Z", "endDate": "2026-03-14T07:30:00.000Z", "device": device,
            "sourceRevision": {"source": {"name": "A", "bundleIdentifier": bundle}, "productType": "iPhone16,1"}}]}});
        let decoded = read(body.to_string().as_bytes()).expect("a body");
        let batch = &decoded.batches[0].batch;
        (batch.sources[0].hardware.clone(), batch.origins[0].device.clone())
    };
    assert_eq!(source("com.apple.health.1", Json::Null).0.as_deref(), Some("iPhone16,1"));
    assert_eq!(source("com.example.app", Json::Null), (None, Some("product:iPhone16,1".to_owned())));
    let (hardware, device) =
        source("com.apple.health.1", json!({"name": "W", "hardwareVersion": "Watch7,3", "udi": "u"}));
    assert_eq!(hardware.as_deref(), Some("Watch7,3"));
    assert_eq!(device.as_deref(), Some("name:W, product:iPhone16,1, udi:u, hardware:Watch7,3"));
}

#[test]
fn what_is_no_list_or_no_number_is_a_reject() {
    let body = json!({"data": {"HKQuantityTypeIdentifierStepCount": {"a": 1}, "medications": null,
        "HKQuantityTypeIdentifierHeartRate": [{"value": "high", "startDate": "2026-03-14T07:30:00Z"}, 7],
        "heartbeatSeries": [{"uuid": "65F462FC-BC38-5476-B097-E4389D5AE2B1", "startDate": "2026-03-14T07:30:00Z",
            "beats": [1, 2]}]}});
    let decoded = read(body.to_string().as_bytes()).expect("a body");
    vectors::check_counts(&decoded);
    let mut reasons: Vec<&str> = decoded.problems().map(|problem| problem.reason).collect();
    reasons.sort_unstable();
    assert_eq!(reasons, ["bad_shape", "bad_shape", "bad_value"]);
    let batch = &decoded.batches[0].batch;
    assert_eq!(batch.kinds, ["x-hep:heartbeatSeries"]);
    assert_eq!(batch.details, [r#"{"more":{"beats":[1,2]}}"#]);
}

#[test]
fn bodies_of_another_shape_are_refused() {
    for body in ["[]", "{}", r#"{"data":[]}"#, r#"{"data":null}"#] {
        assert!(matches!(read(body.as_bytes()).expect_err(body).kind(), ErrorKind::Shape(_)), "{body}");
    }
    for body in ["", r#"{"data":"#, r#"{"data":{}} {}"#] {
        assert!(matches!(read(body.as_bytes()).expect_err(body).kind(), ErrorKind::NotJson), "{body}");
    }
}

static BODIES: LazyLock<[Vec<u8>; 3]> = LazyLock::new(|| {
    ["hep-01-manual-upload.json", "hep-03-workout-route.json", "hep-04-medications.json"]
        .map(|name| vectors::body(&vectors::one("hep", name)["steps"][0]["request"]))
});

proptest! {
    #[test]
    fn any_bytes_end_in_a_delivery_or_a_refusal(body in proptest::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(decoded) = read(&body) {
            vectors::check_counts(&decoded);
        }
    }

    #[test]
    fn damaged_bodies_never_panic_and_count_every_item(seed in any::<u64>(), which in 0usize..3) {
        if let Ok(decoded) = read(&vectors::mutate(&BODIES[which], seed)) {
            vectors::check_counts(&decoded);
        }
    }
}
