//! Writing GPX 1.1, in the form that Apple writes: maps and sports sites read it, and our own reader brings every point
//! back. Reading is in `apple_export::gpx`.

use std::io::{self, Write};

use quick_xml::escape::escape;

use super::route::Point;
use crate::time::format_instant;

/// Writes a track with one segment for each part of a route.
///
/// # Errors
///
/// Fails when `out` fails.
pub fn write(out: &mut impl Write, name: &str, parts: &[Vec<Point>]) -> io::Result<()> {
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(out, "<gpx version=\"1.1\" creator=\"Vitalog\" xmlns=\"http://www.topografix.com/GPX/1/1\">")?;
    writeln!(out, "  <trk>\n    <name>{}</name>", escape(name))?;
    for part in parts.iter().filter(|part| !part.is_empty()) {
        writeln!(out, "    <trkseg>")?;
        part.iter().try_for_each(|point| write_point(out, point))?;
        writeln!(out, "    </trkseg>")?;
    }
    writeln!(out, "  </trk>\n</gpx>")
}

fn write_point(out: &mut impl Write, point: &Point) -> io::Result<()> {
    write!(out, "      <trkpt lat=\"{}\" lon=\"{}\">", point.lat, point.lon)?;
    if let Some(metres) = point.ele {
        write!(out, "<ele>{metres}</ele>")?;
    }
    if let Some(ms) = point.time_ms {
        write!(out, "<time>{}</time>", format_instant(ms))?;
    }
    let more = [("speed", point.speed), ("course", point.course), ("hAcc", point.h_acc), ("vAcc", point.v_acc)];
    if more.iter().any(|(_, value)| value.is_some()) {
        write!(out, "<extensions>")?;
        for (name, value) in more.iter().filter_map(|(name, value)| value.map(|value| (name, value))) {
            write!(out, "<{name}>{value}</{name}>")?;
        }
        write!(out, "</extensions>")?;
    }
    writeln!(out, "</trkpt>")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::formats::apple_export::gpx::read;

    fn text(name: &str, parts: &[Vec<Point>]) -> String {
        let mut out = Vec::new();
        write(&mut out, name, parts).expect("a vector takes everything");
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn parts_are_segments_and_names_are_escaped() {
        let point = Point { lat: 52.5, lon: -13.25, ..Point::default() };
        let text = text("Run <&> \"rest\"", &[vec![point], Vec::new(), vec![point]]);
        assert_eq!(text.matches("<trkseg>").count(), 2);
        assert!(text.contains("<name>Run &lt;&amp;&gt; &quot;rest&quot;</name>"), "{text}");
        assert!(text.contains("<trkpt lat=\"52.5\" lon=\"-13.25\"></trkpt>"), "{text}");
    }

    fn number() -> impl Strategy<Value = Option<f64>> {
        proptest::option::of(-10_000.0..10_000.0)
    }

    prop_compose! {
        fn point()(lat in -90.0..90.0, lon in -180.0..180.0, ele in number(), speed in number(), course in number(),
                   h_acc in number(), v_acc in number(), time in proptest::option::of(0_i64..4_000_000_000_000)) -> Point {
            Point { lat, lon, ele, time_ms: time, speed, course, h_acc, v_acc }
        }
    }

    proptest! {
        #[test]
        fn our_reader_brings_every_point_back(points in proptest::collection::vec(point(), 0..20)) {
            let track = read(text("x", std::slice::from_ref(&points)).as_bytes());
            prop_assert!(track.complete);
            prop_assert_eq!(track.points, points);
        }
    }
}
