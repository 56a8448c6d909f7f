//! Lines of an export come back as they were stored.

use std::io::Cursor;
use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::{answer, decode};
use crate::formats::phone::{Decoded, Feed, vectors};
use crate::formats::{ecg, route};
use crate::phone::{Flag, PhoneBatch};
use crate::{ErrorKind, Result};

fn read(body: &[u8]) -> Result<Decoded> {
    Decoded::gather(|sink| decode(Cursor::new(body), sink))
}

fn lines(lines: &[Json]) -> Decoded {
    let body: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let decoded = read(body.as_bytes()).expect("lines");
    vectors::check_counts(&decoded);
    decoded
}

/// The batch of one line that is kept.
#[track_caller]
fn one(line: Json) -> PhoneBatch {
    let decoded = lines(&[line]);
    assert_eq!(decoded.problems().collect::<Vec<_>>(), Vec::<&crate::Problem>::new());
    decoded.batches[0].clone()
}

fn sample() -> Json {
    json!({"record": "sample", "type": "HKQuantityTypeIdentifierBodyMass", "kind": "quantity",
        "start": "2026-03-14T06:02:11.250Z", "end": "2026-03-14T06:02:11.250Z", "value": 80.000_086_3, "unit": "kg",
        "source": "Scale", "uuid": "A3D78127-BEB3-5027-B8B7-C8779619204F", "seen": ["hep", "xml"], "import": 3,
        "bundle": "com.example.scale", "device_hw": "Scale1,1", "device": "name:Scale, hardware:Scale1,1",
        "source_version": "5", "created": "2026-03-14T06:03:00.000Z", "original_value": 176.37, "original_unit": "lb",
        "metadata": {"HKWasUserEntered": "1"}, "beats": [{"bpm": 60}]})
}

#[test]
fn a_sample_comes_back_as_it_was() {
    let part = one(sample());
    let (got, marks, batch) = (part.batch.samples[0], part.marks[0], &part.batch);
    assert_eq!(batch.kinds, ["HKQuantityTypeIdentifierBodyMass"]);
    assert_eq!((got.value, got.original), (Some(80.000_086_3), Some(176.37)));
    assert_eq!(marks.uuid.map(|uuid| uuid.to_string()).as_deref(), Some("A3D78127-BEB3-5027-B8B7-C8779619204F"));
    assert!(marks.flags.has(Flag::StartFine) && marks.flags.has(Flag::EndFine) && !marks.flags.has(Flag::EndUnknown));
    assert_eq!(got.created_ms.map(crate::time::format_instant).as_deref(), Some("2026-03-14T06:03:00.000Z"));
    assert_eq!(batch.sources[0].bundle.as_deref(), Some("com.example.scale"));
    assert_eq!(batch.sources[0].hardware.as_deref(), Some("Scale1,1"));
    assert_eq!((batch.origins[0].unit.as_deref(), batch.origins[0].version.as_deref()), (Some("lb"), Some("5")));
    assert_eq!(batch.details, [r#"{"beats":[{"bpm":60}],"metadata":{"HKWasUserEntered":"1"}}"#]);
    assert!(got.user_entered);
}

#[test]
fn what_was_odd_stays_odd() {
    let with = |changes: Json| {
        let mut line = sample();
        changes.as_object().expect("changes").iter().for_each(|(key, value)| line[key] = value.clone());
        one(line)
    };
    assert!(with(json!({"end": null})).marks[0].flags.has(Flag::EndUnknown));
    let unknown = with(json!({"value": null, "unit_unknown": true, "original_unit": "hogshead"}));
    assert!(unknown.marks[0].flags.has(Flag::UnknownUnit));
    assert_eq!((unknown.batch.samples[0].value, unknown.batch.samples[0].original), (None, Some(176.37)));
    let nothing = with(json!({"value": null, "original_value": null}));
    assert!(nothing.marks[0].flags.has(Flag::NoValue));
    let coarse = with(json!({"start": "2026-03-14T06:02:11.000Z", "seen": ["xml"]}));
    assert!(!coarse.marks[0].flags.has(Flag::StartFine));
    let told =
        with(json!({"start": "2026-03-14T06:02:11.000Z", "seen": ["xml"], "flags": ["start_fine", "end_unknown"]}));
    assert!(told.marks[0].flags.has(Flag::StartFine) && told.marks[0].flags.has(Flag::EndUnknown));
    let stage = one(json!({"record": "sample", "type": "HKCategoryTypeIdentifierSleepAnalysis", "value": null,
        "label": "Dreaming", "start": "2026-03-14T06:02:11Z", "end": "2026-03-14T06:02:12Z"}));
    assert_eq!(stage.batch.texts, ["Dreaming"]);
}

#[test]
fn copies_are_samples_and_repeats_are_not() {
    let mut line = sample();
    line["copies"] = json!(3);
    assert_eq!(lines(&[line.clone()]).batches[0].batch.samples.len(), 3);
    line["copies"] = json!(1e18);
    assert_eq!(lines(&[line.clone()]).problems().next().map(|problem| problem.reason), Some("bad_value"));
    line.as_object_mut().expect("a line").remove("copies");
    line["repeats"] = json!(3);
    assert_eq!(lines(&[line]).batches[0].batch.samples.len(), 1);
}

#[test]
fn what_is_forwarded_has_a_name_and_is_told_as_it_stands_there() {
    let mut line = sample();
    line["row"] = json!("0123");
    line["flags"] = json!(["start_fine", "suspicious_unit"]);
    line["repeats"] = json!(2);
    let part = one(line);
    let names: Vec<&str> = part.marks.iter().map(|marks| part.names[marks.name as usize].as_str()).collect();
    assert_eq!((names, part.batch.samples.len()), (vec!["0123", "0123"], 2));
    assert!(part.marks[0].flags.has(Flag::SuspiciousUnit) && !part.marks[0].flags.has(Flag::EndFine));
}

#[test]
fn what_the_sender_has_no_more_is_said_by_its_names() {
    let gone = crate::phone::Retraction {
        record: "sample".to_owned(),
        kind: "T".to_owned(),
        range_ms: (0, 86_400_000),
        names: vec!["a".to_owned(), "b".to_owned()],
    };
    let timeless = crate::phone::Retraction {
        record: "activity_summary".to_owned(),
        kind: String::new(),
        range_ms: (i64::MIN, i64::MIN + 1),
        names: vec!["c".to_owned()],
    };
    for retraction in [gone, timeless] {
        // It is an item, and no record.
        let decoded = read(super::gone(&retraction).to_string().as_bytes()).expect("a line");
        assert_eq!(decoded.batches[0].retractions, [retraction]);
    }
    for broken in [
        json!({"record": "gone", "of": "sample"}),
        json!({"record": "gone", "rows": []}),
        json!({"record": "gone", "of": "sample", "rows": [], "from": "2026-03-14T06:02:11Z"}),
    ] {
        assert_eq!(read(broken.to_string().as_bytes()).expect("a line").delivery.counts.rejected, 1);
    }
}

#[test]
fn an_aggregate_keeps_its_app() {
    let part = one(json!({"record": "aggregate", "type": "HKQuantityTypeIdentifierStepCount", "grain": "day",
        "start": "2026-03-12T23:00:00.000Z", "end": "2026-03-13T23:00:00.000Z", "stats": {"sum": 8432.0},
        "unit": "count", "source": "Kim’s Apple Watch|Kim’s iPhone", "feed": "hae"}));
    let aggregate = &part.aggregates[0];
    assert_eq!((aggregate.feed, aggregate.end_ms - aggregate.start_ms), (Feed::HealthAutoExport, 86_400_000));
    assert_eq!(aggregate.stats, [("sum".to_owned(), 8432.0)]);
}

#[test]
fn entries_have_the_bodies_that_the_sender_stored() {
    let part = one(json!({"record": "workout", "activity": 57, "activity_raw": "HKWorkoutActivityTypeYoga",
        "start": "2026-03-14T17:00:00.700Z", "end": "2026-03-14T17:45:00.200Z", "duration_s": 60, "energy_kcal": null,
        "source": "Watch", "uuid": "66DE6C15-A99B-5A5A-8C77-60ADB37A82AB", "route_points": 0, "seen": ["xml"], "id": 4}));
    let entry = &part.batch.entries[0];
    assert_eq!(entry.body, r#"{"activity":"HKWorkoutActivityTypeYoga","duration_s":60}"#);
    assert_eq!((entry.identity.as_str(), entry.source.name.as_str()), ("HKWorkoutActivityTypeYoga", "Watch"));
    assert!(part.entry_marks[0].uuid.is_some());
    let part = one(json!({"record": "workout", "activity": 37, "activity_raw": "Outdoor Run",
        "start": "2026-03-14T17:00:00.000Z", "end": "2026-03-14T17:45:00.000Z"}));
    let expected = r#"{"activity":"HKWorkoutActivityTypeRunning","activity_raw":"Outdoor Run"}"#;
    assert_eq!(part.batch.entries[0].body, expected);
    let rings =
        one(json!({"record": "activity_summary", "day": "2026-03-13", "exercise_min": 41, "stand_hours": null}));
    assert_eq!(rings.batch.entries[0].body, r#"{"date":"2026-03-13","exercise_min":41}"#);
    assert_eq!(rings.batch.entries[0].identity, "2026-03-13");
    let clinical = one(json!({"record": "clinical_record", "type": "A", "identifier": "7", "resource_text": "{}"}));
    assert_eq!(clinical.batch.entries[0].payload.as_deref(), Some(&b"{}"[..]));
    assert_eq!(clinical.batch.entries[0].identity, "A 7");
}

#[test]
fn bulk_is_packed_again() {
    let part = one(json!({"record": "route", "start": "2026-03-14T06:01:05.000Z", "route_points": 1,
        "workout": {"uuid": "U"}, "points": [{"lat": 1.5, "lon": -2.0, "speed": 3.0, "time": "2026-03-14T06:01:05.000Z",
            "ele": 4.0, "h_acc": 5.0, "v_acc": 6.0}]}));
    let entry = &part.batch.entries[0];
    let points = entry.payload.as_deref().and_then(route::unpack).expect("a route");
    assert_eq!((points[0].lat, points[0].speed, points[0].ele), (1.5, Some(3.0), Some(4.0)));
    assert_eq!((points[0].h_acc, points[0].v_acc, points[0].time_ms), (Some(5.0), Some(6.0), entry.start_ms));
    assert_eq!(entry.body, r#"{"points":1,"workout":{"uuid":"U"}}"#);
    let part = one(json!({"record": "ecg", "start": "2026-03-14T20:00:00.616Z", "classification_raw": "Sinus Rhythm",
        "hz": 512, "voltage_count": 2, "voltages": [0.5, -3.0], "avg_hr": null}));
    let entry = &part.batch.entries[0];
    assert_eq!(entry.payload.as_deref().and_then(ecg::unpack), Some(vec![Some(0.5), Some(-3.0)]));
    assert_eq!(entry.body, r#"{"classification":"Sinus Rhythm","n":2,"sample_rate_hz":512}"#);
}

#[test]
fn a_correlation_has_its_members() {
    let member = |name: &str, value: f64| {
        json!({"type": format!("HKQuantityTypeIdentifierBloodPressure{name}"), "start": "2026-03-14T06:05:12.000Z",
            "end": "2026-03-14T06:05:12.000Z", "value": value, "unit": "mmHg", "source": "Cuff"})
    };
    let part = one(json!({"record": "correlation", "type": "HKCorrelationTypeIdentifierBloodPressure",
        "start": "2026-03-14T06:05:12.000Z", "end": "2026-03-14T06:05:12.000Z", "source": "Cuff",
        "members": [member("Systolic", 121.0), member("Diastolic", 79.0)]}));
    let entry = &part.batch.entries[0];
    let members = entry.members.as_ref().expect("members");
    assert_eq!(members.samples.iter().map(|sample| sample.value).collect::<Vec<_>>(), [Some(121.0), Some(79.0)]);
    assert_eq!(entry.body, r#"{"type":"HKCorrelationTypeIdentifierBloodPressure"}"#);
    assert!(entry.identity.starts_with("HKCorrelationTypeIdentifierBloodPressure||HKQuantityTypeIdentifierBlood"));
}

#[test]
fn every_state_of_the_shared_vectors_comes_back() {
    let folders = ["healthsync", "hep", "hae", "healthsave", "cross"];
    for (name, vector) in folders.into_iter().flat_map(vectors::all) {
        let mut sent = Vec::new();
        for (list, rows) in vector["state_after"].as_object().expect("a state") {
            let record = match list.as_str() {
                "sleep_summaries" => "sleep_summary",
                "states_of_mind" => "state_of_mind",
                "activity_summaries" => "activity_summary",
                list => list.trim_end_matches('s'),
            };
            for row in rows.as_array().expect("rows") {
                let mut line = row.clone();
                line["record"] = json!(record);
                sent.push(line);
            }
        }
        let decoded = lines(&sent);
        assert_eq!(decoded.delivery.counts.rejected, 0, "{name}: {:?}", decoded.problems().next());
        let mut state = vectors::State::default();
        let counts = state.ingest(Feed::Vitalog, &decoded);
        assert_eq!(counts["new"], sent.len() as u64, "{name}");
    }
}

#[test]
fn broken_lines_are_rejects_and_the_rest_goes_on() {
    let good = sample();
    let body = format!(
        "{good}\n\n{{\"record\":\n7\n{{}}\n{{\"record\":\"dream\"}}\n{{\"record\":\"sample\",\"superseded\":true}}\n{good}"
    );
    let decoded = read(body.as_bytes()).expect("lines");
    vectors::check_counts(&decoded);
    let reasons: Vec<&str> = decoded.problems().map(|problem| problem.reason).collect();
    assert_eq!(reasons, ["bad_json", "bad_json", "bad_shape", "unknown_record", "superseded"]);
    assert_eq!(decoded.batches[0].batch.samples.len(), 2);
    assert_eq!(answer(&decoded.delivery, 2, 0, 0)["received"], 7);
    assert!(matches!(read(b"[1]").expect_err("a list").kind(), ErrorKind::NotJson));
    assert_eq!(read(b" \n").expect("nothing").delivery.counts.items, 0);
}

static BODY: LazyLock<String> = LazyLock::new(|| {
    let route = json!({"record": "route", "start": "2026-03-14T06:01:05.000Z", "points": [{"lat": 1.5, "lon": -2.0}]});
    let pressure = json!({"record": "correlation", "type": "x", "start": "2026-03-14T06:01:05.000Z",
        "members": [{"type": "y", "start": "2026-03-14T06:01:05.000Z", "value": 1}]});
    [sample(), route, pressure].map(|line| line.to_string()).join("\n")
});

proptest! {
    #[test]
    fn any_bytes_end_in_a_delivery_or_a_refusal(body in proptest::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(decoded) = read(&body) {
            vectors::check_counts(&decoded);
        }
    }

    #[test]
    fn damaged_lines_never_panic_and_count_every_item(seed in any::<u64>()) {
        if let Ok(decoded) = read(&vectors::mutate(BODY.as_bytes(), seed)) {
            vectors::check_counts(&decoded);
        }
    }
}
