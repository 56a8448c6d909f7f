//! A phone of the tests: `vitalog serve` as a process of its own, and a client that speaks plain HTTP to it.
#![allow(dead_code)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{self, Receiver};

use serde_json::Value;

use crate::program::Folder;

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

/// A request in the making.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn new(method: &str, path: &str) -> Self {
        Self { method: method.to_owned(), path: path.to_owned(), headers: Vec::new(), body: Vec::new() }
    }

    pub fn post(path: &str, body: impl Into<Vec<u8>>) -> Self {
        let mut request = Self::new("POST", path).with("Content-Type", "application/json");
        request.body = body.into();
        request
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn token(self, token: &str) -> Self {
        self.with("Authorization", &format!("Bearer {token}"))
    }

    fn bytes(&self, port: u16) -> Vec<u8> {
        let mut text =
            format!("{} {} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n", self.method, self.path);
        if self.method == "POST" {
            text += &format!("Content-Length: {}\r\n", self.body.len());
        }
        for (name, value) in &self.headers {
            text += &format!("{name}: {value}\r\n");
        }
        [(text + "\r\n").as_bytes(), &self.body].concat()
    }

    /// Sends it and reads until the other side closes.
    pub fn send(&self, port: u16) -> Answer {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
        // A refusal may come, and the connection go, before all of a body is sent.
        let _ = stream.write_all(&self.bytes(port));
        let mut all = Vec::new();
        let _ = stream.read_to_end(&mut all);
        let end = all.windows(4).position(|four| four == b"\r\n\r\n").map_or(all.len(), |at| at + 4);
        let head = String::from_utf8_lossy(&all[..end]).into_owned();
        let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0);
        Answer { status, head, body: all[end..].to_vec() }
    }
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }
}
