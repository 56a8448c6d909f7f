//! Rows that the owner hid are hidden whatever is imported and undone, before and after.

use proptest::prelude::*;

use super::histories::{Step, exports, history_with_links, whole, with_links_of};
use super::*;
use crate::Rows;
use crate::query::{SampleQuery, SampleRow};

/// An hour on which hiding begins, how many hours it takes, of which type, and of the first source only.
type Hidden = (i64, i64, bool, bool, bool);

fn hidden() -> impl Strategy<Value = Vec<Hidden>> {
    prop::collection::vec((0..12_i64, 1..6_i64, any::<bool>(), any::<bool>(), any::<bool>()), 1..4)
}

/// Hides some rows; the number of the act.
fn hide(store: &mut Store, (from, hours, pulse, some, deletes): Hidden) -> i64 {
    let first = || {
        store.stored_sources().expect("sources").iter().find(|row| row.names[0].contains("iPhone")).map(|row| row.id)
    };
    let rows = Rows {
        kind: if pulse { PULSE } else { STEPS }.to_owned(),
        from_ms: Some(from * HOUR),
        until_ms: Some((from + hours) * HOUR),
        source: if some { first() } else { None },
    };
    store.hide(&rows, deletes, 0, "Europe/Berlin").expect("hidden").id
}

#[track_caller]
fn check_whole(store: &Store) {
    assert_eq!(store.verify("Europe/Berlin").expect("looked at"), []);
}

fn order() -> impl Strategy<Value = (Vec<usize>, usize)> {
    (Just((0..4).collect::<Vec<usize>>()).prop_shuffle(), 0..4_usize)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: if std::env::var_os("CI").is_some() { 48 } else { 96 }, ..ProptestConfig::default() })]

    /// Acts that name no source are the same before any import and after all; taken back, they leave nothing.
    #[test]
    fn acts_and_imports_come_in_any_order(exports in exports(), acts in hidden(), (order, undone) in order(), wipes in prop::bool::weighted(0.3)) {
        let acts: Vec<Hidden> = acts.into_iter().map(|(from, hours, pulse, _, deletes)| (from, hours, pulse, false, deletes)).collect();
        let mut first = Store::empty(Path::new("")).expect("opens");
        for act in &acts {
            hide(&mut first, *act);
        }
        exports.iter().for_each(|export| drop(ingest(&mut first, export)));
        let mut last = Store::empty(Path::new("")).expect("opens");
        for (n, place) in order.iter().enumerate() {
            if let Some(act) = acts.get(n) {
                hide(&mut last, *act);
            }
            ingest(&mut last, &exports[*place]);
        }
        prop_assert_eq!(differences(&whole(&first), &whole(&last)), Vec::<String>::new());
        check_whole(&first);
        let import = |store: &Store, place: usize| {
            let file = format!("{:?}", (exports[place].date, exports[place].undated, &exports[place].rows,
                &exports[place].workouts, &exports[place].nested, &exports[place].alike));
            store.conn.query_row("SELECT id FROM imports WHERE fingerprint = ?1 AND undone = 0", [file], |row| row.get::<_, i64>(0)).ok()
        };
        // Whatever is wiped, the rest is whole.
        if wipes {
            last.wipe_deleted(crate::KEPT_MS, "Europe/Berlin").expect("wiped");
            check_whole(&last);
            if let Some(import) = import(&last, undone) {
                undo(&mut last, import);
                check_whole(&last);
                ingest(&mut last, &exports[undone]);
                check_whole(&last);
            }
            return Ok(());
        }
        if let Some((a, b)) = import(&first, undone).zip(import(&last, undone)) {
            undo(&mut first, a);
            undo(&mut last, b);
            prop_assert_eq!(differences(&whole(&first), &whole(&last)), Vec::<String>::new());
            check_whole(&last);
        }
    }

    #[test]
    fn what_is_taken_back_leaves_nothing(exports in exports(), acts in hidden(), undone in any::<bool>()) {
        let mut acted = Store::empty(Path::new("")).expect("opens");
        let mut plain = Store::empty(Path::new("")).expect("opens");
        let mut done = Vec::new();
        for (n, export) in exports.iter().enumerate() {
            ingest(&mut acted, export);
            ingest(&mut plain, export);
            done.extend(acts.get(n).map(|act| hide(&mut acted, *act)));
        }
        check_whole(&acted);
        if undone {
            undo(&mut acted, 2);
            undo(&mut plain, 2);
        }
        for act in done {
            acted.take_back(act, 0, "Europe/Berlin").expect("taken back");
            check_whole(&acted);
        }
        prop_assert_eq!(differences(&whole(&acted), &whole(&plain)), Vec::<String>::new());
    }

    /// Acts that name a source, too, say what they would say had they and the links been there from the start.
    #[test]
    fn acts_hold_whatever_is_imported_undone_and_linked(mut exports in exports(), acts in hidden(), steps in history_with_links()) {
        // No act is about workouts, and which text of two in one file stays depends on when they were linked.
        exports.iter_mut().for_each(|export| {
            export.keep_twins_only();
            export.alike.clear();
        });
        let [mut acted, mut plain] = [store_of(&[]), store_of(&[])];
        let (mut left, mut done) = (Vec::new(), Vec::new());
        for (n, step) in steps.iter().enumerate() {
            step_of_both(&mut acted, &mut plain, &exports, &mut left, *step);
            check_whole(&acted);
            done.extend(acts.get(n / 2).filter(|_| n % 2 == 1).map(|act| hide(&mut acted, *act)));
        }
        check_whole(&acted);
        left.sort_unstable();
        let mut expected = with_acts_of(&acted, with_links_of(&acted, &[]));
        left.iter().for_each(|(which, _)| _ = ingest(&mut expected, &exports[*which]));
        prop_assert_eq!(differences(&whole(&acted), &whole(&expected)), Vec::<String>::new());
        for act in done {
            acted.take_back(act, 0, "Europe/Berlin").expect("taken back");
            check_whole(&acted);
        }
        prop_assert_eq!(differences(&whole(&acted), &whole(&plain)), Vec::<String>::new());
    }
}

/// Takes a step in two stores; `left` are the exports that count, each with the number of its import.
fn step_of_both(acted: &mut Store, plain: &mut Store, exports: &[Export], left: &mut Vec<(usize, i64)>, step: Step) {
    match step {
        Step::Import(which) => {
            let [report, _] = [&mut *acted, plain].map(|store| ingest(store, &exports[which]));
            left.extend(report.import.filter(|_| report.outcome == "imported").map(|import| (which, import)));
        }
        Step::Undo(at) if !left.is_empty() => {
            let (_, import) = left.remove(at % left.len());
            _ = [acted, plain].map(|store| undo(store, import));
        }
        Step::Undo(_) => {}
        Step::Link(one, other) => {
            let ids: Vec<i64> = plain.stored_sources().expect("sources").iter().map(|source| source.id).collect();
            if ids.len() > 1 && one % ids.len() != other % ids.len() {
                let linked = [acted, plain].map(|store| {
                    store.link_sources(ids[one % ids.len()], ids[other % ids.len()], "Europe/Berlin").is_ok()
                });
                assert_eq!(linked[0], linked[1]);
            }
        }
    }
}

/// One that has acts of another store before anything is imported.
fn with_acts_of(store: &Store, expected: Store) -> Store {
    for act in store.acts().expect("acts").into_iter().rev().filter(|act| act.taken_back_ms.is_none()) {
        crate::acts::write(&expected.conn, act).expect("kept");
    }
    expected
}

/// Values of all rows of steps that there are, those that do not count among them.
fn values(store: &Store) -> Vec<f64> {
    let mut found = Vec::new();
    let (from_ms, until_ms) = (i64::MIN, i64::MAX);
    let query = SampleQuery { kind_id: 1, from_ms, until_ms, hidden: true, superseded: true, left_out: false };
    let each = |row: &SampleRow| {
        found.extend(row.value);
        Ok::<(), crate::Error>(())
    };
    store.each_sample(query, each).expect("rows");
    found
}

#[test]
fn what_a_newer_export_rewrote_is_told_no_more_once_the_row_is_deleted() {
    let ten = HOUR / 6;
    let old = export(10, &[steps(0, ten, 40.0), steps(ten, 2 * ten, 60.0), steps(HOUR, HOUR + ten, 7.0)]);
    let new = export(20, &[steps(0, 2 * ten, 100.0), steps(HOUR, HOUR + ten, 7.0), steps(HOUR, 2 * HOUR, 8.0)]);
    let mut store = store_of(&[&old, &new]);
    assert_eq!(values(&store), [40.0, 100.0, 60.0, 7.0, 8.0]);
    let hidden = hide(&mut store, (0, 1, false, false, false));
    assert_eq!(values(&store), [40.0, 100.0, 60.0, 7.0, 8.0], "what is hidden is there");
    assert_eq!(store.owners_rows().expect("counted"), 1);
    let deleted = hide(&mut store, (0, 1, false, false, true));
    assert_eq!(values(&store), [7.0, 8.0]);
    assert_eq!(store.owners_rows().expect("counted"), 1, "what two acts hide is one row");
    assert_eq!(store.deleted_starts(1, (i64::MIN, i64::MAX)).expect("looked at"), [0]);
    store.take_back(deleted, 0, "Europe/Berlin").expect("taken back");
    store.take_back(hidden, 0, "Europe/Berlin").expect("taken back");
    assert_eq!(values(&store), [40.0, 100.0, 60.0, 7.0, 8.0]);
}

/// Two exports of one phone that has another name in the second one.
fn renamed_phone() -> [Export; 2] {
    let lines = |source| {
        let phone = Line { source, hardware: Some("iPhone15,2"), ..steps(8 * HOUR, 9 * HOUR, 1.0) };
        [phone, Line { start: 9 * HOUR, end: 10 * HOUR, value: 2.0, ..phone }]
    };
    [export(10, &lines("Kim's iPhone")), export(20, &lines("Sasha's iPhone"))]
}

/// Does acts about a phone, imports it by its other name and undoes the first import. Compares with what the second one
/// brings where the acts in `left` stood before, and both once all is taken back.
#[track_caller]
fn check_renamed(acts: &[Hidden], left: &[Hidden]) -> Store {
    let [first, second] = renamed_phone();
    let mut store = store_of(&[&first]);
    let done: Vec<i64> = acts.iter().map(|act| hide(&mut store, *act)).collect();
    ingest(&mut store, &second);
    assert_eq!(store.stored_sources().expect("sources").len(), 1);
    undo(&mut store, 1);
    check_whole(&store);
    let mut expected = store_of(&[]);
    left.iter().for_each(|act| _ = hide(&mut expected, *act));
    ingest(&mut expected, &second);
    assert_eq!(differences(&whole(&store), &whole(&expected)), Vec::<String>::new());
    for act in done {
        store.take_back(act, 0, "Europe/Berlin").expect("taken back");
        check_whole(&store);
    }
    assert_eq!(differences(&whole(&store), &whole(&store_of(&[&second]))), Vec::<String>::new());
    store
}

const ALL_HIDDEN: Hidden = (8, 2, false, false, false);
const ONE_HIDDEN: Hidden = (8, 1, false, false, false);
const PHONE_HIDDEN: Hidden = (8, 2, false, true, false);
const PHONE_DELETED: Hidden = (8, 2, false, true, true);

#[test]
fn what_was_hidden_of_a_source_counts_again_when_its_name_goes_with_an_undo() {
    check_renamed(&[PHONE_HIDDEN], &[]);
    check_renamed(&[PHONE_DELETED], &[]);
    check_renamed(&[PHONE_HIDDEN, PHONE_DELETED], &[]);
    check_renamed(&[PHONE_HIDDEN, ONE_HIDDEN], &[ONE_HIDDEN]);
    check_renamed(&[PHONE_DELETED, ONE_HIDDEN], &[ONE_HIDDEN]);
    check_renamed(&[ALL_HIDDEN, PHONE_DELETED], &[ALL_HIDDEN]);
}

#[test]
fn what_was_hidden_of_a_source_stays_hidden_when_it_is_linked() {
    let phone = |source, hardware, hour: i64| Line { source, hardware, ..steps(hour * HOUR, (hour + 1) * HOUR, 1.0) };
    let bare = phone("Kim's iPhone", None, 8);
    let other = phone("Sasha's phone", Some("iPhone15,2"), 9);
    for hides in [PHONE_HIDDEN, PHONE_DELETED] {
        let mut store = store_of(&[&export(10, &[bare, other])]);
        let act = hide(&mut store, hides);
        check_total(&store, STEPS, (1, 1.0));
        let ids: Vec<i64> = store.stored_sources().expect("sources").iter().map(|source| source.id).collect();
        store.link_sources(ids[0], ids[1], "Europe/Berlin").expect("linked");
        check_whole(&store);
        // Both are that phone now.
        check_total(&store, STEPS, (0, 0.0));
        store.take_back(act, 0, "Europe/Berlin").expect("taken back");
        check_total(&store, STEPS, (2, 2.0));
        check_whole(&store);
    }
}

/// An act of an empty store is about what will come.
#[test]
fn an_act_without_an_import_keeps_no_home_zone() {
    let mut store = store_of(&[]);
    let act = hide(&mut store, ONE_HIDDEN);
    assert_eq!(differences(&whole(&store), &whole(&store_of(&[]))), Vec::<String>::new());
    let phone = &renamed_phone()[0];
    ingest(&mut store, phone);
    undo(&mut store, 1);
    store.take_back(act, 0, "Asia/Tokyo").expect("taken back");
    ingest(&mut store, phone);
    assert_eq!(differences(&whole(&store), &whole(&store_of(&[phone]))), Vec::<String>::new());
}

#[test]
fn what_an_export_rewrote_beside_deleted_rows_is_whole_once_they_are_wiped() {
    let old = export(10, &[steps(2 * HOUR, 3 * HOUR, 1.0), steps(4 * HOUR, 5 * HOUR, 2.0)]);
    let new = export(20, &[steps(4 * HOUR, 5 * HOUR, 2.0)]);
    let mut store = store_of(&[&old, &new]);
    check_total(&store, STEPS, (1, 2.0));
    hide(&mut store, (4, 1, false, false, true));
    check_total(&store, STEPS, (0, 0.0));
    store.wipe_deleted(crate::KEPT_MS, "Europe/Berlin").expect("wiped");
    check_whole(&store);
    // Nothing is left that tells that it was rewritten.
    check_total(&store, STEPS, (1, 1.0));
}
