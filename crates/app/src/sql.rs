//! The user's own SQL, reading only.

use health::kind::{self, fold};
use health::language::word;
use health::{key, say};
use serde_json::Value;
pub use store::query::Answer;
use store::{ErrorKind, Store};

use crate::error::{Code, Error, Result, sentence};
use crate::folder::Folder;
use crate::local::{did_you_mean, near};

/// Lists what may stand after FROM.
const TABLES: &str = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY name";

/// Runs one statement that reads.
pub fn sql(folder: &Folder, statement: &str) -> Result<Answer> {
    if statement.trim().trim_end_matches(';').is_empty() {
        let hint = word(key!("Write one SELECT, such as \"SELECT * FROM steps\"."));
        return Err(Error::new(Code::BadSql, word(key!("There is no statement to run.")), hint));
    }
    let mut store = folder.read()?;
    store.sql(statement).map_err(|error| match error.kind() {
        ErrorKind::Statement(text) => refusal(&mut store, statement, text),
        _ => error.into(),
    })
}

/// What SQLite says, and what helps: names are told by the store itself.
fn refusal(store: &mut Store, statement: &str, text: &str) -> Error {
    let bad = |message: &str, hint: String| Error::new(Code::BadSql, message, hint);
    let said = sentence(&say!("The statement cannot be run: {text}", text));
    if let Some(name) = text.strip_prefix("no such table: ") {
        return match kind::all().find(|kind| store::view_name(&kind.identifier) == name) {
            Some(_) => bad(
                &say!("The store has no records for `{name}` yet.", name),
                word(key!("Its view comes with the first import that has any.")),
            ),
            None => bad(&said, table_hint(store, name)),
        };
    }
    if let Some(name) = text.strip_prefix("no such column: ") {
        // Of a name in double quotes SQLite asks whether it should be a text.
        let name = name.split(" - ").next().unwrap_or(name).trim_matches('"');
        return bad(&said, column_hint(store, statement, name));
    }
    match text {
        // The last one is refused before SQLite asks whether it is allowed.
        "not authorized" | "authorization denied" | "cannot VACUUM from within a transaction" => bad(
            &word(key!("`sql` only reads, and this statement would do more.")),
            word(key!("Write one SELECT; `import`, `undo` and `settings` change the store.")),
        ),
        "Multiple statements provided" => {
            bad(&word(key!("These are several statements.")), word(key!("Run them one by one.")))
        }
        _ => bad(&said, word(key!("One SELECT that takes less than 10 s is allowed."))),
    }
}

fn table_hint(store: &mut Store, name: &str) -> String {
    let name = name.rsplit('.').next().unwrap_or(name);
    let names = names(store);
    let near = near(&fold(name), names.into_iter().map(|name| (fold(&name), name)));
    did_you_mean(&near, &word(key!("`vitalog sql \"SELECT name FROM sqlite_master\"` lists them all.")))
}

/// Looks among the columns of the tables that the statement names.
fn column_hint(store: &mut Store, statement: &str, name: &str) -> String {
    let name = name.rsplit('.').next().unwrap_or(name);
    let named = |table: &String| statement.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == table);
    let tables: Vec<String> = names(store).into_iter().filter(named).collect();
    let mut columns: Vec<String> = tables.iter().flat_map(|table| columns(store, table)).collect();
    columns.sort();
    columns.dedup();
    let near = near(&fold(name), columns.iter().map(|column| (fold(column), column.clone())));
    if !near.is_empty() {
        return did_you_mean(&near, "");
    }
    match columns.is_empty() {
        true => word(key!("One SELECT that takes less than 10 s is allowed.")),
        false => say!("There are {columns}.", columns = columns.join(", ")),
    }
}

fn names(store: &mut Store) -> Vec<String> {
    let rows = store.sql(TABLES).map(|answer| answer.rows).unwrap_or_default();
    rows.iter().filter_map(|row| row.first().and_then(Value::as_str).map(str::to_owned)).collect()
}

fn columns(store: &mut Store, table: &str) -> Vec<String> {
    store.sql(&format!("SELECT * FROM \"{table}\" LIMIT 0")).map(|answer| answer.columns).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestFolder;

    #[test]
    fn the_view_of_days_knows_what_was_read_off_and_not_added_up() {
        let count = |minute: u32, length: u32, value: u32| {
            let until = minute + length;
            format!(
                r#"<Record type="HKQuantityTypeIdentifierNovelCount" sourceName="A" unit="count" value="{value}"
                 startDate="2026-03-02 10:{minute:02}:00 +0000" endDate="2026-03-02 10:{until:02}:00 +0000"/>"#
            )
        };
        for (length, stat) in [(0, "mean"), (5, "sum")] {
            let rows = [count(0, length, 80), count(10, 5, 90), count(20, 5, 100)];
            let folder = TestFolder::of_rows(&format!("sql-{stat}"), &rows);
            let days = crate::daily::daily(&folder, &[], crate::local::Days::default(), 0).expect("rows");
            let found = sql(&folder, "SELECT stat, value FROM days").expect("rows").rows;
            assert_eq!(found, [[Value::from(stat), Value::from(days[0].value)]]);
            assert_eq!((days.len(), days[0].stat), (1, stat));
        }
    }

    #[test]
    fn what_is_wrong_comes_with_what_helps() {
        let folder = TestFolder::filled("sql-hints");
        let check = |statement: &str, message: &str, hint: &str| {
            let error = sql(&folder, statement).expect_err(statement);
            assert_eq!(error.code, Code::BadSql, "{statement}");
            assert!(error.message.contains(message) && error.hint.contains(hint), "{statement}: {error:?}");
        };
        check("SELECT * FROM uv_exposure", "no records for `uv_exposure` yet", "first import");
        check("SELECT * FROM step", "no such table: step.", "Did you mean steps");
        check("SELECT * FROM main.heartrate", "main.heartrate", "Did you mean heart_rate, ");
        check("SELECT * FROM qqqqqqqq", "qqqqqqqq", "`vitalog sql \"SELECT name FROM sqlite_master\"` lists");
        check("SELECT s.vlue FROM steps s", "no such column: s.vlue.", "Did you mean value?");
        check("SELECT moon FROM steps", "moon", "There are copies, details, device, end, ");
        check("SELECT moon", "moon", "One SELECT");
        check("SELECT \"vlue\" FROM steps", "no such column: \"vlue\"", "Did you mean value?");
        for writes in
            ["DELETE FROM samples", "WITH a AS (SELECT 1) DELETE FROM samples", "VACUUM", "CREATE TABLE a (b)"]
        {
            check(writes, "`sql` only reads", "Write one SELECT");
        }
        check("SELECT 1; SELECT 2", "several statements", "one by one");
        check("SELEC 1", "near \"SELEC\": syntax error.", "One SELECT");
    }
}
