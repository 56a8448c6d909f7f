//! Watches and phones that an import calls by another name than the imports before.

use std::collections::{BTreeMap, BTreeSet};

use health::{EntryKind, Problem};
use rusqlite::{Connection, params};

use super::Ingest;
use crate::claims::Claimant;
use crate::dictionary::KindRef;
use crate::error::Result;
use crate::history::{ImportRef, Presence};
use crate::names::{Told, Which};
use crate::pages::Pages;
use crate::rollup::Rule;
use crate::row::{OF_FILES, Row};
use crate::unite::{Change, Counted, Places};
use crate::{copies, derived, entries, instants, members, names, superseded, tellings, unite};

impl Ingest<'_> {
    /// Links sources that came with this import to the ones that they are. Returns the apps and hardware of which this
    /// does not tell enough.
    pub(super) fn link_renamed_sources(&mut self) -> Result<Told> {
        let mut told = self.told(Which::New)?;
        self.tell_too_large(told.too_large);
        let renamed = std::mem::take(&mut told.renamed);
        let linked = entries::with_members_of(self.conn, &renamed.iter().map(|(new, _)| *new).collect())?;
        for (new, old) in &renamed {
            for kind in brought_kinds(self.conn, *new, self.import)? {
                self.move_samples(kind, *new, *old)?;
            }
        }
        // A correlation is known by its members, which another source may have written.
        for (new, old) in renamed {
            for (kind, known) in entries::move_source(self.conn, self.import, &self.imports, new, old)? {
                self.known_after_all(&kind, known);
            }
            let new = BTreeSet::from([new]);
            unite::move_names(self.conn, &new, &Places::all(&new, old))?;
        }
        let known = entries::unite_equal(self.conn, &self.imports, &linked)?;
        self.known_after_all(EntryKind::Correlation.as_str(), known);
        Ok(told)
    }

    fn tell_too_large(&mut self, groups: u64) {
        if groups > 0 {
            let reason = names::TOO_MANY_NAMES;
            let problem = Problem { reason, position: None, kind: None, rejected: None, file: None, count: groups };
            self.report.add_problem(&problem);
        }
    }

    fn told(&self, which: Which) -> Result<Told> {
        names::told_by(self.conn, &self.dictionary, self.import, &self.imports, which)
    }

    fn move_samples(&mut self, kind: u32, new: u32, old: u32) -> Result<()> {
        let members = members::take(self.conn, kind, &BTreeSet::from([new]))?;
        let mut rows = take_rows(self.conn, kind, new, old)?;
        rows.iter().for_each(|row| self.derived.changed(kind, &row.key));
        let identifier = derived::identifier(self.conn, kind)?;
        let kind = KindRef { id: kind, rule: Rule::of(&identifier), identifier, had_rows: true };
        let mut counts = self.report.by_type.remove(&kind.identifier).unwrap_or_default();
        let moved = records(&kind, &rows);
        let duplicates = counts.counts.duplicates;
        counts.counts.new = counts.counts.new.saturating_sub(moved);
        self.merge(&kind, Claimant::TopLevel, &mut rows, &mut counts)?;
        members::relink(self.conn, kind.id, &members, &|_, _| old)?;
        // The repeats of these rows were counted when they first came.
        counts.counts.duplicates = duplicates;
        self.report.by_type.insert(kind.identifier, counts);
        Ok(())
    }

    fn known_after_all(&mut self, kind: &str, known: u64) {
        if let Some(kind) = EntryKind::ALL.into_iter().find(|k| k.as_str() == kind) {
            let counts = self.report.entries_mut(kind);
            counts.new = counts.new.saturating_sub(known);
            counts.known += known;
        }
    }

    /// Decides anew which names are one where this import says something about it, once it is known which rows it
    /// holds. Returns the kinds of which rows moved.
    pub(super) fn settle_names(&mut self, mut told: Told) -> Result<Vec<u32>> {
        told.anew.extend(self.told(Which::Known)?.anew);
        if told.anew.is_empty() {
            return Ok(Vec::new());
        }
        let entries = entries::brought_by(self.conn, self.import)?;
        // What is summed up so far tells which sources have which kinds.
        self.derive()?;
        let Some(places) = names::decide(self.conn, &told.anew, &self.imports)? else { return Ok(Vec::new()) };
        let sources = places.sources();
        tellings::lift_kinds_of(self.conn, &sources, &mut self.derived)?;
        let kinds = instants::kinds_of(self.conn, &sources)?;
        let (samples, counted) = (self.brought(&kinds, &sources)?, unite::counted(self.conn, &kinds)?);
        let new = self.new_records(&kinds)?;
        let kinds = unite::deal(self.conn, &places, &self.imports, &self.zones, &mut self.derived)?;
        for (kind, before) in samples {
            self.count_again(kind, before, &sources)?;
        }
        let now = entries::brought_by(self.conn, self.import)?;
        for (kind, before) in entries {
            self.known_after_all(&kind, before.saturating_sub(now.get(&kind).copied().unwrap_or(0)));
        }
        // So did they lie before this import: what it supersedes of them is counted from there.
        let before: Vec<ImportRef> = self.imports.iter().filter(|i| i.id != self.import).copied().collect();
        for kind in &kinds {
            superseded::reconcile(self.conn, *kind, &before, &mut self.derived)?;
        }
        // What is not new and counts now, or counts no more, comes of names that are one now, or two.
        let expected = with(counted, &self.new_records(&kinds)?);
        let found = with(unite::counted(self.conn, &kinds)?, &new);
        let change = Change::between(&expected, &found);
        self.report.restored += change.more;
        self.report.superseded += change.fewer;
        self.dictionary.new_sources.extend(sources);
        Ok(kinds)
    }

    /// What the report calls new of some kinds.
    fn new_records(&self, kinds: &[u32]) -> Result<Counted> {
        let of = |kind: &u32| {
            let identifier = derived::identifier(self.conn, *kind)?;
            Ok((*kind, self.report.by_type.get(&identifier).map_or(0, |counts| counts.counts.new)))
        };
        kinds.iter().map(of).collect()
    }

    /// How many samples of some sources only this import holds, by kind.
    fn brought(&self, kinds: &[u32], sources: &BTreeSet<u32>) -> Result<BTreeMap<u32, u64>> {
        let one = |kind: &u32| {
            let presence = Presence::load(self.conn, *kind)?;
            let rule = Rule::of(&derived::identifier(self.conn, *kind)?);
            let mut pages = Pages::new(*kind);
            let mut brought = 0;
            while let Some(page) = pages.next(self.conn)? {
                for row in page.iter().filter(|row| sources.contains(&row.key.source)) {
                    let holders =
                        copies::Holders { conn: self.conn, kind: *kind, imports: &self.imports, presence: &presence };
                    brought += holders.only_in(self.import, row, rule)?;
                }
            }
            Ok((*kind, brought))
        };
        kinds.iter().map(one).collect()
    }

    fn count_again(&mut self, kind: u32, before: u64, sources: &BTreeSet<u32>) -> Result<()> {
        let now = self.brought(&[kind], sources)?.get(&kind).copied().unwrap_or(0);
        if let Some(counts) = self.report.by_type.get_mut(&derived::identifier(self.conn, kind)?) {
            let known = before.saturating_sub(now).min(counts.counts.new);
            let new = now.saturating_sub(before).min(counts.counts.known);
            counts.counts.new = counts.counts.new + new - known;
            counts.counts.known = counts.counts.known + known - new;
        }
        Ok(())
    }
}

/// The sum of both, kind by kind.
fn with(mut counted: Counted, others: &Counted) -> Counted {
    others.iter().for_each(|(kind, more)| *counted.entry(*kind).or_default() += more);
    counted
}

/// The kinds that a source brought with an import.
fn brought_kinds(conn: &Connection, source: u32, import: i64) -> Result<Vec<u32>> {
    let mut statement = conn.prepare_cached(
        "SELECT k.id FROM kinds k WHERE EXISTS
             (SELECT 1 FROM samples s WHERE s.kind_id = k.id AND s.source_id = ?1 AND s.import_id = ?2) ORDER BY k.id",
    )?;
    let rows = statement.query_map(params![source, import], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Takes a source's rows of one kind out of the table, as rows of another source that have no place there yet.
fn take_rows(conn: &Connection, kind: u32, from: u32, to: u32) -> Result<Vec<Row>> {
    let sql = format!("SELECT {OF_FILES} FROM samples WHERE kind_id = ?1 AND source_id = ?2");
    let mut statement = conn.prepare_cached(&sql)?;
    let rows = statement.query_map([kind, from], |row| {
        let mut row = Row::from_sql(row)?;
        row.key.source = to;
        row.key.ordinal = 0;
        Ok(row)
    })?;
    let rows = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    conn.prepare_cached("DELETE FROM samples WHERE kind_id = ?1 AND source_id = ?2")?.execute([kind, from])?;
    Ok(rows)
}

/// How many records rows stand for in the report's `new`.
fn records(kind: &KindRef, rows: &[Row]) -> u64 {
    let counts_copies = |row: &Row| kind.rule.counts_copies(row.flags);
    rows.iter().map(|row| if counts_copies(row) { u64::from(row.image.copies) } else { 1 }).sum()
}
