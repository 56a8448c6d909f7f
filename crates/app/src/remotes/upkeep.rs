//! What becomes of a server once it is there: it gets something else, its secret is another one, what it refused is
//! left out, and what is told of it to who helps. Also the first look, before there is one.

use std::time::Duration;

use health::time::Day;
use net::remote::{Address, Client, Protocol, Request};
use store::remotes::Stand;

use super::secrets::keeper;
use super::{Account, Line, NOBODY, Secret, Way, enter, find, greet, kinds, push, selection, since, trouble, waiting};
use crate::error::{Code, Result};
use crate::folder::Folder;

/// What a server is to get.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// Types as people name them; empty, or `all`, for everything.
    pub types: Vec<String>,
    /// What starts before this local day is not for it.
    pub since: Option<Day>,
    /// How often it is sent to, in seconds; none where only by hand.
    pub every_s: Option<i64>,
}

/// A new secret for a server that is there.
#[derive(Debug, Clone)]
pub struct SignIn {
    /// What it is.
    pub way: Way,
    /// The secret.
    pub secret: Secret,
    /// `keyring` or `file`.
    pub keep: String,
}

/// Asks whether a server is there, and whether its certificate is believed: with no secret, and nothing of anybody's is
/// sent. Errors: as [`super::add`].
pub fn knock(protocol: &str, url: &str, certificate: Option<&str>, now_ms: i64, patience: Duration) -> Result<()> {
    let protocol = kinds::find(protocol)?;
    let address = super::read_address(protocol, url)?;
    let nobody = Account::nobody()?;
    if protocol == Protocol::OpenWearables {
        return front_door(&address, certificate, patience);
    }
    match greet(protocol, &address, certificate, (&None, &nobody), &mut super::never, now_ms, patience) {
        // It is there, and asks who comes.
        Err(error) if error.code == Code::Unauthorized => Ok(()),
        told => told,
    }
}

/// Asks the server itself, whatever it answers: its kind asks nothing without a secret.
fn front_door(address: &Address, certificate: Option<&str>, patience: Duration) -> Result<()> {
    let client = Client::with(address.clone(), certificate, patience).map_err(|error| trouble(&error))?;
    let request = Request { method: "GET", path: "/".to_owned(), secret: None, content_type: None, body: Vec::new() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(client.ask(request)).map_err(|error| trouble(&error))?;
    Ok(())
}

/// Lets a server have something else from now on. What it has and is no more for it stays there.
pub fn choose(folder: &Folder, name: &str, choice: &Choice) -> Result<Line> {
    let (id, words, since_ms) = {
        let store = folder.read()?;
        let remote = find(&store, name)?;
        let words = selection::read(&store, &choice.types)?;
        selection::check(super::protocol_of(&remote)?, words.as_deref())?;
        (remote.id, words, since(&store, choice.since)?)
    };
    let types = serde_json::to_string(&words).unwrap_or_default();
    Ok(folder.write()?.choose_for_remote(id, &types, since_ms, choice.every_s)?.into())
}

/// Signs in once more, and sends again: after a server took the secret no more. Errors: as [`super::add`].
pub fn sign_in(folder: &Folder, name: &str, new: &SignIn, now_ms: i64, patience: Duration) -> Result<Line> {
    let remote = find(&folder.read()?, name)?;
    let protocol = super::protocol_of(&remote)?;
    let address = protocol.address(&remote.url).map_err(|error| trouble(&error))?;
    let mut account = Account::of(&remote)?;
    // One that cannot be used is found before the server is asked.
    keeper(folder, &new.keep).find(&account.device)?;
    let pinned = remote.certificate.as_deref();
    let secret = match protocol {
        Protocol::OpenWearables => enter::again(&address, pinned, (&new.way, &new.secret), &mut account, patience)?,
        _ => new.secret.clone(),
    };
    let mut keep = |secret: &Secret| push::renewed(folder, &new.keep, &account.device, secret);
    greet(protocol, &address, pinned, (&Some(secret.clone()), &account), &mut keep, now_ms, patience)?;
    keeper(folder, &new.keep).keep(&account.device, &secret)?;
    if remote.keeper != new.keep && remote.keeper != NOBODY {
        // The new one counts; where the old place cannot be asked, nobody uses what is left there.
        let _ = keeper(folder, &remote.keeper).forget(&account.device);
    }
    let mut store = folder.write()?;
    store.set_remote_account(remote.id, &serde_json::to_string(&account).unwrap_or_default())?;
    Ok(store.stand_remote(remote.id, Stand::SignedIn(&new.keep), now_ms)?.into())
}

/// Leaves out what a server refused: it is told no more, and sent only once it is another, or by [`super::retry`].
/// Returns how many rows that is.
pub fn leave_out(folder: &Folder, name: &str) -> Result<u64> {
    let remote = find(&folder.read()?, name)?;
    Ok(folder.write()?.leave_out_refused(remote.id)?)
}

/// How a server stands, to be handed to who helps: without any name, address, value, or word of the server.
pub fn report(folder: &Folder, name: &str) -> Result<String> {
    let store = folder.read()?;
    let remote = find(&store, name)?;
    let totals = store.remote_totals(remote.id)?;
    let mut reasons = std::collections::BTreeMap::new();
    for row in store.refused(remote.id, super::answers::MOST)? {
        *reasons.entry(row.code).or_insert(0_u64) += 1;
    }
    let refused: String = reasons.iter().map(|(code, n)| format!(" {code}={n}")).collect();
    let types = serde_json::from_str::<Option<Vec<String>>>(&remote.types).unwrap_or_default();
    let gets = types.map_or_else(|| "everything".to_owned(), |types| format!("{} types", types.len()));
    let yes = |yes: bool| if yes { "yes" } else { "no" };
    let lines = [
        format!("vitalog: {}", env!("CARGO_PKG_VERSION")),
        format!("kind of server: {}", kinds::name(&remote.protocol)),
        format!("encrypted: {}", yes(Address::parse(&remote.url).is_ok_and(|address| !address.is_plain()))),
        format!("certificate pinned: {}", yes(remote.certificate.is_some())),
        format!("secret kept in: {}", remote.keeper),
        format!("gets: {gets}; since a day: {}", yes(remote.since_ms.is_some())),
        format!("every seconds: {}", remote.every_s.map_or_else(|| "by hand".to_owned(), |s| s.to_string())),
        format!("paused: {}; stopped: {}", yes(remote.paused_ms.is_some()), remote.stopped.as_deref().unwrap_or("no")),
        format!("sending: {}; failed in a row: {}", yes(push::is_sending(folder, remote.id)), remote.tries),
        format!("next try: {}", super::instant(remote.next_ms).unwrap_or_else(|| "none".to_owned())),
        format!("last reached: {}", super::instant(remote.reached_ms).unwrap_or_else(|| "never".to_owned())),
        format!("rows sent: {}; has: {}; waiting: {}", remote.sent, totals.acked, waiting(&store, &remote)?),
        format!("refused: {}; left out: {}; stays there: {}", totals.refused, totals.left_out, totals.stays),
        format!("reasons:{}", if refused.is_empty() { " none" } else { &refused }),
    ];
    Ok(lines.join("\n"))
}
