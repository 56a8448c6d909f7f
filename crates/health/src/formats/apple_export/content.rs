//! What the elements of the main document say, collected until it is a batch.

use super::builder::Builder;
use super::entries::{self, Found};
use super::limits::{BATCH_BYTES, BATCH_SAMPLES};
use super::node::{Node, Tree};
use super::record::{self, Extras};
use super::tally::Tally;
use crate::time::{parse_stamp, printed_offset};
use crate::{Batch, Document, Error, ErrorKind, Result, Sample};

/// What stands below the root in every export. Such an element inside another one says that an end tag was lost.
const TOP: [&str; 8] = [
    "Record",
    "Workout",
    "Correlation",
    "ActivitySummary",
    "ClinicalRecord",
    "Audiogram",
    "VisionPrescription",
    "ExportDate",
];

/// Entries or rejects of one batch.
const BATCH_ENTRIES: usize = 4_096;

/// What the present element below the root is.
#[derive(Default)]
enum Inside {
    #[default]
    Nothing,
    /// A record with children; `None` after a reject.
    Record(Option<Sample>),
    Tree(Tree),
}

impl Inside {
    fn is_unclosed_before(&self, name: &str) -> bool {
        match self {
            Self::Nothing => false,
            Self::Record(_) => true,
            // Nobody knows what may stand inside an element that nobody knows.
            Self::Tree(tree) => tree.first().is_some_and(|first| {
                TOP.contains(&first.name.as_str()) && !(first.name == "Correlation" && name == "Record")
            }),
        }
    }
}

/// A batch in the making, and what is known about the whole document.
#[derive(Default)]
pub(super) struct Content {
    depth: usize,
    inside: Inside,
    builder: Builder,
    extras: Extras,
    news: bool,
    /// Entries and references so far.
    pub(super) found: Found,
    /// What went wrong so far.
    pub(super) tally: Tally,
    /// The frame as far as it is known.
    pub(super) document: Document,
    /// Of a folder: a hash of what lies beside the document.
    pub(super) beside: Option<String>,
    /// Records at top level so far.
    pub(super) records: u64,
}

impl Content {
    /// Nothing has been read yet.
    pub(super) fn new(tally: Tally, document: Document) -> Self {
        Self { tally, document, ..Self::default() }
    }

    /// An element begins.
    pub(super) fn open(&mut self, name: &str, attributes: &str) -> Result<()> {
        if self.depth > 1 && TOP.contains(&name) && self.inside.is_unclosed_before(name) {
            self.tally.count("bad_markup", None);
            self.close_all();
        }
        self.depth += 1;
        if self.depth > self.tally.limits.depth {
            return Err(Error::at(ErrorKind::TooLarge("depth of XML elements"), self.tally.position));
        }
        match &mut self.inside {
            Inside::Nothing if self.depth == 1 => self.root(name, attributes),
            Inside::Nothing if name == "Record" => {
                self.records += 1;
                self.extras.clear();
                let sample = record::read(attributes, &mut self.builder, &mut self.tally);
                self.inside = Inside::Record(sample);
            }
            Inside::Nothing => self.inside = Inside::Tree(Tree::new(name, attributes, &mut self.tally)),
            Inside::Record(_) => match name {
                "MetadataEntry" => self.extras.metadata(attributes, &mut self.tally),
                "InstantaneousBeatsPerMinute" => self.extras.beat(attributes, &mut self.tally),
                "HeartRateVariabilityMetadataList" => {}
                _ => self.tally.count("unknown_element", Some(name)),
            },
            Inside::Tree(tree) => tree.open(name, attributes, &mut self.tally),
        }
        Ok(())
    }

    /// An element ends. The root's end is not one of these.
    pub(super) fn close(&mut self) {
        if self.depth <= 1 {
            return self.tally.count("bad_markup", None);
        }
        self.depth -= 1;
        match &mut self.inside {
            Inside::Nothing => {}
            Inside::Record(sample) if self.depth <= 1 => {
                let sample = sample.take();
                self.inside = Inside::Nothing;
                self.keep(sample);
            }
            Inside::Record(_) => {}
            Inside::Tree(tree) => {
                if let Some(node) = tree.close() {
                    self.inside = Inside::Nothing;
                    self.element(&node);
                }
            }
        }
    }

    /// Whether the next element is one below or inside the root.
    pub(super) fn is_inside_root(&self) -> bool {
        self.depth > 0
    }

    fn close_all(&mut self) {
        while self.depth > 1 {
            self.close();
        }
    }

    /// Nothing more comes: keeps what is whole.
    pub(super) fn finish(&mut self) {
        match std::mem::take(&mut self.inside) {
            Inside::Record(sample) => self.keep(sample),
            Inside::Tree(tree) => {
                if let Some(node) = tree.first() {
                    entries::reject("truncated", node, &mut self.tally);
                }
            }
            Inside::Nothing => {}
        }
        // Records that were refused are told as that.
        if self.records == 0 {
            self.tally.count("no_records", None);
        }
        self.news = true;
    }

    /// Whether it is time to hand over a batch.
    pub(super) fn is_full(&self) -> bool {
        let size = |e: &crate::Entry| e.payload.as_ref().map_or(e.body.len(), Vec::len);
        self.builder.batch.samples.len() >= BATCH_SAMPLES
            || self.builder.weight >= BATCH_BYTES
            || self.found.entries.len() >= BATCH_ENTRIES
            || self.tally.rejects.len() >= BATCH_ENTRIES
            || self.found.entries.last().is_some_and(|entry| size(entry) > BATCH_BYTES / 8)
    }

    /// Hands over what there is.
    pub(super) fn take_batch(&mut self) -> Batch {
        let mut batch = self.builder.take();
        batch.entries = std::mem::take(&mut self.found.entries);
        batch.problems = std::mem::take(&mut self.tally.rejects);
        batch.records_read = self.records;
        if std::mem::take(&mut self.news) {
            batch.document = Some(self.document.clone());
        }
        batch
    }

    fn keep(&mut self, sample: Option<Sample>) {
        if let Some(mut sample) = sample {
            self.extras.finish(&mut sample, &mut self.builder);
            self.builder.batch.samples.push(sample);
        }
    }

    fn root(&mut self, name: &str, attributes: &str) {
        let node = Tree::new(name, attributes, &mut self.tally).close().unwrap_or_default();
        self.document.locale = node.get("locale").map(str::to_owned);
        self.news = true;
    }

    fn element(&mut self, node: &Node) {
        if node.name == "ExportDate" {
            self.document.export_date_ms = node.get("value").and_then(parse_stamp);
            self.document.offset_s = node.get("value").and_then(printed_offset);
            self.news = true;
        } else if !self.tally.admits(&entries::source(node)) {
            entries::reject("too_many_sources", node, &mut self.tally);
        } else if !entries::read(node, &mut self.tally, &mut self.found) {
            self.tally.count("unknown_element", Some(&node.name));
        }
    }
}
