//! Dialogs, menus, forms and panels while they stand open: what axe says of them, whether the keyboard reaches all of
//! them, and whether long words fit.

use crate::linux::{
    Sample, THEMES, bring_axe, choose_theme, clipped, keep, missed_by_tab, speak_long, violations, visit,
};
use crate::support::opened::{OPENED, Opened};
use crate::support::webdriver::Window;

/// Opens a part, looks at it, and closes it.
fn each(window: &Window, mut look: impl FnMut(&Opened)) {
    for part in &OPENED {
        // From another screen each time: nothing is left open from before.
        visit(window, "#/about");
        visit(window, part.address);
        // What opens it may come a moment later.
        let Opened { sign, open, .. } = part;
        let open = format!(
            "if (document.querySelector('{sign}')) return true; try {{ (() => {{ {open} }})() }} catch {{}}; return false"
        );
        window.wait(part.name, &open);
        look(part);
        window.run("document.querySelector('dialog[open]')?.close(); return 1");
    }
}

#[test]
fn axe_finds_nothing_in_what_is_opened_in_any_theme() {
    let sample = Sample::new("axe-opened");
    let window = sample.open(&[]);
    bring_axe(&window);
    let mut found = Vec::new();
    for (theme, contrast) in THEMES {
        choose_theme(&window, (theme, contrast));
        each(&window, |part| {
            let rules = violations(&window).into_iter();
            found.extend(rules.map(|rule| format!("{theme} {contrast} {}: {rule}", part.name)));
            keep(&window, &format!("opened-{}-{theme}-{contrast}.png", part.name.replace(' ', "-")));
        });
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_keyboard_alone_reaches_every_control_of_what_is_opened() {
    let sample = Sample::new("keyboard-opened");
    let window = sample.open(&[]);
    each(&window, |part| {
        let (controls, missed) = missed_by_tab(&window);
        assert!(controls > 0 && missed.is_empty(), "{}: {controls} {missed:?}", part.name);
    });
}

#[test]
fn no_text_of_what_is_opened_is_clipped_however_long_it_is() {
    let sample = Sample::new("long-opened");
    let window = sample.open(&[]);
    speak_long(&window);
    window.resize(1024, 700);
    let mut found = Vec::new();
    each(&window, |part| {
        found.extend(clipped(&window).into_iter().map(|what| format!("{}: {what}", part.name)));
    });
    assert!(found.is_empty(), "{}", found.join("\n"));
}
