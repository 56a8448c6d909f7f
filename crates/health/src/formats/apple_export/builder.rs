//! Makes batches: interns what samples share and computes their values.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::Hash;

use super::attributes::unescape;
use super::device;
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
    index: u32,
    kind: Kind,
    known: bool,
    units: Vec<(String, Option<Conversion>)>,
    categories: Vec<(String, Option<i64>)>,
}

struct Recent {
    name: String,
    device_rest: String,
    version: Option<String>,
    unit: Option<String>,
    source: u32,
    origin: u32,
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
        if self.kinds.get(self.last_kind).is_some_and(|state| state.raw == raw) {
            return Some(self.last_kind);
        }
        self.last_kind = match self.by_kind.get(raw) {
            Some(at) => *at,
            None => self.add_kind(raw, unit, tally)?,
        };
        Some(self.last_kind)
    }

    fn add_kind(&mut self, raw: &str, unit: Option<&str>, tally: &mut Tally) -> Option<usize> {
        let identifier = text(raw, tally);
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
        self.kinds.push(KindState { raw: raw.to_owned(), index, kind, known, units, categories });
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
            let (source, origin) = self.recent.get(at).map_or((NONE, NONE), |r| (r.source, r.origin));
            if at > 0 {
                self.recent.swap(at, at - 1);
            }
            return Some((source, origin));
        }
        let device = device::canonical(&text(raw_device, tally));
        let hardware = device.as_deref().and_then(device::hardware).map(str::to_owned);
        let source = Source { name: text(name, tally).into_owned(), bundle: None, hardware };
        if !self.sources.contains_key(&source) && !tally.names.admit_source(&source, &tally.limits) {
            return None;
        }
        let version_text = version.map(|v| text(v, tally).into_owned());
        let unit_text = unit.map(|u| text(u, tally).into_owned());
        let origin = Origin { device, version: version_text, unit: unit_text };
        let weight = name.len() + raw_device.len() + version.map_or(0, str::len) + 64;
        let (before_s, before_o) = (self.batch.sources.len(), self.batch.origins.len());
        let source = intern(&mut self.sources, &mut self.batch.sources, source);
        let origin = intern(&mut self.origins, &mut self.batch.origins, origin);
        if self.batch.sources.len() > before_s || self.batch.origins.len() > before_o {
            self.weight += 2 * weight;
        }
        self.recent.truncate(RECENT - 1);
        let (version, unit) = (version.map(str::to_owned), unit.map(str::to_owned));
        let (name, device_rest) = (name.to_owned(), device_rest.to_owned());
        self.recent.insert(0, Recent { name, device_rest, version, unit, source, origin });
        Some((source, origin))
    }

    /// The value of a record of a kind; `None` where a number was due and there is none.
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
        let printed = number(raw?)?;
        let value = match state.conversion(unit, tally) {
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
        Some(Value { value: Some(value), original, text: NONE })
    }

    fn category(&mut self, at: usize, raw: &str, tally: &mut Tally) -> Value {
        let number = self.kinds.get_mut(at).and_then(|state| state.category(raw, tally));
        if let Some(number) = number {
            return Value { value: Some(number as f64), original: None, text: NONE };
        }
        let identifier = self.kinds.get(at).map(|state| state.kind.identifier.as_str());
        tally.count("unknown_value", identifier);
        let text = text(raw, tally).into_owned();
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
    fn conversion(&mut self, unit: Option<&str>, tally: &mut Tally) -> Option<Conversion> {
        let Some(unit) = unit else { return self.kind.conversion(None) };
        if let Some((_, found)) = self.units.iter().find(|(known, _)| known == unit) {
            return *found;
        }
        let found = self.kind.conversion(Some(&text(unit, tally)));
        // A hostile file may have a unit per record.
        if self.units.len() < 64 {
            self.units.push((unit.to_owned(), found));
        }
        found
    }

    fn category(&mut self, raw: &str, tally: &mut Tally) -> Option<i64> {
        if let Some((_, found)) = self.categories.iter().find(|(known, _)| known == raw) {
            return *found;
        }
        let found = self.kind.category_value(&text(raw, tally));
        if self.categories.len() < 64 {
            self.categories.push((raw.to_owned(), found));
        }
        found
    }
}

/// Unescapes and counts what could not be.
pub(super) fn text<'a>(raw: &'a str, tally: &mut Tally) -> Cow<'a, str> {
    let (text, good) = unescape(raw);
    if !good {
        tally.count("unknown_entity", None);
    }
    text
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
