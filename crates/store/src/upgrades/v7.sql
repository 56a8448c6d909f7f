-- From version 7 to 8: phones that may send, their invitations, and what they delivered.

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
