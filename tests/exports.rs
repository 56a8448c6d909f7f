//! Real samples and made exports against counts that share no code with the program.

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;

#[path = "support/shared.rs"]
mod shared;

use shared::{Folder, json, number, shared, text};

/// The members of a correlation without a twin at top level, which the census leaves out of `distinct`.
fn lone_members(file: &str) -> &'static [&'static str] {
    match file {
        "v14-en_US-grll.xml" => {
            &["HKQuantityTypeIdentifierBloodPressureDiastolic", "HKQuantityTypeIdentifierBloodPressureSystolic"]
        }
        _ => &[],
    }
}

fn distinct(types: &Value) -> BTreeMap<String, u64> {
    let types = types.as_object().expect("types").iter();
    types.map(|(kind, row)| (kind.clone(), number(&row["distinct"]))).filter(|(_, n)| *n > 0).collect()
}

#[test]
fn real_samples_give_what_the_census_counts() {
    let Some(shared) = shared() else { return };
    let folder = Folder::new("real");
    let mut checked = 0;
    for entry in std::fs::read_dir(shared.join("fixtures/real")).expect("samples") {
        let path = entry.expect("an entry").path();
        let name = text(&path.file_name().expect("a name").to_string_lossy().into());
        if !matches!(path.extension().and_then(|e| e.to_str()), Some("zip" | "xml")) {
            continue;
        }
        let file = path.to_str().expect("UTF-8");
        checked += 1;
        if name.starts_with("zip-empty-xml") {
            let output = folder.vitalog(&name, &["import", file, "--json"]);
            assert_eq!(output.status.code(), Some(1), "{name}");
            let stderr = String::from_utf8_lossy(&output.stderr);
            let last = json(stderr.lines().last().expect("a line").as_bytes());
            assert_eq!(last["error"]["code"], "not_an_export", "{name}");
            continue;
        }
        let mut expected = distinct(&folder.tool("count_export.py", &[file], "--json")["record_types"]);
        for kind in lone_members(&name) {
            *expected.entry((*kind).to_owned()).or_default() += 1;
        }
        folder.import(&name, file);
        assert_eq!(folder.types(&name), expected, "{name}");
    }
    assert!(checked > 0, "no samples");
}

#[test]
fn made_exports_give_the_truth_whatever_their_language_version_and_damage() {
    if shared().is_none() {
        return;
    }
    let folder = Folder::new("made");
    for locale in ["de_DE", "tr_TR", "zh_CN", "pt_BR"] {
        check_made(&folder, &["--locale", locale]);
    }
    for version in ["3", "8", "12"] {
        check_made(&folder, &["--version", version]);
    }
    for quirks in [
        &["truncate"][..],
        &["bom", "no-dtd", "macosx"],
        &["flat", "old-names"],
        &["control-chars", "bad-utf8", "nul", "dup-attr", "unclosed-dtd"],
    ] {
        let options: Vec<&str> = quirks.iter().flat_map(|quirk| ["--quirk", *quirk]).collect();
        check_made(&folder, &options);
    }
}

/// Units that are printed as they are stored; sums of other types wait for their conversion, which has its own tests.
fn check_made(folder: &Folder, options: &[&str]) {
    let name = options.join("-");
    let (file, truth) = folder.make(&format!("{name}.zip"), options);
    let report = folder.import(&name, &file);
    assert_eq!(folder.types(&name), distinct(&truth["record_types"]), "{name}");
    assert_eq!(report["rejected"], 0, "{name}");
    let mut sums: BTreeMap<String, (String, f64)> = BTreeMap::new();
    let mut records: BTreeMap<String, u64> = BTreeMap::new();
    for line in folder.lines(&name) {
        *records.entry(text(&line["record"])).or_default() += 1;
        if let (Some(kind), Some(unit), Some(value)) =
            (line["type"].as_str(), line["unit"].as_str(), line["value"].as_f64())
        {
            sums.entry(kind.to_owned()).or_insert((unit.to_owned(), 0.0)).1 += value;
        }
    }
    let mut compared = 0;
    for (kind, (unit, sum)) in &sums {
        let row = &truth["record_types"][kind];
        if row["unit"] == unit.as_str() {
            let expected: f64 = text(&row["sum"]).parse().expect("a number");
            assert!((sum - expected).abs() <= 1e-6 * expected.abs().max(1.0), "{name} {kind}: {sum}, truth {expected}");
            compared += 1;
        }
    }
    assert!(compared > 5, "{name}: only {compared} sums compared");
    let got = |kind: &str| records.get(kind).copied().unwrap_or(0);
    let total = |rows: &Value| -> u64 {
        rows.as_object()
            .into_iter()
            .flat_map(|rows| rows.values())
            .map(|n| n.as_u64().unwrap_or_else(|| number(&n["count"])))
            .sum()
    };
    assert_eq!(got("workout"), total(&truth["workouts"]), "{name}");
    assert_eq!(got("correlation"), total(&truth["correlations"]), "{name}");
    assert_eq!(got("activity_summary"), number(&truth["activity_summaries"]), "{name}");
    let files = |part: &str| truth["files"].as_object().into_iter().flatten().filter(|(p, _)| p.contains(part)).count();
    assert_eq!(got("ecg"), files("electrocardiograms/") as u64, "{name}");
    assert_eq!(got("route"), files("workout-routes/") as u64, "{name}");
}

/// What two stores with the same data have in common. The generator moves its hearing test and its prescription with
/// the length of the export: those are other entries each time.
fn comparable(folder: &Folder, data: &str) -> Vec<String> {
    let per_store = HashSet::from(["seen", "import", "id", "record_id", "created_at"]);
    let moved = ["audiogram", "vision_prescription"];
    let lines = folder.lines(data).into_iter().filter(|line| !moved.iter().any(|kind| line["record"] == *kind));
    let mut lines: Vec<String> = lines
        .map(|line| {
            let pairs =
                line.as_object().expect("an object").iter().filter(|(key, _)| !per_store.contains(key.as_str()));
            pairs.map(|(key, value)| format!("{key}={value};")).collect()
        })
        .collect();
    lines.sort();
    lines
}

#[test]
fn three_exports_of_one_phone_end_the_same_in_any_order() {
    if shared().is_none() {
        return;
    }
    let folder = Folder::new("family");
    let later: [&[&str]; 3] = [
        &[],
        &["--export-seed", "2", "--days-more", "30"],
        &["--export-seed", "3", "--days-more", "60", "--units", "kj", "--owner", "Sasha"],
    ];
    let files: Vec<String> =
        later.iter().enumerate().map(|(n, options)| folder.make(&format!("{n}.zip"), options).0).collect();
    folder.import("last", &files[2]);
    let expected = comparable(&folder, "last");
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let data = format!("{order:?}");
        for n in order {
            folder.import(&data, &files[n]);
        }
        let got = comparable(&folder, &data);
        let extra = got.iter().find(|line| !expected.contains(line));
        assert!(got == expected, "{data}: {} lines, expected {}, such as {extra:.400?}", got.len(), expected.len());
    }
}
