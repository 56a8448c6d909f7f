//! Nights as numbers of days: totals, first and last sleep, and the label that people prefer. The computation never
//! changes.

use std::collections::BTreeMap;

use super::sleep::{Kind, Session};
use crate::time::Day;

/// Under which day a night is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Label {
    /// The day of waking up.
    #[default]
    Wake,
    /// The day of the evening on which it began.
    Evening,
}

impl Label {
    /// The day under which a session is shown. A nap is shown under its own day.
    pub fn day(self, session: &Session) -> Day {
        match (self, session.kind) {
            (Self::Wake, _) | (_, Kind::Nap) => session.day,
            (Self::Evening, _) => session.day - 1,
        }
    }
}

/// Sleep of one day in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DaySleep {
    /// Asleep in the main sleep.
    pub main_ms: i64,
    /// Asleep in further parts of the night.
    pub extra_ms: i64,
    /// Asleep by day.
    pub nap_ms: i64,
}

impl DaySleep {
    /// The night's total.
    pub fn night_ms(&self) -> i64 {
        self.main_ms + self.extra_ms
    }

    /// Night and naps.
    pub fn all_ms(&self) -> i64 {
        self.night_ms() + self.nap_ms
    }
}

/// Returns the sleep of each day that has some. A night in bed only has none.
pub fn by_day(sessions: &[Session]) -> BTreeMap<Day, DaySleep> {
    let mut days: BTreeMap<Day, DaySleep> = BTreeMap::new();
    for session in sessions.iter().filter(|session| session.kind != Kind::InBedOnly) {
        let day = days.entry(session.day).or_default();
        match session.kind {
            Kind::Main => day.main_ms += session.asleep_ms,
            Kind::Extra => day.extra_ms += session.asleep_ms,
            Kind::Nap | Kind::InBedOnly => day.nap_ms += session.asleep_ms,
        }
    }
    days
}

/// A night from its first sleep to its last, whatever parts it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The day it counts for.
    pub day: Day,
    /// First asleep in any part.
    pub start_ms: i64,
    /// Last asleep in any part.
    pub end_ms: i64,
    /// From going to bed to first falling asleep; none where nobody wrote the time in bed. Who fell asleep again has
    /// done so before.
    pub latency_ms: Option<i64>,
}

/// Returns the nights among sessions, by day; naps and times in bed only are none.
pub fn spans(sessions: &[Session]) -> Vec<Span> {
    let mut nights: BTreeMap<Day, Span> = BTreeMap::new();
    for session in sessions.iter().filter(|session| matches!(session.kind, Kind::Main | Kind::Extra)) {
        let Session { day, start_ms, end_ms, latency_ms, .. } = *session;
        let night = nights.entry(day).or_insert(Span { day, start_ms, end_ms, latency_ms });
        if start_ms < night.start_ms {
            (night.start_ms, night.latency_ms) = (start_ms, latency_ms);
        }
        night.end_ms = night.end_ms.max(end_ms);
    }
    nights.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::sleep::{Segment, Stage, sessions};
    use crate::time::{Zones, format_day, parse_day, parse_stamp};

    fn berlin() -> Zones {
        Zones::named("Europe/Berlin").expect("a zone")
    }

    fn segment(from: &str, until: &str, stage: Stage) -> Segment {
        let at = |text: &str| parse_stamp(&format!("2026-03-{text}:00 +0100")).expect("a stamp");
        Segment { start_ms: at(from), end_ms: at(until), stage, rank: 0 }
    }

    fn core(from: &str, until: &str) -> Segment {
        segment(from, until, Stage::Core)
    }

    fn sleep(segments: &[Segment]) -> Vec<Session> {
        sessions(segments, &berlin())
    }

    #[test]
    fn a_split_night_is_one_total_and_naps_stand_apart() {
        let found = sleep(&[
            core("02 22:00", "02 23:50"),
            core("03 02:10", "03 06:40"),
            core("03 14:00", "03 14:45"),
            segment("03 23:00", "04 07:00", Stage::InBed),
        ]);
        let days = by_day(&found);
        let day = days[&parse_day("2026-03-03").expect("a day")];
        assert_eq!((days.len(), day.night_ms() / 60_000, day.all_ms() / 60_000), (1, 380, 425));
    }

    #[test]
    fn a_split_night_lasts_from_its_first_sleep_to_its_last() {
        let found = sleep(&[
            segment("02 23:21", "03 02:10", Stage::InBed),
            core("02 23:33", "03 02:10"),
            core("03 04:40", "03 09:48"),
            core("03 14:00", "03 14:45"),
        ]);
        assert_eq!(found.iter().map(|s| s.kind).collect::<Vec<_>>(), [Kind::Extra, Kind::Main, Kind::Nap]);
        let night = Span {
            day: parse_day("2026-03-03").expect("a day"),
            start_ms: found[0].start_ms,
            end_ms: found[1].end_ms,
            latency_ms: Some(12 * 60_000),
        };
        assert_eq!(spans(&found), [night]);
    }

    #[test]
    fn the_label_by_the_evening_moves_nights_and_no_numbers() {
        let found = sleep(&[core("02 23:00", "03 06:30"), core("03 14:00", "03 14:45")]);
        let days = |label: Label| found.iter().map(|s| format_day(label.day(s))).collect::<Vec<_>>();
        assert_eq!(days(Label::Wake), ["2026-03-03", "2026-03-03"]);
        assert_eq!(days(Label::Evening), ["2026-03-02", "2026-03-03"]);
    }
}
