//! From a batch to rows: the store's ids instead of the batch's indexes.

use health::Batch;
use health::batch::NONE;

use super::Ingest;
use crate::error::Result;
use crate::row::{FLAG_USER_ENTERED, Image, Key, Row};

impl Ingest<'_> {
    /// The batch's samples as rows, by kind.
    pub(super) fn rows(&mut self, batch: &Batch) -> Result<Vec<(u32, Vec<Row>)>> {
        let sources = batch.sources.iter().map(|s| self.dictionary.source(self.conn, s)).collect::<Result<Vec<_>>>()?;
        self.rows_with(batch, &|sample| at(&sources, sample.source))
    }

    pub(super) fn rows_with(
        &mut self,
        batch: &Batch,
        source_of: &dyn Fn(&health::Sample) -> u32,
    ) -> Result<Vec<(u32, Vec<Row>)>> {
        let (conn, dictionary) = (self.conn, &mut self.dictionary);
        let mut units: Vec<Option<&str>> = vec![None; batch.kinds.len()];
        for sample in &batch.samples {
            if let (Some(unit), Some(origin)) =
                (units.get_mut(sample.kind as usize), batch.origins.get(sample.origin as usize))
                && unit.is_none()
            {
                *unit = origin.unit.as_deref();
            }
        }
        let kinds: Vec<u32> = batch
            .kinds
            .iter()
            .zip(&units)
            .map(|(kind, unit)| dictionary.kind(conn, kind, *unit))
            .collect::<Result<_>>()?;
        let origins: Vec<u32> = batch.origins.iter().map(|o| dictionary.origin(conn, o)).collect::<Result<_>>()?;
        let texts: Vec<u32> = batch.texts.iter().map(|t| dictionary.text(conn, t)).collect::<Result<_>>()?;
        let details: Vec<i64> = batch.details.iter().map(|d| dictionary.details(conn, d)).collect::<Result<_>>()?;
        let mut rows: Vec<(u32, Vec<Row>)> = kinds.iter().map(|kind| (*kind, Vec::new())).collect();
        for sample in &batch.samples {
            let Some((_, rows)) = rows.get_mut(sample.kind as usize) else { continue };
            rows.push(Row {
                key: Key {
                    start_ms: sample.start_ms,
                    source: source_of(sample),
                    duration_ms: sample.end_ms.saturating_sub(sample.start_ms),
                    ordinal: 0,
                },
                text: (sample.text != NONE).then(|| at(&texts, sample.text)),
                image: Image {
                    // Adding zero makes minus zero zero.
                    value: sample.value.filter(|value| value.is_finite()).map(|value| value + 0.0),
                    original: sample.original.filter(|value| value.is_finite()),
                    origin: at(&origins, sample.origin),
                    details: (sample.details != NONE).then(|| at(&details, sample.details)),
                    created_delay_ms: sample.created_ms.map(|created| created.saturating_sub(sample.start_ms)),
                    copies: 1,
                },
                flags: if sample.user_entered { FLAG_USER_ENTERED } else { 0 },
                import_id: self.import,
                superseded_by: None,
            });
        }
        rows.retain(|(_, rows)| !rows.is_empty());
        Ok(rows)
    }
}

/// The id behind a batch's index; a reader that names an index outside its dictionary has a bug.
pub(super) fn at<T: Copy + Default>(ids: &[T], index: u32) -> T {
    debug_assert!((index as usize) < ids.len(), "a sample names an index outside the batch's dictionary");
    ids.get(index as usize).copied().unwrap_or_default()
}
