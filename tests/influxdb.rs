//! Forwarding as InfluxDB's line protocol with the real program, to a fake that was written from its documentation.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use health::time::format_instant;
use serde_json::{Value, json};

#[path = "support/program.rs"]
mod program;
#[path = "support/request.rs"]
mod request;

use program::{Folder, error_line, person};
use request::Request;

/// The fake server; it ends when this does, since it listens to our end of a pipe.
struct Fake {
    url: String,
    token: String,
    port: u16,
    child: Child,
}

impl Fake {
    fn start(arguments: &[&str]) -> Self {
        let tool = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tools/fake_influxdb.py");
        let mut command = Command::new("python3");
        command.arg(tool).arg("--until-eof").args(arguments);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("python3 runs");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
        let told: Value = serde_json::from_str(&line).expect("JSON");
        let url = told["url"].as_str().expect("an address").to_owned();
        let port = url.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
        Self { url, token: told["token"].as_str().expect("a token").to_owned(), port, child }
    }

    fn bucket(&self) -> String {
        format!("{}?org=home&bucket=health", self.url)
    }

    fn seen(&self) -> Value {
        Request::new("GET", "/points").send(self.port).json()
    }

    /// Time, value, source and unit of the points of a measurement, in their order.
    fn points(&self, measurement: &str) -> Vec<Value> {
        let seen = self.seen();
        let points = seen["points"].as_array().expect("points").iter();
        let points = points.filter(|point| point["measurement"] == measurement);
        let mut points: Vec<Value> = points
            .map(|point| {
                let start = point["ms"].as_i64().map(format_instant);
                json!([start, point["fields"]["value"], point["tags"]["source"], point["tags"]["unit"]])
            })
            .collect();
        points.sort_by_key(Value::to_string);
        points
    }

    fn count(&self) -> usize {
        self.seen()["points"].as_array().map_or(0, Vec::len)
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

fn add(folder: &Folder, url: &str, token: &str) -> Output {
    let secret = folder.path("secret");
    fs::write(&secret, token).expect("written");
    let secret = secret.to_str().expect("UTF-8").to_owned();
    let all = ["remote", "add", "influxdb", url, "--name", "db", "--secret-file", &secret, "--keep-secret", "file"];
    folder.run(&[&all[..], &["--json"]].concat())
}

#[track_caller]
fn check_added(folder: &Folder, fake: &Fake) {
    let added = add(folder, &fake.bucket(), &fake.token);
    assert_eq!(added.status.code(), Some(0), "{}", String::from_utf8_lossy(&added.stderr));
}

fn push(folder: &Folder) -> Value {
    folder.answer(&["push", "--remote", "db", "--once"])
}

const MASS: &str = "HKQuantityTypeIdentifierBodyMass";

/// The samples of an export as points, of one type.
fn ours(folder: &Folder, kind: &str) -> Vec<Value> {
    let output = folder.check(&["export", "--format", "jsonl", "--types", kind, "--out", "-"], 0);
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let mut points: Vec<Value> = lines
        .filter(|line| line["record"] == "sample" && line["hidden"].is_null())
        .map(|line| json!([line["start"], line["value"], line["source"], line["unit"]]))
        .collect();
    points.sort_by_key(Value::to_string);
    points
}

/// An export of a day of March, of some weights: of day, value and hour of the end.
fn import(folder: &Folder, exported: u32, weights: &[(u32, u32, u32)]) {
    let row = |(day, value, hour): &(u32, u32, u32)| {
        format!(
            "<Record type=\"{MASS}\" sourceName=\"Kim, the Scale=\\\" unit=\"kg\" value=\"{value}\" \
             startDate=\"2026-02-{day:02} 07:00:00 +0100\" endDate=\"2026-02-{day:02} {hour:02}:00:00 +0100\"/>"
        )
    };
    let rows: String = weights.iter().map(row).collect();
    let path = folder.path("export.xml");
    let date = format!("<ExportDate value=\"2026-03-{exported:02} 12:00:00 +0100\"/>");
    fs::write(&path, format!("<HealthData locale=\"en_GB\">{date}{rows}</HealthData>")).expect("written");
    folder.check(&["import", path.to_str().expect("UTF-8")], 0);
}

#[test]
fn points_follow_the_store_through_an_import_an_edit_and_an_undo() {
    let (folder, fake) = (Folder::new("influx-same"), Fake::start(&[]));
    check_added(&folder, &fake);
    folder.check(&["import", &person()], 4);
    let pushed = push(&folder);
    assert_eq!((&pushed["waiting"], &pushed["failed"]), (&json!(0), &Value::Null), "{pushed}");
    for kind in ["HKQuantityTypeIdentifierHeartRate", "HKQuantityTypeIdentifierStepCount", MASS] {
        assert_eq!(fake.points(kind), ours(&folder, kind), "{kind}");
        assert!(!ours(&folder, kind).is_empty(), "{kind}");
    }
    assert_eq!(fake.count() as u64, pushed["stored"].as_u64().expect("a number"), "no point took another's place");
    assert_eq!(fake.points("workout").len(), 2);
    folder.check(&["push", "--remote", "db", "--once"], 3);
    folder.check(&["hide", "step_count"], 0);
    assert!(push(&folder)["withdrawn"].as_u64() > Some(0));
    assert_eq!(fake.points("HKQuantityTypeIdentifierStepCount"), Vec::<Value>::new());
    folder.check(&["undo", "1"], 0);
    let pushed = push(&folder);
    assert_eq!((&pushed["waiting"], fake.count()), (&json!(0), 0), "{pushed}");
    assert_eq!(folder.answer(&["outbox"])[0]["stays"], 0);
}

#[test]
fn rows_of_one_time_are_kept_apart_and_taken_back_one_by_one() {
    let (folder, fake) = (Folder::new("influx-apart"), Fake::start(&[]));
    check_added(&folder, &fake);
    // Three of one source, type, unit and start.
    import(&folder, 1, &[(1, 70, 7), (1, 71, 8), (1, 72, 9), (2, 73, 7)]);
    push(&folder);
    assert_eq!((fake.points(MASS), fake.points(MASS).len()), (ours_of_scale(&folder), 4));
    // A newer export lacks one of them.
    import(&folder, 2, &[(1, 70, 7), (1, 72, 9), (2, 73, 7), (3, 74, 7)]);
    let pushed = push(&folder);
    assert_eq!(pushed["waiting"], 0, "{pushed}");
    assert_eq!((fake.points(MASS), fake.points(MASS).len()), (ours_of_scale(&folder), 4));
    let before = fake.count();
    folder.check(&["undo", "2"], 0);
    push(&folder);
    assert_eq!((fake.points(MASS), before), (ours_of_scale(&folder), 4));
}

/// A backslash has no place in a tag.
fn ours_of_scale(folder: &Folder) -> Vec<Value> {
    let text = json!(ours(folder, MASS)).to_string().replace("\\\\", "/");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn nothing_is_lost_or_doubled_whatever_is_in_the_way() {
    for fault in ["cut", "lose", "500", "503", "429"] {
        let (folder, fake) = (Folder::new(&format!("influx-{fault}")), Fake::start(&["--fault", fault]));
        check_added(&folder, &fake);
        import(&folder, 1, &[(1, 70, 7), (2, 71, 8)]);
        let failed = push(&folder);
        assert_eq!((&failed["failed"]["code"], &failed["stored"]), (&json!("unreachable"), &json!(0)), "{fault}");
        assert_eq!(push(&folder)["waiting"], 0, "{fault}");
        assert_eq!(fake.points(MASS), ours_of_scale(&folder), "{fault}");
        folder.check(&["undo", "1"], 0);
        push(&folder);
        assert_eq!(fake.count(), 0, "{fault}");
    }
}

#[test]
fn lines_that_are_refused_are_set_aside_and_the_rest_is_there() {
    for (version, requests) in [("3", 1), ("2", 3)] {
        let fake = Fake::start(&["--version", version, "--refuse", "value=71.0"]);
        let folder = Folder::new(&format!("influx-refused-{version}"));
        check_added(&folder, &fake);
        import(&folder, 1, &[(1, 70, 7), (2, 71, 8), (3, 72, 8)]);
        let pushed = push(&folder);
        assert_eq!((&pushed["stored"], &pushed["refused"]), (&json!(2), &json!(1)), "{version}: {pushed}");
        let said = pushed["problems"][0]["said"].as_str().expect("words");
        assert!(said.contains("invalid column type") && !said.contains("71"), "{version}: {said}");
        assert_eq!(fake.points(MASS).len(), 2, "{version}");
        // Version 3 says which; else halves are sent until it is found.
        let writes = fake.seen()["requests"].as_array().map_or(0, |all| all.iter().filter(|one| one[1] != 0).count());
        assert!(if version == "3" { writes == requests } else { writes >= requests }, "{version}: {writes}");
    }
}

#[test]
fn what_version_3_cannot_take_back_is_shown_to_stay() {
    let (folder, fake) = (Folder::new("influx-stays"), Fake::start(&["--version", "3"]));
    check_added(&folder, &fake);
    import(&folder, 1, &[(1, 70, 7), (2, 71, 8)]);
    push(&folder);
    folder.check(&["undo", "1"], 0);
    assert_eq!(push(&folder)["withdrawn"], 0);
    assert_eq!((&folder.answer(&["outbox"])[0]["stays"], fake.count()), (&json!(2), 2));
    folder.check(&["push", "--remote", "db", "--once"], 3);
}

#[test]
fn what_is_wrong_with_a_server_is_said() {
    let (folder, fake) = (Folder::new("influx-wrong"), Fake::start(&[]));
    let check = |url: &str, token: &str, code: &str, words: &str| {
        let error = error_line(&add(&folder, url, token));
        assert_eq!(error["code"], code, "{url}: {error}");
        assert!(error["message"].as_str().is_some_and(|message| message.contains(words)), "{url}: {error}");
    };
    check(&fake.bucket(), "wrong", "unauthorized", "unauthorized access");
    check(&format!("{}?org=home&bucket=other", fake.url), &fake.token, "remote_failed", "not found");
    check(&format!("{}?org=home", fake.url), &fake.token, "bad_usage", "no address");
    check(&format!("{}?org=home&bucket=health&token=a", fake.url), &fake.token, "bad_usage", "no address");
    check("postgres://kim@127.0.0.1/health?sslmode=disable", &fake.token, "bad_usage", "no address");
    check("http://8.8.8.8?org=home&bucket=health", &fake.token, "bad_usage", "encryption nothing is sent");
}
