//! What can be drawn, as people write it: `step_count`, `sleep:stages`, `workout:12`, `step_count,resting_heart_rate`.

use chart::years::By;
use health::kind::fold;
use health::language::word as said;
use health::series::correlate::Lag;
use health::{key, say};

use crate::error::{Code, Error, Result};

/// What a chart is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// One type.
    Type(String),
    /// One type, or sleep, as a calendar.
    Calendar(String),
    /// One type, or sleep, in calendar years over each other.
    Years(String, By),
    /// Two types, or sleep, against each other; the second one of the same day or of one beside it.
    Pair(String, String, Lag),
    /// Heart rate, drawn as somebody asked.
    HeartRate(Detail),
    /// Time in heart-rate zones, of workouts.
    HeartZones,
    /// Glucose by time of day.
    GlucoseProfile,
    /// Blood pressure, which is two types.
    Pressure,
    /// Sleep.
    Sleep(SleepStyle),
    /// One night with what else was measured in it.
    Night(Vec<Overlay>),
    /// Activity rings.
    Rings,
    /// The route of a workout, by its number; its profiles where it has none.
    Route(i64),
    /// The profiles of a workout, by its number.
    Profiles(i64),
    /// An electrocardiogram, by its number.
    Ecg(i64),
}

/// How finely heart rate is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Every reading of a day that has few, else from lowest to highest.
    Suitable,
    /// Every reading as a line.
    Raw,
    /// From lowest to highest of each hour, day, week ...
    Capsules,
    /// As suits, with the heart-rate zones behind it.
    Zones,
}

/// How sleep is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SleepStyle {
    /// One night of a day, nights of a week or month, stages of longer ranges.
    Suitable,
    /// One night, stage by stage.
    Night,
    /// Nights side by side, from bedtime to waking.
    Nights,
    /// How long each stage was.
    Stages,
    /// When somebody slept, day under day.
    Regularity,
}

/// What is drawn beside the stages of a night.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overlay {
    /// Heart rate.
    HeartRate,
    /// Blood oxygen.
    BloodOxygen,
    /// Respiratory rate.
    RespiratoryRate,
    /// Temperature of the wrist.
    WristTemperature,
}

impl Overlay {
    /// All of them, in the order in which they are drawn.
    pub const ALL: [Self; 4] = [Self::HeartRate, Self::BloodOxygen, Self::RespiratoryRate, Self::WristTemperature];

    /// The word of its type.
    pub fn word(self) -> &'static str {
        match self {
            Self::HeartRate => "heart_rate",
            Self::BloodOxygen => "oxygen_saturation",
            Self::RespiratoryRate => "respiratory_rate",
            Self::WristTemperature => "apple_sleeping_wrist_temperature",
        }
    }

    /// Reads `heart_rate+respiratory_rate`; each is drawn once, wherever it stands.
    fn parse(words: &str) -> Option<Vec<Self>> {
        let words: Vec<String> = words.split('+').map(|word| fold(word.trim())).collect();
        let is = |overlay: &Self, word: &String| fold(overlay.word()) == *word;
        let all_known = words.iter().all(|word| Self::ALL.iter().any(|overlay| is(overlay, word)));
        let asked = |overlay: &Self| words.iter().any(|word| is(overlay, word));
        all_known.then(|| Self::ALL.into_iter().filter(asked).collect())
    }
}

const SLEEP_STYLES: [(&str, SleepStyle); 4] = [
    ("night", SleepStyle::Night),
    ("nights", SleepStyle::Nights),
    ("stages", SleepStyle::Stages),
    ("regularity", SleepStyle::Regularity),
];

impl Subject {
    /// Reads what the user wrote; whether a type or a number exists is found out later.
    pub fn parse(word: &str) -> Result<Self> {
        if let Some((first, second)) = word.split_once(',') {
            let (second, lag) = match second.rsplit_once(':') {
                Some((second, "next")) => (second, Lag::After),
                Some((second, "before")) => (second, Lag::Before),
                Some(_) => return Err(no_chart(word, key!("A pair can be followed by `:next` or `:before`."))),
                None => (second, Lag::Same),
            };
            return Ok(Self::Pair(first.trim().to_owned(), second.trim().to_owned(), lag));
        }
        let (name, rest) = word.split_once(':').map_or((word, None), |(name, rest)| (name, Some(rest)));
        match (fold(name).as_str(), rest) {
            ("sleep", None) => Ok(Self::Sleep(SleepStyle::Suitable)),
            (_, Some("calendar")) => Ok(Self::Calendar(name.to_owned())),
            (_, Some("years")) => Ok(Self::Years(name.to_owned(), By::Month)),
            (_, Some("years:weeks")) => Ok(Self::Years(name.to_owned(), By::Week)),
            ("sleep", Some(style)) => match style.split_once(':') {
                Some(("night", overlays)) => overlays_of(word, overlays).map(Self::Night),
                _ => sleep_style(word, style).map(Self::Sleep),
            },
            ("heartrate", Some("raw")) => Ok(Self::HeartRate(Detail::Raw)),
            ("heartrate", Some("capsules")) => Ok(Self::HeartRate(Detail::Capsules)),
            ("heartrate", Some("zones")) => Ok(Self::HeartRate(Detail::Zones)),
            ("heartrate", Some(_)) => {
                let hint =
                    key!("There are: heart_rate, and with a colon behind it raw, capsules, zones, calendar, years.");
                Err(no_chart(word, hint))
            }
            ("bloodglucose", Some("profile")) => Ok(Self::GlucoseProfile),
            ("heartzones", None) => Ok(Self::HeartZones),
            ("rings", None) => Ok(Self::Rings),
            ("bloodpressure", None) => Ok(Self::Pressure),
            ("workout", Some(rest)) => workout(word, rest),
            ("ecg", Some(id)) => number(word, id).map(Self::Ecg),
            ("workout" | "ecg", None) => {
                let hint = say!("Write `{name}:12`, with its number in the store.", name);
                Err(Error::new(Code::BadUsage, say!("Which {name} is meant?", name), hint))
            }
            (_, None) => Ok(Self::Type(word.to_owned())),
            (_, Some(_)) => {
                Err(no_chart(word, key!("A type can be followed by `:calendar`, `:years` or `:years:weeks`.")))
            }
        }
    }
}

fn sleep_style(word: &str, style: &str) -> Result<SleepStyle> {
    let found = SLEEP_STYLES.iter().find(|(name, _)| *name == style).map(|(_, style)| *style);
    let names: Vec<String> = SLEEP_STYLES.iter().map(|(name, _)| format!("sleep:{name}")).collect();
    let names = names.join(", ");
    found.ok_or_else(|| no_chart(word, &say!("There are: sleep, {names}, sleep:calendar, sleep:years.", names)))
}

fn overlays_of(word: &str, overlays: &str) -> Result<Vec<Overlay>> {
    let names = Overlay::ALL.map(Overlay::word).join(", ");
    Overlay::parse(overlays)
        .ok_or_else(|| no_chart(word, &say!("A night can be drawn with: {names}; join them by `+`.", names)))
}

fn workout(word: &str, rest: &str) -> Result<Subject> {
    match rest.split_once(':') {
        None | Some((_, "route")) => number(word, rest.trim_end_matches(":route")).map(Subject::Route),
        Some((id, "profiles")) => number(word, id).map(Subject::Profiles),
        Some(_) => Err(no_chart(word, key!("There are: workout:ID, workout:ID:profiles."))),
    }
}

fn number(word: &str, text: &str) -> Result<i64> {
    text.parse().map_err(|_| no_chart(word, key!("A number of the store stands behind the colon, as in `workout:12`.")))
}

fn no_chart(word: &str, hint: &str) -> Error {
    Error::new(Code::BadUsage, say!("There is no chart `{word}`.", word), said(hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(word: &str, expected: Option<Subject>) {
        assert_eq!(Subject::parse(word).ok(), expected, "{word}");
    }

    #[test]
    fn charts_are_called_by_a_word_and_what_follows_a_colon() {
        check("Step_Count", Some(Subject::Type("Step_Count".to_owned())));
        check("step_count:calendar", Some(Subject::Calendar("step_count".to_owned())));
        check("step_count:years", Some(Subject::Years("step_count".to_owned(), By::Month)));
        check("sleep:years:weeks", Some(Subject::Years("sleep".to_owned(), By::Week)));
        check("step_count:years:days", None);
        check("step_count:bars", None);
        let pair = |lag| Some(Subject::Pair("a".to_owned(), "b".to_owned(), lag));
        check("a, b", pair(Lag::Same));
        check("a,b:next", pair(Lag::After));
        check("a,b:before", pair(Lag::Before));
        check("a,b:raw", None);
        check("Blood_Pressure", Some(Subject::Pressure));
        check("rings", Some(Subject::Rings));
        check("heart_zones", Some(Subject::HeartZones));
        check("heart_zones:raw", None);
        check("heart_rate:raw", Some(Subject::HeartRate(Detail::Raw)));
        check("HeartRate:capsules", Some(Subject::HeartRate(Detail::Capsules)));
        check("heart_rate:calendar", Some(Subject::Calendar("heart_rate".to_owned())));
        check("heart_rate:line", None);
        check("step_count:raw", None);
        check("blood_glucose:profile", Some(Subject::GlucoseProfile));
    }

    #[test]
    fn sleep_has_styles() {
        check("sleep", Some(Subject::Sleep(SleepStyle::Suitable)));
        check("sleep:regularity", Some(Subject::Sleep(SleepStyle::Regularity)));
        check("sleep:calendar", Some(Subject::Calendar("sleep".to_owned())));
        check("sleep:deep", None);
        check("sleep:night:heart_rate", Some(Subject::Night(vec![Overlay::HeartRate])));
        let both = vec![Overlay::HeartRate, Overlay::RespiratoryRate];
        check("sleep:night:RespiratoryRate+heart_rate+heart_rate", Some(Subject::Night(both)));
        check("sleep:night:", None);
        check("sleep:night:heart_rate+steps", None);
        check("sleep:nights:heart_rate", None);
    }

    #[test]
    fn workouts_and_recordings_go_by_number() {
        check("workout:12", Some(Subject::Route(12)));
        check("workout:12:route", Some(Subject::Route(12)));
        check("workout:12:profiles", Some(Subject::Profiles(12)));
        check("workout:12:pace", None);
        check("workout:x", None);
        check("workout", None);
        check("ecg:3", Some(Subject::Ecg(3)));
        check("ecg:", None);
    }
}
