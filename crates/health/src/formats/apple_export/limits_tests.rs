//! Every limit from both sides: what is just within it is read, what is just above it ends in a named error or in a
//! reported problem. The limits are small here; that the usual ones are as documented is a test of its own.

use std::io::Cursor;

use super::archive_tests::archive;
use super::limits::*;
use super::tests::{TIMES, all, steps};
use super::{Reader, ecg, gpx};
use crate::Result;

/// The problems of a reading without those that say what is missing anyway, or the error.
fn outcome(reader: Result<Reader>) -> String {
    match reader.and_then(all) {
        Ok(batch) => {
            let is_empty = batch.problems.iter().any(|problem| problem.reason == "no_records");
            assert!(!is_empty || batch.samples.is_empty() && batch.records_read == 0);
            let reasons =
                batch.problems.iter().map(|p| p.reason).filter(|r| *r != "no_records" && *r != "missing_file");
            reasons.collect::<Vec<_>>().join(" ")
        }
        Err(error) => error.kind().to_string(),
    }
}

fn read(body: &str, limits: Limits) -> String {
    let xml = format!("<HealthData>{body}</HealthData>");
    outcome(Reader::document_within(Cursor::new(xml.into_bytes()), None, limits))
}

fn unzip(files: &[(&str, &str)], limits: Limits) -> String {
    outcome(Reader::archive_within(Cursor::new(archive(files)), limits))
}

/// Reads the same input with limits of `n` and of one less.
#[track_caller]
fn check(limits: impl Fn(usize) -> Limits, n: usize, read: impl Fn(Limits) -> String, above: &str) {
    assert_eq!((read(limits(n)).as_str(), read(limits(n - 1)).as_str()), ("", above));
}

fn usual() -> Limits {
    Limits::default()
}

#[test]
fn the_usual_limits_are_the_documented_ones() {
    let Limits { entries, name, xml, gpx, ecg, ratio, ratio_free, event, attributes, depth, metadata, prolog, .. } =
        usual();
    assert_eq!((entries, name), (200_000, 1_024));
    assert_eq!((xml, gpx, ecg), (100 << 30, 256 << 20, 16 << 20));
    assert_eq!((ratio, ratio_free), (200, 64 << 20));
    assert_eq!((event, attributes, depth, metadata, prolog), (1 << 20, 64, 16, 256, 1 << 20));
    let Limits {
        candidates,
        directory,
        clinical,
        beats,
        nodes,
        entry_bytes,
        points,
        voltages,
        references,
        reference_bytes,
        ..
    } = usual();
    assert_eq!((candidates, directory, clinical, beats), (1_000, 24 << 20, 16 << 20, 10_000));
    assert_eq!((nodes, entry_bytes, points, voltages), (100_000, 32 << 20, 1_000_000, 1_000_000));
    assert_eq!((references, reference_bytes), (200_000, 64 << 20));
    let Limits { kinds, sources, names, refused, times_read, details, .. } = usual();
    assert_eq!(details, 1 << 20);
    assert_eq!((kinds, sources, names, refused, times_read), (2_000, 10_000, 32 << 20, 100_000, 4));
}

const ROOT: &str = "<HealthData/>";

#[test]
fn archives_have_so_many_entries_names_and_candidates() {
    let files = [("export.xml", ROOT), ("a.txt", ""), ("long name.txt", "")];
    let too_large = |what: &str| format!("the input is larger than the limit: {what}");
    let entries = |n| Limits { entries: n as u64, ..usual() };
    check(entries, 3, |limits| unzip(&files, limits), &too_large("entries in the archive"));
    let name = |name| Limits { name, ..usual() };
    check(name, 13, |limits| unzip(&files, limits), &too_large("bytes in the name of an entry"));
    let directory = |n| Limits { directory: n as u64, ..usual() };
    let bytes = files.iter().map(|(name, _)| 46 + name.len()).sum();
    check(directory, bytes, |limits| unzip(&files, limits), &too_large("bytes of the archive's directory"));
    let files = [("a.xml", "<a/>"), ("b.xml", ROOT)];
    let candidates = |candidates| Limits { candidates, ..usual() };
    check(candidates, 2, |limits| unzip(&files, limits), &too_large("XML files to look into"));
    let files = [("a", "<a/>"), ("b", ROOT)];
    check(candidates, 2, |limits| unzip(&files, limits), "no Apple Health document inside");
    let far = |n: usize| unzip(&[("a", &format!("<!--{}-->{ROOT}", " ".repeat(n)))], usual());
    let most = RENAMED_HEAD - "<!---->".len() - "<HealthData".len();
    assert_eq!((far(most).as_str(), far(most + 1).as_str()), ("", "no Apple Health document inside"));
}

#[test]
fn the_main_document_has_so_many_bytes_and_is_packed_so_well() {
    let body = "<Novelty/>".repeat(1000);
    let bytes = body.len() + "<HealthData></HealthData>".len();
    let xml = |n| Limits { xml: n as u64, ..usual() };
    let novel = |text: String| text.replace("unknown_element", "");
    let above = "the input is larger than the limit: bytes of the main document";
    check(xml, bytes, |limits| novel(read(&body, limits)), above);
    let packed = format!("<HealthData>{body}</HealthData>");
    let unzip = |limits| novel(unzip(&[("export.xml", &packed)], limits));
    let above = "the input is larger than the limit: compression ratio of the main document";
    check(|n| Limits { ratio_free: n as u64, ratio: 2, ..usual() }, bytes, unzip, above);
    assert_eq!(unzip(Limits { ratio_free: 0, ratio: 1000, ..usual() }), "");
}

#[test]
fn the_part_before_the_root_has_so_many_bytes() {
    let limits = |prolog| Limits { prolog, ..usual() };
    let text = format!("{}{ROOT}", " ".repeat(100));
    let read = |limits| outcome(Reader::document_within(Cursor::new(text.clone().into_bytes()), None, limits));
    check(limits, 100, read, "no Apple Health document inside");
    // A head of ours that has no end is not somebody else's file.
    let head = format!("<!DOCTYPE HealthData [<!-- {} -->]>", "x".repeat(100));
    let text = format!("{head}{ROOT}");
    let document = |limits| outcome(Reader::document_within(Cursor::new(text.clone().into_bytes()), None, limits));
    let above = "the input is larger than the limit: bytes before the root element";
    check(limits, head.len(), document, above);
    let packed = |limits| unzip(&[("export.xml", &text)], limits);
    assert_eq!((packed(limits(head.len())).as_str(), packed(limits(50)).as_str()), ("", above));
    let cut = |text: &str| outcome(Reader::document(Cursor::new(text.to_owned().into_bytes()), None));
    assert_eq!(cut(&head), "no Apple Health document inside");
}

#[test]
fn events_attributes_and_depth_are_bounded() {
    let event = |event| Limits { event, ..usual() };
    let above = "the input is larger than the limit: bytes of one XML element";
    let body = steps(&format!("value=\"1\" x=\"{}\"", "x".repeat(1000)));
    check(event, body.len(), |limits| read(&body, limits).replace("unknown_attribute", ""), above);
    let text = "x".repeat(1000);
    check(event, text.len(), |limits| read(&text, limits), above);
    // What is over the limit has no end for us: what stands in it is read as if it had not begun.
    for body in [format!("<!--{text}-->"), format!("<![CDATA[{text}]]>"), format!("<?{text}?>")] {
        check(event, body.len(), |limits| read(&body, limits), "bad_markup");
    }
    let attributes = |attributes| Limits { attributes, ..usual() };
    check(attributes, 6, |limits| read(&steps("value=\"1\""), limits), "bad_shape");
    let depth = |depth| Limits { depth, ..usual() };
    let deep = format!("<Me>{}{}</Me>", "<a>".repeat(5), "</a>".repeat(5));
    let above = "the input is larger than the limit: depth of XML elements";
    check(depth, 7, |limits| read(&deep, limits).replace("unknown_element", ""), above);
}

#[test]
fn metadata_beats_and_children_are_bounded() {
    let inside =
        |name: &str, children: String| format!("{}{children}</{name}>", steps("value=\"1\"").replace("/>", ">"));
    let entries: String = (0..5).map(|i| format!("<MetadataEntry key=\"k{i}\" value=\"\"/>")).collect();
    let record = inside("Record", entries);
    check(|metadata| Limits { metadata, ..usual() }, 5, |limits| read(&record, limits), "too_much_metadata");
    let beat = r#"<InstantaneousBeatsPerMinute bpm="60" time="7:47:41.86 PM"/>"#;
    let record = inside("Record", beat.repeat(4));
    check(|beats| Limits { beats, ..usual() }, 4, |limits| read(&record, limits), "too_many_beats");
    // Two letters a key, and thirteen of a time.
    let record = inside("Record", (0..5).map(|i| format!("<MetadataEntry key=\"k{i}\" value=\"\"/>")).collect());
    check(|details| Limits { details, ..usual() }, 10, |limits| read(&record, limits), "too_much_metadata");
    let record = inside("Record", beat.replace("7:47:41.86 PM", "12 34").repeat(2));
    check(|details| Limits { details, ..usual() }, 14, |limits| read(&record, limits), "too_many_beats");
    let workout =
        format!("<Workout workoutActivityType=\"X\" {TIMES}>{}</Workout>", "<WorkoutEvent type=\"a\"/>".repeat(6));
    check(|nodes| Limits { nodes, ..usual() }, 6, |limits| read(&workout, limits), "too_many_children");
    // Six elements with one attribute each: what their letters take, and what they take besides.
    let bytes = 6 * (2 * " type=\"a\"".len() + 100 + 120);
    check(|n| Limits { entry_bytes: n, ..usual() }, bytes, |limits| read(&workout, limits), "too_many_children");
}

#[test]
fn old_routes_of_a_workout_have_so_many_points_together() {
    let route = format!("<WorkoutRoute>{}</WorkoutRoute>", "<Location latitude=\"1\" longitude=\"2\"/>".repeat(3));
    let workout = format!("<Workout workoutActivityType=\"X\" {TIMES}>{}</Workout>", route.repeat(2));
    check(|points| Limits { points, ..usual() }, 6, |limits| read(&workout, limits), "too_many_children");
}

/// A record with a type and a source.
fn record(kind: &str, source: &str) -> String {
    format!("<Record type=\"{kind}\" sourceName=\"{source}\" unit=\"count\" value=\"1\" {TIMES}/>")
}

#[test]
fn types_that_nobody_knows_are_bounded_and_known_ones_are_not() {
    let known = ["HKQuantityTypeIdentifierStepCount", "HKQuantityTypeIdentifierFlightsClimbed"];
    let body: String = ["A", "B", "A", "C"].iter().chain(&known).map(|kind| record(kind, "x")).collect();
    check(|kinds| Limits { kinds, ..usual() }, 3, |limits| read(&body, limits), "too_many_kinds");
    let member = format!("<Correlation type=\"X\" {TIMES}>{}</Correlation>", record("C", ""));
    let body = record("A", "") + &record("B", "") + &member;
    let members = |limits| {
        let xml = format!("<HealthData>{body}</HealthData>");
        let reader = Reader::document_within(Cursor::new(xml.into_bytes()), None, limits);
        let batch = reader.and_then(all).expect("readable");
        let members = batch.entries.into_iter().filter_map(|entry| entry.members);
        members.flat_map(|batch| batch.problems).map(|problem| problem.reason).collect::<String>()
    };
    check(|kinds| Limits { kinds, ..usual() }, 3, members, "too_many_kinds");
}

#[test]
fn sources_and_bytes_of_names_are_bounded() {
    let body: String = ["a", "b", "a", "c"].map(|source| record("HKQuantityTypeIdentifierStepCount", source)).concat();
    check(|sources| Limits { sources, ..usual() }, 3, |limits| read(&body, limits), "too_many_sources");
    let workout = format!("<Workout workoutActivityType=\"X\" sourceName=\"d\" {TIMES}/>");
    let body = body + &workout + "<Me/>";
    check(|sources| Limits { sources, ..usual() }, 4, |limits| read(&body, limits), "too_many_sources");
    check(|names| Limits { names, ..usual() }, 4, |limits| read(&body, limits), "too_many_sources");
    let route = |content: &str| format!(r#"<WorkoutRoute sourceName="e">{content}</WorkoutRoute>"#);
    for content in [r#"<FileReference path="/a.gpx"/>"#, r#"<Location latitude="1" longitude="2"/>"#] {
        let workout = format!("<Workout workoutActivityType=\"X\" {TIMES}>{}</Workout>", route(content));
        let body = record("HKQuantityTypeIdentifierStepCount", "a") + &workout;
        check(|sources| Limits { sources, ..usual() }, 2, |limits| read(&body, limits), "too_many_sources");
    }
    let xml = format!("<HealthData>{}</HealthData>", record("HKQuantityTypeIdentifierStepCount", "a"));
    let csv = "Name,A\nBorn,B\nRecorded,2021-12-17 12:58:58 +0800\nClass,A\nSymptoms,\nSoftware,1\nDevice,W1\n\n1.5\n";
    let ecg = [("export.xml", xml.as_str()), ("a.csv", csv)];
    check(|sources| Limits { sources, ..usual() }, 2, |limits| unzip(&ecg, limits), "too_many_sources");
    let body = record("Novel", "a") + &record("Novelty", "a");
    check(|names| Limits { names, ..usual() }, 13, |limits| read(&body, limits), "too_many_kinds");
}

#[test]
fn damage_is_counted_under_so_many_names() {
    let named = |attributes: usize| {
        let record = |n| record("HKQuantityTypeIdentifierStepCount", "A").replace("/>", &format!(" a{n}=\"\"/>"));
        let xml = format!("<HealthData>{}</HealthData>", (0..attributes).map(record).collect::<String>());
        let batch = Reader::document(Cursor::new(xml.into_bytes()), None).and_then(all).expect("read");
        let (named, others): (Vec<_>, Vec<_>) = batch.problems.iter().partition(|problem| problem.kind.is_some());
        (named.len(), others.iter().map(|problem| problem.count).sum::<u64>())
    };
    assert_eq!(named(MAX_TALLIES), (MAX_TALLIES, 0));
    assert_eq!(named(MAX_TALLIES + 2), (MAX_TALLIES, 2));
}

#[test]
fn so_much_of_the_name_of_a_lost_file_is_kept() {
    let kept = |bytes: usize| {
        let path = "/".repeat(bytes);
        let xml = format!(
            "<HealthData><Workout workoutActivityType=\"X\" {TIMES}><FileReference path=\"{path}\"/></Workout></HealthData>"
        );
        let batch = Reader::document(Cursor::new(xml.into_bytes()), None).and_then(all).expect("read");
        batch.problems.iter().find_map(|problem| problem.file.clone()).expect("a lost file")
    };
    assert_eq!(kept(MAX_LOST_NAME), "/".repeat(MAX_LOST_NAME));
    assert_eq!(kept(MAX_LOST_NAME + 1), "/".repeat(MAX_LOST_NAME) + "\u{2026}");
}

#[test]
fn so_much_of_a_refused_record_is_kept() {
    let kept = |bytes: usize| {
        let start = " type=\"";
        let body = format!("<Record{start}{}\"/>", "x".repeat(bytes - start.len() - 1));
        let xml = format!("<HealthData>{body}</HealthData>");
        let batch = Reader::document(Cursor::new(xml.into_bytes()), None).and_then(all).expect("read");
        batch.problems.iter().find_map(|problem| problem.rejected.as_ref().map(String::len)).expect("a reject")
    };
    assert_eq!((kept(MAX_REJECT), kept(MAX_REJECT + 1), kept(2 * MAX_REJECT)), (MAX_REJECT, MAX_REJECT, MAX_REJECT));
    assert_eq!(kept(MAX_REJECT - 1), MAX_REJECT - 1);
}

#[test]
fn so_many_refused_records_are_known_again() {
    let bad =
        |n: usize| record("HKQuantityTypeIdentifierStepCount", "A").replace("value=\"1\"", &format!("value=\"x{n}\""));
    let pair = |n| format!("{}<Correlation type=\"C\" {TIMES}>{}</Correlation>", bad(n), bad(n));
    let refused = |refused, pairs: usize| {
        let body: String = (0..pairs).map(pair).collect();
        let limits = Limits { refused, ..usual() };
        let xml = format!("<HealthData>{body}</HealthData>");
        let batch = Reader::document_within(Cursor::new(xml.into_bytes()), None, limits).and_then(all).expect("read");
        let nested = batch.entries.iter().filter_map(|entry| entry.members.as_ref()).map(|m| m.problems.len());
        (batch.problems.iter().filter(|p| p.rejected.is_some()).count(), nested.sum::<usize>())
    };
    assert_eq!(refused(3, 3), (3, 0));
    assert_eq!(refused(2, 3), (3, 1));
}

#[test]
fn references_are_bounded_by_number_and_bytes() {
    let files = r#"<FileReference path="/a.gpx"/>"#.repeat(3);
    let workout = format!("<Workout workoutActivityType=\"X\" {TIMES}>{files}</Workout>");
    let read = |limits| read(&workout, limits);
    check(|references| Limits { references, ..usual() }, 3, read, "too_many_references");
    let enough = (1..).find(|n| read(Limits { reference_bytes: *n, ..usual() }).is_empty()).unwrap_or_default();
    check(|n| Limits { reference_bytes: n, ..usual() }, enough, read, "too_many_references");
    assert!(enough < 3000, "{enough}");
}

/// Whatever carries the bytes of an entry, a batch has no more of them than it may, and the largest entry.
#[test]
fn entries_of_a_batch_have_so_many_bytes() {
    let long = "x".repeat(300_000);
    let prescription = |source: &str, more: &str| {
        format!("<VisionPrescription type=\"glasses\" dateIssued=\"2021-12-17\" sourceName=\"{source}\" {more}/>")
    };
    let record = format!("<Record type=\"T\" {TIMES} value=\"1\"><MetadataEntry key=\"a\" value=\"{long}\"/></Record>");
    let correlation = format!("<Correlation type=\"C\" {TIMES}>{record}</Correlation>");
    for element in [prescription(&long, ""), prescription("A", &format!("new=\"{long}\"")), correlation] {
        let xml = format!("<HealthData>{}</HealthData>", element.repeat(20));
        let mut reader = Reader::document(Cursor::new(xml.into_bytes()), None).expect("opens");
        while let Some(batch) = reader.next_batch().expect("read") {
            assert!(batch.weight() < 3 << 20, "{}", batch.weight());
        }
    }
}

#[test]
fn files_beside_the_document_have_so_many_bytes() {
    let track = format!("<gpx>{}</gpx>", "<trkpt lat=\"1\" lon=\"2\"></trkpt>".repeat(40));
    let route = [("export.xml", ROOT), ("a.gpx", &track)];
    check(|n| Limits { gpx: n as u64, ..usual() }, track.len(), |limits| unzip(&route, limits), "too_large_file");
    let csv = "Name,A\nBorn,B\nRecorded,2021-12-17 12:58:58 +0800\nClass,A\n\n1.5\n2.5\n3.5\n";
    let ecg = [("export.xml", ROOT), ("a.csv", csv)];
    check(|n| Limits { ecg: n as u64, ..usual() }, csv.len(), |limits| unzip(&ecg, limits), "too_large_file");
    let xml = r#"<HealthData><ClinicalRecord type="T" identifier="1" resourceFilePath="/a.json"/></HealthData>"#;
    let clinical = [("export.xml", xml), ("a.json", "{\"a\": 1}")];
    check(|n| Limits { clinical: n as u64, ..usual() }, 8, |limits| unzip(&clinical, limits), "too_large_file");
}

#[test]
fn files_beside_the_document_have_one_ratio_together() {
    let blanks = " ".repeat(20_000);
    let track = format!("<gpx>{blanks}</gpx>");
    let xml = r#"<HealthData><ClinicalRecord type="T" identifier="1" resourceFilePath="/a.json"/></HealthData>"#;
    let limits = |n| Limits { ratio_free: n as u64, ratio: 20, ..usual() };
    let ecg = format!("Name,A\nBorn,B\nRecorded,2021-12-17 12:58:58 +0800\nClass,A\n\n{}", "1\n".repeat(10_000));
    for (name, text) in [("a.gpx", &track), ("a.json", &blanks), ("a.csv", &ecg)] {
        let unzip = |limits| unzip(&[("export.xml", xml), (name, text)], limits);
        check(limits, text.len(), unzip, "too_large_file");
    }
    let files = [("export.xml", ROOT), ("a.gpx", &track), ("b.gpx", &track)];
    check(limits, 2 * track.len(), |limits| unzip(&files, limits), "too_large_file");
}

#[test]
fn tracks_have_so_many_points_bytes_and_levels() {
    let point = "<trkpt lat=\"1\" lon=\"2\"><ele>1</ele></trkpt>";
    let track = format!("<gpx>{}</gpx>", point.repeat(4));
    let read = |limits: Limits| {
        let track = gpx::read_within(track.as_bytes(), &limits);
        (track.points.len(), track.complete)
    };
    assert_eq!((read(usual()), read(Limits { points: 4, ..usual() })), ((4, true), (4, true)));
    assert_eq!(read(Limits { points: 3, ..usual() }), (3, false));
    assert_eq!(read(Limits { depth: 3, ..usual() }), (4, true));
    assert_eq!(read(Limits { depth: 2, ..usual() }), (0, false));
    assert_eq!(read(Limits { event: 23, ..usual() }), (4, true));
    assert_eq!(read(Limits { event: 22, ..usual() }), (0, false));
    assert_eq!(read(Limits { gpx: track.len() as u64, ..usual() }), (4, true));
    assert_eq!(read(Limits { gpx: track.len() as u64 / 2, ..usual() }), (2, false));
}

#[test]
fn electrocardiograms_have_so_many_voltages() {
    let csv = "Name,A\nBorn,B\nRecorded,2021-12-17 12:58:58 +0800\nClass,A\n\n1.5\n2.5\n3.5\n";
    let is_read = |voltages| ecg::read_within(csv.as_bytes(), &Limits { voltages, ..usual() }).is_some();
    assert_eq!((is_read(3), is_read(2)), (true, false));
}
