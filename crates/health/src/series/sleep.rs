//! From sleep segments of many sources to nights and naps.
//!
//! ```text
//!   watch      ████core████  ██deep██        ██core██      counts as it is
//!   app     ░░░░░░░░░░░░asleep░░░░░░░░░░░░░░░░░░░░░░░░░░   only fills real holes (30 min and more)
//!   phone  [in bed                                      ]  never sleep, but time in bed and latency
//! ```

use std::collections::BTreeSet;

pub use edits::{Edit, EditKind};

use super::spans::{spans_in, subtract, union};
use crate::time::{Day, HOUR_MS, Zones};

const MINUTE_MS: i64 = 60_000;
/// No segment that counts is longer.
pub const LONGEST_MS: i64 = 24 * HOUR_MS;
/// Sleep that lies farther apart is never one session.
pub const APART_MS: i64 = 4 * HOUR_MS;

/// What a sleeper does, with Apple's integers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Lies in bed.
    InBed,
    /// Sleeps, stage unknown.
    Unspecified,
    /// Is awake between.
    Awake,
    /// Core sleep.
    Core,
    /// Deep sleep.
    Deep,
    /// REM sleep.
    Rem,
}

impl Stage {
    /// The stage of Apple's integer.
    pub fn from_code(code: i64) -> Option<Self> {
        [Self::InBed, Self::Unspecified, Self::Awake, Self::Core, Self::Deep, Self::Rem]
            .get(usize::try_from(code).ok()?)
            .copied()
    }

    /// Apple's integer of the stage.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// Whether it is sleep.
    pub fn is_asleep(self) -> bool {
        !matches!(self, Self::InBed | Self::Awake)
    }

    /// In one slice of time of one source a stage beats awake, and awake beats plain asleep.
    fn weight(self) -> u8 {
        match self {
            Self::Core | Self::Deep | Self::Rem => 2,
            Self::Awake => 1,
            Self::Unspecified | Self::InBed => 0,
        }
    }
}

/// A stage over `[start_ms, end_ms)`, written by the source of a rank; rank 0 is the best.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// Start.
    pub start_ms: i64,
    /// End.
    pub end_ms: i64,
    /// Stage.
    pub stage: Stage,
    /// Place of its source in the order.
    pub rank: u32,
}

/// What a session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The longest sleep of a night.
    Main,
    /// More sleep of the same night.
    Extra,
    /// Sleep by day.
    Nap,
    /// In bed, but nobody saw sleep.
    InBedOnly,
}

impl Kind {
    /// The word in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Extra => "extra",
            Self::Nap => "nap",
            Self::InBedOnly => "in_bed_only",
        }
    }
}

/// One session of sleep; lengths in milliseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The day it counts for: that of waking up.
    pub day: Day,
    /// What it is.
    pub kind: Kind,
    /// First asleep.
    pub start_ms: i64,
    /// Last asleep.
    pub end_ms: i64,
    /// Asleep in any stage.
    pub asleep_ms: i64,
    /// Between first and last asleep, but not asleep.
    pub awake_ms: i64,
    /// Core sleep.
    pub core_ms: i64,
    /// Deep sleep.
    pub deep_ms: i64,
    /// REM sleep.
    pub rem_ms: i64,
    /// Asleep, stage unknown.
    pub unspecified_ms: i64,
    /// In bed.
    pub in_bed_ms: i64,
    /// True where nobody wrote the time in bed and it is taken from sleep and wake.
    pub in_bed_estimated: bool,
    /// From going to bed to falling asleep; none where estimated.
    pub latency_ms: Option<i64>,
    /// Times awake for five minutes or more.
    pub awakenings: u32,
    /// Ranks of the sources that count in it.
    pub ranks: BTreeSet<u32>,
    /// The timeline: what the hypnogram draws; of a time in bed who wrote which part of it.
    pub slices: Vec<Segment>,
}

/// The time in bed of a session; lengths in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bed {
    /// In bed.
    pub in_bed_ms: i64,
    /// True where nobody wrote it and it is taken from sleep and wake.
    pub estimated: bool,
    /// From going to bed to falling asleep; none where estimated.
    pub latency_ms: Option<i64>,
}

impl Session {
    /// Sums up the slices of a timeline from `start_ms` to `end_ms`; those of a time in bed tell who wrote it.
    pub fn new(day: Day, kind: Kind, (start_ms, end_ms): (i64, i64), bed: Bed, slices: Vec<Segment>) -> Self {
        let length = |slice: &Segment| slice.end_ms - slice.start_ms;
        let total = |stage| slices.iter().filter(|s| s.stage == stage).map(length).sum::<i64>();
        let (core_ms, deep_ms, rem_ms) = (total(Stage::Core), total(Stage::Deep), total(Stage::Rem));
        let unspecified_ms = total(Stage::Unspecified);
        let asleep_ms = core_ms + deep_ms + rem_ms + unspecified_ms;
        let long_wake = |s: &&Segment| s.stage == Stage::Awake && length(s) >= 5 * MINUTE_MS;
        Self {
            day,
            kind,
            start_ms,
            end_ms,
            asleep_ms,
            awake_ms: if kind == Kind::InBedOnly { 0 } else { end_ms - start_ms - asleep_ms },
            core_ms,
            deep_ms,
            rem_ms,
            unspecified_ms,
            in_bed_ms: bed.in_bed_ms,
            in_bed_estimated: bed.estimated,
            latency_ms: bed.latency_ms,
            awakenings: slices.iter().filter(long_wake).count() as u32,
            ranks: slices.iter().map(|s| s.rank).collect(),
            slices,
        }
    }

    /// What is known of its time in bed.
    pub fn bed(&self) -> Bed {
        Bed { in_bed_ms: self.in_bed_ms, estimated: self.in_bed_estimated, latency_ms: self.latency_ms }
    }

    /// Asleep as a share of the time in bed, 0 to 1; none without sleep.
    pub fn efficiency(&self) -> Option<f64> {
        (self.asleep_ms > 0 && self.in_bed_ms > 0).then(|| self.asleep_ms as f64 / self.in_bed_ms as f64)
    }
}

/// Returns sessions by start. The order of the input does not matter, and repeats change nothing.
pub fn sessions(segments: &[Segment], zones: &Zones) -> Vec<Session> {
    let mut sessions = unnamed(segments, &[], zones);
    name_nights(&mut sessions);
    sessions
}

/// The same, but all that may be the main sleep of a day is [`Kind::Extra`] yet, and the owner's edits count; they come
/// the oldest first. What lies farther apart than [`APART_MS`] has no say in each other's sessions.
pub fn unnamed(segments: &[Segment], edits: &[Edit], zones: &Zones) -> Vec<Session> {
    let mut segments: Vec<Segment> =
        segments.iter().filter(|s| s.end_ms > s.start_ms && s.end_ms - s.start_ms <= LONGEST_MS).copied().collect();
    segments.sort_by_key(|s| (s.rank, s.start_ms, s.end_ms, s.stage));
    segments.dedup();
    let (in_bed, stages): (Vec<Segment>, Vec<Segment>) = segments.iter().partition(|s| s.stage == Stage::InBed);
    let beds = in_turn(&in_bed);
    let in_bed = edits::cut_spans(union(in_bed.iter().map(|s| (s.start_ms, s.end_ms))), edits);
    let mut timeline = timeline(&stages);
    edits::cut_slices(&mut timeline, edits);
    let chains = chains(&timeline, &in_bed, edits);
    let mut out: Vec<Session> =
        chains.into_iter().filter_map(|chain| session(chain, &timeline, &in_bed, zones)).collect();
    // A few minutes of sleep are no session, and leave the time in bed what it is.
    let slept = |from, until| {
        let next = out.partition_point(|session| session.end_ms <= from);
        out.get(next).is_some_and(|session| session.start_ms < until)
    };
    let sleepless = in_bed.into_iter().filter(|(from, until)| until - from >= 30 * MINUTE_MS && !slept(*from, *until));
    let sleepless: Vec<Session> =
        sleepless.map(|bed| only_in_bed(bed, slices_in(&beds, bed.0, bed.1), zones)).collect();
    out.extend(sleepless);
    out.sort_by_key(|s| (s.start_ms, s.end_ms));
    edits::name(&mut out, edits, zones);
    out
}

/// One timeline from many sources; see the drawing above.
fn timeline(stages: &[Segment]) -> Vec<Segment> {
    let (mut covered, mut out): (Vec<(i64, i64)>, Vec<Segment>) = (Vec::new(), Vec::new());
    for own in stages.chunk_by(|a, b| a.rank == b.rank) {
        let own = own_slices(own);
        let runs = subtract(&union(own.iter().map(|s| (s.start_ms, s.end_ms))), &covered);
        let kept: Vec<(i64, i64)> = runs
            .into_iter()
            .filter(|(a, b)| {
                let near = spans_in(&covered, a - MINUTE_MS - 1, b + MINUTE_MS + 1);
                b - a >= 30 * MINUTE_MS || near.is_empty()
            })
            .collect();
        for (from, until) in &kept {
            for slice in slices_in(&own, *from, *until) {
                let (start_ms, end_ms) = (slice.start_ms.max(*from), slice.end_ms.min(*until));
                out.push(Segment { start_ms, end_ms, ..*slice });
            }
        }
        covered = union(covered.into_iter().chain(kept));
    }
    out.sort_by_key(|s| s.start_ms);
    out
}

/// One source overlapping itself, cut at all edges.
fn own_slices(own: &[Segment]) -> Vec<Segment> {
    let mut edges: Vec<i64> = own.iter().flat_map(|s| [s.start_ms, s.end_ms]).collect();
    edges.sort_unstable();
    edges.dedup();
    let (mut active, mut waiting): (Vec<Segment>, usize) = (Vec::new(), 0);
    let mut out: Vec<Segment> = Vec::new();
    for (from, until) in edges.iter().zip(edges.iter().skip(1)) {
        active.retain(|s| s.end_ms > *from);
        while let Some(next) = own.get(waiting).filter(|s| s.start_ms <= *from) {
            active.push(*next);
            waiting += 1;
        }
        let best = active.iter().max_by_key(|s| (s.stage.weight(), s.start_ms, s.start_ms - s.end_ms, s.stage));
        let Some(best) = best else { continue };
        match out.last_mut() {
            Some(last) if last.stage == best.stage && last.end_ms == *from => last.end_ms = *until,
            _ => out.push(Segment { start_ms: *from, end_ms: *until, ..*best }),
        }
    }
    out
}

/// Spans of asleep slices that belong together: a gap of two hours parts them, or of four where one time in bed holds
/// both; what an edit says comes before that.
fn chains(timeline: &[Segment], in_bed: &[(i64, i64)], edits: &[Edit]) -> Vec<(i64, i64)> {
    let joined = |end, start| match edits::parts(edits, (end, start)) {
        Some(parted) => !parted && start - end <= APART_MS,
        None => joins(end, start, in_bed),
    };
    let mut chains: Vec<(i64, i64)> = Vec::new();
    for slice in timeline.iter().filter(|s| s.stage.is_asleep()) {
        match chains.last_mut() {
            Some((_, end)) if joined(*end, slice.start_ms) => *end = slice.end_ms.max(*end),
            _ => chains.push((slice.start_ms, slice.end_ms)),
        }
    }
    chains
}

fn joins(end: i64, start: i64, in_bed: &[(i64, i64)]) -> bool {
    let gap = start - end;
    gap <= 2 * HOUR_MS
        || (gap <= APART_MS && spans_in(in_bed, end, start).iter().any(|(a, b)| *a <= end && *b >= start))
}

fn session((onset, wake): (i64, i64), timeline: &[Segment], in_bed: &[(i64, i64)], zones: &Zones) -> Option<Session> {
    let inside = slices_in(timeline, onset, wake);
    let asleep_ms = inside.iter().filter(|s| s.stage.is_asleep()).map(|s| s.end_ms - s.start_ms).sum();
    if asleep_ms < 5 * MINUTE_MS {
        return None;
    }
    let written = spans_in(in_bed, onset, wake);
    let beds = union(written.iter().copied().chain([(onset, wake)]));
    let estimated = written.is_empty();
    let (bed_start, in_bed_ms) = if estimated {
        let (from, until) = with_awake_ends(onset, wake, timeline);
        (from, until - from)
    } else {
        (beds.first()?.0, beds.iter().map(|(a, b)| b - a).sum())
    };
    let (kind, day) = classify(onset, wake, asleep_ms, zones);
    let bed = Bed { in_bed_ms, estimated, latency_ms: (!estimated).then_some(onset - bed_start) };
    Some(Session::new(day, kind, (onset, wake), bed, inside.to_vec()))
}

/// Awake right before and right after belongs to the time in bed.
fn with_awake_ends(onset: i64, wake: i64, timeline: &[Segment]) -> (i64, i64) {
    let near = |at: i64| slices_in(timeline, at - MINUTE_MS - 1, at + MINUTE_MS + 1).iter();
    let mut awake_before = near(onset).filter(|s| s.stage == Stage::Awake && s.start_ms < onset);
    let mut awake_after = near(wake).filter(|s| s.stage == Stage::Awake && s.end_ms > wake);
    let before = awake_before.find(|s| (onset - s.end_ms).abs() <= MINUTE_MS);
    let after = awake_after.find(|s| (s.start_ms - wake).abs() <= MINUTE_MS);
    (before.map_or(onset, |s| s.start_ms), after.map_or(wake, |s| s.end_ms))
}

fn only_in_bed((from, until): (i64, i64), slices: &[Segment], zones: &Zones) -> Session {
    let bed = Bed { in_bed_ms: until - from, estimated: false, latency_ms: None };
    Session::new(night_day(from, until, zones), Kind::InBedOnly, (from, until), bed, slices.to_vec())
}

/// Times in bed by start, each moment of the best source that wrote it; they come sorted by rank.
fn in_turn(in_bed: &[Segment]) -> Vec<Segment> {
    let (mut covered, mut out): (Vec<(i64, i64)>, Vec<Segment>) = (Vec::new(), Vec::new());
    for own in in_bed.chunk_by(|a, b| a.rank == b.rank) {
        let added = subtract(&union(own.iter().map(|s| (s.start_ms, s.end_ms))), &covered);
        let rank = own.first().map_or(0, |s| s.rank);
        out.extend(added.iter().map(|(start_ms, end_ms)| Segment {
            start_ms: *start_ms,
            end_ms: *end_ms,
            stage: Stage::InBed,
            rank,
        }));
        covered = union(covered.into_iter().chain(added));
    }
    out.sort_by_key(|s| s.start_ms);
    out
}

fn classify(onset: i64, wake: i64, asleep_ms: i64, zones: &Zones) -> (Kind, Day) {
    if asleep_ms >= 3 * HOUR_MS || 2 * at_night(onset, wake, zones) >= wake - onset {
        (Kind::Extra, night_day(onset, wake, zones))
    } else {
        (Kind::Nap, zones.day(wake))
    }
}

/// The day of a night is that of its middle plus six hours on the clock: 18:00 is where one day's night ends and the
/// next begins.
fn night_day(from: i64, until: i64, zones: &Zones) -> Day {
    let middle = from + (until - from) / 2;
    let day = zones.day(middle);
    day + Day::from(middle >= zones.clock_time(day, 18))
}

/// Milliseconds between 20:00 and 08:00 by the clock on the wall, also in the night in which it jumps.
fn at_night(from: i64, until: i64, zones: &Zones) -> i64 {
    (zones.day(from)..=zones.day(until) + 1)
        .map(|day| (until.min(zones.clock_time(day, 8)) - from.max(zones.clock_time(day - 1, 20))).max(0))
        .sum()
}

/// The candidate with most sleep of a day is its main one. All sessions of a day must be there.
pub fn name_nights(sessions: &mut [Session]) {
    let mut best: std::collections::BTreeMap<Day, (i64, usize)> = std::collections::BTreeMap::new();
    for (index, session) in sessions.iter().enumerate().filter(|(_, s)| s.kind == Kind::Extra) {
        let entry = best.entry(session.day).or_insert((session.asleep_ms, index));
        if session.asleep_ms > entry.0 {
            *entry = (session.asleep_ms, index);
        }
    }
    for (_, index) in best.into_values() {
        if let Some(session) = sessions.get_mut(index) {
            session.kind = Kind::Main;
        }
    }
}

/// Slices of a timeline that have a part in a range.
fn slices_in(slices: &[Segment], from: i64, until: i64) -> &[Segment] {
    let first = slices.partition_point(|s| s.end_ms <= from);
    let last = slices.partition_point(|s| s.start_ms < until);
    slices.get(first..last).unwrap_or_default()
}

mod edits;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
