//! Sending: portion after portion, until nothing is owed or something is in the way.
//!
//! What was sent is put down together with how far the server is, after its answer. Who is killed before that sends the
//! same once more; the server knows the rows by its own keys, and stores none twice.

use std::collections::{BTreeMap, HashSet};
use std::fs::{File, TryLockError};
use std::time::Duration;

use net::remote::{Address, Batch, Client, Entry, Piece, Protocol, Secret, Verdict, wait};
use serde::Serialize;
use store::Cancel;
use store::remotes::{Position, RefusedRow, Remote, Stand, Told};

use super::portion::Portion;
use super::secrets::keeper;
use super::{Account, find, protocol_of, trouble};
use crate::error::{Code, Error, Result, cancelled};
use crate::folder::{Folder, create_private, private_file, settle};

/// How long, and how often, who wants to send waits for somebody who only looks.
const A_LOOK: Duration = Duration::from_millis(10);
const LOOKS: u32 = 10;
/// The folder of locks.
pub(crate) const FOLDER: &str = "remotes";
/// So many rows alone refused, and none stored, say that the server refuses everything.
const MOST_IN_A_ROW: u32 = 20;

/// What is wrong with some rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProblemOf {
    /// Why: `refused` by the server, or what its protocol has no word for.
    pub reason: String,
    /// How many rows.
    pub count: u64,
    /// The server's own words.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub said: String,
}

/// What a push did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Pushed {
    /// The server.
    pub remote: String,
    /// Rows that were to be sent or taken back.
    pub selected: u64,
    /// Rows that were sent.
    pub sent: u64,
    /// Rows that the server took, of those, without saying whether it stored them.
    pub accepted: u64,
    /// Rows that the server has now, of those.
    pub stored: u64,
    /// Rows that the server was asked to take back, because they are gone here.
    pub withdrawn: u64,
    /// Rows that it refused, or that were held back because it would.
    pub refused: u64,
    /// Rows that still wait.
    pub waiting: u64,
    /// What was wrong.
    pub problems: Vec<ProblemOf>,
    /// What ended it before all was sent: a code and words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<Failure>,
}

/// What ended a push.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// A code.
    pub code: String,
    /// Words for people.
    pub message: String,
    /// After so many milliseconds it is worth a try; none where the owner has to do something first.
    pub again_ms: Option<u64>,
}

impl Pushed {
    fn problem(&mut self, row: &RefusedRow) {
        self.refused += 1;
        match self.problems.iter_mut().find(|line| line.reason == row.code && line.said == row.said) {
            Some(line) => line.count += 1,
            None => self.problems.push(ProblemOf { reason: row.code.clone(), count: 1, said: row.said.clone() }),
        }
    }
}

/// What sending needs from outside.
pub struct Means<'a> {
    /// The time, in milliseconds since 1970 in UTC.
    pub now: &'a dyn Fn() -> i64,
    /// A number from 0 to 1 that nobody can foresee.
    pub chance: &'a dyn Fn() -> f64,
    /// Ends it between two requests.
    pub cancel: Cancel,
    /// How long a request may take.
    pub patience: Duration,
    /// Hears after each portion what was done so far.
    pub progress: &'a mut dyn FnMut(&Pushed),
}

/// Sends a server all that it is owed. One process at a time does so for a server.
///
/// Errors: `push_runs` where another one does; no such server; a secret that is not there. What a server says is no
/// error: it stands in [`Pushed::failed`].
pub fn push(folder: &Folder, name: &str, means: &mut Means<'_>) -> Result<Pushed> {
    let remote = find(&folder.read()?, name)?;
    let _lock = lock(folder, remote.id)?;
    folder.write()?.note_labels(remote.id)?;
    let (client, secret) = reach(folder, &remote, means.patience)?;
    let account = Account::of(&remote)?;
    let mut keep = |secret: &Secret| renewed(folder, &remote.keeper, &account.device, secret);
    let opened = folder.read()?.remote_totals(remote.id)?.acked > 0;
    let entry = Entry { secret, user: account.user.as_deref().unwrap_or_default(), opened, keep: &mut keep };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut sending = Sending {
        folder,
        name,
        protocol: protocol_of(&remote)?,
        device: &account.device,
        client,
        entry,
        pushed: Pushed { remote: name.to_owned(), ..Pushed::default() },
        refused_in_a_row: 0,
    };
    runtime.block_on(sending.run(means))?;
    let mut pushed = sending.pushed;
    pushed.waiting = super::waiting(&folder.read()?, &find(&folder.read()?, name)?)?;
    Ok(pushed)
}

/// What would be sent: the numbers of [`Pushed`], without a request.
pub fn dry_run(folder: &Folder, name: &str, now_ms: i64) -> Result<Pushed> {
    let store = folder.read()?;
    let mut remote = find(&store, name)?;
    let protocol = protocol_of(&remote)?;
    let mut pushed = Pushed { remote: name.to_owned(), ..Pushed::default() };
    let mut compared = HashSet::new();
    loop {
        let portion = Portion::count(compared, &store, &remote, protocol, now_ms)?;
        // A span that does not fit into a request is counted as a whole by what waits.
        if portion.position == remote.position && !portion.is_last {
            break;
        }
        pushed.selected += portion.len() as u64;
        portion.held.iter().for_each(|row| pushed.problem(row));
        (remote.position, compared) = (portion.position, portion.compared);
        if portion.is_last {
            break;
        }
    }
    pushed.waiting = pushed.selected;
    Ok(pushed)
}

/// Keeps a secret that a server gave in place of the old one.
pub(super) fn renewed(folder: &Folder, word: &str, device: &str, secret: &Secret) -> net::Result<()> {
    keeper(folder, word).keep(device, secret).map_err(|_| net::ErrorKind::NotKept.into())
}

/// A client for a server, and its secret.
pub(super) fn reach(folder: &Folder, remote: &Remote, patience: Duration) -> Result<(Client, Secret)> {
    let address = Address::parse(&remote.url).map_err(|error| trouble(&error))?;
    let client = Client::with(address, remote.certificate.as_deref(), patience).map_err(|error| trouble(&error))?;
    let secret = match remote.keeper.as_str() {
        super::NOBODY => Secret::new(""),
        word => keeper(folder, word).find(&Account::of(remote)?.device)?.ok_or_else(|| {
            Error::new(
                Code::NoKeyring,
                "The secret of this server is not where it was kept.",
                "Remove the server and add it once more.",
            )
        })?,
    };
    Ok((client, secret))
}

/// The right to send to a server, until it is dropped; the system takes it back from who is killed.
fn lock(folder: &Folder, id: i64) -> Result<File> {
    let dir = folder.dir().join(FOLDER);
    settle(folder.dir(), &dir, create_private)?;
    let path = dir.join(format!("{id}.lock"));
    let lock = private_file(&path, &path)?;
    // Who only looks whether somebody sends holds it, too, for a moment.
    let held = |_: &u32| matches!(lock.try_lock(), Err(TryLockError::WouldBlock));
    let is_held = (0..LOOKS).take_while(|n| held(n)).inspect(|_| std::thread::sleep(A_LOOK)).count() == LOOKS as usize;
    match is_held {
        true => Err(Error::new(
            Code::PushRuns,
            "Another program is sending to this server.",
            "Wait until it is done: it is another push, `vitalog serve`, or a window.",
        )),
        // Where folders know no locks the server's own keys keep rows from being stored twice.
        false => Ok(lock),
    }
}

/// Whether somebody is sending to a server now.
pub(super) fn is_sending(folder: &Folder, id: i64) -> bool {
    File::open(folder.dir().join(FOLDER).join(format!("{id}.lock")))
        .is_ok_and(|lock| matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

struct Sending<'a> {
    folder: &'a Folder,
    name: &'a str,
    protocol: Protocol,
    device: &'a str,
    client: Client,
    entry: Entry<'a>,
    pushed: Pushed,
    refused_in_a_row: u32,
}

/// What became of a portion.
#[derive(Default)]
struct Outcome {
    stored: HashSet<usize>,
    /// Of these, how many the server took without saying whether it stored them.
    accepted: u64,
    refused: Vec<(usize, String)>,
    took_back: bool,
    /// Rows that were on the way at least once.
    tried: HashSet<usize>,
    end: Option<End>,
}

/// What is in the way.
enum End {
    Later(Option<Duration>, String),
    Stop(String, String),
}

impl Sending<'_> {
    async fn run(&mut self, means: &mut Means<'_>) -> Result<()> {
        loop {
            if means.cancel.is_cancelled() {
                return Err(cancelled());
            }
            let now_ms = (means.now)();
            let (remote, portion) = {
                // At one moment; nobody's writing waits while a server takes its time.
                let store = self.folder.read()?;
                let remote = find(&store, self.name)?;
                if remote.paused_ms.is_some() {
                    // The owner said so while it was being sent.
                    return Ok(());
                }
                let portion = Portion::collect(&store, &remote, self.protocol, now_ms)?;
                (remote, portion)
            };
            self.pushed.selected += portion.len() as u64;
            let outcome = self.send(&portion, means).await;
            let ends = outcome.end.is_some();
            let position = if ends { remote.position.clone() } else { portion.position.clone() };
            self.put_down(&remote, &portion, &outcome, position, now_ms)?;
            (means.progress)(&self.pushed);
            match outcome.end {
                Some(end) => return self.end(&remote, end, means),
                None if portion.is_last => {
                    self.folder.write()?.stand_remote(remote.id, Stand::Reached, (means.now)())?;
                    return Ok(());
                }
                None => {}
            }
        }
    }

    fn put_down(
        &mut self,
        remote: &Remote,
        portion: &Portion,
        outcome: &Outcome,
        position: Position,
        now_ms: i64,
    ) -> Result<()> {
        let taken = portion.spans.iter().filter(|compared| portion.takes_back(&compared.span));
        let gone: u64 = taken.map(|compared| compared.gone.len() as u64).sum();
        // What it will not take back stays there, and is shown.
        let refuses = outcome.end.is_none() && !outcome.took_back;
        let refused = outcome.refused.iter().filter_map(|(place, said)| portion.refused(*place, said, now_ms));
        let mut refused: Vec<RefusedRow> = refused.chain(portion.held.iter().cloned()).collect();
        refused.iter().for_each(|row| self.pushed.problem(row));
        refused.extend(portion.stays(refuses, now_ms));
        let sent = outcome.tried.len() as u64;
        self.pushed.sent += sent;
        self.pushed.accepted += outcome.accepted;
        self.pushed.stored += (outcome.stored.len() as u64).saturating_sub(outcome.accepted);
        self.pushed.withdrawn += if outcome.took_back { gone } else { 0 };
        let told = Told { spans: portion.done(&outcome.stored, outcome.took_back || refuses), refused, position, sent };
        if told.spans.is_empty() && told.refused.is_empty() && told.position == remote.position {
            return Ok(());
        }
        self.folder.write()?.acknowledge(remote.id, &told)?;
        Ok(())
    }

    /// Sends a portion; what is refused is halved until the rows are found that are meant.
    async fn send(&mut self, portion: &Portion, means: &Means<'_>) -> Outcome {
        let mut outcome = Outcome::default();
        let gone = portion.gone();
        if portion.rows.is_empty() && gone.is_empty() {
            return outcome;
        }
        // The last is tried first.
        let mut parts: Vec<(usize, usize)> = portion.requests().into_iter().rev().collect();
        let mut gone = Some(gone).filter(|gone| !gone.is_empty());
        while let Some((from, until)) = parts.pop() {
            if means.cancel.is_cancelled() {
                outcome.end = Some(End::Later(None, String::new()));
                return outcome;
            }
            let pieces: Vec<&Piece> = portion.rows[from..until].iter().map(|row| &row.piece).collect();
            let (now_ms, device) = ((means.now)(), self.device);
            let batch = Batch { rows: &pieces, gone: gone.as_deref().unwrap_or_default(), now_ms, device };
            outcome.tried.extend(from..until);
            let verdict = match self.protocol.deliver(&self.client, &mut self.entry, &batch).await {
                Ok(verdict) => verdict,
                Err(error) => {
                    outcome.end = Some(failure(&error));
                    return outcome;
                }
            };
            match verdict {
                Verdict::Stored | Verdict::Accepted => {
                    outcome.accepted += if verdict == Verdict::Accepted { (until - from) as u64 } else { 0 };
                    outcome.stored.extend(from..until);
                    outcome.took_back |= gone.take().is_some();
                    self.refused_in_a_row = 0;
                }
                Verdict::Partly(refused) => {
                    let refused = refused.into_iter().map(|(place, said)| (from + place, said));
                    let refused: BTreeMap<usize, String> = refused.collect();
                    outcome.stored.extend((from..until).filter(|place| !refused.contains_key(place)));
                    outcome.took_back |= gone.take().is_some();
                    self.refused_in_a_row = if refused.len() < until - from { 0 } else { self.refused_in_a_row + 1 };
                    outcome.refused.extend(refused);
                    if self.refused_in_a_row >= MOST_IN_A_ROW {
                        // Nothing of it is the rows' fault.
                        outcome.refused.clear();
                        outcome.end = Some(End::Stop("refuses_all".to_owned(), String::new()));
                        return outcome;
                    }
                }
                // What is taken back goes by itself, so that no row is in its way.
                Verdict::Refused(_) if gone.is_some() && until > from => {
                    parts.push((from, until));
                    parts.push((from, from));
                }
                Verdict::Refused(said) if until - from <= 1 => {
                    gone = None;
                    outcome.refused.extend((from..until).map(|place| (place, said.clone())));
                    self.refused_in_a_row += 1;
                    if self.refused_in_a_row >= MOST_IN_A_ROW {
                        // Nothing of it is the rows' fault.
                        outcome.refused.clear();
                        outcome.end = Some(End::Stop("refuses_all".to_owned(), said));
                        return outcome;
                    }
                }
                Verdict::Refused(_) => {
                    let middle = from + (until - from) / 2;
                    parts.push((middle, until));
                    parts.push((from, middle));
                }
                Verdict::Later(after, said) => {
                    outcome.end = Some(End::Later(after, said));
                    return outcome;
                }
                Verdict::Stop(code, said) => {
                    outcome.end = Some(End::Stop(code.to_owned(), said));
                    return outcome;
                }
            }
        }
        outcome
    }

    /// Keeps what is in the way.
    fn end(&mut self, remote: &Remote, end: End, means: &Means<'_>) -> Result<()> {
        if means.cancel.is_cancelled() {
            return Err(cancelled());
        }
        let now_ms = (means.now)();
        let (stand, failure) = match &end {
            End::Later(asked, said) => {
                let pause = wait(remote.tries.saturating_add(1), (means.chance)(), *asked);
                let code = "unreachable".to_owned();
                let again_ms = Some(pause.as_millis() as u64);
                (
                    Stand::Failed(now_ms.saturating_add(pause.as_millis() as i64), said.as_str()),
                    Failure { code, message: said.clone(), again_ms },
                )
            }
            End::Stop(code, said) => (
                Stand::Stop(code.as_str(), said.as_str()),
                Failure { code: code.clone(), message: said.clone(), again_ms: None },
            ),
        };
        self.folder.write()?.stand_remote(remote.id, stand, now_ms)?;
        self.pushed.failed = Some(failure);
        Ok(())
    }
}

/// What an error of the client means.
fn failure(error: &net::Error) -> End {
    use net::ErrorKind::{
        BadAddress, BadCertificate, BadSecret, ChangedCertificate, PlainHttp, SentElsewhere, UnknownCertificate,
    };
    let told = trouble(error);
    match error.kind() {
        UnknownCertificate(_) | ChangedCertificate(_) | BadCertificate => {
            End::Stop("certificate".to_owned(), told.message)
        }
        SentElsewhere(_) => End::Stop("elsewhere".to_owned(), told.message),
        BadAddress | BadSecret | PlainHttp => End::Stop("address".to_owned(), told.message),
        _ => End::Later(None, told.message),
    }
}
