//! What is said about servers: keys of the command line's contract.

use health::time::format_instant;
use serde::Serialize;
use serde_json::Value;
use store::remotes::Remote;

use super::{Account, find, instant, kinds, push, waiting};
use crate::error::Result;
use crate::folder::Folder;

/// Refused rows of an answer.
pub(super) const MOST: usize = 1_000;

/// A server.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Its number in this store.
    pub id: i64,
    /// What the owner calls it.
    pub remote: String,
    /// The word of its protocol.
    pub protocol: String,
    /// Where it is.
    pub url: String,
    /// What it gets; null for everything.
    pub types: Value,
    /// What starts before this instant is not for it.
    pub since: Option<String>,
    /// How often it is sent to, in seconds; null where only by hand.
    pub every_s: Option<i64>,
    /// SHA-256 of a certificate that only this owner trusts.
    pub certificate: Option<String>,
    /// Who keeps its secret: `keyring`, `file`, or `none`.
    pub secret: String,
    /// When it was added.
    pub added: String,
    /// Whether nothing is sent to it.
    pub paused: bool,
    /// Code of what the owner has to do first.
    pub stopped: Option<String>,
    /// When it last took something, or was found to have everything.
    pub reached: Option<String>,
    /// Whom it is sent for, as the server spells it; null where it asks for none.
    pub user: Option<String>,
    /// Whether it says what it stored. Else what it has is accepted, and nobody can look.
    pub confirms: bool,
    /// Rows that were sent to it, over all time.
    pub sent: u64,
}

impl From<Remote> for Line {
    fn from(remote: Remote) -> Self {
        let account = Account::of(&remote).ok();
        Self {
            id: remote.id,
            remote: remote.name,
            protocol: remote.protocol,
            url: remote.url,
            types: serde_json::from_str(&remote.types).unwrap_or_default(),
            since: instant(remote.since_ms),
            every_s: remote.every_s,
            certificate: remote.certificate,
            secret: remote.keeper,
            added: format_instant(remote.made_ms),
            paused: remote.paused_ms.is_some(),
            stopped: remote.stopped,
            reached: instant(remote.reached_ms),
            confirms: account.as_ref().is_none_or(|account| !account.blind),
            user: account.and_then(|account| account.user),
            sent: remote.sent,
        }
    }
}

/// What waits for a server.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct OutboxLine {
    /// The server.
    pub remote: String,
    /// `idle`, `sending`, `waiting` or `stopped`.
    pub state: &'static str,
    /// Rows that it has, as far as it says so.
    pub acked: u64,
    /// Of these, rows that it took without saying whether they are stored.
    pub accepted: u64,
    /// Rows that wait.
    pub waiting: u64,
    /// Rows that it refused, or that its protocol has no word for.
    pub refused: u64,
    /// Rows that it refused and that the owner leaves out.
    pub left_out: u64,
    /// Rows that are gone here and stay there: it cannot be asked to take them back.
    pub stays: u64,
    /// Whether the owner paused it.
    pub paused: bool,
    /// When it is tried again.
    pub next_try: Option<String>,
    /// What went wrong last.
    pub last_error: Option<String>,
}

/// A row that a server refused.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RefusedLine {
    /// Why: a code.
    pub reason: String,
    /// The reason in words, such as `was refused by the server`.
    pub why: String,
    /// The server's own words.
    pub said: String,
    /// When.
    pub at: String,
    /// Rows of which sort, such as `Heart rate` or `Workouts`.
    pub what: String,
    /// The row, or as much of it as is kept.
    pub row: Value,
}

/// What would be sent first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Preview {
    /// The server.
    pub remote: String,
    /// Rows that wait, over all.
    pub waiting: u64,
    /// Rows of the first request.
    pub rows: u64,
    /// Rows that it takes back.
    pub withdrawn: u64,
    /// Rows beside them that the protocol has no word for.
    pub held: u64,
    /// Its body, byte for byte; empty where nothing is to be sent.
    pub body: String,
}

/// Every server, the oldest first.
pub fn remotes(folder: &Folder) -> Result<Vec<Line>> {
    Ok(folder.read()?.remotes()?.into_iter().map(Into::into).collect())
}

/// What waits for each server.
pub fn outbox(folder: &Folder) -> Result<Vec<OutboxLine>> {
    let store = folder.read()?;
    let line = |remote: Remote| {
        let totals = store.remote_totals(remote.id)?;
        let waiting = waiting(&store, &remote)?;
        let blind = Account::of(&remote)?.blind;
        let state = match () {
            () if push::is_sending(folder, remote.id) => "sending",
            () if remote.stopped.is_some() || remote.paused_ms.is_some() => "stopped",
            () if waiting > 0 || remote.next_ms.is_some() => "waiting",
            () => "idle",
        };
        Ok(OutboxLine {
            remote: remote.name,
            state,
            acked: totals.acked,
            accepted: if blind { totals.acked } else { 0 },
            waiting,
            refused: totals.refused,
            left_out: totals.left_out,
            stays: totals.stays,
            paused: remote.paused_ms.is_some(),
            next_try: instant(remote.next_ms),
            last_error: remote.said.filter(|said| !said.is_empty()).or(remote.stopped),
        })
    };
    store.remotes()?.into_iter().map(line).collect()
}

/// What a server refused and what stays there, the newest first.
pub fn refused(folder: &Folder, name: &str) -> Result<Vec<RefusedLine>> {
    let store = folder.read()?;
    let rows = store.refused(find(&store, name)?.id, MOST)?;
    let line = |row: store::remotes::RefusedRow| RefusedLine {
        why: super::why(&row.code),
        reason: row.code,
        said: row.said,
        at: format_instant(row.at_ms),
        what: kinds::sort_of(&row.span.series),
        row: serde_json::from_str(&row.line).unwrap_or(Value::String(row.line)),
    };
    Ok(rows.into_iter().map(line).collect())
}
