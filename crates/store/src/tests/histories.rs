//! Whatever was imported in whatever order, and taken back: the store is what the imports that are left make of it.

use proptest::prelude::*;

use super::*;
use crate::aliases;
use crate::history::{Presence, image_at, live_imports};
use crate::pages::Pages;

/// Everything in a store but its own numbers and the times of imports.
pub(super) fn whole(store: &Store) -> Vec<String> {
    let mut lines = dump(store);
    let queries = [
        "SELECT 'source', s.bundle, s.hardware, (SELECT group_concat(name, ', ') FROM
            (SELECT DISTINCT name FROM source_names n WHERE n.source_id = s.id ORDER BY name)) FROM sources s",
        "SELECT 'name', i.fingerprint, n.name, s.hardware FROM source_names n JOIN sources s ON s.id = n.source_id
         JOIN imports i ON i.id = n.import_id",
        "SELECT 'kind', identifier, nature, unit FROM kinds",
        "SELECT 'view', name, '', '' FROM sqlite_schema WHERE type = 'view'",
        "SELECT 'text', text, '', '' FROM category_texts",
        // What two rows of one file that are one bring is not all used; an undo takes it too.
        "SELECT 'origin', device, version, unit FROM origins WHERE id IN
            (SELECT origin_id FROM samples UNION SELECT origin_id FROM sample_log)",
        "SELECT 'detail', json, '', '' FROM details WHERE id IN
            (SELECT details_id FROM samples UNION SELECT details_id FROM sample_log)",
        "SELECT 'entry', i.fingerprint, e.kind || ' ' || e.identity || ' ' || e.start_ms || ' ' || l.name,
                coalesce((SELECT h.body FROM entry_log h WHERE h.entry_id = e.id AND h.import_id <= g.import_id
                          AND h.body IS NOT NULL ORDER BY h.import_id DESC LIMIT 1), e.body) FROM entries e
         JOIN entry_log g ON g.entry_id = e.id JOIN imports i ON i.id = g.import_id
         JOIN source_labels l ON l.source_id = e.source_id",
        "SELECT 'member', e.identity || ' ' || e.start_ms || ' ' || x.name, k.identifier || ' ' || m.start_ms || ' ' || l.name,
                s.value FROM correlation_members m JOIN entries e ON e.id = m.entry_id
         JOIN source_labels x ON x.source_id = e.source_id
         JOIN samples s USING (kind_id, start_ms, source_id, duration_ms, ordinal)
         JOIN kinds k ON k.id = m.kind_id JOIN source_labels l ON l.source_id = m.source_id",
    ];
    for sql in queries {
        let mut statement = store.conn.prepare(sql).expect("valid SQL");
        let mut rows = statement.query([]).expect("runs");
        while let Some(row) = rows.next().expect("reads") {
            let cells: Vec<String> = (0..4).map(|i| text(row.get_ref(i).expect("a cell"))).collect();
            lines.push(cells.join(" | "));
        }
    }
    lines.extend(held(store));
    lines.sort();
    lines
}

/// How each import that counts holds each sample.
fn held(store: &Store) -> Vec<String> {
    let conn = &store.conn;
    let imports = live_imports(conn).expect("imports");
    let one = |sql: &str, id: i64| conn.query_row(sql, [id], |row| Ok(text(row.get_ref(0)?))).expect("a text");
    let mut lines = Vec::new();
    for kind in store.kinds().expect("kinds") {
        let id = kind.id as u32;
        let presence = Presence::load(conn, id).expect("absences");
        let mut pages = Pages::new(id);
        while let Some(page) = pages.next(conn).expect("rows") {
            for row in page {
                let source = one("SELECT name FROM source_labels WHERE source_id = ?1", row.key.source.into());
                for import in imports.iter().filter(|import| presence.holds(import.id, row.import_id, &row.key)) {
                    let image = image_at(conn, id, &row.key, import.id).expect("an image").unwrap_or(row.image);
                    let file = one("SELECT fingerprint FROM imports WHERE id = ?1", import.id);
                    let version = one("SELECT coalesce(version, '') FROM origins WHERE id = ?1", image.origin.into());
                    lines.push(format!(
                        "held {file} {} {} {} {source} {:?} {} {version}",
                        kind.identifier, row.key.start_ms, row.key.duration_ms, image.value, image.copies
                    ));
                }
            }
        }
    }
    lines
}

const NAMES: [&str; 3] = ["Kim's Watch", "Sasha's Watch", "A watch"];
const PHONES: [&str; 2] = ["Kim's iPhone", "Sasha's iPhone"];

fn line() -> impl Strategy<Value = Line> {
    let version = prop::sample::select(vec![None, Some("17.1"), Some("9.0")]);
    (0..12_i64, 0..3_u8, 0..5_u8, prop::bool::weighted(0.4), prop::bool::weighted(0.2), version).prop_map(
        |(start, value, kind, phone, typed, version)| {
            let base = Line { version, typed, ..steps(start * HOUR, (start + 1) * HOUR, f64::from(value) * 0.1 + 1.0) };
            let base = match kind {
                0 => Line { kind: PULSE, end: base.start, unit: "count/min", ..base },
                1 => Line { kind: WATER, end: base.start, unit: "mL", ..base },
                2 => asleep(base, value),
                3 => Line { kind: NEW, unit: "kg", ..base },
                _ => base,
            };
            if phone { Line { source: PHONES[0], hardware: None, ..base } } else { base }
        },
    )
}

/// What an export makes of the rows: when it was written, what it calls watch and phone, which hours it has, how often
/// each row stands in it, which workouts of one hour it has, and whether it is whole.
type Look = (i64, (usize, usize), (i64, i64), Vec<(usize, bool)>, Vec<(u8, bool)>, bool);

/// Instead of how often: only inside a correlation.
const ALONE: usize = 9;

fn look() -> impl Strategy<Value = Look> {
    let times = prop::sample::select(vec![0, 1, 1, 1, 1, 1, 1, 1, 2, 3, ALONE]);
    let hours = prop_oneof![3 => Just((0, 99)), 1 => (0..6_i64, 6..12_i64)];
    let rows = prop::collection::vec((times, prop::bool::weighted(0.02)), 16);
    let what = prop::sample::select(vec![0, 1, 2, COPIED, WHOLE, TORN, TORN_AT_THE_END]);
    let alike = prop::collection::vec((what, prop::bool::weighted(0.1)), 0..4);
    (0..4_i64, (0..NAMES.len(), 0..PHONES.len()), hours, rows, alike, prop::bool::weighted(0.85))
}

pub(super) fn exports() -> impl Strategy<Value = Vec<Export>> {
    (prop::collection::vec(line(), 4..16), prop::collection::vec(look(), 4)).prop_map(|(rows, looks)| {
        let export = |(n, (date, (watch, phone), (from, until), often, alike, complete)): (usize, &Look)| {
            let (mut lines, mut alone) = (Vec::new(), Vec::new());
            for (line, (times, other)) in rows.iter().zip(often) {
                let hour = line.start / HOUR;
                if !(from..until).contains(&&hour) {
                    continue;
                }
                let at = |names: &[&'static str], at: usize| names[(at + usize::from(*other)) % names.len()];
                let source = if line.hardware.is_some() { at(&NAMES, *watch) } else { at(&PHONES, *phone) };
                let line = Line { source, ..*line }.printed_in(["kg", "lb", "", "g"][n]);
                match *times {
                    ALONE => alone.push(Line { version: [line.version, None, Some("17.1")][n % 3], ..line }),
                    times => lines.extend(std::iter::repeat_n(line, times)),
                }
            }
            // Its number makes it a file of its own.
            let workouts = vec![(n as i64 * HOUR, "Running"), (50 * HOUR, "Yoga")];
            let nested = lines.iter().step_by(5).copied().chain(alone).collect();
            let name = |other: bool| NAMES[(watch + usize::from(other)) % NAMES.len()];
            let alike = alike.iter().map(|(what, other)| (*what, name(*other))).collect();
            Export { workouts, nested, alike, complete: *complete, ..super::export(10 + date, &lines) }
        };
        looks.iter().enumerate().map(export).collect()
    })
}

impl Export {
    /// Leaves out what stands in a correlation alone.
    pub(super) fn keep_twins_only(&mut self) {
        let twin = |one: &Line, row: &Line| {
            (row.kind, row.source, row.start, row.end, row.value, row.typed, row.version)
                == (one.kind, one.source, one.start, one.end, one.value, one.typed, one.version)
        };
        let Self { rows, nested, .. } = self;
        nested.retain(|one| rows.iter().any(|row| twin(one, row)));
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    Import(usize),
    Undo(usize),
    /// Two of the sources that are there.
    Link(usize, usize),
}

fn history() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![3 => (0..4_usize).prop_map(Step::Import), 1 => (0..4_usize).prop_map(Step::Undo)];
    prop::collection::vec(step, 5..9)
}

/// The same, and links in between.
pub(super) fn history_with_links() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0..4_usize).prop_map(Step::Import),
        2 => (0..4_usize).prop_map(Step::Undo),
        1 => (0..5_usize, 0..5_usize).prop_map(|(one, other)| Step::Link(one, other)),
    ];
    prop::collection::vec(step, 5..9)
}

/// Links two sources, if there are two; those of different hardware are refused.
fn link(store: &mut Store, one: usize, other: usize) {
    let ids: Vec<i64> = store.sources().expect("sources").iter().map(|source| source.id).collect();
    if ids.len() > 1 && one % ids.len() != other % ids.len() {
        _ = store.link_sources(ids[one % ids.len()], ids[other % ids.len()], "Europe/Berlin");
    }
}

/// A store of some exports that knew from the start of the links that another one has.
pub(super) fn with_links_of(store: &Store, exports: &[&Export]) -> Store {
    let mut expected = store_of(&[]);
    let links = aliases::links(&store.conn).expect("links");
    if !links.is_empty() {
        aliases::write_links(&expected.conn, &links).expect("kept");
    }
    exports.iter().for_each(|export| _ = ingest(&mut expected, export));
    expected
}

/// Takes the steps. Returns the exports that are left.
fn take(store: &mut Store, exports: &[Export], steps: &[Step]) -> Vec<usize> {
    let mut left: Vec<(usize, i64)> = Vec::new();
    for step in steps {
        match step {
            Step::Import(which) => {
                let report = ingest(store, &exports[*which]);
                let c = report.counts;
                assert_eq!(report.records, c.new + c.known + c.replaced + c.duplicates + c.rejected);
                if report.outcome == "imported" {
                    left.push((*which, report.import.expect("a number")));
                }
            }
            Step::Undo(at) if !left.is_empty() => _ = undo(store, left.remove(at % left.len()).1),
            Step::Undo(_) => {}
            Step::Link(one, other) => link(store, *one, *other),
        }
    }
    let mut left: Vec<usize> = left.into_iter().map(|(which, _)| which).collect();
    left.sort_unstable();
    left
}

/// Nothing is kept for an import that was undone, though it brought the row first.
#[test]
fn an_image_goes_with_the_last_import_that_held_it() {
    let glass = |version| vec![Line { kind: WATER, version, unit: "mL", ..steps(HOUR, HOUR, 1.0) }];
    let with = |number, version| Export { workouts: vec![(number * HOUR, "Running")], ..export(10, &glass(version)) };
    let [a, b, c] = [with(1, None), with(2, None), with(3, Some("9.0"))];
    let mut store = store_of(&[&a, &b]);
    undo(&mut store, 1);
    ingest(&mut store, &c);
    undo(&mut store, 2);
    assert_eq!(differences(&whole(&store), &whole(&store_of(&[&c]))), Vec::<String>::new());
}

/// A watch and what it wrote without saying that it is one are told to be others than they seemed, one after the other.
#[test]
fn correlations_are_one_as_soon_as_their_members_are() {
    let (kim, sasha) = (NAMES[0], NAMES[1]);
    let at = |source, kind, hour: i64, value, version| {
        let unit = if kind == WATER { "mL" } else { "count/min" };
        Line { source, kind, version, unit, ..steps(hour * HOUR, hour * HOUR, value) }
    };
    let pulse = |source, hour, value| at(source, PULSE, hour, value, None);
    let in_bed = |source| Line { source, ..asleep(steps(6 * HOUR, 7 * HOUR, 1.0), 0) };
    let both = |source| vec![pulse(source, 3, 1.1), at(source, WATER, 0, 1.0, None), at(source, WATER, 3, 1.2, None)];
    let workouts = |hour: i64| vec![(hour * HOUR, "Running"), (50 * HOUR, "Yoga")];
    let first = Export { workouts: workouts(0), complete: false, ..export(12, &[]) };
    let second = Export { workouts: workouts(1), ..export(12, &[]) };
    let third = Export {
        workouts: workouts(2),
        nested: vec![pulse(sasha, 3, 1.1), at(sasha, WATER, 3, 1.2, None), pulse(sasha, 1, 1.0)],
        alike: vec![(1, sasha), (0, sasha)],
        ..export(12, &[both(sasha), vec![in_bed(sasha), pulse(sasha, 1, 1.0)]].concat())
    };
    let fourth = Export {
        workouts: workouts(3),
        nested: vec![pulse(kim, 3, 1.1), at(kim, WATER, 3, 1.2, None), pulse(kim, 1, 1.0)],
        complete: false,
        ..export(12, &[both(kim), vec![pulse(kim, 2, 1.0), pulse(kim, 7, 1.2)]].concat())
    };
    let one = whole(&store_of(&[&first, &second, &third, &fourth]));
    for order in [[&second, &third, &fourth, &first], [&fourth, &third, &second, &first]] {
        assert_eq!(differences(&whole(&store_of(&order)), &one), Vec::<String>::new());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn only_what_is_left_of_the_imports_shows(exports in exports(), steps in history()) {
        let mut store = store_of(&[]);
        let left = take(&mut store, &exports, &steps);
        let expected = store_of(&left.iter().map(|which| &exports[*which]).collect::<Vec<_>>());
        prop_assert_eq!(differences(&whole(&store), &whole(&expected)), Vec::<String>::new());
        prop_assert_eq!(whole(&store), whole(&expected));
        prop_assert_eq!(store.verify("Europe/Berlin").expect("verifies"), []);
        let derived = whole(&store);
        store.rebuild("Europe/Berlin").expect("rebuilds");
        prop_assert_eq!(differences(&whole(&store), &derived), Vec::<String>::new());
    }

    /// But for what stands in a correlation alone and counts by copies: where a link makes it one with another source's
    /// of that second, it depends on the link whether the two were told apart.
    #[test]
    fn a_link_holds_as_if_it_had_been_there_from_the_start(mut exports in exports(), steps in history_with_links()) {
        exports.iter_mut().for_each(Export::keep_twins_only);
        let mut store = store_of(&[]);
        let left = take(&mut store, &exports, &steps);
        let expected = with_links_of(&store, &left.iter().map(|which| &exports[*which]).collect::<Vec<_>>());
        prop_assert_eq!(differences(&whole(&store), &whole(&expected)), Vec::<String>::new());
        prop_assert_eq!(whole(&store), whole(&expected));
        prop_assert_eq!(store.verify("Europe/Berlin").expect("verifies"), []);
    }

    /// But for copies that count of rows that move: they are told by the import that has more or fewer of them, as far
    /// as it met them where they lay.
    #[test]
    fn reports_account_for_names_that_are_one_and_two_again(mut exports in exports()) {
        for (export, date) in exports.iter_mut().zip(10..) {
            export.date = date;
            export.rows.retain(|line| !line.typed && line.kind != WATER);
        }
        super::orders::check_reports(&exports, false);
        for export in &mut exports {
            (export.workouts, export.nested, export.alike) = (Vec::new(), Vec::new(), Vec::new());
        }
        super::orders::check_reports(&exports, true);
    }
}
