//! Where the numbers of a workout come from: who wrote it and who else, which totals were written and which are counted
//! from records, and by what limits its zones are cut.

use std::collections::BTreeMap;

use health::language::word;
use health::series::buckets::Stretch;
use health::series::explain::explain_stretch;
use health::series::rule::Rule;
use health::series::workouts::totals::{Origin, Total, distance_kind, duration_s};
use health::time::{Zones, format_instant};
use health::{key, say};
use serde::Serialize;
use store::query::WorkoutRow;

use super::{Body, Desk, HEART_RATE, ZonesAnswer};
use crate::error::Result;
use crate::explain::SourcePart;
use crate::local::{Found, find_kind};
use crate::query::inputs_around;

/// Where one number of a workout comes from.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct WhyAnswer {
    /// `length`, `distance`, `energy`, `heart_rate`, `climbed`, `splits` or `zones`.
    pub what: &'static str,
    /// How it was found, in words.
    pub sentence: String,
    /// Of what is counted from records, the sources that have some, the best first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<SourcePart>,
}

/// The same activity as another source wrote it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SameAnswer {
    /// Its number in this store.
    pub id: i64,
    /// Who wrote it.
    pub source: Option<String>,
    /// Start.
    pub start: String,
    /// End.
    pub end: String,
    /// Whether it counts and the other one is set aside.
    pub counts: bool,
}

impl Desk<'_> {
    /// The same activity by others, of the workouts around one and what each of them is the same as.
    pub(super) fn same(&self, row: &WorkoutRow, around: &[WorkoutRow], better: &[Option<i64>]) -> Vec<SameAnswer> {
        let mine = around.iter().zip(better).find(|(other, _)| other.id == row.id).and_then(|(_, better)| *better);
        let counts = mine.unwrap_or(row.id);
        let is_same = |(other, better): &(&WorkoutRow, &Option<i64>)| {
            other.id != row.id && (other.id == counts || **better == Some(counts))
        };
        let answer = |(other, _): (&WorkoutRow, &Option<i64>)| SameAnswer {
            id: other.id,
            source: self.sources.name(other.source_id),
            start: format_instant(other.start_ms),
            end: format_instant(other.end_ms),
            counts: other.id == counts,
        };
        around.iter().zip(better).filter(is_same).map(answer).collect()
    }

    /// Where each number that there is comes from. `climbs` says that its route knows how high it was.
    pub(super) fn why(
        &self,
        row: &WorkoutRow,
        (climbs, splits): (bool, Option<&'static str>),
        zones: Option<&ZonesAnswer>,
        days: &Zones,
    ) -> Result<Vec<WhyAnswer>> {
        let body = Body::of(row);
        let pauses = body.pauses(row);
        let mut told = Vec::new();
        let length = duration_s(body.duration_s, row.start_ms, row.end_ms, &pauses);
        told.extend(length.map(|total| WhyAnswer {
            what: "length",
            sentence: of_length(total),
            ..WhyAnswer::default()
        }));
        let distance = distance_kind(&row.activity).map(|kind| find_kind(self.store, kind)).transpose()?;
        told.extend(self.why_total("distance", self.distance(row, &body)?, distance.as_ref(), row, days)?);
        told.extend(self.why_total("energy", self.energy(row, &body)?, Some(&self.energy), row, days)?);
        told.extend(self.why_heart_rate(row, &body)?);
        told.extend(climbs.then(of_climbs));
        told.extend(splits.map(of_splits));
        told.extend(zones.map(|zones| of_zones(zones, !pauses.is_empty())));
        Ok(told)
    }

    fn why_total(
        &self,
        what: &'static str,
        total: Option<Total>,
        found: Option<&Found>,
        row: &WorkoutRow,
        days: &Zones,
    ) -> Result<Option<WhyAnswer>> {
        let Some(total) = total else { return Ok(None) };
        let sentence = word(match total.origin {
            Origin::Row => key!("Whoever wrote the workout wrote this total."),
            Origin::Statistics => key!("The total that the export tells of the workout's own records."),
            Origin::Computed => key!(
                "Counted from the records between its start and its end: the best source counts, and each other one \
                 adds only what the better ones cannot have seen."
            ),
        });
        let sources = match found.filter(|_| total.origin == Origin::Computed) {
            Some(found) => self.counted_from(found, row, days)?,
            None => Vec::new(),
        };
        Ok(Some(WhyAnswer { what, sentence, sources }))
    }

    fn counted_from(&self, found: &Found, row: &WorkoutRow, days: &Zones) -> Result<Vec<SourcePart>> {
        let ranks = self.orders.of(&found.kind.identifier);
        let inputs = inputs_around(self.store, found, (row.start_ms, row.end_ms.saturating_add(1)), ranks)?;
        let stretch = Stretch { start_ms: row.start_ms, end_ms: row.end_ms, day: days.day(row.start_ms) };
        let explained = explain_stretch(&inputs, Rule::of(&found.kind), stretch);
        Ok(crate::explain::source_parts(explained.map(|told| told.sources).unwrap_or_default(), ranks))
    }

    fn why_heart_rate(&self, row: &WorkoutRow, body: &Body<'_>) -> Result<Option<WhyAnswer>> {
        if body.heart_rate().is_some() {
            let sentence = word(key!("Mean, lowest and highest that the export tells of the workout's own records."));
            return Ok(Some(WhyAnswer { what: "heart_rate", sentence, ..WhyAnswer::default() }));
        }
        let sources = self.pulse_sources(row)?;
        if sources.iter().all(|part| part.rows_used == 0) {
            return Ok(None);
        }
        let sentence = word(key!(
            "The readings of the workout's own device from its start to its end; each holds until the next one. Those \
             of others are left out."
        ));
        Ok(Some(WhyAnswer { what: "heart_rate", sentence, sources }))
    }

    /// Whose readings lie in a workout; those of its own device count.
    fn pulse_sources(&self, row: &WorkoutRow) -> Result<Vec<SourcePart>> {
        let Some(id) = self.heart_rate.id else { return Ok(Vec::new()) };
        let (own, ranks) = (self.sources.of_device(row.source_id), self.orders.of(HEART_RATE));
        let mut parts: BTreeMap<u32, SourcePart> = BTreeMap::new();
        for point in self.store.points_from(id, row.start_ms, row.end_ms.saturating_add(1))? {
            let rank = ranks.of(point.source_id, false);
            let part = parts.entry(rank).or_insert_with(|| SourcePart {
                source: ranks.name(rank).to_owned(),
                id: Some(point.source_id),
                ..SourcePart::default()
            });
            let counts = own.contains(&point.source_id) && point.value.is_some();
            *(if counts { &mut part.rows_used } else { &mut part.rows_left_out }) += 1;
        }
        Ok(parts.into_values().collect())
    }
}

fn of_length(total: Total) -> String {
    word(match total.origin {
        Origin::Row | Origin::Statistics => key!("Whoever wrote the workout wrote how long it was, without pauses."),
        Origin::Computed => key!("From its start to its end, without its pauses."),
    })
}

fn of_climbs() -> WhyAnswer {
    let sentence = word(key!(
        "Counted from the heights along the route, averaged over ten seconds: a climb counts from its foot to its top \
         once it is three metres high. A part of the route without heights adds nothing."
    ));
    WhyAnswer { what: "climbed", sentence, ..WhyAnswer::default() }
}

/// One sentence for where it is cut, one for its time, one for its pace.
fn of_splits(origin: &'static str) -> WhyAnswer {
    let cut = word(match origin {
        "route" => key!("Cut where the points of the route reach the next full distance."),
        _ => key!("Cut where the records of distance reach the next full distance."),
    });
    let time = word(key!("The time is that from one cut to the next, without pauses."));
    let pace = word(key!("The pace is this time by this distance."));
    WhyAnswer { what: "splits", sentence: format!("{cut} {time} {pace}"), ..WhyAnswer::default() }
}

fn of_zones(zones: &ZonesAnswer, has_pauses: bool) -> WhyAnswer {
    let limits: Vec<String> = zones.limits.iter().map(|bpm| format!("{}", bpm.round())).collect();
    let limits = limits.join(", ");
    let bpm = zones.highest_bpm.unwrap_or_default().round().to_string();
    let by = match zones.method {
        "set" => say!("Zones 2 to 5 begin at {limits} bpm, as set by you.", limits),
        "age" => say!(
            "Zones 2 to 5 begin at {limits} bpm: 60, 70, 80 and 90 % of {bpm} bpm, the highest that is usual at that age.",
            limits,
            bpm
        ),
        _ => say!(
            "Zones 2 to 5 begin at {limits} bpm: 60, 70, 80 and 90 % of {bpm} bpm, the mean of the highest minute of the \
             two years up to the workout.",
            limits,
            bpm
        ),
    };
    let how = word(key!("Each reading of the workout's own device counts until the next one."));
    let pauses = if has_pauses { format!(" {}", word(key!("Pauses are in none."))) } else { String::new() };
    WhyAnswer { what: "zones", sentence: format!("{by} {how}{pauses}"), ..WhyAnswer::default() }
}
