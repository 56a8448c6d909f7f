//! The way out: sending to servers that the owner named.
//!
//! ```text
//!   Protocol ── Request ──► Client ──► server
//!       ▲                     │ (address, certificate, time, length)
//!       └────── Answer ◄──────┘
//! ```
//!
//! [`Client`] is the only place that asks a server anything; a database is asked by `postgresql`, with its rules. It
//! follows no one elsewhere, and sends nothing unencrypted to an address that is not at home. Knows no store and keeps
//! no secret: a protocol turns rows into requests and answers into a [`Verdict`]; what to send, when, and what becomes
//! of it is said above.

mod address;
mod backoff;
mod client;
mod influxdb;
pub mod open_wearables;
mod postgresql;
mod protocol;
mod trust;

pub use crate::secret::{chance, name};
pub use address::Address;
pub use backoff::{LONGEST_WAIT, wait};
pub use client::{ANSWER_LIMIT, Answer, Client, Request, Secret, TIMEOUT};
pub use protocol::{Batch, Entry, Gone, Limits, Piece, Protocol, Verdict};
