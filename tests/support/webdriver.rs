//! A small WebDriver client and the processes around it: bus, screen, window manager, driver, and through it the app.
//!
//! Everything runs in one process group, which ends with [`Window`]: the driver alone would leave the app behind.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How long anything in the window may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// The app in its window.
pub struct Window {
    screen: Child,
    port: u16,
    session: String,
    folder: PathBuf,
    /// What a session is asked for: the program and its arguments.
    wanted: Value,
}

/// A picture waits for the next frame, and only in WebKit's own way of painting there always is one.
const WAY_OF_PICTURES: (&str, &str) = ("WEBKIT_DISABLE_DMABUF_RENDERER", "0");

/// How to start it.
#[derive(Default)]
pub struct Start<'a> {
    /// Arguments of the program.
    pub args: &'a [&'a str],
    /// Further variables, e.g. `GTK_THEME`.
    pub env: &'a [(&'a str, &'a str)],
    /// The screen, e.g. `1280x900x24`; empty means that.
    pub screen: &'a str,
}

impl Window {
    /// Opens the app; fails the test where a part is missing or does not answer.
    pub fn open(program: &str, start: &Start) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = std::env::temp_dir().join(format!("vitalog-window-{}-{port}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let size = if start.screen.is_empty() { "1280x900x24" } else { start.screen };
        let script = format!(
            "printf '%s\\n%s\\n' \"$DISPLAY\" \"$XAUTHORITY\" > screen; openbox & exec WebKitWebDriver --port={port}"
        );
        let screen = Command::new("dbus-run-session")
            .args(["--", "xvfb-run", "-a", "-s", &format!("-screen 0 {size}"), "sh", "-c", &script])
            .current_dir(&folder)
            .envs([("XDG_DATA_HOME", "data"), ("XDG_CONFIG_HOME", "config"), ("XDG_CACHE_HOME", "cache")].map(
                |(name, part)| {
                    let path = folder.join(part);
                    fs::create_dir_all(&path).unwrap();
                    (name, path)
                },
            ))
            .env("VITALOG_DATA_DIR", folder.join("vitalog"))
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            .env("TZ", "UTC")
            .envs(std::env::var_os("VITALOG_PICTURES").map(|_| WAY_OF_PICTURES))
            .env_remove("DISPLAY")
            .envs(start.env.iter().copied())
            .stdout(Stdio::null())
            .stderr(Stdio::from(fs::File::create(folder.join("log")).unwrap()))
            .process_group(0)
            .spawn()
            .expect("dbus-run-session, xvfb-run and WebKitWebDriver are installed");
        let options = json!({"binary": program, "args": start.args});
        let wanted = json!({"capabilities": {"alwaysMatch": {"webkitgtk:browserOptions": options}}});
        let mut window = Self { screen, port, session: String::new(), folder, wanted };
        window.wait_for("the driver to be ready", || is_ready(port).then_some(()));
        window.begin();
        window
    }

    fn begin(&mut self) {
        let session = self.request("POST", "/session", Some(&self.wanted));
        self.session = session["sessionId"].as_str().expect("a session").to_owned();
    }

    /// Closes the window as a person does and opens it again on the same data, without a file.
    pub fn reopen(&mut self) {
        let remembered = self.data().join("window/state.json");
        let _ = fs::remove_file(&remembered);
        // The page may be gone before it has answered.
        let close = json!({"script": "window.__TAURI_INTERNALS__.invoke('close')", "args": []});
        let _ = self.answer("POST", &format!("/session/{}/execute/sync", self.session), Some(&close));
        self.wait_for("what the window remembers", || remembered.exists().then_some(()));
        let lock = fs::File::open(self.data().join("window/lock")).unwrap();
        self.wait_for("the program to end", || lock.try_lock_shared().ok());
        drop(lock);
        // Where nothing is left to be closed the driver complains, and is free for another one.
        let _ = self.answer("DELETE", &format!("/session/{}", self.session), None);
        self.wanted["capabilities"]["alwaysMatch"]["webkitgtk:browserOptions"]["args"] = json!(["open"]);
        self.begin();
    }

    /// The data folder, unless an argument names another one.
    pub fn data(&self) -> PathBuf {
        self.folder.join("vitalog")
    }

    /// Runs a script in the page and returns what it returns.
    pub fn run(&self, script: &str) -> Value {
        self.call("execute/sync", json!({"script": script, "args": []}))
    }

    /// Loads the page anew and waits until it is there.
    pub fn reload(&self) {
        self.call("refresh", json!({}));
    }

    /// Runs a script that calls its last argument when it is done, and returns what it calls it with.
    pub fn run_long(&self, script: &str) -> Value {
        self.call("execute/async", json!({"script": script, "args": []}))
    }

    /// Waits until a script returns something that is neither null, false nor empty.
    #[track_caller]
    pub fn wait(&self, what: &str, script: &str) -> Value {
        self.wait_for(what, || {
            let value = self.run(script);
            let none = value.is_null() || value == json!(false) || value == json!("");
            (!none).then_some(value)
        })
    }

    /// Clicks the first element that matches, as a person would.
    #[track_caller]
    pub fn click(&self, selector: &str) {
        let found = self.call("element", json!({"using": "css selector", "value": selector}));
        let id = found.as_object().and_then(|o| o.values().next()).and_then(Value::as_str);
        let id = id.unwrap_or_else(|| panic!("no {selector}: {found}"));
        self.call(&format!("element/{id}/click"), json!({}));
    }

    /// Types into whatever has the focus.
    pub fn keys(&self, keys: &str) {
        let press = |key: char| [json!({"type": "keyDown", "value": key}), json!({"type": "keyUp", "value": key})];
        let presses: Vec<Value> = keys.chars().flat_map(press).collect();
        self.call("actions", json!({"actions": [{"type": "key", "id": "keys", "actions": presses}]}));
    }

    /// Presses a key while another one is held.
    pub fn chord(&self, held: char, key: char) {
        let steps = [("keyDown", held), ("keyDown", key), ("keyUp", key), ("keyUp", held)];
        let presses = steps.map(|(kind, value)| json!({"type": kind, "value": value}));
        self.call("actions", json!({"actions": [{"type": "key", "id": "keys", "actions": presses}]}));
    }

    /// Drags from one place to another, in pixels of the page.
    pub fn drag(&self, from: (i64, i64), to: (i64, i64)) {
        let go = |(x, y): (i64, i64)| json!({"type": "pointerMove", "duration": 50, "x": x, "y": y});
        let middle = ((from.0 + to.0) / 2, (from.1 + to.1) / 2);
        let steps = [
            go(from),
            json!({"type": "pointerDown", "button": 0}),
            go(middle),
            go(to),
            json!({"type": "pointerUp", "button": 0}),
        ];
        let mouse = json!({"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": steps});
        self.call("actions", json!({"actions": [mouse]}));
    }

    /// Keeps a picture of the page as PNG.
    pub fn picture(&self, path: &Path) {
        let settled = "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done(1)))";
        self.call("execute/async", json!({"script": settled, "args": []}));
        let picture = self.request("GET", &format!("/session/{}/screenshot", self.session), None);
        fs::create_dir_all(path.parent().expect("a folder")).unwrap();
        fs::write(path, base64(picture.as_str().expect("a picture"))).unwrap();
    }

    /// Runs a program on the window's screen and waits for it.
    pub fn on_screen(&self, command: &mut Command) -> std::process::Output {
        self.screen_of(command).output().expect("the program starts")
    }

    /// Puts a program that is to be started onto the window's screen.
    pub fn screen_of<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        let screen = fs::read_to_string(self.folder.join("screen")).unwrap_or_default();
        let mut lines = screen.lines();
        command.env("DISPLAY", lines.next().unwrap_or_default()).env("XAUTHORITY", lines.next().unwrap_or_default())
    }

    /// Sets the window's outer size and waits until the page has it.
    ///
    /// The window manager may be busy with the window when it is asked, and a toolkit that has asked for a size does
    /// not ask for the same one again: each new try differs by a pixel in height.
    #[track_caller]
    pub fn resize(&self, width: u32, height: u32) {
        let mut tries = 0;
        self.wait_for("the window's new size", || {
            self.call("window/rect", json!({"width": width, "height": height - tries % 2}));
            tries += 1;
            let page = self.run("return innerWidth");
            // Frames and scroll bars take their part.
            page.as_u64().is_some_and(|page| page.abs_diff(u64::from(width)) < 60).then_some(())
        });
    }

    fn call(&self, what: &str, body: Value) -> Value {
        self.request("POST", &format!("/session/{}/{what}", self.session), Some(&body))
    }

    #[track_caller]
    pub fn wait_for<T>(&self, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = look() {
                return found;
            }
            if Instant::now() > until {
                let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                panic!("waited in vain for {what}; the log says:\n{log}");
            }
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    fn request(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let value = self.answer(method, path, body);
        assert!(value.get("error").is_none() || value.get("message").is_none(), "{method} {path}: {value}");
        value
    }

    fn answer(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let body = body.map(Value::to_string).unwrap_or_default();
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("the driver listens");
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n",
            self.port,
            body.len()
        );
        stream.write_all((head + &body).as_bytes()).unwrap();
        let answer = read_answer(&mut stream);
        let answer: Value = serde_json::from_slice(&answer)
            .unwrap_or_else(|e| panic!("{method} {path}: {e}: {}", String::from_utf8_lossy(&answer)));
        answer["value"].clone()
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        // The group's number is that of its first process; a negative number means the group.
        let _ = Command::new("kill").args(["-TERM", "--", &format!("-{}", self.screen.id())]).status();
        let until = Instant::now() + Duration::from_secs(3);
        while Instant::now() < until && matches!(self.screen.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(30));
        }
        let _ = Command::new("kill")
            .args(["-KILL", "--", &format!("-{}", self.screen.id())])
            .stderr(Stdio::null())
            .status();
        let _ = self.screen.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Whether a driver says that it takes a session. Nobody may be there yet, or somebody who is still starting.
fn is_ready(port: u16) -> bool {
    let ask = || {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(b"GET /status HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok::<_, std::io::Error>(answer)
    };
    ask().is_ok_and(|answer| answer.contains("\"ready\":true"))
}

/// Reads head and body; the length is always given by this driver.
fn read_answer(stream: &mut TcpStream) -> Vec<u8> {
    let (mut bytes, mut part) = (Vec::new(), [0; 65536]);
    loop {
        if let Some(head) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let length = content_length(&String::from_utf8_lossy(&bytes[..head]));
            if bytes.len() >= head + 4 + length {
                return bytes[head + 4..head + 4 + length].to_vec();
            }
        }
        match stream.read(&mut part) {
            Ok(0) => panic!("the driver closed the connection"),
            Ok(n) => bytes.extend_from_slice(&part[..n]),
            // Whoever stops a process and lets it go on interrupts what it waits for.
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => panic!("the driver did not answer in time: {error}"),
        }
    }
}

fn content_length(head: &str) -> usize {
    let line =
        head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:").map(str::to_owned));
    line.and_then(|length| length.trim().parse().ok()).unwrap_or(0)
}

fn base64(text: &str) -> Vec<u8> {
    let six = |c: u8| match c {
        b'A'..=b'Z' => c - b'A',
        b'a'..=b'z' => c - b'a' + 26,
        b'0'..=b'9' => c - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let digits: Vec<u8> = text.bytes().filter(|c| c.is_ascii() && *c != b'=' && *c != b'\n').map(six).collect();
    let mut bytes = Vec::with_capacity(digits.len() * 3 / 4);
    for four in digits.chunks(4) {
        let all = four.iter().enumerate().fold(0_u32, |all, (i, six)| all | u32::from(*six) << (18 - 6 * i));
        bytes.extend_from_slice(&all.to_be_bytes()[1..four.len()]);
    }
    bytes
}
