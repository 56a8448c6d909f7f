//! Phones, in the real window: one is let in, sends, is seen everywhere, and is taken back; a client speaks as it does.

use std::net::TcpStream;
use std::path::Path;

use serde_json::{Value, json};

use super::*;
use crate::request::{Answer, Request};

const RECEIVING: &str = "return document.querySelector('[data-testid=receiving]')?.textContent.trim() ?? ''";
const FOOT: &str = "return document.querySelector('[data-testid=phones]')?.textContent ?? ''";
const ACTIVITY: &str = "return document.querySelector('[data-testid=activity] tbody')?.innerText ?? ''";
const CODE: &str = "return document.querySelector('[data-testid=code]')?.textContent.replace(' ', '') ?? ''";
const TURN: &str = ".page-head .button";

/// Lets the receiver of a data folder listen to this computer alone, on a port that is free.
pub(crate) fn for_this_computer_alone(folder: &Path) {
    for (key, to) in [("receiver_bind", "127.0.0.1"), ("port", "0")] {
        let set = Command::new(PROGRAM).arg("--data-dir").arg(folder).args(["settings", "set", key, to]).output();
        assert!(set.unwrap().status.success(), "{key}");
    }
}

/// The text of something once it is one that fits.
fn becomes(window: &Window, what: &str, script: &str, expected: &str) -> String {
    let script = format!("const found = (() => {{ {script} }})(); return found.includes('{expected}') ? found : ''");
    window.wait(what, &script).as_str().unwrap().to_owned()
}

pub(crate) fn turn_on(window: &Window) -> u16 {
    visit(window, "#/phone");
    becomes(window, "off", RECEIVING, "Off");
    window.click(TURN);
    becomes(window, "on", RECEIVING, "Receiving");
    port_shown(window)
}

fn port_shown(window: &Window) -> u16 {
    let url = "return document.querySelector('[data-testid=receiver] code')?.textContent ?? ''";
    let url = window.wait("the address", url);
    url.as_str().and_then(|url| url.rsplit(':').next()?.parse().ok()).expect("a port")
}

fn form(port: u16, path: &str, body: &str) -> Answer {
    let mut form = Request::new("POST", path).with("Content-Type", "application/x-www-form-urlencoded");
    form.body = body.as_bytes().to_vec();
    form.send(port)
}

/// Pairs as a phone's browser does, and returns the key for its app.
fn pair(window: &Window, port: u16) -> String {
    press(window, "pair", "Pair a phone\u{2026}");
    window.wait("the apps", "return document.querySelector('[data-testid=pair] input[value=healthsync]') !== null");
    window.click("[data-testid=pair] input[value=healthsync]");
    keep(window, "phone-apps.png");
    press(window, "pair", "Show the code");
    let code = window.wait("a code", CODE);
    keep(window, "phone-code.png");
    let claimed = form(port, "/pair", &format!("code={}", code.as_str().unwrap()));
    let page = claimed.header("location").expect("the phone's page").to_owned();
    let number =
        window.wait("who asks", "return document.querySelector('[data-testid=guest] .digits')?.textContent ?? ''");
    assert!(Request::new("GET", &page).send(port).text().contains(number.as_str().unwrap()), "both sides show it");
    becomes(window, "one waits", FOOT, "1 waiting");
    keep(window, "phone-asks.png");
    press(window, "pair", "Accept");
    window.wait("it is in", "return document.querySelector('[data-testid=is-in]') !== null");
    keep(window, "phone-in.png");
    let told = Request::new("POST", &format!("{page}/healthsync")).send(port).text();
    let key = told.split("value=\"hi_").nth(1).and_then(|rest| rest.split('"').next()).expect("a key");
    press(window, "pair", "Done");
    format!("hi_{key}")
}

fn send(port: u16, key: &str, body: &Value) -> u16 {
    Request::post("/api/apple-health/sync", body.to_string()).token(key).send(port).status
}

/// A value of a type that the sample person has none of.
fn exposure() -> Value {
    let at = "2026-03-14T07:30:00.123Z";
    json!({"export_id": "1", "workouts": [], "metrics": [{"id": "healthkit:21823FF3-D9E2-58C6-81B9-FB922FC64001",
        "type": "uv_exposure", "value": 3, "unit": "count", "start_at": at, "end_at": at, "source_name": "Watch", "metadata": {}}]})
}

#[test]
fn a_phone_is_let_in_sends_and_is_taken_back() {
    let sample = Sample::new("phones");
    for_this_computer_alone(&sample.0.join("demo"));
    let window = sample.open(&[]);
    let before = window.wait("the total", COUNTED);
    becomes(&window, "off", FOOT, "Phones: off");
    visit(&window, "#/phone");
    keep(&window, "phone-off.png");
    let port = turn_on(&window);
    becomes(&window, "on", FOOT, "Phones: on");
    let key = pair(&window, port);
    becomes(
        &window,
        "a phone",
        "return document.querySelector('[data-testid=devices]')?.innerText ?? ''",
        "HealthSync",
    );

    assert_eq!(send(port, &key, &exposure()), 200);
    becomes(&window, "it came", ACTIVITY, "1 new");
    window.wait("one more", &format!("const now = (() => {{ {COUNTED} }})(); return now !== '' && now !== {before}"));
    assert_eq!(send(port, &key, &json!({"metrics": 7})), 422);
    becomes(&window, "what was wrong", ACTIVITY, "It is not put together as it should be");
    keep(&window, "phone-full.png");
    visit(&window, "#/type/uv_exposure");
    window.wait("what it sent", "return /UV/.test(document.querySelector('h1')?.textContent ?? '') && document.querySelector('main').innerText.includes('2026')");

    visit(&window, "#/phone");
    press(&window, "devices", "Undo all\u{2026}");
    becomes(
        &window,
        "the question",
        "return document.querySelector('[data-testid=devices] .ask')?.innerText ?? ''",
        "the one record",
    );
    press(&window, "devices", "Take it back");
    becomes(
        &window,
        "it is undone",
        "return document.querySelector('[data-testid=undone]')?.textContent ?? ''",
        "1 record removed",
    );
    window.wait("as before", &format!("const now = (() => {{ {COUNTED} }})(); return now === {before}"));
    window.click(TURN);
    becomes(&window, "off", RECEIVING, "Off");
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "nobody listens any more");
}

/// WCAG by machine in every state and theme; nothing is clipped, and the keyboard reaches all of it.
#[test]
fn every_state_of_phones_can_be_seen_heard_and_reached() {
    let sample = Sample::new("phones-seen");
    for_this_computer_alone(&sample.0.join("demo"));
    let window = sample.open(&[]);
    bring_axe(&window);
    let mut found = Vec::new();
    let mut look = |state: &str| {
        for (theme, contrast) in THEMES {
            choose_theme(&window, (theme, contrast));
            visit(&window, "#/phone");
            found.extend(violations(&window).into_iter().map(|rule| format!("{state} {theme} {contrast}: {rule}")));
            found.extend(clipped(&window).into_iter().map(|what| format!("{state} {theme}: clipped {what}")));
            keep(&window, &format!("phone-{state}-{theme}-{contrast}.png"));
        }
        let (_, missed) = missed_by_tab(&window);
        // Of apps to choose from Tab reaches the chosen one, and arrows the others.
        let missed = missed.into_iter().filter(|what| !what.contains("type=\"radio\""));
        found.extend(missed.map(|what| format!("{state}: no Tab reaches {what}")));
    };
    let port = turn_on(&window);
    press(&window, "pair", "Pair a phone\u{2026}");
    window.wait("the apps", "return document.querySelector('[data-testid=pair] input[value=vitalog]') !== null");
    look("apps");
    press(&window, "pair", "Type it in by hand");
    let key = "return [...document.querySelectorAll('[data-testid=by-hand] code')].map((it) => it.textContent).find((it) => it.startsWith('hi_')) ?? ''";
    let key = window.wait("a key", key).as_str().unwrap().to_owned();
    look("hand");
    press(&window, "pair", "Done");
    press(&window, "pair", "Pair a phone\u{2026}");
    press(&window, "pair", "Show the code");
    let code = window.wait("a code", CODE).as_str().unwrap().to_owned();
    look("code");
    form(port, "/pair", &format!("code={code}"));
    becomes(&window, "one waits", FOOT, "1 waiting");
    look("guest");
    press(&window, "pair", "Refuse");
    becomes(
        &window,
        "nobody waits",
        "return document.querySelector('[data-testid=pair]')?.innerText ?? ''",
        "New code",
    );
    assert_eq!(send(port, &key, &exposure()), 403, "the key is for another app");
    look("filled");
    assert!(found.is_empty(), "{}", found.join("\n"));
    speak_long(&window);
    for (width, height) in [(1280, 800), (640, 700)] {
        window.resize(width, height);
        visit(&window, "#/phone");
        assert_eq!(clipped(&window), Vec::<String>::new(), "{width}");
        keep(&window, &format!("phone-long-{width}.png"));
    }
}

/// What was on when the window was closed is on when it opens, and nothing of the old one hinders that.
#[test]
fn receiving_goes_on_with_the_next_window() {
    let mut window = Window::open(PROGRAM, &Start { args: &["open"], ..Start::default() });
    for_this_computer_alone(&window.data());
    let port = turn_on(&window);
    window.reopen();
    becomes(&window, "on again", FOOT, "Phones: on");
    visit(&window, "#/phone");
    becomes(&window, "on again", RECEIVING, "Receiving");
    assert_ne!(port_shown(&window), port, "the old one has ended: a free port is another one");
}
