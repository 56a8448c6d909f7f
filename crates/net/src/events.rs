//! What the receiver tells whoever listens: a line each, for the window and for `vitalog serve --json`.

use serde::Serialize;
use store::peers::Outcome;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// Phones can come.
    Listening {
        /// The port.
        port: u16,
        /// What to type into apps, the best first.
        urls: Vec<String>,
    },
    /// A delivery is in the store, or could not be read.
    Delivery {
        /// Its number; 0 while the store is busy elsewhere.
        delivery: i64,
        /// Number of the phone.
        device: i64,
        /// Its label.
        label: String,
        /// Its app.
        app: &'static str,
        /// Length of the body.
        bytes: u64,
        /// `pending`, `done` or `unreadable`.
        state: &'static str,
        /// New records.
        new: u64,
        /// Records that were there.
        known: u64,
        /// Records that took the place of others.
        replaced: u64,
        /// Items that could not be read.
        rejected: u64,
    },
    /// A phone used a code: its browser, or an app by itself.
    Paired {
        /// Number of the invitation, where the owner has to accept that.
        #[serde(skip_serializing_if = "Option::is_none")]
        pairing: Option<i64>,
        /// Number of the phone, where an app came by itself.
        #[serde(skip_serializing_if = "Option::is_none")]
        device: Option<i64>,
        /// What it says it is.
        label: String,
        /// The four digits that both sides show; none where an app came by itself.
        #[serde(skip_serializing_if = "Option::is_none")]
        number: Option<String>,
    },
    /// Somebody was turned away.
    Refused {
        /// The address.
        address: String,
        /// A code: `host`, `browser`, `token`, `code`, `too_many`, `unencrypted`.
        reason: &'static str,
        /// How often, where it is told of several at once.
        times: u64,
    },
    /// Phones cannot come any more.
    Stopped,
}

/// What happens, for a thread that may wait.
#[derive(Debug)]
pub struct Events {
    receiver: broadcast::Receiver<Event>,
    is_over: bool,
}

impl Events {
    pub(crate) fn new(receiver: broadcast::Receiver<Event>) -> Self {
        Self { receiver, is_over: false }
    }

    /// Waits for what happens next; none once the receiver has stopped and all was told. What a slow listener missed is
    /// passed over.
    pub fn wait(&mut self) -> Option<Event> {
        while !self.is_over {
            match self.receiver.blocking_recv() {
                Ok(event) => {
                    self.is_over = event == Event::Stopped;
                    return Some(event);
                }
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => break,
            }
        }
        None
    }
}

impl Event {
    /// About a delivery.
    pub(crate) fn delivery(peer: &store::peers::Peer, id: i64, bytes: u64, state: &'static str, o: &Outcome) -> Self {
        Self::Delivery {
            delivery: id,
            device: peer.id,
            label: peer.label.clone(),
            app: peer.feed.app(),
            bytes,
            state,
            new: o.new,
            known: o.known,
            replaced: o.replaced,
            rejected: o.rejected,
        }
    }
}
