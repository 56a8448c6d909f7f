//! HealthSync: the shared vectors, and one rule of its page each.

use std::io::Cursor;
use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::{answer, decode};
use crate::ErrorKind;
use crate::formats::phone::{Decoded, Feed, vectors};

fn read(body: &[u8]) -> crate::Result<Decoded> {
    Decoded::gather(|sink| decode(Cursor::new(body), sink))
}

fn one(metric: Json) -> Decoded {
    let decoded = read(json!({"export_id": "e", "metrics": [metric]}).to_string().as_bytes()).expect("a body");
    vectors::check_counts(&decoded);
    decoded
}

#[test]
fn the_shared_vectors_end_in_their_states() {
    for (name, vector) in vectors::all("healthsync") {
        let token = vector["token"].as_str().expect("a token").to_owned();
        vectors::play(&name, &vector, |request| {
            let granted = vectors::header(request, "authorization") == Some(&format!("Bearer {token}"));
            (request["method"] == "POST" && granted).then(|| (Feed::HealthSync, read(&vectors::body(request))))
        });
    }
}

#[test]
fn answers_of_the_shared_vectors_count_every_item() {
    for (name, vector) in vectors::all("healthsync") {
        for step in vector["steps"].as_array().expect("steps") {
            let expected = &step["expect"]["json_contains"]["received"];
            if expected.is_null() || step["request"]["method"] != "POST" {
                continue;
            }
            let counts = read(&vectors::body(&step["request"])).expect("a body").delivery.counts;
            assert_eq!(&answer(counts.items, 0)["received"], expected, "{name}");
        }
    }
}

fn stage(metadata: Json) -> (Option<f64>, Vec<&'static str>) {
    let decoded = one(json!({"id": "healthkit:FBA587D6-D70B-5C0B-9862-114AD0A2528A", "type": "sleep_analysis",
        "value": 60, "unit": "seconds", "start_at": "2026-03-13T22:30:00.000Z", "end_at": "2026-03-13T22:31:00.000Z",
        "source_name": "Watch", "metadata": metadata}));
    let part = &decoded.batches[0];
    (part.batch.samples[0].value, part.marks[0].flags.words().collect())
}

#[test]
fn a_stage_is_a_word_or_apples_integer_or_kept_as_sent() {
    assert_eq!(stage(json!({"sleep_stage": "asleep_rem"})), (Some(5.0), vec![]));
    assert_eq!(stage(json!({"sleep_stage": "unknown", "category_value": "4"})), (Some(4.0), vec![]));
    assert_eq!(stage(json!({"sleep_stage": "unknown"})), (None, vec!["unknown_stage"]));
    assert_eq!(stage(json!({})), (None, vec!["no_value"]));
}

#[test]
fn a_percentage_is_a_fraction_however_it_comes() {
    for (sent, expected) in [(0.97, 0.97), (97.0, 0.97), (1.0, 1.0)] {
        let decoded = one(json!({"id": "a", "type": "oxygen_saturation", "value": sent, "unit": "percent",
            "start_at": "2026-03-14T02:11:40Z", "end_at": "2026-03-14T02:11:40Z", "source_name": "W"}));
        assert_eq!(decoded.batches[0].batch.samples[0].value, Some(expected));
    }
}

#[test]
fn a_unit_that_nobody_knows_keeps_the_number_and_counts_nowhere() {
    let decoded = one(json!({"id": "a", "type": "body_mass", "value": 12, "unit": "hogshead",
        "start_at": "2026-03-14T02:11:40Z", "end_at": "2026-03-14T02:11:40Z", "source_name": "W"}));
    let part = &decoded.batches[0];
    assert_eq!((part.batch.samples[0].value, part.batch.samples[0].original), (None, Some(12.0)));
    assert_eq!(part.batch.origins[0].unit.as_deref(), Some("hogshead"));
    assert_eq!(part.marks[0].flags.words().collect::<Vec<_>>(), ["unit_unknown"]);
    assert_eq!(part.names, ["a"]);
}

#[test]
fn a_null_value_with_its_id_is_kept_and_a_word_is_a_reject() {
    let sent = |value: Json| {
        one(json!({"id": "healthkit:FBA587D6-D70B-5C0B-9862-114AD0A2528A", "type": "heart_rate", "value": value,
            "unit": "count/min", "start_at": "2026-03-14T02:11:40Z", "end_at": "2026-03-14T02:11:39Z"}))
    };
    let kept = sent(Json::Null);
    let words: Vec<_> = kept.batches[0].marks[0].flags.words().collect();
    assert_eq!(words, ["end_before_start", "no_value"]);
    assert_eq!(sent(json!("high")).problems().next().map(|problem| problem.reason), Some("bad_value"));
}

#[test]
fn bodies_of_another_shape_are_refused() {
    for body in ["[]", "{}", r#"{"export_id":"e","metrics":{}}"#, r#"{"export_id":"e"}"#, "7"] {
        let error = read(body.as_bytes()).expect_err(body);
        assert!(matches!(error.kind(), ErrorKind::Shape(_)), "{body}: {error}");
    }
    for body in ["", "{", r#"{"metrics":[}"#, r#"{"metrics":[]} x"#, "metrics"] {
        let error = read(body.as_bytes()).expect_err(body);
        assert!(matches!(error.kind(), ErrorKind::NotJson), "{body}: {error}");
    }
}

static BODIES: LazyLock<[Vec<u8>; 2]> = LazyLock::new(|| {
    ["hs-02-first-batch.json", "hs-04-backfill-aggregates.json"]
        .map(|name| vectors::body(&vectors::one("healthsync", name)["steps"][0]["request"]))
});

proptest! {
    #[test]
    fn any_bytes_end_in_a_delivery_or_a_refusal(body in proptest::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(decoded) = read(&body) {
            vectors::check_counts(&decoded);
        }
    }

    #[test]
    fn damaged_bodies_never_panic_and_count_every_item(seed in any::<u64>(), which in 0usize..2) {
        if let Ok(decoded) = read(&vectors::mutate(&BODIES[which], seed)) {
            vectors::check_counts(&decoded);
        }
    }
}
