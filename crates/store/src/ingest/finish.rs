//! What an ingest does once the last batch is in: members and their twins, renamed sources, absences, the days.

use std::collections::BTreeSet;

use health::time::format_instant;
use health::{Batch, EntryKind, Sample};

use super::Ingest;
use super::rows::at;
use super::waiting::Owner;
use crate::absences::{Part, Repeated};
use crate::claims::Claimant;
use crate::dictionary::KindRef;
use crate::error::{ErrorKind, Result};
use crate::history::{self, History, ImportRef, live_imports};
use crate::members::Members;
use crate::report::Report;
use crate::rollup::Rule;
use crate::{absences, derived, entries, link, members, query};

impl Ingest<'_> {
    /// Links the members of correlations to their twins at top level; one without a twin is a sample of its own.
    pub(super) fn link_members(&mut self) -> Result<()> {
        for (owner, batch) in self.waiting.take() {
            for problem in &batch.problems {
                self.problem(problem)?;
            }
            let members = self.merge_members(&batch)?;
            let entry = match owner {
                Owner::Nobody => continue,
                Owner::Entry(id) => id,
                Owner::Like(entry, source) => {
                    let alike = entries::alike(self.conn, &entry, source)?;
                    let same = entries::of_members(self.conn, self.import, &alike, &members)?;
                    self.keep_entry(&entry, source, same)?
                }
            };
            for (kind, key) in &members {
                members::add(self.conn, entry, *kind, key)?;
            }
        }
        Ok(())
    }

    /// Merges records inside another element: only those without a twin are new.
    fn merge_members(&mut self, batch: &Batch) -> Result<Members> {
        let sources = self.sources_of_members(batch)?;
        let mut members = Members::new();
        for (kind, mut rows) in self.rows_with(batch, sources.into_iter())? {
            let kind = self.kind(kind);
            let mut counts = self.report.by_type.remove(&kind.identifier).unwrap_or_default();
            let keys = self.merge(&kind, Claimant::Member, &mut rows, &mut counts)?;
            if counts.read > 0 {
                self.report.by_type.insert(kind.identifier, counts);
            }
            members.extend(keys.into_iter().map(|key| (kind.id, key)));
        }
        Ok(members)
    }

    /// Who wrote each sample: its twin's source, or that of another one by the same name beside it.
    fn sources_of_members(&mut self, batch: &Batch) -> Result<Vec<u32>> {
        let mut twins = Vec::with_capacity(batch.samples.len());
        let mut known: Vec<Option<u32>> = vec![None; batch.sources.len()];
        for sample in &batch.samples {
            let (kind, source) = (sample.kind as usize, sample.source as usize);
            let twin = match (batch.kinds.get(kind), batch.sources.get(source)) {
                (Some(kind), Some(source)) => members::source_of_twin(self.conn, kind, &source.name, sample)?,
                _ => None,
            };
            if let Some(known) = known.get_mut(source) {
                *known = known.or(twin);
            }
            twins.push(twin);
        }
        let others = batch.sources.iter().zip(known).map(|(source, known)| match known {
            Some(known) => Ok(known),
            None => self.dictionary.source(self.conn, source),
        });
        let others = others.collect::<Result<Vec<_>>>()?;
        let own = |(sample, twin): (&Sample, Option<u32>)| twin.unwrap_or_else(|| at(&others, sample.source));
        Ok(batch.samples.iter().zip(twins).map(own).collect())
    }

    pub(super) fn finish(mut self) -> Result<Report> {
        self.link_members()?;
        self.write_import("")?;
        let thought = std::mem::replace(&mut self.imports, live_imports(self.conn)?);
        self.history = None;
        let linked = self.link_renamed_sources()?;
        self.find_absences(linked)?;
        let ids = |imports: &[ImportRef]| imports.iter().map(|import| import.id).collect::<Vec<_>>();
        if ids(&thought) != ids(&self.imports) {
            self.show_newest()?;
        }
        entries::reconcile(self.conn, &self.imports)?;
        self.derive()?;
        link::forget_unused(self.conn, &self.dictionary.new_sources)?;
        self.dictionary.create_views(self.conn)?;
        self.close()
    }

    /// Only the end of the input told where it stands among the imports, by its date or its fingerprint.
    fn show_newest(&mut self) -> Result<()> {
        for kind in absences::stored(self.conn)? {
            history::show_newest(self.conn, kind.kind, &self.imports, &mut self.derived)?;
        }
        entries::show_newest_of(self.conn, &self.imports, self.import)
    }

    /// The samples are in, as far as the reader knows: what follows from them is computed while it reads the rest.
    pub(super) fn samples_end(&mut self) -> Result<()> {
        self.link_members()?;
        self.derive()?;
        // Should more samples come all the same, they find rows.
        self.dictionary.known_kinds.values_mut().for_each(|kind| kind.had_rows = true);
        Ok(())
    }

    /// Computes what was touched since the last time, in the zones as they are known now.
    fn derive(&mut self) -> Result<()> {
        query::zones::find_stays(self.conn, self.delivery.home_zone)?;
        let zones = self.derived.rezone(self.conn, self.delivery.home_zone, &self.zones)?;
        self.zones = zones;
        self.derived.rebuild(self.conn, &self.zones)
    }

    /// Returns whether there were any.
    fn link_renamed_sources(&mut self) -> Result<bool> {
        let renamed = link::renamed(self.conn, &self.dictionary)?;
        for (new, old) in renamed.iter().copied() {
            for kind in link::kinds_of(self.conn, new, self.import)? {
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
                members::relink(self.conn, kind.id, old, &members)?;
                // The repeats of these rows were counted when they first came.
                counts.counts.duplicates = duplicates;
                self.report.by_type.insert(kind.identifier, counts);
            }
            for (kind, known) in entries::move_source(self.conn, self.import, &self.imports, new, old)? {
                if let Some(kind) = EntryKind::ALL.into_iter().find(|k| k.as_str() == kind) {
                    let counts = self.report.entries_mut(kind);
                    counts.new = counts.new.saturating_sub(known);
                    counts.known += known;
                }
            }
            link::move_names(self.conn, new, old)?;
        }
        Ok(!renamed.is_empty())
    }

    /// Settles how samples look that several batches held. Returns how many of those rows were repeats of no account.
    fn settle(&mut self, kind: u32, repeated: &[Repeated]) -> Result<u64> {
        let rule = derived::rule(self.conn, kind)?;
        let mut history = History::new(self.import, self.imports.clone());
        let mut repeats = 0;
        for row in repeated {
            let (flags, changed) = history.settle(self.conn, kind, row)?;
            if changed {
                self.derived.mark(kind, &row.key);
            }
            if !rule.counts_copies(flags) {
                repeats += row.times - 1;
            }
        }
        Ok(repeats)
    }

    /// What this import lacks, and what follows from that; where sources were `linked`, for all rows of a kind.
    fn find_absences(&mut self, linked: bool) -> Result<()> {
        let newest = self.imports.last().is_some_and(|newest| newest.id == self.import);
        for before in std::mem::take(&mut self.stored_before) {
            let found = absences::find(self.conn, &self.claims, &before, self.import)?;
            let (kind, identifier) = (before.kind, &before.identifier);
            let repeats = self.settle(kind, &found.repeated)?;
            if let Some(counts) = self.report.by_type.get_mut(identifier) {
                counts.counts.known = counts.counts.known.saturating_sub(repeats);
                counts.counts.duplicates += repeats;
            }
            if found.only_members > 0 {
                let counts = self.report.by_type.entry(identifier.clone()).or_default();
                counts.read += found.only_members;
                counts.counts.known += found.only_members;
            }
            let touched = self.derived.touched(kind);
            if found.absent || self.claims.revives(kind) || (!newest && touched) {
                let among = (self.imports.as_slice(), self.import);
                let part = if linked { Part::All } else { Part::of(self.claims.extent(kind), among.0, among.1) };
                let outcome = absences::reconcile_import(self.conn, &before, part, among, &mut self.derived)?;
                self.report.superseded += outcome.superseded;
                self.report.kept += outcome.kept;
            }
        }
        Ok(())
    }

    fn close(mut self) -> Result<Report> {
        let d = &self.document;
        self.report.export_date = d.export_date_ms.map(format_instant);
        self.report.locale.clone_from(&d.locale);
        self.report.export_version = d.version;
        self.report.xml_bytes = d.xml_bytes;
        self.report.import = (!self.delivery.dry_run).then_some(self.import);
        self.report.outcome = if self.delivery.dry_run { super::DRY_RUN } else { "imported" }.to_owned();
        self.report.total();
        let json = serde_json::to_string(&self.report).map_err(|e| ErrorKind::Damaged(e.to_string()))?;
        self.write_import(&json)?;
        Ok(self.report)
    }
}
