//! InfluxDB by its HTTP interface of version 2, which version 3 has, too: points are written, and taken back by time
//! and `series`. What a point is says `health::formats::influxdb`.
//!
//! Knows no queries: what is there is known by what was acknowledged.

use health::formats::influxdb::{self as points, measurement, place};
use health::formats::outgoing::Held;
use health::time::format_instant;
use serde_json::{Map, Value as Json, json};
use store::remotes::Mark;

use super::address::{Address, with_options};
use super::client::{Answer, Client, Request, Secret};
use super::protocol::{Batch, Gone, Piece, Protocol, Verdict};
use crate::error::Result;

/// Where points go.
pub(super) const WRITE: &str = "/api/v2/write";
/// Where they are taken back.
const DELETE: &str = "/api/v2/delete";
/// What a server says of a request without a point: it knows bucket and token, or it would have said so before.
const NOTHING: [&str; 3] = ["writing requires points", "incoming write was empty", "no lines to parse"];

/// Whether an address names a bucket.
pub(super) fn is_address(address: &Address) -> bool {
    address.option("bucket").is_some() && address.has_only(&["bucket", "org"])
}

/// The row of a line. Where its point lies is a part of its number, so that it can be found there again.
pub(super) fn encode(line: &Map<String, Json>, nth: u32) -> std::result::Result<Piece, Held> {
    let piece = Piece::new(points::encode(line, nth)?);
    let identity = points::number(&piece.row).ok_or("bad_time")?;
    Ok(Piece { mark: Mark { identity, ..piece.mark }, ..piece })
}

/// What is taken back, a line each, and the points.
pub(super) fn body(batch: &Batch<'_>) -> String {
    let gone = batch.gone.iter().flat_map(takes).map(|take| format!("# delete {take}"));
    let rows = batch.rows.iter().map(|piece| piece.row.text.clone());
    gone.chain(rows).map(|line| line + "\n").collect()
}

/// Takes back what is gone, then writes the points.
pub(super) async fn deliver(client: &Client, secret: &Secret, batch: &Batch<'_>) -> Result<Verdict> {
    for take in batch.gone.iter().flat_map(takes) {
        let verdict = taken(&client.ask(request(client, secret, DELETE, take.to_string().into_bytes())).await?);
        if verdict != Verdict::Stored {
            return Ok(verdict);
        }
    }
    let is_greeting = batch.rows.is_empty() && batch.gone.is_empty();
    if batch.rows.is_empty() && !is_greeting {
        return Ok(Verdict::Stored);
    }
    let lines: String = batch.rows.iter().flat_map(|piece| [piece.row.text.as_str(), "\n"]).collect();
    let answer = client.ask(request(client, secret, WRITE, lines.into_bytes())).await?;
    Ok(written(&answer, batch.rows.len(), is_greeting))
}

fn request(client: &Client, secret: &Secret, path: &str, body: Vec<u8>) -> Request {
    let address = client.address();
    let named = ["org", "bucket"].map(|key| address.option(key).map(|value| (key, value)));
    let precision = (path == WRITE).then_some(("precision", "ms"));
    let options: Vec<(&str, &str)> = named.into_iter().flatten().chain(precision).collect();
    Request {
        method: "POST",
        path: with_options(path, &options),
        secret: (!secret.is_empty()).then(|| ("authorization".to_owned(), Some("Token"), secret.clone())),
        content_type: Some(if path == WRITE { "text/plain; charset=utf-8" } else { "application/json" }),
        body,
    }
}

/// The questions that take rows back: one for a time of which nothing is left, else one for each point.
fn takes(gone: &Gone) -> Vec<Json> {
    let name = measurement(&gone.record, &gone.kind);
    let (from_ms, until_ms) = gone.range_ms;
    if gone.is_all {
        return vec![take((from_ms, until_ms - 1), &format!("_measurement={}", quoted(name)))];
    }
    let one = |mark: &Mark| {
        let (start_ms, series) = place(mark.identity, from_ms);
        take((start_ms, start_ms), &format!("_measurement={} AND series={}", quoted(name), quoted(&series)))
    };
    gone.marks.iter().map(one).collect()
}

/// Whether the last millisecond is meant depends on the version; the time just before the next one leaves no doubt.
fn take((first_ms, last_ms): (i64, i64), predicate: &str) -> Json {
    let stop = format_instant(last_ms).replace('Z', "999999Z");
    json!({"start": format_instant(first_ms), "stop": stop, "predicate": predicate})
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// What an answer to a deletion means. Version 3 has no such place; what is gone then stays there, and that is shown.
fn taken(answer: &Answer) -> Verdict {
    match answer.status {
        404 if answer.words().contains("bucket") => Verdict::Stop("not_there", answer.words()),
        404 | 405 | 501 => Verdict::Refused(answer.words()),
        _ => Protocol::InfluxDb.verdict(answer, 0),
    }
}

/// What an answer to points means.
fn written(answer: &Answer, sent: usize, is_greeting: bool) -> Verdict {
    let words = answer.words();
    if answer.status != 400 {
        return Protocol::InfluxDb.verdict(answer, sent);
    }
    if is_greeting && NOTHING.iter().any(|known| words.to_lowercase().contains(known)) {
        return Verdict::Stored;
    }
    match refused(&answer.json(), sent) {
        Some(refused) => Verdict::Partly(refused),
        None => Verdict::Refused(words),
    }
}

/// The lines that a partial write left out, by their places: version 3 numbers them, from 1. Without numbers, as
/// version 2 answers, nobody knows which; nor where an answer does not name them all.
fn refused(answer: &Json, sent: usize) -> Option<Vec<(usize, String)>> {
    if !answer["error"].as_str()?.contains("partial write") {
        return None;
    }
    let one = |row: &Json| {
        let place = usize::try_from(row["line_number"].as_u64()?).ok()?.checked_sub(1).filter(|place| *place < sent)?;
        // Its `original_line` is a row of the owner's; the reason is enough.
        Some((place, super::client::shortened(row["error_message"].as_str().unwrap_or_default())))
    };
    let rows = answer["data"].as_array()?.iter().map(one).collect::<Option<Vec<_>>>()?;
    (!rows.is_empty()).then_some(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer { status, retry_after: None, body: body.into() }
    }

    #[test]
    fn answers_say_which_lines_were_left_out() {
        let check = |status: u16, body: &str, expected: Verdict| {
            assert_eq!(written(&answer(status, body), 3, false), expected, "{body}");
        };
        check(204, "", Verdict::Stored);
        let partial = r#"{"error":"partial write of line protocol occurred","data":[
            {"original_line":"secret value=1","line_number":2,"error_message":"invalid column type"}]}"#;
        check(400, partial, Verdict::Partly(vec![(1, "invalid column type".into())]));
        let beyond = partial.replace(":2", ":4");
        check(400, &beyond, Verdict::Refused("partial write of line protocol occurred".into()));
        let v2 = r#"{"code":"invalid","message":"partial write: field type conflict dropped=1"}"#;
        check(400, v2, Verdict::Refused("partial write: field type conflict dropped=1".into()));
        check(422, v2, Verdict::Refused("partial write: field type conflict dropped=1".into()));
        check(404, r#"{"code":"not found","message":"bucket"}"#, Verdict::Stop("not_there", "bucket".into()));
        check(401, "", Verdict::Stop("unauthorized", String::new()));
        check(503, "", Verdict::Later(None, String::new()));
        let empty = answer(400, r#"{"code":"invalid","message":"writing requires points"}"#);
        assert_eq!(written(&empty, 0, true), Verdict::Stored);
        assert!(matches!(written(&empty, 1, false), Verdict::Refused(_)));
    }

    #[test]
    fn what_cannot_be_taken_back_stays() {
        let check = |status: u16, body: &str, expected: Verdict| assert_eq!(taken(&answer(status, body)), expected);
        check(204, "", Verdict::Stored);
        check(404, "", Verdict::Refused(String::new()));
        check(501, "", Verdict::Refused(String::new()));
        check(404, r#"{"message":"bucket not found"}"#, Verdict::Stop("not_there", "bucket not found".into()));
        check(500, "", Verdict::Later(None, String::new()));
    }

    #[test]
    fn a_point_is_taken_back_by_its_time_and_series() {
        let line = json!({"record": "sample", "type": "T\"", "kind": "quantity", "value": 1.0,
            "start": "2026-03-14T06:02:11.250Z"});
        let piece = encode(line.as_object().expect("a line"), 0).expect("a point");
        let day_ms = 1_773_446_400_000;
        let mut gone = Gone {
            record: "sample".into(),
            kind: "T\"".into(),
            range_ms: (day_ms, day_ms + 86_400_000),
            marks: vec![piece.mark],
            is_all: false,
        };
        let expected = json!({"start": "2026-03-14T06:02:11.250Z", "stop": "2026-03-14T06:02:11.250999999Z",
            "predicate": format!("_measurement=\"T\\\"\" AND series=\"{}\"", piece.row.slot)});
        assert_eq!(takes(&gone), [expected]);
        gone.is_all = true;
        let expected = json!({"start": "2026-03-14T00:00:00.000Z", "stop": "2026-03-14T23:59:59.999999999Z",
            "predicate": "_measurement=\"T\\\"\""});
        assert_eq!(takes(&gone), [expected]);
    }
}
