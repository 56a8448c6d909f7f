//! What a phone of the tests says: plain HTTP, one request a connection, exactly as it is told, good or bad.

// Each of the tests that share it needs some.
#![allow(dead_code)]

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};

use serde_json::Value;

/// Whom it is said to: a port of this computer, or an address.
#[derive(Debug, Clone, Copy)]
pub struct To(SocketAddr);

impl From<u16> for To {
    fn from(port: u16) -> Self {
        Self((Ipv4Addr::LOCALHOST, port).into())
    }
}

impl From<SocketAddr> for To {
    fn from(address: SocketAddr) -> Self {
        Self(address)
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

    pub fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    pub fn post(path: &str, body: impl Into<Vec<u8>>) -> Self {
        Self::new("POST", path).with("Content-Type", "application/json").body(body)
    }

    /// With another body, as it goes over the wire.
    pub fn body(self, body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..self }
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn token(self, token: &str) -> Self {
        self.with("Authorization", &format!("Bearer {token}"))
    }

    /// The bytes, with the host that is right unless the headers have one.
    pub fn bytes(&self, to: impl Into<To>) -> Vec<u8> {
        let To(address) = to.into();
        let mut text = format!("{} {} HTTP/1.1\r\nConnection: close\r\n", self.method, self.path);
        if !self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            text += &format!("Host: {address}\r\n");
        }
        if !self.body.is_empty() || self.method == "POST" {
            text += &format!("Content-Length: {}\r\n", self.body.len());
        }
        for (name, value) in &self.headers {
            text += &format!("{name}: {value}\r\n");
        }
        [(text + "\r\n").as_bytes(), &self.body].concat()
    }

    /// Sends it and reads until the other side closes.
    pub fn send(&self, to: impl Into<To>) -> Answer {
        let to = to.into();
        exchange(to, &self.bytes(to.0))
    }
}

/// Sends bytes and reads until the other side closes.
pub fn exchange(to: impl Into<To>, bytes: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(to.into().0).expect("a connection");
    // A refusal may come, and the connection go, before all of a body is sent.
    let _ = stream.write_all(bytes);
    let mut all = Vec::new();
    let _ = stream.read_to_end(&mut all);
    Answer::parse(&all)
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    /// Reads all that came.
    pub fn parse(all: &[u8]) -> Self {
        let end = all.windows(4).position(|four| four == b"\r\n\r\n").map_or(all.len(), |at| at + 4);
        let head = String::from_utf8_lossy(&all[..end]).into_owned();
        let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0);
        Self { status, head, body: all[end..].to_vec() }
    }

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
