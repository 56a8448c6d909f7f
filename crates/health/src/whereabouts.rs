//! A first guess of where a phone is, from its language and region and the offset that it prints.
//!
//! Only a guess: roll-ups are begun with it while rows pass by, and whatever the samples tell otherwise is computed
//! anew. It keeps a home server whose clock says UTC from computing every day twice. Nothing is shown from it.

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
}
