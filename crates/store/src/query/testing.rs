//! Rows for the tests of this folder, put in by SQL.

use std::path::Path;

use crate::open::Store;

/// Heart rate of one watch and steps of a watch and a phone on 2026-03-14, with roll-ups that fit.
pub(crate) const FIXTURE: &str = r#"
INSERT INTO imports (id, channel, file, at_ms, fingerprint, complete, report)
VALUES (1, 'file', 'export.zip', 1773500000000, 'f1', 1, '{"outcome":"imported","new":5,"known":0,"superseded":1}');
INSERT INTO kinds (id, identifier, nature, unit) VALUES
 (1, 'HKQuantityTypeIdentifierHeartRate', 'quantity', 'count/min'),
 (2, 'HKQuantityTypeIdentifierStepCount', 'quantity', 'count'),
 (3, 'HKQuantityTypeIdentifierShoeWear', 'quantity', 'furlong');
INSERT INTO sources (id, bundle, hardware) VALUES (1, NULL, 'Watch7,3'), (2, NULL, NULL);
INSERT INTO source_names (source_id, name, import_id) VALUES (1, 'Kim''s Watch', 1), (2, 'Kim''s iPhone', 1);
INSERT INTO origins (id, device, version, unit) VALUES (1, 'name:Apple Watch', '11.4', 'count/min'), (2, NULL, '18', 'count');
INSERT INTO details (id, json) VALUES (7, '{"metadata":{"HKMetadataKeyHeartRateMotionContext":"1"}}');
INSERT INTO samples (kind_id, start_ms, source_id, duration_ms, ordinal, value, original, text_id, origin_id,
 details_id, created_delay_ms, copies, flags, import_id, superseded_by) VALUES
 (1, 1773473400123, 1, 0, 0, 72.0, NULL, NULL, 1, 7, 1000, 1, 0, 1, NULL),
 (1, 1773473405871, 1, 0, 0, 74.0, NULL, NULL, 1, NULL, NULL, 1, 0, 1, NULL),
 (1, 1773473410000, 1, 0, 0, 90.0, NULL, NULL, 1, NULL, NULL, 1, 0, 1, 1),
 (2, 1773478800000, 1, 3600000, 0, 1000.0, NULL, NULL, 2, NULL, NULL, 1, 0, 1, NULL),
 (2, 1773478800000, 2, 3600000, 0, 800.0, NULL, NULL, 2, NULL, NULL, 1, 0, 1, NULL);
INSERT INTO daily (kind_id, day, source_id, n, total, minimum, maximum, seconds) VALUES
 (1, 20526, 1, 2, 146.0, 72.0, 74.0, 0), (2, 20526, 1, 1, 1000.0, 1000.0, 1000.0, 3600),
 (2, 20526, 2, 1, 800.0, 800.0, 800.0, 3600);
INSERT INTO series_summary (kind_id, source_id, n, stored, first_ms, last_ms) VALUES
 (1, 1, 2, 3, 1773473400123, 1773473405871), (2, 1, 1, 1, 1773478800000, 1773482400000),
 (2, 2, 1, 1, 1773478800000, 1773482400000);
"#;

pub(crate) fn empty() -> Store {
    Store::empty(Path::new("")).expect("a store in memory")
}

pub(crate) fn filled() -> Store {
    let store = empty();
    store.conn.execute_batch(FIXTURE).expect("rows fit the schema");
    store
}
