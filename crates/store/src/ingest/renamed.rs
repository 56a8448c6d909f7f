//! Watches and phones that an import calls by another name than the imports before.

use std::collections::{BTreeMap, BTreeSet};

use health::EntryKind;

use super::Ingest;
use crate::claims::Claimant;
use crate::dictionary::KindRef;
use crate::error::Result;
use crate::history::{ImportRef, Presence};
use crate::names::{Told, Which};
use crate::rollup::Rule;
use crate::unite::Places;
use crate::{absences, copies, derived, entries, link, members, names, unite};

impl Ingest<'_> {
    /// Links sources that came with this import to the ones that they are. Returns the apps and hardware of which this
    /// does not tell enough.
    pub(super) fn link_renamed_sources(&mut self) -> Result<Told> {
        let mut told = self.told(Which::New)?;
        for (new, old) in std::mem::take(&mut told.renamed) {
            for kind in link::kinds_of(self.conn, new, self.import)? {
                self.move_samples(kind, new, old)?;
            }
            for (kind, known) in entries::move_source(self.conn, self.import, &self.imports, new, old)? {
                self.known_after_all(&kind, known);
            }
            let new = BTreeSet::from([new]);
            link::move_names(self.conn, &new, &Places::all(&new, old))?;
        }
        Ok(told)
    }

    fn told(&self, which: Which) -> Result<Told> {
        names::told_by(self.conn, &self.dictionary, self.import, &self.imports, which)
    }

    fn move_samples(&mut self, kind: u32, new: u32, old: u32) -> Result<()> {
        let members = members::take(self.conn, kind, &BTreeSet::from([new]))?;
        let mut rows = link::take_rows(self.conn, kind, new, old)?;
        rows.iter().for_each(|row| self.derived.changed(kind, &row.key));
        let identifier = derived::identifier(self.conn, kind)?;
        let kind = KindRef { id: kind, rule: Rule::of(&identifier), identifier, had_rows: true };
        let mut counts = self.report.by_type.remove(&kind.identifier).unwrap_or_default();
        let moved = link::copies(&kind, &rows);
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
        // What is summed up so far tells which sources have which kinds.
        self.derive()?;
        let Some(places) = names::decide(self.conn, &told.anew, &self.imports)? else { return Ok(Vec::new()) };
        let sources = places.sources();
        let of_kinds = unite::kinds_of(self.conn, &sources)?;
        let samples = self.brought(&of_kinds, &sources)?;
        let entries = entries::brought_by(self.conn, self.import)?;
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
            absences::reconcile(self.conn, *kind, &before, &mut self.derived)?;
        }
        self.dictionary.new_sources.extend(sources);
        Ok(kinds)
    }

    /// How many samples of some sources only this import holds, by kind.
    fn brought(&self, kinds: &[u32], sources: &BTreeSet<u32>) -> Result<BTreeMap<u32, u64>> {
        let one = |kind: &u32| {
            let presence = Presence::load(self.conn, *kind)?;
            let rule = Rule::of(&derived::identifier(self.conn, *kind)?);
            let mut pages = absences::Pages::new(*kind);
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
