//! What goes wrong around the program: a file that was cut off, a store that is damaged or of another time, a disk that
//! is full or read-only, an end half way. The store is whole afterwards, and as before or as after.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

#[path = "support/program.rs"]
mod program;

use program::{Folder, error_line, person};

fn filled(name: &str) -> Folder {
    let folder = Folder::new(name);
    folder.check(&["import", &person()], 4);
    folder
}

#[test]
fn a_document_that_was_cut_off_is_exit_4() {
    let folder = Folder::new("cut-off");
    let whole = fs::read(Path::new(&person()).join("export.xml")).expect("the person's document");
    let file = folder.path("export.xml");
    fs::write(&file, &whole[..4000]).expect("written");
    for arguments in [&["--dry-run"][..], &[]] {
        let output = folder.check(&[&["import", file.to_str().expect("UTF-8")], arguments].concat(), 4);
        let words = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            words.contains("The file ends too early; what was there is kept (truncated): once, at byte "),
            "{words}"
        );
    }
}

#[test]
fn a_store_of_another_time_or_kind_is_refused_and_left_alone() {
    for (name, code) in [("newer", "store_newer"), ("text", "store_damaged"), ("foreign", "store_damaged")] {
        let folder = filled(name);
        let path = folder.data().join("vitalog.db");
        let mut bytes = fs::read(&path).expect("the store");
        match name {
            // The header keeps `user_version` here, the greatest digit first.
            "newer" => bytes.splice(60..64, 99_u32.to_be_bytes()).for_each(drop),
            // No store has this version and tables.
            "foreign" => bytes.splice(60..64, [0; 4]).for_each(drop),
            _ => bytes = b"These are my notes, not a store.".repeat(200),
        }
        fs::write(&path, &bytes).expect("written");
        for arguments in
            [&["status"][..], &["import", &person()], &["settings", "set", "units", "metric"], &["undo", "1"]]
        {
            let output = folder.check(&[arguments, &["--json"]].concat(), 1);
            assert_eq!(error_line(&output)["code"], code, "{arguments:?}");
        }
        assert!(fs::read(&path).expect("the store") == bytes, "{name}: the file was touched");
        folder.check(&["doctor"], 1);
    }
}

/// As on a disk that is mounted read-only; only where a test may mount one.
#[cfg(target_os = "linux")]
#[test]
fn a_store_in_a_read_only_folder_can_be_looked_at() {
    let folder = filled("read-only");
    let before = folder.answer(&["types"]);
    // Mounted over itself, in a space of its own that ends with the program.
    let mounted = |arguments: &[&str]| {
        let program = folder.command(arguments);
        let script = "mount --bind \"$0\" \"$0\" && mount -o remount,bind,ro \"$0\" || exit 99; exec \"$@\"";
        let mut unshare = std::process::Command::new("unshare");
        unshare.args(["--map-root-user", "--mount", "sh", "-c", script]).arg(folder.data());
        unshare.arg(program.get_program()).args(program.get_args()).output()
    };
    match mounted(&["types", "--json"]) {
        Ok(output) if output.status.code() == Some(0) => {
            assert_eq!(serde_json::from_slice::<Value>(&output.stdout).expect("JSON"), before);
        }
        Ok(output) if !String::from_utf8_lossy(&output.stderr).starts_with("vitalog:") => {
            return println!("skipped: this computer lets nobody mount a folder");
        }
        Ok(output) => panic!("{}", String::from_utf8_lossy(&output.stderr)),
        Err(_) => return println!("skipped: there is no unshare"),
    }
    for arguments in [&["status"][..], &["imports", "1"], &["daily"], &["verify"], &["sql", "SELECT 1"]] {
        let output = mounted(arguments).expect("runs");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    let refused = mounted(&["undo", "1", "--json"]).expect("runs");
    assert_eq!((refused.status.code(), &error_line(&refused)["code"]), (Some(1), &json!("file")));
    // What a killed writer leaves behind.
    fs::write(folder.data().join("vitalog.db-wal"), b"not settled yet").expect("written");
    let refused = mounted(&["status", "--json"]).expect("runs");
    assert_eq!((refused.status.code(), &error_line(&refused)["code"]), (Some(1), &json!("store_read_only")));
}

#[test]
fn a_page_that_went_bad_is_found() {
    let folder = filled("bad-page");
    let path = folder.data().join("vitalog.db");
    let mut bytes = fs::read(&path).expect("the store");
    // All of a page: half of one may be room that nobody uses yet.
    let middle = bytes.len() / 2 / 8192 * 8192;
    bytes[middle..middle + 8192].fill(0xab);
    fs::write(&path, bytes).expect("written");
    let output = folder.check(&["verify", "--json"], 1);
    let found = serde_json::from_slice::<Value>(&output.stdout);
    assert!(found.map_or_else(|_| error_line(&output)["code"] == "store_damaged", |answer| answer["ok"] == false));
    folder.check(&["doctor"], 1);
}

#[test]
fn a_day_that_was_counted_wrongly_is_found() {
    let folder = filled("wrong-day");
    let script = "import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); \
                  db.execute('UPDATE daily SET total = total + 1 WHERE total = 1000'); db.commit()";
    let mut python = std::process::Command::new("python3");
    assert!(
        python.args(["-c", script]).arg(folder.data().join("vitalog.db")).status().expect("python3 runs").success()
    );
    let output = folder.check(&["verify", "--json"], 1);
    let answer: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((&answer["ok"], &answer["findings"][0]["check"]), (&json!(false), &json!("daily")));
    let text = answer["findings"][0]["text"].as_str().expect("a text");
    assert!(text.contains("StepCount") && text.contains("2026-03-14") && !text.contains("1000"), "{text}");
    folder.check(&["verify", "--repair"], 0);
    folder.check(&["verify"], 0);
}

#[cfg(unix)]
#[test]
fn a_full_disk_leaves_the_store_as_it_was_or_the_import_whole() {
    let folder = Folder::new("full-disk");
    folder.check(&["settings", "set", "week_start", "sunday"], 0);
    let (mut refused, mut done) = (0, 0);
    // From too little for the log to enough for everything; in between the log fits and the file does not.
    for blocks in (200..=900).step_by(20) {
        // A limit on file sizes stands for the disk: what the program writes beyond it fails, and the signal is
        // ignored.
        let program = folder.command(&["import", &person(), "--json"]);
        let mut limited = std::process::Command::new("sh");
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
        limited.args(["-c", &script]).arg(program.get_program());
        let output = limited.args(program.get_args()).output().expect("sh runs");
        let records = folder.answer(&["status"])["records"].as_u64();
        match output.status.code() {
            Some(1) => {
                assert_eq!((&error_line(&output)["code"], records), (&"no_space".into(), Some(0)), "{blocks}");
                refused += 1;
            }
            code => {
                let words = String::from_utf8_lossy(&output.stderr);
                assert_eq!((code, records), (Some(4), Some(32)), "{blocks}: {words}");
                folder.check(&["verify"], 0);
                folder.check(&["undo", &folder.answer(&["imports"])[done]["import"].to_string()], 0);
                done += 1;
            }
        }
    }
    assert!(refused > 0 && done > 0, "{refused} refused, {done} done");
}

/// Ends a program that waits for what never comes, and returns its exit code and error.
#[cfg(unix)]
#[track_caller]
fn check_stopped(mut program: std::process::Command, signal: &str) {
    use std::process::{Command, Stdio};

    let mut child = program.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("runs");
    // The thread that hears signals is there, and the first one waits in the kernel.
    let (state, threads) = (format!("/proc/{}/stat", child.id()), format!("/proc/{}/task", child.id()));
    let hears = || fs::read_dir(&threads).is_ok_and(|threads| threads.count() > 1);
    let sleeps = || fs::read_to_string(&state).is_ok_and(|stat| stat.contains(") S "));
    while !(hears() && sleeps()) {
        std::thread::yield_now();
    }
    let killed = Command::new("kill").args([signal, &child.id().to_string()]).status().expect("kill runs");
    assert!(killed.success());
    // Its input stays open until it has ended.
    let input = child.stdin.take();
    let output = child.wait_with_output().expect("it ends");
    drop(input);
    assert_eq!(output.status.code(), Some(130), "{signal}: {}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(error_line(&output)["code"], "cancelled", "{signal}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_stop_is_heard_while_nothing_comes() {
    let folder = filled("waiting");
    let before = folder.answer(&["types"]);
    for signal in ["-INT", "-TERM"] {
        check_stopped(folder.command(&["import", "-", "--json"]), signal);
    }
    let pipe = folder.path("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo runs").success());
    check_stopped(folder.command(&["import", pipe.to_str().expect("UTF-8"), "--json"]), "-INT");
    assert_eq!(folder.answer(&["types"]), before);
    folder.check(&["verify"], 0);
}

/// A document that is read from standard input is under way for as long as the test wants.
#[cfg(unix)]
#[test]
fn ctrl_c_during_an_import_leaves_everything_as_it_was() {
    use std::io::Write;
    use std::process::{Command, Stdio};

    const RECORDS: u32 = 200_000;
    let folder = filled("ctrl-c");
    let before = folder.answer(&["types"]);
    let mut import = folder.command(&["import", "-", "--json"]);
    let mut import = import.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("runs");
    let mut input = std::io::BufWriter::new(import.stdin.take().expect("a pipe"));
    let head = "<?xml version=\"1.0\"?><HealthData locale=\"en_GB\"><ExportDate value=\"2026-11-02 20:00:00 +0100\"/>";
    writeln!(input, "{head}").expect("written");
    for number in 0..RECORDS {
        if number == RECORDS / 2 {
            // A pipe holds little: most of what was written is being imported. Who reads is not kept waiting, and who
            // wants to write is told after the time that it is willing to wait.
            assert_eq!(folder.answer(&["types"]), before);
            let hurried = app::Folder::at(folder.data()).waiting(Duration::ZERO);
            let refused = app::settings::set(&hurried, "units", "imperial").map_err(|error| error.code);
            assert_eq!(refused, Err(app::Code::StoreBusy));
            let killed = Command::new("kill").args(["-INT", &import.id().to_string()]).status().expect("kill runs");
            assert!(killed.success());
        }
        let (minute, second) = (number / 60 % 60, number % 60);
        let stamp = format!(
            "2026-{:02}-{:02} {:02}:{minute:02}:{second:02} +0100",
            number / 2_419_200 + 1,
            number / 86_400 + 1,
            number / 3600 % 24
        );
        let line = writeln!(
            input,
            " <Record type=\"HKQuantityTypeIdentifierHeartRate\" sourceName=\"Watch\" unit=\"count/min\" \
             creationDate=\"{stamp}\" startDate=\"{stamp}\" endDate=\"{stamp}\" value=\"{}\"/>",
            60 + number % 40
        );
        if line.is_err() {
            // Nobody reads any more.
            break;
        }
    }
    drop(input);
    let output = import.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(error_line(&output)["code"], "cancelled");
    assert!(output.stdout.is_empty());
    assert_eq!(folder.answer(&["types"]), before);
    assert_eq!(folder.answer(&["imports"]).as_array().map(Vec::len), Some(1));
    assert_eq!(folder.answer(&["verify"]), json!({"ok": true, "exists": true, "findings": []}));
}
