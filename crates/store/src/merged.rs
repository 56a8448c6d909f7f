//! Days on which several sources, or one that overlaps itself, saw the same: merged once, when the rows are written,
//! and kept in the table `merged`. Days without a row there are told by `daily` alone.
//!
//! Rows are read in the order of time and merged some weeks at a time, so that memory does not grow with the store; it
//! does with what one kind has in three days, a hundred bytes a sample.
//! One thread reads and writes rows, another does the arithmetic.
//!
//! ```text
//!   rows ──► Waiting ──► Job ──► (thread) buckets ──► rows of `merged`
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::thread;

use health::kind::Style;
use health::series::buckets::{Bucket, Input};
use health::series::merge::Span;
use health::series::rule::{LONGEST_SPLIT_MS, Rule as DayRule};
use health::series::workouts::heart::{Minute, highest_by_day};
use health::time::{Day, Zones};
use rusqlite::{Connection, params};

use crate::derived::{identifier, rule};
use crate::error::Result;
use crate::query::{Orders, Ranks};
use crate::rollup::Rule;
use crate::row::FLAG_USER_ENTERED;

/// Samples that are merged at a time, up to the end of their day.
const AT_A_TIME: usize = 16_384;
/// Jobs that wait for the arithmetic.
const JOBS_WAITING: usize = 2;
/// No local day is shorter, but where the wearer travels.
const SHORTEST_DAY_MS: i64 = LONGEST_SPLIT_MS - 2 * 3_600_000;
/// Overlapping samples that far away cannot change a day any more.
pub(crate) const REACH_MS: i64 = 2 * LONGEST_SPLIT_MS;

/// Apple's identifier of the kind whose highest minutes are kept.
const HEART_RATE: &str = "HKQuantityTypeIdentifierHeartRate";

/// How a kind's days come from several sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// Sums per source say it all.
    Never,
    /// Only where samples overlap or several sources wrote.
    WhereTangled,
    /// Always: time is the weight, or one row speaks for the day.
    Always,
}

impl Rule {
    /// Whether days of this kind must be merged.
    pub fn merging(self) -> Need {
        match self.0 {
            DayRule::Count | DayRule::EveryEvent => Need::Never,
            DayRule::ResidualFill | DayRule::Mean | DayRule::Minutes => Need::WhereTangled,
            DayRule::TimeWeightedMean | DayRule::EquivalentLevel => Need::Always,
            DayRule::LatestOfBest | DayRule::FirstOfDay | DayRule::HoursStood => Need::Always,
        }
    }
}

/// Merges days anew, by kind as sorted disjoint closed ranges; and every day of a kind whose sources changed places.
/// Returns those kinds.
pub(crate) fn rebuild(
    conn: &Connection,
    zones: &Zones,
    orders: &Orders,
    days: &BTreeMap<u32, Vec<(Day, Day)>>,
) -> Result<BTreeSet<u32>> {
    thread::scope(|scope| {
        let (jobs, queue) = sync_channel::<Job>(JOBS_WAITING);
        let (results, done) = channel();
        scope.spawn(move || queue.into_iter().try_for_each(|job| results.send(job.run(zones))));
        let mut desk = Desk { conn, orders, jobs, done };
        let moved = rebuild_kinds(&mut desk, zones, days)?;
        desk.finish()?;
        Ok(moved)
    })
}

fn rebuild_kinds(desk: &mut Desk<'_>, zones: &Zones, days: &BTreeMap<u32, Vec<(Day, Day)>>) -> Result<BTreeSet<u32>> {
    let (conn, orders) = (desk.conn, desk.orders);
    let mut kinds_moved = BTreeSet::new();
    let mut sources_by_kind = sources_by_kind(conn)?;
    // A kind that lost its last row still has days to be removed.
    for kind in days.keys() {
        sources_by_kind.entry(*kind).or_default();
    }
    for (kind, sources) in sources_by_kind {
        let merger = Merger::of(conn, zones, kind)?;
        if merger.rule.merging() == Need::Never {
            continue;
        }
        let order = orders.of_kind(kind).sorted(&sources);
        let before = order_of(conn, kind)?;
        let (were, are) = (BTreeSet::from_iter(&before), BTreeSet::from_iter(&order));
        let moved = before.iter().filter(|source| are.contains(source)).ne(order.iter().filter(|s| were.contains(s)));
        match (moved, days.get(&kind)) {
            (true, _) => {
                kinds_moved.insert(kind);
                merger.rebuild(desk, (Day::MIN, Day::MAX))?;
            }
            (false, Some(ranges)) => ranges.iter().try_for_each(|range| merger.rebuild(desk, *range))?,
            (false, None) => {}
        }
        if order != before {
            write_order(conn, kind, &order)?;
        }
    }
    Ok(kinds_moved)
}

fn sources_by_kind(conn: &Connection) -> Result<BTreeMap<u32, BTreeSet<i64>>> {
    let mut statement = conn.prepare_cached("SELECT kind_id, source_id FROM series_summary WHERE stored > 0")?;
    let mut rows = statement.query([])?;
    let mut sources: BTreeMap<u32, BTreeSet<i64>> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        sources.entry(row.get(0)?).or_default().insert(row.get(1)?);
    }
    Ok(sources)
}

/// The order in which a kind's rows were merged last.
pub(crate) fn order_of(conn: &Connection, kind: u32) -> Result<Vec<i64>> {
    let mut statement = conn.prepare_cached("SELECT source_id FROM merge_orders WHERE kind_id = ?1 ORDER BY place")?;
    Ok(statement.query_map([kind], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

/// Keeps it.
pub(crate) fn write_order(conn: &Connection, kind: u32, order: &[i64]) -> Result<()> {
    conn.prepare_cached("DELETE FROM merge_orders WHERE kind_id = ?1")?.execute([kind])?;
    let mut insert = conn.prepare_cached("INSERT INTO merge_orders (kind_id, place, source_id) VALUES (?1, ?2, ?3)")?;
    for (place, source) in order.iter().enumerate() {
        insert.execute(params![kind, place as i64, source])?;
    }
    Ok(())
}

/// Takes a merged day, its highest minute and its parts.
type TakeDay<'t> = &'t mut dyn FnMut(&Bucket, Option<Minute>, String) -> Result<()>;

/// Hands every merged day of a kind to `each`, as it should be in the table, in the order of time, with its highest
/// minute and its parts.
pub(crate) fn recount(conn: &Connection, zones: &Zones, kind: u32, ranks: &Ranks, each: TakeDay<'_>) -> Result<()> {
    let merger = Merger::of(conn, zones, kind)?;
    if merger.rule.merging() == Need::Never {
        return Ok(());
    }
    merger.read(conn, ranks, (Day::MIN, Day::MAX), &mut |job| {
        let done = job.run(zones);
        done.days.iter().try_for_each(|(bucket, peak)| each(bucket, *peak, parts(ranks, done.style, bucket)))
    })
}

/// Whether the days of a kind are merged in the order that holds.
pub(crate) fn has_its_order(conn: &Connection, kind: u32, orders: &Orders) -> Result<bool> {
    let mut statement =
        conn.prepare_cached("SELECT source_id FROM series_summary WHERE kind_id = ?1 AND stored > 0")?;
    let sources: BTreeSet<i64> = statement.query_map([kind], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    let order = orders.of_kind(kind).sorted(&sources);
    Ok(rule(conn, kind)?.merging() == Need::Never || order_of(conn, kind)? == order)
}

/// Merges closed ranges of local days of one kind anew.
struct Merger<'a> {
    zones: &'a Zones,
    kind: u32,
    rule: Rule,
    has_peaks: bool,
}

impl<'a> Merger<'a> {
    fn of(conn: &Connection, zones: &'a Zones, kind: u32) -> Result<Self> {
        Ok(Self { zones, kind, rule: rule(conn, kind)?, has_peaks: identifier(conn, kind)? == HEART_RATE })
    }

    /// Merges the days `from..=until`.
    fn rebuild(&self, desk: &mut Desk<'_>, (from, until): (Day, Day)) -> Result<()> {
        let (conn, ranks) = (desk.conn, desk.orders.of_kind(self.kind));
        conn.prepare_cached("DELETE FROM merged WHERE kind_id = ?1 AND day BETWEEN ?2 AND ?3")?
            .execute(params![self.kind, from, until])?;
        self.read(conn, ranks, (from, until), &mut |job| desk.hand_out(job))
    }

    /// Reads what the days `from..=until` are made of, and hands it over in the order of time.
    fn read(
        &self,
        conn: &Connection,
        ranks: &Ranks,
        (from, until): (Day, Day),
        each: &mut dyn FnMut(Job) -> Result<()>,
    ) -> Result<()> {
        let start = if from == Day::MIN { i64::MIN } else { self.zones.day_bounds(from).0 - REACH_MS };
        let end = if until == Day::MAX { i64::MAX } else { self.zones.day_bounds(until).1 + REACH_MS };
        let mut statement = conn.prepare_cached(
            "SELECT start_ms, source_id, duration_ms, value, copies, flags FROM samples
             WHERE kind_id = ?1 AND start_ms BETWEEN ?2 AND ?3 AND superseded_by IS NULL
             ORDER BY start_ms, source_id, duration_ms, ordinal",
        )?;
        let mut rows = statement.query(params![self.kind, start, end])?;
        let mut waiting = Waiting::default();
        let mut written = Day::MIN;
        let mut span = (0, 0, 0);
        let mut begins = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let (start_ms, source, duration_ms): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let Some((value, length)) = self.rule.0.amount(row.get(3)?, duration_ms) else { continue };
            let (copies, flags): (u32, u32) = (row.get(4)?, row.get(5)?);
            if !(span.1..span.2).contains(&start_ms) {
                span = self.zones.day_span(start_ms);
            }
            let (day, _, midnight) = span;
            let mut begins_for_good = || *begins.entry(day).or_insert_with(|| self.begins_for_good(day)) <= start_ms;
            if day > waiting.day && waiting.fresh >= AT_A_TIME && begins_for_good() {
                // What starts from here on may overlap what began the day before, which two short days may hold.
                let open = if self.rule.0.is_merged_sum() { day - 2 } else { day };
                let rest = waiting.since(start_ms.min(self.zones.day_bounds(open).0) - REACH_MS, open);
                let done = std::mem::replace(&mut waiting, rest);
                each(self.job(done, (written.max(from), until.min(open - 1))))?;
                written = open;
            }
            let rank = ranks.of(source, flags & FLAG_USER_ENTERED != 0);
            // Totals of many days count for the day of their start, as in `daily`.
            let length = if length > LONGEST_SPLIT_MS { 0 } else { length };
            let sample = Span { start_ms, end_ms: start_ms + length, value, rank };
            let input = Input { span: sample, copies: self.rule.copies(copies, flags).into() };
            waiting.add(input, day, midnight, self.rule.0.is_merged_sum());
        }
        each(self.job(waiting, (written.max(from), until)))
    }

    /// From when on no earlier day comes back: who flies west over midnight has a day twice.
    fn begins_for_good(&self, day: Day) -> i64 {
        self.zones.days(Day::MIN, day - 1).range_ms().1
    }

    fn job(&self, waiting: Waiting, days: (Day, Day)) -> Job {
        let Self { kind, rule, has_peaks, .. } = *self;
        Job { kind, rule, has_peaks, days, inputs: waiting.inputs, tangled: waiting.tangled }
    }
}

/// Samples to merge, and the days that are wanted of them.
struct Job {
    kind: u32,
    rule: Rule,
    has_peaks: bool,
    days: (Day, Day),
    inputs: Vec<Input>,
    tangled: BTreeSet<Day>,
}

impl Job {
    fn run(self, zones: &Zones) -> Done {
        let all = self.rule.merging() == Need::Always;
        let mut peaks = if self.has_peaks { highest_by_day(&self.inputs, zones) } else { BTreeMap::new() };
        let buckets = self.rule.0.day_buckets(&self.inputs, zones).into_iter();
        let wanted = buckets.filter(|bucket| {
            (self.days.0..=self.days.1).contains(&bucket.day) && (all || self.tangled.contains(&bucket.day))
        });
        let days =
            wanted.map(|bucket| (peaks.remove(&bucket.day), bucket)).map(|(peak, bucket)| (bucket, peak)).collect();
        Done { kind: self.kind, style: self.rule.style(), days }
    }
}

/// The merged days of a kind, of heart rate with the highest minute of each.
struct Done {
    kind: u32,
    style: Style,
    days: Vec<(Bucket, Option<Minute>)>,
}

/// Where jobs are handed out and what comes back is written.
struct Desk<'a> {
    conn: &'a Connection,
    orders: &'a Orders,
    jobs: SyncSender<Job>,
    done: Receiver<Done>,
}

impl Desk<'_> {
    fn hand_out(&mut self, job: Job) -> Result<()> {
        // The other side listens as long as this one exists.
        let _ = self.jobs.send(job);
        while let Ok(done) = self.done.try_recv() {
            write(self.conn, self.orders.of_kind(done.kind), &done)?;
        }
        Ok(())
    }

    fn finish(self) -> Result<()> {
        let Self { conn, orders, jobs, done } = self;
        drop(jobs);
        done.into_iter().try_for_each(|done| write(conn, orders.of_kind(done.kind), &done))
    }
}

fn write(conn: &Connection, ranks: &Ranks, done: &Done) -> Result<()> {
    let mut insert = conn.prepare_cached(
        "INSERT INTO merged
             (kind_id, day, n, value, minimum, maximum, mean, total, naive, weight, parts, peak, peak_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    )?;
    for (b, peak) in &done.days {
        insert.execute(params![
            done.kind,
            b.day,
            b.n,
            b.value,
            b.min,
            b.max,
            b.mean,
            b.sum,
            b.naive_sum,
            b.weight,
            parts(ranks, done.style, b),
            peak.map(|minute| minute.bpm),
            peak.map(|minute| minute.at_ms),
        ])?;
    }
    Ok(())
}

/// What each source adds, as JSON: `[[source, part], ...]`.
fn parts(ranks: &Ranks, style: Style, bucket: &Bucket) -> String {
    let mut parts: BTreeMap<u32, (i64, f64)> = BTreeMap::new();
    for (rank, part) in &bucket.parts {
        let source = ranks.source(*rank).unwrap_or_default();
        let known = parts.entry(ranks.place(*rank));
        // Parts of a sum add up; of several means of one source that of its best rows is kept.
        match style {
            Style::Cumulative => known.or_insert((source, 0.0)).1 += part,
            _ => drop(known.or_insert((source, *part))),
        }
    }
    serde_json::json!(parts.values().collect::<Vec<_>>()).to_string()
}

/// Samples that are not merged yet, or that reach into days that are not.
#[derive(Debug, Default)]
struct Waiting {
    inputs: Vec<Input>,
    /// How many of them came since samples were handed over.
    fresh: usize,
    /// The day of the last sample.
    day: Day,
    /// The first rank on each day.
    ranks: BTreeMap<Day, u32>,
    /// That of the day of the last sample.
    rank: u32,
    /// The latest end so far.
    end_ms: i64,
    /// The first day of those on which samples began that overlap one another without a break up to the last one, and
    /// that are not known to be tangled.
    since: Day,
    /// Days on which several sources wrote or, of a sum, samples overlap, also where only their other ends do.
    tangled: BTreeSet<Day>,
}

impl Waiting {
    fn add(&mut self, input: Input, day: Day, midnight: i64, overlaps_count: bool) {
        let span = input.span;
        if self.inputs.is_empty() || day != self.day {
            (self.day, self.rank) = (day, *self.ranks.entry(day).or_insert(span.rank));
        }
        if span.rank != self.rank {
            self.tangled.insert(day);
        }
        if self.inputs.is_empty() || span.start_ms >= self.end_ms {
            (self.since, self.end_ms) = (day, span.end_ms);
        } else if overlaps_count {
            self.end_ms = self.end_ms.max(span.end_ms);
            // A day of a clock change is shorter than the longest sample.
            let last = day + Day::from(self.end_ms > midnight) + Day::from(self.end_ms > midnight + SHORTEST_DAY_MS);
            self.tangled.extend(self.since.min(day)..=last);
            self.since = day;
        }
        self.fresh += 1;
        self.inputs.push(input);
    }

    /// The same without the samples before an instant and what is known of the days before one.
    fn since(&self, from_ms: i64, day: Day) -> Self {
        let first = self.inputs.partition_point(|input| input.span.start_ms < from_ms);
        let inputs = self.inputs.get(first..).unwrap_or_default().to_vec();
        let tangled = self.tangled.range(day..).copied().collect();
        let ranks = self.ranks.range(day..).map(|(day, rank)| (*day, *rank)).collect();
        Self { inputs, fresh: 0, tangled, ranks, ..*self }
    }
}
