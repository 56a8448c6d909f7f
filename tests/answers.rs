//! One kept answer per verb of the command line that imports or looks, from the real program on a made-up person's
//! export; `answers_upkeep.rs` has those of all others.
//!
//! `UPDATE_GOLDEN=1 cargo test --test answers` writes the answers anew. The keys that no answer may lose stand in
//! `support/contract.rs`.

use serde_json::{Value, json};

#[path = "support/contract.rs"]
mod contract;
#[path = "support/golden.rs"]
mod golden;
#[path = "support/program.rs"]
mod program;

use contract::*;
use golden::{check, filled};
use program::{Folder, person};

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
    let march = |word: &'static str| ["explain", word, "2026-03-01", "--to", "2026-03-31"];
    let days = check(&folder, "explain-days", &[&march("step_count")[..], &["--json"]].concat());
    check_keys(&days, EXPLAIN_DAYS);
    check_keys(&days["parts"], EXPLAIN_PARTS);
    check(&folder, "explain-days-words", &march("heart_rate"));
    check(&folder, "explain-nights-words", &march("sleep"));
    check(&folder, "explain-days-csv", &[&march("step_count")[..], &["--csv"]].concat());
    check(&folder, "explain-no-days-words", &["explain", "step_count", "2001-01-01", "--to", "2001-01-31"]);
    let pair = |word: &'static str| ["explain", word, "2026-03-13", "--to", "2026-03-16"];
    let answer = check(&folder, "explain-pair", &[&pair("step_count,heart_rate")[..], &["--json"]].concat());
    check_keys(&answer, &["from", "to", "units", "counted", "rho", "interval", "sentence", "left_out", "days"]);
    check(&folder, "explain-pair-words", &pair("step_count,sleep:next"));
    folder.check(&pair("step_count,sleep:raw"), 2);
    let hour = |word: &'static str, from: &'static str, until: &'static str| {
        ["explain", word, "2026-03-14", "--from", from, "--until", until]
    };
    let steps = hour("step_count", "10:00", "11:00");
    let answer = check(&folder, "explain-hour", &[&steps[..], &["--json"]].concat());
    check_keys(
        &answer,
        &["type", "day", "from", "until", "value", "rule", "naive_sum", "sources", "rows", "rows_total"],
    );
    check(&folder, "explain-hour-words", &hour("heart_rate", "08:00", "09:00"));
    check(&folder, "explain-hour-csv", &[&steps[..], &["--csv"]].concat());
    folder.check(&["explain", "step_count", "2026-03-14", "--from", "09:00", "--until", "08:00"], 2);
    folder.check(&["explain", "step_count", "2026-03-14", "--from", "09:00", "--until", "25:00"], 2);
    folder.check(&["explain", "step_count", "2026-03-14", "--from", "09:00"], 2);
    folder.check(&["explain", "sleep", "2026-03-14", "--from", "01:00", "--until", "02:00"], 2);
    folder.check(&["explain", "step_count", "2026-03-14", "--to", "2026-03-01"], 2);
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
    check_keys(&check(&folder, "sources-overlaps", &["sources", "overlaps", "--json"]), OVERLAPS);
    check(&folder, "sources-overlaps-words", &["sources", "overlaps"]);
    check_keys(&check(&folder, "sources-stays", &["sources", "stays", "--json"]), STAYS);
    check(&folder, "sources-stays-words", &["sources", "stays"]);
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
    assert!(csv.starts_with(b"type,start,end,value,meaning,unit,"), "a table without rows has its heading");
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
