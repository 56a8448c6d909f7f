//! Whole nights of sleep, for a server that makes one of stages: they cross days, and a change in one day may be one of a
//! night that began on the day before.
//!
//! ```text
//!   day of UTC      |        1        |        2        |        3        |
//!   stages               ·· ─────────────── ··     ──────────────
//!   belongs to day            1                     2
//! ```
//!
//! A night belongs to the day on which its first stage begins. A day is compared with all stages that are within
//! [`GAP_MS`] of each other and begin on it, however far they reach; a change in a day compares those around it, too.

use health::formats::open_wearables::encode::{GAP_MS, SETTLED_MS};
use health::time::parse_stamp;
use serde_json::{Map, Value};
use store::remotes::{SAMPLE, Series, Span};

use super::comparison::Look;
use super::rows::Reader;
use crate::error::Result;

const SLEEP: &str = "HKCategoryTypeIdentifierSleepAnalysis";
const DAY_MS: i64 = 86_400_000;
/// Days that are read around one at most; who sleeps for longer is cut there.
const FARTHEST: i64 = 14;
/// Days that are looked at for what waits where nobody says what day it is.
const SOME_DAYS: i64 = 60;

type Line = Map<String, Value>;

/// Whether a span is one of sleep.
pub(super) fn is_night(span: &Span) -> bool {
    span.series.record == SAMPLE && span.series.kind == SLEEP
}

/// The days whose nights a change in a span may change, the oldest first.
pub(super) fn around(span: &Span) -> Vec<Span> {
    (span.day - 1..=span.day + 1).map(|day| Span { series: span.series.clone(), day }).collect()
}

/// The days on which nights may begin that were not over when they were looked at last: of these nothing is noted.
pub(super) fn unsettled(look: &Look<'_>) -> Vec<Span> {
    if !look.protocol.is_together() {
        return Vec::new();
    }
    let last_ms = look.remote.reached_ms.unwrap_or(look.remote.made_ms);
    let from = (last_ms - SETTLED_MS).div_euclid(DAY_MS) - 1;
    let until = if look.now_ms == i64::MAX { from + SOME_DAYS } else { look.now_ms.div_euclid(DAY_MS) };
    let series = Series { record: SAMPLE.to_owned(), kind: SLEEP.to_owned() };
    (from..=until).map(|day| Span { series: series.clone(), day }).collect()
}

/// The stages of all nights of which any stage begins on a day, in the order of time.
pub(super) fn lines(reader: &Reader<'_>, day: i64) -> Result<Vec<Line>> {
    let (mut from, mut until) = (day - 1, day + 2);
    loop {
        let mut all = Vec::new();
        reader.samples(SLEEP, (from * DAY_MS, until * DAY_MS), &mut |line| {
            all.push(line);
            Ok(())
        })?;
        let (found, (start_ms, end_ms)) = touching(all, (day * DAY_MS, (day + 1) * DAY_MS));
        let earlier = !found.is_empty() && start_ms - GAP_MS < from * DAY_MS && from > day - FARTHEST;
        let later = !found.is_empty() && end_ms + GAP_MS >= until * DAY_MS && until < day + FARTHEST;
        if !earlier && !later {
            return Ok(found);
        }
        from -= i64::from(earlier);
        until += i64::from(later);
    }
}

/// Of lines in the order of time, those that hang together with one that starts in a range, and their start and end.
fn touching(lines: Vec<Line>, range: (i64, i64)) -> (Vec<Line>, (i64, i64)) {
    let (mut found, mut whole) = (Vec::new(), (i64::MAX, i64::MIN));
    let (mut open, mut open_ms, mut is_meant) = (Vec::new(), (i64::MAX, i64::MIN), false);
    for line in lines.into_iter().map(Some).chain([None]) {
        let times = line.as_ref().map(times);
        let joins = times.is_some_and(|(start_ms, _)| start_ms <= open_ms.1.saturating_add(GAP_MS));
        if !joins {
            if is_meant {
                found.append(&mut open);
                whole = (whole.0.min(open_ms.0), whole.1.max(open_ms.1));
            }
            open.clear();
            (open_ms, is_meant) = ((i64::MAX, i64::MIN), false);
        }
        if let (Some(line), Some((start_ms, end_ms))) = (line, times) {
            open_ms = (open_ms.0.min(start_ms), open_ms.1.max(end_ms));
            is_meant |= (range.0..range.1).contains(&start_ms);
            open.push(line);
        }
    }
    (found, whole)
}

/// Whether what a line stands for, a night or a stage that is held back, belongs to the day of a span, and begins after
/// what is not for the server.
pub(super) fn begins_in(line: &Line, span: &Span, since_ms: Option<i64>) -> bool {
    let (start_ms, _) = times(line);
    let (from_ms, until_ms) = span.range_ms();
    (from_ms..until_ms).contains(&start_ms) && since_ms.is_none_or(|since_ms| start_ms >= since_ms)
}

fn times(line: &Line) -> (i64, i64) {
    let at = |key: &str| line.get(key).and_then(Value::as_str).and_then(parse_stamp);
    let start_ms = at("start").unwrap_or_default();
    (start_ms, at("end").unwrap_or(start_ms))
}
