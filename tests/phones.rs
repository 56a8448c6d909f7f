//! Receiving from phones with the real program: how it starts and ends, beside others, and how a phone is let in.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::{Value, json};

#[path = "support/phone.rs"]
mod phone;
#[path = "support/program.rs"]
mod program;

use phone::{Answer, Request, Server, Talk};
use program::{Folder, error_line};

const HEP: &str = "health-export-pro";

/// A device and its token.
fn device(folder: &Folder, app: &str) -> String {
    let added = folder.answer(&["devices", "add", "--app", app, "--name", "Kim"]);
    added["token"].as_str().expect("a token").to_owned()
}

/// A body of Health Export Pro with so many heart beats, one a second.
fn beats(count: usize) -> String {
    let beat = |n: usize| {
        let start = format!("2026-03-14T{:02}:{:02}:{:02}.123Z", n / 3600, n / 60 % 60, n % 60);
        json!({"uuid": format!("21823FF3-D9E2-58C6-81B9-{n:012X}"), "value": 60 + n % 60, "unit": "count/min",
            "startDate": start, "endDate": start, "metadata": {},
            "sourceRevision": {"source": {"name": "Watch", "bundleIdentifier": "com.apple.health"}, "version": "11.4"}})
    };
    let beats: Vec<Value> = (0..count).map(beat).collect();
    json!({"data": {"HKQuantityTypeIdentifierHeartRate": beats}}).to_string()
}

fn send(server: &Server, token: &str, path: &str, body: String) -> u16 {
    server.send(&Request::post(path, body).token(token)).status
}

/// The error of a verb that fails beside a receiver.
#[track_caller]
fn check_refused(folder: &Folder, arguments: &[&str], code: &str) {
    let refused = folder.check(&[arguments, &["--json"]].concat(), 1);
    assert_eq!(error_line(&refused)["code"], code, "{arguments:?}");
}

const SERVE: [&str; 5] = ["serve", "--bind", "127.0.0.1", "--port", "0"];

#[cfg(unix)]
#[test]
fn it_receives_until_it_is_told_to_stop() {
    for signal in ["TERM", "INT"] {
        let folder = Folder::new(&format!("serve-{signal}"));
        let mut server = Server::start(&folder);
        let url = format!("http://127.0.0.1:{}", server.port);
        assert_eq!(server.first["urls"], json!([url]));
        assert_eq!(folder.answer(&["status"])["receiver"], json!({"on": true, "urls": [url]}));
        let token = device(&folder, HEP);
        assert_eq!(send(&server, &token, "/api/health-data", beats(3)), 200);
        let told = server.wait_for("delivery");
        assert_eq!((&told["state"], &told["new"], &told["label"]), (&json!("done"), &json!(3), &json!("Kim")));
        assert_eq!(send(&server, "hi_nobody", "/api/health-data", beats(3)), 401);
        assert_eq!(server.wait_for("refused")["reason"], "token");
        server.signal(signal);
        server.wait_for("stopped");
        assert_eq!((server.next(), server.code()), (None, Some(0)));
        assert_eq!(folder.answer(&["status"])["receiver"], json!({"on": false, "urls": []}));
        assert_eq!(folder.answer(&["types"])[0]["count"], 3);
    }
}

#[test]
fn one_program_at_a_time_receives_and_all_verbs_work_beside_it() {
    let folder = Folder::new("serve-twice");
    let server = Server::start(&folder);
    check_refused(&folder, &SERVE, "receiver_runs");
    check_refused(&folder, &["delete-all", "--confirm", "delete"], "receiver_runs");
    let other = Folder::new("serve-port");
    let port = server.port.to_string();
    check_refused(&other, &["serve", "--bind", "127.0.0.1", "--port", &port], "port_taken");
    for bind in ["8.8.8.8", "203.0.113.7", "192.168.254.253"] {
        check_refused(&other, &["serve", "--bind", bind, "--port", "0"], "no_address");
    }
    let token = device(&folder, HEP);
    let path = folder.path("export.xml");
    let row = "<Record type=\"HKQuantityTypeIdentifierBodyMass\" sourceName=\"Scale\" unit=\"kg\" value=\"70\" \
        startDate=\"2026-03-14 07:00:00 +0100\" endDate=\"2026-03-14 07:00:00 +0100\"/>";
    fs::write(&path, format!("<HealthData locale=\"en_GB\">{row}</HealthData>")).expect("written");
    folder.check(&["import", path.to_str().expect("UTF-8")], 0);
    assert_eq!(send(&server, &token, "/api/health-data", beats(3)), 200);
    assert_eq!(folder.answer(&["types"]).as_array().map(Vec::len), Some(2));
    drop(server);
    // Killed, it leaves the place all the same.
    drop(Server::start(&folder));
}

/// Who closes a store that nobody else has open takes its log away, and a receiver that has lost its locks is nobody.
#[cfg(target_os = "linux")]
#[test]
fn another_program_that_looks_into_the_store_leaves_it_to_the_receiver() {
    let folder = Folder::new("serve-locks");
    let server = Server::start(&folder);
    let token = device(&folder, HEP);
    for count in 1..4 {
        assert_eq!(send(&server, &token, "/api/health-data", beats(count)), 200);
        let look = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('SELECT * FROM kinds'); c.close()";
        let store = folder.data().join("vitalog.db");
        let looked = std::process::Command::new("python3").args(["-c", look]).arg(&store).status();
        assert!(looked.expect("python3 runs").success());
        assert_eq!(folder.answer(&["types"])[0]["count"], count);
        assert!(store.with_file_name("vitalog.db-wal").exists(), "after {count}");
    }
}

#[test]
fn what_others_change_holds_at_once() {
    let folder = Folder::new("serve-changes");
    let server = Server::start(&folder);
    let token = device(&folder, HEP);
    let own = |header: &str| server.send(&Request::post("/ingest/kim", beats(1)).with(header, &token)).status;
    assert_eq!(own("X-Kim-Key"), 404);
    folder.check(&["settings", "set", "hep_path", "ingest/kim/"], 0);
    assert_eq!(own("X-Kim-Key"), 401);
    folder.check(&["settings", "set", "hep_header", "X-Kim-Key"], 0);
    assert_eq!(own("X-Kim-Key"), 200);
    let added = folder.answer(&["devices", "add", "--app", HEP, "--name", "Ada"]);
    assert_eq!((&added["path"], &added["header"]), (&json!("/ingest/kim"), &json!("X-Kim-Key")));
    assert_eq!(added["url"], server.first["urls"][0]);
    folder.check(&["settings", "set", "hep_path", "none"], 0);
    assert_eq!((own("X-Kim-Key"), send(&server, &token, "/api/health-data", beats(1))), (404, 200));
    folder.check(&["devices", "pause", "Kim"], 0);
    assert_eq!(send(&server, &token, "/api/health-data", beats(5)), 200);
    assert_eq!(folder.answer(&["status"])["pending"]["deliveries"], 1);
    assert_eq!(folder.answer(&["deliveries"])[0]["state"], "pending");
    folder.check(&["devices", "resume", "Kim"], 0);
    let done = std::iter::repeat_with(|| server.wait_for("delivery")).find(|line| line["new"] == 4);
    assert_eq!(done.expect("a delivery")["state"], "done");
    assert_eq!(folder.answer(&["status"])["pending"]["deliveries"], 0);
    folder.check(&["devices", "revoke", "Kim"], 0);
    assert_eq!(send(&server, &token, "/api/health-data", beats(1)), 401);
}

#[test]
fn a_large_body_is_acknowledged_and_read_afterwards() {
    let folder = Folder::new("serve-large");
    let server = Server::start(&folder);
    let token = device(&folder, HEP);
    let body = beats(6_000);
    assert!(body.len() > 1 << 20);
    assert_eq!(send(&server, &token, "/api/health-data", body), 200);
    let told = server.wait_for("delivery");
    assert_eq!((&told["state"], &told["new"]), (&json!("done"), &json!(6_000)));
    assert_eq!(folder.answer(&["types"])[0]["count"], 6_000);
}

#[test]
fn all_that_a_phone_sent_is_taken_back() {
    let folder = Folder::new("devices-undo");
    let server = Server::start(&folder);
    let token = device(&folder, HEP);
    folder.check(&["devices", "undo", "Kim"], 3);
    assert_eq!(send(&server, &token, "/api/health-data", beats(3)), 200);
    assert_eq!(folder.answer(&["devices", "undo", "Kim"])["removed"], 3);
    assert_eq!(folder.answer(&["types"]), json!([]));
    folder.check(&["devices", "undo", "1"], 3);
    folder.check(&["devices", "undo", "Ada"], 2);
    assert_eq!(send(&server, &token, "/api/health-data", beats(3)), 200);
    assert_eq!(folder.answer(&["types"])[0]["count"], 3);
}

/// The address behind the first `href` or `action` of a page that begins so.
fn link<'a>(page: &'a str, start: &str) -> &'a str {
    let at = page.find(start).unwrap_or_else(|| panic!("no {start} in {page}"));
    page[at..].split(['"', '<', '&']).next().unwrap_or_default()
}

#[test]
fn a_phone_is_let_in_by_its_browser() {
    let folder = Folder::new("pair");
    check_refused(&folder, &["pair", "--yes"], "not_receiving");
    let server = Server::start(&folder);
    let mut talk = Talk::start(&folder, &["pair", "--yes", "--json"]);
    let invited = talk.line();
    let (url, code) = (invited["urls"][0].as_str().expect("an address"), invited["code"].as_str().expect("a code"));
    let base = format!("http://127.0.0.1:{}", server.port);
    assert_eq!((invited["event"].as_str(), code.len()), (Some("invited"), 8));
    let path = url.strip_prefix(&base).expect("our address");
    let browse = |method: &str, path: &str| {
        let browser =
            Request::new(method, path).with("User-Agent", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_4 like Mac OS X)");
        server.send(&browser.with("Sec-Fetch-Site", if method == "GET" { "none" } else { "same-origin" }))
    };
    assert_eq!(browse("GET", path).status, 200);
    let claimed = browse("POST", &format!("{path}/claim"));
    assert_eq!(claimed.status, 303, "{}", claimed.text());
    let guest = talk.line();
    assert_eq!((guest["event"].as_str(), guest["label"].as_str()), (Some("claimed"), Some("iPhone, iOS 18")));
    assert!(guest["number"].as_str().is_some_and(|number| number.len() == 4), "{guest}");
    assert_eq!(talk.line(), json!({"event": "accepted"}));
    assert_eq!(talk.code(), Some(0));
    let ticket = claimed.header("location").expect("a page").to_owned();
    let apps = browse("GET", &ticket).text();
    let guide = browse("POST", link(&apps, &format!("{ticket}/healthsync"))).text();
    let token = link(&guide, "hi_");
    let body = json!({"export_id": "1", "metrics": [], "workouts": []}).to_string();
    assert_eq!(send(&server, token, "/api/apple-health/sync", body), 200);
    assert_eq!(folder.answer(&["devices", "list"])[0]["name"], "iPhone, iOS 18");
    assert_eq!(browse("POST", &format!("{path}/claim")).status, 404, "a code is good once");
}

#[test]
fn an_app_that_redeems_its_code_is_let_in_too() {
    let folder = Folder::new("pair-redeem");
    let server = Server::start(&folder);
    let mut talk = Talk::start(&folder, &["pair", "--app", "open-wearables", "--name", "Kim", "--yes", "--json"]);
    let code = talk.line()["code"].clone();
    let redeemed = server.send(&Request::post("/api/v1/invitation-code/redeem", json!({"code": code}).to_string()));
    assert_eq!(redeemed.status, 200, "{}", redeemed.text());
    let guest = talk.line();
    assert_eq!((&guest["event"], &guest["label"], &guest["device"]), (&json!("claimed"), &json!("Kim"), &json!(1)));
    assert_eq!((talk.line(), talk.code()), (json!({"event": "accepted"}), Some(0)));
    assert_eq!(folder.answer(&["devices", "list"])[0]["state"], "active");
}

#[test]
fn a_code_that_died_of_wrong_ones_leaves_the_screen() {
    let folder = Folder::new("pair-wrong");
    let server = Server::start(&folder);
    let mut talk = Talk::start(&folder, &["pair", "--yes", "--json"]);
    let code = talk.line()["code"].as_str().expect("a code").to_owned();
    let wrong = if code == "AAAAAAAA" { "BBBBBBBB" } else { "AAAAAAAA" };
    for _ in 0..5 {
        let body = json!({"code": wrong}).to_string();
        assert_eq!(server.send(&Request::post("/api/v1/invitation-code/redeem", body)).status, 404);
    }
    assert_eq!(talk.code(), Some(1));
}

/// All of it, with figures: `scripts/phones-security.py --program target/release/vitalog`.
#[cfg(target_os = "linux")]
#[test]
fn nobody_gets_in_who_should_not() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/phones-security.py");
    let arguments = ["--program", env!("CARGO_BIN_EXE_vitalog"), "--short"];
    let output = std::process::Command::new("python3").arg(script).args(arguments).output().expect("python3 runs");
    let (table, words) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{table}{words}");
    assert_eq!(table.matches(" ok ").count(), 10, "{table}");
}

/// The exit code of a script that finds no such program on this computer.
#[cfg(target_os = "linux")]
const NONE_HERE: i32 = 77;

/// A page of another origin in a real Chromium. Where a system has none to install, the test says so; Debian has one.
#[cfg(target_os = "linux")]
#[test]
fn no_page_of_a_real_browser_reads_or_writes_anything() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/phones-browser.py");
    let arguments = ["--program", env!("CARGO_BIN_EXE_vitalog")];
    let output = std::process::Command::new("python3").arg(script).args(arguments).output().expect("python3 runs");
    let (table, words) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if output.status.code() == Some(NONE_HERE) && std::env::var_os("CI").is_none() {
        println!("{table}");
        return;
    }
    assert!(output.status.success(), "{table}{words}");
    assert_eq!(table.matches(" ok ").count(), 4, "{table}");
}

/// curl at every door, and Avahi for what the network is told: in two network namespaces, or on one host where Avahi
/// runs. The script says which; CI has the namespaces.
#[cfg(target_os = "linux")]
#[test]
fn tools_that_are_not_ours_find_the_receiver_and_are_answered() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/phones-network.sh");
    let output =
        std::process::Command::new("bash").args([script, env!("CARGO_BIN_EXE_vitalog")]).output().expect("bash runs");
    let (table, words) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let where_it_was = table.lines().find(|line| line.starts_with("avahi-browse")).unwrap_or_default();
    println!("{where_it_was}");
    if output.status.code() == Some(NONE_HERE) && std::env::var_os("CI").is_none() {
        return;
    }
    assert!(output.status.success(), "{table}{words}");
    let doors = std::fs::read_to_string(script).expect("the script").matches("\nask ").count();
    assert_eq!(table.matches(" ok\n").count(), doors, "{table}");
    assert!(where_it_was.contains("namespaces") || where_it_was.contains("one host"), "{table}");
}

#[test]
fn without_a_terminal_nobody_is_asked() {
    let folder = Folder::new("pair-blind");
    let refused = folder.check(&["pair", "--json"], 2);
    assert_eq!(error_line(&refused)["code"], "bad_usage");
    assert!(!folder.data().exists());
}

/// An import holds the store's only writer for as long as the test wants.
#[cfg(unix)]
#[test]
fn a_small_body_is_answered_from_the_spool_while_somebody_else_writes() {
    use std::io::Write;
    use std::process::Stdio;

    const RECORDS: u32 = 60_000;
    let folder = Folder::new("serve-busy");
    let server = Server::start(&folder);
    let token = device(&folder, "healthsync");
    let mut import = folder.command(&["import", "-", "--json"]);
    let mut import = import.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("runs");
    let mut input = std::io::BufWriter::new(import.stdin.take().expect("a pipe"));
    writeln!(input, "<HealthData locale=\"en_GB\"><ExportDate value=\"2026-11-02 20:00:00 +0100\"/>").expect("written");
    for number in 0..RECORDS {
        // A pipe holds little: most of what was written is being imported.
        let stamp =
            format!("2026-01-{:02} {:02}:{:02}:00 +0100", number / 1440 % 28 + 1, number / 60 % 24, number % 60);
        let line = format!(
            "<Record type=\"HKQuantityTypeIdentifierStepCount\" sourceName=\"Kim\" unit=\"count\" startDate=\"{stamp}\" \
             endDate=\"{stamp}\" creationDate=\"{stamp}\" value=\"{number}\"/>"
        );
        writeln!(input, "{line}").expect("written");
    }
    input.flush().expect("written");
    let hurried = app::Folder::at(folder.data()).waiting(std::time::Duration::ZERO);
    let refused = app::settings::set(&hurried, "units", "imperial").map_err(|error| error.code);
    assert_eq!(refused, Err(app::Code::StoreBusy));
    let body = json!({"export_id": "1", "workouts": [], "metrics": [{"id": "healthkit:1", "type": "heart_rate", "value": 61,
        "unit": "count/min", "start_at": "2026-03-14T07:30:00.123Z", "end_at": "2026-03-14T07:30:00.123Z",
        "source_name": "Watch", "metadata": {}}]});
    let request = Request::post("/api/apple-health/sync", body.to_string()).token(&token);
    let answer = server.send(&request);
    // As of a large body: nothing is counted yet.
    assert_eq!((answer.status, answer.json()), (200, json!({"ok": true, "received": 0, "duplicates": 0})));
    assert_eq!(folder.answer(&["types"]), json!([]));
    input.write_all(b"</HealthData>").expect("written");
    drop(input);
    assert!(import.wait().expect("its end").success());
    while server.wait_for("delivery")["state"] != "done" {}
    let kinds = folder.answer(&["types"]);
    let beats =
        kinds.as_array().into_iter().flatten().find(|kind| kind["identifier"] == "HKQuantityTypeIdentifierHeartRate");
    assert_eq!(beats.expect("heart beats")["count"], 1);
}

/// The whole of it, with figures: `scripts/phone-client.py --program target/release/vitalog`.
#[cfg(unix)]
#[test]
fn a_phone_that_is_not_ours_syncs_through_faults() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/phone-client.py");
    let short = ["--samples", "3000", "--chunk", "200", "--limit", "300"];
    let mut client = std::process::Command::new("python3");
    let client = client.arg(script).args(["--program", env!("CARGO_BIN_EXE_vitalog")]).args(short);
    let output = client.output().expect("python3 runs");
    let (figures, words) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{words}");
    for fault in ["kills", "starts", "dropped while waiting", "dropped while sending", "refreshes"] {
        assert!(figures.contains(fault), "no {fault}: {figures}");
    }
}

#[test]
fn settings_of_the_receiver_are_checked() {
    let folder = Folder::new("serve-settings");
    let set = |key: &str, value: &str| folder.run(&["settings", "set", key, value]).status.code();
    for (key, value) in [
        ("hep_path", "/a?b"),
        ("hep_path", "/"),
        ("hep_path", "/api/hae"),
        ("hep_path", "pair"),
        ("hep_path", "/health"),
        ("hep_path", "/api/deliveries"),
        ("hep_header", "X Kim"),
        ("hep_header", "Host"),
        ("hep_header", "content-type"),
        ("hep_header", "Cookie"),
        ("receiver_bind", "8.8.8.8"),
        ("receiver_name", "x\ny"),
        ("receiver_vpn", "perhaps"),
        ("receiver_https", "perhaps"),
        ("port", "70000"),
    ] {
        assert_eq!(set(key, value), Some(2), "{key} {value}");
    }
    assert_eq!(set("receiver_bind", "127.0.0.1"), Some(0));
    assert_eq!(set("port", "0"), Some(0));
    let server = Server::with(&folder, &[]);
    assert_eq!(server.first["urls"], json!([format!("http://127.0.0.1:{}", server.port)]));
}

/// Sends by https, as a phone does that trusts what is in a file.
fn send_encrypted(server: &Server, trusted: &std::path::Path, request: &Request) -> std::io::Result<Answer> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(trusted).expect("a certificate")).expect("a root");
    let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().expect("versions");
    let config = Arc::new(builder.with_root_certificates(roots).with_no_client_auth());
    let name = ServerName::try_from("127.0.0.1").expect("a name");
    let connection = ClientConnection::new(config, name).map_err(std::io::Error::other)?;
    let mut stream = StreamOwned::new(connection, TcpStream::connect(("127.0.0.1", server.port))?);
    stream.write_all(&request.bytes(server.port))?;
    let mut all = Vec::new();
    stream.read_to_end(&mut all)?;
    Ok(Answer::parse(&all))
}

#[test]
fn a_phone_that_trusts_the_certificate_sends_encrypted() {
    let folder = Folder::new("serve-https");
    let answer = folder.answer(&["certificate"]);
    assert_eq!((&answer["https"], &answer["fingerprint"]), (&json!("no"), &Value::Null));
    assert!(!folder.data().exists(), "who only looks makes nothing");
    folder.check(&["settings", "set", "receiver_https", "yes"], 0);
    let server = Server::start(&folder);
    let urls = ["https", "http"].map(|scheme| format!("{scheme}://127.0.0.1:{}", server.port));
    assert_eq!(server.first["urls"], json!(urls));
    let (pem, profile) = (folder.path("ca.pem"), folder.path("vitalog.mobileconfig"));
    for file in [&pem, &profile] {
        folder.check(&["certificate", "save", &file.to_string_lossy()], 0);
    }
    let answer = folder.answer(&["certificate"]);
    assert_eq!((&answer["https"], answer["fingerprint"].as_str().map(str::len)), (&json!("yes"), Some(64)));
    assert!(answer["hosts"].as_array().is_some_and(|hosts| hosts.contains(&json!("127.0.0.1"))), "{answer}");
    let served = server.send(&Request::new("GET", "/pair/vitalog.mobileconfig"));
    assert_eq!(served.text(), fs::read_to_string(&profile).expect("a profile"));
    let token = device(&folder, HEP);
    let request = Request::post("/api/health-data", beats(3)).token(&token);
    assert_eq!(send_encrypted(&server, &pem, &request).expect("an answer").status, 200);
    assert_eq!(server.wait_for("delivery")["new"], 3);
    assert_eq!(server.send(&request).status, 200, "and in the clear, as long as the owner does not mind");
    folder.check(&["settings", "set", "receiver_https", "only"], 0);
    assert_eq!(server.wait_for("listening")["urls"], json!([urls[0]]));
    assert_eq!(
        (server.send(&request).status, server.wait_for("refused")["reason"].clone()),
        (503, json!("unencrypted"))
    );
    assert_eq!(send_encrypted(&server, &pem, &request).expect("an answer").status, 200);
    let invited = Talk::start(&folder, &["pair", "--yes", "--json"]).line();
    let page = |scheme: &str| format!("{scheme}://127.0.0.1:{}/pair", server.port);
    assert_eq!(invited["page"], json!(page("http")), "the camera is led where every phone can go");
    assert!(invited["urls"][1].as_str().is_some_and(|url| url.starts_with(&page("https"))), "{invited}");
    folder.check(&["certificate", "renew"], 0);
    server.wait_for("listening");
    send_encrypted(&server, &pem, &request).expect_err("it trusts the old one");
}

#[test]
fn a_certificate_that_speaks_for_nobody_here_lets_nobody_in() {
    let folder = Folder::new("serve-https-elsewhere");
    for (key, value) in [("receiver_https", "only"), ("receiver_bind", "10.255.255.254")] {
        folder.check(&["settings", "set", key, value], 0);
    }
    folder.check(&["certificate", "renew"], 0);
    let refused = folder.check(&[&SERVE[..], &["--no-mdns", "--json"]].concat(), 1);
    assert_eq!(error_line(&refused)["code"], "no_address");
}

#[test]
fn what_an_app_summed_up_by_itself_is_told_where_the_number_of_the_day_is_explained() {
    let folder = Folder::new("summarised");
    let server = Server::start(&folder);
    let token = device(&folder, "health-auto-export");
    let day = json!({"date": "2026-03-13 00:00:00 +0100", "qty": 8432, "source": "Kim's Apple Watch"});
    let body = json!({"data": {"metrics": [{"name": "step_count", "units": "count", "data": [day]}]}});
    let sent = Request::post("/api/hae", body.to_string()).with("x-api-key", &token);
    assert_eq!(server.send(&sent.with("automation-aggregation", "Days")).status, 200);
    let told = folder.answer(&["explain", "step_count", "2026-03-13"]);
    assert_eq!(told["value"], json!(null), "no sum of an app is a number of ours: {told}");
    let summary = &told["summaries"][0];
    assert_eq!(
        [&summary["app"], &summary["grain"], &summary["count"]],
        [&json!("health-auto-export"), &json!("day"), &json!(1)]
    );
    assert!(summary["said"].as_str().is_some_and(|said| said.starts_with("Summarised by Health Auto Export: 1 value")));
    assert_eq!(folder.answer(&["explain", "step_count", "2026-03-20"])["summaries"], json!(null));
}

#[test]
fn a_phone_that_is_shut_out_is_so_for_good() {
    let folder = Folder::new("for-good");
    device(&folder, HEP);
    folder.check(&["devices", "revoke", "Kim"], 0);
    for verb in ["resume", "revoke", "pause", "accept"] {
        check_refused(&folder, &["devices", verb, "1"], "shut_out");
    }
    assert_eq!(folder.answer(&["devices", "list"])[0]["state"], "revoked");
}
