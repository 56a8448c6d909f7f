//! How far an import or an undo is, on one line of the terminal; nothing where nobody watches.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use app::import::{Phase, Progress};
use app::undo::Steps;
use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

const WITH_END: &str = "[{bar:20}] {percent:>3} %  {records} records, {rate}/s, {decimal_bytes_per_sec}, {eta} left";
const WITHOUT_END: &str = "{records} records, {rate}/s, {decimal_bytes_per_sec}";

/// Time that goes by like this belongs to somebody else.
const WAITING: &str = "{spinner} waiting for another Vitalog that writes";
/// After the last batch nobody knows how long it takes.
const FINISHING: &str = "{spinner} {records} records, working out days and what they mean for earlier imports";
const STEPS: &str = "[{bar:20}] {percent:>3} %  {elapsed} gone";
/// The spinner turns so often; nothing else moves it while one statement runs.
const TURN: Duration = Duration::from_millis(200);

/// The line of one import.
pub struct Line {
    bar: ProgressBar,
    waits: bool,
    records: Arc<AtomicU64>,
}

impl Line {
    /// A line on the terminal of the words, or none.
    pub fn new(shows: bool) -> Self {
        Self::on(if shows { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() })
    }

    fn on(target: ProgressDrawTarget) -> Self {
        let bar = ProgressBar::with_draw_target(None, target);
        let line = Self { bar, waits: false, records: Arc::default() };
        line.bar.set_style(line.style(WITHOUT_END));
        line
    }

    fn style(&self, template: &str) -> ProgressStyle {
        let records = Arc::clone(&self.records);
        let rate = Arc::clone(&self.records);
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        style
            .progress_chars("#--")
            .with_key("records", move |_: &ProgressState, out: &mut dyn std::fmt::Write| {
                let _ = write!(out, "{}", HumanCount(records.load(Ordering::Relaxed)));
            })
            .with_key("rate", move |state: &ProgressState, out: &mut dyn std::fmt::Write| {
                let seconds = state.elapsed().as_secs_f64().max(0.001);
                let _ = write!(out, "{}", HumanCount((rate.load(Ordering::Relaxed) as f64 / seconds) as u64));
            })
    }

    /// Shows how far it is.
    pub fn show(&mut self, at: Progress) {
        if at.phase == Phase::Waiting {
            self.waits = true;
            self.bar.set_style(self.style(WAITING));
            turn(&self.bar);
            return;
        }
        if std::mem::take(&mut self.waits) {
            // Rates are those of the import alone.
            self.bar.disable_steady_tick();
            self.bar.reset();
            self.bar.set_style(self.style(WITHOUT_END));
        }
        if let (Some(total), None) = (at.total_bytes.filter(|total| *total > 0), self.bar.length()) {
            self.bar.set_style(self.style(WITH_END));
            self.bar.set_length(total);
        }
        self.records.store(at.records, Ordering::Relaxed);
        self.bar.set_position(at.bytes);
        if at.phase == Phase::Finishing {
            self.bar.set_style(self.style(FINISHING));
            turn(&self.bar);
        }
    }

    /// Takes the line away.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

/// The line of one undo.
pub struct StepLine {
    bar: ProgressBar,
}

impl StepLine {
    /// A line on the terminal of the words, or none.
    pub fn new(shows: bool) -> Self {
        Self::on(if shows { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() })
    }

    fn on(target: ProgressDrawTarget) -> Self {
        let bar = ProgressBar::with_draw_target(None, target);
        let style = ProgressStyle::with_template(STEPS).unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style.progress_chars("#--"));
        Self { bar }
    }

    /// Shows how far it is.
    pub fn show(&self, steps: Steps) {
        self.bar.set_length(steps.of);
        self.bar.set_position(steps.done);
        turn(&self.bar);
    }

    /// Takes the line away.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

/// Draws now and then also while nothing is heard.
fn turn(bar: &ProgressBar) {
    if !bar.is_hidden() {
        bar.enable_steady_tick(TURN);
    }
}

#[cfg(test)]
mod tests {
    use indicatif::InMemoryTerm;

    use super::*;

    #[track_caller]
    fn check(at: Progress, expected: &[&str]) {
        let terminal = InMemoryTerm::new(4, 100);
        let mut line = Line::on(ProgressDrawTarget::term_like(Box::new(terminal.clone())));
        line.show(at);
        line.bar.force_draw();
        let shown = terminal.contents();
        assert!(expected.iter().all(|part| shown.contains(part)), "{shown}");
        line.clear();
        assert_eq!(terminal.contents(), "");
    }

    #[test]
    fn the_line_has_bar_records_rate_speed_and_time_left_and_goes_away() {
        let (records, bytes) = (1_000_000, 50_000_000);
        let half = Progress { records, bytes, total_bytes: Some(100_000_000), ..Progress::default() };
        check(half, &["[##########----------]", " 50 %", "1,000,000 records", "/s", "B/s", " left"]);
    }

    #[test]
    fn who_waits_for_another_writer_is_told_and_the_wait_is_not_counted() {
        let waiting = Progress { phase: Phase::Waiting, ..Progress::default() };
        check(waiting, &["waiting for another Vitalog that writes"]);
        let terminal = InMemoryTerm::new(4, 100);
        let mut line = Line::on(ProgressDrawTarget::term_like(Box::new(terminal.clone())));
        // As if it had begun an hour ago.
        line.bar = line.bar.clone().with_elapsed(Duration::from_secs(3600));
        line.show(waiting);
        line.show(Progress::default());
        assert!(line.bar.elapsed() < Duration::from_secs(60), "{:?}", line.bar.elapsed());
        line.show(Progress { records: 36_000_000, bytes: 50, total_bytes: Some(100), ..Progress::default() });
        line.bar.force_draw();
        let shown = terminal.contents();
        assert!(shown.contains("36,000,000 records") && !shown.contains(" 10,000/s"), "{shown}");
        assert!(!shown.contains("waiting"), "{shown}");
    }

    #[test]
    fn once_all_is_read_there_is_no_end_to_tell() {
        let all = Progress { records: 2000, bytes: 9, total_bytes: Some(9), phase: Phase::Finishing };
        check(all, &["2,000 records", "working out days"]);
    }

    #[test]
    fn an_undo_tells_its_steps() {
        let terminal = InMemoryTerm::new(4, 100);
        let line = StepLine::on(ProgressDrawTarget::term_like(Box::new(terminal.clone())));
        line.show(Steps { done: 5, of: 20 });
        line.bar.force_draw();
        assert!(terminal.contents().contains("[#####---------------]  25 %"), "{}", terminal.contents());
        line.clear();
        assert_eq!(terminal.contents(), "");
    }

    #[test]
    fn without_a_known_size_there_is_no_end_to_tell() {
        check(Progress { records: 500, bytes: 1_000_000, ..Progress::default() }, &["500 records", "/s"]);
    }
}
