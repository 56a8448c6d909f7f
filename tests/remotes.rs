//! Forwarding with the real program: to another Vitalog, through what lies between, and to servers of other kinds.

use std::collections::BTreeMap;
use std::fs;
use std::process::{Output, Stdio};

use serde_json::{Value, json};

#[path = "support/between.rs"]
mod between;
#[path = "support/phone.rs"]
mod phone;
#[path = "support/program.rs"]
mod program;

use between::{Between, Fault};
use phone::Server;
use program::{Folder, error_line, person};

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

/// Whether both say the same, key for key. What a correlation is made of is there, too; that it belongs together is
/// told, and is not laid out by who receives.
#[track_caller]
fn check_same(here: &Folder, there: &Folder) {
    let but_correlations = |folder: &Folder| {
        let mut lines = lines(folder, &[]);
        lines.retain(|line, _| !line.contains("\"record\":\"correlation\""));
        lines
    };
    let (here, there) = (but_correlations(here), but_correlations(there));
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

#[test]
fn what_is_undone_or_hidden_here_is_taken_back_there() {
    let (folder, far) = (Folder::new("undone"), Far::new("undone", "vitalog"));
    check_added(&folder, "vitalog", far.server.port, &far.token, &[]);
    folder.check(&["import", &person()], 4);
    push(&folder);
    folder.check(&["hide", "heart_rate"], 0);
    let pushed = push(&folder);
    assert!(pushed["withdrawn"].as_u64() > Some(0) && pushed["sent"] == 0, "{pushed}");
    let types = |folder: &Folder| folder.answer(&["types"]);
    assert_eq!(types(&far.folder), types(&folder));
    folder.check(&["undo", "1"], 0);
    let pushed = push(&folder);
    assert!(pushed["withdrawn"].as_u64() > Some(10) && pushed["waiting"] == 0, "{pushed}");
    assert_eq!(lines(&far.folder, &[]), BTreeMap::new());
    far.folder.check(&["verify"], 0);
    folder.check(&["import", &person()], 4);
    push(&folder);
    assert_eq!(types(&far.folder), types(&folder));
}

/// Every way in which a request can go wrong once, each at the first, second and third request.
#[test]
fn nothing_is_lost_or_doubled_whatever_is_in_the_way() {
    let (folder, far) = (Folder::new("faults"), Far::new("faults", "vitalog"));
    folder.check(&["import", &person()], 4);
    let between = Between::new(far.server.port, []);
    check_added(&folder, "vitalog", between.port, &far.token, &[]);
    let faults = [
        Fault::Cut,
        Fault::LoseAnswer,
        Fault::HalfAnswer,
        Fault::Answer(500, "", "Internal Server Error"),
        Fault::Answer(502, "Content-Type: text/html\r\n", "<html>Bad Gateway"),
        Fault::Answer(503, "Retry-After: 300\r\n", ""),
        Fault::Answer(429, "Retry-After: 7\r\n", "{}"),
    ];
    for (n, fault) in faults.iter().enumerate() {
        // Something new for each: an export with one row more.
        let rows: String = (0..=n).map(weight).collect();
        let path = folder.path("export.xml");
        fs::write(&path, format!("<HealthData locale=\"en_GB\">{rows}</HealthData>")).expect("written");
        folder.check(&["import", path.to_str().expect("UTF-8")], 0);
        between.then([fault.clone()]);
        let failed = folder.check(&["push", "--remote", "home", "--once", "--json"], 1);
        let failed: Value = serde_json::from_slice(&failed.stdout).expect("JSON");
        assert_eq!((&failed["failed"]["code"], &failed["stored"]), (&json!("unreachable"), &json!(0)), "{fault:?}");
        let outbox = folder.answer(&["outbox"]);
        assert_eq!(outbox[0]["state"], "waiting", "{fault:?}");
        assert!(outbox[0]["waiting"].as_u64() > Some(0) && outbox[0]["next_try"].is_string(), "{fault:?}: {outbox}");
        let pushed = push(&folder);
        assert_eq!((&pushed["waiting"], &pushed["refused"]), (&json!(0), &json!(0)), "{fault:?}");
        let types = |folder: &Folder| folder.answer(&["types"]);
        assert_eq!(types(&far.folder), types(&folder), "{fault:?}");
    }
    folder.check(&["push", "--remote", "home", "--once"], 3);
}

fn weight(n: usize) -> String {
    format!(
        "<Record type=\"HKQuantityTypeIdentifierBodyMass\" sourceName=\"Scale\" unit=\"kg\" value=\"{}\" \
         startDate=\"2026-02-{:02} 07:00:00 +0100\" endDate=\"2026-02-{:02} 07:00:00 +0100\"/>",
        70 + n,
        n + 1,
        n + 1
    )
}

#[test]
fn a_server_that_does_not_take_the_secret_is_not_tried_until_the_owner_says_so() {
    let (folder, far) = (Folder::new("secret"), Far::new("secret", "vitalog"));
    let refused = add(&folder, "vitalog", far.server.port, "hi_WRONGWRONGWRONGWRONGWRONGWR", &[]);
    assert_eq!((refused.status.code(), error_line(&refused)["code"].clone()), (Some(1), json!("unauthorized")));
    assert_eq!(folder.answer(&["remote", "list"]), json!([]));
    check_added(&folder, "vitalog", far.server.port, &far.token, &[]);
    let twice = add(&folder, "vitalog", far.server.port, &far.token, &[]);
    assert_eq!(error_line(&twice)["code"], "remote_exists");
    folder.check(&["import", &person()], 4);
    far.folder.check(&["devices", "revoke", "Home"], 0);
    let failed = folder.run(&["push", "--remote", "home", "--once", "--json"]);
    assert_eq!(failed.status.code(), Some(1));
    let outbox = folder.answer(&["outbox"]);
    assert_eq!((&outbox[0]["state"], &outbox[0]["acked"]), (&json!("stopped"), &json!(0)));
    assert_eq!(folder.answer(&["remote", "list"])[0]["stopped"], "unauthorized");
    let resumed = folder.answer(&["remote", "resume", "home"]);
    assert_eq!(resumed["stopped"], Value::Null);
    // The secret lies in one file that only its owner can read, and nowhere else.
    let mut found = Vec::new();
    holding(&folder.data(), far.token.as_bytes(), &mut found);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with(folder.data().join("secrets")), "{found:?}");
    for output in [&failed, &refused, &folder.run(&["remote", "list"]), &folder.run(&["remote", "test", "home"])] {
        let all = [output.stdout.clone(), output.stderr.clone()].concat();
        assert!(!String::from_utf8_lossy(&all).contains(&far.token));
    }
    folder.check(&["remote", "remove", "home"], 0);
    let mut found = Vec::new();
    holding(&folder.data(), far.token.as_bytes(), &mut found);
    assert_eq!(found, Vec::<std::path::PathBuf>::new());
    assert_eq!(folder.check(&["remote", "remove", "home"], 2).status.code(), Some(2));
}

/// Files below a folder that hold some bytes.
fn holding(dir: &std::path::Path, bytes: &[u8], found: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(dir).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() {
            holding(&entry, bytes, found);
        } else if fs::read(&entry).expect("a file").windows(bytes.len()).any(|window| window == bytes) {
            found.push(entry);
        }
    }
}

#[test]
fn rows_that_a_server_refuses_are_set_aside_and_the_rest_goes_on() {
    let folder = Folder::new("refused");
    folder.check(&["import", &person()], 4);
    let far = Far::new("refused", "health-export-pro");
    let between = Between::new(far.server.port, []);
    check_added(&folder, "health-export-pro", between.port, &far.token, &["--types", "heart_rate,step_count,workout"]);
    let before = between.requests();
    // The first request as a whole, its first half, and so on down to one row.
    let refused = || Fault::Answer(422, "", "{\"detail\":\"bad row\"}");
    let rows = folder.answer(&["remote", "preview", "home"])["rows"].as_u64().expect("a number");
    let mut halves = 1;
    let mut part = rows;
    while part > 1 {
        part /= 2;
        halves += 1;
    }
    between.then(std::iter::repeat_with(refused).take(halves));
    let pushed = folder.check(&["push", "--remote", "home", "--once", "--json"], 4);
    let pushed: Value = serde_json::from_slice(&pushed.stdout).expect("JSON");
    assert_eq!((&pushed["refused"], &pushed["waiting"]), (&json!(1), &json!(0)), "{pushed}");
    assert_eq!(pushed["stored"].as_u64(), Some(rows - 1), "{pushed}");
    assert_eq!(pushed["problems"], json!([{"reason": "refused", "count": 1, "said": "bad row"}]));
    assert!(between.requests() - before <= 2 * halves + 1);
    let set_aside = folder.answer(&["remote", "refused", "home"]);
    assert_eq!((set_aside.as_array().map(Vec::len), &set_aside[0]["said"]), (Some(1), &json!("bad row")));
    folder.check(&["push", "--remote", "home", "--once"], 3);
    folder.check(&["remote", "retry", "home"], 0);
    assert_eq!(push(&folder)["stored"], 1);
    assert_eq!(folder.answer(&["outbox"])[0]["refused"], 0);
    let beats = |folder: &Folder| folder.answer(&["query", "heart_rate", "--bucket", "day"]);
    assert_eq!(beats(&far.folder)[0]["mean"], beats(&folder)[0]["mean"]);
}

#[test]
fn a_server_that_refuses_everything_is_left_alone() {
    let folder = Folder::new("refuses");
    folder.check(&["import", &person()], 4);
    let far = Far::new("refuses", "healthsync");
    let between = Between::new(far.server.port, []);
    check_added(&folder, "healthsync", between.port, &far.token, &[]);
    between.then(std::iter::repeat_with(|| Fault::Answer(400, "", "{\"detail\":\"no\"}")).take(500));
    let failed = folder.check(&["push", "--remote", "home", "--once", "--json"], 1);
    let failed: Value = serde_json::from_slice(&failed.stdout).expect("JSON");
    assert_eq!((&failed["failed"]["code"], &failed["stored"]), (&json!("refuses_all"), &json!(0)), "{failed}");
    // What this protocol has no word for is set aside all the same; nothing that the server refused.
    let set_aside = folder.answer(&["remote", "refused", "home"]);
    let reasons: Vec<_> = set_aside.as_array().expect("rows").iter().map(|row| row["reason"].clone()).collect();
    assert_eq!(reasons, ["no_value", "no_value"]);
}

#[test]
fn backends_of_other_kinds_get_samples_and_workouts() {
    for app in ["healthsync", "health-export-pro"] {
        let (folder, far) = (Folder::new(&format!("kind-{app}")), Far::new(&format!("kind-{app}"), app));
        folder.check(&["import", &person()], 4);
        check_added(&folder, app, far.server.port, &far.token, &[]);
        let pushed = push(&folder);
        assert!(pushed["stored"].as_u64() > Some(10) && pushed["waiting"] == 0, "{app}: {pushed}");
        for (kind, keys) in [("heart_rate", ["value", "start"]), ("step_count", ["value", "end"])] {
            let rows = |folder: &Folder| -> Vec<Value> {
                let rows = folder.answer(&["query", kind, "--bucket", "raw"]);
                rows.as_array().expect("rows").iter().map(|row| json!(keys.map(|key| row[key].clone()))).collect()
            };
            assert_eq!(rows(&far.folder), rows(&folder), "{app} {kind}");
        }
        let workouts = |folder: &Folder| {
            let rows = folder.answer(&["workouts"]);
            let rows = rows.as_array().expect("rows").iter();
            rows.map(|row| json!([row["start"], row["duration_s"], row["energy_kcal"]])).collect::<Vec<_>>()
        };
        assert_eq!(workouts(&far.folder), workouts(&folder), "{app}");
        folder.check(&["push", "--remote", "home", "--once"], 3);
        // What is gone here stays there, and that is said.
        folder.check(&["hide", "step_count"], 0);
        let pushed = push(&folder);
        assert_eq!((&pushed["withdrawn"], &pushed["sent"]), (&json!(0), &json!(0)), "{app}: {pushed}");
        assert!(folder.answer(&["outbox"])[0]["stays"].as_u64() > Some(0), "{app}");
        folder.check(&["push", "--remote", "home", "--once"], 3);
    }
}

#[test]
fn a_server_gets_what_was_chosen() {
    let (folder, far) = (Folder::new("chosen"), Far::new("chosen", "vitalog"));
    folder.check(&["import", &person()], 4);
    let unknown = add(&folder, "vitalog", far.server.port, &far.token, &["--types", "heart_rat"]);
    assert_eq!(error_line(&unknown)["code"], "unknown_type");
    check_added(&folder, "vitalog", far.server.port, &far.token, &["--types", "heart_rate", "--since", "2026-03-14"]);
    push(&folder);
    let expected = lines(&folder, &["--types", "heart_rate", "--from", "2026-03-14"]);
    assert_eq!(lines(&far.folder, &[]), expected);
    assert!(!expected.is_empty());
}

/// One sends, and who comes meanwhile is told so; a killed one leaves the place.
#[cfg(unix)]
#[test]
fn one_program_at_a_time_sends_and_a_killed_one_loses_nothing() {
    let (folder, far) = (Folder::new("twice"), Far::new("twice", "vitalog"));
    folder.check(&["import", &person()], 4);
    let between = Between::new(far.server.port, [Fault::Pass, Fault::Hang]);
    check_added(&folder, "vitalog", between.port, &far.token, &[]);
    let mut first = folder.command(&["push", "--remote", "home", "--once"]);
    let mut first = first.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    between.wait();
    let second = folder.check(&["push", "--remote", "home", "--once", "--json"], 1);
    assert_eq!(error_line(&second)["code"], "push_runs");
    assert_eq!(folder.answer(&["outbox"])[0]["state"], "sending");
    first.kill().expect("killed");
    first.wait().expect("its end");
    assert_eq!(folder.answer(&["outbox"])[0]["state"], "waiting");
    push(&folder);
    let types = |folder: &Folder| folder.answer(&["types"]);
    assert_eq!(types(&far.folder), types(&folder));
}
