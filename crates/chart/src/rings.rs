//! Activity rings: moving outermost, then exercise, then standing. One day with its numbers, or a page of a calendar.

use health::language::word;
use health::time::{Day, Zones};
use health::{counted, key, say};

use crate::layer::{Arc, Key, Layer, Rings, Sign};
use crate::model::{Axis, AxisKind, Model, Table, Tick};
use crate::number::{no_data, number, usable};
use crate::range::{Range, Step, WEEKDAYS, day_of_month, long_day, named_day, short_day, weekday_number};
use crate::theme::Hue;

const TITLE: &str = key!("Activity rings");
const NAMES: [&str; 3] = [key!("Move"), key!("Exercise"), key!("Stand")];
/// A calendar page has no more rows: a long range shows its last weeks.
const MOST_WEEKS: Day = 6;

/// One ring: how much of how much.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ring {
    /// What was reached.
    pub value: f64,
    /// The goal, where there was one.
    pub goal: Option<f64>,
}

/// What the outermost ring counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Moves {
    /// Active energy in kilocalories.
    #[default]
    Energy,
    /// Minutes: the ring of children.
    Minutes,
}

impl Ring {
    /// Of the goal; without one there is nothing to close, which is not the same as no data.
    fn share(&self) -> f64 {
        self.aim().map_or(0.0, |goal| self.value / goal)
    }

    fn aim(&self) -> Option<f64> {
        self.goal.filter(|goal| usable(*goal) && *goal > 0.0)
    }

    fn is_closed(&self) -> bool {
        self.aim().is_some_and(|goal| self.value >= goal)
    }

    /// `312 of 500 kcal`, or `312 kcal`.
    fn text(&self, unit: &str) -> String {
        let goal = self.aim().map_or_else(String::new, |goal| say!(" of {goal}", goal = number(goal, 0)));
        format!("{}{goal} {unit}", number(self.value, 0))
    }
}

/// The rings of a day; a ring without data is none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RingDay {
    /// The local day.
    pub day: Day,
    /// What is moved.
    pub moving: Option<Ring>,
    /// In what that is told.
    pub moves: Moves,
    /// Minutes of exercise.
    pub exercise: Option<Ring>,
    /// Hours in which one stood.
    pub stand: Option<Ring>,
}

impl RingDay {
    fn rings(&self) -> [(Option<Ring>, &'static str); 3] {
        let sound = |ring: Option<Ring>| ring.filter(|r| usable(r.value) && r.value >= 0.0);
        let moves = if self.moves == Moves::Minutes { "min" } else { "kcal" };
        [(sound(self.moving), moves), (sound(self.exercise), "min"), (sound(self.stand), "h")]
    }

    fn arcs(&self) -> Vec<Arc> {
        let arc = |((ring, unit), name): ((Option<Ring>, &str), &str)| Arc {
            share: ring.map(|r| r.share()),
            text: ring.map_or_else(no_data, |r| format!("{} {unit}", number(r.value, 0))),
            label: match ring.map(|r| r.aim()) {
                None => word(name),
                Some(None) => say!("{name}, no goal", name = word(name)),
                Some(Some(goal)) => {
                    say!("{name}, goal {goal} {unit}", name = word(name), goal = number(goal, 0), unit)
                }
            },
        };
        self.rings().into_iter().zip(NAMES).map(arc).collect()
    }

    /// Returns whether it has no ring at all.
    pub fn is_empty(&self) -> bool {
        self.rings().iter().all(|(ring, _)| ring.is_none())
    }
}

/// Returns the rings of one day.
pub fn day(day: &RingDay, zones: &Zones) -> Model {
    let (start_ms, end_ms) = zones.day_bounds(day.day);
    let rings = Rings { column: 0, row: 0, label: String::new(), arcs: day.arcs() };
    let when = long_day(day.day);
    let words =
        |((ring, unit), name): ((Option<Ring>, &str), &str)| ring.map(|r| format!("{} {}", word(name), r.text(unit)));
    let words: Vec<String> = day.rings().into_iter().zip(NAMES).filter_map(words).collect();
    let summary = if words.is_empty() {
        say!("On {when} there are no activity rings.", when)
    } else {
        say!("On {when}: {rings}.", when, rings = words.join(", "))
    };
    let rings = if day.is_empty() { Vec::new() } else { vec![rings] };
    Model {
        keys: keys(rings.is_empty()),
        x: Axis::hidden(0.0, 1.0),
        y: Axis::hidden(0.0, 1.0),
        layers: vec![Layer::Rings { rings }],
        summary,
        table: table(std::slice::from_ref(day)),
        ..Model::new(TITLE, "", Range::new(start_ms, end_ms, Step::Day), zones)
    }
}

/// Returns a calendar page of the days of a range, weeks from Monday to Sunday.
pub fn month(days: &[RingDay], range: Range, zones: &Zones) -> Model {
    let (since, last) = range.ends(zones);
    let monday = |day: Day| day.saturating_sub(weekday_number(day) as Day);
    let first = since.max(monday(last).saturating_sub((MOST_WEEKS - 1) * 7));
    let shown: Vec<RingDay> = days.iter().filter(|d| (first..=last).contains(&d.day)).copied().collect();
    let weeks = (monday(last) - monday(first)) / 7 + 1;
    // A single week names its days at their rings, a page below its columns.
    let name = |day: Day| WEEKDAYS.get(weekday_number(day)).filter(|_| weeks == 1);
    let label = |day: Day| match (name(day), day_of_month(day)) {
        (Some(name), number) => format!("{} {number}", word(name)),
        // A page says where another month begins.
        (None, 1) => short_day(day),
        (None, number) => number.to_string(),
    };
    let cell = |day: &RingDay| Rings {
        column: weekday_number(day.day) as u32,
        row: ((monday(day.day) - monday(first)) / 7).unsigned_abs(),
        label: label(day.day),
        arcs: day.arcs(),
    };
    let with_data = shown.iter().filter(|day| !day.is_empty()).count();
    // Days to come are none without data.
    let begun = range.days_begun(zones).saturating_sub((first - since).unsigned_abs() as usize);
    // A day without data keeps its place, with empty outlines.
    let of = |day: Day| {
        let nothing = RingDay { day, moving: None, moves: Moves::default(), exercise: None, stand: None };
        shown.iter().find(|d| d.day == day).copied().unwrap_or(nothing)
    };
    let rings: Vec<Rings> = if with_data > 0 { (first..=last).map(|day| cell(&of(day))).collect() } else { Vec::new() };
    let names = WEEKDAYS.iter().enumerate().filter(|_| weeks > 1);
    let ticks = names.map(|(i, name)| Tick::over(i as f64, i as f64 + 1.0, word(name))).collect();
    Model {
        x: Axis { from: 0.0, to: 7.0, ticks, kind: AxisKind::Lanes, label: String::new() },
        y: Axis::hidden(0.0, f64::from(weeks)),
        keys: keys(rings.is_empty()),
        summary: month_summary(&shown, with_data, begun, &range, zones),
        layers: vec![Layer::Rings { rings }],
        table: table(&shown),
        ..Model::new(TITLE, "", range, zones)
    }
}

/// Which ring is which, and where its goal is.
fn keys(is_empty: bool) -> Vec<Key> {
    let hues = [Hue::Move, Hue::Exercise, Hue::Stand];
    let names = NAMES.into_iter().zip(hues).map(|(name, hue)| Key::new(name, Sign::Ring(hue)));
    let keys = names.chain([Key::new(key!("a full ring is the goal"), Sign::None)]);
    if is_empty { Vec::new() } else { keys.collect() }
}

fn month_summary(shown: &[RingDay], with_data: usize, days: usize, range: &Range, zones: &Zones) -> String {
    let when = range.when(zones);
    if with_data == 0 {
        return say!("{when} there are no activity rings.", when);
    }
    let closed = |ring: &Option<Ring>| ring.is_some_and(|r| r.is_closed());
    let all = shown.iter().filter(|day| day.rings().iter().all(|(ring, _)| closed(ring))).count();
    let with = counted!(with_data, "day|on");
    let sentence = say!("{when} all three rings reached their goal on {all} of {with}.", when, all, with);
    if with_data >= days {
        return sentence;
    }
    format!("{sentence} {}.", range.step.with_data(with_data, days))
}

fn table(days: &[RingDay]) -> Table {
    let text = |(ring, unit): (Option<Ring>, &str)| match ring {
        Some(r) => r.text(unit),
        None => no_data(),
    };
    let row = |day: &RingDay| {
        let [moving, exercise, stand] = day.rings().map(text);
        [named_day(day.day), moving, exercise, stand]
    };
    Table::new([key!("Day"), key!("Move"), key!("Exercise"), key!("Stand")], days.iter().map(row))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(days: i64, now_day: Option<i64>, expected: &str) {
        let zones = Zones::named("UTC").expect("a zone");
        let day_ms = 86_400_000;
        let range = Range { now_ms: now_day.map(|day| day * day_ms), ..Range::new(0, days * day_ms, Step::Day) };
        let ring = Some(Ring { value: 12.0, goal: Some(12.0) });
        let rows = (0..3).map(|day| RingDay { day, moving: ring, moves: Moves::Energy, exercise: ring, stand: ring });
        let rows: Vec<RingDay> = rows.collect();
        let told = month(&rows, range, &zones).summary;
        assert!(told.ends_with(expected), "{told}");
    }

    #[test]
    fn days_to_come_are_none_without_data() {
        check(7, Some(2), "on 3 of 3 days.");
        check(7, Some(4), "3 of 5 days have data.");
        check(7, None, "3 of 7 days have data.");
    }
}
