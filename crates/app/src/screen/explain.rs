//! Where the number of a day comes from, in the units that people read.

use crate::display::{Display, Units};
use crate::error::Result;
use crate::explain::ExplainAnswer;
use crate::folder::Folder;

/// Explains one number as `vitalog explain` does.
pub fn explain(folder: &Folder, word: &str, day: &str) -> Result<ExplainAnswer> {
    let answer = crate::explain::explain(folder, word, day)?;
    // A night is minutes, although its segments are of a set.
    if answer.nights {
        return Ok(answer);
    }
    let display = Display::of_answer(&answer.kind, answer.unit.as_deref(), &Units::of(folder)?);
    Ok(shown(answer, &display))
}

fn shown(mut answer: ExplainAnswer, display: &Display) -> ExplainAnswer {
    let stat = answer.stat;
    let value = |value: f64| display.whole(value, stat);
    answer.unit = answer.unit.map(|_| display.unit_of_count().to_owned());
    answer.value = answer.value.map(value);
    answer.naive_sum = answer.naive_sum.map(value);
    answer.asleep = answer.asleep.map(value);
    for part in &mut answer.sources {
        part.value = part.value.map(value);
    }
    for double in &mut answer.double_entries {
        double.value = value(double.value);
    }
    answer
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
        assert_eq!(rounded(answer.sources.first().and_then(|part| part.value)), Some(expected.0));
    }

    #[test]
    fn a_number_is_explained_in_the_unit_that_is_read() {
        check("body_mass=lb", "BodyMass", "kg", 70.5, (155.4, "lb"));
        check("blood_glucose=mmol/L", "BloodGlucose", "mg/dL", 100.0, (5.6, "mmol/L"));
        check("", "OxygenSaturation", "%", 0.97, (97.0, "%"));
    }
}
