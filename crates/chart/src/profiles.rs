//! What happened during a workout: heart rate, pace or speed, and elevation over one axis of time or distance. Pace is
//! upside down, so that faster is up, and says so.

use health::language::word;
use health::time::Zones;
use health::ways::{Ways, minutes_seconds};
use health::{key, say};

use crate::layer::{Layer, Panel, Tone, alone};
use crate::model::{Axis, Model, Point, Table, Tick};
use crate::number::{extent, inverted, no_data, number, usable, value_axis};
use crate::range::{Range, Step, clock, long_day};
use crate::slots::joined;
use crate::theme::Hue;
use crate::thin;

const TITLE: &str = key!("Workout profiles");
/// A line passes over at most this share of the axis without data.
const WIDEST_HOLE: f64 = 0.03;
/// Seconds from one pace to the next, with one between them missing.
const PACE_REACH_S: f64 = 65.0;
/// Rows of the table.
const ROWS: usize = 20;

/// What runs along the shared axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Along {
    /// Seconds since the start.
    Time,
    /// Metres from the start.
    Distance,
}

/// How people tell how fast they were.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tempo {
    /// Minutes for a kilometre or a mile: on foot.
    Pace,
    /// Kilometres or miles in an hour: on wheels, skis and boats.
    Speed,
}

/// The series of a workout; an empty one has no panel. First of each pair is the place along the shared axis.
#[derive(Debug, Clone, Copy)]
pub struct Profiles<'a> {
    /// Start in milliseconds since 1970.
    pub start_ms: i64,
    /// End in milliseconds since 1970.
    pub end_ms: i64,
    /// What the first of each pair is.
    pub along: Along,
    /// Where the axis ends.
    pub length: f64,
    /// Beats per minute.
    pub heart_rate: &'a [Point],
    /// Seconds per kilometre.
    pub pace: &'a [Point],
    /// As what that is shown.
    pub tempo: Tempo,
    /// Metres above the sea.
    pub elevation: &'a [Point],
    /// In which units people read them.
    pub ways: Ways,
}

/// One line of a workout, in the units that are shown.
struct Profile {
    name: &'static str,
    unit: String,
    label: String,
    hue: Hue,
    least: f64,
    points: Vec<Point>,
    write: fn(f64) -> String,
    /// Whether small is fast.
    is_upside_down: bool,
    /// A line passes at least over this much of the axis: in a short workout, too, a pace is that of half a minute.
    least_reach: f64,
}

impl Profile {
    fn panel(&self, length: f64) -> Panel {
        let (low, high) = extent(self.points.iter().map(|point| point.1)).unwrap_or((0.0, self.least));
        let y = if self.is_upside_down { pace_axis(low, high) } else { value_axis(low, high, self.least) };
        let line = |run: Vec<Point>| Layer::Line {
            hue: self.hue,
            tone: Tone::Full,
            width: 1.5,
            points: thin::for_any_width(&run, 0.0, length),
        };
        let most = self.least_reach.max(length * WIDEST_HOLE);
        let layers =
            joined(&self.points, most).into_iter().map(line).chain(alone(&self.points, most, self.hue)).collect();
        Panel {
            x: Axis { from: 0.0, to: length, ..Axis::default() },
            y: y.labelled(self.label.as_str()),
            layers,
            share: 1.0,
        }
    }

    fn extremes(&self) -> Option<String> {
        let (low, high) = extent(self.points.iter().map(|point| point.1))?;
        let (name, low, high) = (word(self.name), (self.write)(low), (self.write)(high));
        Some(say!("{name} {low} to {high} {unit}", name, low, high, unit = self.unit))
    }

    /// The value of the last point before a place.
    fn at(&self, place: f64) -> String {
        let next = self.points.partition_point(|point| point.0 <= place);
        let before = next.checked_sub(1).and_then(|i| self.points.get(i));
        before.map_or_else(no_data, |point| (self.write)(point.1))
    }
}

/// Returns the linked profiles of a workout; each series must be sorted.
pub fn model(profiles: &Profiles, zones: &Zones) -> Model {
    let end_ms = profiles.end_ms.max(profiles.start_ms.saturating_add(1));
    let range = Range::new(profiles.start_ms, end_ms, Step::Hour);
    let length = if usable(profiles.length) && profiles.length > 0.0 { profiles.length } else { 1.0 };
    let series = series(profiles, length);
    let mut panels: Vec<Panel> = series.iter().map(|profile| profile.panel(length)).collect();
    let x = along(profiles.along, length, profiles.ways);
    // One axis for all: only the lowest panel has its labels.
    match panels.last_mut() {
        Some(lowest) => lowest.x = x,
        None => panels.push(Panel { x, y: value_axis(0.0, 1.0, 1.0), layers: Vec::new(), share: 1.0 }),
    }
    let mut panels = panels.into_iter();
    let first = panels.next();
    let (x, y, layers) = first.map(|first| (first.x, first.y, first.layers)).unwrap_or_default();
    Model {
        x,
        y,
        layers,
        panels: panels.collect(),
        summary: summary(&series, profiles, zones),
        table: table(&series, profiles, length),
        ..Model::new(TITLE, "", range, zones)
    }
}

fn series(profiles: &Profiles, length: f64) -> Vec<Profile> {
    let within = |points: &[Point]| -> Vec<Point> {
        points.iter().filter(|p| (0.0..=length).contains(&p.0) && usable(p.1)).copied().collect()
    };
    let heart_rate = Profile {
        name: key!("Heart rate"),
        unit: "bpm".to_owned(),
        label: word(key!("Heart rate, bpm")),
        hue: Hue::Heart,
        least: 20.0,
        points: within(profiles.heart_rate),
        write: |value| number(value, 0),
        is_upside_down: false,
        least_reach: 0.0,
    };
    let height = profiles.ways.height;
    let elevation = Profile {
        name: key!("Elevation"),
        unit: height.symbol.to_owned(),
        label: say!("Elevation, {unit}", unit = height.symbol),
        hue: Hue::Neutral,
        least: height.of(20.0).round(),
        points: within(profiles.elevation).into_iter().map(|(at, metres)| (at, height.of(metres))).collect(),
        write: |value| number(value, 0),
        is_upside_down: false,
        least_reach: 0.0,
    };
    let pace: Vec<Point> = within(profiles.pace).into_iter().filter(|point| point.1 > 0.0).collect();
    [heart_rate, tempo(profiles, pace), elevation].into_iter().filter(|profile| !profile.points.is_empty()).collect()
}

/// How fast it went, of seconds for a kilometre.
fn tempo(profiles: &Profiles, pace: Vec<Point>) -> Profile {
    let ways = profiles.ways;
    let least_reach = if profiles.along == Along::Time { PACE_REACH_S } else { 0.0 };
    match profiles.tempo {
        Tempo::Pace => Profile {
            name: key!("Pace"),
            unit: ways.pace_symbol(),
            label: say!("Pace, {unit}, faster is up", unit = ways.pace_symbol()),
            hue: Hue::Workout,
            least: 60.0,
            points: pace.into_iter().map(|(at, seconds)| (at, ways.pace(seconds))).collect(),
            write: minutes_seconds,
            is_upside_down: true,
            least_reach,
        },
        Tempo::Speed => Profile {
            name: key!("Speed"),
            unit: ways.speed_symbol().to_owned(),
            label: say!("Speed, {unit}", unit = ways.speed_symbol()),
            hue: Hue::Workout,
            least: 5.0,
            points: pace.into_iter().map(|(at, seconds)| (at, ways.speed(seconds))).collect(),
            write: |value| number(value, 1),
            is_upside_down: false,
            least_reach,
        },
    }
}

/// Steps that are round on a clock, slow at the bottom.
fn pace_axis(low: f64, high: f64) -> Axis {
    let steps = [15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0];
    let ends = |step: f64| ((low / step).floor(), (high / step).ceil().max((low / step).floor() + 1.0));
    let fits = |step: &f64| ends(*step).1 - ends(*step).0 <= 4.0;
    let step = steps.into_iter().find(fits).unwrap_or((high - low).max(3600.0));
    let (first, last) = ends(step);
    let tick = |i: u32| {
        let at = (first + f64::from(i)) * step;
        Tick::new(at, minutes_seconds(at))
    };
    let ticks = (0..=(last - first) as u32).map(tick).collect();
    inverted(Axis { from: first * step, to: last * step, ticks, ..Axis::default() })
}

/// The shared axis: minutes or kilometres at round places.
fn along(along: Along, length: f64, ways: Ways) -> Axis {
    let unit = if along == Along::Time { 60.0 } else { ways.way.metres };
    let round = value_axis(0.0, length / unit, 0.0);
    let inside = round.ticks.into_iter().filter(|tick| tick.at * unit <= length * 1.000_001);
    let ticks = inside.map(|tick| Tick { at: tick.at * unit, ..tick }).collect();
    let label = if along == Along::Time { key!("minutes") } else { ways.way.symbol };
    Axis { from: 0.0, to: length, ticks, ..Axis::default() }.labelled(label)
}

/// Returns what is told of a part of the shared axis: a sentence, and the table.
pub fn told_of_part(profiles: &Profiles, (from, to): (f64, f64), zones: &Zones) -> (String, Table) {
    let all = series(profiles, profiles.length);
    let way = profiles.ways.way;
    let (unit, symbol) = if profiles.along == Along::Time { (60.0, "min") } else { (way.metres, way.symbol) };
    let cut = |profile: Profile| {
        let mut points = profile.points.clone();
        points.retain(|point| (from..=to).contains(&point.0));
        Profile { points, ..profile }
    };
    let table = rows(&all, profiles, (from, to));
    let inside: Vec<Profile> = series(profiles, profiles.length).into_iter().map(cut).collect();
    let mut summary = summary(&inside, profiles, zones);
    let (from, to) = (number(from / unit, 1), number(to / unit, 1));
    summary.push_str(&say!(" This is of {from} to {to} {unit}.", from, to, unit = symbol));
    (summary, table)
}

fn summary(series: &[Profile], profiles: &Profiles, zones: &Zones) -> String {
    let when = format!("{}, {}", long_day(zones.day(profiles.start_ms)), clock(profiles.start_ms, zones));
    let words: Vec<String> = series.iter().filter_map(Profile::extremes).collect();
    if words.is_empty() {
        return say!("For the workout of {when} there are no profiles.", when);
    }
    say!("Workout of {when}: {words}.", when, words = words.join("; "))
}

fn table(series: &[Profile], profiles: &Profiles, length: f64) -> Table {
    rows(series, profiles, (0.0, length))
}

fn rows(series: &[Profile], profiles: &Profiles, (from, to): (f64, f64)) -> Table {
    let way = profiles.ways.way;
    let (head, unit) = if profiles.along == Along::Time { (key!("Minute"), 60.0) } else { (way.symbol, way.metres) };
    let row = |i: usize| {
        let place = from + (to - from) * i as f64 / ROWS as f64;
        let values = series.iter().map(|profile| profile.at(place));
        std::iter::once(number(place / unit, 1)).chain(values).collect()
    };
    let nothing = if series.is_empty() { Some(key!("Value")) } else { None };
    let columns = std::iter::once(head).chain(series.iter().map(|profile| profile.label.as_str())).chain(nothing);
    let rows = if series.is_empty() { Vec::new() } else { (0..=ROWS).map(row).collect() };
    Table { columns: columns.map(word).collect(), rows }
}
