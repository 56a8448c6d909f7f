//! Times the reader alone: `cargo run --release -p health --example read_speed -- export.zip [TIMES]`.

use std::fs::File;
use std::time::Instant;

use health::formats::apple_export::Reader;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("which export.zip?")?;
    let times: u32 = arguments.next().map_or(Ok(1), |text| text.parse())?;
    for _ in 0..times {
        let started = Instant::now();
        let mut reader = Reader::archive(File::open(&path)?)?;
        let (mut records, mut samples, mut entries) = (0, 0, 0);
        while let Some(batch) = reader.next_batch()? {
            records = batch.records_read;
            samples += batch.samples.len();
            entries += batch.entries.len();
        }
        let seconds = started.elapsed().as_secs_f64();
        let peak = peak_mib().map_or_else(String::new, |mib| format!(", peak {mib} MiB"));
        println!("{records} records, {samples} samples, {entries} entries in {seconds:.3} s{peak}");
    }
    Ok(())
}

/// The most memory that this process ever held, where the system tells.
fn peak_mib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches("kB").trim().parse::<u64>().ok().map(|kib| kib / 1024)
}
