//! The ways in: a key, an e-mail address with its password, an application, an invitation.

use serde_json::{Value as Json, json};

use super::access::bearer;
use super::{Access, JSON, Said, Tokens, json, post, verdict};
use crate::error::Result;
use crate::remote::client::{Client, Request, Secret};
use crate::remote::protocol::Verdict;

/// What a key that we make is called there.
const KEY_NAME: &str = "Vitalog";

/// What the owner has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignIn {
    /// A key.
    Key(Secret),
    /// An account: a key is made with it, and the password is not kept.
    Login(String, Secret),
    /// An application's id and secret; they give tokens to a user that is there already, told by the server's own id.
    App(String, Secret),
    /// An invitation: it says who the user is.
    Code(Secret),
}

/// Somebody who may send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// What to keep.
    pub access: Access,
    /// The user, as the server spells it.
    pub user: String,
}

/// Signs in. `user` is the owner's own name for the user, which is made where it is not there; of an application it is
/// the server's; of an invitation it says nothing.
pub async fn sign_in(client: &Client, sign_in: &SignIn, user: &str) -> Said<SignedIn> {
    match sign_in {
        SignIn::Key(key) => with_key(client, key, user).await,
        SignIn::Login(name, password) => match key_of(client, name, password).await? {
            Ok(key) => with_key(client, &key, user).await,
            Err(verdict) => Ok(Err(verdict)),
        },
        SignIn::App(id, secret) => {
            let body = json!({"app_id": id, "app_secret": secret.reveal()}).to_string();
            let answer = client.ask(post(&format!("/users/{}/token", escaped(user)), JSON, body, None)).await?;
            // Of a user that is not there it says that it failed itself.
            if answer.status == 500 {
                return Ok(Err(Verdict::Stop("unknown_user", answer.words())));
            }
            Ok(json(&answer).and_then(|told| tokens(&told, user)))
        }
        SignIn::Code(code) => {
            let code: String = code.reveal().chars().filter(char::is_ascii_alphanumeric).collect();
            let body = json!({"code": code.to_uppercase()}).to_string();
            let answer = client.ask(post("/invitation-code/redeem", JSON, body, None)).await?;
            Ok(match answer.status {
                // Of the wrong form, used, or over: another code is needed, and no row is at fault.
                400 | 404 => Err(Verdict::Stop("unauthorized", answer.words())),
                _ => json(&answer).and_then(|told| {
                    let user = told.get("user_id").and_then(Json::as_str).unwrap_or_default().to_owned();
                    tokens(&told, &user)
                }),
            })
        }
    }
}

fn tokens(told: &Json, user: &str) -> std::result::Result<SignedIn, Verdict> {
    let tokens = Tokens::of(told).filter(|_| !user.is_empty());
    let access = tokens.map(Access::Tokens).ok_or_else(another)?;
    Ok(SignedIn { access, user: user.to_owned() })
}

async fn with_key(client: &Client, key: &Secret, user: &str) -> Said<SignedIn> {
    let access = Access::Key(key.clone());
    let request = post("/users", JSON, json!({"external_user_id": user}).to_string(), access.to_look());
    let told = json(&client.ask(request).await?);
    Ok(told.and_then(|told| {
        let id = told.get("id").and_then(Json::as_str).map(str::to_owned);
        id.map(|user| SignedIn { access, user }).ok_or_else(another)
    }))
}

/// A key, made by who has an account. What it was signed in with is given back.
async fn key_of(client: &Client, name: &str, password: &Secret) -> Said<Secret> {
    let pairs = [("username", name), ("password", password.reveal())];
    let form = reqwest::Url::parse_with_params("http://form/", pairs).ok();
    let form = form.as_ref().and_then(|form| form.query()).unwrap_or_default().to_owned();
    let answer = client.ask(post("/auth/login", "application/x-www-form-urlencoded", form, None)).await?;
    let signed = match json(&answer).map(|told| Tokens::of(&told)) {
        Ok(Some(signed)) => signed,
        Ok(None) => return Ok(Err(another())),
        Err(verdict) => return Ok(Err(verdict)),
    };
    let body = json!({"name": KEY_NAME}).to_string();
    let request = post("/developer/api-keys", JSON, body, Some(bearer(&signed.access)));
    let made = client.ask(request).await;
    let _: Result<_> = client.ask(revocation(&signed)).await;
    let made = made?;
    if made.status != 201 {
        return Ok(Err(verdict(&made)));
    }
    // The id is the key.
    let told = made.json();
    Ok(told.get("id").and_then(Json::as_str).map(Secret::new).ok_or_else(another))
}

fn revocation(signed: &Tokens) -> Request {
    post("/token/revoke", JSON, json!({"refresh_token": signed.refresh.reveal()}).to_string(), None)
}

fn another() -> Verdict {
    Verdict::Stop("not_there", String::new())
}

/// A part of a path: what is none of an id's letters is left out, so that it stays a part.
fn escaped(part: &str) -> String {
    part.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect()
}
