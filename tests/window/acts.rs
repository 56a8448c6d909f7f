//! What the owner does with the data, seen in the numbers, and taken back.

use super::*;

#[test]
fn another_order_of_the_sources_changes_the_steps() {
    let sample = Sample::new("order");
    let window = sample.open(&[]);
    visit(&window, "#/type/step_count");
    let steps = "return document.querySelector('[data-testid=explain] b')?.textContent ?? ''";
    let before = window.wait("the steps", steps);
    window.click("[data-testid=order] li:first-child button:last-of-type");
    let now = "return document.querySelector('[data-testid=order] .faint')?.textContent === 'your order'";
    window.wait("the new order", now);
    let changed = format!("const now = (() => {{ {steps} }})(); return now !== {before} && now");
    window.wait("other steps", &changed);
    keep(&window, "order-light.png");
    window.click("[data-testid=order] .acts button:first-child");
    let back = format!("const now = (() => {{ {steps} }})(); return now === {before}");
    window.wait("the steps from before", &back);
}
/// What was done just now, once it is told.
const DONE: &str = "return document.querySelector('[data-testid=done]')?.textContent ?? ''";

#[test]
fn a_night_is_edited_and_taken_back() {
    let sample = Sample::new("night");
    let window = sample.open(&[]);
    // With its date: without one the page goes on to the night before as soon as this one has no sleep.
    visit(&window, &format!("#/sleep?range=day&date={}", sample.last_night()));
    // The number alone: words around it come as they are known.
    let slept = "return /\\d+ ?h( ?\\d+ ?min)?/.exec(document.querySelector('.hero')?.innerText.replace(/\\s+/g, ' '))?.[0] ?? ''";
    let sessions = "return document.querySelectorAll('[data-testid=sessions] li').length";
    let before = window.wait("the night", slept);
    let all = window.wait("its sessions", sessions);
    press(&window, "sessions", "Ignore");
    assert_eq!(window.wait("the word", DONE), "The sleep does not count any more.");
    window.wait("one session less", &format!("{sessions} < {all}"));
    window.wait("no such night", &format!("const now = (() => {{ {slept} }})(); return now !== {before}"));
    keep(&window, "night-ignored-light.png");
    window.chord('\u{e009}', 'z');
    let back = "return /as before/.test(document.querySelector('[data-testid=done]')?.textContent ?? '')";
    window.wait("the word of the way back", back);
    window.wait("the night from before", &format!("const now = (() => {{ {slept} }})(); return now === {before}"));
}
/// Hidden from the page of its type, brought back from the list in the settings.
#[test]
fn rows_are_left_out_and_brought_back() {
    let sample = Sample::new("rows");
    let window = sample.open(&[]);
    visit(&window, "#/type/step_count");
    let before = window.wait("the total", COUNTED);
    window.wait(
        "how many rows",
        "return /\\d rows count there/.test(document.querySelector('[data-testid=hide]')?.innerText ?? '')",
    );
    press(&window, "hide", "Hide");
    assert!(window.wait("the word", DONE).as_str().unwrap().contains("hidden"));
    let fewer = format!("const now = (() => {{ {COUNTED} }})(); return now !== {before} && now");
    window.wait("fewer records", &fewer);
    keep(&window, "hidden-light.png");
    visit(&window, "#/settings");
    press(&window, "history", "Undo");
    let same = format!("const now = (() => {{ {COUNTED} }})(); return now === {before}");
    window.wait("all records", &same);
}
