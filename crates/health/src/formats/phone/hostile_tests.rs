//! Bodies that want to fill the memory: portions stay small, names are bounded, what is too long is passed over.

use std::io::{Read, Result as IoResult, Seek, SeekFrom};

use super::limits::{MAX_KINDS, MAX_RECORD, MAX_SOURCES, PORTION_RECORDS};
use super::{Counts, Sink};
use crate::formats::{health_auto_export, healthsync, open_wearables, vitalog};
use crate::phone::PhoneBatch;
use crate::time::Zones;
use crate::{ErrorKind, Result};

/// A body that is made while it is read: a beginning, many items, an end.
struct Endless {
    start: Vec<u8>,
    item: Box<dyn Fn(u64) -> Vec<u8>>,
    items: u64,
    end: Vec<u8>,
    next: u64,
    ahead: Vec<u8>,
    at: usize,
}

impl Endless {
    fn new(start: &str, items: u64, item: impl Fn(u64) -> Vec<u8> + 'static, end: &str) -> Self {
        let (start, end) = (start.as_bytes().to_vec(), end.as_bytes().to_vec());
        Self { ahead: start.clone(), start, item: Box::new(item), items, end, next: 0, at: 0 }
    }
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> IoResult<usize> {
        while self.at == self.ahead.len() && self.next <= self.items {
            let last = self.next == self.items;
            self.ahead = if last { self.end.clone() } else { (self.item)(self.next) };
            (self.at, self.next) = (0, self.next + 1);
        }
        let n = buffer.len().min(self.ahead.len() - self.at);
        buffer[..n].copy_from_slice(&self.ahead[self.at..self.at + n]);
        self.at += n;
        Ok(n)
    }
}

impl Seek for Endless {
    fn seek(&mut self, to: SeekFrom) -> IoResult<u64> {
        assert_eq!(to, SeekFrom::Start(0));
        (self.ahead, self.at, self.next) = (self.start.clone(), 0, 0);
        Ok(0)
    }
}

/// Counts what a decoder hands over and throws it away.
#[track_caller]
fn counts(decode: impl FnOnce(&mut Sink<'_>) -> Result<super::Delivery>) -> (Counts, Vec<&'static str>) {
    let mut reasons = Vec::new();
    let delivery = decode(&mut |part: PhoneBatch| {
        let batch = &part.batch;
        let records = batch.samples.len() + batch.entries.len() + part.aggregates.len() + batch.problems.len();
        assert!(records <= PORTION_RECORDS, "{records}");
        reasons.extend(batch.problems.iter().map(|problem| problem.reason));
        reasons.dedup();
        Ok(())
    });
    (delivery.expect("a body").counts, reasons)
}

const METRICS: &str = r#"{"export_id":"e","metrics":["#;

#[test]
fn many_rejects_come_in_portions() {
    let body = Endless::new(METRICS, 100_000, |i| if i == 0 { b"1".to_vec() } else { b",1".to_vec() }, "]}");
    let (counts, reasons) = counts(|sink| healthsync::decode(body, sink));
    assert_eq!((counts.items, counts.rejected, reasons), (100_000, 100_000, vec!["bad_shape"]));
}

fn metric(kind: &str, source: &str) -> Vec<u8> {
    format!(
        r#"{{"type":"{kind}","value":1,"unit":"count","start_at":"2026-03-14T06:02:00Z","source_name":"{source}"}}"#
    )
    .into_bytes()
}

#[test]
fn types_and_sources_have_a_limit() {
    let items = MAX_KINDS as u64 + 10;
    let item = |i: u64| [if i == 0 { &b""[..] } else { b"," }, &metric(&format!("odd_{i}"), "W")].concat();
    let (found, reasons) = counts(|sink| healthsync::decode(Endless::new(METRICS, items, item, "]}"), sink));
    assert_eq!((found.items, found.rejected, reasons), (items, 10, vec!["too_many_kinds"]));
    let items = MAX_SOURCES as u64 + 10;
    let item = |i: u64| [if i == 0 { &b""[..] } else { b"," }, &metric("heart_rate", &format!("W{i}"))].concat();
    let (found, reasons) = counts(|sink| healthsync::decode(Endless::new(METRICS, items, item, "]}"), sink));
    assert_eq!((found.items, found.rejected, reasons), (items, 10, vec!["too_many_sources"]));
}

#[test]
fn a_record_without_end_is_passed_over_and_the_next_one_read() {
    const PIECE: usize = 1 << 20;
    let pieces = (MAX_RECORD / PIECE) as u64 + 2;
    let start = r#"{"data":{"records":[{"id":["#;
    // Of many texts, because a long one ends the body.
    let texts = |_| format!("\"{}\",", "x".repeat(1 << 10)).repeat(PIECE >> 10).into_bytes();
    let good = r#"1]},{"type":"HKQuantityTypeIdentifierStepCount","value":1,"unit":"count",
        "startDate":"2026-03-14T06:02:00Z","endDate":"2026-03-14T06:02:00Z"}]}}"#;
    let body = Endless::new(start, pieces, texts, good);
    let (found, reasons) = counts(|sink| open_wearables::decode(body, sink));
    assert_eq!((found.items, found.rejected, reasons), (2, 1, vec!["too_large"]));
    let good = "\"}\n{\"record\":\"medication\",\"name\":\"A\"}\n";
    let body = Endless::new(r#"{"record":""#, pieces, |_| vec![b'x'; PIECE], good);
    let (found, reasons) = counts(|sink| vitalog::decode(body, sink));
    assert_eq!((found.items, found.rejected, reasons), (2, 1, vec!["too_large"]));
}

#[test]
fn a_text_without_end_ends_the_body_of_an_app_before_anything_of_it_is_handed_over() {
    let good = r#"{"data":{"records":[{"type":"HKQuantityTypeIdentifierStepCount","value":1,"unit":"count",
        "startDate":"2026-03-14T06:02:00Z","endDate":"2026-03-14T06:02:00Z"},{"id":""#;
    let body = Endless::new(good, 1_000, |_| vec![b'x'; 1 << 20], "\"}]}}");
    let error = open_wearables::decode(body, &mut |_| panic!("handed over")).expect_err("long");
    assert!(matches!(error.kind(), ErrorKind::LongText));
}

#[test]
fn deep_brackets_and_many_metrics_are_refused() {
    let body = Endless::new(r#"{"data":"#, 100_000, |_| b"[".to_vec(), "");
    let error = open_wearables::decode(body, &mut |_| Ok(())).expect_err("deep");
    assert!(matches!(error.kind(), ErrorKind::TooDeep));
    let zones = Zones::named("UTC").expect("a zone");
    let request = health_auto_export::Request::new("", None, &zones);
    let item = |i: u64| if i == 0 { b"{}".to_vec() } else { b",{}".to_vec() };
    let body = Endless::new(r#"{"data":{"metrics":["#, 20_000, item, "]}}");
    let error = health_auto_export::decode(body, request, &mut |_| Ok(())).expect_err("many");
    assert!(matches!(error.kind(), ErrorKind::TooLarge(_)));
}
