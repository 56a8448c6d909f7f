//! Answers: the only place that turns anything into a status.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use health::ErrorKind;
use health::formats::open_wearables::answers::detail;
use health::formats::phone::{Delivery, Feed};
use health::formats::{health_auto_export, health_export_pro, healthsave, healthsync, open_wearables, vitalog};
use serde_json::Value as Json;
use store::peers::Peer;

use crate::intake::Taken;

/// Seconds after which a phone may come again.
const RETRY_AFTER: &str = "300";

/// Any JSON.
pub(super) fn json(status: u16, body: &Json) -> Response {
    raw(status, "application/json", body.to_string())
}

/// Any text. Nothing is kept by anybody on the way, and nothing is taken for something else than it says.
pub(super) fn raw(status: u16, content_type: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// A refusal with a short text that says nothing about what is here.
pub(super) fn refuse(status: u16, text: &str) -> Response {
    json(status, &detail(text))
}

pub(super) fn not_found() -> Response {
    refuse(404, "Not Found")
}

pub(super) fn wrong_method() -> Response {
    refuse(405, "Method Not Allowed")
}

/// No credential, or one that is not good. Most apps know one status for both.
pub(super) fn unauthorised(feed: Option<Feed>, was_told: bool) -> Response {
    match feed {
        Some(Feed::HealthSync) if was_told => refuse(403, "Forbidden"),
        _ => refuse(401, "Unauthorized"),
    }
}

pub(super) fn too_large() -> Response {
    refuse(413, "Payload Too Large")
}

/// The disk is full, or we are about to stop: what is sent again later is taken.
pub(super) fn later() -> Response {
    let mut response = refuse(503, "Service Unavailable");
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER));
    response
}

/// A body that its decoder refuses. Open Wearables throws away what it gets a 4xx for, so it gets one only for what is
/// no JSON at all; the body is kept all the same.
pub(super) fn unreadable(peer: &Peer, error: &health::Error) -> Response {
    let status = match error.kind() {
        ErrorKind::NotJson => 400,
        ErrorKind::TooLarge(_) => 413,
        ErrorKind::Unsupported(_) => 415,
        _ => 422,
    };
    match peer.feed {
        Feed::OpenWearables if status != 400 => accepted(peer, &Taken::default()),
        // The text of ours is made for the activity log of the app.
        _ => refuse(status, &error.to_string()),
    }
}

/// The code by which a refused body is listed.
pub(super) fn reason(error: &health::Error) -> &'static str {
    match error.kind() {
        ErrorKind::NotJson => "bad_json",
        ErrorKind::Shape(_) => "bad_shape",
        ErrorKind::TooDeep => "too_deep",
        ErrorKind::LongText => "long_text",
        ErrorKind::TooLarge(_) => "too_large",
        ErrorKind::Unsupported(_) => "unsupported",
        _ => "damaged",
    }
}

/// A body that was taken; of one that waits in the spool the counts are zero.
pub(super) fn accepted(peer: &Peer, taken: &Taken) -> Response {
    let o = &taken.outcome;
    let stored = o.new + o.known + o.replaced;
    match peer.feed {
        Feed::HealthSync => json(200, &healthsync::answer(o.items, o.known + o.replaced)),
        Feed::HealthExportPro => json(200, &health_export_pro::answer(stored)),
        Feed::HealthAutoExport => json(200, &health_auto_export::answer()),
        Feed::HealthSave => json(200, &healthsave::answers::batch(&taken.delivery, stored)),
        Feed::Vitalog => json(200, &vitalog::answer(&taken.delivery, o.new, o.known, o.replaced)),
        Feed::OpenWearables => json(202, &open_wearables::answers::accepted(&peer.user_id, taken.saved)),
    }
}

/// What stands for a body that waits in the spool, as far as an answer repeats what the request said: the headers of
/// HealthSave tell what its body would.
pub(super) fn unread(header: impl Fn(&str) -> Option<String>) -> Taken {
    let mut delivery = Delivery::default();
    let told = [("metric", "metric"), ("batch_index", "batch-index"), ("total_batches", "total-batches")];
    for (key, name) in told {
        let Some(value) = header(&format!("{}{name}", healthsave::answers::HEADER)) else { continue };
        let value = value.parse::<u64>().map_or_else(|_| Json::from(value), Json::from);
        delivery.frame.insert(key.to_owned(), value);
    }
    // Without items the answer would be that there was nothing in it.
    delivery.counts.items = 1;
    Taken { delivery, ..Taken::default() }
}
