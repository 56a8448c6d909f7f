//! Phones, their tokens, invitations and deliveries, as the receiver uses them.

use std::path::{Path, PathBuf};
use std::sync::Barrier;

use super::*;

const NOW: i64 = 1_773_471_600_000;
const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;

fn store() -> Store {
    Store::empty(Path::new("")).expect("a store")
}

fn token(byte: u8) -> NewToken {
    NewToken { hash: [byte; 32], scope: Scope::Send, first_use_by_ms: None }
}

fn add_peer(store: &mut Store, label: &str, tokens: &[NewToken]) -> Peer {
    let user_id = format!("{label}-{}", store.peers().expect("peers").len());
    let new = NewPeer { feed: Feed::HealthSync, label, user_id: &user_id, accepted: true };
    store.add_peer(new, tokens, NOW).expect("a peer")
}

/// The tokens with this byte that are good at a time.
fn good(store: &Store, byte: u8, at_ms: i64) -> usize {
    let found = store.tokens_like(&[byte; 32]).expect("tokens");
    found.iter().filter(|token| token.expires_ms.is_none_or(|end| at_ms < end)).count()
}

fn seen(at_ms: i64) -> Seen<'static> {
    Seen { at_ms, address: "192.168.1.7", app_version: Some("1.3") }
}

fn pairing(store: &mut Store, code: u8) -> i64 {
    let (code_hash, salt, typed_hash) = ([code; 32], [1; 16], [code; 32]);
    let (salt, typed_hash, expires_ms) = (&salt[..], &typed_hash[..], NOW + 10 * MINUTE);
    let new =
        NewPairing { feed: None, label: None, code_hash: &code_hash, salt, typed_hash, expires_ms, accepted: false };
    store.add_pairing(new, NOW).expect("a pairing")
}

fn claim(store: &mut Store, guess: Guess<'_>, at_ms: i64) -> std::result::Result<Pairing, Refusal> {
    let by = Claim { ticket_hash: &[9; 32], number: "0417", address: "192.168.1.7", browser: "iPhone" };
    store.claim(guess, by, at_ms).expect("an answer")
}

#[test]
fn two_phones_never_have_one_name() {
    let mut store = store();
    let labels = ["Kim", "Kim", "Kim"].map(|label| add_peer(&mut store, label, &[]).label);
    assert_eq!(labels, ["Kim", "Kim 2", "Kim 3"]);
    store.set_peer_standing(1, Standing::Revoke, NOW).expect("revoked");
    store.rename_peer(3, "Kim").expect("renamed");
    assert_eq!(store.peer(3).expect("read").expect("a peer").label, "Kim");
    assert!(matches!(store.rename_peer(7, "x").expect_err("nobody").kind(), ErrorKind::UnknownPeer));
}

#[test]
fn a_phone_is_ready_while_it_is_accepted_and_neither_paused_nor_shut_out() {
    let mut store = store();
    let new = NewPeer { feed: Feed::OpenWearables, label: "Kim", user_id: "u", accepted: false };
    let id = store.add_peer(new, &[token(1)], NOW).expect("a peer").id;
    let mut check = |standing, expected| {
        store.set_peer_standing(id, standing, NOW).expect("set");
        assert_eq!(store.peer(id).expect("read").expect("a peer").is_ready(), expected, "{standing:?}");
    };
    check(Standing::Pause, false);
    check(Standing::Resume, false);
    check(Standing::Accept, true);
    check(Standing::Pause, false);
    check(Standing::Resume, true);
    check(Standing::Leave, true);
    check(Standing::Revoke, false);
    assert_eq!(store.tokens_like(&[1; 32]).expect("tokens"), []);
}

#[test]
fn an_old_token_ends_with_the_first_use_of_the_new_one_or_a_day_later() {
    let mut store = store();
    let id = add_peer(&mut store, "Kim", &[token(1)]).id;
    store.note_peer(id, &[1; 32], seen(NOW)).expect("noted");
    store.rotate_tokens(id, &[token(2)], NOW).expect("rotated");
    assert_eq!((good(&store, 1, NOW + DAY - 1), good(&store, 1, NOW + DAY), good(&store, 2, NOW)), (1, 0, 1));
    // The phone never heard of the second one: it is gone, the first one holds.
    store.rotate_tokens(id, &[token(3)], NOW).expect("rotated");
    assert_eq!((good(&store, 1, NOW), good(&store, 2, NOW), good(&store, 3, NOW)), (1, 0, 1));
    store.note_peer(id, &[3; 32], seen(NOW + 1)).expect("noted");
    assert_eq!((good(&store, 1, NOW), good(&store, 3, NOW + 400 * DAY)), (0, 1));
}

/// A phone asks for tokens, hears nothing, and asks again; its first question is heard last.
#[test]
fn a_question_for_tokens_that_is_heard_late_ends_nothing() {
    let mut store = store();
    let refresh = |byte| NewToken { scope: Scope::Refresh, ..token(byte) };
    let id = add_peer(&mut store, "Kim", &[token(1), refresh(11)]).id;
    store.note_peer(id, &[1; 32], seen(NOW)).expect("noted");
    for new in [2, 3] {
        store.note_peer(id, &[11; 32], seen(NOW)).expect("noted");
        store.refresh_tokens(id, &[token(new), refresh(10 + new)], NOW).expect("refreshed");
    }
    // It has the first of both pairs.
    store.note_peer(id, &[2; 32], seen(NOW)).expect("noted");
    assert_eq!([1, 2, 3, 11, 12, 13].map(|byte| good(&store, byte, NOW + 400 * DAY)), [0, 1, 0, 0, 1, 1]);
    store.note_peer(id, &[12; 32], seen(NOW)).expect("noted");
    assert_eq!([11, 12, 13].map(|byte| good(&store, byte, NOW)), [0, 1, 0]);
    // Whoever asks for ever has no more than some.
    for new in 20..60 {
        store.refresh_tokens(id, &[token(new), refresh(100 + new)], NOW + i64::from(new)).expect("refreshed");
    }
    let count = |from: u8| (from..from + 40).map(|byte| good(&store, byte, NOW + DAY)).sum::<usize>();
    assert_eq!((count(20), count(120)), (8, 8));
    assert_eq!((good(&store, 59, NOW + DAY), good(&store, 159, NOW + DAY)), (1, 1));
}

#[test]
fn a_token_that_has_to_be_used_soon_stays_once_it_was() {
    let mut store = store();
    let soon = |byte| NewToken { first_use_by_ms: Some(NOW + MINUTE), ..token(byte) };
    let id = add_peer(&mut store, "Kim", &[soon(1)]).id;
    assert_eq!((good(&store, 1, NOW), good(&store, 1, NOW + MINUTE)), (1, 0));
    store.note_peer(id, &[1; 32], seen(NOW)).expect("noted");
    assert_eq!(good(&store, 1, NOW + MINUTE), 1);
    let peer = store.peer(id).expect("read").expect("a peer");
    assert_eq!((peer.seen_ms, peer.app_version.as_deref()), (Some(NOW), Some("1.3")));
}

#[test]
fn a_code_works_once_and_for_ten_minutes() {
    let mut store = store();
    let id = pairing(&mut store, 1);
    let late = pairing(&mut store, 2);
    assert_eq!(claim(&mut store, Guess::Long(&[7; 32]), NOW), Err(Refusal::Unknown));
    let claimed = claim(&mut store, Guess::Long(&[1; 32]), NOW + 9 * MINUTE).expect("claimed");
    assert_eq!((claimed.id, claimed.number.as_deref()), (id, Some("0417")));
    assert_eq!(claim(&mut store, Guess::Right(id), NOW), Err(Refusal::Dead));
    assert_eq!(claim(&mut store, Guess::Right(late), NOW + 10 * MINUTE), Err(Refusal::Dead));
    assert!(store.accept_pairing(id, NOW + 10 * MINUTE).expect("asked"));
    assert!(!store.accept_pairing(late, NOW).expect("asked"), "nobody claimed it");
    let page = |store: &Store, at_ms| store.pairing_at(&[9; 32], at_ms).expect("read").map(|it| it.id);
    assert_eq!(page(&store, NOW + 19 * MINUTE), Some(id));
    assert_eq!(page(&store, NOW + 20 * MINUTE), None);
    store.end_pairing(id, NOW).expect("ended");
    assert_eq!(page(&store, NOW), None);
}

#[test]
fn five_wrong_codes_end_every_open_invitation() {
    let mut store = store();
    let ids = [pairing(&mut store, 1), pairing(&mut store, 2)];
    for n in 0..10_000 {
        let open = store.typed_codes(NOW).expect("codes").len();
        assert_eq!(open, if n < MAX_WRONG { 2 } else { 0 });
        assert_eq!(claim(&mut store, Guess::Wrong, NOW), Err(Refusal::Unknown));
        if n > MAX_WRONG {
            break;
        }
    }
    for id in ids {
        assert_eq!(claim(&mut store, Guess::Right(id), NOW), Err(Refusal::Dead));
    }
    assert_eq!(claim(&mut store, Guess::Long(&[1; 32]), NOW), Err(Refusal::Dead));
    assert_eq!(store.pairing(ids[0]).expect("read").expect("a pairing").wrong, MAX_WRONG);
}

#[test]
fn an_app_that_redeems_a_code_waits_for_the_owner() {
    let mut store = store();
    let id = pairing(&mut store, 1);
    let new = NewPeer { feed: Feed::OpenWearables, label: "Phone", user_id: "u", accepted: false };
    let peer = store.redeem(Guess::Right(id), new, &[token(4)], NOW).expect("asked").expect("redeemed");
    assert!(!peer.is_ready());
    assert_eq!(good(&store, 4, NOW), 1);
    let again = store.redeem(Guess::Right(id), NewPeer { user_id: "v", ..new }, &[token(5)], NOW).expect("asked");
    assert_eq!(again, Err(Refusal::Dead));
    assert_eq!((store.peers().expect("peers").len(), good(&store, 5, NOW)), (1, 0));
}

#[test]
fn an_invitation_for_one_app_lets_no_other_in() {
    let mut store = store();
    let [own, other] = [(1, Feed::OpenWearables), (2, Feed::HealthSync)].map(|(byte, feed)| {
        let hash = [byte; 32];
        let new = NewPairing { feed: Some(feed), accepted: true, ..open_for_ten_minutes(&hash) };
        store.add_pairing(new, NOW).expect("a pairing")
    });
    let new = NewPeer { feed: Feed::OpenWearables, label: "Phone", user_id: "u", accepted: false };
    let mut redeem = |guess, byte| store.redeem(guess, new, &[token(byte)], NOW).expect("asked").map(|it| it.feed);
    assert_eq!(redeem(Guess::Right(other), 4), Err(Refusal::Dead));
    assert_eq!(redeem(Guess::Long(&[2; 32]), 4), Err(Refusal::Dead));
    assert_eq!(redeem(Guess::Right(own), 4), Ok(Feed::OpenWearables));
    assert_eq!(claim(&mut store, Guess::Right(other), NOW).map(|it| it.id), Ok(other), "it is as good as before");
}

/// A store in a file, gone after the test.
struct Kept(PathBuf);

impl Drop for Kept {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn of_two_phones_that_come_at_once_exactly_one_gets_in() {
    let kept = Kept(std::env::temp_dir().join(format!("vitalog-peers-{}", std::process::id())));
    std::fs::create_dir_all(&kept.0).expect("a folder");
    let path = kept.0.join("store.db");
    let mut stores = [0, 1].map(|_| Store::open(&path).expect("a store"));
    for run in 0..50 {
        let mut hash = [0; 32];
        hash[0] = run;
        pairing_with(&mut stores[0], &hash);
        let barrier = Barrier::new(2);
        let wins: usize = std::thread::scope(|scope| {
            let phones = stores.iter_mut().zip([21, 22]).map(|(store, ticket)| {
                let (barrier, hash) = (&barrier, &hash);
                scope.spawn(move || {
                    let mut ticket_hash = [ticket; 32];
                    ticket_hash[0] = run;
                    let by = Claim { ticket_hash: &ticket_hash, number: "1", address: "", browser: "" };
                    barrier.wait();
                    usize::from(store.claim(Guess::Long(hash), by, NOW).expect("an answer").is_ok())
                })
            });
            let phones: Vec<_> = phones.collect();
            phones.into_iter().map(|phone| phone.join().expect("a phone")).sum()
        });
        assert_eq!(wins, 1, "run {run}");
    }
}

fn pairing_with(store: &mut Store, code_hash: &Hash) {
    store.add_pairing(open_for_ten_minutes(code_hash), NOW).expect("a pairing");
}

fn open_for_ten_minutes(code_hash: &Hash) -> NewPairing<'_> {
    let expires_ms = NOW + 10 * MINUTE;
    NewPairing { feed: None, label: None, code_hash, salt: &[], typed_hash: &[], expires_ms, accepted: false }
}

#[test]
fn a_delivery_is_kept_once_and_finished_once() {
    let mut store = store();
    let peer = add_peer(&mut store, "Kim", &[token(1)]).id;
    let new = |spool| NewDelivery { peer, token: Some(&[1; 32]), seen: seen(NOW), bytes: 12, sha256: "00ff", spool };
    let id = store.take_delivery(new("a")).expect("taken");
    assert_eq!(store.take_delivery(new("a")).expect("taken again"), id);
    let other = store.take_delivery(new("b")).expect("taken");
    assert_eq!((store.pending_deliveries().expect("counted"), store.due_deliveries().expect("due").len()), (2, 2));
    assert_eq!(store.pending_by_peer().expect("counted"), [(peer, 2)]);
    let problems = vec![ProblemOf { reason: "bad_time".to_owned(), kind: None, count: 2 }];
    let outcome = Outcome { items: 5, new: 3, rejected: 2, first_ms: Some(NOW), problems, ..Outcome::default() };
    store.finish_delivery(id, State::Done, &outcome, Some(("key", "hash"))).expect("finished");
    store.finish_delivery(id, State::Unreadable, &Outcome::default(), Some(("key", "other"))).expect("too late");
    let done = store.delivery(id).expect("read").expect("a delivery");
    assert_eq!((done.state, &done.outcome), (State::Done, &outcome));
    assert_eq!(store.known_request(peer, "key").expect("read").as_deref(), Some("hash"));
    assert_eq!(store.new_since(peer, NOW).expect("summed"), 3);
    let import = store.device_channel("Kim", NOW).expect("a row");
    store.set_peer_import(peer, import).expect("its own");
    assert_eq!(store.brought(import).expect("summed").new, 3);
    store.undo(import, "UTC", &crate::Cancel::default(), &mut |_| true).expect("taken back");
    let left = (store.brought(import).expect("summed").new, store.new_since(peer, NOW).expect("summed"));
    assert_eq!(left, (0, 0), "what was taken back was not brought");
    assert_eq!(store.delivery_of("b").expect("read").map(|it| it.id), Some(other));
    store.set_peer_standing(peer, Standing::Pause, NOW).expect("paused");
    assert_eq!(store.due_deliveries().expect("due"), []);
    let listed: Vec<i64> = store.deliveries(Some(peer), 10).expect("listed").iter().map(|it| it.id).collect();
    assert_eq!(listed, [other, id]);
}

#[test]
fn what_waits_ends_with_what_the_owner_takes_back_and_shuts_out() {
    let mut store = store();
    let ended = |store: &mut Store, label: &str, end: &dyn Fn(&mut Store, i64)| {
        let peer = add_peer(store, label, &[]).id;
        let take = |store: &mut Store, spool: &str| {
            let new = NewDelivery { peer, token: None, seen: seen(NOW), bytes: 0, sha256: "", spool };
            store.take_delivery(new).expect("taken")
        };
        let [done, waits] = ["done", "waits"].map(|name| take(store, &format!("{label} {name}")));
        store.finish_delivery(done, State::Done, &Outcome::default(), None).expect("finished");
        end(store, peer);
        assert_eq!(store.due_deliveries().expect("due"), []);
        let of = |store: &Store, id| store.delivery(id).expect("read").expect("a delivery");
        assert_eq!((of(store, done).state, of(store, done).was_ended()), (State::Done, false));
        assert_eq!((of(store, waits).state, of(store, waits).was_ended()), (State::Unreadable, true));
        // Who has it at work is too late.
        store.finish_delivery(waits, State::Done, &Outcome::default(), None).expect("asked");
        of(store, waits).outcome.problems.remove(0).reason
    };
    let shut_out = |store: &mut Store, peer| store.set_peer_standing(peer, Standing::Revoke, NOW).expect("shut out");
    assert_eq!(ended(&mut store, "Kim", &shut_out), SHUT_OUT);
    let take_back = |store: &mut Store, peer| {
        let import = store.device_channel("Ada", NOW).expect("a channel");
        store.set_peer_import(peer, import).expect("set");
        let undone = store.undo(import, "UTC", &crate::Cancel::default(), &mut |_| true);
        assert_eq!(undone.expect("undone").import, import);
    };
    assert_eq!(ended(&mut store, "Ada", &take_back), TAKEN_BACK);
    let nothing_yet = |store: &mut Store, peer| assert_eq!(store.take_back_waiting(peer).expect("ended"), 1);
    assert_eq!(ended(&mut store, "Bo", &nothing_yet), TAKEN_BACK);
}

#[test]
fn names_of_requests_are_forgotten_after_30_days() {
    let mut store = store();
    let peer = add_peer(&mut store, "Kim", &[token(1)]).id;
    let mut send = |at_ms: i64, key: &str| {
        let spool = format!("{at_ms}");
        let new = NewDelivery { peer, token: None, seen: seen(at_ms), bytes: 0, sha256: "", spool: &spool };
        let id = store.take_delivery(new).expect("taken");
        store.finish_delivery(id, State::Done, &Outcome::default(), Some((key, "h"))).expect("finished");
        store.known_request(peer, "first").expect("read").is_some()
    };
    assert!(send(NOW, "first"));
    assert!(send(NOW + 30 * DAY, "second"));
    assert!(!send(NOW + 30 * DAY + 1, "third"));
}

#[test]
fn whatever_changes_about_phones_changes_the_stamp() {
    let mut store = store();
    let mut stamps = vec![store.peers_stamp().expect("a stamp")];
    let mut check = |store: &Store, what: &str| {
        let stamp = store.peers_stamp().expect("a stamp");
        assert_eq!(store.peers_stamp().expect("a stamp"), stamp, "nothing happened after {what}");
        assert!(!stamps.contains(&stamp), "{what}: {stamps:?} {stamp}");
        stamps.push(stamp);
    };
    let peer = add_peer(&mut store, "Kim", &[token(1)]).id;
    check(&store, "a new phone");
    store.rename_peer(peer, "Ada").expect("renamed");
    check(&store, "a name");
    store.set_peer_standing(peer, Standing::Pause, NOW).expect("paused");
    check(&store, "a pause");
    store.note_peer(peer, &[1; 32], seen(NOW + 1)).expect("noted");
    check(&store, "a request");
    let invitation = pairing(&mut store, 7);
    check(&store, "an invitation");
    claim(&mut store, Guess::Wrong, NOW).expect_err("a wrong code");
    check(&store, "a wrong code");
    claim(&mut store, Guess::Right(invitation), NOW).expect("claimed");
    check(&store, "a claim");
    store.end_pairing(invitation, NOW).expect("ended");
    check(&store, "an end");
}

#[test]
fn a_token_that_nobody_used_in_time_is_none() {
    let mut store = store();
    let ends = NewToken { first_use_by_ms: Some(NOW + MINUTE), ..token(1) };
    let peer = add_peer(&mut store, "Kim", &[ends]).id;
    let has = |store: &Store, at_ms| store.has_token(peer, at_ms).expect("asked");
    assert_eq!([has(&store, NOW), has(&store, NOW + MINUTE)], [true, false]);
    store.note_peer(peer, &[1; 32], seen(NOW)).expect("used");
    assert!(has(&store, NOW + DAY));
    store.set_peer_standing(peer, Standing::Revoke, NOW).expect("revoked");
    assert!(!has(&store, NOW));
}

#[test]
fn what_is_refused_again_and_again_is_counted_and_makes_no_row_without_end() {
    let mut store = store();
    let peer = add_peer(&mut store, "Kim", &[token(1)]).id;
    let mut n = 0;
    let mut refuse = |store: &mut Store, reason: &str, at_ms: i64| {
        n += 1;
        let spool = format!("{n}");
        let new = NewDelivery { peer, token: Some(&[1; 32]), seen: seen(at_ms), bytes: 0, sha256: "", spool: &spool };
        store.refuse_delivery(new, reason, NOW).expect("kept")
    };
    let rows = |store: &Store| {
        let found = store.deliveries(Some(peer), 1_000).expect("deliveries");
        found
            .iter()
            .map(|row| (row.outcome.problems[0].reason.clone(), row.outcome.problems[0].count))
            .collect::<Vec<_>>()
    };
    let first = [0, 1, 2].map(|at| refuse(&mut store, "too_large", NOW + at));
    assert!(first.iter().all(|id| *id == first[0]), "{first:?}");
    refuse(&mut store, "unsupported", NOW + 3);
    refuse(&mut store, "too_large", NOW + 4);
    let told = |reason: &str, count| (reason.to_owned(), count);
    assert_eq!(rows(&store), [told("too_large", 1), told("unsupported", 1), told("too_large", 3)]);
    for at in 0..1_000 {
        refuse(&mut store, if at % 2 == 0 { "unsupported" } else { "too_large" }, NOW + 5 + at);
    }
    let all = rows(&store);
    assert_eq!((all.len(), all.iter().map(|(_, count)| count).sum::<u64>()), (100, 1_005), "none is lost");
    assert_eq!(store.peer(peer).expect("read").expect("a peer").seen_ms, Some(NOW + 1_004));
    assert_eq!(store.deliveries_since(peer, NOW).expect("counted"), 100);
    // What is kept of a body has a row of its own.
    let new = NewDelivery { peer, token: None, seen: seen(NOW), bytes: 7, sha256: "", spool: "body" };
    let id = store.take_delivery(new).expect("taken");
    assert_eq!(store.delivery(id).expect("read").expect("a row").state, State::Pending);
}
