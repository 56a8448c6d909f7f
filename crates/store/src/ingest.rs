//! The one way in: a delivery of batches becomes rows, in one transaction that happens wholly or not at all.

pub(crate) mod delivered;
mod finish;
mod person;
pub(crate) mod phone;
mod renamed;
mod rows;
mod waiting;

use std::collections::HashMap;

use health::time::Zones;
use health::whereabouts::likely_zone;
use health::{Batch, Document, Entry, EntryKind, Problem, Source};
use rusqlite::{Connection, OptionalExtension, params};

use self::waiting::{Owner, Waiting};
use crate::absences::Stored;
use crate::cancel::{Cancel, Done};
use crate::claims::{Claimant, Claims};
use crate::derived::Derived;
use crate::dictionary::{Dictionary, KindRef};
use crate::error::{ErrorKind, Result};
use crate::history::{History, ImportRef, live_imports};
use crate::open::Store;
use crate::report::{HomeMoved, KindCounts, Report};
use crate::rollup::Rule;
use crate::row::{Key, Row};
use crate::samples::Merge;
use crate::tellings::Told;
use crate::{absences, derived, entries, place, query, tellings};

/// Rejected records kept with their text, and lost files with their name, per import; all are counted.
pub const REJECTS_KEPT: u64 = 10_000;

/// The problem of an import whose profile is not that of the person in the store. It is imported all the same.
pub const ANOTHER_PERSON: &str = "another_person";

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
    /// Stops it at any moment before the commit, also while no batch comes.
    pub cancel: Cancel,
}

/// What an ingest is doing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Phase {
    /// Another process writes: nothing can be done before it is ready.
    Waiting,
    /// Batches come in.
    #[default]
    Reading,
    /// All are in; what follows from them is worked out.
    Finishing,
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
    /// What it is doing.
    pub phase: Phase,
}

impl Store {
    /// Ingests every batch that `next` yields. `progress` is called once nobody else can write, after each batch, and
    /// once when all are in, and answers whether to go on; where another writer has to be waited for, also before that.
    ///
    /// Atomic: on any error, on a stop and in a dry run the store stays as it was. The same input again changes
    /// nothing and is recognised by its fingerprint.
    pub fn ingest(
        &mut self,
        delivery: &Delivery<'_>,
        next: &mut dyn FnMut() -> health::Result<Option<Batch>>,
        progress: &mut dyn FnMut(Progress) -> bool,
    ) -> Result<Report> {
        // Who writes meanwhile does not keep a known file from being told at once.
        let first = next()?;
        if let Some(document) = first.as_ref().and_then(|batch| batch.document.as_ref())
            && let Some(report) = known_file(&self.conn, document, delivery, None)?
        {
            return Ok(report);
        }
        let mut first = Some(first);
        let next = &mut || first.take().map_or_else(&mut *next, Ok);
        // While SQLite waits nobody is told anything.
        let waits = self.is_written_to()?;
        if waits {
            tell(Progress { phase: Phase::Waiting, ..Progress::default() }, &delivery.cancel, progress)?;
        }
        // Who reads meanwhile must not have to wait for this.
        self.settle()?;
        self.write(&delivery.cancel, |tx| {
            tell(Progress::default(), &delivery.cancel, progress)?;
            let home = || query::settings::read(tx, "home_zone");
            let before = home()?;
            let mut report = Ingest::begin(tx, delivery)?.run(next, progress)?;
            if delivery.dry_run || report.outcome == ALREADY {
                return Ok(Done::Rollback(report));
            }
            report.home_zone = HomeMoved::between(before, home()?);
            Ok(Done::Commit(report))
        })
    }
}

/// Tells how far it is, and hears whether to go on.
fn tell(at: Progress, cancel: &Cancel, progress: &mut dyn FnMut(Progress) -> bool) -> Result<()> {
    if progress(at) { cancel.check() } else { Err(ErrorKind::Cancelled.into()) }
}

const ALREADY: &str = "already_imported";
const DRY_RUN: &str = "dry_run";

/// The report of an earlier import of the same file, if it stands.
fn known_file(
    conn: &Connection,
    document: &Document,
    delivery: &Delivery<'_>,
    running: Option<i64>,
) -> Result<Option<Report>> {
    let Some(fingerprint) = &document.fingerprint else { return Ok(None) };
    let earlier: Option<(i64, String)> = conn
        .prepare_cached(
            "SELECT id, report FROM imports WHERE fingerprint = ?1 AND undone = 0 AND id IS NOT ?2 ORDER BY id LIMIT 1",
        )?
        .query_row(params![fingerprint, running], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((id, json)) = earlier else { return Ok(None) };
    let mut report: Report = serde_json::from_str(&json).map_err(|e| ErrorKind::Damaged(e.to_string()))?;
    (report.outcome, report.import) = match delivery.dry_run {
        true => (DRY_RUN.to_owned(), None),
        false => (ALREADY.to_owned(), Some(id)),
    };
    report.file = delivery.file.map(str::to_owned);
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

/// What became of one kind's rows of one batch.
struct Merged {
    /// Under which keys a correlation's members lie.
    keys: Vec<Key>,
    /// What was left out.
    refused: Vec<Row>,
}

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
    /// Kinds with rows before this ingest.
    stored_before: Vec<Stored>,
    /// What phones told before it.
    told: Told,
    /// Live imports, oldest export first, this one among them once the document's date is known.
    imports: Vec<ImportRef>,
    /// The wearer's zones as far as they are known.
    zones: Zones,
    waiting: Waiting,
    variants: entries::Variants,
    rejects_kept: u64,
    report: Report,
}

impl<'a> Ingest<'a> {
    fn begin(conn: &'a Connection, delivery: &'a Delivery<'a>) -> Result<Self> {
        // What counts is told by what is derived.
        derived::settle_left(conn)?;
        let mut derived = Derived::default();
        // What decides between imports must not see what phones tell.
        let told = Told::begin(conn, &mut derived)?;
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
            derived,
            history: None,
            tails: HashMap::new(),
            stored_before: absences::stored(conn, told.beside())?,
            told,
            imports: Vec::new(),
            zones: query::zones::zones(conn, delivery.home_zone)?,
            waiting: Waiting::default(),
            variants: entries::Variants::default(),
            rejects_kept: 0,
            report: Report { file: delivery.file.map(str::to_owned), ..Report::default() },
        })
    }

    fn run(
        mut self,
        next: &mut dyn FnMut() -> health::Result<Option<Batch>>,
        progress: &mut dyn FnMut(Progress) -> bool,
    ) -> Result<Report> {
        let mut at = Progress::default();
        while let Some(mut batch) = next()? {
            if let Some(document) = batch.document.take() {
                self.document = document;
                if let Some(report) = known_file(self.conn, &self.document, self.delivery, Some(self.import))? {
                    return Ok(report);
                }
            }
            let is_empty = batch.samples.is_empty() && batch.entries.is_empty() && batch.nested.is_none();
            if self.history.is_none() && !is_empty {
                self.place_among_imports()?;
            }
            (at.records, at.bytes) = (batch.records_read, batch.bytes_read);
            self.batch(batch)?;
            at.total_bytes = self.document.total_bytes;
            tell(at, &self.delivery.cancel, progress)?;
        }
        if self.history.is_none() {
            self.place_among_imports()?;
        }
        tell(Progress { phase: Phase::Finishing, ..at }, &self.delivery.cancel, progress)?;
        self.finish()
    }

    fn place_among_imports(&mut self) -> Result<()> {
        self.write_import("")?;
        self.imports = live_imports(self.conn)?;
        if let (Some(at_ms), Some(offset_s)) = (self.document.export_date_ms, self.document.offset_s) {
            let locale = self.document.locale.as_deref();
            let guess = likely_zone(locale, offset_s, at_ms, self.delivery.home_zone);
            self.zones = query::zones::zones(self.conn, guess)?;
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
        let (entries, nested) = (std::mem::take(&mut batch.entries), batch.nested.take());
        for (kind, mut rows) in self.rows(&batch)? {
            let kind = self.kind(kind)?;
            let mut counts = self.report.by_type.remove(&kind.identifier).unwrap_or_default();
            counts.read += rows.len() as u64;
            let merged = self.merge(&kind, Claimant::TopLevel, &mut rows, &mut counts)?;
            self.report.by_type.insert(kind.identifier.clone(), counts);
            self.tell_refused(&kind, &merged)?;
        }
        for entry in entries {
            self.entry(entry)?;
        }
        if let Some(nested) = nested {
            self.wait(Owner::Nobody, *nested)?;
        }
        if batch.samples_end { self.samples_end() } else { Ok(()) }
    }

    fn merge(
        &mut self,
        kind: &KindRef,
        claimant: Claimant,
        rows: &mut Vec<Row>,
        counts: &mut KindCounts,
    ) -> Result<Merged> {
        let history = self.history.get_or_insert_with(|| History::new(self.import, self.imports.clone()));
        let mut merge = Merge {
            conn: self.conn,
            import_id: self.import,
            claims: &mut self.claims,
            derived: &mut self.derived,
            history,
            tails: &mut self.tails,
            zones: &self.zones,
            most_alike: place::MAX_ALIKE,
            refused: Vec::new(),
        };
        let keys = merge.run(kind, claimant, rows, counts)?;
        Ok(Merged { keys, refused: merge.refused })
    }

    /// Samples for which there was no room at their place are rejects.
    fn tell_refused(&mut self, kind: &KindRef, merged: &Merged) -> Result<()> {
        for row in &merged.refused {
            self.problem(&place::refused(self.conn, &kind.identifier, row)?)?;
        }
        Ok(())
    }

    /// What the merge must know of a kind. Where all its rows stand for what phones tell they are lifted off: files
    /// have none.
    fn kind(&mut self, id: u32) -> Result<KindRef> {
        if self.told.is_alone(id) && !self.derived.written().is_lifted(id) {
            tellings::lift_kind(self.conn, id, &mut self.derived)?;
            if let Some(kind) = self.dictionary.known_kinds.get_mut(&id) {
                kind.had_rows = false;
            }
        }
        let unknown = || KindRef { id, identifier: String::new(), rule: Rule::of(""), had_rows: true };
        Ok(self.dictionary.known_kinds.get(&id).cloned().unwrap_or_else(unknown))
    }

    fn problem(&mut self, problem: &Problem) -> Result<()> {
        self.report.add_problem(problem);
        if let Some(raw) = problem.rejected.as_ref().or(problem.file.as_ref())
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

    fn entry(&mut self, mut entry: Entry) -> Result<()> {
        if entry.kind == EntryKind::Profile && person::is_another(self.conn, &entry.body)? {
            let problem =
                Problem { reason: ANOTHER_PERSON, position: None, kind: None, rejected: None, file: None, count: 1 };
            self.report.add_problem(&problem);
        }
        let members = entry.members.take();
        let nobody = entry.source == Source::default();
        let source = if nobody { None } else { Some(self.dictionary.source(self.conn, &entry.source)?) };
        let alike = entries::alike(self.conn, &entry, source)?;
        let Some(members) = members else {
            return self.keep_entry(&entry, source, &alike).map(drop);
        };
        let owner = if alike.is_empty() {
            Owner::Entry(self.keep_entry(&entry, source, &[])?)
        } else {
            Owner::Like(Box::new(entry), source)
        };
        self.wait(owner, *members)
    }

    /// Stores an entry or notes that it is one of some stored ones; counts it. One for which there is no room is a
    /// reject. Returns the one that it is, or that is in its place.
    fn keep_entry(&mut self, entry: &Entry, source: Option<u32>, alike: &[i64]) -> Result<i64> {
        let counts = self.report.entries_mut(entry.kind);
        let held_by = (self.conn, self.import, &self.imports[..]);
        let kept = entries::ingest(held_by, entry, source, alike, &mut self.variants, counts)?;
        if let Some(reason) = kept.refused {
            let (kind, rejected) = (Some(entry.kind.as_str().to_owned()), Some(entry.body.clone()));
            self.problem(&Problem { reason, position: None, kind, rejected, file: None, count: 1 })?;
        }
        Ok(kept.id)
    }

    fn wait(&mut self, owner: Owner, batch: Batch) -> Result<()> {
        if self.waiting.add(owner, batch) { self.link_members() } else { Ok(()) }
    }
}
