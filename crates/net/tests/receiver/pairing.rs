//! Pairing, as a phone's browser and the Open Wearables app do it.

use health::phone::Feed;
use net::Event;
use net::invite::{self, Invitation};

use crate::client::{Answer, Request};
use crate::house::{House, NOW};

fn invitation(house: &House) -> Invitation {
    invite::invite(&mut house.store(), None, None, NOW).expect("an invitation")
}

fn post(house: &House, path: &str, body: &str) -> Answer {
    let mut request = Request::new("POST", path).with("Content-Type", "application/x-www-form-urlencoded");
    request = request.with("Origin", &format!("http://{}", house.at())).with("Sec-Fetch-Site", "same-origin");
    request = request.with("User-Agent", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_4 like Mac OS X)");
    request.body = body.as_bytes().to_vec();
    request.send(house.at())
}

/// The value of a field on a page.
fn field(page: &str, id: &str) -> String {
    let (_, rest) = page.split_once(&format!("id=\"{id}\" readonly value=\"")).expect("the field");
    rest.split('"').next().unwrap_or_default().replace("&amp;", "&")
}

#[test]
fn a_phone_is_paired_by_its_browser() {
    let house = House::new("browser");
    let mut events = house.receiver().events();
    let it = invitation(&house);
    let page = Request::get(&format!("/pair/{}", it.code)).send(house.at());
    assert_eq!((page.status, page.header("cache-control")), (200, Some("no-store")));
    assert!(page.header("content-security-policy").is_some_and(|policy| policy.starts_with("default-src 'none'")));
    let claimed = post(&house, &format!("/pair/{}/claim", it.code), "");
    let ticket = claimed.header("location").expect("a page").to_owned();
    assert_eq!(claimed.status, 303);
    let Some(Event::Paired { pairing: Some(pairing), label, number: Some(number), .. }) = events.wait() else {
        panic!("nobody was told");
    };
    assert_eq!((pairing, label.as_str()), (it.id, "iPhone, iOS 18"));
    let waiting = Request::get(&ticket).send(house.at());
    assert!(waiting.text().contains(&number) && waiting.text().contains("http-equiv=\"refresh\""));
    assert_eq!(post(&house, &format!("{ticket}/healthsync"), "").status, 404, "nobody said yes");

    invite::accept(&mut house.store(), it.id, NOW).expect("accepted");
    assert!(Request::get(&ticket).send(house.at()).text().contains("Health Auto Export"));
    let page = post(&house, &format!("{ticket}/healthsync"), "");
    let (base, token) = (field(&page.text(), "address"), field(&page.text(), "key"));
    assert_eq!(base, format!("http://{}", house.at()));
    let body = "{\"export_id\":\"1\",\"metrics\":[],\"workouts\":[]}";
    let sent = Request::post("/api/apple-health/sync", body).token(&token).send(house.at());
    assert_eq!((sent.status, sent.text().as_str()), (200, "{\"duplicates\":0,\"ok\":true,\"received\":0}"));
    // Asked again, the page has another token, and the first one holds until that is used.
    let again = field(&post(&house, &format!("{ticket}/healthsync"), "").text(), "key");
    let status = |token: &str| Request::post("/api/apple-health/sync", body).token(token).send(house.at()).status;
    assert_eq!((status(&token), status(&again), status(&token)), (200, 200, 403));
    assert_eq!(house.store().peers().expect("peers").len(), 1);
}

#[test]
fn a_code_works_once_and_reading_it_uses_nothing_up() {
    let house = House::new("once");
    let it = invitation(&house);
    for _ in 0..3 {
        assert_eq!(Request::get(&format!("/pair/{}", it.code)).send(house.at()).status, 200);
    }
    assert_eq!(post(&house, "/pair", &format!("code={}", it.typed.to_lowercase())).status, 303);
    assert_eq!(post(&house, "/pair", &format!("code={}", it.typed)).status, 404);
    assert_eq!(post(&house, &format!("/pair/{}/claim", it.code), "").status, 404);
}

#[test]
fn wrong_codes_end_an_invitation_and_slow_the_guesser_down() {
    let house = House::new("wrong");
    let it = invitation(&house);
    for _ in 0..5 {
        assert_eq!(post(&house, "/pair", "code=AAAAAAAA").status, 404);
    }
    assert_eq!(post(&house, &format!("/pair/{}/claim", it.code), "").status, 404, "it is dead");
    let statuses: Vec<u16> = (0..6).map(|_| post(&house, "/pair", "code=AAAAAAAA").status).collect();
    assert_eq!(statuses, [404, 404, 404, 404, 429, 429]);
}

#[test]
fn pages_of_others_cannot_pair() {
    let house = House::new("foreign");
    let it = invitation(&house);
    let path = format!("/pair/{}/claim", it.code);
    for (name, value) in [("Origin", "http://evil.example"), ("Origin", "null"), ("Sec-Fetch-Site", "cross-site")] {
        assert_eq!(Request::new("POST", &path).with(name, value).send(house.at()).status, 403);
    }
    assert_eq!(post(&house, &path, "").status, 303);
}

#[test]
fn open_wearables_redeems_waits_and_refreshes() {
    let house = House::new("redeem");
    let it = invitation(&house);
    let redeem = |code: &str| {
        Request::post("//api/v1/invitation-code/redeem", format!("{{\"code\":\" {code} \"}}")).send(house.at())
    };
    assert_eq!(redeem("AAAAAAAA").status, 404);
    // As it is shown, in two parts.
    let (half, other) = it.typed.split_at(4);
    let got = redeem(&format!("{half} {other}").to_lowercase());
    assert_eq!(got.status, 200, "{}", got.text());
    assert_eq!(redeem(&it.typed).status, 404);
    let word = |answer: &Answer, key: &str| answer.json()[key].as_str().unwrap_or_default().to_owned();
    let (user, access, refresh) = (word(&got, "user_id"), word(&got, "access_token"), word(&got, "refresh_token"));
    let body = "{\"provider\":\"apple\",\"data\":{\"records\":[],\"sleep\":[],\"workouts\":[]}}";
    let sync = |token: &str| {
        Request::post(&format!("/api/v1/sdk/users/{user}/sync"), body).token(token).send(house.at()).status
    };
    // The owner has not said yes: the body waits.
    assert_eq!((sync(&access), house.store().pending_deliveries().expect("counted")), (202, 1));
    let new_tokens = |token: &str| {
        Request::post("/api/v1/token/refresh", format!("{{\"refresh_token\":\"{token}\"}}")).send(house.at())
    };
    let second = new_tokens(&refresh);
    assert_eq!((second.status, new_tokens("rt-unknown").status), (200, 401));
    // The answer was lost, so the old one is asked with again.
    let third = new_tokens(&refresh);
    assert_eq!(third.status, 200);
    let newest = word(&third, "access_token");
    assert_eq!((sync(&access), sync(&newest)), (202, 202));
    assert_eq!((sync(&access), sync(&word(&second, "access_token"))), (401, 401), "they end with its first use");
    // A question whose answer was lost is heard after the one that was answered: what the phone has holds.
    let fourth = new_tokens(&word(&third, "refresh_token"));
    assert_eq!(new_tokens(&word(&third, "refresh_token")).status, 200);
    assert_eq!(sync(&word(&fourth, "access_token")), 202);
    assert_eq!(new_tokens(&word(&fourth, "refresh_token")).status, 200);
    assert_eq!(new_tokens(&word(&third, "refresh_token")).status, 401);
    let newest = word(&fourth, "access_token");

    let peer = house.store().peers().expect("peers").remove(0);
    let mut events = house.receiver().events();
    house.store().set_peer_standing(peer.id, store::peers::Standing::Accept, NOW).expect("accepted");
    house.receiver().wake();
    let mut done = 0;
    while done < 4 {
        if let Some(Event::Delivery { state: "done", .. }) = events.wait() {
            done += 1;
        }
    }
    let path = format!("/api/v1/users/{user}/connections/apple");
    assert_eq!(Request::new("DELETE", &path).token(&newest).send(house.at()).status, 204);
    assert!(house.store().peer(peer.id).expect("read").expect("a peer").left_ms.is_some());
}

#[test]
fn the_page_of_open_wearables_has_a_code_that_needs_no_second_yes() {
    let house = House::new("ow-page");
    let it = invite::invite(&mut house.store(), Some(Feed::OpenWearables), Some("Kim's iPhone"), NOW).expect("invited");
    let ticket = post(&house, &format!("/pair/{}/claim", it.code), "").header("location").expect("a page").to_owned();
    invite::accept(&mut house.store(), it.id, NOW).expect("accepted");
    assert_eq!(post(&house, &format!("{ticket}/healthsync"), "").status, 404, "it is for one app");
    let code = field(&post(&house, &format!("{ticket}/open-wearables"), "").text(), "key");
    let got = Request::post("/api/v1/invitation-code/redeem", format!("{{\"code\":\"{code}\"}}")).send(house.at());
    assert_eq!(got.status, 200);
    let peer = house.store().peers().expect("peers").remove(0);
    assert_eq!((peer.label.as_str(), peer.is_ready()), ("Kim's iPhone", true));
}

#[test]
fn an_address_of_the_camera_that_was_used_offers_no_button() {
    let house = House::new("used");
    let it = invitation(&house);
    let page = || Request::get(&format!("/pair/{}", it.code)).send(house.at());
    assert!(page().status == 200 && page().text().contains("<form"));
    assert_eq!(post(&house, &format!("/pair/{}/claim", it.code), "").status, 303);
    assert!(page().status == 404 && !page().text().contains("<form"), "{}", page().text());
    // Of a short code nothing is said before it counts as a try.
    assert_eq!(Request::get("/pair/AAAAAAAA").send(house.at()).status, 200);
}

#[test]
fn a_code_with_a_letter_that_none_has_counts_as_a_wrong_one() {
    let house = House::new("letters");
    let it = invitation(&house);
    let wrong = || house.store().pairing(it.id).expect("asked").expect("an invitation").wrong;
    assert_eq!(post(&house, "/pair", "code=K7QX2M9O").status, 404);
    assert_eq!((post(&house, "/pair", "code=").status, wrong()), (404, 1));
    let redeem = |code: &str| {
        let body = format!("{{\"code\":\"{code}\"}}");
        Request::post("/api/v1/invitation-code/redeem", body).send(house.at()).status
    };
    assert_eq!((redeem("0000 0000"), redeem(""), wrong()), (404, 404, 2));
    for _ in 0..3 {
        redeem("l1l1l1l1");
    }
    assert_eq!(post(&house, "/pair", &format!("code={}", it.typed)).status, 404, "five were wrong");
}
