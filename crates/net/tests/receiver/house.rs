//! A receiver with a store of its own, and an intake of the real decoders that counts.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex};

use health::Batch;
use health::formats::healthsave::answers::{STATUS_KEYS, Stock};
use health::formats::open_wearables::answers::Saved;
use health::formats::phone::Decoded;
use health::formats::{health_auto_export, health_export_pro, healthsave, healthsync, open_wearables, vitalog};
use health::phone::{Feed, PhoneBatch};
use health::time::Zones;
use net::invite::{self, Added};
use net::{Config, Failure, HepSettings, Https, Intake, ReadBack, Receiver, Spooled, Taken};
use serde_json::Value as Json;
use store::Store;
use store::peers::{Outcome, Peer, State};

pub const NOW: i64 = 1_773_471_600_000;

/// Counts records by what makes them one: their identifier, else all that their key is.
#[derive(Debug)]
pub struct Counting {
    zones: Zones,
    store: PathBuf,
    known: Mutex<HashMap<String, String>>,
    /// Somebody else writes: nothing is taken.
    pub is_busy: AtomicBool,
    /// The store fails in a way that has nothing to do with what comes; how often it did.
    pub is_broken: AtomicBool,
    pub broken: AtomicUsize,
    /// Bodies that were taken.
    pub bodies: AtomicUsize,
    /// Who hears of it when nothing comes, and how many bodies came before.
    pub rests: Mutex<Option<Sender<usize>>>,
}

impl Counting {
    fn new(store: PathBuf) -> Self {
        let zones = Zones::named("Europe/Berlin").expect("a zone");
        let (known, rests) = (Mutex::default(), Mutex::default());
        let [is_busy, is_broken] = [false; 2].map(AtomicBool::new);
        let [broken, bodies] = [0; 2].map(AtomicUsize::new);
        Self { zones, store, known, is_busy, is_broken, broken, bodies, rests }
    }

    fn decode(&self, spooled: Spooled<'_>) -> health::Result<Decoded> {
        let body = spooled.body;
        Decoded::gather(|sink| match spooled.peer.feed {
            Feed::HealthSync => healthsync::decode(body, sink),
            Feed::HealthExportPro => health_export_pro::decode(body, sink),
            Feed::HealthSave => healthsave::decode(body, &self.zones, sink),
            Feed::OpenWearables => open_wearables::decode(body, sink),
            Feed::Vitalog => vitalog::decode(body, sink),
            Feed::HealthAutoExport => {
                let request = health_auto_export::Request::new(spooled.query, spooled.aggregation, &self.zones);
                health_auto_export::decode(body, request, sink)
            }
        })
    }

    fn count(&self, part: &PhoneBatch, outcome: &mut Outcome) {
        let Batch { kinds, sources, samples, entries, .. } = &part.batch;
        let source = |at: u32| &sources[at as usize].name;
        let rows = samples.iter().zip(&part.marks).map(|(sample, marks)| {
            let natural = format!(
                "{} {} {} {}",
                kinds[sample.kind as usize],
                sample.start_ms,
                sample.end_ms,
                source(sample.source)
            );
            (marks.uuid.map_or(natural, |uuid| uuid.to_string()), format!("{:?}", sample.value))
        });
        let aggregates = part.aggregates.iter().map(|it| {
            let key = format!("{} {:?} {} {}", kinds[it.kind as usize], it.grain, it.start_ms, source(it.source));
            (key, format!("{:?}", it.stats))
        });
        let entries = entries.iter().zip(&part.entry_marks).filter(|(it, _)| {
            use health::EntryKind::{Correlation, Profile, Route};
            !matches!(it.kind, Correlation | Profile | Route)
        });
        let entries = entries.map(|(entry, marks)| {
            let natural = format!("{:?} {} {:?}", entry.kind, entry.identity, entry.start_ms);
            (marks.uuid.map_or(natural, |uuid| uuid.to_string()), String::new())
        });
        let mut known = self.known.lock().expect("nobody panicked");
        for (key, value) in rows.chain(aggregates).chain(entries) {
            match known.insert(key, value.clone()) {
                None => outcome.new += 1,
                Some(before) if before == value => outcome.known += 1,
                Some(_) => outcome.replaced += 1,
            }
        }
    }
}

impl Intake for Counting {
    fn take(&self, spooled: Spooled<'_>) -> Result<Taken, Failure> {
        if self.is_busy.load(Ordering::Acquire) {
            return Err(Failure::Later);
        }
        if self.is_broken.load(Ordering::Acquire) {
            self.broken.fetch_add(1, Ordering::AcqRel);
            return Err(Failure::Failed("out of order".to_owned()));
        }
        let receipt = spooled.receipt;
        let decoded = self.decode(spooled).map_err(Failure::Refused)?;
        let counts = decoded.delivery.counts;
        let mut outcome = Outcome {
            items: counts.items,
            rejected: counts.rejected,
            first_ms: decoded.delivery.first_ms,
            last_ms: decoded.delivery.last_ms,
            ..Outcome::default()
        };
        let mut store = Store::open(&self.store).map_err(|_| Failure::Later)?;
        let id = store.take_delivery(receipt.new).map_err(|_| Failure::Later)?;
        decoded.batches.iter().for_each(|part| self.count(part, &mut outcome));
        self.bodies.fetch_add(1, Ordering::AcqRel);
        let saved = Saved { records: outcome.new, ..Saved::default() };
        store.finish_delivery(id, State::Done, &outcome, receipt.request).expect("noted");
        Ok(Taken { id, outcome, delivery: decoded.delivery, saved })
    }

    fn tidy(&self) {}

    fn rest(&self) -> Result<(), Failure> {
        let rests = self.rests.lock().expect("nobody panicked");
        rests
            .as_ref()
            .map_or(Ok(()), |rests| rests.send(self.bodies.load(Ordering::Acquire)).map_err(|_| Failure::Later))
    }

    fn stock(&self, _: &Peer) -> Result<[Stock; STATUS_KEYS.len()], Failure> {
        Ok(Default::default())
    }

    fn read_back(&self, _: &Peer, _: ReadBack, query: &str) -> Result<Json, Failure> {
        match query.contains("limit=501") {
            true => Err(Failure::Question("limit")),
            false => Ok(healthsync::read_back::page(Vec::new(), 100, 0, false)),
        }
    }
}

/// All of it, gone after the test.
pub struct House {
    pub receiver: Option<Receiver>,
    pub intake: Arc<Counting>,
    pub clock: Arc<AtomicI64>,
    pub folder: PathBuf,
    /// How connections are to be encrypted.
    pub https: Arc<Mutex<Option<Https>>>,
    hep: HepSettings,
}

impl House {
    pub fn new(name: &str) -> Self {
        Self::with(name, HepSettings::default())
    }

    pub fn with(name: &str, hep: HepSettings) -> Self {
        let folder = std::env::temp_dir().join(format!("vitalog-net-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("a folder");
        let (intake, clock) = (Arc::new(Counting::new(folder.join("store.db"))), Arc::new(AtomicI64::new(NOW)));
        let mut house = Self { receiver: None, intake, clock, folder, https: Arc::default(), hep };
        house.open();
        house
    }

    /// Starts the receiver, or starts it again.
    pub fn open(&mut self) {
        let (clock, hep, https) = (Arc::clone(&self.clock), self.hep.clone(), Arc::clone(&self.https));
        let config = Config {
            addresses: vec!["127.0.0.1:0".parse().expect("an address")],
            names: vec!["kims-desktop-hv.local".to_owned()],
            shared_addresses: false,
            store: self.folder.join("store.db"),
            spool: self.folder.join("spool"),
            hep: Arc::new(move |_| Ok(hep.clone())),
            https: Arc::new(move |_, _| Ok(https.lock().expect("nobody panicked").clone())),
            clock: Arc::new(move || clock.load(Ordering::Acquire)),
        };
        self.receiver = Some(Receiver::start(config, self.intake.clone()).expect("a receiver"));
    }

    pub fn close(&mut self) {
        self.receiver.take().expect("open").stop();
    }

    pub fn receiver(&self) -> &Receiver {
        self.receiver.as_ref().expect("open")
    }

    pub fn at(&self) -> SocketAddr {
        self.receiver().addresses()[0]
    }

    pub fn store(&self) -> Store {
        Store::open(&self.folder.join("store.db")).expect("a store")
    }

    pub fn add(&self, feed: Feed) -> Added {
        invite::add_device(&mut self.store(), feed, "Kim", NOW).expect("a device")
    }

    pub fn spooled(&self) -> usize {
        std::fs::read_dir(self.folder.join("spool")).expect("a spool").count()
    }
}

impl Drop for House {
    fn drop(&mut self) {
        drop(self.receiver.take());
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
