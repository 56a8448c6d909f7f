//! A part of a chart whose x axis is time within a day or a workout: the same shapes, cut at both ends, with labels as
//! close as they have room. The y axes stay, so that nothing jumps while somebody moves along. What is told of it, in
//! the sentence and in the table, is told by whoever has the numbers; see [`Model::telling`].

use health::time::Zones;

use crate::layer::{Block, Layer, Span};
use crate::model::{Axis, Gap, Model, Point, Tick};
use crate::number::value_axis;
use crate::range::clock;

const MINUTE_MS: i64 = 60_000;
/// Minutes from one label of the clock to the next.
const EVERY: [i64; 10] = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360];
/// More labels have no room.
const MOST_TICKS: i64 = 9;
/// Nothing longer is a part of a day.
const LONGEST_MS: i64 = 48 * 60 * MINUTE_MS;

/// Returns the part of a chart from one place of its x axis to another; the chart itself where that is no part of it.
pub fn part(model: Model, from: f64, to: f64, zones: &Zones) -> Model {
    let inside = from.is_finite() && to.is_finite() && model.x.from <= from && from < to && to <= model.x.to;
    if !inside {
        return model;
    }
    let is_clock = model.x.from >= model.range.start_ms as f64;
    let ticks = |ticks: &[Tick]| match (ticks.is_empty(), is_clock) {
        // Only the lowest panel has labels.
        (true, _) => Vec::new(),
        (false, true) => clock_ticks(from as i64, to as i64, zones),
        (false, false) => minute_ticks(from, to),
    };
    let axis = |x: Axis| Axis { from, to, ticks: ticks(&x.ticks), ..x };
    let cut = Cut { from, to };
    let mut model = model;
    if is_clock {
        model.days = format!("{}, {}\u{2013}{}", model.days, clock(from as i64, zones), clock(to as i64, zones));
    }
    model.x = axis(model.x);
    model.layers = model.layers.into_iter().flat_map(|layer| cut.layer(layer)).collect();
    for panel in &mut model.panels {
        panel.x = axis(std::mem::take(&mut panel.x));
        panel.layers = std::mem::take(&mut panel.layers).into_iter().flat_map(|layer| cut.layer(layer)).collect();
    }
    // A capsule stands in the middle of its slot.
    model.buckets.retain(|bucket| cut.holds((bucket.start_ms as f64 + bucket.end_ms as f64) / 2.0));
    model.gaps = model.gaps.into_iter().filter_map(|gap| cut.gap(&gap)).collect();
    model
}

/// Round times of the clock on the wall, whatever the zone is off by.
fn clock_ticks(from_ms: i64, to_ms: i64, zones: &Zones) -> Vec<Tick> {
    let to_ms = to_ms.min(from_ms.saturating_add(LONGEST_MS));
    let minutes = (to_ms - from_ms) / MINUTE_MS;
    let every = EVERY.into_iter().find(|every| minutes / every < MOST_TICKS).unwrap_or(360);
    let first = from_ms.div_euclid(MINUTE_MS) * MINUTE_MS;
    (first..=to_ms)
        .step_by(MINUTE_MS as usize)
        .filter(|at| *at >= from_ms && i64::from(zones.minute_of_day(*at)) % every == 0)
        .map(|at| Tick::new(at as f64, clock(at, zones)))
        .collect()
}

/// Minutes since the start at round places; the axis counts seconds.
fn minute_ticks(from: f64, to: f64) -> Vec<Tick> {
    let round = value_axis(from / 60.0, to / 60.0, 0.0).ticks.into_iter();
    let ticks = round.map(|tick| Tick { at: tick.at * 60.0, ..tick });
    ticks.filter(|tick| (from..=to).contains(&tick.at)).collect()
}

/// From where to where is shown.
struct Cut {
    from: f64,
    to: f64,
}

impl Cut {
    fn holds(&self, at: f64) -> bool {
        (self.from..=self.to).contains(&at)
    }

    /// What is left of a layer; a line that leaves and comes back is two.
    fn layer(&self, layer: Layer) -> Vec<Layer> {
        match layer {
            Layer::Line { hue, tone, width, points } => {
                let line = |points| Layer::Line { hue, tone, width, points };
                Some(self.run(&points, |point| point.0, between))
                    .filter(|p| !p.is_empty())
                    .map(line)
                    .into_iter()
                    .collect()
            }
            Layer::Band { hue, tone, spans } => {
                vec![Layer::Band { hue, tone, spans: self.run(&spans, |span| span.at, span_between) }]
            }
            Layer::Dots { hue, dot, mut points } => {
                points.retain(|point| self.holds(point.0));
                vec![Layer::Dots { hue, dot, points }]
            }
            Layer::Strokes { hue, mut spans } => {
                spans.retain(|span| self.holds(span.at));
                vec![Layer::Strokes { hue, spans }]
            }
            Layer::Blocks { shape, blocks } => {
                vec![Layer::Blocks { shape, blocks: blocks.iter().filter_map(|block| self.block(block)).collect() }]
            }
            Layer::Notes { mut notes } => {
                notes.retain(|note| self.holds(note.at.0));
                vec![Layer::Notes { notes }]
            }
            other => vec![other],
        }
    }

    fn block(&self, block: &Block) -> Option<Block> {
        let (x0, x1) = (block.x0.max(self.from), block.x1.min(self.to));
        (x0 < x1).then_some(Block { x0, x1, ..*block })
    }

    fn gap(&self, gap: &Gap) -> Option<Gap> {
        let (start_ms, end_ms) = (gap.start_ms.max(self.from as i64), gap.end_ms.min(self.to as i64));
        (start_ms < end_ms).then_some(Gap { start_ms, end_ms })
    }

    /// The sorted places that are inside, with new ones at the edges where the way goes over them.
    fn run<T: Copy>(&self, all: &[T], x: fn(&T) -> f64, cut: fn(&T, &T, f64) -> T) -> Vec<T> {
        let first = all.partition_point(|one| x(one) < self.from);
        let after = all.partition_point(|one| x(one) <= self.to);
        let at_edge = |next: usize, edge: f64| {
            let (a, b) = (all.get(next.checked_sub(1)?)?, all.get(next)?);
            (x(a) < edge && edge < x(b)).then(|| cut(a, b, edge))
        };
        let inside = all.get(first..after).unwrap_or_default().iter().copied();
        at_edge(first, self.from).into_iter().chain(inside).chain(at_edge(after, self.to)).collect()
    }
}

fn share(a: f64, b: f64, at: f64) -> f64 {
    (at - a) / (b - a)
}

fn between(a: &Point, b: &Point, at: f64) -> Point {
    (at, a.1 + (b.1 - a.1) * share(a.0, b.0, at))
}

fn span_between(a: &Span, b: &Span, at: f64) -> Span {
    let share = share(a.at, b.at, at);
    Span { at, low: a.low + (b.low - a.low) * share, high: a.high + (b.high - a.high) * share }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::Tone;
    use crate::range::{Range, Step};
    use crate::theme::Hue;

    const HOUR: f64 = 3_600_000.0;

    fn day(points: &[Point], zones: &Zones) -> Model {
        let range = Range::new(0, 24 * 3_600_000, Step::Hour);
        let line = Layer::Line { hue: Hue::Heart, tone: Tone::Full, width: 1.0, points: points.to_vec() };
        Model { x: Axis::days(&range, zones), layers: vec![line], ..Model::new("Heart rate", "bpm", range, zones) }
    }

    #[track_caller]
    fn check(points: &[Point], (from, to): (f64, f64), expected: &[Point]) {
        let zones = Zones::named("UTC").expect("a zone");
        let shown = part(day(points, &zones), from * HOUR, to * HOUR, &zones);
        let found: Vec<Point> = shown
            .layers
            .iter()
            .flat_map(|layer| match layer {
                Layer::Line { points, .. } => points.iter().map(|point| (point.0 / HOUR, point.1)).collect(),
                _ => Vec::new(),
            })
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_line_is_cut_where_it_passes_the_edges() {
        let line = [(1.0 * HOUR, 60.0), (3.0 * HOUR, 80.0), (5.0 * HOUR, 60.0)];
        check(&line, (2.0, 4.0), &[(2.0, 70.0), (3.0, 80.0), (4.0, 70.0)]);
        check(&line, (1.0, 3.0), &[(1.0, 60.0), (3.0, 80.0)]);
        check(&line, (3.5, 4.5), &[(3.5, 75.0), (4.5, 65.0)]);
        check(&line, (6.0, 7.0), &[]);
        // Nothing of it before the first reading.
        check(&line, (0.0, 2.0), &[(1.0, 60.0), (2.0, 70.0)]);
    }

    #[test]
    fn what_is_no_part_leaves_the_chart_as_it_is() {
        let line = [(1.0 * HOUR, 60.0), (3.0 * HOUR, 80.0)];
        for ends in [(4.0, 2.0), (-1.0, 2.0), (2.0, 25.0), (f64::NAN, 2.0)] {
            check(&line, ends, &[(1.0, 60.0), (3.0, 80.0)]);
        }
    }

    #[test]
    fn the_heading_says_what_is_shown() {
        let zones = Zones::named("Asia/Kolkata").expect("a zone");
        let shown = part(day(&[(HOUR, 60.0)], &zones), 1.5 * HOUR, 2.0 * HOUR, &zones);
        assert!(shown.days.ends_with(", 07:00\u{2013}07:30"), "{}", shown.days);
    }

    #[track_caller]
    fn check_ticks(zone: &str, (from, to): (f64, f64), expected: &[&str]) {
        let zones = Zones::named(zone).expect("a zone");
        let ticks = clock_ticks((from * HOUR) as i64, (to * HOUR) as i64, &zones);
        assert_eq!(ticks.iter().map(|tick| tick.label.as_str()).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn labels_are_as_close_as_they_have_room() {
        check_ticks(
            "UTC",
            (2.0, 4.0),
            &["02:00", "02:15", "02:30", "02:45", "03:00", "03:15", "03:30", "03:45", "04:00"],
        );
        check_ticks("UTC", (2.1, 2.2), &["02:06", "02:07", "02:08", "02:09", "02:10", "02:11", "02:12"]);
        // Half an hour off.
        check_ticks(
            "Asia/Kolkata",
            (2.0, 6.0),
            &["07:30", "08:00", "08:30", "09:00", "09:30", "10:00", "10:30", "11:00", "11:30"],
        );
        check_ticks("UTC", (0.0, 12.0), &["00:00", "02:00", "04:00", "06:00", "08:00", "10:00", "12:00"]);
    }

    #[test]
    fn minutes_of_a_workout_are_round() {
        let labels: Vec<String> = minute_ticks(600.0, 1200.0).into_iter().map(|tick| tick.label).collect();
        assert_eq!(labels, ["10", "12", "14", "16", "18", "20"]);
    }
}
