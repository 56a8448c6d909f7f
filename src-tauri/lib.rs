//! The app's two faces: the command line and the window. Both are thin; the work is in the `app` crate.

#[cfg(feature = "desktop")]
pub mod window;

use std::path::PathBuf;
use std::process::ExitCode;

/// Runs the program: without arguments it opens the window, `open FILE` opens it and imports the file there.
pub fn run(arguments: impl IntoIterator<Item = String>) -> ExitCode {
    let arguments: Vec<String> = arguments.into_iter().collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => open_window(None),
        ["open"] => open_window(None),
        ["open", file] => open_window(Some(absolute(file))),
        _ => {
            eprintln!("usage: vitalog [open [FILE]]");
            ExitCode::from(2)
        }
    }
}

/// The page gets the path as the user meant it, wherever the window's process stands.
fn absolute(file: &str) -> PathBuf {
    std::path::absolute(file).unwrap_or_else(|_| PathBuf::from(file))
}

#[cfg(feature = "desktop")]
fn open_window(file: Option<PathBuf>) -> ExitCode {
    let backend = std::sync::Arc::new(window::sketch::Sketch::default());
    match window::run(backend, file) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("vitalog: {error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(not(feature = "desktop"))]
fn open_window(_file: Option<PathBuf>) -> ExitCode {
    eprintln!("vitalog: this build has no window; run `vitalog --help` for the command line");
    ExitCode::FAILURE
}
