//! The keys of the command line's contract. More may be added, none may go.
#![allow(dead_code)]

use serde_json::Value;

/// Every row has every key.
#[track_caller]
pub fn check_keys(answer: &Value, keys: &[&str]) {
    let rows = answer.as_array().map_or(std::slice::from_ref(answer), Vec::as_slice);
    assert!(!rows.is_empty(), "no rows");
    for row in rows {
        for key in keys {
            assert!(row.get(*key).is_some(), "no {key}: {row:#}");
        }
    }
}

pub const IMPORT: &[&str] = &[
    "import",
    "outcome",
    "file",
    "export_date",
    "locale",
    "export_version",
    "records",
    "new",
    "known",
    "replaced",
    "duplicates",
    "rejected",
    "superseded",
    "kept",
    "restored",
    "hidden",
    "problems",
    "workouts",
    "correlations",
    "activity_days",
    "routes",
    "ecgs",
    "clinical_records",
    "seconds",
    "xml_bytes",
    "by_type",
];
pub const IMPORTS: &[&str] = &[
    "import",
    "channel",
    "file",
    "device",
    "at",
    "outcome",
    "new",
    "known",
    "duplicates",
    "superseded",
    "rejected",
    "undone",
    "partial",
];
pub const CHART: &[&str] =
    &["title", "unit", "days", "range", "x", "y", "buckets", "gaps", "totals", "summary", "table"];
pub const UNDO: &[&str] = &["import", "removed", "restored", "superseded"];
pub const STATUS: &[&str] = &[
    "version",
    "data_dir",
    "store",
    "records",
    "types",
    "sources",
    "first",
    "last",
    "entries",
    "imports",
    "last_import",
    "home_zone",
    "pending",
    "receiver",
];
pub const TYPES: &[&str] = &["identifier", "name", "kind", "unit", "count", "first", "last", "sources"];
pub const SOURCES: &[&str] = &["id", "source", "names", "bundle", "hardware", "records", "first", "last"];
pub const ORDER: &[&str] = &["type", "chosen", "order"];
pub const OVERLAPS: &[&str] = &["type", "word", "name", "days", "shared_days", "twice", "shared"];
pub const STAYS: &[&str] = &["home_zone", "home_from", "followed", "stays"];
pub const BUCKET: &[&str] =
    &["start", "end", "day", "value", "stat", "min", "max", "mean", "sum", "n", "complete", "unit"];
pub const DAILY: &[&str] =
    &["day", "type", "value", "unit", "stat", "min", "max", "n", "complete", "sources", "naive_sum"];
pub const SLEEP: &[&str] = &[
    "day",
    "kind",
    "start",
    "end",
    "asleep_min",
    "awake_min",
    "core_min",
    "deep_min",
    "rem_min",
    "unspecified_min",
    "in_bed_min",
    "in_bed_estimated",
    "latency_min",
    "awakenings",
    "efficiency",
    "sources",
];
pub const EXPLAIN: &[&str] =
    &["type", "day", "zone", "value", "unit", "rule", "naive_sum", "sources", "stat", "sentence"];
pub const EXPLAIN_DAYS: &[&str] = &[
    "type", "from", "to", "mean", "total", "min", "max", "unit", "stat", "rule", "sentence", "counted", "of_days",
    "parts",
];
pub const EXPLAIN_PARTS: &[&str] = &["from", "to", "value", "min", "max", "days"];
pub const EXPLAIN_SOURCES: &[&str] = &["source", "rows_used", "rows_left_out", "value"];
pub const WORKOUT: &[&str] = &[
    "id",
    "activity",
    "activity_name",
    "start",
    "end",
    "duration_s",
    "distance_m",
    "energy_kcal",
    "source",
    "heart_rate",
    "route_points",
    "activity_raw",
    "distance_origin",
    "energy_origin",
    "heart_rate_origin",
    "same_as",
];
pub const WORKOUT_DETAIL: &[&str] =
    &["pauses", "elevation_up_m", "elevation_down_m", "splits_origin", "splits", "zones"];
pub const SETTINGS: &[&str] = &[
    "home_zone",
    "home_zone_from",
    "day_boundaries",
    "week_start",
    "night_label",
    "units",
    "hep_path",
    "receiver_bind",
    "receiver_background",
    "receiver_https",
    "receiver_name",
    "receiver_vpn",
    "hep_header",
    "port",
];
pub const SAMPLE: &[&str] =
    &["record", "type", "kind", "start", "end", "value", "unit", "source", "uuid", "seen", "import"];
pub const RECORDS: [(&str, &[&str]); 10] = [
    ("sample", SAMPLE),
    (
        "workout",
        &[
            "activity",
            "activity_raw",
            "start",
            "end",
            "duration_s",
            "energy_kcal",
            "distance_m",
            "uuid",
            "source",
            "route_points",
            "seen",
        ],
    ),
    ("correlation", &["type", "start", "end", "source", "members"]),
    ("route", &["start", "end", "workout", "route_points", "points"]),
    ("ecg", &["start", "classification_raw", "avg_hr", "hz", "voltage_count", "voltages", "source"]),
    ("activity_summary", &["day", "active_energy_kcal", "exercise_min", "stand_hours"]),
    ("clinical_record", &["type", "identifier", "source", "resource_text"]),
    ("audiogram", &["start", "end", "source"]),
    ("vision_prescription", &["start", "end"]),
    ("profile", &["date_of_birth"]),
];
