//! What is sent next: some spans compared with what the server has, up to as many rows as fit into one request.

use std::collections::{HashMap, HashSet};

use net::remote::{Gone, Piece, Protocol};
use serde_json::{Map, Value};
use store::Store;
use store::remotes::{Mark, Position, RefusedRow, Remote, STAYS, Span, SpanDone};

use super::rows::Reader;
use super::selection::Selection;
use crate::error::{Code, Error, Result};

/// Bytes of a refused row that are kept to be looked at.
const MOST_OF_A_LINE: usize = 2_000;
/// Rows that are taken back by one line.
const MOST_GONE: usize = 4_000;
/// About what the name of a row takes that is taken back.
const BYTES_OF_A_NAME: usize = 40;
/// Spans that are compared for one request.
const MOST_SPANS: usize = 4_096;

/// A row to be sent.
pub(super) struct Waiting {
    /// As it is sent.
    pub piece: Piece,
    /// Where it belongs, among the spans of the portion.
    pub span: usize,
    /// As it stands here.
    pub line: String,
}

/// A span, compared.
pub(super) struct Compared {
    pub span: Span,
    /// Rows that the server has and that are none any more.
    pub gone: Vec<Mark>,
    /// Rows that it refused and that are none any more.
    pub forgotten: Vec<u64>,
    /// Whether none is left.
    pub is_empty: bool,
}

/// What is sent next.
pub(super) struct Portion {
    pub rows: Vec<Waiting>,
    pub spans: Vec<Compared>,
    /// Rows that the protocol has no word for.
    pub held: Vec<RefusedRow>,
    /// How far the server is once all of it is settled.
    pub position: Position,
    /// Nothing is owed behind it.
    pub is_last: bool,
}

impl Portion {
    /// Compares spans from where the server is, until a request is full or nothing is owed.
    pub fn collect(store: &Store, remote: &Remote, protocol: Protocol, now_ms: i64) -> Result<Self> {
        let selection = Selection::of(remote, protocol)?;
        let reader = Reader::new(store, protocol == Protocol::Vitalog, remote.since_ms)?;
        let mut portion = Self {
            rows: Vec::new(),
            spans: Vec::new(),
            held: Vec::new(),
            position: remote.position.clone(),
            is_last: false,
        };
        let mut room = protocol.limits();
        let mut compared = HashSet::new();
        for _ in 0..MOST_SPANS {
            let (span, position) = store.next_span(remote.id, &portion.position, &|span| selection.wants(span))?;
            let Some(span) = span else {
                portion.position = position;
                portion.is_last = true;
                return Ok(portion);
            };
            // What was written while the way leads through everything lies on both; once in a request is enough.
            if !compared.insert(span.clone()) {
                portion.position = position;
                continue;
            }
            let mut comparison = Comparison::new(store, remote.id, &span, protocol, portion.spans.len(), now_ms)?;
            let whole = comparison.run(&reader, &mut room.rows, &mut room.bytes)?;
            let gone = portion.take(comparison, whole);
            room.rows = room.rows.saturating_sub(gone);
            room.bytes = room.bytes.saturating_sub(gone * BYTES_OF_A_NAME);
            if !whole {
                return Ok(portion);
            }
            portion.position = position;
            if room.rows == 0 || room.bytes == 0 {
                return Ok(portion);
            }
        }
        Ok(portion)
    }

    /// Takes a span over. Returns how many rows of it are gone.
    fn take(&mut self, comparison: Comparison<'_>, whole: bool) -> usize {
        let Comparison { span, acked, refused, seen, rows, held, .. } = comparison;
        let is_missing = |identity: &u64| whole && !seen.contains(identity);
        let mut gone: Vec<Mark> = acked
            .into_iter()
            .filter(|(identity, _)| is_missing(identity))
            .map(|(identity, fingerprint)| Mark { identity, fingerprint })
            .collect();
        gone.sort_unstable();
        let mut forgotten: Vec<u64> = refused.into_keys().filter(is_missing).collect();
        forgotten.sort_unstable();
        let (n, is_empty) = (gone.len(), whole && seen.is_empty());
        self.rows.extend(rows);
        self.held.extend(held);
        self.spans.push(Compared { span: span.clone(), gone, forgotten, is_empty });
        n
    }

    /// What the server is asked to take back, some thousand rows of a span at a time.
    pub fn gone(&self) -> Vec<Gone> {
        let of = |compared: &Compared, marks: &[Mark]| Gone {
            record: compared.span.series.record.clone(),
            kind: compared.span.series.kind.clone(),
            range_ms: compared.span.range_ms(),
            marks: marks.to_vec(),
            is_all: compared.is_empty,
        };
        let parts = self
            .spans
            .iter()
            .flat_map(|compared| compared.gone.chunks(MOST_GONE).map(move |marks| of(compared, marks)));
        parts.collect()
    }

    /// How many rows it is about: to be sent, and to be taken back.
    pub fn len(&self) -> usize {
        self.rows.len() + self.spans.iter().map(|compared| compared.gone.len()).sum::<usize>()
    }

    /// What is put down of the spans: rows that were stored, by their places, and, where `took_back`, what is gone.
    pub fn done(&self, stored: &HashSet<usize>, took_back: bool) -> Vec<SpanDone> {
        let mut done: Vec<SpanDone> = self
            .spans
            .iter()
            .map(|compared| {
                let gone = compared.gone.iter().filter(|_| took_back).map(|mark| mark.identity);
                let gone = gone.chain(compared.forgotten.iter().copied()).collect();
                SpanDone { span: compared.span.clone(), stored: Vec::new(), gone }
            })
            .collect();
        for place in stored {
            if let Some(row) = self.rows.get(*place)
                && let Some(done) = done.get_mut(row.span)
            {
                done.stored.push(row.piece.mark);
            }
        }
        done.retain(|done| !done.stored.is_empty() || !done.gone.is_empty());
        done
    }

    /// What the server keeps although it is gone here, where it cannot be asked to take it back.
    pub fn stays(&self, now_ms: i64) -> Vec<RefusedRow> {
        let row = |span: &Span, mark: &Mark| RefusedRow {
            span: span.clone(),
            mark: *mark,
            at_ms: now_ms,
            code: STAYS.to_owned(),
            said: String::new(),
            line: String::new(),
        };
        self.spans.iter().flat_map(|compared| compared.gone.iter().map(|mark| row(&compared.span, mark))).collect()
    }

    /// The row of a place as one that was refused.
    pub fn refused(&self, place: usize, said: &str, now_ms: i64) -> Option<RefusedRow> {
        let row = self.rows.get(place)?;
        Some(RefusedRow {
            span: self.spans.get(row.span)?.span.clone(),
            mark: row.piece.mark,
            at_ms: now_ms,
            code: "refused".to_owned(),
            said: said.to_owned(),
            line: row.line.clone(),
        })
    }
}

/// A span against what the server has of it.
struct Comparison<'a> {
    span: &'a Span,
    place: usize,
    protocol: Protocol,
    now_ms: i64,
    acked: HashMap<u64, u64>,
    refused: HashMap<u64, u64>,
    /// Rows that are there, by what they are.
    seen: HashSet<u64>,
    /// How many of the same were met.
    often: HashMap<u64, u32>,
    rows: Vec<Waiting>,
    held: Vec<RefusedRow>,
}

impl<'a> Comparison<'a> {
    fn new(store: &Store, remote: i64, span: &'a Span, protocol: Protocol, place: usize, now_ms: i64) -> Result<Self> {
        let map = |marks: Vec<Mark>| marks.into_iter().map(|mark| (mark.identity, mark.fingerprint)).collect();
        Ok(Self {
            span,
            place,
            protocol,
            now_ms,
            acked: map(store.acknowledged(remote, span)?),
            refused: map(store.refused_of(remote, span)?),
            seen: HashSet::new(),
            often: HashMap::new(),
            rows: Vec::new(),
            held: Vec::new(),
        })
    }

    /// Reads the span; false where a request is full before its end.
    fn run(&mut self, reader: &Reader<'_>, rows: &mut usize, bytes: &mut usize) -> Result<bool> {
        let mut full = false;
        let read = reader.lines(self.span, &mut |line| {
            let Some(waiting) = self.compare(&line) else { return Ok(()) };
            let length = waiting.piece.row.text.len() + 64;
            // One that fits nowhere goes alone.
            if *rows == 0 || (length > *bytes && !(self.rows.is_empty() && *bytes == self.protocol.limits().bytes)) {
                full = true;
                return Err(stop());
            }
            *rows -= 1;
            *bytes = bytes.saturating_sub(length);
            self.rows.push(waiting);
            Ok(())
        });
        match read {
            Err(_) if full => Ok(false),
            read => read.map(|()| true),
        }
    }

    /// The row of a line where it is to be sent.
    fn compare(&mut self, line: &Map<String, Value>) -> Option<Waiting> {
        let encoded = self.protocol.encode(line, 0).and_then(|piece| {
            let nth = self.often.entry(piece.mark.identity).or_insert(0);
            *nth += 1;
            match *nth {
                1 => Ok(piece),
                nth => self.protocol.encode(line, nth - 1),
            }
        });
        match encoded {
            Ok(piece) => {
                let Mark { identity, fingerprint } = piece.mark;
                self.seen.insert(identity);
                let is_known = |known: &HashMap<u64, u64>| known.get(&identity) == Some(&fingerprint);
                if is_known(&self.acked) || is_known(&self.refused) {
                    return None;
                }
                Some(Waiting { piece, span: self.place, line: shortened(line) })
            }
            Err(code) => {
                self.hold(line, code);
                None
            }
        }
    }

    fn hold(&mut self, line: &Map<String, Value>, code: &str) {
        let text = Value::Object(line.clone()).to_string();
        let own = net::remote::Piece::new(health::formats::outgoing::Outgoing {
            slot: String::new(),
            identity: format!("held {text}"),
            text,
        });
        let is_new = self.seen.insert(own.mark.identity);
        if is_new && self.refused.get(&own.mark.identity) != Some(&own.mark.fingerprint) {
            self.held.push(RefusedRow {
                span: self.span.clone(),
                mark: own.mark,
                at_ms: self.now_ms,
                code: code.to_owned(),
                said: String::new(),
                line: shortened(line),
            });
        }
    }
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
