//! The same for JSON lines: pieces that an outbox knows again, and bodies made of pieces.
//!
//! A point and a workout are a piece each. A night is one as a whole: the server makes a session of it, so one stage
//! that changes sends all of them again.

use serde_json::{Map, Value as Json};

use super::source::{Writer, identity};
use super::write::{self, Json as Out};
use super::{Adds, Options, Plan, Reason, Row, Workout, night, point, workout};
use crate::formats::apple_export::device;
use crate::formats::open_wearables::record::SLEEP;
use crate::formats::outgoing::{Line, Outgoing};
use crate::kind;
use crate::time::{TimeZone, Zones, parse_stamp};
use crate::{EntryKind, Source};

/// What becomes of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It is sent. `identity` is the server's own key, so what has the same takes the place of it there; of a night it
    /// is [`night_identity`]. It stands at the line with which the night begins.
    Piece(Outgoing),
    /// It goes with another line, by its index: a stage of a night.
    PartOf(usize),
    /// It is not sent.
    Held(Reason),
    /// It is sent later: a night that the server may still add to.
    Later,
}

/// A body of pieces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joined {
    /// The JSON.
    pub text: String,
    /// Which pieces it carries, as indexes into what was given.
    pub pieces: Vec<usize>,
}

/// Says of every line what becomes of it. What the caller of [`super::samples`] keeps to holds here, too: lines of one
/// kind and instant come together, and of sleep those that are within two hours of each other.
pub fn lines(lines: &[Map<String, Json>], options: &Options<'_>) -> Vec<Fate> {
    let mut fates = vec![Fate::Held(Reason::NotStored); lines.len()];
    let told: Vec<Option<Told>> = lines.iter().map(Told::read).collect();
    let of = |which: Which| -> Vec<(usize, &Told)> {
        let all = told.iter().enumerate().filter_map(|(at, told)| Some((at, told.as_ref()?)));
        all.filter(|(_, told)| told.which == which).collect()
    };
    let (mut kinds, mut sources) = (point::Kinds::default(), Writer::default());
    for which in [Which::Point, Which::Stage] {
        let (places, rows): (Vec<usize>, Vec<Row<'_>>) =
            of(which).into_iter().map(|(at, told)| (at, told.row())).unzip();
        let plan = if which == Which::Point { point::plan(&rows) } else { night::plan(&rows, options.now_ms) };
        let write = |row: usize, out: &mut Out| {
            let Some(row) = rows.get(row) else { return };
            match which {
                Which::Point => drop(point::write(row, options.zones, (&mut kinds, &mut sources), out)),
                _ => night::write(row, options.zones, &mut sources, out),
            }
        };
        let key = |unit: &[usize]| match which {
            Which::Point => unit.first().and_then(|at| rows.get(*at)).map(point_key).unwrap_or_default(),
            _ => night_key(unit.iter().filter_map(|at| rows.get(*at))),
        };
        put(&mut fates, &plan, &places, write, key);
    }
    let (places, rows): (Vec<usize>, Vec<Workout<'_>>) =
        of(Which::Workout).into_iter().map(|(at, told)| (at, told.workout())).unzip();
    let write = |row: usize, out: &mut Out| {
        if let Some(row) = rows.get(row) {
            workout::write(row, options.zones, &mut sources, out, &mut Adds::default());
        }
    };
    let key = |unit: &[usize]| unit.first().and_then(|at| rows.get(*at)).map(workout_key).unwrap_or_default();
    put(&mut fates, &workout::plan(&rows), &places, write, key);
    fates
}

/// What a line is by itself, as if it were the only one.
///
/// Errors: why it is not sent.
pub fn alone(line: &Map<String, Json>) -> Result<Outgoing, &'static str> {
    let zones = Zones::home(TimeZone::UTC);
    match lines(std::slice::from_ref(line), &Options::new(&zones, i64::MAX)).pop() {
        Some(Fate::Piece(piece)) => Ok(piece),
        Some(Fate::Held(reason)) => Err(reason.as_str()),
        _ => Err(Reason::NotStored.as_str()),
    }
}

/// Bodies of pieces, each of one source and in the order in which the pieces came.
pub fn bodies(pieces: &[&Outgoing], now_ms: i64) -> Vec<Joined> {
    let mut found: Vec<(&str, Vec<usize>)> = Vec::new();
    for (at, piece) in pieces.iter().enumerate() {
        match found.iter_mut().find(|(slot, _)| *slot == piece.slot) {
            Some((_, places)) => places.push(at),
            None => found.push((&piece.slot, vec![at])),
        }
    }
    found.into_iter().map(|(slot, places)| join(slot, pieces, places, now_ms)).collect()
}

fn join(slot: &str, pieces: &[&Outgoing], places: Vec<usize>, now_ms: i64) -> Joined {
    let mut out = Out::default();
    write::envelope(&mut out, now_ms);
    out.key(slot.split('\n').next().unwrap_or_default());
    out.raw("[");
    for piece in places.iter().filter_map(|at| pieces.get(*at)) {
        out.comma();
        out.raw(&piece.text);
    }
    out.raw("]}}");
    Joined { text: String::from_utf8_lossy(&out.bytes).into_owned(), pieces: places }
}

/// Puts down what a plan says; `key` gives slot and identity of a piece by its rows.
fn put(
    fates: &mut [Fate],
    plan: &Plan,
    places: &[usize],
    mut write: impl FnMut(usize, &mut Out),
    key: impl Fn(&[usize]) -> (String, String),
) {
    let mut set = |row: usize, fate: Fate| {
        if let Some(place) = places.get(row).and_then(|place| fates.get_mut(*place)) {
            *place = fate;
        }
    };
    plan.held.iter().for_each(|held| set(held.row, Fate::Held(held.reason)));
    plan.later.iter().for_each(|row| set(*row, Fate::Later));
    for group in &plan.groups {
        let mut from = 0;
        while from < group.rows.len() {
            let next = group.cuts.partition_point(|cut| *cut <= from);
            let until = group.cuts.get(next).copied().unwrap_or(from + 1);
            let unit = group.rows.get(from..until).unwrap_or_default();
            let mut out = Out::default();
            for row in unit {
                out.comma();
                write(*row, &mut out);
            }
            if let Some((first, rest)) = unit.split_first() {
                let (slot, identity) = key(unit);
                let text = String::from_utf8_lossy(&out.bytes).into_owned();
                set(*first, Fate::Piece(Outgoing { slot, identity, text }));
                let first = places.get(*first).copied().unwrap_or_default();
                rest.iter().for_each(|row| set(*row, Fate::PartOf(first)));
            }
            from = until.max(from + 1);
        }
    }
}

fn point_key(row: &Row<'_>) -> (String, String) {
    let source = source_key(row.source, row.device);
    let series = super::wire::find(row.kind).map_or("", |kind| kind.series);
    (format!("records\n{source}"), format!("{series}\n{source}\n{}", row.start_ms))
}

fn night_key<'a>(rows: impl Iterator<Item = &'a Row<'a>> + Clone) -> (String, String) {
    let Some(first) = rows.clone().next() else { return Default::default() };
    let source = source_key(first.source, first.device);
    let begins = night::begins(rows).unwrap_or(first.start_ms);
    (format!("sleep\n{source}"), night_text(&source, begins))
}

fn workout_key(row: &Workout<'_>) -> (String, String) {
    let source = source_key(row.source, None);
    (format!("workouts\n{source}"), workout_text(&source, (row.start_ms, row.end_ms)))
}

fn source_key(source: &Source, device: Option<&str>) -> String {
    let (model, name) = identity(source, device);
    source_text(model.as_deref(), name.as_deref())
}

/// What a night is known by that the server has: model and name of its source, and its start as the server tells it.
pub fn night_identity(model: Option<&str>, name: Option<&str>, start_ms: i64) -> String {
    night_text(&source_text(model, name), start_ms)
}

/// What a workout is known by that the server has: model and name of its source, start and end.
pub fn workout_identity(model: Option<&str>, name: Option<&str>, times: (i64, i64)) -> String {
    workout_text(&source_text(model, name), times)
}

fn source_text(model: Option<&str>, name: Option<&str>) -> String {
    format!("{}\n{}", model.unwrap_or_default(), name.unwrap_or_default())
}

fn night_text(source: &str, start_ms: i64) -> String {
    format!("night\n{source}\n{start_ms}")
}

fn workout_text(source: &str, (start_ms, end_ms): (i64, i64)) -> String {
    format!("workout\n{source}\n{start_ms} {end_ms}")
}

/// Which of the server's lists a line is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    Point,
    Stage,
    Workout,
}

/// What a line says, read.
struct Told {
    which: Which,
    kind: String,
    times: (i64, i64),
    value: Option<f64>,
    source: Source,
    device: Option<String>,
    version: Option<String>,
    uuid: Option<crate::phone::Uuid>,
    /// Of a sample its details, of a workout all of it.
    rest: String,
}

impl Told {
    /// Reads a line; none of what the server has no list for, or has no times.
    fn read(map: &Map<String, Json>) -> Option<Self> {
        let line = Line(map);
        let text = |key: &str| line.text(key).map(str::to_owned);
        let (start, end) = line.times().ok()?;
        let device = text("device");
        let hardware = text("device_hw").or_else(|| device.as_deref().and_then(device::hardware).map(str::to_owned));
        let name = text("source").unwrap_or_default();
        let source = Source { name, bundle: text("bundle").or_else(|| text("source_bundle")), hardware };
        let is_workout = line.text("record") == Some(EntryKind::Workout.as_str());
        let (which, kind) = match line.text("record")? {
            "sample" => {
                let kind = text("type")?;
                (if kind == SLEEP { Which::Stage } else { Which::Point }, kind)
            }
            _ if is_workout => {
                let known = line.number("activity").and_then(|number| kind::activity_identifier(number as i64));
                (Which::Workout, known.map(str::to_owned).or_else(|| text("activity_raw")).unwrap_or_default())
            }
            _ => return None,
        };
        let rest = if is_workout { Json::Object(map.clone()).to_string() } else { details(map) };
        Some(Self {
            which,
            kind,
            times: (parse_stamp(start)?, parse_stamp(end)?),
            value: line.number("value"),
            source,
            device,
            version: text("source_version"),
            uuid: line.text("uuid").and_then(|uuid| uuid.parse().ok()),
            rest,
        })
    }

    fn row(&self) -> Row<'_> {
        Row {
            value: self.value,
            device: self.device.as_deref(),
            version: self.version.as_deref(),
            uuid: self.uuid,
            details: Some(&self.rest),
            ..Row::new(&self.kind, self.times, &self.source)
        }
    }

    fn workout(&self) -> Workout<'_> {
        let (start_ms, end_ms) = self.times;
        let Self { kind: activity, source, uuid, rest: body, .. } = self;
        Workout { activity, start_ms, end_ms, source, uuid: *uuid, body }
    }
}

fn details(line: &Map<String, Json>) -> String {
    let kept = ["metadata", "zone_offset"].into_iter().filter_map(|key| Some((key.to_owned(), line.get(key)?.clone())));
    Json::Object(kept.collect()).to_string()
}
