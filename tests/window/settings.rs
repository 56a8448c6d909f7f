//! The settings, the sample person, and what is done with all of the data.

use super::*;

#[test]
fn another_theme_is_chosen_in_the_settings() {
    let sample = Sample::new("theme");
    let window = sample.open(&[]);
    let ground = "return getComputedStyle(document.body).backgroundColor";
    let light = window.wait("the ground", ground);
    visit(&window, "#/settings");
    window.run(
        "const theme = document.querySelector('select[aria-label=Colours]'); theme.value = 'dark'; \
         theme.dispatchEvent(new Event('change', { bubbles: true }))",
    );
    window.wait("another ground", &format!("const now = (() => {{ {ground} }})(); return now !== {light}"));
    visit(&window, "#/heart");
    window.wait("a dark chart", &format!("const c = (() => {{ {CHART} }})(); return c.includes('#FF7D92')"));
    keep(&window, "heart-chosen-dark.png");
}
/// From the first screen to somebody's nights, without a file, and back; a file that is dropped there is one's own.
#[test]
fn the_sample_person_can_be_explored_from_the_first_screen() {
    let sample = Sample::new("explore");
    let args = ["--data-dir", sample.0.to_str().unwrap(), "open"];
    let window = Window::open(PROGRAM, &Start { args: &args, screen: WIDE_SCREEN, ..Start::default() });
    let first = "return document.querySelectorAll('.help .card').length === 2";
    window.wait("the first screen", first);
    window.click(".help .card:last-child .button");
    let mark = "return document.querySelector('[data-testid=sample]')?.innerText ?? ''";
    assert!(window.wait("the mark", mark).as_str().unwrap().contains("made up"));
    window.wait("the overview", "return document.querySelector('h1')?.textContent === 'Overview'");
    visit(&window, "#/sleep");
    window.wait("a night", "return /asleep/.test(document.querySelector('[data-testid=summary]')?.textContent ?? '')");
    keep(&window, "sample-light.png");
    window.click("[data-testid=sample] button");
    let own = "return document.querySelector('[data-testid=sample]') === null";
    window.wait("one's own store", own);
    assert_eq!(window.wait("the total", TOTAL), "No records yet");

    visit(&window, "#/import");
    window.wait("the first screen again", first);
    window.click(".help .card:last-child .button");
    window.wait("the mark", mark);
    window.wait("the overview", "return document.querySelector('h1')?.textContent === 'Overview'");
    visit(&window, "#/import");
    drop_file(&window, "sample-drag-light.png");
    assert!(window.wait("the report", REPORT).as_str().unwrap().contains("380"));
    window.wait("one's own store", own);
    let total = "const total = document.querySelector('[data-testid=total]').textContent; \
                 return total.startsWith('379 ') && total";
    assert_eq!(window.wait("one's own records", total), "379 records \u{b7} 3 types");
    keep(&window, "sample-left-light.png");
}
/// A year later: verified, backed up, restored and deleted, with the system's own dialogs.
#[test]
fn the_data_are_kept_and_deleted_from_the_settings() {
    let sample = Sample::new("keeping");
    let window = sample.open(&[]);
    let total = window.wait("the total", COUNTED);
    visit(&window, "#/types");
    window.click("button.star");
    visit(&window, "#/settings");
    press(&window, "data", "Verify");
    assert_eq!(said(&window, "data", "whole"), "The data are whole.");

    let backup = sample.0.join("backup.db");
    press(&window, "backups", "Back up\u{2026}");
    // The name that is offered has its end already, and only what stands before it is replaced.
    name_in_dialog(&window, "Where the backup goes", backup.with_extension("").to_str().unwrap());
    assert!(said(&window, "backups", "backup.db now").contains("records are in"));
    press(&window, "backups", "Choose a backup");
    name_in_dialog(&window, "Choose a backup", backup.to_str().unwrap());
    let asked = "return document.querySelector('[data-testid=chosen]')?.innerText ?? ''";
    let asked = window.wait("what it holds", asked);
    assert!(asked.as_str().unwrap().contains("backup.db holds"), "{asked}");
    keep(&window, "restore-light.png");
    press(&window, "backups", "Restore it");
    said(&window, "backups", "kept for 30 days");
    window.wait("the kept copy", "return document.querySelectorAll('[data-testid=kept] li').length === 1");
    assert_eq!(window.wait("the total", COUNTED), total);

    press(&window, "delete", "Delete everything");
    window.wait("the question", "return document.activeElement?.tagName === 'INPUT'");
    window.keys("delete\u{e007}");
    let receipt = said(&window, "delete", "deleted for good");
    assert!(receipt.contains("vitalog.db") && receipt.contains("Health app on your phone"), "{receipt}");
    keep(&window, "receipt-light.png");
    let empty = format!("return (() => {{ {TOTAL} }})() === 'No records yet'");
    window.wait("the empty bar", &empty);
    assert!(!sample.0.join("demo/vitalog.db").exists() && backup.exists());
    let traces = window.run("return Object.keys(localStorage).filter((key) => /favourites|cards/.test(key))");
    assert_eq!(traces, serde_json::json!([]));
    visit(&window, "#/import");
    assert_eq!(heading(&window), "Your Apple Health data, here.");
}
