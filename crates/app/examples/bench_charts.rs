//! How long a chart takes, its numbers and its picture apart:
//! `cargo run --release -p app --example bench_charts -- DATA_DIR`.

use std::error::Error;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use app::charts::{Question, Reach, Subject, chart, heart_rate_chart};
use app::{Folder, Model, Size, Theme, render};

const SIZE: (u32, u32) = (1200, 600);
const ROUNDS: usize = 15;
/// What a chart may take as a whole, and its drawing alone.
const BARS: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(15));

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Folder::at(std::env::args().nth(1).ok_or("which data folder?")?);
    let now_ms = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis() as i64;
    println!("| chart at {} x {} | numbers, median ms | drawing, median ms | slots |", SIZE.0, SIZE.1);
    println!("|---|---|---|---|");
    let mut slow = Vec::new();
    let mut check = |name: &str, ask: &dyn Fn() -> app::Result<Model>| -> Result<(), Box<dyn Error>> {
        let model = ask()?;
        let numbers = median(|| drop(ask()));
        let drawing = median(|| drop(render(&model, Size::new(SIZE.0, SIZE.1), Theme::Light)));
        println!("| {name} | {} | {} | {} |", ms(numbers), ms(drawing), model.table.rows.len());
        slow.extend((numbers + drawing > BARS.0 || drawing > BARS.1).then(|| name.to_owned()));
        Ok(())
    };
    check("heart_rate, 3650 days of the window", &|| heart_rate_chart(&folder, 3650, None, now_ms))?;
    let ranges = [
        ("day", Reach::Day),
        ("month", Reach::Month),
        ("6m", Reach::HalfYear),
        ("year", Reach::Year),
        ("all", Reach::All),
    ];
    let words = [
        "heart_rate",
        "step_count",
        "resting_heart_rate",
        "body_mass",
        "blood_pressure",
        "sleep",
        "sleep:nights",
        "sleep:regularity",
        "rings",
        "step_count:calendar",
        "step_count,resting_heart_rate",
    ];
    for word in words {
        for (name, reach) in ranges {
            let subject = Subject::parse(word)?;
            let question = Question { subject, reach: Some(reach), last: None, page: 1, now_ms };
            check(&format!("{word}, {name}"), &|| chart(&folder, &question))?;
        }
    }
    if slow.is_empty() { Ok(()) } else { Err(format!("slower than {BARS:?}: {slow:?}").into()) }
}

fn median(work: impl Fn()) -> Duration {
    let one = |_| {
        let start = Instant::now();
        work();
        start.elapsed()
    };
    let mut times: Vec<Duration> = (0..ROUNDS).map(one).collect();
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn ms(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1000.0)
}
