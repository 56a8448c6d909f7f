//! What an ingest does once the last batch is in: members and their twins, renamed sources, absences, the days.

use std::collections::BTreeSet;

use health::time::format_instant;
use health::{Batch, Sample};

use super::Ingest;
use super::rows::at;
use super::waiting::Owner;
use crate::absences::Repeated;
use crate::claims::Claimant;
use crate::copies::Holders;
use crate::error::{ErrorKind, Result};
use crate::history::{self, History, ImportRef, Presence, live_imports, row_at};
use crate::members::Members;
use crate::query::zones::COMPUTER_ZONE;
use crate::report::Report;
use crate::rollup::Rule;
use crate::superseded::Part;
use crate::{absences, acts, derived, entries, forget, members, query, superseded, tellings};

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
                    self.keep_entry(&entry, source, same.as_slice())?
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
            let kind = self.kind(kind)?;
            let mut counts = self.report.by_type.remove(&kind.identifier).unwrap_or_default();
            let merged = self.merge(&kind, Claimant::Member, &mut rows, &mut counts)?;
            if counts.read > 0 {
                self.report.by_type.insert(kind.identifier.clone(), counts);
            }
            self.tell_refused(&kind, &merged)?;
            members.extend(merged.keys.into_iter().map(|key| (kind.id, key)));
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
                (Some(kind), Some(source)) => {
                    members::source_of_twin(self.conn, kind, (source, self.import), sample, &self.claims)?
                }
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
        self.variants.settle(self.conn, &self.imports)?;
        let told = self.link_renamed_sources()?;
        let lacking = self.find_absences()?;
        let moved = BTreeSet::from_iter(self.settle_names(told)?);
        self.reconcile(lacking, &moved)?;
        let ids = |imports: &[ImportRef]| imports.iter().map(|import| import.id).collect::<Vec<_>>();
        if ids(&thought) != ids(&self.imports) {
            self.show_newest()?;
        }
        entries::reconcile(self.conn, &self.imports)?;
        self.lay_tellings()?;
        self.report.hidden = acts::hidden::apply(self.conn, &mut self.derived)?;
        let wiped = acts::hidden::wipe(self.conn, self.delivery.now_ms, &mut self.derived)?;
        self.derive()?;
        forget::unused_sources(self.conn, &self.dictionary.new_sources)?;
        self.dictionary.create_views(self.conn)?;
        if wiped {
            forget::unused(self.conn, &[])?;
        }
        self.close()
    }

    /// What phones tell comes over what the imports say; a row that one had told is known.
    fn lay_tellings(&mut self) -> Result<()> {
        let told_too = std::mem::take(&mut self.told).lay(self.conn, Some(self.import), &mut self.derived)?;
        for (kind, told) in told_too.samples {
            let identifier = derived::identifier(self.conn, kind)?;
            if let Some(kind) = self.report.by_type.get_mut(&identifier) {
                let told = told.min(kind.counts.new);
                kind.counts.new -= told;
                kind.counts.known += told;
            }
        }
        for (kind, told) in told_too.entries {
            let counts = self.report.entries_mut(kind);
            let told = told.min(counts.new);
            counts.new -= told;
            counts.known += told;
        }
        Ok(())
    }

    /// Only the end of the input told where it stands among the imports, by its date or its fingerprint.
    fn show_newest(&mut self) -> Result<()> {
        for kind in absences::stored(self.conn, &tellings::Beside::default())? {
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
    pub(super) fn derive(&mut self) -> Result<()> {
        query::zones::find_stays(self.conn, self.delivery.home_zone)?;
        let zones = self.derived.rezone(self.conn, self.delivery.home_zone, &self.zones)?;
        self.zones = zones;
        self.derived.rebuild(self.conn, &self.zones)
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
            match rule.counts_copies(flags) {
                true => self.claims.other_copies(kind, row.key),
                false => repeats += row.times - 1,
            }
        }
        Ok(repeats)
    }

    /// Writes down what this import lacks. Returns the kinds of which it may supersede rows, with the part that is
    /// decided anew and the rows that counted.
    fn find_absences(&mut self) -> Result<Vec<(u32, Part, u64)>> {
        let newest = self.imports.last().is_some_and(|newest| newest.id == self.import);
        let mut kinds = Vec::new();
        for before in std::mem::take(&mut self.stored_before) {
            let found = absences::find(self.conn, &self.claims, &before, self.import)?;
            let (kind, identifier) = (before.kind, &before.identifier);
            let repeats = self.settle(kind, &found.repeated)?;
            self.count_copies(kind, identifier)?;
            if let Some(counts) = self.report.by_type.get_mut(identifier) {
                counts.counts.known = counts.counts.known.saturating_sub(repeats);
                counts.counts.duplicates += repeats;
            }
            let touched = self.derived.touched(kind);
            if found.absent || self.claims.revives(kind) || (!newest && touched) {
                let part = Part::of(self.claims.extent(kind));
                kinds.push((kind, part, before.live));
            }
        }
        Ok(kinds)
    }

    /// Counts samples of which this import has more or fewer than the imports before.
    fn count_copies(&mut self, kind: u32, identifier: &str) -> Result<()> {
        let keys = self.claims.take_other_copies(kind);
        if keys.is_empty() {
            return Ok(());
        }
        let presence = Presence::load(self.conn, kind)?;
        let holders = Holders { conn: self.conn, kind, imports: &self.imports, presence: &presence };
        let rule = Rule::of(identifier);
        for key in keys {
            let row = row_at(self.conn, kind, &key)?;
            let new = holders.only_in(self.import, &row, rule)?;
            if let Some(counts) = self.report.by_type.get_mut(identifier) {
                let new = new.min(counts.counts.known);
                counts.counts.new += new;
                counts.counts.known -= new;
            }
            if row.superseded_by.is_none() {
                let (before, now) = holders.counted(self.import, &row)?;
                self.report.superseded += before.saturating_sub(now);
                self.report.restored += now.saturating_sub(before + new);
            }
        }
        Ok(())
    }

    /// Decides anew what counts: of kinds whose rows `moved` from source to source all of it.
    fn reconcile(&mut self, lacking: Vec<(u32, Part, u64)>, moved: &BTreeSet<u32>) -> Result<()> {
        let others = lacking.into_iter().filter(|(kind, ..)| !moved.contains(kind));
        let kinds: Vec<(u32, Part, u64)> = others.chain(moved.iter().map(|kind| (*kind, Part::All, 0))).collect();
        for (kind, part, live) in kinds {
            let among = (self.imports.as_slice(), self.import);
            let outcome = superseded::reconcile_import(self.conn, (kind, part), live, among, &mut self.derived)?;
            self.report.superseded += outcome.superseded;
            self.report.kept += outcome.kept;
            self.report.restored += outcome.restored;
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
        let mut json = serde_json::to_value(&self.report).map_err(|e| ErrorKind::Damaged(e.to_string()))?;
        // An undo may make this the first import, which finds the home zone.
        json[COMPUTER_ZONE] = self.delivery.home_zone.into();
        self.write_import(&json.to_string())?;
        Ok(self.report)
    }
}
