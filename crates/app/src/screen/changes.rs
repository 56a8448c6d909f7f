//! What changed lately: the last week beside the four weeks before it, else the last four weeks beside those before.
//! Only what enough days support is told, and no change is called good or bad.

use health::language::word;
use health::series::buckets::Bucket;
use health::series::per_day::DayValue;
use health::series::rule::Rule;
use health::series::stats::mean;
use health::series::trend::{TREND_DAYS, trend};
use health::series::usual::usual;
use health::time::{Day, Zones, format_day};
use serde::Serialize;
use store::Store;
use store::query::Orders;

use super::nights::told;
use crate::charts;
use crate::charts::measure::{Shown, most, name};
use crate::daily::of_kind;
use crate::display::Units;
use crate::error::Result;
use crate::folder::Folder;
use crate::local::{self, find_kind, zones};

/// One statement.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// `outside` for a week whose mean lies beyond what was usual, `trend` for four weeks of another mean than the four
    /// before, `bedtime` for minutes later or earlier, `latest` for a new value of what is measured seldom.
    pub what: &'static str,
    /// As in `vitalog chart`.
    pub subject: String,
    /// Its name.
    pub name: String,
    /// Now.
    pub value: f64,
    /// Before; of `latest` the value before, where there is one.
    pub before: Option<f64>,
    /// Unit of both.
    pub unit: String,
    /// Days with data before.
    pub days: usize,
    /// The day of the newest number.
    pub day: String,
}

const WATCHED: [&str; 9] = [
    "resting_heart_rate",
    "heart_rate_variability_sdnn",
    "step_count",
    "active_energy_burned",
    "respiratory_rate",
    "oxygen_saturation",
    "walking_heart_rate_average",
    "walking_speed",
    "apple_exercise_time",
];
/// Measured seldom, so that each value is news.
const SELDOM: &str = "vo2_max";
/// Statements on one page.
const MOST: usize = 5;
const WEEK: Day = 7;
const BEFORE: Day = 28;
/// Days of the week, and nights, that must have data.
const LEAST_NOW: usize = 4;
/// Days before that must have data.
const LEAST_BEFORE: usize = 20;
/// Minutes by which bedtime must have moved.
const LEAST_MINUTES: f64 = 20.0;

/// Tells what changed in the week that ends with a day.
pub fn changes(folder: &Folder, last: &str, now_ms: i64) -> Result<Vec<Change>> {
    let last = charts::day(last)?;
    let store = folder.read()?;
    let zones = zones(&store)?;
    let (orders, units) = (store.orders()?, Units::of_store(&store)?);
    let look = Look { store: &store, zones: &zones, orders: &orders, units, last, now_ms };
    let mut found = Vec::new();
    found.extend(look.bedtime()?);
    let mut slow = Vec::new();
    for subject in WATCHED {
        let Some(days) = look.days(subject)? else { continue };
        match look.outside(&days) {
            Some(change) => found.push(change),
            None => slow.extend(look.trending(&days)),
        }
    }
    found.extend(look.days(SELDOM)?.and_then(|days| look.latest(&days)));
    found.extend(slow);
    found.truncate(MOST);
    Ok(found)
}

/// A store, and a day to look back from.
struct Look<'s> {
    store: &'s Store,
    zones: &'s Zones,
    orders: &'s Orders,
    units: Units,
    last: Day,
    now_ms: i64,
}

/// The days of a type up to the last one.
struct Days {
    subject: &'static str,
    /// As the type is called in every list.
    name: String,
    shown: Shown,
    rule: Rule,
    days: Vec<Bucket>,
}

impl Days {
    /// Those from one day to another, both inclusive.
    fn between(&self, first: Day, last: Day) -> &[Bucket] {
        let from = self.days.partition_point(|day| day.day < first);
        let until = self.days.partition_point(|day| day.day <= last);
        self.days.get(from..until).unwrap_or_default()
    }

    /// Their mean, as a chart tells it: of sums that of the days.
    fn mean(&self, days: &[Bucket]) -> Option<f64> {
        let level = self.rule.level(days).or_else(|| mean(days.iter().map(|day| day.value)));
        level.map(|level| self.shown.value(level))
    }

    fn values(&self, days: &[Bucket]) -> Vec<DayValue> {
        days.iter().map(|day| DayValue { day: day.day, value: self.shown.value(day.value) }).collect()
    }

    /// Whether two numbers differ as they are written.
    fn differ(&self, value: f64, before: Option<f64>) -> bool {
        let decimals = self.shown.measure().decimals;
        before.is_none_or(|before| format!("{value:.decimals$}") != format!("{before:.decimals$}"))
    }

    /// A statement about them.
    fn change(&self, what: &'static str, (value, before): (f64, Option<f64>), days: usize, day: Day) -> Change {
        let measure = self.shown.measure();
        Change {
            what,
            subject: self.subject.to_owned(),
            name: self.name.clone(),
            value,
            before,
            unit: word(measure.unit),
            days,
            day: format_day(day),
        }
    }
}

impl Look<'_> {
    /// The day that is not over, and says nothing yet.
    fn today(&self) -> Day {
        self.zones.day(self.now_ms)
    }

    /// As many days of a type as any statement needs; none where the store has never met it.
    fn days(&self, subject: &'static str) -> Result<Option<Days>> {
        let found = find_kind(self.store, subject)?;
        if found.id.is_none() {
            return Ok(None);
        }
        let first = self.last.saturating_sub(2 * TREND_DAYS + WEEK);
        let span = local::Days { from: Some(first), to: Some(self.last) };
        let ranks = self.orders.of(&found.kind.identifier);
        let days = of_kind(self.store, &found, span, ranks, self.zones)?;
        let shown = Shown::new(&found.kind, &self.units, most(days.iter().map(|day| day.value)));
        Ok(Some(Days { subject, name: name(&found.kind), shown, rule: Rule::of(&found.kind), days }))
    }

    /// A week whose mean lies beyond what was usual before it.
    fn outside(&self, days: &Days) -> Option<Change> {
        let first = self.last - (WEEK - 1);
        let (now, before) =
            (days.between(first, self.last.min(self.today() - 1)), days.between(first - BEFORE, first - 1));
        if now.len() < LEAST_NOW || before.len() < LEAST_BEFORE {
            return None;
        }
        let value = days.mean(now)?;
        let band = usual(&days.values(before), first)?;
        let was = days.mean(before);
        let is_out = (value < band.low || value > band.high) && days.differ(value, was);
        is_out.then(|| days.change("outside", (value, was), before.len(), self.last))
    }

    /// Four weeks of another mean than the four before them.
    fn trending(&self, days: &Days) -> Option<Change> {
        let today = self.last.saturating_add(1).min(self.today());
        let trend = trend(&days.values(days.between(today - 2 * TREND_DAYS, today - 1)), today).ok()?;
        let (value, was) = (trend.now.mean, Some(trend.before.mean));
        days.differ(value, was).then(|| days.change("trend", (value, was), trend.before.days, today - 1))
    }

    fn bedtime(&self) -> Result<Option<Change>> {
        let between = |from: Day, to: Day| {
            let days = local::Days { from: Some(from), to: Some(to) };
            told(self.store, self.orders, self.zones, days, self.today())
        };
        let first = self.last - (WEEK - 1);
        let (now, before) = (between(first, self.last)?, between(first - BEFORE, first - 1)?);
        let (Some(at), Some(was)) = (now.asleep_at, before.asleep_at) else { return Ok(None) };
        // Around midnight the difference goes the short way.
        let moved = (at - was + 720.0).rem_euclid(1440.0) - 720.0;
        let enough = now.nights >= LEAST_NOW && before.nights >= LEAST_BEFORE && moved.abs() >= LEAST_MINUTES;
        Ok(enough.then(|| Change {
            what: "bedtime",
            subject: "sleep".to_owned(),
            name: word(health::key!("Sleep")),
            value: moved,
            before: Some(was),
            unit: "min".to_owned(),
            days: before.nights,
            day: format_day(self.last),
        }))
    }

    /// The newest of what is measured seldom: news only in the week that is told of.
    fn latest(&self, days: &Days) -> Option<Change> {
        let values = days.values(days.between(self.last - (BEFORE - 1), self.last));
        let (newest, before) = values.split_last().filter(|(newest, _)| newest.day > self.last - WEEK)?;
        Some(days.change("latest", (newest.value, before.last().map(|day| day.value)), values.len(), newest.day))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestFolder;

    #[test]
    fn a_few_days_support_no_statement() {
        let folder = TestFolder::filled("changes-few");
        let found = changes(&folder, "2026-04-01", 1_777_629_600_000).expect("changes");
        assert!(found.iter().all(|change| change.what == "latest"), "{found:?}");
    }

    /// A resting heart rate every day, of which the last ones are others.
    #[track_caller]
    fn check(name: &str, days: usize, last: &[f64], expected: &[(&str, f64, f64)]) {
        let row = |(n, value): (usize, f64)| {
            let day = format_day(20_454 + n as Day);
            format!(
                "<Record type=\"HKQuantityTypeIdentifierRestingHeartRate\" sourceName=\"Watch\" unit=\"count/min\" \
                 startDate=\"{day} 12:00:00 +0000\" endDate=\"{day} 12:00:00 +0000\" value=\"{value}\"/>"
            )
        };
        let usual = (0..days - last.len()).map(|n| 60.0 + (n % 3) as f64);
        let rows: Vec<String> = usual.chain(last.iter().copied()).enumerate().map(row).collect();
        let folder = TestFolder::of_rows(name, &rows);
        // The last day is the one that has not ended.
        let today = 20_454 + days as Day;
        let now_ms = i64::from(today) * 86_400_000 + 1;
        let found = changes(&folder, &format_day(today), now_ms).expect("changes");
        let round = |value: f64| (value * 100.0).round() / 100.0;
        let found: Vec<_> =
            found.iter().map(|c| (c.what, round(c.value), round(c.before.unwrap_or_default()))).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn four_weeks_of_another_mean_are_a_trend_unless_the_last_week_says_more() {
        check("changes-trend", 56, &[61.5; 28], &[("trend", 61.5, 60.96)]);
        check("changes-even", 56, &[], &[]);
        check("changes-short", 46, &[61.5; 28], &[]);
        check("changes-week", 56, &[70.0; 7], &[("outside", 70.0, 61.32)]);
    }

    #[test]
    fn a_new_value_is_one_of_the_week_that_is_told_of() {
        let row = "<Record type=\"HKQuantityTypeIdentifierVO2Max\" sourceName=\"Watch\" unit=\"mL/min·kg\" \
                   startDate=\"2026-03-10 12:00:00 +0000\" endDate=\"2026-03-10 12:00:00 +0000\" value=\"42\"/>";
        let folder = TestFolder::of_rows("changes-latest", &[row.to_owned()]);
        let check = |last: &str, expected: &[(&str, &str)]| {
            let found = changes(&folder, last, 1_777_629_600_000).expect("changes");
            let found: Vec<_> = found.iter().map(|change| (change.name.as_str(), change.day.as_str())).collect();
            assert_eq!(found, expected, "{last}");
        };
        check("2026-03-09", &[]);
        check("2026-03-10", &[("Cardio fitness", "2026-03-10")]);
        check("2026-03-16", &[("Cardio fitness", "2026-03-10")]);
        check("2026-03-17", &[]);
    }

    #[test]
    fn a_day_that_is_none_is_refused() {
        let folder = TestFolder::filled("changes-day");
        assert!(changes(&folder, "yesterday", 0).is_err());
    }
}
