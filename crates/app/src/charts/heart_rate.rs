//! Heart rate: capsules from lowest to highest; of one day the readings themselves where they are few.

use chart::heart_rate::{self, Context, within};
use chart::model::Bucket;
use chart::sleep::Stretch as Bout;
use chart::{Model, Range, Reading};
use health::key;
use health::language::word;
use health::series::buckets::{Bucket as Counted, Grain};
use health::series::workouts::heart::Limits;
use health::time::{Day, HOUR_MS};

use super::Detail;
use super::stretch::Stretch;
use super::view::View;
use crate::error::{Code, Error, Result};
use crate::local::Found;
use crate::settings::heart_zones;
use crate::workouts::Desk;

/// A day with more readings than this is drawn by hours.
const MOST_READINGS: usize = 1500;
/// In a month of readings nobody sees one.
const MOST_RAW_DAYS: Day = 7;
const LONGEST_WORKOUT_MS: i64 = 24 * HOUR_MS;

/// Returns the chart of a stretch, with the workouts, and with zones where asked, as long as there is room for them.
pub(super) fn chart(view: &View<'_>, found: &Found, detail: Detail) -> Result<Model> {
    let stretch = view.stretch_of(found)?;
    let has_room = matches!(stretch.grain, Grain::Hour | Grain::Day);
    if detail == Detail::Zones && !has_room {
        let hint = word(key!("Ask for --range day, --range week or --range month."));
        return Err(Error::new(Code::BadUsage, word(key!("Heart-rate zones are drawn of a month at most.")), hint));
    }
    let model = bare(view, found, detail, stretch)?;
    if !has_room {
        return Ok(model);
    }
    let range = stretch.range(view.zones);
    let limits = if detail == Detail::Zones { limits(view, &range)? } else { None };
    // One that began the evening before may reach into the range.
    let around = view.store.workouts(range.start_ms.saturating_sub(LONGEST_WORKOUT_MS), range.end_ms)?;
    let workouts: Vec<Bout> = around.iter().map(|row| Bout { start_ms: row.start_ms, end_ms: row.end_ms }).collect();
    Ok(within(model, &Context { limits, workouts: &workouts }))
}

/// Where zones 2 to 5 begin, as the owner said or by the two years up to the end of a range: to find the highest minute
/// of two years takes a while, which is why they are there where somebody asks.
fn limits(view: &View<'_>, range: &Range) -> Result<Option<[f64; 4]>> {
    if let Some(limits) = heart_zones(view.store)? {
        return Ok(Some(limits.bpm()));
    }
    let desk = Desk::new(view.store)?;
    let last_ms = range.end_ms.min(view.now_ms);
    let highest = desk.highs(view.zones, (range.start_ms, last_ms))?.at(last_ms)?;
    Ok(highest.map(|highest| Limits::of(&highest).bpm()))
}

/// Nothing but heart rates.
fn bare(view: &View<'_>, found: &Found, detail: Detail, stretch: Stretch) -> Result<Model> {
    let range = stretch.range(view.zones);
    let buckets: Vec<Bucket> = view.buckets(found, stretch)?.iter().map(|bucket| drawn(bucket, view.now_ms)).collect();
    let average = view.average(found, stretch)?;
    let length = stretch.last - stretch.first + 1;
    if detail == Detail::Raw && length > MOST_RAW_DAYS {
        let hint = word(key!("Ask for --range day or --range week."));
        return Err(Error::new(Code::BadUsage, word(key!("Every reading is drawn of a week at most.")), hint));
    }
    if detail == Detail::Raw || (detail != Detail::Capsules && length == 1) {
        let readings = readings(view, found, stretch)?;
        if detail == Detail::Raw || (1..=MOST_READINGS).contains(&readings.len()) {
            return Ok(heart_rate::raw(&readings, &buckets, average, range, view.zones));
        }
    }
    Ok(heart_rate::model(&buckets, average, range, view.zones))
}

/// Every reading of a type in a stretch.
pub(super) fn readings(view: &View<'_>, found: &Found, stretch: Stretch) -> Result<Vec<Reading>> {
    let points = view.points(found, stretch)?;
    Ok(points.iter().filter_map(|point| Some(Reading { at_ms: point.start_ms, value: point.value? })).collect())
}

/// A bucket in the store's unit, as charts take it: its mean is the number that `query` shows.
pub(super) fn drawn(bucket: &Counted, now_ms: i64) -> Bucket {
    Bucket {
        start_ms: bucket.start_ms,
        end_ms: bucket.end_ms,
        min: bucket.min,
        max: bucket.max,
        mean: bucket.value,
        n: bucket.n.unsigned_abs(),
        complete: bucket.is_complete(now_ms),
        label: String::new(),
    }
}
