//! Sessions of sleep that can be edited, and the history of what the owner did.

use health::kind;
use health::language::word;
use health::series::nights::Label;
use health::series::sleep::APART_MS;
use health::time::{Zones, format_day, format_instant, parse_stamp};
use serde::Serialize;

use crate::acts::ActAnswer;
use crate::error::Result;
use crate::explain::days_of_edit;
use crate::folder::Folder;
use crate::local::{Days, find_kind, zones};
use crate::sleep::Sleeper;

/// A session of sleep; times are the wearer's own, as in `2026-03-14 07:30`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionAnswer {
    /// The instant by which it is named in an edit.
    pub start: String,
    /// First asleep; of a time in bed its begin.
    pub from: String,
    /// Last asleep.
    pub until: String,
    /// `main`, `extra`, `nap` or `in_bed_only`.
    pub kind: &'static str,
    /// Minutes asleep.
    pub asleep_min: f64,
    /// Whether another one follows near enough to be one with it.
    pub joins: bool,
}

/// Tells the sessions that count for a day.
pub fn sessions(folder: &Folder, day: Days) -> Result<Vec<SessionAnswer>> {
    let store = folder.read()?;
    let (orders, zones) = (store.orders()?, zones(&store)?);
    let sleeper = Sleeper::new(&store, &orders, &zones)?;
    let (from, to) = day.numbers();
    let wide = Days { from: Some(from), to: Some(to.saturating_add(1)) };
    let all = sleeper.nights(wide)?;
    let next = |end: i64| all.iter().find(|other| other.start_ms >= end).map(|other| other.start_ms - end);
    let row = |session: &health::series::sleep::Session| SessionAnswer {
        start: format_instant(session.start_ms),
        from: zones.wall_clock(session.start_ms),
        until: zones.wall_clock(session.end_ms),
        kind: session.kind.as_str(),
        asleep_min: session.asleep_ms as f64 / 60_000.0,
        joins: session.asleep_ms > 0 && next(session.end_ms).is_some_and(|gap| gap <= APART_MS),
    };
    Ok(all.iter().filter(|session| (from..=to).contains(&session.day)).map(row).collect())
}

/// An act, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HistoryRow {
    /// Its number, and what `vitalog history` tells.
    #[serde(flatten)]
    pub act: ActAnswer,
    /// The name of the type.
    pub name: String,
    /// What an address calls it.
    pub word: String,
    /// The group of the type, e.g. `heart`.
    pub group: String,
    /// First and last local day; null at an end that is open.
    pub days: [Option<String>; 2],
    /// Of an edit of sleep the days under which it is shown.
    pub nights: Vec<String>,
}

/// Tells what the owner did, the newest first.
pub fn history(folder: &Folder) -> Result<Vec<HistoryRow>> {
    let acts = crate::acts::history(folder)?;
    if acts.is_empty() {
        return Ok(Vec::new());
    }
    let store = folder.read()?;
    let zones = zones(&store)?;
    let label = if crate::settings::nights_by_evening(&store)? { Label::Evening } else { Label::Wake };
    let row = |act: ActAnswer| {
        // Of a type whose rows are all left out no row says the unit, and its table still says the rest.
        let kind =
            find_kind(&store, &act.kind).map_or_else(|_| kind::get_or_guess(&act.kind, None), |found| found.kind);
        let days = days(&act, &zones);
        let nights = nights(&act, label, &zones);
        HistoryRow { nights, name: word(&kind.name), days, word: kind::slug(&act.kind), group: kind.group, act }
    };
    Ok(acts.into_iter().map(row).collect())
}

/// What an edit of sleep is called.
const EDITS: [&str; 5] = ["split", "merge", "nap", "night", "ignore"];

fn nights(act: &ActAnswer, label: Label, zones: &Zones) -> Vec<String> {
    let instant = |text: &Option<String>| text.as_deref().and_then(parse_stamp);
    let ends = instant(&act.from).zip(instant(&act.until)).filter(|_| EDITS.contains(&act.what));
    let days = ends.map(|ends| days_of_edit(ends, act.what, label, zones)).unwrap_or_default();
    days.into_iter().map(format_day).collect()
}

fn days(act: &ActAnswer, zones: &Zones) -> [Option<String>; 2] {
    let day = |instant: &Option<String>, before: i64| {
        let at_ms = instant.as_deref().and_then(parse_stamp)?;
        Some(format_day(zones.day(at_ms - before)))
    };
    // The end is outside.
    [day(&act.from, 0), day(&act.until, 1)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::acts::{Chosen, hide};
    use crate::testing::TestFolder;

    #[track_caller]
    fn check_nights(ends: (&str, &str), what: &'static str, expected: [&[&str]; 2]) {
        let instant = |text: &str| Some(format!("2026-03-{text}:00Z"));
        let act = ActAnswer { what, from: instant(ends.0), until: instant(ends.1), ..ActAnswer::default() };
        let zones = Zones::named("UTC").expect("a zone");
        let days = |label| nights(&act, label, &zones);
        assert_eq!([days(Label::Wake), days(Label::Evening)], expected.map(|days| days.to_vec()));
    }

    #[test]
    fn an_edit_of_sleep_is_shown_under_the_day_of_its_night() {
        check_nights(("13T23:00", "14T07:00"), "ignore", [&["2026-03-14"], &["2026-03-13"]]);
        check_nights(("13T23:00", "14T07:00"), "nap", [&["2026-03-14"], &["2026-03-14"]]);
        check_nights(("14T14:00", "14T15:00"), "ignore", [&["2026-03-14"], &["2026-03-14"]]);
        // A split is an instant; in the evening it may be of a late nap.
        check_nights(("13T23:30", "13T23:30"), "split", [&["2026-03-13", "2026-03-14"], &["2026-03-13"]]);
        check_nights(("13T00:00", "14T00:00"), "hide", [&[], &[]]);
    }

    #[test]
    fn acts_are_told_by_name_and_days() {
        let folder = TestFolder::filled("told-acts");
        assert_eq!(history(&folder).expect("none"), []);
        let days = Days::parse(Some("2026-03-14"), Some("2026-03-15")).expect("days");
        hide(&folder, Chosen { word: "steps", days, source: None }, false, 0).expect("hidden");
        hide(&folder, Chosen { word: "heart_rate", days: Days::default(), source: None }, false, 0).expect("hidden");
        let rows = history(&folder).expect("two");
        let told: Vec<(&str, [Option<&str>; 2])> =
            rows.iter().map(|row| (row.name.as_str(), row.days.each_ref().map(Option::as_deref))).collect();
        assert_eq!(
            told,
            [("Heart Rate", [None, Some("2026-03-15")]), ("Steps", [Some("2026-03-14"), Some("2026-03-15")])]
        );
    }

    #[test]
    fn sessions_of_a_day_are_those_that_sleep_tells() {
        let folder = TestFolder::filled("told-sessions");
        let day = Days::parse(Some("2026-03-14"), Some("2026-03-14")).expect("a day");
        let rows = sessions(&folder, day).expect("sessions");
        let expected = crate::sleep::sleep(&folder, day).expect("sessions");
        let told: Vec<(&str, &str)> = rows.iter().map(|row| (row.start.as_str(), row.kind)).collect();
        assert_eq!(told, expected.iter().map(|row| (row.start.as_str(), row.kind)).collect::<Vec<_>>());
        assert!(!rows.is_empty() && rows.iter().all(|row| row.from < row.until));
    }
}
