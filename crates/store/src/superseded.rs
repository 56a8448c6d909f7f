//! Which rows are superseded, and by whom.
//!
//! A later export is a full snapshot. A stored row that it lacks was rewritten where the export covers the row's
//! time with the same kind and source (superseded); where it does not, the row is kept: a new phone, deleted history.
//! Only the set of imports decides, never their order, but for near values that lie in a chain (see ARCHITECTURE.md).
//! Which rows an import lacks is written down in [`crate::absences`].

use std::collections::BTreeMap;

use rusqlite::{Connection, params};

use crate::acts;
use crate::copies::Holders;
use crate::derived::{self, Derived};
use crate::error::Result;
use crate::history::{ImportRef, Presence};
use crate::pages::Pages;
use crate::rollup::Rule;
use crate::row::{Key, Row};
use crate::stretch::Stretch;

/// What became of rows that `import` lacks; copies that count are counted like rows.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub superseded: u64,
    pub kept: u64,
    /// Rows that count again; those of them that nobody had before are new.
    pub restored: u64,
    /// What was looked at, had been there before and counted.
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
    let (imports, import) = among;
    let mut outcome = reconcile_part(conn, kind, part, (imports, Some(import)), derived)?;
    // The import lacks everything that lies elsewhere, and can say nothing about it.
    if part != Part::All {
        outcome.kept += live_before.saturating_sub(outcome.seen);
    }
    Ok(outcome)
}

/// Decides anew which rows of a kind are superseded, from the imports (oldest export first) alone.
pub(crate) fn reconcile(conn: &Connection, kind: u32, imports: &[ImportRef], derived: &mut Derived) -> Result<Outcome> {
    reconcile_part(conn, kind, Part::All, (imports, None), derived)
}

fn reconcile_part(
    conn: &Connection,
    kind: u32,
    part: Part,
    (imports, import): (&[ImportRef], Option<i64>),
    derived: &mut Derived,
) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    let rule = Rule::of(&derived::identifier(conn, kind)?);
    decide(conn, kind, part, imports, &mut |Decided { row, superseded_by, presence }| {
        let copies = u64::from(rule.copies(row.image.copies, row.flags));
        let counted = row.superseded_by.is_none();
        let there_before = import.is_none_or(|import| row.import_id < import);
        outcome.seen += if there_before && counted { copies } else { 0 };
        // An undo leaves no import that could hold it.
        let lacked = there_before && import.is_none_or(|import| !presence.holds(import, row.import_id, &row.key));
        match (counted, superseded_by) {
            (true, Some(_)) if lacked => outcome.superseded += copies,
            (true, None) if lacked => outcome.kept += copies,
            (false, None) => {
                let holders = Holders { conn, kind, imports, presence };
                let new = import.map_or(Ok(0), |import| holders.only_in(import, row, rule))?;
                outcome.restored += copies.saturating_sub(new);
            }
            _ => {}
        }
        if superseded_by != row.superseded_by {
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
            let by_import = cover.superseder(row, imports, &snapshots, &presence);
            let superseded_by = by_import.or(row.superseded_by.filter(|by| acts::hidden::is_owners(*by)));
            each(Decided { row, superseded_by, presence: &presence })?;
        }
    }
    Ok(())
}

/// Writes down what keeps a row from counting; none lets it count.
pub(crate) fn set_superseded(conn: &Connection, kind: u32, key: &Key, by: Option<i64>) -> Result<()> {
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
