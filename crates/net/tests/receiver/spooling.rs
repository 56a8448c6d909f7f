//! What is acknowledged is never lost: large bodies, busy stores, starts after an end.

use std::sync::atomic::Ordering;
use std::sync::mpsc::channel;

use health::phone::Feed;
use net::{Event, Events, invite};
use store::peers::{NewDelivery, Outcome, Seen, Standing, State};

use crate::client::{Request, follow};
use crate::house::{House, NOW};

/// A batch of HealthSync with so many heart rates.
fn batch(first: usize, count: usize) -> String {
    let metrics: Vec<String> = (first..first + count)
        .map(|n| {
            format!(
                "{{\"id\":\"healthkit:21823FF3-D9E2-58C6-81B9-{n:012X}\",\"type\":\"heart_rate\",\"value\":{},\
                 \"unit\":\"count/min\",\"start_at\":\"2026-03-14T07:30:00.123Z\",\
                 \"end_at\":\"2026-03-14T07:30:00.123Z\",\"source_name\":\"Watch\",\"metadata\":{{}}}}",
                60 + n % 60
            )
        })
        .collect();
    format!("{{\"export_id\":\"1\",\"metrics\":[{}],\"workouts\":[]}}", metrics.join(","))
}

fn sync(token: &str, body: String) -> Request {
    Request::post("/api/apple-health/sync", body).token(token)
}

/// Waits until a delivery is done and returns how many records were new.
fn done(events: &mut Events) -> u64 {
    loop {
        if let Event::Delivery { state: "done", new, .. } = events.wait().expect("an event") {
            return new;
        }
    }
}

#[test]
fn a_small_body_is_matched_before_its_answer() {
    let house = House::new("small");
    let token = house.add(Feed::HealthSync).token;
    let answers: Vec<String> = (0..2).map(|_| sync(&token, batch(0, 3)).send(house.at()).text()).collect();
    assert_eq!(answers[0], "{\"duplicates\":0,\"ok\":true,\"received\":3}");
    assert_eq!(answers[1], "{\"duplicates\":3,\"ok\":true,\"received\":3}");
    let rows = house.store().deliveries(None, 10).expect("deliveries");
    let counts: Vec<_> = rows.iter().map(|row| (row.state, row.outcome.new, row.outcome.known)).collect();
    assert_eq!(counts, [(State::Done, 0, 3), (State::Done, 3, 0)]);
    assert_eq!(house.spooled(), 0);
}

#[test]
fn a_large_body_is_matched_after_its_answer() {
    let house = House::new("large");
    let token = house.add(Feed::HealthSync).token;
    let mut events = house.receiver().events();
    let body = batch(0, 6_000);
    assert!(body.len() > 1 << 20);
    assert_eq!(sync(&token, body).send(house.at()).text(), "{\"duplicates\":0,\"ok\":true,\"received\":0}");
    assert_eq!(done(&mut events), 6_000);
}

#[test]
fn a_busy_store_makes_nobody_wait_and_loses_nothing() {
    let mut house = House::new("busy");
    let token = house.add(Feed::HealthSync).token;
    house.intake.is_busy.store(true, Ordering::Release);
    assert_eq!(sync(&token, batch(0, 3)).send(house.at()).status, 200);
    assert_eq!((house.store().pending_deliveries().expect("counted"), house.spooled()), (1, 2));
    // The computer is switched off, and on again.
    house.close();
    house.intake.is_busy.store(false, Ordering::Release);
    assert_eq!(house.intake.bodies.load(Ordering::Acquire), 0);
    house.open();
    let mut events = house.receiver().events();
    let is_done = house.store().pending_deliveries().expect("counted") == 0;
    assert!(is_done || done(&mut events) == 3);
    assert_eq!(house.intake.bodies.load(Ordering::Acquire), 1);
}

/// A writer that another program keeps from writing for as long as somebody likes.
fn while_another_writes<T>(house: &House, work: impl FnOnce() -> T) -> T {
    let (mut writer, (tell, told), (end, ended)) = (house.store(), channel(), channel::<()>());
    std::thread::scope(|scope| {
        scope.spawn(move || {
            writer.alone(|| {
                tell.send(()).expect("somebody listens");
                let _ = ended.recv();
            })
        });
        told.recv().expect("it writes");
        let done = work();
        drop(end);
        done
    })
}

#[test]
fn phones_that_come_while_another_program_writes_do_not_wait_for_one_another() {
    let house = House::new("others-write");
    let tokens = [(); 6].map(|()| house.add(Feed::HealthSync).token);
    let mut events = house.receiver().events();
    while_another_writes(&house, || {
        let began = std::time::Instant::now();
        std::thread::scope(|scope| {
            let at = house.at();
            let send = |(n, token): (usize, &String)| {
                let request = sync(token, batch(n * 10, 3));
                scope.spawn(move || request.send(at).status)
            };
            let sent: Vec<_> = tokens.iter().enumerate().map(send).collect();
            assert!(sent.into_iter().all(|phone| phone.join().is_ok_and(|status| status == 200)));
        });
        // One after the other they would wait for half a minute, and an app gives up after 20 s.
        assert!(began.elapsed().as_secs() < 15, "{:?}", began.elapsed());
        assert_eq!((house.store().pending_deliveries().expect("counted"), house.spooled()), (0, 12));
        assert!(!house.receiver().is_idle(), "nothing is listed, but all of it waits");
        let lying = net::spooled(&house.folder.join("spool"));
        assert_eq!(lying.iter().map(|(_, peer)| *peer).collect::<std::collections::BTreeSet<_>>().len(), 6);
    });
    for _ in 0..6 {
        assert_eq!(done(&mut events), 3);
    }
}

#[test]
fn a_store_that_fails_gives_no_body_up() {
    let house = House::new("fails");
    let token = house.add(Feed::HealthSync).token;
    let mut events = house.receiver().events();
    house.intake.is_broken.store(true, Ordering::Release);
    assert_eq!(sync(&token, batch(0, 3)).send(house.at()).status, 200);
    while house.intake.broken.load(Ordering::Acquire) < 6 {
        house.receiver().wake();
        std::thread::yield_now();
    }
    house.intake.is_broken.store(false, Ordering::Release);
    // The last failure may be counted after one of these.
    while !house.receiver().is_idle() {
        house.receiver().wake();
        std::thread::yield_now();
    }
    assert_eq!(done(&mut events), 3);
    let row = house.store().deliveries(None, 1).expect("deliveries").remove(0);
    assert_eq!((row.state, row.outcome.problems), (State::Done, Vec::new()));
}

#[test]
fn what_waits_when_its_phone_is_shut_out_goes() {
    let house = House::new("shut-out");
    let added = house.add(Feed::HealthSync);
    let stand = |standing| house.store().set_peer_standing(added.peer.id, standing, NOW).expect("changed");
    stand(Standing::Pause);
    assert_eq!(sync(&added.token, batch(0, 3)).send(house.at()).status, 200);
    assert_eq!((house.store().pending_deliveries().expect("counted"), house.spooled()), (1, 2));
    stand(Standing::Revoke);
    while house.spooled() > 0 {
        house.receiver().wake();
        std::thread::yield_now();
    }
    assert_eq!(house.store().deliveries(None, 1).expect("deliveries")[0].state, State::Unreadable);
    assert_eq!(house.intake.bodies.load(Ordering::Acquire), 0);
}

#[test]
fn what_was_left_for_later_is_done_while_nothing_comes() {
    let house = House::new("rests");
    let token = house.add(Feed::HealthSync).token;
    let (tell, rests) = std::sync::mpsc::channel();
    *house.intake.rests.lock().expect("nobody panicked") = Some(tell);
    assert_eq!(sync(&token, batch(0, 3)).send(house.at()).status, 200);
    // Whenever it looked before that.
    while rests.recv().expect("it rests") == 0 {}
    assert_eq!(sync(&token, batch(3, 3)).send(house.at()).status, 200);
    while rests.recv().expect("it rests again") == 1 {}
    house.receiver().wake();
    house.receiver().wake();
    assert!(rests.try_recv().is_err(), "nothing came");
}

#[test]
fn a_phone_that_brings_too_much_waits_for_the_next_day() {
    let mut house = House::new("quota");
    let (kim, other) = (house.add(Feed::HealthSync), house.add(Feed::HealthExportPro));
    assert_eq!(sync(&kim.token, batch(0, 3)).send(house.at()).status, 200);
    house.close();
    // What it brought that day is known after a start, too.
    let mut store = house.store();
    let seen = Seen { at_ms: NOW, address: "", app_version: None };
    let new = NewDelivery { peer: kim.peer.id, token: None, seen, bytes: 1, sha256: "00", spool: "much" };
    let id = store.take_delivery(new).expect("noted");
    let much = Outcome { new: 5_000_000, ..Outcome::default() };
    store.finish_delivery(id, State::Done, &much, None).expect("noted");
    house.open();
    let answers: Vec<_> = (0..2).map(|_| sync(&kim.token, batch(3, 3)).send(house.at())).collect();
    assert_eq!(answers.iter().map(|answer| answer.status).collect::<Vec<_>>(), [503, 503]);
    assert_eq!(answers[0].header("retry-after"), Some("300"));
    let rows = house.store().deliveries(None, 10).expect("deliveries");
    let reasons: Vec<_> = rows.iter().flat_map(|row| &row.outcome.problems).map(|it| it.reason.as_str()).collect();
    assert_eq!(reasons, ["too_many_rows"], "the owner sees it once");
    let body = "{\"exportDate\":\"2026-03-15T06:10:00.000Z\",\"data\":{}}".to_owned();
    assert_eq!(Request::post("/api/health-data", body).token(&other.token).send(house.at()).status, 200);
    house.clock.fetch_add(24 * 3_600_000, Ordering::AcqRel);
    assert_eq!(sync(&kim.token, batch(3, 3)).send(house.at()).status, 200);
}

/// A crash between the spool and the store's row.
#[test]
fn a_body_without_a_row_is_found_after_a_start() {
    let mut house = House::new("no-row");
    let peer = house.add(Feed::HealthSync).peer;
    house.close();
    let spool = house.folder.join("spool");
    std::fs::write(spool.join("1773471600000-abc.body"), batch(0, 2)).expect("written");
    let meta = format!("{{\"peer\":{},\"received_ms\":{NOW},\"bytes\":2,\"sha256\":\"00\",\"address\":\"\"}}", peer.id);
    std::fs::write(spool.join("1773471600000-abc.json"), meta).expect("written");
    // And one that never became whole.
    std::fs::write(spool.join("1773471600001-abc.body"), "{").expect("written");
    house.open();
    let mut events = house.receiver().events();
    let rows = house.store().deliveries(None, 10).expect("deliveries");
    assert!(rows.iter().any(|row| row.state == State::Done) || done(&mut events) == 2);
    house.close();
    assert_eq!((house.spooled(), house.intake.bodies.load(Ordering::Acquire)), (0, 1));
}

#[test]
fn what_cannot_be_read_is_kept_for_seven_days() {
    let mut house = House::new("unreadable");
    let token = house.add(Feed::HealthSync).token;
    assert_eq!(sync(&token, "{\"metrics\":".to_owned()).send(house.at()).status, 400);
    assert_eq!(sync(&token, "{}".to_owned()).send(house.at()).status, 422);
    let rows = house.store().deliveries(None, 10).expect("deliveries");
    let reasons: Vec<_> = rows.iter().map(|row| (row.state, row.outcome.problems[0].reason.as_str())).collect();
    assert_eq!(reasons, [(State::Unreadable, "bad_shape"), (State::Unreadable, "bad_json")]);
    for (days, left) in [(6, 4), (8, 0)] {
        house.clock.store(NOW + days * 24 * 3_600_000, Ordering::Release);
        house.close();
        house.open();
        assert_eq!(house.spooled(), left, "after {days} days");
    }
}

#[test]
fn a_paused_phone_waits_and_one_that_is_shut_out_gets_nothing() {
    let house = House::new("paused");
    let phone = house.add(Feed::HealthSync);
    let set = |standing| house.store().set_peer_standing(phone.peer.id, standing, NOW).expect("set");
    set(Standing::Pause);
    assert_eq!(sync(&phone.token, batch(0, 3)).send(house.at()).status, 200);
    assert_eq!(house.intake.bodies.load(Ordering::Acquire), 0);
    let mut events = house.receiver().events();
    set(Standing::Resume);
    house.receiver().wake();
    assert_eq!(done(&mut events), 3);
    set(Standing::Revoke);
    assert_eq!(sync(&phone.token, batch(0, 3)).send(house.at()).status, 403);
}

#[test]
fn a_rotated_token_is_good_until_the_new_one_is_used() {
    let house = House::new("rotated");
    let phone = house.add(Feed::HealthSave);
    let send = |token: &str| {
        let body = "{\"metric\":\"heart_rate\",\"samples\":[]}";
        Request::post("/api/apple/batch", body).with("x-api-key", token).send(house.at()).status
    };
    assert_eq!(send(&phone.token), 200);
    let new = invite::rotate(&mut house.store(), &phone.peer, NOW).expect("rotated");
    assert_eq!([send(&phone.token), send(&new.token), send(&phone.token)], [200, 200, 401]);
}

#[test]
fn a_phone_sees_what_became_of_its_own_deliveries_and_of_no_others() {
    let house = House::new("own");
    let (kim, other) = (house.add(Feed::HealthSync), house.add(Feed::HealthSync));
    let ask = |token: &str| Request::get("/api/deliveries").token(token);
    let mut lines = follow(house.at(), &Request::get("/api/deliveries/events").token(&kim.token));
    assert!(lines.any(|line| line == ": here"));
    sync(&other.token, batch(5, 1)).send(house.at());
    sync(&kim.token, batch(0, 2)).send(house.at());
    let event = lines.find(|line| line.starts_with("data: ")).expect("an event");
    assert!(event.contains("\"new\":2"), "{event}");
    let listed = ask(&kim.token).send(house.at()).json();
    assert_eq!((listed.as_array().map(Vec::len), &listed[0]["new"]), (Some(1), &2.into()));
    assert_eq!(ask("hi_A").send(house.at()).status, 401);
}

#[test]
fn what_is_badly_packed_or_too_long_is_kept_as_far_as_it_came() {
    let mut house = House::new("torn");
    let token = house.add(Feed::HealthSync).token;
    let packed = |body: Vec<u8>| sync(&token, String::new()).with("Content-Encoding", "gzip").body(body);
    assert_eq!(packed(b"{\"metrics\":[]}".to_vec()).send(house.at()).status, 400);
    // Stored blocks of deflate, of which the last ones never come: what is there so far would be JSON.
    let text = b"{\"export_id\":\"1\",\"metrics\":[],\"workouts\":[]}";
    let mut torn = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\x00".to_vec();
    let length = u16::try_from(text.len()).expect("a short one");
    torn.extend([length.to_le_bytes(), (!length).to_le_bytes()].concat());
    torn.extend_from_slice(text);
    assert_eq!(packed(torn).send(house.at()).status, 400);
    let rows = house.store().deliveries(None, 10).expect("deliveries");
    let told: Vec<_> = rows.iter().map(|row| (row.state, row.outcome.problems[0].reason.as_str(), row.bytes)).collect();
    let unreadable = State::Unreadable;
    assert_eq!(told, [(unreadable, "damaged", text.len() as u64), (unreadable, "damaged", 14)]);
    assert_eq!(house.intake.bodies.load(Ordering::Acquire), 0, "nobody reads them");
    // A body and what is known about it, of each.
    for (days, left) in [(6, 4), (8, 0)] {
        house.clock.store(NOW + days * 24 * 3_600_000, Ordering::Release);
        house.close();
        house.open();
        assert_eq!(house.spooled(), left, "after {days} days");
    }
    assert_eq!(house.store().deliveries(None, 10).expect("deliveries").len(), 2);
}

#[test]
fn while_a_body_waits_another_content_by_its_name_is_refused_as_later() {
    let house = House::new("waiting-name");
    let phone = house.add(Feed::HealthSave);
    let send = |value: u32| {
        let body = format!(
            "{{\"metric\":\"heart_rate\",\"samples\":[{{\"date\":\"2026-03-14T06:02:00Z\",\"qty\":{value}}}]}}"
        );
        let request = Request::post("/api/apple/batch", body).with("x-api-key", &phone.token);
        request.with(health::formats::healthsave::answers::IDEMPOTENCY_KEY, "batch-1").send(house.at()).status
    };
    let set = |standing| house.store().set_peer_standing(phone.peer.id, standing, NOW).expect("set");
    set(Standing::Pause);
    assert_eq!([send(71), send(71), send(72), send(72)], [200, 200, 409, 409]);
    let mut events = house.receiver().events();
    set(Standing::Resume);
    house.receiver().wake();
    let (first, second) = (done(&mut events), done(&mut events));
    assert_eq!(first + second, 1, "the first content, once");
    assert_eq!([send(71), send(72)], [200, 409]);
    let rows = house.store().deliveries(None, 10).expect("deliveries");
    let refused: Vec<_> = rows.iter().filter(|row| row.state == State::Unreadable).collect();
    let told: Vec<_> =
        refused.iter().map(|row| (row.outcome.problems[0].reason.as_str(), row.outcome.problems[0].count)).collect();
    assert_eq!(told, [("idempotency_key", 1), ("idempotency_key", 2)]);
}

#[test]
fn a_request_that_is_refused_again_and_again_is_one_row() {
    let house = House::new("again");
    let token = house.add(Feed::HealthAutoExport).token;
    for _ in 0..5 {
        let csv = Request::new("POST", "/api/hae").body("a,b").with("Content-Type", "text/csv").token(&token);
        assert_eq!(csv.send(house.at()).status, 415);
    }
    let rows = house.store().deliveries(None, 10).expect("deliveries");
    let told: Vec<_> =
        rows.iter().map(|row| (row.outcome.problems[0].reason.as_str(), row.outcome.problems[0].count)).collect();
    assert_eq!(told, [("unsupported", 5)]);
}

#[test]
fn what_nests_too_deep_or_has_too_long_a_text_stores_nothing_and_says_why() {
    let house = House::new("limits");
    let token = house.add(Feed::HealthSync).token;
    let metric = |metadata: String| {
        format!(
            "{{\"export_id\":\"1\",\"metrics\":[{{\"type\":\"heart_rate\",\"value\":71,\"unit\":\"count/min\",\
             \"start_at\":\"2026-03-14T06:02:00Z\",\"metadata\":{metadata}}}],\"workouts\":[]}}"
        )
    };
    // The body, its list and the record are three.
    let deep = |n: usize| metric(format!("{{\"a\":{}1{}}}", "[".repeat(n - 4), "]".repeat(n - 4)));
    let long = |n: usize| metric(format!("{{\"a\":\"{}\"}}", "x".repeat(n)));
    let send = |body: String| sync(&token, body).send(house.at()).status;
    assert_eq!([send(deep(33)), send(long((64 << 10) + 1))], [422, 422]);
    assert_eq!(house.intake.bodies.load(Ordering::Acquire), 0);
    assert_eq!([send(deep(32)), send(long(64 << 10))], [200, 200]);
    let rows = house.store().deliveries(None, 10).expect("deliveries");
    let told: Vec<_> = rows.iter().map(|row| row.outcome.problems.first().map(|it| it.reason.as_str())).collect();
    assert_eq!(told, [None, None, Some("long_text"), Some("too_deep")]);
    assert_eq!(house.intake.bodies.load(Ordering::Acquire), 2);
}
