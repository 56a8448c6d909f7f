//! One night: a lane for each stage, the lightest uppermost, and the time in bed below. Lanes carry the meaning,
//! colour and pattern repeat it.

use health::language::word;
use health::time::{HOUR_MS, Zones};
use health::{key, say};

use crate::layer::{Block, Fill, Key, Layer, Pattern, Shape, Sign, Tone};
use crate::model::{Axis, AxisKind, Model, Table};
use crate::number::minutes;
use crate::range::{Range, Step, clock, clock_ticks, long_day};
use crate::sleep::{Night, NightKind, RowDay, Segment, Stage, Stretch};
use crate::theme::Hue;
use crate::traces::{self, Trace};

const TITLE: &str = key!("Sleep");
const LANES: [&str; 5] = [key!("Awake"), key!("REM"), key!("Core"), key!("Deep"), key!("In bed")];
/// Space at both sides of the night.
const MARGIN_MS: i64 = 15 * 60_000;
/// Share of a lane that a stage leaves free above and below.
const FREE: f64 = 0.2;
/// A riser joins two stages that follow each other within this.
const FOLLOWS_MS: i64 = 60_000;

/// Returns the chart of one night; stages must be sorted. `row_day` says for which of its two days it counts.
pub fn model(night: &Night, row_day: RowDay, zones: &Zones) -> Model {
    let ends = night.ends();
    // A night without anything is drawn over its usual hours.
    let (before, after) = zones.day_bounds(night.day);
    let midnight = if row_day == RowDay::Morning { before } else { after };
    let (start_ms, end_ms) = ends.unwrap_or((midnight - 2 * HOUR_MS, midnight + 8 * HOUR_MS));
    let range = Range::new(start_ms - MARGIN_MS, end_ms + MARGIN_MS, Step::Hour);
    let segments: Vec<Segment> = night.sound_segments().copied().collect();
    let ticks = clock_ticks(range.start_ms, range.end_ms, zones);
    Model {
        x: Axis {
            from: range.start_ms as f64,
            to: range.end_ms as f64,
            ticks,
            kind: AxisKind::Grid,
            label: String::new(),
        },
        y: Axis::lanes(&LANES),
        layers: layers(night, &segments),
        keys: keys(&segments, night),
        summary: summary(night, ends, zones),
        table: table(night, zones),
        ..Model::new(TITLE, "", range, zones)
    }
}

/// The same with what else was measured in that night, each in a lane of its own below.
pub fn with(night: &Night, row_day: RowDay, traces: &[Trace<'_>], zones: &Zones) -> Model {
    let stretches: Vec<Stretch> = rows(night).into_iter().map(|(stretch, _)| stretch).collect();
    traces::beside(model(night, row_day, zones), traces, &stretches)
}

/// Lower edge of the lane of a stage. What has no stage lies across Core, hatched.
fn lane(stage: Stage) -> f64 {
    match stage {
        Stage::Awake => 4.0,
        Stage::Rem => 3.0,
        Stage::Core | Stage::Unspecified => 2.0,
        Stage::Deep => 1.0,
    }
}

fn layers(night: &Night, segments: &[Segment]) -> Vec<Layer> {
    let follow = |pair: &&[Segment]| matches!(pair, [a, b] if (b.start_ms - a.end_ms).abs() <= FOLLOWS_MS);
    let riser = |pair: &[Segment]| match pair {
        // From the near edge of the one to the near edge of the other.
        [a, b] if lane(a.stage) != lane(b.stage) => {
            let (low, high) = (lane(a.stage).min(lane(b.stage)), lane(a.stage).max(lane(b.stage)));
            vec![(b.start_ms as f64, high + FREE), (b.start_ms as f64, low + 1.0 - FREE)]
        }
        _ => Vec::new(),
    };
    let risers = segments.windows(2).filter(follow).map(riser).filter(|points| !points.is_empty());
    let risers = risers.map(|points| Layer::Line { hue: Hue::Neutral, tone: Tone::Soft, width: 0.8, points });
    let block = |s: &Segment| Block {
        x0: s.start_ms as f64,
        x1: s.end_ms as f64,
        y0: lane(s.stage) + FREE,
        y1: lane(s.stage) + 1.0 - FREE,
        fill: s.stage.fill(),
    };
    let bed = |s: Stretch| Block {
        x0: s.start_ms as f64,
        x1: s.end_ms as f64,
        y0: 0.35,
        y1: 0.65,
        fill: Fill::new(Hue::Neutral, Pattern::Outline),
    };
    let silent = |s: &Stretch| Block {
        x0: s.start_ms as f64,
        x1: s.end_ms as f64,
        y0: lane(Stage::Awake) + FREE,
        y1: lane(Stage::Awake) + 1.0 - FREE,
        fill: unwritten(),
    };
    let silent = night.unwritten.iter().filter(|s| s.is_sound()).map(silent);
    // In the order of the table.
    let mut stages: Vec<Block> = segments.iter().map(block).chain(silent).collect();
    stages.sort_by(|a, b| a.x0.total_cmp(&b.x0));
    let mut layers: Vec<Layer> = risers.collect();
    layers.push(Layer::Blocks { shape: Shape::Cell, blocks: night.sound_bed().map(bed).collect() });
    layers.push(Layer::Blocks { shape: Shape::Cell, blocks: stages });
    layers
}

/// Time between stages that nobody wrote down.
fn unwritten() -> Fill {
    Fill::new(Hue::Awake, Pattern::Outline)
}

/// The lanes name every stage but the one that has none of its own.
fn keys(segments: &[Segment], night: &Night) -> Vec<Key> {
    let any = segments.iter().any(|s| s.stage == Stage::Unspecified);
    let silent = night.unwritten.iter().any(Stretch::is_sound);
    let silent = silent.then(|| Key::new(key!("nothing written, counted as awake"), Sign::Box(unwritten())));
    any.then(|| Stage::Unspecified.key()).into_iter().chain(silent).collect()
}

fn summary(night: &Night, ends: Option<(i64, i64)>, zones: &Zones) -> String {
    let day = long_day(night.day);
    let Some((start, end)) = ends else { return say!("There is no sleep for {day}.", day) };
    let from_to = say!("from {start} to {end}", start = clock(start, zones), end = clock(end, zones));
    let asleep = night.minutes.asleep();
    if asleep <= 0.0 {
        return say!("For {day} there is only time in bed, {from_to}; no sleep is counted.", day, from_to);
    }
    let known = Stage::ALL.into_iter().filter(|stage| night.minutes.of(*stage) > 0.0);
    let name = |s: Stage| word(if s == Stage::Unspecified { key!("Stage unknown") } else { s.name() });
    let stages: Vec<String> = known.map(|s| format!("{} {}", name(s), minutes(night.minutes.of(s)))).collect();
    let (asleep, stages) = (minutes(asleep), stages.join(", "));
    match night.kind {
        NightKind::Nap => say!("A nap on {day}, {from_to}: {asleep} asleep. {stages}.", day, from_to, asleep, stages),
        _ => say!("The night of {day}, {from_to}: {asleep} asleep. {stages}.", day, from_to, asleep, stages),
    }
}

fn table(night: &Night, zones: &Zones) -> Table {
    let row = |(stretch, name): (Stretch, &'static str)| {
        let length = minutes((stretch.end_ms - stretch.start_ms) as f64 / 60_000.0);
        [clock(stretch.start_ms, zones), clock(stretch.end_ms, zones), word(name), length]
    };
    Table::new([key!("From"), key!("To"), key!("Stage"), key!("Length")], rows(night).into_iter().map(row))
}

/// What the table tells: the time in bed, then stages and silences by their start.
fn rows(night: &Night) -> Vec<(Stretch, &'static str)> {
    let stages = night.sound_segments().map(|s| (Stretch { start_ms: s.start_ms, end_ms: s.end_ms }, s.stage.name()));
    let silent = night.unwritten.iter().filter(|s| s.is_sound()).map(|s| (*s, key!("Nothing written (awake)")));
    let mut stages: Vec<_> = stages.chain(silent).collect();
    stages.sort_by_key(|(stretch, _)| stretch.start_ms);
    night.sound_bed().map(|stretch| (stretch, key!("In bed"))).chain(stages).collect()
}
