//! What an app on the phone has to be told, step by step, and a link where the app takes one: for the page on the phone
//! and for the window beside it.

use health::phone::Feed;
use health::{key, say};

/// Where the steps are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// On the phone: what is to be tapped stands above them.
    Phone,
    /// On the computer, with what is to be typed beside them.
    Computer,
}

/// The app's own name.
pub fn name(feed: Feed) -> &'static str {
    match feed {
        Feed::OpenWearables => "Open Wearables",
        Feed::HealthSync => "HealthSync",
        Feed::HealthExportPro => "Health Export Pro",
        Feed::HealthAutoExport => "Health Auto Export",
        Feed::HealthSave => "HealthSave",
        Feed::Vitalog => "Vitalog",
    }
}

/// What an app wants after the address of this computer.
pub fn path(feed: Feed) -> &'static str {
    if feed == Feed::HealthAutoExport { "/api/hae?agg=raw" } else { "" }
}

/// The header that an app wants its key in, where it is typed beside it; none of apps that know by themselves. `own` is
/// the one that Health Export Pro was told to use.
pub fn header(feed: Feed, own: Option<&str>) -> Option<&str> {
    match feed {
        Feed::HealthAutoExport => Some(KEY),
        Feed::HealthExportPro => own,
        _ => None,
    }
}

/// The header of links, and of apps that take any.
const KEY: &str = "x-api-key";

/// Kinds of data that Health Auto Export sends apart; the first two are what most people want.
const DATA_TYPES: [(&str, &str); 7] = [
    ("healthMetrics", key!("Measurements")),
    ("workouts", key!("Workouts")),
    ("symptoms", key!("Symptoms")),
    ("ecg", key!("Electrocardiograms")),
    ("heartRateNotifications", key!("Heart rate notifications")),
    ("stateOfMind", key!("State of mind")),
    ("medications", key!("Medications")),
];

/// What is done in the app. `hep_path` is where Health Export Pro was told to send, where that is another path.
pub fn steps(feed: Feed, hep_path: Option<&str>, reader: Reader) -> Vec<String> {
    match feed {
        Feed::OpenWearables if reader == Reader::Computer => vec![
            say!("Give address, user and both keys to an app that was built with the Open Wearables SDK."),
            say!("The Open Wearables app itself takes a code instead: show one."),
        ],
        Feed::OpenWearables => {
            vec![say!("Open the app, and give the address and the invitation code."), say!("Allow access to Health.")]
        }
        Feed::HealthSync => vec![
            say!("In the app's settings, paste the address as server and the key as token."),
            say!("Choose Test connection."),
        ],
        Feed::HealthExportPro => {
            let path = hep_path.unwrap_or("/api/health-data");
            vec![
                say!("Paste the address as server, with the path {path}.", path),
                say!("As authentication choose Bearer, and paste the key."),
            ]
        }
        Feed::HealthAutoExport => vec![
            match reader {
                Reader::Phone => {
                    say!("Tap a button above for each kind of data: it makes an automation with address and key.")
                }
                Reader::Computer => {
                    say!("Open a link on the phone for each kind of data: it makes an automation with address and key.")
                }
            },
            say!("Should the automation be off, switch it on in the app, and run it once."),
        ],
        Feed::HealthSave => vec![say!("In the app's settings, paste the address as server and the key as API key.")],
        Feed::Vitalog => vec![say!("Give the other Vitalog the address and the key.")],
    }
}

/// Links that make an automation in the app, each with the kind of data that it sends; none where the app takes none.
/// `address` is that of this computer with the app's path.
pub fn links(feed: Feed, address: &str, key: &str) -> Vec<(String, String)> {
    let all = if feed == Feed::HealthAutoExport { &DATA_TYPES[..] } else { &[] };
    all.iter().map(|(word, name)| (health::language::word(name), link(word, address, key))).collect()
}

/// `period=none` is the day before and today, each time: what comes late is not missed, and what comes twice is known.
fn link(data_type: &str, address: &str, key: &str) -> String {
    format!(
        "com.HealthExport://automation?name=Vitalog%20{data_type}&url={}&headers={KEY},{}&format=json\
         &exportversion=v2&datatype={data_type}&period=none&interval=none&aggregatedata=false&aggregatesleep=false{}\
         &batchrequests=true&requesttimeout=600&syncinterval=hours&syncquantity=1&enabled=true",
        escaped(address),
        escaped(key),
        if data_type == "workouts" { WHOLE_WORKOUTS } else { "" },
    )
}

/// Without these the app leaves out where a workout went, and what was measured in it.
const WHOLE_WORKOUTS: &str = "&includeroutes=true&includeworkoutmetadata=true";

/// A text inside a link.
fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_link_carries_address_and_key_and_asks_for_samples() {
        let found = links(Feed::HealthAutoExport, "http://192.168.1.20:8787/api/hae?agg=raw", "hi_ABC");
        let (name, link) = &found[1];
        let start = "com.HealthExport://automation?name=Vitalog%20workouts\
                     &url=http%3A%2F%2F192.168.1.20%3A8787%2Fapi%2Fhae%3Fagg%3Draw&headers=x-api-key,hi_ABC&format=json";
        assert!(name == "Workouts" && link.starts_with(start), "{link}");
        assert!(link.contains("&datatype=workouts&period=none&") && !link.contains(' '), "{link}");
        let all = links(Feed::HealthAutoExport, "", "");
        let whole = all.iter().filter(|(_, link)| link.contains("&includeroutes=true&includeworkoutmetadata=true&"));
        assert_eq!(whole.map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["Workouts"]);
        assert!(Feed::ALL.iter().all(|feed| links(*feed, "", "").is_empty() == (*feed != Feed::HealthAutoExport)));
    }

    #[test]
    fn every_app_has_steps_for_both_readers() {
        for feed in Feed::ALL {
            let steps = |reader| steps(feed, Some("/mine"), reader);
            assert!(!steps(Reader::Phone).is_empty(), "{feed:?}");
            // Nothing is above them on the computer.
            assert!(!steps(Reader::Computer).concat().contains("above"), "{feed:?}");
        }
        assert!(steps(Feed::HealthExportPro, Some("/mine"), Reader::Phone)[0].contains("/mine"));
    }
}
