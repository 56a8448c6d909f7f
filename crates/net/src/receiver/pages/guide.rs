//! What one app has to be told, step by step: address, key, and a link where the app has one.

use health::phone::Feed;
use health::say;

use super::html::{line, link, page, paragraph, steps};
use crate::receiver::HepSettings;

/// What an app has to be told.
pub(super) struct Guide {
    pub feed: Feed,
    /// The address by which this phone has just reached us.
    pub base: String,
    /// Another one.
    pub other: Option<String>,
    /// The token; of Open Wearables the code.
    pub secret: String,
    pub hep: HepSettings,
}

/// The app's own name.
pub(super) fn name(feed: Feed) -> &'static str {
    match feed {
        Feed::OpenWearables => "Open Wearables",
        Feed::HealthSync => "HealthSync",
        Feed::HealthExportPro => "Health Export Pro",
        Feed::HealthAutoExport => "Health Auto Export",
        Feed::HealthSave => "HealthSave",
        Feed::Vitalog => "Vitalog",
    }
}

/// Kinds of data that Health Auto Export sends apart; the first two are what most people want.
const DATA_TYPES: [(&str, &str); 7] = [
    ("healthMetrics", health::key!("Measurements")),
    ("workouts", health::key!("Workouts")),
    ("symptoms", health::key!("Symptoms")),
    ("ecg", health::key!("Electrocardiograms")),
    ("heartRateNotifications", health::key!("Heart rate notifications")),
    ("stateOfMind", health::key!("State of mind")),
    ("medications", health::key!("Medications")),
];

impl Guide {
    /// The page.
    pub fn page(&self) -> String {
        let mut lines = vec![line("address", &say!("Address"), &self.address())];
        lines.push(match self.feed {
            Feed::OpenWearables => line("key", &say!("Invitation code"), &self.secret),
            _ => line("key", &say!("Key"), &self.secret),
        });
        if let Some(other) = &self.other {
            let text = say!("Address that stays when the computer's number changes");
            lines.push(line("other", &text, &(other.clone() + self.path())));
        }
        if self.feed == Feed::HealthAutoExport {
            lines.extend(DATA_TYPES.map(|(word, name)| link(&self.link(word), health::language::word(name).as_ref())));
        }
        if self.base.starts_with("http:") {
            let text = say!("Not encrypted: anyone on this network who records it can read what this app sends.");
            lines.push(paragraph(&text));
        }
        page(name(self.feed), None, &(lines.concat() + &steps(&self.steps())))
    }

    /// What the app wants after the base.
    fn path(&self) -> &'static str {
        if self.feed == Feed::HealthAutoExport { "/api/hae?agg=raw" } else { "" }
    }

    fn address(&self) -> String {
        self.base.clone() + self.path()
    }

    fn steps(&self) -> Vec<String> {
        let last = say!("Keep this page until the first data arrived; it closes after ten minutes.");
        let own = match self.feed {
            Feed::OpenWearables => {
                vec![
                    say!("Open the app, and give the address and the invitation code."),
                    say!("Allow access to Health."),
                ]
            }
            Feed::HealthSync => vec![
                say!("In the app's settings, paste the address as server and the key as token."),
                say!("Choose Test connection."),
            ],
            Feed::HealthExportPro => {
                let path = self.hep.path.as_deref().unwrap_or("/api/health-data");
                vec![
                    say!("Paste the address as server, with the path {path}.", path),
                    say!("As authentication choose Bearer, and paste the key."),
                ]
            }
            Feed::HealthAutoExport => vec![
                say!("Tap a button above for each kind of data: it makes an automation with address and key."),
                say!("Should the automation be off, switch it on in the app, and run it once."),
            ],
            Feed::HealthSave => {
                vec![say!("In the app's settings, paste the address as server and the key as API key.")]
            }
            Feed::Vitalog => vec![say!("Give the other Vitalog the address and the key.")],
        };
        own.into_iter().chain([last]).collect()
    }

    /// A link that makes an automation. `period=none` is the day before and today, each time: what comes late is not
    /// missed, and what comes twice is known.
    fn link(&self, data_type: &str) -> String {
        format!(
            "com.HealthExport://automation?name=Vitalog%20{data_type}&url={}&headers=x-api-key,{}&format=json\
             &exportversion=v2&datatype={data_type}&period=none&interval=none&aggregatedata=false&aggregatesleep=false\
             &batchrequests=true&requesttimeout=600&syncinterval=hours&syncquantity=1&enabled=true",
            escaped(&self.address()),
            escaped(&self.secret),
        )
    }
}

/// A text inside a link.
fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guide(feed: Feed) -> Guide {
        let (base, secret) = ("http://192.168.1.20:8787".to_owned(), "hi_ABC".to_owned());
        Guide { feed, base, other: Some("http://x-hv.local:8787".to_owned()), secret, hep: HepSettings::default() }
    }

    #[test]
    fn every_app_is_told_its_address_and_key() {
        for feed in Feed::ALL {
            let page = guide(feed).page();
            for part in ["http://192.168.1.20:8787", "http://x-hv.local:8787", "hi_ABC", "<ol>", name(feed)] {
                assert!(page.contains(part), "{feed:?}: {part}");
            }
        }
    }

    #[test]
    fn who_could_read_along_is_told_where_somebody_could() {
        let plain = guide(Feed::HealthSync);
        assert!(plain.page().contains("Not encrypted"));
        let base = "https://192.168.1.20:8787".to_owned();
        assert!(!Guide { base, ..plain }.page().contains("Not encrypted"));
    }

    #[test]
    fn the_link_carries_address_and_key_and_asks_for_samples() {
        let link = guide(Feed::HealthAutoExport).link("workouts");
        let start = "com.HealthExport://automation?name=Vitalog%20workouts\
                     &url=http%3A%2F%2F192.168.1.20%3A8787%2Fapi%2Fhae%3Fagg%3Draw&headers=x-api-key,hi_ABC&format=json";
        assert!(link.starts_with(start), "{link}");
        assert!(link.contains("&datatype=workouts&period=none&") && !link.contains(' '), "{link}");
    }
}
