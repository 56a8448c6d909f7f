//! Remotes: whatever is written, a remote that follows the changes has what the store has.

use std::collections::BTreeMap;

use health::digest::sha256;
use proptest::prelude::*;

use super::histories::{Step, exports, history_with_links};
use super::phones::{Played, vectors};
use super::*;
use crate::Rows;
use crate::query::SampleQuery;
use crate::remotes::{Mark, NewRemote, Position, RefusedRow, SAMPLE, Span, SpanDone, Stand, Told, Totals, Walk};

const ZONE: &str = "Europe/Berlin";

fn new(name: &str) -> NewRemote<'_> {
    NewRemote {
        paused: false,
        name,
        protocol: "toy",
        url: "http://127.0.0.1:1",
        account: "{}",
        types: "null",
        since_ms: None,
        every_s: None,
        certificate: None,
        keeper: "none",
    }
}

/// What the store has of a span: each row by all that is said about it, but for numbers of this store alone.
fn marks(store: &Store, span: &Span) -> Vec<Mark> {
    let mut lines: Vec<String> = Vec::new();
    let range = span.range_ms();
    if span.series.record == SAMPLE {
        let kinds = store.kinds().expect("kinds");
        if let Some(kind) = kinds.iter().find(|kind| kind.identifier == span.series.kind) {
            let (from_ms, until_ms) = range;
            let of = |left_out| SampleQuery {
                kind_id: kind.id,
                from_ms,
                until_ms,
                hidden: false,
                superseded: false,
                left_out,
            };
            let each = |row: &crate::query::SampleRow| {
                let mut row = row.clone();
                (row.import_id, row.source_id) = (0, 0);
                lines.push(format!("{row:?}"));
                Ok::<_, crate::Error>(())
            };
            store.each_sample(of(true), each).expect("samples");
        }
    } else if span.series.record == "aggregate" {
        let each = |mut row: crate::AggregateRow| {
            row.import_id = 0;
            lines.push(format!("{row:?}"));
            Ok::<_, crate::Error>(())
        };
        store.each_aggregate(range, each).expect("aggregates");
    } else {
        let each = |row: &crate::query::EntryRow| {
            let members = store.members(row.id, false)?;
            let row = crate::query::EntryRow { id: 0, import_id: 0, ..row.clone() };
            lines.push(format!("{row:?} {members:?}"));
            Ok::<_, crate::Error>(())
        };
        store.each_entry(Some(&span.series.record), range, false, true, each).expect("entries");
    }
    let mut often: BTreeMap<String, u32> = BTreeMap::new();
    let mark = |line: String| {
        let n = often.entry(line.clone()).or_default();
        *n += 1;
        let hash = sha256(format!("{line}{n}").as_bytes());
        let number = |at: usize| u64::from_le_bytes(hash[at..at + 8].try_into().expect("eight bytes"));
        Mark { identity: number(0), fingerprint: number(8) }
    };
    lines.into_iter().map(mark).collect()
}

/// Compares a span with the ledger: what is to be sent, and what is to be taken back.
fn difference(store: &Store, remote: i64, span: &Span) -> (Vec<Mark>, Vec<u64>) {
    let (should, has) = (marks(store, span), store.acknowledged(remote, span).expect("a ledger"));
    let stored = should.iter().filter(|mark| !has.contains(mark)).copied().collect();
    let is_there = |identity: u64| should.iter().any(|mark| mark.identity == identity);
    let gone = has.iter().map(|mark| mark.identity).filter(|identity| !is_there(*identity)).collect();
    (stored, gone)
}

/// Sends everything that is owed; how many rows that was, and how many spans were looked at.
fn push(store: &mut Store, name: &str) -> (usize, usize) {
    let (mut rows, mut looks) = (0, 0);
    let id = store.remote(name).expect("asked").expect("there").id;
    store.note_labels(id).expect("labels");
    loop {
        let remote = store.remote(name).expect("asked").expect("there");
        let (span, position) = store.next_span(id, &remote.position, &|_| true).expect("a span");
        let done = span.map(|span| {
            let (stored, gone) = difference(store, id, &span);
            rows += stored.len() + gone.len();
            looks += 1;
            SpanDone { span, stored, gone }
        });
        let ends = done.is_none();
        let told = Told { spans: done.into_iter().collect(), refused: Vec::new(), position, sent: 0 };
        store.acknowledge(id, &told).expect("put down");
        if ends {
            return (rows, looks);
        }
    }
}

/// Everything is looked at once more: nothing is to be sent, and the ledger has nothing besides.
#[track_caller]
fn check_equal(store: &Store, name: &str) {
    let remote = store.remote(name).expect("asked").expect("there");
    let mut position = Position { seq: remote.position.seq, walk: Walk::Begin };
    let mut all = 0;
    loop {
        let (span, next) = store.next_span(remote.id, &position, &|_| true).expect("a span");
        let Some(span) = span else { break };
        assert_eq!(difference(store, remote.id, &span), (Vec::new(), Vec::new()), "{span:?}");
        all += marks(store, &span).len() as u64;
        position = next;
    }
    assert_eq!(store.remote_totals(remote.id).expect("totals"), Totals { acked: all, ..Totals::default() });
}

fn take(store: &mut Store, exports: &[Export], step: &Step, left: &mut Vec<i64>) {
    match step {
        Step::Import(which) => {
            let report = ingest(store, &exports[*which]);
            left.extend(report.import.filter(|_| report.outcome == "imported"));
        }
        Step::Undo(at) if !left.is_empty() => _ = undo(store, left.remove(at % left.len())),
        Step::Undo(_) => {}
        Step::Link(one, other) => {
            let ids: Vec<i64> = store.sources().expect("sources").iter().map(|source| source.id).collect();
            if ids.len() > 1 && one % ids.len() != other % ids.len() {
                _ = store.link_sources(ids[one % ids.len()], ids[other % ids.len()], ZONE);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: if std::env::var_os("CI").is_some() { 48 } else { 128 }, ..ProptestConfig::default() })]

    /// Pushes come anywhere between imports, undos, links and acts.
    #[test]
    fn who_follows_the_changes_has_what_the_store_has(
        exports in exports(), steps in history_with_links(), pushes in prop::collection::vec(any::<bool>(), 8),
        hides in prop::collection::vec(prop::option::weighted(0.3, (0..12_i64, any::<bool>())), 8), begins in 0..4_usize,
    ) {
        let mut store = store_of(&[]);
        let mut left = Vec::new();
        let mut acts = Vec::new();
        for (n, step) in steps.iter().enumerate() {
            if n == begins {
                store.add_remote(&new("home"), 0).expect("added");
            }
            take(&mut store, &exports, step, &mut left);
            if let Some(Some((hour, deletes))) = hides.get(n) {
                let rows = Rows { kind: STEPS.to_owned(), from_ms: Some(hour * HOUR), until_ms: Some((hour + 2) * HOUR), source: None };
                match acts.pop() {
                    Some(act) if hour % 3 == 0 => _ = store.take_back(act, 1, ZONE).expect("taken back"),
                    _ => acts.push(store.hide(&rows, *deletes, 0, ZONE).expect("hidden").id),
                }
            }
            if n >= begins && pushes[n % 8] {
                push(&mut store, "home");
                check_equal(&store, "home");
            }
        }
        if steps.len() > begins {
            push(&mut store, "home");
            check_equal(&store, "home");
            prop_assert_eq!(push(&mut store, "home"), (0, 0));
        }
    }
}

#[test]
fn who_follows_what_phones_tell_has_what_the_store_has() {
    for folder in ["healthsync", "hep", "hae", "healthsave", "cross"] {
        for (name, story) in vectors(folder) {
            let mut played = Played::new();
            played.store.add_remote(&new("home"), 0).expect("added");
            for step in story["steps"].as_array().expect("steps") {
                played.step(step);
                push(&mut played.store, "home");
                check_equal(&played.store, "home");
                assert_eq!(push(&mut played.store, "home"), (0, 0), "{folder} {name}");
            }
        }
    }
}

#[test]
fn without_a_remote_nothing_is_noted() {
    let mut store = store_of(&[&export(10, &[steps(0, HOUR, 1.0)])]);
    let changes = |store: &Store| -> i64 {
        store.conn.query_row("SELECT count(*) FROM changes", [], |row| row.get(0)).expect("counts")
    };
    assert_eq!(changes(&store), 0);
    let id = store.add_remote(&new("home"), 0).expect("added").id;
    ingest(&mut store, &export(11, &[steps(0, HOUR, 1.0), steps(30 * HOUR, 31 * HOUR, 2.0)]));
    assert!(changes(&store) > 0);
    assert_eq!(push(&mut store, "home").0, 2);
    assert_eq!(changes(&store), 0, "all were compared");
    store.remove_remote(id).expect("removed");
    ingest(&mut store, &export(12, &[steps(50 * HOUR, 51 * HOUR, 3.0)]));
    assert!(store.remove_remote(id).is_err());
    store.add_remote(&new("home"), 0).expect("its name is free");
    store.add_remote(&new("home"), 0).expect_err("and taken");
}

#[test]
fn a_day_is_sent_again_only_where_something_was_written() {
    let mut store = store_of(&[&export(10, &[steps(0, HOUR, 1.0), steps(240 * HOUR, 241 * HOUR, 2.0)])]);
    store.add_remote(&new("home"), 0).expect("added");
    assert_eq!(push(&mut store, "home"), (2, 2));
    ingest(
        &mut store,
        &export(11, &[steps(0, HOUR, 1.0), steps(240 * HOUR, 241 * HOUR, 2.0), steps(5 * HOUR, 6 * HOUR, 9.0)]),
    );
    let (rows, looks) = push(&mut store, "home");
    assert_eq!((rows, looks), (1, 1));
}

#[test]
fn what_is_written_while_it_is_sent_is_sent_next() {
    let mut store = store_of(&[]);
    let remote = store.add_remote(&new("home"), 0).expect("added");
    ingest(&mut store, &export(10, &[steps(0, HOUR, 1.0)]));
    let (span, position) = store.next_span(remote.id, &remote.position, &|_| true).expect("asked");
    let span = span.expect("something is owed");
    let (stored, _) = difference(&store, remote.id, &span);
    // It is on its way.
    ingest(&mut store, &export(11, &[steps(0, HOUR, 1.0), steps(2 * HOUR, 3 * HOUR, 2.0)]));
    let done = SpanDone { span, stored, gone: Vec::new() };
    store
        .acknowledge(remote.id, &Told { spans: vec![done], refused: Vec::new(), position, sent: 1 })
        .expect("put down");
    assert_eq!(push(&mut store, "home").0, 1);
    check_equal(&store, "home");
}

#[test]
fn what_was_refused_is_not_sent_until_the_owner_says_so() {
    let mut store = store_of(&[]);
    let remote = store.add_remote(&new("home"), 0).expect("added");
    ingest(&mut store, &export(10, &[steps(0, HOUR, 1.0)]));
    let (span, position) = store.next_span(remote.id, &remote.position, &|_| true).expect("asked");
    let span = span.expect("something is owed");
    let mark = marks(&store, &span)[0];
    let row =
        RefusedRow { span: span.clone(), mark, at_ms: 5, code: "refused".into(), said: "no".into(), line: "{}".into() };
    let told = Told { spans: Vec::new(), refused: vec![row.clone()], position, sent: 1 };
    store.acknowledge(remote.id, &told).expect("put down");
    assert_eq!(
        (store.refused_of(remote.id, &span).expect("asked"), store.refused(remote.id, 9).expect("asked")),
        (vec![mark], vec![row])
    );
    assert_eq!(store.remote_totals(remote.id).expect("totals"), Totals { refused: 1, ..Totals::default() });
    assert_eq!(store.forgive_refused(remote.id).expect("forgiven"), 1);
    assert_eq!(push(&mut store, "home").0, 1);
    check_equal(&store, "home");
}

#[test]
fn how_a_remote_stands_is_kept() {
    let mut store = store_of(&[]);
    let id = store.add_remote(&NewRemote { since_ms: Some(5), ..new("home") }, 7).expect("added").id;
    let mut stand = |stand, now_ms| store.stand_remote(id, stand, now_ms).expect("it is there");
    assert_eq!(stand(Stand::Pause, 8).paused_ms, Some(8));
    let failed = (0..3).map(|n| stand(Stand::Failed(100 + n, "it hung up"), 9)).last().expect("tried");
    assert_eq!((failed.tries, failed.next_ms, failed.said.as_deref()), (3, Some(102), Some("it hung up")));
    assert_eq!(stand(Stand::Stop("unauthorized", "who are you?"), 9).stopped.as_deref(), Some("unauthorized"));
    let again = stand(Stand::Resume, 10);
    assert_eq!((again.paused_ms, again.stopped, again.tries, again.next_ms, again.said), (None, None, 0, None, None));
    let reached = stand(Stand::Reached, 11);
    assert_eq!((reached.reached_ms, reached.since_ms, reached.made_ms), (Some(11), Some(5), 7));
}
