//! A connection to a database: found, encrypted, signed in, with the tables there.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{Config, Error as SqlError, NoTls};
use tokio_rustls::TlsConnector;

use super::line::{Line, Wire};
use super::{sql, verdict_of};
use crate::error::{Error, ErrorKind, Result};
use crate::remote::address::{Address, Outside, look_up};
use crate::remote::client::{ANSWER_LIMIT, CONNECT, Client, Secret};
use crate::remote::protocol::Verdict;

/// Where a database listens.
const PORT: u16 = 5432;
/// Asks for an encrypted connection: its length and its number.
const ASKS_FOR_TLS: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];
/// Names are found in the tables of the system or where they say, times are UTC, what we hear is done is on the disk,
/// and what is left of a connection that was cut holds nothing for long.
const SETTINGS: &str = "SET search_path = pg_catalog; SET timezone = 'UTC'; SET synchronous_commit = on; \
    SET client_min_messages = error; SET idle_in_transaction_session_timeout = '120s'";

/// What an address says of a database; none where it does not say all.
pub(super) fn config(address: &Address) -> Option<Config> {
    let config: Config = address.text().parse().ok()?;
    let has_name = config.get_user().is_some_and(|user| !user.is_empty());
    let has_database = config.get_dbname().is_some_and(|name| !name.is_empty());
    let is_one = matches!(config.get_hosts(), [Host::Tcp(_)]) && config.get_ports().len() <= 1;
    let is_clear = match address.option("sslmode") {
        None | Some("require") => true,
        Some(mode) => mode == "disable" && config.get_ssl_mode() == SslMode::Disable,
    };
    (has_name && has_database && is_one && is_clear).then_some(config)
}

/// An open connection.
pub(crate) struct Session {
    sql: tokio_postgres::Client,
    /// Bytes that may still be read.
    left: Arc<AtomicUsize>,
    speaks: JoinHandle<()>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Session(..)")
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.speaks.abort();
    }
}

impl Session {
    /// Connects, signs in, and sees that the tables are there.
    pub async fn open(client: &Client, secret: &Secret) -> Result<std::result::Result<Self, Verdict>> {
        let Some(mut config) = config(client.address()) else { return Err(ErrorKind::BadAddress.into()) };
        let wire = match connect(client, &config).await? {
            Ok(wire) => wire,
            Err(verdict) => return Ok(Err(verdict)),
        };
        // The line is encrypted already, or is not to be.
        config.ssl_mode(SslMode::Disable).application_name("Vitalog");
        if !secret.is_empty() {
            config.password(secret.reveal());
        }
        let left = Arc::new(AtomicUsize::new(ANSWER_LIMIT));
        let (sql, connection) = match config.connect_raw(Line::new(wire, left.clone()), NoTls).await {
            Ok(both) => both,
            Err(error) => return signing_in(&error, &left, secret).map(Err),
        };
        let speaks = tokio::spawn(async move {
            // What ends it is heard by whoever asks next.
            let _ = connection.await;
        });
        let session = Self { sql, left, speaks };
        let prepared = match session.sql.batch_execute(SETTINGS).await {
            Ok(()) => sql::prepare(&session.sql).await,
            Err(error) => Err(error),
        };
        match prepared {
            Ok(version) if version == sql::VERSION => Ok(Ok(session)),
            Ok(_) => {
                let words = "the tables there are of another version of Vitalog";
                Ok(Err(Verdict::Stop("other_tables", words.to_owned())))
            }
            Err(error) => session.verdict(&error).map(Err),
        }
    }

    /// To ask with.
    pub fn sql(&self) -> &tokio_postgres::Client {
        &self.sql
    }

    /// Whether it is worth asking.
    pub fn is_open(&self) -> bool {
        !self.sql.is_closed()
    }

    /// Lets as much be read once more as an answer may have.
    pub fn refill(&self) {
        self.left.store(ANSWER_LIMIT, Ordering::Relaxed);
    }

    /// What an error means. Errors: a connection that was cut.
    pub fn verdict(&self, error: &SqlError) -> Result<Verdict> {
        match error.as_db_error() {
            Some(said) => Ok(verdict_of(said.code().code(), said.message())),
            None => Err(cut(&self.left)),
        }
    }
}

/// What an error at the door means.
fn signing_in(error: &SqlError, left: &AtomicUsize, secret: &Secret) -> Result<Verdict> {
    if let Some(said) = error.as_db_error() {
        return Ok(verdict_of(said.code().code(), said.message()));
    }
    let cause = std::error::Error::source(error);
    let io = cause.and_then(|cause| cause.downcast_ref::<std::io::Error>()).map(std::io::Error::kind);
    match io {
        // Bytes that are none of its protocol.
        Some(std::io::ErrorKind::InvalidData | std::io::ErrorKind::InvalidInput) => Ok(no_database()),
        Some(_) => Err(cut(left)),
        None if error.is_closed() => Err(cut(left)),
        None if secret.is_empty() => {
            Ok(Verdict::Stop("unauthorized", "it asks for a password, and none was given".to_owned()))
        }
        None => Ok(no_database()),
    }
}

fn no_database() -> Verdict {
    Verdict::Stop("not_postgresql", "what answers there is no PostgreSQL".to_owned())
}

fn cut(left: &AtomicUsize) -> Error {
    match left.load(Ordering::Relaxed) {
        0 => ErrorKind::TooMuch.into(),
        _ => ErrorKind::Unreachable.into(),
    }
}

/// Finds the server and encrypts the line, unless its address says otherwise.
async fn connect(client: &Client, config: &Config) -> Result<std::result::Result<Wire, Verdict>> {
    let address = client.address();
    let host = address.host().trim_matches(['[', ']']).to_owned();
    let port = config.get_ports().first().copied().unwrap_or(PORT);
    let mut stream = reach(&host, port, address.is_plain()).await?;
    if address.is_plain() {
        return Ok(Ok(Wire::Plain(stream)));
    }
    let mut answer = [0];
    let asked = async {
        stream.write_all(&ASKS_FOR_TLS).await?;
        stream.read_exact(&mut answer).await
    };
    asked.await.map_err(|_| ErrorKind::Unreachable)?;
    match &answer {
        b"S" => {}
        b"N" => {
            let words = "it does not encrypt; in your own network add ?sslmode=disable to its address";
            return Ok(Err(Verdict::Stop("no_encryption", words.to_owned())));
        }
        _ => return Ok(Err(no_database())),
    }
    let name = ServerName::try_from(host).map_err(|_| ErrorKind::BadAddress)?;
    let trust = client.trust();
    trust.take_doubt();
    let connector = TlsConnector::from(Arc::new(trust.config()?));
    match connector.connect(name, stream).await {
        Ok(stream) => Ok(Ok(Wire::Tls(Box::new(stream)))),
        Err(_) => Err(trust.take_doubt().map_or(ErrorKind::Unreachable, Into::into).into()),
    }
}

async fn reach(host: &str, port: u16, plain: bool) -> Result<TcpStream> {
    let found = look_up(host, port, plain).await.map_err(|error| match error.is::<Outside>() {
        true => ErrorKind::PlainHttp,
        false => ErrorKind::Unreachable,
    })?;
    for at in found {
        if let Ok(Ok(stream)) = tokio::time::timeout(CONNECT, TcpStream::connect(at)).await {
            // Small questions are not to wait for more.
            let _ = stream.set_nodelay(true);
            return Ok(stream);
        }
    }
    Err(ErrorKind::Unreachable.into())
}
