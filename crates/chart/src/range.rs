//! The stretch of time that a chart shows, cut into slots of local hours, days or weeks, and its labels.

use health::language::{grouped, word};
use health::time::{Day, HOUR_MS, Zones};
use health::{counted, key, say};
use serde::Serialize;

use crate::model::Tick;

/// As labels and tables name them.
pub(crate) const MONTHS: [&str; 12] = [
    key!("Jan"),
    key!("Feb"),
    key!("Mar"),
    key!("Apr"),
    key!("May"),
    key!("Jun"),
    key!("Jul"),
    key!("Aug"),
    key!("Sep"),
    key!("Oct"),
    key!("Nov"),
    key!("Dec"),
];
/// From Monday to Sunday.
pub(crate) const WEEKDAYS: [&str; 7] =
    [key!("Mon"), key!("Tue"), key!("Wed"), key!("Thu"), key!("Fri"), key!("Sat"), key!("Sun")];

const QUARTER_MS: i64 = HOUR_MS / 4;
const DAY_MS: i64 = 24 * HOUR_MS;
/// More months than these have no room for their names,
const MOST_NAMED_MONTHS: usize = 13;
/// and fewer than these none for the name of their year.
const LEAST_NAMED_MONTHS: usize = 4;
/// No night and no workout needs labels for longer.
const LONGEST_CLOCK_MS: i64 = 96 * HOUR_MS;

/// Longest range in days: keeps slots, and with them the picture, bounded.
pub const LONGEST_DAYS: u32 = 366 * 100;

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
    /// A calendar month.
    Month,
    /// A calendar year.
    Year,
}

impl Step {
    /// What one slot is called: `Day`.
    pub(crate) fn name(self) -> String {
        word(match self {
            Self::Hour => key!("Hour"),
            Self::Day => key!("Day"),
            Self::Week => key!("Week"),
            Self::Month => key!("Month"),
            Self::Year => key!("Year"),
        })
    }

    /// `26 of 28 days have data`. What lies in the future by a wrong clock was there to be counted.
    pub(crate) fn with_data(self, n: usize, of: usize) -> String {
        let (some, slots) = (grouped(n as u64), self.counted(of.max(n)));
        match n {
            1 => say!("{some} of {slots} has data", some, slots),
            _ => say!("{some} of {slots} have data", some, slots),
        }
    }

    /// ` from week to week`: what is told of a slot is the mean of its readings.
    pub(crate) fn to_next(self) -> String {
        word(match self {
            Self::Hour => key!(" from hour to hour"),
            Self::Day => key!(" from day to day"),
            Self::Week => key!(" from week to week"),
            Self::Month => key!(" from month to month"),
            Self::Year => key!(" from year to year"),
        })
    }

    /// `in one day`.
    pub(crate) fn in_one(self) -> String {
        word(match self {
            Self::Hour => key!("in one hour"),
            Self::Day => key!("in one day"),
            Self::Week => key!("in one week"),
            Self::Month => key!("in one month"),
            Self::Year => key!("in one year"),
        })
    }

    /// Of what an average is: `per hour`, and of days and longer slots `a day`, as far as these are told by their days.
    pub(crate) fn per(self) -> String {
        word(match self {
            Self::Hour => key!("per hour"),
            Self::Day => key!("per day"),
            Self::Week | Self::Month | Self::Year => key!("a day"),
        })
    }

    /// ` by week`; nothing of days.
    pub(crate) fn by(self) -> String {
        word(match self {
            Self::Hour => key!(" by hour"),
            Self::Day => "",
            Self::Week => key!(" by week"),
            Self::Month => key!(" by month"),
            Self::Year => key!(" by year"),
        })
    }

    /// `28 days`, as they stand behind `of`.
    pub(crate) fn counted(self, n: usize) -> String {
        match self {
            Self::Hour => counted!(n, "hour|of"),
            Self::Day => counted!(n, "day|of"),
            Self::Week => counted!(n, "week|of"),
            Self::Month => counted!(n, "month|of"),
            Self::Year => counted!(n, "year|of"),
        }
    }
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
    /// From here on there is something to tell of, where earlier days only make the first slot whole.
    #[serde(skip)]
    pub since_ms: Option<i64>,
    /// Now, where some of it may not have come: no coverage counts that.
    #[serde(skip)]
    pub now_ms: Option<i64>,
}

impl Range {
    /// From one instant to another, all of it in the past.
    pub fn new(start_ms: i64, end_ms: i64, step: Step) -> Self {
        Self { start_ms, end_ms, step, since_ms: None, now_ms: None }
    }

    /// The `days` local days of which the last contains `last_ms`: hours for one day, days up to two months, else
    /// weeks.
    pub fn ending(last_ms: i64, days: u32, zones: &Zones) -> Self {
        let days = days.clamp(1, LONGEST_DAYS);
        let step = match days {
            1 => Step::Hour,
            2..=62 => Step::Day,
            _ => Step::Week,
        };
        let last = zones.day(last_ms);
        let first = last - (days as Day - 1);
        Self::new(zones.day_bounds(first).0, zones.day_bounds(last).1, step)
    }

    /// Start and end of every slot, oldest first. Hours are real hours, so a day of a clock change has 23 or 25.
    pub fn slots(&self, zones: &Zones) -> Vec<(i64, i64)> {
        match self.step {
            Step::Hour => self.hours(zones),
            Step::Day => self.runs_of_days(1, zones),
            Step::Week => self.runs_of_days(7, zones),
            Step::Month => self.runs_of_months(|(year, month, _)| (year, month), zones),
            Step::Year => self.runs_of_months(|(year, ..)| (year, 1), zones),
        }
    }

    /// Hours as `health` cuts them; the first may have begun before the range, and the last may end after it.
    fn hours(&self, zones: &Zones) -> Vec<(i64, i64)> {
        let next = |at_ms: i64| {
            (at_ms < self.end_ms).then(|| (at_ms, zones.hour_span(at_ms).1.min(self.end_ms).max(at_ms + 1)))
        };
        std::iter::successors(next(self.start_ms), |(_, end_ms)| next(*end_ms)).collect()
    }

    /// Cuts the days where `part` of their date changes.
    fn runs_of_months(&self, part: impl Fn((i64, usize, i64)) -> (i64, usize), zones: &Zones) -> Vec<(i64, i64)> {
        let days = self.day_numbers(zones);
        let runs = days.chunk_by(|a, b| part(civil(*a)) == part(civil(*b)));
        let ends = runs.filter_map(|run| Some((*run.first()?, *run.last()?)));
        ends.map(|(first, last)| (zones.day_bounds(first).0, zones.day_bounds(last).1)).collect()
    }

    /// The same days, cut otherwise.
    pub fn by(self, step: Step) -> Self {
        Self { step, ..self }
    }

    /// Every local day of it.
    pub(crate) fn day_numbers(&self, zones: &Zones) -> Vec<Day> {
        let (first, last) = self.ends(zones);
        (first..=last.min(first.saturating_add(LONGEST_DAYS as Day))).collect()
    }

    /// How many of its slots have begun.
    pub fn begun(&self, slots: &[(i64, i64)]) -> usize {
        slots.iter().filter(|slot| self.now_ms.is_none_or(|now_ms| slot.0 <= now_ms)).count()
    }

    /// How many of its days have begun.
    pub(crate) fn days_begun(&self, zones: &Zones) -> usize {
        let today = self.now_ms.map(|now_ms| zones.day(now_ms));
        self.day_numbers(zones).into_iter().filter(|day| today.is_none_or(|today| *day <= today)).count()
    }

    /// The first local day that it tells of.
    pub fn since(&self, zones: &Zones) -> Day {
        let first = self.ends(zones).0;
        self.since_ms.map_or(first, |since_ms| zones.day(since_ms).max(first))
    }

    /// The last local day of it that has begun; where none has its last one.
    pub fn until(&self, zones: &Zones) -> Day {
        let (first, last) = self.ends(zones);
        // What lies wholly in days to come is told of as it was asked for.
        let begun = self.now_ms.filter(|now_ms| *now_ms >= self.start_ms);
        begun.map_or(last, |now_ms| zones.day(now_ms).clamp(first, last))
    }

    /// Its first and last local day.
    pub fn ends(&self, zones: &Zones) -> (Day, Day) {
        match self.step {
            Step::Hour => (zones.day(self.start_ms), zones.day(self.end_ms - 1)),
            _ => (zones.day_from(self.start_ms), zones.day_until(self.end_ms)),
        }
    }

    /// Whether an instant lies in it.
    pub(crate) fn holds(&self, at_ms: i64) -> bool {
        (self.start_ms..self.end_ms).contains(&at_ms)
    }

    /// Its days as a calendar prints them: `24 Oct 2026 – 20 Nov 2026`.
    pub(crate) fn days(&self, zones: &Zones) -> String {
        let (first, last) = self.ends(zones);
        if first == last { long_day(first) } else { format!("{} \u{2013} {}", long_day(first), long_day(last)) }
    }

    /// The zones one after the other where they change, at most some: `Europe/Berlin → Asia/Tokyo`.
    pub(crate) fn moves(&self, zones: &Zones) -> String {
        const MOST: usize = 3;
        let noons = self.day_numbers(zones).into_iter().map(|day| zones.day_bounds(day).0 + DAY_MS / 2);
        let mut names: Vec<&str> = noons.filter_map(|at| zones.zone(at).iana_name()).collect();
        names.dedup();
        match names.len() {
            0 | 1 => String::new(),
            2..=MOST => names.join(" \u{2192} "),
            n => say!("{n} changes of the time zone", n = n - 1),
        }
    }

    /// Its days at the start of a sentence: `Between 2 Feb 2026 and 1 Mar 2026`.
    pub(crate) fn when(&self, zones: &Zones) -> String {
        let (first, last) = (self.since(zones), self.until(zones));
        if let Some((from, until)) = self.part_of_day(zones) {
            return say!("On {day} from {from} to {until}", day = long_day(first), from, until);
        }
        if first == last {
            return say!("On {day}", day = long_day(first));
        }
        say!("Between {first} and {last}", first = long_day(first), last = long_day(last))
    }

    /// From when to when on the clock, where it is a part of one day.
    fn part_of_day(&self, zones: &Zones) -> Option<(String, String)> {
        let (first, last) = self.ends(zones);
        let ends = (self.start_ms, self.end_ms);
        let is_whole = ends == zones.day_bounds(first) || ends == zones.days(first, first).range_ms();
        let is_part = self.step == Step::Hour && first == last && !is_whole;
        is_part.then(|| (clock(self.start_ms, zones), clock(self.end_ms, zones)))
    }

    fn runs_of_days(&self, length: Day, zones: &Zones) -> Vec<(i64, i64)> {
        let (first, last) = self.ends(zones);
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
                .map(|at| Tick::new(at as f64, format!("{:02}:00", zones.hour(at))))
                .collect();
        }
        if matches!(self.step, Step::Month | Step::Year) {
            return self.slot_ticks(zones);
        }
        let days = self.day_numbers(zones);
        let over = |day: &Day| {
            let (from, until) = zones.day_bounds(*day);
            Tick::over(from as f64, until as f64, short_day(*day))
        };
        match days.len() {
            0..=10 => days.iter().map(over).collect(),
            11..=62 => days.iter().step_by(7).map(over).collect(),
            _ => {
                let starts = month_starts(&days).into_iter();
                starts.map(|(day, label)| Tick::new(zones.day_bounds(day).0 as f64, label)).collect()
            }
        }
    }

    /// Each month or year under its own slot; the first month of a year has the year's name. Of more months than have
    /// room, only the years.
    fn slot_ticks(&self, zones: &Zones) -> Vec<Tick> {
        let label = |day: Day| match (self.step, civil(day)) {
            (Step::Month, (_, month, _)) if month > 1 => word(MONTHS[month - 1]),
            (_, (year, ..)) => year.to_string(),
        };
        let tick = |(start, end): (i64, i64)| Tick::over(start as f64, end as f64, label(zones.day_from(start)));
        let slots = self.slots(zones);
        if slots.len() <= MOST_NAMED_MONTHS || self.step == Step::Year {
            return slots.into_iter().map(tick).collect();
        }
        let year = |slot: &(i64, i64)| civil(zones.day_from(slot.0)).0;
        let years = slots.chunk_by(|a, b| year(a) == year(b));
        // The name of a year needs more than its last months.
        let wide = years.filter(|run| run.len() >= LEAST_NAMED_MONTHS);
        let over = |run: &[(i64, i64)]| {
            let (first, last) = (run.first()?, run.last()?);
            Some(Tick::over(first.0 as f64, last.1 as f64, year(first).to_string()))
        };
        wide.filter_map(over).collect()
    }

    /// One slot in words.
    pub fn slot_label(&self, start_ms: i64, end_ms: i64, zones: &Zones) -> String {
        let day = zones.day_from(start_ms);
        match self.step {
            Step::Hour => hour(start_ms, end_ms, zones),
            Step::Day => named_day(day),
            Step::Month => month_name(day),
            Step::Year => civil(day).0.to_string(),
            Step::Week => format!("{} \u{2013} {}", short_day(day), long_day(zones.day_until(end_ms))),
        }
    }
}

/// `08:00–09:00`. Of an hour that comes twice because clocks are set back each has its offset: `02:00–03:00 UTC+2`.
fn hour(start_ms: i64, end_ms: i64, zones: &Zones) -> String {
    let shown = |at_ms: i64| clock_minutes(at_ms, zones);
    let set_back = |at_ms: i64| offset_minutes(at_ms - 1, zones) - offset_minutes(at_ms, zones);
    let end = match set_back(end_ms) {
        // What a clock shows that nobody has set yet.
        by if by > 0 => {
            let minutes = zones.minute_of_day(end_ms - 1) + 1;
            format!("{:02}:{:02}", minutes / 60 % 24, minutes % 60)
        }
        _ => clock(end_ms, zones),
    };
    let span = format!("{}\u{2013}{end}", clock(start_ms, zones));
    let twice = [start_ms - HOUR_MS, start_ms + HOUR_MS].into_iter().any(|at_ms| shown(at_ms) == shown(start_ms));
    if !twice {
        return span;
    }
    let offset = offset_minutes(start_ms, zones);
    let sign = if offset < 0 { '\u{2212}' } else { '+' };
    let part = match offset.abs() % 60 {
        0 => String::new(),
        minutes => format!(":{minutes:02}"),
    };
    format!("{span} UTC{sign}{}{part}", offset.abs() / 60)
}

/// How far clocks are before those of UTC.
fn offset_minutes(at_ms: i64, zones: &Zones) -> i64 {
    zones.offset_ms(at_ms) / 60_000
}

/// First of every month, or of every third or twelfth where there are many.
pub(crate) fn month_starts(days: &[Day]) -> Vec<(Day, String)> {
    let every = match days.len() {
        0..=400 => 1,
        401..=1500 => 3,
        _ => 12,
    };
    days.iter()
        .filter_map(|day| {
            let (year, month, of_month) = civil(*day);
            let wanted = of_month == 1 && (month - 1) % every == 0;
            let label = if month == 1 { year.to_string() } else { word(MONTHS[month - 1]) };
            wanted.then_some((*day, label))
        })
        .collect()
}

/// Labels of full hours between two instants, so many of them that they have room, where clocks show them.
pub(crate) fn clock_ticks(start_ms: i64, end_ms: i64, zones: &Zones) -> Vec<Tick> {
    let every = match (end_ms - start_ms) / HOUR_MS {
        0..=10 => 1,
        11..=20 => 2,
        21..=36 => 3,
        _ => 6,
    };
    let first = start_ms.div_euclid(QUARTER_MS) * QUARTER_MS;
    // Some zones are half an hour or three quarters off, so every quarter is asked what the clock shows.
    (first..=end_ms.min(first.saturating_add(LONGEST_CLOCK_MS)))
        .step_by(QUARTER_MS as usize)
        .filter(|at| *at >= start_ms)
        .map(|at| (at, zones.hour(at), clock(at, zones)))
        .filter(|(_, hour, text)| text.ends_with(":00") && hour % every == 0)
        .map(|(at, _, text)| Tick::new(at as f64, text))
        .collect()
}

/// What a clock on the wall shows: `07:30`.
pub(crate) fn clock(at_ms: i64, zones: &Zones) -> String {
    let text = zones.wall_clock(at_ms);
    text.rsplit(' ').next().unwrap_or_default().to_owned()
}

/// Minutes after midnight on a clock on the wall.
pub(crate) fn clock_minutes(at_ms: i64, zones: &Zones) -> f64 {
    f64::from(zones.minute_of_day(at_ms)) + at_ms.rem_euclid(60_000) as f64 / 60_000.0
}

/// `Tue 24 Feb 2026`.
pub fn named_day(day: Day) -> String {
    say!("{weekday} {day}", weekday = word(WEEKDAYS[weekday_number(day)]), day = long_day(day))
}

/// 0 for Monday to 6 for Sunday.
pub(crate) fn weekday_number(day: Day) -> usize {
    (day + 3).rem_euclid(7) as usize
}

/// `Feb 2026`.
pub(crate) fn month_name(day: Day) -> String {
    let (year, month, _) = civil(day);
    say!("{month} {year}", month = word(MONTHS[month - 1]), year)
}

/// `24 Feb`.
pub(crate) fn short_day(day: Day) -> String {
    let (_, month, of_month) = civil(day);
    say!("{of_month} {month}", of_month, month = word(MONTHS[month - 1]))
}

/// `24 Feb 2026`.
pub fn long_day(day: Day) -> String {
    let (year, ..) = civil(day);
    say!("{day} {year}", day = short_day(day), year)
}

/// Year, month from 1, day of the month.
pub(crate) fn civil(day: Day) -> (i64, usize, i64) {
    let (year, month, of_month) = health::time::civil(day).unwrap_or((1970, 1, 1));
    (i64::from(year), usize::from(month.unsigned_abs()).clamp(1, 12), i64::from(of_month))
}

/// 1 to 31.
pub(crate) fn day_of_month(day: Day) -> i64 {
    civil(day).2
}

#[cfg(test)]
mod tests {
    use health::time::parse_stamp;

    use super::*;

    #[track_caller]
    fn check_hour(zone: &str, start: &str, expected: &str) {
        let zones = Zones::named(zone).expect("a zone");
        let (start_ms, end_ms) = zones.hour_span(parse_stamp(start).expect("a stamp"));
        let range = Range::new(start_ms, end_ms, Step::Hour);
        assert_eq!(range.slot_label(start_ms, end_ms, &zones), expected);
    }

    #[test]
    fn an_hour_that_comes_twice_is_told_by_its_offset() {
        check_hour("Europe/Berlin", "2026-10-25 01:00:00 +0200", "01:00\u{2013}02:00");
        check_hour("Europe/Berlin", "2026-10-25 02:00:00 +0200", "02:00\u{2013}03:00 UTC+2");
        check_hour("Europe/Berlin", "2026-10-25 02:00:00 +0100", "02:00\u{2013}03:00 UTC+1");
        check_hour("Europe/Berlin", "2026-10-25 03:00:00 +0100", "03:00\u{2013}04:00");
        check_hour("America/St_Johns", "2026-11-01 01:00:00 -0230", "01:00\u{2013}02:00 UTC\u{2212}2:30");
        check_hour("Europe/Berlin", "2026-10-24 23:00:00 +0200", "23:00\u{2013}00:00");
    }

    #[test]
    fn what_has_not_come_is_not_counted() {
        let zones = Zones::named("UTC").expect("a zone");
        let (day_ms, noon_ms) = (24 * HOUR_MS, 12 * HOUR_MS);
        let week = Range { now_ms: Some(2 * day_ms + noon_ms), ..Range::new(0, 7 * day_ms, Step::Day) };
        assert_eq!((week.begun(&week.slots(&zones)), week.days_begun(&zones)), (3, 3));
        let past = Range::new(0, 7 * day_ms, Step::Day);
        assert_eq!((past.begun(&past.slots(&zones)), past.days_begun(&zones)), (7, 7));
        assert_eq!(Step::Day.with_data(4, 3), "4 of 4 days have data");
        let later = Range { since_ms: Some(3 * day_ms), ..past };
        assert_eq!((past.since(&zones), later.since(&zones)), (0, 3));
        let to_come = Range { now_ms: Some(-day_ms), ..past };
        assert_eq!((past.until(&zones), week.until(&zones), to_come.until(&zones)), (6, 2, 6));
        assert_eq!(later.when(&zones), "Between 4 Jan 1970 and 7 Jan 1970");
        assert_eq!(week.when(&zones), "Between 1 Jan 1970 and 3 Jan 1970");
    }
}
