//! A watch that exports call by several names: one source, whichever import tells it, and as long as one does.

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
