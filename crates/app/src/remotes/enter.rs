//! Signing in to a server that asks for more than a secret: Open Wearables, in one of its four ways.

use std::time::Duration;

use health::key;
use health::language::word;
use net::remote::open_wearables::{Access, SignIn, sign_in};
use net::remote::{Address, Client, Secret};

use super::secrets::Keeper;
use super::{Account, NewServer, Way, refusal, trouble};
use crate::error::{Code, Error, Result};

/// What stands with the keeper until there is a secret.
const NOTHING_YET: &str = "-";

/// Signs in, and puts down in the account whom it is sent for. Returns what is to be kept; the password of a login, and
/// an invitation, are not.
pub(super) fn enter(
    address: &Address,
    new: &NewServer,
    (account, keeper): (&mut Account, &dyn Keeper),
    patience: Duration,
) -> Result<Secret> {
    let Some(secret) = new.secret.clone().filter(|secret| !secret.is_empty()) else {
        return Err(Error::new(
            Code::BadUsage,
            "An Open Wearables server asks for a secret.",
            "It is an API key, or with --login a password, with --app-id the application's secret, with --invitation \
             the code.",
        ));
    };
    let user = user(new, account)?;
    let way = match &new.way {
        Way::Key => SignIn::Key(secret),
        Way::Login(address) => SignIn::Login(address.trim().to_owned(), secret),
        Way::App(id) => SignIn::App(id.trim().to_owned(), secret),
        Way::Invitation => SignIn::Code(secret),
        // `kinds` lets nobody come without a secret.
        Way::Open => SignIn::Key(secret),
    };
    let client =
        Client::with(address.clone(), new.certificate.as_deref(), patience).map_err(|error| trouble(&error))?;
    // A code works once: who keeps nothing is to say so before it is used up.
    keeper.keep(&account.device, &Secret::new(NOTHING_YET))?;
    match signed_in(&client, &way, &user) {
        Ok((secret, user, blind)) => {
            (account.user, account.blind) = (Some(user), blind);
            Ok(secret)
        }
        Err(error) => {
            let _ = keeper.forget(&account.device);
            Err(error)
        }
    }
}

fn signed_in(client: &Client, way: &SignIn, user: &str) -> Result<(Secret, String, bool)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let said = runtime.block_on(sign_in(client, way, user)).map_err(|error| trouble(&error))?;
    let signed = said.map_err(refusal)?;
    Ok((signed.access.to_secret(), signed.user, !signed.access.can_look()))
}

/// Whom it is sent for, as the way of signing in wants it.
fn user(new: &NewServer, account: &Account) -> Result<String> {
    let named = new.user.as_deref().map(str::trim).filter(|user| !user.is_empty());
    match (&new.way, named) {
        (Way::App(_), None) => Err(Error::new(
            Code::BadUsage,
            "An application sends for a user who is there already.",
            "Name the user by the server's own id with --user.",
        )),
        (_, Some(user)) => Ok(user.to_owned()),
        (_, None) => Ok(account.device.clone()),
    }
}

/// Signs in once more at a server that is there, for the user who is. Returns what is to be kept.
pub(super) fn again(
    address: &Address,
    pinned: Option<&str>,
    (way, secret): (&Way, &Secret),
    account: &mut Account,
    patience: Duration,
) -> Result<Secret> {
    let user = account.user.clone().unwrap_or_default();
    match way {
        Way::Key => {
            account.blind = false;
            Ok(Access::Key(secret.clone()).to_secret())
        }
        Way::App(id) => {
            let client = Client::with(address.clone(), pinned, patience).map_err(|error| trouble(&error))?;
            let (secret, _, blind) = signed_in(&client, &SignIn::App(id.clone(), secret.clone()), &user)?;
            account.blind = blind;
            Ok(secret)
        }
        _ => Err(Error::new(
            Code::BadUsage,
            word(key!("One signs in so only where a server is added.")),
            word(key!("Take an API key of the server, or remove the server and add it once more.")),
        )),
    }
}
