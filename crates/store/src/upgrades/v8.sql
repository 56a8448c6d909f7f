-- From version 8 to 9: servers that the owner forwards to, and what each of them has.

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
