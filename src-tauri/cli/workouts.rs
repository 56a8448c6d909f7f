//! Workouts: all of some days, or one with its splits and zones.

use std::path::{Path, PathBuf};

use app::display::{Display, Energy, Units, Ways, minutes_seconds};
use app::local::Clock;
use app::workouts::{DetailAnswer, Listing, WorkoutAnswer, ZonesAnswer, workouts};
use app::{Folder, Result};

use super::End;
use super::args::Range;
use super::out::{Out, Style};
use super::table::{Table, number};

/// Which ones.
#[derive(Debug, clap::Args)]
pub struct Workouts {
    /// One workout by its number: with splits, heart-rate zones, elevation and pauses
    #[arg(conflicts_with_all = ["from", "to"])]
    workout: Option<i64>,
    #[command(flatten)]
    range: Range,
    /// Only so many of the last ones
    #[arg(long, value_name = "N", conflicts_with = "workout")]
    newest: Option<usize>,
    /// With the minutes in heart-rate zones, which takes longer
    #[arg(long, conflicts_with = "workout")]
    zones: bool,
    /// Write its route as GPX into a new file, or to - for standard output
    #[arg(long, value_name = "FILE", requires = "workout")]
    gpx: Option<PathBuf>,
}

pub(super) fn run(verb: &Workouts, folder: &Folder, out: &mut Out) -> Result<End> {
    match (verb.workout, &verb.gpx) {
        (Some(workout), Some(file)) => route(folder, workout, file, out)?,
        (Some(workout), None) => one(folder, workout, out)?,
        (None, _) => all(folder, verb, out)?,
    }
    Ok(End::Done)
}

/// Minutes and seconds in each.
const ZONES: [&str; 5] = ["zone 1", "zone 2", "zone 3", "zone 4", "zone 5"];

fn all(folder: &Folder, verb: &Workouts, out: &mut Out) -> Result<()> {
    let rows = workouts(folder, Listing { days: verb.range.days()?, newest: verb.newest, zones: verb.zones })?;
    let (clock, distance, energy) = (Clock::of(folder)?, distance(folder)?, Units::of(folder)?.energy());
    out.rows(&rows, || {
        let zones = if verb.zones { ZONES.as_slice() } else { &[] };
        let heading = ["workout", "start", "activity", "min:s", distance.unit(), energy.symbol, "mean bpm"];
        let heading = [&heading, zones, &["source", "same as"]].concat();
        let mut table = Table::new(&heading).or_else("No workouts.");
        for row in &rows {
            let same_as = row.same_as.map(|id| id.to_string()).unwrap_or_default();
            let [minutes, way, energy, pulse] = numbers(row, &distance, energy);
            let (start, name) = (clock.time(&row.start), row.activity_name.clone());
            let source = row.source.clone().unwrap_or_default();
            let minutes_in = |zone: usize| row.zone_minutes.and_then(|minutes| minutes.get(zone).copied());
            let zones = (0..zones.len()).map(|zone| minutes_in(zone).map(|m| minutes_seconds(m * 60.0)));
            let cells = [row.id.to_string(), start, name, minutes, way, energy, pulse].into_iter();
            table.row(cells.chain(zones.map(Option::unwrap_or_default)).chain([source, same_as]));
        }
        table
    })
}

/// How distances are shown: all of workouts as those of a walk.
fn distance(folder: &Folder) -> Result<Display> {
    Ok(Display::of_answer("HKQuantityTypeIdentifierDistanceWalkingRunning", Some("m"), &Units::of(folder)?))
}

/// Minutes, distance, energy and mean heart rate.
fn numbers(row: &WorkoutAnswer, distance: &Display, energy: Energy) -> [String; 4] {
    let shown = |value: Option<f64>| value.map(number).unwrap_or_default();
    [
        row.duration_s.map(minutes_seconds).unwrap_or_default(),
        shown(row.distance_m.map(|metres| distance.value(metres))),
        shown(row.energy_kcal.map(|kcal| energy.of(kcal).round())),
        shown(row.heart_rate.map(|found| found.mean.round())),
    ]
}

fn one(folder: &Folder, workout: i64, out: &mut Out) -> Result<()> {
    let detail = app::workouts::detail(folder, workout)?;
    match out.style {
        Style::Json => out.json(&detail),
        Style::Csv => out.rows(&detail.splits, || Table::new(&[])),
        Style::Words => tell(folder, &detail, out),
    }
}

fn route(folder: &Folder, workout: i64, file: &Path, out: &mut Out) -> Result<()> {
    if file.as_os_str() == "-" {
        return app::workouts::gpx_stream(folder, workout, out.data());
    }
    let written = app::workouts::gpx_file(folder, workout, file)?;
    match out.style {
        Style::Json => out.json(&written),
        _ => {
            let points = app::words::count(written.points as u64, "point", "points");
            out.line(&format!("The route of workout {workout}, {points}, is in {}.", written.file))
        }
    }
}

fn tell(folder: &Folder, detail: &DetailAnswer, out: &mut Out) -> Result<()> {
    let (clock, display, row) = (Clock::of(folder)?, distance(folder)?, &detail.workout);
    let source = row.source.as_deref().map(|name| format!(", by {name}")).unwrap_or_default();
    out.line(&format!("{} from {} to {}{source}", row.activity_name, clock.time(&row.start), clock.time(&row.end)))?;
    let unit = Units::of(folder)?.energy();
    let [minutes, way, energy, _] = numbers(row, &display, unit);
    let units = [(minutes, "min"), (way, display.unit()), (energy, unit.symbol)];
    let told = units.iter().filter(|(value, _)| !value.is_empty()).map(|(value, unit)| format!("{value} {unit}"));
    out.line(&told.collect::<Vec<_>>().join(", "))?;
    if let Some(found) = row.heart_rate {
        let [min, mean, max] = [found.min, found.mean, found.max].map(|bpm| number(bpm.round()));
        out.line(&format!("Heart rate {min} to {max}, {mean} in the mean"))?;
    }
    if let (Some(up), Some(down)) = (detail.elevation_up_m, detail.elevation_down_m) {
        let height = Units::of(folder)?.ways().height;
        let [up, down] = [up, down].map(|metres| number(height.of(metres).round()));
        out.line(&format!("{up} {unit} up, {down} {unit} down", unit = height.symbol))?;
    }
    if let Some(id) = row.same_as {
        out.line(&format!("The same activity as workout {id}, which counts"))?;
    }
    if let Some(zones) = &detail.zones {
        out.line("")?;
        out.table(&zone_table(zones))?;
    }
    if !detail.splits.is_empty() {
        out.line("")?;
        out.table(&split_table(detail, &clock, Units::of(folder)?.ways()))?;
    }
    why(detail, &clock, out)
}

/// Where the numbers come from.
fn why(detail: &DetailAnswer, clock: &Clock, out: &mut Out) -> Result<()> {
    out.line("")?;
    for same in &detail.same {
        let whose = same.source.as_deref().unwrap_or("another source");
        let counts = if same.counts { "that one counts" } else { "that one is set aside" };
        out.line(&format!("The same activity: workout {} of {whose}, {}; {counts}", same.id, clock.time(&same.start)))?;
    }
    for why in &detail.why {
        out.line(&format!("{}: {}", why.what.replace('_', " "), why.sentence))?;
        for part in &why.sources {
            let (used, left_out) = (part.rows_used, part.rows_left_out);
            out.line(&format!("  {}: {used} records count, {left_out} left out", part.source))?;
        }
    }
    Ok(())
}

fn zone_table(zones: &ZonesAnswer) -> Table {
    let of = match zones.method {
        "set" => "zones as set",
        "age" => "208 - 0.7 x age",
        _ => "highest minute of two years",
    };
    let mut table = Table::new(&["zone", "from bpm", "min:s", of]);
    let limits = std::iter::once(None).chain(zones.limits.iter().map(|limit| Some(limit.round())));
    for (zone, (limit, minutes)) in (1..).zip(limits.zip(zones.minutes)) {
        let highest = zones.highest_bpm.filter(|_| zone == 5 && zones.method != "set");
        let highest = highest.map(|bpm| number(bpm.round())).unwrap_or_default();
        table.row([zone.to_string(), limit.map(number).unwrap_or_default(), minutes_seconds(minutes * 60.0), highest]);
    }
    table
}

fn split_table(detail: &DetailAnswer, clock: &Clock, ways: Ways) -> Table {
    let has_pace = detail.tempo == "pace";
    let tempo = if has_pace { format!("pace {}", ways.pace_symbol()) } else { ways.speed_symbol().to_owned() };
    let mut table = Table::new(&["split", "start", ways.way.symbol, "min:s", &tempo]);
    for (place, split) in (1..).zip(&detail.splits) {
        let told = |pace| if has_pace { minutes_seconds(ways.pace(pace)) } else { format!("{:.1}", ways.speed(pace)) };
        let tempo = split.pace_s_per_km.map(told).unwrap_or_default();
        let (way, lasted) = (number(ways.way.of(split.distance_m)), minutes_seconds(split.moving_s));
        table.row([i32::to_string(&place), clock.time(&split.start), way, lasted, tempo]);
    }
    table
}
