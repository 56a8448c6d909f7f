//! A body with records: a short one into the store, a long one into the spool, and then the answer.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::response::Response;
use health::formats::healthsave::answers as healthsave;
use health::formats::phone::inflate::Packing;
use health::phone::Feed;
use store::peers::{NewDelivery, Outcome, ProblemOf, Seen, State};
use tokio::time::{Instant, timeout, timeout_at};

use super::answer;
use super::auth::Known;
use super::body::{self, Torn};
use super::guard::Ends;
use super::handle::{app_version, known};
use super::quota::{self, Room};
use super::shared::{Claimed, Shared};
use super::work::{self, Done, Fresh, Lane};
use crate::events::Event;
use crate::spool::{MAX_BODY, Meta, Whole, Writing};

/// How long an answer waits for all that follows once the body is here; HealthSync gives up after 20 s.
const PATIENCE: Duration = Duration::from_secs(8);
/// How long a body waits for a place among those that are being received.
const QUEUE: Duration = Duration::from_secs(30);
/// Bytes of a header or query that are kept for the decoder.
const MAX_WORD: usize = 1_024;

/// Takes a body. `user` is whom the address of Open Wearables names.
pub(super) async fn records(
    shared: Arc<Shared>,
    ends: Ends,
    feed: Feed,
    user: Option<String>,
    request: Request,
) -> Response {
    let known = match known(&shared, ends, request.headers(), Some(feed)).await {
        Ok(known) => known,
        Err(refusal) => return refusal,
    };
    if user.is_some_and(|user| !user.eq_ignore_ascii_case(&known.peer.user_id)) {
        return answer::refuse(403, "Forbidden");
    }
    if shared.is_stopping() || !shared.spool.has_room(known.peer.id) {
        return answer::later();
    }
    match room(&shared, known.peer.id).await {
        Room::Is => {}
        Room::Ends(reason) => {
            refused(&shared, ends, &known, request.headers(), reason).await;
            return answer::later();
        }
        Room::IsNone => return answer::later(),
    }
    let head = match Head::read(&shared, ends, &known, &request) {
        Ok(head) => head,
        Err(Unwanted { status, text }) => {
            let reason = if status == 413 { "too_large" } else { "unsupported" };
            refused(&shared, ends, &known, request.headers(), reason).await;
            return answer::refuse(status, &text);
        }
    };
    let Some(_place) = shared.place(known.peer.id) else { return answer::later() };
    let Ok(Ok(_slot)) = timeout(QUEUE, shared.receiving.acquire()).await else { return answer::later() };
    let (parts, body) = request.into_parts();
    match gather(&shared, head, body).await {
        Ok((claimed, whole)) => taken(claimed, &known, whole, &parts.headers).await,
        Err(Ended::Later) => answer::later(),
        Err(Ended::Slow) => answer::refuse(408, "Request Timeout"),
        Err(Ended::Refused(error, kept)) => {
            match *kept {
                Some((claimed, meta)) => kept_of(&claimed, &known, meta).await,
                None => refused(&shared, ends, &known, &parts.headers, answer::reason(&error)).await,
            }
            match error.kind() {
                health::ErrorKind::TooLarge(_) => answer::too_large(),
                _ => answer::refuse(400, "Bad Request"),
            }
        }
    }
}

/// Whether a phone may bring more on this day. A store that cannot be asked is no reason to refuse anything.
async fn room(shared: &Arc<Shared>, peer: i64) -> Room {
    let now_ms = shared.now_ms();
    if !shared.quota.knows(peer, now_ms) {
        let since_ms = quota::day_of(now_ms);
        let asked =
            shared.read(move |store| Ok((store.new_since(peer, since_ms)?, store.deliveries_since(peer, since_ms)?)));
        if let Ok((new, bodies)) = asked.await {
            shared.quota.learn(peer, now_ms, new, bodies);
        }
    }
    shared.quota.room(peer, now_ms)
}

/// What is kept of a request, and how its body is packed.
struct Head {
    meta: Meta,
    packing: Packing,
}

/// Why a body is not wanted.
struct Unwanted {
    status: u16,
    text: String,
}

impl Unwanted {
    fn new(status: u16, text: &str) -> Self {
        Self { status, text: text.to_owned() }
    }
}

impl Head {
    /// Reads it, or says why the body is not wanted.
    fn read(shared: &Shared, ends: Ends, known: &Known, request: &Request) -> Result<Self, Unwanted> {
        let (headers, feed) = (request.headers(), known.peer.feed);
        let word = |name: &str| header(headers, name);
        let content_type = word("content-type");
        if feed == Feed::HealthAutoExport {
            health::formats::health_auto_export::check_content_type(content_type.as_deref())
                .map_err(|error| Unwanted::new(415, &error.to_string()))?;
        }
        // What a web page can send without asking first. Open Wearables would throw its chunk away.
        if feed != Feed::OpenWearables && content_type.as_deref().is_some_and(is_of_a_form) {
            return Err(Unwanted::new(415, "Send JSON, with the content type application/json."));
        }
        let packing = Packing::of_header(word("content-encoding").as_deref());
        let packing = packing.ok_or_else(|| Unwanted::new(415, "Unsupported Media Type"))?;
        let length = request.body().size_hint().lower();
        if length > MAX_BODY {
            return Err(Unwanted::new(413, "Payload Too Large"));
        }
        let name = (feed == Feed::HealthSave).then(|| word(healthsave::IDEMPOTENCY_KEY)).flatten();
        let content = word(healthsave::PAYLOAD_HASH).unwrap_or_default();
        let meta = Meta {
            peer: known.peer.id,
            received_ms: shared.now_ms(),
            address: ends.address(),
            app_version: app_version(headers),
            content_type,
            aggregation: word("automation-aggregation"),
            query: request.uri().query().unwrap_or_default().chars().take(MAX_WORD).collect(),
            request: name.map(|name| (name, content)),
            ..Meta::default()
        };
        Ok(Self { meta, packing })
    }
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?;
    (value.len() <= MAX_WORD).then(|| value.to_owned())
}

fn is_of_a_form(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain", "text/csv"].contains(&kind.as_str())
}

/// Why there is no body.
enum Ended {
    Later,
    Slow,
    /// What came of it lies in the spool, where there was room.
    Refused(health::Error, Box<Option<(Claimed, Meta)>>),
}

/// Keeps what came of a body that cannot be one.
async fn torn(error: health::Error, writing: Box<Writing>, mut meta: Meta, claimed: Claimed) -> Ended {
    if matches!(error.kind(), health::ErrorKind::Io(_)) {
        // The disk is full or gone: the phone keeps it.
        return Ended::Later;
    }
    meta.refused = Some(answer::reason(&error).to_owned());
    let kept = tokio::task::spawn_blocking(move || writing.keep_torn(meta)).await;
    let kept = kept.ok().and_then(Result::ok).map(|meta| (claimed, meta));
    Ended::Refused(error, Box::new(kept))
}

/// Receives a body: a long one is durable then.
async fn gather(shared: &Arc<Shared>, head: Head, body: Body) -> Result<(Claimed, Whole), Ended> {
    let Head { mut meta, packing } = head;
    let writing = shared.spool.begin(shared.now_ms(), packing).map_err(|_| Ended::Later)?;
    // Before anybody else can see it.
    let claimed = shared.claim(writing.name()).ok_or(Ended::Later)?;
    let received = body::receive(body, writing).await;
    meta.received_ms = shared.now_ms();
    let (mut writing, rest) = match received {
        Ok(received) => received,
        // Nobody is there any more to read the answer.
        Err(Torn::Gone | Torn::Slow) => return Err(Ended::Slow),
        Err(Torn::Refused(error, writing)) => return Err(torn(error, writing, meta, claimed).await),
    };
    let told = meta.clone();
    let finished = tokio::task::spawn_blocking(move || match writing.push(&rest).and_then(|()| writing.end()) {
        Ok(()) => Ok(writing.finish(meta)),
        Err(error) => Err((error, Box::new(writing))),
    });
    match finished.await.map_err(|_| Ended::Later)? {
        Ok(whole) => Ok((claimed, whole.map_err(|_| Ended::Later)?)),
        Err((error, writing)) => Err(torn(error, writing, told, claimed).await),
    }
}

/// Keeps that a body was refused of which something lies in the spool. Where others keep the store the next sweep does.
async fn kept_of(claimed: &Claimed, known: &Known, meta: Meta) {
    let (shared, name) = (&claimed.shared, &claimed.name);
    let reason = meta.refused.clone().unwrap_or_default();
    let problems = vec![ProblemOf { reason, kind: None, count: 1 }];
    let outcome = Outcome { problems, ..Outcome::default() };
    if let Ok(id) = row(shared, known, name, &meta, Instant::now() + PATIENCE).await {
        shared.tell(Event::delivery(&known.peer, id, meta.bytes, State::Unreadable.as_str(), &outcome));
        let _ = shared.write(move |store| store.finish_delivery(id, State::Unreadable, &outcome, None)).await;
    }
}

/// Answers for a body: of a long one, and of one that has to wait, that it lies in the spool.
async fn taken(claimed: Claimed, known: &Known, whole: Whole, headers: &HeaderMap) -> Response {
    let (shared, name) = (&Arc::clone(&claimed.shared), claimed.name.clone());
    let waits = || answer::accepted(&known.peer, &answer::unread(|name| header(headers, name)));
    let Whole { mut meta, short } = whole;
    meta.request = meta.named();
    shared.quota.add_body(known.peer.id, meta.received_ms);
    let until = Instant::now() + PATIENCE;
    if is_another_content(shared, &meta).await {
        conflicts(shared, known, &name, meta).await;
        return answer::json(409, &healthsave::conflict());
    }
    if let Some(short) = short.as_ref().filter(|_| known.peer.is_ready()) {
        let fresh = Arc::new(Fresh::new(meta.clone(), known.token, Arc::clone(short)));
        // Goes on by itself where it takes longer than an answer may.
        let work = tokio::spawn(work::work(claimed, Lane::Small, Some(Arc::clone(&fresh))));
        match timeout_at(until, work).await {
            Ok(Ok(Done::Taken(taken))) => return answer::accepted(&known.peer, &taken),
            Ok(Ok(Done::Refused(error))) => return answer::unreadable(&known.peer, &error),
            _ if keep(shared, &name, &meta, short).await.is_err() => return answer::later(),
            // The work is done from the spool, where it has not begun.
            _ => drop(fresh.take()),
        }
        // Where another process writes the body is as safe in the spool, and the next sweep finds it there.
        let _ = row(shared, known, &name, &meta, until).await;
        return waits();
    }
    if let Some(short) = &short
        && keep(shared, &name, &meta, short).await.is_err()
    {
        return answer::later();
    }
    let Ok(id) = row(shared, known, &name, &meta, until).await else { return waits() };
    match known.peer.is_ready() {
        true => drop(tokio::spawn(work::work(claimed, Lane::Large, None))),
        false => {
            shared.tell(Event::delivery(&known.peer, id, meta.bytes, State::Pending.as_str(), &Outcome::default()))
        }
    }
    waits()
}

/// Makes a short body durable that has to wait.
async fn keep(shared: &Arc<Shared>, name: &str, meta: &Meta, short: &Arc<[u8]>) -> Result<(), Ended> {
    let (spool, name, meta, short) = (Arc::clone(&shared.spool), name.to_owned(), meta.clone(), Arc::clone(short));
    match tokio::task::spawn_blocking(move || spool.keep(&name, &meta, &short)).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(Ended::Later),
    }
}

/// Keeps that the delivery is there.
async fn row(shared: &Arc<Shared>, known: &Known, name: &str, meta: &Meta, until: Instant) -> store::Result<i64> {
    let (name, meta, token) = (name.to_owned(), meta.clone(), known.token);
    shared.write_until(until, move |store| store.take_delivery(new_delivery(&name, &meta, Some(&token)))).await
}

/// The row of a delivery in the spool.
pub(super) fn new_delivery<'a>(
    name: &'a str,
    meta: &'a Meta,
    token: Option<&'a store::peers::Hash>,
) -> NewDelivery<'a> {
    let seen = Seen { at_ms: meta.received_ms, address: &meta.address, app_version: meta.app_version.as_deref() };
    NewDelivery { peer: meta.peer, token, seen, bytes: meta.bytes, sha256: &meta.sha256, spool: name }
}

/// Whether the request's name came with another content before, be that in the store or still waiting.
async fn is_another_content(shared: &Arc<Shared>, meta: &Meta) -> bool {
    let Some((key, content)) = meta.request.clone() else { return false };
    let peer = meta.peer;
    let waiting = shared.spool.with_other_content(peer, (&key, &content));
    let asked = shared.read(move |store| {
        let before = store.known_request(peer, &key)?;
        if before.is_some_and(|before| before != content) {
            return Ok(true);
        }
        // What could not be read, and what the owner ended, stands in nobody's way.
        let mut waiting = waiting.iter().map(|name| store.delivery_of(name));
        waiting.try_fold(false, |found, row| Ok(found || row?.is_none_or(|row| row.state == State::Pending)))
    });
    asked.await.unwrap_or(false)
}

/// Keeps that a body came by the name of another one, and does not keep the body.
async fn conflicts(shared: &Arc<Shared>, known: &Known, name: &str, meta: Meta) {
    let (spool, lies) = (Arc::clone(&shared.spool), name.to_owned());
    let _ = tokio::task::spawn_blocking(move || spool.remove(&lies)).await;
    noted(shared, known, name, meta, "idempotency_key").await;
}

/// Keeps that a request with a good token was refused before its body was received. One that comes again and again is
/// counted, and makes no further row.
async fn refused(shared: &Arc<Shared>, ends: Ends, known: &Known, headers: &HeaderMap, reason: &'static str) {
    let Ok(salt) = crate::secret::letters::<{ crate::secret::SHORT }>() else { return };
    let meta = Meta {
        peer: known.peer.id,
        received_ms: shared.now_ms(),
        address: ends.address(),
        app_version: app_version(headers),
        ..Meta::default()
    };
    let name = format!("{:013}-{}", meta.received_ms, salt.to_lowercase());
    noted(shared, known, &name, meta, reason).await;
}

/// Keeps that something was refused of which nothing is kept.
async fn noted(shared: &Arc<Shared>, known: &Known, name: &str, meta: Meta, reason: &'static str) {
    let (token, bytes, name) = (known.token, meta.bytes, name.to_owned());
    let since_ms = quota::day_of(meta.received_ms);
    let noted = shared.write_until(Instant::now() + PATIENCE, move |store| {
        store.refuse_delivery(new_delivery(&name, &meta, Some(&token)), reason, since_ms)
    });
    if let Ok(id) = noted.await {
        let problems = vec![ProblemOf { reason: reason.to_owned(), kind: None, count: 1 }];
        let outcome = Outcome { problems, ..Outcome::default() };
        shared.tell(Event::delivery(&known.peer, id, bytes, State::Unreadable.as_str(), &outcome));
    }
}
