//! Signing in to the fake Open Wearables server, sending, and finding out what became of it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use net::remote::open_wearables::{
    Access, Counts, Event, Fate, Found, Patience, Saved, Server, SignIn, SignedIn, sign_in,
};
use net::remote::{Address, Client, Secret, Verdict};
use serde_json::{Value, json};

const PATIENCE: Patience = Patience { pause: Duration::from_millis(5), looks: 400 };
const API: &str = "/api/v1";

/// The fake server; it ends when this does, since it listens to our end of a pipe.
struct Fake {
    child: Child,
    told: Value,
}

impl Fake {
    fn start(arguments: &[&str]) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/tools/fake_open_wearables.py");
        let mut command = Command::new("python3");
        command.arg(script).arg("--until-eof").args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("python3 runs");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
        Self { child, told: serde_json::from_str(&line).expect("JSON") }
    }

    fn client(&self) -> Client {
        Client::new(Address::parse(self.told["url"].as_str().expect("an address")).expect("an address"), None)
            .expect("a client")
    }

    fn key(&self) -> Secret {
        Secret::new(self.told["api_key"].as_str().expect("a key"))
    }

    /// Asks by other means than the client.
    fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Value {
        let url = self.told["url"].as_str().expect("an address");
        let mut stream = TcpStream::connect(url.trim_start_matches("http://")).expect("a connection");
        let more: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let head = format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{more}");
        let length = format!("Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        stream.write_all((head + &length).as_bytes()).expect("sent");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("an answer");
        text.split_once("\r\n\r\n").and_then(|(_, body)| serde_json::from_str(body).ok()).unwrap_or_default()
    }

    /// The header of the account, as its owner would get it.
    fn developer(&self) -> String {
        let body = "username=admin%40admin.com&password=your-secure-password";
        let url = self.told["url"].as_str().expect("an address");
        let mut stream = TcpStream::connect(url.trim_start_matches("http://")).expect("a connection");
        let kind = "application/x-www-form-urlencoded";
        let head =
            format!("POST {API}/auth/login HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: {kind}\r\n");
        let text = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
        stream.write_all(text.as_bytes()).expect("sent");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("an answer");
        let told: Value = serde_json::from_str(text.split_once("\r\n\r\n").expect("a body").1).expect("JSON");
        format!("Bearer {}", told["access_token"].as_str().expect("a token"))
    }

    fn faults(&self, faults: &[&str]) {
        self.ask("POST", "/fake/faults", &[], &json!(faults).to_string());
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

fn body(records: &[(&str, f64)]) -> Vec<u8> {
    let record = |(at, value): &(&str, f64)| {
        json!({"type": "HKQuantityTypeIdentifierHeartRate", "startDate": at, "endDate": at, "value": value,
            "unit": "bpm", "source": {"name": "Watch", "deviceModel": "Watch7,3"}})
    };
    let records: Vec<Value> = records.iter().map(record).collect();
    json!({"provider": "apple", "sdkVersion": "x", "syncTimestamp": "2026-11-20T09:00:00Z",
        "data": {"records": records}})
    .to_string()
    .into_bytes()
}

fn opening() -> Vec<u8> {
    health::formats::open_wearables::encode::opening(0)
}

fn stored(records: u64) -> Fate {
    Fate::Stored(Saved { records, ..Saved::default() })
}

/// Runs a story to its end.
fn run<T>(story: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(story)
}

async fn enter(client: &Client, way: SignIn, user: &str) -> SignedIn {
    sign_in(client, &way, user).await.expect("an answer").expect("somebody")
}

#[track_caller]
fn refused(client: &Client, way: SignIn, user: &str, code: &'static str) {
    let told = run(sign_in(client, &way, user)).expect("an answer");
    assert!(matches!(&told, Err(Verdict::Stop(known, _)) if *known == code), "{told:?}");
}

#[test]
fn every_way_in_leads_to_the_user() {
    let fake = Fake::start(&[]);
    let client = fake.client();
    let by_key = run(enter(&client, SignIn::Key(fake.key()), "kim"));
    assert_eq!(by_key.access, Access::Key(fake.key()));
    // Got, and not made once more.
    assert_eq!(run(enter(&client, SignIn::Key(fake.key()), "kim")).user, by_key.user);
    let login = SignIn::Login("admin@admin.com".to_owned(), Secret::new("your-secure-password"));
    let by_login = run(enter(&client, login, "kim"));
    assert_eq!(by_login.user, by_key.user);
    assert!(by_login.access.can_look() && by_login.access != by_key.access);
    let developer = fake.developer();
    let header = [("Authorization", developer.as_str())];
    let keys = fake.ask("GET", &format!("{API}/developer/api-keys"), &header, "");
    assert_eq!(keys.as_array().expect("keys").iter().filter(|key| key["name"] == "Vitalog").count(), 1);
    let app = fake.ask("POST", &format!("{API}/applications"), &header, r#"{"name":"desk"}"#);
    let text = |key: &str| app[key].as_str().expect("a text").to_owned();
    let by_app = run(enter(&client, SignIn::App(text("app_id"), Secret::new(&text("app_secret"))), &by_key.user));
    assert!(!by_app.access.can_look() && by_app.user == by_key.user);
    let invite = format!("{API}/users/{}/invitation-code", by_key.user);
    let code = fake.ask("POST", &invite, &header, "")["code"].as_str().expect("a code").to_lowercase();
    let typed = format!(" {}-{} ", &code[..4], &code[4..]);
    assert_eq!(run(enter(&client, SignIn::Code(Secret::new(&typed)), "")).user, by_key.user);

    refused(&client, SignIn::Code(Secret::new(&typed)), "", "unauthorized");
    refused(&client, SignIn::Code(Secret::new("0")), "", "unauthorized");
    refused(&client, SignIn::Key(Secret::new("sk-no")), "kim", "unauthorized");
    refused(&client, SignIn::Login("admin@admin.com".to_owned(), Secret::new("no")), "kim", "unauthorized");
    refused(&client, SignIn::App(text("app_id"), Secret::new("no")), &by_key.user, "unauthorized");
    refused(&client, SignIn::App(text("app_id"), Secret::new(&text("app_secret"))), "nobody", "unknown_user");
}

#[test]
fn a_batch_is_stored_refused_or_not_known() {
    let fake = Fake::start(&[]);
    let client = fake.client();
    let SignedIn { access, user } = run(enter(&client, SignIn::Key(fake.key()), "kim"));
    let (mut keep, now) = (|_: &Access| Ok(()), || 0);
    let mut server = Server::new(&client, &user, access, &mut keep, &now);
    run(async {
        assert_eq!(server.open(opening(), PATIENCE).await.expect("an answer"), stored(0));
        assert_eq!(server.open(opening(), PATIENCE).await.expect("an answer"), stored(0));
        let two = body(&[("2026-11-18T08:00:00Z", 61.0), ("2026-11-18T09:00:00Z", 62.0)]);
        assert_eq!(server.send(two.clone(), PATIENCE).await.expect("an answer"), stored(2));
        assert_eq!(server.send(two, PATIENCE).await.expect("an answer"), stored(2));
        let counts = Counts { points: vec![("heart_rate".to_owned(), 2)], ..Counts::default() };
        assert_eq!(server.counts().await.expect("an answer"), Ok(Some(counts)));
        let large = server.send(body(&[("2026-11-18T10:00:00Z", 1e7)]), PATIENCE).await.expect("an answer");
        let said = "Import failed: (psycopg.errors.NumericValueOutOfRange) numeric field overflow";
        assert_eq!(large, Fate::Not(Verdict::Refused(said.to_owned())));
        let odd = server.send(body(&[("yesterday", 1.0)]), PATIENCE).await.expect("an answer");
        assert!(matches!(odd, Fate::Not(Verdict::Refused(said)) if said.contains("1 record(s) dropped")));
    });
    // Only the first of all went while the server did not know us, and every one alone.
    let log = fake.ask("GET", "/fake/log", &[], "");
    let log = log.as_array().expect("a log");
    assert_eq!(log.iter().map(|row| row["first"] == true).collect::<Vec<_>>(), [true, false, false, false, false]);
    assert!(log.iter().all(|row| row["alone"] == true));
}

#[test]
fn what_is_in_the_way_is_told_apart() {
    let fake = Fake::start(&[]);
    let client = fake.client();
    let SignedIn { access, user } = run(enter(&client, SignIn::Key(fake.key()), "kim"));
    let (mut keep, now) = (|_: &Access| Ok(()), || 0);
    let mut server = Server::new(&client, &user, access, &mut keep, &now);
    let one = || body(&[("2026-11-18T08:00:00Z", 61.0)]);
    fake.faults(&["500@1", "429@2:7", "502@3", "401@4", "413@5", "garbage@6", "stuck@7", "failed@8"]);
    let mut send = |patience| run(server.send(one(), patience)).expect("an answer");
    let later = |fate: Fate| if let Fate::Not(Verdict::Later(after, _)) = fate { after } else { panic!("{fate:?}") };
    assert_eq!(later(send(PATIENCE)), None);
    assert_eq!(later(send(PATIENCE)), Some(Duration::from_secs(7)));
    assert_eq!(later(send(PATIENCE)), None);
    assert!(matches!(send(PATIENCE), Fate::Not(Verdict::Stop("unauthorized", _))));
    assert!(matches!(send(PATIENCE), Fate::Not(Verdict::Refused(_))));
    assert!(matches!(send(PATIENCE), Fate::Not(Verdict::Stop("not_there", _))));
    // In progress for ever: it is sent again later.
    assert_eq!(later(send(Patience { looks: 3, ..PATIENCE })), None);
    assert!(matches!(send(PATIENCE), Fate::Not(Verdict::Refused(_))));
    assert_eq!(send(PATIENCE), stored(1));
    fake.faults(&["cut@1", "lost@2", "cut-answer@3"]);
    for _ in 0..3 {
        let error = run(server.send(one(), PATIENCE)).expect_err("no answer");
        assert!(matches!(error.kind(), net::ErrorKind::Unreachable), "{error}");
    }
}

#[test]
fn tokens_are_made_anew_once_and_kept_before_they_are_used() {
    let fake = Fake::start(&["--token-life", "3600"]);
    let client = fake.client();
    let SignedIn { user, .. } = run(enter(&client, SignIn::Key(fake.key()), "kim"));
    let developer = fake.developer();
    let invite = format!("{API}/users/{user}/invitation-code");
    let code = fake.ask("POST", &invite, &[("Authorization", &developer)], "")["code"].clone();
    let code = Secret::new(code.as_str().expect("a code"));
    let SignedIn { access, .. } = run(enter(&client, SignIn::Code(code), ""));
    let mut kept: Vec<Access> = Vec::new();
    let clock = AtomicI64::new(0);
    let now = || clock.load(Ordering::Relaxed);
    let one = || body(&[("2026-11-18T08:00:00Z", 61.0)]);
    let hours = |hours: i64| {
        fake.ask("POST", "/fake/clock", &[], &json!({"ahead_s": hours * 3600}).to_string());
        clock.fetch_add(hours * 3_600_000, Ordering::Relaxed);
    };
    let mut keep = |access: &Access| {
        kept.push(access.clone());
        Ok(())
    };
    let mut server = Server::new(&client, &user, access.clone(), &mut keep, &now);
    run(async {
        assert_eq!(server.open(opening(), PATIENCE).await.expect("an answer"), Fate::Accepted);
        assert_eq!(server.counts().await.expect("an answer"), Ok(None));
        hours(2);
        assert_eq!(server.send(one(), PATIENCE).await.expect("an answer"), Fate::Accepted);
        assert_eq!(server.send(one(), PATIENCE).await.expect("an answer"), Fate::Accepted);
        hours(2);
        assert_eq!(server.send(one(), PATIENCE).await.expect("an answer"), Fate::Accepted);
        // A server that refuses what it has just given is not asked again and again.
        fake.faults(&["401@1,2,3,4,5,6"]);
        clock.fetch_add(3_600_000, Ordering::Relaxed);
        for _ in 0..3 {
            let fate = server.send(one(), PATIENCE).await.expect("an answer");
            assert!(matches!(fate, Fate::Not(Verdict::Stop("unauthorized", _))), "{fate:?}");
        }
    });
    // Two that were over, and one that was refused.
    assert_eq!(kept.len(), 3);
    assert_eq!(kept.iter().filter(|known| **known == access).count(), 0);
    // An answer to a refresh that was lost: the old one is dead, and the owner is asked.
    let mut keep = |_: &Access| Ok(());
    let mut server = Server::new(&client, &user, kept[2].clone(), &mut keep, &now);
    hours(2);
    fake.faults(&["refresh/lost@1"]);
    assert!(
        matches!(run(server.send(one(), PATIENCE)), Err(error) if matches!(error.kind(), net::ErrorKind::Unreachable))
    );
    clock.fetch_add(120_000, Ordering::Relaxed);
    let fate = run(server.send(one(), PATIENCE)).expect("an answer");
    assert!(matches!(fate, Fate::Not(Verdict::Stop("unauthorized", _))), "{fate:?}");
}

#[test]
fn a_workout_that_changed_is_taken_away_and_sent_anew() {
    let fake = Fake::start(&[]);
    let client = fake.client();
    let SignedIn { access, user } = run(enter(&client, SignIn::Key(fake.key()), "kim"));
    let (mut keep, now) = (|_: &Access| Ok(()), || 0);
    let mut server = Server::new(&client, &user, access, &mut keep, &now);
    let workout = |name: &str, meters: f64| {
        let workout = json!({"type": "running", "startDate": "2026-11-18T08:00:00Z", "endDate": "2026-11-18T08:30:00Z",
            "source": {"name": name, "deviceModel": "Watch7,3"},
            "values": [{"type": "distance", "value": meters, "unit": "m"}]});
        json!({"provider": "apple", "sdkVersion": "x", "syncTimestamp": "2026-11-20T09:00:00Z",
            "data": {"workouts": [workout]}})
        .to_string()
        .into_bytes()
    };
    let times = (1_795_075_200_000 - 86_400_000 * 4, 1_795_075_200_000 + 86_400_000 * 4);
    run(async {
        server.open(opening(), PATIENCE).await.expect("an answer");
        for (name, meters) in [("Mine", 5.0), ("Mine", 6.0), ("Other", 7.0)] {
            assert!(matches!(server.send(workout(name, meters), PATIENCE).await, Ok(Fate::Stored(_))));
        }
        let mine = |found: Found<'_>| found.model == Some("Watch7,3") && found.name == Some("Mine");
        assert_eq!(server.take_away(Event::Night, times, &mine).await.expect("an answer"), Ok(0));
        assert_eq!(server.take_away(Event::Workout, times, &mine).await.expect("an answer"), Ok(1));
        assert_eq!(server.take_away(Event::Workout, times, &mine).await.expect("an answer"), Ok(0));
        assert!(matches!(server.send(workout("Mine", 6.0), PATIENCE).await, Ok(Fate::Stored(_))));
    });
    let state = fake.ask("GET", "/fake/state", &[], "");
    let rows = state["users"][0]["state"]["workouts"].as_array().expect("workouts");
    let mut told: Vec<(&str, f64)> = rows
        .iter()
        .map(|row| {
            let name = row["source"]["source"].as_str().expect("a name");
            (name, row["distance_meters"].as_f64().expect("a number"))
        })
        .collect();
    told.sort_by_key(|(name, _)| *name);
    assert_eq!(told, [("Mine", 6.0), ("Other", 7.0)]);
}
