//! Signing in to a server that asks for more than a secret: Open Wearables, in one of its four ways.

use std::time::Duration;

use net::remote::open_wearables::{SignIn, sign_in};
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

/// Fails where a server of another kind was said something that only this one knows.
pub(super) fn none_of_it(new: &NewServer) -> Result<()> {
    if new.way == Way::Key && new.user.is_none() {
        return Ok(());
    }
    Err(Error::new(
        Code::BadUsage,
        "A server of this kind knows no users, and no other way to sign in than its secret.",
        "Leave out --login, --app-id, --invitation and --user.",
    ))
}
