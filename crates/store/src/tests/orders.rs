//! The same store, whatever the order of imports, and as if an undone one had never been.

use proptest::prelude::*;

use super::*;

/// Steps, pulses and water; watch and phone; measured and typed in.
fn line() -> impl Strategy<Value = Line> {
    let place = (0..60_i64, 1..3_i64, 0..3_u8);
    (place, 0..3_u8, prop::bool::ANY, prop::bool::weighted(0.2)).prop_map(
        |((start, length, value), kind, phone, typed)| {
            let base = steps(start * HOUR / 2, (start + length) * HOUR / 2, f64::from(value) * 0.1 + 1.0);
            let base = match kind {
                0 => Line { kind: PULSE, end: base.start, unit: "count/min", ..base },
                1 => Line { kind: WATER, end: base.start, unit: "mL", ..base },
                _ => base,
            };
            match phone {
                true => Line { source: "Kim's iPhone", hardware: None, typed, ..base },
                false => Line { typed, ..base },
            }
        },
    )
}

/// Three exports of one history: rows come, go and come back, and some stand in a file several times, side by side
/// or batches apart.
fn exports() -> impl Strategy<Value = Vec<Export>> {
    let row = (line(), prop::collection::vec(0..3_usize, 3));
    prop::collection::vec(row, 0..25).prop_map(|rows| {
        let export = |i: usize| {
            let once = rows.iter().filter(|(_, times)| times[i] > 0).map(|(line, _)| *line);
            let again = rows.iter().filter(|(_, times)| times[i] > 1).map(|(line, _)| *line);
            Export { date: 10 + i as i64, ..export(0, &once.chain(again).collect::<Vec<_>>()) }
        };
        (0..3).map(export).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_order_of_imports_ends_the_same(exports in exports()) {
        let [a, b, c] = &exports[..] else { unreachable!() };
        let mut store = store_of(&[a, b, c]);
        let expected = dump(&store);
        store.rebuild("Europe/Berlin").expect("rebuilds");
        prop_assert_eq!(differences(&dump(&store), &expected), Vec::<String>::new());
        prop_assert_eq!(store.verify("Europe/Berlin").expect("verifies"), []);
        for order in [[a, c, b], [b, a, c], [b, c, a], [c, a, b], [c, b, a]] {
            prop_assert_eq!(differences(&dump(&store_of(&order)), &expected), Vec::<String>::new());
        }
    }

    #[test]
    fn an_undo_leaves_the_store_as_if_it_had_not_been(exports in exports(), which in 0..3_usize) {
        let all: Vec<&Export> = exports.iter().collect();
        let mut store = store_of(&all);
        undo(&mut store, which as i64 + 1);
        let rest: Vec<&Export> = all.iter().enumerate().filter(|(i, _)| *i != which).map(|(_, e)| *e).collect();
        prop_assert_eq!(differences(&dump(&store), &dump(&store_of(&rest))), Vec::<String>::new());
        prop_assert_eq!(store.verify("Europe/Berlin").expect("verifies"), []);
    }
}
