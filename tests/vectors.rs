//! The shared stories of phones, told to the real program over real HTTP: statuses, answers, counts and, in the end,
//! what an export holds; each story twice, the second time adding nothing.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde_json::{Map, Value, json};

#[path = "support/phone.rs"]
mod phone;
#[path = "support/program.rs"]
mod program;

use phone::{Request, Server};
use program::{Folder, fixture};

/// Stories whose end the store does not tell yet, and why. Each is played all the same, and is to be taken out of here
/// as soon as it ends as it should.
const NOT_YET: &[(&str, &str)] = &[(
    "x-09-other-becomes-yoga",
    "which word for an activity stays is decided by what it says, not by who came first",
)];
/// The lists of a state by what an export calls their rows.
const LISTS: [(&str, &str); 9] = [
    ("samples", "sample"),
    ("aggregates", "aggregate"),
    ("sleep_summaries", "sleep_summary"),
    ("workouts", "workout"),
    ("medication_doses", "medication_dose"),
    ("medications", "medication"),
    ("states_of_mind", "state_of_mind"),
    ("ecgs", "ecg"),
    ("activity_summaries", "activity_summary"),
];
/// Keys that stand in a state only where they are known or true: one that it leaves out may not stand in the export.
const ONLY_WHERE_KNOWN: [&str; 4] = ["bundle", "device_hw", "unit_unknown", "label"];

fn stories(name: &str) -> Vec<(String, Value)> {
    let entries = fs::read_dir(fixture(&format!("vectors/{name}"))).expect("the stories");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|end| end == "json"));
    files.sort();
    let read = |path: PathBuf| {
        let story = serde_json::from_slice(&fs::read(&path).expect("a story")).expect("JSON");
        (path.file_stem().unwrap_or_default().to_string_lossy().into_owned(), story)
    };
    files.into_iter().map(read).collect()
}

/// What is not as it should be.
type Wrong = Result<(), String>;

fn check(holds: bool, say: impl FnOnce() -> String) -> Wrong {
    if holds { Ok(()) } else { Err(say()) }
}

/// A program that receives, with a device for each app that a story speaks for.
struct Stage {
    server: Server,
    tokens: BTreeMap<&'static str, (i64, String)>,
    folder: Folder,
}

impl Stage {
    fn new(name: &str, story: &Value) -> Self {
        let folder = Folder::new(&format!("vectors-{name}"));
        let config = &story["server_config"];
        for (key, value) in [("hep_path", &config["hep_path"]), ("hep_header", &config["hep_auth"]["name"])] {
            if let Some(value) = value.as_str() {
                folder.check(&["settings", "set", key, value], 0);
            }
        }
        let server = Server::start(&folder);
        Self { server, tokens: BTreeMap::new(), folder }
    }

    fn device(&mut self, app: &'static str) -> (i64, String) {
        let add = || {
            let added = self.folder.answer(&["devices", "add", "--app", app, "--name", app]);
            let token = added["token"].as_str().expect("a token").to_owned();
            (added["device"].as_i64().expect("a number"), token)
        };
        self.tokens.entry(app).or_insert_with(add).clone()
    }

    /// Plays a step; `again` where it adds nothing.
    fn step(&mut self, step: &Value, place: &str, again: bool) -> Wrong {
        match step["import"]["xml"].as_str() {
            Some(xml) => self.import(&step["import"], xml, &step["expect"], again),
            None => self.request(&step["request"], &step["expect"], place, again),
        }
    }

    fn import(&self, import: &Value, xml: &str, expect: &Value, again: bool) -> Wrong {
        let path = self.folder.path(import["file"].as_str().unwrap_or("export.xml"));
        fs::write(&path, xml).expect("written");
        let report = self.folder.answer(&["import", path.to_str().expect("UTF-8")]);
        let of = |row: &Value, key: &str| row[key].as_u64().unwrap_or(0);
        let known = of(&report, "known") + of(&report, "duplicates") + of(&report["workouts"], "known");
        let new = of(&report, "new") + of(&report["workouts"], "new");
        let got = json!({"new": new, "already_known": known, "rejected": report["rejected"]});
        counted(&got, &expect["records"], again)
    }

    fn request(&mut self, asked: &Value, expect: &Value, place: &str, again: bool) -> Wrong {
        let (method, path) = (asked["method"].as_str().expect("a method"), asked["path"].as_str().expect("a path"));
        let (device, token) = self.device(app_of(path));
        let mut request = Request::new(method, path);
        for (name, value) in asked["headers"].as_object().into_iter().flatten() {
            request = request.with(name, &value.as_str().unwrap_or_default().replace(place, &token));
        }
        request.body = match (&asked["body_text"], &asked["body"]) {
            (Value::String(text), _) => text.clone().into_bytes(),
            (_, Value::Null) => Vec::new(),
            (_, body) => body.to_string().into_bytes(),
        };
        let answer = self.server.send(&request);
        check(answer.status == expect["status"], || {
            format!("status {} instead of {}: {}", answer.status, expect["status"], answer.text())
        })?;
        let found = answer.json();
        let (equals, contains) = (&expect["json_equals"], &expect["json_contains"]);
        // Told again, other numbers are right.
        check(again || equals.is_null() || found == *equals, || format!("{found} instead of {equals}"))?;
        check(again || contains.is_null() || holds(&found, contains), || format!("{found} lacks {contains}"))?;
        if expect["records"].is_null() {
            return Ok(());
        }
        let row = self.folder.answer(&["deliveries", "--device", &device.to_string()])[0].clone();
        check(row["state"] == "done", || format!("the delivery is {row}"))?;
        let got = json!({"new": row["new"], "already_known": row["known"], "replaced": row["replaced"],
            "rejected": row["rejected"]});
        counted(&got, &expect["records"], again)
    }

    /// What an export holds, by record.
    fn state(&self) -> BTreeMap<String, Vec<Value>> {
        let output = self.folder.check(&["export", "--format", "jsonl", "--out", "-"], 0);
        let mut state: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for line in String::from_utf8(output.stdout).expect("UTF-8").lines() {
            let row: Value = serde_json::from_str(line).expect("JSON");
            let copies = row["copies"].as_u64().unwrap_or(1);
            let rows = state.entry(row["record"].as_str().unwrap_or_default().to_owned()).or_default();
            rows.extend((0..copies).map(|_| row.clone()));
        }
        state
    }
}

/// The app that a path is made for.
fn app_of(path: &str) -> &'static str {
    match path {
        _ if path.contains("/apple-health/") => "healthsync",
        _ if path.contains("/hae") => "health-auto-export",
        _ if path.contains("/apple/") || path.ends_with("/health") => "healthsave",
        _ => "health-export-pro",
    }
}

fn counted(got: &Value, expected: &Value, again: bool) -> Wrong {
    if again {
        return check(got["new"] == 0, || format!("told again it adds {got}"));
    }
    let expected = expected.as_object().cloned().unwrap_or_default();
    expected.iter().try_for_each(|(key, value)| check(got[key] == *value, || format!("{key} of {got} is not {value}")))
}

/// Whether all that is expected is there; more may be.
fn holds(found: &Value, expected: &Value) -> bool {
    match (found, expected) {
        (Value::Object(found), Value::Object(expected)) => {
            expected.iter().all(|(key, value)| found.get(key).is_some_and(|it| holds(it, value)))
        }
        (Value::Array(found), Value::Array(expected)) => {
            found.len() == expected.len() && found.iter().zip(expected).all(|(a, b)| holds(a, b))
        }
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap_or(f64::NAN), b.as_f64().unwrap_or(f64::NAN));
            (a - b).abs() <= 1e-6 * a.abs().max(b.abs())
        }
        (a, b) => a == b,
    }
}

/// Whether a row of an export is the one of a state.
fn is_row(found: &Value, expected: &Map<String, Value>) -> bool {
    let all = expected.iter().all(|(key, value)| match found.get(key) {
        Some(it) => holds(it, value),
        None => value.is_null(),
    });
    all && ONLY_WHERE_KNOWN.iter().all(|key| expected.contains_key(*key) || found.get(*key).is_none())
}

fn check_state(mut found: BTreeMap<String, Vec<Value>>, expected: &Value) -> Wrong {
    for (list, record) in LISTS {
        let mut rows = found.remove(record).unwrap_or_default();
        for row in expected[list].as_array().into_iter().flatten() {
            let row = row.as_object().expect("a row");
            let at = rows.iter().position(|found| is_row(found, row));
            let at = at.ok_or_else(|| format!("{list} lack {}\n  of {}", json!(row), json!(rows)))?;
            rows.remove(at);
        }
        check(rows.is_empty(), || format!("{list} have besides {}", json!(rows)))?;
    }
    Ok(())
}

fn told(name: &str, story: &Value) -> Wrong {
    let mut stage = Stage::new(name, story);
    let place = story["token"].as_str().unwrap_or("tok_shared_7Qm2");
    for (again, round) in [(false, "first"), (true, "second")] {
        for (n, step) in story["steps"].as_array().expect("steps").iter().enumerate() {
            stage.step(step, place, again).map_err(|wrong| format!("{round} time, step {n}: {wrong}"))?;
        }
        check_state(stage.state(), &story["state_after"]).map_err(|wrong| format!("{round} time: {wrong}"))?;
    }
    let status = stage.folder.answer(&["status"]);
    check(status["pending"]["deliveries"] == 0, || format!("something waits: {}", status["pending"]))
}

#[track_caller]
fn check_stories(folder: &str, count: usize) {
    let stories = stories(folder);
    assert_eq!(stories.len(), count);
    let mut wrong = Vec::new();
    for (name, story) in stories {
        let reason = NOT_YET.iter().find(|(other, _)| *other == name).map(|(_, reason)| reason);
        match (told(&name, &story), reason) {
            (Ok(()), None) | (Err(_), Some(_)) => {}
            (Err(error), None) => wrong.push(format!("{name}, {error}")),
            (Ok(()), Some(reason)) => wrong.push(format!("{name} ends as it should; take out of the list: {reason}")),
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn healthsync() {
    check_stories("healthsync", 7);
}

#[test]
fn health_export_pro() {
    check_stories("hep", 7);
}

#[test]
fn health_auto_export() {
    check_stories("hae", 13);
}

#[test]
fn healthsave() {
    check_stories("healthsave", 8);
}

#[test]
fn several_apps_and_files() {
    check_stories("cross", 12);
}

/// Of these bodies nothing but what is no JSON may be refused: the SDK would throw them away.
#[test]
fn open_wearables() {
    let folder = Folder::new("vectors-open-wearables");
    let server = Server::start(&folder);
    let added = folder.answer(&["devices", "add", "--app", "open-wearables", "--name", "Kim"]);
    let (user, token) = (added["user_id"].as_str().expect("a user"), added["access_token"].as_str().expect("a token"));
    let path = |end: &str| format!("//api/v1/sdk/users/{}/{end}", user.to_uppercase());
    let mut bodies = 0;
    for (name, body) in stories("open-wearables") {
        let end = match () {
            () if name.starts_with("logs-") => "logs",
            () if name.starts_with("sync-") || name.starts_with("bad-") => "sync",
            () => continue,
        };
        bodies += 1;
        for again in [false, true] {
            let answer = server.send(&Request::post(&path(end), body.to_string()).with("Authorization", token));
            assert_eq!((answer.status, &answer.json()["user_id"]), (202, &json!(user)), "{name}: {}", answer.text());
            if end == "sync" {
                let row = folder.answer(&["deliveries"])[0].clone();
                let is_new = row["new"].as_u64() > Some(0);
                assert!(row["state"] != "pending" && !(again && is_new), "{name}: {row}");
            }
        }
    }
    assert_eq!(bodies, 15);
    let cut = Request::post(&path("sync"), "{\"provider\":").with("Authorization", token);
    assert_eq!(server.send(&cut).status, 400);
    assert_eq!(folder.answer(&["status"])["pending"]["deliveries"], 0);
}
