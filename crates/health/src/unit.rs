//! Units: what is what, and how to get from one to another.
//!
//! The table is part of `data/healthkit-types.json`: base value = value * factor + offset. Symbols that only phone apps
//! use stand in `data/phone-names.json`.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;

#[derive(Deserialize)]
struct Table {
    units: Vec<Unit>,
}

/// A symbol that phone apps use for what the table has under another name, or a multiple of that.
#[derive(Deserialize)]
struct Alias {
    unit: String,
    same_as: String,
    factor: f64,
}

#[derive(Deserialize)]
struct Aliases {
    units: Vec<Alias>,
}

#[derive(Deserialize, Clone)]
struct Unit {
    unit: String,
    dimension: String,
    base: String,
    factor: f64,
    #[serde(default)]
    offset: f64,
}

/// A linear conversion, found once per pair of units and then applied per sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Conversion {
    before: f64,
    times: f64,
    over: f64,
    after: f64,
}

impl Conversion {
    /// Leaves values as they are.
    pub const IDENTITY: Self = Self { before: 0.0, times: 1.0, over: 1.0, after: 0.0 };

    /// Converts one value.
    pub fn apply(self, value: f64) -> f64 {
        (value + self.before) * self.times / self.over + self.after
    }

    /// What is added before, multiplied by, divided by and added after, in this order.
    pub fn terms(self) -> [f64; 4] {
        [self.before, self.times, self.over, self.after]
    }
}

/// Returns the conversion between two unit texts, or `None` where one is unknown or they measure different things.
pub fn conversion(from: &str, to: &str) -> Option<Conversion> {
    if from == to {
        return Some(Conversion::IDENTITY);
    }
    let (from, to) = (lookup(from)?, lookup(to)?);
    if from.dimension != to.dimension {
        return None;
    }
    let ((from_times, from_over), (to_times, to_over)) = (fraction(from.factor), fraction(to.factor));
    let (times, over) = (from_times * to_over, from_over * to_times);
    let (times, over) = if times == over { (1.0, 1.0) } else { (times, over) };
    Some(Conversion { before: shift(from), times, over, after: -shift(to) })
}

/// What a unit measures, such as `mass`, and the unit on which the table bases that; `None` for one that it lacks.
/// Moles weigh what their unit says; without that only the type tells, so the unit is none of the table's.
pub(crate) fn dimension(unit: &str) -> Option<(&'static str, &'static str)> {
    let found = lookup(unit).filter(|_| !unit.starts_with("mmol/"))?;
    Some((&found.dimension, &found.base))
}

/// A factor as a fraction of whole numbers, where it or its inverse is a short decimal: then 418.4 kJ are 100 kcal and
/// not a digit less.
fn fraction(factor: f64) -> (f64, f64) {
    let powers = |most: i32| (0..=most).map(|e| 10f64.powi(e));
    let direct = powers(12).map(|ten| ((factor * ten).round(), ten)).find(|(n, ten)| n / ten == factor);
    let inverse = || powers(6).map(|ten| (ten, (ten / factor).round())).find(|(ten, n)| ten / n == factor);
    direct.or_else(inverse).unwrap_or((factor, 1.0))
}

/// What is added to a value before it is multiplied: -32 for degrees Fahrenheit.
fn shift(unit: &Unit) -> f64 {
    let exact = unit.offset / unit.factor;
    let short = (exact * 1e6).round() / 1e6;
    if (exact - short).abs() < 1e-9 { short } else { exact }
}

fn lookup(unit: &str) -> Option<&'static Unit> {
    static UNITS: LazyLock<HashMap<String, Unit>> = LazyLock::new(|| {
        // The file is part of the program and a test reads it, so a panic here would be our own bug.
        #[allow(clippy::expect_used)]
        let table: Table = serde_json::from_str(include_str!("../data/healthkit-types.json")).expect("valid");
        let mut units: HashMap<String, Unit> = table.units.into_iter().map(|u| (u.unit.clone(), u)).collect();
        #[allow(clippy::expect_used)]
        let aliases: Aliases = serde_json::from_str(include_str!("../data/phone-names.json")).expect("valid");
        for alias in aliases.units {
            let Some(mut unit) = units.get(&alias.same_as).cloned() else { continue };
            unit.factor *= alias.factor;
            units.entry(alias.unit).or_insert(unit);
        }
        units
    });
    // Molar units of glucose carry the molar mass in the text, mmol<180.1558800000541>/L; some apps leave it out. No
    // other type has a unit by the mole.
    let molar = unit == "mmol/L" || unit.starts_with("mmol<180.15");
    UNITS.get(if molar { "mmol<180.1558800000541>/L" } else { unit })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: f64, from: &str, to: &str, expected: Option<f64>) {
        let got = conversion(from, to).map(|c| c.apply(value));
        let close = match (got, expected) {
            (Some(a), Some(b)) => (a - b).abs() <= 1e-9 * b.abs().max(1.0),
            (a, b) => a == b,
        };
        assert!(close, "{value} {from} in {to}: {got:?}, expected {expected:?}");
    }

    #[test]
    fn units_convert_by_the_table() {
        check(1.0, "mi", "m", Some(1609.344));
        check(418.4, "kJ", "kcal", Some(100.0));
        check(98.6, "degF", "degC", Some(37.0 - 1.333e-9));
        check(5.5, "mmol<180.1558800000541>/L", "mg/dL", Some(99.085734));
        check(30.0, "mL/kg·min", "mL/min·kg", Some(30.0));
        check(12.0, "furlong", "m", None);
        check(12.0, "kg", "m", None);
        check(5.5, "mmol/L", "mg/dL", Some(99.085734));
        check(5.5, "mmol/L", "g", None);
        check(7.0, "fortnights", "fortnights", Some(7.0));
    }

    #[test]
    fn what_is_exact_on_paper_is_exact() {
        #[track_caller]
        fn check(value: f64, from: &str, to: &str, expected: f64) {
            assert_eq!(conversion(from, to).map(|c| c.apply(value)), Some(expected), "{value} {from} in {to}");
            assert_eq!(conversion(to, from).map(|c| c.apply(expected)), Some(value), "{expected} {to} in {from}");
        }
        check(418.4, "kJ", "kcal", 100.0);
        check(41.84, "kJ", "kcal", 10.0);
        check(98.6, "degF", "degC", 37.0);
        check(-40.0, "degF", "degC", -40.0);
        check(3.6, "km/hr", "m/s", 1.0);
        check(25.0, "cm", "m", 0.25);
        check(100.0, "lb", "kg", 45.359237);
        check(72.0, "count/min", "count/hr", 4320.0);
        check(1.1, "km", "m", 1100.0);
        check(273.15, "K", "degC", 0.0);
    }

    #[test]
    fn a_unit_measures_something_and_has_a_base() {
        assert_eq!(dimension("st"), Some(("mass", "kg")));
        assert_eq!(dimension("µg"), Some(("mass", "kg")));
        assert_eq!(dimension("mmol<180.1558800000541>/L"), Some(("glucose", "mg/dL")));
        // Of what, nobody says.
        assert_eq!([dimension("mmol/L"), dimension("mmol/l"), dimension("furlong")], [None; 3]);
    }

    #[test]
    fn symbols_of_phone_apps_are_known() {
        check(5.4, "mmol/L", "mg/dL", Some(97.284_175_2));
        check(72.0, "bpm", "count/min", Some(72.0));
        check(14.0, "breaths/min", "count/min", Some(14.0));
        check(2.0, "MJ", "kcal", Some(478.011_472_275_334_6));
        check(10.0, "km/h", "m/s", Some(10.0 / 3.6));
        check(99.5, "°F", "degC", Some(37.5));
        check(1.5, "hours", "min", Some(90.0));
        check(95.0, "µg", "g", Some(95e-6));
        check(3.0, "kcal/hr/kg", "kcal/hr·kg", Some(3.0));
        check(44.0, "mL/kg/min", "mL/min·kg", Some(44.0));
        check(8.0, "fl oz", "mL", Some(236.588_236_5));
        check(0.97, "percent", "%", Some(0.97));
        check(98.0, "dBA", "kcal", None);
    }
}
