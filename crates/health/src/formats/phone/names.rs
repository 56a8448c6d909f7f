//! What phone apps call things: metrics, workouts, sleep stages.
//!
//! The table is data (`data/phone-names.json`). What it lacks keeps its own name: `x-<feed>:<name>`.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use serde::Deserialize;

use super::Feed;
use crate::kind;

#[derive(Deserialize)]
struct Table {
    healthsync: HashMap<String, String>,
    healthsave: HashMap<String, String>,
    hae: HashMap<String, String>,
    android: HashMap<String, String>,
    healthsave_day_totals: HashSet<String>,
    sdk_workouts: HashMap<String, String>,
    workout_words: HashMap<String, String>,
}

fn table() -> &'static Table {
    static PARSED: LazyLock<Table> = LazyLock::new(|| {
        // The file is part of the program and a test reads it, so a panic here would be our own bug.
        #[allow(clippy::expect_used)]
        serde_json::from_str(include_str!("../../../data/phone-names.json")).expect("the built-in names are valid")
    });
    &PARSED
}

/// Apple's identifier of a metric, or the feed's own name for it.
pub(crate) fn kind_of(feed: Feed, name: &str) -> String {
    let table = table();
    let names = match feed {
        Feed::HealthSync => Some(&table.healthsync),
        Feed::HealthSave => Some(&table.healthsave),
        Feed::HealthAutoExport => Some(&table.hae),
        Feed::OpenWearables => Some(&table.android),
        Feed::HealthExportPro | Feed::Vitalog => None,
    };
    match names.and_then(|names| names.get(name)) {
        Some(known) => one_name(known).to_owned(),
        None if name.starts_with("HK") || name.starts_with("x-") => one_name(name).to_owned(),
        None if feed == Feed::Vitalog => name.to_owned(),
        None => format!("x-{}:{name}", feed.as_str()),
    }
}

/// The feed's own name for a type; of what it never sends, ours in snake case.
pub(crate) fn wire_name(feed: Feed, identifier: &str) -> String {
    let prefix = format!("x-{}:", feed.as_str());
    if let Some(name) = identifier.strip_prefix(&prefix) {
        return name.to_owned();
    }
    let names = if feed == Feed::HealthSync { Some(&table().healthsync) } else { None };
    let found = names.and_then(|names| names.iter().find(|(_, known)| one_name(known) == identifier));
    found.map_or_else(|| kind::slug(identifier), |(name, _)| name.clone())
}

/// The SDK renamed one type and kept the identifier, which is what the export prints.
fn one_name(identifier: &str) -> &str {
    match identifier {
        "HKCategoryTypeIdentifierEnvironmentalAudioExposureEvent" => "HKCategoryTypeIdentifierAudioExposureEvent",
        other => other,
    }
}

/// Whether HealthSave sends day totals under this name, whatever the source says.
pub(crate) fn is_day_total(name: &str) -> bool {
    table().healthsave_day_totals.contains(name)
}

/// Apple's identifier of a workout that the Open Wearables SDK names, e.g. `strength_training`.
pub(crate) fn sdk_workout(word: &str) -> Option<String> {
    table().sdk_workouts.get(word).map(|name| format!("HKWorkoutActivityType{name}"))
}

/// The Open Wearables SDK's word for a workout, by Apple's identifier without its prefix.
pub(crate) fn sdk_word(name: &str) -> Option<&'static str> {
    static WORDS: LazyLock<HashMap<&'static str, &'static str>> =
        LazyLock::new(|| table().sdk_workouts.iter().map(|(word, name)| (name.as_str(), word.as_str())).collect());
    WORDS.get(name).copied()
}

/// Apple's identifier of a workout by its English name, e.g. `Outdoor Run`; of a name in another language nothing.
pub(crate) fn workout(word: &str) -> Option<String> {
    let lower = word.trim().to_lowercase();
    let plain = lower.strip_prefix("hkworkoutactivitytype").unwrap_or(&lower);
    let alias = table().workout_words.get(plain).map(|name| format!("HKWorkoutActivityType{name}"));
    alias.or_else(|| kind::activity_by_word(plain).map(str::to_owned))
}

/// Apple's integer for a sleep stage, in the words of all feeds.
pub(crate) fn sleep_stage(word: &str) -> Option<i64> {
    let word = word.trim();
    let word = word.strip_prefix("HKCategoryValueSleepAnalysis").unwrap_or(word);
    let folded: String = word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    Some(match folded.as_str() {
        "inbed" => 0,
        "asleep" | "unspecified" | "asleepunspecified" | "sleeping" => 1,
        "awake" => 2,
        "core" | "light" | "asleepcore" => 3,
        "deep" | "asleepdeep" => 4,
        "rem" | "asleeprem" => 5,
        _ => return None,
    })
}

/// A dose's status in the words of the normal form; of a word in another language nothing.
pub(crate) fn dose_status(word: &str) -> Option<&'static str> {
    Some(match kind::fold(word).as_str() {
        "taken" => "taken",
        "skipped" => "skipped",
        "snoozed" => "snoozed",
        "notlogged" => "not_logged",
        "notinteracted" => "not_interacted",
        "notificationnotsent" => "notification_not_sent",
        "unspecified" => "unspecified",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(feed: Feed, name: &str, expected: &str) {
        assert_eq!(kind_of(feed, name), expected);
    }

    #[test]
    fn metrics_have_apples_identifiers_in_every_spelling() {
        check(Feed::HealthSync, "hrv_sdnn", "HKQuantityTypeIdentifierHeartRateVariabilitySDNN");
        check(Feed::HealthSave, "blood_oxygen", "HKQuantityTypeIdentifierOxygenSaturation");
        check(Feed::HealthAutoExport, "weight_body_mass", "HKQuantityTypeIdentifierBodyMass");
        check(Feed::HealthAutoExport, "vo2max", "HKQuantityTypeIdentifierVO2Max");
        check(Feed::OpenWearables, "HEART_RATE", "HKQuantityTypeIdentifierHeartRate");
        check(Feed::HealthExportPro, "HKQuantityTypeIdentifierFuture", "HKQuantityTypeIdentifierFuture");
    }

    #[test]
    fn what_nobody_knows_keeps_its_name() {
        check(Feed::HealthSync, "brain_wave_coherence", "x-healthsync:brain_wave_coherence");
        check(Feed::HealthAutoExport, "future_metric", "x-hae:future_metric");
        check(Feed::OpenWearables, "HEART_RATE_VARIABILITY", "x-open-wearables:HEART_RATE_VARIABILITY");
        check(Feed::Vitalog, "x-hae:future_metric", "x-hae:future_metric");
    }

    #[test]
    fn one_type_has_one_name() {
        let one = "HKCategoryTypeIdentifierAudioExposureEvent";
        check(Feed::HealthSync, "environmental_audio_exposure_event", one);
        check(Feed::HealthExportPro, "HKCategoryTypeIdentifierEnvironmentalAudioExposureEvent", one);
    }

    #[test]
    fn every_name_leads_to_a_kind() {
        let table = table();
        let names = [&table.healthsync, &table.healthsave, &table.hae, &table.android];
        assert_eq!([table.healthsync.len(), table.hae.len()], [188, 128]);
        for identifier in names.iter().flat_map(|names| names.values()) {
            let known = kind::get(identifier).is_some() || identifier == "HKCorrelationTypeIdentifierBloodPressure";
            assert!(known, "{identifier}");
        }
        for (word, name) in table.sdk_workouts.iter().chain(&table.workout_words) {
            let identifier = format!("HKWorkoutActivityType{name}");
            assert!(kind::activity_number(&identifier).is_some(), "{word}");
        }
    }

    #[test]
    fn workouts_are_known_by_their_english_names() {
        let number = |word: &str| workout(word).and_then(|identifier| kind::activity_number(&identifier));
        assert_eq!(number("Outdoor Run"), Some(37));
        assert_eq!(number("Walking"), Some(52));
        assert_eq!(number("traditionalStrengthTraining"), Some(50));
        assert_eq!(number("High Intensity Interval Training"), Some(63));
        assert_eq!(number("Entraînement de force fonctionnelle"), None);
        assert_eq!(sdk_workout("strength_training").as_deref(), kind::activity_identifier(50));
        assert_eq!(sdk_workout("hiit").as_deref(), kind::activity_identifier(63));
        assert_eq!(sdk_workout("swimming_pool"), None);
    }

    #[test]
    fn sleep_stages_are_known_in_all_words() {
        for (words, stage) in [
            (["in bed", "inBed", "in_bed", "InBed", "HKCategoryValueSleepAnalysisInBed"], 0),
            (["asleep", "unspecified", "asleep_unspecified", "sleeping", "Asleep"], 1),
            (["awake", "Awake", " AWAKE ", "HKCategoryValueSleepAnalysisAwake", "awake"], 2),
            (["core", "light", "asleep_core", "Core", "HKCategoryValueSleepAnalysisAsleepCore"], 3),
            (["deep", "Deep", "asleep_deep", "AsleepDeep", "DEEP"], 4),
            (["rem", "REM", "asleep_rem", "AsleepREM", "HKCategoryValueSleepAnalysisAsleepREM"], 5),
        ] {
            words.iter().for_each(|word| assert_eq!(sleep_stage(word), Some(stage), "{word}"));
        }
        assert_eq!(["Sleepy", "", "unknown", "7"].map(sleep_stage), [None; 4]);
    }
}
