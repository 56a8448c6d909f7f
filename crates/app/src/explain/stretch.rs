//! Where the number of an hour, or of any stretch of a day, comes from: the records that lie in it, what each adds, and
//! why others do not count.

use health::kind::Nature;
use health::language::word;
use health::series::buckets::{Stretch, stat};
use health::series::explain::{ExplainedStretch, Row, explain_stretch as explain_rows};
use health::series::rule::Rule;
use health::time::{Day, HOUR_MS, Zones, format_day, format_instant, parse_stamp};
use health::{key, say};
use serde::Serialize;
use store::query::{Point, Ranks};

use super::{Parts, SourcePart};
use crate::error::{Code, Error, Result};
use crate::folder::Folder;
use crate::local::{Days, Found, day, find_kind, zones};
use crate::query::REACH_MS;
use crate::sleep::SLEEP;

/// So many records are told one by one.
const MOST_ROWS: usize = 500;
/// What is longer is told by its days.
const LONGEST_MS: i64 = 48 * HOUR_MS;
const MINUTE_MS: i64 = 60_000;

/// The answer of `vitalog explain` for a stretch of a day.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StretchAnswer {
    /// Apple's identifier.
    #[serde(rename = "type")]
    pub kind: String,
    /// The local day of its start.
    pub day: String,
    /// From this instant.
    pub from: String,
    /// To this one, which is not in it.
    pub until: String,
    /// Both on the wearer's clock, as in `08:00`.
    pub clock: [String; 2],
    /// The zone of its start.
    pub zone: String,
    /// The number, as in `vitalog query --bucket hour`. Null where there is none.
    pub value: Option<f64>,
    /// Smallest value of what is measured.
    pub min: Option<f64>,
    /// Largest value of what is measured.
    pub max: Option<f64>,
    /// Its unit.
    pub unit: Option<String>,
    /// Digits behind the point with which people read it; the window's alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digits: Option<usize>,
    /// How it is made, as in `vitalog query --bucket hour`.
    pub stat: &'static str,
    /// Code of the rule.
    pub rule: &'static str,
    /// What was done, in words.
    pub sentence: String,
    /// What a plain sum of all records would say; null where sums make no sense.
    pub naive_sum: Option<f64>,
    /// Rows of the stretch that the owner hid or deleted: they count nowhere.
    #[serde(skip_serializing_if = "super::is_none")]
    pub hidden: u64,
    /// The sources that have records in it, the best first.
    pub sources: Vec<SourcePart>,
    /// The records that have a part in it, by time; the first of them where they are many.
    pub rows: Vec<RowAnswer>,
    /// How many there are.
    pub rows_total: usize,
}

/// A record that has a part in a stretch.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct RowAnswer {
    /// Its source.
    pub source: String,
    /// When it began.
    pub start: String,
    /// When it ended.
    pub end: String,
    /// Both on the wearer's clock, with seconds.
    pub clock: [String; 2],
    /// Its value, all of it; null of a category.
    pub value: Option<f64>,
    /// What it adds to a sum or a count; null of what is averaged, and where it does not count.
    pub adds: Option<f64>,
    /// `counts`, `counts_inside`, `counts_in_part`, `better_source`, `same_source` or `unknown_unit`.
    pub fate: &'static str,
}

/// Reads a stretch of a day as the user wrote it: times on the wearer's clock, such as `08:00`, or instants. The same
/// time may come twice in a night when clocks are set back; the first one is meant, or the first after the start.
pub fn stretch_of(folder: &Folder, on: &str, from: &str, until: &str) -> Result<(i64, i64)> {
    let (zones, on) = (zones(&folder.read()?)?, day(on)?);
    let from_ms = instant(&zones, on, from, i64::MIN)?;
    Ok((from_ms, instant(&zones, on, until, from_ms)?))
}

fn instant(zones: &Zones, on: Day, text: &str, after_ms: i64) -> Result<i64> {
    let (first_ms, end_ms) = zones.days(on, on).range_ms();
    let shown = format!("{} {text}", format_day(on));
    let minutes = (first_ms.div_euclid(MINUTE_MS)..=end_ms.div_euclid(MINUTE_MS)).map(|minute| minute * MINUTE_MS);
    let on_the_clock = || minutes.into_iter().find(|at| *at > after_ms && zones.wall_clock(*at) == shown);
    let end_of_day = || (text == "24:00").then_some(end_ms);
    parse_stamp(text).or_else(on_the_clock).or_else(end_of_day).ok_or_else(|| {
        let hint = word(key!("Give times on the clock of that day, such as --from 08:00 --until 09:00, or instants."));
        Error::new(Code::BadUsage, say!("`{text}` is no time of that day.", text), hint)
    })
}

/// Explains the number of a stretch of time, in milliseconds since 1970.
pub fn explain_stretch(folder: &Folder, text: &str, (from_ms, until_ms): (i64, i64)) -> Result<StretchAnswer> {
    if from_ms >= until_ms || until_ms.saturating_sub(from_ms) > LONGEST_MS {
        let hint = word(key!("Name a start before the end, two days apart at most; days are explained with --to."));
        return Err(Error::new(Code::BadUsage, word(key!("That is no stretch of a day.")), hint));
    }
    let store = folder.read()?;
    let found = find_kind(&store, text)?;
    if found.kind.identifier == SLEEP {
        let hint = word(key!("Ask for its day alone."));
        return Err(Error::new(Code::BadUsage, word(key!("A night is explained as a whole.")), hint));
    }
    let (orders, zones) = (store.orders()?, zones(&store)?);
    let ranks = orders.of(&found.kind.identifier);
    let stretch = Stretch { start_ms: from_ms, end_ms: until_ms, day: zones.day(from_ms) };
    // As much around it as an hour of a chart is made with.
    let days = Days { from: Some(stretch.day), to: Some(zones.day(until_ms - 1)) };
    let (first_ms, last_ms) = days.instants(&zones).range_ms();
    let around = (first_ms.saturating_sub(REACH_MS), last_ms.saturating_add(REACH_MS));
    let points = found.id.map_or_else(|| Ok(Vec::new()), |id| store.points(id, around.0, around.1))?;
    let hidden = found.id.map_or(Ok(0), |id| store.hidden_rows(id, (from_ms, until_ms)))?;
    let told = Told { found: &found, rule: Rule::of(&found.kind), ranks, zones: &zones, stretch };
    Ok(StretchAnswer { hidden, ..told.answer(&points) })
}

/// What is told of, and how.
struct Told<'a> {
    found: &'a Found,
    rule: Rule,
    ranks: &'a Ranks,
    zones: &'a Zones,
    stretch: Stretch,
}

impl Told<'_> {
    fn answer(&self, points: &[Point]) -> StretchAnswer {
        let inputs: Vec<_> = points.iter().filter_map(|point| point.input(self.rule, self.ranks)).collect();
        let explained = explain_rows(&inputs, self.rule, self.stretch);
        let bucket = explained.as_ref().map(|explained| &explained.bucket);
        let is_number = self.found.kind.nature == Nature::Quantity && !self.rule.is_sum();
        let Stretch { start_ms, end_ms, day } = self.stretch;
        let clock = |at_ms: i64| self.zones.wall_clock(at_ms).get(11..).unwrap_or_default().to_owned();
        let unreadable: Vec<&Point> = points.iter().filter(|point| self.is_unreadable(point)).collect();
        let mut rows: Vec<RowAnswer> =
            explained.iter().flat_map(|explained| &explained.rows).map(|row| self.row(row)).collect();
        rows.extend(unreadable.iter().map(|point| self.unreadable(point)));
        rows.sort_by(|a, b| a.start.cmp(&b.start));
        let rows_total = rows.len();
        rows.truncate(MOST_ROWS);
        StretchAnswer {
            kind: self.found.kind.identifier.clone(),
            day: format_day(day),
            from: format_instant(start_ms),
            until: format_instant(end_ms),
            clock: [clock(start_ms), clock(end_ms)],
            zone: self.zones.zone(start_ms).iana_name().unwrap_or("UTC").to_owned(),
            value: bucket.map(|bucket| bucket.value),
            min: bucket.filter(|_| is_number).map(|bucket| bucket.min),
            max: bucket.filter(|_| is_number).map(|bucket| bucket.max),
            unit: self.found.unit_of_days(),
            digits: None,
            stat: stat(self.rule.style()),
            rule: self.rule.as_str(),
            sentence: word(explained.as_ref().map_or_else(|| self.rule.sentence(), |told| told.sentence)),
            naive_sum: bucket.map(|bucket| bucket.naive_sum).filter(|_| self.rule.is_sum()),
            hidden: 0,
            sources: self.sources(explained, &unreadable),
            rows,
            rows_total,
        }
    }

    fn sources(&self, explained: Option<ExplainedStretch>, unreadable: &[&Point]) -> Vec<SourcePart> {
        let mut parts = Parts { ranks: self.ranks, by_place: Default::default() };
        for part in explained.map(|explained| explained.sources).unwrap_or_default() {
            parts.add(part, self.rule.is_sum() || self.rule == Rule::Count);
        }
        for point in unreadable {
            parts.leave_out(point);
        }
        parts.by_place.into_values().collect()
    }

    /// Values in a unit that nobody knows count for nothing.
    fn is_unreadable(&self, point: &Point) -> bool {
        let inside = (self.stretch.start_ms..self.stretch.end_ms).contains(&point.start_ms);
        inside && point.input(self.rule, self.ranks).is_none()
    }

    fn row(&self, row: &Row) -> RowAnswer {
        let span = row.input.span;
        let value = (self.found.kind.nature == Nature::Quantity).then_some(span.value);
        let told = self.times(span.start_ms, span.end_ms);
        let source = self.ranks.name(span.rank).to_owned();
        RowAnswer { source, value, adds: row.adds, fate: row.fate.as_str(), ..told }
    }

    fn unreadable(&self, point: &Point) -> RowAnswer {
        let rank = self.ranks.of(point.source_id, point.by_hand);
        let told = self.times(point.start_ms, point.end_ms);
        RowAnswer { source: self.ranks.name(rank).to_owned(), fate: "unknown_unit", ..told }
    }

    fn times(&self, start_ms: i64, end_ms: i64) -> RowAnswer {
        let seconds = |at_ms: i64| at_ms.div_euclid(1000).rem_euclid(60);
        let clock = |at_ms: i64| {
            format!("{}:{:02}", self.zones.wall_clock(at_ms).get(11..).unwrap_or_default(), seconds(at_ms))
        };
        RowAnswer {
            start: format_instant(start_ms),
            end: format_instant(end_ms),
            clock: [clock(start_ms), clock(end_ms)],
            ..RowAnswer::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::{BucketAnswer, Grain, Question, query};
    use crate::testing::TestFolder;

    /// Every hour that has a number is explained: by the same number, to the last digit, and by records that make it.
    /// Returns how many hours, and how many records of them did not count.
    fn check_hours(folder: &TestFolder) -> (usize, usize) {
        let types = crate::types::types(folder).expect("types");
        let (mut hours, mut left_out) = (0, 0);
        for word in types.iter().map(|row| row.identifier.as_str()).filter(|word| *word != SLEEP) {
            let (word, days) = (word.to_owned(), Days::default());
            let question = Question { word: word.clone(), days, grain: None, by_source: false, now_ms: 0 };
            for bucket in query(folder, &question, Grain::Hour).expect("hours") {
                left_out += check_hour(folder, &word, &bucket);
                hours += 1;
            }
        }
        (hours, left_out)
    }

    fn check_hour(folder: &TestFolder, word: &str, bucket: &BucketAnswer) -> usize {
        let stretch = [&bucket.start, &bucket.end].map(|instant| parse_stamp(instant).expect("an instant"));
        let found = explain_stretch(folder, word, stretch.into()).expect("an answer");
        assert_eq!(
            (found.value, found.stat, &found.unit),
            (Some(bucket.value), bucket.stat, &bucket.unit),
            "{bucket:?}"
        );
        assert_eq!((&found.from, &found.until, &found.day), (&bucket.start, &bucket.end, &bucket.day));
        let near = |sum: f64| (sum - bucket.value).abs() <= 1e-9 * bucket.value.abs().max(1.0);
        if ["sum", "count"].contains(&bucket.stat) && found.rows_total <= MOST_ROWS {
            assert!(near(found.rows.iter().filter_map(|row| row.adds).sum()), "{bucket:?}: {:?}", found.rows);
            assert!(near(found.sources.iter().filter_map(|part| part.value).sum()), "{bucket:?}");
        } else if bucket.stat != "sum" && bucket.stat != "count" {
            assert_eq!((found.min, found.max), (bucket.min, bucket.max));
        }
        let counts = |row: &&RowAnswer| ["counts", "counts_inside", "counts_in_part"].contains(&row.fate);
        let used: usize = found.sources.iter().map(|part| part.rows_used).sum();
        let left_out: usize = found.sources.iter().map(|part| part.rows_left_out).sum();
        assert_eq!(used + left_out, found.rows_total, "{bucket:?}");
        assert!(found.rows_total > MOST_ROWS || found.rows.iter().filter(counts).count() == used, "{bucket:?}");
        left_out
    }

    #[test]
    fn every_hour_is_explained_by_its_records() {
        let (hours, left_out) = check_hours(&TestFolder::filled("stretch-person"));
        assert!(hours > 14 && left_out > 0, "{hours} {left_out}");
        let (hours, left_out) = check_hours(&super::super::tests::demo("stretch-demo", 2));
        assert!(hours > 400 && left_out > 0, "{hours} {left_out}");
    }

    #[track_caller]
    fn check(from: &str, until: &str, expected: Option<&str>) {
        let folder = TestFolder::new(&format!("stretch-{}-{}", from.len(), until.replace(':', "")));
        crate::settings::set(&folder, "home_zone", "Europe/Berlin").expect("set");
        let found = stretch_of(&folder, "2026-10-25", from, until).ok();
        let told =
            found.map(|(from, until)| format!("{} {}", &format_instant(from)[11..16], &format_instant(until)[11..16]));
        assert_eq!(told.as_deref(), expected);
    }

    #[test]
    fn times_are_those_of_the_wearers_clock() {
        check("08:00", "09:05", Some("07:00 08:05"));
        check("23:00", "24:00", Some("22:00 23:00"));
        // Clocks are set back in this night: 02:00 comes twice.
        check("02:00", "03:00", Some("00:00 02:00"));
        check("02:30", "02:00", Some("00:30 01:00"));
        check("2026-10-25T01:00:00Z", "03:00", Some("01:00 02:00"));
        check("08:00", "25:00", None);
        check("eight", "09:00", None);
    }

    #[test]
    fn what_is_no_stretch_is_refused() {
        let folder = TestFolder::filled("stretch-refused");
        let code = |word: &str, stretch| explain_stretch(&folder, word, stretch).map_err(|error| error.code).err();
        assert_eq!(code("step_count", (10, 10)), Some(Code::BadUsage));
        assert_eq!(code("step_count", (0, LONGEST_MS + 1)), Some(Code::BadUsage));
        assert_eq!(code("sleep", (0, 10)), Some(Code::BadUsage));
        assert_eq!(code("step_count", (i64::MIN, i64::MAX)), Some(Code::BadUsage));
        let empty = explain_stretch(&folder, "step_count", (0, HOUR_MS)).expect("an answer");
        assert_eq!((empty.value, empty.rows_total), (None, 0));
    }
}
