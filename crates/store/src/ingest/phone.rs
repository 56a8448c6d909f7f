//! The way in for what phones tell: some thousand records at a time, each time in a transaction of its own.
//!
//! What is told is kept as it came; which records it is follows from all that was told and from the rows of files (see
//! [`crate::tellings`]). Told again, it changes nothing but when it was told last.

use std::collections::{BTreeMap, HashMap, HashSet};

use health::batch::NONE;
use health::phone::{Feed, PhoneBatch};
use health::{EntryKind, Problem, Sample};
use rusqlite::{Connection, OptionalExtension, params};

use super::REJECTS_KEPT;
use crate::cancel::{Cancel, Done};
use crate::derived::Derived;
use crate::dictionary::Dictionary;
use crate::error::{ErrorKind, Result};
use crate::open::Store;
use crate::query::zones::NAMED;
use crate::report::{Counts, ProblemCount, Report};
use crate::tellings::aggregates::{self, Fate};
use crate::tellings::{self, Known, Part, Reach, Telling, code_of, tellers};

/// Starts further apart than this are read one by one.
const NEAR_MS: i64 = 60_000;
/// Starts of many rows that lie as far apart as they do on the whole are read together, up to this.
const FAR_MS: i64 = 3_600_000;
/// So many rows of a kind are many.
const MANY: usize = 100;

/// What a phone delivers, besides the batches.
#[derive(Debug, Clone)]
pub struct PhoneDelivery<'a> {
    /// The device, as [`Store::device_channel`] numbered it.
    pub device: i64,
    /// Its app.
    pub feed: Feed,
    /// Number of the delivery, where it has one; the same for all of its batches, and greater for a later one.
    pub delivery: Option<i64>,
    /// When it came: milliseconds since 1970 in UTC.
    pub now_ms: i64,
    /// IANA name of the home zone where neither a setting nor the samples tell one.
    pub home_zone: &'a str,
    /// Stops it between two batches: what was committed before stays.
    pub cancel: Cancel,
}

/// What became of a delivery.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct PhoneReport {
    /// Over all types.
    #[serde(flatten)]
    pub counts: Counts,
    /// By type; of what is no sample by its kind, e.g. `workout`.
    pub by_type: BTreeMap<String, Counts>,
    /// Records that the sender says are gone.
    pub deleted: u64,
    /// The earliest start of a record, milliseconds since 1970 in UTC.
    pub first_ms: Option<i64>,
    /// The latest end of a record.
    pub last_ms: Option<i64>,
    /// Rejects and repairs by reason.
    pub problems: Vec<ProblemCount>,
}

impl PhoneReport {
    fn of(&mut self, kind: &str) -> &mut Counts {
        if !self.by_type.contains_key(kind) {
            self.by_type.insert(kind.to_owned(), Counts::default());
        }
        // It is there.
        self.by_type.entry(kind.to_owned()).or_default()
    }

    fn spans(&mut self, start_ms: i64, end_ms: i64) {
        self.first_ms = Some(self.first_ms.map_or(start_ms, |first| first.min(start_ms)));
        self.last_ms = Some(self.last_ms.map_or(end_ms, |last| last.max(end_ms)));
    }

    fn problem(&mut self, problem: &Problem) {
        let count = problem.count.max(1);
        match self.problems.iter_mut().find(|line| line.reason == problem.reason) {
            Some(line) => line.count += count,
            None => self.problems.push(ProblemCount {
                reason: problem.reason.to_owned(),
                count,
                first_position: problem.position,
            }),
        }
        if problem.rejected.is_some() {
            self.of(problem.kind.as_deref().unwrap_or_default()).rejected += count;
        }
    }

    pub(super) fn total(&mut self) {
        self.counts = Counts::default();
        for counts in self.by_type.values() {
            self.counts.new += counts.new;
            self.counts.known += counts.known;
            self.counts.replaced += counts.replaced;
            self.counts.rejected += counts.rejected;
        }
    }
}

impl Store {
    /// Makes the channel of a device: its row among the imports, by which all that it tells can be undone.
    pub fn device_channel(&mut self, label: &str, now_ms: i64) -> Result<i64> {
        self.change(|tx| {
            let report = Report { outcome: "imported".to_owned(), ..Report::default() };
            let report = serde_json::to_string(&report).map_err(|error| ErrorKind::Damaged(error.to_string()))?;
            let mut insert = tx.prepare_cached(
                "INSERT INTO imports (channel, device, at_ms, complete, report) VALUES ('phone', ?1, ?2, 0, ?3)
                 RETURNING id",
            )?;
            Ok(insert.query_row(params![label, now_ms, report], |row| row.get(0))?)
        })
    }

    /// Takes in what a phone delivers: every batch that `next` yields in a transaction of its own. A batch that was
    /// taken in before adds nothing.
    pub fn ingest_phone(
        &mut self,
        delivery: &PhoneDelivery<'_>,
        next: &mut dyn FnMut() -> health::Result<Option<PhoneBatch>>,
    ) -> Result<PhoneReport> {
        let mut report = PhoneReport::default();
        while let Some(batch) = next()? {
            delivery.cancel.check()?;
            let mut told = report.clone();
            // Each commit is one of its own: a stop in the next batch is heard, too.
            let cancel = delivery.cancel.clone();
            let told = self.write_on(&cancel.of_its_own(), |tx| {
                Portion::begin(tx, delivery)?.run(&batch, &mut told)?;
                Ok(Done::Commit(told))
            })?;
            report = told.answer();
        }
        report.total();
        Ok(report)
    }
}

/// One batch on its way into the store.
pub(super) struct Portion<'a> {
    conn: &'a Connection,
    delivery: &'a PhoneDelivery<'a>,
    number: i64,
    dictionary: Dictionary,
    derived: Derived,
    /// Somebody told something for the first time.
    new_tellers: bool,
}

impl<'a> Portion<'a> {
    pub(super) fn begin(conn: &'a Connection, delivery: &'a PhoneDelivery<'a>) -> Result<Self> {
        let channel: Option<(String, bool)> = conn
            .prepare_cached("SELECT channel, undone FROM imports WHERE id = ?1")?
            .query_row([delivery.device], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        match channel {
            Some((channel, undone)) if channel == "phone" => {
                if undone {
                    // What it told before was taken back; it starts anew.
                    conn.execute("UPDATE imports SET undone = 0 WHERE id = ?1", [delivery.device])?;
                }
            }
            _ => return Err(ErrorKind::UnknownImport(delivery.device).into()),
        }
        Ok(Self {
            conn,
            delivery,
            number: delivery.delivery.unwrap_or(-delivery.now_ms),
            dictionary: Dictionary::new(delivery.device),
            derived: Derived::default(),
            new_tellers: false,
        })
    }

    pub(super) fn run(mut self, batch: &PhoneBatch, report: &mut PhoneReport) -> Result<()> {
        for problem in &batch.batch.problems {
            report.problem(problem);
        }
        self.keep_rejects(&batch.batch.problems)?;
        report.deleted += tellings::retract(self.conn, &batch.retractions, &self.by(), &mut self.derived)?;
        let tellings = self.tellings(batch, report)?;
        let mut entries = self.keep_entries(batch, report)?;
        let gone = tellings::deletions::keep(self.conn, &batch.deletions, &self.by())?;
        entries.touch_again(self.conn, &gone.entries)?;
        report.deleted += batch.deletions.len() as u64;
        self.new_tellers |= entries.new_tellers;
        let counted_for = if self.new_tellers { tellers::sources(self.conn)? } else { Vec::new() };
        if self.new_tellers && tellers::settle(self.conn)? {
            // A teller counts for another source now, with all that it told.
            tellings::lift(self.conn, &mut self.derived, &counted_for)?;
            tellings::lay(self.conn, None, &mut self.derived)?;
        }
        let known = Known::load(self.conn)?;
        for (kind, (identifier, told)) in tellings {
            self.of_kind((kind, &identifier), told, &known, report)?;
        }
        for (kind, starts) in gone.samples {
            for start in starts {
                let mut part = Part::read(self.conn, kind, Reach::of(start, start))?;
                part.touch(start);
                part.settle(self.conn, &known, None, &mut self.derived)?;
            }
        }
        self.aggregates(batch, report)?;
        self.entries(entries, &known, report)?;
        self.dictionary.create_views(self.conn)?;
        self.derived.leave(self.conn, self.delivery.home_zone)
    }

    /// Keeps what could not be read; what came before, in whichever delivery, is there already.
    fn keep_rejects(&self, problems: &[Problem]) -> Result<()> {
        let device = self.delivery.device;
        if problems.iter().all(|problem| problem.rejected.is_none()) {
            return Ok(());
        }
        let mut statement = self.conn.prepare_cached("SELECT reason, kind, raw FROM rejects WHERE import_id = ?1")?;
        let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
        let mut kept: HashSet<(String, Option<String>, Option<String>)> =
            statement.query_map([device], row)?.collect::<rusqlite::Result<_>>()?;
        let mut insert = self.conn.prepare_cached(
            "INSERT INTO rejects (import_id, position, reason, kind, raw) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        for problem in problems.iter().filter(|problem| problem.rejected.is_some()) {
            let Problem { reason, kind, rejected, position, .. } = problem;
            let is_new = kept.insert((reason.to_string(), kind.clone(), rejected.clone()));
            if is_new && kept.len() as u64 <= REJECTS_KEPT {
                insert.execute(params![device, position.map(|position| position as i64), reason, kind, rejected])?;
            }
        }
        Ok(())
    }

    /// The batch's samples as tellings, by kind.
    #[allow(clippy::type_complexity)]
    fn tellings(
        &mut self,
        batch: &PhoneBatch,
        report: &mut PhoneReport,
    ) -> Result<BTreeMap<u32, (String, Vec<Telling>)>> {
        let (conn, dictionary) = (self.conn, &mut self.dictionary);
        let all = &batch.batch;
        let kinds: Vec<u32> = all.kinds.iter().map(|kind| dictionary.kind(conn, kind)).collect::<Result<_>>()?;
        let origins: Vec<u32> = all.origins.iter().map(|o| dictionary.origin(conn, o)).collect::<Result<_>>()?;
        let texts: Vec<u32> = all.texts.iter().map(|text| dictionary.text(conn, text)).collect::<Result<_>>()?;
        let details: Vec<i64> = all.details.iter().map(|d| dictionary.details(conn, d)).collect::<Result<_>>()?;
        if all.details.iter().any(|details| details.contains(NAMED)) {
            // It may be the name of a zone of which other samples tell the offset only.
            self.derived.workouts_changed();
        }
        let mut tellers: HashMap<u32, u32> = HashMap::new();
        let mut found: BTreeMap<u32, (String, Vec<Telling>)> = BTreeMap::new();
        for (sample, marks) in all.samples.iter().zip(&batch.marks) {
            let teller = match tellers.get(&sample.source) {
                Some(id) => *id,
                None => {
                    let source = all.sources.get(sample.source as usize).cloned().unwrap_or_default();
                    let (id, is_new) = tellers::id_of(conn, &source)?;
                    self.new_tellers |= is_new;
                    tellers.insert(sample.source, id);
                    id
                }
            };
            let name = (marks.name != NONE).then(|| batch.names.get(marks.name as usize).cloned()).flatten();
            let get = |ids: &[u32], index: u32| ids.get(index as usize).copied();
            let telling = Telling {
                start_ms: sample.start_ms,
                teller,
                duration_ms: sample.end_ms.saturating_sub(sample.start_ms),
                device: self.delivery.device,
                feed: code_of(self.delivery.feed),
                ordinal: 0,
                uuid: marks.uuid,
                name,
                flags: marks.flags,
                value: number(sample.value),
                original: number(sample.original),
                text: if sample.text == NONE { None } else { get(&texts, sample.text) },
                origin: get(&origins, sample.origin).unwrap_or_default(),
                details: details.get(sample.details as usize).copied().filter(|_| sample.details != NONE),
                created_delay_ms: sample.created_ms.map(|created| created.saturating_sub(sample.start_ms)),
                by_hand: sample.user_entered,
                copies: 1,
                deliveries: (self.number, self.number),
                last_ms: self.delivery.now_ms,
                row: None,
            };
            let Sample { start_ms, end_ms, kind, .. } = *sample;
            report.spans(start_ms, end_ms);
            let id = get(&kinds, kind).unwrap_or_default();
            let identifier = || all.kinds.get(kind as usize).cloned().unwrap_or_default();
            found.entry(id).or_insert_with(|| (identifier(), Vec::new())).1.push(telling);
        }
        Ok(found)
    }

    fn of_kind(
        &mut self,
        (kind, identifier): (u32, &str),
        mut told: Vec<Telling>,
        known: &Known,
        report: &mut PhoneReport,
    ) -> Result<()> {
        told.sort_by_key(|telling| (telling.start_ms, telling.duration_ms, telling.teller));
        collapse(&mut told);
        let apart = apart(&told);
        let counts = report.of(identifier);
        let mut rest = told.into_iter().peekable();
        while let Some(first) = rest.next() {
            let from = first.start_ms;
            let mut some = vec![first];
            while let Some(next) = rest.next_if(|next| {
                let last = some.last().map_or(from, |last| last.start_ms);
                next.start_ms - last <= apart
            }) {
                some.push(next);
            }
            let until = some.last().map_or(from, |last| last.start_ms);
            // What is told beside an end may join what lies behind it, so a part is read a little wider.
            let mut reach = Reach::of(from, until);
            reach.widen_for(some.iter().map(|telling| telling.start_ms));
            let mut part = Part::read(self.conn, kind, reach)?;
            some.into_iter().for_each(|telling| part.add(telling, &known.deletions));
            let outcome = part.settle(self.conn, known, None, &mut self.derived)?;
            counts.new += outcome.new;
            counts.known += outcome.known;
        }
        Ok(())
    }

    fn aggregates(&mut self, batch: &PhoneBatch, report: &mut PhoneReport) -> Result<()> {
        let by = aggregates::By { device: self.delivery.device, delivery: self.number, now_ms: self.delivery.now_ms };
        for aggregate in &batch.aggregates {
            let all = &batch.batch;
            let Some(identifier) = all.kinds.get(aggregate.kind as usize) else { continue };
            let source = all.sources.get(aggregate.source as usize).cloned().unwrap_or_default();
            let details = all.details.get(aggregate.details as usize).filter(|_| aggregate.details != NONE);
            let texts = aggregates::Texts {
                kind: self.dictionary.kind(self.conn, identifier)?,
                source: &source,
                details: details.map(|json| self.dictionary.details(self.conn, json)).transpose()?,
                name: batch.names.get(aggregate.marks.name as usize).map(String::as_str),
            };
            report.spans(aggregate.start_ms, aggregate.end_ms);
            let counts = report.of(identifier);
            match aggregates::keep(self.conn, aggregate, &texts, by)? {
                Fate::New => counts.new += 1,
                Fate::Known => counts.known += 1,
                Fate::Replaced => counts.replaced += 1,
            }
        }
        Ok(())
    }

    fn by(&self) -> tellings::entries::By {
        tellings::entries::By {
            device: self.delivery.device,
            feed: code_of(self.delivery.feed),
            delivery: self.number,
            now_ms: self.delivery.now_ms,
        }
    }

    /// Keeps what is no sample as it was told.
    fn keep_entries(&mut self, batch: &PhoneBatch, report: &mut PhoneReport) -> Result<tellings::entries::Told> {
        let mut told = tellings::entries::Told::default();
        let by = self.by();
        for (entry, marks) in batch.batch.entries.iter().zip(&batch.entry_marks) {
            let name = (marks.name != NONE).then(|| batch.names.get(marks.name as usize)).flatten();
            told.keep(self.conn, entry, marks, name.map(String::as_str), &by)?;
            if let Some(start) = entry.start_ms {
                report.spans(start, entry.end_ms.unwrap_or(start));
            }
        }
        Ok(told)
    }

    /// Finds which entries these are, and counts them.
    fn entries(&mut self, told: tellings::entries::Told, known: &Known, report: &mut PhoneReport) -> Result<()> {
        let mut workouts = false;
        told.settle(self.conn, known, &mut |kind, fate| {
            workouts |= kind == EntryKind::Workout && fate != Fate::Known;
            // What belongs to another record is no record of its own.
            if matches!(kind, EntryKind::Route | EntryKind::Correlation | EntryKind::Profile) {
                return;
            }
            let counts = report.of(kind.as_str());
            match fate {
                Fate::New => counts.new += 1,
                Fate::Known => counts.known += 1,
                Fate::Replaced => counts.replaced += 1,
            }
        })?;
        if workouts {
            self.derived.workouts_changed();
        }
        Ok(())
    }
}

/// Adding zero makes minus zero zero.
fn number(value: Option<f64>) -> Option<f64> {
    value.filter(|value| value.is_finite()).map(|value| value + 0.0)
}

/// Exact repeats in one batch are one telling with copies.
fn collapse(told: &mut Vec<Telling>) {
    let mut kept: Vec<Telling> = Vec::with_capacity(told.len());
    for telling in told.drain(..) {
        let group = kept.iter_mut().rev().take_while(|other| other.shares_place(&telling));
        match group.into_iter().find(|other| other.says_the_same(&telling)) {
            Some(same) => same.copies += 1,
            None => kept.push(telling),
        }
    }
    *told = kept;
}

/// How far apart starts may lie that are read together: what a phone tells lies about as dense as what is stored.
fn apart(told: &[Telling]) -> i64 {
    if told.len() < MANY {
        return NEAR_MS;
    }
    let mut gaps: Vec<i64> = told.windows(2).map(|pair| pair[1].start_ms - pair[0].start_ms).collect();
    let middle = gaps.len() / 2;
    let (_, median, _) = gaps.select_nth_unstable(middle);
    (*median * 4).clamp(NEAR_MS, FAR_MS)
}
