//! Sleep: whole nights of one source, as the server makes sessions of stages.
//!
//! ```text
//!   watch   ·· light ─ deep ─ awake ─ rem ··            one session: gaps of two hours and less join
//!   phone  in bed ───────────────────────────           overlaps a better one: held back, since the server would
//!                                                       count it as another night
//! ```

use std::cmp::Reverse;

use super::source::{Numbers, Writer};
use super::wire::Reason;
use super::write::Json;
use super::{GAP_MS, Group, Plan, Row, SETTLED_MS, point};
use crate::time::Zones;

/// The server's words for Apple's integers.
const STAGES: [&str; 6] = ["in_bed", "sleeping", "awake", "light", "deep", "rem"];
const ASLEEP: usize = 1;
const AWAKE: usize = 2;

/// Stages of one source that the server makes one session of.
struct Session {
    source: usize,
    /// Rows, in the order in which they go.
    rows: Vec<usize>,
    start_ms: i64,
    end_ms: i64,
    staged: bool,
    slept_ms: i64,
}

/// Makes sessions, chooses among those of several sources, and groups them by source.
pub(super) fn plan(rows: &[Row<'_>], now_ms: i64) -> Plan {
    let mut plan = Plan::default();
    let sessions = sessions(rows, &mut plan);
    let mut sent: Vec<Session> = Vec::new();
    for session in sessions {
        let better = sent.iter().any(|other| {
            other.source != session.source && other.start_ms < session.end_ms && session.start_ms < other.end_ms
        });
        if better {
            session.rows.iter().for_each(|row| plan.hold(*row, Reason::AnotherSource));
        } else {
            sent.push(session);
        }
    }
    sent.sort_by_key(|session| (session.source, session.start_ms));
    for session in sent {
        if session.end_ms.saturating_add(SETTLED_MS) > now_ms {
            plan.later.extend(session.rows);
            continue;
        }
        if plan.groups.len() <= session.source {
            plan.groups.resize_with(session.source + 1, Group::default);
        }
        let group = &mut plan.groups[session.source];
        group.rows.extend(session.rows);
        group.cuts.push(group.rows.len());
    }
    plan
}

/// The sessions of all sources, the best first: with stages before without, then the longest sleep. Names and times
/// decide last, so that the order of rows never does.
fn sessions(rows: &[Row<'_>], plan: &mut Plan) -> Vec<Session> {
    let mut numbers = Numbers::default();
    let mut stages: Vec<(usize, i64, bool, i64, usize, usize)> = Vec::with_capacity(rows.len());
    for (at, row) in rows.iter().enumerate() {
        match stage(row) {
            None => plan.hold(at, Reason::UnknownStage),
            Some(_) if row.end_ms <= row.start_ms => plan.hold(at, Reason::NoLength),
            Some(stage) => {
                let source = numbers.of(row.source, row.device);
                stages.push((source, row.start_ms, stage == AWAKE, row.end_ms, stage, at));
            }
        }
    }
    stages.sort_unstable();
    let mut found: Vec<Session> = Vec::new();
    let mut open: Option<Session> = None;
    let mut last = None;
    for (source, start_ms, is_awake, end_ms, stage, at) in stages {
        if last.replace((source, start_ms, end_ms, stage)) == Some((source, start_ms, end_ms, stage)) {
            plan.hold(at, Reason::SameInstant);
            continue;
        }
        if open.as_ref().is_some_and(|open| open.source != source || start_ms - open.end_ms > GAP_MS) {
            found.extend(open.take());
        }
        if open.is_none() && is_awake {
            plan.hold(at, Reason::AwakeAlone);
            continue;
        }
        let fresh = || Session { source, rows: Vec::new(), start_ms, end_ms, staged: false, slept_ms: 0 };
        let session = open.get_or_insert_with(fresh);
        session.rows.push(at);
        session.end_ms = session.end_ms.max(end_ms);
        session.staged |= stage > AWAKE;
        session.slept_ms += if stage == ASLEEP || stage > AWAKE { end_ms - start_ms } else { 0 };
    }
    found.extend(open);
    let name = |session: &Session| {
        let row = session.rows.first().and_then(|at| rows.get(*at));
        row.map(|row| (&row.source.name, &row.source.hardware))
    };
    found.sort_by(|a, b| {
        let rank = |session: &Session| (Reverse(session.staged), Reverse(session.slept_ms));
        rank(a).cmp(&rank(b)).then_with(|| (name(a), a.start_ms, a.source).cmp(&(name(b), b.start_ms, b.source)))
    });
    found
}

fn stage(row: &Row<'_>) -> Option<usize> {
    let value = row.value?;
    let stage = value as usize;
    (value.fract() == 0.0 && (0.0..STAGES.len() as f64).contains(&value)).then_some(stage)
}

/// When the server says that a night begins: with stages, time in bed and sleep without a stage count no more; with
/// sleep, time in bed does not.
pub(super) fn begins<'a>(rows: impl Iterator<Item = &'a Row<'a>> + Clone) -> Option<i64> {
    let stages = || rows.clone().filter_map(|row| Some((stage(row)?, row.start_ms)));
    let is_staged = stages().any(|(stage, _)| stage > AWAKE);
    let sleeps = stages().any(|(stage, _)| stage == ASLEEP);
    let least = if is_staged { AWAKE } else { usize::from(sleeps) };
    stages().filter(|(stage, _)| *stage >= least).map(|(_, start_ms)| start_ms).min()
}

/// Writes a stage.
pub(super) fn write<'a>(row: &Row<'a>, zones: &Zones, sources: &mut Writer<'a>, out: &mut Json) {
    out.raw("{");
    out.text("stage", stage(row).and_then(|stage| STAGES.get(stage)).copied().unwrap_or("unknown"));
    point::common(row, zones, sources, out);
    out.raw("}");
}
