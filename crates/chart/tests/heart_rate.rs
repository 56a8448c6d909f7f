//! The heart-rate chart against kept pictures and models. `UPDATE_GOLDEN=1 cargo test -p chart` writes them anew.

mod samples;

use chart::model::Bucket;
use chart::{Model, Range, Size, Step, Theme, heart_rate, render};
use health::time::Zones;
use samples::{at, berlin, check_golden};

/// A bucket in every slot but the ones that `empty` names; invented numbers.
fn model(range: Range, zones: &Zones, empty: &[usize]) -> Model {
    let slots = range.slots(zones);
    let last = slots.len() - 1;
    let bucket = |(i, (start_ms, end_ms)): (usize, &(i64, i64))| Bucket {
        start_ms: *start_ms,
        end_ms: *end_ms,
        min: 44.0 + (i * 7 % 5) as f64,
        max: 110.0 + (i * 37 % 60) as f64,
        mean: 62.0 + (i * 11 % 9) as f64,
        n: 100 + i as u64,
        complete: i != last,
        label: String::new(),
    };
    let buckets: Vec<Bucket> = slots.iter().enumerate().filter(|(i, _)| !empty.contains(i)).map(bucket).collect();
    heart_rate::model(&buckets, None, range, zones)
}

fn month() -> (Range, Zones) {
    let zones = berlin();
    (Range::ending(at("2026-03-01 12:00:00 +0100"), 28, &zones), zones)
}

#[test]
fn a_month_is_days_with_a_gap_and_a_sentence() {
    let (range, zones) = month();
    let model = model(range, &zones, &[16, 17]);
    assert_eq!(model.buckets.len(), 26);
    assert_eq!(model.gaps.len(), 1);
    assert_eq!(model.gaps[0].end_ms - model.gaps[0].start_ms, 2 * 24 * 3_600_000);
    assert_eq!(model.table.rows.len(), 28);
    assert_eq!(model.table.rows[16][1], "no data");
    check_golden("month.json", &format!("{}\n", serde_json::to_string_pretty(&model).expect("json")));
}

#[test]
fn the_same_model_gives_the_same_picture_in_both_themes() {
    let (range, zones) = month();
    let model = model(range, &zones, &[16, 17]);
    for (theme, name) in [(Theme::Light, "month-light.svg"), (Theme::Dark, "month-dark.svg")] {
        let drawn = render(&model, Size::new(880, 280), theme).expect("a picture");
        assert!(
            drawn.svg.contains("role=\"img\"")
                && drawn.svg.contains("aria-label=\"Heart rate\"")
                && !drawn.svg.contains("<title")
        );
        assert!(drawn.svg.contains(">no data") || drawn.svg.contains("\nno data\n"), "the gap says so");
        check_golden(name, &drawn.svg);
    }
}

#[test]
fn the_scale_tells_where_values_stand() {
    let (range, zones) = month();
    let drawn = render(&model(range, &zones, &[]), Size::new(880, 280), Theme::Light).expect("a picture");
    let scale = drawn.scale;
    assert_eq!((scale.x0, scale.x1), (range.start_ms as f64, range.end_ms as f64));
    assert!(scale.y0 <= 44.0 && scale.y1 >= 169.0);
    assert_eq!((scale.left, scale.top, scale.right, scale.bottom), (36.0, 28.0, 866.0, 254.0));
}

#[test]
fn nothing_measured_is_said_in_words() {
    let (range, zones) = month();
    let model = heart_rate::model(&[], None, range, &zones);
    assert_eq!(model.summary, "Between 2 Feb 2026 and 1 Mar 2026 there are no heart-rate readings.");
    assert_eq!((model.totals, model.gaps.len()), (None, 1));
    assert!(render(&model, Size::new(880, 280), Theme::Dark).is_ok());
}

#[test]
fn one_day_is_hours_and_a_clock_change_takes_one_away() {
    let zones = berlin();
    let day = Range::ending(at("2026-03-01 12:00:00 +0100"), 1, &zones);
    assert_eq!((day.step, day.slots(&zones).len()), (Step::Hour, 24));
    let labels: Vec<String> = day.ticks(&zones).into_iter().map(|t| t.label).collect();
    assert_eq!(labels, ["00:00", "03:00", "06:00", "09:00", "12:00", "15:00", "18:00", "21:00"]);
    let short = Range::ending(at("2026-03-29 12:00:00 +0200"), 1, &zones);
    assert_eq!(short.slots(&zones).len(), 23);
}

#[test]
fn a_year_is_weeks_and_its_axis_names_months() {
    let zones = berlin();
    let year = Range::ending(at("2026-03-01 12:00:00 +0100"), 364, &zones);
    assert_eq!((year.step, year.slots(&zones).len()), (Step::Week, 52));
    let labels: Vec<String> = year.ticks(&zones).into_iter().map(|t| t.label).collect();
    assert_eq!(labels.first().map(String::as_str), Some("Apr"));
    assert!(labels.contains(&"2026".to_owned()));
}

#[test]
fn every_range_from_a_day_to_twenty_years_can_be_drawn() {
    let zones = berlin();
    for days in [1, 2, 7, 31, 62, 63, 182, 366, 2000, u32::MAX] {
        let range = Range::ending(at("2026-03-01 12:00:00 +0100"), days, &zones);
        let drawn = render(&model(range, &zones, &[]), Size::new(1, 1), Theme::Light).expect("a picture");
        assert!(!drawn.svg.contains("NaN"), "{days} days");
    }
}

#[test]
fn what_is_not_over_yet_has_a_key() {
    let zones = berlin();
    let range = Range::ending(samples::now(), 7, &zones);
    let (start_ms, end_ms) = range.slots(&zones)[6];
    let keys = |complete: bool| {
        let label = String::new();
        let bucket = Bucket { start_ms, end_ms, min: 50.0, max: 90.0, mean: 60.0, n: 9, complete, label };
        let keys = heart_rate::model(&[bucket], None, range, &zones).keys;
        keys.into_iter().map(|key| key.label).collect::<Vec<_>>()
    };
    assert_eq!(keys(false), ["not over yet"]);
    assert!(keys(true).is_empty());
}
