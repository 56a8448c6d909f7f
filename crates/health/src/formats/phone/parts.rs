//! Pieces that several protocols have in common: metadata, devices, places, links, entries.

use std::borrow::Cow;

use serde_json::{Map, Value as Json};

use super::fields::{self, Fields};
use super::stamp;
use crate::formats::body::Body;
use crate::formats::route::{self, Point};
use crate::{Entry, EntryKind, Source};

/// What stands beside a sample's value, as canonical JSON: `{"metadata": {...}, "zone_offset": "+01:00", "more":
/// {...}}`.
#[derive(Debug, Default)]
pub(crate) struct Details {
    metadata: Map<String, Json>,
    zone_offset: Option<String>,
    more: Map<String, Json>,
    by_hand: bool,
}

impl Details {
    /// Reads metadata: an object of texts, numbers and flags. What is no object is kept as it stands.
    pub(crate) fn metadata(&mut self, text: Option<&[u8]>) {
        let Some(text) = text else { return };
        match Fields::read(text) {
            Some(fields) if fields.is_empty() => {}
            Some(fields) => {
                self.by_hand = fields.flag("HKWasUserEntered").unwrap_or(false);
                self.metadata = fields.all();
            }
            None => self.more("metadata", fields::json(text)),
        }
    }

    /// Adds one entry of metadata, in Apple's words.
    pub(crate) fn metadata_entry(&mut self, key: &str, value: String) {
        self.metadata.insert(key.to_owned(), Json::String(value));
    }

    /// Notes the offset of the wearer's clock.
    pub(crate) fn zone_offset(&mut self, offset: Option<Cow<'_, str>>) {
        self.zone_offset = offset.map(Cow::into_owned);
    }

    /// Keeps something that we have no word for.
    pub(crate) fn more(&mut self, key: &str, value: Json) {
        self.more.insert(key.to_owned(), value);
    }

    /// Keeps everything that we have no word for.
    pub(crate) fn rest(&mut self, rest: Map<String, Json>) {
        self.more.extend(rest);
    }

    /// Whether somebody typed the sample in.
    pub(crate) fn by_hand(&self) -> bool {
        self.by_hand
    }

    /// The canonical text; `None` where there is nothing to say.
    pub(crate) fn text(self) -> Option<String> {
        if self.metadata.is_empty() && self.more.is_empty() && self.zone_offset.is_none() {
            return None;
        }
        let mut body = Body::default();
        self.into_body(&mut body);
        let text = body.text();
        (text != "{}").then_some(text)
    }

    /// The same as keys of an entry's body.
    pub(crate) fn into_body(self, body: &mut Body) {
        body.set("metadata", self.metadata);
        body.set("zone_offset", self.zone_offset);
        body.set("more", self.more);
    }
}

/// A device text as exports print it, in the making: `name:Apple Watch, manufacturer:Apple Inc., hardware:Watch7,3`.
#[derive(Debug, Default)]
pub(crate) struct DeviceText(String);

impl DeviceText {
    /// Adds a part, if there is one.
    pub(crate) fn add(&mut self, key: &str, value: Option<impl AsRef<str>>) {
        let Some(value) = value.as_ref().map(AsRef::as_ref).filter(|value| !value.is_empty()) else { return };
        if !self.0.is_empty() {
            self.0.push_str(", ");
        }
        self.0.push_str(key);
        self.0.push(':');
        self.0.push_str(value);
    }

    /// Adds whatever else is said about the device, under the sender's keys.
    pub(crate) fn rest(&mut self, fields: &Fields<'_>, known: &[&str]) {
        for (key, value) in fields.iter().filter(|(key, value)| !known.contains(key) && *value != b"null") {
            self.add(key, Some(fields::lossy(value)));
        }
    }

    /// The text, if there is any.
    pub(crate) fn text(self) -> Option<String> {
        Some(self.0).filter(|text| !text.is_empty())
    }
}

/// An entry without payload.
pub(crate) fn entry(kind: EntryKind, identity: String, source: Source, times: (Option<i64>, Option<i64>)) -> Entry {
    let (start_ms, end_ms) = times;
    Entry { kind, identity, source, start_ms, end_ms, body: String::new(), payload: None, members: None }
}

/// The words for a place, by protocol.
pub(crate) struct PlaceWords {
    pub(crate) lat: &'static [&'static str],
    pub(crate) lon: &'static [&'static str],
    pub(crate) ele: &'static [&'static str],
    pub(crate) time: &'static [&'static str],
    pub(crate) h_acc: &'static [&'static str],
    pub(crate) v_acc: &'static [&'static str],
}

/// The words that all protocols use for places, Open Wearables' among them.
pub(crate) const PLACES: PlaceWords = PlaceWords {
    lat: &["latitude", "lat"],
    lon: &["longitude", "lon"],
    ele: &["altitude", "altitudeM", "ele"],
    time: &["timestamp", "date", "time"],
    h_acc: &["horizontalAccuracy", "horizontalAccuracyM", "h_acc"],
    v_acc: &["verticalAccuracy", "verticalAccuracyM", "v_acc"],
};

/// A track in the making.
#[derive(Debug, Default)]
pub(crate) struct Track {
    points: Vec<Point>,
    /// What places say besides, one list for each key.
    others: Map<String, Json>,
    bad: Vec<Json>,
}

impl Track {
    /// Reads a list of places.
    pub(crate) fn places(&mut self, text: &[u8]) {
        fields::items(text).for_each(|place| self.place(place));
    }

    fn place(&mut self, text: &[u8]) {
        let fields = Fields::read(text).unwrap_or_default();
        let number = |words: &[&str]| fields.first(words).and_then(|text| fields::number(text).known());
        let Some((lat, lon)) = number(PLACES.lat).zip(number(PLACES.lon)) else {
            return self.bad.push(fields::json(text));
        };
        // Minus one is Apple's way to say that nobody knows.
        let known = |name: &str| number(&[name]).filter(|value| *value != -1.0);
        self.points.push(Point {
            lat,
            lon,
            ele: number(PLACES.ele),
            time_ms: fields.first(PLACES.time).and_then(stamp::instant).map(|stamp| stamp.ms),
            speed: known("speed"),
            course: known("course"),
            h_acc: number(PLACES.h_acc),
            v_acc: number(PLACES.v_acc),
        });
        let words = [PLACES.lat, PLACES.lon, PLACES.ele, PLACES.time, PLACES.h_acc, PLACES.v_acc, &["speed", "course"]];
        for (key, value) in fields.iter() {
            if words.iter().any(|words| words.contains(&key)) || value == b"null" {
                continue;
            }
            self.other(key, fields::json(value));
        }
    }

    /// Puts a value of the last place into the list of its key.
    fn other(&mut self, key: &str, value: Json) {
        let room = self.others.len() < 16;
        if !room && !self.others.contains_key(key) {
            return;
        }
        let list = self.others.entry(key.to_owned()).or_insert_with(|| Json::Array(Vec::new()));
        if let Json::Array(list) = list {
            list.resize(self.points.len() - 1, Json::Null);
            list.push(value);
        }
    }

    /// Joins what came in several parts.
    pub(crate) fn sort(&mut self) {
        // What stands beside the places is in their order.
        if self.others.is_empty() {
            self.points.sort_by_key(|point| point.time_ms);
        }
    }

    /// How many places it has.
    pub(crate) fn len(&self) -> usize {
        self.points.len()
    }

    /// The entry of the route of a workout, which `link` names.
    pub(crate) fn entry(self, link: Json, source: Source) -> Entry {
        let mut body = Body::default();
        body.set("workout", link);
        body.set("points", self.points.len());
        body.set("columns", self.others);
        body.set("bad_points", self.bad);
        let times = || self.points.iter().filter_map(|point| point.time_ms);
        let mut entry = entry(EntryKind::Route, "location".to_owned(), source, (times().min(), times().max()));
        (entry.body, entry.payload) = (body.text(), Some(route::pack(&self.points)));
        entry
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_track_keeps_what_a_point_has_no_place_for() {
        let mut track = Track::default();
        track.places(
            br#"[{"lat":1,"lon":2,"timestamp":"2026-03-14 07:00:05 +0100","speed":-1,"course":5},
                {"latitude":1.5,"longitude":2.5,"altitudeM":7,"speedAccuracy":0.4}, {"lat":1}, 7]"#,
        );
        let entry = track.entry(serde_json::json!({"uuid": "U"}), Source::default());
        let expected =
            r#"{"bad_points":[{"lat":1},7],"columns":{"speedAccuracy":[null,0.4]},"points":2,"workout":{"uuid":"U"}}"#;
        assert_eq!(entry.body, expected);
        let points = entry.payload.as_deref().and_then(route::unpack).expect("points");
        assert_eq!((points[0].speed, points[0].course, points[1].ele), (None, Some(5.0), Some(7.0)));
        assert_eq!(entry.start_ms, points[0].time_ms);
    }

    #[test]
    fn details_are_canonical_and_keep_everything() {
        let mut details = Details::default();
        details.metadata(Some(br#"{"b":"2","a":1,"HKWasUserEntered":"1"}"#));
        details.zone_offset(Some("+01:00".into()));
        details.more("x", Json::from(1));
        assert!(details.by_hand());
        let expected = r#"{"metadata":{"HKWasUserEntered":"1","a":1,"b":"2"},"more":{"x":1},"zone_offset":"+01:00"}"#;
        assert_eq!(details.text().as_deref(), Some(expected));
        let mut odd = Details::default();
        odd.metadata(Some(b"\"str\""));
        assert_eq!(odd.text().as_deref(), Some(r#"{"more":{"metadata":"str"}}"#));
        assert_eq!(Details::default().text(), None);
    }

    #[test]
    fn a_device_reads_like_that_of_an_export() {
        let mut device = DeviceText::default();
        device.add("name", Some("Apple Watch"));
        device.add("model", None::<&str>);
        device.add("hardware", Some("Watch7,3"));
        assert_eq!(device.text().as_deref(), Some("name:Apple Watch, hardware:Watch7,3"));
        assert_eq!(DeviceText::default().text(), None);
    }
}
