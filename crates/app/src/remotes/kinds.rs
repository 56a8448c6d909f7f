//! What each kind of server asks for when one is added: one table for every face. Asks nobody anything.

use health::EntryKind;
use health::key;
use health::kind::get_or_guess;
use health::language::word;
use net::remote::Protocol;
use serde::Serialize;
use store::remotes::{SAMPLE, Series};

use super::{NewServer, Way};
use crate::error::{Code, Error, Result};

/// A kind of server, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Kind {
    /// The word of its protocol.
    pub protocol: &'static str,
    /// What it is called.
    pub name: &'static str,
    /// What it is, and what it gets: a sentence.
    pub about: String,
    /// How an address of one may look.
    pub example: &'static str,
    /// How one signs in there, the usual way first.
    pub ways: Vec<WayOf>,
    /// What is said where it keeps data of several people and asks for whom it is sent; absent where it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Whether it can be asked to take back what is gone here.
    pub takes_back: bool,
    /// What it has a place for besides samples.
    pub records: Vec<RecordName>,
}

/// A way to sign in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WayOf {
    /// Its short word, as of [`Way::word`].
    pub way: &'static str,
    /// What the way is called.
    pub name: String,
    /// What is typed besides the secret; absent where nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What the secret is called; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// Where it is found, or what becomes of it; may be empty.
    pub note: String,
    /// Whether one signs in so again, where the server is there already.
    pub again: bool,
}

/// A sort of records that are no samples.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecordName {
    /// The word, as [`NewServer::types`] takes it.
    pub word: &'static str,
    /// What it is called.
    pub name: String,
}

/// The table.
struct Asks {
    name: &'static str,
    about: &'static str,
    example: &'static str,
    /// Word, name, what is typed besides, the secret, a note.
    ways: &'static [(&'static str, &'static str, &'static str, &'static str, &'static str)],
    /// Empty where nobody asks.
    user: &'static str,
}

const KEY: &str = key!("Key");
const NO_SECRET: (&str, &str, &str, &str, &str) =
    ("none", key!("Without a key"), "", "", key!("Only where the server asks for none."));
const NO_PASSWORD: (&str, &str, &str, &str, &str) =
    ("none", key!("Without a password"), "", "", key!("Only where the server asks for none."));

fn asks(protocol: Protocol) -> Asks {
    match protocol {
        Protocol::Vitalog => Asks {
            name: "Vitalog",
            about: key!(
                "Another Vitalog, on a computer of yours: it gets everything, and what is gone here goes there."
            ),
            example: "https://192.168.1.20:8787",
            ways: &[(
                "key",
                KEY,
                "",
                KEY,
                key!("The other Vitalog shows it once: Phone sync, Pair a phone, another Vitalog, by hand."),
            )],
            user: "",
        },
        Protocol::HealthSync => Asks {
            name: "HealthSync",
            about: key!("A server of your own of the kind that HealthSync sends to. It gets samples and workouts."),
            example: "https://health.example",
            ways: &[("key", KEY, "", KEY, key!("The token that the server expects.")), NO_SECRET],
            user: "",
        },
        Protocol::HealthExportPro => Asks {
            name: "Health Export Pro",
            about: key!(
                "A server of your own of the kind that Health Export Pro sends to. It gets samples and workouts."
            ),
            example: "https://health.example",
            ways: &[("key", KEY, "", KEY, key!("The token that the server expects.")), NO_SECRET],
            user: "",
        },
        Protocol::OpenWearables => Asks {
            name: "Open Wearables",
            about: key!("An Open Wearables server of your own. It gets workouts, sleep, and the types that it knows."),
            example: "https://wearables.example",
            ways: &[
                ("key", key!("API key"), "", key!("API key"), key!("The server makes one: in its console, API keys.")),
                (
                    "login",
                    key!("E-mail and password"),
                    key!("E-mail address"),
                    key!("Password"),
                    key!("A key is made with it. The password itself is not kept."),
                ),
                (
                    "app",
                    key!("Application"),
                    key!("Application id"),
                    key!("Application secret"),
                    key!("It may send only: what the server stored cannot be looked at."),
                ),
                (
                    "invitation",
                    key!("Invitation code"),
                    "",
                    key!("Invitation code"),
                    key!("It works once, and says who the user is."),
                ),
            ],
            user: key!(
                "A name that you choose, and the user is made; with an application the server’s own id. Empty: one for this computer."
            ),
        },
        Protocol::PostgreSql => Asks {
            name: "PostgreSQL",
            about: key!("A PostgreSQL of your own: everything in tables, for SQL and Grafana."),
            example: "postgres://user@192.168.1.20:5432/health",
            ways: &[("key", key!("Password"), "", key!("Password"), ""), NO_PASSWORD],
            user: "",
        },
        Protocol::InfluxDb => Asks {
            name: "InfluxDB",
            about: key!("An InfluxDB of your own: samples and workouts as points, for Grafana."),
            example: "https://influx.example:8086?org=home&bucket=health",
            ways: &[("key", key!("Token"), "", key!("Token"), key!("One that may read and write the bucket."))],
            user: "",
        },
    }
}

/// What else than samples a server may be sent: words and names.
const RECORDS: [(&str, &str); 14] = [
    ("workout", key!("Workouts")),
    ("activity_summary", key!("Activity rings")),
    ("ecg", key!("Electrocardiograms")),
    ("route", key!("Routes")),
    ("correlation", key!("Blood pressure and food as one entry")),
    ("sleep_summary", key!("Nights as an app summed them up")),
    ("aggregate", key!("Sums that an app made")),
    ("medication", key!("Medications")),
    ("medication_dose", key!("Doses of medications")),
    ("state_of_mind", key!("States of mind")),
    ("clinical_record", key!("Clinical records")),
    ("audiogram", key!("Hearing tests")),
    ("vision_prescription", key!("Glasses and lenses")),
    ("profile", key!("Birth date, sex and blood type")),
];

/// Every kind, in the order in which they are offered.
pub fn kinds() -> Vec<Kind> {
    Protocol::ALL.into_iter().map(kind).collect()
}

fn kind(protocol: Protocol) -> Kind {
    let asks = asks(protocol);
    let told = |text: &str| Some(text).filter(|text| !text.is_empty()).map(word);
    let way = |&(way, name, id, secret, note): &(&'static str, &str, &str, &str, &str)| WayOf {
        way,
        name: word(name),
        id: told(id),
        secret: told(secret),
        note: told(note).unwrap_or_default(),
        again: matches!(way, "key" | "app"),
    };
    let records = RECORDS.into_iter().filter(|(record, _)| protocol.carries(record));
    Kind {
        protocol: protocol.word(),
        name: asks.name,
        about: word(asks.about),
        example: asks.example,
        ways: asks.ways.iter().map(way).collect(),
        user: told(asks.user),
        takes_back: protocol.takes_back(),
        records: records.map(|(record, name)| RecordName { word: record, name: word(name) }).collect(),
    }
}

/// What a kind of server is called; its word where nobody knows it.
pub(super) fn name(protocol: &str) -> &str {
    Protocol::find(protocol).map_or(protocol, |protocol| asks(protocol).name)
}

/// The protocol of a word.
pub(super) fn find(protocol: &str) -> Result<Protocol> {
    let none =
        || Error::new(Code::BadUsage, word(key!("There is no such kind of server.")), "`vitalog remote add --help`");
    Protocol::find(protocol).ok_or_else(none)
}

/// Fails where a kind of server knows no such way to sign in, or nobody to send for.
pub(super) fn check(protocol: Protocol, new: &NewServer) -> Result<()> {
    let asks = asks(protocol);
    let open = new.secret.as_ref().is_none_or(super::Secret::is_empty);
    let way = if open { &Way::Open } else { &new.way };
    if !asks.ways.iter().any(|known| known.0 == way.word()) {
        let message = if open {
            key!("This kind of server asks for a secret.")
        } else {
            key!("Nobody signs in so at this kind of server.")
        };
        return Err(Error::new(Code::BadUsage, word(message), ""));
    }
    if let Way::Login(id) | Way::App(id) = way
        && id.is_empty()
    {
        return Err(Error::new(Code::BadUsage, word(key!("Say who signs in, too.")), ""));
    }
    match &new.user {
        Some(_) if asks.user.is_empty() => {
            Err(Error::new(Code::BadUsage, word(key!("This kind of server keeps data of one person only.")), ""))
        }
        _ => Ok(()),
    }
}

/// The sort of rows of a series, for people: the name of a type, or of a sort of records.
pub(super) fn sort_of(series: &Series) -> String {
    if series.record == SAMPLE {
        return word(&get_or_guess(&series.kind, None).name);
    }
    RECORDS
        .iter()
        .find(|(record, _)| *record == series.record)
        .map_or_else(|| series.record.clone(), |(_, name)| word(name))
}

/// Whether a word is one of records that are no samples.
pub(super) fn is_record(word: &str) -> bool {
    word == "aggregate" || EntryKind::ALL.into_iter().chain(EntryKind::PHONE).any(|kind| kind.as_str() == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_can_be_signed_in_to_and_every_sort_of_record_has_a_name() {
        for kind in kinds() {
            assert!(!kind.ways.is_empty() && !kind.name.is_empty(), "{}", kind.protocol);
            for way in &kind.ways {
                let known = Way::of(way.way, "somebody").expect("a way");
                assert_eq!((known.word(), way.secret.is_none()), (way.way, known == Way::Open), "{}", kind.protocol);
            }
        }
        let named: Vec<&str> = RECORDS.into_iter().map(|(word, _)| word).collect();
        let all = EntryKind::ALL.into_iter().chain(EntryKind::PHONE).map(EntryKind::as_str);
        all.for_each(|word| assert!(named.contains(&word), "{word} has no name"));
        assert!(named.iter().all(|word| is_record(word)));
        assert_eq!(kinds()[0].records.len(), RECORDS.len(), "another Vitalog gets everything");
    }

    #[test]
    fn rows_are_named_by_their_type_or_sort() {
        let named = |record: &str, kind: &str| sort_of(&Series { record: record.into(), kind: kind.into() });
        assert_eq!(named("sample", "HKQuantityTypeIdentifierHeartRate"), "Heart Rate");
        assert_eq!(named("workout", ""), "Workouts");
        assert_eq!(named("of_tomorrow", ""), "of_tomorrow");
    }
}
