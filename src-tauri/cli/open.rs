//! Opens the window.

use std::path::PathBuf;

use app::{Code, Error, Folder, Result};

use super::End;
use super::out::Out;

/// What the window starts with.
#[derive(Debug, Default, clap::Args)]
pub struct Open {
    /// An export to import there
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

pub(super) fn run(verb: &Open, folder: Folder, out: &Out) -> Result<End> {
    // The page gets the path as the user meant it, wherever the window's process stands.
    let file = verb.file.as_ref().map(|file| std::path::absolute(file).unwrap_or_else(|_| file.clone()));
    show(folder, file, out).map(|()| End::Done)
}

#[cfg(feature = "desktop")]
fn show(folder: Folder, file: Option<PathBuf>, out: &Out) -> Result<()> {
    use crate::window::instance::{Claim, Mailbox, claim};

    let has_display = ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| std::env::var_os(name).is_some());
    if cfg!(target_os = "linux") && !has_display {
        return Err(no_window("There is no display to open the window on."));
    }
    #[cfg(target_os = "linux")]
    crate::window::painting::choose();
    let mailbox = match folder.window() {
        Ok(dir) => match claim(&dir, file.as_slice()) {
            Claim::First(mailbox) => mailbox,
            Claim::HandedOver => {
                out.say(handed_over(file.is_some()));
                return Ok(());
            }
        },
        // A folder that cannot be written to can be looked at by as many as like to.
        Err(_) => Mailbox::default(),
    };
    let product = std::sync::Arc::new(crate::window::product::Product::new(folder.clone()));
    crate::window::run(product, &folder, mailbox, file).map_err(|error| no_window(&error))
}

#[cfg(feature = "desktop")]
fn handed_over(file: bool) -> &'static str {
    if file { "The window is open already; it imports the file." } else { "The window is open already." }
}

#[cfg(not(feature = "desktop"))]
fn show(_folder: Folder, _file: Option<PathBuf>, _out: &Out) -> Result<()> {
    Err(no_window("This build has no window; `./run` with a display makes one that has."))
}

fn no_window(message: &str) -> Error {
    Error::new(Code::NoWindow, message, "`vitalog help` lists what the command line can do.")
}
