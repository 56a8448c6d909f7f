//! A phone of the tests: `vitalog serve` as a process of its own, and a client that speaks plain HTTP to it.

// Each of the tests that share it needs some.
#![allow(dead_code)]

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{self, Receiver};

use serde_json::Value;

#[path = "request.rs"]
mod request;

use crate::program::Folder;
pub use request::{Answer, Request};

/// `vitalog serve` on a free port of this computer; killed where it still runs at the end of the test.
pub struct Server {
    child: Child,
    lines: Receiver<Value>,
    pub port: u16,
    pub first: Value,
}

impl Server {
    /// Starts it and waits until it listens.
    pub fn start(folder: &Folder) -> Self {
        Self::with(folder, &["--bind", "127.0.0.1", "--port", "0"])
    }

    pub fn with(folder: &Folder, arguments: &[&str]) -> Self {
        let mut command = folder.command(&[&["serve", "--json"][..], arguments].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        let out = BufReader::new(child.stdout.take().expect("its answers"));
        let (tell, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                let line = serde_json::from_str(&line).unwrap_or_else(|_| panic!("no JSON: {line}"));
                if tell.send(line).is_err() {
                    return;
                }
            }
        });
        let mut server = Self { child, lines, port: 0, first: Value::Null };
        server.first = server.next().unwrap_or_else(|| panic!("it ended: {}", server.words()));
        assert_eq!(server.first["event"], "listening");
        server.port = server.first["port"].as_u64().and_then(|port| port.try_into().ok()).expect("a port");
        server
    }

    /// The next line that it prints; none once it has ended.
    pub fn next(&self) -> Option<Value> {
        self.lines.recv().ok()
    }

    /// The next line about something.
    pub fn wait_for(&self, event: &str) -> Value {
        loop {
            let line = self.next().unwrap_or_else(|| panic!("it ended before `{event}`"));
            if line["event"] == event {
                return line;
            }
        }
    }

    /// What it said besides, once it has ended.
    pub fn words(&mut self) -> String {
        let _ = self.child.wait();
        let mut words = String::new();
        let _ = self.child.stderr.take().map(|mut from| from.read_to_string(&mut words));
        words
    }

    /// Sends a signal by its name, as `TERM`.
    #[cfg(unix)]
    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = std::process::Command::new("kill").args([&format!("-{name}"), &id]).status();
        assert!(sent.is_ok_and(|status| status.success()), "no signal");
    }

    /// Its exit code, once it has ended.
    pub fn code(&mut self) -> Option<i32> {
        self.child.wait().expect("its end").code()
    }

    pub fn send(&self, request: &Request) -> Answer {
        request.send(self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A verb that is being asked something: its lines, and where to answer.
pub struct Talk {
    pub child: Child,
    pub input: Option<ChildStdin>,
    out: BufReader<std::process::ChildStdout>,
}

impl Talk {
    pub fn start(folder: &Folder, arguments: &[&str]) -> Self {
        let mut command = folder.command(arguments);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
        let (input, out) = (child.stdin.take(), BufReader::new(child.stdout.take().expect("its answers")));
        Self { child, input, out }
    }

    pub fn line(&mut self) -> Value {
        let mut line = String::new();
        self.out.read_line(&mut line).expect("a line");
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("no JSON: {line}"))
    }

    pub fn code(mut self) -> Option<i32> {
        self.child.wait().expect("its end").code()
    }
}
