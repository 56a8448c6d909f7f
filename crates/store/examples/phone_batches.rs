//! How long phones' batches take, beside the same rows put into a plain table in the same run, and what imports and
//! undos pay for them.
//!
//! `cargo run --release -p store --example phone_batches STORE [SAMPLES OF EACH SIZE] [SAMPLES BEFORE]` changes the
//! store: give it a copy of a full one, or a name for a new one, which another phone may fill before. The plain table
//! lies beside it, in `STORE.limit`.

use std::path::Path;
use std::time::Instant;

use health::batch::NONE;
use health::phone::{Feed, Flag, Flags, Marks, PhoneBatch, Uuid};
use health::{Batch, Document, Origin, Sample, Source};
use rusqlite::{Connection, params};
use store::{Cancel, Delivery, PhoneDelivery, Store};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const ZONE: &str = "Europe/Berlin";
const NOW_MS: i64 = 1_790_000_000_000;
/// How long before the others those begin that fill a store.
const BEFORE_MS: i64 = 365 * 86_400_000;
/// Samples of a batch by which a store is filled before.
const FILLED_BY: usize = 5_000;

const KINDS: [(&str, i64, f64); 4] = [
    ("HKQuantityTypeIdentifierHeartRate", 5_000, 70.0),
    ("HKQuantityTypeIdentifierActiveEnergyBurned", 60_000, 1.5),
    ("HKQuantityTypeIdentifierStepCount", 300_000, 80.0),
    ("HKQuantityTypeIdentifierDistanceWalkingRunning", 300_000, 0.06),
];

/// Samples that begin before an instant, most of them heart beats, as a phone sends them: the newest first.
fn batch(until_ms: i64, samples: usize, number: u64) -> PhoneBatch {
    let source = Source {
        name: "Kim's Apple Watch".to_owned(),
        bundle: Some("com.apple.health.8D1B3B0E".to_owned()),
        hardware: Some("Watch7,3".to_owned()),
    };
    let kinds = KINDS.map(|(kind, ..)| kind.to_owned()).to_vec();
    let mut batch = Batch { kinds, sources: vec![source], origins: vec![Origin::default()], ..Batch::default() };
    let mut marks = Vec::new();
    let mut flags = Flags::default();
    flags.set(Flag::StartFine);
    flags.set(Flag::EndFine);
    for i in 0..samples {
        // Seven of ten are heart beats.
        let kind = [0, 0, 1, 0, 0, 2, 0, 0, 3, 0][i % 10];
        let (_, apart, value) = KINDS[kind];
        let start_ms = until_ms - (i as i64 / if kind == 0 { 1 } else { 10 }) * apart - 123;
        let end_ms = if kind == 0 { start_ms } else { start_ms + apart };
        batch.samples.push(Sample {
            kind: kind as u32,
            source: 0,
            origin: 0,
            details: NONE,
            text: NONE,
            user_entered: false,
            start_ms,
            end_ms,
            created_ms: None,
            value: Some(value + (i % 17) as f64),
            original: None,
        });
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&number.to_be_bytes());
        bytes[8..].copy_from_slice(&(i as u64).to_be_bytes());
        marks.push(Marks { uuid: Some(Uuid::from_bytes(bytes)), name: NONE, flags });
    }
    PhoneBatch { batch, marks, ..PhoneBatch::default() }
}

/// What some batches took, in milliseconds each.
struct Took {
    samples: usize,
    each: Vec<f64>,
}

impl Took {
    fn new(samples: usize) -> Self {
        Self { samples, each: Vec::new() }
    }

    fn time<T>(&mut self, work: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
        let begun = Instant::now();
        let done = work()?;
        self.each.push(begun.elapsed().as_secs_f64() * 1000.0);
        Ok(done)
    }

    fn rate(&self) -> f64 {
        (self.samples * self.each.len()) as f64 / self.each.iter().sum::<f64>() * 1000.0
    }

    /// That of which so many in a hundred took no longer.
    fn percentile(&self, of_hundred: usize) -> f64 {
        let mut sorted = self.each.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.get((sorted.len() * of_hundred / 100).min(sorted.len() - 1)).copied().unwrap_or_default()
    }
}

fn delivery(device: i64, number: i64) -> PhoneDelivery<'static> {
    PhoneDelivery {
        device,
        feed: Feed::HealthExportPro,
        delivery: Some(number),
        now_ms: NOW_MS,
        home_zone: ZONE,
        cancel: Cancel::default(),
    }
}

/// A plain table with the key of samples, as durable as the store.
fn plain(path: &str) -> Outcome<Connection> {
    let conn = Connection::open(path)?;
    conn.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         CREATE TABLE IF NOT EXISTS plain (
             kind INTEGER NOT NULL, start_ms INTEGER NOT NULL, source INTEGER NOT NULL, duration_ms INTEGER NOT NULL,
             uuid BLOB NOT NULL, value REAL, device INTEGER NOT NULL, delivery INTEGER NOT NULL,
             PRIMARY KEY (kind, start_ms, source, duration_ms, uuid)) STRICT, WITHOUT ROWID",
    )?;
    Ok(conn)
}

/// The least that anybody can do: a row for each sample, a transaction for each batch.
fn insert(conn: &mut Connection, told: &PhoneBatch, number: i64) -> Outcome<()> {
    let tx = conn.transaction()?;
    {
        let mut insert = tx.prepare_cached("INSERT INTO plain VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?;
        for (sample, marks) in told.batch.samples.iter().zip(&told.marks) {
            let length = sample.end_ms - sample.start_ms;
            let uuid = marks.uuid.map(Uuid::bytes);
            insert.execute(params![
                sample.kind,
                sample.start_ms,
                sample.source,
                length,
                uuid,
                sample.value,
                1,
                number
            ])?;
        }
    }
    Ok(tx.commit()?)
}

/// An export of the newest of what phones told, and of as much beside it.
fn export(samples: usize, weeks_ago: i64) -> Batch {
    let mut told = batch(NOW_MS - weeks_ago * 604_800_000, samples, 0).batch;
    for (at, sample) in told.samples.iter_mut().enumerate() {
        // A file knows whole seconds; of half of it phones told nothing.
        let whole = |ms: i64| ms.div_euclid(1000) * 1000 - if at % 2 == 0 { 0 } else { 2000 };
        (sample.start_ms, sample.end_ms) = (whole(sample.start_ms), whole(sample.end_ms));
    }
    told.document = Some(Document { export_date_ms: Some(NOW_MS + weeks_ago), complete: true, ..Document::default() });
    told
}

fn import(store: &mut Store, batch: Batch) -> Outcome<(f64, i64)> {
    let mut batch = Some(batch);
    let delivery = Delivery { file: None, now_ms: 0, home_zone: ZONE, dry_run: false, cancel: Cancel::default() };
    let begun = Instant::now();
    let report = store.ingest(&delivery, &mut || Ok(batch.take()), &mut |_| true)?;
    Ok((begun.elapsed().as_secs_f64(), report.import.unwrap_or_default()))
}

fn undo(store: &mut Store, import: i64) -> Outcome<(f64, u64)> {
    let begun = Instant::now();
    let undone = store.undo(import, ZONE, &Cancel::default(), &mut |_| true)?;
    Ok((begun.elapsed().as_secs_f64(), undone.removed))
}

fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("which store?")?;
    let samples: usize = arguments.next().map_or(Ok(200_000), |n| n.parse())?;
    let before: usize = arguments.next().map_or(Ok(0), |n| n.parse())?;
    let mut store = Store::open(Path::new(&path))?;
    let mut plain = plain(&format!("{path}.limit"))?;
    let device = store.device_channel("A phone", 0)?;
    let (mut until_ms, mut number) = (NOW_MS, 0);
    let other = store.device_channel("Another phone", 0)?;
    for at in 0..before / FILLED_BY {
        let told = batch(NOW_MS - BEFORE_MS - at as i64 * FILLED_BY as i64 * 3_500, FILLED_BY, u64::MAX - at as u64);
        insert(&mut plain, &told, -(at as i64))?;
        let mut told = Some(told);
        store.ingest_phone(&delivery(other, at as i64 + 1), &mut || Ok(told.take()))?;
    }
    store.settle()?;
    println!("a batch of  plain table   the store  of it   p50 ms   p99 ms  found after");
    for size in [500, 1_000, 2_000, 5_000] {
        let (mut limit, mut took) = (Took::new(size), Took::new(size));
        for _ in 0..(samples / size).max(1) {
            let mut told = Some(batch(until_ms, size, number));
            until_ms -= size as i64 * 7 / 10 * 5_000;
            number += 1;
            if let Some(told) = &told {
                limit.time(|| insert(&mut plain, told, number as i64))?;
            }
            took.time(|| Ok(store.ingest_phone(&delivery(device, number as i64), &mut || Ok(told.take()))?))?;
        }
        let begun = Instant::now();
        store.settle()?;
        let settled = begun.elapsed().as_secs_f64() * 1000.0;
        println!(
            "{size:>10}  {:>9.0}/s  {:>8.0}/s  {:>4.2}  {:>7.1}  {:>7.1}  {settled:>8.0} ms",
            limit.rate(),
            took.rate(),
            took.rate() / limit.rate(),
            took.percentile(50),
            took.percentile(99),
        );
    }
    let (nothing, _) = import(&mut store, Batch::default())?;
    println!("an import of nothing: {nothing:.2} s");
    // With the first file that names the watch all that phones told counts for the source of files.
    let (first, _) = import(&mut store, export(10_000, 0))?;
    println!("the first import, of 10,000 records: {first:.2} s");
    let (second, number) = import(&mut store, export(10_000, 1))?;
    println!("a second one, of 10,000 records: {second:.2} s, its undo {:.2} s", undo(&mut store, number)?.0);
    let (took, rows) = undo(&mut store, device)?;
    println!("the phone undone: {took:.2} s for {rows} rows");
    Ok(())
}
