//! What is sent next: some spans compared with what the server has, up to as many rows as fit into one request.

use std::collections::HashSet;

use net::remote::{Gone, Limits, Piece, Protocol};
use store::Store;
use store::remotes::{Mark, Position, RefusedRow, Remote, SAMPLE, STAYS, Span, SpanDone};

use super::comparison::{Comparison, Look};
use super::nights;
use crate::error::Result;

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
    /// Rows as the server has them that it takes nothing in place of: it is asked to take them back first.
    pub outdated: Vec<Mark>,
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
    protocol: Protocol,
    /// The server can be asked for nothing but to take what it is sent.
    blind: bool,
    /// Spans that were compared: changes and the way through everything may both lead to one, and nights to others.
    pub compared: HashSet<Span>,
    /// It is for counting: of a span all rows are in it, or none.
    counts: bool,
}

impl Portion {
    /// Compares spans from where the server is, until a request is full or nothing is owed.
    pub fn collect(store: &Store, remote: &Remote, protocol: Protocol, now_ms: i64) -> Result<Self> {
        let mut portion = Self::of((HashSet::new(), false), store, remote, protocol, now_ms)?;
        if protocol.is_together() {
            // A request is about one source; what is older still goes first.
            portion.rows.sort_by(|a, b| a.piece.row.slot.cmp(&b.piece.row.slot));
        }
        Ok(portion)
    }

    /// The rows of each request, from and until: what was stored is put down although a later one is in the way.
    pub fn requests(&self) -> Vec<(usize, usize)> {
        if !self.protocol.is_together() || self.rows.is_empty() {
            return vec![(0, self.rows.len())];
        }
        let mut from = 0;
        let parts = self.rows.chunk_by(|a, b| a.piece.row.slot == b.piece.row.slot).map(|part| {
            let part = (from, from + part.len());
            from = part.1;
            part
        });
        parts.collect()
    }

    /// The same for who only counts, portion after portion: no row is in two of them. `compared` are the spans of the
    /// portions before.
    pub fn count(
        compared: HashSet<Span>,
        store: &Store,
        remote: &Remote,
        protocol: Protocol,
        now_ms: i64,
    ) -> Result<Self> {
        Self::of((compared, true), store, remote, protocol, now_ms)
    }

    fn of(
        (compared, counts): (HashSet<Span>, bool),
        store: &Store,
        remote: &Remote,
        protocol: Protocol,
        now_ms: i64,
    ) -> Result<Self> {
        let look = Look::new(store, remote, protocol, now_ms)?;
        let mut portion = Self {
            rows: Vec::new(),
            spans: Vec::new(),
            held: Vec::new(),
            position: remote.position.clone(),
            is_last: false,
            protocol,
            blind: look.blind,
            compared,
            counts,
        };
        let mut room = protocol.limits();
        for _ in 0..MOST_SPANS {
            let (span, position) = store.next_span(remote.id, &portion.position, &|span| look.selection.wants(span))?;
            let Some(span) = span else {
                portion.position = position;
                portion.is_last = portion.compare_all(&look, nights::unsettled(&look), &mut room)?;
                return Ok(portion);
            };
            let spans = if look.is_night(&span) { nights::around(&span) } else { vec![span] };
            if !portion.compare_all(&look, spans, &mut room)? {
                return Ok(portion);
            }
            portion.position = position;
            if room.rows == 0 || room.bytes == 0 {
                return Ok(portion);
            }
        }
        Ok(portion)
    }

    /// Compares spans; false where the request is full before their end.
    fn compare_all(&mut self, look: &Look<'_>, spans: Vec<Span>, room: &mut Limits) -> Result<bool> {
        for span in spans {
            if !look.selection.wants(&span) || !self.compared.insert(span.clone()) {
                continue;
            }
            let mut comparison = Comparison::new(look, &span, self.spans.len())?;
            let whole = comparison.run(room)?;
            if !whole && self.counts && !self.rows.is_empty() {
                self.compared.remove(&span);
                return Ok(false);
            }
            let gone = self.take(comparison, whole);
            room.rows = room.rows.saturating_sub(gone);
            room.bytes = room.bytes.saturating_sub(gone * BYTES_OF_A_NAME);
            if !whole {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Takes a span over. Returns how many rows of it are gone.
    fn take(&mut self, comparison: Comparison<'_>, whole: bool) -> usize {
        let Comparison { span, acked, refused, seen, rows, held, mut outdated, .. } = comparison;
        let is_missing = |identity: &u64| whole && !seen.contains(identity);
        let mut gone: Vec<Mark> = acked
            .into_iter()
            .filter(|(identity, _)| is_missing(identity))
            .map(|(identity, fingerprint)| Mark { identity, fingerprint })
            .collect();
        gone.sort_unstable();
        outdated.sort_unstable();
        let mut forgotten: Vec<u64> = refused.into_keys().filter(is_missing).collect();
        forgotten.sort_unstable();
        let (n, is_empty) = (gone.len(), whole && seen.is_empty());
        self.rows.extend(rows);
        self.held.extend(held);
        self.spans.push(Compared { span: span.clone(), gone, outdated, forgotten, is_empty });
        n
    }

    /// Whether the server can be asked to take back rows of a span.
    pub fn takes_back(&self, span: &Span) -> bool {
        self.protocol.takes_back()
            && (!self.protocol.is_together()
                || (!self.blind && (span.series.record != SAMPLE || nights::is_night(span))))
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
        let lists = self
            .spans
            .iter()
            .filter(|compared| self.takes_back(&compared.span))
            .flat_map(|compared| [&compared.gone, &compared.outdated].map(|marks| (compared, marks)).into_iter());
        lists.flat_map(|(compared, marks)| marks.chunks(MOST_GONE).map(move |marks| of(compared, marks))).collect()
    }

    /// How many rows it is about: to be sent, and to be taken back.
    pub fn len(&self) -> usize {
        self.rows.len() + self.spans.iter().map(|compared| compared.gone.len()).sum::<usize>()
    }

    /// What is put down of the spans: rows that were stored, by their places, and what is gone, where the server took
    /// it back or cannot be asked to.
    pub fn done(&self, stored: &HashSet<usize>, took_back: bool) -> Vec<SpanDone> {
        let mut done: Vec<SpanDone> = self
            .spans
            .iter()
            .map(|compared| {
                let is_over = took_back || !self.takes_back(&compared.span);
                let gone = compared.gone.iter().filter(|_| is_over).map(|mark| mark.identity);
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

    /// What the server keeps although it is gone here: where it cannot be asked to take it back, or `refuses` to.
    pub fn stays(&self, refuses: bool, now_ms: i64) -> Vec<RefusedRow> {
        let row = |span: &Span, mark: &Mark| RefusedRow {
            span: span.clone(),
            mark: *mark,
            at_ms: now_ms,
            code: STAYS.to_owned(),
            said: String::new(),
            line: String::new(),
        };
        let kept = self.spans.iter().filter(|compared| refuses || !self.takes_back(&compared.span));
        kept.flat_map(|compared| compared.gone.iter().map(|mark| row(&compared.span, mark))).collect()
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
