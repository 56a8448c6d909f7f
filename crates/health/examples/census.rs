//! Prints what the reader finds in an export as JSON: `cargo run -p health --example census -- export.zip`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;

use health::formats::apple_export::Reader;
use serde_json::json;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("which file?")?;
    let mut file = File::open(&path)?;
    let mut head = [0; 2];
    let zip = file.read(&mut head)? == 2 && &head == b"PK";
    let file = File::open(&path)?;
    let mut reader = if zip { Reader::archive(file)? } else { Reader::document(file, None)? };
    let (mut types, mut entries, mut problems) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let (mut document, mut records, mut samples, mut batches, mut rejects) = (None, 0, 0, 0, BTreeMap::new());
    let (mut nested, mut payload, mut sums) = (0, 0, BTreeMap::new());
    while let Some(batch) = reader.next_batch()? {
        batches += 1;
        records = batch.records_read;
        samples += batch.samples.len();
        let mut count = vec![(0u64, 0f64); batch.kinds.len()];
        for sample in &batch.samples {
            count[sample.kind as usize].0 += 1;
            count[sample.kind as usize].1 += sample.original.or(sample.value).unwrap_or(0.0);
        }
        for (kind, (n, sum)) in batch.kinds.iter().zip(count) {
            *types.entry(kind.clone()).or_insert(0) += n;
            *sums.entry(kind.clone()).or_insert(0.0) += sum;
        }
        for entry in &batch.entries {
            *entries.entry(entry.kind.as_str()).or_insert(0u64) += 1;
            payload += entry.payload.as_ref().map_or(0, Vec::len);
            nested += entry.members.as_ref().map_or(0, |members| members.samples.len());
        }
        for problem in &batch.problems {
            *problems.entry(problem.reason).or_insert(0u64) += problem.count;
            if problem.rejected.is_some() {
                *rejects.entry(problem.kind.clone().unwrap_or_default()).or_insert(0u64) += 1;
            }
        }
        document = batch.document.or(document);
    }
    let document = document.unwrap_or_default();
    let report = json!({
        "records": records, "samples": samples, "nested": nested, "types": types, "entries": entries, "sums": sums,
        "problems": problems, "rejects": rejects, "batches": batches, "payload_bytes": payload,
        "version": document.version, "locale": document.locale, "complete": document.complete,
        "xml_bytes": document.xml_bytes, "fingerprint": document.fingerprint,
    });
    println!("{report:#}");
    Ok(())
}
