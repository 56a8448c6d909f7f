//! Addresses of the window's screens, as `vitalog open` and links have them: `#/sleep?range=day&date=2024-03-01`. The
//! one list of what is let in from outside; the page has the same places in `ui/src/places.ts`.

use health::time::parse_day;

use crate::error::{Code, Error, Result};

/// Every screen; `type` is followed by the word of one.
pub const PLACES: [&str; 23] = [
    "overview",
    "sleep",
    "heart",
    "activity",
    "workouts",
    "body",
    "vitals",
    "mobility",
    "hearing",
    "nutrition",
    "cycle",
    "medications",
    "mind",
    "types",
    "compare",
    "query",
    "import",
    "phone",
    "servers",
    "sources",
    "settings",
    "about",
    "type",
];
/// What a screen may be asked besides its range and its day.
pub const ASKED: [&str; 12] =
    ["kind", "from", "to", "least", "search", "by", "step", "until", "lag", "why", "also", "part"];
const RANGES: [&str; 6] = ["day", "week", "month", "half_year", "year", "all"];
/// Bytes of an address, and of one part of it.
const MOST: usize = 1_000;
const MOST_PART: usize = 200;
/// Parts behind the place: the word of a type, the number of a workout.
const MOST_REST: usize = 2;
/// Digits of a range that is a number of days.
const MOST_DIGITS: usize = 4;

/// Whether a text is meant to be an address: nothing that a system calls a file begins so from its root on.
pub fn is_meant(text: &str) -> bool {
    text.starts_with('#')
}

/// Lets an address in that leads to a screen, and refuses any other with `unknown_address`.
pub fn check(text: &str) -> Result<&str> {
    let known = text.len() <= MOST && text.bytes().all(|byte| byte.is_ascii_graphic());
    let path = text.strip_prefix("#/").filter(|_| known).map(|rest| rest.split_once('?').unwrap_or((rest, "")));
    let leads = path.is_some_and(|(path, query)| is_path(path) && (query.is_empty() || query.split('&').all(is_asked)));
    if leads { Ok(text) } else { Err(unknown()) }
}

fn is_path(path: &str) -> bool {
    let mut parts = path.split('/');
    let place = parts.next().unwrap_or_default();
    let rest: Vec<&str> = parts.collect();
    PLACES.contains(&place) && rest.len() <= MOST_REST && rest.iter().all(|part| !part.is_empty() && fits(part))
}

fn is_asked(pair: &str) -> bool {
    let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
    match key {
        "range" => RANGES.contains(&value) || is_number(value),
        "date" => parse_day(value).is_some(),
        key => ASKED.contains(&key) && fits(value),
    }
}

fn is_number(text: &str) -> bool {
    let digits = (1..=MOST_DIGITS).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    digits && !text.starts_with('0')
}

fn fits(part: &str) -> bool {
    part.len() <= MOST_PART && !part.contains(['#', '?', '<', '>', '"', '\\'])
}

fn unknown() -> Error {
    Error::new(
        Code::UnknownAddress,
        "The window has no such screen.",
        "Copy an address there with L, or write one as in `vitalog open '#/sleep?range=day&date=2024-03-01'`.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn leads(text: &str, expected: bool) {
        assert_eq!(
            check(text).map_err(|error| error.code),
            if expected { Ok(text) } else { Err(Code::UnknownAddress) }
        );
    }

    #[test]
    fn screens_are_let_in() {
        leads("#/overview", true);
        leads("#/sleep?range=day&date=2024-03-01", true);
        leads("#/type/heart_rate?range=12&date=2026-03-14&why=2026-03-09..2026-03-15", true);
        leads("#/type/heart_rate?part=1773489600000..1773493200000", true);
        leads("#/workouts/12", true);
        leads("#/workouts?search=K%C3%B6ln%20run&least=30", true);
    }

    #[test]
    fn nothing_else_is() {
        for text in [
            "",
            "#",
            "#/",
            "#/nowhere",
            "#/Sleep",
            "/sleep",
            "sleep",
            "#sleep",
            "#/sleep/",
            "#/sleep//a",
            "#/type/a/b/c",
            "#/sleep?range=forever",
            "#/sleep?range=0",
            "#/sleep?range=10000",
            "#/sleep?date=1.3.2024",
            "#/sleep?date=2024-02-30",
            "#/sleep?x=1",
            "#/sleep?range",
            "#/sleep?range=day&",
            "#/sleep?search=a b",
            "#/sleep?search=<b>",
            "#/sleep?search=a#/b",
            "#/sleep?search=\u{e9}",
            "#/sleep?search=a\n",
            "javascript:1",
            "https://example.org/#/sleep",
        ] {
            leads(text, false);
        }
        leads(&format!("#/types/{}", "a".repeat(200)), true);
        leads(&format!("#/types/{}", "a".repeat(201)), false);
        let asked = |times: usize| format!("#/types?{}", vec![format!("search={}", "a".repeat(190)); times].join("&"));
        leads(&asked(4), true);
        leads(&asked(6), false);
    }
}
