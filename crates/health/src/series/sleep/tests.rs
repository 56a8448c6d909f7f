//! Worked examples S1 to S11 of the sleep rules.

use super::*;
use crate::time::{Anchor, TimeZone, format_day, parse_stamp, stays};

const PHONE: u32 = 9;
const APP: u32 = 5;
const WATCH: u32 = 0;

fn at(text: &str) -> i64 {
    parse_stamp(&format!("2026-03-{text}")).expect("a stamp")
}

/// Segments of one source that follow each other: the first start, then stage and end; times of 2 and 3 March.
fn chain(rank: u32, start: &str, parts: &[(Stage, &str)]) -> Vec<Segment> {
    let stamp = |time: &str| {
        let day = if time > "12:00" { "02" } else { "03" };
        at(&format!("{day} {time}:00 +0100"))
    };
    let mut start_ms = stamp(start);
    let mut out = Vec::new();
    for (stage, end) in parts {
        let end_ms = stamp(end);
        out.push(Segment { start_ms, end_ms, stage: *stage, rank });
        start_ms = end_ms;
    }
    out
}

fn one(stage: Stage, start: &str, end: &str) -> Segment {
    Segment { start_ms: at(start), end_ms: at(end), stage, rank: WATCH }
}

fn berlin() -> Zones {
    Zones::home(TimeZone::get("Europe/Berlin").expect("a zone"))
}

fn minutes(ms: i64) -> i64 {
    ms / MINUTE_MS
}

/// Efficiency in tenths of a percent.
fn percent(session: &Session) -> Option<i64> {
    session.efficiency().map(|share| (share * 1000.0).round() as i64)
}

#[track_caller]
fn check(segments: &[Segment], expected: &[(Kind, &str, i64)]) -> Vec<Session> {
    let sessions = sessions(segments, &berlin());
    let found: Vec<(Kind, String, i64)> =
        sessions.iter().map(|s| (s.kind, format_day(s.day), minutes(s.asleep_ms))).collect();
    let expected: Vec<(Kind, String, i64)> =
        expected.iter().map(|(kind, day, n)| (*kind, format!("2026-03-{day}"), *n)).collect();
    assert_eq!(found, expected);
    sessions
}

fn s1_segments() -> Vec<Segment> {
    let mut all = chain(PHONE, "22:45", &[(Stage::InBed, "06:55")]);
    all.extend(chain(APP, "23:05", &[(Stage::Unspecified, "06:50")]));
    all.extend(chain(
        WATCH,
        "23:10",
        &[
            (Stage::Core, "00:10"),
            (Stage::Deep, "01:00"),
            (Stage::Rem, "01:30"),
            (Stage::Awake, "01:42"),
            (Stage::Core, "04:00"),
            (Stage::Rem, "04:40"),
            (Stage::Core, "06:45"),
        ],
    ));
    all
}

#[test]
fn s1_the_watchs_night_stays_the_watchs_night() {
    let sessions = check(&s1_segments(), &[(Kind::Main, "03", 443)]);
    let night = sessions.first().expect("a night");
    let stages = [night.awake_ms, night.core_ms, night.deep_ms, night.rem_ms, night.in_bed_ms].map(minutes);
    assert_eq!(stages, [12, 323, 50, 70, 490]);
    assert_eq!((night.latency_ms.map(minutes), night.awakenings, night.in_bed_estimated), (Some(25), 1, false));
    assert_eq!((night.start_ms, night.end_ms), (at("02 23:10:00 +0100"), at("03 06:45:00 +0100")));
    assert_eq!(percent(night), Some(904));
}

#[test]
fn s2_sleep_by_day_is_a_nap() {
    let segments = [
        one(Stage::Core, "02 23:00:00 +0100", "03 06:30:00 +0100"),
        one(Stage::Core, "03 14:00:00 +0100", "03 14:45:00 +0100"),
    ];
    check(&segments, &[(Kind::Main, "03", 450), (Kind::Nap, "03", 45)]);
}

#[test]
fn s3_a_long_gap_splits_the_night() {
    let segments = [
        one(Stage::Core, "02 22:00:00 +0100", "02 23:50:00 +0100"),
        one(Stage::Core, "03 02:10:00 +0100", "03 06:40:00 +0100"),
    ];
    check(&segments, &[(Kind::Extra, "03", 110), (Kind::Main, "03", 270)]);
}

#[test]
fn s4_a_wake_of_ninety_minutes_does_not() {
    let segments = chain(WATCH, "22:00", &[(Stage::Core, "23:50"), (Stage::Awake, "01:20"), (Stage::Core, "06:40")]);
    let sessions = check(&segments, &[(Kind::Main, "03", 430)]);
    let night = sessions.first().expect("a night");
    assert_eq!([night.awake_ms, night.in_bed_ms].map(minutes), [90, 520]);
    assert!(night.in_bed_estimated && night.latency_ms.is_none());
    assert_eq!(percent(night), Some(827));
}

#[test]
fn s5_a_night_shift_is_not_a_nap() {
    let segments = [one(Stage::Core, "03 08:40:00 +0100", "03 15:50:00 +0100")];
    check(&segments, &[(Kind::Main, "03", 430)]);
}

#[test]
fn s6_time_in_bed_is_no_sleep() {
    let segments = [one(Stage::InBed, "02 23:00:00 +0100", "03 07:00:00 +0100")];
    let sessions = check(&segments, &[(Kind::InBedOnly, "03", 0)]);
    assert_eq!(sessions.iter().map(percent).collect::<Vec<_>>(), [None]);
    let of_phone = chain(PHONE, "22:30", &[(Stage::InBed, "23:30")]);
    let sessions = check(&[&of_phone[..], &segments].concat(), &[(Kind::InBedOnly, "03", 0)]);
    let night = sessions.first().expect("a night");
    assert_eq!((night.ranks.iter().copied().collect::<Vec<_>>(), night.awake_ms), (vec![WATCH, PHONE], 0));
    assert_eq!(night.slices.iter().map(|s| minutes(s.end_ms - s.start_ms)).collect::<Vec<_>>(), [30, 480]);
}

#[test]
fn a_few_minutes_of_sleep_leave_a_time_in_bed_what_it_is() {
    let segments = [
        one(Stage::InBed, "02 23:00:00 +0100", "03 07:00:00 +0100"),
        one(Stage::Core, "03 02:00:00 +0100", "03 02:04:00 +0100"),
    ];
    let sessions = check(&segments, &[(Kind::InBedOnly, "03", 0)]);
    assert_eq!(sessions.iter().map(|night| minutes(night.in_bed_ms)).collect::<Vec<_>>(), [480]);
}

#[test]
fn a_journey_after_a_sleep_does_not_change_its_day() {
    let stay =
        |stamp: &str, zone: &str| Anchor { start_ms: at(stamp), end_ms: at(stamp), zone: zone.into(), trusted: true };
    let anchors = [stay("03 20:00:00 +0100", "Europe/Berlin"), stay("03 22:00:00 +0100", "America/Los_Angeles")];
    let zones = Zones::of_stays(TimeZone::get("Europe/Berlin").expect("a zone"), &stays(anchors.into()));
    // Its middle is 19:00 in Berlin; six hours later it is 16:00 of the same day in California.
    let found = sessions(&[one(Stage::Core, "03 17:30:00 +0100", "03 20:30:00 +0100")], &zones);
    assert_eq!(found.iter().map(|night| format_day(night.day)).collect::<Vec<_>>(), ["2026-03-04"]);
}

#[test]
fn s7_an_app_fills_only_real_holes() {
    let mut segments = chain(APP, "22:50", &[(Stage::Unspecified, "06:10")]);
    segments.extend(chain(WATCH, "23:00", &[(Stage::Core, "02:00")]));
    segments.extend(chain(WATCH, "03:00", &[(Stage::Core, "06:00")]));
    let sessions = check(&segments, &[(Kind::Main, "03", 420)]);
    let night = sessions.first().expect("a night");
    assert_eq!([night.core_ms, night.unspecified_ms].map(minutes), [360, 60]);
    assert_eq!((night.start_ms, night.end_ms), (at("02 23:00:00 +0100"), at("03 06:00:00 +0100")));
}

#[test]
fn s8_an_hour_that_the_clock_skips_is_not_slept() {
    let segments = [one(Stage::Core, "28 23:00:00 +0100", "29 07:00:00 +0200")];
    check(&segments, &[(Kind::Main, "29", 420)]);
}

#[test]
fn a_late_morning_is_no_night_on_the_day_that_clocks_jump() {
    let segments = [one(Stage::Core, "29 07:30:00 +0200", "29 09:30:00 +0200")];
    check(&segments, &[(Kind::Nap, "29", 120)]);
    let segments = [one(Stage::Core, "29 07:00:00 +0200", "29 09:00:00 +0200")];
    check(&segments, &[(Kind::Main, "29", 120)]);
}

#[test]
fn s9_an_early_evening_is_a_nap() {
    let segments = [one(Stage::Core, "03 18:40:00 +0100", "03 19:20:00 +0100")];
    check(&segments, &[(Kind::Nap, "03", 40)]);
}

#[test]
fn s10_the_day_is_that_of_waking_up() {
    let segments = [one(Stage::Core, "03 17:30:00 +0100", "04 01:00:00 +0100")];
    check(&segments, &[(Kind::Main, "04", 450)]);
}

#[test]
fn s11_neither_order_nor_repeats_matter() {
    let mut segments = s1_segments();
    segments.reverse();
    segments.extend(s1_segments());
    assert_eq!(sessions(&segments, &berlin()), sessions(&s1_segments(), &berlin()));
}
