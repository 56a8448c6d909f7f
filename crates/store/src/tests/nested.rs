//! Records inside other elements, from the text of an export on: none is lost, and none counts twice.

use std::io::Cursor;

use health::formats::apple_export::Reader;

use super::*;

const SYSTOLIC: &str = "HKQuantityTypeIdentifierBloodPressureSystolic";
const DIASTOLIC: &str = "HKQuantityTypeIdentifierBloodPressureDiastolic";
const GOOD: &str = "2024-01-01 10:00:00 +0000";

fn record(kind: &str, value: &str, at: &str) -> String {
    format!(r#"<Record type="{kind}" sourceName="Cuff" unit="mmHg" startDate="{at}" endDate="{at}" value="{value}"/>"#)
}

fn pressure(at: &str, members: &[String]) -> String {
    let frame = r#"type="HKCorrelationTypeIdentifierBloodPressure" sourceName="Cuff""#;
    format!(r#"<Correlation {frame} startDate="{at}" endDate="{at}">{}</Correlation>"#, members.concat())
}

fn read(store: &mut Store, export_date: &str, body: &str, end: &str) -> Report {
    let xml = format!("<HealthData><ExportDate value=\"{export_date}\"/>{body}{end}");
    let mut reader = Reader::document(Cursor::new(xml.into_bytes()), None).expect("a document");
    let delivery = Delivery { file: None, now_ms: 0, home_zone: "UTC", dry_run: false, cancel: Cancel::default() };
    store.ingest(&delivery, &mut || reader.next_batch(), &mut |_| true).expect("ingests")
}

/// Imports a body alone. Returns the store, how many records were stored and refused, and how many correlations.
fn import(body: &str, end: &str) -> (Store, (i64, u64), i64) {
    let mut store = store_of(&[]);
    let report = read(&mut store, GOOD, body, end);
    assert_eq!(store.verify("UTC").expect("verifies"), []);
    let samples = count(&store, "SELECT count(*) FROM samples");
    assert_eq!(report.records, report.counts.new + report.counts.duplicates + report.counts.rejected, "{body}");
    let correlations = count(&store, "SELECT count(*) FROM entries WHERE kind = 'correlation'");
    (store, (samples, report.counts.rejected), correlations)
}

fn count(store: &Store, sql: &str) -> i64 {
    store.conn.query_row(sql, [], |row| row.get(0)).expect("a number")
}

#[track_caller]
fn check(body: &str, stored: i64, rejected: u64, correlations: i64) {
    let (_, records, entries) = import(body, "</HealthData>");
    assert_eq!((records, entries), ((stored, rejected), correlations), "{body}");
}

#[test]
fn a_refused_record_and_its_twin_are_refused_once() {
    let (bad, good) = (record(SYSTOLIC, "high", GOOD), record(DIASTOLIC, "80", GOOD));
    let inside = pressure(GOOD, &[bad.clone(), good.clone()]);
    check(&format!("{bad}{good}{inside}"), 1, 1, 1);
    check(&format!("{inside}{bad}{good}"), 1, 1, 1);
    check(&inside, 1, 1, 1);
    check(&format!("{bad}{bad}{good}{inside}"), 1, 2, 1);
    // Without the device, and with its attributes in another order.
    let twin = bad.replace(" value=\"high\"", "").replace("<Record", "<Record value=\"high\"");
    let with_device = bad.replace("/>", " device=\"x\"/>");
    check(&format!("{with_device}{}", pressure(GOOD, &[twin])), 0, 1, 1);
    let late = record(SYSTOLIC, "120", "yesterday");
    check(&format!("{late}{}", pressure(GOOD, &[late.clone(), good])), 1, 1, 1);
    let shapeless = bad.replace("unit", "uni t");
    check(&format!("{shapeless}{}", pressure(GOOD, std::slice::from_ref(&shapeless))), 0, 1, 1);
}

#[test]
fn members_of_a_refused_correlation_are_samples_all_the_same() {
    let (high, low) = (record(SYSTOLIC, "120", GOOD), record(DIASTOLIC, "80", GOOD));
    let refused = pressure("yesterday", &[high.clone(), low.clone()]);
    check(&refused, 2, 0, 0);
    check(&format!("{high}{refused}"), 2, 0, 0);
    check(&format!("{refused}{high}{low}"), 2, 0, 0);
    check(&format!("{high}{low}{refused}"), 2, 0, 0);
    let (store, ..) = import(&refused, "</HealthData>");
    assert_eq!(store.rejects(1, 9).expect("rejects").len(), 1);
    assert_eq!(count(&store, "SELECT count(*) FROM correlation_members"), 0);
}

#[test]
fn members_of_a_cut_correlation_are_samples_all_the_same() {
    let (high, low) = (record(SYSTOLIC, "120", GOOD), record(DIASTOLIC, "80", GOOD));
    let body = format!("{high}{}", pressure(GOOD, &[high.clone(), low]));
    let (_, stored, correlations) = import(body.trim_end_matches("</Correlation>"), "");
    assert_eq!((stored, correlations), ((2, 0), 0));
}

#[test]
fn records_inside_what_nobody_knows_are_samples_all_the_same() {
    let (high, low) = (record(SYSTOLIC, "120", GOOD), record(DIASTOLIC, "80", GOOD));
    let both = format!("{high}{low}");
    check(&format!("<Novelty><Record/>{both}</Novelty>{high}"), 2, 1, 0);
    check(&format!("{both}<Novelty a=\"b\"><Deep>{high}</Deep>{low}<Other/></Novelty>{both}"), 2, 0, 0);
    check(&format!("<Novelty><Deep>{both}{}</Deep></Novelty>", pressure(GOOD, std::slice::from_ref(&high))), 2, 0, 1);
    check(&pressure(GOOD, &[format!("<Deep>{both}</Deep>")]), 2, 0, 1);
    // Without its end tag it takes nothing with it.
    check(&format!("<Novelty>{both}"), 2, 0, 0);
    check(&format!("<Me>{both}"), 2, 0, 0);
    let typed = high.replace("/>", "><MetadataEntry key=\"HKWasUserEntered\" value=\"1\"/></Record>");
    let (store, ..) = import(&format!("{typed}<Novelty>{typed}</Novelty>"), "</HealthData>");
    assert_eq!(count(&store, "SELECT sum(copies) FROM samples"), 1);
}

#[test]
fn a_record_with_an_empty_type_is_refused_like_one_without() {
    check(&record("", "1", GOOD), 0, 1, 0);
    check(&record(" ", "1", GOOD), 0, 1, 0);
    let (store, ..) = import(&record("", "1", GOOD), "</HealthData>");
    assert_eq!(store.rejects(1, 9).expect("rejects")[0].reason, "bad_shape");
    assert_eq!(count(&store, "SELECT count(*) FROM kinds"), 0);
}

/// The members' values of each live correlation, in any order.
fn pairs(store: &Store) -> Vec<String> {
    let mut statement = store
        .conn
        .prepare(
            "SELECT (SELECT group_concat(value, '/') FROM (SELECT s.value FROM correlation_members m
                     JOIN samples s USING (kind_id, start_ms, source_id, duration_ms, ordinal)
                     WHERE m.entry_id = e.id ORDER BY s.value DESC))
             FROM entries e WHERE e.superseded_by IS NULL AND kind = 'correlation' ORDER BY 1",
        )
        .expect("valid SQL");
    statement.query_map([], |row| row.get(0)).and_then(Iterator::collect).expect("reads")
}

#[test]
fn two_readings_of_one_second_are_two() {
    let of = |high: &str, low: &str| [record(SYSTOLIC, high, GOOD), record(DIASTOLIC, low, GOOD)];
    let (a, b, c) = (of("120", "80"), of("130", "85"), of("120", "85"));
    let body = |readings: &[&[String; 2]]| {
        let flat: Vec<String> = readings.iter().flat_map(|reading| reading.iter().cloned()).collect();
        flat.concat() + &readings.iter().map(|reading| pressure(GOOD, &reading[..])).collect::<String>()
    };
    let all = ["120.0/80.0", "120.0/85.0", "130.0/85.0"];
    let mut store = store_of(&[]);
    let report = read(&mut store, GOOD, &body(&[&a, &b, &c, &a]), "</HealthData>");
    assert_eq!((report.correlations.new, report.correlations.known), (3, 1));
    assert_eq!(pairs(&store), all);
    // Listed in another order and in another unit they are the same ones.
    let kilopascal = |reading: &[String; 2], high: &str, low: &str| {
        let [one, two] = reading;
        let unit = |text: &String, from: &str, to: &str| {
            text.replace("mmHg", "kPa").replace(&format!("value=\"{from}\""), &format!("value=\"{to}\""))
        };
        let (from_high, from_low) = (value(one), value(two));
        [unit(one, &from_high, high), unit(two, &from_low, low)]
    };
    let (c, b) = (kilopascal(&c, "15.9987", "11.3324"), kilopascal(&b, "17.3319", "11.3324"));
    let later = body(&[&c, &b, &kilopascal(&a, "15.9987", "10.6658")]);
    let report = read(&mut store, "2024-02-01 10:00:00 +0000", &later, "</HealthData>");
    assert_eq!((report.correlations.new, report.correlations.known), (0, 3));
    assert_eq!(pairs(&store).len(), 3);
    undo(&mut store, 2);
    assert_eq!(pairs(&store), all);
    assert_eq!(store.verify("UTC").expect("verifies"), []);
}

fn value(record: &str) -> String {
    record.split("value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned()
}

#[test]
fn two_readings_of_one_second_stay_two_when_their_source_is_renamed() {
    let of = |high: &str, low: &str| [record(SYSTOLIC, high, GOOD), record(DIASTOLIC, low, GOOD)];
    let (a, b) = (of("120", "80"), of("130", "85"));
    let body = |first: &[String; 2], second: &[String; 2]| {
        [first.concat(), second.concat(), pressure(GOOD, &first[..]), pressure(GOOD, &second[..])].concat()
    };
    let mut store = store_of(&[]);
    read(&mut store, GOOD, &body(&a, &b), "</HealthData>");
    let later = body(&b, &a).replace("Cuff", "Kim's Cuff");
    read(&mut store, "2024-02-01 10:00:00 +0000", &later, "</HealthData>");
    assert_eq!(pairs(&store), ["120.0/80.0", "130.0/85.0"]);
    assert_eq!(count(&store, "SELECT count(*) FROM sources"), 1);
    assert_eq!(store.verify("UTC").expect("verifies"), []);
}

#[test]
fn so_many_alike_are_told_apart_and_no_more() {
    let reading = |n: i64| pressure(GOOD, &[record(SYSTOLIC, &(100 + n).to_string(), GOOD)]);
    for (readings, correlations) in [(64, 64), (66, 64)] {
        check(&(0..readings).map(reading).collect::<String>(), readings, 0, correlations);
    }
}

/// A member without a twin is all that its import knows of the sample.
#[test]
fn a_member_alone_is_shown_as_its_own_import_has_it() {
    let alone = |version: &str, value: &str, unit: &str| {
        let high = record(SYSTOLIC, value, GOOD)
            .replace("mmHg", unit)
            .replace("/>", &format!(" sourceVersion=\"{version}\"/>"));
        pressure(GOOD, &[high])
    };
    let (early, late) = ("2024-01-01 10:00:00 +0000", "2024-02-01 10:00:00 +0000");
    let older = alone("1.0", "120", "mmHg");
    let newer = alone("2.0", "15.9987", "kPa");
    let shown = |store: &Store| {
        let rows = "SELECT o.version || ' ' || o.unit || ' ' || coalesce(original, value) FROM samples JOIN origins o ON o.id = origin_id";
        store.conn.query_row(rows, [], |row| row.get::<_, String>(0)).expect("one row")
    };
    for newer_first in [false, true] {
        let mut store = store_of(&[]);
        let mut files = [(early, &older), (late, &newer)];
        if newer_first {
            files.reverse();
        }
        let reports = files.map(|(date, body)| read(&mut store, date, body, "</HealthData>"));
        assert_eq!(reports.map(|r| (r.records, r.counts.new, r.counts.known)), [(1, 1, 0), (1, 0, 1)]);
        assert_eq!(shown(&store), "2.0 kPa 15.9987");
        undo(&mut store, if newer_first { 1 } else { 2 });
        assert_eq!(shown(&store), "1.0 mmHg 120.0");
        assert_eq!(store.verify("UTC").expect("verifies"), []);
    }
}

/// Apps that write a device for records and none for what is made of them.
#[test]
fn correlations_of_a_renamed_phone_are_known_though_they_name_no_device() {
    let with_device =
        |record: String| record.replace("/>", " device=\"&lt;&lt;HKDevice: 0x1&gt;, hardware:iPhone15,2&gt;\"/>");
    let reading = |n: i64| {
        let at = format!("2024-01-01 1{n}:00:00 +0000");
        let [high, low] =
            [record(SYSTOLIC, &(120 + n).to_string(), &at), record(DIASTOLIC, "80", &at)].map(with_device);
        format!("{high}{low}{}", pressure(&at, &[high.clone(), low.clone()]))
    };
    let body: String = (0..3).map(reading).collect();
    let mut store = store_of(&[]);
    read(&mut store, GOOD, &body, "</HealthData>");
    let report = read(&mut store, "2024-02-01 10:00:00 +0000", &body.replace("Cuff", "Kim's Cuff"), "</HealthData>");
    assert_eq!((report.counts.known, report.correlations.known, report.correlations.new), (6, 3, 0));
    assert_eq!(count(&store, "SELECT count(*) FROM entries"), 3);
    assert_eq!(store.verify("UTC").expect("verifies"), []);
}
