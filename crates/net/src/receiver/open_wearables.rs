//! What Open Wearables asks besides sending records: tokens for a code, tokens for a token, logs, signing out.
//!
//! Nothing here is ever 429, and content is never a reason for a 4xx: the SDK would throw away what it holds.

use std::sync::Arc;

use axum::extract::Request;
use axum::http::HeaderMap;
use axum::response::Response;
use health::formats::open_wearables::answers;
use health::phone::Feed;
use store::peers::{NewPeer, Scope, Seen, Standing};

use super::answer;
use super::auth::{Known, Verdict};
use super::body;
use super::guard::Ends;
use super::handle::{find, known, note, turned_away};
use super::pages::{guess, label_of};
use super::shared::Shared;
use crate::events::Event;
use crate::invite::Secrets;
use crate::secret;

/// Bytes of a body with a code or a token.
const MAX_SMALL: usize = 4 << 10;
/// Bytes of log events.
const MAX_LOGS: usize = 4 << 20;
/// What an access token says about its life. It has no end; the SDK does not look.
const EXPIRES_IN_S: u64 = 365 * 24 * 3_600;

/// A code for tokens. What the phone sends then waits until the owner lets it in.
pub(super) async fn redeem(shared: Arc<Shared>, ends: Ends, request: Request) -> Response {
    let browser = label_of(request.headers());
    // Before anything is read: who begins is one who tries.
    if shared.tries.count(ends.peer.ip(), shared.now_ms()) {
        return turned_away(&shared, ends, "too_many", no_such_code());
    }
    let text = body::of_guest(&shared, ends, request.into_body(), MAX_SMALL).await;
    let Some(text) = text else { return no_such_code() };
    if !answers::names_code(&text) {
        return no_such_code();
    }
    let code = answers::code(&text);
    let (Ok(secrets), Ok(user_id)) = (Secrets::new(Feed::OpenWearables, None), secret::user_id()) else {
        return answer::later();
    };
    let (kept, now_ms) = (secrets.kept(), shared.now_ms());
    let redeemed = shared.write(move |store| {
        let new = NewPeer { feed: Feed::OpenWearables, label: &browser, user_id: &user_id, accepted: false };
        guess(store, code.as_deref(), now_ms, |store, guess| store.redeem(guess, new, &kept, now_ms))
    });
    match redeemed.await {
        Ok(Ok(peer)) => {
            shared.tell(Event::Paired {
                pairing: None,
                device: Some(peer.id),
                label: peer.label.clone(),
                number: None,
            });
            let refresh = secrets.refresh.unwrap_or_default();
            answer::json(200, &answers::redeemed(&secrets.token, &refresh, &peer.user_id, EXPIRES_IN_S))
        }
        Ok(Err(_)) => turned_away(&shared, ends, "code", no_such_code()),
        Err(_) => answer::later(),
    }
}

fn no_such_code() -> Response {
    answer::refuse(404, "Invalid or expired invitation code")
}

/// A token for tokens. The old ones hold until the new ones are used: the answer may be lost.
pub(super) async fn refresh(shared: Arc<Shared>, ends: Ends, request: Request) -> Response {
    // Slowness says nothing about a token, and one that is told that it is bad signs out.
    let text = body::of_guest(&shared, ends, request.into_body(), MAX_SMALL).await;
    let Some(text) = text else { return answer::later() };
    let Some(token) = answers::refresh_token(&text) else { return answer::unauthorised(None, false) };
    let now_ms = shared.now_ms();
    let known = match find(&shared, token, Scope::Refresh, now_ms).await {
        Ok(Verdict::Known(known)) => known,
        Ok(Verdict::Expired) => return answer::unauthorised(None, true),
        Ok(Verdict::Wrong) => return turned_away(&shared, ends, "token", answer::unauthorised(None, true)),
        Err(refusal) => return refusal,
    };
    let Ok(secrets) = Secrets::new(Feed::OpenWearables, None) else { return answer::later() };
    let (kept, id, token, address) = (secrets.kept(), known.peer.id, known.token, ends.address());
    let rotated = shared.write(move |store| {
        store.note_peer(id, &token, Seen { at_ms: now_ms, address: &address, app_version: None })?;
        store.refresh_tokens(id, &kept, now_ms)
    });
    match rotated.await {
        Ok(()) => {
            let refresh = secrets.refresh.unwrap_or_default();
            answer::json(200, &answers::refreshed(&secrets.token, &refresh, EXPIRES_IN_S))
        }
        Err(_) => answer::later(),
    }
}

/// Takes anything, at once: the SDK waits for this before it sends its first batch.
pub(super) async fn logs(shared: Arc<Shared>, ends: Ends, user: &str, request: Request) -> Response {
    let known = match its_own(&shared, ends, user, request.headers()).await {
        Ok(known) => known,
        Err(refusal) => return refusal,
    };
    note(&shared, ends, &known, request.headers()).await;
    let _ = body::short(request.into_body(), MAX_LOGS).await;
    answer::json(202, &answers::logged(&known.peer.user_id))
}

/// The phone signs out: what it sent stays.
pub(super) async fn leave(shared: Arc<Shared>, ends: Ends, user: &str, request: Request) -> Response {
    let known = match its_own(&shared, ends, user, request.headers()).await {
        Ok(known) => known,
        Err(refusal) => return refusal,
    };
    let (id, now_ms) = (known.peer.id, shared.now_ms());
    match shared.write(move |store| store.set_peer_standing(id, Standing::Leave, now_ms)).await {
        Ok(()) => {
            let mut response = answer::raw(204, "application/json", "");
            response.headers_mut().remove("content-type");
            response
        }
        Err(_) => answer::later(),
    }
}

/// A phone that names itself in the address.
async fn its_own(shared: &Arc<Shared>, ends: Ends, user: &str, headers: &HeaderMap) -> Result<Known, Response> {
    let known = known(shared, ends, headers, Some(Feed::OpenWearables)).await?;
    if user.eq_ignore_ascii_case(&known.peer.user_id) { Ok(known) } else { Err(answer::refuse(403, "Forbidden")) }
}
