//! The way out over real connections: servers that are not there, slow, endless, broken, hostile, or others than
//! before.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use net::remote::{Address, Answer, Client, Entry, Protocol, Request, Secret, Verdict};
use net::{Authority, ErrorKind, Result};
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// Far shorter than any test may take; what should be slow is slower.
const PATIENCE: Duration = Duration::from_millis(1_500);

/// A server that does something with each connection.
fn server(act: impl Fn(TcpStream) + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let act = Arc::new(act);
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(std::result::Result::ok) {
            let act = act.clone();
            std::thread::spawn(move || act(stream));
        }
    });
    port
}

/// Reads the head of a request.
fn head(stream: &mut impl Read) -> String {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|n| n > 0) {
        head.push(byte[0]);
    }
    String::from_utf8_lossy(&head).into_owned()
}

/// A server that answers every request with some bytes and hangs up.
fn saying(answer: impl Into<Vec<u8>>) -> u16 {
    let answer = answer.into();
    server(move |mut stream| {
        head(&mut stream);
        let _ = stream.write_all(&answer);
    })
}

fn question() -> Request {
    Request {
        method: "POST",
        path: "/api".to_owned(),
        secret: Some(("authorization".to_owned(), Some("Bearer"), Secret::new("hi_secret"))),
        content_type: Some("application/json"),
        body: b"{}".to_vec(),
    }
}

fn ask_at(url: &str, pinned: Option<&str>) -> Result<Answer> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let client = Client::with(Address::parse(url)?, pinned, PATIENCE)?;
    runtime.block_on(client.ask(question()))
}

fn ask(port: u16) -> Result<Answer> {
    ask_at(&format!("http://127.0.0.1:{port}"), None)
}

/// What goes wrong, which never says the secret or the address.
#[track_caller]
fn trouble(asked: Result<Answer>) -> ErrorKind {
    let error = asked.expect_err("it fails");
    let text = format!("{error} {error:?}");
    assert!(!text.contains("hi_secret") && !text.contains("127.0.0.1"), "{text}");
    error.into_kind()
}

fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

#[test]
fn an_answer_comes_with_its_status_and_when_to_come_again() {
    let answer = ask(saying(ok("{\"ok\":true}"))).expect("an answer");
    assert_eq!((answer.status, answer.json()["ok"].as_bool(), answer.retry_after), (200, Some(true), None));
    let busy = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 40\r\nContent-Length: 0\r\n\r\n";
    let answer = ask(saying(busy)).expect("an answer");
    assert_eq!((answer.status, answer.retry_after), (429, Some(Duration::from_secs(40))));
    let dated = "HTTP/1.1 503 No\r\nRetry-After: Wed, 21 Oct 2026 07:28:00 GMT\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(ask(saying(dated)).expect("an answer").retry_after, None);
}

#[test]
fn who_is_not_there_or_hangs_up_cannot_be_reached() {
    let nobody = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port").local_addr().expect("bound").port();
    assert!(matches!(trouble(ask(nobody)), ErrorKind::Unreachable));
    assert!(matches!(trouble(ask(server(drop))), ErrorKind::Unreachable));
    assert!(matches!(trouble(ask(saying(""))), ErrorKind::Unreachable));
    assert!(matches!(
        trouble(ask(saying("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"))),
        ErrorKind::Unreachable
    ));
    assert!(matches!(trouble(ask(saying("SSH-2.0-OpenSSH_9.9\r\n\r\n"))), ErrorKind::Unreachable));
}

#[test]
fn who_is_slow_is_not_waited_for() {
    let silent = server(|mut stream| {
        head(&mut stream);
        // Until the other side goes.
        while stream.read(&mut [0; 16]).is_ok_and(|n| n > 0) {}
    });
    assert!(matches!(trouble(ask(silent)), ErrorKind::TooSlow));
    let drops = server(|mut stream| {
        head(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
        // A byte at a time, as long as anybody listens.
        let (sender, wait) = std::sync::mpsc::channel::<()>();
        while stream.write_all(b"x").is_ok() {
            let _ = wait.recv_timeout(Duration::from_millis(20));
        }
        drop(sender);
    });
    assert!(matches!(trouble(ask(drops)), ErrorKind::TooSlow));
}

#[test]
fn who_talks_without_end_is_not_listened_to() {
    let endless = server(|mut stream| {
        head(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        let piece = [b"10000\r\n".as_slice(), &[b'x'; 65_536], b"\r\n"].concat();
        while stream.write_all(&piece).is_ok() {}
    });
    assert!(matches!(trouble(ask(endless)), ErrorKind::TooMuch));
    let huge = server(|mut stream| {
        head(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
        let line = [b"X-Long: ".as_slice(), &[b'y'; 65_536], b"\r\n"].concat();
        while stream.write_all(&line).is_ok() {}
    });
    assert!(matches!(trouble(ask(huge)), ErrorKind::Unreachable));
    // What is packed is not unpacked: nobody asked for it.
    let packed = saying("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nbomb");
    assert_eq!(ask(packed).expect("an answer").body, b"bomb");
}

#[test]
fn nobody_is_followed_elsewhere() {
    let (tell, told) = std::sync::mpsc::channel();
    let other = server(move |mut stream| {
        let _ = tell.send(head(&mut stream));
    });
    for status in [301, 302, 303, 307, 308] {
        let to = format!("HTTP/1.1 {status} Go\r\nLocation: http://localhost:{other}/api\r\nContent-Length: 0\r\n\r\n");
        assert!(matches!(trouble(ask(saying(to))), ErrorKind::SentElsewhere(host) if host == "localhost"), "{status}");
    }
    assert!(told.try_recv().is_err(), "a secret went to another address");
}

#[test]
fn plain_http_stays_at_home_whatever_a_name_says() {
    // This name is this computer by the system's own table, so it may be asked.
    let port = saying(ok("{}"));
    assert_eq!(ask_at(&format!("http://localhost:{port}"), None).expect("an answer").status, 200);
    for url in ["http://8.8.8.8", "http://[2001:4860::8]", "http://100.64.0.1", "http://192.0.2.1"] {
        assert!(matches!(trouble(ask_at(url, None)), ErrorKind::PlainHttp), "{url}");
    }
}

/// A server with a certificate of its own; its SHA-256.
fn encrypted(certificate: CertificateDer<'static>, key: &KeyPair) -> (u16, String) {
    let fingerprint = health::digest::hex(&health::digest::sha256(&certificate));
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("a certificate");
    let config = Arc::new(config);
    let port = server(move |stream| {
        let connection = ServerConnection::new(config.clone()).expect("a connection");
        let mut stream = StreamOwned::new(connection, stream);
        if head(&mut stream).contains("hi_secret") {
            let _ = stream.write_all(ok("{\"ok\":true}").as_bytes());
        }
    });
    (port, fingerprint)
}

fn own(change: impl Fn(&mut CertificateParams)) -> (u16, String) {
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
    change(&mut params);
    encrypted(params.self_signed(&key).expect("signed").der().clone(), &key)
}

#[test]
fn a_certificate_of_the_owners_own_is_shown_and_then_believed_alone() {
    let (port, fingerprint) = own(|_| {});
    let url = format!("https://localhost:{port}");
    assert!(matches!(trouble(ask_at(&url, None)), ErrorKind::UnknownCertificate(shown) if shown == fingerprint));
    assert_eq!(ask_at(&url, Some(&fingerprint)).expect("an answer").status, 200);
    assert_eq!(ask_at(&url, Some(&fingerprint.to_uppercase())).expect("an answer").status, 200);
    let (other, changed) = own(|_| {});
    let asked = ask_at(&format!("https://localhost:{other}"), Some(&fingerprint));
    assert!(matches!(trouble(asked), ErrorKind::ChangedCertificate(shown) if shown == changed));
}

#[test]
fn an_authority_that_nobody_knows_is_not_believed() {
    // One that signs for itself, as programs for tests make them.
    let (port, fingerprint) = own(|params| params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained));
    let url = format!("https://localhost:{port}");
    let shown = trouble(ask_at(&url, None));
    assert!(matches!(&shown, ErrorKind::UnknownCertificate(_) | ErrorKind::BadCertificate), "{shown:?}");
    assert_eq!(ask_at(&url, Some(&fingerprint)).expect("an answer").status, 200);
    let _ = Authority::new("kims-desktop-hv.local", &[], 0);
}

#[test]
fn a_certificate_out_of_its_time_is_no_good_even_where_it_was_said_yes_to() {
    let over = |params: &mut CertificateParams| {
        (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 1, 1));
    };
    let early = |params: &mut CertificateParams| {
        (params.not_before, params.not_after) = (date_time_ymd(2090, 1, 1), date_time_ymd(2091, 1, 1));
    };
    let over_ca = |params: &mut CertificateParams| {
        over(params);
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    };
    for (port, fingerprint) in [own(over), own(early), own(over_ca)] {
        let url = format!("https://localhost:{port}");
        for pinned in [None, Some(fingerprint.as_str())] {
            assert!(matches!(trouble(ask_at(&url, pinned)), ErrorKind::BadCertificate), "{pinned:?}");
        }
    }
}

#[test]
fn encryption_is_not_given_up() {
    let plain = server(|mut stream| {
        let _ = stream.write_all(ok("{}").as_bytes());
    });
    assert!(matches!(trouble(ask_at(&format!("https://localhost:{plain}"), None)), ErrorKind::Unreachable));
    let at: SocketAddr = (Ipv4Addr::LOCALHOST, plain).into();
    assert!(TcpStream::connect(at).is_ok(), "it is there all the same");
}

/// Greets what is said to be a database at a port, without encryption.
fn greet_database(port: u16) -> Result<Verdict> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let url = format!("postgres://kim@127.0.0.1:{port}/health?sslmode=disable");
    let client = Client::with(Protocol::PostgreSql.address(&url)?, None, PATIENCE)?;
    let mut keep = |_: &Secret| Ok(());
    let mut entry = Entry { secret: Secret::new("hi_secret"), user: "", opened: true, keep: &mut keep };
    runtime.block_on(Protocol::PostgreSql.greet(&client, &mut entry, 0, ""))
}

#[test]
fn a_database_that_is_silent_endless_or_none_ends_by_itself() {
    let silent = server(|mut stream| while stream.read(&mut [0; 64]).is_ok_and(|n| n > 0) {});
    let endless = server(|mut stream| {
        // It knows us, and then tells of its settings for ever.
        let setting = [&b"S\0\0\x10\0a\0"[..], &[b'b'; 4_089], b"\0"].concat();
        let _ = stream.write_all(b"R\0\0\0\x08\0\0\0\0");
        while stream.write_all(&setting).is_ok() {}
    });
    let cut = server(|mut stream| drop(stream.write_all(b"R\0\0")));
    let error = |port| greet_database(port).expect_err("it fails").into_kind();
    assert!(matches!(error(silent), ErrorKind::TooSlow));
    assert!(matches!(error(endless), ErrorKind::TooMuch));
    assert!(matches!(error(cut), ErrorKind::Unreachable));
    let http = server(|mut stream| drop(stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")));
    let other = greet_database(http);
    assert!(matches!(other, Ok(Verdict::Stop("not_postgresql", _))), "{other:?}");
}
