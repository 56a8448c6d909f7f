//! What HealthSave is answered. A status of 500 and more is never among it: the app would send the batch again for
//! ever.

use serde_json::{Map, Value as Json, json};

use crate::formats::phone::Delivery;
use crate::time::format_instant;

/// What the headers of a batch begin with; all are optional and belong into the report of the delivery.
pub const HEADER: &str = "x-healthsave-";
/// The header with the hash of the body, by the app's own count.
pub const PAYLOAD_HASH: &str = "x-healthsave-payload-hash";
/// The header whose value may come with one content only.
pub const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// The keys of [`status`], in their order.
pub const STATUS_KEYS: [&str; 7] =
    ["heart_rate", "hrv", "blood_oxygen", "daily_activity", "sleep_sessions", "workouts", "quantity_samples"];

/// The answer to a batch: `records` is new, known and replaced ones. Without samples it says so.
pub fn batch(delivery: &Delivery, records: u64) -> Json {
    let frame = &delivery.frame;
    let number = |keys: [&str; 2], none: u64| keys.iter().find_map(|key| frame.get(*key)?.as_u64()).unwrap_or(none);
    let metric = frame.get("metric").cloned().unwrap_or_default();
    let at = number(["batch_index", "batch"], 0);
    if delivery.counts.items == 0 {
        return json!({"status": "empty", "metric": metric, "batch": at, "records": 0});
    }
    let of = number(["total_batches", "total_batches"], 1);
    json!({
        "status": "processed", "metric": metric, "batch": at, "total_batches": of, "records": records,
        "records_received": delivery.counts.items, "records_rejected": delivery.counts.rejected,
    })
}

/// The answer to a known idempotency key with another content, with status 409.
pub fn conflict() -> Json {
    json!({"detail": {
        "status": "rejected", "error_code": "idempotency_key_payload_mismatch",
        "message": "this idempotency key came with another payload before",
    }})
}

/// The answer to `GET /api/health` and `GET /health`.
pub fn health() -> Json {
    json!({"status": "ok"})
}

/// How much there is of what [`STATUS_KEYS`] names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stock {
    /// How many.
    pub count: u64,
    /// Start of the first, milliseconds since 1970 in UTC.
    pub oldest_ms: Option<i64>,
    /// Start of the last.
    pub newest_ms: Option<i64>,
}

/// The answer to `GET /api/apple/status`, flat as the app wants it.
pub fn status(stock: [Stock; STATUS_KEYS.len()]) -> Json {
    let one = |stock: Stock| {
        json!({"count": stock.count, "oldest": stock.oldest_ms.map(format_instant),
            "newest": stock.newest_ms.map(format_instant)})
    };
    let lines = STATUS_KEYS.iter().zip(stock).map(|(key, stock)| ((*key).to_owned(), one(stock)));
    Json::Object(lines.collect::<Map<_, _>>())
}
