//! The command line seen from outside: the real program on folders of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// A folder that is gone after the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("vitalog-cli-{}-{name}", std::process::id())))
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let program = Path::new(env!("CARGO_BIN_EXE_vitalog"));
        let mut command = Command::new(program);
        command.arg("--data-dir").arg(&self.0).args(arguments).env("NO_COLOR", "1").env("TZ", "Europe/Berlin");
        command.output().expect("the program runs")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[track_caller]
fn check_code(arguments: &[&str], expected: i32) -> Output {
    let folder = Folder::new(&arguments.join("-").replace(['/', ' '], "_"));
    let output = folder.run(arguments);
    assert_eq!(output.status.code(), Some(expected), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

#[test]
fn a_missing_folder_answers_as_an_empty_store_and_stays_missing() {
    for arguments in [
        &["status", "--json"][..],
        &["types", "--json"],
        &["sources", "--json"],
        &["imports", "--json"],
        &["query", "heart_rate", "--json"],
        &["query", "HeartRate", "--bucket", "day", "--json"],
        &["daily", "--json"],
        &["sleep", "--from", "2026-03-14", "--json"],
        &["sql", "SELECT 1 AS one", "--json"],
        &["settings", "--json"],
        &["doctor", "--json"],
        &["verify", "--json"],
    ] {
        let folder = Folder::new(&arguments.join("-").replace(' ', "_"));
        let output = folder.run(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert!(serde_json::from_slice::<Value>(&output.stdout).is_ok(), "{arguments:?}");
        assert!(!folder.0.exists(), "{arguments:?} made a folder");
    }
}

#[test]
fn mistakes_in_the_arguments_are_exit_2() {
    check_code(&["query", "heart_rate", "--from", "yesterday"], 2);
    check_code(&["undo", "7"], 2);
    check_code(&["settings", "set", "colour", "blue"], 2);
    check_code(&["settings", "set", "home_zone", "Mars/Olympus"], 2);
    check_code(&["dance"], 2);
    check_code(&["import", "no-such-file.zip"], 1);
    check_code(&["sql", "DELETE FROM samples"], 1);
    check_code(&["completions", "bash"], 0);
}

#[test]
fn an_unknown_type_brings_near_matches_as_the_last_line() {
    let output = check_code(&["query", "heart_rat", "--json"], 2);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    let last: Value = serde_json::from_str(stderr.lines().last().unwrap_or_default()).expect("JSON");
    assert_eq!(last["error"]["code"], "unknown_type");
    assert!(last["error"]["hint"].as_str().is_some_and(|hint| hint.contains("heart_rate")));
}

#[test]
fn a_setting_is_kept_in_a_private_folder() {
    let folder = Folder::new("setting");
    assert_eq!(folder.run(&["settings", "set", "home_zone", "Asia/Tokyo"]).status.code(), Some(0));
    let status: Value = serde_json::from_slice(&folder.run(&["status", "--json"]).stdout).expect("JSON");
    assert_eq!(status["home_zone"], "Asia/Tokyo");
    #[cfg(unix)]
    for (path, mode) in [(folder.0.clone(), 0o700), (folder.0.join("vitalog.db"), 0o600)] {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(path).expect("there").permissions().mode() & 0o777, mode);
    }
}

#[test]
fn output_to_no_terminal_has_no_colours() {
    let output = check_code(&["doctor"], 0);
    assert!(!output.stdout.contains(&0x1b));
}
