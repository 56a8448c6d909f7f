//! Acts through a whole data folder.

use super::*;
use crate::sleep::sleep;
use crate::source_order::{order, set_order};
use crate::testing::TestFolder;
use crate::types::types;

const DAY_MS: i64 = 86_400_000;
/// When these acts are done.
const NOW_MS: i64 = 1_780_000_000_000;

/// A sample of an hour of some day of March 2026 in UTC.
fn steps(writer: &str, day: u8, hour: u8, value: u32) -> String {
    format!(
        "<Record type=\"HKQuantityTypeIdentifierStepCount\" sourceName=\"{writer}\" unit=\"count\" \
         startDate=\"2026-03-{day:02} {hour:02}:00:00 +0000\" endDate=\"2026-03-{day:02} {hour:02}:30:00 +0000\" \
         value=\"{value}\"/>"
    )
}

fn slept(from: &str, until: &str) -> String {
    format!(
        "<Record type=\"HKCategoryTypeIdentifierSleepAnalysis\" sourceName=\"Watch\" startDate=\"2026-03-{from}:00 +0000\" \
         endDate=\"2026-03-{until}:00 +0000\" value=\"HKCategoryValueSleepAnalysisAsleepCore\"/>"
    )
}

fn walker(name: &str) -> TestFolder {
    let days = (10..14).flat_map(|day| [steps("Phone", day, 9, 100), steps("Watch", day, 15, 10)]);
    let folder = TestFolder::of_rows(name, &days.collect::<Vec<_>>());
    crate::settings::set(&folder, "home_zone", "UTC").expect("a zone");
    folder
}

/// Steps of each day that has some.
fn days(folder: &Folder) -> Vec<(String, f64)> {
    let rows = crate::daily::daily(folder, &["steps".to_owned()], Days::default(), NOW_MS).expect("days");
    rows.into_iter().map(|row| (row.day[8..].to_owned(), row.value)).collect()
}

fn told(days: &[(&str, f64)]) -> Vec<(String, f64)> {
    days.iter().map(|(day, value)| ((*day).to_owned(), *value)).collect()
}

fn chosen<'a>(from: &str, to: &str, source: Option<&'a str>) -> Chosen<'a> {
    Chosen { word: "steps", days: Days::parse(Some(from), Some(to)).expect("days"), source }
}

fn whole(folder: &Folder) {
    let store = folder.read().expect("a store");
    assert_eq!(store.verify("UTC").expect("looked at"), []);
}

#[test]
fn rows_of_some_days_and_one_source_count_no_more_until_it_is_taken_back() {
    let folder = walker("hidden");
    let all = told(&[("10", 110.0), ("11", 110.0), ("12", 110.0), ("13", 110.0)]);
    assert_eq!(days(&folder), all);
    let some = chosen("2026-03-11", "2026-03-12", Some("phone"));
    assert_eq!(count(&folder, some).expect("counted").rows, 2);
    let act = hide(&folder, some, false, NOW_MS).expect("hidden");
    assert_eq!((act.rows, act.what, act.source), (2, "hide", vec!["Phone".to_owned()]));
    assert_eq!(days(&folder), told(&[("10", 110.0), ("11", 10.0), ("12", 10.0), ("13", 110.0)]));
    assert_eq!(types(&folder).expect("types")[0].count, 6);
    whole(&folder);
    let explained = |day: &str| crate::explain::explain(&folder, "steps", day).expect("explained").hidden;
    assert_eq!((explained("2026-03-10"), explained("2026-03-11")), (0, 1));
    // All of a day, by another act: what both hide stays hidden when one is taken back.
    let day = hide(&folder, chosen("2026-03-12", "2026-03-12", None), false, NOW_MS).expect("hidden");
    assert_eq!(day.rows, 1, "the phone's row counted no more already");
    assert_eq!(days(&folder), told(&[("10", 110.0), ("11", 10.0), ("13", 110.0)]));
    take_back(&folder, act.act, NOW_MS).expect("taken back");
    assert_eq!(days(&folder), told(&[("10", 110.0), ("11", 110.0), ("13", 110.0)]));
    whole(&folder);
    take_back(&folder, day.act, NOW_MS).expect("taken back");
    assert_eq!(days(&folder), all);
    whole(&folder);
    assert_eq!(take_back(&folder, day.act, NOW_MS).expect_err("over").code, Code::ActIsOver);
    assert_eq!(take_back(&folder, 99, NOW_MS).expect_err("none").code, Code::UnknownAct);
}

fn import(folder: &Folder, name: &str, rows: &[String]) -> store::Report {
    let file = folder.dir().join(name);
    let text = format!("<?xml version=\"1.0\"?><HealthData locale=\"en_GB\">{}</HealthData>", rows.concat());
    std::fs::write(&file, text).expect("written");
    let (input, options) = (crate::import::Input::Path(file), crate::import::Options::default());
    crate::import::import(folder, &input, &options, &mut |_| true).expect("an import").report
}

#[test]
fn what_comes_after_the_last_day_of_today_is_not_hidden() {
    let folder = walker("to-come");
    hide(&folder, chosen("2026-03-12", "2026-03-31", None), true, NOW_MS).expect("deleted");
    import(&folder, "more.xml", &[steps("Phone", 13, 20, 5), steps("Phone", 20, 9, 7)]);
    assert_eq!(days(&folder), told(&[("10", 110.0), ("11", 110.0), ("20", 7.0)]));
    whole(&folder);
}

#[test]
fn what_is_hidden_stays_hidden_whatever_is_imported_and_undone() {
    let folder = walker("again");
    hide(&folder, chosen("2026-03-11", "2026-03-12", Some("Phone")), false, NOW_MS).expect("hidden");
    let import = |name: &str, rows: &[String]| import(&folder, name, rows);
    let report =
        import("more.xml", &[steps("Phone", 11, 9, 100), steps("Phone", 11, 20, 5), steps("Phone", 13, 20, 5)]);
    assert_eq!((report.counts.new, report.counts.known, report.hidden), (2, 1, 1));
    assert_eq!(days(&folder), told(&[("10", 110.0), ("11", 10.0), ("12", 10.0), ("13", 115.0)]));
    whole(&folder);
    for import in [1, 2] {
        crate::undo::undo(&folder, import, &store::Cancel::default(), &mut |_| true).expect("undone");
        whole(&folder);
    }
    assert_eq!(days(&folder), []);
    import("last.xml", &[steps("Phone", 11, 9, 100), steps("Watch", 11, 12, 7)]);
    assert_eq!(days(&folder), told(&[("11", 7.0)]), "the act stands");
    take_back(&folder, 1, NOW_MS).expect("taken back");
    assert_eq!(days(&folder), told(&[("11", 107.0)]));
    whole(&folder);
}

#[test]
fn a_deletion_can_be_taken_back_for_thirty_days_and_then_leaves_nothing() {
    let folder = walker("deleted");
    let rows = |folder: &Folder| {
        let answer = crate::sql::sql(folder, "SELECT count(*) FROM samples").expect("counted");
        answer.rows[0][0].clone()
    };
    let hidden = hide(&folder, chosen("2026-03-11", "2026-03-11", None), false, NOW_MS).expect("hidden");
    let some = chosen("2026-03-11", "2026-03-12", None);
    let first = hide(&folder, some, true, NOW_MS).expect("deleted");
    assert_eq!((first.what, first.wiped_from.is_some()), ("delete", true));
    take_back(&folder, first.act, NOW_MS).expect("taken back");
    assert_eq!(days(&folder).len(), 3, "one day is still hidden");
    take_back(&folder, hidden.act, NOW_MS).expect("taken back");
    let act = hide(&folder, some, true, NOW_MS).expect("deleted").act;
    let compact = |days: i64| {
        crate::compact::compact(&folder, NOW_MS + days * DAY_MS, &store::Cancel::default()).expect("done");
    };
    compact(29);
    assert_eq!(rows(&folder), 8);
    compact(30);
    assert_eq!(rows(&folder), 4);
    whole(&folder);
    // What another import brings to these days is hidden and kept; it counts once the act is taken back.
    let file = folder.dir().join("again.xml");
    let text = [steps("Phone", 11, 9, 100), steps("Watch", 20, 9, 3)].concat();
    std::fs::write(&file, format!("<HealthData locale=\"en_GB\">{text}</HealthData>")).expect("written");
    let options = crate::import::Options { now_ms: NOW_MS + 90 * DAY_MS, ..crate::import::Options::default() };
    crate::import::import(&folder, &crate::import::Input::Path(file), &options, &mut |_| true).expect("an import");
    compact(91);
    assert_eq!(rows(&folder), 6);
    assert_eq!(days(&folder).len(), 3);
    whole(&folder);
    let wiped = history(&folder).expect("acts").into_iter().find(|row| row.act == act).expect("the act");
    assert!(wiped.wiped.is_some() && wiped.wiped_from.is_none());
    take_back(&folder, act, NOW_MS).expect("taken back");
    assert_eq!(days(&folder).len(), 4);
    whole(&folder);
}

#[test]
fn what_is_measured_later_is_not_meant() {
    let folder = walker("later");
    let all = Chosen { word: "steps", days: Days::default(), source: None };
    let act = hide(&folder, all, true, NOW_MS).expect("deleted");
    assert!(act.until.is_some_and(|until| until.starts_with("2026-03-13T15:00:00.001")));
    let file = folder.dir().join("later.xml");
    std::fs::write(&file, format!("<HealthData locale=\"en_GB\">{}</HealthData>", steps("Watch", 20, 9, 3)))
        .expect("written");
    let options = crate::import::Options::default();
    crate::import::import(&folder, &crate::import::Input::Path(file), &options, &mut |_| true).expect("an import");
    assert_eq!(days(&folder), told(&[("20", 3.0)]));
}

#[test]
fn nothing_is_done_where_there_is_nothing() {
    let folder = walker("nothing");
    let check = |chosen: Chosen<'_>, code| {
        assert_eq!(hide(&folder, chosen, false, NOW_MS).expect_err("refused").code, code);
    };
    check(chosen("2020-01-01", "2020-01-02", None), Code::NoRows);
    check(chosen("2026-03-11", "2026-03-12", Some("Scale")), Code::UnknownSource);
    check(Chosen { word: "nosuch", ..chosen("2026-03-11", "2026-03-12", None) }, Code::UnknownType);
    assert_eq!(history(&folder).expect("acts"), []);
}

#[test]
fn an_order_of_sources_is_taken_back_to_the_one_before() {
    let folder = walker("order");
    let shown = |folder: &Folder| -> Vec<String> {
        order(folder, "steps").expect("an order").order.into_iter().map(|place| place.source).collect()
    };
    let usual = shown(&folder);
    let turned: Vec<String> = usual.iter().rev().cloned().collect();
    set_order(&folder, "steps", &turned.join(","), NOW_MS).expect("set");
    set_order(&folder, "steps", &turned.join(","), NOW_MS).expect("the same again is no act");
    set_order(&folder, "steps", &usual.join(","), NOW_MS).expect("set");
    assert_eq!(history(&folder).expect("acts").len(), 2);
    take_back(&folder, 2, NOW_MS).expect("taken back");
    assert_eq!(shown(&folder), turned);
    take_back(&folder, 1, NOW_MS).expect("taken back");
    assert!(!order(&folder, "steps").expect("an order").chosen);
    whole(&folder);
}

/// Sessions as kind, start and end on the clock.
fn sessions(folder: &Folder) -> Vec<(&'static str, String, String)> {
    let clock = |at: &str| at[8..16].replace('T', " ");
    let rows = sleep(folder, Days::default()).expect("nights");
    rows.iter().map(|row| (row.kind, clock(&row.start), clock(&row.end))).collect()
}

#[test]
fn sessions_of_sleep_are_edited_and_taken_back() {
    let rows = [slept("10 22:00", "11 01:00"), slept("11 04:00", "11 07:00"), slept("11 13:00", "11 14:00")];
    let folder = TestFolder::of_rows("night", &rows);
    crate::settings::set(&folder, "home_zone", "UTC").expect("a zone");
    let before = sessions(&folder);
    let told = |kind, from: &str, until: &str| (kind, from.to_owned(), until.to_owned());
    let nap = told("nap", "11 13:00", "11 14:00");
    assert_eq!(before, [told("main", "10 22:00", "11 01:00"), told("extra", "11 04:00", "11 07:00"), nap.clone()]);
    let edit = |kind, start: &str, at| edit_night(&folder, kind, start, at, NOW_MS);
    let check = |kind, start: &str, at, expected: &[(&'static str, String, String)]| {
        let act = edit(kind, start, at).expect("edited").act;
        assert_eq!(sessions(&folder), expected, "{kind:?}");
        assert_eq!(crate::explain::explain(&folder, "sleep", "2026-03-11").expect("explained").edits, [kind.as_str()]);
        whole(&folder);
        take_back(&folder, act, NOW_MS).expect("taken back");
        assert_eq!(sessions(&folder), before);
        whole(&folder);
    };
    let both = [told("main", "10 22:00", "11 07:00"), nap.clone()];
    check(EditKind::Merge, "2026-03-10T22:00:00Z", None, &both);
    check(EditKind::Ignore, "2026-03-10 22:00", None, &[told("main", "11 04:00", "11 07:00"), nap.clone()]);
    let second = [told("main", "10 22:00", "11 01:00"), told("nap", "11 04:00", "11 07:00"), nap.clone()];
    check(EditKind::Nap, "2026-03-11 04:00", None, &second);
    let parts = [
        told("extra", "10 22:00", "10 23:30"),
        told("extra", "10 23:30", "11 01:00"),
        told("main", "11 04:00", "11 07:00"),
        nap,
    ];
    check(EditKind::Split, "2026-03-10 22:00", Some("23:30"), &parts);
    let refused = |kind, start: &str, at, code| assert_eq!(edit(kind, start, at).expect_err("refused").code, code);
    refused(EditKind::Nap, "2026-03-10 22:07", None, Code::UnknownSession);
    refused(EditKind::Merge, "2026-03-11 04:00", None, Code::UnknownSession);
    refused(EditKind::Split, "2026-03-10 22:00", Some("03:30"), Code::BadUsage);
    refused(EditKind::Split, "2026-03-10 22:00", None, Code::BadUsage);
    refused(EditKind::Nap, "last night", None, Code::BadDate);
}

/// What is taken out is everything: what no number counts says so, and what goes in 30 days is only counted.
#[test]
fn hidden_rows_are_taken_out_and_say_so() {
    use crate::export::{Format, Output, Selection, export};
    let folder = walker("hidden-export");
    hide(&folder, chosen("2026-03-11", "2026-03-12", Some("phone")), false, NOW_MS).expect("hidden");
    hide(&folder, chosen("2026-03-13", "2026-03-13", None), true, NOW_MS).expect("deleted");
    let mut text = Vec::new();
    let out = Output::Stream(&mut text);
    let selection = Selection { types: vec!["steps".to_owned()], ..Selection::default() };
    let done = export(&folder, &selection, Format::Jsonl, out, &store::Cancel::default()).expect("exported");
    let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let rows: Vec<serde_json::Value> = lines.map(|line| serde_json::from_slice(line).expect("JSON")).collect();
    let marked = |row: &&serde_json::Value| row["hidden"] == true && row.get("superseded").is_none();
    assert_eq!((rows.len(), rows.iter().filter(marked).count()), (6, 2));
    assert_eq!((done.records, done.hidden, done.deleted), (6, 2, 2));
    let (told, left_out) = crate::words::exported(&done);
    assert_eq!(told, "6 records (6 samples, 2 of them hidden)");
    assert!(left_out.is_some_and(|text| text.contains("2 rows that were deleted")));
    let mut table = Vec::new();
    let out = Output::Stream(&mut table);
    export(&folder, &selection, Format::Csv, out, &store::Cancel::default()).expect("exported");
    let table = String::from_utf8(table).expect("text");
    assert_eq!(table.lines().filter(|line| line.ends_with(",true,")).count(), 2, "{table}");
}

/// A copy has what no number counts, and so does what is deleted.
#[test]
fn copies_and_their_end_count_hidden_rows_too() {
    let folder = walker("hidden-copies");
    hide(&folder, chosen("2026-03-11", "2026-03-12", Some("phone")), false, NOW_MS).expect("hidden");
    hide(&folder, chosen("2026-03-13", "2026-03-13", None), true, NOW_MS).expect("deleted");
    let status = crate::status::status(&folder).expect("a status");
    assert_eq!((status.records, status.hidden), (4, 4));
    let (file, cancel) = (folder.dir().join("copy.db"), store::Cancel::default());
    assert_eq!(crate::backup::backup(&folder, &file, &cancel).expect("a copy").records, 8);
    assert_eq!(crate::restore::look(&file, &cancel).expect("looked at").records, 8);
    assert_eq!(crate::restore::restore(&folder, &file, NOW_MS, &cancel).expect("restored").records, 8);
    assert_eq!(crate::delete_all::delete_all(&folder, NOW_MS).expect("deleted").records, Some(8));
}

/// A night that the owner made a nap is explained as what it is.
#[test]
fn a_day_with_a_nap_only_says_where_the_nap_comes_from() {
    let rows = [slept("10 22:00", "11 06:00")];
    let folder = TestFolder::of_rows("nap-explained", &rows);
    crate::settings::set(&folder, "home_zone", "UTC").expect("a zone");
    edit_night(&folder, EditKind::Nap, "2026-03-10 22:00", None, NOW_MS).expect("edited");
    let day = sleep(&folder, Days::default()).expect("nights").remove(0).day;
    let found = crate::explain::explain(&folder, "sleep", &day).expect("explained");
    assert_eq!((found.value, found.nap_min, found.sources.len()), (None, Some(480.0), 0));
    let told: Vec<_> = found.sessions.iter().map(|session| (session.kind, session.asleep_min)).collect();
    assert_eq!(told, [("nap", Some(480.0))]);
    let [part] = found.sessions[0].sources.as_slice() else { panic!("{found:?}") };
    assert_eq!((part.source.as_str(), part.rows_used, part.value), ("Watch", 1, Some(480.0)));
    assert_eq!(found.sessions[0].clock, ["22:00", "06:00"]);
}
