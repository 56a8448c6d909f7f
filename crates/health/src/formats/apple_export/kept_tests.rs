//! What workouts, rings and their like say besides what we have a word for, and numbers as they were printed.

use serde_json::{Value as Json, json};

use super::tests::{TIMES, check, inside};

/// The first entry's body, and the problems with their kinds.
#[track_caller]
fn read(body: &str) -> (Json, Vec<(&'static str, String, u64)>) {
    let batch = inside(body);
    let problems = batch.problems.iter().filter(|problem| problem.reason != "no_records");
    let problems = problems.map(|p| (p.reason, p.kind.clone().unwrap_or_default(), p.count)).collect();
    let entry = batch.entries.first().expect("an entry");
    (serde_json::from_str(&entry.body).expect("JSON"), problems)
}

fn workout(attributes: &str, inside: &str) -> String {
    format!("<Workout workoutActivityType=\"X\" {TIMES} {attributes}>{inside}</Workout>")
}

#[test]
fn totals_keep_what_was_printed() {
    #[track_caller]
    fn check(element: &str, values: &Json, printed: &Json, unknown: u64) {
        let (body, problems) = read(element);
        for (key, value) in values.as_object().expect("an object") {
            assert_eq!(body.get(key).unwrap_or(&Json::Null), value, "{key} of {element}");
        }
        assert_eq!(body.get("printed").unwrap_or(&Json::Null), printed, "{element}");
        let counted: u64 = problems.iter().filter(|p| p.0 == "unknown_unit").map(|p| p.2).sum();
        assert_eq!((counted, problems.len() as u64), (unknown, unknown.min(1)), "{problems:?}");
    }
    check(
        &workout(
            r#"duration="61" durationUnit="fortnights" totalDistance="777" totalDistanceUnit="furlong"
               totalEnergyBurned="888" totalEnergyBurnedUnit="BTU""#,
            "",
        ),
        &json!({ "duration_s": null, "distance_m": null, "energy_kcal": null }),
        &json!({
            "duration": "61", "durationUnit": "fortnights", "totalDistance": "777", "totalDistanceUnit": "furlong",
            "totalEnergyBurned": "888", "totalEnergyBurnedUnit": "BTU",
        }),
        3,
    );
    check(
        &workout(
            r#"duration="62" durationUnit="min" totalDistance="3.10" totalDistanceUnit="mi"
               totalEnergyBurned="418.4" totalEnergyBurnedUnit="kJ""#,
            "",
        ),
        &json!({ "duration_s": 3720, "distance_m": 4988.9664, "energy_kcal": 100 }),
        &json!({
            "totalDistance": "3.10", "totalDistanceUnit": "mi", "totalEnergyBurned": "418.4",
            "totalEnergyBurnedUnit": "kJ",
        }),
        0,
    );
    check(
        &workout(r#"duration="1" durationUnit="s" totalEnergyBurned="5" totalEnergyBurnedUnit="kcal""#, ""),
        &json!({ "duration_s": 1, "energy_kcal": 5 }),
        &Json::Null,
        0,
    );
    let rings = |unit: &str| {
        format!(
            r#"<ActivitySummary dateComponents="2026-03-01" activeEnergyBurned="418.4" activeEnergyBurnedGoal="666"
                activeEnergyBurnedUnit="{unit}"/>"#
        )
    };
    let printed = |unit: &str| json!({ "activeEnergyBurned": "418.4", "activeEnergyBurnedGoal": "666", "activeEnergyBurnedUnit": unit });
    check(&rings("Wh!"), &json!({ "active_energy_kcal": null }), &printed("Wh!"), 2);
    check(&rings("kJ"), &json!({ "active_energy_kcal": 100 }), &printed("kJ"), 0);
    check(&rings("kcal"), &json!({ "active_energy_kcal": 418.4 }), &Json::Null, 0);
}

#[test]
fn lengths_of_legs_and_events_in_unknown_units_are_kept() {
    let length = r#"duration="7" durationUnit="moons""#;
    for name in ["WorkoutEvent", "WorkoutActivity"] {
        let (body, problems) = read(&workout("", &format!("<{name} {length}/>")));
        assert_eq!(problems, [("unknown_unit", name.to_owned(), 1)]);
        assert!(body.to_string().contains(r#""printed":{"duration":"7","durationUnit":"moons"}"#), "{body}");
    }
}

/// An export of a newer iOS says more than ours knows.
#[test]
fn what_nobody_has_a_word_for_is_kept_and_counted() {
    #[track_caller]
    fn check(element: &str, pointer: &str, kept: &Json, problems: &[(&'static str, &str)]) {
        let (body, found) = read(element);
        assert_eq!(body.pointer(pointer), Some(kept), "{body}");
        let expected: Vec<_> = problems.iter().map(|(reason, kind)| (*reason, (*kind).to_owned(), 1)).collect();
        assert_eq!(found, expected, "{element}");
    }
    let new = r#"new="1""#;
    let attribute = json!({ "attributes": { "new": "1" } });
    let told = [("unknown_attribute", "new")];
    let with_child = json!({
        "attributes": { "new": "1" },
        "elements": { "Kid": [{ "attributes": { "a": "5" }, "elements": { "Deep": [{ "attributes": { "b": "6" } }] } }] },
    });
    let both = [("unknown_attribute", "new"), ("unknown_element", "Kid")];
    let kid = r#"<Kid a="5"><Deep b="6"/></Kid>"#;
    check(&workout(new, kid), "/unknown", &with_child, &both);
    check(
        &workout("totalFlightsClimbed=\"7\"", ""),
        "/unknown/attributes/totalFlightsClimbed",
        &json!("7"),
        &[("unknown_attribute", "totalFlightsClimbed")],
    );
    for (name, list) in
        [("WorkoutEvent", "events"), ("WorkoutStatistics", "statistics"), ("WorkoutActivity", "activities")]
    {
        let element = format!("<{name} {new}>{kid}</{name}>");
        check(&workout("", &element), &format!("/{list}/0/unknown"), &with_child, &both);
    }
    let route = format!("<WorkoutRoute {TIMES} {new}>{kid}</WorkoutRoute>");
    check(&workout("", &route), "/route_details/0/unknown", &with_child, &both);
    check(&format!("<Correlation type=\"C\" {TIMES} {new}>{kid}</Correlation>"), "/unknown", &with_child, &both);
    let rings = format!("<ActivitySummary dateComponents=\"2026-03-01\" {new}>{kid}</ActivitySummary>");
    check(&rings, "/unknown", &with_child, &both);
    check(&format!("<ClinicalRecord type=\"T\" identifier=\"1\" {new}/>"), "/unknown", &attribute, &told);
    let point = format!("<SensitivityPoint frequencyValue=\"500\" {new}>{kid}</SensitivityPoint>");
    let audiogram = format!("<Audiogram type=\"A\" {TIMES} new=\"2\">{point}</Audiogram>");
    let told = [("unknown_element", "Kid")];
    check(&audiogram, "/new", &json!("2"), &told);
    check(&audiogram, "/sensitivity_point/0/new", &json!("1"), &told);
    check(&audiogram, "/sensitivity_point/0/unknown/Kid/0/attributes/a", &json!("5"), &told);
    check(&format!("<Me a=\"b\">{kid}</Me>"), "/unknown/Kid/attributes/a", &json!("5"), &told);
    let detail = "<MetadataEntry key=\"k\" value=\"v\" new=\"1\"/>";
    check(&workout("", detail), "/metadata/k", &json!("v"), &[("unknown_attribute", "new")]);
}

#[test]
fn points_of_a_route_remember_what_its_element_says() {
    let place = r#"<Location latitude="1" longitude="2"/>"#;
    let batch =
        check(&workout("", &format!("<WorkoutRoute new=\"1\">{place}</WorkoutRoute>")), 0, &["unknown_attribute"]);
    let body = &batch.entries.last().expect("a route").body;
    assert!(body.contains(r#""unknown":{"attributes":{"new":"1"}}"#), "{body}");
}

#[test]
fn texts_of_a_prescription_stay_texts() {
    let (body, problems) = read(
        r#"<VisionPrescription type="T" dateIssued="2026-03-01 00:00:00 +0000" brand="007">
           <RightEye sphere="-2.50" axis="180" axisUnit="deg"/><Attachment identifier="12345678901234567890"/>
           <Attachment identifier="000123e4"/></VisionPrescription>"#,
    );
    assert_eq!(problems, []);
    assert_eq!(body["brand"], "007");
    assert_eq!(body["attachment"], json!([{ "identifier": "12345678901234567890" }, { "identifier": "000123e4" }]));
    assert_eq!(body["right_eye"], json!([{ "sphere": -2.5, "axis": 180, "axis_unit": "deg" }]));
    assert_eq!(body["date_issued"], "2026-03-01T00:00:00.000Z");
}
