//! Heart rate: capsules from lowest to highest; of one day the readings themselves where they are few.

use chart::model::Bucket;
use chart::{Model, Range, Reading, heart_rate};
use health::series::buckets::Bucket as Counted;
use health::series::rule::Rule;
use health::time::Day;

use super::view::{View, over};
use super::{Question, Reach, Subject};
use crate::error::Result;
use crate::folder::Folder;
use crate::local::{Found, find_kind, zones};

/// A day with more readings than this is drawn by hours.
const MOST_READINGS: usize = 1500;

/// How finely a day is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    /// Every reading of a day that has few.
    RawWhereFew,
    /// Hours.
    Hours,
}

/// Returns the chart of the `days` local days that end with the one of `end_ms`, or with the last reading's: the chart
/// of the window, whose legend explains hours. More than two months of days are whole weeks.
pub fn heart_rate_chart(folder: &Folder, days: u32, end_ms: Option<i64>, now_ms: i64) -> Result<Model> {
    let store = folder.read()?;
    let zones = zones(&store)?;
    let last: Option<Day> = end_ms.map(|end_ms| zones.day(end_ms));
    let subject = Subject::Type("heart_rate".to_owned());
    let question = Question { subject, reach: Some(Reach::Days(days)), last, page: 1, now_ms };
    let view = View::new(&store, &zones, &question, Reach::Month)?;
    chart(&view, &find_kind(&store, "heart_rate")?, Detail::Hours)
}

/// Returns the chart of a stretch.
pub(super) fn chart(view: &View<'_>, found: &Found, detail: Detail) -> Result<Model> {
    let stretch = view.stretch_of(found)?;
    let range = stretch.range(view.zones);
    let buckets: Vec<Bucket> = view.buckets(found, stretch)?.iter().map(|bucket| drawn(bucket, view.now_ms)).collect();
    let days = over(&view.days(found, stretch.first, stretch.last)?, view.now_ms);
    let mean = Rule::of(&found.kind).level(&days);
    if stretch.first == stretch.last && detail == Detail::RawWhereFew {
        let readings = readings(view, found, &range)?;
        if (1..=MOST_READINGS).contains(&readings.len()) {
            return Ok(heart_rate::raw(&readings, &buckets, mean, range, view.zones));
        }
    }
    Ok(heart_rate::model(&buckets, mean, range, view.zones))
}

/// Every reading of a type in a range.
pub(super) fn readings(view: &View<'_>, found: &Found, range: &Range) -> Result<Vec<Reading>> {
    let points = view.points(found, range)?;
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
