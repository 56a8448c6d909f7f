//! One writer at a time: what is told while another one is waited for.

use super::*;
use crate::Error;
use crate::Phase::{self, Finishing, Reading, Waiting};

#[test]
fn who_waits_for_another_writer_is_told_so() {
    let path = std::env::temp_dir().join(format!("vitalog-waits-{}.db", std::process::id()));
    let mut store = Store::open_within(&path, std::time::Duration::ZERO).expect("a store");
    let other = Store::open(&path).expect("a store");
    let writes = |sql: &str| other.conn.execute_batch(sql).expect("done");
    let delivery = |file| Delivery { file, now_ms: 0, home_zone: "UTC", dry_run: false, cancel: Cancel::default() };
    let mut try_import = |date: i64, hear: &dyn Fn(Phase) -> bool| {
        let mut queue = batches(&export(date, &[steps(date * HOUR, (date + 1) * HOUR, 1.0)]), 3).into_iter();
        let mut phases = Vec::new();
        let done = store.ingest(&delivery(None), &mut || Ok(queue.next()), &mut |at| {
            phases.push(at.phase);
            hear(at.phase)
        });
        (done.map_err(Error::into_kind), phases)
    };
    writes("BEGIN IMMEDIATE");
    let (busy, phases) = try_import(1, &|_| true);
    assert!(matches!(busy, Err(ErrorKind::Busy)) && phases == [Waiting], "{busy:?} {phases:?}");
    let (stopped, _) = try_import(1, &|_| false);
    assert!(matches!(stopped, Err(ErrorKind::Cancelled)), "{stopped:?}");
    // The other one is done while this one waits.
    let (done, phases) = try_import(1, &|phase| {
        if phase == Waiting {
            writes("COMMIT");
        }
        true
    });
    assert!(done.is_ok() && phases == [Waiting, Reading, Reading, Reading, Finishing], "{phases:?}");
    let (done, phases) = try_import(2, &|_| true);
    assert!(done.is_ok() && phases == [Reading, Reading, Reading, Finishing], "{phases:?}");
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{end}", path.display()));
    }
}
