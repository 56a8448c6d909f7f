//! The one way in: a delivery of batches becomes rows, in one transaction that happens wholly or not at all.

use std::collections::HashMap;

use health::batch::NONE;
use health::time::{Zones, format_instant};
use health::whereabouts::likely_zone;
use health::{Batch, Document, Entry, EntryKind, Problem, Source};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use crate::claims::{Claimant, Claims};
use crate::derived::Derived;
use crate::dictionary::{Dictionary, KindRef};
use crate::error::{ErrorKind, Result};
use crate::history::{History, ImportRef, live_imports};
use crate::open::Store;
use crate::report::{KindCounts, Report};
use crate::rollup::Rule;
use crate::row::{FLAG_USER_ENTERED, Image, Key, Row};
use crate::samples::Merge;
use crate::{absences, entries, link, query};

/// Rejected records kept with their text, per import; all are counted.
pub const REJECTS_KEPT: u64 = 10_000;

/// What is being ingested, besides the batches.
#[derive(Debug, Clone)]
pub struct Delivery<'a> {
    /// File name without its folder.
    pub file: Option<&'a str>,
    /// When: milliseconds since 1970 in UTC.
    pub now_ms: i64,
    /// IANA name of the home zone where neither a setting nor the samples tell one.
    pub home_zone: &'a str,
    /// Report only, change nothing.
    pub dry_run: bool,
}

/// How far an ingest has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Records merged so far.
    pub records: u64,
    /// Input read so far, in the measure of `total_bytes`.
    pub bytes: u64,
    /// Size of the input, where known.
    pub total_bytes: Option<u64>,
}

impl Store {
    /// Ingests every batch that `next` yields. `progress` is called after each batch and answers whether to go on.
    ///
    /// Atomic: on any error, on a stop and in a dry run the store stays as it was. The same input again changes
    /// nothing and is recognised by its fingerprint.
    pub fn ingest(
        &mut self,
        delivery: &Delivery<'_>,
        next: &mut dyn FnMut() -> health::Result<Option<Batch>>,
        progress: &mut dyn FnMut(Progress) -> bool,
    ) -> Result<Report> {
        let tx = self.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let report = Ingest::begin(&tx, delivery)?.run(next, progress)?;
        if delivery.dry_run || report.outcome == ALREADY {
            tx.rollback()?;
            return Ok(report);
        }
        tx.commit()?;
        self.checkpoint()?;
        Ok(report)
    }
}

const ALREADY: &str = "already_imported";

struct Ingest<'a> {
    conn: &'a Connection,
    delivery: &'a Delivery<'a>,
    import: i64,
    document: Document,
    dictionary: Dictionary,
    claims: Claims,
    derived: Derived,
    history: Option<History>,
    tails: HashMap<u32, i64>,
    /// Live imports, oldest export first, this one among them once the document's date is known.
    imports: Vec<ImportRef>,
    zones_before: Zones,
    members: Vec<(i64, Batch)>,
    rejects_kept: u64,
    report: Report,
}

impl<'a> Ingest<'a> {
    fn begin(conn: &'a Connection, delivery: &'a Delivery<'a>) -> Result<Self> {
        let import = conn
            .prepare_cached(
                "INSERT INTO imports (channel, file, at_ms, complete, report) VALUES ('file', ?1, ?2, 0, '')
                 RETURNING id",
            )?
            .query_row(params![delivery.file, delivery.now_ms], |row| row.get(0))?;
        Ok(Self {
            conn,
            delivery,
            import,
            document: Document::default(),
            dictionary: Dictionary::new(import),
            claims: Claims::default(),
            derived: Derived::default(),
            history: None,
            tails: HashMap::new(),
            imports: Vec::new(),
            zones_before: zones(conn, delivery.home_zone)?,
            members: Vec::new(),
            rejects_kept: 0,
            report: Report { file: delivery.file.map(str::to_owned), ..Report::default() },
        })
    }

    fn run(
        mut self,
        next: &mut dyn FnMut() -> health::Result<Option<Batch>>,
        progress: &mut dyn FnMut(Progress) -> bool,
    ) -> Result<Report> {
        while let Some(mut batch) = next()? {
            if let Some(document) = batch.document.take() {
                self.document = document;
                if let Some(report) = self.known_file()? {
                    return Ok(report);
                }
            }
            if self.history.is_none() && !(batch.samples.is_empty() && batch.entries.is_empty()) {
                self.place_among_imports()?;
            }
            let (records, bytes) = (batch.records_read, batch.bytes_read);
            self.batch(batch)?;
            if !progress(Progress { records, bytes, total_bytes: self.document.total_bytes }) {
                return Err(ErrorKind::Cancelled.into());
            }
        }
        if self.history.is_none() {
            self.place_among_imports()?;
        }
        self.finish()
    }

    /// The report of an earlier import of the same file, if it stands.
    fn known_file(&self) -> Result<Option<Report>> {
        let Some(fingerprint) = &self.document.fingerprint else { return Ok(None) };
        let earlier: Option<(i64, String)> = self
            .conn
            .prepare_cached(
                "SELECT id, report FROM imports WHERE fingerprint = ?1 AND undone = 0 AND id <> ?2 ORDER BY id LIMIT 1",
            )?
            .query_row(params![fingerprint, self.import], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((id, json)) = earlier else { return Ok(None) };
        let mut report: Report = serde_json::from_str(&json).unwrap_or_default();
        report.outcome = ALREADY.to_owned();
        report.import = Some(id);
        report.file = self.delivery.file.map(str::to_owned);
        for kind in report.by_type.values_mut() {
            let c = &mut kind.counts;
            (c.known, c.new, c.replaced) = (c.new + c.known + c.replaced, 0, 0);
        }
        for kind in EntryKind::ALL {
            let c = report.entries_mut(kind);
            (c.known, c.new, c.replaced) = (c.new + c.known + c.replaced, 0, 0);
        }
        report.total();
        Ok(Some(report))
    }

    fn place_among_imports(&mut self) -> Result<()> {
        self.write_import("")?;
        self.imports = live_imports(self.conn)?;
        if let (Some(at_ms), Some(offset_s)) = (self.document.export_date_ms, self.document.offset_s) {
            let locale = self.document.locale.as_deref();
            let guess = likely_zone(locale, offset_s, at_ms, self.delivery.home_zone);
            self.zones_before = query::zones::zones(self.conn, guess)?;
        }
        self.history = Some(History::new(self.import, self.imports.clone()));
        Ok(())
    }

    fn write_import(&self, report: &str) -> Result<()> {
        let d = &self.document;
        self.conn
            .prepare_cached(
                "UPDATE imports SET fingerprint = ?2, export_date_ms = ?3, locale = ?4, export_version = ?5,
                     complete = ?6, report = ?7 WHERE id = ?1",
            )?
            .execute(params![self.import, d.fingerprint, d.export_date_ms, d.locale, d.version, d.complete, report])?;
        Ok(())
    }

    fn batch(&mut self, mut batch: Batch) -> Result<()> {
        for problem in std::mem::take(&mut batch.problems) {
            self.problem(&problem)?;
        }
        let entries = std::mem::take(&mut batch.entries);
        for (kind, mut rows) in self.rows(&batch)? {
            let kind = self.kind(kind);
            let mut counts = self.report.by_type.remove(&kind.identifier).unwrap_or_default();
            counts.read += rows.len() as u64;
            self.merge(&kind, Claimant::TopLevel, &mut rows, &mut counts)?;
            self.report.by_type.insert(kind.identifier, counts);
        }
        for entry in entries {
            self.entry(entry)?;
        }
        Ok(())
    }

    fn merge(
        &mut self,
        kind: &KindRef,
        claimant: Claimant,
        rows: &mut Vec<Row>,
        counts: &mut KindCounts,
    ) -> Result<Vec<Key>> {
        let history = self.history.get_or_insert_with(|| History::new(self.import, self.imports.clone()));
        let mut merge = Merge {
            conn: self.conn,
            import_id: self.import,
            claims: &mut self.claims,
            derived: &mut self.derived,
            history,
            tails: &mut self.tails,
            zones: &self.zones_before,
        };
        merge.run(kind, claimant, rows, counts)
    }

    fn kind(&self, id: u32) -> KindRef {
        let unknown = || KindRef { id, identifier: String::new(), rule: Rule::of(""), had_rows: true };
        self.dictionary.known_kinds.get(&id).cloned().unwrap_or_else(unknown)
    }

    fn problem(&mut self, problem: &Problem) -> Result<()> {
        self.report.add_problem(problem);
        if let Some(raw) = &problem.rejected
            && self.rejects_kept < REJECTS_KEPT
        {
            self.rejects_kept += 1;
            self.conn
                .prepare_cached(
                    "INSERT INTO rejects (import_id, position, reason, kind, raw) VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute(params![self.import, problem.position.map(|p| p as i64), problem.reason, problem.kind, raw])?;
        }
        Ok(())
    }

    /// The batch's samples as rows, by kind.
    fn rows(&mut self, batch: &Batch) -> Result<Vec<(u32, Vec<Row>)>> {
        let sources = batch.sources.iter().map(|s| self.dictionary.source(self.conn, s)).collect::<Result<Vec<_>>>()?;
        self.rows_with(batch, &|sample| at(&sources, sample.source))
    }

    fn rows_with(&mut self, batch: &Batch, source_of: &dyn Fn(&health::Sample) -> u32) -> Result<Vec<(u32, Vec<Row>)>> {
        let (conn, dictionary) = (self.conn, &mut self.dictionary);
        let mut units: Vec<Option<&str>> = vec![None; batch.kinds.len()];
        for sample in &batch.samples {
            if let (Some(unit), Some(origin)) =
                (units.get_mut(sample.kind as usize), batch.origins.get(sample.origin as usize))
                && unit.is_none()
            {
                *unit = origin.unit.as_deref();
            }
        }
        let kinds: Vec<u32> = batch
            .kinds
            .iter()
            .zip(&units)
            .map(|(kind, unit)| dictionary.kind(conn, kind, *unit))
            .collect::<Result<_>>()?;
        let origins: Vec<u32> = batch.origins.iter().map(|o| dictionary.origin(conn, o)).collect::<Result<_>>()?;
        let texts: Vec<u32> = batch.texts.iter().map(|t| dictionary.text(conn, t)).collect::<Result<_>>()?;
        let details: Vec<i64> = batch.details.iter().map(|d| dictionary.details(conn, d)).collect::<Result<_>>()?;
        let mut rows: Vec<(u32, Vec<Row>)> = kinds.iter().map(|kind| (*kind, Vec::new())).collect();
        for sample in &batch.samples {
            let Some((_, rows)) = rows.get_mut(sample.kind as usize) else { continue };
            rows.push(Row {
                key: Key {
                    start_ms: sample.start_ms,
                    source: source_of(sample),
                    duration_ms: sample.end_ms.saturating_sub(sample.start_ms),
                    ordinal: 0,
                },
                text: (sample.text != NONE).then(|| at(&texts, sample.text)),
                image: Image {
                    // Adding zero makes minus zero zero.
                    value: sample.value.filter(|value| value.is_finite()).map(|value| value + 0.0),
                    original: sample.original.filter(|value| value.is_finite()),
                    origin: at(&origins, sample.origin),
                    details: (sample.details != NONE).then(|| at(&details, sample.details)),
                    created_delay_ms: sample.created_ms.map(|created| created.saturating_sub(sample.start_ms)),
                    copies: 1,
                },
                flags: if sample.user_entered { FLAG_USER_ENTERED } else { 0 },
                import_id: self.import,
                superseded_by: None,
            });
        }
        rows.retain(|(_, rows)| !rows.is_empty());
        Ok(rows)
    }

    fn entry(&mut self, mut entry: Entry) -> Result<()> {
        let members = entry.members.take();
        let nobody = entry.source == Source::default();
        let source = if nobody { None } else { Some(self.dictionary.source(self.conn, &entry.source)?) };
        let counts = self.report.entries_mut(entry.kind);
        let id = entries::ingest(self.conn, self.import, &self.imports, &entry, source, counts)?;
        if let Some(members) = members {
            self.members.push((id, *members));
        }
        Ok(())
    }

    /// Links the members of correlations to their twins at top level; one without a twin is a sample of its own.
    fn link_members(&mut self) -> Result<()> {
        for (entry, batch) in std::mem::take(&mut self.members) {
            for problem in &batch.problems {
                self.problem(problem)?;
            }
            let mut sources = Vec::new();
            for (index, source) in batch.sources.iter().enumerate() {
                let twin = batch.samples.iter().filter(|s| s.source as usize == index).find_map(|sample| {
                    let kind = batch.kinds.get(sample.kind as usize)?;
                    link::source_of_twin(self.conn, kind, &source.name, sample).transpose()
                });
                sources.push(match twin {
                    Some(found) => found?,
                    None => self.dictionary.source(self.conn, source)?,
                });
            }
            for (kind, mut rows) in self.rows_with(&batch, &|sample| at(&sources, sample.source))? {
                let kind = self.kind(kind);
                let mut counts = self.report.by_type.remove(&kind.identifier).unwrap_or_default();
                let keys = self.merge(&kind, Claimant::Member, &mut rows, &mut counts)?;
                if counts.read > 0 {
                    self.report.by_type.insert(kind.identifier, counts);
                }
                for key in keys {
                    link::add_member(self.conn, entry, kind.id, &key)?;
                }
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Report> {
        self.link_members()?;
        self.write_import("")?;
        self.imports = live_imports(self.conn)?;
        self.history = None;
        self.link_renamed_sources()?;
        self.find_absences()?;
        entries::reconcile(self.conn, &self.imports)?;
        query::zones::find_stays(self.conn, self.delivery.home_zone)?;
        let zones = rezone(self.conn, self.delivery.home_zone, &self.zones_before, &mut self.derived)?;
        self.derived.rebuild(self.conn, &zones)?;
        link::forget_unused(self.conn, &self.dictionary.new_sources)?;
        self.dictionary.create_views(self.conn)?;
        self.close()
    }

    fn link_renamed_sources(&mut self) -> Result<()> {
        for (new, old) in link::renamed(self.conn, self.import, &self.dictionary)? {
            for kind in link::kinds_of(self.conn, new, self.import)? {
                let mut rows = link::take_rows(self.conn, kind, new, old)?;
                rows.iter().for_each(|row| self.derived.changed(kind, &row.key));
                let identifier: String = self
                    .conn
                    .prepare_cached("SELECT identifier FROM kinds WHERE id = ?1")?
                    .query_row([kind], |row| row.get(0))?;
                let rule = Rule::of(&identifier);
                let kind = KindRef { id: kind, identifier, rule, had_rows: true };
                let mut counts = self.report.by_type.remove(&kind.identifier).unwrap_or_default();
                let moved = link::copies(&kind, &rows);
                let duplicates = counts.counts.duplicates;
                counts.counts.new = counts.counts.new.saturating_sub(moved);
                self.merge(&kind, Claimant::TopLevel, &mut rows, &mut counts)?;
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
        Ok(())
    }

    fn find_absences(&mut self) -> Result<()> {
        let newest = self.imports.last().is_some_and(|newest| newest.id == self.import);
        let stored: Vec<(u32, String)> = {
            let mut statement = self.conn.prepare_cached(
                "SELECT DISTINCT k.id, k.identifier FROM series_summary s JOIN kinds k ON k.id = s.kind_id",
            )?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect::<rusqlite::Result<_>>()?
        };
        for (kind, identifier) in stored {
            let found = absences::find(self.conn, &self.claims, kind, self.import)?;
            if let Some(counts) = self.report.by_type.get_mut(&identifier)
                && !health::kind::is_event_like(&identifier)
            {
                counts.counts.known = counts.counts.known.saturating_sub(found.repeats);
                counts.counts.duplicates += found.repeats;
            }
            if found.only_members > 0 {
                let counts = self.report.by_type.entry(identifier).or_default();
                counts.read += found.only_members;
                counts.counts.known += found.only_members;
            }
            let touched = self.derived.kinds().contains(&kind);
            if found.absent || (!newest && touched) {
                let outcome = absences::reconcile(self.conn, kind, &self.imports, self.import, &mut self.derived)?;
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
        self.report.outcome = if self.delivery.dry_run { "dry_run" } else { "imported" }.to_owned();
        self.report.total();
        let json = serde_json::to_string(&self.report).map_err(|e| ErrorKind::Damaged(e.to_string()))?;
        self.write_import(&json)?;
        Ok(self.report)
    }
}

/// The id behind a batch's index; a reader that names an index outside its dictionary has a bug.
fn at<T: Copy + Default>(ids: &[T], index: u32) -> T {
    debug_assert!((index as usize) < ids.len(), "a sample names an index outside the batch's dictionary");
    ids.get(index as usize).copied().unwrap_or_default()
}

/// The wearer's zones, from settings, samples of sleep and workouts that name theirs; `home` where none tells.
pub(crate) fn zones(conn: &Connection, home: &str) -> Result<Zones> {
    query::zones::zones(conn, home)
}

/// Finds the zones anew and marks the days whose zone is another one now.
pub(crate) fn rezone(conn: &Connection, home: &str, before: &Zones, derived: &mut Derived) -> Result<Zones> {
    let zones = zones(conn, home)?;
    let differences = before.differences(&zones);
    if differences.is_empty() {
        return Ok(zones);
    }
    let mut statement = conn.prepare_cached("SELECT kind_id, min(day), max(day) FROM daily GROUP BY kind_id")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))?;
    let kinds = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    for (from, until) in &differences {
        derived.zone_changed(&kinds, *from, *until);
    }
    Ok(zones)
}
