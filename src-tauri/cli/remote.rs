//! Servers that the owner forwards to: add one, list them, try one, look at what it would get, pause, remove.

use std::io::{self, BufRead as _, IsTerminal as _, Read as _, Write as _};
use std::path::PathBuf;
use std::process::Command;

use app::local::{self, Clock};
use app::remotes::{self, Line, NewServer, PATIENCE, Secret, Way, secrets};
use app::{Code, Error, Folder, Result};
use clap::Subcommand;
use clap::builder::PossibleValuesParser;

use super::End;
use super::out::{Out, Style};
use super::table::Table;

/// Bytes of a secret that are read.
const MOST_OF_A_SECRET: u64 = 64 * 1024;

/// What to do with servers.
#[derive(Debug, clap::Args)]
pub struct Remote {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Add a server; from then on it gets what you chose
    Add(Box<Add>),
    /// List them
    List,
    /// Ask one whether it is there and takes the secret; nothing of yours is sent
    Test {
        /// Its name
        name: String,
    },
    /// Show what would be sent first, byte for byte
    Preview {
        /// Its name
        name: String,
    },
    /// Send nothing to it from now on
    Pause {
        /// Its name
        name: String,
    },
    /// Send to it again, also after it stopped
    Resume {
        /// Its name
        name: String,
    },
    /// List the rows that it refused, and those that are gone here and stay there
    Refused {
        /// Its name
        name: String,
    },
    /// Send once more what it refused
    Retry {
        /// Its name
        name: String,
    },
    /// Remove it with its secret; what it has stays there
    Remove {
        /// Its name
        name: String,
    },
}

#[derive(Debug, clap::Args)]
struct Add {
    /// What it speaks
    #[arg(value_parser = PossibleValuesParser::new(remotes::protocols()))]
    protocol: String,
    /// Where it is; http only in your own network
    url: String,
    /// What to call it
    #[arg(long)]
    name: String,
    /// Types that it gets, and words such as `workout`; everything without it
    #[arg(long, value_name = "TYPE", value_delimiter = ',')]
    types: Vec<String>,
    /// It gets what starts on this local day or later
    #[arg(long, value_name = "DAY")]
    since: Option<String>,
    /// Where its secret stands: a file, or - for standard input; without it you are asked
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// Who keeps the secret: the key store of the system, or a file that only you can read
    #[arg(long, value_parser = [secrets::KEYRING, secrets::FILE], default_value = secrets::KEYRING)]
    keep_secret: String,
    /// It asks for no secret
    #[arg(long, conflicts_with = "secret_file")]
    no_secret: bool,
    /// Open Wearables: sign in with this e-mail address; the secret is the password, which is not kept
    #[arg(long, value_name = "EMAIL", group = "way")]
    login: Option<String>,
    /// Open Wearables: sign in as this application; the secret is its own
    #[arg(long, value_name = "ID", group = "way")]
    app_id: Option<String>,
    /// Open Wearables: the secret is an invitation code
    #[arg(long, group = "way")]
    invitation: bool,
    /// Open Wearables: whom it is sent for, by a name that you choose; with --app-id, the server's own id
    #[arg(long, value_name = "USER", conflicts_with = "invitation")]
    user: Option<String>,
    /// SHA-256 of its certificate that you trust, where nobody known has signed it
    #[arg(long, value_name = "DIGITS")]
    certificate: Option<String>,
}

pub(super) fn run(verb: &Remote, folder: &Folder, out: &mut Out) -> Result<End> {
    let now_ms = super::now_ms();
    match &verb.action {
        Action::Add(add) => tell(&added(add, folder, out)?, "was added", out)?,
        Action::List => list(&remotes::remotes(folder)?, out)?,
        Action::Test { name } => {
            tell(&remotes::test(folder, name, now_ms, PATIENCE)?, "is there and takes the secret", out)?;
        }
        Action::Preview { name } => preview(&remotes::preview(folder, name, now_ms)?, out)?,
        Action::Pause { name } => tell(&remotes::stand(folder, name, true, now_ms)?, "is paused", out)?,
        Action::Resume { name } => tell(&remotes::stand(folder, name, false, now_ms)?, "is sent to again", out)?,
        Action::Refused { name } => refused(&remotes::refused(folder, name)?, out)?,
        Action::Retry { name } => return retry(name, folder, out),
        Action::Remove { name } => tell(&remotes::remove(folder, name)?, "was removed", out)?,
    }
    Ok(End::Done)
}

fn added(add: &Add, folder: &Folder, out: &mut Out) -> Result<Line> {
    let mut new = NewServer {
        protocol: add.protocol.clone(),
        url: add.url.clone(),
        name: add.name.clone(),
        types: add.types.clone(),
        since: add.since.as_deref().map(local::day).transpose()?,
        every_s: Some(remotes::EVERY_S),
        paused: false,
        secret: if add.no_secret { None } else { Some(secret(add, out)?) },
        keep: add.keep_secret.clone(),
        certificate: add.certificate.clone(),
        way: way(add),
        user: add.user.clone(),
    };
    let tried = remotes::add(folder, &new, super::now_ms(), PATIENCE);
    let Err(error) = &tried else { return tried };
    match remotes::shown_certificate(error) {
        Some(digits) if new.certificate.is_none() && can_ask(out) && trusts(&error.message)? => {
            new.certificate = Some(digits.to_owned());
            remotes::add(folder, &new, super::now_ms(), PATIENCE)
        }
        _ => tried,
    }
}

/// What the secret is.
fn way(add: &Add) -> Way {
    match (&add.login, &add.app_id) {
        (Some(address), _) => Way::Login(address.clone()),
        (_, Some(id)) => Way::App(id.clone()),
        _ if add.invitation => Way::Invitation,
        _ => Way::Key,
    }
}

/// The owner at a terminal says whether a certificate is the server's own.
fn trusts(message: &str) -> Result<bool> {
    eprint!("{message} Is it the one that your server has? [y/N] ");
    io::stderr().flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

fn can_ask(out: &Out) -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal() && out.style == Style::Words
}

/// The secret: from a file, from standard input, or asked at the terminal. It is never an argument, which everybody on
/// this computer could read.
fn secret(add: &Add, out: &Out) -> Result<Secret> {
    let mut text = String::new();
    match &add.secret_file {
        Some(path) if path.as_os_str() == "-" => {
            io::stdin().lock().take(MOST_OF_A_SECRET).read_to_string(&mut text)?;
        }
        Some(path) => text = app::remotes::read_secret(path)?,
        None if can_ask(out) => text = asked()?,
        None => {
            return Err(Error::new(
                Code::BadUsage,
                "There is no terminal to ask you for the secret at.",
                "Name a file with --secret-file, `-` for standard input, or say --no-secret.",
            ));
        }
    }
    let secret = Secret::new(&text);
    match secret.is_empty() {
        true => {
            Err(Error::new(Code::BadUsage, "The secret is empty.", "Say --no-secret where the server asks for none."))
        }
        false => Ok(secret),
    }
}

/// Asks without showing what is typed, where the terminal can do that.
fn asked() -> Result<String> {
    eprint!("Secret: ");
    io::stderr().flush()?;
    let echo = |word: &str| cfg!(unix) && Command::new("stty").arg(word).status().is_ok_and(|status| status.success());
    let hidden = echo("-echo");
    let mut text = String::new();
    let read = io::stdin().lock().take(MOST_OF_A_SECRET).read_line(&mut text);
    if hidden {
        echo("echo");
        eprintln!();
    }
    read?;
    Ok(text)
}

fn tell(line: &Line, what: &str, out: &mut Out) -> Result<()> {
    match out.style {
        Style::Json => out.json(line),
        _ => out.line(&format!("{} ({}) {what}.", line.remote, line.url)),
    }
}

fn list(rows: &[Line], out: &mut Out) -> Result<()> {
    let clock = Clock::here();
    out.rows(rows, || {
        let mut table =
            Table::new(&["name", "kind", "address", "gets", "state", "sent", "says what it stored", "last reached"])
                .or_else("No server was added yet.");
        for row in rows {
            let gets = match row.types.as_array() {
                None => "everything".to_owned(),
                Some(types) => app::words::count(types.len() as u64, "type", "types"),
            };
            let state = match () {
                () if row.paused => "paused".to_owned(),
                () => row.stopped.clone().unwrap_or_else(|| "on".to_owned()),
            };
            let reached = row.reached.as_ref().map(|at| clock.time(at)).unwrap_or_default();
            let confirms = if row.confirms { "yes" } else { "no" }.to_owned();
            let (name, kind, url) = (row.remote.clone(), row.protocol.clone(), row.url.clone());
            table.row([name, kind, url, gets, state, row.sent.to_string(), confirms, reached]);
        }
        table
    })
}

fn preview(answer: &remotes::Preview, out: &mut Out) -> Result<()> {
    if out.style == Style::Json {
        return out.json(answer);
    }
    out.say(&format!(
        "{} wait in all; the first request would carry {} and take {} back, and {} cannot be said to this server.",
        app::words::count(answer.waiting, "row", "rows"),
        app::words::count(answer.rows, "row", "rows"),
        answer.withdrawn,
        answer.held
    ));
    out.line(answer.body.trim_end())
}

fn refused(rows: &[remotes::RefusedLine], out: &mut Out) -> Result<()> {
    let clock = Clock::here();
    out.rows(rows, || {
        let mut table = Table::new(&["when", "what", "why", "the server said", "row"]).or_else("It refused nothing.");
        for row in rows {
            table.row([
                clock.time(&row.at),
                row.what.clone(),
                remotes::why(&row.reason),
                row.said.clone(),
                row.row.to_string(),
            ]);
        }
        table
    })
}

fn retry(name: &str, folder: &Folder, out: &mut Out) -> Result<End> {
    let rows = remotes::retry(folder, name)?;
    match out.style {
        Style::Json => out.json(&serde_json::json!({"remote": name, "rows": rows}))?,
        _ => out.line(&format!("{} will be sent once more.", app::words::count(rows, "row", "rows")))?,
    }
    Ok(if rows == 0 { End::Nothing } else { End::Done })
}
