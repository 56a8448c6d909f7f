//! Encrypted connections: on the same port, with a certificate that is ours, and what happens to the others.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use health::phone::Feed;
use net::{Authority, Event, Https};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion};

use crate::client::{Answer, Request};
use crate::house::{House, NOW};

const HOST: &str = "kims-desktop-hv.local";

fn authority() -> Arc<Authority> {
    Arc::new(Authority::new(HOST, &["127.0.0.1".parse().expect("an address")], NOW).expect("an authority"))
}

fn encrypting(name: &str, is_only: bool) -> (House, Arc<Authority>) {
    let (house, authority) = (House::new(name), authority());
    encrypt(&house, Some(Https { authority: Arc::clone(&authority), is_only }));
    (house, authority)
}

/// Says how connections are to be encrypted, and waits until they are.
fn encrypt(house: &House, https: Option<Https>) {
    let mut events = house.receiver().events();
    *house.https.lock().expect("nobody panicked") = https;
    house.receiver().wake();
    while !matches!(events.wait().expect("it runs"), Event::Listening { .. }) {}
}

/// A phone that trusts an authority.
fn phone(authority: &Authority, versions: &[&'static SupportedProtocolVersion]) -> Arc<ClientConfig> {
    phone_at(authority, versions, NOW)
}

/// The same at another time, in milliseconds since 1970 in UTC.
fn phone_at(authority: &Authority, versions: &[&'static SupportedProtocolVersion], now_ms: i64) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.pem().as_bytes()).expect("a certificate")).expect("a root");
    let builder = ClientConfig::builder_with_details(Arc::new(ring::default_provider()), Arc::new(Clock(now_ms)));
    Arc::new(
        builder.with_protocol_versions(versions).expect("versions").with_root_certificates(roots).with_no_client_auth(),
    )
}

/// The clock of the phone.
#[derive(Debug)]
struct Clock(i64);

impl rustls::time_provider::TimeProvider for Clock {
    fn current_time(&self) -> Option<rustls::pki_types::UnixTime> {
        Some(rustls::pki_types::UnixTime::since_unix_epoch(Duration::from_millis(self.0.unsigned_abs())))
    }
}

/// Sends a request by https to a name, and says which host it means.
fn send(config: &Arc<ClientConfig>, at: SocketAddr, name: &str, request: &Request) -> std::io::Result<Answer> {
    let name = ServerName::try_from(name.to_owned()).expect("a name");
    let connection = ClientConnection::new(Arc::clone(config), name).map_err(std::io::Error::other)?;
    let mut stream = StreamOwned::new(connection, TcpStream::connect(at)?);
    stream.write_all(&request.bytes(at))?;
    let mut all = Vec::new();
    stream.read_to_end(&mut all)?;
    Ok(Answer::parse(&all))
}

#[test]
fn one_port_takes_both_and_a_phone_believes_the_certificate() {
    let (house, authority) = encrypting("tls-both", false);
    let port = house.receiver().port();
    assert_eq!(house.receiver().fingerprint(), Some(authority.fingerprint()));
    let urls =
        ["https://kims-desktop-hv.local", "https://127.0.0.1", "http://kims-desktop-hv.local", "http://127.0.0.1"];
    assert_eq!(house.receiver().urls(), urls.map(|url| format!("{url}:{port}")));
    for version in [&TLS12, &TLS13] {
        let config = phone(&authority, &[version]);
        for name in [HOST, "127.0.0.1"] {
            let request = Request::get("/").with("Host", &format!("{name}:{port}"));
            assert_eq!(send(&config, house.at(), name, &request).expect("an answer").status, 200, "{name}");
        }
        // A name that somebody points at us is none of ours.
        let request = Request::get("/").with("Host", &format!("{HOST}:{port}"));
        send(&config, house.at(), "bank.example", &request).expect_err("not our name");
    }
    assert_eq!(Request::get("/").send(house.at()).status, 200);
    let stranger = phone(&self::authority(), &[&TLS13]);
    send(&stranger, house.at(), HOST, &Request::get("/")).expect_err("another authority");
}

#[test]
fn records_arrive_encrypted_and_in_the_clear_alike() {
    let (house, authority) = encrypting("tls-records", false);
    let token = house.add(Feed::HealthSync).token;
    let body = r#"{"export_id":"1","metrics":[],"workouts":[]}"#;
    let request = Request::post("/api/apple-health/sync", body).token(&token);
    let answer = send(&phone(&authority, &[&TLS13]), house.at(), "127.0.0.1", &request).expect("an answer");
    assert_eq!((answer.status, answer.json()), (200, request.send(house.at()).json()));
}

#[test]
fn where_only_https_is_wanted_nothing_else_gets_further_than_the_profile() {
    let (house, authority) = encrypting("tls-only", true);
    let urls = house.receiver().urls();
    assert!(urls.len() == 2 && urls.iter().all(|url| url.starts_with("https:")), "{urls:?}");
    let token = house.add(Feed::HealthSync).token;
    let sync = Request::post("/api/apple-health/sync", r#"{"export_id":"1","metrics":[],"workouts":[]}"#);
    let status = |request: &Request| request.send(house.at()).status;
    // An app keeps what it gets a 503 for, and nobody learns whether a token is good.
    assert_eq!([&token, "hi_nobody"].map(|token| status(&sync.clone().token(token))), [503, 503]);
    assert_eq!(status(&sync), 401);
    assert_eq!(status(&Request::post("/api/v1/invitation-code/redeem", r#"{"code":"K7QX2M9B"}"#)), 503);
    assert_eq!(status(&Request::post("/pair/K7QX2M9B/claim", "")), 403);
    assert_eq!(status(&Request::get("/pair/at/K7QX2M9B")), 403);
    assert_eq!((status(&Request::get("/x")), status(&Request::get("/api/hae"))), (404, 405));
    let page = Request::get("/pair/K7QX2M9B").send(house.at()).text();
    assert!(page.contains(&format!("https://127.0.0.1:{}/pair/K7QX2M9B", house.receiver().port())), "{page}");
    assert!(!page.contains("<form"), "{page}");
    let config = phone(&authority, &[&TLS13]);
    assert_eq!(send(&config, house.at(), HOST, &sync.token(&token)).expect("an answer").status, 200);
    // Without a certificate nobody gets in at all.
    house.receiver().set_names(vec!["ada-hv.local".to_owned()]);
    let other = Authority::new("bank.local", &["10.0.0.1".parse().expect("an address")], NOW).expect("an authority");
    encrypt(&house, Some(Https { authority: Arc::new(other), is_only: true }));
    assert_eq!((house.receiver().fingerprint(), house.receiver().urls()), (None, Vec::new()));
    assert_eq!(status(&Request::post("/api/hae", "{}").token(&token)), 503);
}

#[test]
fn the_page_leads_to_the_profile_and_on() {
    let (house, authority) = encrypting("tls-page", false);
    let port = house.receiver().port();
    let page = Request::get("/pair/K7QX2M9B").send(house.at()).text();
    assert!(page.contains("/pair/vitalog.mobileconfig") && page.contains("<form"), "{page}");
    let fingerprint: String = page.chars().filter(char::is_ascii_alphanumeric).collect();
    assert!(fingerprint.contains(&authority.fingerprint().to_uppercase()), "{page}");
    let profile = Request::get("/pair/vitalog.mobileconfig").send(house.at());
    assert_eq!(profile.header("content-type"), Some("application/x-apple-aspen-config"));
    let base64: String = authority.pem().lines().filter(|line| !line.starts_with('-')).collect();
    assert!(profile.text().replace('\n', "").contains(&base64) && !profile.text().contains("PRIVATE"));
    // Encrypted, the page is as it always was; and so is a link that leads there from the one that is not.
    let config = phone(&authority, &[&TLS13]);
    let get = |path: &str| Request::get(path).with("Host", &format!("{HOST}:{port}"));
    let link = |request: Request| request.with("Sec-Fetch-Mode", "navigate").with("Sec-Fetch-Dest", "document");
    let link = |path: &str| link(get(path)).with("Sec-Fetch-Site", "cross-site");
    let ask = |request: &Request| send(&config, house.at(), HOST, request).expect("an answer");
    let page = ask(&link("/pair/K7QX2M9B"));
    assert!(page.status == 200 && page.text().contains("/claim") && !page.text().contains("mobileconfig"));
    // Of nothing else, and not without encryption.
    for path in ["/", "/pair/at/K7QX2M9B", "/pair/vitalog.mobileconfig", "/api/hae"] {
        assert_eq!(ask(&link(path)).status, 403, "{path}");
    }
    assert_eq!(link("/pair/K7QX2M9B").send(house.at()).status, 403);
    for origin in [format!("http://{HOST}:{port}"), "https://evil.example".to_owned()] {
        assert_eq!(ask(&link("/pair/K7QX2M9B").with("Origin", &origin)).status, 403, "{origin}");
    }
    assert_eq!(ask(&get("/pair").with("Origin", &format!("https://{HOST}:{port}"))).status, 200);
}

#[test]
fn without_encryption_there_is_no_profile() {
    let house = House::new("tls-none");
    assert_eq!(Request::get("/pair/vitalog.mobileconfig").send(house.at()).status, 404);
    assert_eq!(house.receiver().fingerprint(), None);
    assert!(!Request::get("/pair/K7QX2M9B").send(house.at()).text().contains("mobileconfig"));
}

#[test]
fn a_new_certificate_is_shown_without_a_new_start() {
    let (house, first) = encrypting("tls-renewed", false);
    let second = authority();
    encrypt(&house, Some(Https { authority: Arc::clone(&second), is_only: false }));
    let ask = |authority: &Authority| send(&phone(authority, &[&TLS13]), house.at(), HOST, &Request::get("/"));
    assert_eq!(ask(&second).expect("an answer").status, 200);
    ask(&first).expect_err("it is not shown any more");
    encrypt(&house, None);
    ask(&second).expect_err("nothing is encrypted any more");
    assert_eq!(Request::get("/").send(house.at()).status, 200);
}

#[test]
fn a_certificate_follows_the_name_and_the_calendar() {
    let (house, authority) = encrypting("tls-follows", false);
    let secure = || house.receiver().urls().into_iter().filter(|url| url.starts_with("https:")).count();
    assert_eq!(secure(), 2);
    // Not ours to speak for: the address is left.
    house.receiver().set_names(vec!["kims-desktop-hv-2.local".to_owned()]);
    assert_eq!(secure(), 1);
    house.receiver().set_names(vec![HOST.to_owned()]);
    let ask = |now_ms| send(&phone_at(&authority, &[&TLS13], now_ms), house.at(), HOST, &Request::get("/"));
    assert_eq!(ask(NOW).expect("an answer").status, 200);
    let later = NOW + 400 * 86_400_000;
    ask(later).expect_err("it has ended by then");
    let mut events = house.receiver().events();
    house.clock.store(later, std::sync::atomic::Ordering::Release);
    house.receiver().wake();
    while !matches!(events.wait().expect("it runs"), Event::Listening { .. }) {}
    assert_eq!(ask(later).expect("an answer").status, 200);
}

#[test]
fn who_speaks_no_tls_that_we_know_is_told_so_and_nobody_else_waits() {
    let (house, _) = encrypting("tls-garbage", false);
    let exchange = |bytes: &[u8]| {
        let mut stream = TcpStream::connect(house.at()).expect("a connection");
        let _ = stream.write_all(bytes);
        let mut all = Vec::new();
        let _ = stream.read_to_end(&mut all);
        all
    };
    // A hello of TLS 1.1, and a torn one.
    let mut hello = vec![0x16, 3, 1, 0, 0x2d, 1, 0, 0, 0x29, 3, 2];
    hello.extend([7; 32]);
    hello.extend([0, 0, 2, 0xc0, 0x13, 1, 0]);
    hello[4] = (hello.len() - 5) as u8;
    hello[8] = (hello.len() - 9) as u8;
    let alert = exchange(&hello);
    assert_eq!((alert.first(), alert.len()), (Some(&0x15), 7), "{alert:?}");
    exchange(&[0x16, 3, 1, 0xff, 0xff, 0, 0]);
    let idle = TcpStream::connect(house.at()).expect("a connection");
    assert_eq!(Request::get("/").send(house.at()).status, 200);
    drop(idle);
}
