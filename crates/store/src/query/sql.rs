//! The user's own SQL: one statement that reads.

use std::time::{Duration, Instant};

use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::types::ValueRef;
use serde_json::{Number, Value};

use crate::error::{ErrorKind, Result};
use crate::open::Store;

/// Rows that an answer may have.
pub const MAX_ROWS: usize = 100_000;
/// Bytes of text that an answer may have, about.
pub const MAX_BYTES: usize = 64 << 20;
/// How long a statement may take.
const MAX_TIME: Duration = Duration::from_secs(10);
/// The clock is read each time SQLite has taken this many steps.
const STEPS: i32 = 10_000;

/// A table as an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Names of the columns, none twice: a second `a` is `a:2`.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<Vec<Value>>,
    /// Whether rows were left out because there are more than [`MAX_ROWS`], or more in them than [`MAX_BYTES`].
    pub cut: bool,
}

impl Store {
    /// Runs one reading statement. Writing, attaching, pragmas and extensions are refused by an authorizer.
    pub fn sql(&mut self, statement: &str) -> Result<Answer> {
        let deadline = Instant::now() + MAX_TIME;
        self.conn.authorizer(Some(allowed))?;
        self.conn.progress_handler(STEPS, Some(move || Instant::now() > deadline))?;
        let answer = read(&self.conn, statement);
        let late = Instant::now() > deadline;
        self.conn.progress_handler(0, None::<fn() -> bool>)?;
        self.conn.authorizer(None::<fn(AuthContext<'_>) -> Authorization>)?;
        answer.map_err(|error| match error {
            _ if late => ErrorKind::Statement(format!("it took longer than {} s", MAX_TIME.as_secs())).into(),
            rusqlite::Error::SqliteFailure(_, Some(text)) => ErrorKind::Statement(text).into(),
            // Whoever wrote the statement knows it.
            rusqlite::Error::SqlInputError { msg, .. } => ErrorKind::Statement(msg).into(),
            other => match other.sqlite_error_code() {
                Some(_) => other.into(),
                None => ErrorKind::Statement(other.to_string()).into(),
            },
        })
    }
}

fn allowed(context: AuthContext<'_>) -> Authorization {
    match context.action {
        AuthAction::Select | AuthAction::Read { .. } | AuthAction::Recursive => Authorization::Allow,
        AuthAction::Function { function_name } if !function_name.eq_ignore_ascii_case("load_extension") => {
            Authorization::Allow
        }
        _ => Authorization::Deny,
    }
}

fn read(conn: &rusqlite::Connection, statement: &str) -> rusqlite::Result<Answer> {
    let mut statement = conn.prepare(statement)?;
    let columns = told_apart(statement.column_names());
    let mut answer = Answer { columns, rows: Vec::new(), cut: false };
    let mut rows = statement.query([])?;
    let mut bytes = 0;
    while let Some(row) = rows.next()? {
        for column in 0..answer.columns.len() {
            let text = row.get_ref(column)?.as_str().map_or(0, str::len);
            bytes += size_of::<Value>() + text;
        }
        if answer.rows.len() == MAX_ROWS || bytes > MAX_BYTES {
            answer.cut = true;
            break;
        }
        let cells = (0..answer.columns.len()).map(|column| Ok(cell(row.get_ref(column)?)));
        answer.rows.push(cells.collect::<rusqlite::Result<_>>()?);
    }
    Ok(answer)
}

/// Names that several columns have get a number, so that no column hides another.
fn told_apart<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut columns: Vec<String> = Vec::new();
    for name in names {
        let numbered = (2..).map(|n| format!("{name}:{n}"));
        let free = std::iter::once(name.to_owned()).chain(numbered).find(|name| !columns.contains(name));
        columns.extend(free);
    }
    columns
}

fn cell(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => number.into(),
        ValueRef::Real(number) => Number::from_f64(number).map_or(Value::Null, Value::Number),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into(),
        ValueRef::Blob(bytes) => format!("{} bytes", bytes.len()).into(),
    }
}

#[cfg(test)]
mod tests {
    use crate::ErrorKind;
    use crate::query::testing;

    #[track_caller]
    fn check_refused(statement: &str) {
        let answer = testing::filled().sql(statement);
        assert!(
            matches!(answer.as_ref().map_err(|e| e.kind()), Err(ErrorKind::Statement(_))),
            "{statement}: {answer:?}"
        );
    }

    #[test]
    fn only_reading_is_allowed() {
        for statement in [
            "DELETE FROM samples",
            "INSERT INTO settings VALUES ('a', 'b')",
            "ATTACH DATABASE 'other.db' AS other",
            "PRAGMA query_only = OFF",
            "CREATE TABLE t (a)",
            "SELECT load_extension('x')",
            "SELECT 1; SELECT 2",
            "BEGIN",
            "VACUUM INTO 'copy.db'",
            "SELECT * FROM nothing",
            "",
        ] {
            check_refused(statement);
        }
    }

    #[test]
    fn a_reading_statement_answers_with_a_table() {
        let mut store = testing::filled();
        let answer =
            store.sql("WITH n(x) AS (SELECT 2) SELECT count(*) AS c, max(value), x FROM samples, n").expect("rows");
        assert_eq!(answer.columns, ["c", "max(value)", "x"]);
        assert_eq!(serde_json::json!(answer.rows), serde_json::json!([[5, 1000.0, 2]]));
        assert!(store.types().is_ok(), "the authorizer is gone afterwards");
    }

    #[test]
    fn columns_of_one_name_are_told_apart() {
        let mut store = testing::empty();
        let answer = store.sql("SELECT 1 AS a, 2 AS a, 3 AS \"a:2\", 4 AS a").expect("rows");
        assert_eq!(answer.columns, ["a", "a:2", "a:2:2", "a:3"]);
    }

    #[test]
    fn a_long_answer_is_cut() {
        let forever = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n";
        let answer = testing::empty().sql(forever).expect("rows");
        assert_eq!((answer.rows.len(), answer.cut), (super::MAX_ROWS, true));
        let half = "SELECT printf('%.*c', 20 << 20, 'x') FROM (VALUES (1), (2), (3), (4))";
        let answer = testing::filled().sql(half).expect("an answer");
        assert_eq!((answer.rows.len(), answer.cut), (3, true), "too much in them");
    }
}
