//! What the owner changes, and takes back: rows, sleep, orders of sources, settings.

use super::*;

#[test]
fn rows_are_hidden_and_sleep_is_edited_until_it_is_taken_back() {
    let person = Person::new("acts");
    let window = person.window();
    let kept = |name: &str, command: &str, arguments: Value| {
        let (kind, answer) = match ask(&window, command, arguments) {
            Ok(answer) => ("answer", answer),
            Err(error) => ("error", error),
        };
        keep(name, &json!({ kind: answer }));
    };
    let rows = json!({"word": "step_count", "from": "2026-03-14", "to": "2026-03-15", "source": null});
    kept("count_rows", "count_rows", json!({"rows": rows}));
    kept("hide_rows", "hide_rows", json!({"rows": rows, "deletes": true}));
    let sessions = ask(&window, "sessions", json!({"day": "2026-03-14"})).unwrap();
    keep("sessions", &json!({"answer": sessions}));
    let start = &sessions[0]["start"];
    kept("edit_night", "edit_night", json!({"editAs": "nap", "start": start, "at": null}));
    kept("history", "history", json!({}));
    kept("take_back", "take_back", json!({"act": 1}));
    kept("take_back_again", "take_back", json!({"act": 1}));
    let unknown = ask(&window, "edit_night", json!({"editAs": "dream", "start": start, "at": null}));
    assert_eq!(unknown.unwrap_err()["code"], "bad_usage");
}

#[test]
fn sources_have_an_order_that_can_be_chosen() {
    check_person("sources", "sources", json!({}));
    check_person("source_order", "source_order", json!({"word": "step_count"}));
    let person = Person::new("order");
    let order = |command: &str, arguments: Value| ask(&person.window(), command, arguments).unwrap();
    let before = order("source_order", json!({"word": "step_count"}));
    let ids: Vec<i64> =
        before["order"].as_array().unwrap().iter().rev().map(|row| row["id"].as_i64().unwrap()).collect();
    let after = order("set_source_order", json!({"word": "step_count", "order": ids}));
    assert_eq!((after["chosen"].as_bool(), after["order"][0]["id"].as_i64()), (Some(true), Some(ids[0])));
    assert_eq!(after["act"]["what"], "order");
    let mut back = order("set_source_order", json!({"word": "step_count", "order": []}));
    assert_eq!(back["act"]["act"], 2);
    // The default holds already: nothing is done, and nothing can be taken back.
    assert_eq!(order("set_source_order", json!({"word": "step_count", "order": []})), before);
    back.as_object_mut().unwrap().remove("act");
    assert_eq!(back, before);
}

#[test]
fn settings_are_told_and_set() {
    check_person("settings", "settings", json!({}));
    let person = Person::new("set");
    let set = ask(&person.window(), "set_setting", json!({"key": "units", "to": "imperial"})).unwrap();
    assert_eq!(set["units"], "imperial");
    assert!(ask(&person.window(), "set_setting", json!({"key": "units", "to": "cubits"})).is_err());
}
