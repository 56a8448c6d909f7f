//! What hinders the data while the window is open: somebody else writes, the folder is read-only, the disk is full. The
//! window says what happened and what to do, what is there can be looked at, and nothing is lost.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::support::webdriver::{Start, Window};

const PROGRAM: &str = env!("CARGO_BIN_EXE_vitalog");
const TOTAL: &str = "return document.querySelector('[data-testid=total]')?.textContent.match(/^\\d.*/)?.[0] ?? ''";
const ALERT: &str = "return [...document.querySelectorAll('[role=alert]')].map((note) => note.innerText).join(' ')";
const DONE: &str = "return document.querySelector('[data-testid=done]')?.textContent ?? ''";

/// A folder that is gone in the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("vitalog-state-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    /// One with data of a made-up person, and where they lie.
    fn filled(name: &str) -> (Self, PathBuf) {
        let folder = Self::new(name);
        run(&["demo", "--days", "45", "--data-dir", folder.path()]);
        let data = folder.0.join("demo");
        (folder, data)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }

    /// A program that sees the folder otherwise than everybody else; none where no test may mount anything.
    fn program(&self, mount: &str) -> Option<PathBuf> {
        let program = self.0.join("vitalog");
        let script = format!(
            "#!/bin/sh\nexec unshare --map-root-user --mount sh -c '{mount} || exit 99; exec \"$@\"' {data} {PROGRAM} \"$@\"\n",
            data = self.0.join("demo").display()
        );
        fs::write(&program, script).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let mounted = Command::new(&program).arg("--version").output().is_ok_and(|output| output.status.success());
        if !mounted {
            assert!(std::env::var_os("CI").is_none(), "where it counts this has to be seen");
            println!("skipped: this computer lets nobody mount a folder");
        }
        mounted.then_some(program)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[track_caller]
fn run(arguments: &[&str]) {
    let done = Command::new(PROGRAM).args(arguments).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

fn open(program: &Path, data: &Path, file: Option<&Path>) -> Window {
    let mut args = vec!["--data-dir", data.to_str().unwrap(), "open"];
    args.extend(file.map(|file| file.to_str().unwrap()));
    Window::open(program.to_str().unwrap(), &Start { args: &args, ..Start::default() })
}

fn keep(window: &Window, name: &str) {
    if let Some(folder) = std::env::var_os("VITALOG_PICTURES") {
        window.picture(&PathBuf::from(folder).join(name));
    }
}

/// The alert once it says all of this.
#[track_caller]
fn check_alert(window: &Window, expected: &[&str]) {
    let words = serde_json::to_string(expected).unwrap();
    let script = format!("const said = (() => {{ {ALERT} }})(); return {words}.every((text) => said.includes(text))");
    window.wait(&expected.join(" + "), &script);
}

/// Leaves out the rows of the days that the chart of steps shows.
fn hide_steps(window: &Window) {
    window.run("location.hash = '#/type/step_count'; return 1");
    let ready = "const part = document.querySelector('[data-testid=hide]'); \
                 const hide = [...(part?.querySelectorAll('button') ?? [])].find((button) => button.textContent.includes('Hide')); \
                 if (!/\\d rows count there/.test(part?.innerText ?? '') || hide.disabled) return false; \
                 setTimeout(() => hide.click(), 0); return true";
    window.wait("how many rows", ready);
}

/// Somebody who writes to a store and does not come to an end.
struct Writer(Child);

impl Writer {
    fn on(store: &Path) -> Self {
        let script = "import sqlite3, sys; db = sqlite3.connect(sys.argv[1], isolation_level=None); \
                      db.execute('BEGIN IMMEDIATE'); print('writes', flush=True); sys.stdin.read()";
        let mut python = Command::new("python3");
        let python = python.args(["-c", script]).arg(store).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = python.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line.trim(), "writes");
        Self(child)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // It ends with what it reads from.
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

#[test]
fn while_somebody_else_writes_the_window_says_so_and_shows_what_is_there() {
    let (_folder, data) = Folder::filled("busy");
    let window = open(Path::new(PROGRAM), &data, None);
    let total = window.wait("the total", TOTAL);
    let writer = Writer::on(&data.join("vitalog.db"));
    hide_steps(&window);
    check_alert(&window, &["Another program is writing to the data", "Try again when it is done."]);
    keep(&window, "busy-light.png");
    window.run("location.hash = '#/heart'; return 1");
    window.wait("the chart", "return document.querySelector('[data-testid=chart] desc')?.textContent ?? ''");
    assert_eq!(window.run(TOTAL), total);
    drop(writer);
    hide_steps(&window);
    assert!(window.wait("the word", DONE).as_str().unwrap().contains("hidden"));
}

#[test]
fn data_in_a_read_only_folder_are_shown_and_what_would_write_says_the_next_step() {
    let (folder, data) = Folder::filled("read-only");
    // A window that can remember nothing is one that no driver drives.
    fs::create_dir_all(data.join("window")).unwrap();
    let mount = "mount --bind \"$0\" \"$0\" && mount -o remount,bind,ro \"$0\" && mount -t tmpfs none \"$0/window\"";
    let Some(program) = folder.program(mount) else { return };
    let before = fs::read(data.join("vitalog.db")).unwrap();
    let window = open(&program, &data, None);
    let total = window.wait("the total", TOTAL);
    hide_steps(&window);
    check_alert(&window, &["read-only", "Give yourself the right to write there"]);
    keep(&window, "read-only-light.png");
    assert_eq!(window.run(TOTAL), total);
    drop(window);
    // What a killed writer leaves behind.
    fs::write(data.join("vitalog.db-wal"), b"not settled yet").unwrap();
    let window = open(&program, &data, None);
    window.wait("the steps", "return document.querySelectorAll('[data-testid=trouble] li').length > 1");
    let heading = window.run("return document.querySelector('h1').textContent");
    assert_eq!(heading, "The data cannot be read where they lie");
    keep(&window, "read-only-unsettled-light.png");
    drop(window);
    assert!(fs::read(data.join("vitalog.db")).unwrap() == before, "the store was touched");
}

#[test]
fn an_import_onto_a_full_disk_says_so_and_leaves_everything_as_it_was() {
    let folder = Folder::new("full");
    let (data, export) = (folder.0.join("demo"), folder.0.join("export.zip"));
    run(&["demo", "--days", "45", "--export", export.to_str().unwrap()]);
    fs::create_dir(&data).unwrap();
    // What is imported needs more than twice as much.
    let Some(program) = folder.program("mount -t tmpfs -o size=2m none \"$0\"") else { return };
    let window = open(&program, &data, Some(&export));
    check_alert(&window, &["export.zip was not imported", "The disk is full", "Make room on the disk."]);
    keep(&window, "full-light.png");
    let total = "return document.querySelector('[data-testid=total]')?.textContent ?? ''";
    assert_eq!(window.wait("the total", total), "No records yet");
    window.run("location.hash = '#/settings'; return 1");
    window.wait("the settings", "return document.querySelector('main select') !== null");
}
