//! Rows that the owner hid or deleted: they stay where they are and count no more.
//!
//! `samples.superseded_by` says so, as it does of rows that a newer export rewrote. What follows from the imports comes
//! first: only rows that would count are hidden, so that showing them again is to let them count.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, params};

use super::{Act, Body, KEPT_MS, What, log, write};
use crate::aliases::{self, Alias};
use crate::derived::{self, Derived};
use crate::error::{ErrorKind, Result};
use crate::history::live_imports;
use crate::open::Store;
use crate::query::verify::Texts;
use crate::query::zones::zones;
use crate::rollup::Rule;
use crate::row::Key;
use crate::{forget, members, superseded, tellings};

/// In place of an import: the owner hid the row.
const HIDDEN: i64 = 0;
/// In place of an import: the owner deleted it.
const DELETED: i64 = -1;

/// Whether it is the owner that keeps a row from counting, and no import.
pub(crate) fn is_owners(superseded_by: i64) -> bool {
    matches!(superseded_by, HIDDEN | DELETED)
}

/// Rows of a type that begin in a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rows {
    /// Apple's identifier of the type.
    pub kind: String,
    /// From here on; none means from the first.
    pub from_ms: Option<i64>,
    /// Before here; none means to the last.
    pub until_ms: Option<i64>,
    /// Number of the source; none means of every one.
    pub source: Option<i64>,
}

impl Store {
    /// Returns how many rows count that an act about them would hide, copies that count among them.
    pub fn count_rows(&self, rows: &Rows) -> Result<u64> {
        let act = act_of(&self.conn, rows, What::Hide)?;
        let mut n = 0;
        if let Some(place) = Place::of(&self.conn, &act)? {
            place.each(&self.conn, &mut |_, copies| {
                n += copies;
                Ok(())
            })?;
        }
        Ok(n)
    }

    /// Returns how many rows of a kind that begin in `[from_ms, until_ms)` the owner hid or deleted.
    pub fn hidden_rows(&self, kind_id: i64, (from_ms, until_ms): (i64, i64)) -> Result<u64> {
        owners_within(&self.conn, kind_id, (from_ms, until_ms))
    }

    /// Returns how many rows there are that the owner hid or deleted: they count nowhere, and a copy has them.
    pub fn owners_rows(&self) -> Result<u64> {
        owners_rows(&self.conn)
    }

    /// Returns when the rows of a kind begin in `[from_ms, until_ms)` that the owner deleted and nobody wiped yet.
    pub fn deleted_starts(&self, kind_id: i64, (from_ms, until_ms): (i64, i64)) -> Result<Vec<i64>> {
        let mut statement = self.conn.prepare_cached(
            "SELECT start_ms FROM samples
             WHERE kind_id = ?1 AND start_ms >= ?2 AND start_ms < ?3 AND superseded_by = ?4",
        )?;
        let rows = statement.query_map(params![kind_id, from_ms, until_ms, DELETED], |row| row.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Hides rows, or deletes them: then they are removed for good [`KEPT_MS`] later. They count no more at once, and
    /// neither do those that later imports bring to the same place; without an end that goes up to the last row that is
    /// there now. `home_zone` holds where none is known.
    pub fn hide(&mut self, rows: &Rows, deletes: bool, now_ms: i64, home_zone: &str) -> Result<Act> {
        self.change(|tx| {
            let what = if deletes { What::Delete } else { What::Hide };
            let mut act = Act { at_ms: now_ms, ..act_of(tx, rows, what)? };
            // What is measured tomorrow is not meant.
            act.until_ms = match act.until_ms {
                None => Place::of(tx, &act)?.map(|place| place.end(tx)).transpose()?.flatten(),
                until => until,
            };
            let (mut derived, before) = (Derived::default(), zones(tx, home_zone)?);
            act.body.rows = cover(tx, &act, &mut derived)?;
            let act = write(tx, act)?;
            derived.settle(tx, home_zone, &before)?;
            Ok(act)
        })
    }

    /// Removes the rows of deletions that are older than [`KEPT_MS`].
    pub fn wipe_deleted(&mut self, now_ms: i64, home_zone: &str) -> Result<()> {
        if due(&self.conn, now_ms)?.is_empty() {
            return Ok(());
        }
        self.change(|tx| {
            let (mut derived, before) = (Derived::default(), zones(tx, home_zone)?);
            wipe(tx, now_ms, &mut derived)?;
            derived.settle(tx, home_zone, &before)?;
            forget::unused(tx, &[])
        })
    }
}

/// Where rows of a kind lie that the owner deleted. Until they are wiped what newer exports rewrote there is kept as
/// well: it says the same, and nobody is told it.
#[derive(Default)]
pub(crate) struct Deleted(Vec<Place>);

impl Deleted {
    pub fn of(conn: &Connection, kind: u32) -> Result<Self> {
        let acts = log::standing(conn)?.into_iter().filter(|act| act.what == What::Delete);
        let places = acts.filter_map(|act| Place::of(conn, &act).transpose()).collect::<Result<Vec<_>>>()?;
        Ok(Self(places.into_iter().filter(|place| place.kind == kind).collect()))
    }

    pub fn holds(&self, kind: u32, start_ms: i64, source: u32) -> bool {
        self.0.iter().any(|place| place.holds(kind, start_ms, source))
    }
}

fn owners_within(conn: &Connection, kind_id: i64, (from_ms, until_ms): (i64, i64)) -> Result<u64> {
    let mut statement = conn.prepare_cached(
        "SELECT count(*) FROM samples
         WHERE kind_id = ?1 AND start_ms >= ?2 AND start_ms < ?3 AND superseded_by IN (?4, ?5)",
    )?;
    Ok(statement.query_row(params![kind_id, from_ms, until_ms, HIDDEN, DELETED], |row| row.get(0))?)
}

/// The same of all kinds; in a store of an earlier version there are none.
pub(crate) fn owners_rows(conn: &Connection) -> Result<u64> {
    let sql = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'acts'";
    let knows_acts: bool = conn.query_row(sql, [], |row| row.get(0))?;
    let spans = if knows_acts { spans(conn)? } else { Vec::new() };
    spans.into_iter().try_fold(0, |n, (kind, span)| Ok(n + owners_within(conn, kind.into(), span)?))
}

/// Where acts hide rows: kinds with times of which no two of a kind meet, so that only these are looked at.
fn spans(conn: &Connection) -> Result<Vec<(u32, (i64, i64))>> {
    let mut all = Vec::new();
    for act in log::standing(conn)?.iter().filter(|act| act.hides()) {
        all.extend(Place::of(conn, act)?.map(|place| (place.kind, place.span)));
    }
    all.sort_unstable();
    let mut apart: Vec<(u32, (i64, i64))> = Vec::new();
    for (kind, span) in all {
        match apart.last_mut() {
            Some((last, known)) if *last == kind && span.0 <= known.1 => known.1 = known.1.max(span.1),
            _ => apart.push((kind, span)),
        }
    }
    Ok(apart)
}

fn act_of(conn: &Connection, rows: &Rows, what: What) -> Result<Act> {
    let alias = |id: i64| -> Result<Alias> {
        let stored = aliases::stored(conn)?.into_iter().find(|(stored, _)| i64::from(*stored) == id);
        Ok(stored.ok_or(ErrorKind::UnknownSource)?.1)
    };
    let source = rows.source.map(alias).transpose()?;
    let body = Body { source, ..Body::default() };
    Ok(Act { from_ms: rows.from_ms, until_ms: rows.until_ms, body, ..Act::new(what, &rows.kind) })
}

/// Decides anew which rows acts hide, after anything that changed what counts or which names are one source. Returns
/// how many rows that counted are hidden now, copies that count among them.
pub(crate) fn apply(conn: &Connection, derived: &mut Derived) -> Result<u64> {
    let acts = log::standing(conn)?;
    release(conn, &acts, derived)?;
    // What is deleted is not also hidden.
    let in_turn = [What::Delete, What::Hide].map(|what| acts.iter().filter(move |act| act.what == what));
    in_turn.into_iter().flatten().try_fold(0, |n, act| Ok(n + cover(conn, act, derived)?))
}

/// Lets go of rows whose source is no longer called as an act calls it: a name may go with the import that brought it.
/// An act that names no source loses none; one that was taken back may have left some in an earlier version.
fn release(conn: &Connection, standing: &[Act], derived: &mut Derived) -> Result<()> {
    let mut holders = Vec::new();
    for act in standing.iter().filter(|act| act.hides()) {
        holders.extend(Place::of(conn, act)?.map(|place| (code(act), place)));
    }
    for act in log::all(conn)?.iter().filter(|act| act.hides() && act.body.source.is_some()) {
        let Some(mut place) = Place::of(conn, act)? else { continue };
        place.sources = None;
        for by in [DELETED, HIDDEN] {
            place.by = Some(by);
            for (key, now) in place.held_otherwise(conn, &holders)? {
                superseded::set_superseded(conn, place.kind, &key, now)?;
                derived.changed(place.kind, &key);
            }
        }
    }
    Ok(())
}

/// Lets rows of an act that was taken back count again, unless another one hides them, too.
pub(super) fn show(conn: &Connection, act: &Act, derived: &mut Derived) -> Result<()> {
    if let Some(mut place) = Place::of(conn, act)? {
        let by = code(act);
        place.by = Some(by);
        place.mark(conn, derived)?;
        place.set(conn, None)?;
    }
    apply(conn, derived)?;
    Ok(())
}

/// Removes the rows of deletions that are due. Tells whether there were any: what only they used is left.
pub(crate) fn wipe(conn: &Connection, now_ms: i64, derived: &mut Derived) -> Result<bool> {
    let mut kinds = BTreeSet::new();
    for act in &due(conn, now_ms)? {
        if let Some(mut place) = Place::of(conn, act)? {
            place.by = Some(DELETED);
            place.mark(conn, derived)?;
            place.forget_tellings(conn, derived)?;
            // What a newer export had rewritten there says the same, and goes with it.
            if place.remove(conn)? + place.remove_rewritten(conn, derived)? > 0 {
                kinds.insert(place.kind);
            }
        }
        log::wiped(conn, act.id, now_ms)?;
    }
    if kinds.is_empty() {
        return Ok(false);
    }
    conn.execute(members::LOST, [])?;
    // That an export rewrote what lies beside them was told by rows that are no more.
    tellings::lift(conn, derived, &[])?;
    let imports = live_imports(conn)?;
    for kind in kinds {
        superseded::reconcile(conn, kind, &imports, derived)?;
    }
    tellings::lay(conn, None, derived)?;
    apply(conn, derived)?;
    Ok(true)
}

/// Deletions whose rows are to be removed, each once: what imports bring to the same place after that is hidden only,
/// and counts again when the act is taken back.
fn due(conn: &Connection, now_ms: i64) -> Result<Vec<Act>> {
    let old =
        |act: &Act| act.what == What::Delete && act.wiped_ms.is_none() && act.at_ms <= now_ms.saturating_sub(KEPT_MS);
    Ok(log::standing(conn)?.into_iter().filter(old).collect())
}

/// Tells rows that count and are hidden, and the other way round.
pub(crate) fn differences(conn: &Connection, texts: &mut Texts) -> Result<()> {
    let mut counted = 0;
    let mut places = Vec::new();
    for act in log::standing(conn)?.iter().filter(|act| act.hides()) {
        let Some(place) = Place::of(conn, act)? else { continue };
        place.each(conn, &mut |_, _| {
            counted += 1;
            Ok(())
        })?;
        places.push((code(act), place));
    }
    let mut lost = 0;
    let mut statement =
        conn.prepare("SELECT kind_id, start_ms, source_id, superseded_by FROM samples WHERE superseded_by IN (0, -1)")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (kind, start, source, by): (u32, i64, u32, i64) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
        let hides = |(code, place): &(i64, Place)| *code == by && place.holds(kind, start, source);
        lost += u64::from(!places.iter().any(hides));
    }
    let told = [(counted, "rows count that the owner hid"), (lost, "rows are hidden by nobody")];
    told.iter().filter(|(n, _)| *n > 0).for_each(|(n, what)| texts.tell(|| format!("{n} {what}")));
    Ok(())
}

/// What stands that hides rows, to ask of single ones.
#[derive(PartialEq)]
pub(crate) struct Hidden(Vec<(i64, Place)>);

impl Hidden {
    pub fn load(conn: &Connection) -> Result<Self> {
        let acts = log::standing(conn)?;
        let mut found = Vec::new();
        for what in [What::Delete, What::Hide] {
            for act in acts.iter().filter(|act| act.what == what) {
                found.extend(Place::of(conn, act)?.map(|place| (code(act), place)));
            }
        }
        Ok(Self(found))
    }

    /// What stands in place of an import where the owner hides a row that would count.
    pub fn code(&self, kind: u32, key: &Key) -> Option<i64> {
        self.0.iter().find(|(_, place)| place.holds(kind, key.start_ms, key.source)).map(|(code, _)| *code)
    }
}

fn code(act: &Act) -> i64 {
    if act.what == What::Delete { DELETED } else { HIDDEN }
}

fn cover(conn: &Connection, act: &Act, derived: &mut Derived) -> Result<u64> {
    let Some(mut place) = Place::of(conn, act)? else { return Ok(0) };
    let n = place.mark(conn, derived)?;
    place.set(conn, Some(code(act)))?;
    if act.what == What::Delete {
        // What was hidden counts no less by it, and must not be shown again by the other act.
        place.by = Some(HIDDEN);
        place.set(conn, Some(DELETED))?;
    }
    Ok(n)
}

/// Where the rows of an act lie.
#[derive(PartialEq)]
struct Place {
    kind: u32,
    rule: Rule,
    span: (i64, i64),
    /// None means of every source.
    sources: Option<Vec<u32>>,
    /// Those that count, or those that an act of this code hid.
    by: Option<i64>,
}

impl Place {
    /// None where the store has no such type.
    fn of(conn: &Connection, act: &Act) -> Result<Option<Self>> {
        let mut statement = conn.prepare_cached("SELECT id FROM kinds WHERE identifier = ?1")?;
        let Some(kind) = statement.query_row([&act.kind], |row| row.get(0)).optional()? else { return Ok(None) };
        let sources = match &act.body.source {
            None => None,
            Some(alias) => {
                let links = aliases::links(conn)?;
                // What the owner linked is one, however the act calls it.
                let is_meant = |other: &Alias| {
                    other.meets(alias) || links.iter().any(|link| link.meets(alias) && link.meets(other))
                };
                let stored = aliases::stored(conn)?.into_iter();
                Some(stored.filter(|(_, other)| is_meant(other)).map(|(id, _)| id).collect())
            }
        };
        Ok(Some(Self { kind, rule: derived::rule(conn, kind)?, span: act.span(), sources, by: None }))
    }

    fn holds(&self, kind: u32, start_ms: i64, source: u32) -> bool {
        kind == self.kind
            && (self.span.0..self.span.1).contains(&start_ms)
            && self.sources.as_ref().is_none_or(|sources| sources.contains(&source))
    }

    /// The condition of its rows; a list of small numbers of the store's own needs no parameters.
    fn condition(&self) -> String {
        let sources = self.sources.as_ref().map_or(String::new(), |sources| {
            let ids: Vec<String> = sources.iter().map(u32::to_string).collect();
            format!(" AND source_id IN ({})", ids.join(","))
        });
        format!("kind_id = ?1 AND start_ms >= ?2 AND start_ms < ?3 AND superseded_by IS ?4{sources}")
    }

    /// Hands over each row and how often it counts.
    fn each(&self, conn: &Connection, each: &mut dyn FnMut(&Key, u64) -> Result<()>) -> Result<()> {
        let mut statement = conn.prepare(&format!(
            "SELECT start_ms, source_id, duration_ms, ordinal, copies, flags FROM samples WHERE {}",
            self.condition()
        ))?;
        let mut rows = statement.query(params![self.kind, self.span.0, self.span.1, self.by])?;
        while let Some(row) = rows.next()? {
            let key =
                Key { start_ms: row.get(0)?, source: row.get(1)?, duration_ms: row.get(2)?, ordinal: row.get(3)? };
            each(&key, u64::from(self.rule.copies(row.get(4)?, row.get(5)?)))?;
        }
        Ok(())
    }

    /// Its rows that other acts hide, or none, each with what it is for them.
    fn held_otherwise(&self, conn: &Connection, holders: &[(i64, Self)]) -> Result<Vec<(Key, Option<i64>)>> {
        let mut found = Vec::new();
        self.each(conn, &mut |key, _| {
            let holders = holders.iter().filter(|(_, place)| place.holds(self.kind, key.start_ms, key.source));
            // To delete is the lower code, and says more.
            let now = holders.map(|(code, _)| *code).min();
            if now != self.by {
                found.push((*key, now));
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// Right behind the start of its last row; none where it has none.
    fn end(&self, conn: &Connection) -> Result<Option<i64>> {
        let sql = format!("SELECT max(start_ms) + 1 FROM samples WHERE {}", self.condition());
        Ok(conn.query_row(&sql, params![self.kind, self.span.0, self.span.1, self.by], |row| row.get(0))?)
    }

    /// What follows from its rows is to be found anew. Returns how often they count.
    fn mark(&self, conn: &Connection, derived: &mut Derived) -> Result<u64> {
        let (kind, mut n) = (self.kind, 0);
        self.each(conn, &mut |key, copies| {
            n += copies;
            derived.changed(kind, key);
            Ok(())
        })?;
        Ok(n)
    }

    fn set(&self, conn: &Connection, by: Option<i64>) -> Result<()> {
        let sql = format!("UPDATE samples SET superseded_by = ?5 WHERE {}", self.condition());
        conn.execute(&sql, params![self.kind, self.span.0, self.span.1, self.by, by])?;
        Ok(())
    }

    fn remove(&self, conn: &Connection) -> Result<usize> {
        let place = params![self.kind, self.span.0, self.span.1, self.by];
        let logged = format!(
            "DELETE FROM sample_log WHERE kind_id = ?1 AND (start_ms, source_id, duration_ms, ordinal) IN
                 (SELECT start_ms, source_id, duration_ms, ordinal FROM samples WHERE {})",
            self.condition()
        );
        conn.execute(&logged, place)?;
        Ok(conn.execute(&format!("DELETE FROM samples WHERE {}", self.condition()), place)?)
    }

    /// What phones told of its rows is removed with them, and the rows of files for which some of them stand.
    fn forget_tellings(&self, conn: &Connection, derived: &mut Derived) -> Result<()> {
        if !tellings::are_there(conn)? {
            return Ok(());
        }
        let mut keys = Vec::new();
        self.each(conn, &mut |key, _| {
            keys.push(*key);
            Ok(())
        })?;
        for key in &keys {
            tellings::forget_of(conn, self.kind, key)?;
        }
        // A file's row begins in the second in which the finer one begins, or beside it.
        let whole = |ms: i64| ms.saturating_sub(999);
        let covered = Self {
            by: Some(tellings::COVERED),
            span: (whole(self.span.0), self.span.1),
            sources: self.sources.clone(),
            ..*self
        };
        covered.mark(conn, derived)?;
        covered.remove(conn).map(drop)
    }

    /// Those that an import superseded, whichever.
    fn remove_rewritten(&self, conn: &Connection, derived: &mut Derived) -> Result<usize> {
        let imports: Vec<i64> = {
            let sql = "SELECT DISTINCT superseded_by FROM samples
                       WHERE kind_id = ?1 AND start_ms >= ?2 AND start_ms < ?3 AND superseded_by > 0";
            let mut statement = conn.prepare_cached(sql)?;
            let found = statement.query_map(params![self.kind, self.span.0, self.span.1], |row| row.get(0))?;
            found.collect::<rusqlite::Result<_>>()?
        };
        let mut removed = 0;
        for import in imports {
            let place = Self { by: Some(import), sources: self.sources.clone(), ..*self };
            place.mark(conn, derived)?;
            place.forget_tellings(conn, derived)?;
            removed += place.remove(conn)?;
        }
        Ok(removed)
    }
}
