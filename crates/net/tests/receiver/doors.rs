//! What strangers, web pages and bad bodies get.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use health::phone::Feed;
use net::Event;

use crate::client::{Request, exchange};
use crate::house::House;

const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
/// What is there for everybody.
const PUBLIC: [&str; 3] = ["/", "/health", "/api/health"];

fn paths() -> Vec<String> {
    let known = [
        "/api/apple-health/sync",
        "/api/apple-health/metrics",
        "/api/apple-health/workouts",
        "/api/apple-health/syncs",
        "/api/health-data",
        "/api/hae",
        "/api/hae?agg=raw",
        "/api/apple/status",
        "/api/apple/batch",
        "/api/vitalog",
        "/api/deliveries",
        "/api/deliveries/events",
        "/api/v1/sdk/users/u/sync",
        "/api/v1/sdk/users/u/sync/apple",
        "/api/v1/sdk/users/u/logs",
        "/api/v1/users/u/connections/apple",
        "/api",
        "/api/v1",
        "/api/v1/users",
        "/metrics",
        "/.env",
        "/.git/config",
        "/admin",
        "/login",
        "/index.html",
        "/favicon.ico",
        "/robots.txt",
        "/export",
        "/store.db",
        "/spool",
        "/api/v2/sync/runs/latest",
        "/api/agent/health-data",
        "/d/kim/api/hae",
        "//api//hae",
        "/api/hae/",
        "/..%2f..%2fetc/passwd",
        "/%00",
        "/api/v1/sdk/users/%2e%2e/sync",
        "/d/x/y",
        "/health/x",
    ];
    let others = (0..160).map(|n| format!("/{}{n}", ["a", "api/", "api/v1/", "d/k/", "x/y/"][n % 5]));
    known.into_iter().map(str::to_owned).chain(others).collect()
}

#[test]
fn without_a_token_there_is_nothing_but_refusals() {
    let house = House::new("crawl");
    house.add(Feed::HealthSync);
    let paths = paths();
    assert_eq!(paths.len(), 200);
    for path in paths {
        for method in METHODS {
            let answer = Request::new(method, &path).send(house.at());
            assert!([401, 403, 404, 405, 421].contains(&answer.status), "{method} {path}: {}", answer.status);
            assert!(answer.body.len() <= 64, "{method} {path}: {}", answer.text());
            assert_eq!(answer.header("access-control-allow-origin"), None);
        }
    }
    for path in PUBLIC {
        let answer = Request::get(path).send(house.at());
        assert!(answer.status == 200 && answer.body.len() <= 64, "{path}: {answer:?}");
        assert_eq!(Request::new("OPTIONS", path).send(house.at()).status, 405);
    }
    assert_eq!(house.spooled(), 0);
}

#[test]
fn other_hosts_and_web_pages_are_turned_away_even_with_a_token() {
    let house = House::new("hosts");
    let token = house.add(Feed::HealthAutoExport).token;
    let send = |change: &dyn Fn(Request) -> Request| {
        change(Request::post("/api/hae", "{\"data\":{}}").token(&token)).send(house.at()).status
    };
    let port = house.receiver().port();
    assert_eq!(send(&|it| it), 200);
    assert_eq!(send(&|it| it.with("Host", &format!("localhost:{port}"))), 200);
    assert_eq!(send(&|it| it.with("Host", &format!("kims-desktop-hv.local:{port}"))), 200);
    for host in ["evil.example", "localhost.", "127.0.0.1.", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]", "kim.local", ""]
    {
        assert_eq!(send(&|it| it.with("Host", &format!("{host}:{port}"))), 421, "{host}");
    }
    let own = format!("http://127.0.0.1:{port}");
    for (name, value) in [
        ("Origin", "null"),
        ("Origin", own.as_str()),
        ("Origin", "http://evil.example"),
        ("Referer", own.as_str()),
        ("Sec-Fetch-Site", "same-origin"),
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Mode", "no-cors"),
        ("Sec-Fetch-Dest", "empty"),
    ] {
        assert_eq!(send(&|it| it.with(name, value)), 403, "{name}: {value}");
    }
    let two = format!("GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nHost: evil.example\r\nConnection: close\r\n\r\n");
    assert!([400, 421].contains(&exchange(house.at(), two.as_bytes()).status));
    assert_eq!(exchange(house.at(), b"GET / HTTP/1.0\r\n\r\n").status, 421);
    let proxy = format!("GET http://evil.example/ HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n");
    assert_eq!(exchange(house.at(), proxy.as_bytes()).status, 421);
}

/// A form is what a page can send without being asked first.
#[test]
fn forms_are_no_deliveries() {
    let house = House::new("forms");
    let token = house.add(Feed::HealthExportPro).token;
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
        let mut request = Request::new("POST", "/api/health-data").with("Content-Type", kind).token(&token);
        request.body = b"{\"data\":{}}".to_vec();
        assert_eq!(request.send(house.at()).status, 415, "{kind}");
    }
    let rows = house.store().deliveries(None, 10).expect("deliveries");
    let told = rows.iter().map(|row| (row.state.as_str(), row.outcome.problems[0].count));
    assert_eq!(told.collect::<Vec<_>>(), [("unreadable", 3)], "of one reason in a row, counted");
}

#[test]
fn who_guesses_tokens_is_slowed_down_but_open_wearables_is_not() {
    let house = House::new("guesses");
    let token = house.add(Feed::HealthSave).token;
    let guess = |path: &str, token: &str| Request::post(path, "{}").token(token).send(house.at()).status;
    assert_eq!(Request::post("/api/apple/batch", "{}").send(house.at()).status, 401);
    for n in 0..20 {
        assert_eq!(guess("/api/apple/batch", &format!("hi_{n}")), 401);
    }
    assert_eq!(guess("/api/apple/batch", "hi_20"), 429);
    assert_eq!(guess("/api/apple/batch", &token), 429);
    assert_eq!(guess("/api/v1/sdk/users/u/sync", "hi_21"), 401);
    house.clock.fetch_add(60_000, std::sync::atomic::Ordering::AcqRel);
    assert_eq!(guess("/api/apple/batch", &token), 422);
}

#[test]
fn a_token_opens_its_own_door_only() {
    let house = House::new("own-door");
    let tokens: Vec<_> = Feed::ALL.into_iter().map(|feed| (feed, house.add(feed))).collect();
    let doors = [
        (Feed::HealthSync, "/api/apple-health/sync"),
        (Feed::HealthExportPro, "/api/health-data"),
        (Feed::HealthAutoExport, "/api/hae"),
        (Feed::HealthSave, "/api/apple/batch"),
        (Feed::Vitalog, "/api/vitalog"),
    ];
    for (feed, added) in &tokens {
        house.clock.fetch_add(60_000, std::sync::atomic::Ordering::AcqRel);
        for (door, path) in doors {
            let status = Request::post(path, "").token(&added.token).send(house.at()).status;
            assert_eq!([401, 403].contains(&status), *feed != door, "{feed:?} at {path}: {status}");
        }
    }
    let added = &tokens[0].1;
    let refresh = added.refresh_token.as_deref().expect("a refresh token");
    let path = format!("/api/v1/sdk/users/{}/sync", added.peer.user_id);
    assert_eq!(Request::post(&path, "{}").token(refresh).send(house.at()).status, 401, "good for new tokens only");
}

#[test]
fn packed_bodies_are_unpacked_and_bombs_are_not() {
    let house = House::new("packed");
    let token = house.add(Feed::HealthAutoExport).token;
    let pack = |body: &[u8]| {
        let mut to = GzEncoder::new(Vec::new(), Compression::best());
        to.write_all(body).expect("memory");
        to.finish().expect("memory")
    };
    let send = |body: Vec<u8>| {
        let request = Request::post("/api/hae", body).with("Content-Encoding", "gzip").token(&token);
        request.send(house.at()).status
    };
    assert_eq!(send(pack(b"{\"data\":{}}")), 200);
    assert_eq!(send(pack(&vec![b' '; 4 << 20])), 413);
    assert_eq!(send(b"{\"data\":{}}".to_vec()), 400);
    let long = format!(
        "POST /api/hae HTTP/1.1\r\nHost: {}\r\nAuthorization: {token}\r\nContent-Length: {}\r\n\r\n",
        house.at(),
        (512u64 << 20) + 1
    );
    assert_eq!(exchange(house.at(), long.as_bytes()).status, 413);
    // What came of the bomb and of the other one is kept for its owner's eyes; of the one that never began, nothing.
    assert_eq!(house.spooled(), 2 * 2);
}

#[test]
fn who_is_turned_away_is_told_to_the_owner() {
    let house = House::new("events");
    let mut events = house.receiver().events();
    let port = house.receiver().port();
    Request::get("/").with("Host", &format!("evil.example:{port}")).send(house.at());
    Request::post("/api/hae", "{}").token("hi_A").send(house.at());
    let address = || "127.0.0.1".to_owned();
    for reason in ["host", "token"] {
        assert_eq!(events.wait(), Some(Event::Refused { address: address(), reason, times: 1 }));
    }
}

#[test]
fn a_computer_that_lost_its_name_goes_by_its_new_one() {
    let house = House::new("renamed");
    let port = house.receiver().port();
    let ask = |name: &str| Request::get("/").with("Host", &format!("{name}:{port}")).send(house.at()).status;
    assert_eq!((ask("kims-desktop-hv.local"), ask("kims-desktop-hv-2.local")), (200, 421));
    house.receiver().set_names(vec!["kims-desktop-hv-2.local".to_owned()]);
    assert_eq!((ask("kims-desktop-hv.local"), ask("kims-desktop-hv-2.local")), (421, 200));
    assert_eq!(house.receiver().urls()[0], format!("http://kims-desktop-hv-2.local:{port}"));
}

#[test]
fn two_receivers_do_not_share_a_port_and_none_is_public() {
    let house = House::new("port");
    let start = |address: &str| {
        let config = net::Config {
            addresses: vec![address.parse().expect("an address")],
            names: Vec::new(),
            shared_addresses: false,
            store: house.folder.join("store.db"),
            spool: house.folder.join("spool"),
            hep: std::sync::Arc::new(|_| Ok(net::HepSettings::default())),
            https: std::sync::Arc::new(|_, _| Ok(None)),
            clock: std::sync::Arc::new(|| 0),
        };
        net::Receiver::start(config, house.intake.clone()).expect_err("no receiver")
    };
    assert!(matches!(start(&house.at().to_string()).kind(), net::ErrorKind::InUse(_)));
    assert!(matches!(start("8.8.8.8:0").kind(), net::ErrorKind::Public(_)));
}
