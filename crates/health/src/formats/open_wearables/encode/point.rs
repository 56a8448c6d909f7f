//! Quantities: one point for each source, series and instant.

use std::collections::HashMap;

use super::source::{Numbers, Writer};
use super::wire::{Kind, Reason, find};
use super::write::Json;
use super::{Group, Plan, Row};
use crate::formats::phone::fields::Fields;
use crate::time::Zones;

/// Groups rows by their source, in the order of time, and holds back what the server would refuse or replace.
pub(super) fn plan(rows: &[Row<'_>]) -> Plan {
    let mut plan = Plan::default();
    let mut numbers = Numbers::default();
    let mut chosen: HashMap<(usize, &'static str, i64), usize> = HashMap::new();
    let mut kinds = Kinds::default();
    for (at, row) in rows.iter().enumerate() {
        let kind = match kinds.value(row) {
            Ok((kind, _)) => kind,
            Err(reason) => {
                plan.hold(at, reason);
                continue;
            }
        };
        let key = (numbers.of(row.source, row.device), kind.series, row.start_ms);
        let loser = match chosen.get(&key).and_then(|known| rows.get(*known).map(|other| (*known, other))) {
            Some((_, other)) if !beats(row, other) => Some(at),
            Some((known, _)) => {
                chosen.insert(key, at);
                Some(known)
            }
            None => {
                chosen.insert(key, at);
                None
            }
        };
        loser.into_iter().for_each(|loser| plan.hold(loser, Reason::SameInstant));
    }
    let mut order: Vec<((usize, i64, &str), usize)> =
        chosen.into_iter().map(|((source, series, start_ms), at)| ((source, start_ms, series), at)).collect();
    order.sort_unstable();
    for ((source, _, _), at) in order {
        if plan.groups.len() <= source {
            plan.groups.resize_with(source + 1, Group::default);
        }
        plan.groups[source].rows.push(at);
    }
    plan
}

/// Whether a row goes instead of another one of its instant; the order in which they come decides nothing.
fn beats(row: &Row<'_>, other: &Row<'_>) -> bool {
    let value = |row: &Row<'_>| row.value.unwrap_or(f64::NEG_INFINITY);
    row.end_ms.cmp(&other.end_ms).then(value(row).total_cmp(&value(other))).is_gt()
}

/// Writes a row; returns its series.
pub(super) fn write<'a>(
    row: &Row<'a>,
    zones: &Zones,
    (kinds, sources): (&mut Kinds<'a>, &mut Writer<'a>),
    out: &mut Json,
) -> Option<&'static str> {
    let (kind, value) = kinds.value(row).ok()?;
    out.raw("{");
    out.text("type", row.kind);
    common(row, zones, sources, out);
    out.number("value", value);
    out.text("unit", kind.unit);
    out.raw("}");
    Some(kind.series)
}

/// What samples and stages have in common.
pub(super) fn common<'a>(row: &Row<'a>, zones: &Zones, sources: &mut Writer<'a>, out: &mut Json) {
    if let Some(uuid) = row.uuid {
        out.text("id", &uuid.to_string());
    }
    out.instant("startDate", row.start_ms);
    out.instant("endDate", row.end_ms);
    let details = row.details.and_then(|details| Fields::read(details.as_bytes())).unwrap_or_default();
    let metadata = details.get("metadata").filter(|metadata| metadata.starts_with(b"{"));
    let named = metadata.and_then(|metadata| Fields::read(metadata)?.word("HKTimeZone"));
    out.zone(details.word("zone_offset").as_deref(), named.as_deref(), zones, row.start_ms);
    sources.put(row.source, row.device, row.version, out);
    if let Some(metadata) = metadata {
        out.key("metadata");
        out.raw(metadata);
    }
}

/// Types with their conversions, found once: rows of a call are mostly of one.
#[derive(Default)]
pub(super) struct Kinds<'a> {
    last: Option<(&'a str, &'static Kind, crate::unit::Conversion)>,
}

impl<'a> Kinds<'a> {
    fn value(&mut self, row: &Row<'a>) -> Result<(&'static Kind, f64), Reason> {
        let (kind, conversion) = match self.last {
            Some((name, kind, conversion)) if name == row.kind => (kind, conversion),
            _ => {
                let kind = find(row.kind).ok_or(Reason::NotStored)?;
                let conversion = kind.conversion();
                self.last = Some((row.kind, kind, conversion));
                (kind, conversion)
            }
        };
        if let Some(reason) = kind.refused() {
            return Err(reason);
        }
        Ok((kind, kind.value(conversion, row.value)?))
    }
}
