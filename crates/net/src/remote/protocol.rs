//! What servers speak: rows into requests, answers into what became of them.
//!
//! One more server is one more [`Protocol`]: its encoder stands in `health::formats` beside the decoder, and here is
//! said how much goes into a request, where it goes, and what its answers mean. A protocol that asks more than one
//! question, or asks later what was stored, does so in [`Protocol::deliver`].

use std::time::Duration;

use health::digest::sha256;
use health::formats::open_wearables::encode::lines as wearables;
use health::formats::outgoing::{Held, Outgoing, made_uuid};
use health::formats::{health_export_pro, healthsync, postgresql as rows, vitalog};
use health::phone::Retraction;
use serde_json::{Map, Value as Json};
use store::remotes::Mark;

use super::address::Address;
use super::client::{Answer, Client, Request, Secret};
use super::{influxdb, open_wearables, postgresql};
use crate::error::{ErrorKind, Result};

const JSON: &str = "application/json";
const LINES: &str = "application/x-ndjson";

/// What a server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// Another Vitalog: everything, and what is gone.
    Vitalog,
    /// A backend of the kind that HealthSync sends to.
    HealthSync,
    /// A receiver of the kind that Health Export Pro sends to.
    HealthExportPro,
    /// An Open Wearables server.
    OpenWearables,
    /// A PostgreSQL database: everything in tables, and what is gone.
    PostgreSql,
    /// InfluxDB's line protocol: samples and workouts, and what is gone.
    InfluxDb,
}

/// How much goes into one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Rows.
    pub rows: usize,
    /// Bytes of their texts; a single row may be longer.
    pub bytes: usize,
}

/// A row on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// As its protocol sends it.
    pub row: Outgoing,
    /// By what the ledger knows it.
    pub mark: Mark,
}

impl Piece {
    /// The row with its numbers.
    pub fn new(row: Outgoing) -> Self {
        let mark = Mark { identity: number(&row.identity), fingerprint: number(&row.text) };
        Self { row, mark }
    }
}

/// The number of a text in the ledger.
pub(super) fn number(text: &str) -> u64 {
    let hash = sha256(text.as_bytes());
    hash.first_chunk().map_or(0, |first| u64::from_le_bytes(*first))
}

/// Rows that a server has no more to have, by what it was told of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gone {
    /// As in a JSON line.
    pub record: String,
    /// Identifier of the type of samples; else empty.
    pub kind: String,
    /// The time in which they start.
    pub range_ms: (i64, i64),
    /// Which.
    pub marks: Vec<Mark>,
    /// Nothing at all is left of that time.
    pub is_all: bool,
}

/// What one request carries.
#[derive(Debug, Clone)]
pub struct Batch<'a> {
    /// Rows.
    pub rows: &'a [&'a Piece],
    /// What is taken back, before the rows; empty where the protocol has no word for it.
    pub gone: &'a [Gone],
    /// When, for protocols that say so.
    pub now_ms: i64,
    /// What names this installation for that server; it never changes.
    pub device: &'a str,
}

/// What lets us in.
pub struct Entry<'a> {
    /// The secret; empty where the server asks for none.
    pub secret: Secret,
    /// Whom it is sent for, as the server spells it; empty where it asks for none.
    pub user: &'a str,
    /// The server took something before.
    pub opened: bool,
    /// Keeps a secret that a server gives in place of the old one; durably when it returns.
    pub keep: &'a mut (dyn FnMut(&Secret) -> Result<()> + Send),
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The server has all of it.
    Stored,
    /// The server took all of it, and nobody can look whether it is stored.
    Accepted,
    /// The server has some of it, or none, and repeating it would change nothing: its words.
    Refused(String),
    /// The server has all but these, by their places, and repeating them would change nothing: its words.
    Partly(Vec<(usize, String)>),
    /// It can be tried again later, after so long at least: its words.
    Later(Option<Duration>, String),
    /// The owner has to do something first: a code, and its words.
    Stop(&'static str, String),
}

impl Protocol {
    /// Every protocol.
    pub const ALL: [Self; 6] =
        [Self::Vitalog, Self::HealthSync, Self::HealthExportPro, Self::OpenWearables, Self::PostgreSql, Self::InfluxDb];

    /// The short word, on the command line and in the store.
    pub fn word(self) -> &'static str {
        match self {
            Self::Vitalog => "vitalog",
            Self::HealthSync => "healthsync",
            Self::HealthExportPro => "health-export-pro",
            Self::OpenWearables => "open-wearables",
            Self::PostgreSql => "postgresql",
            Self::InfluxDb => "influxdb",
        }
    }

    /// The protocol of a word.
    pub fn find(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|protocol| protocol.word() == word)
    }

    /// Whether it has a place for records of a sort: the key `record` of a JSON line.
    pub fn carries(self, record: &str) -> bool {
        match self {
            Self::Vitalog | Self::PostgreSql => true,
            Self::HealthSync | Self::HealthExportPro | Self::OpenWearables | Self::InfluxDb => {
                matches!(record, "sample" | "workout")
            }
        }
    }

    /// Whether it has a word for what is gone: of Open Wearables, for nights and workouts alone.
    pub fn takes_back(self) -> bool {
        matches!(self, Self::Vitalog | Self::OpenWearables | Self::PostgreSql | Self::InfluxDb)
    }

    /// Whether rows go together with others of their day, and are made into pieces by
    /// [`wearables::lines`]; else one by one.
    pub fn is_together(self) -> bool {
        self == Self::OpenWearables
    }

    /// Reads the address of such a server.
    ///
    /// Errors: as [`Address::parse`], and one of another kind of server, or that lacks what this one needs: a user and
    /// a name of a database, a bucket (`BadAddress`).
    pub fn address(self, text: &str) -> Result<Address> {
        let address = Address::parse(text)?;
        let is_its_own = match self {
            Self::PostgreSql => postgresql::is_address(&address),
            Self::InfluxDb => !address.is_database() && influxdb::is_address(&address),
            Self::Vitalog | Self::HealthSync | Self::HealthExportPro | Self::OpenWearables => {
                !address.is_database() && address.has_only(&[])
            }
        };
        if is_its_own { Ok(address) } else { Err(ErrorKind::BadAddress.into()) }
    }

    /// Where rows go, below the server's address; a database has no such place.
    pub fn path(self) -> &'static str {
        match self {
            Self::Vitalog => "/api/vitalog",
            Self::HealthSync => "/api/apple-health/sync",
            Self::HealthExportPro => "/api/health-data",
            Self::OpenWearables => "/api/v1",
            Self::PostgreSql => "",
            Self::InfluxDb => influxdb::WRITE,
        }
    }

    /// How much goes into one request.
    pub fn limits(self) -> Limits {
        match self {
            // A body under a mebibyte is read before it is answered, so that the answer says what was refused.
            Self::Vitalog => Limits { rows: 4_000, bytes: 900 * 1024 },
            Self::HealthSync | Self::HealthExportPro => Limits { rows: 2_000, bytes: 900 * 1024 },
            // It has no limit of its own; a proxy before it may. One request for each source of the rows.
            Self::OpenWearables => Limits { rows: 2_000, bytes: 2 << 20 },
            // A transaction takes as long as the disk of the server; many rows share it.
            Self::PostgreSql => Limits { rows: 10_000, bytes: 4 * 1024 * 1024 },
            // As many lines as its makers advise.
            Self::InfluxDb => Limits { rows: 5_000, bytes: 2 * 1024 * 1024 },
        }
    }

    /// The row that a JSON line is; of equal ones the `nth`, from 0. Where rows go together ([`Self::is_together`]) it
    /// is what the line is by itself.
    ///
    /// Errors: why it is not sent.
    pub fn encode(self, line: &Map<String, Json>, nth: u32) -> std::result::Result<Piece, Held> {
        let row = match self {
            Self::Vitalog => vitalog::encode(line, nth),
            Self::HealthSync => healthsync::encode(line, nth),
            Self::HealthExportPro => health_export_pro::encode(line, nth),
            Self::OpenWearables => wearables::alone(line),
            Self::PostgreSql => rows::encode(line, nth),
            Self::InfluxDb => return influxdb::encode(line, nth),
        };
        row.map(Piece::new)
    }

    /// The text of what is sent, for people.
    pub fn body(self, batch: &Batch<'_>) -> String {
        let rows = || batch.rows.iter().map(|piece| &piece.row).collect::<Vec<_>>();
        match self {
            Self::Vitalog => lines(batch),
            Self::HealthSync => healthsync::body(&rows(), &made_uuid(batch.device), "UTC", batch.now_ms),
            Self::HealthExportPro => health_export_pro::body(&rows(), batch.now_ms),
            Self::OpenWearables => {
                let bodies = wearables::bodies(&rows(), batch.now_ms);
                bodies.iter().map(|body| body.text.as_str()).collect::<Vec<_>>().join("\n")
            }
            Self::PostgreSql => postgresql::body(batch),
            Self::InfluxDb => influxdb::body(batch),
        }
    }

    /// Sends a batch, and says what became of it.
    ///
    /// Errors: as [`Client::ask`]; then nobody knows what became of it, and it is sent again.
    pub async fn deliver(self, client: &Client, entry: &mut Entry<'_>, batch: &Batch<'_>) -> Result<Verdict> {
        let secret = &entry.secret;
        match self {
            Self::OpenWearables => return open_wearables::deliver(client, entry, batch).await,
            Self::PostgreSql => return postgresql::deliver(client, secret, batch).await,
            Self::InfluxDb => return influxdb::deliver(client, secret, batch).await,
            Self::Vitalog | Self::HealthSync | Self::HealthExportPro => {}
        }
        let content_type = if self == Self::Vitalog { LINES } else { JSON };
        let secret = (!secret.is_empty()).then(|| ("authorization".to_owned(), Some("Bearer"), secret.clone()));
        let body = self.body(batch).into_bytes();
        let request =
            Request { method: "POST", path: self.path().to_owned(), secret, content_type: Some(content_type), body };
        Ok(self.verdict(&client.ask(request).await?, batch.rows.len()))
    }

    /// Asks whether the server is there and takes the secret; nothing of anybody's is sent. A database gets its tables,
    /// if they are not there.
    ///
    /// Errors: as [`Client::ask`].
    pub async fn greet(self, client: &Client, entry: &mut Entry<'_>, now_ms: i64, device: &str) -> Result<Verdict> {
        match self {
            Self::OpenWearables => return open_wearables::greet(client, entry, now_ms).await,
            Self::PostgreSql => return postgresql::greet(client, &entry.secret).await,
            _ => {}
        }
        self.deliver(client, entry, &Batch { rows: &[], gone: &[], now_ms, device }).await
    }

    /// What an answer to so many rows means.
    pub fn verdict(self, answer: &Answer, sent: usize) -> Verdict {
        let words = answer.words();
        match answer.status {
            200..=299 => match self.refused_of(&answer.json(), sent) {
                0 => Verdict::Stored,
                _ => Verdict::Refused(String::new()),
            },
            401 | 403 => Verdict::Stop("unauthorized", words),
            404 | 405 => Verdict::Stop("not_there", words),
            408 | 425 | 429 | 500..=599 => Verdict::Later(answer.retry_after, words),
            _ => Verdict::Refused(words),
        }
    }

    /// How many rows an answer of success says were refused all the same.
    fn refused_of(self, answer: &Json, sent: usize) -> u64 {
        let number = |key: &str| answer.get(key).and_then(Json::as_u64);
        match self {
            Self::Vitalog => number("rejected").unwrap_or(0),
            // It says nothing about refused ones.
            Self::HealthSync => 0,
            // Runs say it, not this answer.
            Self::OpenWearables => 0,
            // These say it by their status.
            Self::PostgreSql | Self::InfluxDb => 0,
            Self::HealthExportPro => {
                let counted = ["count", "total", "records"].into_iter().find_map(number);
                counted.map_or(0, |counted| (sent as u64).saturating_sub(counted))
            }
        }
    }
}

/// Lines for another Vitalog: what is gone, then rows. Each has its name, by which it can be taken back.
fn lines(batch: &Batch<'_>) -> String {
    let mut text = String::new();
    for gone in batch.gone {
        let names = gone.marks.iter().map(name).collect();
        let Gone { record, kind, range_ms, .. } = gone.clone();
        text.push_str(&vitalog::gone(&Retraction { record, kind, range_ms, names }).to_string());
        text.push('\n');
    }
    for piece in batch.rows {
        // The text is an object with a key at least.
        text.push_str(&format!("{{\"row\":\"{}\",", name(&piece.mark)));
        text.push_str(piece.row.text.strip_prefix('{').unwrap_or(&piece.row.text));
        text.push('\n');
    }
    text
}

/// The name of a row at the far side.
pub(super) fn name(mark: &Mark) -> String {
    format!("{:016x}{:016x}", mark.identity, mark.fingerprint)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer { status, retry_after: None, body: body.into() }
    }

    #[test]
    fn statuses_say_what_becomes_of_a_batch() {
        for protocol in Protocol::ALL {
            assert_eq!(Protocol::find(protocol.word()), Some(protocol));
            let check = |status, expected: Verdict| {
                assert_eq!(protocol.verdict(&answer(status, "no"), 3), expected, "{protocol:?} {status}");
            };
            check(200, Verdict::Stored);
            check(202, Verdict::Stored);
            check(401, Verdict::Stop("unauthorized", "no".into()));
            check(403, Verdict::Stop("unauthorized", "no".into()));
            check(404, Verdict::Stop("not_there", "no".into()));
            [429, 500, 502, 503].into_iter().for_each(|status| check(status, Verdict::Later(None, "no".into())));
            [400, 409, 413, 415, 422].into_iter().for_each(|status| check(status, Verdict::Refused("no".into())));
        }
    }

    #[test]
    fn an_answer_of_success_may_say_that_rows_were_refused() {
        let check = |protocol: Protocol, body: &str, all: bool| {
            let expected = if all { Verdict::Stored } else { Verdict::Refused(String::new()) };
            assert_eq!(protocol.verdict(&answer(200, body), 3), expected, "{protocol:?} {body}");
        };
        check(Protocol::Vitalog, r#"{"ok":true,"received":3,"rejected":0}"#, true);
        check(Protocol::Vitalog, r#"{"ok":true,"received":3,"rejected":1}"#, false);
        check(Protocol::HealthExportPro, r#"{"ok":true,"count":3}"#, true);
        check(Protocol::HealthExportPro, r#"{"records":2}"#, false);
        check(Protocol::HealthExportPro, "", true);
        check(Protocol::HealthSync, r#"{"ok":true,"received":3,"duplicates":3}"#, true);
    }

    #[test]
    fn a_row_has_its_name_and_what_is_gone_comes_first() {
        let line = serde_json::json!({"record": "sample", "type": "T"});
        let piece = Protocol::Vitalog.encode(line.as_object().expect("a line"), 0).expect("a row");
        let gone = Gone {
            record: "sample".into(),
            kind: "T".into(),
            range_ms: (0, 86_400_000),
            marks: vec![Mark { identity: 1, fingerprint: 2 }],
            is_all: false,
        };
        let batch = Batch { rows: &[&piece], gone: &[gone], now_ms: 0, device: "d" };
        let body = Protocol::Vitalog.body(&batch);
        let lines: Vec<Json> = body.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!(lines[0]["rows"], serde_json::json!(["00000000000000010000000000000002"]));
        assert_eq!(lines[1]["row"], name(&piece.mark));
        assert_eq!((lines.len(), &lines[1]["type"]), (2, &Json::from("T")));
    }
}
