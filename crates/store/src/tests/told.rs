//! What phones tell beside imports: laid anew only where these write, it is what it would be if all of it were.

use health::phone::{Deletion, Feed, Flag, Flags, Marks, PhoneBatch, Uuid};
use proptest::prelude::*;

use super::*;
use crate::derived::Derived;
use crate::query::zones::zones;
use crate::tellings::{self, LIFTS_ALL};
use crate::{PhoneDelivery, PhoneReport, Rows, acts};

const ZONE: &str = "Europe/Berlin";
/// Rows lie about the borders of some days of UTC.
const DAY: i64 = 86_400_000;

/// A row of a phone: when it begins, beside what a file could say, and whether it has an identifier.
#[derive(Debug, Clone, Copy)]
struct Row {
    line: Line,
    beside_ms: i64,
    uuid: Option<u8>,
}

#[derive(Debug, Clone)]
enum Step {
    Import(Export),
    Deliver(bool, Vec<Row>),
    /// An identifier that a phone says is gone.
    Gone(u8),
    /// One of the imports or devices that stand.
    Undo(prop::sample::Index),
    Hide(bool, i64, bool),
    TakeBack,
    Link,
}

fn line() -> impl Strategy<Value = Line> {
    let start = (1..4_i64, prop::sample::select(vec![-2000, -1000, 0, 1000, 60_000, HOUR]));
    let source = prop::sample::select(vec![
        ("Kim's Watch", Some("Watch6,1")),
        ("Kim's Watch", Some("Watch6,1")),
        ("Watch of Kim", Some("Watch6,1")),
        ("Kim's Watch", None),
        ("Ring", None),
    ]);
    let kind = prop::sample::select(vec![(PULSE, 0), (PULSE, 0), (STEPS, 10_000), (WATER, 0)]);
    (start, source, kind, 1..3_u8, any::<bool>()).prop_map(
        |((day, at), (source, hardware), (kind, long), value, typed)| {
            let start = day * DAY + at;
            let unit = if kind == PULSE { "count/min" } else { "count" };
            let typed = typed && kind == WATER;
            Line { kind, source, hardware, unit, typed, ..steps(start, start + long, value.into()) }
        },
    )
}

fn row() -> impl Strategy<Value = Row> {
    let beside = prop::sample::select(vec![0, 0, 1, 250, 998, 999]);
    (line(), beside, prop::option::of(0..12_u8)).prop_map(|(line, beside_ms, uuid)| Row { line, beside_ms, uuid })
}

fn step() -> impl Strategy<Value = Step> {
    let import = (10..14_i64, any::<bool>(), prop::collection::vec(line(), 1..12));
    let import = import.prop_map(|(date, complete, mut rows)| {
        // An export calls its watch by one name.
        let watch = rows.iter().find(|line| line.hardware.is_some()).map(|line| line.source);
        for line in rows.iter_mut().filter(|line| line.hardware.is_some()) {
            line.source = watch.unwrap_or(line.source);
        }
        Step::Import(Export { complete: complete || date > 11, ..export(date * DAY, &rows) })
    });
    prop_oneof![
        6 => import,
        5 => (any::<bool>(), prop::collection::vec(row(), 1..10)).prop_map(|(feed, rows)| Step::Deliver(feed, rows)),
        1 => (0..12_u8).prop_map(Step::Gone),
        3 => any::<prop::sample::Index>().prop_map(Step::Undo),
        1 => (any::<bool>(), 1..4_i64, any::<bool>()).prop_map(|(deletes, day, all)| Step::Hide(deletes, day, all)),
        1 => Just(Step::TakeBack),
        1 => Just(Step::Link),
    ]
}

/// A store with two phones.
struct World {
    store: Store,
    devices: [(Feed, i64); 2],
    deliveries: i64,
    lifts_all: bool,
}

impl World {
    fn new(lifts_all: bool) -> Self {
        let mut store = Store::empty(Path::new("")).expect("opens");
        let devices = [Feed::HealthExportPro, Feed::HealthSync];
        let devices = devices.map(|feed| (feed, store.device_channel(feed.as_str(), 0).expect("a device")));
        Self { store, devices, deliveries: 0, lifts_all }
    }

    fn deliver(&mut self, of: bool, told: PhoneBatch) -> PhoneReport {
        let (feed, device) = self.devices[usize::from(of)];
        self.deliveries += 1;
        let (delivery, now_ms) = (Some(self.deliveries), 11 * DAY + self.deliveries);
        let delivery = PhoneDelivery { device, feed, delivery, now_ms, home_zone: ZONE, cancel: Cancel::default() };
        let mut told = Some(told);
        self.store.ingest_phone(&delivery, &mut || Ok(told.take())).expect("taken in")
    }

    /// Does a step; tells what the store says about it.
    fn step(&mut self, step: &Step) -> String {
        LIFTS_ALL.set(self.lifts_all);
        let said = match step {
            Step::Import(export) => format!("{:?}", ingest(&mut self.store, export)),
            Step::Deliver(of, rows) => format!("{:?}", self.deliver(*of, told(rows))),
            Step::Gone(uuid) => {
                let deletions = vec![Deletion { id: id(*uuid).to_string(), kind: None }];
                format!("{:?}", self.deliver(true, PhoneBatch { deletions, ..PhoneBatch::default() }))
            }
            Step::Undo(which) => {
                let mut stand = self.store.imports().expect("imports");
                stand.retain(|import| !import.undone);
                match stand.len() {
                    0 => String::new(),
                    n => format!("{:?}", undo(&mut self.store, stand[which.index(n)].id)),
                }
            }
            Step::Hide(deletes, day, all) => {
                let watch = aliases_of(&self.store, "Kim's Watch");
                let source = if *all { None } else { watch };
                let (from_ms, until_ms) = (Some(day * DAY - 1500), Some(day * DAY + 1500));
                let rows = Rows { kind: PULSE.to_owned(), from_ms, until_ms, source };
                let act = self.store.hide(&rows, *deletes, 0, ZONE);
                act.map_or_else(|error| error.to_string(), |act| format!("{:?}", act.body.rows))
            }
            Step::TakeBack => {
                let stand = self.store.acts().expect("acts");
                let stands = stand.iter().find(|act| act.taken_back_ms.is_none());
                stands.map_or(String::new(), |act| format!("{:?}", self.store.take_back(act.id, 1, ZONE).is_ok()))
            }
            Step::Link => {
                let [watch, other] = ["Kim's Watch", "Watch of Kim"].map(|name| aliases_of(&self.store, name));
                let linked = watch.zip(other).filter(|(a, b)| a != b).map(|(a, b)| self.store.link_sources(a, b, ZONE));
                format!("{:?}", linked.map(|linked| linked.is_ok()))
            }
        };
        LIFTS_ALL.set(false);
        self.store.settle().expect("settled");
        said
    }

    /// What stands for what phones tell, row by row.
    fn rows(&self) -> Vec<String> {
        let queries = [
            "SELECT 'row', kind_id, start_ms, source_id, duration_ms, ordinal, value, original, text_id, origin_id,
                 details_id, created_delay_ms, copies, flags, import_id, superseded_by FROM samples",
            "SELECT 'telling', kind_id, start_ms, teller_id, duration_ms, device_id, feed, ordinal, value, copies,
                 last_delivery, row_start_ms, row_source_id, row_duration_ms, row_ordinal, 0 FROM tellings",
            "SELECT 'teller', id, name, source_id, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 FROM tellers",
        ];
        let mut lines = Vec::new();
        for sql in queries {
            let mut statement = self.store.conn.prepare(sql).expect("valid SQL");
            let mut rows = statement.query([]).expect("runs");
            while let Some(row) = rows.next().expect("reads") {
                let cells: Vec<String> = (0..16).map(|at| text(row.get_ref(at).expect("a cell"))).collect();
                lines.push(cells.join(" "));
            }
        }
        lines.extend(dump(&self.store));
        lines.sort();
        lines
    }

    /// The same, once all of it was taken off and laid down.
    fn rows_laid_anew(&mut self) -> Vec<String> {
        self.store.conn.execute_batch("SAVEPOINT anew").expect("begun");
        let conn = &self.store.conn;
        let (mut derived, before) = (Derived::default(), zones(conn, ZONE).expect("zones"));
        tellings::lift(conn, &mut derived, &[]).expect("lifted");
        tellings::lay(conn, None, &mut derived).expect("laid");
        acts::hidden::apply(conn, &mut derived).expect("applied");
        derived.settle(conn, ZONE, &before).expect("settled");
        let rows = self.rows();
        self.store.conn.execute_batch("ROLLBACK TO anew; RELEASE anew").expect("taken back");
        rows
    }
}

fn aliases_of(store: &Store, name: &str) -> Option<i64> {
    let stored = crate::aliases::stored(&store.conn).expect("sources");
    stored.into_iter().find(|(_, alias)| alias.names.contains(name)).map(|(id, _)| id.into())
}

fn id(number: u8) -> Uuid {
    Uuid::from_bytes([number; 16])
}

/// What a phone delivers.
fn told(rows: &[Row]) -> PhoneBatch {
    let begins = |row: &Row| {
        let (start, end) = (row.line.start + row.beside_ms, row.line.end + row.beside_ms);
        Line { start, end, ..row.line }
    };
    let marks = |row: &Row| {
        let mut flags = Flags::default();
        if row.beside_ms != 0 {
            flags.set(Flag::StartFine);
            flags.set(Flag::EndFine);
        }
        Marks { uuid: row.uuid.map(id), name: NONE, flags }
    };
    let lines: Vec<Line> = rows.iter().map(begins).collect();
    PhoneBatch { batch: batch(&lines), marks: rows.iter().map(marks).collect(), ..PhoneBatch::default() }
}

fn beat(at: i64, hardware: Option<&'static str>) -> Line {
    Line { kind: PULSE, unit: "count/min", hardware, ..steps(at, at, 60.0) }
}

fn of_phone(line: Line, beside_ms: i64) -> Row {
    Row { line, beside_ms, uuid: None }
}

#[test]
fn the_first_row_of_an_import_is_told_finer_by_a_phone() {
    let mut world = World::new(false);
    let watch = Some("Watch6,1");
    world.step(&Step::Deliver(false, vec![of_phone(beat(DAY, watch), 1)]));
    // The days are found in the middle, before the row comes that the phone tells, too.
    let later = (1..8).map(|hour| beat(2 * DAY + hour * HOUR, watch));
    let rows: Vec<Line> = later.chain([beat(DAY, watch)]).collect();
    world.step(&Step::Import(export(10 * DAY, &rows)));
    assert_eq!(world.store.verify(ZONE).expect("verified"), []);
}

#[test]
fn nothing_is_left_of_a_phone_without_which_others_count_for_another_source() {
    let mut world = World::new(false);
    world.step(&Step::Deliver(false, vec![of_phone(beat(DAY, Some("Watch6,1")), 1)]));
    world.step(&Step::Deliver(true, vec![of_phone(Line { hardware: None, ..steps(DAY, DAY + 1000, 5.0) }, 0)]));
    let device = world.devices[0].1;
    assert_eq!(undo(&mut world.store, device).removed, 1);
    check_total(&world.store, PULSE, (0, 0.0));
    check_total(&world.store, STEPS, (1, 5.0));
    assert_eq!(world.store.verify(ZONE).expect("verified"), []);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn what_phones_tell_is_laid_anew_where_it_may_differ(steps in prop::collection::vec(step(), 2..9)) {
        let (mut part, mut all) = (World::new(false), World::new(true));
        for step in &steps {
            let said = part.step(step);
            prop_assert_eq!(said, all.step(step), "{:?}", step);
            let (mut seen, mut expected) = (dump(&part.store), dump(&all.store));
            seen.sort();
            expected.sort();
            prop_assert_eq!(differences(&seen, &expected), Vec::<String>::new(), "{:?}", step);
            prop_assert_eq!(part.store.verify(ZONE).expect("verified"), []);
            let anew = part.rows_laid_anew();
            prop_assert_eq!(differences(&part.rows(), &anew), Vec::<String>::new(), "{:?}", step);
        }
    }
}
