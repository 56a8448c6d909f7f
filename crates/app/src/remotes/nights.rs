//! Whole nights of sleep, for a server that makes one of stages: they cross days, and a change in one day may be one of
//! a night that began on the day before.
//!
//! ```text
//!   day of UTC      |        1        |        2        |        3        |
//!   stages               ·· ─────────────── ··     ──────────────
//!   belongs to day            1                     2
//! ```
//!
//! A night belongs to the day on which its first stage begins. A day is compared with all stages that are within
//! [`GAP_MS`] of each other and of one that begins on it, however far they reach; a change in a day compares those
//! around it, too.

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

#[cfg(test)]
mod tests {
    use store::remotes::{NewRemote, Position, Stand, Told, Walk};

    use super::super::{dry_run, outbox};
    use crate::testing::TestFolder;

    const HOUR_MS: i64 = 3_600_000;
    /// 2026-03-15T05:30:00Z, when the night below ends.
    const END_MS: i64 = 1_773_552_600_000;

    /// A store with a night from 14 March, 22:30 UTC, and a server that gets what begins at an instant or later.
    fn folder(name: &str, since_ms: Option<i64>) -> TestFolder {
        let stage = |value: &str, from: &str, until: &str| {
            format!(
                "<Record type=\"HKCategoryTypeIdentifierSleepAnalysis\" sourceName=\"Watch\" \
                 value=\"HKCategoryValueSleepAnalysis{value}\" startDate=\"2026-03-{from} +0100\" \
                 endDate=\"2026-03-{until} +0100\"/>"
            )
        };
        let rows =
            [stage("AsleepCore", "14 23:30:00", "15 03:00:00"), stage("AsleepDeep", "15 03:00:00", "15 06:30:00")];
        let folder = TestFolder::of_rows(name, &rows);
        let new = NewRemote {
            name: "ow",
            protocol: "open-wearables",
            url: "http://127.0.0.1:1",
            account: "{\"device\":\"d\",\"user\":\"u\"}",
            types: "null",
            since_ms,
            every_s: None,
            certificate: None,
            keeper: "none",
            paused: false,
        };
        folder.write().expect("a store").add_remote(&new, END_MS).expect("added");
        folder
    }

    fn selected(folder: &TestFolder, now_ms: i64) -> u64 {
        dry_run(folder, "ow", now_ms).expect("counted").selected
    }

    #[test]
    fn last_night_waits_until_it_is_over_although_nothing_is_written_then() {
        let folder = folder("nights-later", None);
        assert_eq!([1, 2, 3].map(|hours| selected(&folder, END_MS + hours * HOUR_MS)), [0, 0, 1]);
        // All was looked at while the night was not over.
        let mut store = folder.write().expect("a store");
        let remote = store.remote("ow").expect("asked").expect("a server");
        let position = Position { seq: i64::MAX - 1, walk: Walk::Done };
        let told = Told { spans: Vec::new(), refused: Vec::new(), position, sent: 0 };
        store.acknowledge(remote.id, &told).expect("put down");
        store.stand_remote(remote.id, Stand::Reached, END_MS + HOUR_MS).expect("put down");
        drop(store);
        assert_eq!([1, 4, 400].map(|hours| selected(&folder, END_MS + hours * HOUR_MS)), [0, 1, 1]);
        assert_eq!(outbox(&folder).expect("told")[0].waiting, 1);
    }

    #[test]
    fn a_night_that_began_before_is_not_sent_in_part() {
        let (begins_ms, midnight_ms) = (END_MS - 7 * HOUR_MS, END_MS - 6 * HOUR_MS - HOUR_MS / 2);
        assert_eq!(selected(&folder("nights-since", Some(begins_ms)), END_MS + 9 * HOUR_MS), 1);
        assert_eq!(selected(&folder("nights-before", Some(midnight_ms)), END_MS + 9 * HOUR_MS), 0);
    }
}
