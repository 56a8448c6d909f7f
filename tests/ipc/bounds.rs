//! What the page may ask for: files that somebody gave, sizes that a page would send, menus that there are.

use super::*;

/// A script that got into the page may name what it likes.
#[test]
fn a_file_that_nobody_gave_is_not_opened() {
    let window = window(Some("exports/export.zip"));
    for path in
        ["", "notes.txt", "export.zip", "exports/../exports/export.zip", "/etc/passwd", "exports/export.zip\u{0}"]
    {
        let refused = ask(&window, "import_export", json!({"path": path, "progress": "__CHANNEL__:7"})).unwrap_err();
        assert_eq!(refused["code"], "internal", "{path}");
    }
    ask(&window, "import_export", json!({"path": "exports/export.zip", "progress": "__CHANNEL__:7"})).unwrap();
}

/// Whatever it is called: what is too long reaches no command.
#[test]
fn no_command_takes_more_than_a_page_would_send() {
    let window = window(None);
    let names = commands();
    assert!(names.len() > 25, "{names:?}");
    for command in &names {
        for much in [json!("x".repeat(200_000)), json!(vec![1; 2_000]), json!({"inner": vec!["x".repeat(2_000)]})] {
            let refused = ask(&window, command, json!({"path": much, "statement": much, "any": much})).unwrap_err();
            assert_eq!(refused["code"], "too_large", "{command}");
        }
    }
}

#[test]
fn the_page_has_another_size_within_bounds() {
    let window = window(None);
    for (asked, expected) in [(1.25, 1.25), (0.0, 0.5), (100.0, 3.0)] {
        assert_eq!(ask(&window, "zoom", json!({"factor": asked})), Ok(json!(expected)));
    }
}

#[test]
fn the_menus_have_the_names_that_the_page_knows() {
    keep("menu_actions", &json!(vitalog::window::menu::actions()));
}

#[test]
fn cancelling_when_nothing_runs_does_nothing() {
    check("cancel_import", "cancel_import", json!({}));
}

#[test]
fn the_file_of_open_is_told_once() {
    let window = window(Some("/somewhere/ada/export.zip"));
    assert_eq!(ask(&window, "opened_with", json!({})), Ok(json!(["/somewhere/ada/export.zip"])));
    assert_eq!(ask(&window, "opened_with", json!({})), Ok(json!([])));
}
