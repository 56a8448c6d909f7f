//! One number, one rule: what a page, its sentence, its explanation, its card and a comparison say of the same days,
//! for every way in which days are made, over every range, while neither the day nor the month is over.

use super::*;
use crate::explain::DaysAnswer;
use crate::screen::{Earlier, beside, explain_days};
use crate::testing::TestFolder;
use health::series::periods::Period;
use health::time::HOUR_MS;

/// Noon of 23 November 2026 in UTC, a Monday.
const NOW_MS: i64 = 1_795_435_200_000;
const TODAY: Day = 20_780;
/// Days with data, of which the last one is today; the first one is no first of a month.
const DAYS: Day = 440;
const RANGES: [&str; 6] = ["day", "week", "month", "half_year", "year", "all"];

/// A record of a quantity, from one minute of a day to another.
fn record(kind: &str, unit: &str, value: f64, day: Day, (from, until): (u32, u32)) -> String {
    let at = |minute: u32| format!("{} {:02}:{:02}:00 +0000", format_day(day), minute / 60, minute % 60);
    format!(
        "<Record type=\"HKQuantityTypeIdentifier{kind}\" sourceName=\"Watch\" unit=\"{unit}\" value=\"{value}\" \
         startDate=\"{}\" endDate=\"{}\"/>",
        at(from),
        at(until)
    )
}

fn category(kind: &str, value: &str, from: &str, until: &str) -> String {
    format!(
        "<Record type=\"HKCategoryTypeIdentifier{kind}\" value=\"{value}\" sourceName=\"Watch\" \
         startDate=\"{from} +0000\" endDate=\"{until} +0000\"/>"
    )
}

/// A day that is unlike its neighbours; today is unlike all of them.
fn day_of(day: Day) -> Vec<String> {
    let (n, is_today) = (f64::from((day * 7) % 11), day == TODAY);
    let odd = |usual: f64, today: f64| if is_today { today } else { usual };
    let date = format_day(day);
    let mut rows = vec![
        record("StepCount", "count", odd(9000.0 + 211.0 * n, 500.0), day, (480, 510)),
        record("DietaryWater", "mL", odd(1700.0 + 31.0 * n, 90.0), day, (480, 481)),
        record("HeartRate", "count/min", odd(60.0 + n, 150.0), day, (400, 400 + 3 * (day % 5).unsigned_abs())),
        record("HeartRate", "count/min", 55.0, day, (540, 545)),
        record("RestingHeartRate", "count/min", odd(57.0 + n / 2.0, 90.0), day, (300, 301)),
        record("OxygenSaturation", "%", odd(0.95 + n / 500.0, 0.8), day, (310, 310)),
        record("EnvironmentalAudioExposure", "dBASPL", odd(50.0 + 2.0 * n, 99.0), day, (600, 620)),
        record("BloodGlucose", "mg/dL", odd(95.0 + n, 180.0), day, (610, 610)),
        category(
            "MindfulSession",
            "HKCategoryValueNotApplicable",
            &format!("{date} 07:00:00"),
            &format!("{date} 07:{:02}:00", odd(10.0 + n, 1.0)),
        ),
        category(
            "AppleStandHour",
            "HKCategoryValueAppleStandHourStood",
            &format!("{date} 08:00:00"),
            &format!("{date} 09:00:00"),
        ),
    ];
    if !is_today && day % 3 == 0 {
        rows.push(category(
            "AppleStandHour",
            "HKCategoryValueAppleStandHourStood",
            &format!("{date} 09:00:00"),
            &format!("{date} 10:00:00"),
        ));
        rows.push(category(
            "Headache",
            "HKCategoryValueSeverityMild",
            &format!("{date} 10:00:00"),
            &format!("{date} 11:00:00"),
        ));
    }
    let evening = format_day(day - 1);
    let wake = format!("{date} 0{}:{:02}:00", odd(6.0, 3.0), (day % 50).unsigned_abs());
    rows.push(category(
        "SleepAnalysis",
        "HKCategoryValueSleepAnalysisAsleepCore",
        &format!("{evening} 23:00:00"),
        &wake,
    ));
    rows
}

fn folder(name: &str) -> TestFolder {
    folder_of(name, DAYS)
}

fn folder_of(name: &str, days: Day) -> TestFolder {
    let rows: Vec<String> = (TODAY - days + 1..=TODAY).flat_map(day_of).collect();
    let folder = TestFolder::of_rows(name, &rows);
    crate::settings::set(&folder, "home_zone", "UTC").expect("set");
    folder
}

fn ask(subject: &str, range: &str, small: bool) -> Ask {
    Ask { subject: subject.to_owned(), range: range.to_owned(), small, ..Ask::default() }
}

/// The number behind some words of a sentence.
fn number_behind(sentence: &str, words: &str) -> Option<f64> {
    let (_, rest) = sentence.split_once(words)?;
    rest.split_whitespace().next()?.trim_end_matches([';', '.']).replace(',', "").parse().ok()
}

/// As a page writes it: a half goes up.
fn written(value: f64, digits: usize) -> String {
    let tens = 10f64.powi(i32::try_from(digits).expect("few digits"));
    format!("{:.digits$}", (value * tens).round() / tens)
}

/// A number as a page has it, and its explanation.
struct Told {
    name: String,
    shown: Shown,
    hero: Hero,
    days: DaysAnswer,
}

impl Told {
    fn new(folder: &Folder, word: &str, range: &str) -> Self {
        let shown = chart(folder, &ask(word, range, false), NOW_MS).expect(word);
        let hero = shown.hero.clone().expect(word);
        let lead = hero.leads.first().expect("an explanation").clone();
        let days = explain_days(folder, word, &lead.first_day, &lead.last_day, NOW_MS).expect(word);
        Self { name: format!("{word} {range}: {}", shown.model.summary), shown, hero, days }
    }

    /// The number of the page that is explained.
    fn number(&self) -> f64 {
        self.hero.mean.unwrap_or(self.hero.value)
    }

    fn check_explained(&self) {
        let explained = if self.hero.what == "sum" { self.days.total } else { self.days.mean };
        let explained = explained.expect("a number");
        let digits = self.days.digits.expect("digits");
        assert_eq!(written(self.number(), self.hero.digits), written(explained, self.hero.digits), "{}", self.name);
        assert!(digits <= self.hero.digits.max(1), "{}: {digits}", self.name);
        // Neither the future nor what was before the first record.
        assert!(self.days.of_days <= DAYS as usize, "{} {}", self.name, self.days.of_days);
        assert_eq!(
            self.days.counted + usize::from(self.days.not_over.is_some()),
            self.days.parts_days(),
            "{}",
            self.name
        );
    }

    fn check_sentence(&self, words: &str) {
        // One value is no average.
        let words = if self.shown.model.summary.contains(words) { words } else { "came to " };
        let said = number_behind(&self.shown.model.summary, words).unwrap_or_else(|| panic!("{}", self.name));
        assert_eq!(written(said, self.hero.digits), written(self.number(), self.hero.digits), "{}", self.name);
        let leaves_out = self.shown.model.summary.contains("not over yet is left out");
        assert_eq!(leaves_out, self.days.not_over.is_some() && self.hero.what != "sum", "{}", self.name);
    }

    fn check_card(&self, folder: &Folder, word: &str, range: &str) {
        let card = chart(folder, &ask(word, range, true), NOW_MS).expect(word).hero.expect(word);
        assert_eq!(
            (card.value, card.mean, card.high),
            (self.hero.value, self.hero.mean, self.hero.high),
            "{}",
            self.name
        );
    }

    /// Of the same days beside themselves.
    fn check_beside(&self, folder: &Folder, word: &str) {
        let day = |text: &str| charts::day(text).expect("a day");
        let period = Period { first: day(&self.days.from), last: day(&self.days.to) };
        let days = (self.days.from.as_str(), self.days.to.as_str());
        let found = beside(folder, word, days, Earlier::Days(period), NOW_MS).expect(word);
        let averages = found.averages.unwrap_or_else(|| panic!("{}: {:?}", self.name, found.reason));
        let said = self.number();
        assert!(
            (averages.now - said).abs() < 1e-6 && (averages.earlier - said).abs() < 1e-6,
            "{}: {averages:?}",
            self.name
        );
        assert_eq!((averages.difference, averages.with_data.0), (0.0, self.days.counted), "{}", self.name);
    }
}

impl DaysAnswer {
    fn parts_days(&self) -> usize {
        self.parts.iter().map(|part| part.days).sum()
    }
}

#[test]
fn page_sentence_explanation_card_and_comparison_say_one_number() {
    let folder = folder("one-number");
    for (word, words) in [
        ("step_count", "came to "),
        ("dietary_water", "came to "),
        ("mindful_session", "came to "),
        ("apple_stand_hour", "came to "),
        ("headache", "came to "),
        ("heart_rate", "mean over time was "),
        ("resting_heart_rate", "on average "),
        ("oxygen_saturation", "on average "),
        ("environmental_audio_exposure", "on average "),
    ] {
        for range in RANGES {
            // Nobody had a headache today.
            if (word, range) == ("headache", "day") {
                continue;
            }
            let told = Told::new(&folder, word, range);
            told.check_explained();
            told.check_sentence(words);
            told.check_card(&folder, word, range);
            // Today is compared with nothing, and a sum is no average.
            if told.hero.what != "sum" && range != "day" {
                told.check_beside(&folder, word);
            }
        }
    }
}

#[test]
fn a_first_month_that_is_open_says_one_number_over_every_range() {
    let folder = folder_of("one-month", 14);
    for (word, words) in [
        ("step_count", "came to "),
        ("heart_rate", "mean over time was "),
        ("resting_heart_rate", "on average "),
        ("oxygen_saturation", "on average "),
    ] {
        for range in RANGES {
            let told = Told::new(&folder, word, range);
            told.check_explained();
            told.check_sentence(words);
            told.check_card(&folder, word, range);
        }
    }
}

#[test]
fn glucose_is_averaged_as_its_explanation_has_it() {
    let folder = folder("one-glucose");
    for range in RANGES {
        let shown = chart(&folder, &ask("blood_glucose", range, false), NOW_MS).expect("a chart");
        let days = explain_days(&folder, "blood_glucose", &shown.first_day, &shown.last_day, NOW_MS).expect("days");
        let said = number_behind(&shown.model.summary, " was ").expect("a mean");
        assert_eq!(written(said, 0), written(days.mean.expect("a mean"), 0), "{}", shown.model.summary);
        assert_eq!(shown.model.summary.contains("is left out"), days.not_over.is_some(), "{}", shown.model.summary);
    }
}

#[test]
fn nights_are_averaged_alike_everywhere() {
    let folder = folder("one-night");
    let minutes = |text: &str| -> Option<u32> {
        let (_, rest) = text.split_once("you slept ")?;
        let words: Vec<&str> = rest.split(' ').collect();
        match words.as_slice() {
            [hours, "h", minutes, "min", ..] => Some(hours.parse::<u32>().ok()? * 60 + minutes.parse::<u32>().ok()?),
            [hours, "h", ..] => Some(hours.parse::<u32>().ok()? * 60),
            _ => None,
        }
    };
    for range in RANGES {
        let shown = chart(&folder, &ask("sleep:stages", range, false), NOW_MS).expect("a chart");
        let first = shown.since.clone().unwrap_or_else(|| shown.first_day.clone());
        let days = crate::local::Days::parse(Some(&first), Some(&shown.last_day)).expect("days");
        let nights = crate::screen::nights(&folder, days, NOW_MS).expect("nights");
        let told = explain_days(&folder, "sleep", &first, &shown.last_day, NOW_MS).expect("days");
        assert_eq!((told.counted, told.of_days), (nights.nights, nights.days), "{range}");
        assert!(nights.days <= DAYS as usize, "{range} {}", nights.days);
        let (asleep, mean) = (nights.asleep_min.expect("sleep"), told.mean.expect("sleep"));
        assert!((asleep - mean).abs() < 1e-6, "{range} {asleep} {mean}");
        assert_eq!(minutes(&shown.model.summary), Some(asleep.round() as u32), "{}", shown.model.summary);
        assert!(shown.model.summary.contains(&format!("; {} night", nights.nights)), "{}", shown.model.summary);
    }
}

#[test]
fn hours_that_have_not_come_have_no_data_to_lack() {
    let folder = folder("one-coverage");
    let hero = |word: &str, range: &str| chart(&folder, &ask(word, range, false), NOW_MS).expect(word);
    let day = hero("step_count", "day");
    assert_eq!(day.hero.map(|hero| (hero.with_data, hero.slots)), Some((1, 13)));
    assert!(day.model.summary.ends_with("1 of 13 hours has data."), "{}", day.model.summary);
    let last = format_day(TODAY + 3);
    let week = chart(&folder, &Ask { last: Some(last), ..ask("step_count", "week", false) }, NOW_MS).expect("a week");
    assert_eq!(week.hero.map(|hero| (hero.with_data, hero.slots)), Some((4, 4)));
    let all = hero("step_count", "all");
    assert_eq!(all.since.as_deref(), Some(format_day(TODAY - DAYS + 1).as_str()));
    assert!(NOW_MS % (24 * HOUR_MS) == 12 * HOUR_MS && NOW_MS / (24 * HOUR_MS) == i64::from(TODAY));
}

#[test]
fn two_times_that_are_compared_have_one_scale() {
    let step = |day: Day, value: f64| record("StepCount", "count", value, day, (480, 510));
    let pulse = |day: Day, value: f64| record("RestingHeartRate", "count/min", value, day, (300, 301));
    let rows: Vec<String> = (0..14)
        .map(|n| TODAY - 14 + n)
        .flat_map(|day| {
            let late = day >= TODAY - 7;
            let wake = format!("{} 0{}:30:00", format_day(day), if late { 5 } else { 9 });
            let evening = format!("{} 23:00:00", format_day(day - 1));
            [
                step(day, if late { 2000.0 } else { 9000.0 }),
                pulse(day, if late { 80.0 } else { 50.0 }),
                category("SleepAnalysis", "HKCategoryValueSleepAnalysisAsleepCore", &evening, &wake),
            ]
        })
        .collect();
    let folder = TestFolder::of_rows("one-scale", &rows);
    crate::settings::set(&folder, "home_zone", "UTC").expect("set");
    for (word, alone) in
        [("step_count", false), ("resting_heart_rate", false), ("sleep:stages", false), ("rings", true)]
    {
        let (late, early) = (format_day(TODAY - 1), format_day(TODAY - 8));
        let of = |last: &str, beside: Option<&str>| {
            let ask =
                Ask { last: Some(last.to_owned()), beside: beside.map(str::to_owned), ..ask(word, "week", false) };
            chart(&folder, &ask, NOW_MS).expect(word).model.y
        };
        let (first, second) = (of(&late, Some(&early)), of(&early, Some(&late)));
        assert_eq!(first, second, "{word}");
        assert_eq!(of(&late, None) == of(&early, None), alone, "{word}");
        assert!(first.from <= of(&late, None).from && first.to >= of(&early, None).to, "{word}");
        if word == "sleep:stages" {
            let labels: Vec<&str> = first.ticks.iter().map(|tick| tick.label.as_str()).collect();
            assert_eq!((first.label.as_str(), labels), ("hours", vec!["0", "4", "8", "12"]));
        }
    }
}
