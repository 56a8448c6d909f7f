//! Taking an import back as a whole: the store is then what it would be without it.

use health::time::Zones;
use rusqlite::{Connection, params};
use serde::Serialize;

use crate::cancel::{Cancel, Done};
use crate::copies::Holders;
use crate::derived::{self, Derived};
use crate::error::{ErrorKind, Result};
use crate::history::{ImportRef, Presence, live_imports, show_as};
use crate::open::Store;
use crate::pages::Pages;
use crate::query::zones::{forget_home, hand_home_on, zones};
use crate::report::HomeMoved;
use crate::rollup::Rule;
use crate::row::{FLAG_LOGGED, Row};
use crate::superseded::reconcile;
use crate::tellings::{Told, standing};
use crate::{acts, copies, entries, forget, members, names, peers, query, tellings, unite};

/// What an undo did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Undone {
    /// The import that was taken back.
    pub import: i64,
    /// Samples and entries that only this import held, copies that count among them.
    pub removed: u64,
    /// Samples that it had superseded and that count again, likewise.
    pub restored: u64,
    /// Samples that only it made count again, and that an older export supersedes now.
    pub superseded: u64,
    /// Where it moved the home zone, and with it days; else there is no such key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub home_zone: Option<HomeMoved>,
}

/// How far an undo or a check is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Steps {
    /// Steps done.
    pub done: u64,
    /// All steps: some for each kind, and some for what is around them.
    pub of: u64,
}

impl Store {
    /// Undoes an import. Its number stays in the list of imports, marked as undone; its file is not known any more.
    ///
    /// `progress` is called before each step and answers whether to go on; `cancel` stops it at any moment before the
    /// commit. Then, as on any error, the store stays as it was.
    pub fn undo(
        &mut self,
        import: i64,
        home_zone: &str,
        cancel: &Cancel,
        progress: &mut dyn FnMut(Steps) -> bool,
    ) -> Result<Undone> {
        let mut tell = |steps| if progress(steps) { cancel.check() } else { Err(ErrorKind::Cancelled.into()) };
        // Who reads meanwhile must not have to wait for this.
        self.settle()?;
        self.write(cancel, |tx| {
            let home = || query::settings::read(tx, "home_zone");
            let before = home()?;
            let undone = undo(tx, import, home_zone, &mut tell)?;
            Ok(Done::Commit(Undone { home_zone: HomeMoved::between(before, home()?), ..undone }))
        })
    }
}

fn undo(tx: &Connection, import: i64, home_zone: &str, tell: &mut dyn FnMut(Steps) -> Result<()>) -> Result<Undone> {
    check_stands(tx, import)?;
    if is_device(tx, import)? {
        return undo_device(tx, import, home_zone, tell);
    }
    let before = zones(tx, home_zone)?;
    let mut derived = Derived::default();
    let mut told = Told::begin(tx, &mut derived)?;
    tx.execute("UPDATE imports SET undone = 1 WHERE id = ?1", [import])?;
    let imports = live_imports(tx)?;
    let mut undone = Undone { import, ..Undone::default() };
    if imports.is_empty() {
        told.lift_all(tx, &mut derived)?;
        undone.removed += forget_everything(tx)?;
    }
    let kinds = kinds(tx)?;
    let of = kinds.len() as u64 + 1;
    for (kind, done) in kinds.into_iter().zip(0..) {
        tell(Steps { done, of })?;
        forget_rows(tx, kind, &imports, &mut undone, &mut derived)?;
        forget::images(tx, kind, &imports, import)?;
        let outcome = reconcile(tx, kind, &imports, &mut derived)?;
        undone.restored += outcome.restored;
        undone.superseded += outcome.superseded;
    }
    tell(Steps { done: of - 1, of })?;
    undone.removed += entries::forget_undone(tx, &imports, import)?;
    tx.execute(members::LOST, [])?;
    for table in ["rejects", "absences"] {
        tx.execute(&format!("DELETE FROM {table} WHERE import_id = ?1"), [import])?;
    }
    let sources = settle_names(tx, &imports, &before, &mut undone, &mut derived)?;
    entries::reconcile(tx, &imports)?;
    hand_home_on(tx, import)?;
    told.lay(tx, None, &mut derived)?;
    acts::hidden::apply(tx, &mut derived)?;
    derived.settle(tx, home_zone, &before)?;
    forget::unused(tx, &sources)?;
    if imports.is_empty() && !tellings::is_something_told(tx)? {
        forget_home(tx)?;
    }
    Ok(undone)
}

fn is_device(conn: &Connection, import: i64) -> Result<bool> {
    let mut statement = conn.prepare_cached("SELECT channel = 'phone' FROM imports WHERE id = ?1")?;
    Ok(statement.query_row([import], |row| row.get(0))?)
}

/// Takes back what a device told: it decides nothing between imports, so nothing of theirs is looked at.
fn undo_device(
    tx: &Connection,
    import: i64,
    home_zone: &str,
    tell: &mut dyn FnMut(Steps) -> Result<()>,
) -> Result<Undone> {
    tell(Steps { done: 0, of: 1 })?;
    let before = zones(tx, home_zone)?;
    let mut derived = Derived::default();
    let sources = tellings::tellers::sources(tx)?;
    tx.execute("UPDATE imports SET undone = 1 WHERE id = ?1", [import])?;
    let (stood, alone) = (standing::records(tx)?, standing::of_device_alone(tx, import)?);
    tellings::undo_device(tx, import, &mut derived)?;
    peers::deliveries::take_back(tx, import)?;
    peers::take_back_waiting_of(tx, import)?;
    let still = tellings::tellers::sources(tx)?;
    let sources: Vec<u32> = sources.into_iter().filter(|source| !still.contains(source)).collect();
    tx.execute("DELETE FROM rejects WHERE import_id = ?1", [import])?;
    hand_home_on(tx, import)?;
    acts::hidden::apply(tx, &mut derived)?;
    derived.settle(tx, home_zone, &before)?;
    forget::unused(tx, &sources)?;
    if live_imports(tx)?.is_empty() && !tellings::is_something_told(tx)? {
        forget_home(tx)?;
    }
    let removed = stood.saturating_sub(standing::records(tx)?) + alone;
    Ok(Undone { import, removed, ..Undone::default() })
}

/// An import that is there and was not undone.
fn check_stands(conn: &Connection, import: i64) -> Result<()> {
    let mut statement = conn.prepare("SELECT undone FROM imports WHERE id = ?1")?;
    match statement.query_map([import], |row| row.get(0))?.next().transpose()? {
        None => Err(ErrorKind::UnknownImport(import).into()),
        Some(true) => Err(ErrorKind::AlreadyUndone(import).into()),
        Some(false) => Ok(()),
    }
}

fn kinds(conn: &Connection) -> Result<Vec<u32>> {
    let mut statement = conn.prepare("SELECT id FROM kinds ORDER BY id")?;
    Ok(statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

/// Decides anew which names are one without what the undone import said. Returns the sources that may have nothing now.
fn settle_names(
    conn: &Connection,
    imports: &[ImportRef],
    zones: &Zones,
    undone: &mut Undone,
    derived: &mut Derived,
) -> Result<Vec<u32>> {
    let writers = names::decided_by(conn, undone.import)?;
    let mut sources = forget::names(conn, undone.import)?;
    let settled = unite::settle(conn, &writers, imports, zones, derived)?;
    undone.restored += settled.change.more;
    undone.superseded += settled.change.fewer;
    sources.extend(settled.sources);
    Ok(sources)
}

/// Removes rows that no live import holds; shows the others as the newest one has them.
fn forget_rows(
    conn: &Connection,
    kind: u32,
    imports: &[ImportRef],
    undone: &mut Undone,
    derived: &mut Derived,
) -> Result<()> {
    let presence = Presence::load(conn, kind)?;
    let rule = Rule::of(&derived::identifier(conn, kind)?);
    let holders = Holders { conn, kind, imports, presence: &presence };
    let import = undone.import;
    let mut pages = Pages::new(kind);
    while let Some(page) = pages.next(conn)? {
        for row in page.iter().filter(|row| presence.holds(import, row.import_id, &row.key)) {
            let removed = holders.only_in(import, row, rule)?;
            undone.removed += removed;
            match presence.newest_holder(imports, row.import_id, &row.key) {
                None => {
                    delete(conn, kind, row)?;
                    derived.changed(kind, &row.key);
                }
                Some(holder) => {
                    if rule.counts_copies(row.flags) && row.superseded_by.is_none() {
                        let (before, now) = (u64::from(row.image.copies), u64::from(holders.copies(holder.id, row)?));
                        undone.restored += now.saturating_sub(before);
                        undone.superseded += before.saturating_sub(now + removed);
                    }
                    show_as(conn, kind, row, holder, derived)?;
                }
            }
        }
    }
    Ok(())
}

fn delete(conn: &Connection, kind: u32, row: &Row) -> Result<()> {
    let key = &row.key;
    for table in ["samples", "sample_log"] {
        if table == "sample_log" && row.flags & FLAG_LOGGED == 0 {
            continue;
        }
        conn.prepare_cached(&format!(
            "DELETE FROM {table}
             WHERE kind_id = ?1 AND start_ms = ?2 AND source_id = ?3 AND duration_ms = ?4 AND ordinal = ?5"
        ))?
        .execute(params![kind, key.start_ms, key.source, key.duration_ms, key.ordinal])?;
    }
    Ok(())
}

/// No import is left: whole tables go at once; only what counts is counted before.
fn forget_everything(conn: &Connection) -> Result<u64> {
    let mut removed = conn.query_row("SELECT count(*) FROM entries", [], |row| row.get(0))?;
    for kind in kinds(conn)? {
        removed += copies::counted(conn, kind, true)?;
    }
    for table in ["correlation_members", "entry_log", "entries", "sample_log", "samples", "absences"] {
        conn.execute(&format!("DELETE FROM {table}"), [])?;
    }
    for table in ["daily", "merged", "hourly", "nights", "merge_orders", "series_summary"] {
        conn.execute(&format!("DELETE FROM {table}"), [])?;
    }
    Ok(removed)
}
