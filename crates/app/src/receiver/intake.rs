//! From a body in the spool to rows: the decoder of its app, some thousand records at a time into the store.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use health::formats::healthsave::answers::{STATUS_KEYS, Stock};
use health::formats::open_wearables::answers::Saved;
use health::formats::phone::{Delivery, Sink};
use health::formats::{health_auto_export, health_export_pro, healthsave, healthsync, open_wearables, vitalog};
use health::phone::{Feed, PhoneBatch};
use health::time::Zones;
use net::{Failure, Intake, ReadBack, Spooled, Taken};
use serde_json::Value as Json;
use store::peers::{Outcome, Peer, ProblemOf};
use store::{Cancel, Counts, PhoneDelivery, PhoneReport, SLEEP, Store};

use super::{read_back, stock};
use crate::error::Code;
use crate::folder::Folder;
use crate::local::system_zone;

/// Sorts of problems that a delivery lists.
const MAX_PROBLEMS: usize = 100;
/// Records after which the log is moved into the file: a matter of some megabytes.
const TIDIED: u64 = 10_000;
/// Deliveries whose first portions are remembered while they wait.
const MAX_HALF: usize = 64;

/// Reads bodies into the store of a data folder.
pub(super) struct Rows {
    folder: Folder,
    /// One for all portions: two writers of one process would only wait for each other.
    writer: Mutex<Option<Store>>,
    /// What is in the store of deliveries that somebody else's write stopped half way, by their names in the spool.
    half: Mutex<HashMap<String, Half>>,
    /// Moves the log while the writer goes on.
    mover: Mutex<Option<Store>>,
    /// Records that came since it did.
    since: AtomicU64,
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
            self.count(problem.reason, problem.kind.as_deref(), problem.count.max(1));
        }
        let all = &portion.batch;
        for (sample, marks) in all.samples.iter().zip(&portion.marks).filter(|(_, marks)| marks.flags.leaves_out()) {
            let kind = all.kinds.get(sample.kind as usize).map(String::as_str);
            marks.flags.words().for_each(|word| self.count(word, kind, 1));
        }
    }

    /// Counts what was wrong, or what is kept and counts in no number.
    fn count(&mut self, reason: &str, kind: Option<&str>, count: u64) {
        let same = |line: &ProblemOf| line.reason == reason && line.kind.as_deref() == kind;
        match self.problems.iter().position(same) {
            Some(at) => self.problems[at].count += count,
            None if self.problems.len() >= MAX_PROBLEMS => {}
            None => self.problems.push(ProblemOf { reason: reason.to_owned(), kind: kind.map(str::to_owned), count }),
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
        Self {
            folder: folder.clone(),
            writer: Mutex::default(),
            half: Mutex::default(),
            mover: Mutex::default(),
            since: AtomicU64::default(),
            cancel: Cancel::default(),
        }
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

    /// The wearer's zones, for the apps that send local times. A reader would first find everything that follows from
    /// what came before; many deliveries in a row share that work.
    fn zones_for(&self, feed: Feed, zone: &str) -> Result<Zones, Failure> {
        match feed {
            Feed::HealthSave | Feed::HealthAutoExport => self.write(|store| store.zones(zone)),
            Feed::OpenWearables | Feed::HealthSync | Feed::HealthExportPro | Feed::Vitalog => {
                Ok(Zones::from_name(zone, &[]))
            }
        }
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

    /// Keeps in which zone the phone is, where its app says so.
    fn whereabouts(&self, told: &PhoneDelivery<'_>, delivery: &Delivery) -> Result<(), Failure> {
        match delivery.whereabouts() {
            Some((zone, at_ms)) => {
                // A clock that runs ahead says nothing about days to come.
                let at_ms = at_ms.unwrap_or(told.now_ms).min(told.now_ms);
                self.write(|store| store.device_is_in(told.device, zone, at_ms))
            }
            None => Ok(()),
        }
    }

    /// Takes in one portion after the other, but those that are in already.
    fn portions(&self, spooled: Spooled<'_>, so_far: &mut Half) -> Result<Taken, Failure> {
        let began = Instant::now();
        let (zone, receipt) = (system_zone(), spooled.receipt);
        let told = PhoneDelivery {
            device: self.channel(spooled.peer, receipt.new.seen.at_ms)?,
            feed: spooled.peer.feed,
            delivery: None,
            now_ms: receipt.new.seen.at_ms,
            home_zone: &zone,
            cancel: self.cancel.clone(),
        };
        let zones = self.zones_for(spooled.peer.feed, &zone)?;
        let (mut stopped, mut at, mut held) = (None, 0, None);
        let mut sink = |portion: PhoneBatch| {
            // One is held back until it is known whether it is the last.
            let Some(before) = held.replace(portion) else { return Ok(()) };
            at += 1;
            if at <= so_far.portions {
                return Ok(());
            }
            let mut counted = so_far.counted.clone();
            counted.note(&before);
            match self.write(|store| store.deliver(&told, &receipt, Some(&before), None)) {
                Ok((_, report)) => counted.add(&report),
                Err(failure) => {
                    stopped = Some(failure);
                    return Err(health::ErrorKind::Cancelled.into());
                }
            }
            *so_far = Half { portions: at, counted };
            Ok(())
        };
        let decoded = decode(spooled, &zones, &mut sink);
        let delivery = match (stopped, decoded) {
            (Some(failure), _) => return Err(failure),
            (None, Ok(delivery)) => delivery,
            (None, Err(error)) => return Err(refused(error)),
        };
        self.whereabouts(&told, &delivery)?;
        let mut counted = so_far.counted.clone();
        held.iter().for_each(|last| counted.note(last));
        let mut done = Taken::default();
        let mut finish = |report: &PhoneReport| {
            let mut counted = counted.clone();
            counted.add(report);
            done = taken(delivery.clone(), counted);
            done.outcome.took_ms = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
            done.outcome.clone()
        };
        let (id, _) = self.write(|store| store.deliver(&told, &receipt, held.as_ref(), Some(&mut finish)))?;
        done.id = id;
        self.since.fetch_add(done.outcome.items, Ordering::Relaxed);
        Ok(done)
    }
}

impl Intake for Rows {
    fn take(&self, spooled: Spooled<'_>) -> Result<Taken, Failure> {
        let name = spooled.receipt.new.spool.to_owned();
        let mut so_far = lock(&self.half).remove(&name).unwrap_or_default();
        self.portions(spooled, &mut so_far).inspect_err(|failure| {
            let mut half = lock(&self.half);
            if matches!(failure, Failure::Later) && so_far.portions > 0 && half.len() < MAX_HALF {
                half.insert(name, so_far);
            }
        })
    }

    fn tidy(&self) {
        if self.since.load(Ordering::Relaxed) < TIDIED {
            return;
        }
        // Who moves it now moves this, too.
        let Ok(mut mover) = self.mover.try_lock() else { return };
        self.since.store(0, Ordering::Relaxed);
        let store = mover.take().map_or_else(|| self.folder.write().ok(), Some);
        // What cannot be moved now is moved by a later commit.
        *mover = store.filter(|store| store.move_log().is_ok());
    }

    fn rest(&self) -> Result<(), Failure> {
        self.write(|store| store.settle().map(drop))
    }

    fn stock(&self, peer: &Peer) -> Result<[Stock; STATUS_KEYS.len()], Failure> {
        stock::of(&self.reader()?, peer).map_err(failure)
    }

    fn read_back(&self, peer: &Peer, what: ReadBack, query: &str) -> Result<Json, Failure> {
        read_back::page(&self.reader()?, peer, what, query)
    }
}

fn decode(spooled: Spooled<'_>, zones: &Zones, sink: &mut Sink<'_>) -> health::Result<Delivery> {
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
    Taken { outcome, delivery, saved, ..Taken::default() }
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

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::time::Duration;

    use net::{Body, invite};
    use store::Receipt;
    use store::peers::{NewDelivery, Seen};

    use super::*;
    use crate::testing::TestFolder;

    /// What becomes of a body of HealthSync.
    fn take(rows: &Rows, delivery: i64, body: &str) -> Result<Taken, Failure> {
        let spool = delivery.to_string();
        let path = rows.folder.dir().join("body.json");
        std::fs::write(&path, body).expect("written");
        let peer = &rows.folder.read().expect("a store").peers().expect("peers")[0];
        let body = Body::Long(File::open(&path).expect("a body"));
        let seen = Seen { at_ms: 0, address: "", app_version: None };
        let new = NewDelivery { peer: peer.id, token: None, seen, bytes: 0, sha256: "", spool: &spool };
        let receipt = Receipt { new, request: None };
        rows.take(Spooled { peer, receipt, body, content_type: None, aggregation: None, query: "" })
    }

    fn beats(count: usize) -> String {
        let beat = |n: usize| {
            let at = format!("2026-03-14T{:02}:{:02}:{:02}.123Z", n / 3600, n / 60 % 60, n % 60);
            serde_json::json!({"id": format!("healthkit:21823FF3-D9E2-58C6-81B9-{n:012X}"), "type": "heart_rate",
                "value": 60, "unit": "count/min", "start_at": at, "end_at": at, "source_name": "Watch", "metadata": {}})
        };
        let beats: Vec<Json> = (0..count).map(beat).collect();
        serde_json::json!({"export_id": "1", "metrics": beats, "workouts": []}).to_string()
    }

    fn house(name: &str) -> (TestFolder, Rows) {
        let folder = TestFolder::new(name);
        invite::add_device(&mut folder.write().expect("a store"), Feed::HealthSync, "Kim", 0).expect("added");
        let rows = Rows::new(&folder.clone().waiting(Duration::ZERO));
        (folder, rows)
    }

    #[track_caller]
    fn counts(taken: Result<Taken, Failure>) -> (u64, u64, u64) {
        let outcome = taken.expect("taken").outcome;
        (outcome.new, outcome.known, outcome.rejected)
    }

    #[test]
    fn a_body_waits_while_somebody_else_writes() {
        let (folder, rows) = house("intake-busy");
        let mut other = folder.write().expect("a store");
        let during = other.alone(|| take(&rows, 1, &beats(3))).expect("alone");
        assert!(matches!(during, Err(Failure::Later)), "{during:?}");
        assert_eq!(counts(take(&rows, 1, &beats(3))), (3, 0, 0));
        assert_eq!(counts(take(&rows, 2, &beats(4))), (1, 3, 0));
        let again = other.alone(|| take(&rows, 3, &beats(3))).expect("alone");
        assert!(matches!(again, Err(Failure::Later)), "also with the connection that is there by now");
        assert_eq!(counts(take(&rows, 3, &beats(3))), (0, 3, 0));
    }

    #[test]
    fn portions_that_are_in_are_counted_once() {
        let (_folder, rows) = house("intake-half");
        let body = beats(25_000);
        assert_eq!(counts(take(&rows, 1, &body)), (25_000, 0, 0));
        // As if the second portion had met another writer.
        let counted = Counted { counts: Counts { new: 10_000, ..Counts::default() }, ..Counted::default() };
        lock(&rows.half).insert("2".to_owned(), Half { portions: 1, counted });
        let (new, known, _) = counts(take(&rows, 2, &body));
        assert!(new == 10_000 && known < 25_000 && known > 0, "{known} known");
        assert!(lock(&rows.half).is_empty());
    }

    #[test]
    fn a_reject_is_listed_once_and_what_counts_in_no_number_is_told() {
        let (folder, rows) = house("intake-odd");
        let body = beats(2).replacen("\"value\":60", "\"value\":\"x\"", 1).replace("heart_rate", "no_such_type");
        for delivery in [1, 2] {
            let outcome = take(&rows, delivery, &body).expect("taken").outcome;
            let told: Vec<_> = outcome.problems.iter().map(|it| (it.reason.as_str(), it.count)).collect();
            assert_eq!(told, [("bad_value", 1), ("unknown_type", 1)]);
        }
        let import = folder.read().expect("a store").imports().expect("imports")[0].id;
        assert_eq!(crate::imports::detail(&folder, import).expect("an import").rejects.len(), 1);
    }

    #[test]
    fn the_zone_that_a_phone_says_it_is_in_is_kept() {
        let (folder, rows) = house("intake-zone");
        let told = |at: &str| {
            beats(1).replace(
                "{\"export_id\"",
                &format!("{{\"generated_at\":{at:?},\"timezone\":\"Asia/Tokyo\",\"export_id\""),
            )
        };
        assert_eq!(counts(take(&rows, 1, &told("1969-12-01T00:00:00.512Z"))), (1, 0, 0));
        let stays = folder.read().expect("a store").stays().expect("stays");
        assert_eq!(stays.iter().map(|stay| stay.zone.as_deref()).collect::<Vec<_>>(), [Some("Asia/Tokyo"), None]);
        assert_eq!(
            stays[1].from_ms,
            (-24 * 24 + 12) * 3_600_000,
            "it is believed for a week from the noon of that day"
        );
    }

    #[test]
    fn what_is_no_json_is_refused_and_leaves_nothing() {
        let (folder, rows) = house("intake-refused");
        for body in ["", "{", "[]", "{\"metrics\":7}"] {
            assert!(matches!(take(&rows, 1, body), Err(Failure::Refused(_))), "{body}");
        }
        assert!(folder.read().expect("a store").types().expect("types").is_empty());
    }

    #[test]
    fn a_program_that_ends_leaves_the_rest_for_the_next_one() {
        let (_folder, rows) = house("intake-stops");
        rows.stop();
        assert!(matches!(take(&rows, 1, &beats(3)), Err(Failure::Later)));
    }
}
