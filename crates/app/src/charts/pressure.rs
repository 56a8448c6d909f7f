//! Blood pressure: readings that belong together, and the means of their days.

use std::collections::HashMap;

use chart::Model;
use chart::blood_pressure::{self, Half, Lone, Pressure};
use health::series::buckets::Grain;
use health::series::pressure::{Pair, Reading, by_day, pair};

use super::stretch::Stretch;
use super::view::View;
use crate::error::Result;
use crate::local::{Found, find_kind};

/// Returns the chart of a stretch; who asks for one half is told of that one.
pub(super) fn chart(view: &View<'_>, half: Option<Half>) -> Result<Model> {
    let systolic = find_kind(view.store, "blood_pressure_systolic")?;
    let diastolic = find_kind(view.store, "blood_pressure_diastolic")?;
    // One half may have been written earlier, or later, or alone.
    let of_halves = [view.data_of(&systolic)?, view.data_of(&diastolic)?].into_iter().flatten();
    let stretch = view.stretch(of_halves.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))));
    let found = pair(&readings(view, &systolic, stretch)?, &readings(view, &diastolic, stretch)?);
    let pressure = |(at_ms, diastolic_ms), systolic, diastolic| Pressure { at_ms, diastolic_ms, systolic, diastolic };
    let of_pair = |pair: &Pair| pressure((pair.start_ms, pair.diastolic_ms), pair.systolic, pair.diastolic);
    let pairs: Vec<Pressure> = found.pairs.iter().map(of_pair).collect();
    // Beside the readings of one day their mean would stand as one more, at noon.
    let means = if stretch.grain == Grain::Hour { Vec::new() } else { by_day(&found.pairs, view.zones) };
    let means: Vec<Pressure> = means
        .iter()
        .map(|day| pressure((view.noon(day.day), view.noon(day.day)), day.systolic, day.diastolic))
        .collect();
    let alone = |systolic| move |reading: &Reading| Lone { at_ms: reading.start_ms, value: reading.value, systolic };
    let lone: Vec<Lone> =
        found.systolic.iter().map(alone(true)).chain(found.diastolic.iter().map(alone(false))).collect();
    let range = stretch.range(view.zones);
    let mut model = blood_pressure::model(&pairs, &means, None, &lone, range, view.zones);
    if let Some(half) = half {
        model.summary = blood_pressure::summary_of(half, &pairs, &lone, &range, view.zones);
    }
    Ok(model)
}

fn readings(view: &View<'_>, found: &Found, stretch: Stretch) -> Result<Vec<Reading>> {
    let Some(id) = found.id else { return Ok(Vec::new()) };
    let members = view.store.memberships(id, stretch.instants(view.zones).range_ms())?;
    let members: HashMap<(i64, i64, i64), i64> =
        members.iter().map(|m| ((m.start_ms, m.source_id, m.duration_ms), m.entry_id)).collect();
    let reading = |point: &store::query::Point| {
        let key = (point.start_ms, point.source_id, point.end_ms - point.start_ms);
        Some(Reading {
            start_ms: point.start_ms,
            value: point.value?,
            source: u32::try_from(point.source_id).ok()?,
            correlation: members.get(&key).copied(),
        })
    };
    Ok(view.points(found, stretch)?.iter().filter_map(reading).collect())
}
