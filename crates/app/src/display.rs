//! Numbers for people: the units that they are used to. Programs always get the units of the store.

use std::collections::BTreeMap;

use health::kind::{Kind, Nature, get_or_guess, short_name, slug};
use health::series::rule::Rule;
use health::unit::conversion;
pub use health::ways::{Ways, minutes_seconds};
use serde::Serialize;
use store::Store;

use crate::error::Result;
use crate::folder::Folder;
use crate::local::find_kind;
use crate::settings::units_of;

/// The setting `units`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum System {
    /// Kilometres, kilograms, degrees Celsius.
    #[default]
    Metric,
    /// Miles, pounds, degrees Fahrenheit.
    Imperial,
}

/// The units that the owner reads: a system, and those of single types where they were chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Units {
    system: System,
    of_types: BTreeMap<String, &'static str>,
}

/// A unit of energy, and how many kilocalories it has.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Energy {
    /// As people write it.
    pub symbol: &'static str,
    /// Kilocalories in it.
    pub kcal: f64,
}

impl Energy {
    /// Kilocalories in this unit.
    pub fn of(self, kcal: f64) -> f64 {
        kcal / self.kcal
    }
}

impl From<System> for Units {
    fn from(system: System) -> Self {
        Self { system, of_types: BTreeMap::new() }
    }
}

impl Units {
    /// How ways, heights and paces of workouts are told.
    pub fn ways(&self) -> Ways {
        match self.system {
            System::Metric => Ways::METRIC,
            System::Imperial => Ways::IMPERIAL,
        }
    }

    /// How the active energy of workouts is told.
    pub fn energy(&self) -> Energy {
        let symbol = self.of_types.get("active_energy_burned").copied().unwrap_or("kcal");
        let kcal = conversion(symbol, "kcal").map_or(1.0, |conversion| conversion.apply(1.0));
        Energy { symbol, kcal }
    }

    /// Reads the setting.
    pub fn of(folder: &Folder) -> Result<Self> {
        Self::of_store(&folder.read()?)
    }

    /// The same of an open store.
    pub(crate) fn of_store(store: &Store) -> Result<Self> {
        let system = match store.setting("units")?.as_deref() {
            Some("imperial") => System::Imperial,
            _ => System::Metric,
        };
        Ok(Self { system, of_types: units_of(store)? })
    }
}

/// Units of the store, and those in which people may read them.
const CHOICES: [(&str, &[&str]); 8] = [
    ("mg/dL", &["mg/dL", "mmol/L"]),
    ("kcal", &["kcal", "kJ"]),
    ("degC", &["degC", "degF"]),
    ("kg", &["kg", "lb"]),
    ("m", &["m", "km", "ft", "mi"]),
    ("cm", &["cm", "in"]),
    ("mL", &["mL", "fl_oz_us"]),
    ("m/s", &["m/s", "km/hr", "mi/hr"]),
];

/// In which units the values of a type may be read, as people write them; none where there is nothing to choose.
pub fn choices(kind: &Kind) -> Vec<&'static str> {
    symbols(kind).iter().map(|symbol| written(symbol)).collect()
}

fn symbols(kind: &Kind) -> &'static [&'static str] {
    CHOICES.iter().find(|(stored, _)| *stored == kind.unit).map_or(&[], |(_, symbols)| *symbols)
}

/// The unit that somebody means for a type: `°F`, `F` and `degF` are one.
pub(crate) fn chosen(kind: &Kind, text: &str) -> Option<&'static str> {
    let fold = |text: &str| text.replace(['\u{b0}', ' '], "").to_lowercase();
    let is = |symbol: &&&'static str| fold(symbol) == fold(text) || fold(written(symbol)) == fold(text);
    symbols(kind).iter().find(is).copied()
}

/// A symbol as people write it.
pub(crate) fn written(symbol: &'static str) -> &'static str {
    match symbol {
        "degC" => "\u{b0}C",
        "degF" => "\u{b0}F",
        "fl_oz_us" => "fl oz",
        "mi/hr" => "mph",
        "km/hr" => "km/h",
        symbol => symbol,
    }
}

/// How the values of one type are shown.
#[derive(Debug, Clone)]
pub struct Display {
    kind: Kind,
    stored: String,
    shown: &'static str,
    /// The unit of numbers of a day and longer, where it is another one.
    of_days: Option<&'static str>,
    whole: bool,
}

impl Display {
    /// By the type's name as the user wrote it.
    pub fn of(folder: &Folder, word: &str) -> Result<Self> {
        let kind = find_kind(&folder.read()?, word)?.kind;
        Ok(Self::new(&kind, &Units::of(folder)?))
    }

    /// By Apple's identifier, as answers have it, and the unit in the store.
    pub fn of_answer(identifier: &str, unit: Option<&str>, units: &Units) -> Self {
        Self::new(&get_or_guess(identifier, unit), units)
    }

    pub(crate) fn new(kind: &Kind, units: &Units) -> Self {
        let unit = kind.unit.as_str();
        let distance = short_name(&kind.identifier).starts_with("Distance");
        let own = units.of_types.get(&slug(&kind.identifier)).copied();
        let shown = own.unwrap_or(match (units.system, unit) {
            (System::Metric, "m") if distance => "km",
            (System::Imperial, "m") if distance => "mi",
            (System::Imperial, "m") => "ft",
            (System::Imperial, "cm") => "in",
            (System::Imperial, "kg") => "lb",
            (System::Imperial, "degC") => "degF",
            (System::Imperial, "mL") => "fl_oz_us",
            (System::Imperial, "m/s") => "mi/hr",
            (System::Metric, "m/s") => "km/hr",
            _ => "",
        });
        // Half a drink is one.
        let whole = unit == "count" && !kind.is_event_like();
        let of_days = match Rule::of(kind) {
            Rule::Count if short_name(&kind.identifier) == "SleepAnalysis" => Some(health::key!("entries")),
            Rule::Count => Some(health::key!("times")),
            rule => rule.unit(),
        };
        Self { kind: kind.clone(), stored: unit.to_owned(), shown, of_days, whole }
    }

    /// What people call the type.
    pub fn name(&self) -> &str {
        &self.kind.name
    }

    /// Whether its values are one of a fixed set.
    pub fn is_category(&self) -> bool {
        self.kind.nature == Nature::Category
    }

    /// What a category's value means, where Apple's table has a word for it.
    pub fn meaning(&self, value: f64) -> Option<String> {
        self.kind.category_word(value as i64).filter(|_| self.is_category())
    }

    /// The name of the unit of a number over a stretch of time: most categories are counted.
    pub fn unit_of_count(&self) -> &str {
        self.of_days.unwrap_or_else(|| self.unit())
    }

    /// A sum for people: merged sources share a walk by time, and nobody takes a fraction of a step.
    pub fn whole(&self, value: f64, stat: &str) -> f64 {
        let value = self.value(value);
        if self.whole && stat == "sum" { value.round() } else { value }
    }

    /// The name of the unit; empty for what has none.
    pub fn unit(&self) -> &str {
        match (self.shown, self.stored.as_str()) {
            ("", stored) => stored,
            // What a table for people has always called it.
            ("degC", _) => "degC",
            (shown, _) => written(shown),
        }
    }

    /// A value of the store in that unit; fractions as percent.
    pub fn value(&self, value: f64) -> f64 {
        match self.stored.as_str() {
            "%" => value * 100.0,
            stored => conversion(stored, self.shown).map_or(value, |conversion| conversion.apply(value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(word: &str, units: impl Into<Units>, value: f64, expected: (f64, &str)) {
        let kind = health::kind::find(word).expect("a kind");
        let display = Display::new(kind, &units.into());
        let shown = (display.value(value) * 100.0).round() / 100.0;
        assert_eq!((shown, display.unit()), expected);
    }

    #[test]
    fn counts_are_whole_and_categories_are_times() {
        let display = |identifier| Display::of_answer(identifier, None, &Units::default());
        let steps = display("HKQuantityTypeIdentifierStepCount");
        assert_eq!((steps.whole(1234.6, "sum"), steps.whole(1234.6, "mean")), (1235.0, 1234.6));
        assert_eq!((steps.name(), steps.unit_of_count()), ("Steps", "count"));
        assert_eq!(display("HKQuantityTypeIdentifierNumberOfAlcoholicBeverages").whole(1.5, "sum"), 1.5);
        assert_eq!(display("HKCategoryTypeIdentifierAppleStandHour").unit_of_count(), "hr");
        assert_eq!(display("HKCategoryTypeIdentifierMindfulSession").unit_of_count(), "min");
        assert_eq!(display("HKCategoryTypeIdentifierSleepAnalysis").unit_of_count(), "entries");
        assert_eq!(display("HKCategoryTypeIdentifierToothbrushingEvent").unit_of_count(), "times");
    }

    #[test]
    fn people_read_their_own_units() {
        check("distance_walking_running", System::Metric, 5230.7, (5.23, "km"));
        check("distance_walking_running", System::Imperial, 1609.344, (1.0, "mi"));
        check("height", System::Metric, 1.75, (1.75, "m"));
        check("height", System::Imperial, 1.75, (5.74, "ft"));
        check("body_mass", System::Imperial, 70.5, (155.43, "lb"));
        check("body_temperature", System::Imperial, 37.0, (98.6, "°F"));
        check("oxygen_saturation", System::Imperial, 0.97, (97.0, "%"));
        check("heart_rate", System::Imperial, 61.0, (61.0, "count/min"));
        check("walking_speed", System::Metric, 1.25, (4.5, "km/h"));
        check("dietary_water", System::Imperial, 250.0, (8.45, "fl oz"));
    }

    #[test]
    fn a_type_may_have_a_unit_of_its_own() {
        let own = |word: &str, symbol| Units {
            system: System::Imperial,
            of_types: BTreeMap::from([(word.to_owned(), symbol)]),
        };
        check("blood_glucose", own("blood_glucose", "mmol/L"), 99.085_734, (5.5, "mmol/L"));
        check("active_energy_burned", own("active_energy_burned", "kJ"), 100.0, (418.4, "kJ"));
        let energy = own("active_energy_burned", "kJ").energy();
        assert_eq!((energy.symbol, energy.of(100.0).round()), ("kJ", 418.0));
        assert_eq!(Units::default().energy(), Energy { symbol: "kcal", kcal: 1.0 });
        check("body_mass", own("body_mass", "kg"), 70.5, (70.5, "kg"));
        check("body_mass", own("lean_body_mass", "kg"), 70.5, (155.43, "lb"));
    }

    #[test]
    fn units_may_be_written_in_any_way() {
        let check = |word: &str, text: &str, expected: Option<&str>| {
            assert_eq!(chosen(health::kind::find(word).expect("a kind"), text), expected, "{word} {text}");
        };
        for text in ["\u{b0}F", "f", "degF", "\u{b0} f"] {
            check("body_temperature", text, Some("degF"));
        }
        check("blood_glucose", "MMOL/L", Some("mmol/L"));
        check("walking_speed", "km/h", Some("km/hr"));
        check("body_mass", "kJ", None);
        check("heart_rate", "bpm", None);
        check("sleep_analysis", "h", None);
    }
}
