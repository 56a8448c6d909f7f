//! Servers that the owner forwards to: added, tried, paused, removed; what waits for them, and sending it.
//!
//! ```text
//!   store (changes, ledger) -> Portion (what differs) -> net::remote::Protocol -> server
//!        ^                                                                          |
//!        +------------------------ acknowledge (after the answer) <-----------------+
//! ```
//!
//! What is written to the store is noted by the store itself; nothing here has to be told of it.

mod answers;
mod portion;
mod push;
mod rows;
mod runner;
pub mod secrets;
mod selection;

use std::path::Path;
use std::time::Duration;

use health::time::{Day, format_instant};
use net::ErrorKind;
pub use net::remote::Secret;
use net::remote::{Address, Batch, Client, Piece, Protocol, Verdict};
use serde::{Deserialize, Serialize};
use store::Store;
use store::remotes::{NewRemote, Remote, Stand};

pub use self::answers::{Line, OutboxLine, Preview, RefusedLine, outbox, refused, remotes};
use self::portion::Portion;
pub(crate) use self::push::FOLDER;
pub use self::push::{Failure, Means, ProblemOf, Pushed, dry_run, push};
pub use self::runner::Runner;
use self::secrets::keeper;
use crate::error::{About as _, Code, Error, Result};
use crate::folder::Folder;

/// How long a request may take.
pub const PATIENCE: Duration = net::remote::TIMEOUT;
/// How often a server is sent to, where nothing else was said.
const EVERY_S: i64 = 15 * 60;
/// In place of a keeper: there is no secret.
const NOBODY: &str = "none";
/// Letters of a name.
const MOST_OF_A_NAME: usize = 100;

/// What a server's protocol asks for besides, and is no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Account {
    /// What the server knows this installation by; the secret is kept under it.
    device: String,
}

impl Account {
    fn of(remote: &Remote) -> Result<Self> {
        serde_json::from_str(&remote.account)
            .map_err(|_| store::Error::from(store::ErrorKind::Damaged("the account of a server".to_owned())).into())
    }
}

/// A server to be added.
#[derive(Debug, Clone)]
pub struct NewServer {
    /// The word of its protocol.
    pub protocol: String,
    /// Where it is.
    pub url: String,
    /// What to call it.
    pub name: String,
    /// Types as people name them; empty, or `all`, for everything.
    pub types: Vec<String>,
    /// What starts before this local day is not for it.
    pub since: Option<Day>,
    /// Its secret; none where it asks for none.
    pub secret: Option<Secret>,
    /// `keyring` or `file`.
    pub keep: String,
    /// SHA-256 of a certificate that the owner said yes to.
    pub certificate: Option<String>,
}

/// The words of protocols that servers can be added for.
pub fn protocols() -> impl Iterator<Item = &'static str> {
    Protocol::ALL.into_iter().map(Protocol::word)
}

/// Adds a server. It is asked first whether it is there and takes the secret; nothing of anybody's is sent.
///
/// Errors: `unknown_certificate`, whose hint names it, where nobody known has signed it; what is wrong with the
/// address, the secret, the types or the answer.
pub fn add(folder: &Folder, new: &NewServer, now_ms: i64, patience: Duration) -> Result<Line> {
    let protocol = Protocol::find(&new.protocol)
        .ok_or_else(|| Error::new(Code::BadUsage, "There is no such kind of server.", "`vitalog remote add --help`"))?;
    let name = new.name.trim();
    if name.is_empty() || name.chars().count() > MOST_OF_A_NAME || name.chars().any(char::is_control) {
        return Err(Error::new(Code::BadUsage, "A name has up to 100 letters.", "Choose another one with --name."));
    }
    let address = protocol.address(&without_path(&new.url, protocol)).map_err(|error| match error.kind() {
        ErrorKind::BadAddress => Error { hint: form(protocol).to_owned(), ..trouble(&error) },
        _ => trouble(&error),
    })?;
    let store = folder.read()?;
    if store.remote(name)?.is_some() {
        return Err(store::Error::from(store::ErrorKind::RemoteExists).into());
    }
    let words = selection::read(&store, &new.types)?;
    selection::check(protocol, words.as_deref())?;
    let since_ms = new.since.map(|day| crate::local::zones(&store).map(|zones| zones.days(day, Day::MAX).range_ms().0));
    let since_ms = since_ms.transpose()?;
    drop(store);
    let account = Account { device: net::remote::name().map_err(|error| trouble(&error))? };
    let secret = new.secret.clone().filter(|secret| !secret.is_empty());
    greet(protocol, &address, new.certificate.as_deref(), (&secret, &account), now_ms, patience)?;
    let word = if secret.is_some() { new.keep.as_str() } else { NOBODY };
    if let Some(secret) = &secret {
        keeper(folder, word).keep(&account.device, secret)?;
    }
    let kept = NewRemote {
        name,
        protocol: protocol.word(),
        url: address.text(),
        account: &serde_json::to_string(&account).unwrap_or_default(),
        types: &serde_json::to_string(&words).unwrap_or_default(),
        since_ms,
        every_s: Some(EVERY_S),
        certificate: new.certificate.as_deref(),
        keeper: word,
    };
    let added = folder.write().and_then(|mut store| Ok(store.add_remote(&kept, now_ms)?));
    match added {
        Ok(remote) => Ok(remote.into()),
        Err(error) => {
            // Nobody else knows its name.
            if secret.is_some() {
                let _ = keeper(folder, word).forget(&account.device);
            }
            Err(error)
        }
    }
}

/// The path that a protocol always has may be typed with the address.
fn without_path(url: &str, protocol: Protocol) -> String {
    let url = url.trim().trim_end_matches('/');
    url.strip_suffix(protocol.path()).unwrap_or(url).to_owned()
}

/// How the address of such a server is written, for people.
fn form(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::PostgreSql => {
            "Write it as postgres://USER@HOST/DATABASE, without the password; ?sslmode=disable behind it where the \
             server of your own network does not encrypt."
        }
        Protocol::InfluxDb => "Write it as https://HOST:8086?org=ORG&bucket=BUCKET, without the token.",
        _ => "Write it as https://server.example, without a name or a password in it.",
    }
}

/// The certificate that an error of [`add`] is about, where the owner may trust it: its SHA-256.
pub fn shown_certificate(error: &Error) -> Option<&str> {
    let digits = error.message.trim_end_matches('.').rsplit(' ').next()?;
    let is_one = digits.len() == 64 && digits.chars().all(|c| c.is_ascii_hexdigit());
    (error.code == Code::UnknownCertificate && is_one).then_some(digits)
}

/// Reads a secret from a file of the owner's.
pub fn read_secret(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).reading(path)
}

/// A number from 0 to 1 that nobody can foresee; without one nobody waits less than long.
pub fn chance() -> f64 {
    net::remote::chance().unwrap_or(0.0)
}

/// Asks a server whether it is there and takes its secret. Errors: as [`add`].
pub fn test(folder: &Folder, name: &str, now_ms: i64, patience: Duration) -> Result<Line> {
    let remote = find(&folder.read()?, name)?;
    let secret = match remote.keeper.as_str() {
        NOBODY => None,
        _ => Some(push::reach(folder, &remote, patience)?.1),
    };
    let address = Address::parse(&remote.url).map_err(|error| trouble(&error))?;
    let account = Account::of(&remote)?;
    let pinned = remote.certificate.as_deref();
    greet(protocol_of(&remote)?, &address, pinned, (&secret, &account), now_ms, patience)?;
    Ok(remote.into())
}

fn greet(
    protocol: Protocol,
    address: &Address,
    pinned: Option<&str>,
    (secret, account): (&Option<Secret>, &Account),
    now_ms: i64,
    patience: Duration,
) -> Result<()> {
    let client = Client::with(address.clone(), pinned, patience).map_err(|error| trouble(&error))?;
    let nothing = Secret::new("");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let asked = protocol.greet(&client, secret.as_ref().unwrap_or(&nothing), now_ms, &account.device);
    match runtime.block_on(asked).map_err(|error| trouble(&error))? {
        Verdict::Stored => Ok(()),
        Verdict::Stop("unauthorized", said) => Err(Error::new(
            Code::Unauthorized,
            told("The server does not take the secret", &said),
            "Ask the server for another one, and see that it is one that may send.",
        )),
        Verdict::Partly(_) => Ok(()),
        Verdict::Stop(_, said) | Verdict::Refused(said) => Err(Error::new(
            Code::RemoteFailed,
            told("The server is another one than was said, or is not ready", &said),
            "See that address and kind of server are right.",
        )),
        Verdict::Later(_, said) => {
            Err(Error::new(Code::RemoteFailed, told("The server is not ready", &said), "Try again when it is."))
        }
    }
}

/// A sentence, and the server's own words where it has some.
fn told(sentence: &str, said: &str) -> String {
    if said.is_empty() { format!("{sentence}.") } else { format!("{sentence}: {said}") }
}

/// Shows what would be sent first: how many rows differ, and one request as it would be.
pub fn preview(folder: &Folder, name: &str, now_ms: i64) -> Result<Preview> {
    let store = folder.read()?;
    let remote = find(&store, name)?;
    let protocol = protocol_of(&remote)?;
    let portion = Portion::collect(&store, &remote, protocol, now_ms)?;
    let pieces: Vec<&Piece> = portion.rows.iter().map(|row| &row.piece).collect();
    let gone = if protocol.takes_back() { portion.gone() } else { Vec::new() };
    let account = Account::of(&remote)?;
    let batch = Batch { rows: &pieces, gone: &gone, now_ms, device: &account.device };
    Ok(Preview {
        remote: remote.name.clone(),
        waiting: waiting(&store, &remote)?,
        rows: portion.rows.len() as u64,
        withdrawn: gone.iter().map(|gone| gone.marks.len() as u64).sum(),
        held: portion.held.len() as u64,
        body: if portion.len() == 0 { String::new() } else { protocol.body(&batch) },
    })
}

/// Sends nothing to a server from now on, or sends again.
pub fn stand(folder: &Folder, name: &str, pause: bool, now_ms: i64) -> Result<Line> {
    let remote = find(&folder.read()?, name)?;
    let stand = if pause { Stand::Pause } else { Stand::Resume };
    Ok(folder.write()?.stand_remote(remote.id, stand, now_ms)?.into())
}

/// Lets what a server refused be sent once more. Returns how many rows that is.
pub fn retry(folder: &Folder, name: &str) -> Result<u64> {
    let remote = find(&folder.read()?, name)?;
    Ok(folder.write()?.forgive_refused(remote.id)?)
}

/// Removes a server and its secret here. What it has stays there.
pub fn remove(folder: &Folder, name: &str) -> Result<Line> {
    let remote = find(&folder.read()?, name)?;
    if remote.keeper != NOBODY {
        keeper(folder, &remote.keeper).forget(&Account::of(&remote)?.device)?;
    }
    folder.write()?.remove_remote(remote.id)?;
    let _ = std::fs::remove_file(folder.dir().join(FOLDER).join(format!("{}.lock", remote.id)));
    Ok(remote.into())
}

/// Forgets the secrets of all servers that the key store of the system keeps; those in files go with the files.
pub(crate) fn forget_secrets(folder: &Folder) {
    let remotes = folder.read().and_then(|store| Ok(store.remotes()?)).unwrap_or_default();
    for remote in remotes.iter().filter(|remote| remote.keeper == secrets::KEYRING) {
        // A key store that cannot be asked keeps what nobody can use any more.
        if let Ok(account) = Account::of(remote) {
            let _ = keeper(folder, secrets::KEYRING).forget(&account.device);
        }
    }
}

/// About how many rows wait for a server: those of changes are counted one by one, those of the way through everything
/// by how many more the store has.
fn waiting(store: &Store, remote: &Remote) -> Result<u64> {
    use store::remotes::{Position, Walk};
    let protocol = protocol_of(remote)?;
    let mut all = 0;
    let mut at = remote.clone();
    at.position = Position { walk: Walk::Done, ..remote.position.clone() };
    loop {
        let portion = Portion::collect(store, &at, protocol, 0)?;
        all += portion.len() as u64;
        if portion.is_last || portion.position == at.position {
            break;
        }
        at.position = portion.position;
    }
    if remote.position.walk != Walk::Done {
        let selection = selection::Selection::of(remote, protocol)?;
        let since_ms = remote.since_ms.unwrap_or(i64::MIN);
        for series in store.all_series()? {
            let day = i64::from(i32::MAX);
            if selection.wants(&store::remotes::Span { series: series.clone(), day }) {
                let (should, has) = store.series_totals(remote.id, &series, since_ms)?;
                all += should.saturating_sub(has);
            }
        }
        all = all.saturating_sub(store.remote_totals(remote.id)?.refused);
    }
    Ok(all)
}

/// How many rows wait for all servers.
pub(crate) fn waiting_for_all(store: &Store) -> Result<u64> {
    store.remotes()?.iter().map(|remote| waiting(store, remote)).sum()
}

/// The server of a name.
fn find(store: &Store, name: &str) -> Result<Remote> {
    store.remote(name)?.ok_or_else(|| store::Error::from(store::ErrorKind::UnknownRemote).into())
}

fn protocol_of(remote: &Remote) -> Result<Protocol> {
    Protocol::find(&remote.protocol)
        .ok_or_else(|| store::Error::from(store::ErrorKind::Damaged("a server speaks unknown words".to_owned())).into())
}

/// What went wrong on the way to a server, for people.
fn trouble(error: &net::Error) -> Error {
    let (code, hint) = match error.kind() {
        ErrorKind::BadAddress => {
            (Code::BadUsage, "Write it as https://server.example, without a name or a password in it.")
        }
        ErrorKind::PlainHttp => (Code::BadUsage, "Write https instead of http."),
        ErrorKind::BadSecret => (Code::BadUsage, "Copy the secret once more, as one line."),
        ErrorKind::UnknownCertificate(_) => (
            Code::UnknownCertificate,
            "Compare it with what the server shows; --certificate with these digits trusts it.",
        ),
        ErrorKind::ChangedCertificate(_) => {
            (Code::UnknownCertificate, "Find out why. To trust the new one, remove the server and add it once more.")
        }
        ErrorKind::BadCertificate => {
            (Code::UnknownCertificate, "It is over, for another name, or broken: the server needs another one.")
        }
        ErrorKind::SentElsewhere(_) => (Code::RemoteFailed, "Name that address, if it is meant."),
        _ => (Code::RemoteFailed, "See that the server runs, and that address and network are right."),
    };
    let message = crate::error::sentence(&error.to_string());
    let mut letters = message.chars();
    let message = letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default();
    Error { code, message, hint: hint.to_owned() }
}

/// The instant of an answer.
fn instant(ms: Option<i64>) -> Option<String> {
    ms.map(format_instant)
}
