//! The window's backend: the operations of the `app` crate on one data folder.

use std::path::Path;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use app::import::{Input, Options};
use app::{Cancel, Folder};
use serde::Serialize;
use serde_json::Value;

use super::backend::{AppError, Backend, Phase, Progress, Steps};

/// The product on one data folder.
#[derive(Debug)]
pub struct Product {
    folder: Folder,
}

impl Product {
    /// Works on a data folder; it is made by the first write.
    pub fn new(folder: Folder) -> Self {
        Self { folder }
    }
}

impl From<app::Error> for AppError {
    fn from(error: app::Error) -> Self {
        Self::new(error.code.as_str(), &error.message, &error.hint)
    }
}

fn value(answer: impl Serialize) -> Result<Value, AppError> {
    serde_json::to_value(answer).map_err(|error| AppError::new("store_failed", &error.to_string(), ""))
}

/// The wall clock: milliseconds since 1970 in UTC.
fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |passed| passed.as_millis() as i64)
}

impl Backend for Product {
    fn status(&self) -> Result<Value, AppError> {
        value(app::status::status(&self.folder)?)
    }

    fn types(&self) -> Result<Value, AppError> {
        value(app::types::types(&self.folder)?)
    }

    fn imports(&self) -> Result<Value, AppError> {
        value(app::imports::imports(&self.folder)?)
    }

    fn import_detail(&self, id: i64) -> Result<Value, AppError> {
        value(app::imports::detail(&self.folder, id)?)
    }

    fn undo(&self, id: i64, cancel: &Cancel, progress: &mut dyn FnMut(Steps)) -> Result<Value, AppError> {
        let mut hear = |at: app::undo::Steps| {
            progress(Steps { done: at.done, of: at.of });
            !cancel.is_cancelled()
        };
        value(app::undo::undo(&self.folder, id, cancel, &mut hear)?)
    }

    fn import(&self, path: &Path, cancel: &Cancel, progress: &mut dyn FnMut(Progress)) -> Result<Value, AppError> {
        let start = Instant::now();
        let now_ms = now_ms();
        let mut hear = |at: app::import::Progress| {
            let seconds = start.elapsed().as_secs_f64().max(1e-3);
            let fraction = at.total_bytes.filter(|total| *total > 0).map(|total| at.bytes as f64 / total as f64);
            let left = fraction.filter(|fraction| *fraction > 0.0).map(|fraction| seconds / fraction - seconds);
            progress(Progress {
                records: at.records,
                records_per_second: at.records as f64 / seconds,
                mb_per_second: at.bytes as f64 / 1e6 / seconds,
                seconds_left: left.map(|left| left.max(0.0)),
                fraction: fraction.map(|fraction| fraction.min(1.0)),
                phase: match at.phase {
                    app::import::Phase::Reading => Phase::Reading,
                    app::import::Phase::Finishing => Phase::Finishing,
                },
            });
            !cancel.is_cancelled()
        };
        let input = Input::Path(path.to_owned());
        let options = Options { dry_run: false, now_ms, cancel: cancel.clone() };
        let mut report = app::import::import(&self.folder, &input, &options, &mut hear)?;
        report.seconds = start.elapsed().as_secs_f64();
        value(report)
    }

    fn heart_rate(&self, range_days: u32, end_ms: Option<i64>) -> Result<app::Model, AppError> {
        Ok(app::charts::heart_rate_chart(&self.folder, range_days, end_ms, now_ms())?)
    }
}
