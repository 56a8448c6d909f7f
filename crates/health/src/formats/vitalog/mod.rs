//! Vitalog's own form: JSON lines as `vitalog export` writes them, which is what forwarding to another Vitalog sends.
//!
//! One record per line, so that a broken line is one reject. What a line says comes back as it was: identifiers, ends
//! that nobody knows, flags, original units, metadata, places, voltages. Keys that belong to the sender's store alone
//! (`id`, `import`, `seen`, `record_id`, `created_at`) are passed over.
//!
//! Who forwards gives each record a name of its own, under `row`, and takes one back by it: a line `gone` says which
//! records of one sort and time the sender has no more. It stands before those that are told anew.

mod encode;
mod entry;
mod gone;
mod sample;
#[cfg(test)]
mod tests;

use std::io::{BufRead, BufReader, Read};

use serde_json::{Map, Value as Json, json};

pub use self::encode::encode;
pub(crate) use self::encode::kept;
pub use self::gone::gone;
use super::phone::builder::Builder;
use super::phone::fields::Fields;
use super::phone::limits::{MAX_RECORD, MAX_REJECT, WINDOW};
use super::phone::{Delivery, Feed, Sink};
use crate::{Error, ErrorKind, Result};

/// Keys that say something about the sender's store only.
const PER_STORE: [&str; 8] = ["record", "seen", "import", "id", "record_id", "created_at", "repeats", "superseded"];

/// Reads lines and hands their records over in portions.
///
/// Errors: what does not begin like a JSON object (400); what reader or sink say.
pub fn decode(body: impl Read, sink: &mut Sink<'_>) -> Result<Delivery> {
    let mut lines = Lines { reader: BufReader::with_capacity(WINDOW, body), line: Vec::new(), position: 0 };
    let mut builder = Builder::new(Feed::Vitalog, sink);
    let mut first = true;
    while let Some((position, whole)) = lines.next()? {
        let line = lines.line.trim_ascii();
        if line.is_empty() && whole {
            continue;
        }
        if std::mem::take(&mut first) && line.first() != Some(&b'{') {
            return Err(Error::at(ErrorKind::NotJson, position));
        }
        builder.position = position;
        if whole { record(line, &mut builder)? } else { builder.item(line, None, Err("too_large"))? }
    }
    builder.finish(Map::new())
}

/// The answer: what became of the records, so that the sender can tell what arrived.
pub fn answer(delivery: &Delivery, new: u64, known: u64, replaced: u64) -> Json {
    let counts = delivery.counts;
    json!({"ok": true, "received": counts.items, "new": new, "known": known, "replaced": replaced,
        "rejected": counts.rejected})
}

fn record(line: &[u8], builder: &mut Builder<'_, '_>) -> Result<()> {
    let Some(fields) = Fields::read(line) else { return builder.item(line, None, Err("bad_json")) };
    if fields.flag("superseded") == Some(true) {
        // What a newer export replaced is no record of today.
        return builder.item(line, None, Err("superseded"));
    }
    match fields.word("record").as_deref() {
        Some("sample") => sample::read(line, &fields, builder),
        Some("aggregate") => sample::aggregate(line, &fields, builder),
        Some(gone::RECORD) => gone::read(line, &fields, builder),
        Some(word) => match entry::kind_of(word) {
            Some(kind) => entry::read(line, kind, &fields, builder),
            None => builder.item(line, None, Err("unknown_record")),
        },
        None => builder.item(line, None, Err("bad_shape")),
    }
}

/// Lines of bounded length.
struct Lines<R> {
    reader: BufReader<R>,
    line: Vec<u8>,
    position: u64,
}

impl<R: Read> Lines<R> {
    /// Reads the next line: where it begins, and whether all of it is held.
    fn next(&mut self) -> Result<Option<(u64, bool)>> {
        let position = self.position;
        self.line.clear();
        let most = MAX_RECORD as u64;
        let read = self.reader.by_ref().take(most).read_until(b'\n', &mut self.line)? as u64;
        self.position += read;
        if read == 0 {
            return Ok(None);
        }
        let whole = self.line.ends_with(b"\n") || read < most;
        if !whole {
            self.line.truncate(MAX_REJECT);
            self.line.shrink_to_fit();
            self.pass_over()?;
        }
        Ok(Some((position, whole)))
    }

    /// Passes over the rest of a line that is too long.
    fn pass_over(&mut self) -> Result<()> {
        loop {
            let piece = self.reader.fill_buf()?;
            let end = memchr::memchr(b'\n', piece).map(|at| at + 1);
            let length = end.unwrap_or(piece.len());
            self.position += length as u64;
            self.reader.consume(length);
            if end.is_some() || length == 0 {
                return Ok(());
            }
        }
    }
}
