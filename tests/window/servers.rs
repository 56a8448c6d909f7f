//! Servers, in the real window: from none to "all stored" at another Vitalog, which runs `serve` on this computer.

use std::process::{Child, ChildStdout};

use serde_json::Value;

use super::phones::for_this_computer_alone;
use super::*;

const STANDS: &str = "return document.querySelector('[data-testid=stands]')?.textContent.trim() ?? ''";
const LEAVES: &str = "return document.querySelector('[data-testid=leaves]')?.textContent ?? ''";

/// Another Vitalog that receives.
struct Far {
    folder: PathBuf,
    serve: Child,
    /// What it says is heard as long as it runs.
    _said: BufReader<ChildStdout>,
    url: String,
    key: String,
}

impl Far {
    fn start(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("vitalog-{name}-far-{}", std::process::id()));
        for_this_computer_alone(&folder);
        let serve = Self::program(&folder).args(["serve", "--no-mdns", "--json"]).stdout(Stdio::piped()).spawn();
        let mut serve = serve.unwrap();
        let mut line = String::new();
        let mut said = BufReader::new(serve.stdout.take().unwrap());
        said.read_line(&mut line).unwrap();
        let listening: Value = serde_json::from_str(&line).unwrap();
        let url = listening["urls"][0].as_str().unwrap().to_owned();
        let added =
            Self::program(&folder).args(["devices", "add", "--app", "vitalog", "--name", "Desk", "--json"]).output();
        let added: Value = serde_json::from_slice(&added.unwrap().stdout).unwrap();
        Self { folder, serve, _said: said, url, key: added["token"].as_str().unwrap().to_owned() }
    }

    fn program(folder: &std::path::Path) -> Command {
        let mut program = Command::new(PROGRAM);
        program.arg("--data-dir").arg(folder);
        program
    }

    fn records(folder: &std::path::Path) -> u64 {
        let status = Self::program(folder).args(["status", "--json"]).output().unwrap();
        serde_json::from_slice::<Value>(&status.stdout).unwrap()["records"].as_u64().unwrap()
    }
}

impl Drop for Far {
    fn drop(&mut self) {
        let _ = self.serve.kill();
        let _ = self.serve.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Somebody with a small export: what is sent is there at once.
struct Own(PathBuf);

impl Own {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("vitalog-{name}-{}", std::process::id()));
        let made = Far::program(&folder).args(["import", SMALL]).output().unwrap();
        assert!(matches!(made.status.code(), Some(0 | 4)), "{}", String::from_utf8_lossy(&made.stderr));
        Self(folder)
    }

    fn open(&self) -> Window {
        let args = ["--data-dir", self.0.to_str().unwrap(), "open"];
        let window = Window::open(PROGRAM, &Start { args: &args, ..Start::default() });
        window.wait("the total", TOTAL);
        window
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Types into the field of a name, as somebody does.
fn fill(window: &Window, label: &str, text: &str) {
    let script = format!(
        "const label = [...document.querySelectorAll('main label')].find((one) => one.textContent.trim() === '{label}'); \
         const field = label && document.getElementById(label.htmlFor); field?.focus(); field?.select(); return field !== undefined && field !== null"
    );
    window.wait(label, &script);
    window.keys(text);
}

fn begin(window: &Window) {
    let script = "const add = document.querySelector('.page-head button.add'); if (add) setTimeout(() => add.click(), 0); return add !== null";
    window.wait("the button that adds one", script);
}

/// Goes as far as the question what it gets.
fn sign_in(window: &Window, far: &Far, look: &mut dyn FnMut(&str)) {
    begin(window);
    fill(window, "Address", &far.url);
    fill(window, "What to call it", "desk");
    look("place");
    press(window, "add", "Next");
    fill(window, "Key", &far.key);
    look("entry");
    press(window, "entry", "Sign in");
    // In a test nobody has a key store: it is asked for, and nothing is kept in a file by itself.
    let asks = "const box = document.querySelector('[data-testid=keep] input'); box?.click(); return box !== null";
    window.wait("the question about a file", asks);
    look("keep");
    press(window, "entry", "Sign in");
    window.wait("what it gets", "return document.querySelector('[data-testid=wanted]') !== null");
}

fn becomes(window: &Window, what: &str, script: &str, expected: &str) {
    window.wait(
        what,
        &format!("const found = (() => {{ {script} }})(); return found.includes('{expected}') ? found : ''"),
    );
}

#[test]
fn a_server_is_added_and_all_is_stored_there() {
    let own = Own::new("servers");
    let far = Far::start("servers");
    let window = own.open();
    becomes(&window, "nothing leaves", LEAVES, "Nothing leaves this computer");
    visit(&window, "#/servers");
    keep(&window, "servers-none.png");
    sign_in(&window, &far, &mut |step| keep(&window, &format!("servers-{step}.png")));
    keep(&window, "servers-wanted.png");
    press(&window, "wanted", "Show the first request");
    becomes(
        &window,
        "the first request",
        "return document.querySelector('[data-testid=preview] pre')?.textContent ?? ''",
        "record",
    );
    keep(&window, "servers-first.png");
    assert_eq!(Far::records(&far.folder), 0, "nothing was sent yet");
    becomes(&window, "nothing is sent", LEAVES, "Sends nothing");
    press(&window, "add", "Start sending");
    becomes(&window, "up to date", STANDS, "Up to date");
    becomes(
        &window,
        "all stored",
        "return document.querySelector('[data-testid=all]')?.textContent ?? ''",
        "All stored",
    );
    assert_eq!(Far::records(&far.folder), Far::records(&own.0), "the other one has all of it");
    becomes(&window, "what leaves", LEAVES, "Sends to one server");
    keep(&window, "servers-stored.png");
    let page = window.run("return document.documentElement.outerHTML");
    assert!(!page.as_str().unwrap().contains(&far.key), "the key is not shown again");

    // What the other one takes no more stops it, and a new key is enough.
    let revoked = Far::program(&far.folder).args(["devices", "revoke", "Desk"]).output().unwrap();
    assert!(revoked.status.success());
    press(&window, "server", "Test");
    becomes(&window, "why", "return document.querySelector('main [role=alert]')?.innerText ?? ''", "secret");
    press(&window, "server", "Pause");
    becomes(&window, "paused", STANDS, "Paused");
    press(&window, "server", "Remove");
    becomes(
        &window,
        "the question",
        "return document.querySelector('[data-testid=remove]')?.innerText ?? ''",
        "stays there",
    );
    press(&window, "remove", "Remove");
    becomes(&window, "none again", LEAVES, "Nothing leaves this computer");
    assert_eq!(Far::records(&far.folder), Far::records(&own.0), "what it has stays there");
}

/// WCAG by machine in every state and theme; nothing is clipped, and the keyboard reaches all of it.
#[test]
fn every_state_of_servers_can_be_seen_heard_and_reached() {
    let own = Own::new("servers-seen");
    let far = Far::start("servers-seen");
    let window = own.open();
    bring_axe(&window);
    let mut found = Vec::new();
    let mut look = |state: &str| {
        for (theme, contrast) in THEMES {
            // A visit to the settings would forget what is half typed here.
            window.run(&format!(
                "Object.assign(document.documentElement.dataset, {{theme: '{theme}', contrast: '{contrast}'}}); return 1"
            ));
            found.extend(violations(&window).into_iter().map(|rule| format!("{state} {theme} {contrast}: {rule}")));
            found.extend(clipped(&window).into_iter().map(|what| format!("{state} {theme}: clipped {what}")));
            keep(&window, &format!("servers-{state}-{theme}-{contrast}.png"));
        }
        let (_, missed) = missed_by_tab(&window);
        // Of kinds to choose from Tab reaches the chosen one, and arrows the others.
        let missed = missed.into_iter().filter(|what| !what.contains("type=\"radio\""));
        found.extend(missed.map(|what| format!("{state}: no Tab reaches {what}")));
    };
    visit(&window, "#/servers");
    look("none");
    sign_in(&window, &far, &mut |_| {});
    window.click("[data-testid=wanted] input[type=radio][value=false]");
    look("wanted");
    window.click("[data-testid=wanted] input[type=radio][value=true]");
    press(&window, "wanted", "Show the first request");
    window.wait("the first request", "return document.querySelector('[data-testid=preview] pre') !== null");
    look("first");
    press(&window, "add", "Start sending");
    becomes(&window, "up to date", STANDS, "Up to date");
    look("stored");
    press(&window, "server", "Remove");
    look("remove");
    assert!(found.is_empty(), "{}", found.join("\n"));
    for (width, height) in [(1024, 700), (512, 700)] {
        window.resize(width, height);
        visit(&window, "#/servers");
        assert_eq!(clipped(&window), Vec::<String>::new(), "{width}");
        keep(&window, &format!("servers-stored-{width}.png"));
    }
    for language in ["de", "pseudo"] {
        window.run(&format!("localStorage.setItem('vitalog.language', '{language}'); return 1"));
        window.reload();
        window.wait("the total", TOTAL);
        for (width, height) in [(1280, 800), (640, 700)] {
            window.resize(width, height);
            visit(&window, "#/servers");
            begin(&window);
            window.wait("the kinds", "return document.querySelector('[data-testid=add] input[type=radio]') !== null");
            assert_eq!(clipped(&window), Vec::<String>::new(), "{language} {width}");
            keep(&window, &format!("servers-{language}-{width}.png"));
            window.run("document.querySelector('[data-testid=add] .end .link').click(); return 1");
        }
    }
}
