//! Words for why a server does not have a row: it was held back, refused, or is gone here alone.

use health::key;
use health::language::word;
use store::remotes::{LEFT_OUT, STAYS};

use super::NEEDS_KEY;

/// Why a row is not there, or still is, by its code.
const WORDS: [(&str, &str); 20] = [
    ("not_stored", key!("is of a type that the server has no place for")),
    ("another_type", key!("is of a type that the server would put among another one")),
    ("unclear_unit", key!("is of a type of which nobody knows in which unit the server wants it")),
    ("no_value", key!("has no number, and the server needs one")),
    ("too_large", key!("has a number that is larger than the server can keep")),
    ("same_instant", key!("begins at the same instant as another one of its source, and the server keeps one")),
    ("no_length", key!("is a stage of sleep without length")),
    ("unknown_stage", key!("is a stage of sleep that the server does not know")),
    ("awake_alone", key!("is awake before anybody slept, and the server begins a night with sleep")),
    ("another_source", key!("tells a night that another source tells better, and the server keeps one")),
    ("same_workout", key!("has the same start and end as another workout, and the server keeps one")),
    (NEEDS_KEY, key!("is other than what the server has, and only with an API key can that be taken away first")),
    ("no_place", key!("is of a sort that the server has no place for")),
    ("no_unit", key!("is in a unit that the server has no word for")),
    ("bad_time", key!("has a time that cannot be read")),
    ("refused", key!("was refused by the server")),
    ("bad_value", key!("has a value that the server cannot be told")),
    ("superseded", key!("is in a newer export no more")),
    (LEFT_OUT, key!("was refused by the server, and you leave it out")),
    (STAYS, key!("is gone here and stays there: the server cannot be asked to take it back")),
];

/// Why a server does not have a row, for people; a code that nobody knows stays.
pub fn why(code: &str) -> String {
    WORDS.iter().find(|(known, _)| *known == code).map_or_else(|| code.to_owned(), |(_, text)| word(text))
}

#[cfg(test)]
mod tests {
    use health::formats::open_wearables::encode::Reason;
    use health::language::{Language, speak};

    use super::*;

    #[test]
    fn every_reason_has_words_in_every_language() {
        for code in Reason::ALL.map(Reason::as_str).into_iter().chain(WORDS.map(|(code, _)| code)) {
            let english = why(code);
            assert_ne!(english, code);
            let _spoken = speak(Language::of("de"));
            assert_ne!(why(code), english, "{code}");
        }
        assert_eq!(why("something_new"), "something_new");
    }
}
