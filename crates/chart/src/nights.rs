//! Nights side by side: bars from bedtime to waking on an axis from noon to noon, stages stacked inside. Naps stand
//! apart below; a night of which only the time in bed is known is an outline.

use std::collections::BTreeMap;

use health::language::word;
use health::time::{Day, Zones};
use health::{counted, key, say};

use crate::layer::{Block, Fill, Key, Layer, Panel, Pattern, Shape, Sign, Tone};
use crate::model::{Axis, AxisKind, Model, Table, Tick};
use crate::number::{extent, inverted, minutes, no_data};
use crate::range::{Range, clock, clock_minutes};
use crate::sleep::{Night, NightKind, Stage};
use crate::theme::Hue;

const TITLE: &str = key!("Nights");
const HOUR: f64 = 60.0;
/// The axis shows at least 21:00 to 09:00, in minutes after noon.
const LEAST: (f64, f64) = (9.0 * HOUR, 21.0 * HOUR);
/// Noon to noon.
const LONGEST: (f64, f64) = (0.0, 24.0 * HOUR);

/// Over more days a night is thinner than the pattern of a stage: it is one bar, without stages.
const MOST_STAGED_DAYS: Day = 400;

/// Returns the chart of the nights of a range of days, whichever order they come in.
pub fn model(nights: &[Night], range: Range, zones: &Zones) -> Model {
    let (first, last) = range.ends(zones);
    let nights: Vec<&Night> = nights.iter().filter(|n| (first..=last).contains(&n.day) && n.ends().is_some()).collect();
    let staged = last.saturating_sub(first) < MOST_STAGED_DAYS;
    let blocks: Vec<Block> = nights.iter().flat_map(|night| blocks(night, staged, zones)).collect();
    let y = clock_axis(&blocks);
    let x = Axis::days(&range, zones);
    let naps = naps(&nights, &x, zones);
    let layers = vec![Layer::Blocks { shape: Shape::Column, blocks }];
    // The days are named once, below the last panel.
    let top = if naps.is_some() { Axis { ticks: Vec::new(), ..x.clone() } } else { x };
    Model {
        x: top,
        y,
        layers,
        keys: keys(&nights, staged),
        panels: naps.into_iter().collect(),
        summary: summary(&nights, &range, zones),
        table: table(&nights, zones),
        ..Model::new(TITLE, "", range, zones)
    }
}

/// Minutes after the noon before the day, as clocks on the wall show them: a night of 23:00 to 07:00 is as long on the
/// axis when clocks change.
fn after_noon(at_ms: i64, day: Day, zones: &Zones) -> f64 {
    let days = f64::from(zones.day(at_ms).saturating_sub(day));
    (days + 0.5) * 24.0 * HOUR + clock_minutes(at_ms, zones)
}

/// The day after the noon before a night, whichever day it is counted for.
fn morning(night: &Night, zones: &Zones) -> Day {
    let slept = night.sound_segments().map(|s| s.start_ms).min();
    let Some(start_ms) = slept.or_else(|| night.sound_bed().map(|s| s.start_ms).min()) else { return night.day };
    zones.day(start_ms).saturating_add(Day::from(clock_minutes(start_ms, zones) >= 12.0 * HOUR))
}

fn blocks(night: &Night, staged: bool, zones: &Zones) -> Vec<Block> {
    let (start, end) = zones.day_bounds(night.day);
    let morning = morning(night, zones);
    let block = |from: i64, to: i64, fill: Fill| {
        let y = [from, to].map(|at| after_noon(at, morning, zones).clamp(LONGEST.0, LONGEST.1));
        Block { x0: start as f64, x1: end as f64, y0: y[0], y1: y[1], fill }
    };
    match night.kind {
        NightKind::Nap => Vec::new(),
        NightKind::Night if !staged => {
            let first = night.sound_segments().map(|s| s.start_ms).min();
            let last = night.sound_segments().map(|s| s.end_ms).max();
            first.zip(last).map(|(from, to)| block(from, to, whole())).into_iter().collect()
        }
        NightKind::Night => night.sound_segments().map(|s| block(s.start_ms, s.end_ms, s.stage.fill())).collect(),
        NightKind::InBedOnly => night.sound_bed().map(|s| block(s.start_ms, s.end_ms, in_bed())).collect(),
    }
}

/// A night without its stages.
fn whole() -> Fill {
    Fill::solid(Hue::Sleep, Tone::Soft)
}

fn in_bed() -> Fill {
    Fill::new(Hue::Neutral, Pattern::Outline)
}

/// Every third hour around the nights, evening above morning.
fn clock_axis(blocks: &[Block]) -> Axis {
    let (low, high) = extent(blocks.iter().flat_map(|b| [b.y0, b.y1])).unwrap_or(LEAST);
    let every = 3.0 * HOUR;
    let from = ((low.min(LEAST.0)) / every).floor() * every;
    let to = ((high.max(LEAST.1)) / every).ceil() * every;
    // No more labels than an axis may have.
    let every = if (to - from) / every > 5.0 { 2.0 * every } else { every };
    let (from, to) = ((from / every).floor() * every, (to / every).ceil() * every);
    let tick = |i: u32| {
        let at = from + f64::from(i) * every;
        Tick::new(at, format!("{:02}:00", (at / HOUR + 12.0) as i64 % 24))
    };
    let count = ((to - from) / every) as u32;
    inverted(Axis { from, to, ticks: (0..=count).map(tick).collect(), ..Axis::default() })
}

/// A lane of its own, as high as the longest nap.
fn naps(nights: &[&Night], x: &Axis, zones: &Zones) -> Option<Panel> {
    let naps = || nights.iter().filter(|night| night.kind == NightKind::Nap);
    let (_, longest) = extent(naps().map(|nap| nap.minutes.asleep()))?;
    let block = |nap: &&Night| {
        let (start, end) = zones.day_bounds(nap.day);
        let fill = Fill::new(Hue::Sleep, Pattern::Outline);
        Block { x0: start as f64, x1: end as f64, y0: 0.0, y1: nap.minutes.asleep(), fill }
    };
    let longest = longest.max(HOUR);
    let y = Axis {
        to: longest,
        ticks: vec![Tick::new(longest / 2.0, word(key!("Naps")))],
        kind: AxisKind::Lanes,
        ..Axis::default()
    };
    let layers = vec![Layer::Blocks { shape: Shape::Column, blocks: naps().map(block).collect() }];
    Some(Panel { x: x.clone(), y, layers, share: 0.14 })
}

fn keys(nights: &[&Night], staged: bool) -> Vec<Key> {
    let of = |kind: NightKind| nights.iter().filter(move |night| night.kind == kind);
    let has = |stage: Stage| of(NightKind::Night).any(|night| night.sound_segments().any(|s| s.stage == stage));
    let bed = of(NightKind::InBedOnly).next().map(|_| Key::new(key!("Only in bed"), Sign::Box(in_bed())));
    if !staged {
        let night =
            of(NightKind::Night).next().map(|_| Key::new(key!("From falling asleep to waking up"), Sign::Box(whole())));
        return night.into_iter().chain(bed).collect();
    }
    Stage::ALL.into_iter().filter(|stage| has(*stage)).map(Stage::key).chain(bed).collect()
}

fn summary(nights: &[&Night], range: &Range, zones: &Zones) -> String {
    let when = range.when(zones);
    let of = |kind: NightKind| nights.iter().filter(move |night| night.kind == kind);
    // The parts of a night that was interrupted for hours are one night.
    let mut lengths: BTreeMap<Day, f64> = BTreeMap::new();
    of(NightKind::Night).for_each(|night| *lengths.entry(night.day).or_default() += night.minutes.asleep());
    let found = lengths.len();
    if nights.is_empty() {
        return say!("{when} there is no sleep.", when);
    }
    let from_to = |(low, high): (f64, f64)| match (minutes(low), minutes(high)) {
        (low, high) if low == high => say!(", with {low} of sleep", low),
        (low, high) => say!(", with {low} to {high} of sleep", low, high),
    };
    let slept = extent(lengths.into_values()).map_or_else(String::new, from_to);
    let (naps, beds) = (of(NightKind::Nap).count(), of(NightKind::InBedOnly).count());
    let naps = (naps > 0).then(|| counted!(naps, "nap"));
    let beds = (beds > 0).then(|| say!("{nights} in bed only", nights = counted!(beds, "night")));
    let others: Vec<String> = naps.into_iter().chain(beds).collect();
    let others = if others.is_empty() { String::new() } else { format!("; {}", others.join(", ")) };
    let nights = counted!(found, "night");
    match found {
        1 => say!("{when} there is {nights}{slept}{others}.", when, nights, slept, others),
        _ => say!("{when} there are {nights}{slept}{others}.", when, nights, slept, others),
    }
}

fn table(nights: &[&Night], zones: &Zones) -> Table {
    let row = |night: &&Night| {
        let (start, end) = night.ends().unwrap_or_default();
        let (what, asleep) = match night.kind {
            NightKind::Night => (key!("Night"), minutes(night.minutes.asleep())),
            NightKind::Nap => (key!("Nap"), minutes(night.minutes.asleep())),
            NightKind::InBedOnly => (key!("Only in bed"), no_data()),
        };
        [night.label(), word(what), clock(start, zones), clock(end, zones), asleep]
    };
    let mut sorted: Vec<&&Night> = nights.iter().collect();
    sorted.sort_by_key(|night| (night.day, night.ends()));
    Table::new([key!("Day"), key!("What"), key!("From"), key!("To"), key!("Asleep")], sorted.into_iter().map(row))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::range::Step;
    use crate::sleep::{Segment, StageMinutes};

    /// Hours after the midnight at which a day begins.
    fn night(day: Day, from_h: i64, hours: i64, kind: NightKind) -> Night {
        let start_ms = i64::from(day) * 86_400_000 + from_h * 3_600_000;
        let end_ms = start_ms + hours * 3_600_000;
        let core = 60.0 * hours as f64;
        Night {
            day,
            kind,
            segments: vec![Segment { start_ms, end_ms, stage: Stage::Core }],
            in_bed: vec![],
            unwritten: vec![],
            minutes: StageMinutes { core, ..StageMinutes::default() },
        }
    }

    #[test]
    fn a_night_is_drawn_where_it_was_whichever_day_it_counts_for() {
        let zones = Zones::named("UTC").expect("a zone");
        let check = |day: Day, from_h: i64, expected: (f64, f64)| {
            let found = blocks(&night(day, from_h, 8, NightKind::Night), true, &zones);
            let ends: Vec<(f64, f64)> = found.iter().map(|block| (block.y0 / HOUR, block.y1 / HOUR)).collect();
            assert_eq!(ends, [expected]);
        };
        // From 23 to 7 h, of the day of waking up and of the one before.
        check(2, -1, (11.0, 19.0));
        check(1, 23, (11.0, 19.0));
        check(2, 2, (14.0, 22.0));
        check(1, 26, (14.0, 22.0));
    }

    #[test]
    fn the_parts_of_a_night_are_one_night() {
        let zones = Zones::named("UTC").expect("a zone");
        let nights = [
            night(1, -2, 2, NightKind::Night),
            night(1, 3, 5, NightKind::Night),
            night(1, 14, 1, NightKind::Nap),
            night(2, -1, 8, NightKind::Night),
        ];
        let (start_ms, end_ms) = (zones.day_bounds(1).0, zones.day_bounds(2).1);
        let found = model(&nights, Range::new(start_ms, end_ms, Step::Day), &zones);
        assert!(found.summary.contains("2 nights, with 7 h to 8 h of sleep; 1 nap"), "{}", found.summary);
        assert_eq!(found.table.rows.len(), 4);
    }
}
