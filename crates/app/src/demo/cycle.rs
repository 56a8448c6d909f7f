//! The wearer's cycle: periods typed in, tests around the middle, and how warm the nights are after it.
//!
//! A cycle's days follow from its number alone, so a later export holds every record of an earlier one.

use std::io::{self, Seek, Write};

use health::time::{Day, HOUR_MS};

use super::plan::Plan;
use super::random::Random;
use super::{BY_HAND, Line, Scribe};

/// Days from one period to the next, on average.
const LENGTH: i32 = 28;
/// A period begins this many days sooner or later at most, so cycles have 24 to 32 days.
const SHIFT: i32 = 2;
/// Days from ovulation to the next period; nearly the same in everybody.
const LUTEAL: i32 = 14;
/// How much warmer the wrist is after ovulation.
const WARMER: f64 = 0.28;

/// Where a day stands in its cycle.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Place {
    cycle: i32,
    /// 0 on the first day of the period.
    day: i32,
    /// Days of the whole cycle.
    length: i32,
}

fn begins(seed: u64, cycle: i32) -> Day {
    cycle * LENGTH + Random::new(seed, 61, cycle).whole(i64::from(-SHIFT), i64::from(SHIFT)) as Day
}

fn place(seed: u64, day: Day) -> Place {
    let near = (day + SHIFT).div_euclid(LENGTH);
    let cycle = if day < begins(seed, near) { near - 1 } else { near };
    let first = begins(seed, cycle);
    Place { cycle, day: day - first, length: begins(seed, cycle + 1) - first }
}

/// What the wearer typed in on a day of the period.
fn flow(seed: u64, at: Place) -> Option<&'static str> {
    let last = Random::new(seed, 62, at.cycle).whole(3, 5) as i32;
    match at.day {
        0 => Some("Medium"),
        1 => Some("Heavy"),
        day if day == last => Some("Light"),
        day if day < last => Some(if day == 2 { "Medium" } else { "Light" }),
        _ => None,
    }
}

/// How much warmer than usual the wearer's wrist is in the night that ends on a day, in degrees.
pub(super) fn warmth(seed: u64, day: Day) -> f64 {
    let at = place(seed, day);
    let after = at.day - (at.length - LUTEAL);
    // It takes two days to rise.
    WARMER * (f64::from(after) / 2.0).clamp(0.0, 1.0)
}

impl<W: Write + Seek> Scribe<'_, W> {
    /// Periods, and tests in the days before ovulation.
    pub(super) fn cycle(&mut self) -> io::Result<()> {
        self.each_day(|scribe, plan, _| {
            let at = place(scribe.seed(), plan.day);
            let Some(flow) = flow(scribe.seed(), at) else { return Ok(()) };
            let first = if at.day == 0 { "1" } else { "0" };
            let metadata = [("HKMenstrualCycleStart", first), ("HKWasUserEntered", "1")];
            let value = format!("HKCategoryValueMenstrualFlow{flow}");
            scribe.typed("MenstrualFlow", plan, &metadata, Some(&value))
        })?;
        self.each_day(|scribe, plan, _| {
            let at = place(scribe.seed(), plan.day);
            let before = at.length - LUTEAL - at.day;
            if !(0..4).contains(&before) || at.cycle % 3 == 0 {
                return Ok(());
            }
            let result = if before == 1 { "LuteinizingHormoneSurge" } else { "Negative" };
            let value = format!("HKCategoryValueOvulationTestResult{result}");
            scribe.typed("OvulationTestResult", plan, &[("HKWasUserEntered", "1")], Some(&value))
        })?;
        self.each_day(|scribe, plan, _| {
            let at = place(scribe.seed(), plan.day);
            let spotting = at.day == at.length - LUTEAL && Random::new(scribe.seed(), 63, at.cycle).chance(0.25);
            let metadata = [("HKWasUserEntered", "1")];
            if spotting { scribe.typed("IntermenstrualBleeding", plan, &metadata, None) } else { Ok(()) }
        })
    }

    fn typed(&mut self, kind: &str, plan: &Plan, metadata: &[(&str, &str)], value: Option<&str>) -> io::Result<()> {
        let at = plan.wake_ms + HOUR_MS;
        let line = Line { metadata, ..Line::new(kind, &BY_HAND, "", (at, at)) };
        self.category(&line, value).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_stands_in_one_cycle_of_a_believable_length() {
        for day in 10_000..20_000 {
            let (today, tomorrow) = (place(7, day), place(7, day + 1));
            assert!((24..=32).contains(&today.length) && (0..today.length).contains(&today.day), "{day}: {today:?}");
            let next = if today.day + 1 == today.length { (today.cycle + 1, 0) } else { (today.cycle, today.day + 1) };
            assert_eq!((tomorrow.cycle, tomorrow.day), next, "{day}");
        }
    }

    #[test]
    fn nights_are_warmer_after_the_middle_only() {
        let check = |day: i32, expected: f64| {
            let first = begins(7, 700);
            assert_eq!(warmth(7, first + day), expected, "{day}");
        };
        let length = place(7, begins(7, 700)).length;
        check(0, 0.0);
        check(length - LUTEAL, 0.0);
        check(length - LUTEAL + 1, WARMER / 2.0);
        check(length - 1, WARMER);
    }
}
