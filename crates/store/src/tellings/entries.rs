//! What phones tell besides samples: kept as it was told, and the rows of `entries` that follow from it.
//!
//! The same plan as for samples: the rows of files stay as they are, and where phones tell one of them, too, or tell
//! what no file has, a row stands that no import holds (it is not in `entry_log`); the file's row under it counts no
//! more. Which are one is said by [`health::matching::entries`]. A row keeps its number as long as one of those that
//! tell it is there, also when it is laid down anew.

mod part;
mod routes;

use std::collections::{BTreeMap, BTreeSet};

use health::matching::entries::{Place, place_of};
use health::phone::{Marks, Uuid};
use health::{Entry, EntryKind, Source, time};
use rusqlite::{Connection, OptionalExtension, params};

use self::part::{Part, Stretch};
use super::aggregates::Fate;
use super::{COVERED, Known, tellers};
use crate::error::Result;

/// Whether no import holds a row of `entries` called `e`: it stands for what phones tell.
const STANDS: &str = "NOT EXISTS (SELECT 1 FROM entry_log l WHERE l.entry_id = e.id)";

/// The delivery that brings one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct By {
    pub device: i64,
    pub feed: u32,
    pub delivery: i64,
    pub now_ms: i64,
}

/// What a batch of a phone told besides samples.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// What was told for the first time, by number.
    new: BTreeSet<i64>,
    /// What is to be decided anew.
    touched: BTreeMap<&'static str, BTreeSet<Stretch>>,
    /// Told again as it was.
    again: Vec<EntryKind>,
    /// Somebody told something for the first time.
    pub new_tellers: bool,
}

impl Told {
    /// Keeps an entry as it was told; told again, only when it was told last changes.
    pub fn keep(&mut self, conn: &Connection, entry: &Entry, marks: &Marks, name: Option<&str>, by: &By) -> Result<()> {
        let nobody = entry.source == Source::default();
        let teller = match nobody {
            true => None,
            false => {
                let (id, is_new) = tellers::id_of(conn, &entry.source)?;
                self.new_tellers |= is_new;
                Some(id)
            }
        };
        let uuid = marks.uuid.map(Uuid::bytes);
        let (kind, flags) = (entry.kind.as_str(), marks.flags.bits());
        let known: Option<i64> = conn
            .prepare_cached(
                "SELECT id FROM entry_tellings WHERE kind = ?1 AND start_ms IS ?2 AND end_ms IS ?3 AND identity = ?4
                    AND device_id = ?5 AND feed = ?6 AND uuid IS ?7 AND body = ?8 AND payload IS ?9
                    AND teller_id IS ?10 AND name IS ?11 AND flags = ?12",
            )?
            .query_row(
                params![
                    kind,
                    entry.start_ms,
                    entry.end_ms,
                    entry.identity,
                    by.device,
                    by.feed,
                    uuid,
                    entry.body,
                    entry.payload,
                    teller,
                    name,
                    flags
                ],
                |row| row.get(0),
            )
            .optional()?;
        match known {
            Some(id) => {
                conn.prepare_cached("UPDATE entry_tellings SET last_delivery = ?2, last_ms = ?3 WHERE id = ?1")?
                    .execute(params![id, by.delivery, by.now_ms])?;
                self.again.push(entry.kind);
            }
            None => {
                let mut insert = conn.prepare_cached(
                    "INSERT INTO entry_tellings (device_id, feed, kind, identity, uuid, name, flags, teller_id,
                         start_ms, end_ms, body, payload, first_delivery, last_delivery, last_ms)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?13, ?14) RETURNING id",
                )?;
                let id = insert.query_row(
                    params![
                        by.device,
                        by.feed,
                        kind,
                        entry.identity,
                        uuid,
                        name,
                        flags,
                        teller,
                        entry.start_ms,
                        entry.end_ms,
                        entry.body,
                        entry.payload,
                        by.delivery,
                        by.now_ms
                    ],
                    |row| row.get(0),
                )?;
                self.new.insert(id);
            }
        }
        self.touch(conn, entry)
    }

    fn touch(&mut self, conn: &Connection, entry: &Entry) -> Result<()> {
        if entry.kind == EntryKind::Route {
            // It is laid with its workout.
            let workouts = routes::workouts_of(conn, &entry.body)?;
            let touched = self.touched.entry(EntryKind::Workout.as_str()).or_default();
            touched.extend(workouts.into_iter().map(Stretch::Start));
            return Ok(());
        }
        self.touch_place(entry.kind, &entry.identity, (entry.start_ms, entry.end_ms));
        Ok(())
    }

    fn touch_place(&mut self, kind: EntryKind, identity: &str, (start_ms, end_ms): (Option<i64>, Option<i64>)) {
        let stretch = match (place_of(kind), start_ms) {
            (Place::Start, Some(start)) => Stretch::Start(start),
            (Place::Start, None) => Stretch::All,
            (Place::End, _) => Stretch::End(end_ms),
            (Place::Identity, _) if kind == EntryKind::Profile => Stretch::All,
            (Place::Identity, _) => Stretch::Identity(identity.to_owned()),
            (Place::Nowhere, _) => return,
        };
        self.touched.entry(kind.as_str()).or_default().insert(stretch);
    }

    /// What was told is to be decided anew, by its numbers.
    pub fn touch_again(&mut self, conn: &Connection, tellings: &[i64]) -> Result<()> {
        let mut statement =
            conn.prepare_cached("SELECT kind, identity, start_ms, end_ms FROM entry_tellings WHERE id = ?1")?;
        for id in tellings {
            let (kind, identity, times): (String, String, _) =
                statement.query_row([id], |row| Ok((row.get(0)?, row.get(1)?, (row.get(2)?, row.get(3)?))))?;
            if let Some(kind) = kind_of(&kind) {
                self.touch_place(kind, &identity, times);
            }
        }
        Ok(())
    }

    /// Finds what follows from what was told, and says what became of each.
    pub fn settle(self, conn: &Connection, known: &Known, tell: &mut dyn FnMut(EntryKind, Fate)) -> Result<()> {
        for (word, stretches) in &self.touched {
            let Some(kind) = kind_of(word) else { continue };
            let mut done = None;
            for stretch in stretches {
                if done.as_ref().is_some_and(|done: &Part| done.holds(stretch)) {
                    continue;
                }
                let part = Part::read(conn, known, kind, stretch)?;
                part.settle(conn, known, &self.new, None)?.fates.into_iter().for_each(|fate| tell(kind, fate));
                done = Some(part);
            }
        }
        self.again.into_iter().for_each(|kind| tell(kind, Fate::Known));
        Ok(())
    }
}

/// Takes off everything that follows from what phones told.
pub(super) fn lift(conn: &Connection) -> Result<()> {
    // An index has it all: no body is read.
    conn.execute(&format!("DELETE FROM entries AS e WHERE {STANDS}"), [])?;
    conn.execute(
        &format!(
            "UPDATE entries SET superseded_by = NULL
             WHERE id IN (SELECT id FROM entries WHERE superseded_by = {COVERED})"
        ),
        [],
    )?;
    Ok(())
}

/// Lays it down anew. Returns how many of the rows that one import brought first phones had told, by kind.
pub(super) fn lay(conn: &Connection, known: &Known, import: Option<i64>) -> Result<BTreeMap<EntryKind, u64>> {
    let mut told_too = BTreeMap::new();
    // Those too of which nobody tells anything any more.
    let sql = format!(
        "SELECT kind FROM entry_tellings UNION SELECT kind FROM entries e WHERE {STANDS} OR superseded_by = {COVERED}
         ORDER BY kind"
    );
    let mut statement = conn.prepare_cached(&sql)?;
    let words: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    for kind in words.iter().filter_map(|word| kind_of(word)).filter(|kind| place_of(*kind) != Place::Nowhere) {
        let part = Part::read(conn, known, kind, &Stretch::All)?;
        let outcome = part.settle(conn, known, &BTreeSet::new(), import)?;
        told_too.insert(kind, outcome.told_too);
    }
    Ok(told_too)
}

fn kind_of(word: &str) -> Option<EntryKind> {
    EntryKind::ALL.into_iter().chain(EntryKind::PHONE).find(|kind| kind.as_str() == word)
}

/// By what a route names its workout: activity, start and end.
type Key = (String, String, String);

fn key_of(identity: &str, start_ms: Option<i64>, end_ms: Option<i64>) -> Key {
    let stamp = |ms: Option<i64>| ms.map(time::format_instant).unwrap_or_default();
    (identity.to_owned(), stamp(start_ms), stamp(end_ms.or(start_ms)))
}
