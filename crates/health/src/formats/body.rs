//! The JSON object of an entry: what is absent is left out, and equal entries have equal texts.

use serde_json::{Map, Value as Json};

use crate::time::format_instant;

/// A JSON object in the making; what is absent is left out.
#[derive(Debug, Default)]
pub(crate) struct Body(Map<String, Json>);

impl Body {
    /// Sets a value, unless it is nothing or empty.
    pub(crate) fn set(&mut self, key: &str, value: impl Into<Json>) {
        let value = value.into();
        let empty = match &value {
            Json::Null => true,
            Json::Object(map) => map.is_empty(),
            Json::Array(list) => list.is_empty(),
            _ => false,
        };
        if !empty {
            self.0.insert(key.to_owned(), value);
        }
    }

    /// Sets a number.
    pub(crate) fn number(&mut self, key: &str, value: Option<f64>) {
        self.set(key, value.map(number_json));
    }

    /// Sets an instant.
    pub(crate) fn instant(&mut self, key: &str, ms: Option<i64>) {
        self.set(key, ms.map(format_instant));
    }

    /// Whether nothing was set.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Bytes of memory that it takes, about.
    pub(crate) fn weight(&self) -> usize {
        self.0.iter().map(|(key, value)| key.len() + weight(value)).sum()
    }

    /// The object as a value.
    pub(crate) fn json(self) -> Json {
        Json::Object(self.0)
    }

    /// The canonical text.
    pub(crate) fn text(self) -> String {
        self.json().to_string()
    }
}

fn weight(value: &Json) -> usize {
    // A node of a map, and what the allocator adds to each text.
    const OWN: usize = 128;
    OWN + match value {
        Json::String(text) => text.len(),
        Json::Array(list) => list.iter().map(weight).sum(),
        Json::Object(map) => map.iter().map(|(key, value)| key.len() + weight(value)).sum(),
        _ => 0,
    }
}

/// A number as JSON with twelve digits, whole ones without a point: what a change of units does to the last digits
/// must not make two bodies differ.
pub(crate) fn number_json(value: f64) -> Json {
    let digits = |value: f64| format!("{value:.11e}").parse().unwrap_or(value);
    let is_short = value.fract() == 0.0 && value.abs() < 1e11;
    let value = if is_short { value } else { digits(value) };
    if value.fract() == 0.0 && value.abs() < 9e15 { Json::from(value as i64) } else { Json::from(value) }
}
