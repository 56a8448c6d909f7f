//! Which path is what. Doubled slashes are folded, one at the end is passed over, `/d/{label}` may stand before any.

use health::phone::Feed;

use crate::intake::ReadBack;
use crate::secret;

/// What a request is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Route {
    /// One line of text.
    Root,
    /// Whether somebody is there.
    Health,
    /// A body with records.
    Deliver(Feed),
    /// The same, of Open Wearables, for the user that it names.
    Sync(String),
    /// What the Open Wearables SDK tells about itself.
    Logs(String),
    /// It signs out.
    Leave(String),
    /// A code for tokens.
    Redeem,
    /// A token for tokens.
    Refresh,
    /// What HealthSave asks before it sends.
    Stock,
    /// What this token brought, as HealthSync reads it.
    ReadBack(ReadBack),
    /// What became of the deliveries of this token's phone.
    Deliveries,
    /// The same as they come.
    Follow,
    /// The pages for the phone's browser.
    Pair(Page),
}

/// A page for the phone's browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Page {
    /// A field for the short code.
    Form,
    /// The button of a code.
    Code(String),
    /// The code is used; of the form it stands in the body.
    Claim(Option<String>),
    /// Waiting, and later the list of apps.
    Ticket(String),
    /// One app's address and token.
    App(String, Feed),
    /// How the pages look.
    Style,
    /// What copies a line.
    Script,
    /// The certificate that the phone is to trust, as a configuration profile.
    Profile,
}

/// What a path and a method come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// This.
    Route(Route),
    /// There is something, but not for this method.
    WrongMethod,
    /// Nothing.
    Nothing,
}

/// The parts of a path, without the prefix that is for people's eyes only.
fn parts(path: &str) -> Vec<&str> {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        ["d", _label, rest @ ..] => rest.to_vec(),
        _ => parts,
    }
}

/// Whether a path means nothing yet, so that Health Export Pro may be told to send there. Its own does no harm.
pub fn is_path_free(path: &str) -> bool {
    let is_page = parts(path).first() == Some(&"pair");
    match find("POST", path, None) {
        Found::Nothing => !is_page,
        found => found == Found::Route(Route::Deliver(Feed::HealthExportPro)),
    }
}

/// Finds what a request is about. `hep_path` is where Health Export Pro was told to send, besides its own path; it
/// takes nothing away that is somebody else's.
pub(super) fn find(method: &str, path: &str, hep_path: Option<&str>) -> Found {
    let parts = parts(path);
    let is_hep = hep_path.is_some_and(|own| !own.trim_matches('/').is_empty() && self::parts(own) == parts);
    let known = match parts.as_slice() {
        [] => Some(("GET", Route::Root)),
        ["health"] | ["api", "health"] => Some(("GET", Route::Health)),
        ["api", rest @ ..] => api(rest),
        ["pair", rest @ ..] => pair(rest, method),
        _ => None,
    };
    let known = known.or_else(|| is_hep.then_some(("POST", Route::Deliver(Feed::HealthExportPro))));
    match known {
        Some((wanted, route)) if wanted == method => Found::Route(route),
        Some(_) => Found::WrongMethod,
        None => Found::Nothing,
    }
}

fn api(parts: &[&str]) -> Option<(&'static str, Route)> {
    let user = |user: &&str| (*user).to_owned();
    Some(match parts {
        ["apple-health", "sync"] => ("POST", Route::Deliver(Feed::HealthSync)),
        ["apple-health", "metrics"] => ("GET", Route::ReadBack(ReadBack::Metrics)),
        ["apple-health", "workouts"] => ("GET", Route::ReadBack(ReadBack::Workouts)),
        ["apple-health", "syncs"] => ("GET", Route::ReadBack(ReadBack::Syncs)),
        ["health-data"] => ("POST", Route::Deliver(Feed::HealthExportPro)),
        ["hae"] => ("POST", Route::Deliver(Feed::HealthAutoExport)),
        ["apple", "batch"] => ("POST", Route::Deliver(Feed::HealthSave)),
        ["apple", "status"] => ("GET", Route::Stock),
        ["vitalog"] => ("POST", Route::Deliver(Feed::Vitalog)),
        ["deliveries"] => ("GET", Route::Deliveries),
        ["deliveries", "events"] => ("GET", Route::Follow),
        ["v1", "invitation-code", "redeem"] => ("POST", Route::Redeem),
        // Only the documentation names this path; the code stands in it.
        ["v1", "sdk", "invitation-codes", _, "redeem"] => ("POST", Route::Redeem),
        ["v1", "token", "refresh"] => ("POST", Route::Refresh),
        ["v1", "sdk", "users", id, "sync"] | ["v1", "sdk", "users", id, "sync", "apple"] => {
            ("POST", Route::Sync(user(id)))
        }
        ["v1", "sdk", "users", id, "sync", "apple", "healthion"] => ("POST", Route::Sync(user(id))),
        ["v1", "sdk", "users", id, "logs"] => ("POST", Route::Logs(user(id))),
        ["v1", "users", id, "connections", "apple"] => ("DELETE", Route::Leave(user(id))),
        _ => return None,
    })
}

fn pair(parts: &[&str], method: &str) -> Option<(&'static str, Route)> {
    let (method, page) = match parts {
        [] if method == "POST" => ("POST", Page::Claim(None)),
        [] => ("GET", Page::Form),
        ["style.css"] => ("GET", Page::Style),
        ["copy.js"] => ("GET", Page::Script),
        ["vitalog.mobileconfig"] => ("GET", Page::Profile),
        ["at", ticket] => ("GET", Page::Ticket(secret::typed(ticket)?)),
        ["at", ticket, app] => {
            let feed = Feed::ALL.into_iter().find(|feed| feed.app() == *app)?;
            ("POST", Page::App(secret::typed(ticket)?, feed))
        }
        [code] => ("GET", Page::Code(secret::typed(code)?)),
        [code, "claim"] => ("POST", Page::Claim(Some(secret::typed(code)?))),
        _ => return None,
    };
    Some((method, Route::Pair(page)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(request: &str, expected: Found) {
        let (method, path) = request.split_once(' ').expect("a method and a path");
        assert_eq!(find(method, path, Some("/ingest/kim/")), expected, "{request}");
    }

    #[test]
    fn paths_are_found_as_apps_write_them() {
        let deliver = |feed| Found::Route(Route::Deliver(feed));
        check("POST /api/apple-health/sync", deliver(Feed::HealthSync));
        check("POST //api//apple-health/sync/", deliver(Feed::HealthSync));
        check("POST /d/kim/api/apple/batch", deliver(Feed::HealthSave));
        check("POST /ingest/kim", deliver(Feed::HealthExportPro));
        check("POST /d/phone/ingest/kim/", deliver(Feed::HealthExportPro));
        check("POST /api/health-data", deliver(Feed::HealthExportPro));
        check("GET /", Found::Route(Route::Root));
        check("GET /d/kim", Found::Route(Route::Root));
        for path in ["sync", "sync/apple", "sync/apple/healthion"] {
            check(&format!("POST /api/v1/sdk/users/U-1/{path}"), Found::Route(Route::Sync("U-1".to_owned())));
        }
        check("POST //api/v1/invitation-code/redeem", Found::Route(Route::Redeem));
        check("DELETE /api/v1/users/u/connections/apple", Found::Route(Route::Leave("u".to_owned())));
    }

    #[test]
    fn anything_else_is_nothing() {
        for path in ["/api", "/api/v1", "/api/v1/users", "/api/hae/x", "/API/hae", "/pair/at", "/pair/nocode", "/x"] {
            check(&format!("GET {path}"), Found::Nothing);
        }
        check("POST /pair/at/K7QX2M9B/no-app", Found::Nothing);
    }

    #[test]
    fn what_means_something_is_not_taken_by_another_path_of_health_export_pro() {
        for (method, taken) in [
            ("POST", "/api/hae"),
            ("POST", "//api/apple-health/sync/"),
            ("POST", "/api/v1/sdk/users/kim/sync"),
            ("GET", "/api/deliveries"),
            ("GET", "/health"),
            ("GET", "/d/kim/health"),
            ("GET", "/pair"),
            ("POST", "/pair/K7QX2M9B/claim"),
        ] {
            assert!(!is_path_free(taken), "{taken}");
            assert_eq!(find(method, taken, Some(taken)), find(method, taken, None), "{taken}");
        }
        assert!(!is_path_free("/") && !is_path_free("/pair/phone"));
        assert!(["/ingest/kim", "/api/kim", "/api/health-data", "/health/kim"].into_iter().all(is_path_free));
    }

    #[test]
    fn a_path_has_one_method() {
        for request in
            ["GET /api/hae", "POST /", "PUT /api/apple/batch", "HEAD /health", "DELETE /pair", "GET /ingest/kim"]
        {
            check(request, Found::WrongMethod);
        }
    }
}
