//! One kept answer per verb of the command line that takes out, keeps, checks or makes up, as in `answers.rs`; and the
//! headings of all tables.
//!
//! `UPDATE_GOLDEN=1 cargo test --test answers_upkeep` writes the answers anew.

use std::fs;

use serde_json::{Value, json};

#[path = "support/contract.rs"]
mod contract;
#[path = "support/golden.rs"]
mod golden;
#[path = "support/program.rs"]
mod program;

use contract::*;
use golden::{check, compare, filled};
use program::Folder;

#[test]
fn taking_out() {
    let folder = filled("taking-out");
    let lines = check(&folder, "export-jsonl", &["export", "--format", "jsonl", "--out", "-"]);
    for (record, keys) in RECORDS {
        let of_it = |line: &&Value| line["record"] == *record;
        let rows: Vec<Value> = lines.as_array().into_iter().flatten().filter(of_it).cloned().collect();
        check_keys(&rows.into(), keys);
    }
    check(&folder, "export-csv", &["export", "--format", "csv", "--out", "-"]);
    check(&folder, "export-csv-workout", &["export", "--format", "csv", "--out", "-", "--types", "workout"]);
    let day = ["--from", "2026-03-15", "--to", "2026-03-15"];
    check(&folder, "export-day", &[&["export", "--format", "jsonl", "--out", "-"], &day[..]].concat());
    for types in ["workout,route", "heart_rate,workout"] {
        let refused = folder.check(&["export", "--format", "csv", "--out", "-", "--types", types], 2);
        assert!(refused.stdout.is_empty(), "{types}");
        assert!(String::from_utf8_lossy(&refused.stderr).contains("takes one table, and these are 2: "), "{types}");
    }
    let samples = folder.check(&["export", "--format", "csv", "--out", "-", "--types", "heart_rate,Steps"], 0);
    assert!(samples.stdout.starts_with(b"type,start,"));
    check_tables(&folder, lines.as_array().map_or(0, Vec::len));
}

/// In a folder every kind of record has its table, and no row is missing.
fn check_tables(folder: &Folder, records: usize) {
    let out = folder.path("out");
    folder.check(&["export", "--format", "csv", "--out", out.to_str().expect("UTF-8")], 0);
    let mut rows = 0;
    for (record, _) in RECORDS {
        let table = fs::read_to_string(out.join(format!("{record}.csv"))).expect(record);
        rows += table.matches("\r\n").count() - 1;
    }
    assert_eq!(rows, records);
    let unfinished = |name: &str| name.ends_with(".part");
    let names = fs::read_dir(&out).expect("a folder").map(|file| file.expect("a file").file_name());
    assert!(names.into_iter().all(|name| !unfinished(&name.to_string_lossy())));
    // A smaller one over it does not pass what it left there for its own.
    let out = out.to_str().expect("UTF-8");
    let smaller =
        folder.answer(&["export", "--format", "csv", "--out", out, "--types", "heart_rate,workout,route,ecg"]);
    assert_eq!(smaller["left"][0], "activity_summary.csv", "{smaller}");
}

const ACT: &[&str] =
    &["act", "at", "what", "type", "from", "until", "source", "rows", "taken_back", "wiped_from", "wiped"];

#[test]
fn changing_and_taking_back() {
    let folder = filled("changing");
    let some = ["hide", "heart_rate", "--from", "2026-03-14", "--to", "2026-03-14"];
    check(&folder, "hide-dry-run", &[&some[..], &["--dry-run", "--json"]].concat());
    check_keys(&check(&folder, "hide", &[&some[..], &["--json"]].concat()), ACT);
    check(&folder, "hide-nothing", &[&some[..], &["--json"]].concat());
    check(&folder, "hide-delete-words", &["hide", "steps", "--delete"]);
    let start = folder.answer(&["sleep"])[0]["start"].as_str().expect("a start").to_owned();
    check_keys(&check(&folder, "night", &["night", "nap", &start, "--json"]), ACT);
    check(&folder, "night-unknown", &["night", "ignore", "2001-01-01 23:00", "--json"]);
    check_keys(&check(&folder, "history", &["history", "--json"]), ACT);
    check_keys(&check(&folder, "history-undo", &["history", "undo", "1", "--json"]), ACT);
    check(&folder, "history-undo-again", &["history", "undo", "1", "--json"]);
    check(&folder, "history-undo-unknown", &["history", "undo", "99", "--json"]);
    folder.check(&["history", "undo", "2"], 0);
    folder.check(&["history", "undo", "3"], 0);
    let fresh = filled("unchanged");
    for question in [&["types"][..], &["daily"], &["sleep"]] {
        assert_eq!(folder.answer(question), fresh.answer(question), "{question:?}");
    }
    folder.check(&["verify"], 0);
}

#[test]
fn keeping() {
    let folder = filled("keeping");
    check_keys(&check(&folder, "settings", &["settings", "--json"]), SETTINGS);
    check(&folder, "settings-set", &["settings", "set", "week_start", "sunday", "--json"]);
    check_keys(&check(&folder, "doctor", &["doctor", "--json"]), &["check", "ok", "found", "fix"]);
    check(&folder, "verify", &["verify", "--json"]);
    check_keys(&check(&folder, "backup", &["backup", "copy.db", "--json"]), &["file", "records", "bytes", "schema"]);
    check(&folder, "backup-again", &["backup", "copy.db", "--json"]);
    check_keys(&check(&folder, "restore", &["restore", "copy.db", "--json"]), &["file", "records", "kept", "damaged"]);
    check_keys(&check(&folder, "compact", &["compact", "--json"]), &["before", "after", "copies_removed"]);
    check(&folder, "delete-all-unconfirmed", &["delete-all", "--json"]);
    let receipt = check(&folder, "delete-all", &["delete-all", "--confirm", "delete", "--json"]);
    check_keys(&receipt, &["at", "records", "bytes", "removed", "left", "not_reached", "receipt"]);
}

#[test]
fn every_answer_for_spreadsheets_is_a_table() {
    let heading = |folder: &Folder, arguments: &[&str]| {
        let output = folder.check(&[arguments, &["--csv"]].concat(), 0);
        String::from_utf8_lossy(&output.stdout).lines().next().unwrap_or_default().to_owned()
    };
    let folder = Folder::new("nothing-to-tabulate");
    for (verb, expected) in [
        ("types", "identifier,name,kind,unit,count,first,last,sources,first_day,last_day"),
        ("sources", "id,source,names,bundle,hardware,records,first,last"),
        (
            "imports",
            "import,channel,file,device,at,outcome,new,known,superseded,rejected,undone,duplicates,partial,export_date",
        ),
        ("daily", "day,type,value,unit,stat,min,max,n,complete,sources,naive_sum"),
        ("verify", "check,text"),
        ("settings", "key,value"),
        ("status", "key,value"),
    ] {
        assert_eq!(heading(&folder, &[verb]), expected, "{verb}");
    }
    assert!(heading(&folder, &["sleep"]).starts_with("day,kind,start,"));
    assert!(heading(&folder, &["check"]).starts_with("day,workout,what,"));
    assert!(heading(&folder, &["query", "heart_rate", "--bucket", "day"]).starts_with("start,end,day,value,"));
    let by_source = heading(&folder, &["query", "heart_rate", "--bucket", "day", "--sources"]);
    assert!(by_source.ends_with(",unit,source,source_id"), "{by_source}");
    assert!(heading(&folder, &["sources", "order", "heart_rate"]).starts_with("id,source,"));
    let file = folder.path("export.xml");
    fs::write(&file, "<HealthData locale=\"en_GB\"/>").expect("written");
    folder.check(&["import", file.to_str().expect("UTF-8")], 0);
    assert_eq!(heading(&folder, &["imports", "1"]), "position,type,name,reason,text");
    let status = String::from_utf8_lossy(&folder.check(&["status", "--csv"], 0).stdout).into_owned();
    assert!(status.contains("\r\nimports,1\r\n") && status.contains("\r\nentries.workouts.count,0\r\n"), "{status}");
}

#[test]
fn checking() {
    let folder = filled("checking");
    let answer = check(&folder, "check", &["check", "--json"]);
    check_keys(&answer["rows"], &["day", "workout", "what", "apple", "ours", "unit", "relative"]);
    check_keys(&answer["summary"], &["what", "n", "within_2_percent", "median_relative"]);
    check(&folder, "check-words", &["check", "--from", "2026-03-14", "--to", "2026-03-14"]);
    check(&folder, "check-nothing", &["check", "--from", "2001-01-01", "--to", "2001-01-01"]);
}

/// The person of the sample store grows older every day: only the shape is kept.
#[test]
fn making_up_a_person() {
    let folder = Folder::new("demo");
    let answer = folder.answer(&["demo", "--days", "2"]);
    check_keys(&answer["report"], IMPORT);
    assert_eq!(answer["report"]["outcome"], "imported");
    let demo = folder.data().join("demo");
    assert_eq!(answer["data_dir"], demo.to_str().expect("UTF-8"));
    assert!(demo.join("vitalog.db").exists() && !demo.join("export.zip").exists());
    let words = |days: &str, exit| {
        String::from_utf8_lossy(&folder.check(&["demo", "--quiet", "--days", days], exit).stdout).into_owned()
    };
    assert!(words("2", 3).starts_with("This person is in the store, "), "the same one");
    assert!(words("3", 0).starts_with("The person who was there is gone; another one is in the store, "));
    let mut shape = answer;
    shapes(&mut shape);
    compare("demo", &shape);
    let export = folder.answer(&["demo", "--days", "2", "--export", "made-up.zip"]);
    check_keys(&export, &["file", "bytes", "truth"]);
    folder.check(&["demo", "--days", "2", "--export", "made-up.zip"], 1);
    let imported = folder.answer(&["import", "made-up.zip"]);
    assert_eq!(imported["records"], export["truth"]["records"]);
}

fn shapes(value: &mut Value) {
    match value {
        Value::Number(_) => *value = json!("a number"),
        Value::String(_) => *value = json!("a text"),
        Value::Array(rows) => {
            rows.truncate(1);
            rows.iter_mut().for_each(shapes);
        }
        Value::Object(keys) => {
            // Which types two days have is chance.
            if let Some(types) = keys.get_mut("by_type").and_then(Value::as_object_mut) {
                types.retain(|kind, _| kind == "HKQuantityTypeIdentifierHeartRate");
            }
            keys.values_mut().for_each(shapes);
        }
        Value::Null | Value::Bool(_) => {}
    }
}

#[test]
fn completing() {
    let folder = Folder::new("completing");
    let help = String::from_utf8_lossy(&folder.check(&["--help"], 0).stdout).into_owned();
    let verbs: Vec<&str> = help.lines().filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next()).collect();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let text = String::from_utf8_lossy(&folder.check(&["completions", shell], 0).stdout).into_owned();
        for verb in ["import", "undo", "doctor", "completions"] {
            assert!(verbs.contains(&verb) && text.contains(verb), "{shell}: {verb}");
        }
    }
    check(&folder, "completions", &["completions", "fish"]);
    check(&folder, "completions-unknown", &["completions", "abacus", "--json"]);
}
