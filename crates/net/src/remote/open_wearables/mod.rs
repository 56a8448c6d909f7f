//! An Open Wearables server: signing in, batches one after the other, and what became of each.
//!
//! The server says 202 before it looks at anything, and its answer names no run. So one batch goes at a time, and the
//! run that was not there before tells what became of it. Who has only tokens and no key cannot look: then a batch is
//! accepted, and nobody knows whether it is stored.
//!
//! ```text
//!   SignIn ──► Access (a key, or tokens that are refreshed) ──► Server ── send ──► Fate: stored, accepted, or not
//! ```
//!
//! `deliver` and `greet` are what a forwarder needs of it. Bodies are made by
//! `health::formats::open_wearables::encode`.

mod access;
mod events;
mod forward;
mod runs;
mod sign_in;

use std::time::Duration;

use serde_json::Value as Json;

pub use self::access::{Access, Tokens};
pub use self::events::{Event, Found};
pub(super) use self::forward::{deliver, greet};
pub use self::sign_in::{SignIn, SignedIn, sign_in};
use super::client::{Answer, Client, Request, Secret};
use super::protocol::Verdict;
use crate::error::Result;

/// Below the address of every server.
const API: &str = "/api/v1";
/// Tokens are made anew no more often, whatever the server says.
const REFRESH_EVERY_MS: i64 = 60_000;
const JSON: &str = "application/json";

/// What was asked for, or what is in the way. An error of the client is the `Err` around it.
pub type Said<T> = Result<std::result::Result<T, Verdict>>;

/// How long to wait for a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Between two looks, at most: the first ones come sooner.
    pub pause: Duration,
    /// So many looks, then it is later.
    pub looks: u32,
}

impl Default for Patience {
    /// Every second for ten minutes: a queue of other batches may be before ours.
    fn default() -> Self {
        Self { pause: Duration::from_secs(1), looks: 600 }
    }
}

/// What became of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// Its run ended well.
    Stored(Saved),
    /// The server took it; with tokens alone nobody can look what became of it.
    Accepted,
    /// Neither.
    Not(Verdict),
}

/// What a run says that it saved. Points count repeats, and stages of sleep count as they came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Saved {
    /// Points.
    pub records: u64,
    /// Workouts that were not there before.
    pub workouts: u64,
    /// Stages of sleep.
    pub sleep: u64,
}

/// What the server holds of a user, by its own count.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Points by series, in the order of their names.
    pub points: Vec<(String, u64)>,
    /// Workouts.
    pub workouts: u64,
    /// Sessions of sleep.
    pub nights: u64,
}

/// A user of a server, as whom we send.
pub struct Server<'a> {
    client: &'a Client,
    user: String,
    access: Access,
    /// Keeps new tokens before they are used: one whose answer was lost is worth nothing.
    keep: &'a mut (dyn FnMut(&Access) -> Result<()> + Send),
    now: &'a (dyn Fn() -> i64 + Sync),
    refreshed_ms: Option<i64>,
}

impl<'a> Server<'a> {
    /// A user of a server. `keep` must have the access durably when it returns.
    pub fn new(
        client: &'a Client,
        user: &str,
        access: Access,
        keep: &'a mut (dyn FnMut(&Access) -> Result<()> + Send),
        now: &'a (dyn Fn() -> i64 + Sync),
    ) -> Self {
        Self { client, user: user.to_owned(), access, keep, now, refreshed_ms: None }
    }

    /// Sends the body that must go first and alone, unless the server knows us already.
    pub async fn open(&mut self, opening: Vec<u8>, patience: Patience) -> Result<Fate> {
        if self.access.can_look() {
            match self.get(&format!("/users/{}/connections", self.user)).await? {
                Ok(Json::Array(known)) if known.iter().any(|one| one["provider"] == "apple") => {
                    return Ok(Fate::Stored(Saved::default()));
                }
                Ok(_) => {}
                Err(verdict) => return Ok(Fate::Not(verdict)),
            }
        }
        self.send(opening, patience).await
    }

    /// Sends a body and finds out what became of it. The next one may go when this returns.
    ///
    /// Errors: as [`Client::ask`]; then nobody knows what became of it, and it is sent again: the server keeps nothing
    /// twice.
    pub async fn send(&mut self, body: Vec<u8>, patience: Patience) -> Result<Fate> {
        let before = match self.runs().await? {
            Ok(runs) => runs,
            Err(verdict) => return Ok(Fate::Not(verdict)),
        };
        let path = format!("{API}/sdk/users/{}/sync", self.user);
        let request = |access: &Access| Request {
            method: "POST",
            path: path.clone(),
            secret: access.to_send(),
            content_type: Some(JSON),
            body: body.clone(),
        };
        let answer = self.ask(&request).await?;
        if answer.status != 202 {
            return Ok(Fate::Not(verdict(&answer)));
        }
        match before {
            None => Ok(Fate::Accepted),
            Some(before) => self.wait(&before, patience).await,
        }
    }

    /// What the server holds, by its own count; none where nobody can look.
    pub async fn counts(&mut self) -> Said<Option<Counts>> {
        if !self.access.can_look() {
            return Ok(Ok(None));
        }
        let told = self.get(&format!("/users/{}/summaries/data", self.user)).await?;
        Ok(told.map(|told| {
            let points = told["series_type_counts"].as_object().into_iter().flatten();
            let points = points.filter_map(|(series, n)| Some((series.clone(), n.as_u64()?))).collect();
            let number = |key: &str| told[key].as_u64().unwrap_or_default();
            Some(Counts { points, workouts: number("total_workouts"), nights: number("total_sleep_events") })
        }))
    }

    /// Asks what only who can look may ask.
    async fn get(&mut self, path: &str) -> Said<Json> {
        let request = |access: &Access| Request {
            method: "GET",
            path: format!("{API}{path}"),
            secret: access.to_look(),
            content_type: None,
            body: Vec::new(),
        };
        Ok(json(&self.ask(&request).await?))
    }

    /// Asks; where the token is over, once more with a new one.
    async fn ask(&mut self, request: &(dyn Fn(&Access) -> Request + Sync)) -> Result<Answer> {
        let answer = self.client.ask(request(&self.access)).await?;
        if answer.status == 401 && self.refresh().await? {
            return self.client.ask(request(&self.access)).await;
        }
        Ok(answer)
    }

    /// Makes tokens anew. False where there are none, or the server gives none: the owner has to sign in again.
    ///
    /// Errors: as [`Client::ask`], and what keeping them says; the old refresh token may be dead then.
    async fn refresh(&mut self) -> Result<bool> {
        let now_ms = (self.now)();
        let is_soon = self.refreshed_ms.is_some_and(|then| now_ms.saturating_sub(then).abs() < REFRESH_EVERY_MS);
        let Some(tokens) = self.access.tokens().filter(|_| !is_soon) else { return Ok(false) };
        self.refreshed_ms = Some(now_ms);
        let body = serde_json::json!({"refresh_token": tokens.refresh.reveal()}).to_string();
        let answer = self.client.ask(post("/token/refresh", JSON, body, None)).await?;
        let Some(fresh) = json(&answer).ok().and_then(|told| Tokens::of(&told)) else { return Ok(false) };
        let access = Access::Tokens(fresh);
        (self.keep)(&access)?;
        self.access = access;
        Ok(true)
    }
}

fn post(path: &str, kind: &'static str, body: String, secret: Option<Header>) -> Request {
    let path = format!("{API}{path}");
    Request { method: "POST", path, secret, content_type: Some(kind), body: body.into_bytes() }
}

/// As in [`Request::secret`].
type Header = (String, Option<&'static str>, Secret);

/// The JSON of an answer of success; else what is in the way. A page where an answer should be is another server.
fn json(answer: &Answer) -> std::result::Result<Json, Verdict> {
    match answer.status {
        200..=299 => match answer.json() {
            Json::Null if !answer.body.is_empty() => Err(Verdict::Stop("not_there", answer.words())),
            told => Ok(told),
        },
        _ => Err(verdict(answer)),
    }
}

/// What a status means. One of success that is not 202 to a batch, too, is of another server.
fn verdict(answer: &Answer) -> Verdict {
    let words = answer.words();
    match answer.status {
        401 | 403 => Verdict::Stop("unauthorized", words),
        200..=299 | 404 | 405 => Verdict::Stop("not_there", words),
        408 | 425 | 429 | 500..=599 => Verdict::Later(answer.retry_after, words),
        _ => Verdict::Refused(words),
    }
}
