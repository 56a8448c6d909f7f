//! One kept answer per verb of phones, as in `answers.rs`: what is made at random, and when, is hidden.
//!
//! `UPDATE_GOLDEN=1 cargo test --test answers_phones` writes the answers anew.

use serde_json::{Value, json};

#[path = "support/contract.rs"]
mod contract;
#[path = "support/golden.rs"]
mod golden;
#[path = "support/phone.rs"]
mod phone;
#[path = "support/program.rs"]
mod program;

use contract::check_keys;
use golden::compare;
use phone::{Request, Server, Talk};
use program::Folder;

const DEVICE: &[&str] = &["device", "app", "name", "state", "added", "last_seen", "address", "app_version"];
const ADDED: &[&str] = &["device", "app", "name", "url", "path", "header", "token"];
const ADDED_OPEN_WEARABLES: &[&str] = &["device", "app", "name", "url", "user_id", "access_token", "refresh_token"];
const WHY: &[&str] = &["device", "name", "app", "reason", "ok", "said", "next"];
const DELIVERY: &[&str] = &[
    "delivery", "device", "app", "received", "bytes", "state", "new", "known", "replaced", "rejected", "first", "last",
    "problems",
];

/// Hides what differs from run to run or from computer to computer.
fn mask(value: &mut Value, key: &str, port: u16) {
    match &mut *value {
        Value::String(text) => {
            let random = ["token", "access_token", "refresh_token", "user_id", "code", "number"].contains(&key);
            let instant = ["added", "last_seen", "received", "expires"].contains(&key);
            if random || instant {
                *text = if random { "made at random" } else { "an instant" }.to_owned();
            }
            *text = text.replace(&format!(":{port}"), ":PORT");
            if let Some((before, _)) = text.split_once("/pair/") {
                *text = format!("{before}/pair/CODE");
            }
        }
        Value::Number(_) if key == "port" => *value = json!("PORT"),
        Value::Array(rows) => rows.iter_mut().for_each(|row| mask(row, key, port)),
        Value::Object(row) => row.iter_mut().for_each(|(key, value)| mask(value, key, port)),
        _ => {}
    }
}

/// Compares what a verb says with the kept answer.
#[track_caller]
fn check(server: &Server, folder: &Folder, name: &str, arguments: &[&str]) -> Value {
    let output = folder.run(&[arguments, &["--json"]].concat());
    let stdout: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let words = String::from_utf8_lossy(&output.stderr);
    keep(
        server,
        name,
        json!({"arguments": arguments, "exit": output.status.code(), "stdout": stdout,
        "stderr": words.lines().collect::<Vec<_>>()}),
    );
    stdout
}

#[track_caller]
fn keep(server: &Server, name: &str, mut answer: Value) {
    mask(&mut answer, "", server.port);
    compare(name, &answer);
}

fn send(server: &Server, token: &Value, metrics: &Value) {
    let body = json!({"export_id": "1", "metrics": metrics, "workouts": []}).to_string();
    let request = Request::post("/api/apple-health/sync", body).token(token.as_str().expect("a token"));
    assert_eq!(server.send(&request.with("X-App-Version", "1.3")).status, 200);
}

fn beat(minute: u32, value: Value) -> Value {
    let at = format!("2026-03-14T07:{minute:02}:00.123Z");
    json!({"id": format!("healthkit:21823FF3-D9E2-58C6-81B9-FB922FC640{minute:02}"), "type": "heart_rate", "value": value,
        "unit": "count/min", "start_at": at, "end_at": at, "source_name": "Watch", "metadata": {}})
}

#[test]
fn devices_and_deliveries() {
    let folder = Folder::new("answers-devices");
    let server = Server::start(&folder);
    let run = |name: &str, arguments: &[&str]| check(&server, &folder, name, arguments);
    assert_eq!(run("devices-none", &["devices", "list"]), json!([]));
    let added = run("devices-add", &["devices", "add", "--app", "healthsync", "--name", "Kim"]);
    check_keys(&added, ADDED);
    let other = run("devices-add-open-wearables", &["devices", "add", "--app", "open-wearables", "--name", "Kim"]);
    check_keys(&other, ADDED_OPEN_WEARABLES);
    send(&server, &added["token"], &json!([beat(1, json!(60)), beat(2, json!("much"))]));
    send(&server, &added["token"], &json!([beat(1, json!(60))]));
    check_keys(&run("devices-list", &["devices", "list"]), DEVICE);
    check_keys(&run("deliveries", &["deliveries"]), DELIVERY);
    check_keys(&run("devices-why", &["devices", "why"]), WHY);
    assert_eq!(run("deliveries-other", &["deliveries", "--device", "2"]), json!([]));
    run("devices-rename", &["devices", "rename", "Kim", "Kim's phone"]);
    run("devices-pause", &["devices", "pause", "1"]);
    run("devices-resume", &["devices", "resume", "1"]);
    run("devices-accept", &["devices", "accept", "1"]);
    run("devices-undo", &["devices", "undo", "1"]);
    run("devices-undo-again", &["devices", "undo", "1"]);
    run("devices-revoke", &["devices", "revoke", "1"]);
    run("devices-unknown", &["devices", "pause", "Ada"]);
    run("serve-twice", &["serve", "--bind", "127.0.0.1", "--port", "0"]);
    run("serve-public", &["serve", "--bind", "203.0.113.7"]);
}

#[cfg(unix)]
#[test]
fn serving_and_pairing() {
    let folder = Folder::new("answers-serve");
    let mut server = Server::start(&folder);
    let mut talk = Talk::start(&folder, &["pair", "--app", "open-wearables", "--name", "Kim", "--yes", "--json"]);
    let mut lines = vec![talk.line()];
    let body = json!({"code": lines[0]["code"]}).to_string();
    let redeemed = server.send(&Request::post("/api/v1/invitation-code/redeem", body)).json();
    lines.extend([talk.line(), talk.line()]);
    assert_eq!(talk.code(), Some(0));
    keep(&server, "pair", lines.into());
    let path = format!("/api/v1/sdk/users/{}/sync", redeemed["user_id"].as_str().expect("a user"));
    let body = json!({"provider": "apple", "data": {"records": [], "sleep": [], "workouts": []}}).to_string();
    let token = redeemed["access_token"].as_str().expect("a token");
    assert_eq!(server.send(&Request::post(&path, body).token(token)).status, 202);
    assert_eq!(server.send(&Request::post(&path, "{}").token("hi_nobody")).status, 401);
    let mut lines = vec![server.first.clone()];
    lines.extend(["paired", "delivery", "refused"].map(|event| server.wait_for(event)));
    server.signal("TERM");
    lines.push(server.wait_for("stopped"));
    assert_eq!(server.code(), Some(0));
    keep(&server, "serve", lines.into());
    check(&server, &folder, "pair-nothing-receives", &["pair", "--yes"]);
}
