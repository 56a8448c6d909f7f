-- From version 7 to 8: phones that may send, their invitations, what they delivered, and what that tells.

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
