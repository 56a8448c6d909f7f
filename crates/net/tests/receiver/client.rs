//! The phone of the product's own tests, and an answer that goes on.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};

#[path = "../../../../tests/support/request.rs"]
mod request;

pub use request::{Answer, Request, exchange};

/// An answer that goes on: its lines as they come.
pub fn follow(to: SocketAddr, request: &Request) -> impl Iterator<Item = String> + use<> {
    let mut stream = TcpStream::connect(to).expect("a connection");
    stream.write_all(&request.bytes(to)).expect("sent");
    BufReader::new(stream).lines().map_while(Result::ok)
}
