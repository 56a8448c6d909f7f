//! Whole calls, with what the owner's folder then holds. The protocol and the numbers are tested from outside.

use serde_json::{Map, Value, json};

use super::*;
use crate::testing::TestFolder;

/// Noon of 14 March 2026 in Berlin.
const NOON_MS: i64 = 1_773_486_000_000;

fn asked(folder: &Folder, tool: &str, arguments: Value) -> Result<Value> {
    let Value::Object(arguments) = arguments else { panic!("{arguments}") };
    let text = call(folder, Caller { name: "an agent", now_ms: NOON_MS }, tool, &arguments)?;
    assert!(text.len() <= MOST_BYTES, "{tool}: {}", text.len());
    Ok(serde_json::from_str(&text).expect("JSON"))
}

fn shared(folder: TestFolder) -> TestFolder {
    crate::settings::set(&folder, SETTING, "on").expect("set");
    folder
}

#[test]
fn a_tool_that_nobody_switched_on_answers_nothing_and_is_noted() {
    let folder = TestFolder::filled("agent-off");
    assert_eq!(asked(&folder, "get_status", json!({})).expect_err("off").code, Code::NotShared);
    let noted = calls(&folder, 10).expect("a log");
    assert_eq!((noted.len(), noted[0].outcome.as_str(), noted[0].bytes), (1, "not_shared", 0));
}

#[test]
fn every_tool_that_is_listed_is_answered() {
    let folder = shared(TestFolder::filled("agent-every"));
    let workout = crate::workouts::workouts(
        &folder,
        crate::workouts::Listing { days: crate::local::Days::default(), newest: None, zones: false },
    );
    let workout = workout.expect("workouts")[0].id;
    let words = |name: &str| match name {
        "types" => json!(["step_count", "heart_rate"]),
        "id" => json!(workout),
        "type" | "type_a" => json!("step_count"),
        "type_b" => json!("heart_rate"),
        _ => json!("2026-03-14"),
    };
    for tool in TOOLS {
        let needed = tool.takes().filter(|argument| argument.required);
        let arguments: Map<String, Value> =
            needed.map(|argument| (argument.name.to_owned(), words(argument.name))).collect();
        let found = asked(&folder, tool.name, Value::Object(arguments)).expect(tool.name);
        for key in ["records", "records_total", "truncated", "next_cursor"] {
            assert!(found.get(key).is_some(), "{}: {key}", tool.name);
        }
    }
}

#[test]
fn a_chart_comes_as_a_picture_that_fits() {
    let folder = shared(TestFolder::filled("agent-chart"));
    let found = asked(&folder, "render_chart", json!({ "type": "step_count", "range": "month" })).expect("a chart");
    assert!(found["svg"].as_str().is_some_and(|svg| svg.starts_with("<svg")), "{found}");
    assert!(found["summary"].as_str().is_some_and(|summary| !summary.is_empty()));
}

#[test]
fn raw_rows_are_cut_with_a_word_and_pages_lead_through_them() {
    let row = |n: usize| {
        let at = |second: usize| format!("2026-03-14 {:02}:{:02}:{second:02} +0000", 8 + n / 60, n % 60);
        format!(
            "<Record type=\"HKQuantityTypeIdentifierStepCount\" sourceName=\"{}\" unit=\"count\" value=\"{n}\" \
             startDate=\"{}\" endDate=\"{}\"/>",
            "long ".repeat(30),
            at(0),
            at(30)
        )
    };
    let folder = shared(TestFolder::of_rows("agent-raw", &(0..700).map(row).collect::<Vec<_>>()));
    let (mut arguments, mut rows) = (
        json!({ "types": ["step_count"], "start_time": "2026-03-13", "end_time": "2026-03-15", "resolution": "raw" }),
        0,
    );
    loop {
        let page = asked(&folder, "get_timeseries", arguments.clone()).expect("a page");
        assert!(page["truncated"] == true && page["hint"].is_string(), "there are 700");
        rows += page["records"].as_array().map_or(0, Vec::len);
        if page["next_cursor"].is_null() {
            break;
        }
        arguments["cursor"] = page["next_cursor"].clone();
    }
    assert_eq!(rows, 500);
}

#[test]
fn instants_bound_what_is_told() {
    let folder = shared(TestFolder::filled("agent-instants"));
    let starts = |from: &str, to: &str| -> Vec<String> {
        let arguments = json!({ "types": ["step_count"], "start_time": from, "end_time": to, "resolution": "raw" });
        let found = asked(&folder, "get_timeseries", arguments).expect("rows");
        let rows = found["records"].as_array().expect("records").iter();
        rows.filter_map(|row| row["start"].as_str().map(str::to_owned)).collect()
    };
    let all = starts("2026-03-01", "2026-04-30");
    assert!(all.len() > 2, "{all:?}");
    let middle = &all[all.len() / 2];
    let (before, after): (Vec<String>, Vec<String>) = all.iter().cloned().partition(|at| at < middle);
    assert!(!before.is_empty() && !after.is_empty(), "{all:?}");
    assert_eq!(starts(middle, "2026-04-30"), after);
    assert_eq!(starts("2026-03-01", middle), before);
}

#[test]
fn too_much_at_once_is_refused_with_what_to_ask_instead() {
    let folder = shared(TestFolder::filled("agent-much"));
    let refused = |tool: &str, arguments: Value| {
        let error = asked(&folder, tool, arguments).expect_err(tool);
        assert!(error.code == Code::BadUsage && !error.hint.is_empty(), "{error:?}");
    };
    let years =
        json!({ "types": ["step_count"], "start_time": "2020-01-01", "end_time": "2026-01-01", "resolution": "1hour" });
    refused("get_timeseries", years);
    refused("get_daily_summary", json!({ "start_date": "1990-01-01", "end_date": "2026-01-01" }));
    let many: Vec<String> = (0..51).map(|_| "step_count".to_owned()).collect();
    refused("get_daily_summary", json!({ "start_date": "2026-01-01", "end_date": "2026-01-02", "types": many }));
}

#[test]
fn an_old_log_makes_room_for_a_new_one() {
    let folder = shared(TestFolder::filled("agent-log"));
    asked(&folder, "get_status", json!({})).expect("an answer");
    let dir = folder.dir().join(FOLDER);
    let line = std::fs::read(dir.join("calls.jsonl")).expect("a log");
    std::fs::write(dir.join("calls.jsonl"), line.repeat(1024 * 1024 / line.len() + 1)).expect("written");
    asked(&folder, "list_types", json!({})).expect("an answer");
    let newest: Vec<String> = calls(&folder, 2).expect("a log").into_iter().map(|call| call.tool).collect();
    assert_eq!(newest, ["list_types", "get_status"]);
    assert_eq!(std::fs::read_to_string(dir.join("calls.jsonl")).expect("a log").lines().count(), 1);
}

#[cfg(unix)]
#[test]
fn a_call_that_cannot_be_noted_is_not_answered() {
    let folder = shared(TestFolder::filled("agent-unnoted"));
    std::fs::write(folder.dir().join(FOLDER), "no folder").expect("written");
    assert_eq!(asked(&folder, "get_status", json!({})).expect_err("no log").code, Code::File);
}
