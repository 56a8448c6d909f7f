//! Health Auto Export: the shared vectors, samples and aggregates told apart, and one rule of its page each.

use std::io::Cursor;
use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::{Request, check_content_type, decode};
use crate::formats::phone::{Decoded, Feed, vectors};
use crate::phone::Flag;
use crate::time::Zones;
use crate::{EntryKind, ErrorKind, Result};

fn zones() -> Zones {
    Zones::named("Europe/Zurich").expect("a zone")
}

fn read(body: &[u8], query: &str, aggregation: Option<&str>) -> Result<Decoded> {
    let zones = zones();
    Decoded::gather(|sink| decode(Cursor::new(body), Request::new(query, aggregation, &zones), sink))
}

fn answer(request: &Json) -> Result<Decoded> {
    check_content_type(vectors::header(request, "content-type"))?;
    let (_, query) = request["path"].as_str().and_then(|path| path.split_once('?')).unwrap_or_default();
    read(&vectors::body(request), query, vectors::header(request, "automation-aggregation"))
}

#[test]
fn the_shared_vectors_end_in_their_states() {
    for (name, vector) in vectors::all("hae") {
        vectors::play(&name, &vector, |request| Some((Feed::HealthAutoExport, answer(request))));
    }
}

/// Points of one metric, as `type start value` or `type grain start stat=value`.
#[track_caller]
fn check(name: &str, units: &str, points: Json, query: &str, header: Option<&str>, expected: &[&str]) -> Decoded {
    let body = json!({"data": {"metrics": [{"data": points, "units": units, "name": name}]}}).to_string();
    let decoded = read(body.as_bytes(), query, header).expect("a body");
    vectors::check_counts(&decoded);
    let mut found = Vec::new();
    for part in &decoded.batches {
        for (sample, marks) in part.batch.samples.iter().zip(&part.marks) {
            let line = vectors::sample_line(Feed::HealthAutoExport, part, sample, marks);
            found.push(format!("{} {}", line["start"].as_str().unwrap_or_default(), line["value"]));
        }
        for it in &part.aggregates {
            let stats: Vec<String> = it.stats.iter().map(|(word, value)| format!("{word}={value}")).collect();
            let start = crate::time::format_instant(it.start_ms);
            found.push(format!("{} {start} {} {}", it.grain.as_str(), stats.join(","), it.unit));
        }
    }
    assert_eq!(found, expected);
    decoded
}

#[test]
fn samples_and_aggregates_are_told_apart() {
    let point = |date: &str| json!([{"date": date, "qty": 5}]);
    let odd = "2026-03-14 08:30:07 +0100";
    let (minute, hour, day) = ("2026-03-14 08:30:00 +0100", "2026-03-14 08:00:00 +0100", "2026-03-14 00:00:00 +0100");
    let cases: [(&str, &str, Option<&str>, &str); 8] = [
        (odd, "agg=raw", Some("Days"), "2026-03-14T07:30:07.000Z 5.0"),
        (day, "agg=raw", None, "2026-03-13T23:00:00.000Z 5.0"),
        (odd, "", Some("Days"), "day 2026-03-14T07:30:07.000Z sum=5 count"),
        (odd, "", Some("None"), "2026-03-14T07:30:07.000Z 5.0"),
        (odd, "x=1", None, "2026-03-14T07:30:07.000Z 5.0"),
        (minute, "", None, "minute 2026-03-14T07:30:00.000Z sum=5 count"),
        (hour, "", None, "hour 2026-03-14T07:00:00.000Z sum=5 count"),
        (day, "", None, "day 2026-03-13T23:00:00.000Z sum=5 count"),
    ];
    for (date, query, header, expected) in cases {
        check("step_count", "count", point(date), query, header, &[expected]);
    }
}

#[test]
fn one_stamp_off_the_border_makes_samples_of_all() {
    let points =
        json!([{"date": "2026-03-14 08:30:00 +0100", "qty": 5}, {"date": "2026-03-14 08:31:01 +0100", "qty": 6}]);
    check("step_count", "count", points, "", None, &["2026-03-14T07:30:00.000Z 5.0", "2026-03-14T07:31:01.000Z 6.0"]);
}

#[test]
fn what_has_a_least_and_a_greatest_value_is_no_sample() {
    let points = json!([{"date": "2026-03-14 08:30:07 +0100", "Min": 50, "Avg": 60, "Max": 70}]);
    check(
        "heart_rate",
        "bpm",
        points,
        "agg=raw",
        None,
        &["second 2026-03-14T07:30:07.000Z min=50,max=70,avg=60 count/min"],
    );
}

#[test]
fn percentages_are_hundredths_except_what_some_phones_send_as_fractions() {
    let date = "2026-03-14 08:30:07 +0100";
    for (name, sent, expected) in [
        ("blood_oxygen_saturation", 97.0, 0.97),
        ("blood_oxygen_saturation", 0.97, 0.97),
        ("body_fat_percentage", 0.21, 0.21),
        ("walking_asymmetry_percentage", 0.5, 0.005),
        ("walking_double_support_percentage", 28.0, 0.28),
    ] {
        let point = json!([{"date": date, "qty": sent}]);
        check(name, "%", point, "agg=raw", None, &[&format!("2026-03-14T07:30:07.000Z {expected}")]);
    }
}

#[test]
fn a_day_without_a_clock_begins_where_the_wearer_lives() {
    let points = json!([{"date": "2026-03-14", "qty": 5}]);
    check("step_count", "count", points, "", None, &["day 2026-03-13T23:00:00.000Z sum=5 count"]);
}

#[test]
fn an_impossible_day_of_resting_energy_is_kept_and_marked() {
    let points = json!([{"date": "2026-03-14 00:00:00 +0100", "qty": 7.1}]);
    let decoded = check(
        "basal_energy_burned",
        "kJ",
        points,
        "",
        Some("Days"),
        &["day 2026-03-13T23:00:00.000Z sum=1.6969407265774379 kcal"],
    );
    assert!(decoded.batches[0].aggregates[0].marks.flags.has(Flag::SuspiciousUnit));
    assert_eq!(decoded.delivery.counts.left_out, 1);
}

#[test]
fn an_aggregate_in_a_unit_that_nobody_knows_keeps_its_numbers() {
    let points = json!([{"date": "2026-03-14 00:00:00 +0100", "qty": 7.1}]);
    let decoded = check("body_mass", "hogshead", points, "", None, &["day 2026-03-13T23:00:00.000Z avg=7.1 hogshead"]);
    assert!(decoded.batches[0].aggregates[0].marks.flags.has(Flag::UnknownUnit));
}

#[test]
fn the_halves_of_a_blood_pressure_belong_together() {
    let points = json!([{"date": "2026-03-14 07:05:12 +0100", "systolic": 121, "diastolic": 79, "source": "Cuff"}]);
    let found = ["2026-03-14T06:05:12.000Z 121.0", "2026-03-14T06:05:12.000Z 79.0"];
    let decoded = check("blood_pressure", "mmHg", points.clone(), "agg=raw", None, &found);
    let entry = &decoded.batches[0].batch.entries[0];
    assert_eq!((entry.kind, entry.source.name.as_str()), (EntryKind::Correlation, "Cuff"));
    let members = entry.members.as_ref().expect("members");
    assert_eq!(members.samples.iter().map(|sample| sample.value).collect::<Vec<_>>(), [Some(121.0), Some(79.0)]);
    let days = ["day 2026-03-14T06:05:12.000Z avg=121 mmHg", "day 2026-03-14T06:05:12.000Z avg=79 mmHg"];
    let decoded = check("blood_pressure", "mmHg", points, "", Some("Days"), &days);
    assert!(decoded.batches[0].batch.entries.is_empty());
}

#[test]
fn words_beside_a_number_become_metadata() {
    let points = json!([{"date": "2026-03-14 07:10:31 +0100", "qty": 5.4, "mealTime": "Before Meal"}]);
    let decoded =
        check("blood_glucose", "mmol/L", points, "agg=raw", None, &["2026-03-14T06:10:31.000Z 97.28417520002921"]);
    let expected = r#"{"metadata":{"HKBloodGlucoseMealTime":"1"},"more":{"mealTime":"Before Meal"}}"#;
    assert_eq!(decoded.batches[0].batch.details, [expected]);
}

#[test]
fn series_stay_with_their_workout_and_recovery_is_put_right() {
    let vector = vectors::one("hae", "hae-07-workout-v2.json");
    let decoded = answer(&vector["steps"][0]["request"]).expect("a body");
    let expected = &vector["check"]["workout_series_points"];
    for (uuid, series) in expected.as_object().expect("workouts") {
        let part = &decoded.batches[0];
        let at = part.entry_marks.iter().position(|marks| marks.uuid.is_some_and(|id| id.to_string() == *uuid));
        let body: Json = serde_json::from_str(&part.batch.entries[at.expect("a workout")].body).expect("a body");
        for (name, count) in series.as_object().expect("series") {
            assert_eq!(body["series"][name].as_array().map(Vec::len), count.as_u64().map(|n| n as usize), "{name}");
        }
    }
    assert!(decoded.batches[0].batch.samples.is_empty());
    let late = json!({"data": {"workouts": [{"name": "Yoga", "start": "2026-03-14 07:00:00 +0100",
        "end": "2026-03-14 07:30:00 +0100", "heartRateData": [
            {"date": "2026-03-14 07:29:00 +0100", "qty": 90, "units": "bpm"},
            {"date": "2026-03-14 07:31:00 +0100", "Min": 80, "Avg": 80, "Max": 80, "units": "bpm"}]}]}});
    let decoded = read(late.to_string().as_bytes(), "", None).expect("a body");
    let body: Json = serde_json::from_str(&decoded.batches[0].batch.entries[0].body).expect("a body");
    assert_eq!(body["series"]["heartRateData"], json!([{"at": "2026-03-14T06:29:00.000Z", "qty": 90, "unit": "bpm"}]));
    assert_eq!(body["series"]["heartRateRecovery"][0]["avg"], 80);
}

#[test]
fn everything_of_a_workout_is_kept() {
    let vector = vectors::one("hae", "hae-07-workout-v2.json");
    let decoded = answer(&vector["steps"][0]["request"]).expect("a body");
    let body: Json = serde_json::from_str(&decoded.batches[0].batch.entries[0].body).expect("a body");
    assert_eq!(body["quantities"]["totalEnergy"], json!({"qty": 1500.1, "units": "kJ"}));
    assert_eq!(body["quantities"]["heartRate"]["max"]["qty"], 176);
    assert_eq!(body["more"], json!({"isIndoor": false, "location": "Outdoor"}));
    let heart = body["statistics"].as_array().expect("a list").last().expect("heart rate").clone();
    assert_eq!((&heart["minimum"], &heart["average"], &heart["maximum"]), (&json!(98), &json!(151.2), &json!(176)));
    let route = decoded.batches[0].batch.entries.iter().find(|entry| entry.kind == EntryKind::Route).expect("a route");
    assert!(route.body.contains(r#""speedAccuracy":[0.4,0.4]"#));
}

#[test]
fn an_ecg_has_its_voltages_in_microvolts() {
    let body = json!({"data": {"ecg": [{"start": "2026-03-14 21:00:00 +0100", "samplingFrequency": 512,
        "voltageMeasurements": [{"date": 795_211_200.0, "voltage": 0.5, "units": "mV"}, {"voltage": "x"}]}]}});
    let decoded = read(body.to_string().as_bytes(), "", None).expect("a body");
    let entry = &decoded.batches[0].batch.entries[0];
    let voltages = entry.payload.as_deref().and_then(crate::formats::ecg::unpack).expect("voltages");
    assert_eq!(voltages, [Some(500.0), None]);
    assert!(entry.body.contains(r#""bad_voltages":1"#) && !entry.body.contains("first_voltage_at"), "{}", entry.body);
}

#[test]
fn undocumented_lists_are_kept_and_counted() {
    let body = json!({"workouts": [], "data": {"cycleTracking": [{"date": "2026-03-14 08:00:00 +0100", "name": "Flujo"}],
        "heartRateNotifications": [{"heartNotification": "new", "start": "2026-03-14 08:00:00 +0100",
            "threshold": {"qty": 120, "units": "bpm"}}], "future": [1]}});
    let decoded = read(body.to_string().as_bytes(), "", None).expect("a body");
    vectors::check_counts(&decoded);
    let part = &decoded.batches[0];
    assert_eq!(part.batch.kinds, ["x-hae:cycle_tracking", "x-hae:heart_rate_notification"].map(String::from));
    assert!(part.batch.details.iter().any(|details| details.contains("Flujo")));
    assert!(part.batch.details.iter().any(|details| details.contains("120 count/min")));
    assert_eq!(decoded.delivery.frame["data.future"], json!([1]));
}

#[test]
fn bodies_of_another_shape_are_refused() {
    let kind = |body: &str| read(body.as_bytes(), "", None).map(|decoded| decoded.delivery.counts.items);
    for body in ["[]", "{}", r#"{"data":[]}"#, r#"{"data":{"metrics":7}}"#, r#"{"data":{"metrics":[{"data":{}}]}}"#] {
        assert!(matches!(kind(body).expect_err(body).kind(), ErrorKind::Shape(_)), "{body}");
    }
    for body in ["", "{", r#"{"data":{"metrics":[{"data":[}]}}"#, "Date,Step Count\n2026-03-14,8"] {
        assert!(matches!(kind(body).expect_err(body).kind(), ErrorKind::NotJson), "{body}");
    }
    assert!(matches!(kind("--Boundary\r\n").expect_err("multipart").kind(), ErrorKind::Unsupported(_)));
    assert!(check_content_type(Some("Text/CSV")).is_err() && check_content_type(Some("application/json")).is_ok());
    assert_eq!(kind(r#"{"data":{}}"#).expect("legal"), 0);
    assert_eq!(kind(r#"{"data":{"metrics":[7,{"name":"x","data":[1,{}]}]}}"#).expect("rejects"), 3);
}

static BODIES: LazyLock<[Vec<u8>; 5]> = LazyLock::new(|| {
    [
        "hae-03-raw-samples.json",
        "hae-05-sleep-summary.json",
        "hae-07-workout-v2.json",
        "hae-10-other-collections.json",
        "hae-13-category-counts.json",
    ]
    .map(|name| vectors::body(&vectors::one("hae", name)["steps"][0]["request"]))
});

proptest! {
    #[test]
    fn any_bytes_end_in_a_delivery_or_a_refusal(body in proptest::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(decoded) = read(&body, "", None) {
            vectors::check_counts(&decoded);
        }
    }

    #[test]
    fn damaged_bodies_never_panic_and_count_every_item(seed in any::<u64>(), which in 0usize..5, raw in any::<bool>()) {
        let query = if raw { "agg=raw" } else { "" };
        if let Ok(decoded) = read(&vectors::mutate(&BODIES[which], seed), query, None) {
            vectors::check_counts(&decoded);
        }
    }
}
