//! From a batch to rows: the store's ids instead of the batch's indexes.

use health::batch::NONE;
use health::{Batch, Sample};

use super::Ingest;
use crate::error::Result;
use crate::row::{FLAG_USER_ENTERED, Image, Key, Row};

/// The store's ids of a batch's texts.
struct Ids {
    kinds: Vec<u32>,
    origins: Vec<u32>,
    texts: Vec<u32>,
    details: Vec<i64>,
}

impl Ingest<'_> {
    /// The batch's samples as rows, by kind.
    pub(super) fn rows(&mut self, batch: &Batch) -> Result<Vec<(u32, Vec<Row>)>> {
        let sources = batch.sources.iter().map(|s| self.dictionary.source(self.conn, s)).collect::<Result<Vec<_>>>()?;
        self.rows_with(batch, batch.samples.iter().map(|sample| at(&sources, sample.source)))
    }

    /// The same, where it is known who wrote each of the samples.
    pub(super) fn rows_with(
        &mut self,
        batch: &Batch,
        sources: impl Iterator<Item = u32>,
    ) -> Result<Vec<(u32, Vec<Row>)>> {
        let ids = self.ids(batch)?;
        let mut counts = vec![0; ids.kinds.len()];
        for sample in &batch.samples {
            if let Some(count) = counts.get_mut(sample.kind as usize) {
                *count += 1;
            }
        }
        let kinds = ids.kinds.iter().zip(counts);
        let mut rows: Vec<(u32, Vec<Row>)> = kinds.map(|(kind, count)| (*kind, Vec::with_capacity(count))).collect();
        for (sample, source) in batch.samples.iter().zip(sources) {
            if let Some((_, rows)) = rows.get_mut(sample.kind as usize) {
                rows.push(row(sample, source, &ids, self.import));
            }
        }
        rows.retain(|(_, rows)| !rows.is_empty());
        Ok(rows)
    }

    fn ids(&mut self, batch: &Batch) -> Result<Ids> {
        let (conn, dictionary) = (self.conn, &mut self.dictionary);
        Ok(Ids {
            kinds: batch.kinds.iter().map(|kind| dictionary.kind(conn, kind)).collect::<Result<_>>()?,
            origins: batch.origins.iter().map(|o| dictionary.origin(conn, o)).collect::<Result<_>>()?,
            texts: batch.texts.iter().map(|t| dictionary.text(conn, t)).collect::<Result<_>>()?,
            details: batch.details.iter().map(|d| dictionary.details(conn, d)).collect::<Result<_>>()?,
        })
    }
}

fn row(sample: &Sample, source: u32, ids: &Ids, import_id: i64) -> Row {
    Row {
        key: Key {
            start_ms: sample.start_ms,
            source,
            duration_ms: sample.end_ms.saturating_sub(sample.start_ms),
            ordinal: 0,
        },
        text: (sample.text != NONE).then(|| at(&ids.texts, sample.text)),
        image: Image {
            // Adding zero makes minus zero zero.
            value: sample.value.filter(|value| value.is_finite()).map(|value| value + 0.0),
            original: sample.original.filter(|value| value.is_finite()),
            origin: at(&ids.origins, sample.origin),
            details: (sample.details != NONE).then(|| at(&ids.details, sample.details)),
            created_delay_ms: sample.created_ms.map(|created| created.saturating_sub(sample.start_ms)),
            copies: 1,
        },
        flags: if sample.user_entered { FLAG_USER_ENTERED } else { 0 },
        import_id,
        superseded_by: None,
    }
}

/// The id behind a batch's index; a reader that names an index outside its dictionary has a bug.
pub(super) fn at<T: Copy + Default>(ids: &[T], index: u32) -> T {
    debug_assert!((index as usize) < ids.len(), "a sample names an index outside the batch's dictionary");
    ids.get(index as usize).copied().unwrap_or_default()
}
