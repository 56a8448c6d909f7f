//! Where a chart leads: to the explanation of its numbers, and out of a stretch without data.

use health::time::{Day, Zones, format_day};
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

/// The types that explain the one number of a chart of some days. Of a pair each half has its own.
pub(super) fn leads(store: &Store, subject: &Subject, word: &str, (first, last): (Day, Day)) -> Result<Vec<Lead>> {
    let words: &[&str] = if matches!(subject, Subject::Pressure) { &PRESSURE } else { &[word] };
    let name = |word: &str| -> Result<Option<String>> {
        let found = if words.len() > 1 { Some(find_kind(store, word)?) } else { None };
        Ok(found.map(|found| health::language::word(&found.kind.name)))
    };
    let days = (format_day(first), format_day(last));
    let lead = |word: &&str| {
        Ok(Lead { word: (*word).to_owned(), name: name(word)?, first_day: days.0.clone(), last_day: days.1.clone() })
    };
    words.iter().map(lead).collect()
}

/// What the page calls the time in heart-rate zones.
const ZONES: &str = "heart_zones";

/// The halves of a blood pressure, as it is said.
const PRESSURE: [&str; 2] = ["blood_pressure_systolic", "blood_pressure_diastolic"];

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
