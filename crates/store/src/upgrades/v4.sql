-- From version 4 to 5: entries are found by their source, too, which the first stores of version 4 lack, and stand
-- hours and mindful sessions have other numbers. What is derived is computed anew afterwards.

DROP INDEX entries_by_identity;
CREATE INDEX entries_by_identity ON entries (kind, start_ms, identity, end_ms, source_id, superseded_by);
DROP INDEX entries_clinical;
CREATE INDEX entries_clinical ON entries (identity, source_id) WHERE kind = 'clinical_record';
