//! Letting phones in: invitations with their codes, and devices that the owner adds by hand.
//!
//! Works on the store alone, so that any process may invite while another one receives.

use health::phone::Feed;
use store::Store;
use store::peers::{NewPairing, NewPeer, NewToken, Peer, Scope};

use crate::error::{ErrorKind, Result};
use crate::secret;

/// How long a code is good.
const CODE_MS: i64 = 10 * 60_000;

/// An invitation as it is shown, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Its number.
    pub id: i64,
    /// The long code of the picture.
    pub code: String,
    /// The short one for typing.
    pub typed: String,
    /// When both end.
    pub expires_ms: i64,
}

impl Invitation {
    /// The address for the phone's camera; `base` is one of the receiver's addresses.
    pub fn url(&self, base: &str) -> String {
        format!("{}/pair/{}", base.trim_end_matches('/'), self.code)
    }
}

/// A phone's app with its secrets, which are shown once and kept nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Added {
    /// The phone's app.
    pub peer: Peer,
    /// Its token.
    pub token: String,
    /// What Open Wearables asks new tokens with; others have none.
    pub refresh_token: Option<String>,
}

/// Makes an invitation. Without `feed` the phone chooses its app.
pub fn invite(store: &mut Store, feed: Option<Feed>, label: Option<&str>, now_ms: i64) -> Result<Invitation> {
    let (code, typed) = (secret::letters::<{ secret::LONG }>()?, secret::letters::<{ secret::SHORT }>()?);
    let salt = secret::salt()?;
    let expires_ms = now_ms + CODE_MS;
    let new = NewPairing {
        feed,
        label,
        code_hash: &secret::hash(&code),
        salt: &salt,
        typed_hash: &secret::slow(&typed, &salt)?,
        expires_ms,
        accepted: false,
    };
    let id = store.add_pairing(new, now_ms)?;
    Ok(Invitation { id, code, typed, expires_ms })
}

/// Lets in the phone that waits for an answer to an invitation.
pub fn accept(store: &mut Store, pairing: i64, now_ms: i64) -> Result<()> {
    if store.accept_pairing(pairing, now_ms)? { Ok(()) } else { Err(ErrorKind::NobodyWaits.into()) }
}

/// Adds a phone's app by hand. It is let in at once: the owner sits at the keyboard.
pub fn add_device(store: &mut Store, feed: Feed, label: &str, now_ms: i64) -> Result<Added> {
    let secrets = Secrets::new(feed, None)?;
    let new = NewPeer { feed, label, user_id: &secret::user_id()?, accepted: true };
    let peer = store.add_peer(new, &secrets.kept(), now_ms)?;
    Ok(Added { peer, token: secrets.token, refresh_token: secrets.refresh })
}

/// Gives a phone's app a new token. The old one is good for another day, or until the new one is used.
pub fn rotate(store: &mut Store, peer: &Peer, now_ms: i64) -> Result<Added> {
    let secrets = Secrets::new(peer.feed, None)?;
    store.rotate_tokens(peer.id, &secrets.kept(), now_ms)?;
    Ok(Added { peer: peer.clone(), token: secrets.token, refresh_token: secrets.refresh })
}

/// The tokens of one app before they are handed out.
pub(crate) struct Secrets {
    pub token: String,
    pub refresh: Option<String>,
    first_use_by_ms: Option<i64>,
}

impl Secrets {
    /// New ones; `first_use_by_ms` ends the token where nobody has used it by then.
    pub fn new(feed: Feed, first_use_by_ms: Option<i64>) -> Result<Self> {
        let refresh = (feed == Feed::OpenWearables).then(secret::token).transpose()?;
        Ok(Self { token: secret::token()?, refresh, first_use_by_ms })
    }

    /// What is kept of them.
    pub fn kept(&self) -> Vec<NewToken> {
        let first_use_by_ms = self.first_use_by_ms;
        let kept = |secret: &str, scope| NewToken { hash: secret::hash(secret), scope, first_use_by_ms };
        let refresh = self.refresh.iter().map(|secret| kept(secret, Scope::Refresh));
        std::iter::once(kept(&self.token, Scope::Send)).chain(refresh).collect()
    }
}
