//! Where a night comes from: of each source the segments that count, those that do not, and the sleep it tells.

use std::collections::BTreeMap;

use super::sleep::{LONGEST_MS, Segment, Session, Stage};

/// What a source has to do with some sessions of sleep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NightPart {
    /// Place of the source in the order.
    pub rank: u32,
    /// Segments that count, in whole or in part.
    pub used: usize,
    /// Segments that do not: a better source, or a better stage of the same one, saw all of their time.
    pub left_out: usize,
    /// Asleep by what counts of it.
    pub asleep_ms: i64,
}

/// Returns the sources that have segments in the sessions, the best first. Hand in the segments that made them.
pub fn night_parts(segments: &[Segment], sessions: &[Session]) -> Vec<NightPart> {
    let mut parts: BTreeMap<u32, NightPart> = BTreeMap::new();
    for segment in distinct(segments) {
        let Some(session) = sessions.iter().find(|session| is_in(&segment, session)) else { continue };
        let part = part(&mut parts, segment.rank);
        if counts(&segment, session) {
            part.used += 1;
        } else {
            part.left_out += 1;
        }
    }
    for slice in sessions.iter().flat_map(|session| &session.slices).filter(|slice| slice.stage.is_asleep()) {
        part(&mut parts, slice.rank).asleep_ms += slice.end_ms - slice.start_ms;
    }
    parts.into_values().collect()
}

/// Returns what a plain sum of all sources would call sleep in the sessions.
pub fn naive_asleep_ms(segments: &[Segment], sessions: &[Session]) -> i64 {
    let asleep = distinct(segments).into_iter().filter(|segment| segment.stage.is_asleep());
    let inside = asleep.filter(|segment| sessions.iter().any(|session| is_in(segment, session)));
    inside.map(|segment| segment.end_ms - segment.start_ms).sum()
}

fn part(parts: &mut BTreeMap<u32, NightPart>, rank: u32) -> &mut NightPart {
    parts.entry(rank).or_insert(NightPart { rank, used: 0, left_out: 0, asleep_ms: 0 })
}

/// Without repeats and what has no length or far too much; none of these has a say in the night.
fn distinct(segments: &[Segment]) -> Vec<Segment> {
    let counts = |s: &&Segment| s.end_ms > s.start_ms && s.end_ms - s.start_ms <= LONGEST_MS;
    let mut segments: Vec<Segment> = segments.iter().filter(counts).copied().collect();
    segments.sort_by_key(|s| (s.start_ms, s.end_ms, s.rank, s.stage));
    segments.dedup();
    segments
}

/// Whether a segment has a part in a session, or in the time in bed before it.
fn is_in(segment: &Segment, session: &Session) -> bool {
    let from = session.start_ms - session.latency_ms.unwrap_or(0);
    segment.start_ms < session.end_ms && segment.end_ms > from
}

/// Time in bed always counts: all of it is put together.
fn counts(segment: &Segment, session: &Session) -> bool {
    let same = |slice: &&Segment| slice.rank == segment.rank && slice.stage == segment.stage;
    let common = |slice: &Segment| slice.start_ms < segment.end_ms && slice.end_ms > segment.start_ms;
    segment.stage == Stage::InBed || session.slices.iter().filter(same).any(common)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::sleep::sessions;
    use crate::time::{HOUR_MS, Zones};

    /// Segments in hours after 22:00 UTC: start, end, stage, rank.
    #[track_caller]
    fn check(rows: &[(f64, f64, Stage, u32)], naive_min: i64, expected: &[(u32, usize, usize, i64)]) {
        let at = |hours: f64| 22 * HOUR_MS + (hours * HOUR_MS as f64) as i64;
        let segment = |&(start, end, stage, rank): &(f64, f64, Stage, u32)| Segment {
            start_ms: at(start),
            end_ms: at(end),
            stage,
            rank,
        };
        let segments: Vec<Segment> = rows.iter().map(segment).collect();
        let found = sessions(&segments, &Zones::named("UTC").expect("a zone"));
        let parts = night_parts(&segments, &found);
        let got: Vec<_> = parts.iter().map(|p| (p.rank, p.used, p.left_out, p.asleep_ms / 60_000)).collect();
        assert_eq!(got, expected);
        assert_eq!(naive_asleep_ms(&segments, &found) / 60_000, naive_min);
        let asleep: i64 = found.iter().map(|session| session.asleep_ms).sum();
        assert_eq!(parts.iter().map(|part| part.asleep_ms).sum::<i64>(), asleep);
    }

    #[test]
    fn an_app_counts_only_where_the_watch_saw_nothing() {
        let watch = [(1.0, 4.0, Stage::Core, 0), (5.0, 8.0, Stage::Deep, 0)];
        let app = [(1.0, 3.0, Stage::Unspecified, 1), (3.5, 5.5, Stage::Unspecified, 1)];
        check(&[watch[0], watch[1], app[0], app[1]], 600, &[(0, 2, 0, 360), (1, 1, 1, 60)]);
    }

    #[test]
    fn time_in_bed_counts_and_is_no_sleep() {
        let rows = [(0.0, 9.0, Stage::InBed, 1), (1.0, 8.0, Stage::Core, 0), (1.0, 8.0, Stage::Core, 0)];
        check(&rows, 420, &[(0, 1, 0, 420), (1, 1, 0, 0)]);
        check(&rows[..1], 0, &[(1, 1, 0, 0)]);
    }

    #[test]
    fn what_is_longer_than_a_day_is_no_sleep() {
        check(&[(1.0, 8.0, Stage::Core, 0), (0.0, 25.0, Stage::Unspecified, 1)], 420, &[(0, 1, 0, 420)]);
    }

    #[test]
    fn a_stage_of_the_same_source_goes_before_plain_sleep() {
        check(&[(1.0, 8.0, Stage::Core, 0), (2.0, 3.0, Stage::Unspecified, 0)], 480, &[(0, 1, 1, 420)]);
    }
}
