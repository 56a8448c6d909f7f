//! The shared vectors over real HTTP: statuses and answers. What becomes of the rows is the store's part.

use std::path::{Path, PathBuf};

use health::phone::Feed;
use net::HepSettings;
use serde_json::Value as Json;

use crate::client::{Answer, Request};
use crate::house::House;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/vectors").join(name)
}

fn files(name: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder(name)).expect("the vectors");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|it| it == "json"));
    files.sort();
    files
}

fn read(path: &Path) -> Json {
    serde_json::from_slice(&std::fs::read(path).expect("a vector")).expect("JSON")
}

fn feed_of(path: &str) -> Feed {
    match path {
        _ if path.contains("/apple-health/") => Feed::HealthSync,
        _ if path.contains("/hae") => Feed::HealthAutoExport,
        _ if path.contains("/apple/") || path.ends_with("/health") => Feed::HealthSave,
        _ => Feed::HealthExportPro,
    }
}

/// Whether all that is expected is there; more may be.
fn contains(found: &Json, expected: &Json) -> bool {
    match (found, expected) {
        (Json::Object(found), Json::Object(expected)) => {
            expected.iter().all(|(key, value)| found.get(key).is_some_and(|it| contains(it, value)))
        }
        (Json::Array(found), Json::Array(expected)) => {
            found.len() == expected.len() && found.iter().zip(expected).all(|(a, b)| contains(a, b))
        }
        _ => found == expected,
    }
}

fn settings(vector: &Json) -> HepSettings {
    let text = |value: &Json| value.as_str().map(str::to_owned);
    let config = &vector["server_config"];
    HepSettings { path: text(&config["hep_path"]), header: text(&config["hep_auth"]["name"]) }
}

fn request(step: &Json, tokens: &dyn Fn(&str) -> String, place: &str) -> Request {
    let asked = &step["request"];
    let mut request =
        Request::new(asked["method"].as_str().expect("a method"), asked["path"].as_str().expect("a path"));
    for (name, value) in asked["headers"].as_object().into_iter().flatten() {
        let token = tokens(&request.path);
        request = request.with(name, &value.as_str().unwrap_or_default().replace(place, &token));
    }
    request.body = match (&asked["body_text"], &asked["body"]) {
        (Json::String(text), _) => text.clone().into_bytes(),
        (_, Json::Null) => Vec::new(),
        (_, body) => body.to_string().into_bytes(),
    };
    request
}

/// What a store of a map cannot tell: rows that it would read back.
fn needs_rows(step: &Json) -> bool {
    step["request"]["method"] == "GET"
        && step["expect"]["json_contains"]["items"].as_array().is_some_and(|it| !it.is_empty())
}

fn check_answer(answer: &Answer, expect: &Json, what: &str) {
    assert_eq!(Json::from(answer.status), expect["status"], "{what}: {}", answer.text());
    let found = answer.json();
    if !expect["json_equals"].is_null() {
        assert_eq!(found, expect["json_equals"], "{what}");
    }
    assert!(expect["json_contains"].is_null() || contains(&found, &expect["json_contains"]), "{what}: {found}");
}

fn play(name: &str) {
    for path in files(name) {
        let vector = read(&path);
        let label = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let house = House::with(&label, settings(&vector));
        let added: Vec<_> = Feed::ALL.into_iter().map(|feed| (feed, house.add(feed).token)).collect();
        let tokens = |path: &str| {
            let feed = feed_of(path);
            added.iter().find(|(of, _)| *of == feed).map(|(_, token)| token.clone()).expect("a token")
        };
        let place = vector["token"].as_str().unwrap_or("tok_shared_7Qm2");
        let steps = vector["steps"].as_array().expect("steps");
        for (n, step) in steps.iter().enumerate().filter(|(_, step)| step["request"].is_object() && !needs_rows(step)) {
            let answer = request(step, &tokens, place).send(house.at());
            check_answer(&answer, &step["expect"], &format!("{label}, step {n}"));
        }
    }
}

#[test]
fn healthsync() {
    play("healthsync");
}

#[test]
fn health_export_pro() {
    play("hep");
}

#[test]
fn health_auto_export() {
    play("hae");
}

#[test]
fn healthsave() {
    play("healthsave");
}

/// Of these bodies nothing but what is no JSON may be refused: the SDK would throw them away.
#[test]
fn open_wearables() {
    let house = House::new("open-wearables");
    let phone = house.add(Feed::OpenWearables);
    let user = &phone.peer.user_id;
    let mut bodies = 0;
    for path in files("open-wearables") {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !name.starts_with("sync-") && !name.starts_with("bad-") && !name.starts_with("logs-") {
            continue;
        }
        let end = if name.starts_with("logs-") { "logs" } else { "sync" };
        let body = std::fs::read(&path).expect("a vector");
        let request = Request::post(&format!("//api/v1/sdk/users/{}/{end}", user.to_uppercase()), body);
        for sent in [request.clone().with("Authorization", &phone.token), request.token(&phone.token)] {
            let answer = sent.send(house.at());
            assert_eq!(answer.status, 202, "{name}: {}", answer.text());
            assert_eq!(answer.json()["user_id"], user.as_str(), "{name}");
        }
        bodies += 1;
    }
    assert_eq!(bodies, 15);
    let cut = Request::post(&format!("/api/v1/sdk/users/{user}/sync"), "{\"provider\":").token(&phone.token);
    assert_eq!(cut.send(house.at()).status, 400);
    let other = Request::post("/api/v1/sdk/users/somebody-else/sync", "{}").token(&phone.token);
    assert_eq!(other.send(house.at()).status, 403);
}
