//! The first import, and every way in which a window starts: on an empty store, once more, as it was left, without a
//! home, on a store that something happened to.

use super::*;

/// Import, report, types, chart, undo: what everybody does first.
#[test]
fn an_export_is_imported_seen_and_undone() {
    let window = Window::open(PROGRAM, &Start { args: &["open", SMALL], ..Start::default() });
    let report = window.wait("the report", REPORT);
    assert!(report.as_str().unwrap().contains("380"), "records read: {report}");
    let total = window.wait("the total", COUNTED);
    assert_eq!(total, "379 records \u{b7} 3 types");
    bring_axe(&window);
    assert_eq!(violations(&window), Vec::<String>::new());
    keep(&window, "report-light.png");

    window.click("nav a.types");
    let rows =
        "return document.querySelector('tr[data-identifier=HKQuantityTypeIdentifierHeartRate]')?.innerText ?? ''";
    assert!(window.wait("the types", rows).as_str().unwrap().contains("351"));
    keep(&window, "types-light.png");

    window.click("nav a.heart");
    let summary = window.wait("the chart", SUMMARY);
    assert!(summary.as_str().unwrap().contains("30 days have data"), "{summary}");
    let days = window.run("return document.querySelector('[data-testid=days]').textContent");
    assert_eq!(days, "31 Jan 2026 \u{2013} 1 Mar 2026");
    let chart = window.wait("the chart", CHART);
    // Of each day with data a capsule and a ring at its mean, which is two discs of two arcs each.
    let drawn = |shape: &str| chart.as_str().unwrap().matches(shape).count();
    assert!(drawn("z") >= 27 && drawn(" 0 1 1 ") >= 27 * 4, "{chart}");
    assert!(!chart.as_str().unwrap().contains("<title"), "the browser would show a tooltip of its own");
    let legend = window.run("return document.querySelector('[data-testid=legend]')?.innerText ?? ''");
    assert!(legend.as_str().unwrap().contains("Lowest to highest of the day"), "{legend}");
    keep(&window, "heart-light.png");
    window.run("document.querySelector('[role=slider]').focus()");
    window.keys("\u{e012}");
    let tip = window.wait("the read-out", "return document.querySelector('.tip')?.innerText ?? ''");
    assert!(tip.as_str().unwrap().contains("bpm"), "{tip}");
    keep(&window, "heart-keys-light.png");

    window.click("nav a.import");
    let tag = window.wait("the history", "return document.querySelector('li .tag')?.textContent ?? ''");
    assert_eq!(tag, "imported in part", "one record could not be read");
    window.click("li .button");
    window.wait("the question", "return document.querySelectorAll('li .button').length === 2");
    // The answer has the focus, so the keyboard is enough.
    window.keys("\u{e007}");
    window.wait("the undo", "return document.querySelector('li.undone .tag')?.textContent ?? ''");
    assert_eq!(window.wait("the total", TOTAL), "No records yet");
    keep(&window, "undone-light.png");
}
/// A system without a language has `navigator.language` "C", where Intl throws.
#[test]
fn the_first_run_explains_itself_in_any_language_setting() {
    let window = Window::open(PROGRAM, &Start { env: &[("LANG", "C"), ("LC_ALL", "C")], ..Start::default() });
    window.wait("the first screen", "return document.querySelector('.help ol') !== null");
    assert_eq!(heading(&window), "Your Apple Health data, here.");
    bring_axe(&window);
    assert_eq!(violations(&window), Vec::<String>::new());
    keep(&window, "first-light.png");
    window.click("nav a.heart");
    window.wait("the empty chart", "return document.querySelector('.empty')?.innerText ?? ''");
}
#[test]
fn a_dark_desktop_gets_a_dark_page_and_a_dark_chart() {
    let dark = [("GTK_THEME", "Adwaita:dark")];
    let window = Window::open(PROGRAM, &Start { args: &["open", SMALL], env: &dark, ..Start::default() });
    window.wait("the report", REPORT);
    keep(&window, "report-dark.png");
    window.click("nav a.heart");
    let chart = window
        .wait("the dark chart", &format!("const c = (() => {{ {CHART} }})(); return c.includes('#FF7D92') ? c : ''"));
    assert!(!chart.as_str().unwrap().contains("#C22F4D"));
    keep(&window, "heart-dark.png");
    window.resize(420, 760);
    keep(&window, "heart-narrow-dark.png");
    window.wait("nothing wider than the page", "return document.documentElement.scrollWidth <= innerWidth");
}
/// As in a terminal whose forwarded screen is gone.
#[test]
fn a_display_that_does_not_answer_is_said_in_words() {
    let mut command = Command::new(PROGRAM);
    let data = std::env::temp_dir().join(format!("vitalog-no-display-{}", std::process::id()));
    command.env("VITALOG_DATA_DIR", &data);
    let done = command.arg("open").env("DISPLAY", ":9999").env_remove("WAYLAND_DISPLAY").output().unwrap();
    let words = String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(1), "{words}");
    // GTK may complain before.
    let last = words.lines().last().unwrap_or_default();
    assert!(last.starts_with("vitalog: The window could not be opened"), "{words}");
    fs::remove_dir_all(data).unwrap();
}
/// Starts the program once more on the window's data and screen, and returns its words.
fn second_start(window: &Window, arguments: &[&str]) -> String {
    let done = window.on_screen(Command::new(PROGRAM).args(arguments).env("VITALOG_DATA_DIR", window.data()));
    let words = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!(done.status.code(), Some(0), "{words}");
    words
}
#[test]
fn a_second_start_hands_its_file_to_the_window_that_is_open() {
    let window = Window::open(PROGRAM, &Start::default());
    window.wait("the first screen", "return document.querySelector('[data-testid=target]') !== null");
    assert_eq!(second_start(&window, &[]).trim(), "The window is open already.");
    let words = second_start(&window, &["open", SMALL]);
    assert_eq!(words.trim(), "The window is open already; it imports the file.");
    assert!(window.wait("the report", REPORT).as_str().unwrap().contains("380"));
    let words = second_start(&window, &["open", "#/settings"]);
    assert_eq!(words.trim(), "The window is open already; it goes there.");
    window.wait("the settings", "return location.hash === '#/settings'");
    // What is not handed over, chosen or dropped is not read, whatever the page asks for.
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let refused = window.run_long(&format!(
        "const done = arguments[0]; const tauri = window.__TAURI_INTERNALS__; \
         tauri.invoke('import_export', {{ path: '{manifest}', progress: '__CHANNEL__:' + tauri.transformCallback(() => {{}}) }}) \
         .then(() => done('imported'), (error) => done(error.code))"
    ));
    assert_eq!(refused, "internal");
}
/// The page remembers the screen and the range, the window its size; all of it lies in the data folder.
#[test]
fn the_window_opens_as_it_was_left() {
    let mut window = Window::open(PROGRAM, &Start { args: &["open", SMALL], ..Start::default() });
    window.wait("the report", REPORT);
    window.resize(900, 700);
    window.run("location.hash = '#/type/heart_rate?range=half_year'");
    window.wait("the chart", SUMMARY);
    // The height may still be on its way: the window manager is asked more than once.
    let before = window.run("return innerWidth");
    window.reopen();
    window.wait("the chart again", SUMMARY);
    assert_eq!(window.run("return location.hash"), "#/type/heart_rate?range=half_year");
    window.wait("the size from before", &format!("return innerWidth === {before}"));
    let outside = ["data", "config", "cache"].map(|part| window.data().with_file_name(part));
    let ours: Vec<_> =
        outside.iter().flat_map(|folder| fs::read_dir(folder).unwrap()).map(|e| e.unwrap().path()).collect();
    assert!(ours.iter().all(|path| !path.to_string_lossy().contains("org.vitalog")), "{ours:?}");
}
/// A computer without a home: the data folder is named, and no more is needed.
#[test]
fn the_window_opens_without_a_home() {
    let env = [("HOME", "/nonexistent"), ("LANG", "C"), ("LC_ALL", "C")];
    let window = Window::open(PROGRAM, &Start { args: &["open", SMALL], env: &env, ..Start::default() });
    assert!(window.wait("the report", REPORT).as_str().unwrap().contains("380"));
}
/// The store of a data folder that something happened to, as the window shows it.
fn check_trouble(name: &str, happens: impl FnOnce(&mut Vec<u8>), title: &str) {
    let folder = std::env::temp_dir().join(format!("vitalog-trouble-{name}-{}", std::process::id()));
    let data = folder.to_str().unwrap();
    let made = Command::new(PROGRAM).args(["--data-dir", data, "import", SMALL]).output().unwrap();
    assert_eq!(made.status.code(), Some(4), "{}", String::from_utf8_lossy(&made.stderr));
    let store = folder.join("vitalog.db");
    let mut bytes = fs::read(&store).unwrap();
    happens(&mut bytes);
    fs::write(&store, &bytes).unwrap();
    let window = Window::open(PROGRAM, &Start { args: &["--data-dir", data, "open"], ..Start::default() });
    let steps = "return document.querySelectorAll('[data-testid=trouble] li').length > 1";
    window.wait("the steps", steps);
    assert_eq!(heading(&window), title);
    bring_axe(&window);
    assert_eq!(violations(&window), Vec::<String>::new());
    keep(&window, &format!("{name}-light.png"));
    // What helps stands in the settings, and what is told there changes nothing.
    window.click("[data-testid=trouble] a");
    window.wait("the settings", "return document.querySelector('main select') !== null");
    window.click("nav a.heart");
    window.wait("the trouble again", steps);
    drop(window);
    assert!(fs::read(&store).unwrap() == bytes, "the store was touched");
    fs::remove_dir_all(&folder).unwrap();
}
#[test]
fn a_store_that_cannot_be_opened_says_what_to_do() {
    let damaged = |bytes: &mut Vec<u8>| *bytes = b"These are my notes, not a store.".repeat(200);
    check_trouble("damaged", damaged, "The data are damaged");
    // The header keeps the version here, the greatest digit first.
    let newer = |bytes: &mut Vec<u8>| bytes[60..64].copy_from_slice(&99_u32.to_be_bytes());
    check_trouble("newer", newer, "A newer Vitalog wrote these data");
}
