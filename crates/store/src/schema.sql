-- Today's schema. Instants are integers: milliseconds since 1970 in UTC. Every column has a comment; a test checks it.
-- Readers outside Vitalog: use the views. heart_rate, steps, sleep, workouts ... show live rows in plain words, as the
-- sources wrote them; days (made by views.rs) has one merged number per day and type.

CREATE TABLE settings (
    key TEXT NOT NULL PRIMARY KEY, -- name of the setting, as in `vitalog settings`
    value TEXT NOT NULL            -- its value, checked before it was written
) STRICT, WITHOUT ROWID;

CREATE TABLE kinds (
    id INTEGER PRIMARY KEY,          -- small number used in samples
    identifier TEXT NOT NULL UNIQUE, -- Apple's identifier, or the type as it stood
    nature TEXT NOT NULL,            -- 'quantity' or 'category'
    unit TEXT NOT NULL               -- canonical unit of samples.value; empty for categories
) STRICT;

CREATE TABLE sources (
    id INTEGER PRIMARY KEY, -- small number used in samples
    bundle TEXT,            -- bundle identifier of the app, where known
    hardware TEXT           -- hardware such as Watch7,5, where known
) STRICT;

CREATE TABLE source_names (
    source_id INTEGER NOT NULL REFERENCES sources (id), -- whose name
    name TEXT NOT NULL,                                 -- the name as it stands in the input
    import_id INTEGER NOT NULL REFERENCES imports (id), -- an import that used it
    PRIMARY KEY (source_id, name, import_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX source_names_by_name ON source_names (name);

CREATE TABLE origins (
    id INTEGER PRIMARY KEY, -- small number used in samples
    device TEXT,            -- device text without the address that changes per record
    version TEXT,           -- version of the app or system that wrote the samples
    unit TEXT               -- unit as printed; samples.original is in it
) STRICT;
CREATE INDEX origins_by_device ON origins (device, version, unit);

CREATE TABLE category_texts (
    id INTEGER PRIMARY KEY,   -- small number used in samples
    text TEXT NOT NULL UNIQUE -- a category value that no table knows, as it stands
) STRICT;

CREATE TABLE details (
    id INTEGER PRIMARY KEY, -- 63 bits of a hash of json, moved on by one where two differ
    json TEXT NOT NULL      -- {"metadata": {...}, "beats": [...]}
) STRICT;

CREATE TABLE imports (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- never reused; the order in which imports were made
    channel TEXT NOT NULL,                -- 'file' or 'phone'
    file TEXT,                            -- name of the file without its folder
    device TEXT,                          -- label of the phone
    at_ms INTEGER NOT NULL,               -- when it was imported
    fingerprint TEXT,                     -- the same file has the same one
    export_date_ms INTEGER,               -- when the phone wrote the export
    locale TEXT,                          -- language and region of the phone
    export_version INTEGER,               -- HealthKit Export Version
    complete INTEGER NOT NULL,            -- 1 where the document was read to its end: only then absent rows count
    undone INTEGER NOT NULL DEFAULT 0,    -- 1 after an undo
    report TEXT NOT NULL                  -- the report as JSON, as in `vitalog import --json`
) STRICT;

CREATE TABLE rejects (
    import_id INTEGER NOT NULL REFERENCES imports (id), -- which import met it
    position INTEGER,                                   -- byte position in the uncompressed document
    reason TEXT NOT NULL,                               -- code such as bad_time
    kind TEXT,                                          -- Apple's identifier, where known
    raw TEXT                                            -- the record as it stood, shortened if very long
) STRICT;
CREATE INDEX rejects_by_import ON rejects (import_id);

-- One row per distinct sample. Clustered: one kind's rows lie together in the order of time.
-- Rows with flag 4 stand for what phones told (see tellings): flag 8 where a file holds it, too, 16 where nobody told
-- an end. superseded_by is -2 of a file's row for which such a row stands, -3 of what can be in no number as told, and
-- -4 of what a phone says is gone.
CREATE TABLE samples (
    kind_id INTEGER NOT NULL,             -- what was measured
    start_ms INTEGER NOT NULL,            -- start
    source_id INTEGER NOT NULL,           -- who wrote it
    duration_ms INTEGER NOT NULL,         -- end minus start
    ordinal INTEGER NOT NULL,             -- tells samples apart that differ only in their value
    value REAL,                           -- in the kind's unit; a category's integer; null where we cannot read it
    original REAL,                        -- the number as printed, in origins.unit, where it differs from value
    text_id INTEGER,                      -- a category value that no table knows
    origin_id INTEGER NOT NULL,           -- device, version and printed unit
    details_id INTEGER,                   -- metadata and beats
    created_delay_ms INTEGER,             -- when it reached HealthKit, minus start
    copies INTEGER NOT NULL,              -- how often the newest input held it
    flags INTEGER NOT NULL,               -- 1 typed in by hand, 2 has rows in sample_log
    import_id INTEGER NOT NULL,           -- first import that brought it
    superseded_by INTEGER,                -- import whose newer export rewrote it; such rows do not count
    PRIMARY KEY (kind_id, start_ms, source_id, duration_ms, ordinal)
) STRICT, WITHOUT ROWID;

-- What changed in a sample from import to import. No row: it was the same in all.
-- The image of import i is that of the last row with import_id <= i.
CREATE TABLE sample_log (
    kind_id INTEGER NOT NULL,     -- key of the sample
    start_ms INTEGER NOT NULL,    -- key of the sample
    source_id INTEGER NOT NULL,   -- key of the sample
    duration_ms INTEGER NOT NULL, -- key of the sample
    ordinal INTEGER NOT NULL,     -- key of the sample
    import_id INTEGER NOT NULL,   -- from this import on
    value REAL,                   -- as in samples
    original REAL,                -- as in samples
    origin_id INTEGER NOT NULL,   -- as in samples
    details_id INTEGER,           -- as in samples
    created_delay_ms INTEGER,     -- as in samples
    copies INTEGER NOT NULL,      -- as in samples
    PRIMARY KEY (kind_id, start_ms, source_id, duration_ms, ordinal, import_id)
) STRICT, WITHOUT ROWID;

-- Runs of samples, in the order of one kind and source, that an import did not hold although they were stored before.
CREATE TABLE absences (
    import_id INTEGER NOT NULL,        -- the import that lacks them
    kind_id INTEGER NOT NULL,          -- of this kind
    source_id INTEGER NOT NULL,        -- of this source
    from_start_ms INTEGER NOT NULL,    -- key of the first
    from_duration_ms INTEGER NOT NULL, -- key of the first
    from_ordinal INTEGER NOT NULL,     -- key of the first
    to_start_ms INTEGER NOT NULL,      -- key of the last
    to_duration_ms INTEGER NOT NULL,   -- key of the last
    to_ordinal INTEGER NOT NULL,       -- key of the last
    PRIMARY KEY (kind_id, source_id, import_id, from_start_ms, from_duration_ms, from_ordinal)
) STRICT, WITHOUT ROWID;

-- Everything that is not a sample: workouts, routes, ECGs, rings, correlations, clinical records and so on.
CREATE TABLE entries (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- number shown to people, e.g. of a workout
    kind TEXT NOT NULL,                   -- workout, correlation, route, ecg, activity_summary, clinical_record ...
    identity TEXT NOT NULL,               -- what tells it from others of its kind, time and source
    source_id INTEGER,                    -- who wrote it; null for rings and profile
    start_ms INTEGER,                     -- start, where it has one
    end_ms INTEGER,                       -- end, where it has one
    body TEXT NOT NULL,                   -- everything known about it, as JSON
    payload BLOB,                         -- packed route points or voltages, or a clinical file's bytes
    import_id INTEGER NOT NULL,           -- first import that brought it
    superseded_by INTEGER                 -- import whose newer export rewrote it
) STRICT;
CREATE INDEX entries_by_identity ON entries (kind, start_ms, identity, end_ms, source_id, superseded_by);
CREATE INDEX entries_torn ON entries (kind) WHERE instr(body, '"incomplete":true') > 0;
CREATE INDEX entries_clinical ON entries (identity, source_id) WHERE kind = 'clinical_record';

-- Which imports held an entry, and how it looked where that changed.
CREATE TABLE entry_log (
    entry_id INTEGER NOT NULL REFERENCES entries (id), -- which entry
    import_id INTEGER NOT NULL,                        -- an import that held it
    body TEXT,                                         -- null where it looked as in the import before
    payload BLOB,                                      -- likewise
    PRIMARY KEY (entry_id, import_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE correlation_members (
    entry_id INTEGER NOT NULL REFERENCES entries (id), -- the correlation
    kind_id INTEGER NOT NULL,                          -- key of the sample
    start_ms INTEGER NOT NULL,                         -- key of the sample
    source_id INTEGER NOT NULL,                        -- key of the sample
    duration_ms INTEGER NOT NULL,                      -- key of the sample
    ordinal INTEGER NOT NULL,                          -- key of the sample
    PRIMARY KEY (entry_id, kind_id, start_ms, source_id, duration_ms, ordinal)
) STRICT, WITHOUT ROWID;

-- What the owner did to what is stored and may take back. It is applied over the rows, also over those of imports to
-- come; samples.superseded_by is 0 of rows that it hides, and -1 of those that it deletes.
CREATE TABLE acts (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- the order in which they were done
    at_ms INTEGER NOT NULL,               -- when it was done
    what TEXT NOT NULL,                   -- hide, delete, order, or of a session of sleep split, merge, nap, night, ignore
    kind TEXT NOT NULL,                   -- identifier of the type that it is about
    from_ms INTEGER,                      -- start of the time that it is about; of an order null
    until_ms INTEGER,                     -- its end, which is outside; of a split the same instant
    body TEXT NOT NULL,                   -- whose rows and how many, or the orders before and after, as JSON
    taken_back_ms INTEGER,                -- when it was taken back; null while it stands
    wiped_ms INTEGER                      -- when rows that it deletes were removed for good
) STRICT;

-- Roll-ups of live samples per local day and source; derived, rebuilt for the days that a write touches.
CREATE TABLE daily (
    kind_id INTEGER NOT NULL,   -- what was measured
    day INTEGER NOT NULL,       -- local day, as days since 1970-01-01
    source_id INTEGER NOT NULL, -- who wrote it
    n INTEGER NOT NULL,         -- samples that start on the day (event-like ones by copies)
    total REAL,                 -- sum of the values; a span over midnight gives each day its part
    minimum REAL,               -- smallest value
    maximum REAL,               -- largest value
    seconds REAL NOT NULL,      -- seconds that the samples cover, overlaps counted twice
    PRIMARY KEY (kind_id, day, source_id)
) STRICT, WITHOUT ROWID;

-- Days on which sources overlap, merged by the rules of their kind; a day without a row is told by daily. Derived.
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

-- Hours of the newest two weeks that have data; other hours are computed from their samples when asked for. Derived.
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

-- Sessions of sleep, sources merged; which one of a day is the main one is said when they are read. Derived.
CREATE TABLE nights (
    start_ms INTEGER NOT NULL PRIMARY KEY, -- first asleep; of time in bed only its begin
    end_ms INTEGER NOT NULL,               -- last asleep
    day INTEGER NOT NULL,                  -- local day it counts for, as days since 1970-01-01: that of waking up
    kind INTEGER NOT NULL,                 -- 0 a night or a part of one, 1 a nap, 2 in bed only
    in_bed_ms INTEGER NOT NULL,            -- length of the time in bed
    in_bed_estimated INTEGER NOT NULL,     -- 1 where nobody wrote that time
    latency_ms INTEGER,                    -- from going to bed to falling asleep
    slices BLOB NOT NULL                   -- the timeline: of each slice gap, length, source and stage as short numbers
) STRICT;

CREATE INDEX nights_by_day ON nights (day);

-- The order of sources by which a kind's days are merged, the best first; of sleep, 0 parts those that tell stages or
-- were named from the others. Derived.
CREATE TABLE merge_orders (
    kind_id INTEGER NOT NULL,   -- what was measured
    place INTEGER NOT NULL,     -- 0 is the best
    source_id INTEGER NOT NULL, -- who wrote it
    PRIMARY KEY (kind_id, place)
) STRICT, WITHOUT ROWID;

-- Where the wearer was, from traces in sleep and workouts; derived.
CREATE TABLE stays (
    from_ms INTEGER NOT NULL PRIMARY KEY, -- from this instant on
    zone TEXT                             -- IANA name; null for the home zone
) STRICT;

-- One row per kind and source: what `types` and `sources` answer without a scan; derived.
CREATE TABLE series_summary (
    kind_id INTEGER NOT NULL,   -- what was measured
    source_id INTEGER NOT NULL, -- who wrote it
    n INTEGER NOT NULL,         -- live rows
    stored INTEGER NOT NULL,    -- all rows, superseded ones too
    first_ms INTEGER,           -- earliest start of a live row
    last_ms INTEGER,            -- latest end of a live row
    PRIMARY KEY (kind_id, source_id)
) STRICT, WITHOUT ROWID;

-- Phones that may send: one row per app of a device. What they sent stands in the rows of their import.
CREATE TABLE peers (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- never used again
    app TEXT NOT NULL,                    -- short word of the protocol that it speaks
    label TEXT NOT NULL,                  -- what the owner calls it; one at a time has it
    user_id TEXT NOT NULL UNIQUE,         -- made up; what Open Wearables puts into its addresses
    made_ms INTEGER NOT NULL,             -- when it was added or paired
    accepted_ms INTEGER,                  -- when the owner let it in; what it sends before that waits
    paused_ms INTEGER,                    -- since when what it sends waits again; null where it does not
    revoked_ms INTEGER,                   -- when it was shut out for good
    left_ms INTEGER,                      -- when it signed out by itself; null once it sends again
    seen_ms INTEGER,                      -- its last request with a valid token
    address TEXT,                         -- where that came from
    app_version TEXT,                     -- what the app said about itself
    import_id INTEGER                     -- the import that stands for all it sent; null until its first row
) STRICT;

CREATE TABLE peer_tokens (
    hash BLOB NOT NULL PRIMARY KEY, -- SHA-256 of the secret, which is kept nowhere
    start INTEGER NOT NULL,         -- its first four bytes: looked up by them, compared as a whole elsewhere
    peer_id INTEGER NOT NULL,       -- whose it is
    scope TEXT NOT NULL,            -- send, or refresh: good for new tokens only
    made_ms INTEGER NOT NULL,       -- when it was handed out
    used_ms INTEGER,                -- when it was used first
    expires_ms INTEGER              -- from then on it is worth nothing; null for no end
) STRICT, WITHOUT ROWID;
CREATE INDEX peer_tokens_by_start ON peer_tokens (start);
CREATE INDEX peer_tokens_by_peer ON peer_tokens (peer_id);

-- Invitations. Their codes are kept as hashes, that of the typed one as a slow hash with a salt.
CREATE TABLE pairings (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- never used again
    app TEXT,                             -- for which app; null where the phone chooses
    label TEXT,                           -- what the phone is to be called; null where its browser says
    code_hash BLOB NOT NULL UNIQUE,       -- SHA-256 of the long code in the picture
    salt BLOB NOT NULL,                   -- salt of the next
    typed_hash BLOB NOT NULL,             -- slow hash of the short code for typing
    made_ms INTEGER NOT NULL,             -- when it was made
    expires_ms INTEGER NOT NULL,          -- its end: of the code, and once that was used of the page
    wrong INTEGER NOT NULL DEFAULT 0,     -- wrong codes that were typed while it was open
    claimed_ms INTEGER,                   -- when its code was used, which works once
    address TEXT,                         -- where that came from
    browser TEXT,                         -- what the phone said it is
    ticket_hash BLOB UNIQUE,              -- SHA-256 of the name of the page that the phone sees from then on
    number TEXT,                          -- four digits that both sides show
    accepted_ms INTEGER,                  -- when the owner said yes
    ended_ms INTEGER                      -- when the owner said no, or ended it
) STRICT;

CREATE TABLE deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used again
    peer_id INTEGER NOT NULL,              -- who sent it
    received_ms INTEGER NOT NULL,          -- when it was whole
    bytes INTEGER NOT NULL,                -- length of its body, unpacked
    sha256 TEXT NOT NULL,                  -- the first 16 digits of the body's hash
    spool TEXT NOT NULL UNIQUE,            -- its name in the spool, where its body lies until it is done
    state TEXT NOT NULL,                   -- pending, done or unreadable
    items INTEGER NOT NULL DEFAULT 0,      -- records as the sender counts them
    new INTEGER NOT NULL DEFAULT 0,        -- records that were not there
    known INTEGER NOT NULL DEFAULT 0,      -- records that were there
    replaced INTEGER NOT NULL DEFAULT 0,   -- records that took the place of older ones
    rejected INTEGER NOT NULL DEFAULT 0,   -- items that could not be read
    first_ms INTEGER,                      -- start of the earliest record
    last_ms INTEGER,                       -- end of the latest one
    took_ms INTEGER,                       -- how long reading and matching took
    problems TEXT NOT NULL DEFAULT '[]'    -- codes of what was wrong and how often, as JSON
) STRICT;
CREATE INDEX deliveries_by_peer ON deliveries (peer_id, id);
CREATE INDEX deliveries_by_state ON deliveries (state, id);

-- Names of requests that may come with one content only; kept for 30 days.
CREATE TABLE idempotency (
    peer_id INTEGER NOT NULL, -- who sent it
    key TEXT NOT NULL,        -- the name
    hash TEXT NOT NULL,       -- the content, by the sender's hash or ours
    at_ms INTEGER NOT NULL,   -- when it came first
    PRIMARY KEY (peer_id, key)
) STRICT, WITHOUT ROWID;

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
    teller_id INTEGER,               -- who wrote it; null where nobody is named
    start_ms INTEGER,                -- start, where it has one
    end_ms INTEGER,                  -- end, where it has one
    body TEXT NOT NULL,              -- everything known about it, as JSON
    payload BLOB,                    -- as in entries
    first_delivery INTEGER NOT NULL, -- as in tellings
    last_delivery INTEGER NOT NULL,  -- as in tellings
    last_ms INTEGER NOT NULL,        -- as in tellings
    entry_id INTEGER                 -- the entry that it is; derived
) STRICT;
CREATE INDEX entry_tellings_by_kind ON entry_tellings (kind, start_ms);
CREATE INDEX entry_tellings_by_device ON entry_tellings (device_id);

-- What phones say is gone: evidence, too. A record that one of them names counts no more, unless it is told later.
CREATE TABLE told_deletions (
    id TEXT NOT NULL,               -- Apple's identifier in capital letters, or the sender's own name for a record
    device_id INTEGER NOT NULL,     -- the device that said so: its row in imports
    feed INTEGER NOT NULL,          -- its app, as in tellings
    kind TEXT,                      -- identifier of the type, where told
    last_delivery INTEGER NOT NULL, -- as in tellings
    last_ms INTEGER NOT NULL,       -- as in tellings
    PRIMARY KEY (id, device_id, feed)
) STRICT, WITHOUT ROWID;

-- Days of UTC, by kind, of which what is derived is not found yet: phones brought something since. No reader sees any:
-- whoever asks first has it found.
CREATE TABLE unsettled (
    kind_id INTEGER NOT NULL, -- what was measured; 0 for where the wearer was
    day INTEGER NOT NULL,     -- day since 1970-01-01; below all days: the summary of the kind is to be counted anew
    PRIMARY KEY (kind_id, day)
) STRICT, WITHOUT ROWID;

-- Servers that the owner forwards to. Their secrets are not here: they lie in the key store of the system, or in a
-- file of the owner's alone.
CREATE TABLE remotes (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- never used again; what the secret is kept under
    name TEXT NOT NULL UNIQUE,            -- what the owner calls it
    protocol TEXT NOT NULL,               -- short word of the protocol that it speaks
    url TEXT NOT NULL,                    -- where it is, without a slash at the end
    account TEXT NOT NULL,                -- what else its protocol asks for and is no secret, as JSON
    types TEXT NOT NULL,                  -- what it gets, as JSON: a list of types and words; null for everything
    since_ms INTEGER,                     -- what starts before this instant is not for it; null for no beginning
    every_s INTEGER,                      -- how often it is sent to; null where only the owner sends
    certificate TEXT,                     -- SHA-256 of a certificate that only this owner trusts; null for the system's
    keeper TEXT NOT NULL,                 -- who keeps its secret: keyring, file, or none where it has none
    made_ms INTEGER NOT NULL,             -- when it was added
    paused_ms INTEGER,                    -- since when nothing is sent to it
    stopped TEXT,                         -- code of what the owner has to do first; null where nothing
    tries INTEGER NOT NULL DEFAULT 0,     -- attempts in a row that failed
    next_ms INTEGER,                      -- when it is tried again after one that failed
    said TEXT,                            -- what went wrong last, for people; null once it went well
    reached_ms INTEGER,                   -- when it last took something, or was found to have everything
    sent INTEGER NOT NULL DEFAULT 0,      -- rows that were sent to it, over all time
    seq INTEGER NOT NULL,                 -- changes up to this one were looked at for it
    walk_record TEXT,                     -- the last series that was compared on the way through everything
    walk_kind TEXT,                       -- likewise
    walk_day INTEGER                      -- the last day of it; null, as the two before, where all was compared
) STRICT;

-- What was written since there is a remote, by series and day; what is touched again gets a new number.
CREATE TABLE changes (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, -- never used again
    record TEXT NOT NULL,                  -- sample, aggregate, or the kind of an entry
    kind TEXT NOT NULL,                    -- identifier of the type of samples; else empty
    day INTEGER NOT NULL                   -- day of UTC since 1970-01-01 on which rows start; below all days: no start
) STRICT;
CREATE UNIQUE INDEX changes_by_series ON changes (record, kind, day);

-- What a remote has, as far as it said so: of each row what it is, and a fingerprint of what was sent.
CREATE TABLE acknowledged (
    remote_id INTEGER NOT NULL, -- who has it
    record TEXT NOT NULL,       -- as in changes
    kind TEXT NOT NULL,         -- as in changes
    day INTEGER NOT NULL,       -- as in changes
    n INTEGER NOT NULL,         -- how many rows these are
    rows BLOB NOT NULL,         -- pairs of 8 bytes each, in rising order: identity, fingerprint
    PRIMARY KEY (remote_id, record, kind, day)
) STRICT, WITHOUT ROWID;

-- Rows that a remote refused; they are not sent again until the owner says so, or they are others.
CREATE TABLE refused (
    remote_id INTEGER NOT NULL,   -- who refused it
    record TEXT NOT NULL,         -- as in changes
    kind TEXT NOT NULL,           -- as in changes
    day INTEGER NOT NULL,         -- as in changes
    identity INTEGER NOT NULL,    -- as in acknowledged
    fingerprint INTEGER NOT NULL, -- as in acknowledged
    at_ms INTEGER NOT NULL,       -- when
    code TEXT NOT NULL,           -- refused by the server, or held back by ours, and why
    said TEXT NOT NULL,           -- the server's own words, shortened; empty of what was held back
    line TEXT NOT NULL,           -- the row as it stood, as JSON, shortened
    PRIMARY KEY (remote_id, record, kind, day, identity)
) STRICT, WITHOUT ROWID;

-- What an app summed up on some days is looked for by them.
CREATE INDEX aggregates_by_start ON aggregates (start_ms);

-- How a remote was told that sources are called: with another name their rows are others.
CREATE TABLE remote_sources (
    remote_id INTEGER NOT NULL, -- who was told
    source_id INTEGER NOT NULL, -- which source
    label TEXT NOT NULL,        -- name, app and hardware, as JSON
    PRIMARY KEY (remote_id, source_id)
) STRICT, WITHOUT ROWID;

-- The name to show for a source: the one in the newest export.
CREATE VIEW source_labels AS
SELECT s.id AS source_id,
       (SELECT n.name FROM source_names n JOIN imports i ON i.id = n.import_id
        WHERE n.source_id = s.id AND i.undone = 0
        ORDER BY i.export_date_ms DESC NULLS LAST, n.name LIMIT 1) AS name
FROM sources s;

CREATE VIEW workouts AS
SELECT e.id AS id, json_extract(e.body, '$.activity') AS activity,
       strftime('%Y-%m-%dT%H:%M:%fZ', e.start_ms / 1000.0, 'unixepoch') AS start,
       strftime('%Y-%m-%dT%H:%M:%fZ', e.end_ms / 1000.0, 'unixepoch') AS "end",
       json_extract(e.body, '$.duration_s') AS duration_s,
       json_extract(e.body, '$.distance_m') AS distance_m,
       json_extract(e.body, '$.energy_kcal') AS energy_kcal,
       (SELECT l.name FROM source_labels l WHERE l.source_id = e.source_id) AS source,
       e.body AS details
FROM entries e WHERE e.kind = 'workout' AND e.superseded_by IS NULL;

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

CREATE VIEW ecgs AS
SELECT e.id AS id, strftime('%Y-%m-%dT%H:%M:%fZ', e.start_ms / 1000.0, 'unixepoch') AS start,
       json_extract(e.body, '$.classification') AS classification, e.body AS details
FROM entries e WHERE e.kind = 'ecg' AND e.superseded_by IS NULL;
