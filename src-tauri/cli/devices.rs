//! Phones that may send: add one, list them, say why one is silent, rename one, let one wait, shut one out.

use app::local::Clock;
use app::phones::{self, AddedAnswer, DeviceAnswer, Standing};
use app::silence::{self, Silence};
use app::{Folder, Result};
use clap::Subcommand;
use clap::builder::PossibleValuesParser;

use super::End;
use super::out::{Out, Style};
use super::table::Table;

/// What to do with devices.
#[derive(Debug, clap::Args)]
pub struct Devices {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Add a phone's app, and show what to type into it
    Add {
        /// The app on the phone
        #[arg(long, value_parser = PossibleValuesParser::new(phones::apps()))]
        app: String,
        /// What to call the phone
        #[arg(long)]
        name: String,
    },
    /// List them, those that were shut out too
    List,
    /// Call one something else
    Rename {
        /// Its name or number
        device: String,
        /// The new name
        name: String,
    },
    /// Let what it sends wait
    Pause {
        /// Its name or number
        device: String,
    },
    /// Take what it sends again
    Resume {
        /// Its name or number
        device: String,
    },
    /// Let in one that paired by itself
    Accept {
        /// Its name or number
        device: String,
    },
    /// Say of each, or of one, why it is silent, and what to do next
    Why {
        /// Its name or number
        device: Option<String>,
    },
    /// Take back everything that it ever sent; it may send on
    Undo {
        /// Its name or number
        device: String,
    },
    /// Shut it out for good; what it sent stays
    Revoke {
        /// Its name or number
        device: String,
    },
}

pub(super) fn run(verb: &Devices, folder: &Folder, out: &mut Out) -> Result<End> {
    if let Action::Undo { device } = &verb.action {
        return undo(device, folder, out);
    }
    let now_ms = super::now_ms();
    let mut stand = |device: &str, standing| tell(&phones::stand(folder, device, standing, now_ms)?, out);
    match &verb.action {
        Action::Pause { device } => stand(device, Standing::Pause)?,
        Action::Resume { device } => stand(device, Standing::Resume)?,
        Action::Accept { device } => stand(device, Standing::Accept)?,
        Action::Revoke { device } => stand(device, Standing::Revoke)?,
        Action::Add { app, name } => added(&phones::add(folder, app, name, now_ms)?, out)?,
        Action::Rename { device, name } => tell(&phones::rename(folder, device.as_str(), name)?, out)?,
        // It has its own end.
        Action::Undo { .. } => {}
        Action::List => list(&phones::devices(folder)?, out)?,
        Action::Why { device } => why(&silence::silence(folder, device.as_deref(), &[], now_ms)?, out)?,
    }
    Ok(End::Done)
}

fn undo(device: &str, folder: &Folder, out: &mut Out) -> Result<End> {
    let undone = super::undo::watched(out, |cancel, progress| phones::undo(folder, device, cancel, progress))?;
    match undone {
        Some(undone) => super::undo::tell(&undone, out).map(|()| End::Done),
        None => {
            out.say("Nothing that it sent is in the store.");
            if out.style == Style::Json {
                out.json(&serde_json::json!({"import": null, "removed": 0, "restored": 0, "superseded": 0}))?;
            }
            Ok(End::Nothing)
        }
    }
}

fn list(rows: &[DeviceAnswer], out: &mut Out) -> Result<()> {
    let clock = Clock::here();
    out.rows(rows, || {
        let mut table = Table::new(&["device", "name", "app", "state", "last seen"]).or_else("No phone was added yet.");
        for row in rows {
            let seen = row.last_seen.as_ref().map(|seen| clock.time(seen)).unwrap_or_default();
            table.row([row.device.to_string(), row.name.clone(), row.app.clone(), row.state.to_owned(), seen]);
        }
        table
    })
}

fn why(rows: &[Silence], out: &mut Out) -> Result<()> {
    out.rows(rows, || {
        let mut table = Table::new(&["device", "name", "how it stands", "next"]).or_else("No phone was added yet.");
        for row in rows {
            table.row([row.device.to_string(), row.name.clone(), row.why.said.clone(), row.why.next.clone()]);
        }
        table
    })
}

fn added(answer: &AddedAnswer, out: &mut Out) -> Result<()> {
    if out.style == Style::Json {
        return out.json(answer);
    }
    let token = answer.token.as_ref().or(answer.access_token.as_ref());
    let lines = [
        ("Server", Some(&answer.url)),
        ("Certificate", answer.certificate.as_ref()),
        ("Or plain", answer.plain_url.as_ref()),
        ("Path", answer.path.as_ref()),
        ("Header", answer.header.as_ref()),
        ("Token", token),
        ("User", answer.user_id.as_ref()),
        ("Refresh token", answer.refresh_token.as_ref()),
    ];
    for (word, value) in lines {
        let Some(value) = value else { continue };
        out.line(&format!("{word:<14}{value}"))?;
    }
    if answer.certificate.is_some() {
        out.say(
            "Before it sends to the server over https, open the page of the certificate on the phone, load the profile \
             there, install it and switch it on.",
        );
    }
    if answer.plain_url.is_some() {
        out.say("To the plain address it sends without all that; anyone on this network who records it can read it.");
    }
    out.say("The token is shown this once.");
    Ok(())
}

fn tell(answer: &DeviceAnswer, out: &mut Out) -> Result<()> {
    match out.style {
        Style::Json => out.json(answer),
        _ => out.line(&format!("{} ({}) is {}.", answer.name, answer.app, answer.state)),
    }
}
