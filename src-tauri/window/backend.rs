//! What the window asks of the product. Everything here is answered by the `app` crate; tests have their own.

use std::path::Path;

use app::{Cancel, Folder};
use serde::Serialize;
use serde_json::Value;

/// The operations behind the commands. All block; the commands call them away from the main thread.
pub trait Backend: Send + Sync {
    /// The data folder that is looked at, and the wall clock: what every question that only reads is answered from.
    fn desk(&self) -> Desk;

    /// The owner's own, whoever is looked at: where phones send to.
    fn own(&self) -> Desk;

    /// Leaves the owner's data for the sample person's, who is made where there is none; or goes back.
    fn look_at_sample(&self, sample: bool, cancel: &Cancel, progress: &mut dyn FnMut(Progress))
    -> Result<(), AppError>;

    /// How much there is and where: the answer of `vitalog status`, at least `records`, `types`, `first`, `last`.
    fn status(&self) -> Result<Value, AppError>;

    /// Every type with data: the rows of `vitalog types`.
    fn types(&self) -> Result<Value, AppError>;

    /// Every import, as in `vitalog imports`; the window shows the newest first.
    fn imports(&self) -> Result<Value, AppError>;

    /// One import and what it refused: the answer of `vitalog imports IMPORT`.
    fn import_detail(&self, id: i64) -> Result<Value, AppError>;

    /// Takes an import of the data that are looked at back: the answer of `vitalog undo`. `progress` hears how far it
    /// is; where `cancel` asks to stop, nothing is changed and the error's code is `cancelled`.
    fn undo(&self, id: i64, cancel: &Cancel, progress: &mut dyn FnMut(Steps)) -> Result<Value, AppError>;

    /// Imports a file into the owner's data, which are looked at from then on whatever becomes of it, and returns the
    /// report of `vitalog import`. `progress` hears how far it is; where `cancel` asks to stop, nothing is kept and the
    /// error's code is `cancelled`.
    fn import(&self, path: &Path, cancel: &Cancel, progress: &mut dyn FnMut(Progress)) -> Result<Value, AppError>;
}

/// Where, and when.
#[derive(Debug, Clone)]
pub struct Desk {
    /// The data folder.
    pub folder: Folder,
    /// Milliseconds since 1970 in UTC.
    pub now_ms: i64,
    /// Whether it is the sample person's.
    pub sample: bool,
}

/// How far an import is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// Records read so far.
    pub records: u64,
    /// Records a second, so far.
    pub records_per_second: f64,
    /// Megabytes of the file a second, so far; of an archive as it is packed.
    pub mb_per_second: f64,
    /// Seconds left, where that can be told.
    pub seconds_left: Option<f64>,
    /// From 0 to 1, where that can be told.
    pub fraction: Option<f64>,
    /// What it is doing.
    pub phase: Phase,
}

/// What an import is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Another Vitalog writes; it is waited for.
    Waiting,
    /// Records come in.
    Reading,
    /// All are in; days and what they mean for earlier imports are worked out.
    Finishing,
}

/// How far an undo is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Steps {
    /// Steps done.
    pub done: u64,
    /// All steps.
    pub of: u64,
}

/// What went wrong, for programs and for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AppError {
    /// Fixed word, e.g. `not_an_export`.
    pub code: String,
    /// What happened.
    pub message: String,
    /// What the user can do; may be empty.
    pub hint: String,
}

impl AppError {
    /// Puts one together.
    pub fn new(code: &str, message: &str, hint: &str) -> Self {
        Self { code: code.to_owned(), message: message.to_owned(), hint: hint.to_owned() }
    }
}
