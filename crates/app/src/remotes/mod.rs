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
mod comparison;
mod enter;
mod kinds;
mod nights;
mod portion;
mod push;
mod rows;
mod runner;
pub mod secrets;
mod selection;
mod upkeep;
mod why;

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

use health::key;
use health::language::word;
use health::time::{Day, format_instant};
use net::ErrorKind;
pub use net::remote::Secret;
use net::remote::{Address, Batch, Client, Entry, Piece, Protocol, Verdict};
use serde::{Deserialize, Serialize};
use store::Store;
use store::remotes::{NewRemote, Remote, Stand};

pub use self::answers::{Line, OutboxLine, Preview, RefusedLine, outbox, refused, remotes};
pub use self::kinds::{Kind, RecordName, WayOf, kinds};
use self::portion::Portion;
pub(crate) use self::push::FOLDER;
pub use self::push::{Failure, Means, ProblemOf, Pushed, dry_run, push};
pub use self::runner::Runner;
use self::secrets::keeper;
pub use self::upkeep::{Choice, SignIn, choose, knock, leave_out, report, sign_in};
pub use self::why::why;
use crate::error::{About as _, Code, Error, Result};
use crate::folder::Folder;

/// How long a request may take.
pub const PATIENCE: Duration = net::remote::TIMEOUT;
/// How often a server is sent to, where nothing else was said.
pub const EVERY_S: i64 = 15 * 60;
/// In place of a keeper: there is no secret.
const NOBODY: &str = "none";
/// Code of a row that the server has otherwise, and takes in place of it only where the owner has a key.
const NEEDS_KEY: &str = "needs_key";
/// Letters of a name.
const MOST_OF_A_NAME: usize = 100;

/// What a server's protocol asks for besides, and is no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Account {
    /// What the server knows this installation by; the secret is kept under it.
    device: String,
    /// Whom it is sent for, as the server spells it, where it keeps data of several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    /// The secret is good for sending only, so that nobody can look what was stored: it is accepted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    blind: bool,
}

impl Account {
    /// One that nobody has yet, under a made up name.
    fn nobody() -> Result<Self> {
        let device = net::remote::name().map_err(|error| trouble(&error))?;
        Ok(Self { device, user: None, blind: false })
    }

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
    /// How often it is sent to, in seconds; none where only by hand.
    pub every_s: Option<i64>,
    /// Nothing is sent to it until it is resumed.
    pub paused: bool,
    /// Its secret; none where it asks for none.
    pub secret: Option<Secret>,
    /// `keyring` or `file`.
    pub keep: String,
    /// SHA-256 of a certificate that the owner said yes to.
    pub certificate: Option<String>,
    /// What the secret is; of the others than keys only Open Wearables knows something.
    pub way: Way,
    /// Whom it is sent for, where a server keeps data of several: the owner's own name for the user, who is made where
    /// there is none; with [`Way::App`] the server's id of one who is there; with [`Way::Invitation`] the code says it.
    /// None for a user of this installation's own.
    pub user: Option<String>,
}

/// What the secret of a server is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Way {
    /// A key or token that is sent as it is.
    #[default]
    Key,
    /// The password of the account with this e-mail address. A key is made with it, and the password is not kept.
    Login(String),
    /// The secret of the application with this id.
    App(String),
    /// A code that somebody was invited with; it works once.
    Invitation,
    /// There is no secret.
    Open,
}

impl Way {
    /// By its short word, `key`, `login`, `app`, `invitation` or `none`, and the address or id that goes with it.
    pub fn of(word: &str, id: &str) -> Option<Self> {
        match word {
            "key" => Some(Self::Key),
            "login" => Some(Self::Login(id.trim().to_owned())),
            "app" => Some(Self::App(id.trim().to_owned())),
            "invitation" => Some(Self::Invitation),
            "none" => Some(Self::Open),
            _ => None,
        }
    }

    /// Its short word.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Login(_) => "login",
            Self::App(_) => "app",
            Self::Invitation => "invitation",
            Self::Open => "none",
        }
    }
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
    let protocol = kinds::find(&new.protocol)?;
    let name = new.name.trim();
    if name.is_empty() || name.chars().count() > MOST_OF_A_NAME || name.chars().any(char::is_control) {
        return Err(Error::new(Code::BadUsage, word(key!("A name has up to 100 letters.")), ""));
    }
    let address = read_address(protocol, &new.url)?;
    kinds::check(protocol, new)?;
    let store = folder.read()?;
    if store.remote(name)?.is_some() {
        return Err(store::Error::from(store::ErrorKind::RemoteExists).into());
    }
    let words = selection::read(&store, &new.types)?;
    selection::check(protocol, words.as_deref())?;
    let since_ms = since(&store, new.since)?;
    drop(store);
    let mut account = Account::nobody()?;
    let mut secret = new.secret.clone().filter(|secret| !secret.is_empty());
    let word = if secret.is_some() { new.keep.as_str() } else { NOBODY };
    let keeper = keeper(folder, word);
    if secret.is_some() {
        // A key store that cannot be used is found before anybody is asked.
        keeper.find(&account.device)?;
    }
    if protocol == Protocol::OpenWearables {
        secret = Some(enter::enter(&address, new, (&mut account, keeper.as_ref()), patience)?);
    } else {
        greet(protocol, &address, new.certificate.as_deref(), (&secret, &account), &mut never, now_ms, patience)?;
    }
    if let Some(secret) = &secret {
        keeper.keep(&account.device, secret)?;
    }
    let kept = NewRemote {
        name,
        protocol: protocol.word(),
        url: address.text(),
        account: &serde_json::to_string(&account).unwrap_or_default(),
        types: &serde_json::to_string(&words).unwrap_or_default(),
        since_ms,
        every_s: new.every_s,
        certificate: new.certificate.as_deref(),
        keeper: word,
        paused: new.paused,
    };
    let added = folder.write().and_then(|mut store| Ok(store.add_remote(&kept, now_ms)?));
    match added {
        Ok(remote) => Ok(remote.into()),
        Err(error) => {
            // Nobody else knows its name.
            if secret.is_some() {
                let _ = keeper.forget(&account.device);
            }
            Err(error)
        }
    }
}

/// Where a local day begins.
fn since(store: &Store, day: Option<Day>) -> Result<Option<i64>> {
    let start = |day| crate::local::zones(store).map(|zones| zones.days(day, Day::MAX).range_ms().0);
    day.map(start).transpose()
}

/// The path that a protocol always has may be typed with the address.
fn without_path(url: &str, protocol: Protocol) -> String {
    let url = url.trim().trim_end_matches('/');
    url.strip_suffix(protocol.path()).unwrap_or(url).to_owned()
}

/// The address of a server as somebody typed it. Errors: as [`Protocol::address`]; the hint is how one is written.
fn read_address(protocol: Protocol, url: &str) -> Result<Address> {
    protocol.address(&without_path(url, protocol)).map_err(|error| match error.kind() {
        ErrorKind::BadAddress => Error { hint: form(protocol).to_owned(), ..trouble(&error) },
        _ => trouble(&error),
    })
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
    let protocol = protocol_of(&remote)?;
    let address = protocol.address(&remote.url).map_err(|error| trouble(&error))?;
    let account = Account::of(&remote)?;
    let pinned = remote.certificate.as_deref();
    let mut keep = |secret: &Secret| push::renewed(folder, &remote.keeper, &account.device, secret);
    greet(protocol, &address, pinned, (&secret, &account), &mut keep, now_ms, patience)?;
    Ok(remote.into())
}

/// Keeps nothing: before a server is added, none gives a secret in place of the one that was said.
fn never(_: &Secret) -> net::Result<()> {
    Err(ErrorKind::NotKept.into())
}

fn greet(
    protocol: Protocol,
    address: &Address,
    pinned: Option<&str>,
    (secret, account): (&Option<Secret>, &Account),
    keep: &mut (dyn FnMut(&Secret) -> net::Result<()> + Send),
    now_ms: i64,
    patience: Duration,
) -> Result<()> {
    let client = Client::with(address.clone(), pinned, patience).map_err(|error| trouble(&error))?;
    let secret = secret.clone().unwrap_or_else(|| Secret::new(""));
    let user = account.user.as_deref().unwrap_or_default();
    let mut entry = Entry { secret, user, opened: true, keep };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let asked = protocol.greet(&client, &mut entry, now_ms, &account.device);
    judge(runtime.block_on(asked).map_err(|error| trouble(&error))?)
}

/// What a server says to somebody who comes for the first time.
fn judge(verdict: Verdict) -> Result<()> {
    match verdict {
        Verdict::Stored | Verdict::Accepted | Verdict::Partly(_) => Ok(()),
        other => Err(refusal(other)),
    }
}

/// Why a server that is to be added, or tried, is not as it should be.
fn refusal(verdict: Verdict) -> Error {
    match verdict {
        Verdict::Stop("unauthorized", said) => Error::new(
            Code::Unauthorized,
            told("The server does not take the secret", &said),
            "Ask the server for another one, and see that it is one that may send.",
        ),
        Verdict::Stop("unknown_user", said) => Error::new(
            Code::RemoteFailed,
            told("The server does not know the user", &said),
            "Name one that is there with --user, by the server's own id; without --app-id one is made.",
        ),
        Verdict::Later(_, said) => {
            Error::new(Code::RemoteFailed, told("The server is not ready", &said), "Try again when it is.")
        }
        Verdict::Stop(_, said) | Verdict::Refused(said) => Error::new(
            Code::RemoteFailed,
            told("The server is another one than was said, or is not ready", &said),
            "See that address and kind of server are right.",
        ),
        Verdict::Stored | Verdict::Accepted | Verdict::Partly(_) => Error::new(
            Code::RemoteFailed,
            "The server says one thing and does another.",
            "See that address and kind of server are right.",
        ),
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
    let gone = portion.gone();
    let account = Account::of(&remote)?;
    let batch = Batch { rows: &pieces, gone: &gone, now_ms, device: &account.device };
    Ok(Preview {
        remote: remote.name.clone(),
        waiting: waiting(&store, &remote)?,
        rows: portion.rows.len() as u64,
        withdrawn: gone.iter().map(|gone| gone.marks.len() as u64).sum(),
        held: portion.held.len() as u64,
        body: if pieces.is_empty() && gone.is_empty() { String::new() } else { protocol.body(&batch) },
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
    let (mut all, mut compared) = (0, HashSet::new());
    let mut at = remote.clone();
    at.position = Position { walk: Walk::Done, ..remote.position.clone() };
    loop {
        // Nights that are not over wait, too.
        let portion = Portion::count(compared, store, &at, protocol, i64::MAX)?;
        all += portion.len() as u64;
        if portion.is_last || portion.position == at.position {
            break;
        }
        (at.position, compared) = (portion.position, portion.compared);
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
        all = {
            let totals = store.remote_totals(remote.id)?;
            all.saturating_sub(totals.refused + totals.left_out)
        };
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

/// What is wrong with what somebody typed, as `net` says it.
pub const TYPED: [&str; 3] = [
    key!("This is no address of a server."),
    key!("Without encryption nothing is sent to an address outside of this network."),
    key!("The secret has letters that cannot be sent."),
];

/// What went wrong on the way to a server, for people.
fn trouble(error: &net::Error) -> Error {
    let (code, hint) = match error.kind() {
        ErrorKind::BadAddress => {
            (Code::BadUsage, key!("Write it as https://server.example, without a name or a password in it."))
        }
        ErrorKind::NotKept => {
            (Code::NoKeyring, "Unlock the key store of this computer; if the server asks for it, sign in once more.")
        }
        ErrorKind::PlainHttp => (Code::BadUsage, key!("Write https instead of http.")),
        ErrorKind::BadSecret => (Code::BadUsage, key!("Copy the secret once more, as one line.")),
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
    let message: String = letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default();
    Error { code, message: word(&message), hint: word(hint) }
}

/// The instant of an answer.
fn instant(ms: Option<i64>) -> Option<String> {
    ms.map(format_instant)
}
