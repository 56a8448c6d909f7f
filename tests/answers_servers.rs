//! One kept answer per verb of servers, as in `answers.rs`: when something was, and where, is hidden.
//!
//! `UPDATE_GOLDEN=1 cargo test --test answers_servers` writes the answers anew.

use std::fs;

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
use phone::Server;
use program::Folder;

const REMOTE: &[&str] = &[
    "remote",
    "protocol",
    "url",
    "types",
    "since",
    "every_s",
    "certificate",
    "secret",
    "added",
    "paused",
    "stopped",
    "reached",
    "user",
    "confirms",
    "sent",
];
const PUSH: &[&str] =
    &["remote", "selected", "sent", "accepted", "stored", "withdrawn", "refused", "waiting", "problems"];
const OUTBOX: &[&str] =
    &["remote", "state", "acked", "accepted", "waiting", "refused", "stays", "paused", "next_try", "last_error"];
const PREVIEW: &[&str] = &["remote", "waiting", "rows", "withdrawn", "held", "body"];

/// Hides what differs from run to run.
fn mask(value: &mut Value, key: &str, port: u16) {
    match &mut *value {
        Value::String(_) if ["added", "reached", "next_try", "at"].contains(&key) => *value = json!("an instant"),
        Value::String(text) => *text = text.replace(&format!(":{port}"), ":PORT"),
        Value::Array(rows) => rows.iter_mut().for_each(|row| mask(row, key, port)),
        Value::Object(row) => row.iter_mut().for_each(|(key, value)| mask(value, key, port)),
        _ => {}
    }
}

#[test]
fn servers_and_what_waits_for_them() {
    let (folder, far) = (Folder::new("answers-servers"), Folder::new("answers-servers-far"));
    let server = Server::start(&far);
    let token = far.answer(&["devices", "add", "--app", "vitalog", "--name", "Home"])["token"].clone();
    let secret = folder.path("secret");
    fs::write(&secret, token.as_str().expect("a token")).expect("written");
    let row = "<Record type=\"HKQuantityTypeIdentifierBodyMass\" sourceName=\"Scale\" unit=\"kg\" value=\"70\" \
        startDate=\"2026-03-14 07:00:00 +0100\" endDate=\"2026-03-14 07:00:00 +0100\"/>";
    fs::write(folder.path("export.xml"), format!("<HealthData locale=\"en_GB\">{row}</HealthData>")).expect("written");
    folder.check(&["import", "export.xml"], 0);
    let check = |name: &str, arguments: &[&str]| {
        let output = folder.run(&[arguments, &["--json"]].concat());
        let stdout: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let words = String::from_utf8_lossy(&output.stderr);
        let mut answer = json!({"arguments": arguments, "exit": output.status.code(), "stdout": stdout,
            "stderr": words.lines().collect::<Vec<_>>()});
        mask(&mut answer, "", server.port);
        compare(name, &answer);
        stdout
    };
    assert_eq!(check("remote-none", &["remote", "list"]), json!([]));
    check("push-none", &["push", "--once"]);
    let url = format!("http://127.0.0.1:{}", server.port);
    let add = ["remote", "add", "vitalog", &url, "--name", "home", "--secret-file", "secret", "--keep-secret", "file"];
    check_keys(&check("remote-add", &add), REMOTE);
    check("remote-add-again", &add);
    check("remote-add-plain", &["remote", "add", "vitalog", "http://8.8.8.8", "--name", "far", "--no-secret"]);
    check_keys(&check("remote-preview", &["remote", "preview", "home"]), PREVIEW);
    check_keys(&check("push-dry-run", &["push", "--remote", "home", "--dry-run"]), PUSH);
    check_keys(&check("outbox-waiting", &["outbox"]), OUTBOX);
    check_keys(&check("push", &["push", "--remote", "home", "--once"]), PUSH);
    check("push-again", &["push", "--remote", "home", "--once"]);
    check_keys(&check("outbox", &["outbox"]), OUTBOX);
    check_keys(&check("remote-list", &["remote", "list"]), REMOTE);
    check("remote-test", &["remote", "test", "home"]);
    check("remote-refused", &["remote", "refused", "home"]);
    check("remote-retry", &["remote", "retry", "home"]);
    check("remote-pause", &["remote", "pause", "home"]);
    check("push-paused", &["push", "--remote", "home", "--once"]);
    check("remote-resume", &["remote", "resume", "home"]);
    check("remote-remove", &["remote", "remove", "home"]);
    check("remote-unknown", &["remote", "remove", "home"]);
}
