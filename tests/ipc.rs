//! Every command of the window, through Tauri without a screen, against kept answers that the page's tests read too.
//!
//! `UPDATE_GOLDEN=1 cargo test --test ipc` writes the answers anew.
#![allow(clippy::unwrap_used)]

#[path = "ipc/every.rs"]
mod every;

use std::path::Path;
use std::sync::Arc;
use std::{env, fs};

use app::demo::{DemoOptions, fill};
use app::import::{Input, Options, import};
use app::language::{Language, speak};
use app::{Cancel, Folder};
use serde_json::{Value, json};
use tauri::ipc::{CallbackFn, InvokeBody};
use tauri::test::{MockRuntime, get_ipc_response, mock_builder, mock_context, noop_assets};
use tauri::webview::InvokeRequest;
use tauri::{Manager, WebviewWindow};
use vitalog::window::backend::{AppError, Backend, Desk, Phase, Progress, Steps};
use vitalog::window::charts::{ChartQuestion, Kept, route, save};
use vitalog::window::error;
use vitalog::window::exports::{Form, write};
use vitalog::window::product::Product;
use vitalog::window::{Shared, with_commands};

/// Answers as the product would, with invented numbers.
struct Fake;

/// 2 April 2026, 12:00 UTC: the day after the last one of the person.
const NOW_MS: i64 = 1_775_131_200_000;

impl Backend for Fake {
    fn desk(&self) -> Desk {
        Desk { folder: Folder::at(env::temp_dir().join("vitalog-ipc-nothing")), now_ms: NOW_MS, sample: false }
    }

    fn look_at_sample(&self, _: bool, _: &Cancel, _: &mut dyn FnMut(Progress)) -> Result<(), AppError> {
        Ok(())
    }

    fn status(&self) -> Result<Value, AppError> {
        Ok(
            json!({"records": 4_741_049, "types": 2, "first": "2019-05-01T06:00:00.000Z", "last": "2026-03-01T12:00:00.000Z",
                  "first_day": "2019-05-01", "last_day": "2026-03-01", "sample": false, "store": {"bytes": 168_000_000},
                  "last_import": "2026-03-01T21:58:00.000Z", "version": "0.1.0", "data_dir": "folder", "home_zone": "Europe/Berlin",
                  "entries": {"workouts": {"count": 3, "first": null, "last": null},
                              "activity_days": {"count": 30, "first": null, "last": null},
                              "ecgs": {"count": 0, "first": null, "last": null}}}),
        )
    }

    fn types(&self) -> Result<Value, AppError> {
        let (first, last) = ("2019-05-01T06:00:00.000Z", "2026-03-01T12:00:00.000Z");
        Ok(json!([
            {"identifier": "HKQuantityTypeIdentifierStepCount", "name": "Steps", "kind": "quantity", "unit": "count",
             "count": 41_049, "first": first, "last": last, "sources": 2, "word": "step_count", "group": "activity", "shown_unit": "count",
             "first_day": "2019-05-01", "last_day": "2026-03-01"},
            {"identifier": "HKQuantityTypeIdentifierHeartRate", "name": "Heart rate", "kind": "quantity",
             "unit": "count/min", "count": 4_700_000, "first": first, "last": last, "sources": 1, "word": "heart_rate", "group": "heart", "shown_unit": "count/min",
             "first_day": "2019-05-01", "last_day": "2026-03-01"},
        ]))
    }

    fn imports(&self) -> Result<Value, AppError> {
        Ok(json!([
            {"import": 1, "channel": "file", "file": "export.zip", "device": null, "at": "2025-11-12T20:03:00.000Z",
             "outcome": "imported", "new": 4_699_844, "known": 0, "duplicates": 0, "superseded": 0, "rejected": 0, "undone": false, "partial": false},
            {"import": 2, "channel": "file", "file": "later.zip", "device": null, "at": "2026-03-01T21:58:00.000Z",
             "outcome": "imported", "new": 41_205, "known": 4_699_841, "duplicates": 17, "superseded": 3, "rejected": 5, "undone": false, "partial": true},
        ]))
    }

    fn import_detail(&self, id: i64) -> Result<Value, AppError> {
        let reject = |position: u64| {
            json!({"position": position, "type": "HKQuantityTypeIdentifierHeartRate", "name": "Heart Rate",
                   "reason": "bad_time", "text": " type=\"HKQuantityTypeIdentifierHeartRate\" startDate=\"yesterday\""})
        };
        Ok(
            json!({"import": id, "channel": "file", "file": "export.zip", "device": null, "at": "2026-03-01T21:58:00.000Z",
                  "files": [{"reason": "missing_file", "type": "route", "file": "/workout-routes/route_2026-03-14_7.31am.gpx"}],
                  "undone": false, "rejects": [reject(12_345), reject(23_456)], "rejects_total": 5,
                  "problems": [{"reason": "bad_time", "count": 5, "first_position": 12_345}]}),
        )
    }

    fn undo(&self, id: i64, _: &Cancel, progress: &mut dyn FnMut(Steps)) -> Result<Value, AppError> {
        progress(Steps { done: 1, of: 20 });
        if id != 2 {
            return Err(AppError::new("unknown_import", "There is no such import.", "Look at the history."));
        }
        Ok(json!({"import": 2, "removed": 41_205, "restored": 3, "superseded": 0}))
    }

    fn import(&self, path: &Path, cancel: &Cancel, progress: &mut dyn FnMut(Progress)) -> Result<Value, AppError> {
        if path.ends_with("notes.txt") {
            let hint = "In the Health app choose your picture, then Export All Health Data.";
            return Err(AppError::new("not_an_export", "This file is not an Apple Health export.", hint));
        }
        let now = Progress {
            records: 500,
            records_per_second: 1000.0,
            mb_per_second: 0.5,
            seconds_left: Some(0.5),
            fraction: Some(0.5),
            phase: Phase::Reading,
        };
        progress(now);
        assert!(!cancel.is_cancelled(), "nobody cancelled");
        let entries = |n: u64| json!({"read": n, "new": n, "known": 0, "replaced": 0, "rejected": 0});
        Ok(json!({
            "import": 3, "outcome": "imported", "file": "export.zip", "records": 1000, "new": 990, "known": 0,
            "replaced": 0, "duplicates": 8, "rejected": 2, "superseded": 0, "kept": 0, "restored": 0, "hidden": 0, "seconds": 1.2,
            "workouts": entries(3), "routes": entries(1), "ecgs": entries(0), "correlations": entries(0),
            "activity_days": entries(30), "clinical_records": entries(0), "audiograms": entries(0),
            "vision_prescriptions": entries(0), "profiles": entries(1),
            "problems": [{"reason": "bad_time", "count": 2, "first_position": 12_345}],
            "by_type": {"HKQuantityTypeIdentifierHeartRate":
                {"read": 1000, "new": 990, "known": 0, "replaced": 0, "duplicates": 8, "rejected": 2}},
        }))
    }
}

/// The product itself on the export of a made-up person, with a clock that stands still.
struct Person(Folder);

impl Person {
    fn new(name: &str) -> Self {
        let folder = Folder::at(env::temp_dir().join(format!("vitalog-ipc-{}-{name}", std::process::id())));
        let export = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/person/apple_health_export");
        let options = Options { now_ms: NOW_MS, ..Options::default() };
        import(&folder, &Input::Path(export), &options, &mut |_| true).unwrap();
        app::settings::set(&folder, "home_zone", "Europe/Berlin").unwrap();
        Self(folder)
    }

    fn window(&self) -> WebviewWindow<MockRuntime> {
        window_on(Arc::new(Product::new(self.0.clone()).with_clock(|| NOW_MS)), None)
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(self.0.dir());
    }
}

fn window(open: Option<&str>) -> WebviewWindow<MockRuntime> {
    window_on(Arc::new(Fake), open)
}

fn window_on(backend: Arc<dyn Backend>, open: Option<&str>) -> WebviewWindow<MockRuntime> {
    let shared = Shared::new(backend, open.map(std::path::PathBuf::from));
    let app = with_commands(mock_builder(), shared).build(mock_context(noop_assets())).unwrap();
    tauri::WebviewWindowBuilder::new(&app, "main", Default::default()).build().unwrap()
}

fn ask(window: &WebviewWindow<MockRuntime>, command: &str, arguments: Value) -> Result<Value, Value> {
    let request = InvokeRequest {
        cmd: command.into(),
        callback: CallbackFn(0),
        error: CallbackFn(1),
        url: "tauri://localhost".parse().unwrap(),
        body: InvokeBody::Json(arguments),
        headers: Default::default(),
        invoke_key: tauri::test::INVOKE_KEY.to_owned(),
    };
    get_ipc_response(window, request).map(|body| body.deserialize().unwrap())
}

#[track_caller]
fn check(name: &str, command: &str, arguments: Value) {
    let (kind, answer) = match ask(&window(None), command, arguments) {
        Ok(answer) => ("answer", answer),
        Err(error) => ("error", error),
    };
    keep(name, &json!({ kind: answer }));
}

/// Compares with the kept file.
#[track_caller]
fn keep(name: &str, actual: &Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/ipc/{name}.json"));
    if env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, format!("{actual:#}\n")).unwrap();
    }
    let expected: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(*actual, expected, "{name}");
}

#[test]
fn status_tells_how_much_there_is() {
    check("status", "status", json!({}));
}

#[test]
fn types_lists_what_has_data() {
    check("types", "types", json!({}));
}

#[test]
fn imports_is_the_history() {
    check("imports", "imports", json!({}));
}

#[test]
fn an_import_tells_what_it_refused() {
    check("import_detail", "import_detail", json!({"import": 3}));
}

#[test]
fn undo_tells_what_it_took_back() {
    check("undo_import", "undo_import", json!({"import": 2, "progress": "__CHANNEL__:7"}));
}

#[test]
fn an_import_that_does_not_exist_cannot_be_undone() {
    check("undo_import_unknown", "undo_import", json!({"import": 9, "progress": "__CHANNEL__:7"}));
}

#[test]
fn import_answers_with_the_report() {
    check_given("import_export", "export.zip");
}

#[test]
fn a_file_that_is_no_export_is_an_error_with_a_hint() {
    check_given("import_export_not_an_export", "notes.txt");
}

/// Imports a file that was given to the window before, as a dialog or a drop does.
#[track_caller]
fn check_given(name: &str, path: &str) {
    let window = window(Some(path));
    let (kind, answer) = match ask(&window, "import_export", json!({"path": path, "progress": "__CHANNEL__:7"})) {
        Ok(answer) => ("answer", answer),
        Err(error) => ("error", error),
    };
    keep(name, &json!({ kind: answer }));
}

/// A script that got into the page may name what it likes.
#[test]
fn a_file_that_nobody_gave_is_not_opened() {
    let window = window(Some("exports/export.zip"));
    for path in
        ["", "notes.txt", "export.zip", "exports/../exports/export.zip", "/etc/passwd", "exports/export.zip\u{0}"]
    {
        let refused = ask(&window, "import_export", json!({"path": path, "progress": "__CHANNEL__:7"})).unwrap_err();
        assert_eq!(refused["code"], "internal", "{path}");
    }
    ask(&window, "import_export", json!({"path": "exports/export.zip", "progress": "__CHANNEL__:7"})).unwrap();
}

/// Whatever it is called: what is too long reaches no command.
#[test]
fn no_command_takes_more_than_a_page_would_send() {
    let window = window(None);
    let names = commands();
    assert!(names.len() > 25, "{names:?}");
    for command in &names {
        for much in [json!("x".repeat(200_000)), json!(vec![1; 2_000]), json!({"inner": vec!["x".repeat(2_000)]})] {
            let refused = ask(&window, command, json!({"path": much, "statement": much, "any": much})).unwrap_err();
            assert_eq!(refused["code"], "too_large", "{command}");
        }
    }
}

#[test]
fn the_page_has_another_size_within_bounds() {
    let window = window(None);
    for (asked, expected) in [(1.25, 1.25), (0.0, 0.5), (100.0, 3.0)] {
        assert_eq!(ask(&window, "zoom", json!({"factor": asked})), Ok(json!(expected)));
    }
}

#[test]
fn the_menus_have_the_names_that_the_page_knows() {
    keep("menu_actions", &json!(vitalog::window::menu::actions()));
}

#[test]
fn cancelling_when_nothing_runs_does_nothing() {
    check("cancel_import", "cancel_import", json!({}));
}

fn question(subject: &str, range: &str) -> Value {
    json!({"question": {"subject": subject, "range": range, "last": null, "width": 640, "height": 280, "theme": "light"}})
}

#[track_caller]
fn check_person(name: &str, command: &str, arguments: Value) {
    let person = Person::new(name);
    let (kind, answer) = match ask(&person.window(), command, arguments) {
        Ok(answer) => ("answer", answer),
        Err(error) => ("error", error),
    };
    keep(name, &json!({ kind: answer }));
}

#[test]
fn a_chart_is_a_picture_with_its_numbers() {
    check_person("chart", "chart", question("heart_rate", "week"));
    check_person("chart_night", "chart", question("sleep", "day"));
    check_person("chart_years", "chart", question("step_count:years", "year"));
    check_person("chart_sum", "chart", question("step_count", "week"));
    check_person("chart_unknown", "chart", question("moon", "week"));
}

#[test]
fn a_card_has_a_picture_and_what_was_usual() {
    let mut small = question("step_count", "week");
    small["question"]["small"] = json!(true);
    check_person("chart_small", "chart", small);
}

#[test]
fn a_chart_is_kept_as_a_picture_a_drawing_or_a_table() {
    let person = Person::new("save");
    let product = Product::new(person.0.clone()).with_clock(|| NOW_MS);
    let question: ChartQuestion = serde_json::from_value(question("step_count", "week")["question"].clone()).unwrap();
    let begins = |kept: Kept, name: &str, with: &[u8]| {
        let path = save(&product.desk(), &question, kept, &person.0.dir().join(name)).unwrap();
        let bytes = fs::read(&path).unwrap();
        assert!(bytes.starts_with(with), "{name}: {}", String::from_utf8_lossy(&bytes[..20]));
        path.file_name().unwrap().to_string_lossy().into_owned()
    };
    assert_eq!(begins(Kept::Png, "steps.png", b"\x89PNG"), "steps.png");
    assert_eq!(begins(Kept::Svg, "steps", b"<svg"), "steps.svg");
    assert_eq!(begins(Kept::Csv, "1.2.2026", b"Day,Sum (steps),"), "1.2.2026.csv");
    let nowhere =
        save(&product.desk(), &question, Kept::Csv, Path::new("/nowhere/at/all.csv")).map_err(|error| error.code);
    assert_eq!(nowhere, Err("not_found".to_owned()));
}

#[test]
fn the_route_of_a_workout_is_kept_as_gpx() {
    let person = Person::new("save-route");
    let product = Product::new(person.0.clone()).with_clock(|| NOW_MS);
    let listed = app::workouts::workouts(&person.0, Default::default()).unwrap();
    let routed = listed.iter().find(|row| row.route_points > 0).unwrap().id;
    let path = route(&product.desk(), routed, &person.0.dir().join("run")).unwrap();
    let kept = fs::read_to_string(&path).unwrap();
    assert!(path.ends_with("run.gpx") && kept.starts_with("<?xml") && kept.contains("<trkpt "), "{kept}");
    let unknown = route(&product.desk(), 999_999, &person.0.dir().join("none")).map_err(|error| error.code);
    assert_eq!(unknown, Err("unknown_workout".to_owned()));
    assert!(!person.0.dir().join("none.gpx").exists());
}

#[test]
fn a_theme_that_does_not_exist_is_refused() {
    let mut pink = question("heart_rate", "week");
    pink["question"]["theme"] = json!("pink");
    assert!(ask(&Person::new("pink").window(), "chart", pink).is_err());
}

#[test]
fn nights_are_told_as_one() {
    check_person("nights", "nights", json!({"from": "2026-03-14", "to": "2026-03-14"}));
}

#[test]
fn changes_are_told_where_there_are_some() {
    check_person("changes", "changes", json!({"last": "2026-04-01"}));
}

#[test]
fn recordings_of_the_heart_are_listed() {
    check_person("ecgs", "ecgs", json!({}));
}

#[test]
fn rows_are_hidden_and_sleep_is_edited_until_it_is_taken_back() {
    let person = Person::new("acts");
    let window = person.window();
    let kept = |name: &str, command: &str, arguments: Value| {
        let (kind, answer) = match ask(&window, command, arguments) {
            Ok(answer) => ("answer", answer),
            Err(error) => ("error", error),
        };
        keep(name, &json!({ kind: answer }));
    };
    let rows = json!({"word": "step_count", "from": "2026-03-14", "to": "2026-03-15", "source": null});
    kept("count_rows", "count_rows", json!({"rows": rows}));
    kept("hide_rows", "hide_rows", json!({"rows": rows, "deletes": true}));
    let sessions = ask(&window, "sessions", json!({"day": "2026-03-14"})).unwrap();
    keep("sessions", &json!({"answer": sessions}));
    let start = &sessions[0]["start"];
    kept("edit_night", "edit_night", json!({"editAs": "nap", "start": start, "at": null}));
    kept("history", "history", json!({}));
    kept("take_back", "take_back", json!({"act": 1}));
    kept("take_back_again", "take_back", json!({"act": 1}));
    let unknown = ask(&window, "edit_night", json!({"editAs": "dream", "start": start, "at": null}));
    assert_eq!(unknown.unwrap_err()["code"], "bad_usage");
}

#[test]
fn a_stretch_stands_beside_an_earlier_one() {
    let days = json!({"word": "step_count", "from": "2026-03-05", "to": "2026-04-01", "earlier": "before"});
    check_person("beside", "beside", days);
}

#[test]
fn a_number_explains_itself() {
    check_person("explain", "explain", json!({"word": "step_count", "day": "2026-03-14"}));
    let march = json!({"word": "heart_rate", "from": "2026-03-01", "to": "2026-03-31"});
    check_person("explain_days", "explain_days", march);
    let days = json!({"pair": "step_count,heart_rate", "from": "2026-03-13", "to": "2026-03-16"});
    check_person("explain_pair", "explain_pair", days);
    // From ten to eleven in Berlin, where watch and phone saw the same.
    let hour = json!({"word": "step_count", "from": 1_773_478_800_000_i64, "until": 1_773_482_400_000_i64});
    check_person("explain_stretch", "explain_stretch", hour);
}

#[test]
fn a_part_of_a_day_is_drawn_alone() {
    let person = Person::new("chart_part");
    let asked = |part: Value| {
        let mut question = question("heart_rate", "day");
        question["question"]["last"] = json!("2026-03-14");
        question["question"]["part"] = part;
        ask(&person.window(), "chart", question).unwrap()
    };
    let whole = asked(Value::Null);
    let (from, to) = (whole["whole"]["from"].as_f64().unwrap(), whole["whole"]["to"].as_f64().unwrap());
    assert_eq!((&whole["scale"]["x0"], &whole["scale"]["x1"]), (&json!(from), &json!(to)));
    let part = asked(json!([from, from + 3_600_000.0]));
    assert_eq!((&part["scale"]["x0"], &part["scale"]["x1"]), (&json!(from), &json!(from + 3_600_000.0)));
    // What is told is of the part, too.
    let shown: Vec<&Value> = part["rows"].as_array().unwrap().iter().map(|row| &row[0]).collect();
    assert_eq!((&part["whole"], shown), (&whole["whole"], vec![&json!("00:00\u{2013}01:00")]));
}

#[test]
fn a_gap_tells_the_nearest_days_with_data() {
    let mut question = question("heart_rate", "week");
    question["question"]["last"] = json!("2025-06-15");
    check_person("chart_gap", "chart", question);
}

#[test]
fn days_of_several_sources_and_stays_are_told() {
    check_person("overlaps", "overlaps", json!({}));
    check_person("stays", "stays", json!({}));
}

#[test]
fn workouts_are_listed_and_told_one_by_one() {
    check_person("workouts", "workouts", json!({"filter": {"most": 100}}));
    let filter = json!({"from": "2026-03-01", "leastMin": 20, "search": "watch", "most": 1});
    check_person("workouts_page", "workouts", json!({ "filter": filter }));
    check_person("workout", "workout", json!({"id": 3}));
}

#[test]
fn sources_have_an_order_that_can_be_chosen() {
    check_person("sources", "sources", json!({}));
    check_person("source_order", "source_order", json!({"word": "step_count"}));
    let person = Person::new("order");
    let order = |command: &str, arguments: Value| ask(&person.window(), command, arguments).unwrap();
    let before = order("source_order", json!({"word": "step_count"}));
    let ids: Vec<i64> =
        before["order"].as_array().unwrap().iter().rev().map(|row| row["id"].as_i64().unwrap()).collect();
    let after = order("set_source_order", json!({"word": "step_count", "order": ids}));
    assert_eq!((after["chosen"].as_bool(), after["order"][0]["id"].as_i64()), (Some(true), Some(ids[0])));
    let back = order("set_source_order", json!({"word": "step_count", "order": []}));
    assert_eq!(back, before);
}

#[test]
fn our_numbers_stand_beside_apples() {
    check_person("check", "check", json!({}));
}

#[test]
fn a_statement_reads_and_nothing_else() {
    check_person("sql", "sql", json!({"statement": "SELECT 1 AS one, 'two' AS two"}));
    check_person("sql_refused", "sql", json!({"statement": "DELETE FROM samples"}));
}

#[test]
fn settings_are_told_and_set() {
    check_person("settings", "settings", json!({}));
    let person = Person::new("set");
    let set = ask(&person.window(), "set_setting", json!({"key": "units", "to": "imperial"})).unwrap();
    assert_eq!(set["units"], "imperial");
    assert!(ask(&person.window(), "set_setting", json!({"key": "units", "to": "cubits"})).is_err());
}

/// It went into the sample store, and "Back to my data" said that there was nothing.
#[test]
fn a_file_imported_while_sample_data_are_shown_goes_into_ones_own_store_and_is_shown_there() {
    let person = Person::new("sample");
    let options = DemoOptions { seed: 1, end_day: 20_500, days: 1, zone: "Europe/Berlin", records: None };
    fill(&person.0, &options, NOW_MS, &Cancel::default(), &mut |_| true).unwrap();
    let made = app::status::status(&person.0.demo()).unwrap().records;
    let small = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/small/export.xml");
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    for (path, imported) in [(small, Ok(379)), (manifest, Err("not_an_export"))] {
        let window = window_on(Arc::new(Product::new(person.0.clone()).with_clock(|| NOW_MS)), Some(path));
        let sample = ask(&window, "sample", json!({"on": true, "progress": "__CHANNEL__:7"})).unwrap();
        assert_eq!((&sample["sample"], &sample["records"]), (&json!(true), &json!(made)));
        let report = ask(&window, "import_export", json!({"path": path, "progress": "__CHANNEL__:8"}));
        let report = report.map(|report| report["new"].clone()).map_err(|error| error["code"].clone());
        assert_eq!(report, imported.map(|new| json!(new)).map_err(|code| json!(code)));
        assert_eq!(ask(&window, "status", json!({})).unwrap()["sample"], json!(false), "{path}");
        let files = ask(&window, "imports", json!({})).unwrap();
        assert_eq!(files.as_array().unwrap().last().unwrap()["file"], json!("export.xml"), "{path}");
    }
    let sample = app::status::status(&person.0.demo()).unwrap();
    assert_eq!((sample.records, sample.imports), (made, 1), "nothing of it is in the sample store");
}

/// One size for each part that is there; how large the store is differs between machines.
#[test]
fn the_parts_of_the_data_folder_are_told() {
    let mut parts = ask(&Person::new("holdings").window(), "holdings", json!({})).unwrap();
    for part in parts.as_array_mut().unwrap() {
        assert!(part["bytes"].as_u64().unwrap() > 10_000, "{part}");
        part["bytes"] = json!(1_000_000);
    }
    keep("holdings", &json!({"answer": parts}));
}

#[test]
fn what_is_whole_is_verified_and_repaired() {
    let of = |repair: bool| json!({"repair": repair, "progress": "__CHANNEL__:7"});
    check_person("verify", "verify", of(false));
    let person = Person::new("repair");
    assert_eq!(ask(&person.window(), "verify", of(true)).unwrap()["ok"], json!(true));
    let compacted = ask(&person.window(), "compact", json!({})).unwrap();
    assert!(compacted["after"].as_u64() > Some(0) && compacted["copies_removed"] == 0, "{compacted}");
}

/// A backup is told about, restored, and what was there before is brought back by its name.
#[test]
fn a_backup_is_restored_and_what_was_there_before_is_brought_back() {
    let person = Person::new("restore");
    let file = person.0.dir().join("backup.db");
    app::backup::backup(&person.0, &file, &Cancel::default()).unwrap();
    app::settings::set(&person.0, "units", "imperial").unwrap();
    let units = |window: &WebviewWindow<MockRuntime>| ask(window, "settings", json!({})).unwrap()["units"].clone();
    let window = person.window();
    let nothing = ask(&window, "restore", json!({})).unwrap_err();
    assert_eq!((nothing["code"].as_str(), units(&window)), (Some("internal"), json!("imperial")));
    assert_eq!(ask(&window, "kept_copies", json!({})).unwrap(), json!([]));
    window.state::<Shared>().chosen.keep(&file);
    let restored = ask(&window, "restore", json!({})).unwrap();
    assert_eq!((restored["damaged"].clone(), units(&window)), (json!(false), json!("metric")));
    let mut kept = ask(&window, "kept_copies", json!({})).unwrap();
    let name = kept[0]["name"].as_str().unwrap().to_owned();
    // What is kept is called by its instant.
    let later = window_on(Arc::new(Product::new(person.0.clone()).with_clock(|| NOW_MS + 1000)), None);
    ask(&later, "bring_back", json!({"name": name})).unwrap();
    assert_eq!(units(&window), json!("imperial"));
    assert_eq!(ask(&window, "kept_copies", json!({})).unwrap().as_array().unwrap().len(), 2);
    let gone = ask(&window, "bring_back", json!({"name": "../vitalog.db"})).unwrap_err();
    assert_eq!(gone["code"], "not_found");
    // Its time is that of the file system where the clock of the test stands still.
    kept[0]["name"] = json!("before-restore-20260402T120000000Z.db");
    (kept[0]["at"], kept[0]["until"]) = (json!("2026-04-02T12:00:00.000Z"), json!("2026-05-02T12:00:00.000Z"));
    kept[0]["bytes"] = json!(1_000_000);
    keep("kept_copies", &json!({"answer": kept}));
}

#[test]
fn everything_is_exported_below_the_chosen_folder() {
    let person = Person::new("export");
    let product = Product::new(person.0.clone()).with_clock(|| NOW_MS);
    for (form, file) in [(Form::Jsonl, "vitalog.jsonl"), (Form::Csv, "workout.csv")] {
        let below = person.0.dir().join("out");
        fs::create_dir_all(&below).unwrap();
        let mut last = None;
        let told = write(&product.desk(), form, &below, &Cancel::default(), &mut |steps| last = Some(steps)).unwrap();
        assert!(told["records"].as_u64() > Some(10) && below.join("vitalog-export").join(file).exists(), "{told}");
        assert!(last.is_some_and(|last| last.of > 10));
    }
}

#[test]
fn everything_is_deleted_after_the_word_and_only_of_ones_own() {
    let person = Person::new("delete");
    let window = person.window();
    assert!(ask(&window, "delete_all", json!({"confirm": "yes"})).is_err());
    let options = DemoOptions { seed: 1, end_day: 20_500, days: 1, zone: "Europe/Berlin", records: None };
    fill(&person.0, &options, NOW_MS, &Cancel::default(), &mut |_| true).unwrap();
    ask(&window, "sample", json!({"on": true, "progress": "__CHANNEL__:7"})).unwrap();
    window.state::<Shared>().chosen.keep(Path::new("backup.db"));
    let destructive =
        [("delete_all", json!({"confirm": "delete"})), ("restore", json!({})), ("bring_back", json!({"name": "x"}))];
    for (command, arguments) in destructive.into_iter().chain([("compact", json!({}))]) {
        assert_eq!(ask(&window, command, arguments).unwrap_err()["code"], "sample_shown", "{command}");
    }
    ask(&window, "sample", json!({"on": false, "progress": "__CHANNEL__:7"})).unwrap();
    let mut receipt = ask(&window, "delete_all", json!({"confirm": "delete"})).unwrap();
    assert_eq!(ask(&window, "status", json!({})).unwrap()["records"], 0);
    assert!(receipt["bytes"].as_u64() > Some(10_000), "{receipt}");
    receipt["bytes"] = json!(1_000_000);
    receipt["removed"].as_array_mut().unwrap().retain(|removed| removed["name"] == "vitalog.db");
    receipt["removed"][0]["bytes"] = json!(1_000_000);
    keep("delete_all", &json!({"answer": receipt}));
}

/// Two long jobs at once would wait for each other, or see half of what the other does.
#[test]
fn a_second_long_job_is_refused() {
    let person = Person::new("busy");
    let window = person.window();
    let _place = window.state::<Shared>().inner().running.take().unwrap();
    for (command, arguments) in
        [("compact", json!({})), ("verify", json!({"repair": false, "progress": "__CHANNEL__:7"}))]
    {
        assert_eq!(ask(&window, command, arguments).unwrap_err()["code"], "import_running", "{command}");
    }
    assert!(ask(&window, "status", json!({})).is_ok(), "what is quick is answered");
}

#[test]
fn the_doctor_looks_at_everything() {
    let person = Person::new("doctor");
    let checks = ask(&person.window(), "doctor", json!({})).unwrap();
    assert!(checks.as_array().unwrap().iter().all(|check| check["check"].is_string() && check["ok"].is_boolean()));
}

#[test]
fn the_types_of_a_person_have_their_areas() {
    let rows = ask(&Person::new("types").window(), "types", json!({})).unwrap();
    let heart = rows.as_array().unwrap().iter().find(|row| row["word"] == "heart_rate").unwrap().clone();
    assert_eq!((heart["group"].as_str(), heart["count"].as_i64()), (Some("heart"), Some(9)));
}

#[test]
fn the_file_of_open_is_told_once() {
    let window = window(Some("/somewhere/ada/export.zip"));
    assert_eq!(ask(&window, "opened_with", json!({})), Ok(json!(["/somewhere/ada/export.zip"])));
    assert_eq!(ask(&window, "opened_with", json!({})), Ok(json!([])));
}

/// The same question in the language of a page.
fn in_words(mut question: Value, language: &str) -> Value {
    question["language"] = json!(language);
    question
}

#[test]
fn a_question_is_answered_in_the_language_of_the_page() {
    check_person("chart_german", "chart", in_words(question("heart_rate", "week"), "de"));
    check_person("explain_german", "explain", in_words(json!({"word": "step_count", "day": "2026-03-14"}), "de"));
    check_person("setting_german", "set_setting", in_words(json!({"key": "units", "to": "furlongs"}), "de-CH"));
}

/// What takes long is done on another thread, and told in the language of the page, too.
#[test]
fn an_import_of_nothing_is_refused_in_the_language_of_the_page() {
    let path = "/nowhere/export.zip";
    let nowhere = json!({"path": path, "progress": "__CHANNEL__:7", "language": "de"});
    let product = Product::new(Person::new("nowhere").0.clone());
    let refused = ask(&window_on(Arc::new(product), Some(path)), "import_export", nowhere).unwrap_err();
    assert_eq!(refused["code"], json!("not_found"));
    assert_eq!(refused["message"], json!("Der Ordner `nowhere` fehlt."));
}

#[test]
fn no_language_outlasts_its_question() {
    let window = Person::new("spoken").window();
    let title = |language: &str| {
        let asked = in_words(question("step_count", "week"), language);
        ask(&window, "chart", asked).unwrap()["title"].as_str().unwrap().to_owned()
    };
    for _ in 0..8 {
        assert_eq!([title("de"), title("en"), title("tlh")], ["Schritte", "Steps", "Steps"]);
        let nobodys = ask(&window, "chart", question("step_count", "week")).unwrap();
        assert_eq!(nobodys["title"], json!("Steps"), "whoever names none is told in English");
    }
}

#[test]
fn a_table_for_programs_has_plain_numbers_in_every_language() {
    let person = Person::new("save-german");
    let product = Product::new(person.0.clone()).with_clock(|| NOW_MS);
    let question: ChartQuestion = serde_json::from_value(question("step_count", "week")["question"].clone()).unwrap();
    let table = |language: &str| {
        let _spoken = speak(Language::of(language));
        let path = save(&product.desk(), &question, Kept::Csv, &person.0.dir().join(language)).unwrap();
        fs::read_to_string(path).unwrap()
    };
    let (english, german) = (table("en"), table("de"));
    assert_eq!(german.lines().next(), Some("Tag,Summe (Schritte),Mit Daten,Anmerkung"));
    let numbers = |table: &str| -> Vec<String> {
        table.lines().skip(1).map(|line| line.rsplit_once(',').unwrap().0.to_owned()).collect()
    };
    assert_eq!(numbers(&german), numbers(&english));
}

/// Every code that an error of the window may have: those of the product, and the window's own.
#[test]
fn the_page_has_words_for_every_error() {
    let product = app::Code::TABLE.iter().map(|(_, word, _)| *word);
    let own = [error::import_running(), error::sample_shown(), error::internal("")];
    let codes: std::collections::BTreeSet<String> =
        product.map(str::to_owned).chain(own.map(|error| error.code)).collect();
    keep("error_codes", &json!(codes));
}

/// The page has words for every one of these; its own tests read the same list.
#[test]
fn every_problem_of_the_reader_is_in_the_kept_list() {
    let reader = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/health/src/formats/apple_export");
    let mut codes = std::collections::BTreeSet::new();
    for file in fs::read_dir(reader).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("tests.rs") {
            codes.extend(problem_codes(&fs::read_to_string(path).unwrap()));
        }
    }
    let of_the_store = [app::import::ANOTHER_PERSON, app::import::TOO_MANY_ALIKE, app::import::TOO_MANY_NAMES];
    codes.extend(of_the_store.map(str::to_owned));
    assert!(codes.len() > 20, "the calls are still written as they were: {codes:?}");
    keep("problem_codes", &json!(codes));
    assert!(app::words::REJECTS.iter().all(|(code, _)| codes.contains(*code)), "a reject counts to a problem");
}

/// The words in the first argument of what counts, loses or refuses something; where that is a variable called
/// `problem`, the words of the arms that make it.
fn problem_codes(source: &str) -> Vec<String> {
    let words = |text: &str| -> Vec<String> {
        let is_code =
            |text: &&str| !text.is_empty() && text.bytes().all(|c| matches!(c, b'a'..=b'z' | b'0'..=b'9' | b'_'));
        text.split('"').skip(1).step_by(2).filter(is_code).map(str::to_owned).collect()
    };
    let calls = ["tally.count(", "tally.add(", "tally.lost_file(", "reject(", "refuse(", ".ok_or("];
    let calls = calls.into_iter().flat_map(|call| source.split(call).skip(1));
    let mut codes: Vec<String> = calls.flat_map(|rest| words(rest.split([',', ';']).next().unwrap_or(""))).collect();
    let arms = source.split("let problem = match").skip(1).filter_map(|rest| rest.split("};").next());
    codes.extend(
        arms.flat_map(|arms| arms.split("=> ").skip(1).flat_map(|arm| words(arm.split(',').next().unwrap_or("")))),
    );
    codes
}

/// The names in `generate_handler!` and in the page's `ipc.ts` are the same.
#[test]
fn the_page_and_the_window_know_the_same_commands() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut ours = commands();
    ours.sort_unstable();
    let page = fs::read_to_string(root.join("ui/src/ipc.ts")).unwrap();
    let mut theirs: Vec<&str> =
        page.split("invoke<").skip(1).filter_map(|rest| rest.split('(').nth(1)?.split('\'').nth(1)).collect();
    theirs.sort_unstable();
    assert_eq!(ours, theirs);
}

/// The names in `generate_handler!`.
fn commands() -> Vec<String> {
    let rust = Path::new(env!("CARGO_MANIFEST_DIR")).join("src-tauri/window/mod.rs");
    let rust = fs::read_to_string(rust).unwrap();
    let list = rust.split("generate_handler![").nth(1).and_then(|rest| rest.split(']').next()).unwrap();
    let names = list.split(',').filter_map(|name| name.trim().rsplit("::").next());
    names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
}
