//! What the owner does to what is stored, and takes back: rows hidden or deleted, sessions of sleep edited, orders of
//! sources. Imports are taken back by [`crate::undo`].

use health::key;
use health::language::word;
use health::series::sleep::{APART_MS, Edit, EditKind, Session};
use health::time::{HOUR_MS, Zones, format_instant, parse_stamp};
use serde::Serialize;
use store::{Act, KEPT_MS, Rows, Store, What};

use crate::error::{Code, Error, Result};
use crate::folder::Folder;
use crate::local::{Days, find_kind, system_zone, zones};
use crate::sources::find;

/// One row of `vitalog history`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ActAnswer {
    /// Its number.
    pub act: i64,
    /// When it was done.
    pub at: String,
    /// `hide`, `delete`, `order`, or of a session of sleep `split`, `merge`, `nap`, `night` or `ignore`.
    pub what: &'static str,
    /// Apple's identifier of the type that it is about.
    #[serde(rename = "type")]
    pub kind: String,
    /// Start of the time that it is about; null means from the first row on.
    pub from: Option<String>,
    /// Its end, which is outside, or the instant of a split; null means to the last row.
    pub until: Option<String>,
    /// Names of the source whose rows it is about; empty means everybody's.
    pub source: Vec<String>,
    /// Rows that counted no more when it was done.
    pub rows: u64,
    /// When it was taken back; null while it stands.
    pub taken_back: Option<String>,
    /// Of a deletion that stands: when its rows are removed for good.
    pub wiped_from: Option<String>,
    /// When its rows were removed for good: taken back after that, only those count that later imports brought.
    pub wiped: Option<String>,
}

/// How many rows an act would be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct RowsAnswer {
    /// Rows that count.
    pub rows: u64,
}

/// Which rows are meant.
#[derive(Debug, Clone, Copy)]
pub struct Chosen<'a> {
    /// The type, as people type it.
    pub word: &'a str,
    /// Local days on which the rows begin.
    pub days: Days,
    /// Name or number of the source; none means of every one.
    pub source: Option<&'a str>,
}

/// Tells every act, the newest first.
pub fn history(folder: &Folder) -> Result<Vec<ActAnswer>> {
    Ok(folder.read()?.acts()?.iter().map(answer).collect())
}

/// Counts the rows that [`hide`] would be about.
pub fn count(folder: &Folder, chosen: Chosen<'_>) -> Result<RowsAnswer> {
    let store = folder.read()?;
    Ok(RowsAnswer { rows: store.count_rows(&rows(&store, chosen)?)? })
}

/// Hides rows, or deletes them: they count no more, and deleted ones are removed for good 30 days later. The same holds
/// of rows that later imports bring to the same place.
pub fn hide(folder: &Folder, chosen: Chosen<'_>, deletes: bool, now_ms: i64) -> Result<ActAnswer> {
    let rows = {
        let store = folder.read()?;
        let rows = rows(&store, chosen)?;
        if store.count_rows(&rows)? == 0 {
            let hint = "`vitalog types` tells of which days there are rows.";
            return Err(Error::new(Code::NoRows, "No row that counts is among these.", hint));
        }
        rows
    };
    Ok(answer(&folder.write()?.hide(&rows, deletes, now_ms, &system_zone())?))
}

/// Takes an act back.
pub fn take_back(folder: &Folder, act: i64, now_ms: i64) -> Result<ActAnswer> {
    {
        // A missing store is not made for that.
        let acts = folder.read()?.acts()?;
        let found = acts.iter().find(|row| row.id == act);
        let stands = found.ok_or_else(|| store::Error::from(store::ErrorKind::UnknownAct(act)))?;
        if stands.taken_back_ms.is_some() {
            return Err(store::Error::from(store::ErrorKind::ActIsOver(act)).into());
        }
    }
    Ok(answer(&folder.write()?.take_back(act, now_ms, &system_zone())?))
}

fn rows(store: &Store, Chosen { word, days, source }: Chosen<'_>) -> Result<Rows> {
    let kind = find_kind(store, word)?.kind.identifier;
    let zones = zones(store)?;
    let source = match source {
        None => None,
        Some(word) => Some(find(&store.stored_sources()?, word)?.id),
    };
    // An act holds for imports to come, and what nobody has measured yet is not meant: a chart may end in days to come.
    let last = store.types()?.into_iter().find(|row| row.kind.identifier == kind).and_then(|row| row.days);
    let days = Days { to: days.to.map(|to| last.map_or(to, |(_, last)| to.min(last))), ..days };
    let (from_ms, until_ms) = days.instants(&zones).range_ms();
    Ok(Rows { kind, from_ms: days.from.map(|_| from_ms), until_ms: days.to.map(|_| until_ms), source })
}

/// Edits the session of sleep that starts at `start`: an instant as `vitalog sleep` prints it, to the minute. A split
/// is at `at`, an instant or a time on the clock such as `03:40`; a merge is with the session that follows.
pub fn edit_night(folder: &Folder, kind: EditKind, start: &str, at: Option<&str>, now_ms: i64) -> Result<ActAnswer> {
    let edit = {
        let store = folder.read()?;
        edit(&store, &zones(&store)?, kind, start, at)?
    };
    Ok(answer(&folder.write()?.edit_night(edit, now_ms, &system_zone())?))
}

fn edit(store: &Store, zones: &Zones, kind: EditKind, start: &str, at: Option<&str>) -> Result<Edit> {
    let sessions = around(store, zones, start)?;
    let is_meant = |session: &Session| {
        let minute = |ms: i64| ms.div_euclid(60_000);
        zones.wall_clock(session.start_ms) == start
            || parse_stamp(start).is_some_and(|ms| minute(ms) == minute(session.start_ms))
    };
    let place = sessions.iter().position(is_meant).ok_or_else(|| {
        let hint = "`vitalog sleep` lists them, each with its start.";
        Error::new(Code::UnknownSession, "No session of sleep starts then.", hint)
    })?;
    let session = &sessions[place];
    let whole = Edit { kind, from_ms: session.start_ms, until_ms: session.end_ms };
    match kind {
        EditKind::Split => split(session, zones, at.unwrap_or_default()),
        EditKind::Merge => {
            let near = |next: &&Session| next.start_ms - session.end_ms <= APART_MS;
            let next = sessions.get(place + 1).filter(near).ok_or_else(|| {
                let hint = "What lies more than four hours apart stays apart.";
                Error::new(Code::UnknownSession, "No sleep follows near enough.", hint)
            })?;
            Ok(Edit { until_ms: next.end_ms, ..whole })
        }
        EditKind::Nap | EditKind::Night | EditKind::Ignore => Ok(whole),
    }
}

/// The sessions of the days around an instant or a time on the clock.
fn around(store: &Store, zones: &Zones, start: &str) -> Result<Vec<Session>> {
    let day = start.get(..10).and_then(health::time::parse_day);
    let day = parse_stamp(start).map(|ms| zones.day(ms)).or(day).ok_or_else(|| {
        let hint = "Give it as `vitalog sleep` prints it, such as 2026-03-14T22:50:00Z or \"2026-03-14 23:50\".";
        Error::new(Code::BadDate, format!("`{start}` is no start of a session."), hint)
    })?;
    Ok(store.nights(&store.orders()?, (day.saturating_sub(2), day.saturating_add(2)))?)
}

fn split(session: &Session, zones: &Zones, at: &str) -> Result<Edit> {
    let (start, end) = (session.start_ms, session.end_ms);
    let on_the_clock = || {
        let minutes = (start.div_euclid(60_000) + 1)..=end.div_euclid(60_000);
        let is_at = |ms: &i64| zones.wall_clock(*ms).get(11..) == Some(at);
        minutes.map(|minute| minute * 60_000).find(is_at)
    };
    let found = parse_stamp(at).or_else(|| on_the_clock().filter(|_| !at.is_empty()));
    let found = found.filter(|ms| start < *ms && *ms < end && end - start < 100 * HOUR_MS);
    let at_ms = found.ok_or_else(|| {
        let hint = word(key!("Give an instant or a time on the clock inside the session, such as 03:40."));
        Error::new(Code::BadUsage, word(key!("A session is split at a moment inside it.")), hint)
    })?;
    Ok(Edit { kind: EditKind::Split, from_ms: at_ms, until_ms: at_ms })
}

pub(crate) fn answer(row: &Act) -> ActAnswer {
    let stands = row.taken_back_ms.is_none() && row.wiped_ms.is_none();
    let due = (row.what == What::Delete && stands).then(|| row.at_ms.saturating_add(KEPT_MS));
    ActAnswer {
        act: row.id,
        at: format_instant(row.at_ms),
        what: row.what.as_str(),
        kind: row.kind.clone(),
        from: row.from_ms.map(format_instant),
        until: row.until_ms.map(format_instant),
        source: row.source(),
        rows: row.rows(),
        taken_back: row.taken_back_ms.map(format_instant),
        wiped_from: due.map(format_instant),
        wiped: row.wiped_ms.map(format_instant),
    }
}

#[cfg(test)]
mod tests;
