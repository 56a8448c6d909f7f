//! The reader from outside: small documents, one quirk each.

#![allow(clippy::unwrap_used)]

use std::io::Cursor;

use super::limits::BATCH_SAMPLES;
use super::*;
use crate::EntryKind;
use crate::batch::NONE;

pub(super) const TIMES: &str = r#"startDate="1970-01-01 00:00:01 +0000" endDate="1970-01-01 00:00:02 +0000""#;

pub(super) fn all(mut reader: Reader) -> Result<Batch> {
    let mut whole = Batch::default();
    while let Some(batch) = reader.next_batch()? {
        if whole.samples.is_empty() {
            (whole.kinds, whole.sources, whole.origins) = (batch.kinds, batch.sources, batch.origins);
            (whole.texts, whole.details) = (batch.texts, batch.details);
        }
        whole.samples.extend(batch.samples);
        whole.entries.extend(batch.entries);
        whole.problems.extend(batch.problems);
        whole.document = batch.document.or(whole.document);
        whole.records_read = batch.records_read;
    }
    Ok(whole)
}

pub(super) fn read(xml: &str) -> Result<Batch> {
    all(Reader::document(Cursor::new(xml.as_bytes().to_vec()), None)?)
}

pub(super) fn inside(body: &str) -> Batch {
    read(&format!("<HealthData locale=\"en_US\">{body}</HealthData>")).expect("readable")
}

/// Checks how many samples a body gives and which problems.
#[track_caller]
pub(super) fn check(body: &str, samples: usize, problems: &[&str]) -> Batch {
    let batch = inside(body);
    let (none, got): (Vec<&str>, Vec<_>) = batch.problems.iter().map(|p| p.reason).partition(|r| *r == "no_records");
    assert_eq!(none.len(), usize::from(!body.contains("<Record")), "{body}");
    assert_eq!((batch.samples.len(), got.as_slice()), (samples, problems), "{body}");
    batch
}

pub(super) fn steps(more: &str) -> String {
    format!(r#"<Record type="HKQuantityTypeIdentifierStepCount" sourceName="A" unit="count" {TIMES} {more}/>"#)
}

#[track_caller]
fn check_value(kind: &str, unit: &str, value: &str, expected: (Option<f64>, Option<f64>), problems: &[&str]) {
    let unit = if unit.is_empty() { String::new() } else { format!("unit=\"{unit}\"") };
    let batch = check(&format!("<Record type=\"{kind}\" {TIMES} {unit} value=\"{value}\"/>"), 1, problems);
    let sample = batch.samples.first().expect("one");
    let rounded = sample.value.map(|v| format!("{v:.9e}").parse().expect("a number"));
    assert_eq!((rounded, sample.original), expected, "{kind} {value} {unit}");
}

#[test]
fn values_are_canonical_and_originals_are_kept() {
    check_value("HKQuantityTypeIdentifierStepCount", "count", "12", (Some(12.0), None), &[]);
    check_value("HKQuantityTypeIdentifierActiveEnergyBurned", "kJ", "418.4", (Some(100.0), Some(418.4)), &[]);
    check_value("HKQuantityTypeIdentifierBloodGlucose", "mmol/L", "5", (Some(90.0779400), Some(5.0)), &[]);
    check_value("HKQuantityTypeIdentifierActiveEnergyBurned", "Cal", "5.91532e-05", (Some(5.91532e-05), None), &[]);
    check_value("HKQuantityTypeIdentifierOxygenSaturation", "%", "0.97", (Some(0.97), None), &[]);
    let hundredfold = &["percent_hundredfold"];
    check_value("HKQuantityTypeIdentifierOxygenSaturation", "%", "98", (Some(0.98), Some(98.0)), hundredfold);
    check_value("HKQuantityTypeIdentifierStepCount", "furlong", "3", (None, Some(3.0)), &["unknown_unit"]);
    check_value("HKQuantityTypeIdentifierNew", "furlong", "3", (Some(3.0), None), &[]);
    check_value("HKQuantityTypeIdentifierNew", "km", "3", (Some(3000.0), Some(3.0)), &[]);
    check_value("HKQuantityTypeIdentifierNew", "", "3", (Some(3.0), None), &[]);
    check_value("HKQuantityTypeIdentifierNew", "%", "2.5", (Some(2.5), None), &[]);
    check_value("HKDataTypeSleepDurationGoal", "hr", "8", (Some(8.0), None), &[]);
    check_value(
        "HKCategoryTypeIdentifierSleepAnalysis",
        "",
        "HKCategoryValueSleepAnalysisAsleepREM",
        (Some(5.0), None),
        &[],
    );
    check_value("HKCategoryTypeIdentifierSleepAnalysis", "", "Dreaming", (None, None), &["unknown_value"]);
    check_value("HKCategoryTypeIdentifierMindfulSession", "", "", (Some(0.0), None), &[]);
}

#[test]
fn a_type_that_nobody_knows_has_one_unit_for_all_that_measure_the_same() {
    let record = |unit: &str, value: &str| {
        format!("<Record type=\"HKQuantityTypeIdentifierNew\" {TIMES} unit=\"{unit}\" value=\"{value}\"/>")
    };
    let batch = check(&(record("kg", "45.359237") + &record("lb", "100") + &record("furlong", "7")), 3, &[]);
    let values: Vec<_> = batch.samples.iter().map(|sample| (sample.value, sample.original)).collect();
    assert_eq!(values, [(Some(45.359237), None), (Some(45.359237), Some(100.0)), (Some(7.0), None)]);
}

#[test]
fn unreadable_records_are_rejected_with_their_text() {
    for (record, reason) in [
        (
            r#"<Record type="HKQuantityTypeIdentifierStepCount" unit="count" value="1" startDate="x" endDate="y"/>"#,
            "bad_time",
        ),
        (
            r#"<Record type="T" startDate="1970-01-02 00:00:00 +0000" endDate="1970-01-01 00:00:00 +0000" value="1"/>"#,
            "bad_time",
        ),
        (&steps("value=\"many\""), "bad_value"),
        (&steps("value=\"inf\""), "bad_value"),
        (&steps("value=\"1.0001e12\""), "bad_value"),
        (&steps("value=\"-1e308\""), "bad_value"),
        (&steps(""), "bad_value"),
        (&steps("value=\"1\" Heart Rate=\"5\""), "bad_shape"),
        (&format!("<Record {TIMES} value=\"1\"/>"), "bad_shape"),
        (&format!("<Record type=\"\" {TIMES} value=\"1\"/>"), "bad_shape"),
        (&format!("<Record type=\"\u{a0}&#32;\" {TIMES} value=\"1\"/>"), "bad_shape"),
    ] {
        let batch = check(&format!("{record}{}", steps("value=\"1\"")), 1, &[reason]);
        let problem = batch.problems.first().expect("one");
        assert_eq!(problem.position, Some("<HealthData locale=\"en_US\">".len() as u64));
        assert!(problem.rejected.as_ref().is_some_and(|raw| record.contains(raw.as_str())));
        assert_eq!(batch.records_read, 2);
    }
}

#[test]
fn values_are_kept_up_to_the_greatest() {
    let most = super::limits::MAX_VALUE;
    let batch = check(&(steps(&format!("value=\"{most}\"")) + &steps(&format!("value=\"-{most}\""))), 2, &[]);
    assert_eq!(batch.samples.iter().map(|sample| sample.value).collect::<Vec<_>>(), [Some(most), Some(-most)]);
    // In our unit it is too great.
    let far = format!(
        "<Record type=\"HKQuantityTypeIdentifierDistanceWalkingRunning\" {TIMES} unit=\"mi\" value=\"{most}\"/>"
    );
    check(&far, 0, &["bad_value"]);
}

#[test]
fn what_is_no_export_is_said_so() {
    let kind = |xml: &str| read(xml).err().map(|e| format!("{:?}", e.kind()));
    assert_eq!(kind("").as_deref(), Some("Empty(None)"));
    assert_eq!(kind("<ClinicalDocument/>").as_deref(), Some("NotAnExport"));
    let empty = read("<HealthData/>").expect("an empty one");
    assert!(empty.problems.iter().any(|p| p.reason == "no_records"));
    assert!(empty.document.is_some_and(|d| d.complete && d.fingerprint.is_some()));
}

#[test]
fn a_watch_is_one_source_whatever_its_pointer() {
    let record = |pointer: &str| {
        steps(&format!(
            "value=\"1\" sourceVersion=\"10.1\" device=\"&lt;&lt;HKDevice: {pointer}&gt;, name:W, hardware:Watch6,1&gt;\""
        ))
    };
    let batch = check(&(record("0x301a") + &record("0xbeef")), 2, &[]);
    assert_eq!((batch.sources.len(), batch.origins.len()), (1, 1));
    assert_eq!(batch.sources.first().and_then(|s| s.hardware.as_deref()), Some("Watch6,1"));
}

#[test]
fn metadata_becomes_canonical_details() {
    let record = steps("value=\"1\"").replace("/>", ">");
    let entries = r#"<MetadataEntry key="b" value="&quot;x&quot;"/><MetadataEntry key="HKWasUserEntered" value="1"/>"#;
    let batch = check(&format!("{record}{entries}</Record>{}", steps("value=\"2\"")), 2, &[]);
    assert_eq!(batch.details, [r#"{"metadata":{"HKWasUserEntered":"1","b":"\"x\""}}"#]);
    let flags: Vec<_> = batch.samples.iter().map(|s| (s.user_entered, s.details)).collect();
    assert_eq!(flags, [(true, 0), (false, NONE)]);
}

#[test]
fn a_workout_is_one_entry_with_everything_in_it() {
    let doubled = r#"<MetadataEntry key="HKIndoorWorkout" value="0"/>"#.repeat(2);
    let batch = inside(&format!(
        r#"<Workout workoutActivityType="HKWorkoutActivityTypeRunning" duration="0.5" durationUnit="min" sourceName="W" {TIMES}>{doubled}
        <WorkoutStatistics type="HKQuantityTypeIdentifierDistanceWalkingRunning" sum="1" unit="km"/>
        <WorkoutStatistics type="HKQuantityTypeIdentifierActiveEnergyBurned" sum="418.4" unit="kJ"/>
        <WorkoutStatistics type="HKQuantityTypeIdentifierBasalEnergyBurned" sum="9" unit="kcal"/>
        <WorkoutRoute sourceName="W"><FileReference path="/workout-routes/r.gpx"/></WorkoutRoute></Workout>"#
    ));
    let workout = batch.entries.first().expect("one");
    let body: serde_json::Value = serde_json::from_str(&workout.body).expect("JSON");
    assert_eq!(workout.identity, "HKWorkoutActivityTypeRunning");
    assert_eq!(body["duration_s"], 30);
    assert_eq!(body["distance_m"], 1000);
    assert_eq!(body["energy_kcal"], 100);
    assert_eq!(body["metadata"]["HKIndoorWorkout"], "0");
    assert_eq!(body["routes"][0], "/workout-routes/r.gpx");
    assert!(batch.problems.iter().any(|p| p.reason == "missing_file"));
}

#[test]
fn correlations_carry_their_members_and_old_routes_their_points() {
    let member = steps("value=\"1\"");
    let batch = check(&format!("<Correlation type=\"C\" {TIMES}>{member}</Correlation>{member}"), 1, &[]);
    let members = batch.entries.first().and_then(|e| e.members.as_ref()).expect("members");
    assert_eq!((members.samples.len(), batch.records_read), (1, 1));
    let location = r#"<Location date="1970-01-01 00:00:01 +0000" latitude="1" longitude="2" altitude="3"/>"#;
    let batch = inside(&format!(
        "<Workout workoutActivityType=\"X\" {TIMES}><WorkoutRoute>{location}</WorkoutRoute></Workout>"
    ));
    let points = batch.entries.last().and_then(|e| crate::formats::route::unpack(e.payload.as_ref()?)).expect("points");
    assert_eq!(points.first().and_then(|p| p.ele), Some(3.0));
}

#[test]
fn records_inside_what_is_not_kept_are_handed_over_apart() {
    let (record, date) = (steps("value=\"1\""), r#"<ExportDate value="2024-01-01 00:00:00 +0000"/>"#);
    let workout = format!("<Workout workoutActivityType=\"X\" {TIMES}/>");
    let nested = |body: &str| {
        let xml = format!("<HealthData>{body}</HealthData>");
        let mut reader = Reader::document(Cursor::new(xml.into_bytes()), None).expect("a document");
        let batch = reader.next_batch().expect("readable").expect("one");
        (batch.samples.len(), batch.nested.map_or(0, |nested| nested.samples.len()), batch.entries.len())
    };
    assert_eq!(nested(&format!("{record}<New><Deep>{record}{workout}</Deep>{record}</New>{record}")), (2, 2, 1));
    assert_eq!(nested(&format!("<Correlation type=\"C\">{record}</Correlation>{record}")), (1, 1, 0));
    let batch = inside(&format!("<New>{date}{record}</New>"));
    assert!(batch.document.is_some_and(|document| document.complete && document.export_date_ms.is_some()));
    // Beats and metadata come with them.
    let beats = r#"<HeartRateVariabilityMetadataList><InstantaneousBeatsPerMinute bpm="64" time="0:00:01.50 AM"/></HeartRateVariabilityMetadataList>"#;
    let whole = record.replace("/>", &format!("><MetadataEntry key=\"a\" value=\"b\"/>{beats}</Record>"));
    let details = |body: &str| {
        let xml = format!("<HealthData>{body}</HealthData>");
        let mut reader = Reader::document(Cursor::new(xml.into_bytes()), None).expect("a document");
        let batch = reader.next_batch().expect("readable").expect("one");
        batch.nested.map_or(batch.details, |nested| nested.details)
    };
    for body in [format!("<New>{whole}</New>"), format!("<Correlation type=\"C\">{whole}</Correlation>")] {
        assert_eq!(details(&body), details(&whole), "{body}");
    }
}

#[test]
fn entries_that_cannot_be_read_are_told_by_their_kind() {
    let check = |element: &str, reason: &str, kind: EntryKind| {
        let problems = inside(element).problems;
        let rejects = problems.iter().filter(|problem| problem.rejected.is_some());
        let found: Vec<_> = rejects.map(|problem| (problem.reason, problem.kind.as_deref())).collect();
        assert_eq!(found, [(reason, Some(kind.as_str()))], "{element}");
    };
    check(r#"<Workout workoutActivityType="HKWorkoutActivityTypeRunning"/>"#, "bad_time", EntryKind::Workout);
    check(r#"<Correlation type="HKCorrelationTypeIdentifierFood"/>"#, "bad_time", EntryKind::Correlation);
    check(r#"<Audiogram type="HKDataTypeIdentifierAudiogram"/>"#, "bad_time", EntryKind::Audiogram);
    check(r#"<VisionPrescription type="1"/>"#, "bad_time", EntryKind::VisionPrescription);
    check("<ClinicalRecord/>", "bad_shape", EntryKind::ClinicalRecord);
}

#[test]
fn records_that_were_refused_are_records() {
    let reasons = |body: &str| inside(body).problems.iter().map(|problem| problem.reason).collect::<Vec<_>>();
    assert_eq!(reasons(r#"<Record type="X" value="1" startDate="yesterday" endDate="today"/>"#), ["bad_time"]);
    assert_eq!(reasons("<Me/>"), ["no_records"]);
    let member = steps("value=\"1\"");
    assert!(reasons(&format!("<Correlation type=\"C\" {TIMES}>{member}</Correlation>")).is_empty());
    assert_eq!(reasons(&format!("<Correlation type=\"C\">{member}</Correlation>")), ["bad_time"]);
    assert_eq!(reasons(&format!("<Correlation type=\"C\" {TIMES}></Correlation>")), ["no_records"]);
}

#[test]
fn rings_without_a_day_are_left_out() {
    let batch = inside(
        r#"<ActivitySummary dateComponents="1969-12-30"/><ActivitySummary dateComponents="2024-05-01" activeEnergyBurned="418.4" activeEnergyBurnedUnit="kJ"/>"#,
    );
    let days: Vec<_> = batch.entries.iter().map(|e| (e.identity.as_str(), e.body.as_str())).collect();
    let printed = r#""printed":{"activeEnergyBurned":"418.4","activeEnergyBurnedUnit":"kJ"}"#;
    let body = format!(r#"{{"active_energy_kcal":100,"date":"2024-05-01",{printed}}}"#);
    assert_eq!(days, [("2024-05-01", body.as_str())]);
}

#[test]
fn rings_of_one_day_are_one_whatever_its_spelling() {
    let days = ["2026-03-01", "2026-03-01T00:00:00", "2026-03-01 00:00:00 +0100"];
    let batch = inside(&days.map(|day| format!("<ActivitySummary dateComponents=\"{day}\"/>")).concat());
    let days: Vec<_> = batch.entries.iter().map(|e| (e.identity.as_str(), e.body.as_str())).collect();
    assert_eq!(days, [("2026-03-01", r#"{"date":"2026-03-01"}"#); 3]);
}

#[test]
fn instants_that_no_answer_could_print_are_refused() {
    for stamp in ["9999-12-31 23:59:59 -1800", "9999-12-30 22:00:01 +0000", "0001-01-01 00:00:00 +0001"] {
        let near = "2026-03-01 00:00:00 +0000";
        for (start, end) in [(near, stamp), (stamp, stamp), (stamp, near)] {
            for what in ["Record type=\"X\" value=\"1\"", "Workout workoutActivityType=\"W\""] {
                let good = format!("<Record type=\"X\" value=\"1\" startDate=\"{near}\" endDate=\"{near}\"/>");
                let batch = inside(&format!("{good}<{what} startDate=\"{start}\" endDate=\"{end}\"/>"));
                let reasons: Vec<_> = batch.problems.iter().map(|problem| problem.reason).collect();
                assert_eq!(
                    (reasons, batch.samples.len(), batch.entries.len()),
                    (vec!["bad_time"], 1, 0),
                    "{what} {end}"
                );
            }
        }
    }
}

#[test]
fn rings_of_no_day_at_all_are_refused() {
    let days = ["1969-12-30", "", "20260101", "2026-01-01T10:00:00", "2026-01-01"];
    let batch = inside(&days.map(|day| format!("<ActivitySummary dateComponents=\"{day}\"/>")).concat());
    let reasons: Vec<_> = batch.problems.iter().map(|p| (p.reason, p.rejected.is_some(), p.count)).collect();
    let refused = ("bad_time", true, 1);
    assert_eq!(reasons, [refused, refused, refused, ("implausible_date", false, 1), ("no_records", false, 1)]);
    assert_eq!(batch.entries.len(), 1);
}

#[test]
fn parts_that_cannot_be_read_are_kept_as_text_and_counted() {
    let workout = |inside: &str| format!("<Workout workoutActivityType=\"X\" {TIMES}>{inside}</Workout>");
    let element = |name: &str, more: &str| format!("<{name} {more}/>");
    for (body, kept) in [
        (workout(&element("WorkoutStatistics", "type=\"T\" sum=\"abc\"")), r#"{"sum":"abc"}"#),
        (workout(&element("WorkoutEvent", "type=\"T\" date=\"bad\"")), r#"{"date":"bad"}"#),
        (workout(&element("WorkoutActivity", "uuid=\"u\" endDate=\"bad\"")), r#"{"end_date":"bad"}"#),
        (format!("<Workout workoutActivityType=\"X\" duration=\"long\" {TIMES}/>"), r#"{"duration":"long"}"#),
        (
            "<ActivitySummary dateComponents=\"2026-01-01\" appleStandHours=\"x\"/>".to_owned(),
            r#"{"apple_stand_hours":"x"}"#,
        ),
    ] {
        let batch = check(&body, 0, &["bad_part"]);
        let entry = batch.entries.first().expect("one");
        assert!(entry.body.contains(&format!("\"unreadable\":{kept}")), "{}", entry.body);
    }
    let place = |place: &str| format!("<WorkoutRoute><Location {place}/></WorkoutRoute>");
    check(&workout(&place("latitude=\"95\" longitude=\"1\"")), 0, &["bad_part"]);
    let batch = check(&workout(&place("latitude=\"5\" longitude=\"1\" altitude=\"x\"")), 0, &["bad_part"]);
    assert_eq!(batch.entries.len(), 2);
    check(&steps("value=\"1\" creationDate=\"bad\""), 1, &["bad_part"]);
    check("<ExportDate value=\"today\"/>", 0, &["bad_part"]);
}

#[test]
fn a_second_value_of_a_detail_is_told() {
    let entry = |value: &str| format!("<MetadataEntry key=\"k\" value=\"{value}\"/>");
    let (same, other) = (entry("a").repeat(2), entry("a") + &entry("b"));
    let record = |inside: &str| steps("value=\"1\"").replace("/>", &format!(">{inside}</Record>"));
    let workout = |inside: &str| format!("<Workout workoutActivityType=\"X\" {TIMES}>{inside}</Workout>");
    let event = |inside: &str| workout(&format!("<WorkoutEvent type=\"p\">{inside}</WorkoutEvent>"));
    let samples = |body: &str| usize::from(body.contains("<Record"));
    for body in [record(&same), workout(&same), event(&same)] {
        check(&body, samples(&body), &[]);
    }
    for body in [record(&other), workout(&other), event(&other)] {
        check(&body, samples(&body), &["duplicate_metadata"]);
    }
    check(&record("<MetadataEntry value=\"a\"/>"), 1, &["bad_part"]);
    check(&workout("<MetadataEntry value=\"a\"/>"), 0, &["bad_part"]);
}

#[test]
fn a_route_whose_file_is_missing_keeps_what_the_document_says() {
    let detail = r#"<MetadataEntry key="HKMetadataKeySyncIdentifier" value="S"/>"#;
    let route = format!(
        "<WorkoutRoute sourceName=\"W\" {} {TIMES}>{detail}<FileReference path=\"/r.gpx\"/></WorkoutRoute>",
        r#"creationDate="1970-01-01 00:00:03 +0000""#
    );
    let batch = check(&format!("<Workout workoutActivityType=\"X\" {TIMES}>{route}</Workout>"), 0, &["missing_file"]);
    let body: serde_json::Value = serde_json::from_str(&batch.entries.first().expect("one").body).expect("JSON");
    let expected = serde_json::json!([{
        "start": "1970-01-01T00:00:01.000Z", "end": "1970-01-01T00:00:02.000Z", "created": "1970-01-01T00:00:03.000Z",
        "source": "W", "metadata": { "HKMetadataKeySyncIdentifier": "S" }, "paths": ["/r.gpx"],
    }]);
    assert_eq!(body["route_details"], expected);
    assert_eq!(body["routes"][0], "/r.gpx");
}

#[test]
fn batches_are_cut_and_no_line_breaks_are_needed() {
    let xml = format!("<HealthData>{}</HealthData>", steps("value=\"1\"").repeat(BATCH_SAMPLES + 1));
    let mut reader = Reader::document(Cursor::new(xml.into_bytes()), None).expect("readable");
    let sizes: Vec<(usize, bool)> = std::iter::from_fn(|| reader.next_batch().expect("fine"))
        .map(|batch| (batch.samples.len(), batch.samples_end))
        .collect();
    assert_eq!(sizes, [(BATCH_SAMPLES, false), (1, false), (0, true), (0, false)]);
}
