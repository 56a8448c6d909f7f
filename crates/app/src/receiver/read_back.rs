//! What HealthSync reads back: the samples, workouts and deliveries of the phone that asks, and of no other.

use health::formats::healthsync::read_back::{self as wire, MAX_PAGE, PAGE, Row};
use health::phone::Uuid;
use health::time::parse_stamp;
use net::{DeliveryLine, Failure, ReadBack};
use serde_json::{Map, Value as Json};
use store::Store;
use store::peers::Peer;
use store::query::{DeviceEntry, DevicePage, DeviceSample};

/// Deliveries that are looked back at.
const MAX_SYNCS: usize = 1_000;

/// What the address asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Question {
    only: Option<String>,
    from_ms: i64,
    until_ms: i64,
    limit: usize,
    offset: usize,
}

impl Question {
    /// Reads what stands behind the question mark. `only` is the key that narrows; other keys are passed over.
    fn read(query: &str, only: &str) -> Result<Self, Failure> {
        let mut asked = Self { only: None, from_ms: i64::MIN / 2, until_ms: i64::MAX / 2, limit: PAGE, offset: 0 };
        for (key, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            let value = plain(value);
            let number = || value.parse::<usize>().ok();
            // A plus sign that was not escaped is a blank by now.
            let instant = || parse_stamp(&value).or_else(|| parse_stamp(&value.trim_end().replace(' ', "+")));
            match key {
                "limit" => {
                    let limit = number().filter(|limit| (1..=MAX_PAGE).contains(limit));
                    asked.limit = limit.ok_or(Failure::Question("limit is a number from 1 to 500"))?;
                }
                "offset" => asked.offset = number().ok_or(Failure::Question("offset is a number"))?,
                "start_at" => asked.from_ms = instant().ok_or(Failure::Question("start_at is an instant"))?,
                "end_at" => asked.until_ms = instant().ok_or(Failure::Question("end_at is an instant"))?,
                key if key == only && !value.is_empty() => asked.only = Some(value),
                _ => {}
            }
        }
        Ok(asked)
    }

    /// One more than asked for, so that it shows whether there are more.
    fn of<'a>(&self, device: i64, only: Option<&'a str>) -> DevicePage<'a> {
        let Self { from_ms, until_ms, limit, offset, .. } = *self;
        DevicePage { device, only, from_ms, until_ms, offset, limit: limit + 1 }
    }
}

/// A value of an address without its escapes; those that are none stay.
fn plain(value: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = value.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let escaped = |digits: &[u8]| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok();
        let (byte, more) = match (first, after.get(..2).and_then(escaped)) {
            (b'%', Some(byte)) => (byte, &after[2..]),
            (b'+', _) => (b' ', after),
            _ => (*first, after),
        };
        bytes.push(byte);
        rest = more;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Answers a page.
pub(super) fn page(store: &Store, peer: &Peer, what: ReadBack, query: &str) -> Result<Json, Failure> {
    let failed = |error: store::Error| Failure::Failed(error.to_string());
    let only = if what == ReadBack::Workouts { "activity_type" } else { "type" };
    let asked = Question::read(query, only)?;
    let mut items: Vec<Json> = match (what, peer.import_id) {
        (ReadBack::Syncs, _) => {
            let rows = store.deliveries(Some(peer.id), MAX_SYNCS).map_err(failed)?;
            let rows = rows.into_iter().skip(asked.offset).take(asked.limit + 1);
            rows.filter_map(|row| serde_json::to_value(DeliveryLine::from(row)).ok()).collect()
        }
        // It has brought nothing yet.
        (_, None) => Vec::new(),
        (ReadBack::Metrics, Some(device)) => {
            let kind = asked.only.as_deref().map(wire::kind_of);
            let rows = store.device_samples(asked.of(device, kind.as_deref())).map_err(failed)?;
            rows.into_iter().map(metric).collect()
        }
        (ReadBack::Workouts, Some(device)) => {
            let rows = store.device_workouts(asked.of(device, asked.only.as_deref())).map_err(failed)?;
            rows.into_iter().map(workout).collect()
        }
    };
    let has_more = items.len() > asked.limit;
    items.truncate(asked.limit);
    Ok(wire::page(items, asked.limit, asked.offset, has_more))
}

fn id(uuid: Option<Uuid>, name: Option<String>) -> String {
    uuid.map(|uuid| uuid.to_string()).or(name).unwrap_or_default()
}

fn metadata(json: &Json) -> Map<String, Json> {
    json["metadata"].as_object().cloned().unwrap_or_default()
}

fn metric(sample: DeviceSample) -> Json {
    let details = sample.details.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or(Json::Null);
    wire::metric(&Row {
        id: id(sample.uuid, sample.name),
        kind: sample.kind,
        value: sample.value,
        start_ms: sample.start_ms,
        end_ms: sample.end_ms,
        source: sample.source,
        bundle: sample.bundle,
        metadata: metadata(&details),
    })
}

fn workout(entry: DeviceEntry) -> Json {
    let body: Json = serde_json::from_str(&entry.body).unwrap_or_default();
    let row = Row {
        id: id(entry.uuid, entry.name),
        kind: body["activity_raw"].as_str().unwrap_or("other").to_owned(),
        value: None,
        start_ms: entry.start_ms,
        end_ms: entry.end_ms,
        source: entry.source,
        bundle: entry.bundle,
        metadata: metadata(&body),
    };
    let number = |key: &str| body[key].as_f64();
    wire::workout(&row, number("duration_s"), number("energy_kcal"), number("distance_m"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_read_as_it_is_asked() {
        let read = |query: &str| Question::read(query, "type").ok();
        let asked = read("device_id=x&type=heart_rate&limit=2&offset=4").expect("a question");
        assert_eq!((asked.only.as_deref(), asked.limit, asked.offset), (Some("heart_rate"), 2, 4));
        let asked = read("start_at=2026-03-14T07:01:00%2B01:00&end_at=2026-03-14T07:02:00+00:00").expect("a question");
        assert_eq!((asked.from_ms, asked.until_ms), (1_773_468_060_000, 1_773_471_720_000));
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for query in ["limit=0", "limit=501", "limit=x", "offset=-1", "start_at=today", "end_at="] {
            assert!(matches!(Question::read(query, "type"), Err(Failure::Question(_))), "{query}");
        }
    }

    #[test]
    fn escapes_of_an_address_are_undone() {
        let check = |value: &str, expected: &str| assert_eq!(plain(value), expected, "{value}");
        check("a%20b+c", "a b c");
        check("%C3%A9", "\u{e9}");
        check("100%", "100%");
        check("%zz%4", "%zz%4");
    }
}
