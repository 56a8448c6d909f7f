//! Thirteen defects that were seen in programs like this one, each with its data and the right number.
//!
//! B10 and B11 are about stores too (points that overwrite each other, columns that are dropped): what of them is
//! arithmetic is here, the rest is tested where rows are kept.

use super::buckets::{Bucket, Calendar, Grain, Input, buckets};
use super::clock::{circular, minutes};
use super::merge::{Span, merge};
use super::nights;
use super::sleep::{Kind, Segment, Session, Stage, sessions};
use crate::kind::Style;
use crate::time::{Anchor, TimeZone, Zones, format_day, parse_stamp, stays};

const WATCH: u32 = 0;
const PHONE: u32 = 1;
const APP: u32 = 5;

fn at(stamp: &str) -> i64 {
    parse_stamp(stamp).expect("a stamp")
}

fn zones(name: &str) -> Zones {
    Zones::named(name).expect("a zone")
}

/// Time of day on 2 March 2026 from noon on, else on 3 March, in Berlin.
fn night(time: &str) -> i64 {
    let day = if time >= "12:00" { "02" } else { "03" };
    at(&format!("2026-03-{day} {time}:00 +0100"))
}

fn segment(rank: u32, stage: Stage, from: &str, until: &str) -> Segment {
    Segment { start_ms: night(from), end_ms: night(until), stage, rank }
}

/// Stages that follow each other.
fn chain(rank: u32, start: &str, parts: &[(Stage, &str)]) -> Vec<Segment> {
    let starts = std::iter::once(start).chain(parts.iter().map(|(_, end)| *end));
    starts.zip(parts).map(|(from, (stage, until))| segment(rank, *stage, from, until)).collect()
}

/// The watch's night of the worked example S1, with the app and the time in bed around it.
fn s1() -> Vec<Segment> {
    use Stage::{Awake, Core, Deep, Rem};
    let stages = [
        (Core, "00:10"),
        (Deep, "01:00"),
        (Rem, "01:30"),
        (Awake, "01:42"),
        (Core, "04:00"),
        (Rem, "04:40"),
        (Core, "06:45"),
    ];
    let mut all = chain(WATCH, "23:10", &stages);
    all.push(segment(APP, Stage::Unspecified, "23:05", "06:50"));
    all.push(segment(PHONE, Stage::InBed, "22:45", "06:55"));
    all
}

/// Kind, day and minutes asleep of each session.
#[track_caller]
fn check_sleep(segments: &[Segment], zone: &str, expected: &[(Kind, &str, i64)]) -> Vec<Session> {
    let found = sessions(segments, &zones(zone));
    let rows: Vec<_> = found.iter().map(|s| (s.kind, format_day(s.day), s.asleep_ms / 60_000)).collect();
    let expected: Vec<_> = expected.iter().map(|(kind, day, n)| (*kind, (*day).to_owned(), *n)).collect();
    assert_eq!(rows, expected);
    found
}

/// Minutes of core, deep and REM sleep and of sleep without a stage.
fn stages(session: &Session) -> [i64; 4] {
    [session.core_ms, session.deep_ms, session.rem_ms, session.unspecified_ms].map(|ms| ms / 60_000)
}

fn row(from: &str, until: &str, value: f64, rank: u32) -> Input {
    Input { span: Span { start_ms: night(from), end_ms: night(until), value, rank }, copies: 1 }
}

fn days(rows: &[Input], style: Style) -> Vec<Bucket> {
    let zones = zones("Europe/Berlin");
    buckets(rows, style, false, Calendar { zones: &zones, grain: Grain::Day, week_start: 0 })
}

#[test]
fn b1_one_device_of_the_day_does_not_win_alone() {
    // The watch lay on the charger from 11 to 12 h: its steps, and the phone's of that hour.
    let rows = [row("10:00", "11:00", 1000.0, WATCH), row("10:00", "11:00", 800.0, PHONE)];
    let rows = [rows[0], rows[1], row("11:00", "11:59", 500.0, PHONE)];
    let found: Vec<f64> = days(&rows, Style::Cumulative).iter().map(|day| day.value).collect();
    assert_eq!(found, [1500.0]);
    let rows = [row("10:00", "10:10", 600.0, WATCH), row("10:00", "10:20", 1200.0, PHONE)];
    assert_eq!(days(&rows, Style::Cumulative).iter().map(|day| day.value).collect::<Vec<_>>(), [1200.0]);
}

#[test]
fn b2_an_apps_long_blocks_do_not_eat_the_watchs_stages() {
    use Stage::{Core, Deep, Rem};
    let mut segments = chain(WATCH, "23:00", &[(Core, "01:30"), (Deep, "04:00"), (Rem, "06:30")]);
    segments.extend(chain(APP, "22:55", &[(Core, "05:35"), (Deep, "06:35")]));
    let found = check_sleep(&segments, "Europe/Berlin", &[(Kind::Main, "2026-03-03", 450)]);
    assert_eq!(stages(&found[0]), [150, 150, 150, 0]);
}

#[test]
fn b3_a_nap_is_a_nap() {
    let segments = [segment(WATCH, Stage::Core, "23:00", "06:30"), segment(WATCH, Stage::Core, "10:00", "10:45")];
    let found =
        check_sleep(&segments, "Europe/Berlin", &[(Kind::Main, "2026-03-03", 450), (Kind::Nap, "2026-03-03", 45)]);
    let day = nights::by_day(&found).into_values().next().expect("a day");
    assert_eq!((day.night_ms() / 60_000, day.nap_ms / 60_000), (450, 45));
}

#[test]
fn b4_days_are_local_and_not_those_of_utc() {
    let zones = zones("America/Los_Angeles");
    // 20:30 on 14 March in California is the 15th in UTC.
    assert_eq!(format_day(zones.day(at("2026-03-14 20:30:00 -0700"))), "2026-03-14");
    assert_eq!(format_day(zones.day(at("2026-03-15 03:30:00 +0000"))), "2026-03-14");
}

#[test]
fn b5_no_session_lies_inside_another() {
    let mut segments = vec![
        segment(APP, Stage::Unspecified, "22:00", "07:00"),
        segment(WATCH, Stage::Core, "23:00", "02:00"),
        segment(WATCH, Stage::Core, "05:30", "06:30"),
        segment(PHONE, Stage::Unspecified, "01:00", "03:00"),
    ];
    let first = sessions(&segments, &zones("Europe/Berlin"));
    assert!(first.iter().zip(first.iter().skip(1)).all(|(a, b)| a.end_ms <= b.start_ms), "{first:?}");
    // The same night in two imports, the second one backwards.
    segments.extend(segments.clone().into_iter().rev());
    assert_eq!(sessions(&segments, &zones("Europe/Berlin")), first);
    check_sleep(&s1(), "Europe/Berlin", &[(Kind::Main, "2026-03-03", 443)]);
}

#[test]
fn b6_a_night_of_twelve_segments_is_eight_hours() {
    // Segments of 40 minutes from 02:00 to 10:00: none of them is a nap.
    let part = |n: i64, rank| {
        let start_ms = night("02:00") + n * 2_400_000;
        let stage = if n % 2 == 0 { Stage::Core } else { Stage::Rem };
        Segment { start_ms, end_ms: start_ms + 2_400_000, stage, rank }
    };
    let mut segments: Vec<Segment> = (0..12).map(|n| part(n, WATCH)).collect();
    check_sleep(&segments, "Europe/Berlin", &[(Kind::Main, "2026-03-03", 480)]);
    segments.extend((0..12).map(|n| part(n, APP)));
    check_sleep(&segments, "Europe/Berlin", &[(Kind::Main, "2026-03-03", 480)]);
}

#[test]
fn b7_a_night_in_auckland_has_the_day_of_waking_up() {
    let start_ms = at("2026-03-02 22:30:00 +1300");
    let night = Segment { start_ms, end_ms: start_ms + 8 * 3_600_000, stage: Stage::Core, rank: WATCH };
    check_sleep(&[night], "Pacific/Auckland", &[(Kind::Main, "2026-03-03", 480)]);
    let bed_times = ["2026-03-02 23:30:00 +1300", "2026-03-04 00:30:00 +1300", "2026-03-04 23:50:00 +1300"];
    let mean = circular(bed_times.map(|stamp| minutes(at(stamp), &zones("Pacific/Auckland")))).expect("a mean");
    assert_eq!((mean.minute / 60.0).floor(), 23.0);
    assert_eq!((mean.minute % 60.0).floor(), 56.0);
}

#[test]
fn b8_what_was_slept_before_midnight_belongs_to_the_night() {
    let found = check_sleep(&s1(), "Europe/Berlin", &[(Kind::Main, "2026-03-03", 443)]);
    let days = nights::by_day(&found);
    assert_eq!(days.len(), 1, "no sleep on the day before: {days:?}");
}

#[test]
fn b9_stages_and_plain_asleep_do_not_add_up() {
    // 6 h 49 of stages; the same source writes "asleep" over all of it.
    use Stage::{Core, Deep, Rem, Unspecified};
    let mut segments = chain(WATCH, "23:00", &[(Core, "02:00"), (Deep, "03:30"), (Rem, "05:49")]);
    segments.push(segment(WATCH, Unspecified, "23:00", "05:48"));
    let found = check_sleep(&segments, "Europe/Berlin", &[(Kind::Main, "2026-03-03", 409)]);
    assert_eq!(stages(&found[0]), [180, 90, 139, 0]);
}

#[test]
fn b10_two_values_of_one_second_are_two_values() {
    let rows = [row("08:00", "08:00", 60.0, WATCH), row("08:00", "08:00", 80.0, WATCH)];
    let day = &days(&rows, Style::Arithmetic)[0];
    assert_eq!((day.n, day.value, day.min, day.max), (2, 70.0, 60.0, 80.0));
    // And sums are not added up over sources.
    let rows = [row("08:00", "09:00", 3000.0, WATCH), row("08:00", "09:00", 2900.0, PHONE)];
    assert_eq!(days(&rows, Style::Cumulative)[0].value, 3000.0);
}

#[test]
fn b11_what_several_sources_saw_is_counted_here_and_not_by_the_reader() {
    let cases: [(&[Input], f64, f64); 2] = [
        (
            &[row("09:00", "09:10", 1000.0, 1), row("09:05", "09:25", 1800.0, 2), row("09:20", "09:40", 2000.0, 3)],
            4800.0,
            3800.0,
        ),
        (
            &[row("10:00", "10:30", 3000.0, 0), row("10:00", "10:15", 1500.0, 0), row("10:15", "10:30", 1500.0, 0)],
            6000.0,
            3000.0,
        ),
    ];
    for (rows, naive, expected) in cases {
        let day = &days(rows, Style::Cumulative)[0];
        assert!((day.value - expected).abs() < 1e-9 && day.naive_sum == naive, "{day:?}");
        let spans: Vec<Span> = rows.iter().map(|row| row.span).collect();
        assert!((merge(&spans).iter().map(|s| s.value).sum::<f64>() - expected).abs() < 1e-9);
    }
}

#[test]
fn b12_a_journey_does_not_change_the_days_before_it() {
    let anchor =
        |stamp: &str, zone: &str| Anchor { start_ms: at(stamp), end_ms: at(stamp), zone: zone.into(), trusted: true };
    let home = || TimeZone::get("Europe/Berlin").expect("a zone");
    let before = [anchor("2026-03-03 07:00:00 +0000", "Europe/Berlin")];
    let after = [before[0].clone(), anchor("2026-03-04 15:00:00 +0000", "Asia/Tokyo")];
    let (before, after) =
        (Zones::of_stays(home(), &stays(before.into())), Zones::of_stays(home(), &stays(after.into())));
    let changed = before.differences(&after);
    assert!(changed.iter().all(|(from, _)| *from >= at("2026-03-03 23:00:00 +0000")), "{changed:?}");
    let evening = at("2026-02-20 22:30:00 +0000");
    assert_eq!(format_day(after.day(evening)), "2026-02-20");
    assert_eq!(format_day(after.day(at("2026-03-05 16:00:00 +0000"))), "2026-03-06");
}

#[test]
fn b13_the_printed_offset_is_only_that_of_the_export() {
    let paris = zones("Europe/Paris");
    // One sample in an export of the summer and in one of the winter.
    let (summer, winter) = (at("2022-01-01 00:20:00 +0200"), at("2021-12-31 23:20:00 +0100"));
    assert_eq!(summer, winter);
    assert_eq!(format_day(paris.day(summer)), "2021-12-31");
    assert_eq!(paris.wall_clock(at("2021-12-31 23:40:00 +0200")), "2021-12-31 22:40");
}
