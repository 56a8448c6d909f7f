//! The SQLite store: the only place that speaks SQL.
//!
//! One file, one writer, many readers. Everything comes in through `Store::ingest`, whatever sent it.

pub mod error;
mod open;
pub mod query;
pub mod report;

pub use error::{Error, ErrorKind, Result};
pub use open::{SCHEMA_VERSION, Store};
pub use report::Report;
