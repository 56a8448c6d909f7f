//! Letting a phone in by a code: made here, used once by the phone, and then by the owner's word.
//!
//! Works on the store alone; the receiver that the phone talks to may be another program.

use std::collections::BTreeSet;

use health::phone::Feed;
use health::time::format_instant;
use net::{invite, qr};
use serde::Serialize;
use store::Store;
use store::peers::{MAX_WRONG, Pairing, Standing};

use crate::error::{Code, Error, Result};
use crate::folder::Folder;
use crate::phones;
use crate::receiver::listening;

/// What is shown so that a phone can come, this once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InvitationAnswer {
    /// Its number.
    pub pairing: i64,
    /// What the phone's camera is to see, best first: the same page by different names of this computer.
    pub urls: Vec<String>,
    /// The page where the short code can be typed.
    pub page: String,
    /// What an app that takes the short code by itself (that of Open Wearables) is told as server, best first: an
    /// encrypted address, for which the phone has to trust the certificate of `page` before, and one that is not, as
    /// far as they are offered.
    pub servers: Vec<String>,
    /// The short code for typing.
    pub code: String,
    /// When both end.
    pub expires: String,
}

impl InvitationAnswer {
    /// The address as a picture of half-line letters; none where it is too long for one.
    pub fn letters(&self) -> Option<String> {
        qr::text(self.urls.first()?)
    }

    /// The same as an SVG, black on white in every theme.
    pub fn picture(&self) -> Option<String> {
        qr::svg(self.urls.first()?)
    }
}

/// Where an invitation stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stands {
    /// Nobody has come yet.
    Open,
    /// Somebody has, and waits for the owner's word.
    Waits(Guest),
    /// The owner said yes, or the phone's app is in.
    In,
    /// Nobody can use it any more.
    Over(Ended),
}

/// Why an invitation is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Nobody came in time, or the owner gave no answer in time.
    Late,
    /// Somebody typed too many wrong codes.
    Guessed,
    /// The owner ended it.
    Owner,
}

/// Where an invitation stands, for a window that shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StandingAnswer {
    /// Its number.
    pub pairing: i64,
    /// `open`, `asks` (somebody has come, and waits for an answer), `in`, `late`, `guessed` or `ended`.
    pub state: &'static str,
    /// Wrong codes that were typed while it was open; after five of them it is over.
    pub wrong: i64,
    /// When it ends: of an open one the code, then what the phone sees.
    pub expires: Option<String>,
    /// Who has come, and waits.
    pub guest: Option<Guest>,
    /// Whether an app came with the code by itself: then there is no page on the phone that goes on.
    pub by_app: bool,
}

/// Who came with a code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Guest {
    /// What it says it is.
    pub label: String,
    /// Where it came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Four digits that the phone shows, too; none where an app came by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// Number of the phone, where an app came by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<i64>,
}

/// Invites a phone, for any app or for one.
pub fn invite(folder: &Folder, app: Option<&str>, name: Option<&str>, now_ms: i64) -> Result<InvitationAnswer> {
    let feed = app.map(phones::feed).transpose()?;
    let name = name.map(phones::name_of).transpose()?;
    let Some(at) = listening(folder) else {
        let hint = "Start `vitalog serve` in another terminal, and leave it running: the phone will send to it.";
        return Err(Error::new(Code::NotReceiving, "Nothing receives from phones for this data folder.", hint));
    };
    let made = invite::invite(&mut folder.write()?, feed, name, now_ms).map_err(phones::failed)?;
    let bases = pages(&at.urls);
    Ok(InvitationAnswer {
        pairing: made.id,
        urls: bases.iter().map(|base| made.url(base)).collect(),
        page: bases.first().map(|base| format!("{base}/pair")).unwrap_or_default(),
        servers: servers(&at.urls),
        code: made.typed,
        expires: format_instant(made.expires_ms),
    })
}

/// Where the pages for the phone are, best first. Its camera needs a form that every phone can follow: numbers before
/// names, and before what is encrypted, which a phone trusts only after it was here.
pub(crate) fn pages(urls: &[String]) -> Vec<String> {
    let plain = |url: &String| url.replacen("https://", "http://", 1);
    let mut bases: Vec<String> = urls.iter().map(plain).chain(urls.iter().cloned()).collect();
    bases.sort_by_key(|base| (base.starts_with("https:"), base.contains(".local:")));
    let mut seen = BTreeSet::new();
    bases.retain(|base| seen.insert(base.clone()));
    bases
}

/// One address by each scheme that is offered, encrypted first.
fn servers(urls: &[String]) -> Vec<String> {
    let first = |scheme: &str| phones::typed(urls, Feed::OpenWearables).find(|url| url.starts_with(scheme));
    ["https:", "http:"].into_iter().filter_map(first).cloned().collect()
}

/// Tells where an invitation stands.
pub fn stands(folder: &Folder, pairing: i64, now_ms: i64) -> Result<Stands> {
    let store = folder.read()?;
    match store.pairing(pairing)? {
        Some(it) => standing_of(&store, &it, now_ms),
        None => Ok(Stands::Over(Ended::Late)),
    }
}

/// The same with what a window shows of it.
pub fn standing(folder: &Folder, pairing: i64, now_ms: i64) -> Result<StandingAnswer> {
    let store = folder.read()?;
    let Some(it) = store.pairing(pairing)? else {
        return Ok(StandingAnswer { pairing, state: "late", wrong: 0, expires: None, guest: None, by_app: false });
    };
    let (state, guest) = match standing_of(&store, &it, now_ms)? {
        Stands::Open => ("open", None),
        Stands::Waits(guest) => ("asks", Some(guest)),
        Stands::In => ("in", None),
        Stands::Over(Ended::Late) => ("late", None),
        Stands::Over(Ended::Guessed) => ("guessed", None),
        Stands::Over(Ended::Owner) => ("ended", None),
    };
    let expires = Some(format_instant(it.expires_ms));
    Ok(StandingAnswer { pairing, state, wrong: it.wrong, expires, guest, by_app: came_by_itself(&it) })
}

/// Those that somebody has used in a browser and whose owner has not said anything yet, the oldest first.
pub(crate) fn asking(store: &Store, now_ms: i64) -> Result<Vec<(i64, Guest)>> {
    let live = store.live_pairings(now_ms)?;
    let asks = |it: &Pairing| it.claimed_ms.is_some() && it.accepted_ms.is_none() && it.number.is_some();
    Ok(live.into_iter().filter(asks).map(|it| (it.id, guest(&it))).collect())
}

fn standing_of(store: &Store, it: &Pairing, now_ms: i64) -> Result<Stands> {
    if it.accepted_ms.is_some() {
        return Ok(Stands::In);
    }
    let ended = match () {
        () if it.ended_ms.is_some() => Ended::Owner,
        () if it.wrong >= MAX_WRONG => Ended::Guessed,
        () => Ended::Late,
    };
    Ok(match it.claimed_ms {
        None if it.is_open(now_ms) => Stands::Open,
        None => Stands::Over(ended),
        Some(_) if ended != Ended::Late => Stands::Over(ended),
        Some(claimed_ms) if it.number.is_none() => by_itself(store, claimed_ms)?,
        Some(_) if it.expires_ms <= now_ms => Stands::Over(ended),
        Some(_) => Stands::Waits(guest(it)),
    })
}

fn guest(it: &Pairing) -> Guest {
    let label = it.label.as_ref().or(it.browser.as_ref()).cloned().unwrap_or_default();
    Guest { label, address: it.address.clone(), number: it.number.clone(), device: None }
}

/// Whether an app redeemed the code: a browser shows four digits.
fn came_by_itself(it: &Pairing) -> bool {
    it.claimed_ms.is_some() && it.number.is_none()
}

/// An app that redeemed the code became a phone in the same moment.
fn by_itself(store: &Store, claimed_ms: i64) -> Result<Stands> {
    let came = |peer: &&store::peers::Peer| peer.feed == Feed::OpenWearables && peer.made_ms == claimed_ms;
    let peers = store.peers()?;
    Ok(match peers.iter().rev().find(came) {
        None => Stands::Over(Ended::Late),
        Some(peer) if peer.accepted_ms.is_some() => Stands::In,
        Some(peer) => Stands::Waits(Guest {
            label: peer.label.clone(),
            address: peer.address.clone(),
            number: None,
            device: Some(peer.id),
        }),
    })
}

/// Lets in who waits.
pub fn accept(folder: &Folder, pairing: i64, guest: &Guest, now_ms: i64) -> Result<()> {
    let mut store = folder.write()?;
    match guest.device {
        Some(device) => Ok(store.set_peer_standing(device, Standing::Accept, now_ms)?),
        None => invite::accept(&mut store, pairing, now_ms).map_err(|_| over()),
    }
}

/// Ends an invitation, whatever its standing; a phone that came with it by itself is shut out.
pub fn end(folder: &Folder, pairing: i64, guest: Option<&Guest>, now_ms: i64) -> Result<()> {
    let mut store = folder.write()?;
    if let Some(device) = guest.and_then(|guest| guest.device) {
        store.set_peer_standing(device, Standing::Revoke, now_ms)?;
    }
    Ok(store.end_pairing(pairing, now_ms)?)
}

/// The error of an invitation that nobody can use any more.
pub fn over() -> Error {
    Error::new(
        Code::PairingOver,
        "The code is over: nobody used it in ten minutes, or somebody tried five wrong ones.",
        "Make a new one.",
    )
}

#[cfg(test)]
mod tests {
    use store::peers::{Claim, Guess, NewPeer};

    use super::*;
    use crate::testing::TestFolder;

    const NOW: i64 = 1_773_471_600_000;
    const MINUTE: i64 = 60_000;

    fn invited(folder: &Folder) -> i64 {
        invite::invite(&mut folder.write().expect("a store"), None, None, NOW).expect("invited").id
    }

    fn claim(folder: &Folder, pairing: i64) {
        let by = Claim { ticket_hash: &[7; 32], number: "0417", address: "10.0.0.7", browser: "iPhone, iOS 18" };
        let claimed = folder.write().expect("a store").claim(Guess::Right(pairing), by, NOW).expect("asked");
        claimed.expect("claimed");
    }

    #[test]
    fn nobody_is_invited_where_nothing_receives() {
        let folder = TestFolder::new("invite-nothing");
        let error = invite(&folder, None, None, NOW).expect_err("nothing receives");
        assert_eq!((error.code, folder.dir().exists()), (Code::NotReceiving, false));
    }

    #[test]
    fn the_camera_is_led_where_every_phone_can_go() {
        let check = |urls: &[&str], expected: &[&str]| {
            assert_eq!(pages(&urls.iter().map(ToString::to_string).collect::<Vec<_>>()), expected);
        };
        check(&["http://x-hv.local:8787", "http://10.0.0.7:8787"], &["http://10.0.0.7:8787", "http://x-hv.local:8787"]);
        let led = ["http://10.0.0.7:1", "http://x-hv.local:1", "https://10.0.0.7:1", "https://x-hv.local:1"];
        check(&["https://x-hv.local:1", "https://10.0.0.7:1"], &led);
        check(&[led[3], led[2], led[1], led[0]], &led);
    }

    #[test]
    fn an_app_is_told_one_address_by_each_scheme_that_is_offered() {
        let check = |urls: &[&str], expected: &[&str]| {
            assert_eq!(servers(&urls.iter().map(ToString::to_string).collect::<Vec<_>>()), expected);
        };
        let (plain, secure) = ("http://10.0.0.7:1", "https://10.0.0.7:1");
        check(&["https://x-hv.local:1", secure, "http://x-hv.local:1", plain, "http://10.0.0.8:1"], &[secure, plain]);
        check(&["https://x-hv.local:1", secure], &[secure]);
        check(&["http://x-hv.local:1", plain], &[plain]);
        check(&["https://x-hv.local:1"], &[]);
    }

    #[test]
    fn a_phone_waits_for_the_owners_word() {
        let folder = TestFolder::new("pairing-waits");
        let pairing = invited(&folder);
        let stands = |now_ms| stands(&folder, pairing, now_ms).expect("asked");
        assert_eq!(stands(NOW), Stands::Open);
        claim(&folder, pairing);
        let Stands::Waits(guest) = stands(NOW) else { panic!("nobody waits") };
        assert_eq!((guest.label.as_str(), guest.number.as_deref()), ("iPhone, iOS 18", Some("0417")));
        accept(&folder, pairing, &guest, NOW).expect("in");
        assert_eq!(stands(NOW), Stands::In);
        assert_eq!(accept(&folder, pairing, &guest, NOW).expect_err("twice").code, Code::PairingOver);
    }

    #[test]
    fn an_invitation_ends() {
        let folder = TestFolder::new("pairing-ends");
        let check = |pairing, now_ms, why| assert_eq!(stands(&folder, pairing, now_ms), Ok(Stands::Over(why)));
        check(invited(&folder), NOW + 10 * MINUTE, Ended::Late);
        let ended = invited(&folder);
        end(&folder, ended, None, NOW).expect("ended");
        check(ended, NOW, Ended::Owner);
        let claimed = invited(&folder);
        claim(&folder, claimed);
        check(claimed, NOW + 10 * MINUTE, Ended::Late);
        end(&folder, claimed, None, NOW).expect("ended");
        check(claimed, NOW, Ended::Owner);
        check(77, NOW, Ended::Late);
    }

    #[test]
    fn a_window_is_told_of_guesses_and_of_who_asks() {
        let folder = TestFolder::new("pairing-standing");
        let pairing = invited(&folder);
        let found = |now_ms| {
            let found = standing(&folder, pairing, now_ms).expect("asked");
            (found.state, found.wrong, found.guest.is_some())
        };
        let guess = || {
            let by = Claim { ticket_hash: &[8; 32], number: "1", address: "", browser: "" };
            folder.write().expect("a store").claim(Guess::Wrong, by, NOW).expect("asked").expect_err("wrong");
        };
        let asks = || asking(&folder.read().expect("a store"), NOW).expect("asked");
        assert_eq!((found(NOW), asks().len()), (("open", 0, false), 0));
        guess();
        assert_eq!(found(NOW), ("open", 1, false));
        claim(&folder, pairing);
        assert_eq!((found(NOW), asks()[0].0), (("asks", 1, true), pairing));
        assert!(!standing(&folder, pairing, NOW).expect("asked").by_app);
        let guessed = invited(&folder);
        (0..MAX_WRONG).for_each(|_| guess());
        assert_eq!(standing(&folder, guessed, NOW).expect("asked").state, "guessed");
        accept(&folder, pairing, &asks()[0].1, NOW).expect("in");
        assert_eq!((found(NOW), asks().len()), (("in", 1, false), 0));
        assert_eq!(standing(&folder, 77, NOW).expect("asked").state, "late");
    }

    #[test]
    fn an_app_that_comes_by_itself_waits_too() {
        let folder = TestFolder::new("pairing-redeems");
        let redeem = || {
            let pairing = invited(&folder);
            let user_id = format!("user-{pairing}");
            let new = NewPeer { feed: Feed::OpenWearables, label: "Phone", user_id: &user_id, accepted: false };
            let mut store = folder.write().expect("a store");
            store.redeem(Guess::Right(pairing), new, &[], NOW + pairing).expect("asked").expect("redeemed");
            let Stands::Waits(guest) = stands(&folder, pairing, NOW).expect("asked") else { panic!("nobody waits") };
            (pairing, guest)
        };
        let state = |n: usize| phones::devices(&folder).expect("devices")[n].state;
        let (pairing, guest) = redeem();
        assert_eq!(state(0), "waiting");
        assert!(standing(&folder, pairing, NOW).expect("asked").by_app, "no page goes on");
        accept(&folder, pairing, &guest, NOW).expect("in");
        assert_eq!((state(0), stands(&folder, pairing, NOW)), ("active", Ok(Stands::In)));
        let (pairing, guest) = redeem();
        end(&folder, pairing, Some(&guest), NOW).expect("ended");
        assert_eq!(state(1), "revoked");
    }
}
