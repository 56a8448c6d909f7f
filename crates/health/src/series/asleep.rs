//! What was measured in the night: heart rate variability in the main sleep, oxygen and breathing while asleep.

use std::collections::BTreeMap;

use super::buckets::Input;
use super::hold::{Stretch, sort, stretch};
use super::sleep::{self, Session};
use crate::kind::{Kind, Style, short_name};
use crate::time::Day;

/// Returns, by the day of the night, the plain mean and range of rows that lie in the main sleep as a whole: the
/// overnight number of heart rate variability. Kinds are never mixed: SDNN and RMSSD are two series.
pub fn overnight(rows: &[Input], sessions: &[Session]) -> BTreeMap<Day, Stretch> {
    let nights = sessions.iter().filter(|session| session.kind == sleep::Kind::Main);
    means(rows, nights.map(|night| (night.day, night.start_ms, night.end_ms)), |row, (from, until)| {
        row.span.start_ms >= from && row.span.end_ms <= until
    })
}

/// Returns, by the day of the night, the plain mean and range of rows that begin in a stage of sleep: nights and naps
/// of that day, without the wakes between.
pub fn asleep(rows: &[Input], sessions: &[Session]) -> BTreeMap<Day, Stretch> {
    let slices = sessions.iter().flat_map(|session| {
        let asleep = session.slices.iter().filter(|slice| slice.stage.is_asleep());
        asleep.map(|slice| (session.day, slice.start_ms, slice.end_ms))
    });
    means(rows, slices, |row, (from, until)| (from..until).contains(&row.span.start_ms))
}

/// What of a kind is told of a night beside the number of the day; none for kinds that the night makes no other.
pub fn of_night(kind: &Kind, rows: &[Input], sessions: &[Session], day: Day) -> Option<Stretch> {
    let by_day = match short_name(&kind.identifier) {
        "HeartRateVariabilitySDNN" | "HeartRateVariabilityRMSSD" => overnight(rows, sessions),
        "OxygenSaturation" | "RespiratoryRate" => asleep(rows, sessions),
        _ => return None,
    };
    by_day.get(&day).copied()
}

fn means(
    rows: &[Input],
    spans: impl Iterator<Item = (Day, i64, i64)>,
    inside: impl Fn(&Input, (i64, i64)) -> bool,
) -> BTreeMap<Day, Stretch> {
    let mut sorted: Vec<&Input> = rows.iter().collect();
    sort(&mut sorted);
    let mut days: BTreeMap<Day, Vec<Input>> = BTreeMap::new();
    for (day, from, until) in spans {
        let first = sorted.partition_point(|row| row.span.start_ms < from);
        let near = sorted.iter().skip(first).take_while(|row| row.span.start_ms < until);
        let found = near.filter(|row| inside(row, (from, until))).map(|row| **row);
        days.entry(day).or_default().extend(found);
    }
    let mean = |(day, rows): (Day, Vec<Input>)| Some((day, stretch(&rows, Style::Arithmetic, i64::MIN, i64::MAX)?));
    days.into_iter().filter_map(mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::merge::Span;
    use crate::series::sleep::{Segment, Stage, sessions};
    use crate::time::{Zones, parse_day, parse_stamp};

    /// An instant of 2 March from noon on, else of 3 March 2026, in Berlin.
    fn at(time: &str) -> i64 {
        let day = if time >= "12:00" { 2 } else { 3 };
        parse_stamp(&format!("2026-03-0{day} {time}:00 +0100")).expect("a stamp")
    }

    /// A night with a wake, after a short sleep in the early evening.
    fn night() -> Vec<Session> {
        let segment = |(from, until, stage)| Segment { start_ms: at(from), end_ms: at(until), stage, rank: 0 };
        let segments = [
            ("18:30", "19:00", Stage::Core),
            ("23:00", "02:00", Stage::Core),
            ("02:00", "03:00", Stage::Awake),
            ("03:00", "06:00", Stage::Deep),
        ];
        sessions(&segments.map(segment), &Zones::named("Europe/Berlin").expect("a zone"))
    }

    /// Start, end, value and rank.
    fn rows(rows: &[(&str, &str, f64, u32)]) -> Vec<Input> {
        let input = |&(from, until, value, rank): &(&str, &str, f64, u32)| Input {
            span: Span { start_ms: at(from), end_ms: at(until), value, rank },
            copies: 1,
        };
        rows.iter().map(input).collect()
    }

    #[track_caller]
    fn check(found: BTreeMap<Day, Stretch>, expected: &[(&str, f64, f64, f64)]) {
        let found: Vec<_> = found.into_iter().map(|(day, s)| (day, s.value, s.min, s.max)).collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|(day, value, min, max)| (parse_day(day).expect("a day"), *value, *min, *max))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn d5_overnight_variability_is_that_inside_the_main_sleep() {
        let rows = rows(&[
            ("12:00", "12:01", 20.0, 0),
            ("18:40", "18:41", 30.0, 0),
            ("22:59", "23:00", 99.0, 0),
            ("23:30", "23:31", 50.0, 0),
            ("02:30", "02:31", 60.0, 0),
            ("05:59", "06:01", 99.0, 0),
        ]);
        check(overnight(&rows, &night()), &[("2026-03-03", 55.0, 50.0, 60.0)]);
    }

    #[test]
    fn d9_asleep_leaves_out_the_wake() {
        let rows = rows(&[
            ("23:30", "23:30", 0.96, 0),
            ("23:30", "23:30", 0.80, 1),
            ("02:30", "02:30", 0.99, 0),
            ("03:30", "03:30", 0.94, 0),
        ]);
        check(asleep(&rows, &night()), &[("2026-03-03", 0.95, 0.80, 0.96)]);
        assert!(asleep(&[], &night()).is_empty());
    }
}
