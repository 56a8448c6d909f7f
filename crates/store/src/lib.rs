//! The SQLite store: the only place that speaks SQL.
//!
//! One file, one writer, many readers. Files come in through [`Store::ingest`], phones through
//! [`Store::ingest_phone`]; every import and every device can be taken back with [`Store::undo`]; [`query`] answers
//! questions. Blocking; callers that must not block use a thread.

mod absences;
mod acts;
mod aliases;
mod append;
mod at_path;
mod backup;
mod cancel;
mod claims;
mod copies;
mod derived;
mod dictionary;
mod entries;
mod error;
mod forget;
mod history;
mod hourly;
mod ingest;
mod instants;
mod likeness;
mod meetings;
mod members;
mod merged;
mod names;
mod nights;
mod open;
mod pages;
pub mod peers;
mod place;
pub mod query;
pub mod remotes;
mod report;
mod rollup;
mod row;
mod samples;
mod stretch;
mod superseded;
mod tellings;
#[cfg(test)]
mod tests;
mod undo;
mod unite;
mod units;
mod views;

pub use acts::{Act, KEPT_MS, Rows, What};
pub use backup::{CopyTotals, WholeCopy};
pub use cancel::Cancel;
pub use error::{Error, ErrorKind, Result};
pub use ingest::delivered::{Finish, Receipt};
pub use ingest::phone::{PhoneDelivery, PhoneReport};
pub use ingest::{ANOTHER_PERSON, Delivery, Phase, Progress, REJECTS_KEPT};
pub use names::TOO_MANY_NAMES;
pub use nights::{SLEEP, source_rank};
pub use open::{BUSY_WAIT, SCHEMA_VERSION, Store, schema_of};
pub use place::TOO_MANY_ALIKE;
pub use report::{Counts, EntryCounts, HomeMoved, KindCounts, ProblemCount, Report};
pub use tellings::aggregates::AggregateRow;
pub use undo::{Steps, Undone};
pub use views::view_name;

/// The version of SQLite inside.
pub fn sqlite_version() -> &'static str {
    rusqlite::version()
}
