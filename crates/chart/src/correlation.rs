//! Two daily measures against each other: a dot a day, shaded where there are many, and how strongly they go together.
//! That shows no cause, and the chart says so.

use health::language::word;
use health::time::Zones;
use health::{counted, key, say};

use crate::layer::{Block, Dot, Fill, Key, Layer, Shape, Sign, Tone};
use crate::model::{Axis, Measure, Model, Paired, Point, Reading, Table};
use crate::number::{extent, number, usable, value_axis};
use crate::range::{Range, long_day};

/// Fewer days say nothing.
pub const LEAST_DAYS: usize = 20;
/// Cells of the shading, across and up.
const CELLS: (usize, usize) = (24, 14);
/// With fewer days in its fullest cell a scatter has no shading: dots that do not lie on each other tell it better.
const DENSE: u32 = 5;
/// Of more days the table has the newest.
const MOST_ROWS: usize = 1000;
const NO_CAUSE: &str = key!("Going together shows no cause.");

/// A rank correlation, found by the caller.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rho {
    /// Spearman's rho.
    pub rho: f64,
    /// Lower end of its 95 % interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// A day on which both were measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// The local day of `x`.
    pub day: health::time::Day,
    /// The measure across.
    pub x: f64,
    /// The measure up.
    pub y: f64,
}

/// Returns the scatter of the pairs; without `rho`, or with too few days, it says that there are too few. `when` says
/// of which day `y` is where it is that of another one: ` of the next day`.
pub fn model(
    x: &Measure,
    y: &Measure,
    when: &str,
    (pairs, rho): (&[Pair], Option<Rho>),
    range: Range,
    zones: &Zones,
) -> Model {
    let when = &word(when);
    let (first, last) = range.ends(zones);
    let sound = |p: &&Pair| (first..=last).contains(&p.day) && usable(p.x) && usable(p.y);
    let pairs: Vec<Pair> = pairs.iter().filter(sound).copied().collect();
    let rho = rho.filter(|r| pairs.len() >= LEAST_DAYS && [r.rho, r.low, r.high].into_iter().all(usable));
    let across = axis(x, "", pairs.iter().map(|p| p.x));
    let up = axis(y, when, pairs.iter().map(|p| p.y));
    let points: Vec<Point> = pairs.iter().map(|p| (p.x, p.y)).collect();
    let shading = Layer::Blocks { shape: Shape::Cell, blocks: shading(&points, &across, &up, y) };
    let title = say!("{one} and {other}{when}", one = x.title(), other = y.name(), when);
    Model {
        layers: vec![shading, Layer::Dots { hue: y.hue, dot: Dot::Speck, points }],
        x: across,
        y: up,
        keys: keys(&pairs, rho),
        summary: summary((&x.name(), &format!("{}{when}", y.name())), &pairs, rho, &range, zones),
        table: table(x, y, when, newest(&pairs)),
        readings: newest(&pairs).iter().map(|pair| paired(pair, zones)).collect(),
        ..Model::new(&title, "", range, zones)
    }
}

fn axis(measure: &Measure, when: &str, values: impl Iterator<Item = f64>) -> Axis {
    let (low, high) = extent(values).unwrap_or((0.0, 1.0));
    // Not `Steps, steps`.
    let unit =
        if measure.unit.is_empty() || measure.is_unit() { String::new() } else { format!(", {}", word(measure.unit)) };
    let least = 4.0 * 10f64.powi(-(measure.decimals as i32));
    value_axis(low, high, least).labelled(format!("{}{when}{unit}", measure.title()))
}

/// Cells with more than one day, in three strengths up to the fullest, if that is full enough.
fn shading(points: &[Point], x: &Axis, y: &Axis, measure: &Measure) -> Vec<Block> {
    let mut counts = vec![0u32; CELLS.0 * CELLS.1];
    let place = |value: f64, axis: &Axis, cells: usize| {
        let share = (value - axis.from) / (axis.to - axis.from);
        ((share * cells as f64) as usize).min(cells - 1)
    };
    for point in points {
        let at = place(point.1, y, CELLS.1) * CELLS.0 + place(point.0, x, CELLS.0);
        if let Some(count) = counts.get_mut(at) {
            *count += 1;
        }
    }
    let most = counts.iter().copied().max().unwrap_or(0);
    let end = |axis: &Axis, i: usize, cells: usize| axis.from + (axis.to - axis.from) * i as f64 / cells as f64;
    let block = |(at, count): (usize, u32)| {
        let (column, row) = (at % CELLS.0, at / CELLS.0);
        Block {
            x0: end(x, column, CELLS.0),
            x1: end(x, column + 1, CELLS.0),
            y0: end(y, row, CELLS.1),
            y1: end(y, row + 1, CELLS.1),
            fill: Fill::solid(measure.hue, Tone::Shade((count * 3).div_ceil(most.max(1)) as u8)),
        }
    };
    let shaded = |(_, count): &(usize, u32)| most >= DENSE && *count > 1;
    counts.into_iter().enumerate().filter(shaded).map(block).collect()
}

fn rho_text(rho: &Rho) -> String {
    let text = |value: f64| number(value, 2);
    let (rho, low, high) = (text(rho.rho), text(rho.low), text(rho.high));
    say!("\u{3c1} {rho} (95 % {low} to {high})", rho, low, high)
}

fn keys(pairs: &[Pair], rho: Option<Rho>) -> Vec<Key> {
    let n = counted!(pairs.len(), "day");
    let words = match rho {
        Some(rho) => vec![format!("{}, {n}", rho_text(&rho)), word(NO_CAUSE)],
        None if pairs.is_empty() => Vec::new(),
        None => vec![say!("{n}: too few to say whether they go together", n)],
    };
    words.into_iter().map(|words| Key::new(words, Sign::None)).collect()
}

fn summary((a, b): (&str, &str), pairs: &[Pair], rho: Option<Rho>, range: &Range, zones: &Zones) -> String {
    let (when, n) = (range.when(zones), counted!(pairs.len(), "day|on"));
    match rho {
        Some(rho) => {
            let (rho, no_cause) = (rho_text(&rho), word(NO_CAUSE));
            say!("{when}, on {n} with both {a} and {b}: Spearman's {rho}. {no_cause}", when, n, a, b, rho, no_cause)
        }
        None => {
            let n = counted!(pairs.len(), "day");
            let both = say!("{n} with both {a} and {b}: too few to say whether they go together.", n, a, b);
            match pairs.len() {
                1 => say!("{when} there is {both}", when, both),
                _ => say!("{when} there are {both}", when, both),
            }
        }
    }
}

fn newest(pairs: &[Pair]) -> &[Pair] {
    pairs.get(pairs.len().saturating_sub(MOST_ROWS)..).unwrap_or_default()
}

/// A pair in the middle of its day.
fn paired(pair: &Pair, zones: &Zones) -> Paired {
    let (start_ms, end_ms) = zones.day_bounds(pair.day);
    let at_ms = start_ms + (end_ms - start_ms) / 2;
    Paired { at_ms, halves: [pair.x, pair.y].map(|value| Some(Reading { at_ms, value })) }
}

fn table(x: &Measure, y: &Measure, when: &str, pairs: &[Pair]) -> Table {
    let row = |p: &Pair| [long_day(p.day), x.number(p.x), y.number(p.y)];
    Table::new([key!("Day"), x.title, &format!("{}{when}", y.title())], pairs.iter().map(row))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_crowd_is_shaded() {
        let axis = || value_axis(0.0, 10.0, 1.0);
        let check = |together: usize, blocks: usize| {
            let points: Vec<Point> =
                std::iter::repeat_n((5.1, 5.1), together).chain([(1.1, 1.1), (1.1, 1.1)]).collect();
            let found = shading(&points, &axis(), &axis(), &crate::vital::HRV_SDNN);
            assert_eq!(found.len(), blocks, "{together} days in a cell");
        };
        check(0, 0);
        check(DENSE as usize - 1, 0);
        check(DENSE as usize, 2);
    }
}
