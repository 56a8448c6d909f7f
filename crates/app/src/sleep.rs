//! Nights and naps.

use std::collections::BTreeSet;

use health::series::sleep::{Kind, Segment, Session, Stage, sessions};
use health::time::{HOUR_MS, Zones, format_day, format_instant};
use serde::Serialize;
use store::Store;
use store::query::{Orders, Point, Ranks};

use crate::error::Result;
use crate::folder::Folder;
use crate::local::{Days, find_kind, zones};
use crate::settings::nights_by_evening;

/// One row of `vitalog sleep`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SleepAnswer {
    /// The day it counts for; by the setting `night_label` that of waking up or that of the evening before.
    pub day: String,
    /// `main`, `extra`, `nap` or `in_bed_only`.
    pub kind: &'static str,
    /// First asleep.
    pub start: String,
    /// Last asleep.
    pub end: String,
    /// Minutes asleep in any stage; like the next ones null where nobody saw whether this was sleep.
    pub asleep_min: Option<f64>,
    /// Minutes awake between.
    pub awake_min: Option<f64>,
    /// Minutes of core sleep.
    pub core_min: Option<f64>,
    /// Minutes of deep sleep.
    pub deep_min: Option<f64>,
    /// Minutes of REM sleep.
    pub rem_min: Option<f64>,
    /// Minutes asleep without a known stage.
    pub unspecified_min: Option<f64>,
    /// Minutes in bed.
    pub in_bed_min: f64,
    /// Whether nobody wrote the time in bed.
    pub in_bed_estimated: bool,
    /// Minutes from going to bed to falling asleep.
    pub latency_min: Option<f64>,
    /// Times awake for five minutes or more.
    pub awakenings: u32,
    /// Asleep in bed, 0 to 1; null without sleep.
    pub efficiency: Option<f64>,
    /// Names of the sources that count in it.
    pub sources: Vec<String>,
}

/// Apple's identifier of sleep.
pub(crate) const SLEEP: &str = "HKCategoryTypeIdentifierSleepAnalysis";

/// Answers with the sessions of some days, by start.
pub fn sleep(folder: &Folder, days: Days) -> Result<Vec<SleepAnswer>> {
    let store = folder.read()?;
    let orders = store.orders()?;
    let nights = Nights::load(&store, &orders, &zones(&store)?, days)?;
    Ok(nights.sessions.iter().map(|session| row(session, orders.of(SLEEP))).collect())
}

/// The sessions of some days, and what they are made of.
#[derive(Debug, Default)]
pub(crate) struct Nights {
    /// By start.
    pub sessions: Vec<Session>,
    /// Segments of these days and of two days around them; see [`rank`] for their ranks.
    pub segments: Vec<Segment>,
}

impl Nights {
    /// Finds the sessions that count for `days`.
    pub fn load(store: &Store, orders: &Orders, zones: &Zones, days: Days) -> Result<Self> {
        let Some(kind_id) = find_kind(store, SLEEP)?.id else { return Ok(Self::default()) };
        let (from_ms, until_ms) = days.instants(zones);
        // A night begins the evening before its day, and a long one may begin earlier still.
        let reach = 48 * HOUR_MS;
        let points = store.points(kind_id, from_ms.saturating_sub(reach), until_ms.saturating_add(reach))?;
        let mut first: BTreeSet<i64> =
            points.iter().filter(|p| p.value.is_some_and(|v| v >= 3.0)).map(|p| p.source_id).collect();
        first.extend(orders.named(SLEEP).unwrap_or_default());
        let segments: Vec<Segment> =
            points.iter().filter_map(|point| segment(point, orders.of(SLEEP), &first)).collect();
        let (from, to) = days.numbers();
        let evening = nights_by_evening(store)?;
        let labelled = sessions(&segments, zones).into_iter().map(|session| label(session, evening));
        Ok(Self { sessions: labelled.filter(|s| (from..=to).contains(&s.day)).collect(), segments })
    }
}

/// Only the label of a night changes, never what is counted.
fn label(mut session: Session, evening: bool) -> Session {
    if evening && session.kind != Kind::Nap {
        session.day -= 1;
    }
    session
}

/// Sources without stages come after all that have some; those that the owner named stay in front.
const UNSTAGED: u32 = 1 << 24;

/// The rank of a source by the rank of its segments.
pub(crate) fn rank(of_segment: u32) -> u32 {
    if of_segment >= UNSTAGED { of_segment - UNSTAGED } else { of_segment }
}

fn segment(point: &Point, ranks: &Ranks, first: &BTreeSet<i64>) -> Option<Segment> {
    let stage = Stage::from_code(point.value? as i64)?;
    let place = ranks.of(point.source_id, point.by_hand);
    let rank = if first.contains(&point.source_id) { place } else { place.saturating_add(UNSTAGED) };
    Some(Segment { start_ms: point.start_ms, end_ms: point.end_ms, stage, rank })
}

fn row(session: &Session, ranks: &Ranks) -> SleepAnswer {
    let minutes = |ms: i64| ms as f64 / 60_000.0;
    let name = |of: &u32| ranks.name(rank(*of)).to_owned();
    // In bed only: nobody looked for sleep, which is not the same as none.
    let seen = |ms: i64| (session.kind != Kind::InBedOnly).then(|| minutes(ms));
    let slept = session.asleep_ms > 0 && session.in_bed_ms > 0;
    SleepAnswer {
        day: format_day(session.day),
        kind: session.kind.as_str(),
        start: format_instant(session.start_ms),
        end: format_instant(session.end_ms),
        asleep_min: seen(session.asleep_ms),
        awake_min: seen(session.awake_ms),
        core_min: seen(session.core_ms),
        deep_min: seen(session.deep_ms),
        rem_min: seen(session.rem_ms),
        unspecified_min: seen(session.unspecified_ms),
        in_bed_min: minutes(session.in_bed_ms),
        in_bed_estimated: session.in_bed_estimated,
        latency_min: session.latency_ms.map(minutes),
        awakenings: session.awakenings,
        efficiency: slept.then(|| session.asleep_ms as f64 / session.in_bed_ms as f64),
        sources: session.ranks.iter().map(name).collect(),
    }
}
