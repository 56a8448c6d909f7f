//! Everything that is neither a record nor a workout: rings, correlations, profile, clinical records and so on.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::builder::Builder;
use super::device;
use super::node::{Known, Node};
use super::record::{self, Extras};
use super::tally::{Place, Tally};
use super::workout::{self, hardware};
use crate::formats::body::Body;
use crate::kind;
use crate::time::{Day, format_day, parse_day_or_midnight};
use crate::unit::conversion;
use crate::{Batch, Entry, EntryKind, Source};

/// 2000-01-01: rings and watches came later, and an empty first row is said to say 1969.
const FIRST_DAY: Day = 10_957;

/// A file that the document refers to, and the entry that waits for it.
#[derive(Debug)]
pub(super) struct Reference {
    pub(super) path: String,
    pub(super) entry: Entry,
    /// What the body knows before the file is read.
    pub(super) body: Body,
}

impl Reference {
    /// A GPX file of a workout.
    pub(super) fn route(path: &str, source: Source, body: Body) -> Self {
        Self { path: path.to_owned(), entry: entry(EntryKind::Route, path.to_owned(), source), body }
    }
}

/// An entry without times and content.
pub(super) fn entry(kind: EntryKind, identity: String, source: Source) -> Entry {
    Entry { kind, identity, source, start_ms: None, end_ms: None, body: String::new(), payload: None, members: None }
}

/// Entries and about how many bytes of memory they take.
#[derive(Default)]
pub(super) struct Weighed {
    list: Vec<Entry>,
    bytes: usize,
}

impl Weighed {
    pub(super) fn push(&mut self, entry: Entry) {
        self.bytes += entry.weight();
        self.list.push(entry);
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn take(&mut self) -> Vec<Entry> {
        self.bytes = 0;
        std::mem::take(&mut self.list)
    }
}

impl Extend<Entry> for Weighed {
    fn extend<T: IntoIterator<Item = Entry>>(&mut self, entries: T) {
        entries.into_iter().for_each(|entry| self.push(entry));
    }
}

/// What the elements of one input give, besides records.
#[derive(Default)]
pub(super) struct Found {
    pub(super) entries: Weighed,
    /// Records inside what could not be kept.
    pub(super) nested: Builder,
    /// There were records inside other elements.
    pub(super) has_nested: bool,
    references: Vec<Reference>,
    reference_bytes: usize,
}

impl Found {
    /// Keeps a reference for the end. False where there are too many, which is counted once for each caller.
    pub(super) fn refer(&mut self, reference: Reference, tally: &mut Tally) -> bool {
        // They wait in memory until the whole document has been read.
        let bytes = reference.path.len() + reference.entry.weight() + reference.body.weight();
        let limits = &tally.limits;
        let room = self.references.len() < limits.references && self.reference_bytes + bytes <= limits.reference_bytes;
        if room {
            self.reference_bytes += bytes;
            self.references.push(reference);
        } else {
            tally.count("too_many_references", None);
        }
        room
    }

    /// Hands over the references.
    pub(super) fn take_references(&mut self) -> Vec<Reference> {
        std::mem::take(&mut self.references)
    }
}

/// What an element below the root is.
pub(super) fn kind_of(element: &str) -> Option<EntryKind> {
    Some(match element {
        "Workout" => EntryKind::Workout,
        "Correlation" => EntryKind::Correlation,
        "ActivitySummary" => EntryKind::ActivitySummary,
        "Me" => EntryKind::Profile,
        "ClinicalRecord" => EntryKind::ClinicalRecord,
        "Audiogram" => EntryKind::Audiogram,
        "VisionPrescription" => EntryKind::VisionPrescription,
        _ => return None,
    })
}

/// Reads one element below the root. False where nobody knows it.
pub(super) fn read(node: &Node, tally: &mut Tally, found: &mut Found) -> bool {
    match kind_of(&node.name) {
        Some(EntryKind::Workout) => workout::read(node, tally, found),
        Some(EntryKind::Correlation) => correlation(node, tally, found),
        Some(EntryKind::ActivitySummary) => found.entries.extend(rings(node, tally)),
        Some(EntryKind::Profile) => found.entries.extend(profile(node, tally)),
        Some(EntryKind::ClinicalRecord) => clinical(node, tally, found),
        Some(kind) => found.entries.extend(record_like(node, kind, tally)),
        None => return false,
    }
    true
}

/// Lists an element that cannot be read.
pub(super) fn reject(reason: &'static str, node: &Node, tally: &mut Tally) {
    tally.reject(reason, kind_of(&node.name).map(EntryKind::as_str), &node.raw);
}

/// Who wrote an element.
pub(super) fn source(node: &Node) -> Source {
    let name = node.fields.get("sourceName").cloned().unwrap_or_default();
    Source { name, bundle: None, hardware: hardware(node) }
}

/// Sets what elements say about their origin.
pub(super) fn provenance(body: &mut Body, node: &Node) {
    body.set("device", node.get("device").and_then(device::canonical));
    body.set("source_version", node.get("sourceVersion"));
    body.instant("created", node.stamp("creationDate"));
}

const CORRELATION: Known = Known { attributes: &["type"], is_sourced: true, children: &["Record", "MetadataEntry"] };

fn correlation(node: &Node, tally: &mut Tally, found: &mut Found) {
    let identity = node.get("type").unwrap_or_default().to_owned();
    let times = node.stamp("startDate").zip(node.stamp("endDate")).filter(|(start, end)| start <= end);
    let Some((start, end)) = times else {
        return refuse("bad_time", node, tally, found);
    };
    let mut body = Body::default();
    body.set("type", identity.as_str());
    body.set("metadata", node.metadata());
    node.keep_unreadable(&mut body, &[], &["creationDate"], tally);
    node.keep_unknown(&mut body, &CORRELATION, tally);
    provenance(&mut body, node);
    let members = members(node, tally);
    found.has_nested |= !members.samples.is_empty() || !members.problems.is_empty();
    // Several foods of one second are told apart by their name and by what they are made of.
    let food = node.metadata().get("HKFoodType").map(ToString::to_string).unwrap_or_default();
    let mut kinds = members.kinds.clone();
    kinds.sort_unstable();
    let identity = format!("{identity}|{food}|{}", kinds.join(" "));
    let mut entry = entry(EntryKind::Correlation, identity, source(node));
    (entry.start_ms, entry.end_ms, entry.body) = (Some(start), Some(end), body.text());
    entry.members = Some(Box::new(members));
    found.entries.push(entry);
}

/// Lists an element that cannot be kept, and keeps the records in it that can.
pub(super) fn refuse(reason: &'static str, node: &Node, tally: &mut Tally, found: &mut Found) {
    reject(reason, node, tally);
    found.has_nested |= !node.records().is_empty();
    read_records(node, &mut found.nested, tally);
}

/// The nested records; their damage is their own, since the same records stand at top level too.
fn members(node: &Node, tally: &mut Tally) -> Batch {
    let (aside, mut builder) = (tally.set_aside(), Builder::default());
    read_records(node, &mut builder, tally);
    let mut batch = builder.take();
    batch.problems = tally.resume(aside);
    batch
}

fn read_records(node: &Node, builder: &mut Builder, tally: &mut Tally) {
    let mut extras = Extras::default();
    for record in node.records() {
        let Some(mut sample) = record::read(&record.raw, Place::Nested, builder, tally) else { continue };
        extras.clear();
        for entry in record.all("MetadataEntry") {
            let (key, value) = (entry.get("key").unwrap_or_default(), entry.get("value").unwrap_or_default());
            extras.add(key, value, tally);
        }
        for list in record.all("HeartRateVariabilityMetadataList") {
            for beat in list.all("InstantaneousBeatsPerMinute") {
                let field = |name: &str| beat.get(name).unwrap_or_default().to_owned();
                extras.add_beat(field("bpm"), field("time"), tally);
            }
        }
        extras.finish(&mut sample, builder);
        builder.batch.samples.push(sample);
    }
}

/// So many attributes of [`RING`] are texts, those after them numbers.
const RING_TEXTS: usize = 2;

const RING: Known = Known {
    attributes: &[
        "dateComponents",
        "activeEnergyBurnedUnit",
        "activeEnergyBurned",
        "activeEnergyBurnedGoal",
        "appleMoveTime",
        "appleMoveTimeGoal",
        "appleMoveMinutes",
        "appleMoveMinutesGoal",
        "appleExerciseTime",
        "appleExerciseTimeGoal",
        "appleStandHours",
        "appleStandHoursGoal",
    ],
    is_sourced: false,
    children: &[],
};

const RING_ENERGY: [(&str, &str, &str); 2] = [
    ("activeEnergyBurned", "activeEnergyBurnedUnit", "kcal"),
    ("activeEnergyBurnedGoal", "activeEnergyBurnedUnit", "kcal"),
];

fn rings(node: &Node, tally: &mut Tally) -> Option<Entry> {
    let date = node.get("dateComponents").unwrap_or_default();
    let Some(day) = parse_day_or_midnight(date) else {
        reject("bad_time", node, tally);
        return None;
    };
    if day < FIRST_DAY {
        tally.count("implausible_date", Some("ActivitySummary"));
        return None;
    }
    // One spelling, so that one day has one entry.
    let date = format_day(day);
    let unit = node.get("activeEnergyBurnedUnit").unwrap_or("kcal");
    let energy = |name: &str| Some(conversion(unit, "kcal")?.apply(node.number(name)?));
    let mut body = Body::default();
    let (_, numbers) = RING.attributes.split_at(RING_TEXTS);
    node.keep_unreadable(&mut body, numbers, &[], tally);
    node.keep_printed(&mut body, &RING_ENERGY, tally);
    node.keep_unknown(&mut body, &RING, tally);
    body.set("date", date.as_str());
    body.number("active_energy_kcal", energy("activeEnergyBurned"));
    body.number("active_energy_goal_kcal", energy("activeEnergyBurnedGoal"));
    // Version 11 says move minutes in its DTD and move time in its data.
    let move_time = |suffix: &str| {
        node.number(&format!("appleMoveTime{suffix}")).or_else(|| node.number(&format!("appleMoveMinutes{suffix}")))
    };
    body.number("move_min", move_time(""));
    body.number("move_goal_min", move_time("Goal"));
    body.number("exercise_min", node.number("appleExerciseTime"));
    body.number("exercise_goal_min", node.number("appleExerciseTimeGoal"));
    body.number("stand_hours", node.number("appleStandHours"));
    body.number("stand_goal_hours", node.number("appleStandHoursGoal"));
    let mut entry = entry(EntryKind::ActivitySummary, date, Source::default());
    entry.body = body.text();
    Some(entry)
}

fn profile(node: &Node, tally: &mut Tally) -> Option<Entry> {
    let mut body = Body::default();
    // A hand-made file has child elements instead of attributes.
    let children = node.children.iter().filter_map(|child| Some((child.name.as_str(), child.get("value")?)));
    let own = node.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    for (name, value) in own.chain(children).filter(|(_, value)| !value.is_empty()) {
        body.set(&kind::slug(name.trim_start_matches("HKCharacteristicTypeIdentifier")), value);
    }
    let mut others = Body::default();
    for child in node.children.iter().filter(|child| child.get("value").is_none()) {
        tally.count("unknown_element", Some(&child.name));
        others.set(&child.name, child.unknown(&Known::default()));
    }
    body.set("unknown", others.json());
    let mut entry = entry(EntryKind::Profile, "me".to_owned(), Source::default());
    entry.body = body.text();
    (entry.body != "{}").then_some(entry)
}

const CLINICAL: Known = Known {
    attributes: &["type", "identifier", "sourceName", "sourceURL", "fhirVersion", "receivedDate", "resourceFilePath"],
    is_sourced: false,
    children: &[],
};

fn clinical(node: &Node, tally: &mut Tally, found: &mut Found) {
    let (kind, identifier) = (node.get("type").unwrap_or_default(), node.get("identifier").unwrap_or_default());
    if kind.is_empty() && identifier.is_empty() {
        reject("bad_shape", node, tally);
        return;
    }
    let mut body = Body::default();
    body.set("type", kind);
    body.set("identifier", identifier);
    body.set("source_url", node.get("sourceURL"));
    body.set("fhir_version", node.get("fhirVersion"));
    node.keep_unreadable(&mut body, &[], &["receivedDate"], tally);
    node.keep_unknown(&mut body, &CLINICAL, tally);
    body.instant("received", node.stamp("receivedDate"));
    body.set("path", node.get("resourceFilePath"));
    // A clinic's own number is the same however often the record is fetched; without one the date must do.
    let identity = match identifier {
        "" => format!("{kind} {}", node.get("receivedDate").unwrap_or_default()),
        _ => format!("{kind} {identifier}"),
    };
    let mut entry = entry(EntryKind::ClinicalRecord, identity, source(node));
    entry.start_ms = node.stamp("receivedDate");
    match node.get("resourceFilePath") {
        Some(path) => {
            found.refer(Reference { path: path.to_owned(), entry, body }, tally);
        }
        None => {
            entry.body = body.text();
            found.entries.push(entry);
        }
    }
}

/// Audiograms and prescriptions: every attribute under its name in snake case, children as lists.
fn record_like(node: &Node, kind: EntryKind, tally: &mut Tally) -> Option<Entry> {
    let start = node.stamp("startDate").or_else(|| node.stamp("dateIssued"));
    if start.is_none() {
        reject("bad_time", node, tally);
        return None;
    }
    const FRAME: [&str; 7] = ["type", "sourceName", "sourceVersion", "device", "creationDate", "startDate", "endDate"];
    let mut body = Body::default();
    fields(&mut body, node, &FRAME);
    body.set("metadata", node.metadata());
    provenance(&mut body, node);
    for (name, list) in lists(node, tally) {
        body.set(&name, list);
    }
    let identity = node.get("type").unwrap_or(kind.as_str()).to_owned();
    let mut entry = entry(kind, identity, source(node));
    let end = node.stamp("endDate").or_else(|| node.stamp("expirationDate")).or(start);
    (entry.start_ms, entry.end_ms, entry.body) = (start, end, body.text());
    Some(entry)
}

/// Children by their name in snake case.
fn lists(node: &Node, tally: &mut Tally) -> BTreeMap<String, Vec<Json>> {
    let mut lists = BTreeMap::<_, Vec<_>>::new();
    for child in node.children.iter().filter(|child| child.name != "MetadataEntry") {
        let mut body = Body::default();
        fields(&mut body, child, &[]);
        child.children.iter().for_each(|inner| tally.count("unknown_element", Some(&inner.name)));
        if let Some(inner) = child.unknown(&Known::default()).get("elements") {
            body.set("unknown", inner.clone());
        }
        lists.entry(kind::slug(&child.name)).or_default().push(body.json());
    }
    lists
}

/// The numbers of audiograms and prescriptions; everything else is text, even if it looks like a number: a brand, the
/// name of a file.
const NUMBERS: [&str; 18] = [
    "frequencyValue",
    "leftEarValue",
    "leftEarClampingRangeLowerBound",
    "leftEarClampingRangeUpperBound",
    "rightEarValue",
    "rightEarClampingRangeLowerBound",
    "rightEarClampingRangeUpperBound",
    "sphere",
    "cylinder",
    "axis",
    "add",
    "vertex",
    "prismAmount",
    "prismAngle",
    "farPD",
    "nearPD",
    "baseCurve",
    "diameter",
];

const STAMPS: [&str; 2] = ["dateIssued", "expirationDate"];

fn fields(body: &mut Body, node: &Node, skip: &[&str]) {
    for (name, text) in node.fields.iter().filter(|(name, text)| !skip.contains(&name.as_str()) && !text.is_empty()) {
        let key = kind::slug(name);
        let number = node.number(name).filter(|_| NUMBERS.contains(&name.as_str()));
        let stamp = node.stamp(name).filter(|_| STAMPS.contains(&name.as_str()));
        match (number, stamp) {
            (Some(number), _) => body.number(&key, Some(number)),
            (None, Some(stamp)) => body.instant(&key, Some(stamp)),
            (None, None) => body.set(&key, text.as_str()),
        }
    }
}
