//! What an Open Wearables server is sent: bodies of `POST /api/v1/sdk/users/{id}/sync` from rows.
//!
//! The server says 202 before it looks at anything, loses a whole batch for one value that is too large, has no place
//! for many types, and keeps one point for each source, series and instant. So all of that is decided here: what it
//! would refuse, drop or distort is held back with a [`Reason`], and the rest goes as the server understands it. Bodies
//! are made one at a time, so memory stays bounded whatever waits.
//!
//! ```text
//!   rows of a kind and a span ──► samples() or workouts() ──► Bodies: an iterator of Body, oldest first,
//!                                 (what is held back,          one source each
//!                                  what must still wait)
//! ```
//!
//! What the caller keeps to:
//! - Rows of one kind and one instant come in one call; of sleep, all rows that are within [`GAP_MS`] of each other.
//!   Else what one call sends replaces on the server what another one sent.
//! - A row stands as often as it has copies.
//! - The very first body of a user is [`opening`], alone: batches that come at once may be lost before a connection is
//!   known. Later ones go one after the other.
//!
//! ```
//! use health::formats::open_wearables::encode::{self, Options, Reason, Row};
//! use health::time::{TimeZone, Zones};
//!
//! let zones = Zones::home(TimeZone::UTC);
//! let options = Options::new(&zones, 1_800_000_000_000);
//! let watch = health::Source { name: "Watch".to_owned(), ..health::Source::default() };
//! let row = |value| Row { value, ..Row::new("HKQuantityTypeIdentifierHeartRate", (0, 0), &watch) };
//! let rows = [row(Some(61.0)), row(None)];
//! let mut bodies = encode::samples(&rows, &options);
//! assert_eq!(bodies.held()[0].reason, Reason::NoValue);
//! assert_eq!(bodies.next().expect("a body").rows, [0]);
//! ```
//!
//! [`lines`] does the same for JSON lines, piece by piece, for an outbox that keeps a ledger.
//!
//! Does not send anything, and does not know what was sent before.

pub mod lines;
mod night;
mod point;
mod source;
#[cfg(test)]
mod tests;
mod wire;
mod workout;
mod write;

use std::collections::BTreeMap;

use crate::Source;
use crate::phone::Uuid;
use crate::time::Zones;

pub use self::wire::{Reason, taken};

/// The server joins stages of sleep that are no more than this apart to one session.
pub const GAP_MS: i64 = 120 * 60_000;
/// A night is sent when it ended so long ago: until two hours after its end the server may add to it, and its clock may
/// be another one.
pub const SETTLED_MS: i64 = 3 * 3_600_000;
/// Items of a body; a night stays whole, so a body may have more where one night has.
pub const MAX_ITEMS: usize = 2_000;
/// A body ends with the item that takes it beyond this many bytes.
pub const MAX_BYTES: usize = 4 << 20;

/// A sample: a quantity or a category, as the store has it.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// Apple's identifier.
    pub kind: &'a str,
    /// Start, milliseconds since 1970 in UTC.
    pub start_ms: i64,
    /// End, likewise; the start where nobody knows the end.
    pub end_ms: i64,
    /// In the kind's unit; a category's integer.
    pub value: Option<f64>,
    /// Who wrote it.
    pub source: &'a Source,
    /// As in [`crate::Origin::device`].
    pub device: Option<&'a str>,
    /// As in [`crate::Origin::version`].
    pub version: Option<&'a str>,
    /// Apple's identifier of the object, where a phone told it.
    pub uuid: Option<Uuid>,
    /// `{"metadata": {...}, ...}`; only metadata and the offset of the wearer's clock are sent.
    pub details: Option<&'a str>,
}

impl<'a> Row<'a> {
    /// A row of which nothing but kind, start and end and source is known.
    pub fn new(kind: &'a str, (start_ms, end_ms): (i64, i64), source: &'a Source) -> Self {
        Self { kind, start_ms, end_ms, value: None, source, device: None, version: None, uuid: None, details: None }
    }
}

/// A workout, as the store has it.
#[derive(Debug, Clone, Copy)]
pub struct Workout<'a> {
    /// Apple's identifier of the activity, or the word that was told.
    pub activity: &'a str,
    /// Start, milliseconds since 1970 in UTC.
    pub start_ms: i64,
    /// End, likewise.
    pub end_ms: i64,
    /// Who wrote it.
    pub source: &'a Source,
    /// Apple's identifier of the object, where a phone told it.
    pub uuid: Option<Uuid>,
    /// As in [`crate::Entry::body`].
    pub body: &'a str,
}

/// How bodies are made.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    /// Where the wearer was, for items that do not say it: the server cuts days by the offset of each.
    pub zones: &'a Zones,
    /// Now, milliseconds since 1970 in UTC.
    pub now_ms: i64,
    /// At most so many items in a body.
    pub max_items: usize,
}

impl<'a> Options<'a> {
    /// Bodies of the usual size.
    pub fn new(zones: &'a Zones, now_ms: i64) -> Self {
        Self { zones, now_ms, max_items: MAX_ITEMS }
    }
}

/// One request's body.
#[derive(Debug, Clone, PartialEq)]
pub struct Body {
    /// The JSON.
    pub bytes: Vec<u8>,
    /// Which of the rows it carries, as indexes into what was given.
    pub rows: Vec<usize>,
    /// What a server has more of when it stored the body and had none of it before.
    pub adds: Adds,
}

/// Counts as `summaries/data` of the server tells them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Adds {
    /// Points by series.
    pub points: BTreeMap<&'static str, u64>,
    /// Workouts.
    pub workouts: u64,
    /// Sessions of sleep.
    pub nights: u64,
}

/// A row that is not sent, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// Index into the rows that were given.
    pub row: usize,
    /// Why.
    pub reason: Reason,
}

/// Rows that belong to one source, in the order in which they go.
#[derive(Debug, Default)]
struct Group {
    rows: Vec<usize>,
    /// Where a body may end, as counts of rows; everywhere where there are none.
    cuts: Vec<usize>,
}

enum Items<'a> {
    Points(&'a [Row<'a>]),
    Stages(&'a [Row<'a>]),
    Workouts(&'a [Workout<'a>]),
}

/// The bodies of one call, made as they are asked for.
pub struct Bodies<'a> {
    items: Items<'a>,
    options: Options<'a>,
    writer: source::Writer<'a>,
    kinds: point::Kinds<'a>,
    groups: std::vec::IntoIter<Group>,
    group: Group,
    at: usize,
    held: Vec<Held>,
    later: Vec<usize>,
}

/// Bodies of samples of any kinds; sleep is made into whole nights. Rows in any order.
pub fn samples<'a>(rows: &'a [Row<'a>], options: &Options<'a>) -> Bodies<'a> {
    if rows.first().is_some_and(|row| row.kind == super::record::SLEEP) {
        let plan = night::plan(rows, options.now_ms);
        return Bodies::new(Items::Stages(rows), plan, options);
    }
    Bodies::new(Items::Points(rows), point::plan(rows), options)
}

/// Bodies of workouts. Rows in any order.
pub fn workouts<'a>(rows: &'a [Workout<'a>], options: &Options<'a>) -> Bodies<'a> {
    Bodies::new(Items::Workouts(rows), workout::plan(rows), options)
}

/// The body that goes first and alone to a user who was never sent anything: it holds nothing.
pub fn opening(now_ms: i64) -> Vec<u8> {
    let mut out = write::Json::default();
    write::envelope(&mut out, now_ms);
    out.raw("}}");
    out.bytes
}

/// What a module decided about rows.
#[derive(Debug, Default)]
struct Plan {
    groups: Vec<Group>,
    held: Vec<Held>,
    later: Vec<usize>,
}

impl Plan {
    fn hold(&mut self, row: usize, reason: Reason) {
        self.held.push(Held { row, reason });
    }
}

impl<'a> Bodies<'a> {
    fn new(items: Items<'a>, mut plan: Plan, options: &Options<'a>) -> Self {
        plan.held.sort_by_key(|held| held.row);
        plan.later.sort_unstable();
        plan.groups.retain(|group| !group.rows.is_empty());
        let (writer, kinds) = (source::Writer::default(), point::Kinds::default());
        let groups = plan.groups.into_iter();
        let (group, at) = (Group::default(), 0);
        Self { items, options: *options, writer, kinds, groups, group, at, held: plan.held, later: plan.later }
    }

    /// Rows that are not sent, by their indexes. Known at once.
    pub fn held(&self) -> &[Held] {
        &self.held
    }

    /// Rows that are to be given again later: nights that the server may still add to. Known at once.
    pub fn later(&self) -> &[usize] {
        &self.later
    }

    /// Writes one item; returns what it adds besides the rows that are counted by the caller.
    fn write(&mut self, row: usize, out: &mut write::Json, adds: &mut Adds) {
        let zones = self.options.zones;
        match &self.items {
            Items::Points(rows) => {
                let Some(row) = rows.get(row) else { return };
                if let Some(series) = point::write(row, zones, (&mut self.kinds, &mut self.writer), out) {
                    *adds.points.entry(series).or_default() += 1;
                }
            }
            Items::Stages(rows) => {
                if let Some(row) = rows.get(row) {
                    night::write(row, zones, &mut self.writer, out);
                }
            }
            Items::Workouts(rows) => {
                let Some(row) = rows.get(row) else { return };
                workout::write(row, zones, &mut self.writer, out, adds);
                adds.workouts += 1;
            }
        }
    }

    /// How many rows after `at` must stay together.
    fn unit(&self) -> usize {
        let next = self.group.cuts.partition_point(|cut| *cut <= self.at);
        self.group.cuts.get(next).map_or(1, |cut| cut - self.at)
    }
}

impl Iterator for Bodies<'_> {
    type Item = Body;

    fn next(&mut self) -> Option<Body> {
        if self.at >= self.group.rows.len() {
            (self.group, self.at) = (self.groups.next()?, 0);
        }
        let mut out = write::Json::default();
        let (mut rows, mut adds) = (Vec::new(), Adds::default());
        write::envelope(&mut out, self.options.now_ms);
        out.key(match self.items {
            Items::Points(_) => "records",
            Items::Stages(_) => "sleep",
            Items::Workouts(_) => "workouts",
        });
        out.raw("[");
        while self.at < self.group.rows.len() {
            let unit = self.unit();
            let full = rows.len() + unit > self.options.max_items || out.bytes.len() >= MAX_BYTES;
            if full && !rows.is_empty() {
                break;
            }
            for _ in 0..unit {
                let Some(row) = self.group.rows.get(self.at).copied() else { break };
                out.comma();
                self.write(row, &mut out, &mut adds);
                rows.push(row);
                self.at += 1;
            }
            adds.nights += u64::from(matches!(self.items, Items::Stages(_)));
        }
        out.raw("]}}");
        Some(Body { bytes: out.bytes, rows, adds })
    }
}
