//! Several entries of one time in one file, and routes whose workout an export lacks.

use super::*;

const NAME: &str = "Kim's Watch";

/// An export with workouts of one hour.
fn alike(date: i64, which: &[u8]) -> Export {
    Export { alike: which.iter().map(|what| (*what, NAME)).collect(), ..export(date, &[]) }
}

/// The entries that count, by what tells them apart.
fn shown(store: &Store) -> Vec<String> {
    let mut statement =
        store.conn.prepare("SELECT body FROM entries WHERE superseded_by IS NULL ORDER BY body").expect("valid SQL");
    statement.query_map([], |row| row.get(0)).expect("runs").collect::<Result<_, _>>().expect("reads")
}

fn strokes(which: &[u8]) -> Vec<String> {
    which.iter().map(|what| format!("{{\"strokes\":{what}}}")).collect()
}

#[test]
fn two_prescriptions_of_one_day_are_both_kept() {
    let mut store = store_of(&[]);
    let report = ingest(&mut store, &alike(10, &[2, 1, 2]));
    let counts = report.workouts;
    assert_eq!((counts.read, counts.new, counts.known, counts.rejected), (3, 2, 1, 0));
    assert_eq!(shown(&store), strokes(&[1, 2]));
    let again = ingest(&mut store, &alike(11, &[1, 2])).workouts;
    assert_eq!((again.read, again.new, again.known), (2, 0, 2));
    assert_eq!(shown(&store), strokes(&[1, 2]));
    let other = ingest(&mut store, &alike(12, &[3, 2, 1])).workouts;
    assert_eq!((other.read, other.new, other.known), (3, 1, 2));
    assert_eq!(shown(&store), strokes(&[1, 2, 3]));
    undo(&mut store, 3);
    assert_eq!(shown(&store), strokes(&[1, 2]));
    // What a newer whole export lacks counts no more.
    ingest(&mut store, &alike(13, &[2]));
    assert_eq!(shown(&store), strokes(&[2]));
    undo(&mut store, 4);
    assert_eq!(shown(&store), strokes(&[1, 2]));
    assert_eq!(store.verify("UTC").expect("verifies"), []);
}

#[test]
fn a_link_loses_none_of_one_time_and_keeps_no_repeats() {
    let other = "Sasha's Watch";
    let both = Export { alike: vec![(2, NAME), (1, other), (2, other), (0, NAME)], ..export(10, &[]) };
    let mut store = store_of(&[&both, &alike(11, &[2])]);
    assert_eq!(shown(&store), strokes(&[1, 2, 2]));
    let sql = "SELECT min(id), max(id), count(*) FROM sources";
    let (one, two, n) =
        store.conn.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, i64>(2)?))).expect("sources");
    assert_eq!(n, 2);
    store.link_sources(one, two, "UTC").expect("links");
    assert_eq!(shown(&store), strokes(&[2]));
    undo(&mut store, 2);
    assert_eq!(shown(&store), strokes(&[0, 1, 2]));
    assert_eq!(store.verify("UTC").expect("verifies"), []);
}

#[test]
fn more_than_so_many_of_one_time_are_rejects() {
    let mut store = store_of(&[]);
    let all: Vec<u8> = (0..66).collect();
    let report = ingest(&mut store, &alike(10, &all));
    let counts = report.workouts;
    assert_eq!((counts.read, counts.new, counts.known, counts.rejected), (66, 64, 0, 2));
    assert_eq!((report.problems[0].reason.as_str(), report.problems[0].count), ("too_many_alike", 2));
    let rejects = store.rejects(1, 9).expect("rejects");
    assert_eq!(rejects[0].raw.as_deref(), Some("{\"strokes\":64}"));
}

/// An export that was cut off before the second of two does not make the first one of it.
#[test]
fn of_several_each_import_holds_those_that_it_has() {
    let both = alike(10, &[3, 5]);
    let cut = Export { complete: false, ..alike(11, &[5]) };
    let whole = alike(12, &[5]);
    for order in [[&both, &cut], [&cut, &both]] {
        let mut store = store_of(&order);
        assert_eq!(shown(&store), strokes(&[3, 5]));
        ingest(&mut store, &whole);
        assert_eq!(shown(&store), strokes(&[5]));
        undo(&mut store, 3);
        assert_eq!(shown(&store), strokes(&[3, 5]));
        assert_eq!(store.verify("UTC").expect("verifies"), []);
    }
}

#[test]
fn entries_of_nobody_are_superseded_like_others() {
    let ecg = |body: &str| Entry { start_ms: Some(5), end_ms: Some(9), ..entry(EntryKind::Ecg, "ecg", None, body) };
    let mut store = store_of(&[]);
    take_in(&mut store, &file(1, true, vec![ecg("{\"a\":1}"), ecg("{\"b\":1}")]));
    take_in(&mut store, &file(2, true, vec![ecg("{\"b\":1}")]));
    assert_eq!(shown(&store), ["{\"b\":1}"]);
}

/// Which of the files of an older export it was nobody knows.
#[test]
fn an_import_that_lost_a_file_removes_none_of_its_kind() {
    let route = |start: i64, path: &str| Entry {
        start_ms: Some(start),
        end_ms: Some(start + 60_000),
        ..entry(EntryKind::Route, path, Some("Watch"), &format!("{{\"path\":\"{path}\"}}"))
    };
    let two = file(1, true, vec![route(0, "a"), route(HOUR / 2, "b")]);
    for reason in ["missing_file", "damaged_file", "too_large_file", "bad_value"] {
        let one = Batch { problems: vec![lost_route(reason)], ..file(2, true, vec![route(0, "a")]) };
        let left = if reason == "bad_value" { 1 } else { 2 };
        for order in [[&two, &one], [&one, &two]] {
            let mut store = store_of(&[]);
            order.iter().for_each(|batch| _ = take_in(&mut store, batch));
            assert_eq!(shown(&store).len(), left, "{reason}");
            assert_eq!(store.verify("UTC").expect("verifies"), []);
        }
    }
}

/// However new an export is: what could be read of a damaged file does not take the place of the whole one.
#[test]
fn a_torn_file_does_not_count_beside_the_whole_one() {
    let [whole, torn, cut, without] = [(11, &[WHOLE][..]), (12, &[TORN]), (13, &[TORN_AT_THE_END]), (14, &[0])]
        .map(|(date, which)| alike(date, which));
    for order in [[&whole, &torn, &cut], [&cut, &torn, &whole], [&torn, &whole, &cut]] {
        let mut store = store_of(&order);
        assert_eq!(shown(&store), ["{}"]);
        assert_eq!(store.verify("UTC").expect("verifies"), []);
        let first = 1 + order.iter().position(|export| export.date == 11).expect("it is there") as i64;
        undo(&mut store, first);
        assert_eq!(shown(&store), [INCOMPLETE], "the newest of what is left");
        ingest(&mut store, &whole);
        assert_eq!(shown(&store), ["{}"]);
    }
    let far = Export { workouts: vec![(69 * HOUR, "Ski"), (72 * HOUR, "Ski")], ..without };
    assert_eq!(shown(&store_of(&[&whole, &torn, &far])).iter().filter(|body| !body.contains("as_of")).count(), 1);
}

/// What is torn may be the point at which a route begins, or who wrote an electrocardiogram.
#[test]
fn a_torn_file_is_the_whole_one_although_its_beginning_is_torn() {
    let at = |start, end, entry: Entry| Entry { start_ms: Some(start), end_ms: Some(end), ..entry };
    let route = |start, body: &str| at(start, start + HOUR, entry(EntryKind::Route, "/a.gpx", Some(NAME), body));
    let ecg = |source, start, end, body: &str| at(start, end, entry(EntryKind::Ecg, "ecg", source, body));
    let whole = file(1, true, vec![route(HOUR, "{}"), ecg(Some(NAME), 0, 30_000, "{}")]);
    let torn = file(2, true, vec![route(HOUR + 1, INCOMPLETE), ecg(None, 0, 0, INCOMPLETE)]);
    let others = [route(4 * HOUR, INCOMPLETE), ecg(None, 1, 1, INCOMPLETE)];
    let others = file(3, false, others.into_iter().collect());
    for order in [[&whole, &torn], [&torn, &whole]] {
        let mut store = store_of(&[]);
        order.iter().for_each(|batch| _ = take_in(&mut store, batch));
        assert_eq!(shown(&store), ["{}", "{}"]);
        assert_eq!(store.verify("UTC").expect("verifies"), []);
        take_in(&mut store, &others);
        assert_eq!(shown(&store).iter().filter(|body| *body == INCOMPLETE).count(), 2, "those are other files");
        undo(&mut store, 1 + i64::from(std::ptr::eq(order[1], &whole)));
        assert_eq!(shown(&store), [INCOMPLETE; 4]);
    }
}

/// An older version of the same route stays superseded, however the newer one is torn.
#[test]
fn a_torn_route_is_the_version_that_begins_nearest_by() {
    let route = |start, end, body: &str| {
        let entry = entry(EntryKind::Route, "/a.gpx", Some(NAME), body);
        vec![Entry { start_ms: Some(start), end_ms: Some(end), ..entry }]
    };
    let first = file(1, true, route(HOUR, 2 * HOUR, "{\"n\":1}"));
    let anew = file(2, true, route(HOUR + 9, 2 * HOUR, "{\"n\":2}"));
    for start in [HOUR + 7, HOUR + 9, HOUR + 11] {
        let mut torn = file(3, true, route(start, 2 * HOUR - 1, INCOMPLETE));
        torn.problems.push(lost_route("damaged_file"));
        for order in [[&first, &anew, &torn], [&torn, &first, &anew], [&anew, &torn, &first]] {
            let mut store = store_of(&[]);
            order.iter().for_each(|batch| _ = take_in(&mut store, batch));
            assert_eq!(shown(&store), ["{\"n\":2}"], "{start}");
        }
    }
    let mut earlier = file(3, true, route(HOUR - 1, 2 * HOUR - 1, INCOMPLETE));
    earlier.problems.push(lost_route("damaged_file"));
    for order in [[&first, &earlier], [&earlier, &first]] {
        let mut store = store_of(&[]);
        order.iter().for_each(|batch| _ = take_in(&mut store, batch));
        assert_eq!(shown(&store), ["{\"n\":1}"]);
    }
}

/// What was lost is another file than the one that is there.
#[test]
fn an_export_that_lost_a_file_still_writes_anew_the_route_that_it_has() {
    let route = |path: &str, start, body: &str| {
        let entry = entry(EntryKind::Route, path, Some(NAME), body);
        Entry { start_ms: Some(start), end_ms: Some(start + HOUR), ..entry }
    };
    let before = file(1, true, vec![route("/a.gpx", HOUR, "{\"n\":1}"), route("/b.gpx", 2 * HOUR, "{\"n\":2}")]);
    let mut after = file(2, true, vec![route("/a.gpx", HOUR + 1, "{\"n\":3}")]);
    after.problems.push(lost_route("missing_file"));
    for order in [[&before, &after], [&after, &before]] {
        let mut store = store_of(&[]);
        order.iter().for_each(|batch| _ = take_in(&mut store, batch));
        assert_eq!(shown(&store), ["{\"n\":2}", "{\"n\":3}"]);
        assert_eq!(store.verify("UTC").expect("verifies"), []);
        undo(&mut store, 1 + i64::from(std::ptr::eq(order[1], &after)));
        assert_eq!(shown(&store), ["{\"n\":1}", "{\"n\":2}"]);
    }
}

fn entry(kind: EntryKind, identity: &str, source: Option<&str>, body: &str) -> Entry {
    let source = source.map_or_else(Source::default, |name| Source { name: name.into(), ..Source::default() });
    let (identity, body) = (identity.to_owned(), body.to_owned());
    Entry { kind, identity, source, start_ms: None, end_ms: None, body, payload: None, members: None }
}

fn lost_route(reason: &'static str) -> health::Problem {
    let (kind, file) = (Some("route".to_owned()), Some("lost".to_owned()));
    health::Problem { reason, position: None, kind, rejected: None, file, count: 1 }
}

fn file(date: i64, complete: bool, entries: Vec<Entry>) -> Batch {
    let fingerprint = Some(format!("{date} {entries:?}"));
    let document = Document { export_date_ms: Some(date), complete, fingerprint, ..Document::default() };
    Batch { document: Some(document), entries, ..Batch::default() }
}

fn take_in(store: &mut Store, batch: &Batch) -> Report {
    let mut queue = vec![batch.clone()].into_iter();
    let delivery = Delivery { file: None, now_ms: 0, home_zone: "UTC", dry_run: false, cancel: Cancel::default() };
    store.ingest(&delivery, &mut || Ok(queue.next()), &mut |_| true).expect("ingests")
}

/// A day has one set of rings, a person one profile.
#[test]
fn second_rings_of_a_day_and_a_second_profile_are_rejects() {
    let day = |body: &str| entry(EntryKind::ActivitySummary, "2026-03-01", None, body);
    let me = |body: &str| entry(EntryKind::Profile, "me", None, body);
    let batch = file(
        1,
        true,
        vec![
            day("{\"active_energy_kcal\":5}"),
            day("{\"active_energy_kcal\":5}"),
            day("{\"active_energy_kcal\":9}"),
            me("{\"blood_type\":\"A\"}"),
            me("{\"blood_type\":\"B\"}"),
        ],
    );
    let mut store = store_of(&[]);
    let report = take_in(&mut store, &batch);
    for (counts, known) in [(report.activity_days, 1), (report.profiles, 0)] {
        assert_eq!((counts.new, counts.known, counts.rejected), (1, known, 1));
        assert_eq!(counts.read, 2 + known);
    }
    let raw: Vec<String> = store.rejects(1, 9).expect("rejects").into_iter().filter_map(|reject| reject.raw).collect();
    assert_eq!(raw, ["{\"active_energy_kcal\":9}", "{\"blood_type\":\"B\"}"]);
    assert_eq!(shown(&store), ["{\"active_energy_kcal\":5}", "{\"blood_type\":\"A\"}"]);
}

#[test]
fn rings_in_a_unit_that_nobody_knows_are_told_apart_by_what_was_printed() {
    let day = |n: u8| {
        let body = format!("{{\"printed\":{{\"activeEnergyBurned\":\"{n}\",\"activeEnergyBurnedUnit\":\"Wh\"}}}}");
        entry(EntryKind::ActivitySummary, "2026-03-01", None, &body)
    };
    let mut store = store_of(&[]);
    let counts = take_in(&mut store, &file(1, true, vec![day(5), day(5), day(9)])).activity_days;
    assert_eq!((counts.new, counts.known, counts.rejected), (1, 1, 1));
    let counts = take_in(&mut store, &file(2, true, vec![day(9)])).activity_days;
    assert_eq!((counts.known, counts.replaced), (0, 1));
}

#[test]
fn rings_in_another_unit_are_known_and_grown_ones_are_replaced() {
    #[track_caller]
    fn check(now: &str, replaced: u64) {
        let day = |body: &str| vec![entry(EntryKind::ActivitySummary, "2026-03-01", None, body)];
        let mut store = store_of(&[]);
        take_in(&mut store, &file(1, true, day("{\"active_energy_kcal\":300.137,\"exercise_min\":30}")));
        let counts = take_in(&mut store, &file(2, true, day(now))).activity_days;
        assert_eq!((counts.known, counts.replaced), (1 - replaced, replaced), "{now}");
        assert_eq!(shown(&store), [now]);
    }
    check("{\"active_energy_kcal\":300.136711281,\"exercise_min\":30}", 0);
    let printed = "\"printed\":{\"activeEnergyBurned\":\"1255.77\",\"activeEnergyBurnedUnit\":\"kJ\"}";
    check(&format!("{{\"active_energy_kcal\":300.136711281,\"exercise_min\":30,{printed}}}"), 0);
    check("{\"active_energy_kcal\":300.5,\"exercise_min\":30}", 1);
    check("{\"active_energy_kcal\":300.137,\"exercise_min\":31}", 1);
    check("{\"active_energy_kcal\":300.137,\"exercise_min\":30,\"stand_hours\":9}", 1);
}

/// An export that was cut off has the file of a route and not its workout, so it does not say who wrote it.
#[test]
fn a_route_whose_workout_was_missing_is_the_one_with_its_workout() {
    let route = |source, body: &str| {
        let mut entry = entry(EntryKind::Route, "/workout-routes/a.gpx", source, body);
        (entry.start_ms, entry.end_ms) = (Some(HOUR), Some(2 * HOUR));
        entry
    };
    let cut = file(1, false, vec![route(None, "{\"points\":5}")]);
    let full = file(2, true, vec![route(Some(NAME), "{\"points\":5,\"workout\":{}}")]);
    // The workout was removed, its file is still there.
    let later = file(
        3,
        true,
        vec![route(None, "{\"points\":5}"), {
            let mut other = route(Some(NAME), "{\"points\":6}");
            other.identity = "/workout-routes/b.gpx".to_owned();
            other
        }],
    );
    let (alone, whole, both) =
        (vec!["{\"points\":5}"], vec!["{\"points\":5,\"workout\":{}}"], vec!["{\"points\":5}", "{\"points\":6}"]);
    for order in [[&cut, &full], [&full, &cut]] {
        let mut store = store_of(&[]);
        order.iter().for_each(|batch| _ = take_in(&mut store, batch));
        assert_eq!(shown(&store), whole);
        assert_eq!(store.verify("UTC").expect("verifies"), []);
        let full_is = 1 + i64::from(std::ptr::eq(order[1], &full));
        undo(&mut store, full_is);
        assert_eq!(shown(&store), alone);
        take_in(&mut store, &full);
        assert_eq!(shown(&store), whole);
        take_in(&mut store, &later);
        assert_eq!(shown(&store), both);
        assert_eq!(store.verify("UTC").expect("verifies"), []);
    }
}

/// When a record was received is said by the export that is shown, or by none.
#[test]
fn only_a_clinical_record_moves_and_never_to_the_date_of_another_export() {
    let record = |received: &str, body: &str| {
        let start_ms = (!received.is_empty()).then(|| health::time::parse_stamp(received).expect("a stamp"));
        Entry { start_ms, ..entry(EntryKind::ClinicalRecord, "7", Some("Clinic"), body) }
    };
    let dated = record("2026-03-01T08:00:00.250Z", r#"{"received":"2026-03-01T08:00:00.250Z"}"#);
    let undated = record("", r#"{"status":"final"}"#);
    let workout = |body: &str| Entry { start_ms: Some(5), ..entry(EntryKind::Workout, "37", Some("Clinic"), body) };
    let files = [
        file(1, true, vec![dated.clone(), workout("{}")]),
        file(2, true, vec![undated.clone(), workout(r#"{"received":"2026-03-01T08:00:00.000Z"}"#)]),
    ];
    let starts = |store: &Store| -> Vec<Option<i64>> {
        let mut statement = store.conn.prepare("SELECT start_ms FROM entries ORDER BY kind").expect("valid SQL");
        statement.query_map([], |row| row.get(0)).expect("runs").collect::<Result<_, _>>().expect("reads")
    };
    for order in [[0, 1], [1, 0]] {
        let mut store = store_of(&[]);
        order.iter().for_each(|which: &usize| _ = take_in(&mut store, &files[*which]));
        assert_eq!(starts(&store), [None, Some(5)]);
        undo(&mut store, 1 + order.iter().position(|which| *which == 1).expect("it is there") as i64);
        assert_eq!(starts(&store), [dated.start_ms, Some(5)]);
    }
}
