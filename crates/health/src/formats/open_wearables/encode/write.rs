//! JSON, written straight into bytes: a body has thousands of items that are alike.

use jiff::Timestamp;

use crate::time::{TimeZone, Zones, format_instant};

/// JSON in the making.
#[derive(Debug, Default)]
pub(super) struct Json {
    pub(super) bytes: Vec<u8>,
}

impl Json {
    /// Adds text that is JSON already.
    pub(super) fn raw(&mut self, text: impl AsRef<[u8]>) {
        self.bytes.extend_from_slice(text.as_ref());
    }

    /// A comma, where something stands before.
    pub(super) fn comma(&mut self) {
        if !matches!(self.bytes.last(), None | Some(b'{' | b'[' | b':')) {
            self.bytes.push(b',');
        }
    }

    /// A key, which is plain ASCII.
    pub(super) fn key(&mut self, key: &str) {
        self.comma();
        self.bytes.push(b'"');
        self.raw(key);
        self.raw("\":");
    }

    /// A key and a text.
    pub(super) fn text(&mut self, key: &str, text: &str) {
        self.key(key);
        // Nothing of it can fail: the bytes are in memory and a text is always JSON.
        let _ = serde_json::to_writer(&mut self.bytes, text);
    }

    /// A key and a finite number; a whole one has no fraction.
    pub(super) fn number(&mut self, key: &str, value: f64) {
        self.key(key);
        let whole = value.fract() == 0.0 && value.abs() < 1e15;
        let _ = match whole {
            true => serde_json::to_writer(&mut self.bytes, &(value as i64)),
            false => serde_json::to_writer(&mut self.bytes, &value),
        };
    }

    /// A key and an instant.
    pub(super) fn instant(&mut self, key: &str, ms: i64) {
        self.key(key);
        self.bytes.push(b'"');
        let text = format_instant(ms);
        // A whole second is printed as the SDK does.
        match text.strip_suffix(".000Z") {
            Some(whole) => self.raw(format_args!("{whole}Z").to_string()),
            None => self.raw(text),
        }
        self.bytes.push(b'"');
    }

    /// The key `zoneOffset`: what was told with the item, else the offset in the zone that its metadata name, as the
    /// SDK has it, else where the wearer was.
    pub(super) fn zone(&mut self, told: Option<&str>, named: Option<&str>, zones: &Zones, at_ms: i64) {
        match told.filter(|told| is_offset(told)) {
            Some(told) => self.text("zoneOffset", told),
            None => {
                let zone = named.and_then(|name| TimeZone::get(name).ok());
                self.text("zoneOffset", &offset(zone.as_ref().unwrap_or_else(|| zones.zone(at_ms)), at_ms));
            }
        }
    }
}

/// What stands before the lists.
pub(super) fn envelope(out: &mut Json, now_ms: i64) {
    out.raw("{");
    out.text("provider", "apple");
    out.text("sdkVersion", concat!("vitalog-", env!("CARGO_PKG_VERSION")));
    out.instant("syncTimestamp", now_ms);
    out.key("data");
    out.raw("{");
}

/// `+01:00`; of a zone that had seconds, cut to the minute: the server knows nothing finer.
fn offset(zone: &TimeZone, at_ms: i64) -> String {
    let stamp = Timestamp::from_millisecond(at_ms).unwrap_or_default();
    let minutes = zone.to_offset(stamp).seconds() / 60;
    let (sign, minutes) = (if minutes < 0 { '-' } else { '+' }, minutes.unsigned_abs());
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

/// Any other spelling loses the whole batch.
fn is_offset(text: &str) -> bool {
    matches!(text.as_bytes(), [b'+' | b'-', a, b, b':', c, d] if [a, b, c, d].iter().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_written_as_the_sdk_does() {
        let mut out = Json::default();
        out.raw("{");
        out.text("a", "Ann’s \"Watch\"\n");
        out.number("b", 61.0);
        out.number("c", 0.25);
        out.instant("d", 1_000);
        out.instant("e", 1_250);
        out.raw("}");
        let expected =
            r#"{"a":"Ann’s \"Watch\"\n","b":61,"c":0.25,"d":"1970-01-01T00:00:01Z","e":"1970-01-01T00:00:01.250Z"}"#;
        assert_eq!(String::from_utf8_lossy(&out.bytes), expected);
    }

    #[test]
    fn an_offset_is_that_of_the_moment_and_place() {
        let zone = |name: &str| TimeZone::get(name).expect("a zone");
        let (winter, summer) = (1_767_225_600_000, 1_782_864_000_000);
        let check = |name: &str, at: i64, expected: &str| assert_eq!(offset(&zone(name), at), expected, "{name}");
        check("Europe/Berlin", winter, "+01:00");
        check("Europe/Berlin", summer, "+02:00");
        check("Asia/Kathmandu", winter, "+05:45");
        check("America/St_Johns", winter, "-03:30");
        check("UTC", winter, "+00:00");
        // Before zones were whole minutes.
        check("Europe/Amsterdam", -2_000_000_000_000, "+00:19");
        let told = |told: Option<&str>, named: Option<&str>| {
            let mut out = Json::default();
            out.zone(told, named, &Zones::home(zone("UTC")), winter);
            String::from_utf8_lossy(&out.bytes).into_owned()
        };
        assert_eq!(told(Some("Europe/Oslo"), None), r#""zoneOffset":"+00:00""#);
        assert_eq!(told(Some("-03:30"), Some("Asia/Tokyo")), r#""zoneOffset":"-03:30""#);
        assert_eq!(told(None, Some("Asia/Tokyo")), r#""zoneOffset":"+09:00""#);
        assert_eq!(told(None, Some("Mars/Olympus")), r#""zoneOffset":"+00:00""#);
    }
}
