//! Phones that may send: added by hand, listed, paused, shut out; and what they delivered.
//!
//! Works on the store alone: a receiver that runs elsewhere sees it with its next request.

use health::phone::Feed;
use health::time::format_instant;
use net::invite;
use serde::Serialize;
use store::Cancel;
use store::peers::{Delivery, Peer};

pub use net::DeliveryLine;
pub use store::peers::Standing;

use crate::error::{Code, Error, Result};
use crate::folder::Folder;
use crate::pairing::pages;
use crate::receiver;
use crate::undo::{Steps, Undone};

/// The port that apps are told.
pub const PORT: u16 = 8787;
/// Deliveries of an answer.
const MOST: usize = 1_000;

/// A phone's app.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct DeviceAnswer {
    /// Its number, never used again.
    pub device: i64,
    /// Its app, as in `devices add --app`.
    pub app: String,
    /// What the owner calls it.
    pub name: String,
    /// `waiting` for the owner, `active`, `paused` or `revoked`.
    pub state: &'static str,
    /// When it was added or paired.
    pub added: String,
    /// Its last request with a valid token.
    pub last_seen: Option<String>,
    /// Where that came from.
    pub address: Option<String>,
    /// What the app said about itself.
    pub app_version: Option<String>,
}

impl From<Peer> for DeviceAnswer {
    fn from(peer: Peer) -> Self {
        let state = match () {
            () if peer.revoked_ms.is_some() => "revoked",
            () if peer.accepted_ms.is_none() => "waiting",
            () if peer.paused_ms.is_some() => "paused",
            () => "active",
        };
        Self {
            device: peer.id,
            app: peer.feed.app().to_owned(),
            name: peer.label,
            state,
            added: format_instant(peer.made_ms),
            last_seen: peer.seen_ms.map(format_instant),
            address: peer.address,
            app_version: peer.app_version,
        }
    }
}

/// What an app has to be told. Its secrets are shown this once.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct AddedAnswer {
    /// Number of the phone's app.
    pub device: i64,
    /// Its app.
    pub app: String,
    /// What the owner calls it; with a number where another one has the name.
    pub name: String,
    /// What to type as server.
    pub url: String,
    /// What to type instead where it is not to be encrypted; none where nothing is, or everything has to be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plain_url: Option<String>,
    /// The page that the phone's browser opens first, for the certificate without which it does not trust `url`; none
    /// where that is not encrypted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// Where the app sends to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The header for the token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// The token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Of Open Wearables: whom its addresses name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// The token, in the words of Open Wearables.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token: Option<String>,
    /// What it asks new tokens with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
}

/// Every app that devices can be added for, by the word of the command line.
pub fn apps() -> impl Iterator<Item = &'static str> {
    Feed::ALL.into_iter().map(Feed::app)
}

/// Returns every phone's app, the oldest first, those shut out too.
pub fn devices(folder: &Folder) -> Result<Vec<DeviceAnswer>> {
    Ok(folder.read()?.peers()?.into_iter().map(Into::into).collect())
}

/// Adds a phone's app and returns what to type into it. It is let in at once.
pub fn add(folder: &Folder, app: &str, name: &str, now_ms: i64) -> Result<AddedAnswer> {
    let feed = feed(app)?;
    let name = name_of(name)?;
    let mut store = folder.write()?;
    let added = invite::add_device(&mut store, feed, name, now_ms).map_err(failed)?;
    let is_own = feed == Feed::OpenWearables;
    let set =
        |key| Ok::<_, Error>(store.setting(key)?.filter(|text| feed == Feed::HealthExportPro && !text.is_empty()));
    let header = if [Feed::HealthSave, Feed::HealthAutoExport].contains(&feed) { "x-api-key" } else { "Authorization" };
    let urls = receiver::listening(folder).map(|at| at.urls).unwrap_or_default();
    let url = match typed(&urls, feed).next() {
        Some(url) => url.clone(),
        None => would_be(&store)?,
    };
    let is_encrypted = url.starts_with("https:");
    let plain = typed(&urls, feed).find(|url| url.starts_with("http:"));
    let page = pages(&urls).into_iter().next().map(|base| format!("{base}/pair"));
    Ok(AddedAnswer {
        device: added.peer.id,
        app: feed.app().to_owned(),
        name: added.peer.label,
        url,
        plain_url: plain.filter(|_| is_encrypted).cloned(),
        certificate: page.filter(|_| is_encrypted),
        path: set("hep_path")?.or_else(|| path(feed).map(str::to_owned)),
        header: if is_own { None } else { set("hep_header")?.or_else(|| Some(header.to_owned())) },
        user_id: is_own.then_some(added.peer.user_id),
        access_token: is_own.then(|| added.token.clone()),
        token: (!is_own).then_some(added.token),
        refresh_token: added.refresh_token,
    })
}

/// Those of a receiver's addresses that an app can be told, in their order: one may not ask names of the local network.
pub(crate) fn typed(urls: &[String], feed: Feed) -> impl Iterator<Item = &String> {
    urls.iter().filter(move |url| feed != Feed::OpenWearables || !url.contains(".local:"))
}

/// Where a receiver would listen.
fn would_be(store: &store::Store) -> Result<String> {
    let host = net::address().map_or_else(|| "127.0.0.1".to_owned(), |ip| ip.to_string());
    Ok(format!("http://{host}:{}", receiver::port(store)?))
}

/// The feed of an app by its word.
pub(crate) fn feed(app: &str) -> Result<Feed> {
    Feed::ALL.into_iter().find(|feed| feed.app() == app).ok_or_else(|| {
        let apps: Vec<&str> = apps().collect();
        Error::new(Code::BadUsage, format!("There is no app `{app}`."), format!("It is one of {}.", apps.join(", ")))
    })
}

fn path(feed: Feed) -> Option<&'static str> {
    match feed {
        Feed::OpenWearables => None,
        Feed::HealthSync => Some("/api/apple-health/sync"),
        Feed::HealthExportPro => Some("/api/health-data"),
        Feed::HealthAutoExport => Some("/api/hae?agg=raw"),
        Feed::HealthSave => Some("/api/apple/batch"),
        Feed::Vitalog => Some("/api/vitalog"),
    }
}

/// Which phone's app is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which<'a> {
    /// As somebody typed it: its name, or its number where none has that name.
    Said(&'a str),
    /// By its number, whatever others are called.
    Number(i64),
}

impl<'a> From<&'a str> for Which<'a> {
    fn from(said: &'a str) -> Self {
        Self::Said(said)
    }
}

impl From<i64> for Which<'_> {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

/// Changes the standing of a phone's app; an error of one that is shut out, which is for good.
pub fn stand<'a>(
    folder: &Folder,
    device: impl Into<Which<'a>>,
    standing: Standing,
    now_ms: i64,
) -> Result<DeviceAnswer> {
    let mut store = folder.write()?;
    let id = find(&store.peers()?, device.into())?;
    if store.peer(id)?.is_some_and(|peer| peer.revoked_ms.is_some()) {
        return Err(Error::new(
            Code::ShutOut,
            "This phone is shut out for good.",
            "Pair it again, or add it again, if it is to send again.",
        ));
    }
    store.set_peer_standing(id, standing, now_ms)?;
    one(&store, id)
}

/// Takes back everything that a phone's app ever brought, what still waits as well; nothing where nothing of it is in
/// the store. What it sends from now on comes in again, unless it is shut out. `progress` as of any undo.
pub fn undo<'a>(
    folder: &Folder,
    device: impl Into<Which<'a>>,
    cancel: &Cancel,
    progress: &mut dyn FnMut(Steps) -> bool,
) -> Result<Option<Undone>> {
    let store = folder.read()?;
    let (peers, imports) = (store.peers()?, store.imports()?);
    let id = find(&peers, device.into())?;
    let import = peers.iter().find(|peer| peer.id == id).and_then(|peer| peer.import_id);
    match import.filter(|import| imports.iter().any(|row| row.id == *import && !row.undone)) {
        Some(import) => Ok(Some(crate::undo::undo(folder, import, cancel, progress)?)),
        None => {
            drop(store);
            folder.write()?.take_back_waiting(id)?;
            Ok(None)
        }
    }
}

/// Calls a phone's app something else.
pub fn rename<'a>(folder: &Folder, device: impl Into<Which<'a>>, name: &str) -> Result<DeviceAnswer> {
    let mut store = folder.write()?;
    let id = find(&store.peers()?, device.into())?;
    store.rename_peer(id, name_of(name)?)?;
    one(&store, id)
}

/// Returns the latest deliveries, the newest first, of one phone's app or of all.
pub fn deliveries(folder: &Folder, device: Option<&str>) -> Result<Vec<DeliveryLine>> {
    let store = folder.read()?;
    let peers = store.peers()?;
    let only = device.map(|device| find(&peers, device.into())).transpose()?;
    let app = |id: i64| peers.iter().find(|peer| peer.id == id).map(|peer| peer.feed.app());
    let rows = store.deliveries(only, MOST)?.into_iter().map(|it| {
        let app = app(it.peer);
        delivery(it, app)
    });
    Ok(rows.collect())
}

/// A delivery as answers have it, of a phone with this app.
pub(crate) fn delivery(it: Delivery, app: Option<&'static str>) -> DeliveryLine {
    DeliveryLine { app, ..it.into() }
}

/// A name that is one.
pub(crate) fn name_of(name: &str) -> Result<&str> {
    const LONGEST: usize = 100;
    let name = name.trim();
    let fits = !name.is_empty() && name.chars().count() <= LONGEST && !name.chars().any(char::is_control);
    let unfit = || Error::new(Code::BadUsage, "This is no name for a phone.", "Give it one of up to 100 letters.");
    fits.then_some(name).ok_or_else(unfit)
}

fn one(store: &store::Store, id: i64) -> Result<DeviceAnswer> {
    let peer = store.peer(id)?.ok_or_else(|| store::Error::from(store::ErrorKind::UnknownPeer))?;
    Ok(peer.into())
}

/// By its name among those that are not shut out, or by its number.
pub(crate) fn find(peers: &[Peer], device: Which<'_>) -> Result<i64> {
    let numbered = |id: i64| peers.iter().find(|peer| peer.id == id);
    let found = match device {
        Which::Number(id) => numbered(id),
        Which::Said(said) => {
            let named = peers.iter().find(|peer| peer.revoked_ms.is_none() && peer.label == said);
            named.or_else(|| said.parse().ok().and_then(numbered))
        }
    };
    let unknown = || {
        let device = match device {
            Which::Said(said) => said.to_owned(),
            Which::Number(id) => id.to_string(),
        };
        let hint = "`vitalog devices list` lists them all.";
        Error::new(Code::UnknownDevice, format!("There is no device `{device}`."), hint)
    };
    found.map(|peer| peer.id).ok_or_else(unknown)
}

pub(crate) fn failed(error: net::Error) -> Error {
    match error.into_kind() {
        net::ErrorKind::Store(error) => error.into(),
        other => Error::new(Code::StoreFailed, other.to_string(), ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestFolder;

    const NOW: i64 = 1_773_471_600_000;

    #[test]
    fn every_app_is_told_what_it_needs() {
        let folder = TestFolder::new("phones-add");
        for app in apps() {
            let added = add(&folder, app, " Kim ", NOW).expect(app);
            let is_own = app == "open-wearables";
            assert_eq!(
                (added.token.is_some(), added.path.is_some(), added.header.is_some()),
                (!is_own, !is_own, !is_own)
            );
            assert_eq!(
                (added.user_id.is_some(), added.access_token.is_some(), added.refresh_token.is_some()),
                (is_own, is_own, is_own)
            );
            assert!(added.url.starts_with("http://") && added.url.ends_with(":8787"), "{}", added.url);
        }
        let names: Vec<String> = devices(&folder).expect("devices").into_iter().map(|row| row.name).collect();
        assert_eq!(names, ["Kim", "Kim 2", "Kim 3", "Kim 4", "Kim 5", "Kim 6"]);
    }

    #[test]
    fn a_device_goes_by_its_name_or_number() {
        let folder = TestFolder::new("phones-stand");
        add(&folder, "healthsync", "Kim", NOW).expect("added");
        let state = |device: &str, standing| stand(&folder, device, standing, NOW).map(|row| row.state);
        assert_eq!(state("Kim", Standing::Pause), Ok("paused"));
        assert_eq!(state("1", Standing::Resume), Ok("active"));
        assert_eq!(rename(&folder, "Kim", "Kim's phone").map(|row| row.name), Ok("Kim's phone".to_owned()));
        assert_eq!(state("Kim", Standing::Pause).map_err(|error| error.code), Err(Code::UnknownDevice));
        assert_eq!(state("Kim's phone", Standing::Revoke), Ok("revoked"));
        assert_eq!(deliveries(&folder, Some("1")), Ok(Vec::new()));
    }

    #[test]
    fn a_number_is_never_taken_for_a_name() {
        let folder = TestFolder::new("phones-number");
        add(&folder, "healthsync", "2", NOW).expect("added");
        add(&folder, "healthsync", "Kim", NOW).expect("added");
        let shut_out = |device: Which<'_>| stand(&folder, device, Standing::Pause, NOW).map(|row| row.name);
        assert_eq!(shut_out("2".into()), Ok("2".to_owned()));
        assert_eq!(shut_out(2.into()), Ok("Kim".to_owned()));
        assert_eq!(shut_out(3.into()).map_err(|error| error.code), Err(Code::UnknownDevice));
    }

    #[test]
    fn what_is_no_app_or_name_is_refused() {
        let folder = TestFolder::new("phones-refused");
        let check = |app: &str, name: &str| {
            assert_eq!(add(&folder, app, name, NOW).map_err(|error| error.code), Err(Code::BadUsage), "{app} {name:?}");
        };
        check("whatsapp", "Kim");
        check("healthsync", " ");
        check("healthsync", "a\nb");
        check("healthsync", &"x".repeat(101));
    }
}
