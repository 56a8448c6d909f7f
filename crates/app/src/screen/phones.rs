//! The screen of phones: who receives and where, who asks to be let in, each phone with how it stands, and what came.

use health::formats::phone::REASONS;
use health::phone::Feed;
use health::time::format_instant;
use net::DeliveryLine;
use net::guide::{self, Reader};
use serde::Serialize;

use crate::error::Result;
use crate::folder::Folder;
use crate::odd;
use crate::pairing::{self, Guest, InvitationAnswer};
use crate::phones::{self, AddedAnswer, DeviceAnswer};
use crate::receiver::{self, certificate};
use crate::silence::{self, Around, TurnedAway, Why};

/// Deliveries that are shown.
const MOST: usize = 50;
/// What counts as lately.
const DAY_MS: i64 = 24 * 3_600_000;

/// What the screen shows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Phones {
    /// Who receives.
    pub receiver: Receiving,
    /// Apps that can be paired.
    pub apps: Vec<AppOf>,
    /// Who used a code and waits for the owner's word.
    pub asking: Vec<Asking>,
    /// Every phone's app, the oldest first, those shut out at the end.
    pub devices: Vec<DeviceRow>,
    /// The latest deliveries, the newest first.
    pub deliveries: Vec<DeliveryRow>,
    /// Whom the receiver turned away lately, where that is known.
    pub turned_away: Vec<TurnedAway>,
    /// How many wait for the owner's word.
    pub waiting: u64,
}

/// Who receives, and where.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Receiving {
    /// Whether any program does.
    pub on: bool,
    /// Where, as phones are told.
    pub urls: Vec<String>,
    /// Since when.
    pub since: Option<String>,
    /// Whether it is to begin with the window.
    pub wanted: bool,
    /// Bodies that are not in the store yet.
    pub pending: u64,
    /// SHA-256 of the certificate that phones compare, in hexadecimal digits; none where nothing is encrypted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
}

/// An app on a phone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AppOf {
    /// Its word, as in `devices add --app`.
    pub app: &'static str,
    /// Its own name.
    pub name: &'static str,
    /// What is done in it once address and key are there.
    pub steps: Vec<String>,
}

/// Somebody with a code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Asking {
    /// Number of the invitation.
    pub pairing: i64,
    /// Who.
    #[serde(flatten)]
    pub guest: Guest,
}

/// One phone's app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeviceRow {
    /// The keys of `vitalog devices list`.
    #[serde(flatten)]
    pub row: DeviceAnswer,
    /// The app's own name.
    pub app_name: &'static str,
    /// New records of the last 24 hours.
    pub lately: u64,
    /// Bodies that are not in the store yet.
    pub pending: u64,
    /// How it stands.
    pub why: Why,
}

/// One delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeliveryRow {
    /// The keys of `vitalog deliveries`.
    #[serde(flatten)]
    pub row: DeliveryLine,
    /// What its phone is called now.
    pub name: String,
    /// What was wrong, in words.
    pub said: Vec<Said>,
}

/// What was wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Said {
    /// In words, to follow "it" or "a record".
    pub text: String,
    /// How often.
    pub count: u64,
    /// Whether it is about records; else about all that came at once.
    pub of_records: bool,
}

/// What an invitation shows: once, and nowhere else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Invitation {
    /// The keys of `vitalog pair --json`.
    #[serde(flatten)]
    pub invited: InvitationAnswer,
    /// The first address as a picture: SVG.
    pub picture: Option<String>,
}

/// What an app is told by hand: once, and nowhere else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Added {
    /// The keys of `vitalog devices add`.
    #[serde(flatten)]
    pub added: AddedAnswer,
    /// What is typed as server, with what the app wants after it.
    pub address: String,
    /// What is done in the app.
    pub steps: Vec<String>,
    /// Links that do it.
    pub links: Vec<Link>,
    /// The same without encryption, where both are offered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plain: Option<Plain>,
}

/// What an app is told that is not to encrypt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Plain {
    /// What is typed as server, with what the app wants after it.
    pub address: String,
    /// Links that do it.
    pub links: Vec<Link>,
}

/// A link into an app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Link {
    /// What it sets up.
    pub name: String,
    /// Where it leads.
    pub link: String,
}

/// Tells everything about phones. Cheap enough to be asked whenever something happens.
pub fn phones(folder: &Folder, turned_away: &[TurnedAway], now_ms: i64) -> Result<Phones> {
    let store = folder.read()?;
    let around = Around::now(folder, turned_away, now_ms).shown();
    let pending = receiver::pending(folder, &store)?;
    let hep_path = store.setting("hep_path")?.filter(|path| !path.is_empty());
    let mut devices = Vec::new();
    for peer in store.peers()? {
        devices.push(DeviceRow {
            app_name: guide::name(peer.feed),
            lately: store.new_since(peer.id, now_ms - DAY_MS)?,
            pending: pending.get(&peer.id).copied().unwrap_or_default(),
            why: silence::of(&store, &peer, pending.get(&peer.id).copied().unwrap_or_default(), &around)?,
            row: peer.into(),
        });
    }
    devices.sort_by_key(|device| device.row.state == "revoked");
    let asking: Vec<Asking> =
        pairing::asking(&store, now_ms)?.into_iter().map(|(pairing, guest)| Asking { pairing, guest }).collect();
    let unknown = devices.iter().filter(|device| device.row.state == "waiting").count();
    let deliveries = store.deliveries(None, MOST)?.into_iter().map(|it| {
        let of = devices.iter().find(|device| device.row.device == it.peer);
        let name = of.map(|of| of.row.name.clone()).unwrap_or_default();
        let app = of.and_then(|of| Feed::ALL.map(Feed::app).into_iter().find(|app| *app == of.row.app));
        let row = phones::delivery(it, app);
        let said = row.problems.iter().map(|problem| said(&problem.reason, problem.count, row.state)).collect();
        DeliveryRow { row, name, said }
    });
    let urls = around.at.as_ref().map(|at| at.urls.clone()).unwrap_or_default();
    let is_encrypted = urls.iter().any(|url| url.starts_with("https:"));
    let fingerprint = if is_encrypted { certificate::certificate(folder)?.fingerprint } else { None };
    Ok(Phones {
        deliveries: deliveries.collect(),
        waiting: (asking.len() + unknown) as u64,
        receiver: Receiving {
            on: around.at.is_some(),
            urls,
            fingerprint,
            since: around.at.as_ref().and_then(|at| at.since_ms).map(format_instant),
            wanted: receiver::is_wanted(folder),
            pending: pending.values().sum(),
        },
        apps: Feed::ALL.map(|feed| app_of(feed, hep_path.as_deref())).into(),
        asking,
        devices,
        turned_away: turned_away.to_vec(),
    })
}

fn app_of(feed: Feed, hep_path: Option<&str>) -> AppOf {
    AppOf { app: feed.app(), name: guide::name(feed), steps: guide::steps(feed, hep_path, Reader::Phone) }
}

fn said(code: &str, count: u64, state: &str) -> Said {
    let is_of_records = REASONS.contains(&code) || odd::is_flag(code);
    Said { text: odd::said(code), count, of_records: state != "unreadable" && is_of_records }
}

/// Invites a phone, as [`pairing::invite`] does.
pub fn invite(folder: &Folder, app: Option<&str>, name: Option<&str>, now_ms: i64) -> Result<Invitation> {
    let invited = pairing::invite(folder, app, name, now_ms)?;
    Ok(Invitation { picture: invited.picture(), invited })
}

/// Adds a phone's app by hand, as [`phones::add`] does.
pub fn add(folder: &Folder, app: &str, name: &str, now_ms: i64) -> Result<Added> {
    let feed = phones::feed(app)?;
    let added = phones::add(folder, app, name, now_ms)?;
    let key = added.token.as_deref().or(added.access_token.as_deref()).unwrap_or_default();
    let with_path = |url: &String| url.clone() + guide::path(feed);
    let links = |address: &str| {
        guide::links(feed, address, key).into_iter().map(|(name, link)| Link { name, link }).collect::<Vec<_>>()
    };
    let address = with_path(&added.url);
    let plain = added.plain_url.as_ref().map(with_path).map(|address| Plain { links: links(&address), address });
    let steps = guide::steps(feed, added.path.as_deref(), Reader::Computer);
    Ok(Added { steps, links: links(&address), address, plain, added })
}

/// How many records of all sorts a phone's app brought that are still there: what its undo would take back.
pub fn brought(folder: &Folder, device: i64) -> Result<u64> {
    let store = folder.read()?;
    let import = store.peer(device)?.and_then(|peer| peer.import_id);
    let stock = import.map(|import| store.device_stock(import)).transpose()?.unwrap_or_default();
    Ok(stock.iter().map(|row| row.count).sum())
}

#[cfg(test)]
mod tests {
    use health::language::{Language, speak};
    use store::peers::{NewDelivery, Outcome, ProblemOf, Seen, Standing, State};

    use super::*;
    use crate::testing::TestFolder;

    const NOW: i64 = 1_773_471_600_000;

    fn deliver(folder: &Folder, peer: i64, spool: &str, state: State, reason: &str, new: u64) {
        let mut store = folder.write().expect("a store");
        let seen = Seen { at_ms: NOW, address: "192.168.1.7", app_version: None };
        let delivery = NewDelivery { peer, token: None, seen, bytes: 12, sha256: "", spool };
        let id = store.take_delivery(delivery).expect("taken");
        let problems = vec![ProblemOf { reason: reason.to_owned(), kind: None, count: 2 }];
        let outcome = Outcome { new, problems, ..Outcome::default() };
        store.finish_delivery(id, state, &outcome, None).expect("finished");
    }

    #[test]
    fn nothing_is_made_where_nothing_is() {
        let folder = TestFolder::new("screen-phones-none");
        let found = phones(&folder, &[], NOW).expect("an answer");
        assert!(found.devices.is_empty() && !found.receiver.on && !found.receiver.wanted && found.waiting == 0);
        assert!(found.apps.len() == 6 && !folder.dir().exists());
    }

    #[test]
    fn phones_stand_with_what_they_sent_and_what_was_wrong() {
        let folder = TestFolder::new("screen-phones");
        let added = add(&folder, "health-auto-export", "Kim", NOW).expect("added");
        assert!(added.address.ends_with("/api/hae?agg=raw") && added.links.len() == 7 && !added.steps.is_empty());
        assert!(add(&folder, "healthsync", "Ada", NOW).expect("added").links.is_empty());
        deliver(&folder, 1, "a", State::Done, "bad_time", 5);
        deliver(&folder, 2, "b", State::Unreadable, "bad_json", 0);
        phones::stand(&folder, "Kim", Standing::Revoke, NOW).expect("revoked");
        let found = phones(&folder, &[], NOW).expect("an answer");
        let rows: Vec<_> = found.devices.iter().map(|row| (row.row.name.as_str(), row.app_name, row.lately)).collect();
        assert_eq!(rows, [("Ada", "HealthSync", 0), ("Kim", "Health Auto Export", 5)]);
        let said: Vec<_> = found.deliveries.iter().map(|row| (row.name.as_str(), row.said[0].of_records)).collect();
        assert_eq!(said, [("Ada", false), ("Kim", true)]);
        assert_eq!(found.deliveries[1].said[0].text, "has a time that cannot be read");
        let _german = speak(Language::of("de"));
        assert_eq!(phones(&folder, &[], NOW).expect("an answer").deliveries[0].said[0].text, "ist kein JSON");
    }
}
