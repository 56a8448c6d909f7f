//! Sending to an Open Wearables server: the fake one is what a real one was seen to be, and what our bodies leave there
//! is what an oracle, which is other code, finds in the same export.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::process::Command;

use health::formats::apple_export::Reader;
use health::formats::open_wearables::encode::{self, Bodies, Body, Options, Row, Workout};
use health::time::{TimeZone, Zones};
use health::{Batch, EntryKind};
use serde_json::{Value, json};

#[path = "support/request.rs"]
mod request;
#[path = "support/shared.rs"]
mod shared;
#[path = "support/wearables.rs"]
mod wearables;

use shared::Folder;
use wearables::{Fake, oracle, tool};

/// Everything in the exports of these tests ended long before.
const NOW_MS: i64 = 1_790_000_000_000;
const HOME: &str = "Europe/Berlin";
const SLEEP: &str = "HKCategoryTypeIdentifierSleepAnalysis";

/// An export as the encoder takes it.
struct Export {
    batches: Vec<Batch>,
}

impl Export {
    fn read(file: &str) -> Self {
        let mut reader = Reader::document(File::open(file).expect("an export"), None).expect("an export");
        let mut batches = Vec::new();
        while let Some(batch) = reader.next_batch().expect("a batch") {
            batches.push(batch);
        }
        Self { batches }
    }

    /// All samples by kind, with members of correlations.
    fn samples(&self) -> BTreeMap<&str, Vec<Row<'_>>> {
        let members = self.batches.iter().flat_map(|batch| batch.entries.iter().filter_map(|e| e.members.as_deref()));
        let mut found: BTreeMap<&str, Vec<Row<'_>>> = BTreeMap::new();
        for batch in self.batches.iter().chain(members) {
            for sample in &batch.samples {
                let kind = batch.kinds[sample.kind as usize].as_str();
                let origin = &batch.origins[sample.origin as usize];
                found.entry(kind).or_default().push(Row {
                    value: sample.value,
                    device: origin.device.as_deref(),
                    version: origin.version.as_deref(),
                    details: batch.details.get(sample.details as usize).map(String::as_str),
                    ..Row::new(kind, (sample.start_ms, sample.end_ms), &batch.sources[sample.source as usize])
                });
            }
        }
        found
    }

    fn workouts(&self) -> Vec<Workout<'_>> {
        let entries = self.batches.iter().flat_map(|batch| &batch.entries);
        let workouts = entries.filter(|entry| entry.kind == EntryKind::Workout);
        workouts
            .map(|entry| Workout {
                activity: &entry.identity,
                start_ms: entry.start_ms.expect("a start"),
                end_ms: entry.end_ms.expect("an end"),
                source: &entry.source,
                uuid: None,
                body: &entry.body,
            })
            .collect()
    }
}

/// What was counted while sending.
#[derive(Debug, Default)]
struct Sent {
    bodies: usize,
    attempts: usize,
    points: BTreeMap<&'static str, u64>,
    workouts: u64,
    nights: u64,
    held: BTreeMap<&'static str, u64>,
}

impl Sent {
    fn send(&mut self, bodies: Bodies<'_>, fake: &Fake) {
        for held in bodies.held() {
            *self.held.entry(held.reason.as_str()).or_default() += 1;
        }
        for Body { bytes, adds, .. } in bodies {
            self.bodies += 1;
            self.attempts += fake.store(&bytes);
            adds.points.into_iter().for_each(|(series, n)| *self.points.entry(series).or_default() += n);
            self.workouts += adds.workouts;
            self.nights += adds.nights;
        }
    }
}

/// Sends all of an export: the opening alone, samples kind by kind, workouts.
fn send(file: &str, fake: &Fake) -> Sent {
    let (export, zones) = (Export::read(file), Zones::home(TimeZone::get(HOME).expect("a zone")));
    let options = Options::new(&zones, NOW_MS);
    let mut sent = Sent { attempts: fake.store(&encode::opening(NOW_MS)), bodies: 1, ..Sent::default() };
    for rows in export.samples().values() {
        sent.send(encode::samples(rows, &options), fake);
    }
    sent.send(encode::workouts(&export.workouts(), &options), fake);
    sent
}

/// An export that has seen the world, its path, and what the oracle says of it.
fn export(folder: &Folder, options: &[&str]) -> String {
    let (file, _) = folder.make("export.xml", &[&["--xml", "--home-tz", HOME, "--years", "1"], options].concat());
    file
}

#[track_caller]
fn check_against_oracle(folder: &Folder, file: &str, fake: &Fake, more: &[&str]) -> String {
    oracle(Path::new(&folder.path("found.json")), file, fake, &[&["--tz", HOME], more].concat())
}

#[test]
fn the_fake_is_what_a_real_server_was_seen_to_be() {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/vectors/open-wearables");
    let mut fake = Command::new("python3");
    let output = fake.arg(tool("fake_open_wearables.py")).arg("--replay").arg(vectors).output().expect("python3 runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("13 vectors, 12 groups of statements, 0 differences"), "{said}");
}

#[test]
fn what_is_forwarded_is_what_the_oracle_finds_in_the_export() {
    for options in [["--units", "us"], ["--units", "kj"]] {
        let folder = Folder::new("ow-oracle");
        let file = export(&folder, &[&["--records", "6000"], &options[..]].concat());
        let fake = Fake::start(&[]);
        let sent = send(&file, &fake);
        let said = check_against_oracle(&folder, &file, &fake, &[]);
        assert_eq!(sent.attempts, sent.bodies);
        // What was promised of each body is what the server counts in the end.
        let counts = fake.get(&format!("/api/v1/users/{}/summaries/data", fake.user));
        assert_eq!(json!(sent.points), counts["series_type_counts"], "{said}");
        assert_eq!(
            json!([sent.workouts, sent.nights]),
            json!([counts["total_workouts"], counts["total_sleep_events"]])
        );
        // And what was held back is what the oracle does not expect.
        let held = said.rsplit_once("held {").and_then(|(_, rest)| rest.split_once('}')).expect("what was held").0;
        let held: Value = serde_json::from_str(&format!("{{{}}}", held.replace('\'', "\""))).expect("JSON");
        assert_eq!(json!(sent.held), held);
        assert!(sent.nights > 2 && sent.workouts > 2 && sent.points.len() > 20, "{sent:?}");
    }
}

#[test]
fn bodies_are_alone_have_one_source_and_nothing_fails() {
    let folder = Folder::new("ow-bodies");
    let file = export(&folder, &["--records", "3000"]);
    let fake = Fake::start(&[]);
    send(&file, &fake);
    let log = fake.get("/fake/log");
    let log = log.as_array().expect("a log");
    assert!(log.len() > 20);
    for (n, row) in log.iter().enumerate() {
        assert!(row["alone"] == true && row["first"] == (n == 0), "{row}");
        assert_eq!(row["outcome"]["dropped_count"], 0, "{row}");
    }
    // The device may be told in several versions; the name and the model are one.
    let sources = fake.get(&format!("/api/v1/users/{}/data-sources", fake.user));
    assert!(sources["total"].as_u64() > Some(2), "{sources}");
}

#[test]
fn what_is_lost_on_the_way_and_sent_again_is_there_once() {
    let folder = Folder::new("ow-faults");
    let file = export(&folder, &["--records", "3000"]);
    let faults = ["lost%7", "500%11", "cut%13", "cut-answer%17", "429%19", "failed%23", "stuck%29", "garbage%31"];
    let fake = Fake::start(&faults);
    let sent = send(&file, &fake);
    assert!(sent.attempts > sent.bodies + 10, "{sent:?}");
    check_against_oracle(&folder, &file, &fake, &[]);
}

#[test]
fn the_oracle_sees_what_is_wrong() {
    let folder = Folder::new("ow-wrong");
    let file = export(&folder, &["--records", "2000"]);
    let fake = Fake::start(&[]);
    let (export, zones) = (Export::read(&file), Zones::home(TimeZone::get(HOME).expect("a zone")));
    fake.store(&encode::opening(NOW_MS));
    let mut rows = export.samples();
    rows.retain(|kind, _| *kind == SLEEP || kind.ends_with("StepCount"));
    rows.entry("HKQuantityTypeIdentifierStepCount").and_modify(|rows| {
        rows[1].value = rows[1].value.map(|value| value + 1.0);
    });
    Sent::default().send(encode::samples(&rows[SLEEP], &Options::new(&zones, NOW_MS)), &fake);
    check_against_oracle(&folder, &file, &fake, &["--types", "SleepAnalysis"]);
    let steps = encode::samples(&rows["HKQuantityTypeIdentifierStepCount"], &Options::new(&zones, NOW_MS));
    Sent::default().send(steps, &fake);
    let check = || check_against_oracle(&folder, &file, &fake, &["--types", "SleepAnalysis,StepCount"]);
    let said = std::panic::catch_unwind(std::panic::AssertUnwindSafe(check)).expect_err("a difference");
    let said = said.downcast_ref::<String>().expect("words");
    assert!(said.contains("other: ") && said.contains(" 1 differences"), "{said}");
}
