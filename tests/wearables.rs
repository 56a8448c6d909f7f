//! Forwarding to an Open Wearables server with the real program: the fake one keeps what a real one would, and an
//! oracle, which is other code, says of the same export what that is.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use serde_json::{Value, json};

#[path = "support/program.rs"]
mod program;
#[path = "support/request.rs"]
mod request;
#[path = "support/shared.rs"]
mod shared;
#[path = "support/wearables.rs"]
mod wearables;

use program::{Folder, error_line};
use request::Request;
use wearables::{Fake, oracle, tool};

const HOME: &str = "Europe/Berlin";

/// A folder with an export of somebody who stayed at home, imported, and the export.
fn imported(name: &str, records: &str) -> (Folder, String) {
    let folder = Folder::new(name);
    let file = made(&folder, "export.xml", &["--records", records]);
    let report = folder.run(&["import", &file]);
    assert!(matches!(report.status.code(), Some(0 | 4)), "{}", String::from_utf8_lossy(&report.stderr));
    (folder, file)
}

fn made(folder: &Folder, name: &str, more: &[&str]) -> String {
    let path = folder.path(name);
    let mut make = std::process::Command::new("python3");
    make.arg(tool("make_export.py")).args(["--xml", "--home-tz", HOME, "--no-travel", "--years", "1", "--quiet"]);
    let output = make.args(more).arg("--out").arg(&path).output().expect("python3 runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    path.to_str().expect("UTF-8").to_owned()
}

/// Adds the fake by the name `ow`.
fn add(folder: &Folder, fake: &Fake, secret: &str, more: &[&str]) -> Output {
    let path = folder.path("secret");
    fs::write(&path, format!("{secret}\n")).expect("written");
    let url = format!("http://127.0.0.1:{}", fake.port);
    let all =
        ["remote", "add", "open-wearables", &url, "--name", "ow", "--secret-file", "secret", "--keep-secret", "file"];
    let added = folder.run(&[&all[..], more, &["--json"]].concat());
    fs::remove_file(&path).expect("removed");
    added
}

#[track_caller]
fn check_added(folder: &Folder, fake: &Fake, secret: &str, more: &[&str]) -> Value {
    let added = add(folder, fake, secret, more);
    assert_eq!(added.status.code(), Some(0), "{}", String::from_utf8_lossy(&added.stderr));
    serde_json::from_slice(&added.stdout).expect("JSON")
}

fn push(folder: &Folder) -> Value {
    folder.answer(&["push", "--remote", "ow", "--once"])
}

#[track_caller]
fn check_state(folder: &Folder, file: &str, fake: &Fake, more: &[&str]) {
    fake.get("/fake/log?settle");
    oracle(&folder.path("found.json"), file, fake, &[&["--tz", HOME], more].concat());
}

#[test]
fn the_server_holds_what_the_oracle_finds_in_the_export() {
    let ((folder, file), fake) = (imported("ow-state", "6000"), Fake::start(&[]));
    let added = check_added(&folder, &fake, &fake.key, &["--user", "kim"]);
    assert_eq!((&added["user"], &added["confirms"]), (&json!(fake.user), &json!(true)));
    let dry = folder.answer(&["push", "--remote", "ow", "--dry-run"]);
    assert_eq!(fake.get("/fake/log"), json!([]), "nothing was sent");
    let pushed = push(&folder);
    assert_eq!((&pushed["waiting"], &pushed["accepted"]), (&json!(0), &json!(0)), "{pushed}");
    assert!(pushed["stored"] == pushed["sent"] && dry["selected"] == pushed["selected"], "{dry} {pushed}");
    check_state(&folder, &file, &fake, &[]);
    for row in fake.get("/fake/log").as_array().expect("a log") {
        assert!(row["alone"] == true, "{row}");
        assert_eq!(row["outcome"]["dropped_count"], 0, "{row}");
    }
    // What was held back is listed, with words.
    let refused = folder.answer(&["remote", "refused", "ow"]);
    assert_eq!(refused.as_array().map(|rows| rows.len() as u64), pushed["refused"].as_u64().map(|n| n.min(1_000)));
    folder.check(&["push", "--remote", "ow", "--once"], 3);
    let outbox = folder.answer(&["outbox"]);
    assert_eq!((&outbox[0]["state"], &outbox[0]["acked"]), (&json!("idle"), &pushed["stored"]));
    folder.check(&["remote", "test", "ow"], 0);
}

#[test]
fn whatever_is_in_the_way_nothing_is_lost_or_doubled_and_no_secret_is_told() {
    let ((folder, file), fake) = (imported("ow-faults", "3000"), Fake::with(&["--clock-skew", "-1800"], &[]));
    check_added(&folder, &fake, &fake.key, &["--user", "kim"]);
    fake.faults(&[
        "lost%7",
        "500%11",
        "cut%13",
        "cut-answer%17",
        "429%19:1",
        "failed%23",
        "garbage%31",
        "502%5",
        "slow%29:0.2",
        "read/500%41",
        "read/cut-answer%47",
    ]);
    let mut told = Vec::new();
    let mut ends = 0;
    for _ in 0..400 {
        let output = folder.run(&["push", "--remote", "ow", "--once", "--json"]);
        told.extend([output.stdout.clone(), output.stderr.clone()].concat());
        match output.status.code() {
            Some(1) => ends += 1,
            _ => break,
        }
    }
    assert!(ends > 5, "{ends} pushes ended before all was sent");
    assert_eq!(folder.answer(&["outbox"])[0]["waiting"], 0);
    check_state(&folder, &file, &fake, &[]);
    // `failed` is of the moment, so some rows were set aside that are none the worse; once more they go.
    folder.run(&["remote", "retry", "ow"]);
    fake.faults(&[]);
    push(&folder);
    check_state(&folder, &file, &fake, &[]);
    let log = folder.run(&["remote", "list", "--json"]);
    told.extend([log.stdout, log.stderr].concat());
    assert!(!String::from_utf8_lossy(&told).contains(&fake.key));
}

#[test]
fn who_is_killed_again_and_again_ends_as_who_was_not() {
    let ((folder, file), fake) = (imported("ow-killed", "3000"), Fake::start(&[]));
    check_added(&folder, &fake, &fake.key, &["--user", "kim"]);
    for round in 1..=12 {
        let mut command = folder.command(&["push", "--remote", "ow", "--once", "--json"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program runs");
        // Some requests further than the last one, however fast this computer is.
        let until = fake.get("/fake/log").as_array().expect("a log").len() + round % 4;
        while fake.get("/fake/log").as_array().expect("a log").len() < until {
            if child.try_wait().expect("asked").is_some() {
                break;
            }
        }
        let _ = child.kill();
        let _ = child.wait();
    }
    assert_eq!(push(&folder)["waiting"], 0);
    check_state(&folder, &file, &fake, &[]);
}

/// A night and two workouts; of the night the last stage, and of the first workout the distance, may be others.
fn small(folder: &Folder, name: &str, more: &str, distance: &str) -> String {
    let stage = |value: &str, from: &str, until: &str| {
        format!(
            "<Record type=\"HKCategoryTypeIdentifierSleepAnalysis\" sourceName=\"Watch\" \
             value=\"HKCategoryValueSleepAnalysis{value}\" startDate=\"2026-03-{from} +0100\" \
             endDate=\"2026-03-{until} +0100\"/>"
        )
    };
    let workout = |day: u32, distance: &str| {
        format!(
            "<Workout workoutActivityType=\"HKWorkoutActivityTypeRunning\" duration=\"30\" durationUnit=\"min\" \
             totalDistance=\"{distance}\" totalDistanceUnit=\"km\" sourceName=\"Watch\" \
             startDate=\"2026-03-{day} 18:00:00 +0100\" endDate=\"2026-03-{day} 18:30:00 +0100\"/>"
        )
    };
    let nights = [
        stage("InBed", "14 23:30:00", "15 06:30:00"),
        stage("AsleepCore", "14 23:50:00", "15 03:00:00"),
        stage("AsleepDeep", "15 03:00:00", "15 05:00:00"),
        more.replace("REM", &stage("AsleepREM", "15 05:00:00", "15 06:00:00")),
    ];
    let workouts = [workout(16, distance), workout(17, "7")];
    let text = format!("<HealthData locale=\"en_GB\">{}{}</HealthData>", nights.concat(), workouts.concat());
    let path = folder.path(name);
    fs::write(&path, text).expect("written");
    path.to_str().expect("UTF-8").to_owned()
}

#[test]
fn a_night_or_a_workout_that_changed_is_taken_away_before_it_is_sent_anew() {
    let (folder, fake) = (Folder::new("ow-changed"), Fake::start(&[]));
    let first = small(&folder, "first.xml", "REM", "5");
    folder.check(&["import", &first], 0);
    check_added(&folder, &fake, &fake.key, &["--user", "kim"]);
    assert_eq!(push(&folder)["stored"], 3, "a night and two workouts");
    check_state(&folder, &first, &fake, &[]);
    folder.check(&["undo", "1"], 0);
    let second = small(&folder, "second.xml", "", "6");
    folder.check(&["import", &second], 0);
    let pushed = push(&folder);
    assert_eq!((&pushed["sent"], &pushed["stored"]), (&json!(2), &json!(2)), "{pushed}");
    check_state(&folder, &second, &fake, &[]);
    // What is gone here is gone there.
    folder.check(&["undo", "2"], 0);
    let pushed = push(&folder);
    assert_eq!((&pushed["withdrawn"], &pushed["sent"]), (&json!(3), &json!(0)), "{pushed}");
    let counts = fake.get(&format!("/api/v1/users/{}/summaries/data", fake.user));
    assert_eq!((&counts["total_workouts"], &counts["total_sleep_events"]), (&json!(0), &json!(0)));
}

#[test]
fn with_tokens_rows_are_accepted_and_with_new_ones_it_goes_on() {
    let (folder, fake) = (Folder::new("ow-tokens"), Fake::start(&[]));
    let file = small(&folder, "first.xml", "REM", "5");
    folder.check(&["import", &file], 0);
    let path = format!("/api/v1/users/{}/invitation-code", fake.user);
    let invited = Request::post(&path, "").with("Authorization", &fake.developer()).send(fake.port).json();
    let code = invited["code"].as_str().expect("a code").to_owned();
    let added = check_added(&folder, &fake, &code.to_lowercase(), &["--invitation"]);
    assert_eq!((&added["user"], &added["confirms"]), (&json!(fake.user), &json!(false)));
    let kept = || fs::read_to_string(kept_secret(&folder)).expect("a secret");
    let before = kept();
    // The token is over in the middle of it.
    fake.faults(&["401@2"]);
    let pushed = push(&folder);
    assert_eq!((&pushed["accepted"], &pushed["stored"], &pushed["waiting"]), (&json!(3), &json!(0), &json!(0)));
    assert_ne!(kept(), before, "the new tokens are kept");
    check_state(&folder, &file, &fake, &[]);
    assert_eq!(folder.answer(&["outbox"])[0]["accepted"], 3);
    // A workout that changed cannot be taken away without a key, and the server would keep the first one.
    folder.check(&["undo", "1"], 0);
    folder.check(&["import", &small(&folder, "second.xml", "REM", "6")], 0);
    let pushed = push(&folder);
    assert_eq!((&pushed["sent"], &pushed["problems"][0]["reason"]), (&json!(0), &json!("needs_key")), "{pushed}");
    // Tokens that nobody takes any more stop it; the owner has to sign in.
    fake.faults(&["any/401%1"]);
    folder.check(&["undo", "2"], 0);
    let weight = "<Record type=\"HKQuantityTypeIdentifierBodyMass\" sourceName=\"Scale\" unit=\"kg\" value=\"70\" \
                  startDate=\"2026-03-18 07:00:00 +0100\" endDate=\"2026-03-18 07:00:00 +0100\"/>";
    folder.check(&["import", &small(&folder, "third.xml", weight, "5")], 0);
    folder.check(&["push", "--remote", "ow", "--once"], 1);
    assert_eq!(folder.answer(&["remote", "list"])[0]["stopped"], "unauthorized");
    for secret in [kept(), before] {
        let tokens: Value = serde_json::from_str(&secret).expect("JSON");
        let refresh = tokens["refresh_token"].as_str().expect("a token");
        let output = folder.run(&["remote", "test", "ow"]);
        let all = [output.stdout, output.stderr].concat();
        assert!(!String::from_utf8_lossy(&all).contains(refresh));
    }
}

fn kept_secret(folder: &Folder) -> PathBuf {
    let mut found = fs::read_dir(folder.data().join("secrets")).expect("a folder");
    found.next().expect("a secret").expect("an entry").path()
}

#[test]
fn every_way_in_is_tried_before_anything_is_kept() {
    let (folder, fake) = (Folder::new("ow-ways"), Fake::start(&[]));
    let nothing = |secret: &str, more: &[&str], code: &str| {
        let failed = add(&folder, &fake, secret, more);
        assert_eq!(error_line(&failed)["code"], code, "{more:?}");
        assert!(!String::from_utf8_lossy(&failed.stderr).contains(secret), "{more:?}");
        assert_eq!(folder.answer(&["remote", "list"]), json!([]));
        let secrets = fs::read_dir(folder.data().join("secrets")).map(|files| files.count()).unwrap_or_default();
        assert_eq!(secrets, 0, "{more:?}");
    };
    nothing("sk-wrong-wrong-wrong", &["--user", "kim"], "unauthorized");
    nothing("wrong-password", &["--login", "admin@admin.com"], "unauthorized");
    nothing("ABCDEFGH", &["--invitation"], "unauthorized");
    nothing("secret_wrong", &["--app-id", "app_wrong"], "bad_usage");
    nothing("secret_wrong", &["--app-id", "app_wrong", "--user", &fake.user], "unauthorized");
    let added = check_added(&folder, &fake, "your-secure-password", &["--login", "admin@admin.com", "--user", "kim"]);
    assert_eq!((&added["user"], &added["confirms"]), (&json!(fake.user), &json!(true)));
    let kept = fs::read_to_string(kept_secret(&folder)).expect("a secret");
    assert!(kept.contains("sk-") && !kept.contains("your-secure-password"));
    folder.check(&["remote", "test", "ow"], 0);
    folder.check(&["remote", "remove", "ow"], 0);
    let application = Request::post("/api/v1/applications", json!({"name": "x"}).to_string());
    let told = application.with("Authorization", &fake.developer()).send(fake.port).json();
    let (id, secret) = (told["app_id"].as_str().expect("an id"), told["app_secret"].as_str().expect("a secret"));
    let added = check_added(&folder, &fake, secret, &["--app-id", id, "--user", &fake.user]);
    assert_eq!((&added["user"], &added["confirms"]), (&json!(fake.user), &json!(false)));
    folder.check(&["remote", "test", "ow"], 0);
}

#[test]
fn a_server_of_another_kind_knows_none_of_these_ways() {
    let folder = Folder::new("ow-other");
    fs::write(folder.path("secret"), "x").expect("written");
    let add = ["remote", "add", "vitalog", "http://127.0.0.1:1", "--name", "x", "--secret-file", "secret"];
    for more in [&["--user", "kim"][..], &["--invitation"], &["--login", "a@b.c"], &["--app-id", "a"]] {
        let failed = folder.run(&[&add[..], &["--keep-secret", "file", "--json"], more].concat());
        assert_eq!((failed.status.code(), error_line(&failed)["code"].clone()), (Some(2), json!("bad_usage")));
    }
    assert!(Path::new(&folder.path("secret")).exists());
}
