//! The normal form of what a phone sends: a [`Batch`] as files give it, and what only phones know.
//!
//! Samples and entries are those of [`crate::batch`]; beside each stands its [`Marks`]: Apple's identifier of the
//! object, how fine its stamps are, whether its end is known, and what is odd about it. Aggregates are another kingdom:
//! they lie in a list of their own and never become samples. Does not say when two records are one: that is the store's
//! part.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::Batch;
use crate::batch::NONE;

/// What one portion of a delivery holds: some thousands of records.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PhoneBatch {
    /// Samples, entries, rejects, and the dictionaries they refer to.
    pub batch: Batch,
    /// One for each of the batch's samples, in their order.
    pub marks: Vec<Marks>,
    /// One for each of the batch's entries, in their order.
    pub entry_marks: Vec<Marks>,
    /// Names of records that are no UUIDs; see [`Marks::name`].
    pub names: Vec<String>,
    /// Sums and means that the app made.
    pub aggregates: Vec<Aggregate>,
    /// Records that the sender says are gone.
    pub deletions: Vec<Deletion>,
    /// What the sender takes back of what it told before, as if it had never told it; it comes before what is told
    /// anew.
    pub retractions: Vec<Retraction>,
}

/// What is known about a record besides its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marks {
    /// Apple's identifier of the object, the same from every feed that tells it.
    pub uuid: Option<Uuid>,
    /// Index into [`PhoneBatch::names`] of the sender's own name for the record, or [`NONE`].
    pub name: u32,
    /// How fine the stamps are, and what is odd.
    pub flags: Flags,
}

impl Default for Marks {
    fn default() -> Self {
        Self { uuid: None, name: NONE, flags: Flags::default() }
    }
}

/// A set of [`Flag`]s.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flags(u16);

/// One thing to know about a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub enum Flag {
    /// The start was told with a fraction of a second; else it was cut to a whole second.
    StartFine = 1,
    /// The end was told with a fraction of a second.
    EndFine = 1 << 1,
    /// Nobody told an end: the end beside it repeats the start and means nothing.
    EndUnknown = 1 << 2,
    /// The end lies before the start, as sent.
    EndBeforeStart = 1 << 3,
    /// A value was due and there is none.
    NoValue = 1 << 4,
    /// No table knows the type, so nobody knows what its numbers mean.
    UnknownType = 1 << 5,
    /// The sleep stage is none of Apple's; its text is kept.
    UnknownStage = 1 << 6,
    /// A workout has a statistic that we have no word for or that has no number.
    UnknownStatistic = 1 << 7,
    /// The unit is unknown or measures something else; the number is kept as sent.
    UnknownUnit = 1 << 8,
    /// No unit was told, so the kind's own was assumed.
    UnitAssumed = 1 << 9,
    /// The number cannot be right in the unit that came with it; it is kept and not repaired.
    SuspiciousUnit = 1 << 10,
}

impl Flags {
    /// Every flag with its word.
    pub const ALL: [(Flag, &'static str); 11] = [
        (Flag::StartFine, "start_fine"),
        (Flag::EndFine, "end_fine"),
        (Flag::EndUnknown, "end_unknown"),
        (Flag::EndBeforeStart, "end_before_start"),
        (Flag::NoValue, "no_value"),
        (Flag::UnknownType, "unknown_type"),
        (Flag::UnknownStage, "unknown_stage"),
        (Flag::UnknownStatistic, "unknown_statistic"),
        (Flag::UnknownUnit, "unit_unknown"),
        (Flag::UnitAssumed, "unit_assumed"),
        (Flag::SuspiciousUnit, "suspicious_unit"),
    ];

    /// Adds one.
    pub fn set(&mut self, flag: Flag) {
        self.0 |= flag as u16;
    }

    /// Adds one where it holds.
    pub fn set_if(&mut self, flag: Flag, holds: bool) {
        if holds {
            self.set(flag);
        }
    }

    /// Takes one away.
    pub fn clear(&mut self, flag: Flag) {
        self.0 &= !(flag as u16);
    }

    /// Adds all of another set.
    pub fn join(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// Whether it is among them.
    pub fn has(self, flag: Flag) -> bool {
        self.0 & flag as u16 != 0
    }

    /// The flags as a number, for a column; the numbers never change their meaning.
    pub fn bits(self) -> u16 {
        self.0
    }

    /// The flags of a number; bits that mean nothing are dropped.
    pub fn from_bits(bits: u16) -> Self {
        let known = Self::ALL.iter().fold(0, |all, (flag, _)| all | *flag as u16);
        Self(bits & known)
    }

    /// Whether the record is stored as sent but counts in no number.
    pub fn leaves_out(self) -> bool {
        use Flag::{EndBeforeStart, NoValue, SuspiciousUnit, UnknownStage, UnknownType, UnknownUnit};
        [EndBeforeStart, NoValue, UnknownType, UnknownStage, UnknownUnit, SuspiciousUnit]
            .iter()
            .any(|flag| self.has(*flag))
    }

    /// The words of all.
    pub fn words_of_all(self) -> impl Iterator<Item = &'static str> {
        Self::ALL.into_iter().filter(move |(flag, _)| self.has(*flag)).map(|(_, word)| word)
    }

    /// The words of those that say that something is odd.
    pub fn words(self) -> impl Iterator<Item = &'static str> {
        let odd = Self::ALL.into_iter().filter(|(flag, _)| *flag as u16 >= Flag::EndBeforeStart as u16);
        odd.filter(move |(flag, _)| self.has(*flag)).map(|(_, word)| word)
    }
}

/// Apple's identifier of an object. Letter case means nothing; it prints in upper case.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Uuid([u8; 16]);

impl Uuid {
    /// The sixteen bytes, for a column.
    pub fn bytes(self) -> [u8; 16] {
        self.0
    }

    /// The identifier of sixteen bytes.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

/// A text is no UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoUuid;

impl FromStr for Uuid {
    type Err = NoUuid;

    /// Reads `65F462FC-BC38-5476-B097-E4389D5AE2B1` in any case.
    fn from_str(text: &str) -> Result<Self, NoUuid> {
        let b = text.as_bytes();
        if b.len() != 36 || [8, 13, 18, 23].iter().any(|at| b.get(*at) != Some(&b'-')) {
            return Err(NoUuid);
        }
        let mut digits = b.iter().filter(|byte| **byte != b'-').map(|byte| char::from(*byte).to_digit(16));
        let mut bytes = [0u8; 16];
        for byte in &mut bytes {
            let (high, low) = (digits.next().flatten().ok_or(NoUuid)?, digits.next().flatten().ok_or(NoUuid)?);
            *byte = (high << 4 | low) as u8;
        }
        if digits.next().is_some() { Err(NoUuid) } else { Ok(Self(bytes)) }
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, byte) in self.0.iter().enumerate() {
            let dash = if matches!(i, 4 | 6 | 8 | 10) { "-" } else { "" };
            write!(f, "{dash}{byte:02X}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Which protocol brought a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Feed {
    /// The Open Wearables SDK and app.
    OpenWearables,
    /// HealthSync (healthykit).
    HealthSync,
    /// Health Export Pro.
    HealthExportPro,
    /// Health Auto Export.
    HealthAutoExport,
    /// HealthSave.
    HealthSave,
    /// Another Vitalog.
    Vitalog,
}

impl Feed {
    /// Every feed.
    pub const ALL: [Self; 6] = [
        Self::OpenWearables,
        Self::HealthSync,
        Self::HealthExportPro,
        Self::HealthAutoExport,
        Self::HealthSave,
        Self::Vitalog,
    ];

    /// The short word: in `seen`, and before the colon of a type that nobody knows.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OpenWearables => "open-wearables",
            Self::HealthSync => "healthsync",
            Self::HealthExportPro => "hep",
            Self::HealthAutoExport => "hae",
            Self::HealthSave => "healthsave",
            Self::Vitalog => "vitalog",
        }
    }

    /// The feed of a short word.
    pub fn find(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|feed| feed.as_str() == word)
    }

    /// The app's name on the command line.
    pub fn app(self) -> &'static str {
        match self {
            Self::HealthExportPro => "health-export-pro",
            Self::HealthAutoExport => "health-auto-export",
            other => other.as_str(),
        }
    }
}

/// How long a bucket is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Grain {
    /// A count about one moment: it has no length.
    Event,
    /// One second.
    Second,
    /// One minute.
    Minute,
    /// One hour.
    Hour,
    /// One day.
    Day,
    /// Seven days.
    Week,
    /// A month, thirty days long where nobody says which.
    Month,
    /// A year, 365 days long where nobody says which.
    Year,
}

impl Grain {
    /// Every grain, the finest first.
    pub const ALL: [Self; 8] =
        [Self::Event, Self::Second, Self::Minute, Self::Hour, Self::Day, Self::Week, Self::Month, Self::Year];

    /// The word in answers and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Second => "second",
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    /// Its nominal length in milliseconds; the bucket is told by its start.
    pub fn length_ms(self) -> i64 {
        const HOUR: i64 = crate::time::HOUR_MS;
        match self {
            Self::Event => 0,
            Self::Second => 1000,
            Self::Minute => 60_000,
            Self::Hour => HOUR,
            Self::Day => 24 * HOUR,
            Self::Week => 7 * 24 * HOUR,
            Self::Month => 30 * 24 * HOUR,
            Self::Year => 365 * 24 * HOUR,
        }
    }

    /// The nominal end of a bucket; none where it lies beyond all instants.
    pub(crate) fn end_ms(self, start_ms: i64) -> Option<i64> {
        crate::time::instant(start_ms + self.length_ms())
    }
}

/// A sum, a mean or counts over a bucket, made by the app. Told by feed, kind, grain, start, source and, where the
/// sender cuts days in parts, end; of equal ones the last sent wins.
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregate {
    /// Which protocol's app made it; another Vitalog passes it on unchanged.
    pub feed: Feed,
    /// Index into the batch's kinds.
    pub kind: u32,
    /// Index into the batch's sources; its name stands as sent and may hold several with `|` between them.
    pub source: u32,
    /// How long the bucket is.
    pub grain: Grain,
    /// Start, milliseconds since 1970 in UTC.
    pub start_ms: i64,
    /// Start and nominal length, or what the sender says.
    pub end_ms: i64,
    /// `sum`, `avg`, `min`, `max`, or the sender's own words for counts, in [`Aggregate::unit`].
    pub stats: Vec<(String, f64)>,
    /// The kind's unit, or the sender's where that cannot be converted.
    pub unit: String,
    /// The unit as sent, where it is another one.
    pub original_unit: Option<String>,
    /// A word that tells apart what has no number, e.g. `Complete`.
    pub label: Option<String>,
    /// Index into the batch's details, or [`NONE`].
    pub details: u32,
    /// The sender's name for it and what is odd.
    pub marks: Marks,
}

/// A record that the sender says is gone. No app of today sends these on its own account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deletion {
    /// Apple's identifier of the object, or the sender's name for it.
    pub id: String,
    /// Apple's identifier of the kind, where it was told.
    pub kind: Option<String>,
}

/// Records of one sort and time that their own sender takes back. Another Vitalog says so of what it has no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retraction {
    /// What they are: `sample`, `aggregate`, or the word of an [`crate::EntryKind`].
    pub record: String,
    /// Apple's identifier of the type of samples; else empty.
    pub kind: String,
    /// The time in which they start, in milliseconds since 1970 in UTC: from, until, which is outside.
    pub range_ms: (i64, i64),
    /// The names that the sender gave them.
    pub names: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_is_the_same_in_any_case() {
        let upper = "65F462FC-BC38-5476-B097-E4389D5AE2B1";
        let uuid: Uuid = upper.parse().expect("a uuid");
        assert_eq!(upper.to_lowercase().parse(), Ok(uuid));
        assert_eq!(uuid.to_string(), upper);
        assert_eq!(Uuid::from_bytes(uuid.bytes()), uuid);
    }

    #[test]
    fn what_is_no_uuid_is_refused() {
        for text in [
            "",
            "65F462FC",
            "65F462FCBC385476B097E4389D5AE2B1",
            "65F462FC-BC38-5476-B097-E4389D5AE2BX",
            "65F462FC-BC38-5476-B097-E4389D5AE2-1",
            "6-F462FC-BC38-5476-B097-E4389D5AE2B1",
            "é5F462FC-BC38-5476-B097-E4389D5AE2B1",
        ] {
            assert_eq!(text.parse::<Uuid>(), Err(NoUuid), "{text}");
        }
    }

    #[test]
    fn flags_keep_their_numbers_and_say_what_counts() {
        let mut flags = Flags::default();
        flags.set(Flag::StartFine);
        flags.set(Flag::EndUnknown);
        assert!(!flags.leaves_out());
        assert_eq!(flags.words().count(), 0);
        flags.set(Flag::UnknownUnit);
        assert!(flags.leaves_out());
        assert_eq!(flags.bits(), 1 + 4 + 256);
        assert_eq!(Flags::from_bits(flags.bits() | 1 << 15), flags);
        assert_eq!(flags.words().collect::<Vec<_>>(), ["unit_unknown"]);
    }
}
