//! HealthSave: the shared vectors and answers, and one rule of its page each.

use std::io::Cursor;
use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::answers::{self, Stock};
use super::decode;
use crate::formats::phone::{Decoded, Feed, vectors};
use crate::time::Zones;
use crate::{ErrorKind, Result};

fn read(body: &[u8]) -> Result<Decoded> {
    let zones = Zones::named("Europe/Berlin").expect("a zone");
    Decoded::gather(|sink| decode(Cursor::new(body), &zones, sink))
}

/// A batch that the receiver gives to the decoder: with its key, and no repeat of an idempotency key with other
/// content.
fn is_taken(vector: &Json, request: &Json, expect: &Json) -> bool {
    let key = vectors::header(request, "x-api-key") == vector["token"].as_str();
    request["method"] == "POST" && key && expect["status"] != 409
}

#[test]
fn the_shared_vectors_end_in_their_states() {
    for (name, vector) in vectors::all("healthsave") {
        let steps = vector["steps"].as_array().expect("steps");
        vectors::play(&name, &vector, |request| {
            let step = steps.iter().find(|step| step["request"] == *request).expect("the step");
            is_taken(&vector, request, &step["expect"]).then(|| (Feed::HealthSave, read(&vectors::body(request))))
        });
    }
}

#[test]
fn answers_are_those_of_the_shared_vectors() {
    for (name, vector) in vectors::all("healthsave") {
        for step in vector["steps"].as_array().expect("steps") {
            let path = step["request"]["path"].as_str().unwrap_or_default();
            let answer = match (step["expect"]["status"].as_u64(), path) {
                (Some(409), _) => answers::conflict(),
                (Some(200), "/api/health" | "/health") => answers::health(),
                (Some(200), "/api/apple/status") => answers::status(Default::default()),
                (Some(200), _) => {
                    let decoded = read(&vectors::body(&step["request"])).expect("a body");
                    answers::batch(&decoded.delivery, decoded.delivery.counts.records)
                }
                _ => continue,
            };
            if step["expect"]["json_equals"].is_object() {
                assert_eq!(answer, step["expect"]["json_equals"], "{name}");
            }
            for (key, value) in step["expect"]["json_contains"].as_object().into_iter().flatten() {
                match value.as_object() {
                    Some(inner) => inner.iter().for_each(|(k, v)| assert_eq!(answer[key][k], *v, "{name}")),
                    None => assert_eq!(answer[key], *value, "{name}"),
                }
            }
        }
    }
    let stock = Stock { count: 2, oldest_ms: Some(0), newest_ms: Some(1000) };
    let status = answers::status([stock; 7]);
    assert_eq!(status["hrv"]["newest"], "1970-01-01T00:00:01.000Z");
}

fn one(metric: &str, sample: Json) -> Decoded {
    // The samples go before the metric, as a random order of keys has it.
    let body = format!(r#"{{"samples":[{sample}],"metric":"{metric}"}}"#);
    let decoded = read(body.as_bytes()).expect("a body");
    vectors::check_counts(&decoded);
    decoded
}

#[track_caller]
fn check(metric: &str, sample: Json, expected: std::result::Result<(&str, Option<f64>), &str>) {
    let decoded = one(metric, sample);
    let reason = decoded.problems().next().map(|problem| problem.reason);
    let got = match reason {
        Some(reason) => Err(reason),
        None => {
            let part = &decoded.batches[0];
            Ok((crate::kind::short_name(&part.batch.kinds[0]), part.batch.samples[0].value))
        }
    };
    assert_eq!(got, expected);
}

#[test]
fn values_come_in_every_documented_way() {
    let date = "2026-03-14T07:30:00.123Z";
    check("heart_rate", json!({"date": date, "qty": "71.25"}), Ok(("HeartRate", Some(71.25))));
    check("blood_oxygen", json!({"date": date, "qty": 97}), Ok(("OxygenSaturation", Some(0.97))));
    check("oxygen_saturation", json!({"date": date, "qty": 1}), Ok(("OxygenSaturation", Some(1.0))));
    check("body_mass", json!({"date": date, "qty": 80_000, "unit": "g"}), Ok(("BodyMass", Some(80.0))));
    check("apple_stand_time", json!({"date": date, "qty": 3}), Ok(("AppleStandTime", Some(3.0))));
    check("headache", json!({"date": date, "qty": 2}), Ok(("Headache", Some(2.0))));
    check(
        "mindful_session",
        json!({"date": date, "endDate": date, "qty": 900, "rawValue": 0}),
        Ok(("MindfulSession", Some(0.0))),
    );
    check("brain_waves", json!({"date": date, "qty": 3}), Ok(("x-healthsave:brain_waves", Some(3.0))));
    check("heart_rate", json!({"date": date}), Err("bad_value"));
    check("heart_rate", json!({"date": date, "qty": "many"}), Err("bad_value"));
    check("heart_rate", json!({"qty": 7}), Err("bad_time"));
    check("heart_rate", json!(7), Err("bad_time"));
    check("headache", json!({"date": date, "qty": 2.5}), Err("bad_value"));
    check("blood_pressure", json!({"date": date, "qty": 2}), Err("bad_shape"));
}

#[test]
fn sleep_comes_in_words_numbers_and_long_names() {
    let stage =
        |value: Json| json!({"startDate": "2026-03-13T22:30:00Z", "endDate": "2026-03-14T00:00:00Z", "value": value});
    for (value, expected) in [
        (json!("Core"), 3.0),
        (json!("InBed"), 0.0),
        (json!(5), 5.0),
        (json!("4"), 4.0),
        (json!("HKCategoryValueSleepAnalysisAwake"), 2.0),
    ] {
        check("sleep_analysis", stage(value), Ok(("SleepAnalysis", Some(expected))));
    }
    check("sleep_analysis", stage(json!("Sleepy")), Err("unknown_stage"));
    check("sleep_analysis", stage(json!(9)), Err("unknown_stage"));
    check("sleep_analysis", json!({"startDate": "2026-03-13T22:30:00Z", "value": "Core"}), Err("no_end"));
}

#[test]
fn statistics_of_any_metric_are_aggregates() {
    let sample = json!({"date": "2026-03-13T23:00:00Z", "qty": 61, "source": "HealthKit Statistics"});
    let decoded = one("resting_heart_rate", sample);
    let aggregate = &decoded.batches[0].aggregates[0];
    assert_eq!(aggregate.stats, [("avg".to_owned(), 61.0)]);
    assert_eq!(aggregate.end_ms - aggregate.start_ms, 86_400_000);
}

#[test]
fn a_source_has_many_names() {
    for key in super::SOURCES {
        let decoded = one("heart_rate", json!({"date": "2026-03-14T07:30:00Z", "qty": 7, key: "Watch"}));
        assert_eq!(decoded.batches[0].batch.sources[0].name, "Watch", "{key}");
        assert!(decoded.batches[0].batch.details.is_empty(), "{key}");
    }
}

#[test]
fn everything_of_a_workout_is_kept() {
    let vector = vectors::one("healthsave", "hv-06-events-and-workouts.json");
    let decoded = read(&vectors::body(&vector["steps"][2]["request"])).expect("a body");
    let body: Json = serde_json::from_str(&decoded.batches[0].batch.entries[0].body).expect("a body");
    assert_eq!(body["series"]["heartRateData"], json!([{"at": "2026-03-14T06:01:00.000Z", "qty": 132}]));
    assert_eq!(body["statistics"][0]["average"], 151);
}

#[test]
fn bodies_of_another_shape_are_refused() {
    for body in ["[]", "{}", r#"{"metric":"x"}"#, r#"{"metric":"x","samples":{}}"#, r#"{"metric":7,"samples":[]}"#] {
        assert!(matches!(read(body.as_bytes()).expect_err(body).kind(), ErrorKind::Shape(_)), "{body}");
    }
    assert!(matches!(read(b"{\"metric\":").expect_err("cut").kind(), ErrorKind::NotJson));
}

static BODIES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let vectors = vectors::all("healthsave");
    let steps = vectors.iter().flat_map(|(_, vector)| vector["steps"].as_array().into_iter().flatten());
    steps.map(|step| vectors::body(&step["request"])).filter(|body| body.len() > 40).collect()
});

proptest! {
    #[test]
    fn any_bytes_end_in_a_delivery_or_a_refusal(body in proptest::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(decoded) = read(&body) {
            vectors::check_counts(&decoded);
        }
    }

    #[test]
    fn damaged_bodies_never_panic_and_count_every_item(seed in any::<u64>(), which in any::<usize>()) {
        if let Ok(decoded) = read(&vectors::mutate(&BODIES[which % BODIES.len()], seed)) {
            vectors::check_counts(&decoded);
        }
    }
}
