//! Sessions of sleep are kept as they would be found in one go, whatever was imported, taken back and set.

use health::series::sleep::sessions;
use proptest::prelude::*;

use super::*;
use crate::nights::MOST_TOGETHER;

const QUARTER: i64 = HOUR / 4;
const WATCHES: [&str; 2] = ["Kim's Watch", "Sasha's Watch"];
const ZONES: [&str; 4] = ["Asia/Tokyo", "America/New_York", "Pacific/Kiritimati", "Etc/GMT+12"];

/// A stretch of sleep in quarters of an hour.
fn slept(source: &'static str, hardware: Option<&'static str>, (from, length): (i64, i64), stage: u8) -> Line {
    let (start, end, value) = (from * QUARTER, (from + length) * QUARTER, f64::from(stage));
    Line { kind: SLEEP, source, hardware, start, end, value, ..steps(0, 0, 0.0) }
}

/// A watch that tells stages, a phone that tells time in bed and an app that tells sleep, over two weeks with holes.
fn lines() -> impl Strategy<Value = Vec<Line>> {
    let watch = (0..1300_i64, 1..8_i64, 2..6_u8);
    let watch = watch.prop_map(|(from, length, stage)| slept(WATCHES[0], Some("Watch6,1"), (from, length), stage));
    let phone = (0..1300_i64, 4..40_i64).prop_map(|(from, length)| slept("Kim's iPhone", None, (from, length), 0));
    let app = (0..1300_i64, 1..100_i64, prop::sample::select(vec![1_u8, 1, 1, 3]));
    let app = app.prop_map(|(from, length, stage)| slept("App", None, (from, length), stage));
    let typed = app.clone().prop_map(|line| Line { typed: true, ..line });
    prop::collection::vec(prop_oneof![6 => watch, 2 => phone, 2 => app, 1 => typed], 0..60)
}

/// Three exports of one history, each without some rows, with others in another stage, and with a name for the watch.
fn exports() -> impl Strategy<Value = Vec<Export>> {
    let row = prop::sample::select(vec![Some(0.0), Some(0.0), Some(0.0), Some(0.0), Some(1.0), None]);
    let look = (prop::bool::ANY, prop::collection::vec(row, 60));
    (lines(), prop::collection::vec(look, 3)).prop_map(|(lines, looks)| {
        let of = |(renamed, rows): &(bool, Vec<Option<f64>>)| {
            let looks = |(line, row): (&Line, &Option<f64>)| row.map(|more| Line { value: line.value + more, ..*line });
            let mut lines: Vec<Line> = lines.iter().zip(rows).filter_map(looks).collect();
            for line in lines.iter_mut().filter(|line| line.hardware.is_some()) {
                line.source = WATCHES[usize::from(*renamed)];
            }
            lines
        };
        looks.iter().zip(10..).map(|(look, date)| export(date, &of(look))).collect()
    })
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Import(usize),
    /// A workout at this quarter of an hour, in this zone.
    Journey(i64, usize),
    Undo(usize),
    /// Two of the sources that are there.
    Link(usize, usize),
    /// One of the sources that are there goes first; without any the default holds.
    Order(Option<usize>),
    Home(Option<usize>),
    OnlyHome(bool),
}

fn history() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0..3_usize).prop_map(Step::Import),
        3 => (0..1300_i64, 0..ZONES.len()).prop_map(|(at, zone)| Step::Journey(at, zone)),
        3 => (0..4_usize).prop_map(Step::Undo),
        1 => (0..4_usize, 0..4_usize).prop_map(|(one, other)| Step::Link(one, other)),
        2 => prop::option::of(0..4_usize).prop_map(Step::Order),
        1 => prop::option::of(0..ZONES.len()).prop_map(Step::Home),
        1 => prop::bool::ANY.prop_map(Step::OnlyHome),
    ];
    prop::collection::vec(step, 1..12)
}

/// Takes in a workout that tells where the wearer was.
pub(super) fn travel(store: &mut Store, number: usize, at: i64, zone: &str) -> Option<i64> {
    let mut batches = batches(&Export { workouts: vec![(at, "Running")], ..export(100 + number as i64, &[]) }, 3);
    for entry in batches.iter_mut().flat_map(|batch| &mut batch.entries) {
        entry.body = format!(r#"{{"metadata":{{"HKTimeZone":"{zone}"}}}}"#);
    }
    let mut queue = batches.into_iter();
    let (file, cancel) = (Some("export.zip"), Cancel::default());
    let delivery = Delivery { file, now_ms: 0, home_zone: "Europe/Berlin", dry_run: false, cancel };
    store.ingest(&delivery, &mut || Ok(queue.next()), &mut |_| true).expect("ingests").import
}

/// Takes a step; `left` are the imports that stand.
fn take(store: &mut Store, exports: &[Export], left: &mut Vec<i64>, (number, step): (usize, Step)) {
    let ids: Vec<i64> = store.sources().expect("sources").iter().map(|source| source.id).collect();
    let id = |at: usize| ids.get(at % ids.len().max(1)).copied();
    match step {
        Step::Import(which) => {
            let report = ingest(store, &exports[which]);
            left.extend(report.import.filter(|_| report.outcome == "imported"));
        }
        Step::Journey(at, zone) => left.extend(travel(store, number, at * QUARTER, ZONES[zone])),
        Step::Undo(at) if !left.is_empty() => _ = undo(store, left.remove(at % left.len())),
        Step::Undo(_) => {}
        Step::Link(one, other) => {
            if let (Some(one), Some(other)) = (id(one), id(other).filter(|_| one != other)) {
                _ = store.link_sources(one, other, "Europe/Berlin");
            }
        }
        Step::Order(first) => {
            let first: Vec<i64> = first.and_then(id).into_iter().collect();
            store.set_source_order(SLEEP, &first, 0, "Europe/Berlin").expect("an order");
        }
        Step::Home(zone) => store.set_home_zone(zone.map(|zone| ZONES[zone]), "Europe/Berlin").expect("a zone"),
        Step::OnlyHome(only) => {
            let value = if only { "home" } else { "travel" };
            store.set_day_boundaries(value, "Europe/Berlin").expect("set");
        }
    }
}

/// The table is what all segments together make.
#[track_caller]
fn check(store: &Store) {
    assert_eq!(store.verify("Europe/Berlin").expect("verifies"), []);
    let (orders, zones) = (store.orders().expect("orders"), store.zones("Europe/Berlin").expect("zones"));
    let segments = store.segments_of_sleep(&orders, (i64::MIN, i64::MAX)).expect("segments");
    let kept = store.nights(&orders, (Day::MIN, Day::MAX)).expect("nights");
    assert_eq!(kept, sessions(&segments, &zones));
}

/// The table as it lies there, and the order that it was made in.
fn bytes(store: &Store) -> Vec<String> {
    let sql =
        "SELECT start_ms, end_ms, day || ' ' || kind, in_bed_ms, in_bed_estimated, latency_ms, hex(slices) FROM nights
               UNION ALL SELECT kind_id, place, source_id, 0, 0, 0, 0 FROM merge_orders ORDER BY 1, 2";
    let mut statement = store.conn.prepare(sql).expect("valid SQL");
    let line =
        |row: &rusqlite::Row<'_>| (0..7).map(|i| Ok(text(row.get_ref(i)?))).collect::<rusqlite::Result<Vec<_>>>();
    let lines = statement.query_map([], line).and_then(Iterator::collect::<rusqlite::Result<Vec<_>>>).expect("reads");
    lines.into_iter().map(|cells| cells.join(" ")).collect()
}

#[test]
fn a_source_that_tells_its_first_stage_moves_up() {
    let plain = slept("App", None, (80, 32), 1);
    let other = slept("Sleeper", None, (84, 40), 1);
    let mut store = store_of(&[&export(10, &[plain, other])]);
    check(&store);
    let before = nights_of(&store);
    ingest(&mut store, &export(20, &[plain, other, slept("Sleeper", None, (800, 4), 3)]));
    check(&store);
    let after = nights_of(&store);
    assert_ne!(before[0], after[0]);
    undo(&mut store, 2);
    check(&store);
    assert_eq!(nights_of(&store), before);
}

#[test]
fn a_journey_after_a_long_sleep_says_how_much_of_it_was_at_night() {
    let mut store = store_of(&[&export(10, &[slept("App", None, (419, 90), 1)])]);
    for (number, (at, zone)) in [(51, "Pacific/Kiritimati"), (905, "Asia/Tokyo")].into_iter().enumerate() {
        travel(&mut store, number, at * QUARTER, zone);
        check(&store);
    }
}

#[test]
fn the_last_sleep_takes_its_nights_along() {
    let sleep = export(20, &[slept(WATCHES[0], Some("Watch6,1"), (80, 32), 3)]);
    let mut store = store_of(&[&export(10, &[steps(0, HOUR, 1.0)]), &sleep]);
    assert_eq!(nights_of(&store).len(), 1);
    undo(&mut store, 2);
    let left: i64 = store.conn.query_row("SELECT count(*) FROM nights", [], |row| row.get(0)).expect("a count");
    assert_eq!((left, nights_of(&store).len()), (0, 0));
    check(&store);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn nights_are_kept_as_they_would_be_found(exports in exports(), steps in history()) {
        let mut store = store_of(&[]);
        let mut left = Vec::new();
        for step in steps.into_iter().enumerate() {
            take(&mut store, &exports, &mut left, step);
            check(&store);
        }
        let kept = bytes(&store);
        store.rebuild("Europe/Berlin").expect("rebuilds");
        check(&store);
        prop_assert_eq!(differences(&bytes(&store), &kept), Vec::<String>::new());
    }

    #[test]
    fn nights_do_not_tell_the_order_of_imports(exports in exports(), order in Just([0, 1, 2]).prop_shuffle()) {
        let expected = store_of(&exports.iter().collect::<Vec<_>>());
        let store = store_of(&order.map(|which: usize| &exports[which]));
        prop_assert_eq!(differences(&dump(&store), &dump(&expected)), Vec::<String>::new());
    }

    #[test]
    fn days_of_nights_are_those_of_all(exports in exports(), first in -1..14_i32, days in 0..5_i32) {
        let store = store_of(&[&exports[0]]);
        let orders = store.orders().expect("orders");
        let all = store.nights(&orders, (Day::MIN, Day::MAX)).expect("nights");
        let some: Vec<_> = all.into_iter().filter(|night| (first..=first + days).contains(&night.day)).collect();
        prop_assert_eq!(store.nights(&orders, (first, first + days)).expect("nights"), some);
    }
}

/// Minutes of sleep without a gap, a gap, and a night: how many sessions there are.
#[track_caller]
fn check_together(minutes: usize, expected: usize) {
    const MINUTE: i64 = 60_000;
    let minute = |start: i64, stage: f64| Line { kind: SLEEP, value: stage, ..steps(start, start + MINUTE, 0.0) };
    let mut lines: Vec<Line> = (0..minutes as i64).map(|n| minute(n * MINUTE, 3.0 + (n % 2) as f64)).collect();
    let later = minutes as i64 * MINUTE + 9 * HOUR;
    lines.extend((0..400).map(|n| minute(later + n * MINUTE, 3.0)));
    let mut store = store_of(&[]);
    ingest_by(50_000, &mut store, &export(10, &lines), false).expect("ingests");
    let sessions = store.nights(&store.orders().expect("orders"), (-9, 99_999)).expect("nights");
    assert_eq!(sessions.len(), expected, "{minutes}");
    assert_eq!(store.verify("Europe/Berlin").expect("verifies"), []);
}

#[test]
fn so_many_segments_hang_together_and_no_more() {
    check_together(MOST_TOGETHER, 2);
    check_together(MOST_TOGETHER + 1, 1);
}
