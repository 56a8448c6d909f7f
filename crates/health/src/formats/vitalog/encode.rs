//! Lines for another Vitalog: those that `vitalog export` writes, without what they say about our store alone.

use serde_json::{Map, Value as Json};

use crate::formats::outgoing::{Held, Outgoing};

/// Keys of a line that only our store has. What fed a record stays: it says how fine the stamps are.
const OURS: [&str; 6] = ["import", "id", "record_id", "created_at", "hidden", "superseded"];

/// Makes what is sent of a line of JSON lines. A record is what it says: another content is another record, and of
/// equal ones each has a number, from 0.
///
/// Errors: a line that is no record.
pub fn encode(line: &Map<String, Json>, nth: u32) -> Result<Outgoing, Held> {
    let text = Json::Object(kept(line)?).to_string();
    Ok(Outgoing { slot: String::new(), identity: format!("{nth} {text}"), text })
}

/// What a line says of its record, and not of our store alone.
pub(crate) fn kept(line: &Map<String, Json>) -> Result<Map<String, Json>, Held> {
    let record = line.get("record").and_then(Json::as_str).ok_or("bad_shape")?;
    let is_ours = |key: &str| OURS.contains(&key) || (record == "workout" && key == "route_points");
    // What feeds told a sample stands in its flags, and grows when a further one tells the same.
    let is_seen = |key: &str| key == "seen" && record == "sample";
    let kept = line.iter().filter(|(key, value)| !is_ours(key) && !is_seen(key) && !value.is_null());
    Ok(kept.map(|(key, value)| (key.clone(), value.clone())).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(line: Json, expected: Json) {
        let sent = encode(line.as_object().expect("an object"), 0).expect("a record");
        assert_eq!(serde_json::from_str::<Json>(&sent.text).expect("JSON"), expected);
        assert_eq!(sent.identity, format!("0 {}", sent.text));
    }

    #[test]
    fn what_is_said_of_our_store_alone_stays_here() {
        check(
            json!({"record": "sample", "type": "T", "value": 1.5, "uuid": null, "import": 3, "seen": ["xml"]}),
            json!({"record": "sample", "type": "T", "value": 1.5}),
        );
        check(
            json!({"record": "workout", "id": 7, "route_points": 5, "seen": ["hep"], "activity": 37}),
            json!({"record": "workout", "seen": ["hep"], "activity": 37}),
        );
        assert_eq!(encode(&Map::new(), 0), Err("bad_shape"));
    }
}
