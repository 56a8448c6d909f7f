//! Settings: which there are, and what they may be.

use std::collections::BTreeMap;

use health::kind;
use health::language::word;
use health::say;
use health::series::glucose;
use health::series::workouts::heart::Limits;
use health::time::TimeZone;
use serde_json::Value;
use store::query::HomeFrom;

use crate::agent;
use crate::display;
use crate::error::{Code, Error, Result};
use crate::folder::Folder;
use crate::local::{home_zone, system_zone};
use crate::receiver::{self, certificate};

enum Allowed {
    Words(&'static [&'static str]),
    Zone,
    Port,
    Path,
    Header,
    Interfaces,
    Name,
    Goals,
    Zones,
    Range,
    Units,
}

struct Setting {
    key: &'static str,
    default: &'static str,
    allowed: Allowed,
}

const SETTINGS: &[Setting] = &[
    Setting { key: "home_zone", default: "", allowed: Allowed::Zone },
    Setting { key: "day_boundaries", default: "where_i_was", allowed: Allowed::Words(&["where_i_was", "home"]) },
    Setting { key: "week_start", default: "monday", allowed: Allowed::Words(&["monday", "saturday", "sunday"]) },
    Setting { key: "night_label", default: "wake", allowed: Allowed::Words(&["wake", "evening"]) },
    Setting { key: "units", default: "metric", allowed: Allowed::Words(&["metric", "imperial"]) },
    Setting { key: "units_of", default: "", allowed: Allowed::Units },
    Setting { key: "goals", default: "", allowed: Allowed::Goals },
    Setting { key: "heart_zones", default: "auto", allowed: Allowed::Zones },
    Setting { key: "glucose_range", default: "none", allowed: Allowed::Range },
    Setting { key: "hep_path", default: "", allowed: Allowed::Path },
    Setting { key: "hep_header", default: "", allowed: Allowed::Header },
    Setting { key: agent::SETTING, default: "off", allowed: Allowed::Words(&["off", "on"]) },
    Setting { key: "mcp_cycle", default: "off", allowed: Allowed::Words(&["off", "on"]) },
    Setting { key: "mcp_mind", default: "off", allowed: Allowed::Words(&["off", "on"]) },
    Setting { key: "mcp_routes", default: "off", allowed: Allowed::Words(&["off", "on"]) },
    Setting { key: "port", default: "8787", allowed: Allowed::Port },
    Setting { key: "receiver_bind", default: "auto", allowed: Allowed::Interfaces },
    Setting { key: receiver::BACKGROUND, default: "no", allowed: Allowed::Words(&["no", "yes"]) },
    Setting { key: certificate::SETTING, default: "no", allowed: Allowed::Words(&["no", "yes", "only"]) },
    Setting { key: "receiver_name", default: "", allowed: Allowed::Name },
    Setting { key: "receiver_vpn", default: "no", allowed: Allowed::Words(&["no", "yes"]) },
];

/// How the home zone came about: listed with the settings, and none that could be set.
const HOME_FROM: &str = "home_zone_from";

/// Returns one setting, and how it is set and to what, in words.
pub fn setting(folder: &Folder, key: &str) -> Result<(Value, String)> {
    let hint = match key {
        HOME_FROM => HOME_FROM_HINT.to_owned(),
        _ => format!("`vitalog settings set {key} VALUE` changes it. {}", find(key)?.allowed.hint()),
    };
    let value = settings(folder)?.remove(key).unwrap_or_default();
    Ok((value, hint))
}

const HOME_FROM_HINT: &str = health::key!("It says where `home_zone` comes from, and follows from that.");

/// Returns every setting with its value or its default; `home_zone_from` says how the home zone came about.
pub fn settings(folder: &Folder) -> Result<BTreeMap<String, Value>> {
    let store = folder.read()?;
    let mut set = store.settings()?;
    let mut answer = BTreeMap::new();
    for setting in SETTINGS {
        let value = match (set.remove(setting.key), &setting.allowed) {
            (Some(value), _) => value,
            (None, Allowed::Zone) => home_zone(&store)?,
            (None, _) => setting.default.to_owned(),
        };
        let value = match setting.allowed {
            Allowed::Port => value.parse::<u16>().map_or(Value::Null, Value::from),
            _ => Value::String(value),
        };
        answer.insert(setting.key.to_owned(), value);
    }
    answer.insert(HOME_FROM.to_owned(), store.home_from()?.as_str().into());
    Ok(answer)
}

/// The home zone, where nobody chose it and nothing tells it, so that it is the computer's.
pub fn home_of_computer(folder: &Folder) -> Result<Option<String>> {
    let store = folder.read()?;
    Ok(if store.home_from()? == HomeFrom::Computer { Some(home_zone(&store)?) } else { None })
}

/// Sets one setting, if key and value are allowed: words in any case, zones in any spelling of their own.
pub fn set(folder: &Folder, key: &str, value: &str) -> Result<()> {
    if key == HOME_FROM {
        return Err(Error::new(Code::UnknownSetting, say!("`{key}` cannot be set.", key), word(HOME_FROM_HINT)));
    }
    let setting = find(key)?;
    let refused = || {
        Error::new(Code::UnknownSetting, say!("`{value}` is no value for `{key}`.", value, key), setting.allowed.hint())
    };
    let canonical = setting.allowed.canonical(value).ok_or_else(refused)?;
    let mut store = folder.write()?;
    match key {
        "home_zone" => store.set_home_zone(Some(canonical.as_str()).filter(|zone| *zone != AUTO), &system_zone())?,
        "day_boundaries" => store.set_day_boundaries(&canonical, &system_zone())?,
        _ => store.set_setting(key, &canonical)?,
    }
    Ok(())
}

fn find(key: &str) -> Result<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.key == key).ok_or_else(|| {
        let keys: Vec<&str> = SETTINGS.iter().map(|setting| setting.key).collect();
        let hint = say!("There are: {names}.", names = keys.join(", "));
        Error::new(Code::UnknownSetting, say!("There is no setting `{key}`.", key), hint)
    })
}

/// The value that takes a setting away.
const NONE: &str = "none";
/// The value that leaves a setting to what the data tell.
const AUTO: &str = "auto";

impl Allowed {
    /// The value as it is kept; none where it is not allowed.
    fn canonical(&self, value: &str) -> Option<String> {
        match self {
            Self::Words(words) => {
                words.iter().find(|word| word.eq_ignore_ascii_case(value)).map(|word| (*word).to_owned())
            }
            Self::Zone if value.eq_ignore_ascii_case(AUTO) => Some(AUTO.to_owned()),
            Self::Zone => place(value),
            Self::Port => value.parse::<u16>().ok().map(|port| port.to_string()),
            Self::Path => path(value),
            Self::Header => header(value),
            Self::Interfaces => interfaces(value),
            Self::Name => {
                let fits = value.chars().count() <= 40 && !value.chars().any(char::is_control);
                fits.then(|| value.trim().to_owned())
            }
            Self::Goals => goals(value).map(|goals| written(&goals)),
            Self::Units => units(value).map(|units| {
                let unit = |(name, symbol): (&String, &&'static str)| format!("{name}={}", display::written(symbol));
                units.iter().map(unit).collect::<Vec<_>>().join(", ")
            }),
            Self::Range if value.eq_ignore_ascii_case(NONE) => Some(NONE.to_owned()),
            Self::Range => range(value).map(|range| format!("{}, {}", range.low, range.high)),
            Self::Zones if value.eq_ignore_ascii_case(AUTO) => Some(AUTO.to_owned()),
            Self::Zones => limits(value).map(|limits| limits.bpm().map(|bpm| bpm.to_string()).join(", ")),
        }
    }

    /// What is allowed, in words.
    fn hint(&self) -> String {
        match self {
            Self::Words(words) => say!("Allowed: {words}.", words = words.join(", ")),
            Self::Zone => word(health::key!("Allowed: a place such as Europe/Paris, UTC, or auto.")),
            Self::Port => word(health::key!("Allowed: a number from 0 to 65535.")),
            Self::Path => word(health::key!("Allowed: a path such as /my/health; or none.")),
            Self::Header => word(health::key!("Allowed: the name of a header such as X-My-Key; or none.")),
            Self::Interfaces => word(health::key!(
                "Write addresses of this computer in private networks, such as 192.168.1.20; or auto."
            )),
            Self::Name => word(health::key!("Allowed: a name of up to 40 letters; none tells no name.")),
            Self::Goals => word(health::key!(
                "Write each as a type and a number in its unit, such as step_count=10000, body_mass=70."
            )),
            Self::Units => word(health::key!(
                "Write each as a type and one of its units, such as blood_glucose=mmol/L, body_mass=lb, \
                 body_temperature=F, active_energy_burned=kJ."
            )),
            Self::Range => {
                word(health::key!("Write your own lowest and highest value in mg/dL, such as 70, 180; or none."))
            }
            Self::Zones => word(health::key!(
                "Write where zones 2 to 5 begin, in beats a minute, such as 120, 140, 160, 180; or auto."
            )),
        }
    }
}

/// A path of an address that means nothing else, with its first slash; empty for none.
fn path(value: &str) -> Option<String> {
    let value = value.trim();
    if value.is_empty() || value.eq_ignore_ascii_case(NONE) {
        return Some(String::new());
    }
    let fits = value.len() <= 200 && value.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#\\".contains(&byte));
    let path = format!("/{}", value.trim_matches('/'));
    (fits && path != "/" && net::is_path_free(&path)).then_some(path)
}

/// The name of a header that means nothing else; empty for none.
fn header(value: &str) -> Option<String> {
    let value = value.trim();
    if value.is_empty() || value.eq_ignore_ascii_case(NONE) {
        return Some(String::new());
    }
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    (value.len() <= 100 && value.bytes().all(fits) && net::is_header_free(value)).then(|| value.to_owned())
}

/// Addresses as they are kept.
fn interfaces(value: &str) -> Option<String> {
    let found = crate::receiver::interfaces(value)?;
    let texts: Vec<String> = found.iter().map(ToString::to_string).collect();
    Some(if texts.is_empty() { AUTO.to_owned() } else { texts.join(", ") })
}

/// A zone that can be chosen, by its own spelling: a name like that of a place (`Europe/Paris`, `Japan`). The database
/// of a system has rules (`EST5EDT`, `posixrules`) and copies of itself (`posix/Europe/Paris`) as well.
pub(crate) fn place(zone: &str) -> Option<String> {
    let zone = TimeZone::get(zone).ok()?;
    let name = zone.iana_name()?;
    let after = name.strip_prefix(|first: char| first.is_ascii_uppercase())?;
    let is_word = after.bytes().all(|b| b.is_ascii_lowercase());
    (name == "UTC" || name.contains('/') || is_word).then(|| name.to_owned())
}

/// Reads `step_count=10000, body_mass=70`: types that tables know, by name, each with a number above zero.
fn goals(text: &str) -> Option<BTreeMap<String, f64>> {
    let goal = |part: &str| {
        let (word, value) = part.split_once('=')?;
        let value = value.trim().parse::<f64>().ok().filter(|value| value.is_finite() && *value > 0.0)?;
        Some((kind::find(word.trim())?.slug(), value))
    };
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(goal).collect()
}

/// Reads `blood_glucose=mmol/L, body_mass=lb`: types that tables know, by name, each with a unit that it may have.
fn units(text: &str) -> Option<BTreeMap<String, &'static str>> {
    let unit = |part: &str| {
        let (word, unit) = part.split_once('=')?;
        let kind = kind::find(word.trim())?;
        Some((kind.slug(), display::chosen(kind, unit.trim())?))
    };
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(unit).collect()
}

/// The units that the owner chose for types, by their words.
pub(crate) fn units_of(store: &store::Store) -> Result<BTreeMap<String, &'static str>> {
    Ok(store.setting("units_of")?.and_then(|text| units(&text)).unwrap_or_default())
}

fn written(goals: &BTreeMap<String, f64>) -> String {
    goals.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(", ")
}

/// The goal that the owner set for a type, by Apple's identifier, in the store's unit.
pub(crate) fn goal(store: &store::Store, identifier: &str) -> Result<Option<f64>> {
    let set = store.setting("goals")?.and_then(|text| goals(&text));
    Ok(set.and_then(|goals| goals.get(&kind::slug(identifier)).copied()))
}

/// Reads `120, 140, 160, 180`: where heart-rate zones 2 to 5 begin.
fn limits(text: &str) -> Option<Limits> {
    let bpm: Option<Vec<f64>> = text.split(',').map(|bpm| bpm.trim().parse().ok()).collect();
    Limits::set(bpm?.try_into().ok()?)
}

/// Reads `70, 180`: the owner's own limits.
fn range(text: &str) -> Option<glucose::Limits> {
    let (low, high) = text.split_once(',')?;
    let value = |text: &str| text.trim().parse::<f64>().ok().filter(|value| value.is_finite() && *value > 0.0);
    let (low, high) = value(low).zip(value(high)).filter(|(low, high)| low < high)?;
    Some(glucose::Limits { low, high })
}

/// The owner's own limits of blood glucose, in mg/dL.
pub(crate) fn glucose_range(store: &store::Store) -> Result<Option<glucose::Limits>> {
    Ok(store.setting("glucose_range")?.and_then(|text| range(&text)))
}

/// Where heart-rate zones 2 to 5 begin, where the owner said so.
pub(crate) fn heart_zones(store: &store::Store) -> Result<Option<Limits>> {
    Ok(store.setting("heart_zones")?.and_then(|text| limits(&text)))
}

/// Whether nights are called by the evening they began, not by the morning after.
pub(crate) fn nights_by_evening(store: &store::Store) -> Result<bool> {
    Ok(store.setting("night_label")?.as_deref() == Some("evening"))
}

/// The first day of the week, 0 for Monday.
pub(crate) fn week_start(store: &store::Store) -> Result<i8> {
    Ok(match store.setting("week_start")?.as_deref() {
        Some("saturday") => 5,
        Some("sunday") => 6,
        _ => 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(Allowed::Goals.canonical(text).as_deref(), expected, "{text}");
    }

    #[test]
    fn one_setting_comes_with_what_it_may_be() {
        let folder = crate::testing::TestFolder::new("one-setting");
        let found = setting(&folder, "units").expect("a setting");
        let hint = "`vitalog settings set units VALUE` changes it. Allowed: metric, imperial.";
        assert_eq!(found, ("metric".into(), hint.to_owned()));
        let unknown = setting(&folder, "colour").expect_err("none");
        assert!(unknown.code == Code::UnknownSetting && unknown.hint.contains("units"), "{unknown:?}");
        assert!(unknown.hint.contains("receiver_bind"), "{unknown:?}");
        assert!(!folder.dir().exists());
    }

    #[test]
    fn what_is_for_phones_is_kept_in_one_form() {
        let check = |allowed: &Allowed, text: &str, expected: Option<&str>| {
            assert_eq!(allowed.canonical(text).as_deref(), expected, "{text}");
        };
        check(&Allowed::Path, "ingest/kim/", Some("/ingest/kim"));
        check(&Allowed::Path, "None", Some(""));
        ["/", "/a b", "/a?b", "/a#b"].iter().for_each(|text| check(&Allowed::Path, text, None));
        check(&Allowed::Header, " X-Kim-Key ", Some("X-Kim-Key"));
        check(&Allowed::Header, "X Kim", None);
        check(&Allowed::Interfaces, "192.168.1.20,fd00::2", Some("192.168.1.20, fd00::2"));
        check(&Allowed::Interfaces, "AUTO", Some("auto"));
        check(&Allowed::Interfaces, "8.8.8.8", None);
        check(&Allowed::Name, " Kim's desk ", Some("Kim's desk"));
        check(&Allowed::Name, &"x".repeat(41), None);
    }

    #[test]
    fn what_is_listed_is_answered_one_by_one_too() {
        let folder = crate::testing::TestFolder::new("each-setting");
        for (key, value) in settings(&folder).expect("settings") {
            assert_eq!(setting(&folder, &key).map(|(value, _)| value), Ok(value), "{key}");
        }
        let (_, hint) = setting(&folder, HOME_FROM).expect("listed");
        assert!(!hint.contains("settings set"), "{hint}");
        let error = set(&folder, HOME_FROM, "chosen").expect_err("none to set");
        assert_eq!((error.code, error.message.as_str()), (Code::UnknownSetting, "`home_zone_from` cannot be set."));
    }

    #[test]
    fn a_home_zone_is_a_place() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(Allowed::Zone.canonical(text).as_deref(), expected, "{text}");
        };
        check("europe/paris", Some("Europe/Paris"));
        check("America/Argentina/Buenos_Aires", Some("America/Argentina/Buenos_Aires"));
        check("utc", Some("UTC"));
        check("japan", Some("Japan"));
        check("AUTO", Some("auto"));
        // The last three are there on some systems only.
        for text in ["EST5EDT", "MET", "Mars/Olympus", "", "posixrules", "posix/Europe/Paris", "localtime"] {
            check(text, None);
        }
        assert!(TimeZone::get("EST5EDT").is_ok(), "it is no place, but known");
    }

    #[test]
    fn heart_zones_rise() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(Allowed::Zones.canonical(text).as_deref(), expected, "{text}");
        };
        check("120,140, 160.5 ,180", Some("120, 140, 160.5, 180"));
        check("AUTO", Some("auto"));
        for text in ["", "120", "120,140,160", "120,140,140,180", "0,1,2,3", "1,2,3,x", "1,2,3,inf", "1,2,3,4,5"] {
            check(text, None);
        }
    }

    #[test]
    fn a_range_has_two_ends() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(Allowed::Range.canonical(text).as_deref(), expected, "{text}");
        };
        check(" 70,180.5 ", Some("70, 180.5"));
        check("None", Some("none"));
        for text in ["", "70", "180, 70", "70, 70", "-1, 5", "0, 5", "70, inf", "70, 180, 200"] {
            check(text, None);
        }
    }

    #[test]
    fn units_are_those_that_a_type_may_have() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(Allowed::Units.canonical(text).as_deref(), expected, "{text}");
        };
        check("BloodGlucose=MMOL/L", Some("blood_glucose=mmol/L"));
        check("body_temperature=F, body_mass = lb", Some("body_mass=lb, body_temperature=\u{b0}F"));
        check("", Some(""));
        for text in ["body_mass", "body_mass=", "body_mass=mmol/L", "heart_rate=bpm", "massz=lb"] {
            check(text, None);
        }
    }

    #[test]
    fn goals_are_types_and_numbers() {
        check("StepCount=10000", Some("step_count=10000"));
        check(" step_count = 8000.5 ,body_mass=70", Some("body_mass=70, step_count=8000.5"));
        check("", Some(""));
        for text in ["step_count", "step_count=", "step_count=0", "step_count=-1", "step_count=inf", "stepz=1"] {
            check(text, None);
        }
    }
}
