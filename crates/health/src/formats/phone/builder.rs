//! Makes portions: interns what records share, computes values, counts, and keeps what was rejected.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::{Map, Value as Json};

use super::limits::{MAX_KINDS, MAX_NAME, MAX_NAMES, MAX_REJECT, MAX_SOURCES, PORTION_BYTES, PORTION_RECORDS};
use super::names;
use super::stamp::Stamp;
pub(crate) use super::value::{KindSlot, Measure, Percent, Reject, Value, category, due};
use super::{Delivery, Feed, Sink};
use crate::batch::NONE;
use crate::kind::Nature;
use crate::phone::{Aggregate, Deletion, Flag, Flags, Marks, PhoneBatch, Retraction, Uuid};
use crate::{Entry, EntryKind, Origin, Problem, Result, Sample, Source};

/// Who wrote a record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Who {
    pub(crate) source: Source,
    /// As in [`Origin::device`].
    pub(crate) device: Option<String>,
    /// As in [`Origin::version`].
    pub(crate) version: Option<String>,
}

/// A sample before its texts are interned.
pub(crate) struct Draft<'a> {
    pub(crate) slot: usize,
    pub(crate) who: u32,
    /// As printed.
    pub(crate) unit: Option<Cow<'a, str>>,
    pub(crate) start: Stamp,
    /// `None` where nobody told it.
    pub(crate) end: Option<Stamp>,
    pub(crate) value: Value<'a>,
    pub(crate) id: Option<Cow<'a, str>>,
    pub(crate) details: Option<String>,
    pub(crate) by_hand: bool,
}

/// A delivery in the making.
pub(crate) struct Builder<'b, 's> {
    pub(crate) feed: Feed,
    pub(crate) delivery: Delivery,
    /// Where the record that is being read begins.
    pub(crate) position: u64,
    sink: &'b mut Sink<'s>,
    out: PhoneBatch,
    weight: usize,
    slots: Vec<KindSlot>,
    slot_by_name: HashMap<String, usize>,
    last_slot: Option<(String, usize)>,
    unknown_kinds: usize,
    whos: Vec<Who>,
    who_by_text: HashMap<Vec<u8>, u32>,
    who_bytes: usize,
    /// The number of the one before: records of one source come in runs.
    last_who: (Vec<u8>, u32),
    /// Source and origin by who and unit, in the present portion.
    written: HashMap<(u32, u32), (u32, u32)>,
    units: HashMap<String, u32>,
    sources: HashMap<Source, u32>,
    origins: HashMap<Origin, u32>,
    details: HashMap<String, u32>,
    texts: HashMap<String, u32>,
}

impl<'b, 's> Builder<'b, 's> {
    /// Nothing was read yet.
    pub(crate) fn new(feed: Feed, sink: &'b mut Sink<'s>) -> Self {
        Self {
            feed,
            delivery: Delivery::default(),
            position: 0,
            sink,
            out: PhoneBatch::default(),
            weight: 0,
            slots: Vec::new(),
            slot_by_name: HashMap::new(),
            last_slot: None,
            unknown_kinds: 0,
            whos: Vec::new(),
            who_by_text: HashMap::new(),
            who_bytes: 0,
            last_who: (Vec::new(), NONE),
            written: HashMap::new(),
            units: HashMap::new(),
            sources: HashMap::new(),
            origins: HashMap::new(),
            details: HashMap::new(),
            texts: HashMap::new(),
        }
    }

    /// The type of a name on the wire. `unit` is a hint for one that no table knows.
    pub(crate) fn kind(&mut self, name: &str, unit: Option<&str>) -> std::result::Result<usize, Reject> {
        if let Some((last, slot)) = &self.last_slot
            && last == name
        {
            return Ok(*slot);
        }
        let slot = match self.slot_by_name.get(name) {
            Some(slot) => *slot,
            None => self.add_kind(name, unit)?,
        };
        self.last_slot = Some((name.to_owned(), slot));
        Ok(slot)
    }

    fn add_kind(&mut self, name: &str, unit: Option<&str>) -> std::result::Result<usize, Reject> {
        let identifier = names::kind_of(self.feed, name);
        let slot = KindSlot::new(&identifier, unit);
        self.unknown_kinds += usize::from(!slot.known);
        if self.unknown_kinds > MAX_KINDS || name.len() > MAX_NAME {
            return Err("too_many_kinds");
        }
        let at = self.slots.len();
        self.slots.push(slot);
        self.slot_by_name.insert(name.to_owned(), at);
        Ok(at)
    }

    /// What is known about a type.
    pub(crate) fn kind_at(&self, slot: usize) -> Option<&KindSlot> {
        self.slots.get(slot)
    }

    /// Whether a type's values are categories.
    pub(crate) fn is_category(&self, slot: usize) -> bool {
        self.kind_at(slot).is_some_and(|slot| slot.kind.nature == Nature::Category)
    }

    /// Who wrote a record: `make` reads it from the text, once for each text.
    pub(crate) fn who(&mut self, text: &[u8], make: impl FnOnce() -> Who) -> std::result::Result<u32, Reject> {
        if self.last_who.1 != NONE && self.last_who.0 == text {
            return Ok(self.last_who.1);
        }
        if let Some(who) = self.who_by_text.get(text) {
            self.last_who.0.clear();
            self.last_who.0.extend_from_slice(text);
            self.last_who.1 = *who;
            return Ok(*who);
        }
        self.who_bytes += text.len();
        if self.whos.len() >= MAX_SOURCES || self.who_bytes > MAX_NAMES {
            return Err("too_many_sources");
        }
        let at = self.whos.len() as u32;
        self.whos.push(make());
        self.who_by_text.insert(text.to_owned(), at);
        Ok(at)
    }

    /// The source behind a number of [`Builder::who`].
    pub(crate) fn source_of(&self, who: u32) -> Source {
        self.whos.get(who as usize).map(|who| who.source.clone()).unwrap_or_default()
    }

    /// Who stands behind a number of [`Builder::who`].
    pub(crate) fn who_at(&self, who: u32) -> Who {
        self.whos.get(who as usize).cloned().unwrap_or_default()
    }

    /// A number in the kind's unit.
    pub(crate) fn measure(&mut self, slot: usize, sent: f64, unit: Option<&str>, percent: Percent) -> Measure {
        let nothing = Measure { value: None, original: Some(sent), flags: Flags::default() };
        self.slots.get_mut(slot).map_or(nothing, |slot| slot.measure(sent, unit, percent))
    }

    /// Adds a sample.
    pub(crate) fn sample(&mut self, draft: Draft<'_>) -> Result<()> {
        self.sample_named(draft, None, None, None)
    }

    /// Adds a sample of which it is known when it reached HealthKit, how the sender calls it besides Apple's
    /// identifier, and what the sender found odd about it, which counts in place of what we would.
    pub(crate) fn sample_named(
        &mut self,
        draft: Draft<'_>,
        created_ms: Option<i64>,
        name: Option<&str>,
        flags: Option<Flags>,
    ) -> Result<()> {
        let (source, origin) = self.provenance(draft.who, draft.unit.as_deref());
        let mut marks = self.marks(draft.id.as_deref(), draft.start, draft.end);
        self.call(&mut marks, name);
        let known = self.slots.get(draft.slot).is_some_and(|slot| slot.known);
        marks.flags.set_if(Flag::UnknownType, !known);
        let (mut value, mut original, mut text) = (None, None, NONE);
        match draft.value {
            Value::Measure(measure) => {
                (value, original) = (measure.value, measure.original);
                marks.flags.join(measure.flags);
            }
            Value::Category(number) => value = Some(number as f64),
            Value::Word(word, flag) => {
                marks.flags.set(flag);
                self.weight += word.len();
                text = intern(&mut self.texts, &mut self.out.batch.texts, word.into_owned());
            }
            Value::Nothing => marks.flags.set(Flag::NoValue),
        }
        marks.flags = flags.unwrap_or(marks.flags);
        let details = self.details(draft.details);
        let end_ms = draft.end.unwrap_or(draft.start).ms;
        self.saw(draft.start.ms, end_ms);
        self.delivery.counts.records += 1;
        self.delivery.counts.left_out += u64::from(marks.flags.leaves_out());
        let kind = self.index(draft.slot);
        self.out.batch.samples.push(Sample {
            kind,
            source,
            origin,
            details,
            text,
            user_entered: draft.by_hand,
            start_ms: draft.start.ms,
            end_ms,
            created_ms,
            value,
            original,
        });
        self.out.marks.push(marks);
        self.hand_over_if_full()
    }

    /// One item of the body that is a sample: kept, or rejected with its reason and its text.
    pub(crate) fn keep(
        &mut self,
        raw: &[u8],
        name: Option<&str>,
        read: std::result::Result<Draft<'_>, Reject>,
    ) -> Result<()> {
        match read {
            Ok(draft) => {
                self.sample(draft)?;
                self.item(raw, None, Ok(()))
            }
            Err(reason) => {
                let identifier = name.map(|name| names::kind_of(self.feed, name));
                self.item(raw, identifier.as_deref(), Err(reason))
            }
        }
    }

    /// The marks of a record.
    pub(crate) fn marks(&mut self, id: Option<&str>, start: Stamp, end: Option<Stamp>) -> Marks {
        let mut flags = Flags::default();
        flags.set_if(Flag::StartFine, start.fine);
        flags.set_if(Flag::EndFine, end.is_some_and(|end| end.fine));
        flags.set_if(Flag::EndUnknown, end.is_none());
        flags.set_if(Flag::EndBeforeStart, end.is_some_and(|end| end.ms < start.ms));
        self.named(id, flags)
    }

    /// The marks of a record with the name that the sender gave it.
    pub(crate) fn named(&mut self, id: Option<&str>, flags: Flags) -> Marks {
        let id = id.filter(|id| !id.is_empty());
        let uuid: Option<Uuid> = id.and_then(|id| id.parse().ok());
        let name = match id.filter(|_| uuid.is_none()) {
            Some(id) => {
                self.weight += id.len();
                self.out.names.push(id.to_owned());
                self.out.names.len() as u32 - 1
            }
            None => NONE,
        };
        Marks { uuid, name, flags }
    }

    /// Adds the sender's own name to the marks of a record that has none.
    pub(crate) fn call(&mut self, marks: &mut Marks, name: Option<&str>) {
        if let Some(name) = name.filter(|name| marks.name == NONE && !name.is_empty()) {
            self.weight += name.len();
            marks.name = self.out.names.len() as u32;
            self.out.names.push(name.to_owned());
        }
    }

    /// Adds an aggregate; kind, source and details are set here.
    pub(crate) fn aggregate(
        &mut self,
        slot: usize,
        who: u32,
        details: Option<String>,
        mut it: Aggregate,
    ) -> Result<()> {
        (it.source, _) = self.provenance(who, None);
        (it.kind, it.details) = (self.index(slot), self.details(details));
        it.marks.flags.set_if(Flag::UnknownType, self.kind_at(slot).is_none_or(|slot| !slot.known));
        self.weight += it.unit.len() + it.stats.iter().map(|(word, _)| word.len() + 40).sum::<usize>();
        self.saw(it.start_ms, it.end_ms);
        self.delivery.counts.records += 1;
        self.delivery.counts.left_out += u64::from(it.marks.flags.leaves_out());
        self.out.aggregates.push(it);
        self.hand_over_if_full()
    }

    /// Adds an entry. Routes, correlations and the profile are no records of their own, except from another Vitalog.
    pub(crate) fn entry(&mut self, entry: Entry, marks: Marks) -> Result<()> {
        self.weight += entry.body.len() + entry.payload.as_ref().map_or(0, Vec::len) + 200;
        if let (Some(start), Some(end)) = (entry.start_ms, entry.end_ms.or(entry.start_ms)) {
            self.saw(start, end);
        }
        let counts = &mut self.delivery.counts;
        counts.routes += u64::from(entry.kind == EntryKind::Route);
        // A line of another Vitalog is an item whatever it is about.
        let beside = matches!(entry.kind, EntryKind::Route | EntryKind::Correlation | EntryKind::Profile);
        if !beside || self.feed == Feed::Vitalog {
            counts.records += 1;
            counts.left_out += u64::from(marks.flags.leaves_out());
        }
        self.out.batch.entries.push(entry);
        self.out.entry_marks.push(marks);
        self.hand_over_if_full()
    }

    /// Adds a deletion.
    pub(crate) fn delete(&mut self, deletion: Deletion) -> Result<()> {
        self.weight += deletion.id.len() + 100;
        self.delivery.counts.deletions += 1;
        self.out.deletions.push(deletion);
        self.hand_over_if_full()
    }

    /// Adds what the sender takes back.
    pub(crate) fn take_back(&mut self, retraction: Retraction) -> Result<()> {
        self.weight += retraction.names.iter().map(|name| name.len() + 40).sum::<usize>();
        self.delivery.counts.deletions += retraction.names.len() as u64;
        self.out.retractions.push(retraction);
        self.hand_over_if_full()
    }

    /// One item of the body: kept, or rejected with its reason and its text.
    pub(crate) fn item(&mut self, raw: &[u8], kind: Option<&str>, read: std::result::Result<(), Reject>) -> Result<()> {
        self.delivery.counts.items += 1;
        let Err(reason) = read else { return Ok(()) };
        self.delivery.counts.rejected += 1;
        let text = String::from_utf8_lossy(raw.get(..MAX_REJECT).unwrap_or(raw)).into_owned();
        self.weight += text.len() + 100;
        self.out.batch.problems.push(Problem {
            reason,
            position: Some(self.position),
            kind: kind.map(|kind| kind.chars().take(256).collect()),
            rejected: Some(text),
            file: None,
            count: 1,
        });
        self.hand_over_if_full()
    }

    /// Hands over the rest.
    pub(crate) fn finish(mut self, frame: Map<String, Json>) -> Result<Delivery> {
        self.hand_over()?;
        self.delivery.frame = frame;
        Ok(self.delivery)
    }

    fn provenance(&mut self, who: u32, unit: Option<&str>) -> (u32, u32) {
        let unit_at = match unit {
            None => NONE,
            Some(unit) => match self.units.get(unit) {
                Some(at) => *at,
                None => {
                    let at = self.units.len() as u32;
                    self.units.insert(unit.to_owned(), at);
                    self.weight += unit.len();
                    at
                }
            },
        };
        if let Some(found) = self.written.get(&(who, unit_at)) {
            return *found;
        }
        let by = self.whos.get(who as usize).cloned().unwrap_or_default();
        self.weight += 200 + by.source.name.len() + by.device.as_ref().map_or(0, String::len);
        let source = intern(&mut self.sources, &mut self.out.batch.sources, by.source);
        let origin = Origin { device: by.device, version: by.version, unit: unit.map(str::to_owned) };
        let origin = intern(&mut self.origins, &mut self.out.batch.origins, origin);
        self.written.insert((who, unit_at), (source, origin));
        (source, origin)
    }

    fn index(&mut self, slot: usize) -> u32 {
        let Some(slot) = self.slots.get_mut(slot) else { return NONE };
        if slot.index == NONE {
            slot.index = self.out.batch.kinds.len() as u32;
            self.weight += slot.kind.identifier.len();
            self.out.batch.kinds.push(slot.kind.identifier.clone());
        }
        slot.index
    }

    fn details(&mut self, details: Option<String>) -> u32 {
        let Some(details) = details else { return NONE };
        if let Some(at) = self.details.get(&details) {
            return *at;
        }
        self.weight += 2 * details.len();
        intern(&mut self.details, &mut self.out.batch.details, details)
    }

    fn saw(&mut self, start: i64, end: i64) {
        let delivery = &mut self.delivery;
        delivery.first_ms = Some(delivery.first_ms.map_or(start, |first| first.min(start)));
        delivery.last_ms = Some(delivery.last_ms.map_or(end, |last| last.max(end)));
    }

    fn hand_over_if_full(&mut self) -> Result<()> {
        let out = &self.out;
        let records = out.batch.samples.len() + out.aggregates.len() + out.batch.entries.len();
        let others = out.batch.problems.len() + out.deletions.len() + out.retractions.len();
        if records + others >= PORTION_RECORDS || self.weight >= PORTION_BYTES { self.hand_over() } else { Ok(()) }
    }

    fn hand_over(&mut self) -> Result<()> {
        let mut out = std::mem::take(&mut self.out);
        self.weight = 0;
        self.slots.iter_mut().for_each(|slot| slot.index = NONE);
        self.written.clear();
        self.units.clear();
        self.sources.clear();
        self.origins.clear();
        self.details.clear();
        self.texts.clear();
        if out == PhoneBatch::default() {
            return Ok(());
        }
        out.batch.records_read = self.delivery.counts.items;
        out.batch.bytes_read = self.position;
        (self.sink)(out)
    }
}

fn intern<T: Clone + Eq + std::hash::Hash>(index: &mut HashMap<T, u32>, list: &mut Vec<T>, item: T) -> u32 {
    if let Some(found) = index.get(&item) {
        return *found;
    }
    let at = list.len() as u32;
    list.push(item.clone());
    index.insert(item, at);
    at
}
