//! The shared bodies of the SDK, odd and broken ones among them: nothing of them is lost.

use std::io::Cursor;
use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::{answers, decode};
use crate::batch::NONE;
use crate::formats::phone::{Decoded, vectors};
use crate::phone::Flag;
use crate::time::{format_instant, parse_stamp};
use crate::{EntryKind, ErrorKind};

fn read(body: &[u8]) -> crate::Result<Decoded> {
    Decoded::gather(|sink| decode(Cursor::new(body), sink))
}

fn vector(name: &str) -> Json {
    vectors::one("open-wearables", name)
}

fn list<'a>(body: &'a Json, name: &str) -> &'a [Json] {
    body["data"][name].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// Every text and number of a JSON value that is not null.
fn leaves(value: &Json, found: &mut Vec<String>) {
    match value {
        Json::Null => {}
        Json::Array(list) => list.iter().for_each(|value| leaves(value, found)),
        Json::Object(map) => map.values().for_each(|value| leaves(value, found)),
        Json::String(text) => found.push(text.clone()),
        other => found.push(other.to_string()),
    }
}

#[test]
fn every_record_of_the_shared_bodies_can_be_read_back() {
    for (name, body) in vectors::all("open-wearables").into_iter().filter(|(name, _)| name.starts_with("sync-")) {
        let decoded = read(body.to_string().as_bytes()).expect("a body");
        vectors::check_counts(&decoded);
        let counts = decoded.delivery.counts;
        let sent = ["records", "sleep", "workouts"].map(|name| list(&body, name).len());
        assert_eq!((counts.items, counts.rejected), (sent.iter().sum::<usize>() as u64, 0), "{name}");
        let samples =
            decoded.batches.iter().flat_map(|part| part.batch.samples.iter().zip(&part.marks).map(move |s| (part, s)));
        let sent = list(&body, "records").iter().chain(list(&body, "sleep"));
        // Members of `data` come in any order.
        let key = |id: &str, start: &str, value: &str| format!("{id} {start} {value}");
        let mut expected: Vec<String> = sent
            .map(|sent| {
                let ms = parse_stamp(sent["startDate"].as_str().expect("a start")).expect("a stamp");
                let value = sent["value"].as_f64().map(|value| format!("{value}")).unwrap_or_default();
                key(sent["id"].as_str().expect("an id"), &format_instant(ms), &value)
            })
            .collect();
        let mut got: Vec<String> = samples
            .map(|(part, (sample, marks))| {
                let sleep = part.batch.kinds[sample.kind as usize] == super::record::SLEEP;
                let value =
                    sample.original.or(sample.value).filter(|_| !sleep).map(|v| format!("{v}")).unwrap_or_default();
                let id = marks.uuid.map(|uuid| uuid.to_string()).unwrap_or_default();
                key(&id, &format_instant(sample.start_ms), &value)
            })
            .collect();
        expected.sort();
        got.sort();
        assert_eq!(got, expected, "{name}");
    }
}

#[test]
fn nothing_that_a_workout_says_is_lost() {
    for name in ["sync-03-workouts.json", "sync-06-edge-cases.json", "sync-09-workout-route.json"] {
        let body = vector(name);
        let decoded = read(body.to_string().as_bytes()).expect("a body");
        let entries: Vec<_> = decoded.batches.iter().flat_map(|part| &part.batch.entries).collect();
        let workouts: Vec<_> = entries.iter().filter(|entry| entry.kind == EntryKind::Workout).collect();
        assert_eq!(workouts.len(), list(&body, "workouts").len(), "{name}");
        for (entry, sent) in workouts.iter().zip(list(&body, "workouts")) {
            let kept: Json = serde_json::from_str(&entry.body).expect("a body");
            assert_eq!(kept["values"], sent["values"], "{name}");
            assert_eq!(kept["activity_raw"], sent["type"]);
            let laps = sent["laps"].as_array().map_or(0, Vec::len);
            assert_eq!(kept["events"].as_array().map_or(0, Vec::len), laps);
            let (mut wanted, mut found) = (Vec::new(), Vec::new());
            sent["laps"]
                .as_array()
                .iter()
                .for_each(|laps| laps.iter().for_each(|lap| leaves(&lap["metadata"], &mut wanted)));
            leaves(&kept["events"], &mut found);
            assert!(wanted.iter().all(|text| found.contains(text)), "{name}");
        }
        let places: usize = list(&body, "workouts").iter().map(|w| w["route"].as_array().map_or(0, Vec::len)).sum();
        let routes = entries.iter().filter(|entry| entry.kind == EntryKind::Route);
        let kept: usize = routes
            .map(|r| crate::formats::route::unpack(r.payload.as_ref().expect("places")).expect("a route").len())
            .sum();
        assert_eq!(kept, places, "{name}");
    }
}

#[test]
fn statistics_distance_and_laps_have_their_places() {
    let decoded = read(vector("sync-03-workouts.json").to_string().as_bytes()).expect("a body");
    let run =
        decoded.batches[0].batch.entries.iter().find(|e| e.identity == "HKWorkoutActivityTypeRunning").expect("a run");
    let body: Json = serde_json::from_str(&run.body).expect("a body");
    assert_eq!(body["distance_m"], json!(7_015.229_492_19));
    assert_eq!(body["energy_kcal"], json!(412.77));
    let heart = body["statistics"].as_array().expect("a list").iter().find(|s| s["minimum"] == 96).expect("heart rate");
    assert_eq!(
        *heart,
        json!({"type": "HKQuantityTypeIdentifierHeartRate", "unit": "count/min", "minimum": 96,
        "average": 151.384_615_385, "maximum": 177})
    );
    let lap = &body["events"][0];
    assert_eq!((&lap["type"], &lap["at"]), (&json!("HKWorkoutEventTypeLap"), &json!("2026-03-01T08:05:12.000Z")));
    assert_eq!(lap["duration_s"], json!(301.52));
    assert_eq!(body["zone_offset"], "+01:00");
}

#[test]
fn every_type_that_the_sdk_sends_has_a_unit_that_fits() {
    let decoded = read(vector("sync-05-all-types.json").to_string().as_bytes()).expect("a body");
    for part in &decoded.batches {
        for (sample, marks) in part.batch.samples.iter().zip(&part.marks) {
            let kind = &part.batch.kinds[sample.kind as usize];
            assert!(!marks.flags.leaves_out(), "{kind}: {:?}", marks.flags.words().collect::<Vec<_>>());
            if kind.ends_with("OxygenSaturation") {
                assert!(sample.value.is_some_and(|value| (0.5..=1.0).contains(&value)));
            }
        }
    }
}

#[test]
fn odd_records_are_stored_as_sent_and_marked() {
    let decoded = read(vector("sync-06-edge-cases.json").to_string().as_bytes()).expect("a body");
    let part = &decoded.batches[0];
    let flags = |suffix: &str| {
        let found = part.batch.samples.iter().zip(&part.marks);
        let mut found = found.filter(|(sample, _)| part.batch.kinds[sample.kind as usize].ends_with(suffix));
        found.next().map(|(_, marks)| marks.flags.words().collect::<Vec<_>>()).expect("a sample")
    };
    assert_eq!(flags("Electrocardiogram"), ["no_value", "unknown_type"]);
    assert_eq!(flags("SomethingNew2027"), ["unknown_type"]);
    let stage = part.batch.samples.iter().zip(&part.marks).find(|(sample, _)| sample.text != NONE).expect("a word");
    assert!(stage.1.flags.has(Flag::UnknownStage));
    assert_eq!(part.batch.texts[stage.0.text as usize], "unknown");
    assert_eq!(part.deletions.len(), 1);
    assert_eq!(decoded.delivery.frame["futureField"], json!({"x": 1}));
    assert!(part.batch.samples.iter().any(|sample| sample.user_entered));
    assert!(part.batch.details.iter().any(|details| details.contains("Müsli / 80 g")));
    assert!(part.batch.sources.iter().any(|source| source.name == "Läufer/App \"Pro\" 🏃‍♀️"));
}

#[test]
fn broken_items_are_rejects_among_good_ones() {
    let decoded = read(vector("bad-04-partially-invalid-records.json").to_string().as_bytes()).expect("a body");
    vectors::check_counts(&decoded);
    let reasons: Vec<&str> = decoded.problems().map(|problem| problem.reason).collect();
    let mut sorted = reasons.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, ["bad_shape", "bad_time", "bad_value"]);
    assert!(decoded.problems().any(|problem| problem.rejected.as_deref() == Some("\"not an object\"")));
    assert_eq!(decoded.delivery.counts.items, 10);
    let part = &decoded.batches[0];
    let before = part.marks.iter().filter(|marks| marks.flags.has(Flag::EndBeforeStart)).count();
    assert_eq!(before, 1);
    assert!(part.entry_marks.iter().any(|marks| marks.flags.has(Flag::UnknownStatistic)));
    assert!(part.batch.samples.iter().any(|sample| sample.value == Some(66.5)));
}

#[test]
fn only_another_provider_or_no_body_at_all_is_refused() {
    let error = |name: &str| read(vector(name).to_string().as_bytes()).map(|d| d.delivery.counts);
    assert!(matches!(error("bad-01-unknown-provider.json").expect_err("refused").kind(), ErrorKind::Shape("provider")));
    assert_eq!(error("bad-02-missing-sync-timestamp.json").expect("taken").items, 0);
    let counts = error("bad-03-records-not-a-list.json").expect("taken");
    assert_eq!((counts.items, counts.rejected), (1, 1));
    for (body, json) in [("{\"data\":", false), ("", false), ("[]", true), ("{}", true), ("{\"data\":7}", true)] {
        let error = read(body.as_bytes()).expect_err(body);
        assert_eq!(matches!(error.kind(), ErrorKind::Shape(_)), json, "{body}");
        assert_eq!(matches!(error.kind(), ErrorKind::NotJson), !json, "{body}");
    }
}

#[test]
fn a_workout_without_statistics_and_a_source_that_is_a_word_are_kept() {
    let body = json!({"data": {"workouts": [{"type": "running", "startDate": "2026-03-08T09:00:00Z",
        "endDate": "2026-03-08T08:00:00Z", "source": "Watch", "title": "Evening"}]}});
    let decoded = read(body.to_string().as_bytes()).expect("a body");
    let part = &decoded.batches[0];
    assert_eq!(part.batch.entries[0].source.name, "Watch");
    assert!(part.entry_marks[0].flags.has(Flag::EndBeforeStart) && part.entry_marks[0].flags.leaves_out());
    assert!(part.batch.entries[0].body.contains(r#""more":{"title":"Evening"}"#));
    assert_eq!(decoded.delivery.counts.left_out, 1);
}

#[test]
fn a_workout_without_end_is_no_workout() {
    let decoded = read(br#"{"data":{"workouts":[{"startDate":"2026-03-08T09:00:00Z"}]}}"#).expect("a body");
    let problem = decoded.problems().next().expect("a reject");
    assert_eq!((problem.reason, problem.kind.as_deref()), ("bad_time", Some("workout")));
    assert_eq!(problem.position, Some(21));
}

#[test]
fn a_large_body_comes_in_portions() {
    let one = &vector("sync-01-live-quantities.json")["data"]["records"][0];
    let records: Vec<&Json> = std::iter::repeat_n(one, 20_000).collect();
    let body = json!({"provider": "apple", "data": {"records": records}}).to_string();
    let decoded = read(body.as_bytes()).expect("a body");
    vectors::check_counts(&decoded);
    let sizes: Vec<usize> = decoded.batches.iter().map(|part| part.batch.samples.len()).collect();
    assert_eq!(sizes, [8_192, 8_192, 3_616]);
    for part in &decoded.batches {
        assert_eq!((part.batch.kinds.len(), part.batch.sources.len(), part.batch.origins.len()), (1, 1, 1));
    }
}

#[test]
fn a_sink_that_stops_stops_the_decoder() {
    let body = vector("sync-01-live-quantities.json").to_string();
    let result = decode(Cursor::new(body.as_bytes()), &mut |_| Err(ErrorKind::Cancelled.into()));
    assert!(matches!(result.expect_err("stopped").kind(), ErrorKind::Cancelled));
}

#[test]
fn log_events_are_taken_whatever_they_say() {
    for (name, count) in [("logs-01-historical-start.json", None), ("logs-02-type-end.json", None::<usize>)] {
        let body = vector(name);
        let events = answers::events(body.to_string().as_bytes()).expect("events");
        assert_eq!(events.len(), count.unwrap_or(body["events"].as_array().expect("a list").len()), "{name}");
        assert!(events.iter().all(|event| event.at_ms.is_some() && !event.kind.is_empty()));
    }
    assert_eq!(answers::events(b"[]"), None);
    assert_eq!(
        answers::code(vector("auth-redeem-request.json").to_string().as_bytes()).map(|code| code.len()),
        Some(8)
    );
    assert!(answers::refresh_token(vector("auth-refresh-request.json").to_string().as_bytes()).is_some());
}

static BODIES: LazyLock<[String; 3]> = LazyLock::new(|| {
    ["sync-06-edge-cases.json", "sync-03-workouts.json", "bad-04-partially-invalid-records.json"]
        .map(|name| vector(name).to_string())
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
        if let Ok(decoded) = read(&vectors::mutate(BODIES[which].as_bytes(), seed)) {
            vectors::check_counts(&decoded);
        }
    }
}
