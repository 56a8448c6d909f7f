//! What is done with all of the data: verified, backed up, restored, exported, deleted.

use super::*;

/// It went into the sample store, and "Back to my data" said that there was nothing.
#[test]
fn a_file_imported_while_sample_data_are_shown_goes_into_ones_own_store_and_is_shown_there() {
    let person = Person::new("sample");
    let options = DemoOptions { seed: 1, end_day: 20_500, days: 1, zone: "Europe/Berlin", records: None };
    fill(&person.0, &options, NOW_MS, &Cancel::default(), &mut |_| true).unwrap();
    let made = app::status::status(&person.0.demo()).unwrap().records;
    let small = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/small/export.xml");
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    for (path, imported) in [(small, Ok(379)), (manifest, Err("not_an_export"))] {
        let window = window_on(Arc::new(Product::new(person.0.clone()).with_clock(|| NOW_MS)), Some(path));
        let sample = ask(&window, "sample", json!({"on": true, "progress": "__CHANNEL__:7"})).unwrap();
        assert_eq!((&sample["sample"], &sample["records"]), (&json!(true), &json!(made)));
        let report = ask(&window, "import_export", json!({"path": path, "progress": "__CHANNEL__:8"}));
        let report = report.map(|report| report["new"].clone()).map_err(|error| error["code"].clone());
        assert_eq!(report, imported.map(|new| json!(new)).map_err(|code| json!(code)));
        assert_eq!(ask(&window, "status", json!({})).unwrap()["sample"], json!(false), "{path}");
        let files = ask(&window, "imports", json!({})).unwrap();
        assert_eq!(files.as_array().unwrap().last().unwrap()["file"], json!("export.xml"), "{path}");
    }
    let sample = app::status::status(&person.0.demo()).unwrap();
    assert_eq!((sample.records, sample.imports), (made, 1), "nothing of it is in the sample store");
}

/// One size for each part that is there; how large the store is differs between machines.
#[test]
fn the_parts_of_the_data_folder_are_told() {
    let mut parts = ask(&Person::new("holdings").window(), "holdings", json!({})).unwrap();
    for part in parts.as_array_mut().unwrap() {
        assert!(part["bytes"].as_u64().unwrap() > 10_000, "{part}");
        part["bytes"] = json!(1_000_000);
    }
    keep("holdings", &json!({"answer": parts}));
}

#[test]
fn what_is_whole_is_verified_and_repaired() {
    let of = |repair: bool| json!({"repair": repair, "progress": "__CHANNEL__:7"});
    check_person("verify", "verify", of(false));
    let person = Person::new("repair");
    assert_eq!(ask(&person.window(), "verify", of(true)).unwrap()["ok"], json!(true));
    let compacted = ask(&person.window(), "compact", json!({})).unwrap();
    assert!(compacted["after"].as_u64() > Some(0) && compacted["copies_removed"] == 0, "{compacted}");
}

/// A backup is told about, restored, and what was there before is brought back by its name.
#[test]
fn a_backup_is_restored_and_what_was_there_before_is_brought_back() {
    let person = Person::new("restore");
    let file = person.0.dir().join("backup.db");
    app::backup::backup(&person.0, &file, &Cancel::default()).unwrap();
    app::settings::set(&person.0, "units", "imperial").unwrap();
    let units = |window: &WebviewWindow<MockRuntime>| ask(window, "settings", json!({})).unwrap()["units"].clone();
    let window = person.window();
    let nothing = ask(&window, "restore", json!({})).unwrap_err();
    assert_eq!((nothing["code"].as_str(), units(&window)), (Some("internal"), json!("imperial")));
    assert_eq!(ask(&window, "kept_copies", json!({})).unwrap(), json!([]));
    window.state::<Shared>().chosen.keep(&file);
    let restored = ask(&window, "restore", json!({})).unwrap();
    assert_eq!((restored["damaged"].clone(), units(&window)), (json!(false), json!("metric")));
    let mut kept = ask(&window, "kept_copies", json!({})).unwrap();
    let name = kept[0]["name"].as_str().unwrap().to_owned();
    // What is kept is called by its instant.
    let later = window_on(Arc::new(Product::new(person.0.clone()).with_clock(|| NOW_MS + 1000)), None);
    ask(&later, "bring_back", json!({"name": name})).unwrap();
    assert_eq!(units(&window), json!("imperial"));
    assert_eq!(ask(&window, "kept_copies", json!({})).unwrap().as_array().unwrap().len(), 2);
    let gone = ask(&window, "bring_back", json!({"name": "../vitalog.db"})).unwrap_err();
    assert_eq!(gone["code"], "not_found");
    // Its time is that of the file system where the clock of the test stands still.
    kept[0]["name"] = json!("before-restore-20260402T120000000Z.db");
    (kept[0]["at"], kept[0]["until"]) = (json!("2026-04-02T12:00:00.000Z"), json!("2026-05-02T12:00:00.000Z"));
    kept[0]["bytes"] = json!(1_000_000);
    keep("kept_copies", &json!({"answer": kept}));
}

#[test]
fn everything_is_exported_below_the_chosen_folder() {
    let person = Person::new("export");
    let product = Product::new(person.0.clone()).with_clock(|| NOW_MS);
    for (form, file) in [(Form::Jsonl, "vitalog.jsonl"), (Form::Csv, "workout.csv")] {
        let below = person.0.dir().join("out");
        fs::create_dir_all(&below).unwrap();
        let mut last = None;
        let told = write(&product.desk(), form, &below, &Cancel::default(), &mut |steps| last = Some(steps)).unwrap();
        assert!(told["records"].as_u64() > Some(10) && below.join("vitalog-export").join(file).exists(), "{told}");
        assert!(last.is_some_and(|last| last.of > 10));
    }
}

#[test]
fn everything_is_deleted_after_the_word_and_only_of_ones_own() {
    let person = Person::new("delete");
    let window = person.window();
    assert!(ask(&window, "delete_all", json!({"confirm": "yes"})).is_err());
    let options = DemoOptions { seed: 1, end_day: 20_500, days: 1, zone: "Europe/Berlin", records: None };
    fill(&person.0, &options, NOW_MS, &Cancel::default(), &mut |_| true).unwrap();
    ask(&window, "sample", json!({"on": true, "progress": "__CHANNEL__:7"})).unwrap();
    window.state::<Shared>().chosen.keep(Path::new("backup.db"));
    let destructive =
        [("delete_all", json!({"confirm": "delete"})), ("restore", json!({})), ("bring_back", json!({"name": "x"}))];
    for (command, arguments) in destructive.into_iter().chain([("compact", json!({}))]) {
        assert_eq!(ask(&window, command, arguments).unwrap_err()["code"], "sample_shown", "{command}");
    }
    ask(&window, "sample", json!({"on": false, "progress": "__CHANNEL__:7"})).unwrap();
    let mut receipt = ask(&window, "delete_all", json!({"confirm": "delete"})).unwrap();
    assert_eq!(ask(&window, "status", json!({})).unwrap()["records"], 0);
    assert!(receipt["bytes"].as_u64() > Some(10_000), "{receipt}");
    receipt["bytes"] = json!(1_000_000);
    receipt["removed"].as_array_mut().unwrap().retain(|removed| removed["name"] == "vitalog.db");
    receipt["removed"][0]["bytes"] = json!(1_000_000);
    keep("delete_all", &json!({"answer": receipt}));
}

/// Two long jobs at once would wait for each other, or see half of what the other does.
#[test]
fn a_second_long_job_is_refused() {
    let person = Person::new("busy");
    let window = person.window();
    let _place = window.state::<Shared>().inner().running.take().unwrap();
    for (command, arguments) in
        [("compact", json!({})), ("verify", json!({"repair": false, "progress": "__CHANNEL__:7"}))]
    {
        assert_eq!(ask(&window, command, arguments).unwrap_err()["code"], "import_running", "{command}");
    }
    assert!(ask(&window, "status", json!({})).is_ok(), "what is quick is answered");
}

#[test]
fn the_doctor_looks_at_everything() {
    let person = Person::new("doctor");
    let checks = ask(&person.window(), "doctor", json!({})).unwrap();
    assert!(checks.as_array().unwrap().iter().all(|check| check["check"].is_string() && check["ok"].is_boolean()));
}
