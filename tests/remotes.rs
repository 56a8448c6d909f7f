//! Forwarding with the real program: to another Vitalog, through what lies between, and to servers of other kinds.

use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

#[path = "support/between.rs"]
mod between;
#[path = "support/phone.rs"]
mod phone;
#[path = "support/program.rs"]
mod program;

use between::{Between, Fault};
use phone::Server;
use program::{Folder, error_line, fixture, person};

/// Keys of a line that only its own store has.
const PER_STORE: [&str; 5] = ["seen", "import", "id", "record_id", "created_at"];

/// A second Vitalog that receives, and the token of one who may send to it.
struct Far {
    folder: Folder,
    server: Server,
    token: String,
}

impl Far {
    fn new(name: &str, app: &str) -> Self {
        let folder = Folder::new(&format!("{name}-far"));
        let server = Server::start(&folder);
        let added = folder.answer(&["devices", "add", "--app", app, "--name", "Home"]);
        let token = added["token"].as_str().expect("a token").to_owned();
        Self { folder, server, token }
    }
}

/// Adds a server on a port of this computer by the name `home`.
fn add(folder: &Folder, protocol: &str, port: u16, token: &str, more: &[&str]) -> Output {
    let secret = folder.path("secret");
    fs::write(&secret, format!("{token}\n")).expect("written");
    let url = format!("http://127.0.0.1:{port}");
    let secret = secret.to_str().expect("UTF-8").to_owned();
    let all = ["remote", "add", protocol, &url, "--name", "home", "--secret-file", &secret, "--keep-secret", "file"];
    let added = folder.run(&[&all[..], more, &["--json"]].concat());
    fs::remove_file(&secret).expect("removed");
    added
}

#[track_caller]
fn check_added(folder: &Folder, protocol: &str, port: u16, token: &str, more: &[&str]) {
    let added = add(folder, protocol, port, token, more);
    assert_eq!(added.status.code(), Some(0), "{}", String::from_utf8_lossy(&added.stderr));
}

fn push(folder: &Folder) -> Value {
    folder.answer(&["push", "--remote", "home", "--once"])
}

/// The lines of an export, each by what is the same everywhere, with how often.
fn lines(folder: &Folder, more: &[&str]) -> BTreeMap<String, usize> {
    let output = folder.check(&[&["export", "--format", "jsonl", "--out", "-"][..], more].concat(), 0);
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let mut lines = BTreeMap::new();
    for line in text.lines() {
        let mut line: Value = serde_json::from_str(line).expect("JSON");
        let keys = line.as_object_mut().expect("an object");
        keys.retain(|key, _| !PER_STORE.contains(&key.as_str()));
        *lines.entry(line.to_string()).or_default() += 1;
    }
    lines
}

#[track_caller]
fn check_same(here: &Folder, there: &Folder) {
    let (here, there) = (lines(here, &[]), lines(there, &[]));
    let only = |a: &BTreeMap<String, usize>, b: &BTreeMap<String, usize>| -> Vec<String> {
        a.iter().filter(|(line, n)| b.get(*line) != Some(n)).map(|(line, n)| format!("{n} {line}")).take(8).collect()
    };
    assert_eq!((only(&here, &there), only(&there, &here)), (Vec::new(), Vec::new()));
    assert!(!here.is_empty());
}

#[test]
fn after_a_full_push_another_vitalog_has_the_same_lines() {
    let (folder, far) = (Folder::new("same"), Far::new("same", "vitalog"));
    folder.check(&["import", &person()], 4);
    check_added(&folder, "vitalog", far.server.port, &far.token, &[]);
    let pushed = push(&folder);
    assert_eq!((&pushed["refused"], &pushed["waiting"]), (&json!(0), &json!(0)), "{pushed}");
    assert!(pushed["stored"].as_u64() > Some(0) && pushed["stored"] == pushed["sent"], "{pushed}");
    check_same(&folder, &far.folder);
    folder.check(&["push", "--remote", "home", "--once"], 3);
    let outbox = folder.answer(&["outbox"]);
    assert_eq!((&outbox[0]["state"], &outbox[0]["acked"]), (&json!("idle"), &pushed["stored"]));
}
