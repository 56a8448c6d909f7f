//! What reads and matches bodies: handed in from above, because it knows the decoders and the rows.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::sync::Arc;

use health::formats::healthsave::answers::{STATUS_KEYS, Stock};
use health::formats::open_wearables::answers::Saved;
use serde_json::Value as Json;
use store::Receipt;
use store::peers::{Outcome, Peer};

/// Reads bodies into the store, and reads back what a phone itself brought.
pub trait Intake: Send + Sync + 'static {
    /// Reads and matches one body. Its row among the deliveries, and what became of it, are written with its records:
    /// once this says that it was taken, all of it is durable. Called on threads that may block; repeating it adds
    /// nothing.
    fn take(&self, spooled: Spooled<'_>) -> Result<Taken, Failure>;

    /// Does what nobody is to wait for; called after every delivery, beside those that come meanwhile.
    fn tidy(&self);

    /// Does what was left for later; called while nothing comes.
    fn rest(&self) -> Result<(), Failure>;

    /// How much there is of what HealthSave's status names, of what this phone brought.
    fn stock(&self, peer: &Peer) -> Result<[Stock; STATUS_KEYS.len()], Failure>;

    /// A page of HealthSync's read-back, of what this phone brought.
    fn read_back(&self, peer: &Peer, what: ReadBack, query: &str) -> Result<Json, Failure>;
}

/// A body with what its decoder has to know of the request.
#[derive(Debug)]
pub struct Spooled<'a> {
    /// Who sent it.
    pub peer: &'a Peer,
    /// Its row, and its name and content.
    pub receipt: Receipt<'a>,
    /// The body, unpacked, at its start.
    pub body: Body,
    /// Header `Content-Type`.
    pub content_type: Option<&'a str>,
    /// Header `automation-aggregation` of Health Auto Export.
    pub aggregation: Option<&'a str>,
    /// What stands behind the question mark of the address.
    pub query: &'a str,
}

/// Where a body is read from.
#[derive(Debug)]
pub enum Body {
    /// From memory: nobody was told yet that it is safe.
    Short(Cursor<Arc<[u8]>>),
    /// From the spool.
    Long(File),
}

impl Read for Body {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Short(body) => body.read(buffer),
            Self::Long(body) => body.read(buffer),
        }
    }
}

impl Seek for Body {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match self {
            Self::Short(body) => body.seek(to),
            Self::Long(body) => body.seek(to),
        }
    }
}

/// What became of a body.
#[derive(Debug, Clone, Default)]
pub struct Taken {
    /// Number of its row.
    pub id: i64,
    /// Counts, times, problems.
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
