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
    /// Nobody came in time, or somebody guessed too often.
    Over,
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
        code: made.typed,
        expires: format_instant(made.expires_ms),
    })
}

/// Where the pages for the phone are, best first. Its camera needs a form that every phone can follow: numbers before
/// names, and before what is encrypted, which a phone trusts only after it was here.
fn pages(urls: &[String]) -> Vec<String> {
    let plain = |url: &String| url.replacen("https://", "http://", 1);
    let mut bases: Vec<String> = urls.iter().map(plain).chain(urls.iter().cloned()).collect();
    bases.sort_by_key(|base| (base.starts_with("https:"), base.contains(".local:")));
    let mut seen = BTreeSet::new();
    bases.retain(|base| seen.insert(base.clone()));
    bases
}

/// Tells where an invitation stands.
pub fn stands(folder: &Folder, pairing: i64, now_ms: i64) -> Result<Stands> {
    let store = folder.read()?;
    let Some(it) = store.pairing(pairing)? else { return Ok(Stands::Over) };
    if it.accepted_ms.is_some() {
        return Ok(Stands::In);
    }
    Ok(match it.claimed_ms {
        None if it.is_open(now_ms) => Stands::Open,
        None => Stands::Over,
        Some(_) if it.ended_ms.is_some() || it.wrong >= MAX_WRONG => Stands::Over,
        Some(claimed_ms) if it.number.is_none() => by_itself(&store, claimed_ms)?,
        Some(_) if it.expires_ms <= now_ms => Stands::Over,
        Some(_) => Stands::Waits(guest(it)),
    })
}

fn guest(it: Pairing) -> Guest {
    let label = it.label.or(it.browser).unwrap_or_default();
    Guest { label, address: it.address, number: it.number, device: None }
}

/// An app that redeemed the code became a phone in the same moment.
fn by_itself(store: &Store, claimed_ms: i64) -> Result<Stands> {
    let came = |peer: &&store::peers::Peer| peer.feed == Feed::OpenWearables && peer.made_ms == claimed_ms;
    let peers = store.peers()?;
    Ok(match peers.iter().rev().find(came) {
        None => Stands::Over,
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
        let check = |pairing, now_ms| assert_eq!(stands(&folder, pairing, now_ms), Ok(Stands::Over));
        check(invited(&folder), NOW + 10 * MINUTE);
        let ended = invited(&folder);
        end(&folder, ended, None, NOW).expect("ended");
        check(ended, NOW);
        let claimed = invited(&folder);
        claim(&folder, claimed);
        check(claimed, NOW + 10 * MINUTE);
        end(&folder, claimed, None, NOW).expect("ended");
        check(claimed, NOW);
        check(77, NOW);
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
        accept(&folder, pairing, &guest, NOW).expect("in");
        assert_eq!((state(0), stands(&folder, pairing, NOW)), ("active", Ok(Stands::In)));
        let (pairing, guest) = redeem();
        end(&folder, pairing, Some(&guest), NOW).expect("ended");
        assert_eq!(state(1), "revoked");
    }
}
