//! Sleep: one night, nights side by side, stages, and how regular it is.

use std::collections::BTreeMap;

use chart::regularity::{self, FreeDays, Middles};
use chart::sleep::{Night, NightKind, RowDay, Segment, Stage, StageMinutes, Stretch as Bed};
use chart::stages::StageSlot;
use chart::{Model, Range, Step, hypnogram, nights, stages};
use health::series::buckets::Grain;
use health::series::clock::{circular, later, minutes};
use health::series::sleep::{self, Kind, Session};
use health::time::{Day, Zones};

use super::SleepStyle;
use super::stretch::Stretch;
use super::view::View;
use crate::error::{Error, Result};
use crate::local::{Days, find_kind};
use crate::settings::nights_by_evening;
use crate::sleep::{SLEEP, Sleeper};

/// Nights to free days, and others, from which on their middles are compared.
const LEAST_FREE: usize = 4;
const LEAST_OTHERS: usize = 10;

/// Returns the chart of a stretch.
pub(super) fn chart(view: &View<'_>, style: SleepStyle) -> Result<Model> {
    let sleeper = view.sleeper()?;
    let stretch = stretch(view, &sleeper)?;
    if style == SleepStyle::Night || (style == SleepStyle::Suitable && stretch.grain == Grain::Hour) {
        return Ok(hypnogram::model(&night_of(view)?, row_day(view)?, view.zones));
    }
    let sessions = sleeper.nights(stretch.days())?;
    let in_bed = || Ok::<_, Error>(in_bed(&sleeper.segments(stretch.days())?));
    let days = stretch.range_of_days(view.zones);
    Ok(match (style, stretch.grain) {
        (SleepStyle::Nights, _) | (SleepStyle::Suitable, Grain::Day) => {
            let written = in_bed()?;
            let all: Vec<Night> = sessions.iter().map(|session| night(session, &written)).collect();
            nights::model(&all, days, view.zones)
        }
        (SleepStyle::Regularity, _) => raster(&sessions, row_day(view)?, days, view),
        _ => {
            // A day of nights has one slot, not 24.
            let range = if stretch.grain == Grain::Hour { days } else { stretch.range(view.zones) };
            stages::model(&slots(&sessions, &range, view), range, view.zones)
        }
    })
}

/// The days of a chart of sleep.
pub(super) fn stretch(view: &View<'_>, sleeper: &Sleeper<'_>) -> Result<Stretch> {
    let found = find_kind(view.store, SLEEP)?;
    let Some((first, last)) = view.data_of(&found)? else { return Ok(view.stretch(None)) };
    // The rows of a night begin the evening before.
    Ok(view.stretch(Some(sleeper.counted((first, last))?.unwrap_or((first, last)))))
}

/// The day that the night of a stretch counts for.
pub(super) fn day_of_night(view: &View<'_>) -> Result<Day> {
    Ok(stretch(view, &view.sleeper()?)?.until)
}

/// For which of its two days a night counts.
pub(super) fn row_day(view: &View<'_>) -> Result<RowDay> {
    Ok(if nights_by_evening(view.store)? { RowDay::Evening } else { RowDay::Morning })
}

/// The night that ends a stretch.
pub(super) fn night_of(view: &View<'_>) -> Result<Night> {
    let sleeper = view.sleeper()?;
    let day = stretch(view, &sleeper)?.until;
    let wanted = Days { from: Some(day), to: Some(day) };
    let night = one_night(&sleeper.nights(wanted)?, &in_bed(&sleeper.segments(wanted)?), day);
    Ok(view.part.map_or_else(|| night.clone(), |(from_ms, until_ms)| night.part(from_ms, until_ms)))
}

/// The night of a day with all its parts, else what there is.
fn one_night(sessions: &[Session], written: &[Bed], day: Day) -> Night {
    let night = |session: &Session| with_silences(night(session, written), session);
    let mut parts = sessions.iter().filter(is_night).map(night);
    let whole = parts.next().map(|first| parts.fold(first, together));
    let nap = || sessions.iter().find(|session| session.kind == Kind::Nap).or(sessions.first());
    let found = whole.or_else(|| nap().map(night));
    let nothing = || Night {
        day,
        kind: NightKind::Night,
        segments: vec![],
        in_bed: vec![],
        unwritten: vec![],
        minutes: StageMinutes::default(),
    };
    found.unwrap_or_else(nothing)
}

fn night(session: &Session, written: &[Bed]) -> Night {
    let kind = match session.kind {
        Kind::Main | Kind::Extra => NightKind::Night,
        Kind::Nap => NightKind::Nap,
        Kind::InBedOnly => NightKind::InBedOnly,
    };
    let segments = session.slices.iter().filter_map(segment).collect();
    let (in_bed, minutes) = (in_bed_of(session, written), stage_minutes(session));
    Night { day: session.day, kind, segments, in_bed, unwritten: Vec::new(), minutes }
}

/// A night with what its numbers count though nobody wrote it: the time between two slices is awake, and who sleeps is
/// in bed, where any time in bed was written.
fn with_silences(night: Night, session: &Session) -> Night {
    let slices = session.slices.iter().filter(|slice| slice.stage != sleep::Stage::InBed);
    let ends = std::iter::once(session.start_ms).chain(slices.clone().map(|slice| slice.end_ms));
    let silences = ends.zip(slices.map(|slice| slice.start_ms));
    let unwritten = silences.filter(|(end, start)| end < start).map(|(start_ms, end_ms)| Bed { start_ms, end_ms });
    let asleep = (!session.in_bed_estimated).then_some(Bed { start_ms: session.start_ms, end_ms: session.end_ms });
    Night { unwritten: unwritten.collect(), in_bed: union(night.in_bed.iter().copied().chain(asleep)), ..night }
}

/// A night and a later part of it. One time in bed may hold both.
fn together(mut night: Night, part: Night) -> Night {
    night.segments.extend(part.segments);
    let known = night.in_bed.last().map_or(i64::MIN, |bed| bed.end_ms);
    night.in_bed.extend(part.in_bed.into_iter().filter(|bed| bed.end_ms > known));
    night.unwritten.extend(part.unwritten);
    Night { minutes: added(night.minutes, part.minutes), ..night }
}

fn segment(slice: &sleep::Segment) -> Option<Segment> {
    let stage = match slice.stage {
        sleep::Stage::InBed => return None,
        sleep::Stage::Unspecified => Stage::Unspecified,
        sleep::Stage::Awake => Stage::Awake,
        sleep::Stage::Core => Stage::Core,
        sleep::Stage::Deep => Stage::Deep,
        sleep::Stage::Rem => Stage::Rem,
    };
    Some(Segment { start_ms: slice.start_ms, end_ms: slice.end_ms, stage })
}

/// When somebody was in bed, where that was written, by time.
fn in_bed(segments: &[sleep::Segment]) -> Vec<Bed> {
    joined(segments.iter().filter(|segment| segment.stage == sleep::Stage::InBed))
}

/// The part of it that belongs to a session. Stretches do not overlap, so that they end in the order in which they
/// begin.
fn in_bed_of(session: &Session, written: &[Bed]) -> Vec<Bed> {
    if session.kind == Kind::InBedOnly {
        return vec![Bed { start_ms: session.start_ms, end_ms: session.end_ms }];
    }
    let first = written.partition_point(|bed| bed.end_ms <= session.start_ms);
    let last = written.partition_point(|bed| bed.start_ms < session.end_ms);
    written.get(first..last).unwrap_or_default().to_vec()
}

/// Stretches that touch are one.
fn joined<'s>(segments: impl Iterator<Item = &'s sleep::Segment>) -> Vec<Bed> {
    union(segments.map(|s| Bed { start_ms: s.start_ms, end_ms: s.end_ms }))
}

fn union(beds: impl Iterator<Item = Bed>) -> Vec<Bed> {
    let mut beds: Vec<Bed> = beds.collect();
    beds.sort_by_key(|bed| (bed.start_ms, bed.end_ms));
    beds.into_iter().fold(Vec::new(), |mut joined: Vec<Bed>, bed| {
        match joined.last_mut().filter(|last| bed.start_ms <= last.end_ms) {
            Some(last) => last.end_ms = last.end_ms.max(bed.end_ms),
            None => joined.push(bed),
        }
        joined
    })
}

fn stage_minutes(session: &Session) -> StageMinutes {
    let minutes = |ms: i64| ms as f64 / 60_000.0;
    StageMinutes {
        awake: minutes(session.awake_ms),
        rem: minutes(session.rem_ms),
        core: minutes(session.core_ms),
        deep: minutes(session.deep_ms),
        unspecified: minutes(session.unspecified_ms),
    }
}

fn is_night(session: &&Session) -> bool {
    matches!(session.kind, Kind::Main | Kind::Extra)
}

/// Stages of each slot: of a night all its parts, of several nights their mean.
fn slots(sessions: &[Session], range: &Range, view: &View<'_>) -> Vec<StageSlot> {
    let mut by_day: BTreeMap<Day, StageMinutes> = BTreeMap::new();
    for session in sessions.iter().filter(is_night) {
        let night = by_day.entry(session.day).or_default();
        *night = added(*night, stage_minutes(session));
    }
    let slot = |(start_ms, end_ms): (i64, i64)| {
        let days = view.zones.day_from(start_ms)..=view.zones.day_until(end_ms);
        let found: Vec<StageMinutes> = by_day.range(days).map(|(_, minutes)| *minutes).collect();
        let sum = found.iter().copied().fold(StageMinutes::default(), added);
        let (nights, staged) = (found.len() as u32, found.iter().filter(|night| night.has_stages()).count() as u32);
        let minutes = divided(sum, f64::from(nights.max(1)));
        // Who woke up has slept.
        let complete = range.step == Step::Day || end_ms <= view.now_ms;
        (nights > 0).then_some(StageSlot { start_ms, end_ms, minutes, nights, staged, complete })
    };
    range.slots(view.zones).into_iter().filter_map(slot).collect()
}

fn added(a: StageMinutes, b: StageMinutes) -> StageMinutes {
    StageMinutes {
        awake: a.awake + b.awake,
        rem: a.rem + b.rem,
        core: a.core + b.core,
        deep: a.deep + b.deep,
        unspecified: a.unspecified + b.unspecified,
    }
}

fn divided(a: StageMinutes, by: f64) -> StageMinutes {
    StageMinutes {
        awake: a.awake / by,
        rem: a.rem / by,
        core: a.core / by,
        deep: a.deep / by,
        unspecified: a.unspecified / by,
    }
}

fn raster(sessions: &[Session], row_day: RowDay, range: Range, view: &View<'_>) -> Model {
    let slices = sessions.iter().flat_map(|session| &session.slices);
    let asleep = joined(slices.filter(|slice| slice.stage.is_asleep()));
    regularity::model(&asleep, row_day, middles(sessions, view.zones), range, view.zones)
}

/// When the middle of the nights is.
fn middles(sessions: &[Session], zones: &Zones) -> Middles {
    let main = || sessions.iter().filter(|session| session.kind == Kind::Main);
    let middle = |night: &Session| minutes(night.start_ms + (night.end_ms - night.start_ms) / 2, zones);
    let of = |free: bool| circular(main().filter(|night| is_free(zones.day(night.end_ms)) == free).map(middle));
    let free_days = of(true).zip(of(false)).filter(|(free, others)| free.n >= LEAST_FREE && others.n >= LEAST_OTHERS);
    Middles {
        // The spread of one night is no spread.
        spread_min: circular(main().map(middle)).filter(|middle| middle.n > 1).map(|middle| middle.spread),
        free_days: free_days.map(|(free, others)| FreeDays {
            later_min: later(free, others),
            nights: free.n,
            other_nights: others.n,
        }),
    }
}

/// Whether a day is a Saturday or a Sunday; the first of all days was a Thursday.
fn is_free(day: Day) -> bool {
    (day + 3).rem_euclid(7) >= 5
}

/// Hours asleep of each night of some days.
pub(crate) fn hours(sleeper: &Sleeper<'_>, days: Days) -> Result<BTreeMap<Day, f64>> {
    let sessions = sleeper.nights(days)?;
    let mut hours = BTreeMap::new();
    for session in sessions.iter().filter(is_night) {
        *hours.entry(session.day).or_insert(0.0) += session.asleep_ms as f64 / 3_600_000.0;
    }
    Ok(hours)
}
