//! How long workouts were in each of the five heart-rate zones: a column a day, a week or a month.

use health::language::word;
use health::time::Zones;
use health::{counted, key, say};

use crate::layer::{Block, Fill, Key, Layer, Pattern, Shape, Sign, Tone};
use crate::model::{Axis, Model, Table};
use crate::number::{bar_axis, extent, minutes, number, usable};
use crate::range::{Range, Step};
use crate::slots::gaps;
use crate::theme::Hue;

const TITLE: &str = key!("Time in heart-rate zones");
/// The axis is at least half an hour high.
const LEAST_MINUTES: f64 = 30.0;
/// Nobody is in a zone for longer than this.
const MOST_MINUTES: f64 = 60.0 * 24.0 * 366.0 * 100.0;

/// The workouts of a slot.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ZoneSlot {
    /// Start in milliseconds since 1970.
    pub start_ms: i64,
    /// End in milliseconds since 1970.
    pub end_ms: i64,
    /// Minutes in zones 1 to 5.
    pub minutes: [f64; 5],
    /// Workouts with heart rates.
    pub workouts: u32,
    /// Whether the slot is over.
    pub complete: bool,
}

impl ZoneSlot {
    fn all(&self) -> f64 {
        self.minutes.iter().sum()
    }
}

/// Where the zones of the last workout begin, and how that was found, in words: `by the highest minute ...`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Begin<'a> {
    /// Where zones 2 to 5 begin, in beats a minute.
    pub bpm: [f64; 4],
    /// How that was found.
    pub by: &'a str,
}

/// Returns the chart of `slots`, which must be sorted.
pub fn model(slots: &[ZoneSlot], begin: Option<Begin<'_>>, range: Range, zones: &Zones) -> Model {
    let slots: Vec<ZoneSlot> = slots.iter().filter(|s| range.holds(s.start_ms)).filter_map(sound).collect();
    let all = range.slots(zones);
    let within = |slot: (i64, i64)| slots.iter().any(|s| s.start_ms == slot.0);
    let begin = begin.filter(|begin| begin.bpm.into_iter().all(usable));
    let high = extent(slots.iter().map(ZoneSlot::all)).map_or(0.0, |(_, high)| high);
    Model {
        x: Axis::days(&range, zones),
        y: bar_axis(high, LEAST_MINUTES).labelled(key!("minutes")),
        // A day without a workout is nothing missing; only where there is none at all something is.
        gaps: if slots.is_empty() { gaps(&all, within) } else { Vec::new() },
        layers: vec![Layer::Blocks { shape: Shape::Column, blocks: slots.iter().flat_map(stack).collect() }],
        keys: (1..=5).map(|zone| Key::new(named(zone), Sign::Box(fill(zone, true)))).collect(),
        summary: summary(&slots, begin, &range, zones),
        table: table(&slots, &range, zones),
        ..Model::new(TITLE, "min", range, zones)
    }
}

/// What is no number counts as nothing.
fn sound(slot: &ZoneSlot) -> Option<ZoneSlot> {
    let number = |minutes: f64| if minutes.is_finite() { minutes.clamp(0.0, MOST_MINUTES) } else { 0.0 };
    let slot = ZoneSlot { minutes: slot.minutes.map(number), ..*slot };
    (slot.workouts > 0 && slot.start_ms < slot.end_ms && slot.all() > 0.0).then_some(slot)
}

fn fill(zone: u8, complete: bool) -> Fill {
    let pattern = if complete { Pattern::Solid } else { Pattern::Hatched };
    Fill { hue: Hue::Heart, tone: Tone::Step(zone), pattern }
}

fn named(zone: u8) -> String {
    say!("Zone {zone}", zone)
}

/// The lowest zone stands on the axis.
fn stack(slot: &ZoneSlot) -> Vec<Block> {
    let mut top = 0.0;
    let mut blocks = Vec::new();
    for (zone, minutes) in (1..).zip(slot.minutes).filter(|(_, minutes)| *minutes > 0.0) {
        let from = top;
        top += minutes;
        let fill = fill(zone, slot.complete);
        blocks.push(Block { x0: slot.start_ms as f64, x1: slot.end_ms as f64, y0: from, y1: top, fill });
    }
    blocks
}

fn summary(slots: &[ZoneSlot], begin: Option<Begin<'_>>, range: &Range, zones: &Zones) -> String {
    let when = range.when(zones);
    if slots.is_empty() {
        return say!("{when} there is no workout with heart rates.", when);
    }
    let of = |zone: usize| slots.iter().filter_map(|slot| slot.minutes.get(zone)).sum::<f64>();
    let parts: Vec<String> =
        (0..5).map(|zone| say!("zone {zone} {length}", zone = zone + 1, length = minutes(of(zone)))).collect();
    let workouts: u32 = slots.iter().map(|slot| slot.workouts).sum();
    let told = say!(
        "{when} {workouts} came to {total}: {parts}.",
        when,
        workouts = counted!(workouts, "workout"),
        total = minutes(slots.iter().map(ZoneSlot::all).sum()),
        parts = parts.join(", "),
    );
    let Some(Begin { bpm: [second, third, fourth, fifth], by }) = begin else { return told };
    let [second, third, fourth, fifth] = [second, third, fourth, fifth].map(|bpm| number(bpm, 0));
    say!(
        "{told} At the last of them zones 2 to 5 began at {second}, {third}, {fourth} and {fifth} bpm, {by}.",
        told,
        second,
        third,
        fourth,
        fifth,
        by = word(by),
    )
}

fn table(slots: &[ZoneSlot], range: &Range, zones: &Zones) -> Table {
    let first = if range.step == Step::Hour { word(key!("Day")) } else { range.step.name() };
    let [one, two, three, four, five] = [1, 2, 3, 4, 5].map(named);
    let row = |slot: &ZoneSlot| {
        let [one, two, three, four, five] = slot.minutes.map(minutes);
        let label = range.slot_label(slot.start_ms, slot.end_ms, zones);
        [label, one, two, three, four, five, minutes(slot.all()), slot.workouts.to_string()]
    };
    let columns = [&first, &one, &two, &three, &four, &five, key!("All"), key!("Workouts")];
    Table::new(columns, slots.iter().map(row))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_MS: i64 = 86_400_000;

    fn slot(day: i64, minutes: [f64; 5], workouts: u32) -> ZoneSlot {
        ZoneSlot { start_ms: day * DAY_MS, end_ms: (day + 1) * DAY_MS, minutes, workouts, complete: true }
    }

    fn of(slots: &[ZoneSlot], begin: Option<Begin<'_>>) -> Model {
        let range = Range::new(0, 7 * DAY_MS, Step::Day);
        model(slots, begin, range, &Zones::named("UTC").expect("a zone"))
    }

    #[test]
    fn columns_are_made_of_zones_the_lowest_below() {
        let found = of(&[slot(1, [10.0, 0.0, 20.0, 0.0, 0.0], 1), slot(3, [0.0; 5], 2)], None);
        let Some(Layer::Blocks { blocks, .. }) = found.layers.first() else { panic!("no blocks") };
        let drawn: Vec<(f64, f64, Tone)> = blocks.iter().map(|b| (b.y0, b.y1, b.fill.tone)).collect();
        assert_eq!(drawn, [(0.0, 10.0, Tone::Step(1)), (10.0, 30.0, Tone::Step(3))]);
        assert_eq!(
            found.table.rows,
            [["Fri 2 Jan 1970", "10 min", "0 min", "20 min", "0 min", "0 min", "30 min", "1"]]
        );
    }

    #[test]
    fn all_zones_are_summed_and_it_is_said_where_they_begin() {
        let begin = Begin { bpm: [111.6, 130.2, 148.8, 167.4], by: "as set by you" };
        let found = of(&[slot(1, [10.0, 0.0, 20.0, 0.0, 0.0], 1), slot(3, [50.0, 0.0, 0.0, 0.0, 1.0], 2)], Some(begin));
        let expected = "3 workouts came to 1 h 21 min: zone 1 1 h, zone 2 0 min, zone 3 20 min, zone 4 0 min, zone 5 1 min. \
                        At the last of them zones 2 to 5 began at 112, 130, 149 and 167 bpm, as set by you.";
        assert!(found.summary.ends_with(expected), "{}", found.summary);
        assert!(of(&[], Some(begin)).summary.ends_with("there is no workout with heart rates."));
    }
}
