//! The instants of some local days, on journeys too. Which day an instant belongs to [`Zones::day`] alone says.

use super::{Zones, start_of_day};
use crate::time::{Day, HOUR_MS};

/// No zone is further from UTC.
const FARTHEST_MS: i64 = 26 * HOUR_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// The local days from one to another, both inclusive.
///
/// ```text
///   Berlin                   │ Los Angeles
///   ...2nd┊ 3rd       ┊ 4th  │ 3rd    ┊ 4th      ┊ 5th...
///         ├────────────────────────────┤            `range_ms` of the 3rd; the morning of the 4th in it is not its own
///                     ├─────────────────────────┤   that of the 4th
/// ```
#[derive(Debug, Clone, Copy)]
pub struct DayRange<'z> {
    zones: &'z Zones,
    days: (Day, Day),
    range_ms: (i64, i64),
    /// What needs no second look.
    sure_ms: (i64, i64),
}

impl Zones {
    /// The local days `from..=to`; `Day::MIN` and `Day::MAX` leave an end open.
    pub fn days(&self, from: Day, to: Day) -> DayRange<'_> {
        let (from_ms, sure_from_ms) = if from == Day::MIN { (i64::MIN, i64::MIN) } else { self.first_of(from) };
        let (until_ms, sure_until_ms) = if to == Day::MAX { (i64::MAX, i64::MAX) } else { self.end_of(to) };
        // Who flies over the date line may never see a day.
        let range_ms = (from_ms, until_ms.max(from_ms));
        DayRange { zones: self, days: (from, to), range_ms, sure_ms: (sure_from_ms, sure_until_ms) }
    }

    /// The first instant of a day or of a later one, and from when on there is no earlier day.
    fn first_of(&self, day: Day) -> (i64, i64) {
        let midnight_utc = i64::from(day) * DAY_MS;
        let near = self.near(midnight_utc);
        let starts = near.clone().filter_map(|stretch| {
            let (low, zone, high) = self.stretch(stretch);
            Some(start_of_day(zone, day).max(low)).filter(|start| *start < high)
        });
        let sure = midnight_utc + FARTHEST_MS;
        let first = starts.min().unwrap_or(sure);
        (first, if near.count() == 1 { first } else { sure })
    }

    /// The end of a day and of all before it, and until when there is no later day.
    fn end_of(&self, day: Day) -> (i64, i64) {
        let midnight_utc = (i64::from(day) + 1) * DAY_MS;
        let near = self.near(midnight_utc);
        let ends = near.clone().filter_map(|stretch| {
            let (low, zone, high) = self.stretch(stretch);
            Some(start_of_day(zone, day + 1).min(high)).filter(|end| *end > low)
        });
        let sure = midnight_utc - FARTHEST_MS;
        let end = ends.max().unwrap_or(sure);
        (end, if near.count() == 1 { end } else { sure })
    }

    /// The stretches in one zone in which a day may begin that begins in UTC at an instant.
    fn near(&self, midnight_utc: i64) -> std::ops::RangeInclusive<usize> {
        let begun = |at_ms: i64| self.spans.partition_point(|(from, _)| *from <= at_ms);
        begun(midnight_utc - FARTHEST_MS)..=begun(midnight_utc + FARTHEST_MS)
    }
}

impl DayRange<'_> {
    /// The instants `[from, until)` between which all instants of the days lie; where zones change near an end, those
    /// of other days lie between them too.
    pub fn range_ms(&self) -> (i64, i64) {
        self.range_ms
    }

    /// Whether no other day has an instant between the first and the last one of these.
    pub fn is_undivided(&self) -> bool {
        self.range_ms == self.sure_ms
    }

    /// Whether an instant belongs to one of the days.
    pub fn holds(&self, at_ms: i64) -> bool {
        let within = |(from, until): (i64, i64)| (from..until).contains(&at_ms);
        within(self.sure_ms) || (within(self.range_ms) && self.holds_day(self.zones.day(at_ms)))
    }

    /// Whether a day is one of them.
    pub fn holds_day(&self, day: Day) -> bool {
        (self.days.0..=self.days.1).contains(&day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{Stay, TimeZone, parse_day, parse_stamp};

    const MINUTE_MS: i64 = 60_000;

    fn at(stamp: &str) -> i64 {
        parse_stamp(stamp).expect("a stamp")
    }

    fn day(text: &str) -> Day {
        parse_day(text).expect("a day")
    }

    /// Home until each instant, from then on in the zone that goes with it.
    fn journey(home: &str, stays: &[(&str, &str)]) -> Zones {
        let stay = |&(from, zone): &(&str, &str)| Stay { from_ms: at(from), zone: Some(zone.to_owned()) };
        let stays: Vec<Stay> = stays.iter().map(stay).collect();
        Zones::of_stays(TimeZone::get(home).expect("a zone"), &stays)
    }

    /// Every instant of a fortnight belongs to the days that hold its day, and lies in their range.
    #[track_caller]
    fn check(home: &str, stays: &[(&str, &str)]) {
        let zones = journey(home, stays);
        let (first, last) = (day("2026-02-25"), day("2026-03-11"));
        let minutes =
            (at("2026-02-27 00:00:00 +0000")..at("2026-03-09 00:00:00 +0000")).step_by(7 * MINUTE_MS as usize);
        for day in first..=last {
            let (from, until) = zones.day_bounds(day);
            assert_eq!((zones.day_from(from), zones.day_until(until)), (day, day), "{home}");
        }
        for (from, to) in (first..=last).flat_map(|from| (from..=last).map(move |to| (from, to))) {
            let days = zones.days(from, to);
            let open = [zones.days(Day::MIN, to), zones.days(from, Day::MAX)];
            for at_ms in minutes.clone() {
                let day = zones.day(at_ms);
                assert_eq!(days.holds(at_ms), (from..=to).contains(&day), "{home} {from} to {to}, {at_ms}");
                assert_eq!(open.map(|open| open.holds(at_ms)), [day <= to, day >= from], "{home} {at_ms}");
            }
        }
    }

    #[test]
    fn every_instant_belongs_to_its_day_and_no_other_on_any_journey() {
        check("Europe/Berlin", &[]);
        check("Europe/Berlin", &[("2026-03-03 23:00:00 +0000", "Asia/Tokyo")]);
        check("Europe/Berlin", &[("2026-03-03 23:30:00 +0000", "America/Los_Angeles")]);
        check("Europe/Berlin", &[("2026-03-04 03:17:00 +0000", "Asia/Kathmandu")]);
        check("Pacific/Auckland", &[("2026-03-03 20:00:00 +0000", "Pacific/Honolulu")]);
        check("Pacific/Honolulu", &[("2026-03-03 20:00:00 +0000", "Pacific/Auckland")]);
        check("Pacific/Pago_Pago", &[("2026-03-03 10:30:00 +0000", "Pacific/Kiritimati")]);
        check("Pacific/Kiritimati", &[("2026-03-03 10:30:00 +0000", "Pacific/Pago_Pago")]);
        let there_and_back = [
            ("2026-03-03 01:00:00 +0000", "Asia/Tokyo"),
            ("2026-03-03 20:00:00 +0000", "America/Los_Angeles"),
            ("2026-03-04 05:00:00 +0000", "Pacific/Auckland"),
        ];
        check("Europe/Berlin", &there_and_back);
    }

    #[track_caller]
    fn check_range(zones: &Zones, text: &str, expected: (&str, &str)) {
        let days = zones.days(day(text), day(text));
        assert_eq!(days.range_ms(), (at(expected.0), at(expected.1)), "{text}");
    }

    #[test]
    fn a_day_at_home_is_read_to_the_millisecond_and_needs_no_second_look() {
        let zones = journey("Europe/Berlin", &[("2026-03-20 00:00:00 +0000", "Asia/Tokyo")]);
        for text in ["2026-03-01", "2026-03-16", "2026-03-25", "2026-10-25"] {
            let (from, to) = (day(text), day(text) + 1);
            let days = zones.days(from, to);
            assert_eq!(days.range_ms(), (zones.day_bounds(from).0, zones.day_bounds(to).1), "{text}");
            assert_eq!(days.range_ms(), days.sure_ms, "{text}");
        }
    }

    #[test]
    fn a_day_of_a_journey_begins_and_ends_where_the_wearer_is() {
        let west = journey("Europe/Berlin", &[("2026-03-03 23:30:00 +0000", "America/Los_Angeles")]);
        check_range(&west, "2026-03-03", ("2026-03-02 23:00:00 +0000", "2026-03-04 08:00:00 +0000"));
        check_range(&west, "2026-03-04", ("2026-03-03 23:00:00 +0000", "2026-03-05 08:00:00 +0000"));
        let east = journey("Europe/Berlin", &[("2026-03-03 23:00:00 +0000", "Asia/Tokyo")]);
        check_range(&east, "2026-03-03", ("2026-03-02 23:00:00 +0000", "2026-03-03 23:00:00 +0000"));
        check_range(&east, "2026-03-04", ("2026-03-03 23:00:00 +0000", "2026-03-04 15:00:00 +0000"));
    }

    #[test]
    fn a_day_that_the_wearer_never_sees_holds_nothing() {
        let zones = journey("Pacific/Pago_Pago", &[("2026-03-03 10:30:00 +0000", "Pacific/Kiritimati")]);
        // 2 March, 23:30, is followed by 4 March, 00:30.
        let never = zones.days(day("2026-03-03"), day("2026-03-03"));
        assert_eq!(never.range_ms().0, never.range_ms().1);
    }
}
