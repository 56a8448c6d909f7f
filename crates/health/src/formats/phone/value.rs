//! Values: from what a phone sends to a number in the kind's unit, and as it was sent.

use std::borrow::Cow;

use super::fields::Number;
use crate::batch::NONE;
use crate::kind::{self, Kind};
use crate::phone::{Flag, Flags};
use crate::unit::Conversion;

/// Why a record is rejected.
pub(crate) type Reject = &'static str;

/// A type of this delivery with what its values need.
pub(crate) struct KindSlot {
    pub(crate) kind: Kind,
    pub(crate) known: bool,
    /// Index in the present portion.
    pub(super) index: u32,
    units: Vec<(String, Option<Conversion>)>,
}

/// How percentages of a feed are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Percent {
    /// As a fraction; what is above one was written otherwise.
    Fraction,
    /// As 0 to 100, except what some phones send as a fraction.
    Hundred,
}

/// A number in the kind's unit, and as it was sent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Measure {
    pub(crate) value: Option<f64>,
    pub(crate) original: Option<f64>,
    pub(crate) flags: Flags,
}

/// The value of a sample.
#[derive(Debug, Clone)]
pub(crate) enum Value<'a> {
    /// A number that was converted.
    Measure(Measure),
    /// Apple's integer.
    Category(i64),
    /// A word that is none of Apple's.
    Word(Cow<'a, str>, Flag),
    /// Nothing where a value was due.
    Nothing,
}

impl KindSlot {
    /// A type that was not seen yet.
    pub(crate) fn new(identifier: &str, unit: Option<&str>) -> Self {
        let known = kind::get(identifier).is_some();
        Self { kind: kind::get_or_guess(identifier, unit), known, index: NONE, units: Vec::new() }
    }

    /// A number in the kind's unit.
    pub(crate) fn measure(&mut self, sent: f64, unit: Option<&str>, percent: Percent) -> Measure {
        let mut flags = Flags::default();
        flags.set_if(Flag::UnitAssumed, unit.is_none() && self.known && !self.kind.unit.is_empty());
        let Some(conversion) = self.conversion(unit) else {
            flags.set(Flag::UnknownUnit);
            return Measure { value: None, original: Some(sent), flags };
        };
        let mut value = conversion.apply(sent);
        if self.kind.unit_of(unit) == "%" && percent.is_hundredfold(&self.kind, value) {
            value /= 100.0;
        }
        Measure { value: Some(value), original: (value != sent).then_some(sent), flags }
    }

    fn conversion(&mut self, unit: Option<&str>) -> Option<Conversion> {
        // Without a unit it is the kind's own.
        let Some(unit) = unit else { return Some(Conversion::IDENTITY) };
        if let Some((_, found)) = self.units.iter().find(|(known, _)| known == unit) {
            return *found;
        }
        let found = self.kind.conversion(Some(unit));
        if self.units.len() < 64 {
            self.units.push((unit.to_owned(), found));
        }
        found
    }
}

impl Percent {
    /// Whether a percentage must be divided by a hundred to be a fraction.
    fn is_hundredfold(self, kind: &Kind, value: f64) -> bool {
        match self {
            // Of a type that nobody knows more than all may be true.
            Self::Fraction => value > 1.0 && !kind.guessed,
            Self::Hundred => {
                // Some phones send these as a fraction, and nobody has one per cent of them.
                let doubtful = ["OxygenSaturation", "BodyFatPercentage", "AppleWalkingSteadiness"];
                value > 1.0 || !doubtful.contains(&kind::short_name(&kind.identifier))
            }
        }
    }
}

/// A category's integer.
pub(crate) fn category(number: f64) -> std::result::Result<i64, Reject> {
    if number.fract() == 0.0 && number.abs() < 1e9 { Ok(number as i64) } else { Err("bad_value") }
}

/// A number that must be one.
pub(crate) fn due(number: Number) -> std::result::Result<f64, Reject> {
    number.known().ok_or("bad_value")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, sent: f64, unit: Option<&str>, percent: Percent, expected: (Option<f64>, &[&str])) {
        let mut slot = KindSlot::new(&format!("HKQuantityTypeIdentifier{name}"), unit);
        let measure = slot.measure(sent, unit, percent);
        let words: Vec<_> = measure.flags.words().collect();
        assert_eq!((measure.value, words.as_slice()), expected, "{sent} {unit:?}");
        // Twice the same: the conversion is remembered.
        assert_eq!(slot.measure(sent, unit, percent), measure);
    }

    #[test]
    fn numbers_are_in_the_unit_of_their_kind() {
        use Percent::{Fraction, Hundred};
        check("BodyTemperature", 98.6, Some("K"), Fraction, (Some(98.6 - 273.15), &[]));
        check("HeartRate", 72.0, None, Fraction, (Some(72.0), &["unit_assumed"]));
        check("HeartRate", 72.0, Some("kg"), Fraction, (None, &["unit_unknown"]));
        check("Unheard", 72.0, Some("kg"), Fraction, (Some(72.0), &[]));
        check("Unheard", 100.0, Some("lbs"), Fraction, (Some(45.359237), &[]));
        check("Unheard", 1.75, Some("%"), Fraction, (Some(1.75), &[]));
        check("Unheard", 175.0, Some("%"), Hundred, (Some(1.75), &[]));
        check("Unheard", 175.0, Some("percent"), Hundred, (Some(1.75), &[]));
        check("Unheard", 72.0, None, Fraction, (Some(72.0), &[]));
        check("OxygenSaturation", 97.0, Some("%"), Fraction, (Some(0.97), &[]));
        check("OxygenSaturation", 0.97, Some("%"), Fraction, (Some(0.97), &[]));
        check("WalkingAsymmetryPercentage", 0.5, Some("%"), Fraction, (Some(0.5), &[]));
        check("WalkingAsymmetryPercentage", 0.5, Some("%"), Hundred, (Some(0.005), &[]));
        check("BodyFatPercentage", 0.21, Some("%"), Hundred, (Some(0.21), &[]));
        check("BodyFatPercentage", 21.0, Some("%"), Hundred, (Some(0.21), &[]));
    }

    #[test]
    fn a_category_is_a_whole_number() {
        assert_eq!([category(3.0), category(-1.0)], [Ok(3), Ok(-1)]);
        assert_eq!([category(2.5), category(1e30), category(f64::NAN)], [Err("bad_value"); 3]);
        assert_eq!((due(Number::Known(1.0)), due(Number::Absent)), (Ok(1.0), Err("bad_value")));
    }
}
