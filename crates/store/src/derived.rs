//! What is derived from samples and kept beside them: daily roll-ups, the summary of each series, units of unknown
//! types.
//!
//! A write marks what it touched; once at the end the touched days and series are computed anew from the rows, so
//! that the result depends on the rows alone and never on the order of writes. Rows of a kind that the store did not
//! have are summed while they pass by, in the zones known so far; days that turn out otherwise are computed anew too.
//!
//! Phones bring some hundred rows of one day again and again, and a day is computed from some ten thousand: what they
//! touch is only written down ([`left`]), in the transaction that has the rows, and computed once by whoever asks next.

mod left;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use health::kind;
use health::series::rule::LONGEST_SPLIT_MS;
use health::time::{Day, Zones};
use rusqlite::{Connection, OptionalExtension, params};

use crate::cancel::{Cancel, Done};
use crate::dictionary::KindRef;
use crate::error::Result;
use crate::hourly;
use crate::merged::{self, Need};
use crate::nights;
use crate::open::Store;
use crate::query::kinds::every_row_has_length;
use crate::query::settings::forget;
use crate::query::zones::zones;
use crate::query::{self, Orders};
use crate::rollup::{self, DAY_MS, Days, Part, Rule};
use crate::row::{FLAG_USER_ENTERED, Key, Row};
use crate::units;

pub(crate) use self::left::{is_unsettled, leave_stays, settle_left};

/// How far from a zone that is another one now a row may begin and still be told by it: a sleep of a whole day asks for
/// the clock at noon of the next one, and local days are not those of UTC.
const AROUND_ZONE_DAYS: Day = 3;

impl Store {
    /// Computes every roll-up and summary anew, for another home zone.
    pub fn rebuild(&mut self, home_zone: &str) -> Result<()> {
        self.rebuild_within(home_zone, &Cancel::default())
    }

    /// The same; a stop changes nothing.
    pub fn rebuild_within(&mut self, home_zone: &str, cancel: &Cancel) -> Result<()> {
        self.write(cancel, |tx| rebuild_all(tx, home_zone).map(Done::Commit))
    }
}

/// The same inside a transaction.
pub(crate) fn rebuild_all(conn: &Connection, home_zone: &str) -> Result<()> {
    let mut derived = Derived::default();
    let kinds: Vec<u32> = {
        let mut statement = conn.prepare("SELECT id FROM kinds ORDER BY id")?;
        statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?
    };
    for kind in kinds {
        derived.all_of(conn, kind)?;
    }
    conn.execute_batch(
        "DELETE FROM daily; DELETE FROM merged; DELETE FROM hourly; DELETE FROM merge_orders;
         DELETE FROM nights; DELETE FROM series_summary",
    )?;
    forget(conn, hourly::UNTIL)?;
    derived.rebuild(conn, &zones(conn, home_zone)?)
}

/// What writes have touched so far.
#[derive(Debug, Default)]
pub(crate) struct Derived {
    /// Days of UTC, by kind.
    days: HashMap<u32, BTreeSet<Day>>,
    last: Option<(u32, Day, Day)>,
    /// Sums of rows that came to kinds without any, by kind.
    fresh: HashMap<u32, Days>,
    /// What inserts add to a series; enough for its summary unless the kind is in `recount`.
    added: HashMap<(u32, u32), Added>,
    /// Kinds in which more happened than inserts.
    recount: BTreeSet<u32>,
    /// Kinds that were computed anew already.
    computed: BTreeSet<u32>,
    /// Something tells where the wearer was that is no sample.
    stays: bool,
    /// Days and hours begin at other instants than before.
    moved: bool,
    /// All that was touched, also what was computed since.
    written: Written,
}

/// Where rows were written: of that what phones tell is laid anew.
#[derive(Debug, Default)]
pub(crate) struct Written {
    /// Days of UTC, by kind.
    days: HashMap<u32, BTreeSet<Day>>,
    /// Kinds of which nothing stands for what phones tell.
    lifted: BTreeSet<u32>,
}

impl Written {
    /// The times of a kind in which something was written, in their order: from, until.
    pub fn times(&self, kind: u32) -> Vec<(i64, i64)> {
        if self.lifted.contains(&kind) {
            return vec![(i64::MIN, i64::MAX)];
        }
        // The last days stand for all beyond them.
        let begin = |day: Day| if day == Day::MIN { i64::MIN } else { i64::from(day) * DAY_MS };
        let end = |day: Day| if day == Day::MAX { i64::MAX } else { (i64::from(day) + 1) * DAY_MS };
        let mut times: Vec<(i64, i64)> = Vec::new();
        for day in self.days.get(&kind).into_iter().flatten() {
            match times.last_mut() {
                Some((_, until)) if *until == begin(*day) => *until = end(*day),
                _ => times.push((begin(*day), end(*day))),
            }
        }
        times
    }

    /// Whether everything of a kind is laid anew.
    pub fn is_lifted(&self, kind: u32) -> bool {
        self.lifted.contains(&kind)
    }
}

/// What became of one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// It is new.
    Came { counts: bool },
    /// It is gone.
    Went { counts: bool },
    /// It was there, and counts now.
    Counts,
    /// It is still there, and counts no more.
    CountsNoMore,
}

#[derive(Debug, Clone, Copy)]
struct Added {
    /// Rows that count.
    n: i64,
    /// All rows.
    stored: i64,
    first_ms: i64,
    last_ms: i64,
    /// Start and end, the earliest and the latest, of rows that count no more.
    gone: Option<(i64, i64)>,
    /// The first or the last of those that came may be among them.
    unsure: bool,
}

impl Added {
    const NONE: Self = Self { n: 0, stored: 0, first_ms: i64::MAX, last_ms: i64::MIN, gone: None, unsure: false };

    fn add(&mut self, key: &Key) {
        self.join(Self { n: 1, stored: 1, first_ms: key.start_ms, last_ms: key.end_ms(), ..Self::NONE });
    }

    fn lose(&mut self, key: &Key) {
        self.n -= 1;
        self.unsure |= key.start_ms == self.first_ms || key.end_ms() == self.last_ms;
        let (first, last) = self.gone.unwrap_or((i64::MAX, i64::MIN));
        self.gone = Some((first.min(key.start_ms), last.max(key.end_ms())));
    }

    fn join(&mut self, more: Self) {
        self.n += more.n;
        self.stored += more.stored;
        self.first_ms = self.first_ms.min(more.first_ms);
        self.last_ms = self.last_ms.max(more.last_ms);
    }
}

impl Derived {
    /// Rows were inserted into a kind that has more.
    pub fn inserted(&mut self, kind: u32, row: &Row) {
        self.mark(kind, &row.key);
        self.added.entry((kind, row.key.source)).or_insert(Added::NONE).add(&row.key);
    }

    /// Rows were inserted into a kind that had none before this ingest.
    pub fn inserted_fresh(&mut self, kind: &KindRef, zones: &Zones, rows: &[Row]) {
        self.written.lifted.insert(kind.id);
        let days = self.fresh.entry(kind.id).or_default();
        let mut added = BTreeMap::new();
        for row in rows {
            let Key { start_ms, source, duration_ms, .. } = row.key;
            let (value, copies) = (row.image.value, kind.rule.copies(row.image.copies, row.flags));
            let by_hand = row.flags & FLAG_USER_ENTERED != 0;
            days.add(zones, kind.rule.0, Part { start_ms, source, duration_ms, value, copies, by_hand });
            added.entry(source).or_insert(Added::NONE).add(&row.key);
        }
        for (source, more) in added {
            self.added.entry((kind.id, source)).or_insert(Added::NONE).join(more);
        }
    }

    /// A row of a phone came, or a row is told by another one now: what follows from it is told without a recount.
    pub fn told(&mut self, kind: u32, key: &Key, change: Change) {
        self.mark(kind, key);
        let of = self.added.entry((kind, key.source)).or_insert(Added::NONE);
        of.stored += match change {
            Change::Came { .. } => 1,
            Change::Went { .. } => -1,
            Change::Counts | Change::CountsNoMore => 0,
        };
        match change {
            Change::Came { counts: true } | Change::Counts => {
                of.stored -= 1;
                of.add(key);
            }
            Change::Went { counts: true } | Change::CountsNoMore => of.lose(key),
            Change::Came { .. } | Change::Went { .. } => {}
        }
    }

    /// Workouts changed: they tell where the wearer was.
    pub fn workouts_changed(&mut self) {
        self.stays = true;
    }

    /// A row was removed, superseded or restored.
    pub fn changed(&mut self, kind: u32, key: &Key) {
        self.recount.insert(kind);
        self.mark(kind, key);
    }

    /// The days of a stretch of time are to be computed anew.
    pub fn touch(&mut self, kind: u32, (from_ms, until_ms): (i64, i64)) {
        self.days.entry(kind).or_default().extend(utc_day(from_ms)..=utc_day(until_ms));
    }

    /// The days of a row are to be computed anew.
    pub fn mark(&mut self, kind: u32, key: &Key) {
        let first = utc_day(key.start_ms);
        let last = if key.duration_ms > LONGEST_SPLIT_MS { first } else { utc_day(key.end_ms()) };
        // Rows come sorted: nearly always the answer is the same as before.
        if self.last == Some((kind, first, last)) {
            return;
        }
        self.last = Some((kind, first, last));
        self.days.entry(kind).or_default().extend([first, last]);
        self.written.days.entry(kind).or_default().extend([first, last]);
    }

    /// Nothing of a kind stands for what phones tell any more.
    pub fn lifted(&mut self, kind: u32) {
        self.written.lifted.insert(kind);
    }

    /// Where rows were written so far.
    pub fn written(&self) -> &Written {
        &self.written
    }

    /// What was written is laid anew now.
    pub fn take_written(&mut self) -> Written {
        std::mem::take(&mut self.written)
    }

    /// Finds the zones anew and marks the days whose zone is another one now.
    pub fn rezone(&mut self, conn: &Connection, home: &str, before: &Zones) -> Result<Zones> {
        let zones = zones(conn, home)?;
        let differences = before.differences(&zones);
        if differences.is_empty() {
            return Ok(zones);
        }
        self.moved = true;
        for (from, until) in &differences {
            self.zone_changed(conn, utc_day(*from), utc_day(*until))?;
        }
        Ok(zones)
    }

    /// Finds the zones anew, and then everything that was touched.
    pub fn settle(&mut self, conn: &Connection, home: &str, before: &Zones) -> Result<()> {
        query::zones::find_stays(conn, home)?;
        let zones = self.rezone(conn, home, before)?;
        self.rebuild(conn, &zones)
    }

    /// Marks the days `from..=until` of every kind that has rows on them, and those near by; empty ones cost nothing.
    fn zone_changed(&mut self, conn: &Connection, from: Day, until: Day) -> Result<()> {
        let (from, until) = (from.saturating_sub(AROUND_ZONE_DAYS), until.saturating_add(AROUND_ZONE_DAYS));
        let mut statement =
            conn.prepare_cached("SELECT DISTINCT kind_id, day FROM daily WHERE day BETWEEN ?1 AND ?2")?;
        let mut rows = statement.query([from, until])?;
        while let Some(row) = rows.next()? {
            self.days.entry(row.get(0)?).or_default().insert(row.get(1)?);
        }
        for (kind, days) in &mut self.fresh {
            let days = days.between(from, until);
            self.days.entry(*kind).or_default().extend(days);
        }
        Ok(())
    }

    /// Everything about a kind is to be computed anew.
    pub fn all_of(&mut self, conn: &Connection, kind: u32) -> Result<()> {
        self.recount.insert(kind);
        let days = self.days.entry(kind).or_default();
        let mut next = conn.prepare_cached(
            "SELECT start_ms, duration_ms FROM samples WHERE kind_id = ?1 AND start_ms >= ?2 ORDER BY start_ms LIMIT 1",
        )?;
        let mut from = i64::MIN;
        // One look-up per day that has rows.
        while let Some((start, duration)) =
            next.query_row(params![kind, from], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))).optional()?
        {
            let day = utc_day(start);
            days.extend([day, utc_day(start.saturating_add(duration.min(LONGEST_SPLIT_MS))), day.saturating_add(1)]);
            from = (i64::from(day) + 1) * DAY_MS;
        }
        Ok(())
    }

    /// Whether a kind was touched.
    pub fn touched(&self, kind: u32) -> bool {
        self.days.contains_key(&kind) || self.fresh.contains_key(&kind) || self.computed.contains(&kind)
    }

    /// Computes everything that was touched since the last time, and what was left then.
    pub fn rebuild(&mut self, conn: &Connection, zones: &Zones) -> Result<()> {
        self.take_left(conn)?;
        let mut to_merge: BTreeMap<u32, Vec<(Day, Day)>> = BTreeMap::new();
        let kinds: BTreeSet<u32> = self.days.keys().chain(self.fresh.keys()).copied().collect();
        for kind in &kinds {
            self.ask_rows(conn, *kind)?;
        }
        let mut touched: BTreeMap<u32, hourly::Touched> = BTreeMap::new();
        for kind in kinds {
            touched.extend(self.bounds(kind).map(|days| (kind, days)));
            to_merge.insert(kind, self.rebuild_days(conn, zones, kind)?);
            if self.recount.contains(&kind) {
                rebuild_summary(conn, kind)?;
            }
        }
        self.add_to_summaries(conn)?;
        let computed = std::mem::take(&mut self.computed).into_iter().chain(to_merge.keys().copied()).collect();
        *self = Self { computed, written: std::mem::take(&mut self.written), ..Self::default() };
        units::settle(conn, self.computed.iter().copied())?;
        // The order of sources follows from the summaries.
        remerge(conn, zones, &to_merge, &touched)
    }

    /// Adds to the summaries of kinds that were not counted anew.
    fn add_to_summaries(&self, conn: &Connection) -> Result<()> {
        let anew = self.uncounted(conn)?;
        for kind in &anew {
            rebuild_summary(conn, *kind)?;
        }
        let counted = |kind: &u32| self.recount.contains(kind) || anew.contains(kind);
        for ((kind, source), added) in self.added.iter().filter(|((kind, _), _)| !counted(kind)) {
            add_to_summary(conn, *kind, *source, added)?;
        }
        Ok(())
    }

    /// Kinds whose summaries do not follow from what came and went, besides those that are counted anew.
    fn uncounted(&self, conn: &Connection) -> Result<BTreeSet<u32>> {
        let mut anew = BTreeSet::new();
        for ((kind, source), added) in &self.added {
            if let Some(gone) = added.gone
                && !self.recount.contains(kind)
                && !anew.contains(kind)
                && !is_still_told(conn, *kind, *source, added, gone)?
            {
                anew.insert(*kind);
            }
        }
        Ok(anew)
    }

    /// One new row without a length makes another kind of number of a kind that nobody knows, on every day that it has;
    /// so all of them are computed anew whenever it is touched.
    fn ask_rows(&mut self, conn: &Connection, kind: u32) -> Result<()> {
        if kind::get_or_guess(&identifier(conn, kind)?, None).asks_its_rows() {
            self.fresh.remove(&kind);
            self.all_of(conn, kind)?;
        }
        Ok(())
    }

    /// The first and the last local day of a kind on which something may be another one: local days are not those of
    /// UTC, and samples over midnight change what overlaps them on the next day.
    fn bounds(&mut self, kind: u32) -> Option<hourly::Touched> {
        const AROUND: Day = 2;
        if self.moved {
            return Some((Day::MIN, Day::MAX));
        }
        let fresh = self.fresh.get_mut(&kind).and_then(Days::bounds);
        let days = self.days.get(&kind).and_then(|days| Some((*days.first()?, *days.last()?)));
        let marked = days.map(|(first, last)| (first.saturating_sub(AROUND), last.saturating_add(AROUND)));
        match (fresh, marked) {
            (Some(one), Some(other)) => Some((one.0.min(other.0), one.1.max(other.1))),
            (one, other) => one.or(other),
        }
    }

    /// Returns the days that must be merged anew.
    fn rebuild_days(&mut self, conn: &Connection, zones: &Zones, kind: u32) -> Result<Vec<(Day, Day)>> {
        let rule = rule(conn, kind)?;
        let mut fresh = self.fresh.remove(&kind).unwrap_or_default();
        let marked = self.days.get(&kind).map(runs).unwrap_or_default();
        fresh.remove(&marked);
        fresh.write(conn, kind, (Day::MIN, Day::MAX))?;
        for days in &marked {
            rollup::rebuild(conn, zones, kind, rule, *days)?;
        }
        let mut to_merge = match rule.merging() {
            Need::WhereTangled => runs(&fresh.tangled()),
            // What is never merged may be looked at all the same: sleep is.
            Need::Always | Need::Never => fresh.bounds().into_iter().collect(),
        };
        // Samples over midnight change what overlaps them on the days before and after; what holds on weighs there.
        let around = Day::from(rule.0.is_merged_sum() || rule.0.weighs_time());
        to_merge.extend(marked.iter().map(|(from, until)| (from.saturating_sub(around), until.saturating_add(around))));
        Ok(joined(to_merge))
    }
}

/// Computes merged days and hours anew: of ranges of days by kind, and of kinds whose sources changed places.
pub(crate) fn remerge(
    conn: &Connection,
    zones: &Zones,
    days: &BTreeMap<u32, Vec<(Day, Day)>>,
    touched: &BTreeMap<u32, hourly::Touched>,
) -> Result<()> {
    let orders = Orders::load(conn)?;
    nights::rebuild(conn, zones, &orders, |kind| days.get(&kind).cloned().unwrap_or_default())?;
    let moved = merged::rebuild(conn, zones, &orders, days)?;
    hourly::rebuild(conn, zones, &orders, touched, &moved)
}

/// Sorted and disjoint: nothing is merged twice.
fn joined(mut ranges: Vec<(Day, Day)>) -> Vec<(Day, Day)> {
    ranges.sort_unstable();
    ranges.dedup_by(|later, kept| {
        let touches = later.0 <= kept.1.saturating_add(1);
        if touches {
            kept.1 = kept.1.max(later.1);
        }
        touches
    });
    ranges
}

/// The rule of a stored kind; of one that nobody knows its rows have a say.
pub(crate) fn rule(conn: &Connection, kind: u32) -> Result<Rule> {
    let guess = kind::get_or_guess(&identifier(conn, kind)?, None);
    let lengths = !guess.asks_its_rows() || every_row_has_length(conn, kind.into())?;
    Ok(Rule::of_kind(&guess.fitting(lengths)))
}

/// The identifier of a stored kind.
pub(crate) fn identifier(conn: &Connection, kind: u32) -> Result<String> {
    let mut statement = conn.prepare_cached("SELECT identifier FROM kinds WHERE id = ?1")?;
    Ok(statement.query_row([kind], |row| row.get(0))?)
}

fn utc_day(at_ms: i64) -> Day {
    at_ms.div_euclid(DAY_MS).clamp(Day::MIN.into(), Day::MAX.into()) as Day
}

/// Days of UTC as closed ranges of local days that hold them; small holes are filled, because one scan is cheaper
/// than two.
fn runs(days: &BTreeSet<Day>) -> Vec<(Day, Day)> {
    let mut out: Vec<(Day, Day)> = Vec::new();
    for day in days {
        match out.last_mut() {
            Some((_, until)) if *day - *until <= 4 => *until = *day + 1,
            _ => out.push((*day - 1, *day + 1)),
        }
    }
    out
}

/// Adds inserted rows to the summary of their series.
fn add_to_summary(conn: &Connection, kind: u32, source: u32, added: &Added) -> Result<()> {
    let (first, last) = (added.first_ms, added.last_ms);
    let ends = (first <= last).then_some((first, last));
    conn.prepare_cached(
        "INSERT INTO series_summary (kind_id, source_id, n, stored, first_ms, last_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT DO UPDATE SET n = n + ?3, stored = stored + ?4,
             first_ms = coalesce(min(coalesce(first_ms, ?5), ?5), first_ms),
             last_ms = coalesce(max(coalesce(last_ms, ?6), ?6), last_ms)",
    )?
    .execute(params![kind, source, added.n, added.stored, ends.map(|ends| ends.0), ends.map(|ends| ends.1)])?;
    Ok(())
}

/// Whether the first and the last row of a series are known although some count no more: those were others, or what
/// came reaches further.
fn is_still_told(conn: &Connection, kind: u32, source: u32, added: &Added, gone: (i64, i64)) -> Result<bool> {
    let mut statement = conn.prepare_cached(
        "SELECT n, stored, first_ms, last_ms FROM series_summary WHERE kind_id = ?1 AND source_id = ?2",
    )?;
    let found = statement
        .query_row([kind, source], |row| {
            Ok((
                row.get::<_, i64>(0)?,
                row.get::<_, i64>(1)?,
                row.get::<_, Option<i64>>(2)?,
                row.get::<_, Option<i64>>(3)?,
            ))
        })
        .optional()?;
    let Some((n, stored, Some(first), Some(last))) = found else { return Ok(false) };
    let (n, stored) = (n + added.n, stored + added.stored);
    Ok(!added.unsure
        && n > 0
        && stored > 0
        && (gone.0 > first || added.first_ms <= first)
        && (gone.1 < last || added.last_ms >= last))
}

/// Recomputes the summary rows of one kind.
fn rebuild_summary(conn: &Connection, kind: u32) -> Result<()> {
    conn.prepare_cached("DELETE FROM series_summary WHERE kind_id = ?1")?.execute([kind])?;
    conn.prepare_cached(
        "INSERT INTO series_summary (kind_id, source_id, n, stored, first_ms, last_ms)
         SELECT kind_id, source_id, sum(superseded_by IS NULL), count(*),
                min(CASE WHEN superseded_by IS NULL THEN start_ms END),
                max(CASE WHEN superseded_by IS NULL THEN start_ms + duration_ms END)
         FROM samples WHERE kind_id = ?1 GROUP BY source_id",
    )?
    .execute([kind])?;
    Ok(())
}
