//! How long drawing takes, once the data is there: `cargo run --release -p chart --example bench`.

#[path = "../tests/samples/mod.rs"]
mod samples;

use std::error::Error;
use std::time::{Duration, Instant};

use chart::{Model, Size, Theme, heart_rate, png, render};
use samples::{Amount, charts, heart_decade, heart_readings};

const SIZE: (u32, u32) = (1200, 400);
const ROUNDS: usize = 41;
/// No picture may take longer.
const BAR: Duration = Duration::from_millis(15);

fn main() -> Result<(), Box<dyn Error>> {
    let mut all = charts(Amount::All);
    all.push(("heart_rate, ten years", heart_decade()));
    println!("| chart at {} x {} | SVG, median ms | slowest ms | kB | PNG at 2 x, ms |", SIZE.0, SIZE.1);
    println!("|---|---|---|---|---|");
    let mut slow = Vec::new();
    for (name, model) in &all {
        let median = report(name, model)?;
        slow.extend((median > BAR).then_some(*name));
    }
    let readings = heart_readings(1_000_000);
    let range = chart::Range::ending(samples::now(), 1, &samples::berlin());
    let times = timed(|| drop(heart_rate::raw(&readings, &[], None, range, &samples::berlin())));
    println!("| model of a million raw readings | {} | {} | | |", ms(median(&times)), ms(most(&times)));
    if slow.is_empty() { Ok(()) } else { Err(format!("slower than {BAR:?}: {slow:?}").into()) }
}

fn report(name: &str, model: &Model) -> Result<Duration, Box<dyn Error>> {
    let size = Size::new(SIZE.0, SIZE.1);
    let drawn = render(model, size, Theme::Light)?;
    let times = timed(|| drop(render(model, size, Theme::Light)));
    let start = Instant::now();
    png(&drawn, 2.0)?;
    let raster = start.elapsed();
    let kilobytes = drawn.svg.len() / 1000;
    println!("| {name} | {} | {} | {kilobytes} | {} |", ms(median(&times)), ms(most(&times)), ms(raster));
    Ok(median(&times))
}

fn timed(work: impl Fn()) -> Vec<Duration> {
    let one = |_| {
        let start = Instant::now();
        work();
        start.elapsed()
    };
    let mut times: Vec<Duration> = (0..ROUNDS).map(one).collect();
    times.sort_unstable();
    times
}

fn median(times: &[Duration]) -> Duration {
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn most(times: &[Duration]) -> Duration {
    times.last().copied().unwrap_or_default()
}

fn ms(time: Duration) -> String {
    format!("{:.2}", time.as_secs_f64() * 1000.0)
}
