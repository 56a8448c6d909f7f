//! The stretch of time that a chart shows, cut into slots of local hours, days or weeks, and its labels.

use health::time::{Day, HOUR_MS, Zones, format_day};
use serde::Serialize;

use crate::model::Tick;

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// Longest range in days: keeps slots, and with them the picture, bounded.
pub const LONGEST_DAYS: u32 = 366 * 20;

/// How wide a slot is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// A local hour.
    Hour,
    /// A local day.
    Day,
    /// Seven local days, counted back from the range's end.
    Week,
}

/// A whole number of local days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Range {
    /// First instant, in milliseconds since 1970.
    pub start_ms: i64,
    /// First instant after it.
    pub end_ms: i64,
    /// How it is cut.
    pub step: Step,
}

impl Range {
    /// The `days` local days of which the last contains `last_ms`: hours for one day, days up to two months, else weeks.
    pub fn ending(last_ms: i64, days: u32, zones: &Zones) -> Self {
        let days = days.clamp(1, LONGEST_DAYS);
        let step = match days {
            1 => Step::Hour,
            2..=62 => Step::Day,
            _ => Step::Week,
        };
        let last = zones.day(last_ms);
        let first = last - (days as Day - 1);
        Self { start_ms: zones.day_bounds(first).0, end_ms: zones.day_bounds(last).1, step }
    }

    /// Start and end of every slot, oldest first. Hours are real hours, so a day of a clock change has 23 or 25.
    pub fn slots(&self, zones: &Zones) -> Vec<(i64, i64)> {
        match self.step {
            Step::Hour => (self.start_ms..self.end_ms).step_by(HOUR_MS as usize).map(|at| (at, at + HOUR_MS)).collect(),
            Step::Day => self.runs_of_days(1, zones),
            Step::Week => self.runs_of_days(7, zones),
        }
    }

    fn runs_of_days(&self, length: Day, zones: &Zones) -> Vec<(i64, i64)> {
        let (first, last) = (zones.day(self.start_ms), zones.day(self.end_ms - 1));
        let mut slots = Vec::new();
        let mut end = last + 1;
        while end > first {
            let start = (end - length).max(first);
            slots.push((zones.day_bounds(start).0, zones.day_bounds(end - 1).1));
            end = start;
        }
        slots.reverse();
        slots
    }

    /// Labels of the time axis: hours of one day, days of weeks, else months.
    pub fn ticks(&self, zones: &Zones) -> Vec<Tick> {
        if self.step == Step::Hour {
            return (self.start_ms..self.end_ms)
                .step_by(HOUR_MS as usize)
                .filter(|at| zones.hour(*at) % 3 == 0)
                .map(|at| Tick { at: at as f64, label: format!("{:02}:00", zones.hour(at)) })
                .collect();
        }
        let days: Vec<Day> = (zones.day(self.start_ms)..=zones.day(self.end_ms - 1)).collect();
        let wanted: Vec<(Day, String)> = match days.len() {
            0..=10 => days.iter().map(|day| (*day, short_day(*day))).collect(),
            11..=62 => days.iter().step_by(7).map(|day| (*day, short_day(*day))).collect(),
            _ => month_starts(&days),
        };
        wanted.into_iter().map(|(day, label)| Tick { at: zones.day_bounds(day).0 as f64, label }).collect()
    }

    /// One slot in words.
    pub fn slot_label(&self, start_ms: i64, end_ms: i64, zones: &Zones) -> String {
        let day = zones.day(start_ms);
        match self.step {
            Step::Hour => format!("{:02}:00\u{2013}{:02}:00", zones.hour(start_ms), zones.hour(end_ms)),
            Step::Day => format!("{} {}", weekday(day), short_day(day)),
            Step::Week => format!("{} \u{2013} {}", short_day(day), long_day(zones.day(end_ms - 1))),
        }
    }
}

/// First of every month, or of every third or twelfth where there are many.
fn month_starts(days: &[Day]) -> Vec<(Day, String)> {
    let every = match days.len() {
        0..=400 => 1,
        401..=1500 => 3,
        _ => 12,
    };
    days.iter()
        .filter_map(|day| {
            let (year, month, of_month) = civil(*day);
            let wanted = of_month == 1 && (month - 1) % every == 0;
            let label = if month == 1 { year.to_string() } else { MONTHS[month - 1].to_owned() };
            wanted.then_some((*day, label))
        })
        .collect()
}

fn weekday(day: Day) -> &'static str {
    WEEKDAYS[(day + 3).rem_euclid(7) as usize]
}

/// `24 Feb`.
fn short_day(day: Day) -> String {
    let (_, month, of_month) = civil(day);
    format!("{of_month} {}", MONTHS[month - 1])
}

/// `24 Feb 2026`.
pub(crate) fn long_day(day: Day) -> String {
    let (year, ..) = civil(day);
    format!("{} {year}", short_day(day))
}

/// Year, month from 1, day of the month.
fn civil(day: Day) -> (i64, usize, i64) {
    let text = format_day(day);
    let mut parts = text.rsplitn(3, '-').map(|part| part.parse::<i64>().unwrap_or(1));
    let (of_month, month, year) = (parts.next(), parts.next(), parts.next());
    (year.unwrap_or(1970), month.unwrap_or(1).clamp(1, 12) as usize, of_month.unwrap_or(1))
}
