//! A PostgreSQL database: its own tables, in a schema of their own, filled by `COPY`.
//!
//! ```text
//!   BEGIN ─► DELETE what is gone ─► COPY into a temporary table ─► INSERT ... ON CONFLICT DO NOTHING ─► COMMIT
//! ```
//!
//! A batch is there as a whole or not at all, and one that is sent twice is there once: a row's `id` follows from what
//! it says. The connection stays open from batch to batch, and is given up with whatever goes wrong. Which columns
//! there are says `health::formats::postgresql`. It is written to only; the version of the tables is all that is read.

mod line;
mod session;
mod sql;

use std::collections::BTreeMap;
use std::pin::pin;

use futures_util::SinkExt as _;
use health::formats::postgresql::{Table, named, table};
use tokio_postgres::Error as SqlError;

use self::session::Session;
use super::address::Address;
use super::client::{Client, Secret, shortened};
use super::protocol::{Batch, Gone, Piece, Verdict, name};
use crate::error::{ErrorKind, Result};

/// What is open of a database.
pub(super) type Place = tokio::sync::Mutex<Option<Session>>;

/// Whether an address has all that a database is found by.
pub(super) fn is_address(address: &Address) -> bool {
    address.is_database() && address.has_only(&["sslmode"]) && session::config(address).is_some()
}

/// What goes into each table, as `COPY` has it, and before it what is taken back.
pub(super) fn body(batch: &Batch<'_>) -> String {
    let mut text = String::new();
    for (table, gone) in gone(batch) {
        let ids: Vec<String> = gone.marks.iter().map(|mark| format!("'{}'", name(mark))).collect();
        text.push_str(&format!("DELETE FROM {} WHERE id IN ({});\n", sql::name_of(table), ids.join(", ")));
    }
    for (table, rows) in by_table(batch) {
        text.push_str(&format!("COPY {} ({}) FROM STDIN;\n", sql::name_of(table), sql::columns(table)));
        text.push_str(&copied(&rows));
        text.push_str("\\.\n");
    }
    text
}

/// Sends a batch, and says what became of it.
pub(super) async fn deliver(client: &Client, secret: &Secret, batch: &Batch<'_>) -> Result<Verdict> {
    talk(client, secret, Some(batch)).await
}

/// Asks whether the server is there, takes the secret and lets us write; makes the tables where they are missing.
pub(super) async fn greet(client: &Client, secret: &Secret) -> Result<Verdict> {
    talk(client, secret, None).await
}

async fn talk(client: &Client, secret: &Secret, batch: Option<&Batch<'_>>) -> Result<Verdict> {
    let mut place = client.database().lock().await;
    let said = tokio::time::timeout(client.timeout(), ask(client, secret, batch, &mut place)).await;
    let said = said.unwrap_or(Err(ErrorKind::TooSlow.into()));
    if !matches!(said, Ok(Verdict::Stored)) {
        // What was begun there ends with its connection.
        *place = None;
    }
    said
}

async fn ask(
    client: &Client,
    secret: &Secret,
    batch: Option<&Batch<'_>>,
    place: &mut Option<Session>,
) -> Result<Verdict> {
    let session = match place.take().filter(Session::is_open) {
        Some(session) => session,
        None => match Session::open(client, secret).await? {
            Ok(session) => session,
            Err(verdict) => return Ok(verdict),
        },
    };
    session.refill();
    let done = match batch {
        None => sql::may_write(session.sql()).await,
        Some(batch) => put(session.sql(), batch).await.map(|()| true),
    };
    let verdict = match done {
        Ok(true) => Verdict::Stored,
        Ok(false) => Verdict::Stop("no_rights", "the user may not write into the tables of Vitalog".to_owned()),
        Err(error) => session.verdict(&error)?,
    };
    *place = Some(session);
    Ok(verdict)
}

/// A batch in one transaction.
async fn put(sql: &tokio_postgres::Client, batch: &Batch<'_>) -> std::result::Result<(), SqlError> {
    sql.batch_execute("BEGIN").await?;
    for (table, gone) in gone(batch) {
        let ids: Vec<String> = gone.marks.iter().map(name).collect();
        if table.by_time {
            let seconds = |ms: i64| ms as f64 / 1000.0;
            let (from, until) = (seconds(gone.range_ms.0), seconds(gone.range_ms.1));
            sql.execute(&sql::delete(table), &[&ids, &from, &until]).await?;
        } else {
            sql.execute(&sql::delete(table), &[&ids]).await?;
        }
    }
    for (table, rows) in by_table(batch) {
        sql.batch_execute(&sql::begin(table)).await?;
        let mut sink = pin!(sql.copy_in(&sql::copy(table)).await?);
        let fed = sink.send(std::io::Cursor::new(copied(&rows).into_bytes())).await;
        // What the server said is what counts; a sink that was closed on the way says less.
        sink.finish().await?;
        fed?;
        sql.batch_execute(&sql::insert(table)).await?;
    }
    sql.batch_execute("COMMIT").await
}

fn gone<'a>(batch: &'a Batch<'_>) -> impl Iterator<Item = (&'static Table, &'a Gone)> {
    batch.gone.iter().filter_map(|gone| Some((table(&gone.record)?, gone)))
}

fn by_table<'a>(batch: &Batch<'a>) -> Vec<(&'static Table, Vec<&'a Piece>)> {
    let mut slots: BTreeMap<&str, Vec<&Piece>> = BTreeMap::new();
    for piece in batch.rows {
        slots.entry(&piece.row.slot).or_default().push(piece);
    }
    slots.into_iter().filter_map(|(slot, rows)| Some((named(slot)?, rows))).collect()
}

/// Rows with their `id` before them.
fn copied(rows: &[&Piece]) -> String {
    let mut text = String::with_capacity(rows.iter().map(|piece| piece.row.text.len() + 34).sum());
    for piece in rows {
        text.push_str(&name(&piece.mark));
        text.push('\t');
        text.push_str(&piece.row.text);
        text.push('\n');
    }
    text
}

/// What the words of a database mean. Of data that it does not take its words are not shown: they repeat them.
fn verdict_of(state: &str, words: &str) -> Verdict {
    let words = shortened(words);
    match state {
        "28000" | "28P01" => Verdict::Stop("unauthorized", words),
        "3D000" => Verdict::Stop("not_there", words),
        "42501" | "25006" => Verdict::Stop("no_rights", words),
        _ => match state.get(..2) {
            Some("22" | "23" | "54") => Verdict::Refused(format!("SQLSTATE {state}")),
            // Tables and columns are others than were made.
            Some("42" | "3F" | "0A") => Verdict::Stop("other_tables", words),
            _ => Verdict::Later(None, words),
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use store::remotes::Mark;

    use super::*;
    use crate::remote::Protocol;

    #[test]
    fn an_address_names_a_user_and_a_database() {
        for good in ["postgres://kim@db.lan/health", "postgresql://kim@db.lan:5433/health?sslmode=disable"] {
            assert!(Protocol::PostgreSql.address(good).is_ok(), "{good}");
        }
        let others = [
            "https://db.lan",
            "postgres://db.lan/health",
            "postgres://kim@db.lan",
            "postgres://kim@db.lan/",
            "postgres://kim@db.lan/health?org=a",
            "postgres://kim@db.lan/health?sslmode=prefer",
            "postgres://kim@a,b/health",
        ];
        for other in others {
            let error = Protocol::PostgreSql.address(other).expect_err(other);
            assert!(matches!(error.kind(), ErrorKind::BadAddress), "{other}");
        }
        assert!(Protocol::Vitalog.address("postgres://kim@db.lan/health").is_err());
        assert!(Protocol::Vitalog.address("https://db.lan?bucket=a").is_err());
    }

    #[test]
    fn what_a_database_says_becomes_of_a_batch() {
        let check = |state: &str, expected: Verdict| assert_eq!(verdict_of(state, "61 beats"), expected, "{state}");
        check("28P01", Verdict::Stop("unauthorized", "61 beats".into()));
        check("3D000", Verdict::Stop("not_there", "61 beats".into()));
        check("42501", Verdict::Stop("no_rights", "61 beats".into()));
        check("42P01", Verdict::Stop("other_tables", "61 beats".into()));
        ["53100", "57P01", "40P01", ""]
            .into_iter()
            .for_each(|state| check(state, Verdict::Later(None, "61 beats".into())));
        ["22008", "23514", "54000"].into_iter().for_each(|state| {
            check(state, Verdict::Refused(format!("SQLSTATE {state}")));
        });
    }

    #[test]
    fn what_is_sent_can_be_read_before() {
        let line = json!({"record": "sample", "type": "T", "start": "2026-03-14T06:02:11.000Z", "value": 1.5});
        let piece = Protocol::PostgreSql.encode(line.as_object().expect("a line"), 0).expect("a row");
        let gone = Gone {
            record: "profile".into(),
            kind: String::new(),
            range_ms: (0, 1),
            marks: vec![Mark { identity: 1, fingerprint: 2 }],
            is_all: false,
        };
        let body = body(&Batch { rows: &[&piece], gone: &[gone], now_ms: 0, device: "d" });
        let lines: Vec<&str> = body.lines().collect();
        let delete = "DELETE FROM vitalog.profiles WHERE id IN ('00000000000000010000000000000002');";
        assert_eq!((lines.len(), lines[0], lines[3]), (4, delete, "\\."));
        assert!(lines[1].starts_with("COPY vitalog.samples (id, start_time, end_time, type"), "{}", lines[1]);
        assert!(lines[2].starts_with(&format!("{}\t2026-03-14T06:02:11.000Z\t\\N\tT\t", name(&piece.mark))));
    }
}
