//! The real program on a data folder of its own.
#![allow(dead_code)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// A folder that is gone after the test. The data folder is `data` in it, and missing at first.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("vitalog-test-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub fn data(&self) -> PathBuf {
        self.path("data")
    }

    /// The program with arguments, ready to be started: no colours, and a home in Berlin.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vitalog"));
        command.arg("--data-dir").arg(self.data()).args(arguments);
        command.env("NO_COLOR", "1").env("TZ", "Europe/Berlin").current_dir(&self.0);
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the program runs")
    }

    /// Runs a verb that must end with an exit code.
    #[track_caller]
    pub fn check(&self, arguments: &[&str], code: i32) -> Output {
        let output = self.run(arguments);
        let words = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {words}");
        output
    }

    /// Runs a verb with `--json` and returns its answer.
    #[track_caller]
    pub fn answer(&self, arguments: &[&str]) -> Value {
        let output = self.run(&[arguments, &["--json"]].concat());
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("{arguments:?}: {}", String::from_utf8_lossy(&output.stderr)))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The export of a made-up person, unzipped: one of everything.
pub fn person() -> String {
    fixture("person/apple_health_export")
}

/// A file among the fixtures.
pub fn fixture(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    path.to_str().expect("UTF-8").to_owned()
}

/// The error that a failed verb tells programs: the last line of its words.
#[track_caller]
pub fn error_line(output: &Output) -> Value {
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    let last: Value = serde_json::from_str(words.lines().last().unwrap_or_default()).expect(&words);
    let error = last["error"].clone();
    for key in ["code", "message", "hint"] {
        assert!(error[key].is_string(), "no {key}: {words}");
    }
    error
}
