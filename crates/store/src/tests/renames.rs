//! A watch that exports call by several names: one source, whichever import tells it, and as long as one does.

use proptest::prelude::*;

use super::*;

/// Steps of ten minutes on some days.
fn days(days: std::ops::Range<i64>, name: &'static str, hardware: Option<&'static str>) -> Vec<Line> {
    let walk = |day: i64| Line {
        source: name,
        hardware,
        ..steps(day * 24 * HOUR, day * 24 * HOUR + HOUR / 6, day as f64 + 1.0)
    };
    days.map(walk).collect()
}

/// January; January and February; February by another name.
fn family(hardware: Option<&'static str>) -> [Export; 3] {
    let (old, new) = ("Kim's Watch", "Sasha's Watch");
    [
        export(10, &days(0..20, old, hardware)),
        export(20, &days(0..40, old, hardware)),
        export(30, &days(20..40, new, hardware)),
    ]
}

fn names(store: &Store) -> Vec<Vec<String>> {
    store.sources().expect("sources").into_iter().map(|source| source.names).collect()
}

#[test]
fn a_renamed_watch_is_one_source_whichever_import_comes_last() {
    for hardware in [Some("Watch6,1"), None] {
        let [a, b, c] = &family(hardware);
        let expected = store_of(&[a, b, c]);
        for order in [[a, b, c], [a, c, b], [b, a, c], [b, c, a], [c, a, b], [c, b, a]] {
            let store = store_of(&order);
            assert_eq!(names(&store), [["Sasha's Watch", "Kim's Watch"]]);
            check_total(&store, STEPS, (40, 820.0));
            check_same(&store, &expected);
        }
    }
}

#[test]
fn what_turns_out_to_be_known_by_another_name_is_not_new() {
    let [a, b, c] = &family(Some("Watch6,1"));
    let mut store = store_of(&[a, c]);
    let report = ingest(&mut store, b);
    assert_eq!((report.counts.new, report.counts.known), (0, 40));
    assert_eq!((report.superseded, report.kept), (0, 0));
    assert_eq!(undo(&mut store, 3).removed, 0);
    check_same(&store, &store_of(&[a, c]));
}

#[test]
fn an_undo_takes_back_what_its_import_proved() {
    let [a, b, c] = &family(Some("Watch6,1"));
    let mut store = store_of(&[a, b, c]);
    undo(&mut store, 2);
    assert_eq!(names(&store).len(), 2);
    check_same(&store, &store_of(&[a, c]));
    ingest(&mut store, b);
    check_same(&store, &store_of(&[a, b, c]));
    let mut store = store_of(&[a, c, b]);
    undo(&mut store, 1);
    check_total(&store, STEPS, (40, 820.0));
    check_same(&store, &store_of(&[c, b]));
}

#[test]
fn names_that_stand_side_by_side_in_an_export_are_two() {
    let [a, b, c] = &family(Some("Watch6,1"));
    let both = export(
        40,
        &[days(0..20, "Kim's Watch", Some("Watch6,1")), days(20..40, "Sasha's Watch", Some("Watch6,1"))].concat(),
    );
    let expected = store_of(&[&both, a, b, c]);
    assert_eq!(names(&expected).len(), 2);
    for order in [[a, b, c, &both], [b, &both, c, a], [c, b, &both, a]] {
        let mut store = store_of(&order);
        check_same(&store, &expected);
        assert_eq!(store.verify("Europe/Berlin").expect("verifies"), []);
        let import = 1 + order.iter().position(|export| export.date == 40).expect("one of them");
        undo(&mut store, import as i64);
        check_same(&store, &store_of(&[a, b, c]));
    }
}

/// One import tells that two names of a watch are one, and that two of a phone are two: of the one's steps some count
/// no more, and of the other's pulses some count again.
#[test]
fn what_counts_again_of_one_kind_does_not_hide_what_counts_no_more_of_another() {
    let watch = |hour: i64, source, value| Line { source, ..steps(hour * HOUR, (hour + 1) * HOUR, value) };
    let pulse = |hour: i64, source| {
        let base = steps(hour * HOUR, hour * HOUR, 60.0 + hour as f64);
        Line { kind: PULSE, source, hardware: Some("iPhone15,2"), unit: "count/min", ..base }
    };
    let (old, new) = ("Kim's Watch", "Sasha's Watch");
    let (mine, yours) = ("Kim's iPhone", "Sasha's iPhone");
    let of_both = |date, watches: Vec<Line>, pulses: Vec<Line>| export(date, &[watches, pulses].concat());
    let long = |source| (0..3).map(|hour| pulse(hour, source)).collect::<Vec<_>>();
    let short = |source| long(source).into_iter().filter(|line| line.start != HOUR).collect::<Vec<_>>();
    // The watch: alone its second name has an hour that the first one has too, with another value.
    let first = of_both(10, vec![watch(0, old, 1.0), watch(1, old, 2.0)], long(mine));
    let second = of_both(20, vec![watch(0, new, 7.0)], short(yours));
    let third = Export {
        complete: false,
        ..of_both(30, vec![watch(0, new, 1.0), watch(1, new, 2.0)], vec![pulse(90, mine), pulse(90, yours)])
    };
    let mut store = store_of(&[&first, &second]);
    assert_eq!(names(&store).len(), 3);
    let report = ingest(&mut store, &third);
    assert_eq!(names(&store).len(), 3);
    let undone = undo(&mut store, 3);
    // Three pulses count that did not, and two steps that the second export lacks until the third one brings them back.
    assert_eq!((report.restored, report.superseded), (3 + 2, 2));
    assert_eq!((undone.restored, undone.superseded), (2, 2 + 3));
}

/// Of many exports a name is compared where they begin and end: who proves it in between does so for as long as there
/// are few.
#[test]
fn among_many_exports_a_rename_is_told_in_any_order_or_in_none() {
    let walk = |hour: i64, source| Line { source, ..steps(hour * HOUR, (hour + 1) * HOUR, hour as f64 + 1.0) };
    let many: Vec<Export> = (0..17).map(|n| export(10 + n, &[walk(n, "Kim's Watch")])).collect();
    let renamed = export(90, &[walk(8, "Sasha's Watch")]);
    let all: Vec<&Export> = many.iter().chain([&renamed]).collect();
    let expected = store_of(&all);
    assert_eq!(names(&expected).len(), 2);
    let mut store = store_of(&all.iter().rev().copied().collect::<Vec<_>>());
    check_same(&store, &expected);
    // One less, and it is among the last eight.
    let fewer: Vec<&Export> = all.iter().skip(1).copied().collect();
    undo(&mut store, 18);
    assert_eq!(names(&store).len(), 1);
    check_same(&store, &store_of(&fewer));
    ingest(&mut store, &many[0]);
    check_same(&store, &expected);
    assert_eq!(store.verify("Europe/Berlin").expect("verifies"), []);
}

#[test]
fn what_the_owner_linked_stays_one_whatever_is_undone() {
    let [a, b, c] = &family(Some("Watch6,1"));
    let mut store = store_of(&[a, c]);
    let ids: Vec<i64> = store.sources().expect("sources").iter().map(|source| source.id).collect();
    store.link_sources(ids[0], ids[1], "Europe/Berlin").expect("links");
    ingest(&mut store, b);
    undo(&mut store, 3);
    assert_eq!(names(&store).len(), 1);
    check_total(&store, STEPS, (40, 820.0));
}

/// The number of apps without hardware: of old and new names there are more pairs than could be looked at one by one.
const APPS: i64 = 24;

/// What an app wrote in some of its hours, under one of its names.
fn of_app(app: i64, name: usize, hours: std::ops::Range<i64>) -> Vec<Line> {
    let source: &str = format!("App {app} {}", ["of Kim", "of Sasha"][name]).leak();
    let glass = |hour: i64| {
        let start = hour * HOUR + app * 977_000;
        Line {
            kind: WATER,
            source,
            hardware: None,
            end: start,
            unit: "mL",
            ..steps(start, 0, (60 + app + hour) as f64)
        }
    };
    hours.map(glass).collect()
}

#[test]
fn many_apps_that_are_renamed_at_once_are_each_one() {
    let of = |name: usize| (0..APPS).flat_map(move |app| of_app(app, name, 0..5)).collect::<Vec<_>>();
    let half = (0..APPS).flat_map(|app| of_app(app, usize::from(app % 2 == 0), 0..5)).collect::<Vec<_>>();
    let [a, b, c] = &[export(10, &of(0)), export(20, &of(1)), export(30, &half)];
    let expected = store_of(&[a, b]);
    assert_eq!(names(&expected).len(), APPS as usize);
    let total = (0..APPS).flat_map(|app| (0..5).map(move |hour| (60 + app + hour) as f64)).sum();
    check_total(&expected, WATER, (5 * APPS, total));
    for order in [[a, b, c], [a, c, b], [b, a, c], [b, c, a], [c, a, b], [c, b, a]] {
        let mut store = store_of(&order);
        assert_eq!(names(&store).len(), APPS as usize);
        check_total(&store, WATER, (5 * APPS, total));
        let import = 1 + order.iter().position(|export| export.date == 30).expect("one of them");
        undo(&mut store, import as i64);
        check_same(&store, &expected);
    }
}

/// Of years of exports those are compared that lie where a name begins and ends.
#[test]
fn a_watch_that_was_renamed_amid_many_exports_is_one() {
    let (n, rename) = (40, 22);
    let watch = |number: i64| if number < rename { "Kim's Watch" } else { "Sasha's Watch" };
    let rows =
        |number: i64| (0..=number).map(move |i| Line { source: watch(number), ..steps(i * HOUR, (i + 1) * HOUR, 1.0) });
    let exports: Vec<Export> = (0..n).map(|number| export(10 + number, &rows(number).collect::<Vec<_>>())).collect();
    let backwards: Vec<&Export> = exports.iter().rev().collect();
    let store = store_of(&exports.iter().collect::<Vec<_>>());
    assert_eq!(store.sources().expect("sources").len(), 1);
    check_total(&store, STEPS, (n, n as f64));
    check_same(&store, &store_of(&backwards));
}

#[test]
fn so_many_names_are_looked_at_whichever_import_comes_last() {
    let most = crate::names::NAMES as i64;
    let of = |apps: std::ops::Range<i64>, name| apps.flat_map(|app| of_app(app, name, 0..3)).collect::<Vec<_>>();
    // One app is renamed, others are beside it; with one more there are too many.
    for (others, sources) in [(most - 2, most - 1), (most - 1, most + 1)] {
        let half = 1 + others / 2;
        let [a, b, c] = &[
            export(10, &of(0..1, 0)),
            export(20, &[of(0..1, 1), of(1..half, 0)].concat()),
            export(30, &of(half..others + 1, 0)),
        ];
        let too_many = |report: &Report| report.problems.iter().any(|problem| problem.reason == crate::TOO_MANY_NAMES);
        let mut expected = store_of(&[a, b]);
        assert_eq!(names(&expected).len() as i64, half);
        assert_eq!(too_many(&ingest(&mut expected, c)), sources > most);
        assert_eq!(names(&expected).len() as i64, sources);
        for order in [[a, c, b], [c, b, a]] {
            let mut store = store_of(&order);
            check_same(&store, &expected);
            let import = 1 + order.iter().position(|export| export.date == 30).expect("one of them");
            undo(&mut store, import as i64);
            check_same(&store, &store_of(&[a, b]));
        }
    }
}

/// Of each app the name by which each of three exports calls it, if it does, and whether a row is missing there.
fn exports_of_apps() -> impl Strategy<Value = Vec<Export>> {
    let look = (prop::option::weighted(0.9, 0..2_usize), prop::bool::weighted(0.1));
    // Most apps of an export go by its own name.
    let app = (prop::collection::vec(look, 3), prop::bool::weighted(0.3));
    prop::collection::vec(app, APPS as usize).prop_map(|apps| {
        let export = |which: usize| {
            let mut lines = Vec::new();
            for ((looks, free), app) in apps.iter().zip(0..) {
                let (name, short) = looks[which];
                let name = if *free { name } else { name.map(|_| which % 2) };
                lines.extend(name.into_iter().flat_map(|name| of_app(app, name, i64::from(short)..4)));
            }
            super::export(10 + which as i64, &lines)
        };
        (0..3).map(export).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn the_order_of_imports_does_not_show_in_many_names(exports in exports_of_apps(), which in 0..3_usize) {
        let [a, b, c] = &exports[..] else { unreachable!() };
        let expected = store_of(&[a, b, c]);
        let rest: Vec<&Export> = exports.iter().enumerate().filter(|(i, _)| *i != which).map(|(_, e)| e).collect();
        let without = store_of(&rest);
        for order in [[a, c, b], [b, a, c], [b, c, a], [c, a, b], [c, b, a]] {
            let mut store = store_of(&order);
            prop_assert_eq!(differences(&dump(&store), &dump(&expected)), Vec::<String>::new());
            let import = 1 + order.iter().position(|export| export.date == 10 + which as i64).expect("one of them");
            undo(&mut store, import as i64);
            prop_assert_eq!(differences(&dump(&store), &dump(&without)), Vec::<String>::new());
        }
    }
}
