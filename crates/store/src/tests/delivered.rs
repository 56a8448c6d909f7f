//! A delivery with its row: both are there, or neither.

use std::io::Cursor;
use std::path::Path;

use health::formats::phone::{Decoded, Sink};
use health::formats::{health_auto_export, healthsync};
use health::phone::{Feed, PhoneBatch};
use health::time::Zones;

use crate::peers::{NewDelivery, NewPeer, Outcome, Seen, State};
use crate::{Cancel, PhoneDelivery, PhoneReport, Receipt, Store};

const NOW: i64 = 1_773_600_000_000;

/// Heart rates of so many seconds.
fn portion(seconds: std::ops::Range<usize>) -> PhoneBatch {
    let beats: Vec<String> = seconds
        .map(|n| {
            let at = format!("2026-03-14T07:{:02}:{:02}.123Z", n / 60, n % 60);
            format!(
                "{{\"id\":\"healthkit:21823FF3-D9E2-58C6-81B9-{n:012X}\",\"type\":\"heart_rate\",\"value\":61,\
                 \"unit\":\"count/min\",\"start_at\":\"{at}\",\"end_at\":\"{at}\",\"source_name\":\"Watch\",\
                 \"metadata\":{{}}}}"
            )
        })
        .collect();
    let body = format!("{{\"export_id\":\"1\",\"metrics\":[{}],\"workouts\":[]}}", beats.join(","));
    let decoded = Decoded::gather(|sink| healthsync::decode(Cursor::new(body), sink)).expect("a body");
    decoded.batches.into_iter().next().expect("a portion")
}

struct House {
    store: Store,
    peer: i64,
    device: i64,
}

impl House {
    fn new() -> Self {
        let mut store = Store::empty(Path::new("")).expect("a store");
        let new = NewPeer { feed: Feed::HealthSync, label: "Kim", user_id: "u", accepted: true };
        let peer = store.add_peer(new, &[], NOW).expect("a peer").id;
        let device = store.device_channel("Kim", NOW).expect("a device");
        Self { store, peer, device }
    }

    /// Delivers a portion, the last one with how many were new before.
    fn deliver(&mut self, spool: &str, portion: &PhoneBatch, ends: Option<u64>) -> crate::Result<(i64, PhoneReport)> {
        self.deliver_until(spool, portion, ends, &Cancel::default())
    }

    fn deliver_until(
        &mut self,
        spool: &str,
        portion: &PhoneBatch,
        ends: Option<u64>,
        cancel: &Cancel,
    ) -> crate::Result<(i64, PhoneReport)> {
        let seen = Seen { at_ms: NOW, address: "", app_version: None };
        let new = NewDelivery { peer: self.peer, token: None, seen, bytes: 9, sha256: "00", spool };
        let receipt = Receipt { new, request: Some(("key", "content")) };
        let told = PhoneDelivery {
            device: self.device,
            feed: Feed::HealthSync,
            delivery: None,
            now_ms: NOW,
            home_zone: "UTC",
            cancel: cancel.clone(),
        };
        let before = ends.unwrap_or_default();
        let mut finish = |report: &PhoneReport| Outcome { new: before + report.counts.new, ..Outcome::default() };
        self.store.deliver(&told, &receipt, Some(portion), ends.is_some().then_some(&mut finish))
    }

    /// The state of a delivery, and the new records that it is said to have brought.
    fn row(&self, spool: &str) -> Option<(State, u64)> {
        let row = self.store.delivery_of(spool).expect("read");
        row.map(|row| (row.state, row.outcome.new))
    }

    fn rows(&self) -> u64 {
        self.store.conn.query_row("SELECT count(*) FROM samples", [], |row| row.get(0)).expect("counted")
    }
}

#[test]
fn a_delivery_in_two_portions_is_pending_until_the_last() {
    let mut house = House::new();
    let (first, report) = house.deliver("a", &portion(0..30), None).expect("delivered");
    assert_eq!((report.counts.new, house.row("a")), (30, Some((State::Pending, 0))));
    assert_eq!(house.store.known_request(house.peer, "key").expect("read"), None);
    let (second, _) = house.deliver("a", &portion(30..100), Some(30)).expect("delivered");
    assert_eq!((first, house.row("a"), house.rows()), (second, Some((State::Done, 100)), 100));
    assert_eq!(house.store.known_request(house.peer, "key").expect("read").as_deref(), Some("content"));
}

#[test]
fn a_delivery_again_adds_nothing() {
    let mut house = House::new();
    house.deliver("a", &portion(0..40), Some(0)).expect("delivered");
    let (_, again) = house.deliver("b", &portion(0..40), Some(0)).expect("delivered");
    assert_eq!((again.counts.new, again.counts.known, house.rows()), (0, 40, 40));
    assert_eq!((house.row("a"), house.row("b")), (Some((State::Done, 40)), Some((State::Done, 0))));
}

#[test]
fn a_delivery_that_is_stopped_leaves_neither_row_nor_records() {
    let mut house = House::new();
    let cancel = Cancel::default();
    cancel.cancel();
    house.deliver_until("a", &portion(0..40), Some(0), &cancel).expect_err("stopped before");
    assert_eq!((house.row("a"), house.rows()), (None, 0));
    house.device = 77;
    house.deliver("a", &portion(0..40), Some(0)).expect_err("nobody's device");
    assert_eq!((house.row("a"), house.rows()), (None, 0));
}

/// What is told of the steps of an hour, when it came.
fn steps(store: &mut Store, device: i64, sum: f64, now_ms: i64) -> u64 {
    let told = PhoneDelivery {
        device,
        feed: Feed::HealthAutoExport,
        delivery: None,
        now_ms,
        home_zone: "UTC",
        cancel: Cancel::default(),
    };
    let body = format!(
        "{{\"data\":{{\"metrics\":[{{\"name\":\"step_count\",\"units\":\"count\",\"data\":[{{\"qty\":{sum},\
         \"date\":\"2026-03-14 07:00:00 +0000\",\"source\":\"Watch\"}}]}}]}}}}"
    );
    let zones = Zones::from_name("UTC", &[]);
    let request = health_auto_export::Request::new("", Some("Hours"), &zones);
    let decode = |sink: &mut Sink<'_>| health_auto_export::decode(Cursor::new(body), request, sink);
    let mut batches = Decoded::gather(decode).expect("a body").batches.into_iter();
    store.ingest_phone(&told, &mut || Ok(batches.next())).expect("taken in").counts.replaced
}

#[test]
fn of_sums_that_of_the_body_that_came_last_counts_though_it_was_read_first() {
    let House { mut store, device, .. } = House::new();
    let sum = |store: &Store| {
        let mut sums = Vec::new();
        let each = |row: crate::AggregateRow| {
            sums.push(row.stats[0].1);
            Ok::<_, crate::Error>(())
        };
        store.each_aggregate((i64::MIN, i64::MAX), each).expect("aggregates");
        sums
    };
    let mut check = |told, at_ms, replaced, counts: f64| {
        assert_eq!(steps(&mut store, device, told, NOW + at_ms), replaced, "{told}");
        assert_eq!(sum(&store), [counts], "{told}");
    };
    check(20.0, 5, 0, 20.0);
    check(10.0, 4, 0, 20.0);
    check(21.0, 5, 1, 21.0);
    check(7.0, 6, 1, 7.0);
}
