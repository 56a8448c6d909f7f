//! What lets us in: a key, or a token with the one that makes it anew.

use serde_json::{Value as Json, json};

use super::{Header, Secret};

/// The header of a key.
const KEY_HEADER: &str = "x-open-wearables-api-key";

/// What is kept in the key store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// For everything, and for ever.
    Key(Secret),
    /// For sending only.
    Tokens(Tokens),
}

/// Tokens of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokens {
    /// Good for an hour.
    pub access: Secret,
    /// Makes new ones, once.
    pub refresh: Secret,
}

impl Tokens {
    /// Those of an answer.
    pub(super) fn of(told: &Json) -> Option<Self> {
        let text = |key: &str| told.get(key).and_then(Json::as_str).filter(|text| !text.is_empty()).map(Secret::new);
        Some(Self { access: text("access_token")?, refresh: text("refresh_token")? })
    }
}

impl Access {
    /// One secret of all of it, for the key store.
    pub fn to_secret(&self) -> Secret {
        let text = match self {
            Self::Key(key) => json!({"key": key.reveal()}),
            Self::Tokens(tokens) => {
                json!({"access_token": tokens.access.reveal(), "refresh_token": tokens.refresh.reveal()})
            }
        };
        Secret::new(&text.to_string())
    }

    /// What the key store had.
    pub fn of_secret(secret: &Secret) -> Option<Self> {
        let told: Json = serde_json::from_str(secret.reveal()).ok()?;
        let key = told.get("key").and_then(Json::as_str).map(|key| Self::Key(Secret::new(key)));
        key.or_else(|| Tokens::of(&told).map(Self::Tokens))
    }

    /// Whether it lets us see what became of what was sent.
    pub fn can_look(&self) -> bool {
        matches!(self, Self::Key(_))
    }

    pub(super) fn tokens(&self) -> Option<&Tokens> {
        match self {
            Self::Key(_) => None,
            Self::Tokens(tokens) => Some(tokens),
        }
    }

    /// The header of a request that sends.
    pub(super) fn to_send(&self) -> Option<Header> {
        Some(match self {
            Self::Key(key) => (KEY_HEADER.to_owned(), None, key.clone()),
            Self::Tokens(tokens) => bearer(&tokens.access),
        })
    }

    /// The header of a request that looks; tokens are good for none.
    pub(super) fn to_look(&self) -> Option<Header> {
        if self.can_look() { self.to_send() } else { None }
    }
}

pub(super) fn bearer(token: &Secret) -> Header {
    ("authorization".to_owned(), Some("Bearer"), token.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn access_comes_back_from_the_key_store_and_does_not_print_itself() {
        let tokens = Tokens { access: Secret::new("eyJ-1234"), refresh: Secret::new("rt-1234") };
        for access in [Access::Key(Secret::new("sk-1234")), Access::Tokens(tokens)] {
            let kept = access.to_secret();
            assert_eq!(Access::of_secret(&kept), Some(access.clone()));
            assert!(!format!("{access:?} {kept:?}").contains("1234"));
        }
        for text in ["", "sk-1234", "{}", r#"{"access_token":"a"}"#, r#"{"access_token":"a","refresh_token":""}"#] {
            assert_eq!(Access::of_secret(&Secret::new(text)), None, "{text}");
        }
    }
}
