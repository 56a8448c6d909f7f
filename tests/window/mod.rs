//! What the journeys share: the program, a store of the sample person, and what is asked of a page.

mod acts;
mod background;
mod charts;
mod imports;
mod opened;
mod phones;
mod screens;
mod servers;
mod settings;
mod starts;
mod states;

use crate::support::webdriver::{Start, Window};
use std::fs;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

const PROGRAM: &str = env!("CARGO_BIN_EXE_vitalog");
const SMALL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/small/export.xml");
const DRAG_SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/drag_source.py");
const TOTAL: &str = "return document.querySelector('[data-testid=total]')?.textContent ?? ''";
/// The total once it counts something: the bar hears of an import a moment after its report is there.
const COUNTED: &str = "return document.querySelector('[data-testid=total]')?.textContent.match(/^\\d.*/)?.[0] ?? ''";
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
/// A folder with some weeks of the sample person.
pub(crate) struct Sample(PathBuf);
impl Sample {
    pub(crate) fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("vitalog-{name}-{}", std::process::id()));
        let made = Command::new(PROGRAM).args(["demo", "--days", "45", "--data-dir"]).arg(&folder).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        Self(folder)
    }

    /// The day that the last night belongs to, as `vitalog sleep` says it.
    pub(crate) fn last_night(&self) -> String {
        let asked = Command::new(PROGRAM)
            .arg("--data-dir")
            .arg(self.0.join("demo"))
            .args(["sleep", "--json"])
            .output()
            .unwrap();
        let nights: serde_json::Value = serde_json::from_slice(&asked.stdout).unwrap();
        nights.as_array().and_then(|nights| nights.last()).unwrap()["day"].as_str().unwrap().to_owned()
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
         const pen = document.createElement('canvas').getContext('2d'); \
         const said = [...document.querySelectorAll('select')].filter((el) => el.checkVisibility() && !el.closest('[title], dialog:not([open])')); \
         wide.push(...said.filter((el) => { \
           const style = getComputedStyle(el); pen.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`; \
           const room = el.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight); \
           return pen.measureText(el.selectedOptions[0]?.text ?? '').width > room + 1; })); \
         const tip = document.querySelector('.tip'), [inner, outer] = [tip, tip?.parentElement].map((el) => el?.getBoundingClientRect()); \
         const out = tip && (inner.left < outer.left - 1 || inner.right > outer.right + 1 || inner.bottom > outer.bottom + 1); \
         return [...wide, ...(out ? [tip] : [])].map((el) => `${el.tagName}.${el.className} ${el.innerText?.slice(0, 60)}`)",
    );
    serde_json::from_value(found).unwrap()
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
