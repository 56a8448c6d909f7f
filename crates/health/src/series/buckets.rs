//! Buckets of local time: hours, days, weeks, months and years, and a kind's number in each.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

use super::hold::{held, leveled, sort};
use super::merge::{Span, merge};
use crate::kind::Style;
use crate::time::{Day, Zones, day_of};

/// How wide a bucket is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grain {
    /// A local hour.
    Hour,
    /// A local day.
    Day,
    /// Seven local days.
    Week,
    /// A local month.
    Month,
    /// A local year.
    Year,
}

/// Local time cut into pieces.
#[derive(Debug, Clone, Copy)]
pub struct Calendar<'z> {
    /// The wearer's zones.
    pub zones: &'z Zones,
    /// How wide.
    pub grain: Grain,
    /// First day of the week, 0 for Monday.
    pub week_start: i8,
}

/// One sample, ready to be counted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Input {
    /// Time, value and rank of the source.
    pub span: Span,
    /// How many equal samples it stands for.
    pub copies: i64,
}

/// The numbers of one bucket.
#[derive(Debug, Clone, PartialEq)]
pub struct Bucket {
    /// Start.
    pub start_ms: i64,
    /// End.
    pub end_ms: i64,
    /// Local day of the start.
    pub day: Day,
    /// Samples that start in it.
    pub n: i64,
    /// The number to show: by the kind's style.
    pub value: f64,
    /// Smallest value.
    pub min: f64,
    /// Largest value.
    pub max: f64,
    /// Plain mean of the samples.
    pub mean: f64,
    /// Merged sum of a cumulative kind.
    pub sum: f64,
    /// Sum without merging.
    pub naive_sum: f64,
    /// What it weighs in the mean of a wider bucket: samples or milliseconds that made the value, by the kind's style.
    pub weight: f64,
    /// What each rank adds to a sum or a count, else the mean of what counts of it, made as the value is.
    pub parts: BTreeMap<u32, f64>,
}

impl Bucket {
    /// Whether nothing can be added any more: it has ended by `now_ms`. Others are drawn as unfinished and left out of
    /// averages.
    pub fn is_complete(&self, now_ms: i64) -> bool {
        self.end_ms <= now_ms
    }
}

/// The word for how a bucket's value is made.
pub fn stat(style: Style) -> &'static str {
    match style {
        Style::Cumulative => "sum",
        Style::Arithmetic => "mean",
        Style::TemporallyWeighted => "time_weighted_mean",
        Style::EquivalentLevel => "equivalent_level",
        Style::Category => "count",
    }
}

impl Calendar<'_> {
    /// Returns the bucket that an instant is in: start, end and the local day of the start.
    pub fn span(&self, at_ms: i64) -> (i64, i64, Day) {
        let piece = self.piece(at_ms);
        (piece.start_ms, piece.end_ms, piece.day)
    }

    /// The bucket of an instant, and until when this answer holds: a bucket in which the wearer changes zones has
    /// several pieces.
    fn piece(&self, at_ms: i64) -> Piece {
        if self.grain == Grain::Hour {
            let (start_ms, end_ms) = self.zones.hour_span(at_ms);
            return Piece { start_ms, end_ms, day: self.zones.day(at_ms), from_ms: start_ms, until_ms: end_ms };
        }
        let (day, from_ms, until_ms) = self.zones.day_span(at_ms);
        let until_ms = until_ms.max(at_ms + 1);
        let (first, next) = self.days(day).unwrap_or((day, day + 1));
        let (start_ms, end_ms) = (self.zones.day_bounds(first).0, self.zones.day_bounds(next).0);
        Piece { start_ms, end_ms, day: first, from_ms, until_ms }
    }

    /// First day of the bucket that a day is in, and of the next bucket; none beyond the calendar's end.
    pub fn days(&self, day: Day) -> Option<(Day, Day)> {
        let date = Date::constant(1970, 1, 1).checked_add(i64::from(day).days()).ok()?;
        match self.grain {
            Grain::Hour | Grain::Day => Some((day, day + 1)),
            Grain::Week => {
                let start = Weekday::from_monday_zero_offset(self.week_start).unwrap_or(Weekday::Monday);
                let first = day - Day::from(date.weekday().since(start));
                Some((first, first + 7))
            }
            Grain::Month => {
                let first = date.first_of_month();
                Some((day_of(first), day_of(first.checked_add(1.month()).ok()?)))
            }
            Grain::Year => {
                let first = date.first_of_year();
                Some((day_of(first), day_of(first.checked_add(1.year()).ok()?)))
            }
        }
    }
}

/// A part of a bucket in which the wearer's zone is one.
#[derive(Debug, Clone, Copy)]
struct Piece {
    /// Start of the bucket.
    start_ms: i64,
    /// End of the bucket.
    end_ms: i64,
    /// Local day of the bucket's start.
    day: Day,
    from_ms: i64,
    until_ms: i64,
}

#[derive(Default)]
struct Sums {
    end_ms: i64,
    day: Day,
    n: i64,
    seen: Option<(f64, f64)>,
    plain: f64,
    weighted: f64,
    weight: f64,
    sum: f64,
    naive: f64,
    /// By rank: totals and weights.
    parts: BTreeMap<u32, (f64, f64)>,
}

impl Sums {
    /// Adds to what a rank gives.
    fn part(&mut self, rank: u32, value: f64, weight: f64) {
        // Not zero plus the value: that is another number where the value is minus zero.
        let add = |(total, known): &mut (f64, f64)| (*total, *known) = (*total + value, *known + weight);
        self.parts.entry(rank).and_modify(add).or_insert((value, weight));
    }

    /// Looks at a value for the range.
    fn see(&mut self, value: f64) {
        let (low, high) = self.seen.unwrap_or((value, value));
        self.seen = Some((low.min(value), high.max(value)));
    }

    /// Adds a value of a rank to a mean.
    fn weigh(&mut self, rank: u32, value: f64, weight: f64) {
        self.weighted += value * weight;
        self.weight += weight;
        self.part(rank, value * weight, weight);
    }
}

/// Returns the buckets that have samples, by time. `event_like` kinds are summed without merging.
pub fn buckets(inputs: &[Input], style: Style, event_like: bool, calendar: Calendar<'_>) -> Vec<Bucket> {
    count(inputs, style, event_like, Cut::Calendar(calendar))
}

/// From one instant to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// First instant.
    pub start_ms: i64,
    /// First instant after it.
    pub end_ms: i64,
    /// The local day of its start.
    pub day: Day,
}

/// Into what time is cut.
#[derive(Clone, Copy)]
pub(super) enum Cut<'z> {
    /// The buckets of a calendar.
    Calendar(Calendar<'z>),
    /// One stretch, what is before it and what is after.
    Between(Stretch),
}

impl Cut<'_> {
    fn piece(&self, at_ms: i64) -> Piece {
        let Stretch { start_ms, end_ms, day } = match self {
            Self::Calendar(calendar) => return calendar.piece(at_ms),
            Self::Between(stretch) => *stretch,
        };
        let (from_ms, until_ms) = match at_ms {
            at if at < start_ms => (i64::MIN, start_ms),
            at if at < end_ms => (start_ms, end_ms),
            _ => (end_ms, i64::MAX),
        };
        Piece { start_ms: from_ms, end_ms: until_ms, day, from_ms, until_ms }
    }
}

/// Counts samples in whatever time is cut into.
pub(super) fn count(inputs: &[Input], style: Style, event_like: bool, cut: Cut<'_>) -> Vec<Bucket> {
    let mut table = Table { cut, rows: Vec::new(), last: None };
    // Sums of floats depend on their order: it must be that of time, never that of writing.
    let mut inputs: Vec<&Input> = inputs.iter().collect();
    sort(&mut inputs);
    for input in &inputs {
        table.count(input);
    }
    if style == Style::Cumulative {
        let spans = inputs.iter().map(|i| Span { value: i.span.value * i.copies as f64, ..i.span });
        let spans: Vec<Span> = spans.collect();
        table.spread(&spans, |row, _, part| row.naive += part);
        let pieces = if event_like { spans } else { merge(&spans) };
        table.spread(&pieces, |row, piece, part| {
            row.sum += part;
            row.part(piece.rank, part, 1.0);
        });
    } else {
        table.weigh(inputs, style);
        // What only reaches into a bucket is no sample of it.
        table.rows.retain(|(_, row)| row.n > 0);
    }
    table.rows.into_iter().map(|(start, row)| finish(start, row, style)).collect()
}

struct Table<'z> {
    cut: Cut<'z>,
    /// By start.
    rows: Vec<(i64, Sums)>,
    /// The last answer and the place of its row.
    last: Option<(Piece, usize)>,
}

impl Table<'_> {
    /// Where the piece of an instant ends, and its bucket. Neighbours mostly share one: the last answer is kept.
    fn row(&mut self, at_ms: i64) -> (i64, &mut Sums) {
        let (piece, place) = match self.last {
            Some((piece, place)) if (piece.from_ms..piece.until_ms).contains(&at_ms) => (piece, place),
            _ => self.find(self.cut.piece(at_ms)),
        };
        self.last = Some((piece, place));
        (piece.until_ms, &mut self.rows[place].1)
    }

    fn find(&mut self, piece: Piece) -> (Piece, usize) {
        let place = self.rows.binary_search_by_key(&piece.start_ms, |(start, _)| *start).unwrap_or_else(|place| {
            let row = Sums { end_ms: piece.end_ms, day: piece.day, ..Sums::default() };
            self.rows.insert(place, (piece.start_ms, row));
            place
        });
        (piece, place)
    }

    fn count(&mut self, input: &Input) {
        let (value, copies) = (input.span.value, input.copies as f64);
        let (_, row) = self.row(input.span.start_ms);
        row.n += input.copies;
        row.plain += value * copies;
        row.see(value);
    }

    /// Cuts spans at the edges of buckets, in proportion to time.
    fn spread(&mut self, spans: &[Span], mut add: impl FnMut(&mut Sums, &Span, f64)) {
        for span in spans {
            let length = span.end_ms - span.start_ms;
            if length <= 0 {
                add(self.row(span.start_ms).1, span, span.value);
                continue;
            }
            let mut at = span.start_ms;
            while at < span.end_ms {
                let (until, row) = self.row(at);
                let until = until.min(span.end_ms);
                add(row, span, span.value * (until - at) as f64 / length as f64);
                at = until;
            }
        }
    }

    /// Adds up a discrete kind. Where time is the weight, what has a length weighs its part in each bucket that it lies
    /// in; a moment belongs to its own, however long it holds.
    fn weigh(&mut self, sorted: Vec<&Input>, style: Style) {
        for held in held(sorted) {
            let Span { start_ms, end_ms, rank, value } = held.input.span;
            let end_ms = if style.weighs_time() { end_ms } else { start_ms };
            let mut at = start_ms;
            loop {
                let (until, row) = self.row(at);
                let (part, weight) = held.weigh(style, at, until);
                row.weigh(rank, part, weight);
                row.see(value);
                if until >= end_ms {
                    break;
                }
                at = until;
            }
        }
    }
}

fn finish(start_ms: i64, row: Sums, style: Style) -> Bucket {
    let mean = if row.n > 0 { row.plain / row.n as f64 } else { 0.0 };
    let value = match style {
        Style::Cumulative => row.sum,
        Style::Category => row.n as f64,
        _ => leveled(style, row.weighted, row.weight).unwrap_or(mean),
    };
    let part = |total: f64, weight: f64| match style {
        Style::Cumulative => Some(total),
        Style::Category => Some(weight),
        _ => leveled(style, total, weight),
    };
    let (min, max) = row.seen.unwrap_or((value, value));
    Bucket {
        start_ms,
        end_ms: row.end_ms,
        day: row.day,
        n: row.n,
        value,
        min,
        max,
        mean,
        sum: row.sum,
        naive_sum: row.naive,
        weight: row.weight,
        parts: row.parts.into_iter().filter_map(|(rank, (total, n))| Some((rank, part(total, n)?))).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{TimeZone, format_day, parse_day, parse_stamp};

    fn berlin() -> Zones {
        Zones::home(TimeZone::get("Europe/Berlin").expect("a zone"))
    }

    fn input(start: &str, end: &str, value: f64) -> Input {
        let at = |text: &str| parse_stamp(&format!("2026-03-{text} +0100")).expect("a stamp");
        Input { span: Span { start_ms: at(start), end_ms: at(end), value, rank: 0 }, copies: 1 }
    }

    #[track_caller]
    fn check(inputs: &[Input], style: Style, grain: Grain, expected: &[(&str, f64)]) {
        let zones = berlin();
        let calendar = Calendar { zones: &zones, grain, week_start: 0 };
        let found = buckets(inputs, style, false, calendar);
        let found: Vec<(String, f64)> =
            found.iter().map(|b| (format_day(b.day), (b.value * 100.0).round() / 100.0)).collect();
        let expected: Vec<(String, f64)> = expected.iter().map(|(day, v)| ((*day).to_owned(), *v)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn t5_an_interval_over_midnight_gives_each_day_its_part() {
        let walk = input("02 23:50:00", "03 00:10:00", 600.0);
        check(&[walk], Style::Cumulative, Grain::Day, &[("2026-03-02", 300.0), ("2026-03-03", 300.0)]);
        check(&[walk], Style::Cumulative, Grain::Week, &[("2026-03-02", 600.0)]);
        check(&[walk], Style::Cumulative, Grain::Month, &[("2026-03-01", 600.0)]);
        check(&[walk], Style::Cumulative, Grain::Year, &[("2026-01-01", 600.0)]);
    }

    #[test]
    fn d1_a_pulse_holds_until_the_next_one() {
        let pulse = |at: &str, value| input(&format!("02 08:{at}"), &format!("02 08:{at}"), value);
        let samples = [
            pulse("00:00", 60.0),
            pulse("05:00", 62.0),
            pulse("10:00", 120.0),
            pulse("10:05", 124.0),
            pulse("10:10", 128.0),
            pulse("10:15", 130.0),
            pulse("10:20", 70.0),
            pulse("30:00", 64.0),
        ];
        check(&samples, Style::TemporallyWeighted, Grain::Hour, &[("2026-03-02", 65.66)]);
        check(&samples, Style::Arithmetic, Grain::Hour, &[("2026-03-02", 94.75)]);
    }

    #[test]
    fn an_interval_over_the_edge_of_a_bucket_weighs_its_part_in_each() {
        let pulse = |day: &str, at: &str, value| input(&format!("{day} {at}"), &format!("{day} {at}"), value);
        // A moment belongs to its day.
        let two = [pulse("02", "23:57:00", 60.0), pulse("03", "00:02:00", 80.0)];
        let style = Style::TemporallyWeighted;
        check(&two, style, Grain::Day, &[("2026-03-02", 60.0), ("2026-03-03", 80.0)]);
        // Ten minutes of an interval on one day, twenty on the other, and ten of another one.
        let rows = [input("02 23:50:00", "03 00:20:00", 60.0), input("03 12:00:00", "03 12:10:00", 90.0)];
        check(&rows, style, Grain::Day, &[("2026-03-02", 60.0), ("2026-03-03", 70.0)]);
        check(&rows, Style::EquivalentLevel, Grain::Day, &[("2026-03-02", 60.0), ("2026-03-03", 85.24)]);
        check(&rows, Style::Arithmetic, Grain::Day, &[("2026-03-02", 60.0), ("2026-03-03", 90.0)]);
        check(&rows[..1], style, Grain::Day, &[("2026-03-02", 60.0)]);
        let zones = berlin();
        let days = buckets(&rows, style, false, Calendar { zones: &zones, grain: Grain::Day, week_start: 0 });
        let ranges: Vec<_> = days.iter().map(|day| (day.min, day.max, day.n)).collect();
        assert_eq!(ranges, [(60.0, 60.0, 1), (60.0, 90.0, 1)]);
    }

    #[test]
    fn the_part_of_a_source_is_made_as_the_number_is() {
        let pulse = |at: &str, value, rank| {
            let input = input(&format!("02 08:{at}"), &format!("02 08:{at}"), value);
            Input { span: Span { rank, ..input.span }, ..input }
        };
        let rows = [pulse("00:00", 60.0, 0), pulse("09:00", 80.0, 0), pulse("10:00", 100.0, 1)];
        let zones = berlin();
        let calendar = Calendar { zones: &zones, grain: Grain::Day, week_start: 0 };
        let parts = |style| buckets(&rows, style, false, calendar).remove(0).parts;
        assert_eq!(parts(Style::TemporallyWeighted), BTreeMap::from([(0, 62.0), (1, 100.0)]));
        assert_eq!(parts(Style::Arithmetic), BTreeMap::from([(0, 70.0), (1, 100.0)]));
        assert_eq!(parts(Style::Category), BTreeMap::from([(0, 2.0), (1, 1.0)]));
    }

    #[test]
    fn pulses_of_one_moment_share_its_time_whatever_their_order() {
        let pulse = |at: &str, value| input(&format!("02 08:{at}"), &format!("02 08:{at}"), value);
        let mut samples = [pulse("00:00", 60.0), pulse("00:00", 80.0), pulse("10:00", 100.0)];
        for _ in 0..2 {
            check(&samples, Style::TemporallyWeighted, Grain::Hour, &[("2026-03-02", 85.0)]);
            samples.reverse();
        }
    }

    #[test]
    fn d2_loudness_is_averaged_as_energy() {
        let loud = [input("02 08:00:00", "02 08:50:00", 60.0), input("02 08:50:00", "02 09:00:00", 90.0)];
        check(&loud, Style::EquivalentLevel, Grain::Day, &[("2026-03-02", 82.24)]);
    }

    #[test]
    fn a_bucket_is_complete_once_it_has_ended() {
        let zones = berlin();
        let calendar = Calendar { zones: &zones, grain: Grain::Day, week_start: 0 };
        let walk = input("02 23:50:00", "03 00:10:00", 600.0);
        let now = parse_stamp("2026-03-03 12:00:00 +0100").expect("a stamp");
        let found: Vec<bool> =
            buckets(&[walk], Style::Cumulative, false, calendar).iter().map(|b| b.is_complete(now)).collect();
        assert_eq!(found, [true, false]);
    }

    #[track_caller]
    fn check_hours(zone: &str, day: &str, expected: i64) {
        let zones = Zones::named(zone).expect("a zone");
        let calendar = Calendar { zones: &zones, grain: Grain::Hour, week_start: 0 };
        let (from, until) = zones.day_bounds(parse_day(day).expect("a day"));
        let (mut at, mut hours) = (from, 0);
        while at < until {
            let (start, end, _) = calendar.span(at);
            assert_eq!((start, calendar.span(end - 1)), (at, calendar.span(at)), "no hours overlap");
            at = end;
            hours += 1;
        }
        assert_eq!((at, hours), (until, expected));
    }

    #[test]
    fn t4_a_day_of_a_clock_change_has_23_or_25_hours() {
        check_hours("Europe/Berlin", "2026-03-29", 23);
        check_hours("Europe/Berlin", "2026-10-25", 25);
        check_hours("Europe/Berlin", "2026-10-26", 24);
    }

    #[test]
    fn a_clock_change_of_half_an_hour_cuts_an_hour() {
        // From 02:00 back to 01:30: 01:00 to 02:00, and 01:30 to 02:00 once more. From 02:00 to 02:30: that half is
        // left.
        check_hours("Australia/Lord_Howe", "2025-04-06", 25);
        check_hours("Australia/Lord_Howe", "2025-10-05", 24);
        check_hours("Australia/Lord_Howe", "2025-10-06", 24);
        // Days without a full hour in their offset begin on the hour all the same.
        check_hours("Asia/Kathmandu", "2026-03-01", 24);
        // Liberia was 44 minutes and 30 seconds behind, and came forward to UTC.
        check_hours("Africa/Monrovia", "1972-01-07", 24);
    }
}
