//! What else was measured in a night: a lane under the hypnogram for each, with its own axis over the same hours.

use health::language::word;
use health::time::HOUR_MS;

use crate::layer::{Dot, Layer, Panel, Tone, alone};
use crate::model::{Axis, AxisKind, Measure, Model, Point, Tick};
use crate::number::{extent, ranged, usable, value_axis};
use crate::sleep::Stretch;
use crate::slots::joined;
use crate::thin;

/// Height of a lane, where that of the hypnogram is 1.
const SHARE: f64 = 0.26;
/// A line passes over no longer time without a reading.
const WIDEST_HOLE_MS: f64 = 0.5 * HOUR_MS as f64;
/// A reading of a longer time is drawn as long as it is.
const LEAST_LENGTH_MS: i64 = HOUR_MS;
/// So few readings are dots on their line.
const MOST_DOTS: usize = 60;

/// A reading of an instant, or of a stretch of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Traced {
    /// When.
    pub over: Stretch,
    /// How much, in the unit of its measure.
    pub value: f64,
}

impl Traced {
    fn is_long(&self) -> bool {
        self.over.end_ms.saturating_sub(self.over.start_ms) >= LEAST_LENGTH_MS
    }

    /// Whether it says something of a stretch of time.
    fn meets(&self, from: i64, until: i64) -> bool {
        self.over.start_ms < until && (self.over.end_ms > from || self.over.start_ms >= from)
    }
}

/// One kind of readings of a night, by their start.
#[derive(Debug, Clone, Copy)]
pub struct Trace<'a> {
    /// What was measured.
    pub measure: Measure<'a>,
    /// The readings.
    pub readings: &'a [Traced],
}

/// Puts lanes under the chart of a night, and what they say into its sentence and its table; a trace without a reading
/// in its hours has none. `stages` are from when to when each row of the table lasts.
pub(crate) fn beside(model: Model, traces: &[Trace<'_>], stages: &[Stretch]) -> Model {
    let ends = (model.range.start_ms, model.range.end_ms);
    let sound = |trace: &Trace<'_>| -> Vec<Traced> {
        trace.readings.iter().filter(|r| usable(r.value) && r.meets(ends.0, ends.1)).copied().collect()
    };
    let found = traces.iter().map(|trace| (trace.measure, sound(trace))).filter(|(_, readings)| !readings.is_empty());
    found.fold(model, |model, (measure, readings)| with_lane(model, &measure, &readings, stages))
}

fn with_lane(mut model: Model, measure: &Measure<'_>, readings: &[Traced], stages: &[Stretch]) -> Model {
    let x = lowest_axis(&mut model);
    model.panels.push(Panel { y: axis(measure, readings), layers: layers(&x, measure, readings), x, share: SHARE });
    if let Some((low, high)) = ends(measure, readings) {
        let ranged = ranged(&low, &high, measure.unit);
        model.summary = format!("{} {} {ranged}.", model.summary, measure.title());
    }
    model.table.columns.push(with_unit_of(measure, " (", ")"));
    for (row, stage) in model.table.rows.iter_mut().zip(stages) {
        let of_stage: Vec<Traced> =
            readings.iter().filter(|r| r.meets(stage.start_ms, stage.end_ms)).copied().collect();
        row.push(ends(measure, &of_stage).map_or_else(String::new, |(low, high)| span(low, &high)));
    }
    model
}

/// The labels of the time axis stand under the lowest lane; those above keep its lines.
fn lowest_axis(model: &mut Model) -> Axis {
    let above = model.panels.last_mut().map_or(&mut model.x, |panel| &mut panel.x);
    let x = above.clone();
    above.ticks = x.ticks.iter().map(|tick| Tick::new(tick.at, "")).collect();
    Axis { kind: AxisKind::Grid, ..x }
}

fn axis(measure: &Measure<'_>, readings: &[Traced]) -> Axis {
    let (low, high) = extent(readings.iter().map(|r| r.value)).unwrap_or((0.0, 1.0));
    let axis = value_axis(low, high, 4.0 * 10f64.powi(-(measure.decimals as i32)));
    let (first, last) = (axis.ticks.first().cloned(), axis.ticks.last().cloned());
    // A lane has room for its ends.
    let ticks = first.into_iter().chain(last.filter(|_| axis.ticks.len() > 1)).collect();
    Axis { ticks, label: with_unit_of(measure, ", ", ""), ..axis }
}

/// The name of a measure, and behind it its unit where it has one.
fn with_unit_of(measure: &Measure<'_>, before: &str, after: &str) -> String {
    let (title, unit) = (measure.title(), word(measure.unit));
    if unit.is_empty() { title } else { format!("{title}{before}{unit}{after}") }
}

fn layers(x: &Axis, measure: &Measure<'_>, readings: &[Traced]) -> Vec<Layer> {
    let hue = measure.hue;
    let line = |points: Vec<Point>| Layer::Line { hue, tone: Tone::Full, width: 1.5, points };
    let (long, short): (Vec<Traced>, Vec<Traced>) = readings.iter().copied().partition(Traced::is_long);
    let stroke = |r: Traced| line(vec![(r.over.start_ms as f64, r.value), (r.over.end_ms as f64, r.value)]);
    let points: Vec<Point> = short.iter().map(|r| (r.over.start_ms as f64, r.value)).collect();
    let runs = joined(&points, WIDEST_HOLE_MS);
    let runs = runs.iter().map(|run| line(thin::for_any_width(run, x.from, x.to - x.from)));
    let dots = match points.len() {
        0 => None,
        1..=MOST_DOTS => Some(Layer::Dots { hue, dot: Dot::Speck, points: points.clone() }),
        _ => alone(&points, WIDEST_HOLE_MS, hue),
    };
    long.into_iter().map(stroke).chain(runs).chain(dots).collect()
}

/// Lowest and highest as they are written.
fn ends(measure: &Measure<'_>, readings: &[Traced]) -> Option<(String, String)> {
    let (low, high) = extent(readings.iter().map(|r| r.value))?;
    Some((measure.number(low), measure.number(high)))
}

fn span(low: String, high: &str) -> String {
    if low == high { low } else { format!("{low}\u{2013}{high}") }
}

#[cfg(test)]
mod tests {
    use health::time::Zones;

    use super::*;
    use crate::hypnogram;
    use crate::sleep::{Night, NightKind, RowDay, Segment, Stage, StageMinutes};
    use crate::vital::{BLOOD_OXYGEN, TEMPERATURE};

    const MINUTE_MS: i64 = 60_000;

    fn night() -> Night {
        let segment = |start: i64, end: i64, stage| Segment { start_ms: start * HOUR_MS, end_ms: end * HOUR_MS, stage };
        Night {
            day: 0,
            kind: NightKind::Night,
            segments: vec![segment(0, 2, Stage::Core), segment(2, 3, Stage::Deep)],
            in_bed: vec![],
            unwritten: vec![],
            minutes: StageMinutes { core: 120.0, deep: 60.0, ..StageMinutes::default() },
        }
    }

    fn at(minute: i64, length: i64, value: f64) -> Traced {
        let start_ms = minute * MINUTE_MS;
        Traced { over: Stretch { start_ms, end_ms: start_ms + length * MINUTE_MS }, value }
    }

    /// Of each lane the layers, and the last cells of the table.
    #[track_caller]
    fn check(measure: Measure<'_>, readings: &[Traced], lanes: &[usize], cells: &[&str]) {
        let zones = Zones::named("UTC").expect("a zone");
        let model = hypnogram::with(&night(), RowDay::Morning, &[Trace { measure, readings }], &zones);
        let layers: Vec<usize> = model.panels.iter().map(|panel| panel.layers.len()).collect();
        let last: Vec<&str> = model.table.rows.iter().filter_map(|row| row.get(4)).map(String::as_str).collect();
        assert_eq!((layers.as_slice(), last.as_slice()), (lanes, cells));
    }

    #[test]
    fn a_lane_has_dots_and_a_line_where_readings_are_close() {
        let readings = [at(10, 0, 97.0), at(30, 0, 95.0), at(130, 0, 93.0)];
        check(BLOOD_OXYGEN, &readings, &[2], &["95.0\u{2013}97.0", "93.0"]);
    }

    #[test]
    fn a_reading_of_the_whole_night_is_as_long_as_that() {
        check(TEMPERATURE, &[at(-10, 200, 35.25)], &[1], &["35.25", "35.25"]);
    }

    #[test]
    fn what_was_not_measured_in_the_night_has_no_lane() {
        check(BLOOD_OXYGEN, &[], &[], &[]);
        check(BLOOD_OXYGEN, &[at(-500, 0, 97.0), at(500, 0, 97.0), at(20, 0, f64::NAN)], &[], &[]);
    }

    #[test]
    fn hours_are_written_once_under_the_lowest_lane() {
        let zones = Zones::named("UTC").expect("a zone");
        let readings = [at(10, 0, 97.0)];
        let traces = [BLOOD_OXYGEN, TEMPERATURE].map(|measure| Trace { measure, readings: &readings });
        let model = hypnogram::with(&night(), RowDay::Morning, &traces, &zones);
        let named = |axis: &Axis| axis.ticks.iter().any(|tick| !tick.label.is_empty());
        let below: Vec<bool> = model.panels.iter().map(|panel| named(&panel.x)).collect();
        assert_eq!((named(&model.x), below), (false, vec![false, true]));
        assert!(
            model.summary.ends_with("Blood oxygen came to 97.0 %. Temperature came to 97.00 \u{b0}C."),
            "{}",
            model.summary
        );
    }
}
