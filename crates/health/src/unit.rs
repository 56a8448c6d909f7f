//! Units: what is what, and how to get from one to another.
//!
//! The table is part of `data/healthkit-types.json`: base value = value * factor + offset.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;

#[derive(Deserialize)]
struct Table {
    units: Vec<Unit>,
}

#[derive(Deserialize)]
struct Unit {
    unit: String,
    dimension: String,
    factor: f64,
    #[serde(default)]
    offset: f64,
}

/// A linear conversion, found once per pair of units and then applied per sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Conversion {
    factor: f64,
    offset: f64,
}

impl Conversion {
    /// Leaves values as they are.
    pub const IDENTITY: Self = Self { factor: 1.0, offset: 0.0 };

    /// Converts one value.
    pub fn apply(self, value: f64) -> f64 {
        value * self.factor + self.offset
    }

    /// Whether values stay as they are.
    pub fn is_identity(self) -> bool {
        self == Self::IDENTITY
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
    let (factor, offset) = (from.factor / to.factor, (from.offset - to.offset) / to.factor);
    Some(Conversion { factor, offset })
}

fn lookup(unit: &str) -> Option<&'static Unit> {
    static UNITS: LazyLock<HashMap<String, Unit>> = LazyLock::new(|| {
        // The file is part of the program and a test reads it, so a panic here would be our own bug.
        #[allow(clippy::expect_used)]
        let table: Table = serde_json::from_str(include_str!("../data/healthkit-types.json")).expect("valid");
        table.units.into_iter().map(|unit| (unit.unit.clone(), unit)).collect()
    });
    // Molar units of glucose carry the molar mass in the text: mmol<180.1558800000541>/L.
    let simple = if unit.starts_with("mmol<180.15") { "mmol<180.1558800000541>/L" } else { unit };
    UNITS.get(simple)
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
        check(7.0, "fortnights", "fortnights", Some(7.0));
    }
}
