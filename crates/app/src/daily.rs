//! One number per day and type.

use std::collections::{BTreeMap, BTreeSet};

use health::kind::{Nature, Style};
use health::series::buckets::Bucket;
use health::series::rule::Rule;
use health::time::{Zones, format_day};
use serde::Serialize;
use store::Store;
use store::query::{DailyRow, MergedRow, Ranks};

use crate::error::Result;
use crate::folder::Folder;
use crate::local::{Days, Found, find_kind, zones};

/// One row of `vitalog daily`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct DayAnswer {
    /// Local day.
    pub day: String,
    /// Apple's identifier.
    #[serde(rename = "type")]
    pub kind: String,
    /// The number to show.
    pub value: f64,
    /// Its unit.
    pub unit: Option<String>,
    /// How it is made.
    pub stat: &'static str,
    /// Smallest value; null for categories.
    pub min: Option<f64>,
    /// Largest value; null for categories.
    pub max: Option<f64>,
    /// Samples.
    pub n: i64,
    /// Whether the day is over.
    pub complete: bool,
    /// What each source adds to a sum, or its own mean.
    pub sources: BTreeMap<String, f64>,
    /// The sum without merging; null where sums make no sense.
    pub naive_sum: Option<f64>,
}

/// Answers for some types, or for all that are in the store.
pub fn daily(folder: &Folder, words: &[String], days: Days, now_ms: i64) -> Result<Vec<DayAnswer>> {
    let store = folder.read()?;
    let orders = store.orders()?;
    let zones = zones(&store)?;
    let all: Vec<String> = match words.is_empty() {
        true => store.types()?.into_iter().map(|row| row.kind.identifier).collect(),
        false => words.to_vec(),
    };
    let (mut answer, mut told) = (Vec::new(), BTreeSet::new());
    for word in &all {
        let found = find_kind(&store, word)?;
        // A type may be named twice, by two of its names.
        if !told.insert(found.kind.identifier.clone()) {
            continue;
        }
        let ranks = orders.of(&found.kind.identifier);
        for bucket in of_kind(&store, &found, days, ranks, &zones)? {
            answer.push(row(&bucket, &found, ranks, now_ms));
        }
    }
    Ok(answer)
}

/// From the roll-ups: the merged ones where sources overlap or time is the weight.
pub(crate) fn of_kind(store: &Store, found: &Found, days: Days, ranks: &Ranks, zones: &Zones) -> Result<Vec<Bucket>> {
    let Some(id) = found.id else { return Ok(Vec::new()) };
    let (from, to) = days.numbers();
    let rows = store.daily(id, from, to)?;
    let mut merged = store.merged(id, from, to)?.into_iter().peekable();
    // Values in a unit that nobody knows are kept, and count for nothing.
    let rule = Rule::of(&found.kind);
    let counts = |day: &&[DailyRow]| rule == Rule::Count || day.iter().any(|r| r.total.is_some());
    let buckets = rows.chunk_by(|a, b| a.day == b.day).filter(counts).map(|rows| {
        let day = rows.first().map_or(0, |row| row.day);
        while merged.next_if(|row| row.day < day).is_some() {}
        match merged.next_if(|row| row.day == day) {
            Some(row) => merged_day(row, ranks, zones),
            None => rolled_up(rows, rule.style(), ranks, zones),
        }
    });
    Ok(buckets.collect())
}

fn merged_day(row: MergedRow, ranks: &Ranks, zones: &Zones) -> Bucket {
    let (start_ms, end_ms) = zones.day_bounds(row.day);
    Bucket {
        start_ms,
        end_ms,
        day: row.day,
        n: row.n,
        value: row.value,
        min: row.minimum,
        max: row.maximum,
        mean: row.mean,
        sum: row.total,
        naive_sum: row.naive,
        weight: row.weight,
        parts: row.parts.into_iter().map(|(source, part)| (ranks.of(source, false), part)).collect(),
    }
}

fn rolled_up(rows: &[DailyRow], style: Style, ranks: &Ranks, zones: &Zones) -> Bucket {
    let day = rows.first().map_or(0, |row| row.day);
    let (start_ms, end_ms) = zones.day_bounds(day);
    let n: i64 = rows.iter().map(|row| row.n).sum();
    // Sums of floats depend on their order: by rank, never by the numbers that sources have in this store.
    let mut totals: Vec<_> = rows.iter().filter_map(|row| Some((ranks.of(row.source_id, false), row.total?))).collect();
    totals.sort_by_key(|(rank, _)| *rank);
    let total: f64 = totals.iter().map(|(_, total)| total).sum();
    let mean = if n > 0 { total / n as f64 } else { 0.0 };
    let part = |row: &DailyRow| match style {
        Style::Cumulative => row.total.unwrap_or(0.0),
        Style::Category => row.n as f64,
        _ => row.total.unwrap_or(0.0) / row.n.max(1) as f64,
    };
    let value = match style {
        Style::Cumulative => total,
        Style::Category => n as f64,
        _ => mean,
    };
    Bucket {
        start_ms,
        end_ms,
        day,
        n,
        value,
        min: rows.iter().filter_map(|row| row.minimum).reduce(f64::min).unwrap_or(value),
        max: rows.iter().filter_map(|row| row.maximum).reduce(f64::max).unwrap_or(value),
        mean,
        sum: total,
        naive_sum: total,
        weight: n as f64,
        parts: rows.iter().map(|row| (ranks.of(row.source_id, false), part(row))).collect(),
    }
}

fn row(bucket: &Bucket, found: &Found, ranks: &Ranks, now_ms: i64) -> DayAnswer {
    let number = found.kind.nature == Nature::Quantity;
    let rule = Rule::of(&found.kind);
    let mut sources = BTreeMap::new();
    for (rank, part) in &bucket.parts {
        let known = sources.entry(ranks.name(*rank).to_owned());
        // Parts of a sum add up under one name; of several means the best source's is shown.
        match rule.style() {
            Style::Cumulative | Style::Category => *known.or_insert(0.0) += part,
            _ => drop(known.or_insert(*part)),
        }
    }
    DayAnswer {
        day: format_day(bucket.day),
        kind: found.kind.identifier.clone(),
        value: bucket.value,
        unit: found.unit_of_days(),
        stat: rule.stat(),
        min: number.then_some(bucket.min),
        max: number.then_some(bucket.max),
        n: bucket.n,
        complete: bucket.end_ms <= now_ms,
        sources,
        naive_sum: rule.is_sum().then_some(bucket.naive_sum),
    }
}
