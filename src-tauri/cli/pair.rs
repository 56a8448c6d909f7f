//! Lets a phone in by a code: shows it, waits for the phone, and asks the owner.

use std::io::{self, BufRead, IsTerminal, Write};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

use app::pairing::{self, Guest, InvitationAnswer, Stands};
use app::receiver::certificate;
use app::{Code, Error, Folder, Result};
use clap::builder::PossibleValuesParser;
use serde_json::json;

use super::End;
use super::certificate::{in_groups, who_could_read};
use super::out::{Out, Style};

/// How often is looked whether the phone has come.
const LOOK: Duration = Duration::from_millis(300);

/// Whom to let in.
#[derive(Debug, clap::Args)]
pub struct Pair {
    /// The app on the phone; without it the phone chooses
    #[arg(long, value_parser = PossibleValuesParser::new(app::phones::apps()))]
    app: Option<String>,
    /// What to call the phone
    #[arg(long)]
    name: Option<String>,
    /// Let in whoever comes with the code, without being asked
    #[arg(long)]
    yes: bool,
}

pub(super) fn run(verb: &Pair, folder: &Folder, out: &mut Out) -> Result<End> {
    let can_ask = io::stdin().is_terminal() && out.style == Style::Words;
    if !verb.yes && !can_ask {
        let hint = "Add --yes to let in whoever comes with the code.";
        return Err(Error::new(Code::BadUsage, "There is no terminal to ask you at.", hint));
    }
    let told = stop_by_signal();
    let invited = pairing::invite(folder, verb.app.as_deref(), verb.name.as_deref(), super::now_ms())?;
    show(verb, &invited, folder, out)?;
    let ended = wait(verb, &invited, folder, &told, out);
    if ended.is_err() {
        // Nobody is to use it later. What cannot be ended now ends by itself in minutes.
        let _ = pairing::end(folder, invited.pairing, None, super::now_ms());
    }
    ended.map(|()| End::Done)
}

/// Hears Ctrl-C. A second one, as while an answer is typed, ends the program: the code then ends by itself in minutes.
fn stop_by_signal() -> Receiver<()> {
    let (tell, told) = mpsc::sync_channel(1);
    let _ = ctrlc::set_handler(move || {
        if tell.try_send(()).is_err() {
            std::process::exit(super::CANCELLED.into());
        }
    });
    told
}

/// Whether the app may be one that takes the code by itself.
fn takes_code(verb: &Pair) -> bool {
    verb.app.as_ref().is_none_or(|app| app == "open-wearables")
}

fn show(verb: &Pair, invited: &InvitationAnswer, folder: &Folder, out: &mut Out) -> Result<()> {
    match out.style {
        Style::Words => {
            if let Some(letters) = invited.letters() {
                // Made of blocks and blanks alone.
                writeln!(out.data(), "{letters}")?;
            }
            for url in &invited.urls {
                out.line(url)?;
            }
            out.line(&format!("Or open {} and type {}", invited.page, invited.code))?;
            for server in invited.servers.iter().filter(|_| takes_code(verb)) {
                let first = if server.starts_with("https:") {
                    format!(", after the profile of {}", invited.page)
                } else {
                    String::new()
                };
                out.line(&format!("Or type {server} and {} into the app of Open Wearables{first}", invited.code))?;
            }
            let is_encrypted = invited.urls.iter().any(|url| url.starts_with("https:"));
            let fingerprint = certificate::certificate(folder)?.fingerprint.filter(|_| is_encrypted);
            if let Some(fingerprint) = fingerprint {
                out.line(&format!(
                    "The certificate in the profile is to have this SHA-256: {}",
                    in_groups(&fingerprint)
                ))?;
            }
            out.flush()?;
            out.say(who_could_read(is_encrypted));
            out.say("Point the phone's camera at it. The code is good for ten minutes and once; Ctrl-C ends it.");
        }
        _ => event("invited", invited, out)?,
    }
    out.flush()
}

fn event(name: &str, what: &impl serde::Serialize, out: &mut Out) -> Result<()> {
    let mut line = serde_json::to_value(what).map_err(io::Error::from)?;
    line["event"] = json!(name);
    out.json_line(&line)
}

fn wait(verb: &Pair, invited: &InvitationAnswer, folder: &Folder, stop: &Receiver<()>, out: &mut Out) -> Result<()> {
    loop {
        match pairing::stands(folder, invited.pairing, super::now_ms())? {
            Stands::In => {
                let by_app = pairing::standing(folder, invited.pairing, super::now_ms())?.by_app;
                return said_yes(by_app, out);
            }
            Stands::Over(_) => return Err(pairing::over()),
            Stands::Waits(guest) => return decide(verb, invited, &guest, folder, out),
            Stands::Open => {}
        }
        if stop.recv_timeout(LOOK) != Err(RecvTimeoutError::Timeout) {
            return Err(app::error::cancelled());
        }
    }
}

fn decide(verb: &Pair, invited: &InvitationAnswer, guest: &Guest, folder: &Folder, out: &mut Out) -> Result<()> {
    match out.style {
        Style::Words => out.line(&came(guest))?,
        _ => event("claimed", guest, out)?,
    }
    out.flush()?;
    if !verb.yes && !asked(guest)? {
        pairing::end(folder, invited.pairing, Some(guest), super::now_ms())?;
        return Err(Error::new(Code::Cancelled, "The phone was not let in.", ""));
    }
    pairing::accept(folder, invited.pairing, guest, super::now_ms())?;
    said_yes(guest.number.is_none(), out)
}

fn came(guest: &Guest) -> String {
    let from = guest.address.as_ref().map(|address| format!(" at {address}")).unwrap_or_default();
    match &guest.number {
        Some(number) => format!("{}{from} has come. It shows {number}.", guest.label),
        None => format!("{}{from} has come with its app.", guest.label),
    }
}

fn asked(guest: &Guest) -> Result<bool> {
    let question = if guest.number.is_some() { "Does the phone show the same digits" } else { "Is this your phone" };
    let mut error = io::stderr();
    write!(error, "{question}? Type yes to let it in: ")?;
    error.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(["y", "yes"].contains(&answer.trim().to_lowercase().as_str()))
}

/// `by_app`: an app came with the code by itself, and there is no page on the phone.
fn said_yes(by_app: bool, out: &mut Out) -> Result<()> {
    match out.style {
        Style::Words if by_app => out.line("It is in. Its app goes on by itself.")?,
        Style::Words => {
            out.line("It is in. The page on the phone goes on by itself and says what to type into the app.")?
        }
        _ => out.json_line(&json!({"event": "accepted"}))?,
    }
    out.flush()
}
