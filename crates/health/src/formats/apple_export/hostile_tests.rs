//! Files made to harm: each ends quickly in a named error or in a reported problem, and what is good of it is read.

use std::fmt::Write as _;
use std::io::Cursor;
use std::time::{Duration, Instant};

use super::Reader;
use super::archive_tests::{archive, patch};
use super::tests::{TIMES, all, steps};
use crate::Result;

/// Much more than any of these needs, even in a build without optimisation on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Checks the number of samples and the problems, or the error.
#[track_caller]
fn check(reader: impl FnOnce() -> Result<Reader>, expected: &str) {
    let started = Instant::now();
    let got = match reader().and_then(all) {
        Ok(batch) => {
            let mut reasons: Vec<_> = batch.problems.iter().map(|p| p.reason).collect();
            // Lost files are listed one by one, before what is counted.
            reasons.sort_unstable();
            reasons.dedup_by(|a, b| a == b && a.ends_with("_file"));
            format!("{} {}", batch.samples.len(), reasons.join(" "))
        }
        Err(error) => error.kind().to_string(),
    };
    assert_eq!(got.trim_end(), expected);
    assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());
}

#[track_caller]
fn check_zip(bytes: Vec<u8>, expected: &str) {
    check(|| Reader::archive(Cursor::new(bytes)), expected);
}

#[track_caller]
fn check_xml(body: &str, expected: &str) {
    let xml = format!("<HealthData>{}{body}</HealthData>", steps("value=\"1\""));
    check(|| Reader::document(Cursor::new(xml.into_bytes()), None), expected);
}

fn document() -> String {
    format!("<HealthData>{}</HealthData>", steps("value=\"1\""))
}

#[test]
fn a_bomb_is_refused_and_a_well_packed_document_is_not() {
    let xml = |blanks: usize| {
        let line = " ".repeat(1 << 16) + "<Novelty/>";
        format!("<HealthData>{}</HealthData>", line.repeat(blanks >> 16))
    };
    check_zip(archive(&[("export.xml", &xml(63 << 20))]), "0 no_records unknown_element");
    let refused = "the input is larger than the limit: compression ratio of the main document";
    check_zip(archive(&[("export.xml", &xml(66 << 20))]), refused);
}

#[test]
fn many_small_bombs_beside_the_document_are_one_big_one() {
    let blanks = " ".repeat(1 << 20);
    let names: Vec<String> = (0..100).map(|i| format!("{i}.gpx")).collect();
    let xml = document();
    let mut files = vec![("export.xml", xml.as_str())];
    files.extend(names.iter().map(|name| (name.as_str(), blanks.as_str())));
    check_zip(archive(&files), "1 damaged_file too_large_file");
}

/// A zip whose directory lists `n` entries with names of their own; the first is good, all others share its bytes.
fn overlapping(n: usize, name: impl Fn(usize) -> String, text: &str) -> Vec<u8> {
    let first = archive(&[(&name(0), text)]);
    let start = memchr::memmem::rfind(&first, b"PK\x01\x02").unwrap_or_default();
    let end = memchr::memmem::rfind(&first, b"PK\x05\x06").unwrap_or_default();
    let header = first.get(start..start + 46).unwrap_or_default();
    let mut bytes = first.get(..start).unwrap_or_default().to_vec();
    for name in (0..n).map(name) {
        let mut header = header.to_vec();
        header.splice(28..30, (name.len() as u16).to_le_bytes());
        bytes.extend_from_slice(&header);
        bytes.extend_from_slice(name.as_bytes());
    }
    let size = bytes.len() - start;
    let mut tail = first.get(end..).unwrap_or_default().to_vec();
    let count = u16::try_from(n).unwrap_or(u16::MAX - 1).to_le_bytes();
    tail.splice(8..16, [count, count].concat().into_iter().chain((size as u32).to_le_bytes()));
    bytes.extend_from_slice(&tail);
    bytes
}

#[test]
fn entries_that_share_their_bytes_do_not_count_as_read_twice() {
    let text = format!("{}{}", document(), " ".repeat(1 << 20));
    let name = |i| if i == 0 { "export.xml".to_owned() } else { format!("{i}.gpx") };
    check_zip(overlapping(2_000, name, &text), "1 damaged_file too_large_file");
}

#[test]
fn nobody_looks_into_thousands_of_xml_files() {
    let refused = "the input is larger than the limit: XML files to look into";
    check_zip(overlapping(60_000, |i| format!("{i}.xml"), "<a/>"), refused);
}

#[test]
fn a_directory_without_end_is_refused_whatever_number_it_states() {
    let refused = "the input is larger than the limit: entries in the archive";
    check_zip(overlapping(200_001, |i| format!("{i}.txt"), "x"), refused);
}

#[test]
fn a_million_entries_are_refused_before_they_are_looked_at() {
    // The end of central directory of zip64 states the number.
    let mut bytes = vec![0; 56];
    bytes.splice(..4, *b"PK\x06\x06");
    bytes.splice(32..40, 1_000_000u64.to_le_bytes());
    bytes.extend_from_slice(b"PK\x06\x07\0\0\0\0");
    bytes.extend_from_slice(&[0; 12]);
    bytes.extend_from_slice(b"PK\x05\x06\0\0\0\0\xFF\xFF\xFF\xFF");
    bytes.extend_from_slice(&[0xFF; 8]);
    bytes.extend_from_slice(&[0; 2]);
    check_zip(bytes, "the input is larger than the limit: entries in the archive");
}

#[test]
fn unsafe_names_links_and_doubles_are_counted_and_the_rest_is_read() {
    let xml = document();
    let bytes = archive(&[
        ("export.xml", &xml),
        ("../up.gpx", "<gpx/>"),
        ("/root.gpx", "<gpx/>"),
        ("C:\\drive.gpx", "<gpx/>"),
        ("link.gpx", "/etc/passwd"),
        ("aa.gpx", "<gpx/>"),
        ("ab.gpx", "<gpx/>"),
    ]);
    let mut bytes = patch(bytes, b"ab.gpx", b"aa.gpx");
    let name = memchr::memmem::rfind(&bytes, b"link.gpx").unwrap_or_default();
    // The mode of a link, in the entry's header of the central directory.
    let mode = name - 46 + 40;
    bytes.splice(mode..mode + 2, (0o12u16 << 12 | 0o777).to_le_bytes());
    let batch = Reader::archive(Cursor::new(bytes)).and_then(all).expect("readable");
    let counts: Vec<_> = batch.problems.iter().map(|p| (p.reason, p.count)).collect();
    assert_eq!(counts, [("duplicate_entry", 2), ("unsafe_entry_name", 4)]);
    assert_eq!((batch.samples.len(), batch.entries.len()), (1, 0));
}

#[test]
fn a_main_document_that_is_a_link_or_leaves_the_archive_is_none() {
    let xml = document();
    let refused = "the archive is damaged: its XML file is a link or has an unsafe name, and was not opened";
    check_zip(archive(&[("../export.xml", &xml)]), refused);
    let mut link = archive(&[("export.xml", &xml)]);
    let header = memchr::memmem::rfind(&link, b"PK\x01\x02").unwrap_or_default();
    link.splice(header + 40..header + 42, (0o12u16 << 12 | 0o777).to_le_bytes());
    check_zip(link, refused);
    // Beside a good one it is only counted.
    check_zip(archive(&[("../export.xml", &xml), ("export.xml", &xml)]), "1 unsafe_entry_name");
}

#[test]
fn a_document_that_cannot_be_unpacked_is_damage_and_not_another_file() {
    let xml = document();
    let header = |bytes: &[u8]| memchr::memmem::rfind(bytes, b"PK\x01\x02").unwrap_or_default();
    for (method, name) in [(12u16, "bzip2"), (14, "LZMA"), (77, "method 77")] {
        let mut bytes = archive(&[("a/export.xml", &xml)]);
        let place = header(&bytes) + 10;
        bytes.splice(place..place + 2, method.to_le_bytes());
        let local = 8;
        bytes.splice(local..local + 2, method.to_le_bytes());
        check_zip(bytes, &format!("the archive is damaged: export.xml is packed by {name}, not by Deflate"));
    }
    let mut bytes = archive(&[("a/export.xml", &xml)]);
    let place = 30 + "a/export.xml".len();
    bytes.splice(place..place + 9, [0xFF; 9]);
    check_zip(bytes, "the archive is damaged: export.xml cannot be unpacked");
    let mut bytes = b"#!/bin/sh\n".repeat(10);
    bytes.extend(archive(&[("a/export.xml", &xml)]));
    check_zip(bytes, "1");
}

#[test]
fn nested_and_external_entities_stay_text() {
    let mut doctype = "<!DOCTYPE HealthData [<!ENTITY a0 \"ha\"><!ENTITY x SYSTEM \"file:///etc/passwd\">".to_owned();
    for i in 1..20 {
        let _ = write!(doctype, "<!ENTITY a{i} \"{}\">", format!("&a{};", i - 1).repeat(10));
    }
    let record = steps("value=\"1\" sourceVersion=\"&a19;&x;\"");
    let xml = format!("<?xml version=\"1.0\"?>{doctype}]><HealthData>{record}&a19;</HealthData>");
    let reader = Reader::document(Cursor::new(xml.into_bytes()), None);
    let batch = reader.and_then(all).expect("readable");
    let reasons: Vec<_> = batch.problems.iter().map(|p| p.reason).collect();
    assert_eq!((batch.samples.len(), reasons.as_slice()), (1, ["unknown_entity"].as_slice()));
    assert_eq!(batch.origins.first().and_then(|o| o.version.as_deref()), Some("&a19;&x;"));
}

#[test]
fn huge_attributes_texts_and_names_are_refused() {
    let refused = "the input is larger than the limit: bytes of one XML element";
    let huge = "x".repeat(2 << 20);
    check_xml(&steps(&format!("value=\"{huge}\"")), refused);
    check_xml(&huge, refused);
    check_xml(&format!("<{huge}/>"), refused);
    check_xml(&format!("<![CDATA[{huge}]]>"), refused);
    check_xml(&format!("<!DOCTYPE a [{huge}]>"), refused);
}

#[test]
fn quotes_without_end_cost_no_record_but_their_own() {
    let broken = |quotes: &str| format!("<Record type=\"T\" a={quotes}/>\n");
    // Each of these shifts what the next ones seem to quote.
    let mix: String = ["\"", "'", "\"'\"", "'\"'\"'", "\"\"'"].map(broken).concat();
    let count = |body: String| {
        let xml = format!("<HealthData>{body}{}</HealthData>", steps("value=\"1\""));
        let batch = Reader::document(Cursor::new(xml.into_bytes()), None).and_then(all).expect("readable");
        (batch.samples.len(), batch.records_read)
    };
    assert_eq!(count(mix.repeat(4_000)), (1, 20_001));
    // One in a thousand, so that each takes in as much as one may.
    let rare = steps("value=\"1\" ").repeat(1_000) + &broken("\"");
    assert_eq!(count(rare.repeat(10)), (10_001, 10_011));
}

/// How many bytes were looked at to find ends, for each byte of a body.
fn looked_at(body: &str) -> f64 {
    let xml = format!("<HealthData>\n{body}{}</HealthData>", steps("value=\"1\""));
    let bytes = xml.len() as f64;
    let mut reader = Reader::document(Cursor::new(xml.into_bytes()), None).expect("a document");
    while reader.next_batch().expect("readable").is_some() {}
    assert!(reader.known().complete);
    reader.parser.finder.looked as f64 / bytes
}

#[test]
fn what_has_no_end_is_not_looked_at_again_and_again() {
    let asides = "<!--\n<![CDATA[\n<?xml\n";
    for unclosed in [
        "<Record a=\"1\n",
        "<Record a=\"1>\n",
        "<Record a='1>\n",
        "<Workout><Record a=\"\n",
        "<Record a=\"1\"\n",
        "</Record\n",
        "<Record a=\"1 <Mew <\n",
        "<!--\n",
        "<![CDATA[\n",
        "<?\n",
        "<!\n",
        "<\n",
        asides,
        &format!("{asides}<Record a=\"1>\n"),
    ] {
        // Each kind of comment is looked after once, besides what any tag costs; the next mebibyte is the same again.
        for bytes in [50_000, 1_500_000] {
            let looked = looked_at(&unclosed.repeat(bytes / unclosed.len()));
            assert!(looked < 4.0, "{unclosed:?} {bytes}: {looked}");
        }
    }
}

#[test]
fn depth_and_many_attributes_are_refused() {
    check_xml(&"<a>".repeat(1 << 20), "the input is larger than the limit: depth of XML elements");
    let many = " type=\"T\"".repeat(50_000);
    check_xml(&format!("<Record{many}/><Workout{many}/>"), "1 bad_shape bad_shape duplicate_attribute");
}

#[test]
fn an_element_with_many_children_takes_no_longer_than_they_are_many() {
    let points = "<SensitivityPoint frequencyValue=\"1\"/>".repeat(60_000);
    check_xml(&format!("<Audiogram {TIMES}>{points}</Audiogram>"), "1");
    let metadata: String = (0..40_000).map(|i| format!("<MetadataEntry key=\"k{i}\" value=\"v\"/>")).collect();
    let files = "<FileReference path=\"/a.gpx\"/>".repeat(40_000);
    let route = format!("<WorkoutRoute>{metadata}{files}</WorkoutRoute>");
    check_xml(
        &format!("<Workout workoutActivityType=\"X\" {TIMES}>{route}</Workout>"),
        "1 missing_file too_many_references",
    );
}

#[test]
fn references_to_files_that_are_not_there_are_not_looked_for_one_by_one() {
    let mut xml = "<HealthData>".to_owned();
    for i in 0..20_000 {
        let _ =
            write!(xml, "<Workout workoutActivityType=\"X\" {TIMES}><FileReference path=\"/b/{i}.gpx\"/></Workout>");
    }
    xml.push_str("</HealthData>");
    let names: Vec<String> = (0..20_000).map(|i| format!("a/{i}.txt")).collect();
    let mut files = vec![("export.xml", xml.as_str())];
    files.extend(names.iter().map(|name| (name.as_str(), "")));
    check_zip(archive(&files), "0 missing_file no_records");
}
