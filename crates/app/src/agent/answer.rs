//! One answer: one JSON document, as long as fits, in which nothing that data say can steer who reads it.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::error::{Error, Result};

/// The longest answer.
pub const MOST_BYTES: usize = 32 * 1024;
/// What the keys that say whether it is whole take, at most.
const KEYS: usize = 512;
/// Letters of a text from the data.
const MOST_LETTERS: usize = 200;
/// What we say ourselves may be longer.
const SENTENCES: [&str; 5] = ["sentence", "said", "summary", "note", "caveat"];
const MOST_OF_SENTENCES: usize = 2000;
/// What a picture may take of an answer.
const MOST_PICTURE: usize = 24 * 1024;

/// What one tool answers: keys of its own, and records of which there may be more than fit.
#[derive(Debug, Default)]
pub(super) struct Answer {
    head: Map<String, Value>,
    records: Vec<Value>,
    picture: Option<String>,
    /// What to ask for instead, where it does not fit.
    hint: &'static str,
    /// Whether there is more than the records here, which no cursor reaches.
    cut: bool,
}

impl Answer {
    /// From a document; the list under `key` becomes its records.
    pub fn of(document: &impl Serialize, key: &str) -> Result<Self> {
        let Value::Object(mut head) = value(document)? else { return Ok(Self::default()) };
        let records = match head.remove(key) {
            Some(Value::Array(records)) => records,
            _ => Vec::new(),
        };
        Ok(Self { head, records, ..Self::default() })
    }

    /// From rows.
    pub fn of_rows(rows: &[impl Serialize]) -> Result<Self> {
        let records = rows.iter().map(value).collect::<Result<_>>()?;
        Ok(Self { records, ..Self::default() })
    }

    /// With one key more.
    pub fn with(mut self, key: &str, said: impl Into<Value>) -> Self {
        self.head.insert(key.to_owned(), said.into());
        self
    }

    /// With what to ask for where it does not fit.
    pub fn or_rather(self, hint: &'static str) -> Self {
        Self { hint, ..self }
    }

    /// With a picture, where that is small enough.
    pub fn with_picture(self, svg: String) -> Self {
        Self { picture: Some(svg), ..self }
    }

    /// With the word that there is more.
    pub fn cut(self, cut: bool) -> Self {
        Self { cut, ..self }
    }

    /// The document: records from `from` on, as many as fit.
    pub fn bounded(self, from: usize) -> Result<String> {
        let mut head = Value::Object(self.head);
        clean(&mut head, MOST_LETTERS);
        let picture = self.picture.filter(|_| from == 0);
        let picture = picture.map(|svg| if quoted(&svg) <= MOST_PICTURE { Value::from(svg) } else { Value::Null });
        let room = MOST_BYTES - KEYS - picture.as_ref().map_or(0, |svg| svg.to_string().len());
        let mut shortened = false;
        while size(&head) > room && shorten(&mut head) {
            shortened = true;
        }
        let mut left = room.saturating_sub(size(&head));
        let total = self.records.len();
        let mut told = Vec::new();
        for mut record in self.records.into_iter().skip(from) {
            clean(&mut record, MOST_LETTERS);
            // One that is too long for any answer is told in part, or none after it would ever be.
            while told.is_empty() && size(&record) > left && shorten(&mut record) {
                shortened = true;
            }
            let Some(rest) = left.checked_sub(size(&record) + 1) else { break };
            left = rest;
            told.push(record);
        }
        let next = Some(from + told.len()).filter(|next| *next < total && !told.is_empty());
        let truncated = next.is_some() || shortened || self.cut || picture == Some(Value::Null);
        if let Value::Object(head) = &mut head {
            head.insert("records".to_owned(), told.into());
            head.insert("records_total".to_owned(), total.into());
            head.insert("truncated".to_owned(), truncated.into());
            head.insert("next_cursor".to_owned(), next.map(|next| next.to_string()).into());
            if let Some(svg) = picture {
                head.insert("svg".to_owned(), svg);
            }
            if truncated {
                let hint = if self.hint.is_empty() { "Ask for less at once." } else { self.hint };
                head.insert("hint".to_owned(), hint.into());
            }
        }
        Ok(head.to_string())
    }
}

/// As JSON.
pub(super) fn value(of: &impl Serialize) -> Result<Value> {
    serde_json::to_value(of).map_err(|error| Error::from(std::io::Error::from(error)))
}

fn size(value: &Value) -> usize {
    value.to_string().len()
}

fn quoted(text: &str) -> usize {
    Value::from(text).to_string().len()
}

/// Halves the longest list in a document; false where there is none to halve.
fn shorten(value: &mut Value) -> bool {
    fn longest(value: &Value) -> usize {
        match value {
            Value::Array(all) if all.len() > 1 => size(value).max(all.iter().map(longest).max().unwrap_or(0)),
            Value::Array(all) => all.iter().map(longest).max().unwrap_or(0),
            Value::Object(keys) => keys.values().map(longest).max().unwrap_or(0),
            _ => 0,
        }
    }
    fn halve(value: &mut Value, most: usize) -> bool {
        let is_it = size(value) == most;
        match value {
            Value::Array(all) if is_it && all.len() > 1 => {
                all.truncate(all.len() / 2);
                true
            }
            Value::Array(all) => all.iter_mut().any(|one| halve(one, most)),
            Value::Object(keys) => keys.values_mut().any(|one| halve(one, most)),
            _ => false,
        }
    }
    let most = longest(value);
    most > 0 && halve(value, most)
}

/// Cleans every text in a document. Its keys are ours.
fn clean(value: &mut Value, most: usize) {
    match value {
        Value::String(text) => *text = up_to(text, most),
        Value::Array(all) => all.iter_mut().for_each(|one| clean(one, most)),
        Value::Object(keys) => keys.iter_mut().for_each(|(key, value)| {
            clean(value, if SENTENCES.contains(&key.as_str()) { MOST_OF_SENTENCES } else { MOST_LETTERS });
        }),
        _ => {}
    }
}

/// A text without letters that nobody sees, and not longer than a name may be.
pub(super) fn cleaned(text: &str) -> String {
    up_to(text, MOST_LETTERS)
}

fn up_to(text: &str, most: usize) -> String {
    let mut letters = text.chars().filter(|letter| is_seen(*letter));
    let mut out: String = letters.by_ref().take(most).collect();
    if letters.next().is_some() {
        out.push('\u{2026}');
    }
    out
}

/// Not control characters, not what turns the direction of writing, not what has no width, not tags and not what is
/// for private use: instructions can be hidden in these.
fn is_seen(letter: char) -> bool {
    !letter.is_control()
        && !matches!(letter,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e000}'..='\u{f8ff}' | '\u{e0000}'..='\u{e0fff}' | '\u{f0000}'..='\u{10ffff}')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer(n: usize, length: usize) -> Answer {
        let rows: Vec<Value> = (0..n).map(|place| json!({ "place": place, "name": "x".repeat(length) })).collect();
        Answer::of_rows(&rows).expect("rows")
    }

    fn read(text: &str) -> Value {
        assert!(text.len() <= MOST_BYTES, "{}", text.len());
        serde_json::from_str(text).expect("JSON")
    }

    #[test]
    fn cursors_lead_through_every_record_once() {
        let (mut from, mut places) = (0, Vec::new());
        loop {
            let page = read(&answer(3000, 100).bounded(from).expect("a page"));
            places.extend(page["records"].as_array().expect("records").iter().filter_map(|one| one["place"].as_u64()));
            assert_eq!(page["truncated"], json!(!page["next_cursor"].is_null()));
            let Some(next) = page["next_cursor"].as_str() else { break };
            from = next.parse().expect("a number");
        }
        assert_eq!(places, (0..3000).collect::<Vec<u64>>());
    }

    #[test]
    fn what_never_fits_is_told_in_part() {
        let list: Vec<String> = (0..2000).map(|place| format!("{place:0>50}")).collect();
        let page = read(&Answer::of_rows(&[json!({ "names": list })]).expect("rows").bounded(0).expect("a page"));
        assert_eq!((page["truncated"].clone(), page["next_cursor"].clone()), (json!(true), Value::Null));
        assert!(page["records"][0]["names"].as_array().is_some_and(|names| names.len() > 100), "some of them");
        let page = read(&Answer::default().with("names", list).bounded(0).expect("a page"));
        assert_eq!(page["truncated"], json!(true));
    }

    #[test]
    fn what_nobody_sees_is_taken_out_of_texts() {
        assert_eq!(cleaned("a\u{1b}[31m\u{202e}b\n\u{200b}c\u{e0041}\u{feff}é"), "a[31mbcé");
        assert_eq!(cleaned(&"é".repeat(300)).chars().count(), 201);
    }
}
