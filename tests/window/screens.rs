//! Every screen as a whole: what axe says of it, whether its words fit, whether the keyboard and a small window reach
//! all of it.

use super::*;

fn addresses(window: &Window) -> Vec<String> {
    let found = window.run("return [...document.querySelectorAll('nav a')].map((link) => link.getAttribute('href'))");
    let mut found: Vec<String> = serde_json::from_value(found).unwrap();
    assert!(found.len() > 20, "{found:?}");
    let deeper = [
        "#/type/heart_rate",
        "#/type/step_count",
        "#/sleep?range=month",
        "#/sleep?range=day",
        "#/compare?by=periods",
        "#/compare?by=years",
    ];
    found.extend(deeper.map(str::to_owned));
    visit(window, "#/workouts");
    let workout = "return document.querySelector('main tbody a')?.getAttribute('href') ?? ''";
    found.push(window.wait("a workout", workout).as_str().unwrap().to_owned());
    found
}
/// The window of the sample person with every area in it, those too that are shown when asked for.
fn open_whole(sample: &Sample) -> Window {
    let window = sample.open(&[]);
    window.run("for (const area of ['cycle', 'mind']) localStorage.setItem(`vitalog.${area}`, 'shown'); return 1");
    window.reload();
    window.wait("the total", TOTAL);
    window
}
/// Goes to a screen that has something to show.
fn look_at(window: &Window, address: &str) {
    visit(window, address);
    let said = window.run("return document.querySelector('main [role=alert]')?.innerText ?? ''");
    assert_eq!(said, "", "{address}");
}
/// WCAG by machine, as far as a machine can: every screen, with data, in three themes.
#[test]
fn axe_finds_nothing_on_any_screen_in_any_theme() {
    let sample = Sample::new("axe");
    let window = open_whole(&sample);
    bring_axe(&window);
    let mut found = Vec::new();
    for (theme, contrast) in THEMES {
        choose_theme(&window, (theme, contrast));
        for address in addresses(&window) {
            look_at(&window, &address);
            found.extend(violations(&window).into_iter().map(|rule| format!("{theme} {contrast} {address}: {rule}")));
            let name: String = address.chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
            keep(&window, &format!("screen{name}-{theme}-{contrast}.png"));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
/// Looks at every screen in long words.
#[test]
fn no_text_is_clipped_however_long_it_is() {
    let sample = Sample::new("long-words");
    let window = open_whole(&sample);
    speak_long(&window);
    let mut found = Vec::new();
    for (width, height) in [(1024, 700), (640, 700)] {
        window.resize(width, height);
        for address in addresses(&window) {
            look_at(&window, &address);
            found.extend(clipped(&window).into_iter().map(|what| format!("{width} {address}: {what}")));
        }
        keep(&window, &format!("long-words-{width}.png"));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
/// Everything that a pointer reaches is reached with Tab, and the focus can be seen there.
#[test]
fn the_keyboard_alone_reaches_every_control() {
    let sample = Sample::new("keyboard");
    let window = open_whole(&sample);
    for address in addresses(&window) {
        look_at(&window, &address);
        // What comes a moment later is reached the next time round.
        let found = (0..3).map(|_| missed_by_tab(&window)).find(|(_, missed)| missed.is_empty());
        let (controls, missed) = found.unwrap_or_else(|| missed_by_tab(&window));
        assert!(controls > 15 && missed.is_empty(), "{address}: {controls} {missed:?}");
    }
}
/// Every screen at twice the size in a small window, and as narrow as a phone: nothing is lost, nothing too small.
#[test]
fn every_screen_fits_into_a_quarter_of_the_window_with_targets_that_can_be_hit() {
    let sample = Sample::new("reflow");
    let window = open_whole(&sample);
    let mut found = Vec::new();
    // Of 1024 x 700 at 200 % the page has 512; a page of 320 stands in the narrowest window.
    for (width, page) in [(1024, ""), (512, ""), (400, "320px")] {
        window.resize(width, 700);
        window.run(&format!("document.getElementById('app').style.width = '{page}'; return 1"));
        for address in addresses(&window) {
            look_at(&window, &address);
            let wrong = window.run(
                "const main = document.querySelector('main'); \
                 const wide = main.scrollWidth > main.clientWidth + 1 ? [`${main.scrollWidth} px wide`] : []; \
                 const small = [...document.querySelectorAll('a[href], button, input, select, textarea, summary')].filter((el) => { \
                   const box = el.getBoundingClientRect(); \
                   return box.width > 0 && el.checkVisibility() && !el.closest('dialog, p') && (box.width < 24 || box.height < 24); }); \
                 return [...wide, ...small.map((el) => `${el.outerHTML.slice(0, 90)} ${el.getBoundingClientRect().height}`)]",
            );
            let wrong: Vec<String> = serde_json::from_value(wrong).unwrap();
            found.extend(wrong.into_iter().map(|what| format!("{width} {address}: {what}")));
        }
        keep(&window, &format!("reflow-{width}.png"));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
