//! What an ingest did, record by record kind: the report that people and programs see.

use std::collections::BTreeMap;

use health::{EntryKind, Problem};
use serde::{Deserialize, Serialize};

/// The report of one ingest; keys as in `vitalog import --json`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    /// The import's number; none after a dry run.
    pub import: Option<i64>,
    /// `imported`, `already_imported` or `dry_run`.
    pub outcome: String,
    /// File name without its folder.
    pub file: Option<String>,
    /// When the phone wrote the export, RFC 3339.
    pub export_date: Option<String>,
    /// Language and region of the phone.
    pub locale: Option<String>,
    /// HealthKit Export Version.
    pub export_version: Option<u32>,
    /// Samples: new + known + replaced + duplicates + rejected.
    pub records: u64,
    /// Counts over all kinds.
    #[serde(flatten)]
    pub counts: Counts,
    /// Stored rows that this export lacks and has rewritten.
    pub superseded: u64,
    /// Stored rows that this export lacks and does not cover.
    pub kept: u64,
    /// Stored rows that an older export had rewritten and that this one holds: they count again.
    pub restored: u64,
    /// Rows of this export that the owner hid: they are stored and do not count.
    pub hidden: u64,
    /// Rejects and repairs by reason.
    pub problems: Vec<ProblemCount>,
    /// Bouts of activity.
    pub workouts: EntryCounts,
    /// Blood pressure, food.
    pub correlations: EntryCounts,
    /// Days of rings.
    pub activity_days: EntryCounts,
    /// GPS tracks.
    pub routes: EntryCounts,
    /// Electrocardiograms.
    pub ecgs: EntryCounts,
    /// FHIR resources.
    pub clinical_records: EntryCounts,
    /// Hearing tests.
    pub audiograms: EntryCounts,
    /// Glasses or lenses.
    pub vision_prescriptions: EntryCounts,
    /// Birth date, sex and so on.
    pub profiles: EntryCounts,
    /// Wall time; the caller that has a clock fills it.
    pub seconds: f64,
    /// Uncompressed bytes of the main document.
    pub xml_bytes: u64,
    /// Counts per kind, by Apple's identifier.
    pub by_type: BTreeMap<String, KindCounts>,
    /// Where it moved the home zone that was known before; not kept.
    #[serde(skip)]
    pub home_zone: Option<HomeMoved>,
}

/// From one home zone to another, both IANA names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HomeMoved {
    /// What it was.
    pub was: String,
    /// What it is.
    pub now: String,
}

impl HomeMoved {
    /// None where none was known before, none is now, or it is the same.
    pub(crate) fn between(was: Option<String>, now: Option<String>) -> Option<Self> {
        was.zip(now).filter(|(was, now)| was != now).map(|(was, now)| Self { was, now })
    }
}

/// What became of samples.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Not in the store before.
    pub new: u64,
    /// In the store already.
    pub known: u64,
    /// In the store with another value of the same aggregate.
    pub replaced: u64,
    /// Exact repeats inside this input.
    pub duplicates: u64,
    /// Refused, with a reason.
    pub rejected: u64,
}

/// The same for one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KindCounts {
    /// Records of the kind in the input.
    pub read: u64,
    /// What became of them.
    #[serde(flatten)]
    pub counts: Counts,
}

/// What became of entries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryCounts {
    /// In the input.
    pub read: u64,
    /// Not in the store before.
    pub new: u64,
    /// In the store already, or repeated.
    pub known: u64,
    /// In the store with other figures.
    pub replaced: u64,
    /// Refused, with a reason.
    pub rejected: u64,
}

/// One line of the report's problems.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProblemCount {
    /// Code such as `bad_time`.
    pub reason: String,
    /// How often.
    pub count: u64,
    /// Byte position of the first, where known.
    pub first_position: Option<u64>,
}

impl Report {
    /// The counts of one kind of entry.
    pub fn entries_mut(&mut self, kind: EntryKind) -> &mut EntryCounts {
        match kind {
            EntryKind::Workout => &mut self.workouts,
            EntryKind::Correlation => &mut self.correlations,
            EntryKind::Route => &mut self.routes,
            EntryKind::Ecg => &mut self.ecgs,
            EntryKind::ActivitySummary => &mut self.activity_days,
            EntryKind::ClinicalRecord => &mut self.clinical_records,
            EntryKind::Audiogram => &mut self.audiograms,
            EntryKind::VisionPrescription => &mut self.vision_prescriptions,
            _ => &mut self.profiles,
        }
    }

    /// Counts a problem; a reject counts as a record of its kind or as an entry, a repair as neither.
    pub fn add_problem(&mut self, problem: &Problem) {
        let count = problem.count.max(1);
        match self.problems.iter_mut().find(|line| line.reason == problem.reason) {
            Some(line) => {
                line.count += count;
                line.first_position = line.first_position.or(problem.position);
            }
            None => self.problems.push(ProblemCount {
                reason: problem.reason.to_owned(),
                count,
                first_position: problem.position,
            }),
        }
        if problem.rejected.is_none() {
            return;
        }
        let kind = problem.kind.clone().unwrap_or_default();
        match EntryKind::ALL.into_iter().find(|entry| entry.as_str() == kind) {
            Some(entry) => {
                let counts = self.entries_mut(entry);
                counts.read += count;
                counts.rejected += count;
            }
            None => {
                let kind_counts = self.by_type.entry(kind).or_default();
                kind_counts.read += count;
                kind_counts.counts.rejected += count;
            }
        }
    }

    /// How much was refused: records and entries.
    pub fn rejects(&self) -> u64 {
        let entries = [self.workouts, self.correlations, self.activity_days, self.routes, self.ecgs];
        let others = [self.clinical_records, self.audiograms, self.vision_prescriptions, self.profiles];
        self.counts.rejected + entries.iter().chain(&others).map(|c| c.rejected).sum::<u64>()
    }

    /// Adds the kinds up; called once at the end.
    pub(crate) fn total(&mut self) {
        let mut sum = Counts::default();
        self.records = 0;
        for kind in self.by_type.values() {
            self.records += kind.read;
            sum.new += kind.counts.new;
            sum.known += kind.counts.known;
            sum.replaced += kind.counts.replaced;
            sum.duplicates += kind.counts.duplicates;
            sum.rejected += kind.counts.rejected;
        }
        self.counts = sum;
    }
}
