//! What phones tell: the shared stories, in any order of their steps, again, and taken back.

use std::io::Cursor;
use std::path::PathBuf;

use health::formats::apple_export::Reader;
use health::formats::phone::Decoded;
use health::formats::{health_auto_export, health_export_pro, healthsave, healthsync, open_wearables};
use health::kind::{self, Nature};
use health::phone::{Deletion, Feed, Flag, PhoneBatch};
use health::time::{Zones, format_instant};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use crate::query::{SampleQuery, WorkoutKey};
use crate::{Cancel, Delivery, PhoneDelivery, Store};

const ZONE: &str = "Europe/Berlin";
const NOW: i64 = 1_773_600_000_000;

/// The stories of a folder.
pub(super) fn vectors(folder: &str) -> Vec<(String, Json)> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/vectors").join(folder);
    let files = std::fs::read_dir(&path).expect("the vectors").map(|entry| entry.expect("an entry").path());
    let mut files: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|end| end == "json")).collect();
    files.sort();
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).expect("a vector");
        (
            path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
            serde_json::from_str(&text).expect("JSON"),
        )
    };
    files.into_iter().map(read).collect()
}

/// What a request holds; none where no decoder sees it.
fn decode(step: &Json) -> Option<(Feed, Decoded)> {
    let request = &step["request"];
    if request["method"] != "POST" || !step["expect"]["records"].is_object() {
        return None;
    }
    let zones = Zones::named(ZONE).expect("a zone");
    let body = match (&request["body_text"], &request["body"]) {
        (Json::String(text), _) => text.clone().into_bytes(),
        (_, body) => body.to_string().into_bytes(),
    };
    let body = Cursor::new(body);
    let path = request["path"].as_str().expect("a path");
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let headers = request["headers"].as_object().cloned().unwrap_or_default();
    let header = |name: &str| {
        let found = headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.and_then(|(_, value)| value.as_str()).map(str::to_owned)
    };
    let aggregation = header("automation-aggregation");
    Some(match path {
        "/api/apple-health/sync" => {
            (Feed::HealthSync, Decoded::gather(|sink| healthsync::decode(body, sink)).expect("a body"))
        }
        "/api/apple/batch" => {
            (Feed::HealthSave, Decoded::gather(|sink| healthsave::decode(body, &zones, sink)).expect("a body"))
        }
        "/api/hae" => {
            let request = health_auto_export::Request::new(query, aggregation.as_deref(), &zones);
            let decoded = Decoded::gather(|sink| health_auto_export::decode(body, request, sink));
            (Feed::HealthAutoExport, decoded.expect("a body"))
        }
        _ => (Feed::HealthExportPro, Decoded::gather(|sink| health_export_pro::decode(body, sink)).expect("a body")),
    })
}

/// A store with a device for each feed.
pub(super) struct Played {
    pub(super) store: Store,
    devices: Vec<(Feed, i64)>,
    deliveries: i64,
    settles: bool,
}

impl Played {
    pub(super) fn new() -> Self {
        let store = Store::empty(&PathBuf::new()).expect("a store");
        Self { store, devices: Vec::new(), deliveries: 0, settles: false }
    }

    fn device(&mut self, feed: Feed) -> i64 {
        if let Some((_, device)) = self.devices.iter().find(|(other, _)| *other == feed) {
            return *device;
        }
        let device = self.store.device_channel(feed.as_str(), NOW).expect("a device");
        self.devices.push((feed, device));
        device
    }

    /// Plays a step; gives what is new, known and replaced.
    pub(super) fn step(&mut self, step: &Json) -> Option<Json> {
        if let Some(xml) = step["import"]["xml"].as_str() {
            let mut reader = Reader::document(Cursor::new(xml.to_owned().into_bytes()), None).expect("a document");
            let delivery = Delivery {
                file: step["import"]["file"].as_str(),
                now_ms: NOW,
                home_zone: ZONE,
                dry_run: false,
                cancel: Cancel::default(),
            };
            let report = self.store.ingest(&delivery, &mut || reader.next_batch(), &mut |_| true).expect("imported");
            let known = report.counts.known + report.counts.duplicates + report.workouts.known;
            return Some(json!({"new": report.counts.new + report.workouts.new, "already_known": known,
                "rejected": report.counts.rejected}));
        }
        let (feed, decoded) = decode(step)?;
        let device = self.device(feed);
        self.deliveries += 1;
        let now_ms = NOW + self.deliveries * 1000;
        let delivery = Some(self.deliveries);
        let delivery = PhoneDelivery { device, feed, delivery, now_ms, home_zone: ZONE, cancel: Cancel::default() };
        let mut batches = decoded.batches.into_iter();
        let mut gone = step["gone"].as_array().cloned().unwrap_or_default().into_iter();
        let deletion = |id: Json| Deletion { id: id.as_str().expect("an id").to_owned(), kind: None };
        let gone = PhoneBatch { deletions: gone.by_ref().map(deletion).collect(), ..PhoneBatch::default() };
        let mut gone = Some(gone).filter(|gone| !gone.deletions.is_empty());
        let counts = self
            .store
            .ingest_phone(&delivery, &mut || Ok(batches.next().or_else(|| gone.take())))
            .expect("taken in")
            .counts;
        // What follows may be found after each delivery or after many.
        if self.settles {
            self.store.settle().expect("settled");
        }
        Some(json!({"new": counts.new, "already_known": counts.known, "replaced": counts.replaced,
            "rejected": counts.rejected}))
    }

    fn verify(&mut self, name: &str) {
        self.store.settle().expect("settled");
        assert_eq!(self.store.verify(ZONE).expect("verified"), [], "{name}");
    }

    /// The samples as an export prints them.
    fn samples(&self) -> Vec<Json> {
        let mut lines = Vec::new();
        for kind in self.store.kinds().expect("kinds") {
            let query = SampleQuery {
                kind_id: kind.id,
                from_ms: i64::MIN / 2,
                until_ms: i64::MAX,
                hidden: false,
                superseded: false,
                left_out: true,
            };
            let each = |row: &crate::query::SampleRow| {
                let known = kind::get_or_guess(&kind.identifier, row.printed_unit.as_deref());
                let category = known.nature == Nature::Category;
                let told = row.told.clone().unwrap_or_default();
                let unknown_unit = told.flags.has(Flag::UnknownUnit);
                let value = if unknown_unit { row.original } else { row.value };
                let unit = if unknown_unit { row.printed_unit.clone().unwrap_or_default() } else { known.unit.clone() };
                let mut seen: Vec<&str> = told.feeds.iter().copied().collect();
                seen.extend(row.filed.then_some("xml"));
                seen.sort_unstable();
                let copies = if row.by_hand || known.is_event_like() { row.copies } else { 1 };
                let mut line = json!({
                    "type": kind.identifier, "start": format_instant(row.start_ms),
                    "end": (row.filed || !told.endless).then(|| format_instant(row.end_ms)),
                    "value": if category { json!(value.map(|value| value as i64)) } else { json!(value) },
                    "unit": (!category).then_some(unit), "source": Some(&row.source).filter(|name| !name.is_empty()),
                    "uuid": told.uuid.map(|uuid| uuid.to_string()), "seen": seen,
                });
                let mut known = |key: &str, value: Option<String>| {
                    if let Some(value) = value {
                        line[key] = value.into();
                    }
                };
                known("bundle", row.bundle.clone().or(told.bundle));
                known("device_hw", row.hardware.clone().or(told.hardware));
                known("label", row.text.clone());
                if unknown_unit {
                    line["unit_unknown"] = json!(true);
                }
                lines.extend((0..copies).map(|_| line.clone()));
                Ok::<_, crate::Error>(())
            };
            self.store.each_sample(query, each).expect("samples");
        }
        lines
    }

    fn aggregates(&self) -> Vec<Json> {
        let mut lines = Vec::new();
        let all = (i64::MIN, i64::MAX);
        let each = |row: crate::AggregateRow| {
            let stats: serde_json::Map<String, Json> =
                row.stats.into_iter().map(|(word, n)| (word, n.into())).collect();
            let source = Some(row.source).filter(|name| !name.is_empty());
            let mut line = json!({"type": row.kind, "grain": row.grain, "start": row.start, "end": row.end,
                "stats": stats, "unit": row.unit, "source": source, "feed": row.feed});
            if let Some(label) = row.label {
                line["label"] = label.into();
            }
            lines.push(line);
            Ok::<_, crate::Error>(())
        };
        self.store.each_aggregate(all, each).expect("aggregates");
        lines
    }

    /// Everything else as an export prints it, by list.
    fn entries(&self) -> Vec<(&'static str, Vec<Json>)> {
        let mut points = std::collections::BTreeMap::new();
        for (key, n) in self.store.route_points().expect("points") {
            points.insert(key, n);
        }
        let lists = LISTS.map(|(list, kind)| {
            let mut lines = Vec::new();
            let all = (i64::MIN, i64::MAX);
            let each = |row: &crate::query::EntryRow| {
                lines.push(entry_line(row, &points));
                Ok::<_, crate::Error>(())
            };
            self.store.each_entry(Some(kind), all, false, false, each).expect("entries");
            (list, lines)
        });
        lists.to_vec()
    }

    fn state(&self) -> Json {
        let mut state = json!({"samples": self.samples(), "aggregates": self.aggregates()});
        self.entries().into_iter().for_each(|(list, lines)| state[list] = lines.into());
        state
    }

    fn check_state(&self, name: &str, state: &Json) {
        let mut lists = vec![("samples", self.samples()), ("aggregates", self.aggregates())];
        lists.extend(self.entries());
        for (list, mut got) in lists {
            let mut expected = state[list].as_array().cloned().unwrap_or_default();
            // Several words for one activity: which was first is not known when all are there.
            for row in got.iter_mut().chain(&mut expected) {
                if row["seen"].as_array().is_some_and(|seen| seen.len() > 1) && list == "workouts" {
                    row["activity_raw"] = Json::Null;
                }
            }
            for row in expected {
                let at = got.iter().position(|found| same(found, &row));
                let at = at.unwrap_or_else(|| panic!("{name}: {list} lacks {row}\nhas {}", json!(got)));
                got.remove(at);
            }
            assert!(got.is_empty(), "{name}: {list} has besides {}", json!(got));
        }
    }
}

/// The lists of a state besides samples and aggregates, and their kinds.
const LISTS: [(&str, &str); 7] = [
    ("workouts", "workout"),
    ("sleep_summaries", "sleep_summary"),
    ("medication_doses", "medication_dose"),
    ("medications", "medication"),
    ("states_of_mind", "state_of_mind"),
    ("ecgs", "ecg"),
    ("activity_summaries", "activity_summary"),
];

fn entry_line(row: &crate::query::EntryRow, points: &std::collections::BTreeMap<WorkoutKey, u64>) -> Json {
    let body: Json = serde_json::from_str(&row.body).expect("a body");
    let start = json!(row.start_ms.map(format_instant));
    let end = json!(row.end_ms.map(format_instant));
    let source = json!(row.source.clone().filter(|name| !name.is_empty()));
    match row.kind.as_str() {
        "workout" => {
            let activity = body["activity"].as_str();
            let raw = body["activity_raw"].as_str().or(activity);
            let text = |stamp: &Json| stamp.as_str().expect("a stamp").to_owned();
            let key = (row.identity.clone(), text(&start), text(&end));
            json!({
                "activity": activity.map(kind::activity_number), "activity_raw": raw, "start": start, "end": end,
                "duration_s": body["duration_s"], "energy_kcal": body["energy_kcal"], "distance_m": body["distance_m"],
                "uuid": body["uuid"], "source": source, "route_points": points.get(&key).unwrap_or(&0),
                "seen": body.get("seen").cloned().unwrap_or(json!(["xml"])),
            })
        }
        "sleep_summary" => json!({
            "day": body["day"], "start": start, "end": end, "source": source, "stats": body["stats"],
            "feed": body["seen"][0],
        }),
        "medication_dose" => {
            let mut line = json!({
                "name": body["name"], "start": start, "status": body["status"], "scheduled": body["scheduled"],
                "dose": body["dose"], "unit": body["unit"], "uuid": body["uuid"],
            });
            if body["status_raw"].is_string() {
                line["status_raw"] = body["status_raw"].clone();
            }
            line
        }
        "medication" => json!({
            "name": body["name"], "nickname": body["nickname"], "archived": body["archived"], "form": body["form"],
        }),
        "state_of_mind" => json!({
            "uuid": body["uuid"], "start": start, "kind": body["kind"], "valence": body["valence"],
            "labels": body["labels"],
        }),
        "ecg" => json!({
            "start": start, "classification_raw": body["classification"], "avg_hr": body["avg_hr"],
            "hz": body["sample_rate_hz"], "voltage_count": body["n"], "source": source,
        }),
        _ => json!({
            "day": body["date"], "active_energy_kcal": body["active_energy_kcal"],
            "exercise_min": body["exercise_min"], "stand_hours": body["stand_hours"],
        }),
    }
}

/// Whether two rows say the same; numbers may differ in the last digits.
fn same(got: &Json, expected: &Json) -> bool {
    match (got, expected) {
        (Json::Number(a), Json::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap_or(f64::NAN), b.as_f64().unwrap_or(f64::NAN));
            (a - b).abs() <= 1e-6 * a.abs().max(b.abs())
        }
        (Json::Object(a), Json::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, value)| b.get(key).is_some_and(|other| same(value, other)))
        }
        (Json::Array(a), Json::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (a, b) => a == b,
    }
}

fn steps(vector: &Json) -> Vec<Json> {
    vector["steps"].as_array().cloned().unwrap_or_default()
}

#[test]
fn every_story_ends_as_it_says_and_told_again_adds_nothing() {
    for folder in ["hae", "healthsave", "healthsync", "hep", "cross"] {
        for (name, vector) in vectors(folder) {
            let mut played = Played::new();
            for (at, step) in steps(&vector).iter().enumerate() {
                let Some(got) = played.step(step) else { continue };
                for (key, expected) in step["expect"]["records"].as_object().expect("counts") {
                    assert_eq!(&got[key], expected, "{name} step {at}: {key} of {got}");
                }
            }
            played.check_state(&name, &vector["state_after"]);
            played.verify(&name);
            for (at, step) in steps(&vector).iter().enumerate() {
                let again = played.step(step);
                assert!(again.is_none_or(|got| got["new"] == 0), "{name} step {at} again");
            }
            played.check_state(&name, &vector["state_after"]);
            played.verify(&name);
        }
    }
}

/// Every order of some steps.
fn orders(n: usize) -> Vec<Vec<usize>> {
    if n == 0 {
        return vec![Vec::new()];
    }
    let longer = |order: Vec<usize>| {
        (0..n).map(move |at| {
            let mut longer = order.clone();
            longer.insert(at, n - 1);
            longer
        })
    };
    orders(n - 1).into_iter().flat_map(longer).collect()
}

#[test]
fn no_order_of_steps_makes_another_state() {
    for (name, vector) in vectors("cross") {
        let steps = steps(&vector);
        for (at, order) in orders(steps.len()).into_iter().enumerate() {
            let mut played = Played { settles: at % 2 == 0, ..Played::new() };
            order.iter().for_each(|at| _ = played.step(&steps[*at]));
            played.check_state(&format!("{name} {order:?}"), &vector["state_after"]);
        }
    }
}

#[test]
fn an_undo_leaves_what_the_others_told() {
    for (name, vector) in vectors("cross") {
        let all = steps(&vector);
        let last = all.len() - 1;
        let mut without = Played::new();
        all[..last].iter().for_each(|step| _ = without.step(step));
        let mut played = Played::new();
        all[..last].iter().for_each(|step| _ = played.step(step));
        let imports = |played: &Played| played.store.imports().expect("imports").into_iter().map(|row| row.id).max();
        let before = imports(&played);
        played.step(&all[last]);
        // The last step is one of its own where a device or a file comes with it that told nothing before.
        let Some(import) = imports(&played).filter(|import| Some(*import) != before) else { continue };
        played.store.undo(import, ZONE, &Cancel::default(), &mut |_| true).expect("undone");
        played.check_state(&name, &without.state());
        played.verify(&name);
        played.step(&all[last]);
        played.check_state(&name, &vector["state_after"]);
        played.verify(&name);
    }
}

const WATCH: &str = "name:Apple Watch, manufacturer:Apple Inc., model:Watch, hardware:Watch7,3";

/// A heart beat as an export has it.
fn beat_of_file(second: u32, value: u32) -> String {
    format!(
        "<Record type=\"HKQuantityTypeIdentifierHeartRate\" sourceName=\"Kim\" device=\"&lt;&lt;HKDevice: 0x1&gt;, {WATCH}&gt;\" \
         unit=\"count/min\" creationDate=\"2026-03-14 08:30:{second:02} +0100\" \
         startDate=\"2026-03-14 08:30:{second:02} +0100\" endDate=\"2026-03-14 08:30:{second:02} +0100\" value=\"{value}\"/>"
    )
}

/// An export of a day in March.
fn export(day: u32, rows: &[String]) -> Json {
    let xml = format!(
        "<?xml version=\"1.0\"?>\n<HealthData locale=\"en_GB\">\n<ExportDate value=\"2026-03-{day:02} 09:00:00 +0100\"/>\n{}</HealthData>",
        rows.concat()
    );
    json!({"import": {"file": "export.xml", "xml": xml}})
}

/// The beats of a delivery of Health Export Pro.
fn beats_of_phone(beats: &[(&str, u32)]) -> Json {
    let beat = |(start, value): &(&str, u32)| {
        let uuid = format!("21823FF3-D9E2-58C6-81B9-FB922FC640{}{}", &start[17..19], "");
        json!({"uuid": uuid, "value": value, "unit": "count/min", "startDate": start, "endDate": start, "metadata": {},
            "sourceRevision": {"source": {"name": "Kim", "bundleIdentifier": "com.apple.health.1"}, "version": "11.4",
                "operatingSystemVersion": "11.4.0", "productType": "Watch7,3"},
            "device": {"name": "Apple Watch", "hardwareVersion": "Watch7,3"}})
    };
    let beats: Vec<Json> = beats.iter().map(beat).collect();
    let body = json!({"exportDate": "2026-03-15T06:10:00.000Z", "data": {"HKQuantityTypeIdentifierHeartRate": beats}});
    json!({"request": {"method": "POST", "path": "/api/health-data", "headers": {}, "body": body},
        "expect": {"status": 200, "records": {}}})
}

impl Played {
    /// Seconds of the starts of what counts, with the values.
    fn beats(&self) -> Vec<(String, f64)> {
        let beat = |row: &Json| {
            let start = row["start"].as_str().expect("a start");
            (start[17..23].to_owned(), row["value"].as_f64().expect("a value"))
        };
        self.samples().iter().map(beat).collect()
    }

    fn check_beats(&mut self, what: &str, expected: &[(&str, f64)]) {
        let expected: Vec<(String, f64)> = expected.iter().map(|(at, value)| ((*at).to_owned(), *value)).collect();
        assert_eq!(self.beats(), expected, "{what}");
        self.verify(what);
    }
}

#[test]
fn what_an_export_lacks_counts_no_more_until_a_phone_tells_it_later() {
    let old = export(15, &[beat_of_file(1, 60), beat_of_file(5, 61), beat_of_file(9, 62)]);
    let new = export(28, &[beat_of_file(1, 60), beat_of_file(9, 62)]);
    // The clock of the tests stands between the two exports.
    let phone = beats_of_phone(&[("2026-03-14T07:30:05.250Z", 61)]);
    for order in orders(3) {
        let mut played = Played::new();
        let steps = [&old, &new, &phone];
        order.iter().for_each(|at| _ = played.step(steps[*at]));
        played.check_beats(&format!("{order:?}"), &[("01.000", 60.0), ("09.000", 62.0)]);
        // The new export goes: what it lacked counts again, as the phone tells it.
        let is_new = |row: &&crate::query::ImportRow| row.channel == "file" && row.report.contains("2026-03-28");
        let imports = played.store.imports().expect("imports");
        let import = imports.iter().find(is_new).expect("the new one").id;
        played.store.undo(import, ZONE, &Cancel::default(), &mut |_| true).expect("undone");
        played.check_beats(&format!("{order:?} undone"), &[("01.000", 60.0), ("05.250", 61.0), ("09.000", 62.0)]);
    }
    // Told after the new export was written, it is there after all.
    let mut played = Played::new();
    [&old, &new].into_iter().for_each(|step| _ = played.step(step));
    played.deliveries = 1_500_000;
    played.step(&phone);
    played.check_beats("later", &[("01.000", 60.0), ("05.250", 61.0), ("09.000", 62.0)]);
}

#[test]
fn a_poorer_telling_takes_nothing_away_from_a_richer_one() {
    let watch = json!({"appId": "com.apple.health.8D1B", "name": "Watch", "deviceName": "Apple Watch",
        "deviceManufacturer": "Apple Inc.", "deviceHardwareVersion": "Watch7,3", "deviceSoftwareVersion": "11.2",
        "operatingSystemVersion": {"majorVersion": 11, "minorVersion": 2, "patchVersion": 0}});
    let rich = json!({"provider": "apple", "data": {"workouts": [], "sleep": [], "records": [{
        "id": "AAAAAAAA-0000-4000-8000-000000000001", "type": "HKQuantityTypeIdentifierOxygenSaturation",
        "startDate": "2026-03-14T05:00:00Z", "endDate": "2026-03-14T05:00:00Z", "source": watch, "value": 97,
        "unit": "%"}]}});
    let poor = json!({"metric": "oxygen_saturation", "batch_index": 0, "total_batches": 1,
        "samples": [{"date": "2026-03-14T05:00:00.000Z", "qty": 97, "source": "Watch"}]});
    let zones = Zones::named(ZONE).expect("a zone");
    let body = |body: &Json| Cursor::new(body.to_string().into_bytes());
    let rich = Decoded::gather(|sink| open_wearables::decode(body(&rich), sink)).expect("a body");
    let poor = Decoded::gather(|sink| healthsave::decode(body(&poor), &zones, sink)).expect("a body");
    let (rich, poor) = ((Feed::OpenWearables, rich), (Feed::HealthSave, poor));
    let told = |some: &[&(Feed, Decoded)]| {
        let mut played = Played::new();
        for (at, (feed, decoded)) in (0..).zip(some) {
            let device = played.device(*feed);
            let delivery = PhoneDelivery {
                device,
                feed: *feed,
                delivery: Some(at),
                now_ms: NOW + at,
                home_zone: ZONE,
                cancel: Cancel::default(),
            };
            let mut batches = decoded.batches.clone().into_iter();
            played.store.ingest_phone(&delivery, &mut || Ok(batches.next())).expect("told");
        }
        let kind_id = played.store.kinds().expect("kinds")[0].id;
        let (from_ms, until_ms) = (i64::MIN / 2, i64::MAX);
        let query = SampleQuery { kind_id, from_ms, until_ms, hidden: false, superseded: false, left_out: false };
        let mut rows = Vec::new();
        let each = |row: &crate::query::SampleRow| {
            rows.push(row.clone());
            Ok::<_, crate::Error>(())
        };
        played.store.each_sample(query, each).expect("rows");
        let row = rows.pop().expect("a row");
        assert!(rows.is_empty(), "one record");
        let flags = row.told.map(|told| told.flags);
        assert!(!flags.is_some_and(|flags| flags.has(Flag::UnitAssumed)));
        let mut undo = |feed| {
            let device = played.device(feed);
            played.store.undo(device, ZONE, &Cancel::default(), &mut |_| true).expect("undone").removed
        };
        let removed: Vec<u64> = some.iter().map(|(feed, _)| undo(*feed)).collect();
        (removed, (row.device, row.version, row.printed_unit, row.original, row.value))
    };
    let alone = told(&[&rich]).1;
    assert_eq!((alone.1.as_deref(), alone.2.as_deref(), alone.4), (Some("11.2.0"), Some("%"), Some(0.97)));
    // What another one tells, too, is still there after the first undo.
    assert_eq!(told(&[&rich, &poor]), (vec![0, 1], alone.clone()));
    assert_eq!(told(&[&poor, &rich]), (vec![0, 1], alone));
}

#[test]
fn what_the_owner_hides_stays_hidden_however_it_is_told() {
    let file = export(15, &[beat_of_file(1, 60), beat_of_file(5, 61)]);
    let phone = beats_of_phone(&[("2026-03-14T07:30:05.250Z", 61), ("2026-03-14T07:30:20.500Z", 64)]);
    for order in [[0, 1], [1, 0]] {
        let mut played = Played::new();
        let steps = [&file, &phone];
        played.step(steps[order[0]]);
        let rows = crate::Rows {
            kind: "HKQuantityTypeIdentifierHeartRate".to_owned(),
            from_ms: Some(1_773_473_403_000),
            until_ms: Some(1_773_473_500_000),
            source: None,
        };
        let act = played.store.hide(&rows, false, NOW, ZONE).expect("hidden");
        played.step(steps[order[1]]);
        played.check_beats("hidden", &[("01.000", 60.0)]);
        played.store.take_back(act.id, NOW, ZONE).expect("taken back");
        played.check_beats("shown", &[("01.000", 60.0), ("05.250", 61.0), ("20.500", 64.0)]);
        played.store.hide(&rows, true, NOW, ZONE).expect("deleted");
        played.store.wipe_deleted(NOW + crate::KEPT_MS, ZONE).expect("wiped");
        let left: i64 = played.store.conn.query_row("SELECT count(*) FROM tellings", [], |row| row.get(0)).expect("n");
        assert_eq!(left, 0, "{order:?}");
        played.check_beats("wiped", &[("01.000", 60.0)]);
    }
}

#[test]
fn a_device_that_was_undone_starts_anew() {
    let mut played = Played::new();
    let phone = beats_of_phone(&[("2026-03-14T07:30:05.250Z", 61)]);
    played.step(&phone);
    let device = played.devices[0].1;
    let undone = played.store.undo(device, ZONE, &Cancel::default(), &mut |_| true).expect("undone");
    assert_eq!(undone.removed, 1);
    played.check_beats("undone", &[]);
    assert_eq!(played.step(&phone).expect("counts")["new"], 1);
    played.check_beats("again", &[("05.250", 61.0)]);
}

#[test]
fn who_reads_finds_what_follows_from_what_phones_told() {
    let folder = std::env::temp_dir().join(format!("vitalog-phones-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join("store.db");
    let mut played = Played { store: Store::open(&path).expect("a store"), ..Played::new() };
    let heart = |store: &Store| {
        let kind = store.kinds().expect("kinds").first().expect("one").id;
        store.daily(kind, 0, 100_000).expect("days").iter().map(|day| day.n).sum::<i64>()
    };
    played.step(&beats_of_phone(&[("2026-03-14T07:30:05.250Z", 61)]));
    let before = Store::open_read(&path).expect("a reader");
    assert_eq!(heart(&before), 1);
    played.step(&beats_of_phone(&[("2026-03-14T07:30:20.500Z", 64), ("2026-03-14T07:30:25.500Z", 66)]));
    assert!(crate::derived::is_unsettled(&played.store.conn).expect("an answer"), "nobody asked yet");
    let after = Store::open_read(&path).expect("a reader");
    assert_eq!((heart(&before), heart(&after)), (1, 3));
    assert_eq!(after.verify("Asia/Tokyo").expect("verified"), [], "home is known since the first delivery");
    assert!(!played.store.settle().expect("settled"), "the reader had it found");
    drop((before, after, played));
    std::fs::remove_dir_all(&folder).expect("removed");
}

#[test]
fn what_a_phone_says_is_gone_counts_no_more_until_it_is_told_again() {
    let file = export(15, &[beat_of_file(1, 60), beat_of_file(5, 61)]);
    let told = beats_of_phone(&[("2026-03-14T07:30:05.250Z", 61), ("2026-03-14T07:30:20.500Z", 64)]);
    let mut gone = beats_of_phone(&[]);
    gone["gone"] = json!(["21823ff3-d9e2-58c6-81b9-fb922fc64005", "21823FF3-D9E2-58C6-81B9-FB922FC64020"]);
    for (at, order) in orders(3).into_iter().enumerate() {
        let mut played = Played { settles: at % 2 == 0, ..Played::new() };
        let steps = [&file, &told, &gone];
        order.iter().for_each(|at| _ = played.step(steps[*at]));
        let (first, last) = (order.iter().position(|at| *at == 1), order.iter().position(|at| *at == 2));
        match first < last {
            true => played.check_beats(&format!("{order:?}"), &[("01.000", 60.0)]),
            // It was told after that: it is there.
            false => played.check_beats(&format!("{order:?}"), &[("01.000", 60.0), ("05.250", 61.0), ("20.500", 64.0)]),
        }
        played.step(&gone);
        played.check_beats("gone", &[("01.000", 60.0)]);
        played.step(&told);
        played.check_beats("told again", &[("01.000", 60.0), ("05.250", 61.0), ("20.500", 64.0)]);
        played.step(&gone);
        let device = played.devices[0].1;
        played.store.undo(device, ZONE, &Cancel::default(), &mut |_| true).expect("undone");
        played.check_beats("undone", &[("01.000", 60.0), ("05.000", 61.0)]);
    }
    // Another phone says so: it counts again without that one.
    let mut played = Played::new();
    [&file, &told].into_iter().for_each(|step| _ = played.step(step));
    let mut others = vec![(Feed::HealthExportPro, played.store.device_channel("another", NOW).expect("a device"))];
    std::mem::swap(&mut played.devices, &mut others);
    played.step(&gone);
    played.check_beats("gone by another", &[("01.000", 60.0)]);
    played.store.undo(played.devices[0].1, ZONE, &Cancel::default(), &mut |_| true).expect("undone");
    played.check_beats("without that one", &[("01.000", 60.0), ("05.250", 61.0), ("20.500", 64.0)]);
    // An export that was written after that has it: it is there.
    let mut played = Played::new();
    [&told, &gone, &export(28, &[beat_of_file(1, 60), beat_of_file(5, 61)])].iter().for_each(|s| _ = played.step(s));
    played.check_beats("a later export", &[("01.000", 60.0), ("05.250", 61.0)]);
}

#[test]
fn a_workout_that_a_phone_says_is_gone_takes_its_way_with_it() {
    let hep = vectors("hep").into_iter().find(|(name, _)| name.starts_with("hep-03")).expect("a vector").1;
    let workouts = |played: &Played| played.store.workouts(i64::MIN, i64::MAX).expect("workouts").len();
    let mut played = Played::new();
    steps(&hep).iter().for_each(|step| _ = played.step(step));
    let (before, id) = (played.state(), played.store.workouts(i64::MIN, i64::MAX).expect("workouts")[0].id);
    let mut gone = beats_of_phone(&[]);
    gone["gone"] = json!([before["workouts"][0]["uuid"]]);
    played.step(&gone);
    assert_eq!((workouts(&played), played.store.route_points().expect("points").len()), (0, 0));
    played.verify("gone");
    steps(&hep).iter().for_each(|step| _ = played.step(step));
    played.check_state("told again", &before);
    assert_eq!(played.store.workouts(i64::MIN, i64::MAX).expect("workouts")[0].id, id, "it keeps its number");
}

/// Two exports, a run that four apps tell, and beats: what is told in any order, twice, taken back and told again.
fn much() -> Vec<Json> {
    let run = vectors("cross").into_iter().find(|(name, _)| name.starts_with("x-08")).expect("a vector").1;
    let run = steps(&run);
    let xml = run[0]["import"]["xml"].as_str().expect("a document");
    let line =
        xml[xml.find("<Workout").expect("a workout")..].split_once("</HealthData>").expect("an end").0.to_owned();
    let old = export(15, &[beat_of_file(1, 60), beat_of_file(5, 61), beat_of_file(9, 62)]);
    let new = export(28, &[beat_of_file(1, 60), beat_of_file(9, 62), line]);
    let beats = beats_of_phone(&[("2026-03-14T07:30:05.250Z", 61), ("2026-03-14T07:30:09.998Z", 62)]);
    let more = beats_of_phone(&[("2026-03-14T07:30:01.123Z", 60), ("2026-03-14T07:30:20.500Z", 64)]);
    [old, new, beats, more].into_iter().chain(run.into_iter().skip(1)).collect()
}

impl Played {
    /// Takes back what brought a step, and plays that once more.
    fn undo_and_play(&mut self, steps: &[Json], played: &[usize], which: usize) {
        let step = &steps[which];
        let (import, lost): (i64, Vec<usize>) = match decode(step) {
            Some((feed, _)) => {
                let of_feed = |at: &&usize| decode(&steps[**at]).is_some_and(|(other, _)| other == feed);
                (self.device(feed), played.iter().filter(of_feed).copied().collect())
            }
            None => {
                let day = if which == 0 { "2026-03-15" } else { "2026-03-28" };
                let imports = self.store.imports().expect("imports");
                let is_it = |row: &&crate::query::ImportRow| {
                    row.channel == "file" && !row.undone && row.report.contains(&format!("\"export_date\":\"{day}"))
                };
                (imports.iter().find(is_it).expect("the import").id, vec![which])
            }
        };
        self.store.undo(import, ZONE, &Cancel::default(), &mut |_| true).expect("undone");
        self.verify("undone");
        lost.iter().for_each(|at| _ = self.step(&steps[*at]));
    }

    fn hide(&mut self) {
        let rows = crate::Rows {
            kind: "HKQuantityTypeIdentifierHeartRate".to_owned(),
            from_ms: Some(1_773_473_408_000),
            until_ms: Some(1_773_473_415_000),
            source: None,
        };
        self.store.hide(&rows, false, NOW, ZONE).expect("hidden");
    }

    /// Everything, in an order of its own.
    fn told(&self) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for (list, rows) in self.state().as_object().expect("lists") {
            lines.extend(rows.as_array().expect("rows").iter().map(|row| format!("{list} {row}")));
        }
        lines.sort();
        lines
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_order_of_deliveries_imports_undos_and_acts_shows(
        order in Just((0..8).collect::<Vec<usize>>()).prop_shuffle(),
        again in prop::collection::vec(any::<prop::sample::Index>(), 0..3),
        hidden_at in 0..8_usize,
        settles in any::<bool>(),
    ) {
        let steps = much();
        let mut expected = Played { settles: true, ..Played::new() };
        steps.iter().for_each(|step| _ = expected.step(step));
        expected.hide();
        let mut played = Played { settles, ..Played::new() };
        for (at, which) in order.iter().enumerate() {
            played.step(&steps[*which]);
            if at == hidden_at {
                played.hide();
            }
        }
        for which in again {
            played.undo_and_play(&steps, &order, which.index(steps.len()));
        }
        played.verify("told");
        let lines = expected.told();
        // The run is one of all five.
        let run = |line: &&String| line.starts_with("workouts") && line.contains(r#""seen":["hae","healthsave","#);
        prop_assert_eq!(lines.iter().filter(run).count(), 1, "{:?}", lines);
        prop_assert_eq!(played.told(), lines);
    }
}
