//! Words for what is wrong or odd in what phones send: why a record was left out, and what is kept but in no number.

use health::key;
use health::language::word;
use store::peers::{SHUT_OUT, TAKEN_BACK};

/// Why a record of a phone, or all that came at once, was left out, by its code.
const REASONS: [(&str, &str); 24] = [
    ("bad_json", key!("is not JSON")),
    ("bad_shape", key!("is not put together as it should be")),
    ("bad_time", key!("has a time that cannot be read")),
    ("bad_value", key!("has a value that cannot be read or is far too large")),
    ("no_end", key!("has no end, and needs one")),
    ("no_place", key!("is of a sort that the server has no place for")),
    ("no_unit", key!("is in a unit that the server has no word for")),
    ("no_value", key!("has no value, and needs one")),
    ("superseded", key!("counts no more where it comes from")),
    ("too_large", key!("is larger than a record may be")),
    ("too_many_kinds", key!("is of a type too many")),
    ("too_many_sources", key!("is of a source too many")),
    ("unknown_record", key!("is of a sort that Vitalog does not know")),
    ("unknown_stage", key!("has a stage of sleep that Vitalog does not know")),
    ("unsupported", key!("is in a form that is not taken, such as CSV")),
    ("damaged", key!("is cut off or packed in a way that cannot be read")),
    ("too_deep", key!("has more brackets inside each other than any app's")),
    ("long_text", key!("has a longer text than any app's")),
    ("failed", key!("could not be kept in three tries")),
    ("idempotency_key", key!("came by the name of another transfer")),
    ("too_many_rows", key!("would be more than a phone may bring in a day")),
    ("too_many_bodies", key!("would be one transfer more than a phone may send in a day")),
    (SHUT_OUT, key!("still waited when its phone was shut out")),
    (TAKEN_BACK, key!("still waited when all of its phone was taken back")),
];

/// What is odd about a record that is kept as it was sent, by its flag.
const FLAGS: [(&str, &str); 8] = [
    ("end_before_start", key!("ends before it starts; it counts in no number")),
    ("no_value", key!("has no value; it counts in no number")),
    ("unknown_type", key!("is of a type that nobody knows; it counts in no number")),
    ("unknown_stage", key!("is of a stage that nobody knows; it counts in no number")),
    ("unknown_statistic", key!("has a statistic that nobody knows, kept as it was sent")),
    ("unit_unknown", key!("has a unit that nobody knows; it counts in no number")),
    ("unit_assumed", key!("came without a unit; the usual one was taken")),
    ("suspicious_unit", key!("cannot be right in its unit; it counts in no number")),
];

/// Why a record of a phone, or all that came at once, was left out; a code that nobody knows stays.
pub fn reason(code: &str) -> String {
    say(&REASONS, code)
}

/// What is odd about a record; a flag that nobody knows stays.
pub fn flag(code: &str) -> String {
    say(&FLAGS, code)
}

/// Whether a code is that of something odd about a record that is kept.
pub fn is_flag(code: &str) -> bool {
    FLAGS.iter().any(|(known, _)| *known == code)
}

/// What is wrong or odd, by the code of either.
pub fn said(code: &str) -> String {
    if REASONS.iter().any(|(known, _)| *known == code) { reason(code) } else { flag(code) }
}

fn say(words: &[(&str, &'static str)], code: &str) -> String {
    words.iter().find(|(known, _)| *known == code).map_or_else(|| code.to_owned(), |(_, text)| word(text))
}

#[cfg(test)]
mod tests {
    use health::formats::phone::REASONS as ALL;
    use health::language::{Language, speak};
    use health::phone::Flags;

    use super::*;

    #[test]
    fn every_reason_and_every_flag_has_words_in_every_language() {
        let flags = Flags::from_bits(u16::MAX);
        for (code, say) in
            ALL.iter().map(|code| (*code, reason as fn(&str) -> String)).chain(flags.words().map(|w| (w, flag as _)))
        {
            let english = say(code);
            assert_ne!(english, code);
            let _spoken = speak(Language::of("de"));
            assert_ne!(say(code), english, "{code}");
        }
        assert_eq!(reason("something_new"), "something_new");
    }
}
