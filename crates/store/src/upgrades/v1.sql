-- From version 1 to 2: weights of merged days, hours, totals of entries without their bodies, and rings in columns.

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
    PRIMARY KEY (kind_id, day)
) STRICT, WITHOUT ROWID;

CREATE TABLE hourly (
    kind_id INTEGER NOT NULL,  -- what was measured
    start_ms INTEGER NOT NULL, -- start of the local hour
    n INTEGER NOT NULL,        -- samples that start in the hour
    value REAL NOT NULL,       -- the number to show, by the kind's rule, sources merged
    minimum REAL NOT NULL,     -- smallest value
    maximum REAL NOT NULL,     -- largest value
    mean REAL NOT NULL,        -- plain mean
    total REAL NOT NULL,       -- merged sum of a cumulative kind
    naive REAL NOT NULL,       -- sum without merging
    PRIMARY KEY (kind_id, start_ms)
) STRICT, WITHOUT ROWID;

DROP INDEX entries_by_identity;
CREATE INDEX entries_by_identity ON entries (kind, start_ms, identity, end_ms, superseded_by);

DROP VIEW activity_rings;
CREATE VIEW activity_rings AS
SELECT e.identity AS day,
       json_extract(e.body, '$.active_energy_kcal') AS active_energy_kcal,
       json_extract(e.body, '$.active_energy_goal_kcal') AS active_energy_goal_kcal,
       json_extract(e.body, '$.exercise_min') AS exercise_min,
       json_extract(e.body, '$.exercise_goal_min') AS exercise_goal_min,
       json_extract(e.body, '$.stand_hours') AS stand_hours,
       json_extract(e.body, '$.stand_goal_hours') AS stand_goal_hours,
       e.body AS details
FROM entries e WHERE e.kind = 'activity_summary' AND e.superseded_by IS NULL;

DROP VIEW source_labels;
CREATE VIEW source_labels AS
SELECT s.id AS source_id,
       (SELECT n.name FROM source_names n JOIN imports i ON i.id = n.import_id
        WHERE n.source_id = s.id AND i.undone = 0
        ORDER BY i.export_date_ms DESC NULLS LAST, n.name LIMIT 1) AS name
FROM sources s;
