//! The main document as a stream of batches. Never validates, never looks at the version: reads what is there.

use std::io::BufRead as _;
use std::mem;

use quick_xml::Reader;
use quick_xml::events::Event;

use super::blocks::{Blocks, Guard};
use super::builder::Builder;
use super::clean::Prolog;
use super::entries::{self, Found, Reference};
use super::limits::{BATCH_BYTES, BATCH_SAMPLES, MAX_DEPTH, MAX_REFERENCES};
use super::node::{Node, Tree};
use super::record::{self, Extras};
use super::tag;
use super::tally::Tally;
use crate::time::parse_stamp;
use crate::{Batch, Document, Error, ErrorKind, Result, Sample};

/// What the present element below the root is.
enum Inside {
    Nothing,
    /// A record with children; `None` after a reject.
    Record(Option<Sample>),
    Tree(Tree),
}

/// The parser of one main document.
pub(super) struct Parser {
    xml: Reader<Guard<Blocks>>,
    buffer: Vec<u8>,
    offset: u64,
    depth: usize,
    inside: Inside,
    builder: Builder,
    extras: Extras,
    found: Found,
    samples: u64,
    ended: bool,
    /// The parser has just passed the end of a tag.
    between: bool,
    news: bool,
    /// What went wrong so far.
    pub(super) tally: Tally,
    /// The frame as far as it is known.
    pub(super) document: Document,
    /// Records at top level so far.
    pub(super) records: u64,
}

impl Parser {
    /// Parses what follows a prolog.
    pub(super) fn new(blocks: Blocks, prolog: &Prolog) -> Self {
        let mut xml = Reader::from_reader(Guard::new(blocks));
        let config = xml.config_mut();
        // Damaged files are read as far as they go.
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        config.allow_dangling_amp = true;
        let mut tally = Tally::default();
        if prolog.broken_doctype {
            tally.count("broken_doctype", None);
        }
        Self {
            xml,
            buffer: Vec::new(),
            offset: prolog.bytes,
            depth: 0,
            inside: Inside::Nothing,
            builder: Builder::default(),
            extras: Extras::default(),
            found: Found::default(),
            samples: 0,
            ended: false,
            between: false,
            news: false,
            tally,
            document: Document { version: prolog.version, ..Document::default() },
            records: 0,
        }
    }

    /// The next batch; `None` after the last one.
    pub(super) fn next_batch(&mut self) -> Result<Option<Batch>> {
        if self.ended {
            return Ok(None);
        }
        while !self.ended && !self.is_full() {
            let mut buffer = mem::take(&mut self.buffer);
            buffer.clear();
            let result = self.step(&mut buffer);
            self.buffer = buffer;
            result?;
        }
        if !self.ended {
            self.document.xml_bytes = self.offset + self.xml.buffer_position();
        }
        let mut batch = self.builder.take();
        batch.entries = mem::take(&mut self.found.entries);
        batch.problems = mem::take(&mut self.tally.rejects);
        batch.records_read = self.records;
        if mem::take(&mut self.news) {
            batch.document = Some(self.document.clone());
        }
        self.samples += batch.samples.len() as u64;
        Ok(Some(batch))
    }

    /// The files that the document refers to.
    pub(super) fn take_references(&mut self) -> Vec<Reference> {
        mem::take(&mut self.found.references)
    }

    fn is_full(&self) -> bool {
        self.builder.batch.samples.len() >= BATCH_SAMPLES
            || self.builder.weight >= BATCH_BYTES
            || self.found.entries.len() >= 4_096
            || self
                .found
                .entries
                .last()
                .is_some_and(|e| e.payload.as_ref().map_or(e.body.len(), Vec::len) > BATCH_BYTES / 8)
            || self.tally.rejects.len() >= 4_096
    }

    fn step(&mut self, buffer: &mut Vec<u8>) -> Result<()> {
        let before = self.xml.buffer_position();
        self.tally.position = self.offset + before;
        if self.between && self.depth > 0 && self.quick_step(buffer)? {
            return Ok(());
        }
        let event = self.xml.read_event_into(buffer);
        self.xml.get_mut().reset();
        // After a text the parser expects markup and nobody may take it away.
        self.between = matches!(event, Ok(Event::Empty(_) | Event::Start(_) | Event::End(_)));
        match event {
            Ok(Event::Empty(tag)) => {
                self.open(tag.name().as_ref(), tag.attributes_raw())?;
                self.close();
            }
            Ok(Event::Start(tag)) => self.open(tag.name().as_ref(), tag.attributes_raw())?,
            Ok(Event::End(tag)) if tag.name().as_ref() == "HealthData" => self.finish(true)?,
            Ok(Event::End(_)) => self.close(),
            Ok(Event::Eof) => self.finish(false)?,
            Ok(_) => {}
            Err(_) => self.recover(before)?,
        }
        if self.depth == 0 && matches!(self.inside, Inside::Nothing) && self.news && !self.ended {
            // `<HealthData/>`: the root was opened and closed at once.
            self.finish(true)?;
        }
        Ok(())
    }

    /// Takes a start tag straight from the block where it lies in it as a whole, which nearly all do, and saves
    /// the parser's walk over its quotes. False where the parser has to look.
    fn quick_step(&mut self, buffer: &mut Vec<u8>) -> Result<bool> {
        let mut stream = self.xml.stream();
        let Ok(block) = stream.fill_buf() else { return Ok(false) };
        let Some((tag, length)) = tag::whole(block) else { return Ok(false) };
        buffer.extend_from_slice(tag);
        stream.consume(length);
        self.xml.get_mut().reset();
        let Ok(text) = std::str::from_utf8(buffer) else { return Ok(false) };
        let (text, empty) = text.strip_suffix('/').map_or((text, false), |text| (text, true));
        let end = text.find(|c: char| c.is_ascii_whitespace()).unwrap_or(text.len());
        let (name, attributes) = text.split_at_checked(end).unwrap_or((text, ""));
        self.open(name, attributes)?;
        if empty {
            self.close();
        }
        Ok(true)
    }

    fn recover(&mut self, before: u64) -> Result<()> {
        let guard = self.xml.get_mut();
        if guard.tripped {
            return Err(Error::at(ErrorKind::TooLarge("bytes of one XML element"), self.tally.position));
        }
        if let Some(error) = guard.inner.take_error() {
            return Err(error);
        }
        if self.xml.buffer_position() == before || guard_at_end(self.xml.get_mut()) {
            return self.finish(false);
        }
        self.tally.count("bad_markup", None);
        Ok(())
    }

    fn open(&mut self, name: &str, attributes: &str) -> Result<()> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
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

    fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
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
            self.news = true;
        } else if !entries::read(node, &mut self.tally, &mut self.found) {
            self.tally.count("unknown_element", Some(&node.name));
        }
        if self.found.references.len() > MAX_REFERENCES {
            self.found.references.truncate(MAX_REFERENCES);
            self.tally.count("too_many_references", None);
        }
    }

    /// The root was closed, or the input ended before that.
    fn finish(&mut self, closed: bool) -> Result<()> {
        self.ended = true;
        match mem::replace(&mut self.inside, Inside::Nothing) {
            Inside::Record(sample) => self.keep(sample),
            Inside::Tree(tree) => {
                let first = tree.first();
                let (name, raw) = first.map_or(("", ""), |node| (node.name.as_str(), node.raw.as_str()));
                self.tally.reject("truncated", Some(name), raw);
            }
            Inside::Nothing => {}
        }
        let position = self.offset + self.xml.buffer_position();
        let ending = self.xml.get_mut().inner.finish()?;
        if !closed || ending.broken {
            self.tally.add("truncated", None, 1, Some(position));
        }
        self.document.xml_bytes = ending.bytes;
        self.document.complete = closed && !ending.broken;
        if ending.sha256.is_some() {
            self.document.fingerprint = ending.sha256;
        }
        self.tally.add("control_characters", None, ending.damage.control, None);
        self.tally.add("invalid_utf8", None, ending.damage.utf8, None);
        if self.samples == 0 && self.builder.batch.samples.is_empty() {
            self.tally.count("no_records", None);
        }
        self.news = true;
        Ok(())
    }
}

fn guard_at_end(guard: &mut Guard<Blocks>) -> bool {
    guard.inner.fill_buf().map_or(true, <[u8]>::is_empty)
}
