//! How much the page may send: one look at every command's arguments, before any of them sees them. So a mistake in the
//! page, or a script that got into it, cannot fill the memory, and a new command is bounded without a word of its own.

use serde_json::Value;
use tauri::ipc::InvokeBody;

use super::backend::AppError;

/// Bytes of a text: a name, a day, a type's word, a title.
const TEXT: usize = 1_000;
/// Texts that may be longer, by command and argument: what somebody writes, and what a system calls a file.
const LONGER: [(&str, &str, usize); 5] = [
    ("sql", "statement", 100_000),
    ("set_setting", "to", 10_000),
    ("import_export", "path", 40_000),
    ("add_server", "entry", 64_000),
    ("sign_in", "entry", 64_000),
];
/// Entries of a list or an object.
const ENTRIES: usize = 1_000;
/// Lists in lists.
const DEPTH: usize = 5;
/// Bytes of all arguments of a command together, about as JSON writes them.
const ALL: usize = 200_000;

/// Refuses arguments that no page of ours sends.
pub fn check(command: &str, arguments: &InvokeBody) -> Result<(), AppError> {
    match arguments {
        InvokeBody::Json(Value::Object(arguments)) => {
            arguments.iter().try_for_each(|(name, value)| {
                let longer = LONGER.iter().find(|(known, argument, _)| *known == command && argument == name);
                fits(value, longer.map_or(TEXT, |(.., bytes)| *bytes), DEPTH).map_err(|limit| too_large(name, limit))
            })?;
            let all: usize = arguments.iter().map(|(name, value)| name.len() + size(value)).sum();
            if all <= ALL { Ok(()) } else { Err(too_large(command, ALL)) }
        }
        InvokeBody::Json(Value::Null) => Ok(()),
        _ => Err(AppError::new("internal", "The arguments of a command are no object.", "Please report this.")),
    }
}

fn too_large(name: &str, limit: usize) -> AppError {
    let name: String = name.chars().take(40).collect();
    let message = format!("This is too much: `{name}` may be {limit} long.");
    AppError::new("too_large", &message, "Make it shorter and try again.")
}

/// The limit that is passed, if any.
fn fits(value: &Value, text: usize, depth: usize) -> Result<(), usize> {
    let within = |length: usize, limit: usize| if length <= limit { Ok(()) } else { Err(limit) };
    let inner = || depth.checked_sub(1).ok_or(DEPTH);
    match value {
        Value::String(found) => within(found.len(), text),
        Value::Array(list) => {
            within(list.len(), ENTRIES)?;
            let depth = inner()?;
            list.iter().try_for_each(|one| fits(one, text, depth))
        }
        Value::Object(map) => {
            within(map.len(), ENTRIES)?;
            let depth = inner()?;
            map.iter().try_for_each(|(key, one)| within(key.len(), TEXT).and_then(|()| fits(one, text, depth)))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

/// About how many bytes a value has; its depth is bounded before.
fn size(value: &Value) -> usize {
    let inner = match value {
        Value::String(text) => text.len(),
        Value::Array(list) => list.iter().map(size).sum(),
        Value::Object(map) => map.iter().map(|(key, one)| key.len() + size(one)).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    };
    // Marks around it, or the number.
    inner + 8
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check_limit(command: &str, arguments: Value, expected: Option<&str>) {
        let found = check(command, &InvokeBody::Json(arguments)).map_err(|error| error.message);
        match expected {
            None => assert_eq!(found, Ok(())),
            Some(words) => assert!(found.clone().is_err_and(|message| message.contains(words)), "{found:?}"),
        }
    }

    fn nested(levels: usize) -> Value {
        (0..levels).fold(json!(1), |inner, _| json!([inner]))
    }

    #[test]
    fn texts_lists_and_depth_are_bounded() {
        check_limit("status", Value::Null, None);
        check_limit("status", json!({}), None);
        check_limit("explain", json!({"word": "x".repeat(1_000), "day": "2026-03-14"}), None);
        check_limit("explain", json!({"word": "x".repeat(1_001)}), Some("`word` may be 1000"));
        check_limit("sql", json!({"statement": "x".repeat(100_000)}), None);
        check_limit("sql", json!({"statement": "x".repeat(100_001)}), Some("`statement` may be 100000"));
        check_limit("other", json!({"statement": "x".repeat(1_001)}), Some("`statement` may be 1000"));
        check_limit("set_source_order", json!({"order": vec![1; 1_000]}), None);
        check_limit("set_source_order", json!({"order": vec![1; 1_001]}), Some("`order` may be 1000"));
        check_limit("chart", json!({"question": {"subject": "x".repeat(1_001)}}), Some("`question`"));
        check_limit("chart", json!({"question": {"x".repeat(1_001): 1}}), Some("`question`"));
        check_limit("chart", json!({"question": nested(5)}), None);
        check_limit("chart", json!({"question": nested(6)}), Some("`question` may be 5"));
        check_limit("chart", json!([1]), Some("no object"));
    }

    /// Each part for itself is allowed.
    #[test]
    fn all_of_it_together_is_bounded() {
        let texts = |n: usize| json!({"order": vec!["x".repeat(1_000); n]});
        check_limit("set_source_order", texts(190), None);
        check_limit("set_source_order", texts(200), Some("`set_source_order` may be 200000"));
        let lists = |n: usize| json!({"question": vec![vec![1; 1_000]; n]});
        check_limit("chart", lists(24), None);
        check_limit("chart", lists(25), Some("`chart` may be 200000"));
        let names: Vec<(String, Value)> = (0..300).map(|i| (format!("{i:0>900}"), json!(1))).collect();
        check_limit(
            "chart",
            json!({"question": names.into_iter().collect::<serde_json::Map<_, _>>()}),
            Some("`chart`"),
        );
    }

    #[test]
    fn bytes_are_for_no_command() {
        assert!(check("sql", &InvokeBody::Raw(vec![0; 4])).is_err());
    }
}
