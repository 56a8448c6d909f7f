//! What became of a phone's own deliveries, for its own token: as JSON, and as they come.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::HeaderMap;
use axum::response::Response;
use hyper::body::Frame;
use serde::Serialize;
use store::peers::Delivery;
use tokio::sync::{broadcast, mpsc};
use tokio::time::timeout;

use super::answer;
use super::guard::Ends;
use super::handle::{known, note};
use super::shared::Shared;
use crate::events::Event;

/// Deliveries of an answer.
const MOST: usize = 100;
/// How often a stream says that it is still there.
const BEAT: Duration = Duration::from_secs(15);
/// Lines that wait for a slow reader, who then is let go.
const LINES: usize = 16;

/// A delivery as JSON, the same everywhere.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DeliveryLine {
    /// Its number.
    pub delivery: i64,
    /// Number of the phone.
    pub device: i64,
    /// Its app; none where the phone itself asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app: Option<&'static str>,
    /// When it was whole.
    pub received: String,
    /// Length of the body.
    pub bytes: u64,
    /// `pending`, `done` or `unreadable`.
    pub state: &'static str,
    /// New records.
    pub new: u64,
    /// Records that were there.
    pub known: u64,
    /// Records that took the place of others.
    pub replaced: u64,
    /// Items that could not be read.
    pub rejected: u64,
    /// Start of the earliest record.
    pub first: Option<String>,
    /// End of the latest one.
    pub last: Option<String>,
    /// What was wrong and how often.
    pub problems: Vec<store::peers::ProblemOf>,
}

impl From<Delivery> for DeliveryLine {
    fn from(it: Delivery) -> Self {
        let instant = health::time::format_instant;
        let o = it.outcome;
        Self {
            delivery: it.id,
            device: it.peer,
            app: None,
            received: instant(it.received_ms),
            bytes: it.bytes,
            state: it.state.as_str(),
            new: o.new,
            known: o.known,
            replaced: o.replaced,
            rejected: o.rejected,
            first: o.first_ms.map(instant),
            last: o.last_ms.map(instant),
            problems: o.problems,
        }
    }
}

/// The latest deliveries of a token's phone.
pub(super) async fn deliveries(shared: Arc<Shared>, ends: Ends, headers: &HeaderMap) -> Response {
    let known = match known(&shared, ends, headers, None).await {
        Ok(known) => known,
        Err(refusal) => return refusal,
    };
    note(&shared, ends, &known, headers).await;
    let id = known.peer.id;
    match shared.read(move |store| store.deliveries(Some(id), MOST)).await {
        Ok(rows) => {
            let lines: Vec<DeliveryLine> = rows.into_iter().map(Into::into).collect();
            serde_json::to_value(lines).map_or_else(|_| answer::later(), |lines| answer::json(200, &lines))
        }
        Err(_) => answer::later(),
    }
}

/// The same as they come: one event of the name `delivery` each.
pub(super) async fn follow(shared: Arc<Shared>, ends: Ends, headers: &HeaderMap) -> Response {
    let known = match known(&shared, ends, headers, None).await {
        Ok(known) => known,
        Err(refusal) => return refusal,
    };
    note(&shared, ends, &known, headers).await;
    let events = shared.events.subscribe();
    let (lines, read) = mpsc::channel(LINES);
    tokio::spawn(write(shared, known.peer.id, events, lines));
    answer::raw(200, "text/event-stream", Body::new(Stream(read)))
}

/// Hands on what is about one phone, until the reader is gone, the phone shut out, or the receiver stops.
async fn write(shared: Arc<Shared>, peer: i64, mut events: broadcast::Receiver<Event>, lines: mpsc::Sender<Bytes>) {
    if lines.send(Bytes::from_static(b": here\n\n")).await.is_err() {
        return;
    }
    loop {
        let next = tokio::select! {
            next = timeout(BEAT, events.recv()) => next,
            () = shared.goodbye.notified() => return,
        };
        let text = match next {
            Ok(Err(broadcast::error::RecvError::Closed)) => return,
            Ok(Ok(event @ Event::Delivery { device, .. })) if device == peer => {
                format!("event: delivery\ndata: {}\n\n", serde_json::to_string(&event).unwrap_or_default())
            }
            Ok(_) => continue,
            Err(_) => ": still here\n\n".to_owned(),
        };
        let is_in = shared.read(move |store| store.peer(peer)).await;
        let is_in = matches!(is_in, Ok(Some(peer)) if peer.revoked_ms.is_none());
        if shared.is_stopping() || !is_in || lines.try_send(text.into()).is_err() {
            return;
        }
    }
}

/// A body of lines that others write.
struct Stream(mpsc::Receiver<Bytes>);

impl HttpBody for Stream {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.0.poll_recv(context).map(|line| line.map(|line| Ok(Frame::data(line))))
    }
}
