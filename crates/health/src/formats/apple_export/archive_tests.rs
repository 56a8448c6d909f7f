//! Archives and folders from outside: which document is found in them, and which files are opened.

#![allow(clippy::unwrap_used)]

use std::io::{self, Cursor, Read, Seek, Write as _};
use std::sync::{Arc, Mutex};

use zip::write::{SimpleFileOptions, ZipWriter};

use super::limits::{Limits, MAX_NAME};
use super::tests::{TIMES, all, steps};
use super::*;
use crate::{EntryKind, ErrorKind};

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

/// A phone prints names composed; a Mac takes them apart.
#[test]
fn a_route_is_found_however_its_accents_are_written() {
    const NAMES: [&str; 2] = ["apr\u{e8}s-midi.gpx", "apre\u{300}s-midi.gpx"];
    let track = |lat: u8| format!("<gpx><trkpt lat=\"{lat}\" lon=\"2\"/></gpx>");
    let (one, other) = (track(1), track(2));
    let read = |path: &str, files: &[(&str, &str)]| {
        let file = format!("<FileReference path=\"/r\u{e9}/{path}\"/>");
        let xml = format!("<HealthData><Workout workoutActivityType=\"X\" {TIMES}>{file}</Workout></HealthData>");
        let batch = unzip(&[&[("a/export.xml", xml.as_str())], files].concat()).expect("readable");
        let routes = batch.entries.iter().filter(|entry| entry.kind == EntryKind::Route);
        let mut routes: Vec<_> = routes
            .map(|entry| {
                let points = crate::formats::route::unpack(entry.payload.as_ref().unwrap()).unwrap();
                (points[0].lat, entry.body.contains("\"workout\""), entry.identity.clone())
            })
            .collect();
        routes.sort_by(|a, b| a.0.total_cmp(&b.0));
        let missing = batch.problems.iter().filter(|problem| problem.reason == "missing_file").count();
        (routes, missing)
    };
    for path in NAMES {
        let identity = format!("/r\u{e9}/{path}");
        for name in NAMES {
            // In its folder, in one whose name is written otherwise, and somewhere else.
            for folder in ["a/r\u{e9}", "a/re\u{301}", "b"] {
                let found = read(path, &[(&format!("{folder}/{name}"), &one)]);
                assert_eq!(found, (vec![(1.0, true, identity.clone())], 0), "{path} {folder}/{name}");
            }
        }
        // Of two the one that is called just so.
        let two = NAMES.map(|name| format!("a/r\u{e9}/{name}"));
        let lat = if path == NAMES[0] { 1.0 } else { 2.0 };
        let (found, missing) = read(path, &[(&two[0], &one), (&two[1], &other)]);
        assert_eq!((found.len(), missing), (2, 0));
        assert!(found.iter().all(|(of, linked, _)| *linked == (*of == lat)), "{found:?}");
    }
    // Of two neither of which is called just so, none is guessed.
    let two = NAMES.map(|name| format!("a/re\u{301}/{name}"));
    let (found, missing) = read(NAMES[0], &[(&two[0], &one), (&two[1], &other)]);
    assert_eq!((found.iter().filter(|(_, linked, _)| *linked).count(), missing), (0, 1));
    // Without a reference, too, it is called the same in every export.
    let names = NAMES.map(|name| read("x.gpx", &[(&format!("a/{name}"), &one)]).0.remove(0).2);
    assert_eq!(names[0], names[1]);
}

/// A folder with one document and these files beside it.
struct Beside(Vec<(&'static str, String)>);

impl Folder for Beside {
    fn list(&mut self) -> std::io::Result<Listed> {
        let files = self.0.iter().map(|(name, text)| ((*name).to_owned(), text.len() as u64)).collect();
        Ok(Listed { files, ..Listed::default() })
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

/// An archive of which some byte of the document can be told from what its directory says.
fn stored() -> (Vec<u8>, impl Fn(u8) -> Vec<u8>) {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    zip.start_file("export.xml", stored).expect("a file");
    zip.write_all(format!("<HealthData>{}</HealthData>", steps("value=\"4711\"")).as_bytes()).expect("written");
    let whole = zip.finish().expect("finished").into_inner();
    let at = whole.windows(4).position(|bytes| bytes == b"4711").expect("the value");
    let all = whole.clone();
    let with = move |digit: u8| {
        let mut damaged = all.clone();
        damaged[at] = digit;
        damaged
    };
    (whole, with)
}

#[test]
fn a_damaged_copy_does_not_pass_for_the_archive_that_is_whole() {
    let (whole, with) = stored();
    let damaged = with(b'5');
    let told = |bytes: &[u8]| {
        let reader = Reader::archive(Cursor::new(bytes.to_vec())).expect("an archive");
        let before = reader.known().fingerprint.clone();
        (before, all(reader).expect("readable").document.and_then(|document| document.fingerprint))
    };
    let ((before, after), (same, other)) = (told(&whole), told(&damaged));
    assert_eq!((&before, &before), (&after, &same));
    assert!(other.is_some() && other != after, "{other:?}");
    assert_eq!(told(&damaged).1, other, "and it is known itself");
    assert_ne!(told(&with(b'6')).1, other, "and not for another one");
}

const CSV: &str = "Name,A\nBorn,B\nRecorded,2021-12-17 12:58:58 +0800\nClass,A\nSymptoms,\nVersion,1\nDevice,W\n\
                   Rate,1 hertz\n\n\nLead,Lead I\nUnit,µV\n\n";

/// What three files beside the document give: points, voltages, the clinical text, and which of them are damaged.
fn beside(zip: Vec<u8>) -> (Vec<f64>, Vec<Option<f64>>, Option<String>, Vec<String>) {
    let batch = Reader::archive(Cursor::new(zip)).and_then(all).expect("readable");
    let payload = |kind| batch.entries.iter().find(|entry| entry.kind == kind).and_then(|entry| entry.payload.clone());
    let points = payload(EntryKind::Route).and_then(|bytes| crate::formats::route::unpack(&bytes)).unwrap_or_default();
    let voltages = payload(EntryKind::Ecg).and_then(|bytes| crate::formats::ecg::unpack(&bytes)).unwrap_or_default();
    let text = payload(EntryKind::ClinicalRecord).map(|bytes| String::from_utf8(bytes).expect("a text"));
    let damaged = batch.problems.iter().filter(|problem| problem.reason == "damaged_file");
    let mut damaged: Vec<_> = damaged.filter_map(|problem| problem.file.clone()).collect();
    damaged.sort();
    (points.iter().map(|point| point.lat).collect(), voltages, text, damaged)
}

/// The three files, each of so many lines.
fn three(lines: usize, method: zip::CompressionMethod) -> (Vec<u8>, [String; 3]) {
    let point = |n: usize| format!("<trkpt lat=\"{}\" lon=\"2\"><ele>{}</ele></trkpt>\n", n % 90, n * 7919 % 9973);
    let gpx = format!("<gpx><trk>{}</trk></gpx>", (0..lines).map(point).collect::<String>());
    let csv = format!("{CSV}{}", (0..lines).map(|n| format!("{}.5\n", n * 7919 % 9973)).collect::<String>());
    let json = format!("{{\"é\": \"{}\"}}", (0..lines).map(|n| format!("é{}", n * 7919 % 9973)).collect::<String>());
    let xml = r#"<HealthData><ClinicalRecord type="T" identifier="1" resourceFilePath="/a.json"/></HealthData>"#;
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(method);
    for (name, text) in [("export.xml", xml), ("a.gpx", &gpx), ("a.csv", &csv), ("a.json", &json)] {
        zip.start_file(name, options).expect("a file");
        zip.write_all(text.as_bytes()).expect("written");
    }
    (zip.finish().expect("finished").into_inner(), [gpx, csv, json])
}

const NAMES: [&str; 3] = ["/a.csv", "/a.gpx", "/a.json"];

#[test]
fn of_files_with_another_checksum_everything_is_kept() {
    for method in [zip::CompressionMethod::Stored, zip::CompressionMethod::Deflated] {
        let (mut zip, [_, _, json]) = three(500, method);
        let (points, voltages, text, damaged) = beside(zip.clone());
        assert_eq!((points.len(), voltages.len(), text.as_ref(), damaged.len()), (500, 500, Some(&json), 0));
        // All but the first one, which is the document.
        let entries: Vec<usize> = memchr::memmem::find_iter(&zip, b"PK\x01\x02").skip(1).collect();
        entries.iter().for_each(|at| zip[at + 16] ^= 1);
        assert_eq!(beside(zip), (points, voltages, text, NAMES.map(str::to_owned).to_vec()), "{method:?}");
    }
}

#[test]
fn of_files_whose_stream_breaks_everything_before_that_is_kept() {
    let (mut zip, [_, _, json]) = three(3_000, zip::CompressionMethod::Deflated);
    let (points, voltages, _, _) = beside(zip.clone());
    for at in memchr::memmem::find_iter(&zip.clone(), b"PK\x01\x02").skip(1) {
        let packed = u32::from_le_bytes(zip[at + 20..at + 24].try_into().expect("four bytes"));
        zip[at + 20..at + 24].copy_from_slice(&(packed / 2).to_le_bytes());
    }
    let (some, few, text, damaged) = beside(zip);
    assert_eq!(damaged, NAMES);
    let text = text.expect("a part");
    assert!(
        (1_000..2_000).contains(&some.len()) && (1_000..2_000).contains(&few.len()),
        "{} {}",
        some.len(),
        few.len()
    );
    assert_eq!((some.as_slice(), few.as_slice()), (&points[..some.len()], &voltages[..few.len()]));
    assert!(json.starts_with(&text) && text.len() > json.len() / 3, "{}", text.len());
}

#[test]
fn of_a_broken_clinical_file_the_text_is_kept_as_far_as_it_is_one() {
    let check = |bytes: &[u8], expected: &str| assert_eq!(files::readable(bytes.to_vec()), expected.as_bytes());
    check(b"", "");
    check("{\"é".as_bytes(), "{\"é");
    check(&"{\"é".as_bytes()[..3], "{\"");
    check(b"{\"a\xff\x01b", "{\"a");
}

/// A file on a disk that fails once it is told to; an interrupted read is one that works the next time.
struct OnBadDisk(Cursor<Vec<u8>>, Arc<Mutex<Option<io::ErrorKind>>>);

impl Read for OnBadDisk {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut fails = self.1.lock().expect("nobody panicked");
        match *fails {
            Some(kind) => {
                fails.take_if(|kind| *kind == io::ErrorKind::Interrupted);
                Err(kind.into())
            }
            None => self.0.read(buffer),
        }
    }
}

impl Seek for OnBadDisk {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

/// The whole archive is read once more, to tell a damaged copy from others, after everything else was read.
#[test]
fn a_disk_that_fails_while_a_damaged_copy_is_told_from_others_is_no_damage() {
    let (_, with) = stored();
    let told = |kind: Option<io::ErrorKind>| {
        let fails = Arc::default();
        let mut reader = Reader::archive(OnBadDisk(Cursor::new(with(b'5')), Arc::clone(&fails))).expect("an archive");
        while reader.next_batch().expect("readable").is_some_and(|batch| !batch.samples_end) {}
        *fails.lock().expect("nobody panicked") = kind;
        reader.next_batch().map(|batch| batch.and_then(|batch| batch.document?.fingerprint))
    };
    let known = told(None).expect("readable");
    assert!(known.is_some());
    assert_eq!(told(Some(io::ErrorKind::Interrupted)).expect("readable"), known);
    let error = told(Some(io::ErrorKind::NetworkDown)).expect_err("unreadable");
    assert!(matches!(error.kind(), ErrorKind::Io(error) if error.kind() == io::ErrorKind::NetworkDown), "{error}");
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

/// Nothing is packed in a folder, and records may name one file as often as they like.
#[test]
fn the_files_of_a_folder_are_read_so_often_and_no_more() {
    let text = "x".repeat(10_000);
    let record = |n: usize| format!("<ClinicalRecord type=\"T\" identifier=\"{n}\" resourceFilePath=\"/a.json\"/>");
    let read = |records: usize| {
        let xml = format!("<HealthData>{}</HealthData>", (0..records).map(record).collect::<String>());
        let all_bytes = text.len() + xml.len();
        let folder = Beside(vec![("export.xml", xml), ("a.json", text.clone())]);
        let limits = Limits { ratio_free: 0, ..Limits::default() };
        let batch = Reader::folder_within(folder, limits).and_then(all).expect("read");
        let lost = batch.problems.iter().filter(|problem| problem.reason == "too_large_file").count();
        (lost, 4 * all_bytes / text.len())
    };
    let (lost, times) = read(4);
    assert_eq!((lost, times), (0, 4));
    let (lost, times) = read(9);
    assert_eq!(lost, 9 - times);
}
