//! One kept answer per verb of the command line, from the real program on a made-up person's export.
//!
//! `UPDATE_GOLDEN=1 cargo test --test answers` writes the answers anew. The keys that no answer may lose stand in
//! `support/contract.rs`.

use std::path::Path;
use std::process::Output;
use std::{env, fs};

use serde_json::{Value, json};

#[path = "support/contract.rs"]
mod contract;
#[path = "support/program.rs"]
mod program;

use contract::*;
use program::{Folder, fixture, person};

/// A store that holds the person's export.
fn filled(name: &str) -> Folder {
    let folder = Folder::new(name);
    folder.check(&["import", &person()], 4);
    folder
}

/// Runs a verb and compares what it says with the kept answer.
#[track_caller]
fn check(folder: &Folder, name: &str, arguments: &[&str]) -> Value {
    let output = folder.run(arguments);
    let data = folder.data().display().to_string();
    let plain = |text: &[u8]| {
        String::from_utf8_lossy(text).replace(&data, "DATA").replace(&person(), "PERSON").replace('\r', "")
    };
    let arguments: Vec<String> = arguments.iter().map(|word| plain(word.as_bytes())).collect();
    let mut answer = json!({"arguments": arguments, "exit": output.status.code(), "stdout": stdout(&output, &plain)});
    let words = plain(&output.stderr);
    if !words.is_empty() {
        answer["stderr"] = lines(&words);
    }
    mask(&mut answer, "");
    compare(name, &answer);
    answer["stdout"].take()
}

/// One JSON document, lines of JSON, or lines.
fn stdout(output: &Output, plain: &impl Fn(&[u8]) -> String) -> Value {
    let text = plain(&output.stdout);
    serde_json::from_str(&text).unwrap_or_else(|_| lines(&text))
}

fn lines(text: &str) -> Value {
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| json!(line))).collect()
}

/// The one place that hides what differs from run to run or from computer to computer.
fn mask(value: &mut Value, key: &str) {
    match (key, &mut *value) {
        ("seconds" | "bytes" | "before" | "after", Value::Number(_)) => *value = json!(1),
        ("last_import", Value::String(_)) => *value = json!("an instant"),
        ("kept" | "receipt", Value::String(_)) => *value = json!("a file"),
        ("name", Value::String(name)) if name.starts_with("kept/") => *value = json!("kept/a copy"),
        ("version", Value::String(_)) => *value = json!("a version"),
        (_, Value::Object(row)) => {
            // What doctor found on this computer.
            let unstable = matches!(row.get("check").and_then(Value::as_str), Some("version" | "clock" | "disk_space"));
            if unstable && let Some(found) = row.get_mut("found") {
                *found = json!("something");
            }
            if row.contains_key("channel") || row.contains_key("receipt") {
                row.insert("at".to_owned(), json!("an instant"));
            }
            row.iter_mut().for_each(|(key, value)| mask(value, key));
        }
        (key, Value::Array(rows)) => rows.iter_mut().for_each(|row| mask(row, key)),
        _ => {}
    }
}

#[track_caller]
fn compare(name: &str, answer: &Value) {
    let path = Path::new(&fixture("cli")).join(format!("{name}.json"));
    if env::var_os("UPDATE_GOLDEN").is_some() {
        fs::create_dir_all(fixture("cli")).expect("a folder");
        fs::write(&path, format!("{answer:#}\n")).expect("written");
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    let kept: Value = serde_json::from_str(&kept).unwrap_or_default();
    assert!(kept == *answer, "{name} is not as in {}:\n{answer:#}", path.display());
}

#[test]
fn importing() {
    let folder = Folder::new("importing");
    let file = person();
    check(&folder, "import-dry-run", &["import", &file, "--dry-run", "--json"]);
    check(&folder, "import-words", &["import", &file, "--dry-run"]);
    assert!(!folder.data().exists(), "a dry run makes no folder");
    let report = check(&folder, "import", &["import", &file, "--json"]);
    check_sums(&report);
    check_keys(&report, IMPORT);
    check(&folder, "import-again-words", &["import", &file]);
    check(&folder, "import-again", &["import", &file, "--json"]);
    check_keys(&check(&folder, "imports", &["imports", "--json"]), IMPORTS);
    let detail = check(&folder, "imports-one", &["imports", "1", "--json"]);
    let kept: Vec<&str> = IMPORT.iter().copied().filter(|key| *key != "seconds").collect();
    check_keys(
        &detail,
        &[&kept, &["channel", "device", "at", "undone", "rejects", "rejects_total", "files"][..]].concat(),
    );
    check_keys(&detail["rejects"], &["position", "type", "reason", "text"]);
    check(&folder, "imports-one-csv", &["imports", "1", "--csv"]);
    check_keys(&check(&folder, "undo", &["undo", "1", "--json"]), UNDO);
    check(&folder, "undo-again", &["undo", "1", "--json"]);
    assert_eq!(folder.answer(&["types"]), json!([]));
}

/// records = new + known + replaced + duplicates + rejected, in total and per type.
#[track_caller]
fn check_sums(report: &Value) {
    let sum = |row: &Value| {
        ["new", "known", "replaced", "duplicates", "rejected"].iter().filter_map(|key| row[key].as_u64()).sum::<u64>()
    };
    assert_eq!(report["records"], sum(report));
    for (kind, row) in report["by_type"].as_object().expect("types") {
        assert_eq!(row["read"], sum(row), "{kind}");
    }
}

#[test]
fn looking() {
    let folder = filled("looking");
    check_keys(&check(&folder, "status", &["status", "--json"]), STATUS);
    check(&folder, "status-words", &["status"]);
    check_keys(&check(&folder, "types", &["types", "--json"]), TYPES);
    check_keys(&check(&folder, "sources", &["sources", "--json"]), SOURCES);
    check_keys(&check(&folder, "daily", &["daily", "--json"]), DAILY);
    check_keys(&check(&folder, "sleep", &["sleep", "--json"]), SLEEP);
    check(&folder, "daily-csv", &["daily", "step_count", "--csv"]);
    for verb in ["status", "types", "sources", "daily", "sleep", "imports"] {
        let output = folder.check(&[verb], 0);
        assert!(output.stderr.is_empty(), "{verb}");
    }
    check(&folder, "daily-words", &["daily"]);
    check(&folder, "sleep-words", &["sleep"]);
    check(&folder, "types-words", &["types"]);
    check(
        &folder,
        "sql",
        &["sql", "SELECT day, n, total FROM daily ORDER BY kind_id, day, source_id LIMIT 3", "--json"],
    );
    check(&folder, "sql-words", &["sql", "SELECT start, value, source FROM steps ORDER BY start"]);
    check(&folder, "sql-csv", &["sql", "SELECT start, value, source FROM steps ORDER BY start", "--csv"]);
}

/// The view is made of SQL alone, the verb of Rust.
#[test]
fn the_view_of_days_says_what_daily_says() {
    let folder = filled("days");
    let shape = |rows: Value| -> Vec<(String, String, String, i64, i64)> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let row = |row: &Value| {
            let millionth = (row["value"].as_f64().expect("a value") * 1e6).round() as i64;
            (text(&row["type"]), text(&row["day"]), text(&row["stat"]), row["n"].as_i64().expect("n"), millionth)
        };
        let mut rows: Vec<_> = rows.as_array().expect("rows").iter().map(row).collect();
        rows.sort();
        rows
    };
    let daily = shape(folder.answer(&["daily"]));
    assert_eq!(shape(folder.answer(&["sql", "SELECT * FROM days"])), daily);
    assert!(daily.len() > 10);
    folder.check(&["demo", "--quiet", "--days", "9"], 0);
    let demo = folder.data().join("demo");
    let demo = ["--data-dir", demo.to_str().expect("UTF-8")];
    let ask = |arguments: &[&str]| {
        let output =
            std::process::Command::new(env!("CARGO_BIN_EXE_vitalog")).args(demo).args(arguments).arg("--json").output();
        serde_json::from_slice::<Value>(&output.expect("runs").stdout).expect("JSON")
    };
    assert_eq!(shape(ask(&["sql", "SELECT * FROM days"])), shape(ask(&["daily"])));
    let rings =
        folder.answer(&["sql", "SELECT active_energy_kcal, exercise_goal_min, stand_hours FROM activity_rings"]);
    assert!(rings[0]["active_energy_kcal"].is_number() && rings[0]["stand_hours"].is_number(), "{rings}");
}

#[test]
fn columns_of_sql_stand_as_they_were_asked_for() {
    let folder = Folder::new("columns");
    let shown = |style: &str| {
        let output = folder.check(&["sql", "SELECT 1 AS z, 2 AS a, 3 AS z", style], 0);
        String::from_utf8_lossy(&output.stdout).split_whitespace().collect::<String>()
    };
    assert_eq!(shown("--json"), r#"[{"z":1,"a":2,"z:2":3}]"#);
    assert_eq!(shown("--csv"), "z,a,z:21,2,3");
}

#[test]
fn explaining() {
    let folder = filled("explaining");
    let answer = check(&folder, "explain", &["explain", "step_count", "2026-03-14", "--json"]);
    check_keys(&answer, EXPLAIN);
    check_keys(&answer["sources"], EXPLAIN_SOURCES);
    for (name, word) in [("steps", "step_count"), ("pulse", "heart_rate"), ("weight", "body_mass"), ("sleep", "sleep")]
    {
        check(&folder, &format!("explain-{name}-words"), &["explain", word, "2026-03-14"]);
    }
    check_keys(&check(&folder, "explain-sleep", &["explain", "sleep", "2026-03-14", "--json"]), EXPLAIN);
    check(&folder, "explain-csv", &["explain", "step_count", "2026-03-14", "--csv"]);
    check_keys(&check(&folder, "explain-nothing", &["explain", "vo2_max", "2026-03-14", "--json"]), EXPLAIN);
    check(&folder, "explain-nothing-words", &["explain", "step_count", "2001-01-01"]);
    check(&folder, "explain-unknown", &["explain", "stepcunt", "2026-03-14", "--json"]);
    folder.check(&["explain", "step_count", "14.3.2026"], 2);
    folder.check(&["explain", "step_count"], 2);
}

#[test]
fn training() {
    let folder = filled("training");
    check_keys(&check(&folder, "workouts", &["workouts", "--json"]), WORKOUT);
    check(&folder, "workouts-words", &["workouts"]);
    check(&folder, "workouts-csv", &["workouts", "--csv", "--to", "2026-03-14"]);
    check_keys(&check(&folder, "workouts-one", &["workouts", "3", "--json"]), &[WORKOUT, WORKOUT_DETAIL].concat());
    check(&folder, "workouts-one-words", &["workouts", "3"]);
    check(&folder, "workouts-nothing-words", &["workouts", "--from", "2027-01-01"]);
    assert_eq!(folder.answer(&["workouts", "--from", "2027-01-01"]), json!([]));
    check(&folder, "workouts-gpx", &["workouts", "3", "--gpx", "-"]);
    assert!(folder.answer(&["workouts", "3", "--gpx", "run.gpx"])["points"].as_u64() > Some(0));
    folder.check(&["workouts", "--gpx", "-"], 2);
    check(&folder, "workouts-unknown", &["workouts", "999", "--json"]);
    folder.check(&["workouts", "3", "--from", "2026-03-14"], 2);
}

#[test]
fn sorting_out_sources() {
    let folder = filled("sources");
    let order = ["sources", "order", "step_count"];
    check_keys(&check(&folder, "sources-order", &[&order[..], &["--json"]].concat()), ORDER);
    let day = |folder: &Folder| folder.answer(&["daily", "step_count", "--from", "2026-03-14", "--to", "2026-03-14"]);
    let before = day(&folder);
    let phone_first = [&order[..], &["Kim’s iPhone, kim's apple watch"]].concat();
    check(&folder, "sources-order-set", &[&phone_first[..], &["--json"]].concat());
    check(&folder, "sources-order-words", &order);
    check(
        &folder,
        "sources-order-day",
        &["daily", "step_count", "--from", "2026-03-14", "--to", "2026-03-14", "--json"],
    );
    assert_ne!(day(&folder), before);
    folder.check(&["verify"], 0);
    check(&folder, "sources-order-unknown", &["sources", "order", "step_count", "Kims iPhone", "--json"]);
    folder.check(&["sources", "order", "step_count", "1,1"], 2);
    folder.check(&["sources", "order", "stepz", "1"], 2);
    for reset in [[&order[..], &[""]].concat(), [&order[..], &["--reset"]].concat()] {
        folder.check(&phone_first, 0);
        assert_eq!(folder.answer(&reset)["chosen"], false);
        assert_eq!(day(&folder), before);
    }
    check_keys(&check(&folder, "sources-link", &["sources", "link", "Kim’s iPhone", "Health", "--json"]), SOURCES);
    check(&folder, "sources-link-again", &["sources", "link", "health", "2", "--json"]);
    check(&folder, "sources-link-unknown", &["sources", "link", "Helth", "2", "--json"]);
    folder.check(&["verify"], 0);
    // The names stay linked, whatever becomes of the imports.
    folder.check(&["undo", "1"], 0);
    folder.check(&["import", &person()], 4);
    check(&folder, "sources-linked-words", &["sources"]);
    folder.check(&["verify"], 0);
}

#[test]
fn querying() {
    let folder = filled("querying");
    check_keys(&check(&folder, "query-raw", &["query", "HeartRate", "--json"]), SAMPLE);
    check(&folder, "query-raw-csv", &["query", "dietary_water", "--csv"]);
    for bucket in ["hour", "day", "week", "month", "year"] {
        let rows = check(&folder, &format!("query-{bucket}"), &["query", "step_count", "--bucket", bucket, "--json"]);
        check_keys(&rows, BUCKET);
    }
    let rows = check(&folder, "query-sources", &["query", "step_count", "--bucket", "day", "--sources", "--json"]);
    check_keys(&rows, &[BUCKET, &["source", "source_id"]].concat());
    let edges = ["--from", "2026-03-15", "--to", "2026-04-05", "--json"];
    check(&folder, "query-week-edges", &[&["query", "step_count", "--bucket", "week"], &edges[..]].concat());
    check(&folder, "query-heart-rate", &["query", "heart_rate", "--bucket", "hour", "--json"]);
    check(&folder, "query-raw-words", &["query", "HeartRate"]);
    check(&folder, "query-raw-category-words", &["query", "sleep"]);
    for bucket in ["hour", "day", "week"] {
        check(&folder, &format!("query-{bucket}-words"), &["query", "step_count", "--bucket", bucket]);
    }
    check(&folder, "query-nothing-words", &["query", "vo2_max"]);
    for word in ["Steps", "steps"] {
        assert_eq!(folder.answer(&["daily", word]), folder.answer(&["daily", "step_count"]), "{word}");
    }
    check(&folder, "query-category", &["query", "apple_stand_hour", "--bucket", "day", "--json"]);
    let nothing = ["query", "heart_rate", "--from", "2020-01-01", "--to", "2020-01-31"];
    assert_eq!(folder.answer(&nothing), json!([]));
    let csv = folder.check(&[&nothing[..], &["--csv"]].concat(), 0).stdout;
    assert!(csv.starts_with(b"type,start,end,value,unit,"), "a table without rows has its heading");
}

#[test]
fn drawing() {
    let folder = filled("drawing");
    let chart = |what: &'static str, more: &[&'static str]| [&["chart", what], more, &["--json"]].concat();
    let week = ["--range", "week", "--date", "2026-03-15"];
    for (name, what, more) in [
        ("chart-heart-rate", "heart_rate", &["--range", "day", "--date", "2026-03-14"][..]),
        ("chart-steps", "step_count", &week),
        ("chart-steps-weeks", "step_count", &["--range", "6m"]),
        ("chart-vital", "oxygen_saturation", &week),
        ("chart-sleep", "sleep", &["--range", "day"]),
        ("chart-nights", "sleep", &week),
        ("chart-stages", "sleep:stages", &week),
        ("chart-regularity", "sleep:regularity", &week),
        ("chart-mass", "body_mass", &week),
        ("chart-pressure", "blood_pressure", &week),
        ("chart-glucose-nothing", "blood_glucose", &week),
        ("chart-rings", "rings", &["--range", "day"]),
        ("chart-calendar", "step_count:calendar", &week),
        ("chart-pair", "step_count,heart_rate", &week),
    ] {
        check_keys(&check(&folder, name, &chart(what, more)), CHART);
    }
    let id = |table: &str| {
        let row = folder.answer(&["sql", &format!("SELECT min(id) AS id FROM {table}")]);
        row[0]["id"].as_i64().expect("a number")
    };
    let (workout, ecg) = (id("workouts"), id("ecgs"));
    for (name, what) in [
        ("chart-route", format!("workout:{workout}")),
        ("chart-profiles", format!("workout:{workout}:profiles")),
        ("chart-ecg", format!("ecg:{ecg}")),
    ] {
        check_keys(&check(&folder, name, &["chart", &what, "--json"]), CHART);
    }
    check(&folder, "chart-csv", &["chart", "step_count", "--range", "week", "--date", "2026-03-15", "--csv"]);
}

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
        ("imports", "import,channel,file,device,at,outcome,new,known,superseded,rejected,undone,duplicates"),
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
