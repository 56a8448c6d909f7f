//! Instants, zones and what "a day" is.
//!
//! Inside Vitalog an instant is milliseconds since 1970 in UTC. A day is local: the zone comes from the wearer's
//! own traces, never from a printed offset, which is only the phone's offset at the moment of the export.

use jiff::Timestamp;
use jiff::civil::Date;
pub use jiff::tz::TimeZone;

pub use crate::zones::{Anchor, DayRange, Stay, Zones, stays};

/// Milliseconds in an hour.
pub const HOUR_MS: i64 = 3_600_000;
/// 0001-01-01, 00:00 UTC: RFC 3339 has no earlier year that we read.
const FIRST_MS: i64 = -62_135_596_800_000;
/// 9999-12-30, 22:00 UTC: later ones may have a year of five digits somewhere, and jiff has none of them.
const LAST_MS: i64 = 253_402_207_200_000;

/// The instant, where it can be printed as RFC 3339 and read back, wherever the wearer is.
pub(crate) fn instant(ms: i64) -> Option<i64> {
    (FIRST_MS..=LAST_MS).contains(&ms).then_some(ms)
}

/// Reads `2025-11-30 18:05:00 -0500`, the same with a colon in the offset, or `2026-01-02T03:04:05[.123]Z`. Returns
/// milliseconds since 1970 in UTC, or `None` where it is not such a stamp, or one that [`format_instant`] cannot print.
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
    instant(((days * 24 + hour) * 60 + minute) * 60_000 + second * 1000 - offset_s * 1000 + millis)
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

/// Reads `2026-03-14`, and no other form.
pub fn parse_day(text: &str) -> Option<Day> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text.as_bytes() else { return None };
    let (year, month, day) = (digits(&[*y1, *y2, *y3, *y4])?, digits(&[*m1, *m2])?, digits(&[*d1, *d2])?);
    valid_date(year, month, day).then(|| days_from_civil(year, month, day) as Day)
}

/// Reads a day that may be told as its midnight: `2026-03-14`, `2026-03-14T00:00:00`, `2026-03-14 00:00:00 +0100`.
pub fn parse_day_or_midnight(text: &str) -> Option<Day> {
    let (day, clock) = text.split_at_checked(10)?;
    parse_day(day).filter(|_| clock.is_empty() || is_midnight(clock) == Some(true))
}

fn is_midnight(clock: &str) -> Option<bool> {
    let rest = clock.strip_prefix(['T', ' '])?.strip_prefix("00:00:00")?;
    let (millis, rest) = fraction(rest.as_bytes())?;
    Some(millis == 0 && (rest.is_empty() || offset(rest).is_some()))
}

/// The number of a date.
pub(crate) fn day_of(date: Date) -> Day {
    days_from_civil(date.year().into(), date.month().into(), date.day().into()) as Day
}

/// Prints a day as `2026-03-14`.
pub fn format_day(day: Day) -> String {
    date_of(day).map_or_else(|| day.to_string(), |date| date.to_string())
}

/// Year, month from 1 and day of the month; none beyond the years that a calendar can write.
pub fn civil(day: Day) -> Option<(i16, i8, i8)> {
    date_of(day).map(|date| (date.year(), date.month(), date.day()))
}

fn date_of(day: Day) -> Option<Date> {
    Date::constant(1970, 1, 1).checked_add(jiff::Span::new().days(day)).ok()
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

    #[test]
    fn what_is_beyond_all_printed_years_is_no_instant() {
        check_stamp("9999-12-31 23:59:59 -1800", None);
        check_stamp("9999-12-31 23:59:59 +0000", None);
        check_stamp("9999-12-30T22:00:00.001Z", None);
        check_stamp("9999-12-30T22:00:00.000Z", Some(LAST_MS));
        check_stamp("9999-12-31 16:00:00 +1800", Some(LAST_MS));
        check_stamp("0001-01-01 00:00:00 +0000", Some(FIRST_MS));
        check_stamp("0001-01-01 00:00:00 +0001", None);
        assert_eq!(Timestamp::from_millisecond(LAST_MS).map(|stamp| stamp.as_millisecond()).ok(), Some(LAST_MS));
        assert!(Timestamp::from_millisecond(LAST_MS + 1).is_err(), "all that jiff can print is read");
    }

    #[track_caller]
    fn check_day(text: &str, day: Option<&str>, or_midnight: Option<&str>) {
        let of = |found: Option<Day>| found.map(format_day);
        assert_eq!((of(parse_day(text)).as_deref(), of(parse_day_or_midnight(text)).as_deref()), (day, or_midnight));
    }

    #[test]
    fn a_day_has_one_spelling_and_its_midnight_some() {
        let day = Some("2026-03-01");
        check_day("2026-03-01", day, day);
        for text in ["T00:00:00", " 00:00:00 +0100", "T00:00:00Z", "T00:00:00.000-08:00"] {
            check_day(&format!("2026-03-01{text}"), None, day);
        }
        for text in ["20260301", "2026-3-1", "2026-02-30", "+002026-03-01", "0000-01-01", "", "2026-03-0é"] {
            check_day(text, None, None);
        }
        for text in ["T10:00:00", "T00:00", "T00:00:00.5", "T00:00:00 Berlin", " ", "T24:00:00", "x00:00:00"] {
            check_day(&format!("2026-03-01{text}"), None, None);
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_read_as_a_stamp_is_printed_and_read_back(
            (year, month, day) in (0i64..10_000, 0i64..14, 0i64..33),
            (hour, minute, second, millis) in (0i64..25, 0i64..61, 0i64..61, 0i64..1000),
            (sign, offset) in ("[+-]", 0i64..1900),
            edge in 0..3,
        ) {
            // Most of what goes wrong goes wrong in the first and the last days.
            let (year, month, day) = match edge {
                0 => (year, month, day),
                1 => (1 + year % 2, 1 + month % 2, 1 + day % 2),
                _ => (9999, 12, 29 + day % 3),
            };
            let clock = format!("{hour:02}:{minute:02}:{second:02}.{millis:03}");
            if let Some(ms) = parse_stamp(&format!("{year:04}-{month:02}-{day:02} {clock} {sign}{offset:04}")) {
                proptest::prop_assert_eq!(parse_stamp(&format_instant(ms)), Some(ms));
            }
        }
    }
}
