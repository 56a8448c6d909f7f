//! From a body in the spool to rows: the decoder of its app, some thousand records at a time into the store.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use health::formats::healthsave::answers::{STATUS_KEYS, Stock};
use health::formats::open_wearables::answers::Saved;
use health::formats::phone::{Delivery, Sink};
use health::formats::{health_auto_export, health_export_pro, healthsave, healthsync, open_wearables, vitalog};
use health::phone::{Feed, PhoneBatch};
use net::{Failure, Intake, ReadBack, Spooled, Taken};
use serde_json::Value as Json;
use store::peers::{Outcome, Peer, ProblemOf};
use store::{Cancel, Counts, PhoneDelivery, PhoneReport, SLEEP, Store};

use super::{read_back, stock};
use crate::error::Code;
use crate::folder::Folder;
use crate::local::{system_zone, zones};

/// Sorts of problems that a delivery lists.
const MAX_PROBLEMS: usize = 100;
/// Deliveries whose first portions are remembered while they wait.
const MAX_HALF: usize = 64;

/// Reads bodies into the store of a data folder.
pub(super) struct Rows {
    folder: Folder,
    /// One for all portions: two writers of one process would only wait for each other.
    writer: Mutex<Option<Store>>,
    /// What is in the store of deliveries that somebody else's write stopped half way.
    half: Mutex<HashMap<i64, Half>>,
    cancel: Cancel,
}

/// The first portions of a delivery.
#[derive(Debug, Clone, Default)]
struct Half {
    portions: usize,
    counted: Counted,
}

/// What became of a delivery so far.
#[derive(Debug, Clone, Default)]
struct Counted {
    counts: Counts,
    workouts: u64,
    sleep: u64,
    problems: Vec<ProblemOf>,
}

impl Counted {
    fn add(&mut self, report: &PhoneReport) {
        self.counts.new += report.counts.new;
        self.counts.known += report.counts.known;
        self.counts.replaced += report.counts.replaced;
        let new = |kind: &str| report.by_type.get(kind).map_or(0, |counts| counts.new);
        self.workouts += new(health::EntryKind::Workout.as_str());
        self.sleep += new(SLEEP);
    }

    fn note(&mut self, portion: &PhoneBatch) {
        for problem in &portion.batch.problems {
            let count = problem.count.max(1);
            let same = |line: &ProblemOf| line.reason == problem.reason && line.kind == problem.kind;
            match self.problems.iter().position(same) {
                Some(at) => self.problems[at].count += count,
                None if self.problems.len() >= MAX_PROBLEMS => {}
                None => {
                    let (reason, kind) = (problem.reason.to_owned(), problem.kind.clone());
                    self.problems.push(ProblemOf { reason, kind, count });
                }
            }
        }
    }
}

impl std::fmt::Debug for Rows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rows").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl Rows {
    pub fn new(folder: &Folder) -> Self {
        Self { folder: folder.clone(), writer: Mutex::default(), half: Mutex::default(), cancel: Cancel::default() }
    }

    /// Asks the work on a large body to stop after its portion; it stays in the spool.
    pub fn stop(&self) {
        self.cancel.cancel();
    }

    fn reader(&self) -> Result<Store, Failure> {
        self.folder.read().map_err(failed)
    }

    /// Writes with the one connection for that, made when it is first needed.
    fn write<T>(&self, work: impl FnOnce(&mut Store) -> store::Result<T>) -> Result<T, Failure> {
        let mut writer = lock(&self.writer);
        let mut store = match writer.take() {
            Some(store) => store,
            None => self.folder.write().map_err(failed)?,
        };
        let done = work(&mut store);
        // A connection that failed in another way than by waiting is made anew.
        if done.as_ref().err().is_none_or(is_busy) {
            *writer = Some(store);
        }
        done.map_err(failure)
    }

    /// The device's row among the imports, made with its first delivery.
    fn channel(&self, peer: &Peer, now_ms: i64) -> Result<i64, Failure> {
        if let Some(import) = peer.import_id {
            return Ok(import);
        }
        self.write(|store| match store.peer(peer.id)?.and_then(|peer| peer.import_id) {
            // Another delivery was faster.
            Some(import) => Ok(import),
            None => {
                let import = store.device_channel(&peer.label, now_ms)?;
                store.set_peer_import(peer.id, import)?;
                Ok(import)
            }
        })
    }

    /// Takes in one portion after the other, but those that are in already.
    fn portions(&self, spooled: Spooled<'_>, so_far: &mut Half) -> Result<Delivery, Failure> {
        let zone = system_zone();
        let told = PhoneDelivery {
            device: self.channel(spooled.peer, spooled.received_ms)?,
            feed: spooled.peer.feed,
            delivery: Some(spooled.delivery),
            now_ms: spooled.received_ms,
            home_zone: &zone,
            cancel: self.cancel.clone(),
        };
        let zones = zones(&self.reader()?).map_err(failed)?;
        let (mut stopped, mut at) = (None, 0);
        let mut sink = |portion: PhoneBatch| {
            at += 1;
            if at <= so_far.portions {
                return Ok(());
            }
            let mut counted = so_far.counted.clone();
            counted.note(&portion);
            let mut portion = Some(portion);
            match self.write(|store| store.ingest_phone(&told, &mut || Ok(portion.take()))) {
                Ok(report) => counted.add(&report),
                Err(failure) => {
                    stopped = Some(failure);
                    return Err(health::ErrorKind::Cancelled.into());
                }
            }
            *so_far = Half { portions: at, counted };
            Ok(())
        };
        let decoded = decode(spooled, &zones, &mut sink);
        match (stopped, decoded) {
            (Some(failure), _) => Err(failure),
            (None, Ok(delivery)) => Ok(delivery),
            (None, Err(error)) => Err(refused(error)),
        }
    }
}

impl Intake for Rows {
    fn take(&self, spooled: Spooled<'_>) -> Result<Taken, Failure> {
        let id = spooled.delivery;
        let mut so_far = lock(&self.half).remove(&id).unwrap_or_default();
        match self.portions(spooled, &mut so_far) {
            Ok(delivery) => Ok(taken(delivery, so_far.counted)),
            Err(failure) => {
                let mut half = lock(&self.half);
                if matches!(failure, Failure::Later) && half.len() < MAX_HALF {
                    half.insert(id, so_far);
                }
                Err(failure)
            }
        }
    }

    fn stock(&self, peer: &Peer) -> Result<[Stock; STATUS_KEYS.len()], Failure> {
        stock::of(&self.reader()?, peer).map_err(failure)
    }

    fn read_back(&self, peer: &Peer, what: ReadBack, query: &str) -> Result<Json, Failure> {
        read_back::page(&self.reader()?, peer, what, query)
    }
}

fn decode(spooled: Spooled<'_>, zones: &health::time::Zones, sink: &mut Sink<'_>) -> health::Result<Delivery> {
    let Spooled { body, query, aggregation, .. } = spooled;
    match spooled.peer.feed {
        Feed::OpenWearables => open_wearables::decode(body, sink),
        Feed::HealthSync => healthsync::decode(body, sink),
        Feed::HealthExportPro => health_export_pro::decode(body, sink),
        Feed::HealthSave => healthsave::decode(body, zones, sink),
        Feed::Vitalog => vitalog::decode(body, sink),
        Feed::HealthAutoExport => {
            let request = health_auto_export::Request::new(query, aggregation, zones);
            health_auto_export::decode(body, request, sink)
        }
    }
}

fn taken(delivery: Delivery, counted: Counted) -> Taken {
    let Counted { counts, workouts, sleep, problems } = counted;
    let outcome = Outcome {
        items: delivery.counts.items,
        new: counts.new,
        known: counts.known,
        replaced: counts.replaced,
        rejected: delivery.counts.rejected,
        first_ms: delivery.first_ms,
        last_ms: delivery.last_ms,
        problems,
        ..Outcome::default()
    };
    let records = counts.new.saturating_sub(workouts + sleep);
    let saved = Saved { dropped: delivery.counts.rejected, records, workouts, sleep };
    Taken { outcome, delivery, saved }
}

fn is_busy(error: &store::Error) -> bool {
    use store::ErrorKind::{Busy, Cancelled, NoSpace};
    matches!(error.kind(), Busy | NoSpace | Cancelled)
}

/// A store that is busy or full, and a program that is about to end, leave the body where it is.
fn failure(error: store::Error) -> Failure {
    if is_busy(&error) { Failure::Later } else { Failure::Failed(error.to_string()) }
}

fn failed(error: crate::Error) -> Failure {
    match error.code {
        Code::StoreBusy | Code::NoSpace => Failure::Later,
        _ => Failure::Failed(error.message),
    }
}

fn refused(error: health::Error) -> Failure {
    match error.kind() {
        // The spool could not be read: that is nothing about the body.
        health::ErrorKind::Io(_) => Failure::Failed(error.to_string()),
        _ => Failure::Refused(error),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
