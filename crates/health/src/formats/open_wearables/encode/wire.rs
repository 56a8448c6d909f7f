//! Which types the server has a place for, under which name and in which unit, and why a row is not sent.
//!
//! The unit is not read there (but for glucose): a number must already be in the one that the server means. Six types
//! it multiplies by a hundred itself.

use crate::kind;
use crate::unit::{Conversion, conversion};

/// Why a row is held back. The words are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The server has no place for the type: it would be dropped without a word.
    NotStored,
    /// The server would put it among another type, and falsify that.
    AnotherType,
    /// Nobody knows in which unit the server wants the type.
    UnclearUnit,
    /// There is no number.
    NoValue,
    /// The number is larger than a column of the server: all of the batch would be lost.
    TooLarge,
    /// Another row of its source and type begins at the same instant, and the server keeps one. The one that ends last
    /// is sent, of several the one with the largest value.
    SameInstant,
    /// The server makes nothing of a stage without length, and one of these can take a night with it.
    NoLength,
    /// None of the stages that the server knows.
    UnknownStage,
    /// Awake before anybody slept: the server begins a session with sleep or time in bed.
    AwakeAlone,
    /// Another source tells the same night better, and the server does not merge nights.
    AnotherSource,
    /// Another workout of its source has the same start and end, and the server keeps one.
    SameWorkout,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 11] = [
        Self::NotStored,
        Self::AnotherType,
        Self::UnclearUnit,
        Self::NoValue,
        Self::TooLarge,
        Self::SameInstant,
        Self::NoLength,
        Self::UnknownStage,
        Self::AwakeAlone,
        Self::AnotherSource,
        Self::SameWorkout,
    ];

    /// The word, for answers and for the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotStored => "not_stored",
            Self::AnotherType => "another_type",
            Self::UnclearUnit => "unclear_unit",
            Self::NoValue => "no_value",
            Self::TooLarge => "too_large",
            Self::SameInstant => "same_instant",
            Self::NoLength => "no_length",
            Self::UnknownStage => "unknown_stage",
            Self::AwakeAlone => "awake_alone",
            Self::AnotherSource => "another_source",
            Self::SameWorkout => "same_workout",
        }
    }

    /// The reason of a word.
    pub fn find(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == word)
    }
}

/// The server's name of a type that may be sent, e.g. `heart_rate`; else why none of its rows is. Sleep and workouts
/// have no such name: of sleep it is `sleep`.
pub fn taken(identifier: &str) -> Result<&'static str, Reason> {
    match (identifier, find(identifier)) {
        (crate::formats::open_wearables::record::SLEEP, _) => Ok("sleep"),
        (_, Some(kind)) => kind.refused.map_or(Ok(kind.series), Err),
        (_, None) => Err(Reason::NotStored),
    }
}

/// A type of the server's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Kind {
    /// Apple's identifier without prefix.
    name: &'static str,
    /// The server's name.
    pub(super) series: &'static str,
    /// The unit that is sent.
    pub(super) unit: &'static str,
    /// What the server multiplies by.
    factor: f64,
    /// A fraction that is sent as 0 to 100.
    percent: bool,
    refused: Option<Reason>,
}

const fn sent(name: &'static str, series: &'static str, unit: &'static str) -> Kind {
    Kind { name, series, unit, factor: 1.0, percent: false, refused: None }
}

const fn hundredfold(name: &'static str, series: &'static str, unit: &'static str) -> Kind {
    Kind { factor: 100.0, ..sent(name, series, unit) }
}

const fn other(name: &'static str) -> Kind {
    Kind { refused: Some(Reason::AnotherType), ..sent(name, "", "") }
}

const fn unclear(name: &'static str) -> Kind {
    Kind { refused: Some(Reason::UnclearUnit), ..sent(name, "", "") }
}

/// Everything that the server has a series for. The girth of a waist and the length of a stride go in centimetres: the
/// SDK sends metres, and the server then shows these as centimetres.
const KINDS: [Kind; 81] = [
    sent("StepCount", "steps", "count"),
    sent("HeartRate", "heart_rate", "bpm"),
    sent("RestingHeartRate", "resting_heart_rate", "bpm"),
    sent("WalkingHeartRateAverage", "walking_heart_rate_average", "bpm"),
    sent("AppleExerciseTime", "exercise_time", "min"),
    sent("HeartRateVariabilitySDNN", "heart_rate_variability_sdnn", "ms"),
    sent("BasalEnergyBurned", "basal_energy", "Cal"),
    sent("ActiveEnergyBurned", "energy", "Cal"),
    sent("DistanceWalkingRunning", "distance_walking_running", "m"),
    sent("DistanceCycling", "distance_cycling", "m"),
    sent("WalkingSpeed", "walking_speed", "m/s"),
    hundredfold("WalkingStepLength", "walking_step_length", "m"),
    hundredfold("WalkingAsymmetryPercentage", "walking_asymmetry_percentage", "%"),
    hundredfold("WalkingDoubleSupportPercentage", "walking_double_support_percentage", "%"),
    sent("SixMinuteWalkTestDistance", "six_minute_walk_test_distance", "m"),
    sent("BodyMass", "weight", "kg"),
    hundredfold("Height", "height", "m"),
    sent("BodyMassIndex", "body_mass_index", "count"),
    hundredfold("BodyFatPercentage", "body_fat_percentage", "%"),
    sent("LeanBodyMass", "lean_body_mass", "kg"),
    sent("WaistCircumference", "waist_circumference", "cm"),
    sent("BodyTemperature", "body_temperature", "degC"),
    Kind { percent: true, ..sent("OxygenSaturation", "oxygen_saturation", "%") },
    sent("RespiratoryRate", "respiratory_rate", "breaths/min"),
    sent("BloodGlucose", "blood_glucose", "mg/dL"),
    sent("InsulinDelivery", "insulin_delivery", "IU"),
    sent("BloodPressureSystolic", "blood_pressure_systolic", "mmHg"),
    sent("BloodPressureDiastolic", "blood_pressure_diastolic", "mmHg"),
    sent("VO2Max", "vo2_max", "mL/kg/min"),
    sent("FlightsClimbed", "flights_climbed", "count"),
    sent("RunningPower", "running_power", "W"),
    sent("HeartRateRecoveryOneMinute", "heart_rate_recovery_one_minute", "bpm"),
    sent("RunningVerticalOscillation", "running_vertical_oscillation", "cm"),
    sent("RunningGroundContactTime", "running_ground_contact_time", "ms"),
    sent("CyclingPower", "power", "W"),
    other("CyclingFunctionalThresholdPower"),
    sent("CyclingCadence", "cadence", "count/min"),
    sent("CyclingSpeed", "speed", "m/s"),
    sent("PhysicalEffort", "physical_effort", "kcal/hr/kg"),
    sent("WorkoutEffortScore", "workout_effort_score", "appleEffortScore"),
    sent("EstimatedWorkoutEffortScore", "estimated_workout_effort_score", "appleEffortScore"),
    sent("AppleSleepingBreathingDisturbances", "sleeping_breathing_disturbances", "count"),
    other("BasalBodyTemperature"),
    unclear("BloodAlcoholContent"),
    unclear("PeripheralPerfusionIndex"),
    sent("ForcedVitalCapacity", "forced_vital_capacity", "L"),
    sent("ForcedExpiratoryVolume1", "forced_expiratory_volume_1", "L"),
    sent("PeakExpiratoryFlowRate", "peak_expiratory_flow_rate", "L/min"),
    sent("AppleStandTime", "stand_time", "min"),
    other("AppleMoveTime"),
    sent("DistanceSwimming", "distance_swimming", "m"),
    sent("DistanceDownhillSnowSports", "distance_downhill_snow_sports", "m"),
    sent("DistanceWheelchair", "distance_other", "m"),
    sent("DistanceCrossCountrySkiing", "distance_other", "m"),
    sent("DistancePaddleSports", "distance_other", "m"),
    sent("DistanceRowing", "distance_other", "m"),
    sent("DistanceSkatingSports", "distance_other", "m"),
    hundredfold("AppleWalkingSteadiness", "walking_steadiness", "%"),
    sent("StairDescentSpeed", "stair_descent_speed", "m/s"),
    sent("StairAscentSpeed", "stair_ascent_speed", "m/s"),
    sent("RunningSpeed", "running_speed", "m/s"),
    sent("RunningStrideLength", "running_stride_length", "cm"),
    sent("SwimmingStrokeCount", "swimming_stroke_count", "count"),
    sent("EnvironmentalAudioExposure", "environmental_audio_exposure", "dBASPL"),
    sent("HeadphoneAudioExposure", "headphone_audio_exposure", "dBASPL"),
    sent("EnvironmentalSoundReduction", "environmental_sound_reduction", "dBASPL"),
    sent("TimeInDaylight", "time_in_daylight", "min"),
    sent("WaterTemperature", "water_temperature", "degC"),
    other("UnderwaterDepth"),
    sent("NumberOfTimesFallen", "number_of_times_fallen", "count"),
    sent("InhalerUsage", "inhaler_usage", "count"),
    sent("NumberOfAlcoholicBeverages", "number_of_alcoholic_beverages", "count"),
    unclear("ElectrodermalActivity"),
    sent("UVExposure", "uv_exposure", "count"),
    sent("PushCount", "push_count", "count"),
    other("AppleSleepingWristTemperature"),
    unclear("AtrialFibrillationBurden"),
    other("CrossCountrySkiingSpeed"),
    other("PaddleSportsSpeed"),
    other("RowingSpeed"),
    other("NikeFuel"),
];

/// What a column of the server takes: below ten millions once it is rounded to thousandths.
const MOST: f64 = 1e7;

/// The server's type for Apple's identifier.
pub(super) fn find(identifier: &str) -> Option<&'static Kind> {
    let name = identifier.strip_prefix("HKQuantityTypeIdentifier")?;
    KINDS.iter().find(|kind| kind.name == name)
}

impl Kind {
    /// Why none of its rows is sent.
    pub(super) fn refused(&self) -> Option<Reason> {
        self.refused
    }

    /// How a number in our unit becomes one in the unit that is sent.
    pub(super) fn conversion(&self) -> Conversion {
        let identifier = format!("HKQuantityTypeIdentifier{}", self.name);
        let own = kind::get(&identifier).map_or(self.unit, |kind| kind.unit.as_str());
        conversion(own, self.unit).unwrap_or(Conversion::IDENTITY)
    }

    /// The number that is sent, or why none is.
    pub(super) fn value(&self, conversion: Conversion, value: Option<f64>) -> Result<f64, Reason> {
        let value = value.filter(|value| value.is_finite()).ok_or(Reason::NoValue)?;
        let sent = conversion.apply(value) * if self.percent { 100.0 } else { 1.0 };
        // Where the server multiplies by a hundred, a digit may come of it that was not there; so this is measured.
        if fits(sent * self.factor) { Ok(sent) } else { Err(Reason::TooLarge) }
    }
}

/// Whether a column of the server takes a number.
pub(super) fn fits(value: f64) -> bool {
    value.is_finite() && (value.abs() * 1000.0).round() < MOST * 1000.0
}

#[cfg(test)]
mod unit_tests {
    use super::*;

    #[test]
    fn every_type_of_the_server_is_one_of_apples_with_a_unit_that_converts() {
        let names: std::collections::BTreeSet<&str> = KINDS.iter().map(|kind| kind.name).collect();
        assert_eq!(names.len(), KINDS.len());
        for found in KINDS {
            let identifier = format!("HKQuantityTypeIdentifier{}", found.name);
            let own = kind::get(&identifier).unwrap_or_else(|| panic!("{identifier}"));
            if found.refused.is_none() {
                assert!(conversion(&own.unit, found.unit).is_some(), "{identifier}: {} {}", own.unit, found.unit);
                assert!(!found.series.is_empty());
            }
        }
    }

    #[track_caller]
    fn check(name: &str, value: f64, expected: Result<f64, Reason>) {
        let kind = find(&format!("HKQuantityTypeIdentifier{name}")).expect("a type of the server");
        let got = kind.value(kind.conversion(), Some(value));
        let close = matches!((got, expected), (Ok(a), Ok(b)) if (a - b).abs() <= 1e-9 * b.abs().max(1.0));
        assert!(close || got == expected, "{name}: {got:?}, expected {expected:?}");
    }

    #[test]
    fn numbers_are_sent_as_the_server_means_them() {
        check("OxygenSaturation", 0.97, Ok(97.0));
        check("BodyFatPercentage", 0.215, Ok(0.215));
        check("Height", 1.7, Ok(1.7));
        check("WaistCircumference", 0.86, Ok(86.0));
        check("RunningStrideLength", 1.03, Ok(103.0));
        check("ActiveEnergyBurned", 12.5, Ok(12.5));
        check("HeartRate", 61.0, Ok(61.0));
        check("BloodGlucose", 99.0, Ok(99.0));
        check("BodyTemperature", 36.6, Ok(36.6));
        check("VO2Max", 44.1, Ok(44.1));
        check("EnvironmentalAudioExposure", 71.5, Ok(71.5));
    }

    #[test]
    fn what_would_lose_a_batch_is_held_back() {
        check("StepCount", 9_999_999.999, Ok(9_999_999.999));
        check("StepCount", 9_999_999.999_6, Err(Reason::TooLarge));
        check("StepCount", -1e7, Err(Reason::TooLarge));
        check("Height", 99_999.0, Ok(99_999.0));
        check("Height", 100_000.0, Err(Reason::TooLarge));
        check("OxygenSaturation", 100_000.0, Err(Reason::TooLarge));
        check("StepCount", f64::NAN, Err(Reason::NoValue));
        check("StepCount", f64::INFINITY, Err(Reason::NoValue));
    }

    #[test]
    fn what_the_server_has_no_place_for_is_named() {
        assert_eq!(taken("HKQuantityTypeIdentifierHeartRate"), Ok("heart_rate"));
        assert_eq!(taken("HKCategoryTypeIdentifierSleepAnalysis"), Ok("sleep"));
        assert_eq!(taken("HKQuantityTypeIdentifierDietaryWater"), Err(Reason::NotStored));
        assert_eq!(taken("HKCategoryTypeIdentifierMindfulSession"), Err(Reason::NotStored));
        assert_eq!(taken("HKQuantityTypeIdentifierUnderwaterDepth"), Err(Reason::AnotherType));
        assert_eq!(taken("HKQuantityTypeIdentifierBloodAlcoholContent"), Err(Reason::UnclearUnit));
        assert_eq!(taken("HeartRate"), Err(Reason::NotStored));
    }

    #[test]
    fn reasons_have_words() {
        let words: std::collections::BTreeSet<_> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
        assert_eq!(words.len(), Reason::ALL.len());
        assert!(Reason::ALL.iter().all(|reason| Reason::find(reason.as_str()) == Some(*reason)));
    }
}
