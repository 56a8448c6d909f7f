//! One `Record`: from the text of its tag to a sample.

use memchr::memchr;
use serde_json::Value as Json;

use super::attributes::{Attributes, unescape};
use super::builder::{Builder, number, text};
use super::tally::{Place, Tally, Twin};
use crate::Sample;
use crate::batch::NONE;
use crate::formats::body::number_json;
use crate::time::parse_stamp;

/// The attributes of a record as they stand.
#[derive(Debug, Default, Clone, Copy)]
struct Fields<'a> {
    kind: Option<&'a str>,
    source: Option<&'a str>,
    version: Option<&'a str>,
    device: Option<&'a str>,
    unit: Option<&'a str>,
    created: Option<&'a str>,
    start: Option<&'a str>,
    end: Option<&'a str>,
    value: Option<&'a str>,
}

impl<'a> Fields<'a> {
    /// Reads the attributes in any order and layout.
    fn read(tag: &'a str, tally: &mut Tally) -> Option<Self> {
        let mut fields = Self::default();
        for (i, pair) in Attributes::new(tag).enumerate() {
            let (name, value) = pair.ok().filter(|_| i < tally.limits.attributes)?;
            let field = match name {
                "type" => &mut fields.kind,
                "sourceName" => &mut fields.source,
                "sourceVersion" => &mut fields.version,
                "device" => &mut fields.device,
                "unit" => &mut fields.unit,
                "creationDate" => &mut fields.created,
                "startDate" => &mut fields.start,
                "endDate" => &mut fields.end,
                "value" => &mut fields.value,
                _ => {
                    tally.count("unknown_attribute", Some(name));
                    continue;
                }
            };
            match field {
                None => *field = Some(value),
                Some(_) => tally.count("duplicate_attribute", Some(name)),
            }
        }
        Some(fields)
    }

    /// Reads the attributes as Apple writes them, in its order; `None` where a tag is otherwise.
    fn read_plain(tag: &'a str) -> Option<Self> {
        let mut rest = tag;
        let mut take = |start: &str| {
            let value = rest.strip_prefix(start)?;
            let (value, after) = value.split_at_checked(memchr(b'"', value.as_bytes())?)?;
            rest = after.get(1..)?;
            Some(value)
        };
        let fields = Self {
            kind: take(" type=\""),
            source: take(" sourceName=\""),
            version: take(" sourceVersion=\""),
            device: take(" device=\""),
            unit: take(" unit=\""),
            created: take(" creationDate=\""),
            start: take(" startDate=\""),
            end: take(" endDate=\""),
            value: take(" value=\""),
        };
        rest.is_empty().then_some(fields)
    }

    /// What the twin of a refused record says too; the nested one may lack the device.
    fn twin(&self, place: Place, tally: &Tally) -> Twin {
        tally.twin(place, (self.kind, self.source, self.start, self.end, self.value, self.unit))
    }
}

/// Reads a record's tag; a reject is listed and gives `None`.
pub(super) fn read(tag: &str, place: Place, builder: &mut Builder, tally: &mut Tally) -> Option<Sample> {
    let plain = Fields::read_plain(tag).filter(|_| tally.limits.attributes >= 9);
    let fields = plain.or_else(|| Fields::read(tag, tally));
    let Some(fields) = fields.filter(|fields| fields.kind.is_some_and(is_name)) else {
        tally.reject_record("bad_shape", None, tag, tally.twin(place, tag));
        return None;
    };
    match sample(&fields, builder, tally) {
        Ok(sample) => Some(sample),
        Err(reason) => {
            tally.reject_record(reason, fields.kind, tag, fields.twin(place, tally));
            None
        }
    }
}

/// Whether a text is more than blanks, however these are written.
fn is_name(raw: &str) -> bool {
    raw.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric()) || !unescape(raw).0.trim().is_empty()
}

/// A record as a sample, or why it is none.
fn sample(fields: &Fields<'_>, builder: &mut Builder, tally: &mut Tally) -> Result<Sample, &'static str> {
    let raw_kind = fields.kind.unwrap_or_default();
    let start = fields.start.and_then(parse_stamp);
    // A heart beat takes no time, and there are more of them than of anything else.
    let end = if fields.end == fields.start { start } else { fields.end.and_then(parse_stamp) };
    let times = start.zip(end).filter(|(start, end)| start <= end);
    let (start_ms, end_ms) = times.ok_or("bad_time")?;
    let kind = builder.kind(raw_kind, fields.unit, tally).ok_or("too_many_kinds")?;
    let value = builder.value(kind, fields.value, fields.unit, tally).ok_or("bad_value")?;
    let (name, device) = (fields.source.unwrap_or_default(), fields.device.unwrap_or_default());
    let provenance = builder.provenance(name, device, fields.version, fields.unit, tally);
    let (source, origin) = provenance.ok_or("too_many_sources")?;
    let created_ms = fields.created.and_then(parse_stamp);
    if created_ms.is_none() && fields.created.is_some_and(|text| !text.is_empty()) {
        tally.count("bad_part", Some(raw_kind));
    }
    Ok(Sample {
        kind: builder.kind_index(kind),
        source,
        origin,
        details: NONE,
        text: value.text,
        user_entered: false,
        start_ms,
        end_ms,
        created_ms,
        value: value.value,
        original: value.original,
    })
}

/// Metadata and beats that stand inside one record; reused from record to record.
#[derive(Debug, Default)]
pub(super) struct Extras {
    metadata: Vec<(String, String)>,
    beats: Vec<(String, String)>,
    /// Letters of both.
    bytes: usize,
    json: String,
}

impl Extras {
    /// Forgets the record before.
    pub(super) fn clear(&mut self) {
        self.metadata.clear();
        self.beats.clear();
        self.bytes = 0;
    }

    /// Whether two more texts fit in.
    fn takes(&mut self, a: &str, b: &str, tally: &Tally) -> bool {
        let bytes = self.bytes + a.len() + b.len();
        let fit = bytes <= tally.limits.details;
        self.bytes = if fit { bytes } else { self.bytes };
        fit
    }

    /// Reads the tag of a `MetadataEntry`; of two equal keys the first wins.
    pub(super) fn metadata(&mut self, tag: &str, tally: &mut Tally) {
        let Some((key, value)) = two(tag, "key", "value", tally) else { return };
        self.add(&key, &value, tally);
    }

    /// Adds a metadata entry, and counts one too many and a second value for a key.
    pub(super) fn add(&mut self, key: &str, value: &str, tally: &mut Tally) {
        let known = self.metadata.iter().find(|(known, _)| known == key).map(|(_, first)| first == value);
        match known {
            Some(false) => tally.count("duplicate_metadata", Some(key)),
            Some(true) => {}
            None if self.metadata.len() < tally.limits.metadata && self.takes(key, value, tally) => {
                self.metadata.push((key.to_owned(), value.to_owned()));
            }
            None => tally.count("too_much_metadata", None),
        }
    }

    /// Reads the tag of an `InstantaneousBeatsPerMinute`.
    pub(super) fn beat(&mut self, tag: &str, tally: &mut Tally) {
        let Some((bpm, time)) = two(tag, "bpm", "time", tally) else { return };
        self.add_beat(bpm, time, tally);
    }

    /// Adds a beat.
    pub(super) fn add_beat(&mut self, bpm: String, time: String, tally: &mut Tally) {
        if self.beats.len() < tally.limits.beats && self.takes(&bpm, &time, tally) {
            self.beats.push((bpm, time));
        } else {
            tally.count("too_many_beats", None);
        }
    }

    /// Puts what was collected into a sample.
    pub(super) fn finish(&mut self, sample: &mut Sample, builder: &mut Builder) {
        if self.metadata.is_empty() && self.beats.is_empty() {
            return;
        }
        sample.user_entered = self.metadata.iter().any(|(key, value)| key == "HKWasUserEntered" && value == "1");
        self.metadata.sort_unstable();
        self.write_json(sample.start_ms);
        sample.details = builder.details(&self.json);
    }

    fn write_json(&mut self, start_ms: i64) {
        self.json.clear();
        self.json.push('{');
        if !self.beats.is_empty() {
            self.json.push_str("\"beats\":[");
            push_beats(&mut self.json, start_ms, &self.beats);
            self.json.push(']');
        }
        if !self.metadata.is_empty() {
            self.json.push_str(if self.beats.is_empty() { "\"metadata\":{" } else { ",\"metadata\":{" });
            for (i, (key, value)) in self.metadata.iter().enumerate() {
                if i > 0 {
                    self.json.push(',');
                }
                push_json_text(&mut self.json, key);
                self.json.push(':');
                push_json_text(&mut self.json, value);
            }
            self.json.push('}');
        }
        self.json.push('}');
    }
}

/// Appends a JSON string.
fn push_json_text(json: &mut String, text: &str) {
    if text.bytes().any(|b| b < 0x20 || b == b'"' || b == b'\\') {
        json.push_str(&Json::from(text).to_string());
    } else {
        json.push('"');
        json.push_str(text);
        json.push('"');
    }
}

/// Two attributes of a tag, unescaped. An unreadable tag is counted.
fn two(tag: &str, first: &str, second: &str, tally: &mut Tally) -> Option<(String, String)> {
    let (mut a, mut b) = (None, None);
    for (i, pair) in Attributes::new(tag).enumerate() {
        let Some((name, value)) = pair.ok().filter(|_| i < tally.limits.attributes) else {
            tally.count("bad_shape", None);
            return None;
        };
        let field = if name == first {
            &mut a
        } else if name == second {
            &mut b
        } else {
            tally.count("unknown_attribute", Some(name));
            continue;
        };
        if field.is_some() {
            tally.count("duplicate_attribute", Some(name));
        } else {
            *field = Some(text(value, tally).into_owned());
        }
    }
    if a.is_none() {
        tally.count("bad_part", None);
    }
    Some((a?, b.unwrap_or_default()))
}

/// Appends beats as `{"bpm":64,"offset_ms":860}`. Apple prints a clock time in the phone's zone of that day, without a
/// date, so only its place within a quarter of an hour says something: every zone is whole quarters from UTC.
fn push_beats(json: &mut String, start_ms: i64, beats: &[(String, String)]) {
    const QUARTER: i64 = 15 * 60 * 1000;
    let mut at = start_ms;
    for (i, (bpm, time)) in beats.iter().enumerate() {
        json.push_str(if i > 0 { ",{\"bpm\":" } else { "{\"bpm\":" });
        match number(bpm) {
            Some(bpm) => json.push_str(&number_json(bpm).to_string()),
            None => push_json_text(json, bpm),
        }
        match within_hour(time) {
            Some(ms) => {
                at += (ms - at).rem_euclid(QUARTER);
                json.push_str(",\"offset_ms\":");
                json.push_str(&(at - start_ms).to_string());
            }
            None => {
                json.push_str(",\"time\":");
                push_json_text(json, time);
            }
        }
        json.push('}');
    }
}

/// Milliseconds since the full hour of `7:47:41.86 PM` or `00:20:37,80`.
fn within_hour(time: &str) -> Option<i64> {
    let mut parts = time.split(':').skip(1);
    let (minute, rest) = (parts.next()?, parts.next()?);
    let length = rest.bytes().take_while(|b| b.is_ascii_digit() || matches!(b, b'.' | b',')).count();
    let seconds = rest.get(..length)?.replace(',', ".");
    let (minute, seconds) = (minute.parse::<u8>().ok()?, number(&seconds)?);
    (minute < 60 && seconds < 61.0).then(|| i64::from(minute) * 60_000 + (seconds * 1000.0).round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clock_times_are_read_within_their_hour() {
        assert_eq!(within_hour("7:47:41.86 PM"), Some(47 * 60_000 + 41_860));
        assert_eq!(within_hour("7:47:41.86\u{202f}PM"), Some(47 * 60_000 + 41_860));
        assert_eq!(within_hour("00:20:37,80"), Some(20 * 60_000 + 37_800));
        assert_eq!(within_hour("soon"), None);
    }

    #[test]
    fn beats_follow_the_start_in_any_zone() {
        // 10:59:58 in UTC; the clock said 16:29:59 in Kolkata.
        let start = parse_stamp("2024-01-01 10:59:58 +0000").expect("a stamp");
        let list = [("64".to_owned(), "16:29:59.50".to_owned()), ("65".to_owned(), "16:30:01.00".to_owned())];
        let mut got = String::new();
        push_beats(&mut got, start, &list);
        assert_eq!(got, r#"{"bpm":64,"offset_ms":1500},{"bpm":65,"offset_ms":3000}"#);
        got.clear();
        push_beats(&mut got, start, &[("6\"".to_owned(), "soon".to_owned())]);
        assert_eq!(got, r#"{"bpm":"6\"","time":"soon"}"#);
    }
}
