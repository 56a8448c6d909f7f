//! The files beside the main document: routes, electrocardiograms, clinical records.
//!
//! Of a file whose stream breaks, or whose checksum is another one, what could be read is kept, and the file is
//! reported as damaged: points and voltages as far as they came, a clinical text as it is. A wrong checksum does not
//! say which byte is wrong, and a copy that is whole replaces what a damaged one gave. What is over a limit is another
//! matter: of an electrocardiogram or a clinical file nothing is kept.

use std::collections::HashSet;
use std::io::{self, Read, Seek};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest, Sha256};

use super::blocks::hex;
use super::clean::is_damage;
use super::ecg;
use super::entries::{Reference, entry};
use super::gpx::{self, Track};
use super::input::{Container, Files};
use super::limits::{BESIDE_BYTES, Limits};
use super::packed::is_of_checksum;
use super::tally::Tally;
use crate::formats::body::Body;
use crate::formats::route;
use crate::{Entry, EntryKind, INCOMPLETE, Source};

/// Entries or problems that are handed over at once.
const AT_ONCE: usize = 4_096;

fn hash_of_all(mut archive: impl Read + Seek) -> io::Result<String> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    archive.rewind()?;
    loop {
        match archive.read(&mut buffer) {
            Ok(0) => return Ok(hex(&hash.finalize())),
            Ok(n) => hash.update(buffer.get(..n).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// What is still to be read.
pub(super) struct SideFiles {
    container: Container,
    /// Last one first.
    todo: Vec<Todo>,
    spent: Spent,
}

enum Todo {
    Referenced(Box<Reference>, Option<String>),
    Route(String),
    Ecg(String),
}

impl SideFiles {
    /// Referenced files first, then the rest by name.
    pub(super) fn new(
        container: Container,
        files: &Files,
        references: Vec<Reference>,
        progress: &Arc<AtomicU64>,
    ) -> Self {
        let mut seen = HashSet::new();
        let mut todo = Vec::new();
        for reference in references {
            let name = files.find(&reference.path);
            // One walk of several legs may name a file twice.
            let is_route = reference.entry.kind == EntryKind::Route;
            if name.as_ref().is_none_or(|name| seen.insert(name.clone()) || !is_route) {
                todo.push(Todo::Referenced(Box::new(reference), name));
            }
        }
        let rest = |ending: &str| files.with_ending(ending).into_iter().filter(|name| !seen.contains(name));
        todo.extend(rest(".gpx").map(Todo::Route));
        todo.extend(rest(".csv").map(Todo::Ecg));
        todo.reverse();
        Self { container, todo, spent: Spent::new(files, progress) }
    }

    /// Whether everything has been read.
    pub(super) fn is_done(&self) -> bool {
        self.todo.is_empty()
    }

    /// Hashes every byte of the archive. Nothing else can be read after that.
    pub(super) fn hash_of_all(&mut self) -> io::Result<String> {
        match std::mem::replace(&mut self.container, Container::Nothing) {
            Container::Archive(archive) => hash_of_all(archive.into_inner().into_inner()),
            _ => Ok(String::new()),
        }
    }

    /// The entries of the next files, until they are a batch.
    pub(super) fn next_entries(&mut self, files: &Files, tally: &mut Tally) -> Vec<Entry> {
        let (mut entries, mut bytes) = (Vec::new(), 0);
        while bytes < BESIDE_BYTES && entries.len() < AT_ONCE && tally.rejects.len() < AT_ONCE {
            let Some(todo) = self.todo.pop() else { break };
            let entry = match todo {
                Todo::Referenced(reference, name) => self.referenced(files, *reference, name, tally),
                Todo::Route(name) => {
                    let path = files.printed(&name);
                    let entry = entry(EntryKind::Route, path.clone(), Source::default());
                    self.route(files, Reference { path, entry, body: Body::default() }, &name, tally)
                }
                Todo::Ecg(name) => self.ecg(files, &name, tally),
            };
            bytes += entry.as_ref().map_or(0, |e| e.body.len() + e.payload.as_ref().map_or(0, Vec::len));
            entries.extend(entry);
        }
        entries
    }

    fn referenced(
        &mut self,
        files: &Files,
        reference: Reference,
        name: Option<String>,
        tally: &mut Tally,
    ) -> Option<Entry> {
        let is_route = reference.entry.kind == EntryKind::Route;
        match name {
            Some(name) if is_route => self.route(files, reference, &name, tally),
            Some(name) => Some(self.clinical(files, reference, &name, tally)),
            None => {
                tally.lost_file("missing_file", reference.entry.kind, &reference.path);
                // What the document says about a clinical record is worth keeping; a route without points is not.
                (!is_route).then(|| finished(reference, false))
            }
        }
    }

    /// Reads a file through `with`, at most `max` bytes of it; says so where that was not all. Returns whether it was.
    fn read<T>(
        &mut self,
        files: &Files,
        (name, kind): (&str, EntryKind),
        max: u64,
        tally: &mut Tally,
        with: impl FnOnce(&mut Metered<'_>) -> T,
    ) -> Option<(T, bool)> {
        let (spent, limits) = (&mut self.spent, tally.limits);
        let read = self.container.with(files, name, |inner| {
            let mut metered = Metered { inner, spent, limits, left: max, over: false };
            (with(&mut metered), metered.over)
        });
        let (value, over) = read?;
        if over {
            tally.lost_file("too_large_file", kind, &files.printed(name));
        }
        Some((value, !over))
    }

    fn route(&mut self, files: &Files, mut reference: Reference, name: &str, tally: &mut Tally) -> Option<Entry> {
        let limits = tally.limits;
        let track =
            self.read(files, (name, EntryKind::Route), limits.gpx, tally, |reader| gpx::read_within(reader, &limits));
        let (Track { points, complete, unreadable }, within) = track.unwrap_or((Track::default(), true));
        let whole = complete && unreadable == 0;
        if !whole && within {
            tally.lost_file("damaged_file", EntryKind::Route, &files.printed(name));
        }
        if points.is_empty() && !complete {
            return None;
        }
        let times = || points.iter().filter_map(|point| point.time_ms);
        (reference.entry.start_ms, reference.entry.end_ms) = (times().min(), times().max());
        reference.body.set("path", reference.path.as_str());
        reference.body.set("points", points.len());
        reference.entry.payload = Some(route::pack(&points));
        Some(finished(reference, whole))
    }

    fn ecg(&mut self, files: &Files, name: &str, tally: &mut Tally) -> Option<Entry> {
        let limits = tally.limits;
        let of = (name, EntryKind::Ecg);
        let read = self.read(files, of, limits.ecg, tally, |reader| ecg::read_within(reader, &limits));
        let (read, within) = read.unwrap_or((None, true));
        if within && read.as_ref().is_none_or(|recording| !recording.complete) {
            tally.lost_file("damaged_file", EntryKind::Ecg, &files.printed(name));
        }
        let entry = read?.entry;
        if !tally.admits(&entry.source) {
            tally.reject("too_many_sources", Some(EntryKind::Ecg.as_str()), &files.printed(name));
            return None;
        }
        Some(entry)
    }

    fn clinical(&mut self, files: &Files, mut reference: Reference, name: &str, tally: &mut Tally) -> Entry {
        let (of, max) = ((name, EntryKind::ClinicalRecord), tally.limits.clinical);
        let read = self.read(files, of, max, tally, |reader| {
            let mut bytes = Vec::new();
            let read = reader.read_to_end(&mut bytes);
            (bytes, read)
        });
        let within = read.as_ref().is_none_or(|(_, within)| *within);
        let (text, whole) = match read.map(|(read, _)| read) {
            Some((bytes, Ok(_))) => (Some(bytes), true),
            Some((bytes, Err(error))) if is_of_checksum(&error) => (Some(bytes), false),
            // A part, too, is kept as it is: whoever looks at it sees where it ends.
            Some((bytes, Err(error))) if is_damage(&error) => (Some(readable(bytes)), false),
            _ => (None, false),
        };
        if !whole && within {
            tally.lost_file("damaged_file", EntryKind::ClinicalRecord, &files.printed(name));
        }
        reference.entry.payload = text.filter(|text| whole || !text.is_empty());
        finished(reference, whole)
    }
}

/// What the files beside the document cost so far. All of them together have one ratio, so that many small bombs do
/// no more than one big one.
struct Spent {
    bytes: u64,
    /// Bytes read from the archive, and how many it were before the first of these files.
    progress: Arc<AtomicU64>,
    before: u64,
    /// Bytes of the archive; entries that share their bytes do not count twice. `None` where nothing is packed.
    archive_bytes: Option<u64>,
    /// Bytes of all files of a folder: nothing is packed there, but a file may be named again and again.
    folder_bytes: Option<u64>,
}

impl Spent {
    fn new(files: &Files, progress: &Arc<AtomicU64>) -> Self {
        let before = progress.load(Ordering::Relaxed);
        let Files { archive_bytes, folder_bytes, .. } = *files;
        Self { bytes: 0, progress: Arc::clone(progress), before, archive_bytes, folder_bytes }
    }

    fn is_bomb(&self, limits: &Limits) -> bool {
        let packed = |all: u64| self.progress.load(Ordering::Relaxed).saturating_sub(self.before).clamp(1, all.max(1));
        let again = |all: u64| self.bytes / all.max(1) >= limits.times_read;
        self.bytes > limits.ratio_free
            && (self.archive_bytes.is_some_and(|all| self.bytes / packed(all) > limits.ratio)
                || self.folder_bytes.is_some_and(again))
    }
}

/// Reads one file and keeps the limits.
struct Metered<'a> {
    inner: &'a mut dyn Read,
    spent: &'a mut Spent,
    limits: Limits,
    left: u64,
    over: bool,
}

impl Read for Metered<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        self.spent.bytes += n as u64;
        self.over = n as u64 > self.left || self.spent.is_bomb(&self.limits);
        if self.over {
            return Err(io::Error::other("too large a file"));
        }
        self.left -= n as u64;
        Ok(n)
    }
}

/// The beginning of a file that is text. A stream that broke may have given anything before it did.
pub(super) fn readable(mut bytes: Vec<u8>) -> Vec<u8> {
    let text = std::str::from_utf8(&bytes).map_or_else(|error| error.valid_up_to(), str::len);
    bytes.truncate(text);
    bytes
}

fn finished(mut reference: Reference, whole: bool) -> Entry {
    if !whole {
        reference.body.set(INCOMPLETE, true);
    }
    reference.entry.body = reference.body.text();
    reference.entry
}
