//! How regular sleep is: one row a day from noon to noon, dark where asleep, by the clocks of where one was.

use std::collections::BTreeSet;

use health::language::word;
use health::time::{Day, Zones};
use health::{key, say};

use crate::layer::{Block, Fill, Key, Layer, Shape, Sign, Tone};
use crate::model::{Axis, AxisKind, Model, Table, Tick};
use crate::number::{minutes, no_data, usable};
use crate::range::{Range, Step, clock_minutes, month_starts, named_day, short_day};
use crate::sleep::{RowDay, Stretch};
use crate::theme::Hue;

const TITLE: &str = key!("Sleep regularity");
const DAY: f64 = 24.0 * 60.0;
const NOON: f64 = DAY / 2.0;
/// Rows that are named, at most.
const MOST_NAMED: usize = 8;

/// Part of a row: from and to in minutes after the noon before its day.
type Piece = (Day, f64, f64);

/// When the middle of the nights is, as the caller found it; in minutes.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Middles {
    /// How far they scatter.
    pub spread_min: Option<f64>,
    /// How those of free days differ; none of too few nights.
    pub free_days: Option<FreeDays>,
}

/// The nights that end on Saturdays and Sundays beside the others: social jet lag.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FreeDays {
    /// By how much their middle lies later; less than zero where it lies earlier.
    pub later_min: f64,
    /// How many there are.
    pub nights: usize,
    /// How many others.
    pub other_nights: usize,
}

/// Returns the raster of the stretches asleep.
pub fn model(asleep: &[Stretch], row_day: RowDay, middles: Middles, range: Range, zones: &Zones) -> Model {
    let days = range.day_numbers(zones);
    let (first, last) = range.ends(zones);
    let sound = asleep.iter().filter(|s| s.is_sound());
    let pieces: Vec<Piece> =
        sound.flat_map(|s| pieces(s, row_day, zones)).filter(|piece| (first..=last).contains(&piece.0)).collect();
    let seen: BTreeSet<Day> = pieces.iter().map(|piece| piece.0).collect();
    let row = |day: Day| f64::from(last.saturating_sub(day));
    let block = |(day, from, to): &Piece| Block {
        x0: *from,
        x1: *to,
        y0: row(*day),
        y1: row(*day) + 1.0,
        fill: Fill::solid(Hue::Sleep, Tone::Full),
    };
    // A row of a day without data stays empty: in a long range outlines around them would be all that one sees.
    let has_missing = seen.len() < days.len();
    Model {
        x: Axis { from: 0.0, to: DAY, ticks: clock(), kind: AxisKind::Grid, label: String::new() },
        y: named_days(&days, row),
        layers: vec![Layer::Blocks { shape: Shape::Cell, blocks: pieces.iter().map(block).collect() }],
        keys: keys(seen.is_empty(), has_missing),
        summary: summary(&seen, range.days_begun(zones), middles, &range, zones),
        table: table(&days, &pieces, row_day),
        ..Model::new(TITLE, "", range, zones)
    }
}

/// Cuts a stretch at every noon of the clock on the wall.
fn pieces(stretch: &Stretch, row_day: RowDay, zones: &Zones) -> Vec<Piece> {
    let place = |at_ms: i64| {
        let (day, minute) = (zones.day(at_ms), clock_minutes(at_ms, zones));
        let day = day.saturating_sub(Day::from(row_day == RowDay::Evening));
        if minute >= NOON { (day.saturating_add(1), minute - NOON) } else { (day, minute + NOON) }
    };
    let ((first, from), (last, to)) = (place(stretch.start_ms), place(stretch.end_ms));
    let ends = |day: Day| (if day == first { from } else { 0.0 }, if day == last { to } else { DAY });
    let rows = (first..=last).map(|day| (day, ends(day).0, ends(day).1));
    // Where clocks go back, a short stretch may end before it began.
    rows.filter(|(_, from, to)| to > from).collect()
}

fn clock() -> Vec<Tick> {
    (0..=4).map(|i| Tick::new(f64::from(i) * DAY / 4.0, format!("{:02}:00", (12 + i * 6) % 24))).collect()
}

fn named_days(days: &[Day], row: impl Fn(Day) -> f64) -> Axis {
    let named: Vec<(Day, String)> = match days.len() {
        0..=62 => {
            let every = days.len().div_ceil(MOST_NAMED);
            days.iter().step_by(every.max(1)).map(|day| (*day, short_day(*day))).collect()
        }
        _ => month_starts(days),
    };
    let every = named.len().div_ceil(MOST_NAMED).max(1);
    let ticks = named.into_iter().step_by(every).map(|(day, label)| Tick::new(row(day) + 0.5, label)).collect();
    Axis { from: 0.0, to: days.len() as f64, ticks, kind: AxisKind::Lanes, label: String::new() }
}

fn keys(empty: bool, has_missing: bool) -> Vec<Key> {
    let asleep = (!empty).then(|| Key::new(key!("Asleep"), Sign::Box(Fill::solid(Hue::Sleep, Tone::Full))));
    let missing = (!empty && has_missing).then(|| Key::new(key!("empty row: no data"), Sign::None));
    asleep.into_iter().chain(missing).collect()
}

fn summary(seen: &BTreeSet<Day>, days: usize, middles: Middles, range: &Range, zones: &Zones) -> String {
    let when = range.when(zones);
    if seen.is_empty() {
        return say!("{when} there is no sleep.", when);
    }
    let spread = middles.spread_min.filter(|s| usable(*s) && *s >= 0.0);
    let spread = spread.map_or_else(String::new, |s| say!(" The middle of sleep varied by {by}.", by = minutes(s)));
    let free = middles.free_days.filter(|free| usable(free.later_min)).map(|free| free.sentence());
    let (covered, free) = (Step::Day.with_data(seen.len(), days), free.unwrap_or_default());
    say!("{when} {covered} on sleep.{spread}{free}", when, covered, spread, free)
}

impl FreeDays {
    fn sentence(self) -> String {
        let Self { later_min, nights, other_nights } = self;
        let differs = match later_min.abs().round() {
            0.0 => word(key!("at the same time as")),
            by if later_min > 0.0 => say!("{by} later than", by = minutes(by)),
            by => say!("{by} earlier than", by = minutes(by)),
        };
        say!(
            " In the {nights} nights to Saturdays and Sundays it lay {differs} in the {other_nights} others.",
            nights,
            differs,
            other_nights
        )
    }
}

fn table(days: &[Day], pieces: &[Piece], row_day: RowDay) -> Table {
    let clock = |minute: f64| {
        let whole = (minute + NOON) as i64 % DAY as i64;
        format!("{:02}:{:02}", whole / 60, whole % 60)
    };
    let mut sorted: Vec<&Piece> = pieces.iter().collect();
    sorted.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let row = |day: &Day| {
        let (from, to) = (sorted.partition_point(|p| p.0 < *day), sorted.partition_point(|p| p.0 <= *day));
        let own = sorted.get(from..to).unwrap_or_default();
        let spans: Vec<String> =
            own.iter().map(|(_, from, to)| format!("{}\u{2013}{}", clock(*from), clock(*to))).collect();
        let spans = if spans.is_empty() { no_data() } else { spans.join(", ") };
        [named_day(*day), spans]
    };
    let first = if row_day == RowDay::Morning { key!("Noon to noon, until") } else { key!("Noon to noon, from") };
    Table::new([first, key!("Asleep")], days.iter().map(row))
}
