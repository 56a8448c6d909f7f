//! Numbers for people: the units that they are used to. Programs always get the units of the store.

use health::kind::{Kind, Nature, get_or_guess, short_name};
use health::series::rule::Rule;
use health::unit::conversion;
pub use health::ways::{Ways, minutes_seconds};
use store::Store;

use crate::error::Result;
use crate::folder::Folder;
use crate::local::find_kind;

/// The setting `units`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Units {
    /// Kilometres, kilograms, degrees Celsius.
    #[default]
    Metric,
    /// Miles, pounds, degrees Fahrenheit.
    Imperial,
}

impl Units {
    /// How ways, heights and paces of workouts are told.
    pub fn ways(self) -> Ways {
        match self {
            Self::Metric => Ways::METRIC,
            Self::Imperial => Ways::IMPERIAL,
        }
    }

    /// Reads the setting.
    pub fn of(folder: &Folder) -> Result<Self> {
        Self::of_store(&folder.read()?)
    }

    /// The same of an open store.
    pub(crate) fn of_store(store: &Store) -> Result<Self> {
        Ok(match store.setting("units")?.as_deref() {
            Some("imperial") => Self::Imperial,
            _ => Self::Metric,
        })
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
        Ok(Self::new(&kind, Units::of(folder)?))
    }

    /// By Apple's identifier, as answers have it, and the unit in the store.
    pub fn of_answer(identifier: &str, unit: Option<&str>, units: Units) -> Self {
        Self::new(&get_or_guess(identifier, unit), units)
    }

    pub(crate) fn new(kind: &Kind, units: Units) -> Self {
        let unit = kind.unit.as_str();
        let distance = short_name(&kind.identifier).starts_with("Distance");
        let shown = match (units, unit) {
            (Units::Metric, "m") if distance => "km",
            (Units::Imperial, "m") if distance => "mi",
            (Units::Imperial, "m") => "ft",
            (Units::Imperial, "cm") => "in",
            (Units::Imperial, "kg") => "lb",
            (Units::Imperial, "degC") => "degF",
            (Units::Imperial, "mL") => "fl_oz_us",
            (Units::Imperial, "m/s") => "mi/hr",
            (Units::Metric, "m/s") => "km/hr",
            _ => "",
        };
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
            ("degF", _) => "°F",
            ("fl_oz_us", _) => "fl oz",
            ("mi/hr", _) => "mph",
            ("km/hr", _) => "km/h",
            (shown, _) => shown,
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
    fn check(word: &str, units: Units, value: f64, expected: (f64, &str)) {
        let kind = health::kind::find(word).expect("a kind");
        let display = Display::new(kind, units);
        let shown = (display.value(value) * 100.0).round() / 100.0;
        assert_eq!((shown, display.unit()), expected);
    }

    #[test]
    fn counts_are_whole_and_categories_are_times() {
        let display = |identifier| Display::of_answer(identifier, None, Units::Metric);
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
        check("distance_walking_running", Units::Metric, 5230.7, (5.23, "km"));
        check("distance_walking_running", Units::Imperial, 1609.344, (1.0, "mi"));
        check("height", Units::Metric, 1.75, (1.75, "m"));
        check("height", Units::Imperial, 1.75, (5.74, "ft"));
        check("body_mass", Units::Imperial, 70.5, (155.43, "lb"));
        check("body_temperature", Units::Imperial, 37.0, (98.6, "°F"));
        check("oxygen_saturation", Units::Imperial, 0.97, (97.0, "%"));
        check("heart_rate", Units::Imperial, 61.0, (61.0, "count/min"));
        check("walking_speed", Units::Metric, 1.25, (4.5, "km/h"));
        check("dietary_water", Units::Imperial, 250.0, (8.45, "fl oz"));
    }
}
