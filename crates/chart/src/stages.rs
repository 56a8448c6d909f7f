//! How long each stage of sleep was: per night, or per week and longer the average of its nights.

use health::language::{grouped, word};
use health::time::Zones;
use health::{counted, key, say};

use crate::layer::{Block, Fill, Key, Layer, Pattern, Shape};
use crate::model::{Axis, Model, Table, Tick};
use crate::number::{extent, minutes, no_data};
use crate::range::{Range, Step};
use crate::sleep::{Stage, StageMinutes};
use crate::slots::gaps;

const TITLE: &str = key!("Sleep stages");
/// Deep stands on the axis, awake lies on top.
const STACK: [Stage; 5] = [Stage::Deep, Stage::Core, Stage::Unspecified, Stage::Rem, Stage::Awake];
/// The axis is at least this many hours high.
const LEAST_HOURS: f64 = 8.0;
const HOUR: f64 = 60.0;

/// The stages of a night, or on average of the nights in a slot.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StageSlot {
    /// Start in milliseconds since 1970.
    pub start_ms: i64,
    /// End in milliseconds since 1970.
    pub end_ms: i64,
    /// Minutes of each stage.
    pub minutes: StageMinutes,
    /// How many nights it is the average of.
    pub nights: u32,
    /// Of how many of them stages are known.
    pub staged: u32,
    /// Whether the slot is over; that of one night is when the night is.
    pub complete: bool,
}

/// Returns the chart of `slots`, which must be sorted.
pub fn model(slots: &[StageSlot], range: Range, zones: &Zones) -> Model {
    let with_data = |s: &&StageSlot| s.nights > 0 && range.holds(s.start_ms) && s.start_ms < s.end_ms;
    let slots: Vec<StageSlot> = slots.iter().filter(with_data).copied().collect();
    let all = range.slots(zones);
    let within = |slot: (i64, i64)| slots.binary_search_by_key(&slot.0, |s| s.start_ms).is_ok();
    Model {
        x: Axis::days(&range, zones),
        y: hours(&slots).labelled(key!("hours")),
        gaps: gaps(&all, within),
        layers: vec![Layer::Blocks { shape: Shape::Column, blocks: slots.iter().flat_map(stack).collect() }],
        keys: keys(&slots),
        summary: summary(&slots, range.begun(&all), &range, zones),
        table: table(&slots, &range, zones),
        ..Model::new(TITLE, "h", range, zones)
    }
}

fn height(slot: &StageSlot) -> f64 {
    STACK.map(|stage| slot.minutes.of(stage)).iter().sum()
}

/// Whole hours, in minutes.
fn hours(slots: &[StageSlot]) -> Axis {
    let high = extent(slots.iter().map(height)).map_or(0.0, |(_, high)| high / HOUR).max(LEAST_HOURS);
    let every = [2.0, 4.0, 6.0, 12.0, 24.0].into_iter().find(|every| high / every <= 5.0).unwrap_or(48.0);
    let count = (high / every).ceil() as u32;
    let tick = |i: u32| Tick::new(f64::from(i) * every * HOUR, format!("{:.0}", f64::from(i) * every));
    Axis { from: 0.0, to: f64::from(count) * every * HOUR, ticks: (0..=count).map(tick).collect(), ..Axis::default() }
}

fn stack(slot: &StageSlot) -> Vec<Block> {
    let mut top = 0.0;
    let mut blocks = Vec::new();
    for stage in STACK.into_iter().filter(|stage| slot.minutes.of(*stage) > 0.0) {
        let from = top;
        top += slot.minutes.of(stage);
        let fill = stage.fill();
        let fill = if slot.complete { fill } else { Fill { pattern: Pattern::Hatched, ..fill } };
        blocks.push(Block { x0: slot.start_ms as f64, x1: slot.end_ms as f64, y0: from, y1: top, fill });
    }
    blocks
}

fn keys(slots: &[StageSlot]) -> Vec<Key> {
    let has = |stage: &Stage| slots.iter().any(|slot| slot.minutes.of(*stage) > 0.0);
    Stage::ALL.into_iter().filter(has).map(Stage::key).collect()
}

fn summary(slots: &[StageSlot], all: usize, range: &Range, zones: &Zones) -> String {
    let when = range.when(zones);
    let Some((low, high)) = extent(slots.iter().map(|slot| slot.minutes.asleep())) else {
        return say!("{when} there is no sleep.", when);
    };
    // Of nights, wherever a month begins, and whether it is over or not: each of its nights is.
    let nights: u32 = slots.iter().map(|slot| slot.nights).sum();
    let weight = f64::from(nights);
    let average = |of: &dyn Fn(&StageMinutes) -> f64| {
        slots.iter().map(|slot| of(&slot.minutes) * f64::from(slot.nights)).sum::<f64>() / weight.max(1.0)
    };
    // Of a night without stages nobody knows how much of it was deep.
    let staged: f64 = slots.iter().map(|slot| f64::from(slot.staged)).sum();
    let of_staged = |stage: Stage| minutes(average(&|stages| stages.of(stage)) * weight / staged);
    let stages = match staged > 0.0 {
        true => {
            let (deep, rem) = (of_staged(Stage::Deep), of_staged(Stage::Rem));
            say!(", with {deep} of deep sleep and {rem} of REM", deep, rem)
        }
        false => String::new(),
    };
    let of_those = match staged {
        0.0 => String::new(),
        1.0 if weight > 1.0 => word(key!(" in the 1 night that tells stages")),
        staged if staged < weight => {
            say!(" in the {nights} that tell stages", nights = counted!(staged as usize, "night|in"))
        }
        _ => String::new(),
    };
    say!(
        "{when} you slept {average} on average, from {low} to {high}{by}{stages}{of_those}; {nights}, {covered}.",
        when,
        average = minutes(average(&StageMinutes::asleep)),
        low = minutes(low),
        high = minutes(high),
        by = range.step.by(),
        stages,
        of_those,
        nights = counted!(nights, "night"),
        covered = range.step.with_data(slots.len(), all),
    )
}

fn table(slots: &[StageSlot], range: &Range, zones: &Zones) -> Table {
    let row = |slot: &StageSlot| {
        let stage = |stage: Stage| match stage {
            Stage::Rem | Stage::Core | Stage::Deep if slot.staged == 0 => no_data(),
            // As in the sentence: of the nights that tell it.
            Stage::Rem | Stage::Core | Stage::Deep => {
                minutes(slot.minutes.of(stage) * f64::from(slot.nights) / f64::from(slot.staged))
            }
            _ => minutes(slot.minutes.of(stage)),
        };
        [
            range.slot_label(slot.start_ms, slot.end_ms, zones),
            minutes(slot.minutes.asleep()),
            stage(Stage::Awake),
            stage(Stage::Rem),
            stage(Stage::Core),
            stage(Stage::Deep),
            stage(Stage::Unspecified),
            grouped(u64::from(slot.nights)),
        ]
    };
    let first = if range.step == Step::Day { word(key!("Night")) } else { range.step.name() };
    let [awake, rem, core, deep] = [Stage::Awake, Stage::Rem, Stage::Core, Stage::Deep].map(Stage::name);
    let columns = [&first, key!("Asleep"), awake, rem, core, deep, UNKNOWN, key!("Nights")];
    let table = Table::new(columns, slots.iter().map(row));
    // Where every night tells its stages there is nothing to say of unknown ones.
    let told = slots.iter().all(|slot| slot.minutes.of(Stage::Unspecified) == 0.0);
    if told { without(table, &word(UNKNOWN)) } else { table }
}

const UNKNOWN: &str = key!("Stage unknown");

fn without(mut table: Table, column: &str) -> Table {
    if let Some(place) = table.columns.iter().position(|name| name == column) {
        table.columns.remove(place);
        table.rows.iter_mut().for_each(|row| drop(row.remove(place)));
    }
    table
}

#[cfg(test)]
mod tests {
    use health::time::parse_day;

    use super::*;

    #[test]
    fn nights_of_a_month_that_is_not_over_count() {
        let zones = Zones::named("UTC").expect("a zone");
        let start = |at: &str| zones.day_bounds(parse_day(at).expect("a day")).0;
        let slot = |at: &str, until: &str, deep: f64, nights: u32, complete: bool| {
            let minutes = StageMinutes { deep, ..StageMinutes::default() };
            StageSlot { start_ms: start(at), end_ms: start(until), minutes, nights, staged: nights, complete }
        };
        let slots =
            [slot("2026-01-01", "2026-02-01", 60.0, 9, true), slot("2026-02-01", "2026-03-01", 160.0, 1, false)];
        let range = Range::new(start("2026-01-01"), start("2026-03-01"), Step::Month);
        let told = model(&slots, range, &zones);
        assert!(told.summary.contains("you slept 1 h 10 min on average"), "{}", told.summary);
        assert!(told.summary.contains("; 10 nights, 2 of 2 months have data"), "{}", told.summary);
        assert_eq!(told.table.columns, ["Month", "Asleep", "Awake", "REM", "Core", "Deep", "Nights"]);
        let alone = model(&slots[1..], range, &zones);
        assert!(alone.summary.contains("you slept 2 h 40 min on average"), "{}", alone.summary);
    }

    #[test]
    fn the_average_of_months_is_that_of_their_nights() {
        let zones = Zones::named("UTC").expect("a zone");
        let day = |text: &str| parse_day(text).expect("a day");
        let month = |at: &str, deep: f64, nights: u32| {
            let start_ms = zones.day_bounds(day(at)).0;
            let minutes = StageMinutes { deep, ..StageMinutes::default() };
            StageSlot { start_ms, end_ms: start_ms + 28 * 86_400_000, minutes, nights, staged: nights, complete: true }
        };
        let unseen = |slot: StageSlot| {
            let minutes = StageMinutes { unspecified: slot.minutes.deep, ..StageMinutes::default() };
            StageSlot { minutes, staged: 0, ..slot }
        };
        let slots = [month("2026-01-01", 60.0, 9), month("2026-02-01", 160.0, 1)];
        let (start_ms, end_ms) = (zones.day_bounds(day("2026-01-01")).0, zones.day_bounds(day("2026-03-01")).0);
        let range = Range::new(start_ms, end_ms, Step::Month);
        let summary = summary(&slots, 2, &range, &zones);
        assert!(
            summary
                .contains("you slept 1 h 10 min on average, from 1 h to 2 h 40 min by month, with 1 h 10 min of deep"),
            "{summary}"
        );
        let told = |slots: &[StageSlot]| super::summary(slots, 2, &range, &zones);
        let mixed = told(&[unseen(slots[0]), slots[1]]);
        assert!(
            mixed.contains("with 2 h 40 min of deep sleep and 0 min of REM in the 1 night that tells stages"),
            "{mixed}"
        );
        let none = told(&slots.map(unseen));
        assert!(none.contains("by month; 10 nights"), "{none}");
        assert_eq!(table(&[unseen(slots[0])], &range, &zones).rows[0][4..6], ["no data", "no data"]);
        let half = StageSlot { nights: 2, staged: 1, ..slots[0] };
        assert_eq!(table(&[half], &range, &zones).rows[0][4..6], ["0 min", "2 h"], "of the night that tells stages");
    }
}
