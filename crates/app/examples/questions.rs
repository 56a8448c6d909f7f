//! How long the questions of a screen take inside a program, its store opened anew for each: `questions DATA_DIR
//! [WORDS]` prints JSON, with WORDS only of those whose name has them. By question the median and the 95th percentile
//! in milliseconds; where there is one, the arguments of the same question on the command line, the time to draw its
//! chart, and the time of the same question in SQL over raw rows.

use std::time::Instant;

use app::charts::{Question as Drawn, Reach, Subject, chart};
use app::local::Days;
use app::query::Question;
use app::screen::Ask;
use app::workouts::{Listing, workouts};
use app::{Folder, Model, Result, Size, Theme, render};
use serde_json::{Map, Value, json};

type Outcome = std::result::Result<(), Box<dyn std::error::Error>>;
type Answer = std::result::Result<Value, Box<dyn std::error::Error>>;

const ROUNDS: usize = 41;
const SIZE: (u32, u32) = (1200, 600);
/// Noon of 1 January 2100: whatever the store holds is over.
const NOW_MS: i64 = 4_102_488_000_000;
/// The cards of an overview.
const CARDS: [&str; 4] = ["sleep", "step_count", "resting_heart_rate", "heart_rate_variability_sdnn"];
const RANGES: [(&str, Reach); 5] =
    [("day", Reach::Day), ("month", Reach::Month), ("6m", Reach::HalfYear), ("year", Reach::Year), ("all", Reach::All)];
/// A chart of every family.
const CHARTS: [&str; 17] = [
    "heart_rate",
    "step_count",
    "active_energy_burned",
    "resting_heart_rate",
    "oxygen_saturation",
    "environmental_audio_exposure",
    "body_mass",
    "blood_pressure",
    "blood_glucose",
    "sleep",
    "sleep:nights",
    "sleep:regularity",
    "sleep:calendar",
    "rings",
    "step_count:calendar",
    "step_count,resting_heart_rate",
    "sleep,heart_rate_variability_sdnn",
];

fn main() -> Outcome {
    let folder = Folder::at(std::env::args().nth(1).ok_or("name the data folder")?);
    let last = app::status::status(&folder)?.last.ok_or("the store is empty")?;
    let (day, year) = (last.get(..10).ok_or("no day")?, last.get(..4).ok_or("no year")?.parse::<i32>()? - 1);
    let wanted = std::env::args().nth(2).unwrap_or_default();
    let mut desk = Desk { folder: &folder, wanted, answers: Map::new() };
    desk.tables(day, year)?;
    desk.overviews(day)?;
    desk.lists(day, year)?;
    desk.charts()?;
    println!("{}", Value::Object(desk.answers));
    Ok(())
}

struct Desk<'f> {
    folder: &'f Folder,
    wanted: String,
    answers: Map<String, Value>,
}

impl Desk<'_> {
    fn tables(&mut self, day: &str, year: i32) -> Outcome {
        let folder = self.folder;
        self.ask("`status`", json!({ "arguments": ["status"] }), || app::status::status(folder).map(drop))?;
        self.ask("`types`", json!({ "arguments": ["types"] }), || app::types::types(folder).map(drop))?;
        let days = Days::parse(Some(day), Some(day))?;
        let raw = Question { word: "heart_rate".into(), days, grain: None, by_source: false, now_ms: NOW_MS };
        let more = json!({ "arguments": ["query", "heart_rate", "--from", day, "--to", day] });
        self.ask("one day of heart rate, raw", more, || app::query::raw(folder, &raw, |_, _| Ok(())))?;
        let (from, to) = (format!("{year}-01-01"), format!("{year}-12-31"));
        let days = Days::parse(Some(&from), Some(&to))?;
        for kind in ["heart_rate", "step_count"] {
            let more = json!({ "arguments": ["daily", kind, "--from", from, "--to", to] });
            self.ask(&format!("one year of daily {kind}"), more, || {
                app::daily::daily(folder, &[kind.to_owned()], days, NOW_MS).map(drop)
            })?;
        }
        Ok(())
    }

    fn overviews(&mut self, day: &str) -> Outcome {
        let folder = self.folder;
        for (name, reach, days) in [("30 days", Reach::Month, 30), ("all time", Reach::All, 1_000_000)] {
            let name = format!("overview of {name}");
            let sql: Vec<String> = CARDS.iter().map(|card| by_day(card, days)).collect();
            let sql = self.sql(&name, &sql)?;
            self.ask(&name, sql, || CARDS.iter().try_for_each(|card| model(folder, card, reach).map(drop)))?;
        }
        let cards = |range: &'static str| {
            CARDS.iter().try_for_each(|card| {
                let ask = Ask { subject: (*card).to_owned(), range: range.to_owned(), small: true, ..Ask::default() };
                app::screen::chart(folder, &ask, NOW_MS).map(drop)
            })
        };
        self.ask("the same cards with what was before, 28 days", json!({}), || cards("28"))?;
        self.ask("the same cards with what was before, a year", json!({}), || cards("year"))?;
        self.ask("what changed in a week", json!({}), || app::screen::changes(folder, day, NOW_MS).map(drop))?;
        let name = "ten years of heart rate at 1,200 px";
        let ask = || model(folder, "heart_rate:capsules", Reach::All);
        let more = merged(self.sql(name, &[by_week("heart_rate")])?, self.drawing(name, ask)?);
        self.ask(name, more, || ask().map(drop))
    }

    fn lists(&mut self, day: &str, year: i32) -> Outcome {
        let folder = self.folder;
        let days = Days::parse(Some(&format!("{year}-01-01")), Some(&format!("{year}-12-31")))?;
        let sql = self.sql("one year of nights", &[by_day("sleep", 365)])?;
        self.ask("one year of nights", sql, || app::sleep::sleep(folder, days).map(drop))?;
        let sql = self.sql("all nights", &[by_day("sleep", 1_000_000)])?;
        self.ask("all nights", sql, || app::sleep::sleep(folder, Days::default()).map(drop))?;
        let ask = |listing: Listing| workouts(folder, listing).map(drop);
        self.ask("all workouts", json!({}), || ask(Listing::default()))?;
        let page = Listing { newest: Some(20), zones: true, days: Days::default() };
        self.ask("the newest 20 workouts with their zones", json!({}), || ask(page))?;
        self.ask("`sources`", json!({}), || app::sources::sources(folder).map(drop))?;
        self.ask("the order of the sources of steps", json!({}), || {
            app::source_order::order(folder, "step_count").map(drop)
        })?;
        let newest = workouts(folder, Listing { newest: Some(1), ..Listing::default() })?;
        let newest = newest.first().ok_or("no workout")?.id;
        self.ask("one workout with splits and zones", json!({}), || app::workouts::detail(folder, newest).map(drop))?;
        for word in ["step_count", "heart_rate", "sleep"] {
            self.ask(&format!("`explain {word}` of a day"), json!({}), || {
                app::explain::explain(folder, word, day).map(drop)
            })?;
        }
        Ok(())
    }

    /// Charts of every family and range.
    fn charts(&mut self) -> Outcome {
        let folder = self.folder;
        for word in CHARTS {
            for (name, reach) in RANGES {
                let (name, ask) = (format!("chart of {word}, {name}"), || model(folder, word, reach));
                let drawing = self.drawing(&name, ask)?;
                self.ask(&name, drawing, || ask().map(drop))?;
            }
        }
        Ok(())
    }

    fn ask(&mut self, name: &str, more: Value, question: impl Fn() -> Result<()>) -> Outcome {
        if !self.wants(name) {
            return Ok(());
        }
        let taken = timed(|| Ok(question()?))?;
        let (ms, p95) = (share(&taken, 0.5), share(&taken, 0.95));
        self.answers.insert(name.to_owned(), merged(more, json!({ "ms": ms, "p95": p95 })));
        Ok(())
    }

    fn wants(&self, name: &str) -> bool {
        name.contains(&self.wanted)
    }

    fn drawing(&self, name: &str, model: impl Fn() -> Result<Model>) -> Answer {
        if !self.wants(name) {
            return Ok(Value::Null);
        }
        let model = model()?;
        let size = Size::new(SIZE.0, SIZE.1);
        let taken = timed(|| Ok(render(&model, size, Theme::Light).map(drop)?))?;
        Ok(json!({ "drawing_ms": share(&taken, 0.5), "drawing_p95": share(&taken, 0.95) }))
    }

    fn sql(&self, name: &str, statements: &[String]) -> Answer {
        if !self.wants(name) {
            return Ok(Value::Null);
        }
        let all = || statements.iter().try_for_each(|statement| app::sql::sql(self.folder, statement).map(drop));
        // Ten years of raw rows take a while: some rounds are enough.
        let mut taken = (0..5).map(|_| once(&|| Ok(all()?))).collect::<std::result::Result<Vec<f64>, _>>()?;
        taken.sort_by(f64::total_cmp);
        Ok(json!({ "sql_ms": share(&taken, 0.5) }))
    }
}

fn model(folder: &Folder, word: &str, reach: Reach) -> Result<Model> {
    let subject = Subject::parse(word)?;
    chart(folder, &Drawn { subject, reach: Some(reach), last: None, page: 1, now_ms: NOW_MS })
}

/// What somebody would write who knows no better than days of UTC: live rows of the last days, day by day.
fn by_day(word: &str, days: u32) -> String {
    let what = match word {
        "sleep" => "sum(duration_ms) FILTER (WHERE value IN (1, 3, 4, 5)) / 3600000.0",
        "step_count" => "sum(value)",
        _ => "avg(value), min(value), max(value)",
    };
    grouped(word, 86_400_000, what, days)
}

fn by_week(word: &str) -> String {
    grouped(word, 7 * 86_400_000, "avg(value), min(value), max(value), count(*)", 1_000_000)
}

fn grouped(word: &str, width_ms: i64, what: &str, days: u32) -> String {
    let sleep = "HKCategoryTypeIdentifierSleepAnalysis";
    let identifier = health::kind::find(word).map_or(sleep, |kind| kind.identifier.as_str());
    let kind = format!("(SELECT id FROM kinds WHERE identifier = '{identifier}')");
    format!(
        "SELECT start_ms / {width_ms}, {what} FROM samples WHERE kind_id = {kind} AND superseded_by IS NULL
         AND start_ms > (SELECT max(last_ms) FROM series_summary WHERE kind_id = {kind}) - {days} * 86400000
         GROUP BY 1 ORDER BY 1"
    )
}

fn merged(mut one: Value, other: Value) -> Value {
    if let (Some(one), Value::Object(other)) = (one.as_object_mut(), other) {
        one.extend(other);
    }
    one
}

fn once(work: &dyn Fn() -> Outcome) -> std::result::Result<f64, Box<dyn std::error::Error>> {
    let started = Instant::now();
    work()?;
    Ok(started.elapsed().as_secs_f64() * 1000.0)
}

/// Milliseconds of every round, sorted. The first one, which warms what lies on the disk, does not count.
fn timed(work: impl Fn() -> Outcome) -> std::result::Result<Vec<f64>, Box<dyn std::error::Error>> {
    work()?;
    let mut taken = (0..ROUNDS).map(|_| once(&work)).collect::<std::result::Result<Vec<f64>, _>>()?;
    taken.sort_by(f64::total_cmp);
    Ok(taken)
}

fn share(sorted: &[f64], share: f64) -> f64 {
    let place = (share * sorted.len().saturating_sub(1) as f64).ceil() as usize;
    sorted.get(place).copied().unwrap_or_default()
}
