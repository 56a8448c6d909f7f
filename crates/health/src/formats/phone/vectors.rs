//! Plays the shared vectors (`tests/fixtures/vectors/`) against the decoders, with a store of a few lines that knows
//! only what one feed needs: names, keys, last one wins. The rules across feeds are the real store's.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Place;
use std::path::PathBuf;

use serde_json::{Map, Value as Json, json};

use super::{Decoded, Feed};
use crate::batch::NONE;
use crate::kind::{self, Nature};
use crate::phone::{Flag, Marks, PhoneBatch};
use crate::time::format_instant;
use crate::{Entry, EntryKind, Error, ErrorKind, Result, Sample};

/// The vectors of a folder, by their names.
pub(crate) fn all(folder: &str) -> Vec<(String, Json)> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/vectors").join(folder);
    let mut found: Vec<(String, Json)> = std::fs::read_dir(&path)
        .expect("the vectors")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| {
            let text = std::fs::read_to_string(&path).expect("a vector");
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            (name, serde_json::from_str(&text).expect("JSON"))
        })
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    assert!(!found.is_empty(), "{}", path.display());
    found
}

/// One of them.
pub(crate) fn one(folder: &str, name: &str) -> Json {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/vectors").join(folder).join(name);
    serde_json::from_str(&std::fs::read_to_string(path).expect("the vector")).expect("JSON")
}

/// A request's body as bytes.
pub(crate) fn body(request: &Json) -> Vec<u8> {
    match (&request["body_text"], &request["body"]) {
        (Json::String(text), _) => text.clone().into_bytes(),
        (_, Json::Null) => Vec::new(),
        (_, body) => body.to_string().into_bytes(),
    }
}

/// A header by its name.
pub(crate) fn header<'a>(request: &'a Json, name: &str) -> Option<&'a str> {
    let headers = request["headers"].as_object()?;
    headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).and_then(|(_, value)| value.as_str())
}

/// Plays a vector: `decode` gives what a request holds, or nothing for one that no decoder sees (refused, read-back).
/// Checks the counts of every step and the state after it.
pub(crate) fn play(name: &str, vector: &Json, mut decode: impl FnMut(&Json) -> Option<(Feed, Result<Decoded>)>) {
    let mut state = State::default();
    for round in 0..2 {
        for (i, step) in vector["steps"].as_array().expect("steps").iter().enumerate() {
            let Some((feed, decoded)) = decode(&step["request"]) else { continue };
            let decoded = match decoded {
                Ok(decoded) => decoded,
                Err(error) => {
                    assert_eq!(json!(status(&error)), step["expect"]["status"], "{name} step {i}: {error}");
                    continue;
                }
            };
            assert!(step["expect"]["status"].as_u64().is_some_and(|status| status < 300), "{name} step {i}");
            let got = state.ingest(feed, &decoded);
            let expected = &step["expect"]["records"];
            if round == 0 && expected.is_object() {
                assert_eq!(json!(got), *expected, "{name} step {i}");
            } else if round > 0 {
                assert_eq!(got["new"], 0, "{name} step {i} again");
            }
            let counts = decoded.delivery.counts;
            assert_eq!(counts.rejected, got["rejected"], "{name} step {i}");
        }
    }
    let after = state.json();
    let expected = &vector["state_after"];
    for list in LISTS {
        let empty = Vec::new();
        let rows = |state: &Json| state[list].as_array().unwrap_or(&empty).clone();
        let (mut got, wanted) = (rows(&after), rows(expected));
        for row in wanted {
            let at = got.iter().position(|found| same(found, &row));
            let at = at.unwrap_or_else(|| panic!("{name}: {list} lacks {row}\nhas {}", json!(got)));
            got.remove(at);
        }
        assert!(got.is_empty(), "{name}: {list} has {}", json!(got));
    }
}

/// What the receiver makes of an error.
pub(crate) fn status(error: &Error) -> u64 {
    match error.kind() {
        ErrorKind::NotJson => 400,
        ErrorKind::Unsupported(_) => 415,
        ErrorKind::Shape(_) => 422,
        _ => 500,
    }
}

const LISTS: [&str; 9] = [
    "samples",
    "aggregates",
    "sleep_summaries",
    "workouts",
    "medication_doses",
    "medications",
    "states_of_mind",
    "ecgs",
    "activity_summaries",
];

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

/// A store of a few lines: rows by list and key.
#[derive(Debug, Default)]
pub(crate) struct State {
    rows: BTreeMap<&'static str, BTreeMap<String, Row>>,
    /// Places by what their workout is told by.
    routes: BTreeMap<String, u64>,
}

/// What became of a record.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fate {
    New,
    Known,
    Replaced,
}

type Row = Map<String, Json>;

impl State {
    /// Takes a delivery in; gives its counts.
    pub(crate) fn ingest(&mut self, feed: Feed, decoded: &Decoded) -> BTreeMap<&'static str, u64> {
        let (mut fates, mut rejected) = (Vec::new(), 0);
        for part in &decoded.batches {
            assert_eq!(part.batch.samples.len(), part.marks.len());
            assert_eq!(part.batch.entries.len(), part.entry_marks.len());
            for (sample, marks) in part.batch.samples.iter().zip(&part.marks) {
                let line = sample_line(feed, part, sample, marks);
                let natural = ["type", "start", "end", "value", "source"].map(|key| line[key].to_string()).join(" ");
                let key = marks.uuid.map_or(natural, |uuid| uuid.to_string());
                fates.push(self.put("samples", key, line, |_, _| Fate::Known));
            }
            for aggregate in &part.aggregates {
                let line = aggregate_line(feed, part, aggregate);
                let cut = if feed == Feed::HealthSync { line["end"].to_string() } else { String::new() };
                let key = ["type", "grain", "start", "source"].map(|key| line[key].to_string()).join(" ") + &cut;
                fates.push(self.put("aggregates", key, line, last_wins));
            }
            let entries = part.batch.entries.iter().zip(&part.entry_marks);
            fates.extend(entries.filter_map(|(entry, marks)| self.entry(feed, entry, marks)));
            rejected += part.batch.problems.iter().map(|problem| problem.count).sum::<u64>();
        }
        let count = |wanted| fates.iter().filter(|fate| **fate == wanted).count() as u64;
        let (new, known, replaced) = (count(Fate::New), count(Fate::Known), count(Fate::Replaced));
        BTreeMap::from([("new", new), ("already_known", known), ("replaced", replaced), ("rejected", rejected)])
    }

    fn put(&mut self, list: &'static str, key: String, row: Json, meet: fn(&mut Row, Row) -> Fate) -> Fate {
        let Json::Object(row) = row else { panic!("a row") };
        match self.rows.entry(list).or_default().entry(key) {
            Place::Occupied(mut old) => meet(old.get_mut(), row),
            Place::Vacant(place) => {
                place.insert(row);
                Fate::New
            }
        }
    }

    fn entry(&mut self, feed: Feed, entry: &Entry, marks: &Marks) -> Option<Fate> {
        let body: Json = serde_json::from_str(&entry.body).expect("a body");
        let uuid = marks.uuid.map(|uuid| uuid.to_string());
        let start = json!(entry.start_ms.map(format_instant));
        let end = json!(entry.end_ms.map(format_instant));
        let source = json!(Some(&entry.source.name).filter(|name| !name.is_empty()));
        let natural = format!("{start} {end} {source}");
        let key = uuid.clone().unwrap_or_else(|| natural.clone());
        match entry.kind {
            EntryKind::Route => {
                let link = &body["workout"];
                let key = link["uuid"].as_str().map_or_else(|| format!("{}", link["start"]), str::to_owned);
                let points = body["points"].as_u64().unwrap_or(0);
                let known = self.routes.entry(key).or_default();
                *known = points.max(*known);
                None
            }
            EntryKind::Workout => {
                let activity = body["activity"].as_str();
                let row = json!({
                    "activity": activity.map(|activity| kind::activity_number(activity).expect("a number")),
                    "activity_raw": body["activity_raw"], "start": start, "end": end, "duration_s": body["duration_s"],
                    "energy_kcal": body["energy_kcal"], "distance_m": body["distance_m"], "uuid": uuid,
                    "source": source, "seen": [feed.as_str()],
                });
                Some(self.put("workouts", key, row, |_, _| Fate::Known))
            }
            EntryKind::SleepSummary => {
                let row = json!({
                    "day": body["day"], "start": start, "end": end, "source": source, "stats": body["stats"],
                    "feed": feed.as_str(),
                });
                Some(self.put("sleep_summaries", format!("{end} {source}"), row, fuller_wins))
            }
            EntryKind::MedicationDose => {
                let mut row = json!({
                    "name": body["name"], "start": start, "status": body["status"], "scheduled": body["scheduled"],
                    "dose": body["dose"], "unit": body["unit"], "uuid": uuid,
                });
                if body["status_raw"].is_string() {
                    row["status_raw"] = body["status_raw"].clone();
                }
                let key = uuid.unwrap_or_else(|| format!("{start} {}", body["name"]));
                Some(self.put("medication_doses", key, row, last_wins))
            }
            EntryKind::Medication => {
                let row = json!({
                    "name": body["name"], "nickname": body["nickname"], "archived": body["archived"], "form": body["form"],
                });
                Some(self.put("medications", body["name"].to_string(), row, last_wins))
            }
            EntryKind::StateOfMind => {
                let row = json!({
                    "uuid": uuid, "start": start, "kind": body["kind"], "valence": body["valence"],
                    "labels": body["labels"],
                });
                Some(self.put("states_of_mind", key, row, last_wins))
            }
            EntryKind::Ecg => {
                let row = json!({
                    "start": start, "classification_raw": body["classification"], "avg_hr": body["avg_hr"],
                    "hz": body["sample_rate_hz"], "voltage_count": body["n"], "source": source,
                });
                Some(self.put("ecgs", format!("{start} {source}"), row, last_wins))
            }
            EntryKind::ActivitySummary => {
                let row = json!({
                    "day": body["date"], "active_energy_kcal": body["active_energy_kcal"],
                    "exercise_min": body["exercise_min"], "stand_hours": body["stand_hours"],
                });
                Some(self.put("activity_summaries", body["date"].to_string(), row, newest_of_each))
            }
            _ => None,
        }
    }

    /// All rows, by list.
    pub(crate) fn json(&self) -> Json {
        let mut lists: Map<String, Json> = Map::new();
        for (list, rows) in &self.rows {
            let rows = rows.values().map(|row| {
                let mut row = row.clone();
                if *list == "workouts" {
                    let keys = [row["uuid"].as_str().unwrap_or_default().to_owned(), row["start"].to_string()];
                    let points = keys.iter().find_map(|key| self.routes.get(key)).copied().unwrap_or(0);
                    row.insert("route_points".to_owned(), points.into());
                }
                Json::Object(row)
            });
            lists.insert((*list).to_owned(), rows.collect());
        }
        Json::Object(lists)
    }
}

fn last_wins(old: &mut Row, new: Row) -> Fate {
    let fate = if same(&Json::Object(old.clone()), &Json::Object(new.clone())) { Fate::Known } else { Fate::Replaced };
    *old = new;
    fate
}

fn fuller_wins(old: &mut Row, new: Row) -> Fate {
    let total = |row: &Row| row["stats"]["total_s"].as_f64().unwrap_or(0.0);
    if total(&new) <= total(old) {
        return Fate::Known;
    }
    *old = new;
    Fate::Replaced
}

fn newest_of_each(old: &mut Row, new: Row) -> Fate {
    let before = old.clone();
    old.extend(new.into_iter().filter(|(_, value)| !value.is_null()));
    if before == *old { Fate::Known } else { Fate::Replaced }
}

/// A sample as an export prints it.
pub(crate) fn sample_line(feed: Feed, part: &PhoneBatch, sample: &Sample, marks: &Marks) -> Json {
    let identifier = &part.batch.kinds[sample.kind as usize];
    let (source, origin) = (&part.batch.sources[sample.source as usize], &part.batch.origins[sample.origin as usize]);
    let kind = kind::get_or_guess(identifier, origin.unit.as_deref());
    let category = kind.nature == Nature::Category;
    let unknown_unit = marks.flags.has(Flag::UnknownUnit);
    let unit = if unknown_unit { origin.unit.clone().unwrap_or_default() } else { kind.unit.clone() };
    let value = if unknown_unit { sample.original } else { sample.value };
    let mut line = json!({
        "type": identifier, "start": format_instant(sample.start_ms),
        "end": (!marks.flags.has(Flag::EndUnknown)).then(|| format_instant(sample.end_ms)),
        "value": if category { json!(value.map(|value| value as i64)) } else { json!(value) },
        "unit": (!category).then_some(unit), "source": Some(&source.name).filter(|name| !name.is_empty()),
        "uuid": marks.uuid.map(|uuid| uuid.to_string()), "seen": [feed.as_str()],
    });
    if let Some(bundle) = &source.bundle {
        line["bundle"] = json!(bundle);
    }
    if let Some(hardware) = &source.hardware {
        line["device_hw"] = json!(hardware);
    }
    if unknown_unit {
        line["unit_unknown"] = json!(true);
    }
    if sample.text != NONE {
        line["label"] = json!(part.batch.texts[sample.text as usize]);
    }
    line
}

fn aggregate_line(feed: Feed, part: &PhoneBatch, it: &crate::phone::Aggregate) -> Json {
    let source = &part.batch.sources[it.source as usize].name;
    let stats: Map<String, Json> = it.stats.iter().map(|(word, value)| (word.clone(), json!(value))).collect();
    let mut line = json!({
        "type": part.batch.kinds[it.kind as usize], "grain": it.grain.as_str(), "start": format_instant(it.start_ms),
        "end": format_instant(it.end_ms), "stats": stats, "unit": it.unit,
        "source": Some(source).filter(|name| !name.is_empty()), "feed": feed.as_str(),
    });
    if let Some(label) = &it.label {
        line["label"] = json!(label);
    }
    line
}

/// Every item of a list was counted once: kept or rejected.
#[track_caller]
pub(crate) fn check_counts(decoded: &Decoded) {
    let counts = decoded.delivery.counts;
    let rejects: u64 = decoded.problems().map(|problem| problem.count).sum();
    assert_eq!(counts.rejected, rejects);
    let made: usize = decoded.batches.iter().map(|part| part.batch.samples.len() + part.aggregates.len()).sum();
    let entries = decoded.batches.iter().flat_map(|part| &part.batch.entries);
    let (beside, own): (Vec<_>, Vec<_>) =
        entries.partition(|entry| matches!(entry.kind, EntryKind::Route | EntryKind::Correlation | EntryKind::Profile));
    let made = (made + own.len()) as u64;
    // Another Vitalog sends routes as lines of their own, apps beside their records.
    assert!([made, made + beside.len() as u64].contains(&counts.records), "{counts:?}");
    assert!(counts.items - counts.rejected <= counts.records, "an item was lost: {counts:?}");
}

/// Changes some bytes of a body: cuts, doubles, swaps and overwrites, as `seed` says.
pub(crate) fn mutate(body: &[u8], seed: u64) -> Vec<u8> {
    const MARKS: &[u8] = br#"{}[]",:0n-e\"#;
    let mut random = seed;
    let mut next = |below: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((random >> 33) as usize) % below.max(1)
    };
    let mut body = body.to_vec();
    for _ in 0..=next(4) {
        let (at, length) = (next(body.len()), 1 + next(40));
        let end = (at + length).min(body.len());
        match next(4) {
            0 => drop(body.drain(at..end)),
            1 => {
                let piece: Vec<u8> = body[at..end].to_vec();
                let to = next(body.len());
                body.splice(to..to, piece);
            }
            2 => body.iter_mut().skip(at).take(1).for_each(|byte| *byte = MARKS[next(MARKS.len())]),
            _ => body.truncate(at.max(1)),
        }
    }
    body
}
