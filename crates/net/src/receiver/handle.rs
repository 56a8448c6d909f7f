//! One request, from its head to its answer.

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::response::Response;
use health::formats::healthsave;
use health::phone::Feed;
use store::peers::{Scope, Seen};
use tokio::time::Instant;

use super::answer;
use super::auth::{self, Credential, Known, Verdict};
use super::guard::{self, Ends};
use super::route::{self, Found, Page, Route};
use super::shared::Shared;
use super::{deliver, open_wearables, own, pages};
use crate::events::Event;
use crate::intake::{Failure, ReadBack};

/// How long an answer waits until it is noted who asked.
const NOTED: Duration = Duration::from_millis(250);

/// Answers anything.
pub(super) async fn request(
    State(shared): State<Arc<Shared>>,
    Extension(ends): Extension<Ends>,
    request: Request,
) -> Response {
    let (method, uri, headers) = (request.method(), request.uri(), request.headers());
    if !guard::names_us(headers, uri, ends.local, &shared.names()) {
        return turned_away(&shared, ends, "host", answer::refuse(421, "Misdirected Request"));
    }
    let path = uri.path();
    let hep = shared.hep().await;
    let found = route::find(method.as_str(), path, hep.path.as_deref());
    let is_page = matches!(found, Found::Route(Route::Root | Route::Pair(_)));
    let comes_from_plain = ends.is_secure && is_entrance(&found) && guard::is_followed_link(headers);
    if !comes_from_plain && guard::is_foreign_page(headers, is_page, ends.scheme()) {
        return turned_away(&shared, ends, "browser", answer::refuse(403, "Forbidden"));
    }
    if let Some(refusal) = unencrypted(&shared, ends, &found, headers).await {
        return turned_away(&shared, ends, "unencrypted", refusal);
    }
    match found {
        _ if method == "OPTIONS" => answer::wrong_method(),
        Found::Route(route) => routed(shared, ends, route, request).await,
        Found::WrongMethod => answer::wrong_method(),
        Found::Nothing => answer::not_found(),
    }
}

/// The first page of an invitation: it says nothing that was not in its own address.
fn is_entrance(found: &Found) -> bool {
    matches!(found, Found::Route(Route::Pair(Page::Form | Page::Code(_))))
}

/// The refusal of what is not encrypted where the owner wants it to be. Nobody is told whether a token is good that
/// others could read; and an app keeps what it gets a 503 for.
async fn unencrypted(shared: &Arc<Shared>, ends: Ends, found: &Found, headers: &HeaderMap) -> Option<Response> {
    if ends.is_secure || !shared.secure.is_only() {
        return None;
    }
    match found {
        // They lead to the encrypted ones.
        Found::Route(Route::Pair(Page::Style | Page::Script | Page::Profile)) => None,
        _ if is_entrance(found) => None,
        Found::Route(Route::Pair(_)) => Some(answer::refuse(403, "Forbidden")),
        Found::Route(Route::Redeem | Route::Refresh) => Some(answer::later()),
        Found::Route(_) => {
            let own_header = shared.hep().await.header;
            let told = auth::credential(headers, own_header.as_deref());
            matches!(told, Credential::Token(_)).then(answer::later)
        }
        Found::WrongMethod | Found::Nothing => None,
    }
}

async fn routed(shared: Arc<Shared>, ends: Ends, route: Route, request: Request) -> Response {
    match route {
        Route::Root => answer::raw(200, "text/plain; charset=utf-8", "Vitalog, waiting for phones\n"),
        Route::Health => probe(&shared, ends, request.headers()).await,
        Route::Deliver(feed) => deliver::records(shared, ends, feed, None, request).await,
        Route::Sync(user) => deliver::records(shared, ends, Feed::OpenWearables, Some(user), request).await,
        Route::Logs(user) => open_wearables::logs(shared, ends, &user, request).await,
        Route::Leave(user) => open_wearables::leave(shared, ends, &user, request).await,
        Route::Redeem => open_wearables::redeem(shared, ends, request).await,
        Route::Refresh => open_wearables::refresh(shared, ends, request).await,
        Route::Stock => stock(shared, ends, request.headers()).await,
        Route::ReadBack(what) => read_back(shared, ends, what, request).await,
        Route::Deliveries => own::deliveries(shared, ends, request.headers()).await,
        Route::Follow => own::follow(shared, ends, request.headers()).await,
        Route::Pair(page) => pages::page(shared, ends, page, request).await,
    }
}

/// Tells the owner, and answers.
pub(super) fn turned_away(shared: &Shared, ends: Ends, reason: &'static str, answer: Response) -> Response {
    shared.tell(Event::Refused { address: ends.address(), reason, times: 1 });
    answer
}

/// Finds out whose token a request carries; else its refusal. `feed` is the app that the path is made for, if any.
pub(super) async fn known(
    shared: &Arc<Shared>,
    ends: Ends,
    headers: &HeaderMap,
    feed: Option<Feed>,
) -> Result<Known, Response> {
    let now_ms = shared.now_ms();
    // The SDK of Open Wearables drops what it gets a 429 for.
    let is_limited = feed != Some(Feed::OpenWearables);
    // Only who shows nothing before it is asked for the header that the owner chose.
    let own_header = if auth::is_shown_first(headers) { None } else { shared.hep().await.header };
    let secret = match auth::credential(headers, own_header.as_deref()) {
        Credential::Token(secret) => secret,
        Credential::None | Credential::Malformed => return Err(answer::unauthorised(feed, false)),
    };
    if is_limited && shared.wrong_tokens.is_full(ends.peer.ip(), now_ms) {
        return Err(turned_away(shared, ends, "too_many", answer::refuse(429, "Too Many Requests")));
    }
    let verdict = find(shared, secret, Scope::Send, now_ms).await?;
    match verdict {
        Verdict::Known(known) if feed.is_none_or(|feed| feed == known.peer.feed) => Ok(*known),
        Verdict::Expired => Err(answer::unauthorised(feed, true)),
        // A good token at another app's door is wrong there.
        Verdict::Known(_) | Verdict::Wrong => {
            shared.wrong_tokens.count(ends.peer.ip(), now_ms);
            Err(turned_away(shared, ends, "token", answer::unauthorised(feed, true)))
        }
    }
}

/// Looks a token up. Where the store cannot be asked nobody is told that a token is wrong.
pub(super) async fn find(shared: &Arc<Shared>, secret: String, scope: Scope, now_ms: i64) -> Result<Verdict, Response> {
    let found = shared
        .read(move |store| {
            let like = store.tokens_like(&crate::secret::hash(&secret))?;
            Ok(auth::judge(like, &secret, scope, now_ms))
        })
        .await;
    found.map_err(|_| answer::later())
}

/// Keeps that a phone was here. Not worth waiting for: a busy store is told the next time.
pub(super) async fn note(shared: &Arc<Shared>, ends: Ends, known: &Known, headers: &HeaderMap) {
    let (id, token, address) = (known.peer.id, known.token, ends.address());
    let (at_ms, app_version) = (shared.now_ms(), app_version(headers));
    let seen = move |store: &mut store::Store| {
        store.note_peer(id, &token, Seen { at_ms, address: &address, app_version: app_version.as_deref() })
    };
    let _ = shared.write_until(Instant::now() + NOTED, seen).await;
}

/// What an app says about its version.
pub(super) fn app_version(headers: &HeaderMap) -> Option<String> {
    const MAX: usize = 100;
    let names = ["x-app-version", "x-open-wearables-sdk-version", "user-agent"];
    let told = names.iter().find_map(|name| headers.get(*name)?.to_str().ok());
    told.map(|text| text.chars().filter(|c| !c.is_control()).take(MAX).collect())
}

/// Public. But an app that sends its key wants to know whether that is good.
async fn probe(shared: &Arc<Shared>, ends: Ends, headers: &HeaderMap) -> Response {
    let healthy = || answer::json(200, &healthsave::answers::health());
    let own_header = shared.hep().await.header;
    match auth::credential(headers, own_header.as_deref()) {
        Credential::None => healthy(),
        _ => known(shared, ends, headers, None).await.map_or_else(|refusal| refusal, |_| healthy()),
    }
}

async fn stock(shared: Arc<Shared>, ends: Ends, headers: &HeaderMap) -> Response {
    let known = match known(&shared, ends, headers, Some(Feed::HealthSave)).await {
        Ok(known) => known,
        Err(refusal) => return refusal,
    };
    note(&shared, ends, &known, headers).await;
    let asked = Arc::clone(&shared);
    let stock = tokio::task::spawn_blocking(move || asked.intake.stock(&known.peer)).await;
    match stock {
        Ok(Ok(stock)) => answer::json(200, &healthsave::answers::status(stock)),
        _ => answer::later(),
    }
}

async fn read_back(shared: Arc<Shared>, ends: Ends, what: ReadBack, request: Request) -> Response {
    let known = match known(&shared, ends, request.headers(), Some(Feed::HealthSync)).await {
        Ok(known) => known,
        Err(refusal) => return refusal,
    };
    note(&shared, ends, &known, request.headers()).await;
    let (asked, query) = (Arc::clone(&shared), request.uri().query().unwrap_or_default().to_owned());
    let page = tokio::task::spawn_blocking(move || asked.intake.read_back(&known.peer, what, &query)).await;
    match page {
        Ok(Ok(page)) => answer::json(200, &page),
        Ok(Err(Failure::Question(part))) => answer::refuse(422, part),
        _ => answer::later(),
    }
}
