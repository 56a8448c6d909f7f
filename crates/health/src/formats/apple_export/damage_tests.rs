//! Damaged documents from outside: what is broken costs itself and nothing that follows.

#![allow(clippy::unwrap_used)]

use std::io::Cursor;

use proptest::prelude::*;

use super::tests::{TIMES, all, check, inside, read, steps};
use super::*;
use crate::Entry;

#[test]
fn damage_is_repaired_and_counted() {
    let good = steps("value=\"1\"");
    check(&steps("value=\"1\" value=\"2\""), 1, &["duplicate_attribute"]);
    check(&steps("value=\"1\" sourceVersion=\"&who;\""), 1, &["unknown_entity"]);
    check(&format!("<Novelty><Record/></Novelty>{good}"), 1, &["bad_shape", "unknown_element"]);
    let batch = check(&format!("{good}\u{0}{good}"), 2, &["control_characters"]);
    let place = "<HealthData locale=\"en_US\">".len() + good.len();
    assert_eq!(batch.problems.first().and_then(|p| p.position), Some(place as u64));
    check(&format!("<!-- a --> {good} <? b ?><![CDATA[c]]> & {good}"), 2, &[]);
    check(&good.replace("/>", "></Record>").replace('"', "'"), 1, &[]);
    check(&good.replace(' ', "\n\t"), 0, &["bad_time"]);
}

/// With the export that is whole one watch would be two, and every row doubled.
#[test]
fn a_stray_ampersand_leaves_what_stands_around_it_as_it_would_be() {
    let record = |i: usize, and: &str| {
        steps(&format!(
            "value=\"{i}\" sourceVersion=\"10\" device=\"&lt;&lt;HKDevice: 0x{i:x}&gt;, name:R{and}D, hardware:Watch6,1&gt;\""
        ))
        .replace("\"A\"", &format!("\"Kim&apos;s R{and}D\""))
    };
    let of = |and: &str| inside(&(0..20).map(|i| record(i, and)).collect::<String>());
    let (whole, damaged) = (of("&amp;"), of("&"));
    assert_eq!((&damaged.sources, &damaged.origins), (&whole.sources, &whole.origins));
    assert_eq!((damaged.sources.len(), damaged.origins.len()), (1, 1));
    let counts = |batch: &Batch| batch.problems.iter().map(|p| (p.reason, p.count)).collect::<Vec<_>>();
    assert_eq!((counts(&whole), counts(&damaged)), (vec![], vec![("unknown_entity", 40)]));
}

#[test]
fn a_workout_without_a_time_keeps_the_route_that_is_drawn_in_it() {
    let place =
        |second: u8| format!("<Location date=\"1970-01-01 00:00:0{second} +0000\" latitude=\"1\" longitude=\"2\"/>");
    let route = |places: &str| format!("<WorkoutRoute sourceName=\"W\" {TIMES}>{places}</WorkoutRoute>");
    let workout =
        |times: &str, children: &str| format!("<Workout workoutActivityType=\"X\" {times}>{children}</Workout>");
    let places = (1..4).map(place).collect::<String>();
    let of = |times: &str, children: &str| {
        let batch = inside(&workout(times, children));
        let reasons: Vec<_> = batch.problems.iter().map(|p| (p.reason, p.count)).collect();
        (batch.entries, reasons)
    };
    let (good, _) = of(TIMES, &route(&places));
    let (bad, reasons) = of("startDate=\"x\" endDate=\"y\"", &route(&places));
    assert_eq!((good.len(), bad.len()), (2, 1));
    assert_eq!(reasons, [("bad_time", 1), ("no_records", 1)]);
    // A good export later knows it again.
    let told_by =
        |route: &Entry| (route.kind, route.identity.clone(), route.source.clone(), route.start_ms, route.end_ms);
    assert_eq!(told_by(&bad[0]), told_by(&good[1]));
    assert_eq!(bad[0].payload, good[1].payload);
    assert!(!bad[0].body.contains("workout") && good[1].body.contains("workout"), "{}", bad[0].body);
    // So does the last one of a file that is cut off, as far as it came.
    let cut = format!("<HealthData>{}", workout(TIMES, &route(&places)));
    let batch = read(&cut[..cut.len() - "</WorkoutRoute></Workout>".len()]).expect("readable");
    assert_eq!(batch.entries.iter().map(told_by).collect::<Vec<_>>(), [told_by(&good[1])]);
    assert_eq!(batch.entries[0].payload, good[1].payload);
    // The file that one refers to is not another route than it will be.
    let file = "<FileReference path=\"/r.gpx\"/>";
    let xml = format!("<HealthData>{}</HealthData>", workout("", &route(file)));
    let track = "<gpx><trkpt lat=\"1\" lon=\"2\"/></gpx>";
    let zip = super::archive_tests::archive(&[("export.xml", &xml), ("r.gpx", track)]);
    let batch = Reader::archive(Cursor::new(zip)).and_then(all).expect("readable");
    let told: Vec<_> = batch.entries.iter().map(|e| (e.identity.as_str(), e.source.name.as_str())).collect();
    assert_eq!(told, [("/r.gpx", "W")]);
    // Its places that cannot be read are counted all the same.
    let (_, reasons) = of("", &route(&format!("{places}<Location latitude=\"95\" longitude=\"1\"/>")));
    assert_eq!(reasons, [("bad_time", 1), ("bad_part", 1), ("no_records", 1)]);
}

#[test]
fn every_reference_that_is_none_is_counted_once() {
    let check = |body: &str, expected: u64| {
        let batch = inside(body);
        let members = batch.entries.iter().filter_map(|entry| entry.members.as_ref());
        let problems = batch.problems.iter().chain(members.flat_map(|members| &members.problems));
        let counted: u64 = problems.filter(|p| p.reason == "unknown_entity").map(|p| p.count).sum();
        assert_eq!(counted, expected, "{body}");
    };
    let of = |kind: &str, more: &str| format!("<Record type=\"{kind}\" {TIMES} {more}/>");
    let quantity = of("Some&where", "unit=\"a&b\" value=\"1\" sourceVersion=\"&1&;\"");
    check(&quantity.repeat(70), 70 * 4);
    check(&of("HKCategoryTypeIdentifierSleepAnalysis", "value=\"a & b\"").repeat(70), 70);
    // More than are remembered.
    check(&(0..70).map(|i| of("New", &format!("value=\"{i} &\" sourceVersion=\"{i}&\""))).collect::<String>(), 140);
    check(&format!("<Correlation type=\"C\" {TIMES}>{quantity}</Correlation>"), 4);
    check(&format!("<Correlation type=\"C\">{quantity}</Correlation>"), 4);
    let details = "<MetadataEntry key=\"&\" value=\"a&b\"/>";
    check(&format!("<Workout workoutActivityType=\"X&\" {TIMES}>{details}</Workout>"), 3);
    check(&quantity.replace("/>", &format!(">{details}</Record>")), 6);
}

#[test]
fn a_lost_or_stray_end_tag_costs_nothing_that_follows() {
    let good = steps("value=\"1\"");
    let open = good.replace("/>", ">");
    let workout = format!("<Workout workoutActivityType=\"X\" {TIMES}>");
    for (body, samples, entries) in [
        (format!("</Record>{good}</Workout>{good}"), 2, 0),
        (format!("{open}{good}{open}<MetadataEntry key=\"a\" value=\"b\"/>{good}"), 4, 0),
        (format!("{open}{workout}{good}{workout}</Workout>{good}"), 3, 2),
        (format!("{workout}<WorkoutRoute>{workout}</Workout>"), 0, 2),
    ] {
        let batch = check(&body, samples, &["bad_markup"]);
        assert_eq!(batch.entries.len(), entries, "{body}");
        assert!(batch.document.is_some_and(|document| document.complete));
    }
}

#[test]
fn one_stray_quote_costs_one_record() {
    let good = steps("value=\"1\"") + "\n";
    let mine = |broken: &str| good.replace("sourceName=\"A\"", broken);
    let cut = "<Record type=\"HKQuantityTypeIdentifierStepCount\" sourceName=\"A\" sta\n";
    for broken in [&mine("sourceName=\"a\"b\""), &mine("sourceName=\"A"), &mine("sourceName='a'b'"), cut] {
        // Fewer and more than what one event may have, so that its end or its limit is met.
        for n in [1, 20, 12_000] {
            let body = format!("{good}{broken}{}", good.repeat(n));
            let batch = check(&body, n + 1, &["bad_shape"]);
            let problem = batch.problems.first().expect("one");
            assert_eq!(problem.position, Some(("<HealthData locale=\"en_US\">".len() + good.len()) as u64), "{n}");
            assert_eq!(
                problem.rejected.as_deref(),
                broken.strip_prefix("<Record").map(|raw| raw.trim_end().trim_end_matches("/>"))
            );
            assert!(batch.document.is_some_and(|document| document.complete));
            assert_eq!(batch.records_read, n as u64 + 2);
        }
    }
    check(&format!("{}{}", mine("sourceName=\"a\"b\"").repeat(3), good), 1, &["bad_shape"; 3]);
    // Inside a record, in an element that holds others, and in the root.
    let open = good.replace("/>", ">");
    check(&format!("{open}<MetadataEntry key=\"a\"b\" value=\"c\"/>\n</Record>{good}"), 2, &["bad_shape"]);
    let workout = format!("<Workout workoutActivityType=\"X\" {TIMES} device=\"a\"b\">");
    let event = r#"<WorkoutEvent type="p" date="1970-01-01 00:00:01 +0000"/>"#;
    let batch = check(&format!("{workout}{event}</Workout>{good}"), 1, &["bad_shape"]);
    assert!(batch.entries.first().is_some_and(|workout| workout.body.contains("events")));
    let batch = read(&format!("<HealthData locale=\"en_US\" a=\"b\"c\">\n{good}</HealthData>")).expect("readable");
    assert_eq!(batch.samples.len(), 1);
}

#[test]
fn a_comment_without_an_end_costs_nothing_that_follows() {
    let good = steps("value=\"1\"") + "\n";
    for start in ["<!--", "<![CDATA[", "<?xml", "<!DOCTYPE HealthData [", "<!x", "<!", "<", "< ", "<<", "<1 "] {
        // Fewer and more than a comment may have.
        for n in [1, 12_000] {
            let batch = check(&format!("{good}{start}{}", good.repeat(n)), n + 1, &["bad_markup"]);
            let problem = batch.problems.first().expect("one");
            assert_eq!(problem.position, Some(("<HealthData locale=\"en_US\">".len() + good.len()) as u64), "{start}");
            assert_eq!(problem.count, if start == "<<" { 2 } else { 1 });
            assert!(batch.document.is_some_and(|document| document.complete), "{start}");
            assert_eq!(batch.records_read, n as u64 + 1);
        }
    }
    // Not in a record or a workout either.
    let open = good.replace("/>\n", ">");
    check(&format!("{open}<!-- <MetadataEntry key=\"a\" value=\"b\"/></Record>{good}"), 2, &["bad_markup"]);
    let workout = format!("<Workout workoutActivityType=\"X\" {TIMES}>");
    let batch = check(&format!("{workout}<!--<WorkoutEvent type=\"p\"/></Workout>{good}"), 1, &["bad_markup"]);
    assert!(batch.entries.first().is_some_and(|workout| workout.body.contains("events")));
}

#[test]
fn what_a_comment_holds_is_not_read() {
    let good = steps("value=\"1\"");
    for (start, end) in [("<!--", "-->"), ("<!-- - -- > ]]> ?> ", "--->"), ("<![CDATA[", "]]>"), ("<?a ", "?>")] {
        for n in [0, 1, 3_000] {
            check(&format!("{good}{start}{}{end}{good}", good.repeat(n)), 2, &[]);
        }
    }
    // Behind one that has its end farther off than one may have, so that it is none, others are.
    let blanks = format!("{}<a/>", " ".repeat(700_000));
    let (far, near) = (format!("<!--{blanks}-->{good}"), format!("<!--{good}-->"));
    let body = format!("<!--{blanks}{far}{blanks}{near}");
    let batch = check(&body, 1, &["bad_markup", "unknown_element"]);
    assert!(batch.problems.iter().all(|problem| problem.count == if problem.reason == "bad_markup" { 1 } else { 2 }));
}

#[test]
fn an_end_tag_without_its_end_costs_no_record() {
    let good = steps("value=\"1\"");
    let open = good.replace("/>", ">");
    for end in ["</Record\n", "</Record \n ", "</Record a=\"\n"] {
        check(&format!("{open}{end}{good}"), 2, &["bad_markup"]);
    }
    let batch = read(&format!("<HealthData>{good}</HealthData\n{good}")).expect("readable");
    assert_eq!(batch.samples.len(), 2);
}

#[test]
fn what_follows_the_root_is_said_not_to_be_read() {
    let problems = |end: &str| {
        let batch = read(&format!("<HealthData>{}</HealthData>{end}", steps("value=\"1\""))).expect("readable");
        batch.problems.iter().map(|p| p.reason).collect::<Vec<_>>()
    };
    assert!(problems("\n \n").is_empty());
    assert_eq!(problems("<HealthData/>"), ["after_the_end"]);
    assert_eq!(problems(&(" ".repeat(1 << 20) + "x")), ["after_the_end"]);
}

#[test]
fn records_with_children_survive_any_border_of_blocks() {
    let one =
        format!("\n {}\n  <MetadataEntry key=\"a\" value=\"b\"/>\n </Record>", steps("value=\"1\"").replace("/>", ">"));
    let n = 2 * (256 << 10) / one.len();
    for shift in (0..one.len()).step_by(5) {
        let batch = inside(&(" ".repeat(shift) + &one.repeat(n)));
        assert_eq!((batch.samples.len(), batch.problems.len()), (n, 0), "shift {shift}");
    }
}

#[test]
fn a_cut_file_gives_what_stands_before() {
    let record = steps("value=\"1\"");
    for cut in [r#"<Record type="HK"#, "", "<Record", "</Rec"] {
        let batch = read(&format!("<HealthData>{record}{cut}")).expect("readable");
        assert_eq!(batch.samples.len(), 1, "{cut}");
        assert!(batch.problems.iter().any(|p| p.reason == "truncated"), "{cut}");
        assert!(!batch.document.expect("known").complete);
    }
}

/// Pieces of documents, good and bad.
const PIECES: [&str; 20] = [
    "<Record type=\"HKQuantityTypeIdentifierStepCount\" sourceName=\"A\" unit=\"count\" \
     startDate=\"1970-01-01 00:00:01 +0000\" endDate=\"1970-01-01 00:00:02 +0000\" value=\"1\"/>",
    "<Record type=\"T\" startDate=\"1970-01-01 00:00:01 +0000\" endDate=\"1970-01-01 00:00:01 +0000\" value=\"1\">",
    "<Record endDate=\"1970-01-01 00:00:01 +0000\" startDate=\"1970-01-01 00:00:01 +0000\" type=\"T\" value=\"A\">",
    "<Record type=\"T\" type=\"U\" value=\"1 > 2\"/>",
    "<Record type='T' value=\"a'b\"/>",
    "</Record>",
    "</Record >",
    "<MetadataEntry key=\"a\" value=\"John's\"/>",
    "<MetadataEntry key=\"b\" value=\"&amp;\" />",
    "<Workout workoutActivityType=\"X\" startDate=\"1970-01-01 00:00:01 +0000\" \
     endDate=\"1970-01-01 00:00:02 +0000\">",
    "<WorkoutEvent type=\"p\" date=\"1970-01-01 00:00:01 +0000\"/>",
    "<a:b/>",
    "</Workout>",
    "<Me a=\"1\"/>",
    "<x/y=\"1\">",
    "</x>",
    "text",
    "\n ",
    "<![CDATA[<Record/>]]>",
    "</>",
];

/// A batch without the positions, which texts move.
fn without_places(text: &str) -> Option<Batch> {
    let mut batch = read(text).ok()?;
    batch.problems.iter_mut().for_each(|problem| problem.position = None);
    (batch.document, batch.bytes_read) = (None, 0);
    Some(batch)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_short_cut_gives_what_the_parser_gives(picks in proptest::collection::vec(0..PIECES.len(), 0..30)) {
        let join = |before: &str| {
            let pieces: String = picks.iter().map(|i| format!("{before}{}", PIECES[*i])).collect();
            format!("<HealthData>{pieces}</HealthData>")
        };
        // What stands behind a text is not taken by the short cut.
        prop_assert_eq!(without_places(&join("")), without_places(&join("x")), "{}", join(""));
    }

    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let mut xml = b"<HealthData><Record ".to_vec();
        xml.extend_from_slice(&bytes);
        if let Ok(reader) = Reader::document(Cursor::new(xml), None) {
            let _ = all(reader);
        }
        let _ = Reader::archive(Cursor::new(bytes)).map(all);
    }
}
