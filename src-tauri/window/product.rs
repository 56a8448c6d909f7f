//! The window's backend: the operations of the `app` crate on one data folder.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use app::demo::DemoOptions;
use app::import::{Input, Options, Stopwatch};
use app::{Cancel, Folder};
use serde::Serialize;
use serde_json::Value;

use super::backend::{AppError, Backend, Desk, Phase, Progress, Steps};

/// The product on one data folder.
#[derive(Debug)]
pub struct Product {
    own: Folder,
    sample: AtomicBool,
    clock: fn() -> i64,
}

impl Product {
    /// Works on a data folder; it is made by the first write.
    pub fn new(folder: Folder) -> Self {
        Self { own: folder, sample: AtomicBool::new(false), clock: now_ms }
    }

    /// The same with another clock, for tests.
    pub fn with_clock(self, clock: fn() -> i64) -> Self {
        Self { clock, ..self }
    }

    /// The data folder that is looked at.
    fn folder(&self) -> Folder {
        self.desk().folder
    }
}

/// The answer of `vitalog status`, and whose data they are.
#[derive(Serialize)]
struct Status {
    #[serde(flatten)]
    status: app::status::Status,
    sample: bool,
}

/// The sample person's days.
const SAMPLE_DAYS: u32 = 365;

impl From<app::Error> for AppError {
    fn from(error: app::Error) -> Self {
        Self::new(error.code.as_str(), &error.message, &error.hint)
    }
}

/// An answer as JSON.
pub(super) fn value(answer: impl Serialize) -> Result<Value, AppError> {
    serde_json::to_value(answer).map_err(|error| AppError::new("store_failed", &error.to_string(), ""))
}

/// The wall clock: milliseconds since 1970 in UTC.
fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |passed| passed.as_millis() as i64)
}

impl Backend for Product {
    fn desk(&self) -> Desk {
        // Asked once, so that folder and mark belong together.
        let sample = self.sample.load(Ordering::Acquire);
        let folder = if sample { self.own.demo() } else { self.own.clone() };
        Desk { folder, now_ms: (self.clock)(), sample }
    }

    fn own(&self) -> Desk {
        Desk { folder: self.own.clone(), now_ms: (self.clock)(), sample: false }
    }

    fn look_at_sample(
        &self,
        sample: bool,
        cancel: &Cancel,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(), AppError> {
        // A person who is there already is looked at as he is.
        if sample && app::status::status(&self.own.demo())?.records == 0 {
            let now_ms = (self.clock)();
            let options = DemoOptions {
                seed: 1,
                end_day: app::demo::yesterday(now_ms),
                days: SAMPLE_DAYS,
                zone: "Europe/Berlin",
                records: None,
            };
            let mut watch = Stopwatch::new(Instant::now());
            app::demo::fill(&self.own, &options, now_ms, cancel, &mut hear(cancel, &mut watch, progress))?;
        }
        self.sample.store(sample, Ordering::Release);
        Ok(())
    }

    fn status(&self) -> Result<Value, AppError> {
        let Desk { folder, sample, .. } = self.desk();
        value(Status { status: app::status::status(&folder)?, sample })
    }

    fn types(&self) -> Result<Value, AppError> {
        value(app::screen::types(&self.folder())?)
    }

    fn imports(&self) -> Result<Value, AppError> {
        value(app::imports::imports(&self.folder())?)
    }

    fn import_detail(&self, id: i64) -> Result<Value, AppError> {
        value(app::imports::detail(&self.folder(), id)?)
    }

    fn undo(&self, id: i64, cancel: &Cancel, progress: &mut dyn FnMut(Steps)) -> Result<Value, AppError> {
        let mut hear = |at: app::undo::Steps| {
            progress(Steps { done: at.done, of: at.of });
            !cancel.is_cancelled()
        };
        value(app::undo::undo(&self.folder(), id, cancel, &mut hear)?)
    }

    fn import(&self, path: &Path, cancel: &Cancel, progress: &mut dyn FnMut(Progress)) -> Result<Value, AppError> {
        // What somebody brings is never the sample person's, whoever is looked at.
        self.sample.store(false, Ordering::Release);
        let now_ms = (self.clock)();
        let mut watch = Stopwatch::new(Instant::now());
        let input = Input::Path(path.to_owned());
        let options = Options { dry_run: false, now_ms, cancel: cancel.clone() };
        let mut imported = app::import::import(&self.own, &input, &options, &mut hear(cancel, &mut watch, progress))?;
        imported.report.seconds = watch.seconds(Instant::now());
        value(imported)
    }
}

/// Tells the page how far an import is, with the speeds that only a clock knows; answers whether to go on.
fn hear<'a>(
    cancel: &'a Cancel,
    watch: &'a mut Stopwatch,
    progress: &'a mut dyn FnMut(Progress),
) -> impl FnMut(app::import::Progress) -> bool + use<'a> {
    move |at: app::import::Progress| {
        let now = Instant::now();
        watch.hear(at.phase, now);
        let seconds = watch.seconds(now).max(1e-3);
        let fraction = at.total_bytes.filter(|total| *total > 0).map(|total| at.bytes as f64 / total as f64);
        let left = fraction.filter(|fraction| *fraction > 0.0).map(|fraction| seconds / fraction - seconds);
        progress(Progress {
            records: at.records,
            records_per_second: at.records as f64 / seconds,
            mb_per_second: at.bytes as f64 / 1e6 / seconds,
            seconds_left: left.map(|left| left.max(0.0)),
            fraction: fraction.map(|fraction| fraction.min(1.0)),
            phase: match at.phase {
                app::import::Phase::Waiting => Phase::Waiting,
                app::import::Phase::Reading => Phase::Reading,
                app::import::Phase::Finishing => Phase::Finishing,
            },
        });
        !cancel.is_cancelled()
    }
}
