//! A span compared with what the server has of it: which rows are to be sent, and which are held back.

use std::collections::{HashMap, HashSet};

use health::formats::open_wearables::encode::lines::{self as wearables, Fate};
use health::formats::open_wearables::encode::{Options, Reason};
use health::formats::outgoing::Outgoing;
use health::time::Zones;
use net::remote::{Limits, Piece, Protocol};
use serde_json::{Map, Value};
use store::Store;
use store::remotes::{Mark, RefusedRow, Remote, SAMPLE, Span};

use super::nights;
use super::portion::Waiting;
use super::rows::Reader;
use super::selection::Selection;
use super::{Account, NEEDS_KEY};
use crate::error::{Code, Error, Result};

/// Bytes of a refused row that are kept to be looked at.
const MOST_OF_A_LINE: usize = 2_000;
/// Keys that are kept of a row whose whole type is held back: there may be very many.
const KEYS_OF_A_TYPE: [&str; 4] = ["record", "type", "start", "source"];
/// Lines that are made into pieces together, and those of the last one's instant besides.
const TOGETHER: usize = 2_000;

/// What every comparison for a server looks at, at one moment.
pub(super) struct Look<'a> {
    pub store: &'a Store,
    pub remote: &'a Remote,
    pub protocol: Protocol,
    pub selection: Selection,
    pub reader: Reader<'a>,
    pub now_ms: i64,
    /// The server can be asked for nothing but to take what it is sent.
    pub blind: bool,
    zones: Zones,
}

impl<'a> Look<'a> {
    pub fn new(store: &'a Store, remote: &'a Remote, protocol: Protocol, now_ms: i64) -> Result<Self> {
        Ok(Self {
            store,
            remote,
            protocol,
            selection: Selection::of(remote, protocol)?,
            reader: Reader::new(store, protocol == Protocol::Vitalog, remote.since_ms)?,
            now_ms,
            blind: Account::of(remote)?.blind,
            zones: crate::local::zones(store)?,
        })
    }

    /// Whether rows of a span go as whole nights.
    pub fn is_night(&self, span: &Span) -> bool {
        self.protocol.is_together() && nights::is_night(span)
    }

    fn options(&self) -> Options<'_> {
        Options::new(&self.zones, self.now_ms)
    }
}

/// A span against what the server has of it.
pub(super) struct Comparison<'a> {
    look: &'a Look<'a>,
    pub span: &'a Span,
    place: usize,
    pub acked: HashMap<u64, u64>,
    pub refused: HashMap<u64, u64>,
    /// Rows that are there, by what they are.
    pub seen: HashSet<u64>,
    /// How many of the same were met.
    often: HashMap<u64, u32>,
    pub rows: Vec<Waiting>,
    pub held: Vec<RefusedRow>,
    /// As the server has them, of rows that it takes nothing in place of.
    pub outdated: Vec<Mark>,
}

impl<'a> Comparison<'a> {
    pub fn new(look: &'a Look<'a>, span: &'a Span, place: usize) -> Result<Self> {
        let map = |marks: Vec<Mark>| marks.into_iter().map(|mark| (mark.identity, mark.fingerprint)).collect();
        Ok(Self {
            look,
            span,
            place,
            acked: map(look.store.acknowledged(look.remote.id, span)?),
            refused: map(look.store.refused_of(look.remote.id, span)?),
            seen: HashSet::new(),
            often: HashMap::new(),
            rows: Vec::new(),
            held: Vec::new(),
            outdated: Vec::new(),
        })
    }

    /// Reads the span; false where a request is full before its end.
    pub fn run(&mut self, room: &mut Limits) -> Result<bool> {
        let look = self.look;
        if look.is_night(self.span) {
            let lines = nights::lines(&look.reader, self.span.day)?;
            return Ok(self.offer_together(lines, room));
        }
        let (mut full, mut waiting) = (false, Vec::new());
        let read = look.reader.lines(self.span, &mut |line| {
            let goes_on = if !look.protocol.is_together() {
                let piece = self.encode(&line);
                self.offer(&line, piece, room)
            } else if waiting.len() >= TOGETHER && ends(&waiting, &line) {
                let goes_on = self.offer_together(std::mem::take(&mut waiting), room);
                waiting.push(line);
                goes_on
            } else {
                waiting.push(line);
                true
            };
            full = !goes_on;
            if goes_on { Ok(()) } else { Err(stop()) }
        });
        match read {
            Err(_) if full => Ok(false),
            read => read.map(|()| self.offer_together(waiting, room)),
        }
    }

    fn encode(&mut self, line: &Map<String, Value>) -> std::result::Result<Piece, &'static str> {
        let protocol = self.look.protocol;
        let piece = protocol.encode(line, 0)?;
        let nth = self.often.entry(piece.mark.identity).or_insert(0);
        *nth += 1;
        match *nth {
            1 => Ok(piece),
            nth => protocol.encode(line, nth - 1),
        }
    }

    /// Takes lines in that belong together; false where a request is full before their end. Of nights those count that
    /// begin on the day of the span.
    fn offer_together(&mut self, lines: Vec<Map<String, Value>>, room: &mut Limits) -> bool {
        let fates = wearables::lines(&lines, &self.look.options());
        for (line, fate) in lines.iter().zip(fates) {
            if self.look.is_night(self.span) && !nights::begins_in(line, self.span, self.look.remote.since_ms) {
                continue;
            }
            let piece = match fate {
                Fate::Piece(row) => Ok(Piece::new(row)),
                Fate::Held(reason) => Err(reason.as_str()),
                // A stage goes with its night, and a night that is not over is looked at again.
                Fate::PartOf(_) | Fate::Later => continue,
            };
            if !self.offer(line, piece, room) {
                return false;
            }
        }
        true
    }

    /// Takes a row in, where it is to be sent or held back; false where the request is full before it.
    fn offer(
        &mut self,
        line: &Map<String, Value>,
        piece: std::result::Result<Piece, &'static str>,
        room: &mut Limits,
    ) -> bool {
        let piece = match piece {
            Ok(piece) => piece,
            Err(code) => {
                self.hold(line, code);
                return true;
            }
        };
        let Mark { identity, fingerprint } = piece.mark;
        self.seen.insert(identity);
        let is_known = |known: &HashMap<u64, u64>| known.get(&identity) == Some(&fingerprint);
        if is_known(&self.acked) || is_known(&self.refused) {
            return true;
        }
        let old = self.acked.get(&identity).filter(|_| self.is_kept_there()).copied();
        if old.is_some() && self.look.blind {
            self.hold(line, NEEDS_KEY);
            return true;
        }
        let length = piece.row.text.len() + 64;
        let is_alone = self.rows.is_empty() && room.bytes == self.look.protocol.limits().bytes;
        // One that fits nowhere goes alone.
        if room.rows == 0 || (length > room.bytes && !is_alone) {
            return false;
        }
        room.rows -= 1;
        room.bytes = room.bytes.saturating_sub(length);
        self.outdated.extend(old.map(|fingerprint| Mark { identity, fingerprint }));
        self.rows.push(Waiting { piece, span: self.place, line: shortened(line) });
        true
    }

    /// Whether the server keeps what it has of the span where it is sent something else: workouts, stages of nights.
    fn is_kept_there(&self) -> bool {
        self.look.protocol.is_together() && (self.span.series.record != SAMPLE || nights::is_night(self.span))
    }

    fn hold(&mut self, line: &Map<String, Value>, code: &str) {
        let text = Value::Object(line.clone()).to_string();
        let own = Piece::new(Outgoing { slot: String::new(), identity: format!("held {text}"), text });
        let is_new = self.seen.insert(own.mark.identity);
        if is_new && self.refused.get(&own.mark.identity) != Some(&own.mark.fingerprint) {
            self.held.push(RefusedRow {
                span: self.span.clone(),
                mark: own.mark,
                at_ms: self.look.now_ms,
                code: code.to_owned(),
                said: String::new(),
                line: if is_of_a_type(code) { cut(line) } else { shortened(line) },
            });
        }
    }
}

/// Whether a line is of another instant than the last of those before it.
fn ends(waiting: &[Map<String, Value>], line: &Map<String, Value>) -> bool {
    line.contains_key("type") && waiting.last().is_none_or(|last| last.get("start") != line.get("start"))
}

/// Whether a reason holds for every row of a type.
fn is_of_a_type(code: &str) -> bool {
    matches!(Reason::find(code), Some(Reason::NotStored | Reason::AnotherType | Reason::UnclearUnit))
}

/// What is kept of a line whose whole type is held back.
fn cut(line: &Map<String, Value>) -> String {
    let kept = KEYS_OF_A_TYPE.iter().filter_map(|key| Some(((*key).to_owned(), line.get(*key)?.clone())));
    Value::Object(kept.collect()).to_string()
}

/// A line as it is kept of a refused row.
fn shortened(line: &Map<String, Value>) -> String {
    let text = Value::Object(line.clone()).to_string();
    match text.char_indices().nth(MOST_OF_A_LINE) {
        Some((end, _)) => text[..end].to_owned(),
        None => text,
    }
}

/// Ends a walk through rows whose rest is for later.
fn stop() -> Error {
    Error::new(Code::Cancelled, "", "")
}
