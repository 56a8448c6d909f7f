//! How much there is, what was imported, and what an import answers.

use super::*;

#[test]
fn status_tells_how_much_there_is() {
    check("status", "status", json!({}));
}

#[test]
fn types_lists_what_has_data() {
    check("types", "types", json!({}));
}

#[test]
fn imports_is_the_history() {
    check("imports", "imports", json!({}));
}

#[test]
fn an_import_tells_what_it_refused() {
    check("import_detail", "import_detail", json!({"import": 3}));
}

#[test]
fn undo_tells_what_it_took_back() {
    check("undo_import", "undo_import", json!({"import": 2, "progress": "__CHANNEL__:7"}));
}

#[test]
fn an_import_that_does_not_exist_cannot_be_undone() {
    check("undo_import_unknown", "undo_import", json!({"import": 9, "progress": "__CHANNEL__:7"}));
}

#[test]
fn import_answers_with_the_report() {
    check_given("import_export", "export.zip");
}

#[test]
fn a_file_that_is_no_export_is_an_error_with_a_hint() {
    check_given("import_export_not_an_export", "notes.txt");
}

/// Imports a file that was given to the window before, as a dialog or a drop does.
#[track_caller]
fn check_given(name: &str, path: &str) {
    let window = window(Some(path));
    let (kind, answer) = match ask(&window, "import_export", json!({"path": path, "progress": "__CHANNEL__:7"})) {
        Ok(answer) => ("answer", answer),
        Err(error) => ("error", error),
    };
    keep(name, &json!({ kind: answer }));
}
