//! The servers of the owner as the window shows them: each with how it stands and what waits for it. Sends nothing.

use serde::Serialize;

use crate::error::Result;
use crate::folder::Folder;
use crate::remotes::{self, Kind, Line, OutboxLine};

/// Everything about servers.
#[derive(Debug, Clone, Serialize)]
pub struct Servers {
    /// Each, the oldest first.
    pub servers: Vec<Server>,
    /// What can be added.
    pub kinds: Vec<Kind>,
}

/// A server.
#[derive(Debug, Clone, Serialize)]
pub struct Server {
    #[serde(flatten)]
    line: Line,
    /// How it stands: `new` (added, and nobody said yet that it may be sent to), `paused`, `stopped`, `sending`,
    /// `waiting`, `idle`.
    pub stands: &'static str,
    /// What it is called for people.
    pub kind: String,
    /// What it has and what waits for it, as `vitalog outbox` says it.
    pub outbox: OutboxLine,
}

/// Everything about servers.
pub fn servers(folder: &Folder) -> Result<Servers> {
    let kinds = remotes::kinds();
    let lines = remotes::remotes(folder)?;
    let mut outbox = remotes::outbox(folder)?;
    let server = |line: Line| {
        // One that was added between the two questions comes with the next.
        let place = outbox.iter().position(|row| row.remote == line.remote)?;
        let outbox = outbox.swap_remove(place);
        let kind = kinds.iter().find(|kind| kind.protocol == line.protocol);
        let kind = kind.map_or(line.protocol.clone(), |kind| kind.name.to_owned());
        Some(Server { stands: stands(&line, &outbox), kind, line, outbox })
    };
    let servers = lines.into_iter().filter_map(server).collect();
    Ok(Servers { servers, kinds })
}

fn stands(line: &Line, outbox: &OutboxLine) -> &'static str {
    match () {
        () if outbox.state == "sending" => "sending",
        () if line.paused && line.sent == 0 && line.reached.is_none() => "new",
        () if line.paused => "paused",
        () if line.stopped.is_some() => "stopped",
        () => outbox.state,
    }
}
