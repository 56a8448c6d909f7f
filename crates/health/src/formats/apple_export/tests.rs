//! The reader from outside: small documents and archives, one quirk each.

#![allow(clippy::unwrap_used)]

use std::io::{Cursor, Write as _};

use proptest::prelude::*;
use zip::write::{SimpleFileOptions, ZipWriter};

use super::limits::{BATCH_SAMPLES, MAX_NAME};
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

fn read(xml: &str) -> Result<Batch> {
    all(Reader::document(Cursor::new(xml.as_bytes().to_vec()), None)?)
}

fn inside(body: &str) -> Batch {
    read(&format!("<HealthData locale=\"en_US\">{body}</HealthData>")).expect("readable")
}

/// Checks how many samples a body gives and which problems.
#[track_caller]
fn check(body: &str, samples: usize, problems: &[&str]) -> Batch {
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
fn damage_is_repaired_and_counted() {
    let good = steps("value=\"1\"");
    check(&steps("value=\"1\" value=\"2\""), 1, &["duplicate_attribute"]);
    check(&steps("value=\"1\" sourceVersion=\"&who;\""), 1, &["unknown_entity"]);
    check(&format!("<Novelty><Record/></Novelty>{good}"), 1, &["bad_shape", "unknown_element"]);
    let batch = check(&format!("{good}\u{0}{good}"), 2, &["control_characters"]);
    let place = "<HealthData locale=\"en_US\">".len() + good.len();
    assert_eq!(batch.problems.first().and_then(|p| p.position), Some(place as u64));
    check(&format!("<!-- a --> {good} <? b ?><![CDATA[c]]> & {good}"), 2, &[]);
    check(&good.replace("/>", "></Record>").replace('"', "'"), 1, &[]);
    check(&good.replace(' ', "\n\t"), 0, &["bad_time"]);
}

#[test]
fn a_lost_or_stray_end_tag_costs_nothing_that_follows() {
    let good = steps("value=\"1\"");
    let open = good.replace("/>", ">");
    let workout = format!("<Workout workoutActivityType=\"X\" {TIMES}>");
    for (body, samples, entries) in [
        (format!("</Record>{good}</Workout>{good}"), 2, 0),
        (format!("{open}{good}{open}<MetadataEntry key=\"a\" value=\"b\"/>{good}"), 4, 0),
        (format!("{open}{workout}{good}{workout}</Workout>{good}"), 3, 2),
        (format!("{workout}<WorkoutRoute>{workout}</Workout>"), 0, 2),
    ] {
        let batch = check(&body, samples, &["bad_markup"]);
        assert_eq!(batch.entries.len(), entries, "{body}");
        assert!(batch.document.is_some_and(|document| document.complete));
    }
}

#[test]
fn one_stray_quote_costs_one_record() {
    let good = steps("value=\"1\"") + "\n";
    let mine = |broken: &str| good.replace("sourceName=\"A\"", broken);
    let cut = "<Record type=\"HKQuantityTypeIdentifierStepCount\" sourceName=\"A\" sta\n";
    for broken in [&mine("sourceName=\"a\"b\""), &mine("sourceName=\"A"), &mine("sourceName='a'b'"), cut] {
        // Fewer and more than what one event may have, so that its end or its limit is met.
        for n in [1, 20, 12_000] {
            let body = format!("{good}{broken}{}", good.repeat(n));
            let batch = check(&body, n + 1, &["bad_shape"]);
            let problem = batch.problems.first().expect("one");
            assert_eq!(problem.position, Some(("<HealthData locale=\"en_US\">".len() + good.len()) as u64), "{n}");
            assert_eq!(
                problem.rejected.as_deref(),
                broken.strip_prefix("<Record").map(|raw| raw.trim_end().trim_end_matches("/>"))
            );
            assert!(batch.document.is_some_and(|document| document.complete));
            assert_eq!(batch.records_read, n as u64 + 2);
        }
    }
    check(&format!("{}{}", mine("sourceName=\"a\"b\"").repeat(3), good), 1, &["bad_shape"; 3]);
    // Inside a record, in an element that holds others, and in the root.
    let open = good.replace("/>", ">");
    check(&format!("{open}<MetadataEntry key=\"a\"b\" value=\"c\"/>\n</Record>{good}"), 2, &["bad_shape"]);
    let workout = format!("<Workout workoutActivityType=\"X\" {TIMES} device=\"a\"b\">");
    let event = r#"<WorkoutEvent type="p" date="1970-01-01 00:00:01 +0000"/>"#;
    let batch = check(&format!("{workout}{event}</Workout>{good}"), 1, &["bad_shape"]);
    assert!(batch.entries.first().is_some_and(|workout| workout.body.contains("events")));
    let batch = read(&format!("<HealthData locale=\"en_US\" a=\"b\"c\">\n{good}</HealthData>")).expect("readable");
    assert_eq!(batch.samples.len(), 1);
}

#[test]
fn a_comment_without_an_end_costs_nothing_that_follows() {
    let good = steps("value=\"1\"") + "\n";
    for start in ["<!--", "<![CDATA[", "<?xml", "<!DOCTYPE HealthData [", "<!x", "<!", "<", "< ", "<<", "<1 "] {
        // Fewer and more than a comment may have.
        for n in [1, 12_000] {
            let batch = check(&format!("{good}{start}{}", good.repeat(n)), n + 1, &["bad_markup"]);
            let problem = batch.problems.first().expect("one");
            assert_eq!(problem.position, Some(("<HealthData locale=\"en_US\">".len() + good.len()) as u64), "{start}");
            assert_eq!(problem.count, if start == "<<" { 2 } else { 1 });
            assert!(batch.document.is_some_and(|document| document.complete), "{start}");
            assert_eq!(batch.records_read, n as u64 + 1);
        }
    }
    // Not in a record or a workout either.
    let open = good.replace("/>\n", ">");
    check(&format!("{open}<!-- <MetadataEntry key=\"a\" value=\"b\"/></Record>{good}"), 2, &["bad_markup"]);
    let workout = format!("<Workout workoutActivityType=\"X\" {TIMES}>");
    let batch = check(&format!("{workout}<!--<WorkoutEvent type=\"p\"/></Workout>{good}"), 1, &["bad_markup"]);
    assert!(batch.entries.first().is_some_and(|workout| workout.body.contains("events")));
}

#[test]
fn what_a_comment_holds_is_not_read() {
    let good = steps("value=\"1\"");
    for (start, end) in [("<!--", "-->"), ("<!-- - -- > ]]> ?> ", "--->"), ("<![CDATA[", "]]>"), ("<?a ", "?>")] {
        for n in [0, 1, 3_000] {
            check(&format!("{good}{start}{}{end}{good}", good.repeat(n)), 2, &[]);
        }
    }
    // Behind one without an end, one that has its end farther off than one may have is none. A later one is.
    let blanks = format!("{}<a/>", " ".repeat(700_000));
    let (far, near) = (format!("<!--{blanks}-->{good}"), format!("<!--{good}-->"));
    let body = format!("<!--{blanks}{far}{blanks}{near}");
    check(&body, 1, &["bad_markup", "unknown_element"]);
}

#[test]
fn an_end_tag_without_its_end_costs_no_record() {
    let good = steps("value=\"1\"");
    let open = good.replace("/>", ">");
    for end in ["</Record\n", "</Record \n ", "</Record a=\"\n"] {
        check(&format!("{open}{end}{good}"), 2, &["bad_markup"]);
    }
    let batch = read(&format!("<HealthData>{good}</HealthData\n{good}")).expect("readable");
    assert_eq!(batch.samples.len(), 2);
}

#[test]
fn what_follows_the_root_is_said_not_to_be_read() {
    let problems = |end: &str| {
        let batch = read(&format!("<HealthData>{}</HealthData>{end}", steps("value=\"1\""))).expect("readable");
        batch.problems.iter().map(|p| p.reason).collect::<Vec<_>>()
    };
    assert!(problems("\n \n").is_empty());
    assert_eq!(problems("<HealthData/>"), ["after_the_end"]);
    assert_eq!(problems(&(" ".repeat(1 << 20) + "x")), ["after_the_end"]);
}

#[test]
fn a_wrong_checksum_costs_nothing_however_small_the_document() {
    for n in [1, 5_000] {
        let xml = format!("<HealthData>{}</HealthData>", steps("value=\"1\"").repeat(n));
        let mut bytes = archive(&[("export.xml", &xml)]);
        let at = memchr::memmem::find(&bytes, b"PK\x01\x02").expect("a directory");
        bytes[at + 16] ^= 1;
        let batch = Reader::archive(Cursor::new(bytes)).and_then(all).expect("readable");
        assert_eq!(batch.samples.len(), n);
        let reasons: Vec<_> = batch.problems.iter().map(|p| p.reason).collect();
        assert_eq!(reasons, ["bad_checksum"]);
        assert!(batch.document.is_some_and(|document| !document.complete));
    }
}

#[test]
fn names_with_backslashes_are_paths_too() {
    let route = r#"<FileReference path="/workout-routes/r.gpx"/>"#;
    let xml = format!("<HealthData><Workout workoutActivityType=\"X\" {TIMES}>{route}</Workout></HealthData>");
    let track = "<gpx><trkpt lat=\"1\" lon=\"2\"/></gpx>";
    let batch = unzip(&[("a\\export.xml", &xml), ("a\\workout-routes\\r.gpx", track)]).expect("readable");
    assert!(batch.problems.iter().all(|p| p.reason == "no_records"));
    assert_eq!(batch.entries.last().map(|e| e.identity.as_str()), Some("/workout-routes/r.gpx"));
}

#[test]
fn records_with_children_survive_any_border_of_blocks() {
    let one =
        format!("\n {}\n  <MetadataEntry key=\"a\" value=\"b\"/>\n </Record>", steps("value=\"1\"").replace("/>", ">"));
    let n = 2 * (256 << 10) / one.len();
    for shift in (0..one.len()).step_by(5) {
        let batch = inside(&(" ".repeat(shift) + &one.repeat(n)));
        assert_eq!((batch.samples.len(), batch.problems.len()), (n, 0), "shift {shift}");
    }
}

#[test]
fn a_cut_file_gives_what_stands_before() {
    let record = steps("value=\"1\"");
    for cut in [r#"<Record type="HK"#, "", "<Record", "</Rec"] {
        let batch = read(&format!("<HealthData>{record}{cut}")).expect("readable");
        assert_eq!(batch.samples.len(), 1, "{cut}");
        assert!(batch.problems.iter().any(|p| p.reason == "truncated"), "{cut}");
        assert!(!batch.document.expect("known").complete);
    }
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

/// A folder with one document and these files beside it.
struct Beside(Vec<(&'static str, String)>);

impl Folder for Beside {
    fn list(&mut self) -> std::io::Result<Vec<(String, u64)>> {
        Ok(self.0.iter().map(|(name, text)| ((*name).to_owned(), text.len() as u64)).collect())
    }

    fn open(&mut self, path: &str) -> std::io::Result<Box<dyn std::io::Read + Send>> {
        let found = self.0.iter().find(|(name, _)| *name == path).map(|(_, text)| text.clone());
        Ok(Box::new(Cursor::new(found.ok_or(std::io::ErrorKind::NotFound)?)))
    }
}

#[test]
fn a_folder_to_which_a_route_was_added_is_another_one() {
    const XML: (&str, &str) = ("export.xml", "<HealthData locale=\"en_US\"></HealthData>");
    let of = |files: &[(&'static str, &'static str)]| {
        let files = [&[XML], files].concat().into_iter().map(|(name, text)| (name, text.to_owned())).collect();
        let reader = Reader::folder(Beside(files)).expect("a folder");
        all(reader).expect("readable").document.and_then(|document| document.fingerprint).expect("a fingerprint")
    };
    let bare = Reader::document(Cursor::new(XML.1), None).expect("a document");
    let bare = all(bare).expect("readable").document.and_then(|document| document.fingerprint);
    assert_eq!(bare.as_deref(), Some(of(&[]).as_str()));
    let route = [("workout-routes/a.gpx", "<gpx></gpx>")];
    assert_ne!(of(&[]), of(&route));
    assert_eq!(of(&route), of(&[route[0], (".DS_Store", "left behind")]));
    assert_ne!(of(&route), of(&[("workout-routes/a.gpx", "<gpx> </gpx>")]));
}

#[test]
fn a_damaged_copy_does_not_pass_for_the_archive_that_is_whole() {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    zip.start_file("export.xml", stored).expect("a file");
    zip.write_all(format!("<HealthData>{}</HealthData>", steps("value=\"4711\"")).as_bytes()).expect("written");
    let whole = zip.finish().expect("finished").into_inner();
    let at = whole.windows(4).position(|bytes| bytes == b"4711").expect("the value");
    let mut damaged = whole.clone();
    damaged[at] = b'5';
    let told = |bytes: &[u8]| {
        let reader = Reader::archive(Cursor::new(bytes.to_vec())).expect("an archive");
        let before = reader.known().fingerprint.clone();
        (before, all(reader).expect("readable").document.and_then(|document| document.fingerprint))
    };
    let ((before, after), (same, other)) = (told(&whole), told(&damaged));
    assert_eq!((&before, &before), (&after, &same));
    assert!(other.is_some() && other != after, "{other:?}");
    assert_eq!(told(&damaged).1, other, "and it is known itself");
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
    assert_eq!(days, [("2024-05-01", r#"{"active_energy_kcal":100,"date":"2024-05-01"}"#)]);
}

#[test]
fn rings_of_no_day_at_all_are_refused() {
    let days = ["1969-12-30", "", "bad", "2026-02-30", "2026-01-01"];
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

pub(super) fn archive(files: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in files {
        zip.start_file(*name, SimpleFileOptions::default()).expect("a file");
        zip.write_all(text.as_bytes()).expect("written");
    }
    zip.finish().expect("finished").into_inner()
}

fn unzip(files: &[(&str, &str)]) -> Result<Batch> {
    all(Reader::archive(Cursor::new(archive(files)))?)
}

#[test]
fn the_main_document_is_found_by_content() {
    let xml = format!("<HealthData>{}</HealthData>", steps("value=\"1\""));
    let batch = unzip(&[
        ("__MACOSX/._export.xml", "x"),
        ("apple_health_export/export_cda.xml", "<ClinicalDocument/>"),
        ("apple_health_export/dışa aktarılan.XML", &xml),
        ("../evil.txt", "x"),
        ("apple_health_export/workout-routes/a.gpx", "<gpx><trkpt lat=\"1\" lon=\"2\"/></gpx>"),
    ])
    .expect("readable");
    assert_eq!(batch.samples.len(), 1);
    let reasons: Vec<_> = batch.problems.iter().map(|p| p.reason).collect();
    assert_eq!(reasons, ["unsafe_entry_name"]);
    assert_eq!(batch.entries.first().map(|e| e.identity.as_str()), Some("/workout-routes/a.gpx"));
}

#[test]
fn the_main_document_is_found_under_any_name() {
    let xml = format!("\u{feff}\n<?xml version=\"1.0\"?><HealthData>{}</HealthData>", steps("value=\"1\""));
    let others = [("a/readme", "<html/>"), ("a/export_cda.xml", "<ClinicalDocument/>"), ("a/b.json", &xml[..])];
    let track = ("a/workout-routes/r.gpx", "<gpx><trkpt lat=\"1\" lon=\"2\"/></gpx>");
    for name in ["a/export", "a/export.xml.txt", "a/Gesundheit.bak", "a/export_cda.XML.1", "a/2024.XML_"] {
        let files = [&others[..], &[(name, &xml), track]].concat();
        let batch = unzip(&files).expect(name);
        assert_eq!((batch.samples.len(), batch.entries.len(), batch.problems.len()), (1, 1, 0), "{name}");
        let files = files.into_iter().map(|(name, text)| (name, text.to_owned())).collect();
        assert_eq!(Reader::folder(Beside(files)).and_then(all).expect(name).samples.len(), 1, "{name}");
    }
    // The name decides where one says XML, and two without such a name are two.
    let samples = |files: &[(&str, &str)]| unzip(files).map(|batch| batch.samples.len());
    assert_eq!(samples(&[("export", &xml), ("export.xml", "<HealthData/>")]).ok(), Some(0));
    let kind = |files: &[(&str, &str)]| samples(files).err().map(|error| format!("{:?}", error.kind()));
    assert_eq!(kind(&[("a", &xml), ("b", &xml)]).as_deref(), Some("Several"));
    assert_eq!(kind(&[("a.gpx", &xml), ("__MACOSX/a", &xml), ("b", "x")]).as_deref(), Some("NotAnExport"));
    // A text about exports is none, and does not make two of one.
    let notes = ("README.md", "The document is <HealthData locale=\"en_GB\"> and so on.");
    assert_eq!(kind(&[notes]).as_deref(), Some("NotAnExport"));
    assert_eq!(samples(&[notes, ("a", &xml)]).ok(), Some(1));
}

#[test]
fn archives_without_one_main_document_are_errors() {
    let kind = |files: &[(&str, &str)]| unzip(files).err().map(|e| format!("{:?}", e.kind()));
    assert_eq!(kind(&[("a/export.xml", "")]).as_deref(), Some("Empty(Some(\"export.xml\"))"));
    assert_eq!(kind(&[("a/export", "")]).as_deref(), Some("NotAnExport"));
    let folder = |name: &'static str| {
        Reader::folder(Beside(vec![(name, String::new())])).err().map(|e| format!("{:?}", e.kind()))
    };
    assert_eq!(folder("a/export.xml").as_deref(), Some("Empty(Some(\"export.xml\"))"));
    assert_eq!(unzip(&[("a.xml", ""), ("export", "<HealthData/>")]).map(|batch| batch.samples.len()).ok(), Some(0));
    let two = kind(&[("a/export.xml", "<HealthData/>"), ("b/export.xml", "<HealthData/>")]);
    assert_eq!(two.as_deref(), Some("Several"));
    let long = "x".repeat(MAX_NAME + 1);
    assert!(kind(&[(&long, "")]).is_some_and(|kind| kind.starts_with("TooLarge")));
    assert!(unzip(&[("export.xml", "<HealthData/>"), (&long[1..], "")]).is_ok());
    let mut cut = archive(&[("export.xml", "<HealthData/>")]);
    cut.truncate(cut.len() - 30);
    let cut = Reader::archive(Cursor::new(cut)).err().map(|e| format!("{:?}", e.kind()));
    assert!(cut.is_some_and(|kind| kind.starts_with("DamagedArchive")));
}

/// People are told in our words, whatever the package that reads archives says.
#[test]
fn a_broken_list_of_files_is_told_as_that() {
    let whole = archive(&[("export.xml", "<HealthData/>")]);
    let entry = memchr::memmem::rfind(&whole, b"PK\x01\x02").expect("a directory");
    let end = memchr::memmem::rfind(&whole, b"PK\x05\x06").expect("its end");
    let check = |at: usize, change: &[u8]| {
        let mut bytes = whole.clone();
        bytes[at..at + change.len()].copy_from_slice(change);
        let error = Reader::archive(Cursor::new(bytes)).err().map(|error| error.to_string());
        assert_eq!(error.as_deref(), Some("the archive is damaged: its list of files is broken"), "at {at}");
    };
    // Its mark, the length of a name, how many there are, and where it begins.
    check(entry, b"X");
    check(entry + 28, &[200]);
    check(end + 8, &[9, 0, 9, 0]);
    check(end + 16, &[0xff, 0xff, 0xff, 0x0f]);
}

/// Replaces equally long bytes, for archives that no writer would make.
pub(super) fn patch(mut bytes: Vec<u8>, from: &[u8], to: &[u8]) -> Vec<u8> {
    let places: Vec<usize> = memchr::memmem::find_iter(&bytes, from).collect();
    for at in places {
        bytes[at..at + to.len()].copy_from_slice(to);
    }
    bytes
}

fn kind_of(bytes: Vec<u8>) -> String {
    match Reader::archive(Cursor::new(bytes)).and_then(all) {
        Ok(batch) => batch.problems.iter().map(|p| p.reason).collect::<Vec<_>>().join(" "),
        Err(error) => format!("{:?}", error.kind()),
    }
}

#[test]
fn doubled_and_encrypted_entries_are_not_opened() {
    let xml = format!("<HealthData>{}</HealthData>", steps("value=\"1\""));
    let doubled =
        patch(archive(&[("export.xml", &xml), ("aa.gpx", "<gpx/>"), ("ab.gpx", "<gpx/>")]), b"ab.gpx", b"aa.gpx");
    assert_eq!(kind_of(doubled), "duplicate_entry");
    let main = patch(archive(&[("aa.xml", &xml), ("ab.xml", &xml)]), b"ab.xml", b"aa.xml");
    assert!(kind_of(main).starts_with("DamagedArchive"));
    let other = patch(archive(&[("export.xml", &xml), ("aa.xml", &xml), ("ab.xml", "")]), b"ab.xml", b"aa.xml");
    assert_eq!(kind_of(other), "duplicate_entry");
    let mut locked = archive(&[("export.xml", &xml)]);
    let at = memchr::memmem::find(&locked, b"PK\x01\x02").expect("a directory");
    locked[at + 8] |= 1;
    assert_eq!(kind_of(locked), "Encrypted");
}

/// Pieces of documents, good and bad.
const PIECES: [&str; 20] = [
    "<Record type=\"HKQuantityTypeIdentifierStepCount\" sourceName=\"A\" unit=\"count\" \
     startDate=\"1970-01-01 00:00:01 +0000\" endDate=\"1970-01-01 00:00:02 +0000\" value=\"1\"/>",
    "<Record type=\"T\" startDate=\"1970-01-01 00:00:01 +0000\" endDate=\"1970-01-01 00:00:01 +0000\" value=\"1\">",
    "<Record endDate=\"1970-01-01 00:00:01 +0000\" startDate=\"1970-01-01 00:00:01 +0000\" type=\"T\" value=\"A\">",
    "<Record type=\"T\" type=\"U\" value=\"1 > 2\"/>",
    "<Record type='T' value=\"a'b\"/>",
    "</Record>",
    "</Record >",
    "<MetadataEntry key=\"a\" value=\"John's\"/>",
    "<MetadataEntry key=\"b\" value=\"&amp;\" />",
    "<Workout workoutActivityType=\"X\" startDate=\"1970-01-01 00:00:01 +0000\" \
     endDate=\"1970-01-01 00:00:02 +0000\">",
    "<WorkoutEvent type=\"p\" date=\"1970-01-01 00:00:01 +0000\"/>",
    "<a:b/>",
    "</Workout>",
    "<Me a=\"1\"/>",
    "<x/y=\"1\">",
    "</x>",
    "text",
    "\n ",
    "<![CDATA[<Record/>]]>",
    "</>",
];

/// A batch without the positions, which texts move.
fn without_places(text: &str) -> Option<Batch> {
    let mut batch = read(text).ok()?;
    batch.problems.iter_mut().for_each(|problem| problem.position = None);
    (batch.document, batch.bytes_read) = (None, 0);
    Some(batch)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_short_cut_gives_what_the_parser_gives(picks in proptest::collection::vec(0..PIECES.len(), 0..30)) {
        let join = |before: &str| {
            let pieces: String = picks.iter().map(|i| format!("{before}{}", PIECES[*i])).collect();
            format!("<HealthData>{pieces}</HealthData>")
        };
        // What stands behind a text is not taken by the short cut.
        prop_assert_eq!(without_places(&join("")), without_places(&join("x")), "{}", join(""));
    }

    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let mut xml = b"<HealthData><Record ".to_vec();
        xml.extend_from_slice(&bytes);
        if let Ok(reader) = Reader::document(Cursor::new(xml), None) {
            let _ = all(reader);
        }
        let _ = Reader::archive(Cursor::new(bytes)).map(all);
    }
}
