//! Imports an export.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use app::import::{Input, Options, Progress, Report, Stopwatch};
use app::{Cancel, Folder, Result};

use super::End;
use super::out::{Out, Style};
use super::progress::Line;

/// What to import.
#[derive(Debug, clap::Args)]
pub struct Import {
    /// A zip, a folder, an XML, or - for standard input
    #[arg(value_name = "PATH|-")]
    path: PathBuf,
    /// Report only, change nothing
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(verb: &Import, folder: &Folder, out: &mut Out) -> Result<End> {
    let input = if verb.path.as_os_str() == "-" { Input::Stdin } else { Input::Path(verb.path.clone()) };
    let mut watch = Stopwatch::new(Instant::now());
    let mut imported = watched(out, |cancel, progress| {
        let options = Options { dry_run: verb.dry_run, now_ms: super::now_ms(), cancel: cancel.clone() };
        app::import::import(folder, &input, &options, &mut |at| {
            watch.hear(at.phase, Instant::now());
            progress(at)
        })
    })?;
    imported.report.seconds = watch.seconds(Instant::now());
    let report = &imported.report;
    match out.style {
        Style::Json => out.json(&imported)?,
        _ => {
            tell(report, out)?;
            match &imported.home_zone {
                Some(moved) => out.line(&app::words::home_zone(moved))?,
                None => tell_zone(report, folder, out)?,
            }
        }
    }
    Ok(match report.outcome.as_str() {
        "already_imported" => End::Nothing,
        _ if app::import::is_partial(report) => End::Rejected,
        _ => End::Done,
    })
}

/// Days of an export that tells no zone are only as right as the computer's zone.
fn tell_zone(report: &Report, folder: &Folder, out: &mut Out) -> Result<()> {
    let guessed = if report.import.is_some() { app::settings::home_of_computer(folder)? } else { None };
    guessed.map_or(Ok(()), |zone| {
        out.line(&format!(
            "Days are those of {zone}, this computer's zone, because the export names none; \
             `vitalog settings set home_zone ZONE` changes that."
        ))
    })
}

/// Runs an import that shows how far it is and that Ctrl-C stops.
pub(super) fn watched<T>(
    out: &Out,
    import: impl FnOnce(&Cancel, &mut dyn FnMut(Progress) -> bool) -> Result<T>,
) -> Result<T> {
    let cancel = cancelled_by_ctrl_c(out);
    let mut line = Line::new(out.shows_progress());
    let answer = import(&cancel, &mut |at| {
        line.show(at);
        !cancel.is_cancelled()
    });
    line.clear();
    answer
}

/// How long a stop may take. Work that waits for its input or for another writer does not hear it.
const PATIENCE: Duration = Duration::from_secs(1);

/// The first Ctrl-C asks the work to stop; a second one, or work that does not hear it, ends the process. Either way
/// SQLite rolls back, as it does where no handler can be set and the signal ends the process.
pub(super) fn cancelled_by_ctrl_c(out: &Out) -> Cancel {
    let (cancel, style) = (Cancel::default(), out.style);
    let asked = cancel.clone();
    let _ = ctrlc::set_handler(move || {
        if asked.cancel() {
            std::process::exit(super::CANCELLED.into());
        }
        let asked = asked.clone();
        std::thread::spawn(move || {
            std::thread::sleep(PATIENCE);
            if !asked.is_too_late() {
                super::out::tell_error(&app::error::cancelled(), style);
                std::process::exit(super::CANCELLED.into());
            }
        });
    });
    cancel
}

pub(super) fn tell(report: &Report, out: &mut Out) -> Result<()> {
    counts(report, out)?;
    let more = [app::words::see_rejects(report), app::words::in_doubt(report)];
    more.into_iter().flatten().try_for_each(|line| out.line(&line))
}

/// What became of the file, and its problems.
pub(super) fn counts(report: &Report, out: &mut Out) -> Result<()> {
    out.line(&app::words::outcome(report))?;
    let besides = app::words::besides(report);
    if !besides.is_empty() {
        out.line(&format!("Besides: {besides}"))?;
    }
    let earlier = app::words::earlier(report);
    if !earlier.is_empty() {
        out.line(&format!("Records of other exports: {earlier}"))?;
    }
    if report.hidden > 0 {
        let hidden = app::words::count(report.hidden, "record counts", "records count");
        out.line(&format!("{hidden} no more, because you hid that time: `vitalog history`"))?;
    }
    for problem in &report.problems {
        out.line(&format!("  {}", app::words::problem(problem)))?;
    }
    Ok(())
}
