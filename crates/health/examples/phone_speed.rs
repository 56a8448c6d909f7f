//! How fast a phone's body is read: `cargo run --release -p health --example phone_speed -- [records]`.
//!
//! Makes a body of Open Wearables with so many heart beats and step counts, and one of HealthSync, in memory, and reads
//! each three times. The best of three counts. Nothing is stored.

use std::io::Cursor;
use std::time::Instant;

use health::formats::phone::{Delivery, Sink};
use health::formats::{healthsync, open_wearables};

const SOURCE: &str = r#"{"appId":"com.apple.health.6B1E2C0A-93D4-4C57-8A6F-0D7E51C2B94F","name":"Mira’s Apple Watch","deviceId":null,"deviceName":"Apple Watch","deviceManufacturer":"Apple Inc.","deviceModel":"Watch7,3","deviceType":"watch","recordingMethod":null,"deviceHardwareVersion":"Watch7,3","deviceSoftwareVersion":"11.3.1","operatingSystemVersion":{"majorVersion":11,"minorVersion":3,"patchVersion":1}}"#;

fn main() -> health::Result<()> {
    let records: u64 = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(500_000);
    let sdk: Vec<String> = (0..records).map(sdk_record).collect();
    let body = format!(r#"{{"provider":"apple","data":{{"records":[{}],"sleep":[],"workouts":[]}}}}"#, sdk.join(","));
    measure("open wearables", records, body.as_bytes(), |body, sink| open_wearables::decode(body, sink))?;
    let metrics: Vec<String> = (0..records).map(metric).collect();
    let body = format!(r#"{{"export_id":"e","metrics":[{}],"workouts":[]}}"#, metrics.join(","));
    measure("healthsync", records, body.as_bytes(), |body, sink| healthsync::decode(body, sink))
}

fn measure(
    name: &str,
    records: u64,
    body: &[u8],
    decode: fn(Cursor<&[u8]>, &mut Sink<'_>) -> health::Result<Delivery>,
) -> health::Result<()> {
    let mut best = f64::MAX;
    for _ in 0..3 {
        let (start, mut samples) = (Instant::now(), 0);
        decode(Cursor::new(body), &mut |part| {
            samples += part.batch.samples.len() as u64;
            Ok(())
        })?;
        assert_eq!(samples, records, "every record is a sample");
        best = best.min(start.elapsed().as_secs_f64());
    }
    let (rate, bytes) = (records as f64 / best, body.len() as f64 / best / 1e6);
    println!(
        "{name}: {records} records, {:.1} MB, {best:.3} s: {rate:.0} records/s, {bytes:.0} MB/s",
        body.len() as f64 / 1e6
    );
    Ok(())
}

fn sdk_record(i: u64) -> String {
    let (id, day, second) = (i * 7919, 1 + i / 86_400 % 28, i % 60);
    let (hour, minute) = (i / 3600 % 24, i / 60 % 60);
    let stamp = format!("2026-03-{day:02}T{hour:02}:{minute:02}:{second:02}Z");
    format!(
        r#"{{"id":"EF987A26-6C28-4193-97D8-{id:012X}","type":"HKQuantityTypeIdentifierHeartRate","startDate":"{stamp}","endDate":"{stamp}","zoneOffset":null,"source":{SOURCE},"value":{},"unit":"bpm","parentId":null,"metadata":{{"HKMetadataKeyHeartRateMotionContext":"1"}}}}"#,
        50 + i % 90
    )
}

fn metric(i: u64) -> String {
    let (id, day, second) = (i * 7919, 1 + i / 86_400 % 28, i % 60);
    let (hour, minute) = (i / 3600 % 24, i / 60 % 60);
    let stamp = format!("2026-03-{day:02}T{hour:02}:{minute:02}:{second:02}.123Z");
    format!(
        r#"{{"end_at":"{stamp}","id":"healthkit:EF987A26-6C28-4193-97D8-{id:012X}","metadata":{{}},"source_bundle_id":"com.apple.health.6B1E2C0A-93D4-4C57-8A6F-0D7E51C2B94F","source_name":"Kim’s Apple Watch","start_at":"{stamp}","type":"heart_rate","unit":"count/min","value":{}}}"#,
        50 + i % 90
    )
}
