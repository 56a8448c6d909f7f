//! What was measured: Apple's identifiers, names, canonical units, aggregation styles and enum integers.
//!
//! The table is data (`data/healthkit-types.json`, from Apple's SDK headers). It is never complete: a kind that it
//! lacks is stored as it stands, and its nature is guessed from its prefix.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::unit::{self, Conversion};

const TABLE: &str = include_str!("../data/healthkit-types.json");

/// What the table knows about one kind.
#[derive(Debug, Clone)]
pub struct Kind {
    /// Apple's identifier.
    pub identifier: String,
    /// English name.
    pub name: String,
    /// Group for display, e.g. `heart`.
    pub group: String,
    /// Canonical unit in the store; empty for categories, and where samples of a type that no table knows have several.
    pub unit: String,
    /// How buckets of it are made.
    pub style: Style,
    /// Quantity or category.
    pub nature: Nature,
    /// True where no table knows it, so that its style is a guess that people may correct.
    pub guessed: bool,
    /// For a category, the enum that its values come from.
    value_enum: Option<String>,
}

/// How a bucket's value comes from samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Sum over time, after merging overlapping sources.
    Cumulative,
    /// Plain mean, minimum, maximum.
    Arithmetic,
    /// Mean weighted by time.
    TemporallyWeighted,
    /// Energetic mean of decibels.
    EquivalentLevel,
    /// Counts of events or of time in a state.
    Category,
}

impl Style {
    /// Whether the time that a sample lasts or holds is its weight.
    pub fn weighs_time(self) -> bool {
        matches!(self, Self::TemporallyWeighted | Self::EquivalentLevel)
    }
}

/// Whether a kind is a number with a unit or one of a fixed set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nature {
    /// Number and unit.
    Quantity,
    /// One of a fixed set.
    Category,
}

impl Nature {
    /// The word in answers and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Quantity => "quantity",
            Self::Category => "category",
        }
    }
}

impl Kind {
    /// Whether two equal rows of it may be two real events (food, insulin, inhaler, drinks, falls).
    pub fn is_event_like(&self) -> bool {
        is_event_like(&self.identifier)
    }

    /// Whether its rows decide its style: it is a guess, and a sum only if every row has a length.
    pub fn asks_its_rows(&self) -> bool {
        self.guessed && self.style == Style::Cumulative && !self.is_event_like()
    }

    /// The same kind with the style that fits its rows, where these decide it.
    pub fn fitting(mut self, every_row_has_length: bool) -> Self {
        if self.asks_its_rows() {
            self.style = guess_style(&self.identifier, every_row_has_length);
        }
        self
    }

    /// The unit in which a sample is kept that was printed in some unit: the kind's own, and of a type that no table
    /// knows the one that follows from the unit.
    pub fn unit_of<'a>(&'a self, printed: Option<&'a str>) -> &'a str {
        if self.guessed { kept_unit(self, printed.unwrap_or_default()) } else { &self.unit }
    }

    /// How a printed number becomes one in [`Kind::unit_of`]; `None` where the unit is not one of the kind's. A number
    /// without a unit has one only where no table knows the type.
    pub fn conversion(&self, printed: Option<&str>) -> Option<Conversion> {
        match printed {
            Some(printed) => unit::conversion(printed, self.unit_of(Some(printed))),
            None => self.guessed.then_some(Conversion::IDENTITY),
        }
    }

    /// Snake case without Apple's prefix, e.g. `heart_rate`.
    pub fn slug(&self) -> String {
        slug(&self.identifier)
    }

    /// Apple's integer for a category text, where the table knows it. Events have no text, and the integer 0, which of
    /// all others means something.
    pub fn category_value(&self, text: &str) -> Option<i64> {
        if text.is_empty() {
            return self.category_text(0).is_none_or(|text| text.ends_with("NotApplicable")).then_some(0);
        }
        if let Ok(number) = text.parse() {
            return Some(number);
        }
        let table = table();
        let symbols = self.value_enum.as_ref().and_then(|name| table.enums.get(name));
        let exact = symbols.and_then(|list| list.get(text)).or_else(|| table.aliases.get(text));
        exact.or_else(|| table.all_symbols.get(text)).copied()
    }

    /// The text that Apple prints for a category's integer, where the table knows it.
    pub fn category_text(&self, value: i64) -> Option<&str> {
        let name = self.value_enum.as_ref()?;
        table().enums.get(name)?.iter().filter(|(_, raw)| **raw == value).map(|(symbol, _)| symbol.as_str()).min()
    }

    /// A category's integer in a word or two, such as `asleep core`, where the table knows it.
    pub fn category_word(&self, value: i64) -> Option<String> {
        let text = self.category_text(value)?;
        let name = self.value_enum.as_ref().and_then(|name| text.strip_prefix(name.as_str())).unwrap_or(text);
        Some(slug(name).replace('_', " ")).filter(|word| !word.is_empty())
    }
}

/// Whether equal rows of this kind may be separate events; see [`Kind::is_event_like`].
pub fn is_event_like(identifier: &str) -> bool {
    let name = short_name(identifier);
    name.starts_with("Dietary")
        || matches!(name, "InsulinDelivery" | "InhalerUsage" | "NumberOfAlcoholicBeverages" | "NumberOfTimesFallen")
}

/// The table's entry for Apple's identifier.
pub fn get(identifier: &str) -> Option<&'static Kind> {
    table().kinds.get(identifier)
}

/// The table's entry, or a guess from the prefix and the name for a kind that the table lacks; see [`Kind::fitting`]
/// for what its rows add to the guess. Its unit is the one in which samples are kept that were printed in `unit`.
pub fn get_or_guess(identifier: &str, unit: Option<&str>) -> Kind {
    get(identifier).cloned().unwrap_or_else(|| guess(identifier, unit))
}

/// Finds a kind by Apple's identifier, the same without prefix, or snake case, in any case.
pub fn find(word: &str) -> Option<&'static Kind> {
    let wanted = fold(word);
    table().by_word.get(&wanted).and_then(|identifier| get(identifier))
}

/// Apple's number of a workout's activity, by its identifier, e.g. 37 for `HKWorkoutActivityTypeRunning`.
pub fn activity_number(identifier: &str) -> Option<i64> {
    table().activities.get(identifier).map(|activity| activity.raw)
}

/// Apple's identifier of a workout's activity, by its number.
pub fn activity_identifier(number: i64) -> Option<&'static str> {
    table().activities.iter().find(|(_, activity)| activity.raw == number).map(|(identifier, _)| identifier.as_str())
}

/// Apple's identifier of a workout's activity, by its English name or Apple's own without prefix, in any case.
pub fn activity_by_word(word: &str) -> Option<&'static str> {
    table().activity_words.get(&fold(word)).map(String::as_str)
}

/// What people call a workout's activity, e.g. `Running`; of one that the table lacks its identifier without prefix.
pub fn activity_name(identifier: &str) -> &str {
    let plain = || identifier.strip_prefix("HKWorkoutActivityType").unwrap_or(identifier);
    table().activities.get(identifier).map_or_else(plain, |activity| activity.name.as_str())
}

/// Every kind in the table, by identifier.
pub fn all() -> impl Iterator<Item = &'static Kind> {
    table().order.iter().filter_map(|identifier| get(identifier))
}

/// The identifier without Apple's prefix: `HeartRate`.
pub fn short_name(identifier: &str) -> &str {
    [
        "HKQuantityTypeIdentifier",
        "HKCategoryTypeIdentifier",
        "HKDataTypeIdentifier",
        "HKDataType",
        "HKCorrelationTypeIdentifier",
    ]
    .iter()
    .find_map(|prefix| identifier.strip_prefix(prefix))
    .unwrap_or(identifier)
}

/// Snake case without Apple's prefix: `heart_rate`.
pub fn slug(identifier: &str) -> String {
    let name: Vec<char> = short_name(identifier).chars().collect();
    let mut out = String::new();
    for (i, c) in name.iter().enumerate() {
        if begins_word(&name, i) {
            out.push('_');
        }
        out.extend(c.to_lowercase());
    }
    out
}

/// Whether a letter begins another word: `R`, `V` and the first `R` after them in `HeartRateVariabilityRMSSD`.
fn begins_word(name: &[char], i: usize) -> bool {
    let after_lower = i > 0 && !name[i - 1].is_uppercase();
    let before_lower = i > 0 && name.get(i + 1).is_some_and(|next| next.is_lowercase());
    name[i].is_uppercase() && (after_lower || before_lower)
}

/// A name to read for a type that no table knows: `Foo bar` of `HKQuantityTypeIdentifierFooBar`. What is no identifier
/// in one piece stays as it stood.
fn readable(identifier: &str) -> String {
    let name: Vec<char> = short_name(identifier).rsplit(':').next().unwrap_or_default().chars().collect();
    if name.is_empty() || !name.iter().all(|c| c.is_alphanumeric() || *c == '_') {
        return identifier.to_owned();
    }
    let starts: Vec<usize> = (1..name.len()).filter(|i| begins_word(&name, *i)).collect();
    let ends = starts.iter().copied().chain([name.len()]);
    let pieces = std::iter::once(0).chain(starts.iter().copied()).zip(ends).filter_map(|(from, to)| name.get(from..to));
    let plain = |piece: &[char]| match piece {
        // Letters such as RMSSD are no word.
        [_, second, ..] if second.is_uppercase() => piece.iter().collect::<String>(),
        _ => piece.iter().flat_map(|c| c.to_lowercase()).collect(),
    };
    let words = pieces.map(plain).collect::<Vec<String>>().join(" ").replace('_', " ");
    let mut letters = words.trim().chars();
    letters.next().map_or_else(|| identifier.to_owned(), |first| first.to_uppercase().chain(letters).collect())
}

/// A word folded for look-up: lower case, without prefix, underscores and blanks.
pub fn fold(word: &str) -> String {
    let lower: String = word.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
    ["hkquantitytypeidentifier", "hkcategorytypeidentifier", "hkdatatype"]
        .iter()
        .find_map(|prefix| lower.strip_prefix(prefix))
        .unwrap_or(&lower)
        .to_owned()
}

/// What a name has in it where it speaks of an amount.
pub const AMOUNTS: [&str; 5] = ["Distance", "Energy", "Count", "Time", "Dietary"];

/// Guesses the style of a quantity that no table knows: a sum where its name speaks of an amount and every row has a
/// length, else a mean. What has no length was read off, not added up.
pub fn guess_style(identifier: &str, every_row_has_length: bool) -> Style {
    let name = short_name(identifier);
    let amount = AMOUNTS.iter().any(|word| name.contains(word));
    if amount && every_row_has_length { Style::Cumulative } else { Style::Arithmetic }
}

/// In which unit samples of a quantity are kept that no table knows: in the one on which the table bases what the
/// printed unit measures, as far as its name does not tell that it belongs to types that are kept in another one. A
/// unit that the table lacks stays as it is.
fn kept_unit<'a>(kind: &Kind, printed: &'a str) -> &'a str {
    if kind.nature == Nature::Category {
        return "";
    }
    let name = short_name(&kind.identifier);
    match unit::dimension(printed) {
        Some(("fraction", _)) => "%",
        Some(("mass", _)) if name.starts_with("Dietary") => "g",
        Some(("volume", _)) if name.starts_with("Dietary") => "mL",
        Some(("time", _)) if name.starts_with("HeartRateVariability") => "ms",
        Some((_, base)) => base,
        None => printed,
    }
}

fn guess(identifier: &str, unit: Option<&str>) -> Kind {
    // A symptom in the phone's language: `x-hae:symptom:Fatiga`.
    let category = identifier.starts_with("HKCategoryTypeIdentifier") || identifier.contains(":symptom:");
    let nature = if category { Nature::Category } else { Nature::Quantity };
    let style = match nature {
        Nature::Category => Style::Category,
        Nature::Quantity => guess_style(identifier, true),
    };
    let mut kind = Kind {
        identifier: identifier.to_owned(),
        name: readable(identifier),
        group: "other".to_owned(),
        unit: String::new(),
        style,
        nature,
        guessed: true,
        value_enum: None,
    };
    kind.unit = kind.unit_of(unit).to_owned();
    kind
}

struct Table {
    kinds: HashMap<String, Kind>,
    order: Vec<String>,
    by_word: HashMap<String, String>,
    enums: HashMap<String, HashMap<String, i64>>,
    all_symbols: HashMap<String, i64>,
    aliases: HashMap<String, i64>,
    activities: HashMap<String, RawActivity>,
    activity_words: HashMap<String, String>,
}

#[derive(Deserialize)]
struct RawTable {
    workout_activity_types: Vec<RawActivity>,
    quantity: Vec<RawKind>,
    category: Vec<RawKind>,
    other: Vec<RawKind>,
    enums: HashMap<String, Vec<RawSymbol>>,
    export_text_aliases: Vec<RawAlias>,
}

#[derive(Deserialize)]
struct RawKind {
    identifier: String,
    kind: String,
    name: String,
    group: String,
    #[serde(default)]
    store_unit: String,
    #[serde(default)]
    aggregation: String,
    value_enum: Option<String>,
}

#[derive(Deserialize)]
struct RawActivity {
    identifier: String,
    raw: i64,
    name: String,
}

#[derive(Deserialize)]
struct RawSymbol {
    symbol: String,
    raw: i64,
}

#[derive(Deserialize)]
struct RawAlias {
    export_text: String,
    raw: serde_json::Value,
}

fn table() -> &'static Table {
    static PARSED: LazyLock<Table> = LazyLock::new(parse);
    &PARSED
}

fn parse() -> Table {
    // The file is part of the program and a test reads it, so a panic here would be our own bug.
    #[allow(clippy::expect_used)]
    let raw: RawTable = serde_json::from_str(TABLE).expect("the built-in table of kinds is valid");
    let enums: HashMap<String, HashMap<String, i64>> = raw
        .enums
        .into_iter()
        .map(|(name, symbols)| (name, symbols.into_iter().map(|s| (s.symbol, s.raw)).collect()))
        .collect();
    let all_symbols = enums.values().flatten().map(|(symbol, raw)| (symbol.clone(), *raw)).collect();
    let aliases = raw.export_text_aliases.into_iter().filter_map(|a| Some((a.export_text, a.raw.as_i64()?))).collect();
    let records = raw.other.into_iter().filter(|kind| kind.kind == "record_other");
    let words = raw.workout_activity_types.iter().flat_map(|a| {
        let short = a.identifier.trim_start_matches("HKWorkoutActivityType");
        [short, a.name.as_str()].map(|word| (fold(word), a.identifier.clone()))
    });
    let activity_words = words.collect();
    let activities = raw.workout_activity_types.into_iter().map(|a| (a.identifier.clone(), a)).collect();
    let mut table = Table {
        kinds: HashMap::new(),
        order: Vec::new(),
        by_word: HashMap::new(),
        enums,
        all_symbols,
        aliases,
        activities,
        activity_words,
    };
    for raw in raw.quantity.into_iter().chain(raw.category).chain(records) {
        table.by_word.entry(fold(&raw.identifier)).or_insert_with(|| raw.identifier.clone());
        table.order.push(raw.identifier.clone());
        table.kinds.insert(raw.identifier.clone(), kind_from(raw));
    }
    table.order.sort();
    table
}

fn kind_from(raw: RawKind) -> Kind {
    let nature = if raw.kind == "category" { Nature::Category } else { Nature::Quantity };
    let style = match (nature, raw.aggregation.as_str()) {
        (Nature::Category, _) => Style::Category,
        (_, "cumulative") => Style::Cumulative,
        (_, "discrete_temporally_weighted") => Style::TemporallyWeighted,
        (_, "discrete_equivalent_level") => Style::EquivalentLevel,
        _ => Style::Arithmetic,
    };
    Kind {
        identifier: raw.identifier,
        name: raw.name,
        group: raw.group,
        unit: raw.store_unit,
        style,
        nature,
        guessed: false,
        value_enum: raw.value_enum,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_find(word: &str, expected: Option<&str>) {
        assert_eq!(find(word).map(|kind| kind.identifier.as_str()), expected);
    }

    #[test]
    fn a_type_that_no_table_knows_has_a_name_to_read() {
        let check = |identifier: &str, expected: &str| assert_eq!(get_or_guess(identifier, None).name, expected);
        check("HKQuantityTypeIdentifierFooBar", "Foo bar");
        check("HKQuantityTypeIdentifierHeartRateVariabilityRMSSD", "Heart rate variability RMSSD");
        check("HKCategoryTypeIdentifierHiccups", "Hiccups");
        check("foo_bar", "Foo bar");
        check("x-hae:symptom:Fatiga", "Fatiga");
        check("GarminStress2Level", "Garmin stress2 level");
        check("com.example.thing", "com.example.thing");
        check("HKQuantityTypeIdentifier", "HKQuantityTypeIdentifier");
        check("_", "_");
        check("", "");
    }

    #[test]
    fn a_kind_is_found_by_any_spelling() {
        let heart_rate = Some("HKQuantityTypeIdentifierHeartRate");
        check_find("HKQuantityTypeIdentifierHeartRate", heart_rate);
        check_find("HeartRate", heart_rate);
        check_find("heart_rate", heart_rate);
        check_find("HEART_RATE", heart_rate);
        check_find("vo2_max", Some("HKQuantityTypeIdentifierVO2Max"));
        check_find("sleep_duration_goal", Some("HKDataTypeSleepDurationGoal"));
        check_find("shoe_size", None);
    }

    #[test]
    fn activities_have_apples_numbers_and_names() {
        assert_eq!(activity_name("HKWorkoutActivityTypeMindAndBody"), "Mind And Body");
        assert_eq!(activity_name("HKWorkoutActivityTypeDozing"), "Dozing");
        assert_eq!(activity_number("HKWorkoutActivityTypeRunning"), Some(37));
        assert_eq!(activity_number("HKWorkoutActivityTypeDozing"), None);
    }

    #[test]
    fn slugs_keep_abbreviations_together() {
        assert_eq!(slug("HKQuantityTypeIdentifierHeartRateVariabilitySDNN"), "heart_rate_variability_sdnn");
        assert_eq!(slug("HKQuantityTypeIdentifierStepCount"), "step_count");
    }

    fn quantities() -> impl Iterator<Item = &'static Kind> {
        all().filter(|kind| kind.identifier.starts_with("HKQuantityTypeIdentifier"))
    }

    #[test]
    fn styles_are_counted_as_in_apples_headers() {
        let count = |style| quantities().filter(|kind| kind.style == style).count();
        assert_eq!(quantities().count(), 120);
        assert_eq!(count(Style::Cumulative), 63);
        assert_eq!(count(Style::Arithmetic), 47);
        assert_eq!(count(Style::TemporallyWeighted), 7);
        assert_eq!(count(Style::EquivalentLevel), 3);
        assert!(all().all(|kind| !kind.guessed));
    }

    #[track_caller]
    fn check_style(style: Style, names: &[&str]) {
        for name in names {
            assert_eq!(find(name).map(|kind| kind.style), Some(style), "{name}");
        }
    }

    #[test]
    fn styles_of_well_known_kinds() {
        let sums = ["StepCount", "DistanceWalkingRunning", "AppleStandTime", "TimeInDaylight", "DietaryWater"];
        check_style(Style::Cumulative, &sums);
        // Their names sound like sums; they are readings.
        let means = ["SixMinuteWalkTestDistance", "RunningGroundContactTime", "HeartRateVariabilitySDNN", "BodyMass"];
        check_style(Style::Arithmetic, &means);
        let weighted = ["HeartRate", "RestingHeartRate", "WalkingHeartRateAverage", "CyclingCadence", "CyclingPower"];
        check_style(Style::TemporallyWeighted, &weighted);
        check_style(Style::TemporallyWeighted, &["CyclingSpeed", "AtrialFibrillationBurden"]);
        let levels = ["EnvironmentalAudioExposure", "HeadphoneAudioExposure", "EnvironmentalSoundReduction"];
        check_style(Style::EquivalentLevel, &levels);
    }

    #[test]
    fn events_are_food_insulin_inhaler_drinks_and_falls() {
        let events: Vec<&str> = quantities().filter(|k| k.is_event_like()).map(|k| short_name(&k.identifier)).collect();
        let (food, others): (Vec<&str>, Vec<&str>) = events.iter().partition(|name| name.starts_with("Dietary"));
        assert_eq!(food.len(), 39);
        assert_eq!(others, ["InhalerUsage", "InsulinDelivery", "NumberOfAlcoholicBeverages", "NumberOfTimesFallen"]);
        assert!(quantities().filter(|k| k.is_event_like()).all(|k| k.style == Style::Cumulative));
    }

    #[test]
    fn a_kind_that_nobody_knows_is_guessed_from_its_name_and_its_rows() {
        let style = |name: &str, lengths| guess_style(&format!("HKQuantityTypeIdentifier{name}"), lengths);
        assert_eq!(style("DistanceHovering", true), Style::Cumulative);
        assert_eq!(style("DistanceHovering", false), Style::Arithmetic);
        assert_eq!(style("DietaryUnobtainium", true), Style::Cumulative);
        assert_eq!(style("HeartRateVariabilityRMSSD", true), Style::Arithmetic);
        let rmssd = get_or_guess("HKQuantityTypeIdentifierHeartRateVariabilityRMSSD", Some("ms"));
        assert_eq!((rmssd.style, rmssd.unit.as_str(), rmssd.guessed), (Style::Arithmetic, "ms", true));
        assert_eq!(get_or_guess("HKCategoryTypeIdentifierHiccups", None).style, Style::Category);
        let fitting = |name: &str| get_or_guess(&format!("HKQuantityTypeIdentifier{name}"), None).fitting(false).style;
        assert_eq!(fitting("DistanceHovering"), Style::Arithmetic);
        // What is known stays, and food is an event however it is written.
        assert_eq!([fitting("StepCount"), fitting("DietaryUnobtainium")], [Style::Cumulative; 2]);
    }

    /// A printed number of a type that nobody knows, and how it is kept.
    #[track_caller]
    fn check_kept(name: &str, printed: (f64, &str), expected: (f64, &str)) {
        let kind = get_or_guess(&format!("HKQuantityTypeIdentifier{name}"), Some(printed.1));
        let conversion = kind.conversion(Some(printed.1)).expect("every unit");
        assert_eq!((conversion.apply(printed.0), kind.unit.as_str()), expected, "{name}: {printed:?}");
        // One that first stood there in another unit keeps it likewise, and what is kept stays.
        let other = get_or_guess(&kind.identifier, Some("lux"));
        assert_eq!((other.unit_of(Some(printed.1)), other.conversion(Some(printed.1))), (expected.1, Some(conversion)));
        assert_eq!(
            (kind.unit_of(Some(expected.1)), kind.conversion(Some(expected.1))),
            (expected.1, Some(Conversion::IDENTITY))
        );
    }

    #[test]
    fn numbers_of_a_kind_that_nobody_knows_are_in_one_unit_for_all_that_measure_the_same() {
        check_kept("NewThing", (1.0, "km"), (1000.0, "m"));
        check_kept("NewThing", (1000.0, "m"), (1000.0, "m"));
        check_kept("NewThing", (100.0, "lb"), (45.359237, "kg"));
        check_kept("NewThing", (0.5, "L"), (0.5, "L"));
        check_kept("NewThing", (1.5, "hours"), (5400.0, "s"));
        check_kept("NewThing", (98.6, "degF"), (37.0, "degC"));
        check_kept("NewThing", (418.4, "kJ"), (100.0, "kcal"));
        check_kept("NewThing", (2.0, "%"), (2.0, "%"));
        check_kept("NewThing", (0.5, "fraction"), (0.5, "%"));
        check_kept("NewThing", (72.0, "bpm"), (72.0, "count/min"));
        check_kept("NewThing", (7.0, "furlong"), (7.0, "furlong"));
        check_kept("NewThing", (7.0, ""), (7.0, ""));
        // Ketones weigh something else than glucose.
        check_kept("NewThing", (1.5, "mmol/L"), (1.5, "mmol/L"));
        check_kept("DietaryUnobtainium", (1.0, "kg"), (1000.0, "g"));
        check_kept("DietaryUnobtainium", (250.0, "mg"), (0.25, "g"));
        check_kept("DietaryMilk", (0.5, "L"), (500.0, "mL"));
        check_kept("DietaryMilk", (418.4, "kJ"), (100.0, "kcal"));
        check_kept("HeartRateVariabilityRMSSD", (0.05, "s"), (50.0, "ms"));
        check_kept("HeartRateVariabilityRMSSD", (50.0, "ms"), (50.0, "ms"));
    }

    #[test]
    fn what_is_known_has_its_own_unit_and_a_category_none() {
        let mass = find("body_mass").expect("known");
        assert_eq!((mass.unit_of(Some("lb")), mass.unit_of(None)), ("kg", "kg"));
        assert_eq!((mass.conversion(Some("m")), mass.conversion(None)), (None, None));
        let new = get_or_guess("HKQuantityTypeIdentifierNewThing", None);
        assert_eq!((new.unit.as_str(), new.conversion(None)), ("", Some(Conversion::IDENTITY)));
        let category = get_or_guess("HKCategoryTypeIdentifierHiccups", Some("kg"));
        assert_eq!((category.unit.as_str(), category.unit_of(Some("kg"))), ("", ""));
    }

    #[test]
    fn a_category_without_a_text_is_an_event_and_nothing_else() {
        let value = |name: &str| find(name).expect("known").category_value("");
        assert_eq!(["MindfulSession", "HandwashingEvent", "HighHeartRateEvent"].map(value), [Some(0); 3]);
        assert_eq!(["SleepAnalysis", "AppleStandHour"].map(value), [None; 2]);
        assert_eq!(get_or_guess("HKCategoryTypeIdentifierHiccups", None).category_value(""), Some(0));
    }

    #[test]
    fn old_and_new_texts_of_one_category_value_are_one_integer() {
        let sleep = find("sleep_analysis").expect("known");
        assert_eq!(sleep.category_value("HKCategoryValueSleepAnalysisAsleep"), Some(1));
        assert_eq!(sleep.category_value("HKCategoryValueSleepAnalysisAsleepUnspecified"), Some(1));
        assert_eq!(sleep.category_value("HKCategoryValueSleepAnalysisAsleepREM"), Some(5));
        assert_eq!(sleep.category_value("HKCategoryValueSleepAnalysisDreaming"), None);
        let words = [0, 3, 5, 99].map(|value| sleep.category_word(value));
        let words: Vec<Option<&str>> = words.iter().map(Option::as_deref).collect();
        assert_eq!(words, [Some("in bed"), Some("asleep core"), Some("asleep rem"), None]);
    }
}
