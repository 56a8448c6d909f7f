//! Explanations against the numbers of other verbs.

use health::time::parse_day;

use super::*;
use crate::daily::{DayAnswer, daily};
use crate::demo::{DemoOptions, write_export};
use crate::import::{Input as File, Options, import};
use crate::testing::TestFolder;

/// A store with some days of a made-up person who has a watch, a phone, a scale and apps.
pub(super) fn demo(name: &str, days: u32) -> TestFolder {
    let folder = TestFolder::new(name);
    std::fs::create_dir_all(folder.dir()).expect("a folder");
    let path = folder.dir().join("export.zip");
    let end_day = parse_day("2026-03-31").expect("a day");
    // Summer time begins in these days.
    let options = DemoOptions { seed: 7, end_day, days, records: None, zone: "Europe/Berlin" };
    write_export(std::fs::File::create(&path).expect("a file"), &options).expect("written");
    import(&folder, &File::Path(path), &Options::default(), &mut |_| true).expect("an import");
    folder
}

#[track_caller]
fn near(a: f64, b: f64, row: &DayAnswer) {
    assert!((a - b).abs() <= 1e-9 * b.abs().max(1.0), "{a} for {b}: {row:?}");
}

/// Every number of `daily` is explained: the same number, and rows that make it.
fn check(folder: &TestFolder, least: usize) {
    let rows = daily(folder, &[], Days::default(), 0).expect("rows");
    let rows: Vec<&DayAnswer> = rows.iter().filter(|row| row.kind != SLEEP).collect();
    assert!(rows.len() >= least, "{}", rows.len());
    let left_out = rows.iter().map(|row| check_row(folder, row)).sum::<usize>();
    assert!(left_out > 0, "somewhere two sources saw the same");
}

/// Returns how many rows were left out.
fn check_row(folder: &TestFolder, row: &DayAnswer) -> usize {
    let found = explain(folder, &row.kind, &row.day).expect("an answer");
    assert_eq!((found.value, found.naive_sum, found.stat), (Some(row.value), row.naive_sum, row.stat), "{row:?}");
    assert_eq!((&found.unit, found.zone.as_str()), (&row.unit, "Europe/Berlin"));
    let used: usize = found.sources.iter().map(|part| part.rows_used).sum();
    let left_out: usize = found.sources.iter().map(|part| part.rows_left_out).sum();
    assert!(used > 0, "{row:?}");
    let added: f64 = found.sources.iter().filter_map(|part| part.value).sum();
    match row.stat {
        "sum" | "count" => near(added, row.value, row),
        _ => assert!(found.sources.iter().any(|part| part.value.is_some())),
    }
    if !matches!(row.stat, "sum") {
        assert_eq!((used + left_out) as i64, row.n, "{row:?}");
    }
    for (source, part) in found.sources.iter().filter_map(|part| Some((&part.source, part.value?))) {
        let told = row.sources.get(source).unwrap_or_else(|| panic!("{source} is missing: {row:?}"));
        near(*told, part, row);
    }
    check_arithmetic(folder, row);
    left_out
}

/// The number that the rows make when they are counted anew is that of the roll-ups.
fn check_arithmetic(folder: &TestFolder, row: &DayAnswer) {
    let store = folder.read().expect("a store");
    let (found, zones) = (find_kind(&store, &row.kind).expect("a kind"), zones(&store).expect("zones"));
    let (orders, day) = (store.orders().expect("orders"), parse_day(&row.day).expect("a day"));
    let days = Days { from: Some(day), to: Some(day) };
    let points = nearby(&store, found.id.expect("stored"), days, &zones).expect("points");
    let rule = Rule::of(&found.kind);
    let ranks = orders.of(&found.kind.identifier);
    let inputs: Vec<Input> = points.iter().filter_map(|point| point.input(rule, ranks)).collect();
    near(explain_day(&inputs, rule, day, &zones).expect("rows").value, row.value, row);
}

#[test]
fn every_number_of_the_person_is_explained() {
    check(&TestFolder::filled("explain-person"), 14);
}

#[test]
fn every_number_of_some_made_up_days_is_explained() {
    check(&demo("explain-demo", 5), 100);
}

#[test]
fn a_night_is_explained_with_the_sleep_of_its_day() {
    let folder = demo("explain-night", 5);
    let sleep = crate::sleep::sleep(&folder, Days::default()).expect("nights");
    let mut checked = 0;
    for day in sleep.iter().map(|row| row.day.as_str()) {
        let found = explain(&folder, "sleep", day).expect("an answer");
        let asleep = |naps: bool| {
            let rows = sleep.iter().filter(|row| row.day == day && (row.kind == "nap") == naps);
            rows.filter_map(|row| row.asleep_min).sum::<f64>()
        };
        assert_eq!((found.value.unwrap_or(0.0), found.nap_min.unwrap_or(0.0)), (asleep(false), asleep(true)), "{day}");
        let added: f64 = found.sources.iter().filter_map(|part| part.value).sum();
        assert!((added - asleep(false)).abs() < 1e-9, "{found:?}");
        checked += usize::from(found.sources.len() > 1);
    }
    assert!(checked >= 3, "{sleep:?}");
    assert_eq!(explain(&folder, "SleepAnalysis", "2026-03-30").ok(), explain(&folder, "sleep", "2026-03-30").ok());
}

#[test]
fn a_day_without_rows_is_explained_with_nothing() {
    let folder = TestFolder::filled("explain-nothing");
    for word in ["step_count", "sleep", "vo2_max"] {
        let found = explain(&folder, word, "2001-01-01").expect("an answer");
        assert_eq!((found.value, found.naive_sum, found.sources.len()), (None, None, 0));
        assert!(!found.sentence.is_empty());
    }
    assert_eq!(explain(&folder, "stepcunt", "2001-01-01").expect_err("unknown").code, crate::Code::UnknownType);
    assert_eq!(explain(&folder, "step_count", "1.1.2001").expect_err("no day").code, crate::Code::BadDate);
}

#[test]
fn what_two_apps_may_have_entered_twice_is_pointed_out() {
    let folder = TestFolder::new("explain-double");
    std::fs::create_dir_all(folder.dir()).expect("a folder");
    let meal = |app: &str, time: &str, kcal: u32| {
        format!(
            r#"<Record type="HKQuantityTypeIdentifierDietaryEnergyConsumed" sourceName="{app}" unit="kcal"
             value="{kcal}" startDate="2026-03-14 {time} +0000" endDate="2026-03-14 {time} +0000"/>"#
        )
    };
    let meals = [
        meal("A", "12:00:10", 600),
        meal("B", "12:00:40", 600),
        meal("B", "12:00:50", 250),
        meal("A", "18:30:00", 600),
    ];
    let file = folder.dir().join("export.xml");
    std::fs::write(&file, format!("<HealthData>{}</HealthData>", meals.concat())).expect("written");
    import(&folder, &File::Path(file), &Options::default(), &mut |_| true).expect("an import");
    crate::settings::set(&folder, "home_zone", "Europe/Berlin").expect("set");
    let found = explain(&folder, "dietary_energy_consumed", "2026-03-14").expect("an answer");
    assert_eq!(found.value, Some(2050.0));
    let double = DoubleAnswer { at: "2026-03-14T12:00:00.000Z".to_owned(), value: 600.0, sources: 2 };
    assert_eq!(found.double_entries, [double]);
    assert_eq!(explain(&folder, "dietary_energy_consumed", "2026-03-15").expect("none").double_entries, []);
}

#[test]
fn what_is_measured_in_the_night_has_the_mean_of_the_night() {
    let row = |kind: &str, from: &str, until: &str, value: &str| {
        format!(
            "<Record type=\"{kind}\" sourceName=\"Watch\" unit=\"ms\" startDate=\"2026-03-{from}:00 +0000\" \
             endDate=\"2026-03-{until}:00 +0000\" value=\"{value}\"/>"
        )
    };
    let variability = |at: &str, value: &str| row("HKQuantityTypeIdentifierHeartRateVariabilitySDNN", at, at, value);
    let rows = [
        row("HKCategoryTypeIdentifierSleepAnalysis", "01 23:00", "02 07:00", "HKCategoryValueSleepAnalysisAsleepCore"),
        variability("01 23:30", "40"),
        variability("02 03:00", "60"),
        variability("02 12:00", "20"),
        variability("05 12:00", "30"),
    ];
    let folder = TestFolder::of_rows("explain-night", &rows);
    let told = |word: &str, day: &str| {
        let found = explain(&folder, word, day).expect("an answer");
        (found.value, found.asleep)
    };
    assert_eq!(told("heart_rate_variability_sdnn", "2026-03-02"), (Some(40.0), Some(50.0)));
    assert_eq!(told("heart_rate_variability_sdnn", "2026-03-05"), (Some(30.0), None));
    assert_eq!(told("sleep", "2026-03-02"), (Some(480.0), None));
}

#[test]
fn a_record_of_days_counts_on_the_day_on_which_it_begins() {
    let row = "<Record type=\"HKQuantityTypeIdentifierBasalEnergyBurned\" sourceName=\"Watch\" unit=\"kcal\" value=\"18000\" \
               startDate=\"2026-03-02 01:25:00 +0000\" endDate=\"2026-03-14 12:18:00 +0000\"/>";
    let folder = TestFolder::of_rows("explain-long", &[row.to_owned()]);
    let found = explain(&folder, "basal_energy_burned", "2026-03-02").expect("an answer");
    assert_eq!((found.value, found.covered_min), (Some(18_000.0), None));
    assert!(found.sentence.contains("longer than a day"), "{}", found.sentence);
}
