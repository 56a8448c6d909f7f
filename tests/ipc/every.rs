//! Every command has a kept answer: here those that ask for a file, that change something, or that are of the window
//! itself. What differs from run to run stands for itself.

use tauri::test::MockRuntime;
use tauri::{Manager, WebviewWindow};
use vitalog::window::dialogs::Dialogs;

use super::*;

/// A window whose dialogs somebody answers with a file of the person's folder.
fn asking(person: &Person, name: &str) -> WebviewWindow<MockRuntime> {
    asking_at(person, name, NOW_MS)
}

fn asking_at(person: &Person, name: &str, now_ms: i64) -> WebviewWindow<MockRuntime> {
    let product = Product::new(person.0.clone());
    let product = if now_ms == NOW_MS { product.with_clock(|| NOW_MS) } else { product.with_clock(|| NOW_MS + 1000) };
    let dialogs = Dialogs::answering(person.0.dir().join(name));
    let shared = Shared { dialogs, ..Shared::new(Arc::new(product), None) };
    let app = with_commands(mock_builder(), shared).build(mock_context(noop_assets())).unwrap();
    tauri::WebviewWindowBuilder::new(&app, "main", Default::default()).build().unwrap()
}

/// Keeps an answer without what differs: sizes, instants, and where the folder lies.
#[track_caller]
fn keep_plain(name: &str, person: &Person, answer: Value) -> Value {
    let mut plain = answer.clone();
    mask(&mut plain, &person.0.dir().display().to_string());
    keep(name, &json!({ "answer": plain }));
    answer
}

fn mask(value: &mut Value, dir: &str) {
    match value {
        Value::String(text) => *text = text.replace(dir, "FOLDER"),
        Value::Array(rows) => rows.iter_mut().for_each(|row| mask(row, dir)),
        Value::Object(row) => {
            // What this computer is like.
            if row
                .get("check")
                .is_some_and(|check| ["clock", "disk_space", "store", "version"].iter().any(|name| check == name))
            {
                row.insert("found".to_owned(), json!("something"));
            }
            for (key, inner) in row.iter_mut() {
                match (key.as_str(), &inner) {
                    ("bytes" | "before" | "after", Value::Number(_)) => *inner = json!(1_000_000),
                    ("schema", Value::Number(_)) => *inner = json!(1),
                    ("kept", Value::String(_)) => *inner = json!("a copy"),
                    ("last_import", Value::String(_)) => *inner = json!("2026-04-02T12:00:00.000Z"),
                    _ => mask(inner, dir),
                }
            }
        }
        _ => {}
    }
}

#[test]
fn a_chosen_export_is_given_to_the_window() {
    let person = Person::new("every-choose");
    let window = asking(&person, "export.zip");
    let asked = json!({"title": "Choose", "filter": "Export"});
    let file = keep_plain("choose_export", &person, ask(&window, "choose_export", asked).unwrap());
    let folder =
        keep_plain("choose_folder", &person, ask(&window, "choose_folder", json!({"title": "Choose"})).unwrap());
    for given in [file, folder] {
        assert!(window.state::<Shared>().handed.path(given.as_str().unwrap()).is_some(), "{given}");
    }
}

/// The folder of an export is read as the archive is.
#[test]
fn a_chosen_folder_is_imported() {
    let person = Person::new("every-folder");
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/person");
    let dialogs = Dialogs::answering(from);
    let backend = Arc::new(Product::new(person.0.clone()).with_clock(|| NOW_MS));
    let shared = Shared { dialogs, ..Shared::new(backend, None) };
    let app = with_commands(mock_builder(), shared).build(mock_context(noop_assets())).unwrap();
    let window = tauri::WebviewWindowBuilder::new(&app, "main", Default::default()).build().unwrap();
    let path = ask(&window, "choose_folder", json!({"title": "Choose"})).unwrap();
    let report = ask(&window, "import_export", json!({"path": path, "progress": "__CHANNEL__:7"})).unwrap();
    assert_eq!(report["new"], 0, "the person has it already");
    assert!(report["known"].as_u64() >= Some(32), "{report}");
}

#[test]
fn charts_and_routes_are_kept_where_somebody_says() {
    let person = Person::new("every-save");
    let window = asking(&person, "picture.svg");
    let mut question = question("step_count", "week");
    for (key, to) in [("kept", "svg"), ("title", "Save"), ("name", "Steps")] {
        question[key] = json!(to);
    }
    keep_plain("save_chart", &person, ask(&window, "save_chart", question).unwrap());
    assert!(person.0.dir().join("picture.svg").exists());
    let window = asking(&person, "way.gpx");
    let listed = app::workouts::workouts(&person.0, Default::default()).unwrap();
    let routed = listed.iter().find(|row| row.route_points > 0).unwrap().id;
    let asked = json!({"id": routed, "title": "Save", "name": "Run"});
    keep_plain("save_route", &person, ask(&window, "save_route", asked).unwrap());
    assert!(person.0.dir().join("way.gpx").exists());
}

#[test]
fn everything_is_backed_up_compacted_and_taken_out() {
    let person = Person::new("every-keep");
    let window = asking(&person, "backup.db");
    let told = ask(&window, "back_up", json!({"title": "Where", "name": "Vitalog"})).unwrap();
    keep_plain("back_up", &person, told);
    let seen = ask(&window, "choose_backup", json!({"title": "Choose", "filter": "Backup"})).unwrap();
    keep_plain("choose_backup", &person, seen);
    keep_plain("restore", &person, ask(&window, "restore", json!({})).unwrap());
    let name = ask(&window, "kept_copies", json!({})).unwrap()[0]["name"].clone();
    // What is kept is called by its instant.
    let later = asking_at(&person, "backup.db", NOW_MS + 1000);
    keep_plain("bring_back", &person, ask(&later, "bring_back", json!({"name": name})).unwrap());
    keep_plain("compact", &person, ask(&window, "compact", json!({})).unwrap());
    let out = asking(&person, "");
    let asked = json!({"form": "jsonl", "title": "Where", "progress": "__CHANNEL__:7"});
    keep_plain("export_everything", &person, ask(&out, "export_everything", asked).unwrap());
}

#[test]
fn what_agents_asked_is_told_and_a_program_is_told_of_us() {
    let person = Person::new("every-agents");
    app::settings::set(&person.0, "mcp", "on").unwrap();
    let caller = app::agent::Caller { name: "a test", now_ms: NOW_MS };
    app::agent::call(&person.0, caller, "get_status", &serde_json::Map::new()).unwrap();
    let window = asking(&person, "client.json");
    keep_plain("agent_calls", &person, ask(&window, "agent_calls", json!({"newest": 20})).unwrap());
    let asked = json!({"title": "Where", "name": "mcp"});
    keep_plain("configure_agent", &person, ask(&window, "configure_agent", asked).unwrap());
    let written: Value = serde_json::from_slice(&fs::read(person.0.dir().join("client.json")).unwrap()).unwrap();
    assert_eq!(written["mcpServers"]["vitalog"]["args"][0], "mcp");
}

#[test]
fn what_is_set_is_told() {
    let person = Person::new("every-set");
    let window = person.window();
    let set = ask(&window, "set_setting", json!({"key": "units", "to": "imperial"})).unwrap();
    keep_plain("set_setting", &person, set);
    let order = ask(&window, "source_order", json!({"word": "step_count"})).unwrap();
    let ids: Vec<&Value> = order["order"].as_array().unwrap().iter().rev().map(|row| &row["id"]).collect();
    let chosen = ask(&window, "set_source_order", json!({"word": "step_count", "order": ids})).unwrap();
    keep_plain("set_source_order", &person, chosen);
    keep_plain("doctor", &person, ask(&window, "doctor", json!({})).unwrap());
}

#[test]
fn the_window_itself_answers() {
    let person = Person::new("every-shell");
    check("sample", "sample", json!({"on": true, "progress": "__CHANNEL__:7"}));
    check("zoom", "zoom", json!({"factor": 1.25}));
    let window = asking(&person, "");
    keep_plain("announce", &person, ask(&window, "announce", json!({"title": "Done", "text": "3 new"})).unwrap());
    keep_plain("opened_with", &person, ask(&window, "opened_with", json!({})).unwrap());
    keep_plain("opened_at", &person, ask(&window, "opened_at", json!({})).unwrap());
    keep_plain("set_menu", &person, ask(&window, "set_menu", json!({"words": {}, "shown": false})).unwrap());
    keep_plain("close", &person, ask(&window, "close", json!({})).unwrap());
}

/// The page's tests read the same files.
#[test]
fn every_command_has_a_kept_answer() {
    for command in commands() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/ipc/{command}.json"));
        let kept = fs::read_to_string(&path).unwrap_or_else(|_| panic!("{command} has no kept answer"));
        let kept: Value = serde_json::from_str(&kept).unwrap();
        assert!(kept.get("answer").is_some(), "{command}: {kept}");
    }
}
