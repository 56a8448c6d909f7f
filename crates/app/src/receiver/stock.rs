//! How much a phone has brought, in the words of HealthSave's status.

use health::formats::healthsave::answers::{STATUS_KEYS, Stock};
use health::phone::Grain;
use store::Store;
use store::peers::Peer;
use store::query::{DeviceStock, Sort};

/// The place in the status of something that a phone brought; none of what has none.
fn place(row: &DeviceStock) -> Option<usize> {
    let key = match (row.sort, row.what.as_str()) {
        (Sort::Sample, "HKQuantityTypeIdentifierHeartRate") => "heart_rate",
        (Sort::Sample, "HKQuantityTypeIdentifierHeartRateVariabilitySDNN") => "hrv",
        (Sort::Sample, "HKQuantityTypeIdentifierOxygenSaturation") => "blood_oxygen",
        (Sort::Sample, store::SLEEP) => "sleep_sessions",
        (Sort::Sample, what) if !what.starts_with("HKCategoryTypeIdentifier") => "quantity_samples",
        (Sort::Aggregate(Grain::Day), _) | (Sort::Entry, "activity_summary") => "daily_activity",
        (Sort::Entry, "workout") => "workouts",
        _ => return None,
    };
    STATUS_KEYS.iter().position(|known| *known == key)
}

/// Counts what a phone brought.
pub(super) fn of(store: &Store, peer: &Peer) -> store::Result<[Stock; STATUS_KEYS.len()]> {
    let mut found = [Stock::default(); STATUS_KEYS.len()];
    let Some(device) = peer.import_id else { return Ok(found) };
    for row in store.device_stock(device)? {
        let Some(stock) = place(&row).and_then(|at| found.get_mut(at)) else { continue };
        stock.count += row.count;
        stock.oldest_ms = [stock.oldest_ms, row.first_ms].into_iter().flatten().min();
        stock.newest_ms = stock.newest_ms.max(row.last_ms);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_phone_brought_has_its_place() {
        let check = |sort, what: &str, expected: Option<&str>| {
            let row = DeviceStock { sort, what: what.to_owned(), count: 1, first_ms: None, last_ms: None };
            assert_eq!(place(&row).map(|at| STATUS_KEYS[at]), expected, "{sort:?} {what}");
        };
        check(Sort::Sample, "HKQuantityTypeIdentifierHeartRate", Some("heart_rate"));
        check(Sort::Sample, "HKQuantityTypeIdentifierBodyMass", Some("quantity_samples"));
        check(Sort::Sample, "x-healthsave:glow", Some("quantity_samples"));
        check(Sort::Sample, "HKCategoryTypeIdentifierSleepAnalysis", Some("sleep_sessions"));
        check(Sort::Sample, "HKCategoryTypeIdentifierHeadache", None);
        check(Sort::Aggregate(Grain::Day), "HKQuantityTypeIdentifierStepCount", Some("daily_activity"));
        check(Sort::Aggregate(Grain::Minute), "HKQuantityTypeIdentifierStepCount", None);
        check(Sort::Entry, "workout", Some("workouts"));
        check(Sort::Entry, "ecg", None);
    }
}
