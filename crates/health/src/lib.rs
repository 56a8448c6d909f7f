//! The vocabulary of health samples, every foreign format we can read, and the arithmetic of series.
//!
//! Pure: no clock, no disk, no sockets, no SQL. Callers hand in a reader and get values back.
//!
//! ```
//! let kind = health::kind::find("heart_rate").expect("a kind that Apple knows");
//! assert_eq!(kind.identifier, "HKQuantityTypeIdentifierHeartRate");
//! assert_eq!(kind.unit, "count/min");
//! ```

pub mod batch;
pub mod digest;
pub mod error;
pub mod formats;
pub mod kind;
pub mod language;
pub mod matching;
pub mod phone;
pub mod plurals;
pub mod series;
pub mod time;
pub mod unit;
pub mod varint;
pub mod ways;
pub mod whereabouts;
mod zones;

pub use batch::{Batch, Document, Entry, EntryKind, INCOMPLETE, Origin, Problem, Sample, Source};
pub use error::{Error, ErrorKind, Result};
