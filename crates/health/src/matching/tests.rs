//! The cases of the design as tables, and that the order of rows means nothing.

use proptest::prelude::*;

use super::pairs::{near, stamps};
use super::*;
use crate::Source;

const SECOND: i64 = 1_773_473_400_000;

fn whole(ms: i64) -> Stamp {
    Stamp { ms: SECOND + ms, fine: false }
}

fn fine(ms: i64) -> Stamp {
    Stamp { ms: SECOND + ms, fine: true }
}

fn uuid(number: u8) -> Option<Uuid> {
    Some(Uuid::from_bytes([number; 16]))
}

const FILE: Way = Way::File;

fn feed(feed: u64, delivery: i64) -> Way {
    Way::Feed { feed, deliveries: (delivery, delivery) }
}

fn told(start: Stamp, value: f64, way: Way) -> Told {
    let (end, exactly, category, uuid) = (Some(start), 0, false, None);
    let (perhaps, value) = (None, Some(value));
    Told { start, end, value, exactly, perhaps, category, uuid, teller: 0, way, copies: 1, left_out: false }
}

fn teller(name: &str, bundle: Option<&str>, hardware: Option<&str>) -> Teller {
    let own = |text: Option<&str>| text.map(str::to_owned);
    Teller::of(&Source { name: name.to_owned(), bundle: own(bundle), hardware: own(hardware) })
}

/// Which rows are one, and how many records that is each.
fn found(rows: &[Told], tellers: &[Teller]) -> Vec<(Vec<usize>, u32)> {
    let mut found: Vec<(Vec<usize>, u32)> = records(rows, tellers)
        .into_iter()
        .map(|mut record| {
            record.rows.sort_unstable();
            (record.rows, record.copies)
        })
        .collect();
    found.sort();
    found
}

#[test]
fn stamps_fit_by_their_seconds() {
    let check = |a: Stamp, b: Stamp, expected: Option<u8>| {
        assert_eq!(stamps(a, b), expected, "{a:?} {b:?}");
        assert_eq!(stamps(b, a), expected, "{b:?} {a:?}");
    };
    check(whole(0), whole(0), Some(2));
    check(whole(0), whole(1000), None);
    check(fine(123), fine(125), Some(2));
    check(fine(123), fine(126), None);
    check(fine(999), fine(1001), Some(2));
    check(whole(0), fine(999), Some(2));
    check(whole(1000), fine(998), Some(1));
    check(whole(1000), fine(997), None);
    check(whole(0), fine(1002), Some(1));
    check(whole(0), fine(1003), None);
    check(whole(0), fine(1000), None);
    check(whole(2000), fine(1000), None);
}

#[test]
fn values_are_one_within_what_files_print() {
    let check = |a: f64, b: f64, expected: bool| assert_eq!(near(a, b).is_some(), expected, "{a} {b}");
    check(80.000_086, 80.0001, true);
    check(72.0, 72.0072, true);
    check(72.0, 72.01, false);
    check(0.0, 1e-9, true);
    check(-5.0, 5.0, false);
}

#[test]
fn writers_are_one_by_hardware_app_or_name() {
    let check = |a: Teller, b: Teller, expected: bool| {
        assert_eq!((a.can_be(&b), b.can_be(&a)), (expected, expected), "{a:?} {b:?}");
    };
    let watch = || teller("Kim’s Apple\u{a0}Watch", None, Some("Watch7,3"));
    check(watch(), teller("kim's apple watch|Kim's iPhone", None, None), true);
    check(watch(), teller("Another name", Some("com.apple.health.1"), Some("Watch7,3")), true);
    check(watch(), teller("Kim’s Apple Watch", None, Some("Watch6,1")), false);
    check(teller("A", Some("com.a"), None), teller("A", Some("com.b"), None), false);
    check(teller("A", Some("com.a"), None), teller("B", Some("com.a"), None), true);
    check(teller("", None, None), watch(), true);
    check(teller("Scale", None, None), watch(), false);
    check(teller("e\u{301}", None, None), teller("\u{c9}", None, None), true);
}

#[test]
fn the_cases_of_the_design() {
    let check = |rows: &[Told], expected: &[(&[usize], u32)]| {
        let tellers = [teller("Kim", None, None)];
        let expected: Vec<(Vec<usize>, u32)> = expected.iter().map(|(rows, n)| (rows.to_vec(), *n)).collect();
        assert_eq!(found(rows, &tellers), expected, "{rows:?}");
    };
    let with = |told: Told, number: u8| Told { uuid: uuid(number), ..told };
    let lasting = |told: Told, end: Option<Stamp>| Told { end, ..told };
    let copies = |told: Told, copies: u32| Told { copies, ..told };
    // A file, then a phone with milliseconds.
    check(&[told(whole(0), 72.0, FILE), with(told(fine(123), 72.0, feed(1, 1)), 1)], &[(&[0, 1], 1)]);
    // Another value, another end.
    check(&[told(whole(0), 72.0, FILE), told(whole(0), 73.0, feed(1, 1))], &[(&[0], 1), (&[1], 1)]);
    let long = lasting(told(whole(0), 72.0, FILE), Some(whole(60_000)));
    check(&[long.clone(), lasting(told(whole(0), 72.0, feed(1, 1)), Some(whole(61_000)))], &[(&[0], 1), (&[1], 1)]);
    // An unknown end is any.
    check(&[long, lasting(told(whole(0), 72.0, feed(1, 1)), None)], &[(&[0, 1], 1)]);
    // Coffee twice: two rows in one, two identifiers.
    let coffee = copies(told(whole(0), 95.0, FILE), 2);
    let phone = |number| with(told(fine(0), 95.0, feed(1, 1)), number);
    check(&[coffee.clone(), phone(1), phone(2)], &[(&[0, 1], 1), (&[0, 2], 1)]);
    check(&[coffee.clone(), phone(1)], &[(&[0], 1), (&[0, 1], 1)]);
    check(&[coffee.clone(), copies(told(whole(0), 95.0, feed(2, 1)), 2)], &[(&[0, 1], 2)]);
    check(&[coffee, told(whole(0), 95.0, feed(2, 1))], &[(&[0, 1], 2)]);
    // An interval that a file repeats is one.
    let twice = copies(lasting(told(whole(0), 9.0, FILE), Some(whole(5000))), 2);
    check(&[twice, with(lasting(told(fine(4), 9.0, feed(1, 1)), Some(fine(5730))), 1)], &[(&[0, 1], 1)]);
    // A beat a second, each its own, with a neighbour that a file lacks.
    let beats = [told(whole(0), 60.0, FILE), told(whole(1000), 60.0, FILE)];
    let strap = |ms, number| with(told(fine(ms), 60.0, feed(1, 1)), number);
    let rows: Vec<Told> = beats.into_iter().chain([strap(0, 1), strap(1000, 2), strap(2000, 3)]).collect();
    check(&rows, &[(&[0, 2], 1), (&[1, 3], 1), (&[4], 1)]);
    // A file that rounds: the second behind is second choice.
    check(&[told(whole(1000), 60.0, FILE), strap(999, 1)], &[(&[0, 1], 1)]);
    check(&[told(whole(1000), 60.0, FILE), strap(999, 1), strap(1500, 2)], &[(&[0, 2], 1), (&[1], 1)]);
    // One identifier is one record, whatever the rest; two are two.
    check(&[strap(0, 1), with(told(fine(1), 61.0, feed(2, 1)), 1)], &[(&[0, 1], 1)]);
    check(&[strap(0, 1), strap(0, 2)], &[(&[0], 1), (&[1], 1)]);
    // Two instants of one delivery are two, of two deliveries of one app one.
    let again = |delivery, value| told(whole(0), value, feed(1, delivery));
    check(&[again(1, 60.0), again(1, 60.001)], &[(&[0], 1), (&[1], 1)]);
    check(&[again(1, 60.0), again(2, 60.001)], &[(&[0, 1], 1)]);
    // What counts in no number is never one with what does.
    check(&[told(whole(0), 1.0, FILE), Told { left_out: true, ..again(1, 1.0) }], &[(&[0], 1), (&[1], 1)]);
}

#[test]
fn what_is_known_together_is_the_finest() {
    let tellers = [teller("Kim", None, None)];
    let file = Told { end: Some(whole(60_000)), ..told(whole(0), 176.37, FILE) };
    let point = Told { end: None, ..told(fine(482), 176.3701, feed(1, 1)) };
    let record = records(&[file.clone(), point.clone()], &tellers).remove(0);
    assert_eq!((record.start, record.end, record.value_of), (fine(482), Some(whole(60_000)), 1));
    let exact = Told { end: Some(fine(60_100)), uuid: uuid(1), ..told(fine(482), 176.3701, feed(2, 1)) };
    let record = records(&[file, point, exact], &tellers).remove(0);
    assert_eq!((record.start, record.end, record.uuid), (fine(482), Some(fine(60_100)), uuid(1)));
    assert_eq!(record.rows.len(), 3);
}

#[test]
fn seconds_without_a_bridge_have_nothing_to_do_with_each_other() {
    let check = |starts: &[i64], expected: &[Range<usize>]| assert_eq!(neighbourhoods(starts), expected, "{starts:?}");
    check(&[], &[]);
    check(&[0, 999, 1000], std::slice::from_ref(&(0..3)));
    check(&[0, 997, 1000], &[0..2, 2..3]);
    check(&[0, 1000, 2000], &[0..1, 1..2, 2..3]);
    check(&[0, 1000, 1002], std::slice::from_ref(&(0..3)));
    check(&[0, 1000, 1003], &[0..1, 1..3]);
    check(&[-1, 0], std::slice::from_ref(&(0..2)));
    check(&[0, 2001], &[0..1, 1..2]);
}

/// Rows of a few seconds as several feeds might tell them.
fn rows() -> impl Strategy<Value = Vec<Told>> {
    let row = (0..4_i64, 0..7_usize, 0..3_u8, 0..5_u8, 1..3_u32, 0..2_usize, 0..3_i64);
    prop::collection::vec(row, 1..12).prop_map(|rows| {
        let rest = [0, 1, 2, 123, 124, 998, 999];
        let row = |(second, rest_at, value, who, copies, teller, delivery): (i64, usize, u8, u8, u32, usize, i64)| {
            let ms = second * 1000 + rest[rest_at];
            let value = 60.0 + f64::from(value) * 0.004;
            let coarse = told(whole(second * 1000), value, FILE);
            let told = match who {
                0 => Told { copies, ..coarse },
                1 => Told { way: feed(1, delivery), copies, ..coarse },
                2 => Told { end: None, ..told(fine(ms), value, feed(2, delivery)) },
                _ => Told { uuid: uuid(ms as u8), ..told(fine(ms), value, feed(u64::from(who), delivery)) },
            };
            Told { teller, ..told }
        };
        let mut rows: Vec<Told> = rows.into_iter().map(row).collect();
        // Nobody tells the same row twice.
        let mut kept: Vec<Told> = Vec::new();
        rows.retain(|row| {
            let is_new = !kept.contains(row);
            kept.extend(is_new.then(|| row.clone()));
            is_new
        });
        rows
    })
}

proptest! {
    #[test]
    fn the_order_of_rows_means_nothing(rows in rows(), seed in any::<u64>()) {
        let tellers = [teller("Kim", None, None), teller("kim", None, Some("Watch7,3"))];
        // Rows that say the same for different deliveries may change places.
        let contents = |rows: &[Told]| {
            let mut all: Vec<String> = records(rows, &tellers).into_iter().map(|record| {
                let mut members: Vec<String> = record.rows.iter().map(|at| format!("{:?}", rows[*at])).collect();
                members.sort();
                let value = rows[record.value_of].value;
                format!("{members:?} {:?} {:?} {value:?} {:?} {}", record.start, record.end, record.uuid, record.copies)
            }).collect();
            all.sort();
            all
        };
        let mut turned = rows.clone();
        let mut at = seed;
        for i in (1..turned.len()).rev() {
            at = at.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            turned.swap(i, (at >> 33) as usize % (i + 1));
        }
        prop_assert_eq!(contents(&rows), contents(&turned));
    }

    #[test]
    fn every_row_is_told_and_no_two_of_a_file_are_one(rows in rows()) {
        let tellers = [teller("Kim", None, None), teller("kim", None, Some("Watch7,3"))];
        let found = records(&rows, &tellers);
        for (at, row) in rows.iter().enumerate() {
            let of: Vec<&Record> = found.iter().filter(|record| record.rows.contains(&at)).collect();
            prop_assert!(!of.is_empty());
            prop_assert!(of.len() <= row.copies.max(1) as usize);
        }
        for record in &found {
            let files = record.rows.iter().filter(|at| rows[**at].way == FILE).count();
            prop_assert!(files <= 1, "{record:?}");
        }
    }
}
