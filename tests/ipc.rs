//! Every command of the window, through Tauri without a screen, against kept answers that the page's tests read too.
//!
//! `UPDATE_GOLDEN=1 cargo test --test ipc` writes the answers anew.
#![allow(clippy::unwrap_used)]

#[path = "ipc/background.rs"]
mod background;
#[path = "ipc/bounds.rs"]
mod bounds;
#[path = "ipc/changes.rs"]
mod changes;
#[path = "ipc/charts.rs"]
mod charts;
#[path = "ipc/every.rs"]
mod every;
#[path = "ipc/imports.rs"]
mod imports;
#[path = "ipc/keeping.rs"]
mod keeping;
#[path = "ipc/languages.rs"]
mod languages;
#[path = "ipc/lists.rs"]
mod lists;
#[path = "ipc/numbers.rs"]
mod numbers;
#[path = "ipc/phones.rs"]
mod phones;
#[path = "support/request.rs"]
mod request;
#[path = "ipc/servers.rs"]
mod servers;

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

    fn own(&self) -> Desk {
        self.desk()
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

/// The names in `generate_handler!`.
fn commands() -> Vec<String> {
    let rust = Path::new(env!("CARGO_MANIFEST_DIR")).join("src-tauri/window/mod.rs");
    let rust = fs::read_to_string(rust).unwrap();
    let list = rust.split("generate_handler![").nth(1).and_then(|rest| rest.split(']').next()).unwrap();
    let names = list.split(',').filter_map(|name| name.trim().rsplit("::").next());
    names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
}
