//! What an import lacks, and what follows from it.
//!
//! A later export is a full snapshot. A stored row that it lacks was rewritten where the export covers the row's
//! time with the same kind and source (superseded); where it does not, the row is kept: a new phone, deleted history.
//! Only the set of imports decides, never their order.

use std::collections::{BTreeMap, HashMap};

use rusqlite::{Connection, params};

use crate::claims::{Claimant, Claims};
use crate::derived::Derived;
use crate::error::Result;
use crate::history::{ImportRef, Presence};
use crate::row::{COLUMNS, Key, Row};
use crate::stretch::Stretch;

/// Rows read at a time while others are written.
const PAGE: usize = 20_000;

/// What the claims of one kind told.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Stored rows are missing from the import.
    pub absent: bool,
    /// Rows whose repeats inside the import lay too far apart to be seen at once.
    pub repeated: Vec<Repeated>,
    /// Rows that stood only inside a correlation.
    pub only_members: u64,
}

impl Found {
    fn close(&mut self, row: Option<Repeated>) {
        let Some(row) = row else { return };
        self.only_members += u64::from(row.times == 0);
        if row.times > 1 {
            self.repeated.push(row);
        }
    }
}

/// A stored row that several batches of one import hold.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Repeated {
    pub key: Key,
    /// Batches that hold it.
    pub times: u64,
    /// Rows in all of them.
    pub copies: u32,
    /// In one of them it looks as it did before.
    pub unchanged: bool,
}

/// A kind that had rows before an ingest.
#[derive(Debug)]
pub(crate) struct Stored {
    pub kind: u32,
    pub identifier: String,
    /// Source and number of rows, superseded ones too.
    pub rows: Vec<(u32, u64)>,
    /// Rows that count.
    pub live: u64,
}

/// Every kind that has rows.
pub(crate) fn stored(conn: &Connection) -> Result<Vec<Stored>> {
    let mut statement = conn.prepare_cached(
        "SELECT k.id, k.identifier, s.source_id, s.stored, s.n FROM series_summary s JOIN kinds k ON k.id = s.kind_id
         ORDER BY k.id",
    )?;
    let mut rows = statement.query([])?;
    let mut stored: Vec<Stored> = Vec::new();
    while let Some(row) = rows.next()? {
        let (kind, of_source, live) = (row.get(0)?, (row.get(2)?, row.get(3)?), row.get::<_, u64>(4)?);
        match stored.last_mut().filter(|last| last.kind == kind) {
            Some(last) => {
                last.rows.push(of_source);
                last.live += live;
            }
            None => stored.push(Stored { kind, identifier: row.get(1)?, rows: vec![of_source], live }),
        }
    }
    Ok(stored)
}

/// Compares the claims of one kind with what was stored before and writes down what the import lacks.
pub(crate) fn find(conn: &Connection, claims: &Claims, before: &Stored, import: i64) -> Result<Found> {
    let kind = before.kind;
    let mut found = Found::default();
    let mut extent: Option<Stretch> = None;
    let mut claimed: HashMap<u32, u64> = HashMap::new();
    let mut open: Option<Repeated> = None;
    for (claim, claimant) in claims.sorted(kind) {
        let top = u64::from(claimant == Claimant::TopLevel);
        let copies = if top == 1 { claim.copies } else { 0 };
        match &mut open {
            Some(row) if row.key == claim.key => {
                row.times += top;
                row.copies += copies;
                row.unchanged |= top == 1 && claim.unchanged;
            }
            _ => {
                let next = Repeated { key: claim.key, times: top, copies, unchanged: top == 1 && claim.unchanged };
                found.close(open.replace(next));
                let own = Stretch::of(&claim.key);
                extent = Some(extent.map_or(own, |extent| extent.with(own)));
                *claimed.entry(claim.key.source).or_default() += 1;
            }
        }
    }
    found.close(open);
    let mut partly: HashMap<u32, u64> = HashMap::new();
    for (source, stored) in &before.rows {
        match claimed.get(source).copied().unwrap_or(0) {
            n if n == *stored => {}
            0 => {
                write(conn, import, kind, *source, (FIRST, LAST))?;
                found.absent = true;
            }
            _ => _ = partly.insert(*source, *stored),
        }
    }
    if let (Some(extent), false) = (extent, partly.is_empty()) {
        found.absent = true;
        write_runs(conn, claims, before, import, Partly { stored: partly, extent })?;
    }
    Ok(found)
}

type Place = (i64, i64, i64);

/// Before and after every row.
const FIRST: Place = (i64::MIN, i64::MIN, 0);
const LAST: Place = (i64::MAX, i64::MAX, u32::MAX as i64);

/// Sources of which the import has some rows, each with the number of its stored ones, and where the import's lie.
struct Partly {
    stored: HashMap<u32, u64>,
    extent: Stretch,
}

/// Walks over the rows in the import's time; those of a source that lie elsewhere are missing one and all.
fn write_runs(conn: &Connection, claims: &Claims, before: &Stored, import: i64, partly: Partly) -> Result<()> {
    let (kind, extent) = (before.kind, partly.extent);
    let mut statement = conn.prepare_cached(
        "SELECT start_ms, source_id, duration_ms, ordinal FROM samples
         WHERE kind_id = ?1 AND import_id < ?2 AND start_ms BETWEEN ?3 AND ?4
         ORDER BY start_ms, source_id, duration_ms, ordinal",
    )?;
    let mut rows = statement.query(params![kind, import, extent.from_ms, extent.until_ms])?;
    let mut held = claims.sorted(kind).map(|(claim, _)| claim.key).peekable();
    let mut open: HashMap<u32, (Place, Place)> = HashMap::new();
    let mut beside = partly.stored;
    while let Some(row) = rows.next()? {
        let key = Key { start_ms: row.get(0)?, source: row.get(1)?, duration_ms: row.get(2)?, ordinal: row.get(3)? };
        while held.next_if(|claim| *claim < key).is_some() {}
        // Sources without a single claim have been written as one run, and of others nothing is missing.
        let Some(beside) = beside.get_mut(&key.source) else { continue };
        *beside = beside.saturating_sub(1);
        let place = (key.start_ms, key.duration_ms, i64::from(key.ordinal));
        if held.peek() == Some(&key) {
            if let Some(run) = open.remove(&key.source) {
                write(conn, import, kind, key.source, run)?;
            }
        } else {
            open.entry(key.source).or_insert((place, place)).1 = place;
        }
    }
    for (source, run) in open {
        write(conn, import, kind, source, run)?;
    }
    for (source, _) in beside.iter().filter(|(_, rows)| **rows > 0) {
        let (before, after) = ((extent.from_ms - 1, i64::MAX, LAST.2), (extent.until_ms + 1, i64::MIN, 0));
        write(conn, import, kind, *source, (FIRST, before))?;
        write(conn, import, kind, *source, (after, LAST))?;
    }
    Ok(())
}

fn write(conn: &Connection, import: i64, kind: u32, source: u32, (from, to): (Place, Place)) -> Result<()> {
    conn.prepare_cached(
        "INSERT INTO absences (import_id, kind_id, source_id, from_start_ms, from_duration_ms, from_ordinal,
             to_start_ms, to_duration_ms, to_ordinal) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?
    .execute(params![import, kind, source, from.0, from.1, from.2, to.0, to.1, to.2])?;
    Ok(())
}

/// What became of rows that `import` lacks.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub superseded: u64,
    pub kept: u64,
    /// Rows that count again.
    pub restored: u64,
    /// Rows that were looked at, had been there before and counted.
    seen: u64,
}

/// Decides a part anew after an import, and counts what it lacks.
pub(crate) fn reconcile_import(
    conn: &Connection,
    (kind, part): (u32, Part),
    live_before: u64,
    among: (&[ImportRef], i64),
    derived: &mut Derived,
) -> Result<Outcome> {
    let mut outcome = reconcile_part(conn, kind, part, among, derived)?;
    // The import lacks everything that lies elsewhere, and can say nothing about it.
    if part != Part::All {
        outcome.kept += live_before.saturating_sub(outcome.seen);
    }
    Ok(outcome)
}

/// Decides anew which rows of a kind are superseded, from the imports (oldest export first) alone.
pub(crate) fn reconcile(conn: &Connection, kind: u32, imports: &[ImportRef], derived: &mut Derived) -> Result<Outcome> {
    reconcile_part(conn, kind, Part::All, (imports, i64::MIN), derived)
}

fn reconcile_part(
    conn: &Connection,
    kind: u32,
    part: Part,
    (imports, import): (&[ImportRef], i64),
    derived: &mut Derived,
) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    decide(conn, kind, part, imports, &mut |Decided { row, superseded_by, presence }| {
        outcome.seen += u64::from(row.import_id < import && row.superseded_by.is_none());
        let lacked = row.import_id < import && !presence.holds(import, row.import_id, &row.key);
        if lacked && row.superseded_by.is_none() {
            match superseded_by {
                Some(_) => outcome.superseded += 1,
                None => outcome.kept += 1,
            }
        }
        if superseded_by != row.superseded_by {
            outcome.restored += u64::from(superseded_by.is_none());
            set_superseded(conn, kind, &row.key, superseded_by)?;
            derived.changed(kind, &row.key);
        }
        Ok(())
    })?;
    Ok(outcome)
}

/// A row and what follows for it from the imports.
pub(crate) struct Decided<'a> {
    pub row: &'a Row,
    pub superseded_by: Option<i64>,
    pub presence: &'a Presence,
}

/// Which rows of a kind are decided anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    All,
    /// Those that touch a stretch of time.
    Some(Stretch),
    Nothing,
}

impl Part {
    /// What a new import may have changed: it has a say only where it holds rows or covers time. Where it is older than
    /// all others, these have a say about its rows, and about no other.
    pub fn of(extent: Option<Stretch>) -> Self {
        extent.map_or(Self::Nothing, |extent| Self::Some(extent.and_near()))
    }
}

/// Decides what supersedes rows of a kind, from the imports (oldest export first) alone.
pub(crate) fn decide(
    conn: &Connection,
    kind: u32,
    part: Part,
    imports: &[ImportRef],
    each: &mut dyn FnMut(Decided<'_>) -> Result<()>,
) -> Result<()> {
    let wanted = match part {
        Part::All => Stretch::EVER,
        Part::Some(stretch) => stretch,
        Part::Nothing => return Ok(()),
    };
    // Rows may begin long before the time that they touch, and what covers them before that.
    let whole = part == Part::All;
    let rows_of = |stretch: Stretch| if whole { Ok(Some(Stretch::EVER)) } else { stretch.of_rows(conn, kind) };
    let Some(decided) = rows_of(wanted)? else { return Ok(()) };
    let Some(around) = rows_of(decided.and_near())? else { return Ok(()) };
    let presence = Presence::load(conn, kind)?;
    let snapshots: Vec<ImportRef> = imports.iter().filter(|i| i.is_snapshot()).copied().collect();
    // The oldest of all exports supersedes nothing.
    let oldest = imports.first().map(|import| import.id);
    let later: Vec<i64> = snapshots.iter().map(|snapshot| snapshot.id).filter(|id| Some(*id) != oldest).collect();
    let cover = Coverage::of(conn, Pages::between(kind, around), &later, &presence)?;
    let mut pages = Pages::between(kind, decided);
    while let Some(page) = pages.next(conn)? {
        for row in page.iter().filter(|row| wanted.touches(&row.key)) {
            let superseded_by = cover.superseder(row, imports, &snapshots, &presence);
            each(Decided { row, superseded_by, presence: &presence })?;
        }
    }
    Ok(())
}

fn set_superseded(conn: &Connection, kind: u32, key: &Key, by: Option<i64>) -> Result<()> {
    conn.prepare_cached(
        "UPDATE samples SET superseded_by = ?6
         WHERE kind_id = ?1 AND start_ms = ?2 AND source_id = ?3 AND duration_ms = ?4 AND ordinal = ?5",
    )?
    .execute(params![kind, key.start_ms, key.source, key.duration_ms, key.ordinal, by])?;
    Ok(())
}

/// The stretches of time that each snapshot covers, by source, as sorted disjoint intervals.
struct Coverage {
    intervals: BTreeMap<(i64, u32), Vec<(i64, i64)>>,
}

impl Coverage {
    fn of(conn: &Connection, mut pages: Pages, snapshots: &[i64], presence: &Presence) -> Result<Self> {
        let mut intervals: BTreeMap<(i64, u32), Vec<(i64, i64)>> = BTreeMap::new();
        while let Some(page) = pages.next(conn)? {
            for row in &page {
                let Stretch { from_ms, until_ms } = Stretch::of(&row.key).and_near();
                for snapshot in snapshots {
                    if presence.holds(*snapshot, row.import_id, &row.key) {
                        extend(intervals.entry((*snapshot, row.key.source)).or_default(), (from_ms, until_ms));
                    }
                }
            }
        }
        Ok(Self { intervals })
    }

    /// The oldest newer snapshot that lacks the row and covers its time.
    fn superseder(
        &self,
        row: &Row,
        imports: &[ImportRef],
        snapshots: &[ImportRef],
        presence: &Presence,
    ) -> Option<i64> {
        let holder = presence.newest_holder(imports, row.import_id, &row.key)?;
        let newer = snapshots.iter().filter(|snapshot| snapshot.rank() > holder.rank());
        newer.map(|s| s.id).find(|id| self.covers(*id, &row.key))
    }

    fn covers(&self, snapshot: i64, key: &Key) -> bool {
        let Some(intervals) = self.intervals.get(&(snapshot, key.source)) else { return false };
        overlaps(intervals, key.start_ms, key.end_ms())
    }
}

/// Whether `[start, end]` touches one of the sorted disjoint intervals.
pub(crate) fn overlaps(intervals: &[(i64, i64)], start: i64, end: i64) -> bool {
    let after = intervals.partition_point(|(from, _)| *from <= end);
    after > 0 && intervals[after - 1].1 >= start
}

/// Adds an interval; intervals come sorted by their start.
pub(crate) fn extend(intervals: &mut Vec<(i64, i64)>, (from, until): (i64, i64)) {
    match intervals.last_mut() {
        Some((_, last)) if from <= *last => *last = (*last).max(until),
        _ => intervals.push((from, until)),
    }
}

/// The rows of one kind, a page at a time, so that rows can be written in between.
pub(crate) struct Pages {
    kind: u32,
    starts: Stretch,
    after: Option<Key>,
    done: bool,
}

impl Pages {
    pub fn new(kind: u32) -> Self {
        Self::between(kind, Stretch::EVER)
    }

    /// Those that start in a stretch of time.
    fn between(kind: u32, starts: Stretch) -> Self {
        Self { kind, starts, after: None, done: false }
    }

    pub fn next(&mut self, conn: &Connection) -> Result<Option<Vec<Row>>> {
        if self.done {
            return Ok(None);
        }
        let sql = format!(
            "SELECT {COLUMNS} FROM samples
             WHERE kind_id = ?1 AND (start_ms, source_id, duration_ms, ordinal) > (?2, ?3, ?4, ?5) AND start_ms <= ?7
             ORDER BY start_ms, source_id, duration_ms, ordinal LIMIT ?6"
        );
        let after = match self.after {
            Some(k) => (k.start_ms, i64::from(k.source), k.duration_ms, i64::from(k.ordinal)),
            None => (self.starts.from_ms, -1, i64::MIN, -1),
        };
        let mut statement = conn.prepare_cached(&sql)?;
        let rows = statement.query_map(
            params![self.kind, after.0, after.1, after.2, after.3, PAGE as i64, self.starts.until_ms],
            Row::from_sql,
        )?;
        let page = rows.collect::<rusqlite::Result<Vec<_>>>()?;
        self.done = page.len() < PAGE;
        self.after = page.last().map(|row| row.key);
        Ok((!page.is_empty()).then_some(page))
    }
}
