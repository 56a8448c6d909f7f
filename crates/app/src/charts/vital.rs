//! Types of which there is a mean: dots, and for vital signs the usual band of the wearer's own 28 days before.

use chart::model::Bucket;
use chart::vital::{self, Level, Usual};
use chart::{Model, Range};
use health::key;
use health::kind::short_name;
use health::series::buckets::Grain;
use health::series::per_day::DayValue;
use health::series::usual::{HISTORY_DAYS, usual};
use health::time::Day;

use super::heart_rate::drawn;
use super::measure::{Shown, most};
use super::stretch::Stretch;
use super::view::{View, values};
use crate::error::Result;
use crate::local::Found;

/// Types that have a usual band.
const VITAL: [&str; 9] = [
    "RestingHeartRate",
    "HeartRateVariabilitySDNN",
    "HeartRateVariabilityRMSSD",
    "OxygenSaturation",
    "RespiratoryRate",
    "VO2Max",
    "BodyTemperature",
    "BasalBodyTemperature",
    "AppleSleepingWristTemperature",
];

/// What the WHO and the ITU found to be safe listening for adults (ITU-T H.870, WHO "Make listening safe").
const LOUD: Level<'static> = Level { value: 80.0, words: key!("80 dB: WHO and ITU name 40 hours a week as a limit") };

/// The level that helps to read a type's values, where there is one that everybody agrees upon.
fn level(short: &str) -> Option<Level<'static>> {
    matches!(short, "EnvironmentalAudioExposure" | "HeadphoneAudioExposure").then_some(LOUD)
}

/// Returns the chart of a stretch.
pub(super) fn chart(view: &View<'_>, found: &Found) -> Result<Model> {
    let stretch = view.stretch_of(found)?;
    let range = stretch.range(view.zones);
    let days = view.days(found, stretch.first.saturating_sub(HISTORY_DAYS), stretch.last)?;
    let counted = view.buckets(found, stretch)?;
    let shown = Shown::new(&found.kind, &view.units, most(counted.iter().map(|bucket| bucket.value)));
    let history: Vec<DayValue> =
        values(&days).into_iter().map(|day| DayValue { value: shown.value(day.value), ..day }).collect();
    let bands = if VITAL.contains(&short_name(&found.kind.identifier)) {
        bands(&history, stretch, &range, view)
    } else {
        Vec::new()
    };
    let average = view.average(found, stretch)?.map(|average| shown.average(average));
    let buckets: Vec<Bucket> = counted.iter().map(|bucket| in_unit(drawn(bucket, view.now_ms), &shown)).collect();
    let level = level(short_name(&found.kind.identifier));
    Ok(vital::model_with(&shown.measure(), (&buckets, &bands), level, average, range, view.zones))
}

fn in_unit(bucket: Bucket, shown: &Shown) -> Bucket {
    let [min, max, mean] = [bucket.min, bucket.max, bucket.mean].map(|value| shown.value(value));
    Bucket { min, max, mean, ..bucket }
}

/// The band of each hour, day or week, found at its first day. A month or a year is too long for what was usual before.
fn bands(history: &[DayValue], stretch: Stretch, range: &Range, view: &View<'_>) -> Vec<Usual> {
    if matches!(stretch.grain, Grain::Month | Grain::Year) {
        return Vec::new();
    }
    let band = |(start_ms, end_ms): (i64, i64)| {
        let day: Day = view.zones.day_from(start_ms);
        usual(history, day).map(|band| Usual { start_ms, end_ms, low: band.low, high: band.high })
    };
    range.slots(view.zones).into_iter().filter_map(band).collect()
}
