//! What lies between a program and a server: a proxy that hangs up, loses answers and answers by itself, request by
//! request, and then lets everything through.

// Each of the tests that share it needs some.
#![allow(dead_code)]

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};

/// What happens to a request.
#[derive(Debug, Clone)]
pub enum Fault {
    /// It goes through.
    Pass,
    /// The connection is cut before the server hears of it.
    Cut,
    /// The server has it and answers, and nobody hears that.
    LoseAnswer,
    /// Half of the answer comes.
    HalfAnswer,
    /// Nobody says anything, until the other side goes.
    Hang,
    /// Something else answers: a status, headers, and a body.
    Answer(u16, &'static str, &'static str),
}

/// The proxy; its thread ends with the test.
pub struct Between {
    pub port: u16,
    /// Requests that came, by their bodies.
    pub bodies: Arc<Mutex<Vec<Vec<u8>>>>,
    plan: Arc<Mutex<VecDeque<Fault>>>,
    hanging: Receiver<()>,
}

impl Between {
    /// One before a server on this computer.
    pub fn new(server: u16, plan: impl IntoIterator<Item = Fault>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (bodies, plan) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(VecDeque::from_iter(plan))));
        let (kept, next) = (bodies.clone(), plan.clone());
        let (tell, hanging) = mpsc::channel();
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (kept, next, tell) = (kept.clone(), next.clone(), tell.clone());
                std::thread::spawn(move || one(client, server, &kept, &next, &tell));
            }
        });
        Self { port, bodies, plan, hanging }
    }

    /// What happens next.
    pub fn then(&self, faults: impl IntoIterator<Item = Fault>) {
        self.plan.lock().expect("nobody panics").extend(faults);
    }

    /// Waits until a request hangs.
    pub fn wait(&self) {
        self.hanging.recv().expect("a request hangs");
    }

    /// How many requests came.
    pub fn requests(&self) -> usize {
        self.bodies.lock().expect("nobody panics").len()
    }
}

fn one(
    mut client: TcpStream,
    server: u16,
    bodies: &Mutex<Vec<Vec<u8>>>,
    plan: &Mutex<VecDeque<Fault>>,
    hangs: &mpsc::Sender<()>,
) {
    let Some((head, body)) = request(&mut client) else { return };
    let fault = plan.lock().expect("nobody panics").pop_front().unwrap_or(Fault::Pass);
    bodies.lock().expect("nobody panics").push(body.clone());
    let answer = match fault {
        Fault::Cut => None,
        Fault::Hang => {
            let _ = hangs.send(());
            while client.read(&mut [0; 64]).is_ok_and(|n| n > 0) {}
            None
        }
        Fault::Answer(status, headers, body) => Some(
            format!(
                "HTTP/1.1 {status} Word\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            )
            .into_bytes(),
        ),
        Fault::LoseAnswer => {
            ask(server, &head, &body);
            None
        }
        Fault::HalfAnswer => {
            let mut all = ask(server, &head, &body);
            all.truncate(all.len() - all.len() / 4);
            Some(all)
        }
        Fault::Pass => Some(ask(server, &head, &body)),
    };
    if let Some(answer) = answer {
        let _ = client.write_all(&answer);
    }
    let _ = client.shutdown(Shutdown::Both);
}

/// The head without its last line, and the body.
fn request(client: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if client.read(&mut byte).ok()? == 0 {
            return None;
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).trim_end().to_owned();
    let length = head.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    let mut body = vec![0; length.unwrap_or(0)];
    client.read_exact(&mut body).ok()?;
    Some((head, body))
}

/// Asks the server itself, by its own address; a connection for each question.
fn ask(server: u16, head: &str, body: &[u8]) -> Vec<u8> {
    let mut all = Vec::new();
    let others = head.lines().filter(|line| !line.to_lowercase().starts_with("host:"));
    let head = others.collect::<Vec<_>>().join("\r\n") + &format!("\r\nHost: 127.0.0.1:{server}");
    if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", server)) {
        let _ = stream.write_all(format!("{head}\r\nConnection: close\r\n\r\n").as_bytes());
        let _ = stream.write_all(body);
        let _ = stream.read_to_end(&mut all);
    }
    all
}
