//! Instants, zones and what "a day" is.
//!
//! Inside Vitalog an instant is milliseconds since 1970 in UTC. A day is local: the zone comes from the wearer's
//! own traces, never from a printed offset, which is only the phone's offset at the moment of the export.

use jiff::Timestamp;
use jiff::civil::Date;
pub use jiff::tz::TimeZone;

/// Milliseconds in an hour.
pub const HOUR_MS: i64 = 3_600_000;
/// How far an anchor reaches: without one within seven days the home zone holds.
const REACH_MS: i64 = 7 * 24 * HOUR_MS;

/// Reads `2025-11-30 18:05:00 -0500`, the same with a colon in the offset, or `2026-01-02T03:04:05[.123]Z`.
/// Returns milliseconds since 1970 in UTC, or `None` where it is not such a stamp.
pub fn parse_stamp(text: &str) -> Option<i64> {
    let b = text.as_bytes();
    if b.len() < 20 || b[4] != b'-' || b[7] != b'-' || b[13] != b':' || b[16] != b':' {
        return None;
    }
    let separator = b[10];
    if separator != b' ' && separator != b'T' {
        return None;
    }
    let (year, month, day) = (digits(&b[0..4])?, digits(&b[5..7])?, digits(&b[8..10])?);
    let (hour, minute, second) = (digits(&b[11..13])?, digits(&b[14..16])?, digits(&b[17..19])?);
    if hour > 23 || minute > 59 || second > 59 || !valid_date(year, month, day) {
        return None;
    }
    let (millis, rest) = fraction(&b[19..])?;
    let offset_s = offset(rest)?;
    let days = days_from_civil(year, month, day);
    Some(((days * 24 + hour) * 60 + minute) * 60_000 + second * 1000 - offset_s * 1000 + millis)
}

fn digits(bytes: &[u8]) -> Option<i64> {
    bytes.iter().try_fold(0, |n, b| b.is_ascii_digit().then(|| n * 10 + i64::from(b - b'0')))
}

fn fraction(rest: &[u8]) -> Option<(i64, &[u8])> {
    let Some(after) = rest.strip_prefix(b".") else { return Some((0, rest)) };
    let len = after.iter().take_while(|b| b.is_ascii_digit()).count();
    if len == 0 || len > 9 {
        return None;
    }
    let millis = after[..len.min(3)].iter().fold(0, |n, b| n * 10 + i64::from(b - b'0'));
    Some((millis * [1, 100, 10, 1][len.min(3)], &after[len..]))
}

fn offset(rest: &[u8]) -> Option<i64> {
    let rest = rest.strip_prefix(b" ").unwrap_or(rest);
    let (sign, rest) = match rest {
        b"Z" => return Some(0),
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = match rest {
        [a, b, b':', c, d] | [a, b, c, d] => (digits(&[*a, *b])?, digits(&[*c, *d])?),
        _ => return None,
    };
    (hours <= 18 && minutes <= 59).then_some(sign * (hours * 60 + minutes) * 60)
}

fn valid_date(year: i64, month: i64, day: i64) -> bool {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    year >= 1 && (1..=length).contains(&day)
}

/// Days since 1970-01-01 of a proleptic Gregorian date.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let year_of_era = y.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// Prints an instant as RFC 3339 in UTC with milliseconds: `2026-03-14T07:30:00.123Z`.
pub fn format_instant(ms: i64) -> String {
    match Timestamp::from_millisecond(ms) {
        Ok(stamp) => format!("{stamp:.3}"),
        Err(_) => format!("{ms} ms"),
    }
}

/// A local day as days since 1970-01-01.
pub type Day = i32;

/// Reads `2026-03-14`.
pub fn parse_day(text: &str) -> Option<Day> {
    let date: Date = text.parse().ok()?;
    Some(days_from_civil(date.year().into(), date.month().into(), date.day().into()) as Day)
}

/// Prints a day as `2026-03-14`.
pub fn format_day(day: Day) -> String {
    let epoch = Date::constant(1970, 1, 1);
    epoch.checked_add(jiff::Span::new().days(day)).map_or_else(|_| day.to_string(), |date| date.to_string())
}

/// A place in time where the wearer's zone is known: the start of a sample with `HKTimeZone`.
#[derive(Debug, Clone, PartialEq)]
pub struct Anchor {
    /// Milliseconds since 1970 in UTC.
    pub at_ms: i64,
    /// The zone's IANA name.
    pub zone: String,
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

    /// Home zone by its IANA name (UTC where there is no such zone) and anchors.
    pub fn from_name(home: &str, anchors: &[Anchor]) -> Self {
        Self::new(TimeZone::get(home).unwrap_or(TimeZone::UTC), anchors)
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

    /// Home zone and anchors: see `zone(t)` in the module's rules. Anchors whose name is no zone are left out.
    ///
    /// ```text
    ///   Berlin        Berlin         Tokyo          (nothing for a long time)
    ///     A─────────────A───────┼───────A──── 7 days ────┤ home
    ///                      middle between the two
    /// ```
    pub fn new(home: TimeZone, anchors: &[Anchor]) -> Self {
        let mut known: Vec<(i64, TimeZone)> =
            anchors.iter().filter_map(|a| Some((a.at_ms, TimeZone::get(&a.zone).ok()?))).collect();
        known.sort_by_key(|(at, _)| *at);
        let mut spans: Vec<(i64, TimeZone)> = Vec::new();
        let mut push = |at: i64, zone: &TimeZone| {
            let current = spans.last().map_or(&home, |(_, z)| z);
            if current != zone {
                spans.push((at, zone.clone()));
            }
        };
        let mut previous: Option<(i64, TimeZone)> = None;
        for (at, zone) in known {
            match &previous {
                Some((before, old)) if at - before <= 2 * REACH_MS => {
                    if *old != zone {
                        push(before + (at - before) / 2, &zone);
                    }
                }
                Some((before, _)) => {
                    push(before + REACH_MS, &home);
                    push(at - REACH_MS, &zone);
                }
                None => push(at - REACH_MS, &zone),
            }
            previous = Some((at, zone));
        }
        if let Some((last, _)) = previous {
            push(last + REACH_MS, &home);
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
        let index = self.spans.partition_point(|(from, _)| *from <= at_ms);
        let zone = if index == 0 { &self.home } else { &self.spans[index - 1].1 };
        let low = if index == 0 { i64::MIN } else { self.spans[index - 1].0 };
        let high = self.spans.get(index).map_or(i64::MAX, |(from, _)| *from);
        let (day, from, until) = local_day(zone, at_ms);
        (day, from.max(low), until.min(high))
    }

    /// The local day of an instant.
    pub fn day(&self, at_ms: i64) -> Day {
        self.day_span(at_ms).0
    }

    /// The hour that a clock on the wall shows at an instant, 0 to 23.
    pub fn hour(&self, at_ms: i64) -> i8 {
        Timestamp::from_millisecond(at_ms).map_or(0, |stamp| self.zone(at_ms).to_datetime(stamp).hour())
    }

    /// The instants at which a local day begins and ends, by the zone that holds at its noon.
    pub fn day_bounds(&self, day: Day) -> (i64, i64) {
        let noon_utc = i64::from(day) * 24 * HOUR_MS + 12 * HOUR_MS;
        let zone = self.zone(noon_utc);
        (start_of_day(zone, day), start_of_day(zone, day + 1))
    }
}

fn local_day(zone: &TimeZone, at_ms: i64) -> (Day, i64, i64) {
    let Ok(stamp) = Timestamp::from_millisecond(at_ms) else {
        return (0, at_ms, at_ms + 1);
    };
    let date = zone.to_datetime(stamp).date();
    let day = days_from_civil(date.year().into(), date.month().into(), date.day().into()) as Day;
    (day, start_of_day(zone, day), start_of_day(zone, day + 1))
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

    fn at(text: &str) -> i64 {
        parse_stamp(text).expect("a stamp")
    }

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).expect("a zone")
    }

    #[track_caller]
    fn check_stamp(text: &str, expected: Option<i64>) {
        assert_eq!(parse_stamp(text), expected, "{text}");
    }

    #[test]
    fn stamps_are_read_as_instants() {
        check_stamp("1970-01-01 00:00:00 +0000", Some(0));
        check_stamp("2025-11-30 18:05:00 -0500", Some(1_764_543_900_000));
        check_stamp("2026-01-02T03:04:05Z", Some(1_767_323_045_000));
        check_stamp("2026-01-02T03:04:05.5Z", Some(1_767_323_045_500));
        check_stamp("2026-01-02T03:04:05+01:00", Some(1_767_319_445_000));
        check_stamp("1969-12-31 23:59:59 +0000", Some(-1000));
    }

    #[test]
    fn what_is_no_stamp_is_none() {
        for text in [
            "",
            "yesterday",
            "2025-02-30 00:00:00 +0000",
            "2025-01-01 24:00:00 +0000",
            "2025-01-01 10:00:00",
            "2025-13-01 00:00:00 +0000",
            "2025-01-01 00:00:00 +9900",
        ] {
            check_stamp(text, None);
        }
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
    fn t6_between_two_anchors_the_zone_changes_in_the_middle() {
        let anchors = [
            Anchor { at_ms: at("2026-03-03 07:00:00 +0000"), zone: "Europe/Berlin".into() },
            Anchor { at_ms: at("2026-03-04 15:00:00 +0000"), zone: "Asia/Tokyo".into() },
        ];
        let zones = Zones::new(zone("Europe/London"), &anchors);
        let name = |stamp: &str| zones.zone(at(stamp)).iana_name().map(str::to_owned);
        assert_eq!(name("2026-03-03 22:59:59 +0000").as_deref(), Some("Europe/Berlin"));
        assert_eq!(name("2026-03-03 23:00:00 +0000").as_deref(), Some("Asia/Tokyo"));
        assert_eq!(name("2026-03-11 14:00:00 +0000").as_deref(), Some("Asia/Tokyo"));
        assert_eq!(name("2026-03-11 16:00:00 +0000").as_deref(), Some("Europe/London"));
        assert_eq!(name("2026-02-01 00:00:00 +0000").as_deref(), Some("Europe/London"));
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
}
