//! Series inside a workout. They are buckets of samples that come as metrics besides, so they stay with the workout.

use serde_json::{Map, Value as Json};

use crate::formats::body::Body;
use crate::formats::phone::fields::{self, Fields};
use crate::formats::phone::stamp;
use crate::time::format_instant;

/// Bytes of all series of one workout that are taken apart; more is kept as text.
const MAX_SERIES: usize = 8 << 20;
/// The beats of a workout, among which those after its end are found at times.
const BEATS: &str = "heartRateData";
/// Where these belong.
const RECOVERY: &str = "heartRateRecovery";

/// Words of a point and ours.
const WORDS: [(&str, &str); 6] =
    [("qty", "qty"), ("Min", "min"), ("Avg", "avg"), ("Max", "max"), ("units", "unit"), ("source", "source")];

/// The series of one workout.
#[derive(Debug)]
pub(in crate::formats) struct Series {
    end_ms: i64,
    room: usize,
    lists: Map<String, Json>,
}

impl Series {
    /// Of a workout that ends then.
    pub(in crate::formats) fn new(end_ms: i64) -> Self {
        Self { end_ms, room: MAX_SERIES, lists: Map::new() }
    }

    /// Adds a list of points.
    pub(in crate::formats) fn add(&mut self, key: &str, text: &[u8]) {
        if text.len() > self.room {
            self.lists.insert(key.to_owned(), Json::from(String::from_utf8_lossy(text).into_owned()));
            return;
        }
        self.room -= text.len();
        for item in fields::items(text) {
            let (point, at) = point(item);
            let late = key == BEATS && at.is_some_and(|at| at > self.end_ms);
            let list = self.lists.entry(if late { RECOVERY } else { key }).or_insert_with(|| Json::Array(Vec::new()));
            if let Json::Array(list) = list {
                list.push(point);
            }
        }
    }

    /// All of them, by name.
    pub(in crate::formats) fn json(self) -> Json {
        Json::Object(self.lists)
    }
}

fn point(text: &[u8]) -> (Json, Option<i64>) {
    let Some(fields) = Fields::read(text) else { return (fields::json(text), None) };
    let at = fields.get("date").and_then(stamp::instant).map(|stamp| stamp.ms);
    let mut body = Body::default();
    let when = at.map(|at| Json::from(format_instant(at))).or_else(|| fields.get("date").map(fields::json));
    body.set("at", when);
    for (key, word) in WORDS {
        body.set(word, fields.get(key).map(fields::json));
    }
    let known: Vec<&str> = WORDS.iter().map(|(key, _)| *key).chain(["date"]).collect();
    body.set("more", fields.rest(&known));
    (body.json(), at)
}
