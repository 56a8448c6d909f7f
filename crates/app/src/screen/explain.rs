//! Where the number of a day or of several days comes from, in the units and with the digits that charts have.

use health::kind::get_or_guess;
use health::language::word as said;

use crate::charts::measure::{Shown, most};
use crate::display::{Display, Units};
use crate::error::Result;
use crate::explain::{DaysAnswer, ExplainAnswer, StretchAnswer};
use crate::folder::Folder;

/// How the numbers of an answer are read.
struct Read {
    display: Display,
    unit: String,
    digits: usize,
    stat: &'static str,
}

impl Read {
    /// Those of a type, as a chart of such values writes them; the values are in the store's unit.
    fn new(
        folder: &Folder,
        (identifier, unit): (&str, Option<&str>),
        stat: &'static str,
        values: &[f64],
    ) -> Result<Self> {
        let (kind, units) = (get_or_guess(identifier, unit), Units::of(folder)?);
        let shown = Shown::new(&kind, &units, most(values.iter().copied())).of(values.iter().copied());
        let (unit, digits) = (said(shown.measure().unit), shown.measure().decimals);
        Ok(Self { display: Display::new(&kind, &units), unit, digits, stat })
    }

    fn value(&self, value: f64) -> f64 {
        self.display.whole(value, self.stat)
    }
}

/// Explains one number as `vitalog explain` does.
pub fn explain(folder: &Folder, word: &str, day: &str) -> Result<ExplainAnswer> {
    let answer = crate::explain::explain(folder, word, day)?;
    // A night is minutes, although its segments are of a set.
    if answer.nights {
        return Ok(answer);
    }
    let values: Vec<f64> = answer.value.into_iter().collect();
    let read = Read::new(folder, (&answer.kind, answer.unit.as_deref()), answer.stat, &values)?;
    Ok(shown(answer, &read))
}

fn shown(mut answer: ExplainAnswer, read: &Read) -> ExplainAnswer {
    let value = |value: f64| read.value(value);
    answer.unit = answer.unit.map(|_| read.unit.clone());
    answer.digits = Some(read.digits);
    answer.value = answer.value.map(value);
    answer.naive_sum = answer.naive_sum.map(value);
    answer.asleep = answer.asleep.map(value);
    if let Some(latest) = &mut answer.latest {
        latest.value = value(latest.value);
    }
    for part in &mut answer.sources {
        part.value = part.value.map(value);
    }
    for double in &mut answer.double_entries {
        double.value = value(double.value);
    }
    answer
}

/// Explains the number of several days as `vitalog explain --to` does.
pub fn explain_days(folder: &Folder, word: &str, from: &str, to: &str, now_ms: i64) -> Result<DaysAnswer> {
    let mut answer = crate::explain::explain_days(folder, word, from, to, now_ms)?;
    if answer.nights {
        return Ok(answer);
    }
    let values: Vec<f64> = answer.parts.iter().map(|part| part.value).collect();
    let read = Read::new(folder, (&answer.kind, answer.unit.as_deref()), answer.stat, &values)?;
    let value = |value: f64| read.value(value);
    answer.unit = answer.unit.map(|_| read.unit.clone());
    answer.digits = Some(read.digits);
    for number in [&mut answer.mean, &mut answer.total, &mut answer.min, &mut answer.max] {
        *number = number.map(value);
    }
    for part in &mut answer.parts {
        part.value = value(part.value);
        (part.min, part.max) = (part.min.map(value), part.max.map(value));
    }
    Ok(answer)
}

/// Explains the number of a stretch of a day as `vitalog explain --from --until` does.
pub fn explain_stretch(folder: &Folder, word: &str, stretch: (i64, i64)) -> Result<StretchAnswer> {
    let mut answer = crate::explain::explain_stretch(folder, word, stretch)?;
    let values: Vec<f64> = answer.value.into_iter().collect();
    let read = Read::new(folder, (&answer.kind, answer.unit.as_deref()), answer.stat, &values)?;
    let value = |value: f64| read.value(value);
    answer.unit = answer.unit.map(|_| read.unit.clone());
    answer.digits = Some(read.digits);
    for number in [&mut answer.value, &mut answer.min, &mut answer.max, &mut answer.naive_sum] {
        *number = number.map(value);
    }
    for part in &mut answer.sources {
        part.value = part.value.map(value);
    }
    // A part of a record may be a fraction of a step.
    for row in &mut answer.rows {
        [row.value, row.adds] = [row.value, row.adds].map(|number| number.map(|value| read.display.value(value)));
    }
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestFolder;

    #[track_caller]
    fn check(units: &str, kind: &str, unit: &str, value: f64, expected: (f64, &str)) {
        let row = format!(
            "<Record type=\"HKQuantityTypeIdentifier{kind}\" sourceName=\"Phone\" unit=\"{unit}\" value=\"{value}\" \
             startDate=\"2026-03-01 10:00:00 +0000\" endDate=\"2026-03-01 10:00:00 +0000\"/>"
        );
        let folder = TestFolder::of_rows(&format!("explain-{kind}"), &[row]);
        crate::settings::set(&folder, "home_zone", "UTC").expect("set");
        crate::settings::set(&folder, "units_of", units).expect("set");
        let answer = explain(&folder, kind, "2026-03-01").expect("an answer");
        let rounded = |value: Option<f64>| value.map(|value| (value * 10.0).round() / 10.0);
        assert_eq!((rounded(answer.value), answer.unit.as_deref()), (Some(expected.0), Some(expected.1)));
        assert_eq!(rounded(answer.latest.as_ref().map(|latest| latest.value)), Some(expected.0));
        assert_eq!(answer.latest.map(|latest| latest.clock).as_deref(), Some("10:00"));
        assert_eq!(rounded(answer.sources.first().and_then(|part| part.value)), Some(expected.0));
    }

    #[test]
    fn a_number_is_explained_in_the_unit_that_is_read() {
        check("body_mass=lb", "BodyMass", "kg", 70.5, (155.4, "lb"));
        check("blood_glucose=mmol/L", "BloodGlucose", "mg/dL", 100.0, (5.6, "mmol/L"));
        check("", "OxygenSaturation", "%", 0.97, (97.0, "%"));
    }

    #[test]
    fn a_number_is_explained_with_the_unit_of_its_chart() {
        check("", "RestingHeartRate", "count/min", 61.0, (61.0, "bpm"));
        check("", "VO2Max", "mL/min\u{b7}kg", 42.0, (42.0, "ml/(kg\u{b7}min)"));
        check("", "RespiratoryRate", "count/min", 14.5, (14.5, "breaths/min"));
    }

    #[test]
    fn several_days_are_explained_in_the_unit_that_is_read() {
        let row = "<Record type=\"HKQuantityTypeIdentifierBodyMass\" sourceName=\"Scale\" unit=\"kg\" value=\"70\" \
                   startDate=\"2026-03-01 10:00:00 +0000\" endDate=\"2026-03-01 10:00:00 +0000\"/>";
        let folder = TestFolder::of_rows("explain-days-units", &[row.to_owned()]);
        crate::settings::set(&folder, "home_zone", "UTC").expect("set");
        crate::settings::set(&folder, "units_of", "body_mass=lb").expect("set");
        let told =
            explain_days(&folder, "body_mass", "2026-03-01", "2026-03-07", 1_777_629_600_000).expect("an answer");
        let part = told.parts.first().expect("a day");
        let found = [told.mean, told.max, Some(part.value)].map(|value| value.map(f64::round));
        assert_eq!((found, told.unit.as_deref()), ([Some(154.0); 3], Some("lb")));
    }
}
