//! The files beside the main document: routes, electrocardiograms, clinical records.

use std::collections::HashSet;
use std::io::Read;

use super::entries::{Reference, entry};
use super::gpx::{self, Track};
use super::input::{Container, Files};
use super::limits::{BATCH_BYTES, MAX_CLINICAL};
use super::node::Body;
use super::tally::Tally;
use super::{clean, ecg};
use crate::formats::route;
use crate::{Entry, EntryKind, Source};

/// What is still to be read.
pub(super) struct SideFiles {
    container: Container,
    /// Last one first.
    todo: Vec<Todo>,
}

enum Todo {
    Referenced(Box<Reference>, Option<String>),
    Route(String),
    Ecg(String),
}

impl SideFiles {
    /// Referenced files first, then the rest by name.
    pub(super) fn new(container: Container, files: &Files, references: Vec<Reference>) -> Self {
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
        Self { container, todo }
    }

    /// Whether everything has been read.
    pub(super) fn is_done(&self) -> bool {
        self.todo.is_empty()
    }

    /// The entries of the next files, until they are a batch.
    pub(super) fn next_entries(&mut self, files: &Files, tally: &mut Tally) -> Vec<Entry> {
        let (mut entries, mut bytes) = (Vec::new(), 0);
        while bytes < BATCH_BYTES && entries.len() < 4_096 {
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
                tally.add("missing_file", Some(reference.entry.kind.as_str()), 1, None);
                // What the document says about a clinical record is worth keeping; a route without points is not.
                (!is_route).then(|| finished(reference))
            }
        }
    }

    fn route(&mut self, files: &Files, mut reference: Reference, name: &str, tally: &mut Tally) -> Option<Entry> {
        let Track { points, complete } =
            self.container.with(files, name, |reader| gpx::read(reader)).unwrap_or_default();
        if !complete {
            tally.add("damaged_file", Some("route"), 1, None);
        }
        if points.is_empty() && !complete {
            return None;
        }
        let times = || points.iter().filter_map(|point| point.time_ms);
        (reference.entry.start_ms, reference.entry.end_ms) = (times().min(), times().max());
        reference.body.set("path", reference.path.as_str());
        reference.body.set("points", points.len());
        reference.entry.payload = Some(route::pack(&points));
        Some(finished(reference))
    }

    fn ecg(&mut self, files: &Files, name: &str, tally: &mut Tally) -> Option<Entry> {
        let entry = self.container.with(files, name, |reader| ecg::read(reader)).flatten();
        if entry.is_none() {
            tally.add("damaged_file", Some("ecg"), 1, None);
        }
        entry
    }

    fn clinical(&mut self, files: &Files, mut reference: Reference, name: &str, tally: &mut Tally) -> Entry {
        let mut bytes = Vec::new();
        let wanted = MAX_CLINICAL as usize + 1;
        let read = self
            .container
            .with(files, name, |mut reader: &mut dyn Read| clean::read_up_to(&mut reader, &mut bytes, wanted).is_ok());
        if read == Some(true) && bytes.len() < wanted {
            reference.entry.payload = Some(bytes);
        } else {
            tally.add("damaged_file", Some("clinical_record"), 1, None);
        }
        finished(reference)
    }
}

fn finished(mut reference: Reference) -> Entry {
    reference.entry.body = reference.body.text();
    reference.entry
}
