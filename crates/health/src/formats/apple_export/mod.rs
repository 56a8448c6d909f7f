//! Apple's `export.zip`, unzipped folders of it, and its bare `export.xml`, as a stream of batches.
//!
//! ```text
//!   archive ──► inflate, repair bytes ──► bounded queue ──► XML to batches ──► GPX, ECG, clinical files
//!               (own thread)                                (the caller's thread)
//! ```
//!
//! Memory stays bounded whatever the size. Damage is repaired or rejected and reported as [`Problem`]s; only what makes
//! the whole input unreadable is an error. Does not write anything anywhere and never joins an entry's name to a path.
//!
//! [`Problem`]: crate::Problem

#[cfg(test)]
mod archive_tests;
mod attributes;
mod blocks;
mod builder;
mod clean;
mod content;
#[cfg(test)]
mod damage_tests;
pub(super) mod device;
mod directory;
mod document;
pub mod ecg;
mod entries;
mod files;
mod find;
pub mod gpx;
mod guard;
#[cfg(test)]
mod hostile_tests;
mod input;
#[cfg(test)]
mod kept_tests;
pub mod limits;
#[cfg(test)]
mod limits_tests;
mod markup;
mod node;
mod packed;
mod record;
mod tag;
mod tally;
#[cfg(test)]
mod tests;
mod workout;
pub mod write;

use std::io::{Read, Seek};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Receiver;

use self::directory::ARCHIVE;
use self::document::Parser;
use self::files::SideFiles;
use self::input::{Container, Files, Input};
use self::limits::Limits;
use self::tally::Tally;
use crate::{Batch, Document, Result};

pub use self::input::{Folder, Listed};

/// Reads one export, batch by batch.
pub struct Reader {
    parser: Parser,
    back: Option<Receiver<Container>>,
    files: Files,
    beside: Option<SideFiles>,
    progress: Arc<AtomicU64>,
    ended: bool,
}

impl Reader {
    /// Opens a zip archive. Reads only its directory and the beginning of its XML files before it returns.
    pub fn archive(reader: impl Read + Seek + Send + 'static) -> Result<Self> {
        Self::archive_within(reader, Limits::default())
    }

    /// Opens a zip archive and reads no more than the limits allow.
    pub fn archive_within(reader: impl Read + Seek + Send + 'static, limits: Limits) -> Result<Self> {
        let mut tally = Tally::within(limits);
        let input = input::open_archive(Box::new(reader), &mut tally)?;
        Self::start(input, tally)
    }

    /// Opens an unzipped export.
    pub fn folder(folder: impl Folder + 'static) -> Result<Self> {
        Self::folder_within(folder, Limits::default())
    }

    /// Opens an unzipped export and reads no more than the limits allow.
    pub fn folder_within(folder: impl Folder + 'static, limits: Limits) -> Result<Self> {
        let mut tally = Tally::within(limits);
        let input = input::open_folder(Box::new(folder), &mut tally)?;
        Self::start(input, tally)
    }

    /// Opens a bare document, for instance standard input; `size` is for progress only.
    pub fn document(reader: impl Read + Send + 'static, size: Option<u64>) -> Result<Self> {
        Self::document_within(reader, size, Limits::default())
    }

    /// Opens a bare document and reads no more than the limits allow.
    pub fn document_within(reader: impl Read + Send + 'static, size: Option<u64>, limits: Limits) -> Result<Self> {
        let progress = Arc::new(AtomicU64::new(0));
        let blocks = input::start_stream(reader, &progress, limits);
        let document = Document { total_bytes: size, ..Document::default() };
        Self::parse(blocks, None, Files::default(), progress, document, Tally::within(limits))
    }

    fn start(input: Input, tally: Tally) -> Result<Self> {
        let Input { container, files, main, progress, document } = input;
        let (blocks, back) = input::start(container, &main, &files, &progress, tally.limits);
        Self::parse(blocks, Some(back), files, progress, document, tally)
    }

    fn parse(
        mut blocks: blocks::Blocks,
        back: Option<Receiver<Container>>,
        files: Files,
        progress: Arc<AtomicU64>,
        document: Document,
        tally: Tally,
    ) -> Result<Self> {
        let prolog = blocks.prolog()?;
        let mut parser = Parser::new(blocks, &prolog, tally);
        parser.content.beside = files.beside.clone();
        parser.content.document.fingerprint = document.fingerprint;
        parser.content.document.total_bytes = document.total_bytes;
        Ok(Self { parser, back, files, beside: None, progress, ended: false })
    }

    /// What is known about the document so far: version, fingerprint and size before the first batch.
    pub fn known(&self) -> &Document {
        &self.parser.content.document
    }

    /// The next batch; `None` after the last one. After an error there is nothing more to come.
    pub fn next_batch(&mut self) -> Result<Option<Batch>> {
        if self.ended {
            return Ok(None);
        }
        let result = self.advance();
        self.ended |= result.is_err();
        let mut batch = result?;
        batch.records_read = self.parser.content.records;
        batch.bytes_read = self.progress.load(Ordering::Relaxed);
        Ok(Some(batch))
    }

    fn advance(&mut self) -> Result<Batch> {
        if let Some(batch) = self.parser.next_batch()? {
            return Ok(batch);
        }
        let Some(beside) = &mut self.beside else {
            let container = self.back.take().and_then(|back| back.recv().ok()).unwrap_or(Container::Nothing);
            let references = self.parser.take_references();
            self.beside = Some(SideFiles::new(container, &self.files, references, &self.progress));
            return Ok(Batch { samples_end: true, ..Batch::default() });
        };
        let content = &mut self.parser.content;
        let mut batch = Batch { entries: beside.next_entries(&self.files, &mut content.tally), ..Batch::default() };
        batch.problems = std::mem::take(&mut content.tally.rejects);
        if beside.is_done() {
            self.ended = true;
            batch.problems.extend(content.tally.take_counted());
            // Its directory alone tells an archive from others: a damaged copy must not pass for the one that is whole.
            let is_archive = content.document.fingerprint.as_ref().is_some_and(|name| name.starts_with(ARCHIVE));
            if is_archive && content.tally.damaged {
                content.document.mark_as_damaged_copy(&beside.hash_of_all()?);
            }
            batch.document = Some(content.document.clone());
        }
        Ok(batch)
    }
}
