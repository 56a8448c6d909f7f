//! Two names that the owner says are one source: the same store, whenever it was said.

use proptest::prelude::*;

use super::*;
use crate::aliases::{self, Alias};

const WATCH: (&str, Option<&str>) = ("Kim's Watch", Some("Watch6,1"));
/// The same watch, as exports call it whose rows lack the device.
const BARE: (&str, Option<&str>) = ("Watch of Kim", None);
const PHONE: (&str, Option<&str>) = ("Kim's iPhone", Some("iPhone15,2"));

/// A store that knew of the link before anything came in.
fn linked_from_the_start(exports: &[&Export]) -> Store {
    let mut store = Store::empty(Path::new("")).expect("opens");
    let writer = |(_, hardware): (&str, Option<&str>)| (None, hardware.map(str::to_owned));
    let names = [WATCH.0.to_owned(), BARE.0.to_owned()].into();
    let link = Alias { names, writers: vec![writer(WATCH), writer(BARE)] };
    aliases::write_links(&store.conn, &[link]).expect("kept");
    exports.iter().for_each(|export| _ = ingest(&mut store, export));
    store
}

fn source(store: &Store, (name, _): (&str, Option<&str>)) -> Option<u32> {
    let named = aliases::stored(&store.conn).expect("sources");
    named.into_iter().find(|(_, alias)| alias.names.contains(name)).map(|(id, _)| id)
}

/// Links as soon as both names are there; false where one is not.
fn link(store: &mut Store) -> bool {
    let (Some(watch), Some(bare)) = (source(store, WATCH), source(store, BARE)) else { return false };
    if watch != bare {
        store.link_sources(watch.into(), bare.into(), "Europe/Berlin").expect("links");
    }
    true
}

/// What can be seen, but for the links themselves.
fn seen(store: &Store) -> Vec<String> {
    dump(store).into_iter().filter(|line| !line.starts_with("setting source_links")).collect()
}

#[track_caller]
fn check_seen(store: &Store, expected: &Store) {
    assert_eq!(differences(&seen(store), &seen(expected)), Vec::<String>::new());
    assert_eq!(seen(store).len(), seen(expected).len());
    assert_eq!(store.verify("Europe/Berlin").expect("verifies"), []);
}

fn of(line: Line, (source, hardware): (&'static str, Option<&'static str>)) -> Line {
    Line { source, hardware, ..line }
}

#[test]
fn rows_under_both_names_are_one_sources_rows() {
    let rows: Vec<Line> = (0..4).map(|i| steps(i * HOUR, (i + 1) * HOUR, 1.0)).collect();
    let first = export(10, &rows);
    let second = export(20, &rows[1..].iter().map(|line| of(*line, BARE)).collect::<Vec<_>>());
    let mut store = store_of(&[&first, &second]);
    check_total(&store, STEPS, (7, 7.0));
    assert!(link(&mut store));
    // The newer export lacks the first row, which it covers: it knows it better.
    check_total(&store, STEPS, (3, 3.0));
    check_seen(&store, &linked_from_the_start(&[&second, &first]));
    let third = export(30, &[of(rows[0], BARE), of(rows[1], WATCH)]);
    assert_eq!(ingest(&mut store, &third).counts.known, 2);
    check_seen(&store, &linked_from_the_start(&[&third, &second, &first]));
    for import in [2, 1, 3] {
        undo(&mut store, import);
    }
    ingest(&mut store, &second);
    check_seen(&store, &linked_from_the_start(&[&second]));
}

/// An export of workouts under one name or the other.
fn workouts(date: i64, all: &[(i64, (&str, Option<&str>))]) -> Vec<Batch> {
    let workouts = all.iter().map(|(start, _)| (*start, "Running")).collect();
    let mut batches = batches(&Export { workouts, ..export(date, &[]) }, 3);
    let entries = batches.iter_mut().flat_map(|batch| &mut batch.entries);
    for (entry, (_, (name, hardware))) in entries.zip(all) {
        (entry.source.name, entry.source.hardware) = ((*name).to_owned(), hardware.map(str::to_owned));
        entry.body = format!("{{\"as_of\":{date},\"name\":\"{name}\"}}");
    }
    batches
}

#[test]
fn workouts_under_both_names_are_one() {
    let day = 24 * HOUR;
    let first = workouts(10, &[(0, WATCH), (day, BARE), (2 * day, WATCH)]);
    let second = workouts(20, &[(0, BARE), (day, WATCH), (5 * day, BARE), (5 * day, WATCH)]);
    let third = workouts(30, &[(0, WATCH), (3 * day, BARE)]);
    for order in [[&first, &second, &third], [&third, &second, &first], [&second, &first, &third]] {
        let mut store = store_of(&[]);
        order.iter().for_each(|export| ingest_batches(&mut store, export));
        assert!(link(&mut store));
        let mut expected = linked_from_the_start(&[]);
        order.iter().for_each(|export| ingest_batches(&mut expected, export));
        check_seen(&store, &expected);
        for import in [3, 1] {
            for store in [&mut store, &mut expected] {
                undo(store, import);
            }
            check_seen(&store, &expected);
        }
    }
}

/// What the members of correlations are worth, by correlation.
fn members(store: &Store) -> Vec<(i64, f64)> {
    let mut statement = store
        .conn
        .prepare(
            "SELECT entry_id, value FROM correlation_members
             JOIN samples USING (kind_id, start_ms, source_id, duration_ms, ordinal) ORDER BY entry_id",
        )
        .expect("valid SQL");
    statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).and_then(Iterator::collect).expect("reads")
}

/// An export with some values of one instant, each of which belongs to a correlation of its own.
fn with_members(date: i64, name: (&'static str, Option<&'static str>), values: &[f64]) -> Vec<Batch> {
    let lines: Vec<Line> = values.iter().map(|value| of(steps(0, HOUR, *value), name)).collect();
    let mut batches = batches(&export(date, &lines), 99);
    if let Some(last) = batches.last_mut() {
        last.entries = lines
            .iter()
            .map(|line| Entry {
                kind: EntryKind::Correlation,
                identity: format!("meal {}", line.value),
                source: Source { name: line.source.into(), bundle: None, hardware: line.hardware.map(str::to_owned) },
                start_ms: Some(0),
                end_ms: Some(HOUR),
                body: "{}".into(),
                payload: None,
                members: Some(Box::new(batch(&[*line]))),
            })
            .collect();
    }
    batches
}

#[test]
fn members_stay_with_the_values_that_they_are_when_sources_become_one() {
    let renamed = ("Sasha's Watch", WATCH.1);
    for other in [renamed, BARE] {
        let mut store = store_of(&[]);
        let values: Vec<f64> = (1..=40).map(f64::from).collect();
        ingest_batches(&mut store, &with_members(10, WATCH, &values));
        // Another row goes first there, so that all others have another place than before.
        ingest_batches(&mut store, &with_members(20, other, &[&[0.5], &values[..]].concat()));
        if other == BARE {
            assert!(link(&mut store));
        }
        let entries: Vec<String> = {
            let mut statement = store.conn.prepare("SELECT identity FROM entries ORDER BY id").expect("valid SQL");
            statement.query_map([], |row| row.get(0)).and_then(Iterator::collect).expect("reads")
        };
        let linked: Vec<String> = members(&store).iter().map(|(_, value)| format!("meal {value}")).collect();
        assert_eq!(linked, entries, "{other:?}");
        assert_eq!(linked.len(), 41);
    }
}

#[test]
fn two_devices_are_not_one() {
    let rows = [steps(0, HOUR, 1.0), of(steps(HOUR, 2 * HOUR, 1.0), PHONE)];
    let mut store = store_of(&[&export(10, &rows)]);
    let before = dump(&store);
    let (watch, phone) = (source(&store, WATCH).expect("there"), source(&store, PHONE).expect("there"));
    let refused = store.link_sources(watch.into(), phone.into(), "UTC").expect_err("refused");
    assert!(matches!(refused.kind(), ErrorKind::TwoDevices));
    let refused = store.link_sources(watch.into(), 99, "UTC").expect_err("refused");
    assert!(matches!(refused.kind(), ErrorKind::UnknownSource));
    assert_eq!(dump(&store), before);
}

#[test]
fn a_chosen_order_holds_whenever_it_was_chosen() {
    let walk = |start: i64, name, value| of(steps(start * HOUR, (start + 1) * HOUR, value), name);
    let first = export(10, &[walk(0, WATCH, 100.0), walk(0, PHONE, 300.0), walk(0, BARE, 200.0)]);
    let second = export(20, &[walk(30, WATCH, 10.0), walk(30, PHONE, 30.0)]);
    let choose = |store: &mut Store, names: &[(&str, Option<&str>)]| {
        let ids: Vec<i64> = names.iter().map(|name| source(store, *name).expect("there").into()).collect();
        store.set_source_order(STEPS, &ids, 0, "Europe/Berlin").expect("chosen");
    };
    let totals = |store: &Store| -> Vec<f64> {
        let kind = store.kinds().expect("kinds")[0].id;
        store.merged(kind, -9, 9).expect("days").iter().map(|day| day.value).collect()
    };
    let mut before = store_of(&[&first]);
    choose(&mut before, &[PHONE, BARE]);
    assert_eq!(totals(&before), [300.0]);
    ingest(&mut before, &second);
    let mut after = store_of(&[&second, &first]);
    let default = dump(&after);
    assert_eq!(totals(&after), [100.0, 10.0]);
    choose(&mut after, &[PHONE, BARE]);
    assert_eq!(differences(&dump(&before), &dump(&after)), Vec::<String>::new());
    assert_eq!(totals(&after), [300.0, 30.0]);
    let chosen = dump(&after);
    after.rebuild("Europe/Berlin").expect("rebuilds");
    assert_eq!(dump(&after), chosen);
    // It holds for what comes back, too, after everything was undone.
    choose(&mut before, &[BARE]);
    assert_eq!(totals(&before), [200.0, 10.0]);
    for import in [1, 2] {
        undo(&mut before, import);
    }
    ingest(&mut before, &first);
    assert_eq!(totals(&before), [200.0]);
    ingest(&mut before, &second);
    choose(&mut before, &[]);
    assert_eq!(differences(&dump(&before), &default), Vec::<String>::new());
}

/// A watch that is linked to the app beside it comes with another name, still beside that app.
#[test]
fn an_import_changes_no_link() {
    let (watch, sasha, app) = (("Watch", None), ("Watch of Sasha", None), ("App", None));
    let rows = |name: (&'static str, _), from: i64| {
        (0..5).map(move |i| of(steps((2 * i + from) * HOUR, (2 * i + from + 1) * HOUR, 1.0), name))
    };
    let both = |date, name| export(date, &rows(name, 0).chain(rows(app, 1)).collect::<Vec<_>>());
    let (first, renamed) = (both(10, watch), both(20, sasha));
    let apart = export(30, &rows(watch, 0).chain(rows(sasha, 0)).collect::<Vec<_>>());
    let sources = |store: &Store| store.sources().expect("sources").len();
    let linked = |store: &mut Store| {
        let (one, two) = (source(store, watch).expect("there"), source(store, app).expect("there"));
        store.link_sources(one.into(), two.into(), "Europe/Berlin").expect("links");
    };
    let mut store = store_of(&[&first]);
    linked(&mut store);
    let before = dump(&store);
    ingest(&mut store, &renamed);
    assert_eq!(sources(&store), 2);
    undo(&mut store, 2);
    assert_eq!(differences(&dump(&store), &before), Vec::<String>::new());
    ingest(&mut store, &apart);
    assert_eq!(sources(&store), 2);
    // What was found before is part of what the owner links.
    let mut store = store_of(&[&first, &renamed]);
    assert_eq!(sources(&store), 2);
    linked(&mut store);
    assert_eq!(sources(&store), 1);
    check_total(&store, STEPS, (10, 10.0));
    assert_eq!(store.verify("Europe/Berlin").expect("verifies"), []);
}

/// Steps, pulses and water of three names; measured and typed in.
fn line() -> impl Strategy<Value = Line> {
    let place = (0..40_i64, 1..3_i64, 0..3_u8);
    (place, 0..3_u8, 0..3_usize, prop::bool::weighted(0.2)).prop_map(|((start, length, value), kind, name, typed)| {
        let base = steps(start * HOUR / 2, (start + length) * HOUR / 2, f64::from(value) * 0.1 + 1.0);
        let base = match kind {
            0 => Line { kind: PULSE, end: base.start, unit: "count/min", ..base },
            1 => Line { kind: WATER, end: base.start, unit: "mL", ..base },
            _ => base,
        };
        of(Line { typed, ..base }, [WATCH, BARE, PHONE][name])
    })
}

/// Three exports: rows come and go, and a row may stand under one name here and under the other there.
fn exports() -> impl Strategy<Value = Vec<Export>> {
    let row = (line(), prop::collection::vec((0..3_usize, prop::bool::weighted(0.3)), 3));
    prop::collection::vec(row, 0..25).prop_map(|rows| {
        let named = |line: Line, other: bool| match (line.source, other) {
            (name, true) if name == WATCH.0 => of(line, BARE),
            (name, true) if name == BARE.0 => of(line, WATCH),
            _ => line,
        };
        let export = |i: usize| {
            let lines = rows.iter().flat_map(|(line, held)| {
                let (times, other) = held[i];
                std::iter::repeat_n(named(*line, other), times)
            });
            Export { date: 10 + i as i64, ..export(0, &lines.collect::<Vec<_>>()) }
        };
        (0..3).map(export).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn when_it_was_said_does_not_show(exports in exports(), after in 0..4_usize, which in 0..3_usize) {
        let [a, b, c] = &exports[..] else { unreachable!() };
        let expected = linked_from_the_start(&[a, b, c]);
        prop_assert_eq!(expected.verify("Europe/Berlin").expect("verifies"), []);
        let rest: Vec<&Export> = [a, b, c].into_iter().enumerate().filter(|(i, _)| *i != which).map(|(_, e)| e).collect();
        let without = linked_from_the_start(&rest);
        for order in [[a, b, c], [c, a, b], [b, c, a], [c, b, a]] {
            let mut store = Store::empty(Path::new("")).expect("opens");
            let mut said = false;
            for (i, export) in order.iter().enumerate() {
                ingest(&mut store, export);
                said |= i + 1 >= after && link(&mut store);
            }
            if !said {
                continue;
            }
            prop_assert_eq!(differences(&seen(&store), &seen(&expected)), Vec::<String>::new());
            prop_assert_eq!(store.verify("Europe/Berlin").expect("verifies"), []);
            let import = 1 + order.iter().position(|export| export.date == exports[which].date).expect("one of them");
            undo(&mut store, import as i64);
            prop_assert_eq!(differences(&seen(&store), &seen(&without)), Vec::<String>::new());
        }
    }
}
