-- From version 3 to 4: the highest minute of a day's heart rate, and entries are found by their source, too. What is
-- derived is computed anew afterwards.

DROP TABLE merged;

CREATE TABLE merged (
    kind_id INTEGER NOT NULL, -- what was measured
    day INTEGER NOT NULL,     -- local day, as days since 1970-01-01
    n INTEGER NOT NULL,       -- samples that start on the day
    value REAL NOT NULL,      -- the number to show, by the kind's rule
    minimum REAL NOT NULL,    -- smallest value
    maximum REAL NOT NULL,    -- largest value
    mean REAL NOT NULL,       -- plain mean
    total REAL NOT NULL,      -- merged sum of a cumulative kind
    naive REAL NOT NULL,      -- sum without merging
    weight REAL NOT NULL,     -- what the value weighs in a mean of days: samples or milliseconds, by the kind's rule
    parts TEXT NOT NULL,      -- what each source adds, as JSON: [[source_id, part], ...]
    peak REAL,                -- of heart rate: the highest mean of a minute
    peak_ms INTEGER,          -- start of that minute
    PRIMARY KEY (kind_id, day)
) STRICT, WITHOUT ROWID;

DROP INDEX entries_by_identity;
CREATE INDEX entries_by_identity ON entries (kind, start_ms, identity, end_ms, source_id, superseded_by);
DROP INDEX entries_clinical;
CREATE INDEX entries_clinical ON entries (identity, source_id) WHERE kind = 'clinical_record';
