//! Instants, zones and what "a day" is.
//!
//! Inside Vitalog an instant is milliseconds since 1970 in UTC. A day is local: the zone comes from the wearer's
//! own traces, never from a printed offset, which is only the phone's offset at the moment of the export.

use jiff::Timestamp;
use jiff::civil::Date;
pub use jiff::tz::TimeZone;

pub use crate::zones::{Anchor, Stay, Zones, stays};

/// Milliseconds in an hour.
pub const HOUR_MS: i64 = 3_600_000;

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

/// The offset in seconds that a stamp prints; `None` where it prints none that can be read.
pub fn printed_offset(stamp: &str) -> Option<i32> {
    let (_, rest) = fraction(stamp.as_bytes().get(19..)?)?;
    offset(rest)?.try_into().ok()
}

pub(crate) fn digits(bytes: &[u8]) -> Option<i64> {
    bytes.iter().try_fold(0, |n, b| b.is_ascii_digit().then(|| n * 10 + i64::from(b - b'0')))
}

pub(crate) fn fraction(rest: &[u8]) -> Option<(i64, &[u8])> {
    let Some(after) = rest.strip_prefix(b".") else { return Some((0, rest)) };
    let len = after.iter().take_while(|b| b.is_ascii_digit()).count();
    if len == 0 || len > 9 {
        return None;
    }
    let millis = after[..len.min(3)].iter().fold(0, |n, b| n * 10 + i64::from(b - b'0'));
    Some((millis * [1, 100, 10, 1][len.min(3)], &after[len..]))
}

pub(crate) fn offset(rest: &[u8]) -> Option<i64> {
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

pub(crate) fn valid_date(year: i64, month: i64, day: i64) -> bool {
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
pub(crate) fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
