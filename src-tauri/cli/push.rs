//! Sends to servers, now.

use std::sync::mpsc;
use std::time::Duration;

use app::remotes::{self, Means, Pushed};
use app::{Cancel, Code, Error, Folder, Result};

use super::End;
use super::out::{Out, Style};

/// How often is looked whether there is something new to send.
const LOOK: Duration = Duration::from_secs(2);

/// What to send.
#[derive(Debug, clap::Args)]
pub struct Push {
    /// Only to this server; else to all that are not paused
    #[arg(long, value_name = "NAME")]
    remote: Option<String>,
    /// End once nothing waits, or at the first failure; else go on as new data comes, until Ctrl-C
    #[arg(long)]
    once: bool,
    /// Only say what would be sent
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(verb: &Push, folder: &Folder, out: &mut Out) -> Result<End> {
    let names = names(verb, folder)?;
    if verb.dry_run {
        let told: Vec<Pushed> =
            names.iter().map(|name| remotes::dry_run(folder, name, super::now_ms())).collect::<Result<_>>()?;
        tell(&told, verb, out)?;
        return Ok(if told.iter().all(|one| one.selected == 0) { End::Nothing } else { End::Done });
    }
    let cancel = Cancel::default();
    let woken = stop_by_signal(&cancel);
    let mut end = End::Nothing;
    loop {
        let mut told = Vec::new();
        for name in names_now(verb, folder, &names)? {
            told.push(pushed(folder, &name, &cancel)?);
        }
        let is_first = end == End::Nothing;
        let news = told.iter().any(|one| one.selected > 0 || one.failed.is_some() || one.refused > 0);
        if news || verb.once {
            tell(&told, verb, out)?;
            out.flush()?;
        }
        end = ended(&told, if is_first { End::Nothing } else { end });
        if verb.once {
            return Ok(end);
        }
        let pause = told.iter().filter_map(|one| one.failed.as_ref()?.again_ms).max();
        let pause = pause.map_or(LOOK, Duration::from_millis).max(LOOK);
        if !matches!(woken.recv_timeout(pause), Err(mpsc::RecvTimeoutError::Timeout)) {
            return Ok(end);
        }
    }
}

/// The servers that are meant.
fn names(verb: &Push, folder: &Folder) -> Result<Vec<String>> {
    let all = remotes::remotes(folder)?;
    match &verb.remote {
        None => Ok(all.into_iter().filter(|line| !line.paused).map(|line| line.remote).collect()),
        Some(name) => match all.iter().find(|line| line.remote == *name) {
            None => Err(Error::new(
                Code::UnknownRemote,
                "There is no such server.",
                "`vitalog remote list` lists them all.",
            )),
            Some(line) if line.paused => Err(Error::new(
                Code::BadUsage,
                "Nothing is sent to this server: it is paused.",
                "`vitalog remote resume NAME` sends to it again.",
            )),
            Some(_) => Ok(vec![name.clone()]),
        },
    }
}

/// Those of them that are still there and not paused.
fn names_now(verb: &Push, folder: &Folder, first: &[String]) -> Result<Vec<String>> {
    if verb.once {
        return Ok(first.to_vec());
    }
    names(verb, folder)
}

fn pushed(folder: &Folder, name: &str, cancel: &Cancel) -> Result<Pushed> {
    remotes::push(
        folder,
        name,
        &mut Means {
            now: &super::now_ms,
            chance: &|| remotes::chance(),
            cancel: cancel.clone(),
            patience: remotes::PATIENCE,
            progress: &mut |_| {},
        },
    )
}

fn ended(told: &[Pushed], before: End) -> End {
    match () {
        () if told.iter().any(|one| one.failed.is_some()) => End::Failed,
        () if told.iter().any(|one| one.refused > 0) => End::Rejected,
        () if told.iter().any(|one| one.selected > 0) => End::Done,
        () => before,
    }
}

/// Asks for an end, which comes between two requests; a second signal does not wait for it.
fn stop_by_signal(cancel: &Cancel) -> mpsc::Receiver<()> {
    let (tell, told) = mpsc::channel();
    let cancel = cancel.clone();
    let _ = ctrlc::set_handler(move || {
        if cancel.cancel() {
            std::process::exit(super::CANCELLED.into());
        }
        let _ = tell.send(());
    });
    told
}

fn tell(told: &[Pushed], verb: &Push, out: &mut Out) -> Result<()> {
    if out.style == Style::Json {
        return match (told, verb.once || verb.dry_run) {
            ([one], true) if verb.remote.is_some() => out.json(one),
            (all, true) => out.json(&all),
            (all, false) => all.iter().try_for_each(|one| out.json_line(one)),
        };
    }
    if told.is_empty() {
        out.say("There is no server to send to.");
    }
    for one in told {
        out.line(&words(one, verb.dry_run))?;
        for problem in &one.problems {
            let said = if problem.said.is_empty() { String::new() } else { format!(": {}", problem.said) };
            out.line(&format!("  {} not stored: {}{said}", problem.count, remotes::why(&problem.reason)))?;
        }
        if let Some(failure) = &one.failed {
            out.line(&format!("  stopped ({}): {}", failure.code, failure.message))?;
        }
    }
    Ok(())
}

fn words(one: &Pushed, dry_run: bool) -> String {
    if dry_run {
        return format!("{}: {} to send", one.remote, app::words::count(one.selected, "row", "rows"));
    }
    // Where nobody can look what was stored, that is said.
    let accepted = if one.accepted > 0 { format!("{} accepted, ", one.accepted) } else { String::new() };
    format!(
        "{}: {} sent, {accepted}{} stored, {} taken back, {} refused, {} waiting",
        one.remote, one.sent, one.stored, one.withdrawn, one.refused, one.waiting
    )
}
