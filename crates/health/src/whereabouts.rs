//! Which zone an offset means, where no zone is named.
//!
//! Of a file it is a first guess, from the phone's language and region: roll-ups are begun with it while rows pass by,
//! and whatever the samples tell otherwise is computed anew. It keeps a home server whose clock says UTC from computing
//! every day twice; nothing is shown from it. What a phone tells beside a sample is the wearer's own offset then:
//! [`Clocks`] finds the zone of it.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Where most people of a region live, the most of them first.
const REGIONS: &[(&str, &[&str])] = &[
    ("AE", &["Asia/Dubai"]),
    ("AR", &["America/Argentina/Buenos_Aires"]),
    ("AT", &["Europe/Vienna"]),
    ("AU", &["Australia/Sydney", "Australia/Brisbane", "Australia/Perth", "Australia/Adelaide", "Australia/Darwin"]),
    ("BE", &["Europe/Brussels"]),
    ("BR", &["America/Sao_Paulo", "America/Manaus", "America/Rio_Branco"]),
    ("CA", &["America/Toronto", "America/Vancouver", "America/Edmonton", "America/Winnipeg", "America/Halifax"]),
    ("CH", &["Europe/Zurich"]),
    ("CL", &["America/Santiago"]),
    ("CN", &["Asia/Shanghai"]),
    ("CO", &["America/Bogota"]),
    ("CZ", &["Europe/Prague"]),
    ("DE", &["Europe/Berlin"]),
    ("DK", &["Europe/Copenhagen"]),
    ("ES", &["Europe/Madrid", "Atlantic/Canary"]),
    ("FI", &["Europe/Helsinki"]),
    ("FR", &["Europe/Paris"]),
    ("GB", &["Europe/London"]),
    ("GR", &["Europe/Athens"]),
    ("HK", &["Asia/Hong_Kong"]),
    ("HU", &["Europe/Budapest"]),
    ("ID", &["Asia/Jakarta", "Asia/Makassar"]),
    ("IE", &["Europe/Dublin"]),
    ("IL", &["Asia/Jerusalem"]),
    ("IN", &["Asia/Kolkata"]),
    ("IT", &["Europe/Rome"]),
    ("JP", &["Asia/Tokyo"]),
    ("KR", &["Asia/Seoul"]),
    ("MX", &["America/Mexico_City", "America/Tijuana", "America/Cancun"]),
    ("MY", &["Asia/Kuala_Lumpur"]),
    ("NL", &["Europe/Amsterdam"]),
    ("NO", &["Europe/Oslo"]),
    ("NZ", &["Pacific/Auckland"]),
    ("PH", &["Asia/Manila"]),
    ("PL", &["Europe/Warsaw"]),
    ("PT", &["Europe/Lisbon", "Atlantic/Azores"]),
    ("RO", &["Europe/Bucharest"]),
    ("RU", &["Europe/Moscow", "Asia/Yekaterinburg", "Asia/Novosibirsk", "Europe/Samara", "Asia/Krasnoyarsk"]),
    ("SA", &["Asia/Riyadh"]),
    ("SE", &["Europe/Stockholm"]),
    ("SG", &["Asia/Singapore"]),
    ("TH", &["Asia/Bangkok"]),
    ("TR", &["Europe/Istanbul"]),
    ("TW", &["Asia/Taipei"]),
    ("UA", &["Europe/Kyiv"]),
    (
        "US",
        &[
            "America/New_York",
            "America/Chicago",
            "America/Los_Angeles",
            "America/Denver",
            "America/Phoenix",
            "Pacific/Honolulu",
            "America/Anchorage",
        ],
    ),
    ("VN", &["Asia/Ho_Chi_Minh"]),
    ("ZA", &["Africa/Johannesburg"]),
];

/// Guesses the zone of a phone that prints an offset in seconds at an instant: `fallback` where that has the same
/// offset or the region tells nothing, else the region's first zone with that offset.
pub fn likely_zone<'a>(locale: Option<&str>, offset_s: i32, at_ms: i64, fallback: &'a str) -> &'a str {
    let Ok(at) = Timestamp::from_millisecond(at_ms) else { return fallback };
    let fits = |name: &str| TimeZone::get(name).is_ok_and(|zone| zone.to_offset(at).seconds() == offset_s);
    let region = locale.and_then(|locale| locale.rsplit(['_', '-']).next()).unwrap_or_default();
    if fits(fallback) {
        return fallback;
    }
    let zones = REGIONS.iter().find(|(known, _)| *known == region).map_or(&[][..], |(_, zones)| zones);
    zones.iter().copied().find(|name| fits(name)).unwrap_or(fallback)
}

/// Zones with an offset that is no full hour, each the one with the most people.
const ODD: &[&str] = &[
    "Asia/Kolkata",
    "Asia/Tehran",
    "Asia/Kabul",
    "Asia/Kathmandu",
    "Asia/Yangon",
    "Australia/Adelaide",
    "Australia/Darwin",
    "America/St_Johns",
    "Australia/Eucla",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "Pacific/Marquesas",
];

/// Zones that offsets may mean, the likeliest first.
#[derive(Debug)]
pub struct Clocks(Vec<(Arc<str>, TimeZone)>);

impl Clocks {
    /// Of IANA names; what is no zone is left out.
    pub fn new<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let names = names.chain(ODD.iter().copied());
        Self(names.filter_map(|name| Some((name.into(), TimeZone::get(name).ok()?))).collect())
    }

    /// The zone of an offset such as `+01:00` or `-0330` at an instant, in milliseconds since 1970 in UTC: the first
    /// that has it then, else one that has it always, such as `Etc/GMT-1`. None for what is no offset.
    pub fn zone(&self, offset: &str, at_ms: i64) -> Option<Arc<str>> {
        let seconds = offset_seconds(offset)?;
        let at = Timestamp::from_millisecond(at_ms).ok()?;
        let found = self.0.iter().find(|(_, zone)| zone.to_offset(at).seconds() == seconds);
        found.map(|(name, _)| name.clone()).or_else(|| fixed(seconds))
    }
}

/// An offset in seconds.
fn offset_seconds(text: &str) -> Option<i32> {
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = digits.split_once(':').or_else(|| digits.split_at_checked(2))?;
    let number = |text: &str| {
        text.parse::<i32>().ok().filter(|_| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (hours <= 14 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

/// The zone that always has an offset of full hours. Its name counts from the other side.
fn fixed(seconds: i32) -> Option<Arc<str>> {
    let hours = seconds / 3600;
    let name = match hours {
        _ if seconds % 3600 != 0 => return None,
        0 => "Etc/UTC".to_owned(),
        _ => format!("Etc/GMT{:+}", -hours),
    };
    TimeZone::get(&name).ok().map(|_| name.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_zone_of_the_table_exists() {
        for name in REGIONS.iter().flat_map(|(_, zones)| *zones) {
            assert!(TimeZone::get(name).is_ok(), "{name}");
        }
    }

    #[track_caller]
    fn check(locale: Option<&str>, hours: i32, fallback: &'static str, expected: &str) {
        let winter = 1_764_543_900_000; // 2025-11-30
        assert_eq!(likely_zone(locale, hours * 3600, winter, fallback), expected);
    }

    #[test]
    fn the_computers_zone_goes_first_where_it_fits() {
        check(Some("en_US"), -5, "UTC", "America/New_York");
        check(Some("en_US"), -8, "UTC", "America/Los_Angeles");
        check(Some("en_US"), -5, "America/Bogota", "America/Bogota");
        check(Some("en_US"), 9, "UTC", "UTC");
        check(Some("zh_Hans_CN"), 8, "UTC", "Asia/Shanghai");
        check(Some("xx_QQ"), 1, "UTC", "UTC");
        check(None, 0, "UTC", "UTC");
    }

    #[test]
    fn an_offset_means_the_first_zone_that_has_it_then() {
        let (winter, summer) = (1_764_543_900_000, 1_781_000_000_000); // 2025-11-30, 2026-06-09
        let clocks = Clocks::new(["Mars/Olympus", "UTC", "Europe/Berlin", "Europe/Paris"].into_iter());
        let check = |offset: &str, at_ms, expected: Option<&str>| {
            assert_eq!(clocks.zone(offset, at_ms).as_deref(), expected, "{offset}");
        };
        check("+01:00", winter, Some("Europe/Berlin"));
        check("+0200", summer, Some("Europe/Berlin"));
        check("+01:00", summer, Some("Etc/GMT-1"));
        check("+00:00", winter, Some("UTC"));
        check("-08:00", winter, Some("Etc/GMT+8"));
        check("+05:30", winter, Some("Asia/Kolkata"));
        check("-03:30", winter, Some("America/St_Johns"));
        check("-02:30", summer, Some("America/St_Johns"));
        for text in
            ["", "+", "Z", "+1", "+01", "+1:00", "+15:00", "+01:60", "+07:17", "Europe/Berlin", "é1:00", "+-1:00"]
        {
            check(text, winter, None);
        }
        assert_eq!(Clocks::new(std::iter::empty()).zone("+00:00", winter).as_deref(), Some("Etc/UTC"));
    }
}
