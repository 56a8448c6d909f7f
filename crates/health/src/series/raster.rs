//! When somebody slept, day under day: what a chart of regularity draws.

use std::collections::BTreeMap;

use super::sleep::Session;
use super::spans::union;
use crate::time::{Day, Zones};

const DAY_MIN: u32 = 1440;

/// Asleep from one minute of the wall clock to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asleep {
    /// Minutes after local midnight.
    pub from_min: u32,
    /// Minutes after local midnight, at most 1440.
    pub until_min: u32,
}

/// Returns the spans of sleep of each local day that has some, by the clock on the wall. A night is cut at midnight.
/// In the hour that a clock repeats two spans may overlap.
pub fn raster(sessions: &[Session], zones: &Zones) -> BTreeMap<Day, Vec<Asleep>> {
    let slices = sessions.iter().flat_map(|session| session.slices.iter());
    let asleep = union(slices.filter(|slice| slice.stage.is_asleep()).map(|slice| (slice.start_ms, slice.end_ms)));
    let mut days: BTreeMap<Day, Vec<Asleep>> = BTreeMap::new();
    for (from, until) in asleep {
        let mut at = from;
        while at < until {
            let (day, _, midnight) = zones.day_span(at);
            let end = until.min(midnight).min(zones.next_jump(at)).max(at + 1);
            let from_min = zones.minute_of_day(at);
            // The last minute that is slept in, and one more: the clock may jump at the end itself.
            let until_min = (zones.minute_of_day(end - 1) + 1).min(DAY_MIN);
            days.entry(day).or_default().push(Asleep { from_min, until_min });
            at = end;
        }
    }
    days
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::sleep::{Segment, Stage, sessions};
    use crate::time::{format_day, parse_stamp};

    #[track_caller]
    fn check(segments: &[(&str, &str, Stage)], expected: &[(&str, &[(u32, u32)])]) {
        let at = |text: &str| parse_stamp(&format!("2026-{text}")).expect("a stamp");
        let segment = |&(from, until, stage): &(&str, &str, Stage)| Segment {
            start_ms: at(from),
            end_ms: at(until),
            stage,
            rank: 0,
        };
        let segments: Vec<Segment> = segments.iter().map(segment).collect();
        let zones = Zones::named("Europe/Berlin").expect("a zone");
        let found = raster(&sessions(&segments, &zones), &zones);
        let found: Vec<(String, Vec<(u32, u32)>)> = found
            .into_iter()
            .map(|(day, spans)| (format_day(day), spans.iter().map(|s| (s.from_min, s.until_min)).collect()))
            .collect();
        let expected: Vec<_> = expected.iter().map(|(day, spans)| (format!("2026-{day}"), spans.to_vec())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_night_is_cut_at_midnight_and_at_wakes() {
        let night = [
            ("03-02 23:10:00 +0100", "03-03 01:00:00 +0100", Stage::Core),
            ("03-03 01:00:00 +0100", "03-03 02:00:00 +0100", Stage::Rem),
            ("03-03 02:00:00 +0100", "03-03 02:30:00 +0100", Stage::Awake),
            ("03-03 02:30:00 +0100", "03-03 06:45:00 +0100", Stage::Deep),
        ];
        check(&night, &[("03-02", &[(1390, 1440)]), ("03-03", &[(0, 120), (150, 405)])]);
    }

    #[test]
    fn clocks_that_jump_cut_a_night() {
        let spring = [("03-29 01:00:00 +0100", "03-29 07:00:00 +0200", Stage::Core)];
        check(&spring, &[("03-29", &[(60, 120), (180, 420)])]);
        let autumn = [("10-25 01:00:00 +0200", "10-25 07:00:00 +0100", Stage::Core)];
        check(&autumn, &[("10-25", &[(60, 180), (120, 420)])]);
    }
}
