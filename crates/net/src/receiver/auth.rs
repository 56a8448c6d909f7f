//! Whose token a request carries. Where it stands, in this order: `Authorization`, `x-api-key`, `api-key`, the header
//! that Health Export Pro was told to use, `X-Open-Wearables-API-Key`. Never in an address, which is kept in histories.

use axum::http::HeaderMap;
use health::formats::healthsave::answers as healthsave;
use store::peers::{Hash, Peer, Scope, Token};

use crate::secret;

/// Bytes of a token at most; ours are shorter.
const MAX_TOKEN: usize = 256;

/// Headers that say something else than who somebody is: those of every request, and those that apps tell other things
/// by.
const TAKEN: [&str; 22] = [
    "cache-control",
    "connection",
    "cookie",
    "date",
    "dnt",
    "expect",
    "forwarded",
    "from",
    "host",
    "keep-alive",
    "origin",
    "pragma",
    "priority",
    "range",
    "referer",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "x-app-version",
    "x-open-wearables-sdk-version",
];
/// How others begin.
const TAKEN_STARTS: [&str; 7] = ["accept", "access-control-", "automation-", "content-", "if-", "proxy-", "sec-"];

/// Whether a header means nothing yet, so that Health Export Pro may be told to put its token there. One of the places
/// of a token does no harm.
pub fn is_header_free(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let is_taken = TAKEN.contains(&name.as_str()) || name == healthsave::IDEMPOTENCY_KEY;
    !is_taken && !TAKEN_STARTS.into_iter().chain([healthsave::HEADER]).any(|start| name.starts_with(start))
}

/// What a request says about who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Credential {
    /// Nothing.
    None,
    /// Something that is no token.
    Malformed,
    /// This.
    Token(String),
}

/// A phone that proved who it is.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub peer: Peer,
    pub token: Hash,
}

/// What a token turned out to be.
#[derive(Debug, Clone)]
pub(super) enum Verdict {
    Known(Box<Known>),
    /// One that was good once: nobody is guessing.
    Expired,
    Wrong,
}

/// Reads the credential of a request.
pub(super) fn credential(headers: &HeaderMap, own_header: Option<&str>) -> Credential {
    let names = ["x-api-key", "api-key"].into_iter().chain(own_header).chain(["x-open-wearables-api-key"]);
    if let Some(value) = headers.get("authorization") {
        return value.to_str().map_or(Credential::Malformed, authorization);
    }
    let value = names.filter(|name| !name.is_empty()).find_map(|name| headers.get(name));
    match value.map(|value| value.to_str().unwrap_or_default().trim()) {
        None => Credential::None,
        // Some send the scheme in whatever header they were told.
        Some(text) => authorization(text),
    }
}

fn authorization(text: &str) -> Credential {
    let text = text.trim();
    let token = match text.split_once(char::is_whitespace) {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        Some(_) => return Credential::Malformed,
        None => text,
    };
    let sound = !token.is_empty() && token.len() <= MAX_TOKEN && !token.contains(char::is_whitespace);
    let sound = sound && !token.eq_ignore_ascii_case("bearer");
    if sound { Credential::Token(token.to_owned()) } else { Credential::Malformed }
}

/// Picks the token that was meant among those that begin alike.
pub(super) fn judge(like: Vec<Token>, secret_text: &str, scope: Scope, now_ms: i64) -> Verdict {
    let hash = secret::hash(secret_text);
    let found = like.into_iter().fold(None, |found, token| {
        // All are compared, whichever it is.
        if secret::same(&token.hash, &hash) && token.scope == scope { Some(token) } else { found }
    });
    match found {
        Some(token) if token.expires_ms.is_some_and(|end| end <= now_ms) => Verdict::Expired,
        Some(token) if token.peer.revoked_ms.is_some() => Verdict::Expired,
        Some(Token { hash, peer, .. }) => Verdict::Known(Box::new(Known { peer, token: hash })),
        None => Verdict::Wrong,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(headers: &[(&'static str, &str)], expected: Credential) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().expect("a header"));
        }
        assert_eq!(credential(&map, Some("X-Kim-Key")), expected, "{headers:?}");
    }

    #[test]
    fn a_token_is_found_in_its_places() {
        let token = || Credential::Token("hi_A".to_owned());
        for header in ["authorization", "x-api-key", "api-key", "x-kim-key", "x-open-wearables-api-key"] {
            check(&[(header, "hi_A")], token());
            check(&[(header, "Bearer hi_A")], token());
        }
        check(&[("authorization", "bEaReR   hi_A ")], token());
        check(&[("authorization", "hi_A"), ("x-api-key", "hi_B")], token());
        check(&[("x-api-key", "hi_A"), ("x-kim-key", "hi_B")], token());
    }

    #[test]
    fn what_every_request_says_is_no_place_for_a_token() {
        for taken in
            ["Host", "Content-Type", "cookie", "USER-AGENT", "Sec-Fetch-Site", "If-None-Match", "Idempotency-Key"]
        {
            assert!(!is_header_free(taken), "{taken}");
        }
        assert!(["X-Kim-Key", "Authorization", "x-api-key", "Api-Key"].into_iter().all(is_header_free));
    }

    #[test]
    fn what_is_no_token_is_none() {
        check(&[], Credential::None);
        check(&[("cookie", "hi_A"), ("x-other", "hi_A")], Credential::None);
        for value in ["Token abc", "Basic aGk=", "Bearer", "Bearer ", "", "Bearer a b"] {
            check(&[("authorization", value)], Credential::Malformed);
        }
        check(&[("authorization", &"a".repeat(MAX_TOKEN + 1))], Credential::Malformed);
    }
}
