//! What the owner has to do with a number: rows that he hid, and edits of sleep.

use health::series::clock::minutes;
use health::series::nights::Label;
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
    let acts = store.acts()?.into_iter().rev().filter(|act| act.taken_back_ms.is_none());
    let here = acts.filter(|act| matches!(act.what, What::Night(_)));
    let is_of = |act: &store::Act| {
        let ends = act.from_ms.zip(act.until_ms);
        ends.is_some_and(|ends| days_of_edit(ends, act.what.as_str(), Label::Wake, zones).contains(&day))
    };
    Ok(here.filter(is_of).map(|act| act.what.as_str()).collect())
}

/// From this minute of a day on sleep may be of the night that begins.
const EVENING: f64 = 18.0 * 60.0;
const NOON: f64 = 12.0 * 60.0;

/// The days under which an edit of the time from one instant to another is shown: in the evening that may be the night
/// that begins, or a late nap.
pub(crate) fn days_of_edit((from, until): (i64, i64), what: &str, label: Label, zones: &Zones) -> Vec<Day> {
    let middle = from + (until - from) / 2;
    let (day, minute) = (zones.day(middle), minutes(middle, zones));
    match label {
        Label::Wake if minute >= EVENING => vec![day, day + 1],
        Label::Evening if minute < NOON && what != "nap" => vec![day - 1],
        Label::Wake | Label::Evening => vec![day],
    }
}
