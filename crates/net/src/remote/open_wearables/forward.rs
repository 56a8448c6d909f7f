//! What a forwarder does: what changed is taken away, then bodies go one after the other.

use std::time::Duration;

use health::formats::open_wearables::encode::{self, lines};

use super::{API, Access, Event, Fate, Found, Patience, Server};
use crate::error::Result;
use crate::remote::client::{Client, Request};
use crate::remote::protocol::{Batch, Entry, Gone, Verdict, number};

/// Who cannot look whether the server knows a user by now waits so long after the first body: a second one that is
/// worked off at the same time may be lost.
const AFTER_THE_FIRST: Duration = Duration::from_secs(2);
/// A night or a workout that begins on a day ends so long after it at the latest.
const LONGEST_MS: i64 = 2 * 86_400_000;

/// Sends a batch, and finds out what became of it.
///
/// Errors: as [`Client::ask`], and `NotKept`; then nobody knows what became of it, and it is sent again.
pub(in crate::remote) async fn deliver(client: &Client, entry: &mut Entry<'_>, batch: &Batch<'_>) -> Result<Verdict> {
    let opened = entry.opened;
    let done = with_server(client, entry, batch.now_ms, async |server| run(server, batch, opened).await).await?;
    entry.opened |= matches!(done, Verdict::Stored | Verdict::Accepted);
    Ok(done)
}

/// Asks whether the server is there, takes the secret and knows the user; nothing of anybody's is sent.
///
/// Errors: as [`deliver`].
pub(in crate::remote) async fn greet(client: &Client, entry: &mut Entry<'_>, now_ms: i64) -> Result<Verdict> {
    with_server(client, entry, now_ms, async |server| server.greet(now_ms).await).await
}

/// Does something with the server, and keeps what access it gave in place of the old one.
async fn with_server(
    client: &Client,
    entry: &mut Entry<'_>,
    now_ms: i64,
    work: impl AsyncFnOnce(&mut Server<'_>) -> Result<Verdict>,
) -> Result<Verdict> {
    let Some(access) = Access::of_secret(&entry.secret) else {
        return Ok(Verdict::Stop("unauthorized", String::new()));
    };
    let (keep, now) = (&mut *entry.keep, || now_ms);
    let mut kept = None;
    let mut keep = |access: &Access| {
        let secret = access.to_secret();
        keep(&secret)?;
        kept = Some(secret);
        Ok(())
    };
    let done = work(&mut Server::new(client, entry.user, access, &mut keep, &now)).await;
    if let Some(secret) = kept {
        entry.secret = secret;
    }
    done
}

async fn run(server: &mut Server<'_>, batch: &Batch<'_>, opened: bool) -> Result<Verdict> {
    let patience = Patience::default();
    if !opened {
        match server.open(encode::opening(batch.now_ms), patience).await? {
            Fate::Not(verdict) => return Ok(verdict),
            Fate::Accepted => tokio::time::sleep(AFTER_THE_FIRST).await,
            Fate::Stored(_) => {}
        }
    }
    for gone in batch.gone {
        if let Err(verdict) = server.take_back(gone).await? {
            return Ok(verdict);
        }
    }
    let rows: Vec<_> = batch.rows.iter().map(|piece| &piece.row).collect();
    for body in lines::bodies(&rows, batch.now_ms) {
        if let Fate::Not(verdict) = server.send(body.text.into_bytes(), patience).await? {
            return Ok(verdict);
        }
    }
    Ok(if server.access.can_look() { Verdict::Stored } else { Verdict::Accepted })
}

impl Server<'_> {
    /// Takes nights or workouts away, by the numbers under which the ledger knows them.
    async fn take_back(&mut self, gone: &Gone) -> super::Said<u64> {
        let event = if gone.record == "sample" { Event::Night } else { Event::Workout };
        let is_meant = |found: Found<'_>| {
            let Found { model, name, times } = found;
            let identity = match event {
                Event::Night => lines::night_identity(model, name, times.0),
                Event::Workout => lines::workout_identity(model, name, times),
            };
            let identity = number(&identity);
            gone.marks.iter().any(|mark| mark.identity == identity)
        };
        let (from_ms, until_ms) = gone.range_ms;
        self.take_away(event, (from_ms, until_ms.saturating_add(LONGEST_MS)), &is_meant).await
    }

    /// Asks about the user; who may only send, sends a body that holds nothing.
    async fn greet(&mut self, now_ms: i64) -> Result<Verdict> {
        if !self.access.can_look() {
            return Ok(match self.send(encode::opening(now_ms), Patience::default()).await? {
                Fate::Not(verdict) => verdict,
                _ => Verdict::Accepted,
            });
        }
        let path = format!("{API}/users/{}", self.user);
        let request = |access: &Access| Request {
            method: "GET",
            path: path.clone(),
            secret: access.to_look(),
            content_type: None,
            body: Vec::new(),
        };
        let answer = self.ask(&request).await?;
        Ok(match super::json(&answer) {
            // The path is one of the server's: it is the user that is not there.
            Err(Verdict::Stop("not_there", said)) if answer.status == 404 => Verdict::Stop("unknown_user", said),
            Err(verdict) => verdict,
            Ok(told) if told["id"].as_str() == Some(self.user.as_str()) => Verdict::Stored,
            Ok(_) => Verdict::Stop("not_there", String::new()),
        })
    }
}
