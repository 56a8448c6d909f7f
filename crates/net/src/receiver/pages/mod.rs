//! The pages for the phone's own browser: it is what pairs, because the apps themselves only know an address and a
//! token that somebody types.
//!
//! Reading a page changes nothing, so that a preview or a reader ahead of time uses no code up. Nothing here needs a
//! script but the buttons that copy.

mod guide;
mod html;

pub(crate) use self::html::safe;

use std::sync::Arc;

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use health::digest::{hex, sha256};
use health::language::{self, Language};
use health::phone::Feed;
use health::say;
use store::Store;
use store::peers::{Claim, Guess, NewPairing, NewPeer, Pairing, Refusal};

use super::answer;
use super::body;
use super::guard::Ends;
use super::handle::turned_away;
use super::route::Page;
use super::secure::Shown;
use super::shared::Shared;
use crate::events::Event;
use crate::invite::Secrets;
use crate::secret;

use self::guide::Guide;

/// Bytes of a form.
const MAX_FORM: usize = 1 << 10;
/// Letters of what a phone is called.
const MAX_LABEL: usize = 40;
/// Open invitations that a typed code is compared with: each comparison is made to be slow.
const MAX_COMPARED: usize = 5;
/// How long a token may lie unused: the link with one can be kept by others.
const LINK_MS: i64 = 10 * 60_000;
/// The same where somebody copies it by hand.
const COPY_MS: i64 = 24 * 3_600_000;

/// Answers a page.
pub(super) async fn page(shared: Arc<Shared>, ends: Ends, page: Page, request: Request) -> Response {
    let language = language_of(request.headers());
    let spoken = |say: &dyn Fn() -> String| {
        let _spoken = language::speak(language);
        say()
    };
    match page {
        Page::Style => answer::raw(200, "text/css; charset=utf-8", html::STYLE),
        Page::Script => answer::raw(200, "text/javascript; charset=utf-8", html::SCRIPT),
        Page::Form => shown(200, spoken(&|| entrance(&shared, ends, request.headers(), "", &html::form()))),
        Page::Code(code) if is_over(&shared, &code).await => shown(404, spoken(&html::over)),
        Page::Code(code) => {
            let at = format!("/{code}");
            shown(200, spoken(&|| entrance(&shared, ends, request.headers(), &at, &html::code(&code))))
        }
        Page::Profile => profile(&shared, language),
        Page::Claim(code) => claim(shared, ends, code, request).await,
        Page::Ticket(ticket) => match at(&shared, &ticket).await {
            Some(pairing) => shown(200, spoken(&|| waiting_or_apps(&pairing, &ticket))),
            None => shown(404, spoken(&html::over)),
        },
        Page::App(ticket, feed) => match handed_out(&shared, ends, &ticket, feed, request.headers()).await {
            Ok(guide) => shown(200, spoken(&|| guide.page())),
            Err(Refusal::Unknown) => shown(404, spoken(&html::over)),
            Err(Refusal::Dead) => answer::later(),
        },
    }
}

/// Whether a long code is of no use any more: then nobody is offered to use it. Of a short one nothing is said before
/// it counts as a try. Where the store cannot be asked, whoever uses the code hears it.
async fn is_over(shared: &Arc<Shared>, code: &str) -> bool {
    if code.len() != secret::LONG {
        return false;
    }
    let (hash, now_ms) = (secret::hash(code), shared.now_ms());
    shared.read(move |store| store.is_code_open(&hash, now_ms)).await.is_ok_and(|is_open| !is_open)
}

/// A page with what browsers have to know about it.
fn shown(status: u16, page: String) -> Response {
    let mut response = answer::raw(status, "text/html; charset=utf-8", page);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(html::POLICY));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    response
}

fn language_of(headers: &HeaderMap) -> Language {
    let told = headers.get("accept-language").and_then(|value| value.to_str().ok()).unwrap_or_default();
    Language::of(told.split([',', ';']).next().unwrap_or_default().trim())
}

/// What a phone says it is, in a few words: `iPhone, iOS 18`. Of one that says nothing, a word of its language.
pub(super) fn label_of(headers: &HeaderMap) -> String {
    let _spoken = language::speak(language_of(headers));
    let agent = headers.get("user-agent").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let device = ["iPhone", "iPad", "Android"].into_iter().find(|word| agent.contains(word));
    let version = agent.split(" OS ").nth(1).filter(|_| agent.contains("like Mac OS X"));
    let version: String = version.unwrap_or_default().chars().take_while(char::is_ascii_digit).take(3).collect();
    match device {
        Some(device) if !version.is_empty() => format!("{device}, iOS {version}"),
        Some(device) => device.to_owned(),
        None => say!("Phone"),
    }
}

/// Compares a code with those of open invitations and does what is to be done with the right one, or with none. `None`
/// is a code with a letter that none has: a wrong one like any other.
pub(super) fn guess<T>(
    store: &mut Store,
    code: Option<&str>,
    now_ms: i64,
    then: impl FnOnce(&mut Store, Guess<'_>) -> store::Result<T>,
) -> store::Result<T> {
    let Some(code) = code else { return then(store, Guess::Wrong) };
    if code.len() == secret::LONG {
        return then(store, Guess::Long(&secret::hash(code)));
    }
    let mut found = Guess::Wrong;
    for open in store.typed_codes(now_ms)?.into_iter().rev().take(MAX_COMPARED) {
        let is_it = secret::slow(code, &open.salt).is_ok_and(|hash| secret::same(&hash, &open.hash));
        if is_it {
            found = Guess::Right(open.pairing);
        }
    }
    then(store, found)
}

async fn claim(shared: Arc<Shared>, ends: Ends, code: Option<String>, request: Request) -> Response {
    let language = language_of(request.headers());
    let dead = |status| {
        let _spoken = language::speak(language);
        shown(status, html::over())
    };
    let (browser, now_ms) = (label_of(request.headers()), shared.now_ms());
    if shared.tries.count(ends.peer.ip(), now_ms) {
        return turned_away(&shared, ends, "too_many", dead(429));
    }
    let code = match code {
        Some(code) => Some(Some(code)),
        None => form_code(&body::of_guest(&shared, ends, request.into_body(), MAX_FORM).await.unwrap_or_default()),
    };
    let Some(code) = code else { return dead(404) };
    let (Ok(ticket), Ok(number)) = (secret::letters::<{ secret::LONG }>(), secret::number()) else {
        return answer::later();
    };
    let (hash, address, shown_number) = (secret::hash(&ticket), ends.address(), number.clone());
    let called = browser.clone();
    let claimed = shared.write(move |store| {
        let by = Claim { ticket_hash: &hash, number: &shown_number, address: &address, browser: &called };
        guess(store, code.as_deref(), now_ms, |store, guess| store.claim(guess, by, now_ms))
    });
    match claimed.await {
        Ok(Ok(pairing)) => {
            let label = pairing.label.unwrap_or(browser);
            shared.tell(Event::Paired { pairing: Some(pairing.id), device: None, label, number: Some(number) });
            go_to(&format!("/pair/at/{ticket}"))
        }
        Ok(Err(_)) => turned_away(&shared, ends, "code", dead(404)),
        Err(_) => answer::later(),
    }
}

/// The field `code` of a form, none where it is empty; inside it nothing where what was typed can be no code.
fn form_code(body: &[u8]) -> Option<Option<String>> {
    let text = std::str::from_utf8(body).ok()?;
    let value = text.split('&').find_map(|pair| pair.strip_prefix("code="))?;
    let typed = value.replace(['+'], " ").replace("%20", " ").replace("%2D", "-");
    (!typed.trim().is_empty()).then(|| secret::typed(&typed))
}

fn go_to(path: &str) -> Response {
    let mut response = answer::raw(303, "text/plain; charset=utf-8", "");
    if let Ok(path) = HeaderValue::from_str(path) {
        response.headers_mut().insert(header::LOCATION, path);
    }
    response
}

async fn at(shared: &Arc<Shared>, ticket: &str) -> Option<Pairing> {
    let (hash, now_ms) = (secret::hash(ticket), shared.now_ms());
    shared.read(move |store| store.pairing_at(&hash, now_ms)).await.ok().flatten()
}

fn waiting_or_apps(pairing: &Pairing, ticket: &str) -> String {
    match pairing.accepted_ms {
        None => html::waiting(pairing.number.as_deref().unwrap_or_default()),
        Some(_) => {
            let apps = Feed::ALL.into_iter().filter(|feed| match pairing.feed {
                Some(chosen) => *feed == chosen,
                None => *feed != Feed::Vitalog,
            });
            html::apps(ticket, &apps.collect::<Vec<_>>())
        }
    }
}

/// Makes what one app needs. `Dead` where the store is busy, `Unknown` where the page is over or nobody said yes.
async fn handed_out(
    shared: &Arc<Shared>,
    ends: Ends,
    ticket: &str,
    feed: Feed,
    headers: &HeaderMap,
) -> Result<Guide, Refusal> {
    let pairing = at(shared, ticket).await.filter(|it| it.accepted_ms.is_some()).ok_or(Refusal::Unknown)?;
    if pairing.feed.is_some_and(|chosen| chosen != feed) {
        return Err(Refusal::Unknown);
    }
    let host = host_of(headers).to_owned();
    let (names, hep) = (shared.names(), shared.hep().await);
    let now_ms = shared.now_ms();
    let label: String = pairing.label.or(pairing.browser).unwrap_or_default().chars().take(MAX_LABEL).collect();
    let ticket = ticket.to_owned();
    let secret = shared.write(move |store| {
        if feed == Feed::OpenWearables {
            code(store, &label, now_ms)
        } else {
            token(store, feed, &label, &ticket, now_ms)
        }
    });
    let secret = secret.await.map_err(|_| Refusal::Dead)?;
    let port = host.rsplit_once(':').map(|(_, port)| port.to_owned()).unwrap_or_default();
    let scheme = ends.scheme();
    let shown = shared.secure.shown().filter(|_| ends.is_secure);
    let names = names.into_iter().filter(|name| shown.as_ref().is_none_or(|shown| shown.is_for(name)));
    let other = names.map(|name| format!("{scheme}://{name}:{port}")).find(|url| !url.ends_with(&host));
    let way = match ends.is_secure {
        true => (!shared.secure.is_only()).then(|| format!("http://{host}")),
        false => encrypted(shared, ends, headers).map(|(_, base)| base),
    };
    Ok(Guide { feed, base: format!("{scheme}://{host}"), other, way, secret, hep })
}

/// What the phone calls us, with the port.
fn host_of(headers: &HeaderMap) -> &str {
    headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default()
}

/// The first page of an invitation. Where connections can be encrypted and this one is not, it leads there first.
fn entrance(shared: &Shared, ends: Ends, headers: &HeaderMap, at: &str, body: &str) -> String {
    let way = if ends.is_secure { None } else { encrypted(shared, ends, headers) };
    let Some((shown, base)) = way else { return html::entrance(body) };
    let plain = Some(body).filter(|_| !shared.secure.is_only());
    let on = format!("{base}/pair{at}");
    html::entrance(&html::secure_first(shown.authority.name(), &shown.fingerprint, &on, plain))
}

/// Where connections are encrypted, and by which certificate; what has just led here leads there, too, where the
/// certificate is for it. None where nothing is encrypted.
fn encrypted(shared: &Shared, ends: Ends, headers: &HeaderMap) -> Option<(Arc<Shown>, String)> {
    let shown = shared.secure.shown()?;
    let host = host_of(headers).rsplit_once(':').map_or("", |(host, _)| host);
    let host = if shown.is_for(host) { host.to_owned() } else { shown.host()? };
    let base = format!("https://{host}:{}", ends.local.port());
    Some((shown, base))
}

/// The certificate that the phone is to trust. Nothing in it is a secret.
fn profile(shared: &Shared, language: Language) -> Response {
    let Some(shown) = shared.secure.shown() else { return answer::not_found() };
    let _spoken = language::speak(language);
    answer::raw(200, "application/x-apple-aspen-config", shown.authority.profile())
}

/// A token for an app. Asking twice rotates it: the page can be opened again while it is good.
fn token(store: &mut Store, feed: Feed, label: &str, ticket: &str, now_ms: i64) -> store::Result<String> {
    let unused = if feed == Feed::HealthAutoExport { LINK_MS } else { COPY_MS };
    let secrets = Secrets::new(feed, Some(now_ms + unused)).map_err(|_| store::ErrorKind::Busy)?;
    // The same page and app are the same phone.
    let user_id = hex(&sha256(format!("{ticket} {}", feed.app()).as_bytes())[..16]);
    let known = store.peers()?.into_iter().find(|peer| peer.user_id == user_id);
    match known {
        Some(peer) => store.rotate_tokens(peer.id, &secrets.kept(), now_ms)?,
        None => {
            let new = NewPeer { feed, label, user_id: &user_id, accepted: true };
            store.add_peer(new, &secrets.kept(), now_ms)?;
        }
    }
    Ok(secrets.token)
}

/// A code for the Open Wearables app, which redeems it by itself. The owner has said yes to this phone already.
fn code(store: &mut Store, label: &str, now_ms: i64) -> store::Result<String> {
    let busy = |_| store::ErrorKind::Busy;
    let typed = secret::letters::<{ secret::SHORT }>().map_err(busy)?;
    let salt = secret::salt().map_err(busy)?;
    let new = NewPairing {
        feed: Some(Feed::OpenWearables),
        label: Some(label),
        // Nobody ever sees a long one.
        code_hash: &secret::hash(&secret::token().map_err(busy)?),
        salt: &salt,
        typed_hash: &secret::slow(&typed, &salt).map_err(busy)?,
        expires_ms: now_ms + LINK_MS,
        accepted: true,
    };
    store.add_pairing(new, now_ms)?;
    Ok(typed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phones_are_called_what_they_say_they_are() {
        let check = |agent: &str, expected: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("user-agent", agent.parse().expect("a header"));
            assert_eq!(label_of(&headers), expected);
        };
        let safari = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_4 like Mac OS X) AppleWebKit/605.1.15";
        check(safari, "iPhone, iOS 18");
        check("Mozilla/5.0 (iPad; CPU OS 17_0 like Mac OS X)", "iPad, iOS 17");
        check("Mozilla/5.0 (Linux; Android 15)", "Android");
        check("<script>", "Phone");
        let german = HeaderMap::from_iter([(header::ACCEPT_LANGUAGE, HeaderValue::from_static("de-DE,de;q=0.9"))]);
        assert_eq!(label_of(&german), "Telefon");
    }

    #[test]
    fn a_form_is_read_as_browsers_send_it() {
        let check = |body: &str, expected: Option<Option<&str>>| {
            assert_eq!(form_code(body.as_bytes()).as_ref().map(Option::as_deref), expected, "{body}");
        };
        check("code=k7qx2m9b", Some(Some("K7QX2M9B")));
        check("x=1&code=K7QX+2M9B&y", Some(Some("K7QX2M9B")));
        check("code=%3Cscript%3E", Some(None));
        check("code=K7QX2M9O", Some(None));
        check("code=+", None);
        check("", None);
    }
}
