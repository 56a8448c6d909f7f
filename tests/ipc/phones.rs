//! Phones through the window's commands: the receiver listens on this computer alone, and a client speaks as a phone
//! does.

use super::request::{Answer, Request};
use super::*;
use app::receiver::{Options, Receiver};
use tauri::test::MockRuntime;

/// A window of somebody whose receiver is for this computer alone.
struct House {
    person: Person,
    window: WebviewWindow<MockRuntime>,
}

impl House {
    fn new(name: &str) -> Self {
        let person = Person::new(name);
        for (key, to) in [("receiver_bind", "127.0.0.1"), ("port", "0")] {
            app::settings::set(&person.0, key, to).unwrap();
        }
        let window = person.window();
        Self { person, window }
    }

    #[track_caller]
    fn ask(&self, command: &str, arguments: Value) -> Value {
        ask(&self.window, command, arguments).unwrap_or_else(|error| panic!("{command}: {error:#}"))
    }

    /// Asks, and keeps the answer without what is made at random.
    #[track_caller]
    fn keep(&self, command: &str, arguments: Value) -> Value {
        let answer = self.ask(command, arguments);
        let mut plain = answer.clone();
        mask(&mut plain, "", &self.port());
        keep(command, &json!({ "answer": plain }));
        answer
    }

    fn phones(&self) -> Value {
        self.ask("phones", json!({}))
    }

    /// The port that phones are told; empty while nobody receives.
    fn port(&self) -> String {
        let url = self.phones()["receiver"]["urls"][0].as_str().unwrap_or_default().to_owned();
        url.rsplit(':').next().unwrap_or_default().to_owned()
    }

    /// Waits until the window has heard of so many whom its receiver turned away: a thread of its own tells it.
    #[track_caller]
    fn hears(&self, visitors: usize) {
        let heard = || self.phones()["turned_away"].as_array().map_or(0, Vec::len);
        assert!((0..10_000).any(|_| heard() == visitors), "{} of {visitors}", heard());
    }

    fn send(&self, request: &Request) -> Answer {
        request.send(self.port().parse::<u16>().unwrap())
    }
}

fn mask(value: &mut Value, key: &str, port: &str) {
    match &mut *value {
        Value::String(text) => {
            if ["token", "code", "number", "picture"].contains(&key) {
                *text = if key == "picture" { "<svg/>" } else { "K7QX2M9B" }.to_owned();
            }
            if !port.is_empty() {
                *text = text.replace(&format!(":{port}"), ":8787").replace(&format!("%3A{port}"), "%3A8787");
            }
            // A key within a link.
            if let Some((before, key)) = text.split_once("hi_") {
                *text = format!(
                    "{before}hi_KEY{}",
                    key.trim_start_matches(|c: char| c.is_ascii_uppercase() || c.is_ascii_digit())
                );
            }
            if let Some((before, _)) = text.split_once("/pair/") {
                *text = format!("{before}/pair/CODE");
            }
        }
        Value::Array(rows) => rows.iter_mut().for_each(|row| mask(row, key, port)),
        Value::Object(row) => row.iter_mut().for_each(|(key, value)| mask(value, key, port)),
        _ => {}
    }
}

fn beat(minute: u32, value: Value) -> Value {
    let at = format!("2026-03-14T07:{minute:02}:00.123Z");
    json!({"id": format!("healthkit:21823FF3-D9E2-58C6-81B9-FB922FC640{minute:02}"), "type": "heart_rate", "value": value,
        "unit": "count/min", "start_at": at, "end_at": at, "source_name": "Watch", "metadata": {}})
}

fn delivery(token: &str, beats: &[Value]) -> Request {
    let body = json!({"export_id": "1", "metrics": beats, "workouts": []}).to_string();
    Request::post("/api/apple-health/sync", body).token(token)
}

/// What a phone's browser sends with a form.
fn form(path: &str, body: &str) -> Request {
    let mut form = Request::new("POST", path).with("Content-Type", "application/x-www-form-urlencoded");
    form.body = body.as_bytes().to_vec();
    form
}

#[test]
fn a_phone_is_let_in_sends_and_is_taken_back() {
    let house = House::new("phones");
    assert_eq!(house.phones()["receiver"]["on"], false);
    let refused = ask(&house.window, "invite", json!({"app": "healthsync", "name": "Kim"})).unwrap_err();
    assert_eq!(refused["code"], "not_receiving");
    let on = house.keep("receive", json!({"on": true}));
    assert_eq!((&on["here"], &on["receiver"]["wanted"]), (&json!(true), &json!(true)));

    let invited = house.keep("invite", json!({"app": "healthsync", "name": "Kim"}));
    assert!(invited["picture"].as_str().unwrap().contains("<svg"));
    let pairing = json!({"pairing": invited["pairing"]});
    assert_eq!(house.send(&form("/pair", "code=AAAA2222")).status, 404);
    house.hears(1);
    let claimed = house.send(&form("/pair", &format!("code={}", invited["code"].as_str().unwrap())));
    assert_eq!(claimed.status, 303, "{}", claimed.text());
    let page = claimed.header("location").unwrap().to_owned();
    let standing = house.keep("invitation", pairing.clone());
    assert_eq!((&standing["state"], &standing["wrong"]), (&json!("asks"), &json!(1)));
    let asked = house.phones();
    assert_eq!((&asked["waiting"], &asked["asking"][0]["pairing"]), (&json!(1), &invited["pairing"]));
    let number = asked["asking"][0]["number"].as_str().unwrap().to_owned();
    assert!(house.send(&Request::new("GET", &page)).text().contains(&number), "both sides show it");

    let mut yes = pairing.clone();
    yes["accept"] = json!(true);
    assert_eq!(house.keep("answer_guest", yes.clone())["waiting"], 0);
    assert_eq!(house.ask("invitation", pairing)["state"], "in");
    assert_eq!(ask(&house.window, "answer_guest", yes).unwrap_err()["code"], "pairing_over");
    let told = house.send(&Request::new("POST", &format!("{page}/healthsync"))).text();
    let token = told.split("value=\"hi_").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let token = format!("hi_{token}");
    assert_eq!(house.send(&delivery(&token, &[beat(1, json!(60)), beat(2, json!("much"))])).status, 200);
    assert_eq!(house.send(&Request::post("/api/apple-health/sync", "{").token(&token)).status, 400);
    assert_eq!(house.send(&delivery("hi_WRONG", &[])).status, 403);
    house.hears(2);

    let shown = house.keep("phones", json!({}));
    assert_eq!((&shown["devices"][0]["name"], &shown["devices"][0]["lately"]), (&json!("Kim"), &json!(1)));
    assert_eq!(shown["deliveries"][1]["said"][0]["count"], 1);
    assert_eq!(shown["turned_away"][1]["reason"], "token");
    let kim = json!({"device": 1});
    assert_eq!(house.keep("brought", kim.clone()), json!(1));
    let mut undo = kim.clone();
    undo["progress"] = json!("__CHANNEL__:7");
    assert_eq!(house.keep("undo_device", undo.clone())["removed"], 1);
    assert_eq!(house.ask("undo_device", undo), Value::Null, "nothing is left of it");
    assert_eq!(
        house.keep("rename_device", json!({"device": 1, "name": "Kim\u{2019}s iPhone"}))["devices"][0]["name"],
        "Kim\u{2019}s iPhone"
    );
    house.keep("set_device", json!({"device": 1, "standing": "pause"}));
    assert!(ask(&house.window, "set_device", json!({"device": 1, "standing": "dance"})).is_err());
    house.ask("set_device", json!({"device": 1, "standing": "revoke"}));
    assert_eq!(house.send(&delivery(&token, &[beat(3, json!(61))])).status, 403);
    let added = house.keep("add_device", json!({"app": "health-auto-export", "name": "1"}));
    assert_eq!((added["links"].as_array().unwrap().len(), &added["device"]), (7, &json!(2)));
    let off = house.ask("receive", json!({"on": false}));
    assert_eq!(
        (&off["here"], &off["receiver"]["on"], &off["receiver"]["wanted"]),
        (&json!(false), &json!(false), &json!(false))
    );
}

/// What has the lock lets go, and takes it again.
#[test]
fn nothing_is_received_while_a_backup_takes_the_place_of_the_data() {
    let house = House::new("phones-restore");
    let backup = house.person.0.dir().join("backup.db");
    app::backup::backup(&house.person.0, &backup, &Cancel::default()).unwrap();
    house.ask("receive", json!({"on": true}));
    let before = house.port();
    house.window.state::<Shared>().chosen.keep(&backup);
    house.ask("restore", json!({}));
    assert_eq!(house.phones()["here"], true, "it goes on");
    assert_ne!(house.port(), before, "it was off meanwhile: a free port is another one");
    house.ask("delete_all", json!({"confirm": "delete"}));
    let after = house.phones();
    assert_eq!(
        (&after["here"], &after["receiver"]["wanted"]),
        (&json!(false), &json!(false)),
        "phones are unknown then"
    );
    assert!(!house.person.0.store_path().exists());
}

#[test]
fn another_program_that_receives_is_shown_and_left_alone() {
    let house = House::new("phones-other");
    let other = Receiver::start(&house.person.0, &Options::default(), Arc::new(|| NOW_MS)).unwrap();
    let shown = house.phones();
    assert_eq!((&shown["receiver"]["on"], &shown["here"]), (&json!(true), &json!(false)));
    assert_eq!(ask(&house.window, "receive", json!({"on": true})).unwrap_err()["code"], "receiver_runs");
    assert_eq!(house.phones()["receiver"]["on"], true);
    // Its phones are let in from here.
    let invited = house.ask("invite", json!({"app": null, "name": null}));
    assert_eq!(house.ask("invitation", json!({"pairing": invited["pairing"]}))["state"], "open");
    other.stop();
    assert_eq!(house.phones()["receiver"]["on"], false);
}

/// As a window does that opens: where it was on before, and in no other network.
#[test]
fn it_begins_again_with_the_window_where_it_was_turned_on() {
    let house = House::new("phones-again");
    let open = || {
        let window = house.person.window();
        window.state::<Shared>().receiving.resume(window.app_handle());
        let shown = ask(&window, "phones", json!({})).unwrap();
        window.state::<Shared>().receiving.stop();
        shown
    };
    assert_eq!(open()["here"], false, "nobody asked for it");
    house.ask("receive", json!({"on": true}));
    assert_eq!(open()["trouble"], Value::Null, "the other window has it");
    house.window.state::<Shared>().receiving.stop();
    assert_eq!(open()["here"], true);
    let elsewhere = json!({"on": true, "networks": ["10.0.0.0/24"]}).to_string();
    fs::write(house.person.0.dir().join("receiver/wanted.json"), elsewhere).unwrap();
    let shown = open();
    assert_eq!((&shown["here"], &shown["trouble"]["code"]), (&json!(false), &json!("other_network")));
    house.ask("receive", json!({"on": true}));
    house.ask("receive", json!({"on": false}));
    assert_eq!(open()["here"], false, "it was turned off");
}
