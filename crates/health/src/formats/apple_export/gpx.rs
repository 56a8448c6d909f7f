//! GPX 1.1 as Apple writes it, as a stream of points. Waypoints, names and the like are left out.

use std::io::Read;

use quick_xml::events::{BytesStart, Event};

use super::attributes::Attributes;
use super::blocks::Guard;
use super::builder::number;
use super::clean::CleanReader;
use super::limits::{MAX_DEPTH, MAX_GPX, MAX_POINTS};
use crate::formats::route::Point;
use crate::time::parse_stamp;

/// What one file holds.
#[derive(Debug, Default, PartialEq)]
pub struct Track {
    /// The points in the order of the file.
    pub points: Vec<Point>,
    /// False where the file is cut off, damaged or over a limit; the points before that are there.
    pub complete: bool,
}

/// Reads a file to its end or to its first damage.
pub fn read(reader: impl Read) -> Track {
    let input = CleanReader::new(reader.take(MAX_GPX));
    let mut xml = quick_xml::Reader::from_reader(Guard::new(input));
    let config = xml.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    let mut state = State::default();
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        let event = xml.read_event_into(&mut buffer);
        xml.get_mut().reset();
        match event {
            Ok(Event::Start(tag)) if state.depth < MAX_DEPTH => state.open(&tag),
            Ok(Event::Start(_)) => return state.end(false),
            Ok(Event::Empty(tag)) => {
                state.open(&tag);
                state.close(tag.name().as_ref());
            }
            Ok(Event::Text(text)) => state.text(&text.into_inner()),
            Ok(Event::End(tag)) => state.close(tag.name().as_ref()),
            Ok(Event::Eof) => {
                let complete = state.closed;
                return state.end(complete);
            }
            Ok(_) => {}
            Err(_) => return state.end(false),
        }
        if state.points.len() > MAX_POINTS {
            return state.end(false);
        }
    }
}

#[derive(Default)]
struct State {
    points: Vec<Point>,
    /// The point that is open; without a place it is dropped.
    point: Option<Point>,
    field: Option<fn(&mut Point, &str)>,
    depth: usize,
    closed: bool,
}

impl State {
    fn open(&mut self, tag: &BytesStart<'_>) {
        self.depth += 1;
        match local(tag.name().as_ref()) {
            "trkpt" => self.point = place(tag.attributes_raw()),
            name => self.field = field(name),
        }
    }

    fn text(&mut self, text: &str) {
        if let (Some(point), Some(set)) = (&mut self.point, self.field) {
            set(point, text.trim());
        }
    }

    fn close(&mut self, name: &str) {
        self.depth = self.depth.saturating_sub(1);
        self.field = None;
        match local(name) {
            "trkpt" => self.points.extend(self.point.take()),
            "gpx" => self.closed = true,
            _ => {}
        }
    }

    fn end(self, complete: bool) -> Track {
        Track { points: self.points, complete }
    }
}

fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

fn place(tag: &str) -> Option<Point> {
    let (mut lat, mut lon) = (None, None);
    for (name, value) in Attributes::new(tag).map_while(Result::ok) {
        match name {
            "lat" => lat = number(value),
            "lon" => lon = number(value),
            _ => {}
        }
    }
    let inside = |n: &f64| n.abs() <= 180.0;
    Some(Point { lat: lat.filter(inside)?, lon: lon.filter(inside)?, ..Point::default() })
}

fn field(name: &str) -> Option<fn(&mut Point, &str)> {
    Some(match name {
        "ele" => |point, text| point.ele = number(text),
        "time" => |point, text| point.time_ms = parse_stamp(text),
        "speed" => |point, text| point.speed = number(text),
        "course" => |point, text| point.course = number(text),
        "hAcc" => |point, text| point.h_acc = number(text),
        "vAcc" => |point, text| point.v_acc = number(text),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(xml: &str, points: usize, complete: bool) -> Track {
        let track = read(xml.as_bytes());
        assert_eq!((track.points.len(), track.complete), (points, complete), "{xml}");
        track
    }

    #[test]
    fn a_point_has_its_extensions() {
        let track = check(
            "<gpx><metadata><time>2019-11-07T03:43:52Z</time></metadata><trk><trkseg>\n\
             <trkpt lon=\"-122.5\" lat=\"37.25\"><ele>4.5</ele><time>1970-01-01T00:00:01Z</time><extensions>\
             <speed>0.1</speed><course>206.2</course><hAcc>8</hAcc><vAcc>6.4</vAcc></extensions></trkpt>\
             <trkpt lat=\"1\" lon=\"2\"/></trkseg></trk></gpx>",
            2,
            true,
        );
        let expected = Point {
            lat: 37.25,
            lon: -122.5,
            ele: Some(4.5),
            time_ms: Some(1000),
            speed: Some(0.1),
            course: Some(206.2),
            h_acc: Some(8.0),
            v_acc: Some(6.4),
        };
        assert_eq!(track.points.first(), Some(&expected));
    }

    #[test]
    fn a_cut_or_damaged_file_gives_what_stands_before() {
        check("", 0, false);
        check("<gpx><trkpt lat=\"1\" lon=\"2\"/><trkpt lat=\"1\"", 1, false);
        check("<gpx><trkpt lat=\"x\" lon=\"2\"/><trkpt lat=\"1e9\" lon=\"2\"/></gpx>", 0, true);
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = read(bytes.as_slice());
        }
    }
}
