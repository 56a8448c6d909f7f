//! What was asked, held against what a tool takes.

use serde_json::{Map, Value};

use super::answer::cleaned;
use super::tools::Tool;
use crate::error::{Code, Error, Result};
use crate::local::Days;

/// Types in one question.
const MOST_TYPES: usize = 50;

/// The arguments of one call. An argument that is null is as good as none.
#[derive(Clone, Copy)]
pub(super) struct Arguments<'a>(&'a Map<String, Value>);

impl<'a> Arguments<'a> {
    /// Refuses what the tool does not know, what it lacks, and what has another shape.
    pub fn new(tool: &Tool, given: &'a Map<String, Value>) -> Result<Self> {
        let refused = |message: String, hint: String| Err(Error::new(Code::BadUsage, message, hint));
        for (name, value) in given.iter().filter(|(_, value)| !value.is_null()) {
            let Some(argument) = tool.takes().find(|argument| argument.name == name) else {
                let names: Vec<&str> = tool.takes().map(|argument| argument.name).collect();
                let message = format!("`{}` is no argument of {}.", cleaned(name), tool.name);
                return refused(message, format!("There are: {}.", names.join(", ")));
            };
            // Whatever stands for a person is nobody here.
            if *name != "user_id" && !argument.fits(value) {
                return refused(format!("The argument `{}` cannot be read.", argument.name), argument.wanted());
            }
        }
        let arguments = Self(given);
        match tool.takes().find(|argument| argument.required && arguments.value(argument.name).is_none()) {
            Some(lacking) => refused(format!("The argument `{}` is missing.", lacking.name), lacking.wanted()),
            None => Ok(arguments),
        }
    }

    fn value(&self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// A text, where there is one.
    pub fn text(&self, name: &str) -> Option<&'a str> {
        self.value(name).and_then(Value::as_str)
    }

    /// A text that the tool does not go without.
    pub fn needed(&self, name: &str) -> &'a str {
        self.text(name).unwrap_or_default()
    }

    /// A whole number that the tool does not go without.
    pub fn number(&self, name: &str) -> i64 {
        self.value(name).and_then(Value::as_i64).unwrap_or_default()
    }

    /// Whether something is so.
    pub fn switch(&self, name: &str, otherwise: bool) -> bool {
        self.value(name).and_then(Value::as_bool).unwrap_or(otherwise)
    }

    /// Types by their words; empty where none is named.
    pub fn types(&self) -> Result<Vec<String>> {
        let all = self.value("types").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        if all.len() > MOST_TYPES {
            let hint = format!("Up to {MOST_TYPES} can be named at once.");
            return Err(Error::new(Code::BadUsage, "These are too many types.", hint));
        }
        Ok(all.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    }

    /// The days from one argument to another, both inclusive.
    pub fn days(&self, from: &str, to: &str) -> Result<Days> {
        Days::parse(self.text(from), self.text(to))
    }

    /// How many records were told before.
    pub fn cursor(&self) -> Result<usize> {
        let Some(text) = self.text("cursor") else { return Ok(0) };
        text.parse().map_err(|_| {
            let hint = "Take `next_cursor` of the answer before, as it stands.";
            Error::new(Code::BadUsage, "The argument `cursor` cannot be read.", hint)
        })
    }
}
