//! The app's three faces: the command line, the window and what agents see. All are thin; the work is in the `app`
//! crate.

pub mod agent;
pub mod cli;
#[cfg(feature = "desktop")]
pub mod window;

use std::ffi::OsString;
use std::process::ExitCode;

/// Runs the program with its arguments, the first of which is its own name, and returns its exit code. Without any it
/// opens the window.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    cli::run(arguments)
}
