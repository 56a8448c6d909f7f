//! The main document as a stream of batches. Never validates, never looks at the version: reads what is there.

use memchr::memchr;

use super::blocks::Blocks;
use super::clean::Prolog;
use super::content::Content;
use super::entries::Reference;
use super::markup::{Finder, Markup};
use super::tag::{self, Shape};
use super::tally::Tally;
use crate::{Batch, Document, Error, ErrorKind, Result};

/// The root element.
const ROOT: &str = "HealthData";

/// The parser of one main document.
pub(super) struct Parser {
    blocks: Blocks,
    /// Finds ends of what is not plain.
    pub(super) finder: Finder,
    /// Bytes before the root.
    offset: u64,
    ended: bool,
    /// What was read so far.
    pub(super) content: Content,
}

impl Parser {
    /// Parses what follows a prolog.
    pub(super) fn new(blocks: Blocks, prolog: &Prolog, mut tally: Tally) -> Self {
        if prolog.broken_doctype {
            tally.count("broken_doctype", None);
        }
        let content = Content::new(tally, Document { version: prolog.version, ..Document::default() });
        Self { blocks, finder: Finder::default(), offset: prolog.bytes, ended: false, content }
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
            self.content.document.xml_bytes = self.position();
        }
        Ok(Some(self.content.take_batch()))
    }

    /// The files that the document refers to.
    pub(super) fn take_references(&mut self) -> Vec<Reference> {
        self.content.found.take_references()
    }

    fn position(&self) -> u64 {
        self.offset + self.blocks.position()
    }

    fn step(&mut self) -> Result<()> {
        self.content.tally.position = self.position();
        if self.content.is_inside_root() && self.quick_step()? {
            return Ok(());
        }
        if !self.skip_text()? {
            return self.finish(false);
        }
        self.content.tally.position = self.position();
        let max = self.content.tally.limits.event;
        match self.finder.find(&mut self.blocks, max)? {
            Markup::Tag(length) => self.tag(length),
            Markup::Cut(length) => self.cut(length),
            Markup::Aside(length) => {
                self.blocks.consume(length);
                Ok(())
            }
            Markup::Stray(length) => {
                self.content.tally.count("bad_markup", None);
                self.blocks.consume(length);
                Ok(())
            }
            Markup::Unfinished => self.finish(false),
            Markup::TooLarge => Err(self.too_large()),
        }
    }

    fn too_large(&self) -> Error {
        Error::at(ErrorKind::TooLarge("bytes of one XML element"), self.content.tally.position)
    }

    /// Takes a plain tag that lies in the block as a whole, which nearly all do. False where more has to be looked at.
    fn quick_step(&mut self) -> Result<bool> {
        let content = &mut self.content;
        let max = content.tally.limits.event;
        let tag = tag::whole(self.blocks.rest());
        let Some(tag) = tag.filter(|tag| tag.length <= max && tag.name != ROOT) else { return Ok(false) };
        content.tally.position += tag.blanks as u64;
        if tag.shape != Shape::End {
            content.open(tag.name, tag.attributes)?;
        }
        if tag.shape != Shape::Start {
            content.close();
        }
        let length = tag.length;
        self.blocks.consume(length);
        Ok(true)
    }

    /// Goes on to the next `<`; false where the input ends before that.
    fn skip_text(&mut self) -> Result<bool> {
        let mut skipped = 0;
        loop {
            let rest = self.blocks.rest().as_bytes();
            let found = memchr(b'<', rest);
            let length = found.unwrap_or(rest.len());
            self.blocks.consume(length);
            skipped += length;
            if skipped > self.content.tally.limits.event {
                return Err(self.too_large());
            }
            if found.is_some() {
                return Ok(true);
            }
            if self.blocks.rest().is_empty() && !self.blocks.more()? {
                return Ok(false);
            }
        }
    }

    fn tag(&mut self, length: usize) -> Result<()> {
        let content = &mut self.content;
        let (name, attributes, shape) = tag::parts(self.blocks.rest().get(..length).unwrap_or_default());
        let is_root = !content.is_inside_root();
        let ends = match shape {
            Shape::End => name == ROOT,
            Shape::Empty => is_root,
            Shape::Start => false,
        };
        if shape != Shape::End {
            content.open(name, attributes)?;
        }
        if shape != Shape::Start && !ends {
            content.close();
        }
        self.blocks.consume(length);
        if ends { self.finish(true) } else { Ok(()) }
    }

    /// Refuses a tag whose quotes do not close, and so would take in what follows it, and reads on with what follows.
    fn cut(&mut self, length: usize) -> Result<()> {
        let content = &mut self.content;
        let (name, attributes, shape) = tag::broken(self.blocks.rest().get(..length).unwrap_or_default());
        let is_root = !content.is_inside_root();
        match shape {
            // The root goes on where something follows it.
            Shape::End if name == ROOT => {
                content.tally.count("bad_markup", None);
                self.blocks.consume(length);
                return Ok(());
            }
            Shape::End => content.tally.count("bad_markup", None),
            Shape::Start | Shape::Empty => content.open(name, attributes)?,
        }
        if shape != Shape::Start && !is_root {
            content.close();
        }
        self.blocks.consume(length);
        Ok(())
    }

    /// The root was closed, or the input ended before that.
    fn finish(&mut self, closed: bool) -> Result<()> {
        self.ended = true;
        let position = self.position();
        let content = &mut self.content;
        content.finish();
        let ending = self.blocks.finish()?;
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
