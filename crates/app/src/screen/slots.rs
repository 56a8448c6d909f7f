//! What stands where on the time axis of a chart, and what whoever points at it reads: rows of the chart's own table.

use chart::layer::{Layer, Shape};
use chart::years::{By, WEEKS};
use chart::{Model, Paired, Step};
use health::key;
use health::language::word as said;
use health::time::{Day, Zones, format_day, parse_day};
use serde::Serialize;

use super::lead;
use crate::charts::{Question, Subject};

/// The first column of the table of a night.
pub(super) const FROM: &str = key!("From");
/// The head of the column that tells when something was measured.
pub(super) const TIME: &str = key!("Time");

/// A place of the time axis, and what is told there.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Slot {
    /// From here, in milliseconds since 1970.
    pub from: f64,
    /// To here.
    pub to: f64,
    /// When, in words.
    pub label: String,
    /// The cells of the table there.
    pub parts: Vec<Part>,
    /// The first and last local day of it, whose numbers it shows; none where it is no time of a calendar.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days: Option<(String, String)>,
    /// From when to when it is of in milliseconds since 1970, where it is shorter than a day and explained by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stretch: Option<(i64, i64)>,
    /// The words of the types that explain it, where they are not the one that explains the chart.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub explains: Vec<&'static str>,
    /// From where to where it reaches on the other axis, where it is a cell and not all that stands there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<(f64, f64)>,
    /// Of years over each other, the first and last local day of it in each of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub years: Vec<(String, String)>,
}

/// A number with its name, as the table has them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Part {
    /// Head of the column.
    pub name: String,
    /// The cell.
    pub text: String,
}

/// The slots of a chart whose axis is time, by time, and those of the days of a pair.
pub(super) fn slots(model: &Model, question: &Question, zones: &Zones) -> Vec<Slot> {
    if matches!(question.subject, Subject::Profiles(_)) {
        return of_profiles(model);
    }
    if matches!(question.subject, Subject::Calendar(_)) {
        return of_calendar(model, zones);
    }
    if question.subject == Subject::Rings {
        return of_rings(model, zones);
    }
    if matches!(question.subject, Subject::Pair(..)) {
        return of_pairs(model, zones);
    }
    match model.table.columns.as_slice() {
        [from, ..] if *from == said(FROM) => segments(model, night(model, question.last, zones)),
        [first, ..] if *first == said(chart::years::FIRST) => of_years(model, &question.subject),
        [_, time, ..] if *time == said(TIME) => readings(model, &question.subject, zones),
        _ => spans(model).into_iter().filter_map(|span| by_label(model, span, zones)).collect(),
    }
}

/// Where shapes stand on the time axis: the buckets, else the blocks.
fn spans(model: &Model) -> Vec<(f64, f64)> {
    if !model.buckets.is_empty() {
        return model.buckets.iter().map(|bucket| (bucket.start_ms as f64, bucket.end_ms as f64)).collect();
    }
    let mut spans: Vec<(f64, f64)> = blocks(&model.layers).map(|block| (block.x0, block.x1)).collect();
    spans.extend(model.panels.iter().flat_map(|panel| blocks(&panel.layers)).map(|block| (block.x0, block.x1)));
    spans.sort_by(|a, b| a.0.total_cmp(&b.0));
    spans.dedup();
    spans
}

pub(super) fn blocks(layers: &[Layer]) -> impl Iterator<Item = &chart::layer::Block> {
    layers.iter().flat_map(|layer| match layer {
        Layer::Blocks { blocks, shape: Shape::Column } => blocks.as_slice(),
        _ => &[],
    })
}

/// The rows of the table that speak of a slot of the range.
fn by_label(model: &Model, (from, to): (f64, f64), zones: &Zones) -> Option<Slot> {
    let label = model.range.slot_label(from as i64, to as i64, zones);
    let rows = model.table.rows.iter().filter(|row| row.first() == Some(&label));
    let parts: Vec<Part> = rows.flat_map(|row| parts(&model.table.columns, row, 1)).collect();
    let stretch = (model.range.step == Step::Hour).then_some((from as i64, to as i64));
    let days = Some(days_of(model, (from, to), zones));
    (!parts.is_empty()).then(|| Slot { from, to, label, parts, days, stretch, ..Slot::default() })
}

/// The local days that a slot of a range shows the numbers of.
fn days_of(model: &Model, (from, to): (f64, f64), zones: &Zones) -> (String, String) {
    let days = match model.range.step {
        Step::Hour => (zones.day(from as i64), zones.day(from as i64)),
        _ => (zones.day_from(from as i64), zones.day_until(to as i64)),
    };
    (format_day(days.0), format_day(days.1))
}

fn parts(columns: &[String], row: &[String], skip: usize) -> Vec<Part> {
    let cells = columns.iter().zip(row).skip(skip).filter(|(_, cell)| !cell.is_empty());
    cells.map(|(name, text)| Part { name: name.clone(), text: text.clone() }).collect()
}

/// The day that a night counts for: the one that was asked for, else that of its end.
fn night(model: &Model, asked: Option<Day>, zones: &Zones) -> Option<(String, String)> {
    let day = format_day(asked.unwrap_or_else(|| model.range.ends(zones).1));
    Some((day.clone(), day))
}

/// A night: each stretch of a stage; the table has the time in bed before them.
fn segments(model: &Model, days: Option<(String, String)>) -> Vec<Slot> {
    let last = model.layers.iter().rev().find_map(|layer| match layer {
        Layer::Blocks { blocks, .. } => Some(blocks.as_slice()),
        _ => None,
    });
    let blocks = last.unwrap_or_default();
    let before = model.table.rows.len().saturating_sub(blocks.len());
    let slot = |(block, row): (&chart::layer::Block, &Vec<String>)| match row.as_slice() {
        [from, to, stage, length, ..] => Some(Slot {
            from: block.x0,
            to: block.x1,
            label: format!("{from} \u{2013} {to}"),
            parts: std::iter::once(Part { name: stage.clone(), text: length.clone() })
                .chain(parts(&model.table.columns, row, 4))
                .collect(),
            days: days.clone(),
            ..Slot::default()
        }),
        _ => None,
    };
    blocks.iter().zip(model.table.rows.iter().skip(before)).filter_map(slot).collect()
}

/// A calendar: a cell a day, in the order of the table.
fn of_calendar(model: &Model, zones: &Zones) -> Vec<Slot> {
    let first = model.range.ends(zones).0;
    let cells = model.layers.iter().find_map(|layer| match layer {
        Layer::Blocks { blocks, shape: Shape::Cell } => Some(blocks.as_slice()),
        _ => None,
    });
    let cell = |((block, row), day): ((&chart::layer::Block, &Vec<String>), Day)| Slot {
        from: block.x0,
        to: block.x1,
        label: row.first().cloned().unwrap_or_default(),
        parts: parts(&model.table.columns, row, 1),
        days: Some((format_day(day), format_day(day))),
        rows: Some((block.y0, block.y1)),
        ..Slot::default()
    };
    cells.unwrap_or_default().iter().zip(&model.table.rows).zip(first..).map(cell).collect()
}

/// A page of rings: a cell for each day that has some, by the rows of the table.
fn of_rings(model: &Model, zones: &Zones) -> Vec<Slot> {
    let rings = model.layers.iter().find_map(|layer| match layer {
        Layer::Rings { rings } => Some(rings.as_slice()),
        _ => None,
    });
    let rings = rings.unwrap_or_default();
    let first = model.range.ends(zones).1.saturating_add(1).saturating_sub(rings.len() as Day);
    let mut rows = model.table.rows.iter().peekable();
    let cell = |(ring, day): (&chart::layer::Rings, Day)| {
        let label = chart::range::named_day(day);
        let row = rows.next_if(|row| row.first() == Some(&label))?;
        let (x, top) = (f64::from(ring.column), model.y.to - f64::from(ring.row));
        Some(Slot {
            from: x,
            to: x + 1.0,
            label,
            parts: parts(&model.table.columns, row, 1),
            days: Some((format_day(day), format_day(day))),
            rows: Some((top - 1.0, top)),
            ..Slot::default()
        })
    };
    // The rings of one day have the whole plot and their numbers beside them.
    if rings.len() < 2 { Vec::new() } else { rings.iter().zip(first..).filter_map(cell).collect() }
}

/// The first and last day of a row of years over each other, in one year.
fn days_of_year(year: i16, place: usize, by: By) -> Option<(String, String)> {
    let day = |month: usize| parse_day(&format!("{year:04}-{month:02}-01"));
    let next_year = || parse_day(&format!("{:04}-01-01", year.saturating_add(1)));
    let place_days = Day::try_from(place).ok()?.checked_mul(7)?;
    let (first, next) = match by {
        By::Month => (day(place + 1)?, day(place + 2).or_else(next_year)?),
        // The last week has the rest of the year.
        By::Week if place + 1 >= WEEKS => (day(1)? + place_days, next_year()?),
        By::Week => (day(1)? + place_days, day(1)? + place_days + 7),
    };
    Some((format_day(first), format_day(next - 1)))
}

/// Years over each other: each row of the table has as much of the axis as the others.
fn of_years(model: &Model, subject: &Subject) -> Vec<Slot> {
    let by = if let Subject::Years(_, by) = subject { *by } else { By::Month };
    let years: Vec<i16> = model.table.columns.iter().skip(1).filter_map(|year| year.parse().ok()).collect();
    let width = (model.x.to - model.x.from) / model.table.rows.len().max(1) as f64;
    let slot = |(place, row): (usize, &Vec<String>)| Slot {
        from: model.x.from + place as f64 * width,
        to: model.x.from + (place + 1) as f64 * width,
        label: row.first().cloned().unwrap_or_default(),
        parts: parts(&model.table.columns, row, 1),
        years: years.iter().filter_map(|year| days_of_year(*year, place, by)).collect(),
        ..Slot::default()
    };
    model.table.rows.iter().enumerate().map(slot).collect()
}

/// Along a workout: the rows of the table stand at places of the axis and reach half way to each other.
fn of_profiles(model: &Model) -> Vec<Slot> {
    let apart = (model.x.to - model.x.from) / model.table.rows.len().saturating_sub(1).max(1) as f64;
    let head = model.table.columns.first().map_or("", String::as_str);
    let slot = |(place, row): (usize, &Vec<String>)| Slot {
        from: (model.x.from + (place as f64 - 0.5) * apart).max(model.x.from),
        to: (model.x.from + (place as f64 + 0.5) * apart).min(model.x.to),
        label: format!("{head} {}", row.first().map_or("", String::as_str)),
        parts: parts(&model.table.columns, row, 1),
        ..Slot::default()
    };
    model.table.rows.iter().enumerate().map(slot).collect()
}

/// A measurement that has a row of the table.
struct Place {
    at_ms: i64,
    /// From its first to its last number, which may be seconds apart.
    ends: (i64, i64),
    explains: Vec<&'static str>,
}

/// Single measurements: each reaches half way to its neighbours.
fn readings(model: &Model, subject: &Subject, zones: &Zones) -> Vec<Slot> {
    let places = places(model, subject);
    let (start, end) = (model.range.start_ms as f64, model.range.end_ms as f64);
    let at = |i: usize| places.get(i).map(|place| place.at_ms as f64);
    let middle = |a: Option<f64>, b: Option<f64>, or: f64| a.zip(b).map_or(or, |(a, b)| (a + b) / 2.0);
    let is_day = model.range.step == Step::Hour;
    let slot = |(i, (place, row)): (usize, (&Place, &Vec<String>))| {
        let day = format_day(zones.day(place.at_ms));
        Slot {
            from: middle(i.checked_sub(1).and_then(at), at(i), start),
            to: middle(at(i), at(i + 1), end),
            label: row.iter().take(2).cloned().collect::<Vec<_>>().join(", "),
            parts: parts(&model.table.columns, row, 2),
            days: Some((day.clone(), day)),
            // The reading alone, and not what lies half way to the next one.
            stretch: is_day.then_some((place.ends.0, place.ends.1 + 1)),
            explains: place.explains.clone(),
            ..Slot::default()
        }
    };
    places.iter().zip(&model.table.rows).enumerate().map(slot).collect()
}

/// The measurements in the order of the table.
fn places(model: &Model, subject: &Subject) -> Vec<Place> {
    let of_pair = |reading: &Paired| {
        let times = || reading.halves.iter().flatten().map(|half| half.at_ms);
        let ends = (times().min().unwrap_or(reading.at_ms), times().max().unwrap_or(reading.at_ms));
        Place { at_ms: reading.at_ms, ends, explains: lead::explains_reading(subject, reading) }
    };
    if !model.readings.is_empty() {
        return model.readings.iter().map(of_pair).collect();
    }
    let dots = model.layers.iter().find_map(|layer| match layer {
        Layer::Dots { points, .. } if points.len() == model.table.rows.len() => Some(points.as_slice()),
        _ => None,
    });
    let of_dot = |point: &chart::model::Point| {
        let at_ms = point.0 as i64;
        Place { at_ms, ends: (at_ms, at_ms), explains: Vec::new() }
    };
    dots.unwrap_or_default().iter().map(of_dot).collect()
}

/// A pair: the place of each day in the plane, as wide and as high as a pointer needs to find it.
fn of_pairs(model: &Model, zones: &Zones) -> Vec<Slot> {
    let (wide, high) = ((model.x.to - model.x.from) / POINTS_WIDE, (model.y.to - model.y.from) / POINTS_HIGH);
    let slot = |(pair, row): (&Paired, &Vec<String>)| {
        let [Some(x), Some(y)] = pair.halves else { return None };
        let day = format_day(zones.day(pair.at_ms));
        Some(Slot {
            from: x.value - wide,
            to: x.value + wide,
            label: row.first().cloned().unwrap_or_default(),
            parts: parts(&model.table.columns, row, 1),
            days: Some((day.clone(), day)),
            rows: Some((y.value - high, y.value + high)),
            ..Slot::default()
        })
    };
    model.readings.iter().zip(&model.table.rows).filter_map(slot).collect()
}

/// From the middle of a point to its edge it is this part of the plot.
const POINTS_WIDE: f64 = 100.0;
const POINTS_HIGH: f64 = 40.0;

/// The slots of a part of a chart, cut at its ends.
pub(super) fn within(slots: Vec<Slot>, (from, to): (f64, f64)) -> Vec<Slot> {
    let cut = |slot: Slot| Slot { from: slot.from.max(from), to: slot.to.min(to), ..slot };
    slots.into_iter().map(cut).filter(|slot| slot.from < slot.to).collect()
}
