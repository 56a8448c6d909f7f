//! The tools that tell numbers: each asks the operation that the command line asks, and leaves out what is kept back.

use std::collections::BTreeMap;

use health::kind::{fold, short_name};
use health::series::per_day::DayValue;
use health::series::periods::Average;
use health::series::rule::Rule;
use health::series::trend::{NoTrend, TREND_DAYS, trend};
use health::time::{Day, format_day, parse_stamp};
use serde_json::{Value, json};

use super::Desk;
use super::answer::{Answer, value};
use crate::daily::{DayAnswer, daily, of_kind};
use crate::error::{Code, Error, Result};
use crate::local::{Days, day, find_kind, zones};
use crate::query::{BucketAnswer, Grain, Question, query, raw};
use crate::screen::{Earlier, beside};

/// What a summary of days tells where no type is named.
const MAIN: [&str; 16] = [
    "step_count",
    "distance_walking_running",
    "flights_climbed",
    "active_energy_burned",
    "basal_energy_burned",
    "apple_exercise_time",
    "apple_stand_time",
    "heart_rate",
    "resting_heart_rate",
    "walking_heart_rate_average",
    "heart_rate_variability_sdnn",
    "oxygen_saturation",
    "respiratory_rate",
    "body_mass",
    "vo2_max",
    "blood_glucose",
];
/// Raw rows in one answer.
const MOST_RAW: usize = 500;
/// Days of hours in one answer.
const MOST_DAYS_OF_HOURS: Day = 92;
/// Days in one answer of days of many types.
const MOST_DAYS: Day = 3660;

/// What helps where an answer is too long.
const COARSER: &str = "Ask for fewer days or types, or for a coarser resolution such as 1week or 1month.";

impl Desk<'_> {
    /// Says what is there, without a path of this computer.
    pub fn status(&self) -> Result<Answer> {
        let status = crate::status::status(self.folder)?;
        let sources = crate::sources::sources(self.folder)?;
        let sources: Vec<Value> = sources
            .iter()
            .map(|row| json!({ "source": row.source, "records": row.records, "first": row.first, "last": row.last }))
            .collect();
        let boundaries = crate::settings::settings(self.folder)?.remove("day_boundaries").unwrap_or_default();
        Ok(Answer::of_rows(&sources)?
            .with("version", status.version)
            .with("first_day", status.first_day)
            .with("last_day", status.last_day)
            .with("last_import", status.last_import)
            .with("types", status.types)
            .with("samples", status.records)
            .with("home_zone", status.home_zone)
            .with("day_boundaries", boundaries)
            .with("kept_back", self.areas.kept_back())
            .with("waiting_deliveries", status.pending.deliveries))
    }

    /// Lists types.
    pub fn types(&self) -> Result<Answer> {
        let with_data = self.arguments.switch("with_data", true);
        let wanted = fold(self.arguments.text("search").unwrap_or_default());
        let stored = crate::types::types(self.folder)?;
        let is_stored = |identifier: &str| stored.iter().any(|row| row.identifier == identifier);
        let mut rows: Vec<Value> = Vec::new();
        for row in &stored {
            let kind = health::kind::get_or_guess(&row.identifier, row.unit.as_deref());
            rows.push(json!({
                "identifier": row.identifier, "type": kind.slug(), "name": row.name, "unit": row.unit,
                "style": Rule::of(&kind).stat(), "rows": row.count, "first_day": row.first_day,
                "last_day": row.last_day,
            }));
        }
        for kind in health::kind::all().filter(|kind| !with_data && !is_stored(&kind.identifier)) {
            let unit = Some(kind.unit.as_str()).filter(|unit| !unit.is_empty());
            rows.push(json!({
                "identifier": kind.identifier, "type": kind.slug(), "name": kind.name, "unit": unit,
                "style": Rule::of(kind).stat(), "rows": 0, "first_day": null, "last_day": null,
            }));
        }
        let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
        let fits = |row: &Value| ["identifier", "name"].iter().any(|key| fold(&text(row, key)).contains(&wanted));
        rows.retain(|row| self.areas.tell(&text(row, "identifier")) && fits(row));
        Ok(Answer::of_rows(&rows)?.or_rather("Search for a part of the name."))
    }

    /// Types that were named, or those of `otherwise`; none of them is kept back.
    fn asked(&self, otherwise: &[&str]) -> Result<Vec<String>> {
        let words = self.arguments.types()?;
        if words.is_empty() {
            return Ok(otherwise.iter().map(|word| (*word).to_owned()).collect());
        }
        let store = self.folder.read()?;
        words.iter().try_for_each(|word| self.areas.check(&find_kind(&store, word)?.kind.identifier))?;
        Ok(words)
    }

    /// Refuses a type that is kept back, or unknown.
    fn check(&self, word: &str) -> Result<()> {
        self.areas.check(&find_kind(&self.folder.read()?, word)?.kind.identifier)
    }

    /// One row a day.
    pub fn daily(&self) -> Result<Answer> {
        let words = self.asked(&MAIN)?;
        let days = self.arguments.days("start_date", "end_date")?;
        limited(days, MOST_DAYS)?;
        let mut rows: BTreeMap<String, Vec<DayAnswer>> = BTreeMap::new();
        for row in daily(self.folder, &words, days, self.now_ms)? {
            rows.entry(row.day.clone()).or_default().push(row);
        }
        let told = |(day, rows): (String, Vec<DayAnswer>)| {
            let complete = rows.iter().all(|row| row.complete);
            let metrics: Vec<Value> = rows.iter().map(metric).collect();
            json!({ "day": day, "complete": complete, "metrics": metrics })
        };
        let rows: Vec<Value> = rows.into_iter().map(told).collect();
        Ok(self.period(Answer::of_rows(&rows)?, "start_date", "end_date").or_rather(COARSER))
    }

    /// Nights and naps.
    pub fn sleep(&self) -> Result<Answer> {
        let rows = crate::sleep::sleep(self.folder, self.arguments.days("start_date", "end_date")?)?;
        Ok(self.period(Answer::of_rows(&rows)?, "start_date", "end_date").or_rather("Ask for fewer days at once."))
    }

    /// Workouts by start.
    pub fn workouts(&self) -> Result<Answer> {
        let days = self.arguments.days("start_date", "end_date")?;
        limited(days, MOST_DAYS)?;
        let mut rows =
            crate::workouts::workouts(self.folder, crate::workouts::Listing { days, newest: None, zones: false })?;
        if let Some(wanted) = self.arguments.text("workout_type").map(fold) {
            let names = |text: &str| fold(short_name(text)).contains(&wanted);
            rows.retain(|row| names(&row.activity_name) || names(&row.activity_raw));
        }
        Ok(self.period(Answer::of_rows(&rows)?, "start_date", "end_date").or_rather("Ask for fewer days at once."))
    }

    /// One workout; its records are the splits.
    pub fn workout(&self) -> Result<Answer> {
        let detail = crate::workouts::detail(self.folder, self.arguments.number("id"))?;
        Ok(Answer::of(&detail, "splits")?.with("records_are", "splits"))
    }

    /// Types over time.
    pub fn timeseries(&self) -> Result<Answer> {
        let words = self.asked(&[])?;
        let grain = match self.arguments.text("resolution").unwrap_or("1day") {
            "raw" => None,
            "1hour" => Some(Grain::Hour),
            "1week" => Some(Grain::Week),
            "1month" => Some(Grain::Month),
            "1year" => Some(Grain::Year),
            _ => Some(Grain::Day),
        };
        let span = self.span()?;
        if grain == Some(Grain::Hour) {
            limited(span.days, MOST_DAYS_OF_HOURS)?;
        }
        let mut rows = Vec::new();
        let mut cut = false;
        for word in words {
            let kind = find_kind(&self.folder.read()?, &word)?.kind.slug();
            let days = span.days;
            let question = Question { word, days, grain, by_source: false, now_ms: self.now_ms };
            match grain {
                Some(grain) => {
                    let buckets = query(self.folder, &question, grain)?;
                    let told = buckets.iter().filter(|row| span.holds(&row.start)).map(|row| typed(&kind, row));
                    rows.extend(told.collect::<Result<Vec<Value>>>()?);
                }
                None => cut |= self.raw(&question, &span, &kind, &mut rows)?,
            }
        }
        let answer = Answer::of_rows(&rows)?.cut(cut).or_rather(COARSER);
        Ok(self.period(answer, "start_time", "end_time").with("unit_of_time", "instants in UTC, days local"))
    }

    /// Adds raw rows, up to the most that one answer has; true where there are more.
    fn raw(&self, question: &Question, span: &Span, kind: &str, rows: &mut Vec<Value>) -> Result<bool> {
        let mut more = false;
        let read = raw(self.folder, question, |mut row, _| {
            if !row["start"].as_str().is_some_and(|start| span.holds(start)) {
                return Ok(());
            }
            if rows.len() == MOST_RAW {
                more = true;
                return Err(crate::error::cancelled());
            }
            if let Value::Object(keys) = &mut row {
                // What belongs to this store alone, and lists whose keys are texts of the data.
                ["id", "import", "seen", "details", "metadata", "record"]
                    .iter()
                    .for_each(|key| drop(keys.remove(*key)));
                keys.insert("type".to_owned(), kind.into());
            }
            rows.push(row);
            Ok(())
        });
        if more { Ok(true) } else { read.map(|()| false) }
    }

    /// The time that `get_timeseries` was asked for.
    fn span(&self) -> Result<Span> {
        let [from, to] = ["start_time", "end_time"].map(|name| self.arguments.needed(name));
        let zones = zones(&self.folder.read()?)?;
        let end = |text: &str| match parse_stamp(text) {
            Some(at_ms) => Ok((zones.day(at_ms), Some(at_ms))),
            None => day(text).map(|day| (day, None)),
        };
        let ((first, from_ms), (last, until_ms)) = (end(from)?, end(to)?);
        if first > last {
            return Err(Error::new(Code::BadDate, "The range ends before it begins.", "Give the earlier time first."));
        }
        Ok(Span { days: Days { from: Some(first), to: Some(last) }, from_ms, until_ms })
    }

    /// Averages by bucket, and whether the newest days differ from those before.
    pub fn trend(&self) -> Result<Answer> {
        let word = self.arguments.needed("type").to_owned();
        self.check(&word)?;
        let days = self.arguments.days("start", "end")?;
        let grain = match self.arguments.text("bucket").unwrap_or("week") {
            "day" => Grain::Day,
            "month" => Grain::Month,
            "year" => Grain::Year,
            _ => Grain::Week,
        };
        let question = Question { word: word.clone(), days, grain: Some(grain), by_source: false, now_ms: self.now_ms };
        let answer = Answer::of_rows(&query(self.folder, &question, grain)?)?;
        let answer = self.period(answer, "start", "end").with("type", word.as_str());
        Ok(answer.with("trend", self.newest(&word, days)?).or_rather("Ask for wider buckets."))
    }

    /// The 28 days up to the end of the range that are over beside the 28 before them, where enough have data.
    fn newest(&self, word: &str, days: Days) -> Result<Value> {
        let store = self.folder.read()?;
        let (zones, orders) = (zones(&store)?, store.orders()?);
        let found = find_kind(&store, word)?;
        let end = days.to.map_or(zones.day(self.now_ms), |last| last.saturating_add(1).min(zones.day(self.now_ms)));
        let reach = Days { from: Some(end.saturating_sub(2 * TREND_DAYS)), to: Some(end.saturating_sub(1)) };
        let buckets = of_kind(&store, &found, reach, orders.of(&found.kind.identifier), &zones)?;
        let values: Vec<DayValue> = buckets.iter().map(|row| DayValue { day: row.day, value: row.value }).collect();
        let side = |average: Average| json!({ "mean": average.mean, "days": average.days });
        Ok(match trend(&values, end) {
            Ok(found) => json!({
                "before": side(found.before), "now": side(found.now), "standard_error": found.standard_error,
                "slope_per_day": found.slope_per_day, "reason": null,
            }),
            Err(NoTrend::TooFewDays { before, now }) => json!({
                "before": null, "now": null, "reason": "too_few_days", "days_before": before, "days_now": now,
            }),
            Err(NoTrend::TooSmall { difference, standard_error }) => json!({
                "before": null, "now": null, "reason": "too_small", "difference": difference,
                "standard_error": standard_error,
            }),
        })
    }

    /// Two periods beside each other.
    pub fn compare(&self) -> Result<Answer> {
        let word = self.arguments.needed("type");
        self.check(word)?;
        let [a_start, a_end, b_start, b_end] =
            ["a_start", "a_end", "b_start", "b_end"].map(|name| self.arguments.needed(name));
        let other = Earlier::try_from(format!("{b_start}..{b_end}"))?;
        let found = beside(self.folder, word, (a_start, a_end), other, self.now_ms)?;
        let averages = found.averages.as_ref().map(|averages| {
            json!({
                "a": averages.now, "b": averages.earlier, "difference": averages.difference,
                "relative": averages.relative, "unit": averages.unit,
                "a_days_with_data": averages.with_data.0, "b_days_with_data": averages.with_data.1,
                "a_days": averages.of_days, "b_days": averages.earlier_of_days,
            })
        });
        Ok(Answer::default()
            .with("type", word)
            .with("a", json!({ "start": found.days.0, "end": found.days.1 }))
            .with("b", json!({ "start": found.earlier_days.0, "end": found.earlier_days.1 }))
            .with("averages", averages)
            .with("note", found.note)
            .with("reason", found.reason))
    }

    /// A pair by day.
    pub fn correlate(&self) -> Result<Answer> {
        let [a, b] = ["type_a", "type_b"].map(|name| self.arguments.needed(name));
        // What joins a pair cannot be in a name of it.
        if [a, b].iter().any(|word| word.contains([',', ':'])) {
            let hint = "Name one type in each, and the day of the second one as `lag`.";
            return Err(Error::new(Code::BadUsage, "A type of a pair cannot be read.", hint));
        }
        [a, b].iter().filter(|word| fold(word) != "sleep").try_for_each(|word| self.check(word))?;
        let lag = match self.arguments.text("lag") {
            Some(lag @ ("next" | "before")) => format!(":{lag}"),
            _ => String::new(),
        };
        let (from, to) = (self.arguments.needed("start"), self.arguments.needed("end"));
        let found = crate::explain::explain_pair(self.folder, &format!("{a},{b}{lag}"), from, to, self.now_ms)?;
        let caveat =
            "A correlation says that two numbers move together on the same days, not that one causes the other.";
        Ok(Answer::of(&found, "days")?.with("caveat", caveat).with("records_are", "days"))
    }

    /// Where a number comes from; its records are the sources.
    pub fn explain(&self) -> Result<Answer> {
        let (word, date) = (self.arguments.needed("type"), self.arguments.needed("date"));
        if fold(word) != "sleep" {
            self.check(word)?;
        }
        let found = crate::explain::explain(self.folder, word, date)?;
        Ok(Answer::of(&found, "sources")?.with("records_are", "sources"))
    }

    /// The time that was asked for, as it was asked.
    fn period(&self, answer: Answer, from: &str, to: &str) -> Answer {
        answer.with("period", json!({ "start": self.arguments.text(from), "end": self.arguments.text(to) }))
    }
}

/// One type of a day. Names of sources are values, never keys: keys are ours.
fn metric(row: &DayAnswer) -> Value {
    let sources: Vec<Value> =
        row.sources.iter().map(|(name, value)| json!({ "source": name, "value": value })).collect();
    let kind = health::kind::get_or_guess(&row.kind, row.unit.as_deref());
    json!({
        "type": kind.slug(), "value": row.value, "unit": row.unit, "stat": row.stat, "min": row.min, "max": row.max,
        "n": row.n, "complete": row.complete, "sources": sources, "naive_sum": row.naive_sum,
    })
}

/// A bucket with its type.
fn typed(kind: &str, row: &BucketAnswer) -> Result<Value> {
    let mut row = value(row)?;
    row["type"] = kind.into();
    Ok(row)
}

/// Refuses a range that is longer than what is answered at once.
fn limited(days: Days, most: Day) -> Result<()> {
    let (from, to) = days.numbers();
    if to.saturating_sub(from) < most {
        return Ok(());
    }
    let hint = format!("Ask for up to {most} days at once, or for a coarser resolution.");
    Err(Error::new(Code::BadUsage, format!("From {} these are too many days.", format_day(from)), hint))
}

/// Days, and the instants within them where such were given.
struct Span {
    days: Days,
    from_ms: Option<i64>,
    until_ms: Option<i64>,
}

impl Span {
    /// Whether what starts then is asked for.
    fn holds(&self, start: &str) -> bool {
        let Some(at_ms) = parse_stamp(start) else { return false };
        self.from_ms.is_none_or(|from| from <= at_ms) && self.until_ms.is_none_or(|until| at_ms < until)
    }
}
