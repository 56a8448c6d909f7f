//! Journeys through the real window: the built page in WebKit, on a screen that nobody sees.
//!
//! `VITALOG_PICTURES=folder cargo test --test window` also keeps pictures of what it passes.
#![allow(clippy::unwrap_used)]

#[cfg(target_os = "linux")]
mod support;

#[cfg(target_os = "linux")]
#[path = "window/opened.rs"]
mod opened;

#[cfg(target_os = "linux")]
#[path = "window/states.rs"]
mod states;

#[cfg(not(target_os = "linux"))]
#[test]
fn the_window_is_only_driven_on_linux() {
    eprintln!("skipped: there is no WebKitWebDriver on this system");
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs;
    use std::io::{BufRead, BufReader, BufWriter, Write};
    use std::path::PathBuf;
    use std::process::{Command, Stdio};
    use std::time::Duration;

    use super::support::webdriver::{Start, Window};

    const PROGRAM: &str = env!("CARGO_BIN_EXE_vitalog");
    const SMALL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/small/export.xml");
    const DRAG_SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/drag_source.py");

    const TOTAL: &str = "return document.querySelector('[data-testid=total]')?.textContent ?? ''";
    /// The total once it counts something: the bar hears of an import a moment after its report is there.
    const COUNTED: &str =
        "return document.querySelector('[data-testid=total]')?.textContent.match(/^\\d.*/)?.[0] ?? ''";
    const REPORT: &str = "return document.querySelector('[data-testid=report] dl')?.innerText ?? ''";
    const CHART: &str = "return document.querySelector('[data-testid=chart] svg')?.outerHTML ?? ''";
    const SUMMARY: &str = "return document.querySelector('[data-testid=chart] desc')?.textContent ?? ''";

    pub(crate) fn keep(window: &Window, name: &str) {
        if let Some(folder) = std::env::var_os("VITALOG_PICTURES") {
            window.picture(&PathBuf::from(folder).join(name));
        }
    }

    /// Another python in front of the path would lack the system's GTK.
    fn system_python() -> &'static str {
        let system = "/usr/bin/python3";
        if PathBuf::from(system).exists() { system } else { "python3" }
    }

    fn heading(window: &Window) -> String {
        window.run("return document.querySelector('h1').textContent").as_str().unwrap_or_default().to_owned()
    }

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
        let chart = window.wait(
            "the dark chart",
            &format!("const c = (() => {{ {CHART} }})(); return c.includes('#FF7D92') ? c : ''"),
        );
        assert!(!chart.as_str().unwrap().contains("#C22F4D"));
        keep(&window, "heart-dark.png");
        window.resize(420, 760);
        keep(&window, "heart-narrow-dark.png");
        window.wait("nothing wider than the page", "return document.documentElement.scrollWidth <= innerWidth");
    }

    #[test]
    fn a_file_that_is_no_export_is_refused_in_words() {
        let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        let window = Window::open(PROGRAM, &Start { args: &["open", manifest], ..Start::default() });
        let alert = window.wait("the refusal", "return document.querySelector('[role=alert]')?.innerText ?? ''");
        assert!(alert.as_str().unwrap().contains("not an Apple Health export"), "{alert}");
        assert!(alert.as_str().unwrap().contains("Cargo.toml was not imported"), "{alert}");
        keep(&window, "refused-light.png");
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

    /// An export that takes long enough that a person could press Cancel, or bring another one.
    struct Long(PathBuf);

    impl Long {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("vitalog-{name}-{}.xml", std::process::id()));
            let mut file = BufWriter::new(fs::File::create(&path).unwrap());
            writeln!(file, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<HealthData locale=\"en_US\">").unwrap();
            for i in 0..1_500_000 {
                let (hour, minute, second) = (i / 3600 % 24, i / 60 % 60, i % 60);
                let at = format!("20{:02}-01-01 {hour:02}:{minute:02}:{second:02} +0000", i / 86_400);
                let kind = "HKQuantityTypeIdentifierHeartRate";
                writeln!(
                    file,
                    " <Record type=\"{kind}\" sourceName=\"Invented Watch\" unit=\"count/min\" creationDate=\"{at}\" \
                     startDate=\"{at}\" endDate=\"{at}\" value=\"60\"/>"
                )
                .unwrap();
            }
            writeln!(file, "</HealthData>").unwrap();
            file.flush().unwrap();
            Self(path)
        }
    }

    impl Drop for Long {
        fn drop(&mut self) {
            let _ = fs::remove_file(&self.0);
        }
    }

    /// Nothing is kept of an import that was cancelled.
    #[test]
    fn a_long_import_shows_its_progress_and_can_be_cancelled() {
        let long = Long::new("long");
        let window = Window::open(PROGRAM, &Start { args: &["open", long.0.to_str().unwrap()], ..Start::default() });
        let figures = window.wait("the progress", "return document.querySelector('.figures')?.innerText ?? ''");
        assert!(figures.as_str().unwrap().contains("MB/s"), "{figures}");
        keep(&window, "progress-light.png");
        window.click("section .button");
        let said = "return document.querySelector('p[role=status].card')?.textContent ?? ''";
        let end = window.wait("the end", said);
        assert!(end.as_str().unwrap().ends_with(" cancelled. Nothing was changed."), "{end}");
        assert_eq!(window.wait("the total", TOTAL), "No records yet");
    }

    /// It was ignored without a word.
    #[test]
    fn a_file_dropped_during_an_import_waits_for_its_turn() {
        let long = Long::new("first");
        let args = ["open", long.0.to_str().unwrap()];
        let window = Window::open(PROGRAM, &Start { args: &args, screen: WIDE_SCREEN, ..Start::default() });
        window.wait("the progress", "return document.querySelector('.figures') !== null");
        drop_file(&window, "queue-drag-light.png");
        let waiting = "return document.querySelector('[data-testid=waiting]')?.innerText ?? ''";
        assert!(window.wait("the queue", waiting).as_str().unwrap().contains("export.xml"));
        keep(&window, "queue-light.png");
        window.click("section .button");
        assert!(window.wait("the report", REPORT).as_str().unwrap().contains("380"));
        let said = window.run("return document.querySelector('p[role=status].card')?.textContent ?? ''");
        assert!(said.as_str().unwrap().ends_with(" cancelled. Nothing was changed."), "{said}");
    }

    /// The system's own dialog, by keyboard.
    #[test]
    fn a_file_chosen_in_the_dialog_is_imported() {
        let window = Window::open(PROGRAM, &Start::default());
        window.wait("the first screen", "return document.querySelector('[data-testid=target] .button') !== null");
        window.click("[data-testid=target] .button");
        name_in_dialog(&window, "Choose export", SMALL);
        assert!(window.wait("the report", REPORT).as_str().unwrap().contains("380"));
    }

    /// Room beside the window for another one.
    const WIDE_SCREEN: &str = "1500x950x24";

    /// A real drag of the small export from another window, by pointer.
    fn drop_file(window: &Window, picture: &str) {
        let mut source = window
            .screen_of(Command::new(system_python()).args([DRAG_SOURCE, "1430", "900", SMALL]))
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 is installed");
        let mut ready = String::new();
        BufReader::new(source.stdout.take().unwrap()).read_line(&mut ready).unwrap();
        let pointer = |words: &str| {
            let done = window.on_screen(Command::new("xdotool").args(words.split(' ')));
            assert!(done.status.success(), "{words}: {}", String::from_utf8_lossy(&done.stderr));
            std::thread::sleep(Duration::from_millis(60));
        };
        pointer("mousemove 1450 915");
        pointer("mousedown 1");
        for step in 1..=10 {
            pointer(&format!("mousemove {} {}", 1450 - step * 75, 915 - step * 45));
        }
        window.wait("the target to light up", "return document.querySelector('.target.over') !== null");
        keep(window, picture);
        pointer("mouseup 1");
        window.wait("the drop", "return document.querySelector('.target.over') === null");
        source.kill().unwrap();
        source.wait().unwrap();
    }

    #[test]
    fn a_file_dropped_on_the_window_is_imported() {
        let window = Window::open(PROGRAM, &Start { screen: WIDE_SCREEN, ..Start::default() });
        window.wait("the first screen", "return document.querySelector('[data-testid=target]') !== null");
        drop_file(&window, "drag-light.png");
        let report = window.wait("the report", REPORT);
        assert!(report.as_str().unwrap().contains("380"), "{report}");
    }

    /// A folder with some weeks of the sample person.
    pub(crate) struct Sample(PathBuf);

    impl Sample {
        pub(crate) fn new(name: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("vitalog-{name}-{}", std::process::id()));
            let made =
                Command::new(PROGRAM).args(["demo", "--days", "45", "--data-dir"]).arg(&folder).output().unwrap();
            assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
            Self(folder)
        }

        pub(crate) fn open(&self, env: &[(&str, &str)]) -> Window {
            let folder = self.0.join("demo");
            let args = ["--data-dir", folder.to_str().unwrap(), "open"];
            let window = Window::open(PROGRAM, &Start { args: &args, env, ..Start::default() });
            window.wait("the total", TOTAL);
            window
        }
    }

    impl Drop for Sample {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn addresses(window: &Window) -> Vec<String> {
        let found =
            window.run("return [...document.querySelectorAll('nav a')].map((link) => link.getAttribute('href'))");
        let mut found: Vec<String> = serde_json::from_value(found).unwrap();
        assert!(found.len() > 20, "{found:?}");
        let deeper = [
            "#/type/heart_rate",
            "#/type/step_count",
            "#/sleep?range=month",
            "#/sleep?range=day",
            "#/workouts/1",
            "#/compare?by=periods",
            "#/compare?by=years",
        ];
        found.extend(deeper.map(str::to_owned));
        found
    }

    /// Goes to an address and waits until nothing is loaded any more.
    pub(crate) fn visit(window: &Window, address: &str) {
        window.run(&format!("location.hash = '{address}'"));
        let still = "const main = document.querySelector('main'); \
                     return !main.innerText.includes('Loading') && main.querySelector('h1') !== null";
        window.wait(address, still);
        window.run_long("const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done(1)))");
    }

    /// Loads axe into the page; it is among the page's packages, which `./test` installs.
    pub(crate) fn bring_axe(window: &Window) {
        let axe = concat!(env!("CARGO_MANIFEST_DIR"), "/ui/node_modules/axe-core/axe.min.js");
        let axe = fs::read_to_string(axe).expect("`npm ci` in ui/ brings it");
        window.run(&format!("{axe}; window.axe = axe; return 1"));
    }

    /// What axe finds on the page: the rule and the first element that breaks it.
    pub(crate) fn violations(window: &Window) -> Vec<String> {
        let found = window.run_long(
            "const done = arguments[0]; axe.run(document, {resultTypes: ['violations']}).then((r) => done(r.violations.map((v) => \
             `${v.id}: ${v.nodes[0].html.slice(0, 160)} ${(v.nodes[0].any[0] || {}).message || ''}`)), (e) => done([String(e)]))",
        );
        serde_json::from_value(found).unwrap()
    }

    /// Colours and contrast: the page as it is, dark, and dark with strong contrast.
    pub(crate) const THEMES: [(&str, &str); 3] = [("light", "system"), ("dark", "system"), ("dark", "more")];

    pub(crate) fn choose_theme(window: &Window, (theme, contrast): (&str, &str)) {
        visit(window, "#/settings");
        for (name, to) in [("Colours", theme), ("Contrast", contrast)] {
            window.run(&format!(
                "const s = document.querySelector('select[aria-label={name}]'); s.value = '{to}'; \
                 s.dispatchEvent(new Event('change', {{bubbles: true}})); return 1"
            ));
        }
    }

    /// WCAG by machine, as far as a machine can: every screen, with data, in three themes.
    #[test]
    fn axe_finds_nothing_on_any_screen_in_any_theme() {
        let sample = Sample::new("axe");
        let window = sample.open(&[]);
        bring_axe(&window);
        let mut found = Vec::new();
        for (theme, contrast) in THEMES {
            choose_theme(&window, (theme, contrast));
            for address in addresses(&window) {
                visit(&window, &address);
                found.extend(
                    violations(&window).into_iter().map(|rule| format!("{theme} {contrast} {address}: {rule}")),
                );
                let name: String = address.chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
                keep(&window, &format!("screen{name}-{theme}-{contrast}.png"));
            }
        }
        assert!(found.is_empty(), "{}", found.join("\n"));
    }

    /// Switches to words that are longer than those of any language.
    pub(crate) fn speak_long(window: &Window) {
        window.run("localStorage.setItem('vitalog.language', 'pseudo'); return 1");
        window.reload();
        window.wait("the long words", "return document.querySelector('nav a span')?.textContent.endsWith('\u{eb}')");
        window.wait("the total", TOTAL);
    }

    /// Texts of which a part cannot be seen, and no hint tells the whole.
    pub(crate) fn clipped(window: &Window) -> Vec<String> {
        let found = window.run(
            "const cuts = (what) => ['hidden', 'clip'].includes(what); \
             const wide = [...document.querySelectorAll('body *')].filter((el) => { \
               if (el.closest('.only-heard, svg, .crop, .frame, input, dialog:not([open])') || el.closest('[title]') || !el.checkVisibility()) return false; \
               const style = getComputedStyle(el); \
               return (cuts(style.overflowX) || el.tagName === 'MAIN') && el.scrollWidth > el.clientWidth + 1 \
                 || cuts(style.overflowY) && el.scrollHeight > el.clientHeight + 1; }); \
             const tip = document.querySelector('.tip'), [inner, outer] = [tip, tip?.parentElement].map((el) => el?.getBoundingClientRect()); \
             const out = tip && (inner.left < outer.left - 1 || inner.right > outer.right + 1 || inner.bottom > outer.bottom + 1); \
             return [...wide, ...(out ? [tip] : [])].map((el) => `${el.tagName}.${el.className} ${el.innerText?.slice(0, 60)}`)",
        );
        serde_json::from_value(found).unwrap()
    }

    /// Looks at every screen in long words.
    #[test]
    fn no_text_is_clipped_however_long_it_is() {
        let sample = Sample::new("long-words");
        let window = sample.open(&[]);
        speak_long(&window);
        let mut found = Vec::new();
        for (width, height) in [(1024, 700), (640, 700)] {
            window.resize(width, height);
            for address in addresses(&window) {
                visit(&window, &address);
                found.extend(clipped(&window).into_iter().map(|what| format!("{width} {address}: {what}")));
            }
            keep(&window, &format!("long-words-{width}.png"));
        }
        assert!(found.is_empty(), "{}", found.join("\n"));
    }

    /// Goes through what is on the screen with Tab, of a dialog that is open only through that; how many controls there
    /// are, and those that it passes by.
    pub(crate) fn missed_by_tab(window: &Window) -> (usize, Vec<String>) {
        let controls = window.run(
            "const dialog = document.querySelector('dialog[open]'); \
             if (!window.reached) addEventListener('keydown', () => window.reached.add(document.activeElement), true); \
             window.reached = new Set(); document.activeElement?.blur(); \
             window.all = [...(dialog ?? document).querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex=\"0\"]')] \
               .filter((el) => !el.disabled && (dialog || el.offsetParent !== null && !el.closest('dialog')) && el.checkVisibility()); \
             return window.all.length",
        );
        let controls = controls.as_u64().unwrap() as usize;
        // A field for a day has a stop for each of its parts.
        window.keys(&"\u{e004}".repeat(controls + 25));
        let missed = window.run(
            "return window.all.filter((el) => el.isConnected && !window.reached.has(el)).map((el) => el.outerHTML.slice(0, 120))",
        );
        (controls, serde_json::from_value(missed).unwrap())
    }

    /// Everything that a pointer reaches is reached with Tab, and the focus can be seen there.
    #[test]
    fn the_keyboard_alone_reaches_every_control() {
        let sample = Sample::new("keyboard");
        let window = sample.open(&[]);
        for address in addresses(&window) {
            visit(&window, &address);
            // What comes a moment later is reached the next time round.
            let found = (0..3).map(|_| missed_by_tab(&window)).find(|(_, missed)| missed.is_empty());
            let (controls, missed) = found.unwrap_or_else(|| missed_by_tab(&window));
            assert!(controls > 15 && missed.is_empty(), "{address}: {controls} {missed:?}");
        }
    }

    #[test]
    fn a_stretch_that_is_drawn_into_a_chart_is_zoomed_to() {
        let sample = Sample::new("zoom");
        let window = sample.open(&[]);
        visit(&window, "#/activity");
        window.wait("the chart", SUMMARY);
        let place = window.run(
            "const box = document.querySelector('[role=slider]').getBoundingClientRect(); \
             return [box.left, box.top, box.width, box.height].map(Math.round)",
        );
        let place: Vec<i64> = serde_json::from_value(place).unwrap();
        let y = place[1] + place[3] / 2;
        window.drag((place[0] + place[2] / 2, y), (place[0] + place[2] * 3 / 4, y));
        let hash = window.wait("the zoom", "return /range=\\d+/.exec(location.hash)?.[0]");
        let days: u32 = hash.as_str().unwrap().trim_start_matches("range=").parse().unwrap();
        assert!((6..=10).contains(&days), "a quarter of thirty days: {days}");
        let said = format!(
            "return document.querySelector('[data-testid=summary]').textContent.includes('{days} of {days} days') ? location.hash : ''"
        );
        window.wait("the drawn days", &said);
        keep(&window, "zoomed-light.png");
        // Another range leads back.
        window.keys("3");
        window.wait("the month", "return location.hash.includes('range=month')");
    }

    /// Where a share of the width of the chart lies on the screen.
    fn on_chart(window: &Window, share: f64) -> (i64, i64) {
        let script = format!(
            "const box = document.querySelector('[role=slider]').getBoundingClientRect(); \
             return [box.left + box.width * {share}, box.top + box.height / 2].map(Math.round)"
        );
        serde_json::from_value(window.run(&script)).unwrap()
    }

    const PART: &str = "return /part=(\\d+)\\.\\.(\\d+)/.exec(location.hash)?.[0] ?? ''";

    /// Hours of a day, and of a night, from close by; then a drag moves along them.
    #[test]
    fn a_part_of_a_day_is_drawn_and_moved_along() {
        let sample = Sample::new("part");
        let window = sample.open(&[]);
        for address in ["#/type/heart_rate?range=day", "#/sleep?range=day"] {
            visit(&window, address);
            window.wait("the chart", "return document.querySelector('[role=slider] svg') !== null");
            window.drag(on_chart(&window, 0.4), on_chart(&window, 0.7));
            let part = window.wait("the part", PART);
            window.wait("its picture", "return document.querySelector('[role=slider].pans') !== null");
            window.drag(on_chart(&window, 0.4), on_chart(&window, 0.6));
            let moved = format!("const now = (() => {{ {PART} }})(); return now !== {part} && now");
            window.wait("another part", &moved);
            keep(&window, &format!("part-{}-light.png", &address[2..6]));
            window.click(".zoom button:last-child");
            window.wait("all of it", "return !location.hash.includes('part=')");
        }
    }

    #[test]
    fn a_bar_explains_its_days_and_each_of_them_itself() {
        let sample = Sample::new("why");
        let window = sample.open(&[]);
        visit(&window, "#/activity?range=year");
        window.wait("the chart", "return document.querySelector('[role=slider] svg') !== null");
        window.run("document.querySelector('[role=slider]').focus()");
        // Home, then Enter.
        window.keys("\u{e011}\u{e007}");
        window.wait("the month", "return /why=\\d{4}-\\d\\d-01\\.\\./.test(location.hash)");
        window.wait("its days", "return document.querySelectorAll('[data-testid=explain]:focus tbody tr').length > 20");
        bring_axe(&window);
        assert_eq!(violations(&window), Vec::<String>::new());
        keep(&window, "explained-month-light.png");
        window.click("[data-testid=explain] tbody a");
        window.wait("one day", "return /why=\\d{4}-\\d\\d-\\d\\d$/.test(location.hash)");
        window.wait("its sources", "return document.querySelector('[data-testid=explain]:focus b') !== null");
        assert_eq!(violations(&window), Vec::<String>::new());
        keep(&window, "explained-day-light.png");
    }

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
        visit(&window, "#/sleep?range=day");
        // The number alone: words around it come as they are known.
        let slept = "return /\\d+ ?h( ?\\d+ ?min)?/.exec(document.querySelector('.hero')?.innerText.replace(/\\s+/g, ' '))?.[0] ?? ''";
        let sessions = "return document.querySelectorAll('[data-testid=sessions] li').length";
        let before = window.wait("the night", slept);
        let all = window.wait("its sessions", sessions);
        press(&window, "sessions", "Ignore");
        assert_eq!(window.wait("the word", DONE), "The sleep does not count any more.");
        window.wait(
            "one session less",
            &format!("return document.querySelectorAll('[data-testid=sessions] li').length < {all}"),
        );
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
        window.wait(
            "a night",
            "return /asleep/.test(document.querySelector('[data-testid=summary]')?.textContent ?? '')",
        );
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

    /// The system's own dialog gets a path by keyboard.
    fn name_in_dialog(window: &Window, title: &str, path: &str) {
        let tool = |words: &[&str]| {
            let done = window.on_screen(Command::new("xdotool").args(words));
            assert!(done.status.success(), "{words:?}: {}", String::from_utf8_lossy(&done.stderr));
        };
        tool(&["search", "--sync", "--onlyvisible", "--name", title, "windowactivate", "--sync"]);
        tool(&["type", "--delay", "40", path]);
        tool(&["key", "Return"]);
    }

    /// Presses the button of a part of the settings that has these words, once it can be pressed.
    fn press(window: &Window, part: &str, words: &str) {
        let script = format!(
            "const found = [...document.querySelectorAll('[data-testid={part}] button')] \
               .find((button) => button.textContent.includes('{words}') && !button.disabled); \
             if (found) setTimeout(() => found.click(), 0); return found !== undefined"
        );
        window.wait(words, &script);
    }

    /// What the settings say once it says something of this kind.
    fn said(window: &Window, part: &str, begins: &str) -> String {
        let script = format!(
            "const texts = [...document.querySelectorAll('[data-testid={part}] [role=status]')].map((p) => p.innerText); \
             return texts.find((text) => text.includes('{begins}')) ?? ''"
        );
        window.wait(begins, &script).as_str().unwrap().to_owned()
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

    /// Every screen at twice the size in a small window, and as narrow as a phone: nothing is lost, nothing too small.
    #[test]
    fn every_screen_fits_into_a_quarter_of_the_window_with_targets_that_can_be_hit() {
        let sample = Sample::new("reflow");
        let window = sample.open(&[]);
        let mut found = Vec::new();
        // Of 1024 x 700 at 200 % the page has 512; a page of 320 stands in the narrowest window.
        for (width, page) in [(1024, ""), (512, ""), (400, "320px")] {
            window.resize(width, 700);
            window.run(&format!("document.getElementById('app').style.width = '{page}'; return 1"));
            for address in addresses(&window) {
                visit(&window, &address);
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
}
