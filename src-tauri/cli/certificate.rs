//! The certificate that phones trust for encrypted connections: shows it, saves it, makes a new one.

use std::path::PathBuf;

use app::receiver::certificate::{self, CertificateAnswer};
use app::{Folder, Result};
use clap::Subcommand;

use super::End;
use super::out::{Out, Style};

/// What to do with it.
#[derive(Debug, clap::Args)]
pub struct Certificate {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Write it, without its key, into a file: a profile for iPhones where FILE ends in .mobileconfig, else PEM
    Save {
        /// A file that does not exist yet
        file: PathBuf,
    },
    /// Make a new one, for the names and addresses of today; every phone has to install it again
    Renew,
}

pub(super) fn run(verb: &Certificate, folder: &Folder, out: &mut Out) -> Result<End> {
    let now_ms = super::now_ms();
    let answer = match &verb.action {
        None => certificate::certificate(folder)?,
        Some(Action::Save { file }) => certificate::save(folder, file, now_ms)?,
        Some(Action::Renew) => certificate::renew(folder, now_ms)?,
    };
    match out.style {
        Style::Json => out.json(&answer)?,
        Style::Csv => out.pairs(&answer)?,
        Style::Words => show(&answer, out)?,
    }
    Ok(End::Done)
}

fn show(answer: &CertificateAnswer, out: &mut Out) -> Result<()> {
    out.line(match answer.https.as_str() {
        "no" => "Phones send without encryption; `vitalog settings set receiver_https yes` offers it to them.",
        "only" => "Phones send over https only.",
        _ => "Phones send over https where they were told to, and over http else.",
    })?;
    let Some((name, fingerprint)) = answer.name.as_ref().zip(answer.fingerprint.as_ref()) else {
        return out.line("There is no certificate yet; the first receiver that encrypts makes it.");
    };
    out.line(&format!("Name on the phone: {name}"))?;
    out.line(&format!("SHA-256: {}", in_groups(fingerprint)))?;
    out.line(&format!("It speaks for {}, and for nobody else.", answer.hosts.join(", ")))?;
    if !answer.others.is_empty() {
        let others = answer.others.join(", ");
        out.line(&format!("It does not for {others}: there nothing is encrypted. `vitalog certificate renew` helps."))?;
    }
    if let Some(until) = answer.until.as_ref().and_then(|until| until.get(..10)) {
        out.line(&format!("Good until {until}"))?;
    }
    out.say("Its key lies in the data folder, in a file that only you can read, and never leaves this computer.");
    Ok(())
}

/// Who could read what phones send.
pub(super) fn who_could_read(is_encrypted: bool) -> &'static str {
    if is_encrypted {
        "What phones send to an https address is encrypted; anyone on this network who records it can read what they send \
         to an http address."
    } else {
        "Not encrypted: anyone on this network who records it can read what phones send. `vitalog settings set \
         receiver_https yes` offers encryption."
    }
}

/// As phones show it.
pub(super) fn in_groups(hex: &str) -> String {
    let upper = hex.to_uppercase();
    let pairs: Vec<&str> = (0..upper.len() / 2).filter_map(|at| upper.get(2 * at..2 * at + 2)).collect();
    pairs.join(" ")
}
