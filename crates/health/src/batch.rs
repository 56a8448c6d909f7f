//! The normal form: what every reader yields and what the store ingests.
//!
//! A [`Batch`] is self-contained: its samples refer to the batch's own small dictionaries by index, so batches
//! can be made on any thread and no string is copied per sample. The store maps the indexes to its own ids.

use serde::Serialize;

/// Index value that means "nothing" in [`Sample::details`] and [`Sample::text`].
pub const NONE: u32 = u32::MAX;

/// Some thousands of samples and the dictionaries they refer to.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Batch {
    /// Apple's identifiers, e.g. `HKQuantityTypeIdentifierHeartRate`; unknown ones as they stand.
    pub kinds: Vec<String>,
    /// Who wrote the samples.
    pub sources: Vec<Source>,
    /// What else samples of one device and app version share.
    pub origins: Vec<Origin>,
    /// Category texts that no table knows, kept as they stand.
    pub texts: Vec<String>,
    /// Canonical JSON objects `{"metadata": {...}, "beats": [...]}` (see [`Sample::details`]).
    pub details: Vec<String>,
    /// The samples, in the order of the input.
    pub samples: Vec<Sample>,
    /// Records that stood inside something that could not be kept: a refused correlation, an element that nobody knows.
    /// As with the members of a correlation, those whose twin stands at top level are not stored again.
    pub nested: Option<Box<Batch>>,
    /// Everything that is not a sample: workouts, routes, ECGs, rings and so on.
    pub entries: Vec<Entry>,
    /// Rejected records and repaired damage.
    pub problems: Vec<Problem>,
    /// What is known about the document: set in the first batch that knows it, and again in the last one.
    pub document: Option<Document>,
    /// The reader knows of no more samples; entries may follow. A hint: the store can roll up while routes are read.
    pub samples_end: bool,
    /// Records (`Record` elements, without the members of correlations) read so far in the whole input, for progress.
    pub records_read: u64,
    /// Bytes of input read so far, in the measure of [`Document::total_bytes`], for progress.
    pub bytes_read: u64,
}

impl Batch {
    /// Returns about how many bytes of memory it takes.
    pub fn weight(&self) -> usize {
        let texts = self.texts.iter().chain(&self.details).map(String::len).sum::<usize>();
        let origin =
            |o: &Origin| [&o.device, &o.version, &o.unit].into_iter().flatten().map(String::len).sum::<usize>();
        let problem = |problem: &Problem| size_of::<Problem>() + problem.rejected.as_ref().map_or(0, String::len);
        self.samples.len() * size_of::<Sample>()
            + texts
            + self.kinds.iter().map(String::len).sum::<usize>()
            + self.sources.iter().map(Source::weight).sum::<usize>()
            + self.origins.iter().map(|o| size_of::<Origin>() + origin(o)).sum::<usize>()
            + self.entries.iter().map(Entry::weight).sum::<usize>()
            + self.problems.iter().map(problem).sum::<usize>()
            + self.nested.as_ref().map_or(0, |nested| nested.weight())
    }
}

/// The frame around the records of one input.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Document {
    /// When the phone wrote the export, milliseconds since 1970 in UTC.
    pub export_date_ms: Option<i64>,
    /// The offset in seconds that the phone prints on every row: that of the moment of the export.
    pub offset_s: Option<i32>,
    /// Language and region of the phone, e.g. `en_US`.
    pub locale: Option<String>,
    /// The number after `HealthKit Export Version:`.
    pub version: Option<u32>,
    /// True once the root element was closed: only a complete export can say that a row is gone.
    pub complete: bool,
    /// Size of the input in the measure of [`Batch::bytes_read`], where known.
    pub total_bytes: Option<u64>,
    /// Uncompressed bytes of the main document read so far (all of them in the last batch).
    pub xml_bytes: u64,
    /// Sizes and CRC-32s of the archive, or a SHA-256 of a bare document: the same file has the same fingerprint.
    /// Known at the start for an archive, at the end for a bare document or standard input.
    pub fingerprint: Option<String>,
}

/// Tells a damaged copy from the archive that is whole: its directory says the same.
const DAMAGED: &str = " damaged ";

impl Document {
    /// Gives a damaged copy of an archive a fingerprint of its own; `hash` is that of all its bytes.
    pub fn mark_as_damaged_copy(&mut self, hash: &str) {
        if let Some(fingerprint) = &mut self.fingerprint {
            fingerprint.push_str(&format!("{DAMAGED}{hash}"));
        }
    }

    /// Whether a fingerprint is one of a damaged copy.
    pub fn is_of_damaged_copy(fingerprint: &str) -> bool {
        fingerprint.contains(DAMAGED)
    }
}

/// One measurement over `[start, end]`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// Index into [`Batch::kinds`].
    pub kind: u32,
    /// Index into [`Batch::sources`].
    pub source: u32,
    /// Index into [`Batch::origins`].
    pub origin: u32,
    /// Index into [`Batch::details`], or [`NONE`].
    pub details: u32,
    /// Index into [`Batch::texts`] for a category value that no table knows, or [`NONE`].
    pub text: u32,
    /// True where `HKWasUserEntered` is 1: typed in by hand, so equal rows are separate events.
    pub user_entered: bool,
    /// Start, milliseconds since 1970 in UTC.
    pub start_ms: i64,
    /// End, milliseconds since 1970 in UTC; not before the start in a valid sample.
    pub end_ms: i64,
    /// When it reached HealthKit, where known.
    pub created_ms: Option<i64>,
    /// Quantity: the value in the kind's canonical unit. Category: Apple's integer. `None` where the unit or the
    /// text is unknown to us; the original is kept all the same.
    pub value: Option<f64>,
    /// Quantity: the number as printed, in [`Origin::unit`], where that differs from `value`.
    pub original: Option<f64>,
}

/// The app or device that wrote a sample. Never the OS version: it changes with every update.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Source {
    /// The name as it stands; empty where the input has none.
    pub name: String,
    /// Bundle identifier, where known (phones send it, exports do not).
    pub bundle: Option<String>,
    /// Hardware such as `Watch7,5`, where known.
    pub hardware: Option<String>,
}

impl Source {
    fn weight(&self) -> usize {
        let rest = [&self.bundle, &self.hardware].into_iter().flatten().map(String::len).sum::<usize>();
        size_of::<Self>() + self.name.len() + rest
    }
}

/// What samples of one device and app version share, besides the source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Origin {
    /// The device text without the memory address that changes per record, canonical, e.g.
    /// `name:Apple Watch, manufacturer:Apple Inc., model:Watch, hardware:Watch6,1, software:10.1`.
    pub device: Option<String>,
    /// Version of the app or the system that wrote it.
    pub version: Option<String>,
    /// The unit as printed.
    pub unit: Option<String>,
}

/// Kinds of [`Entry`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum EntryKind {
    /// A bout of activity.
    Workout,
    /// Samples that belong together: blood pressure, food.
    Correlation,
    /// A GPS track; the points are in [`Entry::payload`].
    Route,
    /// An electrocardiogram; the voltages are in [`Entry::payload`].
    Ecg,
    /// A day of activity rings.
    ActivitySummary,
    /// A FHIR resource; the file's bytes are in [`Entry::payload`].
    ClinicalRecord,
    /// A hearing test.
    Audiogram,
    /// Glasses or lenses.
    VisionPrescription,
    /// Birth date, sex, blood type and so on.
    Profile,
    /// One dose of a medication: taken, skipped, or only planned.
    MedicationDose,
    /// A medication that somebody has; it has no time.
    Medication,
    /// How somebody felt.
    StateOfMind,
    /// A night as an app summed it up; never added to the stages of the same night.
    SleepSummary,
}

impl EntryKind {
    /// Every kind that a file brings, in the order of the report; phones bring [`EntryKind::PHONE`] besides.
    pub const ALL: [Self; 9] = [
        Self::Workout,
        Self::Correlation,
        Self::Route,
        Self::Ecg,
        Self::ActivitySummary,
        Self::ClinicalRecord,
        Self::Audiogram,
        Self::VisionPrescription,
        Self::Profile,
    ];

    /// The kinds that only phones bring.
    pub const PHONE: [Self; 4] = [Self::MedicationDose, Self::Medication, Self::StateOfMind, Self::SleepSummary];

    /// The word that files, views and the `record` key of JSON lines use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Workout => "workout",
            Self::Correlation => "correlation",
            Self::Route => "route",
            Self::Ecg => "ecg",
            Self::ActivitySummary => "activity_summary",
            Self::ClinicalRecord => "clinical_record",
            Self::Audiogram => "audiogram",
            Self::VisionPrescription => "vision_prescription",
            Self::Profile => "profile",
            Self::MedicationDose => "medication_dose",
            Self::Medication => "medication",
            Self::StateOfMind => "state_of_mind",
            Self::SleepSummary => "sleep_summary",
        }
    }
}

/// The key of [`Entry::body`] that is `true` where the entry's file is missing or could be read in part only. An image
/// without it counts more than one with it, however old it is.
pub const INCOMPLETE: &str = "incomplete";

/// Anything that is not a sample. Identity: kind, `identity`, start, end and source.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// What it is.
    pub kind: EntryKind,
    /// What tells it from others of its kind, start, end and source: a workout's activity, a ring day's date, a
    /// route's path. Never a printed offset, device pointer or name of a person.
    pub identity: String,
    /// Who wrote it; an empty source for what has none (rings, profile).
    pub source: Source,
    /// Start, milliseconds since 1970 in UTC, where it has one.
    pub start_ms: Option<i64>,
    /// End, likewise.
    pub end_ms: Option<i64>,
    /// Canonical JSON object with everything known about it; keys in snake case, instants as RFC 3339 in UTC with
    /// milliseconds, numbers in canonical units. Equal entries have equal bodies.
    pub body: String,
    /// Bulk: packed route points (`formats::route`), packed ECG voltages (`formats::ecg`), a clinical file's bytes.
    pub payload: Option<Vec<u8>>,
    /// Correlation: its members. They stand at top level too, so they are linked and stored once.
    pub members: Option<Box<Batch>>,
}

impl Entry {
    /// Returns about how many bytes of memory it takes.
    pub fn weight(&self) -> usize {
        let (payload, members) = (self.payload.as_ref().map(Vec::len), self.members.as_ref().map(|m| m.weight()));
        let texts = self.identity.len() + self.source.weight() + self.body.len();
        size_of::<Self>() + texts + payload.unwrap_or(0) + members.unwrap_or(0)
    }
}

/// A record that was rejected or damage that was repaired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Stable code, e.g. `bad_time`, `bad_value`, `control_characters`, `broken_doctype`, `missing_file`.
    pub reason: &'static str,
    /// Byte position in the uncompressed document, where known.
    pub position: Option<u64>,
    /// Apple's identifier of the rejected record's kind, where known.
    pub kind: Option<String>,
    /// The record as it stood (bounded), for a reject; `None` for a repair.
    pub rejected: Option<String>,
    /// The file beside the document that it is about, by its name in the archive (bounded).
    pub file: Option<String>,
    /// How many times, for damage that is counted and not listed.
    pub count: u64,
}
