//! The heart-rate chart of some days.

use chart::model::Bucket;
use chart::{Model, Range, heart_rate};
use health::time::Zones;
use store::Store;
use store::query::DailyRow;

use crate::error::Result;
use crate::folder::Folder;
use crate::local::{find_kind, zones};

/// Returns the chart of the `days` local days that end with the one of `end_ms`, or with the last reading's.
pub fn heart_rate_chart(folder: &Folder, days: u32, end_ms: Option<i64>) -> Result<Model> {
    let store = folder.read()?;
    let zones = zones(&store)?;
    let kind = find_kind(&store, "heart_rate")?;
    let last = store.types()?.into_iter().find(|row| row.kind.identifier == kind.kind.identifier);
    let last_ms = last.and_then(|row| row.last_ms).unwrap_or(0);
    let range = Range::ending(end_ms.unwrap_or(last_ms), days, &zones);
    let buckets = match kind.id {
        Some(id) if days == 1 => hours(&store, id, &range, &zones)?,
        Some(id) => slots(&store, id, &range, &zones, last_ms)?,
        None => Vec::new(),
    };
    Ok(heart_rate::model(&buckets, range, &zones))
}

fn hours(store: &Store, kind: i64, range: &Range, zones: &Zones) -> Result<Vec<Bucket>> {
    let mut buckets = Vec::new();
    for (start_ms, end_ms) in range.slots(zones) {
        for b in store.chart_buckets(kind, start_ms, end_ms, end_ms - start_ms)? {
            buckets.push(Bucket {
                start_ms,
                end_ms,
                min: b.min,
                max: b.max,
                mean: b.mean,
                n: b.n.unsigned_abs(),
                complete: true,
                label: String::new(),
            });
        }
    }
    Ok(buckets)
}

/// Days and weeks come from the roll-ups: ten years are a few thousand rows.
fn slots(store: &Store, kind: i64, range: &Range, zones: &Zones, last_ms: i64) -> Result<Vec<Bucket>> {
    let rows = store.daily(kind, zones.day(range.start_ms), zones.day(range.end_ms - 1))?;
    let slot = |(start_ms, end_ms): (i64, i64)| {
        let (from, until) = (zones.day(start_ms), zones.day(end_ms - 1));
        let rows: Vec<&DailyRow> = rows.iter().filter(|row| (from..=until).contains(&row.day)).collect();
        let n: i64 = rows.iter().map(|row| row.n).sum();
        (n > 0).then(|| Bucket {
            start_ms,
            end_ms,
            min: rows.iter().filter_map(|row| row.minimum).fold(f64::INFINITY, f64::min),
            max: rows.iter().filter_map(|row| row.maximum).fold(f64::NEG_INFINITY, f64::max),
            mean: rows.iter().filter_map(|row| row.total).sum::<f64>() / n as f64,
            n: n.unsigned_abs(),
            complete: end_ms <= last_ms,
            label: String::new(),
        })
    };
    Ok(range.slots(zones).into_iter().filter_map(slot).collect())
}
