//! Where the wearer was: the zone of any instant, from traces in samples, and the local days that follow from it.

mod day_range;
mod hour;

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

pub use self::day_range::DayRange;
use crate::time::{Day, HOUR_MS, day_of};

/// How far an anchor reaches: without one within seven days the home zone holds.
const REACH_MS: i64 = 7 * 24 * HOUR_MS;
/// How near a neighbour must be to confirm what an app of somebody else says.
const CONFIRMED_MS: i64 = 24 * HOUR_MS;
/// A sample that says to be longer speaks for so long.
const LONGEST_MS: i64 = 24 * HOUR_MS;

/// A stretch of time in which the wearer's zone is known: a sample with `HKTimeZone`.
#[derive(Debug, Clone, PartialEq)]
pub struct Anchor {
    /// Its start, in milliseconds since 1970 in UTC.
    pub start_ms: i64,
    /// Its end; nobody changes zones in the middle of a night.
    pub end_ms: i64,
    /// The zone's IANA name.
    pub zone: Arc<str>,
    /// Written by Apple's own apps and devices. What others wrote counts only where a neighbour agrees.
    pub trusted: bool,
}

/// From an instant on the wearer is in a zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stay {
    /// Milliseconds since 1970 in UTC.
    pub from_ms: i64,
    /// The zone's IANA name; `None` for home, wherever that is.
    pub zone: Option<String>,
}

/// Where anchors say that the wearer was. Those whose name is no zone are left out.
///
/// ```text
///   Berlin        Berlin               Tokyo        (nothing for a long time)
///   ███████───────███████───────┼───────███████──── 7 days ────┤ home
///                         middle between the two
/// ```
pub fn stays(mut anchors: Vec<Anchor>) -> Vec<Stay> {
    anchors.sort_by(|a, b| (a.start_ms, a.end_ms, &a.zone).cmp(&(b.start_ms, b.end_ms, &b.zone)));
    let mut known: HashMap<Arc<str>, bool> = HashMap::new();
    anchors.retain(|a| *known.entry(a.zone.clone()).or_insert_with(|| TimeZone::get(&a.zone).is_ok()));
    let mut stays: Vec<Stay> = Vec::new();
    let mut push = |from_ms: i64, zone: Option<&str>| {
        if stays.last().and_then(|last| last.zone.as_deref()) != zone {
            stays.push(Stay { from_ms, zone: zone.map(str::to_owned) });
        }
    };
    // The zone of what came before, and when it ends: a night in bed may end after the last of its stages.
    let mut before: Option<(&str, i64)> = None;
    for (index, anchor) in anchors.iter().enumerate() {
        if !anchor.trusted && !confirmed(&anchors, index) {
            continue;
        }
        let (start, end, zone) = (anchor.start_ms, anchor.last_ms(), &*anchor.zone);
        match before {
            Some((other, until)) if start.saturating_sub(until) <= 2 * REACH_MS => {
                if other != zone {
                    // Two that overlap and differ: the later one knows better.
                    push(until.min(start) + (start - until).max(0) / 2, Some(zone));
                }
            }
            Some((_, until)) => {
                push(until + REACH_MS, None);
                push(start - REACH_MS, Some(zone));
            }
            None => push(start - REACH_MS, Some(zone)),
        }
        before = Some(match before {
            Some((other, until)) if other == zone => (zone, until.max(end)),
            _ => (zone, end),
        });
    }
    if let Some((_, until)) = before {
        push(until + REACH_MS, None);
    }
    stays
}

impl Anchor {
    /// Its end, where that makes sense: nobody sleeps or moves longer than a day without a trace.
    fn last_ms(&self) -> i64 {
        self.end_ms.clamp(self.start_ms, self.start_ms.saturating_add(LONGEST_MS))
    }
}

/// Whether a neighbour within a day says the same.
fn confirmed(anchors: &[Anchor], index: usize) -> bool {
    let agree = |before: Option<&Anchor>, after: Option<&Anchor>| {
        let (Some(a), Some(b)) = (before, after) else { return false };
        a.zone == b.zone && b.start_ms.saturating_sub(a.last_ms()) <= CONFIRMED_MS
    };
    let before = index.checked_sub(1).and_then(|before| anchors.get(before));
    agree(before, anchors.get(index)) || agree(anchors.get(index), anchors.get(index + 1))
}

/// Tells the zone of any instant and the local day it belongs to.
#[derive(Debug, Clone)]
pub struct Zones {
    home: TimeZone,
    /// Zone changes, sorted by time: from `at_ms` on, this zone.
    spans: Vec<(i64, TimeZone)>,
}

impl Zones {
    /// Only the home zone.
    pub fn home(zone: TimeZone) -> Self {
        Self { home: zone, spans: Vec::new() }
    }

    /// Home zone by its IANA name (UTC where there is no such zone) and the stays elsewhere.
    pub fn from_name(home: &str, stays: &[Stay]) -> Self {
        Self::of_stays(TimeZone::get(home).unwrap_or(TimeZone::UTC), stays)
    }

    /// The stretches `[from_ms, until_ms)` in which two answers differ.
    pub fn differences(&self, other: &Self) -> Vec<(i64, i64)> {
        let mut edges: Vec<i64> = self.spans.iter().chain(&other.spans).map(|(at, _)| *at).collect();
        edges.push(i64::MIN);
        edges.sort_unstable();
        edges.dedup();
        let ends = edges.iter().skip(1).copied().chain([i64::MAX]);
        edges.iter().copied().zip(ends).filter(|(from, _)| self.zone(*from) != other.zone(*from)).collect()
    }

    /// Only the home zone, by its IANA name; none if there is no such zone.
    pub fn named(zone: &str) -> Option<Self> {
        TimeZone::get(zone).ok().map(Self::home)
    }

    /// Home zone and the stays elsewhere.
    pub fn of_stays(home: TimeZone, stays: &[Stay]) -> Self {
        let mut spans: Vec<(i64, TimeZone)> = Vec::new();
        for stay in stays {
            let zone = match &stay.zone {
                Some(name) => TimeZone::get(name).unwrap_or_else(|_| home.clone()),
                None => home.clone(),
            };
            if spans.last().map_or(&home, |(_, last)| last) != &zone {
                spans.push((stay.from_ms, zone));
            }
        }
        Self { home, spans }
    }

    /// The zone that holds at an instant.
    pub fn zone(&self, at_ms: i64) -> &TimeZone {
        match self.spans.partition_point(|(from, _)| *from <= at_ms) {
            0 => &self.home,
            n => &self.spans[n - 1].1,
        }
    }

    /// The local day of an instant and the instants between which this answer holds: `(day, from_ms, until_ms)`.
    /// Callers that walk sorted samples ask again only when they leave the range.
    pub fn day_span(&self, at_ms: i64) -> (Day, i64, i64) {
        let (low, zone, high) = self.stretch(self.spans.partition_point(|(from, _)| *from <= at_ms));
        let (day, from, until) = local_day(zone, at_ms);
        (day, from.max(low), until.min(high))
    }

    /// The stretch in one zone after so many changes: from when, the zone, until when.
    fn stretch(&self, changes: usize) -> (i64, &TimeZone, i64) {
        let (low, zone) = match changes.checked_sub(1).and_then(|last| self.spans.get(last)) {
            Some((from, zone)) => (*from, zone),
            None => (i64::MIN, &self.home),
        };
        (low, zone, self.spans.get(changes).map_or(i64::MAX, |(from, _)| *from))
    }

    /// The local day of an instant.
    pub fn day(&self, at_ms: i64) -> Day {
        day_in(self.zone(at_ms), at_ms).unwrap_or(0)
    }

    /// The hour that a clock on the wall shows at an instant, 0 to 23.
    pub fn hour(&self, at_ms: i64) -> i8 {
        Timestamp::from_millisecond(at_ms).map_or(0, |stamp| self.zone(at_ms).to_datetime(stamp).hour())
    }

    /// Minutes after midnight that a clock on the wall shows at an instant, 0 to 1439.
    pub fn minute_of_day(&self, at_ms: i64) -> u32 {
        let Ok(stamp) = Timestamp::from_millisecond(at_ms) else { return 0 };
        let clock = self.zone(at_ms).to_datetime(stamp);
        (i32::from(clock.hour()) * 60 + i32::from(clock.minute())).unsigned_abs()
    }

    /// What a clock on the wall shows at an instant: `2026-03-14 07:30`.
    pub fn wall_clock(&self, at_ms: i64) -> String {
        match Timestamp::from_millisecond(at_ms) {
            Ok(stamp) => self.zone(at_ms).to_datetime(stamp).strftime("%Y-%m-%d %H:%M").to_string(),
            Err(_) => format!("{at_ms} ms"),
        }
    }

    /// The next instant at which clocks jump, be it by a change of summer time or of zone; `i64::MAX` if never.
    pub fn next_jump(&self, at_ms: i64) -> i64 {
        let stay = self.spans.get(self.spans.partition_point(|(from, _)| *from <= at_ms)).map(|(from, _)| *from);
        let stamp = Timestamp::from_millisecond(at_ms).ok();
        let change = stamp.and_then(|stamp| self.zone(at_ms).following(stamp).next());
        let change = change.map(|change| change.timestamp().as_millisecond());
        stay.into_iter().chain(change).min().unwrap_or(i64::MAX)
    }

    /// The instant at which the clock shows a full hour, 0 to 23, on a local day, by the zone that holds at its noon.
    /// Of an hour that is repeated the first; of one that is skipped as much later.
    pub fn clock_time(&self, day: Day, hour: i8) -> i64 {
        let noon_utc = i64::from(day) * 24 * HOUR_MS + 12 * HOUR_MS;
        clock_time(self.zone(noon_utc), day, hour)
    }

    /// The instants at which a local day begins and ends, by the zone that holds at its noon.
    pub fn day_bounds(&self, day: Day) -> (i64, i64) {
        let noon_utc = i64::from(day) * 24 * HOUR_MS + 12 * HOUR_MS;
        let zone = self.zone(noon_utc);
        (start_of_day(zone, day), start_of_day(zone, day + 1))
    }

    /// The day that begins at an instant, by [`Self::day_bounds`]. The clock does not tell: who flies east has left the
    /// day before at an instant that is already the next day where they land.
    pub fn day_from(&self, start_ms: i64) -> Day {
        let near = self.day(start_ms.saturating_add(12 * HOUR_MS));
        [near, near - 1, near + 1].into_iter().find(|day| self.day_bounds(*day).0 == start_ms).unwrap_or(near)
    }

    /// The day that ends at an instant, the same way.
    pub fn day_until(&self, end_ms: i64) -> Day {
        let near = self.day(end_ms.saturating_sub(12 * HOUR_MS));
        [near, near - 1, near + 1].into_iter().find(|day| self.day_bounds(*day).1 == end_ms).unwrap_or(near)
    }
}

fn local_day(zone: &TimeZone, at_ms: i64) -> (Day, i64, i64) {
    let Some(day) = day_in(zone, at_ms) else { return (0, at_ms, at_ms + 1) };
    (day, start_of_day(zone, day), start_of_day(zone, day + 1))
}

fn day_in(zone: &TimeZone, at_ms: i64) -> Option<Day> {
    Some(day_of(zone.to_datetime(Timestamp::from_millisecond(at_ms).ok()?).date()))
}

fn clock_time(zone: &TimeZone, day: Day, hour: i8) -> i64 {
    let fallback = i64::from(day) * 24 * HOUR_MS + i64::from(hour) * HOUR_MS;
    let date = Date::constant(1970, 1, 1).checked_add(jiff::Span::new().days(day)).ok();
    let time = jiff::civil::Time::new(hour, 0, 0, 0).ok();
    let stamp = date.zip(time).and_then(|(date, time)| date.to_datetime(time).to_zoned(zone.clone()).ok());
    stamp.map_or(fallback, |zoned| zoned.timestamp().as_millisecond())
}

fn start_of_day(zone: &TimeZone, day: Day) -> i64 {
    let fallback = i64::from(day) * 24 * HOUR_MS;
    let date = Date::constant(1970, 1, 1).checked_add(jiff::Span::new().days(day));
    let start = date.and_then(|date| date.to_zoned(zone.clone()));
    start.map_or(fallback, |zoned| zoned.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{format_day, format_instant, parse_day, parse_stamp};

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).expect("a zone")
    }

    fn at(stamp: &str) -> i64 {
        parse_stamp(stamp).expect("a stamp")
    }

    #[track_caller]
    fn check_day(zones: &Zones, stamp: &str, expected: &str) {
        assert_eq!(format_day(zones.day(at(stamp))), expected, "{stamp}");
    }

    #[test]
    fn t1_to_t3_the_printed_offset_does_not_decide_the_day() {
        let paris = Zones::home(zone("Europe/Paris"));
        check_day(&paris, "2021-12-31 23:40:00 +0200", "2021-12-31");
        check_day(&paris, "2022-01-01 00:20:00 +0200", "2021-12-31");
        check_day(&paris, "2022-07-01 00:20:00 +0200", "2022-07-01");
    }

    #[test]
    fn t4_days_of_a_clock_change_have_23_or_25_hours() {
        let berlin = Zones::home(zone("Europe/Berlin"));
        let hours = |day: &str| {
            let (from, until) = berlin.day_bounds(parse_day(day).expect("a day"));
            (until - from) / HOUR_MS
        };
        assert_eq!(hours("2026-03-29"), 23);
        assert_eq!(hours("2026-10-25"), 25);
        assert_eq!(hours("2026-10-26"), 24);
    }

    #[test]
    fn t4_the_repeated_hour_has_one_label_twice() {
        let berlin = Zones::home(zone("Europe/Berlin"));
        let from = at("2026-10-25 00:00:00 +0200");
        let labels: Vec<i8> = (0..5).map(|hour| berlin.hour(from + hour * HOUR_MS)).collect();
        assert_eq!(labels, [0, 1, 2, 2, 3]);
        assert_eq!(berlin.next_jump(from), at("2026-10-25 03:00:00 +0200"));
        assert_eq!(berlin.minute_of_day(from + 4 * HOUR_MS + 60_000), 181);
    }

    #[test]
    fn t4_eight_in_the_morning_is_eight_on_the_wall() {
        let berlin = Zones::home(zone("Europe/Berlin"));
        let check = |day: &str, hour, expected: &str| {
            assert_eq!(berlin.clock_time(parse_day(day).expect("a day"), hour), at(expected));
        };
        check("2026-03-29", 8, "2026-03-29 08:00:00 +0200");
        check("2026-03-28", 20, "2026-03-28 20:00:00 +0100");
        check("2026-03-29", 2, "2026-03-29 03:00:00 +0200");
        check("2026-10-25", 2, "2026-10-25 02:00:00 +0200");
    }

    fn anchor(from: &str, until: &str, zone: &str) -> Anchor {
        Anchor { start_ms: at(from), end_ms: at(until), zone: zone.into(), trusted: true }
    }

    #[test]
    fn t6_between_two_anchors_the_zone_changes_in_the_middle() {
        // A night that ends on 3 March at 07:00 UTC, and one that begins on 4 March at 15:00 UTC.
        let anchors = [
            anchor("2026-03-02 22:00:00 +0000", "2026-03-03 07:00:00 +0000", "Europe/Berlin"),
            anchor("2026-03-04 15:00:00 +0000", "2026-03-04 22:00:00 +0000", "Asia/Tokyo"),
        ];
        let zones = Zones::of_stays(zone("Europe/London"), &stays(anchors.into()));
        let name = |stamp: &str| zones.zone(at(stamp)).iana_name().map(str::to_owned);
        assert_eq!(name("2026-03-03 22:59:59 +0000").as_deref(), Some("Europe/Berlin"));
        assert_eq!(name("2026-03-03 23:00:00 +0000").as_deref(), Some("Asia/Tokyo"));
        assert_eq!(name("2026-03-11 21:00:00 +0000").as_deref(), Some("Asia/Tokyo"));
        assert_eq!(name("2026-03-11 23:00:00 +0000").as_deref(), Some("Europe/London"));
        assert_eq!(name("2026-02-01 00:00:00 +0000").as_deref(), Some("Europe/London"));
    }

    #[test]
    fn nobody_changes_zones_in_the_middle_of_a_night() {
        // Six hours after waking up in Berlin somebody runs in Madeira: the middle of the starts would be asleep.
        let night = |from: &str, until: &str| anchor(from, until, "Europe/Berlin");
        let run = anchor("2026-03-03 11:00:00 +0000", "2026-03-03 12:00:00 +0000", "Atlantic/Madeira");
        let check = |nights: &[Anchor], expected: &str| {
            let found = stays(nights.iter().chain([&run]).cloned().collect());
            assert_eq!(found.get(1).map(|stay| stay.from_ms), Some(at(expected)), "{found:?}");
        };
        let bed = night("2026-03-02 21:00:00 +0000", "2026-03-03 05:00:00 +0000");
        check(std::slice::from_ref(&bed), "2026-03-03 08:00:00 +0000");
        // The last stage begins late and ends before the time in bed does.
        let stage = night("2026-03-03 04:00:00 +0000", "2026-03-03 04:30:00 +0000");
        check(&[bed.clone(), stage], "2026-03-03 08:00:00 +0000");
        // What says to go on after the run began is no longer there, and what says to last for weeks is no night.
        check(&[night("2026-03-02 21:00:00 +0000", "2026-03-03 11:30:00 +0000")], "2026-03-03 11:00:00 +0000");
        check(&[night("2026-03-01 21:00:00 +0000", "2026-05-01 00:00:00 +0000")], "2026-03-03 04:00:00 +0000");
    }

    #[test]
    fn a_day_span_holds_exactly_as_long_as_its_answer() {
        let berlin = Zones::home(zone("Europe/Berlin"));
        let (day, from, until) = berlin.day_span(at("2026-03-29 12:00:00 +0200"));
        assert_eq!(format_day(day), "2026-03-29");
        assert_eq!(
            (format_instant(from).as_str(), format_instant(until).as_str()),
            ("2026-03-28T23:00:00.000Z", "2026-03-29T22:00:00.000Z")
        );
    }

    #[test]
    fn what_an_app_says_counts_only_where_a_neighbour_agrees() {
        let check = |anchors: &[(i64, &str, bool)], expected: &[&str]| {
            let anchor = |&(hour, zone, trusted): &(i64, &str, bool)| Anchor {
                start_ms: hour * HOUR_MS,
                end_ms: hour * HOUR_MS,
                zone: zone.into(),
                trusted,
            };
            let found = stays(anchors.iter().map(anchor).collect());
            let names: Vec<&str> = found.iter().map(|stay| stay.zone.as_deref().unwrap_or("home")).collect();
            assert_eq!(names, expected, "{anchors:?}");
        };
        check(&[(0, "Asia/Tokyo", false)], &[]);
        check(&[(0, "Asia/Tokyo", false), (24, "Asia/Tokyo", false)], &["Asia/Tokyo", "home"]);
        check(&[(0, "Asia/Tokyo", false), (25, "Asia/Tokyo", false)], &[]);
        check(&[(0, "Asia/Tokyo", true), (5, "Europe/Paris", false)], &["Asia/Tokyo", "home"]);
        check(&[(0, "Mars/Olympus", true)], &[]);
    }
}
