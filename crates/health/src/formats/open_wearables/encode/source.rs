//! Who wrote an item, as the server tells sources apart: by name and device model.
//!
//! Both must stay the same for ever, else everything is stored twice; so what is too long is cut in a way that depends
//! on nothing but the text.

use std::collections::HashMap;

use super::write::Json;
use crate::Source;
use crate::digest::{hex, sha256};

/// Characters of a name; of a workout's the server takes no more, and a source is one whatever it wrote.
const MAX_NAME: usize = 64;
/// Characters of a device model.
const MAX_MODEL: usize = 100;
/// Keys of a device text.
const PARTS: [&str; 10] = [
    "name",
    "manufacturer",
    "model",
    "product",
    "hardware",
    "firmware",
    "software",
    "localIdentifier",
    "UDIDeviceIdentifier",
    "creation date",
];

/// What a server tells a source by: model and name.
pub(super) type Identity = (Option<String>, Option<String>);

/// The identity of a row's source.
pub(super) fn identity(source: &Source, device: Option<&str>) -> Identity {
    // Without a name the server takes the device's, then the app's.
    let device_name = || device.and_then(|device| part(device, "name"));
    let bundle = || source.bundle.as_deref();
    let name = Some(source.name.as_str()).filter(|name| !name.is_empty()).or_else(device_name).or_else(bundle);
    (source.hardware.as_deref().map(|model| cut(model, MAX_MODEL)), name.map(|name| cut(name, MAX_NAME)))
}

/// Numbers of identities, so that rows are compared by numbers.
#[derive(Default)]
pub(super) struct Numbers<'a> {
    known: HashMap<(&'a Source, Option<&'a str>), usize>,
    numbers: HashMap<Identity, usize>,
    last: Option<(&'a Source, Option<&'a str>, usize)>,
}

impl<'a> Numbers<'a> {
    /// The number of a row's source: the first one is 0.
    pub(super) fn of(&mut self, source: &'a Source, device: Option<&'a str>) -> usize {
        // Neighbours are mostly of one source, and comparing places is cheaper than comparing texts.
        if let Some((_, _, number)) =
            self.last.filter(|(known, by, _)| std::ptr::eq(*known, source) && same_place(*by, device))
        {
            return number;
        }
        let next = self.numbers.len();
        let numbers = &mut self.numbers;
        let number = *self
            .known
            .entry((source, device))
            .or_insert_with(|| *numbers.entry(identity(source, device)).or_insert(next));
        self.last = Some((source, device, number));
        number
    }
}

fn same_place(a: Option<&str>, b: Option<&str>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => std::ptr::eq(a, b),
        (a, b) => a.is_none() && b.is_none(),
    }
}

type Origin<'a> = (&'a Source, Option<&'a str>, Option<&'a str>);

/// Writes sources, each made once.
#[derive(Default)]
pub(super) struct Writer<'a> {
    made: HashMap<Origin<'a>, Vec<u8>>,
}

impl<'a> Writer<'a> {
    /// Adds the key `source`.
    pub(super) fn put(
        &mut self,
        source: &'a Source,
        device: Option<&'a str>,
        version: Option<&'a str>,
        out: &mut Json,
    ) {
        out.key("source");
        out.raw(self.made.entry((source, device, version)).or_insert_with(|| object(source, device, version)));
    }
}

fn object(source: &Source, device: Option<&str>, version: Option<&str>) -> Vec<u8> {
    let mut out = Json::default();
    out.raw("{");
    let told = |key: &str| device.and_then(|device| part(device, key));
    let hardware = source.hardware.as_deref();
    let mut put = |key: &str, most: usize, value: Option<&str>| {
        if let Some(value) = value {
            out.text(key, &cut(value, most));
        }
    };
    put("appId", MAX_NAME, source.bundle.as_deref());
    put("name", MAX_NAME, Some(source.name.as_str()).filter(|name| !name.is_empty()));
    put("deviceName", MAX_NAME, told("name"));
    put("deviceManufacturer", MAX_MODEL, told("manufacturer"));
    put("deviceModel", MAX_MODEL, hardware);
    put("deviceType", MAX_MODEL, hardware.and_then(device_type));
    put("deviceHardwareVersion", MAX_MODEL, hardware);
    put("deviceSoftwareVersion", MAX_MODEL, told("software"));
    // Of other apps it is the app's own version, for which there is no key.
    if let Some([major, minor, patch]) = version.filter(|_| hardware.and_then(device_type).is_some()).and_then(numbers)
    {
        out.key("operatingSystemVersion");
        out.raw(format!(r#"{{"majorVersion":{major},"minorVersion":{minor},"patchVersion":{patch}}}"#));
    }
    out.raw("}");
    out.bytes
}

fn device_type(hardware: &str) -> Option<&'static str> {
    match hardware {
        _ if hardware.starts_with("Watch") => Some("watch"),
        _ if hardware.starts_with("iPhone") || hardware.starts_with("iPad") => Some("phone"),
        _ => None,
    }
}

/// `11.1` as three numbers.
fn numbers(version: &str) -> Option<[u32; 3]> {
    let mut found = [0; 3];
    for (i, part) in version.split('.').enumerate() {
        *found.get_mut(i)? = part.parse().ok()?;
    }
    Some(found)
}

/// A part of a device text; a value may hold a comma.
fn part<'a>(device: &'a str, key: &str) -> Option<&'a str> {
    let begins = format!("{key}:");
    let inside = || device.find(&format!(", {begins}")).map(|at| at + 2 + begins.len());
    let from = if device.starts_with(&begins) { Some(begins.len()) } else { inside() }?;
    let value = device.get(from..)?;
    let ends = PARTS.iter().filter_map(|next| value.find(&format!(", {next}:"))).min();
    value.get(..ends.unwrap_or(value.len())).filter(|value| !value.is_empty())
}

/// A text of so many characters at most; what was cut off is told by a few digits of a hash of all of it.
fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let digits: String = hex(&sha256(text.as_bytes())).chars().take(8).collect();
    let kept: String = text.chars().take(most - digits.len() - 1).collect();
    format!("{kept}~{digits}")
}

#[cfg(test)]
mod unit_tests {
    use super::*;

    #[test]
    fn a_long_name_is_cut_the_same_way_every_time() {
        let long = "Ä".repeat(80);
        let short = cut(&long, MAX_NAME);
        assert_eq!(short.chars().count(), MAX_NAME);
        assert_eq!(cut(&long, MAX_NAME), short);
        assert_ne!(cut(&format!("{long}x"), MAX_NAME), short);
        assert_eq!(cut(&"Ä".repeat(64), MAX_NAME), "Ä".repeat(64));
    }

    #[test]
    fn parts_of_a_device_are_found() {
        let device = "name:Apple Watch, manufacturer:Apple Inc., model:Watch, hardware:Watch6,1, software:10.1";
        assert_eq!(part(device, "name"), Some("Apple Watch"));
        assert_eq!(part(device, "hardware"), Some("Watch6,1"));
        assert_eq!(part(device, "software"), Some("10.1"));
        assert_eq!(part(device, "firmware"), None);
        assert_eq!(part("manufacturer:A, B, name:C", "manufacturer"), Some("A, B"));
    }

    #[test]
    fn versions_of_a_system_are_three_numbers() {
        assert_eq!(numbers("11.3.1"), Some([11, 3, 1]));
        assert_eq!(numbers("18"), Some([18, 0, 0]));
        assert_eq!([numbers("5.2b"), numbers("1.2.3.4"), numbers("")], [None; 3]);
    }

    #[test]
    fn without_a_name_the_device_and_then_the_app_is_one() {
        let source = |name: &str, bundle: Option<&str>| Source {
            name: name.to_owned(),
            bundle: bundle.map(str::to_owned),
            hardware: None,
        };
        let name = |source: &Source, device| identity(source, device).1;
        assert_eq!(name(&source("Mine", Some("b")), Some("name:D")).as_deref(), Some("Mine"));
        assert_eq!(name(&source("", Some("b")), Some("name:D")).as_deref(), Some("D"));
        assert_eq!(name(&source("", Some("b")), None).as_deref(), Some("b"));
        assert_eq!(name(&source("", None), None), None);
    }
}
