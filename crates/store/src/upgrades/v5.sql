-- From version 5 to 6: means that weigh time know what holds on over midnight, sources have their part as the number is
-- made, and a few minutes of sleep leave a time in bed one; entries of torn files are found by an index, and views of
-- types tell by `copies` how often a row counts. What is derived is computed anew afterwards, and so are the views.

CREATE INDEX entries_torn ON entries (kind) WHERE instr(body, '"incomplete":true') > 0;
