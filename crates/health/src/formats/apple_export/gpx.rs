//! GPX 1.1 as Apple writes it, as a stream of points. Waypoints, names and the like are left out.

use std::io::{BufRead as _, Read};

use memchr::memchr;
use quick_xml::events::{BytesStart, Event};

use super::attributes::Attributes;
use super::builder::number;
use super::clean::CleanReader;
use super::guard::Guard;
use super::limits::Limits;
use super::tag::{self, Shape};
use crate::formats::route::Point;
use crate::time::parse_stamp;

/// What one file holds.
#[derive(Debug, Default, PartialEq)]
pub struct Track {
    /// The points in the order of the file.
    pub points: Vec<Point>,
    /// False where the file is cut off, damaged or over a limit; the points before that are there.
    pub complete: bool,
    /// Values of points that could not be read, and points that were left out because their place is one of these.
    pub unreadable: usize,
}

/// Reads a file to its end or to its first damage.
pub fn read(reader: impl Read) -> Track {
    read_within(reader, &Limits::default())
}

/// Reads a file to its end, to its first damage or to a limit.
pub fn read_within(reader: impl Read, limits: &Limits) -> Track {
    // One byte more than the limit is read, so that a larger file is cut off before its end.
    let input = CleanReader::new(reader.take(limits.gpx + 1));
    let mut xml = quick_xml::Reader::from_reader(Guard::new(input, limits.event));
    let config = xml.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    let mut state = State::default();
    let mut buffer = Vec::new();
    // Points lie between tags, never after a text, where the parser expects markup.
    let mut between = false;
    loop {
        if state.points.len() > limits.points {
            state.points.truncate(limits.points);
            return state.end(false);
        }
        let depth_left = limits.depth.saturating_sub(state.depth);
        let room = between && state.point.is_none() && depth_left > 2;
        let plain = room.then(|| plain_point(xml.get_ref().inner.rest())).flatten();
        if let Some((point, length, unreadable)) = plain.filter(|(_, length, _)| *length <= limits.event) {
            state.points.extend(point);
            state.unreadable += unreadable;
            state.field = None;
            xml.stream().consume(length);
            xml.get_mut().reset();
            continue;
        }
        buffer.clear();
        let event = xml.read_event_into(&mut buffer);
        xml.get_mut().reset();
        between = matches!(event, Ok(Event::Empty(_) | Event::Start(_) | Event::End(_)));
        match event {
            Ok(Event::Start(_) | Event::Empty(_)) if depth_left == 0 => return state.end(false),
            Ok(Event::Start(tag)) => state.open(&tag),
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
    }
}

/// A whole point at the beginning of a text, as Apple writes them, its length, and how much of it could not be read: a
/// short cut past the parser. `None` where anything is out of the ordinary, and the parser has to look.
fn plain_point(text: &str) -> Option<(Option<Point>, usize, usize)> {
    let tag = tag::whole(text).filter(|tag| tag.name == "trkpt" && tag.shape == Shape::Start)?;
    let mut point = place(tag.attributes);
    let mut rest = text.get(tag.length..)?;
    let mut extended = false;
    let mut unreadable = usize::from(point.is_none());
    loop {
        rest = rest.trim_ascii_start();
        if let Some(after) = rest.strip_prefix("</trkpt>").filter(|_| !extended) {
            return Some((point, text.len() - after.len(), unreadable));
        }
        let bracket = if extended { "</extensions>" } else { "<extensions>" };
        rest = match rest.strip_prefix(bracket) {
            Some(after) => {
                extended = !extended;
                after
            }
            None => {
                let (after, good) = plain_field(rest, point.as_mut())?;
                unreadable += usize::from(!good);
                after
            }
        };
    }
}

/// Reads `<name>text</name>` and gives what follows, and whether it could be read.
fn plain_field<'a>(text: &'a str, point: Option<&mut Point>) -> Option<(&'a str, bool)> {
    let inside = text.strip_prefix('<')?;
    let (name, after) = inside.split_at_checked(inside.bytes().take_while(u8::is_ascii_alphabetic).count())?;
    let after = after.strip_prefix('>')?;
    let (value, after) = after.split_at_checked(memchr(b'<', after.as_bytes())?)?;
    let rest = after.strip_prefix("</")?.strip_prefix(name)?.strip_prefix('>')?;
    // An entity splits a text, and these two have a meaning of their own.
    if value.contains('&') || matches!(name, "" | "trkpt" | "gpx") {
        return None;
    }
    let good = match (point, field(name), value.is_empty()) {
        (Some(point), Some(set), false) => set_trimmed(set, point, value),
        _ => true,
    };
    Some((rest, good))
}

/// Sets a value of a point from its text; false where it cannot be read.
type Set = fn(&mut Point, &str) -> bool;

fn set_trimmed(set: Set, point: &mut Point, text: &str) -> bool {
    let text = text.trim();
    set(point, text) || text.is_empty()
}

#[derive(Default)]
struct State {
    points: Vec<Point>,
    /// The point that is open; without a place it is dropped.
    point: Option<Point>,
    field: Option<Set>,
    unreadable: usize,
    depth: usize,
    closed: bool,
}

impl State {
    fn open(&mut self, tag: &BytesStart<'_>) {
        self.depth += 1;
        match local(tag.name().as_ref()) {
            "trkpt" => {
                self.point = place(tag.attributes_raw());
                self.unreadable += usize::from(self.point.is_none());
            }
            name => self.field = field(name),
        }
    }

    fn text(&mut self, text: &str) {
        if let (Some(point), Some(set)) = (&mut self.point, self.field) {
            self.unreadable += usize::from(!set_trimmed(set, point, text));
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
        Track { points: self.points, complete, unreadable: self.unreadable }
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
    Point::at(lat?, lon?)
}

fn field(name: &str) -> Option<Set> {
    Some(match name {
        "ele" => |point, text| read_into(&mut point.ele, number(text)),
        "time" => |point, text| read_into(&mut point.time_ms, parse_stamp(text)),
        "speed" => |point, text| read_into(&mut point.speed, number(text)),
        "course" => |point, text| read_into(&mut point.course, number(text)),
        "hAcc" => |point, text| read_into(&mut point.h_acc, number(text)),
        "vAcc" => |point, text| read_into(&mut point.v_acc, number(text)),
        _ => return None,
    })
}

fn read_into<T: Copy>(field: &mut Option<T>, value: Option<T>) -> bool {
    *field = value;
    value.is_some()
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

    #[test]
    fn what_cannot_be_read_of_a_point_is_counted() {
        let unreadable = |point: &str| {
            let counts =
                [point, &format!("<!-- -->{point}")].map(|point| read(format!("<gpx>{point}</gpx>").as_bytes()));
            assert_eq!(counts[0], counts[1], "{point}");
            (counts[0].points.len(), counts[0].unreadable)
        };
        let inside = |fields: &str| unreadable(&format!("<trkpt lat=\"1\" lon=\"2\">{fields}</trkpt>"));
        assert_eq!(inside("<ele>x</ele><time>1970-01-01T00:00:01Z</time>"), (1, 1));
        assert_eq!(inside("<time>noon</time><extensions><speed>fast</speed></extensions>"), (1, 2));
        assert_eq!(inside("<ele></ele><ele> </ele><name>x</name>"), (1, 0));
        assert_eq!(unreadable("<trkpt lat=\"95\" lon=\"2\"><ele>x</ele></trkpt>"), (0, 1));
        assert_eq!(unreadable("<trkpt lat=\"1\" lon=\"181\"/><trkpt lat=\"-90\" lon=\"180\"/>"), (1, 1));
    }

    /// Pieces of tracks, good and bad.
    const PIECES: [&str; 23] = [
        "<trkpt lat=\"95\" lon=\"2\">",
        "<ele>x</ele>",
        "<trkpt lat=\"1\" lon=\"2\">",
        "<trkpt lat='1' lon=\"2\">",
        "<trkpt lat=\"x\" lon=\"2\">",
        "<trkpt lat=\"1\" lon=\"2\"/>",
        "</trkpt>",
        "</trkpt >",
        "<ele>4.5</ele>",
        "<ele></ele>",
        "<ele> </ele>",
        "<ele/>",
        "<ele>",
        "</ele>",
        "<time>1970-01-01T00:00:01Z</time>",
        "<extensions>",
        "</extensions>",
        "<x:speed>3</x:speed>",
        "<hAcc>1&lt;</hAcc>",
        "text",
        "\n  ",
        "<![CDATA[5]]>",
        "</gpx>",
    ];

    proptest! {
        #[test]
        fn the_short_cut_gives_what_the_parser_gives(picks in proptest::collection::vec(0..PIECES.len(), 0..40)) {
            let text: String = picks.into_iter().map(|i| PIECES[i]).collect();
            // After a comment the parser looks for itself.
            let slow = text.replace("<trkpt", "<!-- --><trkpt");
            prop_assert_eq!(read(text.as_bytes()), read(slow.as_bytes()), "{}", text);
        }

        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = read(bytes.as_slice());
        }
    }
}
