//! Where a chart leads: to the explanation of its numbers, and out of a stretch without data.

use chart::Paired;
use chart::blood_pressure::Half;
use health::key;
use health::kind::fold;
use health::language::word;
use health::time::{Day, Zones, format_day};
use serde::Serialize;
use store::Store;

use super::chart::Nearest;
use super::hero::Lead;
use crate::charts::{self, SleepStyle, Subject};
use crate::error::Result;
use crate::local::find_kind;
use crate::sleep::{SLEEP, Sleeper};

/// The word of the type whose days make the numbers of a chart, as an address has it.
pub(super) fn explains(store: &Store, subject: &Subject) -> Result<Option<String>> {
    // Minutes in zones are those of workouts, each of which explains its own.
    if matches!(subject, Subject::HeartZones) {
        return Ok(Some(ZONES.to_owned()));
    }
    // What is no number over days has none.
    let identifier = kind_of(store, subject)?.map(|(identifier, _)| identifier);
    let word =
        |identifier: String| if identifier == SLEEP { "sleep".to_owned() } else { health::kind::slug(&identifier) };
    Ok(identifier.map(word))
}

/// The types that explain the one number of a chart of some days. Of a pair each half has its own, and of a half that
/// is alone only that one.
pub(super) fn leads(
    store: &Store,
    (subject, half): (&Subject, Option<Half>),
    word: &str,
    ((first, last), stretch): ((Day, Day), Option<(i64, i64)>),
) -> Result<Vec<Lead>> {
    let is_pressure = matches!(subject, Subject::Pressure);
    let words = match half {
        _ if !is_pressure => vec![word],
        Some(half) => vec![word_of(half)],
        None => PRESSURE.to_vec(),
    };
    let name = |word: &str| -> Result<Option<String>> {
        let found = if is_pressure { Some(find_kind(store, word)?) } else { None };
        Ok(found.map(|found| health::language::word(&found.kind.name)))
    };
    let days = (format_day(first), format_day(last));
    let lead = |word: &&str| {
        let (first_day, last_day) = days.clone();
        Ok(Lead { word: (*word).to_owned(), name: name(word)?, first_day, last_day, stretch })
    };
    words.iter().map(lead).collect()
}

/// What the page calls the time in heart-rate zones.
const ZONES: &str = "heart_zones";

/// Where the numbers of a chart come from that nobody counts from records, and which records are beside them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Origin {
    /// In words.
    pub sentence: String,
    /// The types whose records tell of the same days.
    pub beside: Vec<Lead>,
}

/// The origin of the rings of some days, where there are some; all other charts are of records.
pub(super) fn origin(store: &Store, subject: &Subject, (first, last): (Day, Day)) -> Result<Option<Origin>> {
    if !matches!(subject, Subject::Rings) {
        return Ok(None);
    }
    let sentence = word(key!(
        "Each day has one summary in the export, with what counted and the goal of each ring as they were on that day. \
         It is shown as Apple wrote it and not counted anew; its records are beside it, and may add up to other numbers."
    ));
    let mut beside = Vec::new();
    for word in OF_RINGS {
        let found = find_kind(store, word)?;
        if found.id.is_some() {
            let name = Some(health::language::word(&found.kind.name));
            let (first_day, last_day) = (format_day(first), format_day(last));
            beside.push(Lead { word: word.to_owned(), name, first_day, last_day, stretch: None });
        }
    }
    Ok(Some(Origin { sentence, beside }))
}

/// The types of the three rings; a child's watch has minutes of moving.
const OF_RINGS: [&str; 4] = ["active_energy_burned", "apple_move_time", "apple_exercise_time", "apple_stand_hour"];

/// The halves of a blood pressure, as it is said.
const PRESSURE: [&str; 2] = ["blood_pressure_systolic", "blood_pressure_diastolic"];

fn word_of(half: Half) -> &'static str {
    half.of(PRESSURE)
}

/// The half of a blood pressure that somebody asks for, whose chart shows both.
pub(super) fn half_of(subject: &Subject) -> Option<Half> {
    let Subject::Type(word) = subject else { return None };
    match fold(health::kind::short_name(word)).as_str() {
        "bloodpressuresystolic" => Some(Half::Systolic),
        "bloodpressurediastolic" => Some(Half::Diastolic),
        _ => None,
    }
}

/// The types that explain a blood pressure, where they are others than the one that explains its chart: both halves of
/// a pair, the half that stands alone.
pub(super) fn explains_reading(subject: &Subject, reading: &Paired) -> Vec<&'static str> {
    let written = [Half::Systolic, Half::Diastolic].into_iter().zip(&reading.halves);
    let halves: Vec<Half> = written.filter_map(|(half, value)| value.map(|_| half)).collect();
    match half_of(subject) {
        Some(asked) if halves.contains(&asked) => Vec::new(),
        _ => halves.into_iter().map(word_of).collect(),
    }
}

/// The nearest days with data of what a chart is of, outside its own days; none where there are none at all. `night`
/// says that the chart is of one night.
pub(super) fn nearest(
    (store, zones): (&Store, &Zones),
    subject: &Subject,
    (first, last): (Day, Day),
    night: bool,
) -> Result<Option<Nearest>> {
    if matches!(subject, Subject::Rings) {
        let days = charts::ring_days(store)?;
        let before = days.iter().rev().find(|day| **day < first).copied();
        return Ok(named(before, days.into_iter().find(|day| *day > last), (first, last), false));
    }
    let Some((identifier, Some(id))) = kind_of(store, subject)? else { return Ok(None) };
    let nights = identifier == SLEEP;
    // A night counts for another day than its rows, which lie on two.
    let (before, after) = if nights {
        let in_bed = night || matches!(subject, Subject::Sleep(SleepStyle::Nights));
        Sleeper::new(store, &store.orders()?, zones)?.nearest((first, last), in_bed)?
    } else {
        (store.last_day_until(id, first.saturating_sub(1))?, store.first_day_from(id, last.saturating_add(1))?)
    };
    Ok(named(before, after, (first, last), nights))
}

fn named(before: Option<Day>, after: Option<Day>, (first, last): (Day, Day), nights: bool) -> Option<Nearest> {
    let days = (format_day(first), format_day(last));
    let [before, after] = [before, after].map(|day| day.map(format_day));
    (before.is_some() || after.is_some()).then_some(Nearest { days, nights, before, after, latest: None })
}

/// The type that a chart is of, by its identifier and its number in the store.
fn kind_of(store: &Store, subject: &Subject) -> Result<Option<(String, Option<i64>)>> {
    let word = match subject {
        Subject::Calendar(word) | Subject::Years(word, _) if health::kind::fold(word) == "sleep" => SLEEP,
        Subject::Type(word) | Subject::Calendar(word) | Subject::Years(word, _) => word,
        Subject::HeartRate(_) => "heart_rate",
        Subject::GlucoseProfile => "blood_glucose",
        Subject::Pressure => "blood_pressure_systolic",
        Subject::Sleep(_) | Subject::Night(_) => SLEEP,
        Subject::Pair(..) | Subject::HeartZones | Subject::Rings => return Ok(None),
        Subject::Route(_) | Subject::Profiles(_) | Subject::Ecg(_) => return Ok(None),
    };
    let found = find_kind(store, word)?;
    Ok(Some((found.kind.identifier, found.id)))
}
