//! Charts: pictures with their numbers, parts of them, gaps, and what is kept of them as files.

use super::*;

#[test]
fn a_chart_is_a_picture_with_its_numbers() {
    check_person("chart", "chart", question("heart_rate", "week"));
    check_person("chart_night", "chart", question("sleep", "day"));
    check_person("chart_years", "chart", question("step_count:years", "year"));
    check_person("chart_sum", "chart", question("step_count", "week"));
    check_person("chart_unknown", "chart", question("moon", "week"));
}

#[test]
fn a_card_has_a_picture_and_what_was_usual() {
    let mut small = question("step_count", "week");
    small["question"]["small"] = json!(true);
    check_person("chart_small", "chart", small);
}

#[test]
fn a_chart_is_kept_as_a_picture_a_drawing_or_a_table() {
    let person = Person::new("save");
    let product = Product::new(person.0.clone()).with_clock(|| NOW_MS);
    let question: ChartQuestion = serde_json::from_value(question("step_count", "week")["question"].clone()).unwrap();
    let begins = |kept: Kept, name: &str, with: &[u8]| {
        let path = save(&product.desk(), &question, kept, &person.0.dir().join(name)).unwrap();
        let bytes = fs::read(&path).unwrap();
        assert!(bytes.starts_with(with), "{name}: {}", String::from_utf8_lossy(&bytes[..20]));
        path.file_name().unwrap().to_string_lossy().into_owned()
    };
    assert_eq!(begins(Kept::Png, "steps.png", b"\x89PNG"), "steps.png");
    assert_eq!(begins(Kept::Svg, "steps", b"<svg"), "steps.svg");
    assert_eq!(begins(Kept::Csv, "1.2.2026", b"Day,Sum (steps),"), "1.2.2026.csv");
    let nowhere =
        save(&product.desk(), &question, Kept::Csv, Path::new("/nowhere/at/all.csv")).map_err(|error| error.code);
    assert_eq!(nowhere, Err("not_found".to_owned()));
}

#[test]
fn the_route_of_a_workout_is_kept_as_gpx() {
    let person = Person::new("save-route");
    let product = Product::new(person.0.clone()).with_clock(|| NOW_MS);
    let listed = app::workouts::workouts(&person.0, Default::default()).unwrap();
    let routed = listed.iter().find(|row| row.route_points > 0).unwrap().id;
    let path = route(&product.desk(), routed, &person.0.dir().join("run")).unwrap();
    let kept = fs::read_to_string(&path).unwrap();
    assert!(path.ends_with("run.gpx") && kept.starts_with("<?xml") && kept.contains("<trkpt "), "{kept}");
    let unknown = route(&product.desk(), 999_999, &person.0.dir().join("none")).map_err(|error| error.code);
    assert_eq!(unknown, Err("unknown_workout".to_owned()));
    assert!(!person.0.dir().join("none.gpx").exists());
}

#[test]
fn a_theme_that_does_not_exist_is_refused() {
    let mut pink = question("heart_rate", "week");
    pink["question"]["theme"] = json!("pink");
    assert!(ask(&Person::new("pink").window(), "chart", pink).is_err());
}

#[test]
fn nights_are_told_as_one() {
    check_person("nights", "nights", json!({"from": "2026-03-14", "to": "2026-03-14"}));
}

#[test]
fn changes_are_told_where_there_are_some() {
    check_person("changes", "changes", json!({"last": "2026-04-01"}));
}

#[test]
fn a_part_of_a_day_is_drawn_alone() {
    let person = Person::new("chart_part");
    let asked = |part: Value| {
        let mut question = question("heart_rate", "day");
        question["question"]["last"] = json!("2026-03-14");
        question["question"]["part"] = part;
        ask(&person.window(), "chart", question).unwrap()
    };
    let whole = asked(Value::Null);
    let (from, to) = (whole["whole"]["from"].as_f64().unwrap(), whole["whole"]["to"].as_f64().unwrap());
    assert_eq!((&whole["scale"]["x0"], &whole["scale"]["x1"]), (&json!(from), &json!(to)));
    let part = asked(json!([from, from + 3_600_000.0]));
    assert_eq!((&part["scale"]["x0"], &part["scale"]["x1"]), (&json!(from), &json!(from + 3_600_000.0)));
    // What is told is of the part, too.
    let shown: Vec<&Value> = part["rows"].as_array().unwrap().iter().map(|row| &row[0]).collect();
    assert_eq!((&part["whole"], shown), (&whole["whole"], vec![&json!("00:00\u{2013}01:00")]));
}

#[test]
fn a_gap_tells_the_nearest_days_with_data() {
    let mut question = question("heart_rate", "week");
    question["question"]["last"] = json!("2025-06-15");
    check_person("chart_gap", "chart", question);
}
