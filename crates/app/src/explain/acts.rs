//! What the owner has to do with a number: rows that he hid, and edits of sleep.

use health::time::{Day, Zones};
use store::{Store, What};

use crate::error::Result;
use crate::local::Days;

/// Rows of a type that begin on a day and that the owner hid.
pub(super) fn hidden(store: &Store, kind_id: Option<i64>, days: Days, zones: &Zones) -> Result<u64> {
    let Some(id) = kind_id else { return Ok(0) };
    Ok(store.hidden_rows(id, days.instants(zones).range_ms())?)
}

/// The edits of sleep that count for a day, the oldest first.
pub(super) fn edits(store: &Store, day: Day, zones: &Zones) -> Result<Vec<&'static str>> {
    // From where the night begins up to the last nap.
    let (from, until) = (zones.clock_time(day - 1, 18), zones.clock_time(day + 1, 0));
    let acts = store.acts()?.into_iter().rev().filter(|act| act.taken_back_ms.is_none());
    let middle = |act: &store::Act| act.from_ms.zip(act.until_ms).map(|(from, until)| from + (until - from) / 2);
    let here = acts.filter(|act| middle(act).is_some_and(|at| (from..until).contains(&at)));
    Ok(here.filter(|act| matches!(act.what, What::Night(_))).map(|act| act.what.as_str()).collect())
}
