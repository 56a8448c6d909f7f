//! Phones tell where the wearer was: by zones, by offsets alone, and by saying it. No file has to.

use std::io::Cursor;

use health::formats::open_wearables;
use health::formats::phone::Decoded;
use health::phone::Feed;
use health::time::format_day;
use serde_json::{Value as Json, json};

use crate::query::HomeFrom;
use crate::{Cancel, PhoneDelivery, Store};

const COMPUTER: &str = "Etc/UTC";
const NOW: i64 = 1_763_928_000_000; // 2025-11-23

/// A store on a computer in UTC with a phone of Open Wearables, and what that delivered.
struct Home {
    store: Store,
    device: i64,
}

impl Home {
    fn new() -> Self {
        let mut store = Store::empty(&std::path::PathBuf::new()).expect("a store");
        let device = store.device_channel("phone", NOW).expect("a device");
        Self { store, device }
    }

    fn deliver(&mut self, data: &Json) {
        let body = json!({"provider": "apple", "data": data}).to_string();
        let decoded = Decoded::gather(|sink| open_wearables::decode(Cursor::new(body), sink)).expect("a body");
        let delivery = PhoneDelivery {
            device: self.device,
            feed: Feed::OpenWearables,
            delivery: Some(1),
            now_ms: NOW,
            home_zone: COMPUTER,
            cancel: Cancel::default(),
        };
        let mut batches = decoded.batches.into_iter();
        self.store.ingest_phone(&delivery, &mut || Ok(batches.next())).expect("told");
        self.store.settle().expect("settled");
    }

    fn zone(&self) -> (String, HomeFrom) {
        (self.store.home_zone(COMPUTER).expect("a zone"), self.store.home_from().expect("known"))
    }

    fn day(&self, stamp: &str) -> String {
        let at_ms = health::time::parse_stamp(stamp).expect("a stamp");
        format_day(self.store.zones(COMPUTER).expect("zones").day(at_ms))
    }
}

fn watch() -> Json {
    json!({"appId": "com.apple.health.8D1B", "name": "Watch", "deviceModel": "Watch7,3", "deviceHardwareVersion": "Watch7,3"})
}

fn id(n: u32) -> String {
    format!("AAAAAAAA-0000-4000-8000-{n:012X}")
}

/// Nights and a run, as the app sends them: no zone is named, only the offset.
fn nights(offset: &str) -> Json {
    let night = |day: u32| {
        json!({"id": id(day), "startDate": format!("2025-11-{day:02}T22:30:00Z"), "stage": "light", "metadata": null,
            "endDate": format!("2025-11-{:02}T05:30:00Z", day + 1), "zoneOffset": offset, "source": watch()})
    };
    let run = json!({"id": id(99), "type": "running", "startDate": "2025-11-12T23:00:00Z", "metadata": null,
        "endDate": "2025-11-12T23:20:00Z", "zoneOffset": offset, "source": watch(), "values": []});
    json!({"sleep": (10..15).map(night).collect::<Vec<_>>(), "workouts": [run], "records": []})
}

fn steps(zone: &str) -> Json {
    let steps = json!({"id": id(50), "type": "HKQuantityTypeIdentifierStepCount", "value": 100, "unit": "count",
        "startDate": "2025-11-10T23:30:00Z", "endDate": "2025-11-10T23:40:00Z", "zoneOffset": "+01:00",
        "source": watch(), "metadata": {"HKTimeZone": zone}});
    json!({"sleep": [], "workouts": [], "records": [steps]})
}

#[test]
fn on_a_home_server_in_utc_days_are_those_of_the_phone() {
    let mut home = Home::new();
    home.deliver(&nights("+01:00"));
    assert_eq!(home.zone(), ("Etc/GMT-1".to_owned(), HomeFrom::Samples));
    assert_eq!(home.day("2025-11-10 23:30:00 +0000"), "2025-11-11");
    let stays = home.store.stays().expect("stays");
    assert_eq!((stays[0].zone.as_deref(), stays[0].sleep, stays[0].workouts), (Some("Etc/GMT-1"), 5, 1));
    assert_eq!(stays[0].sources.len(), 1);
    let undone = home.store.undo(home.device, COMPUTER, &Cancel::default(), &mut |_| true).expect("undone");
    assert_eq!(undone.removed, 6, "five nights and a run");
    assert_eq!(home.zone(), (COMPUTER.to_owned(), HomeFrom::Computer));
    assert_eq!(home.store.stays().expect("stays"), []);
}

#[test]
fn an_offset_is_called_by_the_zone_that_another_sample_names_whichever_comes_first() {
    for order in [[nights("+01:00"), steps("Europe/Berlin")], [steps("Europe/Berlin"), nights("+01:00")]] {
        let mut home = Home::new();
        order.iter().for_each(|data| home.deliver(data));
        assert_eq!(home.zone(), ("Europe/Berlin".to_owned(), HomeFrom::Samples));
        assert_eq!(home.day("2025-11-10 23:30:00 +0000"), "2025-11-11");
    }
}

#[test]
fn an_offset_means_the_home_zone_that_was_chosen_where_that_has_it() {
    let mut home = Home::new();
    home.deliver(&nights("+01:00"));
    home.store.set_home_zone(Some("Europe/Madrid"), COMPUTER).expect("chosen");
    let zones: Vec<_> = home.store.stays().expect("stays").into_iter().map(|stay| stay.zone).collect();
    assert_eq!(zones, [Some("Europe/Madrid".to_owned()), None]);
    home.deliver(&nights("+09:00"));
    assert_eq!(home.zone(), ("Europe/Madrid".to_owned(), HomeFrom::Chosen));
}

#[test]
fn a_phone_that_says_where_it_is_is_believed_for_that_time() {
    let mut home = Home::new();
    home.deliver(&json!({"sleep": [], "workouts": [], "records": [steps("no zone")["records"][0]]}));
    assert_eq!(home.zone(), (COMPUTER.to_owned(), HomeFrom::Computer));
    let day_ms = 86_400_000;
    let mut say = |at_ms: i64, zone: &str| home.store.device_is_in(home.device, zone, at_ms).expect("noted");
    say(NOW - 30 * day_ms, "Asia/Tokyo");
    say(NOW, "Europe/Berlin");
    say(NOW - 60_000, "Asia/Tokyo");
    say(NOW - 2 * day_ms, "Europe/Berlin");
    say(NOW + 60_000, "Mars/Olympus");
    home.store.settle().expect("settled");
    assert_eq!(home.zone(), ("Europe/Berlin".to_owned(), HomeFrom::Samples));
    assert_eq!(home.day("2025-11-22 23:30:00 +0000"), "2025-11-23");
    assert_eq!(home.day("2025-10-24 15:30:00 +0000"), "2025-10-25", "in Tokyo");
    home.store.undo(home.device, COMPUTER, &Cancel::default(), &mut |_| true).expect("undone");
    assert_eq!(home.zone(), (COMPUTER.to_owned(), HomeFrom::Computer));
    // It comes back without what it said before.
    home.deliver(&steps("no zone"));
    assert_eq!(home.zone(), (COMPUTER.to_owned(), HomeFrom::Computer));
}
