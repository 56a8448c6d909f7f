//! What a screen is told of a chart.

use super::*;
use crate::screen::Part;
use crate::testing::TestFolder;

/// Noon of 1 May 2026 in Berlin.
const NOW_MS: i64 = 1_777_629_600_000;

fn ask(subject: &str, range: &str, small: bool) -> Ask {
    Ask { subject: subject.to_owned(), range: range.to_owned(), small, ..Ask::default() }
}

#[test]
fn whoever_points_at_a_slot_reads_its_row_of_the_table() {
    let folder = TestFolder::filled("screen-slots");
    for (subject, range) in [
        ("heart_rate", "month"),
        ("step_count", "week"),
        ("sleep", "day"),
        ("body_mass", "all"),
        ("step_count:years", "year"),
    ] {
        let shown = chart(&folder, &ask(subject, range, false), NOW_MS).expect(subject);
        assert!(!shown.slots.is_empty(), "{subject}");
        for slot in &shown.slots {
            assert!(slot.from < slot.to && !slot.parts.is_empty(), "{subject}: {slot:?}");
            let told = |part: &Part| shown.model.table.rows.iter().any(|row| row.contains(&part.text));
            assert!(slot.parts.iter().all(told), "{subject}: {slot:?}");
        }
    }
}

#[track_caller]
fn check_hero(subject: &str, range: &str, expected: &str) {
    let folder = TestFolder::filled(&format!("screen-{}-{range}", subject.replace([':', ','], "-")));
    let shown = chart(&folder, &ask(subject, range, false), NOW_MS).expect(subject);
    assert_eq!(shown.hero.map(|hero| hero.what), Some(expected), "{subject}");
}

#[test]
fn the_number_of_a_page_suits_its_chart() {
    check_hero("heart_rate", "month", "range");
    check_hero("step_count", "day", "sum");
    check_hero("step_count", "month", "average_a_day");
    check_hero("oxygen_saturation", "month", "average");
    check_hero("body_mass", "all", "latest");
    check_hero("blood_pressure", "all", "pair");
}

#[test]
fn half_of_a_blood_pressure_tells_its_own_number() {
    let folder = TestFolder::filled("screen-halves");
    let hero = |subject: &str| chart(&folder, &ask(subject, "all", true), NOW_MS).expect(subject).hero.expect(subject);
    let pair = hero("blood_pressure");
    assert!(pair.high.is_some_and(|high| high > pair.value), "{pair:?}");
    let told = |subject: &str| (hero(subject).what, Some(hero(subject).value), hero(subject).high);
    assert_eq!(told("blood_pressure_systolic"), ("latest", pair.high, None));
    assert_eq!(told("blood_pressure_diastolic"), ("latest", Some(pair.value), None));
    assert_eq!(told("HKQuantityTypeIdentifierBloodPressureSystolic"), ("latest", pair.high, None));
}

/// A day with values of blood pressure: when, the upper one and the lower one.
fn pressures(rows: &[(&str, Option<u32>, Option<u32>)]) -> TestFolder {
    let row = |half: &str, at: &str, value: u32| {
        format!(
            "<Record type=\"HKQuantityTypeIdentifierBloodPressure{half}\" sourceName=\"Cuff\" unit=\"mmHg\" \
             value=\"{value}\" startDate=\"2026-03-14 {at} +0000\" endDate=\"2026-03-14 {at} +0000\"/>"
        )
    };
    let rows: Vec<String> = rows
        .iter()
        .flat_map(|(at, upper, lower)| {
            [upper.map(|value| row("Systolic", at, value)), lower.map(|value| row("Diastolic", at, value))]
        })
        .flatten()
        .collect();
    let thread = std::thread::current().id();
    let folder = TestFolder::of_rows(&format!("screen-pressures-{}-{thread:?}", rows.concat().len()), &rows);
    crate::settings::set(&folder, "home_zone", "UTC").expect("set");
    folder
}

#[track_caller]
fn check_half(rows: &[(&str, Option<u32>, Option<u32>)], [pair, upper, lower]: [Option<(&str, f64, Option<f64>)>; 3]) {
    let folder = pressures(rows);
    for range in ["day", "month", "all"] {
        for (subject, expected) in
            [("blood_pressure", pair), ("blood_pressure_systolic", upper), ("blood_pressure_diastolic", lower)]
        {
            let ask = Ask { last: Some("2026-03-14".to_owned()), ..ask(subject, range, false) };
            let hero = chart(&folder, &ask, NOW_MS).expect("a chart").hero;
            assert_eq!(hero.map(|hero| (hero.what, hero.value, hero.high)), expected, "{subject} {range}");
        }
    }
}

#[test]
fn a_half_that_is_alone_is_told_as_itself() {
    let latest = |value| Some(("latest", value, None));
    check_half(&[("07:00:00", Some(120), None)], [latest(120.0), latest(120.0), None]);
    check_half(&[("07:00:00", None, Some(80))], [latest(80.0), None, latest(80.0)]);
    let apart = [("07:00:00", None, Some(80)), ("08:00:00", Some(120), None), ("09:00:00", Some(125), None)];
    check_half(&apart, [latest(125.0), latest(125.0), latest(80.0)]);
    let mixed = [("07:00:00", Some(120), Some(80)), ("08:00:00", None, Some(85)), ("06:00:00", Some(110), None)];
    check_half(&mixed, [Some(("pair", 80.0, Some(120.0))), latest(120.0), latest(85.0)]);
}

#[test]
fn a_half_that_is_alone_leads_to_itself() {
    let folder = pressures(&[("07:00:00", None, Some(80))]);
    let hero = chart(&folder, &ask("blood_pressure", "month", false), NOW_MS).expect("a chart").hero.expect("a number");
    let leads: Vec<(&str, bool)> = hero.leads.iter().map(|lead| (lead.word.as_str(), lead.name.is_some())).collect();
    assert_eq!(leads, [("blood_pressure_diastolic", true)]);
}

#[test]
fn pairs_and_values_alone_have_the_slots_of_their_rows() {
    let rows = [
        ("06:00:00", None, Some(70)),
        ("07:00:00", Some(120), Some(80)),
        ("08:00:00", Some(130), None),
        ("09:00:00", Some(121), Some(81)),
        ("09:00:30", None, Some(90)),
        ("10:00:00", Some(135), None),
    ];
    let folder = pressures(&rows);
    let both = ["blood_pressure_systolic", "blood_pressure_diastolic"];
    let of_pair: [&[&str]; 6] = [&both[1..], &both, &both[..1], &both, &both[1..], &both[..1]];
    let of_upper: [&[&str]; 6] = [&both[1..], &[], &[], &[], &both[1..], &[]];
    for (subject, range, words) in [
        ("blood_pressure", "day", of_pair),
        ("blood_pressure", "month", of_pair),
        ("blood_pressure_systolic", "day", of_upper),
    ] {
        let shown = chart(&folder, &ask(subject, range, false), NOW_MS).expect("a chart");
        let label = |row: &Vec<String>| format!("{}, {}", row[0], row[1]);
        let (labels, slots): (Vec<String>, &[Slot]) =
            (shown.model.table.rows.iter().map(label).collect(), &shown.slots);
        assert_eq!(slots.iter().map(|slot| slot.label.clone()).collect::<Vec<_>>(), labels);
        assert_eq!(slots.iter().map(|slot| slot.explains.as_slice()).collect::<Vec<_>>(), words, "{subject} {range}");
        assert!(slots.iter().all(|slot| slot.from <= slot.to), "{slots:?}");
        assert!(slots.is_sorted_by(|a, b| a.to <= b.from), "{slots:?}");
        assert_eq!(slots.iter().filter(|slot| slot.stretch.is_some()).count(), if range == "day" { 6 } else { 0 });
    }
}

#[test]
fn the_stretch_of_a_pair_holds_both_halves() {
    for (upper, lower) in [("07:00:00", "07:00:05"), ("07:00:04", "07:00:00"), ("07:00:00", "07:00:00")] {
        let folder = pressures(&[(upper, Some(120), None), (lower, None, Some(80))]);
        let slots = chart(&folder, &ask("blood_pressure", "day", false), NOW_MS).expect("a chart").slots;
        let [slot] = slots.as_slice() else { panic!("one pair: {slots:?}") };
        for (word, value) in slot.explains.iter().zip([120.0, 80.0]) {
            let told = crate::screen::explain_stretch(&folder, word, slot.stretch.expect("a stretch"));
            assert_eq!(told.expect("an answer").value, Some(value), "{word} {upper} {lower}");
        }
        assert_eq!(slot.explains.len(), 2);
    }
}

#[test]
fn a_day_of_a_pair_is_found_where_it_is_drawn() {
    let row = |kind: &str, unit: &str, day: u32, value: u32| {
        format!(
            "<Record type=\"HKQuantityTypeIdentifier{kind}\" sourceName=\"Watch\" unit=\"{unit}\" value=\"{value}\" \
             startDate=\"2026-03-{day:02} 10:00:00 +0000\" endDate=\"2026-03-{day:02} 10:00:00 +0000\"/>"
        )
    };
    let days = [(1, 9000, 40), (2, 3000, 50), (4, 6000, 45)];
    let rows = days.map(|(day, steps, oxygen)| {
        row("StepCount", "count", day, steps) + &row("VO2Max", "mL/min\u{b7}kg", day, oxygen)
    });
    let folder = TestFolder::of_rows("screen-pair-slots", &rows);
    crate::settings::set(&folder, "home_zone", "UTC").expect("set");
    let shown = chart(&folder, &ask("step_count,vo2_max", "month", false), NOW_MS).expect("a pair");
    assert_eq!(shown.slots.len(), 3);
    for (slot, (day, steps, oxygen)) in shown.slots.iter().zip(days) {
        let day = format!("2026-03-{day:02}");
        assert_eq!(slot.days, Some((day.clone(), day)));
        let (low, high) = slot.rows.expect("a place");
        let middle = ((slot.from + slot.to) / 2.0, (low + high) / 2.0);
        let near = |a: f64, b: u32| (a - f64::from(b)).abs() < 1e-6;
        assert!(near(middle.0, steps) && near(middle.1, oxygen), "{slot:?}");
        assert_eq!(slot.parts.len(), 2);
    }
}

#[track_caller]
fn check_leads(subject: &str, range: &str, expected: &[(&str, &str, &str)]) {
    let quantity = |kind: &str, unit: &str, value: &str, at: &str| {
        format!(
            "<Record type=\"HKQuantityTypeIdentifier{kind}\" sourceName=\"Scale\" unit=\"{unit}\" value=\"{value}\" \
             startDate=\"2026-03-{at}:00 +0000\" endDate=\"2026-03-{at}:00 +0000\"/>"
        )
    };
    let rows = [
        quantity("BodyMass", "kg", "74", "02 07:00"),
        quantity("BodyMass", "kg", "72", "12 07:00"),
        quantity("BloodPressureSystolic", "mmHg", "120", "11 07:00"),
        quantity("BloodPressureDiastolic", "mmHg", "80", "11 07:00"),
        quantity("StepCount", "count", "900", "13 07:00"),
    ];
    let folder = TestFolder::of_rows(&format!("screen-leads-{subject}-{range}"), &rows);
    crate::settings::set(&folder, "home_zone", "UTC").expect("set");
    let ask = Ask { last: Some("2026-03-14".to_owned()), ..ask(subject, range, false) };
    let leads = chart(&folder, &ask, NOW_MS).expect("a chart").hero.expect("a number").leads;
    let found: Vec<(&str, &str, &str)> =
        leads.iter().map(|lead| (lead.word.as_str(), lead.first_day.as_str(), lead.last_day.as_str())).collect();
    assert_eq!(found, expected);
}

#[track_caller]
fn check_at(kind: &str, unit: &str, expected: Option<(&str, &str)>) {
    let row = |value: u32, at: &str| {
        format!(
            "<Record type=\"HKQuantityTypeIdentifier{kind}\" sourceName=\"Meter\" unit=\"{unit}\" value=\"{value}\" \
             startDate=\"2026-03-{at}:00 +0000\" endDate=\"2026-03-{at}:00 +0000\"/>"
        )
    };
    let rows = [row(80, "12 07:05"), row(90, "13 23:40"), row(70, "02 10:00")];
    let folder = TestFolder::of_rows(&format!("screen-at-{kind}"), &rows);
    crate::settings::set(&folder, "home_zone", "Europe/Berlin").expect("set");
    let hero = chart(&folder, &ask(kind, "month", true), NOW_MS).expect("a chart").hero.expect("a number");
    let at = hero.at.as_ref().map(|at| (at.day.as_str(), at.clock.as_str()));
    assert_eq!((hero.what == "latest", at), (expected.is_some(), expected), "{kind}");
}

#[test]
fn one_reading_tells_when_it_was_on_the_wearers_clock() {
    check_at("BodyMass", "kg", Some(("2026-03-14", "00:40")));
    check_at("BloodGlucose", "mg/dL", Some(("2026-03-14", "00:40")));
    check_at("RestingHeartRate", "count/min", None);
    check_at("StepCount", "count", None);
}

#[test]
fn a_number_leads_to_the_days_it_is_made_of() {
    check_leads("body_mass", "month", &[("body_mass", "2026-03-12", "2026-03-12")]);
    check_leads("step_count", "week", &[("step_count", "2026-03-08", "2026-03-14")]);
    let pressure = [
        ("blood_pressure_systolic", "2026-03-11", "2026-03-11"),
        ("blood_pressure_diastolic", "2026-03-11", "2026-03-11"),
    ];
    check_leads("blood_pressure", "month", &pressure);
    check_leads("blood_pressure_diastolic", "month", &pressure[1..]);
}

fn category(kind: &str, value: &str, from: &str, until: &str) -> String {
    format!(
        "<Record type=\"HKCategoryTypeIdentifier{kind}\" value=\"HKCategoryValue{value}\" sourceName=\"Watch\" \
         startDate=\"2026-03-{from}:00 +0000\" endDate=\"2026-03-{until}:00 +0000\"/>"
    )
}

#[test]
fn a_night_is_read_where_nothing_was_written_too() {
    let asleep = |from, until| category("SleepAnalysis", "SleepAnalysisAsleepCore", from, until);
    let rows = [asleep("10 23:00", "11 01:00"), asleep("11 01:30", "11 06:00")];
    let folder = TestFolder::of_rows("screen-silence", &rows);
    crate::settings::set(&folder, "home_zone", "UTC").expect("set");
    let slots = chart(&folder, &ask("sleep", "day", false), NOW_MS).expect("a night").slots;
    let told: Vec<(&str, &str)> = slots.iter().map(|s| (s.label.as_str(), s.parts[0].name.as_str())).collect();
    let silence = ("01:00 \u{2013} 01:30", "Nothing written (awake)");
    assert_eq!(told, [("23:00 \u{2013} 01:00", "Core"), silence, ("01:30 \u{2013} 06:00", "Core")]);
}

#[test]
fn what_happens_now_and_then_is_counted_and_not_averaged() {
    let headache = |day: &str| category("Headache", "SeverityMild", &format!("{day} 10:00"), &format!("{day} 11:00"));
    let folder = TestFolder::of_rows("screen-events", &["02", "03", "05", "20"].map(headache));
    let shown = chart(&folder, &ask("headache", "half_year", true), NOW_MS).expect("a chart");
    let hero = shown.hero.expect("a number");
    assert_eq!((hero.what, hero.value, shown.context.is_none()), ("sum", 4.0, true));
    assert!(shown.model.summary.contains("came to 4 times, at most 3 in one week"), "{}", shown.model.summary);
}

#[test]
fn a_card_has_shapes_and_no_words() {
    let folder = TestFolder::filled("screen-card");
    let shown = chart(&folder, &ask("step_count", "week", true), NOW_MS).expect("a card");
    assert!(shown.model.x.ticks.is_empty() && shown.model.y.label.is_empty() && shown.model.keys.is_empty());
    assert!(shown.hero.is_some());
}

#[test]
fn a_range_that_does_not_exist_is_refused() {
    let folder = TestFolder::filled("screen-range");
    for range in ["fortnight", "0", "-3", ""] {
        let error = chart(&folder, &ask("step_count", range, false), NOW_MS).map(|shown| shown.first_day);
        assert_eq!(error.map_err(|error| error.code), Err(Code::BadUsage), "{range}");
    }
    assert!(chart(&folder, &ask("step_count", "17", false), NOW_MS).is_ok());
}

fn day_of(subject: &str, range: &str, last: &str, part: Option<(f64, f64)>) -> Shown {
    // Tests run side by side.
    let thread = std::thread::current().id();
    let part_name = part.map_or(0.0, |part| part.0 + part.1);
    let folder = TestFolder::filled(&format!("screen-{}-{range}-{part_name}-{thread:?}", subject.len()));
    crate::settings::set(&folder, "home_zone", "Europe/Berlin").expect("set");
    let ask = Ask { last: Some(last.to_owned()), part, ..ask(subject, range, false) };
    chart(&folder, &ask, NOW_MS).expect("a chart")
}

/// Noon of 14 March 2026 in Berlin.
const NOON: f64 = 1_773_486_000_000.0;
const HOUR: f64 = 3_600_000.0;

#[test]
fn a_part_of_a_day_is_shown_alone_and_moved_into_the_day() {
    let whole = day_of("HeartRate", "day", "2026-03-14", None);
    let all = whole.whole.expect("parts");
    assert_eq!((all.from, all.to), (NOON - 12.0 * HOUR, NOON + 12.0 * HOUR));
    for (asked, expected) in [
        ((NOON, NOON + HOUR), (NOON, NOON + HOUR)),
        ((NOON + 11.5 * HOUR, NOON + 13.5 * HOUR), (NOON + 10.0 * HOUR, NOON + 12.0 * HOUR)),
        ((NOON, NOON + 1.0), (NOON, NOON + all.least)),
        ((NOON, NOON + 48.0 * HOUR), (all.from, all.to)),
        ((NOON, NOON), (all.from, all.to)),
    ] {
        let shown = day_of("heart_rate", "day", "2026-03-14", Some(asked));
        assert_eq!((shown.model.x.from, shown.model.x.to), expected, "{asked:?}");
        assert!(shown.slots.iter().all(|slot| expected.0 <= slot.from && slot.to <= expected.1));
        assert!(!shown.empty);
    }
    assert_eq!(day_of("heart_rate", "week", "2026-03-14", Some((NOON, NOON + HOUR))).whole, None);
}

/// A day with steps from 8 to 10 and a run of heart rates, of which a part from half past eight on is shown.
fn half_past(subject: &str, part: (f64, f64)) -> Shown {
    let record = |kind: &str, unit: &str, value: &str, from: &str, until: &str| {
        format!(
            "<Record type=\"HKQuantityTypeIdentifier{kind}\" sourceName=\"Watch\" unit=\"{unit}\" value=\"{value}\" \
             startDate=\"2026-03-14 {from}:00 +0000\" endDate=\"2026-03-14 {until}:00 +0000\"/>"
        )
    };
    let pulse = |at: &str, value: &str| record("HeartRate", "count/min", value, at, at);
    let rows = [
        record("StepCount", "count", "600", "08:00", "09:00"),
        record("StepCount", "count", "240", "09:00", "10:00"),
        pulse("08:10", "50"),
        pulse("08:40", "60"),
        pulse("09:20", "80"),
        pulse("09:50", "120"),
        record("OxygenSaturation", "%", "0.9", "08:10", "08:10"),
        record("OxygenSaturation", "%", "0.96", "08:40", "08:40"),
    ];
    let folder = TestFolder::of_rows(&format!("screen-part-{subject}-{}", part.1), &rows);
    crate::settings::set(&folder, "home_zone", "UTC").expect("set");
    let ask = Ask { last: Some("2026-03-14".to_owned()), part: Some(part), ..ask(subject, "day", false) };
    let shown = chart(&folder, &ask, NOW_MS).expect("a chart");
    for slot in &shown.slots {
        let stretch = slot.stretch.expect("a stretch");
        let told = crate::screen::explain_stretch(&folder, subject, stretch).expect("an explanation");
        let bucket = shown.model.buckets.iter().find(|bucket| (bucket.start_ms, bucket.end_ms) == stretch);
        assert_eq!(told.value, bucket.map(|bucket| bucket.mean), "{slot:?}");
    }
    shown
}

#[track_caller]
fn check_hero_of_part(subject: &str, expected: (&str, f64, Option<f64>, Option<f64>, Option<u64>)) {
    let half = NOON - HOUR * 2.5;
    let part = (half, half + HOUR);
    let hero = half_past(subject, part).hero.expect("a number");
    assert_eq!((hero.what, hero.value, hero.high, hero.mean, hero.readings), expected, "{subject}");
    if hero.what != "latest" {
        assert_eq!((hero.with_data, hero.slots), (2, 2), "{subject}");
        assert_eq!(hero.leads[0].stretch, Some((part.0 as i64, part.1 as i64)), "{subject}");
    }
}

#[test]
fn the_number_of_a_part_of_a_day_is_of_that_part() {
    check_hero_of_part("step_count", ("sum", 420.0, None, None, None));
    check_hero_of_part("heart_rate", ("range", 60.0, Some(80.0), Some(70.0), Some(2)));
}

#[track_caller]
fn check_part(subject: &str, rows: &[&[&str]], summary: &str) {
    let half = NOON - HOUR * 2.5;
    let shown = half_past(subject, (half, half + HOUR));
    assert_eq!(shown.model.table.rows, rows);
    assert_eq!(shown.model.summary, summary);
    assert_eq!(shown.model.days, "14 Mar 2026, 08:30\u{2013}09:30");
    assert_eq!(shown.slots.len(), rows.len());
}

#[test]
fn a_part_of_a_day_tells_of_that_part() {
    let halves = ["08:30\u{2013}09:00", "09:00\u{2013}09:30"];
    check_part(
        "step_count",
        &[&[halves[0], "300", ""], &[halves[1], "120", ""]],
        "On 14 Mar 2026 from 08:30 to 09:30 steps came to 420, at most 300 in one hour; 2 of 2 hours have data.",
    );
    check_part(
        "heart_rate",
        &[&[halves[0], "60", "60", "60", "1"], &[halves[1], "80", "80", "80", "1"]],
        "On 14 Mar 2026 from 08:30 to 09:30 your heart rate ranged from 60 to 80 bpm; its mean over time was 70 bpm, \
         from 2 readings. 2 of 2 hours have data.",
    );
}

#[test]
fn a_part_of_a_night_tells_of_that_part() {
    let asleep = |stage, from, until| category("SleepAnalysis", &format!("SleepAnalysisAsleep{stage}"), from, until);
    let rows = [asleep("Core", "10 23:00", "11 01:00"), asleep("Deep", "11 01:00", "11 06:00")];
    let folder = TestFolder::of_rows("screen-part-night", &rows);
    crate::settings::set(&folder, "home_zone", "UTC").expect("set");
    // 11 March, 00:00 UTC.
    let midnight = NOON - 83.0 * HOUR;
    let part = Some((midnight + 0.5 * HOUR, midnight + 1.5 * HOUR));
    let shown = chart(&folder, &Ask { part, ..ask("sleep:night", "day", false) }, NOW_MS).expect("a night").model;
    let told: Vec<String> = shown.table.rows.iter().map(|row| row.join(" ")).collect();
    assert_eq!(
        told.get(told.len() - 2..),
        Some(&["00:30 01:00 Core 30 min".to_owned(), "01:00 01:30 Deep 30 min".to_owned()][..])
    );
    assert!(shown.summary.contains("from 00:30 to 01:30: 1 h asleep. Core 30 min, Deep 30 min."), "{}", shown.summary);
}

#[test]
fn a_part_of_a_workout_tells_of_that_part() {
    let folder = TestFolder::filled("screen-part-workout");
    let all = crate::workouts::workouts(&folder, Default::default()).expect("workouts");
    let id = all.iter().find(|row| row.route_points > 1).expect("a route").id;
    let asked = |part| {
        let ask = Ask { part, ..ask(&format!("workout:{id}:profiles"), "day", false) };
        chart(&folder, &ask, NOW_MS).expect("a workout")
    };
    let whole = asked(None).whole.expect("parts");
    let middle = (whole.from + whole.to) / 2.0;
    let shown = asked(Some((middle, middle + whole.least)));
    let (from, to) = (format!("{:.1}", middle / 60.0), format!("{:.1}", (middle + whole.least) / 60.0));
    let rows = &shown.model.table.rows;
    assert_eq!((rows.first().map(|row| &row[0]), rows.last().map(|row| &row[0])), (Some(&from), Some(&to)));
    assert!(shown.model.summary.ends_with(&format!("This is of {from} to {to} min.")), "{}", shown.model.summary);
    let ends = (shown.slots.first().map(|slot| slot.from), shown.slots.last().map(|slot| slot.to));
    assert_eq!(ends, (Some(middle), Some(middle + whole.least)));
}

#[test]
fn a_slot_knows_whose_days_it_tells() {
    let days = |subject: &str, range: &str| {
        let shown = day_of(subject, range, "2026-03-14", None);
        (shown.explains, shown.slots.iter().filter_map(|slot| slot.days.clone()).next_back())
    };
    let of = |first: &str, last: &str| Some((first.to_owned(), last.to_owned()));
    let word = |word: &str| Some(word.to_owned());
    assert_eq!(days("step_count", "day"), (word("step_count"), of("2026-03-14", "2026-03-14")));
    assert_eq!(days("step_count", "week"), (word("step_count"), of("2026-03-14", "2026-03-14")));
    assert_eq!(days("HeartRate", "half_year"), (word("heart_rate"), of("2026-03-09", "2026-03-15")));
    assert_eq!(days("step_count", "year"), (word("step_count"), of("2026-03-01", "2026-03-31")));
    assert_eq!(days("sleep:night", "day"), (word("sleep"), of("2026-03-14", "2026-03-14")));
    assert_eq!(days("sleep:nights", "week"), (word("sleep"), of("2026-03-14", "2026-03-14")));
    assert_eq!(days("step_count:years", "year"), (word("step_count"), None));
}

#[test]
fn a_slot_of_years_over_each_other_leads_to_the_days_of_each_year() {
    let steps = |day: &str, value: u32| {
        format!(
            "<Record type=\"HKQuantityTypeIdentifierStepCount\" sourceName=\"Watch\" unit=\"count\" \
             startDate=\"{day} 10:00:00 +0000\" endDate=\"{day} 11:00:00 +0000\" value=\"{value}\"/>"
        )
    };
    let rows = [
        steps("2024-02-01", 3000),
        steps("2024-02-29", 5000),
        steps("2024-12-31", 1000),
        steps("2026-02-02", 8000),
        steps("2026-02-28", 9000),
    ];
    let folder = TestFolder::of_rows("screen-years-why", &rows);
    crate::settings::set(&folder, "home_zone", "UTC").expect("set");
    for (subject, least) in [("step_count:years", 3), ("step_count:years:weeks", 5)] {
        let slots = chart(&folder, &ask(subject, "year", false), NOW_MS).expect("a chart").slots;
        let mut told = 0;
        for slot in &slots {
            assert_eq!(slot.years.len(), slot.parts.len(), "{slot:?}");
            for ((first, last), part) in slot.years.iter().zip(&slot.parts) {
                let days = crate::explain::explain_days(&folder, "step_count", first, last, NOW_MS).expect("days");
                let value = part.text.replace(',', "").parse::<f64>().ok();
                assert_eq!(days.mean, value, "{subject} {slot:?}");
                told += usize::from(value.is_some());
            }
        }
        assert_eq!(told, least, "{slots:?}");
    }
}

#[test]
fn a_cell_of_a_calendar_leads_to_its_day() {
    let folder = TestFolder::filled("screen-calendar-why");
    let slots = chart(&folder, &ask("step_count:calendar", "all", false), NOW_MS).expect("a chart").slots;
    let mut told = 0;
    for slot in &slots {
        let (first, last) = slot.days.clone().expect("a day");
        assert_eq!((first == last, slot.rows.is_some()), (true, true));
        let day = crate::explain::explain(&folder, "step_count", &first).expect("an answer");
        let value = slot.parts[0].text.replace(',', "").parse::<f64>().ok();
        assert_eq!(day.value, value, "{slot:?}");
        told += usize::from(value.is_some());
    }
    assert!(told >= 3 && slots.len() > told, "{told}");
}

#[test]
fn rings_of_a_page_are_cells_that_lead_to_their_day() {
    let rings = |day: &str| {
        format!(
            r#"<ActivitySummary dateComponents="2026-03-{day}" activeEnergyBurned="{day}0" activeEnergyBurnedGoal="500" activeEnergyBurnedUnit="kcal" appleExerciseTime="3" appleExerciseTimeGoal="30" appleStandHours="2" appleStandHoursGoal="12"/>"#
        )
    };
    let folder = TestFolder::of_rows("cells-of-rings", &["08", "10", "14"].map(rings));
    let slots = |range: &str| {
        let ask = Ask { last: Some("2026-03-14".to_owned()), ..ask("rings", range, false) };
        let slots = chart(&folder, &ask, NOW_MS).expect("a chart").slots;
        slots
            .iter()
            .map(|s| (s.days.clone().expect("a day").0, s.parts[0].text.clone(), s.from, s.rows))
            .collect::<Vec<_>>()
    };
    let cell = |day: &str, text: &str, column: f64, top: f64| {
        (format!("2026-03-{day}"), text.to_owned(), column, Some((top - 1.0, top)))
    };
    // From Monday: the eighth is a Sunday, the tenth a Tuesday, the fourteenth a Saturday.
    let (second, third) = (cell("10", "100 of 500 kcal", 1.0, 1.0), cell("14", "140 of 500 kcal", 5.0, 1.0));
    assert_eq!(slots("week"), [cell("08", "80 of 500 kcal", 6.0, 2.0), second.clone(), third.clone()]);
    assert_eq!(slots("month"), [cell("08", "80 of 500 kcal", 6.0, 2.0), second, third]);
    assert_eq!(slots("day"), []);
}

#[test]
fn an_hour_is_explained_by_itself_and_a_reading_by_its_moment() {
    let stretches = |subject: &str, last: &str| {
        let slots = day_of(subject, "day", last, None).slots;
        slots.iter().map(|slot| slot.stretch.map(|(from, until)| until - from)).collect::<Vec<_>>()
    };
    assert_eq!(stretches("step_count", "2026-03-14"), [Some(HOUR as i64); 3]);
    assert!(stretches("HeartRate", "2026-03-14").iter().all(|length| *length == Some(HOUR as i64)));
    assert_eq!(stretches("blood_pressure", "2026-03-14"), [Some(1)]);
    assert!(stretches("sleep:night", "2026-03-14").iter().all(Option::is_none));
    assert!(day_of("step_count", "week", "2026-03-14", None).slots.iter().all(|slot| slot.stretch.is_none()));
}

#[track_caller]
fn check_nearest(last: &str, expected: Option<(Option<&str>, Option<&str>)>) {
    let step = |day: &str| {
        format!(
            "<Record type=\"HKQuantityTypeIdentifierStepCount\" sourceName=\"Phone\" unit=\"count\" value=\"1\" \
             startDate=\"{day} 10:00:00 +0000\" endDate=\"{day} 10:30:00 +0000\"/>"
        )
    };
    let folder = TestFolder::of_rows(&format!("screen-nearest-{last}"), &[step("2026-03-01"), step("2026-03-20")]);
    crate::settings::set(&folder, "home_zone", "UTC").expect("set");
    let ask = Ask { last: Some(last.to_owned()), ..ask("step_count", "week", false) };
    let found = chart(&folder, &ask, NOW_MS).expect("a chart").nearest;
    let found = found.as_ref().map(|found| (found.before.as_deref(), found.after.as_deref()));
    assert_eq!(found, expected);
}

#[test]
fn a_gap_names_the_nearest_days_with_data() {
    check_nearest("2026-03-14", Some((Some("2026-03-01"), Some("2026-03-20"))));
    check_nearest("2026-02-14", Some((None, Some("2026-03-01"))));
    check_nearest("2026-04-14", Some((Some("2026-03-20"), None)));
    check_nearest("2026-03-20", None);
}

#[track_caller]
fn check_latest(kind: &str, unit: &str, last: &str, expected: Option<(&str, f64, Option<&str>)>) {
    let rows = [("2026-03-01", "1.78"), ("2026-03-20", "1.8")].map(|(day, value)| {
        format!(
            "<Record type=\"HKQuantityTypeIdentifier{kind}\" sourceName=\"Phone\" unit=\"{unit}\" value=\"{value}\" \
             startDate=\"{day} 10:00:00 +0000\" endDate=\"{day} 10:00:00 +0000\"/>"
        )
    });
    let folder = TestFolder::of_rows(&format!("screen-latest-{kind}-{last}"), &rows);
    crate::settings::set(&folder, "home_zone", "UTC").expect("set");
    let ask = Ask { last: Some(last.to_owned()), ..ask(kind, "week", true) };
    let found = chart(&folder, &ask, NOW_MS).expect("a chart").nearest.expect("a gap").latest;
    let found = found.as_ref();
    let lead = |hero: &Hero| hero.leads.first().map(|lead| lead.last_day.clone());
    assert_eq!(found.map(|hero| (hero.what, hero.value)), expected.map(|(what, value, _)| (what, value)));
    assert_eq!(found.and_then(lead), expected.and_then(|(.., day)| day.map(str::to_owned)));
}

#[test]
fn what_is_rarely_measured_tells_its_latest_value_in_a_gap() {
    check_latest("Height", "m", "2026-03-14", Some(("average", 1.78, Some("2026-03-01"))));
    check_latest("Height", "m", "2026-04-14", Some(("average", 1.8, Some("2026-03-20"))));
    check_latest("Height", "m", "2026-02-14", None);
    check_latest("BodyMass", "kg", "2026-03-14", Some(("latest", 1.78, Some("2026-03-01"))));
    // The sum of a day that is over says nothing about today.
    check_latest("FlightsClimbed", "count", "2026-03-14", None);
}

#[test]
fn a_gap_of_rings_names_the_nearest_days_with_rings() {
    let rings = |day: &str| {
        format!(
            "<ActivitySummary dateComponents=\"2026-03-{day}\" activeEnergyBurned=\"300\" \
             activeEnergyBurnedGoal=\"500\" activeEnergyBurnedUnit=\"kcal\" appleExerciseTime=\"10\" \
             appleExerciseTimeGoal=\"30\" appleStandHours=\"8\" appleStandHoursGoal=\"12\"/>"
        )
    };
    let folder = TestFolder::of_rows("nearest-rings", &["01", "02", "20"].map(rings));
    crate::settings::set(&folder, "home_zone", "UTC").expect("set");
    let near = |range: &str, last: &str| {
        let ask = Ask { last: Some(last.to_owned()), ..ask("rings", range, false) };
        chart(&folder, &ask, NOW_MS).expect("a chart").nearest.map(|found| (found.before, found.after))
    };
    let day = |day: &str| Some(day.to_owned());
    assert_eq!(near("day", "2026-03-14"), Some((day("2026-03-02"), day("2026-03-20"))));
    assert_eq!(near("week", "2026-03-30"), Some((day("2026-03-20"), None)));
    assert_eq!(near("week", "2026-03-20"), None);
    let origin = |last: &str| {
        let ask = Ask { last: Some(last.to_owned()), ..ask("rings", "day", false) };
        chart(&folder, &ask, NOW_MS).expect("a chart").origin
    };
    assert!(origin("2026-03-02").is_some_and(|origin| origin.sentence.contains("as Apple wrote it")));
    assert_eq!(origin("2026-03-14"), None);
}

#[test]
fn rings_tell_where_they_come_from_and_which_records_are_beside() {
    let folder = TestFolder::filled("rings-origin");
    let rings = chart(&folder, &ask("rings", "day", false), NOW_MS).expect("rings");
    let origin = rings.origin.expect("an origin");
    assert!(!origin.beside.is_empty());
    for lead in &origin.beside {
        assert_eq!((&lead.first_day, &lead.last_day), (&rings.first_day, &rings.last_day));
        crate::screen::explain(&folder, &lead.word, &lead.first_day).expect("an explanation");
    }
    assert_eq!(chart(&folder, &ask("step_count", "day", false), NOW_MS).expect("steps").origin, None);
}

/// Nights of 9, 11 and 20 March by waking up, a nap on the 14th, and time in bed only before the 16th.
fn nights_folder(name: &str, label: &str) -> TestFolder {
    let asleep = |from, until| category("SleepAnalysis", "SleepAnalysisAsleepCore", from, until);
    let rows = [
        asleep("08 23:00", "09 06:00"),
        asleep("10 23:00", "11 06:00"),
        asleep("14 13:00", "14 14:00"),
        category("SleepAnalysis", "SleepAnalysisInBed", "15 23:00", "16 06:00"),
        asleep("19 23:00", "20 06:00"),
    ];
    let folder = TestFolder::of_rows(name, &rows);
    crate::settings::set(&folder, "home_zone", "UTC").expect("set");
    crate::settings::set(&folder, "night_label", label).expect("set");
    folder
}

#[track_caller]
fn check_nights(label: &str, asked: (&str, &str), last: &str, days: (&str, &str), near: [Option<&str>; 2]) {
    let folder = nights_folder(&format!("nearest-{label}-{last}-{}", asked.0.len()), label);
    let ask = |last: &str| Ask { last: Some(last.to_owned()), ..ask(asked.0, asked.1, false) };
    let found = chart(&folder, &ask(last), NOW_MS).expect("a chart").nearest.expect("a gap");
    assert_eq!((found.days.0.as_str(), found.days.1.as_str(), found.nights), (days.0, days.1, true));
    assert_eq!([found.before.as_deref(), found.after.as_deref()], near);
    // What it leads to has data.
    for day in near.into_iter().flatten() {
        assert!(!chart(&folder, &ask(day), NOW_MS).expect("a chart").empty, "{day}");
    }
}

#[test]
fn a_missing_night_is_drawn_over_the_hours_that_its_label_means() {
    let hours = |label: &str, last: Option<&str>| {
        let folder = nights_folder(&format!("missing-{label}-{}", last.is_some()), label);
        let ask = Ask { last: last.map(str::to_owned), ..ask("sleep:night", "day", false) };
        let shown = chart(&folder, &ask, NOW_MS).expect("a chart");
        (shown.first_day, shown.last_day, shown.empty, shown.slots.first().and_then(|slot| slot.days.clone()))
    };
    let check = |label: &str, last: Option<&str>, (first, until): (&str, &str), counts: Option<&str>| {
        let counts = counts.map(|day| (day.to_owned(), day.to_owned()));
        let expected = (first.to_owned(), until.to_owned(), counts.is_none(), counts);
        assert_eq!(hours(label, last), expected, "{label} {last:?}");
    };
    check("wake", Some("2026-03-12"), ("2026-03-11", "2026-03-12"), None);
    check("evening", Some("2026-03-12"), ("2026-03-12", "2026-03-13"), None);
    // Without a day the last night is shown, and its numbers lead to the day that it counts for.
    check("wake", None, ("2026-03-19", "2026-03-20"), Some("2026-03-20"));
    check("evening", None, ("2026-03-19", "2026-03-20"), Some("2026-03-19"));
}

#[test]
fn a_gap_in_sleep_names_the_nearest_nights_by_their_label() {
    let (night, nights, stages) = (("sleep:night", "day"), ("sleep:nights", "2"), ("sleep:stages", "2"));
    let one = |day: &'static str| (day, day);
    check_nights("wake", night, "2026-03-10", one("2026-03-10"), [Some("2026-03-09"), Some("2026-03-11")]);
    check_nights("wake", night, "2026-03-12", one("2026-03-12"), [Some("2026-03-11"), Some("2026-03-16")]);
    check_nights("evening", night, "2026-03-09", one("2026-03-09"), [Some("2026-03-08"), Some("2026-03-10")]);
    let days = ("2026-03-12", "2026-03-13");
    check_nights("wake", nights, "2026-03-13", days, [Some("2026-03-11"), Some("2026-03-16")]);
    check_nights("wake", stages, "2026-03-13", days, [Some("2026-03-11"), Some("2026-03-20")]);
    check_nights("evening", stages, "2026-03-13", days, [Some("2026-03-10"), Some("2026-03-19")]);
    check_nights("wake", stages, "2026-03-25", ("2026-03-24", "2026-03-25"), [Some("2026-03-20"), None]);
}
