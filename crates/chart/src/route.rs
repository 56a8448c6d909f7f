//! The track of a workout, drawn from its points. There is no map under it: a map would have to be asked from somebody,
//! who would then know where.

use health::language::{grouped, word};
use health::time::Zones;
use health::ways::Ways;
use health::{counted, key, say};

use crate::layer::{Dot, Layer, Note, Tone};
use crate::model::{Axis, Model, Point, Table};
use crate::number::{extent, minutes, number, usable, with_unit};
use crate::range::{Range, Step, clock, long_day};
use crate::theme::Hue;

const TITLE: &str = key!("Route");
/// Length of one degree of latitude.
const METRES_PER_DEGREE: f64 = 111_195.0;
/// Free space around the track, as a share of its length.
const MARGIN: f64 = 0.06;
/// A track that stays in one place is drawn on this much ground.
const LEAST_METRES: f64 = 20.0;
/// Points closer to each other than this share of the whole are one.
const FINEST: f64 = 1.0 / 4000.0;
/// Start and end closer than this share of the whole have one name.
const SAME_PLACE: f64 = 0.08;

/// Where one was at one instant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fix {
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
}

impl Fix {
    fn is_sound(&self) -> bool {
        self.latitude.abs() <= 90.0 && self.longitude.abs() <= 180.0
    }
}

/// How far it was.
#[derive(Debug, Clone, Copy)]
pub struct Told {
    /// Metres from point to point.
    pub by_points_m: Option<f64>,
    /// Metres that the workout tells, which may have counted steps where satellites were out of sight.
    pub by_workout_m: Option<f64>,
    /// In which units people read them.
    pub ways: Ways,
}

/// Returns the route of one or more parts, each sorted by time; parts are not joined. The lengths are the caller's.
pub fn model(parts: &[Vec<Fix>], length: Told, zones: &Zones) -> Model {
    let parts: Vec<Vec<Fix>> =
        parts.iter().map(|part| part.iter().filter(|fix| fix.is_sound()).copied().collect()).collect();
    let tracks = project(&parts);
    let all = || tracks.iter().flatten();
    let (west, east) = padded(extent(all().map(|p| p.0)));
    let (south, north) = padded(extent(all().map(|p| p.1)));
    let times = || parts.iter().flatten().map(|fix| fix.at_ms);
    let start_ms = times().min().unwrap_or(0);
    let end_ms = times().max().unwrap_or(0).max(start_ms.saturating_add(1));
    let range = Range::new(start_ms, end_ms, Step::Hour);
    Model {
        x: Axis::hidden(west, east),
        y: Axis::hidden(south, north),
        layers: layers(&tracks, (east - west).max(north - south), length.ways),
        square: true,
        summary: summary(&parts, length, &range, zones),
        table: table(&parts, zones),
        ..Model::new(TITLE, "m", range, zones)
    }
}

/// Metres east and north of the first point. Exact enough for as far as one runs or rides in a day.
fn project(parts: &[Vec<Fix>]) -> Vec<Vec<Point>> {
    let Some(origin) = parts.iter().flatten().next() else { return Vec::new() };
    let across = METRES_PER_DEGREE * origin.latitude.to_radians().cos();
    let place = |fix: &Fix| {
        // The short way round, for those who cross the date line.
        let east = (fix.longitude - origin.longitude + 540.0).rem_euclid(360.0) - 180.0;
        (tenth(east * across), tenth((fix.latitude - origin.latitude) * METRES_PER_DEGREE))
    };
    parts.iter().map(|part| part.iter().map(place).collect()).collect()
}

/// No receiver knows better than to ten centimetres.
fn tenth(metres: f64) -> f64 {
    (metres * 10.0).round() / 10.0
}

fn padded(ends: Option<(f64, f64)>) -> (f64, f64) {
    let (low, high) = ends.unwrap_or((0.0, 0.0));
    let missing = (LEAST_METRES - (high - low)).max(0.0) / 2.0;
    let margin = (high - low).max(LEAST_METRES) * MARGIN + missing;
    (low - margin, high + margin)
}

fn layers(tracks: &[Vec<Point>], length: f64, ways: Ways) -> Vec<Layer> {
    let line = |points: &Vec<Point>| Layer::Line {
        hue: Hue::Workout,
        tone: Tone::Full,
        width: 2.4,
        points: apart(points, length * FINEST),
    };
    let mut layers: Vec<Layer> = tracks.iter().filter(|points| !points.is_empty()).map(line).collect();
    if let (Some(first), Some(last)) = (tracks.iter().flatten().next(), tracks.iter().flatten().last()) {
        layers.push(Layer::Dots { hue: Hue::Neutral, dot: Dot::Square, points: vec![*last] });
        layers.push(Layer::Dots { hue: Hue::Workout, dot: Dot::Ring, points: vec![*first] });
        layers.push(Layer::Notes { notes: notes(*first, *last, length) });
        layers.push(Layer::ScaleBar { ways });
    }
    layers
}

fn notes(first: Point, last: Point, length: f64) -> Vec<Note> {
    let note = |at, text: &str| Note { at, text: word(text) };
    let far = (first.0 - last.0).hypot(first.1 - last.1) > length * SAME_PLACE;
    if far {
        vec![note(first, key!("Start")), note(last, key!("End"))]
    } else {
        vec![note(first, key!("Start and end"))]
    }
}

/// Leaves out points that are closer than `least` to the one before; the last one stays.
fn apart(points: &[Point], least: f64) -> Vec<Point> {
    let mut kept: Vec<Point> = Vec::new();
    for point in points {
        if kept.last().is_none_or(|last| (point.0 - last.0).hypot(point.1 - last.1) >= least) {
            kept.push(*point);
        }
    }
    kept.extend(points.last().filter(|last| kept.last() != Some(last)).copied());
    kept
}

fn summary(parts: &[Vec<Fix>], told: Told, range: &Range, zones: &Zones) -> String {
    let n: usize = parts.iter().map(Vec::len).sum();
    if n == 0 {
        return word(key!("There is no route."));
    }
    let way = |metres: Option<f64>| {
        let metres = metres.filter(|m| usable(*m) && *m >= 0.0)?;
        Some(with_unit(&number(told.ways.way.of(metres), 2), told.ways.way.symbol))
    };
    let (by_points, by_workout) = (way(told.by_points_m), way(told.by_workout_m));
    let length = by_points.as_ref().map_or_else(String::new, |way| say!(" of {way}", way));
    let other = by_workout.filter(|way| by_points.as_ref().is_some_and(|by_points| by_points != way));
    let other = other.map_or_else(String::new, |way| say!(" The workout itself tells {way}.", way));
    let with_points = parts.iter().filter(|part| !part.is_empty()).count();
    let several =
        if with_points > 1 { say!(" in {parts}", parts = counted!(with_points, "part")) } else { String::new() };
    say!(
        "Route{length} on {day}, from {start} to {end}: {points}{several}.{other}",
        length,
        day = long_day(zones.day(range.start_ms)),
        start = clock(range.start_ms, zones),
        end = clock(range.end_ms, zones),
        points = counted!(n, "point"),
        several,
        other,
    )
}

/// One row a part: places themselves are in the GPX file, not in a table that is read aloud.
fn table(parts: &[Vec<Fix>], zones: &Zones) -> Table {
    let row = |(i, part): (usize, &Vec<Fix>)| {
        let (start, end) = (part.first()?.at_ms, part.last()?.at_ms);
        let lasted = minutes(end.saturating_sub(start) as f64 / 60_000.0);
        let n = grouped(part.len() as u64);
        Some([(i + 1).to_string(), clock(start, zones), clock(end, zones), lasted, n])
    };
    Table::new(
        [key!("Part"), key!("From"), key!("To"), key!("Length"), key!("Points")],
        parts.iter().enumerate().filter_map(row),
    )
}
