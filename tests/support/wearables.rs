//! A fake Open Wearables server, and the oracle that says what one holds in the end of an export.
#![allow(dead_code)]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use serde_json::{Value, json};

use super::request::{Answer, Request};

/// Everything in the exports of these tests ended long before.
pub const NOW: &str = "2026-09-21T14:13:20";

/// A tool of the tests.
pub fn tool(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tools").join(name)
}

/// The fake server; it ends when this does, since it listens to our end of a pipe.
pub struct Fake {
    pub port: u16,
    /// A key for everything.
    pub key: String,
    /// The user `kim`, by the server's own id.
    pub user: String,
    child: Child,
    pipe: Option<ChildStdin>,
}

impl Fake {
    pub fn start(faults: &[&str]) -> Self {
        Self::with(&[], faults)
    }

    /// One with options of its own.
    pub fn with(options: &[&str], faults: &[&str]) -> Self {
        let mut command = Command::new("python3");
        command.arg(tool("fake_open_wearables.py")).arg("--until-eof").args(options);
        faults.iter().for_each(|fault| {
            command.args(["--fault", fault]);
        });
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("python3 runs");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
        let told: Value = serde_json::from_str(&line).expect("JSON");
        let port = told["url"].as_str().and_then(|url| url.rsplit(':').next()).and_then(|port| port.parse().ok());
        let key = told["api_key"].as_str().expect("a key").to_owned();
        let pipe = child.stdin.take();
        let mut fake = Self { port: port.expect("a port"), key, user: String::new(), child, pipe };
        let made = fake.ask(&Request::post("/api/v1/users", json!({"external_user_id": "kim"}).to_string()));
        assert_eq!(made.status, 201, "{}", made.text());
        fake.user = made.json()["id"].as_str().expect("an id").to_owned();
        fake
    }

    pub fn ask(&self, request: &Request) -> Answer {
        request.clone().with("X-Open-Wearables-API-Key", &self.key).send(self.port)
    }

    pub fn get(&self, path: &str) -> Value {
        let answer = self.ask(&Request::new("GET", path));
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.json()
    }

    /// Sends a body until it is known to be stored: what is refused or lost on the way is sent again, as a forwarder
    /// would. Returns how often it went.
    pub fn store(&self, body: &[u8]) -> usize {
        let path = format!("/api/v1/sdk/users/{}/sync", self.user);
        let mut answers = Vec::new();
        for time in 1..=9 {
            let before = self.newest_run();
            let answer = self.ask(&Request::post(&path, body));
            let run = self.newest_run();
            if answer.status == 202 && run["run_id"] != before["run_id"] && run["status"] == "success" {
                return time;
            }
            answers.push((answer.status, run["status"].clone()));
        }
        panic!("a body that the server never takes: {answers:?}");
    }

    /// The newest run once nothing waits, null where there was none.
    pub fn newest_run(&self) -> Value {
        self.get("/fake/log?settle");
        self.get(&format!("/api/v1/users/{}/sync/runs?limit=1", self.user))[0].clone()
    }

    /// Lets some requests of a route meet something from now on.
    pub fn faults(&self, faults: &[&str]) {
        let set = self.ask(&Request::post("/fake/faults", json!(faults).to_string()));
        assert_eq!(set.status, 200, "{}", set.text());
    }

    /// A header of the account that the fake has, as its owner would get it.
    pub fn developer(&self) -> String {
        let body = "username=admin%40admin.com&password=your-secure-password";
        let mut login = Request::new("POST", "/api/v1/auth/login");
        login.body = body.into();
        let told = login.with("Content-Type", "application/x-www-form-urlencoded").send(self.port).json();
        format!("Bearer {}", told["access_token"].as_str().expect("a token"))
    }

    pub fn state(&self) -> Value {
        self.get("/fake/state")
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        drop(self.pipe.take());
        let _ = self.child.wait();
    }
}

/// What the oracle says of an export; fails where the fake holds something else. `found` is a file of the caller's.
#[track_caller]
pub fn oracle(found: &Path, file: &str, fake: &Fake, more: &[&str]) -> String {
    std::fs::write(found, fake.state().to_string()).expect("written");
    let mut oracle = Command::new("python3");
    oracle.arg(tool("open_wearables_oracle.py")).args([file, "--now", NOW]).arg("--compare").arg(found);
    let output = oracle.args(more).output().expect("python3 runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    said
}
