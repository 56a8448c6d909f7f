//! How far an import is, on one line of the terminal that is written again and again.
//!
//! By hand: a crate for it would bring a terminal library and threads for what is one line, and cannot be tested without
//! a terminal.

use std::io::Write;
use std::time::{Duration, Instant};

use app::import::Progress;

/// Written at most this often.
const EVERY: Duration = Duration::from_millis(100);
/// Back to the start of the line, and nothing left on it.
const CLEAR: &str = "\r\u{1b}[K";
/// Letters of the bar.
const WIDTH: usize = 20;

/// The line of one import.
pub struct Line {
    shows: bool,
    start: Instant,
    last: Option<Instant>,
}

impl Line {
    /// A line that is written only where somebody watches.
    pub fn new(shows: bool) -> Self {
        Self { shows, start: Instant::now(), last: None }
    }

    /// Writes the line anew, if it is time to.
    pub fn show(&mut self, at: Progress) {
        if self.shows && self.last.is_none_or(|last| last.elapsed() >= EVERY) {
            self.last = Some(Instant::now());
            self.put(&words(at, self.start.elapsed()));
        }
    }

    /// Takes the line away.
    pub fn clear(&self) {
        if self.last.is_some() {
            self.put("");
        }
    }

    fn put(&self, text: &str) {
        // Nobody to see it is no failure.
        let _ = write!(std::io::stderr(), "{CLEAR}{text}");
    }
}

fn words(at: Progress, passed: Duration) -> String {
    let seconds = passed.as_secs_f64().max(0.001);
    let (rate, speed) = (at.records as f64 / seconds, at.bytes as f64 / seconds);
    let figures = format!("{} records, {rate:.0}/s, {:.1} MB/s", at.records, speed / 1e6);
    let Some(total) = at.total_bytes.filter(|total| *total > 0) else { return figures };
    let done = (at.bytes as f64 / total as f64).min(1.0);
    let filled = (done * WIDTH as f64) as usize;
    let bar = format!("[{}{}]", "#".repeat(filled), "-".repeat(WIDTH - filled));
    let left = match at.bytes {
        0 => String::new(),
        bytes => format!(", {} left", time(total.saturating_sub(bytes) as f64 / speed)),
    };
    format!("{bar} {:3.0} %  {figures}{left}", done * 100.0)
}

fn time(seconds: f64) -> String {
    match seconds.ceil() as u64 {
        long if long >= 60 => format!("{} min {:02} s", long / 60, long % 60),
        short => format!("{short} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(records: u64, bytes: u64, total_bytes: Option<u64>, seconds: u64, expected: &str) {
        assert_eq!(words(Progress { records, bytes, total_bytes }, Duration::from_secs(seconds)), expected);
    }

    #[test]
    fn the_line_has_rate_speed_and_time_left() {
        let (records, bytes) = (1_000_000, 50_000_000);
        let half = "[##########----------]  50 %  1000000 records, 500000/s, 25.0 MB/s, 2 s left";
        check(records, bytes, Some(100_000_000), 2, half);
        let slow = "[#-------------------]   5 %  10 records, 1/s, 0.0 MB/s, 3 min 10 s left";
        check(10, 5, Some(100), 10, slow);
    }

    #[test]
    fn without_a_known_size_there_is_no_end_to_tell() {
        check(0, 0, Some(100), 0, "[--------------------]   0 %  0 records, 0/s, 0.0 MB/s");
        check(500, 1_000_000, None, 1, "500 records, 500/s, 1.0 MB/s");
        check(500, 200, Some(100), 1, "[####################] 100 %  500 records, 500/s, 0.0 MB/s, 0 s left");
    }
}
