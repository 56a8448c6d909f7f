-- From version 6 to 7: what the owner hides, deletes, edits and puts in order is kept, so that it can be taken back.

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
