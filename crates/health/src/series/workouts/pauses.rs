//! When nobody moved: the pauses that a workout's events tell.

/// Seconds by which a row's duration may differ from what its events tell.
const SLACK_S: f64 = 1.0;

/// What happened in a workout.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Event<'a> {
    /// Apple's name, e.g. `HKWorkoutEventTypePause`.
    pub kind: &'a str,
    /// Milliseconds since 1970 in UTC.
    pub at_ms: i64,
    /// How long it lasted, where the event says so.
    pub duration_s: Option<f64>,
}

/// Returns the pauses within `[start_ms, end_ms]`, by start; none shares time with another. One that nothing ends lasts
/// until the workout's end, but only where the row's duration leaves room for it: some apps write a pause and forget
/// that it was over.
pub fn pauses(events: &[Event<'_>], start_ms: i64, end_ms: i64, duration_s: Option<f64>) -> Vec<(i64, i64)> {
    let mut sorted: Vec<&Event<'_>> = events.iter().collect();
    sorted.sort_by_key(|event| event.at_ms);
    let (mut out, mut since): (Vec<(i64, i64)>, Option<i64>) = (Vec::new(), None);
    for event in sorted {
        let at = event.at_ms.clamp(start_ms, end_ms);
        match (event.kind.strip_prefix("HKWorkoutEventType").unwrap_or(event.kind), event.duration_s) {
            ("Pause" | "MotionPaused", Some(seconds)) if seconds > 0.0 => {
                out.push((at, at.saturating_add((seconds * 1000.0) as i64).min(end_ms)));
            }
            ("Pause" | "MotionPaused", _) => since = since.or(Some(at)),
            ("Resume" | "MotionResumed", _) => out.extend(since.take().map(|from| (from, at))),
            _ => {}
        }
    }
    let mut out = apart(out);
    let paused_s = |pauses: &[(i64, i64)]| pauses.iter().map(|(a, b)| (b - a) as f64 / 1000.0).sum::<f64>();
    if let (Some(from), Some(duration)) = (since, duration_s) {
        let open = apart(out.iter().copied().chain([(from, end_ms)]).collect());
        let has_room = paused_s(&open) <= (end_ms - start_ms) as f64 / 1000.0 - duration + SLACK_S;
        out = if has_room { open } else { out };
    }
    out
}

/// Pauses that share time are one, and what lasts no time is none.
fn apart(mut pauses: Vec<(i64, i64)>) -> Vec<(i64, i64)> {
    pauses.retain(|(from, until)| from < until);
    pauses.sort_unstable();
    pauses.dedup_by(|later, kept| {
        let share = later.0 <= kept.1;
        kept.1 = if share { kept.1.max(later.1) } else { kept.1 };
        share
    });
    pauses
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Events in seconds of a workout of 100 seconds.
    #[track_caller]
    fn check(events: &[(&str, i64, Option<f64>)], duration_s: Option<f64>, expected: &[(i64, i64)]) {
        let event = |&(kind, at, duration_s)| Event { kind, at_ms: at * 1000, duration_s };
        let events: Vec<Event<'_>> = events.iter().map(event).collect();
        let found = pauses(&events, 0, 100_000, duration_s);
        assert_eq!(found.iter().map(|(a, b)| (a / 1000, b / 1000)).collect::<Vec<_>>(), expected);
    }

    const PAUSE: &str = "HKWorkoutEventTypePause";
    const RESUME: &str = "HKWorkoutEventTypeResume";

    #[test]
    fn a_pause_lasts_until_somebody_goes_on() {
        check(&[(RESUME, 30, None), (PAUSE, 20, None), (PAUSE, 22, None)], None, &[(20, 30)]);
        check(&[("HKWorkoutEventTypeMotionPaused", 40, Some(5.0))], None, &[(40, 45)]);
        check(&[("HKWorkoutEventTypeSegment", 0, Some(50.0)), (RESUME, 10, None)], None, &[]);
    }

    #[test]
    fn pauses_that_share_time_are_one() {
        let motion = "HKWorkoutEventTypeMotionPaused";
        check(&[(PAUSE, 20, None), (motion, 22, Some(5.0)), (RESUME, 40, None)], None, &[(20, 40)]);
        check(&[(motion, 10, Some(30.0)), (PAUSE, 20, Some(50.0)), (motion, 30, Some(1.0))], None, &[(10, 70)]);
        check(&[(PAUSE, 70, None), (motion, 75, Some(10.0))], Some(70.0), &[(70, 100)]);
    }

    #[test]
    fn a_pause_without_an_end_counts_only_where_the_duration_has_room() {
        check(&[(PAUSE, 80, None)], Some(80.0), &[(80, 100)]);
        check(&[(PAUSE, 20, None)], Some(95.0), &[]);
        check(&[(PAUSE, 80, None)], None, &[]);
    }
}
