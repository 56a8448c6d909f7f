//! What the elements of the main document say, collected until it is a batch.

use super::builder::Builder;
use super::entries::{self, Found};
use super::limits::{BATCH_BYTES, BATCH_SAMPLES};
use super::node::{Node, Tree};
use super::record::{self, Extras};
use super::tally::{Place, Tally};
use super::workout;
use crate::time::{parse_stamp, printed_offset};
use crate::{Batch, Document, EntryKind, Error, ErrorKind, Result, Sample};

/// What stands below the root in every export. Such an element inside another one says that an end tag was lost.
const TOP: [&str; 9] = [
    "Me",
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
            Self::Tree(tree) => tree.first().is_some_and(|first| !(first.name == "Correlation" && name == "Record")),
        }
    }

    /// The element, where nobody knows it and what may stand in it.
    fn unknown(&self) -> Option<&Node> {
        match self {
            Self::Tree(tree) => tree.first().filter(|first| !TOP.contains(&first.name.as_str())),
            _ => None,
        }
    }
}

/// A batch in the making, and what is known about the whole document.
#[derive(Default)]
pub(super) struct Content {
    depth: usize,
    /// The depth of the element whose children are looked at: the root, or one that nobody knows.
    base: usize,
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
    /// Records so far, without the members of correlations.
    pub(super) records: u64,
}

impl Content {
    /// Nothing has been read yet.
    pub(super) fn new(tally: Tally, document: Document) -> Self {
        Self { tally, document, base: 1, ..Self::default() }
    }

    /// An element begins.
    pub(super) fn open(&mut self, name: &str, attributes: &str) -> Result<()> {
        if self.depth > self.base && TOP.contains(&name) {
            self.make_way(name);
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
                let nested = self.base > 1;
                let place = if nested { Place::Nested } else { Place::TopLevel };
                let builder = if nested { &mut self.found.nested } else { &mut self.builder };
                self.inside = Inside::Record(record::read(attributes, place, builder, &mut self.tally));
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
        self.base = self.base.min(self.depth);
        match &mut self.inside {
            Inside::Nothing => {}
            Inside::Record(sample) if self.depth <= self.base => {
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

    /// Something that stands below the root in every export begins inside another element.
    fn make_way(&mut self, name: &str) {
        if let Some(unknown) = self.inside.unknown() {
            // What is in it is read all the same.
            self.tally.count("unknown_element", Some(&unknown.name));
            self.inside = Inside::Nothing;
            self.base = self.depth;
        } else if self.inside.is_unclosed_before(name) {
            self.tally.count("bad_markup", None);
            while self.depth > self.base {
                self.close();
            }
        }
    }

    /// Nothing more comes: keeps what is whole.
    pub(super) fn finish(&mut self) {
        match std::mem::take(&mut self.inside) {
            Inside::Record(sample) => self.keep(sample),
            Inside::Tree(tree) => {
                if let Some(node) = tree.cut() {
                    self.refuse("truncated", &node);
                }
            }
            Inside::Nothing => {}
        }
        // Records that were refused are told as that, and members of correlations may have no twin.
        if self.records == 0 && !self.found.has_nested {
            self.tally.count("no_records", None);
        }
        self.news = true;
    }

    /// Whether it is time to hand over a batch.
    pub(super) fn is_full(&self) -> bool {
        let full = |b: &Builder| b.batch.samples.len() >= BATCH_SAMPLES || b.weight >= BATCH_BYTES;
        full(&self.builder)
            || full(&self.found.nested)
            || self.found.entries.len() >= BATCH_ENTRIES
            || self.tally.rejects.len() >= BATCH_ENTRIES
            || self.found.entries.bytes() >= BATCH_BYTES / 8
    }

    /// Hands over what there is.
    pub(super) fn take_batch(&mut self) -> Batch {
        let mut batch = self.builder.take();
        batch.entries = self.found.entries.take();
        let nested = self.found.nested.take();
        batch.nested = (!nested.samples.is_empty()).then(|| Box::new(nested));
        batch.problems = std::mem::take(&mut self.tally.rejects);
        batch.records_read = self.records;
        if std::mem::take(&mut self.news) {
            batch.document = Some(self.document.clone());
        }
        batch
    }

    fn keep(&mut self, sample: Option<Sample>) {
        if let Some(mut sample) = sample {
            let builder = if self.base > 1 { &mut self.found.nested } else { &mut self.builder };
            self.extras.finish(&mut sample, builder);
            builder.batch.samples.push(sample);
        }
    }

    /// Lists an element that cannot be kept, and keeps the records and routes in it that can.
    fn refuse(&mut self, reason: &'static str, node: &Node) {
        entries::refuse(reason, node, &mut self.tally, &mut self.found);
        if entries::kind_of(&node.name) == Some(EntryKind::Workout) {
            workout::keep_routes(node, &mut self.tally, &mut self.found);
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
            if self.document.export_date_ms.is_none() {
                self.tally.count("bad_part", Some(&node.name));
            }
            self.news = true;
            return;
        }
        let rejects = self.tally.rejects.len();
        if !self.tally.admits(&entries::source(node)) {
            self.refuse("too_many_sources", node);
        } else if !entries::read(node, &mut self.tally, &mut self.found) {
            self.tally.count("unknown_element", Some(&node.name));
        }
        if self.tally.rejects.len() == rejects {
            if node.is_bad() {
                self.tally.count("bad_shape", Some(&node.name));
            }
            node.count_lost(&mut self.tally);
        }
    }
}
