//! Opens the window, where somebody wants with a file or at an address.

use std::ffi::OsString;
use std::path::PathBuf;

use app::{Code, Error, Folder, Result, address, receiver};

use super::End;
use super::out::Out;

/// What the window starts with.
#[derive(Debug, Default, clap::Args)]
pub struct Open {
    /// An export to import there, or the address of a screen, such as '#/sleep?range=day&date=2024-03-01'
    #[arg(value_name = "FILE")]
    what: Option<OsString>,
    /// Without showing the window, as at the start of a session: where it goes on in the background, else nothing opens
    #[arg(long, conflicts_with = "what")]
    hidden: bool,
}

/// What the window is to do.
#[derive(Debug, Default)]
struct Errand {
    file: Option<PathBuf>,
    address: Option<String>,
}

fn errand(what: Option<&OsString>) -> Result<Errand> {
    let Some(what) = what else { return Ok(Errand::default()) };
    match what.to_str().filter(|text| address::is_meant(text)) {
        Some(text) => Ok(Errand { address: Some(address::check(text)?.to_owned()), file: None }),
        // The page gets the path as the user meant it, wherever the window's process stands.
        None => Ok(Errand { file: Some(std::path::absolute(what).unwrap_or_else(|_| what.into())), address: None }),
    }
}

pub(super) fn run(verb: &Open, folder: Folder, out: &Out) -> Result<End> {
    if verb.hidden && !(receiver::goes_on(&folder)? && receiver::is_wanted(&folder)) {
        out.say("Nothing is to go on in the background here: switch that on in the window, and receiving.");
        return Ok(End::Nothing);
    }
    show(folder, errand(verb.what.as_ref())?, verb.hidden, out)
}

#[cfg(feature = "desktop")]
fn show(folder: Folder, errand: Errand, hidden: bool, out: &Out) -> Result<End> {
    use crate::window::handed::Given;
    use crate::window::instance::{Claim, Mailbox, claim, is_open};

    let has_display = ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| std::env::var_os(name).is_some());
    if cfg!(target_os = "linux") && !has_display {
        return Err(no_window("There is no display to open the window on."));
    }
    #[cfg(target_os = "linux")]
    crate::window::painting::choose();
    let Errand { file, address } = errand;
    let said = handed_over(file.is_some(), address.is_some());
    let given = Given { files: file.into_iter().collect(), address };
    let mailbox = match folder.window() {
        // Nobody asked for it to come to the front.
        Ok(dir) if hidden && is_open(&dir) => return Ok(End::Nothing),
        Ok(dir) => match claim(&dir, &given) {
            Claim::First(mailbox) => mailbox,
            Claim::HandedOver => {
                out.say(said);
                return Ok(End::Done);
            }
        },
        // A folder that cannot be written to can be looked at by as many as like to.
        Err(_) => Mailbox::default(),
    };
    let product = std::sync::Arc::new(crate::window::product::Product::new(folder.clone()));
    crate::window::run(product, &folder, mailbox, given, hidden).map_err(|error| no_window(&error))?;
    Ok(End::Done)
}

#[cfg(feature = "desktop")]
fn handed_over(file: bool, address: bool) -> &'static str {
    match (file, address) {
        (true, _) => "The window is open already; it imports the file.",
        (_, true) => "The window is open already; it goes there.",
        _ => "The window is open already.",
    }
}

#[cfg(not(feature = "desktop"))]
fn show(_folder: Folder, errand: Errand, _hidden: bool, _out: &Out) -> Result<End> {
    Err(no_window(match (errand.file, errand.address) {
        (Some(_), _) => "This build has no window; `vitalog import` imports the file here.",
        (None, Some(_)) => "This build has no window that could show it; `./run` with a display makes one that has.",
        (None, None) => "This build has no window; `./run` with a display makes one that has.",
    }))
}

fn no_window(message: &str) -> Error {
    Error::new(Code::NoWindow, message, "`vitalog help` lists what the command line can do.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(what: &str, expected: std::result::Result<(bool, Option<&str>), Code>) {
        let found = errand(Some(&what.into())).map(|errand| (errand.file.is_some(), errand.address));
        assert_eq!(found.map_err(|error| error.code), expected.map(|(file, at)| (file, at.map(str::to_owned))));
    }

    #[test]
    fn a_file_is_told_from_an_address() {
        check("export.zip", Ok((true, None)));
        check("./#/sleep", Ok((true, None)));
        check("#/sleep?range=day", Ok((false, Some("#/sleep?range=day"))));
        check("#/nowhere", Err(Code::UnknownAddress));
        check("#1.zip", Err(Code::UnknownAddress));
    }
}
