//! The command line: arguments in, words and exit codes out. One file per verb; the work is in `app`.

mod args;
mod backup;
mod certificate;
mod chart;
mod check;
mod compact;
mod completions;
mod daily;
mod delete_all;
mod deliveries;
mod demo;
mod devices;
mod doctor;
mod explain;
mod export;
mod hide;
mod history;
mod import;
mod imports;
mod man;
mod mcp;
mod night;
mod open;
mod out;
mod outbox;
mod pair;
mod progress;
mod push;
mod query;
mod remote;
mod restore;
mod serve;
mod settings;
mod sleep;
mod sources;
mod sql;
mod status;
mod table;
mod types;
mod undo;
mod verify;
mod workouts;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use app::{Code, Error, Folder};
use clap::Parser;

pub use args::{Args, Verb};
use out::Out;

/// How a verb ended, where it did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Done.
    Done,
    /// Nothing to do.
    Nothing,
    /// Done, but some input was rejected or lost.
    Rejected,
    /// A check did not pass; the answer says what.
    Failed,
}

/// The exit code after Ctrl-C, as shells count it.
const CANCELLED: u8 = 130;

/// Runs one verb and returns the exit code of the contract.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let args = match Args::try_parse_from(&arguments).or_else(|error| file_alone(&arguments).ok_or(error)) {
        Ok(args) => args,
        Err(error) => return usage(&error, &arguments),
    };
    let mut out = Out::new(&args.global);
    match verb(&args, &mut out).and_then(|end| out.flush().map(|()| end)) {
        Ok(End::Done) => ExitCode::SUCCESS,
        Ok(End::Nothing) => ExitCode::from(3),
        Ok(End::Rejected) => ExitCode::from(4),
        Ok(End::Failed) => ExitCode::from(1),
        Err(_) if out.reader_is_gone() => ExitCode::SUCCESS,
        Err(error) => {
            out.error(&error);
            exit_code(&error)
        }
    }
}

/// A file where a verb was expected, as from a system that opens it with the program: `open` is meant. A file that is
/// called like a verb is none, and one that is not there is a mistake in the arguments.
fn file_alone(arguments: &[OsString]) -> Option<Args> {
    let (file, before) = arguments.split_last()?;
    if before.is_empty() || !Path::new(file).exists() {
        return None;
    }
    let meant = before.iter().cloned().chain(["open".into(), file.clone()]);
    Args::try_parse_from(meant).ok().filter(|args| matches!(args.verb, Some(Verb::Open(_))))
}

fn exit_code(error: &Error) -> ExitCode {
    match error.code {
        Code::Cancelled => ExitCode::from(CANCELLED),
        Code::AlreadyUndone | Code::AlreadyLinked | Code::ActIsOver | Code::NoRows => ExitCode::from(3),
        code if code.is_usage() => ExitCode::from(2),
        _ => ExitCode::from(1),
    }
}

/// Help and version go to stdout; a mistake in the arguments is exit 2, for programs as JSON too.
fn usage(error: &clap::Error, arguments: &[OsString]) -> ExitCode {
    // A reader of help that went away is no failure.
    let _ = error.print();
    if !error.use_stderr() {
        return ExitCode::SUCCESS;
    }
    if arguments.iter().any(|argument| argument == "--json") {
        let text = error.render().to_string();
        // The sentence goes up to the first empty line: names of arguments stand below it.
        let sentence: Vec<&str> = text.lines().map(str::trim).take_while(|line| !line.is_empty()).collect();
        let sentence = sentence.join(" ");
        let message = sentence.trim_start_matches("error: ");
        out::error_line(&Error::new(Code::BadUsage, message, "`vitalog help` lists the verbs."));
    }
    ExitCode::from(2)
}

fn verb(args: &Args, out: &mut Out) -> app::Result<End> {
    let find = || Folder::find(args.global.data_dir.clone(), |name| std::env::var_os(name).map(Into::into));
    let Some(verb) = &args.verb else { return open::run(&open::Open::default(), find()?, out) };
    match verb {
        Verb::Open(verb) => open::run(verb, find()?, out),
        Verb::Demo(verb) => demo::run(verb, &find()?, out),
        Verb::Import(verb) => import::run(verb, &find()?, out),
        Verb::Imports(verb) => imports::run(verb, &find()?, out),
        Verb::Undo(verb) => undo::run(verb, &find()?, out),
        Verb::Hide(verb) => hide::run(verb, &find()?, out),
        Verb::Night(verb) => night::run(verb, &find()?, out),
        Verb::History(verb) => history::run(verb, &find()?, out),
        Verb::Status => status::run(&find()?, out),
        Verb::Types => types::run(&find()?, out),
        Verb::Sources(verb) => sources::run(verb, &find()?, out),
        Verb::Serve(verb) => serve::run(verb, &find()?, out),
        Verb::Pair(verb) => pair::run(verb, &find()?, out),
        Verb::Certificate(verb) => certificate::run(verb, &find()?, out),
        Verb::Devices(verb) => devices::run(verb, &find()?, out),
        Verb::Deliveries(verb) => deliveries::run(verb, &find()?, out),
        Verb::Remote(verb) => remote::run(verb, &find()?, out),
        Verb::Push(verb) => push::run(verb, &find()?, out),
        Verb::Outbox => outbox::run(&find()?, out),
        Verb::Query(verb) => query::run(verb, &find()?, out),
        Verb::Daily(verb) => daily::run(verb, &find()?, out),
        Verb::Sleep(verb) => sleep::run(verb, &find()?, out),
        Verb::Workouts(verb) => workouts::run(verb, &find()?, out),
        Verb::Explain(verb) => explain::run(verb, &find()?, out),
        Verb::Chart(verb) => chart::run(verb, &find()?, out),
        Verb::Check(verb) => check::run(verb, &find()?, out),
        Verb::Export(verb) => export::run(verb, &find()?, out),
        Verb::Sql(verb) => sql::run(verb, &find()?, out),
        Verb::Settings(verb) => settings::run(verb, &find()?, out),
        Verb::Mcp(verb) => mcp::run(verb, &find()?, out),
        Verb::Doctor => doctor::run(&find()?, out),
        Verb::Verify(verb) => verify::run(verb, &find()?, out),
        Verb::Backup(verb) => backup::run(verb, &find()?, out),
        Verb::Restore(verb) => restore::run(verb, &find()?, out),
        Verb::Compact => compact::run(&find()?, out),
        Verb::DeleteAll(_) => delete_all::run(&find()?, out),
        Verb::Completions(verb) => completions::run(verb, out),
        Verb::Man(verb) => man::run(verb, out),
    }
}

/// The wall clock: milliseconds since 1970 in UTC.
pub(crate) fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |passed| passed.as_millis() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The program's arguments, and whether they are a file alone.
    #[track_caller]
    fn check(arguments: &[&str], expected: bool) {
        let arguments: Vec<OsString> = ["vitalog"].iter().chain(arguments).map(OsString::from).collect();
        assert_eq!(file_alone(&arguments).is_some(), expected, "{arguments:?}");
    }

    #[test]
    fn a_file_alone_is_opened() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/small/export.xml");
        check(&[file], true);
        check(&["--data-dir", "somewhere", file], true);
        check(&["no-such-export.zip"], false);
        check(&["no-such-verb", file], false);
        check(&["settings", "set", file], false);
        check(&[file, file], false);
        check(&[], false);
    }
}
