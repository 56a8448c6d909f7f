//! The program on a folder of its own, and the tools that make exports and count them.
#![allow(dead_code)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// The shared folder, where there is one.
pub fn shared() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    if !folder.is_dir() {
        println!("skipped: no shared folder");
        return None;
    }
    Some(folder)
}

/// A folder that is gone after the test.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("vitalog-exports-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    pub fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().expect("UTF-8").to_owned()
    }

    /// Runs the program on a data folder in here.
    pub fn vitalog(&self, data: &str, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vitalog"));
        command
            .arg("--data-dir")
            .arg(self.0.join(data))
            .args(arguments)
            .env("NO_COLOR", "1")
            .env("TZ", "Europe/Berlin");
        command.output().expect("the program runs")
    }

    /// Imports a file and returns the report.
    pub fn import(&self, data: &str, file: &str) -> Value {
        let output = self.vitalog(data, &["import", file, "--json"]);
        let code = output.status.code();
        assert!(matches!(code, Some(0 | 4)), "{file}: {code:?} {}", String::from_utf8_lossy(&output.stderr));
        json(&output.stdout)
    }

    /// Rows per type.
    pub fn types(&self, data: &str) -> BTreeMap<String, u64> {
        let rows = json(&self.vitalog(data, &["types", "--json"]).stdout);
        let rows = rows.as_array().expect("rows").iter();
        rows.map(|row| (text(&row["identifier"]), number(&row["count"]))).collect()
    }

    /// Everything in the store, as JSON lines.
    pub fn lines(&self, data: &str) -> Vec<Value> {
        let output = self.vitalog(data, &["export", "--format", "jsonl", "--out", "-"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(json).collect()
    }

    /// Runs one of the tools beside the tests and returns the JSON that it wrote to the path after `flag`.
    pub fn tool(&self, name: &str, arguments: &[&str], flag: &str) -> Value {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tools").join(name);
        let answer = self.path("answer.json");
        let mut command = Command::new("python3");
        let output = command.arg(script).args(arguments).args([flag, &answer]).output().expect("python3 runs");
        assert!(output.status.success(), "{name} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        json(&std::fs::read(answer).expect("an answer"))
    }

    /// Makes a small export and returns its path and what is in it.
    pub fn make(&self, name: &str, options: &[&str]) -> (String, Value) {
        let file = self.path(name);
        let mut arguments = vec!["--records", "2000", "--truth-daily", "none", "--quiet", "--out", &file];
        arguments.extend(options);
        let truth = self.tool("make_export.py", &arguments, "--truth");
        (file, truth)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).expect("JSON")
}

pub fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

pub fn number(value: &Value) -> u64 {
    value.as_u64().expect("a count")
}
