//! How the numbers of a type are called, coloured and written in a chart.

use chart::theme::Hue;
use chart::{Average, Measure};
use health::key;
use health::kind::{Kind, Style, short_name};
use health::language::{Language, spoken, word};
use health::series::rule::Rule;

use crate::display::{Display, Units};

/// A type as charts show it.
pub(crate) struct Shown {
    title: String,
    unit: String,
    hue: Hue,
    decimals: usize,
    display: Display,
    adds_up: bool,
}

impl Shown {
    /// Of a type whose largest value, in the store's unit, is `most`.
    pub fn new(kind: &Kind, units: &Units, most: f64) -> Self {
        let display = Display::new(kind, units);
        let unit = unit(kind, display.unit_of_count()).to_owned();
        let most = display.value(most);
        let rule = Rule::of(kind);
        let adds_up = rule.is_sum() || rule == Rule::Count;
        let decimals = if rule == Rule::Count { 0 } else { decimals(&unit, most) };
        Self { title: title(kind), unit, hue: hue_of(&kind.group), decimals, display, adds_up }
    }

    fn whole(self) -> Self {
        Self { decimals: 0, ..self }
    }

    /// The same for values of the store, all of which it shows: nobody falls by halves, and half a drink is one with a
    /// digit.
    pub fn of(self, mut values: impl Iterator<Item = f64>) -> Self {
        let adds_up = self.adds_up;
        if adds_up && values.all(|value| self.value(value).fract() == 0.0) { self.whole() } else { self }
    }

    /// As the charts take it.
    pub fn measure(&self) -> Measure<'_> {
        Measure { title: &self.title, unit: &self.unit, hue: self.hue, decimals: self.decimals }
    }

    /// The one number of some days in the unit of the chart.
    pub fn average(&self, average: Average) -> Average {
        Average { mean: self.value(average.mean), ..average }
    }

    /// A value of the store in the unit of the chart.
    pub fn value(&self, value: f64) -> f64 {
        self.display.value(value)
    }
}

/// The largest of some values, without sign.
pub(crate) fn most(values: impl Iterator<Item = f64>) -> f64 {
    values.map(f64::abs).filter(|value| value.is_finite()).fold(0.0, f64::max)
}

/// Names say what exactly was measured; the table's own names are short ones for lists.
fn title(kind: &Kind) -> String {
    let name = match short_name(&kind.identifier) {
        "HeartRateVariabilitySDNN" => chart::vital::HRV_SDNN.title,
        "HeartRateVariabilityRMSSD" => chart::vital::HRV_RMSSD.title,
        "VO2Max" => chart::vital::VO2_MAX.title,
        _ => return self::name(kind),
    };
    word(name)
}

/// What lists call a type.
pub(crate) fn name(kind: &Kind) -> String {
    if spoken() == Language::English { sentence(&kind.name) } else { word(&kind.name) }
}

/// `Walking + Running Distance` as `Walking + running distance`: words, not a headline. Abbreviations stay.
fn sentence(name: &str) -> String {
    let word = |(place, word): (usize, &str)| {
        let mut letters = word.chars();
        let is_word = |c: char| c.is_lowercase() || c.is_ascii_punctuation() || c == ' ';
        let first = letters.next().filter(|_| place > 0 && letters.clone().all(is_word));
        let rest = letters.as_str();
        first.map_or_else(|| word.to_owned(), |first| first.to_lowercase().chain(rest.chars()).collect())
    };
    // `Six-Minute` is two words.
    name.split_inclusive([' ', '-']).enumerate().map(word).collect()
}

/// The unit as people write it in English.
fn unit<'a>(kind: &Kind, shown: &'a str) -> &'a str {
    match (shown, short_name(&kind.identifier)) {
        ("count/min", "RespiratoryRate") => chart::vital::RESPIRATORY_RATE.unit,
        ("count/min", "CyclingCadence") => "rpm",
        ("count/min", _) => "bpm",
        ("count", "StepCount") => key!("steps"),
        ("count", "FlightsClimbed") => key!("floors"),
        ("count", "PushCount") => key!("pushes"),
        ("count", "SwimmingStrokeCount") => key!("strokes"),
        ("count", "NumberOfAlcoholicBeverages") => key!("drinks"),
        ("count", _) if kind.style == Style::Arithmetic => "",
        ("count", _) => key!("times"),
        ("mL/min\u{b7}kg", _) => chart::vital::VO2_MAX.unit,
        ("degC", _) => "\u{b0}C",
        ("dBASPL" | "dBHL", _) => "dB",
        ("hr", _) => "h",
        ("mL", _) => "ml",
        ("L", _) => "l",
        (other, _) => other,
    }
}

/// The colour of a group of types: that of its area in the page, whatever chart it is in.
pub fn hue_of(group: &str) -> Hue {
    match group {
        "heart" | "reproductive" => Hue::Heart,
        "activity" | "mobility" => Hue::Activity,
        "sleep" | "mindfulness" => Hue::Sleep,
        "body" | "nutrition" => Hue::Body,
        _ => Hue::Vitals,
    }
}

/// As many digits as the unit deserves, else three of the largest value.
fn decimals(unit: &str, most: f64) -> usize {
    match unit {
        "steps" | "bpm" | "kcal" | "ms" | "mg/dL" | "mmHg" | "ml" | "min" | "W" | "kJ" | "dB" | "floors" | "pushes"
        | "strokes" | "cm"
            if most >= 10.0 =>
        {
            0
        }
        "%" | "\u{b0}C" | "\u{b0}F" | "kg" | "lb" | "km" | "mi" | "km/h" | "mph" | "breaths/min" | "mmol/L"
            if most >= 2.0 =>
        {
            1
        }
        _ => match most {
            100.0.. => 0,
            10.0.. => 1,
            1.0.. => 2,
            _ => 3,
        },
    }
}

#[cfg(test)]
mod tests {
    use health::kind::find;

    use super::*;

    #[track_caller]
    fn check(word: &str, most: f64, expected: (&str, &str, usize)) {
        let shown = Shown::new(find(word).expect("a type"), &Units::default(), most);
        let measure = shown.measure();
        assert_eq!((measure.title, measure.unit, measure.decimals), expected);
    }

    #[test]
    fn types_are_shown_with_the_names_and_units_that_people_use() {
        check("step_count", 12_000.0, ("Steps", "steps", 0));
        check("distance_walking_running", 9000.0, ("Walking + running distance", "km", 1));
        check("oxygen_saturation", 1.0, ("Blood oxygen", "%", 1));
        check("heart_rate_variability_sdnn", 80.0, ("Heart-rate variability (SDNN)", "ms", 0));
        check("respiratory_rate", 17.0, ("Respiratory rate", "breaths/min", 1));
        check("body_mass_index", 22.0, ("Body mass index", "", 1));
        check("mindful_session", 3.0, ("Mindful minutes", "min", 2));
    }

    #[test]
    fn names_are_no_headlines() {
        assert_eq!(sentence("Six-Minute Walk Test"), "Six-minute walk test");
        assert_eq!(sentence("Running Power"), "Running power");
        assert_eq!(sentence("Stair Speed: Up"), "Stair speed: up");
        assert_eq!(sentence("Vitamin B6"), "Vitamin B6");
    }
}
