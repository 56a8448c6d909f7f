//! The stamps of all phone apps, in one reader.
//!
//! | Form | Example |
//! |---|---|
//! | ISO 8601 | `2026-03-14T07:30:00.123Z`, no fraction, `+01:00`, `+0100`; fractions are cut, not rounded |
//! | with blanks | `2026-03-14 08:30:00 +0100` |
//! | twelve hours | `2026-03-14 8:30:00 AM +0100`, `am`, `a.m.`, any blank before it, seconds may be missing |
//! | date only | `2026-03-14`: a day of the calendar, no instant |
//! | number | seconds since 1970 or since 2001 |

use super::fields::{self, Number};
use crate::time::{self, Day, HOUR_MS, days_from_civil, digits, fraction, offset, valid_date};

/// Seconds from 1970 to 2001, from where Apple's own clocks count.
const APPLE_EPOCH_S: f64 = 978_307_200.0;
/// Seconds beyond which a number is no time of anybody's life.
const FAR_S: f64 = 1e11;
const DAY_MS: i64 = 24 * HOUR_MS;

/// An instant as it was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// Milliseconds since 1970 in UTC.
    pub(crate) ms: i64,
    /// Whether a fraction of a second was told.
    pub(crate) fine: bool,
    /// The offset that was printed, in seconds.
    pub(crate) offset_s: i32,
}

impl Stamp {
    /// Milliseconds on the clock that was printed.
    pub(crate) fn local_ms(self) -> i64 {
        self.ms + i64::from(self.offset_s) * 1000
    }

    /// The day of the calendar that was printed.
    pub(crate) fn day(self) -> Day {
        self.local_ms().div_euclid(DAY_MS) as Day
    }
}

/// An instant or a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// A moment.
    Instant(Stamp),
    /// A day of the calendar.
    Day(Day),
}

/// Reads the text of a JSON value; a number counts seconds since 1970.
pub(crate) fn instant(text: &[u8]) -> Option<Stamp> {
    match when(text)? {
        When::Instant(stamp) => Some(stamp),
        When::Day(_) => None,
    }
}

/// Reads the text of a JSON value, which may be a day.
pub(crate) fn when(text: &[u8]) -> Option<When> {
    match fields::string(text) {
        Some(text) => read(&text),
        None => match fields::number(text) {
            Number::Known(seconds) => seconds_since_1970(seconds).map(When::Instant),
            _ => None,
        },
    }
}

/// Seconds since 1970 or since 2001, whichever is closer to a moment that is known.
pub(crate) fn near(seconds: f64, known_ms: i64) -> Option<Stamp> {
    let known = known_ms as f64 / 1000.0;
    let apple = seconds + APPLE_EPOCH_S;
    seconds_since_1970(if (apple - known).abs() < (seconds - known).abs() { apple } else { seconds })
}

fn seconds_since_1970(seconds: f64) -> Option<Stamp> {
    let near = seconds.abs() < FAR_S;
    let ms = near.then(|| (seconds * 1000.0).floor() as i64).and_then(time::instant)?;
    Some(Stamp { ms, fine: seconds.fract() != 0.0, offset_s: 0 })
}

/// Reads a stamp or a day.
pub(crate) fn read(text: &str) -> Option<When> {
    let text = text.trim();
    let (date, rest) = text.as_bytes().split_at_checked(10)?;
    let day = day(date)?;
    if rest.is_empty() {
        // Its midnights are instants wherever the phone is.
        let midnight = |days: i64| time::instant((i64::from(day) + days) * DAY_MS);
        return midnight(-1).and(midnight(2)).map(|_| When::Day(day));
    }
    let rest = rest.strip_prefix(b"T").or_else(|| rest.strip_prefix(b" "))?;
    let (hour, rest) = one_or_two(rest)?;
    let (minute, rest) = two(rest.strip_prefix(b":")?)?;
    let (second, rest) = match rest.strip_prefix(b":") {
        Some(rest) => two(rest)?,
        None => (0, rest),
    };
    let (millis, after) = fraction(rest)?;
    let fine = after.len() != rest.len();
    let (half, rest) = half_of_day(blanks(after));
    let hour = match half {
        None => hour,
        Some(_) if !(1..=12).contains(&hour) => return None,
        Some(half) => hour % 12 + half,
    };
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let offset_s = offset(blanks(rest))?;
    let seconds = ((i64::from(day) * 24 + hour) * 60 + minute) * 60 + second - offset_s;
    let stamp = Stamp { ms: time::instant(seconds * 1000 + millis)?, fine, offset_s: offset_s.try_into().ok()? };
    Some(When::Instant(stamp))
}

fn day(date: &[u8]) -> Option<Day> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = date else { return None };
    let (year, month, day) = (digits(&[*y1, *y2, *y3, *y4])?, digits(&[*m1, *m2])?, digits(&[*d1, *d2])?);
    valid_date(year, month, day).then(|| days_from_civil(year, month, day) as Day)
}

fn one_or_two(text: &[u8]) -> Option<(i64, &[u8])> {
    match text {
        [a, b, rest @ ..] if b.is_ascii_digit() => Some((digits(&[*a, *b])?, rest)),
        [a, rest @ ..] => Some((digits(&[*a])?, rest)),
        [] => None,
    }
}

fn two(text: &[u8]) -> Option<(i64, &[u8])> {
    let [a, b, rest @ ..] = text else { return None };
    Some((digits(&[*a, *b])?, rest))
}

/// Passes over blanks; phones of today put a narrow one before AM.
fn blanks(mut text: &[u8]) -> &[u8] {
    const BLANKS: [&str; 3] = [" ", "\u{a0}", "\u{202f}"];
    while let Some(rest) = BLANKS.iter().find_map(|blank| text.strip_prefix(blank.as_bytes())) {
        text = rest;
    }
    text
}

/// The hours that AM or PM adds to the hours after twelve.
fn half_of_day(text: &[u8]) -> (Option<i64>, &[u8]) {
    for (words, hours) in [(["a.m.", "am"], 0), (["p.m.", "pm"], 12)] {
        for word in words {
            let Some((now, rest)) = text.split_at_checked(word.len()) else { continue };
            if now.eq_ignore_ascii_case(word.as_bytes()) {
                return (Some(hours), rest);
            }
        }
    }
    (None, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{format_day, format_instant};

    #[track_caller]
    fn check(text: &str, expected: Option<(&str, bool)>) {
        let got = match read(text) {
            Some(When::Instant(stamp)) => Some((format_instant(stamp.ms), stamp.fine)),
            Some(When::Day(day)) => Some((format_day(day), false)),
            None => None,
        };
        assert_eq!(got, expected.map(|(text, fine)| (text.to_owned(), fine)), "{text}");
    }

    #[test]
    fn iso_stamps_have_fractions_and_offsets_of_any_kind() {
        check("2026-03-14T07:30:00.123Z", Some(("2026-03-14T07:30:00.123Z", true)));
        check("2026-03-14T07:30:00Z", Some(("2026-03-14T07:30:00.000Z", false)));
        check("2026-03-14T07:30:00.000Z", Some(("2026-03-14T07:30:00.000Z", true)));
        check("2026-03-14T07:30:00.9999Z", Some(("2026-03-14T07:30:00.999Z", true)));
        check("2026-03-14T08:30:00.5+01:00", Some(("2026-03-14T07:30:00.500Z", true)));
        check("2026-03-14T08:30:00+0100", Some(("2026-03-14T07:30:00.000Z", false)));
        check("2026-03-14 08:30:00 +0100", Some(("2026-03-14T07:30:00.000Z", false)));
        check("1969-12-31T23:59:59.5Z", Some(("1969-12-31T23:59:59.500Z", true)));
    }

    #[test]
    fn twelve_hour_clocks_are_read_whatever_stands_before_the_half() {
        for (text, utc) in [
            ("2026-03-14 8:30:01 AM +0100", "2026-03-14T07:30:01.000Z"),
            ("2026-03-14 8:30:01 PM +0100", "2026-03-14T19:30:01.000Z"),
            ("2026-03-14 8:30:01\u{202f}pm +0100", "2026-03-14T19:30:01.000Z"),
            ("2026-03-14 08:30:01\u{a0}a.m. +0100", "2026-03-14T07:30:01.000Z"),
            ("2026-03-14 8:30 P.M. +0100", "2026-03-14T19:30:00.000Z"),
            ("2026-03-14 12:05:00 AM +0000", "2026-03-14T00:05:00.000Z"),
            ("2026-03-14 12:05:00 PM +0000", "2026-03-14T12:05:00.000Z"),
            ("2026-03-14 1:05:00AM +0000", "2026-03-14T01:05:00.000Z"),
        ] {
            check(text, Some((utc, false)));
        }
        check("2026-03-14 13:05:00 PM +0000", None);
        check("2026-03-14 0:05:00 AM +0000", None);
    }

    #[test]
    fn a_date_is_a_day_of_the_calendar() {
        check("2026-03-14", Some(("2026-03-14", false)));
        check(" 2024-02-29 ", Some(("2024-02-29", false)));
        let Some(When::Instant(stamp)) = read("2026-03-14 00:00:00 +0100") else { panic!("an instant") };
        assert_eq!((format_day(stamp.day()), stamp.local_ms() % 86_400_000), ("2026-03-14".to_owned(), 0));
    }

    #[test]
    fn what_is_no_stamp_is_none() {
        for text in [
            "",
            "yesterday",
            "2026-02-29",
            "2026-03-14T",
            "2026-03-14T07:30:00",
            "2026-03-14T7:3:00Z",
            "2026-03-14T25:00:00Z",
            "2026-03-14T07:60:00Z",
            "2026-03-14T07:30:00.Z",
            "2026-03-14 08:30:00 Europe/Berlin",
            "2026-03-14x08:30:00Z",
            "20260314T083000Z",
            "\u{e9}026-03-14",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn what_no_answer_could_print_is_no_stamp() {
        check("9999-12-30T22:00:00Z", Some(("9999-12-30T22:00:00.000Z", false)));
        for text in ["9999-12-31T23:59:59-18:00", "9999-12-30T22:00:01Z", "9999-12-29", "0001-01-01T00:00:00+01:00"] {
            check(text, None);
        }
        check("9999-12-28", Some(("9999-12-28", false)));
        check("0001-01-01", None);
        check("0001-01-02", Some(("0001-01-02", false)));
        // Some numbers are instants before the first year.
        assert_eq!(instant(b"-99999999999"), None);
    }

    #[test]
    fn numbers_count_from_1970_or_2001() {
        let ms = |text: &str| instant(text.as_bytes()).map(|stamp| stamp.ms);
        assert_eq!(ms("1772956800"), Some(1_772_956_800_000));
        assert_eq!(ms("1772956800.5"), Some(1_772_956_800_500));
        assert_eq!([ms("1e300"), ms("NaN"), ms("null"), ms("true"), ms("\"2026-03-14\"")], [None; 5]);
        let known = 1_773_518_400_000;
        assert_eq!(near(1_773_518_400.25, known).map(|stamp| stamp.ms), Some(known + 250));
        assert_eq!(near(1_773_518_400.25 - APPLE_EPOCH_S, known).map(|stamp| stamp.ms), Some(known + 250));
    }
}
