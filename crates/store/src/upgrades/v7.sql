-- From version 7 to 8: what phones tell is kept beside what files hold.

-- Who wrote what phones tell, as their apps say it.
CREATE TABLE tellers (
    id INTEGER PRIMARY KEY,  -- small number used in tellings
    name TEXT NOT NULL,      -- name as sent; it may hold several with | between them
    bundle TEXT NOT NULL,    -- bundle identifier of the app; empty where unknown
    hardware TEXT NOT NULL,  -- hardware such as Watch7,5; empty where unknown
    source_id INTEGER        -- the source that its samples count for; derived
) STRICT;
CREATE UNIQUE INDEX tellers_by_name ON tellers (name, bundle, hardware);

-- Every sample as a phone told it: evidence that no later one changes. Which of them and of the rows of files are one
-- record follows from all of them; what is not in a row of samples already stands there as a row with flag 4.
CREATE TABLE tellings (
    kind_id INTEGER NOT NULL,        -- what was measured
    start_ms INTEGER NOT NULL,       -- start as told
    teller_id INTEGER NOT NULL,      -- who wrote it
    duration_ms INTEGER NOT NULL,    -- end minus start as told; 0 where nobody told an end
    device_id INTEGER NOT NULL,      -- the device that delivered it: its row in imports
    feed INTEGER NOT NULL,           -- its app: 0 open-wearables, 1 healthsync, 2 hep, 3 hae, 4 healthsave, 5 vitalog
    ordinal INTEGER NOT NULL,        -- tells those apart that differ in the rest
    uuid BLOB,                       -- Apple's identifier
    name TEXT,                       -- the sender's own name for it
    flags INTEGER NOT NULL,          -- how fine its stamps are and what is odd, as in crates/health/src/phone.rs
    value REAL,                      -- as in samples
    original REAL,                   -- as in samples
    text_id INTEGER,                 -- as in samples
    origin_id INTEGER NOT NULL,      -- as in samples
    details_id INTEGER,              -- as in samples
    created_delay_ms INTEGER,        -- as in samples
    by_hand INTEGER NOT NULL,        -- 1 typed in by hand
    copies INTEGER NOT NULL,         -- how often one delivery held it
    first_delivery INTEGER NOT NULL, -- the first delivery that held it; of one without a number minus its instant
    last_delivery INTEGER NOT NULL,  -- the last one
    last_ms INTEGER NOT NULL,        -- when that came
    row_start_ms INTEGER,            -- key of the sample that it is; derived
    row_source_id INTEGER,           -- key of the sample; derived
    row_duration_ms INTEGER,         -- key of the sample; derived
    row_ordinal INTEGER,             -- key of the sample; derived
    PRIMARY KEY (kind_id, start_ms, teller_id, duration_ms, device_id, feed, ordinal)
) STRICT, WITHOUT ROWID;
CREATE INDEX tellings_by_device ON tellings (device_id);

-- Sums, means and counts that an app made; never mixed with samples. Of equal ones the last sent counts.
CREATE TABLE aggregates (
    feed INTEGER NOT NULL,          -- its app, as in tellings
    kind_id INTEGER NOT NULL,       -- what was measured
    grain INTEGER NOT NULL,         -- 0 event, 1 second, 2 minute, 3 hour, 4 day, 5 week, 6 month, 7 year
    start_ms INTEGER NOT NULL,      -- start of the bucket
    cut_ms INTEGER NOT NULL,        -- its end where the sender cuts days in parts, else 0
    writer TEXT NOT NULL,           -- name of the source as it is compared
    device_id INTEGER NOT NULL,     -- the device that delivered it: its row in imports
    end_ms INTEGER NOT NULL,        -- end of the bucket
    source TEXT NOT NULL,           -- name of the source as sent
    bundle TEXT,                    -- bundle identifier of the source, where known
    hardware TEXT,                  -- hardware of the source, where known
    stats TEXT NOT NULL,            -- [[word, number], ...] as JSON
    unit TEXT NOT NULL,             -- of the numbers
    original_unit TEXT,             -- unit as sent, where it is another one
    label TEXT,                     -- a word that tells apart what has no number
    details_id INTEGER,             -- metadata
    name TEXT,                      -- the sender's own name for it
    flags INTEGER NOT NULL,         -- what is odd, as in tellings
    last_delivery INTEGER NOT NULL, -- the delivery that sent it last; of one without a number minus its instant
    last_ms INTEGER NOT NULL,       -- when that came
    PRIMARY KEY (feed, kind_id, grain, start_ms, cut_ms, writer, device_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX aggregates_by_device ON aggregates (device_id);

-- Everything else that phones told: workouts, routes, doses, electrocardiograms, nights and so on, as it was told.
CREATE TABLE entry_tellings (
    id INTEGER PRIMARY KEY,          -- small number
    device_id INTEGER NOT NULL,      -- the device that delivered it: its row in imports
    feed INTEGER NOT NULL,           -- its app, as in tellings
    kind TEXT NOT NULL,              -- as in entries
    identity TEXT NOT NULL,          -- as in entries
    uuid BLOB,                       -- Apple's identifier
    name TEXT,                       -- the sender's own name for it
    flags INTEGER NOT NULL,          -- how fine its stamps are and what is odd, as in tellings
    source TEXT NOT NULL,            -- name of the source as sent
    bundle TEXT,                     -- bundle identifier of the source, where known
    hardware TEXT,                   -- hardware of the source, where known
    start_ms INTEGER,                -- start, where it has one
    end_ms INTEGER,                  -- end, where it has one
    body TEXT NOT NULL,              -- everything known about it, as JSON
    payload BLOB,                    -- as in entries
    first_delivery INTEGER NOT NULL, -- as in tellings
    last_delivery INTEGER NOT NULL,  -- as in tellings
    last_ms INTEGER NOT NULL         -- as in tellings
) STRICT;
CREATE INDEX entry_tellings_by_kind ON entry_tellings (kind, start_ms);
CREATE INDEX entry_tellings_by_device ON entry_tellings (device_id);
