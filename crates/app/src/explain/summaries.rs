//! What apps summed up by themselves of a day: told where its number is explained, and in no number.

use health::phone::Feed;
use health::time::Zones;
use health::{counted, say};
use net::guide;
use store::Store;

use super::SummaryAnswer;
use crate::error::Result;
use crate::local::Days;

/// What apps summed up of a type on a day.
pub(super) fn of(store: &Store, kind_id: Option<i64>, days: Days, zones: &Zones) -> Result<Vec<SummaryAnswer>> {
    let Some(kind_id) = kind_id else { return Ok(Vec::new()) };
    let (from_ms, until_ms) = days.instants(zones).range_ms();
    let found = store.summaries(kind_id, from_ms, until_ms)?.into_iter().map(|it| SummaryAnswer {
        app: it.feed.app(),
        grain: it.grain.as_str(),
        count: it.count,
        said: said(it.feed, it.count),
    });
    Ok(found.collect())
}

fn said(feed: Feed, count: u64) -> String {
    let (app, values) = (guide::name(feed), counted!(count, "value"));
    let how = match feed {
        Feed::HealthAutoExport => {
            say!(" Switch off in its automation that it summarises, and it sends the samples themselves.")
        }
        Feed::HealthSync | Feed::HealthSave => {
            say!(" An export from the Health app on the phone brings the samples of that time.")
        }
        Feed::OpenWearables | Feed::HealthExportPro | Feed::Vitalog => String::new(),
    };
    say!(
        "Summarised by {app}: {values}, which are in no number, because the samples behind them may be.{how}",
        app,
        values,
        how
    )
}
