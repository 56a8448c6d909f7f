//! What the window lets in and what it may do, as it is set up: nothing from elsewhere, no script that is not ours, no
//! file that nobody gave. `tests/ipc/bounds.rs` has the bounds of the commands.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn parsed(path: &str) -> Value {
    serde_json::from_str(&read(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn the_page_may_load_its_own_files_and_nothing_else() {
    let config = parsed("tauri.conf.json");
    let security = config["app"]["security"].as_object().expect("a section on security");
    // No directive is taken back elsewhere, and no protocol reaches the disk.
    assert_eq!(security.keys().collect::<Vec<_>>(), ["csp"]);
    let directives: BTreeMap<&str, &str> = security["csp"]
        .as_str()
        .expect("a policy")
        .split(';')
        .map(|directive| directive.trim().split_once(' ').expect("a directive and its sources"))
        .collect();
    let expected = BTreeMap::from([
        ("default-src", "'none'"),
        ("script-src", "'self'"),
        // Places in charts and the widths of bars are styles of elements.
        ("style-src", "'self' 'unsafe-inline'"),
        ("img-src", "'self' data: blob:"),
        ("font-src", "'self'"),
        ("connect-src", "ipc: http://ipc.localhost"),
        ("base-uri", "'none'"),
        ("form-action", "'none'"),
        ("frame-ancestors", "'none'"),
    ]);
    assert_eq!(directives, expected);
}

#[test]
fn the_one_window_shows_our_page_without_a_global_object() {
    let app = &parsed("tauri.conf.json")["app"];
    assert!(app["withGlobalTauri"].is_null() || app["withGlobalTauri"] == false);
    let windows = app["windows"].as_array().expect("windows");
    assert_eq!((windows.len(), &windows[0]["label"]), (1, &json!("main")));
    for remote in ["url", "proxyUrl", "useHttpsScheme", "additionalBrowserArgs", "dangerousInsecureTransportProtocol"] {
        assert!(windows[0][remote].is_null(), "{remote}");
    }
    assert_eq!(parsed("tauri.conf.json")["build"]["frontendDist"], "ui/dist");
}

#[test]
fn the_window_may_hear_events_and_no_more() {
    let files: Vec<_> = fs::read_dir(root().join("src-tauri/capabilities"))
        .expect("capabilities")
        .map(|file| file.expect("a file").file_name())
        .collect();
    assert_eq!(files, ["main.json"]);
    let mut capability = parsed("src-tauri/capabilities/main.json");
    let keys: Vec<&String> = capability.as_object().expect("an object").keys().collect();
    // No `remote`, so no other page has any of it.
    assert_eq!(keys, ["description", "identifier", "permissions", "windows"]);
    assert_eq!(capability["windows"], json!(["main"]));
    assert_eq!(capability["permissions"].take(), json!(["core:event:allow-listen", "core:event:allow-unlisten"]));
}

/// A plug-in brings commands of its own; of the one that there is the page is allowed none.
#[test]
fn the_only_plug_in_is_that_of_the_dialogs() {
    let manifest = read("Cargo.toml");
    let names = manifest.lines().filter_map(|line| line.split_once([' ', '.']).map(|(name, _)| name));
    let mut plugins: Vec<&str> = names.filter(|name| name.starts_with("tauri-plugin-")).collect();
    plugins.dedup();
    assert_eq!(plugins, ["tauri-plugin-dialog"]);
    let setup = read("src-tauri/window/mod.rs");
    assert_eq!(setup.matches(".plugin(").count(), 1);
}

#[test]
fn no_script_stands_in_the_page() {
    let page = read("ui/index.html");
    for script in page.split("<script").skip(1) {
        let (head, body) = script.split_once('>').expect("a whole element");
        assert!([" src=\"/src/", " src=\"/looks.js\""].iter().any(|own| head.contains(own)), "{head}");
        assert!(body.starts_with("</script>"), "{body}");
    }
    assert!(!page.contains("http"), "nothing is loaded from elsewhere");
}

/// Names come from files that anybody can write, so they are texts. Only pictures that the chart crate has drawn are
/// put in as they are; it escapes what is in them.
#[test]
fn only_charts_are_put_in_as_markup() {
    let mut found = Vec::new();
    walk(&root().join("ui/src"), &mut |path, text| {
        let markup = ["{@html", "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("];
        let hits = markup.iter().map(|mark| text.matches(mark).count()).sum::<usize>();
        let of_charts = text.matches("{@html chart.svg}").count();
        if hits > of_charts {
            found.push(path.to_owned());
        }
    });
    assert_eq!(found, Vec::<PathBuf>::new());
}

/// Every address that the page could ask for is one of its own.
#[test]
fn the_page_asks_the_program_and_nobody_else() {
    walk(&root().join("ui/src"), &mut |path, text| {
        for call in ["fetch(", "XMLHttpRequest", "WebSocket(", "EventSource(", "sendBeacon", "window.open("] {
            assert!(!text.contains(call), "{}: {call}", path.display());
        }
        let asks = text.contains("@tauri-apps/api");
        assert!(!asks || path.ends_with("ui/src/ipc.ts"), "{}: asks by itself", path.display());
    });
}

/// The page's sources without its tests.
fn walk(folder: &Path, look: &mut impl FnMut(&Path, &str)) {
    let mut seen = 0;
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() && !entry.ends_with("tests") {
            walk(&entry, look);
        } else if entry.extension().is_some_and(|end| end == "ts" || end == "svelte") {
            seen += 1;
            look(&entry, &fs::read_to_string(&entry).expect("a source"));
        }
    }
    assert!(seen > 0 || folder.ends_with("views"), "{}: nothing to look at", folder.display());
}

/// The system hands a file to the program that is named for it: by a click, or by a drop on its icon.
#[test]
fn a_zip_is_opened_with_the_program_on_every_system() {
    let bundle = &parsed("tauri.conf.json")["bundle"];
    let kinds = bundle["fileAssociations"].as_array().expect("kinds of files");
    let zip = kinds.iter().find(|kind| kind["ext"] == json!(["zip"])).expect("zip");
    // An alternative: archives are other programs' business.
    assert_eq!(
        (&zip["mimeType"], &zip["role"], &zip["rank"]),
        (&json!("application/zip"), &json!("Viewer"), &json!("Alternate"))
    );
    assert_eq!(bundle["targets"], json!(["deb", "appimage", "dmg", "msi"]));
    let desktop = read("packaging/vitalog.desktop");
    for line in ["Exec={{exec}} open %f", "MimeType=application/zip;"] {
        assert!(desktop.lines().any(|known| known == line), "{line}");
    }
}

/// What hinders the data has words in the window: what it is, and the next step. The page's own test holds the other
/// languages against English.
#[test]
fn every_trouble_of_the_store_has_words() {
    let page = read("ui/src/words/en.ts");
    let (_, block) = page.split_once("  trouble: {").expect("a block of troubles");
    let troubles = app::Code::TABLE
        .iter()
        .map(|(_, word, _)| *word)
        .filter(|word| word.starts_with("store_") || matches!(*word, "no_space" | "file"));
    for code in troubles {
        assert!(block.contains(&format!("      {code}: {{\n        title: ")), "{code}");
    }
}
