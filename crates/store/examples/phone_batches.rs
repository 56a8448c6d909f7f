//! How long phones' batches take in a store that is full already.
//!
//! `cargo run --release -p store --example phone_batches STORE [SAMPLES A BATCH] [BATCHES]` changes the store: give it
//! a copy.

use std::path::Path;
use std::time::Instant;

use health::batch::NONE;
use health::phone::{Feed, Flag, Flags, Marks, PhoneBatch, Uuid};
use health::{Batch, Origin, Sample, Source};
use store::{Cancel, Delivery, PhoneDelivery, Store};

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

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("which store?")?;
    let samples: usize = arguments.next().map_or(Ok(2_000), |n| n.parse())?;
    let batches: u64 = arguments.next().map_or(Ok(20), |n| n.parse())?;
    let begun = Instant::now();
    let mut store = Store::open(Path::new(&path))?;
    println!("opened in {:.2} s", begun.elapsed().as_secs_f64());
    let device = store.device_channel("A phone", 0)?;
    let mut until_ms = 1_790_000_000_000;
    let mut all = Vec::new();
    for number in 0..batches {
        let mut batch = Some(batch(until_ms, samples, number));
        until_ms -= samples as i64 * 7 / 10 * 5_000;
        let delivery = PhoneDelivery {
            device,
            feed: Feed::HealthExportPro,
            delivery: Some(number as i64 + 1),
            now_ms: 1_790_000_000_000,
            home_zone: "Europe/Berlin",
            cancel: Cancel::default(),
        };
        let begun = Instant::now();
        let report = store.ingest_phone(&delivery, &mut || Ok(batch.take()))?;
        let took = begun.elapsed().as_secs_f64() * 1000.0;
        println!("batch {number}: {took:.1} ms, {} new, {} known", report.counts.new, report.counts.known);
        all.push(took);
    }
    let sum: f64 = all.iter().sum();
    all.sort_by(f64::total_cmp);
    let begun = Instant::now();
    store.settle()?;
    let settled = begun.elapsed().as_secs_f64() * 1000.0;
    let rate = |ms: f64| (samples as u64 * batches) as f64 / ms * 1000.0;
    println!("median {:.1} ms, worst {:.1} ms, {:.0} samples/s", all[all.len() / 2], all[all.len() - 1], rate(sum));
    println!("what follows from all: {settled:.1} ms, with it {:.0} samples/s", rate(sum + settled));
    // An import of an empty file: what every import pays for what phones told.
    let begun = Instant::now();
    let mut empty = Some(health::Batch::default());
    let delivery =
        Delivery { file: None, now_ms: 0, home_zone: "Europe/Berlin", dry_run: false, cancel: Cancel::default() };
    store.ingest(&delivery, &mut || Ok(empty.take()), &mut |_| true)?;
    println!("an import of nothing: {:.2} s", begun.elapsed().as_secs_f64());
    let begun = Instant::now();
    let undone = store.undo(device, "Europe/Berlin", &Cancel::default(), &mut |_| true)?;
    println!("the phone undone: {:.2} s for {} rows", begun.elapsed().as_secs_f64(), undone.removed);
    Ok(())
}
