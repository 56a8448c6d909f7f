//! Servers through the window's commands: another Vitalog on this computer is one, from the first look to "all stored".

use super::*;
use app::receiver::{Options, Receiver};
use app::remotes::Runner;
use tauri::test::MockRuntime;

/// A window of somebody, and another Vitalog with a receiver.
struct House {
    person: Person,
    window: WebviewWindow<MockRuntime>,
    far: Folder,
    receiver: Option<Receiver>,
    url: String,
    token: String,
}

impl House {
    fn new(name: &str) -> Self {
        let person = Person::new(name);
        let far = Folder::at(env::temp_dir().join(format!("vitalog-ipc-{}-{name}-far", std::process::id())));
        for (key, to) in [("receiver_bind", "127.0.0.1"), ("port", "0")] {
            app::settings::set(&far, key, to).unwrap();
        }
        let options = Options { is_silent: true, ..Options::default() };
        let receiver = Receiver::start(&far, &options, Arc::new(|| NOW_MS)).unwrap();
        let url = receiver.listening().urls.first().cloned().unwrap();
        let token = app::screen::add(&far, "vitalog", "Home", NOW_MS).unwrap();
        let token = serde_json::to_value(token).unwrap()["token"].as_str().unwrap().to_owned();
        let window = person.window();
        Self { person, window, far, receiver: Some(receiver), url, token }
    }

    #[track_caller]
    fn ask(&self, command: &str, arguments: Value) -> Value {
        ask(&self.window, command, arguments).unwrap_or_else(|error| panic!("{command}: {error:#}"))
    }

    /// Asks, and keeps the answer without what differs.
    #[track_caller]
    fn keep(&self, command: &str, arguments: Value) -> Value {
        let answer = self.ask(command, arguments);
        assert!(!answer.to_string().contains(&self.token), "{command}: the secret comes back in no answer");
        let mut plain = answer.clone();
        mask(&mut plain, &self.url);
        keep(command, &json!({ "answer": plain }));
        answer
    }

    fn place(&self) -> Value {
        json!({"protocol": "vitalog", "url": self.url, "certificate": null})
    }

    fn entry(&self, secret: &str) -> Value {
        json!({"way": "key", "id": "", "secret": secret, "keep": "file"})
    }

    fn adding(&self, secret: &str) -> Value {
        json!({"place": self.place(), "entry": self.entry(secret), "name": "home", "user": null})
    }

    fn home(&self) -> Value {
        self.ask("servers", json!({}))["servers"][0].clone()
    }
}

impl Drop for House {
    fn drop(&mut self) {
        let _ = self.receiver.take().map(Receiver::stop);
        let _ = fs::remove_dir_all(self.far.dir());
    }
}

fn mask(value: &mut Value, url: &str) {
    match &mut *value {
        Value::String(text) => *text = text.replace(url, "http://127.0.0.1:8787"),
        Value::Array(rows) => rows.iter_mut().for_each(|row| mask(row, url)),
        Value::Object(row) => row.values_mut().for_each(|value| mask(value, url)),
        _ => {}
    }
}

fn named() -> Value {
    json!({"name": "home"})
}

fn with(key: &str, value: impl Into<Value>) -> Value {
    json!({"name": "home", key: value.into()})
}

#[test]
fn a_server_is_added_by_steps_and_gets_nothing_before_somebody_says_so() {
    let house = House::new("servers");
    assert_eq!(house.keep("knock", json!({"place": house.place()}))["certificate"], Value::Null);
    let wrong = ask(&house.window, "add_server", house.adding("hi_WRONG")).unwrap_err();
    assert_eq!(wrong["code"], "unauthorized");
    assert_eq!(house.ask("servers", json!({}))["servers"], json!([]), "who was not let in is no server");
    let added = house.keep("add_server", house.adding(&house.token));
    assert_eq!((&added["name"], &added["servers"][0]["stands"]), (&json!("home"), &json!("new")));
    assert_eq!(ask(&house.window, "add_server", house.adding(&house.token)).unwrap_err()["code"], "remote_exists");

    // Whoever sends by itself leaves it alone until it is resumed.
    let runner = Runner::start(&house.person.0, Arc::new(|| NOW_MS));
    runner.wake();
    runner.stop();
    assert_eq!((&house.home()["sent"], &house.home()["stands"]), (&json!(0), &json!("new")));

    let wanted = json!({"types": ["HeartRate", "workout"], "since": null, "every_s": 3600});
    let chosen = house.keep("choose_rows", with("wanted", wanted));
    assert_eq!(chosen["servers"][0]["types"], json!(["HKQuantityTypeIdentifierHeartRate", "workout"]));
    let few = json!({"types": ["BodyMass"], "since": "2026-03-01", "every_s": null});
    house.ask("choose_rows", with("wanted", few));
    house.keep("preview_server", named());
    let all = json!({"types": [], "since": null, "every_s": 900});
    house.ask("choose_rows", with("wanted", all));
    let preview = house.ask("preview_server", named());
    let body = preview["body"].as_str().unwrap();
    assert_eq!(body.lines().count() as u64, preview["rows"].as_u64().unwrap(), "a line is a row");
    let would = house.keep("dry_run", named());
    assert_eq!(would["sent"], 0);
    assert_eq!(app::status::status(&house.far).unwrap().records, 0, "nothing was sent");

    house.ask("set_server", with("standing", "resume"));
    let mut sent = named();
    sent["progress"] = json!("__CHANNEL__:7");
    let pushed = house.keep("send_now", sent.clone());
    assert_eq!((&pushed["stored"], &pushed["waiting"]), (&would["selected"], &json!(0)));
    let there = app::status::status(&house.far).unwrap().records;
    assert_eq!(there, app::status::status(&house.person.0).unwrap().records, "all stored");
    let shown = house.keep("servers", json!({}));
    assert_eq!(
        (&shown["servers"][0]["stands"], &shown["servers"][0]["outbox"]["refused"]),
        (&json!("idle"), &json!(0))
    );
    house.keep("test_server", named());
    house.keep("refused", named());
    let told = house.keep("server_report", named());
    let told = told.as_str().unwrap();
    for hidden in ["home", "127.0.0.1", house.token.as_str()] {
        assert!(!told.contains(hidden), "{hidden}: {told}");
    }
    assert!(told.contains("has: ") && told.contains("reasons: none"), "{told}");
    house.keep("stop_sending", named());
    let removed = house.keep("set_server", with("standing", "remove"));
    assert_eq!(removed["servers"], json!([]));
    assert_eq!(app::status::status(&house.far).unwrap().records, there, "what it has stays there");
    assert_eq!(ask(&house.window, "send_now", sent).unwrap_err()["code"], "unknown_remote");
}

/// What a server no longer takes is told with the next step, and a new secret is enough to go on.
#[test]
fn a_secret_that_is_taken_no_more_is_typed_again() {
    let house = House::new("servers-again");
    house.ask("add_server", house.adding(&house.token));
    house.ask("set_server", with("standing", "resume"));
    app::phones::stand(&house.far, 1, app::phones::Standing::Revoke, NOW_MS).unwrap();
    let mut sent = named();
    sent["progress"] = json!("__CHANNEL__:7");
    assert_eq!(house.ask("send_now", sent.clone())["failed"]["code"], "unauthorized");
    assert_eq!((&house.home()["stands"], &house.home()["stopped"]), (&json!("stopped"), &json!("unauthorized")));
    let wrong = ask(&house.window, "sign_in", with("entry", house.entry("hi_WRONG"))).unwrap_err();
    assert_eq!(wrong["code"], "unauthorized");
    let token = serde_json::to_value(app::screen::add(&house.far, "vitalog", "Again", NOW_MS).unwrap()).unwrap();
    house.keep("sign_in", with("entry", house.entry(token["token"].as_str().unwrap())));
    assert_eq!(house.home()["stopped"], Value::Null);
    assert_eq!(house.ask("send_now", sent)["waiting"], 0);
    assert_eq!(house.home()["stands"], "idle");
}

/// The window's own runner sends what is due, and stops for as long as the store is put back or deleted.
#[test]
fn the_window_sends_by_itself_and_not_while_the_store_is_another() {
    let house = House::new("servers-itself");
    house.ask("add_server", house.adding(&house.token));
    house.ask("set_server", with("standing", "resume"));
    assert_eq!(house.ask("servers", json!({}))["here"], false);
    let sending = || house.window.state::<Shared>();
    sending().sending.begin(house.window.app_handle());
    assert_eq!(house.ask("servers", json!({}))["here"], true);
    let all = || house.home()["outbox"]["waiting"] == 0 && house.home()["stands"] == "idle";
    assert!((0..10_000).any(|_| all()), "{}", house.home());
    house.ask("delete_all", json!({"confirm": "delete"}));
    assert_eq!(house.ask("servers", json!({}))["servers"], json!([]));
    assert!(!house.person.0.store_path().exists(), "nobody made a store anew");
    assert!(sending().sending.stop(), "it goes on, with nothing to do");
}

#[test]
fn what_makes_no_sense_is_refused_with_words() {
    let house = House::new("servers-sense");
    let wrong = |place: Value, entry: Value, user: Value, expected: &str| {
        let asked = json!({"place": place, "entry": entry, "name": "home", "user": user, "language": "de"});
        let error = ask(&house.window, "add_server", asked).unwrap_err();
        assert_eq!((&error["code"], &error["message"]), (&json!("bad_usage"), &json!(expected)));
    };
    let entry = house.entry(&house.token);
    let at = |url: &str| json!({"protocol": "vitalog", "url": url, "certificate": null});
    wrong(
        at("http://8.8.8.8"),
        entry.clone(),
        Value::Null,
        "Ohne Verschlüsselung wird nichts an eine Adresse außerhalb dieses Netzes gesendet.",
    );
    wrong(at("mailto:x"), entry.clone(), Value::Null, "Das ist keine Adresse eines Servers.");
    wrong(house.place(), entry.clone(), json!("kim"), "Diese Art von Server hat nur die Daten einer Person.");
    wrong(house.place(), house.entry(""), Value::Null, "Diese Art von Server verlangt ein Geheimnis.");
    let mut other = entry;
    other["way"] = json!("login");
    wrong(house.place(), other, Value::Null, "So meldet sich bei dieser Art von Server niemand an.");
    assert_eq!(ask(&house.window, "set_server", with("standing", "dance")).unwrap_err()["code"], "internal");
}
