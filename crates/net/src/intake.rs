//! What reads and matches bodies: handed in from above, because it knows the decoders and the rows.

use std::fs::File;

use health::formats::healthsave::answers::{STATUS_KEYS, Stock};
use health::formats::open_wearables::answers::Saved;
use serde_json::Value as Json;
use store::peers::{Outcome, Peer};

/// Reads bodies into the store, and reads back what a phone itself brought.
pub trait Intake: Send + Sync + 'static {
    /// Reads and matches one body. Called on a thread that may block; repeating it adds nothing.
    fn take(&self, spooled: Spooled<'_>) -> Result<Taken, Failure>;

    /// Does what was left for later; called while nothing comes.
    fn rest(&self) -> Result<(), Failure>;

    /// How much there is of what HealthSave's status names, of what this phone brought.
    fn stock(&self, peer: &Peer) -> Result<[Stock; STATUS_KEYS.len()], Failure>;

    /// A page of HealthSync's read-back, of what this phone brought.
    fn read_back(&self, peer: &Peer, what: ReadBack, query: &str) -> Result<Json, Failure>;
}

/// A body that is durable, with what its decoder has to know of the request.
#[derive(Debug)]
pub struct Spooled<'a> {
    /// Who sent it.
    pub peer: &'a Peer,
    /// Its number.
    pub delivery: i64,
    /// When it was whole.
    pub received_ms: i64,
    /// The body, unpacked, at its start.
    pub body: File,
    /// Header `Content-Type`.
    pub content_type: Option<&'a str>,
    /// Header `automation-aggregation` of Health Auto Export.
    pub aggregation: Option<&'a str>,
    /// What stands behind the question mark of the address.
    pub query: &'a str,
}

/// What became of a body.
#[derive(Debug, Clone, Default)]
pub struct Taken {
    /// Counts, times, problems. How long it took is measured by the receiver.
    pub outcome: Outcome,
    /// What the decoder says of the whole: answers of some protocols repeat parts of the frame.
    pub delivery: health::formats::phone::Delivery,
    /// New records, workouts and stages, which Open Wearables is told.
    pub saved: Saved,
}

/// Lists of HealthSync's read-back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadBack {
    /// Samples.
    Metrics,
    /// Workouts.
    Workouts,
    /// Deliveries.
    Syncs,
}

/// Why a body or a question was not answered.
#[derive(Debug)]
pub enum Failure {
    /// The decoder refuses the body; nothing was stored.
    Refused(health::Error),
    /// A question has a part that cannot be; the text says which.
    Question(&'static str),
    /// Another one is writing, or there is no room: the body stays in the spool and is tried again.
    Later,
    /// Anything else. Tried again, later and later.
    Failed(String),
}
