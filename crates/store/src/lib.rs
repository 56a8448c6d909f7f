//! The SQLite store: the only place that speaks SQL.
//!
//! One file, one writer, many readers. Everything comes in through `Store::ingest`, whatever sent it.

pub mod error;
mod open;
pub mod query;

pub use error::{Error, ErrorKind, Result};
pub use open::{Store, VERSION};
