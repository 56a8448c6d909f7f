//! The list of electrocardiograms, as their recorder described them; a recording itself is the chart `ecg:ID`.

use chart::ecg::{in_words, pages_of};
use serde::Serialize;
use serde_json::Value;
use store::query::EntryRow;

use crate::error::{Error, Result};
use crate::folder::Folder;
use crate::local::zones;

/// One recording.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EcgRow {
    /// Its number in the store.
    pub id: i64,
    /// When it began on the wearer's clock: `2026-03-14 07:00`; none where the file does not tell.
    pub local_start: Option<String>,
    /// What the recorder said, in its own language.
    pub classification: Option<String>,
    /// What the wearer felt, in the words of the file.
    pub symptoms: Option<String>,
    /// Who recorded it.
    pub source: Option<String>,
    /// Pages of its chart.
    pub pages: usize,
}

/// Lists all recordings, the newest first.
pub fn ecgs(folder: &Folder) -> Result<Vec<EcgRow>> {
    let store = folder.read()?;
    let zones = zones(&store)?;
    let mut rows = Vec::new();
    store.each_entry::<Error>(Some("ecg"), (i64::MIN, i64::MAX), false, false, |entry| {
        rows.push(row(entry, entry.start_ms.map(|at_ms| zones.wall_clock(at_ms))));
        Ok(())
    })?;
    rows.reverse();
    Ok(rows)
}

fn row(entry: &EntryRow, local_start: Option<String>) -> EcgRow {
    let body: Value = serde_json::from_str(&entry.body).unwrap_or_default();
    let number = |key: &str| body.get(key).and_then(Value::as_f64).unwrap_or_default();
    let text = |key: &str| body.get(key).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
    EcgRow {
        id: entry.id,
        local_start,
        classification: text("classification").as_deref().map(in_words),
        symptoms: text("symptoms"),
        source: entry.source.clone().filter(|name| !name.is_empty()).or_else(|| text("device")),
        pages: pages_of(number("n") as usize, number("sample_rate_hz")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charts::{Question, Subject, chart};
    use crate::testing::TestFolder;

    #[test]
    fn every_recording_is_listed_and_can_be_drawn_page_by_page() {
        let folder = TestFolder::filled("screen-ecgs");
        let rows = ecgs(&folder).expect("a list");
        assert!(!rows.is_empty());
        assert!(rows.is_sorted_by(|a, b| a.local_start >= b.local_start), "{rows:?}");
        for row in rows {
            assert!(row.classification.is_some() && row.local_start.is_some(), "{row:?}");
            let page = |page: usize| {
                chart(&folder, &Question { subject: Subject::Ecg(row.id), reach: None, last: None, page, now_ms: 0 })
            };
            assert!(page(row.pages).is_ok() && page(row.pages + 1).is_err(), "{row:?}");
        }
        assert_eq!(ecgs(&TestFolder::of_rows("screen-no-ecgs", &[])).map(|rows| rows.len()), Ok(0));
    }
}
