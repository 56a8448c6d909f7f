-- From version 2 to 3: sessions of sleep.

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
