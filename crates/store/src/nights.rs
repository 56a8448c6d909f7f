//! Sessions of sleep, found when rows are written and kept in the table `nights`: what ten years of nights are is read
//! and not found out again.
//!
//! A session depends on the segments around it alone, up to a gap of [`APART_MS`]. So what a write touched is widened
//! until nothing reaches in or out, and found anew there. Which session of a day is the main one is said when they are
//! read.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use health::series::sleep::{APART_MS, Bed, Edit, Kind, LONGEST_MS, Segment, Session, Stage, name_nights, unnamed};
use health::time::{Day, Zones, format_day};
use health::varint::{put, take};
use rusqlite::{Connection, OptionalExtension, Params, Row, params};

use crate::acts::nights::edits;
use crate::error::{ErrorKind, Result};
use crate::merged::{order_of, write_order};
use crate::open::Store;
use crate::query::points::{Point, each_point};
use crate::query::verify::Texts;
use crate::query::{Orders, Ranks};
use crate::rollup::DAY_MS;

/// Apple's identifier of sleep.
pub const SLEEP: &str = "HKCategoryTypeIdentifierSleepAnalysis";
/// Apple's integer of core sleep; deep and REM sleep come after it.
const FIRST_STAGE: f64 = 3.0;
/// Sources without stages come after all that have some; those that the owner named stay in front.
const UNSTAGED: u32 = 1 << 24;
/// Stands between them in the stored order; no source has this number.
const BETWEEN: i64 = 0;
/// Segments of which sessions are found at a time, up to the next gap.
const AT_A_TIME: usize = 4096;
/// Segments without a gap that sessions are made of: a night has some hundreds, of all sources. Of more, which no night
/// has, none is made: each is compared with all that it overlaps.
pub(crate) const MOST_TOGETHER: usize = 8192;
/// A day of a journey may begin so much earlier or end so much later than one of UTC.
const JOURNEY_MS: i64 = 2 * DAY_MS;

/// The place of a source in the order of sources, by the rank of its segments and slices.
pub fn source_rank(rank: u32) -> u32 {
    if rank >= UNSTAGED { rank - UNSTAGED } else { rank }
}

impl Store {
    /// Returns the sessions of sleep that count for the days `first..=last`, by start. A slice's rank is that of its
    /// source in the order for sleep; see [`source_rank`].
    pub fn nights(&self, orders: &Orders, (first, last): (Day, Day)) -> Result<Vec<Session>> {
        let Some(desk) = Desk::known(&self.conn, orders)? else { return Ok(Vec::new()) };
        let mut sessions = desk.kept("WHERE day BETWEEN ?1 AND ?2", [first, last])?;
        name_nights(&mut sessions);
        Ok(sessions)
    }

    /// Returns the last day, up to another one, that a night counts for: a nap is none, and what is known only as time
    /// in bed is one where that is enough.
    pub fn last_night_until(&self, until: Day, in_bed: bool) -> Result<Option<Day>> {
        self.nearest_night("SELECT max(day) FROM nights WHERE day <= ?1 AND (kind = ?2 OR kind = ?3)", until, in_bed)
    }

    /// Returns the first such day that is not before another one.
    pub fn first_night_from(&self, from: Day, in_bed: bool) -> Result<Option<Day>> {
        self.nearest_night("SELECT min(day) FROM nights WHERE day >= ?1 AND (kind = ?2 OR kind = ?3)", from, in_bed)
    }

    fn nearest_night(&self, sql: &str, day: Day, in_bed: bool) -> Result<Option<Day>> {
        let night = code(Kind::Main);
        let or = if in_bed { code(Kind::InBedOnly) } else { night };
        Ok(self.conn.prepare_cached(sql)?.query_row(params![day, night, or], |row| row.get(0))?)
    }

    /// Returns the segments that sessions are made of, as far as they touch `[from_ms, until_ms)`.
    pub fn segments_of_sleep(&self, orders: &Orders, (from_ms, until_ms): (i64, i64)) -> Result<Vec<Segment>> {
        let Some(desk) = Desk::known(&self.conn, orders)? else { return Ok(Vec::new()) };
        let mut segments = Vec::new();
        desk.each_segment(from_ms..until_ms, &mut |segment, _| {
            segments.push(segment);
            Ok(())
        })?;
        Ok(segments)
    }
}

/// Finds sessions anew around days of sleep that a write touched, by kind; all of them where sources changed places.
pub(crate) fn rebuild(
    conn: &Connection,
    zones: &Zones,
    orders: &Orders,
    days: impl Fn(u32) -> Vec<(Day, Day)>,
) -> Result<()> {
    let Some(kind) = sleep(conn)? else {
        conn.prepare_cached("DELETE FROM nights")?.execute([])?;
        return Ok(());
    };
    let (days, before) = (days(kind), order_of(conn, kind)?);
    let staged = match days.is_empty() {
        // No row was touched: who told no stage still tells none.
        true => those_staged(conn, kind, first_of(&before))?,
        false => staged(conn, kind)?,
    };
    let desk = Desk::new(conn, orders, kind, staged)?;
    let order = desk.order()?;
    if order != before {
        write_order(conn, kind, &order)?;
        return desk.find(i64::MIN..i64::MAX, zones);
    }
    let mut found_until = i64::MIN;
    for (first, last) in days {
        let touched = i64::from(first) * DAY_MS - JOURNEY_MS..(i64::from(last) + 1) * DAY_MS + JOURNEY_MS;
        if touched.end > found_until {
            let stretch = desk.alone(touched)?;
            found_until = stretch.end;
            desk.find(stretch, zones)?;
        }
    }
    Ok(())
}

/// Tells each session of the table that is not what the samples make, and the other way round.
pub(crate) fn differences(conn: &Connection, zones: &Zones, orders: &Orders, texts: &mut Texts) -> Result<()> {
    let Some(kind) = sleep(conn)? else {
        let spare: u64 = conn.query_row("SELECT count(*) FROM nights", [], |row| row.get(0))?;
        (0..spare).for_each(|_| texts.tell(|| "a night is kept, and there is no sleep".to_owned()));
        return Ok(());
    };
    let desk = Desk::new(conn, orders, kind, staged(conn, kind)?)?;
    if desk.order()? != order_of(conn, kind)? {
        texts.tell(|| "the nights are found in another order of sources".to_owned());
    }
    let mut kept = BTreeMap::new();
    desk.each_kept("", [], &mut |start_ms, session| {
        kept.insert(start_ms, session);
        Ok(())
    })?;
    let mut tell = |day: Day, what: &str| texts.tell(|| format!("{}: {what}", format_day(day)));
    desk.each_session(i64::MIN..i64::MAX, zones, &mut |found, _| {
        match kept.remove(&found.start_ms) {
            None => tell(found.day, "a session of sleep is not kept"),
            Some(Some(same)) if same == *found => {}
            Some(Some(_)) => tell(found.day, "a session of sleep differs"),
            Some(None) => tell(found.day, "a session of sleep cannot be read"),
        }
        Ok(())
    })?;
    kept.into_keys().for_each(|start_ms| tell(zones.day(start_ms), "there is no such sleep"));
    Ok(())
}

/// Where nights are found and looked up.
struct Desk<'a> {
    conn: &'a Connection,
    kind: u32,
    ranks: &'a Ranks,
    /// The sources that go before all others: those that ever wrote a stage, and those that the owner named.
    first: BTreeSet<i64>,
    /// What the owner says about sessions, the oldest first.
    edits: Vec<Edit>,
}

impl<'a> Desk<'a> {
    /// With what the last write knew of the sources, to look up what it found; `None` where there is no sleep.
    fn known(conn: &'a Connection, orders: &'a Orders) -> Result<Option<Self>> {
        let Some(kind) = sleep(conn)? else { return Ok(None) };
        let first = first_of(&order_of(conn, kind)?);
        Ok(Some(Self { conn, kind, ranks: orders.of(SLEEP), first, edits: Vec::new() }))
    }

    /// With those that the rows say tell stages.
    fn new(conn: &'a Connection, orders: &'a Orders, kind: u32, mut staged: BTreeSet<i64>) -> Result<Self> {
        staged.extend(orders.named(SLEEP).unwrap_or_default());
        Ok(Self { conn, kind, ranks: orders.of(SLEEP), first: staged, edits: edits(conn)? })
    }

    /// The sources of sleep as they count, those that go first before [`BETWEEN`].
    fn order(&self) -> Result<Vec<i64>> {
        let mut statement =
            self.conn.prepare_cached("SELECT source_id FROM series_summary WHERE kind_id = ?1 AND stored > 0")?;
        let all = statement.query_map([self.kind], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        let (mut order, others): (Vec<i64>, Vec<i64>) =
            self.ranks.sorted(&all).into_iter().partition(|source| self.first.contains(source));
        order.push(BETWEEN);
        order.extend(others);
        Ok(order)
    }

    fn rank(&self, source: i64, by_hand: bool) -> u32 {
        let rank = self.ranks.of(source, by_hand);
        if self.first.contains(&source) { rank } else { rank.saturating_add(UNSTAGED) }
    }

    /// Hands over the segments that touch a stretch, by start, each with who wrote it.
    fn each_segment(&self, range: Range<i64>, each: &mut dyn FnMut(Segment, Writer) -> Result<()>) -> Result<()> {
        each_point(
            self.conn,
            self.kind.into(),
            (range.start, range.end),
            &mut |Point { start_ms, end_ms, source_id, value, by_hand, .. }| {
                let Some(stage) = value.and_then(|value| Stage::from_code(value as i64)) else { return Ok(()) };
                let rank = self.rank(source_id, by_hand);
                each(Segment { start_ms, end_ms, stage, rank }, Writer { source: source_id, by_hand })
            },
        )
    }

    /// Hands over the sessions of a stretch that nothing reaches into, by start, with the writers of their slices.
    fn each_session(
        &self,
        range: Range<i64>,
        zones: &Zones,
        each: &mut dyn FnMut(&Session, &Writers) -> Result<()>,
    ) -> Result<()> {
        let (mut segments, mut writers, mut end) = (Vec::new(), Writers::new(), i64::MIN);
        // Where those begin that hang together with the last one, and whether they are too many.
        let (mut first, mut too_many) = (0, false);
        let mut give = |segments: &mut Vec<Segment>, writers: &Writers| {
            unnamed(segments, &self.edits, zones).iter().try_for_each(|session| each(session, writers))?;
            segments.clear();
            Ok(())
        };
        self.each_segment(range, &mut |segment, writer| {
            if segment.start_ms > end.saturating_add(APART_MS) {
                if segments.len() >= AT_A_TIME {
                    give(&mut segments, &writers)?;
                }
                (first, too_many) = (segments.len(), false);
            }
            if segment.end_ms - segment.start_ms > LONGEST_MS {
                return Ok(());
            }
            end = end.max(segment.end_ms);
            too_many |= segments.len() - first >= MOST_TOGETHER;
            if too_many {
                segments.truncate(first);
            } else {
                writers.insert(segment.rank, writer);
                segments.push(segment);
            }
            Ok(())
        })?;
        give(&mut segments, &writers)
    }

    /// A stretch and whatever hangs together with it. A session that is not there any more needs no look: its rows are
    /// there still, or they were touched and lie days inside a stretch of their own.
    fn alone(&self, mut range: Range<i64>) -> Result<Range<i64>> {
        // From one row to the next: sleep without a gap of years is walked through once.
        while let Some((start, _)) = self.ends(range.start - APART_MS..range.start)?.filter(|(a, _)| *a < range.start) {
            range.start = start;
        }
        while let Some((_, end)) = self.ends(range.end..range.end + APART_MS)?.filter(|(_, b)| *b > range.end) {
            range.end = end;
        }
        Ok(range)
    }

    /// The first start and the last end of rows that touch a stretch.
    fn ends(&self, range: Range<i64>) -> Result<Option<(i64, i64)>> {
        let mut statement = self.conn.prepare_cached(
            "SELECT min(start_ms), max(start_ms + duration_ms) FROM samples
             WHERE kind_id = ?1 AND start_ms >= ?2 - ?4 AND start_ms <= ?3 AND duration_ms <= ?4
               AND start_ms + duration_ms >= ?2 AND superseded_by IS NULL",
        )?;
        let ends = |row: &Row<'_>| Ok(row.get::<_, Option<i64>>(0)?.zip(row.get::<_, Option<i64>>(1)?));
        Ok(statement.query_row(params![self.kind, range.start, range.end, LONGEST_MS], ends)?)
    }

    /// Finds the sessions of a stretch anew.
    fn find(&self, range: Range<i64>, zones: &Zones) -> Result<()> {
        self.conn
            .prepare_cached("DELETE FROM nights WHERE start_ms >= ?1 AND start_ms < ?2")?
            .execute([range.start, range.end])?;
        let mut insert = self.conn.prepare_cached(
            "INSERT INTO nights (start_ms, end_ms, day, kind, in_bed_ms, in_bed_estimated, latency_ms, slices)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?;
        self.each_session(range, zones, &mut |session, writers| {
            let Bed { in_bed_ms, estimated, latency_ms } = session.bed();
            insert.execute(params![
                session.start_ms,
                session.end_ms,
                session.day,
                code(session.kind),
                in_bed_ms,
                estimated,
                latency_ms,
                packed(session, writers),
            ])?;
            Ok(())
        })
    }

    /// Sessions of the table, by start.
    fn kept(&self, which: &str, parameters: impl Params) -> Result<Vec<Session>> {
        let mut sessions = Vec::new();
        self.each_kept(which, parameters, &mut |_, session| {
            sessions.push(session.ok_or_else(|| ErrorKind::Damaged("a night cannot be read".to_owned()))?);
            Ok(())
        })?;
        Ok(sessions)
    }

    /// Hands over sessions of the table by start, `None` for one that nobody wrote so.
    fn each_kept(
        &self,
        which: &str,
        parameters: impl Params,
        each: &mut dyn FnMut(i64, Option<Session>) -> Result<()>,
    ) -> Result<()> {
        let mut statement = self.conn.prepare_cached(&format!(
            "SELECT start_ms, end_ms, day, kind, in_bed_ms, in_bed_estimated, latency_ms, slices FROM nights {which}
             ORDER BY start_ms",
        ))?;
        let mut rows = statement.query(parameters)?;
        while let Some(row) = rows.next()? {
            let ends = (row.get(0)?, row.get(1)?);
            let bed = Bed { in_bed_ms: row.get(4)?, estimated: row.get(5)?, latency_ms: row.get(6)? };
            let slices = self.unpacked(ends, row.get_ref(7)?.as_blob().map_err(rusqlite::Error::from)?);
            let day = row.get::<_, i64>(2).map(Day::try_from)?.ok();
            let session = slices.zip(kind_of(row.get(3)?)).zip(day);
            each(ends.0, session.map(|((slices, kind), day)| Session::new(day, kind, ends, bed, slices)))?;
        }
        Ok(())
    }

    /// The slices of a session; `None` of bytes that do not fill it from end to end.
    fn unpacked(&self, (start_ms, end_ms): (i64, i64), mut bytes: &[u8]) -> Option<Vec<Segment>> {
        end_ms.checked_sub(start_ms).filter(|length| *length > 0)?;
        let (mut slices, mut at) = (Vec::new(), start_ms);
        while !bytes.is_empty() {
            let (gap, length, who) = (take(&mut bytes)?, take(&mut bytes)?, take(&mut bytes)?);
            let start_ms = at.checked_add_unsigned(gap)?;
            at = start_ms.checked_add_unsigned(length)?;
            let rank = self.rank((who >> 4) as i64, who & 8 != 0);
            slices.push(Segment { start_ms, end_ms: at, stage: Stage::from_code((who & 7) as i64)?, rank });
        }
        (slices.is_empty() || at == end_ms).then_some(slices)
    }
}

/// Who wrote a segment.
#[derive(Debug, Clone, Copy)]
struct Writer {
    source: i64,
    by_hand: bool,
}

/// The writers of segments, by their ranks.
type Writers = BTreeMap<u32, Writer>;

/// The slices of a session: the gap before each, its length, and its writer and stage.
fn packed(session: &Session, writers: &Writers) -> Vec<u8> {
    let (mut bytes, mut at) = (Vec::new(), session.start_ms);
    for slice in &session.slices {
        let Writer { source, by_hand } =
            writers.get(&slice.rank).copied().unwrap_or(Writer { source: 0, by_hand: false });
        put(&mut bytes, slice.start_ms.abs_diff(at));
        put(&mut bytes, slice.end_ms.abs_diff(slice.start_ms));
        put(&mut bytes, (source as u64) << 4 | u64::from(by_hand) << 3 | slice.stage.code() as u64);
        at = slice.end_ms;
    }
    bytes
}

/// The kinds of sessions as the table has them; which one of a day is the main one is said when they are read.
const KINDS: [Kind; 3] = [Kind::Extra, Kind::Nap, Kind::InBedOnly];

fn code(kind: Kind) -> i64 {
    KINDS.iter().zip(0..).find(|(known, _)| **known == kind).map_or(0, |(_, code)| code)
}

fn kind_of(code: i64) -> Option<Kind> {
    KINDS.get(usize::try_from(code).ok()?).copied()
}

/// The sources before [`BETWEEN`].
fn first_of(order: &[i64]) -> BTreeSet<i64> {
    order.iter().copied().take_while(|source| *source != BETWEEN).collect()
}

/// The sources with a stage among their rows.
fn staged(conn: &Connection, kind: u32) -> Result<BTreeSet<i64>> {
    let mut statement = conn.prepare_cached(
        "SELECT DISTINCT source_id FROM samples WHERE kind_id = ?1 AND value >= ?2 AND superseded_by IS NULL",
    )?;
    Ok(statement.query_map(params![kind, FIRST_STAGE], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

/// Those of some sources; no more is read than up to the stage that is the first of the last of them.
fn those_staged(conn: &Connection, kind: u32, mut among: BTreeSet<i64>) -> Result<BTreeSet<i64>> {
    let mut statement = conn.prepare_cached(
        "SELECT source_id FROM samples WHERE kind_id = ?1 AND value >= ?2 AND superseded_by IS NULL ORDER BY start_ms",
    )?;
    let mut rows = statement.query(params![kind, FIRST_STAGE])?;
    let mut found = BTreeSet::new();
    while !among.is_empty() {
        let Some(row) = rows.next()? else { break };
        found.extend(among.take(&row.get(0)?));
    }
    Ok(found)
}

fn sleep(conn: &Connection) -> Result<Option<u32>> {
    let mut statement = conn.prepare_cached("SELECT id FROM kinds WHERE identifier = ?1")?;
    Ok(statement.query_row([SLEEP], |row| row.get(0)).optional()?)
}
