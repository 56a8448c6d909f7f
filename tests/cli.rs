//! The command line seen from outside: exit codes, errors for programs, and what an end half way leaves behind.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

#[path = "support/program.rs"]
mod program;

use program::{Folder, error_line, fixture, person};

/// A verb on an empty store that fails: its exit code and the code for programs.
#[track_caller]
fn check_error(arguments: &[&str], exit: i32, code: &str) -> Value {
    let folder = Folder::new(&arguments.join("-").replace(['/', ' ', '*'], "_"));
    let error = error_line(&folder.check(&[arguments, &["--json"]].concat(), exit));
    assert_eq!(error["code"], code, "{arguments:?}");
    assert!(!folder.data().exists(), "{arguments:?} made a folder");
    error
}

fn filled(name: &str) -> Folder {
    let folder = Folder::new(name);
    folder.check(&["import", &person()], 4);
    folder
}

#[test]
fn a_missing_folder_answers_as_an_empty_store_and_stays_missing() {
    for arguments in [
        &["status"][..],
        &["types"],
        &["sources"],
        &["sources", "order", "heart_rate"],
        &["sources", "order", "heart_rate", ""],
        &["imports"],
        &["query", "heart_rate"],
        &["query", "HeartRate", "--bucket", "day"],
        &["query", "HKQuantityTypeIdentifierHeartRate", "--bucket", "week", "--sources"],
        &["daily"],
        &["sleep", "--from", "2026-03-14"],
        &["sql", "SELECT 1 AS one"],
        &["settings"],
        &["doctor"],
        &["verify"],
    ] {
        let folder = Folder::new(&arguments.join("-").replace(' ', "_"));
        let output = folder.check(&[arguments, &["--json"]].concat(), 0);
        assert!(serde_json::from_slice::<Value>(&output.stdout).is_ok(), "{arguments:?}");
        assert!(!folder.data().exists(), "{arguments:?} made a folder");
    }
    let folder = Folder::new("export-of-nothing");
    assert!(folder.check(&["export", "--format", "jsonl", "--out", "-"], 0).stdout.is_empty());
}

#[test]
fn mistakes_in_the_arguments_are_exit_2() {
    for day in ["yesterday", "14.3.2026", "2026-02-30"] {
        check_error(&["query", "heart_rate", "--from", day], 2, "bad_date");
    }
    check_error(&["daily", "--from", "2026-03-15", "--to", "2026-03-14"], 2, "bad_date");
    check_error(&["daily", "heart_rate", "stepz"], 2, "unknown_type");
    check_error(&["export", "--format", "csv", "--out", "-", "--types", "qqq"], 2, "unknown_type");
    check_error(&["undo", "7"], 2, "unknown_import");
    check_error(&["imports", "7"], 2, "unknown_import");
    for verb in ["undo", "imports"] {
        let error = check_error(&[verb, "the last"], 2, "bad_usage");
        assert!(error.to_string().contains("an import goes by its number"), "{error}");
    }
    check_error(&["undo", "seven"], 2, "bad_usage");
    check_error(&["settings", "set", "colour", "blue"], 2, "unknown_setting");
    check_error(&["settings", "set", "home_zone", "Mars/Olympus"], 2, "unknown_setting");
    check_error(&["query", "heart_rate", "--bucket", "decade"], 2, "bad_usage");
    check_error(&["dance"], 2, "bad_usage");
    // Without a file there has to be --json or --csv.
    Folder::new("chart-nowhere").check(&["chart", "step_count"], 2);
    check_error(&["chart", "step_count", "--out", "-"], 2, "bad_usage");
    check_error(&["chart", "step_count", "--out", "chart.jpg"], 2, "bad_usage");
    check_error(&["chart", "step_count", "--size", "9x9"], 2, "bad_usage");
    check_error(&["chart", "step_count", "--range", "decade"], 2, "bad_usage");
    check_error(&["chart", "step_count", "--date", "yesterday"], 2, "bad_date");
    check_error(&["chart", "sleep:deep"], 2, "bad_usage");
    check_error(&["chart", "stepz"], 2, "unknown_type");
    check_error(&["chart", "ecg:7"], 2, "unknown_ecg");
    check_error(&["chart", "workout:7"], 2, "unknown_workout");
}

#[test]
fn an_unknown_type_brings_near_matches() {
    for (word, near) in
        [("heart_rat", "heart_rate"), ("stepz", "step_count"), ("HKQuantityTypeIdentifierHartRate", "heart_rate")]
    {
        let error = check_error(&["query", word], 2, "unknown_type");
        assert!(error["hint"].as_str().is_some_and(|hint| hint.contains(near)), "{word}: {error}");
    }
}

#[test]
fn a_wrong_setting_names_the_allowed_ones() {
    let folder = Folder::new("wrong-setting");
    for (arguments, allowed) in [(["colour", "blue"], "week_start"), (["week_start", "friday"], "saturday")] {
        let output = folder.check(&["settings", "set", arguments[0], arguments[1], "--json"], 2);
        assert!(error_line(&output)["hint"].as_str().is_some_and(|hint| hint.contains(allowed)));
    }
}

#[test]
fn a_setting_that_is_shown_says_how_it_is_set() {
    let folder = Folder::new("shown-setting");
    let words = |arguments: &[&str], exit| {
        let output = folder.check(arguments, exit);
        [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned())
    };
    let [shown, remark] = words(&["settings", "units"], 0);
    assert_eq!(shown, "units = metric\n");
    assert!(remark.contains("`vitalog settings set units VALUE`") && remark.contains("imperial"), "{remark}");
    assert_eq!(folder.answer(&["settings", "units"]), json!({"units": "metric"}));
    let [all, remark] = words(&["settings"], 0);
    assert!(remark.contains("`vitalog settings set KEY VALUE`"), "{remark}");
    assert!(all.contains("\nport = 8787\n") && all.contains("\nreceiver_bind = auto\n"), "{all}");
    assert_eq!(folder.answer(&["settings"])["port"], 8787);
    assert!(words(&["settings", "units", "imperial"], 2)[1].contains("`vitalog settings set units imperial`"));
    assert!(!folder.data().exists());
}

#[test]
fn what_fails_is_exit_1_and_changes_nothing() {
    let error = check_error(&["import", "nowhere/no-such-file.zip"], 1, "not_found");
    assert_eq!(error["message"], "There is no folder `nowhere`.");
    let error = check_error(&["import", "no-such-file.zip"], 1, "not_found");
    assert_eq!(error["message"], "There is no file or folder `no-such-file.zip`.");
    let error = check_error(&["sql", " ;"], 2, "bad_sql");
    assert_eq!(error["message"], "There is no statement to run.");
    check_error(&["sql", "DELETE FROM samples"], 2, "bad_sql");
    let folder = Folder::new("not-an-export");
    let file = folder.path("notes.txt");
    fs::write(&file, "milk, bread").expect("written");
    let output = folder.check(&["import", file.to_str().expect("UTF-8"), "--json"], 1);
    assert_eq!(error_line(&output)["code"], "not_an_export");
    assert_eq!(error_line(&output)["message"], "`notes.txt` is not an Apple Health export.");
    let around = folder.path("around");
    fs::create_dir_all(&around).expect("a folder");
    fs::write(around.join("Export.ZIP"), "milk, bread").expect("written");
    let output = folder.check(&["import", around.to_str().expect("UTF-8"), "--json"], 1);
    assert!(error_line(&output)["hint"].as_str().is_some_and(|hint| hint.starts_with("`Export.ZIP` lies in it")));
    let empty = folder.path("empty");
    fs::create_dir_all(&empty).expect("a folder");
    let output = folder.check(&["import", empty.to_str().expect("UTF-8"), "--json"], 1);
    assert_eq!(error_line(&output)["code"], "empty_folder");
    assert_eq!(error_line(&output)["message"], "There is nothing in `empty`.");
    fs::write(folder.path("notes"), "milk, bread").expect("written");
    let out = folder.check(&["export", "--format", "csv", "--out", "notes", "--json"], 1);
    assert_eq!(error_line(&out)["message"], "`notes` is a file, and no folder.");
    let out = folder.check(&["export", "--format", "csv", "--out", "notes.csv", "--json"], 2);
    assert_eq!(error_line(&out)["code"], "bad_usage");
    fs::write(&file, b"PK\x03\x04 and so on").expect("written");
    let pipe = fs::File::open(&file).expect("there");
    let output = folder.command(&["import", "-", "--json"]).stdin(pipe).output().expect("runs");
    assert_eq!(output.status.code(), Some(1));
    assert!(error_line(&output)["hint"].as_str().is_some_and(|hint| hint.contains("unzip -p")));
    assert!(!folder.data().exists());
}

#[cfg(unix)]
#[test]
fn a_document_whose_name_is_no_text_is_read_from_its_folder() {
    use std::os::unix::ffi::OsStrExt;
    let folder = Folder::new("latin-1");
    let export = folder.path("export");
    std::fs::create_dir_all(&export).expect("a folder");
    let document = format!("{}/export.xml", person());
    std::fs::copy(document, export.join(std::ffi::OsStr::from_bytes(b"D\xe4ten.xml"))).expect("a copy");
    let code = folder.run(&["import", export.to_str().expect("UTF-8")]).status.code();
    assert_eq!(code, Some(4));
    assert!(folder.answer(&["status"])["records"].as_u64() > Some(0));
}

#[test]
fn the_same_file_again_is_exit_3_and_after_an_undo_it_is_new() {
    let folder = filled("again");
    folder.check(&["import", &person()], 3);
    let looked = folder.answer(&["import", &person(), "--dry-run"]);
    let counts = [&looked["outcome"], &looked["import"], &looked["new"], &looked["known"]];
    assert_eq!(counts, [&json!("dry_run"), &Value::Null, &json!(0), &json!(33)]);
    folder.check(&["import", &person(), "--dry-run"], 4);
    folder.check(&["undo", "1"], 0);
    folder.check(&["undo", "1"], 3);
    folder.check(&["import", &person(), "--dry-run"], 4);
    folder.check(&["import", &person()], 4);
}

#[test]
fn imports_name_standard_input_and_say_what_was_undone() {
    let folder = Folder::new("imports");
    let pipe = fs::File::open(Path::new(&person()).join("export.xml")).expect("there");
    let output = folder.command(&["import", "-", "--quiet"]).stdin(pipe).output().expect("runs");
    let words = |output: std::process::Output| String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(words(output).starts_with("Imported standard input, 36 records: 33 new, "));
    let table = words(folder.check(&["imports"], 0));
    assert!(table.contains("(standard input)") && table.contains("imported in part"), "{table}");
    let row = |at| table.lines().nth(at).unwrap_or_default().split_whitespace().rev().take(4).collect::<Vec<_>>();
    assert_eq!((row(0), row(1)), (vec!["rejected", "repeated", "known", "new"], vec!["2", "1", "0", "33"]), "{table}");
    // A day and a time of day, no instant of UTC.
    let at = table.lines().nth(1).and_then(|row| row.split_once("(standard input)")).map(|(_, rest)| rest.trim());
    assert!(at.is_some_and(|at| at.as_bytes()[10] == b' ' && at.as_bytes()[13] == b':'), "{table}");
    let undone = words(folder.check(&["undo", "1"], 0));
    assert_eq!(undone, "Import 1 is undone: 41 rows removed.\n");
    let table = words(folder.check(&["imports"], 0));
    assert!(table.contains("undone") && !table.contains("imported"), "{table}");
}

#[test]
fn a_folder_that_is_named_by_dots_has_its_own_name() {
    for (dots, inside) in [(".", ""), ("./", ""), ("..", "workout-routes")] {
        let folder = Folder::new("dots");
        let mut import = folder.command(&["import", dots, "--dry-run", "--json"]);
        let output = import.current_dir(Path::new(&person()).join(inside)).output().expect("runs");
        let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(report["file"], "apple_health_export", "{dots}");
    }
}

#[test]
fn the_time_of_an_import_is_that_of_the_computer_and_not_of_the_wearer() {
    let folder = filled("imported-at");
    let shown = |arguments: &[&str], zone: &str| {
        let output = folder.command(arguments).env("TZ", zone).output().expect("runs");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let at = folder.answer(&["imports"])[0]["at"].as_str().expect("an instant").to_owned();
    let (day, minute) = (&at[..10], &at[11..16]);
    for arguments in [&["imports"][..], &["imports", "1"]] {
        let (here, there) = (shown(arguments, "UTC"), shown(arguments, "Pacific/Kiritimati"));
        assert!(here.contains(&format!("{day} {minute}")), "{here}");
        folder.check(&["settings", "set", "home_zone", "Asia/Tokyo"], 0);
        assert_eq!(shown(arguments, "UTC"), here);
        assert_ne!(there, here);
    }
}

/// What was only to be had by `sql`.
#[test]
fn rejected_records_are_listed_with_place_and_reason() {
    let folder = Folder::new("rejected");
    let words = |arguments: &[&str], exit| String::from_utf8_lossy(&folder.check(arguments, exit).stdout).into_owned();
    let report = words(&["import", &person()], 4);
    assert!(report.ends_with("\n`vitalog imports 1` lists what could not be read.\n"), "{report}");
    let detail = words(&["imports", "1"], 0);
    assert!(detail.starts_with("Imported apple_health_export, 36 records: "), "{detail}");
    let row = |position: &str| detail.lines().find(|line| line.trim_start().starts_with(position)).expect(&detail);
    assert!(row("13323  Steps ").contains("a time that cannot be read") && row("13323").contains("\"yesterday\""));
    assert!(
        row("13507  Heart Rate ").contains("an unreadable or far too large value") && row("13507").contains("\"fast\"")
    );
    assert!(!detail.contains("lists what could not be read"), "{detail}");
    folder.check(&["undo", "1"], 0);
    let undone = words(&["imports", "1"], 0);
    assert!(undone.contains("It was undone; what it could not read is no longer listed."), "{undone}");
}

#[test]
fn two_sources_of_one_name_are_told_apart() {
    let folder = Folder::new("twins");
    let file = folder.path("export.xml");
    let record = |hardware: &str, hour: u32| {
        format!(
            "<Record type=\"HKQuantityTypeIdentifierStepCount\" sourceName=\"Watch\" unit=\"count\" value=\"{hour}\" \
             device=\"&lt;&lt;HKDevice: 0x1&gt;, name:Apple Watch, manufacturer:Apple Inc., model:Watch, \
             hardware:{hardware}, software:11.2&gt;\" startDate=\"2026-03-14 {hour}:00:00 +0100\" \
             endDate=\"2026-03-14 {hour}:05:00 +0100\"/>"
        )
    };
    let text =
        format!("<HealthData locale=\"en_GB\">{}{}</HealthData>", record("Watch5,1", 10), record("Watch7,3", 12));
    fs::write(&file, text).expect("written");
    folder.check(&["import", file.to_str().expect("UTF-8")], 0);
    let query = ["query", "steps", "--bucket", "day", "--sources"];
    let rows = folder.answer(&query);
    let ids: Vec<i64> = rows.as_array().expect("rows").iter().filter_map(|row| row["source_id"].as_i64()).collect();
    assert!(ids.len() == 2 && ids[0] != ids[1], "{rows}");
    let table = String::from_utf8_lossy(&folder.check(&query, 0).stdout).into_owned();
    assert!(table.contains("Watch (Watch5,1)") && table.contains("Watch (Watch7,3)"), "{table}");
    let raw = String::from_utf8_lossy(&folder.check(&["query", "steps"], 0).stdout).into_owned();
    assert!(raw.contains("Watch (Watch5,1)") && raw.contains("Watch (Watch7,3)"), "{raw}");
}

#[test]
fn of_two_exports_in_one_folder_one_has_to_be_named() {
    let folder = Folder::new("two-exports");
    for name in ["old", "new"] {
        fs::create_dir_all(folder.path(name)).expect("a folder");
        fs::write(folder.path(name).join("export.xml"), "<HealthData locale=\"en_GB\"/>").expect("written");
    }
    let archive = folder.path("both.zip");
    let script = "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1], 'w'); \
                  [z.writestr(f'{n}/export.xml', '<HealthData locale=\"en_GB\"/>') for n in ('old', 'new')]; z.close()";
    let mut python = std::process::Command::new("python3");
    assert!(python.args(["-c", script]).arg(&archive).status().expect("python3 runs").success());
    for file in [".", archive.to_str().expect("UTF-8")] {
        let error = error_line(&folder.check(&["import", file, "--json"], 1));
        assert_eq!(error["code"], "damaged_archive", "{file}");
        assert!(error["message"].as_str().is_some_and(|text| text.ends_with("holds more than one export.")), "{error}");
        assert!(error["hint"].as_str().is_some_and(|hint| hint.starts_with("Name one of them")), "{error}");
    }
}

#[test]
fn an_export_without_records_still_tells_what_it_has() {
    let folder = Folder::new("workout-only");
    let file = folder.path("export.xml");
    let text = "<?xml version=\"1.0\"?><HealthData locale=\"en_GB\"><ExportDate value=\"2026-11-02 20:00:00 +0100\"/>\
                <Workout workoutActivityType=\"HKWorkoutActivityTypeRunning\" duration=\"30\" durationUnit=\"min\" \
                sourceName=\"Watch\" startDate=\"2026-10-31 23:30:00 +0100\" endDate=\"2026-11-01 00:00:00 +0100\"/>\
                </HealthData>";
    fs::write(&file, text).expect("written");
    let words = |arguments: &[&str]| String::from_utf8_lossy(&folder.check(arguments, 0).stdout).into_owned();
    let report = words(&["import", file.to_str().expect("UTF-8")]);
    assert!(report.contains("Besides: 1 workout\n"), "{report}");
    let status = words(&["status"]);
    assert!(status.contains("0 records of 0 types from 0 sources\nBesides: 1 workout\n"), "{status}");
    assert!(status.contains("\nfrom 2026-10-31 to 2026-10-31\n"), "{status}");
    assert_eq!(folder.answer(&["status"])["first"], "2026-10-31T22:30:00.000Z");
    assert_eq!(words(&["sleep"]), "No nights.\n");
    assert_eq!(words(&["daily", "heart_rate"]), "No heart rate.\n");
}

#[test]
fn what_ends_at_midnight_belongs_to_the_day_before() {
    let folder = Folder::new("midnight");
    let file = folder.path("export.xml");
    let text = "<HealthData locale=\"en_GB\"><ExportDate value=\"2026-11-02 20:00:00 +0100\"/>\
                <Record type=\"HKQuantityTypeIdentifierStepCount\" sourceName=\"Phone\" unit=\"count\" value=\"9\" \
                startDate=\"2026-10-30 23:00:00 +0100\" endDate=\"2026-10-31 00:00:00 +0100\"/></HealthData>";
    fs::write(&file, text).expect("written");
    folder.check(&["import", file.to_str().expect("UTF-8")], 0);
    for answer in [&folder.answer(&["types"])[0], &folder.answer(&["status"])] {
        assert_eq!((&answer["last"], &answer["last_day"]), (&json!("2026-10-30T23:00:00.000Z"), &json!("2026-10-30")));
    }
    let words = |verb: &str| String::from_utf8_lossy(&folder.check(&[verb], 0).stdout).into_owned();
    assert!(words("status").contains("\nfrom 2026-10-30 to 2026-10-30\n"), "{}", words("status"));
    assert!(words("types").contains(" 2026-10-30  2026-10-30 "), "{}", words("types"));
}

#[test]
fn a_night_that_nobody_saw_asleep_has_no_sleep() {
    let folder = Folder::new("in-bed-only");
    let file = folder.path("export.xml");
    let text = "<?xml version=\"1.0\"?><HealthData locale=\"en_GB\"><ExportDate value=\"2026-11-02 20:00:00 +0100\"/>\
                <Record type=\"HKCategoryTypeIdentifierSleepAnalysis\" sourceName=\"Phone\" \
                startDate=\"2026-10-30 23:00:00 +0100\" endDate=\"2026-10-31 07:00:00 +0100\" \
                value=\"HKCategoryValueSleepAnalysisInBed\"/></HealthData>";
    fs::write(&file, text).expect("written");
    folder.check(&["import", file.to_str().expect("UTF-8")], 0);
    let table = String::from_utf8_lossy(&folder.check(&["sleep"], 0).stdout).into_owned();
    let row = "2026-10-31  in bed only  2026-10-30 23:00  2026-10-31 07:00           -         480";
    assert_eq!(table.lines().nth(1), Some(row), "{table}");
    let night = folder.answer(&["sleep"])[0].clone();
    for key in ["asleep_min", "awake_min", "core_min", "deep_min", "rem_min", "unspecified_min", "efficiency"] {
        assert_eq!(night[key], Value::Null, "{key} was not measured");
    }
    assert_eq!(night["in_bed_min"], 480.0);
}

#[test]
fn a_chart_is_the_file_that_was_named_and_no_other() {
    let folder = filled("chart-files");
    let draw = |name: &str, more: &[&str]| {
        let path = folder.path(name);
        let path = path.to_str().expect("UTF-8");
        folder.check(&[&["chart", "step_count", "--range", "week", "--out", path], more].concat(), 0);
        fs::read(path).expect("a file")
    };
    let light = draw("steps.svg", &[]);
    assert!(light.starts_with(b"<svg ") && light.ends_with(b"</svg>\n"));
    assert_ne!(draw("steps.svg", &["--theme", "dark"]), light, "it is written anew");
    let pixels = |png: &[u8]| [16, 20].map(|at| u32::from_be_bytes(png[at..at + 4].try_into().expect("four bytes")));
    assert_eq!(pixels(&draw("steps.png", &["--size", "300x200"])), [600, 400]);
    assert_eq!(pixels(&draw("steps.PNG", &["--size", "300x200", "--scale", "1"])), [300, 200]);
    assert_eq!(folder.check(&["chart", "step_count", "--range", "week", "--out", "-"], 0).stdout, light);
    let nothing = folder.check(&["chart", "vo2_max", "--out", "-"], 0);
    assert!(String::from_utf8_lossy(&nothing.stdout).contains(">\nno data\n<"), "a picture that says so");
    let mut names: Vec<String> = fs::read_dir(folder.path("."))
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert_eq!(names, ["data", "steps.PNG", "steps.png", "steps.svg"]);
    let nowhere = folder.check(&["chart", "step_count", "--out", "nowhere/steps.svg", "--json"], 1);
    assert_eq!(error_line(&nowhere)["message"], "There is no folder `nowhere`.");
    let below = folder.check(&["chart", "step_count", "--out", "steps.svg/steps.svg", "--json"], 1);
    assert_eq!(error_line(&below)["message"], "`steps.svg` is a file, and no folder.");
}

#[test]
fn a_setting_is_kept_in_a_private_folder() {
    let folder = Folder::new("setting");
    folder.check(&["settings", "set", "home_zone", "Asia/Tokyo"], 0);
    assert_eq!(folder.answer(&["status"])["home_zone"], "Asia/Tokyo");
    #[cfg(unix)]
    for (path, mode) in [(folder.data(), 0o700), (folder.data().join("vitalog.db"), 0o600)] {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(path).expect("there").permissions().mode() & 0o777, mode);
    }
}

#[test]
fn output_to_no_terminal_has_no_colours_and_no_progress() {
    let folder = Folder::new("no-terminal");
    let output = folder.check(&["import", &person()], 4);
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(!folder.check(&["doctor"], 0).stdout.contains(&0x1b));
}

#[test]
fn everything_lies_in_the_data_folder() {
    let folder = filled("inside");
    let names = |path: &Path| -> Vec<String> {
        let entries = fs::read_dir(path).expect("a folder");
        let mut names: Vec<String> =
            entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    };
    assert_eq!(names(&folder.path(".")), ["data"]);
    assert_eq!(names(&folder.data()), ["vitalog.db"]);
}

/// A system without a language, without a home, or with one that is not there: a data folder that is named needs none.
#[test]
fn a_computer_without_a_home_or_a_language_is_no_hindrance() {
    let folder = Folder::new("homeless");
    let settings: [&[(&str, Option<&str>)]; 5] = [
        &[("HOME", None), ("XDG_DATA_HOME", None)],
        &[("HOME", Some("")), ("LANG", None), ("LC_ALL", None)],
        &[("HOME", Some("/nonexistent")), ("LANG", Some("C")), ("LC_ALL", Some("C"))],
        &[("HOME", Some("relative")), ("LANG", Some("xx_YY.nonsense"))],
        &[("LC_ALL", Some("POSIX")), ("USER", None), ("PATH", None)],
    ];
    for set in settings {
        let run = |arguments: &[&str]| {
            let mut command = folder.command(arguments);
            for (name, value) in set {
                match value {
                    Some(value) => command.env(name, value),
                    None => command.env_remove(name),
                };
            }
            command.output().expect("the program runs")
        };
        let imported = run(&["import", &fixture("small/export.xml"), "--json"]);
        assert!(
            matches!(imported.status.code(), Some(0 | 3 | 4)),
            "{set:?}: {}",
            String::from_utf8_lossy(&imported.stderr)
        );
        let status: Value = serde_json::from_slice(&run(&["status", "--json"]).stdout).expect("JSON");
        assert_eq!(status["records"], 379, "{set:?}");
    }
    assert!(!folder.path("relative").exists());
}

/// Without a home and without a folder that is named there is no place, and that is said.
#[cfg(all(unix, not(target_os = "macos")))]
#[test]
fn without_any_place_for_the_data_one_is_asked_for() {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_vitalog"));
    for name in ["HOME", "XDG_DATA_HOME", "VITALOG_DATA_DIR"] {
        command.env_remove(name);
    }
    let output = command.args(["status", "--json"]).output().expect("the program runs");
    assert_eq!((output.status.code(), &error_line(&output)["code"]), (Some(1), &Value::from("file")));
}
