//! How long the questions of a screen take inside a program: `questions DATA_DIR` prints JSON, by question the
//! arguments of the same question on the command line and the median in milliseconds.

use std::time::Instant;

use app::local::Days;
use app::query::Question;
use app::{Folder, Result};
use serde_json::{Map, Value, json};

const ROUNDS: usize = 31;

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let folder = Folder::at(std::env::args().nth(1).ok_or("name the data folder")?);
    let last = app::status::status(&folder)?.last.ok_or("the store is empty")?;
    let day = app::query::Question {
        word: "heart_rate".into(),
        days: Days::parse(Some(&last[..10]), Some(&last[..10]))?,
        grain: None,
        by_source: false,
        now_ms: 0,
    };
    let year = last[..4].parse::<i32>()? - 1;
    let year = (format!("{year}-01-01"), format!("{year}-12-31"));
    let days = Days::parse(Some(&year.0), Some(&year.1))?;
    let mut answers = Map::new();
    let mut ask = |name: &str, arguments: &[&str], question: &dyn Fn() -> Result<()>| -> Result<()> {
        let answer = json!({ "arguments": arguments, "ms": median(question)? });
        answers.insert(name.to_owned(), answer);
        Ok(())
    };
    ask("`status`", &["status"], &|| app::status::status(&folder).map(drop))?;
    ask("`types`", &["types"], &|| app::types::types(&folder).map(drop))?;
    ask("one day of heart rate, raw", &["query", "heart_rate", "--from", &last[..10], "--to", &last[..10]], &|| {
        raw(&folder, &day)
    })?;
    for kind in ["heart_rate", "step_count"] {
        let arguments = ["daily", kind, "--from", &year.0, "--to", &year.1];
        ask(&format!("one year of daily {kind}"), &arguments, &|| {
            app::daily::daily(&folder, &[kind.to_owned()], days, 0).map(drop)
        })?;
    }
    println!("{}", Value::Object(answers));
    Ok(())
}

fn raw(folder: &Folder, question: &Question) -> Result<()> {
    app::query::raw(folder, question, |_, _| Ok(()))
}

fn median(question: &dyn Fn() -> Result<()>) -> Result<f64> {
    let mut taken = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let started = Instant::now();
        question()?;
        taken.push(started.elapsed().as_secs_f64() * 1000.0);
    }
    taken.sort_by(f64::total_cmp);
    Ok(taken[ROUNDS / 2])
}
