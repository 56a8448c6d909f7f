//! What the owner says about sessions of sleep: an overlay, which changes no segment.
//!
//! An edit names a time, never a session: more imports may move a session's ends, and it is still that one. It is meant
//! where its middle lies in that time.

use super::{Kind, Segment, Session, night_day};
use crate::time::Zones;

/// What is done to a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EditKind {
    /// Two sessions instead of one: sleep before an instant, and sleep from it on.
    Split,
    /// One session instead of several that lie no farther apart than [`super::APART_MS`].
    Merge,
    /// Sleep by day, whatever the clock says.
    Nap,
    /// Sleep of a night, likewise.
    Night,
    /// No sleep at all.
    Ignore,
}

impl EditKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Split, Self::Merge, Self::Nap, Self::Night, Self::Ignore];

    /// The word in answers and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Split => "split",
            Self::Merge => "merge",
            Self::Nap => "nap",
            Self::Night => "night",
            Self::Ignore => "ignore",
        }
    }
}

/// One edit of the time `[from_ms, until_ms)`; of a split both are the instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edit {
    /// What is done.
    pub kind: EditKind,
    /// Start.
    pub from_ms: i64,
    /// End.
    pub until_ms: i64,
}

impl Edit {
    /// Whether the middle of a session lies in it.
    fn means(&self, session: &Session) -> bool {
        let middle = session.start_ms + (session.end_ms - session.start_ms) / 2;
        (self.from_ms..self.until_ms).contains(&middle)
    }
}

/// Cuts spans where sessions are split.
pub(super) fn cut_spans(spans: Vec<(i64, i64)>, edits: &[Edit]) -> Vec<(i64, i64)> {
    let mut out = spans;
    for at in splits(edits) {
        let inside = out.partition_point(|(_, end)| *end <= at);
        if let Some((start, end)) = out.get(inside).copied().filter(|(start, _)| *start < at) {
            out.splice(inside..=inside, [(start, at), (at, end)]);
        }
    }
    out
}

/// Cuts slices there.
pub(super) fn cut_slices(slices: &mut Vec<Segment>, edits: &[Edit]) {
    for at in splits(edits) {
        let inside = slices.partition_point(|slice| slice.end_ms <= at);
        if let Some(slice) = slices.get(inside).copied().filter(|slice| slice.start_ms < at) {
            let halves = [Segment { end_ms: at, ..slice }, Segment { start_ms: at, ..slice }];
            slices.splice(inside..=inside, halves);
        }
    }
}

fn splits(edits: &[Edit]) -> impl Iterator<Item = i64> + '_ {
    edits.iter().filter(|edit| edit.kind == EditKind::Split).map(|edit| edit.from_ms)
}

/// What the latest edit says about a gap in sleep: that it parts sessions, or that it does not.
pub(super) fn parts(edits: &[Edit], (end, start): (i64, i64)) -> Option<bool> {
    edits.iter().rev().find_map(|edit| match edit.kind {
        EditKind::Split => (end <= edit.from_ms && edit.from_ms <= start).then_some(true),
        EditKind::Merge => (edit.from_ms <= end && start <= edit.until_ms).then_some(false),
        EditKind::Nap | EditKind::Night | EditKind::Ignore => None,
    })
}

/// Names and leaves out sessions; the latest edit of one counts.
pub(super) fn name(sessions: &mut Vec<Session>, edits: &[Edit], zones: &Zones) {
    let last = |session: &Session| {
        let named = |edit: &&Edit| matches!(edit.kind, EditKind::Nap | EditKind::Night | EditKind::Ignore);
        edits.iter().rev().filter(named).find(|edit| edit.means(session)).map(|edit| edit.kind)
    };
    sessions.retain_mut(|session| {
        match last(session) {
            Some(EditKind::Ignore) => return false,
            Some(EditKind::Nap) if session.kind != Kind::InBedOnly => {
                (session.kind, session.day) = (Kind::Nap, zones.day(session.end_ms));
            }
            Some(EditKind::Night) if session.kind != Kind::InBedOnly => {
                (session.kind, session.day) = (Kind::Extra, night_day(session.start_ms, session.end_ms, zones));
            }
            _ => {}
        }
        true
    });
}

#[cfg(test)]
mod tests {
    use super::super::{HOUR_MS, Stage, name_nights, unnamed};
    use super::*;

    /// Hours of a day in UTC.
    fn at(hours: f64) -> i64 {
        (hours * HOUR_MS as f64) as i64
    }

    fn slept(from: f64, until: f64) -> Segment {
        Segment { start_ms: at(from), end_ms: at(until), stage: Stage::Core, rank: 0 }
    }

    fn edit(kind: EditKind, from: f64, until: f64) -> Edit {
        Edit { kind, from_ms: at(from), until_ms: at(until) }
    }

    /// Sessions as kind, start and end in hours, and hours in bed.
    #[track_caller]
    fn check(segments: &[Segment], edits: &[Edit], expected: &[(&str, f64, f64, f64)]) {
        let hours = |ms: i64| ms as f64 / HOUR_MS as f64;
        let mut found = unnamed(segments, edits, &Zones::named("UTC").expect("a zone"));
        name_nights(&mut found);
        let found: Vec<(&str, f64, f64, f64)> =
            found.iter().map(|s| (s.kind.as_str(), hours(s.start_ms), hours(s.end_ms), hours(s.in_bed_ms))).collect();
        assert_eq!(found, expected, "{edits:?}");
    }

    #[test]
    fn a_session_is_split_in_sleep_in_a_wake_and_with_its_time_in_bed() {
        let bed = Segment { stage: Stage::InBed, ..slept(21.0, 31.0) };
        let night = [slept(22.0, 26.0), slept(27.0, 30.0), bed];
        check(&night, &[], &[("main", 22.0, 30.0, 10.0)]);
        check(&night, &[edit(EditKind::Split, 24.0, 24.0)], &[("extra", 22.0, 24.0, 3.0), ("main", 24.0, 30.0, 7.0)]);
        check(&night, &[edit(EditKind::Split, 26.5, 26.5)], &[("main", 22.0, 26.0, 5.5), ("extra", 27.0, 30.0, 4.5)]);
        // Beside all sleep it does nothing.
        check(&night, &[edit(EditKind::Split, 40.0, 40.0)], &[("main", 22.0, 30.0, 10.0)]);
    }

    #[test]
    fn sessions_become_one_and_the_latest_word_counts() {
        let parts = [slept(22.0, 25.0), slept(28.0, 31.0)];
        check(&parts, &[], &[("main", 22.0, 25.0, 3.0), ("extra", 28.0, 31.0, 3.0)]);
        let merged = edit(EditKind::Merge, 22.0, 31.0);
        check(&parts, &[merged], &[("main", 22.0, 31.0, 9.0)]);
        check(
            &parts,
            &[merged, edit(EditKind::Split, 26.0, 26.0)],
            &[("main", 22.0, 25.0, 3.0), ("extra", 28.0, 31.0, 3.0)],
        );
        check(&parts, &[edit(EditKind::Split, 26.0, 26.0), merged], &[("main", 22.0, 31.0, 9.0)]);
    }

    #[test]
    fn a_session_is_a_nap_a_night_or_nothing() {
        let night = [slept(22.0, 30.0)];
        check(&night, &[edit(EditKind::Nap, 22.0, 30.0)], &[("nap", 22.0, 30.0, 8.0)]);
        check(&night, &[edit(EditKind::Ignore, 22.0, 30.0)], &[]);
        let nap = [slept(13.0, 14.0)];
        check(&nap, &[], &[("nap", 13.0, 14.0, 1.0)]);
        check(&nap, &[edit(EditKind::Night, 13.0, 14.0)], &[("main", 13.0, 14.0, 1.0)]);
        check(
            &nap,
            &[edit(EditKind::Ignore, 13.0, 14.0), edit(EditKind::Nap, 13.0, 14.0)],
            &[("nap", 13.0, 14.0, 1.0)],
        );
        // One that grew by a later import is still meant.
        check(&[slept(12.5, 14.2)], &[edit(EditKind::Ignore, 13.0, 14.0)], &[]);
    }

    #[test]
    fn what_is_ignored_leaves_no_time_in_bed_behind() {
        let bed = Segment { stage: Stage::InBed, ..slept(20.0, 31.0) };
        check(&[slept(22.0, 30.0), bed], &[edit(EditKind::Ignore, 22.0, 30.0)], &[]);
        check(&[bed], &[edit(EditKind::Ignore, 20.0, 31.0)], &[]);
    }
}
