//! Makes batches: interns what samples share and computes their values.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::Hash;

use super::attributes::unescape;
use super::device;
use super::limits::MAX_VALUE;
use super::tally::Tally;
use crate::batch::NONE;
use crate::kind::{self, Kind, Nature};
use crate::unit::Conversion;
use crate::{Batch, Origin, Source};

/// How many pairs of source and origin are compared before the dictionaries are asked.
const RECENT: usize = 12;

/// A kind in the present batch with what its values need.
pub(super) struct KindState {
    raw: String,
    /// References in it that are none, here and below: told for every record that has them.
    broken: u64,
    index: u32,
    kind: Kind,
    known: bool,
    units: Vec<(String, Option<Conversion>)>,
    categories: Vec<(String, Option<i64>, u64)>,
}

struct Recent {
    name: String,
    device_rest: String,
    version: Option<String>,
    unit: Option<String>,
    source: u32,
    origin: u32,
    broken: u64,
}

/// The value of a sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Value {
    pub(super) value: Option<f64>,
    pub(super) original: Option<f64>,
    pub(super) text: u32,
}

/// A batch in the making.
#[derive(Default)]
pub(super) struct Builder {
    pub(super) batch: Batch,
    /// Bytes of text in the batch, about.
    pub(super) weight: usize,
    kinds: Vec<KindState>,
    by_kind: HashMap<String, usize>,
    last_kind: usize,
    recent: Vec<Recent>,
    sources: HashMap<Source, u32>,
    origins: HashMap<Origin, u32>,
    texts: HashMap<String, u32>,
    details: HashMap<String, u32>,
}

impl Builder {
    /// Hands over the batch and starts a new one.
    pub(super) fn take(&mut self) -> Batch {
        std::mem::take(self).batch
    }

    /// The kind's place in [`Builder::value`]; `None` where there are too many.
    pub(super) fn kind(&mut self, raw: &str, unit: Option<&str>, tally: &mut Tally) -> Option<usize> {
        if self.kinds.get(self.last_kind).is_none_or(|state| state.raw != raw) {
            self.last_kind = match self.by_kind.get(raw) {
                Some(at) => *at,
                None => self.add_kind(raw, unit, tally)?,
            };
        }
        if let Some(broken) = self.kinds.get(self.last_kind).map(|state| state.broken) {
            count_broken(broken, tally);
        }
        Some(self.last_kind)
    }

    fn add_kind(&mut self, raw: &str, unit: Option<&str>, tally: &mut Tally) -> Option<usize> {
        let (identifier, broken) = unescape(raw);
        let known = kind::get(&identifier).is_some();
        if !known && !tally.names.admit_kind(&identifier, &tally.limits) {
            return None;
        }
        let kind = kind::get_or_guess(&identifier, unit);
        let at = self.kinds.len();
        let index = at as u32;
        self.weight += raw.len();
        self.batch.kinds.push(identifier.into_owned());
        let (units, categories) = (Vec::new(), Vec::new());
        self.kinds.push(KindState { raw: raw.to_owned(), broken, index, kind, known, units, categories });
        self.by_kind.insert(raw.to_owned(), at);
        Some(at)
    }

    /// The kind's index in the batch.
    pub(super) fn kind_index(&self, at: usize) -> u32 {
        self.kinds.get(at).map_or(NONE, |state| state.index)
    }

    /// Source and origin of a record, from the texts as they stand; `None` where there are too many sources.
    pub(super) fn provenance(
        &mut self,
        name: &str,
        raw_device: &str,
        version: Option<&str>,
        unit: Option<&str>,
        tally: &mut Tally,
    ) -> Option<(u32, u32)> {
        let device_rest = device::raw_rest(raw_device);
        let found = self.recent.iter().position(|r| {
            r.unit.as_deref() == unit
                && r.version.as_deref() == version
                && r.name == name
                && r.device_rest == device_rest
        });
        if let Some(at) = found {
            let (source, origin, broken) =
                self.recent.get(at).map_or((NONE, NONE, 0), |r| (r.source, r.origin, r.broken));
            count_broken(broken, tally);
            if at > 0 {
                self.recent.swap(at, at - 1);
            }
            return Some((source, origin));
        }
        let mut broken = 0;
        let mut text = |raw| {
            let (text, more) = unescape(raw);
            broken += more;
            text
        };
        let device = device::canonical(&text(raw_device));
        let hardware = device.as_deref().and_then(device::hardware).map(str::to_owned);
        let source = Source { name: text(name).into_owned(), bundle: None, hardware };
        let version_text = version.map(|v| text(v).into_owned());
        let unit_text = unit.map(|u| text(u).into_owned());
        count_broken(broken, tally);
        if !self.sources.contains_key(&source) && !tally.names.admit_source(&source, &tally.limits) {
            return None;
        }
        let origin = Origin { device, version: version_text, unit: unit_text };
        let weight = name.len() + raw_device.len() + version.map_or(0, str::len) + unit.map_or(0, str::len) + 64;
        let (before_s, before_o) = (self.batch.sources.len(), self.batch.origins.len());
        let source = intern(&mut self.sources, &mut self.batch.sources, source);
        let origin = intern(&mut self.origins, &mut self.batch.origins, origin);
        if self.batch.sources.len() > before_s || self.batch.origins.len() > before_o {
            self.weight += 2 * weight;
        }
        self.recent.truncate(RECENT - 1);
        let (version, unit) = (version.map(str::to_owned), unit.map(str::to_owned));
        let (name, device_rest) = (name.to_owned(), device_rest.to_owned());
        self.recent.insert(0, Recent { name, device_rest, version, unit, source, origin, broken });
        Some((source, origin))
    }

    /// The value of a record of a kind; `None` where a number was due and there is none that can be one.
    pub(super) fn value(
        &mut self,
        at: usize,
        raw: Option<&str>,
        unit: Option<&str>,
        tally: &mut Tally,
    ) -> Option<Value> {
        let state = self.kinds.get_mut(at)?;
        let untyped = !state.known && unit.is_none() && raw.is_none_or(|raw| number(raw).is_none());
        if state.kind.nature == Nature::Category || untyped {
            return Some(self.category(at, raw.unwrap_or_default(), tally));
        }
        let printed = number(raw?).filter(|value| value.abs() <= MAX_VALUE)?;
        let value = match state.conversion(unit) {
            Some(conversion) => conversion.apply(printed),
            None => {
                tally.count("unknown_unit", Some(&state.kind.identifier));
                return Some(Value { value: None, original: Some(printed), text: NONE });
            }
        };
        let value = if state.known && state.kind.unit == "%" && value > 1.5 {
            tally.count("percent_hundredfold", Some(&state.kind.identifier));
            value / 100.0
        } else {
            value
        };
        let original = (value != printed).then_some(printed);
        (value.abs() <= MAX_VALUE).then_some(Value { value: Some(value), original, text: NONE })
    }

    fn category(&mut self, at: usize, raw: &str, tally: &mut Tally) -> Value {
        let (number, broken) = self.kinds.get_mut(at).map_or((None, 0), |state| state.category(raw));
        count_broken(broken, tally);
        if let Some(number) = number {
            return Value { value: Some(number as f64), original: None, text: NONE };
        }
        let identifier = self.kinds.get(at).map(|state| state.kind.identifier.as_str());
        tally.count("unknown_value", identifier);
        if raw.is_empty() {
            return Value { value: None, original: None, text: NONE };
        }
        let text = unescape(raw).0.into_owned();
        self.weight += text.len();
        Value { value: None, original: None, text: intern(&mut self.texts, &mut self.batch.texts, text) }
    }

    /// Interns the canonical JSON of a sample's metadata and beats.
    pub(super) fn details(&mut self, json: &str) -> u32 {
        if let Some(index) = self.details.get(json) {
            return *index;
        }
        self.weight += json.len();
        intern(&mut self.details, &mut self.batch.details, json.to_owned())
    }
}

impl KindState {
    /// What is broken in the unit's text is counted where it is kept.
    fn conversion(&mut self, unit: Option<&str>) -> Option<Conversion> {
        let Some(unit) = unit else { return self.kind.conversion(None) };
        if let Some((_, found)) = self.units.iter().find(|(known, _)| known == unit) {
            return *found;
        }
        let found = self.kind.conversion(Some(&unescape(unit).0));
        // A hostile file may have a unit per record.
        if self.units.len() < 64 {
            self.units.push((unit.to_owned(), found));
        }
        found
    }

    fn category(&mut self, raw: &str) -> (Option<i64>, u64) {
        if let Some((_, found, broken)) = self.categories.iter().find(|(known, ..)| known == raw) {
            return (*found, *broken);
        }
        let (text, broken) = unescape(raw);
        let found = self.kind.category_value(&text);
        if self.categories.len() < 64 {
            self.categories.push((raw.to_owned(), found, broken));
        }
        (found, broken)
    }
}

/// Unescapes and counts what could not be.
pub(super) fn text<'a>(raw: &'a str, tally: &mut Tally) -> Cow<'a, str> {
    let (text, broken) = unescape(raw);
    count_broken(broken, tally);
    text
}

/// Counts references that are none.
fn count_broken(broken: u64, tally: &mut Tally) {
    if broken > 0 {
        let position = tally.position;
        tally.add("unknown_entity", None, broken, Some(position));
    }
}

/// Reads a finite number with a dot as its mark.
pub(super) fn number(text: &str) -> Option<f64> {
    text.trim_ascii().parse().ok().filter(|n: &f64| n.is_finite())
}

fn intern<T: Clone + Eq + Hash>(index: &mut HashMap<T, u32>, list: &mut Vec<T>, item: T) -> u32 {
    if let Some(found) = index.get(&item) {
        return *found;
    }
    let at = list.len() as u32;
    list.push(item.clone());
    index.insert(item, at);
    at
}
