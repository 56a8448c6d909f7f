//! Why a phone is silent: of each phone's app one sentence, and what to do next.
//!
//! Said from what is known here alone: its standing, what it delivered, whether and where phones are received, and whom
//! the receiver turned away. What happens on the phone nobody here can see, so nothing is said of it but what helps.

use std::collections::BTreeMap;
use std::net::IpAddr;

use health::time::format_instant;
use health::{counted, say};
use serde::Serialize;
use store::Store;
use store::peers::{Delivery, Peer, State};

use crate::error::Result;
use crate::folder::Folder;
use crate::local::Clock;
use crate::odd;
use crate::phones;
use crate::receiver::{self, Listening, network};

/// A phone that came within this time is not silent.
const LATELY_MS: i64 = 24 * 3_600_000;

/// How a phone's app stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Why {
    /// For programs: `fine`, `partly`, `reading`; `waiting`, `paused`, `revoked`, `left`; `off`, `alone`, `moved`;
    /// `no_key`, `refused`, `unreadable`, `never`, `other_network`, `not_since`, `silent`.
    pub reason: &'static str,
    /// Whether there is nothing to be done.
    pub ok: bool,
    /// How it stands, one sentence.
    pub said: String,
    /// What to do next; empty where there is nothing.
    pub next: String,
}

/// The same with whose it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Silence {
    /// Number of the phone's app.
    pub device: i64,
    /// What the owner calls it.
    pub name: String,
    /// Its app.
    pub app: String,
    /// How it stands.
    #[serde(flatten)]
    pub why: Why,
}

/// Somebody whom the receiver turned away, the last time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TurnedAway {
    /// The address.
    pub address: String,
    /// A code: `host`, `browser`, `token`, `code`, `too_many`.
    pub reason: &'static str,
    /// When it was the last time, in milliseconds since 1970 in UTC.
    #[serde(skip)]
    pub at_ms: i64,
    /// How often since the receiver began.
    pub times: u64,
}

/// What is known of one phone's app.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known<'a> {
    pub peer: &'a Peer,
    /// Its deliveries that are not in the store.
    pub pending: u64,
    pub latest: Option<&'a Delivery>,
    pub has_key: bool,
}

/// What is known of this computer.
#[derive(Debug)]
pub(crate) struct Around<'a> {
    /// Where phones are received; none where they are not.
    pub at: Option<Listening>,
    /// Whether this computer has none of the addresses any more at which phones are received.
    pub moved: bool,
    pub turned_away: &'a [TurnedAway],
    pub now_ms: i64,
    pub clock: Clock,
    /// Whether instants are written as the window does, else as the tables of the command line.
    pub is_shown: bool,
}

impl<'a> Around<'a> {
    /// As it is now; whom the receiver turned away knows only who holds it.
    pub fn now(folder: &Folder, turned_away: &'a [TurnedAway], now_ms: i64) -> Self {
        let at = receiver::listening(folder);
        let moved = at.as_ref().is_some_and(Listening::is_gone);
        Self { at, moved, turned_away, now_ms, clock: Clock::here(), is_shown: false }
    }

    /// For the window.
    pub fn shown(self) -> Self {
        Self { is_shown: true, ..self }
    }

    fn time(&self, at_ms: i64) -> String {
        let instant = format_instant(at_ms);
        if self.is_shown { self.clock.shown(&instant) } else { self.clock.time(&instant) }
    }
}

/// Says of every phone's app, or of one by its name or number, how it stands.
pub fn silence(folder: &Folder, device: Option<&str>, turned_away: &[TurnedAway], now_ms: i64) -> Result<Vec<Silence>> {
    let store = folder.read()?;
    let peers = store.peers()?;
    let only = device.map(|device| phones::find(&peers, device.into())).transpose()?;
    let around = Around::now(folder, turned_away, now_ms);
    let asked = peers.iter().filter(|peer| only.is_none_or(|id| peer.id == id));
    let pending = receiver::pending(folder, &store)?;
    asked.map(|peer| Ok(told(peer, of(&store, peer, of_peer(&pending, peer), &around)?))).collect()
}

fn told(peer: &Peer, why: Why) -> Silence {
    Silence { device: peer.id, name: peer.label.clone(), app: peer.feed.app().to_owned(), why }
}

fn of_peer(pending: &BTreeMap<i64, u64>, peer: &Peer) -> u64 {
    pending.get(&peer.id).copied().unwrap_or_default()
}

/// Says how one stands of which so many deliveries are not in the store.
pub(crate) fn of(store: &Store, peer: &Peer, pending: u64, around: &Around<'_>) -> Result<Why> {
    let latest = store.deliveries(Some(peer.id), 1)?.pop();
    let has_key = store.has_token(peer.id, around.now_ms)?;
    Ok(why(Known { peer, pending, latest: latest.as_ref(), has_key }, around))
}

fn bad(reason: &'static str, said: String, next: String) -> Why {
    Why { reason, ok: false, said, next }
}

fn good(reason: &'static str, said: String) -> Why {
    Why { reason, ok: true, said, next: String::new() }
}

/// The first of all reasons that there are: what the owner decided, then this computer, then the phone. That only
/// programs on this computer are received hides nothing that came from one of them.
pub(crate) fn why(known: Known<'_>, around: &Around<'_>) -> Why {
    standing(known, around)
        .or_else(|| this_computer(around))
        .or_else(|| its_key(known, around))
        .or_else(|| its_deliveries(known))
        .or_else(|| alone(around))
        .unwrap_or_else(|| its_visits(known.peer, around))
}

/// What the owner decided about it, or it by itself.
fn standing(known: Known<'_>, around: &Around<'_>) -> Option<Why> {
    let Known { peer, pending, .. } = known;
    let waits = match pending {
        0 => String::new(),
        n => say!(" Waiting: {transfers}.", transfers = counted!(n, "transfer")),
    };
    Some(match () {
        () if peer.revoked_ms.is_some() => {
            bad("revoked", say!("It is shut out; what it sent stays."), say!("Pair it again if it is to send again."))
        }
        () if peer.accepted_ms.is_none() => bad(
            "waiting",
            say!("It is paired, and what it sends waits until you accept it.{waits}", waits),
            say!("Accept it if it is yours."),
        ),
        () if peer.paused_ms.is_some() => bad(
            "paused",
            say!("You paused it, and what it sends waits.{waits}", waits),
            say!("Resume it, and what waits comes in."),
        ),
        () => {
            let left = around.time(peer.left_ms?);
            bad(
                "left",
                say!("It signed out by itself, {left}.", left),
                say!("Sign in again in the app, or pair it again."),
            )
        }
    })
}

/// Whether this computer can be reached.
fn this_computer(around: &Around<'_>) -> Option<Why> {
    let Some(at) = &around.at else {
        let next = say!("Turn phone sync on, or run `vitalog serve`.");
        return Some(bad("off", say!("Phones are not received now."), next));
    };
    // Each of its addresses is this computer's, whatever network that is in.
    if is_alone(at) {
        return None;
    }
    let said = || say!("This computer has another address by now than the one that phones were told.");
    around.moved.then(|| bad("moved", said(), say!("Turn phone sync off and on again.")))
}

/// Whether nobody else can reach this computer.
fn alone(around: &Around<'_>) -> Option<Why> {
    around.at.as_ref().filter(|at| is_alone(at))?;
    let next = say!("Let it listen in your network (`receiver_bind` auto), and turn phone sync on again.");
    Some(bad("alone", say!("Only programs on this computer are received."), next))
}

fn is_alone(at: &Listening) -> bool {
    let bound = at.addresses();
    !bound.is_empty() && bound.iter().all(IpAddr::is_loopback)
}

fn is_any(ip: &IpAddr) -> bool {
    ip.is_unspecified()
}

/// Whether it could prove who it is.
fn its_key(known: Known<'_>, around: &Around<'_>) -> Option<Why> {
    let peer = known.peer;
    if !known.has_key {
        let said = say!("Its key has ended: nobody used it in time.");
        return Some(bad("no_key", said, say!("Pair it again.")));
    }
    let address = peer.address.as_deref()?;
    let from_there = around.turned_away.iter().filter(|it| it.address == address && Some(it.at_ms) > peer.seen_ms);
    let last = from_there.filter(|it| ["host", "token", "too_many"].contains(&it.reason)).max_by_key(|it| it.at_ms)?;
    let at = around.time(last.at_ms);
    let (said, next) = match last.reason {
        "host" => (
            say!("Its address {address} asked for another computer than this one, {at}.", address, at),
            say!("Type the address that is shown here into the app again."),
        ),
        "token" => (
            say!("Somebody at its address {address} came with a wrong or an old key, {at}.", address, at),
            say!("Paste the key into the app again, or pair it again."),
        ),
        _ => (
            say!("Somebody at its address {address} came too often within a minute, {at}.", address, at),
            say!("Wait a minute, then paste the key into the app again."),
        ),
    };
    Some(bad("refused", said, next))
}

/// What became of what it sent last.
fn its_deliveries(known: Known<'_>) -> Option<Why> {
    let latest = known.latest?;
    match latest.state {
        // The owner has wanted that.
        State::Unreadable if latest.was_ended() => None,
        State::Unreadable => {
            let code = latest.outcome.problems.first().map_or("failed", |problem| problem.reason.as_str());
            let said = say!("What it sent last could not be taken in: it {reason}.", reason = odd::reason(code));
            let next = say!("Bring the app up to date and send again. What came is kept for seven days.");
            Some(bad("unreadable", said, next))
        }
        State::Pending => {
            let transfers = counted!(known.pending.max(1), "transfer");
            Some(good("reading", say!("What it sent is being taken in: {transfers}.", transfers)))
        }
        State::Done if latest.outcome.rejected > 0 => {
            let records = counted!(latest.outcome.rejected, "record");
            Some(good("partly", say!("Of what it sent last this could not be read: {records}.", records)))
        }
        State::Done => None,
    }
}

/// When it came, and when it could have.
fn its_visits(peer: &Peer, around: &Around<'_>) -> Why {
    let Some(seen_ms) = peer.seen_ms else {
        let port = around.at.as_ref().map_or(phones::PORT, |at| at.port);
        let next = say!(
            "Compare address and key in the app. Phone and computer must be in one Wi-Fi, and a firewall here must let port \
             {port} in.",
            port
        );
        return bad("never", say!("It has not come yet."), next);
    };
    let seen = around.time(seen_ms);
    if around.now_ms - seen_ms < LATELY_MS {
        return good("fine", say!("It came last {seen}.", seen));
    }
    if let Some(there) = elsewhere(peer, around) {
        let said = say!("It came last {seen}, from another network ({there}).", seen, there);
        return bad("other_network", said, say!("Bring phone and computer into one Wi-Fi, and pair it again there."));
    }
    let next = say!(
        "Open the app on the phone and let it send. In the background a phone lets apps send only now and then: rarely in Low \
         Power Mode, and not at all once the app was closed by hand."
    );
    match around.at.as_ref().and_then(|at| at.since_ms).filter(|since_ms| seen_ms < *since_ms) {
        Some(since_ms) => {
            let since = around.time(since_ms);
            let said = say!("It came last {seen}, and not since phones are received again, {since}.", seen, since);
            bad("not_since", said, next)
        }
        None => bad("silent", say!("It came last {seen}, and phones were received all the time since.", seen), next),
    }
}

/// The network that it came from, where phones are received in none such.
fn elsewhere(peer: &Peer, around: &Around<'_>) -> Option<String> {
    let from: IpAddr = peer.address.as_deref()?.parse().ok()?;
    let bound = around.at.as_ref()?.addresses();
    let is_near = bound.is_empty() || bound.iter().any(|ip| is_any(ip) || network(*ip) == network(from));
    (!is_near && !from.is_loopback()).then(|| network(from))
}

#[cfg(test)]
mod tests {
    use health::language::{Language, speak};
    use health::phone::Feed;
    use store::peers::{Outcome, ProblemOf, SHUT_OUT, TAKEN_BACK};

    use super::*;

    const NOW: i64 = 1_773_471_600_000;
    const HOUR: i64 = 3_600_000;

    fn peer() -> Peer {
        Peer {
            id: 1,
            feed: Feed::HealthSync,
            label: "Kim".to_owned(),
            user_id: String::new(),
            made_ms: 0,
            accepted_ms: Some(0),
            paused_ms: None,
            revoked_ms: None,
            left_ms: None,
            seen_ms: Some(NOW - HOUR),
            address: Some("192.168.1.7".to_owned()),
            app_version: None,
            import_id: None,
        }
    }

    fn delivery(state: State, rejected: u64, reason: &str) -> Delivery {
        let problems = vec![ProblemOf { reason: reason.to_owned(), kind: None, count: 1 }];
        let outcome = Outcome { rejected, problems, ..Outcome::default() };
        let (sha256, spool) = Default::default();
        Delivery { id: 1, peer: 1, received_ms: NOW, bytes: 1, sha256, spool, state, outcome }
    }

    fn at(url: &str, since_ms: i64) -> Option<Listening> {
        Some(Listening { port: 8787, urls: vec![url.to_owned()], since_ms: Some(since_ms) })
    }

    struct Case {
        peer: Peer,
        latest: Option<Delivery>,
        has_key: bool,
        at: Option<Listening>,
        moved: bool,
        turned_away: Vec<TurnedAway>,
    }

    fn case() -> Case {
        let (at, latest) = (at("http://192.168.1.20:8787", NOW - 2 * HOUR), None);
        Case { peer: peer(), latest, has_key: true, at, moved: false, turned_away: Vec::new() }
    }

    #[track_caller]
    fn check(case: Case, reason: &str, ok: bool) {
        let around = Around {
            at: case.at,
            moved: case.moved,
            turned_away: &case.turned_away,
            now_ms: NOW,
            clock: Clock::here(),
            is_shown: false,
        };
        let pending = u64::from(case.latest.as_ref().is_some_and(|it| it.state == State::Pending));
        let known = Known { peer: &case.peer, pending, latest: case.latest.as_ref(), has_key: case.has_key };
        let english = why(known, &around);
        assert_eq!((english.reason, english.ok), (reason, ok), "{english:?}");
        assert!(english.said.ends_with('.') && (ok == english.next.is_empty()), "{english:?}");
        let _german = speak(Language::of("de"));
        assert_ne!(why(known, &around).said, english.said);
    }

    #[test]
    fn a_phone_that_came_lately_is_fine() {
        check(case(), "fine", true);
        check(Case { latest: Some(delivery(State::Done, 0, "")), ..case() }, "fine", true);
        check(Case { latest: Some(delivery(State::Done, 3, "bad_time")), ..case() }, "partly", true);
        check(Case { latest: Some(delivery(State::Pending, 0, "")), ..case() }, "reading", true);
    }

    #[test]
    fn what_the_owner_decided_comes_first() {
        let off = Case { at: None, ..case() };
        let with = |peer: Peer| Case { peer, latest: Some(delivery(State::Pending, 0, "")), at: None, ..case() };
        check(with(Peer { revoked_ms: Some(1), ..peer() }), "revoked", false);
        check(with(Peer { accepted_ms: None, ..peer() }), "waiting", false);
        check(with(Peer { paused_ms: Some(1), ..peer() }), "paused", false);
        check(with(Peer { left_ms: Some(1), ..peer() }), "left", false);
        check(off, "off", false);
    }

    #[test]
    fn a_computer_that_cannot_be_reached_says_so() {
        check(Case { at: at("http://127.0.0.1:8787", 0), ..case() }, "alone", false);
        check(Case { moved: true, ..case() }, "moved", false);
        // A name says nothing of where it listens.
        check(Case { at: at("http://x-hv.local:8787", 0), ..case() }, "fine", true);
    }

    #[test]
    fn where_only_this_computer_is_heard_what_came_from_it_is_told_all_the_same() {
        let alone = || Case { at: at("http://127.0.0.1:8787", 0), ..case() };
        check(Case { latest: Some(delivery(State::Unreadable, 0, "bad_json")), ..alone() }, "unreadable", false);
        check(Case { latest: Some(delivery(State::Done, 3, "bad_time")), ..alone() }, "partly", true);
        let wrong = TurnedAway { address: "192.168.1.7".to_owned(), reason: "token", at_ms: NOW, times: 1 };
        check(Case { turned_away: vec![wrong], ..alone() }, "refused", false);
        check(Case { latest: Some(delivery(State::Done, 0, "")), ..alone() }, "alone", false);
    }

    #[test]
    fn the_window_reads_times_as_elsewhere_in_it() {
        let peer = peer();
        let of = |is_shown| {
            let (at, clock) = (at("http://192.168.1.20:8787", 0), Clock::here());
            let around = Around { at, moved: false, turned_away: &[], now_ms: NOW, clock, is_shown };
            why(Known { peer: &peer, pending: 0, latest: None, has_key: true }, &around).said
        };
        assert!(of(true).contains(" Mar 2026, ") && of(false).contains(" 2026-03-"), "{} {}", of(true), of(false));
    }

    #[test]
    fn a_key_that_is_refused_is_named() {
        check(Case { has_key: false, ..case() }, "no_key", false);
        let turned =
            |address: &str, reason, at_ms| vec![TurnedAway { address: address.to_owned(), reason, at_ms, times: 1 }];
        for reason in ["host", "token", "too_many"] {
            check(Case { turned_away: turned("192.168.1.7", reason, NOW), ..case() }, "refused", false);
        }
        // A web page, somebody else, or before it came with a good one.
        check(Case { turned_away: turned("192.168.1.7", "browser", NOW), ..case() }, "fine", true);
        check(Case { turned_away: turned("192.168.1.8", "token", NOW), ..case() }, "fine", true);
        check(Case { turned_away: turned("192.168.1.7", "token", NOW - 2 * HOUR), ..case() }, "fine", true);
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        for reason in ["bad_json", "bad_shape", "too_large", "unsupported", "damaged", "failed"] {
            check(Case { latest: Some(delivery(State::Unreadable, 0, reason)), ..case() }, "unreadable", false);
            assert_ne!(odd::reason(reason), reason);
        }
        for reason in [SHUT_OUT, TAKEN_BACK] {
            check(Case { latest: Some(delivery(State::Unreadable, 0, reason)), ..case() }, "fine", true);
        }
    }

    #[test]
    fn a_phone_that_does_not_come_is_told_from_one_that_could_not() {
        let long_ago = |ip: &str| Peer { seen_ms: Some(NOW - 100 * HOUR), address: Some(ip.to_owned()), ..peer() };
        check(Case { peer: Peer { seen_ms: None, address: None, ..peer() }, ..case() }, "never", false);
        check(Case { peer: long_ago("10.0.0.9"), ..case() }, "other_network", false);
        check(Case { peer: long_ago("192.168.1.7"), ..case() }, "not_since", false);
        let always = at("http://192.168.1.20:8787", NOW - 200 * HOUR);
        check(Case { peer: long_ago("192.168.1.7"), at: always, ..case() }, "silent", false);
    }
}
