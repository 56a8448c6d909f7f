//! A record in the form of somebody else's protocol, on its way out.

use serde_json::{Map, Value as Json};

use crate::digest::{hex, sha256};
use crate::time::{format_instant, parse_stamp};

/// Why a record is not sent: a code. The far side would refuse it, or has no word for it.
pub type Held = &'static str;

/// One record as a protocol sends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Where in a body it lies, by the protocol; records of one slot lie together.
    pub slot: String,
    /// What the far side knows it by: of two with the same, the later takes the place of the earlier.
    pub identity: String,
    /// The record itself, as JSON.
    pub text: String,
}

/// A line of JSON lines, as an encoder asks it.
pub(super) struct Line<'a>(pub &'a Map<String, Json>);

impl<'a> Line<'a> {
    /// A text that is not empty.
    pub fn text(&self, key: &str) -> Option<&'a str> {
        self.0.get(key).and_then(Json::as_str).filter(|text| !text.is_empty())
    }

    /// A number.
    pub fn number(&self, key: &str) -> Option<f64> {
        self.0.get(key).and_then(Json::as_f64)
    }

    /// Start and end; an end that nobody told is the start.
    pub fn times(&self) -> Result<(&'a str, &'a str), Held> {
        let start = self.text("start").ok_or("bad_time")?;
        Ok((start, self.text("end").unwrap_or(start)))
    }

    /// How long it is, in seconds.
    pub fn seconds(&self) -> Result<f64, Held> {
        let (start, end) = self.times()?;
        let at = |stamp: &str| parse_stamp(stamp).ok_or("bad_time");
        Ok((at(end)? - at(start)?) as f64 / 1000.0)
    }

    /// Apple's identifier of the object; where nobody told one, one that follows from what the record is: the same
    /// record has the same one whenever it is sent. Equal records have numbers.
    pub fn uuid(&self, nth: u32) -> String {
        if let Some(uuid) = self.text("uuid").filter(|_| nth == 0) {
            return uuid.to_owned();
        }
        let keys = ["record", "type", "activity", "start", "end", "source", "device_hw", "bundle"];
        let what: Vec<String> =
            keys.iter().map(|key| self.0.get(*key).cloned().unwrap_or_default().to_string()).collect();
        made_uuid(&format!("{} {nth}", what.join(" ")))
    }

    /// Its metadata.
    pub fn metadata(&self) -> Map<String, Json> {
        self.0.get("metadata").and_then(Json::as_object).cloned().unwrap_or_default()
    }
}

/// An identifier in the form of a UUID that follows from a text.
pub fn made_uuid(text: &str) -> String {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&sha256(text.as_bytes())[..16]);
    // Version 8: made by its own rule.
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = hex(&bytes).to_uppercase();
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

/// The items of a slot as the text of an array.
pub(super) fn array<'a>(records: impl Iterator<Item = &'a Outgoing>) -> String {
    let texts: Vec<&str> = records.map(|record| record.text.as_str()).collect();
    format!("[{}]", texts.join(","))
}

/// An instant as protocols print it.
pub(super) fn stamp(ms: i64) -> String {
    format_instant(ms)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_record_without_an_identifier_has_the_same_one_each_time() {
        let line = json!({"record": "sample", "type": "T", "start": "2026-03-14T06:02:11.000Z", "value": 1.0});
        let mut other = line.clone();
        other["value"] = json!(2.0);
        let id = |line: &Json, nth| Line(line.as_object().expect("a line")).uuid(nth);
        assert_eq!(id(&line, 0), id(&other, 0), "another value is the same record");
        assert_ne!(id(&line, 0), id(&line, 1));
        other["start"] = json!("2026-03-14T06:02:12.000Z");
        assert_ne!(id(&line, 0), id(&other, 0));
        assert!(id(&line, 0).parse::<crate::phone::Uuid>().is_ok());
        other["uuid"] = json!("A3D78127-BEB3-5027-B8B7-C8779619204F");
        assert_eq!(id(&other, 0), "A3D78127-BEB3-5027-B8B7-C8779619204F");
    }
}
