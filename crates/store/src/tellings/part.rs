//! A stretch of time of one kind: what files and phones tell there, what follows from it, and what changes.

use std::collections::{BTreeMap, HashMap};

use health::kind::{self, Nature};
use health::matching;
use rusqlite::{Connection, OptionalExtension, params};

use super::deletions::Deletions;
use super::pen::Pen;
use super::records::{self, Wanted};
use super::row::{COLUMNS, Telling};
use super::{COVERED, Known};
use crate::derived::{self, Change, Derived};
use crate::error::Result;
use crate::rollup::Rule;
use crate::row::{self, FLAG_TOLD, Key, Row};

const SECOND: i64 = 1000;

/// The time of some starts, in whole seconds; it may reach further where a row beside its ends asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reach {
    from_ms: i64,
    until_ms: i64,
}

impl Reach {
    /// The seconds of two starts and what is between.
    pub fn of(first_ms: i64, last_ms: i64) -> Self {
        let second = |ms: i64| ms.div_euclid(SECOND) * SECOND;
        Self { from_ms: second(first_ms), until_ms: second(last_ms) + SECOND }
    }

    /// Makes it wider where what starts beside an end may belong behind it.
    pub fn widen_for(&mut self, starts: impl Iterator<Item = i64>) {
        let (mut from, mut until) = (self.from_ms, self.until_ms);
        for start in starts {
            let rest = start.rem_euclid(SECOND);
            if start < self.from_ms + SECOND && (1..=matching::BESIDE_MS).contains(&rest) {
                from = self.from_ms - SECOND;
            }
            if start >= self.until_ms - SECOND && rest >= SECOND - matching::BESIDE_MS {
                until = self.until_ms + SECOND;
            }
        }
        (self.from_ms, self.until_ms) = (from, until);
    }

    /// The time of the first tellings of those that start in a time: from, until.
    pub fn next(conn: &Connection, kind: u32, time: (i64, i64), at_once: usize) -> Result<Option<Self>> {
        let mut statement = conn.prepare_cached(
            "SELECT start_ms FROM tellings WHERE kind_id = ?1 AND start_ms >= ?2 AND start_ms < ?3
             ORDER BY start_ms LIMIT 1 OFFSET ?4",
        )?;
        let mut start = |offset: usize| {
            statement.query_row(params![kind, time.0, time.1, offset], |row| row.get::<_, i64>(0)).optional()
        };
        let Some(first) = start(0)? else { return Ok(None) };
        let last = match start(at_once)? {
            Some(last) => Some(last),
            None => conn
                .prepare_cached(
                    "SELECT max(start_ms) FROM tellings WHERE kind_id = ?1 AND start_ms >= ?2 AND start_ms < ?3",
                )?
                .query_row(params![kind, time.0, time.1], |row| row.get(0))?,
        };
        Ok(last.map(|last| Self::of(first, last)))
    }
}

/// What a kind is to matching.
#[derive(Debug)]
pub(super) struct OfKind {
    pub id: u32,
    pub rule: Rule,
    pub category: bool,
}

/// A telling and what becomes of it.
#[derive(Debug)]
pub(super) struct Slot {
    pub telling: Telling,
    pub is_new: bool,
    changed: bool,
    touched: bool,
    /// Another one of the same start.
    beside: Option<usize>,
}

/// How many tellings were new records, and how many told what the store had.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub new: u64,
    pub known: u64,
    /// How many of the rows that an import brought first phones tell, too.
    pub told_too: u64,
}

/// A stretch of time of one kind.
pub(crate) struct Part {
    kind: OfKind,
    reach: Reach,
    pub(super) slots: Vec<Slot>,
    /// The last slot of each start.
    by_start: HashMap<i64, usize>,
    pub(super) files: Vec<Row>,
    /// Rows that stand for tellings already.
    stand: Vec<Row>,
    /// Rows that are to stand for tellings from now on.
    missing: Vec<Row>,
    known: u64,
    /// Also what no telling touches: some may be gone.
    all: bool,
}

impl Part {
    /// Reads what is stored there, and beyond where a record may lie on both sides of an end.
    pub fn read(conn: &Connection, kind: u32, mut reach: Reach) -> Result<Self> {
        let identifier = derived::identifier(conn, kind)?;
        let category = kind::get_or_guess(&identifier, None).nature == Nature::Category;
        let kind = OfKind { id: kind, rule: Rule::of(&identifier), category };
        loop {
            let around = (reach.from_ms - matching::BESIDE_MS, reach.until_ms + matching::BESIDE_MS);
            let mut slots = tellings(conn, kind.id, around)?;
            let mut rows = samples(conn, kind.id, around)?;
            let mut starts: Vec<i64> = slots.iter().map(|telling| telling.start_ms).collect();
            starts.extend(rows.iter().map(|row| row.key.start_ms));
            starts.sort_unstable();
            let open = |border: i64| {
                let at = starts.partition_point(|start| *start < border);
                matching::is_open(border, &starts, at)
            };
            let (before, behind) = (open(reach.from_ms), open(reach.until_ms));
            if before || behind {
                reach.from_ms -= if before { SECOND } else { 0 };
                reach.until_ms += if behind { SECOND } else { 0 };
                continue;
            }
            let inside = |start: i64| (reach.from_ms..reach.until_ms).contains(&start);
            slots.retain(|telling| inside(telling.start_ms));
            rows.retain(|row| inside(row.key.start_ms));
            let (stand, files) = rows.into_iter().partition(|row: &Row| row.flags & FLAG_TOLD != 0);
            let mut part = Self {
                kind,
                reach,
                slots: Vec::new(),
                by_start: HashMap::new(),
                files,
                stand,
                missing: Vec::new(),
                known: 0,
                all: false,
            };
            slots.into_iter().for_each(|telling| part.push(telling, false));
            return Ok(part);
        }
    }

    /// Where it ends.
    pub fn until_ms(&self) -> i64 {
        self.reach.until_ms
    }

    fn push(&mut self, telling: Telling, is_new: bool) {
        let beside = self.by_start.insert(telling.start_ms, self.slots.len());
        self.slots.push(Slot { telling, is_new, changed: false, touched: is_new, beside });
    }

    /// The places of what starts at an instant.
    fn at(&self, start_ms: i64) -> impl Iterator<Item = usize> + '_ {
        let first = self.by_start.get(&start_ms).copied();
        std::iter::successors(first, |at| self.slots.get(*at).and_then(|slot| slot.beside))
    }

    /// What starts at an instant is matched anew, with what lies beside it.
    pub fn touch(&mut self, start_ms: i64) {
        let same: Vec<usize> = self.at(start_ms).collect();
        same.into_iter().for_each(|at| self.slots[at].touched = true);
    }

    /// Everything that is told in it is decided anew, and what was told and nobody tells any more.
    pub fn decide_all(&mut self) {
        self.all = true;
    }

    /// Adds what a phone told. Told again it changes only when it was told last, which says something of what is gone.
    pub fn add(&mut self, mut telling: Telling, deletions: &Deletions) {
        let same = self.at(telling.start_ms).find(|at| self.slots[*at].telling.says_the_same(&telling));
        if let Some(same) = same {
            let rewritten = |key: &Key| self.files.iter().any(|row| row.key == *key && row.superseded_by > Some(0));
            let slot = &self.slots[same];
            // What an export lacked that was written before is there after all.
            let touched = slot.telling.row.as_ref().is_some_and(rewritten) || telling.copies > slot.telling.copies;
            let slot = &mut self.slots[same];
            slot.telling.deliveries.1 = slot.telling.deliveries.1.max(telling.deliveries.1);
            slot.telling.deliveries.0 = slot.telling.deliveries.0.min(telling.deliveries.0);
            slot.telling.last_ms = slot.telling.last_ms.max(telling.last_ms);
            self.known += u64::from(telling.copies);
            slot.telling.copies = slot.telling.copies.max(telling.copies);
            slot.touched |= touched || deletions.are_there();
            slot.changed = true;
            return;
        }
        let beside = self.at(telling.start_ms).map(|at| &self.slots[at].telling);
        let same_place = beside.filter(|other| other.shares_place(&telling));
        telling.ordinal = same_place.map(|other| other.ordinal + 1).max().unwrap_or(0);
        self.push(telling, true);
    }

    /// Finds what follows for everything that was touched, and writes it.
    pub fn settle(
        mut self,
        conn: &Connection,
        known: &Known,
        import: Option<i64>,
        derived: &mut Derived,
    ) -> Result<Outcome> {
        let mut outcome = Outcome { known: self.known, ..Outcome::default() };
        let pen = &mut Pen::new(conn);
        let mut places: Vec<(i64, Place)> = Vec::with_capacity(self.slots.len() + self.files.len());
        places.extend(self.slots.iter().zip(0..).map(|(slot, at)| (slot.telling.start_ms, Place::Slot(at))));
        places.extend(self.files.iter().zip(0..).map(|(row, at)| (row.key.start_ms, Place::File(at))));
        places.sort_unstable_by_key(|(start, _)| *start);
        let starts: Vec<i64> = places.iter().map(|(start, _)| *start).collect();
        let mut stand = std::mem::take(&mut self.stand).into_iter().peekable();
        for range in matching::neighbourhoods(&starts) {
            let places = places.get(range).unwrap_or_default();
            if let [(start, Place::Slot(at))] = places
                && self.slots[*at].is_new
                && stand.peek().is_none_or(|row| row.key.start_ms > *start)
            {
                self.settle_alone(conn, known, *at, (&mut outcome, derived))?;
                continue;
            }
            let (Some((_, _)), Some((last, _))) = (places.first(), places.last()) else { continue };
            let mut stood = Vec::new();
            while let Some(row) = stand.next_if(|row| row.key.start_ms <= *last) {
                stood.push(row);
            }
            let (mut slots, mut files) = (Vec::new(), Vec::new());
            for (_, place) in places {
                match place {
                    Place::Slot(at) => slots.push(*at),
                    Place::File(at) => files.push(*at),
                }
            }
            let is_covered = |at: &usize| self.files[*at].superseded_by == Some(COVERED);
            let is_told = !slots.is_empty() || !stood.is_empty() || files.iter().any(is_covered);
            if (self.all && is_told) || slots.iter().any(|at| self.slots[*at].touched) {
                let wanted = records::wanted(conn, &self.kind, known, (&self, &slots, &files))?;
                outcome.new += wanted.new;
                outcome.known += wanted.known;
                let brought = |at: &usize| Some(self.files[*at].import_id) == import;
                let mut told_too: BTreeMap<usize, u64> = BTreeMap::new();
                for (at, times) in wanted.told_too.iter().filter(|(at, _)| brought(at)) {
                    *told_too.entry(*at).or_default() += times;
                }
                let most =
                    |at: usize| u64::from(self.kind.rule.copies(self.files[at].image.copies, self.files[at].flags));
                outcome.told_too += told_too.iter().map(|(at, times)| (*times).min(most(*at))).sum::<u64>();
                self.write(pen, known, (wanted, stood, &files), derived)?;
            }
        }
        // Nothing tells these any more.
        for row in stand {
            remove(pen, self.kind.id, &row, derived)?;
        }
        let (new, before): (Vec<Slot>, Vec<Slot>) = self.slots.into_iter().partition(|slot| slot.is_new);
        for slot in before.iter().filter(|slot| slot.changed) {
            pen.update(self.kind.id, &slot.telling)?;
        }
        let mut new: Vec<Telling> = new.into_iter().map(|slot| slot.telling).collect();
        new.sort_unstable_by_key(Telling::place);
        pen.append(self.kind.id, &new, &self.missing)?;
        Ok(outcome)
    }

    /// The same of a new telling that nothing lies beside: most of what phones tell is such.
    fn settle_alone(
        &mut self,
        conn: &Connection,
        known: &Known,
        at: usize,
        (outcome, derived): (&mut Outcome, &mut Derived),
    ) -> Result<()> {
        let Self { kind, slots, missing, .. } = self;
        let Some(Slot { telling, .. }) = slots.get_mut(at) else { return Ok(()) };
        let (new, again) = records::count_alone(kind, telling);
        outcome.new += new;
        outcome.known += again;
        let Some(mut row) = records::alone(conn, kind, known, telling)? else { return Ok(()) };
        row.superseded_by = row.superseded_by.or_else(|| known.hidden.code(kind.id, &row.key));
        telling.row = Some(row.key);
        derived.told(kind.id, &row.key, Change::Came { counts: row.superseded_by.is_none() });
        missing.push(row);
        Ok(())
    }

    fn write(
        &mut self,
        pen: &mut Pen<'_>,
        known: &Known,
        (wanted, mut stood, files): (Wanted, Vec<Row>, &[usize]),
        derived: &mut Derived,
    ) -> Result<()> {
        let kind = self.kind.id;
        for (at, key) in wanted.of_slots {
            let slot = &mut self.slots[at];
            if slot.telling.row != Some(key) {
                slot.telling.row = Some(key);
                slot.changed = true;
            }
        }
        let from = self.missing.len();
        for mut row in wanted.rows {
            row.superseded_by = row.superseded_by.or_else(|| known.hidden.code(kind, &row.key));
            match stood.iter().position(|other| *other == row) {
                Some(at) => _ = stood.swap_remove(at),
                None => self.missing.push(row),
            }
        }
        for row in &stood {
            remove(pen, kind, row, derived)?;
        }
        for row in self.missing.iter().skip(from) {
            derived.told(kind, &row.key, Change::Came { counts: row.superseded_by.is_none() });
        }
        for at in files {
            let row = &self.files[*at];
            let now = match (wanted.covered.contains(at), row.superseded_by) {
                (_, Some(by)) if by > 0 => Some(by),
                (true, _) => Some(COVERED),
                (false, _) => known.hidden.code(kind, &row.key),
            };
            if now == row.superseded_by {
                continue;
            }
            pen.cover(kind, &row.key, now)?;
            match (row.superseded_by.is_none(), now.is_none()) {
                (true, false) => derived.told(kind, &row.key, Change::CountsNoMore),
                (false, true) => derived.told(kind, &row.key, Change::Counts),
                _ => {}
            }
        }
        Ok(())
    }
}

/// Where something lies in a part.
enum Place {
    Slot(usize),
    File(usize),
}

fn tellings(conn: &Connection, kind: u32, (from, until): (i64, i64)) -> Result<Vec<Telling>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM tellings WHERE kind_id = ?1 AND start_ms >= ?2 AND start_ms < ?3
         ORDER BY start_ms, teller_id, duration_ms, device_id, feed, ordinal"
    );
    let mut statement = conn.prepare_cached(&sql)?;
    let rows = statement.query_map(params![kind, from, until], Telling::from_sql)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn samples(conn: &Connection, kind: u32, (from, until): (i64, i64)) -> Result<Vec<Row>> {
    let sql = format!(
        "SELECT {} FROM samples WHERE kind_id = ?1 AND start_ms >= ?2 AND start_ms < ?3
         ORDER BY start_ms, source_id, duration_ms, ordinal",
        row::COLUMNS
    );
    let mut statement = conn.prepare_cached(&sql)?;
    let rows = statement.query_map(params![kind, from, until], Row::from_sql)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn remove(pen: &mut Pen<'_>, kind: u32, row: &Row, derived: &mut Derived) -> Result<()> {
    pen.remove(kind, &row.key)?;
    derived.told(kind, &row.key, Change::Went { counts: row.superseded_by.is_none() });
    Ok(())
}
