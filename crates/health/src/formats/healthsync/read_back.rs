//! The items of `GET /api/apple-health/metrics` and `/workouts`: stored rows in the words of HealthSync.

use serde_json::{Map, Value as Json, json};

use crate::formats::phone::Feed;
use crate::formats::phone::names;
use crate::kind::{self, Nature};
use crate::time::format_instant;

/// Items of a page where nobody says how many.
pub const PAGE: usize = 100;
/// Items of a page at most.
pub const MAX_PAGE: usize = 500;

/// A stored record as it is to be shown.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Row {
    /// Apple's identifier of the object, in capitals, or the sender's name for it.
    pub id: String,
    /// Apple's identifier of the kind, or a type of no table.
    pub kind: String,
    /// In the kind's unit; a category's integer.
    pub value: Option<f64>,
    /// Start, milliseconds since 1970 in UTC.
    pub start_ms: i64,
    /// End, likewise.
    pub end_ms: i64,
    /// Name of the source.
    pub source: String,
    /// Its bundle, where known.
    pub bundle: Option<String>,
    /// Metadata as stored.
    pub metadata: Map<String, Json>,
}

/// A sample as the app sent it.
pub fn metric(row: &Row) -> Json {
    let kind = kind::get_or_guess(&row.kind, None);
    let sleep = row.kind == "HKCategoryTypeIdentifierSleepAnalysis";
    let (value, unit) = match kind.nature {
        _ if sleep => (Some((row.end_ms - row.start_ms) as f64 / 1000.0), "seconds"),
        Nature::Category => (row.value, "category_value"),
        Nature::Quantity => (row.value, unit(&kind.unit)),
    };
    let mut item = common(row);
    item["type"] = names::wire_name(Feed::HealthSync, &row.kind).into();
    item["value"] = value.map_or(Json::Null, number);
    item["unit"] = unit.into();
    item
}

/// A workout as the app sent it: its activity's word is in `kind`.
pub fn workout(row: &Row, duration_s: Option<f64>, energy_kcal: Option<f64>, distance_m: Option<f64>) -> Json {
    let mut item = common(row);
    item["activity_type"] = row.kind.as_str().into();
    let length = (row.end_ms - row.start_ms) as f64 / 1000.0;
    item["duration_seconds"] = number(duration_s.unwrap_or(length));
    for (key, value) in [("active_energy_kcal", energy_kcal), ("total_energy_kcal", energy_kcal)] {
        value.into_iter().for_each(|value| item[key] = number(value));
    }
    distance_m.into_iter().for_each(|value| item["distance_meters"] = number(value));
    item
}

/// Apple's identifier of what the app calls so; of a name that nobody knows the type that it is kept as.
pub fn kind_of(name: &str) -> String {
    names::kind_of(Feed::HealthSync, name)
}

/// A page of items.
pub fn page(items: Vec<Json>, limit: usize, offset: usize, has_more: bool) -> Json {
    json!({"items": items, "page": {"limit": limit, "offset": offset, "has_more": has_more}})
}

fn common(row: &Row) -> Json {
    let mut item = json!({
        "id": format!("{}{}", super::PREFIX, row.id), "start_at": format_instant(row.start_ms),
        "end_at": format_instant(row.end_ms), "source_name": row.source, "metadata": row.metadata,
    });
    if let Some(bundle) = &row.bundle {
        item["source_bundle_id"] = bundle.as_str().into();
    }
    item
}

fn number(value: f64) -> Json {
    if value.fract() == 0.0 && value.abs() < 9e15 { Json::from(value as i64) } else { Json::from(value) }
}

fn unit(unit: &str) -> &str {
    match unit {
        "%" => "percent",
        "s" => "seconds",
        "min" => "minutes",
        "mL/min·kg" => "mL/kg/min",
        "kcal/hr·kg" => "kcal/kg/hr",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_read_as_the_app_sent_them() {
        let row = Row {
            id: "AE3A9887-BD44-51F6-A9FB-E1D5F1753277".to_owned(),
            kind: "HKQuantityTypeIdentifierVO2Max".to_owned(),
            value: Some(43.9),
            start_ms: 1_773_471_840_000,
            end_ms: 1_773_471_840_000,
            source: "Watch".to_owned(),
            ..Row::default()
        };
        let item = metric(&row);
        assert_eq!(item["id"], "healthkit:AE3A9887-BD44-51F6-A9FB-E1D5F1753277");
        assert_eq!((&item["type"], &item["unit"]), (&json!("vo2_max"), &json!("mL/kg/min")));
        assert_eq!(item["start_at"], "2026-03-14T07:04:00.000Z");
        let unknown = Row { kind: "x-healthsync:brain_wave_coherence".to_owned(), ..row.clone() };
        assert_eq!(metric(&unknown)["type"], "brain_wave_coherence");
        assert_eq!(kind_of("brain_wave_coherence"), unknown.kind);
        assert_eq!(kind_of("vo2_max"), row.kind);
        let sleep =
            Row { kind: "HKCategoryTypeIdentifierSleepAnalysis".to_owned(), end_ms: row.end_ms + 60_000, ..row };
        assert_eq!((&metric(&sleep)["value"], &metric(&sleep)["unit"]), (&json!(60), &json!("seconds")));
        let run = workout(&Row { kind: "running".to_owned(), ..sleep }, None, Some(312.4), None);
        assert_eq!((&run["duration_seconds"], &run["active_energy_kcal"]), (&json!(60), &json!(312.4)));
        assert_eq!(page(vec![], 2, 4, false)["page"]["has_more"], false);
    }
}
