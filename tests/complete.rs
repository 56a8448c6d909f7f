//! What the Open Wearables SDK sends is stored completely: every leaf of every record, stage and workout of its bodies
//! is found in what an export says of it.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

#[path = "support/phone.rs"]
mod phone;
#[path = "support/program.rs"]
mod program;

use phone::{Request, Server};
use program::{Folder, fixture};

/// Words of the SDK, and what the store calls the same.
const SAME: [(&str, &str); 7] = [
    ("in_bed", "in bed"),
    ("sleeping", "asleep"),
    ("light", "asleep core"),
    ("lap", "HKWorkoutEventTypeLap"),
    ("segment", "HKWorkoutEventTypeSegment"),
    ("marker", "HKWorkoutEventTypeMarker"),
    // Seconds since 1970.
    ("1772956800", "2026-03-08T08:00:00.000Z"),
];

/// The bodies of the shared vectors with samples in them.
fn bodies() -> Vec<(String, Value)> {
    let entries = fs::read_dir(fixture("vectors/open-wearables")).expect("the vectors");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    let name = |path: &PathBuf| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    files.retain(|path| name(path).starts_with("sync-") || name(path).starts_with("bad-04"));
    let read = |path: PathBuf| {
        let body = serde_json::from_slice(&fs::read(&path).expect("a body")).expect("JSON");
        (name(&path), body)
    };
    files.into_iter().map(read).collect()
}

/// Everything in it that is neither a list nor an object, each with where it stands.
fn leaves<'a>(value: &'a Value, place: &str, found: &mut Vec<(String, &'a Value)>) {
    match value {
        Value::Null => {}
        Value::Object(parts) => parts.iter().for_each(|(key, part)| leaves(part, &format!("{place}.{key}"), found)),
        Value::Array(parts) => parts.iter().for_each(|part| leaves(part, &format!("{place}[]"), found)),
        leaf => found.push((place.to_owned(), leaf)),
    }
}

fn of(value: &Value) -> Vec<(String, &Value)> {
    let mut found = Vec::new();
    leaves(value, "", &mut found);
    found
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs())
}

/// Whether one leaf of an export says what a leaf of a body does.
fn says(found: &Value, leaf: &Value) -> bool {
    match (found, leaf) {
        (Value::String(found), Value::String(leaf)) => {
            let known = SAME.iter().find(|(word, _)| word == leaf).map_or(leaf.as_str(), |(_, same)| same);
            // An instant has milliseconds.
            let whole = leaf.strip_suffix('Z').filter(|whole| whole.contains('T'));
            found.contains(leaf) || found == known || whole.is_some_and(|whole| found.starts_with(whole))
        }
        // What is a number in an app's text of a device or version, or an instant.
        (Value::String(found), Value::Number(leaf)) => {
            let leaf = leaf.to_string();
            found.contains(&leaf) || SAME.iter().any(|(word, same)| *word == leaf && found == same)
        }
        // A number that was sent as a text.
        (Value::Number(found), Value::String(leaf)) => {
            leaf.parse().is_ok_and(|leaf: f64| found.as_f64().is_some_and(|found| near(found, leaf)))
        }
        (Value::Number(found), Value::Number(leaf)) => {
            let (found, leaf) = (found.as_f64().unwrap_or(f64::NAN), leaf.as_f64().unwrap_or(f64::NAN));
            near(found, leaf) || near(found * 100.0, leaf)
        }
        (found, leaf) => found == leaf,
    }
}

#[test]
fn every_leaf_of_what_open_wearables_sends_is_found_in_an_export() {
    let mut lost: Vec<String> = Vec::new();
    let (mut items, mut all) = (0, 0);
    for (name, body) in bodies() {
        let folder = Folder::new(&format!("complete-{name}"));
        let server = Server::start(&folder);
        let added = folder.answer(&["devices", "add", "--app", "open-wearables", "--name", "Kim"]);
        let path = format!("/api/v1/sdk/users/{}/sync", added["user_id"].as_str().expect("a user"));
        let token = added["access_token"].as_str().expect("a token");
        let answer = server.send(&Request::post(&path, body.to_string()).with("Authorization", token));
        assert_eq!(answer.status, 202, "{name}: {}", answer.text());
        let output = folder.check(&["export", "--format", "jsonl", "--out", "-"], 0);
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        let mut rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        // What cannot be a record is kept as it stood, with the reason.
        let refused = folder.answer(&["imports", "1"])["rejects"].as_array().cloned().unwrap_or_default();
        rows.extend(refused.iter().filter_map(|reject| serde_json::from_str(reject["text"].as_str()?).ok()));
        let gone = of(&body["data"]["deleted"]);
        for list in ["workouts", "records", "sleep"] {
            for item in body["data"][list].as_array().into_iter().flatten() {
                if gone.iter().any(|(_, gone)| **gone == item["id"]) {
                    continue;
                }
                items += 1;
                let id = item["id"].as_str().unwrap_or_default().to_uppercase();
                // What is no object has no name, and is kept as it stood.
                let is_named = |row: &&Value| match item.is_object() {
                    true => of(row).iter().any(|(_, it)| it.as_str().is_some_and(|it| it.to_uppercase() == id)),
                    false => row.is_string(),
                };
                let own: Vec<&Value> = rows.iter().filter(is_named).collect();
                let own: Vec<&Value> = own.iter().flat_map(|row| of(row)).map(|(_, leaf)| leaf).collect();
                for (place, leaf) in of(item) {
                    all += 1;
                    if !own.iter().any(|found| says(found, leaf)) {
                        lost.push(format!("{name} {list}{place}: {leaf} of {id}"));
                    }
                }
            }
        }
    }
    assert!(items > 100 && all > 1_000, "{all} leaves of {items}");
    assert!(lost.is_empty(), "{} of {all}\n{}", lost.len(), lost.join("\n"));
}
