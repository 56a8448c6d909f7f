//! What is told beside the charts: nights, changes, workouts, explanations, sources, statements.

use super::*;

#[test]
fn recordings_of_the_heart_are_listed() {
    check_person("ecgs", "ecgs", json!({}));
}

#[test]
fn a_stretch_stands_beside_an_earlier_one() {
    let days = json!({"word": "step_count", "from": "2026-03-05", "to": "2026-04-01", "earlier": "before"});
    check_person("beside", "beside", days);
}

#[test]
fn a_number_explains_itself() {
    check_person("explain", "explain", json!({"word": "step_count", "day": "2026-03-14"}));
    let march = json!({"word": "heart_rate", "from": "2026-03-01", "to": "2026-03-31"});
    check_person("explain_days", "explain_days", march);
    let days = json!({"pair": "step_count,heart_rate", "from": "2026-03-13", "to": "2026-03-16"});
    check_person("explain_pair", "explain_pair", days);
    // From ten to eleven in Berlin, where watch and phone saw the same.
    let hour = json!({"word": "step_count", "from": 1_773_478_800_000_i64, "until": 1_773_482_400_000_i64});
    check_person("explain_stretch", "explain_stretch", hour);
}

#[test]
fn days_of_several_sources_and_stays_are_told() {
    check_person("overlaps", "overlaps", json!({}));
    check_person("stays", "stays", json!({}));
}

#[test]
fn workouts_are_listed_and_told_one_by_one() {
    check_person("workouts", "workouts", json!({"filter": {"most": 100}}));
    let filter = json!({"from": "2026-03-01", "leastMin": 20, "search": "watch", "most": 1});
    check_person("workouts_page", "workouts", json!({ "filter": filter }));
    check_person("workout", "workout", json!({"id": 3}));
}

#[test]
fn our_numbers_stand_beside_apples() {
    check_person("check", "check", json!({}));
}

#[test]
fn a_statement_reads_and_nothing_else() {
    check_person("sql", "sql", json!({"statement": "SELECT 1 AS one, 'two' AS two"}));
    check_person("sql_refused", "sql", json!({"statement": "DELETE FROM samples"}));
}

#[test]
fn the_types_of_a_person_have_their_areas() {
    let rows = ask(&Person::new("types").window(), "types", json!({})).unwrap();
    let heart = rows.as_array().unwrap().iter().find(|row| row["word"] == "heart_rate").unwrap().clone();
    assert_eq!((heart["group"].as_str(), heart["count"].as_i64()), (Some("heart"), Some(9)));
}
