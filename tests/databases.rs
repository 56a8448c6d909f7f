//! Forwarding into a real PostgreSQL with the real program, read back by psql.
#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::process::{Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use health::formats::postgresql::TABLES;
use health::time::{format_instant, parse_stamp};
use serde_json::{Map, Value, json};

#[path = "support/phone.rs"]
mod phone;
#[path = "support/postgres.rs"]
mod postgres;
#[path = "support/program.rs"]
mod program;

use phone::{Request, Server};
use postgres::{DATABASE, PASSWORD, Postgres};
use program::{Folder, error_line, person};

fn url(port: u16, more: &str) -> String {
    format!("postgres://kim@127.0.0.1:{port}/{DATABASE}{more}")
}

/// Adds a database by the name `db`.
fn add(folder: &Folder, url: &str, password: &str, more: &[&str]) -> Output {
    let secret = folder.path("secret");
    fs::write(&secret, format!("{password}\n")).expect("written");
    let secret = secret.to_str().expect("UTF-8").to_owned();
    let all = ["remote", "add", "postgresql", url, "--name", "db", "--secret-file", &secret, "--keep-secret", "file"];
    let added = folder.run(&[&all[..], more, &["--json"]].concat());
    fs::remove_file(&secret).expect("removed");
    added
}

#[track_caller]
fn check_added(folder: &Folder, url: &str) {
    let added = add(folder, url, PASSWORD, &[]);
    assert_eq!(added.status.code(), Some(0), "{}", String::from_utf8_lossy(&added.stderr));
}

fn push(folder: &Folder) -> Value {
    folder.answer(&["push", "--remote", "db", "--once"])
}

/// Something as it is compared: numbers are numbers, however they are written.
fn plain(value: &Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(items) => items.iter().map(plain).collect(),
        Value::Object(items) => items.iter().map(|(key, value)| (key.clone(), plain(value))).collect(),
        other => other.clone(),
    }
}

fn count(lines: impl Iterator<Item = Map<String, Value>>) -> BTreeMap<String, usize> {
    let mut counted = BTreeMap::new();
    for line in lines {
        *counted.entry(plain(&Value::Object(line)).to_string()).or_default() += 1;
    }
    counted
}

/// The lines of an export but for what belongs to our store alone, and what was hidden.
fn ours(folder: &Folder) -> BTreeMap<String, usize> {
    let output = folder.check(&["export", "--format", "jsonl", "--out", "-"], 0);
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let lines = text.lines().map(|line| serde_json::from_str::<Map<String, Value>>(line).expect("JSON"));
    count(lines.filter(|line| line.get("hidden").is_none()).map(|mut line| {
        let (is_sample, is_workout) = (line["record"] == "sample", line["record"] == "workout");
        line.retain(|key, value| {
            !(value.is_null()
                || ["import", "id", "record_id", "created_at"].contains(&key.as_str())
                || is_sample && key == "seen"
                || is_workout && key == "route_points")
        });
        line
    }))
}

/// The rows of all tables as lines again.
fn theirs(server: &Postgres) -> BTreeMap<String, usize> {
    let rows = TABLES.iter().flat_map(|table| {
        let text = server.psql(DATABASE, &format!("SELECT row_to_json(t) FROM vitalog.{} AS t", table.name));
        let rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        rows.into_iter().map(|row| line(table.record, row))
    });
    count(rows)
}

fn line(record: &str, row: Value) -> Map<String, Value> {
    let Value::Object(mut row) = row else { panic!("no row: {row}") };
    row.remove("id").expect("a key");
    let rest = row.remove("rest").unwrap_or_default();
    let mut line = rest.as_object().cloned().unwrap_or_default();
    for (name, value) in row.into_iter().filter(|(_, value)| !value.is_null()) {
        let key = name.strip_suffix("_time").filter(|key| ["start", "end"].contains(key)).unwrap_or(&name);
        // An instant as PostgreSQL prints it.
        let told = value.as_str().and_then(|text| text.strip_suffix("+00:00"));
        let instant = told.and_then(|text| parse_stamp(&format!("{text}Z"))).map(|ms| format_instant(ms).into());
        assert!(line.insert(key.to_owned(), instant.unwrap_or(value)).is_none(), "{key} is told twice");
    }
    line.insert("record".to_owned(), record.into());
    line
}

/// Whether the database holds exactly what an export holds.
#[track_caller]
fn check_same(folder: &Folder, server: &Postgres) {
    let (ours, theirs) = (ours(folder), theirs(server));
    let only = |a: &BTreeMap<String, usize>, b: &BTreeMap<String, usize>| -> Vec<String> {
        a.iter().filter(|(line, n)| b.get(*line) != Some(n)).map(|(line, n)| format!("{n} {line}")).take(4).collect()
    };
    assert_eq!((only(&ours, &theirs), only(&theirs, &ours)), (Vec::new(), Vec::new()));
}

/// A body of Health Export Pro with some heart beats.
fn beats() -> String {
    let beat = |n: usize| {
        let start = format!("2026-03-16T06:00:{n:02}.123Z");
        json!({"uuid": format!("21823FF3-D9E2-58C6-81B9-{n:012X}"), "value": 60 + n, "unit": "count/min",
            "startDate": start, "endDate": start, "metadata": {"a": "b\\\t\"c\""},
            "sourceRevision": {"source": {"name": "Watch\\", "bundleIdentifier": "com.apple.health"}, "version": "11.4"}})
    };
    let beats: Vec<Value> = (0..60).map(beat).collect();
    json!({"data": {"HKQuantityTypeIdentifierHeartRate": beats}}).to_string()
}

#[test]
fn a_database_holds_what_an_export_holds_after_a_push_a_phone_and_an_undo() {
    let (folder, server) = (Folder::new("db-same"), Postgres::start("same"));
    folder.check(&["import", &person()], 4);
    check_added(&folder, &url(server.port, "?sslmode=disable"));
    let pushed = push(&folder);
    assert_eq!((&pushed["refused"], &pushed["waiting"]), (&json!(0), &json!(0)), "{pushed}");
    check_same(&folder, &server);
    assert!(ours(&folder).len() > 30);
    folder.check(&["push", "--remote", "db", "--once"], 3);
    // Who receives sends by itself, too; here it is to be seen who does what.
    folder.check(&["remote", "pause", "db"], 0);
    let phone = Server::start(&folder);
    let added = folder.answer(&["devices", "add", "--app", "health-export-pro", "--name", "Kim"]);
    let token = added["token"].as_str().expect("a token");
    assert_eq!(phone.send(&Request::post("/api/health-data", beats()).token(token)).status, 200);
    drop(phone);
    folder.check(&["remote", "resume", "db"], 0);
    let pushed = push(&folder);
    assert_eq!((&pushed["stored"], &pushed["refused"]), (&json!(60), &json!(0)), "{pushed}");
    check_same(&folder, &server);
    folder.check(&["hide", "step_count"], 0);
    assert!(push(&folder)["withdrawn"].as_u64() > Some(0));
    check_same(&folder, &server);
    folder.check(&["undo", "1"], 0);
    let pushed = push(&folder);
    assert_eq!((&pushed["waiting"], &pushed["refused"]), (&json!(0), &json!(0)), "{pushed}");
    check_same(&folder, &server);
    assert_eq!(server.psql(DATABASE, "SELECT count(*) FROM vitalog.samples"), "60");
    assert_eq!(server.psql(DATABASE, "SELECT count(*) FROM vitalog.profiles"), "0");
    folder.check(&["import", &person()], 4);
    push(&folder);
    check_same(&folder, &server);
    // What the document shows for Grafana, which puts a range into its place.
    for query in queries() {
        let rows = server.psql(DATABASE, &query.replace("$__timeFilter(start_time)", "start_time < now()"));
        assert!(rows.contains('|'), "{query}: {rows}");
    }
    // A whole route and an electrocardiogram, point by point.
    let points = server.psql(DATABASE, "SELECT lat, lon, ele FROM vitalog.route_points ORDER BY n");
    assert_eq!(points, "52.516275|13.377704|34.5\n52.516275|13.377804|34.75");
    assert_eq!(server.psql(DATABASE, "SELECT voltages FROM vitalog.ecgs"), "{27.648,-26.053,0.5}");
}

fn document() -> String {
    fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/databases.md")).expect("the document")
}

/// The questions of the document: blocks that begin with SELECT and have a range to be filled in.
fn queries() -> Vec<String> {
    let text = document();
    let sql = text.split("\n\n").filter(|block| block.starts_with("    SELECT") && block.contains("FROM vitalog."));
    let queries: Vec<String> = sql.map(str::to_owned).collect();
    assert_eq!(queries.len(), 2);
    queries
}

#[test]
fn the_document_names_every_table_and_column() {
    let text = document();
    for table in TABLES {
        let row = text.lines().find(|line| line.starts_with(&format!("| `{}` |", table.name))).expect(table.name);
        let key = if table.by_time { "| `start_time, id` |" } else { "| `id` |" };
        assert!(row.contains(key), "{row}");
        for name in table.columns.iter().map(|column| column.name()).filter(|name| !name.ends_with("_time")) {
            assert!(row.contains(&format!("`{name}`")), "{} lacks {name}", table.name);
        }
    }
}

/// What lies between us and the database: passes bytes on, and cuts the line after so many of one way.
struct Between {
    port: u16,
    there: Arc<AtomicUsize>,
    back: Arc<AtomicUsize>,
}

impl Between {
    fn new(to: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (there, back) = (Arc::new(AtomicUsize::new(usize::MAX)), Arc::new(AtomicUsize::new(usize::MAX)));
        let left = (there.clone(), back.clone());
        std::thread::spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                let far = TcpStream::connect((Ipv4Addr::LOCALHOST, to)).expect("the database");
                let (a, b) = (near.try_clone().expect("a stream"), far.try_clone().expect("a stream"));
                let (there, back) = left.clone();
                std::thread::spawn(move || pass(a, b, &there));
                std::thread::spawn(move || pass(far, near, &back));
            }
        });
        Self { port, there, back }
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, left: &AtomicUsize) {
    let mut bytes = [0; 4096];
    while let Ok(n) = from.read(&mut bytes) {
        let allowed = n.min(left.load(Ordering::SeqCst));
        left.fetch_sub(allowed, Ordering::SeqCst);
        if n == 0 || to.write_all(&bytes[..allowed]).is_err() || allowed < n {
            break;
        }
    }
    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}

#[test]
fn wherever_the_line_is_cut_nothing_is_lost_or_doubled() {
    let (folder, server) = (Folder::new("db-cut"), Postgres::start("cut"));
    let between = Between::new(server.port);
    check_added(&folder, &url(between.port, "?sslmode=disable"));
    folder.check(&["import", &person()], 4);
    let (mut there, mut back, mut cuts) = (40, 60, 0);
    // Further each time, so that every step of a batch is met; in turn the way there and the way back.
    loop {
        between.there.store(if cuts % 2 == 0 { there } else { usize::MAX }, Ordering::SeqCst);
        between.back.store(if cuts % 2 == 1 { back } else { usize::MAX }, Ordering::SeqCst);
        let pushed = push(&folder);
        if pushed["failed"].is_null() {
            break;
        }
        assert_eq!(pushed["failed"]["code"], "unreachable", "{pushed}");
        let rows: usize = server.psql(DATABASE, "SELECT count(*) FROM vitalog.samples").parse().expect("a number");
        assert!(rows == 0 || rows == folder_rows(&folder), "a part of a batch is there: {rows}");
        (there, back, cuts) = (there + 900, back + 90, cuts + 1);
        assert!(cuts < 200, "{pushed}");
    }
    assert!(cuts > 5, "{cuts}");
    between.there.store(usize::MAX, Ordering::SeqCst);
    between.back.store(usize::MAX, Ordering::SeqCst);
    folder.check(&["push", "--remote", "db", "--once"], 3);
    check_same(&folder, &server);
}

/// Samples of an export.
fn folder_rows(folder: &Folder) -> usize {
    ours(folder).iter().filter(|(line, _)| line.contains("\"record\":\"sample\"")).map(|(_, n)| n).sum()
}

#[test]
fn a_push_that_is_killed_and_a_server_that_starts_anew_leave_everything_right() {
    let (folder, mut server) = (Folder::new("db-killed"), Postgres::start("killed"));
    check_added(&folder, &url(server.port, "?sslmode=disable"));
    folder.check(&["import", &person()], 4);
    // Somebody holds a table, so that the push waits in the middle of its transaction.
    let hold = "BEGIN; LOCK TABLE vitalog.samples; SELECT 'held'; SELECT pg_sleep(600)";
    let mut holder = server.ask(DATABASE, hold).stdout(Stdio::null()).spawn().expect("psql runs");
    until(&server, "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted");
    let mut first = folder.command(&["push", "--remote", "db", "--once"]);
    let mut first = first.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    until(
        &server,
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'Vitalog' AND wait_event_type = 'Lock'",
    );
    first.kill().expect("killed");
    first.wait().expect("its end");
    server.stop();
    holder.wait().expect("its end");
    let failed = push(&folder);
    assert_eq!(failed["failed"]["code"], "unreachable", "{failed}");
    server.go_on();
    let pushed = push(&folder);
    assert_eq!((&pushed["waiting"], &pushed["failed"]), (&json!(0), &Value::Null), "{pushed}");
    check_same(&folder, &server);
    // Everything once more from the beginning: nothing is there twice.
    folder.check(&["remote", "remove", "db"], 0);
    check_added(&folder, &url(server.port, "?sslmode=disable"));
    assert_eq!(push(&folder)["stored"], pushed["stored"]);
    check_same(&folder, &server);
}

/// Asks until the answer is not 0.
fn until(server: &Postgres, question: &str) {
    while server.psql(DATABASE, question) == "0" {}
}

#[test]
fn what_is_wrong_with_a_database_is_said() {
    let (folder, server) = (Folder::new("db-wrong"), Postgres::start("wrong"));
    folder.check(&["import", &person()], 4);
    let check = |url: &str, password: &str, code: &str, words: &str| {
        let added = add(&folder, url, password, &[]);
        let error = error_line(&added);
        assert_eq!((added.status.code() != Some(0), &error["code"]), (true, &json!(code)), "{url}: {error}");
        let message = error["message"].as_str().expect("a message");
        assert!(message.contains(words), "{url}: {message}");
        assert!(!error.to_string().contains(PASSWORD));
    };
    let home = format!("127.0.0.1:{}", server.port);
    check(&url(server.port, "?sslmode=disable"), "wrong", "unauthorized", "password authentication failed");
    check(&format!("postgres://lee@{home}/health?sslmode=disable"), PASSWORD, "unauthorized", "password");
    check(&format!("postgres://kim@{home}/nothing?sslmode=disable"), PASSWORD, "remote_failed", "does not exist");
    check(&format!("postgres://{home}/health"), PASSWORD, "bad_usage", "no address");
    check(&format!("postgres://kim:secret@{home}/health"), PASSWORD, "bad_usage", "no address");
    check(&format!("https://{home}/health"), PASSWORD, "bad_usage", "no address");
    check("postgres://kim@8.8.8.8/health?sslmode=disable", PASSWORD, "bad_usage", "encryption nothing is sent");
    // Encrypted, by a certificate that nobody has signed: shown, and trusted by its digits alone.
    check(&url(server.port, ""), PASSWORD, "unknown_certificate", &server.fingerprint());
    let other = add(&folder, &url(server.port, ""), PASSWORD, &["--certificate", &"0".repeat(64)]);
    assert_eq!(error_line(&other)["code"], "unknown_certificate");
    let pinned = add(&folder, &url(server.port, ""), PASSWORD, &["--certificate", &server.fingerprint()]);
    assert_eq!(pinned.status.code(), Some(0), "{}", String::from_utf8_lossy(&pinned.stderr));
    push(&folder);
    check_same(&folder, &server);
    let encrypted = "SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE pid = pg_backend_pid()";
    assert_eq!(server.psql(DATABASE, encrypted), "t");
    folder.check(&["remote", "remove", "db"], 0);
    // One who may not make tables, and then one who may not write into them.
    server.psql(DATABASE, "CREATE ROLE lee LOGIN PASSWORD 'lee'; DROP SCHEMA vitalog CASCADE");
    let lee = format!("postgres://lee@{home}/health?sslmode=disable");
    check(&lee, "lee", "remote_failed", "permission denied");
    check_added(&folder, &url(server.port, "?sslmode=disable"));
    folder.check(&["remote", "remove", "db"], 0);
    server.psql(DATABASE, "GRANT USAGE ON SCHEMA vitalog TO lee; GRANT SELECT ON ALL TABLES IN SCHEMA vitalog TO lee");
    check(&lee, "lee", "remote_failed", "may not write");
    server.psql(DATABASE, "GRANT INSERT, DELETE ON ALL TABLES IN SCHEMA vitalog TO lee");
    assert_eq!(add(&folder, &lee, "lee", &[]).status.code(), Some(0));
    assert_eq!(push(&folder)["waiting"], 0);
    check_same(&folder, &server);
    // Rights that are taken away, and tables of another version.
    server.psql(DATABASE, "REVOKE DELETE ON vitalog.samples FROM lee");
    folder.check(&["undo", "1"], 0);
    assert_eq!(push(&folder)["failed"]["code"], "no_rights");
    server.psql(DATABASE, "GRANT DELETE ON vitalog.samples TO lee; UPDATE vitalog.about SET version = 2");
    assert_eq!(push(&folder)["failed"]["code"], "other_tables");
}

/// What listens where a database is thought to be.
fn saying(answer: &'static [u8]) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || {
                let mut bytes = [0; 1024];
                let _ = stream.read(&mut bytes).and_then(|_| stream.write_all(answer));
            });
        }
    });
    port
}

#[test]
fn what_is_no_postgresql_is_told_from_one() {
    let folder = Folder::new("db-other");
    let http = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
    // A message that says it is as long as four gigabytes, one that is shorter than nothing, and one of no kind.
    let long = b"R\xff\xff\xff\xffxxxx";
    let short = b"R\0\0\0\x01xxxx";
    let odd = b"\0\0\0\0\x09xxxx";
    let cases: [(&'static [u8], &str, &str); 8] = [
        (http, "", "no PostgreSQL"),
        (http, "?sslmode=disable", "no PostgreSQL"),
        (b"N", "", "does not encrypt"),
        (b"S\x15\x03\x03", "", "cannot be reached"),
        (b"", "?sslmode=disable", "cannot be reached"),
        (long, "?sslmode=disable", "no PostgreSQL"),
        (short, "?sslmode=disable", "no PostgreSQL"),
        (odd, "?sslmode=disable", "no PostgreSQL"),
    ];
    for (answer, more, words) in cases {
        let added = add(&folder, &url(saying(answer), more), PASSWORD, &[]);
        let error = error_line(&added);
        assert_eq!(error["code"], "remote_failed", "{answer:?}: {error}");
        assert!(error["message"].as_str().is_some_and(|message| message.contains(words)), "{answer:?}: {error}");
    }
    assert_eq!(folder.answer(&["remote", "list"]), json!([]));
}
