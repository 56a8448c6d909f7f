//! The main document as a stream of batches. Never validates, never looks at the version: reads what is there.

use std::io::BufRead as _;
use std::mem;

use quick_xml::Reader;
use quick_xml::events::Event;

use super::blocks::{Blocks, Guard};
use super::clean::Prolog;
use super::content::Content;
use super::entries::Reference;
use super::tag::{self, Shape};
use super::tally::Tally;
use crate::{Batch, Document, Error, ErrorKind, Result};

/// What the parser made of the next piece of the input.
enum Step {
    Taken,
    /// A tag with others in it, the first of them at this place.
    Swallowed(usize),
    Failed,
}

/// The parser of one main document.
pub(super) struct Parser {
    xml: Reader<Guard<Blocks>>,
    buffer: Vec<u8>,
    offset: u64,
    ended: bool,
    /// The parser has just passed the end of a tag.
    between: bool,
    /// What was read so far.
    pub(super) content: Content,
}

impl Parser {
    /// Parses what follows a prolog.
    pub(super) fn new(blocks: Blocks, prolog: &Prolog, mut tally: Tally) -> Self {
        let xml = parser(Guard::new(blocks, tally.limits.event));
        if prolog.broken_doctype {
            tally.count("broken_doctype", None);
        }
        let content = Content::new(tally, Document { version: prolog.version, ..Document::default() });
        Self { xml, buffer: Vec::new(), offset: prolog.bytes, ended: false, between: false, content }
    }

    /// The next batch; `None` after the last one.
    pub(super) fn next_batch(&mut self) -> Result<Option<Batch>> {
        if self.ended {
            return Ok(None);
        }
        while !self.ended && !self.content.is_full() {
            self.step()?;
        }
        if !self.ended {
            self.content.document.xml_bytes = self.offset + self.xml.buffer_position();
        }
        Ok(Some(self.content.take_batch()))
    }

    /// The files that the document refers to.
    pub(super) fn take_references(&mut self) -> Vec<Reference> {
        self.content.found.take_references()
    }

    fn step(&mut self) -> Result<()> {
        let before = self.xml.buffer_position();
        self.content.tally.position = self.offset + before;
        if self.between && self.content.is_inside_root() && self.quick_step()? {
            return Ok(());
        }
        let mut buffer = mem::take(&mut self.buffer);
        buffer.clear();
        let result = self.parser_step(&mut buffer).and_then(|step| match step {
            Step::Taken => Ok(()),
            Step::Swallowed(at) => self.cut_off(&buffer, at),
            Step::Failed => match tag::swallowed(&buffer) {
                Some(at) => self.cut_off(&buffer, at),
                None => self.recover(before),
            },
        });
        self.buffer = buffer;
        result
    }

    /// Takes a tag straight from the block where it lies in it as a whole, which nearly all do, and saves the
    /// parser's walk over its quotes. False where the parser has to look.
    fn quick_step(&mut self) -> Result<bool> {
        let content = &mut self.content;
        let max = content.tally.limits.event;
        let tag = tag::whole(self.xml.get_ref().inner.rest());
        let Some(tag) = tag.filter(|tag| tag.length <= max && tag.name != "HealthData") else { return Ok(false) };
        content.tally.position += tag.blanks as u64;
        if tag.shape != Shape::End {
            content.open(tag.name, tag.attributes)?;
        }
        if tag.shape != Shape::Start {
            content.close();
        }
        let length = tag.length;
        self.xml.stream().consume(length);
        self.xml.get_mut().reset();
        Ok(true)
    }

    fn parser_step(&mut self, buffer: &mut Vec<u8>) -> Result<Step> {
        let event = self.xml.read_event_into(buffer);
        self.xml.get_mut().reset();
        // After a text the parser expects markup and nobody may take it away.
        self.between = matches!(event, Ok(Event::Empty(_) | Event::Start(_) | Event::End(_)));
        if let Ok(Event::Empty(tag) | Event::Start(tag)) = &event
            && let Some(at) = tag::swallowed(tag.as_bytes())
        {
            return Ok(Step::Swallowed(1 + at));
        }
        match event {
            Ok(Event::Empty(tag)) => {
                let is_root = !self.content.is_inside_root();
                self.content.open(tag.name().as_ref(), tag.attributes_raw())?;
                if is_root { self.finish(true)? } else { self.content.close() }
            }
            Ok(Event::Start(tag)) => self.content.open(tag.name().as_ref(), tag.attributes_raw())?,
            Ok(Event::End(tag)) if tag.name().as_ref() == "HealthData" => self.finish(true)?,
            Ok(Event::End(_)) => self.content.close(),
            Ok(Event::Eof) => self.finish(false)?,
            Ok(_) => {}
            Err(_) => return Ok(Step::Failed),
        }
        Ok(Step::Taken)
    }

    /// Refuses a tag whose quotes do not close, and so took in what follows it, and reads on with what follows.
    fn cut_off(&mut self, buffer: &[u8], at: usize) -> Result<()> {
        let (broken, following) = buffer.split_at_checked(at).unwrap_or_default();
        self.offset = (self.offset + self.xml.buffer_position()).saturating_sub(following.len() as u64);
        let content = &mut self.content;
        content.tally.position = self.offset.saturating_sub(broken.len() as u64);
        let broken = String::from_utf8_lossy(broken);
        let (name, attributes, shape) = tag::broken(&broken);
        let is_root = !content.is_inside_root();
        content.open(name, attributes)?;
        if shape != Shape::Start && !is_root {
            content.close();
        }
        // The parser is somewhere inside the tag: another one begins behind it.
        let limit = content.tally.limits.event;
        let mut blocks = mem::replace(&mut self.xml.get_mut().inner, Blocks::nothing());
        blocks.put_back(following);
        self.xml = parser(Guard::new(blocks, limit));
        self.between = true;
        Ok(())
    }

    fn recover(&mut self, before: u64) -> Result<()> {
        let position = self.content.tally.position;
        let guard = self.xml.get_mut();
        if guard.tripped {
            return Err(Error::at(ErrorKind::TooLarge("bytes of one XML element"), position));
        }
        if let Some(error) = guard.inner.take_error() {
            return Err(error);
        }
        if self.xml.buffer_position() == before || guard_at_end(self.xml.get_mut()) {
            return self.finish(false);
        }
        self.content.tally.count("bad_markup", None);
        Ok(())
    }

    /// The root was closed, or the input ended before that.
    fn finish(&mut self, closed: bool) -> Result<()> {
        self.ended = true;
        let position = self.offset + self.xml.buffer_position();
        let content = &mut self.content;
        content.finish();
        let ending = self.xml.get_mut().inner.finish()?;
        if !closed {
            content.tally.add("truncated", None, 1, Some(position));
        } else if ending.broken {
            // All of it was there, but not as it was packed.
            content.tally.add("bad_checksum", None, 1, None);
        }
        if closed && ending.more {
            // Two exports in one file, for instance: only the first one is read.
            content.tally.add("after_the_end", None, 1, Some(position));
        }
        content.document.xml_bytes = ending.bytes;
        content.document.complete = closed && !ending.broken;
        if let Some(hash) = ending.sha256 {
            content.document.fingerprint = Some(match &content.beside {
                Some(files) => format!("{hash} {files}"),
                None => hash,
            });
        }
        let (damage, place) = (ending.damage, |first: Option<u64>| first.map(|first| self.offset + first));
        content.tally.add("control_characters", None, damage.control, place(damage.first_control));
        content.tally.add("invalid_utf8", None, damage.utf8, place(damage.first_utf8));
        Ok(())
    }
}

/// A parser that reads damaged files as far as they go.
fn parser(input: Guard<Blocks>) -> Reader<Guard<Blocks>> {
    let mut xml = Reader::from_reader(input);
    let config = xml.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    xml
}

fn guard_at_end(guard: &mut Guard<Blocks>) -> bool {
    guard.inner.fill_buf().map_or(true, <[u8]>::is_empty)
}
