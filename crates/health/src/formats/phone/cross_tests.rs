//! The vectors that several feeds tell together. Which records are one is the store's to say; here every body must give
//! as many records as its story counts.

use std::io::Cursor;
use std::path::PathBuf;

use serde_json::{Value as Json, json};

use super::{Decoded, Feed, vectors};
use crate::Result;
use crate::formats::{health_auto_export, health_export_pro, healthsave, healthsync};
use crate::time::Zones;

fn decode(path: &str, aggregation: Option<&str>, body: &[u8]) -> (Feed, Result<Decoded>) {
    let zones = Zones::named("Europe/Berlin").expect("a zone");
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let body = Cursor::new(body);
    match path {
        "/api/health-data" => (Feed::HealthExportPro, Decoded::gather(|sink| health_export_pro::decode(body, sink))),
        "/api/apple-health/sync" => (Feed::HealthSync, Decoded::gather(|sink| healthsync::decode(body, sink))),
        "/api/apple/batch" => (Feed::HealthSave, Decoded::gather(|sink| healthsave::decode(body, &zones, sink))),
        "/api/hae" => {
            let request = health_auto_export::Request::new(query, aggregation, &zones);
            (Feed::HealthAutoExport, Decoded::gather(|sink| health_auto_export::decode(body, request, sink)))
        }
        other => panic!("no feed at {other}"),
    }
}

#[test]
fn every_body_of_the_cross_vectors_gives_the_records_that_its_story_counts() {
    for (name, vector) in vectors::all("cross") {
        for (i, step) in vector["steps"].as_array().expect("steps").iter().enumerate() {
            let request = &step["request"];
            let Some(path) = request["path"].as_str() else { continue };
            let header = vectors::header(request, "automation-aggregation");
            let decoded = decode(path, header, &vectors::body(request)).1.expect("a body");
            vectors::check_counts(&decoded);
            let told = |key: &str| step["expect"]["records"][key].as_u64().expect("a count");
            let counts = decoded.delivery.counts;
            assert_eq!(counts.records, told("new") + told("already_known") + told("replaced"), "{name} step {i}");
            assert_eq!(counts.rejected, told("rejected"), "{name} step {i}");
        }
    }
}

/// Bodies of real phones that other projects published lie outside: `VITALOG_CAPTURED=folder cargo test -p health`.
#[test]
fn captured_bodies_end_in_their_states() {
    let Some(folder) = std::env::var_os("VITALOG_CAPTURED").map(PathBuf::from) else {
        println!("skipped: VITALOG_CAPTURED names no folder");
        return;
    };
    let read = |name: &str| std::fs::read(folder.join(name)).expect("a file");
    let expected: Json = serde_json::from_slice(&read("expected.json")).expect("JSON");
    for (file, told) in expected["files"].as_object().expect("files") {
        let path = match file.split('/').next() {
            Some("hae") => "/api/hae",
            Some("healthsave") => "/api/apple/batch",
            _ => continue,
        };
        let body: Json = serde_json::from_slice(&read(file)).expect("JSON");
        let mut records = json!({"already_known": 0, "replaced": 0});
        for (key, count) in told["records"].as_object().expect("counts") {
            records[key] = count.clone();
        }
        let step = json!({"request": {"path": path, "body": body}, "expect": {"status": 200, "records": records}});
        let vector = json!({"steps": [step], "state_after": told["state_after"]});
        vectors::play(file, &vector, |request| Some(decode(path, None, &vectors::body(request))));
    }
}
