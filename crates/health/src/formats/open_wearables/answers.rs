//! What the SDK and the app are answered. The SDK looks at the status only; the shapes are those of a real server.

use serde_json::{Value as Json, json};

use crate::formats::phone::fields::{Fields, items, json as value, lossy};
use crate::formats::phone::stamp;

/// Letters and digits of invitation codes: none that look alike.
pub const CODE_ALPHABET: &str = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
/// Letters of an invitation code.
pub const CODE_LENGTH: usize = 8;
/// Events of one log request that are looked at.
const MAX_EVENTS: usize = 1_000;

/// How many of a sync body were new.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Saved {
    /// Items that could not be read.
    pub dropped: u64,
    /// New records.
    pub records: u64,
    /// New workouts.
    pub workouts: u64,
    /// New sleep stages.
    pub sleep: u64,
}

/// The answer to a sync, with status 202.
pub fn accepted(user_id: &str, saved: Saved) -> Json {
    answer("Import task queued successfully", user_id, saved)
}

/// The answer to log events, with status 202.
pub fn logged(user_id: &str) -> Json {
    answer("Log events stored successfully", user_id, Saved::default())
}

fn answer(response: &str, user_id: &str, saved: Saved) -> Json {
    json!({
        "status_code": 202, "response": response, "user_id": user_id, "dropped_count": saved.dropped,
        "records_saved": saved.records, "workouts_saved": saved.workouts, "sleep_saved": saved.sleep,
    })
}

/// The answer to a redeemed code, with status 200 and no other.
pub fn redeemed(access_token: &str, refresh_token: &str, user_id: &str, expires_in_s: u64) -> Json {
    json!({
        "access_token": access_token, "token_type": "bearer", "refresh_token": refresh_token,
        "expires_in": expires_in_s, "user_id": user_id,
    })
}

/// The answer to a refreshed token.
pub fn refreshed(access_token: &str, refresh_token: &str, expires_in_s: u64) -> Json {
    json!({
        "access_token": access_token, "token_type": "bearer", "refresh_token": refresh_token, "expires_in": expires_in_s,
    })
}

/// Any refusal.
pub fn detail(text: &str) -> Json {
    json!({"detail": text})
}

/// The invitation code in a redeem body, as [`typed`] reads it; `None` where there is none of that form.
pub fn code(body: &[u8]) -> Option<String> {
    typed(&Fields::read(body)?.text("code")?).filter(|code| code.len() == CODE_LENGTH)
}

/// Whether a redeem body names any code at all, be it one that can be none.
pub fn names_code(body: &[u8]) -> bool {
    Fields::read(body).and_then(|fields| Some(!fields.text("code")?.trim().is_empty())).unwrap_or(false)
}

/// A code as people type it, in capitals, without blanks and strokes; `None` where a letter is none of codes.
pub fn typed(text: &str) -> Option<String> {
    let code: String = text.chars().filter(|c| !c.is_whitespace() && *c != '-').collect::<String>().to_uppercase();
    code.chars().all(|c| CODE_ALPHABET.contains(c)).then_some(code)
}

/// The refresh token in a refresh body.
pub fn refresh_token(body: &[u8]) -> Option<String> {
    Fields::read(body)?.word("refresh_token").map(|token| token.into_owned())
}

/// What the SDK tells about itself while it sends everything.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// E.g. `historical_data_sync_start`; words that nobody knows as they stand.
    pub kind: String,
    /// When, milliseconds since 1970 in UTC.
    pub at_ms: Option<i64>,
    /// All of it.
    pub body: Json,
}

/// Reads log events; everything goes, also what a real server refuses. `None` where the body is no JSON object.
pub fn events(body: &[u8]) -> Option<Vec<Event>> {
    let fields = Fields::read(body)?;
    let list = fields.get("events").unwrap_or(b"[]");
    let events = items(list).take(MAX_EVENTS).map(|text| {
        let event = Fields::read(text).unwrap_or_default();
        Event {
            kind: event.get("eventType").map(lossy).unwrap_or_default().into_owned(),
            at_ms: event.get("timestamp").and_then(stamp::instant).map(|stamp| stamp.ms),
            body: value(text),
        }
    });
    Some(events.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_as_people_type_them() {
        assert_eq!(code(br#"{"code":" k7qx2m9b "}"#).as_deref(), Some("K7QX2M9B"));
        for body in [r#"{"code":"K7QX2M9"}"#, r#"{"code":"K7QX2M90"}"#, r#"{"code":7}"#, "{}", "", r#"["K7QX2M9B"]"#] {
            assert_eq!(code(body.as_bytes()), None, "{body}");
        }
        assert_eq!(refresh_token(br#"{"refresh_token":"rt-1"}"#).as_deref(), Some("rt-1"));
        assert_eq!(refresh_token(b"{}"), None);
    }

    #[test]
    fn answers_have_the_shape_of_a_real_server() {
        let expected = r#"{"dropped_count":0,"records_saved":2,"response":"Import task queued successfully","sleep_saved":0,"status_code":202,"user_id":"u","workouts_saved":0}"#;
        assert_eq!(accepted("u", Saved { records: 2, ..Saved::default() }).to_string(), expected);
        assert_eq!(logged("u")["response"], "Log events stored successfully");
        let redeemed = redeemed("a", "r", "u", 60);
        assert!(["access_token", "refresh_token", "user_id"].iter().all(|key| redeemed[key].is_string()));
        assert_eq!(refreshed("a", "r", 60)["access_token"], "a");
        assert_eq!(detail("Not Found").to_string(), r#"{"detail":"Not Found"}"#);
    }
}
